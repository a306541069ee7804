/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modulation transfer function from a circular edge: circle, oversampled profile, fit of the profile of a disc. */
#include "calibrate/oss-kernel-private.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

#define USUAL_HEIGHT_MM 30.0

/* ---- without the fit ---- */

/* Fourier transform of the profile's derivative under a Hann window. */
static void
transform_slope (const OssKernelProfile *self, double radius, double finest, double *modulation)
{
  double norm = 0.0;

  for (int m = 0; m < OSS_KERNEL_MODULATIONS; m++)
    {
      double f = 0.05 * m, re = 0.0, im = 0.0; /* per mm */
      for (int b = 1; b < self->n; b++)
        {
          double s = 0.5 * (self->r[b] + self->r[b - 1]) - radius;
          double window = fabs (s) < 5.0 ? 0.5 + 0.5 * cos (G_PI * s / 5.0) : 0.0;
          double change = (self->hu[b] - self->hu[b - 1]) * window;
          re += change * cos (2.0 * G_PI * f * s);
          im += change * sin (2.0 * G_PI * f * s);
        }
      norm = m == 0 ? hypot (re, im) : norm;
      modulation[m] = f <= 0.9 / finest && norm > 0.0 ? hypot (re, im) / norm : NAN;
    }
}

/* ---- all of it ---- */

static void
fill_result (const OssKernelEdge *edge, const OssKernelProfile *profile, const OssKernelFit *fit,
             OssKernelMeasurement *result)
{
  double total = 0.0, index[3];

  for (int b = 0; b < profile->n; b++)
    total += profile->weight[b];
  result->kernel = fit->kernel;
  result->radius_mm = fit->radius[0];
  result->outside_hu = profile->level[0];
  result->inside_hu = profile->level[0] + profile->level[1];
  result->rms_hu = sqrt (fit->sum / total);
  result->f50_error = fit->f50_error;
  result->slices = edge->last - edge->first + 1;
  for (int a = 0; a < 3; a++)
    index[edge->axis[a]] = (a < 2 ? edge->centre[a] : edge->level) / edge->spacing[a];
  oss_grid_to_patient (&edge->volume->grid, index, result->centre_mm);
}

static gboolean
fit_profile (const OssKernelEdge *edge, OssKernelProfile *profile, OssKernelMeasurement *result, GError **error)
{
  OssKernelFit fit = { .profiles = { profile }, .n_profiles = 1 };

  oss_kernel_fit (&fit, &edge->radius);
  fill_result (edge, profile, &fit, result);
  transform_slope (profile, fit.radius[0], fmin (edge->spacing[0], edge->spacing[1]), result->modulation);
  double contrast = fabs (result->inside_hu - result->outside_hu);
  if (contrast >= OSS_KERNEL_LEAST_CONTRAST_HU && isfinite (fit.sum) && result->f50_error < 0.15 * result->kernel.f50)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("The edge is too weak or too noisy: %.0f HU of contrast (%d are needed), f50 %.2f ± %.2f lp/cm. Take "
                  "a rod with more contrast, or more slices (--height)."),
               contrast, OSS_KERNEL_LEAST_CONTRAST_HU, result->kernel.f50, result->f50_error);
  return FALSE;
}

gboolean
oss_kernel_measure (const OssVolume *volume, const double at_mm[3], double height_mm, OssKernelMeasurement *result,
                    const OssTick *tick, GError **error)
{
  OssKernelEdge edge;
  g_autofree OssKernelProfile *profile = g_new0 (OssKernelProfile, 1);

  memset (result, 0, sizeof *result);
  if (volume->quantity != OSS_QUANTITY_HU)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A kernel is measured on an image of CT numbers."));
      return FALSE;
    }
  if (!oss_kernel_edge_init (&edge, volume, at_mm, height_mm > 0.0 ? height_mm : USUAL_HEIGHT_MM, error)
      || !oss_tick_report (tick, 0.0, _ ("Measuring the kernel"), error) || !oss_kernel_edge_find_circle (&edge, error))
    return FALSE;
  oss_kernel_edge_find_tilt (&edge);
  gboolean good = oss_tick_report (tick, 0.3, NULL, error)
                  && oss_kernel_edge_profile (&edge, profile, result, tick, error)
                  && oss_tick_report (tick, 0.5, NULL, error) && fit_profile (&edge, profile, result, error);
  oss_kernel_profile_clear (profile);
  return good && oss_tick_report (tick, 1.0, NULL, error);
}
