/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-uid.h"

#include "base/oss-random.h"
#include "dicom/oss-dicom-writer.h"

guint64
oss_dicom_hash_text (guint64 hash, const char *text)
{
  const char *c = text;

  do
    hash = (hash ^ (guint8) *c) * 1099511628211ull;
  while (*c++ != '\0');
  return hash;
}

/* A UUID as one decimal number behind 2.25 (DICOM PS3.5, B.2); version 8, "made by its own rule". */
char *
oss_dicom_uid (guint64 seed, guint64 index)
{
  guint64 high = oss_random_hash (seed, 2 * index), low = oss_random_hash (seed, 2 * index + 1);
  char digits[40];
  int at = sizeof digits - 1;

  high = (high & ~0xf000ull) | 0x8000ull;
  low = (low & ~(3ull << 62)) | (2ull << 62);
  unsigned __int128 value = ((unsigned __int128) high << 64) | low;
  digits[at] = '\0';
  for (; value > 0; value /= 10)
    digits[--at] = (char) ('0' + (int) (value % 10));
  return g_strconcat ("2.25.", digits + at, NULL);
}
