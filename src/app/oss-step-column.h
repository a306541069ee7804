/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssStepColumn: the side column: level and Run All, the five cards, the last result.
 */
#define OSS_TYPE_STEP_COLUMN (oss_step_column_get_type ())
G_DECLARE_FINAL_TYPE (OssStepColumn, oss_step_column, OSS, STEP_COLUMN, AdwBin)

/* @document: (nullable) */
void oss_step_column_set_document (OssStepColumn *self, OssDocument *document);
/* VerSe number; 0: not named. */
void oss_step_column_set_level (OssStepColumn *self, guint8 verse);
/* The step of the card that has the focus or is open; OSS_N_STEPS for Report. */
int oss_step_column_get_current (OssStepColumn *self);
void oss_step_column_open_report (OssStepColumn *self);
/* Strings are valid until the column changes. */
void oss_step_column_get_report_choice (OssStepColumn *self, OssReportChoice *choice);

G_END_DECLS
