/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-petsc-private.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 1e-8
#define MAX_ITERATIONS 300

/* --- From the image of process 0 to the parts of all, and back --- */

/* Voxels in a layer of the box of @process. */
static gsize
layer_of (const OssPetscJob *self, int process, gsize begin[3], gsize end[3])
{
  oss_voxel_share_own (&self->shared.share, 0, process, begin, end);
  return (end[0] - begin[0]) * (end[1] - begin[1]);
}

static void
send_moduli (const OssPetscJob *self, const OssVoxelModel *model, const OssVoxelBits *bits, float *own)
{
  for (int process = 0; process < oss_processes.n_ranks; process++)
    {
      gsize begin[3], end[3], n = layer_of (self, process, begin, end);
      g_autofree float *plane = g_new (float, n);
      for (gsize z = begin[2]; z < end[2]; z++)
        {
          oss_voxel_share_plane (model, bits, begin, end, z, process > 0 ? plane : own + (z - begin[2]) * n);
          if (process > 0)
            oss_processes.module->send (plane, n * sizeof *plane, process);
        }
    }
}

static void
receive_moduli (const OssPetscJob *self, float *own)
{
  gsize begin[3], end[3], n = layer_of (self, oss_processes.rank, begin, end);

  for (gsize z = 0; z < end[2] - begin[2]; z++)
    oss_processes.module->receive (own + z * n, n * sizeof *own, 0);
}

static void
collect_field (const OssPetscJob *self, const float *own, float *image)
{
  const gsize *size = self->header.size;

  for (int process = 0; process < oss_processes.n_ranks; process++)
    {
      gsize begin[3], end[3], n = layer_of (self, process, begin, end), width = end[0] - begin[0];
      g_autofree float *plane = g_new (float, n);
      for (gsize z = begin[2]; z < end[2]; z++)
        {
          const float *from = process > 0 ? plane : own + (z - begin[2]) * n;
          if (process > 0)
            oss_processes.module->receive (plane, n * sizeof *plane, process);
          for (gsize y = begin[1]; y < end[1]; y++)
            memcpy (image + (z * size[1] + y) * size[0] + begin[0], from + (y - begin[1]) * width,
                    width * sizeof *image);
        }
    }
}

static void
send_field (const OssPetscJob *self, const float *own)
{
  gsize begin[3], end[3], n = layer_of (self, oss_processes.rank, begin, end);

  for (gsize z = 0; z < end[2] - begin[2]; z++)
    oss_processes.module->send (own + z * n, n * sizeof *own, 0);
}

/* @images: on process 0. */
static gboolean
recover (OssPetscJob *self, const OssVoxelImages *images, GError **error)
{
  float *fields[OSS_VOXEL_SHARED_FIELDS], *image[OSS_VOXEL_SHARED_FIELDS] = { NULL };
  gsize begin[3], end[3], n = layer_of (self, oss_processes.rank, begin, end);

  n *= end[2] - begin[2];
  g_autofree float *room = g_try_new (float, OSS_VOXEL_SHARED_FIELDS *n);
  if (room == NULL)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("There is no memory for the fields."));
  if (!oss_processes_agree (room != NULL, error))
    return FALSE;
  for (gsize i = 0; i < OSS_VOXEL_SHARED_FIELDS; i++)
    fields[i] = room + i * n;
  if (images != NULL)
    memcpy (image,
            (float *const[]){ images->sed_centre_mpa, images->sed_mean_mpa, images->von_mises_mpa,
                              images->displacement_mm[0], images->displacement_mm[1], images->displacement_mm[2] },
            sizeof image);
  if (!oss_processes_agree (oss_voxel_shared_fields (&self->shared, self->x, fields, self->tick, error), error))
    return FALSE;
  for (int i = 0; i < OSS_VOXEL_SHARED_FIELDS; i++)
    if (oss_processes.rank == 0)
      collect_field (self, fields[i], image[i]);
    else
      send_field (self, fields[i]);
  return TRUE;
}

/* Every process's moduli, and its part of the finest level from them. */
static gboolean
share_image (OssPetscJob *self, const OssVoxelModel *model, const OssVoxelBits *bits, GError **error)
{
  gsize begin[3], end[3];

  if (!oss_voxel_share_init (&self->shared.share, self->header.size, self->header.spacing_mm, oss_processes.n_ranks,
                             error))
    return oss_processes_agree (FALSE, error);
  gsize n = layer_of (self, oss_processes.rank, begin, end);
  n *= end[2] - begin[2];
  if (!oss_processes_have_memory ((double) n * sizeof (float), error))
    return FALSE;
  g_autofree float *own = g_try_new0 (float, n);
  if (own == NULL)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("There is no memory for the image."));
  if (!oss_processes_agree (own != NULL, error))
    return FALSE;
  if (oss_processes.rank > 0)
    receive_moduli (self, own);
  else
    send_moduli (self, model, bits, own);
  return oss_voxel_shared_begin (&self->shared, &self->header, own, self->tick, error);
}

static OssVoxelResult *
solve (OssPetscJob *self, const OssVoxelModel *model, const OssVoxelBits *bits, const OssVoxelImages *images,
       GError **error)
{
  gint64 begun = g_get_monotonic_time ();
  gsize n = self->header.n_held;

  if (oss_processes.rank > 0)
    {
      self->held = g_new (OssVoxelFreedom, MAX (n, 1));
      self->held_mm = g_new (double, MAX (n, 1));
    }
  oss_processes.module->broadcast (self->held, n * sizeof *self->held);
  oss_processes.module->broadcast (self->held_mm, n * sizeof *self->held_mm);
  if (!share_image (self, model, bits, error)
      || !oss_voxel_shared_finish (&self->shared, &self->header, self->held, self->tick, error))
    return NULL;
  self->result = g_new0 (OssVoxelResult, 1);
  if (!oss_petsc_set_load (self, error) || !oss_petsc_iterate (self, error))
    return NULL;
  oss_petsc_finish (self);
  if (self->header.fields && self->result->converged && !recover (self, images, error))
    return NULL;
  self->result->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  return g_steal_pointer (&self->result);
}

static void
job_clear (OssPetscJob *self)
{
  oss_voxel_shared_clear (&self->shared);
  oss_free_aligned (self->x);
  oss_free_aligned (self->b);
  g_free (self->own);
  g_free (self->held);
  g_free (self->held_mm);
  g_clear_pointer (&self->result, oss_voxel_result_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssPetscJob, job_clear)

gboolean
oss_voxel_petsc_serve (const OssTick *tick, GError **error)
{
  g_auto (OssPetscJob) job = { .tick = tick };

  oss_processes.served = TRUE;
  oss_processes.module->broadcast (&job.header, sizeof job.header);
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
                        .n_parts = parts.n_parts,
                        .spacing_mm = { model->spacing_mm[0], model->spacing_mm[1], model->spacing_mm[2] },
                        .poisson = model->poisson,
                        .tolerance = options != NULL && options->tolerance > 0.0 ? options->tolerance : TOLERANCE,
                        .max_iterations =
                            options != NULL && options->max_iterations > 0 ? options->max_iterations : MAX_ITERATIONS };
  job.held = g_memdup2 (model->held, model->n_held * sizeof *model->held);
  job.held_mm = g_memdup2 (load->held_mm, model->n_held * sizeof *load->held_mm);
  oss_processes.served = TRUE;
  oss_processes.module->broadcast (&job.header, sizeof job.header);
  OssVoxelResult *result = solve (&job, model, &bits, fields, error);
  *info = job.shared.info;
  info->n_islands = parts.n_islands;
  info->n_island_voxels = parts.n_island_voxels;
  return result;
}
