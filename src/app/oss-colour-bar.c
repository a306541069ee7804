/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-colour-bar.h"

#include "app/oss-format.h"
#include "app/oss-model-pane-private.h"
#include "app/oss-pane-text.h"
#include "base/oss-i18n.h"

#include <math.h>

#define BAR_WIDTH 14.0f
#define BAR_RIGHT 40.0f /* room for the ticks' numbers */
#define PLAIN_HEIGHT 10.0f
#define MARGIN 10.0

/* 1, 2 or 5 times a power of ten: about @n steps over @range. */
static double
round_step (double range, int n)
{
  double rough = range / n, power = pow (10.0, floor (log10 (rough))), share = rough / power;

  return power * (share < 1.5 ? 1.0 : share < 3.5 ? 2.0 : share < 7.5 ? 5.0 : 10.0);
}

static GdkTexture *
ramp_texture (const OssColormap *map)
{
  g_autoptr (GBytes) bytes = NULL;
  guint8 *rgb = g_malloc (3 * 256);

  for (int i = 0; i < 256; i++)
    for (int c = 0; c < 3; c++)
      rgb[3 * i + c] = map->rgb[255 - i][c];
  bytes = g_bytes_new_take (rgb, 3 * 256);
  return gdk_memory_texture_new (1, 256, GDK_MEMORY_R8G8B8, bytes, 3);
}

static void
draw_triangle (GtkSnapshot *snapshot, const double corners[3][2], const GdkRGBA *colour)
{
  double x0 = fmin (fmin (corners[0][0], corners[1][0]), corners[2][0]);
  double x1 = fmax (fmax (corners[0][0], corners[1][0]), corners[2][0]);
  double y0 = fmin (fmin (corners[0][1], corners[1][1]), corners[2][1]);
  double y1 = fmax (fmax (corners[0][1], corners[1][1]), corners[2][1]);
  cairo_t *cr = gtk_snapshot_append_cairo (
      snapshot, &GRAPHENE_RECT_INIT ((float) x0, (float) y0, (float) (x1 - x0), (float) (y1 - y0)));

  for (int i = 0; i < 3; i++)
    cairo_line_to (cr, corners[i][0], corners[i][1]);
  gdk_cairo_set_source_rgba (cr, colour);
  cairo_fill (cr);
  cairo_destroy (cr);
}

static void
draw_ticks (GtkSnapshot *snapshot, GtkWidget *widget, const OssFieldView *field, const graphene_rect_t *bar)
{
  const OssPaneText style = { 11.5, FALSE, 0, 0.5, OSS_PANE_WHITE };
  const GdkRGBA white = OSS_PANE_WHITE;
  double range = field->high - field->low, step = round_step (range, bar->size.height > 220 ? 8 : 5);
  int decimals = step < 0.1 ? 2 : step < 1.0 ? 1 : 0;

  for (double value = ceil (field->low / step) * step; value <= field->high + 1e-9; value += step)
    {
      float y = bar->origin.y + bar->size.height * (float) (1.0 - (value - field->low) / range);
      g_autofree char *number = oss_format_fixed (value, decimals);

      gtk_snapshot_append_color (snapshot, &white, &GRAPHENE_RECT_INIT (bar->origin.x + BAR_WIDTH, floorf (y), 4, 1));
      oss_pane_text (snapshot, widget, number, &style, bar->origin.x + BAR_WIDTH + 7, y);
    }
}

static void
draw_mark (GtkSnapshot *snapshot, GtkWidget *widget, const OssFieldView *field, const graphene_rect_t *bar)
{
  const OssPaneText style = { 11.5, FALSE, 1, 0.5, OSS_PANE_WHITE };
  const GdkRGBA white = OSS_PANE_WHITE;
  double share = (field->mark - field->low) / (field->high - field->low);
  double y = bar->origin.y + bar->size.height * (1.0 - CLAMP (share, 0.0, 1.0)), x = bar->origin.x - 3;
  const double corners[3][2] = { { x, y }, { x - 7, y - 4 }, { x - 7, y + 4 } };

  draw_triangle (snapshot, corners, &white);
  /* Translators: the 95th percentile, beside a mark on the colour bar. */
  oss_pane_text (snapshot, widget, _ ("95 %"), &style, x - 11, y);
}

double
oss_colour_bar_top (double height)
{
  return floor (0.44 * height - 0.5 * CLAMP (0.62 * height, 80.0, 520.0) + 22);
}

/* The colour of what is 0, below the others. */
static void
draw_plain (GtkSnapshot *snapshot, GtkWidget *widget, const OssColormap *map, const char *words,
            const graphene_rect_t *bar)
{
  const OssPaneText style = { 11.5, FALSE, 1, 0.5, OSS_PANE_WHITE };
  const GdkRGBA colour = { map->rgb[0][0] / 255.0f, map->rgb[0][1] / 255.0f, map->rgb[0][2] / 255.0f, 1 };
  const float y = bar->origin.y + bar->size.height;

  gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (bar->origin.x, y, BAR_WIDTH, PLAIN_HEIGHT));
  oss_pane_text (snapshot, widget, words, &style, bar->origin.x - 6, y + 0.5 * PLAIN_HEIGHT);
}

void
oss_colour_bar_draw (GtkSnapshot *snapshot, GtkWidget *widget, const OssColormap *map, const OssFieldView *field,
                     const char *title, const char *plain)
{
  const OssPaneText bold = { 11.5, TRUE, 1, 1, OSS_PANE_WHITE }, load = { 11.5, FALSE, 1, 0, OSS_PANE_WHITE };
  const float w = (float) gtk_widget_get_width (widget), h = (float) gtk_widget_get_height (widget);
  const float height = CLAMP (0.62f * h, 80.0f, 520.0f);
  const graphene_rect_t bar =
      GRAPHENE_RECT_INIT (w - BAR_RIGHT - BAR_WIDTH, (float) oss_colour_bar_top (h), BAR_WIDTH, height);
  const GdkRGBA top = { map->rgb[255][0] / 255.0f, map->rgb[255][1] / 255.0f, map->rgb[255][2] / 255.0f, 1 };
  const double above[3][2] = { { bar.origin.x, bar.origin.y },
                               { bar.origin.x + BAR_WIDTH, bar.origin.y },
                               { bar.origin.x + 0.5 * BAR_WIDTH, bar.origin.y - 9 } };
  g_autoptr (GdkTexture) ramp = NULL;

  if (h < 160 || !(field->high > field->low))
    return;
  ramp = ramp_texture (map);
  gtk_snapshot_append_texture (snapshot, ramp, &bar);
  draw_triangle (snapshot, above, &top);
  draw_ticks (snapshot, widget, field, &bar);
  draw_mark (snapshot, widget, field, &bar);
  if (plain != NULL)
    draw_plain (snapshot, widget, map, plain, &bar);
  if (title != NULL)
    oss_pane_text (snapshot, widget, title, &bold, w - MARGIN, bar.origin.y - 14);
  oss_pane_text (snapshot, widget, field->load, &load, w - MARGIN,
                 bar.origin.y + height + 8 + (plain != NULL ? PLAIN_HEIGHT : 0));
}

void
oss_axes_sign_draw (GtkSnapshot *snapshot, GtkWidget *widget, const OssCamera *camera)
{
  static const struct
  {
    const char *letter;
    double direction[3]; /* patient LPS */
    GdkRGBA colour;
  } axes[3] = {
    { "A", { 0, -1, 0 }, { 0.341f, 0.890f, 0.537f, 1 } },
    { "L", { 1, 0, 0 }, { 1.0f, 0.48f, 0.39f, 1 } },
    { "H", { 0, 0, 1 }, { 0.384f, 0.627f, 0.918f, 1 } },
  };
  const double length = 27.0, x = 48.0, y = gtk_widget_get_height (widget) - 50.0;
  double right[3], up[3];

  oss_model_pane_screen (camera, right, up);
  for (int i = 0; i < 3; i++)
    {
      const double *d = axes[i].direction;
      double dx = d[0] * right[0] + d[1] * right[1] + d[2] * right[2];
      double dy = -(d[0] * up[0] + d[1] * up[1] + d[2] * up[2]);
      const OssPaneText style = { 11.5, TRUE, 0.5, 0.5, axes[i].colour };
      cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT ((float) x - 40, (float) y - 40, 80, 80));

      cairo_move_to (cr, x, y);
      cairo_line_to (cr, x + length * dx, y + length * dy);
      gdk_cairo_set_source_rgba (cr, &axes[i].colour);
      cairo_set_line_width (cr, 2.0);
      cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
      cairo_stroke (cr);
      cairo_destroy (cr);
      /* An axis that points at the reader has no room for its letter beside the others. */
      if (hypot (dx, dy) > 0.2)
        oss_pane_text (snapshot, widget, axes[i].letter, &style, x + (length + 11) * dx, y + (length + 11) * dy);
    }
}
