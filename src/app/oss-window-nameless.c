/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of a study without names: choices, a folder, and the work in the background. */
#include "app/oss-window-private.h"

#include "app/oss-work.h"
#include "base/oss-i18n.h"
#include "dicom/oss-deidentify.h"

#include <glib/gstdio.h>

typedef struct
{
  OssWindow *window; /* main thread only */
  OssJob *job;       /* main thread only */
  GtkFileChooserNative *chooser;
  GtkBuilder *choices;
  char **folders;
  char *study_uid;
  char *out;
  OssDeidentifyOptions options;
  OssDeidentifyReport report;
} Export;

static void
export_free (Export *self)
{
  g_clear_object (&self->job);
  g_clear_object (&self->chooser);
  g_clear_object (&self->choices);
  g_object_unref (self->window);
  g_strfreev (self->folders);
  g_free (self->study_uid);
  g_free (self->out);
  oss_deidentify_report_clear (&self->report);
  g_free (self);
}

/* One key for this user's data: studies of a patient get the same new name each time. */
static gboolean
load_key (guint8 *key, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "ossature", NULL);
  g_autofree char *path = g_build_filename (folder, "deidentify.key", NULL);

  g_mkdir_with_parents (folder, 0700);
  return oss_deidentify_key_load (path, key, error);
}

static gpointer
export_study (gpointer data, const OssTick *tick, GError **error)
{
  Export *self = data;

  self->options.study_uid = self->study_uid;
  if (!load_key (self->options.key, error)
      || !oss_deidentify ((const char *const *) self->folders, self->out, &self->options, &self->report, tick, error))
    return NULL;
  if (self->report.n_files > 0)
    return self;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                       _ ("Nothing was written: pictures and documents, which may show names, are left out."));
  return NULL;
}

static void
exported_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Export *self = data;
  g_autoptr (GError) error = NULL;
  gboolean done = oss_work_finish (result, &error) != NULL;
  g_autofree char *text = NULL;

  if (done)
    {
      g_autofree char *files = g_strdup_printf (
          OSS_NGETTEXT ("%u file without names", "%u files without names", self->report.n_files), self->report.n_files);
      /* Translators: "44 files without names, 2 left out" */
      text = self->report.left_out->len > 0 ? g_strdup_printf (_ ("%s, %u left out"), files, self->report.left_out->len)
                                            : g_steal_pointer (&files);
    }
  oss_job_finish (self->job, text, error);
  if (done)
    oss_window_toast (self->window, text);
  else if (oss_job_get_state (self->job) == OSS_JOB_FAILED)
    oss_window_toast (self->window, error->message);
  export_free (self);
}

static void
folder_cb (GtkNativeDialog *dialog, int response, Export *self)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  self->out = file != NULL ? g_file_get_path (file) : NULL;
  if (self->out == NULL)
    {
      export_free (self);
      return;
    }
  self->job = oss_job_new (_ ("Export without names"));
  oss_window_add_job (self->window, self->job);
  oss_window_tell (self->window, _ ("Export without names"));
  oss_work_run (self->job, export_study, self, NULL, exported_cb, self);
}

static gboolean
is_chosen (Export *self, const char *name)
{
  return gtk_switch_get_active (GTK_SWITCH (gtk_builder_get_object (self->choices, name)));
}

static void
choices_cb (AdwMessageDialog *dialog, const char *response, Export *self)
{
  if (!g_str_equal (response, "choose"))
    {
      export_free (self);
      return;
    }
  self->options.keep =
      (is_chosen (self, "patient") ? OSS_KEEP_PATIENT : 0) | (is_chosen (self, "device") ? OSS_KEEP_DEVICE : 0);
  self->options.dates = is_chosen (self, "dates") ? OSS_DATES_SHIFT : OSS_DATES_REMOVE;
  self->chooser = gtk_file_chooser_native_new (_ ("Folder for the Copies"), GTK_WINDOW (self->window),
                                               GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Export"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect (self->chooser, "response", G_CALLBACK (folder_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
export_nameless_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWindow *window = OSS_WINDOW (widget);
  const OssWorklistStudy *study = oss_worklist_page_get_selected (window->worklist_page);
  g_auto (GStrv) folders = study != NULL ? oss_worklist_get_folders (window->worklist, study->id, NULL) : NULL;
  GtkWidget *dialog;
  Export *self;

  if (folders == NULL || folders[0] == NULL)
    return;
  self = g_new0 (Export, 1);
  self->window = g_object_ref (window);
  self->folders = g_steal_pointer (&folders);
  self->study_uid = g_strdup (study->study_uid);
  self->choices = gtk_builder_new_from_resource ("/org/ossature/Ossature/ui/nameless-choices.ui");
  dialog = adw_message_dialog_new (
      GTK_WINDOW (window), _ ("Export without Names"),
      _ ("CT, segmentations, maps and measurements are copied without names, identifiers and free text. Pictures and "
         "documents are left out. Pixels stay as they are: a head can be recognised by its face."));
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog),
                                      GTK_WIDGET (gtk_builder_get_object (self->choices, "choices")));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "choose",
                                    _ ("Choose _Folder…"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "choose", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "choose");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (choices_cb), self);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
oss_window_nameless_class_init (GtkWidgetClass *klass)
{
  gtk_widget_class_install_action (klass, "win.export-nameless", NULL, export_nameless_action);
}
