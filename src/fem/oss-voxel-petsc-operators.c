/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-voxel-petsc-private.h"

static PetscErrorCode
multiply (Mat matrix, Vec x, Vec y)
{
  OssPetscLevel *level;
  const double *from;
  double *to;

  PetscFunctionBeginUser;
  PetscCall (MatShellGetContext (matrix, &level));
  PetscCall (oss_petsc_to_lattice (level, x));
  PetscCall (VecGetArrayRead (level->lattice, &from));
  PetscCall (VecGetArrayWrite (y, &to));
  oss_voxel_box_apply (&level->box, from, !level->job->open, to, &level->job->work);
  PetscCall (VecRestoreArrayWrite (y, &to));
  PetscCall (VecRestoreArrayRead (level->lattice, &from));
  PetscFunctionReturn (0);
}

static PetscErrorCode
diagonal (Mat matrix, Vec y)
{
  OssPetscLevel *level;
  double *to;

  PetscFunctionBeginUser;
  PetscCall (MatShellGetContext (matrix, &level));
  PetscCall (VecGetArrayWrite (y, &to));
  oss_voxel_box_diagonal (&level->box, to);
  for (guint i = 0; i < level->box.fixed->len; i++)
    {
      const OssVoxelOwnFixed *fixed = &g_array_index (level->box.fixed, OssVoxelOwnFixed, i);
      to[fixed->own] = fixed->spring < 0.0f ? 1.0 : to[fixed->own] + fixed->spring;
    }
  PetscCall (VecRestoreArrayWrite (y, &to));
  PetscFunctionReturn (0);
}

/* z = y + P x */
static PetscErrorCode
prolong_add (Mat matrix, Vec x, Vec y, Vec z)
{
  OssPetscLevel *fine;
  const double *from;
  double *to;

  PetscFunctionBeginUser;
  PetscCall (MatShellGetContext (matrix, &fine));
  PetscCall (oss_petsc_to_lattice (fine + 1, x));
  if (y != z)
    PetscCall (VecCopy (y, z));
  PetscCall (VecGetArrayRead (fine[1].lattice, &from));
  PetscCall (VecGetArray (z, &to));
  oss_voxel_box_prolong (&fine->box, &fine[1].box, from, to);
  PetscCall (VecRestoreArray (z, &to));
  PetscCall (VecRestoreArrayRead (fine[1].lattice, &from));
  PetscFunctionReturn (0);
}

static PetscErrorCode
prolong (Mat matrix, Vec x, Vec y)
{
  PetscFunctionBeginUser;
  PetscCall (VecZeroEntries (y));
  PetscCall (prolong_add (matrix, x, y, y));
  PetscFunctionReturn (0);
}

static PetscErrorCode
restrict_residual (Mat matrix, Vec x, Vec y)
{
  OssPetscLevel *fine;
  const double *from;
  double *to;

  PetscFunctionBeginUser;
  PetscCall (MatShellGetContext (matrix, &fine));
  PetscCall (oss_petsc_to_lattice (fine, x));
  PetscCall (VecGetArrayRead (fine->lattice, &from));
  PetscCall (VecGetArrayWrite (y, &to));
  oss_voxel_box_restrict (&fine->box, &fine[1].box, from, to);
  PetscCall (VecRestoreArrayWrite (y, &to));
  PetscCall (VecRestoreArrayRead (fine->lattice, &from));
  PetscFunctionReturn (0);
}

void
oss_petsc_make_operators (OssPetscLevel *level, gboolean coarsest)
{
  PetscInt n = (PetscInt) (3 * level->box.n_nodes), m;

  TRY (MatCreateShell (MPI_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, level, &level->operator));
  TRY (MatShellSetOperation (level->operator, MATOP_MULT, (void (*) (void)) multiply));
  TRY (MatShellSetOperation (level->operator, MATOP_GET_DIAGONAL, (void (*) (void)) diagonal));
  TRY (MatSetOption (level->operator, MAT_SPD, PETSC_TRUE));
  if (coarsest)
    return;
  m = (PetscInt) (3 * level[1].box.n_nodes);
  TRY (MatCreateShell (MPI_COMM_WORLD, n, m, PETSC_DETERMINE, PETSC_DETERMINE, level, &level->transfer));
  TRY (MatShellSetOperation (level->transfer, MATOP_MULT, (void (*) (void)) prolong));
  TRY (MatShellSetOperation (level->transfer, MATOP_MULT_ADD, (void (*) (void)) prolong_add));
  TRY (MatShellSetOperation (level->transfer, MATOP_MULT_TRANSPOSE, (void (*) (void)) restrict_residual));
}

/* Global numbers of the nodes of the box, in the first of three values of the lattice. */
static void
number_lattice (OssPetscLevel *level)
{
  PetscInt first;
  double *to;
  Vec numbers;

  TRY (MatCreateVecs (level->operator, & numbers, NULL));
  TRY (VecGetOwnershipRange (numbers, &first, NULL));
  TRY (VecGetArrayWrite (numbers, &to));
  for (gsize i = 0; i < level->box.n_nodes; i++)
    for (gsize c = 0; c < 3; c++)
      to[3 * i + c] = (double) (first / 3) + (double) i;
  TRY (VecRestoreArrayWrite (numbers, &to));
  TRY (oss_petsc_to_lattice (level, numbers));
  TRY (VecDestroy (&numbers));
}

static void
add_element (OssPetscLevel *level, const double *number, const gsize at[3], double modulus)
{
  const OssVoxelBox *box = &level->box;
  PetscInt freedom[24];
  double matrix[24 * 24];

  for (gsize node = 0; node < 8; node++)
    {
      gsize place =
          ((at[2] + (node >> 2)) * box->points[1] + at[1] + (node >> 1 & 1)) * box->points[0] + at[0] + (node & 1);
      for (gsize c = 0; c < 3; c++)
        freedom[3 * node + c] = 3 * (PetscInt) number[3 * place] + (PetscInt) c;
    }
  for (int i = 0; i < 24; i++)
    for (int j = 0; j < 24; j++)
      matrix[24 * i + j] = modulus * box->voxels->stiffness[i][j];
  TRY (MatSetValues (level->assembled, 24, freedom, 24, freedom, matrix, ADD_VALUES));
}

void
oss_petsc_assemble (OssPetscLevel *level)
{
  const OssVoxelBox *box = &level->box;
  const OssVoxelLevel *voxels = box->voxels;
  PetscInt n = (PetscInt) (3 * box->n_nodes), first, n_held = 0;
  g_autofree PetscInt *held = g_new (PetscInt, MAX (box->fixed->len, 1));
  const double *number;

  number_lattice (level);
  TRY (MatCreateAIJ (MPI_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, 81, NULL, 81, NULL, &level->assembled));
  TRY (VecGetArrayRead (level->lattice, &number));
  for (gsize z = box->low[2]; z < MIN (box->high[2], voxels->size[2]); z++)
    for (gsize y = box->low[1]; y < MIN (box->high[1], voxels->size[1]); y++)
      {
        gsize row = z * voxels->size[1] + y;
        const float *modulus = voxels->modulus + voxels->element_start[row];
        for (const OssVoxelRun *run = voxels->run + voxels->run_start[row];
             run < voxels->run + voxels->run_start[row + 1]; run++)
          for (gsize x = run->first; x < (gsize) run->first + run->length; x++, modulus++)
            if (x >= box->low[0] && x < box->high[0])
              add_element (level, number, (const gsize[3]){ x, y, z }, *modulus);
      }
  TRY (VecRestoreArrayRead (level->lattice, &number));
  TRY (MatGetOwnershipRange (level->assembled, &first, NULL));
  for (guint i = 0; i < box->fixed->len; i++)
    {
      const OssVoxelOwnFixed *fixed = &g_array_index (box->fixed, OssVoxelOwnFixed, i);
      PetscInt at = first + (PetscInt) fixed->own;
      if (fixed->spring < 0.0f)
        held[n_held++] = at;
      else
        TRY (MatSetValue (level->assembled, at, at, fixed->spring, ADD_VALUES));
    }
  TRY (MatAssemblyBegin (level->assembled, MAT_FINAL_ASSEMBLY));
  TRY (MatAssemblyEnd (level->assembled, MAT_FINAL_ASSEMBLY));
  TRY (MatZeroRowsColumns (level->assembled, n_held, held, 1.0, NULL, NULL));
  TRY (VecZeroEntries (level->lattice));
}
