/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder is read once: the second scan gives the same list without opening a file. */
#include "study/oss-worklist-private.h"
#include "virtual/oss-virtual.h"
#include "worklist-rows.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

static guint
count_files (OssWorklist *worklist)
{
  sqlite3_stmt *statement = oss_worklist_prepare (worklist, "SELECT count(*) FROM files", NULL);
  guint n;

  g_assert_true (oss_worklist_step (worklist, statement, NULL));
  n = (guint) sqlite3_column_int (statement, 0);
  oss_worklist_end (statement);
  return n;
}

static char *
describe (const OssSeriesList *list)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < list->series->len; i++)
    {
      const OssSeries *series = g_ptr_array_index (list->series, i);
      g_autofree char *grid = oss_grid_describe (&series->grid);

      g_string_append_printf (text, "%s %s %s %u %d %s\n", series->series_uid, series->patient_name, series->kernel,
                              series->files->len, series->verdict, grid);
      for (guint f = 0; f < series->files->len; f++)
        g_string_append_printf (text, "%s\n", (const char *) g_ptr_array_index (series->files, f));
    }
  return g_string_free (text, FALSE);
}

static void
test_scan (void)
{
  g_autofree char *folder = make_folder (), *patient = g_build_filename (folder, "patient", NULL);
  g_autofree char *path = g_build_filename (folder, "worklist.db", NULL), *plain = NULL, *first = NULL, *second = NULL;
  const char *const paths[] = { patient, NULL };
  g_autoptr (GError) error = NULL;
  OssVirtualOptions options;
  OssVirtualTruth truth;

  oss_virtual_options_default (&options);
  options.spacing_mm[0] = options.spacing_mm[1] = 2.0;
  options.spacing_mm[2] = 3.0;
  g_assert_true (oss_virtual_write (patient, &options, &truth, NULL, &error));
  g_autoptr (OssWorklist) worklist = oss_worklist_open (path, NULL, &error);
  g_autoptr (OssSeriesList) uncached = oss_series_scan (paths, NULL, &error);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (OssSeriesList) once = oss_worklist_scan (worklist, paths, NULL, &error);
  double first_ms = 1e-3 * (double) (g_get_monotonic_time () - start);
  g_assert_no_error (error);
  plain = describe (uncached);
  first = describe (once);
  g_assert_cmpstr (first, ==, plain);
  guint n = count_files (worklist);
  g_assert_cmpuint (n, >, 50);

  /* Whoever opened a file now would find nonsense in it: same size, same time. */
  const OssSeries *series = g_ptr_array_index (once->series, 0);
  for (guint i = 0; i < series->files->len; i++)
    {
      const char *file = g_ptr_array_index (series->files, i);
      GStatBuf info;

      g_assert_cmpint (g_stat (file, &info), ==, 0);
      g_autofree char *junk = g_malloc0 ((gsize) info.st_size);
      FILE *stream = g_fopen (file, "r+b");
      g_assert_cmpuint (fwrite (junk, 1, (gsize) info.st_size, stream), ==, (gsize) info.st_size);
      fclose (stream);
      const struct timespec times[2] = { info.st_atim, info.st_mtim };
      g_assert_cmpint (utimensat (AT_FDCWD, file, times, 0), ==, 0);
    }
  start = g_get_monotonic_time ();
  g_autoptr (OssSeriesList) again = oss_worklist_scan (worklist, paths, NULL, &error);
  g_assert_no_error (error);
  second = describe (again);
  g_assert_cmpstr (second, ==, plain);
  g_assert_cmpuint (count_files (worklist), ==, n);
  GStatBuf info;
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_test_message ("%u files: read in %.0f ms, remembered in %.0f ms; %" G_GOFFSET_FORMAT " bytes on the disk", n,
                  first_ms, 1e-3 * (double) (g_get_monotonic_time () - start), (goffset) info.st_size);

  /* A changed time is a changed file. */
  for (guint i = 0; i < series->files->len; i++)
    g_assert_cmpint (g_utime (g_ptr_array_index (series->files, i), NULL), ==, 0);
  g_autoptr (OssSeriesList) changed = oss_worklist_scan (worklist, paths, NULL, &error);
  g_autofree char *third = changed != NULL ? describe (changed) : NULL;
  g_assert_cmpstr (third, !=, plain);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worklist/scan", test_scan);
  return g_test_run ();
}
