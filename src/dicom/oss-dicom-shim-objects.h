/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-blocks.h"

G_BEGIN_DECLS

/* The reading side of segmentations and reports; only ossature-decode links it.  One thread.
 * OSS_ERROR_NOT_FOUND: not such an object; INVALID_DATA: damaged.  (transfer full): g_free() */
char *oss_dicom_shim_segmentation (const char *path, gsize *n_bytes, GError **error); /* OssSegmentationBlock, ... */
char *oss_dicom_shim_report (const char *path, gsize *n_bytes, GError **error);       /* OssReportBlock, ... */

G_END_DECLS
