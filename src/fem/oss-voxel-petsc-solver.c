/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-petsc-private.h"

#include <math.h>

#define MAX_RESTARTS 6

static void
multiply (void *data, const double *x, double *y)
{
  OssPetscJob *self = data;
  oss_voxel_shared_apply (&self->shared, x, TRUE, y);
}

static void
precondition (void *data, const double *r, double *z)
{
  OssPetscJob *self = data;
  oss_voxel_shared_cycle (&self->shared, r, z);
}

static gboolean
judge (void *data, int n, double norm)
{
  OssPetscJob *self = data;
  OssVoxelResult *result = self->result;
  double residual = norm / self->load_norm, tolerance = self->header.tolerance;

  self->stopped = oss_processes_reduce (oss_tick_stopped (self->tick), OSS_PETSC_MAX) > 0.0;
  if (n > 0)
    result->iterations++;
  result->history[result->iterations] = residual;
  if (oss_processes.rank == 0 && residual > 0.0)
    oss_tick_report (self->tick, CLAMP (log (residual) / log (tolerance), 0.0, 1.0),
                     n == 0 ? _ ("Solving the voxel model") : NULL, NULL);
  return self->stopped || !isfinite (residual) || residual <= tolerance
         || result->iterations >= self->header.max_iterations;
}

static double
dot (const double *x, const double *y, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += x[i] * y[i];
  return sum;
}

/* What is held, or zeros. */
static void
put_held (OssPetscJob *self, gboolean moved)
{
  for (gsize i = self->header.n_held; i-- > 0;) /* the first counts */
    if (self->own[i] >= 0)
      self->x[self->own[i]] = moved ? self->held_mm[i] : 0.0;
}

/* |K x| where nothing is held. */
static double
find_residual (OssPetscJob *self)
{
  double residual;

  put_held (self, TRUE);
  residual = oss_voxel_shared_residual (&self->shared, self->x);
  put_held (self, FALSE);
  return sqrt (oss_processes_reduce (residual, OSS_PETSC_SUM));
}

/* Places of the held freedoms among own values, -1 for those of other processes. */
static void
find_own (OssPetscJob *self)
{
  const OssVoxelHalo *halo = &self->shared.halo[0];

  self->own = g_new (gint64, self->header.n_held + 1);
  for (gsize i = 0; i < self->header.n_held; i++)
    {
      gboolean own;
      gsize freedom = oss_voxel_shared_freedom (&self->shared, &self->held[i], &own);
      self->own[i] = -1;
      if (freedom != G_MAXSIZE && own)
        self->own[i] = (gint64) (freedom - oss_voxel_halo_foreign_before (halo, freedom));
    }
}

/* b: -K x of what is held, at the others. */
gboolean
oss_petsc_set_load (OssPetscJob *self, GError **error)
{
  gsize n = oss_voxel_halo_own (&self->shared.halo[0]);

  find_own (self);
  gboolean done = (self->x = oss_alloc_aligned (n + 1, sizeof *self->x, _ ("the voxel solver"), error)) != NULL
                  && (self->b = oss_alloc_aligned (n + 1, sizeof *self->b, _ ("the voxel solver"), error)) != NULL;
  if (!oss_processes_agree (done, error))
    return FALSE;
  put_held (self, TRUE);
  oss_voxel_shared_apply (&self->shared, self->x, FALSE, self->b);
  for (gsize i = 0; i < n; i++)
    self->b[i] = -self->b[i];
  for (gsize i = 0; i < self->header.n_held; i++)
    if (self->own[i] >= 0)
      self->b[self->own[i]] = 0.0;
  self->load_norm = sqrt (oss_processes_reduce (dot (self->b, self->b, n), OSS_PETSC_SUM));
  put_held (self, FALSE);
  if (self->load_norm > 0.0)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("Nothing loads the bone: all prescribed displacements on it are zero."));
  return FALSE;
}

/* Begins again from the true residual when the one carried along was too good. */
gboolean
oss_petsc_iterate (OssPetscJob *self, GError **error)
{
  OssVoxelResult *result = self->result;
  OssPetscEquations equations = { .n = oss_voxel_halo_own (&self->shared.halo[0]),
                                  .b = self->b,
                                  .x = self->x,
                                  .multiply = multiply,
                                  .precondition = precondition,
                                  .judge = judge,
                                  .data = self };

  result->history = g_new0 (double, self->header.max_iterations + 1);
  for (int start = 0; start <= MAX_RESTARTS; start++)
    {
      oss_processes.module->solve (&equations);
      equations.from_x = TRUE;
      result->relative_residual = find_residual (self) / self->load_norm;
      result->converged = result->relative_residual <= self->header.tolerance;
      if (result->converged || self->stopped || result->iterations >= self->header.max_iterations)
        break;
    }
  if (self->stopped)
    return oss_tick_cancelled (error);
  result->history[result->iterations] = result->relative_residual;
  g_strlcpy (result->reason, "converged", sizeof result->reason);
  if (!result->converged)
    g_snprintf (result->reason, sizeof result->reason,
                _ ("the residual is %.2e of the load after %d iterations, asked were %.2e"), result->relative_residual,
                result->iterations, self->header.tolerance);
  return TRUE;
}

void
oss_petsc_finish (OssPetscJob *self)
{
  OssVoxelResult *result = self->result;
  gsize n = self->header.n_held, n_own = oss_voxel_halo_own (&self->shared.halo[0]);

  put_held (self, TRUE);
  oss_voxel_shared_apply (&self->shared, self->x, FALSE, self->b);
  result->energy_n_mm = 0.5 * oss_processes_reduce (dot (self->x, self->b, n_own), OSS_PETSC_SUM);
  result->n_held = n;
  result->reaction_n = g_new0 (double, MAX (n, 1));
  for (gsize i = 0; i < n; i++)
    if (self->own[i] >= 0)
      {
        result->reaction_n[i] = self->b[self->own[i]];
        self->b[self->own[i]] = 0.0; /* listed twice: at the first place */
      }
  oss_processes.module->reduce (result->reaction_n, n, OSS_PETSC_SUM);
  result->bytes = oss_processes_reduce (self->shared.info.bytes_grid + self->shared.info.bytes_solve, OSS_PETSC_SUM);
  result->n_nodes = self->shared.info.n_nodes;
}
