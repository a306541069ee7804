/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "report/oss-report-draw.h"
#include "report/oss-report-format.h"

#include <cairo-pdf.h>
#include <math.h>

#define MARGIN 42.0
#define BOTTOM_MARGIN 32.0
#define FOOT_HEIGHT 70.0   /* gap, method line, notice, page line */
#define METHOD_HEIGHT 19.0 /* two lines, on page 1 only */

/* When the report is made: SOURCE_DATE_EPOCH where it is set, so that equal input gives equal bytes. */
static GDateTime *
now (void)
{
  const char *epoch = g_getenv ("SOURCE_DATE_EPOCH");
  gint64 seconds;

  if (epoch != NULL && g_ascii_string_to_signed (epoch, 10, 0, G_MAXINT32, &seconds, NULL))
    return g_date_time_new_from_unix_utc (seconds);
  return g_date_time_new_now_local ();
}

static char *
method_line (const OssReportData *data)
{
  g_autofree char *size = oss_format_quantity (data->element_size_mm, 1, "mm");

  if (!data->simulated)
    return g_strdup (_ ("Method: no simulation was run."));
  if (data->curve != NULL)
    return g_strdup_printf (
        _ ("Method: %s %s, linear compression and beyond yield; density %s, %s; modulus law %s; yield law %s; limits "
           "ACR."),
        oss_report_element_title (data->element), size, oss_report_basis_title (data->line.basis), data->line.source,
        _ (data->law_title), _ (data->yield_title));
  if (data->caps.kind != OSS_CAPS_NONE)
    return g_strdup_printf (_ ("Method: %s %s, linear compression between caps, %s; density %s, %s; modulus law %s; "
                               "limits ACR."),
                            oss_report_element_title (data->element), size, oss_caps_title (data->caps.kind),
                            oss_report_basis_title (data->line.basis), data->line.source, _ (data->law_title));
  return g_strdup_printf (_ ("Method: %s %s, linear compression; density %s, %s; modulus law %s; limits ACR."),
                          oss_report_element_title (data->element), size, oss_report_basis_title (data->line.basis),
                          data->line.source, _ (data->law_title));
}

/* The foot: method line (page 1), notice, program and page. */
static void
draw_foot (OssPage *page, GDateTime *made)
{
  const OssReportData *data = page->data;
  const OssTextStyle line = { .size = 7.5, .color = OSS_DIM, .lines = 2 };
  const OssTextStyle notice = { .size = 7.5, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INCREASED, .lines = 2 };
  const OssTextStyle number = { .size = 7.5, .color = OSS_DIM, .lines = 1, .align = PANGO_ALIGN_RIGHT };
  const double width = page->right - page->left;
  double y = page->bottom + 12.0;
  g_autofree char *date = g_date_time_format (made, "%Y-%m-%d %H:%M");
  g_autofree char *short_hash = g_strndup (data->result_hash ? data->result_hash : "", 8);
  g_autofree char *program = g_strdup_printf (_ ("Ossature %s · result %s · made %s"), OSS_VERSION, short_hash, date);
  g_autofree char *pages = g_strdup_printf ("%d" OSS_NBSP "/" OSS_NBSP "%d", page->page, page->pages);

  oss_page_rule (page, y, page->left, page->right);
  y += 5.0;
  if (page->page == 1)
    {
      g_autofree char *method = method_line (data);

      y += oss_page_text (page, page->left, y, width, &line, method) + 1.5;
    }
  oss_page_text (page, page->left, y, width, &notice,
                 _ ("Research software, not a medical device. Not for diagnosis. Each ± is a standard error; "
                    "its share beyond line, noise and kernel is from virtual patients, in silico."));
  y = page->height - BOTTOM_MARGIN - 12.0;
  oss_page_fit (page, page->left, y, 0.85 * width, &line, program);
  oss_page_text (page, page->left, y, width, &number, pages);
}

/* Text is laid out in points, without fitting to a screen's pixels. */
PangoContext *
oss_page_context (cairo_t *cr)
{
  PangoContext *context = pango_cairo_create_context (cr);
  cairo_font_options_t *options = cairo_font_options_create ();

  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options (context, options);
  cairo_font_options_destroy (options);
  pango_cairo_context_set_resolution (context, 72.0);
  pango_context_set_round_glyph_positions (context, FALSE);
  return context;
}

static void
open_page (OssPage *page, const OssReportData *data, const char *paper, cairo_t *cr)
{
  const gboolean letter = paper != NULL && g_ascii_strcasecmp (paper, "Letter") == 0;

  *page = (OssPage){ .cr = cr,
                     .context = oss_page_context (cr),
                     .data = data,
                     .width = letter ? 612.0 : 595.276,
                     .height = letter ? 792.0 : 841.89,
                     .page = 1,
                     .pages = 2 };
  page->left = MARGIN;
  page->right = page->width - MARGIN;
  page->bottom = page->height - BOTTOM_MARGIN - FOOT_HEIGHT;
}

static void
set_page (OssPage *page, int number)
{
  page->page = number;
  page->bottom = page->height - BOTTOM_MARGIN - FOOT_HEIGHT + (number > 1 ? METHOD_HEIGHT : 0.0);
}

/* Draws the first two pages nowhere, to see what does not fit there. */
static void
measure_pages (OssPage *page, const OssReportData *data, const char *paper)
{
  cairo_surface_t *surface = cairo_recording_surface_create (CAIRO_CONTENT_COLOR, NULL);
  cairo_t *cr = cairo_create (surface);

  open_page (page, data, paper, cr);
  set_page (page, 1);
  oss_page_first (page);
  set_page (page, 2);
  oss_page_second (page);
  g_clear_object (&page->context);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
draw_pages (OssPage *page, cairo_surface_t *surface, GDateTime *made)
{
  static void (*const pages[]) (OssPage *) = { oss_page_first, oss_page_second, oss_page_strength, oss_page_third };
  const char *names[] = { _ ("Reading"), _ ("Method and quality"), _ ("Strength beyond yield"),
                          _ ("Comment and notes") };

  cairo_tag_begin (page->cr, "Document", NULL);
  for (int i = 0; i < page->pages; i++)
    {
      const int which = i == 2 && page->data->curve == NULL ? 3 : i;
      g_autofree char *place = g_strdup_printf ("page=%d pos=[0 0]", i + 1);

      set_page (page, i + 1);
      cairo_pdf_surface_add_outline (surface, CAIRO_PDF_OUTLINE_ROOT, names[which], place, CAIRO_PDF_OUTLINE_FLAG_OPEN);
      cairo_tag_begin (page->cr, "Sect", NULL);
      pages[which](page);
      draw_foot (page, made);
      if (page->data->out_of_date)
        oss_page_stamp (page, _ ("Out of date"));
      cairo_tag_end (page->cr, "Sect");
      if (i + 1 == page->pages)
        cairo_tag_end (page->cr, "Document");
      cairo_show_page (page->cr);
    }
}

static void
set_metadata (cairo_surface_t *surface, const OssReportData *data, GDateTime *made)
{
  g_autofree char *date = g_date_time_format (made, "%Y-%m-%dT%H:%M:%S%:z");
  /* File lists show the title: it names nobody. */
  g_autofree char *title = g_strdup_printf (_ ("Vertebral strength from CT, %s"), data->vertebra ? data->vertebra : "");

  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, title);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_AUTHOR, data->reader ? data->reader : "");
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_SUBJECT,
                                  _ ("Density, stiffness, strength and stress of a vertebra. Not for diagnosis."));
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_KEYWORDS, "vBMD, finite element analysis, vertebra, CT");
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, "Ossature " OSS_VERSION);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_MOD_DATE, date);
}

/* cairo_write_func_t */
static cairo_status_t
append (void *closure, const unsigned char *bytes, unsigned int length)
{
  g_byte_array_append (closure, bytes, length);
  return CAIRO_STATUS_SUCCESS;
}

gboolean
oss_report_data_pdf (const OssReportData *self, const char *paper, const char *path, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GDateTime) made = now ();
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream (append, bytes, 1.0, 1.0);
  cairo_t *cr = cairo_create (surface);
  cairo_status_t status;
  OssPage page, measured;

  measure_pages (&measured, self, paper);
  open_page (&page, self, paper, cr);
  page.comment_apart = measured.comment_apart;
  page.notes_apart = measured.notes_apart;
  page.pages = 2 + (self->curve != NULL) + (page.comment_apart || page.notes_apart);
  cairo_pdf_surface_set_size (surface, page.width, page.height);
  set_metadata (surface, self, made);
  draw_pages (&page, surface, made);

  g_object_unref (page.context);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The report “%s” could not be drawn: %s."), path,
                   cairo_status_to_string (status));
      return FALSE;
    }
  return oss_file_write (path, bytes->data, bytes->len, error);
}

gboolean
oss_report_pdf (OssStudy *study, const OssReportOptions *options, const char *path, GError **error)
{
  g_autoptr (OssReportData) data = NULL;

  if (oss_study_get_simulate (study) == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("There is no result to report in “%s” yet. Run the simulation first."), path);
      return FALSE;
    }
  data = oss_report_data_from_study (study, options, TRUE);
  return oss_report_data_pdf (data, options ? options->paper : NULL, path, error);
}
