/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-random.h"
#include "fem-models.h"

#include <string.h>

static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };

/* A law of the test's own: E = 1000 rho^exponent, rho in g/cm3, no conversion. */
static const OssLaw linear_law = { .name = "test-linear",
                                   .basis = OSS_BASIS_K2HPO4,
                                   .coefficient = 1000.0,
                                   .exponent = 1.0,
                                   .poisson = 0.3,
                                   .range_low_mg_cm3 = 100.0,
                                   .range_high_mg_cm3 = 500.0 };
static const OssLaw square_law = { .name = "test-square",
                                   .basis = OSS_BASIS_K2HPO4,
                                   .coefficient = 1000.0,
                                   .exponent = 2.0,
                                   .poisson = 0.3,
                                   .range_low_mg_cm3 = 0.0,
                                   .range_high_mg_cm3 = 2000.0 };

static OssLawChain
chain_of (const OssLaw *law)
{
  return (OssLawChain){ .law = law, .floor_mpa = 0.1 };
}

/* Index axes point to the patient's right, back and foot to head: x falls with i. */
static OssVolume *
image (const int size[3], const double spacing[3], const double origin[3])
{
  OssGrid grid = { .direction = { -1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0 } };
  memcpy (grid.size, size, sizeof grid.size);
  memcpy (grid.spacing, spacing, sizeof grid.spacing);
  memcpy (grid.origin, origin, sizeof grid.origin);
  return oss_volume_new (&grid, OSS_QUANTITY_DENSITY, NULL);
}

/* density = a + b . x in patient coordinates, mg/cm3. */
static OssVolume *
linear_image (double a, const double b[3])
{
  const int size[3] = { 30, 30, 30 };
  const double spacing[3] = { 0.7, 0.6, 1.0 }, origin[3] = { 12.0, -5.0, -8.0 };
  OssVolume *volume = image (size, spacing, origin);

  for (int k = 0; k < 30; k++)
    for (int j = 0; j < 30; j++)
      for (int i = 0; i < 30; i++)
        {
          const double index[3] = { i, j, k };
          double x[3];
          oss_grid_to_patient (&volume->grid, index, x);
          volume->data[oss_grid_offset (&volume->grid, i, j, k)] = (float) (a + oss_dot (b, x));
        }
  return volume;
}

static OssMesh *
box (OssElementKind kind)
{
  const int n[3] = { 2, 3, 2 };
  const double size[3] = { 4.0, 5.0, 6.0 };
  return model_box (kind, n, size, NULL, NULL);
}

/* A linear field through a linear law: the mean over an element is the value at its centroid; the summary is the
 * box's own mean, 300 + 20 * 2 + 10 * 2.5 - 15 * 3. */
static void
test_linear (void)
{
  const double slope[3] = { 20.0, 10.0, -15.0 };
  g_autoptr (OssVolume) density = linear_image (300.0, slope);
  OssLawChain chain = chain_of (&linear_law);

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = box (kinds[k]);
      g_autoptr (GError) error = NULL;
      OssModulusSummary summary;
      g_autofree double *modulus = oss_fem_modulus (mesh, density, chain.from, &chain, &summary, NULL, &error);

      g_assert_no_error (error);
      for (gsize e = 0; e < mesh->n_elements; e++)
        {
          double centre[3];
          model_centre (mesh, e, centre);
          g_assert_cmpfloat_with_epsilon (modulus[e], 300.0 + oss_dot (slope, centre), 1e-4); /* float voxels */
        }
      g_assert_cmpfloat_with_epsilon (summary.mean_mpa, 320.0, 1e-4);
      g_assert_cmpuint (summary.at_floor, ==, 0);
      g_assert_cmpfloat (summary.outside_range_percent, ==, 0.0);
      g_assert_cmpfloat (summary.minimum_mpa, <, summary.mean_mpa);
      g_assert_cmpfloat (summary.maximum_mpa, >, summary.mean_mpa);
    }
}

/* E = rho^2 of a linear field has the closed mean of a tetrahedron: rho(centroid)^2 + (sum over corners of
 * (rho_i - rho(centroid))^2) / 20.  It is E over the element, not E of the mean density. */
static void
test_mean_of_modulus (void)
{
  const double slope[3] = { 150.0, 60.0, -90.0 };
  g_autoptr (OssVolume) density = linear_image (500.0, slope);
  g_autoptr (OssMesh) mesh = box (OSS_ELEMENT_TET10);
  OssLawChain chain = chain_of (&square_law);
  OssModulusSummary summary;
  g_autofree double *modulus = oss_fem_modulus (mesh, density, chain.from, &chain, &summary, NULL, NULL);

  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      double centre[3], spread = 0.0;
      model_centre (mesh, e, centre);
      double mean = (500.0 + oss_dot (slope, centre)) / 1000.0;
      for (gsize a = 0; a < 4; a++)
        {
          double rho = (500.0 + oss_dot (slope, mesh->nodes + 3 * (gsize) mesh->elements[10 * e + a])) / 1000.0 - mean;
          spread += rho * rho / 20.0;
        }
      g_assert_cmpfloat (spread, >, 0.002); /* 2 MPa apart from E of the mean density */
      g_assert_cmpfloat_with_epsilon (modulus[e], 1000.0 * (mean * mean + spread), 1e-3); /* float voxels */
    }
}

/* Bricks that are voxels have their voxels' moduli, each in its own place. */
static void
test_voxels (void)
{
  const int size[3] = { 4, 3, 5 };
  const double spacing[3] = { 0.5, 0.8, 1.25 }, origin[3] = { 1.75, 0.4, 0.625 }, extent[3] = { 2.0, 2.4, 6.25 };
  g_autoptr (OssVolume) density = image (size, spacing, origin);
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_HEX8, size, extent, NULL, NULL);
  OssLawChain chain = chain_of (&linear_law);
  OssModulusSummary summary;
  OssRandom random;

  oss_random_init (&random, 9, 0);
  for (gsize i = 0; i < 60; i++)
    density->data[i] = (float) oss_random_range (&random, 50.0, 600.0);
  g_autofree double *modulus = oss_fem_modulus (mesh, density, chain.from, &chain, &summary, NULL, NULL);
  gsize outside = 0;
  for (gsize e = 0; e < 60; e++)
    {
      /* Elements run with x, voxels against it. */
      gsize i = 3 - e % 4, voxel = e / 4 * 4 + i;
      g_assert_cmpfloat_with_epsilon (modulus[e], density->data[voxel], 1e-3);
      outside += density->data[voxel] < 100.0f || density->data[voxel] > 500.0f;
    }
  g_assert_cmpuint (outside, >, 5);
  g_assert_cmpfloat_with_epsilon (summary.outside_range_percent, 100.0 * (double) outside / 60.0, 1e-9);
}

/* Bone on the patient's left (x above 0) is stiff on the left. */
static void
test_left (void)
{
  const int size[3] = { 40, 10, 10 };
  const double spacing[3] = { 1.0, 1.0, 1.0 }, origin[3] = { 19.5, 0.0, 0.0 }, extent[3] = { 16.0, 6.0, 6.0 };
  const int n[3] = { 8, 3, 3 };
  g_autoptr (OssVolume) density = image (size, spacing, origin);
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, extent, NULL, NULL);
  OssLawChain chain = chain_of (&linear_law);
  OssModulusSummary summary;

  for (gsize i = 0; i < 4000; i++)
    density->data[i] = i % 40 < 20 ? 400.0f : -100.0f; /* low index: left */
  for (gsize i = 0; i < mesh->n_nodes; i++)
    mesh->nodes[3 * i] -= 8.0;
  g_autofree double *modulus = oss_fem_modulus (mesh, density, chain.from, &chain, &summary, NULL, NULL);
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      double centre[3];
      model_centre (mesh, e, centre);
      if (centre[0] > 2.0)
        g_assert_cmpfloat (modulus[e], ==, 400.0);
      if (centre[0] < -2.0)
        g_assert_cmpfloat_with_epsilon (modulus[e], 0.1, 1e-12);
    }
  g_assert_cmpuint (summary.at_floor, >, mesh->n_elements / 4);
}

static void
expect_failure (const OssVolume *density, OssError code, const char *words)
{
  g_autoptr (OssMesh) mesh = box (OSS_ELEMENT_TET4);
  g_autoptr (GError) error = NULL;
  OssLawChain chain = chain_of (&linear_law);
  OssModulusSummary summary;

  g_assert_null (oss_fem_modulus (mesh, density, chain.from, &chain, &summary, NULL, &error));
  g_assert_error (error, OSS_ERROR, (gint) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refusals (void)
{
  const double none[3] = { 0.0, 0.0, 0.0 };
  g_autoptr (OssVolume) air = linear_image (-950.0, none);
  g_autoptr (OssVolume) damaged = linear_image (300.0, none);

  expect_failure (air, OSS_ERROR_REFUSED, "Density spans -950 to -950 mg");
  for (gsize i = 0; i < oss_grid_count (&damaged->grid); i++)
    damaged->data[i] = NAN;
  expect_failure (damaged, OSS_ERROR_INVALID_DATA, "not a number");
}

/* Bins keep the order, the sum and the number of materials; equal moduli stay. */
static void
test_bins (void)
{
  double modulus[500], binned[500], sum = 0.0, binned_sum = 0.0;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_double_hash, g_double_equal);
  OssRandom random;

  oss_random_init (&random, 2, 0);
  for (int i = 0; i < 500; i++)
    modulus[i] = exp (oss_random_range (&random, log (0.1), log (15000.0)));
  oss_fem_bin_modulus (modulus, 500, 40, binned);
  for (int i = 0; i < 500; i++)
    {
      double width = log (150000.0) / 40.0;
      sum += modulus[i];
      binned_sum += binned[i];
      g_hash_table_add (seen, &binned[i]);
      g_assert_cmpfloat (fabs (log (binned[i] / modulus[i])), <, width);
    }
  g_assert_cmpfloat_with_epsilon (binned_sum, sum, 1e-8);
  g_assert_cmpuint (g_hash_table_size (seen), <=, 40);
  g_assert_cmpuint (g_hash_table_size (seen), >, 30);
  oss_fem_bin_modulus (modulus, 500, 0, binned);
  g_assert_cmpmem (modulus, sizeof modulus, binned, sizeof binned);
  for (int i = 0; i < 500; i++)
    modulus[i] = 42.0;
  oss_fem_bin_modulus (modulus, 500, 40, modulus);
  g_assert_cmpfloat (modulus[499], ==, 42.0);
}

static void
test_cancel (void)
{
  const double slope[3] = { 0.0, 0.0, 0.0 };
  const int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (OssVolume) density = linear_image (300.0, slope);
  g_autoptr (OssMesh) mesh = box (OSS_ELEMENT_TET4);
  g_autoptr (GError) error = NULL;
  OssLawChain chain = chain_of (&linear_law);
  OssModulusSummary summary;

  g_assert_null (oss_fem_modulus (mesh, density, chain.from, &chain, &summary, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/modulus/linear", test_linear);
  g_test_add_func ("/fem/modulus/mean-of-modulus", test_mean_of_modulus);
  g_test_add_func ("/fem/modulus/voxels", test_voxels);
  g_test_add_func ("/fem/modulus/left", test_left);
  g_test_add_func ("/fem/modulus/refusals", test_refusals);
  g_test_add_func ("/fem/modulus/bins", test_bins);
  g_test_add_func ("/fem/modulus/cancel", test_cancel);
  return g_test_run ();
}
