/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phantom's rods on the image, alone and beside their fit. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "report/oss-report-draw.h"
#include "report/oss-report-format.h"

#include <math.h>
#include <string.h>

#define MARGIN_MM 45.0 /* around the row */
#define LEAST_MM 180.0
#define SHAPE 0.42 /* height by width */
#define PIXELS 760
#define USED_COLOR 0x8ff0a4u
#define LEFT_OUT_COLOR 0xff9a80u
#define POINT 2.0 /* pixels of the picture file */

/* A slice through the middle of the part that was read, with some of the patient above. */
void
oss_report_phantom_slice (const OssVolume *volume, const OssPhantomFit *fit, OssReportSlice *slice)
{
  const OssRod *first = &fit->rods[0], *last = &fit->rods[fit->n_rods - 1];
  const double length = hypot (last->centre_mm[0] - first->centre_mm[0], last->centre_mm[1] - first->centre_mm[1]);
  const double width = fmax (LEAST_MM, length + 2.0 * MARGIN_MM);

  slice->view = (OssSliceView){ .plane = OSS_PLANE_AXIAL,
                                .mm_per_pixel = width / PIXELS,
                                .width = PIXELS,
                                .height = (int) (SHAPE * PIXELS),
                                .level = 200.0,
                                .window = 1000.0,
                                .slab_mm = fmin (4.0, fit->high_mm - fit->low_mm) };
  for (int i = 0; i < 2; i++)
    slice->view.centre_mm[i] = 0.5 * (first->centre_mm[i] + last->centre_mm[i]);
  slice->view.centre_mm[1] -= 0.18 * SHAPE * width;
  slice->view.centre_mm[2] = 0.5 * (fit->low_mm + fit->high_mm);
  slice->picture = oss_slice_picture (volume, &slice->view);
}

/* A tick for rods that are used, a cross for those left out: colour never stands alone. */
static void
draw_mark (OssPage *page, double x, double y, double size, gboolean used)
{
  cairo_t *cr = page->cr;

  cairo_set_dash (cr, NULL, 0, 0.0);
  if (used)
    {
      cairo_move_to (cr, x - 0.5 * size, y);
      cairo_line_to (cr, x - 0.1 * size, y + 0.4 * size);
      cairo_line_to (cr, x + 0.6 * size, y - 0.5 * size);
    }
  else
    {
      cairo_move_to (cr, x - 0.5 * size, y - 0.5 * size);
      cairo_line_to (cr, x + 0.5 * size, y + 0.5 * size);
      cairo_move_to (cr, x + 0.5 * size, y - 0.5 * size);
      cairo_line_to (cr, x - 0.5 * size, y + 0.5 * size);
    }
}

static void
draw_ring (OssPage *page, double x, double y, double radius, gboolean used)
{
  static const double dashes[] = { 3.0, 2.0 };
  cairo_t *cr = page->cr;

  for (int pass = 0; pass < 2; pass++)
    {
      cairo_new_sub_path (cr);
      cairo_arc (cr, x, y, radius, 0.0, 2.0 * G_PI);
      if (!used)
        cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0.0);
      cairo_set_line_width (cr, pass == 0 ? 2.4 : 1.2);
      oss_page_color (page, pass == 0 ? 0x000000 : used ? USED_COLOR : LEFT_OUT_COLOR);
      cairo_stroke (cr);
      draw_mark (page, x + 0.85 * radius, y - 0.85 * radius, 5.0, used);
      cairo_stroke (cr);
    }
}

/* Where rod @i is at the picture's height. */
static void
rod_place (const OssPhantomFit *fit, int i, double z, double p[3])
{
  const OssRod *rod = &fit->rods[i];
  const double along = rod->axis[2] != 0.0 ? (z - rod->centre_mm[2]) / rod->axis[2] : 0.0;

  for (int c = 0; c < 3; c++)
    p[c] = rod->centre_mm[c] + along * rod->axis[c];
}

void
oss_page_phantom (OssPage *page, double x, double y, double width, double height)
{
  const OssReportSlice *slice = &page->data->phantom_slice;
  const OssPhantomFit *fit = &page->data->fit;
  const double scale = width / slice->view.width, whole = scale * slice->view.height;

  if (slice->picture == NULL)
    return;
  cairo_tag_begin (page->cr, "Figure", NULL);
  cairo_save (page->cr);
  cairo_rectangle (page->cr, x, y, width, height);
  cairo_clip (page->cr);
  y -= whole - height; /* the patient above the rods may be cut */
  oss_page_picture (page, slice->picture, x, y, width, whole);
  for (int i = 0; i < fit->n_rods; i++)
    {
      const gboolean around = fit->phantom.reference_rod && i > 0;
      double p[3], at[2];

      rod_place (fit, i, slice->view.centre_mm[2], p);
      oss_slice_from_patient (&slice->view, p, &at[0], &at[1]);
      const double cx = x + scale * at[0], cy = y + scale * at[1];
      const double radius = scale * fit->rods[i].radius_mm / slice->view.mm_per_pixel;
      g_autofree char *density = oss_format_number (fit->phantom.rod_density[i], 0);
      g_autofree char *name = g_strdup_printf ("%c  %s", 'A' + i, density);

      draw_ring (page, cx, cy, radius, fit->rods[i].used);
      oss_page_label (page, cx, cy + (around ? -1.0 : 1.0) * (radius + 7.0), 6.5,
                      fit->rods[i].used ? USED_COLOR : LEFT_OUT_COLOR, name);
    }
  cairo_restore (page->cr);
  cairo_tag_end (page->cr, "Figure");
}

/* ---- the picture file ---- */

static void
draw_words (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  const OssTextStyle title = { .size = 10.0, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1 };
  const OssTextStyle plain = { .size = 8.0, .color = OSS_INK, .lines = 1 };
  const double half = 0.5 * (page->right - page->left);
  const int rows = (data->fit.n_rods + 1) / 2;

  y += oss_page_text (page, page->left, y, 2.0 * half, &title, data->fit.phantom.title) + 3.0;
  for (int i = 0; i < data->fit.n_rods; i++)
    {
      const double cx = page->left + i / rows * half, cy = y + i % rows * 12.0;
      g_autofree char *text = oss_phantom_describe_rod (&data->fit, i);

      oss_page_color (page, data->fit.rods[i].used ? OSS_NOT_INCREASED : OSS_HIGH);
      draw_mark (page, cx + 4.0, cy + 5.5, 5.0, data->fit.rods[i].used);
      cairo_set_line_width (page->cr, 1.2);
      cairo_stroke (page->cr);
      oss_page_text (page, cx + 12.0, cy, half - 16.0, &plain, text);
    }
  g_autofree char *r2 = isfinite (data->line.r2) ? oss_format_number (data->line.r2, 4) : g_strdup ("–");
  g_autofree char *error = oss_format_number (data->line.uncertainty_mg_cm3, 2);
  g_autofree char *slope = oss_format_number (data->line.slope, 4);
  g_autofree char *intercept = oss_format_number (data->line.intercept, 2);
  /* Translators: slope, intercept, basis, R², error at 100 mg/cm³, number of slices. */
  g_autofree char *line =
      g_strdup_printf (_ ("%s × HU, intercept %s mg/cm³ %s; R² %s, ± %s mg/cm³ at 100; %d slices"), slope, intercept,
                       oss_report_basis_title (data->line.basis), r2, error, data->fit.slices_used);
  oss_page_text (page, page->left, y + rows * 12.0 + 3.0, 2.0 * half, &plain, line);
}

static gboolean
write_surface (cairo_surface_t *surface, const char *path, GError **error)
{
  const int width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);
  g_autoptr (OssPicture) picture = oss_picture_new (width, height);
  const guint8 *data = cairo_image_surface_get_data (surface);
  const int stride = cairo_image_surface_get_stride (surface);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        guint8 *p = picture->rgba + 4 * ((gsize) y * (gsize) width + (gsize) x);
        guint32 pixel;

        memcpy (&pixel, data + (gsize) y * (gsize) stride + 4 * (gsize) x, sizeof pixel);
        p[0] = (guint8) (pixel >> 16), p[1] = (guint8) (pixel >> 8), p[2] = (guint8) pixel, p[3] = 255;
      }
  return oss_report_png (picture, path, error);
}

gboolean
oss_report_phantom_png (OssStudy *study, const char *path, GError **error)
{
  g_autoptr (OssReportData) data = oss_report_data_from_study (study, NULL, TRUE);
  const double width = 620.0, picture = 380.0;

  if (!data->has_fit || data->phantom_slice.picture == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("This study was not calibrated with a phantom."));
      return FALSE;
    }
  const double top = 10.0 + SHAPE * picture + 8.0, height = top + 34.0 + 12.0 * ((data->fit.n_rods + 1) / 2) + 12.0;
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) (POINT * width), (int) (POINT * height));
  OssPage page = { .cr = cairo_create (surface),
                   .data = data,
                   .width = width,
                   .height = height,
                   .left = 10.0,
                   .right = width - 10.0,
                   .bottom = height,
                   .page = 1,
                   .pages = 1 };
  gboolean good = FALSE;

  if (cairo_status (page.cr) == CAIRO_STATUS_SUCCESS)
    {
      cairo_scale (page.cr, POINT, POINT);
      cairo_set_source_rgb (page.cr, 1.0, 1.0, 1.0);
      cairo_paint (page.cr);
      page.context = oss_page_context (page.cr);
      oss_page_phantom (&page, page.left, 10.0, picture, SHAPE * picture);
      oss_page_calibration_plot (&page, page.left + picture + 10.0, 10.0, page.right - page.left - picture - 10.0,
                                 SHAPE * picture);
      draw_words (&page, top);
      g_object_unref (page.context);
      cairo_surface_flush (surface);
      good = write_surface (surface, path, error);
    }
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The picture “%s” could not be made: %s."), path,
                 cairo_status_to_string (cairo_status (page.cr)));
  cairo_destroy (page.cr);
  cairo_surface_destroy (surface);
  return good;
}
