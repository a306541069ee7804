/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A vertebra between caps beyond yield. */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-caps-private.h"

#include <math.h>

/* What the path needs of the caps; every array is its own. */
typedef struct
{
  double *compression_mpa, *tension_mpa; /* [n_elements] */
  double *gauge;                         /* [n_nodes][3] */
  GArray *plates;
} Frame;

static void
frame_clear (Frame *self)
{
  oss_free_aligned (self->compression_mpa);
  oss_free_aligned (self->tension_mpa);
  oss_free_aligned (self->gauge);
  g_clear_pointer (&self->plates, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Frame, frame_clear)

/* Weights of the approach of the endplates: mean height of the superior one less, of the inferior one more. */
static void
fill_gauge (const OssCapped *self, double *gauge)
{
  for (int side = 0; side < 2; side++)
    {
      double whole = 0.0;
      for (guint i = 0; i < self->weights[side]->len; i++)
        whole += g_array_index (self->weights[side], OssNodeWeight, i).weight;
      for (guint i = 0; i < self->weights[side]->len; i++)
        {
          OssNodeWeight at = g_array_index (self->weights[side], OssNodeWeight, i);
          for (int axis = 0; axis < 3; axis++)
            gauge[3 * (gsize) at.node + (gsize) axis] +=
                (side == 0 ? -1.0 : 1.0) * at.weight / whole * self->axis[axis];
        }
    }
}

static gboolean
frame_init (Frame *self, const OssCapped *capped, const OssFemPlasticity *bone, double scale, GError **error)
{
  gsize n = capped->mesh->n_elements;
  const char *what = _ ("the caps");

  *self = (Frame){ .plates = g_array_new (FALSE, FALSE, sizeof (OssNodal)) };
  if ((self->compression_mpa = oss_alloc_aligned (n, sizeof (double), what, error)) == NULL
      || (self->tension_mpa = oss_alloc_aligned (n, sizeof (double), what, error)) == NULL
      || (self->gauge = oss_alloc_aligned (3 * capped->mesh->n_nodes, sizeof (double), what, error)) == NULL)
    return FALSE;
  for (gsize e = 0; e < n; e++)
    {
      self->compression_mpa[e] = e < capped->n_bone_elements ? bone->compression_mpa[e] : INFINITY;
      self->tension_mpa[e] = e < capped->n_bone_elements ? bone->tension_mpa[e] : INFINITY;
    }
  fill_gauge (capped, self->gauge);
  g_array_append_vals (self->plates, capped->plates->data, capped->plates->len);
  for (guint i = 0; i < self->plates->len; i++)
    g_array_index (self->plates, OssNodal, i).value *= scale;
  return TRUE;
}

OssFemCurve *
oss_fem_capped_solve_nonlinear (const OssCapped *self, const OssFemModel *bone, double displacement_mm,
                                const OssFemPlasticity *plasticity, const OssFemPath *path, const OssTick *tick,
                                GError **error)
{
  double scale = path->displacement_mm / displacement_mm;
  OssFemModel model = oss_fem_capped_model (self, bone->poisson);
  OssFemPlasticity all = *plasticity;
  OssFemPath driven = *path;
  g_auto (Frame) frame = { .plates = NULL };

  if (!frame_init (&frame, self, plasticity, scale, error))
    return NULL;
  all.compression_mpa = frame.compression_mpa;
  all.tension_mpa = frame.tension_mpa;
  model.prescribed = (const OssNodal *) (const void *) frame.plates->data;
  driven.gauge = frame.gauge;
  driven.driven_mm = scale * self->plates_mm;
  OssFemCurve *curve = oss_fem_solve_nonlinear (&model, &all, &driven, tick, error);
  if (curve != NULL)
    {
      curve->n_nodes = self->n_bone_nodes;
      curve->n_elements = self->n_bone_elements;
    }
  return curve;
}
