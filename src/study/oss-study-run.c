/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"

/* Shares of the whole run's time, for one progress bar: measured on a 1 mm CT and a 2 mm tet10 mesh. */
static const double step_weight[OSS_N_STEPS] = { 0.08, 0.07, 0.15, 0.05, 0.65 };

static const char *const step_keys[OSS_N_STEPS] = { "load", "calibrate", "segment", "mesh", "simulate" };

const char *
oss_step_key (OssStep step)
{
  g_return_val_if_fail (step < OSS_N_STEPS, NULL);
  return step_keys[step];
}

const char *
oss_step_name (OssStep step)
{
  /* Translators: the steps of an analysis, as verbs on cards. */
  static const char *const names[OSS_N_STEPS] = { N_ ("Load"), N_ ("Calibrate"), N_ ("Segment"), N_ ("Mesh"),
                                                  N_ ("Simulate") };
  g_return_val_if_fail (step < OSS_N_STEPS, NULL);
  return _ (names[step]);
}

const char *
oss_state_name (OssState state)
{
  static const char *const names[] = { N_ ("Not run yet"), N_ ("Running"), N_ ("Done"),    N_ ("Done with notes"),
                                       N_ ("Out of date"), N_ ("Failed"),  N_ ("Refused"), N_ ("Cancelled") };
  g_return_val_if_fail (state < G_N_ELEMENTS (names), NULL);
  return _ (names[state]);
}

gpointer
oss_study_result_ref (gpointer result)
{
  return result != NULL ? g_atomic_rc_box_acquire (result) : NULL;
}

static void
load_clear (OssLoadResult *self)
{
  g_clear_pointer (&self->series, oss_series_free);
  g_clear_pointer (&self->volume, oss_volume_unref);
  g_clear_pointer (&self->original, oss_volume_unref);
  g_clear_pointer (&self->correction, oss_kernel_corrected_free);
  g_free (self->hash);
  g_free (self->choice);
}

static void
calibrate_clear (OssCalibrateResult *self)
{
  g_free (self->fit);
  oss_quality_use_free (self->quality);
  g_clear_pointer (&self->internal, oss_internal_fit_free);
}

static void
segment_clear (OssSegmentResult *self)
{
  g_clear_pointer (&self->labels, oss_labels_unref);
  oss_segmentation_clear (&self->info);
  g_free (self->how);
}

static void
mesh_clear (OssMeshResult *self)
{
  g_clear_pointer (&self->mesh, oss_mesh_unref);
}

static void
simulate_clear (OssSimulateResult *self)
{
  g_free (self->modulus_mpa);
  oss_endplate_clear (&self->superior);
  oss_endplate_clear (&self->inferior);
  g_clear_pointer (&self->prescribed, g_array_unref);
  g_clear_pointer (&self->capped, oss_fem_capped_free);
  g_clear_pointer (&self->fem, oss_fem_result_free);
  g_clear_pointer (&self->curve, oss_fem_curve_free);
}

void
oss_study_result_unref (OssStep step, gpointer result)
{
  static const GDestroyNotify clear[OSS_N_STEPS] = { (GDestroyNotify) load_clear, (GDestroyNotify) calibrate_clear,
                                                     (GDestroyNotify) segment_clear, (GDestroyNotify) mesh_clear,
                                                     (GDestroyNotify) simulate_clear };
  if (result != NULL)
    g_atomic_rc_box_release_full (result, clear[step]);
}

void
oss_study_outcome_free (OssStudyOutcome *self)
{
  oss_study_result_unref (self->step, self->result);
  g_free (self->message);
  g_free (self);
}

void
oss_study_run_clear (OssStudyRun *self)
{
  oss_study_options_clear (&self->options);
  for (int step = 0; step < OSS_N_STEPS; step++)
    oss_study_result_unref (step, self->results.of[step]);
}

static gpointer
run_step (OssStudyRun *self, OssStep step, char **message, gboolean *notes, const OssTick *tick, GError **error)
{
  switch (step)
    {
    case OSS_STEP_LOAD:
      return oss_study_step_load (&self->options, message, notes, tick, error);
    case OSS_STEP_CALIBRATE:
      return oss_study_step_calibrate (&self->options, &self->results, message, notes, tick, error);
    case OSS_STEP_SEGMENT:
      return oss_study_step_segment (&self->options, &self->results, message, notes, tick, error);
    case OSS_STEP_MESH:
      return oss_study_step_mesh (&self->options, &self->results, message, notes, tick, error);
    case OSS_STEP_SIMULATE:
      return oss_study_step_simulate (&self->options, &self->results, message, notes, tick, error);
    case OSS_N_STEPS:
      break;
    }
  g_assert_not_reached ();
}

static OssState
state_of_error (const GError *error)
{
  if (g_error_matches (error, OSS_ERROR, OSS_ERROR_CANCELLED))
    return OSS_STATE_CANCELLED;
  return oss_error_exit_status (error) == 3 ? OSS_STATE_REFUSED : OSS_STATE_FAILED;
}

static gboolean
execute_step (OssStudyRun *self, OssStep step, const OssTick *tick, GError **error)
{
  OssStudyOutcome *outcome = g_new0 (OssStudyOutcome, 1);
  gboolean notes = FALSE;
  gint64 start = g_get_monotonic_time ();
  GError *failure = NULL;

  outcome->step = step;
  outcome->generation = self->generation[step];
  oss_memory_reset_peak ();
  if (oss_tick_report (tick, 0.0, oss_step_name (step), &failure))
    outcome->result = run_step (self, step, &outcome->message, &notes, tick, &failure);
  outcome->seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  outcome->peak_mib = oss_memory_peak_mib ();
  gboolean done = outcome->result != NULL;
  if (done)
    {
      outcome->state = notes ? OSS_STATE_NOTES : OSS_STATE_DONE;
      oss_study_result_unref (step, self->results.of[step]);
      self->results.of[step] = oss_study_result_ref (outcome->result);
    }
  else
    {
      outcome->state = state_of_error (failure);
      g_free (outcome->message);
      outcome->message = g_strdup (failure->message);
      g_propagate_error (error, failure);
    }
  self->outcome (outcome, self->outcome_data);
  return done;
}

gboolean
oss_study_run_execute (OssStudyRun *self, const OssTick *tick, GError **error)
{
  double total = 0.0, before = 0.0;

  for (int step = 0; step < OSS_N_STEPS; step++)
    total += self->needed[step] ? step_weight[step] : 0.0;
  for (int step = 0; step < OSS_N_STEPS; step++)
    {
      if (!self->needed[step])
        continue;
      OssTick part = oss_tick_part (tick, before / total, (before + step_weight[step]) / total);
      OssStudyOutcome *running = g_new0 (OssStudyOutcome, 1);
      running->step = step;
      running->state = OSS_STATE_RUNNING;
      self->started (running, self->outcome_data);
      if (!execute_step (self, step, &part, error))
        return FALSE;
      before += step_weight[step];
    }
  return TRUE;
}
