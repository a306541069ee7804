/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

typedef enum
{
  OSS_ELASTICITY_ISOTROPIC,   /* E, nu */
  OSS_ELASTICITY_ENGINEERING, /* E1 E2 E3 nu12 nu13 nu23 G12 G13 G23 */
  OSS_ELASTICITY_STIFFNESS,   /* D1111 D1122 D2222 D1133 D2233 D3333 D1212 D1313 D2323, Abaqus's TYPE=ORTHO */
} OssElasticity;

/**
 * OssFemMaterial: a linear elastic material, isotropic or orthotropic about axes of its own.
 * @kind: which constants were given
 * @constants: as given, MPa and ratios; nu12 is the contraction along 2 under tension along 1
 * @axes: rows: the unit axes 1, 2, 3 of the material in patient axes; the unit matrix for isotropic ones
 * @stiffness: [6][6] MPa, patient axes, order xx yy zz yz xz xy, engineering shear strain
 * @modulus_mpa: Young's modulus; of an orthotropic material that of its mean over all directions (Voigt)
 * @lambda, @mu: MPa: Lame's constants of an isotropic material; else of the Voigt mean
 *
 * Filled by the functions below, each of which leaves nothing unchecked; plain data from then on.
 */
typedef struct
{
  OssElasticity kind;
  double constants[9];
  double axes[9];
  double stiffness[36];
  double modulus_mpa, lambda, mu;
} OssFemMaterial;

/* @modulus_mpa above 0, @poisson above -1 and below 0.5; else FALSE with OSS_ERROR_INVALID_DATA.  Any thread. */
OSS_API gboolean oss_fem_material_isotropic (OssFemMaterial *self, double modulus_mpa, double poisson, GError **error);

/**
 * oss_fem_material_orthotropic:
 * @kind: %OSS_ELASTICITY_ENGINEERING or %OSS_ELASTICITY_STIFFNESS
 * @constants: in the order of @kind
 * @axes: (nullable): rows: axes 1, 2, 3 as right-handed unit vectors; %NULL: the patient's x, y, z
 *
 * Compliance S11 = 1/E1, S12 = -nu12/E1, ..., S44 = 1/G23 (Jones, Mechanics of Composite Materials, 2.3), inverted and
 * turned into patient axes by the strain transformation.
 *
 * Thread safety: any thread.
 *
 * Returns: %FALSE with %OSS_ERROR_INVALID_DATA that names the constant, when the energy of some strain would not be
 *   above zero, or the axes are not orthonormal and right-handed
 */
OSS_API gboolean oss_fem_material_orthotropic (OssFemMaterial *self, OssElasticity kind, const double constants[9],
                                               const double *axes, GError **error);

/**
 * oss_fem_axes_from_points:
 * @a: a point on axis 1, seen from the origin
 * @b: a point in the plane of axes 1 and 2, on the side of axis 2
 * @axes: (out): rows: axes 1, 2, 3
 *
 * Axes by two points, as *ORIENTATION has them.  Points that are orthonormal to rounding are taken as they are.
 *
 * Returns: %FALSE with %OSS_ERROR_INVALID_DATA when the points and the origin lie on a line
 */
OSS_API gboolean oss_fem_axes_from_points (const double a[3], const double b[3], double axes[9], GError **error);

G_END_DECLS
