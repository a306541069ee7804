/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-private.h"

#include <stdlib.h>

#define PISTOIA_STRAIN 0.007 /* effective strain (Pistoia et al., Bone 30 (2002) 842-848) */
#define PISTOIA_VOLUME 0.02  /* share of the volume above it */

static void
prescribe (GArray *loads, const GArray *nodes, const double move[3])
{
  for (guint i = 0; i < nodes->len; i++)
    for (int axis = 0; axis < 3; axis++)
      {
        OssNodal load = { g_array_index (nodes, gint32, i), (gint8) axis, move[axis] };
        g_array_append_val (loads, load);
      }
}

GArray *
oss_fem_compression (const OssVertebraFrame *frame, const OssEndplate *superior, const OssEndplate *inferior,
                     double displacement_mm)
{
  GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  const double held[3] = { 0.0, 0.0, 0.0 };
  const double moved[3] = { -displacement_mm * frame->superior[0], -displacement_mm * frame->superior[1],
                            -displacement_mm * frame->superior[2] };

  prescribe (loads, inferior->nodes, held);
  prescribe (loads, superior->nodes, moved);
  return loads;
}

typedef struct
{
  double strain, volume;
} Strained;

static int
compare_strain_down (const void *a, const void *b)
{
  double x = ((const Strained *) a)->strain, y = ((const Strained *) b)->strain;
  return (x < y) - (x > y);
}

/* The effective strain that PISTOIA_VOLUME of the volume exceeds: sqrt (2 U / E), U and E of the elements. */
static double
pistoia_strain (const OssFemModel *model, const OssFemResult *result)
{
  g_autofree Strained *order = g_new (Strained, result->n_elements);
  double whole = 0.0, above = 0.0;

  for (gsize e = 0; e < result->n_elements; e++)
    {
      order[e].strain = sqrt (2.0 * fmax (result->element_sed[e], 0.0) / model->modulus_mpa[e]);
      order[e].volume = result->element_volume[e];
      whole += order[e].volume;
    }
  qsort (order, result->n_elements, sizeof *order, compare_strain_down);
  for (gsize e = 0; e < result->n_elements; e++)
    {
      above += order[e].volume;
      if (above >= PISTOIA_VOLUME * whole)
        return order[e].strain;
    }
  return 0.0;
}

void
oss_fem_strength_of (const OssFemModel *model, const OssFemResult *result, double reaction_n, double displacement_mm,
                     double height_mm, OssStrength *strength)
{
  double strain = pistoia_strain (model, result);

  *strength = (OssStrength){ .reaction_n = reaction_n, .displacement_mm = displacement_mm, .height_mm = height_mm };
  if (displacement_mm != 0.0)
    strength->stiffness_n_per_mm = reaction_n / displacement_mm;
  strength->apparent_0_68_percent_n = OSS_APPARENT_STRAIN * strength->stiffness_n_per_mm * height_mm;
  strength->linear_2_percent_n = OSS_LINEAR_STRAIN * strength->stiffness_n_per_mm * height_mm;
  if (strain > 0.0)
    strength->pistoia_n = fabs (reaction_n) * PISTOIA_STRAIN / strain;
}

void
oss_fem_strength (const OssFemModel *model, const OssFemResult *result, const OssVertebraFrame *frame,
                  const OssEndplate *superior, const OssEndplate *inferior, double displacement_mm,
                  OssStrength *strength)
{
  double reaction_n = 0.0;

  for (guint i = 0; i < superior->nodes->len; i++)
    reaction_n -= oss_dot (result->reaction + 3 * (gsize) g_array_index (superior->nodes, gint32, i), frame->superior);
  oss_fem_strength_of (model, result, reaction_n, displacement_mm, superior->height_mm - inferior->height_mm, strength);
}
