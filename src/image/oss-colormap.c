/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-picture.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"

#include <string.h>

#define N_COLOURS 256

/* One "r, g, b" of 0 to 255; FALSE when the line is anything else. */
static gboolean
parse_colour (const char *line, guint8 rgb[3])
{
  for (int c = 0; c < 3; c++)
    {
      gint64 value;
      char *end;

      value = g_ascii_strtoll (line, &end, 10);
      if (end == line || value < 0 || value > 255)
        return FALSE;
      while (*end == ' ' || *end == '\t')
        end++;
      if (*end != (c < 2 ? ',' : '\0'))
        return FALSE;
      rgb[c] = (guint8) value;
      line = end + 1;
    }
  return TRUE;
}

static gboolean
parse_map (const char *text, const char *path, OssColormap *map, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  int n = 0;

  for (guint at = 0; lines[at] != NULL; at++)
    {
      const char *line = g_strstrip (lines[at]);

      if (line[0] == '\0' || line[0] == '#')
        continue;
      if (n == N_COLOURS || !parse_colour (line, map->rgb[n]))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("“%s”, line %u: a colour map is 256 lines of red, green, blue, each 0 to 255."), path,
                       at + 1);
          return FALSE;
        }
      n++;
    }
  if (n == N_COLOURS)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s”: %d colours, a colour map has 256."), path, n);
  return FALSE;
}

gboolean
oss_colormap_load (const char *name, OssColormap *map, GError **error)
{
  g_autofree char *file = g_strdup_printf ("colormaps/%s.csv", name), *path = NULL, *text = NULL;
  g_autoptr (GError) reason = NULL;
  OssColormap result = { 0 };

  if (*name == '\0' || strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen (name)
      || g_strlcpy (result.name, name, sizeof result.name) >= sizeof result.name)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is no name of a colour map."), name);
      return FALSE;
    }
  path = oss_file_find_data (file, error);
  if (path == NULL)
    return FALSE;
  if (!g_file_get_contents (path, &text, NULL, &reason))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, reason->message);
      return FALSE;
    }
  if (!parse_map (text, path, &result, error))
    return FALSE;
  *map = result;
  return TRUE;
}
