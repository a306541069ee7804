/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  OSS_JOB_RUNNING,
  OSS_JOB_STOPPING, /* cancelled, the worker has not answered yet */
  OSS_JOB_DONE,
  OSS_JOB_FAILED,
  OSS_JOB_CANCELLED,
} OssJobState;

/**
 * OssJob: one piece of background work as the jobs list shows it.
 *
 * Main thread only.  Properties: "title", "detail", "fraction", "state"; all notify.
 */
#define OSS_TYPE_JOB (oss_job_get_type ())
G_DECLARE_FINAL_TYPE (OssJob, oss_job, OSS, JOB, GObject)

OssJob *oss_job_new (const char *title);
const char *oss_job_get_title (OssJob *self);
const char *oss_job_get_detail (OssJob *self);
double oss_job_get_fraction (OssJob *self);
OssJobState oss_job_get_state (OssJob *self);
gboolean oss_job_is_active (OssJob *self);
GCancellable *oss_job_get_cancellable (OssJob *self);
double oss_job_get_elapsed (OssJob *self);

/* @what: %NULL keeps the line as it is. */
void oss_job_set_progress (OssJob *self, double fraction, const char *what);
void oss_job_cancel (OssJob *self);
/* The end: done (@error %NULL), cancelled or failed; @done is the line shown when done. */
void oss_job_finish (OssJob *self, const char *done, const GError *error);

G_END_DECLS
