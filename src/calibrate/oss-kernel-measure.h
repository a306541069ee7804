/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-kernel.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

#define OSS_KERNEL_MODULATIONS 24

/* A transfer function measured on a round edge. */
typedef struct
{
  OssKernel kernel; /* f50, exponent, overshoot; status measured; no name yet */
  double centre_mm[3], radius_mm;
  double inside_hu, outside_hu;
  double rms_hu;       /* what the fit leaves of the edge profile */
  double f50_error;    /* standard error of f50 by that, lp/cm */
  double sectors_used; /* share of the circle */
  int slices;
  gsize pixels;
  /* Without the fit: derivative of the profile, its Fourier transform, every lp/cm 0.5 from 0; NaN beyond what the
   * pixels can show.  Of narrow rods a little too high, since the edge is curved. */
  double modulation[OSS_KERNEL_MODULATIONS];
} OssKernelMeasurement;

/**
 * oss_kernel_measure:
 * @at_mm: a place inside the rod or cylinder, patient mm
 * @height_mm: length along the rod that is used, half to either side; 0: 30
 *
 * Follows rays from @at_mm to the edge, fits a circle (in each slice, then a straight axis through all), and puts every
 * pixel near it into a profile over the distance from the axis, ten times finer than the pixels.  The transfer
 * function is the one of OssKernel whose disc has this profile (least squares over f50, exponent, radius and levels):
 *   u (r) = 2 pi R int J1 (2 pi R f) J0 (2 pi r f) MTF (f) df,
 * exact for a round edge of any radius.  Directions where something else stands behind the edge are left out.
 *
 * Errors: USAGE when the place is outside the image, REFUSED when there is no round edge, too little contrast or too
 * few pixels; CANCELLED.
 */
OSS_API gboolean oss_kernel_measure (const OssVolume *volume, const double at_mm[3], double height_mm,
                                     OssKernelMeasurement *result, const OssTick *tick, GError **error);

G_END_DECLS
