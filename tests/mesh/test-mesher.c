/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-mesher.h"

#include "../test-sanitized.h"
#include "base/oss-parallel.h"
#include "solids.h"

#include <string.h>

static OssMesh *
run (const OssLabels *labels, OssElementKind kind, double size_mm, OssMeshQuality *quality)
{
  const OssMeshOptions options = { .kind = kind, .size_mm = size_mm };
  g_autoptr (GError) error = NULL;
  OssMesh *mesh = oss_mesher_run (labels, &options, quality, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (mesh);
  return mesh;
}

/* What every tetrahedral mesh promises: angles of 10 degrees and more, closed and manifold, the mask's volume
 * within 1 %. */
static void
assert_promises (const OssMeshQuality *q)
{
  g_test_message ("%zu elements, dihedral %.1f to %.1f, ratio %.2f, volume %+.2f %%", q->elements,
                  q->minimum_dihedral_deg, q->maximum_dihedral_deg, q->mean_radius_ratio, q->volume_error_percent);
  g_assert_cmpfloat (q->minimum_dihedral_deg, >=, 10.0);
  g_assert_cmpfloat (q->maximum_dihedral_deg, <=, 165.0);
  g_assert_cmpfloat (q->minimum_radius_ratio, >, 0.05);
  g_assert_cmpfloat (q->mean_radius_ratio, >, 0.8);
  g_assert_true (q->closed && q->manifold);
  g_assert_cmpuint (q->inverted, ==, 0);
  g_assert_cmpfloat (fabs (q->volume_error_percent), <=, 1.0);
}

/* Corners - edges + triangles of the boundary: 2 for a ball, 0 with one hole. */
static int
euler_number (const OssMesh *mesh)
{
  g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, NULL);
  g_autofree guint8 *used = g_new0 (guint8, mesh->n_nodes);
  int nodes = 0;

  for (gsize i = 0; i < 3 * surface->n; i++)
    {
      nodes += !used[surface->triangles[i]];
      used[surface->triangles[i]] = 1;
    }
  return nodes - (int) surface->n / 2; /* a closed surface has 3/2 edges a triangle */
}

#define BALL_RADIUS 20.0
static const double ball_centre[3] = { 1.3, -2.1, 0.7 };

static gboolean
in_ball (const double mm[3])
{
  return in_ellipsoid (mm, ball_centre[0], ball_centre[1], ball_centre[2], BALL_RADIUS, BALL_RADIUS, BALL_RADIUS);
}

/* 4/3 pi r^3, and every corner of the surface on the sphere: within 0.3 mm, 0.06 mm in the mean, an
 * eighth of the voxel. */
static void
test_ball (void)
{
  const OssGrid grid = grid_over ((double[]){ -22, -25, -22 }, (double[]){ 24, 21, 24 }, 0.5, 0.5, 0.5);
  g_autoptr (OssLabels) labels = label_solid (in_ball, &grid);

  for (int size = 1; size <= 2; size++)
    {
      OssMeshQuality q;
      g_autoptr (OssMesh) mesh = run (labels, OSS_ELEMENT_TET4, size, &q);
      g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, NULL);
      double worst = 0.0, sum = 0.0;
      for (gsize i = 0; i < 3 * surface->n; i++)
        {
          double from_centre[3];
          oss_sub (mesh->nodes + 3 * surface->triangles[i], ball_centre, from_centre);
          double miss = fabs (oss_norm (from_centre) - BALL_RADIUS);
          worst = MAX (worst, miss);
          sum += miss;
        }
      assert_promises (&q);
      g_test_message ("corners off the sphere: mean %.3f, worst %.3f mm", sum / (3.0 * (double) surface->n), worst);
      g_assert_cmpfloat_with_epsilon (q.volume_mm3 / (4.0 / 3.0 * G_PI * pow (BALL_RADIUS, 3.0)), 1.0, 0.01);
      g_assert_cmpfloat (worst, <, 0.3);
      g_assert_cmpfloat (sum / (3.0 * (double) surface->n), <, 0.06);
      g_assert_cmpint (euler_number (mesh), ==, 2);
    }
}

static gboolean
in_torus (const double mm[3])
{
  double ring = hypot (mm[0], mm[1]) - 15.0;
  return hypot (ring, mm[2]) < 6.0;
}

/* 2 pi^2 R r^2, one hole. */
static void
test_torus (void)
{
  const OssGrid grid = grid_over ((double[]){ -22, -22, -7 }, (double[]){ 22, 22, 7 }, 0.6, 0.7, 0.8);
  g_autoptr (OssLabels) labels = label_solid (in_torus, &grid);
  OssMeshQuality q;
  g_autoptr (OssMesh) mesh = run (labels, OSS_ELEMENT_TET4, 2.0, &q);

  assert_promises (&q);
  g_assert_cmpfloat_with_epsilon (q.volume_mm3 / (2.0 * G_PI * G_PI * 15.0 * 36.0), 1.0, 0.015);
  g_assert_cmpint (euler_number (mesh), ==, 0);
}

static gboolean
in_box (const double mm[3])
{
  return fabs (mm[0]) < 12.0 && fabs (mm[1]) < 9.0 && fabs (mm[2]) < 7.0;
}

/* Faces of a box stay where they are: away from the rounded edges within a quarter of a voxel. */
static void
test_box (void)
{
  const OssGrid grid = grid_over ((double[]){ -15, -12, -10 }, (double[]){ 15, 12, 10 }, 0.5, 0.5, 0.5);
  g_autoptr (OssLabels) labels = label_solid (in_box, &grid);
  OssMeshQuality q;
  g_autoptr (OssMesh) mesh = run (labels, OSS_ELEMENT_TET4, 2.0, &q);
  g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, NULL);

  assert_promises (&q);
  for (gsize i = 0; i < 3 * surface->n; i++)
    {
      const double *mm = mesh->nodes + 3 * surface->triangles[i];
      if (fabs (mm[0]) < 9.0 && fabs (mm[1]) < 6.0)
        g_assert_cmpfloat_with_epsilon (fabs (mm[2]), 7.0, 0.125);
    }
}

static OssLabels *
vertebra (double dx, double dz)
{
  const OssGrid grid = grid_over ((double[]){ -40, -19, -26 }, (double[]){ 40, 64, 24 }, dx, dx, dz);
  return label_solid (in_vertebra, &grid);
}

/* The published recipe's yield: 12 V / a^3 tetrahedra and 4 to 8 % more at the surface; 15 % allows for thin
 * processes.  The canal is the one hole. */
static void
test_vertebra (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);

  for (int size = 1; size <= 2; size++)
    {
      OssMeshQuality q;
      g_autoptr (OssMesh) mesh = run (labels, OSS_ELEMENT_TET4, size, &q);
      double yield = (double) q.elements * pow (size, 3.0) / (12.0 * q.volume_mm3);
      assert_promises (&q);
      g_assert_cmpfloat (yield, >, 1.0);
      g_assert_cmpfloat (yield, <, 1.2);
      g_assert_cmpint (euler_number (mesh), ==, 0);
      g_assert_cmpuint (q.islands, ==, 0);
    }
}

/* The default is tet10 at 2 mm, with straight edges: the same corners, one node at the middle of each edge.  A
 * solid with one hole has corners - edges + faces - tetrahedra = 0, which counts the edges. */
static void
test_quadratic (void)
{
  g_autoptr (OssLabels) labels = vertebra (1.0, 1.0);
  OssMeshOptions options;
  OssMeshQuality q4, q10;

  oss_mesh_options_default (&options);
  g_assert_cmpint (options.kind, ==, OSS_ELEMENT_TET10);
  g_assert_cmpfloat (options.size_mm, ==, 2.0);
  g_autoptr (OssMesh) linear = run (labels, OSS_ELEMENT_TET4, 2.0, &q4);
  g_autoptr (OssMesh) quadratic = oss_mesher_run (labels, &options, &q10, NULL, NULL);
  g_autoptr (OssSurface) surface = oss_mesh_surface (linear, NULL);
  assert_promises (&q10);
  g_assert_cmpuint (q4.elements, ==, q10.elements);
  g_assert_cmpmem (linear->nodes, 3 * q4.nodes * sizeof (double), quadratic->nodes, 3 * q4.nodes * sizeof (double));
  gsize faces = (4 * q4.elements + surface->n) / 2;
  g_assert_cmpuint (q10.nodes - q4.nodes, ==, q4.nodes + faces - q4.elements);
  g_assert_cmpuint (q10.dof, ==, 3 * q10.nodes);
}

static gboolean
in_ball_with_bump (const double mm[3])
{
  return in_ellipsoid (mm, 0, 0, 0, 15, 15, 15) || in_ellipsoid (mm, 18, 0, 0, 6, 4, 4)
         || in_ellipsoid (mm, 0, 4, 17, 3, 3, 6);
}

/* A bump on the patient's left (+x in LPS) and a finger towards the head and back (+z, +y) stay there, however the
 * voxels are stored: axes reversed, exchanged, left-handed, oblique. */
static void
test_orientation (void)
{
  static const double directions[][9] = { { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
                                          { -1, 0, 0, 0, -1, 0, 0, 0, 1 },
                                          { 0, 0, 1, 1, 0, 0, 0, 1, 0 },
                                          { -1, 0, 0, 0, 1, 0, 0, 0, 1 },
                                          { 0.8, 0, 0.6, 0, 1, 0, -0.6, 0, 0.8 } };

  for (gsize d = 0; d < G_N_ELEMENTS (directions); d++)
    {
      OssGrid grid = { .size = { 60, 60, 60 }, .spacing = { 1, 1, 1 } };
      memcpy (grid.direction, directions[d], sizeof grid.direction);
      for (int a = 0; a < 3; a++)
        grid.origin[a] = -29.5 * (directions[d][3 * a] + directions[d][3 * a + 1] + directions[d][3 * a + 2]);
      g_autoptr (OssLabels) labels = label_solid (in_ball_with_bump, &grid);
      OssMeshQuality q;
      g_autoptr (OssMesh) mesh = run (labels, OSS_ELEMENT_TET10, 2.0, &q);
      double low[3] = { 0 }, high[3] = { 0 }, finger = 0.0;
      for (gsize i = 0; i < mesh->n_nodes; i++)
        for (int a = 0; a < 3; a++)
          {
            const double *mm = mesh->nodes + 3 * i;
            low[a] = MIN (low[a], mm[a]);
            if (a == 2 && mm[2] > high[2])
              finger = mm[1];
            high[a] = MAX (high[a], mm[a]);
          }
      assert_promises (&q);
      g_assert_cmpfloat_with_epsilon (high[0], 24.0, 1.0); /* one voxel: the tip is rounded */
      g_assert_cmpfloat_with_epsilon (low[0], -15.0, 0.5);
      g_assert_cmpfloat_with_epsilon (high[2], 23.0, 1.0);
      g_assert_cmpfloat_with_epsilon (low[2], -15.0, 0.5);
      g_assert_cmpfloat (finger, >, 2.0);
    }
}

/* The same bits from one thread and from two, twice, and from a large image that holds the label in a corner. */
static void
test_same_bits (void)
{
  const OssGrid large = { .size = { 512, 512, 300 },
                          .spacing = { 0.5, 0.5, 0.5 },
                          .origin = { -39.75, -18.75, -25.75 },
                          .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);
  g_autoptr (OssLabels) embedded = oss_labels_new (&large, NULL);
  OssMeshQuality q1, q2;
  const OssGrid *grid = &labels->grid;

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      memcpy (embedded->data + oss_grid_offset (&large, 0, j, k), labels->data + oss_grid_offset (grid, 0, j, k),
              (gsize) grid->size[0]);
  oss_parallel_set_threads (1);
  g_autoptr (OssMesh) one = run (labels, OSS_ELEMENT_TET10, 2.0, &q1);
  oss_parallel_set_threads (2);
  for (int again = 0; again < 2; again++)
    {
      g_autoptr (OssMesh) two = run (again == 0 ? labels : embedded, OSS_ELEMENT_TET10, 2.0, &q2);
      g_assert_cmpmem (one->nodes, 3 * one->n_nodes * sizeof (double), two->nodes, 3 * two->n_nodes * sizeof (double));
      g_assert_cmpmem (one->elements, 10 * one->n_elements * sizeof (gint32), two->elements,
                       10 * two->n_elements * sizeof (gint32));
      g_assert_cmpmem (&q1, sizeof q1, &q2, sizeof q2);
    }
  oss_parallel_set_threads (0);
}

/* Voxels of another size than the label's: cubes of that size, the volume within 2 % (a voxel is in or out). */
static void
test_resampled_voxels (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 1.5);
  OssMeshQuality q;
  g_autoptr (OssMesh) mesh = run (labels, OSS_ELEMENT_HEX8, 1.0, &q);

  g_assert_cmpfloat_with_epsilon (oss_mesh_element_volume (mesh, 0), 1.0, 1e-9);
  g_assert_cmpfloat (fabs (q.volume_error_percent), <, 2.0);
  g_assert_cmpuint (q.inverted, ==, 0);
}

typedef struct
{
  int stop;
  double at;
  gint64 asked_us;
} Stopper;

static void
stop_at (double fraction, const char *what, void *data)
{
  Stopper *stopper = data;
  if (fraction >= stopper->at && stopper->stop == 0)
    {
      stopper->asked_us = g_get_monotonic_time ();
      g_atomic_int_set (&stopper->stop, 1);
    }
}

/* Stopped anywhere: no mesh, %OSS_ERROR_CANCELLED, within 200 ms.  The time is the plain program's: a sanitizer's
 * checks take several times as long. */
static void
test_cancel (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);
  const OssMeshOptions options = { .kind = OSS_ELEMENT_TET4, .size_mm = 0.7 };

  for (double at = 0.0; at < 0.85; at += 0.1)
    {
      Stopper stopper = { .at = at };
      OssTick tick = oss_tick_make (stop_at, &stopper, &stopper.stop);
      g_autoptr (GError) error = NULL;
      OssMeshQuality q;
      g_assert_null (oss_mesher_run (labels, &options, &q, &tick, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
      gint64 took = g_get_monotonic_time () - stopper.asked_us;
      g_test_message ("stopped at %.0f %% in %.0f ms", 100.0 * at, (double) took / 1e3);
      if (!TEST_SANITIZED)
        g_assert_cmpint (took, <, 200000);
    }
}

static void
assert_refused (const OssLabels *labels, OssElementKind kind, double size_mm, double smooth_mm, int code)
{
  const OssMeshOptions options = { .kind = kind, .size_mm = size_mm, .smooth_mm = smooth_mm };
  g_autoptr (GError) error = NULL;
  OssMeshQuality q;

  g_assert_null (oss_mesher_run (labels, &options, &q, NULL, &error));
  g_assert_error (error, OSS_ERROR, code);
}

static void
test_bad_input (void)
{
  const OssGrid grid = { .size = { 40, 40, 40 }, .spacing = { 1, 1, 1 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);

  assert_refused (labels, OSS_ELEMENT_TET10, 2.0, 0.0, OSS_ERROR_NOT_FOUND);
  labels->data[oss_grid_offset (&grid, 20, 20, 20)] = 1;
  assert_refused (labels, OSS_ELEMENT_TET10, 20.0, 0.0, OSS_ERROR_REFUSED);
  assert_refused (labels, OSS_ELEMENT_TET10, 0.0, 0.0, OSS_ERROR_USAGE);
  assert_refused (labels, OSS_ELEMENT_TET10, NAN, 0.0, OSS_ERROR_USAGE);
  assert_refused (labels, OSS_ELEMENT_HEX8, -1.0, 0.0, OSS_ERROR_USAGE);
  assert_refused (labels, OSS_ELEMENT_TET4, 2.0, -1.0, OSS_ERROR_USAGE);
  memset (labels->data, 1, oss_grid_count (&grid));
  assert_refused (labels, OSS_ELEMENT_TET4, 0.005, 0.0, OSS_ERROR_OUT_OF_MEMORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mesh/mesher/ball", test_ball);
  g_test_add_func ("/mesh/mesher/torus", test_torus);
  g_test_add_func ("/mesh/mesher/box", test_box);
  if (!TEST_SANITIZED)
    g_test_add_func ("/mesh/mesher/vertebra", test_vertebra);
  g_test_add_func ("/mesh/mesher/quadratic", test_quadratic);
  g_test_add_func ("/mesh/mesher/orientation", test_orientation);
  g_test_add_func ("/mesh/mesher/same-bits", test_same_bits);
  g_test_add_func ("/mesh/mesher/resampled-voxels", test_resampled_voxels);
  g_test_add_func ("/mesh/mesher/cancel", test_cancel);
  g_test_add_func ("/mesh/mesher/bad-input", test_bad_input);
  return g_test_run ();
}
