/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to render and its tests. */
#pragma once

#include "render/oss-renderer.h"

#include <epoxy/gl.h>

G_BEGIN_DECLS

typedef enum
{
  OSS_GL_ANY, /* desktop OpenGL 3.3 core, else OpenGL ES 3.0 */
  OSS_GL_DESKTOP,
  OSS_GL_ES,
} OssGLKind;

/* oss_render_offscreen() on one kind of context. */
OssPicture *
oss_render_offscreen_on (OssGLKind kind, int width, int height, OssRenderFunc draw, void *data, GError **error);

/**
 * oss_gl_program_new:
 * @vertex: file name in shaders/
 * @fragment: file name in shaders/
 *
 * Compiles and links for the current context.
 *
 * Returns: a program for glDeleteProgram(), or 0 with %OSS_ERROR_FAILED that names the file and carries
 *   the compiler's log; its line numbers are those of the file
 */
GLuint oss_gl_program_new (const char *vertex, const char *fragment, GError **error);
/* The same with sources given; @names are for messages. */
GLuint oss_gl_program_build (const char *const names[2], const char *const sources[2], GError **error);

/**
 * oss_camera_axes:
 * @axes: (out): rows: right, up, toward the eye; orthonormal, right-handed, patient LPS
 */
void oss_camera_axes (const OssCamera *camera, double axes[3][3]);

/* One corner of a triangle of the section or the surface as the GPU reads it. */
typedef struct
{
  float position[3]; /* mm, relative to the origin */
  float normal[3];
  float field[2]; /* value; 1 where there is one, else 0 */
} OssVertex;

typedef struct
{
  float from[3], to[3]; /* mm, relative to the origin */
} OssSegment;

/**
 * oss_section_compute:
 * @positions: [n_nodes][3] where the nodes are now (deformed), mm
 * @values: (nullable): [n_nodes]; NaN: no value there
 * @plane: unit normal and offset: the section is where dot (normal, x) = offset
 * @origin: subtracted from what is put out
 * @triangles: (out) (transfer full) (element-type OssVertex): the section, three corners each
 * @outline: (out) (transfer full) (element-type OssSegment): its border
 *
 * The exact section of the elements: every element is a union of linear tetrahedra over its own nodes
 * (tet10: eight, hex8: six), each cut by the plane in a triangle or quadrilateral whose corners lie on its
 * edges, with values interpolated along them.  A node on the plane counts as beyond it, so that a plane
 * through element faces is covered once.
 */
void oss_section_compute (const OssMesh *mesh, const OssSurface *surface, const double *positions, const double *values,
                          const double plane[4], const double origin[3], GArray **triangles, GArray **outline);

G_END_DECLS
