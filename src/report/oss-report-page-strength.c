/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Estimates of strength side by side, and a page of the load beyond yield when there is a curve. */
#include "base/oss-i18n.h"
#include "report/oss-report-curve.h"
#include "report/oss-report-draw.h"
#include "report/oss-report-format.h"

#include <math.h>

#define ROWS 26 /* of the table of increments, the last one in any case */

static const OssTextStyle heading = {
  .size = 9.2, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1, .tag = "H2"
};
static const OssTextStyle name = { .size = 7.5, .color = OSS_INK, .tag = "TH" };
static const OssTextStyle words = { .size = 7.5, .color = OSS_DIM, .tag = "TD" };
static const OssTextStyle number = {
  .size = 7.5, .color = OSS_INK, .align = PANGO_ALIGN_RIGHT, .lines = 1, .tag = "TD"
};
static const OssTextStyle number_head = {
  .size = 7.5, .color = OSS_DIM, .align = PANGO_ALIGN_RIGHT, .lines = 1, .tag = "TH"
};

static double
put_heading (OssPage *page, double x, double y, double width, const char *text)
{
  oss_page_text (page, x, y, width, &heading, text);
  oss_page_rule (page, y + 13.0, x, x + width);
  return y + 16.0;
}

static double
put_estimate (OssPage *page, double y, OssEstimatorId id)
{
  const OssReportData *data = page->data;
  const OssEstimator *estimator = oss_estimator (id);
  const double width = page->right - page->left;
  g_autofree char *newton = oss_format_tens (oss_estimator_value (id, &data->strength, data->curve));
  const gboolean leads = g_str_equal (estimator->key, OSS_REPORT_STRENGTH_ESTIMATOR);
  g_autofree char *text = leads ? g_strdup_printf (_ ("%s (on page 1)"), _ (estimator->name)) : NULL;
  g_autofree char *force = g_strdup_printf ("%s" OSS_NBSP "N", newton);

  cairo_tag_begin (page->cr, "TR", NULL);
  double left = oss_page_text (page, page->left, y, 0.30 * width, &name, text != NULL ? text : _ (estimator->name));
  oss_page_text (page, page->left + 0.30 * width, y, 0.09 * width, &number, force);
  double right = oss_page_text (page, page->left + 0.41 * width, y, 0.59 * width, &words, _ (estimator->comparable));
  cairo_tag_end (page->cr, "TR");
  return y + MAX (left, right) + 1.0;
}

double
oss_page_estimators (OssPage *page, double y)
{
  y = put_heading (page, page->left, y, page->right - page->left, _ ("Strength by estimator"));
  cairo_tag_begin (page->cr, "Table", NULL);
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    if (page->data->curve != NULL || !oss_estimator ((OssEstimatorId) i)->nonlinear)
      y = put_estimate (page, y, (OssEstimatorId) i);
  cairo_tag_end (page->cr, "Table");
  if (page->data->curve == NULL)
    y += oss_page_text (page, page->left, y, page->right - page->left, &words,
                        _ ("Offset yield and plateau were not computed: they need a nonlinear solution."));
  return y + 6.0;
}

/* A row of two columns. */
static double
put_row (OssPage *page, double x, double y, double width, const char *key, const char *text)
{
  OssTextStyle key_style = words, text_style = name;

  key_style.tag = "TH";
  text_style.tag = "TD";
  cairo_tag_begin (page->cr, "TR", NULL);
  double left = oss_page_text (page, x, y, 0.36 * width, &key_style, key);
  double right = oss_page_text (page, x + 0.36 * width + 6.0, y, 0.64 * width - 6.0, &text_style, text);
  cairo_tag_end (page->cr, "TR");
  return y + MAX (left, right) + 0.6;
}

static double
put_rows (OssPage *page, double x, double y, double width)
{
  const OssReportData *data = page->data;
  const OssFemCurve *curve = data->curve;
  int newton = 0, linear = 0;
  double worst = 0.0;

  for (gsize i = 0; i < curve->n_points; i++)
    {
      newton += curve->points[i].iterations;
      linear += curve->points[i].linear_iterations;
      worst = fmax (worst, curve->points[i].residual);
    }
  g_autofree char *moved = oss_format_number (curve->points[curve->n_points - 1].displacement_mm, 3);
  g_autofree char *strain =
      oss_format_number (100.0 * curve->points[curve->n_points - 1].displacement_mm / data->strength.height_mm, 2);
  g_autofree char *reached = g_strdup_printf (_ ("%s mm, %s %% apparent strain"), moved, strain);
  g_autofree char *steps = g_strdup_printf (_ ("%zu, %d cut"), curve->n_points - 1, curve->cuts);
  g_autofree char *iterations = g_strdup_printf (_ ("%d of Newton, %d linear"), newton, linear);
  g_autofree char *residual = oss_format_power (worst);
  g_autofree char *balance = g_strdup_printf (_ ("at most %s of the reactions"), residual);
  g_autofree char *yielded = oss_format_quantity (100.0 * curve->yielded_share, 1, "%");
  g_autofree char *model = g_strdup_printf (_ ("%s, small strains, associated flow"), data->post_yield_words);
  const char *const rows[][2] = {
    { _ ("Yield law"), _ (data->yield_title) },
    { _ ("Yield stress"), data->yield_formula },
    { _ ("Source"), data->yield_source },
    { _ ("Criterion"), data->criterion },
    { _ ("Model"), model },
    { _ ("Reached"), reached },
    { _ ("Increments"), steps },
    { _ ("Iterations"), iterations },
    { _ ("Out of balance"), balance },
    { _ ("Volume yielded"), yielded },
    { _ ("Solver"), curve->solver },
    { _ ("End"), curve->converged ? _ ("the whole path was followed") : curve->reason },
  };

  y = put_heading (page, x, y, width, _ ("Beyond yield"));
  cairo_tag_begin (page->cr, "Table", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    y = put_row (page, x, y, width, rows[i][0], rows[i][1]);
  cairo_tag_end (page->cr, "Table");
  return y;
}

static double
put_cells (OssPage *page, double x, double y, double width, const OssTextStyle *style, const char *const cells[5])
{
  static const double right[5] = { 0.17, 0.36, 0.57, 0.79, 1.0 };
  double height = 0.0;

  cairo_tag_begin (page->cr, "TR", NULL);
  for (int i = 0; i < 5; i++)
    {
      const double from = i > 0 ? right[i - 1] : 0.0;

      height = fmax (height, oss_page_text (page, x + from * width, y, (right[i] - from) * width, style, cells[i]));
    }
  cairo_tag_end (page->cr, "TR");
  return y + height + 0.6;
}

static double
put_increments (OssPage *page, double x, double y, double width)
{
  const OssFemCurve *curve = page->data->curve;
  const char *const heads[5] = { "mm", _ ("strain, %"), _ ("load, N"), _ ("yielded, %"), _ ("residual") };
  const gsize every = (curve->n_points + ROWS - 1) / ROWS;

  y = put_heading (page, x, y, width, every > 1 ? _ ("Increments (all are in curve.csv)") : _ ("Increments"));
  cairo_tag_begin (page->cr, "Table", NULL);
  y = put_cells (page, x, y, width, &number_head, heads);
  for (gsize i = 0; i < curve->n_points; i++)
    {
      const OssLoadPoint *point = &curve->points[i];

      if (i % every != 0 && i + 1 != curve->n_points)
        continue;
      g_autofree char *moved = oss_format_number (point->displacement_mm, 3);
      g_autofree char *strain = oss_format_number (100.0 * point->displacement_mm / page->data->strength.height_mm, 2);
      g_autofree char *load = oss_format_tens (point->reaction_n);
      g_autofree char *yielded = oss_format_number (100.0 * point->yielded_mm3 / curve->volume_mm3, 1);
      g_autofree char *residual = i == 0 ? g_strdup (OSS_DASH) : oss_format_power (point->residual);
      const char *const cells[5] = { moved, strain, load, yielded, residual };

      y = put_cells (page, x, y, width, &number, cells);
    }
  cairo_tag_end (page->cr, "Table");
  return y;
}

void
oss_page_strength (OssPage *page)
{
  const OssTextStyle title = { .size = 14.0, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1, .tag = "H1" };
  const OssTextStyle caption = { .size = 7.5, .color = OSS_DIM, .lines = 2, .tag = "Caption" };
  const OssReportData *data = page->data;
  const double width = page->right - page->left, gap = 20.0, half = 0.5 * (width - gap);
  g_autofree char *said = oss_report_describe_curve (data->curve, data->strength.height_mm);
  OssCurveLook look = { .x = page->left,
                        .width = width,
                        .height = page->height > 800.0 ? 230.0 : 190.0,
                        .text_size = 7.5,
                        .font = "Cantarell, DejaVu Sans",
                        .ink = OSS_INK,
                        .dim = OSS_DIM,
                        .grid = 0xe2e2e6u,
                        .accent = OSS_NOT_INCREASED,
                        .selected = -1 };

  oss_page_text (page, page->left, 26.0, width, &title, _ ("Strength beyond yield"));
  look.y = put_heading (page, page->left, oss_page_estimators (page, 50.0), width, _ ("Load over displacement"));
  cairo_tag_begin (page->cr, "Figure", NULL);
  oss_report_draw_curve (page->cr, page->context, &look, data->curve, data->strength.height_mm);
  cairo_tag_end (page->cr, "Figure");
  double y = look.y + look.height + 3.0;
  y += oss_page_text (page, page->left, y, width, &caption, said);
  y += oss_page_text (page, page->left, y, width, &caption,
                      /* xgettext:no-c-format */
                      _ ("Dashed: the initial stiffness; dotted: the same line moved by 0.2 % of the height."))
       + 8.0;
  put_rows (page, page->left, y, half);
  put_increments (page, page->left + half + gap, y, half);
}
