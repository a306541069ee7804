/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"
#include "image/oss-vertebra.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/**
 * OssVirtualOptions: what is wanted; what is left at 0 is drawn from the seed or derived.
 *
 * Each number has its own draw: fixing one changes no other.
 */
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
  gboolean phantom;     /* rods under the patient */
  const char *phantom_model; /* of data/phantoms.ini; NULL: "mindways3" */
  guint8 level_low,
      level_high; /* VerSe numbers, T11..L3: whole in the image; its ends cut the neighbours, labelled too */
  const char *const *kernels; /* (array zero-terminated=1) "B40f", "B70f"; NULL: both */
  gboolean marker;            /* a ball of solid bone on the left side of L1, for orientation tests */
  gboolean quality_scan;      /* the phantom alone on the couch: no patient, no labels, no densities */
  const char *study_date;     /* as in DICOM; NULL: "20240115" */
} OssVirtualOptions;

OSS_API void oss_virtual_options_default (OssVirtualOptions *options);

/* What the truth.json beside a study says too.
 *
 * vbmd_mg_cm3: K2HPO4-equivalent mean over the elliptic cylinder in the anterior middle of L1 (semi-axes 0.25 of the
 *   width and 0.2 of the depth, 9 mm high), free of noise and blur.
 * effective_energy_kev: at the spine; the line below belongs to it.
 * kernel_deviation: relative, of every kernel's MTF from its table; nothing in the headers tells it. */
typedef struct
{
  char sex;
  double age_years, vbmd_mg_cm3, marrow_fat_fraction, effective_energy_kev, kernel_deviation;
  double true_slope, true_intercept;         /* K2HPO4 mg/cm3 = slope * HU + intercept of a perfect scanner */
  double true_cha_slope, true_cha_intercept; /* the same for hydroxyapatite in the resin of solid rods */
  double l1_centre_mm[3];
  double l1_width_mm, l1_depth_mm; /* of the body at mid height, as in OssVertebraFrame */
  double l1_height_mm;             /* between the endplates at the body's axis */
} OssVirtualTruth;

/**
 * oss_virtual_write:
 * @folder: gets one folder per kernel with DICOM, and truth/ (labels.nii.gz, ash_density.nii.gz,
 *   k2hpo4_density.nii.gz, truth.json)
 *
 * The same options give the same bytes, for any number of threads.  Appears whole or not at all: written beside @folder
 * under a temporary name that goes when the work fails or is cancelled.  @folder must not exist, or be empty.
 *
 * Errors: USAGE for options out of range, an unknown kernel (lists the known ones) or a folder in use; CANCELLED.
 */
OSS_API gboolean oss_virtual_write (const char *folder, const OssVirtualOptions *options, OssVirtualTruth *truth,
                                    const OssTick *tick, GError **error);

/**
 * oss_virtual_make:
 * @kernel: (nullable): of @hu; %NULL: "B40f"
 * @hu: (out) (optional): whole HU from -1024 to 3071, the very numbers that oss_virtual_write() stores
 * @labels: (out) (optional): VerSe numbers, marrow inside
 * @ash_mg_cm3: (out) (optional): mineral, mean over each voxel without any blur
 * @k2hpo4_mg_cm3: (out) (optional): what the true line reads from each voxel's mean attenuation
 * @truth: (out) (optional): all that is asked for when the others are %NULL: then it costs nothing
 *
 * The same in memory, for tests and training.
 */
OSS_API gboolean oss_virtual_make (const OssVirtualOptions *options, const char *kernel, OssVolume **hu,
                                   OssLabels **labels, OssVolume **ash_mg_cm3, OssVolume **k2hpo4_mg_cm3,
                                   OssVirtualTruth *truth, const OssTick *tick, GError **error);

G_END_DECLS
