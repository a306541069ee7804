/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-document.h"
#include "app/oss-slice-pane.h"
#include "app/oss-step-column.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssReviewPage: rail of tools, three linked slices and the 3D view, step column.
 *
 * Signal "status" (char *): what is under the pointer or the cursor, for the status bar.
 */
#define OSS_TYPE_REVIEW_PAGE (oss_review_page_get_type ())
G_DECLARE_FINAL_TYPE (OssReviewPage, oss_review_page, OSS, REVIEW_PAGE, AdwBin)

void oss_review_page_set_jobs (OssReviewPage *self, GListStore *jobs);
/* @document: (nullable): none */
void oss_review_page_set_document (OssReviewPage *self, OssDocument *document);
OssStepColumn *oss_review_page_get_column (OssReviewPage *self);
void oss_review_page_show_jobs (OssReviewPage *self);

void oss_review_page_set_tool (OssReviewPage *self, OssTool tool);
/* One view (the one with the focus) or four. */
void oss_review_page_set_single (OssReviewPage *self, gboolean single);
void oss_review_page_set_column_shown (OssReviewPage *self, gboolean shown);
void oss_review_page_cut (OssReviewPage *self);
/* F6: rail, views, column, and around. */
void oss_review_page_next_region (OssReviewPage *self);
void oss_review_page_focus_views (OssReviewPage *self);

G_END_DECLS
