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
  const char *method;        /* static: "phantom", "line", "density" (input was density already) */
  char source[128];          /* phantom model or citation */
} OssCalibrationLine;

/* Published lines by name: "jiang2023-b40f", "jiang2023-b70f" (with source, basis K2HPO4). */
OSS_API gboolean oss_calibration_line_find (const char *name, OssCalibrationLine *line);

G_END_DECLS
