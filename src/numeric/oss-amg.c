/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-amg.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "numeric/oss-amg-private.h"

#include <math.h>
#include <string.h>

#define MAXIMUM_LEVELS 12
/* A level this much smaller than the one before is worth having. */
#define LEAST_COARSENING 0.7

typedef struct
{
  gsize n, width; /* block rows, and how many make a node */
  const OssBlockMatrix *matrix;
  OssBlockMatrix *owned; /* (nullable) the matrix, when it is this level's own; its numbers go when they were read */
  guint8 *free;          /* [3 n] */
  OssSmoother *smoother; /* NULL on the coarsest */
  OssTransfer *transfer; /* to the next, NULL on the coarsest */
  OssCholesky *cholesky; /* of the coarsest */
  gint32 *unknown;       /* [3 n] of the coarsest */
  double *work;          /* [unknowns] of the coarsest */
  double *right, *left;  /* [3 n] of a coarser level: what it is asked and what it answers; NULL on the finest */
  float *b, *x, *r;      /* [n][4]; one more follows r */
} Level;

struct _OssAmg
{
  OssAmgOptions options;
  Level level[MAXIMUM_LEVELS];
  guint n_levels;
  gboolean embedded;
  char name[64];
};

void
oss_amg_options_default (OssAmgOptions *options)
{
  *options = (OssAmgOptions){ .degree = 2, .direct_below = 10000, .strength = 0.02 };
}

static void
level_clear (Level *self)
{
  oss_block_matrix_free (self->owned);
  oss_free_aligned (self->free);
  oss_smoother_free (self->smoother);
  oss_transfer_free (self->transfer);
  oss_cholesky_free (self->cholesky);
  oss_free_aligned (self->unknown);
  oss_free_aligned (self->work);
  oss_free_aligned (self->right);
  oss_free_aligned (self->left);
  oss_free_aligned (self->b);
}

void
oss_amg_free (OssAmg *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_levels; i++)
    level_clear (&self->level[i]);
  g_free (self);
}

/* The six rigid motions at the nodes; the turns about the middle of all, of the size of its extent. */
static double *
rigid_motions (gsize n, const double *coordinates, GError **error)
{
  double *modes = oss_alloc_aligned (3 * n + 1, 6 * sizeof *modes, _ ("the multigrid levels"), error);
  double middle[3] = { 0.0 }, reach = 0.0;

  if (modes == NULL)
    return NULL;
  for (gsize i = 0; i < 3 * n; i++)
    middle[i % 3] += coordinates[i] / (double) n;
  for (gsize i = 0; i < 3 * n; i++)
    reach += (coordinates[i] - middle[i % 3]) * (coordinates[i] - middle[i % 3]) / (double) n;
  reach = reach > 0.0 ? sqrt (reach) : 1.0;
  for (gsize i = 0; i < n; i++)
    for (gsize m = 0; m < 3; m++)
      {
        /* mode 3 + m: a turn about axis m */
        gsize a = (m + 1) % 3, b = (m + 2) % 3;
        modes[6 * (3 * i + m) + m] = 1.0;
        modes[6 * (3 * i + a) + 3 + m] = -(coordinates[3 * i + b] - middle[b]) / reach;
        modes[6 * (3 * i + b) + 3 + m] = (coordinates[3 * i + a] - middle[a]) / reach;
      }
  return modes;
}

static gsize
count_free (const Level *level)
{
  gsize n = 0;
  for (gsize f = 0; f < 3 * level->n; f++)
    n += level->free[f];
  return n;
}

static gboolean
add_vectors (Level *self, gboolean finest, GError **error)
{
  const char *what = _ ("the multigrid levels");

  if (self->smoother != NULL)
    {
      if ((self->b = oss_alloc_aligned (self->n + 1, 16 * sizeof (float), what, error)) == NULL)
        return FALSE;
      self->x = self->b + 4 * self->n;
      self->r = self->x + 4 * self->n;
    }
  else if ((self->work = oss_alloc_aligned (3 * self->n + 1, sizeof *self->work, what, error)) == NULL)
    return FALSE;
  return finest
         || ((self->right = oss_alloc_aligned (3 * self->n + 1, sizeof *self->right, what, error)) != NULL
             && (self->left = oss_alloc_aligned (3 * self->n + 1, sizeof *self->left, what, error)) != NULL);
}

/* Factorises the coarsest level. */
static gboolean
factorize (Level *self, gsize *weakest_row, const OssTick *tick, GError **error)
{
  g_autofree gint64 *group = g_new (gint64, self->n / self->width + 2);
  gsize n = 0, groups = 0;
  OssCholeskyInfo info;

  self->unknown = oss_alloc_aligned (3 * self->n + 1, sizeof *self->unknown, _ ("the multigrid levels"), error);
  if (self->unknown == NULL)
    return FALSE;
  for (gsize node = 0; node < self->n / self->width; node++)
    {
      gsize before = n;
      for (gsize f = 3 * self->width * node; f < 3 * self->width * (node + 1); f++)
        self->unknown[f] = self->free[f] ? (gint32) n++ : -1;
      if (n > before)
        group[groups++] = (gint64) before;
    }
  group[groups] = (gint64) n;
  if (n == 0)
    return TRUE;
  OssSymmetric *reduced = oss_block_matrix_reduce (self->matrix, self->unknown, n, tick, error);
  if (reduced == NULL)
    return FALSE;
  self->cholesky = oss_cholesky_new_serial (reduced, group, groups, &info, tick, error);
  if (self->cholesky == NULL)
    {
      for (gsize f = 0; f < 3 * self->n; f++)
        if (self->unknown[f] == (gint32) info.weakest_row)
          *weakest_row = f / 3;
      return FALSE;
    }
  g_debug ("coarsest level: %zu unknowns, order %.3f s, factor %.3f s, %.3g entries, %.3g flops", n, info.seconds_order,
           info.seconds_factor, info.factor_entries, info.flops);
  g_clear_pointer (&self->owned, oss_block_matrix_free);
  self->matrix = NULL;
  return TRUE;
}

/* What is known of the next level while the hierarchy is built. */
typedef struct
{
  const double *coordinates; /* (nullable) of the nodes of this level */
  double *modes;             /* (nullable) else the motions */
  double *corner;            /* (nullable) own copy of the coordinates */
  const gint32 *parent;
  gsize n_parents;
} Build;

static void
build_clear (Build *self)
{
  oss_free_aligned (self->modes);
  g_free (self->corner);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Build, build_clear)

/* The corners' own coordinates and freedoms. */
static gboolean
embed (Level *level, Level *next, Build *build, GError **error)
{
  gsize n = build->n_parents;

  level->transfer = oss_transfer_new_embedded (level->n, build->parent, n, error);
  next->free = oss_alloc_aligned (3 * n + 1, 1, _ ("the multigrid levels"), error);
  if (level->transfer == NULL || next->free == NULL)
    return FALSE;
  build->corner = g_new0 (double, 3 * n);
  for (gsize i = 0; i < level->n; i++)
    if (build->parent[2 * i] >= 0 && build->parent[2 * i] == build->parent[2 * i + 1])
      for (gsize k = 0; k < 3; k++)
        {
          build->corner[3 * (gsize) build->parent[2 * i] + k] = build->coordinates[3 * i + k];
          next->free[3 * (gsize) build->parent[2 * i] + k] = level->free[3 * i + k];
        }
  build->coordinates = build->corner;
  build->parent = NULL;
  next->n = n;
  next->width = 1;
  return TRUE;
}

static gboolean
aggregate (const OssAmg *self, Level *level, const OssUpper *upper, Level *next, Build *build, const OssTick *tick,
           GError **error)
{
  double *coarse_modes = NULL;

  if (build->modes == NULL)
    build->modes = rigid_motions (level->n, build->coordinates, error);
  if (build->modes == NULL)
    return FALSE;
  level->transfer =
      oss_transfer_new_aggregates (level->matrix, upper, level->smoother, level->free, level->width, build->modes,
                                   self->options.strength, &coarse_modes, &next->free, tick, error);
  oss_free_aligned (build->modes);
  build->modes = coarse_modes;
  if (level->transfer == NULL)
    return FALSE;
  next->n = 2 * level->transfer->n_coarse;
  next->width = 2;
  return TRUE;
}

/* Smoother of this level, and the next level with its matrix. */
static gboolean
add_level (OssAmg *self, Build *build, const OssTick *tick, GError **error)
{
  Level *level = &self->level[self->n_levels - 1], *next = level + 1;
  g_autoptr (OssUpper) upper = oss_upper_new (level->matrix, error);

  if (upper == NULL)
    return FALSE;
  level->smoother = oss_smoother_new (level->matrix, level->free, tick, error);
  if (level->smoother == NULL)
    return FALSE;
  self->n_levels++; /* what is set in the next one is freed with the others */
  if (!(build->parent != NULL ? embed (level, next, build, error)
                              : aggregate (self, level, upper, next, build, tick, error)))
    return FALSE;
  next->owned = oss_transfer_product (level->transfer, level->matrix, upper, level->free, tick, error);
  next->matrix = next->owned;
  if (level->owned != NULL)
    g_clear_pointer (&level->owned->value, oss_free_aligned);
  g_debug ("level %u: %zu block rows, largest eigenvalue %.2f, next %zu", self->n_levels - 2, level->n,
           level->smoother->largest, next->n);
  return next->owned != NULL;
}

static void
name_levels (OssAmg *self, gboolean embedded)
{
  gboolean aggregated = self->n_levels > (embedded ? 2u : 1u);
  g_snprintf (self->name, sizeof self->name, "%s%s%s", embedded && self->n_levels > 1 ? "p-multigrid, " : "",
              aggregated ? "smoothed aggregation, " : "", "CHOLMOD");
}

static gboolean
build_levels (OssAmg *self, Build *build, gsize *weakest_row, const OssTick *tick, GError **error)
{
  OssTick setting_up = oss_tick_part (tick, 0.0, 0.5), factorizing = oss_tick_part (tick, 0.5, 1.0);
  gboolean embedded = build->parent != NULL;

  for (;;)
    {
      Level *level = &self->level[self->n_levels - 1];
      gsize n = count_free (level);
      gsize before = self->n_levels > 1 ? 3 * level[-1].n : G_MAXSIZE;
      if (build->parent == NULL
          && (n <= self->options.direct_below || self->n_levels == MAXIMUM_LEVELS
              || (double) n > LEAST_COARSENING * (double) before))
        break;
      if (!oss_tick_report (&setting_up, 0.0, NULL, error) || !add_level (self, build, &setting_up, error))
        return FALSE;
    }
  name_levels (self, embedded);
  if (!factorize (&self->level[self->n_levels - 1], weakest_row, &factorizing, error))
    return FALSE;
  for (guint i = 0; i < self->n_levels; i++)
    if (!add_vectors (&self->level[i], i == 0, error))
      return FALSE;
  return TRUE;
}

/* The block row of the finest level that a row of the coarsest came from: one of those it weighs on. */
static gsize
trace_row (const OssAmg *self, gsize row)
{
  for (guint i = self->n_levels - 1; i-- > 0;)
    {
      const OssTransfer *transfer = self->level[i].transfer;
      gsize node = row / oss_transfer_width (transfer);
      row = transfer->back_start[node] < transfer->back_start[node + 1]
                ? (gsize) transfer->back_row[transfer->back_start[node]]
                : 0;
    }
  return row;
}

OssAmg *
oss_amg_new (const OssBlockMatrix *matrix, const guint8 *free, const double *coordinates, const gint32 *parent,
             gsize n_parents, const OssAmgOptions *options, gsize *weakest_row, const OssTick *tick, GError **error)
{
  g_autoptr (OssAmg) self = g_new0 (OssAmg, 1);
  g_auto (Build) build = { .coordinates = coordinates, .parent = parent, .n_parents = n_parents };
  GError *cause = NULL;
  gsize row = 0;

  self->options = *options;
  self->n_levels = 1;
  self->level[0] = (Level){ .n = matrix->n, .width = 1, .matrix = matrix };
  self->level[0].free = oss_alloc_aligned (3 * matrix->n + 1, 1, _ ("the multigrid levels"), error);
  if (self->level[0].free == NULL)
    return NULL;
  memcpy (self->level[0].free, free, 3 * matrix->n);
  if (build_levels (self, &build, &row, tick, &cause))
    return g_steal_pointer (&self);
  if (weakest_row != NULL && g_error_matches (cause, OSS_ERROR, OSS_ERROR_REFUSED))
    *weakest_row = trace_row (self, row);
  g_propagate_error (error, cause);
  return NULL;
}

static gboolean
solve_coarsest (Level *self, const double *r, double *z, GError **error)
{
  for (gsize f = 0; f < 3 * self->n; f++)
    if (self->unknown[f] >= 0)
      self->work[self->unknown[f]] = r[f];
  if (self->cholesky != NULL && !oss_cholesky_solve (self->cholesky, self->work, NULL, error))
    return FALSE;
  for (gsize f = 0; f < 3 * self->n; f++)
    z[f] = self->unknown[f] >= 0 ? self->work[self->unknown[f]] : 0.0;
  return TRUE;
}

static gboolean
cycle (OssAmg *self, guint i, const double *r, double *z, GError **error)
{
  Level *level = &self->level[i], *next = level + 1;
  int degree = self->options.degree;
  double largest = 0.0, scale;

  if (level->transfer == NULL)
    return solve_coarsest (level, r, z, error);
  for (gsize f = 0; f < 3 * level->n; f++)
    largest = fmax (largest, fabs (r[f]));
  scale = largest > 0.0 ? largest : 1.0; /* single precision has a narrow range */
  oss_smoother_put (level->smoother, r, 1.0 / scale, level->b);
  oss_smoother_run (level->smoother, level->b, level->x, TRUE, degree, level->r);
  oss_smoother_residual (level->smoother, level->b, level->x, level->r);
  oss_transfer_restrict (level->transfer, level->r, next->right);
  if (!cycle (self, i + 1, next->right, next->left, error))
    return FALSE;
  oss_transfer_prolong (level->transfer, next->left, level->x);
  oss_smoother_run (level->smoother, level->b, level->x, FALSE, degree, level->r);
  oss_smoother_get (level->smoother, level->x, scale, z);
  return TRUE;
}

gboolean
oss_amg_apply (OssAmg *self, const double *r, double *z, GError **error)
{
  if (!cycle (self, 0, r, z, error))
    return FALSE;
  for (gsize f = 0; f < 3 * self->level[0].n; f++)
    if (!self->level[0].free[f])
      z[f] = 0.0;
  return TRUE;
}

const char *
oss_amg_name (const OssAmg *self)
{
  return self->name;
}

guint
oss_amg_levels (const OssAmg *self)
{
  return self->n_levels;
}

double
oss_amg_bytes (const OssAmg *self)
{
  double bytes = 0.0;

  for (guint i = 0; i < self->n_levels; i++)
    {
      const Level *level = &self->level[i];
      if (level->smoother == NULL)
        continue;
      /* numbers, columns and halo places; two transfers */
      bytes += 2.0 * self->options.degree * (double) level->smoother->pattern->start[level->n] * 44.0;
      bytes += 2.0 * (double) level->transfer->start[level->n] * (level->transfer->embedded ? 4.0 : 76.0);
    }
  return bytes;
}
