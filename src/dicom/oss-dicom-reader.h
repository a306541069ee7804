/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "dicom/oss-dicom-header.h"

G_BEGIN_DECLS

/**
 * OssDicomReaders: reading processes, as many as threads ask at once.
 *
 * No byte of a file from outside is parsed in this program: ossature-decode does it, in
 * processes with memory and time limits.  One that crashes or hangs on a file is replaced, and
 * that file "could not be read".  Any thread.
 */
typedef struct _OssDicomReaders OssDicomReaders;

OssDicomReaders *oss_dicom_readers_new (void);
/* Ends the processes. */
void oss_dicom_readers_free (OssDicomReaders *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssDicomReaders, oss_dicom_readers_free)

/**
 * oss_dicom_read_header:
 *
 * OSS_ERROR_NOT_FOUND: no DICOM image file (or an index); OSS_ERROR_INVALID_DATA: damaged;
 * OSS_ERROR_FAILED: there is no reading process; OSS_ERROR_CANCELLED within 50 ms.
 * Messages do not name the file: callers do.
 */
gboolean oss_dicom_read_header (OssDicomReaders *self, const char *path, const OssTick *tick, OssDicomHeader *header,
                                GError **error);

/* As above, and stored values of the one frame: 8 or 16 bits each (@header->bits_allocated), in
 * this machine's byte order, not masked.  (transfer full): g_free() */
guint8 *oss_dicom_read_pixels (OssDicomReaders *self, const char *path, const OssTick *tick, OssDicomHeader *header,
                               GError **error);

G_END_DECLS
