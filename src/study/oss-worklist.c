/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-worklist-private.h"

#include "base/oss-i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000

char *
oss_worklist_default_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "ossature", "worklist.db", NULL);
}

/* --- Statements --- */

void
oss_worklist_set_error (sqlite3 *database, int code, GError **error)
{
  int primary = code & 0xff, kind = OSS_ERROR_FAILED;
  const char *why;

  /* sqlite3_errmsg() could quote a value: a name in a log. */
  switch (primary)
    {
    case SQLITE_FULL:
      why = _ ("the disk is full");
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      why = _ ("another program keeps it locked");
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      why = _ ("the file may not be written");
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      kind = OSS_ERROR_INVALID_DATA;
      why = _ ("the file is damaged");
      break;
    case SQLITE_NOMEM:
      kind = OSS_ERROR_OUT_OF_MEMORY;
      why = _ ("there is not enough memory");
      break;
    default:
      why = sqlite3_errstr (code);
      break;
    }
  g_set_error (error, OSS_ERROR, kind, _ ("The worklist cannot be read or saved: %s (code %d)."), why, code);
}

gboolean
oss_worklist_exec (OssWorklist *self, const char *sql, GError **error)
{
  int code = sqlite3_exec (self->database, sql, NULL, NULL, NULL);

  if (code == SQLITE_OK)
    return TRUE;
  oss_worklist_set_error (self->database, sqlite3_extended_errcode (self->database), error);
  return FALSE;
}

sqlite3_stmt *
oss_worklist_prepare (OssWorklist *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);
  int code;

  g_return_val_if_fail (self->owner == g_thread_self (), NULL);
  if (statement != NULL)
    {
      sqlite3_reset (statement);
      sqlite3_clear_bindings (statement);
      return statement;
    }
  code = sqlite3_prepare_v3 (self->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (code != SQLITE_OK)
    {
      oss_worklist_set_error (self->database, sqlite3_extended_errcode (self->database), error);
      return NULL;
    }
  g_hash_table_insert (self->statements, g_strdup (sql), statement);
  return statement;
}

static void
bind_list (sqlite3_stmt *statement, const char *format, va_list arguments)
{
  for (int i = 0; format[i] != '\0'; i++)
    {
      const char *text;
      double number;

      switch (format[i])
        {
        case 'l':
          sqlite3_bind_int64 (statement, i + 1, va_arg (arguments, gint64));
          break;
        case 'i':
          sqlite3_bind_int (statement, i + 1, va_arg (arguments, int));
          break;
        case 'd':
          number = va_arg (arguments, double);
          if (isfinite (number))
            sqlite3_bind_double (statement, i + 1, number);
          else
            sqlite3_bind_null (statement, i + 1);
          break;
        case 's':
          text = va_arg (arguments, const char *);
          sqlite3_bind_text (statement, i + 1, text != NULL ? text : "", -1, SQLITE_TRANSIENT);
          break;
        case 'p':
          text = va_arg (arguments, const char *);
          text = text != NULL ? text : "";
          sqlite3_bind_blob (statement, i + 1, text, (int) strlen (text), SQLITE_TRANSIENT);
          break;
        default:
          g_assert_not_reached ();
        }
    }
}

void
oss_worklist_bind (sqlite3_stmt *statement, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  bind_list (statement, format, arguments);
  va_end (arguments);
}

gboolean
oss_worklist_step (OssWorklist *self, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code == SQLITE_ROW)
    return TRUE;
  if (code != SQLITE_DONE)
    oss_worklist_set_error (self->database, sqlite3_extended_errcode (self->database), error);
  return FALSE;
}

/* A statement that stands on a row keeps its snapshot, and the write-ahead log could not be folded back. */
void
oss_worklist_end (sqlite3_stmt *statement)
{
  sqlite3_reset (statement);
}

gboolean
oss_worklist_run (OssWorklist *self, GError **error, const char *sql, const char *format, ...)
{
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);
  va_list arguments;
  int code;

  if (statement == NULL)
    return FALSE;
  va_start (arguments, format);
  bind_list (statement, format, arguments);
  va_end (arguments);
  code = sqlite3_step (statement);
  if (code != SQLITE_DONE && code != SQLITE_ROW)
    oss_worklist_set_error (self->database, sqlite3_extended_errcode (self->database), error);
  oss_worklist_end (statement);
  return code == SQLITE_DONE || code == SQLITE_ROW;
}

gboolean
oss_worklist_begin (OssWorklist *self, GError **error)
{
  return oss_worklist_exec (self, "BEGIN IMMEDIATE", error);
}

gboolean
oss_worklist_finish (OssWorklist *self, gboolean ok, GError **error)
{
  if (ok && oss_worklist_exec (self, "COMMIT", error))
    return TRUE;
  /* Some failures have rolled back by themselves. */
  if (sqlite3_get_autocommit (self->database) == 0)
    oss_worklist_exec (self, "ROLLBACK", NULL);
  return FALSE;
}

char *
oss_worklist_column_text (sqlite3_stmt *statement, int column)
{
  const unsigned char *text = sqlite3_column_text (statement, column);

  return g_strdup (text != NULL ? (const char *) text : "");
}

char *
oss_worklist_column_path (sqlite3_stmt *statement, int column)
{
  const char *bytes = sqlite3_column_blob (statement, column);

  return bytes != NULL ? g_strndup (bytes, (gsize) sqlite3_column_bytes (statement, column)) : g_strdup ("");
}

double
oss_worklist_column_number (sqlite3_stmt *statement, int column)
{
  return sqlite3_column_type (statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double (statement, column);
}

char *
oss_worklist_fold (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  g_autofree char *apart = g_utf8_normalize (valid, -1, G_NORMALIZE_ALL);
  g_autoptr (GString) plain = g_string_new (NULL);

  for (const char *c = apart; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar letter = g_utf8_get_char (c);

      if (letter == '^' || letter == '=' || letter == ',')
        letter = ' ';
      if (!g_unichar_ismark (letter))
        g_string_append_unichar (plain, letter);
    }
  return g_utf8_casefold (plain->str, -1);
}

/* --- Opening --- */

/* With the rights of its owner alone from its first byte on: SQLite gives its side files the same. */
static gboolean
prepare_file (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_filename_display_name (path);
  int file;

  if (g_mkdir_with_parents (folder, 0700) != 0 || (file = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The worklist “%s” cannot be opened: %s."), name,
                   g_strerror (errno));
      return FALSE;
    }
  if (fchmod (file, 0600) != 0)
    g_debug ("the worklist's rights stay as they are");
  close (file);
  return TRUE;
}

static gboolean
set_up (sqlite3 *database, GError **error)
{
  static const char *const settings[] = {
    "PRAGMA journal_mode = WAL",   "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",    "PRAGMA secure_delete = ON", /* a removed name is gone from the file */
    "PRAGMA temp_store = MEMORY",                               /* and never lands in a temporary file */
    "PRAGMA trusted_schema = OFF",
  };

  sqlite3_extended_result_codes (database, 1);
  sqlite3_busy_timeout (database, BUSY_TIMEOUT_MS);
  sqlite3_db_config (database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      int code = sqlite3_exec (database, settings[i], NULL, NULL, NULL);

      if (code != SQLITE_OK)
        {
          oss_worklist_set_error (database, sqlite3_extended_errcode (database), error);
          return FALSE;
        }
    }
  return TRUE;
}

/* A file that SQLite can open may still have lost pages. */
static gboolean
check_pages (sqlite3 *database, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (database, "PRAGMA quick_check(1)", -1, &statement, NULL);
  gboolean sound = FALSE;

  if (code == SQLITE_OK && (code = sqlite3_step (statement)) == SQLITE_ROW)
    sound = g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "ok") == 0;
  sqlite3_finalize (statement);
  if (!sound)
    oss_worklist_set_error (database, code == SQLITE_ROW || code == SQLITE_OK ? SQLITE_CORRUPT : code, error);
  return sound;
}

static sqlite3 *
open_database (const char *path, GError **error)
{
  sqlite3 *database = NULL;
  int code = sqlite3_open_v2 (path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

  if (code != SQLITE_OK)
    oss_worklist_set_error (database, code, error);
  /* Whether it is a later version's comes first: such a file is not touched. */
  else if (oss_worklist_migrate (database, 0, error) && set_up (database, error)
           && oss_worklist_migrate (database, oss_worklist_schema_version (), error) && check_pages (database, error))
    return database;
  sqlite3_close_v2 (database);
  return NULL;
}

/* The damaged file and its side files under another name in the same folder; nothing is thrown away. */
static gboolean
set_aside (const char *path, char **notice, GError **error)
{
  static const char *const sides[] = { "", "-wal", "-shm" };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *stamp = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree char *aside = g_strdup_printf ("%s.damaged-%s", path, stamp);
  g_autofree char *shown = g_filename_display_basename (aside);

  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_autofree char *from = g_strconcat (path, sides[i], NULL), *to = g_strconcat (aside, sides[i], NULL);

      if (g_rename (from, to) != 0 && errno != ENOENT)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The damaged worklist cannot be renamed: %s."),
                       g_strerror (errno));
          return FALSE;
        }
    }
  if (notice != NULL)
    *notice = g_strdup_printf (_ ("The worklist was damaged. It is kept as “%s”, and a new one was begun. Open your "
                                  "folders again; their images are not touched."),
                               shown);
  return TRUE;
}

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

OssWorklist *
oss_worklist_open (const char *path, char **notice, GError **error)
{
  g_autofree char *file = path != NULL ? g_strdup (path) : oss_worklist_default_path ();
  g_autoptr (GError) reason = NULL;
  sqlite3 *database;
  OssWorklist *self;

  if (notice != NULL)
    *notice = NULL;
  if (!prepare_file (file, error))
    return NULL;
  database = open_database (file, &reason);
  if (database == NULL && g_error_matches (reason, OSS_ERROR, OSS_ERROR_INVALID_DATA))
    {
      g_clear_error (&reason);
      if (!set_aside (file, notice, error) || !prepare_file (file, error))
        return NULL;
      database = open_database (file, &reason);
    }
  if (database == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  self = g_new0 (OssWorklist, 1);
  self->database = database;
  self->path = g_steal_pointer (&file);
  self->owner = g_thread_self ();
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, finalize_statement);
  self->headers = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self->nearest = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
oss_worklist_close (OssWorklist *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->statements);
  g_hash_table_unref (self->headers);
  g_hash_table_unref (self->nearest);
  sqlite3_close_v2 (self->database);
  g_free (self->folder);
  g_free (self->path);
  g_free (self);
}

const char *
oss_worklist_get_path (OssWorklist *self)
{
  return self->path;
}

guint
oss_worklist_get_data_version (OssWorklist *self)
{
  sqlite3_stmt *statement = oss_worklist_prepare (self, "PRAGMA data_version", NULL);
  guint version = 0;

  if (statement != NULL && oss_worklist_step (self, statement, NULL))
    version = (guint) sqlite3_column_int (statement, 0);
  if (statement != NULL)
    oss_worklist_end (statement);
  return version;
}
