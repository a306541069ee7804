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

/* A ball of 15 mm radius: 120 HU, a shell of 900 HU @shell_mm thick, a vein of -50 HU, and a stalk of 500 HU behind. */
static OssVolume *
make_ball (const OssVertebraFrame *frame, double shell_mm, OssLabels **labels)
{
  const OssGrid grid = { .size = { 76, 100, 76 },
                         .spacing = { 0.5, 0.5, 0.5 },
                         .origin = { -15.75, -22.75, 81.25 },
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
          r = sqrt (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]);
          gboolean stalk = q[1] < 0.0 && q[1] > -24.0 && hypot (q[0], q[2]) < 5.0 && r > 15.0;
          (*labels)->data[v] = r <= 15.0 || stalk;
          volume->data[v] = stalk ? 500.0f : r > 15.0 ? 40.0f : r > 15.0 - shell_mm ? 900.0f : 120.0f;
          if (r <= 15.0 - shell_mm && fabs (q[0]) < 5.0 && fabs (q[2]) < 4.0 && q[1] < -5.5)
            volume->data[v] = -50.0f;
        }
  return volume;
}

/* Closed form: the shell's share of a ball is 1 - (13/15)^3, the peeled ball's radius 12 mm.  An outline of voxels is
 * known to half a voxel, 0.25 mm: an eighth of a shell of 2 mm, which then reads 120 instead of 900 HU. */
static void
test_forms (void)
{
  const OssCalibrationLine line = { .slope = 0.7, .intercept = -4.2, .basis = OSS_BASIS_K2HPO4 };
  OssVertebraFrame frame = upright;
  g_autoptr (OssLabels) labels = NULL;
  g_autoptr (GError) error = NULL;
  OssVbmdForms forms = { 0 };

  frame.width_mm = frame.depth_mm = frame.height_mm = 30.0;
  g_autoptr (OssVolume) volume = make_ball (&frame, 2.0, &labels);
  g_assert_true (oss_vbmd_measure_forms (volume, labels, &frame, &line, &forms, &error));
  g_assert_no_error (error);
  const double ball = 4.0 / 3.0 * G_PI * 15.0 * 15.0 * 15.0, inside = pow (13.0 / 15.0, 3.0);
  const double vein = 10.0 * 8.0 * (12.0 - 5.5); /* as a block, a little more than what the ball leaves of it */
  const double mean_hu = 900.0 * (1.0 - inside) + 120.0 * inside - 170.0 * vein / ball;

  g_test_message ("eroded %.2f HU of %.0f mm3, integral %.2f (%.2f) HU of %.0f (%.0f) mm3, cortical %.2f HU",
                  forms.eroded.mean_hu, forms.eroded.volume_mm3, forms.integral.mean_hu, mean_hu,
                  forms.integral.volume_mm3, ball, forms.cortical.mean_hu);
  g_assert_cmpfloat (forms.peel_mm, ==, OSS_VBMD_PEEL_MM);
  g_assert_cmpfloat (forms.eroded.mean_hu, ==, 120.0); /* neither shell nor vein nor stalk */
  g_assert_cmpfloat (forms.eroded.sd_mg_cm3, <, 1e-6);
  g_assert_cmpfloat (fabs (forms.eroded.mean_mg_cm3 - (0.7 * 120.0 - 4.2)), <, 1e-9);
  g_assert_cmpfloat (forms.eroded.volume_mm3, <, 1.03 * 4.0 / 3.0 * G_PI * 12.0 * 12.0 * 12.0);
  g_assert_cmpfloat (forms.eroded.volume_mm3, >, 0.80 * 4.0 / 3.0 * G_PI * 12.0 * 12.0 * 12.0);
  g_assert_cmpfloat (fabs (forms.integral.volume_mm3 / ball - 1.0), <, 0.01);
  g_assert_cmpfloat (fabs (forms.integral.mean_hu / mean_hu - 1.0), <, 0.01);
  g_assert_cmpfloat (900.0 - forms.cortical.mean_hu, >=, 0.0);
  g_assert_cmpfloat (900.0 - forms.cortical.mean_hu, <, 780.0 / 8.0);
  /* A shell twice as deep as the bone's own is half marrow: (15^3 - 13^3) / (15^3 - 11^3) of it bone. */
  forms = (OssVbmdForms){ .shell_mm = 4.0 };
  g_assert_true (oss_vbmd_measure_forms (volume, labels, &frame, &line, &forms, &error));
  const double share = (3375.0 - 2197.0) / (3375.0 - 1331.0);
  g_assert_cmpfloat (fabs (forms.cortical.mean_hu - 900.0 * share - 120.0 * (1.0 - share)), <, 780.0 / 16.0);
  g_autoptr (OssLabels) none = oss_labels_new (&labels->grid, NULL);
  g_assert_false (oss_vbmd_measure_forms (volume, none, &frame, &line, &forms, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrate/vbmd/mean", test_mean);
  g_test_add_func ("/calibrate/vbmd/shrink", test_shrink);
  g_test_add_func ("/calibrate/vbmd/outside", test_outside);
  g_test_add_func ("/calibrate/vbmd/forms", test_forms);
  return g_test_run ();
}
