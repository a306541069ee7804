/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-parallel.h"
#include "base/oss-tick.h"

G_BEGIN_DECLS

/**
 * oss_loop:
 * @n: number of indices
 * @grain: indices handed out at a time; a chunk should take well under 50 ms
 * @tick: (nullable): asked for a stop before every chunk, told of progress a few dozen times
 * @what: (nullable): see OssTickFunc
 *
 * oss_parallel_for() that can be stopped.
 *
 * Returns: %FALSE with %OSS_ERROR_CANCELLED when it was; some indices are then left undone
 */
G_GNUC_INTERNAL gboolean oss_loop (gsize n, gsize grain, OssRangeFunc func, void *data, const OssTick *tick,
                                   const char *what, GError **error);

G_END_DECLS
