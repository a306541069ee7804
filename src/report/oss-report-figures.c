/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures drawn over data: slices with their letters, the density scale, the calibration plot. */
#include "base/oss-i18n.h"
#include "report/oss-report-draw.h"
#include "report/oss-report-format.h"

#include <math.h>

#define LETTER_COLOR 0xf9d65cu

/* Text over a picture: black edge, so that it is readable over bone. */
void
oss_page_label (OssPage *page, double x, double y, double size, guint32 color, const char *text)
{
  cairo_t *cr = page->cr;
  const OssTextStyle style = { .size = size, .weight = PANGO_WEIGHT_BOLD, .color = color, .align = PANGO_ALIGN_CENTER };
  const double width = 60.0;

  cairo_save (cr);
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.55);
  const double across = 0.5 * size * (double) g_utf8_strlen (text, -1) * 0.62 + 2.0;
  oss_page_box (page, x - across, y - 0.55 * size, 2.0 * across, 1.2 * size, 2.0);
  cairo_fill (cr);
  oss_page_text (page, x - 0.5 * width, y - 0.66 * size, width, &style, text);
  cairo_restore (cr);
}

/* 10, 20 or 50 mm: the longest that is no more than 40 % of the picture. */
static void
draw_scale_bar (OssPage *page, double points_per_mm, double x, double y, double width)
{
  static const int lengths[] = { 50, 20, 10 };
  cairo_t *cr = page->cr;
  gsize i = 0;

  while (i + 1 < G_N_ELEMENTS (lengths) && lengths[i] * points_per_mm > 0.4 * width)
    i++;
  const double length = lengths[i] * points_per_mm, right = x + width - 8.0, line = y - 7.0;
  g_autofree char *text = g_strdup_printf ("%d" OSS_NBSP "mm", lengths[i]);

  cairo_save (cr);
  for (int pass = 0; pass < 2; pass++)
    {
      cairo_move_to (cr, right - length, line - 2.0);
      cairo_rel_line_to (cr, 0.0, 4.0);
      cairo_move_to (cr, right - length, line);
      cairo_line_to (cr, right, line);
      cairo_move_to (cr, right, line - 2.0);
      cairo_rel_line_to (cr, 0.0, 4.0);
      cairo_set_line_width (cr, pass == 0 ? 2.2 : 1.0);
      cairo_set_source_rgba (cr, pass, pass, pass, pass == 0 ? 0.6 : 1.0);
      cairo_stroke (cr);
    }
  cairo_restore (cr);
  oss_page_label (page, right - 0.5 * length, line - 7.0, 6.5, 0xffffff, text);
}

/* Where the density was read: a circle about the cylinder's centre in the vertebra's frame, seen in @view. */
static void
draw_ellipse (OssPage *page, const OssSliceView *view)
{
  const OssReportData *data = page->data;
  cairo_t *cr = page->cr;

  for (int i = 0; i < 72; i++)
    {
      const double angle = i * G_PI / 36.0;
      double at[3], x, y;

      for (int k = 0; k < 3; k++)
        at[k] = data->vbmd.centre_mm[k] + data->vbmd.semi_axis_right_mm * cos (angle) * data->frame.right[k]
                + data->vbmd.semi_axis_anterior_mm * sin (angle) * data->frame.anterior[k];
      oss_slice_from_patient (view, at, &x, &y);
      if (i == 0)
        cairo_move_to (cr, x, y);
      else
        cairo_line_to (cr, x, y);
    }
  cairo_close_path (cr);
}

void
oss_page_slice (OssPage *page, const OssReportSlice *slice, double x, double y, double width, double height,
                gboolean ellipse)
{
  cairo_t *cr = page->cr;
  const OssSliceView *view = &slice->view;
  const double scale = MAX (width / view->width, height / view->height);
  const char *letters[4];

  oss_page_picture (page, slice->picture, x, y, width, height);
  cairo_save (cr);
  if (ellipse && page->data->has_vbmd)
    {
      cairo_save (cr);
      cairo_translate (cr, x + 0.5 * (width - scale * view->width), y + 0.5 * (height - scale * view->height));
      cairo_scale (cr, scale, scale);
      draw_ellipse (page, view);
      cairo_restore (cr);
      cairo_set_line_width (cr, 1.1);
      oss_page_color (page, 0x99c1f1);
      cairo_stroke (cr);
    }
  oss_slice_letters (view->plane, letters);
  oss_page_label (page, x + 8.0, y + 0.5 * height, 8.0, LETTER_COLOR, letters[0]);
  oss_page_label (page, x + width - 8.0, y + 0.5 * height, 8.0, LETTER_COLOR, letters[1]);
  oss_page_label (page, x + 0.5 * width, y + 8.5, 8.0, LETTER_COLOR, letters[2]);
  oss_page_label (page, x + 0.5 * width, y + height - 8.5, 8.0, LETTER_COLOR, letters[3]);
  draw_scale_bar (page, scale / view->mm_per_pixel, x, y + height, width);
  cairo_restore (cr);
}

/* 0 to 1 along the scale; ends hold what lies beyond. */
static double
scale_place (double density)
{
  return CLAMP (density / 200.0, 0.0, 1.0);
}

static void
draw_marker (OssPage *page, double x, double y, double width)
{
  const OssReportData *data = page->data;
  cairo_t *cr = page->cr;
  const double mean = data->vbmd.mean_mg_cm3, spread = data->vbmd_uncertainty_mg_cm3;
  const double at = x + width * scale_place (mean);

  oss_page_color (page, OSS_INK);
  if (isfinite (spread))
    {
      const double low = x + width * scale_place (mean - spread), high = x + width * scale_place (mean + spread);

      cairo_set_line_width (cr, 1.0);
      cairo_move_to (cr, low, y - 5.0);
      cairo_line_to (cr, high, y - 5.0);
      cairo_move_to (cr, low, y - 7.0);
      cairo_line_to (cr, low, y - 3.0);
      cairo_move_to (cr, high, y - 7.0);
      cairo_line_to (cr, high, y - 3.0);
      cairo_stroke (cr);
    }
  cairo_move_to (cr, at - 4.0, y - 8.0);
  cairo_line_to (cr, at + 4.0, y - 8.0);
  cairo_line_to (cr, at, y - 0.5);
  cairo_close_path (cr);
  cairo_fill (cr);
}

void
oss_page_density_scale (OssPage *page, double x, double y, double width)
{
  static const struct
  {
    double from, to;
    guint32 color;
    const char *class, *word;
  } bands[] = {
    { 0.0, OSS_REPORT_OSTEOPOROSIS_MG_CM3, 0xc01c28, "osteoporosis", N_ ("Osteoporosis") },
    { OSS_REPORT_OSTEOPOROSIS_MG_CM3, OSS_REPORT_NORMAL_MG_CM3, 0xe5a50a, "low", N_ ("Low") },
    { OSS_REPORT_NORMAL_MG_CM3, 200.0, 0x3584e4, "normal", N_ ("Normal") },
  };
  const OssTextStyle number = { .size = 7.5, .color = OSS_DIM, .align = PANGO_ALIGN_CENTER, .lines = 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (bands); i++)
    {
      const double left = x + width * scale_place (bands[i].from), right = x + width * scale_place (bands[i].to);
      const gboolean here = g_strcmp0 (bands[i].class, page->data->class.density_class) == 0;
      const OssTextStyle word = { .size = 7.5,
                                  .weight = here ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL,
                                  .color = here ? OSS_INK : OSS_DIM,
                                  .align = PANGO_ALIGN_CENTER,
                                  .lines = 1 };

      oss_page_color (page, bands[i].color);
      cairo_rectangle (page->cr, left + (i > 0 ? 0.5 : 0.0), y, right - left - (i > 0 ? 0.5 : 0.0), 5.5);
      cairo_fill (page->cr);
      oss_page_fit (page, left + 2.0, y + 8.0, right - left - 4.0, &word, _ (bands[i].word));
      if (i > 0)
        {
          g_autofree char *limit = oss_format_number (bands[i].from, 0);

          oss_page_text (page, left - 20.0, y + 17.0, 40.0, &number, limit);
        }
    }
  if (page->data->has_vbmd)
    draw_marker (page, x, y, width);
}

/* What a rod's CT number is compared with: Mindways rods are solutions whose water part is taken off. */
static double
rod_response (const OssPhantomFit *fit, int rod)
{
  return fit->rods[rod].mean_hu - fit->phantom.rod_water[rod];
}

typedef struct
{
  double x, y, width, height; /* the plot's box */
  double low[2], high[2];     /* data range: density, response */
} Plot;

static double
plot_x (const Plot *plot, double density)
{
  return plot->x + plot->width * (density - plot->low[0]) / (plot->high[0] - plot->low[0]);
}

static double
plot_y (const Plot *plot, double response)
{
  return plot->y + plot->height * (1.0 - (response - plot->low[1]) / (plot->high[1] - plot->low[1]));
}

static double
tick_step (double range)
{
  const double power = pow (10.0, floor (log10 (MAX (range, 1e-9) / 4.0))), rest = range / 4.0 / power;

  return power * (rest > 5.0 ? 10.0 : rest > 2.0 ? 5.0 : rest > 1.0 ? 2.0 : 1.0);
}

static void
draw_axes (OssPage *page, const Plot *plot)
{
  const OssTextStyle below = { .size = 6.5, .color = OSS_DIM, .align = PANGO_ALIGN_CENTER, .lines = 1 };
  const OssTextStyle beside = { .size = 6.5, .color = OSS_DIM, .align = PANGO_ALIGN_RIGHT, .lines = 1 };
  cairo_t *cr = page->cr;

  cairo_set_line_width (cr, 0.4);
  for (int axis = 0; axis < 2; axis++)
    {
      const double step = tick_step (plot->high[axis] - plot->low[axis]);

      for (double v = step * ceil (plot->low[axis] / step); v <= plot->high[axis] + 1e-9 * step; v += step)
        {
          g_autofree char *text = oss_format_number (v, 0);

          oss_page_color (page, 0xe2e2e6);
          if (axis == 0)
            {
              cairo_move_to (cr, plot_x (plot, v), plot->y);
              cairo_rel_line_to (cr, 0.0, plot->height);
              cairo_stroke (cr);
              oss_page_text (page, plot_x (plot, v) - 20.0, plot->y + plot->height + 1.0, 40.0, &below, text);
            }
          else
            {
              cairo_move_to (cr, plot->x, plot_y (plot, v));
              cairo_rel_line_to (cr, plot->width, 0.0);
              cairo_stroke (cr);
              oss_page_text (page, plot->x - 34.0, plot_y (plot, v) - 4.5, 31.0, &beside, text);
            }
        }
    }
  oss_page_color (page, OSS_DIM);
  cairo_set_line_width (cr, 0.7);
  cairo_move_to (cr, plot->x, plot->y);
  cairo_line_to (cr, plot->x, plot->y + plot->height);
  cairo_line_to (cr, plot->x + plot->width, plot->y + plot->height);
  cairo_stroke (cr);
}

/* The fitted line through the rods less their residuals: exactly straight for the rods used. */
static void
fitted_line (const OssPhantomFit *fit, double *slope, double *intercept)
{
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;

  for (int i = 0; i < fit->n_rods; i++)
    if (fit->rods[i].used)
      {
        const double x = fit->phantom.rod_density[i], y = rod_response (fit, i) - fit->rods[i].residual_hu;

        n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
      }
  const double spread = n * sxx - sx * sx;
  *slope = spread > 0.0 ? (n * sxy - sx * sy) / spread : 0.0;
  *intercept = n > 0.0 ? (sy - *slope * sx) / n : 0.0;
}

static void
draw_rods (OssPage *page, const Plot *plot)
{
  const OssPhantomFit *fit = &page->data->fit;
  cairo_t *cr = page->cr;

  for (int i = 0; i < fit->n_rods; i++)
    {
      const double x = plot_x (plot, fit->phantom.rod_density[i]), y = plot_y (plot, rod_response (fit, i));

      if (isnan (y) || y < plot->y || y > plot->y + plot->height)
        continue; /* left out, and far off the line or not read at all */
      oss_page_color (page, fit->rods[i].used ? OSS_NOT_INCREASED : OSS_HIGH);
      cairo_set_line_width (cr, 1.0);
      if (fit->rods[i].used)
        {
          cairo_arc (cr, x, y, 2.4, 0.0, 2.0 * G_PI);
          cairo_fill (cr);
          continue;
        }
      cairo_move_to (cr, x - 2.4, y - 2.4);
      cairo_line_to (cr, x + 2.4, y + 2.4);
      cairo_move_to (cr, x + 2.4, y - 2.4);
      cairo_line_to (cr, x - 2.4, y + 2.4);
      cairo_stroke (cr);
    }
}

double
oss_page_calibration_plot (OssPage *page, double x, double y, double width, double height)
{
  const OssPhantomFit *fit = &page->data->fit;
  const gboolean water = fit->phantom.rod_water[0] > 0.0;
  const OssTextStyle title = { .size = 7.0, .color = OSS_DIM, .lines = 1 };
  Plot plot = { x + 32.0, y + 11.0, width - 36.0, height - 32.0, { INFINITY, INFINITY }, { -INFINITY, -INFINITY } };
  double slope, intercept;

  for (int i = 0; i < fit->n_rods; i++)
    {
      const double at[2] = { fit->phantom.rod_density[i], rod_response (fit, i) };

      if (!fit->rods[i].used)
        continue;
      for (int k = 0; k < 2; k++)
        plot.low[k] = MIN (plot.low[k], at[k]), plot.high[k] = MAX (plot.high[k], at[k]);
    }
  for (int k = 0; k < 2; k++)
    {
      const double margin = 0.08 * MAX (plot.high[k] - plot.low[k], 1.0);

      plot.low[k] -= margin, plot.high[k] += margin;
    }

  cairo_tag_begin (page->cr, "Figure", NULL);
  draw_axes (page, &plot);
  fitted_line (fit, &slope, &intercept);
  cairo_save (page->cr);
  cairo_rectangle (page->cr, plot.x, plot.y, plot.width, plot.height);
  cairo_clip (page->cr);
  cairo_move_to (page->cr, plot_x (&plot, plot.low[0]), plot_y (&plot, slope * plot.low[0] + intercept));
  cairo_line_to (page->cr, plot_x (&plot, plot.high[0]), plot_y (&plot, slope * plot.high[0] + intercept));
  oss_page_color (page, OSS_INK);
  cairo_set_line_width (page->cr, 0.8);
  cairo_stroke (page->cr);
  cairo_restore (page->cr);
  draw_rods (page, &plot);
  oss_page_text (page, x, y, width, &title,
                 water ? _ ("CT number of the rods less their water part, HU") : _ ("CT number of the rods, HU"));
  g_autofree char *below =
      g_strdup_printf (_ ("Density of the rods, mg/cm³ %s"), oss_report_basis_title (fit->phantom.basis));
  const OssTextStyle right = { .size = 7.0, .color = OSS_DIM, .lines = 1, .align = PANGO_ALIGN_RIGHT };
  oss_page_text (page, x, y + height - 10.0, width, &right, below);
  cairo_tag_end (page->cr, "Figure");
  return height;
}
