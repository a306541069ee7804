/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "material/oss-yield.h"

G_BEGIN_DECLS

/* Plastic strain (xx yy zz yz xz xy, engineering shear), then the equivalent plastic strain. */
#define OSS_PLASTIC_STATE 7

/**
 * OssPlastic: isotropic elasticity with an associated yield surface F (stress) = Y (equivalent plastic strain), MPa.
 * @bulk, @shear: elastic moduli
 * @yield: compressive yield stress at the start; INFINITY: elastic for ever
 * @ratio: compressive over tensile yield stress, 1 or more; von Mises takes 1 whatever is given
 * @hardening: slope of Y; below 0 the material softens, down to @least
 * @least: Y does not fall below it
 *
 * F is of degree one in stress and reads the stress itself in uniaxial compression:
 *   von Mises       q
 *   paraboloid      (a p + sqrt (a^2 p^2 + 4 r q^2)) / 2, a = 3 (r - 1): the c at which (p, q) is on
 *                   q^2 + 3 (c - c / r) p = c^2 / r
 *   Drucker-Prager  (1 + r) / 2 q + 3 (r - 1) / 2 p
 *   Mohr-Coulomb    r s1 - s3
 * The plastic strain follows the normal of F.  The equivalent plastic strain k grows by stress : plastic strain / Y,
 * the plastic work over the yield stress, so that in uniaxial compression it is the plastic strain, and the slope of
 * stress over strain E H / (E + H); in uniaxial tension H / r^2 stands for H.
 */
typedef struct
{
  OssCriterion criterion;
  double bulk, shear;
  double yield, ratio, hardening, least;
} OssPlastic;

/* @modulus_mpa above 0, @poisson as in an OssFemModel; perfectly plastic. */
OssPlastic oss_plastic_make (OssCriterion criterion, double modulus_mpa, double poisson, double compression_mpa,
                             double tension_mpa);

/* F of a stress xx yy zz yz xz xy, MPa. */
double oss_plastic_equivalent (const OssPlastic *self, const double stress[6]);

/**
 * oss_plastic_return:
 * @strain: total strain at the end of the step, engineering shear
 * @before: [OSS_PLASTIC_STATE] at the start of the step
 * @after: (out): [OSS_PLASTIC_STATE] at its end; may be @before
 * @stress: (out): MPa
 * @tangent: (out) (nullable): [6][6] d stress / d strain, consistent with this step, symmetric
 *
 * Implicit return to the yield surface (closest point in elastic energy; Simo and Hughes, Computational
 * Inelasticity, 1998, ch. 3; Mohr-Coulomb in principal stresses, de Souza Neto, Peric and Owen, Computational Methods
 * for Plasticity, 2008, ch. 8): closed form for straight surfaces, their edges and tips; a scalar equation for the
 * paraboloid. Where the material softens the tangent is that of perfect plasticity (a secant that keeps the matrix
 * positive), which costs iterations and leaves the solution alone.
 *
 * Any thread.  Returns: %TRUE when the step was plastic
 */
gboolean oss_plastic_return (const OssPlastic *self, const double strain[6], const double *before, double *after,
                             double stress[6], double *tangent);

/* The elastic matrix [6][6]. */
void oss_plastic_elastic (const OssPlastic *self, double *tangent);

G_END_DECLS
