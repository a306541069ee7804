/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-jobs-button.h"

#include "base/oss-i18n.h"

struct _OssJobsButton
{
  AdwBin parent_instance;

  GListStore *jobs;
  GtkMenuButton *button;
  GtkStack *icons;
  GtkSpinner *spinner;
  GtkLabel *count;
  GtkLabel *summary;
  GtkListBox *list;
  GtkPopover *popover;
};

G_DEFINE_FINAL_TYPE (OssJobsButton, oss_jobs_button, ADW_TYPE_BIN)

/* Rows */

typedef struct
{
  OssJob *job;
  GtkWidget *bar, *detail, *cancel;
  GtkStack *icons;
} Row;

static void
row_update (Row *row)
{
  static const char *const icons[] = { NULL, NULL, "emblem-default-symbolic", "dialog-error-symbolic",
                                       "action-unavailable-symbolic" };
  OssJobState state = oss_job_get_state (row->job);
  gboolean active = oss_job_is_active (row->job);
  GtkWidget *icon = gtk_stack_get_child_by_name (row->icons, "icon");

  gtk_stack_set_visible_child_name (row->icons, active ? "spinner" : "icon");
  gtk_spinner_set_spinning (GTK_SPINNER (gtk_stack_get_child_by_name (row->icons, "spinner")), active);
  if (icons[state] != NULL)
    gtk_image_set_from_icon_name (GTK_IMAGE (icon), icons[state]);
  gtk_widget_set_visible (row->bar, active);
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (row->bar), oss_job_get_fraction (row->job));
  gtk_label_set_label (GTK_LABEL (row->detail), oss_job_get_detail (row->job));
  gtk_widget_set_visible (row->cancel, active);
  gtk_widget_set_sensitive (row->cancel, state == OSS_JOB_RUNNING);
  if (state == OSS_JOB_FAILED)
    gtk_widget_add_css_class (row->detail, "error");
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  Row *row = g_new0 (Row, 1);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10), *middle = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *title = gtk_label_new (oss_job_get_title (item)), *list_row = gtk_list_box_row_new ();

  row->job = item; /* the list holds it as long as the row */
  row->icons = GTK_STACK (gtk_stack_new ());
  gtk_stack_add_named (row->icons, gtk_image_new (), "icon");
  gtk_stack_add_named (row->icons, gtk_spinner_new (), "spinner");
  row->bar = gtk_progress_bar_new ();
  row->detail = gtk_label_new (NULL);
  row->cancel = gtk_button_new_from_icon_name ("media-playback-stop-symbolic");
  gtk_widget_set_valign (GTK_WIDGET (row->icons), GTK_ALIGN_START);
  gtk_widget_set_valign (row->cancel, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (row->cancel, "flat");
  gtk_widget_set_tooltip_text (row->cancel, _ ("Cancel"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->cancel), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Cancel job"), -1);
  g_signal_connect_swapped (row->cancel, "clicked", G_CALLBACK (oss_job_cancel), item);

  gtk_widget_add_css_class (title, "heading");
  gtk_widget_add_css_class (row->detail, "small");
  gtk_widget_add_css_class (row->detail, "numeric");
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (row->detail), 0);
  gtk_label_set_wrap (GTK_LABEL (row->detail), TRUE);
  gtk_widget_set_hexpand (middle, TRUE);
  gtk_box_append (GTK_BOX (middle), title);
  gtk_box_append (GTK_BOX (middle), row->bar);
  gtk_box_append (GTK_BOX (middle), row->detail);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (row->icons));
  gtk_box_append (GTK_BOX (box), middle);
  gtk_box_append (GTK_BOX (box), row->cancel);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (list_row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (list_row), FALSE);

  g_object_set_data_full (G_OBJECT (list_row), "oss-row", row, g_free);
  return list_row;
}

/* The button */

static void
update (OssJobsButton *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->jobs)), running = 0, failed = 0;
  g_autofree char *number = NULL, *summary = NULL, *name = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (OssJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, (int) i);

      running += oss_job_is_active (job);
      failed += oss_job_get_state (job) == OSS_JOB_FAILED;
      if (row != NULL)
        row_update (g_object_get_data (G_OBJECT (row), "oss-row"));
    }
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
  gtk_spinner_set_spinning (self->spinner, running > 0);
  gtk_stack_set_visible_child_name (self->icons, running > 0 ? "running" : failed > 0 ? "failed" : "done");
  number = g_strdup_printf ("%u", running > 0 ? running : failed);
  gtk_label_set_label (self->count, number);
  gtk_widget_set_visible (GTK_WIDGET (self->count), running > 0 || failed > 0);
  if (running > 0)
    summary = g_strdup_printf (OSS_NGETTEXT ("%u running", "%u running", running), running);
  else if (failed > 0)
    summary = g_strdup_printf (OSS_NGETTEXT ("%u failed", "%u failed", failed), failed);
  else
    summary = g_strdup (_ ("All done"));
  gtk_label_set_label (self->summary, summary);
  /* Translators: name of the jobs button: "Jobs, 2 running". */
  name = g_strdup_printf (_ ("Jobs, %s"), summary);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
items_changed_cb (OssJobsButton *self, guint position, guint removed, guint added)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (OssJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

      g_signal_connect_object (job, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
    }
  update (self);
}

void
oss_jobs_button_set_jobs (OssJobsButton *self, GListStore *jobs)
{
  g_return_if_fail (self->jobs == NULL);

  self->jobs = g_object_ref (jobs);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (jobs), make_row, NULL, NULL);
  g_signal_connect_object (jobs, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
  items_changed_cb (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (jobs)));
}

void
oss_jobs_button_popup (OssJobsButton *self)
{
  if (gtk_widget_get_visible (GTK_WIDGET (self)) && gtk_widget_get_mapped (GTK_WIDGET (self->button)))
    gtk_menu_button_popup (self->button);
}

static void
clear_finished_cb (OssJobsButton *self)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->jobs)); i-- > 0;)
    {
      g_autoptr (OssJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

      if (!oss_job_is_active (job))
        g_list_store_remove (self->jobs, i);
    }
  gtk_popover_popdown (self->popover);
}

static void
oss_jobs_button_dispose (GObject *object)
{
  OssJobsButton *self = OSS_JOBS_BUTTON (object);

  if (self->jobs != NULL)
    g_signal_handlers_disconnect_by_data (self->jobs, self);
  /* The bin must let go of its child, which the template would unparent under it. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_JOBS_BUTTON);
  g_clear_object (&self->jobs);
  G_OBJECT_CLASS (oss_jobs_button_parent_class)->dispose (object);
}

static void
oss_jobs_button_class_init (OssJobsButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_jobs_button_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/jobs-button.ui");
  gtk_widget_class_bind_template_child (widget_class, OssJobsButton, button);
  gtk_widget_class_bind_template_child (widget_class, OssJobsButton, icons);
  gtk_widget_class_bind_template_child (widget_class, OssJobsButton, spinner);
  gtk_widget_class_bind_template_child (widget_class, OssJobsButton, count);
  gtk_widget_class_bind_template_child (widget_class, OssJobsButton, summary);
  gtk_widget_class_bind_template_child (widget_class, OssJobsButton, list);
  gtk_widget_class_bind_template_child (widget_class, OssJobsButton, popover);
  gtk_widget_class_bind_template_callback (widget_class, clear_finished_cb);
}

static void
oss_jobs_button_init (OssJobsButton *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
