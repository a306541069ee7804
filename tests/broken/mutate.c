/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mutate.h"

#include <string.h>

static gsize
below (OssRandom *random, gsize n)
{
  return n > 0 ? (gsize) oss_random_bits (random) % n : 0;
}

/* A place in @bytes, more often near the beginning, where the header is. */
static gsize
place (OssRandom *random, const GByteArray *bytes)
{
  gsize within = below (random, 3) == 0 ? bytes->len : MIN (bytes->len, 2000);

  return below (random, within);
}

static void
flip_bits (OssRandom *random, GByteArray *bytes)
{
  for (gsize n = 1 + below (random, 16); n > 0 && bytes->len > 0; n--)
    bytes->data[place (random, bytes)] ^= (guint8) (1u << below (random, 8));
}

static void
set_extreme (OssRandom *random, GByteArray *bytes)
{
  static const guint8 values[] = { 0x00, 0xff, 0x7f, 0x80, '\\', '\0', 'A', '9', '-', 0x1b };

  for (gsize n = 1 + below (random, 8); n > 0 && bytes->len > 0; n--)
    bytes->data[place (random, bytes)] = values[below (random, G_N_ELEMENTS (values))];
}

static void
cut_off (OssRandom *random, GByteArray *bytes)
{
  g_byte_array_set_size (bytes, (guint) place (random, bytes));
}

static void
take_out (OssRandom *random, GByteArray *bytes)
{
  gsize at = place (random, bytes), n = 1 + below (random, 200);

  if (at + n < bytes->len)
    g_byte_array_remove_range (bytes, (guint) at, (guint) n);
}

static void
insert (GByteArray *bytes, gsize at, const guint8 *piece, gsize n)
{
  guint old = bytes->len;

  g_byte_array_set_size (bytes, old + (guint) n);
  memmove (bytes->data + at + n, bytes->data + at, old - at);
  memcpy (bytes->data + at, piece, n);
}

static void
double_piece (OssRandom *random, GByteArray *bytes)
{
  gsize at = place (random, bytes), most = 1 + below (random, 400), n = MIN (most, bytes->len - at);
  g_autofree guint8 *piece = g_memdup2 (bytes->data + at, n);

  insert (bytes, place (random, bytes), piece, n);
}

static void
take_from (OssRandom *random, GByteArray *bytes, const GByteArray *other)
{
  gsize from = below (random, other->len), most = 1 + below (random, 1000), n = MIN (most, other->len - from);

  if (n > 0)
    insert (bytes, place (random, bytes), other->data + from, n);
}

/* The element with an explicit VR that begins at or after @at; bytes->len when there is none. */
static gsize
find_element (const GByteArray *bytes, gsize at)
{
  for (at &= ~(gsize) 1; at + 12 < bytes->len; at += 2)
    if (g_ascii_isupper (bytes->data[at + 4]) && g_ascii_isupper (bytes->data[at + 5]) && bytes->data[at + 1] < 0x80)
      return at;
  return bytes->len;
}

/* A length that the file cannot hold, or one that ends in the middle of a value. */
static void
lie_about_length (OssRandom *random, GByteArray *bytes)
{
  static const char *const long_forms[] = { "OB", "OW", "SQ", "UN", "UT", "OF" };
  static const guint32 lengths[] = { 0xffffffff, 0xfffffffe, 0x7fffffff, 0x80000000, 0x10000000,
                                     0x00100000, 0x0000ffff, 0x00000001, 0x00000000, 0x00000007 };
  guint32 length = lengths[below (random, G_N_ELEMENTS (lengths))];
  gsize at = find_element (bytes, place (random, bytes));
  gboolean is_long = FALSE;

  if (at + 12 >= bytes->len)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (long_forms); i++)
    is_long = is_long || memcmp (bytes->data + at + 4, long_forms[i], 2) == 0;
  memcpy (bytes->data + at + (is_long ? 8 : 6), &length, is_long ? 4 : 2);
  if (below (random, 4) == 0) /* a short form becomes a long one */
    memcpy (bytes->data + at + 4, long_forms[below (random, G_N_ELEMENTS (long_forms))], 2);
}

/* Up to 5000 sequences within one another, in front of some element; of undefined length, or all of one that lies. */
static void
nest (OssRandom *random, GByteArray *bytes)
{
  static const guint8 open[2][20] = {
    { 0x08, 0, 0x40, 0x11, 'S', 'Q', 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff },
    { 0x08, 0, 0x40, 0x11, 'S', 'Q', 0, 0, 0x00, 0x40, 0x00, 0x00, 0xfe, 0xff, 0, 0xe0, 0xf8, 0x3f, 0x00, 0x00 },
  };
  g_autoptr (GByteArray) levels = g_byte_array_new ();
  gsize n = 1 + below (random, below (random, 2) == 0 ? 60 : 5000), at = find_element (bytes, place (random, bytes));
  const guint8 *form = open[below (random, 2)];

  for (gsize i = 0; i < n; i++)
    g_byte_array_append (levels, form, 20);
  insert (bytes, MIN (at, bytes->len), levels->data, levels->len);
}

/* Overwrites the value of the first element that begins like @tag (with its VR and length, explicit little endian). */
static void
set_value (GByteArray *bytes, const char *tag, gsize n_tag, const void *value, gsize n)
{
  guint8 *found = memmem (bytes->data, bytes->len, tag, n_tag);

  if (found != NULL && (gsize) (found - bytes->data) + n_tag + n <= bytes->len)
    memcpy (found + n_tag, value, n);
}

static void
lie_about_image (OssRandom *random, GByteArray *bytes)
{
  static const guint16 sizes[] = { 0, 1, 2, 255, 4096, 32767, 65535 };
  guint16 value = sizes[below (random, G_N_ELEMENTS (sizes))];

  switch (below (random, 6))
    {
    case 0:
      set_value (bytes, "\x28\0\x10\0US\x02\0", 8, &value, 2);
      break;
    case 1:
      set_value (bytes, "\x28\0\x11\0US\x02\0", 8, &value, 2);
      break;
    case 2:
      set_value (bytes, "\x28\0\0\x01US\x02\0", 8, &value, 2); /* Bits Allocated */
      break;
    case 3:
      set_value (bytes, "\x28\0\x02\0US\x02\0", 8, &value, 2); /* Samples per Pixel */
      break;
    case 4:
      set_value (bytes, "\x28\0\x01\x01US\x02\0", 8, &value, 2); /* Bits Stored */
      break;
    default:
      set_value (bytes, "\x28\0\x08\0IS\x02\0", 8, below (random, 2) == 0 ? "99" : "-1", 2); /* Number of Frames */
      break;
    }
}

/* Another transfer syntax, where its UID fits into the bytes of the old one. */
static void
change_syntax (OssRandom *random, GByteArray *bytes)
{
  static const char *const syntaxes[] = { "1.2.840.10008.1.2",      "1.2.840.10008.1.2.1",    "1.2.840.10008.1.2.2",
                                          "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5",    "1.2.840.10008.1.2.4.50",
                                          "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70",
                                          "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90" };
  const char *chosen = syntaxes[below (random, G_N_ELEMENTS (syntaxes))];
  guint8 *found = memmem (bytes->data, MIN (bytes->len, 1000), "\x02\0\x10\0UI", 6);
  gsize at = found != NULL ? (gsize) (found - bytes->data) : 0, room;

  if (found == NULL || at + 8 >= bytes->len)
    return;
  room = found[6];
  if (strlen (chosen) > room || at + 8 + room > bytes->len)
    return;
  memset (found + 8, 0, room);
  memcpy (found + 8, chosen, strlen (chosen));
}

GByteArray *
mutate (OssRandom *random, const GByteArray *seed, const GByteArray *other)
{
  GByteArray *bytes = g_byte_array_sized_new (seed->len + 4096);

  g_byte_array_append (bytes, seed->data, seed->len);
  for (gsize n = 1 + below (random, 4); n > 0; n--)
    switch (below (random, 12))
      {
      case 0:
      case 1:
        flip_bits (random, bytes);
        break;
      case 2:
        set_extreme (random, bytes);
        break;
      case 3:
        cut_off (random, bytes);
        break;
      case 4:
        take_out (random, bytes);
        break;
      case 5:
        double_piece (random, bytes);
        break;
      case 6:
        if (other != NULL)
          take_from (random, bytes, other);
        break;
      case 7:
      case 8:
        lie_about_length (random, bytes);
        break;
      case 9:
        nest (random, bytes);
        break;
      case 10:
        lie_about_image (random, bytes);
        break;
      default:
        change_syntax (random, bytes);
        break;
      }
  return bytes;
}
