/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

#define OSS_DICOM_HASH_START 14695981039346656037ull

/* FNV-1a, 64 bits, of @text and its end; chain calls over several texts. */
guint64 oss_dicom_hash_text (guint64 hash, const char *text);

/* A UUID (16 bytes, the first the most significant) as one decimal number behind 2.25 (DICOM PS3.5, B.2).
 * (transfer full) */
char *oss_dicom_uid_of_uuid (const guint8 uuid[16]);

/* Digits and single dots, 1 to 64 characters: safe as the name of a folder or file. */
gboolean oss_dicom_is_uid (const char *text);

G_END_DECLS
