/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trabecular density of a body whose density is known everywhere. */
#include "calibrate/oss-vbmd.h"

#include <string.h>

static const OssVertebraFrame upright = { .centre = { 3, -4, 100 },
                                          .right = { -1, 0, 0 },
                                          .anterior = { 0, -1, 0 },
                                          .superior = { 0, 0, 1 },
                                          .width_mm = 42,
                                          .depth_mm = 30,
                                          .height_mm = 26 };

/* A body of @marrow HU with @gradient HU per mm forward, a shell of 900 HU, and a basivertebral vein of -50 HU. */
static OssVolume *
make_body (const OssVertebraFrame *frame, double marrow, double gradient, OssLabels **labels)
{
  const OssGrid grid = { .size = { 80, 70, 50 },
                         .spacing = { 0.8, 0.8, 1.0 },
                         .origin = { -29.0, -32.0, 75.0 },
                         .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);

  *labels = oss_labels_new (&grid, NULL);
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      for (int i = 0; i < grid.size[0]; i++)
        {
          double p[3], q[3], r;
          gsize v = oss_grid_offset (&grid, i, j, k);

          oss_grid_to_patient (&grid, (double[3]){ i, j, k }, p);
          oss_vertebra_frame_local (frame, p, q);
          r = hypot (2.0 * q[0] / frame->width_mm, 2.0 * q[1] / frame->depth_mm);
          (*labels)->data[v] = r <= 1.0 && fabs (q[2]) <= 0.5 * frame->height_mm;
          volume->data[v] = 40.0f;
          if ((*labels)->data[v])
            volume->data[v] = (float) (marrow + gradient * q[1]);
          if ((*labels)->data[v] && (r > 0.93 || fabs (q[2]) > 0.5 * frame->height_mm - 1.0))
            volume->data[v] = 900.0f;
          if (fabs (q[0]) < 4.0 && fabs (q[2]) < 3.0 && q[1] < -0.15 * frame->depth_mm && q[1] > -0.5 * frame->depth_mm)
            volume->data[v] = -50.0f;
        }
  return volume;
}

/* Neither shell nor vein in the mean; the ellipse lies in front of the centre, where the gradient says it does. */
static void
test_mean (void)
{
  const OssCalibrationLine line = { .slope = 0.7, .intercept = -4.2, .basis = OSS_BASIS_K2HPO4 };
  g_autoptr (OssLabels) labels = NULL;
  g_autoptr (OssVolume) volume = make_body (&upright, 120.0, 2.0, &labels);
  g_autoptr (GError) error = NULL;
  OssVbmd vbmd, bare;
  double forward;

  g_assert_true (oss_vbmd_measure (volume, labels, &upright, &line, &vbmd, &error));
  g_assert_no_error (error);
  forward = -(vbmd.centre_mm[1] - upright.centre[1]);
  g_assert_cmpfloat (forward, >, 2.0);
  g_assert_cmpfloat (forward, <, 8.0);
  g_assert_cmpfloat (fabs (vbmd.mean_hu - (120.0 + 2.0 * forward)), <, 1.0);
  g_assert_cmpfloat (fabs (vbmd.mean_mg_cm3 - (0.7 * vbmd.mean_hu - 4.2)), <, 1e-9);
  g_assert_cmpfloat (vbmd.height_mm, >=, 8.0);
  g_assert_cmpfloat (vbmd.height_mm, <=, 10.0);
  /* Standard deviation of a linear field over an ellipse: gradient times half the semi-axis. */
  g_assert_cmpfloat (fabs (vbmd.sd_mg_cm3 - 0.7 * 2.0 * 0.5 * vbmd.semi_axis_anterior_mm), <, 0.6);
  /* Number of voxels is the cylinder's volume over a voxel's. */
  g_assert_cmpfloat (
      fabs ((double) vbmd.voxels * 0.64 / (G_PI * vbmd.semi_axis_right_mm * vbmd.semi_axis_anterior_mm * vbmd.height_mm)
            - 1.0),
      <, 0.15);
  g_assert_true (oss_vbmd_measure (volume, NULL, &upright, &line, &bare, &error));
  g_assert_cmpfloat (fabs (bare.mean_hu - vbmd.mean_hu), <, 4.0);
}

/* A body flatter than the nominal cylinder shrinks it; one too thin to hold any is refused. */
static void
test_shrink (void)
{
  const OssCalibrationLine line = { .slope = 1.0 };
  OssVertebraFrame flat = upright;
  g_autoptr (OssLabels) labels = NULL;
  g_autoptr (OssLabels) none = NULL;
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (OssVolume) thin = NULL;
  g_autoptr (GError) error = NULL;
  OssVbmd vbmd;

  flat.height_mm = 13.0;
  volume = make_body (&flat, 120.0, 0.0, &labels);
  g_assert_true (oss_vbmd_measure (volume, labels, &flat, &line, &vbmd, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (fabs (vbmd.mean_hu - 120.0), <, 0.5);
  g_assert_cmpfloat (vbmd.height_mm, <, 7.0);
  flat.height_mm = 6.0;
  thin = make_body (&flat, 120.0, 0.0, &none);
  g_assert_false (oss_vbmd_measure (thin, none, &flat, &line, &vbmd, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

static void
test_outside (void)
{
  const OssCalibrationLine line = { .slope = 1.0 };
  OssVertebraFrame away = upright;
  g_autoptr (OssLabels) labels = NULL;
  g_autoptr (OssVolume) volume = make_body (&upright, 120.0, 0.0, &labels);
  g_autoptr (GError) error = NULL;
  OssVbmd vbmd;

  away.centre[2] += 500.0;
  g_assert_false (oss_vbmd_measure (volume, NULL, &away, &line, &vbmd, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (oss_vbmd_measure (volume, labels, &away, &line, &vbmd, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrate/vbmd/mean", test_mean);
  g_test_add_func ("/calibrate/vbmd/shrink", test_shrink);
  g_test_add_func ("/calibrate/vbmd/outside", test_outside);
  return g_test_run ();
}
