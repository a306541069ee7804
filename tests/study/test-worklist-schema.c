/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of earlier versions, of later ones, and damaged ones. */
#include "study/oss-worklist-private.h"
#include "worklist-rows.h"

#include <glib/gstdio.h>
#include <string.h>

static void
sql (sqlite3 *database, const char *text)
{
  char *why = NULL;

  sqlite3_exec (database, text, NULL, NULL, &why);
  g_assert_cmpstr (why, ==, NULL);
}

static int
number (sqlite3 *database, const char *query)
{
  sqlite3_stmt *statement = NULL;
  int value;

  g_assert_cmpint (sqlite3_prepare_v2 (database, query, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  value = sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  return value;
}

/* A file as version @version of the program left it, with one study in it. */
static void
write_old (const char *path, int version)
{
  g_autoptr (GError) error = NULL;
  sqlite3 *database = NULL;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  sql (database, "PRAGMA journal_mode = WAL");
  g_assert_true (oss_worklist_migrate (database, version, &error));
  g_assert_no_error (error);
  if (version >= 1)
    {
      sql (database, "INSERT INTO patients VALUES (5, 'born\nVP-1\n19540802', 'VP-1', 'Brandt^Helga', '19540802', 'F',"
                     " 'brandt helga')");
      sql (database,
           "INSERT INTO studies (id, patient, key, study_uid, date, time, description, accession, age, scanner,"
           " search, folded_description, kernels, verdict, n_series, n_usable) VALUES (9, 5, '1.2.3', '1.2.3',"
           " '20260314', '', 'CT', '', '071Y', 'SIEMENS', 'brandt helga vp-1 ct', 'ct', 'B40f', 0, 1, 1)");
      sql (database, "INSERT INTO series (id, study, series_uid, part, number, description, modality, kernel, contrast,"
                     " folder, n_files, verdict, fingerprint) VALUES (3, 9, '1.2.3.4', 0, 2, '', 'CT', 'B40f', '',"
                     " x'2f64', 100, 0, 'x')");
      sql (database, "INSERT INTO reasons VALUES (3, 0, 0, 'contrast', 'Contrast agent.')");
    }
  if (version >= 2)
    {
      sql (database, "INSERT INTO headers VALUES (1, x'010203')");
      sql (database, "INSERT INTO files VALUES (x'2f64', 10, 20, 1, NULL)");
    }
  if (version >= 3)
    sql (database, "INSERT INTO quality_scans (manufacturer, model, station, kernel, kvp, phantom, method, basis, date,"
                   " series_uid, folder, slope, intercept, r2, uncertainty) VALUES ('SIEMENS', 'Flash', 'CT1', 'B40f',"
                   " 120, 'mindways3', 'phantom', 'K2HPO4', '2026-03-09', '1.2', x'2f', 0.702, -3.4, 0.9999, 0.7)");
  sqlite3_close (database);
}

/* What an earlier version kept of a quality scan is there, and what it did not know is not known. */
static void
check_quality_scan (OssWorklist *worklist)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = oss_worklist_get_quality_scans (worklist, &error);
  const OssQualityScan *scan;

  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 1);
  scan = list->pdata[0];
  g_assert_cmpstr (scan->station, ==, "CT1");
  g_assert_cmpfloat (scan->slope, ==, 0.702);
  g_assert_cmpfloat (scan->uncertainty_mg_cm3, ==, 0.7);
  g_assert_true (isnan (scan->variance_slope) && isnan (scan->variance_intercept) && isnan (scan->covariance));
  g_assert_true (isnan (scan->table_height_mm));
}

static void
test_migrate (void)
{
  for (int version = 0; version < oss_worklist_schema_version (); version++)
    {
      g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.db", NULL), *notice = NULL;
      g_autoptr (GError) error = NULL;

      write_old (path, version);
      OssWorklist *worklist = oss_worklist_open (path, &notice, &error);
      g_assert_no_error (error);
      g_assert_null (notice);
      g_assert_cmpint (number (worklist->database, "PRAGMA user_version"), ==, oss_worklist_schema_version ());
      if (version >= 1)
        {
          g_autoptr (OssWorklistStudy) study = oss_worklist_get_study (worklist, 9, &error);
          g_autoptr (GPtrArray) series = oss_worklist_get_series (worklist, 9, &error);
          const OssWorklistAnalysis analysis = { .study = 9, .state = OSS_ANALYSIS_DONE };

          g_assert_no_error (error);
          g_assert_cmpstr (study->patient_name, ==, "Brandt^Helga");
          g_assert_cmpint (study->analysis, ==, OSS_ANALYSIS_NONE);
          g_assert_cmpuint (series->len, ==, 1);
          g_assert_cmpuint (((OssWorklistSeries *) series->pdata[0])->reasons->len, ==, 1);
          g_assert_cmpint (oss_worklist_add_analysis (worklist, &analysis, &error), >, 0);
        }
      if (version >= 2)
        {
          g_autoptr (GBytes) bytes = oss_worklist_recall_file (worklist, "/d", 10, 20);

          g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "\1\2\3", 3);
        }
      if (version >= 3)
        check_quality_scan (worklist);
      oss_worklist_close (worklist);
      remove_folder (folder);
    }
}

/* A step that fails leaves the version before it, whole. */
static void
test_failed_step (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.db", NULL);
  g_autoptr (GError) error = NULL;
  sqlite3 *database = NULL;

  write_old (path, 1);
  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  sql (database, "CREATE TABLE files (mine)"); /* in the way of the second half of step 2 */
  g_assert_null (oss_worklist_open (path, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_cmpint (number (database, "PRAGMA user_version"), ==, 1);
  g_assert_cmpint (number (database, "SELECT count(*) FROM sqlite_master WHERE name = 'headers'"), ==, 0);
  g_assert_cmpint (number (database, "SELECT count(*) FROM studies"), ==, 1);
  sqlite3_close (database);
  remove_folder (folder);
}

static void
test_later (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.db", NULL);
  g_autofree char *before = NULL, *after = NULL, *notice = NULL;
  g_autoptr (GError) error = NULL;
  sqlite3 *database = NULL;
  gsize n_before, n_after;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  sql (database, "CREATE TABLE marvels (x); INSERT INTO marvels VALUES (1); PRAGMA user_version = 99");
  sqlite3_close (database);
  g_assert_true (g_file_get_contents (path, &before, &n_before, NULL));
  g_assert_null (oss_worklist_open (path, &notice, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "99"));
  g_assert_null (notice);
  g_assert_true (g_file_get_contents (path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
  remove_folder (folder);
}

/* What was damaged is kept under another name, and said. */
static void
check_set_aside (const char *folder, const char *path)
{
  g_autofree char *notice = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (OssWorklist) worklist = oss_worklist_open (path, &notice, &error);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint kept = 0;

  g_assert_no_error (error);
  g_assert_nonnull (notice);
  g_assert_nonnull (strstr (notice, "worklist.db.damaged-"));
  while ((name = g_dir_read_name (dir)) != NULL)
    kept += strstr (name, ".damaged-") != NULL && strstr (name, "-wal") == NULL && strstr (name, "-shm") == NULL;
  g_assert_cmpuint (kept, ==, 1);
  const OssWorklistQuery all = { 0 };
  g_autoptr (GArray) ids = oss_worklist_find (worklist, &all, &error);
  g_assert_cmpuint (ids->len, ==, 0);
}

static void
test_no_database (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.db", NULL);

  g_assert_true (g_file_set_contents (path, "Dear diary, this is no database at all.\n", -1, NULL));
  check_set_aside (folder, path);
  remove_folder (folder);
}

/* Pages in the middle overwritten, and the end cut off. */
static void
test_damaged (gconstpointer data)
{
  gboolean cut = GPOINTER_TO_INT (data);
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.db", NULL), *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize n;

  {
    g_autoptr (OssWorklist) worklist = oss_worklist_open (path, NULL, &error);

    for (int i = 0; i < 200; i++)
      {
        g_autofree char *uid = g_strdup_printf ("1.2.%d", i);
        g_autoptr (OssSeriesList) list = row_list (row_series (uid, "A^B", "19500101", uid, "20260101", uid, 1), NULL);
        g_autoptr (GArray) ids = oss_worklist_import (worklist, list, NULL, &error);

        g_assert_no_error (error);
      }
  }
  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  g_assert_cmpuint (n, >, 100000);
  if (cut)
    n /= 2;
  else
    memset (bytes + 8192, 0xa5, n - 16384);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) n, NULL));
  check_set_aside (folder, path);
  remove_folder (folder);
}

/* A folder where nothing can be written: words, no crash. */
static void
test_no_place (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_worklist_open ("/proc/nowhere/worklist.db", NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worklist/schema/migrate", test_migrate);
  g_test_add_func ("/worklist/schema/failed-step", test_failed_step);
  g_test_add_func ("/worklist/schema/later", test_later);
  g_test_add_func ("/worklist/schema/no-database", test_no_database);
  g_test_add_data_func ("/worklist/schema/overwritten", GINT_TO_POINTER (FALSE), test_damaged);
  g_test_add_data_func ("/worklist/schema/cut", GINT_TO_POINTER (TRUE), test_damaged);
  g_test_add_func ("/worklist/schema/no-place", test_no_place);
  return g_test_run ();
}
