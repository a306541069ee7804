/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* Work on indices @begin .. @end - 1; @thread is 0 .. oss_parallel_threads () - 1. */
typedef void (*OssRangeFunc) (gsize begin, gsize end, guint thread, void *data);

/* Threads used by oss_parallel_for(); 0 sets the number of processors. */
OSS_API void oss_parallel_set_threads (guint n);
OSS_API guint oss_parallel_threads (void);

/**
 * oss_parallel_for:
 * @n: number of indices
 * @grain: indices handed out at a time, 1 or more; chunks start at multiples of it,
 *   whatever the number of threads, so per-chunk sums can be reduced in a fixed order
 * @func: the work; must not fail
 *
 * The one helper for parallel loops.  Blocks until all is done.  May be nested: an
 * inner loop runs on the thread that calls it.  Any thread may call.
 */
OSS_API void oss_parallel_for (gsize n, gsize grain, OssRangeFunc func, void *data);

G_END_DECLS
