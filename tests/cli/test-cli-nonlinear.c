/* SPDX-License-Identifier: GPL-3.0-or-later */
/* analyze --nonlinear as scripts see it: the curve in result.json and curve.csv, plastic strain in stress.vtu, and a
 * solution that does not converge: the history is there, and the status is 4.  The references are equilibrium and the
 * linear solution of the same run. */
#include "cli-run.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *work, *patient, *labels;

static int
run (const char *const *arguments, char **out, char **err)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();

  g_ptr_array_add (argv, (char *) g_getenv ("OSSATURE_CLI"));
  for (; *arguments != NULL; arguments++)
    g_ptr_array_add (argv, (char *) *arguments);
  g_ptr_array_add (argv, NULL);
  Run ended = run_program (NULL, (char *const *) argv->pdata);
  *out = ended.out;
  *err = ended.err;
  return ended.status;
}

static void
make_patient (void)
{
  g_autofree char *out = NULL, *err = NULL;

  work = g_dir_make_tmp ("oss-nonlinear-XXXXXX", NULL);
  patient = g_build_filename (work, "patient", NULL);
  labels = g_build_filename (patient, "truth", "labels.nii.gz", NULL);
  const char *const arguments[] = { "virtual",     patient,    "--seed", "3",     "--kernels", "B40f", "--spacing",
                                    "1.2,1.2,2.0", "--levels", "T12-L2", "--fov", "320",       NULL };
  if (run (arguments, &out, &err) != 0)
    g_error ("virtual: %s", err);
}

static JsonParser *
read_result (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "result.json", NULL);
  g_autoptr (GError) error = NULL;
  JsonParser *parser = json_parser_new ();

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return parser;
}

/* @more: what follows --nonlinear. */
static int
analyze (const char *folder, const char *const *more, char **out, char **err)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  const char *const first[] = { "--quiet", "analyze", patient, "--vertebra", "L1",   "--labels",
                                labels,    "--size",  "4.5",   "--out",      folder, "--nonlinear" };

  for (gsize i = 0; i < G_N_ELEMENTS (first); i++)
    g_ptr_array_add (arguments, (char *) first[i]);
  for (; *more != NULL; more++)
    g_ptr_array_add (arguments, (char *) *more);
  g_ptr_array_add (arguments, NULL);
  return run ((const char *const *) (void *) arguments->pdata, out, err);
}

/* Every increment in equilibrium; below the elastic line; work = stored + dissipated; more and more has yielded. */
static void
check_curve (JsonObject *root, double stiffness)
{
  JsonObject *nonlinear = json_object_get_object_member (root, "nonlinear");
  JsonArray *points = json_object_get_array_member (nonlinear, "curve");
  double yielded = 0.0;

  g_assert_cmpuint (json_array_get_length (points), >=, 2);
  for (guint i = 1; i < json_array_get_length (points); i++)
    {
      JsonObject *point = json_array_get_object_element (points, i);
      double moved = json_object_get_double_member (point, "displacement_mm");
      double load = json_object_get_double_member (point, "reaction_n");
      double work_nmm = json_object_get_double_member (point, "work_nmm");
      double kept =
          json_object_get_double_member (point, "stored_nmm") + json_object_get_double_member (point, "dissipated_nmm");

      g_assert_cmpfloat (json_object_get_double_member (point, "residual"), <=, 1e-4);
      g_assert_cmpfloat (load, >, 0.0);
      g_assert_cmpfloat (load, <=, stiffness * moved * (1.0 + 1e-6));
      g_assert_cmpfloat_with_epsilon (work_nmm, kept, 1e-3 * work_nmm);
      g_assert_cmpfloat (json_object_get_double_member (point, "yielded_volume_fraction"), >=, yielded);
      yielded = json_object_get_double_member (point, "yielded_volume_fraction");
    }
}

static void
test_curve (void)
{
  g_autofree char *folder = g_build_filename (work, "curve", NULL), *out = NULL, *err = NULL, *text = NULL;
  g_autofree char *csv = g_build_filename (folder, "curve.csv", NULL);
  g_autofree char *vtu = g_build_filename (folder, "stress.vtu", NULL);
  const char *const more[] = { "--final-strain", "0.016",       "--increments",   "16", "--yield-law",
                               "kopperdahl2002", "--criterion", "drucker-prager", NULL };

  if (analyze (folder, more, &out, &err) != 0)
    g_error ("analyze: %s", err);
  g_autoptr (JsonParser) parser = read_result (folder);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  JsonObject *nonlinear = json_object_get_object_member (root, "nonlinear");
  JsonObject *estimators = json_object_get_object_member (root, "strength_estimators");
  double stiffness = json_object_get_double_member (root, "stiffness_n_per_mm");
  double plateau = json_object_get_double_member (estimators, "nonlinear_plateau");
  double offset = json_object_get_double_member (estimators, "offset_0_2_percent");

  g_assert_true (json_object_get_boolean_member (nonlinear, "converged"));
  g_assert_cmpstr (json_object_get_string_member (nonlinear, "yield_law"), ==, "kopperdahl2002");
  g_assert_cmpstr (json_object_get_string_member (nonlinear, "criterion"), ==, "drucker-prager");
  /* The path's own first answer is the linear solution's. */
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (nonlinear, "stiffness_n_per_mm"), stiffness,
                                  1e-6 * stiffness);
  check_curve (root, stiffness);
  g_assert_cmpfloat (offset, <=, plateau);
  g_assert_cmpfloat (plateau, <, json_object_get_double_member (estimators, "linear_2_percent"));
  g_assert_nonnull (strstr (out, "0.2 % offset yield"));

  g_assert_true (g_file_get_contents (csv, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines) - 2, ==,
                    json_array_get_length (json_object_get_array_member (nonlinear, "curve")));
  g_autofree char *mesh = NULL;
  g_assert_true (g_file_get_contents (vtu, &mesh, NULL, NULL));
  g_assert_nonnull (g_strstr_len (mesh, 4000, "plastic_strain"));
}

/* Between caps the curve is the vertebra's own: it begins with the linear stiffness of the same caps, ends at the
 * approach of the endplates that was asked for, and the plates went further. */
static void
test_caps (void)
{
  static const char *const kinds[] = { "pmma", "disc" };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *folder = g_build_filename (work, kinds[i], NULL), *out = NULL, *err = NULL;
      const char *const more[] = { "--caps", kinds[i], "--increments", "8", NULL };

      if (analyze (folder, more, &out, &err) != 0)
        g_error ("analyze: %s", err);
      g_autoptr (JsonParser) parser = read_result (folder);
      JsonObject *root = json_node_get_object (json_parser_get_root (parser));
      JsonObject *nonlinear = json_object_get_object_member (root, "nonlinear");
      JsonObject *estimators = json_object_get_object_member (root, "strength_estimators");
      JsonArray *points = json_object_get_array_member (nonlinear, "curve");
      JsonObject *end = json_array_get_object_element (points, json_array_get_length (points) - 1);
      double stiffness = json_object_get_double_member (root, "stiffness_n_per_mm");

      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (nonlinear, "stiffness_n_per_mm"), stiffness,
                                      1e-6 * stiffness);
      check_curve (root, stiffness);
      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (end, "apparent_strain"), 0.02, 0.002);
      g_assert_cmpfloat (json_object_get_double_member (end, "prescribed_mm"), >,
                         json_object_get_double_member (end, "displacement_mm"));
      g_assert_cmpfloat (json_object_get_double_member (estimators, "nonlinear_plateau"), <,
                         0.8 * json_object_get_double_member (estimators, "linear_2_percent"));
    }
}

/* One iteration of Newton does not do where bone yields: the history until there is kept in every file. */
static void
test_not_converged (void)
{
  g_autofree char *folder = g_build_filename (work, "stopped", NULL), *out = NULL, *err = NULL;
  const char *const more[] = { "--increments", "4", "--newton-iterations", "1", NULL };
  static const char *const files[] = { "curve.csv", "report.pdf", "report.csv", "stress.vtu", "result.json" };

  g_assert_cmpint (analyze (folder, more, &out, &err), ==, 4);
  g_assert_nonnull (strstr (err, "did not converge"));
  g_assert_nonnull (strstr (out, "stopped converging"));
  g_autoptr (JsonParser) parser = read_result (folder);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  JsonObject *nonlinear = json_object_get_object_member (root, "nonlinear");
  JsonArray *points = json_object_get_array_member (nonlinear, "curve");
  JsonObject *end = json_array_get_object_element (points, json_array_get_length (points) - 1);

  g_assert_false (json_object_get_boolean_member (nonlinear, "converged"));
  g_assert_nonnull (strstr (json_object_get_string_member (nonlinear, "reason"), "not converged"));
  g_assert_cmpint (json_object_get_int_member (nonlinear, "cut_increments"), >=, 6);
  g_assert_cmpfloat (json_object_get_double_member (end, "apparent_strain"), <, 0.02);
  check_curve (root, json_object_get_double_member (root, "stiffness_n_per_mm"));
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
    }
}

static void
test_usage (void)
{
  static const struct
  {
    const char *more[3];
    const char *words;
  } cases[] = {
    { { "--yield-law", "rubber", NULL }, "vertebra-yield-strain" },
    { { "--criterion", "hope", NULL }, "mohr-coulomb" },
    { { "--final-strain", "2", NULL }, "0.02 is 2 %" },
    { { "--increments", "-3", NULL }, "1 to 1000" },
    { { "--post-yield", "glass", NULL }, "softening:MM,SHARE" },
    { { "--newton-iterations", "-1", NULL }, "1 to 1000" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *folder = g_build_filename (work, "usage", NULL), *out = NULL, *err = NULL;
      g_assert_cmpint (analyze (folder, cases[i].more, &out, &err), ==, 2);
      if (strstr (err, cases[i].words) == NULL)
        g_error ("no “%s” in: %s", cases[i].words, err);
    }
  g_autofree char *out = NULL, *err = NULL;
  const char *const alone[] = { "analyze", patient, "--labels", labels, "--out", work, "--increments", "5", NULL };
  g_assert_cmpint (run (alone, &out, &err), ==, 2);
  g_assert_nonnull (strstr (err, "--nonlinear"));
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_patient ();
  g_test_add_func ("/cli/nonlinear/usage", test_usage);
  g_test_add_func ("/cli/nonlinear/curve", test_curve);
  g_test_add_func ("/cli/nonlinear/caps", test_caps);
  g_test_add_func ("/cli/nonlinear/not-converged", test_not_converged);
  int failed = g_test_run ();
  remove_tree (work);
  g_free (work);
  g_free (patient);
  g_free (labels);
  return failed;
}
