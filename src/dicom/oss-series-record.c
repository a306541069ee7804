/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headers as bytes, for whoever remembers them between scans: a few hundred bytes instead of the block's 5 kB. */
#include "dicom/oss-dicom-protocol.h"
#include "dicom/oss-series-private.h"

#include <string.h>

/* Raise this when a header's fields keep their size but change their meaning. */
#define RECORD_VERSION 1u

typedef struct
{
  guint32 magic; /* of this build's header, in this machine's byte order */
  guint32 version;
  guint32 n;
  guint32 n_bytes; /* of all that follows */
} RecordHead;

/* Behind the texts everything is numbers. */
#define NUMBERS_AT G_STRUCT_OFFSET (OssDicomHeader, series_number)
#define NUMBERS_SIZE (sizeof (OssDicomHeader) - NUMBERS_AT)

/* Size of the text that begins at @at. */
static gsize
text_size (gsize at)
{
  return at < G_STRUCT_OFFSET (OssDicomHeader, patient_name) ? OSS_DICOM_UID_SIZE : OSS_DICOM_TEXT_SIZE;
}

GBytes *
oss_series_record_pack (const GPtrArray *headers)
{
  GByteArray *all = g_byte_array_new ();
  RecordHead head = { .magic = OSS_DICOM_MAGIC, .version = RECORD_VERSION, .n = headers->len };

  g_byte_array_append (all, (const guint8 *) &head, sizeof head);
  for (guint i = 0; i < headers->len; i++)
    {
      const guint8 *header = g_ptr_array_index (headers, i);
      for (gsize at = 0; at < NUMBERS_AT; at += text_size (at))
        g_byte_array_append (all, header + at, (guint) strlen ((const char *) header + at) + 1);
      g_byte_array_append (all, header + NUMBERS_AT, NUMBERS_SIZE);
    }
  ((RecordHead *) (void *) all->data)->n_bytes = all->len - (guint) sizeof head;
  return g_byte_array_free_to_bytes (all);
}

/* One header from [*@from, @end); FALSE when it does not fit. */
static gboolean
unpack_header (const guint8 **from, const guint8 *end, OssDicomHeader *header)
{
  char *bytes = (char *) header;

  for (gsize at = 0; at < NUMBERS_AT; at += text_size (at))
    {
      gsize left = (gsize) (end - *from), n = strnlen ((const char *) *from, left);
      if (n == left || n >= text_size (at))
        return FALSE;
      memcpy (bytes + at, *from, n + 1);
      *from += n + 1;
    }
  if ((gsize) (end - *from) < NUMBERS_SIZE)
    return FALSE;
  memcpy (bytes + NUMBERS_AT, *from, NUMBERS_SIZE);
  *from += NUMBERS_SIZE;
  return TRUE;
}

GPtrArray *
oss_series_record_unpack (GBytes *record)
{
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func (g_free);
  gsize size;
  const guint8 *from = g_bytes_get_data (record, &size), *end = from + size;
  RecordHead head;

  if (size < sizeof head)
    return NULL;
  memcpy (&head, from, sizeof head);
  from += sizeof head;
  if (head.magic != OSS_DICOM_MAGIC || head.version != RECORD_VERSION || head.n_bytes != size - sizeof head
      || head.n > OSS_DICOM_MOST_FRAMES)
    return NULL;
  for (guint i = 0; i < head.n; i++)
    {
      OssDicomHeader *header = g_new0 (OssDicomHeader, 1);
      g_ptr_array_add (headers, header);
      if (!unpack_header (&from, end, header))
        return NULL;
    }
  return from == end ? g_steal_pointer (&headers) : NULL;
}
