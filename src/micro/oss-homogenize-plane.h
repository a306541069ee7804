/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"

G_BEGIN_DECLS

/**
 * OssPlaneCell: a picture whose pixels are plane-stress quadrilaterals; pointers are borrowed.
 * @size: pixels along x and y
 * @spacing_mm: size of a pixel along x and y
 * @modulus_mpa: [size[1]][size[0]] MPa; 0 and below is void
 * @poisson: of what is not void, -1 to 0.5
 * @void_modulus_mpa: what fills the void, above 0: pieces that hang in the void, and faces that do not match, need it
 * @void_poisson: of what fills the void
 */
typedef struct
{
  int size[2];
  double spacing_mm[2];
  const double *modulus_mpa;
  double poisson;
  double void_modulus_mpa;
  double void_poisson;
} OssPlaneCell;

/* Marrow as Lu et al. 2023 have it (CMBBE 26:1150, equation 1): 0.0104, read as MPa, and nu 0.49. */
#define OSS_MARROW_MODULUS_MPA 0.0104
#define OSS_MARROW_POISSON 0.49

typedef struct
{
  double stiffness_mpa[9];             /* mean stress xx yy xy of unit mean strain xx yy xy (engineering shear) */
  double modulus_1_mpa, modulus_2_mpa; /* along x and y, of the inverse of @stiffness_mpa */
  double poisson_12, poisson_21;
  double shear_12_mpa;
  double planar_modulus_mpa, planar_poisson; /* equations 4 and 5 */
  double voigt_mpa[9], reuss_mpa[9]; /* mean stiffness, inverse of the mean compliance: above and below, as energies */
  double solid_fraction;
  double symmetry_error; /* largest |C_ij - C_ji| over the largest entry */
  double energy_error;   /* largest |mean stress : mean strain - 2 energy / volume| over the former */
  double relative_residual;
  gsize dof;
} OssPlaneHomogenized;

/**
 * oss_homogenize_plane:
 *
 * Effective stiffness of a periodic cell in plane stress after Lu et al., Computer Methods in Biomechanics and
 * Biomedical Engineering 26 (2023) 1150-1159, equations 2 to 5: three unit mean strains; opposite borders move
 * alike but for the mean strain (2); C from the mean stress (3).  From C, as if it were isotropic:
 * nu = 2 C12 / (C11 + C22) (5) and E = (C11 + C22) / 2 (1 - nu^2) (4), the planar modulus.
 *
 * Where the paper leaves it open: the mean in (3) is taken over the whole cell, pores included; every node on a border
 * is tied, those of pores and the four corners too; elements are integrated at 2 x 2 points; borders need not match,
 * because the pores are filled with @void_modulus_mpa.  The full inverse of C is given beside the planar modulus.
 *
 * One factorisation serves the three strains.  Any thread may call.
 *
 * Returns: %FALSE with %OSS_ERROR_INVALID_DATA (sizes, moduli, Poisson's ratios, nothing but void),
 *   %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_FAILED (badly conditioned), %OSS_ERROR_CANCELLED
 */
OSS_API gboolean oss_homogenize_plane (const OssPlaneCell *cell, OssPlaneHomogenized *result, const OssTick *tick,
                                       GError **error);

G_END_DECLS
