/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-uid.h"

#include "base/oss-random.h"
#include "dicom/oss-dicom-writer.h"

#include <string.h>

guint64
oss_dicom_hash_text (guint64 hash, const char *text)
{
  const char *c = text;

  do
    hash = (hash ^ (guint8) *c) * 1099511628211ull;
  while (*c++ != '\0');
  return hash;
}

char *
oss_dicom_uid_of_uuid (const guint8 uuid[16])
{
  unsigned __int128 value = 0;
  char digits[40];
  int at = sizeof digits - 1;

  for (int i = 0; i < 16; i++)
    value = value << 8 | uuid[i];
  digits[at] = '\0';
  for (; value > 0; value /= 10)
    digits[--at] = (char) ('0' + (int) (value % 10));
  return g_strconcat ("2.25.", digits + at, NULL);
}

/* A UUID of version 8, "made by its own rule". */
char *
oss_dicom_uid (guint64 seed, guint64 index)
{
  guint64 half[2] = { oss_random_hash (seed, 2 * index), oss_random_hash (seed, 2 * index + 1) };
  guint8 uuid[16];

  half[0] = (half[0] & ~0xf000ull) | 0x8000ull;
  half[1] = (half[1] & ~(3ull << 62)) | (2ull << 62);
  for (int i = 0; i < 16; i++)
    uuid[i] = (guint8) (half[i / 8] >> (56 - 8 * (i % 8)));
  return oss_dicom_uid_of_uuid (uuid);
}

gboolean
oss_dicom_is_uid (const char *text)
{
  gsize n = strlen (text);

  if (n < 1 || n > 64 || text[0] == '.' || text[n - 1] == '.')
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isdigit (text[i]) && (text[i] != '.' || text[i - 1] == '.'))
      return FALSE;
  return TRUE;
}
