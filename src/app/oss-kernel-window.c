/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-kernel-window.h"

#include "app/oss-format.h"
#include "app/oss-mtf-view.h"
#include "app/oss-work.h"
#include "base/oss-i18n.h"

#include <string.h>

typedef struct
{
  double mm[3];
} Place;

struct _OssKernelWindow
{
  AdwWindow parent_instance;

  OssVolume *volume; /* as it was read, never corrected */
  char *scan;        /* name of the file or folder, for the source */
  GArray *places;    /* Place of each edge that may be chosen */
  OssJob *job;       /* while measuring */
  gboolean some;
  OssKernelMeasurement measured;

  GtkDropDown *edge;
  GtkEntry *name, *maker, *model;
  GtkButton *measure, *keep;
  GtkSpinner *spinner;
  OssMtfView *curve;
  GtkLabel *facts, *state;
};

G_DEFINE_FINAL_TYPE (OssKernelWindow, oss_kernel_window, ADW_TYPE_WINDOW)

static guint kept_signal;

static void
say (OssKernelWindow *self, const char *text, gboolean wrong)
{
  gtk_label_set_label (self->state, text);
  gtk_widget_set_visible (GTK_WIDGET (self->state), *text != '\0');
  if (wrong)
    gtk_widget_add_css_class (GTK_WIDGET (self->state), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->state), "error");
}

static char *
text_of (GtkEntry *entry)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));
}

static void
update_buttons (OssKernelWindow *self)
{
  g_autofree char *name = text_of (self->name);

  gtk_widget_set_sensitive (GTK_WIDGET (self->measure), self->job == NULL && self->volume != NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->keep), self->job == NULL && self->some && *name != '\0');
}

static void
name_cb (OssKernelWindow *self)
{
  update_buttons (self);
}

/* --- Measuring --- */

/* What a worker needs, and its result. */
typedef struct
{
  OssKernelWindow *window; /* main thread only */
  OssVolume *volume;
  Place place;
  OssKernelMeasurement measured;
} Task;

static void
task_free (Task *self)
{
  oss_volume_unref (self->volume);
  g_object_unref (self->window);
  g_free (self);
}

static gpointer
measure (gpointer data, const OssTick *tick, GError **error)
{
  Task *task = data;

  return oss_kernel_measure (task->volume, task->place.mm, 0.0, &task->measured, tick, error) ? task : NULL;
}

static void
show_measured (OssKernelWindow *self)
{
  const OssKernelMeasurement *measured = &self->measured;
  g_autofree char *name = text_of (self->name), *maker = text_of (self->maker), *model = text_of (self->model);
  g_autofree char *radius = oss_format_fixed (measured->radius_mm, 2),
                  *inside = oss_format_fixed (measured->inside_hu, 0);
  g_autofree char *outside = oss_format_fixed (measured->outside_hu, 0), *rms = oss_format_fixed (measured->rms_hu, 1);
  g_autofree char *share = oss_format_fixed (100.0 * measured->sectors_used, 0);
  OssKernel known;
  gboolean found = oss_kernel_find (maker, model, name, &known);
  g_autofree char *facts = g_strdup_printf (
      OSS_NGETTEXT ("Radius %s mm, %s HU inside, %s outside; %d slice, %s %% of the circle; the fit leaves %s HU.",
                    "Radius %s mm, %s HU inside, %s outside; %d slices, %s %% of the circle; the fit leaves %s HU.",
                    measured->slices),
      radius, inside, outside, measured->slices, share, rms);

  oss_mtf_view_show (self->curve, measured, found ? &known : NULL);
  gtk_label_set_label (self->facts, facts);
  gtk_widget_set_visible (GTK_WIDGET (self->facts), TRUE);
  say (self, *name == '\0' ? _ ("Name the kernel to keep it.") : "", FALSE);
}

static void
measured_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Task *task = data;
  OssKernelWindow *self = task->window;
  g_autoptr (GError) error = NULL;
  gboolean good = oss_work_finish (result, &error) != NULL;

  g_clear_object (&self->job);
  if (self->curve != NULL)
    {
      gtk_spinner_stop (self->spinner);
      gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
      self->some = good;
      if (good)
        {
          self->measured = task->measured;
          show_measured (self);
        }
      else
        {
          oss_mtf_view_show (self->curve, NULL, NULL);
          gtk_widget_set_visible (GTK_WIDGET (self->facts), FALSE);
          say (self, error->message, TRUE);
        }
      update_buttons (self);
    }
  task_free (task);
}

static void
measure_cb (OssKernelWindow *self)
{
  guint selected = gtk_drop_down_get_selected (self->edge);
  Task *task;

  if (self->job != NULL || self->volume == NULL || selected >= self->places->len)
    return;
  task = g_new0 (Task, 1);
  task->window = g_object_ref (self);
  task->volume = oss_volume_ref (self->volume);
  task->place = g_array_index (self->places, Place, selected);
  self->job = oss_job_new (_ ("Measuring a kernel"));
  say (self, _ ("Measuring"), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), TRUE);
  gtk_spinner_start (self->spinner);
  update_buttons (self);
  oss_work_run (self->job, measure, task, NULL, measured_cb, task);
}

/* Another edge: what was measured on the one before is no longer of it. */
static void
edge_cb (OssKernelWindow *self)
{
  self->some = FALSE;
  oss_mtf_view_show (self->curve, NULL, NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->facts), FALSE);
  say (self, "", FALSE);
  update_buttons (self);
}

/* --- Keeping --- */

static void
keep_cb (OssKernelWindow *self)
{
  OssKernel *kernel = &self->measured.kernel, known;
  g_autofree char *name = text_of (self->name), *maker = text_of (self->maker), *model = text_of (self->model);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%d"), *path = oss_kernel_own_path (), *text = NULL;
  g_autoptr (GError) error = NULL;

  if (oss_kernel_find (maker, model, name, &known))
    kernel->sharpness = known.sharpness;
  g_strlcpy (kernel->name, name, sizeof kernel->name);
  g_strlcpy (kernel->maker, maker, sizeof kernel->maker);
  g_strlcpy (kernel->model, model, sizeof kernel->model);
  g_snprintf (kernel->source, sizeof kernel->source, "edge of radius %.1f mm in %.60s, %s; f50 +- %.2f lp/cm",
              self->measured.radius_mm, self->scan, date, self->measured.f50_error);
  if (!oss_kernel_keep (kernel, &error))
    {
      say (self, error->message, TRUE);
      return;
    }
  text = g_strdup_printf (_ ("Kernel %s is kept in %s and used from now on before the table."), name, path);
  say (self, text, FALSE);
  g_signal_emit (self, kept_signal, 0);
}

/* --- The window --- */

static void
add_place (OssKernelWindow *self, GtkStringList *titles, const double place_mm[3], const char *title)
{
  Place place;

  memcpy (place.mm, place_mm, sizeof place.mm);
  g_array_append_val (self->places, place);
  gtk_string_list_append (titles, title);
}

/* Rods that Calibrate found, the brightest edge first in the choice; and the cursor. */
static void
fill_edges (OssKernelWindow *self, OssDocument *document)
{
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (oss_document_get_study (document));
  const OssPhantomFit *fit = calibrate != NULL ? calibrate->fit : NULL;
  const double *cursor = oss_scene_get_cursor (oss_document_get_scene (document));
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);
  g_autofree char *place = oss_format_place (cursor);
  g_autofree char *at = g_strdup_printf (_ ("At the cursor: %s"), place);
  guint best = 0;
  double most = 0.0;

  add_place (self, titles, cursor, at);
  for (int i = 0; fit != NULL && i < fit->n_rods && !fit->phantom.reference_rod; i++)
    {
      const char name[2] = { (char) ('A' + i), '\0' };
      g_autofree char *density = oss_format_fixed (fit->phantom.rod_density[i], 0);
      g_autofree char *title = g_strdup_printf (_ ("Rod %s, %s mg/cm³"), name, density);

      if (!fit->rods[i].used)
        continue;
      add_place (self, titles, fit->rods[i].centre_mm, title);
      if (fit->rods[i].mean_hu > most)
        {
          most = fit->rods[i].mean_hu;
          best = self->places->len - 1;
        }
    }
  gtk_drop_down_set_model (self->edge, G_LIST_MODEL (titles));
  gtk_drop_down_set_selected (self->edge, best);
}

static void
oss_kernel_window_dispose (GObject *object)
{
  OssKernelWindow *self = OSS_KERNEL_WINDOW (object);

  if (self->job != NULL)
    oss_job_cancel (self->job);
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_KERNEL_WINDOW);
  self->curve = NULL;
  G_OBJECT_CLASS (oss_kernel_window_parent_class)->dispose (object);
}

static void
oss_kernel_window_finalize (GObject *object)
{
  OssKernelWindow *self = OSS_KERNEL_WINDOW (object);

  g_clear_object (&self->job);
  g_clear_pointer (&self->volume, oss_volume_unref);
  g_array_unref (self->places);
  g_free (self->scan);
  G_OBJECT_CLASS (oss_kernel_window_parent_class)->finalize (object);
}

static void
oss_kernel_window_class_init (OssKernelWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_kernel_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = oss_kernel_window_finalize;
  g_type_ensure (OSS_TYPE_MTF_VIEW);
  kept_signal = g_signal_new ("kept", OSS_TYPE_KERNEL_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/kernel-window.ui");
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, edge);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, name);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, maker);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, model);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, measure);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, keep);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, spinner);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, curve);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, facts);
  gtk_widget_class_bind_template_child (widget_class, OssKernelWindow, state);
  gtk_widget_class_bind_template_callback (widget_class, keep_cb);
  gtk_widget_class_bind_template_callback (widget_class, edge_cb);
  gtk_widget_class_bind_template_callback (widget_class, name_cb);
  gtk_widget_class_bind_template_callback (widget_class, measure_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
oss_kernel_window_init (OssKernelWindow *self)
{
  self->places = g_array_new (FALSE, FALSE, sizeof (Place));
  gtk_widget_init_template (GTK_WIDGET (self));
  update_buttons (self);
}

OssKernelWindow *
oss_kernel_window_new (GtkWindow *parent, OssDocument *document)
{
  OssKernelWindow *self = g_object_new (OSS_TYPE_KERNEL_WINDOW, "transient-for", parent, NULL);
  const OssLoadResult *load = oss_study_get_load (oss_document_get_study (document));
  const OssSeries *series = oss_document_get_series (document);

  self->scan = g_path_get_basename (oss_document_get_path (document));
  if (load != NULL)
    self->volume = oss_volume_ref (load->original != NULL ? load->original : load->volume);
  else
    say (self, _ ("The image is not read yet."), TRUE);
  if (series != NULL)
    {
      gtk_editable_set_text (GTK_EDITABLE (self->name), series->kernel);
      gtk_editable_set_text (GTK_EDITABLE (self->maker), series->manufacturer);
      gtk_editable_set_text (GTK_EDITABLE (self->model), series->model);
    }
  fill_edges (self, document);
  update_buttons (self);
  return self;
}
