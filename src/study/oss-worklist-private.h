/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

#include <sqlite3.h>

G_BEGIN_DECLS

struct _OssWorklist
{
  sqlite3 *database;
  char *path;
  GThread *owner;
  GHashTable *statements; /* SQL -> sqlite3_stmt*, prepared once */
  GHashTable *headers;    /* id -> GBytes*: blocks that files are differences to */
  GHashTable *nearest;    /* size -> id: what the next file of that size is likely to be near to */
  char *folder;           /* of the file remembered last: no file is a difference to one of another folder */
};

/* The version of the schema that this program writes. */
int oss_worklist_schema_version (void);
/* Brings @database to @version (at most oss_worklist_schema_version()), one transaction a step.  UNSUPPORTED when
 * it is newer than this program. */
gboolean oss_worklist_migrate (sqlite3 *database, int version, GError **error);

/* Sets @error from the last failure of @database: kind of failure only, never a value. */
void oss_worklist_set_error (sqlite3 *database, int code, GError **error);
gboolean oss_worklist_exec (OssWorklist *self, const char *sql, GError **error);
/* Ready to be bound and stepped; owned by @self.  End with oss_worklist_end(). */
sqlite3_stmt *oss_worklist_prepare (OssWorklist *self, const char *sql, GError **error);
/* Binds in order: 'l' gint64, 'i' int, 'd' double (NaN: NULL), 's' const char* (NULL: ""), 'p' path (a blob). */
void oss_worklist_bind (sqlite3_stmt *statement, const char *format, ...);
/* TRUE: a row is there.  FALSE: no more rows, or @error is set. */
gboolean oss_worklist_step (OssWorklist *self, sqlite3_stmt *statement, GError **error);
void oss_worklist_end (sqlite3_stmt *statement);
/* prepare, bind and run a statement without rows. */
gboolean oss_worklist_run (OssWorklist *self, GError **error, const char *sql, const char *format, ...);

/* A write transaction from the start, so that it cannot fail half-way for want of the lock. */
gboolean oss_worklist_begin (OssWorklist *self, GError **error);
/* @ok: commits; else, and when committing fails, everything since begin is undone.  Returns: committed. */
gboolean oss_worklist_finish (OssWorklist *self, gboolean ok, GError **error);

/* Never NULL. (transfer full) */
char *oss_worklist_column_text (sqlite3_stmt *statement, int column);
char *oss_worklist_column_path (sqlite3_stmt *statement, int column);
double oss_worklist_column_number (sqlite3_stmt *statement, int column); /* NULL: NaN */

/* Lower case without accents, "^" and "=" as spaces: how names are compared. (transfer full) */
char *oss_worklist_fold (const char *text);
/* What the study's row says of its series and of its latest analysis. */
gboolean oss_worklist_summarize (OssWorklist *self, gint64 study, GError **error);

G_END_DECLS
