/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "image/oss-labels.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/**
 * OssField: a smooth function of place, above 0 inside the label, rising about 2 per mm across its border.
 * @volume: samples on the label's voxels and a margin
 * @to_index: row-major 3 x 4, from patient mm to voxel index
 * @low_mm, @high_mm: the label's box in patient space
 */
typedef struct
{
  OssVolume *volume;
  double to_index[12];
  double low_mm[3], high_mm[3];
} OssField;

/**
 * oss_field_init:
 * @labels: what is above 0 is inside
 * @sigma_mm: standard deviations along i, j, k of the Gaussian on the signed distance
 *
 * The distance to the nearest voxel outside less the distance to the nearest inside, in mm and therefore the
 * same for any voxel shape: thick slices become slopes, not steps.
 */
G_GNUC_INTERNAL gboolean oss_field_init (OssField *self, const OssLabels *labels, const double sigma_mm[3],
                                         const OssTick *tick, GError **error);
G_GNUC_INTERNAL void oss_field_clear (OssField *self);

/* Trilinear; places beyond the margin take the value of its edge, which is negative. */
static inline double
oss_field_sample (const OssField *self, const double mm[3])
{
  const double *m = self->to_index;
  const int *size = self->volume->grid.size;
  double f[3];
  gsize at[3];

  for (int a = 0; a < 3; a++)
    {
      double x = m[4 * a] * mm[0] + m[4 * a + 1] * mm[1] + m[4 * a + 2] * mm[2] + m[4 * a + 3];
      x = CLAMP (x, 0.0, size[a] - 1.000001); /* the margin is two voxels at least */
      at[a] = (gsize) x;
      f[a] = x - (double) at[a];
    }
  gsize row = (gsize) size[0], slice = row * (gsize) size[1];
  const float *v = self->volume->data + at[2] * slice + at[1] * row + at[0];
  double c00 = v[0] + f[0] * (v[1] - v[0]), c10 = v[row] + f[0] * (v[row + 1] - v[row]);
  double c01 = v[slice] + f[0] * (v[slice + 1] - v[slice]);
  double c11 = v[slice + row] + f[0] * (v[slice + row + 1] - v[slice + row]);
  double c0 = c00 + f[1] * (c10 - c00), c1 = c01 + f[1] * (c11 - c01);
  return c0 + f[2] * (c1 - c0);
}

G_END_DECLS
