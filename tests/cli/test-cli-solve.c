/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve --modulus and homogenize as scripts see them: exit status, result.json, fields. */
#include "cli-run.h"
#include "formats/oss-nifti.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *work;

static Run
run_command (const char *line)
{
  return run_line (work, line);
}

/* The result of a run that must end with @status; NULL when it printed none. */
static JsonObject *
run_json (JsonParser *parser, int status, const char *line)
{
  g_auto (Run) run = run_command (line);
  return run_document (&run, parser, status, line);
}

static void
expect (int status, const char *words, const char *line)
{
  g_auto (Run) run = run_command (line);
  run_expect (&run, status, words, line);
}

static double
number_in (JsonObject *object, const char *inside, const char *name)
{
  return run_number (json_object_get_object_member (object, inside), name);
}

/* --- Small images --- */

static OssVolume *
image_make (int nx, int ny, int nz)
{
  OssGrid grid = { .size = { nx, ny, nz }, .spacing = { 0.5, 0.5, 0.5 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_MODULUS, NULL);
  g_assert_nonnull (volume);
  return volume;
}

static void
image_write (const OssVolume *volume, const char *name)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autoptr (GError) error = NULL;
  oss_nifti_write_volume (volume, path, FALSE, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
make_images (void)
{
  g_autoptr (OssVolume) block = image_make (4, 4, 6), slice = image_make (8, 8, 1);
  g_autoptr (OssLabels) labels = oss_labels_new (&block->grid, NULL);
  g_autofree char *path = g_build_filename (work, "labels.nii.gz", NULL);

  for (int v = 0; v < 96; v++)
    {
      block->data[v] = 2000.0f + (float) (v % 7);
      labels->data[v] = v < 16 ? 5 : v >= 80 ? 6 : 1;
    }
  image_write (block, "block.nii.gz");
  g_assert_true (oss_nifti_write_labels (labels, path, NULL, NULL, NULL));
  block->data[3] = -5.0f;
  image_write (block, "negative.nii.gz");
  memset (block->data, 0, 96 * sizeof (float));
  image_write (block, "nothing.nii.gz");
  for (int v = 0; v < 96; v++)
    block->data[v] = v / 16 == 3 ? 0.0f : 1.0f;
  image_write (block, "apart.nii.gz");
  for (int v = 0; v < 64; v++)
    slice->data[v] = v % 8 < 4 ? 1.0f : 0.0f;
  image_write (slice, "slice.nii.gz");
}

/* Every key of the contract, and fields that agree with them. */
static void
test_solve (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonObject *result = run_json (parser, 0,
                                 "--json solve --modulus block.nii.gz --labels labels.nii.gz --top 6 --bottom 5 "
                                 "--strain -0.01 --lateral none --write-displacement --out solved");

  g_assert_cmpstr (json_object_get_string_member (result, "engine"), ==, "voxel");
  g_assert_cmpfloat_with_epsilon (run_number (result, "reaction_n"), -2003.0 * 4.0 * 0.01, 0.05);
  g_assert_cmpfloat_with_epsilon (run_number (result, "stiffness_n_per_mm"), run_number (result, "reaction_n") / -0.03,
                                  1e-6);
  g_assert_cmpfloat_with_epsilon (number_in (result, "sed_centre", "mean_mpa"), 0.5 * 2003.0 * 1e-4, 1e-4);
  g_assert_cmpfloat_with_epsilon (number_in (result, "sed_mean", "mean_mpa") * 12.0, run_number (result, "energy_n_mm"),
                                  1e-6);
  g_assert_cmpfloat_with_epsilon (number_in (result, "pistoia", "factor"), 0.7, 1e-2);
  g_assert_cmpfloat_with_epsilon (number_in (result, "pistoia", "failure_load_n"),
                                  0.7 * run_number (result, "reaction_n"), 1.0);
  g_assert_cmpint (
      json_object_get_int_member (json_object_get_object_member (result, "rigid_motions"), "projected_out"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (result, "mesh"), "elements"), ==, 96);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (result, "load"), "top_nodes"), ==, 25);
  JsonObject *solver = json_object_get_object_member (result, "solver");
  g_assert_true (json_object_get_boolean_member (solver, "converged"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (solver, "history")), ==,
                    (guint) json_object_get_int_member (solver, "iterations") + 1);
  const char *names[] = { "result.json",           "sed_centre.nii.gz",     "sed_mean.nii.gz",      "von_mises.nii.gz",
                          "displacement_x.nii.gz", "displacement_y.nii.gz", "displacement_z.nii.gz" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (work, "solved", names[i], NULL);
      g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
    }
  g_autofree char *stress = g_build_filename (work, "solved", "von_mises.nii.gz", NULL);
  g_autoptr (OssVolume) von_mises = oss_nifti_read_volume (stress, OSS_QUANTITY_OTHER, NULL, &error);
  g_assert_no_error (error);
  for (int v = 0; v < 96; v++)
    g_assert_cmpfloat_with_epsilon (von_mises->data[v], 20.03, 0.1);
}

static void
test_solve_bad (void)
{
  expect (2, "either", "solve --modulus block.nii.gz");
  expect (2, "either", "solve --modulus block.nii.gz --strain -0.01 --displacement 1");
  expect (2, "--axis", "solve --modulus block.nii.gz --strain -0.01 --axis w");
  expect (2, "--lateral", "solve --modulus block.nii.gz --strain -0.01 --lateral left");
  expect (2, "--top", "solve --modulus block.nii.gz --strain -0.01 --labels labels.nii.gz");
  expect (3, "absent.nii.gz", "solve --modulus absent.nii.gz --strain -0.01");
  expect (3, "negative", "solve --modulus negative.nii.gz --strain -0.01");
  expect (3, "no bone", "solve --modulus nothing.nii.gz --strain -0.01");
  expect (3, "connects", "solve --modulus apart.nii.gz --strain -0.01");
  expect (3, "0.5", "solve --modulus block.nii.gz --strain -0.01 --nu 0.5");
  expect (3, "label 9", "solve --modulus block.nii.gz --strain -0.01 --labels labels.nii.gz --top 9 --bottom 5");
  expect (3, "loads nothing", "solve --modulus block.nii.gz --strain 0 --out nowhere");
  g_autofree char *nowhere = g_build_filename (work, "nowhere", NULL);
  g_assert_false (g_file_test (nowhere, G_FILE_TEST_EXISTS));
}

/* Exit 4, and result.json tells how far it came. */
static void
test_unfinished (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *result = run_json (
      parser, 4, "--json solve --modulus block.nii.gz --strain -0.01 --max-iterations 1 --tolerance 1e-13 --out stuck");
  JsonObject *solver = json_object_get_object_member (result, "solver");
  g_autofree char *path = g_build_filename (work, "stuck", "result.json", NULL);

  g_assert_true (json_object_get_null_member (result, "reaction_n"));
  g_assert_false (json_object_get_boolean_member (solver, "converged"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (solver, "history")), ==, 2);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  expect (4, "did not converge", "homogenize block.nii.gz --levels --max-iterations 1 --tolerance 1e-13 --bc pbc");
}

static void
test_homogenize (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *conditions[] = { "kubc", "subc", "pbc", "mixed" };

  for (gsize i = 0; i < G_N_ELEMENTS (conditions); i++)
    {
      g_autofree char *line = g_strdup_printf (
          "--json homogenize block.nii.gz --threshold 1 --E 5000 --nu 0.25 --bc %s --out hom", conditions[i]);
      JsonObject *result = run_json (parser, 0, line);
      JsonArray *rows = json_object_get_array_member (result, "stiffness_mpa");
      g_assert_cmpuint (json_array_get_length (rows), ==, 6);
      double c11 = json_array_get_double_element (json_array_get_array_element (rows, 0), 0);
      double c66 = json_array_get_double_element (json_array_get_array_element (rows, 5), 5);
      g_assert_cmpfloat_with_epsilon (c11, 6000.0, 1e-3);
      g_assert_cmpfloat_with_epsilon (c66, 2000.0, 1e-3);
      g_assert_cmpfloat (run_number (result, "bv_tv"), ==, 1.0);
      g_assert_cmpstr (json_object_get_string_member (result, "boundary"), ==, conditions[i]);
    }
  JsonObject *result = run_json (parser, 0, "--json homogenize slice.nii.gz --E 8000");
  /* stripes along y, half of them marrow: E2 is the mean modulus */
  g_assert_cmpfloat_with_epsilon (run_number (result, "modulus_2_mpa"), 4000.0, 1.0);
  g_assert_cmpfloat (run_number (result, "modulus_1_mpa"), <, 0.1);
  g_assert_cmpfloat_with_epsilon (run_number (result, "bv_tv"), 0.5, 1e-12);
  expect (2, "contradict", "homogenize block.nii.gz --levels --threshold 1");
  expect (2, "--bc", "homogenize block.nii.gz --bc free");
  expect (2, "periodic", "homogenize slice.nii.gz --bc kubc");
  expect (3, "0.5", "homogenize block.nii.gz --nu 0.5");
  expect (3, "no bone", "homogenize nothing.nii.gz");
  expect (3, "negative", "homogenize negative.nii.gz --levels");
  expect (3, "above 0", "homogenize block.nii.gz --E 0");
}

/* --- Independent programs: ../shared/data/fe_voxel_reference; see its README --- */

static char *
reference (const char *folder, const char *file)
{
  const char *data = g_getenv ("OSSATURE_SHARED_DATA");
  if (data == NULL || data[0] == '\0')
    {
      g_test_message ("the option shared_data is not set: the voxel references were not read");
      g_test_skip ("no public data");
      return NULL;
    }
  return g_build_filename (data, "fe_voxel_reference", folder, file, NULL);
}

/* Pearson's correlation over the voxels where @path is not zero. */
static double
correlation (const char *ours_path, const char *path, gsize *n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) ours = oss_nifti_read_volume (ours_path, OSS_QUANTITY_OTHER, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssVolume) theirs = oss_nifti_read_volume (path, OSS_QUANTITY_OTHER, NULL, &error);
  g_assert_no_error (error);
  gsize count = oss_grid_count (&ours->grid);
  double sum[2] = { 0.0 }, square[2] = { 0.0 }, product = 0.0;

  g_assert_cmpuint (oss_grid_count (&theirs->grid), ==, count);
  *n = 0;
  for (gsize v = 0; v < count; v++)
    {
      double a = ours->data[v], b = theirs->data[v];
      if (b == 0.0)
        continue;
      (*n)++;
      sum[0] += a, sum[1] += b, square[0] += a * a, square[1] += b * b, product += a * b;
    }
  double m = (double) *n;
  return (product - sum[0] * sum[1] / m) / sqrt ((square[0] - sum[0] * sum[0] / m) * (square[1] - sum[1] * sum[1] / m));
}

static void
test_vertebra (void)
{
  g_autofree char *modulus = reference ("vertebra_l4_mini", "modulus_mpa.nii.gz");
  g_autofree char *labels = reference ("vertebra_l4_mini", "labels.nii.gz");
  g_autofree char *sed = reference ("vertebra_l4_mini", "sed_parosol.nii.gz");
  g_autofree char *ours = g_build_filename (work, "l4", "sed_centre.nii.gz", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize n;

  if (modulus == NULL)
    return;
  g_autofree char *line = g_strdup_printf ("--json solve --modulus %s --labels %s --top 6 --bottom 5 --displacement "
                                           "-0.2924 --lateral bottom --max-iterations 10000 --out l4",
                                           modulus, labels);
  JsonObject *result = run_json (parser, 0, line);
  double r = correlation (ours, sed, &n);
  g_test_message ("L4: %.2f N (ParOSol -6830.07), %.0f iterations; correlation of energy density %.6f over %zu voxels",
                  run_number (result, "reaction_n"), number_in (result, "solver", "iterations"), r, n);
  g_assert_cmpfloat_with_epsilon (run_number (result, "reaction_n"), -6830.07, 0.001 * 6830.07);
  g_assert_cmpuint (n, ==, 65715);
  g_assert_cmpfloat (r, >, 0.9999);
}

static void
test_cube (void)
{
  g_autofree char *modulus = reference ("trab1240", "modulus_mpa.nii.gz");
  g_autofree char *sed = reference ("trab1240", "reference_sed.nii.gz");
  g_autofree char *ours = g_build_filename (work, "cube", "sed_centre.nii.gz", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize n;

  if (modulus == NULL)
    return;
  g_autofree char *line = g_strdup_printf (
      "--json solve --modulus %s --strain -0.01 --lateral both --max-iterations 40000 --out cube", modulus);
  JsonObject *result = run_json (parser, 0, line);
  double r = correlation (ours, sed, &n);
  g_test_message ("cube: %.5f N (-71.51889), stiffness %.2f N/mm (935.13); energy density at the centres mean %.6f "
                  "(0.059093), p95 %.5f (0.25963), max %.3f MPa (16.154), means %.4f MPa (0.0682); Pistoia %.5f "
                  "(0.71216), %.3f N (-50.933); correlation %.6f over %zu voxels",
                  run_number (result, "reaction_n"), run_number (result, "stiffness_n_per_mm"),
                  number_in (result, "sed_centre", "mean_mpa"), number_in (result, "sed_centre", "p95_mpa"),
                  number_in (result, "sed_centre", "max_mpa"), number_in (result, "sed_mean", "mean_mpa"),
                  number_in (result, "pistoia", "factor"), number_in (result, "pistoia", "failure_load_n"), r, n);
  g_assert_cmpfloat_with_epsilon (run_number (result, "reaction_n"), -71.51889, 1e-4 * 71.51889);
  g_assert_cmpfloat_with_epsilon (run_number (result, "stiffness_n_per_mm"), 935.13, 1e-4 * 935.13);
  g_assert_cmpfloat_with_epsilon (number_in (result, "sed_centre", "mean_mpa"), 0.059093, 0.005 * 0.059093);
  g_assert_cmpfloat_with_epsilon (number_in (result, "sed_centre", "p95_mpa"), 0.25963, 0.005 * 0.25963);
  g_assert_cmpfloat_with_epsilon (number_in (result, "sed_mean", "mean_mpa"), 0.0682, 0.005 * 0.0682);
  g_assert_cmpfloat_with_epsilon (number_in (result, "pistoia", "factor"), 0.71216, 0.005 * 0.71216);
  g_assert_cmpfloat_with_epsilon (number_in (result, "pistoia", "failure_load_n"), -50.933, 0.005 * 50.933);
  g_assert_cmpfloat (r, >, 0.9999);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("oss-solve-XXXXXX", NULL);
  make_images ();
  g_test_add_func ("/cli/solve/block", test_solve);
  g_test_add_func ("/cli/solve/bad-input", test_solve_bad);
  g_test_add_func ("/cli/solve/unfinished", test_unfinished);
  g_test_add_func ("/cli/homogenize", test_homogenize);
  g_test_add_func ("/cli/solve/vertebra-l4", test_vertebra);
  g_test_add_func ("/cli/solve/cube", test_cube);
  status = g_test_run ();
  const char *argv_rm[] = { "rm", "-rf", work, NULL };
  g_spawn_sync (NULL, (char **) argv_rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  return status;
}
