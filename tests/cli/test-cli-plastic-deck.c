/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve DECK --nonlinear as scripts see it, against a bar whose load beyond yield has a closed form. */
#include "cli-run.h"
#include "fem-models.h"

#include <math.h>
#include <string.h>

#define MODULUS 1000.0
#define AREA 12.0   /* mm2 */
#define HEIGHT 10.0 /* mm */

static char *work;

/* A bar on rollers, its far end moved along z: @force: also a force upon it. */
static void
write_bar (const char *name, OssElementKind kind, double move_mm, gboolean force)
{
  const int n[3] = { 2, 2, 4 };
  const double size[3] = { 4.0, 3.0, HEIGHT };
  g_autoptr (OssMesh) mesh = model_box (kind, n, size, NULL, NULL);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autoptr (GArray) forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autoptr (GError) error = NULL;
  const OssNodal pull = { (gint32) mesh->n_nodes - 1, 0, 0.5 };

  for (gsize e = 0; e < mesh->n_elements; e++)
    modulus[e] = MODULUS;
  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (prescribed, mesh, axis, 0.0, axis, 0.0);
  model_prescribe_plane (prescribed, mesh, 2, HEIGHT, 2, move_mm);
  if (force)
    g_array_append_val (forces, pull);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  g_assert_true (oss_fem_write_deck (&model, path, 0, NULL, &error));
  g_assert_no_error (error);
}

/* E A strain, then the slope of what follows yielding: the same for every element, compressed and pulled. */
static void
test_bar (void)
{
  static const struct
  {
    const char *deck, *more, *post_yield;
    double yield_mpa, slope_mpa, height_mm;
  } cases[] = {
    { "tet4.inp", "", "perfect", 8.4, 0.0, HEIGHT },
    { "tet10.inp", "", "perfect", 8.4, 0.0, HEIGHT },
    { "hex8.inp", "", "perfect", 8.4, 0.0, HEIGHT },
    { "pulled.inp", "", "perfect", 7.8, 0.0, HEIGHT },
    { "tet10.inp", " --height 8", "perfect", 8.4, 0.0, 8.0 },
    { "tet10.inp", " --yield-law tissue-strain-0.7 --post-yield hardening:0.1", "hardening:0.1", 7.0, 1000.0 / 11.0,
      HEIGHT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autofree char *line =
          g_strdup_printf ("--json --quiet solve %s --nonlinear --increments 10%s", cases[i].deck, cases[i].more);
      g_auto (Run) run = run_line (work, line);
      JsonObject *result = run_document (&run, parser, 0, line);
      JsonObject *nonlinear = json_object_get_object_member (result, "nonlinear");
      JsonArray *points = json_object_get_array_member (nonlinear, "curve");

      g_assert_cmpuint (json_array_get_length (points), ==, 11);
      for (guint k = 1; k < json_array_get_length (points); k++)
        {
          JsonObject *point = json_array_get_object_element (points, k);
          double strain = run_number (point, "displacement_mm") / HEIGHT;
          double stress = fmin (MODULUS * strain, cases[i].yield_mpa)
                          + cases[i].slope_mpa * fmax (strain - cases[i].yield_mpa / MODULUS, 0.0);
          g_assert_cmpfloat_with_epsilon (run_number (point, "apparent_strain"), 0.002 * k, 1e-9);
          g_assert_cmpfloat_with_epsilon (run_number (point, "reaction_n"), AREA * stress, 1e-5 * AREA * stress);
        }
      g_assert_cmpstr (json_object_get_string_member (nonlinear, "post_yield"), ==, cases[i].post_yield);
      g_assert_cmpfloat_with_epsilon (run_number (result, "height_mm"), cases[i].height_mm, 1e-9);
      double linear = run_number (json_object_get_object_member (result, "strength_estimators"), "linear_2_percent");
      g_assert_cmpfloat_with_epsilon (linear, 0.02 * cases[i].height_mm * MODULUS * AREA / HEIGHT, 1e-6 * linear);
    }
}

static gboolean
exists (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (work, folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

static void
test_files (void)
{
  g_autofree char *path = g_build_filename (work, "files", "solution.vtu", NULL), *text = NULL;

  run_line_expect (work, 0, "100 % of the volume yielded",
                   "--quiet solve tet10.inp --nonlinear --increments 5 --out files");
  g_assert_true (exists ("files", "result.json") && exists ("files", "curve.csv"));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (g_strstr_len (text, 6000, "plastic_strain"));
  g_assert_nonnull (g_strstr_len (text, 6000, "displacement_end_of_curve_mm"));
}

static void
test_not_converged (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *line =
      "--json --quiet solve tet10.inp --nonlinear --newton-iterations 1 --yield-law bayraktar2004-tissue "
      "--criterion mohr-coulomb --final-strain 0.2 --increments 3 --out stopped";
  g_auto (Run) run = run_line (work, line);
  JsonObject *nonlinear = json_object_get_object_member (run_document (&run, parser, 4, line), "nonlinear");

  g_assert_nonnull (strstr (run.err, "did not converge"));
  g_assert_false (json_object_get_boolean_member (nonlinear, "converged"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (nonlinear, "curve")), >=, 2);
  g_assert_true (exists ("stopped", "curve.csv") && exists ("stopped", "solution.vtu"));
}

static void
test_refused (void)
{
  run_line_expect (work, 3, "moved alike", "--quiet solve forced.inp --nonlinear --out nowhere");
  run_line_expect (work, 3, "moved alike", "--quiet solve tet10.inp --nonlinear --traction MOVED:0,0,1 --out nowhere");
  run_line_expect (work, 2, "belong to", "--quiet solve tet10.inp --post-yield perfect --out nowhere");
  run_line_expect (work, 2, "belong to", "--quiet solve tet10.inp --height 3 --out nowhere");
  run_line_expect (work, 2, "above 0", "--quiet solve tet10.inp --nonlinear --height -3 --out nowhere");
  run_line_expect (work, 2, "takes a density",
                   "--quiet solve tet10.inp --nonlinear --yield-law spine-plateau --out nowhere");
  run_line_expect (work, 2, "softening:MM,SHARE", "--quiet solve tet10.inp --nonlinear --post-yield x --out nowhere");
  g_assert_false (exists ("nowhere", "result.json"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("oss-plastic-deck-XXXXXX", NULL);
  write_bar ("tet4.inp", OSS_ELEMENT_TET4, -0.05, FALSE);
  write_bar ("tet10.inp", OSS_ELEMENT_TET10, -0.05, FALSE);
  write_bar ("hex8.inp", OSS_ELEMENT_HEX8, -0.05, FALSE);
  write_bar ("pulled.inp", OSS_ELEMENT_TET10, 0.02, FALSE);
  write_bar ("forced.inp", OSS_ELEMENT_TET4, -0.05, TRUE);
  g_test_add_func ("/cli/plastic-deck/bar", test_bar);
  g_test_add_func ("/cli/plastic-deck/files", test_files);
  g_test_add_func ("/cli/plastic-deck/not-converged", test_not_converged);
  g_test_add_func ("/cli/plastic-deck/refused", test_refused);
  int status = g_test_run ();
  const char *argv_rm[] = { "rm", "-rf", work, NULL };
  g_spawn_sync (NULL, (char **) argv_rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  return status;
}
