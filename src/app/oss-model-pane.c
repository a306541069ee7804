/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-model-pane-private.h"

#include "app/oss-format.h"
#include "app/oss-pane-text.h"
#include "base/oss-i18n.h"
#include "base/oss-vector.h"

#include <epoxy/gl.h>
#include <math.h>

G_DEFINE_FINAL_TYPE (OssModelPane, oss_model_pane, GTK_TYPE_GL_AREA)

void
oss_model_pane_screen (const OssCamera *camera, double right[3], double up[3])
{
  oss_cross (camera->up, camera->eye_direction, right);
  oss_normalize (right);
  oss_cross (camera->eye_direction, right, up);
  oss_normalize (up);
}

void
oss_model_pane_redraw (OssModelPane *self)
{
  gtk_gl_area_queue_render (GTK_GL_AREA (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* The whole vertebra, as large as the view and the colour bar beside it allow. */
static void
fit_camera (OssModelPane *self)
{
  const double bar_share = 0.24, margin = 1.25;
  double width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  double right[3], up[3], low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
  double aspect = width > 0 && height > 0 ? width / height : 1.0, shift;

  oss_model_pane_screen (&self->camera, right, up);
  for (gsize n = 0; n < self->model->mesh->n_nodes; n++)
    {
      double d[3], at[2];

      oss_sub (self->model->mesh->nodes + 3 * n, self->camera.target_mm, d);
      at[0] = oss_dot (d, right);
      at[1] = oss_dot (d, up);
      for (int a = 0; a < 2; a++)
        {
          low[a] = MIN (low[a], at[a]);
          high[a] = MAX (high[a], at[a]);
        }
    }
  self->camera.height_mm = margin * MAX (high[1] - low[1], (high[0] - low[0]) / (aspect * (1.0 - bar_share)));
  shift = 0.5 * (low[0] + high[0]) + 0.5 * bar_share * aspect * self->camera.height_mm;
  for (int a = 0; a < 3; a++)
    self->camera.target_mm[a] += shift * right[a] + 0.5 * (low[1] + high[1]) * up[a];
}

void
oss_model_pane_reset (OssModelPane *self)
{
  if (self->model != NULL)
    {
      oss_camera_default (&self->camera, &self->model->frame, self->model->frame.width_mm);
      fit_camera (self);
    }
  oss_model_pane_redraw (self);
}

void
oss_model_pane_move_cut (OssModelPane *self, double mm)
{
  double half = self->model != NULL ? 1.5 * self->model->frame.width_mm : 0.0;

  self->cut_mm = CLAMP (self->cut_mm + mm, -half, half);
  oss_model_pane_redraw (self);
}

void
oss_model_pane_toggle_cut (OssModelPane *self)
{
  self->cut = !self->cut;
  self->cut_mm = 0.0;
  oss_model_pane_redraw (self);
}

OssModelField
oss_model_pane_shown_field (OssModelPane *self)
{
  return self->model != NULL && self->model->fields[self->wanted].values != NULL ? self->wanted : OSS_MODEL_STRESS;
}

char *
oss_model_pane_describe (OssModelPane *self)
{
  if (self->model == NULL)
    return g_strdup (_ ("3D, no mesh yet"));
  if (self->model->fields[OSS_MODEL_STRESS].values == NULL)
    return g_strdup (_ ("3D, bone"));
  if (oss_model_pane_shown_field (self) == OSS_MODEL_PLASTIC_STRAIN)
    return self->cut ? g_strdup (_ ("3D, equivalent plastic strain, cut"))
                     : g_strdup (_ ("3D, equivalent plastic strain"));
  return self->cut ? g_strdup (_ ("3D, von Mises stress, cut")) : g_strdup (_ ("3D, von Mises stress"));
}

static void
update_description (OssModelPane *self)
{
  g_autofree char *text = oss_model_pane_describe (self);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

void
oss_model_pane_set_field (OssModelPane *self, OssModelField field)
{
  self->wanted = field;
  self->uploaded = FALSE;
  update_description (self);
  oss_model_pane_redraw (self);
}

static void
scene_changed_cb (OssModelPane *self, guint what)
{
  OssModel *model = oss_scene_get_model (self->scene);
  gboolean new_place;

  if (what & (OSS_SCENE_OVERLAYS | OSS_SCENE_LABELS))
    gtk_widget_queue_draw (GTK_WIDGET (self));
  if (!(what & OSS_SCENE_MODEL))
    return;
  /* The camera stays while the same vertebra gains its stress. */
  new_place = model == NULL || self->model == NULL || model->mesh != self->model->mesh;
  g_clear_pointer (&self->model, oss_model_unref);
  self->model = model != NULL ? oss_model_ref (model) : NULL;
  self->uploaded = FALSE;
  if (new_place)
    {
      self->cut = FALSE;
      oss_model_pane_reset (self);
    }
  oss_model_pane_redraw (self);
  update_description (self);
}

void
oss_model_pane_set_scene (OssModelPane *self, OssScene *scene)
{
  if (self->scene != NULL)
    g_signal_handlers_disconnect_by_data (self->scene, self);
  g_clear_object (&self->scene);
  self->scene = scene != NULL ? g_object_ref (scene) : oss_scene_new ();
  g_signal_connect_object (self->scene, "changed", G_CALLBACK (scene_changed_cb), self, G_CONNECT_SWAPPED);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("3D"), -1);
  scene_changed_cb (self, OSS_SCENE_MODEL);
}

/* Drawing */

static GdkGLContext *
try_context (GdkSurface *surface, GdkGLAPI api, int major, int minor, GError **error)
{
  g_autoptr (GdkGLContext) context = gdk_surface_create_gl_context (surface, error);

  if (context == NULL)
    return NULL;
  gdk_gl_context_set_allowed_apis (context, api);
  gdk_gl_context_set_required_version (context, major, minor);
  return gdk_gl_context_realize (context, error) ? g_steal_pointer (&context) : NULL;
}

static GdkGLContext *
oss_model_pane_create_context (GtkGLArea *area)
{
  GdkSurface *surface = gtk_native_get_surface (gtk_widget_get_native (GTK_WIDGET (area)));
  GdkGLContext *context = try_context (surface, GDK_GL_API_GL, 3, 3, NULL);
  g_autoptr (GError) error = NULL;

  if (context == NULL)
    context = try_context (surface, GDK_GL_API_GLES, 3, 0, &error);
  if (context == NULL)
    gtk_gl_area_set_error (area, error);
  return context;
}

static void
oss_model_pane_realize (GtkWidget *widget)
{
  OssModelPane *self = OSS_MODEL_PANE (widget);
  g_autoptr (GError) error = NULL;

  GTK_WIDGET_CLASS (oss_model_pane_parent_class)->realize (widget);
  if (gtk_gl_area_get_error (GTK_GL_AREA (self)) != NULL)
    return;
  gtk_gl_area_make_current (GTK_GL_AREA (self));
  if (gtk_gl_area_get_error (GTK_GL_AREA (self)) != NULL)
    return;
  g_debug ("the 3D view draws with %s", (const char *) glGetString (GL_VERSION));
  self->renderer = oss_renderer_new (&error);
  self->uploaded = FALSE;
  if (self->renderer == NULL)
    gtk_gl_area_set_error (GTK_GL_AREA (self), error);
}

static void
oss_model_pane_unrealize (GtkWidget *widget)
{
  OssModelPane *self = OSS_MODEL_PANE (widget);

  if (self->renderer != NULL)
    {
      gtk_gl_area_make_current (GTK_GL_AREA (self));
      g_clear_pointer (&self->renderer, oss_renderer_free);
    }
  GTK_WIDGET_CLASS (oss_model_pane_parent_class)->unrealize (widget);
}

static gboolean
upload_model (OssModelPane *self)
{
  const OssModelField shown = oss_model_pane_shown_field (self);
  const OssFieldView *field = &self->model->fields[shown];
  g_autoptr (GError) error = NULL;

  if (self->uploaded)
    return TRUE;
  /* Where all is 0 there is no range to colour by: bone. */
  if (!oss_renderer_set_mesh (self->renderer, self->model->mesh, field->high > field->low ? field->values : NULL,
                              self->model->displacement, &error))
    {
      gtk_gl_area_set_error (GTK_GL_AREA (self), error);
      return FALSE;
    }
  oss_renderer_set_field (self->renderer, &self->colours[shown], field->low, field->high);
  oss_renderer_set_deformation (self->renderer, 0.0);
  self->uploaded = TRUE;
  return TRUE;
}

static void
set_cut (OssModelPane *self)
{
  const OssVertebraFrame *frame = &self->model->frame;
  double point[3], normal[3];

  /* The patient's left part is taken away: the default camera looks from there. */
  for (int a = 0; a < 3; a++)
    {
      point[a] = frame->centre[a] + self->cut_mm * frame->right[a];
      normal[a] = -frame->right[a];
    }
  oss_renderer_set_cut (self->renderer, point, self->cut ? normal : NULL);
}

static gboolean
oss_model_pane_render (GtkGLArea *area, GdkGLContext *context)
{
  OssModelPane *self = OSS_MODEL_PANE (area);
  const float clear[4] = { 0, 0, 0, 0 };
  int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  int width = gtk_widget_get_width (GTK_WIDGET (self)) * scale;
  int height = gtk_widget_get_height (GTK_WIDGET (self)) * scale;

  glClearColor (0, 0, 0, 0);
  glClear (GL_COLOR_BUFFER_BIT);
  if (self->renderer == NULL || self->model == NULL || !upload_model (self))
    return TRUE;

  set_cut (self);
  oss_renderer_draw (self->renderer, &self->camera, width, height, clear);
  return TRUE;
}

static void
oss_model_pane_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  OssModelPane *self = OSS_MODEL_PANE (widget);
  const float w = (float) gtk_widget_get_width (widget), h = (float) gtk_widget_get_height (widget);
  const GskColorStop ground[2] = { { 0.0f, { 0.149f, 0.157f, 0.188f, 1 } }, { 1.0f, { 0.047f, 0.047f, 0.055f, 1 } } };

  gtk_snapshot_append_linear_gradient (snapshot, &GRAPHENE_RECT_INIT (0, 0, w, h), &GRAPHENE_POINT_INIT (0, 0),
                                       &GRAPHENE_POINT_INIT (0, h), ground, 2);
  if (gtk_gl_area_get_error (GTK_GL_AREA (self)) == NULL)
    GTK_WIDGET_CLASS (oss_model_pane_parent_class)->snapshot (widget, snapshot);
  oss_model_pane_draw_overlays (self, snapshot);
  oss_pane_focus_ring (snapshot, widget);
}

static void
oss_model_pane_dispose (GObject *object)
{
  OssModelPane *self = OSS_MODEL_PANE (object);

  g_clear_pointer (&self->model, oss_model_unref);
  G_OBJECT_CLASS (oss_model_pane_parent_class)->dispose (object);
}

static void
oss_model_pane_finalize (GObject *object)
{
  OssModelPane *self = OSS_MODEL_PANE (object);

  g_clear_object (&self->scene);
  G_OBJECT_CLASS (oss_model_pane_parent_class)->finalize (object);
}

static void
oss_model_pane_class_init (OssModelPaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GtkGLAreaClass *area_class = GTK_GL_AREA_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_model_pane_dispose;
  G_OBJECT_CLASS (klass)->finalize = oss_model_pane_finalize;
  widget_class->realize = oss_model_pane_realize;
  widget_class->unrealize = oss_model_pane_unrealize;
  widget_class->snapshot = oss_model_pane_snapshot;
  area_class->create_context = oss_model_pane_create_context;
  area_class->render = oss_model_pane_render;
  gtk_widget_class_set_css_name (widget_class, "view-pane");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  oss_model_pane_class_init_keys (widget_class);
  g_signal_new ("toggle-large", OSS_TYPE_MODEL_PANE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/* Another ramp for strain than for stress, and bone where nothing has yielded. */
static void
load_colours (OssModelPane *self)
{
  static const guint8 bone[3] = { 232, 222, 199 };
  g_autoptr (GError) error = NULL;
  OssColormap *strain = &self->colours[OSS_MODEL_PLASTIC_STRAIN];

  if (!oss_colormap_load ("plasma", &self->colours[OSS_MODEL_STRESS], &error)
      || !oss_colormap_load ("viridis", strain, &error))
    g_warning ("%s", error->message);
  memcpy (strain->rgb[0], bone, sizeof bone);
  memcpy (strain->rgb[1], bone, sizeof bone);
}

static void
oss_model_pane_init (OssModelPane *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  load_colours (self);
  gtk_gl_area_set_has_depth_buffer (GTK_GL_AREA (self), TRUE);
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_hexpand (widget, TRUE);
  gtk_widget_set_vexpand (widget, TRUE);
  oss_model_pane_init_input (self);
  oss_model_pane_set_scene (self, NULL);
}
