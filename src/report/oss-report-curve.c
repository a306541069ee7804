/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-curve.h"

#include "base/oss-i18n.h"
#include "report/oss-report-format.h"
#include "report/oss-report-picture.h"

#include <math.h>

#define OFFSET_STRAIN 0.002
/* Room above the largest load, for its words. */
#define HEADROOM 1.2

typedef struct
{
  cairo_t *cr;
  PangoContext *context;
  const OssCurveLook *look;
  double x, y, width, height; /* between the axes */
  double most_mm, most_n;
} Drawing;

static void
set_color (const Drawing *self, guint32 color)
{
  cairo_set_source_rgb (self->cr, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

static double
place_x (const Drawing *self, double displacement_mm)
{
  return self->x + self->width * displacement_mm / self->most_mm;
}

static double
place_y (const Drawing *self, double load_n)
{
  return self->y + self->height * (1.0 - load_n / self->most_n);
}

/* @ax, @ay: the share of the words that lies left of and above the place; kept inside the box sideways. */
static void
write_text (const Drawing *self, double x, double y, double ax, double ay, guint32 color, const char *text)
{
  g_autoptr (PangoLayout) layout = pango_layout_new (self->context);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  PangoFontDescription *font = pango_font_description_copy (pango_context_get_font_description (self->context));
  double width, height;
  int w, h;

  if (self->look->font != NULL)
    pango_font_description_set_family (font, self->look->font);
  pango_font_description_set_absolute_size (font, self->look->text_size * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_set_text (layout, text, -1);
  pango_layout_get_size (layout, &w, &h);
  width = (double) w / PANGO_SCALE;
  height = (double) h / PANGO_SCALE;
  x = CLAMP (x - ax * width, self->look->x, MAX (self->look->x, self->look->x + self->look->width - width));
  cairo_move_to (self->cr, x, y - ay * height);
  set_color (self, color);
  pango_cairo_show_layout (self->cr, layout);
  cairo_new_path (self->cr);
}

static void
draw_grid (const Drawing *self)
{
  double ticks[OSS_MOST_TICKS];
  int decimals;
  cairo_t *cr = self->cr;
  const double gap = 0.35 * self->look->text_size;

  cairo_set_line_width (cr, 0.06 * self->look->text_size);
  int n = oss_report_ticks (0.0, self->most_n, ticks, &decimals);
  for (int i = 0; i < n; i++)
    {
      g_autofree char *text = oss_format_number (ticks[i], decimals);

      set_color (self, self->look->grid);
      cairo_move_to (cr, self->x, place_y (self, ticks[i]));
      cairo_rel_line_to (cr, self->width, 0.0);
      cairo_stroke (cr);
      write_text (self, self->x - gap, place_y (self, ticks[i]), 1.0, 0.5, self->look->dim, text);
    }
  n = oss_report_ticks (0.0, self->most_mm, ticks, &decimals);
  for (int i = 0; i < n; i++)
    {
      g_autofree char *text = oss_format_number (ticks[i], decimals);

      set_color (self, self->look->grid);
      cairo_move_to (cr, place_x (self, ticks[i]), self->y);
      cairo_rel_line_to (cr, 0.0, self->height);
      cairo_stroke (cr);
      write_text (self, place_x (self, ticks[i]), self->y + self->height + gap, 0.5, 0.0, self->look->dim, text);
    }
  set_color (self, self->look->ink);
  cairo_set_line_width (cr, 0.1 * self->look->text_size);
  cairo_move_to (cr, self->x, self->y);
  cairo_rel_line_to (cr, 0.0, self->height);
  cairo_rel_line_to (cr, self->width, 0.0);
  cairo_stroke (cr);
}

/* A line of the initial stiffness from @from_mm on, as far as the box goes. */
static void
draw_slope (const Drawing *self, double stiffness, double from_mm, double dash)
{
  cairo_t *cr = self->cr;

  if (!(stiffness > 0.0))
    return;
  cairo_save (cr);
  cairo_rectangle (cr, self->x, self->y, self->width, self->height);
  cairo_clip (cr);
  set_color (self, self->look->dim);
  cairo_set_line_width (cr, 0.1 * self->look->text_size);
  cairo_set_dash (cr, &dash, 1, 0.0);
  cairo_move_to (cr, place_x (self, from_mm), place_y (self, 0.0));
  cairo_line_to (cr, place_x (self, from_mm + self->most_n / stiffness), place_y (self, self->most_n));
  cairo_stroke (cr);
  cairo_restore (cr);
}

static void
draw_points (const Drawing *self, const OssFemCurve *curve)
{
  cairo_t *cr = self->cr;
  const double size = self->look->text_size;

  set_color (self, self->look->accent);
  cairo_set_line_width (cr, 0.2 * size);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  for (gsize i = 0; i < curve->n_points; i++)
    cairo_line_to (cr, place_x (self, curve->points[i].displacement_mm), place_y (self, curve->points[i].reaction_n));
  cairo_stroke (cr);
  for (gsize i = 0; i < curve->n_points; i++)
    {
      const double x = place_x (self, curve->points[i].displacement_mm);
      const double y = place_y (self, curve->points[i].reaction_n);
      const gboolean chosen = self->look->selected == (int) i;

      cairo_arc (cr, x, y, 0.2 * size, 0.0, 2.0 * G_PI);
      cairo_fill (cr);
      if (!chosen)
        continue;
      cairo_arc (cr, x, y, 0.6 * size, 0.0, 2.0 * G_PI);
      set_color (self, self->look->ink);
      cairo_stroke (cr);
      set_color (self, self->look->accent);
    }
}

/* A shape a mark, so that colour never stands alone: offset yield a triangle, the largest load a diamond, the end of a
 * curve that stopped early a cross. */
static void
draw_mark (const Drawing *self, double x, double y, char shape)
{
  cairo_t *cr = self->cr;
  const double r = 0.5 * self->look->text_size;

  set_color (self, self->look->ink);
  cairo_set_line_width (cr, 0.15 * self->look->text_size);
  if (shape == 'x')
    {
      cairo_move_to (cr, x - r, y - r);
      cairo_line_to (cr, x + r, y + r);
      cairo_move_to (cr, x + r, y - r);
      cairo_line_to (cr, x - r, y + r);
      cairo_stroke (cr);
      return;
    }
  cairo_move_to (cr, x, y - r);
  cairo_line_to (cr, x + r, shape == 'd' ? y : y + 0.8 * r);
  if (shape == 'd')
    cairo_line_to (cr, x, y + r);
  cairo_line_to (cr, x - r, shape == 'd' ? y : y + 0.8 * r);
  cairo_close_path (cr);
  cairo_fill (cr);
}

static void
draw_marks (const Drawing *self, const OssFemCurve *curve)
{
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];
  const double size = self->look->text_size;
  double x = place_x (self, curve->peak_mm), y = place_y (self, curve->peak_n);
  g_autofree char *most = oss_format_tens (curve->plateau_n);
  g_autofree char *peak =
      curve->falling ? g_strdup_printf (_ ("peak %s N"), most) : g_strdup_printf (_ ("largest load %s N"), most);

  draw_mark (self, x, y, 'd');
  write_text (self, x, y - 0.8 * size, 0.5, 1.0, self->look->ink, peak);
  if (isfinite (curve->offset_n))
    {
      g_autofree char *yield = oss_format_tens (curve->offset_n);
      /* Translators: the 0.2 % offset yield load. */
      g_autofree char *text = g_strdup_printf (_ ("offset yield %s N"), yield);

      x = place_x (self, curve->offset_mm);
      y = place_y (self, curve->offset_n);
      draw_mark (self, x, y, 't');
      write_text (self, x + 0.9 * size, y + 0.5 * size, 0.0, 0.0, self->look->ink, text);
    }
  if (!curve->converged)
    draw_mark (self, place_x (self, end->displacement_mm), place_y (self, end->reaction_n), 'x');
}

static Drawing
place_drawing (const OssCurveLook *look, const OssFemCurve *curve)
{
  const double size = look->text_size;

  return (Drawing){ .look = look,
                    .x = look->x + 4.2 * size,
                    .y = look->y + 1.7 * size,
                    .width = look->width - 5.2 * size,
                    .height = look->height - 4.9 * size,
                    .most_mm = curve->points[curve->n_points - 1].displacement_mm,
                    .most_n = HEADROOM * curve->peak_n };
}

double
oss_report_curve_displacement (const OssCurveLook *look, const OssFemCurve *curve, double x)
{
  const Drawing self = place_drawing (look, curve);

  return self.width > 0.0 ? self.most_mm * (x - self.x) / self.width : 0.0;
}

void
oss_report_draw_curve (cairo_t *cr, PangoContext *context, const OssCurveLook *look, const OssFemCurve *curve,
                       double height_mm)
{
  const double size = look->text_size;
  Drawing self = place_drawing (look, curve);

  self.cr = cr;
  self.context = context;

  if (!(self.most_mm > 0.0) || !(self.most_n > 0.0) || self.width <= 0.0 || self.height <= 0.0)
    return;
  cairo_save (cr);
  draw_grid (&self);
  draw_slope (&self, curve->stiffness_n_per_mm, 0.0, 0.5 * size);
  draw_slope (&self, curve->stiffness_n_per_mm, OFFSET_STRAIN * height_mm, 0.2 * size);
  draw_points (&self, curve);
  draw_marks (&self, curve);
  write_text (&self, look->x, look->y, 0.0, 0.0, look->dim, _ ("Load, N"));
  write_text (&self, look->x + look->width, look->y + look->height, 1.0, 1.0, look->dim, _ ("Displacement, mm"));
  cairo_restore (cr);
}

char *
oss_report_describe_point (const OssFemCurve *curve, double height_mm, gsize index)
{
  const OssLoadPoint *point = &curve->points[index];
  g_autofree char *moved = oss_format_number (point->displacement_mm, 3);
  g_autofree char *strain = oss_format_number (100.0 * point->displacement_mm / height_mm, 2);
  g_autofree char *load = oss_format_tens (point->reaction_n);
  g_autofree char *yielded = oss_format_number (100.0 * point->yielded_mm3 / curve->volume_mm3, 1);

  return g_strdup_printf (_ ("%s mm (%s %% strain): %s N, %s %% of the volume yielded"), moved, strain, load, yielded);
}

char *
oss_report_describe_curve (const OssFemCurve *curve, double height_mm)
{
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];
  g_autofree char *strain = oss_format_number (100.0 * end->displacement_mm / height_mm, 2);
  g_autofree char *most = oss_format_tens (curve->plateau_n), *at = oss_format_number (curve->peak_mm, 2);
  g_autofree char *yielded = oss_format_number (100.0 * curve->yielded_share, 1);
  g_autofree char *yield = oss_format_tens (curve->offset_n), *there = oss_format_number (curve->offset_mm, 2);
  g_autofree char *whole =
      g_strdup_printf (_ ("Load over displacement to %s %% strain: largest load %s N at %s mm, %s %% of the volume "
                          "yielded."),
                       strain, most, at, yielded);

  if (!isfinite (curve->offset_n))
    return g_steal_pointer (&whole);
  /* Translators: %s is the sentence before: "Load over displacement …". */
  return g_strdup_printf (_ ("%s Offset yield %s N at %s mm."), whole, yield, there);
}
