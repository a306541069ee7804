/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-job.h"
#include "dicom/oss-series.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssSeriesPage: what a folder holds: its series with verdict badges, and the reasons for each verdict.
 *
 * Signal "selected": another series is explained.
 */
#define OSS_TYPE_SERIES_PAGE (oss_series_page_get_type ())
G_DECLARE_FINAL_TYPE (OssSeriesPage, oss_series_page, OSS, SERIES_PAGE, AdwBin)

void oss_series_page_set_jobs (OssSeriesPage *self, GListStore *jobs);
/* Shows @job's progress until a list, or nothing, is set. */
void oss_series_page_set_reading (OssSeriesPage *self, const char *path, OssJob *job);
/* @list: (transfer full) */
void oss_series_page_set_list (OssSeriesPage *self, OssSeriesList *list);
void oss_series_page_set_nothing (OssSeriesPage *self, const char *why);
/* What is selected; NULL before a list is there. */
const OssSeries *oss_series_page_get_selected (OssSeriesPage *self);
/* What the suggested button opens: the selected series, or a usable one instead; NULL: none. */
const OssSeries *oss_series_page_get_suggested (OssSeriesPage *self);
/* Whether the selected series is refused for its tilt alone, which can be undone. */
gboolean oss_series_page_can_resample (OssSeriesPage *self);
/* Straightens what only a tilted gantry refuses: those series become usable, with a note. */
void oss_series_page_resample (OssSeriesPage *self);
/* "5 series · 1 usable" (transfer full) */
char *oss_series_page_summary (OssSeriesPage *self);
void oss_series_page_show_jobs (OssSeriesPage *self);

G_END_DECLS
