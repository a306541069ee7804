/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-voxel-share.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"

#include <string.h>

/* Points of the coarsest level, which every process factors as a whole. */
#define SMALL_POINTS 1000.0

/* Factors of @n whose boxes have the least border; FALSE when the coarsest level has too few elements for them. */
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

gboolean
oss_voxel_share_init (OssVoxelShare *self, const gsize size[3], int n_processes, GError **error)
{
  memset (self, 0, sizeof *self);
  memcpy (self->size[0], size, sizeof self->size[0]);
  for (self->n_levels = 1; self->n_levels < OSS_VOXEL_MAX_LEVELS; self->n_levels++)
    {
      const gsize *last = self->size[self->n_levels - 1];
      if ((double) (last[0] + 1) * (double) (last[1] + 1) * (double) (last[2] + 1) <= SMALL_POINTS)
        break;
      for (int k = 0; k < 3; k++)
        self->size[self->n_levels][k] = (last[k] + 1) / 2;
    }
  while (self->n_levels > 0 && !choose_processes (self->size[self->n_levels - 1], n_processes, self->processes))
    self->n_levels--;
  if (self->n_levels > 0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("An image of %zu × %zu × %zu voxels cannot be shared by %d processes."), size[0], size[1], size[2],
               n_processes);
  return FALSE;
}

gsize
oss_voxel_share_start (const OssVoxelShare *self, int level, int axis, int i)
{
  gsize units = self->size[self->n_levels - 1][axis], n = (gsize) self->processes[axis];

  if (i == self->processes[axis])
    return self->size[level][axis] + 1;
  return units * (gsize) i / n << (self->n_levels - 1 - level);
}

void
oss_voxel_share_own (const OssVoxelShare *self, int level, int process, gsize begin[3], gsize end[3])
{
  for (int k = 0; k < 3; process /= self->processes[k], k++)
    {
      int i = process % self->processes[k];
      begin[k] = oss_voxel_share_start (self, level, k, i);
      end[k] = oss_voxel_share_start (self, level, k, i + 1);
    }
}

void
oss_voxel_share_plane (const OssVoxelModel *model, const OssVoxelBits *bits, const gsize begin[3], const gsize end[3],
                       gsize z, float *plane)
{
  OssVoxelImageRow image = { model, bits };
  g_autofree float *row = g_new (float, model->size[0]);
  gsize width = end[0] - begin[0];

  memset (plane, 0, width * (end[1] - begin[1]) * sizeof *plane);
  for (gsize y = begin[1]; z < model->size[2] && y < MIN (end[1], model->size[1]); y++)
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

void
oss_voxel_box_init (OssVoxelBox *self, const OssVoxelShare *share, int level, int process)
{
  gsize begin[3], end[3];

  memset (self, 0, sizeof *self);
  oss_voxel_share_own (share, level, process, begin, end);
  for (int k = 0; k < 3; k++)
    {
      self->first[k] = begin[k] > 0 ? begin[k] - 1 : 0;
      self->points[k] = MIN (end[k] + 1, share->size[level][k] + 1) - self->first[k];
      self->low[k] = begin[k] - self->first[k];
      self->high[k] = end[k] - self->first[k];
    }
  self->fixed = g_array_new (FALSE, FALSE, sizeof (OssVoxelOwnFixed));
}

void
oss_voxel_box_clear (OssVoxelBox *self)
{
  g_clear_pointer (&self->voxels, oss_voxel_level_free);
  g_clear_pointer (&self->row_start, g_free);
  g_clear_pointer (&self->u, oss_free_aligned);
  g_clear_pointer (&self->fixed, g_array_unref);
}

/* Own rows are numbered y fastest; the row of the same points in the whole box. */
static gsize
own_rows (const OssVoxelBox *self)
{
  return (self->high[1] - self->low[1]) * (self->high[2] - self->low[2]);
}

static gsize
row_of (const OssVoxelBox *self, gsize own)
{
  gsize width = self->high[1] - self->low[1];
  return (self->low[2] + own / width) * self->points[1] + self->low[1] + own % width;
}

/* The next own nodes of a row that stand side by side. */
static gboolean
next_nodes (const OssVoxelBox *self, gsize row, gsize from, gsize *first, gsize *end)
{
  return oss_voxel_next_run (self->voxels->node_bits + row * self->voxels->words, self->high[0], from, first, end);
}

typedef struct
{
  const OssVoxelBox *self, *other;
  const double *from;
  double *to;
  gboolean constrained;
} Pass;

typedef struct
{
  const double *lattice;
  const OssVoxelBox *box;
} Moduli;

static void
fill_moduli (gsize y, gsize z, float *modulus, void *data)
{
  const Moduli *self = data;
  const double *row = self->lattice + 3 * (z * self->box->points[1] + y) * self->box->points[0];
  for (gsize x = 0; x + 1 < self->box->points[0]; x++)
    if (row[3 * x] > 0.0)
      *modulus++ = (float) row[3 * x];
}

static gboolean
number_own (OssVoxelBox *self, GError **error)
{
  gsize rows = own_rows (self);

  self->row_start = g_try_new0 (gsize, rows + 1);
  self->u =
      oss_alloc_aligned (3 * self->voxels->n_nodes + OSS_VOXEL_PAD, sizeof (double), _ ("the voxel solver"), error);
  if (self->row_start == NULL || self->u == NULL)
    return FALSE;
  for (gsize own = 0; own < rows; own++)
    {
      gsize n = 0, first, end = self->low[0];
      while (next_nodes (self, row_of (self, own), end, &first, &end))
        n += end - first;
      self->row_start[own + 1] = self->row_start[own] + n;
    }
  self->n_nodes = self->row_start[rows];
  return TRUE;
}

gboolean
oss_voxel_box_build (OssVoxelBox *self, const double *lattice, const double spacing_mm[3], double poisson,
                     const OssTick *tick, GError **error)
{
  const gsize size[3] = { self->points[0] - 1, self->points[1] - 1, self->points[2] - 1 };
  const gboolean periodic[3] = { FALSE, FALSE, FALSE };
  g_auto (OssVoxelBits) bits = { .bits = NULL };
  Moduli moduli = { lattice, self };

  if (!oss_voxel_bits_init (&bits, size, error))
    return FALSE;
  for (gsize z = 0; z < size[2]; z++)
    for (gsize y = 0; y < size[1]; y++)
      for (gsize x = 0; x < size[0]; x++)
        if (lattice[3 * ((z * self->points[1] + y) * self->points[0] + x)] > 0.0)
          oss_voxel_bits_row (&bits, y, z)[x / 64] |= (guint64) 1 << x % 64;
  self->voxels = oss_voxel_level_new (&bits, spacing_mm, periodic, poisson, fill_moduli, &moduli, tick, error);
  return self->voxels != NULL && number_own (self, error);
}

void
oss_voxel_box_mean_moduli (const OssVoxelBox *fine, const OssVoxelBox *coarse, const float *from, float *to)
{
  gsize n[3], m[3];

  for (int k = 0; k < 3; k++)
    {
      n[k] = fine->high[k] - fine->low[k];
      m[k] = coarse->high[k] - coarse->low[k];
    }
  memset (to, 0, m[0] * m[1] * m[2] * sizeof *to);
  for (gsize z = 0; z < n[2]; z++)
    for (gsize y = 0; y < n[1]; y++)
      for (gsize x = 0; x < n[0]; x++)
        if (from[(z * n[1] + y) * n[0] + x] > 0.0f)
          to[(z / 2 * m[1] + y / 2) * m[0] + x / 2] += 0.125f * from[(z * n[1] + y) * n[0] + x];
}

gboolean
oss_voxel_box_find (const OssVoxelBox *self, const gsize point[3], gsize *place, gint64 *node)
{
  gsize at[3];
  gboolean own = TRUE;

  for (int k = 0; k < 3; k++)
    {
      if (point[k] < self->first[k] || point[k] >= self->first[k] + self->points[k])
        return FALSE;
      at[k] = point[k] - self->first[k];
      own = own && at[k] >= self->low[k] && at[k] < self->high[k];
    }
  gsize row = at[2] * self->points[1] + at[1];
  const guint64 *bits = self->voxels->node_bits + row * self->voxels->words;
  *place = row * self->points[0] + at[0];
  *node = -1;
  if (own && (bits[at[0] / 64] >> at[0] % 64 & 1) != 0)
    *node = (gint64) (self->row_start[(at[2] - self->low[2]) * (self->high[1] - self->low[1]) + at[1] - self->low[1]]
                      + oss_voxel_rank (bits, at[0]) - oss_voxel_rank (bits, self->low[0]));
  return TRUE;
}

static void
fix_point (OssVoxelBox *self, const gsize at[3], const double *held, const double *spring, GArray *fixed)
{
  gsize point[3], place;
  gint64 node;

  for (int k = 0; k < 3; k++)
    point[k] = at[k] + self->first[k];
  oss_voxel_box_find (self, point, &place, &node);
  for (int c = 0; c < 3; c++)
    {
      gsize own = node < 0 ? G_MAXSIZE : 3 * (gsize) node + (gsize) c;
      double value = held[3 * place + (gsize) c] != 0.0 ? -1.0 : node >= 0 && spring != NULL ? spring[own] : 0.0;
      gsize freedom = oss_voxel_level_freedom (self->voxels, at, c);
      OssVoxelOwnFixed own_entry = { own, 3 * place + (gsize) c, (float) value };
      if (own_entry.spring == 0.0f || freedom == G_MAXSIZE)
        continue;
      if (own_entry.spring < 0.0f)
        g_array_append_val (fixed, freedom);
      if (node >= 0)
        g_array_append_val (self->fixed, own_entry);
    }
}

gboolean
oss_voxel_box_fix (OssVoxelBox *self, const double *held, const double *spring, GError **error)
{
  GArray *fixed = g_array_new (FALSE, FALSE, sizeof (gsize));
  const double *held_here = held;
  gsize at[3];

  for (at[2] = 0; at[2] < self->points[2]; at[2]++)
    for (at[1] = 0; at[1] < self->points[1]; at[1]++)
      for (at[0] = 0; at[0] < self->points[0]; at[0]++, held_here += 3)
        if (spring != NULL || held_here[0] != 0.0 || held_here[1] != 0.0 || held_here[2] != 0.0)
          fix_point (self, at, held, spring, fixed);
  return oss_voxel_level_take_fixed (self->voxels, fixed, error);
}

static void
spread_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *pass = data;
  const OssVoxelBox *self = pass->self;

  for (gsize own = begin; own < end; own++)
    {
      gsize row = row_of (self, own), first, stop = self->low[0];
      const double *from = pass->from + 3 * self->row_start[own];
      for (; next_nodes (self, row, stop, &first, &stop); from += 3 * (stop - first))
        memcpy (pass->to + 3 * (row * self->points[0] + first), from, 3 * (stop - first) * sizeof *from);
    }
}

void
oss_voxel_box_spread (const OssVoxelBox *self, const double *vector, double *lattice)
{
  Pass pass = { .self = self, .from = vector, .to = lattice };
  oss_parallel_for (own_rows (self), 64, spread_rows, &pass);
}

static void
gather_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *pass = data;
  const OssVoxelBox *self = pass->self;

  for (gsize row = begin; row < end; row++)
    {
      gsize n = oss_voxel_row_nodes (self->voxels, row), first, stop = 0;
      const double *from = pass->from + 3 * row * self->points[0];
      double *to = self->u + 3 * self->voxels->row_start[row];
      while (oss_voxel_next_run (self->voxels->node_bits + row * self->voxels->words, self->points[0], stop, &first,
                                 &stop))
        for (gsize x = first; x < stop; x++, to++)
          for (gsize c = 0; c < 3; c++)
            to[c * n] = from[3 * x + c];
    }
}

static void
finish_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  const Pass *pass = sweep->data;
  const OssVoxelBox *self = pass->self;
  gsize width = self->high[1] - self->low[1];

  if (plane < self->low[2] || plane >= self->high[2])
    return;
  for (gsize own = (plane - self->low[2]) * width; own < (plane - self->low[2] + 1) * width; own++)
    {
      gsize row = row_of (self, own), n_row = oss_voxel_row_nodes (self->voxels, row);
      const double *from = (const double *) ax + (3 * self->voxels->row_start[row] - begin);
      double *to = pass->to + 3 * self->row_start[own];
      /* Own nodes of a row stand together in it. */
      from += oss_voxel_rank (self->voxels->node_bits + row * self->voxels->words, self->low[0]);
      for (gsize i = 0; i < self->row_start[own + 1] - self->row_start[own]; i++)
        for (gsize c = 0; c < 3; c++)
          to[3 * i + c] = from[c * n_row + i];
    }
}

void
oss_voxel_box_apply (const OssVoxelBox *self, const double *lattice, gboolean constrained, double *out,
                     OssVoxelWork *work)
{
  Pass pass = { .self = self, .from = lattice, .to = out };
  OssVoxelSweep sweep = { .level = self->voxels,
                          .precision = OSS_VOXEL_DOUBLE,
                          .u = self->u,
                          .constrained = constrained,
                          .finish = finish_plane,
                          .data = &pass };

  oss_parallel_for (self->points[1] * self->points[2], 64, gather_rows, &pass);
  for (gsize i = 0; constrained && i < self->voxels->n_fixed; i++)
    self->u[self->voxels->fixed[i]] = 0.0;
  oss_voxel_sweep (&sweep, work);
  for (guint i = 0; constrained && i < self->fixed->len; i++)
    {
      const OssVoxelOwnFixed *fixed = &g_array_index (self->fixed, OssVoxelOwnFixed, i);
      out[fixed->own] =
          fixed->spring < 0.0f ? lattice[fixed->lattice] : out[fixed->own] + fixed->spring * lattice[fixed->lattice];
    }
}

void
oss_voxel_box_diagonal (const OssVoxelBox *self, double *out)
{
  for (gsize own = 0; own < own_rows (self); own++)
    {
      gsize row = row_of (self, own), n = self->row_start[own + 1] - self->row_start[own];
      const float *inverse = self->voxels->inverse_modulus + self->voxels->row_start[row]
                             + oss_voxel_rank (self->voxels->node_bits + row * self->voxels->words, self->low[0]);
      for (gsize i = 0; i < n; i++)
        for (gsize c = 0; c < 3; c++)
          *out++ = self->voxels->diagonal[c] / inverse[i];
    }
}

/* Coarse points around fine point @at along an axis, counted from the coarse box; how many. */
static int
around (const OssVoxelBox *fine, const OssVoxelBox *coarse, int axis, gsize at, gsize point[2])
{
  gsize global = at + fine->first[axis];
  point[0] = global / 2 - coarse->first[axis];
  point[1] = point[0] + 1;
  return global % 2 == 1 ? 2 : 1;
}

static void
prolong_row (const Pass *pass, gsize own, double *line)
{
  const OssVoxelBox *fine = pass->self, *coarse = pass->other;
  gsize row = row_of (fine, own), y[2], z[2], x[2], n = 3 * coarse->points[0], first, stop = fine->low[0];
  int n_y = around (fine, coarse, 1, row % fine->points[1], y),
      n_z = around (fine, coarse, 2, row / fine->points[1], z);
  double *to = pass->to + 3 * fine->row_start[own], weight = 1.0 / (n_y * n_z);

  memset (line, 0, n * sizeof *line);
  for (int k = 0; k < n_z; k++)
    for (int j = 0; j < n_y; j++)
      {
        const double *from = pass->from + (z[k] * coarse->points[1] + y[j]) * n;
        for (gsize i = 0; i < n; i++)
          line[i] += weight * from[i];
      }
  while (next_nodes (fine, row, stop, &first, &stop))
    for (gsize i = first; i < stop; i++, to += 3)
      {
        gboolean two = around (fine, coarse, 0, i, x) == 2;
        for (gsize c = 0; c < 3; c++)
          to[c] += two ? 0.5 * (line[3 * x[0] + c] + line[3 * x[1] + c]) : line[3 * x[0] + c];
      }
}

static void
prolong_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *pass = data;
  g_autofree double *line = g_new (double, 3 * pass->other->points[0]);
  for (gsize own = begin; own < end; own++)
    if (pass->self->row_start[own + 1] > pass->self->row_start[own])
      prolong_row (pass, own, line);
}

void
oss_voxel_box_prolong (const OssVoxelBox *fine, const OssVoxelBox *coarse, const double *from, double *to)
{
  Pass pass = { .self = fine, .other = coarse, .from = from, .to = to };
  g_autofree double *kept = g_new (double, MAX (fine->fixed->len, 1));

  for (guint i = 0; i < fine->fixed->len; i++)
    kept[i] = to[g_array_index (fine->fixed, OssVoxelOwnFixed, i).own];
  oss_parallel_for (own_rows (fine), 64, prolong_rows, &pass);
  for (guint i = 0; i < fine->fixed->len; i++)
    if (g_array_index (fine->fixed, OssVoxelOwnFixed, i).spring < 0.0f)
      to[g_array_index (fine->fixed, OssVoxelOwnFixed, i).own] = kept[i];
}

/* The last coarse point may lie outside the fine lattice: what is not there counts as 0. */
static void
restrict_row (const Pass *pass, gsize own, double *line)
{
  const OssVoxelBox *fine = pass->self, *coarse = pass->other;
  gsize row = row_of (coarse, own), n = 3 * fine->points[0], first, stop = coarse->low[0];
  gint64 y = 2 * (gint64) (row % coarse->points[1] + coarse->first[1]) - (gint64) fine->first[1];
  gint64 z = 2 * (gint64) (row / coarse->points[1] + coarse->first[2]) - (gint64) fine->first[2];
  double *to = pass->to + 3 * coarse->row_start[own];

  memset (line, 0, n * sizeof *line);
  for (gint64 k = MAX (z - 1, 0); k <= MIN (z + 1, (gint64) fine->points[2] - 1); k++)
    for (gint64 j = MAX (y - 1, 0); j <= MIN (y + 1, (gint64) fine->points[1] - 1); j++)
      {
        const double *from = pass->from + (gsize) (k * (gint64) fine->points[1] + j) * n;
        double weight = (j == y ? 1.0 : 0.5) * (k == z ? 1.0 : 0.5);
        for (gsize i = 0; i < n; i++)
          line[i] += weight * from[i];
      }
  while (next_nodes (coarse, row, stop, &first, &stop))
    for (gsize i = first; i < stop; i++, to += 3)
      {
        gint64 x = 2 * (gint64) (i + coarse->first[0]) - (gint64) fine->first[0];
        for (gint64 c = 0; c < 3; c++)
          to[c] = (x < (gint64) fine->points[0] ? line[3 * x + c] : 0.0) + (x > 0 ? 0.5 * line[3 * x - 3 + c] : 0.0)
                  + (x + 1 < (gint64) fine->points[0] ? 0.5 * line[3 * x + 3 + c] : 0.0);
      }
}

static void
restrict_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *pass = data;
  g_autofree double *line = g_new (double, 3 * pass->self->points[0]);
  for (gsize own = begin; own < end; own++)
    restrict_row (pass, own, line);
}

void
oss_voxel_box_restrict (const OssVoxelBox *fine, const OssVoxelBox *coarse, const double *from, double *to)
{
  Pass pass = { .self = fine, .other = coarse, .from = from, .to = to };

  oss_parallel_for (own_rows (coarse), 16, restrict_rows, &pass);
  for (guint i = 0; i < coarse->fixed->len; i++)
    if (g_array_index (coarse->fixed, OssVoxelOwnFixed, i).spring < 0.0f)
      to[g_array_index (coarse->fixed, OssVoxelOwnFixed, i).own] = 0.0;
}

void
oss_voxel_box_held_gram (const OssVoxelBox *self, const gsize size[3], double gram[6][6])
{
  memset (gram, 0, 6 * sizeof *gram);
  for (guint i = 0; i < self->fixed->len; i++)
    {
      const OssVoxelOwnFixed *fixed = &g_array_index (self->fixed, OssVoxelOwnFixed, i);
      gsize c = fixed->lattice % 3, place = fixed->lattice / 3, p = (c + 1) % 3, q = (c + 2) % 3;
      const gsize at[3] = { place % self->points[0], place / self->points[0] % self->points[1],
                            place / (self->points[0] * self->points[1]) };
      double motion[6] = { 0.0 }, r[3];
      for (int k = 0; k < 3; k++)
        r[k] = 2.0 * (double) (at[k] + self->first[k]) / (double) size[k] - 1.0;
      motion[c] = 1.0;
      motion[3 + p] = r[q];
      motion[3 + q] = -r[p];
      for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
          gram[a][b] += motion[a] * motion[b];
    }
}

gboolean
oss_voxel_resists_all (double gram[6][6])
{
  double scale = 0.0;

  for (int i = 0; i < 6; i++)
    scale = MAX (scale, gram[i][i]);
  for (int i = 0; i < 6; i++)
    {
      if (!(gram[i][i] > 1e-10 * scale))
        return FALSE;
      for (int j = i + 1; j < 6; j++)
        for (int k = 5; k >= i; k--)
          gram[j][k] -= gram[j][i] / gram[i][i] * gram[i][k];
    }
  return TRUE;
}
