/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effective stiffness of voxel volumes: one material and layers exactly, the order of the boundary conditions, our own
 * direct solver. */
#include "base/oss-random.h"
#include "fem/oss-fem.h"
#include "micro/oss-homogenize.h"

#include <string.h>

static const OssBoundary all[] = { OSS_BOUNDARY_KUBC, OSS_BOUNDARY_SUBC, OSS_BOUNDARY_PBC, OSS_BOUNDARY_MIXED };

static OssMicroVolume
volume_make (gsize nx, gsize ny, gsize nz, const float *modulus, OssBoundary boundary)
{
  return (OssMicroVolume){ .size = { nx, ny, nz },
                           .spacing_mm = { 0.05, 0.04, 0.06 },
                           .modulus_mpa = modulus,
                           .poisson = 0.3,
                           .boundary = boundary,
                           .tolerance = 1e-11 };
}

static void
homogenize (const OssMicroVolume *volume, OssHomogenized *result)
{
  g_autoptr (GError) error = NULL;

  oss_homogenize (volume, result, NULL, &error);
  g_assert_no_error (error);
  if (!result->converged)
    g_error ("%s: %s", oss_boundary_name (volume->boundary), result->reason);
  /* Hill's condition holds for all four conditions; C is symmetric: both to the solver's tolerance. */
  g_assert_cmpfloat (result->energy_error, <, 1e-8);
  g_assert_cmpfloat (result->symmetry_error, <, 1e-8);
}

static void
test_one_material (void)
{
  float modulus[4 * 3 * 5];
  double expected[36];

  for (gsize i = 0; i < G_N_ELEMENTS (modulus); i++)
    modulus[i] = 7000.0f;
  oss_stiffness_isotropic (7000.0, 0.3, expected);
  for (gsize b = 0; b < G_N_ELEMENTS (all); b++)
    {
      OssMicroVolume volume = volume_make (4, 3, 5, modulus, all[b]);
      g_auto (OssHomogenized) result = { 0 };
      homogenize (&volume, &result);
      for (int i = 0; i < 36; i++)
        g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[i], expected[i], 1e-8 * expected[0]);
      g_assert_cmpfloat_with_epsilon (result.voigt.modulus_mpa, 7000.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (result.reuss.modulus_mpa, 7000.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (result.hashin_high.modulus_mpa, 7000.0, 1e-8);
      g_assert_cmpfloat_with_epsilon (result.hashin_low.modulus_mpa, 7000.0, 1e-8);
      g_assert_cmpfloat (result.bv_tv, ==, 1.0);
    }
}

/* Layers across z: strain along them and stress across them are the same in all (Backus, J. Geophys. Res. 67 (1962)
 * 4427).  The mirrored cell is layered too, so that the mixed conditions meet the same values. */
static void
laminate (const float *layer, int n, double c[36])
{
  double across = 0.0, couple = 0.0, along = 0.0, side = 0.0, shear = 0.0, plane = 0.0;

  for (int i = 0; i < n; i++)
    {
      double p[36];
      oss_stiffness_isotropic (layer[i], 0.3, p);
      across += 1.0 / p[14] / n;
      couple += p[2] / p[14] / n;
      along += (p[0] - p[2] * p[2] / p[14]) / n;
      side += (p[1] - p[2] * p[2] / p[14]) / n;
      shear += 1.0 / p[21] / n;
      plane += p[35] / n;
    }
  memset (c, 0, 36 * sizeof *c);
  c[14] = 1.0 / across;
  c[2] = c[12] = c[8] = c[13] = couple / across;
  c[0] = c[7] = along + couple * couple / across;
  c[1] = c[6] = side + couple * couple / across;
  c[21] = c[28] = 1.0 / shear;
  c[35] = plane;
}

static void
test_laminate (void)
{
  const float layer[6] = { 12000.0f, 300.0f, 300.0f, 5000.0f, 900.0f, 12000.0f };
  float modulus[4 * 4 * 6];
  double expected[36];

  for (gsize i = 0; i < G_N_ELEMENTS (modulus); i++)
    modulus[i] = layer[i / 16];
  laminate (layer, 6, expected);
  for (gsize b = 2; b < G_N_ELEMENTS (all); b++)
    {
      OssMicroVolume volume = volume_make (4, 4, 6, modulus, all[b]);
      g_auto (OssHomogenized) result = { 0 };
      homogenize (&volume, &result);
      for (int i = 0; i < 36; i++)
        g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[i], expected[i], 1e-8 * expected[0]);
    }
}

static double
form (const double c[36], const double strain[6])
{
  double sum = 0.0;
  for (int i = 0; i < 36; i++)
    sum += strain[i / 6] * c[i] * strain[i % 6];
  return sum;
}

/* Energies of any strain: Reuss < SUBC < PBC < KUBC < Voigt (Huet, J. Mech. Phys. Solids 38 (1990) 813-841).  The mixed
 * conditions lie between SUBC and KUBC for normal strains and for each shear. */
static void
test_order (void)
{
  OssHomogenized results[4] = { 0 };
  float modulus[6 * 6 * 6];
  double voigt[36], reuss[36];
  OssRandom random;

  oss_random_init (&random, 11, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (modulus); i++)
    modulus[i] = oss_random_uniform (&random) < 0.4 ? 10000.0f : 500.0f;
  for (gsize b = 0; b < G_N_ELEMENTS (all); b++)
    {
      OssMicroVolume volume = volume_make (6, 6, 6, modulus, all[b]);
      homogenize (&volume, &results[b]);
      g_test_message ("%s: C11 %.1f, C44 %.1f, C66 %.1f MPa, %d iterations", oss_boundary_name (all[b]),
                      results[b].stiffness_mpa[0], results[b].stiffness_mpa[21], results[b].stiffness_mpa[35],
                      results[b].iterations[0]);
    }
  oss_stiffness_isotropic (results[0].voigt.modulus_mpa, 0.3, voigt);
  oss_stiffness_isotropic (results[0].reuss.modulus_mpa, 0.3, reuss);
  for (int k = 0; k < 200; k++)
    {
      double e[6];
      for (int i = 0; i < 6; i++)
        e[i] = oss_random_range (&random, -1.0, 1.0);
      double kubc = form (results[0].stiffness_mpa, e), subc = form (results[1].stiffness_mpa, e);
      double pbc = form (results[2].stiffness_mpa, e);
      g_assert_cmpfloat (form (reuss, e), <, subc);
      g_assert_cmpfloat (subc, <, pbc);
      g_assert_cmpfloat (pbc, <, kubc);
      g_assert_cmpfloat (kubc, <, form (voigt, e));
      double normal[6] = { e[0], e[1], e[2] }, shear[6] = { 0.0 };
      shear[3 + k % 3] = 1.0;
      for (int i = 0; i < 2; i++)
        {
          const double *strain = i == 0 ? normal : shear;
          double mixed = form (results[3].stiffness_mpa, strain);
          g_assert_cmpfloat (form (results[1].stiffness_mpa, strain), <, mixed);
          g_assert_cmpfloat (mixed, <, form (results[0].stiffness_mpa, strain));
        }
    }
  g_assert_cmpfloat (results[0].hashin_low.modulus_mpa, <, results[0].hashin_high.modulus_mpa);
  g_assert_cmpfloat (results[0].hashin_high.modulus_mpa, <, results[0].voigt.modulus_mpa);
  g_assert_cmpfloat (results[0].reuss.modulus_mpa, <, results[0].hashin_low.modulus_mpa);
  for (gsize b = 0; b < G_N_ELEMENTS (all); b++)
    oss_homogenized_clear (&results[b]);
}

/* --- Against the tetrahedral room's direct solver on bricks --- */

#define N 6
/* Plates and rods with a void of 0.55 that hang together by faces. */
static gboolean
is_bone (int i, int j, int k)
{
  return i % 3 == 0 || (j % 3 == 1 && k % 3 != 2) || (k == 4 && j != 5);
}

/* Mean stress from the reactions: sum of force times position over the volume. */
static void
direct_column (const OssMesh *mesh, int load_case, double column[6])
{
  static const int pair[6][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 1, 2 }, { 0, 2 }, { 0, 1 } };
  const double side[3] = { 0.05 * N, 0.04 * N, 0.06 * N };
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autoptr (GArray) held = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  for (gsize e = 0; e < mesh->n_elements; e++)
    modulus[e] = 10000.0;
  for (gint32 i = 0; i < (gint32) mesh->n_nodes; i++)
    {
      const double *x = mesh->nodes + 3 * i;
      gboolean border = FALSE;
      for (int a = 0; a < 3; a++)
        border = border || x[a] < 1e-9 || x[a] > side[a] - 1e-9;
      for (gint8 a = 0; border && a < 3; a++)
        {
          OssNodal nodal = { i, a, 0.0 };
          int p = pair[load_case][0], q = pair[load_case][1];
          nodal.value = p == q ? (a == p ? x[p] : 0.0) : a == p ? 0.5 * x[q] : a == q ? 0.5 * x[p] : 0.0;
          g_array_append_val (held, nodal);
        }
    }
  OssFemModel model = { .mesh = mesh,
                        .modulus_mpa = modulus,
                        .poisson = 0.3,
                        .prescribed = (OssNodal *) (void *) held->data,
                        .n_prescribed = held->len };
  g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, NULL);
  g_assert_nonnull (result);
  memset (column, 0, 6 * sizeof *column);
  for (gsize i = 0; i < mesh->n_nodes; i++)
    for (int c = 0; c < 6; c++)
      column[c] += 0.5
                   * (result->reaction[3 * i + (gsize) pair[c][0]] * mesh->nodes[3 * i + (gsize) pair[c][1]]
                      + result->reaction[3 * i + (gsize) pair[c][1]] * mesh->nodes[3 * i + (gsize) pair[c][0]])
                   / (side[0] * side[1] * side[2]);
}

static OssMesh *
bone_bricks (void)
{
  static const int corner[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                    { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
  gint32 number[(N + 1) * (N + 1) * (N + 1)], nodes[8 * N * N * N], n_nodes = 0;
  gsize n = 0;

  memset (number, -1, sizeof number);
  for (int v = 0; v < N * N * N; v++)
    {
      int i = v % N, j = v / N % N, k = v / (N * N);
      if (!is_bone (i, j, k))
        continue;
      for (int c = 0; c < 8; c++)
        {
          gint32 *to = &number[((k + corner[c][2]) * (N + 1) + j + corner[c][1]) * (N + 1) + i + corner[c][0]];
          *to = *to < 0 ? n_nodes++ : *to;
          nodes[n++] = *to;
        }
    }
  OssMesh *mesh = oss_mesh_new (OSS_ELEMENT_HEX8, (gsize) n_nodes, n / 8, NULL);
  memcpy (mesh->elements, nodes, n * sizeof *nodes);
  for (int p = 0; p < (N + 1) * (N + 1) * (N + 1); p++)
    if (number[p] >= 0)
      {
        double *x = mesh->nodes + 3 * number[p];
        x[0] = 0.05 * (p % (N + 1)), x[1] = 0.04 * (p / (N + 1) % (N + 1)), x[2] = 0.06 * (p / ((N + 1) * (N + 1)));
      }
  return mesh;
}

static void
test_direct (void)
{
  g_autoptr (OssMesh) mesh = bone_bricks ();
  float modulus[N * N * N];
  g_auto (OssHomogenized) result = { 0 };

  for (int v = 0; v < N * N * N; v++)
    modulus[v] = is_bone (v % N, v / N % N, v / (N * N)) ? 10000.0f : 0.0f;
  OssMicroVolume volume = volume_make (N, N, N, modulus, OSS_BOUNDARY_KUBC);
  homogenize (&volume, &result);
  g_assert_cmpuint (result.n_elements, ==, mesh->n_elements);
  g_assert_cmpfloat_with_epsilon (result.bv_tv, mesh->n_elements / 216.0, 1e-12);
  g_assert_cmpfloat (result.reuss.modulus_mpa, ==, 0.0);
  for (int c = 0; c < 6; c++)
    {
      double column[6];
      direct_column (mesh, c, column);
      for (int i = 0; i < 6; i++)
        g_assert_cmpfloat_with_epsilon (result.stiffness_mpa[6 * i + c], column[i], 1e-8 * result.stiffness_mpa[0]);
    }
}

/* Porous and periodic: mixed conditions of a volume and of its mirror image's eightfold cell under PBC are the same. */
static void
test_mirrored (void)
{
  float modulus[N * N * N], mirrored[8 * N * N * N];
  g_auto (OssHomogenized) mixed = { 0 };
  g_auto (OssHomogenized) periodic = { 0 };

  for (int v = 0; v < N * N * N; v++)
    modulus[v] = is_bone (v % N, v / N % N, v / (N * N)) ? 10000.0f : 0.0f;
  for (int v = 0; v < 8 * N * N * N; v++)
    {
      int at[3] = { v % (2 * N), v / (2 * N) % (2 * N), v / (4 * N * N) };
      for (int a = 0; a < 3; a++)
        at[a] = at[a] < N ? at[a] : 2 * N - 1 - at[a];
      mirrored[v] = modulus[(at[2] * N + at[1]) * N + at[0]];
    }
  OssMicroVolume one = volume_make (N, N, N, modulus, OSS_BOUNDARY_MIXED);
  OssMicroVolume eight = volume_make (2 * N, 2 * N, 2 * N, mirrored, OSS_BOUNDARY_PBC);
  homogenize (&one, &mixed);
  homogenize (&eight, &periodic);
  g_test_message ("mixed: C11 %.2f, C66 %.2f MPa, coupling left out %.2e", mixed.stiffness_mpa[0],
                  mixed.stiffness_mpa[35], mixed.coupling_left_out);
  for (int i = 0; i < 36; i++)
    g_assert_cmpfloat_with_epsilon (mixed.stiffness_mpa[i], periodic.stiffness_mpa[i],
                                    1e-7 * periodic.stiffness_mpa[0]);
}

/* --- Bad input --- */

static void
expect_refusal (OssMicroVolume volume, OssError code, const char *words)
{
  g_auto (OssHomogenized) result = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_homogenize (&volume, &result, NULL, &error));
  g_assert_error (error, OSS_ERROR, (int) code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_bad (void)
{
  float modulus[27], negative[27] = { 1.0f, -1.0f }, broken[27] = { 1.0f, NAN }, nothing[27] = { 0.0f };
  float apart[27] = { 0.0f };

  for (int i = 0; i < 27; i++)
    modulus[i] = i == 13 ? 0.0f : 100.0f + (float) i;
  apart[13] = 5.0f; /* in the middle: reaches no face */
  expect_refusal (volume_make (3, 3, 3, negative, OSS_BOUNDARY_KUBC), OSS_ERROR_INVALID_DATA, "negative");
  expect_refusal (volume_make (3, 3, 3, broken, OSS_BOUNDARY_KUBC), OSS_ERROR_INVALID_DATA, "not a number");
  expect_refusal (volume_make (3, 3, 3, nothing, OSS_BOUNDARY_KUBC), OSS_ERROR_INVALID_DATA, "no bone");
  expect_refusal (volume_make (0, 3, 3, modulus, OSS_BOUNDARY_KUBC), OSS_ERROR_INVALID_DATA, "0 ");
  expect_refusal (volume_make (3, 3, 3, modulus, OSS_BOUNDARY_SUBC), OSS_ERROR_INVALID_DATA, "tractions");
  OssMicroVolume volume = volume_make (3, 3, 3, modulus, OSS_BOUNDARY_KUBC);
  volume.poisson = 0.5;
  expect_refusal (volume, OSS_ERROR_INVALID_DATA, "0.5");
  expect_refusal (volume_make (3, 3, 3, apart, OSS_BOUNDARY_KUBC), OSS_ERROR_INVALID_DATA, "border");
  expect_refusal (volume_make (3, 3, 3, apart, OSS_BOUNDARY_PBC), OSS_ERROR_FAILED, "inverted");
}

/* Too few iterations are a result that says so; a stop is an error. */
static void
test_unfinished (void)
{
  float modulus[512];
  OssRandom random;
  int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_auto (OssHomogenized) result = { 0 };
  g_auto (OssHomogenized) stopped = { 0 };
  g_autoptr (GError) error = NULL;

  oss_random_init (&random, 2, 0);
  for (int i = 0; i < 512; i++)
    modulus[i] = (float) oss_random_range (&random, 10.0, 20000.0);
  OssMicroVolume volume = volume_make (8, 8, 8, modulus, OSS_BOUNDARY_PBC);
  volume.max_iterations = 1;
  g_assert_true (oss_homogenize (&volume, &result, NULL, &error));
  g_assert_false (result.converged);
  g_assert_cmpuint (result.n_history, ==, 2);
  g_assert_cmpfloat (result.history[1], >, 1e-11);
  g_assert_cmpint (result.cases, ==, 1);
  g_assert_cmpstr (result.reason, !=, "");
  g_assert_false (oss_homogenize (&volume, &stopped, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/micro/homogenize/one-material", test_one_material);
  g_test_add_func ("/micro/homogenize/laminate", test_laminate);
  g_test_add_func ("/micro/homogenize/order", test_order);
  g_test_add_func ("/micro/homogenize/direct", test_direct);
  g_test_add_func ("/micro/homogenize/mirrored", test_mirrored);
  g_test_add_func ("/micro/homogenize/bad-input", test_bad);
  g_test_add_func ("/micro/homogenize/unfinished", test_unfinished);
  return g_test_run ();
}
