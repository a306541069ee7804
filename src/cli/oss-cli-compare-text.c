/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A comparison in words and as a record. */
#include "cli/oss-cli-compare.h"

#include "base/oss-i18n.h"
#include "report/oss-report-record.h"

#include <math.h>

/* Stiffness, by which two kernels are judged: what of its difference the line makes, and what the image. */
static gboolean
split (const OssCliComparison *self, double *texture, double *line)
{
  if (self->texture == NULL)
    return FALSE;
  *texture = oss_comparison_percent (self->a->stiffness_n_per_mm, self->texture->stiffness_n_per_mm);
  *line = oss_comparison_percent (self->texture->stiffness_n_per_mm, self->b->stiffness_n_per_mm);
  return TRUE;
}

typedef double (*PairValue) (const OssKernelPair *pair, int side);

static double
pair_stiffness (const OssKernelPair *pair, int side)
{
  return pair->stiffness_n_per_mm[side];
}

static double
pair_strength (const OssKernelPair *pair, int side)
{
  return pair->strength_n[side];
}

static double
pair_vbmd (const OssKernelPair *pair, int side)
{
  return pair->vbmd_mg_cm3[side];
}

static const struct
{
  const char *key, *title;
  PairValue of;
} pair_values[] = {
  { "vbmd", N_ ("density (vBMD)"), pair_vbmd },
  { "stiffness", N_ ("stiffness"), pair_stiffness },
  { "strength", N_ ("strength"), pair_strength },
};

static OssAgreement
agreement_of (const GArray *pairs, PairValue of)
{
  g_autofree double *a = g_new (double, pairs->len + 1), *b = g_new (double, pairs->len + 1);
  OssAgreement agreement;

  for (guint i = 0; i < pairs->len; i++)
    {
      a[i] = of (&g_array_index (pairs, OssKernelPair, i), 0);
      b[i] = of (&g_array_index (pairs, OssKernelPair, i), 1);
    }
  oss_agreement_compute (a, b, pairs->len, &agreement);
  return agreement;
}

static char *
value_text (double value, double error)
{
  if (isnan (value))
    return g_strdup ("–");
  return isnan (error) ? g_strdup_printf ("%.1f", value) : g_strdup_printf ("%.1f ± %.1f", value, error);
}

static void
add_quantity (GString *text, const OssComparisonQuantity *q)
{
  g_autofree char *a = value_text (q->a, q->error_a), *b = value_text (q->b, q->error_b);
  double both = hypot (q->error_a, q->error_b);
  const char *judged = isnan (both)                       ? ""
                       : fabs (q->a - q->b) > 1.96 * both ? _ ("beyond their errors")
                                                          : _ ("within their errors");

  if (!isnan (q->a) || !isnan (q->b))
    g_string_append_printf (text, _ ("  %-26s %18s %18s  %+6.1f %%  %s\n"), q->title, a, b,
                            oss_comparison_percent (q->a, q->b), judged);
}

static const char *
class_word (double value, double osteoporosis, double osteopenia)
{
  const char *name = oss_cut_offs_class (value, osteoporosis, osteopenia);
  return *name != '\0' ? _ (name) : "–";
}

static const char *
density_word (const char *density_class)
{
  return *density_class != '\0' && !g_str_equal (density_class, "none") ? _ (density_class) : "–";
}

static void
add_cut_offs (GString *text, const OssCliComparison *self)
{
  const OssComparisonSide *const sides[2] = { self->a, self->b };

  for (int i = 0; i < 2; i++)
    {
      const OssCutOffs *c = &self->cut_offs[i];
      if (!self->has_cut_offs[i])
        continue;
      g_string_append_printf (
          text,
          _ ("By the limits of that study for %s: stiffness %s (osteoporosis below %.0f N/mm, osteopenia below %.0f), "
             "strength %s (osteoporosis below %.0f N, osteopenia below %.0f)\n"),
          c->kernel, class_word (sides[i]->stiffness_n_per_mm, c->stiffness_osteoporosis, c->stiffness_osteopenia),
          c->stiffness_osteoporosis, c->stiffness_osteopenia,
          class_word (sides[i]->linear_2_percent_n, c->strength_osteoporosis, c->strength_osteopenia),
          c->strength_osteoporosis, c->strength_osteopenia);
      if (i == 1 || !self->has_cut_offs[1])
        g_string_append_printf (text, "(%s)\n", c->source);
    }
}

static void
add_pairs (GString *text, const OssCliComparison *self)
{
  if (self->pairs == NULL || self->pairs->len == 0)
    return;
  g_string_append_printf (text,
                          OSS_NGETTEXT ("%u pair of these kernels on this computer\n",
                                        "%u pairs of these kernels on this computer\n", self->pairs->len),
                          self->pairs->len);
  for (gsize i = 0; i < G_N_ELEMENTS (pair_values); i++)
    {
      OssAgreement g = agreement_of (self->pairs, pair_values[i].of);
      if (g.n >= 2)
        g_string_append_printf (text, _ ("  %-16s mean %+6.2f %%, 95 %% limits %+6.2f to %+6.2f %%\n"),
                                _ (pair_values[i].title), g.mean, g.low, g.high);
    }
}

char *
oss_cli_comparison_text (const OssCliComparison *self)
{
  OssComparisonQuantity quantities[OSS_N_COMPARISON_QUANTITIES];
  GString *text = g_string_new (NULL);
  double texture, line;

  oss_comparison_quantities (self->a, self->b, quantities);
  g_string_append_printf (text, "  %-26s %18s %18s\n", self->a->vertebra[0] != '\0' ? self->a->vertebra : "–",
                          self->names[0], self->names[1]);
  for (int i = 0; i < OSS_N_COMPARISON_QUANTITIES; i++)
    add_quantity (text, &quantities[i]);
  g_string_append_printf (text, _ ("  %-26s %18s %18s\n"), _ ("Class by vBMD"), density_word (self->a->density_class),
                          density_word (self->b->density_class));
  if (!g_str_equal (self->a->density_class, self->b->density_class))
    g_string_append (text, _ ("The class differs between the two.\n"));
  if (split (self, &texture, &line))
    g_string_append_printf (text, _ ("Why stiffness differs: calibration line %+.2f %%, image (kernel) %+.2f %%\n"),
                            line, texture);
  add_cut_offs (text, self);
  add_pairs (text, self);
  return g_string_free (text, FALSE);
}

static void
record_side (OssReportRecord *record, const char *name, const OssComparisonSide *side)
{
  oss_report_record_begin (record, name);
  oss_report_record_string (record, "kernel", side->kernel);
  oss_report_record_string (record, "study_uid", side->study_uid);
  oss_report_record_string (record, "series_uid", side->series_uid);
  oss_report_record_string (record, "calibration", side->method);
  oss_report_record_double (record, "slope", side->slope);
  oss_report_record_double (record, "intercept", side->intercept);
  oss_report_record_string (record, "class", side->density_class);
  oss_report_record_end (record);
}

static void
record_quantity (OssReportRecord *record, const OssComparisonQuantity *q)
{
  oss_report_record_begin (record, q->key);
  oss_report_record_string (record, "unit", q->unit);
  oss_report_record_double (record, "a", q->a);
  oss_report_record_double (record, "b", q->b);
  oss_report_record_double (record, "uncertainty_a", q->error_a);
  oss_report_record_double (record, "uncertainty_b", q->error_b);
  oss_report_record_double (record, "difference_percent", oss_comparison_percent (q->a, q->b));
  oss_report_record_end (record);
}

static void
record_cut_offs (OssReportRecord *record, const OssCliComparison *self)
{
  static const char *const names[2] = { "limits_a", "limits_b" };
  const OssComparisonSide *const sides[2] = { self->a, self->b };

  for (int i = 0; i < 2; i++)
    {
      const OssCutOffs *c = &self->cut_offs[i];
      if (!self->has_cut_offs[i])
        continue;
      oss_report_record_begin (record, names[i]);
      oss_report_record_string (record, "name", c->name);
      oss_report_record_string (record, "source", c->source);
      oss_report_record_string (
          record, "stiffness_class",
          oss_cut_offs_class (sides[i]->stiffness_n_per_mm, c->stiffness_osteoporosis, c->stiffness_osteopenia));
      oss_report_record_string (
          record, "strength_class",
          oss_cut_offs_class (sides[i]->linear_2_percent_n, c->strength_osteoporosis, c->strength_osteopenia));
      oss_report_record_end (record);
    }
}

static void
record_pairs (OssReportRecord *record, const GArray *pairs)
{
  if (pairs == NULL)
    return;
  oss_report_record_begin (record, "pairs");
  for (gsize i = 0; i < G_N_ELEMENTS (pair_values); i++)
    {
      OssAgreement g = agreement_of (pairs, pair_values[i].of);
      oss_report_record_begin (record, pair_values[i].key);
      oss_report_record_int (record, "n", g.n);
      oss_report_record_double (record, "mean_percent", g.mean);
      oss_report_record_double (record, "low_percent", g.low);
      oss_report_record_double (record, "high_percent", g.high);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}

char *
oss_cli_comparison_record (const OssCliComparison *self)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new (self->a->engine);
  OssComparisonQuantity quantities[OSS_N_COMPARISON_QUANTITIES];
  double texture, line;

  oss_report_record_string (record, "vertebra", self->a->vertebra);
  record_side (record, "a", self->a);
  record_side (record, "b", self->b);
  oss_comparison_quantities (self->a, self->b, quantities);
  oss_report_record_begin (record, "quantities");
  for (int i = 0; i < OSS_N_COMPARISON_QUANTITIES; i++)
    record_quantity (record, &quantities[i]);
  oss_report_record_end (record);
  if (split (self, &texture, &line))
    {
      oss_report_record_begin (record, "stiffness_difference");
      oss_report_record_double (record, "line_percent", line);
      oss_report_record_double (record, "image_percent", texture);
      oss_report_record_end (record);
    }
  record_cut_offs (record, self);
  record_pairs (record, self->pairs);
  return oss_report_record_text (record);
}
