/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-picture.h"
#include "image/oss-vertebra.h"

G_BEGIN_DECLS

/**
 * oss_report_comparison:
 * @a, @b: HU on one grid
 * @labels: the vertebra, outlined
 * @names: of the two, written over them
 *
 * One sagittal plane through the vertebra's middle: @a, @b, and @a - @b in colours.  Nothing about the patient.
 * (transfer full)
 */
OssPicture *oss_report_comparison (const OssVolume *a, const OssVolume *b, const OssLabels *labels,
                                   const OssVertebraFrame *frame, const char *const names[2], GError **error);

G_END_DECLS
