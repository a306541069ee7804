/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "dicom/oss-dicom-header.h"
#include "dicom/oss-dicom-protocol.h"

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
 * oss_dicom_read_headers:
 *
 * One header for a file of one image; of a multi-frame file one for each frame, in the file's order, when it says where
 * they lie, else only one.
 *
 * OSS_ERROR_NOT_FOUND: no DICOM image file (or an index); OSS_ERROR_INVALID_DATA: damaged;
 * OSS_ERROR_FAILED: there is no reading process; OSS_ERROR_CANCELLED within 50 ms.
 * Messages do not name the file: callers do.
 *
 * Returns: (transfer full) (element-type OssDicomHeader): at least one; they are freed with g_free()
 */
GPtrArray *oss_dicom_read_headers (OssDicomReaders *self, const char *path, const OssTick *tick, GError **error);

/* The first of them. */
gboolean oss_dicom_read_header (OssDicomReaders *self, const char *path, const OssTick *tick, OssDicomHeader *header,
                                GError **error);

/* Uses @stored, the stored values of a frame (as oss_dicom_read_frame() gives them); they are gone afterwards. */
typedef gboolean (*OssDicomFrameFunc) (const OssDicomHeader *header, const guint8 *stored, void *data, GError **error);

/* oss_dicom_read_frame() without a copy: hands the values to @func, and gives back what that returns. */
gboolean oss_dicom_use_frame (OssDicomReaders *self, const char *path, gint32 frame, const OssTick *tick,
                              OssDicomFrameFunc func, void *data, GError **error);

/* As above, and stored values of frame @frame (from 0): 8 or 16 bits each (@header->bits_allocated), in
 * this machine's byte order, not masked.  (transfer full): g_free() */
guint8 *oss_dicom_read_frame (OssDicomReaders *self, const char *path, gint32 frame, const OssTick *tick,
                              OssDicomHeader *header, GError **error);

/* oss_dicom_read_frame() of the first frame. */
guint8 *oss_dicom_read_pixels (OssDicomReaders *self, const char *path, const OssTick *tick, OssDicomHeader *header,
                               GError **error);

/* What a file that is no image holds, by a request that is answered by bytes only. (transfer full): g_free() */
guint8 *oss_dicom_read_block (OssDicomReaders *self, OssDicomRequestKind kind, const char *path, const OssTick *tick,
                              gsize *n, GError **error);

/**
 * oss_dicom_read_index:
 *
 * The images that a DICOMDIR lists: for each three strings behind each other, the series' UID, the image's UID and the
 * file's name as it stands there ("IMAGES\\IM000001": not checked, not to be trusted).  Errors as above.
 *
 * Returns: (transfer full) (array zero-terminated=1): a multiple of three; g_strfreev()
 */
char **oss_dicom_read_index (OssDicomReaders *self, const char *path, const OssTick *tick, GError **error);

/* The data set of any object, without file header, uncompressed, in little endian with implicit or explicit VR.
 * (transfer full).  OSS_ERROR_UNSUPPORTED: compressed in a way that cannot be undone here. */
GBytes *oss_dicom_read_converted (OssDicomReaders *self, const char *path, gboolean implicit, const OssTick *tick,
                                  GError **error);

G_END_DECLS
