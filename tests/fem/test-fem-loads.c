/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-models.h"
#include "fem/oss-fem-loads.h"

#include <string.h>

/* Loads against closed forms: total force and moment, the pattern of nodal forces, and what they do to a bar. */

static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };
static const int bricks[3] = { 3, 2, 4 };
static const double size[3] = { 4.0, 3.0, 10.0 };

static GArray *
loads_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (OssNodal));
}

static OssFaces *
plane_faces (const OssMesh *mesh, int axis, double at)
{
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < mesh->n_nodes; i++)
    if (fabs (mesh->nodes[3 * i + (gsize) axis] - at) < 1e-6)
      {
        gint32 node = (gint32) i;
        g_array_append_val (nodes, node);
      }
  OssFaces *faces = oss_faces_boundary (mesh, (const gint32 *) (void *) nodes->data, nodes->len, &error);
  g_assert_no_error (error);
  return faces;
}

static void
check_resultant (const OssMesh *mesh, const GArray *forces, const double about[3], const double force[3],
                 const double moment[3], double scale)
{
  double f[3], m[3];

  oss_load_resultant (mesh, (const OssNodal *) (const void *) forces->data, forces->len, about, f, m);
  for (int k = 0; k < 3; k++)
    {
      g_assert_cmpfloat_with_epsilon (f[k], force[k], 1e-12 * scale);
      g_assert_cmpfloat_with_epsilon (m[k], moment[k], 1e-11 * scale);
    }
}

/* The whole surface is closed: its area, no resultant of its normals, and its volume as a third of x . n. */
static void
test_boundary (void)
{
  const double area = 2.0 * (12.0 + 40.0 + 30.0), origin[3] = { 0.0 }, none[3] = { 0.0 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_box (kinds[k], bricks, size, NULL, NULL);
      g_autoptr (OssFaces) all = oss_faces_boundary (mesh, NULL, 0, NULL);
      g_autoptr (GArray) forces = loads_new ();
      double centroid[3], virial = 0.0;

      g_assert_cmpfloat_with_epsilon (oss_faces_area (mesh, all, centroid), area, 1e-11);
      for (int c = 0; c < 3; c++)
        g_assert_cmpfloat_with_epsilon (centroid[c], 0.5 * size[c], 1e-12);
      g_assert_cmpuint (all->n, ==, (kinds[k] == OSS_ELEMENT_HEX8 ? 1 : 2) * 2 * (6 + 12 + 8));
      g_assert_true (oss_load_pressure (mesh, all, 2.5, forces, NULL));
      check_resultant (mesh, forces, origin, none, none, 1000.0);
      for (guint i = 0; i < forces->len; i++)
        {
          const OssNodal *f = &g_array_index (forces, OssNodal, i);
          virial += f->value * mesh->nodes[3 * f->node + f->axis];
        }
      /* sum f . x = - p integral n . x dA = - 3 p V: the forces point inwards */
      g_assert_cmpfloat_with_epsilon (virial, -3.0 * 2.5 * 120.0, 1e-9);
    }
}

/* Uniform traction on one triangle or square: all at the middles of a quadratic one, a third or a quarter each else. */
static void
test_consistent (void)
{
  const int one[3] = { 1, 1, 1 };
  const double cube[3] = { 2.0, 2.0, 2.0 }, pull[3] = { 0.0, 0.0, 3.0 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_box (kinds[k], one, cube, NULL, NULL);
      g_autoptr (OssFaces) faces = plane_faces (mesh, 2, 2.0);
      g_autoptr (GArray) forces = loads_new ();
      g_autofree double *sum = g_new0 (double, mesh->n_nodes);

      g_assert_true (oss_load_traction (mesh, faces, pull, forces, NULL));
      for (guint i = 0; i < forces->len; i++)
        {
          const OssNodal *f = &g_array_index (forces, OssNodal, i);
          g_assert_true (f->axis == 2 || fabs (f->value) < 1e-14);
          sum[f->node] += f->axis == 2 ? f->value : 0.0;
        }
      for (gsize i = 0; i < mesh->n_nodes; i++)
        {
          const double *x = mesh->nodes + 3 * i;
          gboolean top = x[2] > 1.9;
          gboolean middle = fabs (x[0] - 1.0) < 0.1 || fabs (x[1] - 1.0) < 0.1;
          double expected = 0.0;
          if (kinds[k] == OSS_ELEMENT_HEX8)
            expected = 12.0 / 4.0;
          else if (kinds[k] == OSS_ELEMENT_TET10)
            expected = !middle ? 0.0 : fabs (x[0] - 1.0) < 0.1 && fabs (x[1] - 1.0) < 0.1 ? 4.0 : 2.0;
          else /* the diagonal's two corners belong to both triangles */
            expected = fabs (x[0] - x[1]) < 0.1 ? 4.0 : 2.0;
          g_assert_cmpfloat_with_epsilon (sum[i], top ? expected : 0.0, 1e-13);
        }
    }
}

/* A dished, waisted face: force and moment are whole to rounding whatever its shape. */
static void
test_curved (void)
{
  const int n[3] = { 5, 4, 4 };
  const double force[3] = { 10.0, -20.0, -500.0 }, moment[3] = { 3000.0, -1500.0, 700.0 }, none[3] = { 0.0 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_body (kinds[k], n);
      g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
      g_autoptr (GArray) push = loads_new ();
      g_autoptr (GArray) turn = loads_new ();
      double centroid[3];

      for (gsize i = 0; i < mesh->n_nodes; i++)
        if (mesh->nodes[3 * i + 2] > 12.3)
          {
            gint32 node = (gint32) i;
            g_array_append_val (nodes, node);
          }
      g_autoptr (OssFaces) faces = oss_faces_boundary (mesh, (const gint32 *) (void *) nodes->data, nodes->len, NULL);
      g_assert_cmpfloat (oss_faces_area (mesh, faces, centroid), >, 900.0);
      g_assert_true (oss_load_force (mesh, faces, force, push, NULL));
      check_resultant (mesh, push, centroid, force, none, 1e4);
      g_assert_true (oss_load_moment (mesh, faces, moment, turn, NULL));
      check_resultant (mesh, turn, none, none, moment, 1e4);
    }
}

/* The bar under a bending moment: u_z = M x' z / (E I) from the middle line, curvature M / (E I); under torsion the
 * total is right.  Linear strain is what quadratic elements hold exactly, and nu = 0 keeps the section's shape. */
static void
test_bending (void)
{
  const double e = 800.0, m = 25.0, inertia = 4.0 * 27.0 / 12.0;
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, bricks, size, NULL, NULL);
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autoptr (GArray) prescribed = loads_new ();
  g_autoptr (GArray) forces = loads_new ();
  g_autoptr (OssFaces) faces = plane_faces (mesh, 2, 10.0);
  g_autoptr (GError) error = NULL;
  const double moment[3] = { m, 0.0, 0.0 };

  for (gsize i = 0; i < mesh->n_elements; i++)
    modulus[i] = e;
  model_prescribe_plane (prescribed, mesh, 2, 0.0, 2, 0.0);
  for (gint8 axis = 0; axis < 2; axis++)
    for (gsize i = 0; i < mesh->n_nodes; i++)
      {
        const double *x = mesh->nodes + 3 * i;
        OssNodal hold = { (gint32) i, axis, 0.0 };
        if (x[2] < 1e-6 && fabs (x[1] - 1.5) < 1e-6 && (axis == 1 || x[0] < 1e-6))
          g_array_append_val (prescribed, hold);
      }
  g_assert_true (oss_load_moment (mesh, faces, moment, forces, &error));
  OssFemModel model = model_make (mesh, modulus, 0.0, prescribed, forces);
  g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      const double *x = mesh->nodes + 3 * i;
      double y = x[1] - 1.5, bend = m / (e * inertia);
      g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + 2], bend * y * x[2], 1e-12);
      g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + 1], -0.5 * bend * x[2] * x[2], 1e-12);
      g_assert_cmpfloat_with_epsilon (result->stress[6 * i + 2], m * y / inertia, 1e-9);
    }
  g_assert_cmpfloat_with_epsilon (result->work, 0.5 * m * m * 10.0 / (e * inertia), 1e-12);
  g_assert_cmpfloat_with_epsilon (result->strain_energy, result->work, 1e-12);
}

/* Own weight of a column: stress rho g (L - z) and shortening rho g L^2 / 2E; whole weight at the support. */
static void
test_weight (void)
{
  const double e = 50.0, weight = 0.02, down[3] = { 0.0, 0.0, -1.0 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_box (kinds[k], bricks, size, NULL, NULL);
      g_autofree double *modulus = g_new (double, mesh->n_elements);
      g_autofree double *density = g_new (double, mesh->n_elements);
      g_autoptr (GArray) prescribed = loads_new ();
      g_autoptr (GArray) forces = loads_new ();
      g_autoptr (GError) error = NULL;
      double hold = 0.0;
      const double total[3] = { 0.0, 0.0, -weight * 120.0 }, centre[3] = { 2.0, 1.5, 5.0 }, none[3] = { 0.0 };

      for (gsize i = 0; i < mesh->n_elements; i++)
        {
          modulus[i] = e;
          density[i] = weight;
        }
      for (int axis = 0; axis < 3; axis++)
        model_prescribe_plane (prescribed, mesh, axis, 0.0, axis, 0.0);
      g_assert_true (oss_load_body_force (mesh, density, down, forces, &error));
      check_resultant (mesh, forces, centre, total, none, 10.0);
      OssFemModel model = model_make (mesh, modulus, 0.0, prescribed, forces);
      g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
      g_assert_no_error (error);
      for (gsize i = 0; i < mesh->n_nodes; i++)
        {
          double z = mesh->nodes[3 * i + 2], u = -weight / e * (10.0 * z - 0.5 * z * z);
          hold += result->reaction[3 * i + 2];
          /* Linear elements are exact at the nodes of a column; there the section follows. */
          if (kinds[k] != OSS_ELEMENT_TET4)
            g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + 2], u, 1e-12);
          else
            g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + 2], u, 0.03 * weight / e * 50.0);
        }
      g_assert_cmpfloat_with_epsilon (hold, weight * 120.0, 1e-11);
      g_assert_cmpfloat_with_epsilon (result->strain_energy, result->work, 1e-6 * result->work);
    }
}

/* Flexion bends forwards: its moment turns the superior direction towards the front. */
static void
test_motions (void)
{
  const OssVertebraFrame frame = { .right = { -1, 0, 0 }, .anterior = { 0, -1, 0 }, .superior = { 0, 0, 1 } };
  const double left[3] = { 1, 0, 0 };
  double axis[3], moved[3];

  oss_load_motion_axis (&frame, OSS_MOTION_FLEXION, axis);
  oss_cross (axis, frame.superior, moved);
  g_assert_cmpmem (moved, sizeof moved, frame.anterior, sizeof moved);
  oss_load_motion_axis (&frame, OSS_MOTION_BENDING_LEFT, axis);
  oss_cross (axis, frame.superior, moved);
  for (int k = 0; k < 3; k++)
    g_assert_cmpfloat (moved[k], ==, left[k]);
  oss_load_motion_axis (&frame, OSS_MOTION_TURN_RIGHT, axis);
  oss_cross (axis, frame.anterior, moved);
  for (int k = 0; k < 3; k++)
    g_assert_cmpfloat (moved[k], ==, frame.right[k]);
}

static void
test_nothing (void)
{
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET4, bricks, size, NULL, NULL);
  g_autoptr (OssFaces) faces = plane_faces (mesh, 2, 10.0);
  g_autoptr (GArray) forces = loads_new ();
  const gint32 lonely[2] = { 0, 1 };
  const double bad[3] = { NAN, 0.0, 0.0 };
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) number = NULL;

  g_assert_null (oss_faces_boundary (mesh, lonely, 2, &none));
  g_assert_error (none, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_false (oss_load_moment (mesh, faces, bad, forces, &number));
  g_assert_error (number, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_cmpuint (forces->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/loads/boundary", test_boundary);
  g_test_add_func ("/fem/loads/consistent", test_consistent);
  g_test_add_func ("/fem/loads/curved", test_curved);
  g_test_add_func ("/fem/loads/bending", test_bending);
  g_test_add_func ("/fem/loads/weight", test_weight);
  g_test_add_func ("/fem/loads/motions", test_motions);
  g_test_add_func ("/fem/loads/nothing", test_nothing);
  return g_test_run ();
}
