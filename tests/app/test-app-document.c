/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document without a window: steps in the background, cancelling, staleness, the report. */
#include "app/oss-document.h"
#include "virtual/oss-virtual.h"

#include <glib/gstdio.h>

/* What the house promises a reader who presses Cancel. */
#define ANSWER_S 0.2

typedef struct
{
  char *folder;
  OssVirtualTruth truth;
} Patient;

static Patient patient;

static void
make_patient (void)
{
  OssVirtualOptions options;
  static const char *const kernels[] = { "B40f", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_dir_make_tmp ("ossature-XXXXXX", NULL);

  oss_virtual_options_default (&options);
  options.seed = 5;
  options.kernels = kernels;
  options.spacing_mm[0] = options.spacing_mm[1] = 1.2;
  options.spacing_mm[2] = 1.5;
  options.level_low = oss_vertebra_from_name ("T12");
  options.level_high = oss_vertebra_from_name ("L2");
  patient.folder = g_build_filename (parent, "patient", NULL);
  oss_virtual_write (patient.folder, &options, &patient.truth, NULL, &error);
  g_assert_no_error (error);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      else
        g_remove (child);
    }
  g_rmdir (path);
}

static void
wait_idle (OssDocument *document)
{
  gint64 end = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  while (oss_document_get_job (document) != NULL)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, TRUE);
    }
}

static OssState
state_of (OssDocument *document, OssStep step)
{
  return oss_study_get_state (oss_document_get_study (document), step);
}

static void
assert_done (OssDocument *document, OssStep step)
{
  OssState state = state_of (document, step);

  if (state != OSS_STATE_DONE && state != OSS_STATE_NOTES)
    g_error ("%s: %s: %s", oss_step_key (step), oss_state_name (state),
             oss_study_get_message (oss_document_get_study (document), step));
}

/* A coarse mesh: the window's way is tested here, not the solver. */
static void
coarse_mesh (OssStudyOptions *options, gconstpointer data)
{
  options->mesh.kind = OSS_ELEMENT_TET4;
  options->mesh.size_mm = 4.0;
}

static void
finer_mesh (OssStudyOptions *options, gconstpointer data)
{
  options->mesh.kind = OSS_ELEMENT_TET10;
  options->mesh.size_mm = 2.0;
}

static OssDocument *
open_patient (void)
{
  OssDocument *document = oss_document_new (patient.folder, NULL);

  oss_document_run (document, OSS_STEP_LOAD);
  wait_idle (document);
  assert_done (document, OSS_STEP_LOAD);
  g_assert_true (oss_document_edit (document, coarse_mesh, NULL));
  oss_scene_set_cursor (oss_document_get_scene (document), patient.truth.l1_centre_mm);
  return document;
}

static void
test_whole_way (void)
{
  g_autoptr (OssDocument) document = open_patient ();
  OssScene *scene = oss_document_get_scene (document);
  const OssSimulateResult *simulate;
  g_autofree char *report = g_build_filename (patient.folder, "..", "report.pdf", NULL);
  g_autofree char *bytes = NULL;
  const OssReportChoice choice = { .paper = "A4" };

  oss_document_run (document, OSS_STEP_SIMULATE);
  g_assert_nonnull (oss_document_get_job (document));
  wait_idle (document);
  assert_done (document, OSS_STEP_SIMULATE);

  /* What the views show is what the study found. */
  g_assert_nonnull (oss_scene_get_labels (scene));
  g_assert_nonnull (oss_scene_get_line (scene));
  simulate = oss_study_get_simulate (oss_document_get_study (document));
  g_assert_nonnull (oss_scene_get_model (scene)->fields[OSS_MODEL_STRESS].values);
  g_assert_null (oss_scene_get_model (scene)->fields[OSS_MODEL_PLASTIC_STRAIN].values);
  g_assert_cmpfloat (oss_scene_get_model (scene)->fields[OSS_MODEL_STRESS].values[7], ==, simulate->fem->von_mises[7]);
  g_assert_cmpfloat (simulate->strength.stiffness_n_per_mm, >, 0.0);
  g_assert_false (oss_scene_get_stale (scene));

  oss_document_save_report (document, OSS_REPORT_PDF, report, &choice);
  wait_idle (document);
  g_assert_cmpstr (oss_document_get_report_path (document), ==, report);
  g_assert_true (g_file_get_contents (report, &bytes, NULL, NULL));
  g_assert_true (g_str_has_prefix (bytes, "%PDF"));
  g_remove (report);

  /* Setting what is set already changes nothing; a real change marks the map on show and keeps it. */
  g_assert_true (oss_document_edit (document, coarse_mesh, NULL));
  g_assert_false (oss_scene_get_stale (scene));
  g_assert_true (oss_document_edit (document, finer_mesh, NULL));
  g_assert_true (oss_scene_get_stale (scene));
  g_assert_nonnull (oss_scene_get_model (scene)->fields[OSS_MODEL_STRESS].values);
}

/* Cancels when @step has run for @after_s, in the thick of it; tells how long the answer took.
 * A step that is over by then leaves the next one to be cancelled. */
static double
cancel_during (OssDocument *document, OssStep step, double after_s)
{
  gint64 end = g_get_monotonic_time () + 120 * G_USEC_PER_SEC, begun, pressed;

  oss_document_run (document, OSS_STEP_SIMULATE);
  while (state_of (document, step) != OSS_STATE_RUNNING)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      if (oss_document_get_job (document) == NULL)
        return -1.0; /* the step was over between two turns of the loop */
      g_main_context_iteration (NULL, TRUE);
    }
  begun = g_get_monotonic_time ();
  while (g_get_monotonic_time () - begun < (gint64) (after_s * G_USEC_PER_SEC))
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
  if (oss_document_get_job (document) == NULL)
    return -1.0;
  pressed = g_get_monotonic_time ();
  oss_document_cancel (document);
  wait_idle (document);
  return (double) (g_get_monotonic_time () - pressed) / G_USEC_PER_SEC;
}

static void
test_cancel (void)
{
  g_autoptr (OssDocument) document = open_patient ();

  g_assert_true (oss_document_edit (document, finer_mesh, NULL));
  for (int step = OSS_STEP_CALIBRATE, answered = 0; step < OSS_N_STEPS; step++, answered = 0)
    for (int i = 0; i < 3; i++)
      {
        double after_s = i * (step == OSS_STEP_SIMULATE ? 0.6 : 0.1);
        double seconds = cancel_during (document, (OssStep) step, after_s);

        g_assert_cmpfloat (seconds, <, ANSWER_S);
        if (seconds < 0.0)
          {
            g_test_message ("%s was over within %.1f s: nothing to cancel", oss_step_key ((OssStep) step), after_s);
            g_assert_true (
                oss_document_edit (document, i % 2 == 0 ? coarse_mesh : finer_mesh, NULL)); /* run it again */
          }
        else
          g_test_message ("%s cancelled after %.1f s: answered in %.0f ms (limit %.0f)", oss_step_key ((OssStep) step),
                          after_s, 1000 * seconds, 1000 * ANSWER_S);
        answered += seconds >= 0.0;
        if (i == 2)
          g_assert_cmpint (answered, >, 0); /* no step goes untested */
      }
  /* The study is as usable as before. */
  g_assert_true (oss_document_edit (document, coarse_mesh, NULL));
  oss_document_run (document, OSS_STEP_SIMULATE);
  wait_idle (document);
  assert_done (document, OSS_STEP_SIMULATE);
}

static void
beyond_yield (OssStudyOptions *options, gconstpointer data)
{
  options->nonlinear = TRUE;
  options->final_strain = 0.01;
  options->increments = 4;
}

/* A stop among the increments is answered as quickly as any other. */
static void
test_cancel_nonlinear (void)
{
  g_autoptr (OssDocument) document = open_patient ();

  g_assert_true (oss_document_edit (document, finer_mesh, NULL));
  g_assert_true (oss_document_edit (document, beyond_yield, NULL));
  for (int i = 0; i < 3; i++)
    {
      gint64 end = g_get_monotonic_time () + 240 * G_USEC_PER_SEC, pressed;
      OssJob *job;

      oss_document_run (document, OSS_STEP_SIMULATE);
      while ((job = oss_document_get_job (document)) != NULL
             && !(oss_job_get_detail (job) != NULL && g_str_has_prefix (oss_job_get_detail (job), "Loading:")))
        {
          g_assert_cmpint (g_get_monotonic_time (), <, end);
          g_main_context_iteration (NULL, TRUE);
        }
      g_assert_nonnull (job); /* the increments of this mesh take seconds */
      for (gint64 until = g_get_monotonic_time () + i * 900000; g_get_monotonic_time () < until;)
        if (!g_main_context_iteration (NULL, FALSE))
          g_usleep (1000);
      g_assert_nonnull (oss_document_get_job (document));
      pressed = g_get_monotonic_time ();
      oss_document_cancel (document);
      wait_idle (document);
      double seconds = (double) (g_get_monotonic_time () - pressed) / G_USEC_PER_SEC;
      g_test_message ("loading cancelled after %.1f s: answered in %.0f ms (limit %.0f)", 0.9 * i, 1000 * seconds,
                      1000 * ANSWER_S);
      g_assert_cmpfloat (seconds, <, ANSWER_S);
      g_assert_cmpint (state_of (document, OSS_STEP_SIMULATE), ==, OSS_STATE_CANCELLED);
    }
  /* The study is as usable as before, and follows the load to its end. */
  g_assert_true (oss_document_edit (document, coarse_mesh, NULL));
  oss_document_run (document, OSS_STEP_SIMULATE);
  wait_idle (document);
  assert_done (document, OSS_STEP_SIMULATE);
  const OssSimulateResult *simulate = oss_study_get_simulate (oss_document_get_study (document));
  g_assert_nonnull (simulate->curve);
  g_assert_true (simulate->curve->converged);
  g_assert_cmpuint (simulate->curve->n_points, >=, 5);
  g_assert_cmpfloat (simulate->curve->plateau_n, <, simulate->strength.linear_2_percent_n);
  g_assert_cmpfloat (simulate->curve->plateau_n, >, 0.3 * simulate->strength.apparent_0_68_percent_n);
}

static void
remember_cb (OssDocument *document, const char *sentence, char **last)
{
  g_free (*last);
  *last = g_strdup (sentence);
}

static void
nonsense (OssStudyOptions *options, gconstpointer data)
{
  g_free (options->calibration);
  options->calibration = g_strdup ("line:7.0e-4,0,K2HPO4"); /* g/cm3 where mg/cm3 is meant */
}

static void
test_nonsense_is_told (void)
{
  g_autoptr (OssDocument) document = oss_document_new (patient.folder, NULL);
  g_autofree char *said = NULL;

  g_signal_connect (document, "failed", G_CALLBACK (remember_cb), &said);
  g_assert_false (oss_document_edit (document, nonsense, NULL));
  g_assert_nonnull (said);
  g_assert_null (oss_study_get_options (oss_document_get_study (document))->calibration);
}

static void
test_missing_folder (void)
{
  g_autoptr (OssDocument) document = oss_document_new ("/nonexistent/folder", NULL);
  g_autofree char *said = NULL;

  g_signal_connect (document, "failed", G_CALLBACK (remember_cb), &said);
  oss_document_run (document, OSS_STEP_LOAD);
  wait_idle (document);
  g_assert_nonnull (said);
  g_assert_nonnull (g_strstr_len (said, -1, "/nonexistent/folder"));
  g_assert_null (oss_scene_get_volume (oss_document_get_scene (document)));
}

int
main (int argc, char **argv)
{
  int failed;
  g_autofree char *parent = NULL;

  g_test_init (&argc, &argv, NULL);
  make_patient ();
  g_test_add_func ("/app/document/missing-folder", test_missing_folder);
  g_test_add_func ("/app/document/nonsense", test_nonsense_is_told);
  g_test_add_func ("/app/document/whole-way", test_whole_way);
  g_test_add_func ("/app/document/cancel", test_cancel);
  g_test_add_func ("/app/document/cancel-nonlinear", test_cancel_nonlinear);
  failed = g_test_run ();
  parent = g_path_get_dirname (patient.folder);
  remove_folder (parent);
  g_free (patient.folder);
  return failed;
}
