/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "fem-models.h"
#include "fem/oss-fem-private.h"

#include <string.h>

static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };

/* Shifts each corner inside the box by a repeatable share of its size; the border stays. */
static void
distort (double x[3], void *data)
{
  const double *size = data;
  for (int k = 0; k < 3; k++)
    if (x[k] < 1e-9 || x[k] > size[k] - 1e-9)
      return;
  for (int k = 0; k < 3; k++)
    x[k] += 0.12 * sin (7.0 * x[0] + 3.0 * x[1] * (k + 1) + 5.0 * x[2]);
}

static OssMesh *
distorted_box (OssElementKind kind)
{
  const int n[3] = { 3, 3, 4 };
  double size[3] = { 3.0, 3.5, 4.0 };
  return model_box (kind, n, size, distort, size);
}

/* Partition of unity, gradients that add up to zero and reproduce x, y, z, and volumes against the mesh's own. */
static void
test_rules (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = distorted_box (kinds[k]);
      g_autoptr (OssElements) elements = oss_elements_new (mesh, NULL, NULL);
      const OssElementRule *rule = elements->rule;
      double whole = 0.0;

      for (int q = 0; q < rule->n_points; q++)
        {
          double sum = 0.0;
          for (int a = 0; a < rule->n_nodes; a++)
            sum += rule->shape[q][a];
          g_assert_cmpfloat_with_epsilon (sum, 1.0, 1e-14);
        }
      for (gsize e = 0; e < mesh->n_elements; e++)
        for (int q = 0; q < rule->n_points; q++)
          {
            const double *gradient = oss_elements_gradient (elements, e) + 3 * q * rule->n_nodes;
            double slope[9] = { 0.0 }, sum[3] = { 0.0 };
            whole += oss_elements_volume (elements, e)[q];
            for (int a = 0; a < rule->n_nodes; a++)
              for (int i = 0; i < 3; i++)
                {
                  sum[i] += gradient[3 * a + i];
                  for (int j = 0; j < 3; j++)
                    slope[3 * i + j] +=
                        gradient[3 * a + i]
                        * mesh->nodes[3 * (gsize) mesh->elements[e * (gsize) rule->n_nodes + (gsize) a] + (gsize) j];
                }
            for (int i = 0; i < 9; i++)
              g_assert_cmpfloat_with_epsilon (slope[i], i % 4 == 0 ? 1.0 : 0.0, 1e-11);
            for (int i = 0; i < 3; i++)
              g_assert_cmpfloat_with_epsilon (sum[i], 0.0, 1e-11);
          }
      g_assert_cmpfloat_with_epsilon (whole, 3.0 * 3.5 * 4.0, 1e-10);
    }
}

/* A field linear in the reference coordinates is carried from the points to the corners exactly. */
static void
test_extrapolation (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      const OssElementRule *rule = oss_element_rule (kinds[k]);
      const double corner_value[8] = { 1.0, -2.0, 0.5, 7.0, 3.0, 3.0, -4.0, 0.25 };
      double point[8];

      if (kinds[k] == OSS_ELEMENT_TET4)
        continue; /* constant */
      for (int q = 0; q < rule->n_points; q++)
        {
          point[q] = 0.0;
          for (int c = 0; c < rule->n_corners; c++)
            {
              /* Linear shape functions of a tet10's corners: N_c + half of those on its edges. */
              double weight = rule->shape[q][c];
              for (int e = 0; e < rule->n_nodes - rule->n_corners; e++)
                if (rule->edge[e][0] == c || rule->edge[e][1] == c)
                  weight += 0.5 * rule->shape[q][rule->n_corners + e];
              point[q] += weight * corner_value[c];
            }
        }
      for (int c = 0; c < rule->n_corners; c++)
        {
          double sum = 0.0;
          for (int q = 0; q < rule->n_points; q++)
            sum += rule->corner_from_point[c][q] * point[q];
          g_assert_cmpfloat_with_epsilon (sum, corner_value[c], 1e-13);
        }
    }
}

static double *
filled (gsize n, double value)
{
  double *array = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    array[i] = value;
  return array;
}

static OssBlockMatrix *
assemble (const OssFemModel *model)
{
  const OssMesh *mesh = model->mesh;
  g_autoptr (OssElements) elements = oss_elements_new (mesh, NULL, NULL);
  g_autoptr (OssIncidence) incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, NULL);
  return oss_fem_assemble (model, elements, incidence, NULL, NULL);
}

/* Rigid motions give no force, other motions positive energy, diagonal blocks are symmetric. */
static void
test_stiffness (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = distorted_box (kinds[k]);
      g_autofree double *modulus = filled (mesh->n_elements, 1000.0);
      OssFemModel model = model_make (mesh, modulus, 0.3, NULL, NULL);
      g_autoptr (OssBlockMatrix) matrix = assemble (&model);
      g_autofree double *u = g_new (double, 3 * mesh->n_nodes);
      g_autofree double *f = g_new (double, 3 * mesh->n_nodes);
      OssRandom random;

      for (int mode = 0; mode < 6; mode++)
        {
          double axis[3] = { mode % 3 == 0, mode % 3 == 1, mode % 3 == 2 };
          for (gsize i = 0; i < mesh->n_nodes; i++)
            if (mode < 3)
              memcpy (u + 3 * i, axis, sizeof axis);
            else
              oss_cross (axis, mesh->nodes + 3 * i, u + 3 * i);
          oss_block_matrix_multiply (matrix, u, f);
          for (gsize i = 0; i < 3 * mesh->n_nodes; i++)
            g_assert_cmpfloat_with_epsilon (f[i], 0.0, 1e-9); /* of entries near 1e3 */
        }
      oss_random_init (&random, 3, k);
      for (gsize i = 0; i < 3 * mesh->n_nodes; i++)
        u[i] = oss_random_normal (&random);
      oss_block_matrix_multiply (matrix, u, f);
      double energy = 0.0;
      for (gsize i = 0; i < 3 * mesh->n_nodes; i++)
        energy += u[i] * f[i];
      g_assert_cmpfloat (energy, >, 1.0);
      for (gsize row = 0; row < matrix->n; row++)
        {
          const double *block = matrix->value + 9 * (matrix->start[row + 1] - 1);
          g_assert_cmpint (matrix->column[matrix->start[row + 1] - 1], ==, (gint32) row);
          g_assert_cmpfloat_with_epsilon (block[1], block[3], 1e-10);
          g_assert_cmpfloat_with_epsilon (block[2], block[6], 1e-10);
          g_assert_cmpfloat_with_epsilon (block[5], block[7], 1e-10);
        }
    }
}

/* Closed form: the 8-node cube of edge h, E = 1, nu = 0 has K_11 = h (1/9 + 1/18 + 1/18): the integral of
 * the squared derivatives of a trilinear corner function, 1/(9h) each over h^3, shear halved. */
static void
test_hex_entry (void)
{
  const int n[3] = { 1, 1, 1 };
  const double size[3] = { 2.0, 2.0, 2.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_HEX8, n, size, NULL, NULL);
  const double modulus = 1.0;
  OssFemModel model = model_make (mesh, &modulus, 0.0, NULL, NULL);
  g_autoptr (OssBlockMatrix) matrix = assemble (&model);

  g_assert_cmpfloat_with_epsilon (matrix->value[0], 2.0 * (1.0 / 9.0 + 1.0 / 18.0 + 1.0 / 18.0), 1e-14);
}

/* Patch test: a linear displacement of the border is reproduced inside distorted elements, with the stress of
 * Hooke's law everywhere; the reactions are in balance. */
static void
test_patch (void)
{
  const double gradient[9] = { 1e-3, 4e-4, -2e-4, 3e-4, -2e-3, 5e-4, -6e-4, 1e-4, 1.5e-3 };
  const double e = 700.0, nu = 0.3, lambda = e * nu / (1.3 * 0.4), mu = e / 2.6;
  const double trace = gradient[0] + gradient[4] + gradient[8];
  const double stress[6] = { lambda * trace + 2.0 * mu * gradient[0], lambda * trace + 2.0 * mu * gradient[4],
                             lambda * trace + 2.0 * mu * gradient[8], mu * (gradient[5] + gradient[7]),
                             mu * (gradient[2] + gradient[6]),        mu * (gradient[1] + gradient[3]) };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = distorted_box (kinds[k]);
      g_autofree double *modulus = filled (mesh->n_elements, e);
      g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      g_autoptr (GError) error = NULL;
      double u[3], sum[3] = { 0.0 };

      for (gsize i = 0; i < mesh->n_nodes; i++)
        {
          const double *x = mesh->nodes + 3 * i;
          oss_mat3_apply (gradient, x, u);
          if (x[0] < 1e-9 || x[0] > 3.0 - 1e-9 || x[1] < 1e-9 || x[1] > 3.5 - 1e-9 || x[2] < 1e-9 || x[2] > 4.0 - 1e-9)
            for (int axis = 0; axis < 3; axis++)
              {
                OssNodal load = { (gint32) i, (gint8) axis, u[axis] };
                g_array_append_val (prescribed, load);
              }
        }
      OssFemModel model = model_make (mesh, modulus, nu, prescribed, NULL);
      g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (result->dof, ==, 3 * mesh->n_nodes - prescribed->len);
      g_assert_cmpuint (result->dof, >, 30); /* something is left to be found */
      for (gsize i = 0; i < mesh->n_nodes; i++)
        {
          oss_mat3_apply (gradient, mesh->nodes + 3 * i, u);
          for (int axis = 0; axis < 3; axis++)
            {
              g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + (gsize) axis], u[axis], 1e-12);
              sum[axis] += result->reaction[3 * i + (gsize) axis];
            }
          for (gsize c = 0; c < 6; c++)
            g_assert_cmpfloat_with_epsilon (result->stress[6 * i + c], stress[c], 1e-10);
          g_assert_cmpfloat_with_epsilon (result->von_mises[i], oss_von_mises (stress), 1e-10);
        }
      for (int axis = 0; axis < 3; axis++)
        g_assert_cmpfloat_with_epsilon (sum[axis], 0.0, 1e-9);
      for (gsize el = 0; el < mesh->n_elements; el++)
        g_assert_cmpfloat_with_epsilon (result->element_von_mises[el], oss_von_mises (stress), 1e-10);
    }
}

/* The same bits for any number of threads. */
static void
test_threads (void)
{
  const int n[3] = { 6, 5, 4 };
  g_autoptr (OssMesh) mesh = model_body (OSS_ELEMENT_TET10, n);
  g_autofree double *modulus = model_body_modulus (mesh, 5);
  OssFemModel model = model_make (mesh, modulus, 0.3, NULL, NULL);

  oss_parallel_set_threads (1);
  g_autoptr (OssBlockMatrix) one = assemble (&model);
  oss_parallel_set_threads (3);
  g_autoptr (OssBlockMatrix) three = assemble (&model);
  oss_parallel_set_threads (0);
  g_assert_cmpmem (one->column, one->start[one->n] * sizeof (gint32), three->column,
                   three->start[three->n] * sizeof (gint32));
  g_assert_cmpmem (one->value, one->start[one->n] * 9 * sizeof (double), three->value,
                   three->start[three->n] * 9 * sizeof (double));
}

static void
test_inverted (void)
{
  g_autoptr (OssMesh) mesh = distorted_box (OSS_ELEMENT_TET4);
  g_autoptr (GError) error = NULL;
  gint32 swap = mesh->elements[4 * 17];

  mesh->elements[4 * 17] = mesh->elements[4 * 17 + 1];
  mesh->elements[4 * 17 + 1] = swap;
  g_assert_null (oss_elements_new (mesh, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "Element 17 "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/elements/rules", test_rules);
  g_test_add_func ("/fem/elements/extrapolation", test_extrapolation);
  g_test_add_func ("/fem/elements/stiffness", test_stiffness);
  g_test_add_func ("/fem/elements/hex-entry", test_hex_entry);
  g_test_add_func ("/fem/elements/patch", test_patch);
  g_test_add_func ("/fem/elements/threads", test_threads);
  g_test_add_func ("/fem/elements/inverted", test_inverted);
  return g_test_run ();
}
