/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quality scans over time: in words, as a picture or table in a file, and as JSON. */
#pragma once

#include "study/oss-quality.h"

G_BEGIN_DECLS

/* "3 scans from 2026-01-04 to 2026-03-09; 100.4 mg/cm³ at 100, slope 0.7020; within ± 2.5 mg/cm³". (transfer full) */
char *oss_report_describe_drift (const OssQualityGroup *group);

/* All groups of @scans (element-type OssQualityScan): a page or picture of a panel each by the name's ending (.pdf,
 * .png), or a table (.csv).  USAGE for another ending, NOT_FOUND when there is nothing to draw. */
gboolean oss_report_write_drift (const GPtrArray *scans, const char *path, GError **error);
/* {"limit_mg_cm3": ..., "groups": [{"name", "basis", "scans": [...]}]}. (transfer full) */
char *oss_report_drift_json (const GPtrArray *scans);

G_END_DECLS
