/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quality scans: lines that were measured on phantoms scanned alone. */
#include "study/oss-worklist-private.h"

void
oss_quality_scan_free (OssQualityScan *self)
{
  if (self == NULL)
    return;
  g_free (self->manufacturer);
  g_free (self->model);
  g_free (self->station);
  g_free (self->kernel);
  g_free (self->phantom);
  g_free (self->method);
  g_free (self->basis);
  g_free (self->date);
  g_free (self->series_uid);
  g_free (self->folder);
  g_free (self);
}

gint64
oss_worklist_add_quality_scan (OssWorklist *self, const OssQualityScan *scan, GError **error)
{
  static const char sql[] =
      "INSERT INTO quality_scans (manufacturer, model, station, kernel, phantom, method, basis, date, series_uid,"
      "  folder, kvp, slope, intercept, r2, uncertainty, variance_slope, variance_intercept, covariance, table_height)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);

  if (statement == NULL || !oss_worklist_begin (self, error))
    return 0;
  oss_worklist_bind (statement,
                     "sssssssss"
                     "pddddddddd",
                     scan->manufacturer, scan->model, scan->station, scan->kernel, scan->phantom, scan->method,
                     scan->basis, scan->date, scan->series_uid, scan->folder, scan->kvp, scan->slope, scan->intercept,
                     scan->r2, scan->uncertainty_mg_cm3, scan->variance_slope, scan->variance_intercept,
                     scan->covariance, scan->table_height_mm);
  gint64 id = oss_worklist_step (self, statement, error) ? sqlite3_column_int64 (statement, 0) : 0;
  oss_worklist_end (statement);
  return oss_worklist_finish (self, id != 0, error) ? id : 0;
}

gboolean
oss_worklist_remove_quality_scan (OssWorklist *self, gint64 scan, GError **error)
{
  return oss_worklist_run (self, error, "DELETE FROM quality_scans WHERE id = ?", "l", scan);
}

static OssQualityScan *
read_quality_scan (sqlite3_stmt *statement)
{
  OssQualityScan *scan = g_new0 (OssQualityScan, 1);
  char **const texts[] = { &scan->manufacturer, &scan->model, &scan->station, &scan->kernel,    &scan->phantom,
                           &scan->method,       &scan->basis, &scan->date,    &scan->series_uid };
  double *const numbers[] = { &scan->kvp,
                              &scan->slope,
                              &scan->intercept,
                              &scan->r2,
                              &scan->uncertainty_mg_cm3,
                              &scan->variance_slope,
                              &scan->variance_intercept,
                              &scan->covariance,
                              &scan->table_height_mm };

  scan->id = sqlite3_column_int64 (statement, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = oss_worklist_column_text (statement, 1 + (int) i);
  scan->folder = oss_worklist_column_path (statement, 10);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    *numbers[i] = oss_worklist_column_number (statement, 11 + (int) i);
  return scan;
}

GPtrArray *
oss_worklist_get_quality_scans (OssWorklist *self, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (
      self,
      "SELECT id, manufacturer, model, station, kernel, phantom, method, basis, date, series_uid, folder, kvp, slope,"
      "  intercept, r2, uncertainty, variance_slope, variance_intercept, covariance, table_height"
      "  FROM quality_scans ORDER BY date DESC, id DESC",
      error);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_quality_scan_free);
  GError *failure = NULL;

  if (statement == NULL)
    return NULL;
  while (oss_worklist_step (self, statement, &failure))
    g_ptr_array_add (list, read_quality_scan (statement));
  oss_worklist_end (statement);
  if (failure == NULL)
    return g_steal_pointer (&list);
  g_propagate_error (error, failure);
  return NULL;
}
