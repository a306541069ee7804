/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the worklist, step by step.  A step that was ever released is never edited: a change is a new one. */
#include "study/oss-worklist-private.h"

#include "base/oss-i18n.h"

/* Paths are blobs: a file's name need not be UTF-8. */
static const char *const steps[] = {
  /* 1: patients, studies, series and why their verdicts are what they are */
  "CREATE TABLE patients ("
  "  id INTEGER PRIMARY KEY,"
  "  key TEXT NOT NULL UNIQUE," /* what makes two studies one patient's */
  "  patient_id TEXT NOT NULL, name TEXT NOT NULL, birth_date TEXT NOT NULL, sex TEXT NOT NULL,"
  "  folded_name TEXT NOT NULL);"
  "CREATE TABLE studies ("
  "  id INTEGER PRIMARY KEY,"
  "  patient INTEGER NOT NULL REFERENCES patients (id) ON DELETE CASCADE,"
  "  key TEXT NOT NULL," /* the UID, or the folder of images that lost theirs */
  "  study_uid TEXT NOT NULL, date TEXT NOT NULL, time TEXT NOT NULL, description TEXT NOT NULL,"
  "  accession TEXT NOT NULL, age TEXT NOT NULL, scanner TEXT NOT NULL,"
  "  search TEXT NOT NULL," /* folded: all that a search looks at */
  "  folded_description TEXT NOT NULL,"
  "  reachable INTEGER NOT NULL DEFAULT 1, removed INTEGER NOT NULL DEFAULT 0,"
  "  kernels TEXT NOT NULL DEFAULT '', verdict INTEGER NOT NULL DEFAULT 2," /* from here on: of its series */
  "  n_series INTEGER NOT NULL DEFAULT 0, n_usable INTEGER NOT NULL DEFAULT 0,"
  "  UNIQUE (patient, key));"
  "CREATE INDEX studies_by_date ON studies (date DESC, time DESC, id);"
  "CREATE INDEX studies_by_uid ON studies (study_uid);"
  "CREATE TABLE series ("
  "  id INTEGER PRIMARY KEY,"
  "  study INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,"
  "  series_uid TEXT NOT NULL, part INTEGER NOT NULL," /* parts: images of several kinds under one UID */
  "  number INTEGER NOT NULL, description TEXT NOT NULL, modality TEXT NOT NULL, kernel TEXT NOT NULL,"
  "  contrast TEXT NOT NULL, folder BLOB NOT NULL, n_files INTEGER NOT NULL, kvp REAL, thickness REAL, tilt REAL,"
  "  columns INTEGER, rows INTEGER, slices INTEGER," /* NULL: no grid */
  "  spacing_x REAL, spacing_y REAL, spacing_z REAL, verdict INTEGER NOT NULL,"
  "  fingerprint TEXT NOT NULL," /* changes with what an analysis rests on */
  "  UNIQUE (study, series_uid, part));"
  "CREATE TABLE reasons ("
  "  series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,"
  "  position INTEGER NOT NULL, severity INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,"
  "  PRIMARY KEY (series, position)) WITHOUT ROWID;",
  /* 2: what was read of files: most headers of a series are a few bytes away from the first */
  "CREATE TABLE headers (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
  "CREATE TABLE files ("
  "  path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
  "  header INTEGER NOT NULL REFERENCES headers (id) ON DELETE CASCADE, difference BLOB) WITHOUT ROWID;"
  "CREATE INDEX files_by_header ON files (header);",
  /* 3: analyses, quality scans, pictures */
  "CREATE TABLE analyses ("
  "  id INTEGER PRIMARY KEY,"
  "  study INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,"
  "  series_uid TEXT NOT NULL, vertebra TEXT NOT NULL, engine TEXT NOT NULL, kernel TEXT NOT NULL,"
  "  folder BLOB NOT NULL, date TEXT NOT NULL, class TEXT NOT NULL, basis TEXT NOT NULL,"
  "  strength REAL, strength_uncertainty REAL, stiffness REAL, vbmd REAL, vbmd_uncertainty REAL,"
  "  state INTEGER NOT NULL);"
  "CREATE INDEX analyses_by_study ON analyses (study, date DESC);"
  "ALTER TABLE studies ADD COLUMN analysis INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE studies ADD COLUMN class TEXT NOT NULL DEFAULT '';"
  "CREATE TABLE quality_scans ("
  "  id INTEGER PRIMARY KEY, manufacturer TEXT NOT NULL, model TEXT NOT NULL, station TEXT NOT NULL,"
  "  kernel TEXT NOT NULL, kvp REAL, phantom TEXT NOT NULL, method TEXT NOT NULL, basis TEXT NOT NULL,"
  "  date TEXT NOT NULL, series_uid TEXT NOT NULL, folder BLOB NOT NULL, slope REAL NOT NULL,"
  "  intercept REAL NOT NULL, r2 REAL, uncertainty REAL);"
  "CREATE TABLE thumbnails ("
  "  study INTEGER PRIMARY KEY REFERENCES studies (id) ON DELETE CASCADE, picture BLOB NOT NULL);",
  /* 4: how well a quality scan's line is known, and where its couch stood; NULL: not known */
  "ALTER TABLE quality_scans ADD COLUMN variance_slope REAL;"
  "ALTER TABLE quality_scans ADD COLUMN variance_intercept REAL;"
  "ALTER TABLE quality_scans ADD COLUMN covariance REAL;"
  "ALTER TABLE quality_scans ADD COLUMN table_height REAL;",
};

int
oss_worklist_schema_version (void)
{
  return (int) G_N_ELEMENTS (steps);
}

static gboolean
exec (sqlite3 *database, const char *sql, GError **error)
{
  if (sqlite3_exec (database, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  oss_worklist_set_error (database, sqlite3_extended_errcode (database), error);
  return FALSE;
}

/* -1 with an error. */
static int
get_version (sqlite3 *database, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int version = -1;

  if (sqlite3_prepare_v2 (database, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW)
    version = sqlite3_column_int (statement, 0);
  else
    oss_worklist_set_error (database, sqlite3_extended_errcode (database), error);
  sqlite3_finalize (statement);
  return version;
}

/* One step; another program may have made it while this one waited for the lock. */
static gboolean
migrate_one (sqlite3 *database, int version, GError **error)
{
  g_autofree char *mark = g_strdup_printf ("PRAGMA user_version = %d", version + 1);

  if (!exec (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (get_version (database, NULL) != version)
    return exec (database, "ROLLBACK", error);
  if (exec (database, steps[version], error) && exec (database, mark, error) && exec (database, "COMMIT", error))
    return TRUE;
  sqlite3_exec (database, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

gboolean
oss_worklist_migrate (sqlite3 *database, int version, GError **error)
{
  int now = get_version (database, error);

  while (now >= 0 && now < version)
    {
      if (!migrate_one (database, now, error))
        return FALSE;
      now = get_version (database, error);
    }
  if (now > oss_worklist_schema_version ())
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                   _ ("The worklist was written by a later version of Ossature (its format is %d; this program knows "
                      "formats up to %d). It was left as it is. Use the later version."),
                   now, oss_worklist_schema_version ());
      return FALSE;
    }
  return now >= 0;
}
