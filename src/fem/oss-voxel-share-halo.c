/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem/oss-voxel-share.h"

#include <stdlib.h>
#include <string.h>

/* --- Which nodes are shared --- */

static int
compare_named (gconstpointer a, gconstpointer b)
{
  const OssVoxelNamed *p = a, *q = b;
  return (p->name > q->name) - (p->name < q->name);
}

static void
sort_named (GArray *named)
{
  OssVoxelNamed *all = (OssVoxelNamed *) (void *) named->data;
  guint n = 0;

  g_array_sort (named, compare_named);
  for (guint i = 0; i < named->len; i++)
    if (n == 0 || all[n - 1].name != all[i].name)
      all[n++] = all[i];
  g_array_set_size (named, n);
}

/* What every neighbour calls its nodes. */
static guint64 **
exchange_names (const int *neighbour, int n, const guint64 *mine, gsize n_mine, gsize *n_theirs)
{
  guint64 **theirs = g_new0 (guint64 *, n + 1);
  OssPetscMessage message[26];

  for (int q = 0; q < n; q++)
    message[q] = (OssPetscMessage){ neighbour[q], sizeof n_mine, sizeof n_mine, &n_mine, &n_theirs[q] };
  oss_processes.module->exchange (message, n);
  for (int q = 0; q < n; q++)
    {
      theirs[q] = g_new (guint64, n_theirs[q] + 1);
      message[q] =
          (OssPetscMessage){ neighbour[q], n_mine * sizeof *mine, n_theirs[q] * sizeof *mine, mine, theirs[q] };
    }
  oss_processes.module->exchange (message, n);
  return theirs;
}

/* Places in @mine of the names that are in both; both ascend. */
static GArray *
find_common (const guint64 *mine, gsize n_mine, const guint64 *theirs, gsize n_theirs)
{
  GArray *common = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint32 i = 0, j = 0; i < n_mine && j < n_theirs;)
    if (mine[i] == theirs[j])
      {
        g_array_append_val (common, i);
        i++;
        j++;
      }
    else if (mine[i] < theirs[j])
      i++;
    else
      j++;
  return common;
}

/* Numbers the nodes that a neighbour has too. */
static void
number_shared (OssVoxelHalo *self, const GArray *named)
{
  const OssVoxelNamed *all = (const OssVoxelNamed *) (void *) named->data;
  g_autofree guint32 *number = g_new0 (guint32, named->len + 1);

  for (int q = 0; q < self->n_neighbours; q++)
    for (gsize i = 0; i < self->neighbour[q].n; i++)
      number[self->neighbour[q].shared[i]] = 1;
  self->node = g_new (guint32, named->len + 1);
  for (guint i = 0; i < named->len; i++)
    if (number[i] > 0)
      {
        number[i] = (guint32) self->n_shared;
        self->node[self->n_shared++] = all[i].node;
      }
  for (int q = 0; q < self->n_neighbours; q++)
    {
      for (gsize i = 0; i < self->neighbour[q].n; i++)
        self->neighbour[q].shared[i] = number[self->neighbour[q].shared[i]];
      self->n_sent += self->neighbour[q].n;
    }
}

int
oss_voxel_compare_sizes (gconstpointer a, gconstpointer b)
{
  gsize p = *(const gsize *) a, q = *(const gsize *) b;
  return (p > q) - (p < q);
}

static void
find_freedoms (OssVoxelHalo *self)
{
  g_autofree gboolean *foreign = g_new0 (gboolean, self->n_shared + 1);

  self->freedom = g_new (gsize, 3 * self->n_shared + 1);
  self->foreign = g_new (gsize, 3 * self->n_shared + 1);
  for (int q = 0; q < self->n_neighbours && self->neighbour[q].process < oss_processes.rank; q++)
    for (gsize i = 0; i < self->neighbour[q].n; i++)
      foreign[self->neighbour[q].shared[i]] = TRUE;
  for (gsize s = 0; s < self->n_shared; s++)
    for (gsize c = 0; c < 3; c++)
      {
        self->freedom[3 * s + c] = 3 * self->node[s] + c;
        if (foreign[s])
          self->foreign[self->n_foreign++] = 3 * self->node[s] + c;
      }
  qsort (self->foreign, self->n_foreign, sizeof *self->foreign, oss_voxel_compare_sizes);
}

void
oss_voxel_halo_init (OssVoxelHalo *self, const OssVoxelLevel *level, const int *neighbour, int n_neighbours,
                     GArray *named)
{
  g_autofree guint64 *mine = NULL;
  gsize n_theirs[26];

  memset (self, 0, sizeof *self);
  self->n_freedoms = 3 * level->n_nodes;
  sort_named (named);
  mine = g_new (guint64, named->len + 1);
  for (guint i = 0; i < named->len; i++)
    mine[i] = g_array_index (named, OssVoxelNamed, i).name;
  guint64 **theirs = exchange_names (neighbour, n_neighbours, mine, named->len, n_theirs);
  self->neighbour = g_new0 (OssVoxelNeighbour, n_neighbours + 1);
  for (int q = 0; q < n_neighbours; q++)
    {
      GArray *common = find_common (mine, named->len, theirs[q], n_theirs[q]);
      OssVoxelNeighbour *with = &self->neighbour[self->n_neighbours];
      g_free (theirs[q]);
      *with = (OssVoxelNeighbour){ neighbour[q], common->len, (guint32 *) (void *) g_array_free (common, FALSE) };
      if (with->n > 0)
        self->n_neighbours++;
      else
        g_clear_pointer (&with->shared, g_free);
    }
  g_free (theirs);
  number_shared (self, named);
  find_freedoms (self);
  self->out = g_new (double, 3 * self->n_sent + 1);
  self->in = g_new (double, 3 * self->n_sent + 1);
  self->sum = g_new (double, 3 * self->n_shared + 1);
  self->bytes = (double) self->n_sent * (4.0 + 48.0) + (double) self->n_shared * (4.0 + 24.0 + 24.0 + 24.0);
}

void
oss_voxel_halo_clear (OssVoxelHalo *self)
{
  for (int q = 0; q < self->n_neighbours; q++)
    g_free (self->neighbour[q].shared);
  g_free (self->neighbour);
  g_free (self->node);
  g_free (self->freedom);
  g_free (self->foreign);
  g_free (self->out);
  g_free (self->in);
  g_free (self->sum);
  memset (self, 0, sizeof *self);
}

/* --- Exchange --- */

static void
exchange (const OssVoxelHalo *self, const void *out, void *in, gsize node_bytes)
{
  OssPetscMessage message[26];
  gsize at = 0;

  for (int q = 0; q < self->n_neighbours; at += self->neighbour[q++].n * node_bytes)
    message[q] = (OssPetscMessage){ .process = self->neighbour[q].process,
                                    .out_bytes = self->neighbour[q].n * node_bytes,
                                    .in_bytes = self->neighbour[q].n * node_bytes,
                                    .out = (const char *) out + at,
                                    .in = (char *) in + at };
  oss_processes.module->exchange (message, self->n_neighbours);
}

/* Processes are added in the order of their numbers, this one among them: the same bits everywhere. */
#define HALO_SUM(NAME, REAL)                                                                                           \
  static void NAME##_own (const OssVoxelHalo *self, const REAL *vector, REAL *sum)                                     \
  {                                                                                                                    \
    for (gsize i = 0; i < 3 * self->n_shared; i++)                                                                     \
      sum[i] += vector[self->freedom[i]];                                                                              \
  }                                                                                                                    \
                                                                                                                       \
  void NAME (OssVoxelHalo *self, REAL *vector)                                                                         \
  {                                                                                                                    \
    REAL *out = (void *) self->out, *sum = (void *) self->sum;                                                         \
    const REAL *in = (void *) self->in;                                                                                \
    gboolean added = FALSE;                                                                                            \
                                                                                                                       \
    for (int q = 0; q < self->n_neighbours; q++)                                                                       \
      for (gsize i = 0; i < self->neighbour[q].n; i++)                                                                 \
        for (gsize c = 0; c < 3; c++)                                                                                  \
          *out++ = vector[self->freedom[3 * self->neighbour[q].shared[i] + c]];                                        \
    exchange (self, self->out, self->in, 3 * sizeof (REAL));                                                           \
    memset (sum, 0, 3 * self->n_shared * sizeof *sum);                                                                 \
    for (int q = 0; q < self->n_neighbours; q++)                                                                       \
      {                                                                                                                \
        if (!added && self->neighbour[q].process > oss_processes.rank)                                                 \
          {                                                                                                            \
            NAME##_own (self, vector, sum);                                                                            \
            added = TRUE;                                                                                              \
          }                                                                                                            \
        for (gsize i = 0; i < self->neighbour[q].n; i++)                                                               \
          for (gsize c = 0; c < 3; c++)                                                                                \
            sum[3 * self->neighbour[q].shared[i] + c] += *in++;                                                        \
      }                                                                                                                \
    if (!added)                                                                                                        \
      NAME##_own (self, vector, sum);                                                                                  \
    for (gsize i = 0; i < 3 * self->n_shared; i++)                                                                     \
      vector[self->freedom[i]] = sum[i];                                                                               \
  }

HALO_SUM (oss_voxel_halo_sum, double)
HALO_SUM (oss_voxel_halo_sum_float, float)

void
oss_voxel_halo_least (const OssVoxelHalo *self, guint64 *values, gsize width)
{
  g_autofree guint64 *out = g_new (guint64, 2 * width * self->n_sent + 1);
  guint64 *in = out + width * self->n_sent;
  gsize at = 0;

  for (int q = 0; q < self->n_neighbours; q++)
    for (gsize i = 0; i < self->neighbour[q].n; i++, at += width)
      memcpy (out + at, values + width * self->neighbour[q].shared[i], width * sizeof *out);
  exchange (self, out, in, width * sizeof *out);
  for (int q = 0; q < self->n_neighbours; q++)
    for (gsize i = 0; i < self->neighbour[q].n; i++)
      for (gsize c = 0; c < width; c++, in++)
        {
          guint64 *value = &values[width * self->neighbour[q].shared[i] + c];
          *value = MIN (*value, *in);
        }
}

/* --- Own values and vectors --- */

typedef struct
{
  const OssVoxelHalo *halo;
  const void *from;
  void *to;
} Copy;

gsize
oss_voxel_halo_foreign_before (const OssVoxelHalo *self, gsize f)
{
  gsize low = 0, high = self->n_foreign;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      if (self->foreign[middle] < f)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

#define SPREAD(NAME, REAL)                                                                                             \
  static void NAME##_range (gsize begin, gsize end, guint thread, void *data)                                          \
  {                                                                                                                    \
    const Copy *copy = data;                                                                                           \
    gsize next = oss_voxel_halo_foreign_before (copy->halo, begin);                                                    \
    const double *from = (const double *) copy->from + (begin - next);                                                 \
    REAL *to = copy->to;                                                                                               \
                                                                                                                       \
    while (begin < end)                                                                                                \
      {                                                                                                                \
        gsize stop = next < copy->halo->n_foreign ? MIN (copy->halo->foreign[next], end) : end;                        \
        for (; begin < stop; begin++)                                                                                  \
          to[begin] = (REAL) *from++;                                                                                  \
        if (begin < end)                                                                                               \
          to[begin++] = 0;                                                                                             \
        next++;                                                                                                        \
      }                                                                                                                \
  }                                                                                                                    \
                                                                                                                       \
  void NAME (const OssVoxelHalo *self, const double *own, REAL *vector)                                                \
  {                                                                                                                    \
    Copy copy = { self, own, vector };                                                                                 \
    oss_parallel_for (self->n_freedoms, 1 << 16, NAME##_range, &copy);                                                 \
  }

#define COLLECT(NAME, REAL)                                                                                            \
  static void NAME##_range (gsize begin, gsize end, guint thread, void *data)                                          \
  {                                                                                                                    \
    const Copy *copy = data;                                                                                           \
    gsize next = oss_voxel_halo_foreign_before (copy->halo, begin);                                                    \
    double *to = (double *) copy->to + (begin - next);                                                                 \
    const REAL *from = copy->from;                                                                                     \
                                                                                                                       \
    for (; begin < end; begin++, next++)                                                                               \
      {                                                                                                                \
        gsize stop = next < copy->halo->n_foreign ? MIN (copy->halo->foreign[next], end) : end;                        \
        for (; begin < stop; begin++)                                                                                  \
          *to++ = (double) from[begin];                                                                                \
      }                                                                                                                \
  }                                                                                                                    \
                                                                                                                       \
  void NAME (const OssVoxelHalo *self, const REAL *vector, double *own)                                                \
  {                                                                                                                    \
    Copy copy = { self, vector, own };                                                                                 \
    oss_parallel_for (self->n_freedoms, 1 << 16, NAME##_range, &copy);                                                 \
  }

SPREAD (oss_voxel_halo_spread, double)
SPREAD (oss_voxel_halo_spread_float, float)
COLLECT (oss_voxel_halo_collect, double)
COLLECT (oss_voxel_halo_collect_float, float)
