/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-window-private.h"

#include "app/oss-series-text.h"
#include "base/oss-i18n.h"

/* What is possible now */

typedef struct
{
  const char *name;
  gboolean enabled;
} Enabled;

void
oss_window_update_actions (OssWindow *self)
{
  GtkWidget *page = oss_window_get_page (self);
  OssDocument *document = self->document;
  gboolean review = page == GTK_WIDGET (self->review) && document != NULL;
  gboolean busy = document != NULL && oss_document_get_job (document) != NULL;
  gboolean opening = self->opening != NULL && oss_job_is_active (self->opening);
  gboolean loaded = review && oss_scene_get_volume (oss_document_get_scene (document)) != NULL;
  gboolean idle = loaded && !busy;
  OssState simulated =
      review ? oss_study_get_state (oss_document_get_study (document), OSS_STEP_SIMULATE) : OSS_STATE_NOT_RUN;
  gboolean reportable = idle && (simulated == OSS_STATE_DONE || simulated == OSS_STATE_NOTES);
  const OssSeries *selected = page == GTK_WIDGET (self->series) ? oss_series_page_get_selected (self->series) : NULL;
  const Enabled enabled[] = {
    { "win.back", page != GTK_WIDGET (self->welcome) && page != GTK_WIDGET (self->worklist_page) },
    { "win.review", selected != NULL && oss_series_page_get_suggested (self->series) != NULL },
    { "win.copy-explanation", selected != NULL },
    { "win.show-folder", selected != NULL },
    { "win.resample-tilt", selected != NULL && oss_series_page_can_resample (self->series) },
    { "win.cancel", (review && busy) || opening },
    { "win.run-all", idle },
    { "win.run-step", idle },
    { "win.run-to", idle },
    { "win.segment-at-cursor", idle },
    { "win.import-labels", idle },
    { "win.report", review },
    { "win.save-pdf", reportable },
    { "win.save-csv", reportable },
    { "win.export-dicom", reportable && oss_study_get_load (oss_document_get_study (document))->series != NULL },
    { "win.open-report", review && oss_document_get_report_path (document) != NULL },
    { "win.preset", loaded },
    { "win.tool", review },
    { "win.layout", review },
    { "win.show-labels", review },
    { "win.side-column", review || page == GTK_WIDGET (self->worklist_page) },
    { "win.cut", review && oss_scene_get_model (oss_document_get_scene (document)) != NULL },
    { "win.next-region", review },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (enabled); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), enabled[i].name, enabled[i].enabled);
  oss_window_worklist_update_actions (self);
}

/* Choosing files */

typedef void (*Chosen) (OssWindow *self, const char *path);

static void
chooser_cb (GtkNativeDialog *dialog, int response, OssWindow *self)
{
  Chosen chosen = g_object_get_data (G_OBJECT (dialog), "chosen");
  g_autoptr (GFile) file = NULL;
  g_autofree char *path = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      path = file != NULL ? g_file_get_path (file) : NULL;
    }
  gtk_native_dialog_destroy (dialog);
  g_clear_object (&self->chooser);
  if (path != NULL)
    chosen (self, path);
}

static GtkFileChooser *
show_chooser (OssWindow *self, const char *title, GtkFileChooserAction action, const char *accept, Chosen chosen)
{
  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (title, GTK_WINDOW (self), action, accept, _ ("_Cancel"));
  g_object_set_data (G_OBJECT (self->chooser), "chosen", chosen);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (chooser_cb), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
  return GTK_FILE_CHOOSER (self->chooser);
}

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *pattern)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (const char *const *p = (const char *const[]){ pattern, NULL }; *p != NULL; p++)
    gtk_file_filter_add_pattern (filter, *p);
  gtk_file_chooser_add_filter (chooser, filter);
}

/* Opening */

static void
open_chosen (OssWindow *self, const char *path)
{
  oss_window_open_path (self, path, NULL);
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_chooser (OSS_WINDOW (widget), _ ("Open Folder"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Open"),
                open_chosen);
}

static void
open_file_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkFileChooser *chooser =
      show_chooser (OSS_WINDOW (widget), _ ("Open Image File"), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), open_chosen);

  add_filter (chooser, _ ("NIfTI and DICOM files"), "*");
}

static void
open_demo_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  oss_window_open_demo (OSS_WINDOW (widget));
}

static void
back_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  GtkWidget *page = oss_window_get_page (self);

  if (page == GTK_WIDGET (self->series) && self->opening != NULL)
    oss_job_cancel (self->opening);
  /* An image file has no page of series to go back to. */
  if (page == GTK_WIDGET (self->review) && self->document != NULL && oss_document_get_series (self->document) != NULL)
    oss_window_show_page (self, GTK_WIDGET (self->series));
  else
    oss_window_show_page (self, oss_window_home (self));
}

static void
review_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  const OssSeries *series = oss_series_page_get_suggested (self->series);
  const OssSeries *shown = self->document != NULL ? oss_document_get_series (self->document) : NULL;

  g_autofree char *path = NULL;

  if (series == NULL)
    return;
  path = oss_window_series_path (series, self->opening_path);
  /* The study stays loaded while its list is looked at. */
  if (shown != NULL && g_str_equal (shown->series_uid, series->series_uid)
      && g_strcmp0 (oss_document_get_path (self->document), path) == 0)
    oss_window_show_page (self, GTK_WIDGET (self->review));
  else
    oss_window_review (self, path, series);
}

static void
resample_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);

  oss_series_page_resample (self->series);
  oss_window_update_actions (self);
}

static void
copy_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  g_autofree char *text = oss_series_explanation (oss_series_page_get_selected (self->series));

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  oss_window_toast (self, _ ("Explanation copied, without the patient's name"));
}

static void
show_path (OssWindow *self, const char *path)
{
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);

  if (uri != NULL)
    gtk_show_uri (GTK_WINDOW (self), uri, GDK_CURRENT_TIME);
}

static void
show_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);

  show_path (self, oss_series_page_get_selected (self->series)->folder);
}

/* Running */

static void
cancel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);

  if (oss_window_get_page (self) == GTK_WIDGET (self->review))
    oss_document_cancel (self->document);
  else if (self->opening != NULL)
    oss_job_cancel (self->opening);
}

static void
run_all_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  oss_document_run (OSS_WINDOW (widget)->document, OSS_STEP_SIMULATE);
}

static void
run_to_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  oss_document_run (OSS_WINDOW (widget)->document, (OssStep) g_variant_get_int32 (parameter));
}

static void
run_step_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  int step = oss_step_column_get_current (oss_review_page_get_column (self->review));

  if (step == OSS_N_STEPS)
    gtk_widget_activate_action (widget, "win.save-pdf", NULL);
  else
    oss_document_run (self->document, (OssStep) step);
}

static void
segment_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  oss_document_segment_at_cursor (OSS_WINDOW (widget)->document);
}

static void
edit_labels (OssStudyOptions *options, gconstpointer data)
{
  g_free (options->labels_path);
  options->labels_path = g_strdup (data);
}

static void
labels_chosen (OssWindow *self, const char *path)
{
  if (oss_document_edit (self->document, edit_labels, path))
    oss_document_run (self->document, OSS_STEP_SEGMENT);
}

static void
import_labels_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkFileChooser *chooser = show_chooser (OSS_WINDOW (widget), _ ("Import Labels"), GTK_FILE_CHOOSER_ACTION_OPEN,
                                          _ ("_Import"), labels_chosen);

  add_filter (chooser, _ ("NIfTI images"), "*.nii*");
  add_filter (chooser, _ ("DICOM segmentations"), "*.dcm");
}

/* Report */

static void
report_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);

  g_object_set (self, "side-column", TRUE, NULL);
  oss_step_column_open_report (oss_review_page_get_column (self->review));
}

static void
save_report (OssWindow *self, OssReportKind kind, const char *path)
{
  OssReportChoice choice;

  oss_step_column_get_report_choice (oss_review_page_get_column (self->review), &choice);
  oss_document_save_report (self->document, kind, path, &choice);
}

static void
pdf_chosen (OssWindow *self, const char *path)
{
  save_report (self, OSS_REPORT_PDF, path);
}

static void
csv_chosen (OssWindow *self, const char *path)
{
  save_report (self, OSS_REPORT_CSV, path);
}

static void
save_pdf_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkFileChooser *chooser =
      show_chooser (OSS_WINDOW (widget), _ ("Save Report"), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), pdf_chosen);

  /* No name of a patient in a file's name. */
  gtk_file_chooser_set_current_name (chooser, "report.pdf");
}

static void
save_csv_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkFileChooser *chooser =
      show_chooser (OSS_WINDOW (widget), _ ("Save Values"), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), csv_chosen);

  gtk_file_chooser_set_current_name (chooser, "report.csv");
}

static void
dicom_chosen (OssWindow *self, const char *path)
{
  save_report (self, OSS_REPORT_DICOM, path);
}

static void
export_dicom_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_chooser (OSS_WINDOW (widget), _ ("Export DICOM Objects"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Export"),
                dicom_chosen);
}

static void
open_report_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);

  show_path (self, oss_document_get_report_path (self->document));
}

/* Views */

static void
preset_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);
  int preset = g_variant_get_int32 (parameter);

  oss_scene_set_preset (oss_document_get_scene (self->document), preset);
  oss_window_tell (self, oss_scene_preset_name (preset));
}

static void
cut_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  oss_review_page_cut (OSS_WINDOW (widget)->review);
}

static void
next_region_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  oss_review_page_next_region (OSS_WINDOW (widget)->review);
}

static void
jobs_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *self = OSS_WINDOW (widget);

  if (oss_window_get_page (self) == GTK_WIDGET (self->review))
    oss_review_page_show_jobs (self->review);
  else if (oss_window_get_page (self) == GTK_WIDGET (self->worklist_page))
    oss_worklist_page_show_jobs (self->worklist_page);
  else
    oss_series_page_show_jobs (self->series);
}

void
oss_window_class_init_actions (GtkWidgetClass *klass)
{
  gtk_widget_class_install_action (klass, "win.open", NULL, open_action);
  gtk_widget_class_install_action (klass, "win.open-file", NULL, open_file_action);
  gtk_widget_class_install_action (klass, "win.open-demo", NULL, open_demo_action);
  gtk_widget_class_install_action (klass, "win.back", NULL, back_action);
  gtk_widget_class_install_action (klass, "win.review", NULL, review_action);
  gtk_widget_class_install_action (klass, "win.copy-explanation", NULL, copy_action);
  gtk_widget_class_install_action (klass, "win.resample-tilt", NULL, resample_action);
  gtk_widget_class_install_action (klass, "win.show-folder", NULL, show_folder_action);
  gtk_widget_class_install_action (klass, "win.cancel", NULL, cancel_action);
  gtk_widget_class_install_action (klass, "win.run-all", NULL, run_all_action);
  gtk_widget_class_install_action (klass, "win.run-step", NULL, run_step_action);
  gtk_widget_class_install_action (klass, "win.run-to", "i", run_to_action);
  gtk_widget_class_install_action (klass, "win.segment-at-cursor", NULL, segment_action);
  gtk_widget_class_install_action (klass, "win.import-labels", NULL, import_labels_action);
  gtk_widget_class_install_action (klass, "win.report", NULL, report_action);
  gtk_widget_class_install_action (klass, "win.save-pdf", NULL, save_pdf_action);
  gtk_widget_class_install_action (klass, "win.save-csv", NULL, save_csv_action);
  gtk_widget_class_install_action (klass, "win.export-dicom", NULL, export_dicom_action);
  gtk_widget_class_install_action (klass, "win.open-report", NULL, open_report_action);
  gtk_widget_class_install_action (klass, "win.preset", "i", preset_action);
  gtk_widget_class_install_action (klass, "win.cut", NULL, cut_action);
  gtk_widget_class_install_action (klass, "win.next-region", NULL, next_region_action);
  gtk_widget_class_install_action (klass, "win.jobs", NULL, jobs_action);
  gtk_widget_class_install_property_action (klass, "win.tool", "tool");
  gtk_widget_class_install_property_action (klass, "win.layout", "layout");
  gtk_widget_class_install_property_action (klass, "win.show-labels", "show-labels");
  gtk_widget_class_install_property_action (klass, "win.side-column", "side-column");
  gtk_widget_class_install_property_action (klass, "win.dark-review", "dark-review");
  gtk_widget_class_install_property_action (klass, "win.fullscreen", "fullscreened");
  gtk_widget_class_add_binding_action (klass, GDK_KEY_Escape, 0, "win.back", NULL);
}
