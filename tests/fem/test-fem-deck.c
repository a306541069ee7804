/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decks: what is written is read back, what cards mean, and what is wrong is told with its line. */
#include "fem-decks.h"
#include "fem-models.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static char *
write_file (const char *name, const char *text, gssize length)
{
  char *path = g_build_filename (folder, name, NULL);
  g_assert_true (g_file_set_contents (path, text, length, NULL));
  return path;
}

static OssDeck *
read_text (const char *text)
{
  g_autofree char *path = write_file ("deck.inp", text, -1);
  g_autoptr (GError) error = NULL;
  OssDeck *deck = oss_deck_read (path, NULL, &error);
  g_assert_no_error (error);
  return deck;
}

static OssFemResult *
solve (const OssFemModel *model)
{
  g_autoptr (GError) error = NULL;
  OssFemResult *result = oss_fem_solve (model, NULL, &error);
  g_assert_no_error (error);
  return result;
}

/* --- What is written is read back --- */

static void
check_mesh (const OssMesh *a, const OssMesh *b)
{
  gsize n = a->n_elements * (gsize) oss_element_nodes (a->kind);
  g_assert_cmpint (a->kind, ==, b->kind);
  g_assert_cmpmem (a->nodes, 3 * a->n_nodes * sizeof (double), b->nodes, 3 * b->n_nodes * sizeof (double));
  g_assert_cmpmem (a->elements, n * sizeof (gint32), b->elements,
                   b->n_elements * (gsize) oss_element_nodes (b->kind) * sizeof (gint32));
}

/* Isotropic and orthotropic elements, an equation with a right side, forces: the same displacements to rounding. */
static void
test_round_trip (void)
{
  const int n[3] = { 4, 3, 3 };
  const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };

  for (gsize kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
    {
      g_autoptr (OssMesh) mesh = model_body (kinds[kind], n);
      g_autofree double *modulus = model_body_modulus (mesh, 5);
      g_autofree gint32 *material = g_new (gint32, mesh->n_elements);
      g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      const double constants[9] = { 300, 400, 900, 0.2, 0.1, 0.15, 120, 140, 160 };
      const double axes[9] = { 0.6, 0.8, 0, -0.8, 0.6, 0, 0, 0, 1 };
      OssFemMaterial materials[2];
      g_autoptr (GError) error = NULL;

      for (gsize i = 0; i < mesh->n_nodes; i++)
        for (gint8 axis = 0; axis < 3 && mesh->nodes[3 * i + 2] < -12.3; axis++)
          {
            OssNodal hold = { (gint32) i, axis, axis == 2 ? 0.01 : 0.0 };
            g_array_append_val (prescribed, hold);
          }
      g_assert_true (oss_fem_material_orthotropic (&materials[0], OSS_ELASTICITY_ENGINEERING, constants, axes, NULL));
      g_assert_true (oss_fem_material_isotropic (&materials[1], 777.0, 0.25, NULL));
      for (gsize e = 0; e < mesh->n_elements; e++)
        {
          material[e] = e % 5 == 0 ? 0 : e % 7 == 0 ? 1 : -1;
          modulus[e] = material[e] >= 0 ? materials[material[e]].modulus_mpa : modulus[e];
        }
      gint32 top = (gint32) (mesh->n_nodes / 2);
      while (mesh->nodes[3 * top + 2] < 5.0)
        top++;
      const OssNodal push[2] = { { top, 2, -40.0 }, { top, 0, 7.0 } };
      const OssFemTerm terms[2] = { { top, 1, 2.0 }, { top == 0 ? 1 : top - 1, 1, -1.0 } };
      const OssFemEquation equation = { terms, 2, 0.05, NULL };
      OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
      model.material = material;
      model.materials = materials;
      model.n_materials = 2;
      model.forces = push;
      model.n_forces = 2;
      model.equations = &equation;
      model.n_equations = 1;

      g_autofree char *path = g_build_filename (folder, "round.inp", NULL);
      g_assert_true (oss_fem_write_deck (&model, path, 0, "there and back", &error));
      g_autoptr (OssDeck) deck = oss_deck_read (path, NULL, &error);
      g_assert_no_error (error);
      OssFemModel back = oss_deck_model (deck);
      g_assert_cmpuint (back.mesh->n_nodes, ==, mesh->n_nodes + 1); /* the right side's */
      g_assert_cmpuint (back.n_prescribed, ==, prescribed->len + 1);
      g_autoptr (OssFemResult) here = solve (&model);
      g_autoptr (OssFemResult) there = solve (&back);
      double largest = 0.0, difference = 0.0;
      for (gsize f = 0; f < 3 * mesh->n_nodes; f++)
        {
          largest = fmax (largest, fabs (here->displacement[f]));
          difference = fmax (difference, fabs (here->displacement[f] - there->displacement[f]));
        }
      g_test_message ("%s: displacements %.1e of the largest (%.3g mm) apart", oss_element_name (mesh->kind),
                      difference / largest, largest);
      g_assert_cmpfloat (largest, >, 0.005);
      g_assert_cmpfloat (difference, <, 1e-9 * largest);
      g_assert_cmpfloat_with_epsilon (there->strain_energy, there->work, 1e-6 * there->work);
    }
}

/* Without equations everything is the same to the last bit: numbers have 17 digits where they fit into 20 columns. */
static void
test_same_bits (void)
{
  const int n[3] = { 3, 3, 3 };
  const double size[3] = { 3.0, 3.0, 6.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, size, NULL, NULL);
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autofree char *path = g_build_filename (folder, "bits.inp", NULL);

  for (gsize e = 0; e < mesh->n_elements; e++)
    modulus[e] = 100.0 + (double) (e % 16);
  for (int axis = 0; axis < 3; axis++)
    model_prescribe_plane (prescribed, mesh, 2, 0.0, axis, 0.0);
  model_prescribe_plane (prescribed, mesh, 2, 6.0, 2, -0.125);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, NULL);
  g_assert_true (oss_fem_write_deck (&model, path, 0, NULL, NULL));
  g_autoptr (OssDeck) deck = oss_deck_read (path, NULL, NULL);
  g_assert_nonnull (deck);
  OssFemModel back = oss_deck_model (deck);
  check_mesh (mesh, back.mesh);
  g_assert_cmpmem (modulus, mesh->n_elements * sizeof (double), back.modulus_mpa, mesh->n_elements * sizeof (double));
  g_assert_cmpfloat (back.poisson, ==, 0.3);
  g_assert_null (back.material);
  g_autoptr (OssFemResult) here = solve (&model);
  g_autoptr (OssFemResult) there = solve (&back);
  g_assert_cmpmem (here->displacement, 3 * mesh->n_nodes * sizeof (double), there->displacement,
                   3 * mesh->n_nodes * sizeof (double));
}

/* --- What cards mean --- */

/* F = E A / L u with the sides free: rows of the cube changed into what says the same otherwise. */
static void
expect_reaction (const char *text, double reaction)
{
  g_autoptr (OssDeck) deck = read_text (text);
  OssFemModel model = oss_deck_model (deck);
  g_autoptr (OssFemResult) result = solve (&model);
  double sum = 0.0;

  for (gsize i = 0; i < 4; i++)
    sum += result->reaction[3 * i + 2];
  g_assert_cmpfloat_with_epsilon (sum, reaction, 1e-9 * fabs (reaction));
}

static void
test_cards (void)
{
  /* The bottom glides but for one corner and one direction of the next. */
  g_autofree char *glide = deck_changed ("BOTTOM,1,3\n", "BOTTOM,3\n1,1,2\n2,2\n");
  const char *equal[][2] = {
    { "*HEADING\n", "*heading\n** a remark\n" },
    { "1,1,2,3,4,5,6,7,8\n", "1, 1, 2, 3,\n4,5,\n6,7,8\n" },
    { "1,2,3,4\n", "1,3\n*NSET, NSET=BOTTOM\n2\n*NSET, NSET=REST, GENERATE\n4,4,1\n*NSET, NSET=BOTTOM\nREST\n" },
    { "*NSET, NSET=TOP\n5,6,7,8\n", "*NSET,\nNSET=TOP, GENERATE\n5,8\n" },
    { "1000,0.3\n", "1.D3,+0.3\n" },
    { "1000,0.3\n", " 10.00E+02 ,\t.3, 20.\n" },
    { "*ELASTIC\n1000,0.3\n", "*ELASTIC, TYPE=ENGINEERING CONSTANTS\n700,900,1000,0.3,0.2,0.25,300,310\n320,\n" },
    { "TOP,3,3,-0.1\n", "TOP,3,3,5.\n*BOUNDARY, OP=NEW\nBOTTOM,3\n1,1,2\n2,2\nTOP,3,3,-0.1\n" },
    { "TOP,3,3,-0.1\n", "TOP,3,3,-0.1\n*NODE PRINT, NSET=TOP\nU\n*EL FILE\nS\n" },
    { "TOP,3,3,-0.1\n", "*CLOAD\nTOP,3,-25\n5,3,-25\n6,3,-25\n7,3,-25\n8,3,-25\n" },
    { "TOP,3,3,-0.1\n", "*DLOAD\n1,P2,50\n" },
    { "TOP,3,3,-0.1\n", "*CLOAD\nTOP,3,1000\n*CLOAD, OP=NEW\nTOP,3,-50\n" },
    { "*STEP\n", "*EQUATION\n2\n6,3,1,5,3,-1\n2\n7,3,1,\n5,3,-1\n2\n8,3,1,5,3,-1\n*STEP\n" },
    { "*STEP\n", "*BOUNDARY\nTOP,3,3,0.7\n*STEP\n" },
  };

  expect_reaction (glide, 200.0);
  for (gsize i = 0; i < G_N_ELEMENTS (equal); i++)
    {
      const char *at = strstr (glide, equal[i][0]);
      g_assert_nonnull (at);
      g_autofree char *text =
          g_strdup_printf ("%.*s%s%s", (int) (at - glide), glide, equal[i][1], at + strlen (equal[i][0]));
      g_test_message ("%s", equal[i][1]);
      expect_reaction (text, 200.0);
    }
}

/* 8 mm3 of 2e-9 t/mm3 under 9810 mm/s2. */
static void
test_gravity (void)
{
  g_autofree char *dense = deck_changed ("1000,0.3\n", "1000,0.3\n*DENSITY\n2e-9\n");
  const char *at = strstr (dense, "TOP,3,3,-0.1\n");
  g_autofree char *text =
      g_strdup_printf ("%.*s*DLOAD\nEALL,GRAV,9810.,0,0,-2\n*END STEP\n", (int) (at - dense), dense);

  expect_reaction (text, 8.0 * 2e-9 * 9810.0);
}

static void
test_include (void)
{
  const char *at = strstr (cube_deck, "*ELEMENT");
  g_autofree char *nodes = g_strndup (cube_deck, (gsize) (at - cube_deck));
  g_autofree char *part = write_file ("nodes.inp", nodes, -1);
  g_autofree char *whole = g_strdup_printf ("** all of it\n*INCLUDE, INPUT=nodes.inp\n%s", at);
  g_autoptr (OssDeck) deck = read_text (whole);

  g_assert_cmpuint (deck->mesh->n_nodes, ==, 8);
  g_assert_cmpuint (deck->sets->len, ==, 3);
  g_assert_cmpstr (((OssDeckSet *) deck->sets->pdata[2])->name, ==, "TOP");
  g_assert_cmpuint (((OssDeckSet *) deck->sets->pdata[2])->n_nodes, ==, 4);
  g_assert_cmpint (((OssDeckSet *) deck->sets->pdata[2])->nodes[0], ==, 4);
}

/* Numbers with gaps, elements that stand before what they name in order, notes. */
static void
test_numbers (void)
{
  g_autofree char *text = deck_changed ("8,0,2,2\n*ELEMENT, TYPE=C3D8, ELSET=EALL\n1,1,2,3,4,5,6,7,8\n",
                                        "2000000000,0,2,2\n*ELEMENT, TYPE=C3D8, ELSET=EALL\n"
                                        "77,1,2,3,4,5,6,7,2000000000\n");
  g_autofree char *other = NULL;
  const char *at = strstr (text, "5,6,7,8\n");
  other = g_strdup_printf ("%.*s5,6,7,2000000000\n%s", (int) (at - text), text, at + strlen ("5,6,7,8\n"));
  g_autoptr (OssDeck) deck = read_text (other);

  g_assert_cmpint (deck->node_number[7], ==, 2000000000);
  g_assert_cmpint (deck->element_number[0], ==, 77);
  g_assert_cmpint (deck->mesh->elements[7], ==, 7);
}

/* --- What is wrong --- */

static void
test_wrong (void)
{
  for (gsize i = 0; i < n_wrong_decks; i++)
    {
      const WrongDeck *wrong = &wrong_decks[i];
      g_autofree char *text = wrong_deck_text (wrong);
      g_autofree char *path = write_file ("wrong.inp", text, -1);
      g_autoptr (GError) error = NULL;
      g_autoptr (OssDeck) deck = oss_deck_read (path, NULL, &error);
      g_autoptr (OssFemResult) result = NULL;

      if (wrong->stage == WRONG_TO_SOLVE)
        {
          g_assert_no_error (error);
          OssFemModel model = oss_deck_model (deck);
          result = oss_fem_solve (&model, NULL, &error);
        }
      else if (wrong->stage == WRONG_TO_RUN)
        {
          g_assert_no_error (error);
          continue;
        }
      else
        g_assert_null (deck);
      g_assert_null (result);
      if (error == NULL || strstr (error->message, wrong->words) == NULL)
        g_error ("%s: expected “%s”, got: %s", wrong->name, wrong->words, error != NULL ? error->message : "nothing");
      g_test_message ("%s: %s", wrong->name, error->message);
      g_assert_true (error->domain == OSS_ERROR);
      g_assert_cmpint (oss_error_exit_status (error), ==, 3);
    }
}

/* The cube cut off after every byte, and with every byte changed: an answer or an error, never a crash. */
static void
test_damaged (void)
{
  gsize n = strlen (cube_deck);
  guint read = 0;

  for (gsize at = 0; at < n; at++)
    for (int kind = 0; kind < 4; kind++)
      {
        static const char instead[] = { 0, '\0', ',', '9' };
        g_autofree char *text = g_strdup (cube_deck);
        if (kind > 0)
          text[at] = instead[kind];
        g_autofree char *path = write_file ("damaged.inp", text, (gssize) (kind == 0 ? at : n));
        g_autoptr (GError) error = NULL;
        g_autoptr (OssDeck) deck = oss_deck_read (path, NULL, &error);
        g_assert_true ((deck == NULL) == (error != NULL));
        if (deck == NULL)
          g_assert_true (error->domain == OSS_ERROR && strlen (error->message) > 10);
        read += deck != NULL;
      }
  g_test_message ("%u of %" G_GSIZE_FORMAT " damaged decks still mean something", read, 4 * n);
  g_assert_cmpuint (read, <, 2 * n);
}

static void
test_long_line (void)
{
  g_autofree char *filler = g_strnfill (70000, '1');
  g_autofree char *text = g_strdup_printf ("*NODE\n%s\n", filler);
  g_autofree char *path = write_file ("long.inp", text, -1);
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_deck_read (path, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "70000 characters"));
}

static void
test_stopped (void)
{
  g_autoptr (GString) text = g_string_new ("*NODE\n");
  const int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GError) error = NULL;

  for (int i = 1; i < 5000; i++)
    g_string_append_printf (text, "%d,0,0,%d\n", i, i);
  g_autofree char *path = write_file ("stopped.inp", text->str, -1);
  g_assert_null (oss_deck_read (path, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("oss-deck-XXXXXX", NULL);
  g_test_add_func ("/fem/deck/round-trip", test_round_trip);
  g_test_add_func ("/fem/deck/same-bits", test_same_bits);
  g_test_add_func ("/fem/deck/cards", test_cards);
  g_test_add_func ("/fem/deck/gravity", test_gravity);
  g_test_add_func ("/fem/deck/include", test_include);
  g_test_add_func ("/fem/deck/numbers", test_numbers);
  g_test_add_func ("/fem/deck/wrong", test_wrong);
  g_test_add_func ("/fem/deck/damaged", test_damaged);
  g_test_add_func ("/fem/deck/long-line", test_long_line);
  g_test_add_func ("/fem/deck/stopped", test_stopped);
  int status = g_test_run ();
  remove_folder ();
  return status;
}
