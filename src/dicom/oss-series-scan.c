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

/* Every regular file below the given paths, once, in an order that does not depend on the disk. */
typedef struct
{
  GPtrArray *files; /* char* */
  GHashTable *seen; /* true paths of folders and files: links make no loops and no doubles */
  GPtrArray *damaged;
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
    g_ptr_array_add (self->files, g_strdup (path));
  else if (S_ISDIR (info.st_mode) && depth < DEEPEST_FOLDER && first_visit (self, path))
    return walk_folder (self, path, depth, error);
  return TRUE;
}

/* One file's outcome. */
typedef struct
{
  const char *path;
  OssDicomHeader *header; /* NULL: not read */
  GError *error;          /* NULL as well: not DICOM */
} Item;

typedef struct
{
  GArray *items; /* Item */
  gsize first;
  OssDicomReaders *readers;
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
read_range (gsize begin, gsize end, guint thread, void *data)
{
  Reading *self = data;

  for (gsize i = self->first + begin; i < self->first + end && !oss_tick_stopped (self->tick); i++)
    {
      Item *item = &g_array_index (self->items, Item, i);
      g_autofree OssDicomHeader *header = g_new0 (OssDicomHeader, 1);
      if (looks_like_dicom (item->path, &item->error)
          && oss_dicom_read_header (self->readers, item->path, self->tick, header, &item->error))
        item->header = g_steal_pointer (&header);
      else if (g_error_matches (item->error, OSS_ERROR, OSS_ERROR_NOT_FOUND))
        g_clear_error (&item->error);
    }
}

static gboolean
read_all (Reading *self, GError **error)
{
  for (; self->first < self->items->len; self->first += FILES_PER_REPORT)
    {
      gsize n = MIN (FILES_PER_REPORT, self->items->len - self->first);
      if (!oss_tick_report (self->tick, (double) self->first / self->items->len, _ ("Reading headers"), error))
        return FALSE;
      oss_parallel_for (n, FILES_PER_CHUNK, read_range, self);
      for (gsize i = self->first; i < self->first + n; i++)
        {
          Item *item = &g_array_index (self->items, Item, i);
          if (!g_error_matches (item->error, OSS_ERROR, OSS_ERROR_FAILED))
            continue;
          g_propagate_error (error, g_steal_pointer (&item->error)); /* nothing can be read at all */
          return FALSE;
        }
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

static void
add_to_group (GHashTable *groups, Item *item)
{
  OssImageKind kind = oss_image_kind (item->header);
  g_autofree char *folder = g_path_get_dirname (item->path);
  /* Anonymised files may have lost their series UID: then a folder is taken as a series. */
  g_autofree char *key =
      item->header->series_uid[0] != '\0'
          ? g_strdup_printf ("%d\n%s", kind, item->header->series_uid)
          : g_strdup_printf ("%d\n%s\n%d\n%s", kind, item->header->frame_uid, item->header->series_number, folder);
  Group *group = g_hash_table_lookup (groups, key);
  OssSlice *slice = g_new0 (OssSlice, 1);

  if (group == NULL)
    {
      group = g_new0 (Group, 1);
      group->kind = kind;
      group->slices = g_ptr_array_new_with_free_func ((GDestroyNotify) slice_free);
      g_hash_table_insert (groups, g_steal_pointer (&key), group);
    }
  slice->path = g_strdup (item->path);
  slice->header = g_steal_pointer (&item->header);
  g_ptr_array_add (group->slices, slice);
}

static int
compare_series (gconstpointer a, gconstpointer b)
{
  const OssSeries *one = *(const OssSeries *const *) a, *two = *(const OssSeries *const *) b;
  const char *keys[5][2] = { { one->study_date, two->study_date },
                             { one->study_uid, two->study_uid },
                             { NULL, NULL },
                             { one->series_uid, two->series_uid },
                             { g_ptr_array_index (one->files, 0), g_ptr_array_index (two->files, 0) } };

  for (int i = 0; i < 5; i++)
    {
      int order = i == 2 ? (one->series_number > two->series_number) - (one->series_number < two->series_number)
                         : strcmp (keys[i][0], keys[i][1]);
      if (order != 0)
        return order;
    }
  return 0;
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

static OssSeriesList *
assemble (GArray *items, GPtrArray *damaged)
{
  OssSeriesList *list = g_new0 (OssSeriesList, 1);
  g_autoptr (GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) group_free);
  GHashTableIter iter;
  gpointer value;

  list->series = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_series_free);
  list->damaged = g_ptr_array_ref (damaged);
  list->files_seen = items->len;
  for (guint i = 0; i < items->len; i++)
    {
      Item *item = &g_array_index (items, Item, i);
      if (item->header != NULL)
        add_to_group (groups, item);
      else if (item->error != NULL)
        add_damaged (list->damaged, item->path, item->error->message);
      else
        list->files_not_dicom++;
    }
  g_hash_table_iter_init (&iter, groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Group *group = value;
      OssSeries *series = oss_series_new ();
      oss_series_judge (series, group->slices, group->kind);
      g_ptr_array_add (list->series, series);
    }
  g_ptr_array_sort (list->series, compare_series);
  note_unreadable (list);
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
  g_free (self->header);
  g_clear_error (&self->error);
}

OssSeriesList *
oss_series_scan (const char *const *paths, const OssTick *tick, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) damaged = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, free, NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, TRUE, sizeof (Item));
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  g_autoptr (OssSeriesList) list = NULL;
  Walk walking = { files, seen, damaged, tick };
  Reading reading = { items, 0, readers, tick };

  g_array_set_clear_func (items, (GDestroyNotify) item_clear);
  for (int i = 0; paths[i] != NULL; i++)
    if (!walk (&walking, paths[i], 0, error))
      return NULL;
  for (guint i = 0; i < files->len; i++)
    g_array_append_val (items, ((Item){ g_ptr_array_index (files, i), NULL, NULL }));
  if (!read_all (&reading, error))
    return NULL;
  list = assemble (items, damaged);
  if (list->series->len == 0)
    {
      set_nothing_found (list, paths, error);
      return NULL;
    }
  if (!oss_tick_report (tick, 1.0, NULL, error))
    return NULL;
  return g_steal_pointer (&list);
}
