/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PETSc's algebraic multigrid on a given system: part of the module. */
#include "fem/oss-voxel-petsc-group.h"

#include <petscksp.h>
#include <string.h>
#include <time.h>

#define TRY(call) PetscCallAbort (PETSC_COMM_WORLD, call)

/* The best of those that were tried (the manual's page on speed has them all). */
static const char *const options[][2] = {
  { "-pc_type", "gamg" },
  { "-pc_gamg_type", "agg" },
  { "-pc_gamg_agg_nsmooths", "1" },
  { "-pc_gamg_threshold", "0.01" },
  { "-pc_gamg_aggressive_coarsening", "2" },
  { "-pc_gamg_coarse_eq_limit", "1000" },
  { "-mg_levels_ksp_type", "chebyshev" },
  { "-mg_levels_ksp_max_it", "2" },
  { "-mg_levels_pc_type", "jacobi" },
};

static void
set_options (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    {
      PetscBool given;
      TRY (PetscOptionsHasName (NULL, NULL, options[i][0], &given));
      if (!given)
        TRY (PetscOptionsSetValue (NULL, options[i][0], options[i][1]));
    }
}

/* Each process puts in the rows of its own nodes, @first .. @stop - 1: the lower triangle and its reflection. */
static void
count_blocks (const OssPetscGamg *self, gint64 first, gint64 stop, PetscInt *diagonal, PetscInt *other)
{
  for (gint64 row = 0; row < (gint64) self->n; row++)
    for (guint64 b = self->start[row]; b < self->start[row + 1]; b++)
      {
        gint64 column = self->column[b];
        gboolean has_row = row >= first && row < stop, has_column = column >= first && column < stop;
        if (has_row)
          (has_column ? diagonal : other)[row - first]++;
        if (has_column && column != row)
          (has_row ? diagonal : other)[column - first]++;
      }
}

static void
fill_blocks (const OssPetscGamg *self, gint64 first, gint64 stop, Mat matrix)
{
  for (PetscInt row = 0; row < (PetscInt) self->n; row++)
    for (guint64 b = self->start[row]; b < self->start[row + 1]; b++)
      {
        PetscInt column = self->column[b];
        const double *value = self->value + 9 * b;
        double turned[9];
        if (row >= first && row < stop)
          TRY (MatSetValuesBlocked (matrix, 1, &row, 1, &column, value, INSERT_VALUES));
        if (column == row || column < first || column >= stop)
          continue;
        for (int i = 0; i < 9; i++)
          turned[i] = value[3 * (i % 3) + i / 3];
        TRY (MatSetValuesBlocked (matrix, 1, &column, 1, &row, turned, INSERT_VALUES));
      }
}

static Vec
own_values (const double *all, gint64 first, gint64 stop)
{
  double *to;
  Vec vector;

  TRY (VecCreate (PETSC_COMM_WORLD, &vector));
  TRY (VecSetBlockSize (vector, 3));
  TRY (VecSetSizes (vector, (PetscInt) (3 * (stop - first)), PETSC_DETERMINE));
  TRY (VecSetType (vector, VECMPI));
  TRY (VecGetArrayWrite (vector, &to));
  memcpy (to, all + 3 * first, (gsize) (3 * (stop - first)) * sizeof *to);
  TRY (VecRestoreArrayWrite (vector, &to));
  return vector;
}

static Mat
make_matrix (const OssPetscGamg *self, gint64 first, gint64 stop)
{
  PetscInt n = (PetscInt) (3 * (stop - first)), *count = g_new0 (PetscInt, 2 * (stop - first) + 1);
  MatNullSpace motions;
  Mat matrix;

  TRY (MatCreate (PETSC_COMM_WORLD, &matrix));
  TRY (MatSetSizes (matrix, n, n, PETSC_DETERMINE, PETSC_DETERMINE));
  TRY (MatSetBlockSize (matrix, 3));
  TRY (MatSetType (matrix, MATAIJ));
  count_blocks (self, first, stop, count, count + (stop - first));
  TRY (MatXAIJSetPreallocation (matrix, 3, count, count + (stop - first), NULL, NULL));
  g_free (count);
  fill_blocks (self, first, stop, matrix);
  TRY (MatAssemblyBegin (matrix, MAT_FINAL_ASSEMBLY));
  TRY (MatAssemblyEnd (matrix, MAT_FINAL_ASSEMBLY));
  TRY (MatSetOption (matrix, MAT_SPD, PETSC_TRUE));
  Vec places = own_values (self->coordinates, first, stop);
  TRY (MatNullSpaceCreateRigidBody (places, &motions));
  TRY (MatSetNearNullSpace (matrix, motions));
  TRY (MatNullSpaceDestroy (&motions));
  TRY (VecDestroy (&places));
  return matrix;
}

static double
now (clockid_t clock)
{
  struct timespec t;
  clock_gettime (clock, &t);
  return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static void
run (OssPetscGamg *self, KSP ksp, Vec b, Vec x)
{
  PetscInt iterations;

  TRY (PetscBarrier (NULL));
  double wall = now (CLOCK_MONOTONIC), cpu = now (CLOCK_PROCESS_CPUTIME_ID);
  TRY (KSPSetUp (ksp));
  self->setup_seconds = now (CLOCK_MONOTONIC) - wall;
  TRY (KSPSolve (ksp, b, x));
  TRY (PetscBarrier (NULL));
  self->seconds = now (CLOCK_MONOTONIC) - wall;
  self->cpu_seconds = now (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  TRY (KSPGetIterationNumber (ksp, &iterations));
  self->iterations = (int) iterations;
}

void
oss_petsc_gamg (OssPetscGamg *self)
{
  int rank, processes;
  double norm, residual;
  Vec x, r;
  KSP ksp;

  set_options ();
  MPI_Comm_rank (PETSC_COMM_WORLD, &rank);
  MPI_Comm_size (PETSC_COMM_WORLD, &processes);
  gint64 first = (gint64) self->n * rank / processes, stop = (gint64) self->n * (rank + 1) / processes;
  Mat matrix = make_matrix (self, first, stop);
  Vec b = own_values (self->right, first, stop);
  self->built (self->data);
  TRY (VecDuplicate (b, &x));
  TRY (KSPCreate (PETSC_COMM_WORLD, &ksp));
  TRY (KSPSetType (ksp, KSPCG));
  TRY (KSPSetNormType (ksp, KSP_NORM_UNPRECONDITIONED));
  TRY (KSPSetOperators (ksp, matrix, matrix));
  TRY (KSPSetTolerances (ksp, self->tolerance, 0.0, PETSC_DEFAULT, 1000));
  TRY (KSPSetFromOptions (ksp));
  run (self, ksp, b, x);
  TRY (VecDuplicate (b, &r));
  TRY (MatMult (matrix, x, r));
  TRY (VecAYPX (r, -1.0, b));
  TRY (VecNorm (r, NORM_2, &residual));
  TRY (VecNorm (b, NORM_2, &norm));
  self->relative_residual = residual / norm;
  TRY (VecDot (b, x, &self->product));
  TRY (VecDestroy (&r));
  TRY (VecDestroy (&x));
  TRY (VecDestroy (&b));
  TRY (KSPDestroy (&ksp));
  TRY (MatDestroy (&matrix));
}
