/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration by the patient's own tissues, contrast agent and cut vertebrae as scripts see them: virtual patients
 * without a phantom (in silico). */
#include "cli-run.h"

#include <math.h>
#include <string.h>

static char *work; /* plain/ and bright/ (an enhanced scan) are virtual patients in it */

static JsonObject *
tissue_of (JsonObject *calibration, const char *name)
{
  JsonArray *tissues = json_object_get_array_member (calibration, "tissues");

  for (guint i = 0; i < json_array_get_length (tissues); i++)
    if (g_str_equal (json_object_get_string_member (json_array_get_object_element (tissues, i), "tissue"), name))
      return json_array_get_object_element (tissues, i);
  g_error ("no %s in the answer", name);
}

/* Tissues, energy and line in the answer; the line reads what the patient's true line reads within 4 %. */
static void
test_calibrate (void)
{
  const char *line = "--json calibrate plain/B40f --method internal --out result";
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (Run) run = run_line (work, line);
  JsonObject *calibration = json_object_get_object_member (run_document (&run, parser, 0, line), "calibration");
  g_autofree char *picture = g_build_filename (work, "result", "tissues.png", NULL);

  g_assert_cmpstr (json_object_get_string_member (calibration, "method"), ==, "internal");
  g_assert_cmpstr (json_object_get_string_member (calibration, "model"), ==, "k2hpo4-water");
  g_assert_cmpfloat (fabs (run_number (calibration, "effective_energy_kev") - 68.0), <, 1.5);
  g_assert_cmpfloat (run_number (calibration, "uncertainty_mg_cm3"), >, 2.0);
  JsonObject *blood = tissue_of (calibration, "blood");
  g_assert_true (json_object_get_boolean_member (blood, "automatic") && json_object_get_boolean_member (blood, "used"));
  g_assert_cmpfloat (fabs (run_number (blood, "mean_hu") - 56.0), <, 4.0);
  g_assert_true (g_file_test (picture, G_FILE_TEST_IS_REGULAR));
  /* 100 mg/cm3 of a perfect scanner at 68 keV reads 139.5 HU. */
  g_assert_cmpfloat (fabs (139.5 * run_number (calibration, "slope") + run_number (calibration, "intercept") - 100.0),
                     <, 4.0);
}

static void
test_options (void)
{
  run_line_expect (work, 0, "not used: left out by the user",
                   "calibrate plain/B40f --method internal --tissue blood=none");
  run_line_expect (work, 0, "effective energy 70.0", "calibrate plain/B40f --method internal --effective-energy 70");
  run_line_expect (work, 0, "not on the scale of a Mindways phantom",
                   "calibrate plain/B40f --method internal --internal-model michalski2020");
  run_line_expect (work, 3, "needs air or fat, and blood or muscle",
                   "calibrate plain/B40f --method internal --tissue blood=none --tissue muscle=none");
  run_line_expect (work, 2, "michalski2020", "calibrate plain/B40f --method internal --internal-model other");
  run_line_expect (work, 2, "40 to 120 keV", "calibrate plain/B40f --method internal --effective-energy 20");
  run_line_expect (work, 2, "TISSUE=X,Y,Z,RADIUS", "calibrate plain/B40f --method internal --tissue fat=1,2");
  run_line_expect (work, 2, "belong to", "calibrate plain/B40f --method line:0.7,-4,K2HPO4 --tissue blood=none");
}

/* The aorta joins the verdict, and the notes of any calibration. */
static void
test_contrast (void)
{
  run_line_expect (work, 0, "no sign of contrast agent", "scan --measure plain/B40f");
  run_line_expect (work, 0, "contrast agent is in the vessels", "scan --measure bright/B40f");
  run_line_expect (work, 0, "enhanced-aorta", "--json scan --measure bright/B40f");
  run_line_expect (work, 0, "holds contrast agent", "calibrate bright/B40f --method internal");
}

/* The neighbours of L1 are cut by the image's ends: their outline is noted, their density refused. */
static void
test_cut (void)
{
  run_line_expect (work, 0, "cut by the field of view",
                   "segment plain/B40f --labels plain/truth/labels.nii.gz --vertebra L2");
  run_line_expect (
      work, 3, "cut by the field of view",
      "analyze plain/B40f --calibration internal --labels plain/truth/labels.nii.gz --vertebra L2 --engine "
      "voxel --out cut");
  run_line_expect (work, 0, "", "segment plain/B40f --labels plain/truth/labels.nii.gz --vertebra L1");
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("ossature-tissue-XXXXXX", NULL);
  run_line_expect (work, 0, "",
                   "virtual plain --seed 523 --kernels B40f --spacing 1.2,1.2,2 --levels L1-L1 --phantom none");
  run_line_expect (
      work, 0, "",
      "virtual bright --seed 524 --kernels B40f --spacing 1.2,1.2,2 --levels L1-L1 --phantom none --contrast "
      "200");
  g_test_add_func ("/cli/tissue/calibrate", test_calibrate);
  g_test_add_func ("/cli/tissue/options", test_options);
  g_test_add_func ("/cli/tissue/contrast", test_contrast);
  g_test_add_func ("/cli/tissue/cut", test_cut);
  result = g_test_run ();
  g_autofree char *remove = g_strdup_printf ("rm -rf '%s'", work);
  g_assert_cmpint (g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL), ==, TRUE);
  g_free (work);
  return result;
}
