/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pacs-raw.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define FRAGMENT 16000

int
raw_connect (guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct timeval limit = { .tv_sec = 10 };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

void
raw_close (int fd)
{
  close (fd);
}

void
raw_write (int fd, const void *data, gsize n)
{
  for (const char *at = data; n > 0;)
    {
      ssize_t put = send (fd, at, n, MSG_NOSIGNAL);
      if (put <= 0)
        return; /* it hung up: the answer will tell */
      at += put;
      n -= (gsize) put;
    }
}

static gboolean
read_all (int fd, void *out, gsize n)
{
  for (char *at = out; n > 0;)
    {
      ssize_t got = recv (fd, at, n, 0);
      if (got <= 0)
        return FALSE;
      at += got;
      n -= (gsize) got;
    }
  return TRUE;
}

static void
add (GByteArray *out, const void *data, gsize n)
{
  g_byte_array_append (out, data, (guint) n);
}

/* Big endian, as everything below the data sets. */
static void
add_number (GByteArray *out, guint32 value, guint bytes)
{
  for (guint i = bytes; i-- > 0;)
    add (out, &(guint8){ (guint8) (value >> (8 * i)) }, 1);
}

static void
add_title (GByteArray *out, const char *title)
{
  char padded[17];

  g_snprintf (padded, sizeof padded, "%-16s", title);
  add (out, padded, 16);
}

static void
add_item (GByteArray *out, guint8 type, const void *data, gsize n)
{
  add_number (out, type, 1);
  add_number (out, 0, 1);
  add_number (out, (guint32) n, 2);
  add (out, data, n);
}

static void
send_pdu (int fd, guint8 type, const GByteArray *body)
{
  g_autoptr (GByteArray) pdu = g_byte_array_new ();

  add_number (pdu, type, 1);
  add_number (pdu, 0, 1);
  add_number (pdu, body->len, 4);
  add (pdu, body->data, body->len);
  raw_write (fd, pdu->data, pdu->len);
}

int
raw_associate (int fd, const char *calling, const char *called, const char *sop_class, const char *syntax)
{
  g_autoptr (GByteArray) body = g_byte_array_new (), context = g_byte_array_new (), user = g_byte_array_new ();
  guint8 nothing[32] = { 0 }, head[6];

  add_number (body, 1, 2);
  add_number (body, 0, 2);
  add_title (body, called);
  add_title (body, calling);
  add (body, nothing, 32);
  add_item (body, 0x10, "1.2.840.10008.3.1.1.1", 21);
  add_number (context, 1, 1);
  add_number (context, 0, 3);
  add_item (context, 0x30, sop_class, strlen (sop_class));
  add_item (context, 0x40, syntax, strlen (syntax));
  add_item (body, 0x20, context->data, context->len);
  add_number (user, 0x51, 1);
  add_number (user, 0, 1);
  add_number (user, 4, 2);
  add_number (user, 16384, 4);
  add_item (user, 0x52, "1.2.3.4", 7);
  add_item (body, 0x50, user->data, user->len);
  send_pdu (fd, 1, body);
  if (!read_all (fd, head, sizeof head))
    return 0;
  gsize n = (gsize) head[2] << 24 | (gsize) head[3] << 16 | (gsize) head[4] << 8 | head[5];
  g_autofree guint8 *rest = g_malloc (n);
  return read_all (fd, rest, n) ? head[0] : 0;
}

static void
add_element (GByteArray *out, guint16 element, const void *data, gsize n)
{
  guint32 length = GUINT32_TO_LE ((guint32) n);
  guint16 tag[2] = { 0, GUINT16_TO_LE (element) };

  add (out, tag, 4);
  add (out, &length, 4);
  add (out, data, n);
}

static void
add_uid (GByteArray *out, guint16 element, const char *uid)
{
  gsize n = strlen (uid);
  add_element (out, element, uid, n + n % 2); /* padded with the string's own end */
}

static void
add_short (GByteArray *out, guint16 element, guint16 value)
{
  guint16 stored = GUINT16_TO_LE (value);
  add_element (out, element, &stored, 2);
}

static void
send_fragment (int fd, guint8 flags, const void *data, gsize n)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  add_number (body, (guint32) n + 2, 4);
  add_number (body, 1, 1);
  add_number (body, flags, 1);
  add (body, data, n);
  send_pdu (fd, 4, body);
}

/* The status in the next command: element (0000,0900), wherever it stands. */
static int
read_status (int fd)
{
  static const guint8 tag[] = { 0, 0, 0, 9, 2, 0, 0, 0 };
  guint8 head[6];

  if (!read_all (fd, head, sizeof head) || head[0] != 4)
    return -1;
  gsize n = (gsize) head[2] << 24 | (gsize) head[3] << 16 | (gsize) head[4] << 8 | head[5];
  g_autofree guint8 *body = g_malloc (n);
  if (!read_all (fd, body, n))
    return -1;
  const guint8 *found = memmem (body, n, tag, sizeof tag);
  g_assert_nonnull (found);
  return found[8] | found[9] << 8;
}

int
raw_store (int fd, const char *command_class, const char *command_uid, const void *data, gsize n, gboolean finish)
{
  g_autoptr (GByteArray) command = g_byte_array_new (), whole = g_byte_array_new ();

  add_uid (command, 0x0002, command_class);
  add_short (command, 0x0100, 1);
  add_short (command, 0x0110, 7);
  add_short (command, 0x0700, 0);
  add_short (command, 0x0800, 1);
  add_uid (command, 0x1000, command_uid);
  guint32 length = GUINT32_TO_LE (command->len);
  add_element (whole, 0x0000, &length, 4);
  add (whole, command->data, command->len);
  send_fragment (fd, 3, whole->data, whole->len);
  for (gsize at = 0; at < n; at += FRAGMENT)
    send_fragment (fd, finish && at + FRAGMENT >= n ? 2 : 0, (const char *) data + at, MIN (FRAGMENT, n - at));
  return finish ? read_status (fd) : 0;
}
