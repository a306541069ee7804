/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reconstruction kernels: transfer function, noise, and the transform behind it. */
#include "virtual/oss-virtual-private.h"

/* Modulation that the filter leaves of a cosine of @f lp/cm along (cos @angle, sin @angle), sampled as pixels. */
static double
modulation (const OssVirtualKernel *kernel, double pixel, int over, double f, double angle)
{
  const int n = 128;
  int fine_n = over * n;
  double fine[2] = { pixel / over, pixel / over }, re = 0.0, im = 0.0, norm = 0.0;
  double kx = 2.0 * G_PI * f / 10.0 * cos (angle), ky = 2.0 * G_PI * f / 10.0 * sin (angle);
  OssVirtualFilter filter;

  oss_virtual_filter_init (&filter, kernel, fine, over);
  g_autofree float *raster = g_new (float, fine_n *fine_n), *out = g_new (float, n *n);
  g_autofree float *scratch = g_new (float, oss_virtual_filter_scratch (&filter, n));
  /* A fine pixel holds the mean over its square: sinc times the value in its middle. */
  double bx = 0.5 * kx * fine[0], by = 0.5 * ky * fine[1];
  double box = (bx > 0.0 ? sin (bx) / bx : 1.0) * (by > 1e-12 ? sin (by) / by : 1.0);
  for (int j = 0; j < fine_n; j++)
    for (int i = 0; i < fine_n; i++)
      raster[fine_n * j + i] = (float) (1000.0 * box * cos (kx * (i + 0.5) * fine[0] + ky * (j + 0.5) * fine[1]));
  oss_virtual_filter_apply (&filter, raster, n, n, scratch, out);
  /* Projection, Hann window: no leakage from the edges. */
  for (int j = 8; j < n - 8; j++)
    for (int i = 8; i < n - 8; i++)
      {
        double w = (0.5 - 0.5 * cos (2.0 * G_PI * (i - 7.5) / (n - 16)))
                   * (0.5 - 0.5 * cos (2.0 * G_PI * (j - 7.5) / (n - 16)));
        double phase = kx * (i + 0.5) * pixel + ky * (j + 0.5) * pixel;
        re += w * out[n * j + i] * cos (phase);
        im += w * out[n * j + i] * sin (phase);
        norm += w * 500.0;
      }
  oss_virtual_filter_clear (&filter);
  return hypot (re, im) / norm;
}

/* The whole chain of raster, blur and sampling against exp (-ln 2 (f / f50)^2.3), along x and obliquely.  The sum of
 * two Gaussians is within 0.0034 of it; the rest is the raster's finite pitch. */
static void
test_mtf (void)
{
  static const char *const names[] = { "B40f", "B70f" };
  static const double f50[] = { 3.5, 5.6 };
  for (int k = 0; k < 2; k++)
    {
      OssVirtualKernel kernel;
      g_autoptr (GError) error = NULL;
      g_assert_true (oss_virtual_kernel_find (names[k], &kernel, &error));
      g_assert_cmpfloat (kernel.f50, ==, f50[k]);
      for (double f = 0.75; f < 5.6; f += 0.8)
        for (int a = 0; a < 2; a++)
          {
            double got = modulation (&kernel, 0.78125, 2, f, a * 0.6), asked = exp (-G_LN2 * pow (f / f50[k], 2.3));
            g_test_message ("%s %.2f lp/cm: %.4f, asked %.4f", names[k], f, got, asked);
            g_assert_cmpfloat_with_epsilon (got, asked, 0.01);
          }
      /* Half at f50, and the cited 10 % point: 5.9 and 9.4 lp/cm; 9.4 needs pixels finer than 0.53 mm. */
      g_assert_cmpfloat_with_epsilon (modulation (&kernel, 0.4, 1, f50[k], 0.0), 0.5, 0.006);
      g_assert_cmpfloat_with_epsilon (modulation (&kernel, 0.4, 1, k == 0 ? 5.9 : 9.4, 0.0), 0.1, 0.012);
    }
}

/* Edge enhancement: more is left in the middle than without, by what the table says, and nothing at 0. */
static void
test_overshoot (void)
{
  OssVirtualKernel kernel, plain;
  g_assert_true (oss_virtual_kernel_find ("B60s", &kernel, NULL));
  plain = kernel;
  plain.overshoot = 0.0;
  g_assert_cmpfloat_with_epsilon (oss_virtual_kernel_mtf (&kernel, 0.0), 1.0, 1e-12);
  double v = kernel.peak * sqrt (log (4.0) / 1.5);
  g_assert_cmpfloat_with_epsilon (oss_virtual_kernel_mtf (&kernel, v) - oss_virtual_kernel_mtf (&plain, v), 0.12, 1e-5);
  for (double f = 0.75; f < 5.6; f += 0.8)
    g_assert_cmpfloat_with_epsilon (modulation (&kernel, 0.78125, 2, f, 0.6), oss_virtual_kernel_mtf (&kernel, f),
                                    0.012);
}

/* A constant stays what it is, also at the image's edge. */
static void
test_constant (void)
{
  OssVirtualKernel kernel = { "x", "x", 4.0, 0.0, 0.0 };
  OssVirtualFilter filter;
  const double fine[2] = { 0.3, 0.3 };
  const int n = 24;
  oss_virtual_filter_init (&filter, &kernel, fine, 3);
  g_autofree float *raster = g_new (float, 9 * n * n), *out = g_new (float, n *n);
  g_autofree float *scratch = g_new (float, oss_virtual_filter_scratch (&filter, n));
  for (int i = 0; i < 9 * n * n; i++)
    raster[i] = 137.0f;
  oss_virtual_filter_apply (&filter, raster, n, n, scratch, out);
  for (int i = 0; i < n * n; i++)
    g_assert_cmpfloat_with_epsilon (out[i], 137.0, 1e-3);
  oss_virtual_filter_clear (&filter);
}

/* exp (+i 2 pi (3 x + 5 y) / n) is what one coefficient at (3, 5) becomes. */
static void
test_fft (void)
{
  const int n = 64;
  g_autofree float *re = g_new0 (float, n *n), *im = g_new0 (float, n *n), *scratch = g_new (float, 2 * n * n);
  re[5 * n + 3] = 2.0f;
  oss_virtual_fft_2d (re, im, n, scratch);
  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++)
      {
        double phase = 2.0 * G_PI * (3.0 * i + 5.0 * j) / n;
        g_assert_cmpfloat_with_epsilon (re[j * n + i], 2.0 * cos (phase), 1e-5);
        g_assert_cmpfloat_with_epsilon (im[j * n + i], 2.0 * sin (phase), 1e-5);
      }
}

typedef struct
{
  double sd, peak;
  float *slice;
} Noise;

/* SD, and the frequency where the radial mean of the noise power is largest, lp/cm. */
static Noise
measure_noise (const char *name, int n, double pixel)
{
  OssVirtualKernel kernel;
  OssVirtualNoise noise;
  const double spacing[2] = { pixel, pixel };
  gsize count = (gsize) n * n;
  float *even = g_new (float, count), *odd = g_new (float, count), *scratch = g_new (float, 2 * count);
  double sum = 0.0, power[128] = { 0 }, best = 0.0;
  int bins[128] = { 0 };
  Noise result = { 0 };

  g_assert_true (oss_virtual_kernel_find (name, &kernel, NULL));
  oss_virtual_noise_init (&noise, &kernel, n, spacing);
  for (int pair = 0; pair < 6; pair++)
    {
      oss_virtual_noise_pair (&noise, 7, pair, even, odd, scratch);
      for (gsize i = 0; i < count; i++)
        sum += (even[i] * even[i] + odd[i] * odd[i]) / (12.0 * count);
      if (pair == 0)
        result.slice = g_memdup2 (even, count * sizeof (float));
      oss_virtual_fft_2d (even, odd, n, scratch);
      for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++)
          {
            double f = hypot (i < n / 2 ? i : i - n, j < n / 2 ? j : j - n) * 10.0 / (n * pixel);
            int bin = (int) (f / 0.25);
            if (bin < 128)
              power[bin] += even[n * j + i] * even[n * j + i] + odd[n * j + i] * odd[n * j + i], bins[bin]++;
          }
    }
  for (int b = 1; b < 126; b++)
    {
      double smooth =
          bins[b + 1] > 0 ? power[b - 1] / bins[b - 1] + power[b] / bins[b] + power[b + 1] / bins[b + 1] : 0;
      if (smooth > best)
        best = smooth, result.peak = 0.25 * (b + 0.5);
    }
  result.sd = sqrt (sum);
  g_free (even), g_free (odd), g_free (scratch);
  oss_virtual_noise_clear (&noise);
  return result;
}

/* NPS ~ f MTF^2 means: SD as f50^1.5 (1, 1.31, 2.02, 3.46 for 3.5, 4.2, 5.6, 8.0 lp/cm) and its peak at 0.60 f50
 * (2.1, 2.5, 3.4, 4.8).  1.5 M samples that correlate over 10 pixels: SD to 1 %; the flat top of the radial
 * mean to two bins of 0.25. */
static void
test_noise (void)
{
  static const char *const names[] = { "B40f", "B40f-recalled", "B70f", "B70f-recalled" };
  static const double sd[] = { 1.00, 1.31, 2.02, 3.46 }, peak[] = { 2.1, 2.5, 3.4, 4.8 };
  float *smooth = NULL;
  for (int k = 0; k < 4; k++)
    {
      Noise noise = measure_noise (names[k], 256, 0.4);
      g_test_message ("%s: SD %.3f (%.2f), peak %.2f lp/cm (%.1f)", names[k], noise.sd, sd[k], noise.peak, peak[k]);
      g_assert_cmpfloat_with_epsilon (noise.sd, sd[k], 0.02 * sd[k]);
      g_assert_cmpfloat_with_epsilon (noise.peak, peak[k], 0.5);
      if (k == 0)
        smooth = noise.slice;
      else
        g_free (noise.slice);
    }
  /* The same raw noise: sharp and smooth go together.  Their spectra overlap by 0.834 (integral of f^2 M1 M2). */
  Noise sharp = measure_noise ("B70f", 256, 0.4);
  double xy = 0, xx = 0, yy = 0;
  for (int i = 0; i < 256 * 256; i++)
    xy += smooth[i] * sharp.slice[i], xx += smooth[i] * smooth[i], yy += sharp.slice[i] * sharp.slice[i];
  g_test_message ("correlation of the two kernels' noise: %.3f", xy / sqrt (xx * yy));
  g_assert_cmpfloat_with_epsilon (xy / sqrt (xx * yy), 0.834, 0.03);
  g_free (smooth), g_free (sharp.slice);
}

static void
test_unknown (void)
{
  OssVirtualKernel kernel;
  g_autoptr (GError) error = NULL;
  g_assert_false (oss_virtual_kernel_find ("B99z", &kernel, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "B40f"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/virtual/kernel/mtf", test_mtf);
  g_test_add_func ("/virtual/kernel/overshoot", test_overshoot);
  g_test_add_func ("/virtual/kernel/constant", test_constant);
  g_test_add_func ("/virtual/kernel/fft", test_fft);
  g_test_add_func ("/virtual/kernel/noise", test_noise);
  g_test_add_func ("/virtual/kernel/unknown", test_unknown);
  return g_test_run ();
}
