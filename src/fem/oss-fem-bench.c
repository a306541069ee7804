/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-bench.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-bench-private.h"
#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-private.h"
#include "numeric/oss-amg-private.h"
#include "numeric/oss-block-product.h"
#include "numeric/oss-cholesky.h"

#include <malloc.h>
#include <math.h>
#include <string.h>
#include <time.h>

#define LEAST_CALLS 2

/* What the kernels work on; made as they are timed. */
typedef struct
{
  const OssFemModel *model;
  OssIncidence *incidence;
  OssElements *elements;
  OssBlockMatrix *stiffness;
  OssBlockProduct *product;
  OssSmoother *smoother;
  OssTetSolver *solver;
  gint32 *unknown;
  guint8 *free;
  double *x, *y;
  float *single; /* three vectors of the smoother */
  OssFemResult *result;
  OssCholeskyInfo factor;
} Work;

static void
work_clear (Work *self)
{
  oss_incidence_free (self->incidence);
  oss_elements_free (self->elements);
  oss_block_matrix_free (self->stiffness);
  oss_block_product_free (self->product);
  oss_smoother_free (self->smoother);
  oss_tet_solver_free (self->solver);
  oss_fem_result_free (self->result);
  g_free (self->unknown);
  g_free (self->free);
  g_free (self->x);
  g_free (self->y);
  g_free (self->single);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

typedef gboolean (*KernelFunc) (Work *self, const OssTick *tick, GError **error);

/* Seconds of the best of some calls. */
static gboolean
time_calls (Work *self, KernelFunc func, double seconds, double *best, const OssTick *tick, GError **error)
{
  gint64 start = g_get_monotonic_time ();

  *best = G_MAXDOUBLE;
  for (int call = 0; call < LEAST_CALLS || (double) (g_get_monotonic_time () - start) < 1e6 * seconds; call++)
    {
      gint64 from = g_get_monotonic_time ();
      if (!func (self, tick, error))
        return FALSE;
      *best = MIN (*best, (double) MAX (g_get_monotonic_time () - from, 1) * 1e-6);
      if (!oss_tick_report (tick, 0.0, NULL, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
make_elements (Work *self, const OssTick *tick, GError **error)
{
  g_clear_pointer (&self->elements, oss_elements_free);
  self->elements = oss_elements_new (self->model->mesh, tick, error);
  return self->elements != NULL;
}

static gboolean
make_stiffness (Work *self, const OssTick *tick, GError **error)
{
  g_clear_pointer (&self->stiffness, oss_block_matrix_free);
  self->stiffness = oss_fem_assemble (self->model, self->elements, self->incidence, tick, error);
  return self->stiffness != NULL;
}

static gboolean
make_stresses (Work *self, const OssTick *tick, GError **error)
{
  return oss_fem_recover (self->model, self->elements, self->incidence, self->result, tick, error);
}

static gboolean
multiply (Work *self, const OssTick *tick, GError **error)
{
  oss_block_product_apply (self->product, self->stiffness, self->free, self->x, self->y);
  return TRUE;
}

static gboolean
smooth (Work *self, const OssTick *tick, GError **error)
{
  gsize size = 4 * self->stiffness->n;
  oss_smoother_residual (self->smoother, self->single, self->single + size, self->single + 2 * size);
  return TRUE;
}

static gboolean
run_cycle (Work *self, const OssTick *tick, GError **error)
{
  return oss_tet_solver_precondition (self->solver, self->x, self->y, error);
}

static gboolean
factorize (Work *self, const OssTick *tick, GError **error)
{
  gsize n = 0, groups = 0, nodes = self->stiffness->n;
  g_autofree gint64 *group = g_new (gint64, nodes + 1);

  for (gsize i = 0; i < nodes; i++)
    {
      gsize first = n;
      for (gsize f = 3 * i; f < 3 * i + 3; f++)
        self->unknown[f] = self->free[f] ? (gint32) n++ : -1;
      if (n > first)
        group[groups++] = (gint64) first;
    }
  group[groups] = (gint64) n;
  OssSymmetric *reduced = oss_block_matrix_reduce (self->stiffness, self->unknown, n, tick, error);
  if (reduced == NULL)
    return FALSE;
  g_autoptr (OssCholesky) cholesky = oss_cholesky_new (reduced, group, groups, &self->factor, tick, error);
  return cholesky != NULL;
}

/* Operations and bytes of one element, from the loops of the kernels.  All numbers are doubles, nodes gint32. */
static void
count_geometry (const OssElementRule *rule, double *flops, double *bytes)
{
  double nn = rule->n_nodes, points = rule->n_points;
  *flops = points * (36.0 * nn + 50.0); /* Jacobian, inverse, gradients */
  *bytes = 28.0 * nn + points * (24.0 * nn + 8.0);
}

static void
count_stiffness (const OssElementRule *rule, double *flops)
{
  double pairs = 0.5 * rule->n_nodes * (rule->n_nodes + 1);
  *flops = pairs * (21.0 * rule->n_points + 45.0);
}

static void
count_stresses (const OssElementRule *rule, double *flops)
{
  /* displacement gradient, strain, stress, energy; corners from points; mean */
  *flops = rule->n_points * (18.0 * rule->n_nodes + 40.0) + 12.0 * rule->n_corners * rule->n_points;
}

static void
add_kernel (Work *self, GArray *kernels, const char *name, const char *item, gsize items, double seconds, double flops,
            double bytes, gboolean single)
{
  double n = (double) items;
  OssBenchKernel kernel = { .kind = oss_element_name (self->model->mesh->kind),
                            .name = name,
                            .item = item,
                            .items = items,
                            .ns_per_item = 1e9 * seconds / n,
                            .gflop_s = flops / seconds / 1e9,
                            .gb_s = bytes / seconds / 1e9,
                            .single = single };
  g_array_append_val (kernels, kernel);
}

static gboolean
bench_elements (Work *self, double seconds, GArray *kernels, const OssTick *tick, GError **error)
{
  const OssMesh *mesh = self->model->mesh;
  const OssElementRule *rule = oss_element_rule (mesh->kind);
  double n = (double) mesh->n_elements, flops, bytes, best;

  if (!time_calls (self, make_elements, seconds, &best, tick, error))
    return FALSE;
  count_geometry (rule, &flops, &bytes);
  add_kernel (self, kernels, N_ ("geometry"), N_ ("element"), mesh->n_elements, best, n * flops, n * bytes, FALSE);
  if (!time_calls (self, make_stiffness, seconds, &best, tick, error))
    return FALSE;
  count_stiffness (rule, &flops);
  double blocks = (double) self->stiffness->start[self->stiffness->n];
  double gradients = n * rule->n_points * (24.0 * rule->n_nodes + 8.0);
  add_kernel (self, kernels, N_ ("stiffness matrix"), N_ ("element"), mesh->n_elements, best, n * flops,
              gradients + 76.0 * blocks, FALSE);
  if (!time_calls (self, make_stresses, seconds, &best, tick, error))
    return FALSE;
  count_stresses (rule, &flops);
  add_kernel (self, kernels, N_ ("stresses"), N_ ("element"), mesh->n_elements, best, n * flops,
              gradients + 2.0 * 48.0 * n * rule->n_corners, FALSE);
  return TRUE;
}

/* Seldom are two vectors of numbers by chance: the kernels' time does not depend on them. */
static void
fill_vectors (Work *self)
{
  gsize n = 3 * self->stiffness->n;

  for (gsize f = 0; f < n; f++)
    self->x[f] = self->free[f] ? 1e-3 * (double) (f % 17) - 8e-3 : 0.0;
  self->single = g_new0 (float, 12 * self->stiffness->n + 4);
  oss_smoother_put (self->smoother, self->x, 1.0, self->single);
  oss_smoother_put (self->smoother, self->x, 1e-3, self->single + 4 * self->stiffness->n);
}

static gboolean
bench_solvers (Work *self, double seconds, gboolean factorizing, GArray *kernels, const OssTick *tick, GError **error)
{
  gsize blocks = self->stiffness->start[self->stiffness->n], weakest, unknowns = 0;
  double n = (double) blocks, rows = (double) self->stiffness->n, best;

  for (gsize f = 0; f < 3 * self->stiffness->n; f++)
    unknowns += self->free[f];
  /* Half of the matrix is stored; a block off the diagonal is multiplied twice, 18 operations each. */
  double flops = 36.0 * n - 18.0 * rows;
  if (!time_calls (self, multiply, seconds, &best, tick, error))
    return FALSE;
  add_kernel (self, kernels, N_ ("matrix product"), N_ ("block"), blocks, best, flops, 80.0 * n + 48.0 * rows, FALSE);
  if (!time_calls (self, smooth, seconds, &best, tick, error))
    return FALSE;
  add_kernel (self, kernels, N_ ("smoother"), N_ ("block"), blocks, best, flops, 44.0 * n + 48.0 * rows, TRUE);
  self->solver =
      oss_tet_solver_new (self->model->mesh, self->incidence, self->stiffness, self->unknown, &weakest, tick, error);
  if (self->solver == NULL || !time_calls (self, run_cycle, seconds, &best, tick, error))
    return FALSE;
  double read = oss_tet_solver_bytes (self->solver);
  add_kernel (self, kernels, N_ ("multigrid cycle"), N_ ("freedom"), unknowns, best, NAN, read > 0.0 ? read : NAN,
              TRUE);
  if (!factorizing)
    return TRUE;
  if (!time_calls (self, factorize, 0.0, &best, tick, error))
    return FALSE;
  add_kernel (self, kernels, N_ ("factorisation"), N_ ("freedom"), unknowns, best, self->factor.flops, NAN, FALSE);
  return TRUE;
}

/* What is sought, as oss_fem_solve() finds it. */
static void
find_unknowns (Work *self)
{
  gsize nodes = self->model->mesh->n_nodes;

  self->unknown = g_new0 (gint32, 3 * nodes + 1);
  self->free = g_new0 (guint8, 3 * nodes + 1);
  self->x = g_new0 (double, 3 * nodes + 1);
  self->y = g_new0 (double, 3 * nodes + 1);
  for (gsize i = 0; i < self->model->n_prescribed; i++)
    self->unknown[3 * self->model->prescribed[i].node + self->model->prescribed[i].axis] = -1;
  for (gsize f = 0; f < 3 * nodes; f++)
    {
      if (self->incidence->start[f / 3] == self->incidence->start[f / 3 + 1])
        self->unknown[f] = -1;
      self->free[f] = self->unknown[f] >= 0;
    }
}

gboolean
oss_bench_kernels (const OssFemModel *model, double seconds, gboolean factorizing, GArray *kernels, const OssTick *tick,
                   GError **error)
{
  g_auto (Work) self = { .model = model };
  const OssMesh *mesh = model->mesh;
  OssTick solving = oss_tick_part (tick, 0.0, 0.4), elements = oss_tick_part (tick, 0.4, 0.6),
          solvers = oss_tick_part (tick, 0.6, 1.0);

  if ((self.result = oss_fem_solve (model, &solving, error)) == NULL)
    return FALSE;
  self.incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, error);
  if (self.incidence == NULL || !bench_elements (&self, seconds, kernels, &elements, error))
    return FALSE;
  find_unknowns (&self);
  if ((self.product = oss_block_product_new (self.stiffness, error)) == NULL
      || (self.smoother = oss_smoother_new (self.stiffness, self.free, tick, error)) == NULL)
    return FALSE;
  fill_vectors (&self);
  return bench_solvers (&self, seconds, factorizing, kernels, &solvers, error);
}

/* --- Whole solutions --- */

typedef struct
{
  double wall, cpu, bytes;
} Meter;

static Meter
meter_now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return (Meter){ (double) g_get_monotonic_time () * 1e-6, (double) t.tv_sec + 1e-9 * (double) t.tv_nsec,
                  oss_memory_peak_mib () * 1048576.0 };
}

/* What earlier work has left behind is given back first, so that the peak is what this solution adds. */
static Meter
meter_start (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
  oss_memory_reset_peak ();
  return meter_now ();
}

static void
meter_stop (const Meter *from, OssBenchSolution *solution)
{
  Meter now = meter_now ();
  solution->seconds = now.wall - from->wall;
  solution->cpu_seconds = now.cpu - from->cpu;
  solution->bytes = MAX (now.bytes - from->bytes, 0.0);
}

gboolean
oss_bench_solve (const OssFemModel *model, OssFemSolver solver, OssBenchSolution *solution, const OssTick *tick,
                 GError **error)
{
  OssFemSolveOptions options;

  *solution = (OssBenchSolution){ .n_elements = model->mesh->n_elements, .n_nodes = model->mesh->n_nodes };
  oss_fem_solve_options_default (&options);
  options.solver = solver;
  Meter from = meter_start ();
  g_autoptr (OssFemResult) result = oss_fem_solve_with (model, &options, tick, error);
  if (result == NULL)
    return FALSE;
  meter_stop (&from, solution);
  solution->n_unknowns = result->dof;
  solution->relative_residual = result->relative_residual;
  solution->iterations = result->iterations;
  g_strlcpy (solution->solver, result->solver, sizeof solution->solver);
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *p = &model->prescribed[i];
      if (p->value != 0.0)
        solution->reaction_n += result->reaction[3 * (gsize) p->node + (gsize) p->axis];
    }
  return TRUE;
}

/* --- Voxels --- */

#define BONE_MPA 10000.0
#define PLATE_STRAIN 0.001

typedef struct
{
  OssVoxelFreedom *freedom;
  double *value;
  gsize n;
} Plates;

/* All three freedoms of the lattice points of both outer planes; the upper one goes down. */
static gboolean
plates_init (Plates *self, const gsize size[3], const double spacing_mm[3], GError **error)
{
  gsize points = (size[0] + 1) * (size[1] + 1), i = 0;
  const char *what = _ ("the loads");

  self->n = 6 * points;
  if ((self->freedom = oss_alloc_aligned (self->n, sizeof *self->freedom, what, error)) == NULL
      || (self->value = oss_alloc_aligned (self->n, sizeof *self->value, what, error)) == NULL)
    return FALSE;
  for (gsize p = 0; p < 2 * points; p++)
    for (gint8 axis = 0; axis < 3; axis++, i++)
      {
        gsize at = p % points;
        gboolean upper = p >= points;
        self->freedom[i] = (OssVoxelFreedom){
          { (gint32) (at % (size[0] + 1)), (gint32) (at / (size[0] + 1)), upper ? (gint32) size[2] : 0 }, axis
        };
        self->value[i] = upper && axis == 2 ? -PLATE_STRAIN * spacing_mm[2] * (double) size[2] : 0.0;
      }
  return TRUE;
}

static void
plates_clear (Plates *self)
{
  oss_free_aligned (self->freedom);
  oss_free_aligned (self->value);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plates, plates_clear)

static gboolean
bench_apply (OssVoxelSystem *system, const OssVoxelInfo *info, double seconds, OssBenchKernel *kernel,
             const OssTick *tick, GError **error)
{
  g_autofree double *block = g_try_new0 (double, 6 * info->n_nodes + 1);
  double best = G_MAXDOUBLE;
  gint64 start = g_get_monotonic_time ();

  *kernel = (OssBenchKernel){ .kind = "voxel",
                              .name = N_ ("matrix-free product"),
                              .item = N_ ("element"),
                              .items = info->n_elements,
                              .ns_per_item = NAN,
                              .gflop_s = NAN,
                              .gb_s = NAN };
  if (block == NULL)
    return TRUE; /* the solution has said what memory it needs; the kernel alone is left out */
  for (gsize f = 0; f < 3 * info->n_nodes; f++)
    block[f] = 1e-3 * (double) (f % 17) - 8e-3;
  for (int call = 0; call < LEAST_CALLS || (double) (g_get_monotonic_time () - start) < 1e6 * seconds; call++)
    {
      gint64 from = g_get_monotonic_time ();
      if (!oss_tick_report (tick, 0.0, NULL, error)
          || !oss_voxel_system_apply (system, block, NULL, block + 3 * info->n_nodes, error))
        return FALSE;
      best = MIN (best, (double) MAX (g_get_monotonic_time () - from, 1) * 1e-6);
    }
  double n = (double) info->n_elements;
  kernel->ns_per_item = 1e9 * best / n;
  /* Eight blocks of 3 x 3 between two Walsh-Hadamard transforms of three components. */
  kernel->gflop_s = n * (8.0 * 15.0 + 6.0 * 24.0 + 24.0) / best / 1e9;
  kernel->gb_s = (48.0 * (double) info->n_nodes + n) / best / 1e9;
  return TRUE;
}

/* The model's system; its load is that of @plates. */
static OssVoxelSystem *
make_system (const gsize size[3], const guint8 *bits, const double spacing_mm[3], Plates *plates, const OssTick *tick,
             GError **error)
{
  OssVoxelModel model = { .bits = bits, .bit_modulus_mpa = BONE_MPA, .poisson = 0.3, .remove_islands = TRUE };

  memcpy (model.size, size, sizeof model.size);
  memcpy (model.spacing_mm, spacing_mm, sizeof model.spacing_mm);
  if (!plates_init (plates, size, spacing_mm, error))
    return NULL;
  model.held = plates->freedom;
  model.n_held = plates->n;
  return oss_voxel_system_new (&model, tick, error);
}

OssVoxelSystem *
oss_bench_voxel_system (const gsize size[3], const guint8 *bits, const double spacing_mm[3], double **held_mm,
                        const OssTick *tick, GError **error)
{
  g_auto (Plates) plates = { NULL };
  OssVoxelSystem *system = make_system (size, bits, spacing_mm, &plates, tick, error);
  OssVoxelInfo info;

  if (system == NULL)
    return NULL;
  oss_voxel_system_info (system, &info);
  *held_mm = g_new0 (double, 3 * info.n_nodes + 1);
  for (gsize i = 0; i < plates.n; i++)
    {
      gint64 node = oss_voxel_system_node (system, plates.freedom[i].at);
      if (node >= 0)
        (*held_mm)[3 * node + plates.freedom[i].axis] = plates.value[i];
    }
  return system;
}

gboolean
oss_bench_voxels (const gsize size[3], const guint8 *bits, const double spacing_mm[3], double tolerance, double seconds,
                  OssBenchKernel *kernel, OssBenchSolution *solution, const OssTick *tick, GError **error)
{
  OssTick building = oss_tick_part (tick, 0.0, 0.2), solving = oss_tick_part (tick, 0.3, 1.0);
  g_auto (Plates) plates = { NULL };
  OssVoxelOptions options = { .tolerance = tolerance };
  OssVoxelInfo info;
  Meter from = meter_start ();
  g_autoptr (OssVoxelSystem) system = make_system (size, bits, spacing_mm, &plates, &building, error);
  if (system == NULL)
    return FALSE;
  OssVoxelLoad load = { .held_mm = plates.value };
  g_autoptr (OssVoxelResult) result = oss_voxel_solve (system, &load, &options, &solving, error);
  if (result == NULL)
    return FALSE;
  oss_voxel_system_info (system, &info);
  *solution = (OssBenchSolution){ .n_elements = info.n_elements,
                                  .n_nodes = info.n_nodes,
                                  .n_unknowns = info.n_unknowns,
                                  .iterations = result->iterations,
                                  .relative_residual = result->relative_residual };
  meter_stop (&from, solution);
  g_snprintf (solution->solver, sizeof solution->solver, "CG, geometric multigrid, %d levels", info.n_levels);
  for (gsize i = 0; i < plates.n; i++)
    solution->reaction_n += plates.value[i] != 0.0 ? result->reaction_n[i] : 0.0;
  if (!result->converged)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
                   _ ("The solution did not converge: %s (%d iterations, residual %.1e)."), result->reason,
                   result->iterations, result->relative_residual);
      return FALSE;
    }
  return bench_apply (system, &info, seconds, kernel, tick, error);
}
