/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Damaged segmentations and reports: each is read, and mapped where it can be, or refused with words; none ends the
 * reading process, takes 5 s or makes an image out of proportion to its frames.
 *
 *   OSSATURE_BROKEN_FILES=N   N / 10 of each kind instead of 100 */
#include "mutate.h"

#include "dicom-fixture.h"
#include "dicom/oss-dicom-objects.h"

#include <stdlib.h>
#include <string.h>

#define SEED 20260315
#define SLOWEST_S 5.0
#define MOST_BYTES (256u << 20)

static char *folder;
static GByteArray *seeds[2]; /* a segmentation, a report */

static GByteArray *
take (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *bytes = NULL;
  gsize n = 0;

  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  return g_byte_array_new_take ((guint8 *) bytes, n);
}

static void
make_seeds (void)
{
  const OssGrid grid = fixture_grid (24, 20, 6);
  const OssDicomSegment segments[] = { { 20, 20, OSS_DRAWN_SEMIAUTOMATIC, "click" },
                                       { 21, 21, OSS_DRAWN_MANUAL, NULL } };
  OssCtHeader header = fixture_header (1);
  g_autoptr (GError) error = NULL;

  folder = fixture_folder ();
  fixture_write (folder, "ct", &grid, &header);
  fixture_header_clear (&header);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_autoptr (OssDicomExport) export = oss_dicom_export_new (g_ptr_array_index (list->series, 0), 3, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, &error);
  for (gsize i = 0; i < oss_grid_count (&grid); i++)
    labels->data[i] = i % 7 == 0 ? 20 : i % 11 == 0 ? 21 : 0;
  g_autofree char *seg = g_build_filename (folder, "seg.dcm", NULL), *sr = g_build_filename (folder, "sr.dcm", NULL);
  oss_dicom_write_segmentation (export, labels, segments, 2, seg, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssDicomReport) report = oss_dicom_report_new ();
  for (guint8 level = 18; level < 22; level++)
    {
      OssDicomGroup *group = oss_dicom_report_add (report, level);
      for (int q = 0; q < OSS_N_MEASURED; q++)
        oss_dicom_group_add (group, (OssMeasured) q, "pistoia", 10.0 * level + q);
    }
  oss_dicom_write_report (export, report, sr, &error);
  g_assert_no_error (error);
  seeds[0] = take ("seg.dcm");
  seeds[1] = take ("sr.dcm");
}

static gboolean
read_one (int kind, const char *path, GError **error)
{
  if (kind == 1)
    {
      g_autoptr (OssDicomReport) report = oss_dicom_read_report (path, NULL, error);
      return report != NULL;
    }
  g_autoptr (OssDicomSegmentation) segmentation = oss_dicom_read_segmentation (path, NULL, error);
  g_autoptr (OssLabels) labels =
      segmentation != NULL ? oss_dicom_segmentation_map (segmentation, NULL, TRUE, 0.5, NULL, NULL, error) : NULL;
  if (labels != NULL)
    g_assert_cmpuint (oss_grid_count (&labels->grid), <=, MOST_BYTES);
  return labels != NULL;
}

static void
test_kind (gconstpointer data)
{
  const int kind = GPOINTER_TO_INT (data);
  const char *wanted = g_getenv ("OSSATURE_BROKEN_FILES");
  const guint n = wanted != NULL ? (guint) (atoi (wanted) / 10) : 100;
  g_autofree char *path = g_build_filename (folder, "broken.dcm", NULL);
  guint good = 0;
  double slowest = 0.0;

  for (guint i = 0; i < n; i++)
    {
      OssRandom random;
      g_autoptr (GError) error = NULL;
      oss_random_init (&random, SEED + (guint64) kind, i);
      g_autoptr (GByteArray) bytes = mutate (&random, seeds[kind], seeds[1 - kind]);
      g_assert_true (g_file_set_contents (path, (const char *) bytes->data, (gssize) bytes->len, NULL));
      gint64 start = g_get_monotonic_time ();
      gboolean read = read_one (kind, path, &error);
      slowest = MAX (slowest, (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC);
      g_assert_true (read == (error == NULL));
      good += read;
      if (read)
        continue;
      g_assert_false (g_error_matches (error, OSS_ERROR, OSS_ERROR_FAILED));
      if (strstr (error->message, "reading process") != NULL || strstr (error->message, "longer than") != NULL)
        g_error ("file %u: %s", i, error->message);
    }
  g_test_message ("%u of %u were read, the slowest in %.2f s", good, n, slowest);
  g_assert_cmpuint (good, >, n / 50); /* damage that does not matter; else nothing was tested beyond the first bytes */
  g_assert_cmpuint (good, <, n);
  g_assert_cmpfloat (slowest, <, SLOWEST_S);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_seeds ();
  g_test_add_data_func ("/broken/segmentations", GINT_TO_POINTER (0), test_kind);
  g_test_add_data_func ("/broken/reports", GINT_TO_POINTER (1), test_kind);
  int status = g_test_run ();
  g_byte_array_unref (seeds[0]);
  g_byte_array_unref (seeds[1]);
  fixture_remove (folder);
  return status;
}
