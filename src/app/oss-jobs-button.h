/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-job.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssJobsButton: the jobs list behind a button of the header: running first, each with bar, one line and Cancel.
 *
 * Hidden while there was no job.  All buttons of a window show the same list.
 */
#define OSS_TYPE_JOBS_BUTTON (oss_jobs_button_get_type ())
G_DECLARE_FINAL_TYPE (OssJobsButton, oss_jobs_button, OSS, JOBS_BUTTON, AdwBin)

/* @jobs: list of OssJob, newest first. */
void oss_jobs_button_set_jobs (OssJobsButton *self, GListStore *jobs);
void oss_jobs_button_popup (OssJobsButton *self);

G_END_DECLS
