/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-deck-private.h"

#include <string.h>

static gboolean
skip_data (OssDeckRaw *self, GError **error)
{
  gboolean found = TRUE;

  while (found)
    if (!oss_deck_scan_data (&self->scan, &found, error))
      return FALSE;
  return TRUE;
}

static gboolean
card_step (OssDeckRaw *self, GError **error)
{
  const char *nlgeom = oss_deck_card_value (&self->card, "NLGEOM");

  if (self->any_step)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("a second *STEP; decks with one step are read."));
  if (nlgeom != NULL && strcmp (nlgeom, "NO") != 0)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("NLGEOM: large displacements are not solved."));
  self->any_step = self->in_step = TRUE;
  return skip_data (self, error);
}

static gboolean
card_end_step (OssDeckRaw *self, GError **error)
{
  if (!self->in_step)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("*END STEP without a *STEP before it."));
  self->in_step = FALSE;
  self->step_ended = TRUE;
  return TRUE;
}

static gboolean
card_static (OssDeckRaw *self, GError **error)
{
  if (!self->in_step)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("*STATIC stands outside of a *STEP."));
  return skip_data (self, error); /* increments of time: one linear step needs none */
}

/* What is read.  @parameters: all a card may have, between blanks; @in_step: it may stand in a step. */
static const struct
{
  const char *name;
  OssDeckCardFunc func;
  const char *parameters;
  gboolean in_step;
} cards[] = {
  { "BOUNDARY", oss_deck_card_boundary, " OP ", TRUE },
  { "CLOAD", oss_deck_card_cload, " OP ", TRUE },
  { "DENSITY", oss_deck_card_density, " ", FALSE },
  { "DLOAD", oss_deck_card_dload, " OP ", TRUE },
  { "ELASTIC", oss_deck_card_elastic, " TYPE ", FALSE },
  { "ELEMENT", oss_deck_card_element, " TYPE ELSET ", FALSE },
  { "ELSET", oss_deck_card_elset, " ELSET GENERATE UNSORTED ", TRUE },
  { "END STEP", card_end_step, " ", TRUE },
  { "EQUATION", oss_deck_card_equation, " ", FALSE },
  { "HEADING", skip_data, NULL, FALSE },
  { "MATERIAL", oss_deck_card_material, " NAME ", FALSE },
  { "NODE", oss_deck_card_node, " NSET ", FALSE },
  { "NSET", oss_deck_card_nset, " NSET GENERATE UNSORTED ", TRUE },
  { "ORIENTATION", oss_deck_card_orientation, " NAME SYSTEM DEFINITION ", FALSE },
  { "SOLID SECTION", oss_deck_card_section, " ELSET MATERIAL ORIENTATION ", FALSE },
  { "STATIC", card_static, " SOLVER DIRECT ", TRUE },
  { "STEP", card_step, " NAME INC NLGEOM PERTURBATION ", FALSE },
};

/* Cards that ask for output: read and noted. */
static const char *const output_cards[] = {
  "CONTACT OUTPUT", "EL FILE", "EL PRINT",  "ELEMENT OUTPUT", "ENERGY FILE", "ENERGY PRINT",
  "FILE FORMAT",    "MONITOR", "NODE FILE", "NODE OUTPUT",    "NODE PRINT",  "OUTPUT",
  "PREPRINT",       "PRINT",   "RESTART",   "SECTION PRINT",
};

static gboolean
check_parameters (OssDeckRaw *self, const char *allowed, GError **error)
{
  for (guint i = 0; allowed != NULL && i < self->card.n; i++)
    {
      g_autofree char *key = g_strdup_printf (" %s ", self->card.key[i]);
      if (strchr (self->card.key[i], ' ') != NULL || strstr (allowed, key) == NULL)
        return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                              _ ("the parameter %s of *%s is not read."),
                              oss_deck_show (self->card.key[i], strlen (self->card.key[i])), self->card.name);
    }
  return TRUE;
}

static gboolean
note_output (OssDeckRaw *self, GError **error)
{
  if (!g_hash_table_contains (self->noted, self->card.name))
    {
      g_hash_table_add (self->noted, g_string_chunk_insert (self->text, self->card.name));
      g_ptr_array_add (self->notes,
                       g_strdup_printf (_ ("*%s (“%s”, line %u) asks for output of its own; results go to result.json "
                                           "and solution.vtu instead."),
                                        self->card.name, (const char *) self->scan.names->pdata[self->card.place.file],
                                        self->card.place.line));
    }
  return skip_data (self, error);
}

static gboolean
run_card (OssDeckRaw *self, GError **error)
{
  const char *name = self->card.name;

  for (gsize i = 0; i < G_N_ELEMENTS (output_cards); i++)
    if (strcmp (name, output_cards[i]) == 0)
      return note_output (self, error);
  for (gsize i = 0; i < G_N_ELEMENTS (cards); i++)
    if (strcmp (name, cards[i].name) == 0)
      {
        if (self->step_ended || (self->in_step && !cards[i].in_step))
          return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error,
                                self->step_ended && strcmp (name, "STEP") != 0 ? _ ("*%s stands after *END STEP.")
                                : self->step_ended ? _ ("a second *%s; decks with one step are read.")
                                                   : _ ("*%s does not belong in a step."),
                                name);
        return check_parameters (self, cards[i].parameters, error) && cards[i].func (self, error);
      }
  return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                        _ ("the card *%s is not read by this program."), oss_deck_show (name, strlen (name)));
}

static gboolean
read_cards (OssDeckRaw *self, GError **error)
{
  gboolean found;

  while (oss_deck_scan_next (&self->scan, &found, error) && found)
    {
      if (self->scan.text[0] != '*')
        return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                              _ ("data that belongs to no card: “%s”."),
                              oss_deck_show (self->scan.text, self->scan.length));
      oss_deck_card_clear (&self->card);
      if (!oss_deck_card_read (&self->scan, &self->card, error) || !run_card (self, error))
        return FALSE;
    }
  return *error == NULL;
}

static void
set_free (gpointer data)
{
  OssDeckRawSet *set = data;
  g_array_unref (set->numbers);
  g_free (set);
}

static void
raw_init (OssDeckRaw *self)
{
  self->text = g_string_chunk_new (4096);
  self->nodes = g_array_new (FALSE, FALSE, sizeof (OssDeckNode));
  self->elements = g_array_new (FALSE, FALSE, sizeof (OssDeckElement));
  self->element_nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->node_sets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, set_free);
  self->element_sets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, set_free);
  self->node_set_order = g_ptr_array_new ();
  self->materials = g_array_new (FALSE, FALSE, sizeof (OssDeckMaterial));
  self->orientations = g_array_new (FALSE, FALSE, sizeof (OssDeckOrientation));
  self->sections = g_array_new (FALSE, FALSE, sizeof (OssDeckSection));
  self->boundary = g_array_new (FALSE, FALSE, sizeof (OssDeckBoundary));
  self->forces = g_array_new (FALSE, FALSE, sizeof (OssDeckLoad));
  self->distributed = g_array_new (FALSE, FALSE, sizeof (OssDeckLoad));
  self->terms = g_array_new (FALSE, FALSE, sizeof (OssDeckTerm));
  self->equations = g_array_new (FALSE, FALSE, sizeof (OssDeckEquation));
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->noted = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
raw_clear (OssDeckRaw *self)
{
  GArray *arrays[] = { self->nodes,        self->elements, self->element_nodes, self->materials,
                       self->orientations, self->sections, self->boundary,      self->forces,
                       self->distributed,  self->terms,    self->equations };

  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    g_array_unref (arrays[i]);
  g_hash_table_unref (self->node_sets);
  g_hash_table_unref (self->element_sets);
  g_hash_table_unref (self->noted);
  g_ptr_array_unref (self->node_set_order);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_string_chunk_free (self->text);
  oss_deck_card_clear (&self->card);
  oss_deck_scan_close (&self->scan);
}

OssDeck *
oss_deck_read (const char *path, const OssTick *tick, GError **error)
{
  OssDeckRaw raw = { .in_step = FALSE };
  OssDeck *deck = NULL;
  GError *fault = NULL; /* handlers look whether it is set */

  raw_init (&raw);
  if (oss_deck_scan_open (&raw.scan, path, tick, &fault) && oss_tick_report (tick, 0.0, _ ("Reading the deck"), &fault)
      && read_cards (&raw, &fault))
    deck = oss_deck_build (&raw, &fault);
  raw_clear (&raw);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return deck;
}

void
oss_deck_free (OssDeck *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->mesh, oss_mesh_unref);
  g_free (self->node_number);
  g_free (self->element_number);
  g_free (self->modulus_mpa);
  g_free (self->material);
  g_clear_pointer (&self->materials, g_array_unref);
  g_clear_pointer (&self->prescribed, g_array_unref);
  g_clear_pointer (&self->forces, g_array_unref);
  g_clear_pointer (&self->terms, g_array_unref);
  g_clear_pointer (&self->equations, g_array_unref);
  g_clear_pointer (&self->sets, g_ptr_array_unref);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_clear_pointer (&self->text, g_string_chunk_free);
  g_free (self);
}

OssFemModel
oss_deck_model (const OssDeck *self)
{
  return (OssFemModel){ .mesh = self->mesh,
                        .modulus_mpa = self->modulus_mpa,
                        .poisson = self->poisson,
                        .material = self->material,
                        .materials = (const OssFemMaterial *) (const void *) self->materials->data,
                        .n_materials = self->materials->len,
                        .prescribed = (const OssNodal *) (const void *) self->prescribed->data,
                        .n_prescribed = self->prescribed->len,
                        .forces = (const OssNodal *) (const void *) self->forces->data,
                        .n_forces = self->forces->len,
                        .equations = (const OssFemEquation *) (const void *) self->equations->data,
                        .n_equations = self->equations->len };
}
