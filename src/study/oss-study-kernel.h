/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-kernel-rods.h"
#include "dicom/oss-series.h"

G_BEGIN_DECLS

/* What was asked for as to the kernel; strings borrowed. */
typedef struct
{
  const char *to;   /* kernel that the image shall look as if made with; NULL: no correction */
  const char *from; /* NULL: by the header */
  const char *mtf; /* where the transfer functions come from: "auto" or NULL (the scan's own phantom where it tells, and
                      the tables), "measured" (the phantom or nothing), "table", or a file with that of the kernel that
                      the image was made with */
  double thickness_mm; /* of the slices afterwards; 0: as they are */
} OssKernelWish;

/* Of OssKernelWish's mtf: "auto", "measured", "table" or "file". */
OSS_API const char *oss_kernel_mtf_key (const char *mtf);
OSS_API gboolean oss_kernel_mtf_is_file (const char *mtf);

/* What an image shows of its own transfer function. */
typedef struct
{
  gboolean measured;
  OssKernelRods rods; /* when measured */
  char *why_not;      /* translated, no full stop; NULL: nobody looked */
} OssKernelSight;

OSS_API void oss_kernel_sight_clear (OssKernelSight *self);

/* A correction of an image, or why there was none to make. */
typedef struct
{
  OssKernelCorrection plan;
  gboolean believed;        /* what follows, up to the report, is set: "auto" or "measured", and something to correct */
  OssKernel table[2];       /* the source and the target as the tables have them */
  OssKernelSight sights[2]; /* in the image itself; in the target's own reconstruction, where that was at hand */
  OssKernelBelief belief;
  OssKernelReport report; /* when done */
  gboolean done;          /* FALSE: the kernel is the wanted one already, the image untouched */
  char *words;            /* translated, some sentences */
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

/* Would the image's own phantom change the correction?  FALSE when the tables or a file are wanted, or when there is
 * nothing to correct. */
OSS_API gboolean oss_kernel_wants_sight (const OssSeries *series, const OssKernelWish *wish);

/**
 * oss_kernel_apply:
 * @sights: (array fixed-size=2) (nullable) (inout): what was measured, taken over by @corrected; see oss_kernel_weigh()
 * @corrected: (out): NULL on errors
 *
 * Plans and corrects.  A kernel that no table knows is corrected where the image itself shows its transfer function.
 * With "measured" an image that does not is REFUSED.  Returns: (transfer full): the new volume, or a reference to
 * @volume when it is as wanted.
 */
OSS_API OssVolume *
oss_kernel_apply (OssVolume *volume, const OssSeries *series, const OssKernelWish *wish, OssKernelSight *sights,
                  OssKernelCorrected **corrected, const OssTick *tick, GError **error);

/* Writes @volume, corrected from @series, as a derived DICOM series of the same study into @folder; see
 * oss_dicom_write_ct().  The same input gives the same UIDs. */
OSS_API gboolean oss_kernel_write_series (const char *folder, const OssSeries *series, const OssVolume *volume,
                                          const OssKernelCorrected *corrected, const OssTick *tick, GError **error);

G_END_DECLS
