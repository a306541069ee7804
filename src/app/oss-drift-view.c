/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-drift-view.h"

#include "base/oss-i18n.h"
#include "report/oss-report-drift-draw.h"
#include "report/oss-report-drift.h"

#define HEIGHT_PX 260
#define TEXT_PX 12.0
#define MARGIN_PX 4.0

struct _OssDriftView
{
  AdwBin parent_instance;
  GtkWidget *area;
  GtkLabel *said;
  const OssQualityGroup *group;
};

G_DEFINE_FINAL_TYPE (OssDriftView, oss_drift_view, ADW_TYPE_BIN)

static void
draw_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  OssDriftView *self = data;
  const gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  const OssDriftLook look = { .x = MARGIN_PX,
                              .y = MARGIN_PX,
                              .width = width - 2.0 * MARGIN_PX,
                              .height = height - 2.0 * MARGIN_PX,
                              .text_size = TEXT_PX,
                              .ink = dark ? 0xffffffu : 0x1b1b20u,
                              .dim = dark ? 0xc0bfc6u : 0x5e5c64u,
                              .grid = dark ? 0x4a4a50u : 0xdcdce0u,
                              .accent = dark ? 0x78aeedu : 0x1a5fb4u,
                              .warn = dark ? 0xff7b63u : 0xa51d2du };

  if (self->group != NULL)
    oss_report_draw_drift (cr, gtk_widget_get_pango_context (GTK_WIDGET (area)), &look, self->group);
}

void
oss_drift_view_set_group (OssDriftView *self, const OssQualityGroup *group)
{
  self->group = group;
  gtk_widget_set_visible (GTK_WIDGET (self), group != NULL);
  if (group == NULL)
    return;
  g_autofree char *said = oss_report_describe_drift (group);
  gtk_label_set_label (self->said, said);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, said, -1);
  gtk_widget_queue_draw (self->area);
}

static void
oss_drift_view_class_init (OssDriftViewClass *klass)
{
}

static void
oss_drift_view_init (OssDriftView *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);

  self->area = g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->area), HEIGHT_PX);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->area), draw_cb, self, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Drift chart"), -1);
  /* Drawing areas tell readers nothing on this floor: what is drawn also stands in words. */
  self->said =
      g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, "wrap", TRUE, "xalign", 0.0, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->said), "dim");
  gtk_widget_add_css_class (GTK_WIDGET (self->said), "numeric");
  gtk_box_append (GTK_BOX (box), self->area);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->said));
  adw_bin_set_child (ADW_BIN (self), box);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (gtk_widget_queue_draw),
                           self->area, G_CONNECT_SWAPPED);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
