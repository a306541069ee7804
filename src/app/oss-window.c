/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-window-private.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

G_DEFINE_FINAL_TYPE (OssWindow, oss_window, ADW_TYPE_APPLICATION_WINDOW)

enum
{
  PROP_TOOL = 1,
  PROP_LAYOUT,
  PROP_SHOW_LABELS,
  PROP_SIDE_COLUMN,
  PROP_DARK_REVIEW,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

/* Pages */

GtkWidget *
oss_window_get_page (OssWindow *self)
{
  return adw_leaflet_get_visible_child (self->pages);
}

/* Images are read on black: the review starts dark, the rest follows the system. */
static void
update_style (OssWindow *self)
{
  gboolean dark = self->dark_review && oss_window_get_page (self) == GTK_WIDGET (self->review);

  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      dark ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_DEFAULT);
}

static char *
series_line (OssDocument *document)
{
  const OssLoadResult *load = oss_study_get_load (oss_document_get_study (document));
  const OssSeries *series = oss_document_get_series (document);
  g_autoptr (GString) text = g_string_new (NULL);

  if (series != NULL)
    {
      g_string_append_printf (text, _ ("Series %d"), series->series_number);
      if (*series->kernel != '\0')
        g_string_append_printf (text, " · %s", series->kernel);
    }
  if (load != NULL)
    {
      const OssGrid *grid = &load->volume->grid;
      g_autofree char *x = oss_format_fixed (grid->spacing[0], 2), *y = oss_format_fixed (grid->spacing[1], 2);
      g_autofree char *z = oss_format_fixed (grid->spacing[2], 2);

      g_string_append_printf (text, "%s%d × %d × %d · %s × %s × %s mm", text->len > 0 ? " · " : "", grid->size[0],
                              grid->size[1], grid->size[2], x, y, z);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
update_status_bar (OssWindow *self)
{
  GtkWidget *page = oss_window_get_page (self);
  g_autofree char *text = NULL;

  gtk_label_set_label (self->facts, "");
  gtk_widget_set_visible (self->reading, page == GTK_WIDGET (self->worklist_page) && self->opening != NULL);
  if (page == GTK_WIDGET (self->worklist_page))
    text = self->opening != NULL ? g_strdup (oss_job_get_title (self->opening))
                                 : oss_worklist_page_summary (self->worklist_page);
  else if (page == GTK_WIDGET (self->welcome))
    text = g_strdup ("Ossature " OSS_VERSION);
  else if (page == GTK_WIDGET (self->series))
    text =
        self->opening != NULL ? g_strdup (oss_job_get_title (self->opening)) : oss_series_page_summary (self->series);
  else if (self->document != NULL)
    {
      text = series_line (self->document);
      gtk_label_set_label (self->facts, text);
      return;
    }
  gtk_label_set_label (self->status, text);
}

/* The scan goes on while the worklist is looked at. */
static void
opening_detail_cb (OssWindow *self, GParamSpec *pspec, OssJob *job)
{
  g_autofree char *text = NULL;

  if (job != self->opening || oss_window_get_page (self) != GTK_WIDGET (self->worklist_page))
    return;
  text = g_strdup_printf ("%s · %s", oss_job_get_title (job), oss_job_get_detail (job));
  oss_window_tell (self, text);
}

static void
update_title (OssWindow *self)
{
  g_autofree char *title = NULL;

  if (self->document != NULL && oss_window_get_page (self) == GTK_WIDGET (self->review))
    title = oss_document_title (self->document);
  gtk_window_set_title (GTK_WINDOW (self), title != NULL ? title : "Ossature");
}

void
oss_window_show_page (OssWindow *self, GtkWidget *page)
{
  adw_leaflet_set_visible_child (self->pages, page);
  update_style (self);
  update_status_bar (self);
  update_title (self);
  oss_window_update_actions (self);
}

void
oss_window_toast (OssWindow *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (escaped));
}

void
oss_window_tell (OssWindow *self, const char *status)
{
  gtk_label_set_label (self->status, status);
}

gboolean
oss_window_is_empty (OssWindow *self)
{
  GtkWidget *page = oss_window_get_page (self);

  return self->document == NULL && self->opening == NULL
         && (page == GTK_WIDGET (self->welcome) || page == GTK_WIDGET (self->worklist_page));
}

/* The document */

static gboolean
is_current (OssWindow *self, OssStep step)
{
  OssState state = oss_study_get_state (oss_document_get_study (self->document), step);

  return state == OSS_STATE_DONE || state == OSS_STATE_NOTES;
}

/* What the command line asked for, once the images are there. */
static void
begin_start (OssWindow *self)
{
  if (!self->has_start || oss_document_get_job (self->document) != NULL || !is_current (self, OSS_STEP_LOAD))
    return;
  self->has_start = FALSE;
  if (self->start.has_at)
    oss_scene_set_cursor (oss_document_get_scene (self->document), self->start.at_mm);
  if (self->start.verse != 0)
    oss_step_column_set_level (oss_review_page_get_column (self->review), self->start.verse);
  if (self->start.run)
    oss_document_run (self->document, OSS_STEP_SIMULATE);
}

static void
document_changed_cb (OssWindow *self)
{
  if (oss_document_get_job (self->document) == NULL)
    {
      update_status_bar (self);
      oss_window_worklist_record (self);
    }
  oss_window_update_actions (self);
  begin_start (self);
}

static void
document_failed_cb (OssWindow *self, const char *sentence)
{
  OssState load = oss_study_get_state (oss_document_get_study (self->document), OSS_STEP_LOAD);

  /* Without images there is nothing to review; a step's own card tells its sentence. */
  if (load == OSS_STATE_FAILED || load == OSS_STATE_REFUSED)
    {
      oss_series_page_set_nothing (self->series, sentence);
      oss_window_show_page (self, GTK_WIDGET (self->series));
    }
  else
    {
      oss_window_worklist_record_failure (self);
      oss_window_toast (self, sentence);
    }
}

static void
job_state_cb (OssWindow *self, GParamSpec *pspec, OssJob *job)
{
  g_autofree char *text = NULL;

  if (oss_job_is_active (job))
    return;
  text = g_strdup_printf ("%s: %s", oss_job_get_title (job), oss_job_get_detail (job));
  oss_window_tell (self, text);
}

void
oss_window_add_job (OssWindow *self, OssJob *job)
{
  g_list_store_insert (self->jobs, 0, job);
  g_signal_connect_object (job, "notify::state", G_CALLBACK (job_state_cb), self, G_CONNECT_SWAPPED);
}

static void
report_saved_cb (OssWindow *self, const char *path)
{
  gboolean folder = g_file_test (path, G_FILE_TEST_IS_DIR);
  AdwToast *toast = adw_toast_new (folder ? _ ("DICOM objects saved") : _ ("Report saved"));

  adw_toast_set_button_label (toast, _ ("Open"));
  adw_toast_set_action_name (toast, "win.open-report");
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
forget_document (OssWindow *self)
{
  if (self->document == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->document, self);
  oss_document_cancel (self->document);
  oss_review_page_set_document (self->review, NULL);
  g_clear_object (&self->document);
}

void
oss_window_review (OssWindow *self, const char *path, const OssSeries *series)
{
  forget_document (self);
  self->document = oss_document_new (path, series);
  g_signal_connect_swapped (self->document, "changed", G_CALLBACK (document_changed_cb), self);
  g_signal_connect_swapped (self->document, "failed", G_CALLBACK (document_failed_cb), self);
  g_signal_connect_swapped (self->document, "report-saved", G_CALLBACK (report_saved_cb), self);
  g_signal_connect_swapped (self->document, "job", G_CALLBACK (oss_window_add_job), self);
  oss_review_page_set_document (self->review, self->document);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SHOW_LABELS]);
  oss_window_show_page (self, GTK_WIDGET (self->review));
  oss_window_tell (self, _ ("Opening"));
  oss_review_page_focus_views (self->review);
  oss_document_run (self->document, OSS_STEP_LOAD);
}

OssJob *
oss_window_begin_opening (OssWindow *self, const char *path, const char *title)
{
  g_autoptr (OssJob) job = oss_job_new (title);

  if (self->opening != NULL)
    oss_job_cancel (self->opening);
  g_set_object (&self->opening, job);
  oss_window_add_job (self, job);
  g_free (self->opening_path);
  self->opening_path = g_strdup (path);
  g_object_bind_property (job, "fraction", self->reading_bar, "fraction", G_BINDING_SYNC_CREATE);
  g_signal_connect_object (job, "notify::detail", G_CALLBACK (opening_detail_cb), self, G_CONNECT_SWAPPED);
  /* Beside a worklist the status bar tells how far it is; else it has the window for itself. */
  if (oss_window_home (self) == GTK_WIDGET (self->worklist_page)
      && oss_window_get_page (self) == GTK_WIDGET (self->worklist_page))
    {
      oss_window_show_page (self, GTK_WIDGET (self->worklist_page));
      return self->opening;
    }
  oss_series_page_set_reading (self->series, path, job);
  oss_window_show_page (self, GTK_WIDGET (self->series));
  return self->opening;
}

/* Closing */

static gboolean
has_running_job (OssWindow *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->jobs)); i++)
    {
      g_autoptr (OssJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

      if (oss_job_is_active (job))
        return TRUE;
    }
  return FALSE;
}

static void
close_response_cb (OssWindow *self, const char *response)
{
  if (!g_str_equal (response, "stop"))
    return;
  self->closing = TRUE;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->jobs)); i++)
    {
      g_autoptr (OssJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

      oss_job_cancel (job);
    }
  if (self->document != NULL)
    oss_document_cancel (self->document);
  gtk_window_close (GTK_WINDOW (self));
}

static gboolean
oss_window_close_request (GtkWindow *window)
{
  OssWindow *self = OSS_WINDOW (window);
  GtkWidget *dialog;

  if (self->closing || !has_running_job (self))
    return GTK_WINDOW_CLASS (oss_window_parent_class)->close_request (window);
  dialog = adw_message_dialog_new (window, _ ("A job is running"),
                                   _ ("It would have to start anew when the study is opened again."));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "keep", _ ("Keep Running"), "stop",
                                    _ ("Stop and Close"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "stop", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "keep");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "keep");
  g_signal_connect_object (dialog, "response", G_CALLBACK (close_response_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
  return GDK_EVENT_STOP;
}

/* Dropping a folder anywhere opens it */

static gboolean
drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, OssWindow *self)
{
  const GdkFileList *list = g_value_get_boxed (value);
  g_autoptr (GSList) files = gdk_file_list_get_files ((GdkFileList *) list);
  g_autofree char *path = files != NULL ? g_file_get_path (files->data) : NULL;

  if (path == NULL)
    return FALSE;
  oss_window_open_path (self, path, NULL);
  return TRUE;
}

/* Properties behind stateful actions */

static void
set_tool (OssWindow *self, const char *tool)
{
  static const char *const names[] = { "window", "pan", "zoom", "cursor" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (tool, names[i]) == 0)
      {
        g_free (self->tool);
        self->tool = g_strdup (tool);
        oss_review_page_set_tool (self->review, (OssTool) i);
      }
}

static void
set_layout (OssWindow *self, const char *layout)
{
  if (g_strcmp0 (layout, "one") != 0 && g_strcmp0 (layout, "four") != 0)
    return;
  g_free (self->layout);
  self->layout = g_strdup (layout);
  oss_review_page_set_single (self->review, g_str_equal (layout, "one"));
}

static void
oss_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  OssWindow *self = OSS_WINDOW (object);

  switch (id)
    {
    case PROP_TOOL:
      g_value_set_string (value, self->tool);
      break;
    case PROP_LAYOUT:
      g_value_set_string (value, self->layout);
      break;
    case PROP_SHOW_LABELS:
      g_value_set_boolean (value, self->document == NULL
                                      || oss_scene_get_show_labels (oss_document_get_scene (self->document)));
      break;
    case PROP_SIDE_COLUMN:
      g_value_set_boolean (value, self->side_column);
      break;
    case PROP_DARK_REVIEW:
      g_value_set_boolean (value, self->dark_review);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
oss_window_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  OssWindow *self = OSS_WINDOW (object);

  switch (id)
    {
    case PROP_TOOL:
      set_tool (self, g_value_get_string (value));
      break;
    case PROP_LAYOUT:
      set_layout (self, g_value_get_string (value));
      break;
    case PROP_SHOW_LABELS:
      if (self->document != NULL)
        oss_scene_set_show_labels (oss_document_get_scene (self->document), g_value_get_boolean (value));
      break;
    case PROP_SIDE_COLUMN:
      if (oss_window_get_page (self) == GTK_WIDGET (self->worklist_page))
        {
          oss_worklist_page_toggle_details (self->worklist_page);
          break;
        }
      self->side_column = g_value_get_boolean (value);
      oss_review_page_set_column_shown (self->review, self->side_column);
      break;
    case PROP_DARK_REVIEW:
      self->dark_review = g_value_get_boolean (value);
      update_style (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
oss_window_dispose (GObject *object)
{
  OssWindow *self = OSS_WINDOW (object);

  forget_document (self);
  if (self->opening != NULL)
    oss_job_cancel (self->opening);
  g_clear_object (&self->opening);
  g_clear_object (&self->chooser);
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_WINDOW);
  g_clear_object (&self->jobs);
  oss_window_worklist_dispose (self);
  g_clear_pointer (&self->opening_path, g_free);
  g_clear_pointer (&self->tool, g_free);
  g_clear_pointer (&self->layout, g_free);
  G_OBJECT_CLASS (oss_window_parent_class)->dispose (object);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  properties[PROP_TOOL] = g_param_spec_string ("tool", NULL, NULL, "window", flags);
  properties[PROP_LAYOUT] = g_param_spec_string ("layout", NULL, NULL, "four", flags);
  properties[PROP_SHOW_LABELS] = g_param_spec_boolean ("show-labels", NULL, NULL, TRUE, flags);
  properties[PROP_SIDE_COLUMN] = g_param_spec_boolean ("side-column", NULL, NULL, TRUE, flags);
  properties[PROP_DARK_REVIEW] = g_param_spec_boolean ("dark-review", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (klass, N_PROPERTIES, properties);
}

static void
oss_window_class_init (OssWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = oss_window_dispose;
  object_class->get_property = oss_window_get_property;
  object_class->set_property = oss_window_set_property;
  GTK_WINDOW_CLASS (klass)->close_request = oss_window_close_request;
  install_properties (object_class);
  g_type_ensure (OSS_TYPE_WELCOME_PAGE);
  g_type_ensure (OSS_TYPE_WORKLIST_PAGE);
  g_type_ensure (OSS_TYPE_SERIES_PAGE);
  g_type_ensure (OSS_TYPE_REVIEW_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/window.ui");
  gtk_widget_class_bind_template_child (widget_class, OssWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, welcome);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, worklist_page);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, reading);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, reading_bar);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, series);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, review);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, status);
  gtk_widget_class_bind_template_child (widget_class, OssWindow, facts);
  oss_window_class_init_actions (widget_class);
  oss_window_worklist_class_init (widget_class);
  oss_window_pacs_class_init (widget_class);
  oss_window_nameless_class_init (widget_class);
}

static void
oss_window_init (OssWindow *self)
{
  GtkDropTarget *drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  self->jobs = g_list_store_new (OSS_TYPE_JOB);
  self->tool = g_strdup ("window");
  self->layout = g_strdup ("four");
  self->dark_review = self->side_column = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  oss_series_page_set_jobs (self->series, self->jobs);
  oss_review_page_set_jobs (self->review, self->jobs);
  g_signal_connect_swapped (self->series, "selected", G_CALLBACK (oss_window_update_actions), self);
  g_signal_connect_swapped (self->review, "status", G_CALLBACK (oss_window_tell), self);
  g_signal_connect (drop, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
  oss_worklist_page_set_jobs (self->worklist_page, self->jobs);
  g_signal_connect_swapped (self->worklist_page, "summary", G_CALLBACK (update_status_bar), self);
  oss_window_worklist_init (self);
  oss_window_show_page (self, oss_window_home (self));
  oss_worklist_page_focus_list (self->worklist_page);
}

OssWindow *
oss_window_new (GtkApplication *application)
{
  return g_object_new (OSS_TYPE_WINDOW, "application", application, NULL);
}
