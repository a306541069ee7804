/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What "bench fem" measures with: the models are what they are said to be, and kernels are counted sensibly. */
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-fem-bench.h"
#include "numeric/oss-machine.h"

#include <math.h>
#include <string.h>

/* An eighth of the cube, with both phases thicker than a voxel; the same bits for any number of threads. */
static void
test_trabeculae (void)
{
  const gsize n = 96, size[3] = { n, n, n };
  gsize bone = 0, faces = 0;

  oss_parallel_set_threads (1);
  guint8 *bits = oss_bench_trabeculae (size, FALSE, NULL, NULL);
  oss_parallel_set_threads (3);
  guint8 *other = oss_bench_trabeculae (size, FALSE, NULL, NULL);
  oss_parallel_set_threads (0);
  g_assert_cmpmem (bits, n * n * n / 8, other, n * n * n / 8);
  for (gsize row = 0; row < n * n; row++)
    for (gsize x = 0; x < n; x++)
      {
        gboolean is = (bits[row * n / 8 + x / 8] >> (x & 7) & 1) != 0;
        gboolean next = x + 1 < n && (bits[row * n / 8 + (x + 1) / 8] >> ((x + 1) & 7) & 1) != 0;
        bone += is;
        faces += is && x + 1 < n && !next;
      }
  double share = (double) bone / (double) (n * n * n);
  g_test_message ("%.4f of the volume, %.1f voxels along a row", share, (double) bone / (double) faces);
  /* The cube is about one wave wide: its share of the volume scatters about 0.125. */
  g_assert_cmpfloat (share, >, 0.09);
  g_assert_cmpfloat (share, <, 0.17);
  /* A plate 4 voxels thick that lies anyhow is crossed along 4 / |cos|: twice that on average. */
  g_assert_cmpfloat ((double) bone / (double) faces, >, 4.0);
  g_assert_cmpfloat ((double) bone / (double) faces, <, 16.0);
  oss_free_aligned (bits);
  oss_free_aligned (other);
}

/* The ellipse of 120 x 80 voxels has pi 60 40 = 7540; the one 6 voxels within it, pi 54 34 = 5768, has gaps.  Nothing
 * is bone outside, everything between the two. */
static void
test_centrum (void)
{
  const gsize size[3] = { 120, 80, 8 };
  guint8 *bits = oss_bench_trabeculae (size, TRUE, NULL, NULL);
  gsize shell = 0, gaps = 0;

  for (gsize row = 0; row < size[1] * size[2]; row++)
    for (gsize x = 0; x < size[0]; x++)
      {
        gboolean is = (bits[row * size[0] / 8 + x / 8] >> (x & 7) & 1) != 0;
        double dx = (double) x - 59.5, dy = (double) (row % size[1]) - 39.5;
        gboolean within = dx * dx / (60.0 * 60.0) + dy * dy / (40.0 * 40.0) < 1.0;
        gboolean core = dx * dx / (54.0 * 54.0) + dy * dy / (34.0 * 34.0) < 1.0;
        /* A voxel on a border may fall on either side. */
        if (!within)
          g_assert_true (!is || dx * dx / (61.0 * 61.0) + dy * dy / (41.0 * 41.0) < 1.0);
        shell += is && within && !core;
        gaps += core && !is;
      }
  g_test_message ("shell of %zu voxels, gaps of %zu", shell / size[2], gaps / size[2]);
  g_assert_cmpfloat (fabs ((double) shell / 8.0 - (7540.0 - 5768.0)), <, 60.0);
  g_assert_cmpfloat ((double) gaps / 8.0, >, 0.6 * 5768.0);
  oss_free_aligned (bits);
}

/* The waisted oval alone has pi 22.5 16 27 (1 - 0.16 + 0.00768) = 25,885 mm3; all the processes, which overlap each
 * other and the body, have 12,619 mm3. */
static void
test_body (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssBenchBody) body = oss_bench_body_new (OSS_ELEMENT_TET4, 3.0, NULL, &error);
  g_assert_no_error (error);
  OssFemModel model = oss_bench_body_model (body);
  gsize held = 0, moved = 0, soft = 0, stiff = 0;

  g_assert_cmpfloat (oss_mesh_volume (body->mesh), >, 25885.0);
  g_assert_cmpfloat (oss_mesh_volume (body->mesh), <, 25885.0 + 12619.0);
  for (gsize i = 0; i < model.n_prescribed; i++)
    {
      held += model.prescribed[i].value == 0.0;
      moved += model.prescribed[i].value == -0.1;
    }
  g_assert_cmpuint (held + moved, ==, model.n_prescribed);
  g_assert_cmpuint (moved, >, 80);
  g_assert_cmpuint (held, >, 4 * moved);
  g_assert_cmpuint (held, <, 6 * moved);
  for (gsize e = 0; e < body->mesh->n_elements; e++)
    {
      soft += body->modulus_mpa[e] == 0.1;
      stiff += body->modulus_mpa[e] == 8900.0;
    }
  g_assert_cmpfloat (fabs ((double) soft / (double) body->mesh->n_elements - 0.02), <, 0.006);
  g_assert_cmpuint (stiff, >, body->mesh->n_elements / 5);
}

/* A figure for every kernel; with one thread none is above the peak of the machine. */
static void
test_kernels (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssBenchBody) body = oss_bench_body_new (OSS_ELEMENT_TET10, 6.0, NULL, &error);
  g_autoptr (GArray) kernels = g_array_new (FALSE, FALSE, sizeof (OssBenchKernel));
  OssFemModel model = oss_bench_body_model (body);
  OssMachine machine;

  oss_parallel_set_threads (1);
  g_assert_true (oss_machine_measure (&machine, 8e6, 0.1, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (machine.threads, ==, 1);
  g_assert_cmpfloat (machine.triad_gb_s, >, 0.05);
  g_assert_cmpfloat (machine.double_gflop_s, >, 0.05);
  g_assert_cmpfloat (machine.single_gflop_s, >, 0.05);
  g_assert_true (oss_bench_kernels (&model, 0.01, TRUE, kernels, NULL, &error));
  oss_parallel_set_threads (0);
  g_assert_no_error (error);
  g_assert_cmpuint (kernels->len, ==, 7);
  for (guint i = 0; i < kernels->len; i++)
    {
      const OssBenchKernel *kernel = &g_array_index (kernels, OssBenchKernel, i);
      double peak = fmax (machine.single_gflop_s, machine.double_gflop_s);
      g_test_message ("%s: %.1f ns, %.2f GFLOP/s of %.1f", kernel->name, kernel->ns_per_item, kernel->gflop_s, peak);
      g_assert_cmpuint (kernel->items, >, 1000);
      g_assert_cmpfloat (kernel->ns_per_item, >, 0.1);
      /* Other programs may slow the measurement of the limit down, never the other way. */
      g_assert_true (isnan (kernel->gflop_s) || (kernel->gflop_s > 0.0 && kernel->gflop_s < 3.0 * peak));
    }
}

/* A stop is an error, not a figure. */
static void
test_stop (void)
{
  const gsize size[3] = { 64, 64, 64 };
  int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GError) error = NULL;
  OssMachine machine;

  g_assert_null (oss_bench_trabeculae (size, TRUE, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (oss_machine_measure (&machine, 8e6, 0.1, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/bench/trabeculae", test_trabeculae);
  g_test_add_func ("/fem/bench/centrum", test_centrum);
  g_test_add_func ("/fem/bench/body", test_body);
  g_test_add_func ("/fem/bench/kernels", test_kernels);
  g_test_add_func ("/fem/bench/stop", test_stop);
  return g_test_run ();
}
