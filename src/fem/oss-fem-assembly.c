/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem/oss-fem-private.h"

typedef struct
{
  const OssFemModel *model;
  const OssElements *elements;
  const OssIncidence *incidence;
  const OssTick *tick;
  OssBlockMatrix *matrix;
  double unit[2]; /* Lame's constants for E = 1 */
} Assembly;

/* block += integral of (lambda ga gb' + mu gb ga' + mu (ga . gb) I) over the element, or of ga C gb for its stiffness
 * tensor C: the stiffness between its nodes a (rows) and b (columns). */
static void
add_block (const Assembly *self, gsize element, int a, int b, double *block)
{
  const OssElementRule *rule = self->elements->rule;
  const double *gradient = oss_elements_gradient (self->elements, element);
  const double *volume = oss_elements_volume (self->elements, element);
  double lambda, mu, g[9] = { 0.0 };
  const double *stiffness = oss_fem_elasticity (self->model, self->unit, element, &lambda, &mu);

  for (int q = 0; q < rule->n_points; q++, gradient += 3 * rule->n_nodes)
    {
      const double *ga = gradient + 3 * a, *gb = gradient + 3 * b;
      for (int i = 0; i < 3; i++)
        {
          double scaled = volume[q] * ga[i];
          for (int k = 0; k < 3; k++)
            g[3 * i + k] += scaled * gb[k];
        }
    }
  if (stiffness != NULL)
    {
      oss_fem_add_anisotropic (stiffness, g, block);
      return;
    }
  double trace = mu * (g[0] + g[4] + g[8]);
  for (int i = 0; i < 3; i++)
    {
      for (int k = 0; k < 3; k++)
        block[3 * i + k] += lambda * g[3 * i + k] + mu * g[3 * k + i];
      block[4 * i] += trace;
    }
}

/* A row of blocks is gathered from the elements around its node, in ascending order: no two threads
 * write to one place, every pair of nodes of an element is worked out once, and the sums have one order. */
static void
assemble_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Assembly *self = data;
  const OssIncidence *incidence = self->incidence;
  gsize nn = (gsize) self->elements->rule->n_nodes;

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize row = begin; row < end; row++)
    for (gsize c = incidence->start[row]; c < incidence->start[row + 1]; c++)
      {
        gsize element = incidence->corner[c] / nn;
        int a = (int) (incidence->corner[c] % nn);
        const gint32 *nodes = self->model->mesh->elements + element * nn;
        for (int b = 0; b < (int) nn; b++)
          if (nodes[b] <= (gint32) row)
            add_block (self, element, a, b, oss_block_matrix_at (self->matrix, row, nodes[b]));
      }
}

OssBlockMatrix *
oss_fem_assemble (const OssFemModel *model, const OssElements *elements, const OssIncidence *incidence,
                  const OssTick *tick, GError **error)
{
  g_autoptr (OssBlockMatrix) matrix =
      oss_block_matrix_new (incidence, elements->rule->n_nodes, model->mesh->elements, tick, error);
  if (matrix == NULL)
    return NULL;
  Assembly assembly = { .model = model, .elements = elements, .incidence = incidence, .tick = tick, .matrix = matrix };
  oss_lame_unit (model->poisson, &assembly.unit[0], &assembly.unit[1]);
  oss_parallel_for (matrix->n, 256, assemble_rows, &assembly);
  if (oss_tick_stopped (tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  return g_steal_pointer (&matrix);
}
