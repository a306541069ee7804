/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-depth.h"

#include "base/oss-i18n.h"

#include <string.h>

/* Tags of PS3.5, 7.5, in one byte order. */
typedef struct
{
  guint8 mark[2]; /* what every item's tag begins with */
  guint8 begin[2], end[2];
  gboolean big;
} Order;

static const Order orders[2] = {
  { { 0xfe, 0xff }, { 0x00, 0xe0 }, { 0x0d, 0xe0 }, FALSE },
  { { 0xff, 0xfe }, { 0xe0, 0x00 }, { 0xe0, 0x0d }, TRUE },
};

/* Ends of the items that are open; an item of undefined length ends where its end is met. */
typedef struct
{
  gsize ends[OSS_DICOM_DEEPEST + 1];
  guint n;
} Open;

static gsize
length_at (const guint8 *bytes, const Order *order)
{
  guint32 length;

  memcpy (&length, bytes, sizeof length);
  return order->big ? GUINT32_FROM_BE (length) : GUINT32_FROM_LE (length);
}

static void
close_passed (Open *self, gsize at)
{
  while (self->n > 0 && self->ends[self->n - 1] <= at)
    self->n--;
}

/* What the tag at @bytes + @at does to the items that are open. */
static void
take_tag (Open *self, const guint8 *bytes, gsize at, gsize n, const Order *order)
{
  gsize length = length_at (bytes + at + 4, order);
  gboolean undefined = length == G_MAXUINT32;

  close_passed (self, at);
  if (memcmp (bytes + at + 2, order->begin, 2) == 0 && (undefined || length <= n - at - 8))
    {
      if (self->n <= OSS_DICOM_DEEPEST)
        self->ends[self->n++] = undefined ? G_MAXSIZE : at + 8 + length;
    }
  else if (memcmp (bytes + at + 2, order->end, 2) == 0 && self->n > 0 && self->ends[self->n - 1] == G_MAXSIZE)
    self->n--;
}

static guint
depth_in (const guint8 *bytes, gsize n, const Order *order)
{
  Open open = { .n = 0 };
  guint deepest = 0;

  for (gsize at = 0; at + 8 <= n && deepest <= OSS_DICOM_DEEPEST; at++)
    {
      const guint8 *next = memchr (bytes + at, order->mark[0], n - 7 - at);
      if (next == NULL)
        break;
      at = (gsize) (next - bytes);
      if (next[1] == order->mark[1])
        take_tag (&open, bytes, at, n, order);
      deepest = MAX (deepest, open.n);
    }
  return deepest;
}

guint
oss_dicom_depth (const guint8 *bytes, gsize n)
{
  const guint8 *pixels;

  if (bytes == NULL || n == 0)
    return 0;
  pixels = memmem (bytes, n, "\xe0\x7f\x10\x00", 4);
  if (pixels == NULL)
    pixels = memmem (bytes, n, "\x7f\xe0\x00\x10", 4);
  if (pixels != NULL)
    n = (gsize) (pixels - bytes);
  return MAX (depth_in (bytes, n, &orders[0]), depth_in (bytes, n, &orders[1]));
}

gboolean
oss_dicom_check_depth (const char *path, gboolean *deflated, guint64 *file_bytes, GError **error)
{
  static const char uid[] = "1.2.840.10008.1.2.1.99";
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GError) reason = NULL;

  *deflated = FALSE;
  *file_bytes = 0;
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) /* opening a pipe would wait for ever; others say what is wrong */
    return TRUE;
  file = g_mapped_file_new (path, FALSE, &reason);
  if (file == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, reason->message);
      return FALSE;
    }
  const guint8 *bytes = (const guint8 *) g_mapped_file_get_contents (file);
  gsize n = g_mapped_file_get_length (file);
  *file_bytes = n;
  *deflated = n > 0 && memmem (bytes, MIN (n, 4096), uid, sizeof uid - 1) != NULL;
  if (oss_dicom_depth (bytes, n) <= OSS_DICOM_DEEPEST)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("its sequences lie more than %d deep in one another"),
               OSS_DICOM_DEEPEST);
  return FALSE;
}
