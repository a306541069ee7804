/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-job.h"
#include "base/oss-tick.h"

G_BEGIN_DECLS

/* Runs on a worker thread; a NULL result comes with an error. */
typedef gpointer (*OssWorkFunc) (gpointer data, const OssTick *tick, GError **error);

/**
 * oss_work_run:
 * @job: shows the progress; its cancellable stops @func through the tick
 * @func: the work
 * @data: for @func; stays the caller's and alive until @callback
 * @free_result: frees a result nobody took
 * @callback: on the main thread, with oss_work_finish()
 *
 * Library work in the background of a window, other than the study's own steps.
 */
void oss_work_run (OssJob *job, OssWorkFunc func, gpointer data, GDestroyNotify free_result,
                   GAsyncReadyCallback callback, gpointer user_data);
gpointer oss_work_finish (GAsyncResult *result, GError **error);

G_END_DECLS
