/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"
#include "image/oss-vertebra.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 seed;
  char sex;             /* 'F' or 'M'; 0: drawn from the seed */
  double age_years;     /* 0: drawn */
  double vbmd_mg_cm3;   /* trabecular, K2HPO4-equivalent as a perfect scanner reads it; 0: drawn from age and sex */
  char size;            /* 'S', 'M', 'L'; 0: drawn */
  double spacing_mm[3]; /* of the CT; default 0.78 x 0.78 x 1.0 from the field of view */
  double fov_mm;        /* 0: 400 */
  double contrast_hu;   /* added to blood; 0: none */
  gboolean phantom;     /* Mindways-type rods under the patient */
  guint8 level_low, level_high; /* VerSe numbers; T11..L3 */
  const char *const *kernels;   /* (array zero-terminated=1) "B40f", "B70f"; NULL: both */
  gboolean marker;              /* a dense marker on the patient's left side, for orientation tests */
} OssVirtualOptions;

OSS_API void oss_virtual_options_default (OssVirtualOptions *options);

/* What the truth.json beside a study says too. */
typedef struct
{
  char sex;
  double age_years, vbmd_mg_cm3, marrow_fat_fraction, effective_energy_kev, kernel_deviation;
  double true_slope, true_intercept; /* K2HPO4 mg/cm3 = slope * HU + intercept of a perfect scanner */
  double l1_centre_mm[3];
  double l1_width_mm, l1_depth_mm, l1_height_mm;
} OssVirtualTruth;

/**
 * oss_virtual_write:
 * @folder: gets one folder per kernel with DICOM, and truth/ (labels.nii.gz, ash_density.nii.gz,
 *   k2hpo4_density.nii.gz, truth.json)
 *
 * The same options give the same bytes.  Appears whole or not at all.
 */
OSS_API gboolean oss_virtual_write (const char *folder, const OssVirtualOptions *options, OssVirtualTruth *truth,
                                    const OssTick *tick, GError **error);

/* In memory, for tests and training: the HU volume of one kernel, labels (VerSe) and truths; any out may be NULL. */
OSS_API gboolean oss_virtual_make (const OssVirtualOptions *options, const char *kernel, OssVolume **hu,
                                   OssLabels **labels, OssVolume **ash_mg_cm3, OssVolume **k2hpo4_mg_cm3,
                                   OssVirtualTruth *truth, const OssTick *tick, GError **error);

G_END_DECLS
