/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From rods that were read to a calibration line. */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-i18n.h"

#include <math.h>

/* Mindways' QCT PRO method: the rods hold K2HPO4 in resin of their own water-equivalent density, and these two
 * constants carry the fit over to K2HPO4 in water (restated from Bonelab/Ogo, mindways_calibration.py). */
#define MINDWAYS_SLOPE 0.2174
#define MINDWAYS_INTERCEPT 999.6
#define UNCERTAIN_AT 100.0 /* mg/cm3: where the uncertainty is stated */

gboolean
oss_phantom_has_water (const OssPhantom *phantom)
{
  for (int i = 0; i < phantom->n_rods; i++)
    if (phantom->rod_water[i] != 0.0)
      return TRUE;
  return FALSE;
}

gboolean
oss_phantom_regress (const OssPhantom *phantom, const double *hu, const gboolean *used, double *slope,
                     double *intercept, double *r2)
{
  double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0, syy = 0.0;

  for (int i = 0; i < phantom->n_rods; i++)
    if (used[i])
      {
        double x = phantom->rod_density[i], y = hu[i] - phantom->rod_water[i];

        n += 1.0, sx += x, sy += y, sxx += x * x, sxy += x * y, syy += y * y;
      }
  if (n < 2.0 || sxx - sx * sx / n <= 0.0 || syy - sy * sy / n <= 0.0)
    return FALSE;
  *slope = (sxy - sx * sy / n) / (sxx - sx * sx / n);
  *intercept = (sy - *slope * sx) / n;
  *r2 = n < 3.0 ? NAN : (sxy - sx * sy / n) * (sxy - sx * sy / n) / ((sxx - sx * sx / n) * (syy - sy * sy / n));
  return TRUE;
}

/* Covariance of the line in density.  Least squares of HU = s rho + t over n rods gives var s = v / Sxx,
 * var t = v (1 / n + m^2 / Sxx) and cov (s, t) = -v m / Sxx (m: mean density, Sxx: squares around it); slope = 1 / s
 * and intercept = -t / s carry them over to first order.  The variance v of a rod's mean is that of the residuals,
 * which hold its noise already; but few rods may lie on a line by chance, and two always do: it is never less than the
 * variance that the noise within the rods gives their means. */
static void
give_covariance (const OssPhantomFit *fit, double s, double t, OssCalibrationLine *line)
{
  double n = 0.0, sx = 0.0, sxx = 0.0, sse = 0.0, noise = 0.0;

  for (int r = 0; r < fit->n_rods; r++)
    if (fit->rods[r].used)
      {
        double x = fit->phantom.rod_density[r];

        n += 1.0, sx += x, sxx += x * x, sse += fit->rods[r].residual_hu * fit->rods[r].residual_hu;
        noise += fit->rods[r].error_hu * fit->rods[r].error_hu;
      }
  double mean = sx / n, squares = sxx - n * mean * mean, v = MAX (n > 2.0 ? sse / (n - 2.0) : 0.0, noise / n);
  double vs = v / squares, vt = v * (1.0 / n + mean * mean / squares), vst = -v * mean / squares;

  line->variance_slope = vs / pow (s, 4.0);
  line->variance_intercept = (vt - 2.0 * vst * t / s + vs * t * t / (s * s)) / (s * s);
  line->covariance = (vst - vs * t / s) / pow (s, 3.0);
  line->uncertainty_mg_cm3 = oss_calibration_uncertainty (line, s * UNCERTAIN_AT + t);
}

/* Too few rods: which are missing, and why. */
static void
refuse_few (const OssPhantomFit *fit, int n, GError **error)
{
  g_autoptr (GString) why = g_string_new (NULL);

  for (int r = 0; r < fit->n_rods; r++)
    if (!fit->rods[r].used)
      g_string_append_printf (why, _ ("%s%.0f mg/cm³: %s"), why->len > 0 ? "; " : "", fit->phantom.rod_density[r],
                              fit->rods[r].note);
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("Of the %d rods of the phantom %s only %d can be read; %d are needed (%s)."), fit->n_rods,
               fit->phantom.title, n, oss_phantom_least_rods (&fit->phantom), why->str);
}

gboolean
oss_phantom_fit_line (OssPhantomFit *fit, GError **error)
{
  const OssPhantom *phantom = &fit->phantom;
  double hu[OSS_PHANTOM_MAX_RODS], slope = 0.0, intercept = 0.0, r2 = NAN;
  gboolean used[OSS_PHANTOM_MAX_RODS];
  int n = 0;

  for (int r = 0; r < fit->n_rods; r++)
    hu[r] = fit->rods[r].mean_hu, used[r] = fit->rods[r].used, n += used[r];
  if (fit->slices_used == 0 || n < oss_phantom_least_rods (phantom)
      || !oss_phantom_regress (phantom, hu, used, &slope, &intercept, &r2))
    {
      refuse_few (fit, n, error);
      return FALSE;
    }
  for (int r = 0; r < fit->n_rods; r++)
    fit->rods[r].residual_hu = hu[r] - phantom->rod_water[r] - (slope * phantom->rod_density[r] + intercept);
  fit->fit_slope_hu = slope, fit->fit_intercept_hu = intercept;
  if (oss_phantom_has_water (phantom))
    slope -= MINDWAYS_SLOPE, intercept += MINDWAYS_INTERCEPT;
  if (r2 < OSS_R2_LEAST)
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("%s: the rods fit a line with R² %.3f only (at least %.2f; 0.98 is usual): wrong phantom, or another "
             "serial number's densities"),
          phantom->title, r2, OSS_R2_LEAST);
      return FALSE;
    }
  if (slope < OSS_ROD_SLOPE_LOW - MINDWAYS_SLOPE || slope > OSS_ROD_SLOPE_HIGH)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("%s: the rods read %.2f HU per mg/cm³, which no CT does: wrong phantom, or another serial "
                      "number's densities"),
                   phantom->title, slope);
      return FALSE;
    }
  fit->effective_slope_hu = slope;
  if (n == 2)
    fit->warnings |= OSS_PHANTOM_TWO_POINTS;
  if (r2 < OSS_R2_USUAL)
    fit->warnings |= OSS_PHANTOM_LOW_R2;
  fit->line = oss_calibration_line_make (1.0 / slope, -intercept / slope, phantom->basis, "phantom", phantom->title);
  fit->line.r2 = r2;
  give_covariance (fit, slope, intercept, &fit->line);
  return TRUE;
}

const char *
oss_rod_fault_key (OssRodFault fault)
{
  static const char *const keys[] = { "good", "outside", "cut", "saturated", "uneven", "unsteady" };

  return keys[fault];
}

char *
oss_phantom_describe_rod (const OssPhantomFit *fit, int rod)
{
  const OssRod *r = &fit->rods[rod];
  const char name[2] = { (char) ('A' + rod), '\0' };

  if (r->used)
    return g_strdup_printf (_ ("Rod %s, %.1f mg/cm³: %.1f HU, SD %.1f, residual %+.1f"), name,
                            fit->phantom.rod_density[rod], r->mean_hu, r->sd_hu, r->residual_hu);
  if (isnan (r->mean_hu))
    return g_strdup_printf (_ ("Rod %s, %.1f mg/cm³: left out, %s"), name, fit->phantom.rod_density[rod], r->note);
  return g_strdup_printf (_ ("Rod %s, %.1f mg/cm³: %.1f HU, SD %.1f, left out, %s"), name,
                          fit->phantom.rod_density[rod], r->mean_hu, r->sd_hu, r->note);
}
