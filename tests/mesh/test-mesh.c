/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-mesher.h"

#include "base/oss-vector.h"
#include "solids.h"

#include <string.h>

static OssMesh *
mesh_of (OssElementKind kind, gsize n_nodes, const double *nodes, gsize n_elements, const gint32 *elements)
{
  OssMesh *mesh = oss_mesh_new (kind, n_nodes, n_elements, NULL);

  memcpy (mesh->nodes, nodes, 3 * n_nodes * sizeof (double));
  memcpy (mesh->elements, elements, n_elements * (gsize) oss_element_nodes (kind) * sizeof (gint32));
  return mesh;
}

static OssMeshQuality
quality_of (const OssMesh *mesh)
{
  OssMeshQuality quality;
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_mesh_quality (mesh, &quality, &error));
  g_assert_no_error (error);
  return quality;
}

/* Volume inside the triangles (divergence theorem): positive only when they look outward. */
static double
enclosed (const OssMesh *mesh, const OssSurface *surface)
{
  double volume = 0.0;

  for (gsize t = 0; t < surface->n; t++)
    {
      const double *a = mesh->nodes + 3 * surface->triangles[3 * t],
                   *b = mesh->nodes + 3 * surface->triangles[3 * t + 1];
      double normal[3];
      oss_cross (b, mesh->nodes + 3 * surface->triangles[3 * t + 2], normal);
      volume += oss_dot (a, normal) / 6.0;
    }
  return volume;
}

static const double corner_nodes[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1 };

/* Regular: dihedral acos (1/3) = 70.5288 degrees, ratio 1.  Corner of a cube: 90 and acos (1/sqrt 3) = 54.7356
 * degrees, inradius 1/(3 + sqrt 3), circumradius sqrt (3)/2: ratio sqrt (3) - 1. */
static void
test_quality_closed_form (void)
{
  static const double regular[] = { 1, 1, 1, -1, 1, -1, 1, -1, -1, -1, -1, 1 };
  static const gint32 element[] = { 0, 1, 2, 3 };
  g_autoptr (OssMesh) a = mesh_of (OSS_ELEMENT_TET4, 4, regular, 1, element);
  g_autoptr (OssMesh) b = mesh_of (OSS_ELEMENT_TET4, 4, corner_nodes, 1, element);
  OssMeshQuality q = quality_of (a);

  g_assert_cmpfloat_with_epsilon (q.minimum_dihedral_deg, 70.528779365509, 1e-9);
  g_assert_cmpfloat_with_epsilon (q.maximum_dihedral_deg, 70.528779365509, 1e-9);
  g_assert_cmpfloat_with_epsilon (q.mean_radius_ratio, 1.0, 1e-12);
  g_assert_cmpfloat_with_epsilon (q.volume_mm3, 8.0 / 3.0, 1e-12);
  g_assert_cmpuint (q.dof, ==, 12);
  g_assert_true (q.closed && q.manifold);
  q = quality_of (b);
  g_assert_cmpfloat_with_epsilon (q.minimum_dihedral_deg, 54.735610317245, 1e-9);
  g_assert_cmpfloat_with_epsilon (q.p1_dihedral_deg, 54.735610317245, 0.01);
  g_assert_cmpfloat_with_epsilon (q.maximum_dihedral_deg, 90.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (q.minimum_radius_ratio, sqrt (3.0) - 1.0, 1e-12);
  g_assert_cmpuint (q.inverted, ==, 0);
  static const gint32 turned[] = { 0, 2, 1, 3 };
  g_autoptr (OssMesh) c = mesh_of (OSS_ELEMENT_TET4, 4, corner_nodes, 1, turned);
  g_assert_cmpuint (quality_of (c).inverted, ==, 1);
}

/* A hexahedron with one corner pulled out: the trilinear map (u, v, w)(1 + uvw) has the volume
 * integral of det J = 1 + 3/4 + ... computed by hand below. */
static void
test_hexahedron_volume (void)
{
  static const double cube[] = { 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 2, 2, 2, 0, 1, 1 };
  static const gint32 element[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
  g_autoptr (OssMesh) mesh = mesh_of (OSS_ELEMENT_HEX8, 8, cube, 1, element);

  /* x = u + uvw and so on: J = I + grad (uvw) in each row, det J = 1 + (vw + uw + uv), integral 1 + 3/4. */
  g_assert_cmpfloat_with_epsilon (oss_mesh_volume (mesh), 1.75, 1e-12);
}

/* Outward triangles, each with the right element; a tet10's midside nodes lie halfway along the edges 01 12 20. */
static void
test_surface (void)
{
  static const gint32 element[] = { 0, 1, 2, 3 };
  g_autoptr (OssMesh) linear = mesh_of (OSS_ELEMENT_TET4, 4, corner_nodes, 1, element);
  g_autoptr (OssMesh) quadratic = oss_mesh_to_quadratic (linear, NULL);
  g_autoptr (OssSurface) surface = oss_mesh_surface (quadratic, NULL);

  g_assert_cmpuint (quadratic->n_nodes, ==, 10);
  g_assert_cmpuint (surface->n, ==, 4);
  g_assert_cmpfloat_with_epsilon (enclosed (quadratic, surface), 1.0 / 6.0, 1e-15);
  for (gsize t = 0; t < surface->n; t++)
    for (int i = 0; i < 3; i++)
      for (int a = 0; a < 3; a++)
        {
          const gint32 *corner = surface->triangles + 3 * t;
          double middle = 0.5 * (quadratic->nodes[3 * corner[i] + a] + quadratic->nodes[3 * corner[(i + 1) % 3] + a]);
          g_assert_cmpfloat (quadratic->nodes[3 * surface->midside[3 * t + (gsize) i] + a], ==, middle);
        }
}

/* Nodes 4-9 of a tet10 lie on the edges 01 12 02 03 13 23 (Abaqus C3D10, VTK 24). */
static void
test_quadratic_order (void)
{
  static const gint32 element[] = { 0, 1, 2, 3 };
  static const double expected[6][3] = { { .5, 0, 0 }, { .5, .5, 0 }, { 0, .5, 0 },
                                         { 0, 0, .5 }, { .5, 0, .5 }, { 0, .5, .5 } };
  g_autoptr (OssMesh) linear = mesh_of (OSS_ELEMENT_TET4, 4, corner_nodes, 1, element);
  g_autoptr (OssMesh) quadratic = oss_mesh_to_quadratic (linear, NULL);
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 6; i++)
    g_assert_cmpmem (quadratic->nodes + 3 * quadratic->elements[4 + i], sizeof expected[i], expected[i],
                     sizeof expected[i]);
  g_assert_null (oss_mesh_to_quadratic (quadratic, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

/* Tetrahedra that share a face: manifold.  An edge or a node only: closed, but not manifold. */
static void
test_manifold (void)
{
  static const double nodes[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1 };
  static const gint32 face[] = { 0, 1, 2, 3, 1, 2, 3, 4 }, edge[] = { 0, 1, 2, 3, 0, 1, 6, 7 };
  static const gint32 node[] = { 0, 1, 2, 3, 0, 5, 7, 6 };
  g_autoptr (OssMesh) a = mesh_of (OSS_ELEMENT_TET4, 8, nodes, 2, face);
  g_autoptr (OssMesh) b = mesh_of (OSS_ELEMENT_TET4, 8, nodes, 2, edge);
  g_autoptr (OssMesh) c = mesh_of (OSS_ELEMENT_TET4, 8, nodes, 2, node);
  OssMeshQuality qa = quality_of (a), qb = quality_of (b), qc = quality_of (c);

  g_assert_true (qa.closed && qa.manifold);
  g_assert_true (qb.closed && !qb.manifold);
  g_assert_true (qc.closed && !qc.manifold);
}

/* Voxels: one hexahedron each, in the label's place, positive volumes also on a left-handed grid. */
static void
test_voxels (void)
{
  OssGrid grid = { .size = { 4, 3, 2 }, .spacing = { 0.5, 1.0, 2.0 }, .origin = { 10, 20, 30 } };
  OssMeshOptions options = { .kind = OSS_ELEMENT_HEX8 };

  for (int hand = -1; hand <= 1; hand += 2)
    {
      double direction[9] = { hand, 0, 0, 0, 1, 0, 0, 0, 1 };
      OssMeshQuality q;
      memcpy (grid.direction, direction, sizeof direction);
      g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);
      labels->data[oss_grid_offset (&grid, 1, 1, 0)] = 7;
      labels->data[oss_grid_offset (&grid, 2, 1, 0)] = 7;
      labels->data[oss_grid_offset (&grid, 0, 2, 1)] = 1; /* touches by a corner: an island */
      g_autoptr (OssMesh) mesh = oss_mesher_run (labels, &options, &q, NULL, NULL);
      g_assert_cmpuint (q.elements, ==, 2);
      g_assert_cmpuint (q.nodes, ==, 12);
      g_assert_cmpuint (q.inverted, ==, 0);
      g_assert_cmpuint (q.islands, ==, 1);
      g_assert_cmpuint (q.island_voxels, ==, 1);
      g_assert_true (q.closed && q.manifold);
      g_assert_cmpfloat_with_epsilon (oss_mesh_element_volume (mesh, 0), 1.0, 1e-12);
      double low = INFINITY, high = -INFINITY;
      for (gsize i = 0; i < mesh->n_nodes; i++)
        {
          low = MIN (low, mesh->nodes[3 * i]);
          high = MAX (high, mesh->nodes[3 * i]);
        }
      /* Voxels 1 and 2 along i: centres 0.5 and 1 mm from the origin, half a voxel more on both sides. */
      g_assert_cmpfloat_with_epsilon (low, hand > 0 ? 10.25 : 8.75, 1e-12);
      g_assert_cmpfloat_with_epsilon (high, hand > 0 ? 11.25 : 9.75, 1e-12);
      g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, NULL);
      g_assert_cmpuint (surface->n, ==, 20); /* 10 quadrilaterals */
      g_assert_cmpfloat_with_epsilon (enclosed (mesh, surface), 2.0, 1e-12);
    }
}

static void
test_names (void)
{
  OssElementKind kind;

  for (int i = OSS_ELEMENT_TET4; i <= OSS_ELEMENT_HEX8; i++)
    {
      g_assert_true (oss_element_from_name (oss_element_name (i), &kind));
      g_assert_cmpint (kind, ==, i);
    }
  g_assert_false (oss_element_from_name ("tet5", &kind));
  g_assert_false (oss_element_from_name (NULL, &kind));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mesh/mesh/quality-closed-form", test_quality_closed_form);
  g_test_add_func ("/mesh/mesh/hexahedron-volume", test_hexahedron_volume);
  g_test_add_func ("/mesh/mesh/surface", test_surface);
  g_test_add_func ("/mesh/mesh/quadratic-order", test_quadratic_order);
  g_test_add_func ("/mesh/mesh/manifold", test_manifold);
  g_test_add_func ("/mesh/mesh/voxels", test_voxels);
  g_test_add_func ("/mesh/mesh/names", test_names);
  return g_test_run ();
}
