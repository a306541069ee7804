/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analyses that came as measurement reports: made on another computer, or fetched from an archive. */
#include "study/oss-worklist-private.h"

#include "dicom/oss-dicom-objects.h"
#include "image/oss-vertebra.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "20260314", "101112" of this place's time to ISO 8601 in UTC; "" when it is no time. (transfer full) */
static char *
iso_date (const OssDicomReport *report)
{
  int day = atoi (report->date), time = atoi (report->time);
  g_autoptr (GDateTime) local =
      strlen (report->date) == 8
          ? g_date_time_new_local (day / 10000, day / 100 % 100, day % 100, time / 10000, time / 100 % 100, time % 100)
          : NULL;
  g_autoptr (GDateTime) utc = local != NULL ? g_date_time_to_utc (local) : NULL;

  return utc != NULL ? g_date_time_format (utc, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("");
}

/* The study of series @uid in study @study_uid; 0: it is not in the worklist, or with an error. */
static gint64
find_study (OssWorklist *self, const OssSeries *series, const char *study_uid, GError **error)
{
  static const char sql[] = "SELECT s.id FROM studies s JOIN patients p ON p.id = s.patient"
                            " WHERE s.study_uid = ? AND p.patient_id = ? LIMIT 1";
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);
  gint64 id = 0;

  if (statement == NULL)
    return 0;
  oss_worklist_bind (statement, "ss", study_uid, series->patient_id);
  if (oss_worklist_step (self, statement, error))
    id = sqlite3_column_int64 (statement, 0);
  oss_worklist_end (statement);
  return id;
}

/* An analysis with the same numbers is the same analysis, whether it was made here or reported before. */
static gboolean
is_known (OssWorklist *self, const OssWorklistAnalysis *analysis, GError **error)
{
  g_autoptr (GPtrArray) known = oss_worklist_get_analyses (self, analysis->study, error);

  for (guint i = 0; known != NULL && i < known->len; i++)
    {
      const OssWorklistAnalysis *one = g_ptr_array_index (known, i);
      if (g_str_equal (one->series_uid, analysis->series_uid) && g_str_equal (one->vertebra, analysis->vertebra)
          && fabs (one->strength_n - analysis->strength_n) <= 1e-9 * fabs (analysis->strength_n))
        return TRUE;
    }
  return known == NULL;
}

static gboolean
add_group (OssWorklist *self, gint64 study, const OssDicomReport *report, const OssDicomGroup *group, guint *n,
           GError **error)
{
  g_autofree char *date = iso_date (report);
  g_auto (GStrv) model = g_strsplit (group->model, ",", 2);
  GError *failure = NULL;
  OssWorklistAnalysis analysis = {
    .study = study,
    .series_uid = report->series_uid,
    .vertebra = (char *) (group->vertebra != 0 ? oss_vertebra_name (group->vertebra) : ""),
    .engine = model[0],
    .kernel = group->kernel,
    .date = date,
    .density_class = group->density_class,
    .basis = group->basis,
    .strength_n = oss_dicom_group_get (group, OSS_MEASURED_STRENGTH, "apparent-0.68"),
    .strength_uncertainty_n = NAN,
    .stiffness_n_per_mm = oss_dicom_group_get (group, OSS_MEASURED_STIFFNESS, NULL),
    .vbmd_mg_cm3 = oss_dicom_group_get (group, OSS_MEASURED_VBMD, NULL),
    .vbmd_uncertainty_mg_cm3 = oss_dicom_group_get (group, OSS_MEASURED_VBMD_UNCERTAINTY, NULL),
    .state = OSS_ANALYSIS_REVIEWED, /* somebody sent it */
  };

  if (!isfinite (analysis.strength_n))
    return TRUE;
  if (!is_known (self, &analysis, &failure) && oss_worklist_add_analysis (self, &analysis, &failure) != 0)
    (*n)++;
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

/* One file of a series of reports; what is no report of this program says nothing and is no failure. */
static gboolean
import_file (OssWorklist *self, const OssSeries *series, const char *path, guint *n, const OssTick *tick,
             GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (OssDicomReport) report = oss_dicom_read_report (path, tick, &reason);
  GError *failure = NULL;

  if (g_error_matches (reason, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (report == NULL || !g_str_equal (report->program, "Ossature"))
    return TRUE;
  gint64 study = find_study (self, series, report->study_uid, &failure);
  for (guint g = 0; study != 0 && failure == NULL && g < report->groups->len; g++)
    add_group (self, study, report, g_ptr_array_index (report->groups, g), n, &failure);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

gboolean
oss_worklist_import_reports (OssWorklist *self, const OssSeriesList *list, guint *n, const OssTick *tick,
                             GError **error)
{
  guint added = 0;
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < list->series->len; i++)
    {
      const OssSeries *series = g_ptr_array_index (list->series, i);
      if (strcmp (series->modality, "SR") != 0)
        continue;
      for (guint f = 0; ok && f < series->files->len; f++)
        ok = import_file (self, series, g_ptr_array_index (series->files, f), &added, tick, error);
    }
  if (n != NULL)
    *n = added;
  return ok;
}
