/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-iterative-private.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-private.h"
#include "numeric/oss-amg.h"
#include "numeric/oss-block-product.h"

#include <string.h>

struct _OssTetSolver
{
  gsize n_nodes;
  guint8 *free; /* [3 n_nodes] */
  OssBlockProduct *product;
  OssAmg *amg;
  double *right; /* [3 n_nodes] */
  const OssBlockMatrix *matrix;
  GArray *history;
};

void
oss_tet_solver_free (OssTetSolver *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->free);
  oss_free_aligned (self->right);
  oss_block_product_free (self->product);
  oss_amg_free (self->amg);
  g_free (self);
}

/* Corners count from 0 in the order of their nodes; a midside node has the two of its edge. */
static gint32 *
find_parents (const OssMesh *mesh, gsize *n_parents)
{
  const OssElementRule *rule = oss_element_rule (mesh->kind);
  gsize nn = (gsize) rule->n_nodes, corners = (gsize) rule->n_corners;
  gint32 *parent = g_new (gint32, 2 * mesh->n_nodes + 1);

  memset (parent, 0xff, (2 * mesh->n_nodes + 1) * sizeof *parent);
  for (gsize e = 0; e < mesh->n_elements; e++)
    for (gsize a = 0; a < corners; a++)
      parent[2 * (gsize) mesh->elements[e * nn + a]] = 0;
  *n_parents = 0;
  for (gsize i = 0; i < mesh->n_nodes; i++)
    if (parent[2 * i] == 0)
      parent[2 * i] = parent[2 * i + 1] = (gint32) (*n_parents)++;
  for (gsize e = 0; e < mesh->n_elements; e++)
    for (gsize a = corners; a < nn; a++)
      for (gsize k = 0; k < 2; k++)
        {
          gint32 end = mesh->elements[e * nn + (gsize) rule->edge[a - corners][k]];
          parent[2 * (gsize) mesh->elements[e * nn + a] + k] = parent[2 * (gsize) end];
        }
  return parent;
}

OssTetSolver *
oss_tet_solver_new (const OssMesh *mesh, const OssIncidence *incidence, const OssBlockMatrix *elastic,
                    const gint32 *unknown, gsize *weakest_node, const OssTick *tick, GError **error)
{
  OssAmgOptions options;

  oss_amg_options_default (&options);
  return oss_tet_solver_new_with (mesh, elastic, unknown, &options, weakest_node, tick, error);
}

OssTetSolver *
oss_tet_solver_new_with (const OssMesh *mesh, const OssBlockMatrix *elastic, const gint32 *unknown,
                         const OssAmgOptions *options, gsize *weakest_node, const OssTick *tick, GError **error)
{
  g_autoptr (OssTetSolver) self = g_new0 (OssTetSolver, 1);
  g_autofree gint32 *parent = NULL;
  gsize n_parents = 0, n_freedoms = 3 * mesh->n_nodes;

  self->n_nodes = mesh->n_nodes;
  if ((self->free = oss_alloc_aligned (n_freedoms, 1, _ ("the solution"), error)) == NULL
      || (self->right = oss_alloc_aligned (n_freedoms, sizeof *self->right, _ ("the solution"), error)) == NULL
      || (self->product = oss_block_product_new (elastic, error)) == NULL)
    return NULL;
  for (gsize f = 0; f < n_freedoms; f++)
    self->free[f] = unknown[f] >= 0;
  if (mesh->kind == OSS_ELEMENT_TET10)
    parent = find_parents (mesh, &n_parents);
  self->amg = oss_amg_new (elastic, self->free, mesh->nodes, parent, n_parents, options, weakest_node, tick, error);
  return self->amg != NULL ? g_steal_pointer (&self) : NULL;
}

gboolean
oss_tet_solver_precondition (OssTetSolver *self, const double *r, double *z, GError **error)
{
  return oss_amg_apply (self->amg, r, z, error);
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
                         .maximum_iterations = maximum_iterations,
                         .history = self->history };

  self->matrix = matrix;
  for (gsize f = 0; f < system.n; f++)
    {
      self->right[f] = self->free[f] ? right[f] : 0.0;
      x[f] = self->free[f] ? x[f] : 0.0;
    }
  return oss_cg_solve (&system, self->right, x, info, tick, error);
}

void
oss_tet_solver_set_history (OssTetSolver *self, GArray *history)
{
  self->history = history;
}

const char *
oss_tet_solver_name (const OssTetSolver *self)
{
  return oss_amg_name (self->amg);
}

double
oss_tet_solver_bytes (const OssTetSolver *self)
{
  return oss_amg_bytes (self->amg);
}

void
oss_tet_solver_multiply (OssTetSolver *self, const OssBlockMatrix *matrix, const double *x, double *y)
{
  oss_block_product_apply (self->product, matrix, NULL, x, y);
}

/* @work: f - K u at all freedoms; its norm over the unknowns. */
static double
residual (OssTetSolver *solver, const OssFemModel *model, const OssBlockMatrix *stiffness, const OssFemResult *result,
          double *work)
{
  gsize n_freedoms = 3 * model->mesh->n_nodes;
  double sum = 0.0;

  oss_tet_solver_multiply (solver, stiffness, result->displacement, work);
  for (gsize f = 0; f < n_freedoms; f++)
    work[f] = -work[f];
  for (gsize i = 0; i < model->n_forces; i++)
    work[3 * model->forces[i].node + model->forces[i].axis] += model->forces[i].value;
  for (gsize f = 0; f < n_freedoms; f++)
    sum += solver->free[f] ? work[f] * work[f] : 0.0;
  return sqrt (sum);
}

static gboolean
has_load (const OssFemModel *model)
{
  for (gsize i = 0; i < model->n_prescribed; i++)
    if (model->prescribed[i].value != 0.0)
      return TRUE;
  for (gsize i = 0; i < model->n_forces; i++)
    if (model->forces[i].value != 0.0)
      return TRUE;
  return FALSE;
}

gboolean
oss_fem_solve_iterative (const OssFemModel *model, const OssBlockMatrix *stiffness, const OssIncidence *incidence,
                         const gint32 *unknown, const OssFemSolveOptions *options, OssFemResult *result, double *work,
                         const OssTick *tick, GError **error)
{
  OssTick preparing = oss_tick_part (tick, 0.0, 0.3), solving = oss_tick_part (tick, 0.3, 1.0);
  gsize n_freedoms = 3 * model->mesh->n_nodes, node = 0;
  g_autofree double *x = g_new0 (double, n_freedoms);
  GError *cause = NULL;
  OssCgInfo info;

  if (!has_load (model))
    return TRUE;
  if (!oss_tick_report (&preparing, 0.0, _ ("Preparing the solution"), error))
    return FALSE;
  g_autoptr (OssTetSolver) solver =
      oss_tet_solver_new (model->mesh, incidence, stiffness, unknown, &node, &preparing, &cause);
  if (solver == NULL && g_error_matches (cause, OSS_ERROR, OSS_ERROR_REFUSED))
    {
      g_error_free (cause);
      return oss_fem_fail_not_held (model, node, 0.0, error);
    }
  if (solver == NULL)
    {
      g_propagate_error (error, cause);
      return FALSE;
    }
  double load = residual (solver, model, stiffness, result, work);
  oss_tet_solver_set_history (solver, options->history);
  if (!oss_tick_report (&solving, 0.0, _ ("Solving the equations"), error)
      || !oss_tet_solver_solve (solver, stiffness, work, x, options->tolerance, options->maximum_iterations, &info,
                                &solving, error))
    return FALSE;
  for (gsize f = 0; f < n_freedoms; f++)
    result->displacement[f] += x[f];
  double left = residual (solver, model, stiffness, result, work);
  result->relative_residual = load > 0.0 ? left / load : 0.0;
  result->iterations = info.iterations;
  g_snprintf (result->solver, sizeof result->solver, "CG, %s", oss_tet_solver_name (solver));
  return TRUE;
}
