/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "image/oss-volume.h"

#include <string.h>

static const OssGrid turned = {
  .size = { 23, 17, 11 },
  .spacing = { 0.7, 1.1, 2.0 },
  .origin = { -8.0, 5.0, 100.0 },
  .direction = { 0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, -1.0 }, /* left-handed */
};

/* A linear function of the patient point, HU. */
static double
linear_hu (const double lps[3])
{
  return 40.0 + 3.0 * lps[0] - 2.0 * lps[1] + 0.5 * lps[2];
}

static OssVolume *
linear_volume (const OssGrid *grid)
{
  OssVolume *volume = oss_volume_new (grid, OSS_QUANTITY_HU, NULL);

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          double lps[3];

          oss_grid_to_patient (grid, (const double[3]){ i, j, k }, lps);
          volume->data[oss_grid_offset (grid, i, j, k)] = (float) linear_hu (lps);
        }
  return volume;
}

static OssVolume *
random_volume (const OssGrid *grid, guint64 seed)
{
  OssVolume *volume = oss_volume_new (grid, OSS_QUANTITY_HU, NULL);
  OssRandom random;

  oss_random_init (&random, seed, 0);
  for (gsize n = 0; n < oss_grid_count (grid); n++)
    volume->data[n] = (float) oss_random_normal (&random);
  return volume;
}

static void
test_sample (void)
{
  g_autoptr (OssVolume) volume = linear_volume (&turned);
  OssRandom random;

  /* Trilinear interpolation reproduces a linear function; values reach 100 HU, float32 holds 1e-5 of them. */
  oss_random_init (&random, 1, 0);
  for (int n = 0; n < 500; n++)
    {
      double index[3], lps[3];

      for (int a = 0; a < 3; a++)
        index[a] = oss_random_range (&random, 0.0, turned.size[a] - 1);
      oss_grid_to_patient (&turned, index, lps);
      g_assert_cmpfloat_with_epsilon (oss_volume_sample (volume, lps), linear_hu (lps), 5e-5);
    }
  /* Clamped beyond the edge. */
  g_assert_cmpfloat (oss_volume_sample_index (volume, (const double[3]){ -9.0, 99.0, -1e9 }), ==,
                     volume->data[oss_grid_offset (&turned, 0, 16, 0)]);
}

static void
test_resample_linear (void)
{
  g_autoptr (OssVolume) volume = linear_volume (&turned), result = NULL;
  OssGrid grid = { { 9, 8, 7 }, { 0.9, 0.6, 0.8 }, { 0 }, { 0, 0, 1, 1, 0, 0, 0, -1, 0 } };
  double middle[3];

  oss_grid_to_patient (&turned, (const double[3]){ 11.0, 8.0, 5.0 }, middle);
  memcpy (grid.origin, middle, sizeof middle);
  result = oss_volume_resample (volume, &grid, -1000.0, NULL, NULL);
  g_assert_nonnull (result);
  g_assert_cmpint (result->quantity, ==, OSS_QUANTITY_HU);
  for (int k = 0; k < 7; k++)
    for (int j = 0; j < 8; j++)
      for (int i = 0; i < 9; i++)
        {
          double lps[3], index[3];
          gboolean inside = TRUE;

          oss_grid_to_patient (&grid, (const double[3]){ i, j, k }, lps);
          oss_grid_to_index (&turned, lps, index);
          for (int a = 0; a < 3; a++)
            inside &= index[a] >= 0.0 && index[a] <= turned.size[a] - 1;
          if (inside)
            g_assert_cmpfloat_with_epsilon (result->data[oss_grid_offset (&grid, i, j, k)], linear_hu (lps), 5e-5);
        }
}

static void
test_resample_outside (void)
{
  const OssGrid grid = { { 3, 3, 3 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssGrid wide = grid;
  g_autoptr (OssVolume) volume = random_volume (&grid, 3), result = NULL;

  /* Same grid, one voxel wider all round: the core is the same to the bit, the rim is outside. */
  for (int a = 0; a < 3; a++)
    wide.size[a] = 5, wide.origin[a] = -1.0;
  result = oss_volume_resample (volume, &wide, -7.0, NULL, NULL);
  for (int k = 0; k < 5; k++)
    for (int j = 0; j < 5; j++)
      for (int i = 0; i < 5; i++)
        {
          gboolean core = i > 0 && i < 4 && j > 0 && j < 4 && k > 0 && k < 4;
          float wanted = core ? volume->data[oss_grid_offset (&grid, i - 1, j - 1, k - 1)] : -7.0f;

          g_assert_cmpfloat (result->data[oss_grid_offset (&wide, i, j, k)], ==, wanted);
        }
}

static void
test_gaussian_moments (void)
{
  const OssGrid grid = { { 41, 37, 33 }, { 0.5, 0.8, 1.0 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  const double sigma[3] = { 1.2, 1.6, 2.0 };
  const int peak[3] = { 20, 18, 16 };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_OTHER, NULL), result = NULL;
  double sum = 0.0, second[3] = { 0.0, 0.0, 0.0 };

  volume->data[oss_grid_offset (&grid, 20, 18, 16)] = 1000.0f;
  result = oss_volume_gaussian (volume, sigma, NULL, NULL);
  for (int k = 0; k < 33; k++)
    for (int j = 0; j < 37; j++)
      for (int i = 0; i < 41; i++)
        {
          const int at[3] = { i, j, k };
          double value = (double) result->data[oss_grid_offset (&grid, i, j, k)];

          sum += value;
          for (int a = 0; a < 3; a++)
            second[a] += value * pow ((at[a] - peak[a]) * grid.spacing[a], 2.0);
        }
  g_assert_cmpfloat_with_epsilon (sum, 1000.0, 1e-2); /* float32 rounding */
  for (int a = 0; a < 3; a++)
    {
      /* Variance of a Gaussian cut at c sigma: 1 - 2 c pdf (c) / erf (c / sqrt 2) (closed form); the sum
       * over voxels up to r is the integral up to r + 1/2 to better than 1e-4. */
      double voxels = sigma[a] / grid.spacing[a], c = (ceil (4.0 * voxels) + 0.5) / voxels;
      double wanted = 1.0 - 2.0 * c * exp (-0.5 * c * c) / sqrt (2.0 * G_PI) / erf (c / G_SQRT2);

      g_assert_cmpfloat_with_epsilon (second[a] / sum / (sigma[a] * sigma[a]), wanted, 1e-4);
    }
  /* The peak is the product of the three centre weights, 1 / (sqrt (2 pi) sigma / spacing) each. */
  g_assert_cmpfloat_with_epsilon (result->data[oss_grid_offset (&grid, 20, 18, 16)] / 1000.0,
                                  0.5 * 0.8 * 1.0 / (pow (2.0 * G_PI, 1.5) * sigma[0] * sigma[1] * sigma[2]), 5e-6);
}

/* Direct sum with clamped indices: slow and plain. */
static double
gaussian_1d (const OssVolume *volume, int axis, const int at[3], double sigma_voxels)
{
  int radius = (int) ceil (4.0 * sigma_voxels);
  double sum = 0.0, weights = 0.0;

  for (int t = -radius; t <= radius; t++)
    {
      int where[3] = { at[0], at[1], at[2] };
      double weight = exp (-0.5 * t * t / (sigma_voxels * sigma_voxels));

      where[axis] = CLAMP (at[axis] + t, 0, volume->grid.size[axis] - 1);
      sum += weight * (double) volume->data[oss_grid_offset (&volume->grid, where[0], where[1], where[2])];
      weights += weight;
    }
  return sum / weights;
}

static void
test_gaussian_edges (void)
{
  /* Wider than one bundle of lines, and shorter than the kernel. */
  const OssGrid grid = { { 70, 9, 6 }, { 0.5, 1.0, 2.0 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = random_volume (&grid, 5);

  for (int axis = 0; axis < 3; axis++)
    {
      double sigma[3] = { 0.0, 0.0, 0.0 };
      g_autoptr (OssVolume) result = NULL;

      sigma[axis] = 3.0;
      result = oss_volume_gaussian (volume, sigma, NULL, NULL);
      for (int k = 0; k < 6; k++)
        for (int j = 0; j < 9; j++)
          for (int i = 0; i < 70; i++)
            g_assert_cmpfloat_with_epsilon (
                result->data[oss_grid_offset (&grid, i, j, k)],
                gaussian_1d (volume, axis, (const int[3]){ i, j, k }, sigma[axis] / grid.spacing[axis]),
                2e-6); /* unit normal numbers, float32 sums */
    }
}

static void
test_gaussian_any_threads (void)
{
  const OssGrid grid = { { 65, 33, 20 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  const double sigma[3] = { 1.5, 1.5, 1.5 };
  g_autoptr (OssVolume) volume = random_volume (&grid, 8), one = NULL, many = NULL;

  oss_parallel_set_threads (1);
  one = oss_volume_gaussian (volume, sigma, NULL, NULL);
  oss_parallel_set_threads (3);
  many = oss_volume_gaussian (volume, sigma, NULL, NULL);
  oss_parallel_set_threads (0);
  g_assert_cmpmem (one->data, oss_grid_count (&grid) * sizeof (float), many->data,
                   oss_grid_count (&grid) * sizeof (float));
}

static void
test_cancel (void)
{
  const OssGrid grid = { { 64, 64, 64 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = random_volume (&grid, 8);
  const int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_volume_gaussian (volume, (const double[3]){ 2.0, 2.0, 2.0 }, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (oss_volume_resample (volume, &grid, 0.0, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (oss_volume_gaussian (volume, (const double[3]){ -1.0, 0.0, 0.0 }, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

static void
note_progress (double fraction, const char *what, void *data)
{
  double *last = data;

  g_assert_cmpfloat (fraction, >=, *last - 1e-12); /* never backward */
  g_assert_cmpfloat (fraction, <=, 1.0 + 1e-12);
  *last = fraction;
}

static void
test_progress (void)
{
  const OssGrid grid = { { 64, 64, 64 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = random_volume (&grid, 9), result = NULL;
  double last = 0.0;
  OssTick tick = oss_tick_make (note_progress, &last, NULL);

  result = oss_volume_gaussian (volume, (const double[3]){ 1.0, 1.0, 1.0 }, &tick, NULL);
  g_assert_nonnull (result);
  g_assert_cmpfloat_with_epsilon (last, 1.0, 1e-12);
}

static void
test_crop_linear_range (void)
{
  g_autoptr (OssVolume) volume = linear_volume (&turned), crop = NULL, scaled = NULL;
  double lps[3], minimum, maximum;

  crop = oss_volume_crop (volume, (const int[3]){ 2, 3, 4 }, (const int[3]){ 9, 9, 9 }, NULL);
  oss_grid_to_patient (&crop->grid, (const double[3]){ 1.0, 2.0, 3.0 }, lps);
  /* The same patient point has the same value: geometry and voxels moved together. */
  g_assert_cmpfloat_with_epsilon (crop->data[oss_grid_offset (&crop->grid, 1, 2, 3)], linear_hu (lps), 5e-5);

  scaled = oss_volume_linear (volume, 0.5, 10.0, OSS_QUANTITY_DENSITY, NULL);
  g_assert_cmpint (scaled->quantity, ==, OSS_QUANTITY_DENSITY);
  g_assert_cmpfloat_with_epsilon (scaled->data[77], 0.5f * volume->data[77] + 10.0f, 1e-5);
  scaled->data[5] = NAN;
  scaled->data[6] = 5e6f;
  scaled->data[7] = -6e6f;
  oss_volume_range (scaled, &minimum, &maximum);
  g_assert_cmpfloat (minimum, ==, -6e6);
  g_assert_cmpfloat (maximum, ==, 5e6);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/image/volume/sample", test_sample);
  g_test_add_func ("/image/volume/resample-linear", test_resample_linear);
  g_test_add_func ("/image/volume/resample-outside", test_resample_outside);
  g_test_add_func ("/image/volume/gaussian-moments", test_gaussian_moments);
  g_test_add_func ("/image/volume/gaussian-edges", test_gaussian_edges);
  g_test_add_func ("/image/volume/gaussian-any-threads", test_gaussian_any_threads);
  g_test_add_func ("/image/volume/cancel", test_cancel);
  g_test_add_func ("/image/volume/progress", test_progress);
  g_test_add_func ("/image/volume/crop-linear-range", test_crop_linear_range);
  return g_test_run ();
}
