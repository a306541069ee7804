/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pointer and keys of a slice view. */
#include "app/oss-slice-pane-private.h"

#include <math.h>
#include <string.h>

/* A press that moves less than this is a click. */
#define CLICK_PX 3.0

static void
set_cursor_at (OssSlicePane *self, double x, double y)
{
  OssSliceView view;
  double place[3];

  if (oss_scene_get_volume (self->scene) == NULL)
    return;
  oss_slice_pane_view (self, 1, &view);
  oss_slice_to_patient (&view, x, y, place);
  oss_scene_set_cursor (self->scene, place);
}

/* Moves by whole slices; @n counts toward head, left or front. */
static void
step_slices (OssSlicePane *self, int n)
{
  int normal = oss_slice_pane_normal (self);
  OssSliceStack stack;
  double place[3];

  if (!oss_slice_pane_stack (self, &stack))
    return;
  memcpy (place, oss_scene_get_cursor (self->scene), sizeof place);
  place[normal] += (self->plane == OSS_PLANE_CORONAL ? -n : n) * fabs (stack.step_mm);
  oss_scene_set_cursor (self->scene, place);
}

static void
go_to_slice (OssSlicePane *self, gboolean last)
{
  int normal = oss_slice_pane_normal (self);
  OssSliceStack stack;
  double place[3];

  if (!oss_slice_pane_stack (self, &stack))
    return;
  memcpy (place, oss_scene_get_cursor (self->scene), sizeof place);
  place[normal] += ((last ? stack.n - 1 : 0) - stack.current) * stack.step_mm;
  oss_scene_set_cursor (self->scene, place);
}

/* Picture pixels to the right and down. */
static void
pan_from (OssSlicePane *self, const double focus_mm[3], double dx, double dy)
{
  OssSliceView view;
  double at[3], moved[3];

  oss_slice_pane_view (self, 1, &view);
  oss_slice_to_patient (&view, 0, 0, at);
  oss_slice_to_patient (&view, dx, dy, moved);
  for (int a = 0; a < 3; a++)
    self->focus_mm[a] = focus_mm[a] - (moved[a] - at[a]);
  self->fitted = FALSE;
  oss_slice_pane_redraw (self);
}

static void
zoom_from (OssSlicePane *self, double dy)
{
  self->mm_per_pixel = CLAMP (self->drag_mm_per_pixel * exp (dy / 150.0), 0.01, 10.0);
  self->fitted = FALSE;
  oss_slice_pane_redraw (self);
}

static void
drag_begin_cb (GtkGestureDrag *gesture, double x, double y, OssSlicePane *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (oss_scene_get_volume (self->scene) == NULL)
    {
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_DENIED);
      return;
    }
  self->drag_level = oss_scene_get_level (self->scene);
  self->drag_window = oss_scene_get_window (self->scene);
  self->drag_mm_per_pixel = self->mm_per_pixel;
  memcpy (self->drag_focus_mm, self->focus_mm, sizeof self->drag_focus_mm);
}

static void
drag_update_cb (GtkGestureDrag *gesture, double dx, double dy, OssSlicePane *self)
{
  static const OssTool buttons[] = { [GDK_BUTTON_MIDDLE] = OSS_TOOL_PAN, [GDK_BUTTON_SECONDARY] = OSS_TOOL_ZOOM };
  guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture));
  OssTool tool = button == GDK_BUTTON_PRIMARY ? self->tool : buttons[MIN (button, GDK_BUTTON_SECONDARY)];
  double x, y, per_pixel;

  if (hypot (dx, dy) < CLICK_PX && tool != OSS_TOOL_CURSOR)
    return;
  switch (tool)
    {
    case OSS_TOOL_LEVEL:
      per_pixel = MAX (self->drag_window / 300.0, 0.5);
      oss_scene_set_level (self->scene, self->drag_level + dy * per_pixel, self->drag_window + dx * per_pixel);
      break;
    case OSS_TOOL_PAN:
      pan_from (self, self->drag_focus_mm, dx, dy);
      break;
    case OSS_TOOL_ZOOM:
      zoom_from (self, dy);
      break;
    case OSS_TOOL_CURSOR:
      gtk_gesture_drag_get_start_point (gesture, &x, &y);
      set_cursor_at (self, x + dx, y + dy);
      break;
    }
}

static void
drag_end_cb (GtkGestureDrag *gesture, double dx, double dy, OssSlicePane *self)
{
  double x, y;

  if (gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture)) != GDK_BUTTON_PRIMARY
      || hypot (dx, dy) >= CLICK_PX || oss_scene_get_volume (self->scene) == NULL)
    return;
  gtk_gesture_drag_get_start_point (gesture, &x, &y);
  set_cursor_at (self, x, y);
}

static void
click_cb (GtkGestureClick *gesture, int n_press, double x, double y, OssSlicePane *self)
{
  if (n_press == 2)
    g_signal_emit_by_name (self, "toggle-large");
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, OssSlicePane *self)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  const double *pointer = oss_scene_get_pointer (self->scene);
  OssSliceView view;
  double x, y;
  int whole;

  if (state & GDK_CONTROL_MASK)
    {
      oss_slice_pane_view (self, 1, &view);
      x = view.width / 2.0, y = view.height / 2.0;
      if (pointer != NULL)
        oss_slice_from_patient (&view, pointer, &x, &y);
      oss_slice_pane_zoom (self, exp (-0.15 * dy), x, y);
      return GDK_EVENT_STOP;
    }
  self->scroll_rest -= dy;
  whole = (int) self->scroll_rest;
  self->scroll_rest -= whole;
  if (whole != 0)
    step_slices (self, whole);
  return GDK_EVENT_STOP;
}

static void
motion_cb (GtkEventControllerMotion *controller, double x, double y, OssSlicePane *self)
{
  OssSliceView view;
  double place[3];

  if (oss_scene_get_volume (self->scene) == NULL)
    return;
  oss_slice_pane_view (self, 1, &view);
  oss_slice_to_patient (&view, x, y, place);
  oss_scene_set_pointer (self->scene, place);
}

static void
leave_cb (GtkEventControllerMotion *controller, OssSlicePane *self)
{
  oss_scene_set_pointer (self->scene, NULL);
}

/* H hides overlays while it is held. */
static gboolean
key_pressed_cb (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state,
                OssSlicePane *self)
{
  if (keyval != GDK_KEY_h || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)))
    return GDK_EVENT_PROPAGATE;
  oss_scene_set_hide_overlays (self->scene, TRUE);
  return GDK_EVENT_STOP;
}

static void
key_released_cb (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state,
                 OssSlicePane *self)
{
  if (keyval == GDK_KEY_h || keyval == GDK_KEY_H)
    oss_scene_set_hide_overlays (self->scene, FALSE);
}

static void
focus_cb (GtkEventControllerFocus *controller, OssSlicePane *self)
{
  if (!gtk_event_controller_focus_contains_focus (controller))
    oss_scene_set_hide_overlays (self->scene, FALSE);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
oss_slice_pane_init_input (OssSlicePane *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkGesture *drag, *click;
  GtkEventController *controller;

  for (guint button = GDK_BUTTON_PRIMARY; button <= GDK_BUTTON_SECONDARY; button++)
    {
      drag = gtk_gesture_drag_new ();
      gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), button);
      g_signal_connect (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
      g_signal_connect (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
      g_signal_connect (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
      gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
    }
  click = gtk_gesture_click_new ();
  g_signal_connect (click, "pressed", G_CALLBACK (click_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));

  controller = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  g_signal_connect (controller, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, controller);
  controller = gtk_event_controller_motion_new ();
  g_signal_connect (controller, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect (controller, "leave", G_CALLBACK (leave_cb), self);
  gtk_widget_add_controller (widget, controller);
  controller = gtk_event_controller_key_new ();
  g_signal_connect (controller, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  g_signal_connect (controller, "key-released", G_CALLBACK (key_released_cb), self);
  gtk_widget_add_controller (widget, controller);
  controller = gtk_event_controller_focus_new ();
  g_signal_connect (controller, "enter", G_CALLBACK (focus_cb), self);
  g_signal_connect (controller, "leave", G_CALLBACK (focus_cb), self);
  gtk_widget_add_controller (widget, controller);
}

/* Keys */

static gboolean
step_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  step_slices (OSS_SLICE_PANE (widget), g_variant_get_int32 (args));
  return TRUE;
}

static gboolean
end_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  go_to_slice (OSS_SLICE_PANE (widget), g_variant_get_boolean (args));
  return TRUE;
}

static gboolean
zoom_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  oss_slice_pane_zoom (OSS_SLICE_PANE (widget), g_variant_get_double (args), gtk_widget_get_width (widget) / 2.0,
                       gtk_widget_get_height (widget) / 2.0);
  return TRUE;
}

static gboolean
fit_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  oss_slice_pane_fit (OSS_SLICE_PANE (widget));
  return TRUE;
}

/* R: whole image, bone window. */
static gboolean
reset_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  OssSlicePane *self = OSS_SLICE_PANE (widget);

  oss_slice_pane_fit (self);
  oss_scene_set_preset (self->scene, 1);
  return TRUE;
}

/* Moves the cursor by mm to the right and down in the picture. */
static gboolean
cursor_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  OssSlicePane *self = OSS_SLICE_PANE (widget);
  OssSliceView view;
  double x, y, dx, dy, place[3];

  if (oss_scene_get_volume (self->scene) == NULL)
    return TRUE;
  g_variant_get (args, "(dd)", &dx, &dy);
  oss_slice_pane_view (self, 1, &view);
  oss_slice_from_patient (&view, oss_scene_get_cursor (self->scene), &x, &y);
  oss_slice_to_patient (&view, x + dx / view.mm_per_pixel, y + dy / view.mm_per_pixel, place);
  oss_scene_set_cursor (self->scene, place);
  return TRUE;
}

/* Shift with arrows: what dragging with the level tool does, by 10 HU. */
static gboolean
level_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  OssSlicePane *self = OSS_SLICE_PANE (widget);
  double level, window;

  g_variant_get (args, "(dd)", &window, &level);
  oss_scene_set_level (self->scene, oss_scene_get_level (self->scene) + level,
                       oss_scene_get_window (self->scene) + window);
  return TRUE;
}

static void
add_arrow_keys (GtkWidgetClass *klass)
{
  static const struct
  {
    guint key;
    double dx, dy;
  } arrows[] = { { GDK_KEY_Left, -1, 0 }, { GDK_KEY_Right, 1, 0 }, { GDK_KEY_Up, 0, -1 }, { GDK_KEY_Down, 0, 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (arrows); i++)
    {
      double dx = arrows[i].dx, dy = arrows[i].dy;

      gtk_widget_class_add_binding (klass, arrows[i].key, GDK_CONTROL_MASK, cursor_key, "(dd)", dx, dy);
      gtk_widget_class_add_binding (klass, arrows[i].key, GDK_CONTROL_MASK | GDK_SHIFT_MASK, cursor_key, "(dd)",
                                    10.0 * dx, 10.0 * dy);
      gtk_widget_class_add_binding (klass, arrows[i].key, GDK_SHIFT_MASK, level_key, "(dd)", 10.0 * dx, 10.0 * dy);
    }
}

void
oss_slice_pane_class_init_keys (GtkWidgetClass *klass)
{
  static const char *const tools[] = { "window", "pan", "zoom", "cursor" };
  static const guint tool_keys[] = { GDK_KEY_w, GDK_KEY_p, GDK_KEY_z, GDK_KEY_c };
  const GdkModifierType none = 0;

  gtk_widget_class_add_binding (klass, GDK_KEY_Up, none, step_key, "i", 1);
  gtk_widget_class_add_binding (klass, GDK_KEY_Down, none, step_key, "i", -1);
  gtk_widget_class_add_binding (klass, GDK_KEY_Page_Up, none, step_key, "i", 10);
  gtk_widget_class_add_binding (klass, GDK_KEY_Page_Down, none, step_key, "i", -10);
  gtk_widget_class_add_binding (klass, GDK_KEY_Home, none, end_key, "b", FALSE);
  gtk_widget_class_add_binding (klass, GDK_KEY_End, none, end_key, "b", TRUE);
  add_arrow_keys (klass);
  gtk_widget_class_add_binding (klass, GDK_KEY_plus, none, zoom_key, "d", 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Add, none, zoom_key, "d", 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_minus, none, zoom_key, "d", 1.0 / 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Subtract, none, zoom_key, "d", 1.0 / 1.2);
  gtk_widget_class_add_binding (klass, GDK_KEY_f, none, fit_key, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_r, none, reset_key, NULL);
  for (int i = 0; i <= 5; i++)
    {
      gtk_widget_class_add_binding_action (klass, GDK_KEY_0 + (guint) i, none, "win.preset", "i", i);
      gtk_widget_class_add_binding_action (klass, GDK_KEY_KP_0 + (guint) i, none, "win.preset", "i", i);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (tools); i++)
    gtk_widget_class_add_binding_action (klass, tool_keys[i], none, "win.tool", "s", tools[i]);
  gtk_widget_class_add_binding_action (klass, GDK_KEY_l, none, "win.show-labels", NULL);
  gtk_widget_class_add_binding_action (klass, GDK_KEY_Return, none, "win.segment-at-cursor", NULL);
  gtk_widget_class_add_binding_action (klass, GDK_KEY_KP_Enter, none, "win.segment-at-cursor", NULL);
}
