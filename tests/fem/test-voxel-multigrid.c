/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The multigrid cycle of voxels: what each level is by definition, symmetry, iterations, bits, and what is refused. */
#include "../test-sanitized.h"
#include "base/oss-error.h"
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "fem/oss-voxel-private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define HAVE_ASAN TRUE
#else
#define HAVE_ASAN FALSE
#endif

typedef struct
{
  gsize n;
  float *modulus;
  GArray *held, *held_mm;
  OssVoxelModel model;
} Cube;

static void
hold_plane (Cube *self, gint32 z, double move)
{
  for (gint32 y = 0; y <= (gint32) self->n; y++)
    for (gint32 x = 0; x <= (gint32) self->n; x++)
      for (gint8 axis = 0; axis < 3; axis++)
        {
          OssVoxelFreedom freedom = { { x, y, z }, axis };
          double value = axis == 2 ? move : 0.0;
          g_array_append_val (self->held, freedom);
          g_array_append_val (self->held_mm, value);
        }
  self->model.held = (const OssVoxelFreedom *) (const void *) self->held->data;
  self->model.n_held = self->held->len;
}

static void
cube_init (Cube *self, gsize n)
{
  *self = (Cube){ .n = n };
  self->modulus = g_new0 (float, n *n *n);
  self->held = g_array_new (FALSE, FALSE, sizeof (OssVoxelFreedom));
  self->held_mm = g_array_new (FALSE, FALSE, sizeof (double));
  self->model = (OssVoxelModel){ .size = { n, n, n },
                                 .spacing_mm = { 0.04, 0.04, 0.04 },
                                 .modulus_mpa = self->modulus,
                                 .poisson = 0.3,
                                 .remove_islands = TRUE };
}

/* Voxels by hash: all sorts of contacts, moduli that differ. */
static void
cube_init_random (Cube *self, gsize n, double share)
{
  cube_init (self, n);
  for (gsize v = 0; v < n * n * n; v++)
    {
      guint64 h = oss_random_hash (4, v);
      if ((double) (h & 0xffff) / 65536.0 < share)
        self->modulus[v] = 100.0f * (float) (1 + (h >> 20 & 63));
    }
}

/* Struts and plates about three voxels thick: a gyroid's network with a period of 24 voxels, between plates. */
static void
cube_init_bone (Cube *self, gsize n)
{
  const double k = 2.0 * G_PI / 24.0;

  cube_init (self, n);
  for (gsize v = 0; v < n * n * n; v++)
    {
      double x = k * (double) (v % n), y = k * (double) (v / n % n), z = k * (double) (v / (n * n));
      double level = sin (x) * cos (y) + sin (y) * cos (z) + sin (z) * cos (x);
      if (level > 1.05)
        self->modulus[v] = 10000.0f;
    }
  hold_plane (self, 0, 0.0);
  hold_plane (self, (gint32) n, -0.01);
}

static void
cube_clear (Cube *self)
{
  g_free (self->modulus);
  g_array_unref (self->held);
  g_array_unref (self->held_mm);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cube, cube_clear)

static OssVoxelSystem *
system_new (const Cube *cube)
{
  g_autoptr (GError) error = NULL;
  OssVoxelSystem *system = oss_voxel_system_new (&cube->model, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (oss_voxel_cycle_prepare (system, &error));
  return system;
}

static void
store (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  memcpy ((float *) sweep->data + begin, ax, n * sizeof (float));
}

static float *
apply (OssVoxelSystem *system, const OssVoxelLevel *level, const float *u)
{
  float *result = g_new0 (float, 3 * level->n_nodes + OSS_VOXEL_PAD);
  OssVoxelSweep sweep = {
    .level = level, .precision = OSS_VOXEL_FLOAT, .u = u, .constrained = TRUE, .finish = store, .data = result
  };
  oss_voxel_sweep (&sweep, &system->work);
  return result;
}

static double
difference (const float *a, const float *b, gsize n, double *largest)
{
  double worst = 0.0;
  *largest = 0.0;
  for (gsize i = 0; i < n; i++)
    {
      worst = fmax (worst, fabs ((double) a[i] - (double) b[i]));
      *largest = fmax (*largest, fabs ((double) b[i]));
    }
  return worst;
}

/* By definition the operator of the first coarse level is P' A P of the finest: against interpolation, operator and its
 * transpose one after the other, with every kernel.  Further levels have something else; there kernels are compared.
 * Bit 0 of @data: periodic, bit 1: a held face. */
static void
test_galerkin (gconstpointer data)
{
  int variant = GPOINTER_TO_INT (data);
  g_auto (Cube) cube = { 0 };

  cube_init_random (&cube, 24, 0.5);
  if ((variant & 2) != 0)
    hold_plane (&cube, 0, 0.0);
  for (int k = 0; k < 3; k++)
    cube.model.periodic[k] = variant & 1;
  g_autoptr (OssVoxelSystem) system = system_new (&cube);
  g_assert_cmpint (system->n_levels, >, 2);
  for (int l = 0; l + 1 < system->n_levels; l++)
    {
      const OssVoxelLevel *fine = system->level[l], *coarse = system->level[l + 1];
      gsize n = 3 * coarse->n_nodes;
      double largest;
      g_autofree float *u = g_new0 (float, n + OSS_VOXEL_PAD), *product = g_new0 (float, n + OSS_VOXEL_PAD),
                       *fine_u = g_new0 (float, 3 * fine->n_nodes + OSS_VOXEL_PAD);
      for (gsize i = 0; i < n; i++)
        u[i] = (float) (oss_random_hash (7, i) >> 40) * 0x1p-23f - 1.0f;
      oss_voxel_prolong (fine, coarse, u, fine_u);
      g_autofree float *image = apply (system, fine, fine_u);
      oss_voxel_restrict (fine, coarse, image, product, &system->work);
      g_autofree float *first = apply (system, coarse, u);
      for (guint kernel = 0; oss_voxel_kernels_nth (kernel) != NULL; kernel++)
        {
          oss_voxel_kernels_choose (oss_voxel_kernels_nth (kernel));
          g_autofree float *direct = apply (system, coarse, u);
          double worst = difference (direct, l == 0 ? product : first, n, &largest);
          g_test_message ("level %d, %s: %.1e", l + 1, oss_voxel_kernels_nth (kernel)->name, worst / largest);
          g_assert_cmpfloat (largest, >, 1.0);
          g_assert_cmpfloat (worst, <, 3e-6 * largest);
        }
      oss_voxel_kernels_choose (NULL);
    }
}

static void
fill_random (double *x, gsize n, guint64 seed, const guint8 *held)
{
  for (gsize i = 0; i < n; i++)
    x[i] = held[i] ? 0.0 : (double) (oss_random_hash (seed, i) >> 11) * 0x1p-52 - 1.0;
}

/* x' M y = y' M x up to float, x' M x > 0, also for what the operator hardly changes. */
static void
test_symmetric (void)
{
  g_auto (Cube) cube = { 0 };
  g_autoptr (GError) error = NULL;

  cube_init_bone (&cube, 48);
  g_autoptr (OssVoxelSystem) system = system_new (&cube);
  gsize n = 3 * system->n_public_nodes;
  g_autofree double *x = g_new (double, n), *y = g_new (double, n), *mx = g_new (double, n), *my = g_new (double, n);
  g_autofree guint8 *held = g_new (guint8, n);
  oss_voxel_system_held (system, held);
  fill_random (x, n, 1, held);
  for (int power = 0; power < 4; power++)
    {
      double xmy = 0.0, ymx = 0.0, xmx = 0.0, ymy = 0.0, largest = 0.0;
      fill_random (y, n, (guint64) (2 + power), held);
      g_assert_true (oss_voxel_system_precondition (system, x, mx, &error));
      g_assert_true (oss_voxel_system_precondition (system, y, my, &error));
      for (gsize i = 0; i < n; i++)
        {
          xmy += x[i] * my[i], ymx += y[i] * mx[i], xmx += x[i] * mx[i], ymy += y[i] * my[i];
          largest = fmax (largest, fabs (mx[i]));
        }
      g_assert_cmpfloat (xmx, >, 0.0);
      g_assert_cmpfloat (fabs (xmy - ymx), <, 1e-5 * sqrt (xmx * ymy));
      for (gsize i = 0; i < n; i++)
        x[i] = mx[i] / largest; /* smoother and smoother */
    }
}

static OssVoxelResult *
solve (const Cube *cube, double tolerance, const OssTick *tick, GError **error)
{
  g_autoptr (OssVoxelSystem) system = oss_voxel_system_new (&cube->model, tick, error);
  const OssVoxelLoad load = { .held_mm = (const double *) (const void *) cube->held_mm->data };
  const OssVoxelOptions options = { .tolerance = tolerance };
  return system != NULL ? oss_voxel_solve (system, &load, &options, tick, error) : NULL;
}

/* Loose contacts of voxels with moduli from 100 to 6400 MPa converge too. */
static void
test_rough (void)
{
  g_auto (Cube) cube = { 0 };
  g_autoptr (GError) error = NULL;

  cube_init_random (&cube, 40, 0.5);
  hold_plane (&cube, 0, 0.0);
  hold_plane (&cube, 40, -0.01);
  g_autoptr (OssVoxelResult) result = solve (&cube, 1e-8, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("%d iterations", result->iterations);
  g_assert_true (result->converged);
  g_assert_cmpint (result->iterations, <, 60);
}

/* The true residual in double falls far below what float resolves; history and result tell of it. */
static void
test_precision (void)
{
  g_auto (Cube) cube = { 0 };
  g_autoptr (GError) error = NULL;

  cube_init_bone (&cube, 48);
  g_autoptr (OssVoxelResult) result = solve (&cube, 1e-11, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("%d iterations to %.1e, %.1f bytes per unknown", result->iterations, result->relative_residual,
                  result->bytes / (3.0 * (double) result->n_nodes));
  g_assert_true (result->converged);
  g_assert_cmpfloat (result->relative_residual, <=, 1e-11);
  g_assert_cmpfloat (result->history[0], ==, 1.0);
}

/* Few iterations, and eight times the unknowns take few more.  In the small cube the plates hold every strut. */
static void
test_growth (void)
{
  int iterations[2];

  for (gsize i = 0; i < 2; i++)
    {
      g_auto (Cube) cube = { 0 };
      g_autoptr (GError) error = NULL;
      cube_init_bone (&cube, 48 << i);
      g_autoptr (OssVoxelResult) result = solve (&cube, 1e-6, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (result->converged);
      iterations[i] = result->iterations;
      g_test_message ("%d^3: %zu nodes, %d iterations, %.2f s, %.1f bytes per unknown", 48 << i, result->n_nodes,
                      result->iterations, result->seconds, result->bytes / (3.0 * (double) result->n_nodes));
    }
  g_assert_cmpint (iterations[0], <=, 12);
  g_assert_cmpint (iterations[1], <=, 16);
}

static void
test_threads (void)
{
  g_auto (Cube) cube = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVoxelResult) first = NULL;

  cube_init_bone (&cube, 60);
  for (guint threads = 1; threads <= 3; threads++)
    {
      oss_parallel_set_threads (threads);
      g_autoptr (OssVoxelResult) result = solve (&cube, 1e-6, NULL, &error);
      g_assert_no_error (error);
      if (first != NULL)
        {
          g_assert_cmpint (result->iterations, ==, first->iterations);
          g_assert_cmpmem (result->displacement_mm, 3 * result->n_nodes * sizeof (double), first->displacement_mm,
                           3 * first->n_nodes * sizeof (double));
          g_assert_cmpmem (result->reaction_n, result->n_held * sizeof (double), first->reaction_n,
                           first->n_held * sizeof (double));
        }
      else
        first = g_steal_pointer (&result);
    }
  oss_parallel_set_threads (0);
}

/* Voxels that hang in the air are left out and counted, and change nothing. */
static void
test_islands (void)
{
  g_auto (Cube) cube = { 0 };
  g_autoptr (GError) error = NULL;
  OssVoxelInfo before, after;
  double energy[2];

  cube_init (&cube, 20);
  for (gsize v = 0; v < 8000; v++)
    cube.modulus[v] = v % 20 < 10 && v / 20 % 20 < 10 ? 1000.0f : 0.0f;
  hold_plane (&cube, 0, 0.0);
  hold_plane (&cube, 20, -0.01);
  for (int island = 0; island < 2; island++)
    {
      g_autoptr (OssVoxelSystem) system = system_new (&cube);
      oss_voxel_system_info (system, island == 0 ? &before : &after);
      g_autoptr (OssVoxelResult) result = solve (&cube, 1e-9, NULL, &error);
      g_assert_no_error (error);
      energy[island] = result->energy_n_mm;
      /* 5 voxels, and one that touches the block by an edge alone */
      for (gsize i = 0; i < 5; i++)
        cube.modulus[8 * 400 + 15 * 20 + 12 + i] = 1000.0f;
      cube.modulus[8 * 400 + 10 * 20 + 10] = 1000.0f;
    }
  g_assert_cmpuint (before.n_islands, ==, 0);
  g_assert_cmpuint (after.n_islands, ==, 2);
  g_assert_cmpuint (after.n_island_voxels, ==, 6);
  g_assert_cmpuint (before.n_elements, ==, 2000);
  g_assert_cmpuint (after.n_elements, ==, 2000);
  g_assert_true (energy[0] > 0.0 && energy[0] == energy[1]);
  cube.model.remove_islands = FALSE;
  g_assert_null (oss_voxel_system_new (&cube.model, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "6"));
}

static void
test_bad_moduli (void)
{
  const float bad[4] = { NAN, -1.0f, INFINITY, 0.0f };

  for (int i = 0; i < 4; i++)
    {
      g_auto (Cube) cube = { 0 };
      g_autoptr (GError) error = NULL;
      cube_init (&cube, 6);
      for (gsize v = 0; v < 216; v++)
        cube.modulus[v] = bad[i] == 0.0f ? 0.0f : 1000.0f;
      cube.modulus[100] = bad[i];
      hold_plane (&cube, 0, 0.0);
      g_assert_null (oss_voxel_system_new (&cube.model, NULL, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
    }
}

typedef struct
{
  int stop, left;
  gint64 when;
} Stopper;

static void
stop_later (double fraction, const char *what, void *data)
{
  Stopper *self = data;
  if (self->left-- == 0)
    {
      self->when = g_get_monotonic_time ();
      g_atomic_int_set (&self->stop, 1);
    }
}

/* Stopped at every stage: at once, and after some iterations. */
static void
test_cancel (void)
{
  g_auto (Cube) cube = { 0 };

  cube_init_bone (&cube, 72);
  for (int after = 0; after < 6; after++)
    {
      g_autoptr (GError) error = NULL;
      Stopper stopper = { .left = after };
      OssTick tick = oss_tick_make (stop_later, &stopper, &stopper.stop);
      g_autoptr (OssVoxelResult) result = solve (&cube, 1e-12, &tick, &error);
      double ms = (double) (g_get_monotonic_time () - stopper.when) / 1000.0;
      g_assert_null (result);
      g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
      g_test_message ("stopped at report %d: answered in %.0f ms", after, ms);
      g_assert_cmpfloat (ms, <, 200.0);
    }
}

/* In a process of its own with too little address space: refused before the coarser levels are made, with numbers. */
static void
test_memory_child (void)
{
  g_auto (Cube) cube = { 0 };
  g_auto (Cube) small = { 0 };
  g_autoptr (GError) error = NULL;
  unsigned long pages = 0;

  cube_init_bone (&small, 24); /* starts the threads */
  g_autoptr (OssVoxelResult) result = solve (&small, 1e-6, NULL, &error);
  g_assert_no_error (error);
  cube_init_bone (&cube, 96);
  FILE *statm = fopen ("/proc/self/statm", "re");
  g_assert_cmpint (fscanf (statm, "%lu", &pages), ==, 1);
  fclose (statm);
  rlim_t bytes = (rlim_t) pages * (rlim_t) sysconf (_SC_PAGESIZE) + ((rlim_t) 24 << 20);
  const struct rlimit limit = { bytes, bytes };
  g_assert_cmpint (setrlimit (RLIMIT_AS, &limit), ==, 0);
  g_assert_null (oss_voxel_system_new (&cube.model, NULL, &error));
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
  g_test_trap_subprocess ("/fem/voxel-multigrid/memory/subprocess", 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*iB for 0.6* million unknowns*iB are free*");
}

int
main (int argc, char **argv)
{
  static const char *const names[4] = { "free", "periodic", "held", "periodic-held" };

  g_test_init (&argc, &argv, NULL);
  for (int variant = 0; variant < 4; variant++)
    {
      g_autofree char *path = g_strdup_printf ("/fem/voxel-multigrid/galerkin/%s", names[variant]);
      g_test_add_data_func (path, GINT_TO_POINTER (variant), test_galerkin);
    }
  g_test_add_func ("/fem/voxel-multigrid/symmetric", test_symmetric);
  g_test_add_func ("/fem/voxel-multigrid/rough", test_rough);
  g_test_add_func ("/fem/voxel-multigrid/precision", test_precision);
  if (!TEST_SANITIZED)
    g_test_add_func ("/fem/voxel-multigrid/growth", test_growth);
  g_test_add_func ("/fem/voxel-multigrid/threads", test_threads);
  g_test_add_func ("/fem/voxel-multigrid/islands", test_islands);
  g_test_add_func ("/fem/voxel-multigrid/bad-moduli", test_bad_moduli);
  g_test_add_func ("/fem/voxel-multigrid/cancel", test_cancel);
  g_test_add_func ("/fem/voxel-multigrid/memory", test_memory);
  g_test_add_func ("/fem/voxel-multigrid/memory/subprocess", test_memory_child);
  return g_test_run ();
}
