/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem-curve.h"
#include "fem-models.h"
#include "fem/oss-fem-nonlinear.h"

#include <string.h>

#define MODULUS 800.0
#define COMPRESSION 6.0
#define TENSION 5.0

/* A block of voxels, all of one material, pressed along z; a bitmap-free grey image. */
typedef struct
{
  OssVoxelModel model;
  OssVoxelSystem *system;
  OssVoxelInfo info;
  GArray *held, *values;
  float *modulus;
  double *compression, *tension;
  OssFemPlasticity plasticity;
} Block;

static void
block_clear (Block *self)
{
  oss_voxel_system_free (self->system);
  g_array_unref (self->held);
  g_array_unref (self->values);
  g_free (self->modulus);
  g_free (self->compression);
  g_free (self->tension);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Block, block_clear)

static void
hold (Block *self, int x, int y, int z, gint8 axis, double value)
{
  OssVoxelFreedom freedom = { { x, y, z }, axis };
  g_array_append_val (self->held, freedom);
  g_array_append_val (self->values, value);
}

/* @bonded: the ends move as stiff plates; else rollers on three planes, sideways free. */
static void
block_init (Block *self, const int size[3], double spacing_mm, double poisson, double move_mm, gboolean bonded,
            OssCriterion criterion)
{
  gsize n = (gsize) size[0] * (gsize) size[1] * (gsize) size[2];
  g_autoptr (GError) error = NULL;

  *self = (Block){ .held = g_array_new (FALSE, FALSE, sizeof (OssVoxelFreedom)),
                   .values = g_array_new (FALSE, FALSE, sizeof (double)) };
  self->modulus = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    self->modulus[i] = MODULUS;
  for (int z = 0; z <= size[2]; z++)
    for (int y = 0; y <= size[1]; y++)
      for (int x = 0; x <= size[0]; x++)
        {
          gboolean end = z == 0 || z == size[2];
          if (end)
            hold (self, x, y, z, 2, z == 0 ? 0.0 : move_mm);
          if (bonded ? end : x == 0)
            hold (self, x, y, z, 0, 0.0);
          if (bonded ? end : y == 0)
            hold (self, x, y, z, 1, 0.0);
        }
  self->model = (OssVoxelModel){ .size = { (gsize) size[0], (gsize) size[1], (gsize) size[2] },
                                 .spacing_mm = { spacing_mm, spacing_mm, spacing_mm },
                                 .modulus_mpa = self->modulus,
                                 .poisson = poisson,
                                 .held = (const OssVoxelFreedom *) (const void *) self->held->data,
                                 .n_held = self->held->len };
  self->system = oss_voxel_system_new (&self->model, NULL, &error);
  g_assert_no_error (error);
  oss_voxel_system_info (self->system, &self->info);
  self->compression = g_new (double, n);
  self->tension = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    {
      self->compression[i] = COMPRESSION;
      self->tension[i] = TENSION;
    }
  self->plasticity =
      (OssFemPlasticity){ .criterion = criterion, .compression_mpa = self->compression, .tension_mpa = self->tension };
}

static OssFemCurve *
solve (const Block *self, double displacement_mm, double height_mm, int increments)
{
  const OssFemPath path = { .displacement_mm = displacement_mm, .height_mm = height_mm, .increments = increments };
  g_autoptr (GError) error = NULL;
  OssFemCurve *curve = oss_voxel_solve_nonlinear (self->system, (const double *) (const void *) self->values->data,
                                                  &self->plasticity, &path, NULL, &error);
  g_assert_no_error (error);
  curve_check (curve);
  return curve;
}

/* Even strain is exact: E A / L, then E H / (E + H), to what seven floats of history hold. */
static void
test_even (void)
{
  const int size[3] = { 4, 3, 6 };

  for (int i = 0; i < 16; i++)
    {
      OssCriterion criterion = (OssCriterion) (i % 4);
      double sign = i / 4 % 2 == 0 ? -1.0 : 1.0, h = i < 8 ? 0.0 : 0.05, height = 9.0, move = 0.02 * height;
      CurveBar even = curve_bar (4.0 * 3.0 * 1.5 * 1.5, height, MODULUS, COMPRESSION, TENSION, criterion, sign, h);
      g_auto (Block) block;
      block_init (&block, size, 1.5, 0.3, sign * move, FALSE, criterion);
      block.plasticity.hardening = h;
      g_autoptr (OssFemCurve) curve = solve (&block, move, height, 6);
      curve_check_bar (curve, &even);
      g_assert_cmpfloat_with_epsilon (curve->element_von_mises[5],
                                      even.yield_mpa + even.tangent_mpa * (0.02 - even.yield_mpa / MODULUS), 1e-3);
    }
}

/* Barrelling between bonded plates against quadratic tetrahedra, which do not lock, of the same cube: where voxels
 * are small the two agree; one plastic strain a voxel comes from above. */
static void
test_bonded (void)
{
  const int bricks[3] = { 6, 6, 6 };
  const double edges[3] = { 12.0, 12.0, 12.0 }, move = 0.24;
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, bricks, edges, NULL, NULL);
  g_autoptr (GArray) loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autofree double *modulus = g_new (double, mesh->n_elements), *compression = g_new (double, mesh->n_elements);
  const OssFemPath path = { .displacement_mm = move, .height_mm = 12.0, .increments = 8 };
  double coarse = 0.0;

  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      modulus[e] = MODULUS;
      compression[e] = COMPRESSION;
    }
  model_press (loads, mesh, 12.0, move);
  OssFemModel model = model_make (mesh, modulus, 0.3, loads, NULL);
  OssFemPlasticity plasticity = { .compression_mpa = compression, .tension_mpa = compression };
  g_autoptr (OssFemCurve) tets = oss_fem_solve_nonlinear (&model, &plasticity, &path, NULL, NULL);
  for (int n = 6; n <= 24; n *= 2)
    {
      const int size[3] = { n, n, n };
      g_auto (Block) block;
      block_init (&block, size, 12.0 / n, 0.3, -move, TRUE, OSS_CRITERION_VON_MISES);
      g_autoptr (OssFemCurve) curve = solve (&block, move, 12.0, 8);
      double over = curve->peak_n / tets->peak_n - 1.0;
      g_test_message ("%d voxels across: peak %.2f N, offset %.2f N, stiffness %.2f N/mm; tetrahedra %.2f, %.2f, %.2f; "
                      "%d linear iterations",
                      n, curve->peak_n, curve->offset_n, curve->stiffness_n_per_mm, tets->peak_n, tets->offset_n,
                      tets->stiffness_n_per_mm, curve->points[curve->n_points - 1].linear_iterations);
      if (n > 6)
        g_assert_cmpfloat (over, <, 0.7 * coarse);
      if (n == 24)
        g_assert_cmpfloat (fabs (over), <, 0.02);
      coarse = over;
    }
}

static void
test_threads (void)
{
  const int size[3] = { 9, 8, 7 };
  g_autoptr (OssFemCurve) first = NULL;

  for (guint threads = 1; threads <= 3; threads += 2)
    {
      g_auto (Block) block;
      oss_parallel_set_threads (threads);
      block_init (&block, size, 1.0, 0.3, -0.2, TRUE, OSS_CRITERION_PARABOLOID);
      OssFemCurve *curve = solve (&block, 0.2, 7.0, 4);
      if (first == NULL)
        {
          first = curve;
          continue;
        }
      curve_check_same (first, curve);
      oss_fem_curve_free (curve);
    }
  oss_parallel_set_threads (0);
}

static void
test_refused (void)
{
  const int size[3] = { 3, 3, 3 };
  g_auto (Block) block;
  g_autoptr (GError) error = NULL;
  OssFemPath path = { .displacement_mm = 0.1, .height_mm = 0.0 };
  int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);

  block_init (&block, size, 1.0, 0.3, -0.1, TRUE, OSS_CRITERION_VON_MISES);
  const double *values = (const double *) (const void *) block.values->data;
  g_assert_null (oss_voxel_solve_nonlinear (block.system, values, &block.plasticity, &path, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  path.height_mm = 3.0;
  g_assert_null (oss_voxel_solve_nonlinear (block.system, values, &block.plasticity, &path, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nonlinear-voxel/even", test_even);
  g_test_add_func ("/nonlinear-voxel/bonded", test_bonded);
  g_test_add_func ("/nonlinear-voxel/threads", test_threads);
  g_test_add_func ("/nonlinear-voxel/refused", test_refused);
  return g_test_run ();
}
