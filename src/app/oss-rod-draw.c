/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rods of a calibration phantom over the slice views. */
#include "app/oss-slice-pane-private.h"

#include "app/oss-format.h"
#include "app/oss-pane-text.h"

#include <math.h>

static const GdkRGBA used_colour = { 0.561f, 0.941f, 0.643f, 1.0f };
static const GdkRGBA left_out_colour = { 1.0f, 0.604f, 0.502f, 1.0f };

static void
point_of (const OssRod *rod, double z, double p[3])
{
  const double along = fabs (rod->axis[2]) > 1e-6 ? (z - rod->centre_mm[2]) / rod->axis[2] : 0.0;

  for (int c = 0; c < 3; c++)
    p[c] = rod->centre_mm[c] + along * rod->axis[c];
}

/* A tick or a cross: colour never stands alone. */
static void
add_mark (cairo_t *cr, double x, double y, double s, gboolean used)
{
  cairo_set_dash (cr, NULL, 0, 0.0);
  cairo_move_to (cr, x - s, used ? y : y - s);
  if (used)
    cairo_line_to (cr, x - 0.2 * s, y + 0.8 * s);
  cairo_line_to (cr, x + s, used ? y - s : y + s);
  if (used)
    return;
  cairo_move_to (cr, x + s, y - s);
  cairo_line_to (cr, x - s, y + s);
}

/* A circle in axial views, the rod's edges in the others. */
static void
add_outline (cairo_t *cr, OssPlane plane, const OssSliceView *view, const OssPhantomFit *fit, const OssRod *rod)
{
  double p[3], x, y;

  if (plane == OSS_PLANE_AXIAL)
    {
      point_of (rod, view->centre_mm[2], p);
      oss_slice_from_patient (view, p, &x, &y);
      cairo_new_sub_path (cr);
      cairo_arc (cr, x, y, rod->radius_mm / view->mm_per_pixel, 0.0, 2.0 * G_PI);
      return;
    }
  for (int side = -1; side <= 1; side += 2)
    for (int end = 0; end < 2; end++)
      {
        point_of (rod, end ? fit->high_mm : fit->low_mm, p);
        p[plane == OSS_PLANE_SAGITTAL ? 1 : 0] += side * rod->radius_mm;
        oss_slice_from_patient (view, p, &x, &y);
        if (end == 0)
          cairo_move_to (cr, x, y);
        else
          cairo_line_to (cr, x, y);
      }
}

/* Whether the view's plane goes through the rod where it was read. */
static gboolean
in_plane (OssPlane plane, const OssSliceView *view, const OssPhantomFit *fit, const OssRod *rod)
{
  double p[3];

  if (plane == OSS_PLANE_AXIAL)
    return view->centre_mm[2] >= fit->low_mm - 1.0 && view->centre_mm[2] <= fit->high_mm + 1.0;
  point_of (rod, CLAMP (view->centre_mm[2], fit->low_mm, fit->high_mm), p);
  return fabs (p[plane == OSS_PLANE_SAGITTAL ? 0 : 1] - view->centre_mm[plane == OSS_PLANE_SAGITTAL ? 0 : 1])
         < rod->radius_mm;
}

static void
draw_rod (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view, const OssPhantomFit *fit, int i)
{
  static const double dashes[] = { 5.0, 4.0 };
  const OssRod *rod = &fit->rods[i];
  const GdkRGBA *colour = rod->used ? &used_colour : &left_out_colour;
  const OssPaneText style = { 11.0, TRUE, 0.5, 0.0, *colour };
  const double radius = rod->radius_mm / view->mm_per_pixel;
  g_autofree char *density = oss_format_fixed (fit->phantom.rod_density[i], 0), *name = NULL;
  double p[3], x, y;
  cairo_t *cr =
      gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) view->width, (float) view->height));

  point_of (rod, self->plane == OSS_PLANE_AXIAL ? view->centre_mm[2] : 0.5 * (fit->low_mm + fit->high_mm), p);
  oss_slice_from_patient (view, p, &x, &y);
  for (int pass = 0; pass < 2; pass++)
    {
      if (!rod->used)
        cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0.0);
      cairo_set_line_width (cr, pass == 0 ? 3.5 : 1.5);
      if (pass == 0)
        cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.7);
      else
        gdk_cairo_set_source_rgba (cr, colour);
      add_outline (cr, self->plane, view, fit, rod);
      cairo_stroke (cr);
      add_mark (cr, x + 0.75 * radius, y - 0.75 * radius, CLAMP (0.3 * radius, 2.5, 5.0), rod->used);
      cairo_stroke (cr);
    }
  cairo_destroy (cr);
  /* Where rods are small, densities would run into each other. */
  if (radius > 18.0)
    name = g_strdup_printf ("%c  %s", 'A' + i, density);
  else
    name = g_strdup_printf ("%c", 'A' + i);
  oss_pane_text (snapshot, GTK_WIDGET (self), name, &style, x,
                 y + (self->plane == OSS_PLANE_AXIAL ? radius + 3.0 : 0.0));
}

void
oss_slice_pane_draw_rods (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view)
{
  const OssPhantomFit *fit = oss_scene_get_phantom (self->scene);

  for (int i = 0; fit != NULL && i < fit->n_rods; i++)
    if (in_plane (self->plane, view, fit, &fit->rods[i]))
      draw_rod (self, snapshot, view, fit, i);
}
