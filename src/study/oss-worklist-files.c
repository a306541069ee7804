/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read of files, so that a folder is read once.  The headers of a series are nearly equal: a file keeps its
 * difference to one that is stored whole. */
#include "study/oss-worklist-private.h"

#include <string.h>

enum
{
  /* Runs of equal bytes shorter than the four that a new run costs are cheaper copied. */
  SHORTEST_GAP = 4,
  /* A difference longer than this is another series: it gets a whole header of its own. */
  LONGEST_DIFFERENCE = 512,
  MOST_HEADERS_KEPT = 4096,
};

/* Runs of { offset, length: 16 bits each, little end first; bytes }; NULL when they are too many or too long. */
static GByteArray *
difference_between (GBytes *from, GBytes *to)
{
  gsize size, other, i = 0;
  const guint8 *a = g_bytes_get_data (from, &size), *b = g_bytes_get_data (to, &other);
  GByteArray *runs = g_byte_array_new ();

  while (size == other && size <= G_MAXUINT16 && i < size && runs->len <= LONGEST_DIFFERENCE)
    {
      gsize end;

      if (a[i] == b[i])
        {
          i++;
          continue;
        }
      end = i + 1;
      for (gsize j = end; j < size && j < end + SHORTEST_GAP; j++)
        if (a[j] != b[j])
          end = j + 1;
      g_byte_array_append (
          runs, (const guint8[4]){ i & 0xff, (guint8) (i >> 8), (end - i) & 0xff, (guint8) ((end - i) >> 8) }, 4);
      g_byte_array_append (runs, b + i, (guint) (end - i));
      i = end;
    }
  if (size == other && i == size && runs->len <= LONGEST_DIFFERENCE)
    return runs;
  g_byte_array_unref (runs);
  return NULL;
}

/* NULL when the runs do not fit: a damaged row. */
static GBytes *
apply_difference (GBytes *from, const guint8 *runs, gsize n)
{
  gsize size;
  const guint8 *start = g_bytes_get_data (from, &size);
  guint8 *bytes = g_memdup2 (start, size);
  gsize i = 0;

  while (i + 4 <= n)
    {
      gsize offset = runs[i] | (gsize) runs[i + 1] << 8, length = runs[i + 2] | (gsize) runs[i + 3] << 8;

      i += 4;
      if (length > n - i || offset + length > size)
        break;
      memcpy (bytes + offset, runs + i, length);
      i += length;
    }
  if (i == n)
    return g_bytes_new_take (bytes, size);
  g_free (bytes);
  return NULL;
}

/* The whole header with this id, kept for its neighbours. (transfer none) */
static GBytes *
get_header (OssWorklist *self, gint64 id)
{
  GBytes *header = g_hash_table_lookup (self->headers, &id);
  sqlite3_stmt *statement;

  if (header != NULL)
    return header;
  statement = oss_worklist_prepare (self, "SELECT bytes FROM headers WHERE id = ?", NULL);
  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "l", id);
  if (oss_worklist_step (self, statement, NULL))
    {
      if (g_hash_table_size (self->headers) >= MOST_HEADERS_KEPT)
        g_hash_table_remove_all (self->headers);
      header = g_bytes_new (sqlite3_column_blob (statement, 0), (gsize) sqlite3_column_bytes (statement, 0));
      g_hash_table_insert (self->headers, g_memdup2 (&id, sizeof id), header);
    }
  oss_worklist_end (statement);
  return header;
}

gboolean
oss_worklist_recall_file (OssWorklist *self, const char *path, guint layout, guint64 size, gint64 mtime_ns,
                          GBytes **bytes)
{
  static const char sql[] = "SELECT header, difference FROM files"
                            " WHERE path = ? AND size = ? AND mtime_ns = ? AND layout = ?";
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, NULL);
  gboolean known = FALSE;

  *bytes = NULL;
  if (statement == NULL)
    return FALSE;
  oss_worklist_bind (statement, "plli", path, (gint64) size, mtime_ns, (int) layout);
  if (oss_worklist_step (self, statement, NULL))
    {
      known = sqlite3_column_type (statement, 0) == SQLITE_NULL;
      if (!known)
        {
          GBytes *header = get_header (self, sqlite3_column_int64 (statement, 0));

          if (header != NULL)
            *bytes = apply_difference (header, sqlite3_column_blob (statement, 1),
                                       (gsize) sqlite3_column_bytes (statement, 1));
          known = *bytes != NULL;
        }
    }
  oss_worklist_end (statement);
  return known;
}

/* Stores @bytes whole; what follows will be near to it. */
static gboolean
put_header (OssWorklist *self, guint layout, GBytes *bytes, const char *study_uid, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (
      self, "INSERT INTO headers (layout, study_uid, bytes) VALUES (?, ?, ?) RETURNING id", error);
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);
  gint64 id;

  if (statement == NULL)
    return FALSE;
  oss_worklist_bind (statement, "is", (int) layout, study_uid);
  sqlite3_bind_blob64 (statement, 3, data, size, SQLITE_TRANSIENT);
  id = oss_worklist_step (self, statement, error) ? sqlite3_column_int64 (statement, 0) : 0;
  oss_worklist_end (statement);
  if (id == 0)
    return FALSE;
  self->last_header = id;
  self->last_header_layout = layout;
  g_free (self->last_header_study);
  self->last_header_study = g_strdup (study_uid != NULL ? study_uid : "");
  if (g_hash_table_size (self->headers) >= MOST_HEADERS_KEPT)
    g_hash_table_remove_all (self->headers);
  g_hash_table_insert (self->headers, g_memdup2 (&id, sizeof id), g_bytes_ref (bytes));
  return TRUE;
}

gboolean
oss_worklist_remember_file (OssWorklist *self, const char *path, guint layout, guint64 size, gint64 mtime_ns,
                            GBytes *bytes, const char *study_uid, GError **error)
{
  static const char sql[] = "INSERT OR REPLACE INTO files (path, size, mtime_ns, layout, header, difference)"
                            " VALUES (?, ?, ?, ?, ?, ?)";
  g_autoptr (GByteArray) difference = NULL;
  sqlite3_stmt *statement;
  GError *failure = NULL;

  if (bytes != NULL)
    {
      gboolean likely = self->last_header != 0 && self->last_header_layout == layout
                        && g_strcmp0 (self->last_header_study, study_uid != NULL ? study_uid : "") == 0;
      GBytes *near = likely ? get_header (self, self->last_header) : NULL;

      difference = near != NULL ? difference_between (near, bytes) : NULL;
      if (difference == NULL && !put_header (self, layout, bytes, study_uid, error))
        return FALSE;
    }
  statement = oss_worklist_prepare (self, sql, error);
  if (statement == NULL)
    return FALSE;
  oss_worklist_bind (statement, "plli", path, (gint64) size, mtime_ns, (int) layout);
  if (bytes != NULL)
    sqlite3_bind_int64 (statement, 5, self->last_header);
  if (difference != NULL)
    sqlite3_bind_blob (statement, 6, difference->data, (int) difference->len, SQLITE_TRANSIENT);
  oss_worklist_step (self, statement, &failure);
  oss_worklist_end (statement);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

gboolean
oss_worklist_begin_files (OssWorklist *self, GError **error)
{
  return oss_worklist_begin (self, error);
}

gboolean
oss_worklist_end_files (OssWorklist *self, gboolean keep, GError **error)
{
  gboolean kept = oss_worklist_finish (self, keep, error);

  /* What was rolled back is no base for differences. */
  if (!kept)
    {
      g_hash_table_remove_all (self->headers);
      self->last_header = 0;
    }
  return kept || !keep;
}
