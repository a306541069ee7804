/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The iterative solution of the equations: its reference is the factorisation, and what symmetric positive definite
 * matrices are. */
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "fem-models.h"
#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-private.h"
#include "numeric/oss-amg-private.h"
#include "numeric/oss-cholesky.h"

#include <string.h>

static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };

/* A body held at its lower face, its upper face moved; the matrix and what has to be solved. */
typedef struct
{
  OssMesh *mesh;
  double *modulus;
  GArray *prescribed;
  OssIncidence *incidence;
  OssElements *elements;
  OssBlockMatrix *stiffness;
  gint32 *unknown;
  double *right; /* [3 n_nodes] */
  gsize n;
} Problem;

static void
problem_clear (Problem *self)
{
  oss_mesh_unref (self->mesh);
  g_free (self->modulus);
  g_array_unref (self->prescribed);
  oss_incidence_free (self->incidence);
  oss_elements_free (self->elements);
  oss_block_matrix_free (self->stiffness);
  g_free (self->unknown);
  g_free (self->right);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

static void
prescribe_ends (Problem *self)
{
  self->prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  for (gsize i = 0; i < self->mesh->n_nodes; i++)
    for (int axis = 0; axis < 3 && fabs (self->mesh->nodes[3 * i + 2]) > 12.3; axis++)
      {
        OssNodal load = { (gint32) i, (gint8) axis, self->mesh->nodes[3 * i + 2] > 0.0 && axis == 2 ? -0.1 : 0.0 };
        g_array_append_val (self->prescribed, load);
      }
}

/* Takes the mesh. */
static void
problem_init_mesh (Problem *self, OssMesh *mesh, double poisson)
{
  *self = (Problem){ .mesh = mesh };
  self->n = 3 * self->mesh->n_nodes;
  self->modulus = model_body_modulus (self->mesh, 11);
  prescribe_ends (self);
  self->incidence = oss_incidence_new (self->mesh->n_nodes, self->mesh->n_elements, oss_element_nodes (mesh->kind),
                                       self->mesh->elements, NULL);
  self->elements = oss_elements_new (self->mesh, NULL, NULL);
  OssFemModel model = model_make (self->mesh, self->modulus, poisson, self->prescribed, NULL);
  self->stiffness = oss_fem_assemble (&model, self->elements, self->incidence, NULL, NULL);
  self->unknown = g_new0 (gint32, self->n);
  self->right = g_new0 (double, self->n);
  g_autofree double *u = g_new0 (double, self->n);
  for (guint i = 0; i < self->prescribed->len; i++)
    {
      const OssNodal *p = &g_array_index (self->prescribed, OssNodal, i);
      self->unknown[3 * p->node + p->axis] = -1;
      u[3 * p->node + p->axis] = p->value;
    }
  oss_block_matrix_multiply (self->stiffness, u, self->right);
  for (gsize f = 0; f < self->n; f++)
    self->right[f] = -self->right[f];
}

static void
problem_init (Problem *self, OssElementKind kind, const int n[3], double poisson)
{
  problem_init_mesh (self, model_body (kind, n), poisson);
}

static double *
random_vector (const Problem *problem, guint64 seed)
{
  double *v = g_new (double, problem->n);
  OssRandom random;

  oss_random_init (&random, seed, 0);
  for (gsize f = 0; f < problem->n; f++)
    v[f] = problem->unknown[f] >= 0 ? oss_random_normal (&random) : 0.0;
  return v;
}

/* The threaded product against its plain twin, and with itself for other numbers of threads. */
static void
test_product (void)
{
  const int n[3] = { 12, 9, 8 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Problem) problem = { NULL };
      problem_init (&problem, kinds[k], n, 0.3);
      g_autofree double *x = random_vector (&problem, 5), *plain = g_new (double, problem.n);
      g_autofree double *fast = g_new (double, problem.n), *other = g_new (double, problem.n);
      g_autoptr (OssBlockProduct) product = oss_block_product_new (problem.stiffness, NULL);
      double largest = 0.0;

      oss_block_matrix_multiply (problem.stiffness, x, plain);
      oss_parallel_set_threads (1);
      oss_block_product_apply (product, problem.stiffness, NULL, x, fast);
      for (gsize f = 0; f < problem.n; f++)
        largest = MAX (largest, fabs (plain[f]));
      g_assert_cmpfloat (largest, >, 1000.0);
      for (gsize f = 0; f < problem.n; f++)
        g_assert_cmpfloat_with_epsilon (fast[f], plain[f], 1e-13 * largest);
      for (guint threads = 2; threads <= 3; threads++)
        {
          oss_parallel_set_threads (threads);
          oss_block_product_apply (product, problem.stiffness, NULL, x, other);
          g_assert_cmpmem (fast, problem.n * sizeof *fast, other, problem.n * sizeof *other);
        }
      oss_parallel_set_threads (0);
    }
}

/* With all the levels that a large model has. */
static OssTetSolver *
solver_new (const Problem *problem, gsize direct_below, GError **error)
{
  OssAmgOptions options;

  oss_amg_options_default (&options);
  options.direct_below = direct_below;
  return oss_tet_solver_new_with (problem->mesh, problem->stiffness, problem->unknown, &options, NULL, NULL, error);
}

static gboolean
solve (const Problem *problem, double *x, OssCgInfo *info, GError **error)
{
  g_autoptr (OssTetSolver) solver = solver_new (problem, 500, error);
  memset (x, 0, problem->n * sizeof *x);
  return solver != NULL
         && oss_tet_solver_solve (solver, problem->stiffness, problem->right, x, OSS_TET_TOLERANCE, OSS_TET_ITERATIONS,
                                  info, NULL, error);
}

/* The same bits for 1, 2 and 3 threads. */
static void
test_threads (void)
{
  const int n[3] = { 12, 9, 8 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Problem) problem = { NULL };
      problem_init (&problem, kinds[k], n, 0.3);
      g_autofree double *first = g_new (double, problem.n), *x = g_new (double, problem.n);
      OssCgInfo info;

      for (guint threads = 1; threads <= 3; threads++)
        {
          g_autoptr (GError) error = NULL;
          oss_parallel_set_threads (threads);
          g_assert_true (solve (&problem, threads == 1 ? first : x, &info, &error));
          g_assert_no_error (error);
          if (threads > 1)
            g_assert_cmpmem (first, problem.n * sizeof *first, x, problem.n * sizeof *x);
        }
      oss_parallel_set_threads (0);
    }
}

/* v' M w = w' M v, and v' M v > 0: what conjugate gradients ask of a preconditioner. */
static void
test_symmetry (void)
{
  const int n[3] = { 12, 9, 8 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Problem) problem = { NULL };
      problem_init (&problem, kinds[k], n, 0.3);
      g_autoptr (GError) error = NULL;
      g_autoptr (OssTetSolver) solver = solver_new (&problem, 500, &error);
      g_assert_no_error (error);
      for (guint64 seed = 1; seed <= 4; seed++)
        {
          g_autofree double *v = random_vector (&problem, 2 * seed), *w = random_vector (&problem, 2 * seed + 1);
          g_autofree double *mv = g_new (double, problem.n), *mw = g_new (double, problem.n);
          g_assert_true (oss_tet_solver_precondition (solver, v, mv, NULL));
          g_assert_true (oss_tet_solver_precondition (solver, w, mw, NULL));
          double vv = oss_cg_dot (problem.n, v, mv), ww = oss_cg_dot (problem.n, w, mw);
          double vw = oss_cg_dot (problem.n, v, mw), wv = oss_cg_dot (problem.n, w, mv);
          g_assert_cmpfloat (vv, >, 0.0);
          g_assert_cmpfloat (ww, >, 0.0);
          /* Rounding of single precision, over a million products. */
          g_assert_cmpfloat_with_epsilon (vw, wv, 1e-5 * sqrt (vv * ww));
          oss_block_matrix_multiply (problem.stiffness, v, mv);
          oss_block_matrix_multiply (problem.stiffness, w, mw);
          vv = oss_cg_dot (problem.n, v, mv);
          g_assert_cmpfloat (vv, >, 0.0);
          g_assert_cmpfloat_with_epsilon (oss_cg_dot (problem.n, v, mw), oss_cg_dot (problem.n, w, mv), 1e-12 * vv);
        }
    }
}

/* The smoother's product against its plain twin; the rounding is that of single precision. */
static void
test_smoother (void)
{
  const int n[3] = { 12, 9, 8 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Problem) problem = { NULL };
      problem_init (&problem, kinds[k], n, 0.3);
      gsize size = 4 * problem.mesh->n_nodes;
      g_autofree guint8 *free = g_new (guint8, problem.n);
      for (gsize f = 0; f < problem.n; f++)
        free[f] = problem.unknown[f] >= 0;
      g_autoptr (OssSmoother) smoother = oss_smoother_new (problem.stiffness, free, NULL, NULL);
      g_autofree double *v = random_vector (&problem, 3), *w = random_vector (&problem, 4);
      g_autofree float *x = g_new0 (float, size), *b = g_new0 (float, size);
      g_autofree float *fast = g_new0 (float, size), *plain = g_new0 (float, size);
      float largest = 0.0f;

      oss_smoother_put (smoother, v, 1.0, x);
      oss_smoother_put (smoother, w, 1.0, b);
      oss_smoother_residual (smoother, b, x, fast);
      oss_smoother_residual_plain (smoother, b, x, plain);
      for (gsize f = 0; f < size; f++)
        largest = MAX (largest, fabsf (plain[f]));
      g_assert_cmpfloat (largest, >, 1000.0f);
      for (gsize f = 0; f < size; f++)
        g_assert_cmpfloat_with_epsilon (fast[f], plain[f], 2e-6f * largest);
      g_assert_cmpfloat (smoother->largest, >, 1.0); /* the mean eigenvalue of a matrix with a unit diagonal */
      g_assert_cmpfloat (smoother->largest, <, 20.0);
    }
}

static OssFemResult *
solve_model (const OssFemModel *model, OssFemSolver solver, GError **error)
{
  OssFemSolveOptions options;

  oss_fem_solve_options_default (&options);
  options.solver = solver;
  return oss_fem_solve_with (model, &options, NULL, error);
}

/* The iterative solution against the factorisation: displacements to 1e-8 of the largest. */
static void
compare_solvers (const OssFemModel *model, int most_iterations)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssFemResult) direct = solve_model (model, OSS_FEM_SOLVER_DIRECT, &error);
  g_assert_no_error (error);
  g_autoptr (OssFemResult) iterative = solve_model (model, OSS_FEM_SOLVER_ITERATIVE, &error);
  g_assert_no_error (error);
  double largest = 0.0, apart = 0.0, force = 0.0, force_apart = 0.0;

  for (gsize f = 0; f < 3 * model->mesh->n_nodes; f++)
    {
      largest = MAX (largest, fabs (direct->displacement[f]));
      apart = MAX (apart, fabs (direct->displacement[f] - iterative->displacement[f]));
      force = MAX (force, fabs (direct->reaction[f]));
      force_apart = MAX (force_apart, fabs (direct->reaction[f] - iterative->reaction[f]));
    }
  g_test_message ("%s, nu %.2f, %zu unknowns: %s, %d iterations, residual %.1e, displacements %.1e apart",
                  oss_element_name (model->mesh->kind), model->poisson, iterative->dof, iterative->solver,
                  iterative->iterations, iterative->relative_residual, apart / largest);
  g_assert_cmpfloat (largest, >, 0.01);
  g_assert_cmpfloat (apart, <, 1e-8 * largest);
  g_assert_cmpfloat (force_apart, <, 1e-7 * force);
  g_assert_cmpfloat (iterative->relative_residual, <=, 1.01e-10);
  g_assert_cmpint (iterative->iterations, >, 3);
  g_assert_cmpint (iterative->iterations, <=, most_iterations);
  g_assert_cmpint (direct->iterations, ==, 0);
  g_assert_nonnull (strstr (iterative->solver, "CG"));
  g_assert_nonnull (strstr (direct->solver, "CHOLMOD"));
  g_assert_cmpstr (direct->choice, ==, "asked for");
}

static void
test_agreement (void)
{
  const struct
  {
    OssElementKind kind;
    int n[3];
    double poisson;
    int most_iterations;
  } cases[] = { { OSS_ELEMENT_TET10, { 12, 10, 9 }, 0.3, 40 },
                { OSS_ELEMENT_TET4, { 20, 16, 14 }, 0.3, 40 },
                { OSS_ELEMENT_HEX8, { 20, 16, 14 }, 0.3, 40 },
                { OSS_ELEMENT_TET10, { 10, 8, 8 }, 0.45, 60 },
                { OSS_ELEMENT_TET4, { 20, 16, 14 }, 0.45, 60 } };

  for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_auto (Problem) problem = { NULL };
      problem_init (&problem, cases[k].kind, cases[k].n, cases[k].poisson);
      OssFemModel model = model_make (problem.mesh, problem.modulus, cases[k].poisson, problem.prescribed, NULL);
      compare_solvers (&model, cases[k].most_iterations);
    }
}

/* Rollers: single axes held, forces beside displacements, and a node that belongs to no element. */
static void
test_rollers (void)
{
  const int n[3] = { 20, 16, 14 };
  g_autoptr (OssMesh) body = model_body (OSS_ELEMENT_TET4, n);
  g_autoptr (OssMesh) mesh = oss_mesh_new (body->kind, body->n_nodes + 1, body->n_elements, NULL);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autoptr (GArray) forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  /* The lonely node comes first, so that all numbers move by one. */
  memcpy (mesh->nodes + 3, body->nodes, 3 * body->n_nodes * sizeof *body->nodes);
  for (gsize c = 0; c < 4 * body->n_elements; c++)
    mesh->elements[c] = body->elements[c] + 1;
  g_autofree double *modulus = model_body_modulus (mesh, 3);
  for (gsize i = 1; i < mesh->n_nodes; i++)
    {
      const double *x = mesh->nodes + 3 * i;
      for (gint8 axis = 0; axis < 3 && x[2] < -12.3; axis++)
        {
          OssNodal hold = { (gint32) i, axis, 0.0 };
          if (axis == 2 || fabs (x[axis]) < 1e-9) /* turned and moved by nothing but the middle lines */
            g_array_append_val (prescribed, hold);
        }
      OssNodal press = { (gint32) i, 2, x[2] > 12.3 && x[0] > 0.0 ? -5.0 : 0.0 };
      OssNodal pull = { (gint32) i, 1, x[2] > 12.3 ? 1.0 : 0.0 };
      g_array_append_val (forces, press);
      g_array_append_val (forces, pull);
    }
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  compare_solvers (&model, 60);
}

/* The cube that goes from the origin to (1, 1, 1) to a block about it. */
static void
map_block (double x[3], void *data)
{
  x[0] = 45.0 * (x[0] - 0.5);
  x[1] = 32.0 * (x[1] - 0.5);
  x[2] = 27.0 * (x[2] - 0.5);
}

static int
count_iterations (OssMesh *mesh)
{
  g_auto (Problem) problem = { NULL };
  g_autoptr (GError) error = NULL;
  OssCgInfo info;

  problem_init_mesh (&problem, mesh, 0.3);
  g_autofree double *x = g_new (double, problem.n);
  g_assert_true (solve (&problem, x, &info, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (info.relative_residual, <=, OSS_TET_TOLERANCE);
  return info.iterations;
}

/* Iterations hardly grow with the size: eight times the unknowns, one level more.  The block has elements of the
 * shapes that the mesher makes.  The oval body is harder: where the corners of the square become its smooth outline,
 * elements are flat (dihedral angles near 180 degrees), so that more iterations are allowed there. */
static void
test_sizes (void)
{
  const double unit[3] = { 1.0, 1.0, 1.0 };
  const int small[3] = { 12, 9, 8 }, large[3] = { 24, 18, 16 };
  const struct
  {
    OssElementKind kind;
    int block, body;
  } most[2] = { { OSS_ELEMENT_TET10, 25, 55 }, { OSS_ELEMENT_TET4, 22, 40 } };

  for (guint k = 0; k < 2; k++)
    {
      const char *name = oss_element_name (most[k].kind);
      int few = count_iterations (model_box (most[k].kind, small, unit, map_block, NULL));
      int many = count_iterations (model_box (most[k].kind, large, unit, map_block, NULL));
      g_test_message ("%s: %d and %d iterations", name, few, many);
      g_assert_cmpint (many, <=, most[k].block);
      g_assert_cmpint (many, <=, few + few / 2);
      few = count_iterations (model_body (most[k].kind, small));
      many = count_iterations (model_body (most[k].kind, large));
      g_test_message ("%s: %d and %d iterations with flat elements", name, few, many);
      g_assert_cmpint (many, <=, most[k].body);
      g_assert_cmpint (many, <=, few + few / 2);
    }
}

/* A preconditioner made once serves for a matrix near by: a tangent with a third of the elements softened to a
 * tenth. */
static void
test_tangent (void)
{
  const int n[3] = { 10, 8, 7 };
  g_auto (Problem) problem = { NULL }, tangent = { NULL };
  g_autoptr (GError) error = NULL;
  OssCgInfo info;

  problem_init (&problem, OSS_ELEMENT_TET10, n, 0.3);
  problem_init (&tangent, OSS_ELEMENT_TET10, n, 0.3);
  for (gsize e = 0; e < tangent.mesh->n_elements; e += 3)
    tangent.modulus[e] *= 0.1;
  OssFemModel model = model_make (tangent.mesh, tangent.modulus, 0.3, tangent.prescribed, NULL);
  g_autoptr (OssBlockMatrix) matrix = oss_fem_assemble (&model, tangent.elements, tangent.incidence, NULL, NULL);
  g_autoptr (OssTetSolver) solver = solver_new (&problem, 500, &error);
  g_assert_no_error (error);
  g_autofree double *x = g_new0 (double, problem.n), *y = g_new (double, problem.n);
  g_assert_true (oss_tet_solver_solve (solver, matrix, problem.right, x, 1e-10, 500, &info, NULL, &error));
  g_test_message ("%d iterations with the elastic preconditioner", info.iterations);
  oss_block_matrix_multiply (matrix, x, y);
  double left = 0.0, load = 0.0;
  for (gsize f = 0; f < problem.n; f++)
    if (problem.unknown[f] >= 0)
      {
        left += (problem.right[f] - y[f]) * (problem.right[f] - y[f]);
        load += problem.right[f] * problem.right[f];
      }
  g_assert_cmpfloat (load, >, 1e6);
  g_assert_cmpfloat (sqrt (left / load), <, 1.01e-10);
  g_assert_cmpint (info.iterations, <, 120);
}

static void
expect_failure (const OssFemModel *model, const OssFemSolveOptions *options, OssError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssFemResult) result = oss_fem_solve_with (model, options, NULL, &error);

  g_assert_null (result);
  g_assert_error (error, OSS_ERROR, (gint) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

/* Free, not converged in the iterations allowed, a tolerance that makes no sense, a load that is not a number. */
static void
test_failures (void)
{
  const int n[3] = { 10, 8, 7 };
  g_auto (Problem) problem = { NULL };
  OssFemSolveOptions options;

  problem_init (&problem, OSS_ELEMENT_TET10, n, 0.3);
  OssNodal push = { 5, 2, 1.0 };
  OssFemModel model = model_make (problem.mesh, problem.modulus, 0.3, NULL, NULL);
  model.forces = &push;
  model.n_forces = 1;
  oss_fem_solve_options_default (&options);
  options.solver = OSS_FEM_SOLVER_ITERATIVE;
  expect_failure (&model, &options, OSS_ERROR_REFUSED, "rigid body");
  model = model_make (problem.mesh, problem.modulus, 0.3, problem.prescribed, NULL);
  options.maximum_iterations = 3;
  expect_failure (&model, &options, OSS_ERROR_FAILED, "after 3 iterations");
  options.maximum_iterations = 100;
  options.tolerance = 1e-25;
  expect_failure (&model, &options, OSS_ERROR_FAILED, "the last ones");
  options.tolerance = 1.0;
  expect_failure (&model, &options, OSS_ERROR_USAGE, "tolerance");
  options.tolerance = 1e-10;
  push.value = NAN;
  model.forces = &push;
  model.n_forces = 1;
  expect_failure (&model, &options, OSS_ERROR_INVALID_DATA, "Load 0");
  for (int k = 0; k < 2; k++) /* a right-hand side, and a matrix, that are not numbers */
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (OssTetSolver) solver = solver_new (&problem, 500, NULL);
      g_autofree double *x = g_new0 (double, problem.n);
      OssCgInfo info;
      if (k == 0)
        problem.right[problem.n / 2 / 3 * 3] = NAN;
      else
        problem.stiffness->value[9 * (problem.stiffness->start[problem.stiffness->n] / 2)] = NAN;
      g_assert_false (
          oss_tet_solver_solve (solver, problem.stiffness, problem.right, x, 1e-10, 50, &info, NULL, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
    }
}

/* Two blocks of bricks that share one row of nodes along z, the second one free to turn about it and pushed so. Refused
 * where the coarsest level shows it, or else not converged. */
static void
test_hinge (void)
{
  const int n[3] = { 8, 8, 8 };
  const double size[3] = { 8.0, 8.0, 8.0 };
  g_autoptr (OssMesh) block = model_box (OSS_ELEMENT_HEX8, n, size, NULL, NULL);
  g_auto (Problem) problem = { NULL };
  gsize nodes = block->n_nodes, shared = 9, at = nodes;
  g_autofree gint32 *second = g_new (gint32, nodes);

  problem.mesh = oss_mesh_new (OSS_ELEMENT_HEX8, 2 * nodes - shared, 2 * block->n_elements, NULL);
  memcpy (problem.mesh->nodes, block->nodes, 3 * nodes * sizeof (double));
  for (gsize i = 0; i < nodes; i++)
    {
      const double *x = block->nodes + 3 * i;
      gboolean hinge = x[0] == 0.0 && x[1] == 0.0;
      /* The edge x = y = 0 of the second block is the edge x = y = 8 of the first. */
      second[i] = hinge ? (gint32) (i + 80) : (gint32) at;
      for (gsize k = 0; k < 3 && !hinge; k++)
        problem.mesh->nodes[3 * at + k] = x[k] + (k < 2 ? 8.0 : 0.0);
      at += !hinge;
    }
  g_assert_cmpuint (at, ==, problem.mesh->n_nodes);
  memcpy (problem.mesh->elements, block->elements, 8 * block->n_elements * sizeof (gint32));
  for (gsize c = 0; c < 8 * block->n_elements; c++)
    problem.mesh->elements[8 * block->n_elements + c] = second[block->elements[c]];
  problem.prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (problem.prescribed, problem.mesh, 0, 0.0, axis, 0.0);
  problem.modulus = g_new (double, problem.mesh->n_elements);
  for (gsize e = 0; e < problem.mesh->n_elements; e++)
    problem.modulus[e] = 100.0;
  OssNodal push = { second[nodes - 1], 0, 1.0 };
  OssFemModel model = model_make (problem.mesh, problem.modulus, 0.3, problem.prescribed, NULL);
  model.forces = &push;
  model.n_forces = 1;
  OssFemSolveOptions options;
  oss_fem_solve_options_default (&options);
  options.solver = OSS_FEM_SOLVER_ITERATIVE;
  expect_failure (&model, &options, OSS_ERROR_REFUSED, "touch in a point or an edge");
  options.solver = OSS_FEM_SOLVER_AUTO;
  expect_failure (&model, &options, OSS_ERROR_REFUSED, "touch in a point or an edge");

  /* With the levels of a large model. */
  g_autoptr (GError) error = NULL;
  OssCgInfo info;
  problem.n = 3 * problem.mesh->n_nodes;
  problem.incidence =
      oss_incidence_new (problem.mesh->n_nodes, problem.mesh->n_elements, 8, problem.mesh->elements, NULL);
  problem.elements = oss_elements_new (problem.mesh, NULL, NULL);
  problem.stiffness = oss_fem_assemble (&model, problem.elements, problem.incidence, NULL, NULL);
  problem.unknown = g_new0 (gint32, problem.n);
  problem.right = g_new0 (double, problem.n);
  problem.right[3 * push.node] = 1.0;
  for (guint i = 0; i < problem.prescribed->len; i++)
    {
      const OssNodal *p = &g_array_index (problem.prescribed, OssNodal, i);
      problem.unknown[3 * p->node + p->axis] = -1;
    }
  g_autofree double *x = g_new (double, problem.n);
  g_assert_false (solve (&problem, x, &info, &error));
  g_test_message ("%s", error->message);
  g_assert_true (g_error_matches (error, OSS_ERROR, OSS_ERROR_FAILED)
                 || g_error_matches (error, OSS_ERROR, OSS_ERROR_REFUSED));
}

/* What the automatic choice says of itself. */
static void
test_choice (void)
{
  const int few[3] = { 6, 5, 4 }, many[3] = { 22, 17, 16 };
  OssFemSolveOptions options;

  oss_fem_solve_options_default (&options);
  for (int k = 0; k < 3; k++)
    {
      g_auto (Problem) problem = { NULL };
      g_autoptr (GError) error = NULL;
      problem_init (&problem, OSS_ELEMENT_TET4, k == 0 ? few : many, 0.3);
      OssFemModel model = model_make (problem.mesh, problem.modulus, 0.3, problem.prescribed, NULL);
      options.load_cases = k == 2 ? 40 : 1;
      g_autoptr (OssFemResult) result = oss_fem_solve_with (&model, &options, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%zu unknowns: %s (%s)", result->dof, result->solver, result->choice);
      g_assert_nonnull (strstr (result->choice, k == 0 ? "only" : k == 1 ? "one load case" : "40 load cases"));
      g_assert_true (g_str_has_prefix (result->solver, k == 1 ? "CG, smoothed aggregation" : "CHOLMOD"));
      g_assert_true ((result->iterations > 0) == (k == 1));
      g_assert_cmpstr (result->reason, ==, "solved");
    }
}

typedef struct
{
  int stop;
  double stop_at, last;
  guint told;
  gint64 asked_us;
} Stopper;

static void
watch (double fraction, const char *what, void *data)
{
  Stopper *self = data;
  g_assert_cmpfloat (fraction, >=, self->last - 1e-12); /* never back */
  self->last = fraction;
  self->told++;
  if (fraction >= self->stop_at && self->asked_us == 0)
    {
      self->asked_us = g_get_monotonic_time ();
      g_atomic_int_set (&self->stop, 1);
    }
}

/* Progress only grows; a stop is answered within 200 ms wherever it is asked. */
static void
test_stop (void)
{
  const int n[3] = { 16, 13, 12 };
  g_auto (Problem) problem = { NULL };
  OssFemSolveOptions options;

  problem_init (&problem, OSS_ELEMENT_TET10, n, 0.3);
  OssFemModel model = model_make (problem.mesh, problem.modulus, 0.3, problem.prescribed, NULL);
  oss_fem_solve_options_default (&options);
  options.solver = OSS_FEM_SOLVER_ITERATIVE;
  for (double at = 0.1; at < 2.0; at += 0.2)
    {
      g_autoptr (GError) error = NULL;
      Stopper stopper = { .stop_at = at };
      OssTick tick = oss_tick_make (watch, &stopper, &stopper.stop);
      g_autoptr (OssFemResult) result = oss_fem_solve_with (&model, &options, &tick, &error);
      double seconds = (double) (g_get_monotonic_time () - stopper.asked_us) / 1e6;
      if (stopper.asked_us == 0)
        {
          g_assert_no_error (error);
          g_assert_cmpfloat (at, >, 1.0);
          g_assert_cmpfloat (stopper.last, ==, 1.0);
          g_assert_cmpuint (stopper.told, >, 20);
          break;
        }
      g_test_message ("stop at %.1f answered in %.3f s", at, seconds);
      g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
      g_assert_cmpfloat (seconds, <, 0.2);
    }
  for (int i = 0; i < 1500 && oss_cholesky_alive () > 0; i++)
    g_usleep (20000);
  g_assert_cmpuint (oss_cholesky_alive (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/iterative/product", test_product);
  g_test_add_func ("/fem/iterative/threads", test_threads);
  g_test_add_func ("/fem/iterative/symmetry", test_symmetry);
  g_test_add_func ("/fem/iterative/smoother", test_smoother);
  g_test_add_func ("/fem/iterative/agreement", test_agreement);
  g_test_add_func ("/fem/iterative/rollers", test_rollers);
  g_test_add_func ("/fem/iterative/sizes", test_sizes);
  g_test_add_func ("/fem/iterative/tangent", test_tangent);
  g_test_add_func ("/fem/iterative/failures", test_failures);
  g_test_add_func ("/fem/iterative/hinge", test_hinge);
  g_test_add_func ("/fem/iterative/choice", test_choice);
  g_test_add_func ("/fem/iterative/stop", test_stop);
  return g_test_run ();
}
