/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-vertebra.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

typedef struct
{
  gsize voxels;
  double volume_mm3;
  double threshold_hu;
  gboolean cut_by_image; /* the vertebra reaches the image's border */
  guint islands;
  OssVertebraFrame frame;
  GPtrArray *notes; /* char*: what a reader should look at, translated; owned */
} OssSegmentation;

OSS_API void oss_segmentation_clear (OssSegmentation *self);

/**
 * oss_segment_click:
 * @volume: HU (or density times a constant: thresholds adapt to the image)
 * @at_mm: a place in the vertebral body, patient LPS
 * @info: (out) (nullable)
 *
 * One vertebra from one click: a bounded classical method, cut at discs and facet joints.
 * Result is 1 in the vertebra on the volume's own grid.
 * Errors: NOT_FOUND when the place is outside the image or not in bone (says the HU there).
 */
OSS_API OssLabels *oss_segment_click (const OssVolume *volume, const double at_mm[3], OssSegmentation *info,
                                      const OssTick *tick, GError **error);

/**
 * oss_segment_frame:
 * @labels: above 0 = one vertebra, body and (if there) posterior elements
 * @tick: (nullable): stop only
 *
 * Anatomical axes and body size from the label image alone; works at 0.4 to 3 mm voxels.
 */
OSS_API gboolean oss_segment_frame (const OssLabels *labels, OssVertebraFrame *frame, const OssTick *tick,
                                    GError **error);

/**
 * oss_segment_pick:
 * @labels: labels of another program
 * @numbering: UNKNOWN guesses from the values present (and says so in @note)
 * @verse: VerSe number of the level wanted; 0: the only one there
 * @note: (out) (nullable) (transfer full): what was assumed
 *
 * 1 where that vertebra is.  NOT_FOUND lists the levels that are there.
 */
OSS_API OssLabels *
oss_segment_pick (const OssLabels *labels, OssNumbering numbering, guint8 verse, char **note, GError **error);

G_END_DECLS
