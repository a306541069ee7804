/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A process that is killed while it imports leaves nothing half-written; ten thousand studies are listed at once. */
#include "study/oss-worklist-private.h"
#include "worklist-rows.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
  STUDIES_PER_IMPORT = 40,
  SERIES_PER_STUDY = 3,
  REASONS_PER_SERIES = 2,
  KILLS = 20,
  MANY = 10000,
};

static char *program;

static OssSeriesList *
make_list (int first, int n)
{
  OssSeriesList *list = row_list (NULL, NULL);

  for (int i = first; i < first + n; i++)
    for (int s = 0; s < SERIES_PER_STUDY; s++)
      {
        g_autofree char *id = g_strdup_printf ("VP-%05d", i),
                        *name = g_strdup_printf ("Name%05d^Given", (i * 7919) % MANY);
        g_autofree char *uid = g_strdup_printf ("1.2.3.%d", i), *series_uid = g_strdup_printf ("1.2.3.%d.%d", i, s);
        g_autofree char *date = g_strdup_printf ("20%02d%02d%02d", i % 26, 1 + i % 12, 1 + i % 28);
        OssSeries *series = row_series (id, name, "19540802", uid, date, series_uid, s);

        for (int r = 0; r < REASONS_PER_SERIES; r++)
          add_reason (series, OSS_REASON_NOTE, "contrast", "Contrast agent was given.");
        g_ptr_array_add (list->series, series);
      }
  return list;
}

/* The child: imports until it is killed. */
static int
import_for_ever (const char *path, int first)
{
  g_autoptr (OssWorklist) worklist = oss_worklist_open (path, NULL, NULL);

  g_assert_nonnull (worklist);
  for (int i = first;; i += STUDIES_PER_IMPORT)
    {
      g_autoptr (OssSeriesList) list = make_list (i, STUDIES_PER_IMPORT);
      g_autoptr (GArray) ids = oss_worklist_import (worklist, list, NULL, NULL);

      g_assert_nonnull (ids);
      if (write (STDOUT_FILENO, ".", 1) != 1)
        return 1;
    }
}

static int
number (OssWorklist *worklist, const char *query)
{
  sqlite3_stmt *statement = oss_worklist_prepare (worklist, query, NULL);
  int value;

  g_assert_nonnull (statement);
  g_assert_true (oss_worklist_step (worklist, statement, NULL));
  value = sqlite3_column_int (statement, 0);
  oss_worklist_end (statement);
  return value;
}

/* Runs the child for @ms after its first import is done, and kills it. */
static void
run_and_kill (const char *path, int first, gulong ms)
{
  int ends[2], status;
  char dot, first_text[16];
  pid_t child;

  g_snprintf (first_text, sizeof first_text, "%d", first);
  g_assert_cmpint (pipe (ends), ==, 0);
  child = fork ();
  if (child == 0)
    {
      dup2 (ends[1], STDOUT_FILENO);
      close (ends[0]);
      close (ends[1]);
      execl (program, program, "--import-for-ever", path, first_text, NULL);
      _exit (127);
    }
  g_assert_cmpint (child, >, 0);
  close (ends[1]);
  g_assert_cmpint (read (ends[0], &dot, 1), ==, 1);
  g_usleep (ms * 1000);
  g_assert_cmpint (kill (child, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  close (ends[0]);
}

static void
test_killed (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.db", NULL);
  int before = 0, studies = 0;

  for (int i = 0; i < KILLS; i++)
    {
      g_autofree char *notice = NULL;
      g_autoptr (GError) error = NULL;

      run_and_kill (path, before, (gulong) (3 * i % 47)); /* at another place each time */
      g_autoptr (OssWorklist) worklist = oss_worklist_open (path, &notice, &error);
      g_assert_no_error (error);
      g_assert_null (notice);
      studies = number (worklist, "SELECT count(*) FROM studies");
      g_assert_cmpint (studies, >=, before + STUDIES_PER_IMPORT); /* what was reported as done is there */
      g_assert_cmpint (studies % STUDIES_PER_IMPORT, ==, 0);
      g_assert_cmpint (number (worklist, "SELECT count(*) FROM series"), ==, SERIES_PER_STUDY * studies);
      g_assert_cmpint (number (worklist, "SELECT count(*) FROM reasons"), ==,
                       REASONS_PER_SERIES * SERIES_PER_STUDY * studies);
      g_assert_cmpint (number (worklist, "SELECT count(*) FROM studies WHERE n_series <> 3 OR verdict <> 1"), ==, 0);
      g_assert_cmpint (number (worklist, "SELECT count(*) FROM pragma_foreign_key_check"), ==, 0);
      g_assert_cmpint (number (worklist, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
                       ==, 1);
      before = studies;
    }
  g_test_message ("killed %d times, %d studies whole", KILLS, studies);
  remove_folder (folder);
}

static double
since_ms (gint64 start)
{
  return 1e-3 * (double) (g_get_monotonic_time () - start);
}

static double
time_query (OssWorklist *worklist, const OssWorklistQuery *query, guint expected)
{
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GArray) ids = oss_worklist_find (worklist, query, &error);
  double ms = since_ms (start);

  g_assert_no_error (error);
  g_assert_cmpuint (ids->len, ==, expected);
  return ms;
}

/* What a window does when it shows a worklist of ten thousand; the limits are for a loaded machine. */
static void
test_many (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.db", NULL);
  g_autoptr (GError) error = NULL;
  const OssWorklistQuery newest = { .descending = TRUE }, by_name = { .sort = OSS_WORKLIST_BY_PATIENT };
  const OssWorklistQuery one = { .text = "name00042" };
  guint counts[OSS_WORKLIST_N_FILTERS];
  gint64 start = g_get_monotonic_time ();
  double ms;

  {
    g_autoptr (OssWorklist) worklist = oss_worklist_open (path, NULL, &error);
    g_autoptr (OssSeriesList) list = make_list (0, MANY);
    g_autoptr (GArray) ids = oss_worklist_import (worklist, list, NULL, &error);

    g_assert_no_error (error);
    g_test_message ("imported %d studies of %d series in %.0f ms", MANY, SERIES_PER_STUDY, since_ms (start));
  }
  start = g_get_monotonic_time ();
  g_autoptr (OssWorklist) worklist = oss_worklist_open (path, NULL, &error);
  g_test_message ("opened and checked in %.1f ms", since_ms (start));
  ms = time_query (worklist, &newest, MANY);
  g_test_message ("all, newest first: %.1f ms", ms);
  g_assert_cmpfloat (ms, <, 500);
  ms = time_query (worklist, &by_name, MANY);
  g_test_message ("all, by name: %.1f ms", ms);
  g_assert_cmpfloat (ms, <, 500);
  ms = time_query (worklist, &one, 1);
  g_test_message ("search: %.1f ms", ms);
  g_assert_cmpfloat (ms, <, 500);
  start = g_get_monotonic_time ();
  g_assert_true (oss_worklist_count (worklist, &newest, counts, &error));
  g_assert_cmpuint (counts[OSS_WORKLIST_ALL], ==, MANY);
  g_test_message ("counts of the filters: %.1f ms", since_ms (start));
  start = g_get_monotonic_time ();
  g_autoptr (GArray) ids = oss_worklist_find (worklist, &newest, &error);
  gint64 page = g_get_monotonic_time ();
  g_autoptr (GPtrArray) rows = oss_worklist_get_studies (worklist, &g_array_index (ids, gint64, MANY / 2), 64, &error);
  g_assert_cmpuint (rows->len, ==, 64);
  g_test_message ("a page of 64 rows: %.2f ms", since_ms (page));
  g_assert_cmpfloat (since_ms (page), <, 200);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--import-for-ever") == 0)
    return import_for_ever (argv[2], atoi (argv[3]));
  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worklist/killed", test_killed);
  g_test_add_func ("/worklist/many", test_many);
  return g_test_run ();
}
