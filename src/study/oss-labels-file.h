/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-vertebra.h"

G_BEGIN_DECLS

/**
 * oss_labels_read_file:
 * @path: NIfTI labels, or a DICOM Segmentation of any program
 * @grid: (nullable): of the image; a segmentation is brought onto it, NULL: stays on the grid of its own frames
 * @by_number: values of a segmentation are segment numbers even where its segments are vertebrae
 * @numbering: (inout): set to VerSe's when vertebrae were named by code or label, to BINARY for a lone segment
 * @note: (out) (nullable) (transfer full): what a reader should know of a segmentation, translated; NULL: nothing
 *
 * NIfTI labels stay on their own grid: whether that is the image's is for the caller to check.  Pixels of a FRACTIONAL
 * segmentation count from one half on.
 *
 * Returns: (transfer full): NULL with OSS_ERROR_NOT_FOUND when a segmentation names no vertebra (lists what it has),
 *   and the errors of oss_nifti_read_labels(), oss_dicom_read_segmentation() and oss_dicom_segmentation_map()
 */
OSS_API OssLabels *oss_labels_read_file (const char *path, const OssGrid *grid, gboolean by_number,
                                         OssNumbering *numbering, char **note, const OssTick *tick, GError **error);

G_END_DECLS
