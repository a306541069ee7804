/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "micro/oss-stiffness.h"

G_BEGIN_DECLS

/**
 * OssBoundary: what holds the border of the box while it is strained.
 * @OSS_BOUNDARY_KUBC: kinematic uniform: u = strain times x on the whole border; the stiffest answer
 * @OSS_BOUNDARY_SUBC: static uniform: traction = stress times normal on the whole border; the softest
 * @OSS_BOUNDARY_PBC: periodic: opposite borders move alike but for the strain.  Where a face has bone and the
 *   opposite one has not, nothing is held: porous volumes whose faces do not match come out too soft unless the void is
 *   filled
 * @OSS_BOUNDARY_MIXED: periodic for the cell mirrored in its faces, which always matches: on each face either a
 *   component of the displacement is the uniform one or its traction is zero.  These are the mixed boundary conditions
 *   of Pahr and Zysset, Biomech. Model. Mechanobiol. 7 (2008) 463-476.  A mirrored cell has no coupling between normal
 *   and shear components, nor between shears: these entries are zero
 */
typedef enum
{
  OSS_BOUNDARY_KUBC,
  OSS_BOUNDARY_SUBC,
  OSS_BOUNDARY_PBC,
  OSS_BOUNDARY_MIXED,
} OssBoundary;

/* "kubc", "subc", "pbc", "mixed" */
OSS_API const char *oss_boundary_name (OssBoundary boundary);
OSS_API gboolean oss_boundary_from_name (const char *name, OssBoundary *boundary);

/**
 * OssMicroVolume: a box of voxels; pointers are borrowed.
 * @size: voxels along x, y, z
 * @spacing_mm: of a voxel
 * @modulus_mpa: [z][y][x] MPa, x fastest; above 0 is bone, 0 is void
 * @poisson: above -1, below 0.5
 * @void_modulus_mpa: what fills the void, with the same Poisson's ratio; 0: nothing does.  Needed by SUBC, whose
 *   tractions act on void as well
 * @boundary: see there
 * @tolerance: relative residual of each load case; 0: 1e-8
 * @max_iterations: 0: the solver's own
 */
typedef struct
{
  gsize size[3];
  double spacing_mm[3];
  const float *modulus_mpa;
  double poisson;
  double void_modulus_mpa;
  OssBoundary boundary;
  double tolerance;
  int max_iterations;
} OssMicroVolume;

/* Isotropic bounds of the effective moduli, MPa. */
typedef struct
{
  double modulus_mpa, bulk_mpa, shear_mpa;
} OssBound;

typedef struct
{
  double stiffness_mpa[36]; /* symmetric part; unit cell's mean stress of a unit mean strain */
  double symmetry_error;    /* largest |C_ij - C_ji| over the largest entry, before it was made symmetric */
  double energy_error;      /* Hill: largest |mean stress : mean strain - 2 energy / volume| over the former */
  double coupling_left_out; /* mixed: largest entry that mirroring cancels, over the largest entry; else 0 */
  double bv_tv;
  OssEngineering engineering; /* along the image's axes */
  OssOrthotropic orthotropic;
  OssBound voigt, reuss, hashin_high, hashin_low;
  gsize n_elements, n_nodes, n_unknowns, n_islands, n_island_voxels;
  int n_free_motions; /* that nothing resists: projected out */
  gboolean converged; /* all load cases; else the rest holds nothing but the record of the cases */
  int cases;          /* that were begun */
  int iterations[6];
  double relative_residual[6];
  double *history; /* of the case that did not converge: [n_history] relative residuals; else NULL */
  gsize n_history;
  char reason[160];
} OssHomogenized;

OSS_API void oss_homogenized_clear (OssHomogenized *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssHomogenized, oss_homogenized_clear)

/**
 * oss_homogenize:
 * @result: (out): oss_homogenized_clear()
 *
 * Effective stiffness of a voxel volume from six unit strains (SUBC: six unit stresses, whose compliance is
 * inverted).  Means are taken over the whole box, void included.  Bone that hangs together with nothing that is held
 * or loaded is left out and counted.
 *
 * Bounds: Voigt and Reuss are isotropic with the arithmetic and harmonic mean modulus.  Hashin-Shtrikman (J. Mech.
 * Phys. Solids 11 (1963) 127-140; for many phases Walpole's form, ibid. 14 (1966) 151-162) hold for statistically
 * isotropic volumes only.
 *
 * Not converging is a result with a reason.  Any thread may call.
 *
 * Returns: %FALSE with %OSS_ERROR_INVALID_DATA (moduli, Poisson's ratio, no bone, SUBC with empty void),
 *   %OSS_ERROR_OUT_OF_MEMORY (both figures), %OSS_ERROR_REFUSED, %OSS_ERROR_FAILED (the volume does not carry in
 *   some direction), %OSS_ERROR_CANCELLED
 */
OSS_API gboolean oss_homogenize (const OssMicroVolume *volume, OssHomogenized *result, const OssTick *tick,
                                 GError **error);

G_END_DECLS
