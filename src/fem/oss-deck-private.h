/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-deck.h"

G_BEGIN_DECLS

/* Where something stands in a deck. */
typedef struct
{
  guint32 line; /* from 1 */
  guint32 file; /* place in OssDeckScan.names */
} OssDeckPlace;

/**
 * OssDeckScan: the lines of a deck, included files in place of the cards that include them.
 * @names: what messages call the files
 * @text, @length: the line at hand, without blanks at its ends
 * @place: where it stands
 */
typedef struct
{
  GPtrArray *names;
  GPtrArray *sources; /* the files that are open, the deck itself first */
  char *folder;       /* real path of the deck's folder */
  const OssTick *tick;
  guint64 lines;
  const char *text;
  gsize length;
  OssDeckPlace place;
  gboolean again; /* the line at hand is to be given once more */
} OssDeckScan;

gboolean oss_deck_scan_open (OssDeckScan *self, const char *path, const OssTick *tick, GError **error);
void oss_deck_scan_close (OssDeckScan *self);
/* The next line that is neither empty nor a comment; @found FALSE at the end. */
gboolean oss_deck_scan_next (OssDeckScan *self, gboolean *found, GError **error);
/* The same, but @found is FALSE also before a card. */
gboolean oss_deck_scan_data (OssDeckScan *self, gboolean *found, GError **error);

/* Sets an error "FILE, line N: ..." and returns FALSE. */
gboolean oss_deck_fail (const OssDeckScan *self, OssDeckPlace place, OssError code, GError **error, const char *format,
                        ...) G_GNUC_PRINTF (5, 6);

/* Text of a deck for a message: printable, at most 40 characters.  Four at a time. */
const char *oss_deck_show (const char *text, gsize length);

/* A number with sign, point and exponent (E or D), correctly rounded; FALSE for anything else, infinities included. */
gboolean oss_deck_parse_double (const char *text, gsize length, double *value);
gboolean oss_deck_parse_int (const char *text, gsize length, gint32 *value);

/* The fields of a line between commas. */
typedef struct
{
  const char *at, *end;
} OssDeckFields;

static inline OssDeckFields
oss_deck_fields (const OssDeckScan *scan)
{
  return (OssDeckFields){ scan->text, scan->text + scan->length };
}

/* The next field without blanks at its ends; FALSE when there is none.  A comma at the end begins no field. */
static inline gboolean
oss_deck_field (OssDeckFields *self, const char **text, gsize *length)
{
  if (self->at >= self->end)
    return FALSE;
  const char *first = self->at, *last = first;
  while (last < self->end && *last != ',')
    last++;
  self->at = last + 1;
  while (first < last && (*first == ' ' || *first == '\t'))
    first++;
  while (last > first && (last[-1] == ' ' || last[-1] == '\t'))
    last--;
  *text = first;
  *length = (gsize) (last - first);
  return TRUE;
}

#define OSS_DECK_PARAMETERS 16

/* A card: "*NAME, KEY=VALUE, ...", upper case. */
typedef struct
{
  char *name;
  guint n;
  char *key[OSS_DECK_PARAMETERS];
  char *value[OSS_DECK_PARAMETERS]; /* "" without one */
  char *file;                       /* the value of INPUT as it was written */
  OssDeckPlace place;
} OssDeckCard;

/* Reads the card at hand, which may go on over the next lines. */
gboolean oss_deck_card_read (OssDeckScan *scan, OssDeckCard *card, GError **error);
void oss_deck_card_clear (OssDeckCard *card);
/* The value of a parameter, or NULL. */
const char *oss_deck_card_value (const OssDeckCard *card, const char *key);

/* What the cards said, unresolved. */
typedef struct
{
  double x[3];
  gint32 number;
  OssDeckPlace place;
} OssDeckNode;

typedef struct
{
  gint32 number;
  guint32 first; /* in RawDeck.element_nodes, by elements */
  OssDeckPlace place;
} OssDeckElement;

typedef struct
{
  const char *name;
  GArray *numbers; /* gint32 */
  OssDeckPlace place;
} OssDeckRawSet;

typedef struct
{
  const char *name;
  gboolean elastic;
  OssElasticity kind;
  double constants[9];
  double density; /* 0: not given */
  OssDeckPlace place;
} OssDeckMaterial;

typedef struct
{
  const char *name;
  double axes[9];
} OssDeckOrientation;

typedef struct
{
  const char *elements, *material, *orientation; /* orientation: NULL when not given */
  OssDeckPlace place;
} OssDeckSection;

/* A node or element by its number, or a set by its name. */
typedef struct
{
  const char *set; /* NULL: @number */
  gint32 number;
} OssDeckTarget;

typedef struct
{
  OssDeckTarget target;
  gint8 first, last; /* 0, 1, 2 */
  gboolean in_step;
  double value;
  OssDeckPlace place;
} OssDeckBoundary;

typedef struct
{
  OssDeckTarget target;
  gint8 axis;
  gint8 face; /* distributed: 1 to 6, or 0 for gravity */
  double value;
  double direction[3];
  OssDeckPlace place;
} OssDeckLoad;

typedef struct
{
  gint32 number;
  gint8 axis;
  double coefficient;
} OssDeckTerm;

typedef struct
{
  gsize first, n;
  OssDeckPlace place;
} OssDeckEquation;

typedef struct
{
  OssDeckScan scan;
  OssDeckCard card;
  GStringChunk *text;
  OssElementKind kind;
  GArray *nodes, *elements, *element_nodes;
  GHashTable *node_sets, *element_sets; /* name: OssDeckRawSet */
  GPtrArray *node_set_order;            /* borrowed */
  GArray *materials, *orientations, *sections;
  GArray *boundary, *forces, *distributed, *terms, *equations;
  GPtrArray *notes;
  GHashTable *noted;
  guint64 generated; /* members of sets that ranges and other sets added */
  gboolean in_step, step_ended, any_step;
} OssDeckRaw;

/* One line each of a card's data, from the line after the card; oss-deck-cards.c */
typedef gboolean (*OssDeckCardFunc) (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_node (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_element (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_nset (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_elset (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_material (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_elastic (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_density (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_orientation (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_section (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_equation (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_boundary (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_cload (OssDeckRaw *self, GError **error);
gboolean oss_deck_card_dload (OssDeckRaw *self, GError **error);

/* Adds numbers to a set, made when it is not there. */
OssDeckRawSet *oss_deck_set (OssDeckRaw *self, GHashTable *sets, const char *name);
/* Fields of the line at hand as numbers, empty ones 0; the count, or -1 with an error. */
int oss_deck_numbers (OssDeckRaw *self, double *values, int n, GError **error);

/* Sets an error at the line at hand and returns FALSE: @message, or that @text is no number. */
gboolean oss_deck_fail_here (const OssDeckRaw *self, GError **error, const char *message);
gboolean oss_deck_fail_field (const OssDeckRaw *self, GError **error, const char *text, gsize length);
/* The next field as a whole number above 0; @what it is, untranslated. */
gboolean
oss_deck_take_number (OssDeckRaw *self, OssDeckFields *fields, const char *what, gint32 *value, GError **error);

/* The model of what was read. */
OssDeck *oss_deck_build (OssDeckRaw *self, GError **error);

G_END_DECLS
