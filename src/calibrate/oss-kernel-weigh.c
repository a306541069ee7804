/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scan shows of its transfer function against what the table says of it. */
#include "calibrate/oss-kernel-rods.h"

#include <math.h>

#define OWN_ERROR 0.02 /* of the user's own rows */
#define CONFLICT 3.0   /* standard deviations */

/* Relative standard deviations; see the header. */
static const double scanner_error = 0.075, known_error = 0.044, derived_error = 0.10;

/* Variance that all kernels of a scanner share. */
static double
shared_variance (const OssKernel *kernel)
{
  return kernel->own ? 0.0 : scanner_error * scanner_error;
}

static double
own_variance (const OssKernel *kernel)
{
  double error = kernel->own                             ? OWN_ERROR
                 : kernel->status == OSS_KERNEL_MEASURED ? known_error
                 : kernel->status == OSS_KERNEL_VIRTUAL  ? known_error
                                                         : derived_error;
  return error * error;
}

double
oss_kernel_table_error (const OssKernel *kernel)
{
  return sqrt (shared_variance (kernel) + own_variance (kernel));
}

static void
stretch (OssKernel *kernel, double factor)
{
  kernel->f50 *= factor;
  kernel->peak *= factor;
}

/* @kernel, of the table, becomes what table and measurement tell together; the weight of the latter.  @difference: of
 * the measured from the table's, on a logarithmic scale. */
static double
merge (OssKernel *kernel, const OssKernelRods *rods, gboolean measured_only, double *difference, double *error)
{
  gboolean known = kernel->status != OSS_KERNEL_NO_MTF && kernel->f50 > 0.0;
  double noise = rods->half_error_lp_cm / rods->half_lp_cm;
  double table = known ? oss_kernel_table_error (kernel) : INFINITY;
  double weight = known && !measured_only ? table * table / (table * table + noise * noise) : 1.0;

  *difference = known ? log (rods->half_lp_cm / oss_kernel_half (kernel)) : 0.0;
  *error = weight < 1.0 ? sqrt (weight) * noise : noise;
  if (weight < 0.5)
    { /* the table's shape, moved towards the measurement */
      stretch (kernel, exp (weight * *difference));
      return weight;
    }
  kernel->f50 = rods->kernel.f50;
  kernel->exponent = rods->kernel.exponent;
  kernel->overshoot = rods->kernel.overshoot;
  kernel->peak = rods->kernel.peak;
  kernel->status = OSS_KERNEL_MEASURED;
  stretch (kernel, exp ((weight - 1.0) * *difference));
  return weight;
}

void
oss_kernel_weigh (OssKernelCorrection *correction, const OssKernelRods *from, const OssKernelRods *to,
                  gboolean measured_only, OssKernelBelief *belief)
{
  const OssKernel source = correction->from;
  double target_variance = own_variance (&correction->to), shared = shared_variance (&correction->to), difference;

  *belief = (OssKernelBelief){ .carried = 1.0 };
  belief->error[0] = source.status == OSS_KERNEL_NO_MTF ? INFINITY : oss_kernel_table_error (&source);
  belief->error[1] = sqrt (shared + target_variance);
  if (to != NULL)
    belief->weight[1] = merge (&correction->to, to, measured_only, &difference, &belief->error[1]);
  if (from == NULL)
    return;
  belief->weight[0] = merge (&correction->from, from, measured_only, &difference, &belief->error[0]);
  if (source.status == OSS_KERNEL_NO_MTF || !(source.f50 > 0.0))
    return;
  double noise = from->half_error_lp_cm / from->half_lp_cm;
  double all = shared_variance (&source) + own_variance (&source) + noise * noise;
  belief->conflict = fabs (difference) > CONFLICT * sqrt (all);
  if (to != NULL || belief->conflict || shared == 0.0 || shared_variance (&source) == 0.0)
    return;
  belief->carried = exp (shared / all * difference);
  belief->error[1] = sqrt (shared + target_variance - shared * shared / all);
  stretch (&correction->to, belief->carried);
}
