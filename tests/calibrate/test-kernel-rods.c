/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels measured on the rods of the phantom in the scan, and what is believed of them against the table: discs under
 * a known transfer function (closed form), rods of the virtual scanner, and the posterior integrated numerically. */
#include "base/oss-random.h"
#include "calibrate/oss-kernel-rods.h"
#include "virtual/oss-virtual.h"

#include <math.h>
#include <string.h>

#define RODS 3
#define PIXEL 0.7
#define WIDE 160
#define DEEP 80
#define HIGH 30

static const double places[RODS][2] = { { 26.9, 28.3 }, { 56.4, 27.6 }, { 85.8, 28.1 } };

/* A disc of radius 9 mm under @kernel (lp/cm), summed in polar coordinates of frequency. */
static double
disc_at (const OssKernel *kernel, double r)
{
  const double radius = 9.0, step = 0.002;
  double u = 0.0;

  for (double f = 0.5 * step; f < 3.0; f += step)
    u += 2.0 * G_PI * radius * j1 (2.0 * G_PI * radius * f) * j0 (2.0 * G_PI * r * f)
         * oss_kernel_mtf (kernel, 10.0 * f) * step;
  return u;
}

/* Three rods in a row that lean a little, and a fit that says where they are. */
static OssVolume *
draw (const OssKernel *kernel, const double contrast[RODS], double noise, OssPhantomFit *fit)
{
  OssGrid grid = { .size = { WIDE, DEEP, HIGH },
                   .spacing = { PIXEL, PIXEL, 1.0 },
                   .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  OssRandom random;
  double table[600];

  for (int t = 0; t < 600; t++)
    table[t] = disc_at (kernel, 0.05 * t);
  oss_random_init (&random, 23, 1);
  memset (fit, 0, sizeof *fit);
  fit->phantom = (OssPhantom){ .title = "three", .n_rods = RODS, .rod_diameter_mm = 18.0, .rod_spacing_mm = 29.5 };
  fit->n_rods = RODS, fit->slices_used = HIGH, fit->low_mm = 0.0, fit->high_mm = HIGH;
  for (int n = 0; n < RODS; n++)
    fit->rods[n] = (OssRod){ .centre_mm = { places[n][0] + 0.4, places[n][1] - 0.3, 0.5 * HIGH }, .used = TRUE };
  for (int k = 0; k < HIGH; k++)
    for (int j = 0; j < DEEP; j++)
      for (int i = 0; i < WIDE; i++)
        {
          double hu = 10.0 + noise * oss_random_normal (&random);
          for (int n = 0; n < RODS; n++)
            {
              double x = PIXEL * i - places[n][0] - 0.01 * (k - HIGH / 2), y = PIXEL * j - places[n][1];
              double r = hypot (x, y) / 0.05;
              int t = (int) r;
              hu += t < 599 ? contrast[n] * (table[t] + (r - t) * (table[t + 1] - table[t])) : 0.0;
            }
          volume->data[oss_grid_offset (&grid, i, j, k)] = (float) rint (hu);
        }
  return volume;
}

/* Half of the modulation to 1.5 % and the whole curve to 0.03, with noise and edge enhancement; a rod without contrast
 * is left out. */
static void
test_discs (void)
{
  static const struct
  {
    OssKernel kernel;
    double contrast[RODS], noise;
    int rods;
  } cases[] = {
    { { .f50 = 3.5, .exponent = 2.3 }, { 150, 300, 500 }, 0.0, 3 },
    { { .f50 = 5.6, .exponent = 2.3 }, { -80, 300, 500 }, 20.0, 3 },
    { { .f50 = 4.3, .exponent = 2.3, .overshoot = 0.12, .peak = 2.2 }, { 150, 300, 500 }, 10.0, 3 },
    { { .f50 = 4.3, .exponent = 2.0 }, { 0, 300, 500 }, 5.0, 2 },
  };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      g_autofree OssPhantomFit *fit = g_new0 (OssPhantomFit, 1);
      g_autoptr (OssVolume) volume = draw (&cases[c].kernel, cases[c].contrast, cases[c].noise, fit);
      double half = oss_kernel_half (&cases[c].kernel);
      OssKernelRods result;
      g_autoptr (GError) error = NULL;

      g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&cases[c].kernel, half), 0.5, 1e-9);
      oss_kernel_measure_rods (volume, fit, &result, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("half at %.3f ± %.3f, is %.3f (%+.2f %%); %d rods; overshoot %.3f (%.2f)", result.half_lp_cm,
                      result.half_error_lp_cm, half, 100.0 * (result.half_lp_cm / half - 1.0), result.n_rods,
                      result.kernel.overshoot, cases[c].kernel.overshoot);
      g_assert_cmpint (result.n_rods, ==, cases[c].rods);
      g_assert_cmpfloat_with_epsilon (result.half_lp_cm / half, 1.0, 0.015);
      g_assert_cmpfloat (fabs (result.half_lp_cm - half), <, 2.0 * result.half_error_lp_cm);
      for (double f = 1.0; f < 7.0; f += 0.5)
        g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&result.kernel, f), oss_kernel_mtf (&cases[c].kernel, f), 0.03);
    }
}

/* Nothing there, rods elsewhere, noise above all: refused, with the phantom's name. */
static void
test_refuse (void)
{
  const OssKernel kernel = { .f50 = 5.6, .exponent = 2.3 };
  const double none[RODS] = { 0, 0, 0 }, faint[RODS] = { 60, 50, 45 }, good[RODS] = { 300, 300, 300 };
  g_autofree OssPhantomFit *fit = g_new0 (OssPhantomFit, 1);
  OssKernelRods result;
  g_autoptr (GError) error = NULL;

  g_autoptr (OssVolume) empty = draw (&kernel, none, 5.0, fit);
  g_assert_false (oss_kernel_measure_rods (empty, fit, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "three"));
  g_clear_error (&error);
  g_autoptr (OssVolume) noisy = draw (&kernel, faint, 250.0, fit);
  g_assert_false (oss_kernel_measure_rods (noisy, fit, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_clear_error (&error);
  g_autoptr (OssVolume) other = draw (&kernel, good, 5.0, fit);
  fit->phantom.rod_diameter_mm = 12.0; /* not these rods */
  g_assert_false (oss_kernel_measure_rods (other, fit, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

/* The phantom under a virtual patient, found and measured by itself: half of the modulation within 3 % of what the
 * patient's scanner had, also of the kernel that enhances edges and whose table row does not know it. */
static void
test_virtual (void)
{
  static const char *const names[] = { "B40f", "B60s" };
  static const OssKernel shapes[] = { { .f50 = 3.5, .exponent = 2.3 },
                                      { .f50 = 4.3, .exponent = 2.3, .overshoot = 0.12, .peak = 2.2 } };

  for (int k = 0; k < 2; k++)
    {
      OssVirtualOptions options;
      OssVirtualTruth truth;
      OssVolume *hu = NULL;
      OssKernelRods result;
      OssKernel is = shapes[k];
      g_autofree OssPhantomFit *fit = g_new0 (OssPhantomFit, 1);
      g_autoptr (GPtrArray) phantoms = oss_phantom_all ("", NULL);
      g_autoptr (GError) error = NULL;

      oss_virtual_options_default (&options);
      options.seed = 502;
      options.level_low = options.level_high = 20;
      options.spacing_mm[0] = options.spacing_mm[1] = 0.78125, options.spacing_mm[2] = 2.0;
      g_assert_true (oss_virtual_make (&options, names[k], &hu, NULL, NULL, NULL, &truth, NULL, &error));
      is.f50 *= 1.0 + truth.kernel_deviation, is.peak *= 1.0 + truth.kernel_deviation;
      g_assert_cmpfloat (fabs (truth.kernel_deviation), >, 0.1);
      g_assert_true (oss_phantom_search (hu, phantoms, fit, NULL, &error));
      g_assert_true (oss_kernel_measure_rods (hu, fit, &result, NULL, &error));
      g_test_message ("%s: half at %.3f ± %.3f, is %.3f; overshoot %.3f; %d of %d rods", names[k], result.half_lp_cm,
                      result.half_error_lp_cm, oss_kernel_half (&is), result.kernel.overshoot, result.n_rods,
                      result.n_rods_looked);
      g_assert_cmpfloat_with_epsilon (result.half_lp_cm / oss_kernel_half (&is), 1.0, 0.03);
      g_assert_cmpint (result.n_rods, >=, 3);
      for (double f = 1.0; f < 7.0; f += 1.0)
        g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&result.kernel, f), oss_kernel_mtf (&is, f), 0.05);
      oss_volume_unref (hu);
    }
}

/* Means of source and target on a logarithmic scale, given the source's difference from the table @seen, by summing
 * prior times likelihood over the scanner's factor and both kernels' own. */
static void
integrate (double shared, double own, double noise, double seen, double mean[2])
{
  double total = 0.0, sum[2] = { 0.0, 0.0 };

  for (int i = -200; i <= 200; i++)
    for (int j = -200; j <= 200; j++)
      {
        double s = 6.0 * shared * i / 200.0, e = 6.0 * own * j / 200.0, off = (seen - s - e) / noise;
        double p = exp (-0.5 * (s * s / (shared * shared) + e * e / (own * own) + off * off));
        total += p;
        sum[0] += p * (s + e);
        sum[1] += p * s; /* the target's own factor has the mean 0 */
      }
  mean[0] = sum[0] / total, mean[1] = sum[1] / total;
}

static void
test_posterior (void)
{
  static const struct
  {
    OssKernelStatus status;
    double own, seen, noise;
  } cases[] = { { OSS_KERNEL_VIRTUAL, 0.044, 0.10, 0.02 },
                { OSS_KERNEL_DERIVED, 0.10, -0.12, 0.02 },
                { OSS_KERNEL_RECALLED, 0.10, 0.15, 0.10 } };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      OssKernelCorrection correction = { .from = { .f50 = 5.0, .exponent = 2.3, .status = cases[c].status },
                                         .to = { .f50 = 3.5, .exponent = 2.3, .status = OSS_KERNEL_VIRTUAL } };
      double half = 5.0 * exp (cases[c].seen), mean[2];
      const OssKernelRods rods = { .kernel = { .f50 = half, .exponent = 2.5, .status = OSS_KERNEL_MEASURED },
                                   .half_lp_cm = half,
                                   .half_error_lp_cm = cases[c].noise * half,
                                   .n_rods = 4 };
      OssKernelBelief belief;

      integrate (0.075, cases[c].own, cases[c].noise, cases[c].seen, mean);
      oss_kernel_weigh (&correction, &rods, NULL, FALSE, &belief);
      g_test_message ("source %+.4f (%+.4f), target %+.4f (%+.4f)", log (correction.from.f50 / 5.0), mean[0],
                      log (correction.to.f50 / 3.5), mean[1]);
      g_assert_cmpfloat_with_epsilon (log (correction.from.f50 / 5.0), mean[0], 1e-4);
      g_assert_cmpfloat_with_epsilon (log (correction.to.f50 / 3.5), mean[1], 1e-4);
      g_assert_false (belief.conflict);
      g_assert_cmpfloat (belief.error[0], <, cases[c].noise);
      g_assert_cmpfloat (correction.from.exponent, ==, 2.5);
    }
}

/* A measurement worse than the table moves the table's shape a little; one that contradicts it is told and not carried
 * over; own rows share nothing; what no table knows is as measured; both measured: both taken. */
static void
test_weigh (void)
{
  const OssKernelCorrection plain = { .from = { .f50 = 5.6, .exponent = 2.3, .status = OSS_KERNEL_VIRTUAL },
                                      .to = { .f50 = 3.5, .exponent = 2.3, .status = OSS_KERNEL_VIRTUAL } };
  const OssKernelRods rods = { .kernel = { .f50 = 6.2, .exponent = 2.6, .status = OSS_KERNEL_MEASURED },
                               .half_lp_cm = 6.2,
                               .half_error_lp_cm = 0.1 };
  const OssKernelRods target = { .kernel = { .f50 = 3.8, .exponent = 2.2, .status = OSS_KERNEL_MEASURED },
                                 .half_lp_cm = 3.8,
                                 .half_error_lp_cm = 0.05 };
  OssKernelRods bad = rods, far = rods;
  OssKernelCorrection correction = plain;
  OssKernelBelief belief;

  bad.half_error_lp_cm = 0.9;
  oss_kernel_weigh (&correction, &bad, NULL, FALSE, &belief);
  g_assert_cmpfloat (correction.from.exponent, ==, 2.3);
  g_assert_true (correction.from.f50 > 5.6 && correction.from.f50 < 5.9 && belief.weight[0] < 0.5);
  g_assert_cmpfloat_with_epsilon (belief.error[0], 1.0 / hypot (1.0 / 0.08695, 6.2 / 0.9), 1e-3);

  correction = plain;
  far.half_lp_cm = far.kernel.f50 = 9.0;
  oss_kernel_weigh (&correction, &far, NULL, FALSE, &belief);
  g_assert_true (belief.conflict);
  g_assert_cmpfloat (correction.to.f50, ==, 3.5);

  correction = plain;
  correction.to.own = TRUE;
  oss_kernel_weigh (&correction, &rods, NULL, FALSE, &belief);
  g_assert_cmpfloat (correction.to.f50, ==, 3.5);
  g_assert_cmpfloat (belief.error[1], ==, 0.02);

  correction = plain;
  correction.from = (OssKernel){ .name = "Qx", .status = OSS_KERNEL_NO_MTF };
  oss_kernel_weigh (&correction, &rods, NULL, FALSE, &belief);
  g_assert_cmpfloat (correction.from.f50, ==, 6.2);
  g_assert_cmpstr (correction.from.name, ==, "Qx");
  g_assert_cmpfloat (correction.to.f50, ==, 3.5);

  correction = plain;
  oss_kernel_weigh (&correction, &rods, &target, TRUE, &belief);
  g_assert_cmpfloat (correction.from.f50, ==, 6.2);
  g_assert_cmpfloat (correction.to.f50, ==, 3.8);
  g_assert_cmpfloat (belief.carried, ==, 1.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrate/kernel-rods/discs", test_discs);
  g_test_add_func ("/calibrate/kernel-rods/refuse", test_refuse);
  g_test_add_func ("/calibrate/kernel-rods/virtual", test_virtual);
  g_test_add_func ("/calibrate/kernel-rods/posterior", test_posterior);
  g_test_add_func ("/calibrate/kernel-rods/weigh", test_weigh);
  return g_test_run ();
}
