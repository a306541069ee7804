/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command as scripts see it: exit status, messages, files that appear whole or not at all. */
#include "cli-run.h"
#include "dicom/oss-dicom-writer.h"
#include "formats/oss-nifti.h"
#include "study/oss-study.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *work;                                       /* a folder for all */
static char *patient;                                    /* a small virtual patient with a marker on the left */
static char *at;                                         /* its L1 */
static double true_vbmd, true_centre[3], true_marker[3]; /* of L1 */

static Run
run_command (const char *first, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  va_list more;

  g_ptr_array_add (argv, (char *) g_getenv ("OSSATURE_CLI"));
  va_start (more, first);
  for (const char *a = first; a != NULL; a = va_arg (more, const char *))
    g_ptr_array_add (argv, (char *) a);
  va_end (more);
  g_ptr_array_add (argv, NULL);
  return run_program (NULL, (char *const *) argv->pdata);
}

static char *
inside (const char *name)
{
  return g_build_filename (work, name, NULL);
}

/* Status and words of a refusal, and no file left in @out. */
static void
expect (Run run, int status, const char *words, const char *out)
{
  if (run.status != status || (words != NULL && strstr (run.err, words) == NULL))
    g_error ("exit %d, expected %d with “%s”; said: %s", run.status, status, words != NULL ? words : "", run.err);
  if (out != NULL && g_file_test (out, G_FILE_TEST_IS_DIR))
    {
      g_autoptr (GDir) dir = g_dir_open (out, 0, NULL);
      const char *left = g_dir_read_name (dir);
      if (left != NULL)
        g_error ("“%s” was left in the output folder", left);
    }
  run_clear (&run);
}

static void
shell (const char *format, ...)
{
  va_list arguments;
  int status = 0;
  g_autoptr (GError) error = NULL;

  va_start (arguments, format);
  g_autofree char *line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  const char *argv[] = { "/bin/sh", "-ec", line, NULL };
  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, 0, NULL, NULL, NULL, NULL, &status, &error));
  if (status != 0)
    g_error ("“%s” ended with %d", line, status);
}

static void
make_patient (void)
{
  work = g_dir_make_tmp ("oss-cli-XXXXXX", NULL);
  patient = inside ("patient");
  g_auto (Run) run = run_command ("virtual", patient, "--seed", "3", "--kernels", "B40f", "--spacing", "1.0,1.0,1.5",
                                  "--levels", "T12-L2", "--fov", "320", "--marker", "--sex", "F", "--age", "64", NULL);
  if (run.status != 0)
    g_error ("virtual: %s", run.err);
  g_autofree char *truth = g_build_filename (patient, "truth", "truth.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, truth, &error);
  g_assert_no_error (error);
  JsonObject *vertebrae =
      json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "vertebrae");
  JsonObject *l1 = json_object_get_object_member (vertebrae, "L1");
  true_vbmd = json_object_get_double_member (json_node_get_object (json_parser_get_root (parser)), "vbmd_mg_cm3");
  for (guint c = 0; c < 3; c++)
    {
      true_centre[c] = json_array_get_double_element (json_object_get_array_member (l1, "centre_mm"), c);
      true_marker[c] = json_array_get_double_element (json_object_get_array_member (l1, "marker_centre_mm"), c);
    }
  at = g_strdup_printf ("%.2f,%.2f,%.2f", true_centre[0], true_centre[1], true_centre[2]);
}

static void
test_usage (void)
{
  g_auto (Run) help = run_command ("--help", NULL);
  g_assert_cmpint (help.status, ==, 0);
  g_assert_nonnull (strstr (help.out, "analyze"));
  static const char *const names[] = { "virtual", "scan", "calibrate", "segment", "mesh", "analyze" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (Run) one = run_command (names[i], "--help", NULL);
      g_assert_cmpint (one.status, ==, 0);
      g_assert_nonnull (strstr (one.out, names[i]));
    }
  expect (run_command ("paint", NULL), 2, "paint", NULL);
  expect (run_command (NULL, NULL), 2, "--help", NULL);
  expect (run_command ("--threads", "0", "scan", work, NULL), 2, "--threads", NULL);
  expect (run_command ("analyze", patient, NULL), 2, "--out", NULL);
  expect (run_command ("scan", patient, "--threads", NULL), 2, "number", NULL);
  g_autofree char *out = inside ("none");
  expect (run_command ("analyze", patient, "--out", out, "--at", "1,2", NULL), 2, "--at", out);
  expect (run_command ("analyze", patient, "--out", out, NULL), 2, "--at", out);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--displacement", "-1", NULL), 2, "pressed", out);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--conversion", "x", NULL), 2, "keyak1994", out);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--caps", "jelly", NULL), 2, "pmma", out);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--cap-modulus", "5", NULL), 2, "--caps", out);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--caps", "disc", "--cap-thickness", "99", NULL),
          2, "99", out);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--paper", "A5", NULL), 2, "Letter", out);
  expect (run_command ("mesh", patient, NULL), 2, "--at", NULL);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--law", "rubber", NULL), 2, "morgan2003", out);
  expect (run_command ("analyze", patient, "--out", out, "--at", at, "--vertebra", "Q9", NULL), 2, "Q9", out);
}

static JsonObject *
parse (JsonParser *parser, const char *text)
{
  g_autoptr (GError) error = NULL;
  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

static void
test_scan_json (void)
{
  g_auto (Run) run = run_command ("--json", "scan", patient, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_cmpint (run.status, ==, 0);
  JsonArray *series = json_object_get_array_member (parse (parser, run.out), "series");
  g_assert_cmpuint (json_array_get_length (series), ==, 1);
  JsonObject *one = json_array_get_object_element (series, 0);
  g_assert_cmpstr (json_object_get_string_member (one, "verdict"), ==, "usable");
  g_assert_cmpstr (json_object_get_string_member (one, "kernel"), ==, "B40f");
  g_assert_cmpfloat_with_epsilon (json_array_get_double_element (json_object_get_array_member (one, "spacing_mm"), 2),
                                  1.5, 1e-6);
}

/* The main job on a coarse mesh: every file there, numbers of a vertebra, the class on density, units in the keys. */
static void
test_analyze (void)
{
  static const char *const files[] = { "result.json", "report.pdf", "report.csv",
                                       "stress.vtu",  "stress.png", "labels.nii.gz" };
  g_autofree char *out = inside ("result");
  g_autofree char *deck = inside ("model.inp");
  g_auto (Run) run = run_command ("--json", "analyze", patient, "--vertebra", "L1", "--at", at, "--size", "3.5",
                                  "--write-deck", deck, "--out", out, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (run.status != 0)
    g_error ("analyze: %s", run.err);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (out, files[i], NULL);
      if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
        g_error ("%s is missing", files[i]);
    }
  g_assert_true (g_file_test (deck, G_FILE_TEST_IS_REGULAR));
  JsonObject *result = parse (parser, run.out);
  g_assert_cmpstr (json_object_get_string_member (result, "vertebra"), ==, "L1");
  /* The project's limits for a virtual patient, here on thick slices: 3 mg/cm3, and 8 % of the stiffness that the true
   * labels give. */
  g_assert_cmpfloat (fabs (json_object_get_double_member (result, "vbmd_mg_cm3") - true_vbmd), <=, 3.0);
  g_autofree char *truth = g_build_filename (patient, "truth", "labels.nii.gz", NULL);
  g_autofree char *out_truth = inside ("result-truth");
  g_auto (Run) exact = run_command ("analyze", patient, "--vertebra", "L1", "--labels", truth, "--size", "3.5", "--out",
                                    out_truth, "--json", NULL);
  g_autoptr (JsonParser) exact_parser = json_parser_new ();
  double k = json_object_get_double_member (result, "stiffness_n_per_mm");
  double k_exact = json_object_get_double_member (parse (exact_parser, exact.out), "stiffness_n_per_mm");
  g_assert_cmpfloat (fabs (k / k_exact - 1.0), <=, 0.08);
  /* The headline strength is 0.0068 K H and the map was made at that strain: it equals the reaction. */
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (result, "strength_n"),
                                  json_object_get_double_member (result, "reaction_n"),
                                  1e-6 * json_object_get_double_member (result, "reaction_n"));
  JsonObject *seconds = json_object_get_object_member (result, "seconds");
  g_assert_true (json_object_has_member (seconds, "simulate"));
  JsonObject *calibration = json_object_get_object_member (result, "calibration");
  g_assert_cmpfloat (json_object_get_double_member (calibration, "r2"), >, 0.99);
}

/* The same vertebra between caps: they are named, give way, and what is reported is the vertebra's own; the deck has
 * them. References: series of springs, F = K d; more than the vertebra alone cannot be stiff. */
static void
test_caps (void)
{
  static const char *const kinds[] = { "none", "pmma", "disc" };
  double own[3];

  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strconcat ("caps-", kinds[i], NULL);
      g_autofree char *out = inside (name), *deck = g_strconcat (out, ".inp", NULL), *text = NULL;
      g_auto (Run) run = run_command ("--json", "analyze", patient, "--vertebra", "L1", "--at", at, "--size", "3.5",
                                      "--caps", kinds[i], "--write-deck", deck, "--out", out, NULL);
      g_autoptr (JsonParser) parser = json_parser_new ();
      if (run.status != 0)
        g_error ("analyze --caps %s: %s", kinds[i], run.err);
      JsonObject *result = parse (parser, run.out), *caps = json_object_get_object_member (result, "caps");
      double reaction = json_object_get_double_member (result, "reaction_n");

      own[i] = json_object_get_double_member (result, "stiffness_n_per_mm");
      g_assert_cmpstr (json_object_get_string_member (caps, "kind"), ==, kinds[i]);
      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (result, "strength_n"), reaction, 1e-6 * reaction);
      g_assert_true (g_file_get_contents (deck, &text, NULL, NULL));
      gsize in_deck = 0,
            nodes = (gsize) json_object_get_int_member (json_object_get_object_member (result, "mesh"), "nodes");
      g_autofree char *further = g_strdup_printf ("\n%zu,", nodes + 1);
      in_deck = strstr (text, further) != NULL;
      g_assert_cmpuint (in_deck, ==, i > 0);
      if (i == 0)
        {
          g_assert_true (json_object_get_null_member (caps, "thickness_mm"));
          continue;
        }
      double whole = json_object_get_double_member (caps, "stiffness_with_caps_n_per_mm");
      double plates = json_object_get_double_member (caps, "displacement_with_caps_mm");
      g_assert_cmpfloat (json_object_get_double_member (caps, "thickness_mm"), ==, i == 1 ? 10.0 : 8.0);
      g_assert_cmpfloat (json_object_get_double_member (caps, "modulus_mpa"), ==, i == 1 ? 2500.0 : 8.0);
      g_assert_cmpfloat (whole, <, own[i]);
      g_assert_cmpfloat_with_epsilon (whole * plates, reaction, 1e-4 * reaction);
      g_assert_cmpfloat (own[i], <, own[i - 1]);
      g_assert_cmpfloat (own[i], >, 0.5 * own[0]);
    }
}

/* An outline alone is no density: nothing is invented from CT numbers. */
static void
test_outline_only (void)
{
  g_auto (Run) run = run_command ("--json", "segment", patient, "--at", at, "--vertebra", "L1", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_cmpint (run.status, ==, 0);
  JsonObject *result = parse (parser, run.out);
  g_assert_true (json_object_get_null_member (result, "vbmd_mg_cm3"));
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (result, "classification"), "class"),
                   ==, "none");
}

/* How far places as far back and as high as the marker reach from L1's centre to the right and left (-x and +x LPS),
 * mm: [0] right, [1] left. */
static void
reach_add (const double place[3], double reach[2])
{
  double x = place[0] - true_centre[0];

  if (fabs (place[1] - true_marker[1]) < 4.0 && fabs (place[2] - true_marker[2]) < 4.0)
    reach[x > 0.0] = fmax (reach[x > 0.0], fabs (x));
}

static void
reach_of_volume (const OssVolume *volume, double limit, double reach[2])
{
  reach[0] = reach[1] = 0.0;
  for (int k = 0; k < volume->grid.size[2]; k++)
    for (int j = 0; j < volume->grid.size[1]; j++)
      for (int i = 0; i < volume->grid.size[0]; i++)
        {
          double place[3];
          oss_grid_to_patient (&volume->grid, (double[3]){ i, j, k }, place);
          if (volume->data[oss_grid_offset (&volume->grid, i, j, k)] > limit)
            reach_add (place, reach);
        }
}

/* The same of the points of a VTU file, read by a program that shares no line with the writer. */
static void
reach_of_vtu (const char *path, double reach[2])
{
  g_autofree char *raw = inside ("vtu");
  g_autofree char *points = inside ("vtu/Points");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  shell ("mkdir -p '%s' && python3 '%s/formats/read_vtu.py' '%s' '%s'", raw, g_getenv ("G_TEST_SRCDIR"), path, raw);
  g_file_get_contents (points, &text, &length, &error);
  g_assert_no_error (error);
  reach[0] = reach[1] = 0.0;
  g_assert_cmpuint (length, >, 3000 * sizeof (double));
  for (gsize b = 0; b < length; b += 3 * sizeof (double))
    {
      double place[3];
      memcpy (place, text + b, sizeof place);
      reach_add (place, reach);
    }
}

static void
check_marker_side (const char *what, const double reach[2], double margin_mm)
{
  double expected = true_marker[0] - true_centre[0] + 5.0; /* the ball's radius */

  g_test_message ("%s: %.1f mm to the right, %.1f mm to the left (marker to %.1f)", what, reach[0], reach[1], expected);
  g_assert_cmpfloat_with_epsilon (reach[1], expected, margin_mm);
  g_assert_cmpfloat (reach[0], <, expected - 3.0);
}

/* A ball of solid bone was put on the left of L1 (+x LPS): it must be there, and not on the right, in the density and
 * the labels written as NIfTI and in the model written as VTU. */
static void
test_left_is_left (void)
{
  g_autofree char *out = inside ("left"), *model = inside ("left-model");
  g_autofree char *truth = g_build_filename (patient, "truth", "labels.nii.gz", NULL);
  g_auto (Run) run = run_command ("calibrate", patient, "--out", out, NULL);
  g_auto (Run) analysis = run_command ("analyze", patient, "--labels", truth, "--vertebra", "L1", "--kind", "tet4",
                                       "--size", "3", "--out", model, NULL);
  g_autofree char *density_path = g_build_filename (out, "density.nii.gz", NULL);
  g_autofree char *labels_path = g_build_filename (model, "labels.nii.gz", NULL);
  g_autofree char *vtu_path = g_build_filename (model, "stress.vtu", NULL);
  g_autoptr (GError) error = NULL;
  double reach[2];

  g_assert_cmpint (run.status, ==, 0);
  g_assert_cmpint (analysis.status, ==, 0);
  g_autoptr (OssVolume) density = oss_nifti_read_volume (density_path, OSS_QUANTITY_DENSITY, NULL, &error);
  g_assert_no_error (error);
  reach_of_volume (density, 700.0, reach); /* mg/cm3: hardly any bone but the ball */
  check_marker_side ("density.nii.gz", reach, 2.0);
  g_autoptr (OssVolume) labels = oss_nifti_read_volume (labels_path, OSS_QUANTITY_DENSITY, NULL, &error);
  g_assert_no_error (error);
  reach_of_volume (labels, 0.5, reach);
  check_marker_side ("labels.nii.gz", reach, 1.5);
  reach_of_vtu (vtu_path, reach);
  check_marker_side ("stress.vtu", reach, 1.5);
}

static void
copy_series (const char *name)
{
  shell ("rm -rf '%s/%s' && mkdir '%s/%s' && cp '%s'/B40f/* '%s/%s/'", work, name, work, name, patient, work, name);
}

static void
test_bad_input (void)
{
  g_autofree char *out = inside ("bad-out");
  g_autofree char *empty = inside ("empty"), *text = inside ("text"), *gap = inside ("gap"), *cut = inside ("cut");
  g_autofree char *mixed = inside ("mixed"), *zero = inside ("zero");

  g_mkdir (empty, 0700);
  expect (run_command ("analyze", empty, "--at", at, "--out", out, NULL), 3, empty, out);
  shell ("mkdir '%s' && echo hello >'%s/a.txt'", text, text);
  expect (run_command ("analyze", text, "--at", at, "--out", out, NULL), 3, NULL, out);

  copy_series ("gap"); /* two slices out of the middle */
  shell ("cd '%s' && set -- * && n=$(($# / 2)) && rm -f \"$(ls | sed -n ${n}p)\"", gap);
  expect (run_command ("analyze", gap, "--at", at, "--out", out, NULL), 3, "missing", out);

  copy_series ("cut"); /* one file ends in the middle of its pixels */
  shell ("cd '%s' && f=$(ls | sed -n 20p) && head -c 5000 \"$f\" >x && mv x \"$f\"", cut);
  expect (run_command ("analyze", cut, "--at", at, "--out", out, NULL), 3, NULL, out);

  copy_series ("zero");
  shell ("cd '%s' && dcmodify -nb -ma '(0028,0030)=0\\0' *", zero);
  expect (run_command ("analyze", zero, "--at", at, "--out", out, NULL), 3, "Pixel", out);

  copy_series ("mixed"); /* a second series thrown in: both are told apart, the whole one is used or the kernel asked */
  shell ("cd '%s' && mkdir b && cp $(ls | grep -v '^b$' | head -12) b/ && cd b && dcmodify -nb -ma "
         "'(0020,000e)=1.2.3.4' -ma '(0018,1210)=B70f' * && for f in *; do mv $f ../other-$f; done && cd .. && rmdir b",
         mixed);
  g_auto (Run) scan = run_command ("--json", "scan", mixed, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (parse (parser, scan.out), "series")), ==, 2);

  expect (run_command ("analyze", patient, "--at", "900,0,0", "--out", out, NULL), 3, "900", out);
  expect (run_command ("analyze", patient, "--kernel", "B99z", "--at", at, "--out", out, NULL), 3, "B99z", out);
  expect (run_command ("analyze", patient, "--calibration", "line:7e-4,0,K2HPO4", "--at", at, "--out", out, NULL), 2,
          "0.70", out);
}

static void
test_bad_places_and_labels (void)
{
  g_autofree char *out = inside ("bad-out-2");
  g_autofree char *labels = g_build_filename (patient, "truth", "labels.nii.gz", NULL);
  g_autofree char *air = inside ("air.nii.gz"), *shifted = inside ("shifted.nii.gz");
  g_autoptr (GError) error = NULL;
  double place[3];
  g_auto (GStrv) parts = g_strsplit (at, ",", 3);

  for (int a = 0; a < 3; a++)
    place[a] = g_ascii_strtod (parts[a], NULL);
  /* In the muscle beside the spine. */
  g_autofree char *muscle = g_strdup_printf ("%.1f,%.1f,%.1f", place[0] + 50.0, place[1] + 35.0, place[2]);
  expect (run_command ("analyze", patient, "--at", muscle, "--out", out, NULL), 3, "HU", out);

  g_autoptr (OssLabels) truth = oss_nifti_read_labels (labels, NULL, &error);
  g_assert_no_error (error);
  truth->grid.origin[0] += 25.0; /* still the same size: only the place tells */
  g_assert_true (oss_nifti_write_labels (truth, shifted, "shifted", NULL, &error));
  expect (run_command ("analyze", patient, "--labels", shifted, "--vertebra", "L1", "--out", out, NULL), 3, shifted,
          out);
  expect (run_command ("analyze", patient, "--labels", labels, "--vertebra", "C3", "--out", out, NULL), 3, NULL, out);

  OssGrid grid = truth->grid;
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, &error);
  gsize n = oss_grid_count (&grid);
  for (gsize i = 0; i < n; i++)
    volume->data[i] = -1000.0f;
  g_assert_true (oss_nifti_write_volume (volume, air, TRUE, "air", NULL, &error));
  expect (run_command ("analyze", air, "--at", at, "--calibration", "line:0.7,0,K2HPO4", "--out", out, NULL), 3, "bone",
          out);
}

static void
test_bad_output (void)
{
  expect (run_command ("analyze", patient, "--at", at, "--out", "/proc/result", NULL), 4, "/proc/result", NULL);
  expect (run_command ("virtual", "/proc/patient", NULL), 4, "/proc", NULL);
  if (g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    shell ("! \"$OSSATURE_CLI\" --json scan '%s' >/dev/full 2>'%s/full.txt' && grep -q space '%s/full.txt'", patient,
           work, work);
  expect (run_command ("virtual", patient, NULL), 2, patient, NULL); /* there is something in it already */
}

/* A full disk: a file system of its own with 64 KiB, where that can be mounted. */
static void
test_full_disk (void)
{
  g_autofree char *full = inside ("full");

  g_mkdir (full, 0700);
  g_autofree char *mount = g_strdup_printf ("mount -t tmpfs -o size=64k none '%s'", full);
  if (geteuid () != 0 || g_spawn_command_line_sync (mount, NULL, NULL, NULL, NULL) == FALSE)
    {
      g_test_skip ("a small file system cannot be mounted here");
      return;
    }
  g_autofree char *probe = g_strdup_printf ("mountpoint -q '%s'", full);
  int status = 1;
  g_spawn_command_line_sync (probe, NULL, NULL, &status, NULL);
  if (status != 0)
    {
      g_test_skip ("a small file system cannot be mounted here");
      return;
    }
  expect (run_command ("analyze", patient, "--vertebra", "L1", "--at", at, "--size", "5", "--out", full, NULL), 4, NULL,
          full);
  shell ("umount '%s'", full);
}

/* Starts the main job, waits until it tells that it does @step, then @milliseconds more, and stops it.  Steps after
 * Calibrate are reached sooner by a line that is given. */
static gint64
cancel_in (const char *step, guint milliseconds, const char *out, int *status)
{
  gboolean early = g_str_equal (step, "Load") || g_str_equal (step, "Calibrate");
  const char *argv[] = { g_getenv ("OSSATURE_CLI"),
                         "analyze",
                         patient,
                         "--vertebra",
                         "L1",
                         "--at",
                         at,
                         "--size",
                         "2.5",
                         "--calibration",
                         early ? "phantom" : "line:0.714,-2.1,K2HPO4",
                         "--out",
                         out,
                         NULL };
  g_autoptr (GError) error = NULL;
  char line[256];
  GPid pid;
  int fd;

  g_assert_true (g_spawn_async_with_pipes (NULL, (char **) argv, NULL,
                                           G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, &pid,
                                           NULL, NULL, &fd, &error));
  FILE *progress = fdopen (fd, "r");
  while (fgets (line, sizeof line, progress) != NULL && strstr (line, step) == NULL)
    ;
  g_usleep (milliseconds * 1000u);
  gint64 start = g_get_monotonic_time ();
  kill (pid, SIGINT);
  while (waitpid (pid, status, 0) < 0 && errno == EINTR)
    ;
  gint64 took = (g_get_monotonic_time () - start) / 1000;
  fclose (progress);
  return took;
}

/* Ctrl-C early and late in every step: exit 130 within 200 ms, and nothing is left of the output folder. */
static void
test_cancel (void)
{
  static const char *const steps[] = { "Load",     "Calibrate", "Segment", "Mesh",
                                       "Simulate", "Ordering",  "Solving", "Report" };
  static const guint delays[] = { 0, 120, 600 };
  g_autofree char *out = inside ("cancelled");
  gint64 worst = 0;

  for (gsize s = 0; s < G_N_ELEMENTS (steps); s++)
    {
      int cancelled = 0;
      for (gsize d = 0; d < G_N_ELEMENTS (delays); d++)
        {
          int status = 0;
          gint64 took = cancel_in (steps[s], delays[d], out, &status);
          if (!WIFEXITED (status))
            g_error ("%s and %u ms: ended by signal %d", steps[s], delays[d], WTERMSIG (status));
          if (WEXITSTATUS (status) == 0)
            {
              shell ("rm -rf '%s'", out); /* it was done by then */
              break;
            }
          g_test_message ("%s and %u ms: answered in %d ms", steps[s], delays[d], (int) took);
          g_assert_cmpint (WEXITSTATUS (status), ==, 130);
          g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
          worst = MAX (worst, took);
          cancelled++;
        }
      g_assert_cmpint (cancelled, >=, 1);
    }
  g_assert_cmpint (worst, <=, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_patient ();
  if (argc > 1)
    {
      g_assert_cmpstr (argv[1], ==, "cancel");
      g_test_add_func ("/cli/cancel", test_cancel);
      int cancelled = g_test_run ();
      shell ("rm -rf '%s'", work);
      return cancelled;
    }
  g_test_add_func ("/cli/usage", test_usage);
  g_test_add_func ("/cli/scan-json", test_scan_json);
  g_test_add_func ("/cli/analyze", test_analyze);
  g_test_add_func ("/cli/caps", test_caps);
  g_test_add_func ("/cli/outline-only", test_outline_only);
  g_test_add_func ("/cli/left-is-left", test_left_is_left);
  g_test_add_func ("/cli/bad-input", test_bad_input);
  g_test_add_func ("/cli/bad-places-and-labels", test_bad_places_and_labels);
  g_test_add_func ("/cli/bad-output", test_bad_output);
  g_test_add_func ("/cli/full-disk", test_full_disk);
  int status = g_test_run ();
  shell ("rm -rf '%s'", work);
  return status;
}
