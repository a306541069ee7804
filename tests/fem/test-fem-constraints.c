/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "fem-models.h"
#include "fem/oss-fem-constraints-private.h"
#include "fem/oss-fem-loads.h"

#include <string.h>

/* Equations and rigid platens against closed forms. */

static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };

static GArray *
loads_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (OssNodal));
}

static GArray *
plane_nodes (const OssMesh *mesh, int axis, double at)
{
  GArray *nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gint32 i = 0; i < (gint32) mesh->n_nodes; i++)
    if (fabs (mesh->nodes[3 * i + axis] - at) < 1e-6)
      g_array_append_val (nodes, i);
  return nodes;
}

static double *
filled (gsize n, double value)
{
  double *array = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    array[i] = value;
  return array;
}

static OssFemResult *
solve (const OssFemModel *model)
{
  g_autoptr (GError) error = NULL;
  OssFemResult *result = oss_fem_solve (model, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (result->relative_residual, <, 1e-10);
  return result;
}

static void
expect_failure (const OssFemModel *model, OssError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssFemResult) result = oss_fem_solve (model, NULL, &error);

  g_assert_null (result);
  g_assert_error (error, OSS_ERROR, (gint) code);
  g_test_message ("%s", error->message);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” is not in “%s”", words, error->message);
}

static const int bricks[3] = { 4, 3, 5 };
static const double size[3] = { 8.0, 6.0, 10.0 };
static const double e = 500.0;

/* The foot of a block held along z only, and against rigid motion: nothing resists its section. */
static GArray *
hold_foot (const OssMesh *mesh)
{
  GArray *prescribed = loads_new ();
  model_prescribe_plane (prescribed, mesh, 2, 0.0, 2, 0.0);
  for (gint32 i = 0; i < (gint32) mesh->n_nodes; i++)
    {
      const double *x = mesh->nodes + 3 * i;
      for (gint8 axis = 0; axis < 2; axis++)
        {
          OssNodal hold = { i, axis, 0.0 };
          if (x[2] < 1e-9 && x[1] < 1e-9 && (x[0] < 1e-9 || (x[0] > 8.0 - 1e-9 && axis == 1)))
            g_array_append_val (prescribed, hold);
        }
    }
  g_assert_cmpuint (prescribed->len, >, 3);
  return prescribed;
}

/* A platen free to tilt, pushed off centre.  With nu = 0 the block is a bar under force and moment: the platen sinks by
 * P L / (E A), tilts by P x0 L / (E I), and the stress is P/A + P x0 x / I.  Exact for tet10, whose strain is linear.
 * Bricks of length a over the depth H cannot curve: the shear kappa z that is left stores G kappa^2 a^2 / 12 per volume
 * beside E kappa^2 H^2 / 12, which makes them stiffer in bending by 1 + a^2 / (2 H^2), G being E / 2. */
static void
eccentric (OssElementKind kind, gboolean planar, double tolerance)
{
  const double p = -60.0, off[2] = { 1.2, -0.7 }, area = 48.0;
  const double i_x = 8.0 * 216.0 / 12.0, i_y = 6.0 * 512.0 / 12.0; /* about x, about y */
  g_autoptr (OssMesh) mesh = model_box (kind, bricks, size, NULL, NULL);
  g_autofree double *modulus = filled (mesh->n_elements, e);
  g_autoptr (GArray) prescribed = hold_foot (mesh);
  g_autoptr (GArray) top = plane_nodes (mesh, 2, 10.0);
  /* The force acts at (4 + 1.2, 3 - 0.7): the reference point is there. */
  OssFemPlaten platen = { .nodes = (const gint32 *) (void *) top->data,
                          .n_nodes = top->len,
                          .reference_mm = { 4.0 + off[0], 3.0 + off[1], 10.0 },
                          .planar = planar,
                          .normal = { 0.0, 0.0, 1.0 },
                          .load = { 0.0, 0.0, p } };
  OssFemModel model = model_make (mesh, modulus, 0.0, prescribed, NULL);
  model.platens = &platen;
  model.n_platens = 1;
  g_autoptr (OssFemResult) result = solve (&model);
  /* Moments about the centre: M_x = y0 p, M_y = -x0 p. */
  gboolean hex = kind == OSS_ELEMENT_HEX8;
  double lock_x = hex ? 1.0 + 4.0 / 72.0 : 1.0, lock_y = hex ? 1.0 + 4.0 / 128.0 : 1.0;
  double turn_x = off[1] * p * 10.0 / (e * i_x * lock_x), turn_y = -off[0] * p * 10.0 / (e * i_y * lock_y);
  double sink = p * 10.0 / (e * area) + turn_x * off[1] - turn_y * off[0];
  const double *motion = result->platen_motion;

  g_test_message ("%s: sinks %.6f of %.6f, tilts %.6f of %.6f and %.6f of %.6f", oss_element_name (kind), motion[2],
                  sink, motion[3], turn_x, motion[4], turn_y);
  g_assert_cmpfloat_with_epsilon (motion[2], sink, tolerance * fabs (sink));
  g_assert_cmpfloat_with_epsilon (motion[3], turn_x, tolerance * fabs (turn_x));
  g_assert_cmpfloat_with_epsilon (motion[4], turn_y, tolerance * fabs (turn_y));
  double sum[3] = { 0.0 }, moment[3] = { 0.0 };
  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      const double *x = mesh->nodes + 3 * i, *f = result->reaction + 3 * i;
      double m[3];
      oss_cross (x, f, m);
      for (int k = 0; k < 3; k++)
        {
          sum[k] += f[k];
          moment[k] += m[k];
        }
      double stress = p / area + off[0] * p * (x[0] - 4.0) / i_y + off[1] * p * (x[1] - 3.0) / i_x;
      if (kind == OSS_ELEMENT_TET10)
        g_assert_cmpfloat_with_epsilon (result->stress[6 * i + 2], stress, 1e-9);
      if (x[2] > 9.99)
        g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + 2],
                                        motion[2] + motion[3] * (x[1] - platen.reference_mm[1])
                                            - motion[4] * (x[0] - platen.reference_mm[0]),
                                        1e-13);
    }
  g_assert_cmpfloat_with_epsilon (sum[2], -p, 1e-9);
  g_assert_cmpfloat_with_epsilon (moment[0], -p * platen.reference_mm[1], 1e-8);
  g_assert_cmpfloat_with_epsilon (moment[1], p * platen.reference_mm[0], 1e-8);
  g_assert_cmpfloat_with_epsilon (result->platen_force[2], p, 1e-12);
  g_assert_cmpfloat_with_epsilon (result->work, 0.5 * p * motion[2], 1e-10);
  g_assert_cmpfloat_with_epsilon (result->strain_energy, result->work, 1e-6 * result->work);
}

static void
test_eccentric (void)
{
  eccentric (OSS_ELEMENT_TET10, TRUE, 1e-10);
  eccentric (OSS_ELEMENT_TET10, FALSE, 1e-10);
  eccentric (OSS_ELEMENT_HEX8, TRUE, 1e-10);
}

/* A platen that is moved, not loaded: the force it takes, and the moment when it may not tilt, are what the loaded one
 * had.  And a platen all of whose motions are given is the same as its nodes prescribed one by one. */
static void
test_moved (void)
{
  const double move[6] = { 0.01, -0.02, -0.05, 0.002, -0.003, 0.001 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_box (kinds[k], bricks, size, NULL, NULL);
      g_autofree double *modulus = filled (mesh->n_elements, e);
      g_autoptr (GArray) foot = loads_new ();
      g_autoptr (GArray) all = loads_new ();
      g_autoptr (GArray) top = plane_nodes (mesh, 2, 10.0);
      OssFemPlaten platen = { .nodes = (const gint32 *) (void *) top->data,
                              .n_nodes = top->len,
                              .reference_mm = { 3.0, 2.0, 11.0 },
                              .prescribed = { TRUE, TRUE, TRUE, TRUE, TRUE, TRUE } };
      double force[3] = { 0.0 }, moment[3] = { 0.0 };

      memcpy (platen.motion, move, sizeof move);
      for (int axis = 0; axis < 3; axis++)
        {
          model_prescribe_plane (foot, mesh, 2, 0.0, axis, 0.0);
          model_prescribe_plane (all, mesh, 2, 0.0, axis, 0.0);
        }
      for (guint i = 0; i < top->len; i++)
        {
          gint32 node = g_array_index (top, gint32, i);
          double d[3], turned[3];
          oss_sub (mesh->nodes + 3 * node, platen.reference_mm, d);
          oss_cross (move + 3, d, turned);
          for (gint8 axis = 0; axis < 3; axis++)
            {
              OssNodal load = { node, axis, move[axis] + turned[axis] };
              g_array_append_val (all, load);
            }
        }
      OssFemModel one = model_make (mesh, modulus, 0.3, foot, NULL), other = model_make (mesh, modulus, 0.3, all, NULL);
      one.platens = &platen;
      one.n_platens = 1;
      g_autoptr (OssFemResult) a = solve (&one);
      g_autoptr (OssFemResult) b = solve (&other);
      g_assert_cmpuint (a->dof, ==, b->dof);
      for (gsize i = 0; i < 3 * mesh->n_nodes; i++)
        g_assert_cmpfloat_with_epsilon (a->displacement[i], b->displacement[i], 1e-12);
      for (guint i = 0; i < top->len; i++)
        {
          gint32 node = g_array_index (top, gint32, i);
          double d[3], m[3];
          oss_sub (mesh->nodes + 3 * node, platen.reference_mm, d);
          oss_cross (d, b->reaction + 3 * node, m);
          for (int c = 0; c < 3; c++)
            {
              force[c] += b->reaction[3 * node + c];
              moment[c] += m[c];
            }
        }
      for (int c = 0; c < 3; c++)
        {
          g_assert_cmpfloat_with_epsilon (a->platen_force[c], force[c], 1e-9);
          g_assert_cmpfloat_with_epsilon (a->platen_force[3 + c], moment[c], 1e-8);
        }
      g_assert_cmpfloat_with_epsilon (a->work, b->work, 1e-9);
    }
}

/* Equations as symmetry: u_x of opposite faces equal and opposite, in sum a given width (right side not zero), chained
 * through a third node; against the same bar with prescribed ends. */
static void
test_equations (void)
{
  const double half = 0.04;

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OssMesh) mesh = model_box (kinds[k], bricks, size, NULL, NULL);
      g_autofree double *modulus = filled (mesh->n_elements, e);
      g_autoptr (GArray) prescribed = loads_new ();
      g_autoptr (GArray) low = plane_nodes (mesh, 0, 0.0);
      g_autoptr (GArray) high = plane_nodes (mesh, 0, 8.0);
      g_autofree OssFemTerm *terms = g_new (OssFemTerm, 2 * low->len + 2 * high->len);
      g_autofree OssFemEquation *equations = g_new0 (OssFemEquation, low->len + high->len);
      gsize n = 0;
      gint32 first_low = g_array_index (low, gint32, 0), first_high = g_array_index (high, gint32, 0);

      model_prescribe_plane (prescribed, mesh, 2, 0.0, 2, 0.0);
      model_prescribe_plane (prescribed, mesh, 1, 0.0, 1, 0.0);
      /* All of a face follow its first node, and the first nodes: u_high - u_low = 2 half, u_high + u_low = 0. */
      for (guint side = 0; side < 2; side++)
        for (guint i = 1; i < (side ? high : low)->len; i++)
          {
            OssFemTerm *t = terms + 2 * n;
            t[0] = (OssFemTerm){ g_array_index (side ? high : low, gint32, i), 0, 2.0 };
            t[1] = (OssFemTerm){ side ? first_high : first_low, 0, -2.0 };
            equations[n++] = (OssFemEquation){ .terms = t, .n_terms = 2 };
          }
      for (int sign = -1; sign <= 1; sign += 2)
        {
          OssFemTerm *t = terms + 2 * n;
          t[0] = (OssFemTerm){ first_high, 0, 1.0 };
          t[1] = (OssFemTerm){ first_low, 0, sign };
          equations[n++] = (OssFemEquation){ .terms = t, .n_terms = 2, .right = sign < 0 ? 2.0 * half : 0.0 };
        }
      OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
      model.equations = equations;
      model.n_equations = n;
      g_autoptr (OssFemResult) result = solve (&model);
      double strain = 2.0 * half / 8.0;
      for (gsize i = 0; i < mesh->n_nodes; i++)
        {
          const double *x = mesh->nodes + 3 * i, *u = result->displacement + 3 * i;
          g_assert_cmpfloat_with_epsilon (u[0], strain * (x[0] - 4.0), 1e-12);
          g_assert_cmpfloat_with_epsilon (u[1], -0.3 * strain * x[1], 1e-12);
          g_assert_cmpfloat_with_epsilon (u[2], -0.3 * strain * x[2], 1e-12);
          g_assert_cmpfloat_with_epsilon (result->stress[6 * i], e * strain, 1e-9);
          g_assert_cmpfloat_with_epsilon (result->reaction[3 * i], 0.0, 1e-9);
        }
      g_assert_cmpfloat_with_epsilon (result->strain_energy, 0.5 * e * strain * strain * 480.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (result->work, result->strain_energy, 1e-9);
    }
}

/* A dummy node of no element that carries the load through equations, as decks have it. */
static void
test_dummy (void)
{
  g_autoptr (OssMesh) plain = model_box (OSS_ELEMENT_HEX8, bricks, size, NULL, NULL);
  g_autoptr (OssMesh) mesh = oss_mesh_new (OSS_ELEMENT_HEX8, plain->n_nodes + 1, plain->n_elements, NULL);
  g_autofree double *modulus = filled (mesh->n_elements, e);
  g_autoptr (GArray) prescribed = hold_foot (plain);
  g_autoptr (GArray) forces = loads_new ();
  g_autoptr (GArray) top = plane_nodes (plain, 2, 10.0);
  g_autofree OssFemTerm *terms = g_new (OssFemTerm, 2 * top->len);
  g_autofree OssFemEquation *equations = g_new0 (OssFemEquation, top->len);
  const OssNodal push = { (gint32) plain->n_nodes, 1, -24.0 };

  memcpy (mesh->nodes, plain->nodes, 3 * plain->n_nodes * sizeof (double));
  memcpy (mesh->elements, plain->elements, 8 * plain->n_elements * sizeof (gint32));
  for (guint i = 0; i < top->len; i++)
    {
      terms[2 * i] = (OssFemTerm){ g_array_index (top, gint32, i), 2, 1.0 };
      terms[2 * i + 1] = (OssFemTerm){ push.node, 1, -1.0 };
      equations[i] = (OssFemEquation){ .terms = terms + 2 * i, .n_terms = 2 };
    }
  g_array_append_val (forces, push);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  model.equations = equations;
  model.n_equations = top->len;
  g_autoptr (OssFemResult) result = solve (&model);
  g_assert_cmpfloat_with_epsilon (result->displacement[3 * push.node + 1], -24.0 * 10.0 / (e * 48.0), 1e-13);
  g_assert_cmpfloat (result->displacement[3 * push.node], ==, 0.0);
  /* The same node in no equation carries nothing. */
  model.n_equations = top->len - 1;
  model.equations = equations + 1;
  OssNodal beside = { push.node, 2, 1.0 };
  g_array_append_val (forces, beside);
  model.forces = (const OssNodal *) (void *) forces->data;
  model.n_forces = 2;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "loads nothing");
  model.n_equations = 0;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "loads nothing");
}

/* Each fault is named. */
static void
test_faults (void)
{
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_HEX8, bricks, size, NULL, NULL);
  g_autofree double *modulus = filled (mesh->n_elements, e);
  g_autoptr (GArray) prescribed = hold_foot (mesh);
  g_autoptr (GArray) top = plane_nodes (mesh, 2, 10.0);
  gint32 a = g_array_index (top, gint32, 0), b = g_array_index (top, gint32, 1), foot = 3;
  const OssFemTerm tie[2] = { { a, 2, 1.0 }, { b, 2, -1.0 } }, held[2] = { { foot, 2, 1.0 }, { foot + 1, 2, -3.0 } };
  const OssFemTerm nothing[1] = { { a, 2, 0.0 } }, outside[1] = { { 9999, 0, 1.0 } };
  OssFemEquation equations[3] = { { tie, 2, 0.0, NULL }, { tie, 2, 0.5, "line 7 of x.inp" }, { held, 2, 0.0, NULL } };
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
  OssNodal pull = { a, 0, 1.0 };

  model.forces = &pull;
  model.n_forces = 1;
  model.equations = equations;
  model.n_equations = 2;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "Equation 1 (line 7 of x.inp) contradicts");
  equations[1].right = 0.0; /* said twice: no harm; and one that holds between held nodes */
  model.n_equations = 3;
  g_autoptr (OssFemResult) twice = solve (&model);
  model.n_equations = 1;
  g_autoptr (OssFemResult) once = solve (&model);
  g_assert_cmpuint (twice->dof, ==, once->dof);
  g_assert_cmpfloat_with_epsilon (twice->displacement[3 * a], once->displacement[3 * a], 1e-13);
  equations[2].right = 0.1;
  model.equations = equations + 2;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "Equation 0 contradicts");
  equations[2] = (OssFemEquation){ nothing, 1, 0.0, NULL };
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "no coefficient");
  equations[2] = (OssFemEquation){ outside, 1, 0.0, NULL };
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "the mesh does not");
  model.n_equations = 0;
  OssFemPlaten platen = { .nodes = (const gint32 *) (void *) top->data,
                          .n_nodes = top->len,
                          .reference_mm = { 4.0, 3.0, 10.0 },
                          .planar = TRUE,
                          .normal = { 0.0, 0.0, 1.0 },
                          .load = { 1.0 } };
  model.platens = &platen;
  model.n_platens = 1;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "glides");
  platen.normal[0] = 1.0;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "unit vector");
  platen.normal[0] = 0.0;
  platen.n_nodes = 0;
  expect_failure (&model, OSS_ERROR_INVALID_DATA, "no nodes");
  /* Nothing but a platen free to move: held by nobody. */
  platen = (OssFemPlaten){ .nodes = (const gint32 *) (void *) top->data, .n_nodes = top->len, .load = { 0, 0, 1.0 } };
  model.n_prescribed = 0;
  model.n_forces = 0;
  expect_failure (&model, OSS_ERROR_REFUSED, "not held");
}

/* T' K T entry by entry against full matrices, and the same bits for any number of threads. */
static void
test_product (void)
{
  const int n[3] = { 2, 1, 2 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, size, NULL, NULL);
  g_autofree double *modulus = filled (mesh->n_elements, e);
  g_autoptr (GArray) top = plane_nodes (mesh, 2, 10.0);
  const OssFemTerm mixed[3] = { { 0, 0, 1.0 }, { 1, 2, 0.5 }, { 4, 1, -0.25 } };
  const OssFemEquation equation = { mixed, 3, 0.0, NULL };
  const OssFemPlaten platen = { .nodes = (const gint32 *) (void *) top->data,
                                .n_nodes = top->len,
                                .reference_mm = { 1.0, 2.0, 3.0 } };
  OssFemModel model = model_make (mesh, modulus, 0.3, NULL, NULL);
  g_autoptr (OssElements) elements = oss_elements_new (mesh, NULL, NULL);
  g_autoptr (OssIncidence) incidence = oss_incidence_new (mesh->n_nodes, mesh->n_elements, 10, mesh->elements, NULL);

  model.equations = &equation;
  model.n_equations = 1;
  model.platens = &platen;
  model.n_platens = 1;
  g_autoptr (OssBlockMatrix) k = oss_fem_assemble (&model, elements, incidence, NULL, NULL);
  g_autoptr (OssConstraints) constraints = oss_constraints_new (&model, incidence, NULL, NULL);
  gsize m = constraints->n;
  g_autofree gint32 *unknown = g_new (gint32, m);
  g_autofree double *v = g_new0 (double, m);
  g_autofree double *u = g_new0 (double, m);
  g_autofree double *f = g_new0 (double, m);
  g_autofree double *row = g_new0 (double, m);
  gsize n_unknowns = 0;

  for (gsize i = 0; i < m; i++)
    unknown[i] = constraints->row[i] < 0 && constraints->used[i] ? (gint32) n_unknowns++ : -1;
  g_assert_cmpuint (n_unknowns, ==, 3 * mesh->n_nodes - 3 * top->len - 1 + 6);
  oss_parallel_set_threads (3);
  g_autoptr (OssSymmetric) a = oss_constraints_reduce (constraints, k, unknown, n_unknowns, NULL, NULL);
  oss_parallel_set_threads (1);
  g_autoptr (OssSymmetric) b = oss_constraints_reduce (constraints, k, unknown, n_unknowns, NULL, NULL);
  oss_parallel_set_threads (0);
  gsize entries = (gsize) a->start[n_unknowns];
  g_assert_cmpmem (a->value, entries * sizeof (double), b->value, entries * sizeof (double));
  g_assert_cmpmem (a->index, entries * sizeof (gint64), b->index, entries * sizeof (gint64));
  for (gsize i = 0; i < m; i++)
    if (unknown[i] >= 0)
      {
        memset (v, 0, m * sizeof *v);
        v[i] = 1.0;
        oss_constraints_expand (constraints, v, FALSE, u);
        memset (f, 0, m * sizeof *f);
        oss_block_matrix_multiply (k, u, f);
        oss_constraints_gather (constraints, f, row);
        gint64 at = a->start[unknown[i]];
        for (gsize c = 0; c < m; c++)
          if (unknown[c] >= 0 && unknown[c] <= unknown[i])
            {
              gboolean kept = at < a->start[unknown[i] + 1] && a->index[at] == unknown[c];
              g_assert_cmpfloat_with_epsilon (kept ? a->value[at] : 0.0, row[c], 1e-8 * (1.0 + fabs (row[i])));
              at += kept;
            }
        g_assert_cmpint (at, ==, a->start[unknown[i] + 1]);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/constraints/eccentric", test_eccentric);
  g_test_add_func ("/fem/constraints/moved", test_moved);
  g_test_add_func ("/fem/constraints/equations", test_equations);
  g_test_add_func ("/fem/constraints/dummy", test_dummy);
  g_test_add_func ("/fem/constraints/faults", test_faults);
  g_test_add_func ("/fem/constraints/product", test_product);
  return g_test_run ();
}
