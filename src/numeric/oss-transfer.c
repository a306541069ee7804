/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "numeric/oss-amg-private.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_PER_TURN 2048
#define COARSE_ROWS_PER_TURN 64
#define MAXIMUM_THREADS 1024 /* of oss_parallel_set_threads() */

void
oss_transfer_free (OssTransfer *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->start);
  oss_free_aligned (self->node);
  oss_free_aligned (self->weight);
  oss_free_aligned (self->back_start);
  oss_free_aligned (self->back_entry);
  oss_free_aligned (self->back_row);
  g_free (self);
}

gboolean
oss_transfer_turn_round (OssTransfer *self, GError **error)
{
  const char *what = _ ("the multigrid levels");
  gsize entries = self->start[self->n];

  if ((self->back_start = oss_alloc_aligned (self->n_coarse + 2, sizeof *self->back_start, what, error)) == NULL
      || (self->back_entry = oss_alloc_aligned (entries + 1, sizeof *self->back_entry, what, error)) == NULL
      || (self->back_row = oss_alloc_aligned (entries + 1, sizeof *self->back_row, what, error)) == NULL)
    return FALSE;
  for (gsize e = 0; e < entries; e++)
    self->back_start[self->node[e] + 2]++;
  for (gsize i = 2; i < self->n_coarse + 2; i++)
    self->back_start[i] += self->back_start[i - 1];
  for (gsize row = 0; row < self->n; row++)
    for (gsize e = self->start[row]; e < self->start[row + 1]; e++)
      {
        gsize at = self->back_start[self->node[e] + 1]++;
        self->back_entry[at] = e;
        self->back_row[at] = (gint32) row;
      }
  return TRUE;
}

OssTransfer *
oss_transfer_new_embedded (gsize n, const gint32 *parent, gsize n_parents, GError **error)
{
  g_autoptr (OssTransfer) self = g_new0 (OssTransfer, 1);
  const char *what = _ ("the multigrid levels");
  gsize entries = 0;

  self->n = n;
  self->n_coarse = n_parents;
  self->embedded = TRUE;
  if ((self->start = oss_alloc_aligned (n + 1, sizeof *self->start, what, error)) == NULL
      || (self->node = oss_alloc_aligned (2 * n + 1, sizeof *self->node, what, error)) == NULL)
    return NULL;
  for (gsize i = 0; i < n; i++)
    {
      for (gsize k = 0; k < 2 && parent[2 * i] >= 0; k++)
        self->node[entries++] = parent[2 * i + k];
      self->start[i + 1] = entries;
    }
  return oss_transfer_turn_round (self, error) ? g_steal_pointer (&self) : NULL;
}

typedef struct
{
  const OssTransfer *transfer;
  float *fine;
  double *coarse;
} Move;

OSS_CLONES static void
restrict_range (const OssTransfer *transfer, gsize begin, gsize end, const float *from, double *to)
{
  gsize per_node = 3 * oss_transfer_width (transfer);

  for (gsize i = begin; i < end; i++)
    {
      double sum[6] = { 0.0 };
      for (gsize b = transfer->back_start[i]; b < transfer->back_start[i + 1]; b++)
        {
          const float *fine = from + 4 * (gsize) transfer->back_row[b];
          if (transfer->embedded)
            for (int k = 0; k < 3; k++)
              sum[k] += 0.5 * (double) fine[k];
          else
            {
              const float *w = transfer->weight + 18 * transfer->back_entry[b];
              for (int k = 0; k < 6; k++)
                sum[k] += (double) (w[k] * fine[0] + w[6 + k] * fine[1] + w[12 + k] * fine[2]);
            }
        }
      memcpy (to + per_node * i, sum, per_node * sizeof *sum);
    }
}

static void
restrict_nodes (gsize begin, gsize end, guint thread, void *data)
{
  const Move *self = data;
  restrict_range (self->transfer, begin, end, self->fine, self->coarse);
}

void
oss_transfer_restrict (const OssTransfer *self, const float *fine, double *coarse)
{
  Move move = { .transfer = self, .fine = (float *) fine, .coarse = coarse };
  oss_parallel_for (self->n_coarse, 128, restrict_nodes, &move);
}

OSS_CLONES static void
prolong_range (const OssTransfer *transfer, gsize begin, gsize end, const double *from, float *to)
{
  for (gsize i = begin; i < end; i++)
    {
      double sum[3] = { 0.0 };
      for (gsize e = transfer->start[i]; e < transfer->start[i + 1]; e++)
        for (int r = 0; r < 3; r++)
          if (transfer->embedded)
            sum[r] += 0.5 * from[3 * (gsize) transfer->node[e] + (gsize) r];
          else
            {
              const float *w = transfer->weight + 18 * e + 6 * r;
              const double *coarse = from + 6 * (gsize) transfer->node[e];
              for (int k = 0; k < 6; k++)
                sum[r] += (double) w[k] * coarse[k];
            }
      for (gsize r = 0; r < 3; r++)
        to[4 * i + r] += (float) sum[r];
    }
}

static void
prolong_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Move *self = data;
  prolong_range (self->transfer, begin, end, self->coarse, self->fine);
}

void
oss_transfer_prolong (const OssTransfer *self, const double *coarse, float *fine)
{
  Move move = { .transfer = self, .fine = fine, .coarse = (double *) coarse };
  oss_parallel_for (self->n, ROWS_PER_TURN, prolong_rows, &move);
}

/* Sums over a sparse set of keys; @size numbers for each. */
typedef struct
{
  gint32 *slot; /* [keys] or -1 */
  gint32 *key;
  double *value;
  gsize n, room, size;
} Sparse;

static void
sparse_init (Sparse *self, gsize keys, gsize size)
{
  *self = (Sparse){ .slot = g_new (gint32, keys + 1), .size = size };
  memset (self->slot, 0xff, (keys + 1) * sizeof *self->slot);
}

static void
sparse_clear (Sparse *self)
{
  g_free (self->slot);
  g_free (self->key);
  g_free (self->value);
}

static void
sparse_empty (Sparse *self)
{
  for (gsize i = 0; i < self->n; i++)
    self->slot[self->key[i]] = -1;
  self->n = 0;
}

static inline double *
sparse_at (Sparse *self, gint32 key)
{
  gint32 slot = self->slot[key];
  if (slot < 0)
    {
      if (self->n == self->room)
        {
          self->room = MAX (64, 2 * self->room);
          self->key = g_renew (gint32, self->key, self->room);
          self->value = g_renew (double, self->value, self->room * self->size);
        }
      slot = (gint32) self->n++;
      self->slot[key] = slot;
      self->key[slot] = key;
      memset (self->value + (gsize) slot * self->size, 0, self->size * sizeof *self->value);
    }
  return self->value + (gsize) slot * self->size;
}

/* The rows of some coarse nodes, one after the other. */
typedef struct
{
  GArray *column; /* gint32 coarse nodes up to the row's own */
  GArray *value;  /* double, 9 or 36 a column */
} Piece;

typedef struct
{
  const OssTransfer *transfer;
  const OssBlockMatrix *matrix;
  const OssUpper *upper;
  const guint8 *free;
  const OssTick *tick;
  gsize *count;         /* [n_coarse] columns of each row */
  Sparse (*scratch)[2]; /* of each thread */
  Piece *piece;         /* one for each turn */
} Product;

/* Six numbers in eight lanes. */
typedef double Eight __attribute__ ((vector_size (64), aligned (8), may_alias));

/* to[c] += sum over r of a[r][c] w[r], a transposed or not: a column of w' a for each c. */
static inline __attribute__ ((always_inline)) void
add_left (const Eight *w, const double *a, gboolean transposed, Eight *to)
{
  for (int c = 0; c < 3; c++)
    for (int r = 0; r < 3; r++)
      to[c] += w[r] * (transposed ? a[3 * c + r] : a[3 * r + c]);
}

/* to[r] += sum over j of left[j][r] w[j]: a row of left' w for each r; left: [3][8]. */
static inline __attribute__ ((always_inline)) void
add_right (const double *left, const Eight *w, Eight *to)
{
  for (int r = 0; r < 6; r++)
    for (int j = 0; j < 3; j++)
      to[r] += w[j] * left[8 * j + r];
}

static inline __attribute__ ((always_inline)) void
widen (const float *weight, Eight *w)
{
  for (int r = 0; r < 3; r++)
    {
      double lanes[8] = { 0.0 };
      for (int k = 0; k < 6; k++)
        lanes[k] = (double) weight[6 * r + k];
      memcpy (w + r, lanes, sizeof lanes);
    }
}

static void
add_half (const Product *self, gsize row, const double *a, gboolean transposed, double *to)
{
  for (gsize r = 0; r < 3; r++)
    for (gsize c = 0; c < 3 && self->free[3 * row + r]; c++)
      to[3 * r + c] += 0.5 * (transposed ? a[3 * c + r] : a[3 * r + c]);
}

/* The coarse node's row of P' A: by fine columns. */
OSS_CLONES static void
multiply_left (const Product *self, gsize node, Sparse *left)
{
  const OssTransfer *transfer = self->transfer;
  const OssBlockMatrix *matrix = self->matrix;

  for (gsize b = transfer->back_start[node]; b < transfer->back_start[node + 1]; b++)
    {
      gsize row = (gsize) transfer->back_row[b];
      gsize lower = matrix->start[row + 1] - matrix->start[row];
      gsize all = lower + self->upper->start[row + 1] - self->upper->start[row];
      Eight w[3] = { { 0.0 } };
      if (!transfer->embedded)
        widen (transfer->weight + 18 * transfer->back_entry[b], w);
      for (gsize k = 0; k < all; k++)
        {
          gboolean transposed = k >= lower;
          gsize u = self->upper->start[row] + k - lower;
          gsize block = transposed ? self->upper->block[u] : matrix->start[row] + k;
          double *to = sparse_at (left, transposed ? self->upper->row[u] : matrix->column[block]);
          if (transfer->embedded)
            add_half (self, row, matrix->value + 9 * block, transposed, to);
          else if (transposed)
            add_left (w, matrix->value + 9 * block, TRUE, (Eight *) (void *) to);
          else
            add_left (w, matrix->value + 9 * block, FALSE, (Eight *) (void *) to);
        }
    }
}

/* That times P, up to the diagonal. */
OSS_CLONES static void
multiply_right (const Product *self, gsize node, const Sparse *left, Sparse *out)
{
  const OssTransfer *transfer = self->transfer;

  for (gsize i = 0; i < left->n; i++)
    {
      gsize row = (gsize) left->key[i];
      const double *value = left->value + i * left->size;
      for (gsize e = transfer->start[row]; e < transfer->start[row + 1]; e++)
        {
          if (transfer->node[e] > (gint32) node)
            continue;
          double *to = sparse_at (out, transfer->node[e]);
          if (!transfer->embedded)
            {
              Eight w[3] = { { 0.0 } };
              widen (transfer->weight + 18 * e, w);
              add_right (value, w, (Eight *) (void *) to);
            }
          else
            for (gsize r = 0; r < 3; r++)
              for (gsize c = 0; c < 3; c++)
                to[3 * r + c] += self->free[3 * row + c] ? 0.5 * value[3 * r + c] : 0.0;
        }
    }
}

static int
compare_keys (const void *a, const void *b)
{
  gint32 x = *(const gint32 *) a, y = *(const gint32 *) b;
  return (x > y) - (x < y);
}

static void
append_row (Piece *piece, const Sparse *out)
{
  guint first = piece->column->len;

  g_array_append_vals (piece->column, out->key, (guint) out->n);
  gint32 *key = (gint32 *) (void *) piece->column->data + first;
  qsort (key, out->n, sizeof *key, compare_keys);
  for (gsize i = 0; i < out->n; i++)
    {
      const double *value = out->value + (gsize) out->slot[key[i]] * out->size;
      if (out->size == 9)
        g_array_append_vals (piece->value, value, 9);
      for (gsize r = 0; r < 6 && out->size > 9; r++)
        g_array_append_vals (piece->value, value + 8 * r, 6);
    }
}

static void
multiply_nodes (gsize begin, gsize end, guint thread, void *data)
{
  Product *self = data;
  const OssTransfer *transfer = self->transfer;
  Piece *piece = self->piece + begin / COARSE_ROWS_PER_TURN;
  Sparse *left = &self->scratch[thread][0], *out = &self->scratch[thread][1];

  if (oss_tick_stopped (self->tick))
    return;
  piece->column = g_array_new (FALSE, FALSE, sizeof (gint32));
  piece->value = g_array_new (FALSE, FALSE, sizeof (double));
  if (left->slot == NULL)
    {
      sparse_init (left, transfer->n, transfer->embedded ? 9 : 24);
      sparse_init (out, transfer->n_coarse, transfer->embedded ? 9 : 48);
    }
  for (gsize node = begin; node < end; node++)
    {
      multiply_left (self, node, left);
      multiply_right (self, node, left, out);
      sparse_at (out, (gint32) node); /* the diagonal is always there */
      self->count[node] = out->n;
      append_row (piece, out);
      sparse_empty (left);
      sparse_empty (out);
    }
}

/* Rows of 6 x 6 blocks as two rows of 3 x 3 ones; of the diagonal block the lower part and its diagonal. */
static void
spread_row (OssBlockMatrix *to, gsize node, const gint32 *column, const double *value, gsize n, gsize width)
{
  for (gsize q = 0; q < width; q++)
    {
      gsize at = to->start[node * width + q];
      for (gsize i = 0; i < n; i++)
        for (gsize p = 0; p < width; p++)
          {
            if (column[i] == (gint32) node && p > q)
              continue;
            to->column[at] = (gint32) ((gsize) column[i] * width + p);
            for (gsize r = 0; r < 3; r++)
              memcpy (to->value + 9 * at + 3 * r, value + i * 9 * width * width + (3 * q + r) * 3 * width + 3 * p,
                      3 * sizeof *value);
            at++;
          }
    }
}

static OssBlockMatrix *
join_pieces (const Product *self, GError **error)
{
  g_autoptr (OssBlockMatrix) to = g_new0 (OssBlockMatrix, 1);
  gsize width = oss_transfer_width (self->transfer), nodes = self->transfer->n_coarse;
  const char *what = _ ("the multigrid levels");

  to->n = nodes * width;
  if ((to->start = oss_alloc_aligned (to->n + 1, sizeof *to->start, what, error)) == NULL)
    return NULL;
  for (gsize i = 0; i < nodes; i++)
    for (gsize q = 0; q < width; q++)
      to->start[i * width + q + 1] = to->start[i * width + q] + (self->count[i] - 1) * width + q + 1;
  gsize blocks = to->start[to->n];
  if ((to->column = oss_alloc_aligned (blocks + 1, sizeof *to->column, what, error)) == NULL
      || (to->value = oss_alloc_aligned (blocks + 1, 9 * sizeof *to->value, what, error)) == NULL)
    return NULL;
  for (gsize begin = 0; begin < nodes; begin += COARSE_ROWS_PER_TURN)
    {
      Piece *piece = self->piece + begin / COARSE_ROWS_PER_TURN;
      const gint32 *column = (const gint32 *) (void *) piece->column->data;
      const double *value = (const double *) (void *) piece->value->data;
      for (gsize i = begin; i < MIN (begin + COARSE_ROWS_PER_TURN, nodes); i++)
        {
          spread_row (to, i, column, value, self->count[i], width);
          column += self->count[i];
          value += self->count[i] * 9 * width * width;
        }
      g_clear_pointer (&piece->column, g_array_unref);
      g_clear_pointer (&piece->value, g_array_unref);
    }
  return g_steal_pointer (&to);
}

OssBlockMatrix *
oss_transfer_product (const OssTransfer *self, const OssBlockMatrix *matrix, const OssUpper *upper, const guint8 *free,
                      const OssTick *tick, GError **error)
{
  gsize turns = (self->n_coarse + COARSE_ROWS_PER_TURN - 1) / COARSE_ROWS_PER_TURN;
  g_autofree gsize *count = g_new0 (gsize, self->n_coarse + 1);
  g_autofree Piece *piece = g_new0 (Piece, turns + 1);
  Sparse (*scratch)[2] = g_malloc0_n (MAXIMUM_THREADS, sizeof *scratch);
  Product product = { .transfer = self,
                      .matrix = matrix,
                      .upper = upper,
                      .free = free,
                      .tick = tick,
                      .count = count,
                      .piece = piece,
                      .scratch = scratch };
  OssBlockMatrix *to = NULL;

  oss_parallel_for (self->n_coarse, COARSE_ROWS_PER_TURN, multiply_nodes, &product);
  for (gsize t = 0; t < MAXIMUM_THREADS; t++)
    {
      sparse_clear (&scratch[t][0]);
      sparse_clear (&scratch[t][1]);
    }
  g_free (scratch);
  if (oss_tick_stopped (tick))
    oss_tick_cancelled (error);
  else
    to = join_pieces (&product, error);
  for (gsize turn = 0; turn < turns; turn++)
    {
      g_clear_pointer (&piece[turn].column, g_array_unref);
      g_clear_pointer (&piece[turn].value, g_array_unref);
    }
  return to;
}
