/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration by the patient's own tissues, as numbers. */
#include "calibrate/oss-internal.h"

#include "material/oss-attenuation.h"

#include <math.h>
#include <string.h>

/* Tissues that read @hu; NaN: not there. */
static OssOwnTissues *
make_tissues (const double hu[OSS_OWN_N])
{
  OssOwnTissues *tissues = g_new0 (OssOwnTissues, 1);

  tissues->notes = g_ptr_array_new_with_free_func (g_free);
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      tissues->of[t].found = tissues->of[t].used = !isnan (hu[t]);
      tissues->of[t].mean_hu = hu[t];
      tissues->of[t].standard_error_hu = 0.1;
      if (isnan (hu[t]))
        g_strlcpy (tissues->of[t].note, "absent", sizeof tissues->of[t].note);
    }
  return tissues;
}

/* What a scanner of effective energy @kev whose scale is off by @shift at water reads. */
static void
read_at (double kev, double shift, double hu[OSS_OWN_N])
{
  static const char *const names[OSS_OWN_N] = { "air", "adipose", "blood", "muscle", "cortical_bone" };
  g_autoptr (OssAttenuation) attenuation = oss_attenuation_load (NULL);

  for (int t = 0; t < OSS_OWN_N; t++)
    {
      double h = oss_attenuation_hu (attenuation, oss_attenuation_find (attenuation, names[t], NULL), kev);
      hu[t] = h + shift * (1.0 + h / 1000.0);
    }
}

/* Michalski's formulas with tissues that lie on u = 1.2e-4 HU + 0.2 at 60 keV: worked by hand from NIST's 60 keV row.
 */
static void
test_michalski (void)
{
  const double hu[OSS_OWN_N] = { (0.1875 - 0.2) / 1.2e-4, (0.1974 - 0.2) / 1.2e-4, (0.2057 - 0.2) / 1.2e-4,
                                 (0.2048 - 0.2) / 1.2e-4, (0.3148 - 0.2) / 1.2e-4 };
  const gboolean used[OSS_OWN_N] = { TRUE, TRUE, TRUE, TRUE, TRUE }, one[OSS_OWN_N] = { TRUE };
  g_autoptr (GError) error = NULL;
  OssMichalski model;

  g_assert_true (oss_internal_michalski (hu, used, &model, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (model.energy_kev, 60.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (model.r2, 1.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (model.mass_slope, 1.2e-4, 1e-9);
  g_assert_cmpfloat_with_epsilon (model.mass_intercept, 0.2, 1e-7);
  g_assert_cmpfloat_with_epsilon (model.density_slope, 0.0002672885104, 1e-10);
  g_assert_cmpfloat_with_epsilon (model.density_intercept, 1.0265276679, 1e-7);
  g_assert_cmpfloat_with_epsilon (oss_michalski_density (&model, 0.0), 29.02777467, 1e-5);
  g_assert_cmpfloat_with_epsilon (oss_michalski_density (&model, 100.0), 94.76601070, 1e-5);
  g_assert_cmpfloat_with_epsilon (oss_michalski_density (&model, 200.0), 163.80240831, 1e-5);
  g_assert_false (oss_internal_michalski (hu, one, &model, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

/* The fit's parabola is that model, its chord meets it at 50 and 250 mg/cm3. */
static void
test_michalski_line (void)
{
  const OssInternalOptions options = { .model = OSS_INTERNAL_MICHALSKI, .kvp = 120.0 };
  const gboolean used[OSS_OWN_N] = { TRUE, TRUE, TRUE, TRUE, FALSE };
  double hu[OSS_OWN_N];
  OssMichalski model;
  g_autoptr (GError) error = NULL;

  read_at (70.0, 0.0, hu);
  hu[OSS_OWN_BONE] = NAN;
  g_autoptr (OssInternalFit) fit = oss_internal_fit (make_tissues (hu), &options, &error);
  g_assert_no_error (error);
  g_assert_true (oss_internal_michalski (hu, used, &model, NULL));
  g_assert_cmpfloat_with_epsilon (fit->energy_kev, model.energy_kev, 1e-9);
  for (double x = -50.0; x < 500.0; x += 50.0)
    g_assert_cmpfloat_with_epsilon (fit->quadratic[0] + x * (fit->quadratic[1] + x * fit->quadratic[2]),
                                    oss_michalski_density (&model, x), 1e-8);
  for (double k = 50.0; k <= 250.0; k += 200.0)
    g_assert_cmpfloat_with_epsilon (oss_michalski_density (&model, (k - fit->line.intercept) / fit->line.slope), k,
                                    1e-6);
  g_assert_true (isnan (fit->line.uncertainty_mg_cm3));
}

/* Exact readings of some energy and shift give them back when nothing is expected beforehand but the shift's spread. */
static void
test_free_energy (void)
{
  const OssInternalOptions options = { .free_energy = TRUE };

  for (double kev = 55.0; kev < 85.0; kev += 10.0)
    {
      double hu[OSS_OWN_N];
      g_autoptr (GError) error = NULL;

      read_at (kev, 0.0, hu);
      hu[OSS_OWN_BONE] = NAN;
      g_autoptr (OssInternalFit) fit = oss_internal_fit (make_tissues (hu), &options, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat_with_epsilon (fit->energy_kev, kev, 0.06);
      g_assert_cmpfloat_with_epsilon (fit->shift_hu, 0.0, 0.1);
      g_assert_cmpfloat (fit->energy_sd_kev, >, 3.0); /* persons differ more than energies do */
      g_assert_cmpfloat (fit->chi2, <, 0.01);
    }
}

/* FACTS of K2HPO4 in water: 1.674, 1.399 and 1.347 HU per mg/cm3 at 60, 68 and 70 keV, 0 mg/cm3 near -0.4 HU. */
static void
test_line (void)
{
  static const double expected[][2] = { { 60.0, 1.674 }, { 68.0, 1.399 }, { 70.0, 1.347 } };

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      const OssInternalOptions options = { .energy_kev = expected[i][0] };
      double hu[OSS_OWN_N];
      g_autoptr (GError) error = NULL;

      read_at (expected[i][0], 0.0, hu);
      hu[OSS_OWN_BONE] = NAN;
      g_autoptr (OssInternalFit) fit = oss_internal_fit (make_tissues (hu), &options, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat_with_epsilon (fit->energy_kev, expected[i][0], 0.06);
      g_assert_cmpfloat_with_epsilon (fit->slope_hu, expected[i][1], 0.004);
      g_assert_cmpfloat_with_epsilon (fit->line.intercept * fit->slope_hu, 0.4, 0.1);
      g_assert_cmpstr (fit->line.method, ==, "internal");
      g_assert_cmpint (fit->line.basis, ==, OSS_BASIS_K2HPO4);
    }
}

/* A scanner that reads 8 HU too much: the fit takes part of it back, the more the less it trusts the scanner; with
 * spreads of 15, 8, 8 and 4 HU for fat, blood, muscle and scanner it is 36 % (air says nothing of water). */
static void
test_shift (void)
{
  const OssInternalOptions options = { .energy_kev = 68.0 };
  double hu[OSS_OWN_N];
  g_autoptr (GError) error = NULL;

  read_at (68.0, 8.0, hu);
  hu[OSS_OWN_BONE] = NAN;
  g_autoptr (OssInternalFit) fit = oss_internal_fit (make_tissues (hu), &options, &error);
  g_assert_no_error (error);
  double w = 1.0 / 225.0 * 0.921 * 0.921 + (1.0 / 64.01) * (1.056 * 1.056 + 1.043 * 1.043);
  g_assert_cmpfloat_with_epsilon (fit->shift_hu, 8.0 * w / (w + 1.0 / 16.0), 0.05);
  g_assert_cmpfloat_with_epsilon (fit->shift_sd_hu, 1.0 / sqrt (w + 1.0 / 16.0), 0.02);
}

/* The covariance against readings drawn at random: every tissue, the scanner and the energy by its own spread. */
static void
test_covariance (void)
{
  static const double spread[OSS_OWN_N] = { 4.0, 15.0, 8.0, 8.0, 0.0 };
  const OssInternalOptions options = { .kvp = 120.0 };
  double sum = 0.0, squares = 0.0, stated = 0.0;
  const int n = 400;
  g_autoptr (GRand) random = g_rand_new_with_seed (501);

  for (int i = 0; i < n; i++)
    {
      double draw[7], hu[OSS_OWN_N];

      for (int d = 0; d < 7; d++) /* sum of 12 uniform numbers: variance 1 */
        {
          draw[d] = -6.0;
          for (int u = 0; u < 12; u++)
            draw[d] += g_rand_double (random);
        }
      double kev = 68.0 + 2.0 * draw[5], shift = 4.0 * draw[6];
      read_at (kev, shift, hu);
      for (int t = 0; t < OSS_OWN_N; t++)
        hu[t] += spread[t] * draw[t];
      hu[OSS_OWN_BONE] = NAN;
      g_autoptr (OssInternalFit) fit = oss_internal_fit (make_tissues (hu), &options, NULL);
      if (fit == NULL) /* tissues too far off to agree */
        continue;
      const OssInternalOptions exact = { .energy_kev = kev };
      double clean[OSS_OWN_N];
      read_at (kev, 0.0, clean);
      clean[OSS_OWN_BONE] = NAN;
      g_autoptr (OssInternalFit) truth = oss_internal_fit (make_tissues (clean), &exact, NULL);
      double true_hu = 140.0 * (1.0 + shift / 1000.0) + shift;
      double error =
          fit->line.slope * true_hu + fit->line.intercept - (truth->line.slope * 140.0 + truth->line.intercept);
      sum += error, squares += error * error;
      stated += oss_calibration_uncertainty (&fit->line, true_hu) / n;
    }
  g_test_message ("bias %.2f, standard deviation %.2f, stated %.2f mg/cm3", sum / n, sqrt (squares / n), stated);
  g_assert_cmpfloat (fabs (sum / n), <, 0.7);
  g_assert_cmpfloat (fabs (sqrt (squares / n) / stated - 1.0), <, 0.15); /* 400 draws: 3.5 % of the spread each */
}

/* Nothing is calibrated on a guess. */
static void
test_refused (void)
{
  static const struct
  {
    double hu[OSS_OWN_N];
    const char *says;
  } cases[] = {
    { { -998, NAN, NAN, NAN, NAN }, "found: air." },       { { NAN, NAN, 45, 50, NAN }, "needs air or fat" },
    { { -998, -100, NAN, NAN, 1500 }, "blood or muscle" }, { { NAN, NAN, NAN, NAN, NAN }, "found: no tissue" },
    { { -970, -62, 95, 22, NAN }, "contradict" },
  };
  const OssInternalOptions options = { .kvp = 120.0 };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (OssInternalFit) fit = oss_internal_fit (make_tissues (cases[i].hu), &options, &error);
      g_assert_null (fit);
      g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
      if (strstr (error->message, cases[i].says) == NULL)
        g_error ("“%s” does not say “%s”", error->message, cases[i].says);
    }
}

/* What is known less well widens the uncertainty: no voltage, contrast agent, no blood. */
static void
test_uncertainty_grows (void)
{
  OssInternalOptions options = { .kvp = 120.0 };
  double hu[OSS_OWN_N], base, all[3];

  read_at (68.0, 0.0, hu);
  hu[OSS_OWN_BONE] = NAN;
  g_autoptr (OssInternalFit) usual = oss_internal_fit (make_tissues (hu), &options, NULL);
  base = usual->line.uncertainty_mg_cm3;
  g_assert_cmpfloat (base, >, 2.0);
  g_assert_cmpfloat (base, <, 8.0);
  OssOwnTissues *bright = make_tissues (hu);
  bright->contrast = TRUE;
  bright->of[OSS_OWN_BLOOD].used = FALSE;
  g_autoptr (OssInternalFit) contrast = oss_internal_fit (bright, &options, NULL);
  hu[OSS_OWN_BLOOD] = NAN;
  g_autoptr (OssInternalFit) bloodless = oss_internal_fit (make_tissues (hu), &options, NULL);
  options.kvp = 0.0;
  g_autoptr (OssInternalFit) unknown = oss_internal_fit (make_tissues (hu), &options, NULL);
  all[0] = contrast->line.uncertainty_mg_cm3, all[1] = bloodless->line.uncertainty_mg_cm3;
  all[2] = unknown->line.uncertainty_mg_cm3;
  for (int i = 0; i < 3; i++)
    g_assert_cmpfloat (all[i], >, base);
  g_assert_cmpuint (contrast->notes->len, >, 0);
  g_assert_cmpuint (unknown->notes->len, >, 0);
}

static void
test_places (void)
{
  static const char *const wrong[] = { "fat",          "fat=1,2,3",     "fat=1,2,3,0",         "fat=1,2,3,90",
                                       "bone=1,2,x,4", "brain=1,2,3,4", "fat=none;fat=1,2,3,4" };
  OssOwnPlace places[OSS_OWN_N];
  g_autoptr (GError) none = NULL;

  g_assert_true (oss_own_places_parse ("fat=-1.5,2,30,8; blood=none", places, &none));
  g_assert_no_error (none);
  g_assert_true (places[OSS_OWN_FAT].given && !places[OSS_OWN_FAT].none);
  g_assert_cmpfloat (places[OSS_OWN_FAT].centre_mm[0], ==, -1.5);
  g_assert_cmpfloat (places[OSS_OWN_FAT].radius_mm, ==, 8.0);
  g_assert_true (places[OSS_OWN_BLOOD].none);
  g_assert_false (places[OSS_OWN_AIR].given);
  g_assert_true (oss_own_places_parse (NULL, places, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (oss_own_places_parse (wrong[i], places, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrate/internal/michalski", test_michalski);
  g_test_add_func ("/calibrate/internal/michalski-line", test_michalski_line);
  g_test_add_func ("/calibrate/internal/free-energy", test_free_energy);
  g_test_add_func ("/calibrate/internal/line", test_line);
  g_test_add_func ("/calibrate/internal/shift", test_shift);
  g_test_add_func ("/calibrate/internal/covariance", test_covariance);
  g_test_add_func ("/calibrate/internal/refused", test_refused);
  g_test_add_func ("/calibrate/internal/uncertainty-grows", test_uncertainty_grows);
  g_test_add_func ("/calibrate/internal/places", test_places);
  return g_test_run ();
}
