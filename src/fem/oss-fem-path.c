/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-path-private.h"
#include "numeric/oss-cg.h"

#include <string.h>

#define INCREMENTS 20
#define TOLERANCE 1e-5
#define LARGEST_TOLERANCE 1e-4
#define MOST_ITERATIONS 25
#define MOST_CUTS 6

/* Linear systems are solved to this share of their right-hand side at first, and closer as Newton's method gets near
 * (Eisenstat and Walker, SIAM J. Sci. Comput. 17 (1996) 16-32, choice 2). */
#define LOOSEST 0.1
#define TIGHTEST 1e-4
/* A cut step grows again after an increment that took no more iterations than this. */
#define EASY_ITERATIONS 6
/* With a gauge: an increment that goes this much further than was aimed at is taken again, so often; the path ends this
 * share of an increment before its end; and a body that does not get there in so many times its increments never does.
 */
#define OVERSHOT 1.5
#define MOST_AGAIN 5
#define NEAR_END 0.01
#define MOST_TIMES 50
/* A step that leaves more than this share of its slope is halved, this often. */
#define SLOPE_LEFT 0.8
#define HALVINGS 3

/* A fall below the peak by less than this is level. */
#define LEVEL 1e-3
#define OFFSET_STRAIN 0.002

typedef struct
{
  OssPathBody *body;
  OssFemPath path;
  OssFemCurve *curve;
  double *u, *before, *last; /* now; at the last increment; at the one before it */
  double *internal, *right, *step;
  double at, at_before, at_last; /* shares of what is prescribed at the end of the elastic path */
  double share;                  /* of the path's displacement at the last increment; @at_before without a gauge */
  double target, ratio;          /* share that is aimed at; growth of @at over growth of the share */
  double stored, dissipated;
  GArray *points;
  const OssTick *tick;
} Follower;

static void
follower_clear (Follower *self)
{
  oss_free_aligned (self->u);
  oss_free_aligned (self->before);
  oss_free_aligned (self->last);
  oss_free_aligned (self->internal);
  oss_free_aligned (self->right);
  oss_free_aligned (self->step);
  g_clear_pointer (&self->points, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Follower, follower_clear)

static gboolean
follower_init (Follower *self, OssPathBody *body, const OssFemPath *path, OssFemCurve *curve, const OssTick *tick,
               GError **error)
{
  double **arrays[] = { &self->u, &self->before, &self->last, &self->internal, &self->right, &self->step };

  self->body = body;
  self->path = *path;
  self->path.driven_mm = path->gauge != NULL ? path->driven_mm : path->displacement_mm;
  self->path.increments = path->increments > 0 ? path->increments : INCREMENTS;
  self->path.tolerance = path->tolerance > 0.0 ? path->tolerance : TOLERANCE;
  self->path.maximum_iterations = path->maximum_iterations > 0 ? path->maximum_iterations : MOST_ITERATIONS;
  self->path.maximum_cuts = path->maximum_cuts > 0 ? path->maximum_cuts : MOST_CUTS;
  self->curve = curve;
  self->tick = tick;
  self->points = g_array_new (FALSE, TRUE, sizeof (OssLoadPoint));
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    if ((*arrays[i] = oss_alloc_aligned (body->n, sizeof (double), _ ("the load path"), error)) == NULL)
      return FALSE;
  return TRUE;
}

/* right = forces - internal forces where the displacement is sought; both norms and the reaction along the path. */
static double
balance (Follower *self, double *reaction_n)
{
  const OssPathBody *body = self->body;
  double out = 0.0, held = 0.0, work = 0.0;

  for (gsize f = 0; f < body->n; f++)
    {
      double left = self->at * body->force[f] - self->internal[f];
      self->right[f] = body->sought[f] ? left : 0.0;
      if (body->sought[f])
        out += left * left;
      else
        {
          held += left * left;
          work -= left * body->full[f];
        }
    }
  *reaction_n = work / self->path.driven_mm;
  return held > 0.0 ? sqrt (out / held) : sqrt (out);
}

/* The share of the path's displacement that @u has. */
static double
measure (const Follower *self)
{
  return self->path.gauge != NULL ? oss_cg_dot (self->body->n, self->path.gauge, self->u) / self->path.displacement_mm
                                  : self->at;
}

/* Moves @u to the share @at of the path: prescribed freedoms exactly, the others by the last increment's direction. */
static void
predict (Follower *self)
{
  const OssPathBody *body = self->body;
  double ahead = self->at - self->at_before, behind = self->at_before - self->at_last;
  double scale = behind > 0.0 ? ahead / behind : 0.0;

  for (gsize f = 0; f < body->n; f++)
    self->u[f] =
        body->sought[f] ? self->before[f] + scale * (self->before[f] - self->last[f]) : self->at * body->full[f];
}

static gboolean
evaluate (Follower *self, double *reaction_n, double *out, GError **error)
{
  if (!self->body->evaluate (self->body, self->u, self->internal, self->tick, error))
    return FALSE;
  *out = balance (self, reaction_n);
  return TRUE;
}

/* Goes along the step, and back by halves while it overshoots: the slope of the energy along it tells. */
static gboolean
search_line (Follower *self, double *reaction_n, double *out, GError **error)
{
  gsize n = self->body->n;
  double slope = oss_cg_dot (n, self->step, self->right), part = 1.0, before = *out;

  for (gsize f = 0; f < n; f++)
    self->u[f] += self->step[f];
  if (!evaluate (self, reaction_n, out, error))
    return FALSE;
  for (int halving = 0; halving<HALVINGS && * out> before; halving++)
    {
      double left = oss_cg_dot (n, self->step, self->right);
      if (fabs (left) <= SLOPE_LEFT * fabs (slope) && isfinite (left))
        break;
      part *= 0.5;
      for (gsize f = 0; f < n; f++)
        self->u[f] -= part * self->step[f];
      if (!evaluate (self, reaction_n, out, error))
        return FALSE;
    }
  return TRUE;
}

/* Newton's method for the share @at of the path.  %TRUE with converged or not in @point. */
static gboolean
converge (Follower *self, OssLoadPoint *point, gboolean *converged, GError **error)
{
  double out, before = INFINITY, exactness = LOOSEST;

  *converged = FALSE;
  predict (self);
  if (!evaluate (self, &point->reaction_n, &out, error))
    return FALSE;
  for (;; point->iterations++)
    {
      int linear = 0;
      point->residual = out;
      g_debug ("path %.4f, iteration %d: %.2e out of balance, %d linear", self->at, point->iterations, out,
               point->linear_iterations);
      if (out <= self->path.tolerance)
        *converged = TRUE;
      if (*converged || point->iterations >= self->path.maximum_iterations || !isfinite (out))
        return TRUE;
      if (isfinite (before))
        {
          double share = 0.9 * out * out / (before * before), safe = 0.9 * exactness * exactness;
          exactness = fmin (fmax (safe > 0.1 ? fmax (share, safe) : share, TIGHTEST), LOOSEST);
        }
      exactness = fmax (exactness, fmin (0.3 * self->path.tolerance / out, LOOSEST));
      if (!self->body->solve (self->body, self->right, self->step, exactness, &linear, self->tick, error))
        return FALSE;
      point->linear_iterations += linear;
      before = out;
      if (!search_line (self, &point->reaction_n, &out, error))
        return FALSE;
    }
}

static gboolean
take_point (Follower *self, OssLoadPoint *point, GError **error)
{
  const OssLoadPoint *last = &g_array_index (self->points, OssLoadPoint, self->points->len - 1);
  OssPathSums sums = { .stored_nmm = 0.0 };

  if (!self->body->commit (self->body, self->before, self->u, &sums, self->tick, error))
    return FALSE;
  self->dissipated += sums.dissipated_nmm;
  double share = measure (self);
  if (self->path.gauge != NULL && share > self->share)
    self->ratio = (self->at - self->at_before) / (share - self->share);
  self->share = share;
  point->displacement_mm = share * self->path.displacement_mm;
  point->driven_mm = self->at * self->path.driven_mm;
  point->work_nmm =
      last->work_nmm + 0.5 * (point->reaction_n + last->reaction_n) * (point->driven_mm - last->driven_mm);
  point->stored_nmm = sums.stored_nmm;
  point->dissipated_nmm = self->dissipated;
  point->yielded_mm3 = sums.yielded_mm3;
  g_array_append_val (self->points, *point);
  double *free = self->last;
  self->last = self->before;
  self->before = free;
  memcpy (self->before, self->u, self->body->n * sizeof *self->u);
  self->at_last = self->at_before;
  self->at_before = self->at;
  return TRUE;
}

/* The unloaded body's answer to the whole path: stiffness, and the direction of the first increment. */
static gboolean
start (Follower *self, GError **error)
{
  OssPathBody *body = self->body;
  OssLoadPoint zero = { .reaction_n = 0.0 };
  double reaction = 0.0;
  int iterations;

  g_array_append_val (self->points, zero);
  if (!body->elastic (body, self->tick, error))
    return FALSE;
  /* A step too small to yield reads the elastic forces of the prescribed displacements alone. */
  const double small = 1e-9;
  self->at = small;
  for (gsize f = 0; f < body->n; f++)
    self->u[f] = body->sought[f] ? 0.0 : small * body->full[f];
  if (!evaluate (self, &reaction, &(double){ 0.0 }, error) || !body->elastic (body, self->tick, error)
      || !body->solve (body, self->right, self->step, 1e-8, &iterations, self->tick, error))
    return FALSE;
  for (gsize f = 0; f < body->n; f++)
    {
      self->u[f] += self->step[f];
      self->last[f] = -self->u[f] / small; /* before - last is the elastic answer to the whole path */
    }
  if (!evaluate (self, &reaction, &(double){ 0.0 }, error))
    return FALSE;
  self->ratio = small / measure (self);
  self->curve->stiffness_n_per_mm = self->ratio * reaction / (small * self->path.displacement_mm);
  self->at_last = -1.0;
  return TRUE;
}

static void
tell_failure (Follower *self, const OssLoadPoint *point)
{
  g_snprintf (self->curve->reason, sizeof self->curve->reason,
              _ ("not converged at %.4g mm (%.3g %% apparent strain): %d iterations left %.1e of the reaction out of "
                 "balance, after %d cuts"),
              self->target * self->path.displacement_mm,
              100.0 * self->target * self->path.displacement_mm / self->path.height_mm, point->iterations,
              point->residual, self->curve->cuts);
}

/* An increment that took the gauge too far, as the body gave way, is to be taken again with less. */
static gboolean
overshot (Follower *self)
{
  double wanted = self->target - self->share, got = measure (self) - self->share;

  if (self->path.gauge == NULL || got <= OVERSHOT * wanted)
    return FALSE;
  self->ratio *= wanted / got;
  return TRUE;
}

static gboolean
at_end (const Follower *self)
{
  return self->share >= 1.0 - (self->path.gauge != NULL ? NEAR_END / self->path.increments : 1e-12);
}

static gboolean
follow (Follower *self, GError **error)
{
  double whole = 1.0 / self->path.increments, size = whole;
  int depth = 0, again = 0;

  while (!at_end (self))
    {
      OssLoadPoint point = { .reaction_n = 0.0 };
      gboolean converged;
      g_autofree char *what = g_strdup_printf (_ ("Loading: %.2f of %.2f mm"), self->share * self->path.displacement_mm,
                                               self->path.displacement_mm);
      if (!oss_tick_report (self->tick, CLAMP (self->share, 0.0, 1.0), what, error))
        return FALSE;
      self->target = self->share + size > 1.0 - 1e-9 ? 1.0 : self->share + size;
      self->at = self->path.gauge != NULL ? self->at_before + self->ratio * (self->target - self->share) : self->target;
      if (!converge (self, &point, &converged, error))
        return FALSE;
      if (converged && again < MOST_AGAIN && overshot (self))
        {
          again++;
          continue;
        }
      again = 0;
      if (converged)
        {
          if (!take_point (self, &point, error))
            return FALSE;
          if (self->points->len > (guint) (MOST_TIMES * self->path.increments))
            {
              g_snprintf (self->curve->reason, sizeof self->curve->reason,
                          _ ("the load moves on and the body does not: %.4g of %.4g mm after %u increments"),
                          self->share * self->path.displacement_mm, self->path.displacement_mm, self->points->len - 1);
              return TRUE;
            }
          if (depth > 0 && point.iterations <= EASY_ITERATIONS)
            {
              size *= 2.0;
              depth--;
            }
          continue;
        }
      self->curve->cuts++;
      if (++depth > self->path.maximum_cuts)
        {
          tell_failure (self, &point);
          return TRUE;
        }
      size *= 0.5;
    }
  self->curve->converged = TRUE;
  g_strlcpy (self->curve->reason, "solved", sizeof self->curve->reason);
  return TRUE;
}

gboolean
oss_path_follow (OssPathBody *body, const OssFemPath *path, OssFemCurve *curve, const OssTick *tick, GError **error)
{
  g_auto (Follower) self = { .body = body };

  if (!follower_init (&self, body, path, curve, tick, error) || !start (&self, error) || !follow (&self, error))
    return FALSE;
  curve->displacement = g_steal_pointer (&self.before);
  curve->n_points = self.points->len;
  curve->points = (OssLoadPoint *) (void *) g_array_free (g_steal_pointer (&self.points), FALSE);
  oss_fem_curve_judge (curve, path->height_mm);
  return TRUE;
}

/* The chord of an increment lies below a curve that bends; the increment before it, longer, lies above.  Where the two
 * meet the offset line more than this share apart, the increments are too coarse to tell. */
#define OFFSET_SHARE 0.05

/* Whether the offset line meets chord and extension at nearly one load; @chord_n: the chord's. */
static gboolean
offset_is_resolved (const OssFemCurve *curve, gsize i, double offset_mm, double chord_n)
{
  const OssLoadPoint *a = &curve->points[i - 1], *b = &curve->points[i];
  double stiffness = curve->stiffness_n_per_mm, slope = stiffness, most = fmax (a->reaction_n, b->reaction_n);

  if (i >= 2 && a->displacement_mm > curve->points[i - 2].displacement_mm)
    slope =
        (a->reaction_n - curve->points[i - 2].reaction_n) / (a->displacement_mm - curve->points[i - 2].displacement_mm);
  if (slope < stiffness * (1.0 - 1e-6))
    {
      double above = a->reaction_n - stiffness * (a->displacement_mm - offset_mm);
      most = fmin (most, a->reaction_n + slope * above / (stiffness - slope));
    }
  return most - chord_n <= OFFSET_SHARE * fabs (chord_n);
}

/* Where the curve meets the line of the initial stiffness that starts at the offset. */
static void
find_offset (OssFemCurve *curve, double offset_mm)
{
  curve->offset_n = curve->offset_mm = NAN;
  for (gsize i = 1; i < curve->n_points; i++)
    {
      const OssLoadPoint *a = &curve->points[i - 1], *b = &curve->points[i];
      double above_a = a->reaction_n - curve->stiffness_n_per_mm * (a->displacement_mm - offset_mm);
      double above_b = b->reaction_n - curve->stiffness_n_per_mm * (b->displacement_mm - offset_mm);
      if (above_b > 0.0)
        continue;
      double share = above_a / (above_a - above_b), load = a->reaction_n + share * (b->reaction_n - a->reaction_n);
      if (!offset_is_resolved (curve, i, offset_mm, load))
        return;
      curve->offset_n = load;
      curve->offset_mm = a->displacement_mm + share * (b->displacement_mm - a->displacement_mm);
      return;
    }
}

void
oss_fem_curve_judge (OssFemCurve *curve, double height_mm)
{
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];

  curve->peak_n = curve->peak_mm = 0.0;
  for (gsize i = 0; i < curve->n_points; i++)
    if (curve->points[i].reaction_n > curve->peak_n)
      {
        curve->peak_n = curve->points[i].reaction_n;
        curve->peak_mm = curve->points[i].displacement_mm;
      }
  curve->falling = end->reaction_n < (1.0 - LEVEL) * curve->peak_n;
  curve->plateau_n = curve->peak_n;
  if (curve->volume_mm3 > 0.0)
    curve->yielded_share = end->yielded_mm3 / curve->volume_mm3;
  find_offset (curve, OFFSET_STRAIN * height_mm);
}

static gboolean
check_numbers (const OssFemPlasticity *p, const OssFemPath *path)
{
  return path->displacement_mm > 0.0 && (path->gauge == NULL || path->driven_mm > 0.0) && path->height_mm > 0.0
         && path->increments >= 0 && path->tolerance >= 0.0 && path->tolerance <= LARGEST_TOLERANCE
         && p->hardening >= 0.0 && p->hardening <= 1.0 && p->softening_mm >= 0.0 && isfinite (p->softening_mm)
         && (p->softening_mm == 0.0 || (p->hardening == 0.0 && p->residual_share > 0.0 && p->residual_share < 1.0));
}

gboolean
oss_fem_path_check (const OssFemPlasticity *plasticity, gsize n_elements, const OssFemPath *path, GError **error)
{
  if (!check_numbers (plasticity, path))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The load path or the yielding contradicts itself: displacement %g mm, height %g mm, %d "
                      "increments, tolerance %g (at most 1e-4), hardening %g (0 to 1), softening over %g mm to a share "
                      "of %g (above 0, below 1; without hardening)."),
                   path->displacement_mm, path->height_mm, path->increments, path->tolerance, plasticity->hardening,
                   plasticity->softening_mm, plasticity->residual_share);
      return FALSE;
    }
  for (gsize e = 0; e < n_elements; e++)
    if (!(plasticity->compression_mpa[e] > 0.0 && plasticity->tension_mpa[e] > 0.0))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                     _ ("Element %zu has yield stresses of %g and %g MPa; they have to be above 0."), e,
                     plasticity->compression_mpa[e], plasticity->tension_mpa[e]);
        return FALSE;
      }
  return TRUE;
}

OssPlastic
oss_fem_plastic (const OssFemPlasticity *self, gsize element, double modulus_mpa, double poisson, double volume_mm3,
                 gsize *bounded)
{
  OssPlastic material = oss_plastic_make (self->criterion, modulus_mpa, poisson, self->compression_mpa[element],
                                          self->tension_mpa[element]);

  material.hardening = self->hardening * modulus_mpa;
  if (self->softening_mm > 0.0 && isfinite (material.yield))
    {
      double fall = material.yield * (1.0 - self->residual_share) * cbrt (volume_mm3) / self->softening_mm;
      material.hardening = -fmin (fall, 0.5 * modulus_mpa);
      material.least = material.yield * self->residual_share;
      *bounded += fall > 0.5 * modulus_mpa;
    }
  return material;
}

void
oss_fem_yield (const OssYieldRule *rule, const double *modulus_mpa, gsize n, double **compression_mpa,
               double **tension_mpa)
{
  *compression_mpa = g_new (double, MAX (n, 1));
  *tension_mpa = g_new (double, MAX (n, 1));
  for (gsize e = 0; e < n; e++)
    oss_yield_rule_stress (rule, modulus_mpa[e], &(*compression_mpa)[e], &(*tension_mpa)[e]);
}

OssFemCurve *
oss_fem_curve_copy_points (const OssFemCurve *self)
{
  OssFemCurve *copy = g_memdup2 (self, sizeof *self);

  copy->points = g_memdup2 (self->points, self->n_points * sizeof *self->points);
  copy->displacement = copy->plastic_strain = copy->element_von_mises = NULL;
  copy->n_nodes = copy->n_elements = 0;
  return copy;
}

void
oss_fem_curve_free (OssFemCurve *self)
{
  if (self == NULL)
    return;
  g_free (self->points);
  oss_free_aligned (self->displacement);
  oss_free_aligned (self->plastic_strain);
  oss_free_aligned (self->element_von_mises);
  g_free (self);
}
