/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

#define WORD 64

gboolean
oss_voxel_bits_init (OssVoxelBits *self, const gsize size[3], GError **error)
{
  memcpy (self->size, size, sizeof self->size);
  self->words = (size[0] + WORD - 1) / WORD;
  self->bits = oss_alloc_aligned (self->words * size[1] * size[2], sizeof *self->bits, _ ("the voxels"), error);
  return self->bits != NULL;
}

void
oss_voxel_bits_clear (OssVoxelBits *self)
{
  g_clear_pointer (&self->bits, oss_free_aligned);
}

gboolean
oss_voxel_next_run (const guint64 *row, gsize n, gsize from, gsize *first, gsize *end)
{
  gsize words = (n + WORD - 1) / WORD, w = from / WORD;
  if (from >= n)
    return FALSE;
  guint64 word = row[w] & (~(guint64) 0 << from % WORD);
  while (word == 0 && ++w < words)
    word = row[w];
  if (w >= words)
    return FALSE;
  *first = w * WORD + (gsize) __builtin_ctzll (word);
  word = ~row[w] & (~(guint64) 0 << *first % WORD);
  while (word == 0 && ++w < words)
    word = ~row[w];
  *end = w >= words ? n : MIN (n, w * WORD + (gsize) __builtin_ctzll (word));
  return TRUE;
}

gsize
oss_voxel_rank (const guint64 *row, gsize i)
{
  gsize rank = 0;
  for (gsize w = 0; w < i / WORD; w++)
    rank += (gsize) __builtin_popcountll (row[w]);
  if (i % WORD > 0)
    rank += (gsize) __builtin_popcountll (row[i / WORD] & ((~(guint64) 0) >> (WORD - i % WORD)));
  return rank;
}

/* What builds a level; the parts run over rows in parallel. */
typedef struct
{
  OssVoxelLevel *level;
  const OssVoxelBits *bits;
  OssVoxelFill fill;
  void *data;
  const OssTick *tick;
} Build;

static void
add_element_row (const Build *self, gsize y, gsize z, guint64 *nodes)
{
  const guint64 *row = oss_voxel_bits_row (self->bits, y, z);
  guint64 carry = 0;
  gsize w;

  for (w = 0; w < self->bits->words; w++)
    {
      nodes[w] |= row[w] | row[w] << 1 | carry;
      carry = row[w] >> (WORD - 1);
    }
  if (w < self->level->words)
    nodes[w] |= carry;
}

/* The layers of elements on both sides of plane @at of nodes; how many there are. */
static int
layers_around (gsize at, gsize size, gboolean periodic, gsize layer[2])
{
  int n = 0;
  if (at > 0 || periodic)
    layer[n++] = at > 0 ? at - 1 : size - 1;
  if (at < size || periodic)
    layer[n++] = at < size ? at : 0;
  return n;
}

static void
mark_nodes (gsize begin, gsize end, guint thread, void *data)
{
  const Build *self = data;
  OssVoxelLevel *level = self->level;

  for (gsize row = begin; row < end && !oss_tick_stopped (self->tick); row++)
    {
      guint64 *nodes = level->node_bits + row * level->words;
      gsize y[2], z[2], last = level->size[0];
      int n_y = layers_around (row % level->points[1], level->size[1], level->periodic[1], y);
      int n_z = layers_around (row / level->points[1], level->size[2], level->periodic[2], z);
      for (int k = 0; k < n_z; k++)
        for (int j = 0; j < n_y; j++)
          add_element_row (self, y[j], z[k], nodes);
      if (level->periodic[0] && ((nodes[0] & 1) != 0 || (nodes[last / WORD] >> last % WORD & 1) != 0))
        {
          nodes[0] |= 1;
          nodes[last / WORD] |= (guint64) 1 << last % WORD;
        }
      level->row_start[row + 1] = oss_voxel_rank (nodes, level->points[0]);
    }
}

static void
count_elements (gsize begin, gsize end, guint thread, void *data)
{
  const Build *self = data;
  for (gsize row = begin; row < end && !oss_tick_stopped (self->tick); row++)
    {
      const guint64 *bits = self->bits->bits + row * self->bits->words;
      gsize first, stop = 0;
      while (oss_voxel_next_run (bits, self->bits->size[0], stop, &first, &stop))
        {
          self->level->run_start[row + 1]++;
          self->level->element_start[row + 1] += stop - first;
        }
    }
}

static void
accumulate (gsize *start, gsize n)
{
  for (gsize i = 0; i < n; i++)
    start[i + 1] += start[i];
}

static void
fill_runs (gsize begin, gsize end, guint thread, void *data)
{
  const Build *self = data;
  OssVoxelLevel *level = self->level;

  for (gsize row = begin; row < end && !oss_tick_stopped (self->tick); row++)
    {
      gsize y = row % level->size[1], z = row / level->size[1], first, stop = 0;
      OssVoxelRun *run = level->run + level->run_start[row];
      for (; oss_voxel_next_run (self->bits->bits + row * self->bits->words, level->size[0], stop, &first, &stop);
           run++)
        {
          run->first = (guint16) first;
          run->length = (guint16) (stop - first);
          for (gsize c = 0; c < 4; c++)
            {
              gsize nodes = (z + c / 2) * level->points[1] + y + c % 2;
              run->node[c] = (guint16) oss_voxel_rank (level->node_bits + nodes * level->words, first);
            }
        }
      if (level->element_start[row + 1] > level->element_start[row])
        self->fill (y, z, level->modulus + level->element_start[row], self->data);
    }
}

/* Sums of the moduli around the nodes of a plane, layer below first. */
static void
sum_moduli (const OssVoxelLevel *level, gsize plane, float *sum)
{
  gsize layer[2], base = level->row_start[plane * level->points[1]];
  int n = layers_around (plane, level->size[2], level->periodic[2], layer);
  gboolean has_below = plane > 0 || level->periodic[2];

  for (int s = 0; s < n; s++)
    for (gsize row = layer[s] * level->size[1]; row < (layer[s] + 1) * level->size[1]; row++)
      {
        const float *modulus = level->modulus + level->element_start[row];
        for (gsize r = level->run_start[row]; r < level->run_start[row + 1]; r++)
          for (gsize i = 0; i < level->run[r].length; i++, modulus++)
            for (int j = 0; j < 2; j++)
              {
                gsize nodes = plane * level->points[1] + row % level->size[1] + (gsize) j;
                float *at =
                    sum + (level->row_start[nodes] - base) + level->run[r].node[j + (has_below && s == 0 ? 2 : 0)] + i;
                at[0] += *modulus;
                at[1] += *modulus;
              }
      }
}

/* On periodic axes the last point of a row, the last row of a plane are copies of the first: both get the sum. */
static void
fold_moduli (const OssVoxelLevel *level, gsize plane, float *sum)
{
  gsize first_row = plane * level->points[1], last_row = first_row + level->size[1];
  gsize base = level->row_start[first_row];

  for (gsize row = first_row; level->periodic[0] && row <= last_row; row++)
    if (level->node_bits[row * level->words] & 1)
      {
        float *a = sum + (level->row_start[row] - base), *b = sum + (level->row_start[row + 1] - base - 1);
        *a = *b = *a + *b;
      }
  if (level->periodic[1])
    for (gsize i = 0; i < oss_voxel_row_nodes (level, first_row); i++)
      {
        float *a = sum + i, *b = sum + (level->row_start[last_row] - base) + i;
        *a = *b = *a + *b;
      }
}

static void
invert_moduli (gsize begin, gsize end, guint thread, void *data)
{
  const Build *self = data;
  OssVoxelLevel *level = self->level;

  for (gsize plane = begin; plane < end && !oss_tick_stopped (self->tick); plane++)
    {
      gsize first = level->row_start[plane * level->points[1]], stop = level->row_start[(plane + 1) * level->points[1]];
      sum_moduli (level, plane, level->inverse_modulus + first);
      fold_moduli (level, plane, level->inverse_modulus + first);
      for (gsize i = first; i < stop; i++)
        level->inverse_modulus[i] = 1.0f / level->inverse_modulus[i];
    }
}

void *
oss_voxel_level_room (OssVoxelLevel *level, gsize n, gsize size, GError **error)
{
  void *array = oss_alloc_aligned (n + OSS_VOXEL_PAD, size, _ ("the voxel model"), error);
  level->bytes += (double) n * (double) size;
  return array;
}

static gboolean
take_rows (OssVoxelLevel *level, GError **error)
{
  gsize rows = level->points[1] * level->points[2], element_rows = level->size[1] * level->size[2];

  return (level->node_bits = oss_voxel_level_room (level, rows * level->words, sizeof *level->node_bits, error)) != NULL
         && (level->row_start = oss_voxel_level_room (level, rows + 1, sizeof (gsize), error)) != NULL
         && (level->run_start = oss_voxel_level_room (level, element_rows + 1, sizeof (gsize), error)) != NULL
         && (level->element_start = oss_voxel_level_room (level, element_rows + 1, sizeof (gsize), error)) != NULL
         && (level->fixed_plane = oss_voxel_level_room (level, level->points[2] + 1, sizeof (gsize), error)) != NULL;
}

static gboolean
number_all (OssVoxelLevel *level, Build *build, GError **error)
{
  gsize rows = level->points[1] * level->points[2], element_rows = level->size[1] * level->size[2];

  oss_parallel_for (rows, 64, mark_nodes, build);
  oss_parallel_for (element_rows, 64, count_elements, build);
  accumulate (level->row_start, rows);
  accumulate (level->run_start, element_rows);
  accumulate (level->element_start, element_rows);
  level->n_nodes = level->row_start[rows];
  level->n_runs = level->run_start[element_rows];
  level->n_elements = level->element_start[element_rows];
  for (gsize plane = 0; plane < level->points[2]; plane++)
    level->largest_plane = MAX (level->largest_plane, level->row_start[(plane + 1) * level->points[1]]
                                                          - level->row_start[plane * level->points[1]]);
  if ((level->run = oss_voxel_level_room (level, level->n_runs, sizeof *level->run, error)) == NULL
      || (level->modulus = oss_voxel_level_room (level, level->n_elements, sizeof (float), error)) == NULL
      || (level->inverse_modulus = oss_voxel_level_room (level, level->n_nodes, sizeof (float), error)) == NULL)
    return FALSE;
  oss_parallel_for (element_rows, 64, fill_runs, build);
  oss_parallel_for (level->points[2], 1, invert_moduli, build);
  return !oss_tick_stopped (build->tick) || oss_tick_cancelled (error);
}

OssVoxelLevel *
oss_voxel_level_begin (const gsize size[3], const double spacing_mm[3], const gboolean periodic[3], double poisson,
                       GError **error)
{
  OssVoxelLevel *self = g_new0 (OssVoxelLevel, 1);

  for (int k = 0; k < 3; k++)
    {
      self->size[k] = size[k];
      self->points[k] = size[k] + 1;
      self->periodic[k] = periodic[k];
      self->spacing_mm[k] = spacing_mm[k];
    }
  if (!oss_voxel_element_stiffness (spacing_mm, poisson, self->stiffness))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("Poisson’s ratio is %g; it has to be above −1 and below 0.5."), poisson);
      g_free (self);
      return NULL;
    }
  for (int k = 0; k < 3; k++)
    self->diagonal[k] = self->stiffness[k][k];
  oss_voxel_blocks_init (&self->blocks, self->stiffness);
  self->largest = oss_voxel_blocks_largest (&self->blocks, self->diagonal);
  return self;
}

OssVoxelLevel *
oss_voxel_level_new (const OssVoxelBits *bits, const double spacing_mm[3], const gboolean periodic[3], double poisson,
                     OssVoxelFill fill, void *data, const OssTick *tick, GError **error)
{
  g_autoptr (OssVoxelLevel) self = oss_voxel_level_begin (bits->size, spacing_mm, periodic, poisson, error);
  Build build = { self, bits, fill, data, tick };

  if (self == NULL)
    return NULL;
  self->planes = self->points[2];
  self->rows = self->points[1];
  self->words = (self->points[0] + WORD - 1) / WORD;
  if (!take_rows (self, error) || !number_all (self, &build, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
oss_voxel_level_free (OssVoxelLevel *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->node_bits);
  oss_free_aligned (self->row_start);
  oss_free_aligned (self->run_start);
  oss_free_aligned (self->element_start);
  oss_free_aligned (self->run);
  oss_free_aligned (self->modulus);
  oss_free_aligned (self->inverse_modulus);
  oss_free_aligned (self->corner);
  oss_free_aligned (self->element_x);
  oss_free_aligned (self->parent);
  oss_voxel_octants_free (self->octants);
  oss_free_aligned (self->inverse_sum);
  oss_free_aligned (self->fixed_plane);
  g_free (self->fixed);
  oss_free_aligned (self->x);
  oss_free_aligned (self->y);
  oss_free_aligned (self->b);
  g_free (self);
}

gsize
oss_voxel_level_freedom (const OssVoxelLevel *self, const gsize at[3], int axis)
{
  gsize row = at[2] * self->points[1] + at[1];
  const guint64 *bits = self->node_bits + row * self->words;

  if ((bits[at[0] / WORD] >> at[0] % WORD & 1) == 0)
    return G_MAXSIZE;
  return 3 * (self->row_start[row] + oss_voxel_rank (bits, at[0])) + (gsize) axis;
}

int
oss_voxel_level_copies (const OssVoxelLevel *self, const gsize at[3], gsize copies[8][3])
{
  int n = 1;
  memcpy (copies[0], at, 3 * sizeof (gsize));
  for (int k = 0; k < 3; k++)
    if (self->periodic[k] && at[k] % self->size[k] == 0)
      {
        for (int i = 0; i < n; i++)
          {
            memcpy (copies[n + i], copies[i], 3 * sizeof (gsize));
            copies[i][k] = 0;
            copies[n + i][k] = self->size[k];
          }
        n *= 2;
      }
  return n;
}

static int
compare_freedoms (gconstpointer a, gconstpointer b)
{
  gsize p = *(const gsize *) a, q = *(const gsize *) b;
  return (p > q) - (p < q);
}

gboolean
oss_voxel_level_take_fixed (OssVoxelLevel *self, GArray *fixed, GError **error)
{
  gsize *freedom = (gsize *) (void *) fixed->data, n = 0;

  if (fixed->len > 1)
    qsort (freedom, fixed->len, sizeof *freedom, compare_freedoms);
  for (gsize i = 0; i < fixed->len; i++)
    if (n == 0 || freedom[n - 1] != freedom[i])
      freedom[n++] = freedom[i];
  self->n_fixed = n;
  self->fixed = (gsize *) (void *) g_array_free (fixed, FALSE);
  self->bytes += (double) n * sizeof *freedom;
  for (gsize plane = 0, at = 0; plane <= self->planes; plane++)
    {
      while (at < n && self->fixed[at] < oss_voxel_plane_start (self, plane))
        at++;
      self->fixed_plane[plane] = at;
    }
  return TRUE;
}
