/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-mtf-view.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>

#define HEIGHT_PX 220
#define TEXT_PX 11.5
#define LEFT_PX 34.0
#define BOTTOM_PX 34.0
#define TOP_PX 8.0
#define RIGHT_PX 10.0
#define MOST_MODULATION 1.2

struct _OssMtfView
{
  AdwBin parent_instance;
  GtkWidget *area;
  GtkLabel *said;
  gboolean some, has_known;
  OssKernelMeasurement measured;
  OssKernel known;
};

G_DEFINE_FINAL_TYPE (OssMtfView, oss_mtf_view, ADW_TYPE_BIN)

/* Where frequencies and modulations lie in the drawing. */
typedef struct
{
  cairo_t *cr;
  double width, height, most_lp_cm;
  guint32 ink, dim, grid, accent;
} Chart;

static void
set_colour (cairo_t *cr, guint32 rgb)
{
  cairo_set_source_rgb (cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

static double
x_of (const Chart *chart, double lp_cm)
{
  return LEFT_PX + (chart->width - LEFT_PX - RIGHT_PX) * lp_cm / chart->most_lp_cm;
}

static double
y_of (const Chart *chart, double modulation)
{
  return TOP_PX + (chart->height - TOP_PX - BOTTOM_PX) * (1.0 - modulation / MOST_MODULATION);
}

/* @align: 0: @x is the left, 0.5: the middle, 1: the right end */
static void
draw_text (const Chart *chart, GtkWidget *widget, const char *text, double x, double y, double align)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  int width, height;

  pango_attr_list_insert (attributes, pango_attr_size_new_absolute ((int) (TEXT_PX * PANGO_SCALE)));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_get_pixel_size (layout, &width, &height);
  set_colour (chart->cr, chart->dim);
  cairo_move_to (chart->cr, x - align * width, y - 0.5 * height);
  pango_cairo_show_layout (chart->cr, layout);
}

static void
draw_axes (const Chart *chart, GtkWidget *widget)
{
  static const double levels[] = { 0.0, 0.1, 0.5, 1.0 };
  const double bottom = y_of (chart, 0.0);

  cairo_set_line_width (chart->cr, 1.0);
  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      g_autofree char *text = oss_format_fixed (levels[i], 1);

      set_colour (chart->cr, chart->grid);
      cairo_move_to (chart->cr, LEFT_PX, round (y_of (chart, levels[i])) + 0.5);
      cairo_line_to (chart->cr, chart->width - RIGHT_PX, round (y_of (chart, levels[i])) + 0.5);
      cairo_stroke (chart->cr);
      draw_text (chart, widget, text, LEFT_PX - 6.0, y_of (chart, levels[i]), 1.0);
    }
  for (double lp_cm = 0.0; lp_cm <= chart->most_lp_cm; lp_cm += 2.0)
    {
      g_autofree char *text = oss_format_fixed (lp_cm, 0);

      draw_text (chart, widget, text, x_of (chart, lp_cm), bottom + 9.0, 0.5);
    }
  draw_text (chart, widget, _ ("modulation left, over line pairs per cm"), chart->width - RIGHT_PX, bottom + 24.0, 1.0);
}

static void
draw_kernel (const Chart *chart, const OssKernel *kernel)
{
  cairo_new_path (chart->cr); /* texts leave a point behind */
  for (double lp_cm = 0.0; lp_cm <= chart->most_lp_cm; lp_cm += 0.05)
    cairo_line_to (chart->cr, x_of (chart, lp_cm), y_of (chart, oss_kernel_mtf (kernel, lp_cm)));
  cairo_stroke (chart->cr);
}

static void
draw_points (const Chart *chart, const OssKernelMeasurement *measured)
{
  set_colour (chart->cr, chart->ink);
  for (int i = 0; i < OSS_KERNEL_MODULATIONS; i++)
    {
      double lp_cm = 0.5 * i, modulation = measured->modulation[i];

      if (!isfinite (modulation) || lp_cm > chart->most_lp_cm || modulation < 0.0 || modulation > MOST_MODULATION)
        continue;
      cairo_arc (chart->cr, x_of (chart, lp_cm), y_of (chart, modulation), 2.5, 0.0, 2.0 * G_PI);
      cairo_fill (chart->cr);
    }
}

static void
draw_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  static const double dashes[] = { 5.0, 4.0 };
  OssMtfView *self = data;
  const gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  const double end = self->some ? ceil (fmax (oss_kernel_f10 (&self->measured.kernel), 4.0) / 2.0) * 2.0 + 2.0 : 8.0;
  const Chart chart = { .cr = cr,
                        .width = width,
                        .height = height,
                        .most_lp_cm = fmin (end, 24.0),
                        .ink = dark ? 0xffffffu : 0x1b1b20u,
                        .dim = dark ? 0xc0bfc6u : 0x5e5c64u,
                        .grid = dark ? 0x4a4a50u : 0xdcdce0u,
                        .accent = dark ? 0x78aeedu : 0x1a5fb4u };

  if (!self->some)
    return;
  draw_axes (&chart, GTK_WIDGET (area));
  cairo_set_line_width (cr, 1.5);
  if (self->has_known)
    {
      cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0.0);
      set_colour (cr, chart.dim);
      draw_kernel (&chart, &self->known);
      cairo_set_dash (cr, NULL, 0, 0.0);
    }
  cairo_set_line_width (cr, 2.0);
  set_colour (cr, chart.accent);
  draw_kernel (&chart, &self->measured.kernel);
  draw_points (&chart, &self->measured);
}

static char *
describe (OssMtfView *self)
{
  const OssKernel *kernel = &self->measured.kernel;
  g_autofree char *f50 = oss_format_fixed (oss_kernel_half (kernel), 2),
                  *error = oss_format_fixed (self->measured.f50_error, 2);
  g_autofree char *f10 = oss_format_fixed (oss_kernel_f10 (kernel), 2);
  g_autofree char *known = self->has_known ? oss_format_fixed (oss_kernel_half (&self->known), 2) : NULL;

  if (self->has_known)
    return g_strdup_printf (
        _ ("Half of the modulation is left at %s ± %s lp/cm, a tenth at %s; the table has half at %s "
           "(dashed). Dots: without the fit."),
        f50, error, f10, known);
  return g_strdup_printf (_ ("Half of the modulation is left at %s ± %s lp/cm, a tenth at %s. Dots: without the fit."),
                          f50, error, f10);
}

void
oss_mtf_view_show (OssMtfView *self, const OssKernelMeasurement *measured, const OssKernel *known)
{
  self->some = measured != NULL;
  self->has_known = known != NULL && known->status != OSS_KERNEL_NO_MTF;
  gtk_widget_set_visible (GTK_WIDGET (self), self->some);
  if (!self->some)
    return;
  self->measured = *measured;
  if (self->has_known)
    self->known = *known;
  g_autofree char *said = describe (self);
  gtk_label_set_label (self->said, said);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, said, -1);
  gtk_widget_queue_draw (self->area);
}

static void
oss_mtf_view_class_init (OssMtfViewClass *klass)
{
}

static void
oss_mtf_view_init (OssMtfView *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);

  self->area = g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->area), HEIGHT_PX);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->area), draw_cb, self, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Modulation transfer function"), -1);
  /* Drawing areas tell readers nothing on this floor: what is drawn also stands in words. */
  self->said =
      g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, "wrap", TRUE, "xalign", 0.0, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->said), "numeric");
  gtk_box_append (GTK_BOX (box), self->area);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->said));
  adw_bin_set_child (ADW_BIN (self), box);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (gtk_widget_queue_draw),
                           self->area, G_CONNECT_SWAPPED);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
