/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-tissue.h"
#include "material/oss-density.h"

G_BEGIN_DECLS

typedef enum
{
  OSS_INTERNAL_OWN,       /* K2HPO4 in water at the effective energy, as a Mindways phantom reads it */
  OSS_INTERNAL_MICHALSKI, /* mineral and triglyceride, Michalski 2020 */
} OssInternalModel;

OSS_API const char *oss_internal_model_name (OssInternalModel model); /* "k2hpo4-water", "michalski2020" */
/* USAGE lists the names; %NULL is the default, k2hpo4-water. */
OSS_API gboolean oss_internal_model_find (const char *name, OssInternalModel *model, GError **error);

typedef struct
{
  OssInternalModel model;
  OssOwnPlace places[OSS_OWN_N];
  double kvp;           /* 0: not known */
  double energy_kev;    /* 0: fitted; else taken as given */
  gboolean free_energy; /* fitted from the tissues alone, without what is expected of the voltage */
  gboolean contrast_named;
} OssInternalOptions;

/* One tissue in the fit. */
typedef struct
{
  gboolean used;
  double hu;            /* as read */
  double expected_hu;   /* at the effective energy, scale of the scanner included */
  double sd_hu;         /* of reading, person and table together */
  double density_g_cm3; /* physical: expected, or by the two-component model as read */
} OssInternalPoint;

/**
 * OssInternalFit: a calibration from the patient's own tissues.
 *
 * Model k2hpo4-water: energy E and shift c (HU at water) minimise
 *   sum ((HU_i - h_i(E) - c (1 + h_i(E)/1000)) / s_i)^2 + (c / s_c)^2 + ((E - E_0) / s_E)^2
 * with h_i the HU of the tabulated tissue.  Then HU = g (sigma K - 0.4) + c, g = 1 + c/1000,
 * sigma = (mu/rho)_K2HPO4 / mu_water - 0.2174 HU per mg/cm3 (QCT PRO's constants, see oss-phantom.c).
 *
 * Model michalski2020: see oss_internal_michalski(); @line is its chord between the HU that read 50 and 250 mg/cm3.
 */
typedef struct
{
  OssInternalModel model;
  OssInternalPoint points[OSS_OWN_N];
  double energy_kev, energy_sd_kev;
  double energy_low_kev, energy_high_kev; /* searched */
  double expected_kev, expected_sd_kev;   /* by the tube voltage; NaN when not used */
  double shift_hu, shift_sd_hu;           /* NaN for michalski2020 */
  double r2, chi2;
  double quadratic[3]; /* K = [0] + [1] HU + [2] HU^2; [2] is 0 but for michalski2020 */
  double slope_hu;     /* HU per mg/cm3 of the line */
  /* of slope (mg/cm3 per HU) and intercept (mg/cm3); NaN when not known */
  double variance_slope, variance_intercept, covariance;
  OssCalibrationLine line;
  OssOwnTissues *tissues;
  GPtrArray *notes; /* (element-type utf8): translated, those of the tissues too */
} OssInternalFit;

/**
 * oss_internal_calibrate:
 * @volume: HU
 *
 * Errors: REFUSED with what was found when the tissues do not carry a calibration: it needs air or fat, and blood or
 * muscle, that agree with one another; USAGE for an energy out of range; CANCELLED.
 *
 * Returns: (transfer full)
 */
OSS_API OssInternalFit *oss_internal_calibrate (const OssVolume *volume, const OssInternalOptions *options,
                                                const OssTick *tick, GError **error);
/* The same from tissues that are measured already.  @tissues: (transfer full) */
OSS_API OssInternalFit *oss_internal_fit (OssOwnTissues *tissues, const OssInternalOptions *options, GError **error);
OSS_API void oss_internal_fit_free (OssInternalFit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssInternalFit, oss_internal_fit_free)

/* The two-component model as numbers: see oss-internal-michalski.c. */
typedef struct
{
  double energy_kev, r2;
  double mass_slope, mass_intercept;       /* cm2/g per HU, cm2/g */
  double density_slope, density_intercept; /* g/cm3 per HU, g/cm3 */
  double k2hpo4, triglyceride;             /* mass attenuation at the energy, cm2/g */
} OssMichalski;

/**
 * oss_internal_michalski:
 * @hu: (array fixed-size=5): mean HU by OssOwnTissue
 * @used: (array fixed-size=5)
 *
 * Michalski 2020 (Med Eng Phys 78:55), restated from Bonelab/Ogo: the energy at which mass attenuation of the tissues
 * is most nearly linear in HU; two regressions; density of mineral in a mixture with triglyceride.
 *
 * Errors: REFUSED with fewer than two tissues or all of one HU.
 */
OSS_API gboolean oss_internal_michalski (const double hu[OSS_OWN_N], const gboolean used[OSS_OWN_N],
                                         OssMichalski *result, GError **error);
/* mg/cm3 that it calls K2HPO4. */
OSS_API double oss_michalski_density (const OssMichalski *self, double hu);

G_END_DECLS
