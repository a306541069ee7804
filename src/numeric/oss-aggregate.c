/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "numeric/oss-amg-private.h"

#include <string.h>

#define ROWS_PER_TURN 1024
/* A motion of an aggregate that keeps less than this of its length beside the ones before is none of its own. */
#define LEAST_MOTION 1e-5

/* The strong neighbours of every node. */
typedef struct
{
  const OssBlockMatrix *matrix;
  const OssUpper *upper;
  gsize width;
  double strength;
  float *norm; /* [nodes] of the diagonal block */
  guint8 *out; /* [nodes] wholly prescribed, or without elements */
  gsize *start;
  gint32 *node;
  float *weight; /* norm of the block, relative */
} Graph;

static double
norm_of (const double *block)
{
  double sum = 0.0;
  for (int k = 0; k < 9; k++)
    sum += block[k] * block[k];
  return sqrt (sum);
}

static gboolean
is_strong (const Graph *self, gsize node, gsize other, gsize block, float *weight)
{
  if (self->out[node] || self->out[other] || node == other)
    return FALSE;
  *weight = (float) (norm_of (self->matrix->value + 9 * block)
                     / sqrt ((double) self->norm[node] * (double) self->norm[other]));
  return *weight >= self->strength;
}

/* Strong neighbours of a node, ascending; written when there is somewhere to write.  Where nodes are made of two block
 * rows, the first ones, which are moved about, stand for both. */
static gsize
list_strong (const Graph *self, gsize node, gint32 *to, float *weight)
{
  const OssBlockMatrix *matrix = self->matrix;
  gsize row = node * self->width, n = 0;
  float relative;

  for (gsize k = matrix->start[row]; k + 1 < matrix->start[row + 1]; k++)
    if ((gsize) matrix->column[k] % self->width == 0
        && is_strong (self, node, (gsize) matrix->column[k] / self->width, k, &relative))
      {
        if (to != NULL)
          to[n] = (gint32) ((gsize) matrix->column[k] / self->width), weight[n] = relative;
        n++;
      }
  for (gsize u = self->upper->start[row]; u < self->upper->start[row + 1]; u++)
    if ((gsize) self->upper->row[u] % self->width == 0
        && is_strong (self, node, (gsize) self->upper->row[u] / self->width, self->upper->block[u], &relative))
      {
        if (to != NULL)
          to[n] = (gint32) ((gsize) self->upper->row[u] / self->width), weight[n] = relative;
        n++;
      }
  return n;
}

static void
count_strong (gsize begin, gsize end, guint thread, void *data)
{
  Graph *self = data;
  for (gsize i = begin; i < end; i++)
    self->start[i + 1] = list_strong (self, i, NULL, NULL);
}

static void
fill_strong (gsize begin, gsize end, guint thread, void *data)
{
  Graph *self = data;
  for (gsize i = begin; i < end; i++)
    list_strong (self, i, self->node + self->start[i], self->weight + self->start[i]);
}

static void
find_diagonals (Graph *self, const guint8 *free, gsize nodes)
{
  const OssBlockMatrix *matrix = self->matrix;
  for (gsize i = 0; i < nodes; i++)
    {
      gsize row = i * self->width, last = matrix->start[row + 1];
      gboolean any = FALSE;
      for (gsize f = 0; f < 3 * self->width; f++)
        any |= free[3 * row + f] != 0;
      self->out[i] = !any || last == matrix->start[row];
      self->norm[i] = self->out[i] ? 1.0f : (float) norm_of (matrix->value + 9 * (last - 1));
    }
}

static void
graph_clear (Graph *self)
{
  g_free (self->norm);
  g_free (self->out);
  g_free (self->start);
  g_free (self->node);
  g_free (self->weight);
}

static void
graph_init (Graph *self, const guint8 *free, gsize nodes)
{
  self->norm = g_new (float, nodes + 1);
  self->out = g_new0 (guint8, nodes + 1);
  self->start = g_new0 (gsize, nodes + 1);
  find_diagonals (self, free, nodes);
  oss_parallel_for (nodes, ROWS_PER_TURN, count_strong, self);
  for (gsize i = 0; i < nodes; i++)
    self->start[i + 1] += self->start[i];
  self->node = g_new (gint32, self->start[nodes] + 1);
  self->weight = g_new (float, self->start[nodes] + 1);
  oss_parallel_for (nodes, ROWS_PER_TURN, fill_strong, self);
}

/* First pass: a node whose neighbours all are free gathers them. */
static gsize
gather_whole (const Graph *graph, gint32 *aggregate, gsize nodes)
{
  gsize n = 0;
  for (gsize i = 0; i < nodes; i++)
    {
      gboolean all = aggregate[i] < 0 && graph->start[i] < graph->start[i + 1];
      for (gsize k = graph->start[i]; k < graph->start[i + 1] && all; k++)
        all = aggregate[graph->node[k]] < 0;
      if (!all)
        continue;
      aggregate[i] = (gint32) n;
      for (gsize k = graph->start[i]; k < graph->start[i + 1]; k++)
        aggregate[graph->node[k]] = (gint32) n;
      n++;
    }
  return n;
}

/* Second pass: the others join the aggregate of their strongest neighbour in one. */
static void
join_strongest (const Graph *graph, gint32 *aggregate, gsize nodes)
{
  g_autofree gint32 *before = g_memdup2 (aggregate, nodes * sizeof *aggregate);
  for (gsize i = 0; i < nodes; i++)
    {
      float best = 0.0f;
      for (gsize k = graph->start[i]; k < graph->start[i + 1] && before[i] < 0; k++)
        if (before[graph->node[k]] >= 0 && graph->weight[k] > best)
          {
            best = graph->weight[k];
            aggregate[i] = before[graph->node[k]];
          }
    }
}

gint32 *
oss_aggregate (const OssBlockMatrix *matrix, const OssUpper *upper, const guint8 *free, gsize width, double strength,
               gsize *n_aggregates)
{
  Graph graph = { .matrix = matrix, .upper = upper, .width = width, .strength = strength };
  gsize nodes = matrix->n / width;
  gint32 *aggregate = g_new (gint32, nodes + 1);

  memset (aggregate, 0xff, (nodes + 1) * sizeof *aggregate);
  graph_init (&graph, free, nodes);
  *n_aggregates = gather_whole (&graph, aggregate, nodes);
  join_strongest (&graph, aggregate, nodes);
  /* What is left has no neighbour in an aggregate: it makes one with its like.  Nodes that hang together with
   * nothing are left to the smoother. */
  for (gsize i = 0; i < nodes; i++)
    if (aggregate[i] < 0 && graph.start[i] < graph.start[i + 1])
      {
        aggregate[i] = (gint32) *n_aggregates;
        for (gsize k = graph.start[i]; k < graph.start[i + 1]; k++)
          if (aggregate[graph.node[k]] < 0)
            aggregate[graph.node[k]] = (gint32) *n_aggregates;
        ++*n_aggregates;
      }
  graph_clear (&graph);
  return aggregate;
}

typedef struct
{
  const OssBlockMatrix *matrix;
  const OssUpper *upper;
  const OssSmoother *smoother;
  const guint8 *free;
  const double *modes;
  const OssTick *tick;
  gsize width;
  const gint32 *aggregate; /* [nodes] */
  gsize *member_start;     /* [n_aggregates + 1] */
  gint32 *member;          /* nodes of each aggregate, ascending */
  float *tentative;        /* [n][3][6] orthonormal motions of the row's aggregate */
  double *coarse_modes;
  guint8 *coarse_free;
  OssTransfer *transfer;
  double damping;
} Smoothing;

/* Modified Gram-Schmidt, twice: q [rows][6] becomes orthonormal, r [6][6] holds what it was made of. */
static void
orthonormalize (double (*q)[6], gsize rows, double r[6][6], guint8 *kept)
{
  double before[6] = { 0.0 };

  memset (r, 0, 36 * sizeof (double));
  for (int k = 0; k < 6; k++)
    for (gsize i = 0; i < rows; i++)
      before[k] += q[i][k] * q[i][k];
  for (int k = 0; k < 6; k++)
    {
      double length = 0.0;
      for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < k; j++)
          {
            double dot = 0.0;
            for (gsize i = 0; i < rows; i++)
              dot += q[i][j] * q[i][k];
            for (gsize i = 0; i < rows; i++)
              q[i][k] -= dot * q[i][j];
            r[j][k] += dot;
          }
      for (gsize i = 0; i < rows; i++)
        length += q[i][k] * q[i][k];
      kept[k] = length > LEAST_MOTION * LEAST_MOTION * before[k];
      r[k][k] = kept[k] ? sqrt (length) : 0.0;
      for (gsize i = 0; i < rows; i++)
        q[i][k] = kept[k] ? q[i][k] / r[k][k] : 0.0;
    }
}

static void
make_tentative (gsize begin, gsize end, guint thread, void *data)
{
  const Smoothing *self = data;

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize g = begin; g < end; g++)
    {
      gsize per_node = 3 * self->width, n = (self->member_start[g + 1] - self->member_start[g]) * per_node;
      g_autofree double (*q)[6] = g_malloc_n (n, sizeof *q);
      double r[6][6];
      for (gsize i = 0; i < n; i++)
        {
          gsize f = (gsize) self->member[self->member_start[g] + i / per_node] * per_node + i % per_node;
          for (gsize k = 0; k < 6; k++)
            q[i][k] = self->free[f] ? self->modes[6 * f + k] : 0.0;
        }
      orthonormalize (q, n, r, self->coarse_free + 6 * g);
      memcpy (self->coarse_modes + 36 * g, r, sizeof r);
      for (gsize i = 0; i < n; i++)
        {
          gsize f = (gsize) self->member[self->member_start[g] + i / per_node] * per_node + i % per_node;
          for (gsize k = 0; k < 6; k++)
            self->tentative[6 * f + k] = (float) q[i][k];
        }
    }
}

static void
list_members (Smoothing *self, gsize nodes, gsize n_aggregates)
{
  self->member_start = g_new0 (gsize, n_aggregates + 2);
  self->member = g_new (gint32, nodes + 1);
  for (gsize i = 0; i < nodes; i++)
    if (self->aggregate[i] >= 0)
      self->member_start[self->aggregate[i] + 2]++;
  for (gsize g = 2; g < n_aggregates + 2; g++)
    self->member_start[g] += self->member_start[g - 1];
  for (gsize i = 0; i < nodes; i++)
    if (self->aggregate[i] >= 0)
      self->member[self->member_start[self->aggregate[i] + 1]++] = (gint32) i;
}

#define MOST_AGGREGATES 256 /* about one row; a row of a mesh meets a dozen */

/* The aggregates that a row of A meets. */
static int
list_aggregates (const Smoothing *self, gsize row, gint32 list[MOST_AGGREGATES])
{
  const OssBlockMatrix *matrix = self->matrix;
  gsize lower = matrix->start[row + 1] - matrix->start[row];
  gsize all = lower + self->upper->start[row + 1] - self->upper->start[row];
  int n = 0;

  for (gsize k = 0; k < all && n < MOST_AGGREGATES; k++)
    {
      gint32 column =
          k < lower ? matrix->column[matrix->start[row] + k] : self->upper->row[self->upper->start[row] + k - lower];
      gint32 g = self->aggregate[(gsize) column / self->width];
      int i = 0;
      while (i < n && list[i] != g)
        i++;
      if (g >= 0 && i == n)
        list[n++] = g;
    }
  return n;
}

static void
count_entries (gsize begin, gsize end, guint thread, void *data)
{
  const Smoothing *self = data;
  gint32 list[MOST_AGGREGATES];
  for (gsize row = begin; row < end; row++)
    self->transfer->start[row + 1] = (gsize) list_aggregates (self, row, list);
}

/* sum[3][6] += a q, a transposed or not */
static inline void
add_motion (const double *a, gboolean transposed, const float *q, double sum[18])
{
  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 3; c++)
      {
        double entry = transposed ? a[3 * c + r] : a[3 * r + c];
        for (int k = 0; k < 6; k++)
          sum[6 * r + k] += entry * (double) q[6 * c + k];
      }
}

/* weight = (own tentative) - damping inverse diagonal sum */
static void
write_weight (const Smoothing *self, gsize row, gint32 g, const double sum[18], float *weight)
{
  const float *m = self->smoother->inverse + 12 * row;
  gboolean own = self->aggregate[row / self->width] == g;

  for (int r = 0; r < 3; r++)
    for (int k = 0; k < 6; k++)
      {
        double scaled = 0.0;
        for (int c = 0; c < 3; c++)
          scaled += (double) m[4 * c + r] * sum[6 * c + k];
        weight[6 * r + k] =
            (float) ((own ? (double) self->tentative[18 * row + (gsize) (6 * r + k)] : 0.0) - self->damping * scaled);
      }
}

static void
smooth_row (const Smoothing *self, gsize row)
{
  const OssBlockMatrix *matrix = self->matrix;
  gint32 list[MOST_AGGREGATES];
  double sum[MOST_AGGREGATES][18];
  int n = list_aggregates (self, row, list);
  gsize lower = matrix->start[row + 1] - matrix->start[row];
  gsize all = lower + self->upper->start[row + 1] - self->upper->start[row];

  memset (sum, 0, (gsize) n * sizeof *sum);
  for (gsize k = 0; k < all; k++)
    {
      gboolean transposed = k >= lower;
      gsize u = self->upper->start[row] + k - lower;
      gsize block = transposed ? self->upper->block[u] : matrix->start[row] + k;
      gsize column = (gsize) (transposed ? self->upper->row[u] : matrix->column[block]);
      int i = 0;
      while (i < n && list[i] != self->aggregate[column / self->width])
        i++;
      if (i < n)
        add_motion (matrix->value + 9 * block, transposed, self->tentative + 18 * column, sum[i]);
    }
  gsize at = self->transfer->start[row];
  for (int i = 0; i < n; i++, at++)
    {
      self->transfer->node[at] = list[i];
      write_weight (self, row, list[i], sum[i], self->transfer->weight + 18 * at);
    }
}

static void
smooth_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Smoothing *self = data;
  if (oss_tick_stopped (self->tick))
    return;
  for (gsize row = begin; row < end; row++)
    smooth_row (self, row);
}

static gboolean
smooth_transfer (Smoothing *self, GError **error)
{
  OssTransfer *transfer = self->transfer;
  const char *what = _ ("the multigrid levels");

  if ((transfer->start = oss_alloc_aligned (transfer->n + 1, sizeof *transfer->start, what, error)) == NULL)
    return FALSE;
  oss_parallel_for (transfer->n, ROWS_PER_TURN, count_entries, self);
  for (gsize i = 0; i < transfer->n; i++)
    transfer->start[i + 1] += transfer->start[i];
  gsize entries = transfer->start[transfer->n];
  if ((transfer->node = oss_alloc_aligned (entries + 1, sizeof *transfer->node, what, error)) == NULL
      || (transfer->weight = oss_alloc_aligned (entries + 1, 18 * sizeof (float), what, error)) == NULL)
    return FALSE;
  oss_parallel_for (transfer->n, ROWS_PER_TURN, smooth_rows, self);
  return oss_tick_stopped (self->tick) ? oss_tick_cancelled (error) : oss_transfer_turn_round (transfer, error);
}

OssTransfer *
oss_transfer_new_aggregates (const OssBlockMatrix *matrix, const OssUpper *upper, const OssSmoother *smoother,
                             const guint8 *free, gsize width, const double *modes, double strength,
                             double **coarse_modes, guint8 **coarse_free, const OssTick *tick, GError **error)
{
  g_autoptr (OssTransfer) transfer = g_new0 (OssTransfer, 1);
  const char *what = _ ("the multigrid levels");
  gboolean ok;

  transfer->n = matrix->n;
  g_autofree gint32 *aggregate = oss_aggregate (matrix, upper, free, width, strength, &transfer->n_coarse);
  Smoothing smoothing = { .matrix = matrix,
                          .upper = upper,
                          .smoother = smoother,
                          .free = free,
                          .modes = modes,
                          .tick = tick,
                          .width = width,
                          .aggregate = aggregate,
                          .transfer = transfer,
                          .damping = 4.0 / 3.0 / smoother->largest };
  list_members (&smoothing, matrix->n / width, transfer->n_coarse);
  smoothing.tentative = oss_alloc_aligned (matrix->n + 1, 18 * sizeof (float), what, error);
  if (smoothing.tentative != NULL)
    smoothing.coarse_modes = oss_alloc_aligned (transfer->n_coarse + 1, 36 * sizeof (double), what, error);
  if (smoothing.coarse_modes != NULL)
    smoothing.coarse_free = oss_alloc_aligned (transfer->n_coarse + 1, 6, what, error);
  ok = smoothing.coarse_free != NULL;
  if (ok)
    {
      oss_parallel_for (transfer->n_coarse, 64, make_tentative, &smoothing);
      ok = smooth_transfer (&smoothing, error);
    }
  oss_free_aligned (smoothing.tentative);
  g_free (smoothing.member_start);
  g_free (smoothing.member);
  *coarse_modes = smoothing.coarse_modes;
  *coarse_free = smoothing.coarse_free;
  return ok ? g_steal_pointer (&transfer) : NULL;
}
