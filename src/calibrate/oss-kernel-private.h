/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to this room: a round edge in an image, its profile, and the transfer function that explains it. */

#include "calibrate/oss-kernel-measure.h"

G_BEGIN_DECLS

#define OSS_KERNEL_LEAST_CONTRAST_HU 40 /* of the edge */
#define OSS_KERNEL_LEAST_RADIUS_MM 3.0
#define OSS_KERNEL_REACH_MM 7.0 /* of the profile to either side of the edge */
#define OSS_KERNEL_MOST_BINS 400
#define OSS_KERNEL_MOST_PROFILES 8 /* in one fit */

/* The image as slices across the patient's long axis; places in a slice are in mm from its first pixel. */
typedef struct
{
  const OssVolume *volume;
  int axis[3], n[3];
  gsize stride[3];
  double spacing[3];
  int first, last; /* slices used */
  double height_mm;
  double at[2], level;       /* the place asked for; mean of the axis over the slices */
  double centre[2], tilt[2]; /* mm per mm */
  double radius;
} OssKernelEdge;

/* The profile over the distance from the axis. */
typedef struct
{
  int n;
  double r[OSS_KERNEL_MOST_BINS], hu[OSS_KERNEL_MOST_BINS], weight[OSS_KERNEL_MOST_BINS];
  int n_f;
  double step;      /* per mm, between frequencies */
  double *j0;       /* [n][n_f] */
  double *spectrum; /* [n_f] scratch */
  double u[OSS_KERNEL_MOST_BINS];
  double level[3]; /* constant, step, slope: the linear part of the last fit */
} OssKernelProfile;

/* ---- the edge ---- */

/* Slices of @height_mm about a place.  USAGE when it is outside the image. */
gboolean oss_kernel_edge_init (OssKernelEdge *self, const OssVolume *volume, const double at_mm[3], double height_mm,
                               GError **error);
/* Centre and radius, all slices together.  REFUSED when there is no round edge. */
gboolean oss_kernel_edge_find_circle (OssKernelEdge *self, GError **error);
/* The rod may lean: the circle's centre in blocks of slices, and a straight line through them. */
void oss_kernel_edge_find_tilt (OssKernelEdge *self);
/* Sets the share of the circle and the pixels of @result.  REFUSED when too little of either is left; CANCELLED. */
gboolean oss_kernel_edge_profile (const OssKernelEdge *edge, OssKernelProfile *profile, OssKernelMeasurement *result,
                                  const OssTick *tick, GError **error);

/* ---- the fit ---- */

/* Edges of one image, each about a radius of its own, under one transfer function. */
typedef struct
{
  OssKernelProfile *profiles[OSS_KERNEL_MOST_PROFILES]; /* borrowed */
  int n_profiles, n_bins;
  /* what comes out; each profile's levels too */
  OssKernel kernel; /* lp/cm; no name */
  double radius[OSS_KERNEL_MOST_PROFILES];
  double sum;       /* of weighted squares that are left */
  double f50_error; /* standard error by that, lp/cm */
} OssKernelFit;

/* @radius: of each profile, roughly. */
void oss_kernel_fit (OssKernelFit *self, const double *radius);
/* Frees the tables that the fit gave a profile. */
void oss_kernel_profile_clear (OssKernelProfile *self);

G_END_DECLS
