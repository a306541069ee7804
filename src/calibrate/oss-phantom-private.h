/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to this room: the search for the rods, apart from the fit. */

#include "calibrate/oss-phantom.h"

#include "base/oss-tick.h"

G_BEGIN_DECLS

/* Share of a rod's radius that is read: clear of the wall and its blur. */
#define OSS_ROD_INNER 0.6

/* HU per mg/cm3 at any tube voltage in use (80 to 140 kVp: 1.2 to 2.2). */
#define OSS_ROD_SLOPE_LOW 0.8
#define OSS_ROD_SLOPE_HIGH 2.6

/* A row of rods across the patient as found in one slab: circles of @radius_mm at @first + i * @step, in patient x and
 * y at height @z_mm; rod i of the phantom. */
typedef struct
{
  double first[2], step[2];
  double radius_mm, z_mm;
  double score;
} OssRodRow;

void oss_phantom_not_found (const OssPhantom *phantom, GError **error);

/* The best row of the phantom's rods in slabs through the volume.  FALSE with NOT_FOUND when there is none. */
gboolean oss_rod_row_find (const OssVolume *volume, const OssPhantom *phantom, OssRodRow *row, const OssTick *tick,
                           GError **error);

/* Least-squares line through HU (less the water column for Mindways phantoms) over density; rods with @used FALSE are
 * left out.  FALSE when fewer than three are left or all densities are equal. */
gboolean oss_phantom_regress (const OssPhantom *phantom, const double *hu, const gboolean *used, double *slope,
                              double *intercept, double *r2);

G_END_DECLS
