/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The L4 of the voxel reference to 2 % apparent strain: within a minute on two processors, in equilibrium in every
 * increment, and starting as the reference's linear solution of ParOSol does (-6830.07 N at 0.2924 mm). */
#include "base/oss-parallel.h"
#include "fem-l4.h"

#include <time.h>

#define REFERENCE_N_PER_MM (6830.07 / 0.2924)
#define SECONDS 60.0

static void
test_l4 (void)
{
  g_autofree char *folder =
      g_build_filename (g_getenv ("OSSATURE_SHARED_DATA") != NULL ? g_getenv ("OSSATURE_SHARED_DATA") : "",
                        "fe_voxel_reference", "vertebra_l4_mini", NULL);
  g_autoptr (GError) error = NULL;
  clock_t begun = clock ();

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("the voxel reference is not there: set the meson option shared_data");
      return;
    }
  oss_parallel_set_threads (2);
  g_autoptr (OssFemCurve) curve = l4_curve (20, OSS_CRITERION_PARABOLOID, &error);
  g_assert_no_error (error);
  double seconds = (double) (clock () - begun) / CLOCKS_PER_SEC; /* of both processors together */
  g_test_message ("%.1f s of processor time; stiffness %.2f N/mm, offset yield %.1f N, largest load %.1f N", seconds,
                  curve->stiffness_n_per_mm, curve->offset_n, curve->plateau_n);
  g_assert_true (curve->converged);
  g_assert_cmpfloat_with_epsilon (curve->points[curve->n_points - 1].displacement_mm, L4_STRAIN * L4_HEIGHT_MM, 1e-9);
  /* The reference is read to six digits, its moduli are floats: 0.1 % as for the linear solution. */
  g_assert_cmpfloat_with_epsilon (curve->stiffness_n_per_mm, REFERENCE_N_PER_MM, 1e-3 * REFERENCE_N_PER_MM);
  for (gsize i = 1; i < curve->n_points; i++)
    {
      const OssLoadPoint *p = &curve->points[i];
      g_assert_cmpfloat (p->residual, <=, 1e-4);
      g_assert_cmpfloat (p->reaction_n, >, curve->points[i - 1].reaction_n);
      g_assert_cmpfloat_with_epsilon (p->work_nmm, p->stored_nmm + p->dissipated_nmm, 1e-4 * p->work_nmm);
    }
  g_assert_cmpfloat (curve->offset_n, >, 0.5 * 0.0068 * L4_HEIGHT_MM * curve->stiffness_n_per_mm);
  g_assert_cmpfloat (curve->offset_n, <, curve->plateau_n);
  g_assert_cmpfloat (seconds, <, SECONDS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/nonlinear/l4", test_l4);
  return g_test_run ();
}
