/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem-curve.h"
#include "fem-models.h"
#include "fem/oss-fem-nonlinear.h"

#include <string.h>

#define MODULUS 800.0
#define POISSON 0.3
#define COMPRESSION 6.0
#define TENSION 5.0

/* A model whose elements are all of one material. */
typedef struct
{
  OssMesh *mesh;
  double *modulus, *compression, *tension;
  GArray *loads;
  OssFemModel model;
  OssFemPlasticity plasticity;
} Uniform;

static void
uniform_clear (Uniform *self)
{
  g_clear_pointer (&self->mesh, oss_mesh_unref);
  g_free (self->modulus);
  g_free (self->compression);
  g_free (self->tension);
  g_clear_pointer (&self->loads, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Uniform, uniform_clear)

/* @loads: (transfer full) */
static void
uniform_init (Uniform *self, OssMesh *mesh, GArray *loads, OssCriterion criterion)
{
  *self = (Uniform){ .mesh = mesh, .loads = loads };
  self->modulus = g_new (double, mesh->n_elements);
  self->compression = g_new (double, mesh->n_elements);
  self->tension = g_new (double, mesh->n_elements);
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      self->modulus[e] = MODULUS;
      self->compression[e] = COMPRESSION;
      self->tension[e] = TENSION;
    }
  self->model = model_make (mesh, self->modulus, POISSON, loads, NULL);
  self->plasticity =
      (OssFemPlasticity){ .criterion = criterion, .compression_mpa = self->compression, .tension_mpa = self->tension };
}

/* A bar of 6 x 5 x 12 mm on rollers, its upper end moved by @move_mm. */
static void
bar_init (Uniform *self, OssElementKind kind, OssCriterion criterion, double move_mm)
{
  const int n[3] = { 2, 2, 3 };
  const double size[3] = { 6.0, 5.0, 12.0 };
  OssMesh *mesh = model_box (kind, n, size, NULL, NULL);
  GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (loads, mesh, axis, 0.0, axis, 0.0);
  model_prescribe_plane (loads, mesh, 2, 12.0, 2, move_mm);
  uniform_init (self, mesh, loads, criterion);
}

static OssFemCurve *
solve (const Uniform *self, double displacement_mm, double height_mm, int increments)
{
  g_autoptr (GError) error = NULL;
  const OssFemPath path = { .displacement_mm = displacement_mm, .height_mm = height_mm, .increments = increments };
  OssFemCurve *curve = oss_fem_solve_nonlinear (&self->model, &self->plasticity, &path, NULL, &error);

  g_assert_no_error (error);
  return curve;
}

/* Uniaxial closed form: E A / L, then E H / (E + H); compression yields at C, tension at T (the same for von Mises). */
static void
test_bar (void)
{
  static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };

  for (int i = 0; i < 24; i++)
    {
      g_auto (Uniform) bar;
      OssCriterion criterion = (OssCriterion) (i % 4);
      double sign = i / 4 % 2 == 0 ? -1.0 : 1.0, h = i < 12 ? 0.0 : 0.05, strain = 0.02;
      bar_init (&bar, kinds[i % 3], criterion, sign * strain * 12.0);
      bar.plasticity.hardening = h;
      g_autoptr (OssFemCurve) curve = solve (&bar, strain * 12.0, 12.0, 8);
      CurveBar even = curve_bar (30.0, 12.0, MODULUS, COMPRESSION, TENSION, criterion, sign, h);
      curve_check (curve);
      curve_check_bar (curve, &even);
      g_assert_cmpfloat_with_epsilon (curve->stiffness_n_per_mm, MODULUS * 30.0 / 12.0, 1e-6 * MODULUS);
      /* The plastic strain is 0.2 % there: stress = yield + H 0.002. */
      double h_used = even.tangent_mpa * MODULUS / (MODULUS - even.tangent_mpa);
      double offset = even.yield_mpa + 0.002 * h_used;
      g_assert_cmpfloat_with_epsilon (curve->offset_n, 30.0 * offset, 5e-3 * 30.0 * offset);
      g_assert_false (curve->falling);
    }
}

#define INNER 5.0
#define OUTER 12.0

static void
map_tube (double x[3], void *data)
{
  double radius = INNER * pow (OUTER / INNER, x[0]), angle = G_PI_2 * x[1];
  x[0] = radius * cos (angle);
  x[1] = radius * sin (angle);
}

/* A quarter of a tube in plane strain, its inner face moved outwards. */
static void
tube_init (Uniform *self, OssElementKind kind, const int n[3], OssCriterion criterion, double move_mm)
{
  const double size[3] = { 1.0, 1.0, 2.0 };
  OssMesh *mesh = model_box (kind, n, size, map_tube, NULL);
  GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      double *x = mesh->nodes + 3 * i, radius = hypot (x[0], x[1]);
      gboolean inside = radius < INNER * (1.0 + 1e-3);
      for (gint8 axis = 0; axis < 3; axis++)
        {
          OssNodal load = { (gint32) i, axis, inside && axis < 2 ? move_mm * x[axis] / radius : 0.0 };
          if (inside || axis == 2 || fabs (x[axis]) < 1e-9)
            g_array_append_val (loads, load);
        }
    }
  uniform_init (self, mesh, loads, criterion);
}

/* Thick-walled tube in plane strain, perfectly plastic: limit pressure 2 / sqrt 3 Y ln (b / a) for von Mises (Hill, The
 * Mathematical Theory of Plasticity, 1950, ch. V), Y ln (b / a) for Tresca, and for Mohr-Coulomb, from
 * equilibrium with r s_theta - s_r = C, C ((b / a)^((r - 1) / r) - 1) / (r - 1); before yield Lame's u (a).  The mesh's
 * faceted arc and quadratic elements are worth less than 1.5 %. */
static void
test_tube (void)
{
  const int n[3] = { 4, 6, 1 };
  double ln = log (OUTER / INNER), r = 1.2, stretch = pow (OUTER / INNER, (r - 1.0) / r);
  const struct
  {
    OssCriterion criterion;
    double tension, limit;
  } rows[] = {
    { OSS_CRITERION_VON_MISES, COMPRESSION, 2.0 / sqrt (3.0) * COMPRESSION * ln },
    { OSS_CRITERION_PARABOLOID, COMPRESSION, 2.0 / sqrt (3.0) * COMPRESSION * ln },
    { OSS_CRITERION_MOHR_COULOMB, COMPRESSION, COMPRESSION * ln },
    { OSS_CRITERION_MOHR_COULOMB, COMPRESSION / r, COMPRESSION * (stretch - 1.0) / (r - 1.0) },
  };
  double lame = INNER * (1.0 + POISSON) / MODULUS * (INNER * INNER * (1.0 - 2.0 * POISSON) + OUTER * OUTER)
                / (OUTER * OUTER - INNER * INNER);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Uniform) tube;
      double move = 0.8, area = G_PI_2 * INNER * 2.0;
      tube_init (&tube, OSS_ELEMENT_TET10, n, rows[i].criterion, move);
      for (gsize e = 0; e < tube.mesh->n_elements; e++)
        tube.tension[e] = rows[i].tension;
      g_autoptr (OssFemCurve) curve = solve (&tube, move, 1.0, 12);
      curve_check (curve);
      double limit = curve->points[curve->n_points - 1].reaction_n / area;
      g_test_message ("%s: limit pressure %.4f MPa, closed form %.4f; stiffness %.2f, Lame %.2f",
                      oss_criterion_name (rows[i].criterion), limit, rows[i].limit, curve->stiffness_n_per_mm / area,
                      1.0 / lame);
      g_assert_cmpfloat_with_epsilon (limit, rows[i].limit, 0.015 * rows[i].limit);
      g_assert_cmpfloat_with_epsilon (curve->stiffness_n_per_mm / area, 1.0 / lame, 0.015 / lame);
      g_assert_cmpfloat (curve->yielded_share, >, 0.98);
    }
}

/* The end of the path does not depend on the number of increments: perfectly plastic flow along one way of
 * loading, 6 and 48 increments. */
static void
test_steps (void)
{
  const int n[3] = { 3, 4, 1 };
  double end[2] = { 0.0 }, middle[2] = { 0.0 };

  for (int i = 0; i < 2; i++)
    {
      g_auto (Uniform) tube;
      tube_init (&tube, OSS_ELEMENT_TET10, n, OSS_CRITERION_PARABOLOID, 0.2);
      g_autoptr (OssFemCurve) curve = solve (&tube, 0.2, 1.0, i == 0 ? 6 : 48);
      curve_check (curve);
      end[i] = curve->points[curve->n_points - 1].reaction_n;
      middle[i] = curve->points[(curve->n_points - 1) / 2].reaction_n;
    }
  g_test_message ("reaction at the end %.4f and %.4f N, half way %.4f and %.4f N", end[0], end[1], middle[0],
                  middle[1]);
  g_assert_cmpfloat_with_epsilon (end[0], end[1], 2e-3 * end[1]);
  g_assert_cmpfloat_with_epsilon (middle[0], middle[1], 5e-3 * middle[1]);
}

/* A band of one cube is crushed over softening_mm whatever its size.  Closed form: displacement = stress l / E
 * + w (C - stress) / (C - least); in tension r w and T in place of w and C. */
static void
test_softening (void)
{
  const double share = 0.5, width = 0.06, move = 0.07;

  for (int i = 0; i < 24; i++)
    {
      const int n[3] = { 1, 1, 1 };
      double side = 0.5 * (1 << i / 8), sign = i / 4 % 2 == 0 ? -1.0 : 1.0;
      const double size[3] = { side, side, side };
      g_auto (Uniform) cube;
      OssCriterion criterion = (OssCriterion) (i % 4);
      OssMesh *mesh = model_box (OSS_ELEMENT_HEX8, n, size, NULL, NULL);
      GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      double r = sign < 0.0 || criterion == OSS_CRITERION_VON_MISES ? 1.0 : COMPRESSION / TENSION;
      double strength = COMPRESSION / r, fall = strength * (1.0 - share) / (r * width);
      for (int axis = 0; axis < 3; axis++)
        model_prescribe_plane (loads, mesh, axis, 0.0, axis, 0.0);
      model_prescribe_plane (loads, mesh, 2, side, 2, sign * move);
      uniform_init (&cube, mesh, loads, criterion);
      cube.plasticity.softening_mm = width;
      cube.plasticity.residual_share = share;
      g_autoptr (OssFemCurve) curve = solve (&cube, move, side, 20);
      curve_check (curve);
      g_assert_cmpuint (curve->n_bounded, ==, 0);
      g_assert_true (curve->falling);
      for (gsize k = 1; k < curve->n_points; k++)
        {
          double at = curve->points[k].displacement_mm, stress = MODULUS * at / side;
          if (stress > strength)
            stress = fmax (strength - fall * (at - strength * side / MODULUS) / (1.0 - fall * side / MODULUS),
                           share * strength);
          g_assert_cmpfloat_with_epsilon (curve->points[k].reaction_n / (side * side), stress, 1e-3 * stress);
        }
    }
}

/* The same bits for any number of threads. */
static void
test_threads (void)
{
  const int n[3] = { 5, 5, 4 };
  g_autoptr (OssFemCurve) first = NULL;

  for (guint threads = 1; threads <= 3; threads += 2)
    {
      g_auto (Uniform) bar;
      oss_parallel_set_threads (threads);
      OssMesh *mesh = model_body (OSS_ELEMENT_TET10, n);
      GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      for (gsize i = 0; i < mesh->n_nodes; i++)
        for (gint8 axis = 0; axis < 3 && fabs (mesh->nodes[3 * i + 2]) > 12.3; axis++)
          {
            OssNodal load = { (gint32) i, axis, mesh->nodes[3 * i + 2] > 0.0 && axis == 2 ? -0.4 : 0.0 };
            g_array_append_val (loads, load);
          }
      uniform_init (&bar, mesh, loads, OSS_CRITERION_MOHR_COULOMB);
      OssFemCurve *curve = solve (&bar, 0.4, 27.0, 5);
      curve_check (curve);
      g_assert_cmpfloat (curve->yielded_share, >, 0.1);
      if (first == NULL)
        {
          first = curve;
          continue;
        }
      curve_check_same (first, curve);
      oss_fem_curve_free (curve);
    }
  oss_parallel_set_threads (0);
}

/* A path that cannot be followed with what it was given is a result: what came before, and why it ends. */
static void
test_not_converging (void)
{
  const int n[3] = { 3, 4, 1 };
  g_auto (Uniform) tube;
  g_autoptr (GError) error = NULL;
  const OssFemPath path = { .displacement_mm = 0.4,
                            .height_mm = 1.0,
                            .increments = 8,
                            .tolerance = 1e-12,
                            .maximum_iterations = 1,
                            .maximum_cuts = 1 };

  tube_init (&tube, OSS_ELEMENT_TET10, n, OSS_CRITERION_MOHR_COULOMB, 0.4);
  g_autoptr (OssFemCurve) curve = oss_fem_solve_nonlinear (&tube.model, &tube.plasticity, &path, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (curve->converged);
  g_assert_nonnull (strstr (curve->reason, "not converged at"));
  g_assert_cmpuint (curve->n_points, <, 9);
  g_assert_nonnull (curve->displacement);
}

static void
test_refused (void)
{
  g_auto (Uniform) bar;
  g_autoptr (GError) error = NULL;
  OssFemPath path = { .displacement_mm = 0.2, .height_mm = 12.0, .tolerance = 1e-3 };
  int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);

  bar_init (&bar, OSS_ELEMENT_HEX8, OSS_CRITERION_VON_MISES, -0.2);
  g_assert_null (oss_fem_solve_nonlinear (&bar.model, &bar.plasticity, &path, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  path.tolerance = 0.0;
  bar.compression[3] = 0.0;
  g_assert_null (oss_fem_solve_nonlinear (&bar.model, &bar.plasticity, &path, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "Element 3"));
  g_clear_error (&error);
  bar.compression[3] = COMPRESSION;
  g_assert_null (oss_fem_solve_nonlinear (&bar.model, &bar.plasticity, &path, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  bar.model.n_prescribed = 9; /* too few rollers */
  g_assert_null (oss_fem_solve_nonlinear (&bar.model, &bar.plasticity, &path, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nonlinear/bar", test_bar);
  g_test_add_func ("/nonlinear/tube", test_tube);
  g_test_add_func ("/nonlinear/steps", test_steps);
  g_test_add_func ("/nonlinear/softening", test_softening);
  g_test_add_func ("/nonlinear/threads", test_threads);
  g_test_add_func ("/nonlinear/not-converging", test_not_converging);
  g_test_add_func ("/nonlinear/refused", test_refused);
  return g_test_run ();
}
