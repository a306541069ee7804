/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

void
oss_voxel_places (OssVoxelPlace places[27])
{
  memset (places, 0, 27 * sizeof *places);
  for (int place = 0; place < 27; place++)
    {
      const int at[3] = { place % 3, place / 3 % 3, place / 9 };
      for (int corner = 0; corner < 8; corner++)
        {
          float weight = 1.0f;
          for (int k = 0; k < 3; k++)
            weight *= at[k] == 1 ? 0.5f : at[k] == 2 * (corner >> k & 1) ? 1.0f : 0.0f;
          if (weight > 0.0f)
            {
              places[place].corner[places[place].n] = (guint8) corner;
              places[place].weight[places[place].n++] = weight;
            }
        }
    }
}

typedef struct
{
  const OssVoxelLevel *fine, *coarse;
  const float *from;
  float *to;
  /* All corners of a place, its lower ones and its upper ones along z. */
  OssVoxelPlace all[27], half[2][27];
} Transfer;

static void
transfer_init (Transfer *self, const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to)
{
  *self = (Transfer){ .fine = fine, .coarse = coarse, .from = from, .to = to };
  oss_voxel_places (self->all);
  for (int place = 0; place < 27; place++)
    for (int i = 0; i < self->all[place].n; i++)
      {
        OssVoxelPlace *half = &self->half[self->all[place].corner[i] >> 2][place];
        half->corner[half->n] = self->all[place].corner[i];
        half->weight[half->n++] = self->all[place].weight[i];
      }
}

/* Planes of the finer level that plane @at of the coarse one moves, in order, and which corners that takes: 0 lower,
 * 1 upper, 2 all. */
static int
moved_planes (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, gsize at, gsize plane[3], int which[3])
{
  gsize size = fine->size[2], middle = at * coarse->factor[2];
  int n = 0;

  if (coarse->factor[2] == 2 && (middle > 0 || fine->periodic[2]))
    {
      plane[n] = middle > 0 ? middle - 1 : size - 1;
      which[n] = 1;
      n += plane[n] <= size;
    }
  if (middle <= size)
    {
      plane[n] = middle;
      which[n++] = 2;
    }
  if (coarse->factor[2] == 2 && middle < size)
    {
      plane[n] = middle + 1;
      which[n++] = 0;
    }
  return n;
}

/* Adds the nodes of a row of the finer level to a plane of the coarse one; @n: without the copy at the end. */
static void
restrict_row (const Transfer *self, const OssVoxelPlace *places, gsize row, gsize n)
{
  const OssVoxelLevel *fine = self->fine, *coarse = self->coarse;
  gsize step, stride = oss_voxel_strides (fine, row, &step);
  const float *from = self->from + 3 * fine->row_start[row];
  const guint32 *parent = fine->parent + fine->row_start[row];

  for (gsize i = 0; i < n; i++)
    {
      const OssVoxelPlace *place = &places[parent[i] & 31];
      const gint32 *corner = coarse->corner + 8 * (gsize) (parent[i] >> 5);
      float x = from[step * i], y = from[stride + step * i], z = from[2 * stride + step * i];
      for (int c = 0; c < place->n; c++)
        {
          float *at = self->to + 3 * (gsize) corner[place->corner[c]], weight = place->weight[c];
          at[0] += weight * x;
          at[1] += weight * y;
          at[2] += weight * z;
        }
    }
}

static void
restrict_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Transfer *self = data;
  const OssVoxelLevel *fine = self->fine, *coarse = self->coarse;
  gboolean copies = fine->corner == NULL;

  for (gsize coarse_plane = begin; coarse_plane < end; coarse_plane++)
    {
      gsize plane[3], first = oss_voxel_plane_start (coarse, coarse_plane);
      int which[3], n = moved_planes (fine, coarse, coarse_plane, plane, which);
      memset (self->to + first, 0, (oss_voxel_plane_start (coarse, coarse_plane + 1) - first) * sizeof (float));
      for (int p = 0; p < n; p++)
        {
          const OssVoxelPlace *places = which[p] == 2 ? self->all : self->half[which[p]];
          gsize rows = fine->rows - (copies && fine->periodic[1] ? 1 : 0);
          for (gsize row = plane[p] * fine->rows; row < plane[p] * fine->rows + rows; row++)
            {
              gsize nodes = oss_voxel_row_nodes (fine, row);
              if (copies && fine->periodic[0] && (fine->node_bits[row * fine->words] & 1) != 0)
                nodes--;
              restrict_row (self, places, row, nodes);
            }
        }
    }
}

void
oss_voxel_restrict (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to)
{
  Transfer transfer;

  transfer_init (&transfer, fine, coarse, from, to);
  oss_parallel_for (coarse->planes, fine->n_nodes < 8000 ? coarse->planes : 2, restrict_planes, &transfer);
}

static void
prolong_row (const Transfer *self, gsize row)
{
  const OssVoxelLevel *fine = self->fine, *coarse = self->coarse;
  gsize step, n = oss_voxel_row_nodes (fine, row), stride = oss_voxel_strides (fine, row, &step);
  const guint32 *parent = fine->parent + fine->row_start[row];
  float *to = self->to + 3 * fine->row_start[row];

  for (gsize i = 0; i < n; i++)
    {
      const OssVoxelPlace *place = &self->all[parent[i] & 31];
      const gint32 *corner = coarse->corner + 8 * (gsize) (parent[i] >> 5);
      float x = 0.0f, y = 0.0f, z = 0.0f;
      for (int c = 0; c < place->n; c++)
        {
          const float *from = self->from + 3 * (gsize) corner[place->corner[c]], weight = place->weight[c];
          x += weight * from[0];
          y += weight * from[1];
          z += weight * from[2];
        }
      to[step * i] += x;
      to[stride + step * i] += y;
      to[2 * stride + step * i] += z;
    }
}

static void
prolong_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Transfer *self = data;
  const OssVoxelLevel *fine = self->fine;

  for (gsize plane = begin; plane < end; plane++)
    {
      for (gsize row = plane * fine->rows; row < (plane + 1) * fine->rows; row++)
        prolong_row (self, row);
      for (gsize i = fine->fixed_plane[plane]; i < fine->fixed_plane[plane + 1]; i++)
        self->to[fine->fixed[i]] = 0.0f;
    }
}

void
oss_voxel_prolong (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to)
{
  Transfer transfer;

  transfer_init (&transfer, fine, coarse, from, to);
  oss_parallel_for (fine->planes, fine->n_nodes < 8000 ? fine->planes : 2, prolong_planes, &transfer);
}
