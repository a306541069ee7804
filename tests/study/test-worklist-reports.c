/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analyses that come as DICOM measurement reports: their numbers stand in the worklist, once, and are priors of the
 * patient's later studies. */
#include "dicom-fixture.h"
#include "worklist-rows.h"

#include "dicom/oss-dicom-objects.h"

#include <string.h>

/* A small CT series and a report of two vertebrae beside it. */
static void
write_study (const char *folder)
{
  const OssGrid grid = fixture_grid (12, 10, 5);
  OssCtHeader header = fixture_header (1);
  g_autoptr (OssDicomReport) report = oss_dicom_report_new ();
  g_autoptr (GDateTime) when = g_date_time_new_local (2026, 3, 14, 10, 11, 12.0);
  g_autoptr (GError) error = NULL;

  fixture_write (folder, "ct", &grid, &header);
  fixture_header_clear (&header);
  for (guint8 level = 20; level < 22; level++)
    {
      OssDicomGroup *group = oss_dicom_report_add (report, level);
      g_free (group->model);
      group->model = g_strdup ("tet10, 2 mm, morgan2003-vertebra");
      oss_dicom_group_add (group, OSS_MEASURED_STRENGTH, "apparent-0.68", 100.0 * level + 0.25);
      oss_dicom_group_add (group, OSS_MEASURED_STRENGTH, "pistoia", 1.0);
      oss_dicom_group_add (group, OSS_MEASURED_STIFFNESS, NULL, 1000.0 * level);
      oss_dicom_group_add (group, OSS_MEASURED_VBMD, "phantom", 5.0 * level);
    }
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_autoptr (OssDicomExport) export = oss_dicom_export_new (g_ptr_array_index (list->series, 0), 3, when, &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (folder, "sr.dcm", NULL);
  g_assert_true (oss_dicom_write_report (export, report, path, &error));
  g_assert_no_error (error);
}

static void
test_reports (void)
{
  char *folder = fixture_folder ();
  g_autofree char *database = g_build_filename (folder, "worklist.db", NULL);
  g_autofree char *files = g_build_filename (folder, "files", NULL);
  g_autoptr (GError) error = NULL;
  guint n = 9;

  write_study (files);
  OssWorklist *worklist = oss_worklist_open (database, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssSeriesList) list = fixture_scan (files);
  g_assert_cmpuint (list->series->len, ==, 2);
  g_autoptr (GArray) ids = oss_worklist_import (worklist, list, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ids->len, ==, 1);
  g_assert_true (oss_worklist_import_reports (worklist, list, &n, NULL, &error));
  g_assert_cmpuint (n, ==, 2);
  g_autoptr (GPtrArray) analyses = oss_worklist_get_analyses (worklist, g_array_index (ids, gint64, 0), &error);
  g_assert_cmpuint (analyses->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const OssWorklistAnalysis *one = g_ptr_array_index (analyses, i);
      int level = strcmp (one->vertebra, "L1") == 0 ? 20 : 21;
      g_assert_cmpstr (one->vertebra, ==, level == 20 ? "L1" : "L2");
      g_assert_cmpfloat (one->strength_n, ==, 100.0 * level + 0.25);
      g_assert_cmpfloat (one->stiffness_n_per_mm, ==, 1000.0 * level);
      g_assert_cmpfloat (one->vbmd_mg_cm3, ==, 5.0 * level);
      g_assert_cmpstr (one->engine, ==, "tet10");
      g_assert_true (g_str_has_prefix (one->date, "2026-03-1")); /* the 14th here, maybe another day in UTC */
    }
  g_assert_true (oss_worklist_import_reports (worklist, list, &n, NULL, &error));
  g_assert_cmpuint (n, ==, 0);

  /* The same patient, a year later. */
  g_autoptr (OssSeriesList) later =
      row_list (row_series ("P1", "Müller^Jörg", "19500102", "1.2.3.99", "20270314", "1.2.3.99.1", 1), NULL);
  g_autoptr (GArray) later_ids = oss_worklist_import (worklist, later, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) priors = oss_worklist_get_priors (worklist, g_array_index (later_ids, gint64, 0), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (priors->len, ==, 2);
  oss_worklist_close (worklist);
  fixture_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/worklist/reports", test_reports);
  return g_test_run ();
}
