/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "numeric/oss-blas.h"
#include "numeric/oss-block-matrix.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#else
#define HAVE_ASAN 0
#endif

/* The 7-point Laplacian on an n x n x n grid with zero values beyond the border. */
static OssSymmetric *
laplacian (gsize n)
{
  OssSymmetric *matrix = oss_symmetric_new (n * n * n, 4 * n * n * n, NULL);
  const gsize step[3] = { n * n, n, 1 };
  gint64 entries = 0;

  for (gsize i = 0; i < n * n * n; i++)
    {
      matrix->start[i] = entries;
      for (int axis = 0; axis < 3; axis++)
        if (i / step[axis] % n > 0)
          {
            matrix->index[entries] = (gint64) (i - step[axis]);
            matrix->value[entries++] = -1.0;
          }
      matrix->index[entries] = (gint64) i;
      matrix->value[entries++] = 6.0;
    }
  matrix->start[n * n * n] = entries;
  return matrix;
}

/* Closed form: the product of sines is an eigenvector, with eigenvalue 6 - 2 (sum of cosines). */
static void
test_laplacian (void)
{
  const gsize n = 21;
  const int mode[3] = { 1, 3, 2 };
  g_autofree double *right = g_new (double, n *n *n);
  g_autofree double *exact = g_new (double, n *n *n);
  g_autoptr (GError) error = NULL;
  OssCholeskyInfo info;
  double eigenvalue = 6.0, worst = 0.0;

  for (int k = 0; k < 3; k++)
    eigenvalue -= 2.0 * cos (mode[k] * G_PI / (double) (n + 1));
  for (gsize i = 0; i < n * n * n; i++)
    {
      exact[i] = sin (mode[0] * G_PI * (double) (i / (n * n) + 1) / (double) (n + 1))
                 * sin (mode[1] * G_PI * (double) (i / n % n + 1) / (double) (n + 1))
                 * sin (mode[2] * G_PI * (double) (i % n + 1) / (double) (n + 1));
      right[i] = eigenvalue * exact[i];
    }
  g_autoptr (OssCholesky) cholesky = oss_cholesky_new (laplacian (n), NULL, 0, &info, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (oss_cholesky_solve (cholesky, right, NULL, &error));
  for (gsize i = 0; i < n * n * n; i++)
    worst = fmax (worst, fabs (right[i] - exact[i]));
  g_assert_cmpfloat (worst, <, 1e-12); /* rounding times a condition number near 200 */
  g_assert_cmpstr (info.ordering, ==, "METIS");
  g_assert_cmpfloat (info.memory_bytes, >, 8.0 * info.factor_entries);
  /* A second right-hand side with the same factor. */
  memset (right, 0, n * n * n * sizeof *right);
  g_assert_true (oss_cholesky_solve (cholesky, right, NULL, &error));
  g_assert_cmpfloat (right[n], ==, 0.0);
}

/* Random block matrix of a chain of bars: elements of two nodes, each node in four of them. */
static OssBlockMatrix *
random_blocks (gsize n_nodes, GArray *elements)
{
  OssRandom random;

  oss_random_init (&random, 7, 0);
  for (gint32 i = 0; i < (gint32) n_nodes; i++)
    for (gint32 step = 1; step <= 2; step++)
      {
        gint32 pair[2] = { i, (i + 3 * step) % (gint32) n_nodes };
        g_array_append_vals (elements, pair, 2);
      }
  const gint32 *nodes = (const gint32 *) (const void *) elements->data;
  g_autoptr (OssIncidence) incidence = oss_incidence_new (n_nodes, elements->len / 2, 2, nodes, NULL);
  OssBlockMatrix *matrix = oss_block_matrix_new (incidence, 2, nodes, NULL, NULL);
  for (gsize row = 0; row < n_nodes; row++)
    for (gsize k = matrix->start[row]; k < matrix->start[row + 1]; k++)
      {
        double *block = matrix->value + 9 * k;
        for (int i = 0; i < 9; i++)
          block[i] = oss_random_range (&random, -1.0, 1.0);
        if ((gsize) matrix->column[k] != row)
          continue;
        block[1] = block[3], block[2] = block[6], block[5] = block[7]; /* a symmetric diagonal block */
        for (int i = 0; i < 3; i++)
          block[4 * i] += 16.0; /* above the row sums: positive definite by Gershgorin */
      }
  return matrix;
}

static double
dense_at (const OssBlockMatrix *matrix, gsize i, gsize j)
{
  gsize row = MAX (i, j) / 3, column = MIN (i, j) / 3;
  gboolean swapped = i / 3 < j / 3;

  for (gsize k = matrix->start[row]; k < matrix->start[row + 1]; k++)
    if ((gsize) matrix->column[k] == column)
      return matrix->value[9 * k + (swapped ? 3 * (j % 3) + i % 3 : 3 * (i % 3) + j % 3)];
  return 0.0;
}

/* Reference: the same sums over a dense matrix. */
static void
test_multiply (void)
{
  g_autoptr (GArray) elements = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (OssBlockMatrix) matrix = random_blocks (40, elements);
  double x[120], y[120];

  for (gsize i = 0; i < 120; i++)
    x[i] = sin ((double) (i * i));
  oss_block_matrix_multiply (matrix, x, y);
  for (gsize i = 0; i < 120; i++)
    {
      double sum = 0.0;
      for (gsize j = 0; j < 120; j++)
        sum += dense_at (matrix, i, j) * x[j];
      g_assert_cmpfloat_with_epsilon (y[i], sum, 1e-12);
    }
}

/* Some freedoms left out: the reduced matrix is the dense one without them, and the solution with groups of
 * uneven size solves it. */
static void
test_reduce (void)
{
  const gsize n_nodes = 400;
  g_autoptr (GArray) elements = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (OssBlockMatrix) matrix = random_blocks (n_nodes, elements);
  g_autofree gint32 *unknown = g_new (gint32, 3 * n_nodes);
  g_autofree gint64 *group = g_new (gint64, n_nodes + 1);
  g_autofree double *x = g_new0 (double, 3 * n_nodes);
  g_autofree double *y = g_new0 (double, 3 * n_nodes);
  g_autofree double *right = g_new0 (double, 3 * n_nodes);
  g_autoptr (GError) error = NULL;
  OssCholeskyInfo info;
  gint32 n = 0;
  gsize n_groups = 0;

  for (gsize node = 0; node < n_nodes; node++)
    {
      gint32 first = n;
      for (gsize f = 3 * node; f < 3 * node + 3; f++)
        unknown[f] = node % 7 == 0 || f % 11 == 0 ? -1 : n++;
      if (n > first)
        group[n_groups++] = first;
    }
  group[n_groups] = n;
  OssSymmetric *reduced = oss_block_matrix_reduce (matrix, unknown, (gsize) n, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < 3 * n_nodes; i++)
    for (gint64 k = unknown[i] < 0 ? 0 : reduced->start[unknown[i]];
         unknown[i] >= 0 && k < reduced->start[unknown[i] + 1]; k++)
      {
        gsize j = 0;
        while (unknown[j] != reduced->index[k])
          j++;
        g_assert_cmpfloat (reduced->value[k], ==, dense_at (matrix, i, j));
      }
  for (gsize i = 0; i < 3 * n_nodes; i++)
    x[i] = unknown[i] >= 0 ? cos ((double) i) : 0.0;
  oss_block_matrix_multiply (matrix, x, y);
  for (gsize i = 0; i < 3 * n_nodes; i++)
    if (unknown[i] >= 0)
      right[unknown[i]] = y[i];
  g_autoptr (OssCholesky) cholesky = oss_cholesky_new (reduced, group, n_groups, &info, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (oss_cholesky_solve (cholesky, right, NULL, &error));
  for (gsize i = 0; i < 3 * n_nodes; i++)
    if (unknown[i] >= 0)
      g_assert_cmpfloat_with_epsilon (right[unknown[i]], x[i], 1e-12);
}

static void
test_bad_element (void)
{
  const gint32 elements[4] = { 0, 1, 1, 5 };
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_incidence_new (5, 2, 2, elements, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "Element 1"));
}

/* One entry on the diagonal changed so that the matrix is indefinite; and the Laplacian with no held border
 * (row sums zero), singular but for rounding. */
static void
test_not_positive (void)
{
  g_autoptr (GError) error = NULL;
  OssCholeskyInfo info;
  OssSymmetric *matrix = laplacian (6);

  matrix->value[matrix->start[100] - 1] = -1.0;
  g_assert_null (oss_cholesky_new (matrix, NULL, 0, &info, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_clear_error (&error);

  matrix = laplacian (6);
  for (gint64 i = 0; i < 216; i++)
    matrix->value[matrix->start[i + 1] - 1] = 0.0;
  for (gint64 i = 0; i < 216; i++)
    for (gint64 k = matrix->start[i]; k < matrix->start[i + 1] - 1; k++)
      {
        matrix->value[matrix->start[i + 1] - 1] += 1.0;
        matrix->value[matrix->start[matrix->index[k] + 1] - 1] += 1.0;
      }
  g_assert_null (oss_cholesky_new (matrix, NULL, 0, &info, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_cmpfloat (info.weakest_pivot, <, 1e-13);
  g_assert_cmpuint (oss_cholesky_alive (), ==, 0);
}

/* Asks for a stop a little after the @stage-th step of the work was announced. */
typedef struct
{
  int stop;
  guint stage, seen;
  gint64 asked_us;
  GThread *thread;
} Stopper;

static gpointer
stop_soon (gpointer data)
{
  Stopper *self = data;
  g_usleep (40000);
  self->asked_us = g_get_monotonic_time ();
  g_atomic_int_set (&self->stop, 1);
  return NULL;
}

static void
count_steps (double fraction, const char *what, void *data)
{
  Stopper *self = data;
  if (what != NULL && ++self->seen == self->stage)
    self->thread = g_thread_new ("stop", stop_soon, self);
}

/* A factorisation of seconds, stopped in its ordering and in its numerical part: answered in under 200 ms, and
 * nothing is left once the abandoned call has ended. */
static void
test_cancel (void)
{
  for (guint stage = 1; stage <= 2; stage++)
    {
      g_autoptr (GError) error = NULL;
      OssCholeskyInfo info;
      Stopper stopper = { .stage = stage };
      OssTick tick = oss_tick_make (count_steps, &stopper, &stopper.stop);
      g_autoptr (OssCholesky) cholesky = oss_cholesky_new (laplacian (56), NULL, 0, &info, &tick, &error);
      gint64 answered = g_get_monotonic_time ();

      g_assert_null (cholesky);
      g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
      g_thread_join (stopper.thread);
      double seconds = (double) (answered - stopper.asked_us) / 1e6;
      g_test_message ("stop in step %u answered in %.3f s", stage, seconds);
      g_assert_cmpfloat (seconds, <, 0.2);
      for (int i = 0; i < 1500 && oss_cholesky_alive () > 0; i++)
        g_usleep (20000);
      g_assert_cmpuint (oss_cholesky_alive (), ==, 0);
    }
}

/* In a process of its own with an address space that the factor does not fit into. */
static void
test_memory_child (void)
{
  g_autoptr (GError) error = NULL;
  OssCholeskyInfo info;
  OssSymmetric *matrix = laplacian (46);
  unsigned long pages = 0;

  /* Threads, their arenas and the unwinder first: the limit is for the factor. */
  g_assert_nonnull (dlopen ("libgcc_s.so.1", RTLD_NOW));
  g_autoptr (OssCholesky) small = oss_cholesky_new (laplacian (6), NULL, 0, &info, NULL, &error);
  g_assert_no_error (error);
  FILE *statm = fopen ("/proc/self/statm", "re");
  g_assert_cmpint (fscanf (statm, "%lu", &pages), ==, 1);
  fclose (statm);
  rlim_t bytes = (rlim_t) pages * (rlim_t) sysconf (_SC_PAGESIZE) + ((rlim_t) 200 << 20);
  const struct rlimit limit = { bytes, bytes };
  g_assert_cmpint (setrlimit (RLIMIT_AS, &limit), ==, 0);
  g_assert_null (oss_cholesky_new (matrix, NULL, 0, &info, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY);
  g_printerr ("%s\n", error->message);
}

static void
test_memory (void)
{
  if (HAVE_ASAN)
    {
      g_test_skip ("an address sanitizer needs more address space than the limit of this test");
      return;
    }
  g_test_trap_subprocess ("/numeric/cholesky/memory/subprocess", 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*it needs about*iB*are free*");
}

static void
test_free_memory (void)
{
  double bytes = oss_memory_free_bytes ();
  g_assert_cmpfloat (bytes, >, 1e6);
  g_assert_cmpfloat (bytes, <, 1e15);
}

/* What the kernel choice is for: no processor with AVX2 works with SSE3 kernels. */
static void
test_blas_kernels (void)
{
  oss_blas_prepare (0);
  g_test_message ("OpenBLAS kernels: %s", oss_blas_kernels ());
#if defined(__x86_64__)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") && g_getenv ("OPENBLAS_CORETYPE") == NULL)
    g_assert_cmpstr (oss_blas_kernels (), !=, "Prescott");
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/numeric/blas/kernels", test_blas_kernels);
  g_test_add_func ("/numeric/block/multiply", test_multiply);
  g_test_add_func ("/numeric/block/reduce", test_reduce);
  g_test_add_func ("/numeric/block/bad-element", test_bad_element);
  g_test_add_func ("/numeric/cholesky/laplacian", test_laplacian);
  g_test_add_func ("/numeric/cholesky/not-positive", test_not_positive);
  g_test_add_func ("/numeric/cholesky/cancel", test_cancel);
  g_test_add_func ("/numeric/cholesky/memory", test_memory);
  g_test_add_func ("/numeric/cholesky/memory/subprocess", test_memory_child);
  g_test_add_func ("/numeric/memory/free", test_free_memory);
  return g_test_run ();
}
