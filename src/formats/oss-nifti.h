/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/* NIfTI-1 in one file (.nii, .nii.gz).  Files speak RAS; everything here is LPS: x and y change sign
 * on the way in and out.  The order of the voxels stays as stored.  sform is preferred over qform.
 *
 * Readers take all integer and floating-point types of either byte order, scaled by scl_slope and
 * scl_inter, and give
 *   OSS_ERROR_NOT_FOUND     no such file
 *   OSS_ERROR_INVALID_DATA  not NIfTI, cut off, damaged, sheared axes, voxels that are no numbers
 *   OSS_ERROR_REFUSED       neither sform nor qform: left and right cannot be told apart
 *   OSS_ERROR_UNSUPPORTED   NIfTI-2, .hdr/.img pairs, several frames, complex or colour voxels
 * Any thread may call. */
OSS_API OssVolume *oss_nifti_read_volume (const char *path, OssQuantity quantity, const OssTick *tick, GError **error);
/* Integral values 0..255 only, of any data type; anything else is an error that names the value and the voxel. */
OSS_API OssLabels *oss_nifti_read_labels (const char *path, const OssTick *tick, GError **error);
/* @path ends in .nii or .nii.gz; float32, or int16 when @as_int16 (rounded, clamped, NaN as 0).
 * @description: (nullable): at most 79 bytes are kept.  Both sform and qform are written. */
OSS_API gboolean oss_nifti_write_volume (const OssVolume *volume, const char *path, gboolean as_int16,
                                         const char *description, const OssTick *tick, GError **error);
/* One byte a voxel. */
OSS_API gboolean oss_nifti_write_labels (const OssLabels *labels, const char *path, const char *description,
                                         const OssTick *tick, GError **error);

G_END_DECLS
