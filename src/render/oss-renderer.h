/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-picture.h"
#include "image/oss-vertebra.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/* Orbit camera around a patient point. */
typedef struct
{
  double target_mm[3];
  double eye_direction[3]; /* unit, from target to eye */
  double up[3];
  double height_mm; /* of the orthographic view */
} OssCamera;

/* From the front-left and a little above, the whole vertebra in view. */
OSS_API void oss_camera_default (OssCamera *camera, const OssVertebraFrame *frame, double radius_mm);
OSS_API void oss_camera_orbit (OssCamera *camera, double degrees_right, double degrees_up);
/* @letter: one of A P R L H F: looks from that side. */
OSS_API void oss_camera_look_from (OssCamera *camera, char letter);

/**
 * OssRenderer: draws into the current GL context (OpenGL 3.3 core or OpenGL ES 3.0).
 *
 * Made, used and freed with one context current; no GTK.
 */
typedef struct _OssRenderer OssRenderer;

OSS_API OssRenderer *oss_renderer_new (GError **error);
OSS_API void oss_renderer_free (OssRenderer *self);

/* Surface of @mesh coloured by @node_values through @map on [low, high]; values may be NULL: ivory bone.
 * @displacement (nullable) [n_nodes][3] is shown times @deformation. */
OSS_API gboolean oss_renderer_set_mesh (OssRenderer *self, const OssMesh *mesh, const double *node_values,
                                        const double *displacement, GError **error);
OSS_API void oss_renderer_set_field (OssRenderer *self, const OssColormap *map, double low, double high);
OSS_API void oss_renderer_set_deformation (OssRenderer *self, double factor);
/* Opens the solid: what lies on the side the normal points to is not drawn, and the section shows the
 * field unlit (colours equal the bar's).  @normal NULL: whole. */
OSS_API void oss_renderer_set_cut (OssRenderer *self, const double point_mm[3], const double normal[3]);
OSS_API void
oss_renderer_draw (OssRenderer *self, const OssCamera *camera, int width, int height, const float background[4]);

/* A context of its own without a display (EGL surfaceless, then EGL device).  Draws with @draw into a
 * framebuffer (4 x multisampled) and gives the picture. */
typedef void (*OssRenderFunc) (OssRenderer *renderer, int width, int height, void *data);
OSS_API OssPicture *oss_render_offscreen (int width, int height, OssRenderFunc draw, void *data, GError **error);

G_END_DECLS
