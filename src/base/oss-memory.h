/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* 64-byte aligned, zeroed; NULL with OSS_ERROR_OUT_OF_MEMORY that names @what and the size.
 * n * size is checked for overflow.  Free with oss_free_aligned(). */
OSS_API void *oss_alloc_aligned (gsize n, gsize size, const char *what, GError **error);
OSS_API void oss_free_aligned (void *p);

/* Peak resident memory of this process since the last reset, MiB.  The reset needs
 * /proc/self/clear_refs; where that is not writable it is the peak since start. */
OSS_API double oss_memory_peak_mib (void);
OSS_API void oss_memory_reset_peak (void);

/* A size in words, "1.4 GiB" or "26.0 KiB": (transfer full). */
OSS_API char *oss_memory_text (double bytes);

G_END_DECLS
