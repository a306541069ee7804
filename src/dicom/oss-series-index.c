/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DICOMDIR, the index of a disc: which files belong to it, and which of them are missing. */
#include "base/oss-i18n.h"
#include "dicom/oss-series-private.h"

#include <string.h>

void
oss_series_index_free (OssSeriesIndex *self)
{
  g_free (self->path);
  g_strfreev (self->listed);
  g_free (self);
}

gboolean
oss_series_is_index (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return g_ascii_strcasecmp (name, "DICOMDIR") == 0;
}

/* A component may name a file of its folder, and nothing else. */
static gboolean
is_plain_name (const char *component)
{
  return *component != '\0' && strcmp (component, ".") != 0 && strcmp (component, "..") != 0
         && strchr (component, '/') == NULL;
}

/* Discs are written in upper case and often mounted or copied in lower case. */
char *
oss_series_index_find (const char *folder, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "\\", 9); /* PS3.10, 8.2: eight at most */
  g_autofree char *path = g_strdup (folder);

  if (parts[0] == NULL || g_strv_length (parts) > 8)
    return NULL;
  for (int i = 0; parts[i] != NULL; i++)
    {
      char *part = g_strstrip (parts[i]);
      g_autofree char *lower = g_ascii_strdown (part, -1);
      g_autofree char *as_is = g_build_filename (path, part, NULL), *lowered = g_build_filename (path, lower, NULL);
      if (!is_plain_name (part))
        return NULL;
      g_free (path);
      path = g_strdup (g_file_test (as_is, G_FILE_TEST_EXISTS) ? as_is : lowered);
    }
  return g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&path) : NULL;
}

typedef struct
{
  guint listed, missing;
} Count;

static void
count_index (const OssSeriesIndex *index, GHashTable *seen, GHashTable *counts)
{
  for (char **entry = index->listed; *entry != NULL; entry += 3)
    {
      Count *count = g_hash_table_lookup (counts, entry[0]);
      if (count == NULL)
        {
          count = g_new0 (Count, 1);
          g_hash_table_insert (counts, g_strdup (entry[0]), count);
        }
      count->listed++;
      count->missing += !g_hash_table_contains (seen, entry[1]);
    }
}

void
oss_series_note_index (OssSeriesList *list, const GPtrArray *indices, GHashTable *seen)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < indices->len; i++)
    count_index (g_ptr_array_index (indices, i), seen, counts);
  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *series = g_ptr_array_index (list->series, i);
      const Count *count = g_hash_table_lookup (counts, series->series_uid);
      if (count == NULL || count->missing == 0 || *series->series_uid == '\0')
        continue;
      oss_series_add_reason (series, OSS_REASON_NOTE, "index-incomplete",
                             OSS_NGETTEXT ("The disc's index (DICOMDIR) lists %u images of this series; %u of them is "
                                           "not here. Copy the whole disc if the vertebra is cut off.",
                                           "The disc's index (DICOMDIR) lists %u images of this series; %u of them "
                                           "are not here. Copy the whole disc if the vertebra is cut off.",
                                           count->missing),
                             count->listed, count->missing);
    }
}
