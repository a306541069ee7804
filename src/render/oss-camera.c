/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orbit camera.  Patient axes are LPS: +x the patient's Left, +y Posterior, +z Superior. */
#include "base/oss-vector.h"
#include "render/oss-render-private.h"

static const double superior[3] = { 0.0, 0.0, 1.0 };

void
oss_camera_axes (const OssCamera *camera, double axes[3][3])
{
  double *right = axes[0], *up = axes[1], *eye = axes[2];

  memcpy (eye, camera->eye_direction, sizeof camera->eye_direction);
  if (oss_normalize (eye) == 0.0)
    eye[1] = -1.0; /* from the front */
  oss_cross (camera->up, eye, right);
  if (oss_normalize (right) < 1e-9) /* @up along the line of sight says nothing: take any across it */
    {
      const double x[3] = { 1.0, 0.0, 0.0 }, y[3] = { 0.0, -1.0, 0.0 };

      oss_cross (fabs (eye[0]) < 0.9 ? x : y, eye, up);
      oss_cross (up, eye, right);
      oss_normalize (right);
    }
  oss_cross (eye, right, up);
}

void
oss_camera_default (OssCamera *camera, const OssVertebraFrame *frame, double radius_mm)
{
  *camera = (OssCamera){ .height_mm = 2.1 * MAX (radius_mm, 1.0) };
  for (int i = 0; i < 3; i++)
    {
      camera->target_mm[i] = frame->centre[i];
      camera->eye_direction[i] = 0.80 * frame->anterior[i] - 0.48 * frame->right[i] + 0.36 * frame->superior[i];
      camera->up[i] = frame->superior[i];
    }
  oss_normalize (camera->eye_direction);
}

/* Turns @v about the unit @axis by the right-hand rule. */
static void
rotate (double v[3], const double axis[3], double radians)
{
  const double c = cos (radians), s = sin (radians), along = oss_dot (axis, v) * (1.0 - c);
  double across[3];

  oss_cross (axis, v, across);
  for (int i = 0; i < 3; i++)
    v[i] = c * v[i] + s * across[i] + along * axis[i];
}

/* A turntable: sideways about the patient's long axis, up and down no further than straight above or
 * below, so that the head never turns over. */
void
oss_camera_orbit (OssCamera *camera, double degrees_right, double degrees_up)
{
  const double radian = G_PI / 180.0;
  double axes[3][3], pitch = asin (CLAMP (camera->eye_direction[2], -1.0, 1.0));

  oss_camera_axes (camera, axes);
  memcpy (camera->eye_direction, axes[2], sizeof axes[2]);
  memcpy (camera->up, axes[1], sizeof axes[1]);
  rotate (camera->eye_direction, superior, degrees_right * radian);
  rotate (camera->up, superior, degrees_right * radian);
  rotate (axes[0], superior, degrees_right * radian);

  double turn = CLAMP (pitch + degrees_up * radian, -G_PI_2, G_PI_2) - pitch;
  rotate (camera->eye_direction, axes[0], -turn);
  rotate (camera->up, axes[0], -turn);
}

void
oss_camera_look_from (OssCamera *camera, char letter)
{
  static const struct
  {
    char letter;
    double eye[3], up[3];
  } views[] = {
    { 'A', { 0, -1, 0 }, { 0, 0, 1 } }, { 'P', { 0, 1, 0 }, { 0, 0, 1 } },  { 'R', { -1, 0, 0 }, { 0, 0, 1 } },
    { 'L', { 1, 0, 0 }, { 0, 0, 1 } },  { 'H', { 0, 0, 1 }, { 0, -1, 0 } }, { 'F', { 0, 0, -1 }, { 0, -1, 0 } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (views); i++)
    if (views[i].letter == g_ascii_toupper (letter))
      {
        memcpy (camera->eye_direction, views[i].eye, sizeof views[i].eye);
        memcpy (camera->up, views[i].up, sizeof views[i].up);
      }
}
