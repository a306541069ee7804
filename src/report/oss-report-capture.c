/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture with words under it, for programs that show nothing but pictures. */
#include "report/oss-report-capture.h"

#include "base/oss-i18n.h"
#include "report/oss-report-picture.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* Larger than any picture of this program; a PNG could claim anything. */
#define MOST_PIXELS 8192

/* Words as wide as @width, at the top of a strip; gives its height.  Only measured when @cr is on no surface yet. */
static double
draw_words (cairo_t *cr, double y, int width, double letter, const char *words)
{
  PangoLayout *layout = pango_cairo_create_layout (cr);
  PangoFontDescription *font = pango_font_description_from_string ("Cantarell, Sans");
  PangoRectangle box;

  pango_font_description_set_absolute_size (font, letter * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_layout_set_width (layout, (int) ((width - 2.0 * letter) * PANGO_SCALE));
  pango_layout_set_text (layout, words, -1);
  pango_layout_get_pixel_extents (layout, NULL, &box);
  cairo_move_to (cr, letter, y + 0.6 * letter);
  cairo_set_source_rgb (cr, 1.0, 1.0, 1.0);
  pango_cairo_show_layout (cr, layout);
  pango_font_description_free (font);
  g_object_unref (layout);
  return box.height + 1.2 * letter;
}

static OssPicture *
with_words (cairo_surface_t *source, const char *words)
{
  const int width = cairo_image_surface_get_width (source), height = cairo_image_surface_get_height (source);
  const double letter = fmax (12.0, height / 34.0);
  cairo_surface_t *probe = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 1, 1);
  cairo_t *cr = cairo_create (probe);
  const int strip = (int) ceil (draw_words (cr, 0.0, width, letter, words));
  cairo_destroy (cr);
  cairo_surface_destroy (probe);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height + strip);
  OssPicture *picture;

  cr = cairo_create (surface);
  cairo_set_source_rgb (cr, 1.0, 1.0, 1.0); /* what is transparent in the picture is paper */
  cairo_paint (cr);
  cairo_set_source_surface (cr, source, 0.0, 0.0);
  cairo_paint (cr);
  cairo_rectangle (cr, 0.0, height, width, strip);
  cairo_set_source_rgb (cr, 0.12, 0.12, 0.12);
  cairo_fill (cr);
  draw_words (cr, height, width, letter, words);
  cairo_destroy (cr);
  picture = oss_report_picture_from (surface);
  cairo_surface_destroy (surface);
  return picture;
}

char *
oss_report_capture_words (const char *vertebra)
{
  return g_strdup_printf (_ ("%s · Ossature %s\nResearch software, not a medical device. Not for diagnosis."),
                          vertebra[0] != '\0' ? vertebra : _ ("Vertebra"), OSS_VERSION);
}

OssPicture *
oss_report_capture (const OssPicture *picture, const char *words)
{
  cairo_surface_t *surface = oss_report_picture_surface (picture);
  OssPicture *captured = with_words (surface, words);

  cairo_surface_destroy (surface);
  return captured;
}

OssPicture *
oss_report_capture_png (const char *path, const char *words, GError **error)
{
  cairo_surface_t *surface = cairo_image_surface_create_from_png (path);
  const cairo_status_t status = cairo_surface_status (surface);
  OssPicture *captured = NULL;

  if (status == CAIRO_STATUS_FILE_NOT_FOUND)
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("There is no picture “%s”."), path);
  else if (status != CAIRO_STATUS_SUCCESS || cairo_image_surface_get_width (surface) > MOST_PIXELS
           || cairo_image_surface_get_height (surface) > MOST_PIXELS)
    g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("The picture “%s” cannot be read: %s."), path,
                 cairo_status_to_string (status));
  else
    captured = with_words (surface, words);
  cairo_surface_destroy (surface);
  return captured;
}
