/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-header.h"

G_BEGIN_DECLS

/* The reading side of the DCMTK shim.  Only the reading process (ossature-decode) links it:
 * no byte of a file from outside is parsed in the program itself.  One thread. */

/* Loads the data dictionary and registers the decoders; FALSE when DCMTK has no dictionary. */
gboolean oss_dicom_shim_start (GError **error);

/**
 * oss_dicom_shim_headers:
 * @n: (out): how many headers, 1 or more
 *
 * Reads everything but long values.  A file that breaks off after its series is known
 * succeeds with the headers' damage set.  OSS_ERROR_NOT_FOUND: not DICOM, or a DICOMDIR.
 * OSS_ERROR_INVALID_DATA: DICOM, but too damaged to tell what it is.
 *
 * Returns: (transfer full) (array length=n): a header for each frame where functional groups tell them apart, else
 *   one; g_free()
 */
OssDicomHeader *oss_dicom_shim_headers (const char *path, guint *n, GError **error);

/**
 * oss_dicom_shim_pixels:
 * @frame: from 0
 * @room: (nullable): memory for the pixels
 * @room_bytes: its size
 * @header: (out): the frame's header, as above
 * @n_bytes: (out): oss_dicom_header_frame_bytes (@header)
 *
 * A file of several frames stays open until another one is asked for.
 *
 * Returns: stored values of the frame in this machine's byte order, 8 or 16 bits each, not masked: @room where they
 *   fit into it with a byte to spare, else (transfer full) memory to be g_free()d
 */
guint8 *oss_dicom_shim_pixels (const char *path, gint32 frame, guint8 *room, gsize room_bytes, OssDicomHeader *header,
                               gsize *n_bytes, GError **error);

/* FALSE with OSS_ERROR_INVALID_DATA for a deflated file (of @file_bytes) that inflates out of proportion, or nests
 * deeper than OSS_DICOM_DEEPEST. */
gboolean oss_dicom_shim_check_deflated (const char *path, guint64 file_bytes, GError **error);

/* What oss_dicom_read_index() tells, each string with its NUL; @n_bytes in all. (transfer full): g_free() */
char *oss_dicom_shim_index (const char *path, gsize *n_bytes, GError **error);

/* The data set, without file header, uncompressed, in little endian with implicit or explicit VR.  (transfer full):
 * g_free().  OSS_ERROR_UNSUPPORTED: it is compressed in a way that DCMTK cannot undo, or damaged. */
guint8 *oss_dicom_shim_convert (const char *path, gboolean implicit, gsize *n_bytes, GError **error);

G_END_DECLS
