/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

gboolean
oss_voxel_work_prepare (OssVoxelWork *self, gsize nodes, GError **error)
{
  guint threads = oss_parallel_threads ();
  gsize bytes = 2 * (4 * nodes + OSS_VOXEL_PAD) * sizeof (double);

  if (self->n >= threads && self->bytes >= bytes)
    return TRUE;
  oss_voxel_work_clear (self);
  self->buffer = g_new0 (void *, threads);
  self->bytes = bytes;
  for (self->n = 0; self->n < threads; self->n++)
    {
      self->buffer[self->n] = oss_alloc_aligned (bytes, 1, _ ("the voxel solver"), error);
      if (self->buffer[self->n] == NULL)
        return FALSE;
    }
  return TRUE;
}

void
oss_voxel_work_clear (OssVoxelWork *self)
{
  for (guint i = 0; i < self->n; i++)
    oss_free_aligned (self->buffer[i]);
  g_clear_pointer (&self->buffer, g_free);
  self->n = 0;
}

/* Four numbers a node to three, in place: a node is written where only itself or earlier ones were. */
#define PACK(NAME, REAL)                                                                                               \
  static void NAME (REAL *ax, gsize n)                                                                                 \
  {                                                                                                                    \
    for (gsize i = 0; i < n; i++)                                                                                      \
      {                                                                                                                \
        REAL node[4];                                                                                                  \
        memcpy (node, ax + 4 * i, sizeof node);                                                                        \
        memcpy (ax + 3 * i, node, sizeof node);                                                                        \
      }                                                                                                                \
  }

PACK (pack_float, float)
PACK (pack_double, double)

/* Copies of periodic points: the sums of both places go to both.  One for each precision. */
#define FOLD(NAME, REAL)                                                                                               \
  static void NAME (const OssVoxelLevel *level, gsize plane, REAL *ax)                                                 \
  {                                                                                                                    \
    gsize first_row = plane * level->points[1], last_row = first_row + level->size[1];                                 \
    gsize base = oss_voxel_plane_start (level, plane);                                                                 \
    for (gsize row = first_row; level->periodic[0] && row <= last_row; row++)                                          \
      for (gsize c = 0; (level->node_bits[row * level->words] & 1) != 0 && c < 3; c++)                                 \
        {                                                                                                              \
          REAL *a = ax + (3 * level->row_start[row] - base + c), *b = a + 3 * (oss_voxel_row_nodes (level, row) - 1);  \
          *a = *b = *a + *b;                                                                                           \
        }                                                                                                              \
    if (level->periodic[1])                                                                                            \
      for (gsize i = 0; i < 3 * oss_voxel_row_nodes (level, first_row); i++)                                           \
        {                                                                                                              \
          REAL *a = ax + i, *b = ax + (3 * level->row_start[last_row] - base) + i;                                     \
          *a = *b = *a + *b;                                                                                           \
        }                                                                                                              \
  }

FOLD (fold_float, float)
FOLD (fold_double, double)

static void
constrain (const OssVoxelSweep *self, gsize plane, gsize begin, void *ax)
{
  const OssVoxelLevel *level = self->level;

  for (gsize i = level->fixed_plane[plane]; i < level->fixed_plane[plane + 1]; i++)
    if (self->precision == OSS_VOXEL_FLOAT)
      ((float *) ax)[level->fixed[i] - begin] = 0.0f;
    else
      ((double *) ax)[level->fixed[i] - begin] = 0.0;
}

static void
finish_plane (const OssVoxelSweep *self, gsize plane, void *ax)
{
  const OssVoxelLevel *level = self->level;
  gsize begin = oss_voxel_plane_start (level, plane), end = oss_voxel_plane_start (level, plane + 1);

  if (self->precision == OSS_VOXEL_FLOAT)
    pack_float (ax, (end - begin) / 3);
  else
    pack_double (ax, (end - begin) / 3);
  if (level->corner == NULL && (level->periodic[0] || level->periodic[1]))
    {
      if (self->precision == OSS_VOXEL_FLOAT)
        fold_float (level, plane, ax);
      else
        fold_double (level, plane, ax);
    }
  if (self->constrained && level->n_fixed > 0)
    constrain (self, plane, begin, ax);
  self->finish (self, plane, begin, end - begin, ax);
}

static void
add_layer (const OssVoxelSweep *self, gsize z, void *lower, void *upper)
{
  const OssVoxelLevel *level = self->level;
  OssVoxelRowFunc row = oss_voxel_kernels ()->row[self->precision];

  if (level->corner != NULL)
    {
      oss_voxel_kernels ()->octants (level, z, self->u, lower, upper);
      return;
    }
  for (gsize y = 0; y < level->size[1]; y++)
    {
      gsize r = z * level->size[1] + y;
      if (level->run_start[r] == level->run_start[r + 1])
        continue;
      if (self->plain)
        oss_voxel_row_plain (level, y, z, self->u, lower, upper);
      else
        row (level, y, z, self->u, lower, upper);
    }
}

typedef struct
{
  const OssVoxelSweep *sweep;
  OssVoxelWork *work;
} Pass;

/* Planes @begin .. @end - 1 of nodes; the layer of elements below the first is worked out here too. */
static void
sweep_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *pass = data;
  const OssVoxelSweep *self = pass->sweep;
  const OssVoxelLevel *level = self->level;
  gsize size = self->precision == OSS_VOXEL_FLOAT ? sizeof (float) : sizeof (double);
  gsize room = (4 * level->largest_plane + OSS_VOXEL_PAD) * size, layers = level->size[2];
  char *lower = pass->work->buffer[thread], *upper = lower + room;

  for (gsize plane = begin; plane < end && !oss_tick_stopped (pass->work->tick); plane++)
    {
      gsize above = plane < layers ? plane : 0;
      if (plane == begin)
        {
          memset (upper, 0, room);
          if (plane > 0 || level->periodic[2])
            add_layer (self, plane > 0 ? plane - 1 : layers - 1, lower, upper);
        }
      char *swap = lower;
      lower = upper;
      upper = swap;
      memset (upper, 0, room);
      if (plane < layers || level->periodic[2])
        add_layer (self, above, lower, upper);
      finish_plane (self, plane, lower);
    }
}

void
oss_voxel_sweep (const OssVoxelSweep *self, OssVoxelWork *work)
{
  Pass pass = { self, work };
  gsize planes = self->level->planes, threads = MIN (oss_parallel_threads (), work->n);
  gsize grain = CLAMP (planes / (3 * threads), 6, 32);

  if (self->level->n_elements < 2000)
    grain = planes; /* waking the others takes longer */
  oss_parallel_for (planes, grain, sweep_planes, &pass);
}

double
oss_voxel_sum_planes (const OssVoxelLevel *level, const double *sum)
{
  double total = 0.0;
  gsize planes = level->periodic[2] ? level->size[2] : level->planes;
  for (gsize plane = 0; plane < planes; plane++)
    total += sum[plane];
  return total;
}
