/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-voxel-petsc-private.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 1e-8
#define MAX_ITERATIONS 300
#define HELD_AT_ONCE 1000000 /* MPI counts in int */

/* --- From the image of process 0 to the parts of all, and back --- */

static float *
own_plane (const OssPetscJob *self, float *modulus, gsize z)
{
  const OssVoxelBox *box = &self->level[0].box;
  return modulus + z * (box->high[0] - box->low[0]) * (box->high[1] - box->low[1]);
}

static void
send_moduli (const OssPetscJob *self, const OssVoxelModel *model, const OssVoxelBits *bits, float *own)
{
  for (int process = 0; process < oss_processes.n_ranks; process++)
    {
      gsize begin[3], end[3];
      oss_voxel_share_own (&self->share, 0, process, begin, end);
      gsize n = (end[0] - begin[0]) * (end[1] - begin[1]);
      g_autofree float *plane = g_new (float, n);
      for (gsize z = begin[2]; z < end[2]; z++)
        {
          oss_voxel_share_plane (model, bits, begin, end, z, process > 0 ? plane : own_plane (self, own, z - begin[2]));
          if (process > 0)
            MPI_Send (plane, (int) n, MPI_FLOAT, process, 0, MPI_COMM_WORLD);
        }
    }
}

static void
receive_moduli (const OssPetscJob *self, float *own)
{
  const OssVoxelBox *box = &self->level[0].box;
  for (gsize z = 0; z < box->high[2] - box->low[2]; z++)
    MPI_Recv (own_plane (self, own, z), (int) ((box->high[0] - box->low[0]) * (box->high[1] - box->low[1])), MPI_FLOAT,
              0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* A plane of a box into an image. */
static void
place_plane (const OssPetscJob *self, int process, gsize z, const float *plane, float *image)
{
  const gsize *size = self->header.size;
  gsize begin[3], end[3];

  oss_voxel_share_own (&self->share, 0, process, begin, end);
  for (gsize y = begin[1]; begin[2] + z < size[2] && y < MIN (end[1], size[1]); y++)
    for (gsize x = begin[0]; x < MIN (end[0], size[0]); x++)
      image[((begin[2] + z) * size[1] + y) * size[0] + x] = plane[(y - begin[1]) * (end[0] - begin[0]) + x - begin[0]];
}

static void
collect_field (const OssPetscJob *self, float *own, float *image)
{
  for (int process = 0; process < oss_processes.n_ranks; process++)
    {
      gsize begin[3], end[3];
      oss_voxel_share_own (&self->share, 0, process, begin, end);
      gsize n = (end[0] - begin[0]) * (end[1] - begin[1]);
      g_autofree float *plane = g_new (float, n);
      for (gsize z = 0; z < end[2] - begin[2]; z++)
        {
          if (process > 0)
            MPI_Recv (plane, (int) n, MPI_FLOAT, process, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
          place_plane (self, process, z, process > 0 ? plane : own_plane (self, own, z), image);
        }
    }
}

static void
send_field (const OssPetscJob *self, float *own)
{
  const OssVoxelBox *box = &self->level[0].box;
  gsize n = (box->high[0] - box->low[0]) * (box->high[1] - box->low[1]);

  for (gsize z = 0; z < box->high[2] - box->low[2]; z++)
    MPI_Send (own_plane (self, own, z), (int) n, MPI_FLOAT, 0, 0, MPI_COMM_WORLD);
}

/* @images: on process 0. */
static gboolean
recover (OssPetscJob *self, const OssVoxelImages *images, GError **error)
{
  OssPetscLevel *level = &self->level[0];
  float *fields[OSS_VOXEL_BOX_FIELDS], *image[OSS_VOXEL_BOX_FIELDS] = { NULL };
  const double *lattice;
  gsize n = 1;

  for (int k = 0; k < 3; k++)
    n *= level->box.high[k] - level->box.low[k];
  g_autofree float *room = g_try_new (float, OSS_VOXEL_BOX_FIELDS *n);
  if (room == NULL)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("There is no memory for the fields."));
  if (!oss_processes_agree (room != NULL, error))
    return FALSE;
  for (gsize i = 0; i < OSS_VOXEL_BOX_FIELDS; i++)
    fields[i] = room + i * n;
  if (images != NULL)
    memcpy (image,
            (float *const[]){ images->sed_centre_mpa, images->sed_mean_mpa, images->von_mises_mpa,
                              images->displacement_mm[0], images->displacement_mm[1], images->displacement_mm[2] },
            sizeof image);
  TRY (oss_petsc_to_lattice (level, self->x));
  TRY (VecGetArrayRead (level->lattice, &lattice));
  gboolean done = oss_voxel_box_fields (&level->box, lattice, self->header.poisson, fields, self->tick, error);
  TRY (VecRestoreArrayRead (level->lattice, &lattice));
  if (!oss_processes_agree (done, error))
    return FALSE;
  for (int i = 0; i < OSS_VOXEL_BOX_FIELDS; i++)
    if (oss_processes.rank == 0)
      collect_field (self, fields[i], image[i]);
    else
      send_field (self, fields[i]);
  return TRUE;
}

/* Boxes, and what the lattice alone takes: 24 bytes a point, a seventh for coarser levels, moduli. */
static gboolean
share_lattice (OssPetscJob *self, float **own, GError **error)
{
  double all = 3.0, mine = 1.0;
  gsize begin[3], end[3];

  if (!oss_voxel_share_init (&self->share, self->header.size, oss_processes.n_ranks, error))
    return oss_processes_agree (FALSE, error);
  oss_voxel_share_own (&self->share, 0, oss_processes.rank, begin, end);
  for (int k = 0; k < 3; k++)
    {
      all *= (double) self->header.size[k] + 1.0;
      mine *= (double) (end[k] - begin[k]);
    }
  if (all > (double) PETSC_MAX_INT)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("The image has %.0f million lattice points; this PETSc numbers %.0f million. Use one with 64-bit "
                      "indices."),
                   all / 3e6, (double) PETSC_MAX_INT / 3e6);
      return FALSE;
    }
  if (!oss_processes_have_memory (mine * (24.0 * 8.0 / 7.0 + sizeof (float)), error))
    return FALSE;
  for (int l = 0; l < self->share.n_levels; l++)
    oss_petsc_make_lattice (self, l);
  *own = g_try_new0 (float, (gsize) mine);
  return oss_processes_agree (*own != NULL, error);
}

static OssVoxelResult *
solve (OssPetscJob *self, const OssVoxelModel *model, const OssVoxelBits *bits, const OssVoxelImages *images,
       GError **error)
{
  gint64 begun = g_get_monotonic_time ();
  gsize n = self->header.n_held;
  float *own = NULL;

  if (oss_processes.rank > 0)
    {
      self->held = g_new (OssVoxelFreedom, MAX (n, 1));
      self->held_mm = g_new (double, MAX (n, 1));
    }
  for (gsize i = 0; i < n; i += HELD_AT_ONCE) /* the number of bytes is an int */
    {
      int m = (int) MIN (n - i, HELD_AT_ONCE);
      MPI_Bcast (self->held + i, m * (int) sizeof *self->held, MPI_BYTE, 0, MPI_COMM_WORLD);
      MPI_Bcast (self->held_mm + i, m, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    }
  if (!share_lattice (self, &own, error))
    return NULL;
  if (oss_processes.rank > 0)
    receive_moduli (self, own);
  else
    send_moduli (self, model, bits, own);
  self->work.tick = self->tick;
  if (!oss_petsc_build_levels (self, own, error))
    return NULL;
  oss_petsc_set_solver (self);
  self->result = g_new0 (OssVoxelResult, 1);
  if (!oss_petsc_set_load (self, error) || !oss_petsc_iterate (self, error))
    return NULL;
  oss_petsc_finish (self);
  if (self->header.fields && self->result->converged && !recover (self, images, error))
    return NULL;
  self->result->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  return g_steal_pointer (&self->result);
}

gboolean
oss_voxel_petsc_serve (const OssTick *tick, GError **error)
{
  g_auto (OssPetscJob) job = { .tick = tick };

  oss_processes.served = TRUE;
  MPI_Bcast (&job.header, sizeof job.header, MPI_BYTE, 0, MPI_COMM_WORLD);
  if (!job.header.work)
    return TRUE;
  g_autoptr (OssVoxelResult) result = solve (&job, NULL, NULL, NULL, error);
  return result != NULL;
}

static gboolean
check (const OssVoxelModel *model, const OssVoxelLoad *load, GError **error)
{
  double forces = 0.0, sum = 0.0;

  for (int i = 0; i < 6; i++)
    forces += fabs (load->strain[i]);
  for (gsize i = 0; load->held_mm != NULL && i < model->n_held; i++)
    sum += load->held_mm[i];
  if (model->periodic[0] || model->periodic[1] || model->periodic[2] || model->n_loaded > 0 || forces != 0.0)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                         _ ("Over several processes, prescribed displacements are the only load."));
  else if (load->held_mm == NULL || !isfinite (sum))
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("A load is not a number."));
  else
    return TRUE;
  return FALSE;
}

OssVoxelResult *
oss_voxel_petsc_solve (const OssVoxelModel *model, const OssVoxelLoad *load, const OssVoxelOptions *options,
                       const OssVoxelImages *fields, OssVoxelInfo *info, const OssTick *tick, GError **error)
{
  g_auto (OssPetscJob) job = { .tick = tick };
  g_auto (OssVoxelBits) bits = { .bits = NULL };
  OssVoxelParts parts;

  if (!check (model, load, error) || !oss_voxel_image_read (model, &bits, tick, error)
      || !oss_voxel_remove_islands (model, &bits, &parts, tick, error))
    return NULL;
  job.header =
      (OssPetscHeader){ .work = TRUE,
                        .fields = fields != NULL,
                        .size = { model->size[0], model->size[1], model->size[2] },
                        .n_held = model->n_held,
                        .spacing_mm = { model->spacing_mm[0], model->spacing_mm[1], model->spacing_mm[2] },
                        .poisson = model->poisson,
                        .tolerance = options != NULL && options->tolerance > 0.0 ? options->tolerance : TOLERANCE,
                        .max_iterations =
                            options != NULL && options->max_iterations > 0 ? options->max_iterations : MAX_ITERATIONS };
  job.held = g_memdup2 (model->held, model->n_held * sizeof *model->held);
  job.held_mm = g_memdup2 (load->held_mm, model->n_held * sizeof *load->held_mm);
  oss_processes.served = TRUE;
  MPI_Bcast (&job.header, sizeof job.header, MPI_BYTE, 0, MPI_COMM_WORLD);
  OssVoxelResult *result = solve (&job, model, &bits, fields, error);
  job.info.n_islands = parts.n_islands;
  job.info.n_island_voxels = parts.n_island_voxels;
  *info = job.info;
  return result;
}
