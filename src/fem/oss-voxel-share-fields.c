/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-share.h"

#include <math.h>

/* What oss_voxel_fields() gives of the elements of a box, and the corners they were made of. */
typedef struct
{
  const OssVoxelBox *box;
  OssVoxelSystem system; /* of which oss_voxel_fields() needs the level alone */
  double *displacement;  /* [nodes of the box][3] */
  double *value[3];      /* [elements of the box] */
  guint64 *voxel;
  float **fields;
} Recovery;

static void
recovery_clear (Recovery *self)
{
  oss_free_aligned (self->displacement);
  for (int i = 0; i < 3; i++)
    oss_free_aligned (self->value[i]);
  oss_free_aligned (self->voxel);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recovery, recovery_clear)

static gboolean
take_room (Recovery *self, GError **error)
{
  const OssVoxelLevel *level = self->box->voxels;
  gboolean done =
      (self->displacement = oss_alloc_aligned (3 * level->n_nodes + 1, sizeof (double), _ ("the results"), error))
          != NULL
      && (self->voxel = oss_alloc_aligned (level->n_elements + 1, sizeof (guint64), _ ("the results"), error)) != NULL;

  for (int i = 0; i < 3 && done; i++)
    done =
        (self->value[i] = oss_alloc_aligned (level->n_elements + 1, sizeof (double), _ ("the results"), error)) != NULL;
  return done;
}

static void
take_displacement (Recovery *self, const double *lattice)
{
  const OssVoxelBox *box = self->box;
  double *to = self->displacement;

  for (gsize row = 0; row < box->points[1] * box->points[2]; row++)
    {
      const double *from = lattice + 3 * row * box->points[0];
      gsize first, stop = 0;
      while (
          oss_voxel_next_run (box->voxels->node_bits + row * box->voxels->words, box->points[0], stop, &first, &stop))
        for (gsize i = 3 * first; i < 3 * stop; i++)
          *to++ = from[i];
    }
}

/* Place of a box element among the own points, or G_MAXSIZE when it is a neighbour's. */
static gsize
own_place (const OssVoxelBox *box, guint64 voxel)
{
  gsize at[3] = { voxel % box->voxels->size[0], voxel / box->voxels->size[0] % box->voxels->size[1],
                  voxel / (box->voxels->size[0] * box->voxels->size[1]) };

  for (int k = 0; k < 3; k++)
    if (at[k] < box->low[k] || at[k] >= box->high[k])
      return G_MAXSIZE;
  return ((at[2] - box->low[2]) * (box->high[1] - box->low[1]) + at[1] - box->low[1]) * (box->high[0] - box->low[0])
         + at[0] - box->low[0];
}

static void
store (gsize element, const gsize nodes[8], guint thread, void *data)
{
  const Recovery *self = data;
  gsize place = own_place (self->box, self->voxel[element]);

  if (place == G_MAXSIZE)
    return;
  for (int i = 0; i < 3; i++)
    self->fields[i][place] = (float) self->value[i][element];
  for (gsize c = 0; c < 3; c++)
    {
      double sum = 0.0;
      for (int a = 0; a < 8; a++)
        sum += self->displacement[3 * nodes[a] + c];
      self->fields[3 + c][place] = (float) (sum / 8.0);
    }
}

gboolean
oss_voxel_box_fields (const OssVoxelBox *self, const double *lattice, double poisson,
                      float *fields[OSS_VOXEL_BOX_FIELDS], const OssTick *tick, GError **error)
{
  g_auto (Recovery) recovery = { .box = self,
                                 .system = { .n_levels = 1, .level = { self->voxels }, .poisson = poisson },
                                 .fields = fields };
  gsize n = 1;

  for (int k = 0; k < 3; k++)
    n *= self->high[k] - self->low[k];
  for (int i = 0; i < OSS_VOXEL_BOX_FIELDS; i++)
    for (gsize j = 0; j < n; j++)
      fields[i][j] = NAN;
  if (!take_room (&recovery, error))
    return FALSE;
  take_displacement (&recovery, lattice);
  OssVoxelFields wanted = { .sed_centre_mpa = recovery.value[0],
                            .sed_mean_mpa = recovery.value[1],
                            .von_mises_mpa = recovery.value[2] };
  oss_voxel_system_element_voxels (&recovery.system, recovery.voxel);
  return oss_voxel_fields (&recovery.system, recovery.displacement, NULL, &wanted, tick, error)
         && oss_voxel_system_visit (&recovery.system, store, &recovery, tick, error);
}
