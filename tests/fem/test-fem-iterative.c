/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The iterative solution of the equations: its reference is the factorisation, and what symmetric positive definite
 * matrices are. */
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "fem-models.h"
#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-private.h"
#include "numeric/oss-block-product.h"

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

static void
problem_init (Problem *self, OssElementKind kind, const int n[3], double poisson)
{
  *self = (Problem){ .mesh = model_body (kind, n) };
  self->n = 3 * self->mesh->n_nodes;
  self->modulus = model_body_modulus (self->mesh, 11);
  prescribe_ends (self);
  self->incidence = oss_incidence_new (self->mesh->n_nodes, self->mesh->n_elements, oss_element_nodes (kind),
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

static gboolean
solve (const Problem *problem, double *x, OssCgInfo *info, GError **error)
{
  g_autoptr (OssTetSolver) solver =
      oss_tet_solver_new (problem->mesh, problem->incidence, problem->stiffness, problem->unknown, NULL, NULL, error);
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
      g_autoptr (OssTetSolver) solver =
          oss_tet_solver_new (problem.mesh, problem.incidence, problem.stiffness, problem.unknown, NULL, NULL, &error);
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/iterative/product", test_product);
  g_test_add_func ("/fem/iterative/threads", test_threads);
  g_test_add_func ("/fem/iterative/symmetry", test_symmetry);
  return g_test_run ();
}
