/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies over the 3D view: colour bar, axes, words. */
#include "app/oss-model-pane-private.h"

#include "app/oss-format.h"
#include "app/oss-pane-text.h"
#include "base/oss-i18n.h"
#include "base/oss-vector.h"
#include "report/oss-report.h"

#include <epoxy/gl.h>
#include <math.h>

/* Screen directions of patient Left, Posterior and Superior. */
static void
camera_axes (const OssCamera *camera, double axes[3][2])
{
  double right[3], up[3];

  oss_model_pane_screen (camera, right, up);
  for (int a = 0; a < 3; a++)
    {
      axes[a][0] = right[a];
      axes[a][1] = up[a];
    }
}

static GdkTexture *
make_overlay (OssModelPane *self, int width, int height)
{
  OssPicture *picture = oss_picture_new (width, height);
  g_autoptr (GBytes) bytes = NULL;
  double axes[3][2];
  OssColorbar bar = { 0 };

  if (picture == NULL)
    return NULL;
  camera_axes (&self->camera, axes);
  bar.map = &self->colours;
  bar.low = self->model->low_mpa;
  bar.high = self->model->high_mpa;
  /* Translators: the title of a colour bar, with its unit. */
  bar.title = _ ("von Mises, MPa");
  bar.load = self->model->load;
  bar.mark = self->model->mark_mpa;
  bar.axes = (const double (*)[2]) axes;
  oss_report_colorbar (picture, &bar);
  bytes = g_bytes_new_with_free_func (picture->rgba, (gsize) width * (gsize) height * 4,
                                      (GDestroyNotify) oss_picture_free, picture);
  return gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8A8, bytes, (gsize) width * 4);
}

/* The sentence instead of the picture when there is no GL. */
static void
draw_no_gl (OssModelPane *self, GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (
      widget, _ ("3D needs OpenGL 3.3 or OpenGL ES 3.0. This computer offers neither. Slices, analysis and report "
                 "work as usual."));
  const GdkRGBA white = OSS_PANE_WHITE;
  int width = MIN (gtk_widget_get_width (widget) - 40, 320), height;

  pango_layout_set_width (layout, MAX (width, 60) * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_get_pixel_size (layout, NULL, &height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) (gtk_widget_get_width (widget) - width) / 2,
                                                          (float) (gtk_widget_get_height (widget) - height) / 2));
  gtk_snapshot_append_layout (snapshot, layout, &white);
  gtk_snapshot_restore (snapshot);
}

static char *
cut_words (double right_mm)
{
  g_autofree char *distance = oss_format_fixed (fabs (right_mm), 1);

  if (fabs (right_mm) < 0.05)
    return g_strdup (_ ("Cut plane, through the centre"));
  if (right_mm > 0.0)
    return g_strdup_printf (_ ("Cut plane, %s mm right of centre"), distance);
  return g_strdup_printf (_ ("Cut plane, %s mm left of centre"), distance);
}

static void
draw_words (OssModelPane *self, GtkSnapshot *snapshot, double w, double h)
{
  const OssPaneText title = { 11.5, TRUE, 0, 0, OSS_PANE_WHITE }, plain = { 11.5, FALSE, 0, 0, OSS_PANE_WHITE };
  const OssPaneText hint = { 11.5, FALSE, 0.5, 1.0, OSS_PANE_WHITE }, cut = { 11.5, TRUE, 0, 0, OSS_PANE_BLUE };
  const OssPaneText stale = { 11.5, TRUE, 0.5, 0.0, OSS_PANE_YELLOW };
  GtkWidget *widget = GTK_WIDGET (self);
  /* Translators: short for "three-dimensional view". */
  const char *name = _ ("3D");
  double title_width, unused;

  oss_pane_text (snapshot, widget, name, &title, 10, 7);
  oss_pane_text_size (widget, name, &title, &title_width, &unused);
  if (self->model == NULL)
    {
      oss_pane_text (snapshot, widget, _ ("The vertebra appears here after Mesh"), &hint, w / 2, h / 2);
      return;
    }
  oss_pane_text (snapshot, widget, self->model->caption, &plain, 18 + title_width, 7);
  if (self->model->von_mises_mpa == NULL)
    oss_pane_text (snapshot, widget, _ ("Run Simulate to see stress"), &hint, w / 2, h - 8);
  else if (oss_scene_get_stale (self->scene))
    oss_pane_text (snapshot, widget, _ ("Out of date"), &stale, w / 2, 26);
  if (self->cut)
    {
      g_autofree char *words = cut_words (self->cut_mm);

      oss_pane_text (snapshot, widget, words, &cut, 10, 26);
    }
}

void
oss_model_pane_draw_overlays (OssModelPane *self, GtkSnapshot *snapshot)
{
  const int w = gtk_widget_get_width (GTK_WIDGET (self)), h = gtk_widget_get_height (GTK_WIDGET (self));
  int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));

  if (gtk_gl_area_get_error (GTK_GL_AREA (self)) != NULL)
    {
      draw_no_gl (self, snapshot);
      return;
    }
  if (w < 60 || h < 60)
    return;
  if (self->model != NULL && self->model->von_mises_mpa != NULL && !oss_scene_get_hide_overlays (self->scene))
    {
      if (self->overlay == NULL)
        self->overlay = make_overlay (self, w * scale, h * scale);
      if (self->overlay != NULL)
        gtk_snapshot_append_texture (snapshot, self->overlay, &GRAPHENE_RECT_INIT (0, 0, (float) w, (float) h));
    }
  draw_words (self, snapshot, w, h);
}
