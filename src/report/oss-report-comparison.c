/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two images of one vertebra side by side, and what differs. */
#include "report/oss-report-comparison.h"

#include "base/oss-i18n.h"
#include "report/oss-report-picture.h"
#include "report/oss-report.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#define PANEL_WIDTH 560
#define PANEL_HEIGHT 520
#define BAR_WIDTH 150       /* black, right of the difference */
#define PANEL_MM 104.0      /* across */
#define DIFFERENCE_HU 300.0 /* at the ends of the colours */

static const guint8 outline[3] = { 0x33, 0xd1, 0x7a }; /* the colour of L1 in the window */

static OssSliceView
view_of (const OssVertebraFrame *frame)
{
  OssSliceView view = { .plane = OSS_PLANE_SAGITTAL,
                        .mm_per_pixel = PANEL_MM / PANEL_WIDTH,
                        .width = PANEL_WIDTH,
                        .height = PANEL_HEIGHT,
                        .level = 350.0,
                        .window = 1400.0 };

  memcpy (view.centre_mm, frame->centre, sizeof view.centre_mm);
  view.centre_mm[1] -= 18.0 * frame->anterior[1]; /* room for the processes behind */
  return view;
}

/* The colour of each grey of @grey within @grid, black beyond, and room for the bar. */
static OssPicture *
colour (const OssPicture *grey, const OssSliceView *view, const OssGrid *grid, const OssColormap *map)
{
  OssPicture *picture = oss_picture_new (PANEL_WIDTH + BAR_WIDTH, PANEL_HEIGHT);

  for (int y = 0; y < PANEL_HEIGHT; y++)
    for (int x = 0; x < PANEL_WIDTH + BAR_WIDTH; x++)
      {
        guint8 *to = picture->rgba + 4 * (y * (PANEL_WIDTH + BAR_WIDTH) + x);
        double p[3], index[3];
        gboolean inside = x < PANEL_WIDTH;

        oss_slice_to_patient (view, x + 0.5, y + 0.5, p);
        oss_grid_to_index (grid, p, index);
        for (int a = 0; a < 3; a++)
          inside = inside && index[a] >= -0.5 && index[a] <= grid->size[a] - 0.5;
        memset (to, 0, 3);
        to[3] = 255;
        if (inside)
          memcpy (to, map->rgb[grey->rgba[4 * (y * PANEL_WIDTH + x)]], 3);
      }
  return picture;
}

static OssPicture *
difference_picture (const OssVolume *a, const OssVolume *b, const OssSliceView *view, GError **error)
{
  OssSliceView around = *view;
  OssColormap map;
  g_autoptr (OssVolume) difference = oss_volume_new (&a->grid, OSS_QUANTITY_HU, error);

  if (difference == NULL || !oss_colormap_load ("difference", &map, error))
    return NULL;
  for (gsize i = 0; i < oss_grid_count (&a->grid); i++)
    difference->data[i] = a->data[i] - b->data[i];
  around.level = 0.0;
  around.window = 2.0 * DIFFERENCE_HU;
  g_autoptr (OssPicture) grey = oss_slice_picture (difference, &around);
  OssPicture *picture = colour (grey, &around, &a->grid, &map);
  OssColorbar bar = {
    .map = &map, .low = -DIFFERENCE_HU, .high = DIFFERENCE_HU, .title = _ ("difference, HU"), .mark = NAN
  };
  oss_report_colorbar (picture, &bar);
  return picture;
}

static void
write_name (cairo_t *cr, double x, const char *name)
{
  PangoLayout *layout = pango_cairo_create_layout (cr);
  PangoFontDescription *font = pango_font_description_from_string ("Cantarell, Sans Bold");

  pango_font_description_set_absolute_size (font, 26.0 * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_layout_set_text (layout, name, -1);
  cairo_move_to (cr, x + 16.0, 12.0);
  pango_cairo_layout_path (cr, layout);
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.8);
  cairo_set_line_width (cr, 5.0);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgb (cr, 1.0, 1.0, 1.0);
  cairo_fill (cr);
  pango_font_description_free (font);
  g_object_unref (layout);
}

static OssPicture *
side_by_side (OssPicture *const panels[3], const char *const names[3])
{
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 3 * PANEL_WIDTH + BAR_WIDTH, PANEL_HEIGHT);
  cairo_t *cr = cairo_create (surface);

  for (int i = 0; i < 3; i++)
    {
      cairo_surface_t *panel = oss_report_picture_surface (panels[i]);
      cairo_set_source_surface (cr, panel, i * PANEL_WIDTH, 0.0);
      cairo_paint (cr);
      cairo_surface_destroy (panel);
      write_name (cr, i * PANEL_WIDTH, names[i]);
    }
  OssPicture *picture = oss_report_picture_from (surface);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  return picture;
}

OssPicture *
oss_report_comparison (const OssVolume *a, const OssVolume *b, const OssLabels *labels, const OssVertebraFrame *frame,
                       const char *const names[2], GError **error)
{
  const OssSliceView view = view_of (frame);
  g_autofree char *both = g_strdup_printf ("%s − %s", names[0], names[1]);
  const char *const titles[3] = { names[0], names[1], both };

  if (!oss_grid_equal (&a->grid, &b->grid, 0.1))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                           _ ("The two series are not on one grid: their images cannot be subtracted."));
      return NULL;
    }
  g_autoptr (OssPicture) difference = difference_picture (a, b, &view, error);
  if (difference == NULL)
    return NULL;
  g_autoptr (OssPicture) first = oss_slice_picture (a, &view);
  g_autoptr (OssPicture) second = oss_slice_picture (b, &view);
  OssPicture *const panels[3] = { first, second, difference };
  for (int i = 0; i < 2; i++)
    oss_slice_outline (panels[i], &view, labels, 1, outline, 2.6, 0.0);
  return side_by_side (panels, titles);
}
