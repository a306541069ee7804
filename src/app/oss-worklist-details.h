/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssWorklistDetails: the column beside the worklist: who, which series with which verdicts, results, earlier ones.
 */
#define OSS_TYPE_WORKLIST_DETAILS (oss_worklist_details_get_type ())
G_DECLARE_FINAL_TYPE (OssWorklistDetails, oss_worklist_details, OSS, WORKLIST_DETAILS, AdwBin)

/* @study: (nullable); only read now. */
void oss_worklist_details_show (OssWorklistDetails *self, OssWorklist *worklist, const OssWorklistStudy *study);

G_END_DECLS
