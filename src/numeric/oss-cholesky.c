/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-cholesky.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "numeric/oss-blas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <suitesparse/cholmod.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* A pivot this small beside its diagonal entry is rounding: real models, slender ones with
 * moduli five decades apart included, stay above 1e-11. */
#define SINGULAR_PIVOT 1e-13

/* From this size on a block of CHOLMOD's memory is asked for in huge pages: the factor is gigabytes, touched
 * once from end to end, and clearing it in 4 KiB pages takes a tenth of the factorisation. */
#define HUGE_PAGE ((size_t) 2 << 20)

static gint alive; /* atomic */

struct _OssCholesky
{
  gatomicrefcount references; /* a solution that was abandoned may outlive its owner */
  cholmod_common common;
  cholmod_factor *factor;
  OssSymmetric *matrix; /* until it is factorised */
  gint64 *group;        /* (nullable) copy */
  gsize n_groups;
  guint blas_threads; /* 0: oss_parallel_threads() */
  OssCholeskyInfo info;
};

OssSymmetric *
oss_symmetric_new (gsize n, gsize entries, GError **error)
{
  g_autoptr (OssSymmetric) self = g_new0 (OssSymmetric, 1);
  self->n = n;
  self->start = oss_alloc_aligned (n + 1, sizeof *self->start, _ ("the stiffness matrix"), error);
  if (self->start == NULL)
    return NULL;
  self->index = oss_alloc_aligned (entries, sizeof *self->index, _ ("the stiffness matrix"), error);
  if (self->index == NULL)
    return NULL;
  self->value = oss_alloc_aligned (entries, sizeof *self->value, _ ("the stiffness matrix"), error);
  return self->value != NULL ? g_steal_pointer (&self) : NULL;
}

void
oss_symmetric_free (OssSymmetric *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->start);
  oss_free_aligned (self->index);
  oss_free_aligned (self->value);
  g_free (self);
}

guint
oss_cholesky_alive (void)
{
  return (guint) g_atomic_int_get (&alive);
}

/* A number alone in a file of the control group; 0 when there is no limit or no file. */
static double
read_number (const char *path)
{
  double value = 0.0;
  FILE *file = fopen (path, "re");
  if (file != NULL)
    {
      if (fscanf (file, "%lf", &value) != 1)
        value = 0.0;
      fclose (file);
    }
  return value;
}

/* What the limit of the address space (ulimit -v) leaves, bytes; G_MAXDOUBLE without one. */
static double
address_space_left (void)
{
  struct rlimit limit;
  FILE *file;
  double pages = 0.0;

  if (getrlimit (RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return G_MAXDOUBLE;
  file = fopen ("/proc/self/statm", "re");
  if (file != NULL && fscanf (file, "%lf", &pages) != 1)
    pages = 0.0;
  if (file != NULL)
    fclose (file);
  return MAX ((double) limit.rlim_cur - pages * (double) sysconf (_SC_PAGESIZE), 1.0);
}

double
oss_memory_free_bytes (void)
{
  char line[128];
  double space = address_space_left ();
  double kib = 0.0, limit = read_number ("/sys/fs/cgroup/memory.max");
  FILE *file = fopen ("/proc/meminfo", "re");

  while (file != NULL && fgets (line, sizeof line, file) != NULL)
    if (sscanf (line, "MemAvailable: %lf", &kib) == 1)
      break;
  if (file != NULL)
    fclose (file);
  if (limit > 0.0)
    {
      double left = MAX (limit - read_number ("/sys/fs/cgroup/memory.current"), 1.0);
      return MIN (space, kib > 0.0 ? MIN (left, 1024.0 * kib) : left);
    }
  return MIN (space, 1024.0 * kib);
}

static void *
huge_malloc (size_t size)
{
  void *block = NULL;

  if (size < 4 * HUGE_PAGE)
    return malloc (size);
  if (posix_memalign (&block, HUGE_PAGE, size) != 0)
    return NULL;
  madvise (block, size, MADV_HUGEPAGE); /* a wish: where it is refused, pages are small */
  return block;
}

/* A view of @matrix in CHOLMOD's terms: columns of the upper triangle. */
static cholmod_sparse
view_of (const OssSymmetric *matrix)
{
  return (cholmod_sparse){ .nrow = matrix->n,
                           .ncol = matrix->n,
                           .nzmax = (size_t) matrix->start[matrix->n],
                           .p = matrix->start,
                           .i = matrix->index,
                           .x = matrix->value,
                           .stype = 1,
                           .itype = CHOLMOD_LONG,
                           .xtype = CHOLMOD_REAL,
                           .dtype = CHOLMOD_DOUBLE,
                           .sorted = TRUE,
                           .packed = TRUE };
}

/* The pattern of the groups; all rows of a group couple to the same groups, so its last row tells. */
static cholmod_sparse *
group_graph (OssCholesky *self, const gint64 *group_of)
{
  const OssSymmetric *matrix = self->matrix;
  gsize entries = 0;
  cholmod_sparse *graph;

  for (gsize g = 0; g < self->n_groups; g++)
    entries += (gsize) (matrix->start[self->group[g + 1]] - matrix->start[self->group[g + 1] - 1]);
  graph = cholmod_l_allocate_sparse (self->n_groups, self->n_groups, entries, TRUE, TRUE, 1, CHOLMOD_PATTERN,
                                     &self->common);
  if (graph == NULL)
    return NULL;
  gint64 *start = graph->p, *index = graph->i, n = 0;
  for (gsize g = 0; g < self->n_groups; g++)
    {
      gint64 row = self->group[g + 1] - 1;
      start[g] = n;
      for (gint64 k = matrix->start[row]; k < matrix->start[row + 1]; k++)
        if (n == start[g] || index[n - 1] != group_of[matrix->index[k]])
          index[n++] = group_of[matrix->index[k]];
    }
  start[self->n_groups] = n;
  return graph;
}

/* Nested dissection on the groups, spread to the rows: the order of the rows; NULL when METIS is
 * absent or out of memory. */
static gint64 *
order_groups (OssCholesky *self)
{
  const gint64 *group = self->group;
  g_autofree gint64 *group_of = g_new (gint64, self->matrix->n);
  g_autofree gint64 *group_order = g_new (gint64, self->n_groups);
  gint64 *order = NULL;

  for (gsize g = 0; g < self->n_groups; g++)
    for (gint64 row = group[g]; row < group[g + 1]; row++)
      group_of[row] = (gint64) g;
  cholmod_sparse *graph = group_graph (self, group_of);
  if (graph != NULL && cholmod_l_metis (graph, NULL, 0, TRUE, (SuiteSparse_long *) group_order, &self->common))
    {
      gsize n = 0;
      order = g_new (gint64, self->matrix->n);
      for (gsize g = 0; g < self->n_groups; g++)
        for (gint64 row = group[group_order[g]]; row < group[group_order[g] + 1]; row++)
          order[n++] = row;
    }
  cholmod_l_free_sparse (&graph, &self->common);
  return order;
}

/* Ordering and symbolic factorisation. */
static void
analyze (void *data, const int *stop)
{
  OssCholesky *self = data;
  gint64 begin = g_get_monotonic_time ();
  cholmod_sparse matrix = view_of (self->matrix);
  cholmod_common *common = &self->common;
  g_autofree gint64 *order = self->group != NULL ? order_groups (self) : NULL;

  common->nmethods = 1;
  common->method[0].ordering = order != NULL ? CHOLMOD_GIVEN : CHOLMOD_METIS;
  common->postorder = TRUE;
  self->info.ordering = "METIS";
  if (!g_atomic_int_get (stop))
    self->factor = cholmod_l_analyze_p (&matrix, (SuiteSparse_long *) order, NULL, 0, common);
  if (self->factor == NULL && common->status == CHOLMOD_NOT_INSTALLED && !g_atomic_int_get (stop))
    {
      common->method[0].ordering = CHOLMOD_AMD;
      self->info.ordering = "AMD";
      self->factor = cholmod_l_analyze (&matrix, common);
    }
  if (self->factor != NULL)
    {
      self->info.factor_entries = (double) self->factor->xsize;
      self->info.flops = common->fl;
      /* The factor, the update matrix of the largest supernode, and the permuted copy of the matrix. */
      self->info.memory_bytes = 8.0
                                * ((double) self->factor->xsize + (double) self->factor->maxcsize
                                   + (double) self->factor->ssize + 2.0 * (double) matrix.nzmax);
    }
  self->info.seconds_order = (double) (g_get_monotonic_time () - begin) / 1e6;
}

/* The smallest pivot over its diagonal entry, read off the supernodes. */
static void
find_weakest_pivot (OssCholesky *self)
{
  const cholmod_factor *factor = self->factor;
  const OssSymmetric *matrix = self->matrix;
  const gint64 *super = factor->super, *pi = factor->pi, *px = factor->px, *perm = factor->Perm;
  const double *x = factor->x;

  self->info.weakest_pivot = G_MAXDOUBLE;
  for (gsize s = 0; s < factor->nsuper; s++)
    for (gint64 j = super[s]; j < super[s + 1]; j++)
      {
        gint64 k = j - super[s], row = perm[j];
        double pivot = x[px[s] + k + k * (pi[s + 1] - pi[s])];
        double relative = pivot * pivot / matrix->value[matrix->start[row + 1] - 1];
        if (!(relative >= self->info.weakest_pivot))
          {
            self->info.weakest_pivot = relative;
            self->info.weakest_row = (gsize) row;
          }
      }
}

static void
factorize (void *data, const int *stop)
{
  OssCholesky *self = data;
  gint64 begin = g_get_monotonic_time ();
  cholmod_sparse matrix = view_of (self->matrix);

  if (g_atomic_int_get (stop))
    return; /* nobody waits: there are no numbers to look at */
  cholmod_l_factorize (&matrix, self->factor, &self->common);
  if (self->common.status == CHOLMOD_NOT_POSDEF)
    {
      const gint64 *perm = self->factor->Perm;
      self->info.weakest_pivot = 0.0;
      self->info.weakest_row = (gsize) perm[MIN (self->factor->minor, self->factor->n - 1)];
    }
  else if (self->common.status == CHOLMOD_OK && self->factor->is_super)
    find_weakest_pivot (self);
  g_clear_pointer (&self->matrix, oss_symmetric_free);
  self->info.seconds_factor = (double) (g_get_monotonic_time () - begin) / 1e6;
}

static gboolean
fail_memory (const OssCholesky *self, double available, GError **error)
{
  g_autofree char *asked = oss_memory_text (self->info.memory_bytes), *there = oss_memory_text (available);
  g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
               _ ("Not enough memory for this mesh: it needs about %s; %s are free. "
                  "Use larger elements; twice the size needs about a sixteenth."),
               asked, there);
  return FALSE;
}

static gboolean
check_status (const OssCholesky *self, GError **error)
{
  int status = self->common.status;

  if (status == CHOLMOD_OUT_OF_MEMORY || status == CHOLMOD_TOO_LARGE)
    return fail_memory (self, oss_memory_free_bytes (), error);
  if (status == CHOLMOD_NOT_POSDEF || (status == CHOLMOD_OK && self->info.weakest_pivot < SINGULAR_PIVOT))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("The matrix is not positive definite: pivot %.1e of its diagonal in row %zu."),
                   self->info.weakest_pivot, self->info.weakest_row);
      return FALSE;
    }
  if (self->factor == NULL || (status != CHOLMOD_OK && status != CHOLMOD_DSMALL))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The factorisation failed (CHOLMOD status %d)."), status);
      return FALSE;
    }
  return TRUE;
}

static void
cholesky_unref (OssCholesky *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  cholmod_l_free_factor (&self->factor, &self->common);
  cholmod_l_finish (&self->common);
  oss_symmetric_free (self->matrix);
  g_free (self->group);
  g_free (self);
  g_atomic_int_add (&alive, -1);
}

void
oss_cholesky_free (OssCholesky *self)
{
  cholesky_unref (self);
}

static void
free_job (void *data)
{
  cholesky_unref (data);
}

static OssCholesky *
cholesky_start (OssSymmetric *matrix, const gint64 *group, gsize n_groups)
{
  OssCholesky *self = g_new0 (OssCholesky, 1);

  g_atomic_int_add (&alive, 1);
  g_atomic_ref_count_init (&self->references);
  self->matrix = matrix;
  self->n_groups = n_groups;
  self->group = group != NULL ? g_memdup2 (group, (n_groups + 1) * sizeof *group) : NULL;
  SuiteSparse_config.malloc_func = huge_malloc; /* free() suits both */
  cholmod_l_start (&self->common);
  self->common.supernodal = CHOLMOD_SUPERNODAL;
  self->common.quick_return_if_not_posdef = TRUE;
  self->common.print = 0;
  self->common.useGPU = 0; /* never what CHOLMOD_USE_GPU in the environment says */
  self->info.weakest_pivot = 1.0;
  return self;
}

/* Owns @self. */
static OssCholesky *
cholesky_run (OssCholesky *self, OssCholeskyInfo *info, const OssTick *tick, GError **error)
{
  double available;
  gboolean ok;

  oss_blas_prepare (self->blas_threads);
  *info = self->info;
  if (!oss_tick_report (tick, 0.0, _ ("Ordering the equations"), error))
    {
      cholesky_unref (self);
      return NULL;
    }
  /* An abandoned job frees itself. */
  if (!oss_tick_run_detached (tick, analyze, self, free_job, error))
    return NULL;
  *info = self->info;
  available = oss_memory_free_bytes ();
  ok = self->factor != NULL || check_status (self, error);
  if (ok && available > 0.0 && self->info.memory_bytes > available)
    ok = fail_memory (self, available, error);
  ok = ok && oss_tick_report (tick, 0.2, _ ("Solving the equations"), error);
  if (!ok)
    {
      cholesky_unref (self);
      return NULL;
    }
  if (!oss_tick_run_detached (tick, factorize, self, free_job, error))
    return NULL;
  *info = self->info;
  if (!check_status (self, error) || !oss_tick_report (tick, 1.0, NULL, error))
    {
      cholesky_unref (self);
      return NULL;
    }
  return self;
}

OssCholesky *
oss_cholesky_new (OssSymmetric *matrix, const gint64 *group, gsize n_groups, OssCholeskyInfo *info, const OssTick *tick,
                  GError **error)
{
  return cholesky_run (cholesky_start (matrix, group, n_groups), info, tick, error);
}

OssCholesky *
oss_cholesky_new_serial (OssSymmetric *matrix, const gint64 *group, gsize n_groups, OssCholeskyInfo *info,
                         const OssTick *tick, GError **error)
{
  OssCholesky *self = cholesky_start (matrix, group, n_groups);
  self->blas_threads = 1;
  return cholesky_run (self, info, tick, error);
}

typedef struct
{
  OssCholesky *cholesky;
  double *x;
  gboolean ok;
} Solution;

static void
solution_free (void *data)
{
  Solution *self = data;
  cholesky_unref (self->cholesky);
  g_free (self->x);
  g_free (self);
}

static void
solve (void *data, const int *stop)
{
  Solution *self = data;
  cholmod_factor *factor = self->cholesky->factor;
  cholmod_dense b = { .nrow = factor->n,
                      .ncol = 1,
                      .nzmax = factor->n,
                      .d = factor->n,
                      .x = self->x,
                      .xtype = CHOLMOD_REAL,
                      .dtype = CHOLMOD_DOUBLE };
  cholmod_dense *x = cholmod_l_solve (CHOLMOD_A, factor, &b, &self->cholesky->common);

  self->ok = x != NULL;
  if (self->ok)
    memcpy (self->x, x->x, factor->n * sizeof (double));
  cholmod_l_free_dense (&x, &self->cholesky->common);
}

gboolean
oss_cholesky_solve (OssCholesky *self, double *x, const OssTick *tick, GError **error)
{
  Solution *solution = g_new0 (Solution, 1);
  gboolean ok;

  oss_blas_prepare (self->blas_threads);
  g_atomic_ref_count_inc (&self->references);
  solution->cholesky = self;
  solution->x = g_memdup2 (x, self->factor->n * sizeof *x);
  if (!oss_tick_run_detached (tick, solve, solution, solution_free, error))
    return FALSE;
  ok = solution->ok || check_status (self, error);
  if (ok)
    memcpy (x, solution->x, self->factor->n * sizeof *x);
  solution_free (solution);
  return ok;
}
