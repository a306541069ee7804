/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A human trabecular cube, KUBC, by FEniCS (github MathieuSm/FEniCSx, commit e6eb56a, Trabecular_06): our stiffness
 * within 0.2 % of the largest entry. */
#include "formats/oss-nifti.h"
#include "micro/oss-homogenize.h"

#include <string.h>

static void
test_bern (void)
{
  const char *folder = g_getenv ("OSSATURE_SHARED_DATA");
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length;
  double reference[36], largest = 0.0, worst = 0.0;

  if (folder == NULL || folder[0] == '\0')
    {
      g_test_message ("the option shared_data is not set: the trabecular cube was not read");
      g_test_skip ("no public data");
      return;
    }
  g_autofree char *mask_path = g_build_filename (folder, "microfe_bern_trabecular_06", "mask.nii.gz", NULL);
  g_autofree char *npy = g_build_filename (folder, "microfe_bern_trabecular_06", "FEniCS", "Trabecular_06.npy", NULL);
  g_autoptr (OssVolume) mask = oss_nifti_read_volume (mask_path, OSS_QUANTITY_OTHER, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (npy, &text, &length, &error));
  g_assert_cmpuint (length, ==, 128 + sizeof reference);
  memcpy (reference, text + 128, sizeof reference);
  gsize n = oss_grid_count (&mask->grid);
  for (gsize v = 0; v < n; v++)
    mask->data[v] = mask->data[v] > 0.0f ? 10000.0f : 0.0f;
  OssMicroVolume volume = { .size = { 89, 89, 89 },
                            .spacing_mm = { 1.0, 1.0, 1.0 },
                            .modulus_mpa = mask->data,
                            .poisson = 0.3,
                            .boundary = OSS_BOUNDARY_KUBC,
                            .tolerance = 1e-8,
                            .max_iterations = 20000 };
  g_auto (OssHomogenized) result = { 0 };
  oss_homogenize (&volume, &result, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (result.converged);
  g_assert_cmpfloat (result.energy_error, <, 1e-7);
  g_assert_cmpfloat (result.symmetry_error, <, 1e-7);
  for (int i = 0; i < 36; i++)
    {
      largest = fmax (largest, fabs (reference[i]));
      worst = fmax (worst, fabs (result.stiffness_mpa[i] - reference[i]));
    }
  g_test_message ("%zu elements, %zu nodes; C11 C22 C33 %.3f %.3f %.3f, C44 C55 C66 %.3f %.3f %.3f MPa; worst entry "
                  "%.4f %% of the largest from FEniCS; %d iterations",
                  result.n_elements, result.n_nodes, result.stiffness_mpa[0], result.stiffness_mpa[7],
                  result.stiffness_mpa[14], result.stiffness_mpa[21], result.stiffness_mpa[28],
                  result.stiffness_mpa[35], 100.0 * worst / largest, result.iterations[0]);
  g_assert_cmpuint (result.n_elements, ==, 41844);
  g_assert_cmpuint (result.n_nodes, ==, 90009);
  g_assert_cmpfloat (worst, <, 0.002 * largest);
  g_assert_cmpfloat_with_epsilon (result.bv_tv, 0.0594, 1e-4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/micro/homogenize/bern", test_bern);
  return g_test_run ();
}
