/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"
#include "study/oss-worklist.h"

G_BEGIN_DECLS

/* What one analysis says: a side of a comparison.  Strings are never NULL; numbers that are not known are NaN. */
typedef struct
{
  char *vertebra, *study_uid, *series_uid, *kernel, *engine, *density_class, *method, *basis, *law;
  double slope, intercept; /* of the calibration line, mg/cm3 */
  double vbmd_mg_cm3, vbmd_uncertainty_mg_cm3;
  double stiffness_n_per_mm, stiffness_uncertainty_n_per_mm;
  double linear_2_percent_n, pistoia_n, plateau_n;
  double linear_2_percent_uncertainty_n, pistoia_uncertainty_n, plateau_uncertainty_n;
} OssComparisonSide;

/* From the text of a result.json, or the folder that "ossature analyze" left.  INVALID_DATA, NOT_FOUND. */
OSS_API OssComparisonSide *oss_comparison_side_parse (const char *json, GError **error);
OSS_API OssComparisonSide *oss_comparison_side_read (const char *folder, GError **error);
OSS_API void oss_comparison_side_free (OssComparisonSide *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssComparisonSide, oss_comparison_side_free)

/* REFUSED when the two are not of one vertebra's level, density basis, engine and law: a difference would say nothing.
 */
OSS_API gboolean oss_comparison_check (const OssComparisonSide *a, const OssComparisonSide *b, GError **error);

/* One quantity on both sides; @error_*: standard errors, NaN when not known. */
typedef struct
{
  const char *key, *title, *unit; /* title translated */
  double a, b, error_a, error_b;
} OssComparisonQuantity;

#define OSS_N_COMPARISON_QUANTITIES 5

OSS_API void oss_comparison_quantities (const OssComparisonSide *a, const OssComparisonSide *b,
                                        OssComparisonQuantity quantities[OSS_N_COMPARISON_QUANTITIES]);
/* 100 (a - b) / b, as seed 004 and Bland and Altman's plots of it have it. */
OSS_API double oss_comparison_percent (double a, double b);

/**
 * OssAgreement: of the differences 100 (a - b) / b of @n pairs.
 * @low, @high: limits of agreement, 1.96 standard deviations (n - 1) about the mean (Bland and Altman 1986)
 */
typedef struct
{
  int n;
  double mean, mean_absolute, sd, low, high;
} OssAgreement;

/* Pairs with a NaN are passed over; all NaN without any. */
OSS_API void oss_agreement_compute (const double *a, const double *b, gsize n, OssAgreement *agreement);

/* Cut-offs of strength and stiffness that a study gave for one kernel (data/limits.ini). */
typedef struct
{
  char name[32], kernel[16], source[160];
  double stiffness_osteoporosis, stiffness_osteopenia; /* N/mm: below is the class */
  double strength_osteoporosis, strength_osteopenia;   /* N, of the linear reaction at 2 % strain */
} OssCutOffs;

/* NOT_FOUND when @study has none for @kernel; USAGE, listing the studies, when there is no such one. */
OSS_API gboolean oss_cut_offs_find (const char *study, const char *kernel, OssCutOffs *cut_offs, GError **error);
/* "osteoporosis", "osteopenia", "normal"; "" for NaN. */
OSS_API const char *oss_cut_offs_class (double value, double osteoporosis, double osteopenia);

/* Two analyses of one vertebra in one study by two kernels; NaN: not known. */
typedef struct
{
  double stiffness_n_per_mm[2], strength_n[2], vbmd_mg_cm3[2];
} OssKernelPair;

/**
 * oss_worklist_get_kernel_pairs:
 * @a, @b: kernels: first and second of each pair
 *
 * The latest analyses of each vertebra by both kernels, the same engine and density basis, of the whole database.
 * (transfer full) (element-type OssKernelPair)
 */
OSS_API GArray *oss_worklist_get_kernel_pairs (OssWorklist *self, const char *a, const char *b, GError **error);

G_END_DECLS
