/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * OssWorklistRow: one study of the list.  Property "study" notifies when what is known of it changed.
 */
#define OSS_TYPE_WORKLIST_ROW (oss_worklist_row_get_type ())
G_DECLARE_FINAL_TYPE (OssWorklistRow, oss_worklist_row, OSS, WORKLIST_ROW, GObject)

const OssWorklistStudy *oss_worklist_row_get_study (OssWorklistRow *self);
/* The small picture kept in the worklist; NULL: none. */
GdkTexture *oss_worklist_row_get_thumbnail (OssWorklistRow *self);

/**
 * OssWorklistModel: the studies that fit a query, as a list of OssWorklistRow.
 *
 * Knows the order of all of them, and reads the rows that are asked for, a page at a time: ten thousand studies cost
 * no more than what is on the screen.  Main thread only.
 */
#define OSS_TYPE_WORKLIST_MODEL (oss_worklist_model_get_type ())
G_DECLARE_FINAL_TYPE (OssWorklistModel, oss_worklist_model, OSS, WORKLIST_MODEL, GObject)

/* @worklist: (nullable): the window's connection, alive as long as the model; NULL: an empty list. */
OssWorklistModel *oss_worklist_model_new (OssWorklist *worklist);
/* Shows what fits @query, whose texts are copied, and reads again what may have changed. */
void oss_worklist_model_set_query (OssWorklistModel *self, const OssWorklistQuery *query);
const OssWorklistQuery *oss_worklist_model_get_query (OssWorklistModel *self);
void oss_worklist_model_refresh (OssWorklistModel *self);
/* GTK_INVALID_LIST_POSITION: not among them. */
guint oss_worklist_model_find (OssWorklistModel *self, gint64 study);

G_END_DECLS
