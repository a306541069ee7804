/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page 1: read in ten seconds.  Order: head, class, two readings, three facts, three pictures, what would
 * change the reading, comment, signature. */
#include "base/oss-i18n.h"
#include "report/oss-report-draw.h"
#include "report/oss-report-format.h"

#include <math.h>

#define SIGNATURE_HEIGHT 36.0
#define BAND_HEIGHT 66.0
#define CARD_HEIGHT 96.0
#define FACT_HEIGHT 57.0
#define GAP 13.0

static const OssTextStyle label = { .size = 7.5, .color = OSS_DIM, .lines = 1 };
static const OssTextStyle small_note = { .size = 7.5, .color = OSS_DIM, .lines = 2 };
static const OssTextStyle strong = { .size = 9.2, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1 };
static const OssTextStyle heading = { .size = 10.5, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .tag = "H2" };
static const OssTextStyle body = { .size = 8.8, .color = OSS_INK };
static const OssTextStyle caption = { .size = 7.5, .color = OSS_DIM, .lines = 2, .tag = "Caption" };

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

static double
draw_title (OssPage *page)
{
  const OssReportData *data = page->data;
  const OssTextStyle title = { .size = 18.0, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .tag = "H1" };
  const OssTextStyle sub = { .size = 9.0, .color = OSS_DIM, .lines = 1 };
  const double width = page->right - page->left;

  oss_page_fit (page, page->left, 32.0, width, &title, _ ("Vertebral strength from CT"));
  oss_page_fit (page, page->left, 56.0, width, &sub,
                has_text (data->institution) ? data->institution : _ ("Ossature: density and mechanics of a vertebra"));
  oss_page_rule (page, 75.0, page->left, page->right);
  return 81.0;
}

static char *
born_and_sex (const OssReportData *data)
{
  const char *sex = g_strcmp0 (data->sex, "F") == 0   ? _ ("female")
                    : g_strcmp0 (data->sex, "M") == 0 ? _ ("male")
                    : has_text (data->sex)            ? _ ("other")
                                                      : _ ("sex not given");

  if (has_text (data->born) && has_text (data->age))
    /* Translators: date of birth, age in years, sex */
    return g_strdup_printf (_ ("%s (%s), %s"), data->born, data->age, sex);
  if (has_text (data->born))
    return g_strdup_printf (_ ("%s, %s"), data->born, sex);
  if (has_text (data->age))
    /* Translators: age in years, sex */
    return g_strdup_printf (_ ("%s years, %s"), data->age, sex);
  return g_strdup (sex);
}

static double
draw_identity (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  g_autofree char *born = born_and_sex (data);
  g_autofree char *scan = has_text (data->scan_time) ? g_strdup_printf (_ ("%s, %s"), data->scan_date, data->scan_time)
                                                     : g_strdup (data->scan_date);
  const struct
  {
    const char *label, *value;
    double share;
  } columns[] = {
    { _ ("Patient"), data->patient_name ? data->patient_name : _ ("not named"), 0.23 },
    { _ ("Identifier"), data->patient_id, 0.18 },
    { data->born ? _ ("Born, sex") : _ ("Age, sex"), born, 0.25 },
    { _ ("Scan"), scan, 0.21 },
    { _ ("Vertebra"), has_text (data->vertebra) ? data->vertebra : _ ("level not given"), 0.13 },
  };
  double x = page->left;

  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      const double width = columns[i].share * (page->right - page->left);

      oss_page_fit (page, x, y, width - 8.0, &label, columns[i].label);
      oss_page_fit (page, x, y + 10.0, width - 8.0, &strong, has_text (columns[i].value) ? columns[i].value : OSS_DASH);
      x += width;
    }
  return y + 34.0;
}

/* "Trabecular density is below 80 mg/cm³ (K₂HPO₄)." */
static char *
class_sentence (const OssReportData *data)
{
  const char *class = data->class.density_class, *basis = oss_report_basis_title (data->line.basis);
  const int low = (int) OSS_REPORT_OSTEOPOROSIS_MG_CM3, high = (int) OSS_REPORT_NORMAL_MG_CM3;

  if (g_strcmp0 (class, "osteoporosis") == 0)
    return g_strdup_printf (_ ("Trabecular density is below %d mg/cm³ (%s)."), low, basis);
  if (g_strcmp0 (class, "low") == 0)
    return g_strdup_printf (_ ("Trabecular density is between %d and %d mg/cm³ (%s)."), low, high, basis);
  if (g_strcmp0 (class, "normal") == 0)
    return g_strdup_printf (_ ("Trabecular density is above %d mg/cm³ (%s)."), high, basis);
  return g_strdup (has_text (data->class.reason) ? data->class.reason : _ ("There is no reading to classify."));
}

static void
draw_band_right (OssPage *page, double x, double y, double width)
{
  const OssReportData *data = page->data;
  const guint32 amber = OSS_INCREASED;
  const OssTextStyle badge = {
    .size = 11.5, .weight = PANGO_WEIGHT_BOLD, .color = amber, .align = PANGO_ALIGN_RIGHT, .lines = 1
  };
  const OssTextStyle margin = { .size = 8.2, .color = OSS_INK, .align = PANGO_ALIGN_RIGHT, .lines = 1 };
  const OssTextStyle notice = {
    .size = 8.2, .weight = PANGO_WEIGHT_BOLD, .color = amber, .align = PANGO_ALIGN_RIGHT, .lines = 1
  };

  if (isfinite (data->class.margin_mg_cm3))
    {
      g_autofree char *distance = oss_format_number (data->class.margin_mg_cm3, 0);
      g_autofree char *spread = oss_format_spread (data->vbmd_uncertainty_mg_cm3);
      g_autofree char *text = isfinite (data->vbmd_uncertainty_mg_cm3)
                                  ? g_strdup_printf (_ ("%s mg/cm³ from a limit, known to ± %s"), distance, spread)
                                  : g_strdup_printf (_ ("%s mg/cm³ from a limit, ± not known"), distance);

      if (data->class.borderline)
        /* Translators: the uncertainty reaches a limit; must not sound like a diagnosis */
        oss_page_fit (page, x, y + 10.0, width, &badge, _ ("Borderline"));
      oss_page_fit (page, x, y + 28.0, width, &margin, text);
    }
  oss_page_fit (page, x, y + 45.0, width, &notice, _ ("Not for diagnosis"));
}

static double
draw_band (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  const char *class = data->class.density_class;
  const double width = page->right - page->left, text_x = page->left + 70.0, right_width = 168.0;
  const double text_width = width - 70.0 - right_width - 22.0;
  const OssTextStyle word = { .size = 23.0, .weight = PANGO_WEIGHT_ULTRABOLD, .color = oss_class_color (class) };
  const OssTextStyle sentence = { .size = 8.6, .color = OSS_INK, .lines = 2 };
  g_autofree char *text = class_sentence (data);

  oss_page_box (page, page->left, y, width, BAND_HEIGHT, 7.0);
  oss_page_color (page, oss_class_ground (class));
  cairo_fill_preserve (page->cr);
  oss_page_color (page, oss_class_color (class));
  cairo_set_line_width (page->cr, 0.9);
  cairo_stroke (page->cr);

  oss_page_class_shape (page, class, page->left + 15.0, y + 13.0, 40.0);
  oss_page_fit (page, text_x, y + 6.5, text_width, &label, _ ("Density class (trabecular vBMD)"));
  oss_page_fit (page, text_x, y + 14.0, text_width, &word, oss_class_word (class));
  oss_page_text (page, text_x, y + 42.5, text_width, &sentence, text);
  draw_band_right (page, page->right - right_width - 14.0, y, right_width);
  return y + BAND_HEIGHT + GAP;
}

/* Value, unit and ± on one baseline. */
static void
draw_value (OssPage *page, double x, double y, double width, const char *value, const char *unit, const char *spread)
{
  const OssTextStyle style = { .size = 11.0, .color = OSS_INK, .lines = 1 };
  g_autofree char *markup =
      g_markup_printf_escaped ("<span size='%d' weight='bold'>%s</span>  %s   <span color='#5e5c64'>%s</span>",
                               20 * PANGO_SCALE, value, unit, spread);

  oss_page_markup (page, x, y, width, &style, markup);
}

static void
draw_strength_card (OssPage *page, double x, double y, double width)
{
  const OssReportData *data = page->data;
  const OssTextStyle corner = { .size = 8.5, .color = OSS_DIM, .align = PANGO_ALIGN_RIGHT, .lines = 1 };
  const OssTextStyle why = { .size = 7.6, .color = OSS_DIM, .lines = 3 };
  const double inner = width - 20.0;
  g_autofree char *value = oss_format_tens (oss_report_data_strength (data));

  oss_page_card (page, x, y, width, CARD_HEIGHT);
  oss_page_fit (page, x + 10.0, y + 7.0, 0.62 * inner, &strong, _ ("Strength in compression"));
  oss_page_fit (page, x + 10.0 + 0.64 * inner, y + 7.5, 0.36 * inner, &corner, _ ("No limits apply"));
  const double error = oss_report_data_strength_error (data);
  g_autofree char *spread = oss_format_tens (fmax (10.0, error));
  g_autofree char *plus_minus =
      isfinite (error) ? g_strdup_printf ("±" OSS_NBSP "%s", spread) : g_strdup (_ ("± not known"));

  draw_value (page, x + 10.0, y + 19.0, inner, value, "N", plus_minus);
  oss_page_text (page, x + 10.0, y + 49.0, inner, &why,
                 /* xgettext:no-c-format */
                 _ ("Estimator: load at 0.68 % apparent strain of a linear model (0.0068 × stiffness × height). "
                    "Published strength bands were made for another, nonlinear estimate; they are not applied."));
}

static void
draw_density_card (OssPage *page, double x, double y, double width)
{
  const OssReportData *data = page->data;
  const OssTextStyle corner = { .size = 8.5,
                                .weight = PANGO_WEIGHT_BOLD,
                                .color = oss_class_color (data->class.density_class),
                                .align = PANGO_ALIGN_RIGHT,
                                .lines = 1 };
  const double inner = width - 20.0;
  g_autofree char *value = oss_format_number (data->has_vbmd ? data->vbmd.mean_mg_cm3 : NAN, 0);
  g_autofree char *spread = oss_format_spread (data->vbmd_uncertainty_mg_cm3);
  g_autofree char *plus_minus = isfinite (data->vbmd_uncertainty_mg_cm3) ? g_strdup_printf ("±" OSS_NBSP "%s", spread)
                                                                         : g_strdup (_ ("± not known"));
  g_autofree char *unit = g_strdup_printf ("mg/cm³ %s", oss_report_basis_title (data->line.basis));

  oss_page_card (page, x, y, width, CARD_HEIGHT);
  oss_page_fit (page, x + 10.0, y + 7.0, 0.55 * inner, &strong, _ ("Density (trabecular vBMD)"));
  oss_page_fit (page, x + 10.0 + 0.57 * inner, y + 7.5, 0.43 * inner, &corner,
                oss_class_word (data->class.density_class));
  draw_value (page, x + 10.0, y + 19.0, inner, value, unit, plus_minus);
  if (g_strcmp0 (data->class.density_class, "none") != 0)
    {
      oss_page_density_scale (page, x + 10.0, y + 60.0, inner);
      return;
    }
  /* Bands that do not hold for this density are not shown. */
  const OssTextStyle why = { .size = 7.6, .color = OSS_DIM, .lines = 3 };
  oss_page_text (page, x + 10.0, y + 49.0, inner, &why,
                 has_text (data->class.reason) ? data->class.reason : _ ("There is no reading to classify."));
}

static double
draw_cards (OssPage *page, double y)
{
  const double width = 0.5 * (page->right - page->left - GAP);

  draw_strength_card (page, page->left, y, width);
  draw_density_card (page, page->left + width + GAP, y, width);
  return y + CARD_HEIGHT + 9.0;
}

static void
draw_fact (OssPage *page, double x, double y, double width, const char *title, const char *value, const char *note)
{
  const OssTextStyle big = { .size = 12.5, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1 };
  const OssTextStyle small = { .size = 8.4, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1 };

  oss_page_card (page, x, y, width, FACT_HEIGHT);
  oss_page_fit (page, x + 10.0, y + 6.0, width - 18.0, &small, title);
  oss_page_fit (page, x + 10.0, y + 17.5, width - 18.0, &big, value);
  oss_page_text (page, x + 10.0, y + 34.5, width - 18.0, &small_note, note);
}

static double
draw_facts (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  const double width = (page->right - page->left - 2.0 * 9.0) / 3.0;
  g_autofree char *stiffness = oss_format_tens (data->strength.stiffness_n_per_mm);
  const double error = data->linear_error.total * data->strength.stiffness_n_per_mm;
  g_autofree char *spread = oss_format_tens (fmax (10.0, error));
  g_autofree char *stiffness_text = isfinite (error) ? g_strconcat (stiffness, OSS_NBSP "N/mm ±" OSS_NBSP, spread, NULL)
                                                     : g_strconcat (stiffness, OSS_NBSP "N/mm", NULL);
  g_autofree char *load = oss_format_tens (data->strength.reaction_n);
  g_autofree char *load_text = g_strconcat (load, OSS_NBSP "N", NULL);
  g_autofree char *moved = oss_format_quantity (data->displacement_mm, 2, "mm");
  g_autofree char *share = oss_format_number (100.0 * data->displacement_mm / data->strength.height_mm, 2);
  g_autofree char *load_note = g_strdup_printf (_ ("At %s (%s %% of the height)"), moved, share);
  g_autofree char *stress = oss_format_quantity (data->stress.p95_mpa, 2, "MPa");
  g_autofree char *median = oss_format_number (data->stress.p50_mpa, 2);
  g_autofree char *stress_note = g_strdup_printf (_ ("95th percentile by volume; median %s"), median);

  draw_fact (page, page->left, y, width, _ ("Stiffness"), stiffness_text, _ ("No limits published"));
  draw_fact (page, page->left + width + 9.0, y, width, _ ("Load in the stress map"), load_text, load_note);
  draw_fact (page, page->left + 2.0 * (width + 9.0), y, width, _ ("Von Mises stress"), stress, stress_note);
  return y + FACT_HEIGHT + GAP;
}

static void
draw_missing (OssPage *page, double x, double y, double width, double height, const char *why)
{
  const OssTextStyle style = { .size = 8.2, .color = OSS_DIM, .align = PANGO_ALIGN_CENTER, .lines = 4 };

  oss_page_card (page, x, y, width, height);
  oss_page_text (page, x + 10.0, y + 0.45 * height, width - 20.0, &style, why);
}

static char *
axial_caption (const OssReportData *data)
{
  if (!data->has_vbmd)
    return g_strdup (_ ("Axial through the body"));
  if (has_text (data->kernel))
    return g_strdup_printf (_ ("Axial, density read in the ellipse; kernel %s"), data->kernel);
  return g_strdup (_ ("Axial, density read in the ellipse"));
}

static double
draw_pictures (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  const double gap = 12.0, height = CLAMP (176.0 - (841.89 - page->height), 110.0, 176.0);
  const double width = 0.274 * (page->right - page->left), last = page->right - page->left - 2.0 * (width + gap);
  const OssPlane planes[2] = { OSS_PLANE_SAGITTAL, OSS_PLANE_AXIAL };
  g_autofree char *kernel =
      has_text (data->kernel) ? g_strdup_printf (_ ("kernel %s"), data->kernel) : g_strdup (_ ("kernel not given"));
  const char *vertebra = has_text (data->vertebra) ? data->vertebra : _ ("vertebra");
  g_autofree char *sagittal = g_strdup_printf (_ ("Sagittal, %s outlined"), vertebra);
  g_autofree char *axial = axial_caption (data);
  const char *captions[2] = { sagittal, axial };

  for (int i = 0; i < 2; i++)
    {
      const double x = page->left + i * (width + gap);

      if (data->slices[planes[i]].picture)
        oss_page_slice (page, &data->slices[planes[i]], x, y, width, height, i == 1);
      else
        draw_missing (page, x, y, width, height, _ ("No picture: the vertebra was not segmented"));
      oss_page_text (page, x, y + height + 3.0, width, &caption, captions[i]);
    }
  const double x = page->left + 2.0 * (width + gap);
  if (data->stress_picture)
    oss_page_picture_whole (page, data->stress_picture, x, y, last, height);
  else
    draw_missing (page, x, y, last, height,
                  has_text (data->stress_caption) ? data->stress_caption : _ ("No stress picture was given"));
  oss_page_text (page, x, y + height + 3.0, last, &caption,
                 data->stress_picture && has_text (data->stress_caption) ? data->stress_caption
                                                                         : _ ("Von Mises stress"));
  return y + height + 26.0;
}

static double
draw_changes (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  /* Two lines rather than half a sentence. */
  const OssTextStyle line = { .size = 8.6, .color = OSS_DIM, .lines = 2, .tag = "LI" };
  const double width = page->right - page->left - 14.0;

  y += oss_page_text (page, page->left, y, page->right - page->left, &heading, _ ("What would change this reading"))
       + 2.0;
  cairo_tag_begin (page->cr, "L", NULL);
  for (guint i = 0; i < data->changes->len; i++)
    {
      const OssReportChange *change = &g_array_index (data->changes, OssReportChange, i);
      const gboolean warning = change->kind == OSS_CHANGE_WARNING;
      g_autofree char *markup = g_markup_printf_escaped ("<span color='#1b1b20' weight='bold'>%s</span>  %s",
                                                         change->statement, change->meaning);

      oss_page_color (page, warning ? OSS_INCREASED : OSS_NOT_INCREASED);
      if (warning)
        {
          cairo_move_to (page->cr, page->left + 4.0, y + 2.8);
          cairo_rel_line_to (page->cr, 3.2, 5.6);
          cairo_rel_line_to (page->cr, -6.4, 0.0);
          cairo_close_path (page->cr);
        }
      else
        cairo_arc (page->cr, page->left + 4.0, y + 6.0, 2.2, 0.0, 2.0 * G_PI);
      cairo_fill (page->cr);
      y += oss_page_markup (page, page->left + 14.0, y, width, &line, markup) + 2.2;
    }
  cairo_tag_end (page->cr, "L");
  return y + 7.0;
}

static double
draw_comment (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  const double width = page->right - page->left;
  OssTextStyle style = body;

  y += oss_page_text (page, page->left, y, width, &heading, _ ("Reader’s comment")) + 2.0;
  if (!has_text (data->comment))
    {
      style.color = OSS_DIM;
      return y + oss_page_text (page, page->left, y, width, &style, _ ("None.")) + 8.0;
    }
  g_autofree char *markup = g_markup_escape_text (data->comment, -1);
  if (y + oss_page_measure (page, width, &style, markup) > page->bottom - SIGNATURE_HEIGHT)
    page->comment_apart = TRUE;
  if (page->comment_apart)
    {
      g_autofree char *more = g_strdup_printf (_ ("The comment is on page %d."), page->pages);

      return y + oss_page_text (page, page->left, y, width, &style, more) + 8.0;
    }
  return y + oss_page_text (page, page->left, y, width, &style, data->comment) + 8.0;
}

static void
draw_signature (OssPage *page, double y)
{
  const OssReportData *data = page->data;
  const double width = page->right - page->left;
  const double x[3] = { page->left, page->left + 0.37 * width, page->left + 0.57 * width };

  oss_page_fit (page, x[0], y, 0.35 * width, &label, _ ("Read by"));
  if (has_text (data->reader))
    oss_page_fit (page, x[0], y + 10.0, 0.35 * width, &strong, data->reader);
  else
    oss_page_rule (page, y + 26.0, x[0], x[1] - 14.0);
  oss_page_fit (page, x[1], y, 0.18 * width, &label, _ ("Date"));
  oss_page_rule (page, y + 26.0, x[1], x[2] - 14.0);
  oss_page_fit (page, x[2], y, 0.4 * width, &label, _ ("Signature"));
  oss_page_rule (page, y + 26.0, x[2], page->right);
}

void
oss_page_first (OssPage *page)
{
  double y = draw_title (page);

  y = draw_identity (page, y);
  y = draw_band (page, y);
  y = draw_cards (page, y);
  y = draw_facts (page, y);
  y = draw_pictures (page, y);
  y = draw_changes (page, y);
  y = draw_comment (page, y);
  draw_signature (page, MIN (y + 4.0, page->bottom - 30.0));
}

double
oss_page_comment (OssPage *page, double y)
{
  const double width = page->right - page->left;

  y += oss_page_text (page, page->left, y, width, &heading, _ ("Reader’s comment")) + 4.0;
  return y + oss_page_text (page, page->left, y, width, &body, page->data->comment) + 14.0;
}
