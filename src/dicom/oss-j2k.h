/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-header.h"

G_BEGIN_DECLS

/**
 * oss_j2k_decode:
 * @code: a JPEG 2000 code stream, bare or in a JP2 file; also high-throughput JPEG 2000
 * @header: the image that it must describe: its size is checked before anything is decoded
 * @out: oss_dicom_header_frame_bytes (@header) bytes
 *
 * Writes stored values, 8 or 16 bits each, in this machine's byte order.
 */
gboolean oss_j2k_decode (const guint8 *code, gsize n_code, const OssDicomHeader *header, guint8 *out, GError **error);

G_END_DECLS
