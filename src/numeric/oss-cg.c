/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-cg.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"

#include <math.h>
#include <string.h>

#define PER_CHUNK 8192
/* So many iterations without a better residual: the system is singular, or cannot be solved in this precision. */
#define PATIENCE 200
#define BETTER 0.9

typedef struct
{
  const OssCgSystem *system;
  double *block, *r, *z, *p, *q; /* [n] */
  double *x;
  const double *a, *b; /* of a scalar product */
  double alpha, beta;
  double least;    /* relative residual so far: progress never goes back */
  double *partial; /* [chunks][2] */
} Cg;

static double
sum_partial (const double *partial, gsize n, gsize stride)
{
  double sum = 0.0;
  for (gsize c = 0; c < (n + PER_CHUNK - 1) / PER_CHUNK; c++)
    sum += partial[c * stride];
  return sum;
}

/* Eight sums in turn: wide enough for any processor's lanes, and the same on all. */
static double
dot_range (const double *restrict a, const double *restrict b, gsize n)
{
  double lane[8] = { 0.0 };
  gsize i = 0;

  for (; i + 8 <= n; i += 8)
    for (gsize l = 0; l < 8; l++)
      lane[l] += a[i + l] * b[i + l];
  for (gsize l = 0; i + l < n; l++)
    lane[l] += a[i + l] * b[i + l];
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static void
dot_chunk (gsize begin, gsize end, guint thread, void *data)
{
  Cg *self = data;
  self->partial[begin / PER_CHUNK * 2] = dot_range (self->a + begin, self->b + begin, end - begin);
}

static double
dot (Cg *self, gsize n, const double *a, const double *b)
{
  self->a = a;
  self->b = b;
  oss_parallel_for (n, PER_CHUNK, dot_chunk, self);
  return sum_partial (self->partial, n, 2);
}

double
oss_cg_dot (gsize n, const double *a, const double *b)
{
  Cg self = { .partial = g_new (double, 2 * (n / PER_CHUNK + 1)) };
  double sum = dot (&self, n, a, b);
  g_free (self.partial);
  return sum;
}

/* x += alpha p, r -= alpha q, and r . r */
static void
step_chunk (gsize begin, gsize end, guint thread, void *data)
{
  Cg *self = data;
  double *restrict x = self->x, *restrict r = self->r;
  const double *restrict p = self->p, *restrict q = self->q;

  for (gsize i = begin; i < end; i++)
    {
      x[i] += self->alpha * p[i];
      r[i] -= self->alpha * q[i];
    }
  self->partial[begin / PER_CHUNK * 2] = dot_range (r + begin, r + begin, end - begin);
}

/* z . r and z . q */
static void
products_chunk (gsize begin, gsize end, guint thread, void *data)
{
  Cg *self = data;
  self->partial[begin / PER_CHUNK * 2] = dot_range (self->z + begin, self->r + begin, end - begin);
  self->partial[begin / PER_CHUNK * 2 + 1] = dot_range (self->z + begin, self->q + begin, end - begin);
}

static void
direction_chunk (gsize begin, gsize end, guint thread, void *data)
{
  Cg *self = data;
  double *restrict p = self->p;
  const double *restrict z = self->z;

  for (gsize i = begin; i < end; i++)
    p[i] = z[i] + self->beta * p[i];
}

static void
note (const OssCgSystem *system, OssCgInfo *info, double relative)
{
  info->relative_residual = relative;
  if (info->n_history == OSS_CG_HISTORY)
    memmove (info->history, info->history + 1, --info->n_history * sizeof *info->history);
  info->history[info->n_history++] = relative;
  if (system->history != NULL)
    g_array_append_val (system->history, relative);
}

static gboolean
fail_to_converge (const OssCgSystem *system, const OssCgInfo *info, GError **error)
{
  g_autoptr (GString) last = g_string_new (NULL);

  for (int i = 0; i < info->n_history; i++)
    g_string_append_printf (last, "%s%.1e", i > 0 ? ", " : "", info->history[i]);
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
               _ ("The equations were not solved: after %d iterations a relative residual of %.1e is left (%.0e was "
                  "asked for; the last ones: %s). A part may hang by a point or an edge only; mesh again, raise the "
                  "least modulus, or choose the direct solver."),
               info->iterations, info->relative_residual, system->tolerance, last->str);
  return FALSE;
}

/* r = b - A x; its norm. */
static double
true_residual (Cg *self, const double *b)
{
  gsize n = self->system->n;
  self->system->apply (self->system->data, self->x, self->r);
  for (gsize i = 0; i < n; i++)
    self->r[i] = b[i] - self->r[i];
  return sqrt (dot (self, n, self->r, self->r));
}

/* Along p to the least energy; FALSE at a breakdown. */
static gboolean
step (Cg *self, double zr, double load, OssCgInfo *info)
{
  const OssCgSystem *system = self->system;

  system->apply (system->data, self->p, self->q);
  double pq = dot (self, system->n, self->p, self->q);
  if (!(pq > 0.0) || !isfinite (pq))
    return FALSE;
  self->alpha = zr / pq;
  oss_parallel_for (system->n, PER_CHUNK, step_chunk, self);
  info->iterations++;
  note (system, info, sqrt (sum_partial (self->partial, system->n, 2)) / load);
  return isfinite (info->relative_residual);
}

/* The next direction; @zr: z . r of the last one, and of this one after. */
static gboolean
turn (Cg *self, double *zr, GError **error)
{
  const OssCgSystem *system = self->system;

  if (!system->precondition (system->data, self->r, self->z, error))
    return FALSE;
  oss_parallel_for (system->n, PER_CHUNK, products_chunk, self);
  double fresh = sum_partial (self->partial, system->n, 2);
  /* z . (r - r of the step before) = -alpha z . q */
  self->beta = -self->alpha * sum_partial (self->partial + 1, system->n, 2) / *zr;
  *zr = fresh;
  oss_parallel_for (system->n, PER_CHUNK, direction_chunk, self);
  return fresh > 0.0 && isfinite (fresh);
}

/* From x on until the carried residual is small; FALSE when it cannot go on, with an error only if somebody set one. */
static gboolean
run (Cg *self, double load, OssCgInfo *info, const OssTick *tick, GError **error)
{
  const OssCgSystem *system = self->system;
  double best = info->relative_residual, zr = 1.0;
  int best_at = info->iterations;

  memset (self->p, 0, system->n * sizeof *self->p);
  memset (self->q, 0, system->n * sizeof *self->q);
  if (!turn (self, &zr, error))
    return FALSE;
  while (step (self, zr, load, info))
    {
      if (info->relative_residual <= system->tolerance)
        return TRUE;
      if (info->relative_residual < BETTER * best)
        {
          best = info->relative_residual;
          best_at = info->iterations;
        }
      self->least = MIN (self->least, best);
      double fraction = log (self->least) / log (MIN (system->tolerance, 0.1));
      if (!oss_tick_report (tick, fraction, NULL, error) || info->iterations - best_at > PATIENCE
          || info->iterations >= system->maximum_iterations || !turn (self, &zr, error))
        return FALSE;
    }
  return FALSE;
}

static gboolean
solve (Cg *self, const double *b, OssCgInfo *info, const OssTick *tick, GError **error)
{
  const OssCgSystem *system = self->system;
  double load = sqrt (dot (self, system->n, b, b)), before = G_MAXDOUBLE;
  GError *cause = NULL;

  if (load == 0.0)
    {
      memset (self->x, 0, system->n * sizeof *self->x);
      return TRUE;
    }
  for (;;)
    {
      note (system, info, true_residual (self, b) / load);
      if (info->relative_residual <= system->tolerance)
        return TRUE;
      /* Starting again has to gain something. */
      if (!(info->relative_residual < 0.5 * before) || info->iterations >= system->maximum_iterations)
        return fail_to_converge (system, info, error);
      before = info->relative_residual;
      if (!run (self, load, info, tick, &cause) && cause != NULL)
        {
          g_propagate_error (error, cause);
          return FALSE;
        }
    }
}

gboolean
oss_cg_solve (const OssCgSystem *system, const double *b, double *x, OssCgInfo *info, const OssTick *tick,
              GError **error)
{
  gsize n = system->n;
  Cg self = { .system = system, .x = x, .least = 1.0 };
  gboolean ok = FALSE;

  *info = (OssCgInfo){ 0 };
  self.partial = g_new (double, 2 * (n / PER_CHUNK + 1));
  self.block = oss_alloc_aligned (4 * n + 1, sizeof (double), _ ("the solution"), error);
  if (self.block != NULL)
    {
      self.r = self.block;
      self.z = self.block + n;
      self.p = self.block + 2 * n;
      self.q = self.block + 3 * n;
      ok = solve (&self, b, info, tick, error);
    }
  oss_free_aligned (self.block);
  g_free (self.partial);
  return ok;
}
