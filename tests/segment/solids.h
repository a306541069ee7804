/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A vertebra of known axes and sizes, as a formula. */

#include "base/oss-random.h"
#include "image/oss-labels.h"
#include "image/oss-vertebra.h"
#include "image/oss-volume.h"

#include <string.h>

/* Axes turned from upright by angles in degrees about the patient's x (forward lean), y (sideways) and z (rotation). */
static inline OssVertebraFrame
turned_frame (const double centre[3], double about_x, double about_y, double about_z)
{
  double a = about_x * G_PI / 180.0, b = about_y * G_PI / 180.0, c = about_z * G_PI / 180.0;
  const double rx[9] = { 1, 0, 0, 0, cos (a), -sin (a), 0, sin (a), cos (a) };
  const double ry[9] = { cos (b), 0, sin (b), 0, 1, 0, -sin (b), 0, cos (b) };
  const double rz[9] = { cos (c), -sin (c), 0, sin (c), cos (c), 0, 0, 0, 1 };
  const double axes[3][3] = { { -1, 0, 0 }, { 0, -1, 0 }, { 0, 0, 1 } };
  OssVertebraFrame frame = { .width_mm = 42.0, .depth_mm = 30.0, .height_mm = 26.0 };
  double *out[3] = { frame.right, frame.anterior, frame.superior };

  memcpy (frame.centre, centre, sizeof frame.centre);
  for (int i = 0; i < 3; i++)
    {
      oss_mat3_apply (rz, axes[i], out[i]);
      oss_mat3_apply (ry, out[i], out[i]);
      oss_mat3_apply (rx, out[i], out[i]);
    }
  return frame;
}

static inline gboolean
in_box (const double q[3], double x, double y, double z, double hx, double hy, double hz)
{
  return fabs (q[0] - x) <= hx && fabs (q[1] - y) <= hy && fabs (q[2] - z) <= hz;
}

/* Elliptic cylinder 42 x 30 x 26 mm; pedicles in its upper half, laminae, spinous and transverse processes. */
static inline gboolean
in_body (const double q[3])
{
  return fabs (q[2]) <= 13.0 && q[0] * q[0] / (21.0 * 21.0) + q[1] * q[1] / (15.0 * 15.0) <= 1.0;
}

static inline gboolean
in_vertebra (const double q[3])
{
  return in_body (q) || in_box (q, 12.0, -18.0, 5.0, 4.0, 8.0, 7.0) || in_box (q, -12.0, -18.0, 5.0, 4.0, 8.0, 7.0)
         || in_box (q, 0.0, -30.0, -3.0, 17.0, 4.0, 9.0) || in_box (q, 0.0, -44.0, -6.0, 3.0, 12.0, 8.0)
         || in_box (q, 28.0, -28.0, 3.0, 12.0, 4.0, 4.0) || in_box (q, -28.0, -28.0, 3.0, 12.0, 4.0, 4.0);
}

static inline OssLabels *
label_solid (gboolean (*inside) (const double q[3]), const OssVertebraFrame *frame, const OssGrid *grid)
{
  OssLabels *labels = oss_labels_new (grid, NULL);

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          double p[3], q[3];

          oss_grid_to_patient (grid, (double[3]){ i, j, k }, p);
          oss_vertebra_frame_local (frame, p, q);
          labels->data[oss_grid_offset (grid, i, j, k)] = inside (q);
        }
  return labels;
}
