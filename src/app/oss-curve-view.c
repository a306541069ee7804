/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-curve-view.h"

#include "base/oss-i18n.h"
#include "report/oss-report-curve.h"

#include <math.h>

#define HEIGHT_PX 156
#define TEXT_PX 11.5
#define MARGIN_PX 4.0 /* for the focus ring */

struct _OssCurveView
{
  AdwBin parent_instance;
  GtkWidget *area;
  GtkLabel *said;
  OssFemCurve *curve;
  double height_mm;
  int selected;
};

G_DEFINE_FINAL_TYPE (OssCurveView, oss_curve_view, ADW_TYPE_BIN)

static OssCurveLook
look_of (OssCurveView *self, int width, int height)
{
  const gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());

  return (OssCurveLook){ .x = MARGIN_PX,
                         .y = MARGIN_PX,
                         .width = width - 2.0 * MARGIN_PX,
                         .height = height - 2.0 * MARGIN_PX,
                         .text_size = TEXT_PX,
                         .ink = dark ? 0xffffffu : 0x1b1b20u,
                         .dim = dark ? 0xc0bfc6u : 0x5e5c64u,
                         .grid = dark ? 0x4a4a50u : 0xdcdce0u,
                         .accent = dark ? 0x78aeedu : 0x1a5fb4u,
                         .selected = self->selected };
}

static void
draw_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  OssCurveView *self = data;
  const OssCurveLook look = look_of (self, width, height);

  if (self->curve != NULL)
    oss_report_draw_curve (cr, gtk_widget_get_pango_context (GTK_WIDGET (area)), &look, self->curve, self->height_mm);
}

static void
select_point (OssCurveView *self, int index)
{
  g_autofree char *said = NULL;

  if (self->curve == NULL)
    return;
  self->selected = CLAMP (index, 0, (int) self->curve->n_points - 1);
  said = oss_report_describe_point (self->curve, self->height_mm, (gsize) self->selected);
  gtk_label_set_label (self->said, said);
  gtk_widget_queue_draw (self->area);
}

static gboolean
key_cb (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, OssCurveView *self)
{
  const int last = self->curve != NULL ? (int) self->curve->n_points - 1 : 0;

  if ((state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK)) != 0)
    return FALSE;
  switch (key)
    {
    case GDK_KEY_Left:
    case GDK_KEY_KP_Left:
      select_point (self, self->selected < 0 ? last : self->selected - 1);
      return TRUE;
    case GDK_KEY_Right:
    case GDK_KEY_KP_Right:
      select_point (self, self->selected + 1);
      return TRUE;
    case GDK_KEY_Home:
      select_point (self, 0);
      return TRUE;
    case GDK_KEY_End:
      select_point (self, last);
      return TRUE;
    default:
      return FALSE;
    }
}

/* The increment nearest in displacement. */
static void
pressed_cb (GtkGestureClick *gesture, int n, double x, double y, OssCurveView *self)
{
  const OssFemCurve *curve = self->curve;
  double at, nearest = INFINITY;
  int found = 0;

  gtk_widget_grab_focus (self->area);
  if (curve == NULL)
    return;
  const OssCurveLook look = look_of (self, gtk_widget_get_width (self->area), gtk_widget_get_height (self->area));
  at = oss_report_curve_displacement (&look, curve, x);
  for (gsize i = 0; i < curve->n_points; i++)
    if (fabs (curve->points[i].displacement_mm - at) < nearest)
      {
        nearest = fabs (curve->points[i].displacement_mm - at);
        found = (int) i;
      }
  select_point (self, found);
}

void
oss_curve_view_set_curve (OssCurveView *self, const OssFemCurve *curve, double height_mm)
{
  g_autofree char *said = NULL;

  g_clear_pointer (&self->curve, oss_fem_curve_free);
  self->selected = -1;
  gtk_widget_set_visible (GTK_WIDGET (self), curve != NULL && curve->n_points > 1);
  if (curve == NULL || curve->n_points < 2)
    return;
  self->curve = oss_fem_curve_copy_points (curve);
  self->height_mm = height_mm;
  said = oss_report_describe_curve (curve, height_mm);
  gtk_label_set_label (self->said, said);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, said, -1);
  gtk_widget_queue_draw (self->area);
}

static void
oss_curve_view_finalize (GObject *object)
{
  OssCurveView *self = OSS_CURVE_VIEW (object);

  g_clear_pointer (&self->curve, oss_fem_curve_free);
  G_OBJECT_CLASS (oss_curve_view_parent_class)->finalize (object);
}

static void
oss_curve_view_class_init (OssCurveViewClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = oss_curve_view_finalize;
}

static void
add_controllers (OssCurveView *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_cb), self);
  g_signal_connect (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (self->area, keys);
  gtk_widget_add_controller (self->area, GTK_EVENT_CONTROLLER (click));
}

static void
oss_curve_view_init (OssCurveView *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

  self->selected = -1;
  self->area =
      g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, "focusable", TRUE, NULL);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->area), HEIGHT_PX);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->area), draw_cb, self, NULL);
  gtk_widget_add_css_class (self->area, "curve");
  gtk_widget_set_tooltip_text (self->area, _ ("Load over displacement (Left and Right: increments)"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Load over displacement"), -1);
  /* Drawing areas tell readers nothing on this floor: what is drawn also stands in words. */
  self->said =
      g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, "wrap", TRUE, "xalign", 0.0, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->said), "dim");
  gtk_widget_add_css_class (GTK_WIDGET (self->said), "small");
  gtk_widget_add_css_class (GTK_WIDGET (self->said), "numeric");
  gtk_box_append (GTK_BOX (box), self->area);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->said));
  adw_bin_set_child (ADW_BIN (self), box);
  add_controllers (self);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (gtk_widget_queue_draw),
                           self->area, G_CONNECT_SWAPPED);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
