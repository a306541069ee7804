/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve DECK as scripts see it: exit status, result.json, solution.vtu; closed forms, CalculiX, and decks that are
 * wrong. */
#include "cli-run.h"
#include "fem-ccx.h"
#include "fem-decks.h"
#include "fem-models.h"
#include "fem/oss-fem-loads.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *work;

static Run
run_command (const char *line)
{
  g_autofree char *quiet = g_strconcat ("--quiet ", line, NULL);
  return run_line (work, quiet);
}

static JsonObject *
run_json (JsonParser *parser, int status, const char *line)
{
  g_autofree char *whole = g_strconcat ("--json ", line, NULL);
  g_auto (Run) run = run_command (whole);
  return run_document (&run, parser, status, line);
}

static void
expect (int status, const char *words, const char *line)
{
  g_auto (Run) run = run_command (line);
  run_expect (&run, status, words, line);
}

/* A number by its way: "stress", "von_mises_p50_mpa", NULL. */
static double
number (JsonObject *object, const char *name, ...)
{
  va_list names;

  va_start (names, name);
  for (const char *next = va_arg (names, const char *); next != NULL; next = va_arg (names, const char *))
    {
      object = json_object_get_object_member (object, name);
      name = next;
    }
  va_end (names);
  return json_object_get_double_member (object, name);
}

static double
component (JsonObject *object, const char *group, const char *inside, const char *name, guint k)
{
  object = json_object_get_object_member (object, group);
  if (inside != NULL)
    object = json_object_get_object_member (object, inside);
  return json_array_get_double_element (json_object_get_array_member (object, name), k);
}

static void
write_text (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* An array of solution.vtu in @folder, read by a program that is not ours. */
static double *
vtu_array (const char *folder, const char *name, gsize n)
{
  g_autofree char *vtu = g_build_filename (work, folder, "solution.vtu", NULL);
  g_autofree char *raw = g_build_filename (work, folder, "raw", NULL);
  g_autofree char *reader = g_test_build_filename (G_TEST_DIST, "formats", "read_vtu.py", NULL);
  g_autofree char *path = g_build_filename (raw, name, NULL);
  char *argv[] = { (char *) "python3", reader, vtu, raw, NULL };
  double *values = NULL;
  gsize length;

  g_mkdir (raw, 0700);
  g_auto (Run) run = run_program (work, argv);
  g_assert_cmpint (run.status, ==, 0);
  g_assert_true (g_file_get_contents (path, (char **) (void *) &values, &length, NULL));
  g_assert_cmpuint (length, ==, n * sizeof (double));
  return values;
}

/* --- A cube --- */

/* 2 mm wide, pressed by 0.1 mm, free sideways: 50 MPa, 200 N, 1.25 MPa of energy density. */
static void
test_cube (void)
{
  g_autofree char *text = deck_changed ("BOTTOM,1,3\n", "BOTTOM,3\n1,1,2\n2,2\n*NODE FILE\nU\n*BOUNDARY\n");
  g_autoptr (JsonParser) parser = json_parser_new ();

  write_text ("cube.inp", text);
  JsonObject *result = run_json (parser, 0, "solve cube.inp --out cube");
  g_assert_cmpstr (json_object_get_string_member (result, "engine"), ==, "hex8");
  g_assert_cmpfloat_with_epsilon (number (result, "reaction_n", NULL), 200.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (number (result, "stiffness_n_per_mm", NULL), 2000.0, 1e-8);
  g_assert_cmpfloat_with_epsilon (component (result, "sets", "TOP", "reaction_n", 2), -200.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (component (result, "sets", "BOTTOM", "reaction_n", 2), 200.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (component (result, "sets", "TOP", "mean_displacement_mm", 2), -0.1, 1e-15);
  g_assert_cmpfloat_with_epsilon (number (result, "energy", "work_n_mm", NULL), 10.0, 1e-9);
  g_assert_cmpfloat (number (result, "energy", "relative_error", NULL), <, 1e-6);
  g_assert_cmpfloat_with_epsilon (number (result, "stress", "von_mises_p99_mpa", NULL), 50.0, 1e-9);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (result, "mesh"), "dof"), ==, 24 - 11);
  JsonObject *solver = json_object_get_object_member (result, "solver");
  g_assert_true (json_object_get_boolean_member (solver, "converged"));
  g_assert_nonnull (strstr (json_object_get_string_member (solver, "choice"), "only 13 unknowns"));
  const char *steps[] = { "read", "assemble", "solve", "recover" };
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_assert_cmpfloat (number (result, "seconds", steps[i], NULL), >, 0.0);
      g_assert_cmpfloat (number (result, "memory_mib", steps[i], NULL), >, 1.0);
    }
  JsonArray *warnings = json_object_get_array_member (result, "warnings");
  g_assert_nonnull (strstr (json_array_get_string_element (warnings, 0), "*NODE FILE"));

  g_autofree double *principal = vtu_array ("cube", "element_principal_stress_mpa", 3);
  g_autofree double *direction = vtu_array ("cube", "element_principal_direction", 9);
  g_autofree double *stress = vtu_array ("cube", "stress_xx_yy_zz_yz_xz_xy_mpa", 48);
  g_autofree double *nodal = vtu_array ("cube", "strain_energy_density_mpa", 8);
  g_autofree double *energy = vtu_array ("cube", "element_strain_energy_density_mpa", 1);
  g_autofree double *reaction = vtu_array ("cube", "reaction_n", 24);
  g_autofree double *node = vtu_array ("cube", "node_number", 8);
  g_assert_cmpfloat_with_epsilon (principal[0], 0.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (principal[2], -50.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (fabs (direction[8]), 1.0, 1e-9); /* the third along z */
  g_assert_cmpfloat_with_epsilon (energy[0], 1.25, 1e-9);
  for (int i = 0; i < 8; i++)
    {
      g_assert_cmpfloat_with_epsilon (stress[6 * i + 2], -50.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (nodal[i], 1.25, 1e-9);
      g_assert_cmpfloat_with_epsilon (reaction[3 * i + 2], i < 4 ? 50.0 : -50.0, 1e-9);
      g_assert_cmpfloat (node[i], ==, i + 1.0);
    }
}

/* --- Decks and options that are wrong --- */

static void
test_wrong (void)
{
  g_autofree char *nowhere = g_build_filename (work, "nowhere", NULL);

  for (gsize i = 0; i < n_wrong_decks; i++)
    {
      g_autofree char *text = wrong_deck_text (&wrong_decks[i]);
      write_text ("wrong.inp", text);
      g_test_message ("%s", wrong_decks[i].name);
      expect (3, wrong_decks[i].words, "solve wrong.inp --out nowhere");
      g_assert_false (g_file_test (nowhere, G_FILE_TEST_EXISTS));
    }
}

static void
test_options (void)
{
  write_text ("deck.inp", cube_deck);
  expect (2, "Usage", "solve");
  expect (2, "Usage", "solve deck.inp deck.inp");
  expect (2, "--solver", "solve deck.inp --solver fast");
  expect (2, "tolerance", "solve deck.inp --tolerance 2");
  expect (2, "tolerance", "solve deck.inp --max-iterations -1");
  expect (2, "a colon", "solve deck.inp --force TOP");
  expect (2, "3 numbers", "solve deck.inp --force TOP:1,2");
  expect (2, "3 numbers", "solve deck.inp --traction TOP:1,2,nan");
  expect (2, "1 numbers", "solve deck.inp --pressure TOP:high");
  expect (2, "the motions are", "solve deck.inp --moment TOP:nod=3");
  expect (2, "KEY=NUMBER", "solve deck.inp --platen TOP:up");
  expect (2, "a platen has", "solve deck.inp --platen TOP:w=1");
  expect (3, "no node set LID", "solve deck.inp --force LID:0,0,1");
  expect (3, "contradicts", "solve deck.inp --platen TOP:uz=1");
  expect (3, "factorised", "solve deck.inp --solver cg --platen TOP:fx=1");
  expect (3, "absent.inp", "solve absent.inp");
  expect (4, "Nothing can be written", "solve deck.inp --write-deck missing/model.inp");
  g_autofree char *loose = deck_changed ("5,6,7,8\n*MATERIAL", "5,6\n*MATERIAL");
  write_text ("loose.inp", loose);
  expect (3, "--force", "solve loose.inp --force TOP:0,0,1"); /* an edge has no faces */
}

/* Status 4, and the history is told and written. */
static void
test_unfinished (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *path = g_build_filename (work, "stuck", "result.json", NULL);
  g_autofree char *vtu = g_build_filename (work, "stuck", "solution.vtu", NULL);

  write_text ("deck.inp", cube_deck);
  JsonObject *result = run_json (parser, 4, "solve deck.inp --solver cg --tolerance 1e-30 --out stuck");
  JsonObject *solver = json_object_get_object_member (result, "solver");
  g_assert_true (json_object_get_null_member (result, "reaction_n"));
  g_assert_false (json_object_get_boolean_member (solver, "converged"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (solver, "history")), >=, 2);
  g_assert_cmpfloat (json_array_get_double_element (json_object_get_array_member (solver, "history"), 0), ==, 1.0);
  g_assert_nonnull (strstr (json_object_get_string_member (solver, "reason"), "not solved"));
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  g_assert_false (g_file_test (vtu, G_FILE_TEST_EXISTS));
  expect (4, "not solved", "solve deck.inp --solver cg --tolerance 1e-30");
}

/* --- Decks of meshes --- */

static void
add_set (GString *cards, const OssMesh *mesh, const char *name, double z)
{
  g_string_append_printf (cards, "*NSET, NSET=%s\n", name);
  for (gsize i = 0; i < mesh->n_nodes; i++)
    if (fabs (mesh->nodes[3 * i + 2] - z) < 1e-6)
      g_string_append_printf (cards, "%zu\n", i + 1);
}

/* The model as a deck of work/, with the sets TOP (at @top_mm) and BASE (at 0). */
static void
write_model (const OssFemModel *model, const char *name, double top_mm)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GString) cards = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  oss_fem_write_deck (model, path, 0, "made by a test", &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  add_set (cards, model->mesh, "TOP", top_mm);
  add_set (cards, model->mesh, "BASE", 0.0);
  g_autofree char *whole = deck_with_cards (text, cards->str);
  write_text (name, whole);
}

/* A bar of 4 x 3 x 10 mm on rollers, nu = 0: linear strain, which quadratic elements hold exactly. */
static void
write_bar (const char *name, double left_mpa, double right_mpa)
{
  const int n[3] = { 4, 2, 4 };
  const double size[3] = { 4.0, 3.0, 10.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, size, NULL, NULL);
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      double x[3];
      model_centre (mesh, e, x);
      modulus[e] = x[0] < 2.0 ? left_mpa : right_mpa;
    }
  model_prescribe_plane (prescribed, mesh, 2, 0.0, 2, 0.0);
  for (gint8 axis = 0; axis < 2; axis++)
    for (gsize i = 0; i < mesh->n_nodes; i++)
      {
        const double *x = mesh->nodes + 3 * i;
        OssNodal hold = { (gint32) i, axis, 0.0 };
        if (x[2] < 1e-6 && fabs (x[1] - 1.5) < 1e-6 && (axis == 1 || x[0] < 1e-6))
          g_array_append_val (prescribed, hold);
      }
  OssFemModel model = model_make (mesh, modulus, 0.0, prescribed, NULL);
  write_model (&model, name, 10.0);
}

/* Beam theory: work M^2 L / 2EI, deflection M L^2 / 2EI. */
static void
test_bending (void)
{
  static const struct
  {
    const char *option;
    double inertia, moment[3]; /* mm4, N mm */
    int axis;
    double sign; /* of the deflection */
  } cases[] = {
    { "TOP:25,0,0", 9.0, { 25, 0, 0 }, 1, -1.0 },          { "TOP:flexion=25", 9.0, { 25, 0, 0 }, 1, -1.0 },
    { "TOP:extension=25", 9.0, { -25, 0, 0 }, 1, 1.0 },    { "TOP:bend-left=25", 16.0, { 0, 25, 0 }, 0, 1.0 },
    { "TOP:bend-right=25", 16.0, { 0, -25, 0 }, 0, -1.0 },
  };
  g_autoptr (JsonParser) parser = json_parser_new ();

  write_bar ("bar.inp", 800.0, 800.0);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *line = g_strdup_printf ("solve bar.inp --moment %s", cases[i].option);
      JsonObject *result = run_json (parser, 0, line);
      double rigidity = 800.0 * cases[i].inertia, done = 0.5 * 625.0 * 10.0 / rigidity;
      g_assert_cmpfloat_with_epsilon (number (result, "energy", "work_n_mm", NULL), done, 1e-9 * done);
      g_assert_cmpfloat (number (result, "energy", "relative_error", NULL), <, 1e-6);
      g_assert_cmpfloat_with_epsilon (component (result, "sets", "TOP", "mean_displacement_mm", (guint) cases[i].axis),
                                      cases[i].sign * 0.5 * 25.0 * 100.0 / rigidity, 1e-9);
      for (guint k = 0; k < 3; k++)
        {
          g_assert_cmpfloat_with_epsilon (component (result, "forces", NULL, "applied_n", k), 0.0, 1e-10);
          g_assert_cmpfloat_with_epsilon (component (result, "forces", NULL, "applied_n_mm", k), cases[i].moment[k],
                                          1e-9);
          g_assert_cmpfloat_with_epsilon (component (result, "forces", NULL, "held_n_mm", k), -cases[i].moment[k],
                                          1e-8);
        }
    }
}

/* 2 MPa over 12 mm2, said in three ways: 24 N, 0.025 mm, 2 MPa everywhere. */
static void
test_pull (void)
{
  const char *options[] = { "--traction TOP:0,0,2", "--force TOP:0,0,24", "--pressure TOP:-2",
                            "--traction TOP:0,0,1 --force TOP:0,0,12" };
  g_autoptr (JsonParser) parser = json_parser_new ();

  write_bar ("bar.inp", 800.0, 800.0);
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_autofree char *line = g_strdup_printf ("solve bar.inp %s", options[i]);
      JsonObject *result = run_json (parser, 0, line);
      g_assert_cmpfloat_with_epsilon (number (result, "reaction_n", NULL), 24.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (component (result, "sets", "BASE", "reaction_n", 2), -24.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (component (result, "sets", "TOP", "mean_displacement_mm", 2), 0.025, 1e-11);
      g_assert_cmpfloat_with_epsilon (number (result, "stress", "von_mises_max_mpa", NULL), 2.0, 1e-9);
      g_assert_cmpfloat_with_epsilon (number (result, "stress", "von_mises_p50_mpa", NULL), 2.0, 1e-9);
    }
}

/* Half of the bar 400 MPa, half 1200 MPa, under a plate: strain e + k x with e = u / L and no moment, so that
 * k = -e S1 / S2 and F = e S0 + k S1, S0 S1 S2 being the integrals of E, E x, E x^2 about the middle. */
static void
test_tilt (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  write_bar ("halves.inp", 400.0, 1200.0);
  JsonObject *result = run_json (parser, 0, "solve halves.inp --platen TOP:uz=-0.1");
  g_assert_cmpfloat_with_epsilon (number (result, "reaction_n", NULL), 78.0, 1e-8);
  g_assert_cmpfloat_with_epsilon (number (result, "stiffness_n_per_mm", NULL), 780.0, 1e-7);
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "force_n_moment_n_mm", 2), -78.0, 1e-8);
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "force_n_moment_n_mm", 4), 0.0, 1e-8);
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "motion_mm_rad", 4), -0.0375, 1e-11);
  g_assert_cmpfloat (number (result, "energy", "relative_error", NULL), <, 1e-6);

  result = run_json (parser, 0, "solve halves.inp --platen TOP:uz=-0.1,rx=0,ry=0");
  g_assert_cmpfloat_with_epsilon (number (result, "reaction_n", NULL), 96.0, 1e-8);
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "force_n_moment_n_mm", 4), 48.0, 1e-8);

  result = run_json (parser, 0, "solve halves.inp --platen TOP:fz=-96,my=48");
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "motion_mm_rad", 2), -0.1, 1e-11);
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "motion_mm_rad", 4), 0.0, 1e-11);
  /* The same force through the centre of stiffness, S1 / S0 = 0.5 mm beside the middle. */
  result = run_json (parser, 0, "solve halves.inp --platen TOP:fz=-96,x=2.5,y=1.5,z=10,glide=z");
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "motion_mm_rad", 2), -0.1, 1e-11);
  g_assert_cmpfloat_with_epsilon (component (result, "platens", "TOP", "motion_mm_rad", 4), 0.0, 1e-11);
}

#define RADIUS 3.0
#define LENGTH 12.0

/* The unit cube to a round bar (Shirley and Chiu's concentric map). */
static void
map_round (double x[3], void *data)
{
  double a = 2.0 * x[0] - 1.0, b = 2.0 * x[1] - 1.0;

  x[0] = RADIUS * a * sqrt (1.0 - 0.5 * b * b);
  x[1] = RADIUS * b * sqrt (1.0 - 0.5 * a * a);
  x[2] *= LENGTH;
}

/* Polar moment of the bar's own section, a polygon: triangles about the origin. */
static double
polar_moment (const OssMesh *mesh)
{
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
  double sum = 0.0;

  for (gsize i = 0; i < mesh->n_nodes; i++)
    if (fabs (mesh->nodes[3 * i + 2] - LENGTH) < 1e-6)
      {
        gint32 node = (gint32) i;
        g_array_append_val (nodes, node);
      }
  g_autoptr (OssFaces) faces = oss_faces_boundary (mesh, (const gint32 *) (void *) nodes->data, nodes->len, NULL);
  for (gsize f = 0; f < faces->n; f++)
    {
      const double *p[3];
      double square = 0.0, total[2] = { 0.0 };
      for (int a = 0; a < 3; a++)
        {
          p[a] = mesh->nodes + 3 * (gsize) faces->nodes[f * (gsize) faces->n_nodes + (gsize) a];
          square += p[a][0] * p[a][0] + p[a][1] * p[a][1];
          total[0] += p[a][0];
          total[1] += p[a][1];
        }
      double area = 0.5 * fabs ((p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]));
      sum += area / 12.0 * (square + total[0] * total[0] + total[1] * total[1]);
    }
  return sum;
}

/* A round bar: T = G J turn / L.  Its section does not warp, so that a plate and a held end disturb nothing; the
 * corners of the polygon carry a little less than their share. */
static void
test_torsion (void)
{
  const int n[3] = { 12, 12, 5 };
  const double unit[3] = { 1.0, 1.0, 1.0 }, shear = 1000.0 / 2.6;
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, unit, map_round, NULL);
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autoptr (JsonParser) parser = json_parser_new ();
  double moment = polar_moment (mesh), circle = 0.5 * G_PI * RADIUS * RADIUS * RADIUS * RADIUS;
  double torque = shear * moment * 0.01 / LENGTH;

  for (gsize e = 0; e < mesh->n_elements; e++)
    modulus[e] = 1000.0;
  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (prescribed, mesh, 2, 0.0, axis, 0.0);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
  write_model (&model, "round.inp", LENGTH);
  JsonObject *result = run_json (parser, 0, "solve round.inp --platen TOP:rz=0.01");
  double plate = component (result, "platens", "TOP", "force_n_moment_n_mm", 5);
  g_assert_cmpfloat_with_epsilon (component (result, "forces", NULL, "held_n_mm", 2), -plate, 1e-8 * plate);
  result = run_json (parser, 0, "solve round.inp --moment TOP:turn-left=100");
  double done = number (result, "energy", "work_n_mm", NULL), expected = 0.5 * 1e4 * LENGTH / (shear * moment);
  g_test_message ("section %.3f mm4 (circle %.3f): plate %.4f N mm against %.4f (%+.3f %%), moment: work %.5f against "
                  "%.5f N mm (%+.3f %%)",
                  moment, circle, plate, torque, 100.0 * (plate / torque - 1.0), done, expected,
                  100.0 * (done / expected - 1.0));
  g_assert_cmpfloat_with_epsilon (moment, circle, 0.01 * circle);
  g_assert_cmpfloat_with_epsilon (plate, torque, 0.003 * torque);
  g_assert_cmpfloat_with_epsilon (done, expected, 0.003 * expected);
  g_assert_cmpfloat (component (result, "forces", NULL, "applied_n_mm", 2), >, 99.9);
}

/* --- CalculiX solves the same files --- */

static GArray *
press_body (const OssMesh *mesh)
{
  GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  const double move[3] = { 0.02, -0.03, -0.1 };

  for (gsize i = 0; i < mesh->n_nodes; i++)
    for (gint8 axis = 0; axis < 3 && fabs (mesh->nodes[3 * i + 2]) > 12.3; axis++)
      {
        OssNodal load = { (gint32) i, axis, mesh->nodes[3 * i + 2] > 0.0 ? move[axis] : 0.0 };
        g_array_append_val (loads, load);
      }
  return loads;
}

static void
compare_with_ccx (const char *name, const char *folder, JsonObject *result, gsize n_nodes, gsize n_elements)
{
  static const char *const keys[3] = { "von_mises_p50_mpa", "von_mises_p95_mpa", "von_mises_p99_mpa" };
  g_auto (CcxReference) reference = { 0 };
  g_autofree double *displacement = vtu_array (folder, "displacement_mm", 3 * n_nodes);
  double theirs[3], sum = 0.0, size = 0.0;

  ccx_run (work, name, n_nodes, n_elements, &reference);
  ccx_percentiles (&reference, theirs);
  double apart = largest_difference (displacement, reference.displacement, 3 * n_nodes);
  for (guint k = 0; k < 3 && isfinite (reference.force[0]); k++)
    {
      double d = component (result, "forces", NULL, "moved_n", k) - reference.force[k];
      sum += d * d;
      size += reference.force[k] * reference.force[k];
    }
  g_test_message ("%s: reaction %.4f N (%.1e off), displacement %.1e of the largest off, von Mises p50 %.5f (%.5f) p95 "
                  "%.5f (%.5f) p99 %.5f (%.5f) MPa",
                  name, sqrt (size), size > 0.0 ? sqrt (sum / size) : 0.0, apart,
                  number (result, "stress", keys[0], NULL), theirs[0], number (result, "stress", keys[1], NULL),
                  theirs[1], number (result, "stress", keys[2], NULL), theirs[2]);
  g_assert_cmpfloat (sqrt (sum), <=, 1e-4 * sqrt (size));
  g_assert_cmpfloat (apart, <, 1e-5);
  for (int p = 0; p < 3; p++)
    g_assert_cmpfloat_with_epsilon (number (result, "stress", keys[p], NULL), theirs[p], 0.02 * theirs[p]);
}

/* The deck that ccx gets, and ours is the same file. */
static void
make_asking (const char *name, gsize n_elements)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_autofree char *asking = ccx_ask_for_stress (text, n_elements);
  write_text (name, asking);
}

static void
test_ccx (void)
{
  static const struct
  {
    OssElementKind kind;
    int n[3];
  } cases[] = { { OSS_ELEMENT_TET10, { 8, 6, 5 } },
                { OSS_ELEMENT_TET4, { 13, 10, 9 } },
                { OSS_ELEMENT_HEX8, { 13, 10, 9 } } };
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (OssMesh) mesh = model_body (cases[i].kind, cases[i].n);
      g_autofree double *modulus = model_body_modulus (mesh, 31 + i);
      g_autoptr (GArray) prescribed = press_body (mesh);
      oss_fem_bin_modulus (modulus, mesh->n_elements, 100, modulus);
      OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
      write_model (&model, "body.inp", 1e9);
      g_autofree char *path = g_build_filename (work, "body.inp", NULL);
      g_assert_true (oss_fem_write_deck (&model, path, 0, NULL, NULL));
      make_asking ("body.inp", mesh->n_elements);
      JsonObject *result = run_json (parser, 0, "solve body.inp --out body");
      g_assert_cmpfloat (number (result, "reaction_n", NULL), >, 1000.0);
      compare_with_ccx ("body", "body", result, mesh->n_nodes, mesh->n_elements);
    }
}

/* What the command line adds, written as a deck: a plate as equations, moments as nodal forces. */
static void
test_ccx_loads (void)
{
  static const struct
  {
    const char *options, *folder;
  } cases[] = { { "--platen TOP:fz=-100,mx=60,my=-40", "plate" },
                { "--platen TOP:uz=-0.1,glide=z", "glide" },
                { "--moment TOP:turn-right=90 --moment TOP:flexion=50 --traction TOP:0.5,0,-3", "spread" } };
  const int n[3] = { 4, 2, 4 };
  const double size[3] = { 4.0, 3.0, 10.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, size, NULL, NULL);
  g_autofree double *modulus = model_body_modulus (mesh, 9);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (gsize e = 0; e < mesh->n_elements; e++)
    modulus[e] = 500.0 + 100.0 * (double) (e % 7);
  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (prescribed, mesh, 2, 0.0, axis, 0.0);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
  write_model (&model, "column.inp", 10.0);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *line = g_strdup_printf ("solve column.inp %s --out %s --write-deck %s/%s.inp", cases[i].options,
                                               cases[i].folder, work, cases[i].folder);
      g_autofree char *deck = g_strconcat (cases[i].folder, ".inp", NULL);
      JsonObject *result = run_json (parser, 0, line);
      make_asking (deck, mesh->n_elements);
      compare_with_ccx (cases[i].folder, cases[i].folder, result, mesh->n_nodes, mesh->n_elements);
    }
}

/* --- Too large, and stopped --- */

static void
write_large (void)
{
  const int n[3] = { 56, 56, 56 };
  const double size[3] = { 56.0, 56.0, 56.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_HEX8, n, size, NULL, NULL);
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autofree char *path = g_build_filename (work, "large.inp", NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  for (gsize e = 0; e < mesh->n_elements; e++)
    modulus[e] = 1000.0;
  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (prescribed, mesh, 2, 0.0, axis, 0.0);
  model_prescribe_plane (prescribed, mesh, 2, 56.0, 2, -0.1);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
  g_assert_true (oss_fem_write_deck (&model, path, 0, NULL, NULL));
}

/* 175,616 bricks need more than 790 MiB; the program gets 0.5 GB. */
static void
test_memory (void)
{
#if defined(__SANITIZE_ADDRESS__)
  g_test_skip ("a limit on the address space and the address sanitizer exclude one another");
#else
  char *argv[] = { (char *) "sh", (char *) "-c",
                   (char *) "ulimit -v 500000; exec \"$0\" --quiet --threads 1 solve large.inp --out limited",
                   (char *) g_getenv ("OSSATURE_CLI"), NULL };
  g_autofree char *folder = g_build_filename (work, "limited", NULL);

  write_large ();
  g_auto (Run) run = run_program (work, argv);
  g_test_message ("%s", run.err);
  g_assert_cmpint (run.status, ==, 4);
  g_assert_nonnull (strstr (run.err, "175616 elements and up to 555579 unknowns: at least 790."));
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
#endif
}

/* Interrupted while it solves: status 130, nothing is left. */
static void
test_interrupt (void)
{
  char *argv[] = { (char *) g_getenv ("OSSATURE_CLI"),
                   (char *) "solve",
                   (char *) "large.inp",
                   (char *) "--out",
                   (char *) "stopped",
                   NULL };
  g_autofree char *folder = g_build_filename (work, "stopped", NULL);
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  GPid child;
  int errors, status;
  char buffer[256];
  ssize_t n;

  write_large ();
  g_spawn_async_with_pipes (work, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                            &child, NULL, NULL, &errors, &error);
  g_assert_no_error (error);
  while (strstr (told->str, "Solving") == NULL && strstr (told->str, "Preparing") == NULL
         && (n = read (errors, buffer, sizeof buffer)) > 0)
    g_string_append_len (told, buffer, n);
  gint64 begin = g_get_monotonic_time ();
  kill (child, SIGINT);
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;
  double seconds = (double) (g_get_monotonic_time () - begin) / 1e6;
  close (errors);
  g_test_message ("ended %.3f s after the interrupt", seconds);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 130);
  g_assert_cmpfloat (seconds, <, 2.0); /* 0.2 s on a machine that does nothing else */
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  work = g_dir_make_tmp ("oss-deck-XXXXXX", NULL);
  g_test_add_func ("/cli/deck/cube", test_cube);
  g_test_add_func ("/cli/deck/wrong", test_wrong);
  g_test_add_func ("/cli/deck/options", test_options);
  g_test_add_func ("/cli/deck/unfinished", test_unfinished);
  g_test_add_func ("/cli/deck/bending", test_bending);
  g_test_add_func ("/cli/deck/pull", test_pull);
  g_test_add_func ("/cli/deck/tilt", test_tilt);
  g_test_add_func ("/cli/deck/torsion", test_torsion);
  g_test_add_func ("/cli/deck/ccx", test_ccx);
  g_test_add_func ("/cli/deck/ccx-loads", test_ccx_loads);
  g_test_add_func ("/cli/deck/memory", test_memory);
  g_test_add_func ("/cli/deck/interrupt", test_interrupt);
  int status = g_test_run ();
  remove_folder (work);
  return status;
}
