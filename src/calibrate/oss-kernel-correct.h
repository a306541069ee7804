/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-kernel.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/* What an image was made with and what it shall look as if made with. */
typedef struct
{
  OssKernel from, to;                        /* with transfer functions */
  double from_thickness_mm, to_thickness_mm; /* of the slices; 0: not known, and left as they are */
} OssKernelCorrection;

/* What the filter does, beside the image. */
typedef struct
{
  double largest_gain;      /* over all frequencies of the image; 1 when nothing is amplified */
  double least_gain;        /* at a frequency where the kernel that the image came with still leaves a tenth */
  double held_back_lp_cm;   /* above it less than half of the wanted amplification is made: noise; NaN: nowhere */
  double noise_ratio;       /* SD of filtered back-projection's noise after and before */
  double nyquist_lp_cm;     /* of the pixels, the lower one */
  double modulation_beyond; /* left by the first kernel at that frequency: above 0.1 details fold back (aliasing) */
} OssKernelReport;

/* A correction with nothing to do: the same transfer function, and no other thickness. */
OSS_API gboolean oss_kernel_correction_is_none (const OssKernelCorrection *correction);

/* Bytes that oss_kernel_correct() needs beside its input, the result among them. */
OSS_API gsize oss_kernel_correct_bytes (const OssGrid *grid);

/**
 * oss_kernel_correct:
 * @volume: HU; slices lie across the index axis that is nearest to the patient's long axis
 * @report: (out) (optional)
 *
 * Each slice is multiplied, in the frequencies of its cosine transform (whose image goes on mirrored beyond its
 * borders), by the ratio of the modulation transfer functions MTF_to / MTF_from, both by the distance from frequency
 * 0.  Where the ratio amplifies it is multiplied by two factors of Wiener's kind:
 *   (P - Q) / P, P the image's own mean power at that frequency and Q twice that of rounding to whole HU (2/12 HU2),
 * and 1 / (1 + (u ln ratio)^2), the part of an amplification that is known only to a relative error u in the exponent.
 * No frequency is amplified more than tenfold.
 * The mean stays: the gain at frequency 0 is 1.  What lies outside the reconstruction circle (runs of one value from a
 * slice's border, not above -1000 HU, and what is no number) is filled from its nearest neighbours while filtering and
 * comes back as it was.  Thinner slices are averaged to thicker ones with a Gaussian whose variance is the
 * difference of both (full widths at half maximum: the thicknesses).
 *
 * The same bits for any number of threads.  Any thread may call.
 *
 * Returns: a new volume; NULL with USAGE (no transfer function; not HU), REFUSED (thinner slices than there are),
 *   OUT_OF_MEMORY (before anything is done), CANCELLED
 */
OSS_API OssVolume *oss_kernel_correct (const OssVolume *volume, const OssKernelCorrection *correction,
                                       OssKernelReport *report, const OssTick *tick, GError **error);

G_END_DECLS
