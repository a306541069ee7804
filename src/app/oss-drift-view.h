/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-quality.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssDriftView: the chart of one group of quality scans, and in words below it.
 */
#define OSS_TYPE_DRIFT_VIEW (oss_drift_view_get_type ())
G_DECLARE_FINAL_TYPE (OssDriftView, oss_drift_view, OSS, DRIFT_VIEW, AdwBin)

/* @group: (nullable): borrowed until the next call; NULL hides the view. */
void oss_drift_view_set_group (OssDriftView *self, const OssQualityGroup *group);

G_END_DECLS
