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

GBytes *
oss_worklist_recall_file (OssWorklist *self, const char *path, guint64 size, gint64 mtime_ns)
{
  static const char sql[] = "SELECT header, difference FROM files WHERE path = ? AND size = ? AND mtime_ns = ?";
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, NULL);
  GBytes *bytes = NULL;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "pll", path, (gint64) size, mtime_ns);
  if (oss_worklist_step (self, statement, NULL))
    {
      GBytes *header = get_header (self, sqlite3_column_int64 (statement, 0));

      if (header != NULL)
        bytes =
            apply_difference (header, sqlite3_column_blob (statement, 1), (gsize) sqlite3_column_bytes (statement, 1));
    }
  oss_worklist_end (statement);
  return bytes;
}

/* Stores @bytes whole; what follows will be near to it.  0 with an error. */
static gint64
put_header (OssWorklist *self, GBytes *bytes, GError **error)
{
  sqlite3_stmt *statement = oss_worklist_prepare (self, "INSERT INTO headers (bytes) VALUES (?) RETURNING id", error);
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);
  gint64 id;

  if (statement == NULL)
    return 0;
  sqlite3_bind_blob64 (statement, 1, data, size, SQLITE_TRANSIENT);
  id = oss_worklist_step (self, statement, error) ? sqlite3_column_int64 (statement, 0) : 0;
  oss_worklist_end (statement);
  if (id == 0)
    return 0;
  if (g_hash_table_size (self->headers) >= MOST_HEADERS_KEPT)
    g_hash_table_remove_all (self->headers);
  g_hash_table_insert (self->headers, g_memdup2 (&id, sizeof id), g_bytes_ref (bytes));
  g_hash_table_insert (self->nearest, GSIZE_TO_POINTER (size), g_memdup2 (&id, sizeof id));
  return id;
}

/* Names of one patient are never kept in the header of another, which may be purged before. */
static void
enter_folder (OssWorklist *self, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_strcmp0 (folder, self->folder) == 0)
    return;
  g_free (self->folder);
  self->folder = g_steal_pointer (&folder);
  g_hash_table_remove_all (self->nearest);
}

gboolean
oss_worklist_remember_file (OssWorklist *self, const char *path, guint64 size, gint64 mtime_ns, GBytes *bytes,
                            GError **error)
{
  static const char sql[] =
      "INSERT OR REPLACE INTO files (path, size, mtime_ns, header, difference) VALUES (?, ?, ?, ?, ?)";
  g_autoptr (GByteArray) difference = NULL;
  sqlite3_stmt *statement;
  GError *failure = NULL;
  const gint64 *near;
  GBytes *header;
  gint64 id;

  enter_folder (self, path);
  near = g_hash_table_lookup (self->nearest, GSIZE_TO_POINTER (g_bytes_get_size (bytes)));
  header = near != NULL ? get_header (self, *near) : NULL;
  difference = header != NULL ? difference_between (header, bytes) : NULL;
  id = difference != NULL ? *near : put_header (self, bytes, error);
  statement = id != 0 ? oss_worklist_prepare (self, sql, error) : NULL;
  if (statement == NULL)
    return FALSE;
  oss_worklist_bind (statement, "plll", path, (gint64) size, mtime_ns, id);
  if (difference != NULL)
    sqlite3_bind_blob (statement, 5, difference->data, (int) difference->len, SQLITE_TRANSIENT);
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
      g_hash_table_remove_all (self->nearest);
    }
  return kept || !keep;
}

/* --- Scanning --- */

typedef struct
{
  OssWorklist *worklist;
  gboolean writing; /* a transaction is open */
  gboolean broken;  /* writing failed once: no second try in this scan */
} Cache;

static void
end_group (Cache *cache)
{
  g_autoptr (GError) error = NULL;

  if (!cache->writing)
    return;
  cache->writing = FALSE;
  if (!oss_worklist_end_files (cache->worklist, !cache->broken, &error))
    {
      g_debug ("headers are not remembered: %s", error->message);
      cache->broken = TRUE;
    }
}

/* Groups of files are looked up, then remembered: the lock is held while a group is written, not while files are
 * read. */
static GBytes *
look_up (const char *path, guint64 size, gint64 changed_ns, void *data)
{
  Cache *cache = data;

  end_group (cache);
  return oss_worklist_recall_file (cache->worklist, path, size, changed_ns);
}

static void
remember (const char *path, guint64 size, gint64 changed_ns, GBytes *record, void *data)
{
  Cache *cache = data;
  g_autoptr (GError) error = NULL;

  if (cache->broken)
    return;
  if (!cache->writing)
    cache->writing = oss_worklist_begin_files (cache->worklist, &error);
  if (!cache->writing || !oss_worklist_remember_file (cache->worklist, path, size, changed_ns, record, &error))
    {
      g_debug ("headers are not remembered: %s", error->message);
      cache->broken = TRUE;
    }
}

OssSeriesList *
oss_worklist_scan (OssWorklist *self, const char *const *paths, const OssTick *tick, GError **error)
{
  Cache cache = { self, FALSE, FALSE };
  const OssSeriesCache hooks = { look_up, remember, &cache };
  OssSeriesList *list = oss_series_scan_cached (paths, &hooks, tick, error);

  end_group (&cache);
  return list;
}
