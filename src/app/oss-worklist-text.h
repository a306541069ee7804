/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

G_BEGIN_DECLS

/* What the worklist says of a study: words only, no widget.  All (transfer full) unless said. */

/* "VP-0017 · 71 y F" */
char *oss_worklist_person (const OssWorklistStudy *study);
/* "71 y · F · born 1954-08-02 · VP-0017" */
char *oss_worklist_person_long (const OssWorklistStudy *study);
/* "20260314" -> "2026-03-14", as tables have it; anything else comes back as it is. */
char *oss_worklist_day (const char *dicom_date);
/* "Ready", "Reviewed", "–"; static, translated. */
const char *oss_worklist_analysis_word (const OssWorklistStudy *study);
/* "214 × 1.25 mm · 120 kVp", "2 images" */
char *oss_worklist_series_facts (const OssWorklistSeries *series);
/* "L1 · 4 620 N · 78 mg/cm³ ± 3" */
char *oss_worklist_result (const OssWorklistAnalysis *analysis);
/* "1 284 studies · newest first" */
char *oss_worklist_summary (guint n, const OssWorklistQuery *query);

G_END_DECLS
