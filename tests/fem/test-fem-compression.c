/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A voxel solid between two faces: closed forms, how faces are found, and what is refused. */
#include "fem/oss-voxel-compression.h"

#include <string.h>

#define MODULUS 8000.0

static OssVolume *
block (int nx, int ny, int nz, double modulus)
{
  OssGrid grid = { .size = { nx, ny, nz }, .spacing = { 0.5, 0.4, 0.6 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (GError) error = NULL;
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_MODULUS, &error);

  g_assert_no_error (error);
  for (int v = 0; v < nx * ny * nz; v++)
    volume->data[v] = (float) modulus;
  return volume;
}

static OssVoxelCompression
compression_make (const OssVolume *modulus)
{
  return (OssVoxelCompression){ .modulus_mpa = modulus,
                                .poisson = 0.3,
                                .axis = 2,
                                .move = -0.01,
                                .move_is_strain = TRUE,
                                .lateral = OSS_LATERAL_NONE,
                                .tolerance = 1e-11 };
}

static OssVoxelCompressed *
compress (const OssVoxelCompression *compression)
{
  g_autoptr (GError) error = NULL;
  OssVoxelCompressed *result = oss_voxel_compress (compression, NULL, &error);

  g_assert_no_error (error);
  if (!result->converged)
    g_error ("%s", result->reason);
  /* Half of force times displacement is the energy, and so is the sum over the elements. */
  g_assert_cmpfloat_with_epsilon (0.5 * result->reaction_n * result->displacement_mm, result->energy_n_mm,
                                  1e-6 * result->energy_n_mm);
  g_assert_cmpfloat_with_epsilon (result->sed_mean.mean_mpa * result->bone_mm3, result->energy_n_mm,
                                  1e-6 * result->energy_n_mm);
  return result;
}

/* Uniaxial: F = E A strain along each axis; sliding and turning between the plates are three free motions. */
static void
test_uniaxial (void)
{
  const double side[3] = { 4 * 0.5, 5 * 0.4, 6 * 0.6 };
  g_autoptr (OssVolume) modulus = block (4, 5, 6, MODULUS);

  for (int axis = 0; axis < 3; axis++)
    {
      OssVoxelCompression compression = compression_make (modulus);
      compression.axis = axis;
      g_autoptr (OssVoxelCompressed) result = compress (&compression);
      double area = side[0] * side[1] * side[2] / side[axis], force = -MODULUS * area * 0.01;
      double sed = 0.5 * MODULUS * 1e-4;
      g_assert_cmpfloat_with_epsilon (result->reaction_n, force, 1e-7 * fabs (force));
      g_assert_cmpfloat_with_epsilon (result->distance_mm, side[axis], 1e-12);
      g_assert_cmpfloat_with_epsilon (result->stiffness_n_per_mm, MODULUS * area / side[axis], 1e-3);
      g_assert_cmpfloat_with_epsilon (result->sed_centre.mean_mpa, sed, 1e-7 * sed);
      g_assert_cmpfloat_with_epsilon (result->sed_centre.p95_mpa, sed, 1e-7 * sed);
      g_assert_cmpfloat_with_epsilon (result->sed_mean.maximum_mpa, sed, 1e-7 * sed);
      /* effective strain 1 %: 0.7 times the load brings all bone to 0.7 % */
      g_assert_cmpfloat_with_epsilon (result->pistoia_factor, 0.7, 1e-6);
      g_assert_cmpfloat_with_epsilon (result->pistoia_failure_load_n, 0.7 * force, 1e-5 * fabs (force));
      g_assert_cmpint (result->projected_motions, ==, 3);
      for (int v = 0; v < 120; v++)
        {
          g_assert_cmpfloat_with_epsilon (result->von_mises_mpa->data[v], 80.0, 1e-3);
          g_assert_cmpfloat_with_epsilon (result->sed_centre_mpa->data[v], sed, 1e-6);
        }
    }
}

/* Bonded plates make it stiffer, one bonded plate less so; the uniaxial force is the least. */
static void
test_lateral (void)
{
  g_autoptr (OssVolume) modulus = block (4, 5, 6, MODULUS);
  double force[4];

  for (int lateral = 0; lateral < 4; lateral++)
    {
      OssVoxelCompression compression = compression_make (modulus);
      compression.lateral = (OssLateral) lateral;
      g_autoptr (OssVoxelCompressed) result = compress (&compression);
      force[lateral] = -result->reaction_n;
      g_assert_cmpint (result->projected_motions, ==, lateral == 0 ? 3 : 0);
    }
  g_assert_cmpfloat (force[0], <, force[1]);
  g_assert_cmpfloat_with_epsilon (force[1], force[2], 1e-7 * force[1]); /* the block is symmetric */
  g_assert_cmpfloat (force[2], <, force[3]);
  g_assert_cmpfloat (force[3], <, MODULUS * 4.0 * 0.01 * 1.3462); /* oedometric: (1 - nu) / (1 + nu) / (1 - 2 nu) */
}

/* Caps of other sizes at the ends, an island, and the same image upside down. */
static void
test_labels (void)
{
  g_autoptr (OssVolume) modulus = block (6, 6, 8, 0.0);
  g_autoptr (OssLabels) labels = oss_labels_new (&modulus->grid, NULL), flipped = oss_labels_new (&modulus->grid, NULL);
  g_autoptr (OssVolume) upside = block (6, 6, 8, 0.0);

  for (int k = 0; k < 8; k++)
    for (int j = 0; j < 6; j++)
      for (int i = 0; i < 6; i++)
        {
          gboolean cap = (k == 1 || k == 6) && i > 0 && i < 5 && j<4, body = k> 1 && k < 6 && i > 1 && i < 4 && j < 4;
          gsize at = oss_grid_offset (&modulus->grid, i, j, k), mirror = oss_grid_offset (&modulus->grid, i, j, 7 - k);
          gboolean island = i == 0 && j == 5 && k > 2 && k < 5;
          modulus->data[at] = upside->data[mirror] = cap || body || island ? (float) MODULUS : 0.0f;
          labels->data[at] = flipped->data[mirror] = cap ? (k == 1 ? 5 : 6) : body ? 1 : 0;
        }
  OssVoxelCompression compression = compression_make (modulus);
  compression.labels = labels;
  compression.top = 6;
  compression.bottom = 5;
  compression.lateral = OSS_LATERAL_BOTTOM;
  compression.move = -0.02;
  compression.move_is_strain = FALSE;
  g_autoptr (OssVoxelCompressed) result = compress (&compression);
  g_assert_cmpuint (result->n_top_nodes, ==, 25);
  g_assert_cmpuint (result->n_bottom_nodes, ==, 25);
  g_assert_cmpuint (result->n_islands, ==, 1);
  g_assert_cmpuint (result->n_island_voxels, ==, 2);
  g_assert_cmpfloat_with_epsilon (result->distance_mm, 6 * 0.6, 1e-12);
  g_assert_cmpfloat (result->reaction_n, <, 0.0);
  compression.modulus_mpa = upside;
  compression.labels = flipped;
  g_autoptr (OssVoxelCompressed) turned = compress (&compression);
  g_assert_cmpfloat_with_epsilon (turned->reaction_n, result->reaction_n, 1e-7 * fabs (result->reaction_n));
  compression.move = 0.02;
  g_autoptr (OssVoxelCompressed) pulled = compress (&compression);
  g_assert_cmpfloat_with_epsilon (pulled->reaction_n, -result->reaction_n, 1e-7 * fabs (result->reaction_n));
  /* the centre of the voxels below the top has moved almost as far as the top */
  gsize near = oss_grid_offset (&modulus->grid, 2, 2, 1);
  g_assert_cmpfloat_with_epsilon (pulled->displacement_mm_xyz[2]->data[near], -0.02, 0.004);
}

/* --- Bad input --- */

static void
expect_refusal (const OssVoxelCompression *compression, OssError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVoxelCompressed) result = oss_voxel_compress (compression, NULL, &error);

  g_assert_null (result);
  g_assert_error (error, OSS_ERROR, (int) code);
  g_assert_cmpint (oss_error_exit_status (error), ==, 3);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_bad_moduli (void)
{
  g_autoptr (OssVolume) modulus = block (3, 3, 3, 100.0), nothing = block (3, 3, 3, 0.0), apart = block (3, 3, 5, 50.0);
  OssVoxelCompression compression = compression_make (modulus);

  modulus->data[4] = -1.0f;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "negative");
  modulus->data[4] = NAN;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "not a number");
  compression.modulus_mpa = nothing;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "no bone");
  memset (apart->data + 18, 0, 9 * sizeof (float));
  compression.modulus_mpa = apart;
  expect_refusal (&compression, OSS_ERROR_REFUSED, "connects");
}

static void
test_bad_options (void)
{
  g_autoptr (OssVolume) modulus = block (3, 3, 3, 100.0), other = block (3, 3, 4, 100.0);
  g_autoptr (OssLabels) labels = oss_labels_new (&modulus->grid, NULL), elsewhere = oss_labels_new (&other->grid, NULL);
  OssVoxelCompression compression = compression_make (modulus);
  int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GError) error = NULL;

  compression.poisson = 0.5;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "0.5");
  compression.poisson = 0.3;
  compression.move = 0.0;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "loads nothing");
  compression.move = -0.01;
  compression.labels = elsewhere;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "another grid");
  compression.labels = labels;
  compression.top = 6;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "label 6");
  compression.top = 0;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "needed");
  labels->data[0] = compression.top = 6;
  labels->data[1] = compression.bottom = 5;
  expect_refusal (&compression, OSS_ERROR_INVALID_DATA, "same place");
  compression.labels = NULL;
  g_assert_null (oss_voxel_compress (&compression, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

static void
test_unfinished (void)
{
  g_autoptr (OssVolume) modulus = block (6, 6, 6, 100.0);
  OssVoxelCompression compression = compression_make (modulus);

  for (int v = 0; v < 216; v++)
    modulus->data[v] = (float) (100 + 37 * v % 4000);
  compression.lateral = OSS_LATERAL_BOTH;
  compression.max_iterations = 1;
  g_autoptr (OssVoxelCompressed) result = oss_voxel_compress (&compression, NULL, NULL);
  g_assert_nonnull (result);
  g_assert_false (result->converged);
  g_assert_cmpint (result->iterations, ==, 1);
  g_assert_cmpfloat (result->history[1], >, 1e-11);
  g_assert_null (result->sed_mean_mpa);
  g_assert_cmpstr (result->reason, !=, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/compression/uniaxial", test_uniaxial);
  g_test_add_func ("/fem/compression/lateral", test_lateral);
  g_test_add_func ("/fem/compression/labels", test_labels);
  g_test_add_func ("/fem/compression/bad-moduli", test_bad_moduli);
  g_test_add_func ("/fem/compression/bad-options", test_bad_options);
  g_test_add_func ("/fem/compression/unfinished", test_unfinished);
  return g_test_run ();
}
