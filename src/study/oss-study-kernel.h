/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-kernel-correct.h"
#include "dicom/oss-series.h"

G_BEGIN_DECLS

/* What was asked for as to the kernel; strings borrowed. */
typedef struct
{
  const char *to;   /* kernel that the image shall look as if made with; NULL: no correction */
  const char *from; /* NULL: by the header */
  const char *mtf;  /* file with the transfer function of the kernel that the image was made with; NULL: the tables */
  double thickness_mm; /* of the slices afterwards; 0: as they are */
} OssKernelWish;

/* A correction of an image, or why there was none to make. */
typedef struct
{
  OssKernelCorrection plan;
  OssKernelReport report; /* when done */
  gboolean done;          /* FALSE: the kernel is the wanted one already, the image untouched */
  char *words;            /* translated, one sentence */
} OssKernelCorrected;

OSS_API void oss_kernel_corrected_free (OssKernelCorrected *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssKernelCorrected, oss_kernel_corrected_free)

/**
 * oss_kernel_plan:
 * @series: (nullable): the headers; without them @wish must name the kernel
 *
 * Finds both kernels, by the series' maker and model.  Errors: REFUSED for a kernel that is not known (with what to
 * do), for slices that were computed from others, for thinner slices; INVALID_DATA and NOT_FOUND for the file.
 */
OSS_API gboolean oss_kernel_plan (const OssSeries *series, const OssKernelWish *wish, OssKernelCorrection *plan,
                                  GError **error);

/**
 * oss_kernel_apply:
 * @corrected: (out): NULL on errors
 *
 * Plans and corrects.  Returns: (transfer full): the new volume, or a reference to @volume when it is as wanted.
 */
OSS_API OssVolume *oss_kernel_apply (OssVolume *volume, const OssSeries *series, const OssKernelWish *wish,
                                     OssKernelCorrected **corrected, const OssTick *tick, GError **error);

/* Writes @volume, corrected from @series, as a derived DICOM series of the same study into @folder; see
 * oss_dicom_write_ct().  The same input gives the same UIDs. */
OSS_API gboolean oss_kernel_write_series (const char *folder, const OssSeries *series, const OssVolume *volume,
                                          const OssKernelCorrected *corrected, const OssTick *tick, GError **error);

G_END_DECLS
