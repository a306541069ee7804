/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-vertebra.h"

#include <stdlib.h>

/* VerSe numbers (Sekuboyina et al., Medical Image Analysis 73, 2021). */
static const char *const level_names[] = {
  NULL, "C1", "C2",  "C3",  "C4",  "C5", "C6", "C7", "T1", "T2", "T3", "T4",     "T5",     "T6",  "T7",
  "T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "L6", "Sacrum", "Coccyx", "T13",
};

enum
{
  VERSE_C1 = 1,
  VERSE_L5 = 24,
  VERSE_SACRUM = 26,
};

/* TotalSegmentator v2, class map "total" (Wasserthal et al., Radiology AI 5, 2023): L5 27 up to
 * C1 50 are VerSe's C1 1 to L5 24 the other way round. */
enum
{
  TOTAL_SACRUM = 25,
  TOTAL_S1 = 26,
  TOTAL_L5 = 27,
  TOTAL_C1 = 50,
};

static const char *const numbering_names[] = {
  [OSS_NUMBERING_UNKNOWN] = "unknown",
  [OSS_NUMBERING_VERSE] = "verse",
  [OSS_NUMBERING_TOTALSEGMENTATOR] = "totalsegmentator",
  [OSS_NUMBERING_BINARY] = "binary",
};

guint8
oss_vertebra_from_name (const char *name)
{
  if (name == NULL)
    return 0;
  for (guint8 verse = 1; verse < G_N_ELEMENTS (level_names); verse++)
    if (g_ascii_strcasecmp (name, level_names[verse]) == 0)
      return verse;
  if (g_ascii_strcasecmp (name, "S") == 0 || g_ascii_strcasecmp (name, "S1") == 0)
    return VERSE_SACRUM;
  return 0;
}

const char *
oss_vertebra_name (guint8 verse)
{
  return verse < G_N_ELEMENTS (level_names) ? level_names[verse] : NULL;
}

guint8
oss_vertebra_to_verse (OssNumbering numbering, guint8 value)
{
  switch (numbering)
    {
    case OSS_NUMBERING_VERSE:
      return oss_vertebra_name (value) != NULL ? value : 0;
    case OSS_NUMBERING_TOTALSEGMENTATOR:
      if (value == TOTAL_SACRUM || value == TOTAL_S1)
        return VERSE_SACRUM;
      return value >= TOTAL_L5 && value <= TOTAL_C1 ? (guint8) (TOTAL_C1 + VERSE_C1 - value) : 0;
    case OSS_NUMBERING_UNKNOWN:
    case OSS_NUMBERING_BINARY:
    default:
      return 0;
    }
}

guint8
oss_vertebra_from_verse (OssNumbering numbering, guint8 verse)
{
  switch (numbering)
    {
    case OSS_NUMBERING_VERSE:
      return oss_vertebra_name (verse) != NULL ? verse : 0;
    case OSS_NUMBERING_TOTALSEGMENTATOR:
      if (verse == VERSE_SACRUM)
        return TOTAL_SACRUM;
      return verse >= VERSE_C1 && verse <= VERSE_L5 ? (guint8) (TOTAL_C1 + VERSE_C1 - verse) : 0;
    case OSS_NUMBERING_UNKNOWN:
    case OSS_NUMBERING_BINARY:
    default:
      return 0;
    }
}

OssNumbering
oss_numbering_guess (const gsize histogram[256])
{
  int n_values = 0, first = 0, last = 0;

  for (int value = 1; value < 256; value++)
    if (histogram[value] > 0)
      {
        n_values++;
        first = first == 0 ? value : first;
        last = value;
      }
  if (n_values == 1 && (first == 1 || first == 255))
    return OSS_NUMBERING_BINARY;
  if (n_values > 0 && last < (int) G_N_ELEMENTS (level_names))
    return OSS_NUMBERING_VERSE;
  for (int value = TOTAL_L5; value <= TOTAL_C1; value++)
    if (histogram[value] > 0)
      return OSS_NUMBERING_TOTALSEGMENTATOR;
  return OSS_NUMBERING_UNKNOWN;
}

const char *
oss_numbering_name (OssNumbering numbering)
{
  return (guint) numbering < G_N_ELEMENTS (numbering_names) ? numbering_names[numbering] : "unknown";
}

OssNumbering
oss_numbering_from_name (const char *name)
{
  for (guint n = 0; name != NULL && n < G_N_ELEMENTS (numbering_names); n++)
    if (g_ascii_strcasecmp (name, numbering_names[n]) == 0)
      return (OssNumbering) n;
  return OSS_NUMBERING_UNKNOWN;
}

void
oss_vertebra_frame_local (const OssVertebraFrame *self, const double lps_mm[3], double local[3])
{
  double offset[3];

  oss_sub (lps_mm, self->centre, offset);
  local[0] = oss_dot (offset, self->right);
  local[1] = oss_dot (offset, self->anterior);
  local[2] = oss_dot (offset, self->superior);
}

void
oss_vertebra_frame_patient (const OssVertebraFrame *self, const double local[3], double lps_mm[3])
{
  const double right = local[0], anterior = local[1], superior = local[2];

  for (int a = 0; a < 3; a++)
    lps_mm[a] = self->centre[a] + right * self->right[a] + anterior * self->anterior[a] + superior * self->superior[a];
}
