/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row a quantity, RFC 4180: CRLF, a point in numbers, no grouping, no names of people or files. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "report/oss-report-data.h"
#include "report/oss-report-nonlinear.h"

#include <math.h>

static void
add_field (GString *out, const char *text)
{
  if (text == NULL)
    return;
  if (strpbrk (text, ",\"\r\n") == NULL)
    {
      g_string_append (out, text);
      return;
    }
  g_string_append_c (out, '"');
  for (const char *c = text; *c != '\0'; c++)
    {
      if (*c == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *c);
    }
  g_string_append_c (out, '"');
}

static void
add_text (GString *out, const char *quantity, const char *value, const char *unit, const char *method,
          const char *source)
{
  const char *const fields[] = { quantity, value, unit, method, source };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      add_field (out, fields[i]);
    }
  g_string_append (out, "\r\n");
}

/* An empty value where there is none. */
static void
add_number (GString *out, const char *quantity, double value, const char *unit, const char *method, const char *source)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE] = "";

  if (isfinite (value))
    g_ascii_formatd (digits, sizeof digits, "%.9g", value);
  add_text (out, quantity, digits, unit, method, source);
}

/* The patient's own tissues, when the calibration rests on them. */
static void
add_tissues (GString *out, const OssReportInternal *internal)
{
  add_number (out, "effective_energy", internal->fit.energy_kev, "keV", oss_internal_model_name (internal->fit.model),
              "");
  add_number (out, "effective_energy_sd", internal->fit.energy_sd_kev, "keV", "standard error", "");
  add_number (out, "aorta_hu", internal->aorta_hu, "HU", internal->contrast ? "contrast agent" : "", "");
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      const OssOwnRegion *region = &internal->regions[t];
      g_autofree char *name = g_strdup_printf ("tissue_%s_hu", oss_own_tissue_key ((OssOwnTissue) t));

      add_number (out, name, region->found ? region->mean_hu : NAN, "HU", region->used ? "used" : "not used",
                  region->given ? "place given" : "found automatically");
    }
}

static void
add_part (GString *out, const char *name, const OssVbmdPart *part, const char *method, const char *source)
{
  g_autofree char *hu = g_strconcat (name, "_hu", NULL), *volume = g_strconcat (name, "_volume", NULL);

  add_number (out, name, part->mean_mg_cm3, "mg/cm3", method, source);
  add_number (out, hu, part->mean_hu, "HU", method, "");
  add_number (out, volume, part->volume_mm3, "mm3", method, "");
}

/* Densities that follow the outline of the body. */
static void
add_forms (GString *out, const OssReportData *self, const char *source)
{
  g_autofree char *peeled =
      g_strdup_printf ("label of the body peeled by %g mm, without the basivertebral vein", self->forms.peel_mm);
  g_autofree char *shell = g_strdup_printf ("outer %g mm of the label of the body", self->forms.shell_mm);

  if (!self->has_forms)
    return;
  add_part (out, "vbmd_eroded", &self->forms.eroded, peeled, source);
  add_part (out, "vbmd_integral", &self->forms.integral, "label of the body", source);
  add_part (out, "vbmd_cortical", &self->forms.cortical, shell, source);
}

static void
add_calibration (GString *out, const OssReportData *self)
{
  const char *method = self->line.method, *source = self->line.source;

  add_number (out, "calibration_slope", self->line.slope, "mg/cm3/HU", method, source);
  add_number (out, "calibration_intercept", self->line.intercept, "mg/cm3", method, source);
  add_text (out, "calibration_basis", oss_basis_name (self->line.basis), "", method, source);
  add_number (out, "calibration_r2", self->line.r2, "1", method, source);
  add_number (out, "calibration_uncertainty", self->line.uncertainty_mg_cm3, "mg/cm3", "standard error at 100 mg/cm3",
              source);
  if (self->has_internal)
    add_tissues (out, &self->internal);
  add_number (out, "vbmd", self->vbmd.mean_mg_cm3, "mg/cm3", "trabecular: mean in an elliptic cylinder in the body",
              source);
  add_number (out, "vbmd_sd", self->vbmd.sd_mg_cm3, "mg/cm3", "standard deviation of the voxels there", source);
  add_number (out, "vbmd_hu", self->vbmd.mean_hu, "HU", "mean CT number there", "");
  add_number (out, "vbmd_uncertainty_line", self->vbmd_error.line, "mg/cm3", "calibration line, by its covariance", "");
  add_number (out, "vbmd_uncertainty_noise", self->vbmd_error.noise, "mg/cm3", "mean over the region", "");
  add_number (out, "vbmd_uncertainty_kernel", self->vbmd_error.kernel, "mg/cm3", "sharp or unknown kernel", "");
  add_number (out, "vbmd_uncertainty_way", self->vbmd_error.way, "mg/cm3", "the rest, by virtual patients, in silico",
              "");
  add_forms (out, self, source);
}

static void
add_mechanics (GString *out, const OssReportData *self)
{
  const OssStrength *strength = &self->strength;
  const OssStressSummary *stress = &self->stress;
  const char *law = self->law_title, *source = self->law_source, *volume = "by volume over element means";

  add_number (out, "stiffness", strength->stiffness_n_per_mm, "N/mm", "reaction over displacement", "");
  add_number (out, "stiffness_uncertainty", self->linear_error.total * strength->stiffness_n_per_mm, "N/mm",
              "standard error", "");
  add_number (out, "strength", oss_report_data_strength (self), "N", OSS_REPORT_STRENGTH_ESTIMATOR, "");
  add_number (out, "strength_uncertainty", oss_report_data_strength_error (self), "N", "standard error", "");
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    {
      const OssEstimator *estimator = oss_estimator ((OssEstimatorId) i);
      g_autofree char *quantity = g_strconcat ("strength_", estimator->key, NULL);

      add_number (out, quantity, oss_estimator_value ((OssEstimatorId) i, strength, self->curve), "N",
                  estimator->method, estimator->source);
      g_autofree char *spread = g_strconcat (quantity, "_uncertainty", NULL);
      g_autofree char *comparable = g_strconcat (quantity, "_comparable_with", NULL);
      add_number (out, spread, oss_report_data_estimator_error (self, (OssEstimatorId) i), "N", "standard error", "");
      add_text (out, comparable, estimator->comparable, "", "", "");
    }
  add_number (out, "reaction", strength->reaction_n, "N", "superior endplate, along the axis", "");
  add_number (out, "displacement", self->displacement_mm, "mm", "superior endplate, along the axis", "");
  add_number (out, "body_height", strength->height_mm, "mm", "between the endplates", "");
  add_text (out, "caps", self->simulated ? oss_caps_name (self->caps.kind) : NULL, "", "", "");
  add_number (out, "caps_thickness", self->caps.thickness_mm, "mm", "from an endplate's mean height to its platen", "");
  add_number (out, "caps_modulus", self->caps.modulus_mpa, "MPa", "", "");
  add_number (out, "stiffness_with_caps", self->caps_stiffness_n_per_mm, "N/mm", "reaction over the platens' approach",
              "");
  add_number (out, "von_mises_max", stress->maximum_mpa, "MPa", volume, "");
  add_number (out, "von_mises_p99", stress->p99_mpa, "MPa", volume, "");
  add_number (out, "von_mises_p95", stress->p95_mpa, "MPa", volume, "");
  add_number (out, "von_mises_p50", stress->p50_mpa, "MPa", volume, "");
  add_number (out, "von_mises_mean", stress->mean_mpa, "MPa", volume, "");
  add_number (out, "modulus_mean", self->modulus.mean_mpa, "MPa", law, source);
  add_number (out, "outside_law_range", self->modulus.outside_range_percent, "%", law, source);
}

static void
add_origin (GString *out, const OssReportData *self)
{
  const char *engine = self->element;

  add_text (out, "program", "ossature " OSS_VERSION, "", "", "");
  add_text (out, "vertebra", self->vertebra, "", "", "");
  add_text (out, "kernel", self->kernel, "", "", "");
  if (self->correction != NULL)
    add_text (out, "kernel_corrected_to", self->correction->plan.to.name, "",
              self->correction->done ? "corrected" : "as wanted already", self->correction->plan.to.source);
  add_text (out, "density_class", self->class.density_class, "", "trabecular vBMD", self->class.source);
  add_number (out, "margin_to_limit", self->class.margin_mg_cm3, "mg/cm3", "trabecular vBMD", self->class.source);
  add_number (out, "label_volume", self->label_volume_mm3, "mm3", "", "");
  add_number (out, "mesh_elements", self->has_mesh ? (double) self->quality.elements : NAN, "1", engine, "");
  add_number (out, "mesh_nodes", self->has_mesh ? (double) self->quality.nodes : NAN, "1", engine, "");
  add_number (out, "mesh_element_size", self->element_size_mm, "mm", engine, "");
  add_number (out, "mesh_minimum_dihedral", self->has_mesh ? self->quality.minimum_dihedral_deg : NAN, "deg", engine,
              "");
  add_number (out, "solver_relative_residual", self->relative_residual, "1", self->solver, "");
  add_text (out, "input_sha256", self->input_hash, "", "", "");
  add_text (out, "result_sha256", self->result_hash, "", "", "");
}

gboolean
oss_report_data_csv (const OssReportData *self, const char *path, GError **error)
{
  g_autoptr (GString) out = g_string_new ("quantity,value,unit,method,source\r\n");

  add_origin (out, self);
  add_calibration (out, self);
  add_mechanics (out, self);
  return oss_file_write (path, out->str, out->len, error);
}

gboolean
oss_report_data_curve_csv (const OssReportData *self, const char *path, GError **error)
{
  if (self->curve == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no load-displacement curve to write."));
      return FALSE;
    }
  return oss_report_write_curve (self->curve, self->strength.height_mm, path, error);
}

gboolean
oss_report_curve_csv (OssStudy *study, const char *path, GError **error)
{
  g_autoptr (OssReportData) data = oss_report_data_from_study (study, NULL, FALSE);

  return oss_report_data_curve_csv (data, path, error);
}

gboolean
oss_report_csv (OssStudy *study, const char *path, GError **error)
{
  g_autoptr (OssReportData) data = oss_report_data_from_study (study, NULL, FALSE);

  return oss_report_data_csv (data, path, error);
}
