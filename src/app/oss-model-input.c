/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pointer and keys of the 3D view. */
#include "app/oss-model-pane-private.h"

#include <math.h>

static void
zoom (OssModelPane *self, double factor)
{
  self->camera.height_mm = CLAMP (self->camera.height_mm / factor, 5.0, 1000.0);
  oss_model_pane_redraw (self);
}

/* Picture pixels to the right and down, from where the drag began. */
static void
pan_from (OssModelPane *self, double dx, double dy)
{
  double mm = self->drag_camera.height_mm / MAX (gtk_widget_get_height (GTK_WIDGET (self)), 1);
  double right[3], up[3];

  oss_model_pane_screen (&self->drag_camera, right, up);
  for (int a = 0; a < 3; a++)
    self->camera.target_mm[a] = self->drag_camera.target_mm[a] - dx * mm * right[a] + dy * mm * up[a];
  oss_model_pane_redraw (self);
}

static void
drag_begin_cb (GtkGestureDrag *gesture, double x, double y, OssModelPane *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->drag_camera = self->camera;
}

static void
drag_update_cb (GtkGestureDrag *gesture, double dx, double dy, OssModelPane *self)
{
  if (self->model == NULL)
    return;
  switch (gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture)))
    {
    case GDK_BUTTON_PRIMARY:
      self->camera = self->drag_camera;
      /* The vertebra follows the pointer: the eye goes the other way. */
      oss_camera_orbit (&self->camera, -0.5 * dx, 0.5 * dy);
      oss_model_pane_redraw (self);
      break;
    case GDK_BUTTON_MIDDLE:
      pan_from (self, dx, dy);
      break;
    default:
      self->camera.height_mm = CLAMP (self->drag_camera.height_mm * exp (dy / 150.0), 5.0, 1000.0);
      oss_model_pane_redraw (self);
    }
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, OssModelPane *self)
{
  if (self->model != NULL)
    zoom (self, exp (-0.1 * dy));
  return GDK_EVENT_STOP;
}

static void
click_cb (GtkGestureClick *gesture, int n_press, double x, double y, OssModelPane *self)
{
  if (n_press == 2)
    oss_model_pane_reset (self);
}

static void
focus_cb (GtkEventControllerFocus *controller, OssModelPane *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
oss_model_pane_init_input (OssModelPane *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *controller;

  for (guint button = GDK_BUTTON_PRIMARY; button <= GDK_BUTTON_SECONDARY; button++)
    {
      GtkGesture *drag = gtk_gesture_drag_new ();

      gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), button);
      g_signal_connect (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
      g_signal_connect (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
      gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
    }
  controller = GTK_EVENT_CONTROLLER (gtk_gesture_click_new ());
  g_signal_connect (controller, "pressed", G_CALLBACK (click_cb), self);
  gtk_widget_add_controller (widget, controller);
  controller = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  g_signal_connect (controller, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, controller);
  controller = gtk_event_controller_focus_new ();
  g_signal_connect (controller, "enter", G_CALLBACK (focus_cb), self);
  g_signal_connect (controller, "leave", G_CALLBACK (focus_cb), self);
  gtk_widget_add_controller (widget, controller);
}

/* Keys */

static gboolean
orbit_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  OssModelPane *self = OSS_MODEL_PANE (widget);
  double right, up;

  g_variant_get (args, "(dd)", &right, &up);
  if (self->model != NULL)
    oss_camera_orbit (&self->camera, right, up);
  oss_model_pane_redraw (self);
  return TRUE;
}

static gboolean
look_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  OssModelPane *self = OSS_MODEL_PANE (widget);

  if (self->model != NULL)
    oss_camera_look_from (&self->camera, (char) g_variant_get_byte (args));
  oss_model_pane_redraw (self);
  return TRUE;
}

static gboolean
zoom_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  zoom (OSS_MODEL_PANE (widget), g_variant_get_double (args));
  return TRUE;
}

static gboolean
reset_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  oss_model_pane_reset (OSS_MODEL_PANE (widget));
  return TRUE;
}

static gboolean
cut_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  oss_model_pane_toggle_cut (OSS_MODEL_PANE (widget));
  return TRUE;
}

static gboolean
move_cut_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  oss_model_pane_move_cut (OSS_MODEL_PANE (widget), g_variant_get_double (args));
  return TRUE;
}

void
oss_model_pane_class_init_keys (GtkWidgetClass *klass)
{
  static const guint sides[] = { GDK_KEY_A, GDK_KEY_P, GDK_KEY_R, GDK_KEY_L, GDK_KEY_H, GDK_KEY_F };
  const GdkModifierType none = 0;

  gtk_widget_class_add_binding (klass, GDK_KEY_Left, none, orbit_key, "(dd)", -5.0, 0.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Right, none, orbit_key, "(dd)", 5.0, 0.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Up, none, orbit_key, "(dd)", 0.0, 5.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Down, none, orbit_key, "(dd)", 0.0, -5.0);
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    gtk_widget_class_add_binding (klass, sides[i], GDK_SHIFT_MASK, look_key, "y", (int) sides[i]);
  gtk_widget_class_add_binding (klass, GDK_KEY_plus, none, zoom_key, "d", 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Add, none, zoom_key, "d", 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_minus, none, zoom_key, "d", 1.0 / 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Subtract, none, zoom_key, "d", 1.0 / 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_f, none, reset_key, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_r, none, reset_key, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_x, none, cut_key, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_comma, none, move_cut_key, "d", 1.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_period, none, move_cut_key, "d", -1.0);
}
