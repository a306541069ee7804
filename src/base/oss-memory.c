/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-memory.h"

#include "base/oss-i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define ALIGNMENT 64
/* Blocks from this size on ask for large pages: a processor remembers where few pages lie, and a solver's vectors are
 * many. */
#define LARGE_BLOCK (gsize) (16 << 20)

char *
oss_memory_text (double bytes)
{
  return g_format_size_full ((guint64) CLAMP (bytes, 0.0, 1e18), G_FORMAT_SIZE_IEC_UNITS);
}

/* Only a wish: a system without them goes on with small pages. */
static void
ask_for_large_pages (char *block, gsize bytes)
{
#ifdef MADV_HUGEPAGE
  gsize page = (gsize) sysconf (_SC_PAGESIZE), skip = page - (guintptr) block % page;
  if (madvise (block + skip, (bytes - skip) / page * page, MADV_HUGEPAGE) != 0)
    g_debug ("no large pages for %zu bytes: %s", bytes, g_strerror (errno));
#endif
}

/* calloc() hands out large blocks as fresh pages that are zero by themselves: nothing is written here, so that even a
 * gigabyte is there at once and a stop is not kept waiting.  The block's own address stands before the aligned one. */
void *
oss_alloc_aligned (gsize n, gsize size, const char *what, GError **error)
{
  gsize bytes;
  char *block = NULL;

  if (g_size_checked_mul (&bytes, n, size) && bytes < G_MAXSSIZE - 2 * ALIGNMENT)
    block = calloc (1, bytes + 2 * ALIGNMENT);
  if (block == NULL)
    {
      g_autofree char *needed = oss_memory_text ((double) n * (double) size);
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("Not enough memory for %s: %s are needed."), what,
                   needed);
      return NULL;
    }
  if (bytes >= LARGE_BLOCK)
    ask_for_large_pages (block, bytes);
  char *aligned = block + 2 * ALIGNMENT - (guintptr) block % ALIGNMENT;
  memcpy (aligned - sizeof block, &block, sizeof block);
  return aligned;
}

void
oss_free_aligned (void *p)
{
  char *block;

  if (p == NULL)
    return;
  memcpy (&block, (char *) p - sizeof block, sizeof block);
  free (block);
}

double
oss_memory_peak_mib (void)
{
  char line[128];
  double kib = 0.0;
  FILE *status = fopen ("/proc/self/status", "re");

  while (status != NULL && fgets (line, sizeof line, status) != NULL)
    if (sscanf (line, "VmHWM: %lf", &kib) == 1)
      break;
  if (status != NULL)
    fclose (status);
  if (kib == 0.0)
    {
      struct rusage usage;
      if (getrusage (RUSAGE_SELF, &usage) == 0)
        kib = (double) usage.ru_maxrss;
    }
  return kib / 1024.0;
}

void
oss_memory_reset_peak (void)
{
  int fd = open ("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  ssize_t written = write (fd, "5", 1); /* 5: the peak counter only, proc(5) */
  (void) written;                       /* not writable in some sandboxes: then the peak is since start */
  close (fd);
}
