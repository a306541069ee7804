/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material/oss-density.h"

#include <math.h>

/* Names survive a round trip, whatever the case; others are unknown. */
static void
test_basis_names (void)
{
  static const OssBasis all[] = { OSS_BASIS_K2HPO4, OSS_BASIS_CHA, OSS_BASIS_ASH, OSS_BASIS_APPARENT };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autofree char *upper = g_ascii_strup (oss_basis_name (all[i]), -1);
      g_assert_cmpint (oss_basis_from_name (upper), ==, all[i]);
    }
  g_assert_cmpint (oss_basis_from_name ("CaCO3"), ==, OSS_BASIS_UNKNOWN);
  g_assert_cmpint (oss_basis_from_name (NULL), ==, OSS_BASIS_UNKNOWN);
}

/* Every line comes with its source, and with its inverse: there and back is the identity to rounding. */
static void
test_conversions_invert (void)
{
  gsize n;
  const OssConversion *all = oss_conversion_all (&n);

  g_assert_cmpuint (n, >=, 12);
  for (gsize i = 0; i < n; i++)
    {
      const OssConversion *back = oss_conversion_find (all[i].name, all[i].to, all[i].from);
      g_assert_nonnull (back);
      g_assert_nonnull (all[i].source);
      double there = all[i].slope * 78.0 + all[i].intercept;
      g_assert_cmpfloat_with_epsilon (back->slope * there + back->intercept, 78.0, 1e-11);
    }
  g_assert_null (oss_conversion_find ("keyak1994", OSS_BASIS_CHA, OSS_BASIS_ASH));
  g_assert_null (oss_conversion_find (NULL, OSS_BASIS_CHA, OSS_BASIS_ASH));
}

/* Hand values of the published lines at 100 mg/cm3. */
static void
test_conversion_values (void)
{
  static const struct
  {
    const char *name;
    OssBasis from, to;
    double expected;
  } rows[] = {
    { "equal", OSS_BASIS_K2HPO4, OSS_BASIS_ASH, 100.0 },
    { "keyak1994", OSS_BASIS_K2HPO4, OSS_BASIS_ASH, 144.9 },
    { "faulkner1993", OSS_BASIS_K2HPO4, OSS_BASIS_CHA, 107.68 },
    { "knowles2016", OSS_BASIS_CHA, OSS_BASIS_ASH, 166.7 },
    { "knowles2016-literal", OSS_BASIS_CHA, OSS_BASIS_ASH, 87.779 },
    { "ash-apparent", OSS_BASIS_ASH, OSS_BASIS_APPARENT, 166.66666666666667 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const OssConversion *step = oss_conversion_find (rows[i].name, rows[i].from, rows[i].to);
      g_assert_nonnull (step);
      g_assert_cmpfloat_with_epsilon (step->slope * 100.0 + step->intercept, rows[i].expected, 1e-10);
    }
}

/* Jiang et al. 2023, equations 1 and 2, at 200 HU: 0.1358 and 0.1423 g/cm3. */
static void
test_published_lines (void)
{
  OssCalibrationLine line;

  g_assert_true (oss_calibration_line_find ("jiang2023-b40f", &line));
  g_assert_cmpfloat_with_epsilon (line.slope * 200.0 + line.intercept, 135.8, 1e-10);
  g_assert_cmpint (line.basis, ==, OSS_BASIS_K2HPO4);
  g_assert_cmpstr (line.method, ==, "line");
  g_assert_true (isnan (line.r2) && isnan (line.uncertainty_mg_cm3));
  g_assert_true (g_str_has_suffix (line.source, "B40f")); /* the citation was not cut off */
  g_assert_true (oss_calibration_line_find ("JIANG2023-B70F", &line));
  g_assert_cmpfloat_with_epsilon (line.slope * 200.0 + line.intercept, 142.3, 1e-10);
  g_assert_true (g_str_has_suffix (line.source, "B70f"));
  g_assert_false (oss_calibration_line_find ("b40f", &line));
}

/* A line through (HU, density) by least squares, by the textbook: at its mean HU the error is v / n, elsewhere
 * v (1 / n + (HU - mean)^2 / S); and nothing is known of a line that nobody measured. */
static void
test_line_uncertainty (void)
{
  const double n = 5.0, mean = 160.0, squares = 90000.0, v = 4.0;
  OssCalibrationLine line = oss_calibration_line_make (0.7, -4.2, OSS_BASIS_CHA, "line", "a test");

  g_assert_true (isnan (oss_calibration_uncertainty (&line, 100.0)));
  g_assert_true (isnan (line.r2) && isnan (line.uncertainty_mg_cm3));
  g_assert_cmpstr (line.source, ==, "a test");
  line.variance_slope = v / squares;
  line.variance_intercept = v * (1.0 / n + mean * mean / squares);
  line.covariance = -v * mean / squares;
  g_assert_cmpfloat_with_epsilon (oss_calibration_uncertainty (&line, mean), sqrt (v / n), 1e-12);
  g_assert_cmpfloat_with_epsilon (oss_calibration_uncertainty (&line, mean + 300.0), sqrt (v * (1.0 / n + 1.0)), 1e-12);
  g_assert_cmpfloat_with_epsilon (oss_calibration_uncertainty (&line, 0.0), sqrt (line.variance_intercept), 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/material/density/basis-names", test_basis_names);
  g_test_add_func ("/material/density/conversions-invert", test_conversions_invert);
  g_test_add_func ("/material/density/conversion-values", test_conversion_values);
  g_test_add_func ("/material/density/published-lines", test_published_lines);
  g_test_add_func ("/material/density/line-uncertainty", test_line_uncertainty);
  return g_test_run ();
}
