/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-fem-private.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  const OssFemModel *model;
  const OssElements *elements;
  const OssIncidence *incidence;
  const OssTick *tick;
  OssFemResult *result;
  double *corner; /* [n_elements][n_corners][6] MPa */
} Recovery;

static void
recover_elements (gsize begin, gsize end, guint thread, void *data)
{
  const Recovery *self = data;
  const OssElementRule *rule = self->elements->rule;
  double stress[OSS_MAX_ELEMENT_POINTS][6], strain[OSS_MAX_ELEMENT_POINTS][6];

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize e = begin; e < end; e++)
    {
      const double *volume = oss_elements_volume (self->elements, e);
      double *corner = self->corner + e * (gsize) rule->n_corners * 6;
      double mean[6] = { 0.0 }, energy = 0.0, whole = 0.0;

      oss_fem_element_stress (self->model, self->elements, e, self->result->displacement, stress, strain);
      for (int q = 0; q < rule->n_points; q++)
        {
          whole += volume[q];
          for (int k = 0; k < 6; k++)
            {
              mean[k] += volume[q] * stress[q][k];
              energy += 0.5 * volume[q] * stress[q][k] * strain[q][k];
            }
        }
      for (int k = 0; k < 6; k++)
        mean[k] /= whole;
      self->result->element_volume[e] = whole;
      self->result->element_sed[e] = energy / whole;
      memcpy (self->result->element_stress + 6 * e, mean, sizeof mean);
      self->result->element_von_mises[e] = oss_von_mises (mean);
      for (int c = 0; c < rule->n_corners; c++)
        for (int k = 0; k < 6; k++)
          {
            double sum = 0.0;
            for (int q = 0; q < rule->n_points; q++)
              sum += rule->corner_from_point[c][q] * stress[q][k];
            corner[6 * c + k] = sum;
          }
    }
}

/* Adds what @element says at its node @a: a midside node has the mean of its edge's corners. */
static void
add_nodal (const Recovery *self, gsize element, int a, double sum[6])
{
  const OssElementRule *rule = self->elements->rule;
  const double *corner = self->corner + element * (gsize) rule->n_corners * 6;

  if (a < rule->n_corners)
    {
      for (int k = 0; k < 6; k++)
        sum[k] += corner[6 * a + k];
      return;
    }
  const int *edge = rule->edge[a - rule->n_corners];
  for (int k = 0; k < 6; k++)
    sum[k] += 0.5 * (corner[6 * edge[0] + k] + corner[6 * edge[1] + k]);
}

static void
average_nodes (gsize begin, gsize end, guint thread, void *data)
{
  const Recovery *self = data;
  const OssIncidence *incidence = self->incidence;
  gsize nn = (gsize) self->elements->rule->n_nodes;

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize i = begin; i < end; i++)
    {
      double *stress = self->result->stress + 6 * i, *sed = self->result->sed + i;
      gsize n = incidence->start[i + 1] - incidence->start[i];
      for (gsize c = incidence->start[i]; c < incidence->start[i + 1]; c++)
        {
          add_nodal (self, incidence->corner[c] / nn, (int) (incidence->corner[c] % nn), stress);
          *sed += self->result->element_sed[incidence->corner[c] / nn] / (double) n;
        }
      for (int k = 0; k < 6 && n > 0; k++)
        stress[k] /= (double) n;
      self->result->von_mises[i] = oss_von_mises (stress);
      oss_symmetric_eigen (stress, self->result->principal + 3 * i, self->result->principal_direction + 9 * i);
    }
}

/* The energy in the elements, and half of what loads and reactions do: equal for an exact solution.  What the right
 * sides of equations do is in work already. */
static void
find_work (const OssFemModel *model, OssFemResult *result)
{
  double sum = 0.0;

  for (gsize e = 0; e < model->mesh->n_elements; e++)
    result->strain_energy += result->element_sed[e] * result->element_volume[e];
  for (gsize i = 0; i < model->n_forces; i++)
    sum += model->forces[i].value
           * result->displacement[3 * (gsize) model->forces[i].node + (gsize) model->forces[i].axis];
  for (gsize f = 0; f < 3 * model->mesh->n_nodes; f++)
    sum += result->reaction[f] * result->displacement[f];
  for (gsize k = 0; k < 6 * model->n_platens; k++)
    sum += result->platen_force[k] * result->platen_motion[k];
  result->work += 0.5 * sum;
}

gboolean
oss_fem_recover (const OssFemModel *model, const OssElements *elements, const OssIncidence *incidence,
                 OssFemResult *result, const OssTick *tick, GError **error)
{
  Recovery recovery = { .model = model, .elements = elements, .incidence = incidence, .tick = tick, .result = result };

  recovery.corner = oss_alloc_aligned (model->mesh->n_elements, (gsize) elements->rule->n_corners * 6 * sizeof (double),
                                       _ ("the stresses"), error);
  if (recovery.corner == NULL)
    return FALSE;
  oss_parallel_for (model->mesh->n_elements, 512, recover_elements, &recovery);
  oss_parallel_for (model->mesh->n_nodes, 512, average_nodes, &recovery);
  oss_free_aligned (recovery.corner);
  find_work (model, result);
  return oss_tick_stopped (tick) ? oss_tick_cancelled (error) : TRUE;
}

typedef struct
{
  const double *stress;
  double *principal, *direction;
} Principal;

static void
find_principal (gsize begin, gsize end, guint thread, void *data)
{
  const Principal *self = data;
  for (gsize i = begin; i < end; i++)
    oss_symmetric_eigen (self->stress + 6 * i, self->principal + 3 * i, self->direction + 9 * i);
}

void
oss_fem_principal (const double *stress, gsize n, double *principal, double *direction)
{
  Principal self = { stress, principal, direction };
  oss_parallel_for (n, 512, find_principal, &self);
}

/* Elements in the order of a value. */
typedef struct
{
  double value, volume;
} Weighted;

static int
compare_weighted (const void *a, const void *b)
{
  double x = ((const Weighted *) a)->value, y = ((const Weighted *) b)->value;
  return (x > y) - (x < y);
}

/* The smallest value that @fraction of the volume does not exceed; @sorted ascending. */
static double
weighted_quantile (const Weighted *sorted, gsize n, double whole, double fraction)
{
  double below = 0.0;
  for (gsize i = 0; i < n; i++)
    {
      below += sorted[i].volume;
      if (below >= fraction * whole)
        return sorted[i].value;
    }
  return sorted[n - 1].value;
}

void
oss_fem_stress_summary (const OssFemResult *result, OssStressSummary *summary)
{
  g_autofree Weighted *sorted = g_new (Weighted, result->n_elements);
  double whole = 0.0, sum = 0.0;

  *summary = (OssStressSummary){ .maximum_mpa = 0.0 };
  if (result->n_elements == 0)
    return;
  for (gsize e = 0; e < result->n_elements; e++)
    {
      sorted[e] = (Weighted){ result->element_von_mises[e], result->element_volume[e] };
      whole += sorted[e].volume;
      sum += sorted[e].volume * sorted[e].value;
    }
  qsort (sorted, result->n_elements, sizeof *sorted, compare_weighted);
  summary->mean_mpa = sum / whole;
  summary->maximum_mpa = sorted[result->n_elements - 1].value;
  summary->p50_mpa = weighted_quantile (sorted, result->n_elements, whole, 0.50);
  summary->p95_mpa = weighted_quantile (sorted, result->n_elements, whole, 0.95);
  summary->p99_mpa = weighted_quantile (sorted, result->n_elements, whole, 0.99);
}
