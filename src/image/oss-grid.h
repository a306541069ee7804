/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-vector.h"

G_BEGIN_DECLS

/**
 * OssGrid:
 * @size: voxel counts along i, j, k (i fastest in memory)
 * @spacing: centre-to-centre distances along i, j, k in mm
 * @origin: centre of voxel (0, 0, 0) in patient LPS, mm (x to the patient's Left, y Posterior, z Superior)
 * @direction: row-major; column c is the unit vector of index axis c in LPS;
 *   orthonormal, right- or left-handed
 *
 * Geometry of every image.  A left-right mix-up is the worst bug this program can have.
 */
typedef struct
{
  int size[3];
  double spacing[3];
  double origin[3];
  double direction[9];
} OssGrid;

/* FALSE with OSS_ERROR_INVALID_DATA naming what is wrong: sizes 1 or more and their product
 * below 2^31, spacings above 0 and finite, direction orthonormal to 1e-3. */
OSS_API gboolean oss_grid_check (const OssGrid *self, GError **error);
OSS_API gsize oss_grid_count (const OssGrid *self);
/* Volume of a voxel, mm3. */
OSS_API double oss_grid_voxel_mm3 (const OssGrid *self);
/* Continuous index <-> patient point; whole indices are voxel centres. */
OSS_API void oss_grid_to_patient (const OssGrid *self, const double index[3], double lps_mm[3]);
OSS_API void oss_grid_to_index (const OssGrid *self, const double lps_mm[3], double index[3]);
/* Index of @from -> index of @to, both continuous: to = matrix (row-major) from + shift. */
OSS_API void oss_grid_map (const OssGrid *from, const OssGrid *to, double matrix[9], double shift[3]);
/* Same size, and corners no further apart than @tolerance_mm. */
OSS_API gboolean oss_grid_equal (const OssGrid *a, const OssGrid *b, double tolerance_mm);
/* "512 × 512 × 183, 0.78 × 0.78 × 1.00 mm" */
OSS_API char *oss_grid_describe (const OssGrid *self);
/* The index box [low, high] (inclusive) that covers a patient-space sphere, clamped to the
 * image; FALSE when the sphere is outside. */
OSS_API gboolean oss_grid_box_around (const OssGrid *self, const double centre_mm[3], double radius_mm, int low[3],
                                      int high[3]);

/* The grid of the box [low, high] (inclusive); FALSE with OSS_ERROR_USAGE unless 0 <= low <= high < size. */
OSS_API gboolean oss_grid_crop (const OssGrid *self, const int low[3], const int high[3], OssGrid *crop,
                                GError **error);

/* An image reaches half a voxel beyond its outermost centres, and a hair for rounding (index units). */
#define OSS_GRID_REACH (0.5 + 1e-6)

static inline gsize
oss_grid_offset (const OssGrid *self, int i, int j, int k)
{
  return ((gsize) k * (gsize) self->size[1] + (gsize) j) * (gsize) self->size[0] + (gsize) i;
}

G_END_DECLS
