/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "fem/oss-fem-yielding.h"
#include "image/oss-labels.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/* Which of the two faces are held sideways too. */
typedef enum
{
  OSS_LATERAL_NONE = 0,
  OSS_LATERAL_TOP = 1,
  OSS_LATERAL_BOTTOM = 2,
  OSS_LATERAL_BOTH = 3,
} OssLateral;

/* "none", "top", "bottom", "both" */
OSS_API const char *oss_lateral_name (OssLateral lateral);
OSS_API gboolean oss_lateral_from_name (const char *name, OssLateral *lateral);

/**
 * OssVoxelCompression: a voxel solid between two faces; pointers are borrowed.
 * @modulus_mpa: above 0 is bone; negative values and NaN are refused
 * @labels: (nullable): on the grid of @modulus_mpa.  The top face is the outermost plane, along the axis, of the bone
 *   with the label @top, the bottom face the one of @bottom at the other side; %NULL: the outermost planes of all
 *   bone
 * @axis: 0, 1, 2: axis of the image as it is stored.  The top is where @top lies, or the high end without labels
 * @move: displacement of the top away from the bottom: negative compresses; in mm, or as a share of the distance of
 *   the two faces when @move_is_strain
 * @lateral: the bottom is held along the axis, the top moved along it; which of them cannot move sideways either
 * @tolerance, @max_iterations: see OssVoxelOptions
 * @over_processes: solved by oss_voxel_petsc_solve(), after oss_voxel_petsc_start()
 * @yielding: (nullable): also a curve beyond yield, in the direction of @move; not with @over_processes
 * @elastic: (nullable): [256]: voxels of these labels never yield; with @labels
 */
typedef struct
{
  const OssVolume *modulus_mpa;
  const OssLabels *labels;
  guint8 top, bottom;
  double poisson;
  int axis;
  double move;
  gboolean move_is_strain;
  OssLateral lateral;
  double tolerance;
  int max_iterations;
  gboolean over_processes;
  const OssYielding *yielding;
  const gboolean *elastic;
} OssVoxelCompression;

/* Over elements; p95 interpolates linearly between order statistics. */
typedef struct
{
  double mean_mpa, p95_mpa, maximum_mpa;
} OssSedSummary;

/**
 * OssVoxelCompressed:
 * @reaction_n: force along the axis on the top, away from the bottom: negative in compression
 * @distance_mm: of the two faces
 * @sed_centre: of the strain at the element's centre: what ParOSol and FAIM report
 * @sed_mean: mean over the element: times volume it adds up to half of force times displacement
 * @pistoia_factor: the load times this strains 2 % of the bone beyond 0.7 %, from @sed_centre (Pistoia et al., Bone 30
 *   (2002) 842-848); @pistoia_mean_factor: from @sed_mean
 * @energy_n_mm: strain energy
 * @sed_centre_mpa, @sed_mean_mpa, @von_mises_mpa: images on the grid of the moduli, 0 outside bone
 * @displacement_mm: along the image's axes, mean of each voxel's eight corners
 * @converged: if not, @history tells how far it came, and fields, energy densities, Pistoia's figures and the curve are
 *   missing
 * @curve: (nullable): beyond yield, forces and displacements above 0 in the direction of the load; not converging is a
 *   result: see OssFemCurve::converged
 * @plastic_strain, @von_mises_end_mpa: (nullable): images at the end of the curve: equivalent plastic strain, and the
 *   von Mises stress at the centre
 */
typedef struct
{
  double reaction_n, displacement_mm, distance_mm, stiffness_n_per_mm;
  OssSedSummary sed_centre, sed_mean;
  double pistoia_factor, pistoia_failure_load_n, pistoia_mean_factor;
  double energy_n_mm, bone_mm3;
  gsize n_top_nodes, n_bottom_nodes;
  gsize n_elements, n_nodes, n_unknowns, n_islands, n_island_voxels;
  int n_free_motions, projected_motions;
  int iterations;
  double relative_residual;
  double *history; /* [iterations + 1] */
  gboolean converged;
  char reason[160];
  double bytes, seconds, curve_seconds;
  OssFemCurve *curve;
  OssVolume *plastic_strain, *von_mises_end_mpa;
  OssVolume *sed_centre_mpa, *sed_mean_mpa, *von_mises_mpa;
  OssVolume *displacement_mm_xyz[3];
} OssVoxelCompressed;

OSS_API void oss_voxel_compressed_free (OssVoxelCompressed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssVoxelCompressed, oss_voxel_compressed_free)

/* Estimates of a converged solution as of a vertebra, from sizes of forces: the distance of the faces is the height,
 * and Pistoia's from the strain at the centres. */
OSS_API void oss_voxel_compressed_strength (const OssVoxelCompressed *self, OssStrength *strength);

/**
 * oss_voxel_compress:
 *
 * Linear elasticity on voxels: one 8-node hexahedron per voxel above 0.  Voxels that hang together with neither face
 * are left out and counted.  Rigid motions that nothing resists and no load excites (sliding and turning between plates
 * without friction) are taken out of the displacement and counted.
 *
 * Not converging is a result with a reason.  Any thread may call.
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_INVALID_DATA: a negative modulus, NaN, no bone, grids that differ, a label without bone, Poisson's
 * ratio, a displacement of 0; %OSS_ERROR_REFUSED: no bone connects the two faces; more unknowns than memory (both
 * figures are told); %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_CANCELLED
 */
OSS_API OssVoxelCompressed *
oss_voxel_compress (const OssVoxelCompression *compression, const OssTick *tick, GError **error);

G_END_DECLS
