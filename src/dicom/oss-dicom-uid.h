/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

#define OSS_DICOM_HASH_START 14695981039346656037ull

/* FNV-1a, 64 bits, of @text and its end; chain calls over several texts. */
guint64 oss_dicom_hash_text (guint64 hash, const char *text);

G_END_DECLS
