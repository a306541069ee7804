/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve --petsc by mpirun: the same answer for any number of processes as on one machine, which test-cli-solve compares
 * with independent programs. */
#include "cli-run.h"
#include "formats/oss-nifti.h"

#include <gio/gio.h>
#include <math.h>
#include <signal.h>
#include <string.h>

static char *work;

/* mpirun of a line of arguments: @n processes; 0 runs the program without mpirun.  Each process notes its number. */
static GSubprocess *
start (int n, const char *line)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new ((GSubprocessFlags) (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE));
  g_autofree char *mpirun = g_strdup_printf ("mpirun --oversubscribe --bind-to none -n %d", n);
  g_autofree char *command = g_strdup_printf (
      "exec %s sh -c 'echo $$ > pid.${OMPI_COMM_WORLD_RANK:-0}; exec \"$OSSATURE_CLI\" --threads 1 %s'",
      n > 0 ? mpirun : "", line);
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_set_cwd (launcher, work);
  g_subprocess_launcher_setenv (launcher, "OMPI_ALLOW_RUN_AS_ROOT", "1", TRUE);
  g_subprocess_launcher_setenv (launcher, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", TRUE);
  g_subprocess_launcher_setenv (launcher, "OMPI_MCA_mpi_yield_when_idle", "1", TRUE);
  GSubprocess *process = g_subprocess_launcher_spawn (launcher, &error, "sh", "-c", command, NULL);
  g_assert_no_error (error);
  return process;
}

static Run
run_command (int n, const char *line)
{
  g_autoptr (GSubprocess) process = start (n, line);
  g_autoptr (GError) error = NULL;
  Run run = { 0 };

  g_subprocess_communicate_utf8 (process, NULL, NULL, &run.out, &run.err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  run.status = g_subprocess_get_exit_status (process);
  return run;
}

/* One document: one process printed. */
static JsonObject *
run_json (JsonParser *parser, int n, const char *line)
{
  g_auto (Run) run = run_command (n, line);
  return run_document (&run, parser, 0, line);
}

static gsize
count_words (const char *text, const char *words)
{
  gsize n = 0;
  for (const char *at = strstr (text, words); at != NULL; at = strstr (at + 1, words))
    n++;
  return n;
}

/* Ends with @status, and one process alone says @words. */
static void
expect (int n, int status, const char *words, const char *line)
{
  g_auto (Run) run = run_command (n, line);
  if (run.status != status || count_words (run.err, words) != 1)
    g_error ("“%s” by %d processes ended with %d, expected %d with “%s” once; said: %s", line, n, run.status, status,
             words, run.err);
}

static double
number_in (JsonObject *object, const char *inside, const char *name)
{
  return json_object_get_double_member (inside == NULL ? object : json_object_get_object_member (object, inside), name);
}

/* --- Images --- */

static void
write_image (const OssVolume *volume, const char *name)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autoptr (GError) error = NULL;
  oss_nifti_write_volume (volume, path, FALSE, NULL, NULL, &error);
  g_assert_no_error (error);
}

static OssVolume *
make_image (int nx, int ny, int nz)
{
  OssGrid grid = { .size = { nx, ny, nz }, .spacing = { 0.3, 0.4, 0.5 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_MODULUS, NULL);
  g_assert_nonnull (volume);
  return volume;
}

/* Bars that cross, of moduli from 500 to 1500 MPa, and a voxel that touches nothing.  No side is divisible by 2 twice,
 * so that the coarser grids end outside. */
static void
make_lattice_image (void)
{
  g_autoptr (OssVolume) bars = make_image (17, 19, 26);
  guint32 random = 1;

  for (int z = 0; z < 26; z++)
    for (int y = 0; y < 19; y++)
      for (int x = 0; x < 17; x++)
        {
          int thick = (x % 6 < 3) + (y % 7 < 3) + (z % 8 < 3);
          random = random * 1664525u + 1013904223u;
          bars->data[(z * 19 + y) * 17 + x] =
              thick >= 2 || z == 0 || z == 25 ? 500.0f + 1000.0f * (float) (random >> 8) / 16777216.0f : 0.0f;
        }
  bars->data[(5 * 19 + 5) * 17 + 5] = 900.0f;
  write_image (bars, "bars.nii.gz");
}

/* Plates two or three voxels thick around the middle of a gyroid, with holes, so that struts are left: coarser voxels
 * that are means of what they hold do not converge here in hundreds of iterations. */
static void
make_struts_image (void)
{
  g_autoptr (OssVolume) struts = make_image (44, 40, 46);

  struts->grid.spacing[1] = struts->grid.spacing[2] = struts->grid.spacing[0];
  for (int z = 0; z < 46; z++)
    for (int y = 0; y < 40; y++)
      for (int x = 0; x < 44; x++)
        {
          double a = 0.25 * x, b = 0.24 * y, c = 0.22 * z;
          double gyroid = sin (a) * cos (b) + sin (b) * cos (c) + sin (c) * cos (a);
          double holes = sin (0.41 * x + 1.0) + sin (0.37 * y + 2.0) + sin (0.35 * z);
          struts->data[(z * 40 + y) * 44 + x] = fabs (gyroid) < 0.35 && holes < 0.6 ? 10000.0f : 0.0f;
        }
  write_image (struts, "struts.nii.gz");
}

static void
make_images (void)
{
  g_autoptr (OssVolume) bar = make_image (1, 1, 2), block = make_image (24, 24, 24);

  make_lattice_image ();
  make_struts_image ();
  bar->data[0] = bar->data[1] = 1000.0f;
  write_image (bar, "bar.nii.gz");
  for (int v = 0; v < 24 * 24 * 24; v++)
    block->data[v] = 1000.0f;
  write_image (block, "block.nii.gz");
  block->data[7] = -1.0f;
  write_image (block, "negative.nii.gz");
}

/* --- Tests --- */

static gboolean
built_in (void)
{
  g_auto (Run) run = run_command (0, "solve --modulus any --petsc --help");
  g_autofree char *mpirun = g_find_program_in_path ("mpirun");

  if (run.status == 2)
    {
      g_assert_nonnull (strstr (run.err, "no PETSc"));
      g_test_skip ("PETSc is not built in: install petsc-dev and libopenmpi-dev, and set the option petsc");
      return FALSE;
    }
  if (mpirun == NULL)
    g_test_skip ("mpirun is not installed");
  return mpirun != NULL;
}

/* The largest difference over the largest value. */
static double
difference (const char *a_folder, const char *b_folder, const char *name)
{
  g_autofree char *a_path = g_build_filename (work, a_folder, name, NULL);
  g_autofree char *b_path = g_build_filename (work, b_folder, name, NULL);
  g_autoptr (OssVolume) a = oss_nifti_read_volume (a_path, OSS_QUANTITY_OTHER, NULL, NULL);
  g_autoptr (OssVolume) b = oss_nifti_read_volume (b_path, OSS_QUANTITY_OTHER, NULL, NULL);
  double largest = 0.0, differs = 0.0;

  g_assert_nonnull (a);
  g_assert_nonnull (b);
  for (gsize v = 0; v < oss_grid_count (&a->grid); v++)
    {
      largest = fmax (largest, fabs (a->data[v]));
      differs = fmax (differs, fabs ((double) a->data[v] - (double) b->data[v]));
    }
  g_assert_cmpfloat (largest, >, 0.0);
  return differs / largest;
}

static void
compare_numbers (JsonObject *one, JsonObject *many)
{
  static const struct
  {
    const char *inside, *name;
    double tolerance;
  } numbers[] = {
    { NULL, "reaction_n", 1e-8 },         { NULL, "energy_n_mm", 1e-8 },
    { "sed_centre", "mean_mpa", 1e-6 },   { "sed_centre", "p95_mpa", 1e-6 },
    { "sed_mean", "mean_mpa", 1e-6 },     { "sed_mean", "max_mpa", 1e-6 }, /* fields are float */
    { "pistoia", "factor", 1e-6 },        { "pistoia", "factor_from_sed_mean", 1e-6 },
    { "mesh", "bone_volume_mm3", 1e-12 },
  };
  static const char *const counts[] = { "elements", "nodes", "dof" };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      double a = number_in (one, numbers[i].inside, numbers[i].name),
             b = number_in (many, numbers[i].inside, numbers[i].name);
      g_test_message ("%s: %.12g, one machine %.12g", numbers[i].name, b, a);
      g_assert_cmpfloat (fabs (a), >, 0.0);
      g_assert_cmpfloat (fabs (b - a), <, numbers[i].tolerance * fabs (a));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (one, "mesh"), counts[i]), ==,
                     json_object_get_int_member (json_object_get_object_member (many, "mesh"), counts[i]));
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (many, "islands_removed"), "voxels"), ==,
                   1);
}

/* Reaction and energy to 1e-8 by 1, 2 and 4 processes, held at one face and at both, along two axes. */
static void
test_same (void)
{
  static const char *const loads[] = { "--axis z --strain -0.01 --lateral both",
                                       "--axis x --displacement 0.1 --lateral bottom" };
  static const char *const names[] = { "sed_centre.nii.gz",     "sed_mean.nii.gz",       "von_mises.nii.gz",
                                       "displacement_x.nii.gz", "displacement_y.nii.gz", "displacement_z.nii.gz" };
  static const int processes[] = { 1, 2, 4 };

  if (!built_in ())
    return;
  for (gsize load = 0; load < G_N_ELEMENTS (loads); load++)
    {
      g_autofree char *line = g_strdup_printf ("--json solve --modulus bars.nii.gz %s --nu 0.3 --tolerance 1e-11 "
                                               "--write-displacement --out one",
                                               loads[load]);
      g_autofree char *shared =
          g_strdup_printf ("--json solve --petsc --modulus bars.nii.gz %s --nu 0.3 --tolerance 1e-11 "
                           "--write-displacement --out many",
                           loads[load]);
      g_autoptr (JsonParser) one_parser = json_parser_new ();
      JsonObject *one = run_json (one_parser, 0, line);
      for (gsize i = 0; i < G_N_ELEMENTS (processes); i++)
        {
          g_autoptr (JsonParser) parser = json_parser_new ();
          JsonObject *many = run_json (parser, processes[i], shared);
          JsonObject *solver = json_object_get_object_member (many, "solver");
          compare_numbers (one, many);
          g_assert_cmpint (json_object_get_int_member (solver, "processes"), ==, processes[i]);
          g_assert_cmpfloat (number_in (many, "solver", "relative_residual"), <=, 1e-11);
          g_test_message ("%d processes: %d iterations", processes[i],
                          (int) json_object_get_int_member (solver, "iterations"));
          for (gsize f = 0; f < G_N_ELEMENTS (names); f++)
            g_assert_cmpfloat (difference ("one", "many", names[f]), <, 1e-6);
        }
    }
}

/* Thin struts: as many iterations as on one machine, give or take a fifth, whatever the number of processes, and the
 * same reaction. */
static void
test_struts (void)
{
  static const int processes[] = { 1, 2, 4 };
  const char *load = "--modulus struts.nii.gz --strain -0.01 --lateral both --nu 0.3 --tolerance 1e-10";

  if (!built_in ())
    return;
  g_autofree char *line = g_strdup_printf ("--json solve %s --out one", load);
  g_autofree char *shared = g_strdup_printf ("--json solve --petsc %s --out many", load);
  g_autoptr (JsonParser) one_parser = json_parser_new ();
  JsonObject *one = run_json (one_parser, 0, line);
  double reaction_n = number_in (one, NULL, "reaction_n"), iterations = number_in (one, "solver", "iterations");
  g_assert_cmpfloat (iterations, >, 20.0); /* it is not easy */
  for (gsize i = 0; i < G_N_ELEMENTS (processes); i++)
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      JsonObject *many = run_json (parser, processes[i], shared);
      g_test_message ("%d processes: %.12g N in %g iterations, one machine %.12g N in %g", processes[i],
                      number_in (many, NULL, "reaction_n"), number_in (many, "solver", "iterations"), reaction_n,
                      iterations);
      g_assert_cmpfloat (fabs (number_in (many, NULL, "reaction_n") - reaction_n), <, 1e-8 * fabs (reaction_n));
      g_assert_cmpfloat (fabs (number_in (many, "solver", "iterations") - iterations), <=, 0.2 * iterations);
    }
}

/* One process says what is wrong, and mpirun ends with its status. */
static void
test_bad (void)
{
  if (!built_in ())
    return;
  expect (2, 2, "either", "solve --petsc --modulus block.nii.gz");
  expect (2, 2, "ossature: ", "solve --petsc --modulus block.nii.gz --nonsense");
  expect (2, 3, "absent.nii.gz", "solve --petsc --modulus absent.nii.gz --strain -0.01");
  expect (2, 3, "negative", "solve --petsc --modulus negative.nii.gz --strain -0.01");
  expect (2, 3, "rigid motions", "solve --petsc --modulus block.nii.gz --strain -0.01 --lateral none");
  expect (4, 3, "shared by 4", "solve --petsc --modulus bar.nii.gz --strain -0.01");
  expect (2, 4, "did not converge", "solve --petsc --modulus block.nii.gz --strain -0.01 --max-iterations 1");
}

/* A process other than the first is told to stop: all do, with status 130, and nothing is written. */
static void
test_stop (void)
{
  g_autofree char *number = NULL, *folder = g_build_filename (work, "stopped", NULL);
  g_autofree char *noted = g_build_filename (work, "pid.1", NULL);
  g_autoptr (GDataInputStream) lines = NULL;
  gboolean solving = FALSE;

  if (!built_in ())
    return;
  g_autoptr (GSubprocess) process = start (2, "solve --petsc --modulus block.nii.gz --strain -0.01 --tolerance 1e-300 "
                                              "--max-iterations 1000000 --out stopped");
  lines = g_data_input_stream_new (g_subprocess_get_stderr_pipe (process));
  while (!solving)
    {
      g_autofree char *text = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
      g_assert_nonnull (text);
      solving = strstr (text, "Solving") != NULL;
    }
  g_assert_true (g_file_get_contents (noted, &number, NULL, NULL));
  g_assert_cmpint (kill ((pid_t) g_ascii_strtoll (number, NULL, 10), SIGTERM), ==, 0);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 130);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("oss-petsc-XXXXXX", NULL);
  make_images ();
  g_test_add_func ("/cli/petsc/same", test_same);
  g_test_add_func ("/cli/petsc/struts", test_struts);
  g_test_add_func ("/cli/petsc/bad-input", test_bad);
  g_test_add_func ("/cli/petsc/stop", test_stop);
  status = g_test_run ();
  const char *argv_rm[] = { "rm", "-rf", work, NULL };
  g_spawn_sync (NULL, (char **) argv_rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  return status;
}
