/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer's way into everything that reads a DICOM file: what the reading process does, without the process.
 *
 *   CC=clang-14 CXX=clang++-14 meson setup build-fuzz -Dfuzz=true && ninja -C build-fuzz tests/broken/fuzz-dicom
 *   ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=256 \
 *     build-fuzz/tests/broken/fuzz-dicom -rss_limit_mb=2048 -timeout=5 corpus tests/broken/seeds
 *
 * The reading process has a limit on its memory, for which ASAN_OPTIONS stand in. */
#include "dicom/oss-dicom-depth.h"
#include "dicom/oss-dicom-shim-objects.h"
#include "dicom/oss-dicom-shim.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
read_all (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree OssDicomHeader *headers = NULL, *header = g_new0 (OssDicomHeader, 1);
  gboolean deflated;
  guint64 file_bytes;
  guint n = 0;
  gsize bytes = 0;

  if (!oss_dicom_check_depth (path, &deflated, &file_bytes, NULL)
      || (deflated && !oss_dicom_shim_check_deflated (path, file_bytes, NULL)))
    return;
  headers = oss_dicom_shim_headers (path, &n, &error);
  if ((headers == NULL) == (error == NULL))
    abort ();
  for (guint frame = 0; frame < MIN (n, 3); frame++)
    g_free (oss_dicom_shim_pixels (path, (gint32) frame, NULL, 0, header, &bytes, NULL));
  g_free (oss_dicom_shim_index (path, &bytes, NULL));
  g_free (oss_dicom_shim_segmentation (path, &bytes, NULL));
  g_free (oss_dicom_shim_report (path, &bytes, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static gboolean started;
  char path[64];
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);

  if (!started && !oss_dicom_shim_start (NULL))
    abort ();
  started = TRUE;
  if (fd < 0 || write (fd, data, size) != (ssize_t) size)
    abort ();
  g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  read_all (path);
  close (fd);
  return 0;
}
