/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-tet KIND SIZE_MM [DEGREE [STRENGTH [DIRECT_BELOW]]]: times the parts of one solution on a vertebra of plain
 * shapes, with a stiff shell about scattered trabecular bone, beside what the machine's memory can give. */
#include "../mesh/solids.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-private.h"
#include "mesh/oss-mesher.h"
#include "numeric/oss-block-product.h"

#include <stdlib.h>
#include <time.h>

typedef struct
{
  double wall, cpu;
} Clock;

static Clock
clock_now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return (Clock){ (double) g_get_monotonic_time () / 1e6, (double) t.tv_sec + 1e-9 * (double) t.tv_nsec };
}

static void
say (const char *what, Clock from)
{
  Clock now = clock_now ();
  g_print ("%-34s %7.3f s wall %7.3f s CPU   peak %5.0f MB\n", what, now.wall - from.wall, now.cpu - from.cpu,
           oss_memory_peak_mib () * 1.048576);
}

static OssMesh *
make_mesh (OssElementKind kind, double size_mm)
{
  const double low[3] = { -38.0, -20.0, -25.0 }, high[3] = { 38.0, 64.0, 24.0 };
  OssGrid grid = grid_over (low, high, 0.5, 0.5, 0.5);
  g_autoptr (OssLabels) labels = label_solid (in_vertebra, &grid);
  OssMeshOptions options = { .kind = kind, .size_mm = size_mm };
  OssMeshQuality quality;
  g_autoptr (GError) error = NULL;
  OssMesh *mesh = oss_mesher_run (labels, &options, &quality, NULL, &error);
  g_assert_no_error (error);
  return mesh;
}

/* 8,900 MPa where an element touches the surface (ash density 0.9), else scattered about 700 MPa; some at the floor. */
static double *
make_modulus (const OssMesh *mesh)
{
  g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, NULL);
  g_autofree guint8 *outside = g_new0 (guint8, mesh->n_nodes);
  gsize nn = (gsize) oss_element_nodes (mesh->kind);
  double *modulus = g_new (double, mesh->n_elements);
  OssRandom random;

  oss_random_init (&random, 1, 0);
  for (gsize i = 0; i < 3 * surface->n; i++)
    outside[surface->triangles[i]] = 1;
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      gboolean shell = FALSE;
      for (gsize a = 0; a < 4; a++)
        shell |= outside[mesh->elements[e * nn + a]];
      modulus[e] = shell ? 8900.0 : 700.0 * exp (0.5 * oss_random_normal (&random));
      if (oss_random_uniform (&random) < 0.02)
        modulus[e] = 0.1;
    }
  return modulus;
}

static GArray *
make_loads (const OssMesh *mesh)
{
  GArray *prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  for (gsize i = 0; i < mesh->n_nodes; i++)
    for (int axis = 0; axis < 3 && fabs (mesh->nodes[3 * i + 2]) > 13.2 && mesh->nodes[3 * i + 1] < 14.0; axis++)
      {
        OssNodal load = { (gint32) i, (gint8) axis, mesh->nodes[3 * i + 2] > 0.0 && axis == 2 ? -0.1 : 0.0 };
        g_array_append_val (prescribed, load);
      }
  return prescribed;
}

typedef struct
{
  double *a, *b, *c;
} Triad;

static void
triad (gsize begin, gsize end, guint thread, void *data)
{
  Triad *self = data;
  for (gsize i = begin; i < end; i++)
    self->a[i] = self->b[i] + 3.0 * self->c[i];
}

/* GB/s as STREAM counts: three arrays. */
static double
measure_triad (void)
{
  gsize n = 16u << 20;
  Triad t = { g_new0 (double, n), g_new0 (double, n), g_new0 (double, n) };
  double best = 1e9;
  for (int i = 0; i < 8; i++)
    {
      Clock from = clock_now ();
      oss_parallel_for (n, n / 64, triad, &t);
      best = MIN (best, clock_now ().wall - from.wall);
    }
  g_free (t.a);
  g_free (t.b);
  g_free (t.c);
  return 24.0 * (double) n / best / 1e9;
}

static void
bench_parts (const OssFemModel *model, const OssAmgOptions *options)
{
  const OssMesh *mesh = model->mesh;
  g_autoptr (GError) error = NULL;
  g_autofree gint32 *unknown = g_new0 (gint32, 3 * mesh->n_nodes);
  g_autofree double *u = g_new0 (double, 3 * mesh->n_nodes), *right = g_new0 (double, 3 * mesh->n_nodes);
  OssCgInfo info;
  gsize weakest;
  Clock from = clock_now ();

  g_autoptr (OssIncidence) incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, &error);
  say ("incidence", from);
  from = clock_now ();
  g_autoptr (OssElements) elements = oss_elements_new (mesh, NULL, &error);
  say ("elements", from);
  from = clock_now ();
  g_autoptr (OssBlockMatrix) stiffness = oss_fem_assemble (model, elements, incidence, NULL, &error);
  g_assert_no_error (error);
  say ("assembly", from);
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      gsize f = 3 * (gsize) model->prescribed[i].node + (gsize) model->prescribed[i].axis;
      unknown[f] = -1;
      u[f] = model->prescribed[i].value;
    }
  for (gsize i = 0; i < mesh->n_nodes; i++)
    for (gsize f = 3 * i; f < 3 * i + 3; f++)
      unknown[f] = incidence->start[i] < incidence->start[i + 1] ? unknown[f] : -1;
  oss_block_matrix_multiply (stiffness, u, right);
  for (gsize f = 0; f < 3 * mesh->n_nodes; f++)
    right[f] = -right[f], u[f] = 0.0;
  from = clock_now ();
  g_autoptr (OssTetSolver) solver = oss_tet_solver_new_with (mesh, stiffness, unknown, options, &weakest, NULL, &error);
  g_assert_no_error (error);
  say ("preconditioner", from);
  from = clock_now ();
  gboolean ok =
      oss_tet_solver_solve (solver, stiffness, right, u, OSS_TET_TOLERANCE, OSS_TET_ITERATIONS, &info, NULL, &error);
  say ("conjugate gradients", from);
  double seconds = clock_now ().wall - from.wall;
  double bytes = oss_tet_solver_bytes (solver) + (double) stiffness->start[stiffness->n] * 76.0;
  g_print ("%s: %d iterations, residual %.1e%s; %.1f MB an iteration, %.1f GB/s of the machine's %.1f (triad)\n",
           oss_tet_solver_name (solver), info.iterations, info.relative_residual, ok ? "" : " NOT CONVERGED",
           bytes / 1e6, bytes * info.iterations / seconds / 1e9, measure_triad ());
}

int
main (int argc, char **argv)
{
  OssElementKind kind = OSS_ELEMENT_TET10;
  OssAmgOptions options;
  double size_mm = argc > 2 ? g_ascii_strtod (argv[2], NULL) : 2.0;

  oss_amg_options_default (&options);
  if (argc < 3 || !oss_element_from_name (argv[1], &kind))
    {
      g_printerr ("bench-tet KIND SIZE_MM [DEGREE [STRENGTH [DIRECT_BELOW]]]\n");
      return 2;
    }
  if (argc > 3)
    options.degree = atoi (argv[3]);
  if (argc > 4)
    options.strength = g_ascii_strtod (argv[4], NULL);
  if (argc > 5)
    options.direct_below = (gsize) atol (argv[5]);
  Clock from = clock_now ();
  g_autoptr (OssMesh) mesh = make_mesh (kind, size_mm);
  g_autofree double *modulus = make_modulus (mesh);
  g_autoptr (GArray) prescribed = make_loads (mesh);
  say ("mesh", from);
  OssFemModel model = { .mesh = mesh,
                        .modulus_mpa = modulus,
                        .poisson = 0.3,
                        .prescribed = (const OssNodal *) (const void *) prescribed->data,
                        .n_prescribed = prescribed->len };
  g_print ("%s: %zu elements, %zu nodes, %u prescribed\n", argv[1], mesh->n_elements, mesh->n_nodes, prescribed->len);
  oss_memory_reset_peak ();
  bench_parts (&model, &options);
  if (argc > 3)
    return 0;
  oss_memory_reset_peak ();
  from = clock_now ();
  g_autoptr (GError) error = NULL;
  g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
  say ("oss_fem_solve", from);
  if (result != NULL)
    g_print ("%s, %d iterations, residual %.1e\n", result->solver, result->iterations, result->relative_residual);
  else
    g_print ("%s\n", error->message);
  return 0;
}
