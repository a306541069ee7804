/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-voxel-share.h"

#include "base/oss-i18n.h"

#include <string.h>

/* A lattice with so few points is the last that is cut: every process then works on the whole of it, which costs less
 * than to exchange its borders. */
#define WHOLE_POINTS 8000.0

static double
count_points (const gsize size[3])
{
  return (double) (size[0] + 1) * (double) (size[1] + 1) * (double) (size[2] + 1);
}

/* Factors of @n whose boxes have the least border; FALSE when there are too few elements for them. */
static gboolean
choose_processes (const gsize size[3], int n, int processes[3])
{
  double least = 0.0;

  for (int i = 1; i <= n; i++)
    for (int j = 1; n % i == 0 && j <= n / i; j++)
      {
        const int trial[3] = { i, j, n / i / j };
        if (n / i % j != 0 || trial[0] > (int) size[0] || trial[1] > (int) size[1] || trial[2] > (int) size[2])
          continue;
        double border = 0.0;
        for (int k = 0; k < 3; k++)
          border += (double) trial[k] / (double) size[k];
        if (least == 0.0 || border < least)
          {
            least = border;
            memcpy (processes, trial, sizeof trial);
          }
      }
  return least > 0.0;
}

/* The factors are those of the solver on one machine, so that the levels are too.  The second level there is always;
 * where one machine would have none, it is a copy. */
static void
choose_levels (OssVoxelShare *self, const gsize size[3], const double spacing_mm[3])
{
  const gboolean periodic[3] = { FALSE, FALSE, FALSE };
  double spacing[3];
  gboolean small = count_points (size) <= OSS_VOXEL_SMALL_NODES;

  memcpy (self->size[0], size, sizeof self->size[0]);
  memcpy (spacing, spacing_mm, sizeof spacing);
  for (self->n_levels = 1; self->n_levels < OSS_VOXEL_MAX_LEVELS; self->n_levels++)
    {
      const gsize *last = self->size[self->n_levels - 1];
      gsize *factor = self->factor[self->n_levels];
      gboolean coarser = oss_voxel_choose_factors (last, spacing, periodic, factor) && !small;
      if (self->n_levels > 1 && (!coarser || count_points (last) <= WHOLE_POINTS))
        break;
      for (int k = 0; k < 3; k++)
        {
          factor[k] = coarser ? factor[k] : 1;
          spacing[k] *= (double) factor[k];
          self->size[self->n_levels][k] = (last[k] + factor[k] - 1) / factor[k];
        }
    }
}

gboolean
oss_voxel_share_init (OssVoxelShare *self, const gsize size[3], const double spacing_mm[3], int n_processes,
                      GError **error)
{
  memset (self, 0, sizeof *self);
  choose_levels (self, size, spacing_mm);
  while (self->n_levels > 1 && !choose_processes (self->size[self->n_levels - 1], n_processes, self->processes))
    self->n_levels--;
  if (self->n_levels > 1)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("An image of %zu × %zu × %zu voxels cannot be shared by %d processes."), size[0], size[1], size[2],
               n_processes);
  return FALSE;
}

static gsize
cut (const OssVoxelShare *self, int level, int axis, int i)
{
  gsize at = self->size[self->n_levels - 1][axis] * (gsize) i / (gsize) self->processes[axis];

  if (i == self->processes[axis])
    return self->size[level][axis];
  for (int l = self->n_levels - 1; l > level; l--)
    at *= self->factor[l][axis];
  return at;
}

void
oss_voxel_share_own (const OssVoxelShare *self, int level, int process, gsize begin[3], gsize end[3])
{
  for (int k = 0; k < 3; process /= self->processes[k], k++)
    {
      int i = process % self->processes[k];
      begin[k] = cut (self, level, k, i);
      end[k] = cut (self, level, k, i + 1);
    }
}

int
oss_voxel_share_neighbours (const OssVoxelShare *self, int process, int neighbour[26])
{
  const int *n = self->processes;
  int at[3] = { process % n[0], process / n[0] % n[1], process / (n[0] * n[1]) }, count = 0;

  for (int z = MAX (at[2] - 1, 0); z <= MIN (at[2] + 1, n[2] - 1); z++)
    for (int y = MAX (at[1] - 1, 0); y <= MIN (at[1] + 1, n[1] - 1); y++)
      for (int x = MAX (at[0] - 1, 0); x <= MIN (at[0] + 1, n[0] - 1); x++)
        if (x != at[0] || y != at[1] || z != at[2])
          neighbour[count++] = (z * n[1] + y) * n[0] + x;
  return count;
}

void
oss_voxel_share_plane (const OssVoxelModel *model, const OssVoxelBits *bits, const gsize begin[3], const gsize end[3],
                       gsize z, float *plane)
{
  OssVoxelImageRow image = { model, bits };
  g_autofree float *row = g_new (float, model->size[0]);
  gsize width = end[0] - begin[0];

  memset (plane, 0, width * (end[1] - begin[1]) * sizeof *plane);
  for (gsize y = begin[1]; y < end[1]; y++)
    {
      const guint64 *marks = oss_voxel_bits_row (bits, y, z);
      const float *from = row;
      gsize first, stop = 0;
      oss_voxel_image_fill (y, z, row, &image);
      while (oss_voxel_next_run (marks, model->size[0], stop, &first, &stop))
        for (gsize x = first; x < stop; x++, from++)
          if (x >= begin[0] && x < end[0])
            plane[(y - begin[1]) * width + x - begin[0]] = *from;
    }
}
