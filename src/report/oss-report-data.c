/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-data.h"

#include "base/oss-i18n.h"
#include "report/oss-report-format.h"

#include <math.h>

static void
change_clear (gpointer data)
{
  OssReportChange *change = data;

  g_free (change->statement);
  g_free (change->meaning);
}

static void
set_unknown (OssReportData *self)
{
  double *const numbers[] = { &self->line.r2,
                              &self->line.uncertainty_mg_cm3,
                              &self->line.variance_slope,
                              &self->line.variance_intercept,
                              &self->line.covariance,
                              &self->line.slope,
                              &self->line.intercept,
                              &self->vbmd.mean_mg_cm3,
                              &self->vbmd_uncertainty_mg_cm3,
                              &self->vbmd_error.line,
                              &self->vbmd_error.noise,
                              &self->vbmd_error.kernel,
                              &self->vbmd_error.way,
                              &self->vbmd_error.total,
                              &self->linear_error.total,
                              &self->nonlinear_error.total,
                              &self->vbmd.sd_mg_cm3,
                              &self->vbmd.mean_hu,
                              &self->class.margin_mg_cm3,
                              &self->label_volume_mm3,
                              &self->threshold_hu,
                              &self->element_size_mm,
                              &self->law_low_mg_cm3,
                              &self->law_high_mg_cm3,
                              &self->poisson,
                              &self->modulus_floor_mpa,
                              &self->modulus.minimum_mpa,
                              &self->modulus.maximum_mpa,
                              &self->modulus.mean_mpa,
                              &self->modulus.outside_range_percent,
                              &self->displacement_mm,
                              &self->superior_area_mm2,
                              &self->inferior_area_mm2,
                              &self->strength.reaction_n,
                              &self->strength.stiffness_n_per_mm,
                              &self->strength.apparent_0_68_percent_n,
                              &self->strength.linear_2_percent_n,
                              &self->strength.pistoia_n,
                              &self->strength.height_mm,
                              &self->stress.maximum_mpa,
                              &self->stress.p50_mpa,
                              &self->stress.p95_mpa,
                              &self->stress.p99_mpa,
                              &self->stress.mean_mpa,
                              &self->caps.thickness_mm,
                              &self->caps.modulus_mpa,
                              &self->caps.poisson,
                              &self->caps_stiffness_n_per_mm,
                              &self->caps_displacement_mm,
                              &self->caps_contact_mm2[0],
                              &self->caps_contact_mm2[1],
                              &self->relative_residual,
                              &self->final_strain };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    *numbers[i] = NAN;
  for (int i = 0; i < OSS_N_STEPS; i++)
    self->seconds[i] = self->peak_mib[i] = NAN;
}

OssReportData *
oss_report_data_new (void)
{
  OssReportData *self = g_new0 (OssReportData, 1);

  set_unknown (self);
  self->class.density_class = "none";
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->changes = g_array_new (FALSE, TRUE, sizeof (OssReportChange));
  g_array_set_clear_func (self->changes, change_clear);
  return self;
}

void
oss_report_data_free (OssReportData *self)
{
  if (self == NULL)
    return;
  oss_kernel_corrected_free (self->correction);
  char *const owned[] = { self->institution,
                          self->reader,
                          self->comment,
                          self->patient_name,
                          self->patient_id,
                          self->born,
                          self->age,
                          self->sex,
                          self->scan_date,
                          self->scan_time,
                          self->vertebra,
                          self->study_uid,
                          self->series_uid,
                          self->kernel,
                          self->scanner,
                          self->contrast,
                          self->input_hash,
                          self->quality_date,
                          self->quality_series_uid,
                          self->quality_phantom,
                          self->segment_how,
                          self->series_description,
                          self->law_chain,
                          self->solver,
                          self->result_hash,
                          self->solver_reason,
                          self->stress_caption,
                          self->yield_formula,
                          self->post_yield,
                          self->post_yield_words };

  for (gsize i = 0; i < G_N_ELEMENTS (owned); i++)
    g_free (owned[i]);
  for (int i = 0; i < 3; i++)
    oss_picture_free (self->slices[i].picture);
  oss_picture_free (self->phantom_slice.picture);
  g_ptr_array_unref (self->warnings);
  g_array_unref (self->changes);
  oss_study_options_clear (&self->options);
  oss_fem_curve_free (self->curve);
  g_free (self);
}

double
oss_report_data_strength (const OssReportData *self)
{
  return self->strength.apparent_0_68_percent_n;
}

double
oss_report_data_estimator_error (const OssReportData *self, OssEstimatorId id)
{
  const OssStrengthError *error = oss_estimator (id)->nonlinear ? &self->nonlinear_error : &self->linear_error;

  return error->total * oss_estimator_value (id, &self->strength, self->curve);
}

double
oss_report_data_strength_error (const OssReportData *self)
{
  return oss_report_data_estimator_error (self, OSS_ESTIMATOR_APPARENT_0_68);
}

/* Whole years between two DICOM dates; NULL when either is not one. */
static char *
age_between (const char *born, const char *scan)
{
  if (strlen (born) != 8 || strlen (scan) != 8 || strspn (born, "0123456789") != 8 || strspn (scan, "0123456789") != 8)
    return NULL;
  const int days = atoi (scan) - atoi (born); /* yyyymmdd: the last four digits borrow correctly */
  return days > 0 ? g_strdup_printf ("%d", days / 10000) : NULL;
}

static void
take_patient (OssReportData *self, const OssSeries *series, gboolean name_patient)
{
  if (name_patient)
    {
      self->patient_name = oss_format_person (series->patient_name);
      self->born = oss_format_date (series->patient_birth_date);
    }
  self->patient_id = g_strdup (series->patient_id);
  self->sex = g_strdup (series->patient_sex);
  self->age = age_between (series->patient_birth_date, series->study_date);
  /* DICOM AS: "071Y" */
  if (self->age == NULL && strlen (series->patient_age) == 4 && series->patient_age[3] == 'Y')
    self->age = g_strdup_printf ("%d", atoi (series->patient_age));
  self->scan_date = oss_format_date (series->study_date);
  self->scan_time = oss_format_time (series->study_time);
}

static void
take_load (OssReportData *self, const OssLoadResult *load, gboolean name_patient)
{
  const OssSeries *series = load->series;

  self->grid = load->volume->grid;
  self->input_hash = g_strdup (load->hash);
  if (load->correction != NULL)
    {
      self->correction = g_memdup2 (load->correction, sizeof *load->correction);
      self->correction->words = g_strdup (load->correction->words);
    }
  if (series == NULL)
    return;
  self->has_series = TRUE;
  take_patient (self, series, name_patient);
  self->study_uid = g_strdup (series->study_uid);
  self->series_uid = g_strdup (series->series_uid);
  self->kernel = g_strdup (series->kernel);
  self->scanner = g_strstrip (g_strdup_printf ("%s %s", series->manufacturer, series->model));
  self->series_description = g_strdup (series->series_description);
  self->contrast = g_strdup (series->contrast);
  self->kvp = series->kvp;
  self->exposure_mas = series->exposure_mas;
  self->slice_thickness_mm = series->slice_thickness_mm;
  self->tilt_deg = series->tilt_deg;
}

static void
take_segment (OssReportData *self, const OssSegmentResult *segment)
{
  self->has_segment = TRUE;
  self->segment_how = g_strdup (segment->how);
  self->label_volume_mm3 = segment->info.volume_mm3;
  self->threshold_hu = segment->info.threshold_hu;
  self->frame = segment->info.frame;
  self->has_vbmd = segment->has_vbmd;
  self->has_forms = segment->has_forms;
  self->forms = segment->forms;
  if (segment->has_vbmd)
    {
      self->vbmd = segment->vbmd;
      self->vbmd_uncertainty_mg_cm3 = segment->vbmd_uncertainty_mg_cm3;
      self->vbmd_error = segment->vbmd_error;
    }
}

static void
take_curve (OssReportData *self, const OssSimulateResult *simulate)
{
  const OssYieldLaw *yield = simulate->yielding.rule.yield;

  if (simulate->curve == NULL)
    return;
  self->curve = oss_fem_curve_copy_points (simulate->curve);
  self->yield_name = yield->name;
  self->yield_title = yield->title;
  self->yield_source = yield->power.source;
  self->yield_formula = oss_yield_describe (yield);
  self->criterion = oss_criterion_name (simulate->yielding.criterion);
  self->post_yield = oss_post_yield_text (&simulate->yielding.post_yield);
  self->post_yield_words = oss_post_yield_describe (&simulate->yielding.post_yield);
  self->final_strain = simulate->yielding.final_strain;
}

static void
take_caps (OssReportData *self, const OssCapped *capped)
{
  if (capped == NULL)
    return;
  self->caps = capped->caps;
  self->caps_stiffness_n_per_mm = capped->stiffness_with_caps_n_per_mm;
  self->caps_displacement_mm = capped->plates_mm;
  self->caps_contact_mm2[0] = capped->contact_mm2[0];
  self->caps_contact_mm2[1] = capped->contact_mm2[1];
  self->caps_elements = capped->mesh->n_elements - capped->n_bone_elements;
}

static void
take_simulate (OssReportData *self, const OssSimulateResult *simulate)
{
  const OssLaw *law = simulate->chain.law;

  self->simulated = TRUE;
  self->law_name = law->name;
  self->law_title = law->title;
  self->law_source = law->source;
  self->law_range_note = law->range_note;
  self->law_chain = oss_law_chain_describe (&simulate->chain);
  self->law_basis = law->basis;
  self->law_low_mg_cm3 = law->range_low_mg_cm3;
  self->law_high_mg_cm3 = law->range_high_mg_cm3;
  self->poisson = law->poisson;
  self->modulus_floor_mpa = simulate->chain.floor_mpa;
  self->modulus = simulate->modulus;
  self->displacement_mm = simulate->displacement_mm;
  self->superior_area_mm2 = simulate->superior.area_mm2;
  self->inferior_area_mm2 = simulate->inferior.area_mm2;
  self->strength = simulate->strength;
  self->linear_error = simulate->linear_error;
  self->nonlinear_error = simulate->nonlinear_error;
  self->stress = simulate->stress;
  take_caps (self, simulate->capped);
  self->solver = g_strdup (simulate->fem->solver);
  self->solver_reason = g_strdup (simulate->fem->reason);
  self->solver_iterations = simulate->fem->iterations;
  self->relative_residual = simulate->fem->relative_residual;
  take_curve (self, simulate);
}

/* The three planes through the body's centre (axial: where the density was read), the label outlined. */
static void
draw_slices (OssReportData *self, const OssVolume *volume, const OssLabels *labels)
{
  static const guint8 outline[3] = { 0x33, 0xd1, 0x7a }; /* the colour of L1 in the window */
  static const int size[3][2] = { { 480, 604 }, { 480, 604 }, { 604, 480 } };
  const gboolean density = volume->quantity == OSS_QUANTITY_DENSITY;

  for (int i = 0; i < 3; i++)
    {
      OssReportSlice *slice = &self->slices[i];
      const double *centre = i == OSS_PLANE_AXIAL && self->has_vbmd ? self->vbmd.centre_mm : self->frame.centre;

      slice->view = (OssSliceView){ .plane = (OssPlane) i,
                                    .mm_per_pixel = 104.0 / 480.0,
                                    .width = size[i][0],
                                    .height = size[i][1],
                                    .level = density ? 250.0 : 350.0,
                                    .window = density ? 900.0 : 1400.0 };
      memcpy (slice->view.centre_mm, centre, sizeof slice->view.centre_mm);
      if (i != OSS_PLANE_CORONAL)
        slice->view.centre_mm[1] -= 18.0 * self->frame.anterior[1]; /* room for the processes behind */
      slice->picture = oss_slice_picture (volume, &slice->view);
      if (slice->picture != NULL)
        oss_slice_outline (slice->picture, &slice->view, labels, 1, outline, 2.6, 0.0);
    }
}

static void
take_steps (OssReportData *self, OssStudy *study)
{
  self->out_of_date = oss_study_get_simulate (study) != NULL && !oss_study_is_current (study, OSS_STEP_SIMULATE);
  for (int i = 0; i < OSS_N_STEPS; i++)
    {
      const OssState state = oss_study_get_state (study, (OssStep) i);

      if (state == OSS_STATE_DONE || state == OSS_STATE_NOTES || state == OSS_STATE_OUT_OF_DATE)
        {
          self->seconds[i] = oss_study_get_seconds (study, (OssStep) i);
          self->peak_mib[i] = oss_study_get_peak_mib (study, (OssStep) i);
        }
    }
  g_ptr_array_unref (self->warnings);
  self->warnings = oss_study_get_warnings (study);
}

static void
take_options (OssReportData *self, OssStudy *study, const OssReportOptions *options)
{
  const OssStudyOptions *given = oss_study_get_options (study);

  oss_study_options_copy (&self->options, given);
  self->vertebra = g_strdup (given->vertebra ? oss_vertebra_name (given->vertebra) : "");
  if (options == NULL)
    return;
  self->institution = g_strdup (options->institution);
  self->reader = g_strdup (options->reader);
  self->comment = g_strdup (options->comment);
  self->stress_picture = options->stress;
  self->stress_caption = g_strdup (options->stress_caption);
}

OssReportData *
oss_report_data_from_study (OssStudy *study, const OssReportOptions *options, gboolean pictures)
{
  OssReportData *self = oss_report_data_new ();
  const OssLoadResult *load = oss_study_get_load (study);
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (study);
  const OssSegmentResult *segment = oss_study_get_segment (study);
  const OssMeshResult *mesh = oss_study_get_mesh (study);
  const OssSimulateResult *simulate = oss_study_get_simulate (study);

  take_options (self, study, options);
  if (load != NULL)
    take_load (self, load, options != NULL && options->name_patient);
  if (calibrate != NULL)
    {
      self->has_calibration = TRUE;
      self->line = calibrate->line;
      self->has_fit = calibrate->fit != NULL;
      if (calibrate->fit != NULL)
        self->fit = *calibrate->fit;
      if (calibrate->fit != NULL && pictures && load != NULL)
        oss_report_phantom_slice (load->volume, calibrate->fit, &self->phantom_slice);
      if (calibrate->quality != NULL)
        {
          self->quality_date = g_strdup (calibrate->quality->scan->date);
          self->quality_series_uid = g_strdup (calibrate->quality->scan->series_uid);
          self->quality_phantom = oss_quality_phantom_title (calibrate->quality->scan);
          self->quality_days = calibrate->quality->age_days;
        }
      self->has_internal = calibrate->internal != NULL;
      if (calibrate->internal != NULL)
        oss_report_internal_take (&self->internal, calibrate->internal);
    }
  if (segment != NULL)
    take_segment (self, segment);
  if (mesh != NULL)
    {
      self->has_mesh = TRUE;
      self->element = oss_element_name (mesh->mesh->kind);
      self->element_size_mm = self->options.mesh.size_mm;
      self->quality = mesh->quality;
    }
  if (simulate != NULL)
    take_simulate (self, simulate);
  oss_study_classify (study, &self->class);
  if (pictures && load != NULL && segment != NULL)
    draw_slices (self, load->volume, segment->labels);
  take_steps (self, study);
  oss_report_data_finish (self);
  return self;
}
