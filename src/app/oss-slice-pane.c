/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-slice-pane-private.h"

#include "app/oss-format.h"
#include "app/oss-pane-text.h"
#include "base/oss-i18n.h"
#include "calibrate/oss-tissue.h"

#include <math.h>
#include <string.h>

G_DEFINE_FINAL_TYPE (OssSlicePane, oss_slice_pane, GTK_TYPE_WIDGET)

const char *
oss_plane_title (OssPlane plane)
{
  switch (plane)
    {
    case OSS_PLANE_AXIAL:
      return _ ("Axial");
    case OSS_PLANE_SAGITTAL:
      return _ ("Sagittal");
    case OSS_PLANE_CORONAL:
    default:
      return _ ("Coronal");
    }
}

void
oss_plane_colour (OssPlane plane, GdkRGBA *colour)
{
  static const GdkRGBA colours[3] = {
    { 0.898f, 0.647f, 0.039f, 1.0f },
    { 0.384f, 0.627f, 0.918f, 1.0f },
    { 0.341f, 0.890f, 0.537f, 1.0f },
  };

  *colour = colours[plane];
}

int
oss_slice_pane_normal (OssSlicePane *self)
{
  return self->plane == OSS_PLANE_AXIAL ? 2 : self->plane == OSS_PLANE_SAGITTAL ? 0 : 1;
}

OssPlane
oss_slice_pane_get_plane (OssSlicePane *self)
{
  return self->plane;
}

void
oss_slice_pane_view (OssSlicePane *self, int scale, OssSliceView *view)
{
  int normal = oss_slice_pane_normal (self);

  memset (view, 0, sizeof *view);
  view->plane = self->plane;
  memcpy (view->centre_mm, self->focus_mm, sizeof view->centre_mm);
  view->centre_mm[normal] = oss_scene_get_cursor (self->scene)[normal];
  view->mm_per_pixel = self->mm_per_pixel / scale;
  view->width = MAX (gtk_widget_get_width (GTK_WIDGET (self)), 1) * scale;
  view->height = MAX (gtk_widget_get_height (GTK_WIDGET (self)), 1) * scale;
  view->level = oss_scene_get_level (self->scene);
  view->window = oss_scene_get_window (self->scene);
}

gboolean
oss_slice_pane_stack (OssSlicePane *self, OssSliceStack *stack)
{
  const OssVolume *volume = oss_scene_get_volume (self->scene);
  int normal = oss_slice_pane_normal (self);
  double index[3];

  if (volume == NULL)
    return FALSE;
  stack->axis = 0;
  for (int a = 1; a < 3; a++)
    if (fabs (volume->grid.direction[3 * normal + a]) > fabs (volume->grid.direction[3 * normal + stack->axis]))
      stack->axis = a;
  oss_grid_to_index (&volume->grid, oss_scene_get_cursor (self->scene), index);
  stack->n = volume->grid.size[stack->axis];
  stack->current = CLAMP ((int) lround (index[stack->axis]), 0, stack->n - 1);
  stack->step_mm =
      volume->grid.spacing[stack->axis] * (volume->grid.direction[3 * normal + stack->axis] < 0.0 ? -1.0 : 1.0);
  return TRUE;
}

char *
oss_slice_pane_describe (OssSlicePane *self)
{
  g_autofree char *place = NULL, *value = NULL;
  const double *cursor;
  OssSliceStack stack;
  int normal;

  if (!oss_slice_pane_stack (self, &stack))
    return g_strdup_printf (_ ("%s, no image"), oss_plane_title (self->plane));
  cursor = oss_scene_get_cursor (self->scene);
  normal = oss_slice_pane_normal (self);
  place = oss_format_fixed (cursor[normal], 1);
  value = oss_scene_describe_value (self->scene, cursor);
  /* Translators: what a view shows: "Axial, slice 95 of 183, z −12.4 mm, 118 HU". */
  return g_strdup_printf (_ ("%s, slice %d of %d, %c %s mm, %s"), oss_plane_title (self->plane), stack.current + 1,
                          stack.n, "xyz"[normal], place, value);
}

static void
update_description (OssSlicePane *self)
{
  g_autofree char *text = oss_slice_pane_describe (self);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

void
oss_slice_pane_redraw (OssSlicePane *self)
{
  g_clear_object (&self->texture);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
oss_slice_pane_fit (OssSlicePane *self)
{
  const OssVolume *volume = oss_scene_get_volume (self->scene);
  OssSliceView view;

  self->fitted = TRUE;
  if (volume == NULL)
    return;
  oss_slice_pane_view (self, 1, &view);
  oss_slice_fit (&view, &volume->grid);
  memcpy (self->focus_mm, view.centre_mm, sizeof self->focus_mm);
  self->mm_per_pixel = view.mm_per_pixel;
  oss_slice_pane_redraw (self);
}

/* Room for one vertebra with its processes and its neighbours' endplates. */
static void
show_vertebra (OssSlicePane *self)
{
  const double wanted_mm = 125.0;
  const OssLabelView *labels = oss_scene_get_labels (self->scene);
  double pixels = MIN (gtk_widget_get_width (GTK_WIDGET (self)), gtk_widget_get_height (GTK_WIDGET (self)));

  if (labels == NULL || pixels < 1.0)
    return;
  for (int a = 0; a < 3; a++)
    self->focus_mm[a] = labels->frame.centre[a];
  /* The posterior elements make the vertebra's middle lie behind the body's. */
  for (int a = 0; a < 3 && self->plane != OSS_PLANE_CORONAL; a++)
    self->focus_mm[a] -= 0.5 * labels->frame.depth_mm * labels->frame.anterior[a];
  self->mm_per_pixel = wanted_mm / pixels;
  self->fitted = FALSE;
  oss_slice_pane_redraw (self);
}

void
oss_slice_pane_zoom (OssSlicePane *self, double factor, double x, double y)
{
  OssSliceView view;
  double held[3], moved[3];

  if (oss_scene_get_volume (self->scene) == NULL)
    return;
  oss_slice_pane_view (self, 1, &view);
  oss_slice_to_patient (&view, x, y, held);
  self->mm_per_pixel = CLAMP (self->mm_per_pixel / factor, 0.01, 10.0);
  view.mm_per_pixel = self->mm_per_pixel;
  oss_slice_to_patient (&view, x, y, moved);
  for (int a = 0; a < 3; a++)
    self->focus_mm[a] += held[a] - moved[a];
  self->fitted = FALSE;
  oss_slice_pane_redraw (self);
}

static void
scene_changed_cb (OssSlicePane *self, guint what)
{
  if (what & OSS_SCENE_VOLUME)
    oss_slice_pane_fit (self);
  if (what & OSS_SCENE_FOCUS)
    show_vertebra (self);
  if (what & (OSS_SCENE_VOLUME | OSS_SCENE_CURSOR | OSS_SCENE_LEVEL | OSS_SCENE_LABELS | OSS_SCENE_OVERLAYS))
    {
      oss_slice_pane_redraw (self);
      update_description (self);
    }
}

void
oss_slice_pane_set_scene (OssSlicePane *self, OssScene *scene, OssPlane plane)
{
  if (self->scene != NULL)
    g_signal_handlers_disconnect_by_data (self->scene, self);
  g_clear_object (&self->scene);
  self->scene = scene != NULL ? g_object_ref (scene) : oss_scene_new ();
  self->plane = plane;
  g_signal_connect_object (self->scene, "changed", G_CALLBACK (scene_changed_cb), self, G_CONNECT_SWAPPED);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, oss_plane_title (plane), -1);
  oss_slice_pane_fit (self);
  oss_slice_pane_redraw (self);
  update_description (self);
}

void
oss_slice_pane_set_tool (OssSlicePane *self, OssTool tool)
{
  static const char *const cursors[] = { "default", "grab", "ns-resize", "crosshair" };

  self->tool = tool;
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), cursors[tool]);
}

/* Where the patient's own tissues were read, each in its colour. */
static void
outline_tissues (OssSlicePane *self, OssPicture *picture, const OssSliceView *view, int scale)
{
  OssLabels *tissues = oss_scene_get_tissues (self->scene);

  if (tissues == NULL || oss_scene_get_hide_overlays (self->scene))
    return;
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      guint8 rgb[3];

      oss_own_tissue_colour ((OssOwnTissue) t, rgb);
      oss_slice_outline (picture, view, tissues, (guint8) (t + 1), rgb, 1.2 * scale, 0.10);
    }
}

static GdkTexture *
make_texture (OssSlicePane *self, int scale)
{
  const OssLabelView *labels = oss_scene_get_labels (self->scene);
  g_autoptr (GBytes) bytes = NULL;
  OssSliceView view;
  OssPicture *picture;

  oss_slice_pane_view (self, scale, &view);
  picture = oss_slice_picture (oss_scene_get_volume (self->scene), &view);
  if (picture == NULL)
    return NULL;
  if (labels != NULL && oss_scene_get_show_labels (self->scene) && !oss_scene_get_hide_overlays (self->scene))
    {
      guint8 rgb[3];

      oss_scene_level_colour (labels->verse, rgb);
      oss_slice_outline (picture, &view, labels->labels, 0, rgb, 1.8 * scale, 0.10);
    }
  outline_tissues (self, picture, &view, scale);
  bytes = g_bytes_new_with_free_func (picture->rgba, (gsize) picture->width * (gsize) picture->height * 4,
                                      (GDestroyNotify) oss_picture_free, picture);
  return gdk_memory_texture_new (view.width, view.height, GDK_MEMORY_R8G8B8A8, bytes, (gsize) view.width * 4);
}

static void
oss_slice_pane_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OssSlicePane *self = OSS_SLICE_PANE (widget);
  const float w = (float) gtk_widget_get_width (widget), h = (float) gtk_widget_get_height (widget);
  const GdkRGBA black = { 0, 0, 0, 1 };
  OssSliceView view;

  gtk_snapshot_append_color (snapshot, &black, &GRAPHENE_RECT_INIT (0, 0, w, h));
  if (w < 2 || h < 2)
    return;
  if (oss_scene_get_volume (self->scene) != NULL)
    {
      if (self->texture == NULL)
        self->texture = make_texture (self, gtk_widget_get_scale_factor (widget));
      if (self->texture != NULL)
        gtk_snapshot_append_texture (snapshot, self->texture, &GRAPHENE_RECT_INIT (0, 0, w, h));
      oss_slice_pane_view (self, 1, &view);
      oss_slice_pane_draw_overlays (self, snapshot, &view);
    }
  oss_pane_focus_ring (snapshot, widget);
}

static void
oss_slice_pane_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  OssSlicePane *self = OSS_SLICE_PANE (widget);

  g_clear_object (&self->texture);
  if (self->fitted)
    oss_slice_pane_fit (self);
}

static void
oss_slice_pane_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                        int *minimum_baseline, int *natural_baseline)
{
  *minimum = 120;
  *natural = 400;
}

static void
scale_factor_cb (OssSlicePane *self)
{
  oss_slice_pane_redraw (self);
}

static void
oss_slice_pane_dispose (GObject *object)
{
  OssSlicePane *self = OSS_SLICE_PANE (object);

  g_clear_object (&self->texture);
  G_OBJECT_CLASS (oss_slice_pane_parent_class)->dispose (object);
}

static void
oss_slice_pane_finalize (GObject *object)
{
  OssSlicePane *self = OSS_SLICE_PANE (object);

  g_clear_object (&self->scene);
  G_OBJECT_CLASS (oss_slice_pane_parent_class)->finalize (object);
}

static void
oss_slice_pane_class_init (OssSlicePaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_slice_pane_dispose;
  G_OBJECT_CLASS (klass)->finalize = oss_slice_pane_finalize;
  widget_class->snapshot = oss_slice_pane_snapshot;
  widget_class->size_allocate = oss_slice_pane_size_allocate;
  widget_class->measure = oss_slice_pane_measure;
  gtk_widget_class_set_css_name (widget_class, "view-pane");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  oss_slice_pane_class_init_keys (widget_class);
  g_signal_new ("toggle-large", OSS_TYPE_SLICE_PANE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
oss_slice_pane_init (OssSlicePane *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  self->mm_per_pixel = 1.0;
  self->fitted = TRUE;
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_hexpand (widget, TRUE);
  gtk_widget_set_vexpand (widget, TRUE);
  oss_slice_pane_init_input (self);
  oss_slice_pane_set_scene (self, NULL, OSS_PLANE_AXIAL);
  g_signal_connect (self, "notify::scale-factor", G_CALLBACK (scale_factor_cb), NULL);
}
