/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phantom's rods and line against the image they were made from: HU = sigma_ref K2HPO4 + water + beta_ref,
 * Mindways' own relation (QCT PRO, as in Bonelab/Ogo, mindways_calibration.py). */
#include "calibrate/oss-phantom.h"

#include "base/oss-random.h"
#include "dicom/oss-series.h"

#include <string.h>

/* sigma_CT 1.40 HU per mg/cm3 and beta_CT 3 HU: rods by rho_K2HPO4 = (HU - beta_CT) / sigma_CT after the two constants.
 */
#define SIGMA_CT 1.40
#define BETA_CT 3.0

typedef struct
{
  const char *name;
  const char *phantom;
  gboolean reversed; /* rod A on the other side */
  double tilt_deg;   /* of the row */
  double lean;       /* of the rods: mm sideways per mm along z */
  double shift_mm;   /* of the row to the right */
  double length_mm;  /* of the phantom, from the lowest slice */
  double noise_hu;
  gboolean flip; /* stored right to left */
  int used;
} Case;

static const Case cases[] = {
  { "plain", "mindways3", FALSE, 0, 0, 0, 200, 15, FALSE, 5 },
  { "reversed", "mindways3", TRUE, 0, 0, 0, 200, 15, FALSE, 5 },
  { "flipped", "mindways3", FALSE, 0, 0, 0, 200, 15, TRUE, 5 },
  { "tilted", "mindways3", TRUE, 4, 0.03, 6, 200, 15, FALSE, 5 },
  { "short", "mindways3", FALSE, 0, 0, 0, 70, 15, FALSE, 5 },
  { "noisy", "mindways3", FALSE, 2, 0.02, -5, 200, 60, FALSE, 5 },
  { "partly outside", "mindways3", FALSE, 0, 0, 36, 200, 10, FALSE, 4 },
  { "hydroxyapatite", "b-mas200", FALSE, 1, 0, 0, 200, 15, FALSE, 5 },
};

static double
rod_hu (const OssPhantom *phantom, int rod)
{
  double density = phantom->rod_density[rod];

  if (phantom->rod_water[rod] == 0.0)
    return SIGMA_CT * density + BETA_CT;
  return (SIGMA_CT + 0.2174) * density + phantom->rod_water[rod] + BETA_CT - 999.6;
}

/* Patient point of a rod's axis at height z. */
static void
rod_axis (const OssPhantom *phantom, const Case *c, int rod, double z, double p[2])
{
  double along = (rod - 0.5 * (phantom->n_rods - 1)) * phantom->rod_spacing_mm * (c->reversed ? -1.0 : 1.0);
  double t = c->tilt_deg * G_PI / 180.0;

  p[0] = along * cos (t) + c->shift_mm + c->lean * z;
  p[1] = 90.0 + along * sin (t);
}

static float
hu_at (const OssPhantom *phantom, const Case *c, const double p[3])
{
  double t = c->tilt_deg * G_PI / 180.0, x = p[0] - c->shift_mm - c->lean * p[2], y = p[1] - 90.0;
  double u = x * cos (t) + y * sin (t), v = -x * sin (t) + y * cos (t);

  if (p[2] < c->length_mm)
    for (int r = 0; r < phantom->n_rods; r++)
      {
        double q[2];
        rod_axis (phantom, c, r, p[2], q);
        if (hypot (p[0] - q[0], p[1] - q[1]) < 0.5 * phantom->rod_diameter_mm)
          return (float) rod_hu (phantom, r);
      }
  if (p[2] < c->length_mm && fabs (u) < 0.5 * phantom->n_rods * phantom->rod_spacing_mm + 4.0 && fabs (v) < 14.0)
    return 110.0f;
  if (hypot (p[0] / 130.0, (p[1] + 20.0) / 95.0) < 1.0)
    return hypot (p[0], p[1] - 30.0) < 20.0 ? 180.0f : 50.0f;
  return -1000.0f;
}

/* A trunk over the phantom: 1.5 mm pixels, 2 mm slices. */
static OssVolume *
make_scan (const OssPhantom *phantom, const Case *c)
{
  double s = c->flip ? -1.0 : 1.0;
  const OssGrid grid = { .size = { 136, 170, 60 },
                         .spacing = { 1.5, 1.5, 2.0 },
                         .origin = { -101.0 * s, -125.0, 0.0 },
                         .direction = { s, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  OssRandom random;

  oss_random_init (&random, 5, 0);
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      for (int i = 0; i < grid.size[0]; i++)
        {
          double p[3], q[3], sum = 0.0;

          /* Four points a pixel: partial volume at the rods' rims. */
          oss_grid_to_patient (&grid, (double[3]){ i, j, k }, p);
          for (int n = 0; n < 4; n++)
            {
              memcpy (q, p, sizeof q);
              q[0] += n & 1 ? 0.375 : -0.375;
              q[1] += n & 2 ? 0.375 : -0.375;
              sum += 0.25 * hu_at (phantom, c, q);
            }
          volume->data[oss_grid_offset (&grid, i, j, k)] = (float) (sum + c->noise_hu * oss_random_normal (&random));
        }
  return volume;
}

/* The textbook's standard error of a fitted line, in density, at the density of every rod. */
static void
check_uncertainty (const OssPhantomFit *fit)
{
  double n = 0.0, mean = 0.0, squares = 0.0, residuals = 0.0;

  for (int r = 0; r < fit->n_rods; r++)
    if (fit->rods[r].used)
      n += 1.0, mean += fit->phantom.rod_density[r], residuals += pow (fit->rods[r].residual_hu, 2.0);
  mean /= n;
  for (int r = 0; r < fit->n_rods; r++)
    if (fit->rods[r].used)
      squares += pow (fit->phantom.rod_density[r] - mean, 2.0);
  for (int r = 0; r < fit->n_rods; r++)
    {
      double x = fit->phantom.rod_density[r], hu = (x - fit->line.intercept) / fit->line.slope;
      double expected = sqrt (residuals / (n - 2.0) * (1.0 / n + (x - mean) * (x - mean) / squares)) * fit->line.slope;

      g_assert_cmpfloat (expected, >, 0.0);
      g_assert_cmpfloat (fabs (oss_calibration_uncertainty (&fit->line, hu) / expected - 1.0), <, 1e-6);
    }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) volume = NULL;
  OssPhantom phantom;
  OssPhantomFit fit;
  int used = 0;

  g_assert_true (oss_phantom_find (c->phantom, &phantom, &error));
  g_assert_no_error (error);
  volume = make_scan (&phantom, c);
  g_assert_true (oss_phantom_calibrate (volume, &phantom, &fit, NULL, &error));
  g_assert_no_error (error);
  g_test_message ("%s: slope %.5f (%.5f), intercept %.2f (%.2f), R2 %.6f, uncertainty %.2f, %d slices", c->name,
                  fit.line.slope, 1.0 / SIGMA_CT, fit.line.intercept, -BETA_CT / SIGMA_CT, fit.line.r2,
                  fit.line.uncertainty_mg_cm3, fit.slices_used);
  for (int r = 0; r < fit.n_rods; r++)
    {
      double axis[2];

      used += fit.rods[r].used;
      g_assert_true (fit.rods[r].used || *fit.rods[r].note != '\0');
      if (!fit.rods[r].used)
        continue;
      rod_axis (&phantom, c, r, fit.rods[r].centre_mm[2], axis);
      g_assert_cmpfloat (hypot (fit.rods[r].centre_mm[0] - axis[0], fit.rods[r].centre_mm[1] - axis[1]), <, 1.5);
      /* Noise of thousands of voxels, and the row's tilt inside a voxel. */
      g_assert_cmpfloat (fabs (fit.rods[r].mean_hu - rod_hu (&phantom, r)), <, 1.5);
    }
  g_assert_cmpint (used, ==, c->used);
  g_assert_cmpfloat (fabs (fit.line.slope * SIGMA_CT - 1.0), <, 0.01);
  g_assert_cmpfloat (fabs (fit.line.intercept + BETA_CT / SIGMA_CT), <, 1.0);
  g_assert_cmpfloat (fit.line.r2, >, 0.999);
  g_assert_cmpfloat (fit.line.uncertainty_mg_cm3, <, 1.5);
  check_uncertainty (&fit);
  g_assert_cmpint (fit.line.basis, ==, phantom.basis);
  g_assert_cmpuint (fit.warnings, ==, 0);
  if (c->length_mm < 100.0)
    g_assert_cmpint (fit.slices_used, <=, (int) (c->length_mm / 2.0) + 1);
}

/* A certificate of another serial number: a poor line is warned of, a bad one refused. */
static void
test_wrong_certificate (void)
{
  const Case *c = &cases[0];
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom, other;
  OssPhantomFit fit;

  g_assert_true (oss_phantom_find ("mindways3", &phantom, NULL));
  volume = make_scan (&phantom, c);
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
  Case bare = cases[0];
  g_autoptr (OssVolume) volume = NULL;
  OssPhantom phantom;

  bare.length_mm = 0.0;
  g_assert_true (oss_phantom_find ("mindways3", &phantom, NULL));
  volume = make_scan (&phantom, &bare);
  assert_none (volume);
}

/* Real scans without a row of rods: a couch in the field of view, and a thorax phantom with a rod of its own. */
static void
test_none_real (gconstpointer data)
{
  const char *shared = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *folder = NULL;
  const char *paths[2] = { NULL, NULL };
  g_autoptr (OssSeriesList) list = NULL;
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;

  if (shared == NULL || *shared == '\0')
    {
      g_test_message ("no folder of public data (meson option shared_data)");
      g_test_skip ("public data not there");
      return;
    }
  folder = g_build_filename (shared, data, NULL);
  paths[0] = folder;
  list = oss_series_scan (paths, NULL, &error);
  g_assert_no_error (error);
  volume = oss_series_load (oss_series_pick (list, NULL, NULL, &error), NULL, &error);
  g_assert_no_error (error);
  assert_none (volume);
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
  g_test_add_data_func ("/calibrate/phantom/none-lidc", "dicom_lidc_thoracic_T12_T11/series", test_none_real);
  g_test_add_data_func ("/calibrate/phantom/none-qrm", "dicom_density_phantom_qrm/series", test_none_real);
  return g_test_run ();
}
