/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench fem as scripts see it.  Times are not judged here; what was solved is: by two solvers, by CalculiX, and a
 * column between the bounds of its closed forms. */
#include "cli-run.h"
#include "formats/oss-nifti.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *work;

static JsonObject *
run_json (JsonParser *parser, const char *line)
{
  g_auto (Run) run = run_line (work, line);
  return run_document (&run, parser, 0, line);
}

static void
check_kernel (JsonObject *kernels, const char *name, double peak_gflop_s)
{
  g_assert_true (json_object_has_member (kernels, name));
  JsonObject *kernel = json_object_get_object_member (kernels, name);

  g_assert_cmpint (json_object_get_int_member (kernel, "count"), >, 1000);
  g_assert_cmpfloat (run_number (kernel, "ns"), >, 0.1);
  g_assert_cmpfloat (run_number (kernel, "ns"), <, 1e8);
  if (json_object_get_null_member (kernel, "gflop_s"))
    return;
  g_assert_cmpfloat (run_number (kernel, "gflop_s"), >, 0.0);
  /* The limit is measured while other programs run: it may come out too low, but not by that much. */
  g_assert_cmpfloat (run_number (kernel, "gflop_s"), <, 3.0 * peak_gflop_s);
}

static void
check_kernels (JsonObject *root)
{
  static const char *const kinds[3] = { "tet10", "tet4", "hex8" };
  static const char *const names[7] = { "geometry", "stiffness_matrix", "stresses",     "matrix_product",
                                        "smoother", "multigrid_cycle",  "factorisation" };
  JsonObject *machine = json_object_get_object_member (root, "machine");
  JsonObject *kernels = json_object_get_object_member (root, "kernels");
  double peak = fmax (run_number (machine, "double_gflop_s"), run_number (machine, "single_gflop_s"));

  g_assert_cmpint (json_object_get_int_member (machine, "threads"), ==, 2);
  g_assert_cmpfloat (run_number (machine, "triad_gb_s"), >, 0.1);
  g_assert_cmpfloat (run_number (machine, "triad_gb_s"), <, 10000.0);
  g_assert_cmpfloat (peak, >, 0.5);
  g_assert_cmpfloat (peak, <, 10000.0);
  for (int kind = 0; kind < 3; kind++)
    for (int i = 0; i < 7; i++)
      {
        g_autofree char *name = g_strdup_printf ("%s_%s", kinds[kind], names[i]);
        check_kernel (kernels, name, peak);
      }
  check_kernel (kernels, "voxel_matrix_free_product", peak);
}

/* Two solvers, one answer. */
static void
check_solutions (JsonObject *root)
{
  static const char *const names[2] = { "tet10_6_mm", "tet4_3_mm" };
  JsonObject *solutions = json_object_get_object_member (root, "solutions");

  for (int i = 0; i < 2; i++)
    {
      g_autofree char *iterative = g_strdup_printf ("%s_cg", names[i]),
                      *direct = g_strdup_printf ("%s_cholmod", names[i]);
      JsonObject *a = json_object_get_object_member (solutions, iterative);
      JsonObject *b = json_object_get_object_member (solutions, direct);
      g_assert_true (g_str_has_prefix (json_object_get_string_member (a, "solver"), "CG"));
      g_assert_true (g_str_has_prefix (json_object_get_string_member (b, "solver"), "CHOLMOD"));
      g_assert_cmpfloat (run_number (a, "reaction_n"), <, -1000.0);
      g_assert_cmpfloat (fabs (run_number (a, "reaction_n") / run_number (b, "reaction_n") - 1.0), <, 1e-8);
      g_assert_cmpint (json_object_get_int_member (a, "iterations"), >, 5);
      g_assert_cmpint (json_object_get_int_member (a, "iterations"), <, 40);
      g_assert_cmpfloat (run_number (a, "relative_residual"), <, 1.01e-10);
      g_assert_cmpint (json_object_get_int_member (a, "unknowns"), ==, json_object_get_int_member (b, "unknowns"));
    }
  JsonObject *voxel = json_object_get_object_member (solutions, "voxel_40_x_40_x_40");
  g_assert_cmpfloat (run_number (voxel, "relative_residual"), <=, 1e-6);
  g_assert_cmpint (json_object_get_int_member (voxel, "iterations"), >, 3);
}

static void
check_peers (JsonObject *root)
{
  static const char *const names[2] = { "tet10_6_mm", "tet4_3_mm" };
  JsonObject *decks = json_object_get_object_member (root, "decks");

  if (!json_object_get_boolean_member (root, "calculix_installed"))
    {
      g_test_message ("CalculiX is not installed: its decks were not compared");
      return;
    }
  for (int i = 0; i < 2; i++)
    {
      JsonObject *deck = json_object_get_object_member (decks, names[i]);
      JsonObject *own = json_object_get_object_member (deck, "ossature");
      JsonObject *ccx = json_object_get_object_member (deck, "calculix");
      /* CalculiX prints seven digits. */
      g_assert_cmpfloat (fabs (run_number (own, "reaction_n") / run_number (ccx, "reaction_n") - 1.0), <, 1e-5);
      g_assert_cmpfloat (run_number (own, "peak_memory_mib"), >, 5.0);
      g_assert_cmpfloat (run_number (ccx, "peak_memory_mib"), >, 5.0);
      double ratio = run_number (ccx, "seconds") / run_number (own, "seconds");
      g_assert_cmpfloat (fabs (run_number (deck, "time_ratio") / ratio - 1.0), <, 1e-12);
      g_test_message ("%s: CalculiX takes %.1f times the time", names[i], ratio);
    }
}

/* Our multigrid and PETSc's: the same equations, one answer. The reaction's error is that of the energy: the square of
 * the residual's. */
static void
check_equations (JsonObject *root)
{
  static const char *const names[3] = { "tet10_6_mm", "tet4_3_mm", "voxel_40_x_40_x_40" };
  JsonObject *equations = json_object_get_object_member (root, "equations");

  if (!json_object_get_boolean_member (root, "petsc"))
    {
      g_test_message ("PETSc is not built in, or mpirun not installed: nothing was compared with it");
      return;
    }
  for (int i = 0; i < 3; i++)
    {
      JsonObject *one = json_object_get_object_member (equations, names[i]);
      g_assert_true (json_object_get_null_member (one, "trouble"));
      JsonObject *own = json_object_get_object_member (one, "ossature"),
                 *gamg = json_object_get_object_member (one, "gamg");
      g_assert_cmpfloat (fabs (run_number (own, "reaction_n")), >, 1e-3);
      g_assert_cmpfloat (fabs (run_number (gamg, "reaction_n") / run_number (own, "reaction_n") - 1.0), <, 1e-6);
      for (int k = 0; k < 2; k++)
        {
          JsonObject *run = k == 0 ? own : gamg;
          g_assert_cmpfloat (run_number (run, "relative_residual"), <, 1.01e-6);
          g_assert_cmpint (json_object_get_int_member (run, "iterations"), >, 3);
          g_assert_cmpfloat (run_number (run, "bytes_per_unknown"), >, 50.0);
        }
      g_assert_cmpfloat (
          fabs (run_number (one, "time_ratio") * run_number (own, "seconds") / run_number (gamg, "seconds") - 1.0), <,
          1e-12);
    }
}

static void
test_quick (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *root = run_json (parser, "--quiet --json --threads 2 bench fem --quick --out result");
  g_autofree char *file = g_build_filename (work, "result", "result.json", NULL);

  g_assert_cmpstr (json_object_get_string_member (root, "engine"), ==, "bench fem");
  check_kernels (root);
  check_solutions (root);
  check_peers (root);
  check_equations (root);
  g_assert_true (g_file_test (file, G_FILE_TEST_IS_REGULAR));
  g_unlink (file);
}

/* A column of 8 x 8 x 16 voxels of 0.1 mm and 10 GPa under 0.1 %, its ends bonded: stiffer than in uniaxial stress
 * (6.4 N), softer than in uniaxial strain (8.615 N). */
static void
test_image (void)
{
  OssGrid grid = { .size = { 8, 8, 16 }, .spacing = { 0.1, 0.1, 0.1 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);
  g_autofree char *path = g_build_filename (work, "column.nii.gz", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  memset (labels->data, 1, oss_grid_count (&grid));
  oss_nifti_write_labels (labels, path, "column", NULL, &error);
  g_assert_no_error (error);
  JsonObject *root = run_json (parser, "--quiet --json bench fem --quick --voxels column.nii.gz --tolerance 1e-9");
  JsonObject *solutions = json_object_get_object_member (root, "solutions");
  JsonObject *voxel = json_object_get_object_member (solutions, "voxel_8_x_8_x_16");
  g_assert_cmpint (json_object_get_int_member (voxel, "unknowns"), ==, 3 * 9 * 9 * 15);
  g_assert_cmpfloat (run_number (voxel, "reaction_n"), <, -6.4);
  g_assert_cmpfloat (run_number (voxel, "reaction_n"), >, -8.615);
  g_assert_cmpfloat (run_number (voxel, "relative_residual"), <=, 1e-9);
  g_unlink (path);
}

/* A density bench that another version has begun. */
static void
refuse_begun (void)
{
  g_autofree char *folder = g_build_filename (work, "density", NULL);
  g_autofree char *path = g_build_filename (folder, "patients.ini", NULL);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "[run]\nprogram=0\nmesh_mm=2\n", -1, NULL));
  run_line_expect (work, 2, "begun with other settings (version 0", "bench density --out density");
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_usage (void)
{
  run_line_expect (work, 2, "bench fem", "bench");
  run_line_expect (work, 2, "bench fem", "bench sleep");
  run_line_expect (work, 2, "--voxels 4", "bench fem --quick --voxels 4");
  run_line_expect (work, 2, "--tet10", "bench fem --tet10 -1");
  run_line_expect (work, 2, "--tolerance", "bench fem --tolerance 2");
  run_line_expect (work, 2, "no way “phantom-b41f”", "bench density --ways phantom-b41f --out density");
  run_line_expect (work, 2, "--out", "bench density --ways phantom-b40f");
  refuse_begun ();
  run_line_expect (work, 3, "absent.nii.gz", "--quiet bench fem --quick --voxels absent.nii.gz");
  run_line_expect (work, 0, "--voxels", "bench fem --help");
  run_line_expect (work, 0, "bench fem", "bench --help");
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("ossature-cli-bench-XXXXXX", &error);
  g_assert_no_error (error);
  g_test_add_func ("/cli/bench/usage", test_usage);
  g_test_add_func ("/cli/bench/image", test_image);
  g_test_add_func ("/cli/bench/quick", test_quick);
  int status = g_test_run ();
  g_autofree char *result = g_build_filename (work, "result", NULL);
  g_rmdir (result);
  g_rmdir (work);
  g_free (work);
  return status;
}
