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

/* The components of a node, and a number of no use. */
typedef float Node __attribute__ ((vector_size (16)));

typedef struct
{
  const OssVoxelLevel *fine, *coarse;
  const float *from;
  float *to;
  gboolean add; /* interpolation: to what is there */
  OssVoxelWork *work;
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

static inline Node
node_at (const float *at)
{
  Node node;
  memcpy (&node, at, sizeof node);
  return node;
}

/* Adds @n nodes of the finer level to the sums of a plane of the coarse one, of which @first is the first node. */
static void
restrict_nodes (const Transfer *self, const OssVoxelPlace *places, gsize node, gsize n, gsize first, Node *sum)
{
  const float *from = self->from + 3 * node;
  const guint32 *parent = self->fine->parent + node;

  for (gsize i = 0; i < n; i++)
    {
      const OssVoxelPlace *place = &places[parent[i] & 31];
      const gint32 *corner = self->coarse->corner + 8 * (gsize) (parent[i] >> 5);
      Node value = node_at (from + 3 * i);
      for (int c = 0; c < place->n; c++)
        sum[(gsize) corner[place->corner[c]] - first] += place->weight[c] * value;
    }
}

/* A plane of the finer level; copies of periodic points are left out. */
static void
restrict_plane (const Transfer *self, const OssVoxelPlace *places, gsize plane, gsize first, Node *sum)
{
  const OssVoxelLevel *fine = self->fine;
  gboolean copies = fine->corner == NULL && (fine->periodic[0] || fine->periodic[1]);
  gsize rows = fine->rows - (copies && fine->periodic[1] ? 1 : 0), begin = fine->row_start[plane * fine->rows];

  if (!copies)
    restrict_nodes (self, places, begin, fine->row_start[(plane + 1) * fine->rows] - begin, first, sum);
  for (gsize row = plane * fine->rows; copies && row < plane * fine->rows + rows; row++)
    {
      gboolean copy = fine->periodic[0] && (fine->node_bits[row * fine->words] & 1) != 0;
      restrict_nodes (self, places, fine->row_start[row], oss_voxel_row_nodes (fine, row) - (copy ? 1 : 0), first, sum);
    }
}

static void
restrict_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Transfer *self = data;
  Node *sum = self->work->buffer[thread];

  for (gsize coarse_plane = begin; coarse_plane < end; coarse_plane++)
    {
      gsize plane[3], first = self->coarse->row_start[coarse_plane], nodes = self->coarse->row_start[coarse_plane + 1];
      int which[3], n = moved_planes (self->fine, self->coarse, coarse_plane, plane, which);
      memset (sum, 0, (nodes - first) * sizeof *sum);
      for (int p = 0; p < n; p++)
        restrict_plane (self, which[p] == 2 ? self->all : self->half[which[p]], plane[p], first, sum);
      for (gsize i = first; i < nodes; i++)
        memcpy (self->to + 3 * i, &sum[i - first], 3 * sizeof (float));
    }
}

void
oss_voxel_restrict (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to,
                    OssVoxelWork *work)
{
  Transfer transfer;

  transfer_init (&transfer, fine, coarse, from, to);
  transfer.work = work;
  oss_parallel_for (coarse->planes, fine->n_nodes < 8000 ? coarse->planes : 2, restrict_planes, &transfer);
}

static inline Node
prolong_node (const Transfer *self, guint32 parent)
{
  const OssVoxelPlace *place = &self->all[parent & 31];
  const gint32 *corner = self->coarse->corner + 8 * (gsize) (parent >> 5);
  Node value = { 0.0f };

  for (int c = 0; c < place->n; c++)
    value += place->weight[c] * node_at (self->from + 3 * (gsize) corner[place->corner[c]]);
  return value;
}

/* Four nodes are three whole vectors. */
static void
prolong_nodes (const Transfer *self, gsize begin, gsize end)
{
  const guint32 *parent = self->fine->parent;
  gsize i = begin;

  for (; i + 4 <= end; i += 4)
    {
      Node a = prolong_node (self, parent[i]), b = prolong_node (self, parent[i + 1]),
           c = prolong_node (self, parent[i + 2]), d = prolong_node (self, parent[i + 3]);
      const Node whole[3] = { __builtin_shufflevector (a, b, 0, 1, 2, 4), __builtin_shufflevector (b, c, 1, 2, 4, 5),
                              __builtin_shufflevector (c, d, 2, 4, 5, 6) };
      for (gsize k = 0; k < 3; k++)
        {
          float *to = self->to + 3 * i + 4 * k;
          Node sum = self->add ? node_at (to) + whole[k] : whole[k];
          memcpy (to, &sum, sizeof sum);
        }
    }
  for (; i < end; i++)
    {
      Node value = prolong_node (self, parent[i]);
      for (gsize c = 0; c < 3; c++)
        self->to[3 * i + c] = (self->add ? self->to[3 * i + c] : 0.0f) + value[c];
    }
}

static void
prolong_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Transfer *self = data;
  const OssVoxelLevel *fine = self->fine;

  for (gsize plane = begin; plane < end; plane++)
    {
      prolong_nodes (self, fine->row_start[plane * fine->rows], fine->row_start[(plane + 1) * fine->rows]);
      for (gsize i = fine->fixed_plane[plane]; i < fine->fixed_plane[plane + 1]; i++)
        self->to[fine->fixed[i]] = 0.0f;
    }
}

static void
prolong (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to, gboolean add)
{
  Transfer transfer;

  transfer_init (&transfer, fine, coarse, from, to);
  transfer.add = add;
  oss_parallel_for (fine->planes, fine->n_nodes < 8000 ? fine->planes : 2, prolong_planes, &transfer);
}

void
oss_voxel_prolong (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to)
{
  prolong (fine, coarse, from, to, TRUE);
}

void
oss_voxel_interpolate (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to)
{
  prolong (fine, coarse, from, to, FALSE);
}
