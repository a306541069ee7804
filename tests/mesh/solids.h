/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Solids of known shape as label images, for the tests of this folder. */
#pragma once

#include "base/oss-vector.h"
#include "image/oss-labels.h"

/* Whether the patient point (mm, LPS) is inside. */
typedef gboolean (*SolidFunc) (const double mm[3]);

static inline gboolean
in_ellipsoid (const double mm[3], double x, double y, double z, double a, double b, double c)
{
  double u = (mm[0] - x) / a, v = (mm[1] - y) / b, w = (mm[2] - z) / c;
  return u * u + v * v + w * w < 1.0;
}

/* Within @radius of the segment from @a to @b. */
static inline gboolean
in_capsule (const double mm[3], const double a[3], const double b[3], double radius)
{
  double ab[3], ap[3];
  oss_sub (b, a, ab);
  oss_sub (mm, a, ap);
  double t = CLAMP (oss_dot (ap, ab) / oss_dot (ab, ab), 0.0, 1.0);
  for (int i = 0; i < 3; i++)
    ap[i] -= t * ab[i];
  return oss_dot (ap, ap) < radius * radius;
}

/* An L1 of plain shapes: kidney centrum 45 x 32 x 27 mm with a 12 % waist, canal, pedicles, laminae, spinous,
 * transverse and articular processes.  Front is -y. */
static inline gboolean
in_vertebra (const double mm[3])
{
  double height = fabs (mm[2]) / 13.5, waist = 1.0 - 0.12 * (1.0 - MIN (height * height, 1.0));
  double x = fabs (mm[0]);
  const double p[3] = { x, mm[1], mm[2] };

  if (in_ellipsoid (mm, 0.0, 24.0, 0.0, 11.0, 9.0, 1e6))
    return FALSE; /* canal */
  if (height < 1.0 && in_ellipsoid (mm, 0.0, 0.0, 0.0, 22.5 * waist, 16.0 * waist, 1e6))
    return TRUE;
  return in_capsule (p, (double[3]){ 14.0, 12.0, 4.0 }, (double[3]){ 15.0, 28.0, 3.0 }, 4.5)     /* pedicle */
         || in_capsule (p, (double[3]){ 15.0, 28.0, 2.0 }, (double[3]){ 0.0, 36.0, -4.0 }, 3.6)  /* lamina */
         || in_capsule (p, (double[3]){ 15.0, 28.0, 2.0 }, (double[3]){ 34.0, 33.0, 4.0 }, 3.2)  /* transverse */
         || in_capsule (p, (double[3]){ 0.0, 36.0, -4.0 }, (double[3]){ 0.0, 58.0, -10.0 }, 3.6) /* spinous */
         || in_capsule (p, (double[3]){ 15.0, 28.0, 0.0 }, (double[3]){ 15.0, 30.0, 17.0 }, 4.2)
         || in_capsule (p, (double[3]){ 14.0, 29.0, 0.0 }, (double[3]){ 13.0, 32.0, -19.0 }, 4.2); /* articular */
}

/* The voxels whose centre is inside. */
static inline OssLabels *
label_solid (SolidFunc inside, const OssGrid *grid)
{
  OssLabels *labels = oss_labels_new (grid, NULL);

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          const double index[3] = { i, j, k };
          double mm[3];
          oss_grid_to_patient (grid, index, mm);
          labels->data[oss_grid_offset (grid, i, j, k)] = inside (mm);
        }
  return labels;
}

/* A grid of the given spacing over the box, axes along the patient's. */
static inline OssGrid
grid_over (const double low[3], const double high[3], double dx, double dy, double dz)
{
  OssGrid grid = { .spacing = { dx, dy, dz }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };

  for (int a = 0; a < 3; a++)
    {
      grid.size[a] = (int) ceil ((high[a] - low[a]) / grid.spacing[a]);
      grid.origin[a] = low[a] + 0.5 * grid.spacing[a];
    }
  return grid;
}
