/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-series-page.h"

#include "app/oss-badge.h"
#include "app/oss-format.h"
#include "app/oss-jobs-button.h"
#include "app/oss-menus.h"
#include "app/oss-series-text.h"
#include "app/oss-thumbnail.h"
#include "app/oss-trouble-picture.h"
#include "base/oss-i18n.h"

#include <string.h>

#define THUMBNAIL_PX 56

struct _OssSeriesPage
{
  AdwBin parent_instance;

  OssSeriesList *series;
  GPtrArray *thumbnails; /* GtkPicture of each series' row */
  GdkTexture **textures; /* nullable, one a series */
  guint next_thumbnail;
  GCancellable *cancellable;

  AdwWindowTitle *title;
  GtkMenuButton *menu_button;
  OssJobsButton *jobs_button;
  GtkWidget *copy_button;
  GtkStack *stack;
  GtkLabel *reading_title, *reading_path, *reading_detail;
  GtkProgressBar *reading_bar;
  AdwStatusPage *nothing;
  GtkListBox *list;
  GtkImage *verdict_icon;
  GtkLabel *headline, *reasons;
  OssTroublePicture *trouble;
  GtkWidget *repair;
  GtkLabel *repair_title, *repair_text;
  GtkButton *repair_button;
  GtkWidget *way;
  GtkPicture *way_picture;
  GtkBox *way_title_box;
  GtkLabel *way_title, *way_text;
  GtkButton *way_button;
  GtkGrid *checks;
  AdwActionRow *show_row;
};

G_DEFINE_FINAL_TYPE (OssSeriesPage, oss_series_page, ADW_TYPE_BIN)

static guint selected_signal;

static const OssSeries *
nth (OssSeriesPage *self, guint i)
{
  return g_ptr_array_index (self->series->series, i);
}

static int
selected_index (OssSeriesPage *self)
{
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list);

  return row != NULL ? gtk_list_box_row_get_index (row) : -1;
}

const OssSeries *
oss_series_page_get_selected (OssSeriesPage *self)
{
  int index = selected_index (self);

  return self->series != NULL && index >= 0 ? nth (self, (guint) index) : NULL;
}

/* The best series of the same study: usable before notes, then most slices. */
static const OssSeries *
best_of_study (OssSeriesPage *self, const char *study_uid)
{
  const OssSeries *best = NULL;

  for (guint i = 0; i < self->series->series->len; i++)
    {
      const OssSeries *series = nth (self, i);

      if (series->verdict == OSS_VERDICT_REFUSED || (study_uid != NULL && !g_str_equal (series->study_uid, study_uid)))
        continue;
      if (best == NULL || series->verdict < best->verdict
          || (series->verdict == best->verdict && series->files->len > best->files->len))
        best = series;
    }
  return best;
}

const OssSeries *
oss_series_page_get_suggested (OssSeriesPage *self)
{
  const OssSeries *selected = oss_series_page_get_selected (self);

  if (selected == NULL || selected->verdict != OSS_VERDICT_REFUSED)
    return selected;
  return best_of_study (self, selected->study_uid);
}

/* Explanation */

static void
show_checks (OssSeriesPage *self, const OssSeries *series)
{
  OssSeriesCheck checks[OSS_SERIES_N_CHECKS];
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->checks))) != NULL)
    gtk_grid_remove (self->checks, child);
  oss_series_checks (series, checks);
  for (int i = 0; i < OSS_SERIES_N_CHECKS; i++)
    {
      GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
      GtkWidget *icon = gtk_image_new_from_icon_name (oss_verdict_icon (checks[i].state));
      GtkWidget *name = gtk_label_new (checks[i].name), *value = gtk_label_new (checks[i].value);

      gtk_widget_add_css_class (icon, oss_verdict_name (checks[i].state));
      gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      oss_verdict_title (checks[i].state), -1);
      gtk_widget_set_hexpand (name, TRUE);
      gtk_label_set_xalign (GTK_LABEL (name), 0);
      gtk_label_set_ellipsize (GTK_LABEL (value), PANGO_ELLIPSIZE_END);
      gtk_widget_add_css_class (value, "dim");
      gtk_widget_add_css_class (value, "numeric");
      gtk_box_append (GTK_BOX (row), icon);
      gtk_box_append (GTK_BOX (row), name);
      gtk_box_append (GTK_BOX (row), value);
      gtk_grid_attach (self->checks, row, i % 2, i / 2, 1, 1);
    }
  oss_series_checks_clear (checks);
}

static void
show_way (OssSeriesPage *self, const OssSeries *selected)
{
  const OssSeries *suggested = oss_series_page_get_suggested (self);
  g_autofree char *title = NULL, *facts = NULL, *button = NULL;
  GtkWidget *badge;
  guint index = 0;

  gtk_widget_set_visible (self->way, suggested != NULL);
  if (suggested == NULL)
    return;
  while ((badge = gtk_widget_get_next_sibling (GTK_WIDGET (self->way_title))) != NULL)
    gtk_box_remove (self->way_title_box, badge);
  if (*suggested->kernel != '\0')
    gtk_box_append (self->way_title_box, oss_badge_new (suggested->kernel));
  if (suggested == selected)
    {
      title = g_strdup_printf (_ ("Review series %d"), suggested->series_number);
      button = g_strdup (_ ("Review"));
    }
  else
    {
      title = g_strdup_printf (_ ("Use series %d instead"), suggested->series_number);
      button = g_strdup_printf (_ ("Use Series %d"), suggested->series_number);
    }
  facts = oss_series_facts (suggested);
  gtk_label_set_label (self->way_title, title);
  gtk_label_set_label (self->way_text, facts);
  gtk_button_set_label (self->way_button, button);
  g_ptr_array_find (self->series->series, suggested, &index);
  gtk_picture_set_paintable (self->way_picture, GDK_PAINTABLE (self->textures[index]));
  gtk_widget_set_visible (GTK_WIDGET (self->way_picture), self->textures[index] != NULL);
}

gboolean
oss_series_page_can_resample (OssSeriesPage *self)
{
  const OssSeries *series = oss_series_page_get_selected (self);
  guint refusals = 0;

  if (series == NULL || !series->tilt.possible || series->tilt.resample)
    return FALSE;
  for (guint r = 0; r < series->reasons->len; r++)
    refusals += ((const OssReason *) g_ptr_array_index (series->reasons, r))->severity == OSS_REASON_REFUSAL;
  return refusals == 1;
}

/* What can be repaired is a button that names its price: the note that the repaired series would carry. */
static void
show_repair (OssSeriesPage *self, const OssSeries *series)
{
  gboolean possible = oss_series_page_can_resample (self);
  g_autofree char *angle = NULL, *title = NULL;
  OssSeriesList *trial;
  OssSeries *copy;

  gtk_widget_set_visible (self->repair, possible);
  if (!possible)
    return;
  angle = oss_format_fixed (series->tilt_deg, 1);
  title = g_strdup_printf (_ ("Resample the tilt of %s°"), angle);
  gtk_label_set_label (self->repair_title, title);
  copy = oss_series_copy (series);
  trial = g_new0 (OssSeriesList, 1);
  trial->series = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_series_free);
  trial->damaged = g_ptr_array_new ();
  g_ptr_array_add (trial->series, copy);
  oss_series_list_resample_tilt (trial);
  for (guint r = 0; r < copy->reasons->len; r++)
    {
      const OssReason *reason = g_ptr_array_index (copy->reasons, r);

      if (g_str_equal (reason->code, "tilt-resampled"))
        gtk_label_set_label (self->repair_text, reason->text);
    }
  oss_series_list_free (trial);
}

static void
row_selected_cb (OssSeriesPage *self)
{
  const OssSeries *series = oss_series_page_get_selected (self);
  g_autofree char *headline = NULL, *reasons = NULL, *name = NULL, *subtitle = NULL, *folder = NULL;

  if (series == NULL)
    return;
  headline = oss_series_headline (series);
  reasons = oss_series_reasons (series);
  name = oss_format_dicom_name (series->patient_name);
  subtitle = oss_format_patient (series->patient_age, series->patient_sex, series->patient_id,
                                 series->study_description, series->study_date);
  adw_window_title_set_title (self->title, name);
  adw_window_title_set_subtitle (self->title, subtitle);
  gtk_image_set_from_icon_name (self->verdict_icon, oss_verdict_icon (series->verdict));
  for (int v = 0; v <= OSS_VERDICT_REFUSED; v++)
    gtk_widget_remove_css_class (GTK_WIDGET (self->verdict_icon), oss_verdict_name ((OssVerdict) v));
  gtk_widget_add_css_class (GTK_WIDGET (self->verdict_icon), oss_verdict_name (series->verdict));
  gtk_label_set_label (self->headline, headline);
  gtk_label_set_label (self->reasons, reasons);
  oss_trouble_picture_show (self->trouble, series);
  show_repair (self, series);
  show_way (self, series);
  show_checks (self, series);
  folder = g_filename_display_name (series->folder);
  adw_action_row_set_subtitle (self->show_row, folder);
  g_signal_emit (self, selected_signal, 0);
}

/* The list */

static GtkWidget *
make_row (OssSeriesPage *self, const OssSeries *series)
{
  g_autofree char *number = g_strdup_printf (_ ("Series %d"), series->series_number);
  g_autofree char *facts = oss_series_facts (series), *name = NULL;
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  GtkWidget *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *first = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *title = gtk_label_new (number), *subtitle = gtk_label_new (facts);
  GtkWidget *picture = gtk_picture_new (), *frame = gtk_overlay_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name ("x-office-document-symbolic");

  gtk_widget_add_css_class (title, "heading");
  gtk_widget_add_css_class (subtitle, "dim");
  gtk_widget_add_css_class (subtitle, "small");
  gtk_label_set_xalign (GTK_LABEL (subtitle), 0);
  gtk_label_set_ellipsize (GTK_LABEL (subtitle), PANGO_ELLIPSIZE_END);
  gtk_image_set_pixel_size (GTK_IMAGE (icon), 24);
  gtk_widget_set_size_request (frame, THUMBNAIL_PX, THUMBNAIL_PX);
  gtk_widget_set_valign (frame, GTK_ALIGN_CENTER);
  gtk_widget_set_overflow (frame, GTK_OVERFLOW_HIDDEN);
  gtk_widget_add_css_class (frame, "thumbnail");
  gtk_overlay_set_child (GTK_OVERLAY (frame), icon);
  gtk_overlay_add_overlay (GTK_OVERLAY (frame), picture);
  gtk_accessible_update_property (GTK_ACCESSIBLE (picture), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Middle slice"), -1);
  g_ptr_array_add (self->thumbnails, picture);

  gtk_box_append (GTK_BOX (first), title);
  gtk_box_append (GTK_BOX (first), oss_badge_new (*series->kernel != '\0' ? series->kernel : "–"));
  gtk_box_append (GTK_BOX (text), first);
  gtk_box_append (GTK_BOX (text), subtitle);
  gtk_box_append (GTK_BOX (text), oss_badge_new_verdict (series->verdict));
  gtk_widget_set_hexpand (text, TRUE);
  gtk_box_append (GTK_BOX (box), frame);
  gtk_box_append (GTK_BOX (box), text);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  /* Translators: what a screen reader says of a series: "Series 2, STANDARD, 211 × 1.25 mm · axial, Refused". */
  name = g_strdup_printf (_ ("%s, %s, %s, %s"), number, series->kernel, facts, oss_verdict_title (series->verdict));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  return row;
}

static void load_next_thumbnail (OssSeriesPage *self);

static void
thumbnail_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (OssSeriesPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = oss_thumbnail_load_finish (result, &error);
  guint index = self->next_thumbnail;

  if (g_cancellable_is_cancelled (g_task_get_cancellable (G_TASK (result))))
    return;
  if (texture != NULL)
    {
      gtk_picture_set_paintable (g_ptr_array_index (self->thumbnails, index), GDK_PAINTABLE (texture));
      g_set_object (&self->textures[index], texture);
      show_way (self, oss_series_page_get_selected (self));
    }
  self->next_thumbnail++;
  load_next_thumbnail (self);
}

/* One after the other: the reader may already be loading a series. */
static void
load_next_thumbnail (OssSeriesPage *self)
{
  if (self->next_thumbnail < self->series->series->len)
    oss_thumbnail_load_async (nth (self, self->next_thumbnail),
                              THUMBNAIL_PX * gtk_widget_get_scale_factor (GTK_WIDGET (self)), self->cancellable,
                              thumbnail_cb, g_object_ref (self));
}

static void
forget_list (OssSeriesPage *self)
{
  GtkWidget *row;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, row);
  g_ptr_array_set_size (self->thumbnails, 0);
  for (guint i = 0; self->series != NULL && i < self->series->series->len; i++)
    g_clear_object (&self->textures[i]);
  g_clear_pointer (&self->textures, g_free);
  g_clear_pointer (&self->series, oss_series_list_free);
}

void
oss_series_page_set_list (OssSeriesPage *self, OssSeriesList *list)
{
  const OssSeries *best;
  guint index = 0;

  forget_list (self);
  self->series = list;
  self->textures = g_new0 (GdkTexture *, list->series->len + 1);
  self->cancellable = g_cancellable_new ();
  self->next_thumbnail = 0;
  for (guint i = 0; i < list->series->len; i++)
    gtk_list_box_append (self->list, make_row (self, nth (self, i)));
  best = best_of_study (self, NULL);
  if (best != NULL)
    g_ptr_array_find (list->series, best, &index);
  else /* the series that everybody hoped for */
    for (guint i = 1; i < list->series->len; i++)
      if (nth (self, i)->files->len > nth (self, index)->files->len)
        index = i;
  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, (int) index));
  gtk_stack_set_visible_child_name (self->stack, "series");
  gtk_widget_set_visible (self->copy_button, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (best != NULL ? GTK_WIDGET (self->way_button) : GTK_WIDGET (self->list)));
  load_next_thumbnail (self);
}

void
oss_series_page_resample (OssSeriesPage *self)
{
  int index = selected_index (self);
  OssSeriesList *list = self->series;

  if (list == NULL)
    return;
  for (guint i = 0; i < list->series->len; i++)
    g_clear_object (&self->textures[i]);
  self->series = NULL; /* the list stays, its rows are made anew */
  oss_series_list_resample_tilt (list);
  oss_series_page_set_list (self, list);
  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, index));
}

void
oss_series_page_set_reading (OssSeriesPage *self, const char *path, OssJob *job)
{
  g_autofree char *name = g_filename_display_name (path), *base = g_path_get_basename (path);

  forget_list (self);
  adw_window_title_set_title (self->title, base);
  adw_window_title_set_subtitle (self->title, "");
  gtk_label_set_label (self->reading_title, oss_job_get_title (job));
  gtk_label_set_label (self->reading_path, name);
  g_object_bind_property (job, "detail", self->reading_detail, "label", G_BINDING_SYNC_CREATE);
  g_object_bind_property (job, "fraction", self->reading_bar, "fraction", G_BINDING_SYNC_CREATE);
  gtk_stack_set_visible_child_name (self->stack, "reading");
  gtk_widget_set_visible (self->copy_button, FALSE);
}

void
oss_series_page_set_nothing (OssSeriesPage *self, const char *why)
{
  g_autofree char *text = g_markup_escape_text (why, -1);

  forget_list (self);
  adw_status_page_set_description (self->nothing, text);
  gtk_stack_set_visible_child_name (self->stack, "nothing");
  gtk_widget_set_visible (self->copy_button, FALSE);
}

char *
oss_series_page_summary (OssSeriesPage *self)
{
  guint n = self->series != NULL ? self->series->series->len : 0, usable = 0;

  for (guint i = 0; i < n; i++)
    usable += nth (self, i)->verdict != OSS_VERDICT_REFUSED;
  /* Translators: the second part is how many of them can be analysed. */
  return g_strdup_printf (OSS_NGETTEXT ("%u series · %u usable", "%u series · %u usable", n), n, usable);
}

void
oss_series_page_set_jobs (OssSeriesPage *self, GListStore *jobs)
{
  oss_jobs_button_set_jobs (self->jobs_button, jobs);
}

void
oss_series_page_show_jobs (OssSeriesPage *self)
{
  oss_jobs_button_popup (self->jobs_button);
}

static void
oss_series_page_dispose (GObject *object)
{
  OssSeriesPage *self = OSS_SERIES_PAGE (object);

  if (self->thumbnails != NULL)
    forget_list (self);
  g_clear_pointer (&self->thumbnails, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_SERIES_PAGE);
  G_OBJECT_CLASS (oss_series_page_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *klass)
{
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, title);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, menu_button);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, jobs_button);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, copy_button);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, stack);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, reading_title);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, reading_path);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, reading_detail);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, reading_bar);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, nothing);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, list);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, verdict_icon);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, headline);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, reasons);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, trouble);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, repair);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, repair_title);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, repair_text);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, repair_button);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, way);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, way_picture);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, way_title_box);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, way_title);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, way_text);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, way_button);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, checks);
  gtk_widget_class_bind_template_child (klass, OssSeriesPage, show_row);
}

static void
oss_series_page_class_init (OssSeriesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_series_page_dispose;
  selected_signal =
      g_signal_new ("selected", OSS_TYPE_SERIES_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (OSS_TYPE_JOBS_BUTTON);
  g_type_ensure (OSS_TYPE_TROUBLE_PICTURE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/series-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, row_selected_cb);
}

static void
oss_series_page_init (OssSeriesPage *self)
{
  self->thumbnails = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (self->menu_button, oss_primary_menu ());
}
