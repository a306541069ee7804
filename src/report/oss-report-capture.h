/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-picture.h"

G_BEGIN_DECLS

/* What stands under a picture that leaves the program: level (may be ""), program, what it is not.  Translated; nothing
 * about the patient. (transfer full) */
OSS_API char *oss_report_capture_words (const char *vertebra);
/* @picture on paper, opaque, with @words on a dark strip below it. (transfer full) */
OSS_API OssPicture *oss_report_capture (const OssPicture *picture, const char *words);
/* The same of a PNG file of this program; NOT_FOUND, INVALID_DATA. */
OSS_API OssPicture *oss_report_capture_png (const char *path, const char *words, GError **error);

G_END_DECLS
