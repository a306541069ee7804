/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* Stiffnesses and compliances are double[36], row-major 6 x 6 in MPa and 1/MPa, order 11 22 33 23 13 12 with
 * engineering shear strains: stress = C strain. */

/* FALSE when singular to rounding. */
OSS_API gboolean oss_stiffness_inverse (const double matrix[36], double inverse[36]);

/* @stiffness seen from axes that are the rows of @axes (orthonormal, row-major; Bond's transformation, Auld, Acoustic
 * Fields and Waves in Solids, 3.D). */
OSS_API void oss_stiffness_turn (const double stiffness[36], const double axes[9], double turned[36]);

/* Isotropic stiffness; @poisson in (-1, 0.5). */
OSS_API void oss_stiffness_isotropic (double modulus_mpa, double poisson, double stiffness[36]);

typedef struct
{
  double modulus_mpa[3]; /* E1 E2 E3 */
  double shear_mpa[3];   /* G23 G13 G12 */
  double poisson[3];     /* nu23 nu13 nu12: nu_ij = -strain j over strain i when stress acts along i */
} OssEngineering;

/* From the inverse; FALSE when singular. */
OSS_API gboolean oss_stiffness_engineering (const double stiffness[36], OssEngineering *engineering);

/**
 * OssOrthotropic: the orthotropic stiffness nearest to a given one.
 * @axes: rows: directions of the material's axes in the image, right-handed; axis 3 is the stiffest (greatest Young's
 *   modulus), axis 1 the softest
 * @stiffness_mpa: along these axes; entries that orthotropy has not are 0
 * @residue: norm of what was dropped over the norm of all (Frobenius norm of the tensor)
 */
typedef struct
{
  double axes[9];
  double stiffness_mpa[36];
  OssEngineering engineering;
  double residue;
} OssOrthotropic;

/**
 * oss_orthotropic_fit:
 * @stiffness: its symmetric part is taken
 *
 * Looks for the rotation that leaves the least norm in the entries that vanish for an orthotropic material with
 * these axes (Cowin and Yang, J. Elasticity 46 (1997) 151-180, seek the same axes), from the image's axes and from 48
 * others, by a pattern search; the image's axes win where others are not better.  Always the same result for the same
 * input.
 *
 * Returns: %FALSE when the orthotropic part cannot be inverted
 */
OSS_API gboolean oss_orthotropic_fit (const double stiffness[36], OssOrthotropic *fit);

G_END_DECLS
