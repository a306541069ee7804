/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-document-private.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

struct _OssDocument
{
  GObject parent_instance;

  char *path;
  OssSeries *series;
  OssStudy *study;
  OssScene *scene;
  OssJob *job;
  OssStep target;
  char *report_path;
  gboolean show_original; /* the slices show the image before its correction */
};

enum
{
  CHANGED,
  JOB,
  FAILED,
  REPORT_SAVED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OssDocument, oss_document, G_TYPE_OBJECT)

static gboolean
is_current (OssDocument *self, OssStep step)
{
  OssState state = oss_study_get_state (self->study, step);

  return state == OSS_STATE_DONE || state == OSS_STATE_NOTES;
}

/* What the views show of each step's result */

static void
show_volume (OssDocument *self)
{
  const OssLoadResult *load = oss_study_get_load (self->study);
  const OssSeries *series = load->series;
  gboolean original = self->show_original && load->original != NULL;
  OssVolume *volume = original ? load->original : load->volume;
  const OssVolume *shown = oss_scene_get_volume (self->scene);
  g_autoptr (GString) facts = g_string_new (NULL);
  g_autofree char *thickness = oss_format_fixed (load->volume->grid.spacing[2], 1);

  if (shown == volume)
    return;
  if (series != NULL && *series->kernel != '\0')
    g_string_append (facts, series->kernel);
  if (load->original != NULL && !original)
    g_string_append_printf (facts, " → %s", load->correction->plan.to.name);
  if (facts->len > 0)
    g_string_append (facts, " · ");
  if (series != NULL && series->kvp > 0.0)
    g_string_append_printf (facts, "%.0f kVp · ", series->kvp);
  g_string_append_printf (facts, "%s mm", thickness);
  oss_scene_set_facts (self->scene, facts->str, series != NULL ? series->kernel : "");
  /* Another look at the same slices: cursor, label and model stay. */
  if (shown != NULL && oss_grid_equal (&shown->grid, &volume->grid, 1e-3))
    oss_scene_swap_volume (self->scene, volume);
  else
    oss_scene_set_volume (self->scene, volume);
}

void
oss_document_show_original (OssDocument *self, gboolean original)
{
  self->show_original = original;
  if (oss_study_get_load (self->study) != NULL)
    show_volume (self);
}

static void
show_labels (OssDocument *self)
{
  const OssSegmentResult *segment = oss_study_get_segment (self->study);
  const OssLabelView *shown = oss_scene_get_labels (self->scene);
  gboolean new_place = shown == NULL || shown->labels != segment->labels;
  OssLabelView view = { 0 };

  view.labels = segment->labels;
  view.verse = oss_study_get_options (self->study)->vertebra;
  view.frame = segment->info.frame;
  view.has_vbmd = segment->has_vbmd;
  view.vbmd_mg_cm3 = segment->vbmd.mean_mg_cm3;
  view.vbmd_hu = segment->vbmd.mean_hu;
  memcpy (view.vbmd_centre_mm, segment->vbmd.centre_mm, sizeof view.vbmd_centre_mm);
  view.vbmd_right_mm = segment->vbmd.semi_axis_right_mm;
  view.vbmd_anterior_mm = segment->vbmd.semi_axis_anterior_mm;
  view.vbmd_height_mm = segment->vbmd.height_mm;
  oss_scene_set_labels (self->scene, &view);
  if (new_place)
    {
      oss_scene_set_cursor (self->scene, segment->info.frame.centre);
      oss_scene_focus_vertebra (self->scene);
    }
}

static void
show_plastic_strain (const OssSimulateResult *simulate, OssModel *model)
{
  const OssFemCurve *curve = simulate->curve;
  const OssLoadPoint *last = &curve->points[curve->n_points - 1];
  g_autofree char *strain = oss_format_fixed (100.0 * last->displacement_mm / simulate->strength.height_mm, 2);
  g_autofree char *force = oss_format_rounded (last->reaction_n, 10.0);

  oss_model_set_plastic_strain (model, curve->plastic_strain, simulate->fem->element_volume);
  /* Translators: at the end of a curve beyond yield: apparent strain and force. */
  model->fields[OSS_MODEL_PLASTIC_STRAIN].load = g_strdup_printf (_ ("%s %% strain, %s N"), strain, force);
}

static void
show_model (OssDocument *self)
{
  const OssSegmentResult *segment = oss_study_get_segment (self->study);
  const OssMeshResult *mesh = oss_study_get_mesh (self->study);
  const OssSimulateResult *simulate = oss_study_get_simulate (self->study);
  g_autofree char *elements = oss_format_rounded ((double) mesh->mesh->n_elements, 1.0);
  g_autoptr (OssModel) model = oss_model_new (mesh->mesh, &segment->info.frame);
  g_autoptr (GString) caption = g_string_new (NULL);

  g_string_append_printf (caption, OSS_NGETTEXT ("%s element", "%s elements", mesh->mesh->n_elements), elements);
  if (simulate != NULL && is_current (self, OSS_STEP_SIMULATE) && simulate->fem->n_nodes == mesh->mesh->n_nodes)
    {
      g_autofree char *force = oss_format_rounded (simulate->strength.reaction_n, 10.0);
      g_autofree char *displacement = oss_format_fixed (simulate->displacement_mm, 2);

      oss_model_set_stress (model, simulate->fem->von_mises, simulate->fem->displacement);
      g_string_append_printf (caption, " · %s", _ ("shown undeformed"));
      model->fields[OSS_MODEL_STRESS].load = g_strdup_printf ("%s mm, %s N", displacement, force);
      if (simulate->curve != NULL && simulate->curve->n_elements == mesh->mesh->n_elements)
        show_plastic_strain (simulate, model);
    }
  model->caption = g_strdup (caption->str);
  oss_scene_set_model (self->scene, model);
}

static void
step_changed_cb (OssDocument *self, guint step)
{
  if (step == OSS_STEP_LOAD && is_current (self, OSS_STEP_LOAD))
    show_volume (self);
  if (step == OSS_STEP_CALIBRATE && is_current (self, OSS_STEP_CALIBRATE))
    {
      const OssCalibrateResult *calibrate = oss_study_get_calibrate (self->study);

      oss_scene_set_line (self->scene, &calibrate->line);
      oss_scene_set_tissues (self->scene, calibrate->internal != NULL ? calibrate->internal->tissues->regions : NULL);
      oss_scene_set_phantom (self->scene, calibrate->fit);
    }
  if (step == OSS_STEP_SEGMENT && is_current (self, OSS_STEP_SEGMENT))
    show_labels (self);
  /* A stress map that became out of date stays on show, and says so. */
  if ((step == OSS_STEP_MESH || step == OSS_STEP_SIMULATE) && is_current (self, step))
    show_model (self);
  oss_scene_set_stale (self->scene,
                       oss_study_get_simulate (self->study) != NULL && !is_current (self, OSS_STEP_SIMULATE));
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
progress_cb (OssDocument *self, double fraction, const char *what)
{
  if (self->job != NULL)
    oss_job_set_progress (self->job, fraction, what);
}

static void
oss_document_dispose (GObject *object)
{
  OssDocument *self = OSS_DOCUMENT (object);

  if (self->job != NULL)
    oss_job_cancel (self->job);
  g_clear_object (&self->job);
  g_clear_object (&self->study);
  g_clear_object (&self->scene);
  g_clear_pointer (&self->series, oss_series_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->report_path, g_free);
  G_OBJECT_CLASS (oss_document_parent_class)->dispose (object);
}

static void
oss_document_class_init (OssDocumentClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = oss_document_dispose;
  signals[CHANGED] =
      g_signal_new ("changed", OSS_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[JOB] =
      g_signal_new ("job", OSS_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, OSS_TYPE_JOB);
  signals[FAILED] =
      g_signal_new ("failed", OSS_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[REPORT_SAVED] = g_signal_new ("report-saved", OSS_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
oss_document_init (OssDocument *self)
{
  self->study = oss_study_new ();
  self->scene = oss_scene_new ();
  g_signal_connect_object (self->study, "step-changed", G_CALLBACK (step_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->study, "progress", G_CALLBACK (progress_cb), self, G_CONNECT_SWAPPED);
}

static void
set_input (OssStudyOptions *options, gconstpointer data)
{
  const OssDocument *self = data;

  g_free (options->path);
  g_free (options->series_uid);
  options->path = g_strdup (self->path);
  /* One multi-frame image may hold several volumes. */
  options->series_uid = self->series == NULL ? NULL
                        : *self->series->part != '\0'
                            ? g_strdup_printf ("%s#%s", self->series->series_uid, self->series->part)
                            : g_strdup (self->series->series_uid);
  options->resample_tilt = self->series != NULL && self->series->tilt.resample;
}

OssDocument *
oss_document_new (const char *path, const OssSeries *series)
{
  OssDocument *self = g_object_new (OSS_TYPE_DOCUMENT, NULL);

  self->path = g_strdup (path);
  self->series = series != NULL ? oss_series_copy (series) : NULL;
  oss_document_edit (self, set_input, self);
  return self;
}

OssStudy *
oss_document_get_study (OssDocument *self)
{
  return self->study;
}

OssScene *
oss_document_get_scene (OssDocument *self)
{
  return self->scene;
}

const OssSeries *
oss_document_get_series (OssDocument *self)
{
  return self->series;
}

const char *
oss_document_get_path (OssDocument *self)
{
  return self->path;
}

OssJob *
oss_document_get_job (OssDocument *self)
{
  return self->job;
}

OssStep
oss_document_get_target (OssDocument *self)
{
  return self->target;
}

const char *
oss_document_get_report_path (OssDocument *self)
{
  return self->report_path;
}

char *
oss_document_title (OssDocument *self)
{
  if (self->series != NULL)
    return oss_format_dicom_name (self->series->patient_name);
  return g_path_get_basename (self->path);
}

char *
oss_document_subtitle (OssDocument *self)
{
  return self->series != NULL
             ? oss_format_patient (self->series->patient_age, self->series->patient_sex, self->series->patient_id,
                                   self->series->study_description, self->series->study_date)
             : g_strdup ("");
}

/* Jobs */

void
oss_document_begin_job (OssDocument *self, const char *title)
{
  g_assert (self->job == NULL);
  self->job = oss_job_new (title);
  g_signal_emit (self, signals[JOB], 0, self->job);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
oss_document_end_job (OssDocument *self, const char *done, const GError *error)
{
  g_autoptr (OssJob) job = g_steal_pointer (&self->job);

  if (job == NULL) /* disposed meanwhile */
    return;
  oss_job_finish (job, done, error);
  g_signal_emit (self, signals[CHANGED], 0);
  if (error != NULL && oss_job_get_state (job) == OSS_JOB_FAILED)
    g_signal_emit (self, signals[FAILED], 0, error->message);
}

void
oss_document_report_saved (OssDocument *self, const char *path)
{
  g_free (self->report_path);
  self->report_path = g_strdup (path);
  g_signal_emit (self, signals[CHANGED], 0);
  g_signal_emit (self, signals[REPORT_SAVED], 0, path);
}

static void
run_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (OssDocument) self = data;
  g_autoptr (GError) error = NULL;

  oss_study_run_finish (OSS_STUDY (source), result, &error);
  oss_document_end_job (self, NULL, error);
}

static void
start (OssDocument *self, OssStep last)
{
  g_autofree char *name = oss_document_title (self);
  g_autofree char *title = NULL;

  if (last == OSS_STEP_LOAD)
    title = g_strdup_printf ("%s · %s", name, oss_step_name (last));
  else
    {
      const char *level = oss_vertebra_name (oss_study_get_options (self->study)->vertebra);

      title = level != NULL ? g_strdup_printf ("%s · %s · %s", name, level, oss_step_name (last))
                            : g_strdup_printf ("%s · %s", name, oss_step_name (last));
    }
  self->target = last;
  oss_document_begin_job (self, title);
  oss_study_run_async (self->study, last, oss_job_get_cancellable (self->job), run_done_cb, g_object_ref (self));
}

static void
set_place (OssStudyOptions *options, gconstpointer data)
{
  options->has_at = TRUE;
  memcpy (options->at_mm, data, sizeof options->at_mm);
  g_clear_pointer (&options->labels_path, g_free);
}

/* The cursor lies in the vertebra on show: running again keeps its place and its label. */
static gboolean
cursor_in_label (OssDocument *self)
{
  const OssLabelView *view = oss_scene_get_labels (self->scene);
  double index[3];
  int at[3];

  if (view == NULL)
    return FALSE;
  oss_grid_to_index (&view->labels->grid, oss_scene_get_cursor (self->scene), index);
  for (int a = 0; a < 3; a++)
    {
      at[a] = (int) lround (index[a]);
      if (at[a] < 0 || at[a] >= view->labels->grid.size[a])
        return FALSE;
    }
  return view->labels->data[oss_grid_offset (&view->labels->grid, at[0], at[1], at[2])] != 0;
}

void
oss_document_run (OssDocument *self, OssStep last)
{
  if (self->job != NULL)
    return;
  if (last >= OSS_STEP_SEGMENT && oss_study_get_options (self->study)->labels_path == NULL
      && oss_scene_get_volume (self->scene) != NULL && !cursor_in_label (self)
      && !oss_document_edit (self, set_place, oss_scene_get_cursor (self->scene)))
    return;
  start (self, last);
}

void
oss_document_segment_at_cursor (OssDocument *self)
{
  if (self->job != NULL || oss_scene_get_volume (self->scene) == NULL)
    return;
  if (oss_document_edit (self, set_place, oss_scene_get_cursor (self->scene)))
    start (self, OSS_STEP_SEGMENT);
}

void
oss_document_cancel (OssDocument *self)
{
  if (self->job == NULL)
    return;
  oss_job_cancel (self->job);
  g_signal_emit (self, signals[CHANGED], 0);
}

gboolean
oss_document_edit (OssDocument *self, OssOptionsEdit edit, gconstpointer data)
{
  OssStudyOptions options;
  g_autoptr (GError) error = NULL;
  gboolean set;

  g_return_val_if_fail (self->job == NULL, FALSE);
  oss_study_options_copy (&options, oss_study_get_options (self->study));
  edit (&options, data);
  set = oss_study_set_options (self->study, &options, &error);
  oss_study_options_clear (&options);
  /* A level may be named without anything having to run again. */
  if (set && oss_scene_get_labels (self->scene) != NULL && oss_study_get_segment (self->study) != NULL)
    show_labels (self);
  if (set)
    g_signal_emit (self, signals[CHANGED], 0);
  else
    g_signal_emit (self, signals[FAILED], 0, error->message);
  return set;
}
