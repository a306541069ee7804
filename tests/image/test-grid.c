/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-grid.h"

#include <string.h>

/* Axes turned by 30 degrees about x, then 20 about z: no entry is 0 by chance. */
static const OssGrid oblique = {
  .size = { 5, 7, 4 },
  .spacing = { 0.5, 0.8, 2.5 },
  .origin = { 12.0, -34.0, 56.0 },
  .direction = { 0.93969262078590843, -0.29619813272602386, 0.17101007166283436, 0.34202014332566871,
                 0.81379768134937369, -0.46984631039295416, 0.0, 0.49999999999999994, 0.86602540378443871 },
};

static void
test_maps_by_hand (void)
{
  OssGrid grid = { { 10, 10, 10 }, { 0.5, 1.0, 2.0 }, { 100.0, 50.0, -20.0 }, { -1, 0, 0, 0, 0, 1, 0, 1, 0 } };
  const double index[3] = { 3.0, 4.0, 5.0 };
  double lps[3], back[3];

  /* By hand: i runs to the patient's right, j up, k backward. */
  oss_grid_to_patient (&grid, index, lps);
  g_assert_cmpfloat (lps[0], ==, 100.0 - 1.5);
  g_assert_cmpfloat (lps[1], ==, 50.0 + 10.0);
  g_assert_cmpfloat (lps[2], ==, -20.0 + 4.0);
  oss_grid_to_index (&grid, lps, back);
  for (int a = 0; a < 3; a++)
    g_assert_cmpfloat_with_epsilon (back[a], index[a], 1e-12);
  g_assert_cmpfloat_with_epsilon (oss_grid_voxel_mm3 (&grid), 1.0, 1e-12);
  g_assert_cmpuint (oss_grid_count (&grid), ==, 1000);
}

static void
test_inverse_of_inexact_direction (void)
{
  OssGrid grid = oblique;
  const double index[3] = { 400.0, -300.0, 200.0 };
  double lps[3], back[3];

  /* A direction as a DICOM header rounds it, wrong in the fourth digit: the transpose would be off by
   * 1e-4 x 400 voxels; the inverse is right to double rounding. */
  for (int n = 0; n < 9; n++)
    grid.direction[n] = round (grid.direction[n] * 1e3) / 1e3;
  g_assert_true (oss_grid_check (&grid, NULL));
  oss_grid_to_patient (&grid, index, lps);
  oss_grid_to_index (&grid, lps, back);
  for (int a = 0; a < 3; a++)
    g_assert_cmpfloat_with_epsilon (back[a], index[a], 1e-9);
}

static void
test_map_between_grids (void)
{
  OssGrid to = { { 9, 9, 9 }, { 1.5, 0.3, 0.7 }, { -5.0, 6.0, 7.0 }, { 0, 0, -1, 1, 0, 0, 0, 1, 0 } };
  const double index[3] = { 1.0, 2.5, -3.0 };
  double matrix[9], shift[3], lps[3], wanted[3], got[3];

  /* Reference: through patient space. */
  oss_grid_to_patient (&oblique, index, lps);
  oss_grid_to_index (&to, lps, wanted);
  oss_grid_map (&oblique, &to, matrix, shift);
  oss_mat3_apply (matrix, index, got);
  for (int a = 0; a < 3; a++)
    g_assert_cmpfloat_with_epsilon (got[a] + shift[a], wanted[a], 1e-10);
}

static void
refused (const OssGrid *grid, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_grid_check (grid, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_check (void)
{
  OssGrid grid = oblique;

  g_assert_true (oss_grid_check (&grid, NULL));
  grid.direction[0] = -grid.direction[0], grid.direction[3] = -grid.direction[3]; /* left-handed is fine */
  g_assert_true (oss_grid_check (&grid, NULL));
  grid = oblique, grid.size[1] = 0;
  refused (&grid, "size 0");
  grid = oblique, grid.size[2] = -3;
  refused (&grid, "size -3");
  grid = oblique, grid.spacing[2] = 0.0;
  refused (&grid, "spacing 0");
  grid = oblique, grid.spacing[0] = NAN;
  refused (&grid, "nan");
  grid = oblique, grid.origin[1] = INFINITY;
  refused (&grid, "origin");
  grid = oblique, grid.direction[1] += 0.01; /* shear */
  refused (&grid, "right angles");
  grid = oblique, grid.direction[4] = NAN;
  refused (&grid, "right angles");
  grid = oblique, grid.size[0] = grid.size[1] = grid.size[2] = G_MAXINT; /* the product wraps 64 bits */
  refused (&grid, "2^31");
  grid = oblique, grid.size[0] = 32768, grid.size[1] = 65536, grid.size[2] = 1;
  refused (&grid, "2^31");
}

static void
test_equal (void)
{
  OssGrid other = oblique;

  g_assert_true (oss_grid_equal (&oblique, &other, 1e-9));
  other.spacing[1] += 0.001; /* six steps: the far corner moves by 0.006 mm */
  g_assert_true (oss_grid_equal (&oblique, &other, 0.01));
  g_assert_false (oss_grid_equal (&oblique, &other, 0.005));
  other = oblique, other.size[2]++;
  g_assert_false (oss_grid_equal (&oblique, &other, 1e9));
}

static void
test_box_around (void)
{
  const OssGrid grid = { { 20, 20, 20 }, { 1.0, 2.0, 0.5 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  const double centre[3] = { 5.0, 8.0, 9.0 }, far[3] = { 5.0, 8.0, 30.0 };
  int low[3], high[3];

  g_assert_true (oss_grid_box_around (&grid, centre, 3.0, low, high));
  g_assert_cmpint (low[0], ==, 2);
  g_assert_cmpint (high[0], ==, 8);
  g_assert_cmpint (low[1], ==, 2); /* 2.5 to 5.5: covered whole */
  g_assert_cmpint (high[1], ==, 6);
  g_assert_cmpint (low[2], ==, 12);
  g_assert_cmpint (high[2], ==, 19); /* clamped from 24 */
  g_assert_false (oss_grid_box_around (&grid, far, 3.0, low, high));
}

static void
test_crop_and_describe (void)
{
  const int low[3] = { 1, 2, 0 }, high[3] = { 3, 6, 2 }, outside[3] = { 3, 7, 2 };
  const double corner[3] = { 1.0, 2.0, 0.0 };
  g_autofree char *text = oss_grid_describe (&oblique);
  g_autoptr (GError) error = NULL;
  double lps[3];
  OssGrid crop;

  g_assert_cmpstr (text, ==, "5 × 7 × 4, 0.50 × 0.80 × 2.50 mm");
  g_assert_true (oss_grid_crop (&oblique, low, high, &crop, NULL));
  oss_grid_to_patient (&oblique, corner, lps);
  for (int a = 0; a < 3; a++)
    {
      g_assert_cmpfloat_with_epsilon (crop.origin[a], lps[a], 1e-12);
      g_assert_cmpint (crop.size[a], ==, high[a] - low[a] + 1);
    }
  g_assert_false (oss_grid_crop (&oblique, low, outside, &crop, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/image/grid/maps-by-hand", test_maps_by_hand);
  g_test_add_func ("/image/grid/inverse-of-inexact-direction", test_inverse_of_inexact_direction);
  g_test_add_func ("/image/grid/map-between-grids", test_map_between_grids);
  g_test_add_func ("/image/grid/check", test_check);
  g_test_add_func ("/image/grid/equal", test_equal);
  g_test_add_func ("/image/grid/box-around", test_box_around);
  g_test_add_func ("/image/grid/crop-and-describe", test_crop_and_describe);
  return g_test_run ();
}
