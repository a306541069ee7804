/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/oss-nifti.h"
#include "image/oss-picture.h"
#include "study/oss-study-private.h"
#include "virtual/oss-virtual.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static void
test_parse_line (void)
{
  OssCalibrationLine line;
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_study_parse_line ("line:0.7,-4.2,K2HPO4", &line, &error));
  g_assert_cmpfloat_with_epsilon (line.slope, 0.7, 1e-12);
  g_assert_cmpfloat_with_epsilon (line.intercept, -4.2, 1e-12);
  g_assert_cmpint (line.basis, ==, OSS_BASIS_K2HPO4);
  g_assert_true (isnan (line.uncertainty_mg_cm3)); /* nobody measured it */

  /* Jiang 2023: rho = -4.2e-3 + 7.0e-4 HU and -3.7e-3 + 7.3e-4 HU, g/cm3 */
  g_assert_true (oss_study_parse_line ("line:jiang2023-b40f", &line, &error));
  g_assert_cmpfloat_with_epsilon (line.slope * 100.0 + line.intercept, 65.8, 1e-9);
  g_assert_true (oss_study_parse_line ("line:jiang2023-b70f", &line, &error));
  g_assert_cmpfloat_with_epsilon (line.slope * 100.0 + line.intercept, 69.3, 1e-9);

  static const char *const bad[] = {
    "line:7.0e-4,-0.0042,K2HPO4", "line:0.7,-4.2", "line:0.7,-4.2,salt", "line:a,b,CHA", "line:", "line:0.7,nan,CHA"
  };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) wrong = NULL;
      g_assert_false (oss_study_parse_line (bad[i], &line, &wrong));
      g_assert_error (wrong, OSS_ERROR, OSS_ERROR_USAGE);
    }
}

static void
test_parse_values (void)
{
  gboolean wanted[256];
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_study_parse_values ("1-4, 7", wanted, &error));
  for (int v = 0; v < 256; v++)
    g_assert_true (wanted[v] == ((v >= 1 && v <= 4) || v == 7));
  static const char *const bad[] = { "", "0", "4-1", "1-", "256", "x", "1,,2" };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) wrong = NULL;
      g_assert_false (oss_study_parse_values (bad[i], wanted, &wrong));
      g_assert_error (wrong, OSS_ERROR, OSS_ERROR_USAGE);
    }
}

/* A ball of bone (200 mg/cm3, body-like block would do as well) in fat: enough for load, calibrate and errors. */
static char *
write_ball (const char *folder, const char *name, double inside, double outside, gboolean labels)
{
  const OssGrid grid = { .size = { 40, 40, 40 },
                         .spacing = { 1.5, 1.5, 1.5 },
                         .origin = { -30, -30, -30 },
                         .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  g_autoptr (OssLabels) mask = oss_labels_new (&grid, NULL);
  char *path = g_build_filename (folder, name, NULL);

  for (int k = 0; k < 40; k++)
    for (int j = 0; j < 40; j++)
      for (int i = 0; i < 40; i++)
        {
          double r = hypot (hypot (i - 20, j - 20), k - 20);
          gsize v = oss_grid_offset (&grid, i, j, k);
          volume->data[v] = (float) (r < 14 ? inside : outside);
          mask->data[v] = r < 14 ? 20 : 0;
        }
  if (labels)
    g_assert_true (oss_nifti_write_labels (mask, path, "ball", NULL, NULL));
  else
    g_assert_true (oss_nifti_write_volume (volume, path, TRUE, "ball", NULL, NULL));
  return path;
}

static void
set_path (OssStudy *study, const char *path, const char *calibration)
{
  OssStudyOptions options;
  g_autoptr (GError) error = NULL;

  oss_study_options_copy (&options, oss_study_get_options (study));
  g_free (options.path);
  g_free (options.calibration);
  options.path = g_strdup (path);
  options.calibration = g_strdup (calibration);
  g_assert_true (oss_study_set_options (study, &options, &error));
  g_assert_no_error (error);
  oss_study_options_clear (&options);
}

/* Load and calibrate run; a change of the line marks calibrate out of date and keeps load. */
static void
test_out_of_date (void)
{
  g_autofree char *folder = g_dir_make_tmp ("oss-study-XXXXXX", NULL);
  g_autofree char *path = write_ball (folder, "ball.nii.gz", 250.0, -80.0, FALSE);
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (GError) error = NULL;

  set_path (study, path, "line:0.7,-4.2,K2HPO4");
  g_assert_true (oss_study_run (study, OSS_STEP_CALIBRATE, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_CALIBRATE), ==, OSS_STATE_DONE);
  g_assert_cmpfloat_with_epsilon (oss_study_get_calibrate (study)->line.slope, 0.7, 1e-12);
  g_assert_cmpint (strlen (oss_study_get_load (study)->hash), ==, 64);
  g_assert_cmpfloat (oss_study_get_peak_mib (study, OSS_STEP_LOAD), >, 1.0);
  OssVolume *volume = oss_study_get_load (study)->volume;

  set_path (study, path, "line:0.8,0,CHA");
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_LOAD), ==, OSS_STATE_DONE);
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_CALIBRATE), ==, OSS_STATE_OUT_OF_DATE);
  g_assert_cmpfloat_with_epsilon (oss_study_get_calibrate (study)->line.slope, 0.7, 1e-12); /* kept, marked */
  g_assert_true (oss_study_run (study, OSS_STEP_CALIBRATE, NULL, &error));
  g_assert_cmpfloat_with_epsilon (oss_study_get_calibrate (study)->line.slope, 0.8, 1e-12);
  g_assert_true (oss_study_get_load (study)->volume == volume); /* not loaded again */
  g_unlink (path);
  g_rmdir (folder);
}

/* Caps are part of the simulation, and of nothing before it; without caps their thickness is nobody's. */
static void
test_caps (void)
{
  OssStudyOptions plain, other;
  g_autoptr (GError) error = NULL;

  oss_study_options_default (&plain);
  oss_study_options_default (&other);
  g_assert_cmpint (plain.caps.kind, ==, OSS_CAPS_NONE);
  other.caps.thickness_mm = 3.0;
  g_assert_cmpint (oss_study_options_first_change (&plain, &other), ==, OSS_N_STEPS);
  oss_caps_init (&other.caps, OSS_CAPS_DISC);
  g_assert_cmpint (oss_study_options_first_change (&plain, &other), ==, OSS_STEP_SIMULATE);
  plain.caps = other.caps;
  g_assert_cmpint (oss_study_options_first_change (&plain, &other), ==, OSS_N_STEPS);
  other.caps.modulus_mpa = 12.0;
  g_assert_cmpint (oss_study_options_first_change (&plain, &other), ==, OSS_STEP_SIMULATE);
  g_assert_true (oss_study_options_check (&other, &error));
  g_assert_no_error (error);
  other.caps.thickness_mm = 0.0;
  g_assert_false (oss_study_options_check (&other, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  plain.nonlinear = TRUE;
  g_assert_true (oss_study_options_check (&plain, NULL));
  oss_study_options_clear (&plain);
  oss_study_options_clear (&other);
}

/* What follows yielding is part of a simulation beyond yield; what is not understood is told. */
static void
test_post_yield (void)
{
  OssStudyOptions plain, other;
  g_autoptr (GError) error = NULL;

  oss_study_options_default (&plain);
  oss_study_options_copy (&other, &plain);
  other.post_yield = g_strdup ("softening:0.5,0.2");
  g_assert_cmpint (oss_study_options_first_change (&plain, &other), ==, OSS_N_STEPS);
  plain.nonlinear = other.nonlinear = TRUE;
  g_assert_cmpint (oss_study_options_first_change (&plain, &other), ==, OSS_STEP_SIMULATE);
  g_assert_true (oss_study_options_check (&other, &error));
  g_assert_no_error (error);
  plain.post_yield = g_strdup ("perfect"); /* the same as none */
  g_free (other.post_yield);
  other.post_yield = NULL;
  g_assert_cmpint (oss_study_options_first_change (&plain, &other), ==, OSS_N_STEPS);
  other.post_yield = g_strdup ("softening:0.5");
  g_assert_false (oss_study_options_check (&other, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  oss_study_options_clear (&plain);
  oss_study_options_clear (&other);
}

static void
expect_refusal (const char *path, const char *calibration, OssStep last, const char *words)
{
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (GError) error = NULL;

  set_path (study, path, calibration);
  g_assert_false (oss_study_run (study, last, NULL, &error));
  g_assert_cmpint (error->domain, ==, OSS_ERROR);
  g_assert_cmpint (oss_error_exit_status (error), !=, 0);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not tell of “%s”", error->message, words);
}

static void
test_refusals (void)
{
  g_autofree char *folder = g_dir_make_tmp ("oss-study-XXXXXX", NULL);
  g_autofree char *air = write_ball (folder, "air.nii.gz", -1000.0, -1024.0, FALSE);
  g_autofree char *ball = write_ball (folder, "ball.nii.gz", 250.0, -80.0, FALSE);

  expect_refusal ("/nowhere/at/all", "phantom", OSS_STEP_LOAD, "/nowhere/at/all");
  expect_refusal (air, "phantom", OSS_STEP_LOAD, "-1024");
  expect_refusal (ball, "phantom", OSS_STEP_CALIBRATE, "line:");
  expect_refusal (ball, "line:jiang2023-b40f", OSS_STEP_SEGMENT, "--at");
  expect_refusal (ball, "density", OSS_STEP_CALIBRATE, "CT numbers");
  g_unlink (air);
  g_unlink (ball);
  g_rmdir (folder);
}

static void
finished_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  oss_study_run_finish (OSS_STUDY (source), result, &error);
  *(int *) data = error == NULL ? 1 : error->code == OSS_ERROR_CANCELLED ? 2 : 3;
}

static void
count_cb (OssStudy *study, guint step, gpointer data)
{
  ((int *) data)[step]++;
}

/* On a worker: every step is told on the main loop before the callback; a second run right after is accepted. */
static void
test_async (void)
{
  g_autofree char *folder = g_dir_make_tmp ("oss-study-XXXXXX", NULL);
  g_autofree char *path = write_ball (folder, "ball.nii.gz", 250.0, -80.0, FALSE);
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  int finished = 0, changes[OSS_N_STEPS] = { 0 };

  g_signal_connect (study, "step-changed", G_CALLBACK (count_cb), changes);
  set_path (study, path, "line:0.7,-4.2,K2HPO4");
  memset (changes, 0, sizeof changes);
  for (int again = 0; again < 2; again++)
    {
      finished = 0;
      oss_study_run_async (study, OSS_STEP_CALIBRATE, cancellable, finished_cb, &finished);
      while (finished == 0)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (finished, ==, 1);
    }
  g_assert_cmpint (changes[OSS_STEP_LOAD], ==, 2); /* running, done; not again */
  g_assert_cmpint (changes[OSS_STEP_CALIBRATE], ==, 2);

  g_cancellable_cancel (cancellable);
  set_path (study, path, "line:0.9,0,K2HPO4");
  finished = 0;
  oss_study_run_async (study, OSS_STEP_CALIBRATE, cancellable, finished_cb, &finished);
  while (finished == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (finished, ==, 2);
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_CALIBRATE), ==, OSS_STATE_CANCELLED);
  g_assert_nonnull (oss_study_get_load (study)); /* still usable */
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/options/line", test_parse_line);
  g_test_add_func ("/study/options/values", test_parse_values);
  g_test_add_func ("/study/out-of-date", test_out_of_date);
  g_test_add_func ("/study/caps", test_caps);
  g_test_add_func ("/study/post-yield", test_post_yield);
  g_test_add_func ("/study/refusals", test_refusals);
  g_test_add_func ("/study/async", test_async);
  return g_test_run ();
}
