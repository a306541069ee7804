/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quality and vbmd as scripts see them: a phantom scanned alone calibrates a virtual patient without one (in silico).
 */
#include "cli-run.h"

#include <math.h>
#include <string.h>

static char *work; /* a folder for all; the database is db in it */

static JsonObject *
first_group (JsonObject *document, guint n)
{
  JsonArray *groups = json_object_get_array_member (document, "groups");

  g_assert_cmpuint (json_array_get_length (groups), ==, n);
  return n > 0 ? json_array_get_object_element (groups, 0) : NULL;
}

static void
test_keep (void)
{
  g_autoptr (JsonParser) parser = json_parser_new (), after = json_parser_new ();
  const char *add = "--json quality add qa --worklist db";

  run_line_expect (work, 0, "keV",
                   "virtual qa --quality-scan --seed 533 --kernels B40f --spacing 1.2,1.2,2 --date 2024-01-03");
  g_auto (Run) run = run_line (work, add);
  JsonObject *group = first_group (run_document (&run, parser, 0, add), 1);
  g_assert_cmpstr (json_object_get_string_member (group, "basis"), ==, "K2HPO4");
  JsonObject *scan = json_array_get_object_element (json_object_get_array_member (group, "scans"), 0);
  g_assert_cmpstr (json_object_get_string_member (scan, "date"), ==, "2024-01-03");
  g_assert_cmpstr (json_object_get_string_member (scan, "kernel"), ==, "B40f");
  g_assert_cmpfloat (run_number (scan, "slope"), >, 0.65);
  g_assert_cmpfloat (run_number (scan, "slope"), <, 0.75);
  g_assert_cmpfloat (run_number (scan, "variance_slope"), >, 0.0);
  run_line_expect (work, 0, "B40f", "quality list --worklist db");
  run_line_expect (work, 0, "One scan, of 2024-01-03", "quality chart --worklist db --out drift.png");
  run_line_expect (work, 0, "", "quality chart --worklist db --out drift.pdf");
  run_line_expect (work, 0, "", "quality chart --worklist db --out drift.csv");
  g_autofree char *path = g_build_filename (work, "drift.csv", NULL), *csv = NULL;
  g_assert_true (g_file_get_contents (path, &csv, NULL, NULL));
  g_assert_nonnull (strstr (csv, "2024-01-03"));
  run_line_expect (work, 2, ".png, .pdf or .csv", "quality chart --worklist db --out drift.svg");
  run_line_expect (work, 2, "quality list", "quality remove 77 --worklist db");
  run_line_expect (work, 2, "quality add PATH", "quality");
  run_line_expect (work, 3, "another kernel", "calibrate patient/B70f --method async --worklist db");
  run_line_expect (work, 3, "12 days", "calibrate patient/B40f --method async --worklist db --quality-age 3");
  run_line_expect (work, 3, "No quality scan is kept", "calibrate patient/B40f --method async --worklist none");
}

/* Both bodies, their mean, and no Z-score; the mean within the ± against the truth. */
static void
test_vbmd (void)
{
  g_autoptr (JsonParser) parser = json_parser_new (), truth = json_parser_new ();
  const char *line = "--json vbmd patient/B40f --method async --worklist db --vertebrae L1,L2 "
                     "--labels patient/truth/labels.nii.gz";
  g_autofree char *path = g_build_filename (work, "patient", "truth", "truth.json", NULL);
  double mean = 0.0;

  g_auto (Run) run = run_line (work, line);
  JsonObject *document = run_document (&run, parser, 0, line);
  JsonArray *vertebrae = json_object_get_array_member (document, "vertebrae");
  JsonObject *whole = json_object_get_object_member (document, "mean");
  JsonObject *error = json_object_get_object_member (whole, "uncertainty");
  g_assert_true (json_parser_load_from_file (truth, path, NULL));
  JsonObject *levels = json_object_get_object_member (json_node_get_object (json_parser_get_root (truth)), "vertebrae");
  g_assert_cmpuint (json_array_get_length (vertebrae), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      JsonObject *one = json_array_get_object_element (vertebrae, i);
      const char *name = json_object_get_string_member (one, "vertebra");
      double exact = run_number (json_object_get_object_member (levels, name), "vbmd_mg_cm3");

      g_assert_cmpstr (name, ==, i == 0 ? "L1" : "L2");
      mean += 0.5 * run_number (one, "vbmd_mg_cm3");
      g_test_message ("%s: %.1f, truth %.1f, ± %.1f, %.0f HU", name, run_number (one, "vbmd_mg_cm3"), exact,
                      run_number (one, "uncertainty_mg_cm3"), run_number (one, "mean_hu"));
      g_assert_cmpfloat (fabs (run_number (one, "vbmd_mg_cm3") - exact), <,
                         3.0 * run_number (one, "uncertainty_mg_cm3"));
      g_assert_cmpfloat (run_number (json_object_get_object_member (one, "integral"), "mean_mg_cm3"), >,
                         run_number (json_object_get_object_member (one, "eroded"), "mean_mg_cm3"));
    }
  g_assert_cmpfloat (fabs (run_number (whole, "vbmd_mg_cm3") - mean), <, 1e-9);
  g_assert_cmpfloat (run_number (error, "total"), >, 1.0);
  g_assert_true (json_object_get_null_member (document, "z_score"));
  JsonObject *class = json_object_get_object_member (document, "classification");
  g_assert_cmpstr (json_object_get_string_member (class, "class"), ==,
                   mean < 80.0     ? "osteoporosis"
                   : mean <= 120.0 ? "low"
                                   : "normal");
  run_line_expect (
      work, 0, "No class: The limits hold for the mean of two",
      "vbmd patient/B40f --method async --worklist db --vertebrae L1 --labels patient/truth/labels.nii.gz");
  run_line_expect (work, 2, "--labels FILE", "vbmd patient/B40f --method async --worklist db");
  run_line_expect (work, 2, "twice", "vbmd patient/B40f --vertebrae L1,L1 --labels patient/truth/labels.nii.gz");
}

static void
test_remove (void)
{
  run_line_expect (work, 0, "No quality scan is kept", "quality remove 1 --worklist db");
  run_line_expect (work, 3, "No quality scan is kept", "quality chart --worklist db --out drift.png");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("oss-quality-XXXXXX", NULL);
  run_line_expect (work, 0, "",
                   "virtual patient --seed 534 --phantom none --spacing 1.2,1.2,2 --levels L1-L2 --vbmd 100");
  g_test_add_func ("/cli/quality/keep", test_keep);
  g_test_add_func ("/cli/quality/vbmd", test_vbmd);
  g_test_add_func ("/cli/quality/remove", test_remove);
  int status = g_test_run ();
  char *words[] = { (char *) "rm", (char *) "-rf", work, NULL };
  g_auto (Run) gone = run_program (NULL, words);
  g_free (work);
  return status;
}
