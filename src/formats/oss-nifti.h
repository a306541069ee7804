/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/* NIfTI-1 (.nii, .nii.gz).  Files speak RAS; everything here is LPS: x and y change sign on the
 * way in and out.  sform is preferred over qform; a file with neither is refused. */
OSS_API OssVolume *oss_nifti_read_volume (const char *path, OssQuantity quantity, const OssTick *tick, GError **error);
/* Integral values 0..255 only; anything else is an error that names the value. */
OSS_API OssLabels *oss_nifti_read_labels (const char *path, const OssTick *tick, GError **error);
/* @path ends in .nii or .nii.gz; float32, or int16 when @as_int16 (rounded, clamped). */
OSS_API gboolean oss_nifti_write_volume (const OssVolume *volume, const char *path, gboolean as_int16,
                                         const char *description, const OssTick *tick, GError **error);
OSS_API gboolean oss_nifti_write_labels (const OssLabels *labels, const char *path, const char *description,
                                         const OssTick *tick, GError **error);

G_END_DECLS
