/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

gboolean
oss_voxel_build_coarse (OssVoxelSystem *self, const OssTick *tick, GError **error)
{
  return TRUE;
}

double
oss_voxel_cycle_bytes (const OssVoxelSystem *self)
{
  double bytes = 0.0;
  for (int l = 0; l < self->n_levels; l++)
    bytes += 3.0 * (double) self->level[l]->n_nodes * 3.0 * sizeof (float);
  return bytes;
}

gboolean
oss_voxel_cycle_prepare (OssVoxelSystem *self, GError **error)
{
  for (int l = 0; l < self->n_levels; l++)
    {
      OssVoxelLevel *level = self->level[l];
      gsize n = 3 * level->n_nodes + OSS_VOXEL_PAD;
      if (level->x == NULL
          && ((level->x = oss_alloc_aligned (n, sizeof (float), _ ("the voxel solver"), error)) == NULL
              || (level->y = oss_alloc_aligned (n, sizeof (float), _ ("the voxel solver"), error)) == NULL
              || (level->b = oss_alloc_aligned (n, sizeof (float), _ ("the voxel solver"), error)) == NULL))
        return FALSE;
    }
  return TRUE;
}

/* The diagonal alone. */
static void
scale_rows (gsize begin, gsize end, guint thread, void *data)
{
  const OssVoxelLevel *level = data;
  for (gsize row = begin; row < end; row++)
    {
      gsize n = oss_voxel_row_nodes (level, row), at = 3 * level->row_start[row];
      for (gsize c = 0; c < 3; c++)
        for (gsize i = 0; i < n; i++)
          level->x[at + c * n + i] =
              level->b[at + c * n + i] * level->inverse_modulus[level->row_start[row] + i] / (float) level->diagonal[c];
    }
}

float *
oss_voxel_cycle (OssVoxelSystem *self, const OssTick *tick)
{
  OssVoxelLevel *level = self->level[0];
  oss_parallel_for (level->points[1] * level->points[2], 64, scale_rows, level);
  return oss_tick_stopped (tick) ? NULL : level->x;
}
