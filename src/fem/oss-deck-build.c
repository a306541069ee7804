/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-deck-private.h"
#include "fem/oss-fem-loads.h"
#include "fem/oss-fem-private.h"

#include <stdlib.h>
#include <string.h>

/* From what the cards said to a model: numbers become places, names become what they stand for. */

/* Numbers of nodes or elements to their place in the order of numbers. */
typedef struct
{
  const gint32 *numbers; /* ascending */
  gsize n;
  gint32 *place; /* (nullable) [numbers[n - 1] + 1] */
} Lookup;

static void
lookup_init (Lookup *self, const gint32 *numbers, gsize n)
{
  gsize largest = (gsize) numbers[n - 1];

  self->numbers = numbers;
  self->n = n;
  self->place = largest < 8 * n + 1000000 ? g_new (gint32, largest + 1) : NULL;
  for (gsize i = 0; i <= largest && self->place != NULL; i++)
    self->place[i] = -1;
  for (gsize i = 0; i < n && self->place != NULL; i++)
    self->place[numbers[i]] = (gint32) i;
}

static gint32
lookup_find (const Lookup *self, gint32 number)
{
  gsize low = 0, high = self->n;

  if (self->place != NULL)
    return number <= self->numbers[self->n - 1] ? self->place[number] : -1;
  while (low < high)
    {
      gsize middle = (low + high) / 2;
      if (self->numbers[middle] < number)
        low = middle + 1;
      else
        high = middle;
    }
  return low < self->n && self->numbers[low] == number ? (gint32) low : -1;
}

typedef struct
{
  OssDeckRaw *raw;
  OssDeck *deck;
  Lookup nodes, elements;
  OssDeckPlace *element_place; /* [n_elements] */
  gint32 *section;             /* [n_elements] of raw->sections, or -1 */
  GHashTable *material_of;     /* name: place in raw->materials + 1 */
  GHashTable *orientation_of;
  guint8 *used; /* [n_nodes] an element or an equation has it */
} Build;

static int
compare_nodes (const void *a, const void *b)
{
  gint32 x = ((const OssDeckNode *) a)->number, y = ((const OssDeckNode *) b)->number;
  return (x > y) - (x < y);
}

static int
compare_elements (const void *a, const void *b)
{
  gint32 x = ((const OssDeckElement *) a)->number, y = ((const OssDeckElement *) b)->number;
  return (x > y) - (x < y);
}

static gboolean
fail_twice (const OssDeckRaw *raw, const char *what, gint32 number, OssDeckPlace a, OssDeckPlace b, GError **error)
{
  OssDeckPlace first = a.file < b.file || (a.file == b.file && a.line < b.line) ? a : b;
  OssDeckPlace second = first.file == a.file && first.line == a.line ? b : a;

  return oss_deck_fail (&raw->scan, second, OSS_ERROR_INVALID_DATA, error,
                        _ ("%s %d is there already (“%s”, line %u)."), what, number,
                        (const char *) raw->scan.names->pdata[first.file], first.line);
}

static gboolean
sort_nodes (OssDeckRaw *raw, GError **error)
{
  OssDeckNode *node = (OssDeckNode *) (void *) raw->nodes->data;
  gboolean ordered = TRUE;

  for (guint i = 1; i < raw->nodes->len; i++)
    ordered = ordered && node[i - 1].number < node[i].number;
  if (!ordered)
    qsort (node, raw->nodes->len, sizeof *node, compare_nodes);
  for (guint i = 1; i < raw->nodes->len; i++)
    if (node[i - 1].number == node[i].number)
      return fail_twice (raw, _ ("Node"), node[i].number, node[i - 1].place, node[i].place, error);
  return TRUE;
}

static gboolean
sort_elements (OssDeckRaw *raw, GError **error)
{
  OssDeckElement *element = (OssDeckElement *) (void *) raw->elements->data;
  gboolean ordered = TRUE;

  for (guint i = 1; i < raw->elements->len; i++)
    ordered = ordered && element[i - 1].number < element[i].number;
  if (!ordered)
    qsort (element, raw->elements->len, sizeof *element, compare_elements);
  for (guint i = 1; i < raw->elements->len; i++)
    if (element[i - 1].number == element[i].number)
      return fail_twice (raw, _ ("Element"), element[i].number, element[i - 1].place, element[i].place, error);
  return TRUE;
}

static gboolean
fill_elements (Build *self, GError **error)
{
  OssDeckRaw *raw = self->raw;
  OssMesh *mesh = self->deck->mesh;
  gsize nn = (gsize) oss_element_nodes (mesh->kind);

  self->element_place = g_new (OssDeckPlace, mesh->n_elements);
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      if ((e & 0xffff) == 0 && oss_tick_stopped (raw->scan.tick))
        return oss_tick_cancelled (error);
      const OssDeckElement *element = &g_array_index (raw->elements, OssDeckElement, e);
      self->deck->element_number[e] = element->number;
      self->element_place[e] = element->place;
      for (gsize a = 0; a < nn; a++)
        {
          gint32 number = g_array_index (raw->element_nodes, gint32, element->first * nn + a);
          gint32 node = lookup_find (&self->nodes, number);
          if (node < 0)
            return oss_deck_fail (&raw->scan, element->place, OSS_ERROR_INVALID_DATA, error,
                                  _ ("element %d names node %d, which is not there."), element->number, number);
          mesh->elements[nn * e + a] = node;
        }
    }
  return TRUE;
}

/* Jacobian determinants at the integration points, so that the message knows the line. */
static gboolean
check_volumes (const Build *self, GError **error)
{
  const OssMesh *mesh = self->deck->mesh;
  const OssElementRule *rule = oss_element_rule (mesh->kind);

  for (gsize e = 0; e < mesh->n_elements; e++)
    for (int q = 0; q < rule->n_points; q++)
      {
        if (q == 0 && (e & 0xfff) == 0 && oss_tick_stopped (self->raw->scan.tick))
          return oss_tick_cancelled (error);
        double jacobian[9] = { 0.0 }, cross[3];
        for (int a = 0; a < rule->n_nodes; a++)
          {
            const double *x = mesh->nodes + 3 * (gsize) mesh->elements[e * (gsize) rule->n_nodes + (gsize) a];
            for (int i = 0; i < 3; i++)
              for (int k = 0; k < 3; k++)
                jacobian[3 * k + i] += x[i] * rule->derivative[q][a][k];
          }
        oss_cross (jacobian, jacobian + 3, cross);
        if (!(oss_dot (cross, jacobian + 6) > 0.0))
          return oss_deck_fail (&self->raw->scan, self->element_place[e], OSS_ERROR_INVALID_DATA, error,
                                _ ("element %d is flat or inside out: its nodes are in the wrong order or place."),
                                self->deck->element_number[e]);
      }
  return TRUE;
}

static gboolean
build_mesh (Build *self, GError **error)
{
  OssDeckRaw *raw = self->raw;
  OssDeck *deck = self->deck;
  gsize n_nodes = raw->nodes->len, n_elements = raw->elements->len;

  if (n_nodes == 0 || n_elements == 0)
    return oss_deck_fail (&raw->scan, raw->scan.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("the deck has %zu nodes and %zu elements: there is nothing to solve."), n_nodes,
                          n_elements);
  if (!sort_nodes (raw, error) || !sort_elements (raw, error))
    return FALSE;
  deck->mesh = oss_mesh_new (raw->kind, n_nodes, n_elements, error);
  if (deck->mesh == NULL)
    return FALSE;
  deck->node_number = g_new (gint32, n_nodes);
  deck->element_number = g_new (gint32, n_elements);
  for (gsize i = 0; i < n_nodes; i++)
    {
      const OssDeckNode *node = &g_array_index (raw->nodes, OssDeckNode, i);
      deck->node_number[i] = node->number;
      memcpy (deck->mesh->nodes + 3 * i, node->x, sizeof node->x);
    }
  lookup_init (&self->nodes, deck->node_number, n_nodes);
  if (!fill_elements (self, error) || !check_volumes (self, error))
    return FALSE;
  lookup_init (&self->elements, deck->element_number, n_elements);
  return TRUE;
}

static int
compare_places (const void *a, const void *b)
{
  gint32 x = *(const gint32 *) a, y = *(const gint32 *) b;
  return (x > y) - (x < y);
}

static gboolean
build_sets (Build *self, GError **error)
{
  for (guint s = 0; s < self->raw->node_set_order->len; s++)
    {
      const OssDeckRawSet *raw = self->raw->node_set_order->pdata[s];
      OssDeckSet *set = g_new0 (OssDeckSet, 1);
      set->name = g_strdup (raw->name);
      set->nodes = g_new (gint32, MAX (raw->numbers->len, 1));
      g_ptr_array_add (self->deck->sets, set);
      for (guint i = 0; i < raw->numbers->len; i++)
        {
          gint32 node = lookup_find (&self->nodes, g_array_index (raw->numbers, gint32, i));
          if (node < 0)
            return oss_deck_fail (&self->raw->scan, raw->place, OSS_ERROR_INVALID_DATA, error,
                                  _ ("the set %s names node %d, which is not there."),
                                  oss_deck_show (raw->name, strlen (raw->name)),
                                  g_array_index (raw->numbers, gint32, i));
          set->nodes[i] = node;
        }
      qsort (set->nodes, raw->numbers->len, sizeof (gint32), compare_places);
      for (guint i = 0; i < raw->numbers->len; i++)
        if (i == 0 || set->nodes[i] != set->nodes[i - 1])
          set->nodes[set->n_nodes++] = set->nodes[i];
    }
  return TRUE;
}

/* The places that a target stands for: @one for a number, an array of the set's otherwise.  Zero with an error. */
static gsize
find_target (const Build *self, const OssDeckTarget *target, gboolean elements, OssDeckPlace place, gint32 *one,
             const gint32 **numbers, GError **error)
{
  const OssDeckRawSet *set;

  if (target->set == NULL)
    {
      *one = target->number;
      *numbers = one;
      if (lookup_find (elements ? &self->elements : &self->nodes, target->number) >= 0)
        return 1;
      oss_deck_fail (&self->raw->scan, place, OSS_ERROR_INVALID_DATA, error,
                     elements ? _ ("element %d is not there.") : _ ("node %d is not there."), target->number);
      return 0;
    }
  set = g_hash_table_lookup (elements ? self->raw->element_sets : self->raw->node_sets, target->set);
  if (set == NULL || set->numbers->len == 0)
    {
      oss_deck_fail (&self->raw->scan, place, OSS_ERROR_INVALID_DATA, error,
                     set != NULL ? _ ("the set %s is empty.")
                     : elements  ? _ ("there is no element set %s.")
                                 : _ ("there is no node set %s."),
                     oss_deck_show (target->set, strlen (target->set)));
      return 0;
    }
  *numbers = (const gint32 *) (const void *) set->numbers->data;
  return set->numbers->len;
}

static gboolean
assign_section (Build *self, guint s, GError **error)
{
  const OssDeckSection *section = &g_array_index (self->raw->sections, OssDeckSection, s);
  const OssDeckTarget target = { .set = section->elements };
  gint32 one;
  const gint32 *numbers;
  gsize n = find_target (self, &target, TRUE, section->place, &one, &numbers, error);

  for (gsize i = 0; i < n; i++)
    {
      gint32 element = lookup_find (&self->elements, numbers[i]);
      if (element < 0)
        return oss_deck_fail (&self->raw->scan, section->place, OSS_ERROR_INVALID_DATA, error,
                              _ ("the set %s names element %d, which is not there."),
                              oss_deck_show (section->elements, strlen (section->elements)), numbers[i]);
      if (self->section[element] >= 0 && self->section[element] != (gint32) s)
        {
          const OssDeckSection *other = &g_array_index (self->raw->sections, OssDeckSection, self->section[element]);
          return oss_deck_fail (&self->raw->scan, section->place, OSS_ERROR_INVALID_DATA, error,
                                _ ("element %d has a section already (line %u)."), numbers[i], other->place.line);
        }
      self->section[element] = (gint32) s;
    }
  return n > 0;
}

/* The material of a section, turned; FALSE with an error. */
static gboolean
section_material (const Build *self, const OssDeckSection *section, OssFemMaterial *material, GError **error)
{
  gpointer m = g_hash_table_lookup (self->material_of, section->material), o = NULL;
  g_autoptr (GError) fault = NULL;

  if (section->orientation != NULL)
    o = g_hash_table_lookup (self->orientation_of, section->orientation);
  if (m == NULL || (section->orientation != NULL && o == NULL))
    {
      const char *name = m == NULL ? section->material : section->orientation;
      return oss_deck_fail (&self->raw->scan, section->place, OSS_ERROR_INVALID_DATA, error,
                            m == NULL ? _ ("there is no material %s.") : _ ("there is no orientation %s."),
                            oss_deck_show (name, strlen (name)));
    }
  const OssDeckMaterial *raw = &g_array_index (self->raw->materials, OssDeckMaterial, GPOINTER_TO_UINT (m) - 1);
  const double *axes =
      o != NULL ? g_array_index (self->raw->orientations, OssDeckOrientation, GPOINTER_TO_UINT (o) - 1).axes : NULL;
  if (!raw->elastic)
    return oss_deck_fail (&self->raw->scan, section->place, OSS_ERROR_INVALID_DATA, error,
                          _ ("the material %s has no *ELASTIC."), oss_deck_show (raw->name, strlen (raw->name)));
  gboolean good = raw->kind == OSS_ELASTICITY_ISOTROPIC
                      ? oss_fem_material_isotropic (material, raw->constants[0], raw->constants[1], &fault)
                      : oss_fem_material_orthotropic (material, raw->kind, raw->constants, axes, &fault);
  return good || oss_deck_fail (&self->raw->scan, section->place, OSS_ERROR_INVALID_DATA, error, "%s", fault->message);
}

/* Isotropic sections with the first one's Poisson's ratio need no table. */
static gboolean
build_section (Build *self, guint s, gint32 *table_place, double *modulus, GError **error)
{
  OssDeck *deck = self->deck;
  OssFemMaterial material;

  if (!section_material (self, &g_array_index (self->raw->sections, OssDeckSection, s), &material, error))
    return FALSE;
  gboolean isotropic = material.kind == OSS_ELASTICITY_ISOTROPIC;
  if (isotropic && isnan (deck->poisson))
    deck->poisson = material.constants[1];
  *modulus = material.modulus_mpa;
  *table_place = -1;
  if (isotropic && material.constants[1] == deck->poisson)
    return TRUE;
  *table_place = (gint32) deck->materials->len;
  g_array_append_val (deck->materials, material);
  return TRUE;
}

static gboolean
name_sections (Build *self, GError **error)
{
  OssDeckRaw *raw = self->raw;

  for (guint i = 0; i < raw->materials->len; i++)
    {
      const OssDeckMaterial *material = &g_array_index (raw->materials, OssDeckMaterial, i);
      if (!g_hash_table_insert (self->material_of, (char *) material->name, GUINT_TO_POINTER (i + 1)))
        return oss_deck_fail (&raw->scan, material->place, OSS_ERROR_INVALID_DATA, error,
                              _ ("the material %s is there already."),
                              oss_deck_show (material->name, strlen (material->name)));
    }
  for (guint i = 0; i < raw->orientations->len; i++)
    g_hash_table_insert (self->orientation_of, (char *) g_array_index (raw->orientations, OssDeckOrientation, i).name,
                         GUINT_TO_POINTER (i + 1));
  return TRUE;
}

static gboolean
build_materials (Build *self, GError **error)
{
  OssDeckRaw *raw = self->raw;
  OssDeck *deck = self->deck;
  gsize n = deck->mesh->n_elements, n_sections = raw->sections->len;
  g_autofree gint32 *table_place = g_new (gint32, n_sections + 1);
  g_autofree double *modulus = g_new (double, n_sections + 1);

  deck->poisson = NAN;
  self->section = g_new (gint32, n);
  for (gsize e = 0; e < n; e++)
    self->section[e] = -1;
  if (!name_sections (self, error))
    return FALSE;
  for (guint s = 0; s < n_sections; s++)
    if (!assign_section (self, s, error) || !build_section (self, s, &table_place[s], &modulus[s], error))
      return FALSE;
  deck->modulus_mpa = g_new (double, n);
  deck->material = deck->materials->len > 0 ? g_new (gint32, n) : NULL;
  for (gsize e = 0; e < n; e++)
    {
      if (self->section[e] < 0)
        return oss_deck_fail (&raw->scan, self->element_place[e], OSS_ERROR_INVALID_DATA, error,
                              _ ("element %d has no *SOLID SECTION."), deck->element_number[e]);
      deck->modulus_mpa[e] = modulus[self->section[e]];
      if (deck->material != NULL)
        deck->material[e] = table_place[self->section[e]];
    }
  if (isnan (deck->poisson))
    deck->poisson = 0.3; /* nobody asks for it */
  return TRUE;
}

static void
mark_used (Build *self)
{
  const OssMesh *mesh = self->deck->mesh;
  const GArray *terms = self->raw->terms;

  self->used = g_new0 (guint8, mesh->n_nodes);
  for (gsize i = 0; i < mesh->n_elements * (gsize) oss_element_nodes (mesh->kind); i++)
    self->used[mesh->elements[i]] = TRUE;
  for (guint i = 0; i < terms->len; i++)
    {
      gint32 node = lookup_find (&self->nodes, g_array_index (terms, OssDeckTerm, i).number);
      if (node >= 0)
        self->used[node] = TRUE;
    }
}

/* A load has to act on something; @n nodes, at least one of which an element or an equation has. */
static gboolean
check_used (const Build *self, const gint32 *numbers, gsize n, double value, OssDeckPlace place, GError **error)
{
  for (gsize k = 0; k < n; k++)
    if (value == 0.0 || self->used[lookup_find (&self->nodes, numbers[k])])
      return TRUE;
  return oss_deck_fail (&self->raw->scan, place, OSS_ERROR_INVALID_DATA, error,
                        _ ("this loads nothing: no element and no equation has node %d."), numbers[0]);
}

/* Within one stage (before the step, in it) a freedom has one value; the step's takes the place of the one before. */
static gboolean
build_boundary (Build *self, GError **error)
{
  GArray *raw = self->raw->boundary, *out = self->deck->prescribed;
  g_autofree guint32 *by = g_new0 (guint32, 3 * self->deck->mesh->n_nodes); /* place in raw + 1 */
  g_autofree guint32 *at = g_new (guint32, 3 * self->deck->mesh->n_nodes);

  for (guint i = 0; i < raw->len; i++)
    {
      const OssDeckBoundary *boundary = &g_array_index (raw, OssDeckBoundary, i);
      gint32 one;
      const gint32 *numbers;
      gsize n = find_target (self, &boundary->target, FALSE, boundary->place, &one, &numbers, error);
      if (n == 0 || !check_used (self, numbers, n, boundary->value, boundary->place, error))
        return FALSE;
      for (gsize k = 0; k < n; k++)
        for (gint8 axis = boundary->first; axis <= boundary->last; axis++)
          {
            OssNodal load = { lookup_find (&self->nodes, numbers[k]), axis, boundary->value };
            gsize f = 3 * (gsize) load.node + (gsize) axis;
            const OssDeckBoundary *other = by[f] > 0 ? &g_array_index (raw, OssDeckBoundary, by[f] - 1) : NULL;
            if (other != NULL && other->value != boundary->value && other->in_step == boundary->in_step)
              return oss_deck_fail (&self->raw->scan, boundary->place, OSS_ERROR_INVALID_DATA, error,
                                    _ ("node %d is moved along %d by %g mm here and by %g mm in line %u."), numbers[k],
                                    axis + 1, boundary->value, other->value, other->place.line);
            by[f] = i + 1;
            if (other != NULL)
              {
                g_array_index (out, OssNodal, at[f]).value = boundary->value;
                continue;
              }
            at[f] = out->len;
            g_array_append_val (out, load);
          }
    }
  return TRUE;
}

static gboolean
build_forces (Build *self, GError **error)
{
  for (guint i = 0; i < self->raw->forces->len; i++)
    {
      const OssDeckLoad *load = &g_array_index (self->raw->forces, OssDeckLoad, i);
      gint32 one;
      const gint32 *numbers;
      gsize n = find_target (self, &load->target, FALSE, load->place, &one, &numbers, error);
      if (n == 0)
        return FALSE;
      for (gsize k = 0; k < n; k++)
        {
          if (!check_used (self, numbers + k, 1, load->value, load->place, error))
            return FALSE;
          OssNodal force = { lookup_find (&self->nodes, numbers[k]), load->axis, load->value };
          g_array_append_val (self->deck->forces, force);
        }
    }
  return TRUE;
}

static gboolean
add_pressure (Build *self, const OssDeckLoad *load, const gint32 *numbers, gsize n, GError **error)
{
  const OssMesh *mesh = self->deck->mesh;
  g_autoptr (GError) fault = NULL;

  for (gsize k = 0; k < n; k++)
    {
      gint32 element = lookup_find (&self->elements, numbers[k]), nodes[6];
      int n_nodes = element >= 0 ? oss_faces_of_element (mesh, (gsize) element, load->face, nodes) : 0;
      OssFaces face = { .n_corners = mesh->kind == OSS_ELEMENT_HEX8 ? 4 : 3,
                        .n_nodes = n_nodes,
                        .n = 1,
                        .nodes = nodes,
                        .element = &element };
      if (n_nodes == 0)
        return oss_deck_fail (&self->raw->scan, load->place, OSS_ERROR_INVALID_DATA, error,
                              _ ("element %d, or its face %d, is not there."), numbers[k], load->face);
      if (!oss_load_pressure (mesh, &face, load->value, self->deck->forces, &fault))
        return oss_deck_fail (&self->raw->scan, load->place, OSS_ERROR_INVALID_DATA, error, "%s", fault->message);
    }
  return TRUE;
}

static gboolean
add_gravity (Build *self, const OssDeckLoad *load, const gint32 *numbers, gsize n, GError **error)
{
  g_autofree double *density = g_new0 (double, self->deck->mesh->n_elements);
  double pull[3];

  for (gsize k = 0; k < n; k++)
    {
      gint32 element = lookup_find (&self->elements, numbers[k]);
      if (element < 0)
        return oss_deck_fail (&self->raw->scan, load->place, OSS_ERROR_INVALID_DATA, error,
                              _ ("element %d is not there."), numbers[k]);
      const OssDeckSection *section = &g_array_index (self->raw->sections, OssDeckSection, self->section[element]);
      guint m = GPOINTER_TO_UINT (g_hash_table_lookup (self->material_of, section->material));
      density[element] = g_array_index (self->raw->materials, OssDeckMaterial, m - 1).density;
      if (!(density[element] > 0.0))
        return oss_deck_fail (&self->raw->scan, load->place, OSS_ERROR_INVALID_DATA, error,
                              _ ("gravity on element %d, whose material %s has no *DENSITY."), numbers[k],
                              oss_deck_show (section->material, strlen (section->material)));
    }
  for (int i = 0; i < 3; i++)
    pull[i] = load->value * load->direction[i] / oss_norm (load->direction);
  return oss_load_body_force (self->deck->mesh, density, pull, self->deck->forces, error);
}

static gboolean
build_distributed (Build *self, GError **error)
{
  for (guint i = 0; i < self->raw->distributed->len; i++)
    {
      const OssDeckLoad *load = &g_array_index (self->raw->distributed, OssDeckLoad, i);
      gint32 one;
      const gint32 *numbers;
      gsize n = find_target (self, &load->target, TRUE, load->place, &one, &numbers, error);
      if (n == 0
          || !(load->face == 0 ? add_gravity (self, load, numbers, n, error)
                               : add_pressure (self, load, numbers, n, error)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
build_equations (Build *self, GError **error)
{
  OssDeckRaw *raw = self->raw;
  OssDeck *deck = self->deck;

  for (guint i = 0; i < raw->terms->len; i++)
    {
      const OssDeckTerm *term = &g_array_index (raw->terms, OssDeckTerm, i);
      OssFemTerm out = { lookup_find (&self->nodes, term->number), term->axis, term->coefficient };
      g_array_append_val (deck->terms, out);
    }
  for (guint i = 0; i < raw->equations->len; i++)
    {
      const OssDeckEquation *equation = &g_array_index (raw->equations, OssDeckEquation, i);
      g_autofree char *name = g_strdup_printf (
          _ ("“%s”, line %u"), (const char *) raw->scan.names->pdata[equation->place.file], equation->place.line);
      OssFemEquation out = { .terms = &g_array_index (deck->terms, OssFemTerm, equation->first),
                             .n_terms = equation->n,
                             .name = g_string_chunk_insert (deck->text, name) };
      for (gsize k = 0; k < equation->n; k++)
        if (out.terms[k].node < 0)
          return oss_deck_fail (&raw->scan, equation->place, OSS_ERROR_INVALID_DATA, error, _ ("node %d is not there."),
                                g_array_index (raw->terms, OssDeckTerm, equation->first + k).number);
      g_array_append_val (deck->equations, out);
    }
  return TRUE;
}

static void
set_free (gpointer data)
{
  OssDeckSet *set = data;
  g_free (set->name);
  g_free (set->nodes);
  g_free (set);
}

static gboolean
build_all (Build *self, GError **error)
{
  const OssDeckRaw *raw = self->raw;

  if (!build_mesh (self, error))
    return FALSE;
  if (!raw->any_step)
    return oss_deck_fail (&raw->scan, raw->scan.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("the deck ends without a *STEP: there is nothing to solve."));
  if (raw->in_step)
    return oss_deck_fail (&raw->scan, raw->scan.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("the deck ends without an *END STEP: it has been cut off."));
  mark_used (self);
  return build_sets (self, error) && build_materials (self, error) && build_boundary (self, error)
         && build_forces (self, error) && build_distributed (self, error) && build_equations (self, error);
}

OssDeck *
oss_deck_build (OssDeckRaw *raw, GError **error)
{
  g_autoptr (OssDeck) deck = g_new0 (OssDeck, 1);
  Build self = { .raw = raw, .deck = deck };

  deck->materials = g_array_new (FALSE, FALSE, sizeof (OssFemMaterial));
  deck->prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  deck->forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  deck->terms = g_array_new (FALSE, FALSE, sizeof (OssFemTerm));
  deck->equations = g_array_new (FALSE, FALSE, sizeof (OssFemEquation));
  deck->sets = g_ptr_array_new_with_free_func (set_free);
  deck->text = g_string_chunk_new (4096);
  deck->notes = g_steal_pointer (&raw->notes);
  self.material_of = g_hash_table_new (g_str_hash, g_str_equal);
  self.orientation_of = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean done = build_all (&self, error);
  g_hash_table_unref (self.material_of);
  g_hash_table_unref (self.orientation_of);
  g_free (self.nodes.place);
  g_free (self.elements.place);
  g_free (self.element_place);
  g_free (self.section);
  g_free (self.used);
  return done ? g_steal_pointer (&deck) : NULL;
}
