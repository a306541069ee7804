/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transfer function of an image by the rods of the calibration phantom in it: all edges, one fit. */
#include "calibrate/oss-kernel-rods.h"

#include "base/oss-i18n.h"
#include "calibrate/oss-kernel-private.h"

#include <math.h>
#include <string.h>

#define OFF_CENTRE_MM 2.0 /* from where the phantom has the rod */
#define OFF_RADIUS_MM 1.5
#define METHOD_ERROR 0.015
#define MOST_ERROR 0.15

typedef struct
{
  OssKernelEdge edge;
  OssKernelProfile profile;
  OssKernelFit alone;
} Rod;

/* ---- one rod ---- */

static gboolean
is_in_place (const OssKernelEdge *edge, const OssPhantom *phantom)
{
  double off = hypot (edge->centre[0] - edge->at[0], edge->centre[1] - edge->at[1]);

  return off <= OFF_CENTRE_MM && fabs (edge->radius - 0.5 * phantom->rod_diameter_mm) <= OFF_RADIUS_MM;
}

/* Its edge, fitted alone; FALSE without an error when it cannot be measured. */
static gboolean
measure_alone (const OssVolume *volume, const OssPhantomFit *fit, int r, Rod *rod, const OssTick *tick)
{
  double height = fit->high_mm - fit->low_mm;
  OssKernelMeasurement ignored;

  if (!fit->rods[r].used || !oss_kernel_edge_init (&rod->edge, volume, fit->rods[r].centre_mm, height, NULL)
      || !oss_kernel_edge_find_circle (&rod->edge, NULL) || !is_in_place (&rod->edge, &fit->phantom))
    return FALSE;
  oss_kernel_edge_find_tilt (&rod->edge);
  if (!oss_kernel_edge_profile (&rod->edge, &rod->profile, &ignored, tick, NULL))
    return FALSE;
  rod->alone = (OssKernelFit){ .profiles = { &rod->profile }, .n_profiles = 1 };
  oss_kernel_fit (&rod->alone, &rod->edge.radius);
  return fabs (rod->profile.level[1]) >= OSS_KERNEL_LEAST_CONTRAST_HU && isfinite (rod->alone.sum)
         && rod->alone.f50_error < 2.0 * MOST_ERROR * rod->alone.kernel.f50;
}

/* ---- all rods ---- */

/* Standard error of the joint half, relative, by how far the rods alone lie from it; 0 for a single one.  Each weighs
 * as in the joint fit: by the square of its contrast. */
static double
scatter (const Rod *rods, int n, double half)
{
  double weights = 0.0, squares = 0.0, both = 0.0;

  for (int i = 0; i < n; i++)
    {
      double weight = rods[i].profile.level[1] * rods[i].profile.level[1];
      double off = log (oss_kernel_half (&rods[i].alone.kernel) / half);
      weights += weight;
      squares += weight * weight;
      both += weight * weight * off * off;
    }
  double effective = n > 0 ? weights * weights / squares : 0.0; /* number of rods */
  return effective > 1.0 ? sqrt (both) / weights * sqrt (effective / (effective - 1.0)) : 0.0;
}

static gboolean
fit_together (Rod *rods, int n, OssKernelRods *result, GError **error)
{
  OssKernelFit all = { .n_profiles = n };
  double radius[OSS_KERNEL_MOST_PROFILES];

  for (int i = 0; i < n; i++)
    {
      all.profiles[i] = &rods[i].profile;
      radius[i] = rods[i].edge.radius;
    }
  if (n > 0)
    oss_kernel_fit (&all, radius);
  for (int i = 0; i < n; i++)
    result->contrast_hu = fmax (result->contrast_hu, fabs (rods[i].profile.level[1]));
  if (n == 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("no rod of the phantom “%s” has an edge that can be measured (contrast, noise or view)"),
                 result->phantom);
  else
    {
      double half = oss_kernel_half (&all.kernel);
      double own = fmax (all.f50_error / all.kernel.f50, scatter (rods, n, half)), error_is = hypot (own, METHOD_ERROR);
      result->kernel = all.kernel;
      result->half_lp_cm = half;
      result->half_error_lp_cm = half * error_is;
      if (isfinite (all.sum) && error_is <= MOST_ERROR)
        return TRUE;
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("the rods of the phantom “%s” are too noisy to tell: half of the modulation at %.1f ± %.1f lp/cm"),
          result->phantom, half, result->half_error_lp_cm);
    }
  return FALSE;
}

gboolean
oss_kernel_measure_rods (const OssVolume *volume, const OssPhantomFit *fit, OssKernelRods *result, const OssTick *tick,
                         GError **error)
{
  g_autofree Rod *rods = g_new0 (Rod, OSS_KERNEL_MOST_PROFILES);
  int looked = MIN (fit->n_rods, OSS_KERNEL_MOST_PROFILES), n = 0;
  gboolean going = oss_tick_report (tick, 0.0, _ ("Measuring the kernel"), error);

  *result = (OssKernelRods){ .n_rods_looked = looked };
  g_strlcpy (result->phantom, fit->phantom.title, sizeof result->phantom);
  for (int r = 0; going && r < looked; r++)
    {
      if (measure_alone (volume, fit, r, &rods[n], tick))
        n++;
      else
        {
          oss_kernel_profile_clear (&rods[n].profile);
          memset (&rods[n], 0, sizeof rods[n]);
        }
      going = oss_tick_report (tick, (r + 1.0) / (looked + 1.0), NULL, error);
    }
  result->n_rods = n;
  gboolean good = going && fit_together (rods, n, result, error);
  for (int i = 0; i < n; i++)
    oss_kernel_profile_clear (&rods[i].profile);
  return good && oss_tick_report (tick, 1.0, NULL, error);
}
