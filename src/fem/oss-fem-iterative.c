/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-iterative-private.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "numeric/oss-block-product.h"

#include <string.h>

struct _OssTetSolver
{
  gsize n_nodes;
  guint8 *free;    /* [3 n_nodes] */
  gint32 *unknown; /* [3 n_nodes] ascending numbers of the free ones */
  gsize n_unknowns;
  OssBlockProduct *product;
  OssCholesky *cholesky;
  double *reduced; /* [n_unknowns] */
  double *right;   /* [3 n_nodes] */
  const OssBlockMatrix *matrix;
};

void
oss_tet_solver_free (OssTetSolver *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->free);
  oss_free_aligned (self->unknown);
  oss_free_aligned (self->reduced);
  oss_free_aligned (self->right);
  oss_block_product_free (self->product);
  oss_cholesky_free (self->cholesky);
  g_free (self);
}

OssTetSolver *
oss_tet_solver_new (const OssMesh *mesh, const OssIncidence *incidence, const OssBlockMatrix *elastic,
                    const gint32 *unknown, gsize *weakest_node, const OssTick *tick, GError **error)
{
  g_autoptr (OssTetSolver) self = g_new0 (OssTetSolver, 1);
  gsize n_freedoms = 3 * mesh->n_nodes;
  OssCholeskyInfo info;

  self->n_nodes = mesh->n_nodes;
  if ((self->free = oss_alloc_aligned (n_freedoms, 1, _ ("the solution"), error)) == NULL
      || (self->unknown = oss_alloc_aligned (n_freedoms, sizeof *self->unknown, _ ("the solution"), error)) == NULL
      || (self->right = oss_alloc_aligned (n_freedoms, sizeof *self->right, _ ("the solution"), error)) == NULL
      || (self->reduced = oss_alloc_aligned (n_freedoms, sizeof *self->reduced, _ ("the solution"), error)) == NULL
      || (self->product = oss_block_product_new (elastic, error)) == NULL)
    return NULL;
  for (gsize f = 0; f < n_freedoms; f++)
    {
      self->free[f] = unknown[f] >= 0;
      self->unknown[f] = self->free[f] ? (gint32) self->n_unknowns++ : -1;
    }
  OssSymmetric *reduced = oss_block_matrix_reduce (elastic, self->unknown, self->n_unknowns, tick, error);
  if (reduced == NULL)
    return NULL;
  self->cholesky = oss_cholesky_new_serial (reduced, NULL, 0, &info, tick, error);
  if (self->cholesky == NULL)
    {
      for (gsize f = 0; f < n_freedoms && weakest_node != NULL; f++)
        if (self->unknown[f] == (gint32) info.weakest_row)
          *weakest_node = f / 3;
      return NULL;
    }
  return g_steal_pointer (&self);
}

gboolean
oss_tet_solver_precondition (OssTetSolver *self, const double *r, double *z, GError **error)
{
  for (gsize f = 0; f < 3 * self->n_nodes; f++)
    if (self->free[f])
      self->reduced[self->unknown[f]] = r[f];
  if (!oss_cholesky_solve (self->cholesky, self->reduced, NULL, error))
    return FALSE;
  for (gsize f = 0; f < 3 * self->n_nodes; f++)
    z[f] = self->free[f] ? self->reduced[self->unknown[f]] : 0.0;
  return TRUE;
}

static gboolean
precondition (void *data, const double *r, double *z, GError **error)
{
  return oss_tet_solver_precondition (data, r, z, error);
}

static void
apply (void *data, const double *x, double *y)
{
  OssTetSolver *self = data;
  oss_block_product_apply (self->product, self->matrix, self->free, x, y);
}

gboolean
oss_tet_solver_solve (OssTetSolver *self, const OssBlockMatrix *matrix, const double *right, double *x,
                      double tolerance, int maximum_iterations, OssCgInfo *info, const OssTick *tick, GError **error)
{
  OssCgSystem system = { .n = 3 * self->n_nodes,
                         .apply = apply,
                         .precondition = precondition,
                         .data = self,
                         .tolerance = tolerance,
                         .maximum_iterations = maximum_iterations };

  self->matrix = matrix;
  for (gsize f = 0; f < system.n; f++)
    {
      self->right[f] = self->free[f] ? right[f] : 0.0;
      x[f] = self->free[f] ? x[f] : 0.0;
    }
  return oss_cg_solve (&system, self->right, x, info, tick, error);
}

const char *
oss_tet_solver_name (const OssTetSolver *self)
{
  return "CHOLMOD";
}
