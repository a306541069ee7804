/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-pane-text.h"

#include "app/oss-format.h"

static PangoLayout *
make_layout (GtkWidget *widget, const char *text, const OssPaneText *style)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (widget, text);
  PangoAttrList *attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_size_new_absolute ((int) (style->size_px * PANGO_SCALE)));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (style->bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_set_alignment (layout, style->align_x > 0.7 ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
  pango_attr_list_unref (attributes);
  return layout;
}

static void
append_at (GtkSnapshot *snapshot, PangoLayout *layout, const GdkRGBA *colour, double x, double y)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) x, (float) y));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

void
oss_pane_text (GtkSnapshot *snapshot, GtkWidget *widget, const char *text, const OssPaneText *style, double x, double y)
{
  static const double edge[4][2] = { { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 } };
  const GdkRGBA black = { 0.0f, 0.0f, 0.0f, 0.75f };
  g_autoptr (PangoLayout) layout = NULL;
  int width, height;

  if (*text == '\0')
    return;
  layout = make_layout (widget, text, style);
  pango_layout_get_pixel_size (layout, &width, &height);
  x = (int) (x - style->align_x * width + 0.5);
  y = (int) (y - style->align_y * height + 0.5);
  for (int i = 0; i < 4; i++)
    append_at (snapshot, layout, &black, x + edge[i][0], y + edge[i][1]);
  append_at (snapshot, layout, &style->colour, x, y);
}

void
oss_pane_text_size (GtkWidget *widget, const char *text, const OssPaneText *style, double *width, double *height)
{
  g_autoptr (PangoLayout) layout = make_layout (widget, text, style);
  int w, h;

  pango_layout_get_pixel_size (layout, &w, &h);
  *width = w;
  *height = h;
}

void
oss_pane_bands (GtkSnapshot *snapshot, double width, double height)
{
  const GskColorStop top[2] = { { 0.0f, { 0, 0, 0, 0.65f } }, { 1.0f, { 0, 0, 0, 0.0f } } };
  const GskColorStop bottom[2] = { { 0.0f, { 0, 0, 0, 0.0f } }, { 1.0f, { 0, 0, 0, 0.65f } } };
  const float w = (float) width, h = (float) height, band = 46.0f;

  gtk_snapshot_append_linear_gradient (snapshot, &GRAPHENE_RECT_INIT (0, 0, w, band), &GRAPHENE_POINT_INIT (0, 0),
                                       &GRAPHENE_POINT_INIT (0, band), top, 2);
  gtk_snapshot_append_linear_gradient (snapshot, &GRAPHENE_RECT_INIT (0, h - band, w, band),
                                       &GRAPHENE_POINT_INIT (0, h - band), &GRAPHENE_POINT_INIT (0, h), bottom, 2);
}

void
oss_pane_scale_bar (GtkSnapshot *snapshot, GtkWidget *widget, double mm_per_pixel, double right, double bottom)
{
  static const double lengths_mm[3] = { 50.0, 20.0, 10.0 };
  const OssPaneText style = { 11.5, FALSE, 0.5, 1.0, OSS_PANE_WHITE };
  const GdkRGBA white = OSS_PANE_WHITE, black = { 0, 0, 0, 0.7f };
  g_autofree char *number = NULL, *text = NULL;
  double length_mm = lengths_mm[2], length;

  for (int i = 0; i < 3; i++)
    if (lengths_mm[i] / mm_per_pixel <= 110.0)
      {
        length_mm = lengths_mm[i];
        break;
      }
  length = length_mm / mm_per_pixel;
  if (length < 4.0 || length > 600.0)
    return;

  const float x = (float) (int) (right - length), y = (float) (int) bottom, l = (float) (int) length;
  const graphene_rect_t parts[3] = { GRAPHENE_RECT_INIT (x, y - 4.5f, l, 1.5f), GRAPHENE_RECT_INIT (x, y - 7, 1.5f, 7),
                                     GRAPHENE_RECT_INIT (x + l - 1.5f, y - 7, 1.5f, 7) };

  for (int i = 0; i < 3; i++)
    {
      graphene_rect_t edge;

      graphene_rect_inset_r (&parts[i], -1, -1, &edge);
      gtk_snapshot_append_color (snapshot, &black, &edge);
    }
  for (int i = 0; i < 3; i++)
    gtk_snapshot_append_color (snapshot, &white, &parts[i]);
  number = oss_format_fixed (length_mm, 0);
  text = g_strdup_printf ("%s\u00a0mm", number);
  oss_pane_text (snapshot, widget, text, &style, x + 0.5 * l, y - 8);
}

void
oss_pane_focus_ring (GtkSnapshot *snapshot, GtkWidget *widget)
{
  const float w = (float) gtk_widget_get_width (widget), h = (float) gtk_widget_get_height (widget);
  const GdkRGBA blue = OSS_PANE_BLUE;
  GskRoundedRect outline;

  if (!gtk_widget_has_focus (widget))
    return;
  gsk_rounded_rect_init_from_rect (&outline, &GRAPHENE_RECT_INIT (0, 0, w, h), 0);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]){ 2, 2, 2, 2 }, (GdkRGBA[4]){ blue, blue, blue, blue });
}
