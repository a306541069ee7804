/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-volume.h"
#include "material/oss-density.h"

G_BEGIN_DECLS

#define OSS_PHANTOM_MAX_RODS 8

/* A reference phantom as its certificate describes it (data/phantoms.ini; certificates differ by serial). */
typedef struct
{
  char name[32]; /* "mindways3" */
  char title[64];
  OssBasis basis;
  int n_rods;
  double rod_density[OSS_PHANTOM_MAX_RODS]; /* mg/cm3 in basis */
  double rod_water[OSS_PHANTOM_MAX_RODS];   /* water-equivalent mg/cm3; 0 for solid CHA phantoms */
  double rod_diameter_mm, rod_spacing_mm;
  char source[96];
} OssPhantom;

/* A phantom of data/phantoms.ini by name.  USAGE lists the names; INVALID_DATA when the file's entry is wrong. */
OSS_API gboolean oss_phantom_find (const char *name, OssPhantom *phantom, GError **error);

/* One rod as measured. */
typedef struct
{
  double centre_mm[3]; /* at the middle slice used */
  double axis[3];
  double mean_hu, sd_hu, residual_hu;
  gboolean used;
  char note[64]; /* why it was left out */
} OssRod;

typedef struct
{
  OssPhantom phantom;
  int n_rods;
  OssRod rods[OSS_PHANTOM_MAX_RODS];
  OssCalibrationLine line;
  double effective_slope_hu; /* HU per mg/cm3 of the line, before inversion */
  int slices_used;
  guint warnings; /* OSS_PHANTOM_* bits */
} OssPhantomFit;

#define OSS_PHANTOM_LOW_R2 1u /* 0.90 <= R2 < 0.98 */

/**
 * oss_phantom_calibrate:
 * @volume: HU
 *
 * Finds the phantom's rods and fits the line (Mindways: QCT PRO method, see the source file).
 * Errors: NOT_FOUND when there is no such phantom in the image; REFUSED when R2 < 0.90.
 */
OSS_API gboolean oss_phantom_calibrate (const OssVolume *volume, const OssPhantom *phantom, OssPhantomFit *fit,
                                        const OssTick *tick, GError **error);

G_END_DECLS
