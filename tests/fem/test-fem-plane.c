/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plane stress against closed forms: patch tests, off-axis modulus, the cantilever of Timoshenko and Goodier. */
#include "base/oss-random.h"
#include "fem/oss-plane.h"

#include <string.h>

typedef struct
{
  int nx, ny;
  double width, height;
  OssPlaneModel model;
  double *nodes;
  gint32 *elements;
  GArray *prescribed, *forces;
} Sheet;

static void
sheet_clear (Sheet *self)
{
  g_free (self->nodes);
  g_free (self->elements);
  g_clear_pointer (&self->prescribed, g_array_unref);
  g_clear_pointer (&self->forces, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sheet, sheet_clear)

/* A rectangle from (0, -height / 2) of nx x ny quadrilaterals; inner nodes are shifted by up to @distortion of an
 * element's size. */
static void
sheet_make (Sheet *self, int nx, int ny, double width, double height, double distortion,
            const OssPlaneMaterial *material)
{
  OssRandom random;

  oss_random_init (&random, 7, 0);
  *self = (Sheet){ .nx = nx, .ny = ny, .width = width, .height = height };
  self->nodes = g_new (double, 2 * (gsize) ((nx + 1) * (ny + 1)));
  self->elements = g_new (gint32, 4 * (gsize) (nx * ny));
  for (int j = 0; j <= ny; j++)
    for (int i = 0; i <= nx; i++)
      {
        double *x = self->nodes + 2 * (j * (nx + 1) + i);
        gboolean inner = i > 0 && i < nx && j > 0 && j < ny;
        double dx = oss_random_range (&random, -1.0, 1.0), dy = oss_random_range (&random, -1.0, 1.0);
        x[0] = width * (i + (inner ? distortion * dx : 0.0)) / nx;
        x[1] = height * ((j + (inner ? distortion * dy : 0.0)) / ny - 0.5);
      }
  for (int e = 0; e < nx * ny; e++)
    {
      gint32 first = e / nx * (nx + 1) + e % nx, *n = self->elements + 4 * e;
      n[0] = first, n[1] = first + 1, n[2] = first + nx + 2, n[3] = first + nx + 1;
    }
  self->prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  self->forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  self->model = (OssPlaneModel){ .n_nodes = (gsize) ((nx + 1) * (ny + 1)),
                                 .n_elements = (gsize) (nx * ny),
                                 .n_materials = 1,
                                 .nodes = self->nodes,
                                 .elements = self->elements,
                                 .materials = material };
}

static void
load (GArray *loads, gint32 node, gint8 axis, double value)
{
  OssNodal nodal = { node, axis, value };
  g_array_append_val (loads, nodal);
}

static OssPlaneResult *
sheet_solve (Sheet *self, GError **error)
{
  self->model.prescribed = (OssNodal *) (void *) self->prescribed->data;
  self->model.n_prescribed = self->prescribed->len;
  self->model.forces = (OssNodal *) (void *) self->forces->data;
  self->model.n_forces = self->forces->len;
  return oss_plane_solve (&self->model, NULL, error);
}

static gboolean
on_border (const Sheet *self, gint32 node)
{
  int i = node % (self->nx + 1), j = node / (self->nx + 1);
  return i == 0 || i == self->nx || j == 0 || j == self->ny;
}

/* u = gradient x + shift */
static void
linear_move (const double gradient[4], const double x[2], double u[2])
{
  u[0] = gradient[0] * x[0] + gradient[1] * x[1] + 0.013;
  u[1] = gradient[2] * x[0] + gradient[3] * x[1] - 0.021;
}

static double
work_of_border (const Sheet *self, const OssPlaneResult *result)
{
  double work = 0.0;
  for (gsize f = 0; f < 2 * result->n_nodes; f++)
    work += 0.5 * result->reaction[f] * result->displacement[f];
  for (guint i = 0; i < self->forces->len; i++)
    {
      const OssNodal *force = &g_array_index (self->forces, OssNodal, i);
      work += 0.5 * force->value * result->displacement[2 * force->node + force->axis];
    }
  return work;
}

static const OssPlaneMaterial oblique = { 17000.0, 9000.0, 0.31, 3300.0, 0.6 };

/* A field of constant strain on the border of a distorted patch is met inside to rounding. */
static void
check_patch (const OssPlaneMaterial *material, const double gradient[4])
{
  g_auto (Sheet) sheet = { 0 };
  double d[9], strain[3] = { gradient[0], gradient[3], gradient[1] + gradient[2] }, stress[3];
  double scale = 0.0;

  sheet_make (&sheet, 5, 4, 3.0, 2.0, 0.32, material);
  g_autofree double *thickness = g_new (double, sheet.model.n_elements);
  for (gsize e = 0; e < sheet.model.n_elements; e++)
    thickness[e] = 0.7;
  sheet.model.thickness_mm = thickness;
  g_assert_true (oss_plane_stiffness (material, d, NULL));
  for (int i = 0; i < 3; i++)
    {
      stress[i] = d[3 * i] * strain[0] + d[3 * i + 1] * strain[1] + d[3 * i + 2] * strain[2];
      scale = fmax (scale, fabs (stress[i]));
    }
  for (gint32 i = 0; i < (gint32) sheet.model.n_nodes; i++)
    if (on_border (&sheet, i))
      {
        double u[2];
        linear_move (gradient, sheet.nodes + 2 * i, u);
        load (sheet.prescribed, i, 0, u[0]);
        load (sheet.prescribed, i, 1, u[1]);
      }
  g_autoptr (OssPlaneResult) result = sheet_solve (&sheet, NULL);
  g_assert_nonnull (result);
  g_assert_cmpuint (result->dof, ==, 2 * 4 * 3);
  double volume = 0.0, energy = 0.0;
  for (gsize i = 0; i < result->n_nodes; i++)
    {
      double u[2];
      linear_move (gradient, sheet.nodes + 2 * i, u);
      for (int c = 0; c < 2; c++)
        g_assert_cmpfloat_with_epsilon (result->displacement[2 * i + (gsize) c], u[c], 1e-12);
      for (int c = 0; c < 3; c++)
        g_assert_cmpfloat_with_epsilon (result->stress[3 * i + (gsize) c], stress[c], 1e-10 * scale + 1e-10);
    }
  for (gsize e = 0; e < result->n_elements; e++)
    {
      volume += result->element_volume[e];
      energy += result->element_volume[e] * result->element_sed[e];
    }
  g_assert_cmpfloat_with_epsilon (volume, 3.0 * 2.0 * 0.7, 1e-12);
  double expected = 0.5 * volume * (stress[0] * strain[0] + stress[1] * strain[1] + stress[2] * strain[2]);
  g_assert_cmpfloat_with_epsilon (energy, expected, 1e-10 * expected + 1e-12);
  g_assert_cmpfloat_with_epsilon (work_of_border (&sheet, result), expected, 1e-9 * expected + 1e-10);
}

static void
test_patch (void)
{
  const double fields[][4] = {
    { 0.01, 0.0, 0.0, 0.0 }, { 0.0, 0.0, 0.0, 0.01 }, { 0.0, 0.01, 0.004, 0.0 }, { 0.007, -0.003, 0.012, -0.004 }
  };
  OssPlaneMaterial isotropic = oss_plane_isotropic (12000.0, 0.3);

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      check_patch (&isotropic, fields[i]);
      check_patch (&oblique, fields[i]);
    }
}

/* A turn and a shift of the border carry the inside along: no stress, no force. */
static void
test_rigid (void)
{
  const double turn[4] = { 0.0, -0.01, 0.01, 0.0 };
  g_auto (Sheet) sheet = { 0 };

  sheet_make (&sheet, 5, 4, 3.0, 2.0, 0.32, &oblique);
  for (gint32 i = 0; i < (gint32) sheet.model.n_nodes; i++)
    if (on_border (&sheet, i))
      {
        double u[2];
        linear_move (turn, sheet.nodes + 2 * i, u);
        load (sheet.prescribed, i, 0, u[0]);
        load (sheet.prescribed, i, 1, u[1]);
      }
  g_autoptr (OssPlaneResult) result = sheet_solve (&sheet, NULL);
  for (gsize i = 0; i < result->n_nodes; i++)
    {
      double u[2];
      linear_move (turn, sheet.nodes + 2 * i, u);
      g_assert_cmpfloat_with_epsilon (result->displacement[2 * i], u[0], 1e-13);
      g_assert_cmpfloat_with_epsilon (result->displacement[2 * i + 1], u[1], 1e-13);
      /* rounding of 170 MPa, the stress of a strain of 0.01 */
      g_assert_cmpfloat (result->von_mises[i], <, 1e-10 * 170.0);
      g_assert_cmpfloat (fabs (result->reaction[2 * i]) + fabs (result->reaction[2 * i + 1]), <, 1e-10 * 170.0);
    }
}

/* Pulled along x at an angle to its axes: the modulus of Jones, Mechanics of Composite Materials, equation 2.97. */
static void
test_off_axis (void)
{
  const double pull_mpa = 5.0;
  double c = cos (oblique.angle_rad), s = sin (oblique.angle_rad);
  double ex = 1.0
              / (pow (c, 4) / oblique.modulus_1_mpa + pow (s, 4) / oblique.modulus_2_mpa
                 + (1.0 / oblique.shear_12_mpa - 2.0 * oblique.poisson_12 / oblique.modulus_1_mpa) * s * s * c * c);
  g_auto (Sheet) sheet = { 0 };

  sheet_make (&sheet, 6, 3, 4.0, 1.5, 0.3, &oblique);
  for (int j = 0; j <= 3; j++)
    {
      double share = pull_mpa * 1.5 / 3.0 * (j == 0 || j == 3 ? 0.5 : 1.0);
      load (sheet.forces, j * 7 + 6, 0, share);
      load (sheet.forces, j * 7, 0, -share);
    }
  load (sheet.prescribed, 0, 0, 0.0);
  load (sheet.prescribed, 0, 1, 0.0);
  load (sheet.prescribed, 6, 1, 0.0);
  g_autoptr (OssPlaneResult) result = sheet_solve (&sheet, NULL);
  for (gsize i = 0; i < result->n_nodes; i++)
    {
      g_assert_cmpfloat_with_epsilon (result->stress[3 * i], pull_mpa, 1e-9);
      g_assert_cmpfloat_with_epsilon (result->stress[3 * i + 1], 0.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (result->principal[2 * i], pull_mpa, 1e-9);
      g_assert_cmpfloat_with_epsilon (result->von_mises[i], pull_mpa, 1e-9);
    }
  g_assert_cmpfloat_with_epsilon (result->displacement[2 * 6] / 4.0, pull_mpa / ex, 1e-10 * pull_mpa / ex);
  g_assert_cmpfloat_with_epsilon (work_of_border (&sheet, result), result->energy_n_mm, 1e-10 * result->energy_n_mm);
}

/* Timoshenko and Goodier, Theory of Elasticity, article 21, in the form of Augarde and Deeks, Finite Elem. Anal. Des.
 * 44 (2008) 595-601: a parabolic shear of total -P at x = L, the exact displacement at x = 0, the rest free. */
#define LENGTH 8.0
#define DEPTH 2.0
#define YOUNG 1000.0
#define NU 0.3
#define TOTAL 10.0

static void
cantilever_move (const double x[2], double u[2])
{
  double factor = TOTAL / (6.0 * YOUNG * DEPTH * DEPTH * DEPTH / 12.0);
  u[0] = factor * x[1] * ((6.0 * LENGTH - 3.0 * x[0]) * x[0] + (2.0 + NU) * (x[1] * x[1] - DEPTH * DEPTH / 4.0));
  u[1] = -factor
         * (3.0 * NU * x[1] * x[1] * (LENGTH - x[0]) + (4.0 + 5.0 * NU) * DEPTH * DEPTH * x[0] / 4.0
            + (3.0 * LENGTH - x[0]) * x[0] * x[0]);
}

static double
shear_at (double y)
{
  return -TOTAL / (2.0 * DEPTH * DEPTH * DEPTH / 12.0) * (DEPTH * DEPTH / 4.0 - y * y);
}

/* Largest displacement error over the largest displacement. */
static double
cantilever_error (int n, double distortion)
{
  OssPlaneMaterial material = oss_plane_isotropic (YOUNG, NU);
  g_auto (Sheet) sheet = { 0 };
  double worst = 0.0, largest = 0.0, u[2];

  sheet_make (&sheet, 4 * n, n, LENGTH, DEPTH, distortion, &material);
  for (int j = 0; j <= n; j++)
    {
      gint32 left = j * (4 * n + 1);
      cantilever_move (sheet.nodes + 2 * left, u);
      load (sheet.prescribed, left, 0, u[0]);
      load (sheet.prescribed, left, 1, u[1]);
    }
  for (int j = 0; j < n; j++)
    for (int q = -1; q <= 1; q += 2)
      {
        double at = 0.5 * (1.0 + q / sqrt (3.0)), edge = DEPTH / n,
               force = 0.5 * edge * shear_at ((j + at) * edge - 1.0);
        load (sheet.forces, j * (4 * n + 1) + 4 * n, 1, force * (1.0 - at));
        load (sheet.forces, (j + 1) * (4 * n + 1) + 4 * n, 1, force * at);
      }
  g_autoptr (OssPlaneResult) result = sheet_solve (&sheet, NULL);
  g_assert_nonnull (result);
  double reaction = 0.0;
  for (gsize i = 0; i < result->n_nodes; i++)
    {
      cantilever_move (sheet.nodes + 2 * i, u);
      largest = fmax (largest, hypot (u[0], u[1]));
      worst = fmax (worst, hypot (result->displacement[2 * i] - u[0], result->displacement[2 * i + 1] - u[1]));
      reaction += result->reaction[2 * i + 1];
    }
  g_assert_cmpfloat_with_epsilon (reaction, TOTAL, 1e-9);
  g_assert_cmpfloat_with_epsilon (work_of_border (&sheet, result), result->energy_n_mm, 1e-9 * result->energy_n_mm);
  return worst / largest;
}

static void
test_cantilever (void)
{
  const double distortions[] = { 0.0, 0.2 };

  for (gsize i = 0; i < G_N_ELEMENTS (distortions); i++)
    {
      double coarse = cantilever_error (8, distortions[i]), fine = cantilever_error (16, distortions[i]);
      double finest = cantilever_error (32, distortions[i]), order = log2 (fine / finest);
      g_test_message ("distorted by %.1f: errors %.2e, %.2e, %.2e of the largest displacement; order %.2f",
                      distortions[i], coarse, fine, finest, order);
      g_assert_cmpfloat (finest, <, 2e-3);
      g_assert_cmpfloat (order, >, 1.85); /* 2 for bilinear elements */
    }
}

static void
expect_refusal (Sheet *sheet, OssError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  OssPlaneResult *result = sheet_solve (sheet, &error);

  g_assert_null (result);
  g_assert_error (error, OSS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_bad (void)
{
  OssPlaneMaterial good = oss_plane_isotropic (1000.0, 0.3), soft = oss_plane_isotropic (0.0, 0.3),
                   full = oss_plane_isotropic (1000.0, 0.5), loose = { 1000.0, 9000.0, 0.4, 300.0, 0.0 };
  g_auto (Sheet) sheet = { 0 };

  sheet_make (&sheet, 3, 3, 3.0, 3.0, 0.0, &good);
  expect_refusal (&sheet, OSS_ERROR_FAILED, "not held");
  load (sheet.prescribed, 0, 0, 0.0);
  load (sheet.prescribed, 0, 1, 0.0);
  expect_refusal (&sheet, OSS_ERROR_FAILED, "not held"); /* free to turn */
  load (sheet.prescribed, 3, 1, 0.0);
  sheet.model.materials = &soft;
  expect_refusal (&sheet, OSS_ERROR_INVALID_DATA, "Moduli of 0");
  sheet.model.materials = &full;
  expect_refusal (&sheet, OSS_ERROR_INVALID_DATA, "0.5");
  sheet.model.materials = &loose; /* 0.16 x 9 is above 1 */
  expect_refusal (&sheet, OSS_ERROR_INVALID_DATA, "0.4");
  sheet.model.materials = &good;
  gint32 kept = sheet.elements[5];
  sheet.elements[5] = sheet.elements[7];
  expect_refusal (&sheet, OSS_ERROR_INVALID_DATA, "Element 2");
  sheet.elements[5] = 99;
  expect_refusal (&sheet, OSS_ERROR_INVALID_DATA, "99");
  sheet.elements[5] = kept;
  load (sheet.forces, 40, 0, 1.0);
  expect_refusal (&sheet, OSS_ERROR_INVALID_DATA, "node 40");
  g_array_set_size (sheet.forces, 0);
  load (sheet.prescribed, 3, 1, 0.5);
  expect_refusal (&sheet, OSS_ERROR_INVALID_DATA, "twice");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/plane/patch", test_patch);
  g_test_add_func ("/fem/plane/rigid", test_rigid);
  g_test_add_func ("/fem/plane/off-axis", test_off_axis);
  g_test_add_func ("/fem/plane/cantilever", test_cantilever);
  g_test_add_func ("/fem/plane/bad-input", test_bad);
  return g_test_run ();
}
