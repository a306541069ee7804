/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-deck-private.h"

#include <string.h>

/* The cards' own lines: read into OssDeckRaw, checked one by one. */

#define MAX_ITEMS 100000000u /* of nodes, elements, or members of sets */

gboolean
oss_deck_fail_here (const OssDeckRaw *self, GError **error, const char *message)
{
  return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error, "%s", message);
}

gboolean
oss_deck_fail_field (const OssDeckRaw *self, GError **error, const char *text, gsize length)
{
  return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error, _ ("“%s” is not a number."),
                        oss_deck_show (text, length));
}

int
oss_deck_numbers (OssDeckRaw *self, double *values, int n, GError **error)
{
  OssDeckFields fields = oss_deck_fields (&self->scan);
  const char *text;
  gsize length;
  int count = 0;

  for (int i = 0; i < n; i++)
    values[i] = 0.0;
  while (oss_deck_field (&fields, &text, &length))
    {
      if (count == n)
        {
          oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                         _ ("the line has more than %d numbers."), n);
          return -1;
        }
      if (length > 0 && !oss_deck_parse_double (text, length, &values[count]))
        {
          oss_deck_fail_field (self, error, text, length);
          return -1;
        }
      count++;
    }
  return count;
}

gboolean
oss_deck_take_number (OssDeckRaw *self, OssDeckFields *fields, const char *what, gint32 *value, GError **error)
{
  const char *text;
  gsize length;

  if (!oss_deck_field (fields, &text, &length) || length == 0)
    return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error, _ ("the %s is missing."),
                          _ (what));
  if (!oss_deck_parse_int (text, length, value) || *value < 1)
    return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("“%s” is not a %s: a whole number above 0, %d at most."), oss_deck_show (text, length),
                          _ (what), G_MAXINT32);
  return TRUE;
}

OssDeckRawSet *
oss_deck_set (OssDeckRaw *self, GHashTable *sets, const char *name)
{
  OssDeckRawSet *set = g_hash_table_lookup (sets, name);

  if (set != NULL)
    return set;
  set = g_new0 (OssDeckRawSet, 1);
  set->name = g_string_chunk_insert (self->text, name);
  set->numbers = g_array_new (FALSE, FALSE, sizeof (gint32));
  set->place = self->card.place;
  g_hash_table_insert (sets, (char *) set->name, set);
  if (sets == self->node_sets)
    g_ptr_array_add (self->node_set_order, set);
  return set;
}

/* The set that the card's parameter names; NULL without the parameter. */
static OssDeckRawSet *
parameter_set (OssDeckRaw *self, GHashTable *sets, const char *key)
{
  const char *name = oss_deck_card_value (&self->card, key);
  return name != NULL && name[0] != '\0' ? oss_deck_set (self, sets, name) : NULL;
}

gboolean
oss_deck_card_node (OssDeckRaw *self, GError **error)
{
  OssDeckRawSet *set = parameter_set (self, self->node_sets, "NSET");
  gboolean found;

  while (oss_deck_scan_data (&self->scan, &found, error) && found)
    {
      OssDeckFields fields = oss_deck_fields (&self->scan);
      OssDeckNode node = { .place = self->scan.place };
      const char *text;
      gsize length;
      if (!oss_deck_take_number (self, &fields, N_ ("node number"), &node.number, error))
        return FALSE;
      for (int k = 0; k < 3 && oss_deck_field (&fields, &text, &length); k++)
        if (length > 0 && !oss_deck_parse_double (text, length, &node.x[k]))
          return oss_deck_fail_field (self, error, text, length);
      if (oss_deck_field (&fields, &text, &length))
        return oss_deck_fail_here (self, error, _ ("a node has more than three coordinates."));
      if (self->nodes->len >= MAX_ITEMS)
        return oss_deck_fail_here (self, error, _ ("too many nodes."));
      g_array_append_val (self->nodes, node);
      if (set != NULL)
        g_array_append_val (set->numbers, node.number);
    }
  return error == NULL || *error == NULL;
}

static gboolean
element_kind (OssDeckRaw *self, OssElementKind *kind, GError **error)
{
  const char *type = oss_deck_card_value (&self->card, "TYPE");

  if (type == NULL)
    return oss_deck_fail_here (self, error, _ ("*ELEMENT needs TYPE=C3D4, C3D10 or C3D8."));
  if (strcmp (type, "C3D4") == 0)
    *kind = OSS_ELEMENT_TET4;
  else if (strcmp (type, "C3D10") == 0)
    *kind = OSS_ELEMENT_TET10;
  else if (strcmp (type, "C3D8") == 0)
    *kind = OSS_ELEMENT_HEX8;
  else
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("elements of type %s are not read; C3D4, C3D10 and C3D8 are."),
                          oss_deck_show (type, strlen (type)));
  if (self->elements->len > 0 && *kind != self->kind)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("a deck with %s and %s elements together is not read; use one kind."),
                          oss_element_name (self->kind), oss_element_name (*kind));
  return TRUE;
}

/* The nodes of an element, over more lines where one ends with a comma. */
static gboolean
element_nodes (OssDeckRaw *self, OssDeckFields *fields, gint32 number, int n_nodes, GError **error)
{
  gboolean more = FALSE;

  for (int a = 0; a < n_nodes;)
    {
      gint32 node;
      if (fields->at >= fields->end)
        {
          more = self->scan.text[self->scan.length - 1] == ',';
          if (more && !oss_deck_scan_data (&self->scan, &more, error))
            return FALSE;
          if (!more)
            return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                                  _ ("element %d has %d nodes instead of %d."), number, a, n_nodes);
          *fields = oss_deck_fields (&self->scan);
          continue;
        }
      if (!oss_deck_take_number (self, fields, N_ ("node number"), &node, error))
        return FALSE;
      g_array_append_val (self->element_nodes, node);
      a++;
    }
  if (fields->at < fields->end)
    return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("element %d has more than %d nodes."), number, n_nodes);
  return TRUE;
}

gboolean
oss_deck_card_element (OssDeckRaw *self, GError **error)
{
  OssDeckRawSet *set = parameter_set (self, self->element_sets, "ELSET");
  OssElementKind kind = self->kind;
  gboolean found;

  if (!element_kind (self, &kind, error))
    return FALSE;
  self->kind = kind;
  int n_nodes = oss_element_nodes (kind);
  while (oss_deck_scan_data (&self->scan, &found, error) && found)
    {
      OssDeckFields fields = oss_deck_fields (&self->scan);
      OssDeckElement element = { .place = self->scan.place, .first = self->elements->len };
      if (!oss_deck_take_number (self, &fields, N_ ("element number"), &element.number, error)
          || !element_nodes (self, &fields, element.number, n_nodes, error))
        return FALSE;
      if (self->elements->len >= MAX_ITEMS)
        return oss_deck_fail_here (self, error, _ ("too many elements."));
      g_array_append_val (self->elements, element);
      if (set != NULL)
        g_array_append_val (set->numbers, element.number);
    }
  return error == NULL || *error == NULL;
}

/* What ranges and sets of sets add, all together: a short line can ask for billions. */
static gboolean
may_grow (OssDeckRaw *self, guint64 members, GError **error)
{
  self->generated += members;
  return self->generated < MAX_ITEMS || oss_deck_fail_here (self, error, _ ("sets with too many members."));
}

/* "first, last, step" of GENERATE. */
static gboolean
generate (OssDeckRaw *self, OssDeckRawSet *set, GError **error)
{
  OssDeckFields fields = oss_deck_fields (&self->scan);
  gint32 first, last, step = 1;

  if (!oss_deck_take_number (self, &fields, N_ ("first number"), &first, error)
      || !oss_deck_take_number (self, &fields, N_ ("last number"), &last, error))
    return FALSE;
  if (fields.at < fields.end && !oss_deck_take_number (self, &fields, N_ ("step"), &step, error))
    return FALSE;
  if (last < first || (last - first) % step != 0 || fields.at < fields.end)
    return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("from %d to %d in steps of %d is no range."), first, last, step);
  if (!may_grow (self, (guint64) ((last - first) / step) + 1, error))
    return FALSE;
  for (gint64 number = first; number <= last; number += step)
    {
      gint32 one = (gint32) number;
      g_array_append_val (set->numbers, one);
    }
  return TRUE;
}

/* Numbers, and names of sets that are there already. */
static gboolean
set_line (OssDeckRaw *self, GHashTable *sets, OssDeckRawSet *set, GError **error)
{
  OssDeckFields fields = oss_deck_fields (&self->scan);
  const char *text;
  gsize length;

  while (oss_deck_field (&fields, &text, &length))
    {
      gint32 number;
      if (length == 0)
        continue;
      if (oss_deck_parse_int (text, length, &number) && number > 0)
        {
          g_array_append_val (set->numbers, number);
          continue;
        }
      g_autofree char *name = g_ascii_strup (text, (gssize) length);
      const OssDeckRawSet *other = g_hash_table_lookup (sets, name);
      if (other == NULL || other == set)
        return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                              _ ("“%s” is neither a number nor a set that is there already."),
                              oss_deck_show (text, length));
      if (!may_grow (self, other->numbers->len, error))
        return FALSE;
      g_array_append_vals (set->numbers, other->numbers->data, other->numbers->len);
    }
  return TRUE;
}

static gboolean
read_set (OssDeckRaw *self, GHashTable *sets, const char *key, GError **error)
{
  OssDeckRawSet *set = parameter_set (self, sets, key);
  gboolean ranges = oss_deck_card_value (&self->card, "GENERATE") != NULL, found;

  if (set == NULL)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error, _ ("*%s needs %s=NAME."), key,
                          key);
  while (oss_deck_scan_data (&self->scan, &found, error) && found)
    if (!(ranges ? generate (self, set, error) : set_line (self, sets, set, error)))
      return FALSE;
  if (error != NULL && *error != NULL)
    return FALSE;
  return set->numbers->len > 0
         || oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error, _ ("the set %s is empty."),
                           oss_deck_show (set->name, strlen (set->name)));
}

gboolean
oss_deck_card_nset (OssDeckRaw *self, GError **error)
{
  return read_set (self, self->node_sets, "NSET", error);
}

gboolean
oss_deck_card_elset (OssDeckRaw *self, GError **error)
{
  return read_set (self, self->element_sets, "ELSET", error);
}

/* A parameter that has to be there. */
static const char *
needed (OssDeckRaw *self, const char *key, GError **error)
{
  const char *value = oss_deck_card_value (&self->card, key);

  if (value != NULL && value[0] != '\0')
    return g_string_chunk_insert (self->text, value);
  oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error, _ ("*%s needs %s=NAME."),
                 self->card.name, key);
  return NULL;
}

gboolean
oss_deck_card_material (OssDeckRaw *self, GError **error)
{
  OssDeckMaterial material = { .name = needed (self, "NAME", error), .place = self->card.place };

  if (material.name == NULL)
    return FALSE;
  g_array_append_val (self->materials, material);
  return TRUE;
}

static OssDeckMaterial *
current_material (OssDeckRaw *self, GError **error)
{
  if (self->materials->len > 0)
    return &g_array_index (self->materials, OssDeckMaterial, self->materials->len - 1);
  oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error, _ ("*%s stands before any *MATERIAL."),
                 self->card.name);
  return NULL;
}

/* The constants of a material over one line or two, and no second set of them for another temperature. */
static gboolean
read_constants (OssDeckRaw *self, double *values, int n, GError **error)
{
  gboolean found;
  int first;

  if (!oss_deck_scan_data (&self->scan, &found, error))
    return FALSE;
  if (!found)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error, _ ("*%s has no data."),
                          self->card.name);
  double line[8];
  const OssDeckPlace place = self->scan.place;
  /* A temperature may follow two constants, or the ninth on the second line. */
  if ((first = oss_deck_numbers (self, line, n == 9 ? 8 : n + 1, error)) < 0)
    return FALSE;
  memcpy (values, line, (gsize) MIN (first, n) * sizeof *values);
  if (n == 9 && first == 8)
    {
      if (!oss_deck_scan_data (&self->scan, &found, error))
        return FALSE;
      int second = found ? oss_deck_numbers (self, line, 2, error) : 0;
      if (second < 0)
        return FALSE;
      values[8] = line[0];
      first += second > 0;
    }
  if (first < n)
    return oss_deck_fail (&self->scan, place, OSS_ERROR_INVALID_DATA, error,
                          _ ("%d constants are given; %d are needed."), first, n);
  if (!oss_deck_scan_data (&self->scan, &found, error))
    return FALSE;
  return !found
         || oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_UNSUPPORTED, error,
                           _ ("constants that depend on temperature are not read."));
}

gboolean
oss_deck_card_elastic (OssDeckRaw *self, GError **error)
{
  OssDeckMaterial *material = current_material (self, error);
  const char *type = oss_deck_card_value (&self->card, "TYPE");
  g_autoptr (GError) fault = NULL;
  OssFemMaterial checked;

  if (material == NULL)
    return FALSE;
  if (type == NULL || strcmp (type, "ISO") == 0 || strcmp (type, "ISOTROPIC") == 0)
    material->kind = OSS_ELASTICITY_ISOTROPIC;
  else if (strcmp (type, "ORTHO") == 0 || strcmp (type, "ORTHOTROPIC") == 0)
    material->kind = OSS_ELASTICITY_STIFFNESS;
  else if (strcmp (type, "ENGINEERING CONSTANTS") == 0)
    material->kind = OSS_ELASTICITY_ENGINEERING;
  else
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("*ELASTIC, TYPE=%s is not read; ISOTROPIC, ORTHO and ENGINEERING CONSTANTS are."),
                          oss_deck_show (type, strlen (type)));
  if (!read_constants (self, material->constants, material->kind == OSS_ELASTICITY_ISOTROPIC ? 2 : 9, error))
    return FALSE;
  gboolean good = material->kind == OSS_ELASTICITY_ISOTROPIC
                      ? oss_fem_material_isotropic (&checked, material->constants[0], material->constants[1], &fault)
                      : oss_fem_material_orthotropic (&checked, material->kind, material->constants, NULL, &fault);
  material->elastic = TRUE;
  return good || oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error, "%s", fault->message);
}

gboolean
oss_deck_card_density (OssDeckRaw *self, GError **error)
{
  OssDeckMaterial *material = current_material (self, error);

  if (material == NULL || !read_constants (self, &material->density, 1, error))
    return FALSE;
  return material->density > 0.0
         || oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error,
                           _ ("a density of %g t/mm³; it has to be above 0."), material->density);
}

gboolean
oss_deck_card_orientation (OssDeckRaw *self, GError **error)
{
  OssDeckOrientation orientation = { .name = needed (self, "NAME", error) };
  const char *system = oss_deck_card_value (&self->card, "SYSTEM");
  g_autoptr (GError) fault = NULL;
  double points[6], turn[2];
  gboolean found;
  int n;

  if (orientation.name == NULL)
    return FALSE;
  if (system != NULL && strcmp (system, "RECTANGULAR") != 0)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("*ORIENTATION, SYSTEM=%s is not read; RECTANGULAR is."),
                          oss_deck_show (system, strlen (system)));
  if (!oss_deck_scan_data (&self->scan, &found, error))
    return FALSE;
  if (!found)
    return oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("*ORIENTATION has no data."));
  if ((n = oss_deck_numbers (self, points, 6, error)) < 0)
    return FALSE;
  if (n < 6)
    return oss_deck_fail_here (self, error, _ ("*ORIENTATION needs two points: six numbers."));
  if (!oss_fem_axes_from_points (points, points + 3, orientation.axes, &fault))
    return oss_deck_fail_here (self, error, fault->message);
  if (!oss_deck_scan_data (&self->scan, &found, error) || (found && oss_deck_numbers (self, turn, 2, error) < 0))
    return FALSE;
  if (found && turn[1] != 0.0)
    return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("an additional turn of an orientation is not read."));
  g_array_append_val (self->orientations, orientation);
  return TRUE;
}

gboolean
oss_deck_card_section (OssDeckRaw *self, GError **error)
{
  OssDeckSection section = { .place = self->card.place };
  const char *orientation = oss_deck_card_value (&self->card, "ORIENTATION");
  gboolean found;

  if ((section.elements = needed (self, "ELSET", error)) == NULL
      || (section.material = needed (self, "MATERIAL", error)) == NULL)
    return FALSE;
  section.orientation = orientation != NULL ? g_string_chunk_insert (self->text, orientation) : NULL;
  g_array_append_val (self->sections, section);
  /* A line with a thickness means nothing for solids. */
  return oss_deck_scan_data (&self->scan, &found, error);
}

gboolean
oss_deck_card_equation (OssDeckRaw *self, GError **error)
{
  gboolean found;

  while (oss_deck_scan_data (&self->scan, &found, error) && found)
    {
      OssDeckEquation equation = { .first = self->terms->len, .place = self->scan.place };
      OssDeckFields fields = oss_deck_fields (&self->scan);
      gint32 n;
      if (!oss_deck_take_number (self, &fields, N_ ("number of terms"), &n, error))
        return FALSE;
      for (gint32 i = 0; i < n; i++)
        {
          OssDeckTerm term;
          gint32 axis;
          const char *text;
          gsize length;
          if (fields.at >= fields.end)
            {
              if (!oss_deck_scan_data (&self->scan, &found, error))
                return FALSE;
              if (!found)
                return oss_deck_fail (&self->scan, equation.place, OSS_ERROR_INVALID_DATA, error,
                                      _ ("the equation has %d terms instead of %d."), i, n);
              fields = oss_deck_fields (&self->scan);
            }
          if (!oss_deck_take_number (self, &fields, N_ ("node number"), &term.number, error)
              || !oss_deck_take_number (self, &fields, N_ ("direction"), &axis, error))
            return FALSE;
          if (axis > 3)
            return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                                  _ ("direction %d of a node; there are 1, 2 and 3."), axis);
          if (!oss_deck_field (&fields, &text, &length))
            return oss_deck_fail_here (self, error, _ ("the coefficient is missing."));
          if (!oss_deck_parse_double (text, length, &term.coefficient))
            return oss_deck_fail_field (self, error, text, length);
          term.axis = (gint8) (axis - 1);
          g_array_append_val (self->terms, term);
        }
      equation.n = self->terms->len - equation.first;
      g_array_append_val (self->equations, equation);
    }
  return error == NULL || *error == NULL;
}
