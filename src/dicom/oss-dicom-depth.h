/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* What lies deeper is not read: real files nest up to about ten deep, and a parser that calls itself for every level
 * needs a stack for each. */
#define OSS_DICOM_DEEPEST 128

/**
 * oss_dicom_depth:
 * @bytes: a DICOM file, or its beginning
 *
 * How deep sequence items lie within one another before the pixel data, judged by the items' own tags and lengths in
 * either byte order, without parsing anything else.  Bytes that look like an item by chance make it one too many.
 */
guint oss_dicom_depth (const guint8 *bytes, gsize n);

/* FALSE with OSS_ERROR_INVALID_DATA for a file that is deeper, or cannot be opened.
 * @deflated: (out): it names the deflated transfer syntax, so this says nothing about its data set
 * @file_bytes: (out): its size */
gboolean oss_dicom_check_depth (const char *path, gboolean *deflated, guint64 *file_bytes, GError **error);

G_END_DECLS
