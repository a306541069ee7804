/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analyses of studies, and a patient's earlier ones. */
#include "study/oss-worklist-private.h"

void
oss_worklist_analysis_free (OssWorklistAnalysis *self)
{
  if (self == NULL)
    return;
  g_free (self->series_uid);
  g_free (self->vertebra);
  g_free (self->engine);
  g_free (self->kernel);
  g_free (self->folder);
  g_free (self->date);
  g_free (self->study_date);
  g_free (self->density_class);
  g_free (self->basis);
  g_free (self);
}

/* The id that @sql, ending in RETURNING id, hands back; commits with the summary of @study (0: none). */
static gint64
end_insert (OssWorklist *self, sqlite3_stmt *statement, gint64 study, GError **error)
{
  gint64 id = oss_worklist_step (self, statement, error) ? sqlite3_column_int64 (statement, 0) : 0;
  gboolean ok;

  oss_worklist_end (statement);
  ok = id != 0 && (study == 0 || oss_worklist_summarize (self, study, error));
  return oss_worklist_finish (self, ok, error) ? id : 0;
}

gint64
oss_worklist_add_analysis (OssWorklist *self, const OssWorklistAnalysis *analysis, GError **error)
{
  static const char sql[] =
      "INSERT INTO analyses (study, series_uid, vertebra, engine, kernel, folder, date, class, basis, strength,"
      "  strength_uncertainty, stiffness, vbmd, vbmd_uncertainty, state)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *today = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  const char *date = analysis->date != NULL && *analysis->date != '\0' ? analysis->date : today;
  const char *density_class = g_strcmp0 (analysis->density_class, "none") != 0 ? analysis->density_class : "";
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);

  if (statement == NULL || !oss_worklist_begin (self, error))
    return 0;
  oss_worklist_bind (statement, "lsssspsssdddddi", analysis->study, analysis->series_uid, analysis->vertebra,
                     analysis->engine, analysis->kernel, analysis->folder, date, density_class, analysis->basis,
                     analysis->strength_n, analysis->strength_uncertainty_n, analysis->stiffness_n_per_mm,
                     analysis->vbmd_mg_cm3, analysis->vbmd_uncertainty_mg_cm3, (int) analysis->state);
  return end_insert (self, statement, analysis->study, error);
}

gboolean
oss_worklist_set_analysis_state (OssWorklist *self, gint64 analysis, OssAnalysisState state, GError **error)
{
  sqlite3_stmt *statement =
      oss_worklist_prepare (self, "UPDATE analyses SET state = ? WHERE id = ? RETURNING study", error);

  if (statement == NULL || !oss_worklist_begin (self, error))
    return FALSE;
  oss_worklist_bind (statement, "il", (int) state, analysis);
  gint64 study = oss_worklist_step (self, statement, error) ? sqlite3_column_int64 (statement, 0) : 0;
  oss_worklist_end (statement);
  return oss_worklist_finish (self, study == 0 || oss_worklist_summarize (self, study, error), error) && study != 0;
}

#define ANALYSIS_COLUMNS                                                                                               \
  "a.id, a.study, a.series_uid, a.vertebra, a.engine, a.kernel, a.folder, a.date, s.date, a.class, a.basis,"           \
  " a.strength, a.strength_uncertainty, a.stiffness, a.vbmd, a.vbmd_uncertainty, a.state"

static OssWorklistAnalysis *
read_analysis (sqlite3_stmt *statement)
{
  OssWorklistAnalysis *analysis = g_new0 (OssWorklistAnalysis, 1);

  analysis->id = sqlite3_column_int64 (statement, 0);
  analysis->study = sqlite3_column_int64 (statement, 1);
  analysis->series_uid = oss_worklist_column_text (statement, 2);
  analysis->vertebra = oss_worklist_column_text (statement, 3);
  analysis->engine = oss_worklist_column_text (statement, 4);
  analysis->kernel = oss_worklist_column_text (statement, 5);
  analysis->folder = oss_worklist_column_path (statement, 6);
  analysis->date = oss_worklist_column_text (statement, 7);
  analysis->study_date = oss_worklist_column_text (statement, 8);
  analysis->density_class = oss_worklist_column_text (statement, 9);
  analysis->basis = oss_worklist_column_text (statement, 10);
  analysis->strength_n = oss_worklist_column_number (statement, 11);
  analysis->strength_uncertainty_n = oss_worklist_column_number (statement, 12);
  analysis->stiffness_n_per_mm = oss_worklist_column_number (statement, 13);
  analysis->vbmd_mg_cm3 = oss_worklist_column_number (statement, 14);
  analysis->vbmd_uncertainty_mg_cm3 = oss_worklist_column_number (statement, 15);
  analysis->state = (OssAnalysisState) CLAMP (sqlite3_column_int (statement, 16), 0, OSS_ANALYSIS_FAILED);
  return analysis;
}

static GPtrArray *
read_analyses (OssWorklist *self, const char *sql, gint64 study, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_worklist_analysis_free);
  GError *failure = NULL;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "l", study);
  while (oss_worklist_step (self, statement, &failure))
    g_ptr_array_add (list, read_analysis (statement));
  oss_worklist_end (statement);
  if (failure == NULL)
    return g_steal_pointer (&list);
  g_propagate_error (error, failure);
  return NULL;
}

GPtrArray *
oss_worklist_get_analyses (OssWorklist *self, gint64 study, GError **error)
{
  return read_analyses (self,
                        "SELECT " ANALYSIS_COLUMNS " FROM analyses a JOIN studies s ON s.id = a.study"
                        " WHERE a.study = ? ORDER BY a.date DESC, a.id DESC",
                        study, error);
}

GPtrArray *
oss_worklist_get_priors (OssWorklist *self, gint64 study, GError **error)
{
  /* One row a study and vertebra: SQLite takes the bare columns from the row that max() names. */
  return read_analyses (
      self,
      "SELECT " ANALYSIS_COLUMNS ", max(a.date || printf('%020d', a.id)) FROM analyses a"
      " JOIN studies s ON s.id = a.study JOIN studies now ON now.id = ?1"
      " WHERE s.patient = now.patient AND s.id <> now.id AND s.removed = 0 AND s.date <> '' AND s.date < now.date"
      "  AND a.state IN (1, 2, 3)"
      " GROUP BY a.study, a.vertebra ORDER BY s.date DESC, s.time DESC, a.vertebra",
      study, error);
}
