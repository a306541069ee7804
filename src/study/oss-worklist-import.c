/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the series that a scan found to rows. */
#include "study/oss-worklist-private.h"

#include "base/oss-i18n.h"

#include <string.h>

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

/* What de-identification and careless consoles write instead of an identifier. */
static gboolean
is_placeholder (const char *patient_id)
{
  static const char *const words[] = { "anonymous", "anonymized", "anonymised", "anon", "unknown", "none",
                                       "null",      "n/a",        "na",         "test", "-",       "x" };
  g_autofree char *lower = g_ascii_strdown (patient_id, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (lower, words[i]))
      return TRUE;
  return strspn (lower, "0") == strlen (lower); /* "", "0", "0000" */
}

/* Equal for two studies only when they are surely one patient's. */
static char *
patient_key (const OssSeries *series, const char *study_key)
{
  g_autofree char *id = g_strstrip (g_strdup (or_empty (series->patient_id)));
  g_autofree char *birth = g_strstrip (g_strdup (or_empty (series->patient_birth_date)));
  g_autofree char *name = g_strstrip (oss_worklist_fold (series->patient_name));

  if (is_placeholder (id))
    return g_strdup_printf ("study\n%s", study_key);
  if (*birth != '\0')
    return g_strdup_printf ("born\n%s\n%s", id, birth);
  /* Without a date of birth the identifier needs a witness. */
  if (*name != '\0')
    return g_strdup_printf ("named\n%s\n%s", id, name);
  return g_strdup_printf ("study\n%s\n%s", id, study_key);
}

static char *
make_study_key (const OssSeries *series)
{
  return *or_empty (series->study_uid) != '\0' ? g_strdup (series->study_uid)
                                               : g_strdup_printf ("folder\n%s", or_empty (series->folder));
}

/* The date as people type it too: "20260314 2026-03-14". */
static char *
search_text (const OssSeries *series)
{
  const char *date = or_empty (series->study_date);
  g_autofree char *all = NULL;

  if (strlen (date) == 8)
    all = g_strdup_printf ("%s %s %s %s %.4s-%.2s-%.2s", or_empty (series->patient_name), or_empty (series->patient_id),
                           or_empty (series->study_description), date, date, date + 4, date + 6);
  else
    all = g_strdup_printf ("%s %s %s %s", or_empty (series->patient_name), or_empty (series->patient_id),
                           or_empty (series->study_description), date);
  return oss_worklist_fold (all);
}

/* A row's id from a statement that ends in RETURNING; 0 with an error. */
static gint64
returned_id (OssWorklist *self, sqlite3_stmt *statement, GError **error)
{
  gint64 id = oss_worklist_step (self, statement, error) ? sqlite3_column_int64 (statement, 0) : 0;

  oss_worklist_end (statement);
  return id;
}

/* An identifier and a date of birth that two people of different sex share are two records. */
static char *
resolve_patient_key (OssWorklist *self, const OssSeries *series, const char *study_key, GError **error)
{
  g_autofree char *key = patient_key (series, study_key);
  sqlite3_stmt *statement = oss_worklist_prepare (self, "SELECT sex FROM patients WHERE key = ?", error);
  GError *failure = NULL;
  gboolean contradicts = FALSE;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "s", key);
  if (oss_worklist_step (self, statement, &failure))
    {
      g_autofree char *sex = oss_worklist_column_text (statement, 0);

      contradicts = *sex != '\0' && *or_empty (series->patient_sex) != '\0' && !g_str_equal (sex, series->patient_sex);
    }
  oss_worklist_end (statement);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return NULL;
    }
  return contradicts ? g_strdup_printf ("%s\n%s", key, series->patient_sex) : g_steal_pointer (&key);
}

static gint64
put_patient (OssWorklist *self, const OssSeries *series, const char *key, GError **error)
{
  static const char sql[] =
      "INSERT INTO patients (key, patient_id, name, birth_date, sex, folded_name) VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (key) DO UPDATE SET patient_id = excluded.patient_id, name = excluded.name,"
      "  birth_date = excluded.birth_date, folded_name = excluded.folded_name,"
      "  sex = CASE WHEN excluded.sex = '' THEN sex ELSE excluded.sex END RETURNING id";
  g_autofree char *folded = oss_worklist_fold (series->patient_name);
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);

  if (statement == NULL)
    return 0;
  oss_worklist_bind (statement, "ssssss", key, series->patient_id, series->patient_name, series->patient_birth_date,
                     series->patient_sex, folded);
  return returned_id (self, statement, error);
}

static gint64
put_study (OssWorklist *self, const OssSeries *series, gint64 patient, const char *key, GError **error)
{
  static const char sql[] =
      "INSERT INTO studies (patient, key, study_uid, date, time, description, accession, age, scanner, search,"
      "  folded_description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (patient, key) DO UPDATE SET study_uid = excluded.study_uid, date = excluded.date,"
      "  time = excluded.time, description = excluded.description, accession = excluded.accession,"
      "  age = excluded.age, scanner = excluded.scanner, search = excluded.search,"
      "  folded_description = excluded.folded_description, reachable = 1, removed = 0 RETURNING id";
  g_autofree char *search = search_text (series), *description = oss_worklist_fold (series->study_description);
  g_autofree char *scanner =
      g_strstrip (g_strdup_printf ("%s %s", or_empty (series->manufacturer), or_empty (series->model)));
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);

  if (statement == NULL)
    return 0;
  oss_worklist_bind (statement, "lssssssssss", patient, key, series->study_uid, series->study_date, series->study_time,
                     series->study_description, "", series->patient_age, scanner, search, description);
  return returned_id (self, statement, error);
}

/* What an analysis of the series rests on: its images, where they lie, and how they were made. */
static char *
fingerprint (const OssSeries *series)
{
  const OssGrid *grid = &series->grid;
  g_autoptr (GChecksum) images = g_checksum_new (G_CHECKSUM_SHA256);
  GString *text = g_string_new (NULL);

  for (guint i = 0; series->sop_uids != NULL && i < series->sop_uids->len; i++)
    {
      const char *uid = or_empty (g_ptr_array_index (series->sop_uids, i));

      g_checksum_update (images, (const guchar *) uid, (gssize) strlen (uid) + 1);
    }

  g_string_append_printf (text, "%u %s %g %d %s", series->files->len, or_empty (series->kernel), series->kvp,
                          series->verdict, g_checksum_get_string (images));
  if (series->has_grid)
    g_string_append_printf (text, " %dx%dx%d %.5f %.5f %.5f at %.4f %.4f %.4f", grid->size[0], grid->size[1],
                            grid->size[2], grid->spacing[0], grid->spacing[1], grid->spacing[2], grid->origin[0],
                            grid->origin[1], grid->origin[2]);
  return g_string_free (text, FALSE);
}

static gboolean
put_reasons (OssWorklist *self, const OssSeries *series, gint64 id, GError **error)
{
  for (guint i = 0; i < series->reasons->len; i++)
    {
      const OssReason *reason = g_ptr_array_index (series->reasons, i);

      if (!oss_worklist_run (self, error,
                             "INSERT INTO reasons (series, position, severity, code, text) VALUES (?, ?, ?, ?, ?)",
                             "liiss", id, (int) i, (int) reason->severity, reason->code, reason->text))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_series (OssWorklist *self, const OssSeries *series, gint64 study, int part, GError **error)
{
  static const char sql[] =
      "INSERT INTO series (study, series_uid, part, number, description, modality, kernel, contrast, folder, n_files,"
      "  kvp, thickness, tilt, verdict, fingerprint, columns, rows, slices, spacing_x, spacing_y, spacing_z)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
  const OssGrid *grid = &series->grid;
  g_autofree char *mark = fingerprint (series);
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);
  gint64 id;

  if (statement == NULL)
    return FALSE;
  oss_worklist_bind (statement,
                     "lsiissss"
                     "pidddis",
                     study, series->series_uid, part, series->series_number, series->series_description,
                     series->modality, series->kernel, series->contrast, series->folder, (int) series->files->len,
                     series->kvp, series->slice_thickness_mm, series->tilt_deg, (int) series->verdict, mark);
  for (int a = 0; a < 3 && series->has_grid; a++)
    {
      sqlite3_bind_int (statement, 16 + a, grid->size[a]);
      sqlite3_bind_double (statement, 19 + a, grid->spacing[a]);
    }
  id = returned_id (self, statement, error);
  return id != 0 && put_reasons (self, series, id, error);
}

/* series UID -> fingerprint of its parts, as the study is known so far. */
static GHashTable *
known_fingerprints (OssWorklist *self, gint64 study, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (
      self,
      "SELECT series_uid, group_concat(fingerprint, ';') FROM (SELECT * FROM series WHERE study = ? ORDER BY part)"
      " GROUP BY series_uid",
      error);
  GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GError *failure = NULL;

  if (statement == NULL)
    {
      g_hash_table_unref (known);
      return NULL;
    }
  oss_worklist_bind (statement, "l", study);
  while (oss_worklist_step (self, statement, &failure))
    g_hash_table_insert (known, oss_worklist_column_text (statement, 0), oss_worklist_column_text (statement, 1));
  oss_worklist_end (statement);
  if (failure == NULL)
    return known;
  g_propagate_error (error, failure);
  g_hash_table_unref (known);
  return NULL;
}

/* Results whose series changed are marked, never dropped. */
static gboolean
mark_changed (OssWorklist *self, gint64 study, GHashTable *before, GError **error)
{
  g_autoptr (GHashTable) after = known_fingerprints (self, study, error);
  GHashTableIter iter;
  gpointer uid, mark;

  if (after == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &uid, &mark))
    if (g_strcmp0 (g_hash_table_lookup (after, uid), mark) != 0
        && !oss_worklist_run (self, error,
                              "UPDATE analyses SET state = ? WHERE study = ? AND series_uid = ? AND state IN (?, ?)",
                              "ilsii", OSS_ANALYSIS_OUT_OF_DATE, study, uid, OSS_ANALYSIS_DONE, OSS_ANALYSIS_REVIEWED))
      return FALSE;
  return TRUE;
}

/* The series of one study; @study is filled in. */
static gboolean
import_study (OssWorklist *self, const GPtrArray *series, gint64 *study, GError **error)
{
  const OssSeries *first = g_ptr_array_index (series, 0);
  g_autofree char *key = make_study_key (first), *person = resolve_patient_key (self, first, key, error);
  g_autoptr (GHashTable) before = NULL, parts = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 patient = person != NULL ? put_patient (self, first, person, error) : 0;

  *study = patient != 0 ? put_study (self, first, patient, key, error) : 0;
  before = *study != 0 ? known_fingerprints (self, *study, error) : NULL;
  if (before == NULL)
    return FALSE;
  for (guint i = 0; i < series->len; i++)
    {
      const OssSeries *one = g_ptr_array_index (series, i);

      if (!oss_worklist_run (self, error, "DELETE FROM series WHERE study = ? AND series_uid = ?", "ls", *study,
                             one->series_uid))
        return FALSE;
    }
  for (guint i = 0; i < series->len; i++)
    {
      const OssSeries *one = g_ptr_array_index (series, i);
      const char *uid = or_empty (one->series_uid);
      int part = GPOINTER_TO_INT (g_hash_table_lookup (parts, uid));

      g_hash_table_insert (parts, (gpointer) uid, GINT_TO_POINTER (part + 1));
      if (!put_series (self, one, *study, part, error))
        return FALSE;
    }
  return mark_changed (self, *study, before, error) && oss_worklist_summarize (self, *study, error);
}

/* GPtrArray of OssSeries* for each study, in the order of the list. (transfer full) */
static GPtrArray *
group_by_study (const OssSeriesList *list)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GHashTable) by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *series = g_ptr_array_index (list->series, i);
      g_autofree char *study = make_study_key (series), *patient = patient_key (series, study);
      g_autofree char *key = g_strconcat (patient, "\n", study, NULL);
      GPtrArray *group = g_hash_table_lookup (by_key, key);

      if (group == NULL)
        {
          group = g_ptr_array_new ();
          g_ptr_array_add (groups, group);
          g_hash_table_insert (by_key, g_steal_pointer (&key), group);
        }
      g_ptr_array_add (group, series);
    }
  return groups;
}

GArray *
oss_worklist_import (OssWorklist *self, const OssSeriesList *list, const OssTick *tick, GError **error)
{
  g_autoptr (GPtrArray) groups = group_by_study (list);
  GArray *ids = g_array_sized_new (FALSE, FALSE, sizeof (gint64), groups->len);
  gboolean ok = oss_worklist_begin (self, error);
  gint64 id;

  if (!ok)
    {
      g_array_unref (ids);
      return NULL;
    }
  for (guint i = 0; i < groups->len && ok; i++)
    {
      ok = oss_tick_report (tick, (double) i / groups->len, NULL, error)
           && import_study (self, g_ptr_array_index (groups, i), &id, error);
      g_array_append_val (ids, id);
    }
  if (oss_worklist_finish (self, ok, error))
    return ids;
  g_array_unref (ids);
  return NULL;
}

/* --- What the study's own row says --- */

static char *
study_kernels (OssWorklist *self, gint64 study, GError **error)
{
  sqlite3_stmt *statement =
      oss_worklist_prepare (self,
                            "SELECT kernel FROM series WHERE study = ?1 AND kernel <> '' AND (verdict < 2 OR NOT EXISTS"
                            " (SELECT 1 FROM series WHERE study = ?1 AND verdict < 2))"
                            " GROUP BY kernel ORDER BY min(number)",
                            error);
  g_autoptr (GString) kernels = g_string_new (NULL);
  GError *failure = NULL;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "l", study);
  while (oss_worklist_step (self, statement, &failure))
    g_string_append_printf (kernels, "%s%s", kernels->len > 0 ? "\n" : "",
                            (const char *) sqlite3_column_text (statement, 0));
  oss_worklist_end (statement);
  if (failure == NULL)
    return g_string_free (g_steal_pointer (&kernels), FALSE);
  g_propagate_error (error, failure);
  return NULL;
}

gboolean
oss_worklist_summarize (OssWorklist *self, gint64 study, GError **error)
{
  static const char sql[] =
      "UPDATE studies SET kernels = ?2,"
      "  verdict = (SELECT coalesce(min(verdict), 2) FROM series WHERE study = ?1),"
      "  n_series = (SELECT count(*) FROM series WHERE study = ?1),"
      "  n_usable = (SELECT count(*) FROM series WHERE study = ?1 AND verdict < 2),"
      "  analysis = coalesce((SELECT state FROM analyses WHERE study = ?1 ORDER BY date DESC, id DESC LIMIT 1), 0),"
      "  class = coalesce((SELECT class FROM analyses WHERE study = ?1 ORDER BY date DESC, id DESC LIMIT 1), '')"
      " WHERE id = ?1";
  g_autofree char *kernels = study_kernels (self, study, error);

  return kernels != NULL && oss_worklist_run (self, error, sql, "ls", study, kernels);
}
