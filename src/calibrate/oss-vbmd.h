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

/* A density that follows the outline; NaN where fewer than 30 voxels belong to it. */
typedef struct
{
  double mean_mg_cm3, sd_mg_cm3, mean_hu;
  double volume_mm3;
  gsize voxels;
} OssVbmdPart;

#define OSS_VBMD_PEEL_MM 3.0  /* shell, its blur and the bone under it [choice] */
#define OSS_VBMD_SHELL_MM 2.0 /* what a shell of 0.3 to 0.5 mm is smeared over by a clinical scanner [choice] */

/**
 * OssVbmdForms: densities of the vertebral body by its label.
 * @peel_mm, @shell_mm: in: 0: %OSS_VBMD_PEEL_MM, %OSS_VBMD_SHELL_MM; out: what was taken
 * @eroded: trabecular: the body peeled by @peel_mm all round, the hind wall too, and without the basivertebral vein
 * @integral: all of the body
 * @cortical: the outer @shell_mm of it: shell and endplates as the scanner smears them, not the density of cortex
 *
 * The body is the label in front of its hind wall by the frame, with its holes filled.
 */
typedef struct
{
  double peel_mm, shell_mm;
  OssVbmdPart eroded, integral, cortical;
} OssVbmdForms;

/**
 * oss_vbmd_measure_forms:
 * @volume: HU, or density with a line of slope 1
 * @labels: above 0 = the vertebra; on the voxels of @volume
 *
 * Returns: %FALSE with %OSS_ERROR_NOT_FOUND for empty labels, %OSS_ERROR_REFUSED when hardly any of them is body
 */
OSS_API gboolean oss_vbmd_measure_forms (const OssVolume *volume, const OssLabels *labels,
                                         const OssVertebraFrame *frame, const OssCalibrationLine *line,
                                         OssVbmdForms *forms, GError **error);

G_END_DECLS
