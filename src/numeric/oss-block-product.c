/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-block-product.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"

#include <string.h>

#define MAXIMUM_CHUNKS 128
#define LEAST_BLOCKS 4096 /* of a chunk */
#define ROWS_PER_TURN 4096

#if defined(__x86_64__) && !defined(__clang__)
#define CLONES __attribute__ ((target_clones ("default", "arch=x86-64-v3")))
#else
#define CLONES
#endif

struct _OssBlockProduct
{
  gsize n, n_chunks;
  gsize *first;      /* [n_chunks + 1] first row of each chunk */
  gsize *halo_start; /* [n_chunks + 1] first halo place of each chunk */
  gint32 *halo;      /* [n_blocks] place of a block's column in its chunk's halo, or -1 when it is a row of the chunk */
  gsize *from_start; /* [n + 1] */
  gint32 *from;      /* [halo_start[n_chunks]] halo places of each row, ascending */
  double *outside;   /* [halo_start[n_chunks]][3] sums for rows outside the chunk */

  /* While a product runs. */
  const OssBlockMatrix *matrix;
  const guint8 *free;
  const double *x;
  double *y;
};

void
oss_block_product_free (OssBlockProduct *self)
{
  if (self == NULL)
    return;
  g_free (self->first);
  g_free (self->halo_start);
  oss_free_aligned (self->halo);
  oss_free_aligned (self->from_start);
  oss_free_aligned (self->from);
  oss_free_aligned (self->outside);
  g_free (self);
}

/* Chunks of about as many blocks each. */
static void
cut_rows (OssBlockProduct *self, const OssBlockMatrix *pattern)
{
  gsize blocks = pattern->start[pattern->n], share = MAX (blocks / MAXIMUM_CHUNKS + 1, LEAST_BLOCKS);
  gsize row = 0;

  self->first = g_new0 (gsize, MAXIMUM_CHUNKS + 2);
  while (row < self->n)
    {
      gsize until = pattern->start[row] + share;
      self->first[self->n_chunks++] = row;
      while (row < self->n && pattern->start[row] < until)
        row++;
    }
  self->first[self->n_chunks] = self->n;
}

/* Gives each column outside of its chunk a place; places are counted through all chunks. */
static gsize
number_halo (OssBlockProduct *self, const OssBlockMatrix *pattern)
{
  g_autofree gint32 *place = g_new (gint32, self->n + 1);
  gsize places = 0;

  self->halo_start = g_new0 (gsize, self->n_chunks + 1);
  for (gsize c = 0; c < self->n_chunks; c++)
    {
      gsize begin = pattern->start[self->first[c]], end = pattern->start[self->first[c + 1]];
      memset (place, 0xff, self->first[c] * sizeof *place);
      self->halo_start[c] = places;
      for (gsize k = begin; k < end; k++)
        {
          gsize column = (gsize) pattern->column[k];
          if (column >= self->first[c])
            self->halo[k] = -1;
          else if (place[column] < 0)
            self->halo[k] = place[column] = (gint32) places++;
          else
            self->halo[k] = place[column];
        }
    }
  self->halo_start[self->n_chunks] = places;
  return places;
}

/* The lists of places by row; ascending, because chunks come in order. */
static void
list_places (OssBlockProduct *self, const OssBlockMatrix *pattern, gsize places)
{
  g_autofree gint32 *row_of = g_new (gint32, places + 1);
  gsize blocks = pattern->start[pattern->n];

  for (gsize k = 0; k < blocks; k++)
    if (self->halo[k] >= 0)
      row_of[self->halo[k]] = pattern->column[k];
  for (gsize p = 0; p < places; p++)
    self->from_start[row_of[p] + 2]++;
  for (gsize i = 2; i < self->n + 2; i++)
    self->from_start[i] += self->from_start[i - 1];
  for (gsize p = 0; p < places; p++)
    self->from[self->from_start[row_of[p] + 1]++] = (gint32) p;
}

OssBlockProduct *
oss_block_product_new (const OssBlockMatrix *pattern, GError **error)
{
  g_autoptr (OssBlockProduct) self = g_new0 (OssBlockProduct, 1);
  const char *what = _ ("the stiffness matrix");

  self->n = pattern->n;
  cut_rows (self, pattern);
  self->halo = oss_alloc_aligned (pattern->start[pattern->n] + 1, sizeof *self->halo, what, error);
  if (self->halo == NULL)
    return NULL;
  gsize places = number_halo (self, pattern);
  if ((self->from_start = oss_alloc_aligned (self->n + 2, sizeof *self->from_start, what, error)) == NULL
      || (self->from = oss_alloc_aligned (places + 1, sizeof *self->from, what, error)) == NULL
      || (self->outside = oss_alloc_aligned (places + 1, 3 * sizeof *self->outside, what, error)) == NULL)
    return NULL;
  list_places (self, pattern, places);
  return g_steal_pointer (&self);
}

/* sum += A x_j and to += A' x_i */
static inline void
add_both (const double *restrict a, const double *restrict xj, const double *restrict xi, double *restrict sum,
          double *restrict to)
{
  for (int r = 0; r < 3; r++)
    sum[r] += a[3 * r] * xj[0] + a[3 * r + 1] * xj[1] + a[3 * r + 2] * xj[2];
  for (int c = 0; c < 3; c++)
    to[c] += a[c] * xi[0] + a[3 + c] * xi[1] + a[6 + c] * xi[2];
}

/* Columns ascend: first those outside of the chunk, then those inside, last the diagonal, which is stored in full. */
CLONES static void
multiply_rows (const OssBlockMatrix *matrix, const gint32 *halo, gsize begin, gsize end, const double *x, double *y,
               double *outside)
{
  for (gsize i = begin; i < end; i++)
    {
      gsize k = matrix->start[i], last = matrix->start[i + 1];
      const double *xi = x + 3 * i;
      double sum[3] = { 0.0, 0.0, 0.0 };
      if (k == last)
        continue;
      for (; halo[k] >= 0; k++)
        add_both (matrix->value + 9 * k, x + 3 * (gsize) matrix->column[k], xi, sum, outside + 3 * (gsize) halo[k]);
      for (; k + 1 < last; k++)
        {
          gsize j = (gsize) matrix->column[k];
          add_both (matrix->value + 9 * k, x + 3 * j, xi, sum, y + 3 * j);
        }
      const double *a = matrix->value + 9 * k;
      for (int r = 0; r < 3; r++)
        y[3 * i + (gsize) r] += sum[r] + a[3 * r] * xi[0] + a[3 * r + 1] * xi[1] + a[3 * r + 2] * xi[2];
    }
}

static void
multiply_chunks (gsize begin, gsize end, guint thread, void *data)
{
  OssBlockProduct *self = data;

  for (gsize c = begin; c < end; c++)
    {
      gsize row = self->first[c], after = self->first[c + 1];
      memset (self->y + 3 * row, 0, 3 * (after - row) * sizeof *self->y);
      memset (self->outside + 3 * self->halo_start[c], 0,
              3 * (self->halo_start[c + 1] - self->halo_start[c]) * sizeof *self->outside);
      multiply_rows (self->matrix, self->halo, row, after, self->x, self->y, self->outside);
    }
}

static void
gather_rows (gsize begin, gsize end, guint thread, void *data)
{
  OssBlockProduct *self = data;

  for (gsize i = begin; i < end; i++)
    {
      double *y = self->y + 3 * i;
      for (gsize p = self->from_start[i]; p < self->from_start[i + 1]; p++)
        for (int k = 0; k < 3; k++)
          y[k] += self->outside[3 * (gsize) self->from[p] + (gsize) k];
      for (int k = 0; k < 3 && self->free != NULL; k++)
        if (!self->free[3 * i + (gsize) k])
          y[k] = 0.0;
    }
}

void
oss_block_product_apply (OssBlockProduct *self, const OssBlockMatrix *matrix, const guint8 *free, const double *x,
                         double *y)
{
  self->matrix = matrix;
  self->free = free;
  self->x = x;
  self->y = y;
  oss_parallel_for (self->n_chunks, 1, multiply_chunks, self);
  oss_parallel_for (self->n, ROWS_PER_TURN, gather_rows, self);
}

OssBlockChunks
oss_block_product_chunks (const OssBlockProduct *self)
{
  return (OssBlockChunks){ .n_chunks = self->n_chunks,
                           .first = self->first,
                           .halo_start = self->halo_start,
                           .halo = self->halo,
                           .from_start = self->from_start,
                           .from = self->from };
}
