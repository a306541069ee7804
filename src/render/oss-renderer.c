/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "render/oss-renderer.h"

#include "base/oss-i18n.h"
#include "base/oss-vector.h"
#include "render/oss-render-private.h"

#include <math.h>

#define SAMPLES 4
#define SHADING 0.45f /* the darkest a surface is drawn, so that its colours can still be read */

static const float ivory[3] = { 0.91f, 0.87f, 0.78f };

typedef struct
{
  GLuint array, buffer;
  GLsizei n;
} Batch;

/* What draw() rebuilds before it draws. */
typedef enum
{
  STALE_SURFACE = 1 << 0,
  STALE_SECTION = 1 << 1,
} Stale;

struct _OssRenderer
{
  GLuint fill, line; /* programs */
  GLuint colors;     /* 256 x 1 texture */
  Batch surface, section, outline;
  GLuint framebuffer, color_buffer, depth_buffer; /* multisampled */
  int target_width, target_height;

  OssMesh *mesh;
  OssSurface *boundary;
  double *values;       /* [n_nodes], nullable */
  double *displacement; /* [n_nodes][3], nullable */
  double *positions;    /* [n_nodes][3] as shown */
  double origin[3];
  double deformation;

  gboolean has_field, has_cut;
  double low, high;
  double plane[4]; /* unit normal, offset */
  guint stale;
};

static void
batch_init (Batch *self)
{
  glGenVertexArrays (1, &self->array);
  glGenBuffers (1, &self->buffer);
}

static void
batch_clear (Batch *self)
{
  glDeleteVertexArrays (1, &self->array);
  glDeleteBuffers (1, &self->buffer);
}

static void
batch_upload (Batch *self, const GArray *items)
{
  self->n = (GLsizei) items->len;
  glBindBuffer (GL_ARRAY_BUFFER, self->buffer);
  glBufferData (GL_ARRAY_BUFFER, (GLsizeiptr) items->len * g_array_get_element_size ((GArray *) items), items->data,
                GL_DYNAMIC_DRAW);
  glBindBuffer (GL_ARRAY_BUFFER, 0);
}

static void
describe_attribute (GLuint index, GLint size, gsize stride, gsize offset, GLuint divisor)
{
  glEnableVertexAttribArray (index);
  glVertexAttribPointer (index, size, GL_FLOAT, GL_FALSE, (GLsizei) stride, GSIZE_TO_POINTER (offset));
  glVertexAttribDivisor (index, divisor);
}

static void
describe_vertices (const Batch *batch)
{
  glBindVertexArray (batch->array);
  glBindBuffer (GL_ARRAY_BUFFER, batch->buffer);
  describe_attribute (0, 3, sizeof (OssVertex), G_STRUCT_OFFSET (OssVertex, position), 0);
  describe_attribute (1, 3, sizeof (OssVertex), G_STRUCT_OFFSET (OssVertex, normal), 0);
  describe_attribute (2, 2, sizeof (OssVertex), G_STRUCT_OFFSET (OssVertex, field), 0);
  glBindVertexArray (0);
}

static void
describe_segments (const Batch *batch)
{
  glBindVertexArray (batch->array);
  glBindBuffer (GL_ARRAY_BUFFER, batch->buffer);
  describe_attribute (0, 3, sizeof (OssSegment), G_STRUCT_OFFSET (OssSegment, from), 1);
  describe_attribute (1, 3, sizeof (OssSegment), G_STRUCT_OFFSET (OssSegment, to), 1);
  glBindVertexArray (0);
  glBindBuffer (GL_ARRAY_BUFFER, 0);
}

static gboolean
check_version (GError **error)
{
  const int version = epoxy_gl_version ();
  const gboolean desktop = epoxy_is_desktop_gl ();

  if (version >= (desktop ? 33 : 30))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
               _ ("3D needs OpenGL 3.3 or OpenGL ES 3.0. This computer offers %s %d.%d. Slices, analysis and report "
                  "work as usual."),
               desktop ? "OpenGL" : "OpenGL ES", version / 10, version % 10);
  return FALSE;
}

OssRenderer *
oss_renderer_new (GError **error)
{
  g_autofree OssRenderer *self = NULL;

  if (!check_version (error))
    return NULL;
  self = g_new0 (OssRenderer, 1);
  self->high = 1.0;
  self->fill = oss_gl_program_new ("surface.vert", "surface.frag", error);
  if (self->fill == 0)
    return NULL;
  self->line = oss_gl_program_new ("line.vert", "line.frag", error);
  if (self->line == 0)
    {
      glDeleteProgram (self->fill);
      return NULL;
    }

  batch_init (&self->surface);
  batch_init (&self->section);
  batch_init (&self->outline);
  describe_vertices (&self->surface);
  describe_vertices (&self->section);
  describe_segments (&self->outline);
  glGenTextures (1, &self->colors);
  return g_steal_pointer (&self);
}

static void
free_target (OssRenderer *self)
{
  glDeleteFramebuffers (1, &self->framebuffer);
  glDeleteRenderbuffers (1, &self->color_buffer);
  glDeleteRenderbuffers (1, &self->depth_buffer);
  self->framebuffer = self->color_buffer = self->depth_buffer = 0;
  self->target_width = self->target_height = 0;
}

static void
free_mesh (OssRenderer *self)
{
  g_clear_pointer (&self->mesh, oss_mesh_unref);
  g_clear_pointer (&self->boundary, oss_surface_free);
  g_clear_pointer (&self->values, g_free);
  g_clear_pointer (&self->displacement, g_free);
  g_clear_pointer (&self->positions, g_free);
  self->surface.n = self->section.n = self->outline.n = 0;
}

void
oss_renderer_free (OssRenderer *self)
{
  if (self == NULL)
    return;
  free_mesh (self);
  free_target (self);
  batch_clear (&self->surface);
  batch_clear (&self->section);
  batch_clear (&self->outline);
  glDeleteTextures (1, &self->colors);
  glDeleteProgram (self->fill);
  glDeleteProgram (self->line);
  g_free (self);
}

gboolean
oss_renderer_set_mesh (OssRenderer *self, const OssMesh *mesh, const double *node_values, const double *displacement,
                       GError **error)
{
  OssSurface *boundary = oss_mesh_surface (mesh, error);
  double low[3] = { INFINITY, INFINITY, INFINITY }, high[3] = { -INFINITY, -INFINITY, -INFINITY };

  if (boundary == NULL)
    return FALSE;
  free_mesh (self);
  self->boundary = boundary;
  self->mesh = oss_mesh_ref ((OssMesh *) mesh);
  self->positions = g_memdup2 (mesh->nodes, 3 * mesh->n_nodes * sizeof (double));
  self->values = g_memdup2 (node_values, mesh->n_nodes * sizeof (double));
  self->displacement = g_memdup2 (displacement, 3 * mesh->n_nodes * sizeof (double));
  for (gsize i = 0; i < 3 * mesh->n_nodes; i++)
    {
      low[i % 3] = MIN (low[i % 3], mesh->nodes[i]);
      high[i % 3] = MAX (high[i % 3], mesh->nodes[i]);
    }
  /* Patient coordinates may be far from 0; the GPU's float32 sees small numbers. */
  for (int i = 0; i < 3; i++)
    self->origin[i] = 0.5 * (low[i] + high[i]);
  self->stale = STALE_SURFACE | STALE_SECTION;
  return TRUE;
}

void
oss_renderer_set_field (OssRenderer *self, const OssColormap *map, double low, double high)
{
  self->has_field = map != NULL;
  self->low = low;
  self->high = high;
  if (map == NULL)
    return;
  glBindTexture (GL_TEXTURE_2D, self->colors);
  glPixelStorei (GL_UNPACK_ALIGNMENT, 1);
  glTexImage2D (GL_TEXTURE_2D, 0, GL_RGB8, 256, 1, 0, GL_RGB, GL_UNSIGNED_BYTE, map->rgb);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri (GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glBindTexture (GL_TEXTURE_2D, 0);
}

void
oss_renderer_set_deformation (OssRenderer *self, double factor)
{
  if (self->deformation != factor)
    self->stale |= STALE_SURFACE | STALE_SECTION;
  self->deformation = factor;
}

void
oss_renderer_set_cut (OssRenderer *self, const double point_mm[3], const double normal[3])
{
  self->has_cut = normal != NULL && oss_norm (normal) > 0.0;
  self->stale |= STALE_SECTION;
  if (!self->has_cut)
    return;
  memcpy (self->plane, normal, 3 * sizeof (double));
  oss_normalize (self->plane);
  self->plane[3] = oss_dot (self->plane, point_mm);
}

static void
deform (OssRenderer *self)
{
  for (gsize i = 0; i < 3 * self->mesh->n_nodes; i++)
    self->positions[i] = self->mesh->nodes[i] + (self->displacement ? self->deformation * self->displacement[i] : 0.0);
}

/* The four flat parts of a quadratic triangle, or the triangle itself. */
static int
split_triangle (const OssSurface *boundary, gsize i, gint32 parts[4][3])
{
  const gint32 *c = boundary->triangles + 3 * i, *m = boundary->midside ? boundary->midside + 3 * i : NULL;

  if (m == NULL)
    {
      memcpy (parts[0], c, 3 * sizeof *c);
      return 1;
    }
  const gint32 split[4][3] = { { c[0], m[0], m[2] }, { m[0], c[1], m[1] }, { m[2], m[1], c[2] }, { m[0], m[1], m[2] } };
  memcpy (parts, split, sizeof split);
  return 4;
}

/* Area-weighted mean of the normals around each boundary node: [n_nodes][3], not of unit length. */
static double *
smooth_normals (const OssRenderer *self)
{
  double *normals = g_new0 (double, 3 * self->mesh->n_nodes);

  for (gsize i = 0; i < self->boundary->n; i++)
    {
      gint32 parts[4][3];
      const int n = split_triangle (self->boundary, i, parts);

      for (int p = 0; p < n; p++)
        {
          const double *a = self->positions + 3 * (gsize) parts[p][0], *b = self->positions + 3 * (gsize) parts[p][1];
          double ab[3], ac[3], normal[3];

          oss_sub (b, a, ab);
          oss_sub (self->positions + 3 * (gsize) parts[p][2], a, ac);
          oss_cross (ab, ac, normal);
          for (int k = 0; k < 9; k++)
            normals[3 * (gsize) parts[p][k / 3] + (gsize) (k % 3)] += normal[k % 3];
        }
    }
  return normals;
}

static OssVertex
surface_vertex (const OssRenderer *self, const double *normals, gint32 node)
{
  double normal[3] = { normals[3 * (gsize) node], normals[3 * (gsize) node + 1], normals[3 * (gsize) node + 2] };
  OssVertex vertex = { .field = { 0.0f, 0.0f } };

  oss_normalize (normal);
  for (int i = 0; i < 3; i++)
    {
      vertex.position[i] = (float) (self->positions[3 * (gsize) node + (gsize) i] - self->origin[i]);
      vertex.normal[i] = (float) normal[i];
    }
  if (self->values != NULL && isfinite (self->values[node]))
    vertex.field[0] = (float) self->values[node], vertex.field[1] = 1.0f;
  return vertex;
}

static void
update_surface (OssRenderer *self)
{
  g_autoptr (GArray) vertices = g_array_sized_new (FALSE, FALSE, sizeof (OssVertex), 3 * self->boundary->n);
  g_autofree double *normals = NULL;

  deform (self);
  normals = smooth_normals (self);
  for (gsize i = 0; i < self->boundary->n; i++)
    {
      gint32 parts[4][3];
      const int n = split_triangle (self->boundary, i, parts);

      for (int k = 0; k < 3 * n; k++)
        {
          const OssVertex vertex = surface_vertex (self, normals, parts[k / 3][k % 3]);

          g_array_append_val (vertices, vertex);
        }
    }
  batch_upload (&self->surface, vertices);
}

static void
update_section (OssRenderer *self)
{
  g_autoptr (GArray) triangles = NULL;
  g_autoptr (GArray) outline = NULL;

  self->section.n = self->outline.n = 0;
  if (!self->has_cut)
    return;
  oss_section_compute (self->mesh, self->boundary, self->positions, self->values, self->plane, self->origin, &triangles,
                       &outline);
  batch_upload (&self->section, triangles);
  batch_upload (&self->outline, outline);
}

static void
update (OssRenderer *self)
{
  if (self->mesh == NULL)
    return;
  if (self->stale & STALE_SURFACE)
    update_surface (self);
  if (self->stale & STALE_SECTION)
    update_section (self);
  self->stale = 0;
}

/* A multisampled target of this size.  FALSE when the driver has none: then drawing goes straight to
 * the framebuffer that is bound. */
static gboolean
prepare_target (OssRenderer *self, int width, int height)
{
  GLint most = 0;

  if (self->framebuffer != 0 && self->target_width == width && self->target_height == height)
    return TRUE;
  free_target (self);
  glGetIntegerv (GL_MAX_SAMPLES, &most);
  glGenFramebuffers (1, &self->framebuffer);
  glGenRenderbuffers (1, &self->color_buffer);
  glGenRenderbuffers (1, &self->depth_buffer);
  glBindRenderbuffer (GL_RENDERBUFFER, self->color_buffer);
  glRenderbufferStorageMultisample (GL_RENDERBUFFER, MIN (SAMPLES, most), GL_RGBA8, width, height);
  glBindRenderbuffer (GL_RENDERBUFFER, self->depth_buffer);
  glRenderbufferStorageMultisample (GL_RENDERBUFFER, MIN (SAMPLES, most), GL_DEPTH_COMPONENT24, width, height);
  glBindRenderbuffer (GL_RENDERBUFFER, 0);
  glBindFramebuffer (GL_FRAMEBUFFER, self->framebuffer);
  glFramebufferRenderbuffer (GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, self->color_buffer);
  glFramebufferRenderbuffer (GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, self->depth_buffer);
  if (glCheckFramebufferStatus (GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
    {
      free_target (self);
      return FALSE;
    }
  self->target_width = width;
  self->target_height = height;
  return TRUE;
}

/* Column-major orthographic matrix from mm relative to the mesh's centre to clip space: all of the mesh
 * lies between the near and the far plane, whatever the camera's target. */
static void
clip_matrix (const OssRenderer *self, const OssCamera *camera, int width, int height, const double axes[3][3],
             float matrix[16])
{
  const double half = 0.5 * MAX (camera->height_mm, 1e-6);
  const double scale[3] = { (double) height / ((double) width * half), 1.0 / half, 0.0 };
  double away[3], nearest = -INFINITY, farthest = INFINITY;

  for (gsize i = 0; i < self->mesh->n_nodes; i++)
    {
      const double depth = oss_dot (axes[2], self->positions + 3 * i) - oss_dot (axes[2], self->origin);

      nearest = MAX (nearest, depth);
      farthest = MIN (farthest, depth);
    }
  const double reach = 0.52 * (nearest - farthest) + 1.0, middle = 0.5 * (nearest + farthest);

  oss_sub (self->origin, camera->target_mm, away);
  memset (matrix, 0, 16 * sizeof *matrix);
  for (int i = 0; i < 3; i++)
    {
      matrix[4 * i] = (float) (scale[0] * axes[0][i]);
      matrix[4 * i + 1] = (float) (scale[1] * axes[1][i]);
      matrix[4 * i + 2] = (float) (-axes[2][i] / reach);
    }
  matrix[12] = (float) (scale[0] * oss_dot (axes[0], away));
  matrix[13] = (float) (scale[1] * oss_dot (axes[1], away));
  matrix[14] = (float) (middle / reach);
  matrix[15] = 1.0f;
}

/* The plane relative to the mesh's centre; without a cut nothing lies beyond it. */
static void
set_cut_uniform (const OssRenderer *self)
{
  const double offset = self->plane[3] - oss_dot (self->plane, self->origin);

  if (self->has_cut)
    glUniform4f (glGetUniformLocation (self->fill, "u_cut"), (float) self->plane[0], (float) self->plane[1],
                 (float) self->plane[2], (float) offset);
  else
    glUniform4f (glGetUniformLocation (self->fill, "u_cut"), 0.0f, 0.0f, 0.0f, 1.0f);
}

static void
set_fill_uniforms (const OssRenderer *self, const float matrix[16], const double axes[3][3])
{
  const GLuint program = self->fill;
  const double span = self->high - self->low;
  double light[3];

  /* From the eye, a little from its upper left. */
  for (int i = 0; i < 3; i++)
    light[i] = axes[2][i] + 0.35 * axes[1][i] - 0.25 * axes[0][i];
  oss_normalize (light);
  glUniformMatrix4fv (glGetUniformLocation (program, "u_clip_from_model"), 1, GL_FALSE, matrix);
  glUniform2f (glGetUniformLocation (program, "u_range"), (float) self->low, span > 0.0 ? (float) (1.0 / span) : 0.0f);
  glUniform3f (glGetUniformLocation (program, "u_light"), (float) light[0], (float) light[1], (float) light[2]);
  glUniform3f (glGetUniformLocation (program, "u_eye"), (float) axes[2][0], (float) axes[2][1], (float) axes[2][2]);
  glUniform3fv (glGetUniformLocation (program, "u_plain"), 1, ivory);
  glUniform1i (glGetUniformLocation (program, "u_colors"), 0);
  glUniform1f (glGetUniformLocation (program, "u_has_field"), self->has_field ? 1.0f : 0.0f);
  set_cut_uniform (self);
}

static void
draw_batches (const OssRenderer *self, const OssCamera *camera, int width, int height)
{
  double axes[3][3];
  float matrix[16];

  oss_camera_axes (camera, axes);
  clip_matrix (self, camera, width, height, axes, matrix);

  glUseProgram (self->fill);
  set_fill_uniforms (self, matrix, axes);
  glActiveTexture (GL_TEXTURE0);
  glBindTexture (GL_TEXTURE_2D, self->colors);
  glUniform1f (glGetUniformLocation (self->fill, "u_shading"), SHADING);
  glBindVertexArray (self->surface.array);
  glDrawArrays (GL_TRIANGLES, 0, self->surface.n);
  glUniform1f (glGetUniformLocation (self->fill, "u_shading"), 0.0f);
  glBindVertexArray (self->section.array);
  glDrawArrays (GL_TRIANGLES, 0, self->section.n);

  glUseProgram (self->line);
  glUniformMatrix4fv (glGetUniformLocation (self->line, "u_clip_from_model"), 1, GL_FALSE, matrix);
  glUniform2f (glGetUniformLocation (self->line, "u_half_viewport"), 0.5f * (float) width, 0.5f * (float) height);
  glUniform1f (glGetUniformLocation (self->line, "u_half_width"), MAX (0.8f, 0.0016f * (float) height));
  glUniform1f (glGetUniformLocation (self->line, "u_toward_eye"), 4e-3f);
  glUniform4f (glGetUniformLocation (self->line, "u_color"), 1.0f, 1.0f, 1.0f, 1.0f);
  glBindVertexArray (self->outline.array);
  glDrawArraysInstanced (GL_TRIANGLE_STRIP, 0, 4, self->outline.n);

  glBindVertexArray (0);
  glBindTexture (GL_TEXTURE_2D, 0);
  glUseProgram (0);
}

void
oss_renderer_draw (OssRenderer *self, const OssCamera *camera, int width, int height, const float background[4])
{
  GLint target = 0;

  if (width < 1 || height < 1)
    return;
  update (self);
  glGetIntegerv (GL_DRAW_FRAMEBUFFER_BINDING, &target);
  const gboolean multisampled = prepare_target (self, width, height);

  glBindFramebuffer (GL_FRAMEBUFFER, multisampled ? self->framebuffer : (GLuint) target);
  glViewport (0, 0, width, height);
  glClearColor (background[0] * background[3], background[1] * background[3], background[2] * background[3],
                background[3]);
  glDepthMask (GL_TRUE);
  glClear (GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
  glDisable (GL_BLEND);
  glDisable (GL_CULL_FACE);
  glEnable (GL_DEPTH_TEST);
  glDepthFunc (GL_LEQUAL);
  if (self->mesh != NULL)
    draw_batches (self, camera, width, height);
  glDisable (GL_DEPTH_TEST);

  if (multisampled)
    {
      glBindFramebuffer (GL_READ_FRAMEBUFFER, self->framebuffer);
      glBindFramebuffer (GL_DRAW_FRAMEBUFFER, (GLuint) target);
      glBlitFramebuffer (0, 0, width, height, 0, 0, width, height, GL_COLOR_BUFFER_BIT, GL_NEAREST);
    }
  glBindFramebuffer (GL_FRAMEBUFFER, (GLuint) target);
}
