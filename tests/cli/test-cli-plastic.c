/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve --modulus --nonlinear as scripts see it, against bars whose load beyond yield has a closed form. */
#include "cli-run.h"
#include "formats/oss-nifti.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULUS 1000.0
#define HEIGHT 4.0 /* mm */
#define AREA 4.0   /* mm2 */

static char *work;

static double
number_in (JsonObject *object, const char *inside, const char *name)
{
  return run_number (json_object_get_object_member (object, inside), name);
}

/* --- Images --- */

/* A bar of one modulus, in voxels of @edge mm. */
static void
write_image (const char *name, int across, int along, double edge)
{
  OssGrid grid = { .size = { across, across, along },
                   .spacing = { edge, edge, edge },
                   .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_MODULUS, NULL);
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autoptr (GError) error = NULL;

  for (int v = 0; v < across * across * along; v++)
    volume->data[v] = MODULUS;
  oss_nifti_write_volume (volume, path, FALSE, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* Labels of the bar: 1 its lower half, 2 the upper. */
static void
write_halves (void)
{
  OssGrid grid = { .size = { 4, 4, 8 }, .spacing = { 0.5, 0.5, 0.5 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);
  g_autofree char *path = g_build_filename (work, "halves.nii.gz", NULL);

  for (int v = 0; v < 128; v++)
    labels->data[v] = v < 64 ? 1 : 2;
  g_assert_true (oss_nifti_write_labels (labels, path, NULL, NULL, NULL));
}

/* A block of @n voxels across, each with a modulus of its own. */
static void
write_block (const char *name, int n)
{
  OssGrid grid = { .size = { n, n, n }, .spacing = { 0.5, 0.5, 0.5 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_MODULUS, NULL);
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autoptr (GError) error = NULL;

  for (int v = 0; v < n * n * n; v++)
    volume->data[v] = 200.0f + (float) ((guint32) v * 2654435761u >> 22);
  oss_nifti_write_volume (volume, path, FALSE, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* --- Even strain --- */

/* The load along the curve: E A strain up to the yield stress, then E H / (E + H). */
static void
check_even (JsonObject *result, double yield_mpa, double hardening_mpa)
{
  JsonArray *points = json_object_get_array_member (json_object_get_object_member (result, "nonlinear"), "curve");
  double slope = MODULUS * hardening_mpa / (MODULUS + hardening_mpa), end = 0.0;

  g_assert_cmpuint (json_array_get_length (points), ==, 11);
  for (guint i = 1; i < json_array_get_length (points); i++)
    {
      JsonObject *point = json_array_get_object_element (points, i);
      double strain = run_number (point, "apparent_strain");
      end = AREA * (fmin (MODULUS * strain, yield_mpa) + slope * fmax (strain - yield_mpa / MODULUS, 0.0));
      g_assert_cmpfloat_with_epsilon (strain, 0.002 * i, 1e-12);
      g_assert_cmpfloat_with_epsilon (run_number (point, "reaction_n"), end, 1e-5 * end);
      g_assert_cmpfloat (run_number (point, "residual"), <=, 1e-5);
    }
  g_assert_cmpfloat_with_epsilon (number_in (result, "strength_estimators", "nonlinear_plateau"), end, 1e-5 * end);
  g_assert_cmpfloat_with_epsilon (number_in (result, "nonlinear", "stiffness_n_per_mm"), MODULUS * AREA / HEIGHT, 1e-5);
}

static void
test_even (void)
{
  static const double density = 2980.0; /* E = 2980 rho^1.05, C = 37.4 rho^1.39 */
  static const struct
  {
    const char *words;
    double yield_mpa, hardening_mpa;
  } cases[] = {
    { "--strain -0.001 --yield-law tissue-strain-0.7", 7.0, 0.0 },
    { "--strain -0.001", 8.4, 0.0 },
    { "--strain 0.001", 7.8, 0.0 },
    { "--strain -0.001 --criterion mohr-coulomb", 8.4, 0.0 },
    { "--strain -0.001 --post-yield perfect", 8.4, 0.0 },
    { "--displacement -0.01 --yield-law tissue-strain-0.7 --post-yield hardening:0.05", 7.0, 50.0 },
    { "--strain -0.001 --law kopperdahl2002", 0.0, 0.0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autofree char *line = g_strdup_printf (
          "--json --quiet solve --modulus bar.nii.gz --lateral none --nonlinear --increments 10 %s", cases[i].words);
      g_auto (Run) run = run_line (work, line);
      double yield_mpa =
          cases[i].yield_mpa > 0.0 ? cases[i].yield_mpa : 37.4 * pow (pow (MODULUS / density, 1.0 / 1.05), 1.39);
      check_even (run_document (&run, parser, 0, line), yield_mpa, cases[i].hardening_mpa);
    }
}

/* --- Softening --- */

/* Runs a bar that softens; its "nonlinear", owned by @parser. */
static JsonObject *
soften (JsonParser *parser, const char *image, const char *form, const char *more)
{
  g_autofree char *line =
      g_strdup_printf ("--json --quiet solve --modulus %s --lateral none --strain -0.001 --nonlinear "
                       "--yield-law tissue-strain-0.7 --post-yield %s %s",
                       image, form, more);
  g_auto (Run) run = run_line (work, line);
  JsonObject *nonlinear = json_object_get_object_member (run_document (&run, parser, 0, line), "nonlinear");

  g_assert_cmpstr (json_object_get_string_member (nonlinear, "post_yield"), ==, form);
  g_assert_true (json_object_get_boolean_member (nonlinear, "falls_after_peak"));
  g_assert_cmpint (json_object_get_int_member (nonlinear, "bounded_elements"), ==, 0);
  return nonlinear;
}

/* Where all voxels (0.5 mm) soften alike: Y (1 - 0.7 k l / 0.02 mm) at the plastic strain k, then 0.3 Y. */
static void
test_softening (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *points = json_object_get_array_member (
      soften (parser, "bar.nii.gz", "softening:0.02,0.3", "--final-strain 0.06"), "curve");
  double fall = 0.7 * 7.0 * 0.5 / 0.02; /* of the stress over k */

  for (guint k = 1; k < json_array_get_length (points); k++)
    {
      JsonObject *point = json_array_get_object_element (points, k);
      double strain = run_number (point, "apparent_strain"), beyond = strain - 7.0 / MODULUS;
      double stress = 7.0 - fall * beyond / (1.0 - fall / MODULUS);
      stress = beyond <= 0.0 ? MODULUS * strain : fmax (stress, 0.3 * 7.0);
      g_assert_cmpfloat_with_epsilon (run_number (point, "reaction_n"), AREA * stress, 1e-4 * AREA * stress);
    }
}

/* A band one voxel thick is crushed over the same length whatever its thickness: beyond yield the load per area is
 * Y (1 - 0.7 d / 0.05 mm), d = displacement - load l / (E A) its plastic shortening. */
static void
test_mesh_size (void)
{
  static const double edges[] = { 0.25, 0.5, 1.0 };

  for (gsize i = 0; i < G_N_ELEMENTS (edges); i++)
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      double edge = edges[i], yield_mm = 7.0 * edge / MODULUS, fall = 0.7 * 7.0 / 0.05; /* MPa over mm */
      g_autofree char *more = g_strdup_printf ("--final-strain %g", 0.04 / edge);
      g_autofree char *name = g_strdup_printf ("voxel-%g.nii.gz", edge);

      write_image (name, 1, 1, edge);
      JsonArray *points = json_object_get_array_member (soften (parser, name, "softening:0.05,0.3", more), "curve");
      for (guint k = 1; k < json_array_get_length (points); k++)
        {
          JsonObject *point = json_array_get_object_element (points, k);
          double moved = run_number (point, "displacement_mm"), stress = MODULUS * moved / edge;
          if (moved > yield_mm)
            stress = 7.0 - fall * (moved - yield_mm) / (1.0 - fall * edge / MODULUS);
          g_assert_cmpfloat_with_epsilon (run_number (point, "reaction_n") / (edge * edge), stress, 1e-4 * stress);
        }
    }
}

/* --- What comes out --- */

static void
check_image (const char *folder, const char *name, double value, double tolerance)
{
  g_autofree char *path = g_build_filename (work, folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) image = oss_nifti_read_volume (path, OSS_QUANTITY_OTHER, NULL, &error);

  g_assert_no_error (error);
  for (gsize v = 0; v < oss_grid_count (&image->grid); v++)
    g_assert_cmpfloat_with_epsilon (image->data[v], value, tolerance);
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
  static const char *const names[] = { "result.json", "curve.csv", "sed_centre.nii.gz", "von_mises.nii.gz" };
  const char *line = "--quiet solve --modulus bar.nii.gz --lateral none --strain -0.005 --nonlinear --yield-law "
                     "tissue-strain-0.7 --out files";

  run_line_expect (work, 0, "0.2 % offset yield", line);
  run_line_expect (work, 0, "100 % of the volume yielded", line);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (exists ("files", names[i]));
  check_image ("files", "plastic_strain.nii.gz", 0.02 - 0.007, 1e-5);
  check_image ("files", "von_mises_end_of_curve.nii.gz", 7.0, 1e-3);
  check_image ("files", "von_mises.nii.gz", 5.0, 1e-3);
}

/* Half of the bar yields at 7 MPa; the other, of the elastic label, stays as it was. */
static void
test_elastic (void)
{
  g_autofree char *path = g_build_filename (work, "labels", "plastic_strain.nii.gz", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) strain = NULL;
  double plastic[2] = { 0.0 };

  run_line_expect (
      work, 0, "% of the volume yielded",
      "--quiet solve --modulus bar.nii.gz --labels halves.nii.gz --top 2 --bottom 1 --lateral none --strain -0.005 "
      "--nonlinear --yield-law tissue-strain-0.7 --elastic 2 --out labels");
  strain = oss_nifti_read_volume (path, OSS_QUANTITY_OTHER, NULL, &error);
  g_assert_no_error (error);
  for (int v = 0; v < 128; v++)
    plastic[v / 64] += strain->data[v] / 64.0;
  g_assert_cmpfloat (plastic[0], >, 0.015);
  g_assert_cmpfloat (plastic[1], ==, 0.0);
}

/* Voxels that resolve trabeculae are tissue, larger ones bone with its pores. */
static void
test_default_law (void)
{
  static const struct
  {
    const char *image, *law;
  } cases[] = { { "fine.nii.gz", "tissue-strain-0.7" }, { "bar.nii.gz", "vertebra-yield-strain" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autofree char *line = g_strdup_printf (
          "--json --quiet solve --modulus %s --strain -0.01 --nonlinear --increments 1", cases[i].image);
      g_auto (Run) run = run_line (work, line);
      JsonObject *nonlinear = json_object_get_object_member (run_document (&run, parser, 0, line), "nonlinear");
      g_assert_cmpstr (json_object_get_string_member (nonlinear, "yield_law"), ==, cases[i].law);
    }
}

/* One iteration of Newton does where the bar is elastic, and no further. */
static void
test_not_converged (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *line = "--json --quiet solve --modulus bar.nii.gz --strain -0.005 --nonlinear --newton-iterations 1 "
                     "--out stopped";
  g_auto (Run) run = run_line (work, line);
  JsonObject *result = run_document (&run, parser, 4, line);
  JsonObject *nonlinear = json_object_get_object_member (result, "nonlinear");
  JsonArray *points = json_object_get_array_member (nonlinear, "curve");

  g_assert_nonnull (strstr (run.err, "did not converge"));
  g_assert_false (json_object_get_boolean_member (nonlinear, "converged"));
  g_assert_nonnull (strstr (json_object_get_string_member (nonlinear, "reason"), "not converged"));
  g_assert_cmpuint (json_array_get_length (points), >, 2);
  g_assert_cmpfloat (run_number (json_array_get_object_element (points, 2), "reaction_n"), >, 8.0);
  g_assert_cmpfloat (run_number (result, "reaction_n"), <, 0.0);
  g_assert_true (exists ("stopped", "curve.csv") && exists ("stopped", "plastic_strain.nii.gz"));
}

static void
test_usage (void)
{
  static const struct
  {
    int status;
    const char *more, *words;
  } cases[] = {
    { 2, "--nonlinear --yield-law rubber", "vertebra-yield-strain" },
    { 2, "--nonlinear --yield-law kopperdahl2002", "takes a density" },
    { 2, "--nonlinear --law mush", "mush" },
    { 2, "--nonlinear --criterion hope", "mohr-coulomb" },
    { 2, "--nonlinear --final-strain 2", "0.02 is 2 %" },
    { 2, "--nonlinear --increments -3", "1 to 1000" },
    { 2, "--nonlinear --post-yield", "--post-yield" },
    { 2, "--nonlinear --post-yield soft", "softening:MM,SHARE" },
    { 2, "--nonlinear --post-yield hardening:0", "above 0" },
    { 2, "--nonlinear --post-yield hardening:1,2", "hardening:SHARE" },
    { 2, "--nonlinear --post-yield softening:0.5", "softening:MM,SHARE" },
    { 2, "--nonlinear --post-yield softening:0.5,1", "below 1" },
    { 2, "--nonlinear --post-yield softening:nan,0.5", "softening:MM,SHARE" },
    { 2, "--post-yield perfect", "belong to" },
    { 2, "--law kopperdahl2002", "belongs to" },
    { 2, "--nonlinear --elastic 5", "belongs to" },
    { 2, "--nonlinear --labels halves.nii.gz --top 2 --bottom 1 --elastic 5,300", "1 to 255" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *line =
          g_strdup_printf ("solve --modulus bar.nii.gz --strain -0.01 --out nowhere %s", cases[i].more);
      run_line_expect (work, cases[i].status, cases[i].words, line);
    }
  g_assert_false (exists ("nowhere", "result.json"));
}

/* --- Memory and stop --- */

/* The linear solution of the block would fit, its curve does not: told before either is begun. */
static void
test_memory (void)
{
#if defined(__SANITIZE_ADDRESS__)
  g_test_skip ("a limit on the address space and the address sanitizer exclude one another");
#else
  char *argv[] = { (char *) "sh", (char *) "-c",
                   (char *) "ulimit -v 1000000; exec \"$0\" --quiet --threads 1 solve --modulus large.nii.gz --strain "
                            "-0.01 --nonlinear --out limited",
                   (char *) g_getenv ("OSSATURE_CLI"), NULL };

  write_block ("large.nii.gz", 120);
  g_auto (Run) run = run_program (work, argv);
  g_test_message ("%s", run.err);
  g_assert_cmpint (run.status, ==, 3);
  g_assert_nonnull (strstr (run.err, "nonlinear solution of 1728000 voxels needs 9"));
  g_assert_false (exists ("limited", "result.json"));
#endif
}

/* Reads what the command says until it says @words. */
static void
wait_for (int errors, const char *words)
{
  g_autoptr (GString) told = g_string_new (NULL);
  char buffer[512];
  gssize n;

  while (strstr (told->str, words) == NULL && (n = read (errors, buffer, sizeof buffer)) > 0)
    g_string_append_len (told, buffer, n);
  g_assert_nonnull (strstr (told->str, words));
}

/* Interrupted while it loads, for which a thousand increments give the time: status 130, nothing is left. */
static void
test_interrupt (void)
{
  char *argv[] = { (char *) g_getenv ("OSSATURE_CLI"),
                   (char *) "solve",
                   (char *) "--modulus",
                   (char *) "block.nii.gz",
                   (char *) "--strain",
                   (char *) "-0.01",
                   (char *) "--nonlinear",
                   (char *) "--increments",
                   (char *) "1000",
                   (char *) "--out",
                   (char *) "interrupted",
                   NULL };
  g_autofree char *folder = g_build_filename (work, "interrupted", NULL);
  double worst = 0.0;

  write_block ("block.nii.gz", 48);
  for (int i = 0; i < 4; i++)
    {
      g_autoptr (GError) error = NULL;
      int errors, status;
      GPid child;

      g_spawn_async_with_pipes (work, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                                &child, NULL, NULL, &errors, &error);
      g_assert_no_error (error);
      wait_for (errors, "Loading");
      g_usleep ((gulong) i * 300000u);
      gint64 begin = g_get_monotonic_time ();
      kill (child, SIGINT);
      while (waitpid (child, &status, 0) < 0 && errno == EINTR)
        ;
      worst = fmax (worst, (double) (g_get_monotonic_time () - begin) / 1e6);
      close (errors);
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 130);
      g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
    }
  g_test_message ("ended %.3f s after the interrupt at most", worst);
  g_assert_cmpfloat (worst, <, 2.0); /* 0.2 s on a machine that does nothing else */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("oss-plastic-XXXXXX", NULL);
  write_image ("bar.nii.gz", 4, 8, 0.5);
  write_image ("fine.nii.gz", 4, 8, 0.125);
  write_halves ();
  g_test_add_func ("/cli/plastic/usage", test_usage);
  g_test_add_func ("/cli/plastic/even", test_even);
  g_test_add_func ("/cli/plastic/softening", test_softening);
  g_test_add_func ("/cli/plastic/mesh-size", test_mesh_size);
  g_test_add_func ("/cli/plastic/files", test_files);
  g_test_add_func ("/cli/plastic/elastic", test_elastic);
  g_test_add_func ("/cli/plastic/default-law", test_default_law);
  g_test_add_func ("/cli/plastic/not-converged", test_not_converged);
  g_test_add_func ("/cli/plastic/memory", test_memory);
  g_test_add_func ("/cli/plastic/interrupt", test_interrupt);
  int status = g_test_run ();
  const char *argv_rm[] = { "rm", "-rf", work, NULL };
  g_spawn_sync (NULL, (char **) argv_rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  return status;
}
