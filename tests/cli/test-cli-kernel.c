/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels on the command line: a series corrected to another kernel, one measured on a rod, and what is refused. */
#include "base/oss-file.h"
#include "cli-run.h"
#include "dicom/oss-series.h"
#include "formats/oss-nifti.h"

#include <math.h>
#include <string.h>

static char *work;

static OssVolume *
load (const char *name)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, NULL, &error);
  g_assert_no_error (error);
  const OssSeries *series = oss_series_pick (list, NULL, NULL, &error);
  g_assert_no_error (error);
  OssVolume *volume = oss_series_load (series, NULL, &error);
  g_assert_no_error (error);
  return volume;
}

static double
rms (const OssVolume *a, const OssVolume *b)
{
  double sum = 0.0;
  gsize n = oss_grid_count (&a->grid);

  g_assert_true (oss_grid_equal (&a->grid, &b->grid, 1e-3));
  for (gsize i = 0; i < n; i++)
    sum += (a->data[i] - b->data[i]) * (a->data[i] - b->data[i]) / (double) n;
  return sqrt (sum);
}

/* The new series is B40f's image to a fraction of the difference, valid DICOM, and of the same study; twice the same
 * bytes. */
static void
test_correct (void)
{
  const char *line = "--json --quiet correct patient/B70f --to B40f --mtf table --out corrected";
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (Run) run = run_line (work, line);
  JsonObject *root = run_document (&run, parser, 0, line);
  JsonObject *correction = json_object_get_object_member (root, "kernel_correction");

  g_assert_true (json_object_get_boolean_member (correction, "applied"));
  g_assert_cmpstr (json_object_get_string_member (root, "kernel"), ==, "B70f");
  g_assert_cmpfloat (run_number (json_object_get_object_member (correction, "from"), "f50_lp_per_cm"), ==, 5.6);
  g_assert_cmpfloat (run_number (json_object_get_object_member (correction, "to"), "f50_lp_per_cm"), ==, 3.5);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (correction, "from"), "mtf_status"), ==,
                   "virtual");

  g_autoptr (OssVolume) smooth = load ("patient/B40f"), sharp = load ("patient/B70f"), corrected = load ("corrected");
  g_test_message ("RMS against B40f: %.1f HU before, %.1f after", rms (sharp, smooth), rms (corrected, smooth));
  g_assert_cmpfloat (rms (corrected, smooth), <, 0.25 * rms (sharp, smooth));

  g_autofree char *first = g_build_filename (work, "corrected", "CT000003.dcm", NULL);
  char *words[] = { (char *) "dciodvfy", first, NULL };
  g_auto (Run) check = run_program (work, words);
  g_assert_null (strstr (check.err, "Error"));
  g_auto (Run) scan = run_line (work, "--quiet scan corrected");
  run_expect (&scan, 0, "computed from other images", "scan corrected");
  run_expect (&scan, 0, "corrected to B40f", "scan corrected");

  g_autofree char *a = NULL, *b = NULL, *second = g_build_filename (work, "again", "CT000003.dcm", NULL);
  gsize n_a, n_b;
  run_line_expect (work, 0, "B40f", "--quiet correct patient/B70f --to B40f --mtf table --out again");
  g_assert_true (g_file_get_contents (first, &a, &n_a, NULL) && g_file_get_contents (second, &b, &n_b, NULL));
  g_assert_cmpmem (a, n_a, b, n_b);
}

static double
kernel_of_truth (const char *patient, int which)
{
  g_autofree char *path = g_build_filename (work, patient, "truth", "truth.json", NULL);
  g_autoptr (JsonParser) truth = json_parser_new ();

  g_assert_true (json_parser_load_from_file (truth, path, NULL));
  JsonObject *scan = json_object_get_object_member (json_node_get_object (json_parser_get_root (truth)), "acquisition");
  return run_number (json_array_get_object_element (json_object_get_array_member (scan, "kernels"), which),
                     "f50_lp_cm");
}

/* By itself the phantom in the scan tells what the kernel leaves, to 3 % of the truth; so does the other reconstruction
 * where it is at hand.  Without a phantom the table stands, and that is said. */
static void
test_mtf (void)
{
  const char *alone = "--json --quiet correct patient/B70f --to B40f --out alone";
  const char *both = "--json --quiet correct patient --kernel B70f --to B40f --mtf measured --out both";
  const char *bare = "--json --quiet correct bare/B70f --to B40f --out bare-out";
  const char *lines[] = { alone, both, bare };
  double is[2] = { kernel_of_truth ("patient", 1), kernel_of_truth ("patient", 0) };

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_auto (Run) run = run_line (work, lines[i]);
      JsonObject *root = run_document (&run, parser, 0, lines[i]);
      JsonObject *correction = json_object_get_object_member (root, "kernel_correction");
      JsonObject *mtf = json_object_get_object_member (correction, "mtf");
      const char *text = json_object_get_string_member (correction, "text");
      for (int side = 0; side < 2; side++)
        {
          JsonObject *sight = json_object_get_object_member (mtf, side == 0 ? "from" : "to");
          gboolean measured = json_object_get_boolean_member (sight, "measured");
          g_assert_cmpint (measured, ==, i == 1 || (i == 0 && side == 0));
          if (measured)
            g_assert_cmpfloat_with_epsilon (run_number (sight, "half_lp_per_cm") / is[side], 1.0, 0.03);
        }
      g_assert_nonnull (strstr (text, i == 2 ? "no phantom lies in it" : "rods of the phantom in this scan"));
      g_assert_cmpfloat (i == 0 ? fabs (run_number (mtf, "carried_over") - 1.0) : 1.0, >, 0.0);
    }
}

/* The wanted kernel already: nothing is written, and said. */
static void
test_untouched (void)
{
  g_autofree char *none = g_build_filename (work, "none", NULL);

  run_line_expect (work, 0, "nothing was corrected", "--quiet correct patient/B40f --to B40f --out none");
  g_assert_false (g_file_test (none, G_FILE_TEST_EXISTS));
}

static void
test_refused (void)
{
  run_line_expect (work, 3, "“Qx” is not",
                   "--quiet correct patient/B70f --to B40f --from-kernel Qx --mtf table --out none");
  run_line_expect (work, 3, "--mtf table", "--quiet correct bare/B70f --to B40f --mtf measured --out none");
  run_line_expect (work, 3, "no phantom lies in it", "--quiet correct bare/B70f --to B40f --from-kernel Qx --out none");
  run_line_expect (work, 3, "kernel measure", "--quiet correct patient/B70f --to Nothing --out none");
  run_line_expect (work, 3, "cannot be got back",
                   "--quiet correct patient/B70f --to B40f --mtf table --to-thickness 0.5 --out none");
  run_line_expect (work, 2, "--out", "--quiet correct patient/B70f --to B40f");
  run_line_expect (work, 2, "--out", "--quiet correct patient/B70f --to B40f --out patient/B70f");
  run_line_expect (work, 2, "Name it", "--quiet calibrate patient/B70f --from-kernel B70f");
  run_line_expect (work, 2, "kernel list", "--quiet kernel");
}

/* A NIfTI image names no kernel: it has to be named. */
static void
test_nifti (void)
{
  g_autoptr (OssVolume) sharp = load ("patient/B70f"), smooth = load ("patient/B40f");
  g_autofree char *path = g_build_filename (work, "sharp.nii.gz", NULL);
  g_autofree char *out = g_build_filename (work, "nifti", "corrected.nii.gz", NULL);
  g_autofree char *mtf = g_build_filename (work, "mtf.csv", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_nifti_write_volume (sharp, path, TRUE, NULL, NULL, NULL));
  run_line_expect (work, 3, "does not name its kernel", "--quiet correct sharp.nii.gz --to Ossature:B40f --out nifti");
  run_line_expect (
      work, 0, "B70f",
      "--quiet correct sharp.nii.gz --to Ossature:B40f --from-kernel Ossature:B70f --mtf table --out nifti");
  g_autoptr (OssVolume) corrected = oss_nifti_read_volume (out, OSS_QUANTITY_HU, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (rms (corrected, smooth), <, 0.25 * rms (sharp, smooth));
  g_assert_true (g_file_set_contents (mtf, "lp/cm,MTF\n0,1\n2,0.94\n4,0.72\n5.6,0.5\n9.4,0.1\n12,0.02\n", -1, NULL));
  run_line_expect (work, 0, "mtf.csv", "--quiet correct sharp.nii.gz --to Ossature:B40f --mtf mtf.csv --out nifti");
}

/* A calibration of the corrected image says what it is of; the header's kernel stays the header's. */
static void
test_calibrate (void)
{
  const char *line = "--json --quiet calibrate patient/B70f --correct-to B40f --mtf table";
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (Run) run = run_line (work, line);
  JsonObject *root = run_document (&run, parser, 0, line);

  g_assert_cmpstr (json_object_get_string_member (root, "kernel"), ==, "B70f");
  g_assert_true (json_object_get_boolean_member (json_object_get_object_member (root, "kernel_correction"), "applied"));
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (root, "parameters"), "correct_to"), ==,
                   "B40f");
  g_assert_nonnull (strstr (run.out, "Corrected from kernel B70f"));
  g_auto (Run) plain = run_line (work, "--json --quiet calibrate patient/B70f");
  g_assert_nonnull (strstr (plain.out, "\"kernel_correction\" : null"));
}

/* Measured on the phantom's densest rod, kept, and used from then on. */
static void
test_measure (void)
{
  const char *list_line = "--json --quiet kernel list";
  g_autofree char *truth_path = g_build_filename (work, "patient", "truth", "truth.json", NULL);
  g_autoptr (JsonParser) truth = json_parser_new (), parser = json_parser_new (), listed = json_parser_new ();
  g_assert_true (json_parser_load_from_file (truth, truth_path, NULL));
  JsonObject *object = json_node_get_object (json_parser_get_root (truth));
  JsonArray *rods = json_object_get_array_member (object, "rods");
  JsonObject *rod = json_array_get_object_element (rods, json_array_get_length (rods) - 1);
  JsonArray *at = json_object_get_array_member (rod, "axis_xy_mm");
  JsonArray *kernels = json_object_get_array_member (json_object_get_object_member (object, "acquisition"), "kernels");
  double is = run_number (json_array_get_object_element (kernels, 0), "f50_lp_cm");
  g_autoptr (OssVolume) volume = load ("patient/B40f");
  double z = volume->grid.origin[2] + 0.5 * volume->grid.size[2] * volume->grid.spacing[2];
  g_autofree char *line =
      g_strdup_printf ("--json --quiet kernel measure patient/B40f --height 60 --at %.1f,%.1f,%.1f",
                       json_array_get_double_element (at, 0), json_array_get_double_element (at, 1), z);

  g_auto (Run) run = run_line (work, line);
  JsonObject *root = run_document (&run, parser, 0, line);
  double f50 = run_number (json_object_get_object_member (root, "kernel"), "f50_lp_per_cm");
  g_test_message ("f50 %.3f, is %.3f lp/cm (%+.1f %%)", f50, is, 100.0 * (f50 / is - 1.0));
  g_assert_cmpfloat_with_epsilon (f50 / is, 1.0, 0.03);
  g_auto (Run) list = run_line (work, list_line);
  JsonArray *all = json_object_get_array_member (run_document (&list, listed, 0, list_line), "kernels");
  JsonObject *first = json_array_get_object_element (all, 0);
  g_assert_cmpstr (json_object_get_string_member (first, "name"), ==, "B40f");
  g_assert_true (json_object_get_boolean_member (first, "own"));
  run_line_expect (work, 0, "measured: edge of radius",
                   "--quiet correct patient/B70f --to B40f --mtf table --out measured");
  run_line_expect (work, 2, "outside", "--quiet kernel measure patient/B40f --at 0,0,0 --no-keep");
  g_autofree char *inside = g_strdup_printf ("--quiet kernel measure patient/B40f --at 0,0,%.1f --no-keep", z);
  run_line_expect (work, 3, "round edge", inside);
}

int
main (int argc, char **argv)
{
  work = g_dir_make_tmp ("ossature-cli-kernel-XXXXXX", NULL);
  g_setenv ("XDG_DATA_HOME", work, TRUE); /* never the user's own table */
  g_test_init (&argc, &argv, NULL);
  run_line_expect (work, 0, "L1", "--quiet virtual patient --seed 503 --levels L1-L1 --spacing 0.8,0.8,3");
  run_line_expect (work, 0, "L1",
                   "--quiet virtual bare --seed 503 --phantom none --kernels B70f --levels L1-L1 --spacing 1.2,1.2,5");
  g_test_add_func ("/cli/kernel/correct", test_correct);
  g_test_add_func ("/cli/kernel/mtf", test_mtf);
  g_test_add_func ("/cli/kernel/untouched", test_untouched);
  g_test_add_func ("/cli/kernel/refused", test_refused);
  g_test_add_func ("/cli/kernel/nifti", test_nifti);
  g_test_add_func ("/cli/kernel/calibrate", test_calibrate);
  g_test_add_func ("/cli/kernel/measure", test_measure);
  int status = g_test_run ();
  char *words[] = { (char *) "rm", (char *) "-r", work, NULL };
  g_auto (Run) removed = run_program (NULL, words);
  g_free (work);
  return status;
}
