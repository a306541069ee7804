/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-voxel-petsc-private.h"

/* Vectors of PETSc: on the finest level x, b, w, r; three of CG; one of the cycle, three of the smoother, a diagonal.
 */
#define FINE_VECTORS 12
#define COARSE_VECTORS 7

void
oss_petsc_job_clear (OssPetscJob *self)
{
  for (int l = 0; l < self->share.n_levels; l++)
    {
      OssPetscLevel *level = &self->level[l];
      TRY (MatDestroy (&level->operator));
      TRY (MatDestroy (&level->transfer));
      TRY (MatDestroy (&level->assembled));
      TRY (VecDestroy (&level->lattice));
      TRY (DMDestroy (&level->points));
      oss_voxel_box_clear (&level->box);
    }
  TRY (KSPDestroy (&self->ksp));
  TRY (VecDestroy (&self->x));
  TRY (VecDestroy (&self->b));
  TRY (VecDestroy (&self->w));
  TRY (VecDestroy (&self->r));
  oss_voxel_work_clear (&self->work);
  g_free (self->held);
  g_free (self->held_mm);
  g_clear_pointer (&self->result, oss_voxel_result_free);
}

PetscErrorCode
oss_petsc_exchange (OssPetscLevel *level)
{
  PetscFunctionBeginUser;
  PetscCall (DMLocalToLocalBegin (level->points, level->lattice, INSERT_VALUES, level->lattice));
  PetscCall (DMLocalToLocalEnd (level->points, level->lattice, INSERT_VALUES, level->lattice));
  PetscFunctionReturn (0);
}

PetscErrorCode
oss_petsc_to_lattice (OssPetscLevel *level, Vec x)
{
  const double *from;
  double *to;

  PetscFunctionBeginUser;
  PetscCall (VecGetArrayRead (x, &from));
  PetscCall (VecGetArray (level->lattice, &to));
  oss_voxel_box_spread (&level->box, from, to);
  PetscCall (VecRestoreArray (level->lattice, &to));
  PetscCall (VecRestoreArrayRead (x, &from));
  PetscCall (oss_petsc_exchange (level));
  PetscFunctionReturn (0);
}

void
oss_petsc_make_lattice (OssPetscJob *self, int l)
{
  OssPetscLevel *level = &self->level[l];
  const OssVoxelShare *share = &self->share;
  g_autofree PetscInt *width = g_new (PetscInt, share->processes[0] + share->processes[1] + share->processes[2]);
  PetscInt *along[3], n[3];

  level->job = self;
  oss_voxel_box_init (&level->box, share, l, oss_processes.rank);
  for (int k = 0, first = 0; k < 3; first += share->processes[k++])
    {
      along[k] = width + first;
      n[k] = (PetscInt) share->size[l][k] + 1;
      for (int i = 0; i < share->processes[k]; i++)
        along[k][i] = (PetscInt) (oss_voxel_share_start (share, l, k, i + 1) - oss_voxel_share_start (share, l, k, i));
    }
  TRY (DMDACreate3d (MPI_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_BOX, n[0], n[1],
                     n[2], share->processes[0], share->processes[1], share->processes[2], 3, 1, along[0], along[1],
                     along[2], &level->points));
  TRY (DMSetUp (level->points));
  TRY (DMCreateLocalVector (level->points, &level->lattice));
}

/* Own values, one for each point, to the first of three in the lattice. */
static void
put_moduli (OssPetscLevel *level, const float *modulus)
{
  const OssVoxelBox *box = &level->box;
  double *to;

  TRY (VecGetArray (level->lattice, &to));
  for (gsize z = box->low[2]; z < box->high[2]; z++)
    for (gsize y = box->low[1]; y < box->high[1]; y++)
      for (gsize x = box->low[0]; x < box->high[0]; x++)
        to[3 * ((z * box->points[1] + y) * box->points[0] + x)] = *modulus++;
  TRY (VecRestoreArray (level->lattice, &to));
  TRY (oss_petsc_exchange (level));
}

static gboolean
build_level (OssPetscJob *self, int l, const float *modulus, GError **error)
{
  OssPetscLevel *level = &self->level[l];
  double spacing_mm[3], *lattice;

  for (int k = 0; k < 3; k++)
    spacing_mm[k] = self->header.spacing_mm[k] * (double) (1 << l);
  put_moduli (level, modulus);
  TRY (VecGetArray (level->lattice, &lattice));
  gboolean built = oss_voxel_box_build (&level->box, lattice, spacing_mm, self->header.poisson, self->tick, error)
                   && oss_voxel_work_prepare (&self->work, 3 * level->box.voxels->largest_plane, error);
  TRY (VecRestoreArray (level->lattice, &lattice));
  TRY (VecZeroEntries (level->lattice));
  return oss_processes_agree (built, error);
}

static void
count_all (OssPetscJob *self, const float *modulus)
{
  const OssVoxelBox *box = &self->level[0].box;
  unsigned long long mine[3] = { box->n_nodes, 0, box->fixed->len }, sum[3];
  gsize n = 1;

  for (int k = 0; k < 3; k++)
    n *= box->high[k] - box->low[k];
  for (gsize i = 0; i < n; i++)
    mine[1] += modulus[i] > 0.0f;
  MPI_Allreduce (mine, sum, 3, MPI_UNSIGNED_LONG_LONG, MPI_SUM, MPI_COMM_WORLD);
  self->info.n_nodes = sum[0];
  self->info.n_elements = sum[1];
  self->info.n_unknowns = 3 * sum[0] - sum[2];
  self->info.n_levels = self->share.n_levels;
}

static gboolean
fix_finest (OssPetscJob *self, GError **error)
{
  OssPetscLevel *level = &self->level[0];
  double gram[6][6], sum[6][6], *lattice;

  TRY (VecGetArray (level->lattice, &lattice));
  for (gsize i = 0; i < self->header.n_held; i++)
    {
      const OssVoxelFreedom *held = &self->held[i];
      const gsize point[3] = { (gsize) held->at[0], (gsize) held->at[1], (gsize) held->at[2] };
      gsize place;
      gint64 node;
      if (oss_voxel_box_find (&level->box, point, &place, &node))
        lattice[3 * place + (gsize) held->axis] = 1.0;
    }
  gboolean done = oss_voxel_box_fix (&level->box, lattice, NULL, error);
  TRY (VecRestoreArray (level->lattice, &lattice));
  TRY (VecZeroEntries (level->lattice));
  if (!oss_processes_agree (done, error))
    return FALSE;
  oss_voxel_box_held_gram (&level->box, self->header.size, gram);
  MPI_Allreduce (gram, sum, 36, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  if (oss_voxel_resists_all (sum))
    return TRUE;
  g_set_error_literal (
      error, OSS_ERROR, OSS_ERROR_REFUSED,
      _ ("Nothing resists some of the bone's rigid motions. Hold it sideways, or solve on one machine."));
  return FALSE;
}

/* Held freedoms between coarse points become springs: as stiff as the fine diagonal, shared by interpolation, which
 * bounds the energy of the correction that is cut off there. */
static gboolean
fix_coarse (OssPetscLevel *fine, GError **error)
{
  OssPetscLevel *coarse = fine + 1;
  const OssVoxelBox *box = &fine->box;
  g_autofree double *spring = g_new0 (double, 3 * MAX (box->n_nodes, coarse->box.n_nodes) + 1);
  double *from, *to;

  oss_voxel_box_diagonal (box, spring);
  TRY (VecGetArray (fine->lattice, &from));
  TRY (VecGetArray (coarse->lattice, &to));
  for (guint i = 0; i < box->fixed->len; i++)
    {
      const OssVoxelOwnFixed *fixed = &g_array_index (box->fixed, OssVoxelOwnFixed, i);
      gsize place = fixed->lattice / 3, other;
      gsize at[3] = { place % box->points[0], place / box->points[0] % box->points[1],
                      place / (box->points[0] * box->points[1]) };
      gint64 node;
      gboolean both = fixed->spring < 0.0f;
      from[fixed->lattice] = fixed->spring < 0.0f ? spring[fixed->own] : fixed->spring;
      for (int k = 0; k < 3; k++)
        {
          both = both && (at[k] + box->first[k]) % 2 == 0;
          at[k] = (at[k] + box->first[k]) / 2;
        }
      if (both && oss_voxel_box_find (&coarse->box, at, &other, &node))
        to[3 * other + fixed->lattice % 3] = 1.0;
    }
  TRY (VecRestoreArray (coarse->lattice, &to));
  TRY (VecRestoreArray (fine->lattice, &from));
  TRY (oss_petsc_exchange (fine));
  TRY (oss_petsc_exchange (coarse));
  TRY (VecGetArray (fine->lattice, &from));
  TRY (VecGetArray (coarse->lattice, &to));
  oss_voxel_box_restrict (box, &coarse->box, from, spring);
  gboolean done = oss_voxel_box_fix (&coarse->box, to, spring, error);
  TRY (VecRestoreArray (coarse->lattice, &to));
  TRY (VecRestoreArray (fine->lattice, &from));
  TRY (VecZeroEntries (coarse->lattice));
  TRY (VecZeroEntries (fine->lattice));
  return oss_processes_agree (done, error);
}

gboolean
oss_petsc_build_levels (OssPetscJob *self, float *from, GError **error)
{
  g_autofree float *modulus = from;
  double bytes = 0.0;

  for (int l = 0; l < self->share.n_levels; l++)
    {
      OssPetscLevel *level = &self->level[l];
      if (!build_level (self, l, modulus, error) || !(l > 0 ? fix_coarse (level - 1, error) : fix_finest (self, error)))
        return FALSE;
      if (l == 0)
        count_all (self, modulus);
      if (l + 1 < self->share.n_levels)
        {
          const OssVoxelBox *next = &level[1].box;
          float *mean = g_new (float, (next->high[0] - next->low[0]) * (next->high[1] - next->low[1])
                                          * (next->high[2] - next->low[2]));
          oss_voxel_box_mean_moduli (&level->box, next, modulus, mean);
          g_free (modulus);
          modulus = mean;
        }
      bytes += 24.0 * (double) level->box.n_nodes * (l == 0 ? FINE_VECTORS : COARSE_VECTORS);
      self->info.bytes_grid += level->box.voxels->bytes + 24.0 * (double) level->box.voxels->n_nodes
                               + 24.0 * (double) (level->box.points[0] * level->box.points[1] * level->box.points[2]);
    }
  self->info.bytes_solve = bytes;
  return oss_processes_have_memory (bytes, error);
}
