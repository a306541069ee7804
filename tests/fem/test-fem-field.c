/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodal fields on voxels.  Reference: the polynomials that each element holds exactly (linear: tet4; quadratic without
 * overshoot where it is monotonous: tet10; trilinear: hex8). */
#include "fem-models.h"

#include "fem/oss-fem-field.h"

#include <math.h>
#include <string.h>

typedef double (*FieldFunc) (const double x[3]);

static double
linear (const double x[3])
{
  return 3.0 + 2.0 * x[0] - 1.5 * x[1] + 0.25 * x[2];
}

static double
quadratic (const double x[3])
{
  return 1.0 + (x[0] + 20.0) * (x[0] + 20.0) + 0.5 * (x[1] + 30.0) * (x[2] + 40.0);
}

static double
trilinear (const double x[3])
{
  return 2.0 + x[0] * x[1] * 0.1 + x[1] * x[2] * 0.2 + x[0] * x[1] * x[2] * 0.05;
}

/* A grid turned about z, with voxels that lie on no node, over a box of 12 x 10 x 8 mm and beyond. */
static OssGrid
turned_grid (void)
{
  const double c = cos (0.4), s = sin (0.4);

  return (OssGrid){ .size = { 23, 25, 13 },
                    .spacing = { 0.7, 0.9, 0.95 },
                    .origin = { 2.13, -4.27, -1.07 },
                    .direction = { c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0 } };
}

static void
check_field (OssElementKind kind, FieldFunc func, double tolerance)
{
  const int n[3] = { 4, 5, 3 };
  const double size[3] = { 12.0, 10.0, 8.0 };
  g_autoptr (OssMesh) mesh = model_box (kind, n, size, NULL, NULL);
  g_autofree double *values = g_new (double, mesh->n_nodes);
  const OssGrid grid = turned_grid ();
  g_autoptr (GError) error = NULL;
  gsize inside = 0, outside = 0;

  for (gsize i = 0; i < mesh->n_nodes; i++)
    values[i] = func (mesh->nodes + 3 * i);
  g_autoptr (OssVolume) field = oss_fem_field_on_grid (mesh, values, &grid, -7.0, NULL, &error);
  g_assert_no_error (error);
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      for (int i = 0; i < grid.size[0]; i++)
        {
          const double index[3] = { i, j, k };
          double x[3], found = field->data[oss_grid_offset (&grid, i, j, k)];
          gboolean in = TRUE;
          oss_grid_to_patient (&grid, index, x);
          for (int a = 0; a < 3; a++)
            in = in && x[a] >= 0.0 && x[a] <= size[a];
          if (in)
            g_assert_cmpfloat (fabs (found - func (x)), <, tolerance);
          else
            g_assert_cmpfloat (found, ==, -7.0);
          inside += in;
          outside += !in;
        }
  g_assert_cmpuint (inside, >, 500);
  g_assert_cmpuint (outside, >, 500);
}

/* 32-bit results of a few tens. */
static void
test_exact (void)
{
  check_field (OSS_ELEMENT_TET4, linear, 1e-5);
  check_field (OSS_ELEMENT_TET10, linear, 1e-5);
  check_field (OSS_ELEMENT_HEX8, linear, 1e-5);
  check_field (OSS_ELEMENT_HEX8, trilinear, 1e-4);
  /* Monotonous over the box: nodes bound it within each element. */
  check_field (OSS_ELEMENT_TET10, quadratic, 1e-3);
}

/* A quadratic element never gives more than its nodes say. */
static void
test_bounded (void)
{
  const int n[3] = { 1, 1, 1 };
  const double size[3] = { 4.0, 4.0, 4.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, size, NULL, NULL);
  g_autofree double *values = g_new0 (double, mesh->n_nodes);
  const OssGrid grid = { .size = { 20, 20, 20 },
                         .spacing = { 0.2, 0.2, 0.2 },
                         .origin = { 0.1, 0.1, 0.1 },
                         .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (GError) error = NULL;
  double low, high;

  values[0] = 10.0; /* a peak at one corner: the functions of its edges undershoot */
  g_autoptr (OssVolume) field = oss_fem_field_on_grid (mesh, values, &grid, 0.0, NULL, &error);
  g_assert_no_error (error);
  oss_volume_range (field, &low, &high);
  g_assert_cmpfloat (low, ==, 0.0);
  g_assert_cmpfloat (high, >, 5.0);
  g_assert_cmpfloat (high, <=, 10.0);
}

static void
test_stop (void)
{
  const int n[3] = { 2, 2, 2 }, stop = 1;
  const double size[3] = { 4.0, 4.0, 4.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET4, n, size, NULL, NULL);
  g_autofree double *values = g_new0 (double, mesh->n_nodes);
  const OssGrid grid = turned_grid ();
  const OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_fem_field_on_grid (mesh, values, &grid, 0.0, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/field/exact", test_exact);
  g_test_add_func ("/fem/field/bounded", test_bounded);
  g_test_add_func ("/fem/field/stop", test_stop);
  return g_test_run ();
}
