/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From one kernel to another, against direct sums and against what the virtual scanner makes with either kernel. */
#include "base/oss-parallel.h"
#include "calibrate/oss-kernel-correct.h"
#include "virtual/oss-virtual-private.h"

#include <math.h>
#include <string.h>

static OssGrid
grid_of (int nx, int ny, int nz, double pixel)
{
  return (
      OssGrid){ .size = { nx, ny, nz }, .spacing = { pixel, pixel, 1.0 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
}

static OssVolume *
new_volume (int nx, int ny, int nz, double pixel)
{
  OssGrid grid = grid_of (nx, ny, nz, pixel);
  return oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
}

static OssKernelCorrection
correction_of (const char *from, const char *to)
{
  OssKernelCorrection correction = { .from = { .f50 = 0.0 } };
  g_assert_true (oss_kernel_need ("Ossature", NULL, from, &correction.from, NULL));
  g_assert_true (oss_kernel_need ("Ossature", NULL, to, &correction.to, NULL));
  return correction;
}

static OssVolume *
noisy (int nx, int ny, int nz, double pixel, guint64 seed)
{
  OssVolume *volume = new_volume (nx, ny, nz, pixel);
  OssRandom random;
  oss_random_init (&random, seed, 0);
  for (gsize i = 0; i < oss_grid_count (&volume->grid); i++)
    volume->data[i] = (float) rint (40.0 + 60.0 * oss_random_normal (&random));
  return volume;
}

/* Plain twin: each frequency's cosine summed over the slice, times the ratio, and summed back; double precision. */
static void
twin (const float *slice, int nx, int ny, double pixel, const OssKernelCorrection *correction, double *out)
{
  memset (out, 0, sizeof (double) * nx * ny);
  for (int q = 0; q < ny; q++)
    for (int p = 0; p < nx; p++)
      {
        double f = hypot (5.0 * p / (nx * pixel), 5.0 * q / (ny * pixel)), sum = 0.0;
        double ratio = oss_kernel_mtf (&correction->to, f) / oss_kernel_mtf (&correction->from, f);
        double weight = (p == 0 ? 1.0 : 2.0) * (q == 0 ? 1.0 : 2.0) / (nx * ny);
        for (int j = 0; j < ny; j++)
          for (int i = 0; i < nx; i++)
            sum += slice[nx * j + i] * cos (G_PI * p * (i + 0.5) / nx) * cos (G_PI * q * (j + 0.5) / ny);
        for (int j = 0; j < ny; j++)
          for (int i = 0; i < nx; i++)
            out[nx * j + i] += weight * ratio * sum * cos (G_PI * p * (i + 0.5) / nx) * cos (G_PI * q * (j + 0.5) / ny);
      }
}

/* Single precision on values of a few hundred: 1e-3 HU. */
static void
test_twin (void)
{
  const int nx = 22, ny = 15, nz = 3;
  g_autoptr (OssVolume) volume = noisy (nx, ny, nz, 0.7, 3);
  OssKernelCorrection correction = correction_of ("B70f", "B40f");
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) fast = oss_kernel_correct (volume, &correction, NULL, NULL, &error);
  g_autofree double *slow = g_new (double, nx *ny);
  double largest = 0.0, change = 0.0;

  g_assert_no_error (error);
  for (int k = 0; k < nz; k++)
    {
      twin (volume->data + nx * ny * k, nx, ny, 0.7, &correction, slow);
      for (int i = 0; i < nx * ny; i++)
        {
          largest = fmax (largest, fabs (slow[i] - fast->data[nx * ny * k + i]));
          change = fmax (change, fabs (slow[i] - volume->data[nx * ny * k + i]));
        }
    }
  g_test_message ("largest difference %.2g HU; the filter changes up to %.1f HU", largest, change);
  g_assert_cmpfloat (largest, <, 1e-3);
  g_assert_cmpfloat (change, >, 30.0);
}

/* A slice stored along any index axis is filtered the same: the long axis of the patient decides. */
static void
test_axes (void)
{
  const int n[3] = { 24, 20, 5 };
  g_autoptr (OssVolume) axial = noisy (n[0], n[1], n[2], 0.7, 4);
  OssGrid turned_grid = { .size = { n[2], n[0], n[1] },
                          .spacing = { 1.0, 0.7, 0.7 },
                          .direction = { 0, 1, 0, 0, 0, 1, 1, 0, 0 } };
  g_autoptr (OssVolume) turned = oss_volume_new (&turned_grid, OSS_QUANTITY_HU, NULL);
  OssKernelCorrection correction = correction_of ("B70f", "B40f");

  for (int k = 0; k < n[2]; k++)
    for (int j = 0; j < n[1]; j++)
      for (int i = 0; i < n[0]; i++)
        turned->data[oss_grid_offset (&turned_grid, k, i, j)] = axial->data[oss_grid_offset (&axial->grid, i, j, k)];
  g_autoptr (OssVolume) a = oss_kernel_correct (axial, &correction, NULL, NULL, NULL);
  g_autoptr (OssVolume) b = oss_kernel_correct (turned, &correction, NULL, NULL, NULL);
  for (int k = 0; k < n[2]; k++)
    for (int j = 0; j < n[1]; j++)
      for (int i = 0; i < n[0]; i++)
        g_assert_cmpfloat (a->data[oss_grid_offset (&a->grid, i, j, k)], ==,
                           b->data[oss_grid_offset (&b->grid, k, i, j)]);
}

/* ---- against the virtual scanner ---- */

#define PIXEL 0.78125
#define OVER 2
#define SIDE 96

/* A disc of bone in muscle with a thin shell, as one kernel shows it without noise. */
static void
scan_disc (const char *name, double deviation, int n, float *out)
{
  OssVirtualKernel kernel;
  OssVirtualFilter filter;
  const double fine[2] = { PIXEL / OVER, PIXEL / OVER };
  int width = n * OVER;

  g_assert_true (oss_virtual_kernel_find (name, &kernel, NULL));
  kernel.f50 *= 1.0 + deviation;
  oss_virtual_filter_init (&filter, &kernel, fine, OVER);
  g_autofree float *raster = g_new (float, width *width);
  g_autofree float *scratch = g_new (float, oss_virtual_filter_scratch (&filter, n));
  for (int j = 0; j < width; j++)
    for (int i = 0; i < width; i++)
      {
        double r = hypot ((i - 0.5 * width + 0.7) * fine[0], (j - 0.5 * width - 0.4) * fine[1]);
        /* Linear over one fine pixel: the raster of the scanner is area-weighted. */
        double inside = CLAMP (0.5 + (20.0 - r) / fine[0], 0.0, 1.0);
        double hollow = CLAMP (0.5 + (19.4 - r) / fine[0], 0.0, 1.0);
        raster[width * j + i] = (float) (50.0 + 850.0 * inside - 750.0 * hollow);
      }
  oss_virtual_filter_apply (&filter, raster, n, n, scratch, out);
  oss_virtual_filter_clear (&filter);
}

static double
rms_difference (const float *a, const float *b, gsize n)
{
  double sum = 0.0;
  for (gsize i = 0; i < n; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt (sum / n);
}

static void
corrected_disc (double deviation, double *before, double *after)
{
  g_autoptr (OssVolume) sharp = new_volume (SIDE, SIDE, 1, PIXEL);
  g_autofree float *smooth = g_new (float, SIDE *SIDE);
  OssKernelCorrection correction = correction_of ("B70f", "B40f");

  scan_disc ("B70f", deviation, SIDE, sharp->data);
  scan_disc ("B40f", deviation, SIDE, smooth);
  g_autoptr (OssVolume) corrected = oss_kernel_correct (sharp, &correction, NULL, NULL, NULL);
  *before = rms_difference (sharp->data, smooth, SIDE * SIDE);
  *after = rms_difference (corrected->data, smooth, SIDE * SIDE);
}

/* The corrected edge is B40f's own.  What is left are details that B70f folds back at pixels of 0.78 mm. */
static void
test_edge (void)
{
  double before, after, soft, hard;

  corrected_disc (0.0, &before, &after);
  corrected_disc (0.15, &soft, &soft);
  corrected_disc (-0.15, &hard, &hard);
  g_test_message ("RMS against B40f: %.2f HU before, %.2f after; transfer functions off by +15 %% %.2f, by -15 %% %.2f",
                  before, after, soft, hard);
  g_assert_cmpfloat (before, >, 15.0);
  g_assert_cmpfloat (after, <, 0.12 * before);
  g_assert_cmpfloat (soft, <, 0.4 * before);
  g_assert_cmpfloat (hard, <, 0.4 * before);
}

/* Noise of the same raw data: SD as B40f's own within 3 %, and the same noise (correlation). */
static void
test_noise (void)
{
  const int n = 256;
  const double spacing[2] = { PIXEL, PIXEL };
  static const char *const names[2] = { "B70f", "B40f" };
  OssVolume *volumes[2];
  g_autofree float *scratch = g_new (float, 2 * n * n);
  OssKernelCorrection correction = correction_of ("B70f", "B40f");
  OssKernelReport report;

  for (int v = 0; v < 2; v++)
    {
      OssVirtualKernel kernel;
      OssVirtualNoise noise;
      volumes[v] = new_volume (n, n, 2, PIXEL);
      g_assert_true (oss_virtual_kernel_find (names[v], &kernel, NULL));
      oss_virtual_noise_init (&noise, &kernel, n, spacing);
      oss_virtual_noise_pair (&noise, 11, 0, volumes[v]->data, volumes[v]->data + n * n, scratch);
      oss_virtual_noise_clear (&noise);
      for (int i = 0; i < 2 * n * n; i++)
        volumes[v]->data[i] *= 15.0f;
    }
  g_autoptr (OssVolume) corrected = oss_kernel_correct (volumes[0], &correction, &report, NULL, NULL);
  double sharp = 0, smooth = 0, own = 0, both = 0;
  for (int i = 0; i < 2 * n * n; i++)
    {
      double a = corrected->data[i], b = volumes[1]->data[i];
      sharp += volumes[0]->data[i] * volumes[0]->data[i];
      own += a * a, smooth += b * b, both += a * b;
    }
  g_test_message ("SD B70f %.2f, corrected %.2f, B40f %.2f HU; correlation %.4f; predicted ratio %.3f, is %.3f",
                  sqrt (sharp / (2 * n * n)), sqrt (own / (2 * n * n)), sqrt (smooth / (2 * n * n)),
                  both / sqrt (own * smooth), report.noise_ratio, sqrt (own / sharp));
  g_assert_cmpfloat_with_epsilon (sqrt (own / smooth), 1.0, 0.03);
  g_assert_cmpfloat (both / sqrt (own * smooth), >, 0.98);
  g_assert_cmpfloat_with_epsilon (report.noise_ratio, sqrt (own / sharp), 0.05);
  oss_volume_unref (volumes[0]);
  oss_volume_unref (volumes[1]);
}

/* Smooth to sharp: edges come nearer to B70f's, and where rounding is all there is nothing is amplified. */
static void
test_sharpen (void)
{
  g_autoptr (OssVolume) smooth = new_volume (SIDE, SIDE, 1, PIXEL);
  g_autofree float *sharp = g_new (float, SIDE *SIDE);
  OssKernelCorrection correction = correction_of ("B40f", "B70f");
  OssKernelReport report;

  scan_disc ("B40f", 0.0, SIDE, smooth->data);
  scan_disc ("B70f", 0.0, SIDE, sharp);
  for (int i = 0; i < SIDE * SIDE; i++)
    smooth->data[i] = rintf (smooth->data[i]);
  g_autoptr (OssVolume) corrected = oss_kernel_correct (smooth, &correction, &report, NULL, NULL);
  double before = rms_difference (smooth->data, sharp, SIDE * SIDE);
  double after = rms_difference (corrected->data, sharp, SIDE * SIDE);
  g_test_message ("RMS against B70f: %.2f HU before, %.2f after; largest gain %.1f", before, after,
                  report.largest_gain);
  g_assert_cmpfloat (after, <, 0.4 * before);
  g_assert_cmpfloat (report.largest_gain, >, 1.5);

  /* Half a HU of rounding in an even image: amplified it would be tens of HU. */
  g_autoptr (OssVolume) even = new_volume (64, 64, 1, 0.4);
  OssRandom random;
  oss_random_init (&random, 5, 0);
  for (int i = 0; i < 64 * 64; i++)
    even->data[i] = (float) (100.0 + oss_random_uniform (&random) - 0.5);
  g_autoptr (OssVolume) result = oss_kernel_correct (even, &correction, NULL, NULL, NULL);
  double largest = 0.0;
  for (int i = 0; i < 64 * 64; i++)
    largest = fmax (largest, fabs (result->data[i] - 100.0));
  g_test_message ("rounding alone becomes %.2f HU at most", largest);
  g_assert_cmpfloat (largest, <, 5.0);
}

/* Bone to the edge of a reconstruction circle that is padded with -2000: no ring inside, padding untouched, mean kept.
 */
static void
test_padding (void)
{
  const int n = 80;
  g_autoptr (OssVolume) volume = new_volume (n, n, 2, 0.8);
  OssKernelCorrection correction = correction_of ("B70f", "B40f");
  double worst = 0.0;

  for (int k = 0; k < 2; k++)
    for (int j = 0; j < n; j++)
      for (int i = 0; i < n; i++)
        volume->data[oss_grid_offset (&volume->grid, i, j, k)] = hypot (i - 39.5, j - 39.5) < 39.5 ? 60.0f
                                                                 : k == 0                          ? -2000.0f
                                                                                                   : -1024.0f;
  g_autoptr (OssVolume) corrected = oss_kernel_correct (volume, &correction, NULL, NULL, NULL);
  for (gsize i = 0; i < oss_grid_count (&volume->grid); i++)
    if (volume->data[i] < -1000.0f)
      g_assert_cmpfloat (corrected->data[i], ==, volume->data[i]);
    else
      worst = fmax (worst, fabs (corrected->data[i] - 60.0));
  g_test_message ("largest error inside the circle: %.3f HU", worst);
  g_assert_cmpfloat (worst, <, 0.01);

  g_autoptr (OssVolume) noise = noisy (n, n, 1, 0.8, 9);
  g_autoptr (OssVolume) smooth = oss_kernel_correct (noise, &correction, NULL, NULL, NULL);
  double before = 0.0, after = 0.0;
  for (int i = 0; i < n * n; i++)
    before += noise->data[i], after += smooth->data[i];
  g_test_message ("mean %.6f, corrected %.6f HU", before / (n * n), after / (n * n));
  g_assert_cmpfloat_with_epsilon (after / (n * n), before / (n * n), 1e-4);
}

static void
test_threads (void)
{
  g_autoptr (OssVolume) volume = noisy (64, 50, 13, 0.7, 6);
  OssKernelCorrection correction = correction_of ("B40f", "B70f");

  correction.from_thickness_mm = 1.0, correction.to_thickness_mm = 2.5;
  oss_parallel_set_threads (1);
  g_autoptr (OssVolume) one = oss_kernel_correct (volume, &correction, NULL, NULL, NULL);
  oss_parallel_set_threads (5);
  g_autoptr (OssVolume) five = oss_kernel_correct (volume, &correction, NULL, NULL, NULL);
  oss_parallel_set_threads (0);
  g_assert_cmpmem (one->data, oss_grid_count (&one->grid) * sizeof (float), five->data,
                   oss_grid_count (&one->grid) * sizeof (float));
}

/* A thin plate across z: what 2.5 mm slices show of it after 1 mm slices, both Gaussian. */
static void
test_thickness (void)
{
  const int nz = 41;
  g_autoptr (OssVolume) volume = new_volume (16, 16, nz, 0.8);
  OssKernelCorrection correction = correction_of ("B40f", "B40f");
  g_autoptr (GError) error = NULL;
  double thin = 1.0 / 2.3548, thick = 2.5 / 2.3548;

  for (int k = 0; k < nz; k++)
    for (int i = 0; i < 256; i++)
      volume->data[256 * k + i] = (float) (400.0 * exp (-0.5 * pow (0.5 * (k - 20) / thin, 2.0)));
  correction.from_thickness_mm = 1.0, correction.to_thickness_mm = 2.5;
  volume->grid.spacing[2] = 0.5;
  g_autoptr (OssVolume) result = oss_kernel_correct (volume, &correction, NULL, NULL, NULL);
  for (int k = 16; k <= 24; k++)
    g_assert_cmpfloat_with_epsilon (result->data[256 * k + 100],
                                    400.0 * thin / thick * exp (-0.5 * pow (0.5 * (k - 20) / thick, 2.0)), 1.5);
  correction.to_thickness_mm = 0.6;
  g_assert_null (oss_kernel_correct (volume, &correction, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

typedef struct
{
  int stop;
  gint64 asked;
} Stopper;

static void
stop_cb (double fraction, const char *what, void *data)
{
  Stopper *stopper = data;
  if (fraction > 0.2 && stopper->stop == 0)
    {
      stopper->asked = g_get_monotonic_time ();
      g_atomic_int_set (&stopper->stop, 1);
    }
}

static void
test_cancel (void)
{
  g_autoptr (OssVolume) volume = new_volume (512, 512, 40, 0.7);
  OssKernelCorrection correction = correction_of ("B70f", "B40f");
  Stopper stopper = { 0 };
  OssTick tick = oss_tick_make (stop_cb, &stopper, &stopper.stop);
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_kernel_correct (volume, &correction, NULL, &tick, &error));
  double seconds = (double) (g_get_monotonic_time () - stopper.asked) / G_USEC_PER_SEC;
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_test_message ("stopped after %.3f s", seconds);
  g_assert_cmpfloat (seconds, <, 0.2);
}

static void
test_refuse (void)
{
  g_autoptr (OssVolume) volume = new_volume (8, 8, 1, 0.7);
  OssKernelCorrection correction = correction_of ("B70f", "B40f");
  g_autoptr (GError) error = NULL;

  correction.from.f50 = NAN;
  g_assert_null (oss_kernel_correct (volume, &correction, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  correction = correction_of ("B70f", "B40f");
  volume->quantity = OSS_QUANTITY_DENSITY;
  g_assert_null (oss_kernel_correct (volume, &correction, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrate/kernel-correct/twin", test_twin);
  g_test_add_func ("/calibrate/kernel-correct/axes", test_axes);
  g_test_add_func ("/calibrate/kernel-correct/edge", test_edge);
  g_test_add_func ("/calibrate/kernel-correct/noise", test_noise);
  g_test_add_func ("/calibrate/kernel-correct/sharpen", test_sharpen);
  g_test_add_func ("/calibrate/kernel-correct/padding", test_padding);
  g_test_add_func ("/calibrate/kernel-correct/threads", test_threads);
  g_test_add_func ("/calibrate/kernel-correct/thickness", test_thickness);
  g_test_add_func ("/calibrate/kernel-correct/cancel", test_cancel);
  g_test_add_func ("/calibrate/kernel-correct/refuse", test_refuse);
  return g_test_run ();
}
