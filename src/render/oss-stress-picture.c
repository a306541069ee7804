/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "render/oss-stress-picture.h"

typedef struct
{
  const OssMesh *mesh;
  const double *node_values;
  const OssVertebraFrame *frame;
  const OssColormap *map;
  double low, high;
  gboolean cut;
  OssCamera camera;
  GError *error;
} Scene;

static double
radius_around (const OssMesh *mesh, const double centre[3])
{
  double largest = 0.0;

  for (gsize n = 0; n < mesh->n_nodes; n++)
    {
      double d[3];
      oss_sub (mesh->nodes + 3 * n, centre, d);
      largest = fmax (largest, oss_dot (d, d));
    }
  return sqrt (largest);
}

static void
bounds_centre (const OssMesh *mesh, double centre[3])
{
  double low[3] = { INFINITY, INFINITY, INFINITY }, high[3] = { -INFINITY, -INFINITY, -INFINITY };

  for (gsize n = 0; n < 3 * mesh->n_nodes; n++)
    {
      low[n % 3] = fmin (low[n % 3], mesh->nodes[n]);
      high[n % 3] = fmax (high[n % 3], mesh->nodes[n]);
    }
  for (int a = 0; a < 3; a++)
    centre[a] = 0.5 * (low[a] + high[a]);
}

static void
draw (OssRenderer *renderer, int width, int height, void *data)
{
  Scene *scene = data;
  const float black[4] = { 0.0f, 0.0f, 0.0f, 1.0f };

  if (!oss_renderer_set_mesh (renderer, scene->mesh, scene->node_values, NULL, &scene->error))
    return;
  oss_renderer_set_field (renderer, scene->map, scene->low, scene->high);
  if (scene->cut)
    {
      const double *right = scene->frame->right;
      const double toward_left[3] = { -right[0], -right[1], -right[2] };
      oss_renderer_set_cut (renderer, scene->frame->centre, toward_left);
    }
  oss_renderer_draw (renderer, &scene->camera, width, height, black);
}

OssPicture *
oss_render_stress_picture (const OssMesh *mesh, const double *node_values, const OssVertebraFrame *frame,
                           const OssColormap *map, double low, double high, gboolean cut, int width, int height,
                           GError **error)
{
  Scene scene = {
    .mesh = mesh, .node_values = node_values, .frame = frame, .map = map, .low = low, .high = high, .cut = cut
  };
  double centre[3];

  bounds_centre (mesh, centre);
  oss_camera_default (&scene.camera, frame, radius_around (mesh, centre));
  for (int a = 0; a < 3; a++)
    scene.camera.target_mm[a] = centre[a];
  OssPicture *picture = oss_render_offscreen (width, height, draw, &scene, error);
  if (scene.error != NULL)
    {
      g_clear_pointer (&picture, oss_picture_free);
      g_clear_error (error);
      g_propagate_error (error, scene.error);
    }
  return picture;
}

void
oss_render_stress_axes (const OssVertebraFrame *frame, double axes[3][2])
{
  OssCamera camera;
  double across[3], up[3];

  oss_camera_default (&camera, frame, 1.0);
  oss_cross (camera.up, camera.eye_direction, across);
  oss_normalize (across);
  oss_cross (camera.eye_direction, across, up);
  for (int a = 0; a < 3; a++)
    {
      axes[a][0] = across[a];
      axes[a][1] = up[a];
    }
}
