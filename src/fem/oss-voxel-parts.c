/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

/* Parts of the bone by runs of voxels along x: two runs belong together when they share a face (union-find with
 * path halving; the lower number becomes the root, so that the outcome does not depend on the order). */
typedef struct
{
  const OssVoxelModel *model;
  OssVoxelBits *bits;
  gsize *start; /* [rows + 1] */
  guint16 *first, *end;
  guint32 *parent;
  gsize *voxels; /* of each root */
  guint8 *kept;
} Parts;

static void
parts_clear (Parts *self)
{
  oss_free_aligned (self->start);
  oss_free_aligned (self->first);
  oss_free_aligned (self->end);
  oss_free_aligned (self->parent);
  oss_free_aligned (self->voxels);
  oss_free_aligned (self->kept);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)

static guint32
find (Parts *self, guint32 run)
{
  while (self->parent[run] != run)
    {
      self->parent[run] = self->parent[self->parent[run]];
      run = self->parent[run];
    }
  return run;
}

static void
unite (Parts *self, guint32 a, guint32 b)
{
  a = find (self, a);
  b = find (self, b);
  if (a != b)
    self->parent[MAX (a, b)] = MIN (a, b);
}

static gboolean
list_runs (Parts *self, GError **error)
{
  const OssVoxelBits *bits = self->bits;
  gsize rows = bits->size[1] * bits->size[2], first, end, n = 0;

  self->start = oss_alloc_aligned (rows + 1, sizeof *self->start, _ ("the parts of the bone"), error);
  if (self->start == NULL)
    return FALSE;
  for (gsize row = 0; row < rows; row++)
    {
      for (end = 0; oss_voxel_next_run (bits->bits + row * bits->words, bits->size[0], end, &first, &end);)
        n++;
      self->start[row + 1] = n;
    }
  if ((self->first = oss_alloc_aligned (n, sizeof *self->first, _ ("the parts of the bone"), error)) == NULL
      || (self->end = oss_alloc_aligned (n, sizeof *self->end, _ ("the parts of the bone"), error)) == NULL
      || (self->parent = oss_alloc_aligned (n, sizeof *self->parent, _ ("the parts of the bone"), error)) == NULL
      || (self->voxels = oss_alloc_aligned (n, sizeof *self->voxels, _ ("the parts of the bone"), error)) == NULL
      || (self->kept = oss_alloc_aligned (n, sizeof *self->kept, _ ("the parts of the bone"), error)) == NULL)
    return FALSE;
  n = 0;
  for (gsize row = 0; row < rows; row++)
    for (end = 0; oss_voxel_next_run (bits->bits + row * bits->words, bits->size[0], end, &first, &end); n++)
      {
        self->first[n] = (guint16) first;
        self->end[n] = (guint16) end;
        self->parent[n] = (guint32) n;
      }
  return TRUE;
}

/* Runs of two rows that lie side by side. */
static void
unite_rows (Parts *self, gsize row_a, gsize row_b)
{
  gsize a = self->start[row_a], b = self->start[row_b];

  while (a < self->start[row_a + 1] && b < self->start[row_b + 1])
    {
      if (self->first[a] < self->end[b] && self->first[b] < self->end[a])
        unite (self, (guint32) a, (guint32) b);
      if (self->end[a] < self->end[b])
        a++;
      else
        b++;
    }
}

static gboolean
unite_all (Parts *self, const OssTick *tick)
{
  const gsize *size = self->bits->size;

  for (gsize z = 0; z < size[2]; z++)
    {
      if (oss_tick_stopped (tick))
        return FALSE;
      for (gsize y = 0; y < size[1]; y++)
        {
          gsize row = z * size[1] + y, first = self->start[row], last = self->start[row + 1];
          if (y > 0 || self->model->periodic[1])
            unite_rows (self, row, y > 0 ? row - 1 : row + size[1] - 1);
          if (z > 0 || self->model->periodic[2])
            unite_rows (self, row, z > 0 ? row - size[1] : row + (size[2] - 1) * size[1]);
          if (self->model->periodic[0] && last > first && self->first[first] == 0 && self->end[last - 1] == size[0])
            unite (self, (guint32) first, (guint32) last - 1);
        }
    }
  return TRUE;
}

/* Keeps the part of the voxel at (x, y, z), if it is one. */
static void
keep_voxel (Parts *self, gsize x, gsize y, gsize z)
{
  gsize row = z * self->bits->size[1] + y;
  for (gsize run = self->start[row]; run < self->start[row + 1] && self->first[run] <= x; run++)
    if (x < self->end[run])
      self->kept[find (self, (guint32) run)] = TRUE;
}

static void
keep_around (Parts *self, const OssVoxelFreedom *freedoms, gsize n)
{
  const gsize *size = self->bits->size;
  gsize voxel[3];

  for (gsize i = 0; i < n; i++)
    for (int corner = 0; corner < 8; corner++)
      {
        gboolean inside = TRUE;
        for (int k = 0; k < 3 && inside; k++)
          {
            gsize at = (gsize) freedoms[i].at[k];
            if (corner >> k & 1)
              voxel[k] = at < size[k] ? at : 0;
            else
              voxel[k] = at > 0 ? at - 1 : size[k] - 1;
            inside = self->model->periodic[k] || (corner >> k & 1 ? at < size[k] : at > 0);
          }
        if (inside)
          keep_voxel (self, voxel[0], voxel[1], voxel[2]);
      }
}

static void
keep_largest (Parts *self, gsize n)
{
  gsize largest = 0;
  for (gsize run = 0; run < n; run++)
    {
      if (self->kept[run])
        return;
      if (self->voxels[run] > self->voxels[largest])
        largest = run;
    }
  if (n > 0)
    self->kept[largest] = TRUE;
}

static void
clear_run (guint64 *row, gsize first, gsize end)
{
  for (gsize x = first; x < end; x++)
    row[x / 64] &= ~((guint64) 1 << x % 64);
}

static void
drop_islands (Parts *self, OssVoxelParts *parts)
{
  gsize rows = self->bits->size[1] * self->bits->size[2];

  for (gsize row = 0; row < rows; row++)
    for (gsize run = self->start[row]; run < self->start[row + 1]; run++)
      {
        guint32 root = find (self, (guint32) run);
        if (root == run && self->kept[root])
          parts->n_parts++;
        if (self->kept[root])
          continue;
        parts->n_islands += root == run;
        parts->n_island_voxels += (gsize) (self->end[run] - self->first[run]);
        if (self->model->remove_islands)
          clear_run (self->bits->bits + row * self->bits->words, self->first[run], self->end[run]);
      }
}

gboolean
oss_voxel_remove_islands (const OssVoxelModel *model, OssVoxelBits *bits, OssVoxelParts *parts, const OssTick *tick,
                          GError **error)
{
  g_auto (Parts) self = { .model = model, .bits = bits };

  memset (parts, 0, sizeof *parts);
  if (!list_runs (&self, error))
    return FALSE;
  if (!unite_all (&self, tick))
    return oss_tick_cancelled (error);
  gsize n = self.start[bits->size[1] * bits->size[2]];
  for (gsize run = 0; run < n; run++)
    self.voxels[find (&self, (guint32) run)] += (gsize) (self.end[run] - self.first[run]);
  keep_around (&self, model->held, model->n_held);
  keep_around (&self, model->loaded, model->n_loaded);
  keep_largest (&self, n);
  drop_islands (&self, parts);
  if (parts->n_islands > 0 && !model->remove_islands)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   OSS_NGETTEXT ("%zu voxels in %zu part do not hang together by faces with what is held or loaded. "
                                 "Remove the islands, or hold them.",
                                 "%zu voxels in %zu parts do not hang together by faces with what is held or loaded. "
                                 "Remove the islands, or hold them.",
                                 parts->n_islands),
                   parts->n_island_voxels, parts->n_islands);
      return FALSE;
    }
  return TRUE;
}
