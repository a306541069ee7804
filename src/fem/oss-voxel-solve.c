/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 1e-8
#define MAX_ITERATIONS 300
/* A load that does more work on a rigid motion than this share of what its parts could do is not balanced. */
#define UNBALANCED 1e-7
/* Nodal forces this small beside what acts on the elements are rounding. */
#define BALANCED 1e-13
/* After a breakdown the iteration starts again; as often. */
#define MAX_RESTARTS 6
/* The residual carried along in single precision drifts from the true one by about 1e-7 of the load: it is replaced by
 * the latter each time it has fallen to this share of it (van der Vorst and Ye, SIAM J. Sci. Comput. 22 (2000)
 * 835-852). */
#define REPLACE 1e-3

/* A force on a freedom of the finest level. */
typedef struct
{
  gsize freedom;
  double force_n;
} Force;

/* Everything a solution works on.  Vectors are those of the finest level; the residual is its right-hand side b, which
 * the cycle leaves as it is. */
typedef struct
{
  OssVoxelSystem *system;
  OssVoxelLevel *level;
  const OssVoxelLoad *load;
  double *x;
  float *r, *q, *p, *z;
  GArray *force;       /* Force, ascending */
  double *sum, *sum_2; /* per plane */
  double alpha, beta;
  double load_norm;
  const OssTick *tick;
} Solve;

static void
solve_clear (Solve *self)
{
  oss_free_aligned (self->x);
  oss_free_aligned (self->q);
  oss_free_aligned (self->p);
  g_clear_pointer (&self->force, g_array_unref);
  g_free (self->sum);
  g_free (self->sum_2);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Solve, solve_clear)

double
oss_voxel_solve_bytes (const OssVoxelSystem *self)
{
  return 3.0 * (double) self->level[0]->n_nodes * (sizeof (double) + 2.0 * sizeof (float))
         + oss_voxel_cycle_bytes (self);
}

gboolean
oss_voxel_check_room (const OssVoxelSystem *self, double needed, GError **error)
{
  double free_bytes = oss_memory_free_bytes ();

  if (!(free_bytes > 0.0) || needed <= free_bytes)
    return TRUE;
  g_autofree char *asked = oss_memory_text (needed), *there = oss_memory_text (free_bytes);
  g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
               _ ("The voxel solver needs %s for %.4g million unknowns; %s are free."), asked,
               (double) self->n_unknowns / 1e6, there);
  return FALSE;
}

static gboolean
solve_prepare (Solve *self, GError **error)
{
  gsize n = 3 * self->level->n_nodes + OSS_VOXEL_PAD;

  if (!oss_voxel_check_room (self->system, oss_voxel_solve_bytes (self->system), error))
    return FALSE;
  self->sum = g_new0 (double, self->level->points[2]);
  self->sum_2 = g_new0 (double, self->level->points[2]);
  if ((self->x = oss_alloc_aligned (n, sizeof (double), _ ("the voxel solver"), error)) == NULL
      || (self->q = oss_alloc_aligned (n, sizeof (float), _ ("the voxel solver"), error)) == NULL
      || (self->p = oss_alloc_aligned (n, sizeof (float), _ ("the voxel solver"), error)) == NULL
      || !oss_voxel_cycle_prepare (self->system, error))
    return FALSE;
  self->r = self->level->b;
  return TRUE;
}

/* Runs @func for each plane of nodes. */
static void
each_plane (Solve *self, OssRangeFunc func)
{
  oss_parallel_for (self->level->points[2], 4, func, self);
}

static void
store_and_dot (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  const Solve *self = sweep->data;
  const double *a = ax;
  float *q = self->q + begin;

  sweep->sum[plane] = oss_voxel_plane_dot_mixed (sweep->level, plane, (const float *) sweep->u + begin, a);
  for (gsize i = 0; i < n; i++)
    q[i] = (float) a[i];
}

/* The first force at or after @freedom. */
static guint
find_force (const GArray *force, gsize freedom)
{
  guint low = 0, high = force->len;
  while (low < high)
    {
      guint middle = (low + high) / 2;
      if (g_array_index (force, Force, middle).freedom < freedom)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Rounds only after forces and K x have been taken from each other. */
static void
residual_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  const Solve *self = sweep->data;
  const OssVoxelLevel *level = self->level;
  double *a = ax;
  float *r = self->r + begin;

  for (guint i = find_force (self->force, begin); i < self->force->len; i++)
    {
      const Force *force = &g_array_index (self->force, Force, i);
      if (force->freedom >= begin + n)
        break;
      a[force->freedom - begin] -= force->force_n;
    }
  for (gsize i = 0; i < n; i++)
    r[i] = (float) -a[i];
  for (gsize i = level->fixed_plane[plane]; i < level->fixed_plane[plane + 1]; i++)
    self->r[level->fixed[i]] = 0.0f;
  sweep->sum[plane] = oss_voxel_plane_dot_float (level, plane, r, r);
}

/* Calls with the freedom of every copy of a point. */
static void
each_copy (const OssVoxelSystem *system, const OssVoxelFreedom *freedom, double value,
           void (*func) (gsize freedom, double value, void *data), void *data)
{
  const OssVoxelLevel *level = system->level[0];
  gsize point[3], copies[8][3];

  for (int k = 0; k < 3; k++)
    point[k] = level->periodic[k] && (gsize) freedom->at[k] == level->size[k] ? 0 : (gsize) freedom->at[k];
  int n = oss_voxel_level_copies (level, point, copies);
  for (int c = 0; c < n; c++)
    {
      gsize f = oss_voxel_level_freedom (level, copies[c], freedom->axis);
      if (f != G_MAXSIZE)
        func (f, value, data);
    }
}

static void
add_to_vector (gsize freedom, double value, void *data)
{
  ((double *) data)[freedom] += value;
}

static void
append_force (gsize freedom, double value, void *data)
{
  const Force force = { freedom, value };
  g_array_append_val ((GArray *) data, force);
}

static void
zero_held (const OssVoxelLevel *level, double *vector)
{
  for (gsize i = 0; i < level->n_fixed; i++)
    vector[level->fixed[i]] = 0.0;
}

static int
compare_forces (gconstpointer a, gconstpointer b)
{
  const Force *p = a, *q = b;
  return (p->freedom > q->freedom) - (p->freedom < q->freedom);
}

/* The forces by freedoms, those of periodic points at all their copies. */
static void
list_forces (Solve *self)
{
  const OssVoxelSystem *system = self->system;

  self->force = g_array_new (FALSE, FALSE, sizeof (Force));
  for (gsize i = 0; self->load->force_n != NULL && i < system->n_loaded; i++)
    each_copy (system, &system->loaded[i], self->load->force_n[i], append_force, self->force);
  g_array_sort (self->force, compare_forces);
}

/* r = f - K (x + homogeneous) with zeros at held freedoms; its norm. */
static double
find_residual (Solve *self)
{
  const OssVoxelLoad *load = self->load;
  OssVoxelSweep sweep = { .level = self->level,
                          .precision = OSS_VOXEL_DOUBLE,
                          .u = self->x,
                          .finish = residual_plane,
                          .data = self,
                          .sum = self->sum };

  oss_voxel_add_homogeneous (self->system, load->strain, 1.0, self->x);
  oss_voxel_sweep (&sweep, &self->system->work);
  oss_voxel_add_homogeneous (self->system, load->strain, -1.0, self->x);
  return sqrt (oss_voxel_sum_planes (self->level, self->sum));
}

/* Held freedoms of x get their values; what they had goes. */
static void
set_held (Solve *self)
{
  const OssVoxelSystem *system = self->system;
  zero_held (self->level, self->x);
  for (gsize i = 0; self->load->held_mm != NULL && i < system->n_held; i++)
    {
      gsize f = oss_voxel_system_freedom (system, &system->held[i]);
      if (f != G_MAXSIZE) /* listed twice: the first value counts, checked to be the same */
        each_copy (system, &system->held[i], self->load->held_mm[i] - self->x[f], add_to_vector, self->x);
    }
}

/* Whether the right-hand side pushes a free motion: r is f - K x without a start. */
static gboolean
check_balance (Solve *self, GError **error)
{
  double product[6];

  if (self->system->n_motions == 0)
    return TRUE;
  oss_voxel_motion_products (self->system, self->r, product);
  for (int i = 0; i < self->system->n_motions; i++)
    if (fabs (product[i]) > UNBALANCED * self->load_norm)
      {
        g_autofree char *text = oss_voxel_motion_text (self->system, i);
        g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                     _ ("The load moves the bone as a rigid body: nothing resists %s. Hold it, or balance the forces."),
                     text);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_load (const OssVoxelSystem *system, const OssVoxelLoad *load, GError **error)
{
  double sum = 0.0;

  for (gsize i = 0; load->held_mm != NULL && i < system->n_held; i++)
    sum += load->held_mm[i];
  for (gsize i = 0; load->force_n != NULL && i < system->n_loaded; i++)
    sum += load->force_n[i];
  for (int i = 0; i < 6; i++)
    sum += load->strain[i];
  if (isfinite (sum))
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("A load is not a number."));
  return FALSE;
}

/* What the homogeneous strain would put on the nodes if nothing balanced it: stress times face, over all nodes. */
static double
homogeneous_norm (const Solve *self)
{
  const OssVoxelLevel *level = self->level;
  double strain = 0.0, stiffest = 0.0, edge = 0.0;

  for (int i = 0; i < 6; i++)
    strain = fmax (strain, fabs (self->load->strain[i]));
  for (int k = 0; k < 3; k++)
    edge = fmax (edge, level->spacing_mm[k]);
  for (gsize e = 0; strain > 0.0 && e < level->n_elements; e++)
    stiffest = fmax (stiffest, (double) level->modulus[e]);
  return strain * stiffest * edge * edge * sqrt ((double) level->n_nodes);
}

/* The norm that residuals are relative to.  A homogeneous strain that the bone bears as it is (one material, layers
 * along the shear) leaves only rounding: then the norm is that of what was balanced. */
static void
find_load_norm (Solve *self)
{
  double whole = homogeneous_norm (self);

  self->load_norm = find_residual (self);
  if (self->load_norm <= BALANCED * whole)
    self->load_norm = whole;
}

/* x from the start, r from x, the norm of the right-hand side; the first relative residual. */
static gboolean
start (Solve *self, const OssVoxelOptions *options, double *residual, GError **error)
{
  list_forces (self);
  set_held (self);
  find_load_norm (self);
  if (!(self->load_norm > 0.0))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("Nothing loads the bone: all forces and prescribed displacements on it are zero."));
      return FALSE;
    }
  if (!check_balance (self, error))
    return FALSE;
  *residual = sqrt (oss_voxel_sum_planes (self->level, self->sum)) / self->load_norm;
  if (options->start_mm != NULL)
    {
      oss_voxel_from_public (self->system, options->start_mm, self->x);
      set_held (self);
      *residual = find_residual (self) / self->load_norm;
    }
  return TRUE;
}

static void
dot_preconditioned (gsize begin, gsize end, guint thread, void *data)
{
  Solve *self = data;
  for (gsize plane = begin; plane < end; plane++)
    {
      gsize at = oss_voxel_plane_start (self->level, plane);
      self->sum[plane] = oss_voxel_plane_dot_float (self->level, plane, self->z + at, self->r + at);
      self->sum_2[plane] = oss_voxel_plane_dot_float (self->level, plane, self->z + at, self->q + at);
    }
}

static void
turn (gsize begin, gsize end, guint thread, void *data)
{
  Solve *self = data;
  float beta = (float) self->beta;
  for (gsize i = oss_voxel_plane_start (self->level, begin); i < oss_voxel_plane_start (self->level, end); i++)
    self->p[i] = self->z[i] + beta * self->p[i];
}

static void
advance (gsize begin, gsize end, guint thread, void *data)
{
  Solve *self = data;
  double alpha = self->alpha;
  for (gsize i = oss_voxel_plane_start (self->level, begin); i < oss_voxel_plane_start (self->level, end); i++)
    {
      self->x[i] += alpha * (double) self->p[i];
      self->r[i] = (float) ((double) self->r[i] - alpha * (double) self->q[i]);
    }
  for (gsize plane = begin; plane < end; plane++)
    {
      const float *r = self->r + oss_voxel_plane_start (self->level, plane);
      self->sum[plane] = oss_voxel_plane_dot_float (self->level, plane, r, r);
    }
}

/* z = M r, then p: the Polak-Ribiere form of beta forgives that M is rounded to float.  @rz: in: of the last
 * iteration, 0 to begin anew; out: of this one. */
static gboolean
find_direction (Solve *self, double *rz, GError **error)
{
  OssVoxelLevel *level = self->level;

  self->z = oss_voxel_cycle (self->system, self->tick);
  if (self->z == NULL)
    return oss_tick_cancelled (error);
  oss_voxel_take_motions_out_float (self->system, self->z);
  for (gsize i = 0; i < level->n_fixed; i++)
    self->z[level->fixed[i]] = 0.0f;
  each_plane (self, dot_preconditioned);
  double now = oss_voxel_sum_planes (level, self->sum),
         changed = -self->alpha * oss_voxel_sum_planes (level, self->sum_2);
  self->beta = *rz > 0.0 ? changed / *rz : 0.0;
  *rz = now;
  each_plane (self, turn);
  return TRUE;
}

static void
products_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  const Solve *self = sweep->data;
  sweep->sum[plane] = oss_voxel_plane_dot (sweep->level, plane, self->x + begin, ax);
  self->sum_2[plane] = oss_voxel_plane_dot_mixed (sweep->level, plane, self->r + begin, self->x + begin);
}

/* Stretches what is not held of x until the residual does no work on it, so that reactions, like the energy, have an
 * error of second order: with a cycle that is not symmetric, conjugate gradients do not see to that themselves.  The
 * residual, a true one, hardly changes; gives it back as find_residual(). */
static double
balance_work (Solve *self)
{
  OssVoxelSweep sweep = { .level = self->level,
                          .precision = OSS_VOXEL_DOUBLE,
                          .u = self->x,
                          .constrained = TRUE,
                          .finish = products_plane,
                          .data = self,
                          .sum = self->sum };

  zero_held (self->level, self->x);
  oss_voxel_sweep (&sweep, &self->system->work);
  double along = oss_voxel_sum_planes (self->level, self->sum), work = oss_voxel_sum_planes (self->level, self->sum_2);
  for (gsize i = 0; along > 0.0 && i < 3 * self->level->n_nodes; i++)
    self->x[i] += work / along * self->x[i];
  set_held (self);
  return find_residual (self);
}

/* One iteration; FALSE with or without an error: cancelled, or broken down. */
static gboolean
iterate (Solve *self, double *rz, double *residual, GError **error)
{
  OssVoxelSweep sweep = { .level = self->level,
                          .precision = OSS_VOXEL_FLOAT_DOUBLE,
                          .u = self->p,
                          .constrained = TRUE,
                          .finish = store_and_dot,
                          .data = self,
                          .sum = self->sum };

  if (!find_direction (self, rz, error))
    return FALSE;
  oss_voxel_sweep (&sweep, &self->system->work);
  if (oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  double curvature = oss_voxel_sum_planes (self->level, self->sum);
  if (!(curvature > 0.0) || !(*rz > 0.0) || !isfinite (curvature))
    return FALSE;
  /* The step to the minimum along p: p r = z r when the last step was exact, and beta makes it so. */
  self->alpha = *rz / curvature;
  each_plane (self, advance);
  *residual = sqrt (oss_voxel_sum_planes (self->level, self->sum)) / self->load_norm;
  return isfinite (*residual);
}

static gboolean
run (Solve *self, const OssVoxelOptions *options, OssVoxelResult *result, double residual, GError **error)
{
  double tolerance = options->tolerance > 0.0 ? options->tolerance : TOLERANCE, rz = 0.0, first = residual;
  double replaced = residual;
  gboolean is_true = TRUE; /* the residual: not carried along */
  int most = options->max_iterations > 0 ? options->max_iterations : MAX_ITERATIONS, restarts = 0;
  g_autoptr (GError) stopped = NULL;

  result->history = g_new0 (double, most + 1);
  result->history[0] = residual;
  g_strlcpy (result->reason, "converged", sizeof result->reason);
  while (residual > tolerance && result->iterations < most)
    {
      double done = log (first / residual) / log (first / tolerance);
      if (!oss_tick_report (self->tick, done, result->iterations == 0 ? _ ("Solving the voxel model") : NULL, error))
        return FALSE;
      if (!iterate (self, &rz, &residual, &stopped))
        {
          if (stopped != NULL)
            {
              g_propagate_error (error, g_steal_pointer (&stopped));
              return FALSE;
            }
          replaced = residual = find_residual (self) / self->load_norm;
          is_true = TRUE;
          rz = 0.0;
          if (++restarts > MAX_RESTARTS)
            break;
          continue;
        }
      is_true = residual <= tolerance || residual <= REPLACE * replaced;
      if (is_true)
        replaced = residual = find_residual (self) / self->load_norm;
      if (residual <= tolerance) /* if that is a little more then, the iteration goes on */
        residual = balance_work (self) / self->load_norm;
      result->history[++result->iterations] = residual;
    }
  result->relative_residual = is_true ? residual : find_residual (self) / self->load_norm;
  result->converged = result->relative_residual <= tolerance;
  if (!result->converged)
    g_snprintf (result->reason, sizeof result->reason,
                _ ("the residual is %.2e of the load after %d iterations, asked were %.2e"), result->relative_residual,
                result->iterations, tolerance);
  return TRUE;
}

static void
store_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  memcpy ((double *) sweep->data + begin, ax, n * sizeof (double));
}

static void
energy_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  sweep->sum[plane] = oss_voxel_plane_dot (sweep->level, plane, (const double *) sweep->u + begin, ax);
}

/* What holds the held freedoms: K x less the forces on them. */
static gboolean
find_reactions (Solve *self, OssVoxelResult *result, GError **error)
{
  OssVoxelSystem *system = self->system;

  g_clear_pointer (&self->q, oss_free_aligned);
  g_clear_pointer (&self->p, oss_free_aligned);
  double *force =
      oss_alloc_aligned (3 * self->level->n_nodes + OSS_VOXEL_PAD, sizeof *force, _ ("the voxel solver"), error);
  if (force == NULL)
    return FALSE;
  OssVoxelSweep sweep = {
    .level = self->level, .precision = OSS_VOXEL_DOUBLE, .u = self->x, .finish = store_plane, .data = force
  };
  oss_voxel_sweep (&sweep, &system->work);
  for (guint i = 0; i < self->force->len; i++)
    force[g_array_index (self->force, Force, i).freedom] -= g_array_index (self->force, Force, i).force_n;
  result->n_held = system->n_held;
  result->reaction_n = g_new0 (double, MAX (system->n_held, 1));
  for (gsize i = 0; i < system->n_held; i++)
    {
      gsize f = oss_voxel_system_freedom (system, &system->held[i]);
      if (f != G_MAXSIZE)
        {
          result->reaction_n[i] = force[f];
          each_copy (system, &system->held[i], -force[f], add_to_vector, force);
        }
    }
  oss_free_aligned (force);
  return TRUE;
}

/* Reactions, energy, displacement; x is given away. */
static gboolean
finish (Solve *self, OssVoxelResult *result, GError **error)
{
  OssVoxelSystem *system = self->system;
  OssVoxelLevel open = *self->level; /* copies of periodic points as points of their own */
  OssVoxelSweep sweep = {
    .level = &open, .precision = OSS_VOXEL_DOUBLE, .u = self->x, .finish = energy_plane, .sum = self->sum
  };

  memset (open.periodic, 0, sizeof open.periodic);
  oss_voxel_take_motions_out (system, self->x);
  result->projected_motions = system->n_motions;
  oss_voxel_add_homogeneous (system, self->load->strain, 1.0, self->x);
  if (!find_reactions (self, result, error))
    return FALSE;
  oss_voxel_sweep (&sweep, &system->work);
  result->energy_n_mm = 0.5 * oss_voxel_sum_planes (&open, self->sum);
  oss_voxel_add_homogeneous (system, self->load->strain, -1.0, self->x);
  oss_voxel_to_public (system, self->x);
  result->n_nodes = system->n_public_nodes;
  result->displacement_mm = g_steal_pointer (&self->x);
  return !oss_tick_stopped (self->tick) || oss_tick_cancelled (error);
}

OssVoxelResult *
oss_voxel_solve (OssVoxelSystem *self, const OssVoxelLoad *load, const OssVoxelOptions *options, const OssTick *tick,
                 GError **error)
{
  static const OssVoxelOptions usual = { 0 };
  gint64 begun = g_get_monotonic_time ();
  g_autoptr (OssVoxelResult) result = g_new0 (OssVoxelResult, 1);
  g_auto (Solve) solve = { .system = self, .level = self->level[0], .load = load, .tick = tick };
  OssVoxelInfo info;
  double residual = 1.0;

  if (options == NULL)
    options = &usual;
  self->work.tick = tick;
  self->one_sided = TRUE;
  gboolean done = check_load (self, load, error) && solve_prepare (&solve, error)
                  && start (&solve, options, &residual, error) && run (&solve, options, result, residual, error)
                  && finish (&solve, result, error);
  self->work.tick = NULL;
  self->one_sided = FALSE;
  if (!done)
    return NULL;
  oss_voxel_system_info (self, &info);
  result->bytes = info.bytes_grid + info.bytes_solve;
  result->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  return g_steal_pointer (&result);
}

void
oss_voxel_result_free (OssVoxelResult *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->displacement_mm);
  g_free (self->reaction_n);
  g_free (self->history);
  g_free (self);
}
