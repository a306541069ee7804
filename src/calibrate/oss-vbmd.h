/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-vertebra.h"
#include "image/oss-volume.h"
#include "material/oss-density.h"

G_BEGIN_DECLS

/* The elliptic cylinder vBMD was read in, in the vertebra's frame. */
typedef struct
{
  double mean_mg_cm3, sd_mg_cm3, mean_hu;
  double centre_mm[3]; /* patient */
  double semi_axis_right_mm, semi_axis_anterior_mm, height_mm;
  gsize voxels;
} OssVbmd;

/**
 * oss_vbmd_measure:
 * @volume: HU
 * @labels: (nullable): above 0 = the vertebra; the ellipse is shrunk until it stays in cancellous bone
 *
 * Trabecular vBMD: mean over an elliptic cylinder in the anterior middle of the body at mid height (QCT practice:
 * 9-10 mm high), clear of the cortex and of the basivertebral vein.
 */
OSS_API gboolean oss_vbmd_measure (const OssVolume *volume, const OssLabels *labels, const OssVertebraFrame *frame,
                                   const OssCalibrationLine *line, OssVbmd *vbmd, GError **error);

G_END_DECLS
