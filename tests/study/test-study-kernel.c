/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernel correction as a part of a study: what was read stays, what follows takes the corrected image. */
#include "study/oss-study.h"
#include "virtual/oss-virtual.h"

#include <math.h>
#include <string.h>

static char *work;
static OssVirtualTruth truth;

static OssStudy *
study_of (const char *series, const char *to, const char *from, const char *mtf)
{
  OssStudy *study = oss_study_new ();
  OssStudyOptions options;
  g_autoptr (GError) error = NULL;

  oss_study_options_copy (&options, oss_study_get_options (study));
  options.path = g_build_filename (work, "patient", series, NULL);
  options.correct_to = g_strdup (to);
  options.correct_from = g_strdup (from);
  options.correct_mtf = g_strdup (mtf);
  oss_study_set_options (study, &options, &error);
  g_assert_no_error (error);
  oss_study_options_clear (&options);
  return study;
}

static double
rms (const OssVolume *a, const OssVolume *b)
{
  double sum = 0.0;
  for (gsize i = 0; i < oss_grid_count (&a->grid); i++)
    sum += (a->data[i] - b->data[i]) * (a->data[i] - b->data[i]);
  return sqrt (sum / (double) oss_grid_count (&a->grid));
}

static void
test_corrected (void)
{
  g_autoptr (OssStudy) smooth = study_of ("B40f", NULL, NULL, NULL), sharp = study_of ("B70f", "B40f", NULL, NULL);
  g_autoptr (GError) error = NULL;

  oss_study_run (smooth, OSS_STEP_LOAD, NULL, &error);
  g_assert_no_error (error);
  oss_study_run (sharp, OSS_STEP_CALIBRATE, NULL, &error);
  g_assert_no_error (error);
  const OssLoadResult *plain = oss_study_get_load (smooth), *load = oss_study_get_load (sharp);
  g_assert_null (plain->original);
  g_assert_null (plain->correction);
  g_assert_nonnull (load->original);
  g_assert_true (load->correction->done);
  g_assert_cmpstr (load->series->kernel, ==, "B70f");
  double before = rms (load->original, plain->volume), after = rms (load->volume, plain->volume);
  g_test_message ("RMS against B40f: %.1f HU as read, %.1f corrected", before, after);
  g_assert_cmpfloat (before, >, 10.0);
  g_assert_cmpfloat (after, <, 0.25 * before);
  g_autoptr (GPtrArray) warnings = oss_study_get_warnings (sharp);
  gboolean said = FALSE;
  for (guint i = 0; i < warnings->len; i++)
    said = said || strstr (warnings->pdata[i], "Corrected from kernel B70f") != NULL;
  g_assert_true (said);

  /* Taken back: everything from the load on is out of date, and the image is the one that was read. */
  OssStudyOptions options;
  g_autoptr (OssVolume) original = oss_volume_ref (load->original);
  oss_study_options_copy (&options, oss_study_get_options (sharp));
  g_clear_pointer (&options.correct_to, g_free);
  g_assert_true (oss_study_set_options (sharp, &options, &error));
  oss_study_options_clear (&options);
  g_assert_cmpint (oss_study_get_state (sharp, OSS_STEP_LOAD), ==, OSS_STATE_OUT_OF_DATE);
  g_assert_cmpint (oss_study_get_state (sharp, OSS_STEP_CALIBRATE), ==, OSS_STATE_OUT_OF_DATE);
  g_assert_true (oss_study_run (sharp, OSS_STEP_LOAD, NULL, &error));
  g_assert_null (oss_study_get_load (sharp)->original);
  g_assert_cmpfloat (rms (oss_study_get_load (sharp)->volume, original), ==, 0.0);
}

static void
test_untouched (void)
{
  g_autoptr (OssStudy) study = study_of ("B40f", "B40f", NULL, NULL);

  g_assert_true (oss_study_run (study, OSS_STEP_LOAD, NULL, NULL));
  const OssLoadResult *load = oss_study_get_load (study);
  g_assert_null (load->original);
  g_assert_false (load->correction->done);
  g_assert_nonnull (strstr (load->correction->words, "nothing was corrected"));
}

static void
test_unknown (void)
{
  g_autoptr (OssStudy) study = study_of ("B70f", "B40f", "Qx", "table");
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_study_run (study, OSS_STEP_CALIBRATE, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_LOAD), ==, OSS_STATE_REFUSED);
  g_assert_null (oss_study_get_calibrate (study));
}

/* A kernel in no table is corrected where the phantom in the scan shows what it leaves: as well as the table's own, and
 * said. */
static void
test_measured (void)
{
  g_autoptr (OssStudy) study = study_of ("B70f", "B40f", "Qx", NULL), smooth = study_of ("B40f", NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_study_run (smooth, OSS_STEP_LOAD, NULL, NULL));
  oss_study_run (study, OSS_STEP_LOAD, NULL, &error);
  g_assert_no_error (error);
  const OssLoadResult *load = oss_study_get_load (study), *plain = oss_study_get_load (smooth);
  const OssKernelCorrected *correction = load->correction;
  double before = rms (load->original, plain->volume), after = rms (load->volume, plain->volume);
  double is = 5.6 * (1.0 + truth.kernel_deviation);
  g_test_message ("50 %% at %.2f, is %.2f lp/cm; RMS against B40f %.1f HU as read, %.1f corrected",
                  correction->sights[0].rods.half_lp_cm, is, before, after);
  g_assert_cmpfloat (after, <, 0.25 * before);
  g_assert_true (correction->sights[0].measured && !correction->sights[1].measured);
  g_assert_cmpfloat_with_epsilon (correction->sights[0].rods.half_lp_cm / is, 1.0, 0.03);
  g_assert_nonnull (strstr (correction->words, "rods of the phantom in this scan"));
  g_assert_nonnull (strstr (correction->words, "no table knows it"));
}

static void
test_options (void)
{
  g_autoptr (OssStudy) study = oss_study_new ();
  OssStudyOptions options;
  g_autoptr (GError) error = NULL;

  oss_study_options_copy (&options, oss_study_get_options (study));
  options.correct_from = g_strdup ("B70f");
  g_assert_false (oss_study_set_options (study, &options, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  options.correct_to = g_strdup ("B40f");
  options.input_is_density = TRUE;
  g_assert_false (oss_study_set_options (study, &options, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  oss_study_options_clear (&options);
}

int
main (int argc, char **argv)
{
  work = g_dir_make_tmp ("ossature-study-kernel-XXXXXX", NULL);
  g_setenv ("XDG_DATA_HOME", work, TRUE); /* never the user's own table */
  g_test_init (&argc, &argv, NULL);
  OssVirtualOptions options;
  g_autofree char *patient = g_build_filename (work, "patient", NULL);
  g_autoptr (GError) error = NULL;
  oss_virtual_options_default (&options);
  options.seed = 504;
  options.level_low = options.level_high = 20;
  options.spacing_mm[0] = options.spacing_mm[1] = 0.8, options.spacing_mm[2] = 4.0;
  oss_virtual_write (patient, &options, &truth, NULL, &error);
  g_assert_no_error (error);
  g_test_add_func ("/study/kernel/corrected", test_corrected);
  g_test_add_func ("/study/kernel/untouched", test_untouched);
  g_test_add_func ("/study/kernel/unknown", test_unknown);
  g_test_add_func ("/study/kernel/measured", test_measured);
  g_test_add_func ("/study/kernel/options", test_options);
  int status = g_test_run ();
  const char *remove[] = { "rm", "-r", work, NULL };
  g_spawn_sync (NULL, (char **) remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  g_free (work);
  return status;
}
