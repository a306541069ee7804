/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies over a slice: lines of the other planes, letters, corners, names, the vBMD ellipse. */
#include "app/oss-slice-pane-private.h"

#include "app/oss-format.h"
#include "app/oss-pane-text.h"
#include "base/oss-i18n.h"

#include <math.h>

#define MARGIN 10.0

/* One straight line with a gap of 28 px around (@x, @y), vertical or horizontal. */
static void
draw_line (GtkSnapshot *snapshot, const GdkRGBA *colour, gboolean vertical, float x, float y, float w, float h)
{
  const float gap = 14.0f;
  const graphene_rect_t parts[2][2] = {
    { GRAPHENE_RECT_INIT (0, y, x - gap, 1), GRAPHENE_RECT_INIT (x + gap, y, w - x - gap, 1) },
    { GRAPHENE_RECT_INIT (x, 0, 1, y - gap), GRAPHENE_RECT_INIT (x, y + gap, 1, h - y - gap) },
  };

  for (int i = 0; i < 2; i++)
    if (parts[vertical][i].size.width > 0 && parts[vertical][i].size.height > 0)
      gtk_snapshot_append_color (snapshot, colour, &parts[vertical][i]);
}

/* Each line has the colour of the plane it stands for: upright and level ones by view. */
static void
draw_crosshair (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view)
{
  static const OssPlane upright[3] = { OSS_PLANE_SAGITTAL, OSS_PLANE_CORONAL, OSS_PLANE_SAGITTAL };
  static const OssPlane level[3] = { OSS_PLANE_CORONAL, OSS_PLANE_AXIAL, OSS_PLANE_AXIAL };
  GdkRGBA colour;
  double x, y;

  oss_slice_from_patient (view, oss_scene_get_cursor (self->scene), &x, &y);
  x = floor (x), y = floor (y);
  oss_plane_colour (upright[self->plane], &colour);
  draw_line (snapshot, &colour, TRUE, (float) x, (float) y, (float) view->width, (float) view->height);
  oss_plane_colour (level[self->plane], &colour);
  draw_line (snapshot, &colour, FALSE, (float) x, (float) y, (float) view->width, (float) view->height);
}

static void
draw_letters (OssSlicePane *self, GtkSnapshot *snapshot, double w, double h)
{
  const double places[4][4] = {
    { MARGIN, h / 2, 0.0, 0.5 }, { w - MARGIN, h / 2, 1.0, 0.5 }, { w / 2, 6, 0.5, 0.0 }, { w / 2, h - 6, 0.5, 1.0 }
  };
  const char *letters[4];

  oss_slice_letters (self->plane, letters);
  for (int i = 0; i < 4; i++)
    {
      const OssPaneText style = { 14.0, TRUE, places[i][2], places[i][3], OSS_PANE_YELLOW };

      oss_pane_text (snapshot, GTK_WIDGET (self), letters[i], &style, places[i][0], places[i][1]);
    }
}

static void
draw_corners (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view)
{
  const OssPaneText title = { 11.5, TRUE, 0, 0, OSS_PANE_WHITE }, top = { 11.5, FALSE, 1, 0, OSS_PANE_WHITE };
  const OssPaneText left = { 11.5, FALSE, 0, 1, OSS_PANE_WHITE }, right = { 11.5, FALSE, 1, 1, OSS_PANE_WHITE };
  GtkWidget *widget = GTK_WIDGET (self);
  double w = view->width, h = view->height;
  int normal = oss_slice_pane_normal (self);
  g_autofree char *place = oss_format_fixed (view->centre_mm[normal], 1), *slice = NULL, *grey = NULL;
  g_autofree char *level = oss_format_fixed (view->level, 0), *window = oss_format_fixed (view->window, 0);
  OssSliceStack stack;
  GskRoundedRect swatch;
  GdkRGBA colour;

  oss_plane_colour (self->plane, &colour);
  gsk_rounded_rect_init_from_rect (&swatch, &GRAPHENE_RECT_INIT (MARGIN, MARGIN, 9, 9), 2);
  gtk_snapshot_push_rounded_clip (snapshot, &swatch);
  gtk_snapshot_append_color (snapshot, &colour, &swatch.bounds);
  gtk_snapshot_pop (snapshot);
  oss_pane_text (snapshot, widget, oss_plane_title (self->plane), &title, MARGIN + 15, 7);
  oss_pane_text (snapshot, widget, oss_scene_get_facts (self->scene, self->plane != OSS_PLANE_AXIAL), &top, w - MARGIN,
                 7);

  oss_slice_pane_stack (self, &stack);
  slice = g_strdup_printf ("%d / %d  %c %s mm", stack.current + 1, stack.n, "xyz"[normal], place);
  grey = g_strdup_printf ("L %s  W %s", level, window);
  oss_pane_text (snapshot, widget, slice, &left, MARGIN, h - 7);
  oss_pane_text (snapshot, widget, grey, &right, w - MARGIN, h - 7);
  oss_pane_scale_bar (snapshot, widget, view->mm_per_pixel, w - MARGIN, h - 25);
}

/* The level's name beside the body: before it in the sagittal view, to the patient's left in the coronal one. */
static void
draw_level_name (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view, const OssLabelView *labels)
{
  const double gap_mm = 8.0;
  const OssVertebraFrame *frame = &labels->frame;
  const char *name = oss_vertebra_name (labels->verse);
  gboolean sagittal = self->plane == OSS_PLANE_SAGITTAL;
  OssPaneText style = { 12.0, TRUE, sagittal ? 1.0 : 0.0, 0.5, OSS_PANE_WHITE };
  double place[3], x, y;
  guint8 rgb[3];

  if (name == NULL || self->plane == OSS_PLANE_AXIAL)
    return;
  oss_scene_level_colour (labels->verse, rgb);
  style.colour = (GdkRGBA){ rgb[0] / 255.0f, rgb[1] / 255.0f, rgb[2] / 255.0f, 1.0f };
  for (int a = 0; a < 3; a++)
    place[a] = frame->centre[a]
               + (sagittal ? (0.5 * frame->depth_mm + gap_mm) * frame->anterior[a]
                           : -(0.5 * frame->width_mm + gap_mm) * frame->right[a]);
  oss_slice_from_patient (view, place, &x, &y);
  oss_pane_text (snapshot, GTK_WIDGET (self), name, &style, x, y);
}

static void
ellipse_path (cairo_t *cr, const OssSliceView *view, const OssLabelView *labels)
{
  for (int i = 0; i < 64; i++)
    {
      double c = labels->vbmd_right_mm * cos (2.0 * G_PI * i / 64),
             s = labels->vbmd_anterior_mm * sin (2.0 * G_PI * i / 64);
      double place[3], x, y;

      for (int a = 0; a < 3; a++)
        place[a] = labels->vbmd_centre_mm[a] + c * labels->frame.right[a] + s * labels->frame.anterior[a];
      oss_slice_from_patient (view, place, &x, &y);
      if (i == 0)
        cairo_move_to (cr, x, y);
      else
        cairo_line_to (cr, x, y);
    }
  cairo_close_path (cr);
}

/* The ellipse trabecular density was read in, on the axial slices it covers. */
static void
draw_vbmd (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view, const OssLabelView *labels)
{
  const OssPaneText style = { 11.5, FALSE, 0.5, 1.0, { 0.6f, 0.757f, 0.945f, 1.0f } };
  const OssCalibrationLine *line = oss_scene_get_line (self->scene);
  g_autofree char *density = NULL, *hu = NULL, *text = NULL;
  double x, y, top[3];
  cairo_t *cr;

  if (self->plane != OSS_PLANE_AXIAL || !labels->has_vbmd || line == NULL
      || fabs (view->centre_mm[2] - labels->vbmd_centre_mm[2]) > 0.5 * labels->vbmd_height_mm)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) view->width, (float) view->height));
  ellipse_path (cr, view, labels);
  cairo_set_source_rgb (cr, 0.6, 0.757, 0.945);
  cairo_set_line_width (cr, 1.5);
  cairo_stroke (cr);
  cairo_destroy (cr);

  for (int a = 0; a < 3; a++)
    top[a] = labels->vbmd_centre_mm[a] + (labels->vbmd_anterior_mm + 14.0) * labels->frame.anterior[a];
  oss_slice_from_patient (view, top, &x, &y);
  density = oss_format_fixed (labels->vbmd_mg_cm3, 0);
  hu = oss_format_fixed (labels->vbmd_hu, 0);
  /* Translators: mean of the CT numbers and the density in an ellipse; two short lines. */
  text = g_strdup_printf (_ ("Mean %s HU\n%s mg/cm³ %s"), hu, density, oss_format_basis (line->basis));
  oss_pane_text (snapshot, GTK_WIDGET (self), text, &style, x, y);
}

void
oss_slice_pane_draw_overlays (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view)
{
  const OssLabelView *labels = oss_scene_get_labels (self->scene);

  if (!oss_scene_get_hide_overlays (self->scene))
    {
      draw_crosshair (self, snapshot, view);
      oss_slice_pane_draw_rods (self, snapshot, view);
      if (labels != NULL && oss_scene_get_show_labels (self->scene))
        {
          draw_level_name (self, snapshot, view, labels);
          draw_vbmd (self, snapshot, view, labels);
        }
    }
  oss_pane_bands (snapshot, view->width, view->height);
  draw_letters (self, snapshot, view->width, view->height);
  draw_corners (self, snapshot, view);
}
