/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-memory.h"
#include "fem-models.h"
#include "numeric/oss-cholesky.h"

#include <string.h>

static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };

static double *
filled (gsize n, double value)
{
  double *array = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    array[i] = value;
  return array;
}

static double
sum_reaction (const OssMesh *mesh, const OssFemResult *result, int axis, double at, int along)
{
  double sum = 0.0;
  for (gsize i = 0; i < mesh->n_nodes; i++)
    if (fabs (mesh->nodes[3 * i + (gsize) axis] - at) < 1e-6)
      sum += result->reaction[3 * i + (gsize) along];
  return sum;
}

static double
strain_energy (const OssFemResult *result)
{
  double sum = 0.0;
  for (gsize e = 0; e < result->n_elements; e++)
    sum += result->element_sed[e] * result->element_volume[e];
  return sum;
}

static GArray *
loads_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (OssNodal));
}

/* Closed forms of a bar of 4 x 3 x 10 mm, E 1000 MPa, shortened by 0.05 mm: with free sides F = E A u / L and
 * the sides move out by nu u / L; with held sides the modulus is E (1 - nu) / ((1 + nu) (1 - 2 nu)). */
static void
test_bar (void)
{
  const int n[3] = { 3, 2, 5 };
  const double size[3] = { 4.0, 3.0, 10.0 }, e = 1000.0, nu = 0.3, u = 0.05;

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (int held = 0; held < 2; held++)
      {
        g_autoptr (OssMesh) mesh = model_box (kinds[k], n, size, NULL, NULL);
        g_autofree double *modulus = filled (mesh->n_elements, e);
        g_autoptr (GArray) prescribed = loads_new ();
        g_autoptr (GError) error = NULL;
        double axial = held ? e * (1.0 - nu) / ((1.0 + nu) * (1.0 - 2.0 * nu)) : e;
        double force = axial * 12.0 * u / 10.0;

        model_prescribe_plane (prescribed, mesh, 2, 0.0, 2, 0.0);
        model_prescribe_plane (prescribed, mesh, 2, 10.0, 2, -u);
        for (int side = 0; side < 2; side++)
          {
            model_prescribe_plane (prescribed, mesh, side, 0.0, side, 0.0);
            if (held)
              model_prescribe_plane (prescribed, mesh, side, size[side], side, 0.0);
          }
        OssFemModel model = model_make (mesh, modulus, nu, prescribed, NULL);
        g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
        g_assert_no_error (error);
        g_assert_cmpfloat_with_epsilon (sum_reaction (mesh, result, 2, 10.0, 2), -force, 1e-9);
        g_assert_cmpfloat_with_epsilon (sum_reaction (mesh, result, 2, 0.0, 2), force, 1e-9);
        g_assert_cmpfloat_with_epsilon (strain_energy (result), 0.5 * force * u, 1e-10);
        g_assert_cmpfloat (result->relative_residual, <, 1e-12);
        g_assert_cmpstr (result->reason, ==, "solved");
        for (gsize i = 0; i < mesh->n_nodes; i++)
          {
            const double *x = mesh->nodes + 3 * i;
            double side = held ? 0.0 : nu * u / 10.0;
            g_assert_cmpfloat_with_epsilon (result->displacement[3 * i], side * x[0], 1e-12);
            g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + 1], side * x[1], 1e-12);
            g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + 2], -u * x[2] / 10.0, 1e-12);
            g_assert_cmpfloat_with_epsilon (result->principal[3 * i + 2], -force / 12.0, 1e-9);
            g_assert_cmpfloat_with_epsilon (result->principal[3 * i], held ? -nu / (1.0 - nu) * force / 12.0 : 0.0,
                                            1e-9);
          }
      }
}

/* Two materials in series at nu 0 (no side stresses): Reuss, L / E = 4 / 500 + 6 / 3000; stress equal in both. */
static void
test_series (void)
{
  const int n[3] = { 2, 2, 5 };
  const double size[3] = { 4.0, 3.0, 10.0 }, u = 0.02, force = 12.0 * u / (4.0 / 500.0 + 6.0 / 3000.0);

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_box (kinds[k], n, size, NULL, NULL);
      g_autofree double *modulus = filled (mesh->n_elements, 500.0);
      g_autoptr (GArray) prescribed = loads_new ();
      g_autoptr (GError) error = NULL;

      for (gsize e = 0; e < mesh->n_elements; e++)
        {
          double centre[3];
          model_centre (mesh, e, centre);
          if (centre[2] > 4.0)
            modulus[e] = 3000.0;
        }
      model_press (prescribed, mesh, 10.0, u);
      OssFemModel model = model_make (mesh, modulus, 0.0, prescribed, NULL);
      g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat_with_epsilon (sum_reaction (mesh, result, 2, 10.0, 2), -force, 1e-9);
      for (gsize e = 0; e < mesh->n_elements; e++)
        {
          g_assert_cmpfloat_with_epsilon (result->element_von_mises[e], force / 12.0, 1e-9);
          g_assert_cmpfloat_with_epsilon (result->element_sed[e], 0.5 * force * force / 144.0 / modulus[e], 1e-9);
        }
    }
}

/* Cantilever 2 x 2 x 20 mm with an end load.  Timoshenko: P L^3 / (3 E I) + P L / (k G A), k = 5/6.  At nu = 0 the
 * clamp holds no side contraction (at 0.3 that alone stiffens by 0.7 %), only the little warping of the section.
 * Two quadratic elements over the depth come within 1 %; eight fully integrated bricks, which lock a little in
 * bending, within 2 %. */
static void
test_cantilever (void)
{
  const double e = 1000.0, nu = 0.0, p = 1.0, size[3] = { 2.0, 2.0, 20.0 };
  const double beam = p * 8000.0 / (3.0 * e * 16.0 / 12.0) + p * 20.0 * 2.0 / (5.0 / 6.0 * e * 4.0);
  const struct
  {
    OssElementKind kind;
    int n[3];
    double tolerance;
  } cases[] = { { OSS_ELEMENT_TET10, { 2, 2, 16 }, 0.01 }, { OSS_ELEMENT_HEX8, { 6, 8, 60 }, 0.02 } };

  for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (OssMesh) mesh = model_box (cases[k].kind, cases[k].n, size, NULL, NULL);
      g_autofree double *modulus = filled (mesh->n_elements, e);
      g_autoptr (GArray) prescribed = loads_new ();
      g_autoptr (GArray) forces = loads_new ();
      g_autoptr (GError) error = NULL;
      double tip = 0.0, work = 0.0;

      for (int axis = 0; axis < 3; axis++)
        model_prescribe_plane (prescribed, mesh, 2, 0.0, axis, 0.0);
      model_prescribe_plane (forces, mesh, 2, 20.0, 1, 0.0);
      for (guint i = 0; i < forces->len; i++)
        g_array_index (forces, OssNodal, i).value = p / forces->len; /* St Venant: only the sum matters */
      OssFemModel model = model_make (mesh, modulus, nu, prescribed, forces);
      g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < forces->len; i++)
        {
          const OssNodal *f = &g_array_index (forces, OssNodal, i);
          tip += result->displacement[3 * f->node + 1] / forces->len;
          work += 0.5 * f->value * result->displacement[3 * f->node + 1];
        }
      g_test_message ("%s: tip %.5f mm, beam %.5f mm (%+.2f %%)", oss_element_name (cases[k].kind), tip, beam,
                      100.0 * (tip / beam - 1.0));
      g_assert_cmpfloat_with_epsilon (tip, beam, cases[k].tolerance * beam);
      g_assert_cmpfloat_with_epsilon (strain_energy (result), work, 1e-9 * work);
      g_assert_cmpfloat_with_epsilon (sum_reaction (mesh, result, 2, 0.0, 1), -p, 1e-9);
    }
}

/* A body of scattered bone: reactions in balance, and work = strain energy. */
static void
test_body (void)
{
  const int n[3] = { 8, 6, 6 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_body (kinds[k], n);
      g_autofree double *modulus = model_body_modulus (mesh, 11);
      g_autoptr (GArray) prescribed = loads_new ();
      g_autoptr (GError) error = NULL;
      double sum[3] = { 0.0 }, turn[3] = { 0.0 }, moment[3], work = 0.0;

      for (gsize i = 0; i < mesh->n_nodes; i++)
        for (int axis = 0; axis < 3 && fabs (mesh->nodes[3 * i + 2]) > 12.3; axis++)
          {
            OssNodal load = { (gint32) i, (gint8) axis, mesh->nodes[3 * i + 2] > 0.0 && axis == 2 ? -0.1 : 0.0 };
            g_array_append_val (prescribed, load);
          }
      OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
      g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
      g_assert_no_error (error);
      for (gsize i = 0; i < mesh->n_nodes; i++)
        {
          oss_cross (mesh->nodes + 3 * i, result->reaction + 3 * i, moment);
          work += 0.5 * oss_dot (result->displacement + 3 * i, result->reaction + 3 * i);
          for (int axis = 0; axis < 3; axis++)
            {
              sum[axis] += result->reaction[3 * i + (gsize) axis];
              turn[axis] += moment[axis];
            }
        }
      g_assert_cmpfloat (work, >, 50.0);
      g_assert_cmpfloat_with_epsilon (strain_energy (result), work, 1e-9 * work);
      for (int axis = 0; axis < 3; axis++)
        {
          g_assert_cmpfloat_with_epsilon (sum[axis], 0.0, 1e-8);  /* of thousands of N */
          g_assert_cmpfloat_with_epsilon (turn[axis], 0.0, 1e-6); /* of ten thousands of N mm */
        }
      g_assert_cmpfloat (result->relative_residual, <, 1e-12);
    }
}

static void
expect_failure (const OssFemModel *model, OssError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssFemResult) result = oss_fem_solve (model, NULL, &error);

  g_assert_null (result);
  g_assert_error (error, OSS_ERROR, (gint) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

/* Models that can move: nothing held, one direction held, three points in a line held, a part apart, a hinge. */
static void
test_unheld (void)
{
  const int n[3] = { 2, 2, 2 };
  const double size[3] = { 2.0, 2.0, 2.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET4, n, size, NULL, NULL);
  g_autofree double *modulus = filled (mesh->n_elements, 100.0);
  g_autoptr (GArray) prescribed = loads_new ();
  g_autoptr (GArray) forces = loads_new ();
  const OssNodal push = { 26, 2, 1.0 };

  g_array_append_val (forces, push);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  expect_failure (&model, OSS_ERROR_REFUSED, "not held");
  model_prescribe_plane (prescribed, mesh, 2, 0.0, 2, 0.0);
  model = model_make (mesh, modulus, 0.3, prescribed, forces);
  expect_failure (&model, OSS_ERROR_REFUSED, "rigid body");
  g_array_set_size (prescribed, 0);
  for (gint32 i = 0; i < 3; i++)
    for (gint8 axis = 0; axis < 3; axis++)
      {
        OssNodal load = { i, axis, 0.0 };
        g_array_append_val (prescribed, load);
      }
  model = model_make (mesh, modulus, 0.3, prescribed, forces);
  expect_failure (&model, OSS_ERROR_REFUSED, "27 nodes");
}

/* Two cubes that share one edge only: held as a whole, free to turn about it. */
static void
test_hinge (void)
{
  const gint32 elements[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 2, 8, 9, 10, 6, 11, 12, 13 };
  const double nodes[42] = { 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1,
                             0, 1, 1, 2, 1, 0, 2, 2, 0, 1, 2, 0, 2, 1, 1, 2, 2, 1, 1, 2, 1 };
  g_autoptr (OssMesh) mesh = oss_mesh_new (OSS_ELEMENT_HEX8, 14, 2, NULL);
  const double modulus[2] = { 100.0, 100.0 };
  g_autoptr (GArray) prescribed = loads_new ();
  g_autoptr (GArray) forces = loads_new ();
  const OssNodal push = { 9, 0, 1.0 };

  memcpy (mesh->nodes, nodes, sizeof nodes);
  memcpy (mesh->elements, elements, sizeof elements);
  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (prescribed, mesh, 0, 0.0, axis, 0.0);
  g_array_append_val (forces, push);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  expect_failure (&model, OSS_ERROR_REFUSED, "touch in a point or an edge");
}

static void
test_bad_models (void)
{
  const int n[3] = { 1, 1, 1 };
  const double size[3] = { 1.0, 1.0, 1.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET4, n, size, NULL, NULL);
  g_autofree double *modulus = filled (mesh->n_elements, 100.0);
  OssNodal twice[2] = { { 1, 2, 0.0 }, { 1, 2, -0.1 } };
  OssFemModel model = { .mesh = mesh, .modulus_mpa = modulus, .poisson = 0.5 };

  expect_failure (&model, OSS_ERROR_INVALID_DATA, "Poisson");
  model.poisson = 0.3;
  model.prescribed = twice;
  model.n_prescribed = 2;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "at once");
  twice[1].node = 8;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "Load 1");
  twice[1].node = 2;
  modulus[3] = 0.0;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "Element 3");
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

/* Stopped while the mesh is read, the equations are set up, ordered, and factorised: answered within 200 ms,
 * nothing is left. */
static void
test_cancel (void)
{
  const int n[3] = { 18, 14, 12 };
  g_autoptr (OssMesh) mesh = model_body (OSS_ELEMENT_TET10, n);
  g_autofree double *modulus = model_body_modulus (mesh, 1);
  g_autoptr (GArray) prescribed = loads_new ();

  for (gsize i = 0; i < mesh->n_nodes; i++)
    for (int axis = 0; axis < 3 && fabs (mesh->nodes[3 * i + 2]) > 12.3; axis++)
      {
        OssNodal load = { (gint32) i, (gint8) axis, mesh->nodes[3 * i + 2] > 0.0 && axis == 2 ? -0.1 : 0.0 };
        g_array_append_val (prescribed, load);
      }
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
  for (guint stage = 1; stage <= 4; stage++)
    {
      g_autoptr (GError) error = NULL;
      Stopper stopper = { .stage = stage };
      OssTick tick = oss_tick_make (count_steps, &stopper, &stopper.stop);
      g_autoptr (OssFemResult) result = oss_fem_solve (&model, &tick, &error);
      gint64 answered = g_get_monotonic_time ();

      g_assert_null (result);
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/solve/bar", test_bar);
  g_test_add_func ("/fem/solve/series", test_series);
  g_test_add_func ("/fem/solve/cantilever", test_cantilever);
  g_test_add_func ("/fem/solve/body", test_body);
  g_test_add_func ("/fem/solve/unheld", test_unheld);
  g_test_add_func ("/fem/solve/hinge", test_hinge);
  g_test_add_func ("/fem/solve/bad-models", test_bad_models);
  g_test_add_func ("/fem/solve/cancel", test_cancel);
  return g_test_run ();
}
