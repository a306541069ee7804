/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding and reading studies and their series. */
#include "study/oss-worklist-private.h"

#include "base/oss-i18n.h"

#include <string.h>

void
oss_worklist_study_free (OssWorklistStudy *self)
{
  if (self == NULL)
    return;
  g_free (self->study_uid);
  g_free (self->patient_name);
  g_free (self->patient_id);
  g_free (self->patient_birth_date);
  g_free (self->patient_sex);
  g_free (self->patient_age);
  g_free (self->study_date);
  g_free (self->study_time);
  g_free (self->study_description);
  g_free (self->accession_number);
  g_free (self->scanner);
  g_strfreev (self->kernels);
  g_free (self->analysis_class);
  g_free (self);
}

void
oss_worklist_series_free (OssWorklistSeries *self)
{
  if (self == NULL)
    return;
  g_free (self->series_uid);
  g_free (self->description);
  g_free (self->modality);
  g_free (self->kernel);
  g_free (self->contrast);
  g_free (self->folder);
  g_ptr_array_unref (self->reasons);
  g_free (self);
}

/* --- Queries --- */

/* What a study has to be; every text in it is one of our own, values are bound. */
typedef struct
{
  GString *where;
  GPtrArray *values; /* char* */
} Condition;

static const char *const filters[OSS_WORKLIST_N_FILTERS] = {
  [OSS_WORKLIST_ALL] = "1",
  [OSS_WORKLIST_READY] = "(s.verdict < 2 AND s.analysis = 0)",
  [OSS_WORKLIST_TO_REVIEW] = "(s.analysis = 1)",
  [OSS_WORKLIST_OUT_OF_DATE] = "(s.analysis = 3)",
  [OSS_WORKLIST_REFUSED] = "(s.verdict = 2)",
};
G_STATIC_ASSERT (OSS_ANALYSIS_DONE == 1 && OSS_ANALYSIS_OUT_OF_DATE == 3 && OSS_VERDICT_REFUSED == 2);

static void
demand (Condition *condition, const char *clause, const char *value)
{
  g_string_append_printf (condition->where, " AND %s", clause);
  g_ptr_array_add (condition->values, g_strdup (value));
}

static void
condition_init (Condition *condition, const OssWorklistQuery *query)
{
  g_autofree char *folded = oss_worklist_fold (query->text);
  g_auto (GStrv) words = g_strsplit_set (folded, " \t\n", -1);

  condition->where = g_string_new ("s.removed = 0");
  condition->values = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; words[i] != NULL && condition->values->len < 16; i++)
    if (*words[i] != '\0')
      demand (condition, "instr(s.search, ?) > 0", words[i]);
  if (query->kernel != NULL)
    {
      g_autofree char *line = g_strdup_printf ("\n%s\n", query->kernel);

      demand (condition, "instr(char(10) || s.kernels || char(10), ?) > 0", line);
    }
  if (query->scanner != NULL)
    demand (condition, "s.scanner = ?", query->scanner);
  if (query->date_from != NULL)
    demand (condition, "s.date >= ?", query->date_from);
  if (query->date_to != NULL)
    demand (condition, "s.date <= ?", query->date_to);
}

static void
condition_clear (Condition *condition)
{
  g_string_free (condition->where, TRUE);
  g_ptr_array_unref (condition->values);
}

static sqlite3_stmt *
prepare_condition (OssWorklist *self, const Condition *condition, const char *sql, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);

  for (guint i = 0; statement != NULL && i < condition->values->len; i++)
    sqlite3_bind_text (statement, (int) i + 1, g_ptr_array_index (condition->values, i), -1, SQLITE_TRANSIENT);
  return statement;
}

/* Equal keys stay newest first. */
static char *
order_by (const OssWorklistQuery *query)
{
  static const char *const keys[] = {
    [OSS_WORKLIST_BY_DATE] = "",
    [OSS_WORKLIST_BY_PATIENT] = "p.folded_name %s, p.patient_id %s, ",
    [OSS_WORKLIST_BY_STUDY] = "s.folded_description %s, ",
    [OSS_WORKLIST_BY_KERNEL] = "s.kernels %s, ",
    [OSS_WORKLIST_BY_VERDICT] = "s.verdict %s, ",
    [OSS_WORKLIST_BY_ANALYSIS] = "s.analysis %s, ",
    [OSS_WORKLIST_BY_CLASS] =
        "CASE s.class WHEN 'normal' THEN 1 WHEN 'low' THEN 2 WHEN 'osteoporosis' THEN 3 ELSE 0 END %s, ",
  };
  const char *way = query->descending ? "DESC" : "ASC";
  const char *dates = query->sort == OSS_WORKLIST_BY_DATE && !query->descending ? "ASC" : "DESC";
  g_autoptr (GString) text = g_string_new (keys[query->sort]);

  g_string_replace (text, "%s", way, 0);
  g_string_append_printf (text, "s.date %s, s.time %s, s.id", dates, dates);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

GArray *
oss_worklist_find (OssWorklist *self, const OssWorklistQuery *query, GError **error)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *order = order_by (query), *sql = NULL;
  GError *failure = NULL;
  sqlite3_stmt *statement;
  Condition condition;

  condition_init (&condition, query);
  sql = g_strdup_printf ("SELECT s.id FROM studies s%s WHERE %s AND %s ORDER BY %s",
                         query->sort == OSS_WORKLIST_BY_PATIENT ? " JOIN patients p ON p.id = s.patient" : "",
                         condition.where->str, filters[query->filter], order);
  statement = prepare_condition (self, &condition, sql, &failure);
  while (statement != NULL && oss_worklist_step (self, statement, &failure))
    {
      gint64 id = sqlite3_column_int64 (statement, 0);

      g_array_append_val (ids, id);
    }
  if (statement != NULL)
    oss_worklist_end (statement);
  condition_clear (&condition);
  if (failure == NULL)
    return ids;
  g_propagate_error (error, failure);
  g_array_unref (ids);
  return NULL;
}

gboolean
oss_worklist_count (OssWorklist *self, const OssWorklistQuery *query, guint counts[OSS_WORKLIST_N_FILTERS],
                    GError **error)
{
  g_autoptr (GString) sql = g_string_new ("SELECT ");
  sqlite3_stmt *statement;
  Condition condition;
  gboolean counted = FALSE;

  condition_init (&condition, query);
  for (int i = 0; i < OSS_WORKLIST_N_FILTERS; i++)
    g_string_append_printf (sql, "%stotal(%s)", i > 0 ? ", " : "", filters[i]);
  g_string_append_printf (sql, " FROM studies s WHERE %s", condition.where->str);
  statement = prepare_condition (self, &condition, sql->str, error);
  if (statement != NULL && oss_worklist_step (self, statement, error))
    {
      for (int i = 0; i < OSS_WORKLIST_N_FILTERS; i++)
        counts[i] = (guint) sqlite3_column_int64 (statement, i);
      counted = TRUE;
    }
  if (statement != NULL)
    oss_worklist_end (statement);
  condition_clear (&condition);
  return counted;
}

/* --- Rows --- */

static OssWorklistStudy *
read_study (sqlite3_stmt *statement)
{
  OssWorklistStudy *study = g_new0 (OssWorklistStudy, 1);
  char **const texts[] = { &study->study_uid,          &study->patient_name, &study->patient_id,
                           &study->patient_birth_date, &study->patient_sex,  &study->patient_age,
                           &study->study_date,         &study->study_time,   &study->study_description,
                           &study->accession_number,   &study->scanner,      &study->analysis_class };
  g_autofree char *kernels = oss_worklist_column_text (statement, 13);

  study->id = sqlite3_column_int64 (statement, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = oss_worklist_column_text (statement, 1 + (int) i);
  study->kernels = g_strsplit (kernels, "\n", -1);
  study->n_series = (guint) sqlite3_column_int (statement, 14);
  study->n_usable = (guint) sqlite3_column_int (statement, 15);
  study->verdict = (OssVerdict) CLAMP (sqlite3_column_int (statement, 16), 0, OSS_VERDICT_REFUSED);
  study->is_reachable = sqlite3_column_int (statement, 17) != 0;
  study->analysis = (OssAnalysisState) CLAMP (sqlite3_column_int (statement, 18), 0, OSS_ANALYSIS_FAILED);
  return study;
}

OssWorklistStudy *
oss_worklist_get_study (OssWorklist *self, gint64 study, GError **error)
{
  static const char sql[] =
      "SELECT s.id, s.study_uid, p.name, p.patient_id, p.birth_date, p.sex, s.age, s.date, s.time, s.description,"
      "  s.accession, s.scanner, s.class, s.kernels, s.n_series, s.n_usable, s.verdict, s.reachable, s.analysis"
      " FROM studies s JOIN patients p ON p.id = s.patient WHERE s.id = ?";
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);
  OssWorklistStudy *row = NULL;
  GError *failure = NULL;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "l", study);
  if (oss_worklist_step (self, statement, &failure))
    row = read_study (statement);
  else if (failure == NULL)
    g_set_error_literal (&failure, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("This study is not in the worklist any more."));
  oss_worklist_end (statement);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return row;
}

GPtrArray *
oss_worklist_get_studies (OssWorklist *self, const gint64 *ids, guint n, GError **error)
{
  GPtrArray *rows = g_ptr_array_new_full (n, (GDestroyNotify) oss_worklist_study_free);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) failure = NULL;
      OssWorklistStudy *row = oss_worklist_get_study (self, ids[i], &failure);

      if (row == NULL && !g_error_matches (failure, OSS_ERROR, OSS_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          g_ptr_array_unref (rows);
          return NULL;
        }
      g_ptr_array_add (rows, row);
    }
  return rows;
}

/* --- Series --- */

static void
reason_free (gpointer data)
{
  OssReason *reason = data;

  g_free (reason->text);
  g_free (reason);
}

static gboolean
read_reasons (OssWorklist *self, gint64 series, GPtrArray *reasons, GError **error)
{
  sqlite3_stmt *statement =
      oss_worklist_prepare (self, "SELECT severity, code, text FROM reasons WHERE series = ? ORDER BY position", error);
  GError *failure = NULL;

  if (statement == NULL)
    return FALSE;
  oss_worklist_bind (statement, "l", series);
  while (oss_worklist_step (self, statement, &failure))
    {
      OssReason *reason = g_new0 (OssReason, 1);

      reason->severity = (OssReasonSeverity) CLAMP (sqlite3_column_int (statement, 0), 0, OSS_REASON_FACT);
      reason->code = g_intern_string ((const char *) sqlite3_column_text (statement, 1));
      reason->text = oss_worklist_column_text (statement, 2);
      g_ptr_array_add (reasons, reason);
    }
  oss_worklist_end (statement);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

static OssWorklistSeries *
read_series (sqlite3_stmt *statement)
{
  OssWorklistSeries *series = g_new0 (OssWorklistSeries, 1);

  series->series_uid = oss_worklist_column_text (statement, 1);
  series->description = oss_worklist_column_text (statement, 2);
  series->modality = oss_worklist_column_text (statement, 3);
  series->kernel = oss_worklist_column_text (statement, 4);
  series->contrast = oss_worklist_column_text (statement, 5);
  series->folder = oss_worklist_column_path (statement, 6);
  series->number = sqlite3_column_int (statement, 7);
  series->n_files = (guint) sqlite3_column_int (statement, 8);
  series->kvp = sqlite3_column_double (statement, 9);
  series->slice_thickness_mm = sqlite3_column_double (statement, 10);
  series->tilt_deg = sqlite3_column_double (statement, 11);
  series->verdict = (OssVerdict) CLAMP (sqlite3_column_int (statement, 12), 0, OSS_VERDICT_REFUSED);
  series->has_grid = sqlite3_column_type (statement, 13) != SQLITE_NULL;
  for (int a = 0; a < 3; a++)
    {
      series->size[a] = sqlite3_column_int (statement, 13 + a);
      series->spacing_mm[a] = sqlite3_column_double (statement, 16 + a);
    }
  series->reasons = g_ptr_array_new_with_free_func (reason_free);
  return series;
}

GPtrArray *
oss_worklist_get_series (OssWorklist *self, gint64 study, GError **error)
{
  static const char sql[] =
      "SELECT id, series_uid, description, modality, kernel, contrast, folder, number, n_files, kvp, thickness, tilt,"
      "  verdict, columns, rows, slices, spacing_x, spacing_y, spacing_z FROM series WHERE study = ?"
      " ORDER BY number, series_uid, part";
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_worklist_series_free);
  GError *failure = NULL;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "l", study);
  while (failure == NULL && oss_worklist_step (self, statement, &failure))
    {
      OssWorklistSeries *series = read_series (statement);

      g_ptr_array_add (list, series);
      read_reasons (self, sqlite3_column_int64 (statement, 0), series->reasons, &failure);
    }
  oss_worklist_end (statement);
  if (failure == NULL)
    return g_steal_pointer (&list);
  g_propagate_error (error, failure);
  return NULL;
}

/* The first column of every row, as paths. (transfer full) */
static char **
read_paths (OssWorklist *self, sqlite3_stmt *statement, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  GError *failure = NULL;

  while (oss_worklist_step (self, statement, &failure))
    g_ptr_array_add (paths, oss_worklist_column_path (statement, 0));
  oss_worklist_end (statement);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return NULL;
    }
  g_ptr_array_add (paths, NULL);
  return (char **) g_ptr_array_steal (paths, NULL);
}

char **
oss_worklist_get_folders (OssWorklist *self, gint64 study, GError **error)
{
  sqlite3_stmt *statement =
      oss_worklist_prepare (self, "SELECT DISTINCT folder FROM series WHERE study = ? ORDER BY folder", error);

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "l", study);
  return read_paths (self, statement, error);
}

gint64
oss_worklist_find_study (OssWorklist *self, const char *study_uid, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (
      self, "SELECT id FROM studies WHERE study_uid = ? AND removed = 0 ORDER BY id DESC LIMIT 1", error);
  gint64 id = 0;

  if (statement == NULL)
    return 0;
  oss_worklist_bind (statement, "s", study_uid);
  if (oss_worklist_step (self, statement, error))
    id = sqlite3_column_int64 (statement, 0);
  oss_worklist_end (statement);
  return id;
}

char **
oss_worklist_get_kernels (OssWorklist *self, GError **error)
{
  sqlite3_stmt *statement =
      oss_worklist_prepare (self,
                            "SELECT DISTINCT r.kernel FROM series r JOIN studies s ON s.id = r.study"
                            " WHERE r.kernel <> '' AND s.removed = 0 ORDER BY r.kernel",
                            error);

  return statement != NULL ? read_paths (self, statement, error) : NULL;
}

char **
oss_worklist_get_scanners (OssWorklist *self, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (
      self, "SELECT DISTINCT scanner FROM studies WHERE scanner <> '' AND removed = 0 ORDER BY scanner", error);

  return statement != NULL ? read_paths (self, statement, error) : NULL;
}

/* --- Removing, folders, thumbnails --- */

gboolean
oss_worklist_remove (OssWorklist *self, gint64 study, GError **error)
{
  return oss_worklist_run (self, error, "UPDATE studies SET removed = 1 WHERE id = ?", "l", study);
}

gboolean
oss_worklist_restore (OssWorklist *self, gint64 study, GError **error)
{
  return oss_worklist_run (self, error, "UPDATE studies SET removed = 0 WHERE id = ?", "l", study);
}

gboolean
oss_worklist_purge (OssWorklist *self, GError **error)
{
  static const char *const steps[] = {
    /* Whatever lies in the folders of a removed study, and below them: '0' follows '/'. */
    "DELETE FROM files WHERE EXISTS (SELECT 1 FROM series r JOIN studies s ON s.id = r.study WHERE s.removed"
    " AND files.path >= CAST(r.folder || x'2f' AS BLOB) AND files.path < CAST(r.folder || x'30' AS BLOB))",
    "DELETE FROM headers WHERE id NOT IN (SELECT header FROM files)",
    "DELETE FROM studies WHERE removed",
    "DELETE FROM patients WHERE id NOT IN (SELECT patient FROM studies)",
  };
  gboolean ok = oss_worklist_begin (self, error);

  if (!ok)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (steps) && ok; i++)
    ok = oss_worklist_exec (self, steps[i], error);
  g_hash_table_remove_all (self->headers);
  g_hash_table_remove_all (self->nearest);
  if (!oss_worklist_finish (self, ok, error))
    return FALSE;
  /* The log still holds what was removed. */
  oss_worklist_exec (self, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
  return TRUE;
}

/* @changes: the ids of studies that came back, and minus the ids of those that went. */
static gboolean
look_for_folders (OssWorklist *self, GArray *ids, GArray *changes, const OssTick *tick, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < ids->len; i++)
    {
      gint64 id = g_array_index (ids, gint64, i);
      g_autoptr (OssWorklistStudy) study = oss_worklist_get_study (self, id, NULL);
      g_auto (GStrv) folders = oss_worklist_get_folders (self, id, error);
      gboolean there = TRUE;

      if (folders == NULL || !oss_tick_report (tick, (double) i / ids->len, NULL, error))
        return FALSE;
      for (int f = 0; folders[f] != NULL; f++)
        {
          gpointer known = g_hash_table_lookup (seen, folders[f]);

          if (known == NULL)
            {
              known = GINT_TO_POINTER (g_file_test (folders[f], G_FILE_TEST_IS_DIR) ? 1 : 2);
              g_hash_table_insert (seen, g_strdup (folders[f]), known);
            }
          there = there && GPOINTER_TO_INT (known) == 1;
        }
      id = there ? id : -id;
      if (study != NULL && study->is_reachable != there)
        g_array_append_val (changes, id);
    }
  return TRUE;
}

gboolean
oss_worklist_check_folders (OssWorklist *self, const OssTick *tick, guint *changed, GError **error)
{
  const OssWorklistQuery everything = { .filter = OSS_WORKLIST_ALL };
  g_autoptr (GArray) ids = oss_worklist_find (self, &everything, error);
  g_autoptr (GArray) changes = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean ok = TRUE;

  /* Looking may take minutes: nothing is locked meanwhile. */
  if (ids == NULL || !look_for_folders (self, ids, changes, tick, error))
    return FALSE;
  if (changed != NULL)
    *changed = changes->len;
  if (changes->len == 0)
    return TRUE;
  if (!oss_worklist_begin (self, error))
    return FALSE;
  for (guint i = 0; i < changes->len && ok; i++)
    {
      gint64 id = g_array_index (changes, gint64, i);

      ok = oss_worklist_run (self, error, "UPDATE studies SET reachable = ? WHERE id = ?", "il", id > 0, ABS (id));
    }
  return oss_worklist_finish (self, ok, error);
}

GBytes *
oss_worklist_get_thumbnail (OssWorklist *self, gint64 study)
{
  sqlite3_stmt *statement = oss_worklist_prepare (self, "SELECT picture FROM thumbnails WHERE study = ?", NULL);
  GBytes *picture = NULL;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "l", study);
  if (oss_worklist_step (self, statement, NULL))
    picture = g_bytes_new (sqlite3_column_blob (statement, 0), (gsize) sqlite3_column_bytes (statement, 0));
  oss_worklist_end (statement);
  return picture;
}

gboolean
oss_worklist_set_thumbnail (OssWorklist *self, gint64 study, GBytes *picture, GError **error)
{
  sqlite3_stmt *statement =
      oss_worklist_prepare (self, "INSERT OR REPLACE INTO thumbnails (study, picture) VALUES (?, ?)", error);
  GError *failure = NULL;
  gsize size;
  const void *bytes = g_bytes_get_data (picture, &size);

  if (statement == NULL)
    return FALSE;
  oss_worklist_bind (statement, "l", study);
  sqlite3_bind_blob64 (statement, 2, bytes, size, SQLITE_TRANSIENT);
  oss_worklist_step (self, statement, &failure);
  oss_worklist_end (statement);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}
