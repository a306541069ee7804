/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem/oss-fem-private.h"
#include "numeric/oss-amg-private.h"

typedef struct
{
  const OssFemModel *model;
  const OssElements *elements;
  const OssIncidence *incidence;
  const OssTick *tick;
  OssBlockMatrix *matrix;
  double unit[2]; /* Lame's constants for E = 1 */
} Assembly;

/* g[i][3 b + k] = integral of dNa/dx_i dNb/dx_k over the element, for all its nodes b. */
static inline __attribute__ ((always_inline)) void
sum_products (const double *restrict gradient, const double *restrict volume, int a, int n_nodes, int n_points,
              double *restrict g)
{
  for (int k = 0; k < 9 * n_nodes; k++)
    g[k] = 0.0;
  for (int q = 0; q < n_points; q++, gradient += 3 * n_nodes)
    for (int i = 0; i < 3; i++)
      {
        double scaled = volume[q] * gradient[3 * a + i];
        for (int k = 0; k < 3 * n_nodes; k++)
          g[3 * n_nodes * i + k] += scaled * gradient[k];
      }
}

/* block += integral of (lambda ga gb' + mu gb ga' + mu (ga . gb) I), or of ga C gb for the stiffness tensor C of the
 * element: the stiffness between its nodes a (rows) and b (columns). */
static inline __attribute__ ((always_inline)) void
add_block (const double *products, int n_nodes, int b, const double *stiffness, double lambda, double mu, double *block)
{
  double g[9];

  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++)
      g[3 * i + k] = products[3 * n_nodes * i + 3 * b + k];
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
static inline __attribute__ ((always_inline)) void
assemble_row (const Assembly *self, gsize row, int n_nodes, int n_points)
{
  const OssIncidence *incidence = self->incidence;
  double products[9 * OSS_MAX_ELEMENT_NODES], lambda, mu;

  for (gsize c = incidence->start[row]; c < incidence->start[row + 1]; c++)
    {
      gsize element = incidence->corner[c] / (gsize) n_nodes;
      const gint32 *nodes = self->model->mesh->elements + element * (gsize) n_nodes;
      const double *stiffness = oss_fem_elasticity (self->model, self->unit, element, &lambda, &mu);
      sum_products (oss_elements_gradient (self->elements, element), oss_elements_volume (self->elements, element),
                    (int) (incidence->corner[c] % (gsize) n_nodes), n_nodes, n_points, products);
      for (int b = 0; b < n_nodes; b++)
        if (nodes[b] <= (gint32) row)
          add_block (products, n_nodes, b, stiffness, lambda, mu, oss_block_matrix_at (self->matrix, row, nodes[b]));
    }
}

OSS_CLONES static void
assemble_range (const Assembly *self, gsize begin, gsize end)
{
  for (gsize row = begin; row < end; row++)
    switch (self->elements->rule->kind)
      {
      case OSS_ELEMENT_TET4:
        assemble_row (self, row, 4, 1);
        break;
      case OSS_ELEMENT_TET10:
        assemble_row (self, row, 10, 4);
        break;
      case OSS_ELEMENT_HEX8:
        assemble_row (self, row, 8, 8);
        break;
      }
}

static void
assemble_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Assembly *self = data;

  if (!oss_tick_stopped (self->tick))
    assemble_range (self, begin, end);
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
