/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-share.h"

#include <math.h>

/* What oss_voxel_fields() gives of a part's elements, and the corners they were made of. */
typedef struct
{
  const OssVoxelSystem *system;
  const double *displacement; /* [nodes][3] */
  double *value[3];           /* [elements] */
  guint64 *voxel;
  float **fields;
} Recovery;

static void
recovery_clear (Recovery *self)
{
  for (int i = 0; i < 3; i++)
    oss_free_aligned (self->value[i]);
  oss_free_aligned (self->voxel);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recovery, recovery_clear)

static gboolean
take_room (Recovery *self, GError **error)
{
  const OssVoxelLevel *level = self->system->level[0];
  gboolean done =
      (self->voxel = oss_alloc_aligned (level->n_elements + 1, sizeof (guint64), _ ("the results"), error)) != NULL;

  for (int i = 0; i < 3 && done; i++)
    done =
        (self->value[i] = oss_alloc_aligned (level->n_elements + 1, sizeof (double), _ ("the results"), error)) != NULL;
  return done;
}

static void
store (gsize element, const gsize nodes[8], guint thread, void *data)
{
  const Recovery *self = data;
  guint64 place = self->voxel[element];

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
oss_voxel_shared_fields (OssVoxelShared *self, const double *x, float *fields[OSS_VOXEL_SHARED_FIELDS],
                         const OssTick *tick, GError **error)
{
  const OssVoxelLevel *level = self->cut.level[0];
  g_auto (Recovery) recovery = { .system = &self->cut, .displacement = self->in_use[0], .fields = fields };

  oss_voxel_halo_spread (&self->halo[0], x, self->in_use[0]);
  oss_voxel_halo_sum (&self->halo[0], self->in_use[0]);
  oss_voxel_to_public (&self->cut, self->in_use[0]);
  for (int i = 0; i < OSS_VOXEL_SHARED_FIELDS; i++)
    for (gsize j = 0; j < level->size[0] * level->size[1] * level->size[2]; j++)
      fields[i][j] = NAN;
  if (!take_room (&recovery, error))
    return FALSE;
  OssVoxelFields wanted = { .sed_centre_mpa = recovery.value[0],
                            .sed_mean_mpa = recovery.value[1],
                            .von_mises_mpa = recovery.value[2] };
  oss_voxel_system_element_voxels (&self->cut, recovery.voxel);
  return oss_voxel_fields (&self->cut, recovery.displacement, NULL, &wanted, tick, error)
         && oss_voxel_system_visit (&self->cut, store, &recovery, tick, error);
}
