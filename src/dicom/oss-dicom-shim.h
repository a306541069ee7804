/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-header.h"

G_BEGIN_DECLS

/* The reading side of the DCMTK shim.  Only the reading process (ossature-decode) links it:
 * no byte of a file from outside is parsed in the program itself.  One thread. */

/* Loads the data dictionary and registers the decoders; FALSE when DCMTK has no dictionary. */
gboolean oss_dicom_shim_start (GError **error);

/**
 * oss_dicom_shim_header:
 * @header: (out): all of it is set
 *
 * Reads everything but long values.  A file that breaks off after its series is known
 * succeeds with @header->damage set.  OSS_ERROR_NOT_FOUND: not DICOM, or a DICOMDIR.
 * OSS_ERROR_INVALID_DATA: DICOM, but too damaged to tell what it is.
 */
gboolean oss_dicom_shim_header (const char *path, OssDicomHeader *header, GError **error);

/**
 * oss_dicom_shim_pixels:
 * @header: (out): the file's header, as above
 * @n_bytes: (out): oss_dicom_header_frame_bytes (@header)
 *
 * Returns: (transfer full): stored values of the one frame in this machine's byte order,
 *   8 or 16 bits each, not masked; g_free()
 */
guint8 *oss_dicom_shim_pixels (const char *path, OssDicomHeader *header, gsize *n_bytes, GError **error);

G_END_DECLS
