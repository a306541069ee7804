/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

#include <stdio.h>

G_BEGIN_DECLS

/**
 * OssFileWriter: a file that appears whole or not at all.
 *
 * Written to a temporary name in the same folder, synced, renamed by
 * oss_file_writer_commit().  Freeing an uncommitted writer removes the temporary file.
 */
typedef struct _OssFileWriter OssFileWriter;

OSS_API OssFileWriter *oss_file_writer_new (const char *path, GError **error);
OSS_API FILE *oss_file_writer_stream (OssFileWriter *self);
/* The temporary name, for libraries that want a path of their own; then close nothing, just commit. */
OSS_API const char *oss_file_writer_temporary_path (OssFileWriter *self);
/* Flushes, checks, syncs and renames.  Names the file and the reason (disk full, read-only) on failure. */
OSS_API gboolean oss_file_writer_commit (OssFileWriter *self, GError **error);
OSS_API void oss_file_writer_free (OssFileWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssFileWriter, oss_file_writer_free)

OSS_API gboolean oss_file_write (const char *path, gconstpointer data, gsize length, GError **error);

/* Makes @path (and its parents) and checks that a file can be written there. */
OSS_API gboolean oss_file_prepare_folder (const char *path, GError **error);

/* A data file of the program (kernels.json, colour maps, ...): from OSSATURE_DATA_DIR, the source
 * tree when run from the build folder, or the installed place.  (transfer full) (nullable). */
OSS_API char *oss_file_find_data (const char *name, GError **error);

G_END_DECLS
