/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-vector.h"
#include "fem/oss-deck-private.h"

#include <string.h>

/* The cards of what holds, moves and loads a model: read into OssDeckRaw, checked one by one. */

/* The first field: a node or element, or the name of a set. */
static gboolean
take_target (OssDeckRaw *self, OssDeckFields *fields, OssDeckTarget *target, GError **error)
{
  const char *text;
  gsize length;

  if (!oss_deck_field (fields, &text, &length) || length == 0)
    return oss_deck_fail_here (self, error, _ ("the node, element or set is missing."));
  *target = (OssDeckTarget){ NULL, 0 };
  if (oss_deck_parse_int (text, length, &target->number) && target->number > 0)
    return TRUE;
  g_autofree char *name = g_ascii_strup (text, (gssize) length);
  target->set = g_string_chunk_insert_const (self->text, name);
  return TRUE;
}

/* OP=NEW: what was said before no longer holds. */
static gboolean
read_op (OssDeckRaw *self, gboolean *fresh, GError **error)
{
  const char *op = oss_deck_card_value (&self->card, "OP");

  *fresh = op != NULL && strcmp (op, "NEW") == 0;
  return op == NULL || *fresh || strcmp (op, "MOD") == 0
         || oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error, _ ("OP=%s; it is NEW or MOD."),
                           oss_deck_show (op, strlen (op)));
}

/* ENCASTRE and the like: as for solids, which have no turns. */
static gboolean
named_support (const char *text, gsize length, gint32 *first, gint32 *last)
{
  static const struct
  {
    const char *name;
    gint32 first, last;
  } known[] = { { "ENCASTRE", 1, 3 }, { "PINNED", 1, 3 }, { "XSYMM", 1, 1 }, { "YSYMM", 2, 2 }, { "ZSYMM", 3, 3 } };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (strlen (known[i].name) == length && g_ascii_strncasecmp (text, known[i].name, length) == 0)
      {
        *first = known[i].first;
        *last = known[i].last;
        return TRUE;
      }
  return FALSE;
}

static gboolean
boundary_line (OssDeckRaw *self, OssDeckBoundary *boundary, GError **error)
{
  OssDeckFields fields = oss_deck_fields (&self->scan), rest;
  const char *text;
  gsize length;
  gint32 first, last;

  if (!take_target (self, &fields, &boundary->target, error))
    return FALSE;
  rest = fields;
  if (!oss_deck_field (&fields, &text, &length) || !named_support (text, length, &first, &last))
    {
      fields = rest;
      if (!oss_deck_take_number (self, &fields, N_ ("direction"), &first, error))
        return FALSE;
      last = first;
      rest = fields;
      if (oss_deck_field (&fields, &text, &length) && length > 0)
        {
          fields = rest;
          if (!oss_deck_take_number (self, &fields, N_ ("direction"), &last, error))
            return FALSE;
        }
    }
  if (last < first || last > 6 || first > 3)
    return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                          _ ("directions %d to %d; a node of a solid has 1, 2 and 3."), first, last);
  boundary->first = (gint8) (first - 1);
  boundary->last = (gint8) (MIN (last, 3) - 1);
  if (oss_deck_field (&fields, &text, &length) && length > 0 && !oss_deck_parse_double (text, length, &boundary->value))
    return oss_deck_fail_field (self, error, text, length);
  return fields.at >= fields.end
         || oss_deck_fail_here (self, error, _ ("the line has more fields than a *BOUNDARY has."));
}

gboolean
oss_deck_card_boundary (OssDeckRaw *self, GError **error)
{
  gboolean found, fresh;

  if (!read_op (self, &fresh, error))
    return FALSE;
  if (fresh)
    g_array_set_size (self->boundary, 0);
  while (oss_deck_scan_data (&self->scan, &found, error) && found)
    {
      OssDeckBoundary boundary = { .in_step = self->in_step, .place = self->scan.place };
      if (!boundary_line (self, &boundary, error))
        return FALSE;
      g_array_append_val (self->boundary, boundary);
    }
  return error == NULL || *error == NULL;
}

static gboolean
needs_step (OssDeckRaw *self, GError **error)
{
  return self->in_step
         || oss_deck_fail (&self->scan, self->card.place, OSS_ERROR_INVALID_DATA, error,
                           _ ("*%s stands outside of a *STEP."), self->card.name);
}

gboolean
oss_deck_card_cload (OssDeckRaw *self, GError **error)
{
  gboolean found, fresh;

  if (!needs_step (self, error) || !read_op (self, &fresh, error))
    return FALSE;
  if (fresh)
    g_array_set_size (self->forces, 0);
  while (oss_deck_scan_data (&self->scan, &found, error) && found)
    {
      OssDeckFields fields = oss_deck_fields (&self->scan);
      OssDeckLoad load = { .place = self->scan.place };
      const char *text;
      gsize length;
      gint32 axis;
      if (!take_target (self, &fields, &load.target, error)
          || !oss_deck_take_number (self, &fields, N_ ("direction"), &axis, error))
        return FALSE;
      if (axis > 3)
        return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_INVALID_DATA, error,
                              _ ("direction %d of a node; there are 1, 2 and 3."), axis);
      if (!oss_deck_field (&fields, &text, &length) || length == 0)
        return oss_deck_fail_here (self, error, _ ("the force is missing."));
      if (!oss_deck_parse_double (text, length, &load.value))
        return oss_deck_fail_field (self, error, text, length);
      if (fields.at < fields.end)
        return oss_deck_fail_here (self, error, _ ("the line has more fields than a *CLOAD has."));
      load.axis = (gint8) (axis - 1);
      g_array_append_val (self->forces, load);
    }
  return error == NULL || *error == NULL;
}

static gboolean
dload_line (OssDeckRaw *self, OssDeckLoad *load, GError **error)
{
  OssDeckFields fields = oss_deck_fields (&self->scan);
  const char *label, *text;
  gsize length;
  double numbers[4] = { 0.0 };
  int n = 0;

  if (!take_target (self, &fields, &load->target, error))
    return FALSE;
  if (!oss_deck_field (&fields, &label, &length))
    return oss_deck_fail_here (self, error, _ ("the kind of load is missing."));
  gboolean gravity = length == 4 && g_ascii_strncasecmp (label, "GRAV", 4) == 0;
  gboolean pressure = length == 2 && (label[0] | 0x20) == 'p' && label[1] >= '1' && label[1] <= '6';
  if (!gravity && !pressure)
    return oss_deck_fail (&self->scan, self->scan.place, OSS_ERROR_UNSUPPORTED, error,
                          _ ("a distributed load “%s” is not read; P1 to P6 and GRAV are."),
                          oss_deck_show (label, length));
  while (n < 4 && oss_deck_field (&fields, &text, &length))
    if (!oss_deck_parse_double (text, length, &numbers[n++]))
      return oss_deck_fail_field (self, error, text, length);
  if (n != (gravity ? 4 : 1) || fields.at < fields.end)
    return oss_deck_fail_here (self, error,
                               gravity ? _ ("GRAV needs a size and a direction: four numbers.")
                                       : _ ("a pressure is one number."));
  load->face = gravity ? 0 : (gint8) (label[1] - '0');
  load->value = numbers[0];
  memcpy (load->direction, numbers + 1, sizeof load->direction);
  return !gravity || oss_norm (load->direction) > 0.0 || oss_deck_fail_here (self, error, _ ("GRAV has no direction."));
}

gboolean
oss_deck_card_dload (OssDeckRaw *self, GError **error)
{
  gboolean found, fresh;

  if (!needs_step (self, error) || !read_op (self, &fresh, error))
    return FALSE;
  if (fresh)
    g_array_set_size (self->distributed, 0);
  while (oss_deck_scan_data (&self->scan, &found, error) && found)
    {
      OssDeckLoad load = { .place = self->scan.place };
      if (!dload_line (self, &load, error))
        return FALSE;
      g_array_append_val (self->distributed, load);
    }
  return error == NULL || *error == NULL;
}
