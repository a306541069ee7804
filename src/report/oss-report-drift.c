/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-drift.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "report/oss-report-builder.h"
#include "report/oss-report-drift-draw.h"
#include "report/oss-report-format.h"
#include "report/oss-report-picture.h"

#include <cairo-pdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PAGE_WIDTH 595.28 /* A4, points */
#define PANEL_HEIGHT 300.0
#define MARGIN 40.0
#define PNG_SCALE 2.0

typedef struct
{
  cairo_t *cr;
  PangoContext *context;
  const OssDriftLook *look;
  double x, y, width, height; /* of a panel between its axes */
  double low, high;           /* values */
  double first, last;         /* days */
} Panel;

static double
day_of (const OssQualityScan *scan)
{
  int y = 1970, m = 1, d = 1;
  GDate date;

  if (sscanf (scan->date, "%4d-%2d-%2d", &y, &m, &d) != 3 || m < 1 || d < 1
      || !g_date_valid_dmy ((GDateDay) d, (GDateMonth) m, (GDateYear) y))
    return 0.0;
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) d, (GDateMonth) m, (GDateYear) y);
  return g_date_get_julian (&date);
}

static const OssQualityPoint *
point_at (const OssQualityGroup *group, guint i)
{
  return &g_array_index (group->points, OssQualityPoint, i);
}

static void
set_color (const Panel *self, guint32 color)
{
  cairo_set_source_rgb (self->cr, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

static double
place_x (const Panel *self, double day)
{
  return self->x + self->width * (day - self->first) / (self->last - self->first);
}

static double
place_y (const Panel *self, double value)
{
  return self->y + self->height * (1.0 - (value - self->low) / (self->high - self->low));
}

/* @ax, @ay: the share of the words left of and above the place; kept inside the box sideways. */
static void
write_text (const Panel *self, double x, double y, double ax, double ay, guint32 color, const char *text)
{
  g_autoptr (PangoLayout) layout = pango_layout_new (self->context);
  PangoFontDescription *font = pango_font_description_copy (pango_context_get_font_description (self->context));
  int w, h;

  if (self->look->font != NULL)
    pango_font_description_set_family (font, self->look->font);
  pango_font_description_set_absolute_size (font, self->look->text_size * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (layout, text, -1);
  pango_layout_get_size (layout, &w, &h);
  double width = (double) w / PANGO_SCALE, height = (double) h / PANGO_SCALE;
  x = CLAMP (x - ax * width, self->look->x, MAX (self->look->x, self->look->x + self->look->width - width));
  cairo_move_to (self->cr, x, y - ay * height);
  set_color (self, color);
  pango_cairo_show_layout (self->cr, layout);
  cairo_new_path (self->cr);
}

static void
draw_axes (const Panel *self, const char *title)
{
  double ticks[OSS_MOST_TICKS];
  int decimals;
  const double size = self->look->text_size, gap = 0.35 * size;
  int n = oss_report_ticks (self->low, self->high, ticks, &decimals);

  cairo_set_line_width (self->cr, 0.06 * size);
  for (int i = 0; i < n; i++)
    {
      g_autofree char *text = oss_format_number (ticks[i], decimals);

      set_color (self, self->look->grid);
      cairo_move_to (self->cr, self->x, place_y (self, ticks[i]));
      cairo_rel_line_to (self->cr, self->width, 0.0);
      cairo_stroke (self->cr);
      write_text (self, self->x - gap, place_y (self, ticks[i]), 1.0, 0.5, self->look->dim, text);
    }
  set_color (self, self->look->ink);
  cairo_set_line_width (self->cr, 0.1 * size);
  cairo_move_to (self->cr, self->x, self->y);
  cairo_rel_line_to (self->cr, 0.0, self->height);
  cairo_rel_line_to (self->cr, self->width, 0.0);
  cairo_stroke (self->cr);
  write_text (self, self->look->x, self->y - 0.5 * size, 0.0, 1.0, self->look->dim, title);
}

static void
draw_level (const Panel *self, double value, guint32 color, double dash)
{
  cairo_save (self->cr);
  set_color (self, color);
  cairo_set_line_width (self->cr, 0.1 * self->look->text_size);
  cairo_set_dash (self->cr, &dash, 1, 0.0);
  cairo_move_to (self->cr, self->x, place_y (self, value));
  cairo_rel_line_to (self->cr, self->width, 0.0);
  cairo_stroke (self->cr);
  cairo_restore (self->cr);
}

/* Dots within the limits, diamonds beyond them. */
static void
draw_points (const Panel *self, const OssQualityGroup *group, gboolean slope)
{
  const double r = 0.35 * self->look->text_size;

  set_color (self, self->look->accent);
  cairo_set_line_width (self->cr, 0.12 * self->look->text_size);
  for (guint i = 0; i < group->points->len; i++)
    {
      const OssQualityPoint *point = point_at (group, i);

      cairo_line_to (self->cr, place_x (self, day_of (point->scan)),
                     place_y (self, slope ? point->scan->slope : point->at_100_mg_cm3));
    }
  cairo_stroke (self->cr);
  for (guint i = 0; i < group->points->len; i++)
    {
      const OssQualityPoint *point = point_at (group, i);
      double x = place_x (self, day_of (point->scan));
      double y = place_y (self, slope ? point->scan->slope : point->at_100_mg_cm3);

      set_color (self, point->outside ? self->look->warn : self->look->accent);
      if (point->outside)
        {
          cairo_move_to (self->cr, x, y - 1.5 * r);
          cairo_line_to (self->cr, x + 1.5 * r, y);
          cairo_line_to (self->cr, x, y + 1.5 * r);
          cairo_line_to (self->cr, x - 1.5 * r, y);
          cairo_close_path (self->cr);
        }
      else
        cairo_arc (self->cr, x, y, r, 0.0, 2.0 * G_PI);
      cairo_fill (self->cr);
    }
}

/* The span of values with room around it. */
static void
span_of (Panel *self, const OssQualityGroup *group, gboolean slope)
{
  self->low = slope ? G_MAXDOUBLE : 100.0 - 1.4 * OSS_QUALITY_DRIFT_MG_CM3;
  self->high = slope ? -G_MAXDOUBLE : 100.0 + 1.4 * OSS_QUALITY_DRIFT_MG_CM3;
  for (guint i = 0; i < group->points->len; i++)
    {
      const OssQualityPoint *point = point_at (group, i);
      double value = slope ? point->scan->slope : point->at_100_mg_cm3, room = slope ? 0.01 * value : 0.7;

      self->low = MIN (self->low, value - room);
      self->high = MAX (self->high, value + room);
    }
}

void
oss_report_draw_drift (cairo_t *cr, PangoContext *context, const OssDriftLook *look, const OssQualityGroup *group)
{
  const double size = look->text_size, left = 4.6 * size, below = 1.8 * size, above = 2.0 * size;
  const double first = day_of (point_at (group, 0)->scan);
  const double last = day_of (point_at (group, group->points->len - 1)->scan);
  const double half = 0.5 * (look->height - below);
  Panel panel = { .cr = cr,
                  .context = context,
                  .look = look,
                  .x = look->x + left,
                  .width = look->width - left - 1.5 * size,
                  .height = half - above - 0.5 * size,
                  .first = first - MAX (5.0, 0.03 * (last - first)),
                  .last = last + MAX (5.0, 0.03 * (last - first)) };

  if (panel.width <= 0.0 || panel.height <= 0.0)
    return;
  for (int slope = 0; slope < 2; slope++)
    {
      panel.y = look->y + above + slope * half;
      span_of (&panel, group, slope);
      draw_axes (&panel,
                 slope ? _ ("Slope, mg/cm³ per HU") : _ ("Density where the first scan’s line reads 100 mg/cm³"));
      for (int side = -1; !slope && side <= 1; side++)
        draw_level (&panel, 100.0 + side * OSS_QUALITY_DRIFT_MG_CM3, side == 0 ? look->dim : look->warn, 0.5 * size);
      draw_points (&panel, group, slope);
    }
  write_text (&panel, place_x (&panel, first), look->y + look->height, first == last ? 0.5 : 0.0, 1.0, look->dim,
              point_at (group, 0)->scan->date);
  if (last > first)
    write_text (&panel, place_x (&panel, last), look->y + look->height, 1.0, 1.0, look->dim,
                point_at (group, group->points->len - 1)->scan->date);
}

char *
oss_report_describe_drift (const OssQualityGroup *group)
{
  const OssQualityPoint *first = point_at (group, 0), *last = point_at (group, group->points->len - 1);
  g_autofree char *now = oss_format_number (last->at_100_mg_cm3, 1), *slope = oss_format_number (last->scan->slope, 4);
  g_autofree char *limit = oss_format_number (OSS_QUALITY_DRIFT_MG_CM3, 1);
  guint outside = 0;

  for (guint i = 0; i < group->points->len; i++)
    outside += point_at (group, i)->outside;
  g_autofree char *verdict =
      outside == 0
          ? g_strdup_printf (_ ("all within ± %s mg/cm³"), limit)
          : g_strdup_printf (OSS_NGETTEXT ("%u beyond ± %s mg/cm³", "%u beyond ± %s mg/cm³", outside), outside, limit);
  if (group->points->len == 1)
    return g_strdup_printf (_ ("One scan, of %s; slope %s"), first->scan->date, slope);
  return g_strdup_printf (_ ("%u scans from %s to %s; now %s mg/cm³ where the first read 100, slope %s; %s"),
                          group->points->len, first->scan->date, last->scan->date, now, slope, verdict);
}

/* --- Files --- */

static cairo_status_t
append_cb (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static void
draw_group (cairo_t *cr, const OssQualityGroup *group, double y)
{
  const OssDriftLook look = { .x = MARGIN,
                              .y = y + 34.0,
                              .width = PAGE_WIDTH - 2.0 * MARGIN,
                              .height = PANEL_HEIGHT - 54.0,
                              .text_size = 9.0,
                              .font = "Cantarell, DejaVu Sans",
                              .ink = 0x1b1b20u,
                              .dim = 0x5e5c64u,
                              .grid = 0xe2e2e6u,
                              .accent = 0x1a5fb4u,
                              .warn = 0xa51d2du };
  PangoContext *context = pango_cairo_create_context (cr);
  const Panel head = { .cr = cr, .context = context, .look = &look };
  g_autofree char *said = oss_report_describe_drift (group);
  g_autofree char *title = g_strdup_printf ("%s (%s)", group->name, oss_basis_name (group->basis));

  write_text (&head, MARGIN, y, 0.0, 0.0, look.ink, title);
  write_text (&head, MARGIN, y + 14.0, 0.0, 0.0, look.dim, said);
  oss_report_draw_drift (cr, context, &look, group);
  g_object_unref (context);
}

static cairo_status_t
draw_pdf (const GPtrArray *groups, GByteArray *bytes)
{
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream (append_cb, bytes, PAGE_WIDTH, 841.89);
  cairo_t *cr = cairo_create (surface);

  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, _ ("Quality scans"));
  for (guint i = 0; i < groups->len; i++)
    {
      draw_group (cr, groups->pdata[i], MARGIN + (i % 2) * (PANEL_HEIGHT + 60.0));
      if (i % 2 == 1 || i + 1 == groups->len)
        cairo_show_page (cr);
    }
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  cairo_status_t status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  return status;
}

static cairo_status_t
draw_png (const GPtrArray *groups, GByteArray *bytes)
{
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) (PNG_SCALE * PAGE_WIDTH),
                                  (int) (PNG_SCALE * (MARGIN + groups->len * (PANEL_HEIGHT + 20.0))));
  cairo_t *cr = cairo_create (surface);

  cairo_scale (cr, PNG_SCALE, PNG_SCALE);
  cairo_set_source_rgb (cr, 1.0, 1.0, 1.0);
  cairo_paint (cr);
  for (guint i = 0; i < groups->len; i++)
    draw_group (cr, groups->pdata[i], 0.5 * MARGIN + i * (PANEL_HEIGHT + 20.0));
  cairo_destroy (cr);
  cairo_status_t status = cairo_surface_write_to_png_stream (surface, append_cb, bytes);
  cairo_surface_destroy (surface);
  return status;
}

static void
append_number (GString *text, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE] = "";

  if (isfinite (value))
    g_ascii_formatd (digits, sizeof digits, "%.9g", value);
  g_string_append_printf (text, ",%s", digits);
}

static void
append_text (GString *text, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, "\"", -1);
  g_autofree char *quoted = g_strjoinv ("\"\"", parts);

  g_string_append_printf (text, "\"%s\"", quoted);
}

static void
write_csv (const GPtrArray *groups, GByteArray *bytes)
{
  g_autoptr (GString) text =
      g_string_new ("scanner_kvp_kernel,basis,date,phantom,slope_mg_cm3_per_hu,intercept_mg_cm3,at_100_mg_cm3,r2,"
                    "uncertainty_mg_cm3,outside\r\n");

  for (guint g = 0; g < groups->len; g++)
    {
      const OssQualityGroup *group = groups->pdata[g];

      for (guint i = 0; i < group->points->len; i++)
        {
          const OssQualityPoint *point = point_at (group, i);
          const double numbers[] = { point->scan->slope, point->scan->intercept, point->at_100_mg_cm3, point->scan->r2,
                                     point->scan->uncertainty_mg_cm3 };

          append_text (text, group->name);
          g_string_append_printf (text, ",%s,%s,", oss_basis_name (group->basis), point->scan->date);
          append_text (text, point->scan->phantom);
          for (gsize n = 0; n < G_N_ELEMENTS (numbers); n++)
            append_number (text, numbers[n]);
          g_string_append_printf (text, ",%d\r\n", point->outside);
        }
    }
  g_byte_array_append (bytes, (const guint8 *) text->str, (guint) text->len);
}

gboolean
oss_report_write_drift (const GPtrArray *scans, const char *path, GError **error)
{
  g_autoptr (GPtrArray) groups = oss_quality_groups (scans);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *lower = g_ascii_strdown (path, -1);
  cairo_status_t status = CAIRO_STATUS_SUCCESS;

  if (groups->len == 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("No quality scan is kept on this computer."));
      return FALSE;
    }
  if (g_str_has_suffix (lower, ".pdf"))
    status = draw_pdf (groups, bytes);
  else if (g_str_has_suffix (lower, ".png"))
    status = draw_png (groups, bytes);
  else if (g_str_has_suffix (lower, ".csv"))
    write_csv (groups, bytes);
  else
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s”: a chart is a .png, .pdf or .csv file."), path);
      return FALSE;
    }
  if (status == CAIRO_STATUS_SUCCESS)
    return oss_file_write (path, (const char *) bytes->data, bytes->len, error);
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” was not drawn: %s."), path,
               cairo_status_to_string (status));
  return FALSE;
}

static void
add_scan (JsonBuilder *builder, const OssQualityPoint *point)
{
  const OssQualityScan *scan = point->scan;

  json_builder_begin_object (builder);
  oss_json_int (builder, "id", scan->id);
  oss_json_string (builder, "date", scan->date);
  oss_json_string (builder, "manufacturer", scan->manufacturer);
  oss_json_string (builder, "model", scan->model);
  oss_json_string (builder, "station", scan->station);
  oss_json_double (builder, "kvp", scan->kvp);
  oss_json_string (builder, "kernel", scan->kernel);
  oss_json_string (builder, "phantom", scan->phantom);
  oss_json_string (builder, "series_uid", scan->series_uid);
  oss_json_string (builder, "basis", scan->basis);
  oss_json_double (builder, "slope", scan->slope);
  oss_json_double (builder, "intercept", scan->intercept);
  oss_json_double (builder, "r2", scan->r2);
  oss_json_double (builder, "uncertainty_mg_cm3", scan->uncertainty_mg_cm3);
  oss_json_double (builder, "variance_slope", scan->variance_slope);
  oss_json_double (builder, "variance_intercept", scan->variance_intercept);
  oss_json_double (builder, "covariance", scan->covariance);
  oss_json_double (builder, "table_height_mm", scan->table_height_mm);
  oss_json_double (builder, "at_100_mg_cm3", point->at_100_mg_cm3);
  oss_json_flag (builder, "outside", point->outside);
  json_builder_end_object (builder);
}

char *
oss_report_drift_json (const GPtrArray *scans)
{
  g_autoptr (GPtrArray) groups = oss_quality_groups (scans);
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  oss_json_string (builder, "program", "ossature");
  oss_json_string (builder, "version", OSS_VERSION);
  oss_json_double (builder, "limit_mg_cm3", OSS_QUALITY_DRIFT_MG_CM3);
  json_builder_set_member_name (builder, "groups");
  json_builder_begin_array (builder);
  for (guint g = 0; g < groups->len; g++)
    {
      const OssQualityGroup *group = groups->pdata[g];

      json_builder_begin_object (builder);
      oss_json_string (builder, "name", group->name);
      oss_json_string (builder, "basis", oss_basis_name (group->basis));
      json_builder_set_member_name (builder, "scans");
      json_builder_begin_array (builder);
      for (guint i = 0; i < group->points->len; i++)
        add_scan (builder, point_at (group, i));
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return oss_json_text (builder);
}
