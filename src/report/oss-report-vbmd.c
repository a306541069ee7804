/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-vbmd.h"

#include "base/oss-i18n.h"
#include "report/oss-report-builder.h"

#include <math.h>

/* No mean and standard deviation by age and sex was found with its source: without one there is no Z-score. */
static const char no_z_score[] = N_ ("No reference of mean and standard deviation by age and sex is confirmed, so no "
                                     "Z-score is given.");

double
oss_report_vbmd_mean (const OssCalibrationLine *line, const OssVbmdRow *rows, guint n, OssDensityError *error)
{
  double mean = 0.0, hu = 0.0, noise = 0.0;
  OssDensityError found = { 0 };

  for (guint i = 0; i < n; i++)
    {
      mean += rows[i].vbmd.mean_mg_cm3 / n;
      hu += rows[i].vbmd.mean_hu / n;
      noise = hypot (noise, rows[i].error.noise / n);
      found.kernel += rows[i].error.kernel / n;
      found.way += rows[i].error.way / n;
    }
  found.line = oss_calibration_uncertainty (line, hu);
  found.noise = noise;
  found.total = hypot (hypot (found.line, found.noise), hypot (found.kernel, found.way));
  *error = found;
  return mean;
}

const char *
oss_report_vbmd_class (const OssCalibrationLine *line, const OssVbmdRow *rows, guint n, double mean,
                       const char **reason)
{
  guint lumbar = 0;

  for (guint i = 0; i < n; i++)
    lumbar += rows[i].vertebra >= oss_vertebra_from_name ("L1") && rows[i].vertebra <= oss_vertebra_from_name ("L5");
  *reason = NULL;
  if (line->basis != OSS_BASIS_K2HPO4)
    *reason = _ ("The limits hold for K₂HPO₄-equivalent density; this study is on another basis.");
  else if (n != 2)
    *reason = _ ("The limits hold for the mean of two vertebrae.");
  else if (lumbar != n)
    *reason = _ ("The limits hold for lumbar vertebrae.");
  return *reason == NULL ? oss_study_density_class (mean) : "none";
}

static void
add_row (JsonBuilder *builder, const OssVbmdRow *row)
{
  json_builder_begin_object (builder);
  oss_json_string (builder, "vertebra", oss_vertebra_name (row->vertebra));
  oss_json_double (builder, "vbmd_mg_cm3", row->vbmd.mean_mg_cm3);
  oss_json_double (builder, "uncertainty_mg_cm3", row->error.total);
  oss_json_double (builder, "sd_mg_cm3", row->vbmd.sd_mg_cm3);
  oss_json_double (builder, "mean_hu", row->vbmd.mean_hu);
  if (row->has_forms)
    {
      oss_json_double (builder, "peel_mm", row->forms.peel_mm);
      oss_json_double (builder, "shell_mm", row->forms.shell_mm);
      oss_json_part (builder, "eroded", &row->forms.eroded);
      oss_json_part (builder, "integral", &row->forms.integral);
      oss_json_part (builder, "cortical", &row->forms.cortical);
    }
  json_builder_end_object (builder);
}

static void
add_error (JsonBuilder *builder, const OssDensityError *error)
{
  oss_json_begin (builder, "uncertainty");
  oss_json_double (builder, "line", error->line);
  oss_json_double (builder, "noise", error->noise);
  oss_json_double (builder, "kernel", error->kernel);
  oss_json_double (builder, "way", error->way);
  oss_json_double (builder, "total", error->total);
  json_builder_end_object (builder);
}

char *
oss_report_vbmd_json (OssStudy *study, const OssVbmdRow *rows, guint n)
{
  const OssCalibrationLine *line = &oss_study_get_calibrate (study)->line;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  OssDensityError error;
  const char *reason;
  double mean = oss_report_vbmd_mean (line, rows, n, &error);
  const char *class = oss_report_vbmd_class (line, rows, n, mean, &reason);

  json_builder_begin_object (builder);
  oss_json_string (builder, "program", "ossature");
  oss_json_string (builder, "version", OSS_VERSION);
  oss_json_begin (builder, "calibration");
  oss_json_string (builder, "method", line->method);
  oss_json_double (builder, "slope", line->slope);
  oss_json_double (builder, "intercept", line->intercept);
  oss_json_string (builder, "basis", oss_basis_name (line->basis));
  oss_json_double (builder, "r2", line->r2);
  oss_json_double (builder, "uncertainty_mg_cm3", line->uncertainty_mg_cm3);
  oss_json_string (builder, "source", line->source);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "vertebrae");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n; i++)
    add_row (builder, &rows[i]);
  json_builder_end_array (builder);
  oss_json_begin (builder, "mean");
  oss_json_double (builder, "vbmd_mg_cm3", mean);
  add_error (builder, &error);
  json_builder_end_object (builder);
  oss_json_begin (builder, "classification");
  oss_json_string (builder, "class", class);
  oss_json_string (builder, "reason", reason);
  oss_json_string (builder, "source", oss_study_density_class_source ());
  json_builder_end_object (builder);
  oss_json_null (builder, "z_score");
  oss_json_string (builder, "z_score_reason", _ (no_z_score));
  json_builder_end_object (builder);
  return oss_json_text (builder);
}

static void
append_spread (GString *text, double spread)
{
  if (isfinite (spread))
    g_string_append_printf (text, " ± %.0f", fmax (1.0, spread));
}

char *
oss_report_vbmd_text (OssStudy *study, const OssVbmdRow *rows, guint n)
{
  const OssCalibrationLine *line = &oss_study_get_calibrate (study)->line;
  GString *text = g_string_new (oss_study_get_message (study, OSS_STEP_CALIBRATE));
  OssDensityError error;
  const char *reason;
  double mean = oss_report_vbmd_mean (line, rows, n, &error);
  const char *class = oss_report_vbmd_class (line, rows, n, mean, &reason);

  g_string_append_printf (text, "\n%s\n",
                          _ ("mg/cm³        ellipse         peeled   whole   outer   HU of the ellipse"));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GString) ellipse = g_string_new (NULL);

      g_string_append_printf (ellipse, "%.0f", rows[i].vbmd.mean_mg_cm3);
      append_spread (ellipse, rows[i].error.total);
      g_string_append_printf (text, "%-12s  %-14s  %6.0f  %6.0f  %6.0f  %5.0f\n", oss_vertebra_name (rows[i].vertebra),
                              ellipse->str, rows[i].forms.eroded.mean_mg_cm3, rows[i].forms.integral.mean_mg_cm3,
                              rows[i].forms.cortical.mean_mg_cm3, rows[i].vbmd.mean_hu);
    }
  g_string_append_printf (text, OSS_NGETTEXT ("Mean of %u vertebra: %.0f", "Mean of %u vertebrae: %.0f", n), n, mean);
  append_spread (text, error.total);
  g_string_append_printf (text, " mg/cm³ (%s)\n", oss_basis_name (line->basis));
  if (reason != NULL)
    g_string_append_printf (text, _ ("No class: %s\n"), reason);
  else
    g_string_append_printf (text, _ ("Class: %s (ACR bands: below 80, 80 to 120, above 120 mg/cm³)\n"), class);
  g_string_append_printf (text, "%s\n", _ (no_z_score));
  g_string_append (text, _ ("Research software, not a medical device. Not for diagnosis.\n"));
  return g_string_free (text, FALSE);
}
