/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The third-party benchmark of ../shared/data/fe_spinefe_verse004_L2: an L2 with caps, E = 2980 rho^1.05 MPa (rho in
 * g/cm3; below 0: 0.0001 MPa), caps 2500 MPa, nu 0.3, moved by -0.2 mm between plates without friction.  It comes
 * without an answer: counts, energy balance and how the variants relate are checked, the stiffness is printed. */
#include "fem/oss-voxel-compression.h"
#include "formats/oss-nifti.h"

#include <string.h>

#define BINS 128

/* How density becomes modulus. */
typedef struct
{
  double unit; /* what the law's density is multiplied by: 1 for g/cm3, 1000 for mg/cm3 */
  guint bins;  /* of equal width between the least and the greatest density of bone; 0: none */
} Law;

static OssVolume *density;
static OssLabels *labels;

static double
law_mpa (const Law *law, double g_cm3)
{
  return g_cm3 > 0.0 ? 2980.0 * pow (g_cm3 * law->unit, 1.05) : 0.0001;
}

static void
density_range (double *low, double *high)
{
  gsize n = oss_grid_count (&density->grid);

  *low = INFINITY, *high = -INFINITY;
  for (gsize v = 0; v < n; v++)
    if (labels->data[v] >= 1 && labels->data[v] <= 4)
      {
        *low = fmin (*low, density->data[v]);
        *high = fmax (*high, density->data[v]);
      }
}

static OssVolume *
make_moduli (const Law *law)
{
  OssVolume *modulus = oss_volume_new (&density->grid, OSS_QUANTITY_MODULUS, NULL);
  gsize n = oss_grid_count (&density->grid);
  double low, high;

  g_assert_nonnull (modulus);
  density_range (&low, &high);
  for (gsize v = 0; v < n; v++)
    {
      double mg = density->data[v];
      if (labels->data[v] == 0)
        continue;
      if (law->bins > 0)
        {
          double width = (high - low) / law->bins;
          mg = low + (fmin (floor ((mg - low) / width), law->bins - 1) + 0.5) * width;
        }
      modulus->data[v] = (float) (labels->data[v] >= 5 ? 2500.0 : law_mpa (law, mg / 1000.0));
    }
  return modulus;
}

static double
stiffness (const Law *law, const char *what)
{
  g_autoptr (OssVolume) modulus = make_moduli (law);
  g_autoptr (GError) error = NULL;
  OssVoxelCompression compression = { .modulus_mpa = modulus,
                                      .labels = labels,
                                      .top = 6,
                                      .bottom = 5,
                                      .poisson = 0.3,
                                      .axis = 2,
                                      .move = -0.2,
                                      .lateral = OSS_LATERAL_NONE,
                                      .tolerance = 1e-7,
                                      .max_iterations = 5000 };
  g_autoptr (OssVoxelCompressed) result = oss_voxel_compress (&compression, NULL, &error);

  g_assert_no_error (error);
  if (!result->converged)
    g_error ("%s: %s", what, result->reason);
  g_test_message (
      "%s: %.2f N/mm (%.2f N at %.1f mm), %d iterations, %zu elements, %zu nodes, %zu islands of %zu voxels", what,
      result->stiffness_n_per_mm, result->reaction_n, result->displacement_mm, result->iterations, result->n_elements,
      result->n_nodes, result->n_islands, result->n_island_voxels);
  g_assert_cmpuint (result->n_elements, ==, 67186);
  g_assert_cmpuint (result->n_nodes, ==, 77892);
  g_assert_cmpuint (result->n_top_nodes, ==, 1432);
  g_assert_cmpuint (result->n_bottom_nodes, ==, 1413);
  g_assert_cmpint (result->projected_motions, ==, 3);
  g_assert_cmpfloat_with_epsilon (result->sed_mean.mean_mpa * result->bone_mm3,
                                  0.5 * result->reaction_n * result->displacement_mm, 1e-5 * result->energy_n_mm);
  return result->stiffness_n_per_mm;
}

static void
test_benchmark (void)
{
  const char *data = g_getenv ("OSSATURE_SHARED_DATA");
  g_autoptr (GError) error = NULL;

  if (data == NULL || data[0] == '\0')
    {
      g_test_message ("the option shared_data is not set: the benchmark was not read");
      g_test_skip ("no public data");
      return;
    }
  g_autofree char *image =
      g_build_filename (data, "fe_spinefe_verse004_L2", "sub-verse004_0000_vertebra_21_im.nii.gz", NULL);
  g_autofree char *parts =
      g_build_filename (data, "fe_spinefe_verse004_L2", "sub-verse004_0000_vertebra_21_seg.nii.gz", NULL);
  density = oss_nifti_read_volume (image, OSS_QUANTITY_DENSITY, NULL, &error);
  g_assert_no_error (error);
  labels = oss_nifti_read_labels (parts, NULL, &error);
  g_assert_no_error (error);
  double exact = stiffness (&(Law){ 1.0, 0 }, "g/cm3"), binned = stiffness (&(Law){ 1.0, BINS }, "g/cm3, 128 bins");
  double wrong = stiffness (&(Law){ 1000.0, 0 }, "mg/cm3");
  g_test_message ("128 bins change the stiffness by %+.2f %%; reading the law in mg/cm3 multiplies it by %.1f",
                  100.0 * (binned / exact - 1.0), wrong / exact);
  g_assert_cmpfloat (fabs (binned / exact - 1.0), <, 0.01);
  /* Bone 1412 times stiffer: only the caps, 2500 MPa, yield. */
  g_assert_cmpfloat (wrong / exact, >, 10.0);
  g_assert_cmpfloat (wrong / exact, <, 1412.6);
  /* The softest and the stiffest a body of this height and these caps could be: trabecular 50 and cortical 6000 MPa. */
  g_assert_cmpfloat (exact, >, 50.0 * 1300.0 / 37.0);
  g_assert_cmpfloat (exact, <, 6000.0 * 1400.0 / 37.0);
  g_clear_pointer (&density, oss_volume_unref);
  g_clear_pointer (&labels, oss_labels_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/spinefe/verse004-l2", test_benchmark);
  return g_test_run ();
}
