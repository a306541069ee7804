/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads on the node sets of a deck, as the command line gives them: SET:NUMBERS or SET:KEY=NUMBER,... */
#include "cli/oss-cli-solve.h"

#include "base/oss-i18n.h"
#include "fem/oss-fem-loads.h"

#include <math.h>
#include <string.h>

typedef struct
{
  const char *option, *given;
  OssDeck *deck;
  const OssDeckSet *set;
  const char *rest; /* behind the colon */
  OssFaces *faces;
  double area_mm2, centroid_mm[3];
} Load;

static gboolean
fail (const Load *self, GError **error, const char *why)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s %s”: %s"), self->option, self->given, why);
  return FALSE;
}

static gboolean
find_set (Load *self, GError **error)
{
  const char *colon = strrchr (self->given, ':');

  if (colon == NULL || colon == self->given)
    return fail (self, error, _ ("give a node set of the deck, a colon, and the load."));
  g_autofree char *given = g_strndup (self->given, (gsize) (colon - self->given));
  g_autofree char *name = g_ascii_strup (given, -1);
  self->rest = colon + 1;
  for (guint i = 0; i < self->deck->sets->len && self->set == NULL; i++)
    {
      const OssDeckSet *set = self->deck->sets->pdata[i];
      self->set = strcmp (set->name, name) == 0 ? set : NULL;
    }
  if (self->set == NULL || self->set->n_nodes == 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   self->set == NULL ? _ ("“%s %s”: the deck has no node set %s.")
                                     : _ ("“%s %s”: the set %s is empty."),
                   self->option, self->given, name);
      return FALSE;
    }
  return TRUE;
}

/* The faces of elements on the set. */
static gboolean
find_faces (Load *self, GError **error)
{
  g_autoptr (GError) cause = NULL;

  self->faces = oss_faces_boundary (self->deck->mesh, self->set->nodes, self->set->n_nodes, &cause);
  if (self->faces != NULL)
    {
      self->area_mm2 = oss_faces_area (self->deck->mesh, self->faces, self->centroid_mm);
      return TRUE;
    }
  g_set_error (error, OSS_ERROR, cause->code, _ ("“%s %s”: %s"), self->option, self->given, cause->message);
  return FALSE;
}

/* A motion of the spine by its name, in patient axes. */
static gboolean
parse_motion (const Load *self, const char *name, gsize length, double axis[3])
{
  static const struct
  {
    const char *name;
    OssMotion motion;
  } known[] = { { "flexion", OSS_MOTION_FLEXION },        { "extension", OSS_MOTION_EXTENSION },
                { "bend-left", OSS_MOTION_BENDING_LEFT }, { "bend-right", OSS_MOTION_BENDING_RIGHT },
                { "turn-left", OSS_MOTION_TURN_LEFT },    { "turn-right", OSS_MOTION_TURN_RIGHT } };
  const OssVertebraFrame patient = { .right = { -1, 0, 0 }, .anterior = { 0, -1, 0 }, .superior = { 0, 0, 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (strlen (known[i].name) == length && strncmp (name, known[i].name, length) == 0)
      {
        oss_load_motion_axis (&patient, known[i].motion, axis);
        return TRUE;
      }
  return FALSE;
}

/* Three numbers, or MOTION=NUMBER. */
static gboolean
parse_moment (const Load *self, double moment[3], GError **error)
{
  const char *equal = strchr (self->rest, '=');
  double size;

  if (equal == NULL)
    return oss_cli_parse_numbers (self->option, self->rest, 3, moment, error);
  if (!parse_motion (self, self->rest, (gsize) (equal - self->rest), moment))
    return fail (self, error, _ ("the motions are flexion, extension, bend-left, bend-right, turn-left, turn-right."));
  if (!oss_cli_parse_numbers (self->option, equal + 1, 1, &size, error))
    return FALSE;
  for (int k = 0; k < 3; k++)
    moment[k] *= size;
  return TRUE;
}

typedef gboolean (*SpreadFunc) (const Load *self, GError **error);

static gboolean
spread_force (const Load *self, GError **error)
{
  double value[3];
  return oss_cli_parse_numbers (self->option, self->rest, 3, value, error)
         && oss_load_force (self->deck->mesh, self->faces, value, self->deck->forces, error);
}

static gboolean
spread_traction (const Load *self, GError **error)
{
  double value[3];
  return oss_cli_parse_numbers (self->option, self->rest, 3, value, error)
         && oss_load_traction (self->deck->mesh, self->faces, value, self->deck->forces, error);
}

static gboolean
spread_pressure (const Load *self, GError **error)
{
  double value;
  return oss_cli_parse_numbers (self->option, self->rest, 1, &value, error)
         && oss_load_pressure (self->deck->mesh, self->faces, value, self->deck->forces, error);
}

static gboolean
spread_moment (const Load *self, GError **error)
{
  double value[3];
  return parse_moment (self, value, error)
         && oss_load_moment (self->deck->mesh, self->faces, value, self->deck->forces, error);
}

static gboolean
add_spread (OssCliLoads *self, OssDeck *deck, const char *option, const char *given, SpreadFunc func, GError **error)
{
  Load load = { .option = option, .given = given, .deck = deck };
  gboolean done = find_set (&load, error) && find_faces (&load, error) && func (&load, error);

  if (done)
    g_ptr_array_add (self->lines, g_strdup_printf ("%s %s (%.6g mm²)", option, given, load.area_mm2));
  g_clear_pointer (&load.faces, oss_faces_free);
  return done;
}

/* One of the keys of a platen: ux uy uz rx ry rz given motions, fx fy fz mx my mz loads, x y z the reference, glide. */
static gboolean
platen_key (const Load *self, OssFemPlaten *platen, const char *key, const char *text, GError **error)
{
  static const char *const motions[6] = { "ux", "uy", "uz", "rx", "ry", "rz" };
  static const char *const loads[6] = { "fx", "fy", "fz", "mx", "my", "mz" };
  static const char *const places[3] = { "x", "y", "z" };
  double value;

  if (strcmp (key, "glide") == 0 && strlen (text) == 1 && text[0] >= 'x' && text[0] <= 'z')
    {
      platen->planar = TRUE;
      platen->normal[text[0] - 'x'] = 1.0;
      return TRUE;
    }
  if (!oss_cli_parse_numbers (self->option, text, 1, &value, error))
    return FALSE;
  for (int k = 0; k < 6; k++)
    if (strcmp (key, motions[k]) == 0)
      {
        platen->prescribed[k] = TRUE;
        platen->motion[k] = value;
        return TRUE;
      }
    else if (strcmp (key, loads[k]) == 0)
      {
        platen->load[k] = value;
        return TRUE;
      }
    else if (k < 3 && strcmp (key, places[k]) == 0)
      {
        platen->reference_mm[k] = value;
        return TRUE;
      }
  return fail (
      self, error,
      _ ("a platen has the motions ux, uy, uz (mm), rx, ry, rz (radians), the loads fx, fy, fz (N), mx, my, mz "
         "(N mm), the reference x, y, z (mm), and glide=x, y or z."));
}

static void
mean_of_nodes (const Load *self, double mean[3])
{
  for (int k = 0; k < 3; k++)
    mean[k] = 0.0;
  for (gsize i = 0; i < self->set->n_nodes; i++)
    for (int k = 0; k < 3; k++)
      mean[k] += self->deck->mesh->nodes[3 * (gsize) self->set->nodes[i] + (gsize) k] / (double) self->set->n_nodes;
}

static gboolean
add_platen (OssCliLoads *self, OssDeck *deck, const char *given, GError **error)
{
  Load load = { .option = "--platen", .given = given, .deck = deck };
  OssFemPlaten platen = { .planar = FALSE };

  if (!find_set (&load, error))
    return FALSE;
  platen.nodes = load.set->nodes;
  platen.n_nodes = load.set->n_nodes;
  if (find_faces (&load, NULL))
    memcpy (platen.reference_mm, load.centroid_mm, sizeof platen.reference_mm);
  else
    mean_of_nodes (&load, platen.reference_mm);
  g_clear_pointer (&load.faces, oss_faces_free);
  g_auto (GStrv) parts = g_strsplit (load.rest, ",", -1);
  for (char **part = parts; *part != NULL; part++)
    {
      char *equal = strchr (*part, '=');
      if (equal == NULL)
        return fail (&load, error, _ ("give KEY=NUMBER, with commas between them."));
      *equal = '\0';
      if (!platen_key (&load, &platen, g_strstrip (*part), g_strstrip (equal + 1), error))
        return FALSE;
    }
  g_array_append_val (self->platens, platen);
  g_ptr_array_add (self->platen_names, g_strdup (load.set->name));
  g_ptr_array_add (self->lines, g_strdup_printf ("--platen %s (%zu nodes)", given, load.set->n_nodes));
  return TRUE;
}

gboolean
oss_cli_loads_apply (OssCliLoads *self, OssDeck *deck, GError **error)
{
  const struct
  {
    const char *option;
    char **given;
    SpreadFunc func;
  } kinds[] = { { "--force", self->force, spread_force },
                { "--traction", self->traction, spread_traction },
                { "--pressure", self->pressure, spread_pressure },
                { "--moment", self->moment, spread_moment } };

  self->platens = g_array_new (FALSE, FALSE, sizeof (OssFemPlaten));
  self->platen_names = g_ptr_array_new_with_free_func (g_free);
  self->lines = g_ptr_array_new_with_free_func (g_free);
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (char **given = kinds[k].given; given != NULL && *given != NULL; given++)
      if (!add_spread (self, deck, kinds[k].option, *given, kinds[k].func, error))
        return FALSE;
  for (char **given = self->platen; given != NULL && *given != NULL; given++)
    if (!add_platen (self, deck, *given, error))
      return FALSE;
  return TRUE;
}

void
oss_cli_loads_clear (OssCliLoads *self)
{
  g_clear_pointer (&self->platens, g_array_unref);
  g_clear_pointer (&self->platen_names, g_ptr_array_unref);
  g_clear_pointer (&self->lines, g_ptr_array_unref);
}
