/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/**
 * OssTickFunc:
 * @fraction: 0 to 1 of the whole work
 * @what: (nullable): what is being done, translated, or %NULL for "as before"
 * @data: the tick's data
 *
 * Called on the thread that works, possibly often: it must return at once.
 */
typedef void (*OssTickFunc) (double fraction, const char *what, void *data);

/**
 * OssTick:
 * @func: (nullable): told of progress
 * @data: given to @func
 * @stop: (nullable): set to non-zero (atomically, from any thread or a signal
 *   handler) to ask for an end
 * @from: where this part of the work starts in the whole, 0 to 1
 * @to: where it ends
 *
 * Progress and stop for every long function.  A %NULL tick means neither.
 * Long loops ask at least every 50 ms, so that cancelling is answered in 200 ms.
 */
typedef struct
{
  OssTickFunc func;
  void *data;
  const int *stop;
  double from;
  double to;
} OssTick;

/* A tick over the whole work. */
OSS_API OssTick oss_tick_make (OssTickFunc func, void *data, const int *stop);

/* The part [from, to] (both 0 to 1) of @tick's own span; @tick may be %NULL. */
OSS_API OssTick oss_tick_part (const OssTick *tick, double from, double to);

/* TRUE when the user asked to stop.  Cheap; any thread. */
OSS_API gboolean oss_tick_stopped (const OssTick *tick);

/* Tells progress.  Returns %FALSE with %OSS_ERROR_CANCELLED when the user asked to stop. */
OSS_API gboolean oss_tick_report (const OssTick *tick, double fraction, const char *what, GError **error);

/* Sets %OSS_ERROR_CANCELLED and returns %FALSE: for loops that found oss_tick_stopped(). */
OSS_API gboolean oss_tick_cancelled (GError **error);

/**
 * OssDetachedFunc:
 * @data: the job's own data
 * @stop: non-zero once nobody waits for the result any more
 */
typedef void (*OssDetachedFunc) (void *data, const int *stop);

/**
 * oss_tick_run_detached:
 * @tick: (nullable): stop
 * @func: a call into a library that cannot be stopped (CHOLMOD, DCMTK)
 * @data: (transfer full): owned by the job; freed with @free_data on the worker when the
 *   job was abandoned; handed back to the caller (not freed) when it finished
 * @free_data: frees @data
 *
 * Runs @func on a thread of its own and waits.  When the user asks to stop, returns
 * within 50 ms; the call then finishes detached and its result is dropped.
 *
 * Returns: %TRUE when @func finished; %FALSE with %OSS_ERROR_CANCELLED, and @data is gone
 */
OSS_API gboolean oss_tick_run_detached (const OssTick *tick, OssDetachedFunc func, void *data, GDestroyNotify free_data,
                                        GError **error);

G_END_DECLS
