/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-draw.h"

#include "base/oss-i18n.h"
#include "report/oss-report-format.h"

#include <math.h>
#include <string.h>

#define FONT "Cantarell, DejaVu Sans"

void
oss_page_color (OssPage *page, guint32 color)
{
  cairo_set_source_rgb (page->cr, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

/* Applies @attribute (taken) to @length bytes at @at. */
static void
add_attribute (PangoAttrList *attributes, const char *text, const char *at, gsize length, PangoAttribute *attribute)
{
  attribute->start_index = (guint) (at - text);
  attribute->end_index = (guint) (at - text + length);
  pango_attr_list_insert (attributes, attribute);
}

static void
tune_numbers (PangoAttrList *attributes, const char *text, double size)
{
  static const char *const units[] = { "mg/cm³", "N/mm" };

  /* Cantarell's narrow no-break space is a hair: a little more keeps thousands apart. */
  for (const char *at = strstr (text, OSS_NNBSP); at != NULL; at = strstr (at + 1, OSS_NNBSP))
    add_attribute (attributes, text, at, strlen (OSS_NNBSP),
                   pango_attr_letter_spacing_new ((int) (0.09 * size * PANGO_SCALE)));
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++) /* no new line within a unit */
    for (const char *at = strstr (text, units[i]); at != NULL; at = strstr (at + 1, units[i]))
      add_attribute (attributes, text, at, strlen (units[i]), pango_attr_allow_breaks_new (FALSE));
}

static PangoLayout *
make_layout (OssPage *page, double width, const OssTextStyle *style, double size, const char *markup)
{
  PangoLayout *layout = pango_layout_new (page->context);
  PangoFontDescription *font = pango_font_description_from_string (FONT);
  PangoAttrList *attributes;

  pango_font_description_set_absolute_size (font, size * PANGO_SCALE);
  pango_font_description_set_weight (font, style->weight ? style->weight : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);

  pango_layout_set_markup (layout, markup, -1);
  /* Figures of one width, so that columns of numbers line up. */
  attributes = pango_layout_get_attributes (layout);
  attributes = attributes ? pango_attr_list_copy (attributes) : pango_attr_list_new ();
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  tune_numbers (attributes, pango_layout_get_text (layout), size);
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);

  pango_layout_set_width (layout, (int) (width * PANGO_SCALE));
  pango_layout_set_alignment (layout, style->align);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  if (style->lines > 0)
    {
      pango_layout_set_height (layout, -style->lines);
      pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
    }
  return layout;
}

static double
layout_height (PangoLayout *layout)
{
  PangoRectangle logical;

  pango_layout_get_extents (layout, NULL, &logical);
  return (double) logical.height / PANGO_SCALE;
}

static double
draw_layout (OssPage *page, double x, double y, const OssTextStyle *style, PangoLayout *layout)
{
  const char *tag = style->tag ? style->tag : "P";

  cairo_tag_begin (page->cr, tag, NULL);
  oss_page_color (page, style->color);
  cairo_move_to (page->cr, x, y);
  pango_cairo_show_layout (page->cr, layout);
  cairo_tag_end (page->cr, tag);
  cairo_new_path (page->cr);
  return layout_height (layout);
}

double
oss_page_markup (OssPage *page, double x, double y, double width, const OssTextStyle *style, const char *markup)
{
  g_autoptr (PangoLayout) layout = make_layout (page, width, style, style->size, markup);

  return draw_layout (page, x, y, style, layout);
}

double
oss_page_text (OssPage *page, double x, double y, double width, const OssTextStyle *style, const char *text)
{
  g_autofree char *markup = g_markup_escape_text (text ? text : "", -1);

  return oss_page_markup (page, x, y, width, style, markup);
}

double
oss_page_measure (OssPage *page, double width, const OssTextStyle *style, const char *markup)
{
  g_autoptr (PangoLayout) layout = make_layout (page, width, style, style->size, markup);

  return layout_height (layout);
}

double
oss_page_fit (OssPage *page, double x, double y, double width, const OssTextStyle *style, const char *text)
{
  g_autofree char *markup = g_markup_escape_text (text ? text : "", -1);
  g_autoptr (PangoLayout) layout = NULL;
  OssTextStyle one_line = *style;
  PangoRectangle logical;
  double natural, size;

  one_line.lines = 1;
  layout = make_layout (page, 1e4, &one_line, style->size, markup);
  pango_layout_set_alignment (layout, PANGO_ALIGN_LEFT);
  pango_layout_get_extents (layout, NULL, &logical);
  natural = (double) logical.width / PANGO_SCALE;
  size = style->size * CLAMP (width / MAX (natural, 1e-6), 0.72, 1.0);

  g_object_unref (layout);
  /* A hair wider: rounding must not cut what fits. */
  layout = make_layout (page, width + 0.5, &one_line, size, markup);
  /* A smaller line stands on the same baseline. */
  draw_layout (page, x, y + 0.95 * (style->size - size), &one_line, layout);
  pango_layout_get_extents (layout, NULL, &logical);
  return (double) logical.width / PANGO_SCALE;
}

void
oss_page_stamp (OssPage *page, const char *text)
{
  const OssTextStyle style = { .weight = PANGO_WEIGHT_BOLD, .align = PANGO_ALIGN_CENTER, .lines = 1 };
  const double width = hypot (page->width, page->height), size = 1.5 * page->width / MAX (8, g_utf8_strlen (text, -1));
  g_autofree char *markup = g_markup_escape_text (text, -1);
  g_autoptr (PangoLayout) layout = make_layout (page, width, &style, size, markup);
  cairo_t *cr = page->cr;

  cairo_save (cr);
  cairo_translate (cr, 0.5 * page->width, 0.5 * page->height);
  cairo_rotate (cr, -atan2 (page->height, page->width));
  cairo_set_source_rgba (cr, 0.7, 0.07, 0.12, 0.25);
  cairo_move_to (cr, -0.5 * width, -0.5 * layout_height (layout));
  cairo_tag_begin (cr, "P", NULL);
  pango_cairo_show_layout (cr, layout);
  cairo_tag_end (cr, "P");
  cairo_restore (cr);
}

void
oss_page_rule (OssPage *page, double y, double from, double to)
{
  oss_page_color (page, OSS_RULE);
  cairo_set_line_width (page->cr, 0.6);
  cairo_move_to (page->cr, from, y);
  cairo_line_to (page->cr, to, y);
  cairo_stroke (page->cr);
}

void
oss_page_box (OssPage *page, double x, double y, double width, double height, double radius)
{
  cairo_t *cr = page->cr;

  cairo_new_sub_path (cr);
  cairo_arc (cr, x + width - radius, y + radius, radius, -G_PI_2, 0.0);
  cairo_arc (cr, x + width - radius, y + height - radius, radius, 0.0, G_PI_2);
  cairo_arc (cr, x + radius, y + height - radius, radius, G_PI_2, G_PI);
  cairo_arc (cr, x + radius, y + radius, radius, G_PI, 1.5 * G_PI);
  cairo_close_path (cr);
}

void
oss_page_card (OssPage *page, double x, double y, double width, double height)
{
  oss_page_color (page, OSS_CARD);
  oss_page_box (page, x, y, width, height, 6.0);
  cairo_fill (page->cr);
}

/* What belongs to a class of density: one table for word, shape and colours. */
static const struct
{
  const char *class, *word, *sign;
  guint32 color, ground;
} looks[] = {
  { "osteoporosis", N_ ("Osteoporosis range"), "!", OSS_HIGH, 0xfceaec },
  { "low", N_ ("Low range"), "!", OSS_INCREASED, 0xfdf3dc },
  { "normal", N_ ("Normal range"), "✓", OSS_NOT_INCREASED, 0xe9f1fb },
  { "none", N_ ("No class"), "–", OSS_INK, 0xf1f1f3 },
};

static gsize
look_of (const char *density_class)
{
  gsize i = 0;

  while (i + 1 < G_N_ELEMENTS (looks) && g_strcmp0 (looks[i].class, density_class) != 0)
    i++;
  return i;
}

guint32
oss_class_color (const char *density_class)
{
  return looks[look_of (density_class)].color;
}

guint32
oss_class_ground (const char *density_class)
{
  return looks[look_of (density_class)].ground;
}

const char *
oss_class_word (const char *density_class)
{
  return _ (looks[look_of (density_class)].word);
}

const char *
oss_report_basis_title (OssBasis basis)
{
  switch (basis)
    {
    case OSS_BASIS_K2HPO4:
      return "K₂HPO₄";
    case OSS_BASIS_ASH:
      return _ ("ash");
    case OSS_BASIS_APPARENT:
      return _ ("apparent");
    case OSS_BASIS_CHA:
    case OSS_BASIS_UNKNOWN:
    default:
      return oss_basis_name (basis);
    }
}

const char *
oss_report_element_title (const char *element)
{
  if (g_strcmp0 (element, "tet10") == 0)
    return _ ("quadratic tetrahedra");
  if (g_strcmp0 (element, "tet4") == 0)
    return _ ("linear tetrahedra");
  return g_strcmp0 (element, "hex8") == 0 ? _ ("voxel hexahedra") : _ ("elements");
}

void
oss_page_class_shape (OssPage *page, const char *density_class, double x, double y, double size)
{
  cairo_t *cr = page->cr;
  const gsize look = look_of (density_class);
  const double middle = x + 0.5 * size;
  /* In a triangle the sign sits lower. */
  const double sign_y = y + (look == 1 ? 0.30 : 0.17) * size, sign_size = (look == 1 ? 0.46 : 0.52) * size;
  const OssTextStyle style = {
    .size = sign_size, .weight = PANGO_WEIGHT_BOLD, .color = 0xffffff, .align = PANGO_ALIGN_CENTER
  };

  oss_page_color (page, looks[look].color);
  if (look == 0) /* diamond */
    {
      cairo_move_to (cr, middle, y);
      cairo_line_to (cr, x + size, y + 0.5 * size);
      cairo_line_to (cr, middle, y + size);
      cairo_line_to (cr, x, y + 0.5 * size);
      cairo_close_path (cr);
    }
  else if (look == 1) /* triangle */
    {
      cairo_move_to (cr, middle, y + 0.04 * size);
      cairo_line_to (cr, x + size, y + 0.92 * size);
      cairo_line_to (cr, x, y + 0.92 * size);
      cairo_close_path (cr);
    }
  else
    cairo_arc (cr, middle, y + 0.5 * size, 0.48 * size, 0.0, 2.0 * G_PI);
  cairo_fill (cr);
  oss_page_text (page, x, sign_y, size, &style, looks[look].sign);
}

static cairo_surface_t *
surface_of (const OssPicture *picture)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, picture->width, picture->height);

  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    return surface;
  unsigned char *data = cairo_image_surface_get_data (surface);
  const int stride = cairo_image_surface_get_stride (surface);
  for (int y = 0; y < picture->height; y++)
    for (int x = 0; x < picture->width; x++)
      {
        const guint8 *p = picture->rgba + 4 * ((gsize) y * (gsize) picture->width + (gsize) x);
        guint32 pixel = 0;

        for (int c = 0; c < 3; c++) /* transparent pixels show the black behind */
          pixel = pixel << 8 | (guint32) (p[c] * p[3] / 255);
        memcpy (data + (gsize) y * (gsize) stride + 4 * (gsize) x, &pixel, sizeof pixel);
      }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
paint_picture (OssPage *page, const OssPicture *picture, double x, double y, double width, double height, double scale)
{
  cairo_t *cr = page->cr;
  cairo_surface_t *surface = surface_of (picture);

  cairo_tag_begin (cr, "Figure", NULL);
  cairo_save (cr);
  oss_page_box (page, x, y, width, height, 5.0);
  cairo_clip (cr);
  cairo_set_source_rgb (cr, 0.0, 0.0, 0.0);
  cairo_paint (cr);
  cairo_translate (cr, x + 0.5 * (width - scale * picture->width), y + 0.5 * (height - scale * picture->height));
  cairo_scale (cr, scale, scale);
  cairo_set_source_surface (cr, surface, 0.0, 0.0);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_tag_end (cr, "Figure");
  cairo_surface_destroy (surface);
}

void
oss_page_picture (OssPage *page, const OssPicture *picture, double x, double y, double width, double height)
{
  paint_picture (page, picture, x, y, width, height, MAX (width / picture->width, height / picture->height));
}

void
oss_page_picture_whole (OssPage *page, const OssPicture *picture, double x, double y, double width, double height)
{
  paint_picture (page, picture, x, y, width, height, MIN (width / picture->width, height / picture->height));
}
