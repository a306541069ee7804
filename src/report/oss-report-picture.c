/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-picture.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "report/oss-report-format.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

cairo_surface_t *
oss_report_picture_surface (const OssPicture *picture)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, picture->width, picture->height);

  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    return surface;
  guint8 *data = cairo_image_surface_get_data (surface);
  const int stride = cairo_image_surface_get_stride (surface);
  for (int y = 0; y < picture->height; y++)
    for (int x = 0; x < picture->width; x++)
      {
        const guint8 *p = picture->rgba + 4 * ((gsize) y * (gsize) picture->width + (gsize) x);
        guint32 pixel = p[3];

        for (int c = 0; c < 3; c++)
          pixel = pixel << 8 | (guint32) ((p[c] * p[3] + 127) / 255);
        memcpy (data + (gsize) y * (gsize) stride + 4 * (gsize) x, &pixel, sizeof pixel);
      }
  cairo_surface_mark_dirty (surface);
  return surface;
}

/* Back to straight alpha. */
static void
copy_back (OssPicture *picture, cairo_surface_t *surface)
{
  cairo_surface_flush (surface);
  const guint8 *data = cairo_image_surface_get_data (surface);
  const int stride = cairo_image_surface_get_stride (surface);
  for (int y = 0; y < picture->height; y++)
    for (int x = 0; x < picture->width; x++)
      {
        guint8 *p = picture->rgba + 4 * ((gsize) y * (gsize) picture->width + (gsize) x);
        guint32 pixel;

        memcpy (&pixel, data + (gsize) y * (gsize) stride + 4 * (gsize) x, sizeof pixel);
        /* ARGB32 as one number: alpha, red, green, blue from the top. */
        pixel = (pixel & 0xff00ff00u) | (pixel >> 16 & 0xffu) | (pixel & 0xffu) << 16;
        const guint32 alpha = pixel >> 24;
        for (int c = 0; c < 3; c++)
          p[c] = alpha > 0 ? (guint8) MIN (255u, ((pixel >> (8 * c) & 255u) * 255u + alpha / 2) / alpha) : 0;
        p[3] = (guint8) alpha;
      }
}

OssPicture *
oss_report_picture_from (cairo_surface_t *surface)
{
  const int width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);
  const int stride = cairo_image_surface_get_stride (surface);
  OssPicture *picture = oss_picture_new (width, height);
  const guint8 *data;

  cairo_surface_flush (surface);
  data = cairo_image_surface_get_data (surface);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        guint8 *p = picture->rgba + 4 * ((gsize) y * (gsize) width + (gsize) x);
        guint32 pixel;

        memcpy (&pixel, data + (gsize) y * (gsize) stride + 4 * (gsize) x, sizeof pixel);
        for (int c = 0; c < 3; c++)
          p[c] = (guint8) (pixel >> (16 - 8 * c));
        p[3] = 255;
      }
  return picture;
}

/* cairo_write_func_t */
static cairo_status_t
write_bytes (void *closure, const unsigned char *bytes, unsigned int length)
{
  return fwrite (bytes, 1, length, closure) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

gboolean
oss_report_png (const OssPicture *picture, const char *path, GError **error)
{
  g_autoptr (OssFileWriter) writer = oss_file_writer_new (path, error);
  cairo_surface_t *surface;
  cairo_status_t status;

  if (writer == NULL)
    return FALSE;
  surface = oss_report_picture_surface (picture);
  status = cairo_surface_write_to_png_stream (surface, write_bytes, oss_file_writer_stream (writer));
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS && status != CAIRO_STATUS_WRITE_ERROR)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The picture “%s” could not be made: %s."), path,
                   cairo_status_to_string (status));
      return FALSE;
    }
  /* A failed write shows in the stream: commit() names the reason. */
  return oss_file_writer_commit (writer, error);
}

void
oss_report_colorbar_place (const OssPicture *picture, OssColorbarPlace *place)
{
  const double unit = MAX (0.7, MIN (picture->height / 320.0, picture->width / 340.0));

  place->unit = unit;
  place->width = 16.0 * unit;
  /* Whole rows: each has one colour. */
  place->height = floor (MIN (MAX (240.0, 0.54 * picture->height), 0.60 * picture->height));
  place->x = floor (picture->width - 58.0 * unit);
  place->y = floor (0.5 * (picture->height - place->height) - 6.0 * unit);
}

int
oss_report_ticks (double low, double high, double ticks[OSS_MOST_TICKS], int *decimals)
{
  const double range = high - low;
  int n = 0;

  *decimals = 0;
  if (!(range > 0.0) || !isfinite (range))
    return 0;
  const double power = pow (10.0, floor (log10 (range / 5.0))), rest = range / 5.0 / power;
  const double step = power * (rest > 5.0 ? 10.0 : rest > 2.0 ? 5.0 : rest > 1.0 ? 2.0 : 1.0);

  /* As multiples, so that rounding does not add up. */
  for (double k = ceil (low / step - 1e-9); k * step <= high + 1e-9 * range && n < OSS_MOST_TICKS; k++)
    ticks[n++] = k * step;
  *decimals = CLAMP ((int) -floor (log10 (step) + 1e-9), 0, 9);
  return n;
}

/* The pen for text and lines over a picture. */
typedef struct
{
  cairo_t *cr;
  double unit;
  double ink, edge; /* grey values: letters and their edge */
} Pen;

/* Letters stand on white or on black, whichever the picture's corner is nearer to. */
static void
choose_ink (Pen *pen, const OssPicture *picture)
{
  const guint8 *p = picture->rgba + 4 * (gsize) (picture->width - 1);
  const double light = p[3] < 128 ? 255.0 : 0.3 * p[0] + 0.59 * p[1] + 0.11 * p[2];

  pen->ink = light > 140.0 ? 0.1 : 1.0;
  pen->edge = light > 140.0 ? 1.0 : 0.0;
}

static void
stroke (const Pen *pen, double width)
{
  cairo_set_line_width (pen->cr, (width + 1.6) * pen->unit);
  cairo_set_source_rgba (pen->cr, pen->edge, pen->edge, pen->edge, 0.7);
  cairo_stroke_preserve (pen->cr);
  cairo_set_line_width (pen->cr, width * pen->unit);
  cairo_set_source_rgb (pen->cr, pen->ink, pen->ink, pen->ink);
  cairo_stroke (pen->cr);
}

/* @text with its point (@across, @down: 0 to 1 of its box) at (x, y); wraps at @width. */
static void
write_text (const Pen *pen, double x, double y, double across, double down, double width, gboolean bold,
            const char *text)
{
  cairo_t *cr = pen->cr;
  g_autoptr (PangoLayout) layout = pango_cairo_create_layout (cr);
  PangoFontDescription *font = pango_font_description_from_string ("Cantarell, DejaVu Sans");
  PangoRectangle box;

  pango_font_description_set_absolute_size (font, 13.0 * pen->unit * PANGO_SCALE);
  pango_font_description_set_weight (font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (layout, text, -1);
  pango_layout_set_width (layout, (int) (width * PANGO_SCALE));
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, across > 0.9   ? PANGO_ALIGN_RIGHT
                                      : across > 0.4 ? PANGO_ALIGN_CENTER
                                                     : PANGO_ALIGN_LEFT);
  pango_layout_get_pixel_extents (layout, NULL, &box);
  cairo_move_to (cr, x - across * width, y - down * box.height);
  pango_cairo_layout_path (cr, layout);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_width (cr, 3.0 * pen->unit);
  cairo_set_source_rgba (cr, pen->edge, pen->edge, pen->edge, 0.7);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgb (cr, pen->ink, pen->ink, pen->ink);
  cairo_fill (cr);
}

static void
set_color (cairo_t *cr, const OssColormap *map, int i)
{
  cairo_set_source_rgb (cr, map->rgb[i][0] / 255.0, map->rgb[i][1] / 255.0, map->rgb[i][2] / 255.0);
}

static double
place_of (const OssColorbar *bar, const OssColorbarPlace *place, double value)
{
  return place->y + place->height * (1.0 - CLAMP ((value - bar->low) / (bar->high - bar->low), 0.0, 1.0));
}

/* Values beyond the range have the end's colour: the triangles say so. */
static void
draw_ends (const Pen *pen, const OssColorbar *bar, const OssColorbarPlace *place)
{
  const double middle = place->x + 0.5 * place->width, tip = 0.8 * place->width;

  for (int end = 0; end < 2; end++)
    {
      const double y = end ? place->y : place->y + place->height;

      if (end == 0 && bar->low == 0.0)
        continue; /* nothing lies below zero */
      cairo_move_to (pen->cr, place->x, y);
      cairo_line_to (pen->cr, middle, y + (end ? -tip : tip));
      cairo_line_to (pen->cr, place->x + place->width, y);
      cairo_close_path (pen->cr);
      set_color (pen->cr, bar->map, end ? 255 : 0);
      cairo_fill (pen->cr);
    }
}

static void
draw_scale (const Pen *pen, const OssColorbar *bar, const OssColorbarPlace *place)
{
  cairo_t *cr = pen->cr;
  double ticks[OSS_MOST_TICKS];
  int decimals;
  const int n = oss_report_ticks (bar->low, bar->high, ticks, &decimals);

  for (int row = (int) place->y; row < (int) (place->y + place->height); row++)
    {
      const double t = 1.0 - (row + 0.5 - place->y) / place->height;

      cairo_rectangle (cr, place->x, row, place->width, 1.0);
      set_color (cr, bar->map, (int) lround (255.0 * CLAMP (t, 0.0, 1.0)));
      cairo_fill (cr);
    }
  draw_ends (pen, bar, place);
  for (int i = 0; i < n; i++)
    {
      const double y = place_of (bar, place, ticks[i]);
      g_autofree char *text = oss_format_number (ticks[i], decimals);

      cairo_move_to (cr, place->x + place->width, y);
      cairo_rel_line_to (cr, 4.0 * pen->unit, 0.0);
      stroke (pen, 1.2);
      write_text (pen, place->x + place->width + 7.0 * pen->unit, y, 0.0, 0.5, 60.0 * pen->unit, FALSE, text);
    }
}

static void
draw_mark (const Pen *pen, const OssColorbar *bar, const OssColorbarPlace *place)
{
  cairo_t *cr = pen->cr;

  if (!isfinite (bar->mark) || bar->mark < bar->low || bar->mark > bar->high)
    return;
  const double y = place_of (bar, place, bar->mark), size = 5.0 * pen->unit;
  cairo_move_to (cr, place->x - 1.0, y);
  cairo_rel_line_to (cr, -1.6 * size, -size);
  cairo_rel_line_to (cr, 0.0, 2.0 * size);
  cairo_close_path (cr);
  cairo_set_source_rgb (cr, pen->ink, pen->ink, pen->ink);
  cairo_fill (cr);
  /* Translators: 95th percentile of the values in the picture, beside the colour bar */
  write_text (pen, place->x - 2.2 * size, y, 1.0, 0.5, 80.0 * pen->unit, FALSE, _ ("95 %"));
}

/* Directions of Left, Anterior and Head at the lower left. */
static void
draw_axes (const Pen *pen, const double axes[3][2], double height)
{
  static const struct
  {
    const char *letter;
    double sign;
  } ends[3] = { { "L", 1.0 }, { "A", -1.0 }, { "H", 1.0 } };
  const double x = 46.0 * pen->unit, y = height - 46.0 * pen->unit, length = 28.0 * pen->unit;

  for (int i = 0; i < 3; i++)
    {
      const double dx = ends[i].sign * axes[i][0], dy = -ends[i].sign * axes[i][1], reach = hypot (dx, dy);

      if (reach < 0.08) /* toward the eye: nothing to draw */
        continue;
      cairo_move_to (pen->cr, x, y);
      cairo_rel_line_to (pen->cr, length * dx, length * dy);
      stroke (pen, 1.6);
      write_text (pen, x + length * dx + 9.0 * pen->unit * dx / reach, y + length * dy + 9.0 * pen->unit * dy / reach,
                  0.5, 0.5, 24.0 * pen->unit, TRUE, ends[i].letter);
    }
}

void
oss_report_colorbar (OssPicture *picture, const OssColorbar *bar)
{
  cairo_surface_t *surface = oss_report_picture_surface (picture);
  Pen pen = { .cr = cairo_create (surface) };
  OssColorbarPlace place;

  if (cairo_status (pen.cr) == CAIRO_STATUS_SUCCESS && bar->high > bar->low)
    {
      oss_report_colorbar_place (picture, &place);
      const double right = picture->width - 8.0 * place.unit;
      pen.unit = place.unit;
      choose_ink (&pen, picture);
      draw_scale (&pen, bar, &place);
      draw_mark (&pen, bar, &place);
      if (bar->title != NULL)
        write_text (&pen, right, place.y - 1.1 * place.width - 4.0 * pen.unit, 1.0, 1.0, 190.0 * pen.unit, TRUE,
                    bar->title);
      if (bar->load != NULL)
        write_text (&pen, right, place.y + place.height + 1.0 * place.width, 1.0, 0.0, 190.0 * pen.unit, FALSE,
                    bar->load);
      if (bar->axes != NULL)
        draw_axes (&pen, bar->axes, picture->height);
      if (bar->deformation != 0.0)
        {
          g_autofree char *factor = oss_format_number (bar->deformation, bar->deformation < 10.0 ? 1 : 0);
          g_autofree char *text = g_strdup_printf (_ ("Deformation × %s"), factor);

          write_text (&pen, 12.0 * pen.unit, 12.0 * pen.unit, 0.0, 0.0, 220.0 * pen.unit, FALSE, text);
        }
      copy_back (picture, surface);
    }
  cairo_destroy (pen.cr);
  cairo_surface_destroy (surface);
}
