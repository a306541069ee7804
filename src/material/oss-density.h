/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* What a density in mg/cm3 stands for. */
typedef enum
{
  OSS_BASIS_UNKNOWN,
  OSS_BASIS_K2HPO4,   /* dipotassium phosphate equivalent (Mindways) */
  OSS_BASIS_CHA,      /* calcium hydroxyapatite (QRM, B-MAS, Image Analysis) */
  OSS_BASIS_ASH,      /* mineral ash */
  OSS_BASIS_APPARENT, /* wet apparent */
} OssBasis;

OSS_API const char *oss_basis_name (OssBasis basis);     /* "K2HPO4", "CHA", "ash", "apparent" */
OSS_API OssBasis oss_basis_from_name (const char *name); /* case does not matter */

/**
 * OssConversion: a named linear step between two bases, out = slope * in + intercept (mg/cm3).
 */
typedef struct
{
  const char *name; /* "equal", "keyak1994", "knowles2016", ... */
  OssBasis from, to;
  double slope, intercept;
  const char *source;
} OssConversion;

OSS_API const OssConversion *oss_conversion_all (gsize *n);
OSS_API const OssConversion *oss_conversion_find (const char *name, OssBasis from, OssBasis to);

/**
 * OssCalibrationLine: density = slope * HU + intercept, mg/cm3 in @basis.
 */
typedef struct
{
  double slope;     /* mg/cm3 per HU */
  double intercept; /* mg/cm3 */
  OssBasis basis;
  double r2;                 /* NaN when the line was given, not fitted */
  double uncertainty_mg_cm3; /* standard error of the density at 100 mg/cm3; NaN when unknown */
  /* Of @slope and @intercept, in their units: (mg/cm3/HU)^2, (mg/cm3)^2 and their product; NaN when unknown. */
  double variance_slope, variance_intercept, covariance;
  const char
      *method;      /* static: "phantom", "async", "internal", "line", "none", "density" (input was density already) */
  char source[128]; /* phantom model or citation */
} OssCalibrationLine;

/**
 * oss_calibration_line_make:
 * @method: static
 *
 * A line whose error is not known: NaN in @r2, in the uncertainty and in the covariances.
 */
OSS_API OssCalibrationLine oss_calibration_line_make (double slope, double intercept, OssBasis basis,
                                                      const char *method, const char *source);
/**
 * oss_calibration_uncertainty:
 *
 * Standard error, mg/cm3, of the density that the line gives for @hu, by the propagation of its covariance:
 * sqrt (variance_slope hu^2 + 2 covariance hu + variance_intercept).  The error of the line alone: neither noise nor
 * what the line does not know of.
 *
 * Returns: NaN when the covariances are not known
 */
OSS_API double oss_calibration_uncertainty (const OssCalibrationLine *line, double hu);

/* Published lines by name: "jiang2023-b40f", "jiang2023-b70f" (with source, basis K2HPO4). */
OSS_API gboolean oss_calibration_line_find (const char *name, OssCalibrationLine *line);

G_END_DECLS
