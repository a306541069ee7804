/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-plane-private.h"
#include "numeric/oss-block-system.h"

#include <string.h>

struct _OssPlaneSystem
{
  const OssPlaneModel *model; /* borrowed */
  OssPlaneElements *elements;
  gint32 *tied; /* [n_elements][4] the nodes that carry the equations */
  OssIncidence *incidence;
  OssBlockMatrix *matrix; /* blocks of 3 x 3 with nothing in the third row and column */
  OssBlockSystem *system;
  guint8 *held; /* [3 n_nodes] */
};

/* --- Checks --- */

static gboolean
wrong (GError **error, char *message)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, message);
  g_free (message);
  return FALSE;
}

static gboolean
check_elements (const OssPlaneModel *model, GError **error)
{
  if (model->n_elements == 0 || model->n_nodes == 0 || model->n_nodes > G_MAXINT32)
    return wrong (error, g_strdup_printf (_ ("A mesh of %zu nodes and %zu elements cannot be solved."), model->n_nodes,
                                          model->n_elements));
  for (gsize i = 0; i < 2 * model->n_nodes; i++)
    if (!isfinite (model->nodes[i]))
      return wrong (error, g_strdup_printf (_ ("Node %zu has a coordinate that is not a number."), i / 2));
  for (gsize c = 0; c < 4 * model->n_elements; c++)
    if (model->elements[c] < 0 || (gsize) model->elements[c] >= model->n_nodes)
      return wrong (error, g_strdup_printf (_ ("Element %zu has no such node: %d."), c / 4, model->elements[c]));
  for (gsize e = 0; e < model->n_elements; e++)
    {
      if (model->material != NULL ? model->material[e] >= model->n_materials : model->n_materials == 0)
        return wrong (error, g_strdup_printf (_ ("Element %zu has no material."), e));
      if (model->thickness_mm != NULL && (!(model->thickness_mm[e] > 0.0) || !isfinite (model->thickness_mm[e])))
        return wrong (error, g_strdup_printf (_ ("Element %zu has a thickness of %g mm: it must be above 0."), e,
                                              model->thickness_mm[e]));
    }
  return TRUE;
}

static gboolean
check_ties (const OssPlaneModel *model, GError **error)
{
  for (gsize i = 0; model->tied_to != NULL && i < model->n_nodes; i++)
    {
      gint32 to = model->tied_to[i];
      if (to < 0 || (gsize) to >= model->n_nodes || model->tied_to[to] != to)
        return wrong (error,
                      g_strdup_printf (_ ("Node %zu is tied to %d, which is tied itself or is not there."), i, to));
    }
  return TRUE;
}

static gboolean
check_loads (const OssPlaneModel *model, const OssNodal *loads, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (loads[i].node < 0 || (gsize) loads[i].node >= model->n_nodes || loads[i].axis < 0 || loads[i].axis > 1
        || !isfinite (loads[i].value))
      return wrong (error, g_strdup_printf (_ ("Load %zu (node %d, axis %d, value %g) does not suit the mesh."), i,
                                            loads[i].node, loads[i].axis, loads[i].value));
  return TRUE;
}

/* --- The equations --- */

static gint32
master_of (const OssPlaneModel *model, gint32 node)
{
  return model->tied_to != NULL ? model->tied_to[node] : node;
}

static void
assemble_rows (gsize begin, gsize end, guint thread, void *data)
{
  OssPlaneSystem *self = data;
  const OssIncidence *incidence = self->incidence;

  for (gsize row = begin; row < end; row++)
    for (gsize c = incidence->start[row]; c < incidence->start[row + 1]; c++)
      {
        gsize element = incidence->corner[c] / 4;
        int a = (int) (incidence->corner[c] % 4);
        for (int b = 0; b < 4; b++)
          {
            gint32 column = self->tied[4 * element + (gsize) b];
            if (column <= (gint32) row)
              oss_plane_elements_add_block (self->elements, element, a, b,
                                            oss_block_matrix_at (self->matrix, row, column));
          }
      }
}

static gboolean
hold (OssPlaneSystem *self, GError **error)
{
  const OssPlaneModel *model = self->model;
  g_autofree double *value = g_new0 (double, 3 * model->n_nodes);

  self->held = g_new0 (guint8, 3 * model->n_nodes);
  for (gsize i = 0; i < model->n_nodes; i++)
    self->held[3 * i + 2] = 1;
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *load = &model->prescribed[i];
      gsize freedom = 3 * (gsize) master_of (model, load->node) + (gsize) load->axis;
      if (self->held[freedom] && model->tied_to == NULL && value[freedom] != load->value)
        return wrong (error, g_strdup_printf (_ ("Node %d is prescribed twice along axis %d: %g and %g mm."),
                                              load->node, load->axis, value[freedom], load->value));
      self->held[freedom] = 1;
      value[freedom] = load->value;
    }
  return TRUE;
}

/* Says where the model gives way. */
static gboolean
factorize (OssPlaneSystem *self, const OssTick *tick, GError **error)
{
  GError *cause = NULL;
  gsize weakest = 0;

  self->system = oss_block_system_new (self->matrix, self->held, &weakest, tick, &cause);
  if (self->system != NULL)
    return TRUE;
  if (!g_error_matches (cause, OSS_ERROR, OSS_ERROR_REFUSED))
    {
      g_propagate_error (error, cause);
      return FALSE;
    }
  g_error_free (cause);
  const double *x = self->model->nodes + weakest / 3 * 2;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
               _ ("The model is not held: near (%.3g, %.3g) mm a part can move as a rigid body."), x[0], x[1]);
  return FALSE;
}

OssPlaneSystem *
oss_plane_system_new (const OssPlaneModel *model, const OssTick *tick, GError **error)
{
  g_autoptr (OssPlaneSystem) self = g_new0 (OssPlaneSystem, 1);

  self->model = model;
  if (!check_elements (model, error) || !check_ties (model, error)
      || !check_loads (model, model->prescribed, model->n_prescribed, error)
      || !check_loads (model, model->forces, model->n_forces, error) || !hold (self, error)
      || (self->elements = oss_plane_elements_new (model, error)) == NULL)
    return NULL;
  self->tied = g_new (gint32, 4 * model->n_elements);
  for (gsize c = 0; c < 4 * model->n_elements; c++)
    self->tied[c] = master_of (model, model->elements[c]);
  self->incidence = oss_incidence_new (model->n_nodes, model->n_elements, 4, self->tied, error);
  if (self->incidence == NULL
      || (self->matrix = oss_block_matrix_new (self->incidence, 4, self->tied, tick, error)) == NULL)
    return NULL;
  oss_parallel_for (self->matrix->n, 256, assemble_rows, self);
  return factorize (self, tick, error) ? g_steal_pointer (&self) : NULL;
}

void
oss_plane_system_free (OssPlaneSystem *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->system, oss_block_system_free);
  g_clear_pointer (&self->matrix, oss_block_matrix_free);
  g_clear_pointer (&self->incidence, oss_incidence_free);
  oss_plane_elements_free (self->elements);
  g_free (self->tied);
  g_free (self->held);
  g_free (self);
}

/* --- Solution: u = mean strain times x, plus what is periodic --- */

static void
mean_move (const double strain[3], const double x[2], double u[2])
{
  u[0] = strain[0] * x[0] + 0.5 * strain[2] * x[1];
  u[1] = 0.5 * strain[2] * x[0] + strain[1] * x[1];
}

/* force -= integral of B' D strain: what the mean strain alone leaves unbalanced. */
static void
subtract_mean_stress (const OssPlaneSystem *self, const double strain[3], double *force)
{
  for (gsize e = 0; e < self->model->n_elements; e++)
    {
      const double *gradient = oss_plane_elements_gradient (self->elements, e);
      const double *volume = oss_plane_elements_volume (self->elements, e);
      double stress[3];
      oss_plane_apply (oss_plane_elements_stiffness (self->elements, e), strain, stress);
      for (int q = 0; q < OSS_PLANE_POINTS; q++, gradient += 8)
        for (int a = 0; a < 4; a++)
          {
            double *f = force + 3 * (gsize) self->tied[4 * e + (gsize) a];
            f[0] -= volume[q] * (gradient[2 * a] * stress[0] + gradient[2 * a + 1] * stress[2]);
            f[1] -= volume[q] * (gradient[2 * a + 1] * stress[1] + gradient[2 * a] * stress[2]);
          }
    }
}

static OssPlaneResult *
result_new (const OssPlaneModel *model, GError **error)
{
  g_autoptr (OssPlaneResult) self = g_new0 (OssPlaneResult, 1);
  gsize n = model->n_nodes, m = model->n_elements;
  double **array[] = { &self->displacement,      &self->reaction,    &self->stress,
                       &self->von_mises,         &self->principal,   &self->element_stress,
                       &self->element_von_mises, &self->element_sed, &self->element_volume };
  const gsize size[] = { 2 * n, 2 * n, 3 * n, n, 2 * n, 3 * m, m, m, m };

  self->n_nodes = n;
  self->n_elements = m;
  for (gsize i = 0; i < G_N_ELEMENTS (array); i++)
    if ((*array[i] = oss_alloc_aligned (size[i], sizeof (double), _ ("the results"), error)) == NULL)
      return NULL;
  return g_steal_pointer (&self);
}

void
oss_plane_result_free (OssPlaneResult *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->displacement);
  oss_free_aligned (self->reaction);
  oss_free_aligned (self->stress);
  oss_free_aligned (self->von_mises);
  oss_free_aligned (self->principal);
  oss_free_aligned (self->element_stress);
  oss_free_aligned (self->element_von_mises);
  oss_free_aligned (self->element_sed);
  oss_free_aligned (self->element_volume);
  g_free (self);
}

static void
take_solution (const OssPlaneSystem *self, const double strain[3], const double *x, const double *unbalanced,
               OssPlaneResult *result)
{
  const OssPlaneModel *model = self->model;

  for (gsize i = 0; i < model->n_nodes; i++)
    {
      gsize master = (gsize) master_of (model, (gint32) i);
      double *u = result->displacement + 2 * i;
      mean_move (strain, model->nodes + 2 * i, u);
      u[0] += x[3 * master];
      u[1] += x[3 * master + 1];
    }
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      gsize node = (gsize) model->prescribed[i].node, axis = (gsize) model->prescribed[i].axis;
      result->reaction[2 * node + axis] = unbalanced[3 * (gsize) master_of (model, (gint32) node) + axis];
    }
}

OssPlaneResult *
oss_plane_system_solve (OssPlaneSystem *self, const double mean_strain[3], const OssTick *tick, GError **error)
{
  const OssPlaneModel *model = self->model;
  const double none[3] = { 0.0 }, *strain = mean_strain != NULL ? mean_strain : none;
  g_autofree double *x = g_new0 (double, 3 * model->n_nodes), *force = g_new0 (double, 3 * model->n_nodes);
  g_autofree double *unbalanced = g_new0 (double, 3 * model->n_nodes);
  g_autoptr (OssPlaneResult) result = result_new (model, error);

  if (result == NULL)
    return NULL;
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *load = &model->prescribed[i];
      double mean[2];
      mean_move (strain, model->nodes + 2 * (gsize) load->node, mean);
      x[3 * (gsize) master_of (model, load->node) + (gsize) load->axis] = load->value - mean[load->axis];
    }
  for (gsize i = 0; i < model->n_forces; i++)
    force[3 * (gsize) master_of (model, model->forces[i].node) + (gsize) model->forces[i].axis] +=
        model->forces[i].value;
  subtract_mean_stress (self, strain, force);
  if (!oss_block_system_solve (self->system, x, force, unbalanced, &result->relative_residual, tick, error))
    return NULL;
  if (!(result->relative_residual < 1e-6))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
                   _ ("The equations are too badly conditioned: a relative residual of %.1e is left."),
                   result->relative_residual);
      return NULL;
    }
  result->dof = oss_block_system_unknowns (self->system);
  g_strlcpy (result->solver, oss_block_system_solver (self->system), sizeof result->solver);
  take_solution (self, strain, x, unbalanced, result);
  oss_plane_recover (self->elements, result);
  return g_steal_pointer (&result);
}

OssPlaneResult *
oss_plane_solve (const OssPlaneModel *model, const OssTick *tick, GError **error)
{
  g_autoptr (OssPlaneSystem) system = oss_plane_system_new (model, tick, error);
  return system != NULL ? oss_plane_system_solve (system, NULL, tick, error) : NULL;
}
