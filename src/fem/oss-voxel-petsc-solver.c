/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-voxel-petsc-private.h"

#include <math.h>

#define MAX_RESTARTS 6
#define HELD_AT_ONCE 1000000 /* MPI counts in int */
/* Chebyshev's iteration smooths the upper part of the spectrum, largest / REACH and more. */
#define DEGREE 3
#define REACH 10.0

static PetscErrorCode
judge (KSP ksp, PetscInt n, PetscReal norm, KSPConvergedReason *reason, void *data)
{
  OssPetscJob *self = data;
  OssVoxelResult *result = self->result;
  double residual = norm / self->load_norm, tolerance = self->header.tolerance;
  int stop = oss_tick_stopped (self->tick);

  PetscFunctionBeginUser;
  PetscCallMPI (MPI_Allreduce (&stop, &self->stopped, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD));
  if (n > 0)
    result->iterations++;
  result->history[result->iterations] = residual;
  if (oss_processes.rank == 0 && residual > 0.0)
    oss_tick_report (self->tick, CLAMP (log (residual) / log (tolerance), 0.0, 1.0),
                     n == 0 ? _ ("Solving the voxel model") : NULL, NULL);
  *reason = KSP_CONVERGED_ITERATING;
  if (self->stopped)
    *reason = KSP_DIVERGED_BREAKDOWN;
  else if (!isfinite (residual))
    *reason = KSP_DIVERGED_NANORINF;
  else if (residual <= tolerance)
    *reason = KSP_CONVERGED_RTOL;
  else if (result->iterations >= self->header.max_iterations)
    *reason = KSP_DIVERGED_ITS;
  PetscFunctionReturn (0);
}

static void
set_smoother (KSP smoother, const OssPetscLevel *level)
{
  double largest = 1.01 * level->box.voxels->largest;
  PC pc;

  TRY (KSPSetOperators (smoother, level->operator, level->operator));
  TRY (KSPSetType (smoother, KSPCHEBYSHEV));
  TRY (KSPChebyshevSetEigenvalues (smoother, largest, largest / REACH));
  TRY (KSPSetTolerances (smoother, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT, DEGREE));
  TRY (KSPSetNormType (smoother, KSP_NORM_NONE));
  TRY (KSPSetConvergenceTest (smoother, KSPConvergedSkip, NULL, NULL));
  TRY (KSPGetPC (smoother, &pc));
  TRY (PCSetType (pc, PCJACOBI));
}

/* Gathered on every process and factored there. */
static void
set_coarsest (KSP solver, const OssPetscLevel *level)
{
  KSP inner;
  PC pc;

  TRY (KSPSetOperators (solver, level->assembled, level->assembled));
  TRY (KSPSetType (solver, KSPPREONLY));
  TRY (KSPGetPC (solver, &pc));
  TRY (PCSetType (pc, PCREDUNDANT));
  TRY (PCRedundantGetKSP (pc, &inner));
  TRY (KSPSetType (inner, KSPPREONLY));
  TRY (KSPGetPC (inner, &pc));
  TRY (PCSetType (pc, PCCHOLESKY));
  TRY (PCFactorSetShiftType (pc, MAT_SHIFT_POSITIVE_DEFINITE));
}

void
oss_petsc_set_solver (OssPetscJob *self)
{
  int n = self->share.n_levels;
  KSP level_solver;
  PC pc;

  for (int l = 0; l < n; l++)
    oss_petsc_make_operators (&self->level[l], l == n - 1);
  oss_petsc_assemble (&self->level[n - 1]);
  TRY (KSPCreate (MPI_COMM_WORLD, &self->ksp));
  TRY (KSPSetType (self->ksp, KSPCG));
  TRY (KSPSetNormType (self->ksp, KSP_NORM_UNPRECONDITIONED));
  TRY (KSPSetConvergenceTest (self->ksp, judge, self, NULL));
  TRY (KSPSetTolerances (self->ksp, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT, self->header.max_iterations));
  TRY (KSPSetOperators (self->ksp, self->level[0].operator, self->level[0].operator));
  TRY (KSPGetPC (self->ksp, &pc));
  TRY (PCSetType (pc, PCMG));
  TRY (PCMGSetLevels (pc, n, NULL));
  TRY (PCMGSetCycleType (pc, PC_MG_CYCLE_W));
  for (int l = 0; l < n - 1; l++)
    {
      TRY (PCMGSetInterpolation (pc, n - 1 - l, self->level[l].transfer));
      TRY (PCMGGetSmoother (pc, n - 1 - l, &level_solver));
      set_smoother (level_solver, &self->level[l]);
    }
  TRY (PCMGGetCoarseSolve (pc, &level_solver));
  set_coarsest (level_solver, &self->level[n - 1]);
  TRY (MatCreateVecs (self->level[0].operator, & self->x, &self->b));
  TRY (VecDuplicate (self->b, &self->w));
  TRY (VecDuplicate (self->b, &self->r));
}

/* Own freedom of each held one of the model, or -1. */
static gint64
own_freedom (const OssPetscJob *self, gsize i)
{
  const OssVoxelFreedom *held = &self->held[i];
  const gsize point[3] = { (gsize) held->at[0], (gsize) held->at[1], (gsize) held->at[2] };
  gsize place;
  gint64 node;

  return oss_voxel_box_find (&self->level[0].box, point, &place, &node) && node >= 0 ? 3 * node + held->axis : -1;
}

/* x: what is held; b: -K x at the others. */
gboolean
oss_petsc_set_load (OssPetscJob *self, GError **error)
{
  double *x, *b;

  TRY (VecZeroEntries (self->x));
  TRY (VecGetArray (self->x, &x));
  for (gsize i = self->header.n_held; i-- > 0;) /* the first counts */
    {
      gint64 own = own_freedom (self, i);
      if (own >= 0)
        x[own] = self->held_mm[i];
    }
  TRY (VecRestoreArray (self->x, &x));
  self->open = TRUE;
  TRY (MatMult (self->level[0].operator, self->x, self->b));
  self->open = FALSE;
  TRY (VecScale (self->b, -1.0));
  TRY (VecGetArray (self->b, &b));
  for (guint i = 0; i < self->level[0].box.fixed->len; i++)
    b[g_array_index (self->level[0].box.fixed, OssVoxelOwnFixed, i).own] = 0.0;
  TRY (VecRestoreArray (self->b, &b));
  TRY (VecNorm (self->b, NORM_2, &self->load_norm));
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

  result->history = g_new0 (double, self->header.max_iterations + 1);
  for (int start = 0; start <= MAX_RESTARTS; start++)
    {
      TRY (KSPSetInitialGuessNonzero (self->ksp, start > 0));
      TRY (KSPSolve (self->ksp, self->b, self->w));
      TRY (MatMult (self->level[0].operator, self->w, self->r));
      TRY (VecAYPX (self->r, -1.0, self->b));
      TRY (VecNorm (self->r, NORM_2, &result->relative_residual));
      result->relative_residual /= self->load_norm;
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
                "the residual is %.2e of the load after %d iterations, asked were %.2e", result->relative_residual,
                result->iterations, self->header.tolerance);
  return TRUE;
}

void
oss_petsc_finish (OssPetscJob *self)
{
  OssVoxelResult *result = self->result;
  gsize n = self->header.n_held;
  g_autofree double *mine = g_new0 (double, MAX (n, 1));
  double bytes = self->info.bytes_grid + self->info.bytes_solve, *kx, work;

  TRY (VecAXPY (self->x, 1.0, self->w));
  self->open = TRUE;
  TRY (MatMult (self->level[0].operator, self->x, self->b));
  self->open = FALSE;
  TRY (VecDot (self->x, self->b, &work));
  TRY (VecGetArray (self->b, &kx));
  for (gsize i = 0; i < n; i++)
    {
      gint64 own = own_freedom (self, i);
      mine[i] = own >= 0 ? kx[own] : 0.0;
      if (own >= 0)
        kx[own] = 0.0; /* listed twice: at the first place */
    }
  TRY (VecRestoreArray (self->b, &kx));
  result->n_held = n;
  result->reaction_n = g_new0 (double, MAX (n, 1));
  for (gsize i = 0; i < n; i += HELD_AT_ONCE)
    MPI_Reduce (mine + i, result->reaction_n + i, (int) MIN (n - i, HELD_AT_ONCE), MPI_DOUBLE, MPI_SUM, 0,
                MPI_COMM_WORLD);
  MPI_Reduce (&bytes, &result->bytes, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  result->n_nodes = self->info.n_nodes;
  result->energy_n_mm = 0.5 * work;
}
