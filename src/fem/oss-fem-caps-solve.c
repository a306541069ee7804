/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-fem-caps-private.h"

#include <string.h>

OssFemModel
oss_fem_capped_model (const OssCapped *self, double poisson)
{
  return (OssFemModel){
    .mesh = self->mesh,
    .modulus_mpa = self->modulus_mpa,
    .poisson = poisson,
    .material = self->material,
    .materials = &self->cap,
    .n_materials = 1,
    .prescribed = (const OssNodal *) self->plates->data,
    .n_prescribed = self->plates->len,
  };
}

/* The area-weighted mean of an endplate's displacement along the axis. */
static double
mean_rise (const OssCapped *self, int side, const double *displacement)
{
  double sum = 0.0, whole = 0.0;

  for (guint i = 0; i < self->weights[side]->len; i++)
    {
      OssNodeWeight at = g_array_index (self->weights[side], OssNodeWeight, i);
      sum += at.weight * oss_dot (displacement + 3 * (gsize) at.node, self->axis);
      whole += at.weight;
    }
  return sum / whole;
}

/* What holds the touching nodes in their places: the forces of the bone's elements, integral of B' stress. */
static gboolean
take_reactions (const OssCapped *self, const OssFemModel *bone, const OssElements *elements, OssFemResult *result,
                const OssTick *tick, GError **error)
{
  gsize nn = (gsize) elements->rule->n_nodes;
  g_autofree gboolean *touching = g_new0 (gboolean, bone->mesh->n_nodes);

  for (guint i = 0; i < self->touching->len; i++)
    touching[g_array_index (self->touching, gint32, i)] = TRUE;
  for (gsize e = 0; e < bone->mesh->n_elements; e++)
    {
      const gint32 *node = bone->mesh->elements + nn * e;
      double stress[OSS_MAX_ELEMENT_POINTS][6], strain[OSS_MAX_ELEMENT_POINTS][6];
      gboolean any = FALSE;

      if (e % 4096 == 0 && oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      for (gsize a = 0; a < nn; a++)
        any |= touching[node[a]];
      if (!any)
        continue;
      oss_fem_element_stress (bone, elements, e, result->displacement, stress, strain);
      for (gsize q = 0; q < (gsize) elements->rule->n_points; q++)
        for (gsize a = 0; a < nn; a++)
          {
            const double *s = stress[q], *g = oss_elements_gradient (elements, e) + 3 * (q * nn + a);
            double v = oss_elements_volume (elements, e)[q], *f = result->reaction + 3 * (gsize) node[a];
            if (!touching[node[a]])
              continue;
            f[0] += v * (s[0] * g[0] + s[5] * g[1] + s[4] * g[2]);
            f[1] += v * (s[5] * g[0] + s[1] * g[1] + s[3] * g[2]);
            f[2] += v * (s[4] * g[0] + s[3] * g[1] + s[2] * g[2]);
          }
    }
  return TRUE;
}

static void
say_how (const OssFemResult *both, OssFemResult *bone)
{
  bone->dof = both->dof;
  bone->iterations = both->iterations;
  bone->relative_residual = both->relative_residual;
  g_strlcpy (bone->solver, both->solver, sizeof bone->solver);
  g_strlcpy (bone->choice, both->choice, sizeof bone->choice);
  g_strlcpy (bone->reason, both->reason, sizeof bone->reason);
}

/* The vertebra's part of a solution, times @scale. */
static OssFemResult *
cut_out (const OssCapped *self, const OssFemModel *bone, const OssFemResult *both, double scale, const OssTick *tick,
         GError **error)
{
  const OssMesh *mesh = bone->mesh;
  g_autoptr (OssIncidence) incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, error);
  g_autoptr (OssElements) elements = incidence != NULL ? oss_elements_new (mesh, tick, error) : NULL;
  g_autoptr (OssFemResult) result =
      elements != NULL ? oss_fem_result_new (mesh->n_nodes, mesh->n_elements, 0, error) : NULL;

  if (result == NULL)
    return NULL;
  for (gsize f = 0; f < 3 * mesh->n_nodes; f++)
    result->displacement[f] = scale * both->displacement[f];
  say_how (both, result);
  if (!take_reactions (self, bone, elements, result, tick, error)
      || !oss_fem_recover (bone, elements, incidence, result, tick, error))
    return NULL;
  return g_steal_pointer (&result);
}

/* What the superior plate pushes with, per mm. */
static double
plate_force (const OssCapped *self, const OssFemResult *both)
{
  double force = 0.0;

  for (guint i = 0; i < self->n_superior_plates; i++)
    {
      OssNodal plate = g_array_index (self->plates, OssNodal, i);
      force -= self->axis[plate.axis] * both->reaction[3 * (gsize) plate.node + (gsize) plate.axis];
    }
  return force;
}

OssFemResult *
oss_fem_capped_solve (OssCapped *self, const OssFemModel *bone, double displacement_mm, GArray *prescribed,
                      const OssTick *tick, GError **error)
{
  OssTick solving = oss_tick_part (tick, 0.0, 0.9), cutting = oss_tick_part (tick, 0.9, 1.0);
  OssFemModel model = oss_fem_capped_model (self, bone->poisson);
  g_autoptr (OssFemResult) both = oss_fem_solve (&model, &solving, error);

  if (both == NULL)
    return NULL;
  double nearer = mean_rise (self, 1, both->displacement) - mean_rise (self, 0, both->displacement);
  if (!(nearer > 0.0))
    {
      g_set_error_literal (
          error, OSS_ERROR, OSS_ERROR_FAILED,
          _ ("The platens do not bring the endplates nearer. Look at the caps’ thickness and modulus."));
      return NULL;
    }
  double scale = displacement_mm / nearer;
  self->stiffness_with_caps_n_per_mm = plate_force (self, both);
  self->plates_mm = scale;
  OssFemResult *result = cut_out (self, bone, both, scale, &cutting, error);
  if (result == NULL)
    return NULL;
  for (guint i = 0; i < self->plates->len; i++)
    g_array_index (self->plates, OssNodal, i).value *= scale;
  for (guint i = 0; i < self->touching->len; i++)
    for (int axis = 0; axis < 3; axis++)
      {
        gint32 node = g_array_index (self->touching, gint32, i);
        OssNodal nodal = { node, (gint8) axis, result->displacement[3 * (gsize) node + (gsize) axis] };
        g_array_append_val (prescribed, nodal);
      }
  return result;
}
