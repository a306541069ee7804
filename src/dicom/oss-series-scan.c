/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-series.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-series-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

enum
{
  DEEPEST_FOLDER = 64,
  FILES_PER_REPORT = 256,
  FILES_PER_CHUNK = 8, /* a few files do not start a process for every processor */
};

/* A regular file, as it was when it was found. */
typedef struct
{
  char *path;
  guint64 size;
  gint64 changed_ns;
} Found;

static void
found_free (Found *self)
{
  g_free (self->path);
  g_free (self);
}

/* Every regular file below the given paths, once, in an order that does not depend on the disk. */
typedef struct
{
  GPtrArray *files; /* Found* */
  GHashTable *seen; /* true paths of folders and files: links make no loops and no doubles */
  GPtrArray *damaged;
  GPtrArray *indices; /* OssSeriesIndex* */
  OssDicomReaders *readers;
  const OssTick *tick;
} Walk;

static gboolean
first_visit (Walk *self, const char *path)
{
  char *resolved = realpath (path, NULL);

  return resolved != NULL && g_hash_table_add (self->seen, resolved);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
add_damaged (GPtrArray *damaged, const char *path, const char *why)
{
  g_autofree char *name = g_filename_display_name (path);

  g_ptr_array_add (damaged, g_strdup_printf ("%s: %s", name, why));
}

static gboolean walk (Walk *self, const char *path, int depth, GError **error);

static gboolean
walk_folder (Walk *self, const char *path, int depth, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &reason);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (dir == NULL)
    {
      if (depth == 0)
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, reason->message);
      else
        add_damaged (self->damaged, path, reason->message);
      return depth > 0;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *child = g_build_filename (path, g_ptr_array_index (names, i), NULL);
      if (!walk (self, child, depth + 1, error))
        return FALSE;
    }
  return TRUE;
}

static void
add_file (Walk *self, const char *path, const GStatBuf *info)
{
  Found *found = g_new (Found, 1);

  found->path = g_strdup (path);
  found->size = (guint64) info->st_size;
  found->changed_ns = (gint64) info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
  g_ptr_array_add (self->files, found);
}

/* An index lists; one that was named itself also stands for what it lists. */
static gboolean
walk_index (Walk *self, const char *path, gboolean follow, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) reason = NULL;
  char **listed = oss_dicom_read_index (self->readers, path, self->tick, &reason);

  if (listed == NULL && g_error_matches (reason, OSS_ERROR, OSS_ERROR_CANCELLED))
    return oss_tick_cancelled (error);
  if (listed == NULL)
    return TRUE; /* the files count without it as well; if it is nothing of the kind, it is read as one */
  OssSeriesIndex *index = g_new0 (OssSeriesIndex, 1);
  index->path = g_strdup (path);
  index->listed = listed;
  g_ptr_array_add (self->indices, index);
  for (char **entry = listed; follow && *entry != NULL; entry += 3)
    {
      g_autofree char *file = oss_series_index_find (folder, entry[2]);
      if (file != NULL && !walk (self, file, 1, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
walk (Walk *self, const char *path, int depth, GError **error)
{
  GStatBuf info;

  if (oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  if (g_stat (path, &info) != 0)
    {
      g_autofree char *name = g_filename_display_name (path);
      if (depth > 0) /* a link to nothing, or gone meanwhile */
        return TRUE;
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("“%s” cannot be opened: %s."), name, g_strerror (errno));
      return FALSE;
    }
  if (S_ISREG (info.st_mode) && first_visit (self, path))
    {
      add_file (self, path, &info);
      return !oss_series_is_index (path) || walk_index (self, path, depth == 0, error);
    }
  if (S_ISDIR (info.st_mode) && depth < DEEPEST_FOLDER && first_visit (self, path))
    return walk_folder (self, path, depth, error);
  return TRUE;
}

/* One file's outcome. */
typedef struct
{
  const Found *file;
  GPtrArray *headers; /* OssDicomHeader*, NULL: not read */
  GError *error;      /* NULL as well: not DICOM */
  gboolean remembered;
} Item;

typedef struct
{
  GArray *items; /* Item */
  gsize first;
  OssDicomReaders *readers;
  const OssSeriesCache *cache; /* nullable */
  const OssTick *tick;
} Reading;

/* Group 0002 or 0008 in front, in either byte order, with a VR or a length that is plausible:
 * the start of a data set that was written without the 128 + 4 bytes of preamble. */
static gboolean
starts_like_data_set (const guint8 *head, gsize n)
{
  gboolean little = n >= 8 && head[1] == 0 && (head[0] == 2 || head[0] == 8) && head[3] == 0;
  gboolean big = n >= 8 && head[0] == 0 && (head[1] == 2 || head[1] == 8) && head[2] == 0;
  gboolean has_vr = n >= 8 && g_ascii_isupper (head[4]) && g_ascii_isupper (head[5]);

  return (little && (has_vr || (head[6] == 0 && head[7] == 0))) || (big && has_vr);
}

static gboolean
looks_like_dicom (const char *path, GError **error)
{
  guint8 head[132];
  FILE *file = g_fopen (path, "rbe");
  gsize n;

  if (file == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, g_strerror (errno));
      return FALSE;
    }
  n = fread (head, 1, sizeof head, file);
  fclose (file);
  return (n == sizeof head && memcmp (head + 128, "DICM", 4) == 0) || starts_like_data_set (head, n);
}

static void
read_item (Reading *self, Item *item)
{
  if (looks_like_dicom (item->file->path, &item->error))
    item->headers = oss_dicom_read_headers (self->readers, item->file->path, self->tick, &item->error);
  if (g_error_matches (item->error, OSS_ERROR, OSS_ERROR_NOT_FOUND))
    g_clear_error (&item->error);
}

static void
read_range (gsize begin, gsize end, guint thread, void *data)
{
  Reading *self = data;

  for (gsize i = self->first + begin; i < self->first + end && !oss_tick_stopped (self->tick); i++)
    {
      Item *item = &g_array_index (self->items, Item, i);
      if (!item->remembered)
        read_item (self, item);
    }
}

static void
recall (const OssSeriesCache *cache, Item *item)
{
  const Found *file = item->file;
  g_autoptr (GBytes) record = cache->look_up (file->path, file->size, file->changed_ns, cache->data);

  item->headers = record != NULL ? oss_series_record_unpack (record) : NULL;
  item->remembered = item->headers != NULL;
  if (item->remembered && item->headers->len == 0) /* known not to be DICOM */
    g_clear_pointer (&item->headers, g_ptr_array_unref);
}

static void
remember (const OssSeriesCache *cache, const Item *item)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GBytes) record = NULL;

  if (item->remembered || item->error != NULL)
    return;
  record = oss_series_record_pack (item->headers != NULL ? item->headers : none);
  cache->remember (item->file->path, item->file->size, item->file->changed_ns, record, cache->data);
}

/* @n items from @self->first on; FALSE when nothing can be read at all, or on a stop. */
static gboolean
read_group (Reading *self, gsize n, GError **error)
{
  const OssSeriesCache *cache = self->cache;

  for (gsize i = self->first; cache != NULL && cache->look_up != NULL && i < self->first + n; i++)
    recall (cache, &g_array_index (self->items, Item, i));
  oss_parallel_for (n, FILES_PER_CHUNK, read_range, self);
  if (oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  for (gsize i = self->first; i < self->first + n; i++)
    {
      Item *item = &g_array_index (self->items, Item, i);
      if (g_error_matches (item->error, OSS_ERROR, OSS_ERROR_FAILED))
        {
          g_propagate_error (error, g_steal_pointer (&item->error));
          return FALSE;
        }
      if (cache != NULL && cache->remember != NULL)
        remember (cache, item);
    }
  return TRUE;
}

static gboolean
read_all (Reading *self, GError **error)
{
  for (; self->first < self->items->len; self->first += FILES_PER_REPORT)
    {
      g_autofree char *what = g_strdup_printf (
          OSS_NGETTEXT ("Reading headers: %zu of %u file", "Reading headers: %zu of %u files", self->items->len),
          self->first, self->items->len);
      if (!oss_tick_report (self->tick, (double) self->first / self->items->len, what, error)
          || !read_group (self, MIN (FILES_PER_REPORT, self->items->len - self->first), error))
        return FALSE;
    }
  return !oss_tick_stopped (self->tick) || oss_tick_cancelled (error);
}

/* Images of one series and one kind. */
typedef struct
{
  OssImageKind kind;
  GPtrArray *slices; /* OssSlice* */
} Group;

static void
slice_free (OssSlice *self)
{
  g_free (self->path);
  g_free (self->header);
  g_free (self);
}

static void
group_free (Group *self)
{
  g_ptr_array_unref (self->slices);
  g_free (self);
}

/* What images must share to make one stack. */
static char *
group_key (const OssDicomHeader *header, const char *path)
{
  OssImageKind kind = oss_image_kind (header);
  g_autofree char *folder = g_path_get_dirname (path);

  /* Frames of one file that differ in these are volumes of their own. */
  if (header->has_groups)
    return g_strdup_printf ("%d\n%s\n%s\n%s\n%.0f", kind, header->series_uid, header->part, header->kernel,
                            header->kvp);
  /* Anonymised files may have lost their series UID: then a folder is taken as a series. */
  if (header->series_uid[0] == '\0')
    return g_strdup_printf ("%d\n%s\n%d\n%s", kind, header->frame_uid, header->series_number, folder);
  return g_strdup_printf ("%d\n%s", kind, header->series_uid);
}

static void
add_to_group (GHashTable *groups, const char *path, OssDicomHeader *header)
{
  g_autofree char *key = group_key (header, path);
  Group *group = g_hash_table_lookup (groups, key);
  OssSlice *slice = g_new0 (OssSlice, 1);

  if (group == NULL)
    {
      group = g_new0 (Group, 1);
      group->kind = oss_image_kind (header);
      group->slices = g_ptr_array_new_with_free_func ((GDestroyNotify) slice_free);
      g_hash_table_insert (groups, g_steal_pointer (&key), group);
    }
  slice->path = g_strdup (path);
  slice->header = header;
  g_ptr_array_add (group->slices, slice);
}

static int
compare_series (gconstpointer a, gconstpointer b)
{
  const OssSeries *one = *(const OssSeries *const *) a, *two = *(const OssSeries *const *) b;
  const char *keys[7][2] = { { one->study_date, two->study_date },
                             { one->study_uid, two->study_uid },
                             { NULL, NULL },
                             { one->series_uid, two->series_uid },
                             { g_ptr_array_index (one->files, 0), g_ptr_array_index (two->files, 0) },
                             { one->part, two->part },
                             { one->kernel, two->kernel } };

  for (int i = 0; i < 7; i++)
    {
      int order = i == 2 ? (one->series_number > two->series_number) - (one->series_number < two->series_number)
                         : strcmp (keys[i][0], keys[i][1]);
      if (order != 0)
        return order;
    }
  return 0;
}

static gboolean
has_sister (const OssSeriesList *list, const OssSeries *series)
{
  for (guint i = 0; i < list->series->len; i++)
    {
      const OssSeries *other = g_ptr_array_index (list->series, i);
      if (other != series && strcmp (other->series_uid, series->series_uid) == 0
          && strcmp (other->part, series->part) != 0)
        return TRUE;
    }
  return FALSE;
}

/* A part is worth naming where its series has several. */
static void
name_parts (OssSeriesList *list)
{
  g_autofree gboolean *needed = g_new0 (gboolean, list->series->len + 1);

  for (guint i = 0; i < list->series->len; i++)
    {
      const OssSeries *series = g_ptr_array_index (list->series, i);
      needed[i] = *series->part != '\0' && has_sister (list, series);
    }
  for (guint i = 0; i < list->series->len; i++)
    if (!needed[i])
      {
        OssSeries *series = g_ptr_array_index (list->series, i);
        series->part[0] = '\0';
      }
}

/* A file that cannot be read may have been the first or the last slice: nobody would miss it. */
static void
note_unreadable (OssSeriesList *list)
{
  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *series = g_ptr_array_index (list->series, i);
      g_autofree char *folder = g_filename_display_name (series->folder);
      guint n = 0;
      for (guint j = 0; j < list->damaged->len; j++)
        {
          const char *line = g_ptr_array_index (list->damaged, j);
          gsize length = strlen (folder);
          n += strncmp (line, folder, length) == 0 && line[length] == '/' && strchr (line + length + 1, '/') == NULL;
        }
      if (n > 0)
        oss_series_add_reason (series, OSS_REASON_NOTE, "unreadable-files",
                               OSS_NGETTEXT ("%u file in this folder could not be read. If it belonged to this "
                                             "series, slices at its ends are missing.",
                                             "%u files in this folder could not be read. If they belonged to this "
                                             "series, slices at its ends are missing.",
                                             n),
                               n);
    }
}

/* Hands the headers of @item on to the groups. */
static void
sort_item (OssSeriesList *list, GHashTable *groups, GHashTable *seen, Item *item)
{
  if (item->headers != NULL)
    {
      g_ptr_array_set_free_func (item->headers, NULL);
      for (guint i = 0; i < item->headers->len; i++)
        {
          OssDicomHeader *header = g_ptr_array_index (item->headers, i);
          if (i == 0)
            g_hash_table_add (seen, g_strdup (header->sop_instance));
          add_to_group (groups, item->file->path, header);
        }
    }
  else if (item->error != NULL)
    add_damaged (list->damaged, item->file->path, item->error->message);
  else
    list->files_not_dicom++;
}

static OssSeriesList *
assemble (GArray *items, const Walk *walked)
{
  OssSeriesList *list = g_new0 (OssSeriesList, 1);
  g_autoptr (GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) group_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer value;

  list->series = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_series_free);
  list->damaged = g_ptr_array_ref (walked->damaged);
  list->files_seen = items->len;
  for (guint i = 0; i < items->len; i++)
    sort_item (list, groups, seen, &g_array_index (items, Item, i));
  g_hash_table_iter_init (&iter, groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Group *group = value;
      OssSeries *series = oss_series_new ();
      oss_series_judge (series, group->slices, group->kind);
      g_ptr_array_add (list->series, series);
    }
  g_ptr_array_sort (list->series, compare_series);
  name_parts (list);
  note_unreadable (list);
  oss_series_note_index (list, walked->indices, seen);
  return list;
}

static void
set_nothing_found (const OssSeriesList *list, const char *const *paths, GError **error)
{
  g_autofree char *name = g_filename_display_name (paths[0] != NULL ? paths[0] : "");

  if (list->damaged->len > 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                 OSS_NGETTEXT ("“%s”: %u file could not be read, and there is no other DICOM file. It is %s.",
                               "“%s”: %u files could not be read, and there is no other DICOM file. First: %s.",
                               list->damaged->len),
                 name, list->damaged->len, (const char *) g_ptr_array_index (list->damaged, 0));
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                 OSS_NGETTEXT ("There is no DICOM image in “%s” (%u file looked at). Choose the folder that holds "
                               "the CT series.",
                               "There is no DICOM image in “%s” (%u files looked at). Choose the folder that holds "
                               "the CT series.",
                               list->files_seen),
                 name, list->files_seen);
}

static void
item_clear (Item *self)
{
  g_clear_pointer (&self->headers, g_ptr_array_unref);
  g_clear_error (&self->error);
}

static OssSeriesList *
scan (Walk *walking, const char *const *paths, const OssSeriesCache *cache, GError **error)
{
  g_autoptr (GArray) items = g_array_new (FALSE, TRUE, sizeof (Item));
  g_autoptr (OssSeriesList) list = NULL;
  Reading reading = { items, 0, walking->readers, cache, walking->tick };

  g_array_set_clear_func (items, (GDestroyNotify) item_clear);
  if (!oss_tick_report (walking->tick, 0.0, _ ("Looking for files"), error))
    return NULL;
  for (int i = 0; paths[i] != NULL; i++)
    if (!walk (walking, paths[i], 0, error))
      return NULL;
  for (guint i = 0; i < walking->files->len; i++)
    g_array_append_val (items, ((Item){ .file = g_ptr_array_index (walking->files, i) }));
  if (!read_all (&reading, error))
    return NULL;
  list = assemble (items, walking);
  if (list->series->len == 0)
    {
      set_nothing_found (list, paths, error);
      return NULL;
    }
  return oss_tick_report (walking->tick, 1.0, NULL, error) ? g_steal_pointer (&list) : NULL;
}

OssSeriesList *
oss_series_scan_cached (const char *const *paths, const OssSeriesCache *cache, const OssTick *tick, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) found_free);
  g_autoptr (GPtrArray) damaged = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) indices = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_series_index_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, free, NULL);
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  Walk walking = { files, seen, damaged, indices, readers, tick };

  return scan (&walking, paths, cache, error);
}

OssSeriesList *
oss_series_scan (const char *const *paths, const OssTick *tick, GError **error)
{
  return oss_series_scan_cached (paths, NULL, tick, error);
}
