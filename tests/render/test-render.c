/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures drawn without a display, compared with closed forms: a cube with a linear field has a colour
 * that can be written down for every pixel.  When no OpenGL can be opened these tests fail: the report
 * needs the picture. */
#include "base/oss-vector.h"
#include "render/oss-render-private.h"
#include "render/oss-stress-picture.h"

#include <math.h>

#define SIDE 200 /* pixels of a square picture */

static const float black[4] = { 0.0f, 0.0f, 0.0f, 1.0f };

/* Colours that are easy to predict: every channel is linear. */
static void
ramp (OssColormap *map)
{
  g_strlcpy (map->name, "ramp", sizeof map->name);
  for (int i = 0; i < 256; i++)
    map->rgb[i][0] = (guint8) i, map->rgb[i][1] = (guint8) (255 - i), map->rgb[i][2] = 128;
}

/* A box [low, high] of @n cells along each axis. */
static OssMesh *
box_mesh (OssElementKind kind, const double low[3], const double high[3], int n)
{
  static const guint8 kuhn[6][4] = { { 0, 1, 2, 6 }, { 0, 2, 3, 6 }, { 0, 3, 7, 6 },
                                     { 0, 7, 4, 6 }, { 0, 4, 5, 6 }, { 0, 5, 1, 6 } };
  static const guint8 corner[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                       { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
  const gboolean hexes = kind == OSS_ELEMENT_HEX8;
  const int m = n + 1, cells = n * n * n;
  g_autoptr (GError) error = NULL;
  OssMesh *mesh =
      oss_mesh_new (hexes ? kind : OSS_ELEMENT_TET4, (gsize) (m * m * m), (gsize) (hexes ? cells : 6 * cells), &error);

  g_assert_no_error (error);
  for (int i = 0; i < m * m * m; i++)
    {
      const int at[3] = { i % m, i / m % m, i / m / m };

      for (int k = 0; k < 3; k++)
        mesh->nodes[3 * i + k] = low[k] + (high[k] - low[k]) * at[k] / n;
    }
  for (int c = 0; c < cells; c++)
    {
      gint32 node[8];

      for (int k = 0; k < 8; k++)
        node[k] = (c % n + corner[k][0]) + m * ((c / n % n + corner[k][1]) + m * (c / n / n + corner[k][2]));
      if (hexes)
        memcpy (mesh->elements + 8 * c, node, sizeof node);
      for (int k = 0; k < 24 && !hexes; k++)
        mesh->elements[24 * c + k] = node[kuhn[k / 4][k % 4]];
    }
  if (kind != OSS_ELEMENT_TET10)
    return mesh;
  OssMesh *quadratic = oss_mesh_to_quadratic (mesh, &error);
  g_assert_no_error (error);
  oss_mesh_unref (mesh);
  return quadratic;
}

/* What one picture shows. */
typedef struct
{
  OssMesh *mesh;
  double *values, *displacement;
  OssColormap map;
  double low, high, deformation;
  gboolean cut;
  double point[3], normal[3];
  OssCamera camera;
} Scene;

static void
scene_init (Scene *self, OssMesh *mesh, char letter)
{
  *self = (Scene){ .mesh = mesh, .low = 0.0, .high = 1.0, .camera = { .height_mm = 40.0 } };
  self->values = g_new0 (double, mesh->n_nodes);
  ramp (&self->map);
  oss_camera_look_from (&self->camera, letter);
}

static void
scene_clear (Scene *self)
{
  oss_mesh_unref (self->mesh);
  g_free (self->values);
  g_free (self->displacement);
}

static void
draw_scene (OssRenderer *renderer, int width, int height, void *data)
{
  const Scene *scene = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_renderer_set_mesh (renderer, scene->mesh, scene->values, scene->displacement, &error));
  g_assert_no_error (error);
  oss_renderer_set_field (renderer, &scene->map, scene->low, scene->high);
  oss_renderer_set_deformation (renderer, scene->deformation);
  oss_renderer_set_cut (renderer, scene->point, scene->cut ? scene->normal : NULL);
  oss_renderer_draw (renderer, &scene->camera, width, height, black);
}

static OssPicture *
picture_of (const Scene *scene, OssGLKind kind)
{
  g_autoptr (GError) error = NULL;
  OssPicture *picture = oss_render_offscreen_on (kind, SIDE, SIDE, draw_scene, (void *) scene, &error);

  g_assert_no_error (error);
  g_assert_nonnull (picture);
  return picture;
}

static const guint8 *
pixel (const OssPicture *picture, int x, int y)
{
  return picture->rgba + 4 * ((gsize) y * (gsize) picture->width + (gsize) x);
}

static gboolean
is_lit (const guint8 *p)
{
  return p[0] + p[1] + p[2] > 30;
}

/* 20 mm cube around the origin, seen from the front: 100 of 200 pixels; x grows to the right. */
static void
cube_scene (Scene *scene, OssElementKind kind)
{
  const double low[3] = { -10, -10, -10 }, high[3] = { 10, 10, 10 };

  scene_init (scene, box_mesh (kind, low, high, 4), 'A');
  for (gsize i = 0; i < scene->mesh->n_nodes; i++)
    scene->values[i] = 0.5 + scene->mesh->nodes[3 * i] / 40.0 + scene->mesh->nodes[3 * i + 2] / 40.0;
}

/* Largest difference in 1/255 between the pixels inside the cube's face and the field's colours. */
static double
color_error (const Scene *scene, const OssPicture *picture, int border)
{
  double worst = 0.0;

  for (int y = 50 + border; y < 150 - border; y++)
    for (int x = 50 + border; x < 150 - border; x++)
      {
        const double mm_x = (x + 0.5 - 100) * 0.2, mm_z = (100 - y - 0.5) * 0.2;
        const double t = CLAMP ((0.5 + mm_x / 40 + mm_z / 40 - scene->low) / (scene->high - scene->low), 0.0, 1.0);
        const guint8 *p = pixel (picture, x, y);
        const double want[3] = { 255 * t, 255 * (1 - t), 128 };

        for (int c = 0; c < 3; c++)
          worst = MAX (worst, fabs (p[c] - want[c]));
      }
  return worst;
}

static void
test_section_colors (gconstpointer data)
{
  const OssGLKind kind = (OssGLKind) GPOINTER_TO_INT (data);

  /* 0.3 mm off the lattice and on it (0): both must be whole. */
  for (int element = OSS_ELEMENT_TET4; element <= OSS_ELEMENT_HEX8; element++)
    for (int offset = 0; offset < 2; offset++)
      {
        Scene scene;

        cube_scene (&scene, (OssElementKind) element);
        scene.cut = TRUE;
        scene.normal[1] = -2.0; /* toward the front; need not be of unit length */
        scene.point[1] = 0.3 * offset;
        g_autoptr (OssPicture) picture = picture_of (&scene, kind);
        /* The bar's colours to 2 % of full scale (UI.md section 7): 5.1 of 255.  The outline is left out. */
        const double error = color_error (&scene, picture, 3);
        g_test_message ("%s, offset %.1f mm: largest difference %.1f of 255", oss_element_name (scene.mesh->kind),
                        scene.point[1], error);
        g_assert_cmpfloat (error, <, 5.1);
        scene_clear (&scene);
      }
}

static void
test_outline (void)
{
  Scene scene;
  int white = 0;

  cube_scene (&scene, OSS_ELEMENT_TET10);
  scene.cut = TRUE;
  scene.normal[1] = -1.0;
  g_autoptr (OssPicture) picture = picture_of (&scene, OSS_GL_ANY);
  /* The section's border lies on the pixel columns and rows 50 and 150. */
  for (int i = 55; i < 145; i++)
    {
      const guint8 *around[4] = { pixel (picture, 50, i), pixel (picture, 149, i), pixel (picture, i, 50),
                                  pixel (picture, i, 149) };

      for (int k = 0; k < 4; k++)
        white += MIN (around[k][0], MIN (around[k][1], around[k][2])) > 160;
    }
  g_assert_cmpint (white, >=, 350);
  g_assert_cmpuint (pixel (picture, 100, 100)[2], <, 140);
  g_assert_false (is_lit (pixel (picture, 45, 100)));
  scene_clear (&scene);
}

/* Whole cube: light may darken a colour by 45 % at most and never brightens it. */
static void
test_shading (void)
{
  Scene scene;

  cube_scene (&scene, OSS_ELEMENT_TET4);
  g_autoptr (OssPicture) picture = picture_of (&scene, OSS_GL_ANY);
  for (int y = 60; y < 140; y++)
    for (int x = 60; x < 140; x++)
      {
        g_assert_cmpuint (pixel (picture, x, y)[2], >=, (guint) (128 * 0.55) - 1);
        g_assert_cmpuint (pixel (picture, x, y)[2], <=, 128);
      }
  scene_clear (&scene);
}

static void
test_clamps (void)
{
  Scene scene;

  cube_scene (&scene, OSS_ELEMENT_TET4);
  scene.cut = TRUE;
  scene.normal[1] = -1.0;
  scene.low = 0.45;
  scene.high = 0.55;
  g_autoptr (OssPicture) picture = picture_of (&scene, OSS_GL_ANY);
  /* Beyond the range the end colours stay; inside, 0.2 mm pixels over a range of 4 mm are 1/20 of it
   * apart, so only the flat parts are compared. */
  const guint8 *below = pixel (picture, 60, 140), *above = pixel (picture, 140, 60);
  g_assert_cmpuint (below[0], <=, 2);
  g_assert_cmpuint (below[1], >=, 253);
  g_assert_cmpuint (above[0], >=, 253);
  g_assert_cmpuint (above[1], <=, 2);
  scene_clear (&scene);
}

static void
test_ivory_without_field (void)
{
  Scene scene;

  cube_scene (&scene, OSS_ELEMENT_TET4);
  g_clear_pointer (&scene.values, g_free);
  g_autoptr (OssPicture) picture = picture_of (&scene, OSS_GL_ANY);
  const guint8 *p = pixel (picture, 100, 100);
  g_assert_cmpuint (p[0], >, p[1]);
  g_assert_cmpuint (p[1], >, p[2]);
  g_assert_cmpuint (p[2], >, 100);
  scene_clear (&scene);
}

/* A 20 mm cube with a 6 mm box on one side: where its middle lies tells the picture's orientation.
 * Patient axes are LPS: +x Left, +y Posterior, +z Superior. */
static void
test_orientation (void)
{
  static const struct
  {
    char from;
    double toward[3];
    int x, y; /* picture direction, y down */
  } cases[] = {
    { 'A', { 1, 0, 0 }, 1, 0 },   { 'A', { 0, 0, 1 }, 0, -1 },  { 'P', { 1, 0, 0 }, -1, 0 },
    { 'P', { 0, 0, 1 }, 0, -1 },  { 'L', { 0, -1, 0 }, -1, 0 }, { 'L', { 0, 0, 1 }, 0, -1 },
    { 'R', { 0, -1, 0 }, 1, 0 },  { 'R', { 0, 0, 1 }, 0, -1 },  { 'F', { 1, 0, 0 }, 1, 0 },
    { 'F', { 0, -1, 0 }, 0, -1 }, { 'H', { 1, 0, 0 }, -1, 0 },  { 'H', { 0, -1, 0 }, 0, -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      double low[3], high[3], sum[2] = { 0, 0 };
      int n = 0;
      Scene scene;

      for (int k = 0; k < 3; k++)
        {
          low[k] = 6 * cases[i].toward[k] - 4;
          high[k] = 6 * cases[i].toward[k] + 4;
        }
      scene_init (&scene, box_mesh (OSS_ELEMENT_TET4, low, high, 1), cases[i].from);
      g_autoptr (OssPicture) picture = picture_of (&scene, OSS_GL_ANY);
      for (int p = 0; p < SIDE * SIDE; p++)
        if (is_lit (picture->rgba + 4 * p))
          sum[0] += p % SIDE + 0.5, sum[1] += p / SIDE + 0.5, n++;
      /* 6 mm are 30 pixels; the box covers 40 x 40. */
      g_assert_cmpint (abs (n - 1600), <, 40);
      g_assert_cmpfloat (fabs (sum[0] / n - (100 + 30 * cases[i].x)), <, 0.5);
      g_assert_cmpfloat (fabs (sum[1] / n - (100 + 30 * cases[i].y)), <, 0.5);
      scene_clear (&scene);
    }
}

static void
test_default_camera (void)
{
  /* An upright patient: right is LPS -x, anterior -y, superior +z. */
  const OssVertebraFrame frame = {
    .centre = { 5, -120, 300 }, .right = { -1, 0, 0 }, .anterior = { 0, -1, 0 }, .superior = { 0, 0, 1 }
  };
  OssCamera camera;
  double axes[3][3];

  oss_camera_default (&camera, &frame, 40.0);
  oss_camera_axes (&camera, axes);
  g_assert_cmpfloat (camera.target_mm[1], ==, -120.0);
  g_assert_cmpfloat (axes[2][1], <, -0.5); /* the eye is in front, */
  g_assert_cmpfloat (axes[2][0], >, 0.2);  /* on the patient's left, */
  g_assert_cmpfloat (axes[2][2], >, 0.1);  /* above */
  g_assert_cmpfloat (axes[0][0], >, 0.5);  /* the patient's left is on the picture's right */
  g_assert_cmpfloat (axes[1][2], >, 0.8);  /* head up */
  g_assert_cmpfloat (camera.height_mm, >=, 80.0);
}

static void
test_orbit (void)
{
  OssCamera camera = { .height_mm = 50.0 };
  double axes[3][3], across[3];

  oss_camera_look_from (&camera, 'A');
  oss_camera_orbit (&camera, 90.0, 0.0); /* from the front to the patient's left */
  oss_camera_axes (&camera, axes);
  g_assert_cmpfloat (axes[2][0], >, 1 - 1e-9);
  oss_camera_orbit (&camera, 0.0, 500.0); /* stops straight above, head not turned over */
  oss_camera_axes (&camera, axes);
  g_assert_cmpfloat (axes[2][2], >, 1 - 1e-9);
  for (int i = 0; i < 100; i++)
    oss_camera_orbit (&camera, 7.0, i % 2 ? -13.0 : 5.0);
  oss_camera_axes (&camera, axes);
  oss_cross (axes[0], axes[1], across);
  for (int i = 0; i < 3; i++)
    {
      g_assert_cmpfloat (fabs (oss_norm (axes[i]) - 1), <, 1e-12);
      g_assert_cmpfloat (fabs (across[i] - axes[2][i]), <, 1e-12);
    }
  g_assert_cmpfloat (axes[1][2], >=, 0.0);
}

static void
test_deformation (void)
{
  Scene scene;
  int first = SIDE;

  cube_scene (&scene, OSS_ELEMENT_TET10);
  scene.displacement = g_new0 (double, 3 * scene.mesh->n_nodes);
  for (gsize i = 0; i < scene.mesh->n_nodes; i++)
    scene.displacement[3 * i] = 0.5;
  scene.deformation = 8.0; /* 4 mm to the patient's left: 20 pixels to the right */
  g_autoptr (OssPicture) picture = picture_of (&scene, OSS_GL_ANY);
  for (int x = SIDE - 1; x >= 0; x--)
    if (is_lit (pixel (picture, x, 100)))
      first = x;
  g_assert_cmpint (first, ==, 70);
  scene_clear (&scene);
}

static void
test_repeatable (void)
{
  Scene scene;

  cube_scene (&scene, OSS_ELEMENT_TET10);
  scene.cut = TRUE;
  scene.normal[0] = 0.3, scene.normal[1] = -1.0, scene.normal[2] = 0.2;
  oss_camera_orbit (&scene.camera, 30.0, 20.0);
  g_autoptr (OssPicture) first = picture_of (&scene, OSS_GL_ANY);
  g_autoptr (OssPicture) second = picture_of (&scene, OSS_GL_ANY);
  g_assert_cmpmem (first->rgba, 4 * SIDE * SIDE, second->rgba, 4 * SIDE * SIDE);
  scene_clear (&scene);
}

/* Desktop GL and GLES draw the same picture from the same shader text. */
static void
test_same_on_es (void)
{
  Scene scene;
  int different = 0;

  cube_scene (&scene, OSS_ELEMENT_TET10);
  oss_camera_orbit (&scene.camera, 30.0, 20.0);
  g_autoptr (OssPicture) desktop = picture_of (&scene, OSS_GL_DESKTOP);
  g_autoptr (OssPicture) embedded = picture_of (&scene, OSS_GL_ES);
  for (int i = 0; i < 4 * SIDE * SIDE; i++)
    different += abs (desktop->rgba[i] - embedded->rgba[i]) > 2;
  /* The edge pixels of another sample pattern may differ. */
  g_assert_cmpint (different, <, 4 * SIDE);
  scene_clear (&scene);
}

/* Area and first moment of a cube's section are known exactly; a plane through the nodes counts once. */
static void
test_section_exact (void)
{
  const double low[3] = { -10, -10, -10 }, high[3] = { 10, 10, 10 }, origin[3] = { 0, 0, 0 };
  const double planes[3][4] = { { 0, 0, 1, 0.0 }, { 0, 0, 1, 3.3 }, { 0.6, 0, 0.8, 0 } };
  const double areas[3] = { 400, 400, 20 * 20 / 0.8 };

  for (int element = OSS_ELEMENT_TET4; element <= OSS_ELEMENT_HEX8; element++)
    for (int p = 0; p < 3; p++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (OssMesh) mesh = box_mesh ((OssElementKind) element, low, high, 4);
        g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, &error);
        g_autoptr (GArray) triangles = NULL;
        g_autoptr (GArray) outline = NULL;
        g_autofree double *values = g_new (double, mesh->n_nodes);
        double area = 0.0, integral = 0.0, length = 0.0;

        g_assert_no_error (error);
        for (gsize i = 0; i < mesh->n_nodes; i++)
          values[i] = 7.0 + mesh->nodes[3 * i];
        oss_section_compute (mesh, surface, mesh->nodes, values, planes[p], origin, &triangles, &outline);
        for (guint i = 0; i < triangles->len; i += 3)
          {
            const OssVertex *v = &g_array_index (triangles, OssVertex, i);
            double ab[3], ac[3], n[3];

            for (int k = 0; k < 3; k++)
              ab[k] = v[1].position[k] - v[0].position[k], ac[k] = v[2].position[k] - v[0].position[k];
            oss_cross (ab, ac, n);
            area += 0.5 * oss_norm (n);
            integral += 0.5 * oss_norm (n) * (v[0].field[0] + v[1].field[0] + v[2].field[0]) / 3.0;
          }
        for (guint i = 0; i < outline->len; i++)
          {
            const OssSegment *s = &g_array_index (outline, OssSegment, i);
            length += hypot (hypot (s->to[0] - s->from[0], s->to[1] - s->from[1]), s->to[2] - s->from[2]);
          }
        /* float32 positions: 1e-5 relative. */
        g_assert_cmpfloat (fabs (area / areas[p] - 1), <, 1e-5);
        g_assert_cmpfloat (fabs (integral / (7.0 * areas[p]) - 1), <, 1e-5);
        g_assert_cmpfloat (fabs (length / (40 + 2 * areas[p] / 20) - 1), <, 1e-5);
      }
}

static void
build_broken (OssRenderer *renderer, int width, int height, void *data)
{
  static const char *const names[2] = { "broken.vert", "broken.frag" };
  static const char *const sources[2] = { "void\nmain ()\n{ gl_Position = nothing; }\n", "void main () {}\n" };

  g_assert_cmpuint (oss_gl_program_build (names, sources, data), ==, 0);
}

static void
test_compile_log (void)
{
  GError *log = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPicture) picture = oss_render_offscreen (8, 8, build_broken, &log, &error);

  g_assert_no_error (error);
  g_assert_error (log, OSS_ERROR, OSS_ERROR_FAILED);
  g_test_message ("%s", log->message);
  g_assert_nonnull (strstr (log->message, "broken.vert"));
  g_assert_nonnull (strstr (log->message, "nothing"));
  g_assert_true (g_regex_match_simple ("0[:(]3", log->message, 0, 0)); /* file 0, line 3 */
  g_error_free (log);
}

static void
test_rejects_size (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_render_offscreen (0, 100, draw_scene, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

/* The report's picture of an upright box, wider than deep: whole, clear of the colour bar, the patient's left at
 * the right, and opened there when cut. */
static void
test_stress_picture (void)
{
  const double low[3] = { -22, -110, 290 }, high[3] = { 22, -80, 315 };
  const OssVertebraFrame frame = {
    .centre = { 0, -95, 302 }, .right = { -1, 0, 0 }, .anterior = { 0, -1, 0 }, .superior = { 0, 0, 1 }
  };
  g_autoptr (OssMesh) mesh = box_mesh (OSS_ELEMENT_TET10, low, high, 4);
  g_autofree double *values = g_new (double, mesh->n_nodes);
  double axes[3][2];
  int lit[2] = { 0, 0 };
  OssColormap map;

  ramp (&map);
  for (gsize i = 0; i < mesh->n_nodes; i++)
    values[i] = mesh->nodes[3 * i] > 0 ? 1.0 : 0.0; /* red on the patient's left, green on the right */
  for (int cut = 0; cut < 2; cut++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (OssPicture) picture =
          oss_render_stress_picture (mesh, values, &frame, &map, 0.0, 1.0, cut, 460, 400, &error);
      double red = 0, green = 0, at_red = 0, at_green = 0;

      g_assert_no_error (error);
      for (int y = 0; y < 400; y++)
        for (int x = 0; x < 460; x++)
          {
            const guint8 *p = pixel (picture, x, y);

            lit[cut] += is_lit (p);
            if (is_lit (p))
              {
                g_assert_cmpint (x, <, 460 * 0.77);
                g_assert_cmpint (MIN (x, MIN (y, 399 - y)), >, 2);
                red += p[0] > 2 * p[1], at_red += p[0] > 2 * p[1] ? x : 0;
                green += p[1] > 2 * p[0], at_green += p[1] > 2 * p[0] ? x : 0;
              }
          }
      if (cut)
        continue;
      g_assert_cmpfloat (MIN (red, green), >, 2000);
      g_assert_cmpfloat (at_red / red, >, at_green / green + 50);
    }
  g_assert_cmpint (lit[1], <, 0.85 * lit[0]);
  oss_render_stress_axes (&frame, axes);
  g_assert_cmpfloat (axes[0][0], >, 0.5); /* left: to the right */
  g_assert_cmpfloat (axes[1][0], >, 0.2); /* posterior: to the right and away */
  g_assert_cmpfloat (axes[2][1], >, 0.8); /* superior: up */
}

/* 480 000 tetrahedra with a cut: the size the program promises. */
static void
test_large (void)
{
  const double low[3] = { -10, -10, -10 }, high[3] = { 10, 10, 10 };
  Scene scene;
  gint64 start;

  scene_init (&scene, box_mesh (OSS_ELEMENT_TET4, low, high, 43), 'A');
  scene.cut = TRUE;
  scene.normal[1] = -1.0;
  start = g_get_monotonic_time ();
  g_autoptr (OssPicture) picture = picture_of (&scene, OSS_GL_ANY);
  g_test_message ("%" G_GSIZE_FORMAT " tetrahedra: %.2f s", scene.mesh->n_elements,
                  (double) (g_get_monotonic_time () - start) / 1e6);
  g_assert_true (is_lit (pixel (picture, 100, 100)));
  scene_clear (&scene);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/section/exact", test_section_exact);
  g_test_add_func ("/render/camera/default", test_default_camera);
  g_test_add_func ("/render/camera/orbit", test_orbit);
  g_test_add_func ("/render/orientation", test_orientation);
  g_test_add_data_func ("/render/section/colors/gl", GINT_TO_POINTER (OSS_GL_DESKTOP), test_section_colors);
  g_test_add_data_func ("/render/section/colors/es", GINT_TO_POINTER (OSS_GL_ES), test_section_colors);
  g_test_add_func ("/render/section/outline", test_outline);
  g_test_add_func ("/render/shading", test_shading);
  g_test_add_func ("/render/clamps", test_clamps);
  g_test_add_func ("/render/ivory", test_ivory_without_field);
  g_test_add_func ("/render/deformation", test_deformation);
  g_test_add_func ("/render/repeatable", test_repeatable);
  g_test_add_func ("/render/same-on-es", test_same_on_es);
  g_test_add_func ("/render/compile-log", test_compile_log);
  g_test_add_func ("/render/rejects-size", test_rejects_size);
  g_test_add_func ("/render/stress-picture", test_stress_picture);
  g_test_add_func ("/render/large", test_large);
  return g_test_run ();
}
