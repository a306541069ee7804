/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssWorklistPage: every study that was opened on this computer: search, filters, list, details.
 *
 * Signals: "selected": another study, or none; "summary": oss_worklist_page_summary() changed.
 */
#define OSS_TYPE_WORKLIST_PAGE (oss_worklist_page_get_type ())
G_DECLARE_FINAL_TYPE (OssWorklistPage, oss_worklist_page, OSS, WORKLIST_PAGE, AdwBin)

/* Once; @worklist stays the window's and lives as long as the page. */
void oss_worklist_page_set_worklist (OssWorklistPage *self, OssWorklist *worklist);
void oss_worklist_page_set_jobs (OssWorklistPage *self, GListStore *jobs);
void oss_worklist_page_show_jobs (OssWorklistPage *self);
/* A sentence above the list, until it is closed. */
void oss_worklist_page_set_notice (OssWorklistPage *self, const char *text);
/* Shows what the database holds now. */
void oss_worklist_page_refresh (OssWorklistPage *self);
/* NULL: none. */
const OssWorklistStudy *oss_worklist_page_get_selected (OssWorklistPage *self);
/* Selects a study, clearing filters that hide it, and brings it into view. */
void oss_worklist_page_select (OssWorklistPage *self, gint64 study);
void oss_worklist_page_search (OssWorklistPage *self);
void oss_worklist_page_focus_list (OssWorklistPage *self);
void oss_worklist_page_toggle_details (OssWorklistPage *self);
/* "1 284 studies · newest first" (transfer full) */
char *oss_worklist_page_summary (OssWorklistPage *self);

G_END_DECLS
