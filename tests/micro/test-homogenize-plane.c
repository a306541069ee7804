/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Periodic plane cells against closed forms: one material, layers, equal shear moduli. */
#include "base/oss-random.h"
#include "base/oss-vector.h"
#include "micro/oss-homogenize-plane.h"

#include <string.h>

static OssPlaneCell
cell_make (int nx, int ny, const double *modulus)
{
  return (OssPlaneCell){ .size = { nx, ny },
                         .spacing_mm = { 0.082, 0.082 },
                         .modulus_mpa = modulus,
                         .poisson = 0.3,
                         .void_modulus_mpa = OSS_MARROW_MODULUS_MPA,
                         .void_poisson = OSS_MARROW_POISSON };
}

static OssPlaneHomogenized
homogenize (const OssPlaneCell *cell)
{
  OssPlaneHomogenized result;
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_homogenize_plane (cell, &result, NULL, &error));
  g_assert_no_error (error);
  /* Hill's condition holds for periodic borders; the stiffness is symmetric: both to rounding. */
  g_assert_cmpfloat (result.energy_error, <, 1e-9);
  g_assert_cmpfloat (result.symmetry_error, <, 1e-9);
  return result;
}

/* Plane-stress stiffness of one isotropic material. */
static void
isotropic (double modulus, double nu, double c[3])
{
  c[0] = modulus / (1.0 - nu * nu);
  c[1] = nu * c[0];
  c[2] = modulus / (2.0 * (1.0 + nu));
}

static void
test_one_material (void)
{
  double modulus[15], c[3];

  for (int i = 0; i < 15; i++)
    modulus[i] = 8500.0;
  OssPlaneCell cell = cell_make (5, 3, modulus);
  cell.spacing_mm[1] = 0.1;
  OssPlaneHomogenized result = homogenize (&cell);
  isotropic (8500.0, 0.3, c);
  const double expected[9] = { c[0], c[1], 0.0, c[1], c[0], 0.0, 0.0, 0.0, c[2] };
  for (int i = 0; i < 9; i++)
    g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[i], expected[i], 1e-10 * c[0]);
  g_assert_cmpfloat_with_epsilon (result.planar_modulus_mpa, 8500.0, 1e-6);
  g_assert_cmpfloat_with_epsilon (result.planar_poisson, 0.3, 1e-10);
  g_assert_cmpfloat_with_epsilon (result.modulus_1_mpa, 8500.0, 1e-6);
  g_assert_cmpfloat_with_epsilon (result.modulus_2_mpa, 8500.0, 1e-6);
  g_assert_cmpfloat_with_epsilon (result.poisson_12, 0.3, 1e-10);
  g_assert_cmpfloat_with_epsilon (result.shear_12_mpa, c[2], 1e-6);
  g_assert_cmpfloat (result.solid_fraction, ==, 1.0);
}

/* Layers stacked along @axis: strain along the layers and stress across them are the same in all of them. */
static void
check_laminate (int axis)
{
  const double layers[6] = { 12000.0, 0.0, 0.0, 700.0, 3000.0, 12000.0 };
  double modulus[6 * 4], across = 0.0, couple = 0.0, along = 0.0, shear = 0.0;
  int size[2] = { axis == 0 ? 6 : 4, axis == 0 ? 4 : 6 };

  for (int j = 0; j < size[1]; j++)
    for (int i = 0; i < size[0]; i++)
      modulus[j * size[0] + i] = layers[axis == 0 ? i : j];
  for (int i = 0; i < 6; i++)
    {
      double c[3];
      isotropic (layers[i] > 0.0 ? layers[i] : 1.5, layers[i] > 0.0 ? 0.3 : 0.45, c);
      across += 1.0 / c[0] / 6.0;
      couple += c[1] / c[0] / 6.0;
      along += (c[0] - c[1] * c[1] / c[0]) / 6.0;
      shear += 1.0 / c[2] / 6.0;
    }
  double c_across = 1.0 / across, c_couple = couple / across, c_along = along + couple * couple / across;
  OssPlaneCell cell = cell_make (size[0], size[1], modulus);
  cell.void_modulus_mpa = 1.5;
  cell.void_poisson = 0.45;
  OssPlaneHomogenized result = homogenize (&cell);
  g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[axis == 0 ? 0 : 4], c_across, 1e-9 * c_along);
  g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[axis == 0 ? 4 : 0], c_along, 1e-9 * c_along);
  g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[1], c_couple, 1e-9 * c_along);
  g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[8], 1.0 / shear, 1e-9 * c_along);
  g_assert_cmpfloat_with_epsilon (result.solid_fraction, 4.0 / 6.0, 1e-12);
}

static void
test_laminate (void)
{
  check_laminate (0);
  check_laminate (1);
}

/* A square inclusion in a square cell: the same along x and y, no coupling of shear. */
static void
test_square (void)
{
  const int n = 20;
  g_autofree double *modulus = g_new0 (double, (gsize) (n * n));

  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++)
      modulus[j * n + i] = i >= 5 && i < 15 && j >= 5 && j < 15 ? 0.0 : 10000.0;
  OssPlaneCell cell = cell_make (n, n, modulus);
  OssPlaneHomogenized result = homogenize (&cell);
  const double *c = result.stiffness_mpa, scale = c[0];
  g_test_message ("square pore of a quarter: E1 %.1f, nu %.4f, G %.1f, planar modulus %.1f MPa", result.modulus_1_mpa,
                  result.poisson_12, result.shear_12_mpa, result.planar_modulus_mpa);
  g_assert_cmpfloat_with_epsilon (c[0], c[4], 1e-9 * scale);
  g_assert_cmpfloat (fabs (c[2]) + fabs (c[5]), <, 1e-9 * scale);
  g_assert_cmpfloat_with_epsilon (result.planar_modulus_mpa, result.modulus_1_mpa, 1e-8 * scale);
  g_assert_cmpfloat (result.modulus_1_mpa, >, 0.4 * 10000.0);
  g_assert_cmpfloat (result.modulus_1_mpa, <, 0.75 * 10000.0);
}

/* Hill, J. Mech. Phys. Solids 12 (1964) 199: where all parts have one shear modulus G, the effective one is G and the
 * plane bulk modulus k follows 1 / (k + G) = <1 / (k + G)>, whatever the geometry.  A compatible mesh errs to the stiff
 * side; its relative error with each pixel of a picture split into @split by @split. */
static double
equal_shear_error (int split)
{
  const int n = 24 * split;
  const double g = 2000.0, nu_a = 0.3, nu_b = -0.6;
  double modulus_a = 2.0 * g * (1.0 + nu_a), modulus_b = 2.0 * g * (1.0 + nu_b);
  double k_a = modulus_a / (2.0 * (1.0 - nu_a)), k_b = modulus_b / (2.0 * (1.0 - nu_b)), share = 0.0;
  g_autofree double *modulus = g_new0 (double, (gsize) (n * n));

  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++)
      {
        int x = i / split, y = j / split;
        gboolean inside = hypot (x - 8.5, 0.6 * (y - 11.5)) < 5.5 || (x > 15 && x < 21 && y > 2 && y < 10);
        modulus[j * n + i] = inside ? 0.0 : modulus_a;
        share += inside / (double) (n * n);
      }
  OssPlaneCell cell = cell_make (n, n, modulus);
  cell.void_modulus_mpa = modulus_b;
  cell.void_poisson = nu_b;
  OssPlaneHomogenized result = homogenize (&cell);
  const double *c = result.stiffness_mpa;
  double k = 1.0 / ((1.0 - share) / (k_a + g) + share / (k_b + g)) - g;
  g_assert_cmpfloat_with_epsilon (c[8], g, 1e-3 * g);
  g_assert_cmpfloat_with_epsilon (0.25 * (c[0] + c[4] - 2.0 * c[1]), g, 1e-3 * g);
  return 0.25 * (c[0] + c[4] + 2.0 * c[1]) / k - 1.0;
}

static void
test_equal_shear (void)
{
  double coarse = equal_shear_error (1), middle = equal_shear_error (2), fine = equal_shear_error (4);

  g_test_message ("plane bulk modulus above Hill's by %.2e, %.2e, %.2e", coarse, middle, fine);
  /* Re-entrant corners hold the order between 1 and 2. */
  g_assert_cmpfloat (fine, >, 0.0);
  g_assert_cmpfloat (middle, <, 0.6 * coarse);
  g_assert_cmpfloat (fine, <, 0.6 * middle);
  g_assert_cmpfloat (fine, <, 2e-3);
}

/* Random pixels: between the bounds as quadratic forms, and turned with the picture. */
static void
test_bounds (void)
{
  const int n = 16;
  double modulus[256], turned[256];
  OssRandom random;

  oss_random_init (&random, 5, 0);
  for (int i = 0; i < n * n; i++)
    modulus[i] = oss_random_range (&random, 100.0, 15000.0);
  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++)
      turned[i * n + n - 1 - j] = modulus[j * n + i];
  OssPlaneCell cell = cell_make (n, n, modulus), other = cell_make (n, n, turned);
  OssPlaneHomogenized a = homogenize (&cell), b = homogenize (&other);
  g_assert_cmpfloat_with_epsilon (a.stiffness_mpa[0], b.stiffness_mpa[4], 1e-8 * a.stiffness_mpa[0]);
  g_assert_cmpfloat_with_epsilon (a.stiffness_mpa[8], b.stiffness_mpa[8], 1e-8 * a.stiffness_mpa[0]);
  g_assert_cmpfloat_with_epsilon (a.planar_modulus_mpa, b.planar_modulus_mpa, 1e-8 * a.planar_modulus_mpa);
  for (int k = 0; k < 100; k++)
    {
      double e[3], low = 0.0, middle = 0.0, high = 0.0;
      for (int i = 0; i < 3; i++)
        e[i] = oss_random_range (&random, -1.0, 1.0);
      for (int i = 0; i < 9; i++)
        {
          low += e[i / 3] * a.reuss_mpa[i] * e[i % 3];
          middle += e[i / 3] * a.stiffness_mpa[i] * e[i % 3];
          high += e[i / 3] * a.voigt_mpa[i] * e[i % 3];
        }
      g_assert_cmpfloat (low, <, middle);
      g_assert_cmpfloat (middle, <, high);
    }
}

static void
expect_refusal (OssPlaneCell cell, const char *words)
{
  OssPlaneHomogenized result;
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_homogenize_plane (&cell, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_bad (void)
{
  double modulus[4] = { 1.0, 0.0, 2.0, 3.0 }, empty[4] = { 0.0 }, broken[4] = { 1.0, NAN, 1.0, 1.0 };
  OssPlaneCell cell = cell_make (2, 2, modulus);
  int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  OssPlaneHomogenized result;
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_homogenize_plane (&cell, &result, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  cell.poisson = 0.5;
  expect_refusal (cell, "0.5");
  cell.poisson = 0.3;
  cell.void_modulus_mpa = 0.0;
  expect_refusal (cell, "void");
  cell.void_modulus_mpa = 1.0;
  cell.spacing_mm[0] = -1.0;
  expect_refusal (cell, "-1");
  cell.spacing_mm[0] = 1.0;
  cell.size[1] = 0;
  expect_refusal (cell, "0 pixels");
  expect_refusal (cell_make (2, 2, empty), "nothing but void");
  expect_refusal (cell_make (2, 2, broken), "(1, 0)");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/micro/plane/one-material", test_one_material);
  g_test_add_func ("/micro/plane/laminate", test_laminate);
  g_test_add_func ("/micro/plane/square", test_square);
  g_test_add_func ("/micro/plane/equal-shear", test_equal_shear);
  g_test_add_func ("/micro/plane/bounds", test_bounds);
  g_test_add_func ("/micro/plane/bad-input", test_bad);
  return g_test_run ();
}
