/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-deck-private.h"
#include "numeric/oss-cholesky.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 8
#define MAX_FILES 1000
#define MAX_LINE 65536
#define MAX_NUMBER 60

typedef struct
{
  GMappedFile *map;
  char *real;
  const char *at, *end;
  guint32 line, file;
} Source;

static void
source_free (gpointer data)
{
  Source *self = data;
  g_mapped_file_unref (self->map);
  g_free (self->real);
  g_free (self);
}

const char *
oss_deck_show (const char *text, gsize length)
{
  static _Thread_local char shown[4][48];
  static _Thread_local int next;
  char *out = shown[next = (next + 1) % 4];
  gsize n = MIN (length, 40);

  for (gsize i = 0; i < n; i++)
    out[i] = g_ascii_isprint (text[i]) ? text[i] : '?';
  g_strlcpy (out + n, length > n ? "…" : "", 48 - n);
  return out;
}

gboolean
oss_deck_fail (const OssDeckScan *self, OssDeckPlace place, OssError code, GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, OSS_ERROR, (gint) code, _ ("“%s”, line %u: %s"), (const char *) self->names->pdata[place.file],
               place.line, message);
  return FALSE;
}

/* What is read of a line takes as much room as the line, and the model made of it as much again. */
static gboolean
check_size (const char *name, gsize bytes, GError **error)
{
  double needed = 2.0 * (double) bytes, available = oss_memory_free_bytes ();

  if (available <= 0.0 || needed <= available)
    return TRUE;
  g_autofree char *size = oss_memory_text ((double) bytes), *asked = oss_memory_text (needed),
                  *there = oss_memory_text (available);
  g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
               _ ("Not enough memory to read “%s” of %s: at least %s are needed, %s are free."), name, size, asked,
               there);
  return FALSE;
}

/* Opens a file and puts it on top; @place is of the card that includes it, of no account for the first. */
static gboolean
push (OssDeckScan *self, const char *real, const char *name, GError **error)
{
  g_autoptr (GError) cause = NULL;
  const OssDeckPlace here = self->place;

  if (!g_file_test (real, G_FILE_TEST_IS_REGULAR))
    g_set_error (&cause, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("it is not a file"));
  GMappedFile *map = cause == NULL ? g_mapped_file_new (real, FALSE, &cause) : NULL;
  if (map == NULL && self->sources->len == 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The deck “%s” cannot be read: %s."), name, cause->message);
  else if (map == NULL)
    oss_deck_fail (self, here, OSS_ERROR_NOT_FOUND, error, _ ("the file “%s” cannot be read: %s."), name,
                   cause->message);
  if (map == NULL)
    return FALSE;
  if (!check_size (name, g_mapped_file_get_length (map), error))
    {
      g_mapped_file_unref (map);
      return FALSE;
    }
  Source *source = g_new0 (Source, 1);
  source->map = map;
  source->real = g_strdup (real);
  source->at = g_mapped_file_get_contents (map);
  source->end = source->at != NULL ? source->at + g_mapped_file_get_length (map) : NULL;
  source->file = self->names->len;
  g_ptr_array_add (self->names, g_utf8_make_valid (name, -1));
  g_ptr_array_add (self->sources, source);
  return TRUE;
}

gboolean
oss_deck_scan_open (OssDeckScan *self, const char *path, const OssTick *tick, GError **error)
{
  char *real = realpath (path, NULL);
  g_autofree char *name = g_path_get_basename (path);

  *self = (OssDeckScan){ .tick = tick };
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->sources = g_ptr_array_new_with_free_func (source_free);
  if (real == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The deck “%s” cannot be read: %s."), path,
                   g_strerror (errno));
      return FALSE;
    }
  self->folder = g_path_get_dirname (real);
  gboolean done = push (self, real, name, error);
  free (real);
  return done;
}

void
oss_deck_scan_close (OssDeckScan *self)
{
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  g_clear_pointer (&self->folder, g_free);
}

/* An included file stays in the deck's folder, links followed, and is not open already. */
static gboolean
include (OssDeckScan *self, GError **error)
{
  OssDeckCard card = { NULL };
  const OssDeckPlace place = self->place;
  gboolean done = FALSE;

  if (!oss_deck_card_read (self, &card, error))
    return FALSE;
  self->place = place;
  g_autofree char *wanted = card.file != NULL ? g_build_filename (self->folder, card.file, NULL) : NULL;
  char *real = wanted != NULL && !g_path_is_absolute (card.file) ? realpath (wanted, NULL) : NULL;
  gsize prefix = strlen (self->folder);
  gboolean open = FALSE;

  for (guint i = 0; i < self->sources->len && real != NULL; i++)
    open = open || strcmp (((Source *) self->sources->pdata[i])->real, real) == 0;
  if (card.file == NULL || card.n != 1)
    oss_deck_fail (self, place, OSS_ERROR_INVALID_DATA, error, _ ("*INCLUDE needs INPUT=FILE and nothing else."));
  else if (g_path_is_absolute (card.file))
    oss_deck_fail (self, place, OSS_ERROR_INVALID_DATA, error,
                   _ ("“%s” is not a name inside the deck's folder; only such files are included."),
                   oss_deck_show (card.file, strlen (card.file)));
  else if (real == NULL)
    oss_deck_fail (self, place, OSS_ERROR_NOT_FOUND, error, _ ("the file “%s” cannot be read: %s."),
                   oss_deck_show (card.file, strlen (card.file)), g_strerror (errno));
  else if (strncmp (real, self->folder, prefix) != 0 || (real[prefix] != '/' && prefix > 1))
    oss_deck_fail (self, place, OSS_ERROR_INVALID_DATA, error,
                   _ ("“%s” lies outside the deck's folder; only files inside are included."),
                   oss_deck_show (card.file, strlen (card.file)));
  else if (open)
    oss_deck_fail (self, place, OSS_ERROR_INVALID_DATA, error, _ ("“%s” includes itself."),
                   oss_deck_show (card.file, strlen (card.file)));
  else if (self->sources->len > MAX_DEPTH || self->names->len >= MAX_FILES)
    oss_deck_fail (self, place, OSS_ERROR_INVALID_DATA, error,
                   _ ("files are included more than %d deep, or more than %d of them."), MAX_DEPTH, MAX_FILES);
  else
    done = push (self, real, card.file, error);
  free (real);
  oss_deck_card_clear (&card);
  return done;
}

/* The next line of the file on top, without blanks at its ends. */
static gboolean
take_line (OssDeckScan *self, Source *source, GError **error)
{
  const char *end = memchr (source->at, '\n', (gsize) (source->end - source->at));
  const char *first = source->at, *last = end != NULL ? end : source->end;

  source->at = end != NULL ? end + 1 : source->end;
  self->place = (OssDeckPlace){ .line = ++source->line, .file = source->file };
  while (first < last && (*first == ' ' || *first == '\t'))
    first++;
  while (last > first && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r'))
    last--;
  self->text = first;
  self->length = (gsize) (last - first);
  if (self->length > MAX_LINE || source->line == G_MAXUINT32)
    return oss_deck_fail (self, self->place, OSS_ERROR_INVALID_DATA, error,
                          _ ("the line has %zu characters: this is not an input deck."), self->length);
  if ((++self->lines & 0xfff) == 0 && oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  return TRUE;
}

/* The next line as it stands; @found FALSE at the end of the deck. */
static gboolean
next_line (OssDeckScan *self, gboolean *found, GError **error)
{
  *found = TRUE;
  if (self->again)
    {
      self->again = FALSE;
      return TRUE;
    }
  /* The deck itself stays mapped: the line at hand may be its last. */
  while (self->sources->len > 1)
    {
      const Source *source = self->sources->pdata[self->sources->len - 1];
      if (source->at < source->end)
        break;
      g_ptr_array_set_size (self->sources, (gint) self->sources->len - 1);
    }
  Source *source = self->sources->pdata[self->sources->len - 1];
  *found = source->at < source->end;
  return !*found || take_line (self, source, error);
}

gboolean
oss_deck_scan_next (OssDeckScan *self, gboolean *found, GError **error)
{
  for (;;)
    {
      if (!next_line (self, found, error))
        return FALSE;
      if (!*found)
        return TRUE;
      if (self->length == 0 || (self->length > 1 && self->text[0] == '*' && self->text[1] == '*'))
        continue;
      if (self->length < 8 || g_ascii_strncasecmp (self->text, "*INCLUDE", 8) != 0)
        return TRUE;
      if (!include (self, error))
        return FALSE;
    }
}

gboolean
oss_deck_scan_data (OssDeckScan *self, gboolean *found, GError **error)
{
  if (!oss_deck_scan_next (self, found, error))
    return FALSE;
  if (*found && self->text[0] == '*')
    {
      self->again = TRUE;
      *found = FALSE;
    }
  return TRUE;
}

gboolean
oss_deck_parse_int (const char *text, gsize length, gint32 *value)
{
  gboolean minus = length > 0 && text[0] == '-';
  gsize i = length > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  gint64 sum = 0;

  if (i == length || length - i > 10)
    return FALSE;
  for (; i < length; i++)
    {
      if (text[i] < '0' || text[i] > '9')
        return FALSE;
      sum = 10 * sum + (text[i] - '0');
    }
  if (sum > G_MAXINT32)
    return FALSE;
  *value = (gint32) (minus ? -sum : sum);
  return TRUE;
}

gboolean
oss_deck_parse_double (const char *text, gsize length, double *value)
{
  static const double power[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
  const char *at = text, *end = text + length;
  gboolean minus = length > 0 && *at == '-', any = FALSE, many = FALSE;
  guint64 digits = 0;
  int exponent = 0, places = 0;

  if (length > MAX_NUMBER)
    return FALSE;
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  for (gboolean point = FALSE; at < end && (g_ascii_isdigit (*at) || (*at == '.' && !point)); at++)
    {
      if (*at == '.')
        {
          point = TRUE;
          continue;
        }
      any = TRUE;
      many = many || digits >= G_GUINT64_CONSTANT (900719925474099);
      digits = many ? digits : 10 * digits + (guint64) (*at - '0');
      places += point;
    }
  if (!any)
    return FALSE;
  if (at < end)
    {
      gint32 given;
      if ((*at | 0x20) != 'e' && (*at | 0x20) != 'd')
        return FALSE;
      if (!oss_deck_parse_int (at + 1, (gsize) (end - at - 1), &given) || ABS (given) > 10000)
        return FALSE;
      exponent = given;
    }
  exponent -= places;
  /* Digits below 2^53 and powers to 10^22 are exact: one operation rounds once (Clinger, PLDI 1990). */
  if (!many && exponent >= -22 && exponent <= 22)
    {
      double size = exponent < 0 ? (double) digits / power[-exponent] : (double) digits * power[exponent];
      *value = minus ? -size : size;
      return TRUE;
    }
  char copy[MAX_NUMBER + 1];
  memcpy (copy, text, length);
  copy[length] = '\0';
  for (gsize i = 0; i < length; i++)
    if ((copy[i] | 0x20) == 'd')
      copy[i] = 'e';
  *value = g_ascii_strtod (copy, NULL);
  return isfinite (*value);
}

/* --- Cards --- */

void
oss_deck_card_clear (OssDeckCard *card)
{
  for (guint i = 0; i < card->n; i++)
    {
      g_free (card->key[i]);
      g_free (card->value[i]);
    }
  g_free (card->name);
  g_free (card->file);
  *card = (OssDeckCard){ NULL };
}

const char *
oss_deck_card_value (const OssDeckCard *card, const char *key)
{
  for (guint i = 0; i < card->n; i++)
    if (strcmp (card->key[i], key) == 0)
      return card->value[i];
  return NULL;
}

/* Upper case, runs of blanks as one. */
static char *
tidy (const char *text, gsize length)
{
  GString *out = g_string_sized_new (length);

  for (gsize i = 0; i < length; i++)
    if (text[i] != ' ' && text[i] != '\t')
      g_string_append_c (out, text[i] == '\0' ? '?' : g_ascii_toupper (text[i]));
    else if (out->len > 0 && out->str[out->len - 1] != ' ')
      g_string_append_c (out, ' ');
  if (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  return g_string_free (out, FALSE);
}

static void
add_parameter (OssDeckCard *card, const char *text, gsize length)
{
  const char *equal = memchr (text, '=', length);
  gsize key = equal != NULL ? (gsize) (equal - text) : length;
  const char *value = equal != NULL ? equal + 1 : text + length;
  gsize n = (gsize) (text + length - value);

  while (n > 0 && (*value == ' ' || *value == '\t' || *value == '"'))
    value++, n--;
  while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '"'))
    n--;
  card->key[card->n] = tidy (text, key);
  card->value[card->n] = tidy (value, n);
  if (strcmp (card->key[card->n], "INPUT") == 0 && n > 0 && card->file == NULL)
    card->file = g_strndup (value, n);
  card->n++;
}

/* The text of a card and of the lines it goes on over: those after a comma at the end. */
static char *
join_card (OssDeckScan *scan, GError **error)
{
  g_autoptr (GString) whole = g_string_new_len (scan->text, (gssize) scan->length);

  while (whole->len > 0 && whole->str[whole->len - 1] == ',')
    {
      gboolean found;
      Source *source = scan->sources->pdata[scan->sources->len - 1];
      if (whole->len > MAX_LINE)
        {
          oss_deck_fail (scan, scan->place, OSS_ERROR_INVALID_DATA, error, _ ("the card does not come to an end."));
          return NULL;
        }
      /* A card does not go on in another file, nor does another card continue it. */
      found = source->at < source->end;
      if (found && !take_line (scan, source, error))
        return NULL;
      if (found && scan->length > 1 && scan->text[0] == '*' && scan->text[1] == '*')
        continue;
      if (found && scan->length > 0 && scan->text[0] == '*')
        {
          scan->again = TRUE;
          found = FALSE;
        }
      if (!found)
        break;
      g_string_append_len (whole, scan->text, (gssize) scan->length);
    }
  return g_string_free (g_steal_pointer (&whole), FALSE);
}

gboolean
oss_deck_card_read (OssDeckScan *scan, OssDeckCard *card, GError **error)
{
  const OssDeckPlace place = scan->place;
  gsize length;
  const char *text;

  *card = (OssDeckCard){ .place = place };
  g_autofree char *whole = join_card (scan, error);
  if (whole == NULL)
    return FALSE;
  OssDeckFields fields = { whole + 1, whole + strlen (whole) };
  if (!oss_deck_field (&fields, &text, &length) || length == 0)
    return oss_deck_fail (scan, place, OSS_ERROR_INVALID_DATA, error, _ ("a card without a name."));
  card->name = tidy (text, length);
  while (oss_deck_field (&fields, &text, &length))
    {
      if (card->n == OSS_DECK_PARAMETERS)
        {
          oss_deck_card_clear (card);
          return oss_deck_fail (scan, place, OSS_ERROR_INVALID_DATA, error, _ ("a card with more than %d parameters."),
                                OSS_DECK_PARAMETERS);
        }
      if (length > 0)
        add_parameter (card, text, length);
    }
  return TRUE;
}
