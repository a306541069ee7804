/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phantom's rods and line against the image they were made from: HU = sigma_ref K2HPO4 + water + beta_ref,
 * Mindways' own relation (QCT PRO, as in Bonelab/Ogo, mindways_calibration.py). */
#include "phantom-scan.h"

#include "../test-sanitized.h"
#include "dicom/oss-series.h"

#include <string.h>

static const PhantomCase cases[] = {
  { .name = "plain", .phantom = "mindways3", .length_mm = 200, .noise_hu = 15, .used = 5 },
  { .name = "reversed", .phantom = "mindways3", .reversed = TRUE, .length_mm = 200, .noise_hu = 15, .used = 5 },
  { .name = "flipped", .phantom = "mindways3", .length_mm = 200, .noise_hu = 15, .flip = TRUE, .used = 5 },
  { .name = "tilted",
    .phantom = "mindways3",
    .reversed = TRUE,
    .tilt_deg = 4,
    .lean = 0.03,
    .shift_mm = 6,
    .length_mm = 200,
    .noise_hu = 15,
    .used = 5 },
  { .name = "short", .phantom = "mindways3", .length_mm = 70, .noise_hu = 15, .used = 5 },
  { .name = "noisy",
    .phantom = "mindways3",
    .tilt_deg = 2,
    .lean = 0.02,
    .shift_mm = -5,
    .length_mm = 200,
    .noise_hu = 60,
    .used = 5 },
  { .name = "partly outside", .phantom = "mindways3", .shift_mm = 36, .length_mm = 200, .noise_hu = 10, .used = 4 },
  { .name = "hydroxyapatite", .phantom = "b-mas200", .tilt_deg = 1, .length_mm = 200, .noise_hu = 15, .used = 5 },
};

/* The textbook's standard error of a fitted line, in density, at the density of every rod; the noise of the rods' means
 * where they lie on the line closer than it lets them. */
static void
check_uncertainty (const OssPhantomFit *fit)
{
  double n = 0.0, mean = 0.0, squares = 0.0, residuals = 0.0, noise = 0.0, variance;

  for (int r = 0; r < fit->n_rods; r++)
    if (fit->rods[r].used)
      {
        n += 1.0, mean += fit->phantom.rod_density[r], residuals += pow (fit->rods[r].residual_hu, 2.0);
        noise += pow (fit->rods[r].error_hu, 2.0);
      }
  mean /= n;
  variance = MAX (residuals / (n - 2.0), noise / n);
  for (int r = 0; r < fit->n_rods; r++)
    if (fit->rods[r].used)
      squares += pow (fit->phantom.rod_density[r] - mean, 2.0);
  for (int r = 0; r < fit->n_rods; r++)
    {
      double x = fit->phantom.rod_density[r], hu = (x - fit->line.intercept) / fit->line.slope;
      double expected = sqrt (variance * (1.0 / n + (x - mean) * (x - mean) / squares)) * fit->line.slope;

      g_assert_cmpfloat (expected, >, 0.0);
      g_assert_cmpfloat (fabs (oss_calibration_uncertainty (&fit->line, hu) / expected - 1.0), <, 1e-6);
    }
}

static void
test_case (gconstpointer data)
{
  const PhantomCase *c = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) volume = NULL;
  OssPhantom phantom;
  OssPhantomFit fit;
  int used = 0;

  g_assert_true (oss_phantom_find (c->phantom, &phantom, &error));
  g_assert_no_error (error);
  volume = phantom_scan (&phantom, c);
  g_assert_true (oss_phantom_calibrate (volume, &phantom, &fit, NULL, &error));
  g_assert_no_error (error);
  g_test_message ("%s: slope %.5f (%.5f), intercept %.2f (%.2f), R2 %.6f, uncertainty %.2f, %d slices", c->name,
                  fit.line.slope, 1.0 / PHANTOM_SIGMA_CT, fit.line.intercept, -PHANTOM_BETA_CT / PHANTOM_SIGMA_CT,
                  fit.line.r2, fit.line.uncertainty_mg_cm3, fit.slices_used);
  for (int r = 0; r < fit.n_rods; r++)
    {
      double axis[2];

      used += fit.rods[r].used;
      g_assert_true (fit.rods[r].used || *fit.rods[r].note != '\0');
      if (!fit.rods[r].used)
        continue;
      phantom_rod_axis (&phantom, c, r, fit.rods[r].centre_mm[2], axis);
      g_assert_cmpfloat (hypot (fit.rods[r].centre_mm[0] - axis[0], fit.rods[r].centre_mm[1] - axis[1]), <, 1.5);
      /* Noise of thousands of voxels, and the row's tilt inside a voxel. */
      g_assert_cmpfloat (fabs (fit.rods[r].mean_hu - phantom_rod_hu (&phantom, r)), <, 1.5);
    }
  g_assert_cmpint (used, ==, c->used);
  g_assert_cmpfloat (fabs (fit.line.slope * PHANTOM_SIGMA_CT - 1.0), <, 0.01);
  g_assert_cmpfloat (fabs (fit.line.intercept + PHANTOM_BETA_CT / PHANTOM_SIGMA_CT), <, 1.0);
  g_assert_cmpfloat (fit.line.r2, >, 0.999);
  g_assert_cmpfloat (fit.line.uncertainty_mg_cm3, <, 1.5);
  check_uncertainty (&fit);
  g_assert_cmpint (fit.line.basis, ==, phantom.basis);
  g_assert_cmpuint (fit.warnings, ==, c->used < fit.n_rods ? OSS_PHANTOM_RODS_LEFT_OUT : 0);
  if (c->length_mm < 100.0)
    g_assert_cmpint (fit.slices_used, <=, (int) (c->length_mm / 2.0) + 1);
}

/* A certificate of another serial number: a poor line is warned of, a bad one refused. */
static void
test_wrong_certificate (void)
{
  const PhantomCase *c = &cases[0];
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom, other;
  OssPhantomFit fit;

  g_assert_true (oss_phantom_find ("mindways3", &phantom, NULL));
  volume = phantom_scan (&phantom, c);
  other = phantom;
  other.rod_density[3] += 70.0;
  g_assert_true (oss_phantom_calibrate (volume, &other, &fit, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fit.warnings, ==, OSS_PHANTOM_LOW_R2);
  g_assert_cmpfloat (fit.line.uncertainty_mg_cm3, >, 5.0);
  other = phantom;
  other.rod_density[3] = 375.83;
  other.rod_density[4] = 157.05;
  g_assert_false (oss_phantom_calibrate (volume, &other, &fit, NULL, &error));
  g_assert_true (g_error_matches (error, OSS_ERROR, OSS_ERROR_REFUSED)
                 || g_error_matches (error, OSS_ERROR, OSS_ERROR_NOT_FOUND));
}

static void
assert_none (const OssVolume *volume)
{
  const char *const names[] = { "mindways3", "mindways3-qa", "qrm-bdc3", "qrm-bdc6", "image-analysis", "b-mas200" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      OssPhantom phantom;
      OssPhantomFit fit;

      g_assert_true (oss_phantom_find (names[i], &phantom, NULL));
      g_assert_false (oss_phantom_calibrate (volume, &phantom, &fit, NULL, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
    }
}

static void
test_none (void)
{
  PhantomCase bare = cases[0];
  g_autoptr (OssVolume) volume = NULL;
  OssPhantom phantom;

  bare.length_mm = 0.0;
  g_assert_true (oss_phantom_find ("mindways3", &phantom, NULL));
  volume = phantom_scan (&phantom, &bare);
  assert_none (volume);
}

/* A public series; NULL, and the test is skipped, when it is not there. */
static OssVolume *
load_shared (const char *name)
{
  const char *shared = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *folder = NULL;
  const char *paths[2] = { NULL, NULL };
  g_autoptr (OssSeriesList) list = NULL;
  g_autoptr (GError) error = NULL;
  OssVolume *volume;

  if (shared == NULL || *shared == '\0')
    {
      g_test_message ("no folder of public data (meson option shared_data)");
      g_test_skip ("public data not there");
      return NULL;
    }
  folder = g_build_filename (shared, name, NULL);
  paths[0] = folder;
  list = oss_series_scan (paths, NULL, &error);
  g_assert_no_error (error);
  volume = oss_series_load (oss_series_pick (list, NULL, NULL, &error), NULL, &error);
  g_assert_no_error (error);
  return volume;
}

/* Real scans without a row of rods: a couch in the field of view, and a thorax phantom with a rod of its own. */
static void
test_none_real (gconstpointer data)
{
  g_autoptr (OssVolume) volume = load_shared (data);
  g_autoptr (GPtrArray) all = oss_phantom_all ("", NULL);
  g_autoptr (GError) error = NULL;
  OssPhantomFit fit;

  if (volume == NULL)
    return;
  assert_none (volume);
  g_assert_false (oss_phantom_search (volume, all, &fit, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
}

/* The rod of 200 mg/cm3 CaHA in a thorax phantom (van der Werf, doi 10.1002/mp.14912): about 300 to 312 HU in its
 * middle slices and 271 HU in the uppermost by an independent reading of the same files; the material around it is no
 * water. */
static void
test_reference_rod (void)
{
  g_autoptr (OssVolume) volume = load_shared ("dicom_density_phantom_qrm/series");
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  OssPhantomFit fit;

  if (volume == NULL)
    return;
  g_assert_true (oss_phantom_find ("reference-rod200", &phantom, &error));
  oss_phantom_calibrate (volume, &phantom, &fit, NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; i < fit.n_profile; i++)
    g_test_message ("z %.1f mm: %.1f HU, around %.1f HU, %.1f mg/cm3 (nominal 200)", fit.profile_mm[i],
                    fit.profile_hu[i][0], fit.profile_hu[i][1],
                    fit.line.slope * fit.profile_hu[i][0] + fit.line.intercept);
  g_assert_cmpint (fit.slices_used, ==, 5);
  g_assert_cmpfloat (fit.rods[0].mean_hu, >, 295.0);
  g_assert_cmpfloat (fit.rods[0].mean_hu, <, 308.0);
  g_assert_cmpfloat (fabs (fit.profile_hu[4][0] - 271.0), <, 5.0);
  g_assert_cmpfloat (fabs (fit.profile_hu[1][0] - 312.0), <, 5.0);
  g_assert_cmpfloat (fit.rods[1].mean_hu, >, 30.0);
  g_assert_cmpuint (fit.warnings, ==, OSS_PHANTOM_TWO_POINTS | OSS_PHANTOM_DRIFT);
  g_assert_cmpint (fit.line.basis, ==, OSS_BASIS_CHA);
  g_assert_true (isnan (fit.line.r2));
}

/* Certificate values as published for serials 4541A and 4560; unknown names list the known. */
static void
test_table (void)
{
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;

  g_assert_true (oss_phantom_find ("mindways3", &phantom, &error));
  g_assert_cmpint (phantom.n_rods, ==, 5);
  g_assert_cmpfloat (phantom.rod_density[0], ==, -51.83);
  g_assert_cmpfloat (phantom.rod_density[4], ==, 375.83);
  g_assert_cmpfloat (phantom.rod_water[4], ==, 923.20);
  g_assert_cmpint (phantom.basis, ==, OSS_BASIS_K2HPO4);
  g_assert_false (oss_phantom_find ("no-such", &phantom, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "b-mas200"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrate/phantom/table", test_table);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/calibrate/phantom/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/calibrate/phantom/wrong-certificate", test_wrong_certificate);
  g_test_add_func ("/calibrate/phantom/none", test_none);
  if (!TEST_SANITIZED)
    {
      g_test_add_data_func ("/calibrate/phantom/none-lidc", "dicom_lidc_thoracic_T12_T11/series", test_none_real);
      g_test_add_data_func ("/calibrate/phantom/none-siemens", "dicom_siemens_mct_j2k/series", test_none_real);
    }
  g_test_add_data_func ("/calibrate/phantom/none-qrm", "dicom_density_phantom_qrm/series", test_none_real);
  g_test_add_func ("/calibrate/phantom/reference-rod", test_reference_rod);
  return g_test_run ();
}
