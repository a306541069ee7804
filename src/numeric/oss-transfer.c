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
  const double *from;
  double *to;
} Move;

static void
restrict_nodes (gsize begin, gsize end, guint thread, void *data)
{
  const Move *self = data;
  const OssTransfer *transfer = self->transfer;

  for (gsize i = begin; i < end; i++)
    {
      double sum[6] = { 0.0 };
      for (gsize b = transfer->back_start[i]; b < transfer->back_start[i + 1]; b++)
        {
          const double *fine = self->from + 3 * (gsize) transfer->back_row[b];
          if (transfer->embedded)
            for (int k = 0; k < 3; k++)
              sum[k] += 0.5 * fine[k];
          else
            {
              const float *w = transfer->weight + 18 * transfer->back_entry[b];
              for (int k = 0; k < 6; k++)
                sum[k] += (double) w[k] * fine[0] + (double) w[6 + k] * fine[1] + (double) w[12 + k] * fine[2];
            }
        }
      memcpy (self->to + (transfer->embedded ? 3 : 6) * i, sum, (transfer->embedded ? 3 : 6) * sizeof *sum);
    }
}

void
oss_transfer_restrict (const OssTransfer *self, const double *fine, double *coarse)
{
  Move move = { .transfer = self, .from = fine, .to = coarse };
  oss_parallel_for (self->n_coarse, 128, restrict_nodes, &move);
}

static void
prolong_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Move *self = data;
  const OssTransfer *transfer = self->transfer;

  for (gsize i = begin; i < end; i++)
    for (gsize e = transfer->start[i]; e < transfer->start[i + 1]; e++)
      for (int r = 0; r < 3; r++)
        if (transfer->embedded)
          self->to[3 * i + (gsize) r] += 0.5 * self->from[3 * (gsize) transfer->node[e] + (gsize) r];
        else
          {
            const float *w = transfer->weight + 18 * e + 6 * r;
            const double *coarse = self->from + 6 * (gsize) transfer->node[e];
            double sum = 0.0;
            for (int k = 0; k < 6; k++)
              sum += (double) w[k] * coarse[k];
            self->to[3 * i + (gsize) r] += sum;
          }
}

void
oss_transfer_prolong (const OssTransfer *self, const double *coarse, double *fine)
{
  Move move = { .transfer = self, .from = coarse, .to = fine };
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

/* to[6][3] += w' a, a transposed or not; w: [3][6]. */
OSS_CLONES static void
add_left (const float *w, const double *a, gboolean transposed, double *restrict to)
{
  double t[9], v[18];

  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 3; c++)
      t[3 * r + c] = transposed ? a[3 * c + r] : a[3 * r + c];
  for (int k = 0; k < 18; k++)
    v[k] = (double) w[k];
  for (int c = 0; c < 3; c++)
    for (int k = 0; k < 6; k++)
      to[6 * c + k] += v[k] * t[c] + v[6 + k] * t[3 + c] + v[12 + k] * t[6 + c];
}

/* to[6][6] += (left[3][6])' w, the rows of both run over the fine freedoms. */
OSS_CLONES static void
add_right (const double *left, const float *w, double *restrict to)
{
  double v[18];

  for (int k = 0; k < 18; k++)
    v[k] = (double) w[k];
  for (int r = 0; r < 6; r++)
    for (int k = 0; k < 6; k++)
      to[6 * r + k] += left[r] * v[k] + left[6 + r] * v[6 + k] + left[12 + r] * v[12 + k];
}

static void
add_block (const Product *self, gsize entry, gsize row, gint32 column, const double *a, gboolean transposed,
           Sparse *left)
{
  double *to = sparse_at (left, column);

  if (!self->transfer->embedded)
    {
      add_left (self->transfer->weight + 18 * entry, a, transposed, to);
      return;
    }
  for (gsize r = 0; r < 3; r++)
    for (gsize c = 0; c < 3 && self->free[3 * row + r]; c++)
      to[3 * r + c] += 0.5 * (transposed ? a[3 * c + r] : a[3 * r + c]);
}

/* The coarse node's row of P' A: by fine columns. */
static void
multiply_left (const Product *self, gsize node, Sparse *left)
{
  const OssTransfer *transfer = self->transfer;
  const OssBlockMatrix *matrix = self->matrix;

  for (gsize b = transfer->back_start[node]; b < transfer->back_start[node + 1]; b++)
    {
      gsize row = (gsize) transfer->back_row[b], entry = transfer->back_entry[b];
      for (gsize k = matrix->start[row]; k < matrix->start[row + 1]; k++)
        add_block (self, entry, row, matrix->column[k], matrix->value + 9 * k, FALSE, left);
      for (gsize u = self->upper->start[row]; u < self->upper->start[row + 1]; u++)
        add_block (self, entry, row, self->upper->row[u], matrix->value + 9 * (gsize) self->upper->block[u], TRUE,
                   left);
    }
}

/* That times P, up to the diagonal. */
static void
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
            add_right (value, transfer->weight + 18 * e, to);
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
    g_array_append_vals (piece->value, out->value + (gsize) out->slot[key[i]] * out->size, (guint) out->size);
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
      sparse_init (left, transfer->n, transfer->embedded ? 9 : 18);
      sparse_init (out, transfer->n_coarse, transfer->embedded ? 9 : 36);
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
