/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-block-system.h"

#include <math.h>

/* A residual above this gets one step of iterative refinement; the next is at rounding. */
#define REFINE_ABOVE 1e-13

struct _OssBlockSystem
{
  const OssBlockMatrix *matrix; /* borrowed */
  gint32 *unknown;              /* [3 n] number, or -1 where held */
  gsize n;
  OssCholesky *cholesky; /* NULL when nothing is sought */
  double *right;         /* [n] */
  char solver[48];
};

/* Numbers the unknowns; the ones of a node make a group for the ordering. */
static gint64 *
number_unknowns (OssBlockSystem *self, const guint8 *held, gsize *n_groups)
{
  gsize n_nodes = self->matrix->n;
  gint64 *group = g_new (gint64, n_nodes + 1);

  self->unknown = g_new (gint32, 3 * n_nodes);
  *n_groups = 0;
  for (gsize i = 0; i < n_nodes; i++)
    {
      gsize first = self->n;
      for (gsize f = 3 * i; f < 3 * i + 3; f++)
        {
          gboolean sought = !held[f] && self->matrix->start[i] < self->matrix->start[i + 1];
          self->unknown[f] = sought ? (gint32) self->n++ : -1;
        }
      if (self->n > first)
        group[(*n_groups)++] = (gint64) first;
    }
  group[*n_groups] = (gint64) self->n;
  return group;
}

static gsize
freedom_of (const OssBlockSystem *self, gsize row)
{
  gsize freedom = 0;
  while (self->unknown[freedom] != (gint32) row)
    freedom++;
  return freedom;
}

OssBlockSystem *
oss_block_system_new (const OssBlockMatrix *matrix, const guint8 *held, gsize *weakest, const OssTick *tick,
                      GError **error)
{
  g_autoptr (OssBlockSystem) self = g_new0 (OssBlockSystem, 1);
  OssCholeskyInfo info = { 0 };
  gsize n_groups;

  self->matrix = matrix;
  g_autofree gint64 *group = number_unknowns (self, held, &n_groups);
  self->right = g_new0 (double, MAX (self->n, 1));
  g_strlcpy (self->solver, "none: nothing is unknown", sizeof self->solver);
  if (self->n == 0)
    return g_steal_pointer (&self);
  OssSymmetric *reduced = oss_block_matrix_reduce (matrix, self->unknown, self->n, tick, error);
  if (reduced == NULL)
    return NULL;
  self->cholesky = oss_cholesky_new (reduced, group, n_groups, &info, tick, error);
  if (self->cholesky == NULL)
    {
      if (weakest != NULL)
        *weakest = info.weakest_row < self->n ? freedom_of (self, info.weakest_row) : 0;
      return NULL;
    }
  g_snprintf (self->solver, sizeof self->solver, "CHOLMOD supernodal, %s", info.ordering);
  return g_steal_pointer (&self);
}

gsize
oss_block_system_unknowns (const OssBlockSystem *self)
{
  return self->n;
}

const char *
oss_block_system_solver (const OssBlockSystem *self)
{
  return self->solver;
}

/* unbalanced = A x - f; right = its negative at the unknowns; the 2-norm of that. */
static double
residual (OssBlockSystem *self, const double *x, const double *force, double *unbalanced)
{
  double sum = 0.0;

  oss_block_matrix_multiply (self->matrix, x, unbalanced);
  for (gsize f = 0; f < 3 * self->matrix->n; f++)
    {
      unbalanced[f] -= force != NULL ? force[f] : 0.0;
      if (self->unknown[f] < 0)
        continue;
      self->right[self->unknown[f]] = -unbalanced[f];
      sum += unbalanced[f] * unbalanced[f];
    }
  return sqrt (sum);
}

gboolean
oss_block_system_solve (OssBlockSystem *self, double *x, const double *force, double *unbalanced,
                        double *relative_residual, const OssTick *tick, GError **error)
{
  for (gsize f = 0; f < 3 * self->matrix->n; f++)
    if (self->unknown[f] >= 0)
      x[f] = 0.0;
  double load = residual (self, x, force, unbalanced), left = load;
  for (int pass = 0; pass < 2 && left > REFINE_ABOVE * load; pass++)
    {
      if (!oss_cholesky_solve (self->cholesky, self->right, tick, error))
        return FALSE;
      for (gsize f = 0; f < 3 * self->matrix->n; f++)
        if (self->unknown[f] >= 0)
          x[f] += self->right[self->unknown[f]];
      left = residual (self, x, force, unbalanced);
    }
  *relative_residual = load > 0.0 ? left / load : 0.0;
  return TRUE;
}

void
oss_block_system_free (OssBlockSystem *self)
{
  if (self == NULL)
    return;
  g_free (self->unknown);
  g_free (self->right);
  g_clear_pointer (&self->cholesky, oss_cholesky_free);
  g_free (self);
}
