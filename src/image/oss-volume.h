/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "image/oss-grid.h"

G_BEGIN_DECLS

typedef enum
{
  OSS_QUANTITY_OTHER,
  OSS_QUANTITY_HU,
  OSS_QUANTITY_DENSITY, /* mg/cm3; the basis stands beside it in the calibration line */
  OSS_QUANTITY_MODULUS, /* MPa */
} OssQuantity;

/**
 * OssVolume: a scalar image, float32, with its geometry.
 *
 * Fields are public for reading.  Whoever made it may fill @data before sharing it; once
 * another function has it, it never changes, and any thread may read it.
 */
typedef struct
{
  OssGrid grid;
  OssQuantity quantity;
  float *data; /* [k][j][i], i fastest */
  gatomicrefcount references;
} OssVolume;

/* A volume of zeros.  NULL with INVALID_DATA (geometry) or OUT_OF_MEMORY. */
OSS_API OssVolume *oss_volume_new (const OssGrid *grid, OssQuantity quantity, GError **error);
OSS_API OssVolume *oss_volume_ref (OssVolume *self);
OSS_API void oss_volume_unref (OssVolume *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssVolume, oss_volume_unref)

/* Trilinear at an index-space point; coordinates are clamped to the image. */
OSS_API double oss_volume_sample_index (const OssVolume *self, const double index[3]);
/* Trilinear at a patient point. */
OSS_API double oss_volume_sample (const OssVolume *self, const double lps_mm[3]);
/* The box [low, high] (inclusive) as a volume of its own. */
OSS_API OssVolume *oss_volume_crop (const OssVolume *self, const int low[3], const int high[3], GError **error);
/* Trilinear onto @grid; beyond the outermost voxels' faces @outside. */
OSS_API OssVolume *
oss_volume_resample (const OssVolume *self, const OssGrid *grid, double outside, const OssTick *tick, GError **error);
/* Separable Gaussian, standard deviations in mm along i, j, k (0: none), edges clamped,
 * cut off at 4 standard deviations and normalised.  Needs no memory beyond the result. */
OSS_API OssVolume *
oss_volume_gaussian (const OssVolume *self, const double sigma_mm[3], const OssTick *tick, GError **error);
/* new = slope * old + intercept, tagged @quantity. */
OSS_API OssVolume *
oss_volume_linear (const OssVolume *self, double slope, double intercept, OssQuantity quantity, GError **error);
/* NaN is passed over; 0 and 0 when there is nothing else. */
OSS_API void oss_volume_range (const OssVolume *self, double *minimum, double *maximum);

G_END_DECLS
