/* SPDX-License-Identifier: GPL-3.0-or-later */
/* result.json: the keys are a contract.  What was not computed is null. */
#include "report/oss-report-builder.h"
#include "report/oss-report-data.h"

#include <math.h>

static void
add_input (JsonBuilder *builder, const OssReportData *self)
{
  oss_json_begin (builder, "input");
  oss_json_string (builder, "study_uid", self->study_uid);
  oss_json_string (builder, "series_uid", self->series_uid);
  oss_json_string (builder, "sha256", self->input_hash);
  oss_json_double (builder, "kvp", self->kvp > 0.0 ? self->kvp : NAN);
  oss_json_ints (builder, "size", self->grid.size, 3);
  oss_json_doubles (builder, "spacing_mm", self->grid.spacing, 3);
  json_builder_end_object (builder);
}

/* A rod along its length: what drifts, shows. */
static void
add_profile (JsonBuilder *builder, const OssPhantomFit *fit, int rod)
{
  double hu[OSS_PHANTOM_MAX_PROFILE];

  for (int i = 0; i < fit->n_profile; i++)
    hu[i] = fit->profile_hu[i][rod];
  oss_json_doubles (builder, "profile_hu", hu, fit->rods[rod].used ? fit->n_profile : 0);
}

static void
add_rods (JsonBuilder *builder, const OssPhantomFit *fit)
{
  json_builder_set_member_name (builder, "rods");
  json_builder_begin_array (builder);
  for (int i = 0; i < fit->n_rods; i++)
    {
      json_builder_begin_object (builder);
      oss_json_double (builder, "density_mg_cm3", fit->phantom.rod_density[i]);
      oss_json_double (builder, "mean_hu", fit->rods[i].mean_hu);
      oss_json_double (builder, "sd_hu", fit->rods[i].sd_hu);
      oss_json_double (builder, "error_hu", fit->rods[i].error_hu);
      oss_json_double (builder, "drift_hu_per_cm", fit->rods[i].drift_hu_per_cm);
      oss_json_double (builder, "residual_hu", fit->rods[i].used ? fit->rods[i].residual_hu : NAN);
      oss_json_doubles (builder, "centre_mm", fit->rods[i].centre_mm, 3);
      oss_json_flag (builder, "used", fit->rods[i].used);
      oss_json_string (builder, "fault", fit->rods[i].used ? NULL : oss_rod_fault_key (fit->rods[i].fault));
      add_profile (builder, fit, i);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  oss_json_string (builder, "serial", *fit->phantom.serial != '\0' ? fit->phantom.serial : NULL);
  oss_json_string (builder, "densities_of_serials", *fit->phantom.serials != '\0' ? fit->phantom.serials : NULL);
  oss_json_int (builder, "slices", fit->slices_used);
  oss_json_doubles (builder, "profile_mm", fit->profile_mm, fit->n_profile);
}

static void
add_calibration (JsonBuilder *builder, const OssReportData *self)
{
  oss_json_begin (builder, "calibration");
  oss_json_string (builder, "method", self->has_calibration ? self->line.method : NULL);
  oss_json_double (builder, "slope", self->has_calibration ? self->line.slope : NAN);
  oss_json_double (builder, "intercept", self->has_calibration ? self->line.intercept : NAN);
  oss_json_string (builder, "basis", self->has_calibration ? oss_basis_name (self->line.basis) : NULL);
  oss_json_double (builder, "r2", self->line.r2);
  oss_json_double (builder, "uncertainty_mg_cm3", self->line.uncertainty_mg_cm3);
  oss_json_double (builder, "variance_slope", self->line.variance_slope);
  oss_json_double (builder, "variance_intercept", self->line.variance_intercept);
  oss_json_double (builder, "covariance", self->line.covariance);
  oss_json_string (builder, "source", self->line.source);
  if (self->quality_date != NULL)
    {
      oss_json_string (builder, "quality_date", self->quality_date);
      oss_json_string (builder, "quality_series_uid", self->quality_series_uid);
      oss_json_int (builder, "quality_days", self->quality_days);
    }
  if (self->has_fit)
    {
      oss_json_string (builder, "phantom", self->fit.phantom.name);
      add_rods (builder, &self->fit);
    }
  if (self->has_internal)
    oss_json_internal (builder, &self->internal);
  json_builder_end_object (builder);
}

/* Densities that follow the outline of the body. */
static void
add_forms (JsonBuilder *builder, const OssReportData *self)
{
  if (!self->has_forms)
    return;
  oss_json_begin (builder, "body_density");
  oss_json_double (builder, "peel_mm", self->forms.peel_mm);
  oss_json_double (builder, "shell_mm", self->forms.shell_mm);
  oss_json_part (builder, "eroded", &self->forms.eroded);
  oss_json_part (builder, "integral", &self->forms.integral);
  oss_json_part (builder, "cortical", &self->forms.cortical);
  json_builder_end_object (builder);
}

static void
add_strength_error (JsonBuilder *builder, const char *name, const OssStrengthError *error)
{
  oss_json_begin (builder, name);
  oss_json_double (builder, "density_exponent", error->exponent);
  oss_json_double (builder, "percent_per_mg_cm3", 100.0 * error->per_mg_cm3);
  oss_json_double (builder, "line_percent", 100.0 * error->line);
  oss_json_double (builder, "kernel_percent", 100.0 * error->kernel);
  oss_json_double (builder, "way_percent", 100.0 * error->way);
  oss_json_double (builder, "total_percent", 100.0 * error->total);
  json_builder_end_object (builder);
}

/* Standard errors, and what they are made of. */
static void
add_uncertainty (JsonBuilder *builder, const OssReportData *self)
{
  oss_json_begin (builder, "uncertainty");
  oss_json_begin (builder, "density_mg_cm3");
  oss_json_double (builder, "line", self->vbmd_error.line);
  oss_json_double (builder, "noise", self->vbmd_error.noise);
  oss_json_double (builder, "kernel", self->vbmd_error.kernel);
  oss_json_double (builder, "way", self->vbmd_error.way);
  oss_json_double (builder, "total", self->vbmd_error.total);
  json_builder_end_object (builder);
  oss_json_double (builder, "stiffness_n_per_mm", self->linear_error.total * self->strength.stiffness_n_per_mm);
  oss_json_double (builder, "strength_n", oss_report_data_strength_error (self));
  oss_json_begin (builder, "strength_estimators");
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    oss_json_double (builder, oss_estimator ((OssEstimatorId) i)->key,
                     oss_report_data_estimator_error (self, (OssEstimatorId) i));
  json_builder_end_object (builder);
  if (self->simulated)
    add_strength_error (builder, "linear", &self->linear_error);
  else
    oss_json_null (builder, "linear");
  if (self->curve != NULL)
    add_strength_error (builder, "nonlinear", &self->nonlinear_error);
  else
    oss_json_null (builder, "nonlinear");
  json_builder_end_object (builder);
}

static void
add_vbmd (JsonBuilder *builder, const OssReportData *self)
{
  oss_json_double (builder, "vbmd_mg_cm3", self->has_vbmd ? self->vbmd.mean_mg_cm3 : NAN);
  if (!self->has_vbmd)
    return;
  oss_json_begin (builder, "vbmd");
  oss_json_double (builder, "uncertainty_mg_cm3", self->vbmd_uncertainty_mg_cm3);
  oss_json_double (builder, "sd_mg_cm3", self->vbmd.sd_mg_cm3);
  oss_json_double (builder, "mean_hu", self->vbmd.mean_hu);
  oss_json_doubles (builder, "centre_mm", self->vbmd.centre_mm, 3);
  oss_json_double (builder, "semi_axis_right_mm", self->vbmd.semi_axis_right_mm);
  oss_json_double (builder, "semi_axis_anterior_mm", self->vbmd.semi_axis_anterior_mm);
  oss_json_double (builder, "height_mm", self->vbmd.height_mm);
  oss_json_int (builder, "voxels", (gint64) self->vbmd.voxels);
  json_builder_end_object (builder);
}

static void
add_segmentation (JsonBuilder *builder, const OssReportData *self)
{
  if (!self->has_segment)
    return;
  oss_json_begin (builder, "segmentation");
  oss_json_string (builder, "method", self->options.labels_path != NULL ? "labels" : "click");
  oss_json_double (builder, "volume_mm3", self->label_volume_mm3);
  oss_json_doubles (builder, "body_centre_mm", self->frame.centre, 3);
  oss_json_double (builder, "body_width_mm", self->frame.width_mm);
  oss_json_double (builder, "body_depth_mm", self->frame.depth_mm);
  oss_json_double (builder, "body_height_mm", self->frame.height_mm);
  json_builder_end_object (builder);
}

static void
add_mesh (JsonBuilder *builder, const OssReportData *self)
{
  const OssMeshQuality *quality = &self->quality;

  oss_json_string (builder, "engine", self->element);
  if (!self->has_mesh)
    {
      oss_json_null (builder, "mesh");
      return;
    }
  oss_json_begin (builder, "mesh");
  oss_json_int (builder, "elements", (gint64) quality->elements);
  oss_json_int (builder, "nodes", (gint64) quality->nodes);
  oss_json_int (builder, "dof", (gint64) quality->dof);
  oss_json_double (builder, "size_mm", self->element_size_mm);
  oss_json_double (builder, "minimum_dihedral_deg", quality->minimum_dihedral_deg);
  oss_json_double (builder, "maximum_dihedral_deg", quality->maximum_dihedral_deg);
  oss_json_double (builder, "minimum_radius_ratio", quality->minimum_radius_ratio);
  oss_json_double (builder, "mean_radius_ratio", quality->mean_radius_ratio);
  oss_json_double (builder, "volume_mm3", quality->volume_mm3);
  oss_json_double (builder, "mask_volume_mm3", quality->mask_volume_mm3);
  oss_json_flag (builder, "closed", quality->closed);
  oss_json_flag (builder, "manifold", quality->manifold);
  oss_json_int (builder, "islands", quality->islands);
  json_builder_end_object (builder);
}

static void
add_material (JsonBuilder *builder, const OssReportData *self)
{
  oss_json_begin (builder, "material");
  oss_json_string (builder, "law", self->law_name);
  oss_json_string (builder, "chain", self->law_chain);
  oss_json_string (builder, "source", self->law_source);
  oss_json_double (builder, "outside_range_percent", self->modulus.outside_range_percent);
  oss_json_double (builder, "modulus_minimum_mpa", self->modulus.minimum_mpa);
  oss_json_double (builder, "modulus_maximum_mpa", self->modulus.maximum_mpa);
  oss_json_double (builder, "modulus_mean_mpa", self->modulus.mean_mpa);
  oss_json_double (builder, "poisson", self->poisson);
  oss_json_double (builder, "floor_mpa", self->modulus_floor_mpa);
  json_builder_end_object (builder);
}

static void
add_strength (JsonBuilder *builder, const OssReportData *self)
{
  const OssStrength *strength = &self->strength;

  oss_json_double (builder, "stiffness_n_per_mm", strength->stiffness_n_per_mm);
  oss_json_double (builder, "strength_n", oss_report_data_strength (self));
  oss_json_estimators (builder, strength, self->curve);
  oss_json_double (builder, "reaction_n", strength->reaction_n);
  oss_json_double (builder, "displacement_mm", self->displacement_mm);
  oss_json_double (builder, "height_mm", strength->height_mm);

  oss_json_begin (builder, "stress");
  oss_json_double (builder, "von_mises_max_mpa", self->stress.maximum_mpa);
  oss_json_double (builder, "von_mises_p50_mpa", self->stress.p50_mpa);
  oss_json_double (builder, "von_mises_p95_mpa", self->stress.p95_mpa);
  oss_json_double (builder, "von_mises_p99_mpa", self->stress.p99_mpa);
  oss_json_double (builder, "von_mises_mean_mpa", self->stress.mean_mpa);
  json_builder_end_object (builder);
}

static void
add_caps (JsonBuilder *builder, const OssReportData *self)
{
  oss_json_begin (builder, "caps");
  oss_json_string (builder, "kind", self->simulated ? oss_caps_name (self->caps.kind) : NULL);
  oss_json_double (builder, "thickness_mm", self->caps.thickness_mm);
  oss_json_double (builder, "modulus_mpa", self->caps.modulus_mpa);
  oss_json_double (builder, "poisson", self->caps.poisson);
  oss_json_double (builder, "stiffness_with_caps_n_per_mm", self->caps_stiffness_n_per_mm);
  oss_json_double (builder, "displacement_with_caps_mm", self->caps_displacement_mm);
  oss_json_double (builder, "superior_contact_mm2", self->caps_contact_mm2[0]);
  oss_json_double (builder, "inferior_contact_mm2", self->caps_contact_mm2[1]);
  oss_json_int (builder, "elements", (gint64) self->caps_elements);
  json_builder_end_object (builder);
}

static void
add_nonlinear (JsonBuilder *builder, const OssReportData *self)
{
  const OssReportNonlinear nonlinear = { .curve = self->curve,
                                         .height_mm = self->strength.height_mm,
                                         .final_strain = self->final_strain,
                                         .yield_name = self->yield_name,
                                         .yield_source = self->yield_source,
                                         .criterion = self->criterion,
                                         .post_yield = self->post_yield };

  oss_json_nonlinear (builder, &nonlinear);
}

/* The band in mg/cm3 as the class names it. */
static const char *
band_of (const OssReportData *self)
{
  const char *class = self->class.density_class;

  if (g_strcmp0 (class, "osteoporosis") == 0)
    return "below 80";
  if (g_strcmp0 (class, "low") == 0)
    return "80 to 120";
  return g_strcmp0 (class, "normal") == 0 ? "above 120" : NULL;
}

static void
add_classification (JsonBuilder *builder, const OssReportData *self)
{
  const gboolean has_class = band_of (self) != NULL;

  oss_json_begin (builder, "classification");
  oss_json_string (builder, "class", self->class.density_class);
  oss_json_string (builder, "basis", has_class ? oss_basis_name (self->line.basis) : NULL);
  oss_json_string (builder, "estimator", has_class ? "trabecular_vbmd" : NULL);
  oss_json_string (builder, "band", band_of (self));
  oss_json_string (builder, "source", self->class.source);
  oss_json_string (builder, "reason", self->class.reason);
  oss_json_double (builder, "margin_mg_cm3", self->class.margin_mg_cm3);
  oss_json_flag (builder, "borderline", self->class.borderline);
  json_builder_end_object (builder);
}

static void
add_solver (JsonBuilder *builder, const OssReportData *self)
{
  oss_json_begin (builder, "solver");
  oss_json_string (builder, "name", self->solver);
  if (self->simulated)
    oss_json_int (builder, "iterations", self->solver_iterations);
  else
    oss_json_null (builder, "iterations");
  oss_json_double (builder, "relative_residual", self->relative_residual);
  oss_json_string (builder, "reason", self->solver_reason);
  json_builder_end_object (builder);
}

/* What decides the result, as given; no folder or file names, which may carry a patient's name. */
static void
add_parameters (JsonBuilder *builder, const OssReportData *self)
{
  const OssStudyOptions *options = &self->options;

  oss_json_begin (builder, "parameters");
  oss_json_string (builder, "series_uid", options->series_uid);
  oss_json_string (builder, "kernel", options->kernel);
  oss_json_string (builder, "correct_to", options->correct_to);
  oss_json_string (builder, "correct_from", options->correct_from);
  oss_json_flag (builder, "mtf_given", oss_kernel_mtf_is_file (options->correct_mtf));
  oss_json_string (builder, "mtf", oss_kernel_mtf_key (options->correct_mtf));
  oss_json_double (builder, "correct_to_mm", options->correct_to_mm > 0.0 ? options->correct_to_mm : NAN);
  oss_json_string (builder, "calibration", options->calibration);
  oss_json_string (builder, "phantom", options->phantom);
  oss_json_int (builder, "quality_days", options->quality_days);
  oss_json_string (builder, "tissues", options->tissues);
  oss_json_string (builder, "internal_model", options->internal_model);
  oss_json_string (builder, "effective_energy", options->effective_energy);
  oss_json_string (builder, "phantom_serial", options->phantom_serial);
  oss_json_flag (builder, "labels_given", options->labels_path != NULL);
  oss_json_string (builder, "label_values", options->label_values);
  if (options->has_at)
    oss_json_doubles (builder, "at_mm", options->at_mm, 3);
  else
    oss_json_null (builder, "at_mm");
  oss_json_string (builder, "element", oss_element_name (options->mesh.kind));
  oss_json_double (builder, "element_size_mm", options->mesh.size_mm);
  oss_json_double (builder, "smooth_mm", options->mesh.smooth_mm);
  oss_json_string (builder, "law", options->law);
  oss_json_string (builder, "conversion", options->conversion);
  oss_json_double (builder, "displacement_mm", options->displacement_mm);
  oss_json_string (builder, "caps", oss_caps_name (options->caps.kind));
  oss_json_flag (builder, "nonlinear", options->nonlinear);
  oss_json_string (builder, "yield_law", options->yield_law);
  oss_json_string (builder, "criterion", options->criterion);
  oss_json_string (builder, "post_yield", options->post_yield);
  oss_json_double (builder, "final_strain", options->final_strain);
  oss_json_int (builder, "increments", options->increments);
  oss_json_int (builder, "newton_iterations", options->newton_iterations);
  json_builder_end_object (builder);
}

static void
add_run (JsonBuilder *builder, const OssReportData *self)
{
  double largest = NAN;

  oss_json_begin (builder, "seconds");
  for (int i = 0; i < OSS_N_STEPS; i++)
    oss_json_double (builder, oss_step_key ((OssStep) i), self->seconds[i]);
  json_builder_end_object (builder);
  for (int i = 0; i < OSS_N_STEPS; i++)
    largest = fmax (largest, self->peak_mib[i]); /* fmax passes over NaN */
  oss_json_double (builder, "peak_memory_mib", largest);
  oss_json_begin (builder, "peak_memory_mib_per_step");
  for (int i = 0; i < OSS_N_STEPS; i++)
    oss_json_double (builder, oss_step_key ((OssStep) i), self->peak_mib[i]);
  json_builder_end_object (builder);
  oss_json_string (builder, "result_sha256", self->result_hash);
}

char *
oss_report_data_json (const OssReportData *self, gboolean whole)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  oss_json_string (builder, "program", "ossature");
  oss_json_string (builder, "version", OSS_VERSION);
  add_input (builder, self);
  oss_json_string (builder, "vertebra", self->vertebra);
  oss_json_string (builder, "kernel", self->kernel);
  oss_json_correction (builder, self->correction);
  add_calibration (builder, self);
  add_vbmd (builder, self);
  add_forms (builder, self);
  add_segmentation (builder, self);
  add_mesh (builder, self);
  add_material (builder, self);
  add_strength (builder, self);
  add_uncertainty (builder, self);
  add_caps (builder, self);
  add_nonlinear (builder, self);
  add_classification (builder, self);
  add_solver (builder, self);
  add_parameters (builder, self);
  oss_json_flag (builder, "out_of_date", self->out_of_date);
  json_builder_set_member_name (builder, "warnings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->warnings->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (self->warnings, i));
  json_builder_end_array (builder);
  if (whole)
    add_run (builder, self);
  json_builder_end_object (builder);
  return oss_json_text (builder);
}

char *
oss_report_json (OssStudy *study)
{
  g_autoptr (OssReportData) data = oss_report_data_from_study (study, NULL, FALSE);

  return oss_report_data_json (data, TRUE);
}
