/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-quality-page.h"

#include "app/oss-badge.h"
#include "app/oss-drift-view.h"
#include "app/oss-format.h"
#include "app/oss-kernel-group.h"
#include "app/oss-work.h"
#include "base/oss-i18n.h"
#include "study/oss-quality.h"

#include <stdio.h>
#include <string.h>

struct _OssQualityPage
{
  AdwPreferencesPage parent_instance;

  OssWorklist *worklist;
  GPtrArray *scans;        /* OssQualityScan* */
  GPtrArray *groups;       /* OssQualityGroup* of @scans */
  GPtrArray *rows;         /* of @list, borrowed */
  OssQualityScan *removed; /* what Undo brings back */
  GtkFileChooserNative *chooser;
  OssJob *job; /* while a folder is measured */

  AdwPreferencesGroup *list;
  GtkWidget *add, *spinner;
  AdwPreferencesGroup *drift;
  AdwComboRow *which;
  OssDriftView *chart;
};

G_DEFINE_FINAL_TYPE (OssQualityPage, oss_quality_page, ADW_TYPE_PREFERENCES_PAGE)

static void
toast (OssQualityPage *self, AdwToast *what)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (ADW_IS_PREFERENCES_WINDOW (root))
    adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (root), what);
  else
    g_object_unref (g_object_ref_sink (what));
}

static void
say (OssQualityPage *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  toast (self, adw_toast_new (escaped));
}

/* Days since an ISO day; G_MININT when it is none. */
static int
days_since (const char *text)
{
  int y, m, d;
  GDate then, today;

  if (sscanf (text, "%4d-%2d-%2d", &y, &m, &d) != 3 || m < 1 || d < 1
      || !g_date_valid_dmy ((GDateDay) d, (GDateMonth) m, (GDateYear) y))
    return G_MININT;
  g_date_clear (&then, 1);
  g_date_clear (&today, 1);
  g_date_set_dmy (&then, (GDateDay) d, (GDateMonth) m, (GDateYear) y);
  g_date_set_time_t (&today, (time_t) (g_get_real_time () / G_USEC_PER_SEC));
  return g_date_days_between (&then, &today);
}

/* "5 days old" with a tick; a warning sign when it is older than a month. */
static GtkWidget *
age_badge (const OssQualityScan *scan)
{
  int days = days_since (scan->date);
  gboolean old = days > OSS_QUALITY_NOTE_DAYS;
  g_autofree char *text =
      days == G_MININT
          ? g_strdup (_ ("Day not known"))
          : g_strdup_printf (OSS_NGETTEXT ("%d day old", "%d days old", (gulong) MAX (0, days)), MAX (0, days));
  GtkWidget *badge = oss_badge_new (text);
  GtkWidget *icon = gtk_image_new_from_icon_name (old ? "dialog-warning-symbolic" : "emblem-ok-symbolic");

  gtk_image_set_pixel_size (GTK_IMAGE (icon), 12);
  gtk_box_prepend (GTK_BOX (badge), icon);
  gtk_widget_add_css_class (badge, old ? "notes" : "usable");
  return badge;
}

static void show (OssQualityPage *self);

static void
undo_cb (OssQualityPage *self)
{
  g_autoptr (GError) error = NULL;

  if (self->removed == NULL || self->worklist == NULL)
    return;
  if (oss_quality_keep (self->worklist, self->removed, &error) == 0)
    say (self, error->message);
  g_clear_pointer (&self->removed, oss_quality_scan_free);
  show (self);
}

static void
remove_cb (GtkButton *button, OssQualityPage *self)
{
  gint64 id = (gint64) (gsize) g_object_get_data (G_OBJECT (button), "oss-id");
  g_autoptr (GError) error = NULL;
  AdwToast *said;

  for (guint i = 0; i < self->scans->len; i++)
    {
      OssQualityScan *scan = self->scans->pdata[i];

      if (scan->id != id)
        continue;
      if (!oss_worklist_remove_quality_scan (self->worklist, id, &error))
        {
          say (self, error->message);
          return;
        }
      g_clear_pointer (&self->groups, g_ptr_array_unref); /* they borrow the scans */
      g_clear_pointer (&self->removed, oss_quality_scan_free);
      self->removed = g_ptr_array_steal_index (self->scans, i);
      break;
    }
  said = adw_toast_new (_ ("Quality scan removed"));
  adw_toast_set_button_label (said, _ ("Undo"));
  adw_toast_set_timeout (said, 15); /* what took a phantom and an hour is not lost in a moment */
  g_signal_connect_object (said, "button-clicked", G_CALLBACK (undo_cb), self, G_CONNECT_SWAPPED);
  toast (self, said);
  show (self);
}

static GtkWidget *
make_row (OssQualityPage *self, const OssQualityScan *scan)
{
  GtkWidget *row = adw_action_row_new (), *remove = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *name = oss_quality_scan_name (scan), *phantom = oss_quality_phantom_title (scan);
  g_auto (GStrv) digits = g_strsplit (scan->date, "-", -1);
  g_autofree char *dicom = g_strjoinv ("", digits), *day = oss_format_dicom_date (dicom);
  g_autofree char *slope = oss_format_fixed (scan->slope, 4);
  /* Translators: phantom, day, and mg/cm³ per HU. */
  g_autofree char *about = g_strdup_printf (_ ("%s · %s · slope %s"), phantom, day, slope);
  g_autofree char *title = g_markup_escape_text (name, -1), *subtitle = g_markup_escape_text (about, -1);
  g_autofree char *spoken = g_strdup_printf (_ ("Remove %s, %s"), name, day);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), age_badge (scan));
  gtk_widget_set_valign (remove, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (remove, "flat");
  gtk_widget_set_tooltip_text (remove, _ ("Remove"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (remove), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  g_object_set_data (G_OBJECT (remove), "oss-id", (gpointer) (gsize) scan->id);
  g_signal_connect (remove, "clicked", G_CALLBACK (remove_cb), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), remove);
  return row;
}

static void
which_cb (OssQualityPage *self)
{
  guint selected = adw_combo_row_get_selected (self->which);

  oss_drift_view_set_group (
      self->chart, self->groups != NULL && selected < self->groups->len ? self->groups->pdata[selected] : NULL);
}

static void
show_drift (OssQualityPage *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  oss_drift_view_set_group (self->chart, NULL);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  self->groups = oss_quality_groups (self->scans);
  for (guint i = 0; i < self->groups->len; i++)
    gtk_string_list_append (names, ((OssQualityGroup *) self->groups->pdata[i])->name);
  adw_combo_row_set_model (self->which, G_LIST_MODEL (names));
  gtk_widget_set_visible (GTK_WIDGET (self->drift), self->groups->len > 0);
  which_cb (self);
}

/* Everything anew from the worklist. */
static void
show (OssQualityPage *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) scans = self->worklist != NULL ? oss_worklist_get_quality_scans (self->worklist, &error) : NULL;

  oss_drift_view_set_group (self->chart, NULL);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_ptr_array_unref (self->scans);
  self->scans = scans != NULL ? g_steal_pointer (&scans) : g_ptr_array_new ();
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->list, self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; i < self->scans->len; i++)
    g_ptr_array_add (self->rows, make_row (self, self->scans->pdata[i]));
  if (self->scans->len == 0)
    {
      GtkWidget *none = adw_action_row_new ();

      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (none), _ ("No quality scan yet"));
      adw_action_row_set_subtitle (ADW_ACTION_ROW (none),
                                   _ ("Scan the phantom alone with the patients’ settings, and add its folder."));
      g_ptr_array_add (self->rows, none);
    }
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_add (self->list, self->rows->pdata[i]);
  show_drift (self);
}

/* --- Adding --- */

static gpointer
measure (gpointer data, const OssTick *tick, GError **error)
{
  const OssQualityMeasure what = { .path = data };

  return oss_quality_measure (&what, tick, error);
}

static void
keep_all (OssQualityPage *self, const GPtrArray *found)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text =
      g_strdup_printf (OSS_NGETTEXT ("%u quality scan added", "%u quality scans added", found->len), found->len);

  for (guint i = 0; i < found->len; i++)
    if (oss_quality_keep (self->worklist, found->pdata[i], &error) == 0)
      {
        say (self, error->message);
        return;
      }
  say (self, text);
}

static void
measured_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (OssQualityPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = oss_work_finish (result, &error);

  g_clear_object (&self->job);
  gtk_widget_set_sensitive (self->add, TRUE);
  gtk_spinner_stop (GTK_SPINNER (self->spinner));
  gtk_widget_set_visible (self->spinner, FALSE);
  if (found != NULL && self->worklist != NULL)
    {
      keep_all (self, found);
      show (self);
    }
  else if (error != NULL && !g_error_matches (error, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      /* A reason is a sentence or two: longer than a toast. */
      GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                                  _ ("No quality scan was added"), error->message);

      adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
      gtk_window_present (GTK_WINDOW (dialog));
    }
}

void
oss_quality_page_add_folder (OssQualityPage *self, const char *path)
{
  char *copy = g_strdup (path);

  if (self->job != NULL || self->worklist == NULL)
    {
      g_free (copy);
      return;
    }
  self->job = oss_job_new (_ ("Measuring a phantom"));
  gtk_widget_set_sensitive (self->add, FALSE);
  gtk_widget_set_visible (self->spinner, TRUE);
  gtk_spinner_start (GTK_SPINNER (self->spinner));
  g_object_set_data_full (G_OBJECT (self->job), "oss-path", copy, g_free);
  oss_work_run (self->job, measure, copy, (GDestroyNotify) g_ptr_array_unref, measured_cb, g_object_ref (self));
}

static void
chosen_cb (GtkNativeDialog *dialog, int response, OssQualityPage *self)
{
  g_autoptr (GFile) file =
      response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  gtk_native_dialog_destroy (dialog);
  g_clear_object (&self->chooser);
  if (path != NULL)
    oss_quality_page_add_folder (self, path);
}

static void
add_cb (OssQualityPage *self)
{
  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (_ ("Folder of a phantom’s scan"),
                                               GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                               GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Add"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect (self->chooser, "response", G_CALLBACK (chosen_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

/* --- The page --- */

static GtkWidget *
make_header (OssQualityPage *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *content = adw_button_content_new ();

  self->spinner = gtk_spinner_new ();
  gtk_widget_set_visible (self->spinner, FALSE);
  self->add = gtk_button_new ();
  adw_button_content_set_icon_name (ADW_BUTTON_CONTENT (content), "list-add-symbolic");
  adw_button_content_set_label (ADW_BUTTON_CONTENT (content), _ ("Add…"));
  gtk_button_set_child (GTK_BUTTON (self->add), content);
  gtk_widget_add_css_class (self->add, "flat");
  gtk_widget_set_valign (self->add, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->add), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Add quality scan"),
                                  -1);
  g_signal_connect_swapped (self->add, "clicked", G_CALLBACK (add_cb), self);
  gtk_box_append (GTK_BOX (box), self->spinner);
  gtk_box_append (GTK_BOX (box), self->add);
  return box;
}

static void
make_drift (OssQualityPage *self)
{
  GtkWidget *frame = adw_preferences_row_new ();

  self->drift = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  adw_preferences_group_set_title (self->drift, _ ("Drift"));
  adw_preferences_group_set_description (
      self->drift, _ ("How each scanner’s line moved. The dashed lines are the limits (± 2.5 mg/cm³)."));
  self->which = ADW_COMBO_ROW (adw_combo_row_new ());
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->which), _ ("Shown"));
  g_signal_connect_swapped (self->which, "notify::selected", G_CALLBACK (which_cb), self);
  self->chart = g_object_new (OSS_TYPE_DRIFT_VIEW, "margin-top", 10, "margin-bottom", 10, "margin-start", 12,
                              "margin-end", 12, NULL);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (frame), GTK_WIDGET (self->chart));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (frame), FALSE);
  adw_preferences_group_add (self->drift, GTK_WIDGET (self->which));
  adw_preferences_group_add (self->drift, frame);
}

static void
oss_quality_page_dispose (GObject *object)
{
  OssQualityPage *self = OSS_QUALITY_PAGE (object);

  if (self->job != NULL)
    oss_job_cancel (self->job);
  if (self->chart != NULL)
    oss_drift_view_set_group (self->chart, NULL);
  self->chart = NULL;
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (oss_quality_page_parent_class)->dispose (object);
}

static void
oss_quality_page_finalize (GObject *object)
{
  OssQualityPage *self = OSS_QUALITY_PAGE (object);

  g_clear_object (&self->job);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->scans, g_ptr_array_unref);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->removed, oss_quality_scan_free);
  g_clear_pointer (&self->worklist, oss_worklist_close);
  G_OBJECT_CLASS (oss_quality_page_parent_class)->finalize (object);
}

static void
oss_quality_page_class_init (OssQualityPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = oss_quality_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = oss_quality_page_finalize;
}

static void
oss_quality_page_init (OssQualityPage *self)
{
  AdwPreferencesPage *page = ADW_PREFERENCES_PAGE (self);
  g_autoptr (GError) error = NULL;

  self->worklist = oss_worklist_open (NULL, NULL, &error);
  self->scans = g_ptr_array_new ();
  self->rows = g_ptr_array_new ();
  adw_preferences_page_set_name (page, "calibration");
  adw_preferences_page_set_title (page, _ ("Calibration"));
  adw_preferences_page_set_icon_name (page, "x-office-spreadsheet-symbolic");
  self->list = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  adw_preferences_group_set_title (self->list, _ ("Quality scans"));
  adw_preferences_group_set_description (
      self->list, error != NULL ? error->message
                                : _ ("Phantom scans kept for calibration without a phantom in the patient’s scan"));
  adw_preferences_group_set_header_suffix (self->list, make_header (self));
  make_drift (self);
  adw_preferences_page_add (page, self->list);
  adw_preferences_page_add (page, self->drift);
  adw_preferences_page_add (page, g_object_new (OSS_TYPE_KERNEL_GROUP, NULL));
  gtk_widget_set_sensitive (self->add, self->worklist != NULL);
  show (self);
}
