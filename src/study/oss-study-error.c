/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well densities are known, and what that makes of stiffness and strength. */
#include "study/oss-study-private.h"

#include <math.h>

/* What the way from CT to trabecular density may be off beside line, noise and kernel (place of the region, beam
 * hardening): the standard deviation that virtual patients are held to, in silico, mg/cm3. */
#define WAY_MG_CM3 2.0
/* A phantom that was scanned without the patient: how far the lines of open field and body lie apart, relative; in
 * silico, root mean square over the development patients in the manual. */
#define OPEN_FIELD_SHARE 0.02
/* Noise and texture of clinical kernels hang together over about 2 mm: so much volume is one independent reading
 * [choice]. */
#define INDEPENDENT_MM3 8.0
/* Half of the difference between B40f and B70f of one scan, stiffness -12.0 % and strength -10.7 % (Jiang et al. 2023,
 * doi 10.3389/fendo.2023.1076990): what a sharp or unknown kernel is worth; of a corrected one the limit that
 * corrections are held to. */
#define SHARP_KERNEL_SHARE 0.06
#define CORRECTED_KERNEL_SHARE 0.02
/* Trabecular density hardly changes with the kernel where each has its own line; share of it [choice]. */
#define SHARP_KERNEL_DENSITY_SHARE 0.01

static gboolean
is_asynchronous (const OssCalibrateResult *calibrate)
{
  return calibrate->quality != NULL;
}

/* TRUE when nothing tells that the kernel is of the common sort. */
static gboolean
is_unusual_kernel (const OssLoadResult *load)
{
  return load->series != NULL
         && (load->series->kernel_class == OSS_KERNEL_SHARP || load->series->kernel_class == OSS_KERNEL_UNKNOWN);
}

static gboolean
is_corrected (const OssLoadResult *load)
{
  return load->correction != NULL && load->correction->done;
}

static double
kernel_share (const OssLoadResult *load)
{
  if (is_corrected (load))
    return CORRECTED_KERNEL_SHARE;
  return is_unusual_kernel (load) ? SHARP_KERNEL_SHARE : 0.0;
}

void
oss_study_density_error (const OssLoadResult *load, const OssCalibrateResult *calibrate, const OssVbmd *vbmd,
                         OssDensityError *error)
{
  double mm3 = (double) vbmd->voxels * oss_grid_voxel_mm3 (&load->volume->grid);
  double density = fabs (vbmd->mean_mg_cm3);

  error->line = oss_calibration_uncertainty (&calibrate->line, vbmd->mean_hu);
  error->noise = vbmd->sd_mg_cm3 / sqrt (fmax (1.0, mm3 / INDEPENDENT_MM3));
  error->kernel = is_unusual_kernel (load) && !is_corrected (load) ? SHARP_KERNEL_DENSITY_SHARE * density : 0.0;
  error->way = hypot (WAY_MG_CM3, is_asynchronous (calibrate) ? OPEN_FIELD_SHARE * density : 0.0);
  error->total = hypot (hypot (error->line, error->noise), hypot (error->kernel, error->way));
}

/* Means of d ln S / d density over the elements, weighted by what each adds to S. */
typedef struct
{
  double weight;     /* sum */
  double per_mg_cm3; /* density, everywhere by the same mg/cm3 */
  double per_share;  /* density, everywhere by the same share */
  double per_hu;     /* times HU: what a change of the line's slope does */
} Sums;

static void
add_element (Sums *sums, double weight, double density, double log_slope, const OssCalibrationLine *line)
{
  sums->weight += weight;
  sums->per_mg_cm3 += weight * log_slope;
  sums->per_share += weight * log_slope * density;
  sums->per_hu += weight * log_slope * (density - line->intercept) / line->slope;
}

static void
finish (const Sums *sums, const OssLoadResult *load, const OssCalibrateResult *calibrate, OssStrengthError *error)
{
  const OssCalibrationLine *line = &calibrate->line;
  double w = sums->weight > 0.0 ? sums->weight : 1.0;
  double a = sums->per_hu / w, b = sums->per_mg_cm3 / w;
  double variance = a * a * line->variance_slope + 2.0 * a * b * line->covariance + b * b * line->variance_intercept;

  error->per_mg_cm3 = b;
  error->exponent = sums->per_share / w;
  error->line = isnan (variance) ? NAN : sqrt (fmax (variance, 0.0));
  error->kernel = kernel_share (load);
  error->way = hypot (b * WAY_MG_CM3, is_asynchronous (calibrate) ? error->exponent * OPEN_FIELD_SHARE : 0.0);
  error->total = hypot (error->line, hypot (error->kernel, error->way));
}

/* d ln C / d ln E of the yield stress at a modulus. */
static double
yield_per_modulus (const OssYieldRule *rule, double modulus_mpa)
{
  const double step = 1e-4;
  double low, high, tension;

  oss_yield_rule_stress (rule, modulus_mpa * (1.0 - step), &low, &tension);
  oss_yield_rule_stress (rule, modulus_mpa * (1.0 + step), &high, &tension);
  return (log (high) - log (low)) / (2.0 * step);
}

void
oss_study_strength_error (const OssStudyResults *results, OssSimulateResult *simulate)
{
  const OssLoadResult *load = results->of[OSS_STEP_LOAD];
  const OssCalibrateResult *calibrate = results->of[OSS_STEP_CALIBRATE];
  const OssFemResult *fem = simulate->fem;
  const OssFemCurve *curve = simulate->curve;
  Sums linear = { 0 }, beyond = { 0 };

  for (gsize e = 0; e < fem->n_elements; e++)
    {
      double density = 0.0, modulus = simulate->modulus_mpa[e];
      double log_slope = oss_law_chain_log_slope (&simulate->chain, modulus, &density);

      /* Stiffness is twice the energy over the displacement squared, and by Hellmann and Feynman an element's share of
       * the energy is the share of a percent of its modulus in a percent of the stiffness. */
      add_element (&linear, fem->element_sed[e] * fem->element_volume[e], density, log_slope, &calibrate->line);
      if (curve == NULL || e >= curve->n_elements || !(curve->plastic_strain[e] > 0.0))
        continue;
      /* The limit load's: an element's share of the plastic work. */
      double compression, tension;
      oss_yield_rule_stress (&simulate->yielding.rule, modulus, &compression, &tension);
      add_element (&beyond, compression * curve->plastic_strain[e] * fem->element_volume[e], density,
                   log_slope * yield_per_modulus (&simulate->yielding.rule, modulus), &calibrate->line);
    }
  finish (&linear, load, calibrate, &simulate->linear_error);
  simulate->nonlinear_error = simulate->linear_error;
  if (beyond.weight > 0.0)
    finish (&beyond, load, calibrate, &simulate->nonlinear_error);
}

double
oss_simulate_error_n (const OssSimulateResult *simulate, OssEstimatorId id)
{
  const OssStrengthError *error = oss_estimator (id)->nonlinear ? &simulate->nonlinear_error : &simulate->linear_error;

  return error->total * oss_estimator_value (id, &simulate->strength, simulate->curve);
}
