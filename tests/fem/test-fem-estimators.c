/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strength estimators on curves of closed form: straight to yield, then straight at a tenth of the slope.  The offset
 * line K (u - d) meets K u_y + K / 10 (u - u_y) at u = u_y + d 10 / 9 wherever the increments lie. */
#include "fem/oss-fem-estimators.h"
#include "fem/oss-fem-path-private.h"

#include <math.h>
#include <string.h>

#define STIFFNESS 10000.0
#define YIELD_MM 0.2
#define HEIGHT_MM 30.0

static double
load_at (double u, double slope)
{
  return u <= YIELD_MM ? STIFFNESS * u : STIFFNESS * YIELD_MM + slope * (u - YIELD_MM);
}

static OssFemCurve *
make_curve (gsize increments, double end_mm, double slope)
{
  OssFemCurve *curve = g_new0 (OssFemCurve, 1);

  curve->n_points = increments + 1;
  curve->points = g_new0 (OssLoadPoint, curve->n_points);
  for (gsize i = 0; i < curve->n_points; i++)
    {
      curve->points[i].displacement_mm = end_mm * (double) i / (double) increments;
      curve->points[i].reaction_n = load_at (curve->points[i].displacement_mm, slope);
    }
  curve->converged = TRUE;
  curve->stiffness_n_per_mm = STIFFNESS;
  curve->volume_mm3 = 1.0;
  oss_fem_curve_judge (curve, HEIGHT_MM);
  return curve;
}

static void
test_offset (void)
{
  const double offset_mm = 0.002 * HEIGHT_MM, slope = 0.1 * STIFFNESS;
  const double at = YIELD_MM + offset_mm * 10.0 / 9.0, load = load_at (at, slope);

  for (gsize n = 12; n <= 200; n += 47)
    {
      g_autoptr (OssFemCurve) curve = make_curve (n, 0.6, slope);
      /* Within one increment of the kink the chord is lower, by no more than what is let pass. */
      g_assert_cmpfloat_with_epsilon (curve->offset_n, load, 0.05 * load);
      if (n > 100)
        {
          g_assert_cmpfloat_with_epsilon (curve->offset_n, load, 1e-9 * load);
          g_assert_cmpfloat_with_epsilon (curve->offset_mm, at, 1e-9);
        }
    }
}

/* Two increments over the whole path: the chord from 0 would meet the offset line at a fraction of the yield load. */
static void
test_too_coarse (void)
{
  g_autoptr (OssFemCurve) coarse = make_curve (1, 0.6, 0.1 * STIFFNESS), two = make_curve (2, 1.2, 0.0);
  g_autoptr (OssFemCurve) elastic = make_curve (20, 0.19, 0.0);

  g_assert_true (isnan (coarse->offset_n));
  g_assert_true (isnan (two->offset_n));
  g_assert_true (isnan (elastic->offset_n)); /* never meets it */
}

static void
test_values (void)
{
  const OssStrength strength = { .apparent_0_68_percent_n = 1.0, .linear_2_percent_n = 2.0, .pistoia_n = 3.0 };
  const OssStrength unstrained = { .pistoia_n = 0.0 };
  g_autoptr (OssFemCurve) curve = make_curve (60, 0.6, 0.1 * STIFFNESS);
  const double expected[OSS_N_ESTIMATORS] = { 1.0, 2.0, 3.0, curve->offset_n, load_at (0.6, 0.1 * STIFFNESS) };
  static const char *const keys[OSS_N_ESTIMATORS] = { "apparent_0_68_percent", "linear_2_percent", "pistoia",
                                                      "offset_0_2_percent", "nonlinear_plateau" };
  OssEstimatorId id;

  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    {
      const OssEstimator *estimator = oss_estimator ((OssEstimatorId) i);

      g_assert_cmpstr (estimator->key, ==, keys[i]);
      g_assert_true (oss_estimator_from_key (keys[i], &id));
      g_assert_cmpint (id, ==, i);
      g_assert_cmpfloat_with_epsilon (oss_estimator_value (id, &strength, curve), expected[i], 1e-9);
      g_assert_true (isnan (oss_estimator_value (id, &strength, NULL)) == estimator->nonlinear);
      /* One sentence that says what to compare with. */
      g_assert_true (g_str_has_prefix (estimator->comparable, "Compare with "));
      g_assert_true (strchr (estimator->comparable, '.') == estimator->comparable + strlen (estimator->comparable) - 1);
      g_assert_cmpuint (strlen (estimator->method), >, 10);
    }
  g_assert_false (oss_estimator_from_key ("hope", &id));
  g_assert_true (isnan (oss_estimator_value (OSS_ESTIMATOR_PISTOIA, &unstrained, NULL)));
}

/* Level at the end: a strength.  Rising, or stopped on the way up: a lower bound. */
static void
test_bound (void)
{
  g_autoptr (OssFemCurve) level = make_curve (20, 0.6, 0.001 * STIFFNESS),
                          rising = make_curve (20, 0.6, 0.3 * STIFFNESS);
  g_autoptr (OssFemCurve) falling = make_curve (20, 0.6, -0.1 * STIFFNESS), stopped = make_curve (20, 0.3, 0.0);

  stopped->converged = FALSE;
  g_assert_false (oss_fem_curve_is_bound (level));
  g_assert_true (oss_fem_curve_is_bound (rising));
  g_assert_false (oss_fem_curve_is_bound (falling));
  g_assert_true (falling->falling);
  g_assert_cmpfloat_with_epsilon (falling->plateau_n, load_at (0.21, -0.1 * STIFFNESS), 20.0);
  g_assert_true (oss_fem_curve_is_bound (stopped));
}

static void
test_copy (void)
{
  g_autoptr (OssFemCurve) curve = make_curve (20, 0.6, 0.0), copy = oss_fem_curve_copy_points (curve);

  g_assert_cmpmem (copy->points, copy->n_points * sizeof *copy->points, curve->points,
                   curve->n_points * sizeof *curve->points);
  g_assert_true (copy->points != curve->points);
  g_assert_cmpfloat (copy->plateau_n, ==, STIFFNESS * YIELD_MM);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/estimators/offset", test_offset);
  g_test_add_func ("/fem/estimators/too-coarse", test_too_coarse);
  g_test_add_func ("/fem/estimators/values", test_values);
  g_test_add_func ("/fem/estimators/bound", test_bound);
  g_test_add_func ("/fem/estimators/copy", test_copy);
  return g_test_run ();
}
