/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-kernel-correct.h"
#include "calibrate/oss-phantom.h"

G_BEGIN_DECLS

/* A transfer function measured on the rods of a calibration phantom in the image itself. */
typedef struct
{
  OssKernel kernel;          /* status measured; no name */
  double half_lp_cm;         /* where a half is left, overshoot and all */
  double half_error_lp_cm;   /* standard error: of the fit, or of the rods among each other where that is larger, and of
                                the method */
  int n_rods, n_rods_looked; /* whose edges took part; of the phantom */
  double contrast_hu;        /* the largest one of an edge */
  char phantom[64];          /* title */
} OssKernelRods;

/**
 * oss_kernel_measure_rods:
 * @fit: the phantom as oss_phantom_calibrate() or oss_phantom_search() found it in @volume
 *
 * Every rod that was read gives a profile over its edge as in oss_kernel_measure(), along the height at which it was
 * read; one transfer function is fitted to all profiles at once, each with its radius and levels.  An edge's blur does
 * not depend on how high it is, so a beam that is softer near the table, or a rod of another density, changes nothing.
 * Rods of too little contrast and those whose circle is not where the phantom has it are left out.
 *
 * The standard error is the larger one of the fit's and of the scatter of the single rods about their joint fit, and of
 * 1.5 % for the method (discs and virtual rods, tests/calibrate).
 *
 * Errors: REFUSED when no rod's edge can be measured, or when the error exceeds 15 %; CANCELLED.  Any thread may call.
 */
OSS_API gboolean oss_kernel_measure_rods (const OssVolume *volume, const OssPhantomFit *fit, OssKernelRods *result,
                                          const OssTick *tick, GError **error);

/* What is believed of the two transfer functions of a correction once the scan itself was looked at. */
typedef struct
{
  double weight[2];  /* of the measurement against the table, source and target: 0 to 1 */
  double error[2];   /* relative standard deviation of what is used, of half the modulation */
  double carried;    /* factor on the target's frequencies that the source's measurement brought; 1: none */
  gboolean conflict; /* the source's measurement and the table differ by more than both allow */
} OssKernelBelief;

/* Relative standard deviation that a table's f50 is taken to have: see oss_kernel_weigh(). */
OSS_API double oss_kernel_table_error (const OssKernel *kernel);

/**
 * oss_kernel_weigh:
 * @correction: (inout): both kernels by the table; then what is to be used.  A source without a transfer function
 *   (%OSS_KERNEL_NO_MTF) takes the measured one
 * @from, @to: (nullable): measured in images of the two kernels
 * @measured_only: a measurement is taken as it is, whatever the table says
 *
 * A scanner differs from the table by a factor s on the frequencies that all its kernels share (focal spot, detector,
 * geometry), and each kernel by one of its own, e: log f = log f_table + s + e, all Gaussian.  Taken as known:
 *   s: 7.5 % and e: 4.4 % for a kernel that the table has (together the variance of an even spread over +-15 %),
 *   e: 10 % for one that is derived by a rule or recalled; the user's own rows: 2 % altogether.
 * [choices: no study of many scanners gives these.]  The means given the measurements follow (linear Gaussian): the
 * measured f weighs (s2 + e2) / (s2 + e2 + n2), n its own error, and s2 / (s2 + e2 + n2) of its difference from the
 * table carries over to a target that was not measured.  In a conflict (over three standard deviations) nothing carries
 * over.  The shape (exponent, overshoot) is that of whichever weighs more.
 */
OSS_API void oss_kernel_weigh (OssKernelCorrection *correction, const OssKernelRods *from, const OssKernelRods *to,
                               gboolean measured_only, OssKernelBelief *belief);

G_END_DECLS
