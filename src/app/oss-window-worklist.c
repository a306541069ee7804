/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worklist in the window: what is kept of studies and results, and what can be done with a row. */
#include "app/oss-window-private.h"

#include "app/oss-compare-dialog.h"
#include "app/oss-thumbnail.h"
#include "base/oss-i18n.h"

#include <math.h>

/* As large as a row's picture on a screen of twice the resolution. */
#define THUMBNAIL_PX 80

GtkWidget *
oss_window_home (OssWindow *self)
{
  const OssWorklistQuery all = { 0 };
  guint counts[OSS_WORKLIST_N_FILTERS] = { 0 };

  if (self->worklist != NULL && oss_worklist_count (self->worklist, &all, counts, NULL) && counts[OSS_WORKLIST_ALL] > 0)
    return GTK_WIDGET (self->worklist_page);
  return GTK_WIDGET (self->welcome);
}

static void
refresh (OssWindow *self)
{
  if (self->worklist == NULL)
    return;
  self->worklist_version = oss_worklist_get_data_version (self->worklist);
  oss_worklist_page_refresh (self->worklist_page);
}

/* Another window, or the command, may have changed it meanwhile. */
static void
active_cb (OssWindow *self)
{
  if (gtk_window_is_active (GTK_WINDOW (self)) && self->worklist != NULL
      && oss_worklist_get_data_version (self->worklist) != self->worklist_version)
    refresh (self);
}

/* --- Pictures --- */

typedef struct
{
  gint64 study;
  OssSeries *series;
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *wanted = data;

  oss_series_free (wanted->series);
  g_free (wanted);
}

static void make_next_picture (OssWindow *self);

static void
picture_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (OssWindow) self = data;
  g_autoptr (GdkTexture) texture = oss_thumbnail_load_finish (result, NULL);
  Wanted *wanted = g_queue_pop_head (&self->thumbnails);

  if (wanted == NULL || self->worklist == NULL) /* the window was closed */
    {
      g_clear_pointer (&wanted, wanted_free);
      return;
    }
  if (texture != NULL)
    {
      g_autoptr (GBytes) png = gdk_texture_save_to_png_bytes (texture);

      oss_worklist_set_thumbnail (self->worklist, wanted->study, png, NULL);
    }
  wanted_free (wanted);
  if (g_queue_get_length (&self->thumbnails) % 8 == 0)
    oss_worklist_page_refresh (self->worklist_page);
  make_next_picture (self);
}

static void
make_next_picture (OssWindow *self)
{
  Wanted *wanted = g_queue_peek_head (&self->thumbnails);

  if (wanted != NULL)
    oss_thumbnail_load_async (wanted->series, THUMBNAIL_PX, NULL, picture_cb, g_object_ref (self));
}

static gboolean
is_better (const OssSeries *one, const OssSeries *two)
{
  if (one->has_grid != two->has_grid)
    return one->has_grid;
  return one->verdict < two->verdict || (one->verdict == two->verdict && one->files->len > two->files->len);
}

/* One series of each study that has no picture yet. */
static void
want_pictures (OssWindow *self, const OssSeriesList *list)
{
  g_autoptr (GHashTable) best = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean idle = g_queue_is_empty (&self->thumbnails);
  GHashTableIter iter;
  gpointer series;

  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *one = g_ptr_array_index (list->series, i), *known = g_hash_table_lookup (best, one->study_uid);

      if (known == NULL || is_better (one, known))
        g_hash_table_replace (best, one->study_uid, one);
    }
  g_hash_table_iter_init (&iter, best);
  while (g_hash_table_iter_next (&iter, NULL, &series))
    {
      gint64 study = oss_worklist_find_study (self->worklist, ((OssSeries *) series)->study_uid, NULL);
      g_autoptr (GBytes) picture = study != 0 ? oss_worklist_get_thumbnail (self->worklist, study) : NULL;
      Wanted *wanted;

      if (study == 0 || picture != NULL || !((OssSeries *) series)->has_grid)
        continue;
      wanted = g_new0 (Wanted, 1);
      wanted->study = study;
      wanted->series = oss_series_copy (series);
      g_queue_push_tail (&self->thumbnails, wanted);
    }
  if (idle)
    make_next_picture (self);
}

void
oss_window_worklist_imported (OssWindow *self, OssSeriesList *list, gint64 first)
{
  if (self->worklist == NULL || first == 0)
    return;
  refresh (self);
  oss_worklist_page_select (self->worklist_page, first);
  want_pictures (self, list);
}

void
oss_window_worklist_received (OssWindow *self)
{
  refresh (self);
  if (oss_window_get_page (self) == GTK_WIDGET (self->welcome))
    oss_window_show_page (self, oss_window_home (self));
  oss_window_toast (self, _ ("Images were received"));
}

/* --- Results --- */

static gint64
study_of_document (OssWindow *self)
{
  const OssSeries *series = self->document != NULL ? oss_document_get_series (self->document) : NULL;

  return series != NULL && self->worklist != NULL && *series->study_uid != '\0'
             ? oss_worklist_find_study (self->worklist, series->study_uid, NULL)
             : 0;
}

/* The texts stay the document's. */
static void
add_analysis (OssWindow *self, gint64 study_id, OssWorklistAnalysis *analysis)
{
  OssStudy *study = oss_document_get_study (self->document);
  const OssStudyOptions *options = oss_study_get_options (study);
  const OssSeries *series = oss_document_get_series (self->document);
  const char *level = oss_vertebra_name (options->vertebra);
  g_autoptr (GError) error = NULL;

  analysis->study = study_id;
  analysis->series_uid = series->series_uid;
  analysis->kernel = series->kernel;
  analysis->vertebra = (char *) level;
  analysis->engine = (char *) oss_element_name (options->mesh.kind);
  if (oss_worklist_add_analysis (self->worklist, analysis, &error) == 0)
    oss_window_toast (self, error->message);
  else
    refresh (self);
}

void
oss_window_worklist_record (OssWindow *self)
{
  OssStudy *study = oss_document_get_study (self->document);
  const OssSimulateResult *simulate = oss_study_get_simulate (study);
  const OssSegmentResult *segment = oss_study_get_segment (study);
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (study);
  gint64 study_id = study_of_document (self);
  OssWorklistAnalysis analysis = { .state = OSS_ANALYSIS_REVIEWED };
  OssClassification classification;

  if (study_id == 0 || simulate == NULL || segment == NULL || calibrate == NULL || simulate == self->recorded
      || !oss_study_is_current (study, OSS_STEP_SIMULATE))
    return;
  self->recorded = simulate;
  oss_study_classify (study, &classification);
  analysis.density_class = (char *) classification.density_class;
  analysis.basis = (char *) oss_basis_name (calibrate->line.basis);
  analysis.strength_n = simulate->strength.apparent_0_68_percent_n;
  analysis.strength_uncertainty_n = oss_simulate_error_n (simulate, OSS_ESTIMATOR_APPARENT_0_68);
  analysis.stiffness_n_per_mm = simulate->strength.stiffness_n_per_mm;
  analysis.vbmd_mg_cm3 = segment->has_vbmd ? segment->vbmd.mean_mg_cm3 : NAN;
  analysis.vbmd_uncertainty_mg_cm3 = segment->has_vbmd ? segment->vbmd_uncertainty_mg_cm3 : NAN;
  add_analysis (self, study_id, &analysis);
}

void
oss_window_worklist_record_failure (OssWindow *self)
{
  gint64 study_id = study_of_document (self);
  g_autoptr (OssWorklistStudy) row = study_id != 0 ? oss_worklist_get_study (self->worklist, study_id, NULL) : NULL;
  OssWorklistAnalysis analysis = { .strength_n = NAN,
                                   .strength_uncertainty_n = NAN,
                                   .stiffness_n_per_mm = NAN,
                                   .vbmd_mg_cm3 = NAN,
                                   .vbmd_uncertainty_mg_cm3 = NAN,
                                   .state = OSS_ANALYSIS_FAILED };

  /* A second try that fails does not hide a first that succeeded. */
  if (row != NULL && row->analysis == OSS_ANALYSIS_NONE)
    add_analysis (self, study_id, &analysis);
}

/* --- Actions on a row --- */

static void
open_selected (OssWindow *self, gboolean review)
{
  const OssWorklistStudy *study = oss_worklist_page_get_selected (self->worklist_page);
  g_auto (GStrv) folders = study != NULL ? oss_worklist_get_folders (self->worklist, study->id, NULL) : NULL;

  if (folders != NULL && folders[0] != NULL)
    oss_window_open_study (self, (const char *const *) folders, study->study_uid, review);
}

static void
open_study_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  const OssWorklistStudy *study = oss_worklist_page_get_selected (self->worklist_page);

  open_selected (self, study != NULL && study->verdict != OSS_VERDICT_REFUSED);
}

static void
explain_study_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  open_selected (OSS_WINDOW (widget), FALSE);
}

static void
show_study_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  const OssWorklistStudy *study = oss_worklist_page_get_selected (self->worklist_page);
  g_auto (GStrv) folders = study != NULL ? oss_worklist_get_folders (self->worklist, study->id, NULL) : NULL;
  g_autofree char *uri = folders != NULL && folders[0] != NULL ? g_filename_to_uri (folders[0], NULL, NULL) : NULL;

  if (uri != NULL)
    gtk_show_uri (GTK_WINDOW (self), uri, GDK_CURRENT_TIME);
}

static void
remove_study_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  const OssWorklistStudy *study = oss_worklist_page_get_selected (self->worklist_page);
  gint64 id = study != NULL ? study->id : 0;
  g_autoptr (GError) error = NULL;
  AdwToast *toast;

  if (id == 0)
    return;
  if (!oss_worklist_remove (self->worklist, id, &error))
    {
      oss_window_toast (self, error->message);
      return;
    }
  refresh (self);
  if (oss_window_home (self) != GTK_WIDGET (self->worklist_page))
    oss_window_show_page (self, oss_window_home (self));
  toast = adw_toast_new (_ ("Removed from the worklist; its files stay"));
  adw_toast_set_button_label (toast, _ ("Undo"));
  adw_toast_set_timeout (toast, 15);
  adw_toast_set_action_name (toast, "win.undo-remove");
  adw_toast_set_action_target_value (toast, g_variant_new_int64 (id));
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
undo_remove_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  gint64 id = g_variant_get_int64 (parameter);
  g_autoptr (GError) error = NULL;

  if (!oss_worklist_restore (self->worklist, id, &error))
    {
      oss_window_toast (self, error->message);
      return;
    }
  refresh (self);
  oss_window_show_page (self, oss_window_home (self));
  oss_worklist_page_select (self->worklist_page, id);
}

static void
compare_prior_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  const OssWorklistStudy *study = oss_worklist_page_get_selected (self->worklist_page);

  if (study != NULL)
    oss_compare_dialog_show (GTK_WINDOW (self), self->worklist, study, g_variant_get_int64 (parameter));
}

static void
search_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);

  oss_worklist_page_search (self->worklist_page);
}

void
oss_window_worklist_update_actions (OssWindow *self)
{
  gboolean shown = oss_window_get_page (self) == GTK_WIDGET (self->worklist_page) && self->worklist != NULL;
  const OssWorklistStudy *study = shown ? oss_worklist_page_get_selected (self->worklist_page) : NULL;
  gboolean there = study != NULL && study->is_reachable;
  gboolean idle = self->opening == NULL || !oss_job_is_active (self->opening);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.open-study", there && idle);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.explain-study", there && idle);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.show-study-folder", there);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export-nameless", there);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.remove-study", study != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.compare-prior", study != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.search", shown);
}

void
oss_window_worklist_class_init (GtkWidgetClass *klass)
{
  gtk_widget_class_install_action (klass, "win.open-study", NULL, open_study_action);
  gtk_widget_class_install_action (klass, "win.explain-study", NULL, explain_study_action);
  gtk_widget_class_install_action (klass, "win.show-study-folder", NULL, show_study_folder_action);
  gtk_widget_class_install_action (klass, "win.remove-study", NULL, remove_study_action);
  gtk_widget_class_install_action (klass, "win.undo-remove", "x", undo_remove_action);
  gtk_widget_class_install_action (klass, "win.compare-prior", "x", compare_prior_action);
  gtk_widget_class_install_action (klass, "win.search", NULL, search_action);
}

/* --- Opening and closing --- */

typedef struct
{
  char *path;
  gboolean purge;
  int stop;
} Check;

static void
check_free (gpointer data)
{
  Check *check = data;

  g_free (check->path);
  g_free (check);
}

/* Network drives answer when they like: not on the main thread. */
static void
check_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Check *check = data;
  g_autoptr (OssWorklist) worklist = oss_worklist_open (check->path, NULL, NULL);
  guint changed = 0;

  if (worklist != NULL && check->purge)
    oss_worklist_purge (worklist, NULL);
  if (worklist != NULL)
    oss_worklist_check_folders (worklist, NULL, &changed, NULL);
  g_task_return_boolean (task, changed > 0);
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  if (g_task_propagate_boolean (G_TASK (result), NULL) && OSS_WINDOW (source)->worklist != NULL)
    refresh (OSS_WINDOW (source));
}

static void
check_folders (OssWindow *self)
{
  static gboolean purged; /* a toast of this run may still bring a study back */
  g_autoptr (GTask) task = g_task_new (self, NULL, checked_cb, NULL);
  Check *check = g_new0 (Check, 1);

  check->path = g_strdup (oss_worklist_get_path (self->worklist));
  check->purge = !purged;
  purged = TRUE;
  g_task_set_task_data (task, check, check_free);
  g_task_run_in_thread (task, check_in_thread);
}

void
oss_window_worklist_init (OssWindow *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *notice = NULL;

  g_queue_init (&self->thumbnails);
  self->worklist = oss_worklist_open (NULL, &notice, &error);
  oss_worklist_page_set_worklist (self->worklist_page, self->worklist);
  g_signal_connect_swapped (self->worklist_page, "selected", G_CALLBACK (oss_window_update_actions), self);
  g_signal_connect (self, "notify::is-active", G_CALLBACK (active_cb), NULL);
  if (self->worklist == NULL)
    oss_window_toast (self, error->message);
  else
    {
      if (notice != NULL)
        oss_window_toast (self, notice);
      self->worklist_version = oss_worklist_get_data_version (self->worklist);
      check_folders (self);
    }
}

/* After the template: the page reads through the connection. */
void
oss_window_worklist_dispose (OssWindow *self)
{
  g_clear_pointer (&self->worklist, oss_worklist_close);
  g_queue_clear_full (&self->thumbnails, wanted_free);
}
