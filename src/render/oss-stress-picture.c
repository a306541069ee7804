/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "render/oss-stress-picture.h"

#include "render/oss-render-private.h"

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

/* The share of the picture the vertebra may fill; the colour bar stands at the right of it, the axes below. */
#define FREE_WIDTH 0.72
#define FREE_HEIGHT 0.80

/* Moves and scales the view so that all of @mesh lies in the left part of the picture. */
static void
frame_mesh (OssCamera *camera, const OssMesh *mesh, double aspect)
{
  double axes[3][3], low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };

  oss_camera_axes (camera, axes);
  for (gsize n = 0; n < mesh->n_nodes; n++)
    for (int a = 0; a < 2; a++)
      {
        const double at = oss_dot (axes[a], mesh->nodes + 3 * n);

        low[a] = fmin (low[a], at);
        high[a] = fmax (high[a], at);
      }
  camera->height_mm = fmax ((high[0] - low[0]) / (FREE_WIDTH * aspect), (high[1] - low[1]) / FREE_HEIGHT);
  const double right = 0.5 * (1.0 - FREE_WIDTH - 0.04) * aspect * camera->height_mm;
  const double shift[2] = { 0.5 * (low[0] + high[0]) + right - oss_dot (axes[0], camera->target_mm),
                            0.5 * (low[1] + high[1]) - 0.05 * camera->height_mm
                                - oss_dot (axes[1], camera->target_mm) };
  for (int i = 0; i < 3; i++)
    camera->target_mm[i] += shift[0] * axes[0][i] + shift[1] * axes[1][i];
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

  oss_camera_default (&scene.camera, frame, 1.0);
  frame_mesh (&scene.camera, mesh, (double) width / (double) height);
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
  double screen[3][3];

  oss_camera_default (&camera, frame, 1.0);
  oss_camera_axes (&camera, screen);
  for (int a = 0; a < 3; a++)
    {
      axes[a][0] = screen[0][a];
      axes[a][1] = screen[1][a];
    }
}
