/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-file.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "base/oss-text.h"
#include "base/oss-tick.h"
#include "base/oss-vector.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* The command line's contract: 2 usage, 3 refused, 4 failed, 130 cancelled. */
static void
test_exit_status (void)
{
  static const int expected[] = { 4, 3, 3, 3, 3, 4, 130, 2 };

  g_assert_cmpint (oss_error_exit_status (NULL), ==, 0);
  for (int code = OSS_ERROR_FAILED; code <= OSS_ERROR_USAGE; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (OSS_ERROR, code, "x");
      g_assert_cmpint (oss_error_exit_status (error), ==, expected[code]);
    }
}

/* Eigenvalues of a rotated diag (7, 2, -3) are those numbers, and A v = lambda v. */
static void
test_eigen (void)
{
  const double angle = 0.7, c = cos (angle), s = sin (angle);
  const double r[9] = { c, -s, 0, s * 0.8, c * 0.8, -0.6, s * 0.6, c * 0.6, 0.8 };
  const double d[3] = { -3.0, 7.0, 2.0 };
  double a[9] = { 0.0 }, values[3], vectors[9];

  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 3; k++)
        a[3 * i + j] += r[3 * i + k] * d[k] * r[3 * j + k];
  const double tensor[6] = { a[0], a[4], a[8], a[5], a[2], a[1] };
  oss_symmetric_eigen (tensor, values, vectors);
  g_assert_cmpfloat_with_epsilon (values[0], 7.0, 1e-13);
  g_assert_cmpfloat_with_epsilon (values[1], 2.0, 1e-13);
  g_assert_cmpfloat_with_epsilon (values[2], -3.0, 1e-13);
  for (int v = 0; v < 3; v++)
    {
      double av[3];
      oss_mat3_apply (a, vectors + 3 * v, av);
      for (int i = 0; i < 3; i++)
        g_assert_cmpfloat_with_epsilon (av[i], values[v] * vectors[3 * v + i], 1e-13);
    }
}

/* Uniaxial stress s gives s; pure shear t gives sqrt (3) t; hydrostatic gives 0. */
static void
test_von_mises (void)
{
  g_assert_cmpfloat_with_epsilon (oss_von_mises ((double[6]){ 0, 0, -5, 0, 0, 0 }), 5.0, 1e-14);
  g_assert_cmpfloat_with_epsilon (oss_von_mises ((double[6]){ 0, 0, 0, 2, 0, 0 }), 2.0 * sqrt (3.0), 1e-14);
  g_assert_cmpfloat_with_epsilon (oss_von_mises ((double[6]){ 4, 4, 4, 0, 0, 0 }), 0.0, 1e-14);
}

static void
test_inverse (void)
{
  const double m[9] = { 2, 1, 0, -1, 3, 4, 0.5, 0, 1 };
  double inverse[9], v[3] = { 1.0, -2.0, 3.0 }, w[3];

  g_assert_true (oss_mat3_inverse (m, inverse));
  oss_mat3_apply (m, v, w);
  oss_mat3_apply (inverse, w, w);
  for (int i = 0; i < 3; i++)
    g_assert_cmpfloat_with_epsilon (w[i], v[i], 1e-13);
  g_assert_false (oss_mat3_inverse ((double[9]){ 1, 2, 3, 2, 4, 6, 0, 0, 1 }, inverse));
}

/* First outputs of xoshiro256** from state {1, 2, 3, 4}: the authors' reference implementation. */
static void
test_random_reference (void)
{
  static const guint64 expected[] = { 11520u, 0u, 1509978240u, 1215971899390074240u };
  OssRandom random = { .state = { 1, 2, 3, 4 } };

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpuint (oss_random_bits (&random), ==, expected[i]);
}

/* 10^5 normals: mean 0 and variance 1 within 5 standard errors (1/sqrt n, sqrt (2/n)). */
static void
test_random_normal (void)
{
  enum
  {
    N = 100000
  };
  OssRandom random;
  double sum = 0.0, squares = 0.0;

  oss_random_init (&random, 42, 7);
  for (int i = 0; i < N; i++)
    {
      double x = oss_random_normal (&random);
      sum += x;
      squares += x * x;
    }
  g_assert_cmpfloat (fabs (sum / N), <, 5.0 / sqrt (N));
  g_assert_cmpfloat (fabs (squares / N - 1.0), <, 5.0 * sqrt (2.0 / N));
  g_assert_cmpuint (oss_random_hash (1, 2), !=, oss_random_hash (1, 3));
}

typedef struct
{
  guint32 *visits;
  double *chunk_sums;
} Sums;

static void
add_range (gsize begin, gsize end, guint thread, void *data)
{
  Sums *sums = data;
  g_assert_cmpuint (begin % 1000, ==, 0);
  for (gsize i = begin; i < end; i++)
    {
      sums->visits[i]++;
      sums->chunk_sums[begin / 1000] += 1.0 / (double) (i + 1);
    }
}

static void
nested_range (gsize begin, gsize end, guint thread, void *data)
{
  for (gsize i = begin; i < end; i++)
    oss_parallel_for (5000, 1000, add_range, (Sums *) data + i);
}

/* Every index once; the same bits for 1, 2 and 7 threads; harmonic number H(5000) from Euler-Maclaurin. */
static void
test_parallel (void)
{
  double first = 0.0;
  static const guint threads[] = { 1, 2, 7 };

  for (gsize t = 0; t < G_N_ELEMENTS (threads); t++)
    {
      g_autofree guint32 *visits = g_new0 (guint32, 5000);
      double chunk_sums[5] = { 0.0 }, sum = 0.0;
      Sums sums = { visits, chunk_sums };

      oss_parallel_set_threads (threads[t]);
      oss_parallel_for (5000, 1000, add_range, &sums);
      for (int i = 0; i < 5000; i++)
        g_assert_cmpuint (visits[i], ==, 1);
      for (int i = 0; i < 5; i++)
        sum += chunk_sums[i];
      if (t == 0)
        first = sum;
      g_assert_true (memcmp (&sum, &first, sizeof sum) == 0);
    }
  const double n = 5000.0, harmonic = log (n) + 0.57721566490153286 + 1.0 / (2.0 * n) - 1.0 / (12.0 * n * n);
  g_assert_cmpfloat_with_epsilon (first, harmonic, 1e-12);

  oss_parallel_set_threads (4);
  for (int repeat = 0; repeat < 200; repeat++) /* workers wake and sleep often; loops inside loops */
    {
      Sums sums[3];
      for (int i = 0; i < 3; i++)
        sums[i] = (Sums){ g_new0 (guint32, 5000), g_new0 (double, 5) };
      oss_parallel_for (3, 1, nested_range, sums);
      for (int i = 0; i < 3; i++)
        {
          g_assert_cmpuint (sums[i].visits[repeat], ==, 1);
          g_free (sums[i].visits);
          g_free (sums[i].chunk_sums);
        }
    }
  oss_parallel_set_threads (0);
}

static void
keep_fraction (double fraction, const char *what, void *data)
{
  *(double *) data = fraction;
}

static void
test_tick (void)
{
  int stop = 0;
  double seen = -1.0;
  g_autoptr (GError) error = NULL;
  OssTick tick = oss_tick_make (keep_fraction, &seen, &stop);
  OssTick part = oss_tick_part (&tick, 0.5, 1.0), deeper = oss_tick_part (&part, 0.0, 0.5);

  g_assert_true (oss_tick_report (&deeper, 0.5, "x", &error));
  g_assert_cmpfloat_with_epsilon (seen, 0.625, 1e-15);
  g_atomic_int_set (&stop, 1);
  g_assert_false (oss_tick_report (&deeper, 0.9, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_assert_true (oss_tick_report (NULL, 0.5, NULL, NULL));
}

typedef struct
{
  int freed; /* atomic */
  int finished;
  guint milliseconds;
} Slow;

static void
be_slow (void *data, const int *stop)
{
  Slow *slow = data;
  g_usleep (slow->milliseconds * 1000u);
  slow->finished = 1;
}

static void
mark_freed (void *data)
{
  g_atomic_int_set (&((Slow *) data)->freed, 1);
}

/* A call that takes 600 ms is left behind within 200 ms and cleaned up by its own thread. */
static void
test_detached (void)
{
  static Slow slow = { .milliseconds = 600 }, quick = { .milliseconds = 5 };
  int stop = 1;
  g_autoptr (GError) error = NULL;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  gint64 start = g_get_monotonic_time ();

  g_assert_true (oss_tick_run_detached (NULL, be_slow, &quick, mark_freed, &error));
  g_assert_cmpint (quick.finished, ==, 1);
  g_assert_cmpint (quick.freed, ==, 0);
  start = g_get_monotonic_time ();
  g_assert_false (oss_tick_run_detached (&tick, be_slow, &slow, mark_freed, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 200 * G_TIME_SPAN_MILLISECOND);
  for (int i = 0; i < 300 && g_atomic_int_get (&slow.freed) == 0; i++)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&slow.freed), ==, 1);
}

/* A file appears whole or not at all, and nothing temporary stays. */
static void
test_file_writer (void)
{
  g_autofree char *folder = g_dir_make_tmp ("oss-base-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.txt", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  OssFileWriter *writer = oss_file_writer_new (path, &error);
  g_assert_no_error (error);
  fputs ("half", oss_file_writer_stream (writer));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  oss_file_writer_free (writer); /* abandoned */
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);

  g_assert_true (oss_file_write (path, "whole", 5, &error));
  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_cmpstr (text, ==, "whole");
  g_unlink (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);

  g_assert_false (oss_file_write ("/proc/nothing/x", "x", 1, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "/proc/nothing/x"));
}

static void
test_memory (void)
{
  g_autoptr (GError) error = NULL;
  double *p = oss_alloc_aligned (1000, sizeof *p, "numbers", &error);

  g_assert_nonnull (p);
  g_assert_cmpuint ((gsize) p % 64, ==, 0);
  g_assert_true (p[0] == 0.0 && p[999] == 0.0);
  oss_free_aligned (p);
  g_assert_null (oss_alloc_aligned (G_MAXSIZE / 2, 8, "the impossible", &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY);
  g_assert_cmpfloat (oss_memory_peak_mib (), >, 1.0);
}

/* A text that does not fit ends with a whole character: ± is two bytes, – three. */
static void
test_text (void)
{
  char text[8];

  g_assert_cmpstr (oss_text_print (text, sizeof text, "%s", "12345 ±"), ==, "12345 ");
  g_assert_cmpstr (oss_text_print (text, sizeof text, "%d %s", 1234, "±x"), ==, "1234 ±");
  g_assert_cmpstr (oss_text_print (text, sizeof text, "%s", "1–2–3–4"), ==, "1–2");
  g_assert_cmpstr (oss_text_print (text, sizeof text, "%s", ""), ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/text", test_text);
  g_test_add_func ("/base/error/exit-status", test_exit_status);
  g_test_add_func ("/base/vector/eigen", test_eigen);
  g_test_add_func ("/base/vector/von-mises", test_von_mises);
  g_test_add_func ("/base/vector/inverse", test_inverse);
  g_test_add_func ("/base/random/reference", test_random_reference);
  g_test_add_func ("/base/random/normal", test_random_normal);
  g_test_add_func ("/base/parallel", test_parallel);
  g_test_add_func ("/base/tick/parts", test_tick);
  g_test_add_func ("/base/tick/detached", test_detached);
  g_test_add_func ("/base/file/writer", test_file_writer);
  g_test_add_func ("/base/memory", test_memory);
  return g_test_run ();
}
