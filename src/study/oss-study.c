/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

struct _OssStudy
{
  GObject parent_instance;
  OssStudyOptions options;
  OssStudyResults results;
  OssState state[OSS_N_STEPS];
  char *message[OSS_N_STEPS];
  double seconds[OSS_N_STEPS];
  double peak_mib[OSS_N_STEPS];
  guint generation[OSS_N_STEPS]; /* counts changes of what a step depends on */
  gboolean running;
};

enum
{
  STEP_CHANGED,
  PROGRESS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OssStudy, oss_study, G_TYPE_OBJECT)

static void
oss_study_finalize (GObject *object)
{
  OssStudy *self = OSS_STUDY (object);

  oss_study_options_clear (&self->options);
  for (int step = 0; step < OSS_N_STEPS; step++)
    {
      oss_study_result_unref (step, self->results.of[step]);
      g_free (self->message[step]);
    }
  G_OBJECT_CLASS (oss_study_parent_class)->finalize (object);
}

static void
oss_study_class_init (OssStudyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = oss_study_finalize;

  /* step-changed (guint step): a step's state, message or result changed; on the owner's thread. */
  signals[STEP_CHANGED] = g_signal_new ("step-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  /* progress (double fraction of the whole run, utf8 what): during oss_study_run_async(). */
  signals[PROGRESS] = g_signal_new ("progress", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_STRING);
}

static void
oss_study_init (OssStudy *self)
{
  oss_study_options_default (&self->options);
}

OssStudy *
oss_study_new (void)
{
  return g_object_new (OSS_TYPE_STUDY, NULL);
}

const OssStudyOptions *
oss_study_get_options (OssStudy *self)
{
  return &self->options;
}

gboolean
oss_study_set_options (OssStudy *self, const OssStudyOptions *options, GError **error)
{
  if (!oss_study_options_check (options, error))
    return FALSE;
  OssStep first = oss_study_options_first_change (&self->options, options);
  OssStudyOptions copy;
  oss_study_options_copy (&copy, options);
  oss_study_options_clear (&self->options);
  self->options = copy;
  for (int step = first; step < OSS_N_STEPS; step++)
    {
      self->generation[step]++;
      if (self->results.of[step] != NULL)
        self->state[step] = OSS_STATE_OUT_OF_DATE;
      else if (self->state[step] != OSS_STATE_RUNNING)
        self->state[step] = OSS_STATE_NOT_RUN;
      g_signal_emit (self, signals[STEP_CHANGED], 0, step);
    }
  return TRUE;
}

static gboolean
has_fresh_state (OssStudy *self, int step)
{
  return self->results.of[step] != NULL
         && (self->state[step] == OSS_STATE_DONE || self->state[step] == OSS_STATE_NOTES);
}

gboolean
oss_study_is_current (OssStudy *self, OssStep step)
{
  g_return_val_if_fail (step < OSS_N_STEPS, FALSE);
  for (int earlier = 0; earlier <= (int) step; earlier++)
    if (!has_fresh_state (self, earlier))
      return FALSE;
  return TRUE;
}

/* A stopped or failed step leaves what was there before: an old result stays, marked out of date. */
static void
apply_outcome (OssStudyOutcome *outcome, void *data)
{
  OssStudy *self = data;
  OssStep step = outcome->step;

  g_free (self->message[step]);
  self->message[step] = g_steal_pointer (&outcome->message);
  self->state[step] = outcome->state;
  if (outcome->state != OSS_STATE_RUNNING)
    {
      self->seconds[step] = outcome->seconds;
      self->peak_mib[step] = outcome->peak_mib;
    }
  if (outcome->result != NULL)
    {
      oss_study_result_unref (step, self->results.of[step]);
      self->results.of[step] = g_steal_pointer (&outcome->result);
      if (outcome->generation != self->generation[step])
        self->state[step] = OSS_STATE_OUT_OF_DATE;
      for (int later = step + 1; later < OSS_N_STEPS; later++)
        if (has_fresh_state (self, later))
          {
            self->state[later] = OSS_STATE_OUT_OF_DATE;
            g_signal_emit (self, signals[STEP_CHANGED], 0, later);
          }
    }
  oss_study_outcome_free (outcome);
  g_signal_emit (self, signals[STEP_CHANGED], 0, step);
}

/* Everything up to @last that has no current result, and all that follows the first such step. */
static OssStudyRun *
make_run (OssStudy *self, OssStep last)
{
  OssStudyRun *run = g_new0 (OssStudyRun, 1);
  gboolean needed = FALSE;

  oss_study_options_copy (&run->options, &self->options);
  for (int step = 0; step <= (int) last; step++)
    {
      needed = needed || !has_fresh_state (self, step);
      run->needed[step] = needed;
      run->generation[step] = self->generation[step];
      run->results.of[step] = oss_study_result_ref (self->results.of[step]);
    }
  return run;
}

static void
free_run (OssStudyRun *run)
{
  oss_study_run_clear (run);
  g_free (run);
}

static gboolean
check_idle (OssStudy *self, GError **error)
{
  if (!self->running)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("This study is already being worked on."));
  return FALSE;
}

gboolean
oss_study_run (OssStudy *self, OssStep last, const OssTick *tick, GError **error)
{
  g_return_val_if_fail (last < OSS_N_STEPS, FALSE);
  if (!check_idle (self, error))
    return FALSE;
  OssStudyRun *run = make_run (self, last);
  run->outcome = run->started = apply_outcome;
  run->outcome_data = self;
  self->running = TRUE;
  gboolean done = oss_study_run_execute (run, tick, error);
  self->running = FALSE;
  free_run (run);
  return done;
}

/* --- On a worker.  The task's source object is the study; the worker never touches it. --- */

typedef struct
{
  gatomicrefcount references;
  OssStudyRun *run;
  GWeakRef study;        /* read on the owner's main context only */
  GMainContext *context; /* the owner's */
  GCancellable *cancellable;
  gulong cancelled_id;
  int stop;
  GMutex lock; /* of the progress on its way */
  double fraction;
  char *what;
  gboolean progress_queued;
} Job;

static Job *
job_ref (Job *job)
{
  g_atomic_ref_count_inc (&job->references);
  return job;
}

static void
job_unref (Job *job)
{
  if (!g_atomic_ref_count_dec (&job->references))
    return;
  free_run (job->run);
  g_weak_ref_clear (&job->study);
  g_main_context_unref (job->context);
  g_clear_object (&job->cancellable);
  g_mutex_clear (&job->lock);
  g_free (job->what);
  g_free (job);
}

typedef struct
{
  Job *job;
  OssStudyOutcome *outcome;
} Delivery;

/* Never on this thread, as g_main_context_invoke() might between two turns of the loop. */
static void
attach (GMainContext *context, int priority, GSourceFunc func, gpointer data, GDestroyNotify free_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, data, free_data);
  g_source_attach (source, context);
}

static gboolean
deliver_outcome (gpointer data)
{
  Delivery *delivery = data;
  g_autoptr (OssStudy) self = g_weak_ref_get (&delivery->job->study);

  if (self != NULL)
    apply_outcome (g_steal_pointer (&delivery->outcome), self);
  return G_SOURCE_REMOVE;
}

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;
  g_clear_pointer (&delivery->outcome, oss_study_outcome_free);
  job_unref (delivery->job);
  g_free (delivery);
}

static void
post_outcome (OssStudyOutcome *outcome, void *data)
{
  Job *job = data;
  Delivery *delivery = g_new0 (Delivery, 1);
  delivery->job = job_ref (job);
  delivery->outcome = outcome;
  /* Before the task's own return, which has default priority, so that the callback sees every step. */
  attach (job->context, G_PRIORITY_HIGH, deliver_outcome, delivery, delivery_free);
}

static gboolean
deliver_end (gpointer data)
{
  Job *job = data;
  g_autoptr (OssStudy) self = g_weak_ref_get (&job->study);

  if (self != NULL)
    self->running = FALSE;
  g_cancellable_disconnect (job->cancellable, job->cancelled_id);
  return G_SOURCE_REMOVE;
}

static gboolean
deliver_progress (gpointer data)
{
  Job *job = data;
  g_autoptr (OssStudy) self = g_weak_ref_get (&job->study);

  g_mutex_lock (&job->lock);
  double fraction = job->fraction;
  g_autofree char *what = g_strdup (job->what);
  job->progress_queued = FALSE;
  g_mutex_unlock (&job->lock);
  if (self != NULL && self->running)
    g_signal_emit (self, signals[PROGRESS], 0, fraction, what);
  return G_SOURCE_REMOVE;
}

/* Any number of reports between two turns of the main loop become one. */
static void
post_progress (double fraction, const char *what, void *data)
{
  Job *job = data;

  g_mutex_lock (&job->lock);
  job->fraction = fraction;
  if (what != NULL && g_strcmp0 (what, job->what) != 0)
    {
      g_free (job->what);
      job->what = g_strdup (what);
    }
  gboolean queue = !job->progress_queued;
  job->progress_queued = TRUE;
  g_mutex_unlock (&job->lock);
  if (queue)
    /* Above redrawing: a spinner on a slow renderer must not starve it. */
    attach (job->context, G_PRIORITY_HIGH_IDLE, deliver_progress, job_ref (job), (GDestroyNotify) job_unref);
}

static void
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_atomic_int_set (&((Job *) user_data)->stop, 1);
}

static void
run_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;
  OssTick tick = oss_tick_make (post_progress, job, &job->stop);

  gboolean done = oss_study_run_execute (job->run, &tick, &error);
  attach (job->context, G_PRIORITY_HIGH, deliver_end, job_ref (job), (GDestroyNotify) job_unref);
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
oss_study_run_async (OssStudy *self, OssStep last, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  /* The task does not watch the cancellable: the tick does, and its answer carries the steps' states. */
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, oss_study_run_async);
  if (!check_idle (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  Job *job = g_new0 (Job, 1);
  g_atomic_ref_count_init (&job->references);
  g_mutex_init (&job->lock);
  g_weak_ref_init (&job->study, self);
  job->context = g_main_context_ref_thread_default ();
  job->run = make_run (self, last);
  job->run->outcome = job->run->started = post_outcome;
  job->run->outcome_data = job;
  if (cancellable != NULL)
    {
      job->cancellable = g_object_ref (cancellable);
      job->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), job, NULL);
    }
  self->running = TRUE;
  g_task_set_task_data (task, job, (GDestroyNotify) job_unref);
  g_task_run_in_thread (task, run_in_thread);
}

gboolean
oss_study_run_finish (OssStudy *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

OssState
oss_study_get_state (OssStudy *self, OssStep step)
{
  g_return_val_if_fail (step < OSS_N_STEPS, OSS_STATE_NOT_RUN);
  return self->state[step];
}

const char *
oss_study_get_message (OssStudy *self, OssStep step)
{
  g_return_val_if_fail (step < OSS_N_STEPS, NULL);
  return self->message[step];
}

double
oss_study_get_seconds (OssStudy *self, OssStep step)
{
  g_return_val_if_fail (step < OSS_N_STEPS, 0.0);
  return self->seconds[step];
}

double
oss_study_get_peak_mib (OssStudy *self, OssStep step)
{
  g_return_val_if_fail (step < OSS_N_STEPS, 0.0);
  return self->peak_mib[step];
}

const OssLoadResult *
oss_study_get_load (OssStudy *self)
{
  return self->results.of[OSS_STEP_LOAD];
}

const OssCalibrateResult *
oss_study_get_calibrate (OssStudy *self)
{
  return self->results.of[OSS_STEP_CALIBRATE];
}

const OssSegmentResult *
oss_study_get_segment (OssStudy *self)
{
  return self->results.of[OSS_STEP_SEGMENT];
}

const OssMeshResult *
oss_study_get_mesh (OssStudy *self)
{
  return self->results.of[OSS_STEP_MESH];
}

const OssSimulateResult *
oss_study_get_simulate (OssStudy *self)
{
  return self->results.of[OSS_STEP_SIMULATE];
}
