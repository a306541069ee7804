/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

/* Sums run in eight strands that are added at the end: a fixed order the compiler can put into vectors. */
#define STRANDS 8
#define DOT(NAME, A, B)                                                                                                \
  static double NAME (const A *a, const B *b, gsize n)                                                                 \
  {                                                                                                                    \
    double strand[STRANDS] = { 0.0 }, sum = 0.0;                                                                       \
    gsize i = 0;                                                                                                       \
    for (; i + STRANDS <= n; i += STRANDS)                                                                             \
      for (int s = 0; s < STRANDS; s++)                                                                                \
        strand[s] += (double) a[i + (gsize) s] * (double) b[i + (gsize) s];                                            \
    for (; i < n; i++)                                                                                                 \
      sum += (double) a[i] * (double) b[i];                                                                            \
    for (int s = 0; s < STRANDS; s++)                                                                                  \
      sum += strand[s];                                                                                                \
    return sum;                                                                                                        \
  }

DOT (dot_double, double, double)
DOT (dot_mixed, float, double)
DOT (dot_float, float, float)

#define PLANE_DOT(NAME, A, B, DOT_NAME)                                                                                \
  double NAME (const OssVoxelLevel *level, gsize plane, const A *a, const B *b)                                        \
  {                                                                                                                    \
    gsize begin = oss_voxel_plane_start (level, plane), end = oss_voxel_plane_start (level, plane + 1);                \
    if (!level->periodic[0] && !level->periodic[1])                                                                    \
      return DOT_NAME (a, b, end - begin);                                                                             \
    double sum = 0.0;                                                                                                  \
    gsize rows = level->periodic[1] ? level->size[1] : level->points[1];                                               \
    for (gsize row = plane * level->points[1]; row < plane * level->points[1] + rows; row++)                           \
      {                                                                                                                \
        gsize n = oss_voxel_row_nodes (level, row), at = 3 * level->row_start[row] - begin;                            \
        gsize copy = level->periodic[0] && (level->node_bits[row * level->words] & 1) != 0;                            \
        if (n > 0)                                                                                                     \
          sum += DOT_NAME (a + at, b + at, 3 * (n - copy));                                                            \
      }                                                                                                                \
    return sum;                                                                                                        \
  }

PLANE_DOT (oss_voxel_plane_dot, double, double, dot_double)
PLANE_DOT (oss_voxel_plane_dot_mixed, float, double, dot_mixed)
PLANE_DOT (oss_voxel_plane_dot_float, float, float, dot_float)

typedef struct
{
  const OssVoxelSystem *system;
  double gradient[3][3]; /* du_i / dx_k */
  double *vector;
} Homogeneous;

static void
add_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Homogeneous *self = data;
  const OssVoxelLevel *level = self->system->level[0];

  for (gsize row = begin; row < end; row++)
    {
      gsize first, stop = 0;
      double y = (double) (row % level->points[1]) * level->spacing_mm[1],
             z = (double) (row / level->points[1]) * level->spacing_mm[2];
      double *at = self->vector + 3 * level->row_start[row];
      while (oss_voxel_next_run (level->node_bits + row * level->words, level->points[0], stop, &first, &stop))
        for (gsize px = first; px < stop; px++, at += 3)
          for (gsize c = 0; c < 3; c++)
            at[c] += self->gradient[c][0] * (double) px * level->spacing_mm[0] + self->gradient[c][1] * y
                     + self->gradient[c][2] * z;
    }
}

void
oss_voxel_add_homogeneous (const OssVoxelSystem *self, const double strain[6], double factor, double *vector)
{
  Homogeneous homogeneous = { .system = self, .vector = vector };
  double size = 0.0;

  for (int i = 0; i < 6; i++)
    size += strain[i] * strain[i];
  if (!(size > 0.0))
    return;
  for (int k = 0; k < 3; k++)
    {
      homogeneous.gradient[k][k] = factor * strain[k];
      int i = (k + 1) % 3, j = (k + 2) % 3; /* engineering shear: half in each place */
      homogeneous.gradient[i][j] = homogeneous.gradient[j][i] = 0.5 * factor * strain[3 + k];
    }
  oss_parallel_for (self->level[0]->points[1] * self->level[0]->points[2], 64, add_rows, &homogeneous);
}
