/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels measured on round edges: discs whose transfer function is known, and rods of the virtual scanner. */
#include "base/oss-random.h"
#include "calibrate/oss-kernel-measure.h"
#include "virtual/oss-virtual.h"

#include <math.h>
#include <string.h>

typedef struct
{
  double f50, overshoot, radius, lean, contrast, noise;
} Rod;

/* The disc's transform times the kernel's, summed in polar coordinates (closed form of a disc under the kernel). */
static double
profile_at (const Rod *rod, double r)
{
  const OssKernel kernel = { .f50 = rod->f50 / 10.0, .exponent = 2.3, .overshoot = rod->overshoot, .peak = 0.2 };
  const double step = 0.002;
  double u = 0.0;
  for (double f = 0.5 * step; f < 3.0; f += step)
    u += 2.0 * G_PI * rod->radius * j1 (2.0 * G_PI * rod->radius * f) * j0 (2.0 * G_PI * r * f)
         * oss_kernel_mtf (&kernel, f) * step;
  return u;
}

static OssVolume *
draw_rod (const Rod *rod)
{
  const int n = 80, nz = 31;
  OssGrid grid = { .size = { n, n, nz }, .spacing = { 0.7, 0.7, 1.0 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  OssRandom random;
  double table[800];

  for (int t = 0; t < 800; t++)
    table[t] = profile_at (rod, 0.05 * t);
  oss_random_init (&random, 17, 1);
  for (int k = 0; k < nz; k++)
    for (int j = 0; j < n; j++)
      for (int i = 0; i < n; i++)
        {
          double x = 0.7 * i - 27.9 - rod->lean * (k - 15), y = 0.7 * j - 28.3 + 0.5 * rod->lean * (k - 15);
          double r = hypot (x, y) / 0.05;
          int t = MIN ((int) r, 798);
          double u = table[t] + (r - t) * (table[t + 1] - table[t]);
          volume->data[oss_grid_offset (&grid, i, j, k)] =
              (float) rint (30.0 + rod->contrast * u + rod->noise * oss_random_normal (&random));
        }
  return volume;
}

/* f50 to 1 % without noise, 3 % with; levels, place and radius; also leaning rods, air in plastic, and edge
 * enhancement. */
static void
test_discs (void)
{
  static const Rod rods[] = { { 3.5, 0.0, 10.0, 0.0, 300.0, 0.0 },   { 5.6, 0.0, 10.0, 0.02, 300.0, 0.0 },
                              { 4.2, 0.0, 5.0, 0.0, -900.0, 0.0 },   { 3.5, 0.0, 10.0, 0.03, 400.0, 15.0 },
                              { 6.5, 0.0, 12.0, 0.01, 500.0, 30.0 }, { 4.5, 0.15, 10.0, 0.0, 500.0, 3.0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (rods); i++)
    {
      const Rod *rod = &rods[i];
      g_autoptr (OssVolume) volume = draw_rod (rod);
      OssKernelMeasurement result;
      g_autoptr (GError) error = NULL;
      const double at[3] = { 29.5, 26.9, 15.0 };

      oss_kernel_measure (volume, at, 0.0, &result, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("f50 %.3f ± %.3f (is %.2f), exponent %.2f (2.3), overshoot %.3f at %.2f (%.2f), radius %.3f "
                      "(%.1f), %.0f / %.0f HU, rest %.2f",
                      result.kernel.f50, result.f50_error, rod->f50, result.kernel.exponent, result.kernel.overshoot,
                      result.kernel.peak, rod->overshoot, result.radius_mm, rod->radius, result.inside_hu,
                      result.outside_hu, result.rms_hu);
      double tolerance = rod->noise > 5.0 ? 0.03 : rod->overshoot > 0.0 ? 0.05 : 0.01;
      g_assert_cmpfloat_with_epsilon (result.kernel.f50 / rod->f50, 1.0, tolerance);
      g_assert_cmpfloat_with_epsilon (result.radius_mm, rod->radius, 0.05);
      g_assert_cmpfloat_with_epsilon (result.inside_hu, 30.0 + rod->contrast, 4.0);
      g_assert_cmpfloat_with_epsilon (result.outside_hu, 30.0, 4.0);
      g_assert_cmpfloat_with_epsilon (result.centre_mm[0], 27.9, 0.1);
      g_assert_cmpfloat_with_epsilon (result.centre_mm[1], 28.3, 0.1);
      for (double f = 1.0; f < 6.0; f += 1.0)
        {
          const OssKernel true_kernel = { .f50 = rod->f50, .exponent = 2.3, .overshoot = rod->overshoot, .peak = 2.0 };
          g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&result.kernel, f), oss_kernel_mtf (&true_kernel, f), 0.03);
        }
    }
}

/* The phantom under a virtual patient, noise and all: f50 within 3 % of what the patient's scanner really had. */
static void
test_virtual_rod (void)
{
  static const char *const names[] = { "B40f", "B70f" };
  static const double f50[] = { 3.5, 5.6 };

  for (int k = 0; k < 2; k++)
    {
      OssVirtualOptions options;
      OssVirtualTruth truth;
      OssVolume *hu = NULL;
      OssKernelMeasurement result;
      g_autoptr (GError) error = NULL;

      oss_virtual_options_default (&options);
      options.seed = 503;
      options.level_low = options.level_high = 20;
      options.spacing_mm[0] = options.spacing_mm[1] = 0.78125, options.spacing_mm[2] = 2.0;
      g_assert_true (oss_virtual_make (&options, names[k], &hu, NULL, NULL, NULL, &truth, NULL, &error));
      double is = f50[k] * (1.0 + truth.kernel_deviation), at[3] = { 65.0, 0.0, truth.l1_centre_mm[2] };
      /* The densest rod: its row under the back is where the mean along y is brightest. */
      double brightest = -1e9;
      for (double y = 60.0; y < 130.0; y += 1.0)
        {
          double mean = 0.0;
          for (double d = -5.0; d <= 5.0; d += 1.0)
            for (double e = -5.0; e <= 5.0; e += 1.0)
              {
                double place[3] = { at[0] + d, y + e, at[2] };
                mean += oss_volume_sample (hu, place) / 121.0;
              }
          if (mean > brightest)
            brightest = mean, at[1] = y;
        }
      oss_kernel_measure (hu, at, 60.0, &result, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%s: f50 %.3f ± %.3f, is %.3f (%+.1f %%); %.0f HU in a rod of %.2f mm; %.0f %% of the circle",
                      names[k], result.kernel.f50, result.f50_error, is, 100.0 * (result.kernel.f50 / is - 1.0),
                      result.inside_hu, result.radius_mm, 100.0 * result.sectors_used);
      g_assert_cmpfloat_with_epsilon (result.kernel.f50 / is, 1.0, 0.03);
      oss_volume_unref (hu);
    }
}

static void
test_refuse (void)
{
  const Rod faint = { 3.5, 0.0, 10.0, 0.0, 8.0, 10.0 };
  g_autoptr (OssVolume) volume = draw_rod (&faint);
  OssKernelMeasurement result;
  g_autoptr (GError) error = NULL;
  const double inside[3] = { 28.0, 28.0, 15.0 }, outside[3] = { 90.0, 28.0, 15.0 };

  g_assert_false (oss_kernel_measure (volume, inside, 0.0, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (oss_kernel_measure (volume, outside, 0.0, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  /* A square is no circle. */
  for (int k = 0; k < volume->grid.size[2]; k++)
    for (int j = 0; j < 80; j++)
      for (int i = 0; i < 80; i++)
        volume->data[oss_grid_offset (&volume->grid, i, j, k)] = ABS (i - 40) < 16 && ABS (j - 40) < 16 ? 500.0f : 0.0f;
  g_assert_false (oss_kernel_measure (volume, inside, 0.0, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrate/kernel-measure/discs", test_discs);
  g_test_add_func ("/calibrate/kernel-measure/virtual-rod", test_virtual_rod);
  g_test_add_func ("/calibrate/kernel-measure/refuse", test_refuse);
  return g_test_run ();
}
