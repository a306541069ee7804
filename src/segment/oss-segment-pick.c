/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment.h"

#include "base/oss-i18n.h"

/* What is known of each value of a label image. */
typedef struct
{
  gsize voxels[256];
  double z_mm[256]; /* mean LPS z */
  int values;       /* how many values above 0 */
} Census;

static void
take_census (const OssLabels *labels, Census *census)
{
  const OssGrid *grid = &labels->grid;
  const double *direction = grid->direction;
  double sum[256] = { 0 };
  const guint8 *p = labels->data;

  memset (census, 0, sizeof *census);
  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++, p++)
        if (*p != 0)
          {
            census->voxels[*p]++;
            sum[*p] += direction[6] * grid->spacing[0] * i + direction[7] * grid->spacing[1] * j
                       + direction[8] * grid->spacing[2] * k;
          }
  for (int v = 1; v < 256; v++)
    if (census->voxels[v] > 0)
      {
        census->z_mm[v] = grid->origin[2] + sum[v] / (double) census->voxels[v];
        census->values++;
      }
}

/* Place along the spine, counted downward; T13 (VerSe 28) stands between T12 and L1. */
static int
caudal_rank (guint8 verse)
{
  return verse == 28 ? 39 : 2 * verse;
}

/* How many values @numbering names, or 0 when their order along the patient's z contradicts it:
 * every vertebra must lie below the one named above it. */
static int
ordered_levels (const Census *census, OssNumbering numbering)
{
  double z_by_rank[64];
  int levels = 0;
  double last = G_MAXDOUBLE;

  for (int r = 0; r < 64; r++)
    z_by_rank[r] = NAN;
  for (int v = 1; v < 256; v++)
    {
      guint8 verse = census->voxels[v] > 0 ? oss_vertebra_to_verse (numbering, (guint8) v) : 0;

      if (verse > 0 && caudal_rank (verse) < 64)
        {
          z_by_rank[caudal_rank (verse)] = census->z_mm[v];
          levels++;
        }
    }
  for (int r = 0; r < 64; r++)
    if (!isnan (z_by_rank[r]))
      {
        if (z_by_rank[r] >= last)
          return 0;
        last = z_by_rank[r];
      }
  return levels;
}

static char *
list_values (const Census *census)
{
  GString *text = g_string_new (NULL);

  for (int v = 1; v < 256; v++)
    if (census->voxels[v] > 0)
      g_string_append_printf (text, "%s%d", text->len > 0 ? ", " : "", v);
  return g_string_free (text, FALSE);
}

static char *
list_levels (const Census *census, OssNumbering numbering)
{
  GString *text = g_string_new (NULL);

  for (int v = 1; v < 256; v++)
    {
      guint8 verse = census->voxels[v] > 0 ? oss_vertebra_to_verse (numbering, (guint8) v) : 0;

      if (verse > 0)
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", oss_vertebra_name (verse));
    }
  return g_string_free (text, FALSE);
}

/* The numbering that the values and their order along z allow; UNKNOWN with an error when none or both do.
 * TotalSegmentator's files may hold organs too (1 to 24, 51 to 117), VerSe's never pass 28. */
static OssNumbering
guess_numbering (const Census *census, GError **error)
{
  int above = 0;
  int verse = ordered_levels (census, OSS_NUMBERING_VERSE);
  int total = ordered_levels (census, OSS_NUMBERING_TOTALSEGMENTATOR);
  g_autofree char *values = list_values (census);

  for (int v = 29; v < 256; v++)
    above += census->voxels[v] > 0;
  if (above > 0)
    verse = 0;
  if (verse >= 2 && total < 2)
    return OSS_NUMBERING_VERSE;
  if (total >= 2 && verse < 2)
    return OSS_NUMBERING_TOTALSEGMENTATOR;
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
      _ ("The label values (%s) and their order along the body fit neither VerSe nor TotalSegmentator numbering "
         "without doubt; name the numbering."),
      values);
  return OSS_NUMBERING_UNKNOWN;
}

static int
only_value (const Census *census)
{
  for (int v = 1; v < 256; v++)
    if (census->voxels[v] > 0)
      return v;
  return 0;
}

/* One value alone says little: 1 and 255 are masks; else it must be a number that some numbering gives to @verse. */
static int
value_of_single (const Census *census, guint8 verse, char **note, GError **error)
{
  int v = only_value (census);
  guint8 as_verse = oss_vertebra_to_verse (OSS_NUMBERING_VERSE, (guint8) v);
  guint8 as_total = oss_vertebra_to_verse (OSS_NUMBERING_TOTALSEGMENTATOR, (guint8) v);

  if (v == 1 || v == 255 || verse == 0 || (as_verse == 0 && as_total == 0))
    {
      if (note != NULL)
        *note = verse == 0
                    ? g_strdup_printf (_ ("only the value %d is there; taken as the vertebra"), v)
                    : g_strdup_printf (_ ("only the value %d is there; taken as %s"), v, oss_vertebra_name (verse));
      return v;
    }
  if (as_verse == verse || as_total == verse)
    {
      if (note != NULL)
        *note = g_strdup_printf (
            _ ("only the value %d is there: %s in %s numbering"), v, oss_vertebra_name (verse),
            oss_numbering_name (as_verse == verse ? OSS_NUMBERING_VERSE : OSS_NUMBERING_TOTALSEGMENTATOR));
      return v;
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("%s is not there: the only label value is %d"),
               oss_vertebra_name (verse), v);
  return 0;
}

/* The value of level @verse (0: of the only level) in a known numbering. */
static int
value_of_level (const Census *census, OssNumbering numbering, guint8 verse, GError **error)
{
  g_autofree char *levels = list_levels (census, numbering);
  int found = 0, n = 0;

  for (int v = 1; v < 256; v++)
    {
      guint8 level = census->voxels[v] > 0 ? oss_vertebra_to_verse (numbering, (guint8) v) : 0;

      if (level > 0 && (verse == 0 || level == verse))
        found = v, n++;
    }
  if (n == 1)
    return found;
  if (n > 1)
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Several vertebrae are labelled (%s): name the one you want."),
                 levels);
  else if (*levels == '\0')
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("No label value is a vertebra in %s numbering."),
                 oss_numbering_name (numbering));
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("%s is not among the labels; there are (%s numbering): %s"),
                 oss_vertebra_name (verse), oss_numbering_name (numbering), levels);
  return 0;
}

OssLabels *
oss_segment_pick (const OssLabels *labels, OssNumbering numbering, guint8 verse, char **note, GError **error)
{
  Census census;
  int value;

  if (note != NULL)
    *note = NULL;
  if (verse != 0 && oss_vertebra_name (verse) == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("%d is not the number of a vertebra"), verse);
      return NULL;
    }
  take_census (labels, &census);
  if (census.values == 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The label image is empty: every voxel is 0."));
      return NULL;
    }
  if (numbering == OSS_NUMBERING_BINARY && census.values > 1)
    {
      g_autofree char *values = list_values (&census);
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("A mask of one value was expected, but there are %s."),
                   values);
      return NULL;
    }
  if (census.values == 1 && (numbering == OSS_NUMBERING_UNKNOWN || numbering == OSS_NUMBERING_BINARY))
    {
      value = numbering == OSS_NUMBERING_BINARY ? only_value (&census) : value_of_single (&census, verse, note, error);
    }
  else
    {
      gboolean guessed = numbering == OSS_NUMBERING_UNKNOWN;

      if (guessed && (numbering = guess_numbering (&census, error)) == OSS_NUMBERING_UNKNOWN)
        return NULL;
      value = value_of_level (&census, numbering, verse, error);
      if (value > 0 && guessed && note != NULL)
        *note = g_strdup_printf (_ ("%s numbering assumed from the values and their order along the body: %d is %s"),
                                 oss_numbering_name (numbering), value,
                                 oss_vertebra_name (oss_vertebra_to_verse (numbering, (guint8) value)));
    }
  return value > 0 ? oss_labels_select (labels, (guint8) value, error) : NULL;
}
