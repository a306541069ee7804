/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"

G_BEGIN_DECLS

/**
 * OssVoxelFreedom: one displacement component of one corner of the voxel lattice.
 * @at: lattice point, 0 .. size inclusive; on a periodic axis size means 0
 * @axis: 0, 1, 2: x, y, z of the image
 */
typedef struct
{
  gint32 at[3];
  gint8 axis;
} OssVoxelFreedom;

/**
 * OssVoxelModel: a voxel image as a linear elastic solid with small displacements.
 * @size: voxels along x, y, z, each 1 .. 65000
 * @spacing_mm: edges of a voxel, which need not be equal
 * @labels: (nullable): [z][y][x] label of each voxel, x fastest
 * @label_modulus_mpa: (nullable): [256] modulus of each label; 0 is no bone.  With @labels
 * @bits: (nullable): [z][y][(size[0] + 7) / 8] bytes, bit x & 7 of byte x >> 3
 * @bit_modulus_mpa: modulus of the voxels whose bit is set
 * @modulus_mpa: (nullable): [z][y][x] grey-value moduli; above 0 is bone, 0 is not.  Negative values and NaN are errors
 * @poisson: above -1, below 0.5; one for all voxels
 * @periodic: lattice points 0 and size along that axis are one and the same
 * @held: [n_held] freedoms with a prescribed displacement; points that belong to no bone are ignored
 * @loaded: [n_loaded] freedoms on which forces may act
 * @remove_islands: voxels that do not hang together by faces with a part that is held or loaded are left out and
 *   counted.  A part counts as held or loaded when one of its corners is.  When nothing is held or loaded (a load by
 *   macroscopic strain alone), the largest part is kept.  Without this, islands are refused
 *
 * Just one of @labels, @bits and @modulus_mpa is given.  Pointers are borrowed until oss_voxel_system_new() returns.
 */
typedef struct
{
  gsize size[3];
  double spacing_mm[3];
  const guint8 *labels;
  const double *label_modulus_mpa;
  const guint8 *bits;
  double bit_modulus_mpa;
  const float *modulus_mpa;
  double poisson;
  gboolean periodic[3];
  const OssVoxelFreedom *held;
  gsize n_held;
  const OssVoxelFreedom *loaded;
  gsize n_loaded;
  gboolean remove_islands;
} OssVoxelModel;

/**
 * OssVoxelSystem: the numbering of a model and what its solution needs; serves any number of load cases.
 *
 * Nodes are the lattice points that touch bone, elements the bone voxels; both are numbered with x fastest,
 * then y, then z.  On periodic axes the last point is the first and has no number of its own.
 * One thread at a time uses a system, except for the functions that take it as const.
 */
typedef struct _OssVoxelSystem OssVoxelSystem;

/**
 * oss_voxel_system_new:
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_INVALID_DATA: a modulus below zero or not a number, Poisson's ratio, size, no bone at all, a freedom
 *     outside the lattice, a load on a point without bone;
 *   %OSS_ERROR_REFUSED: islands, when they are not to be removed (tells how many voxels they have);
 *   %OSS_ERROR_OUT_OF_MEMORY: tells what the solution would need and what is free;
 *   %OSS_ERROR_CANCELLED
 */
OSS_API OssVoxelSystem *oss_voxel_system_new (const OssVoxelModel *model, const OssTick *tick, GError **error);
OSS_API void oss_voxel_system_free (OssVoxelSystem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssVoxelSystem, oss_voxel_system_free)

typedef struct
{
  gsize n_nodes, n_elements;
  gsize n_unknowns;                 /* freedoms that are not held */
  gsize n_islands, n_island_voxels; /* removed parts and their voxels */
  int n_free_motions;               /* rigid motions that no held freedom resists, all parts together */
  int n_levels;                     /* of the multigrid */
  double bytes_grid;                /* numbering, moduli and coarser levels: held as long as the system */
  double bytes_solve;               /* vectors of a solution on top of that, the displacement included */
} OssVoxelInfo;

OSS_API void oss_voxel_system_info (const OssVoxelSystem *self, OssVoxelInfo *info);

/* Node number of a lattice point, or -1 where it touches no bone; takes the points of OssVoxelFreedom. */
OSS_API gint64 oss_voxel_system_node (const OssVoxelSystem *self, const gint32 at[3]);
/* Number of the voxel (x + size_x (y + size_y z)) of every element: [n_elements]. */
OSS_API void oss_voxel_system_element_voxels (const OssVoxelSystem *self, guint64 *voxel);
/* Modulus of every element, MPa: [n_elements]. */
OSS_API void oss_voxel_system_element_moduli (const OssVoxelSystem *self, float *modulus_mpa);

/**
 * OssVoxelLoad: one load case.
 * @held_mm: (nullable): [n_held of the model] prescribed displacements; %NULL is zero
 * @force_n: (nullable): [n_loaded of the model]; forces on one freedom add up
 * @strain: macroscopic strain xx yy zz yz xz xy, engineering shear: the displacement sought is what is added to
 *   the homogeneous one, strain times position (lattice point times spacing).  Held values refer to the sought part
 *
 * With periodic axes this is the load of periodic homogenisation.
 */
typedef struct
{
  const double *held_mm;
  const double *force_n;
  double strain[6];
} OssVoxelLoad;

/**
 * OssVoxelOptions:
 * @tolerance: on |f - K u| / |right-hand side| over the unknowns, with the true residual in double; 0: 1e-8
 * @max_iterations: 0: 300
 * @start_mm: (nullable): [n_nodes][3] displacement to start from
 */
typedef struct
{
  double tolerance;
  int max_iterations;
  const double *start_mm;
} OssVoxelOptions;

/* What a solution is made of; every array is the result's own. */
typedef struct
{
  gsize n_nodes;
  double *displacement_mm; /* [n_nodes][3] image axes; without the homogeneous part of OssVoxelLoad.strain */
  gsize n_held;
  double *reaction_n; /* [n_held] K u - f at the held freedoms in the model's order; 0 at points without bone; a freedom
                         that is listed twice has its reaction at its first place */
  double *history;    /* [iterations + 1] relative residual before each iteration and at the end */
  int iterations;
  double relative_residual; /* true, computed anew at the end */
  gboolean converged;       /* the tolerance was met */
  int projected_motions;    /* rigid motions that no load excited and that were taken out of the displacement */
  double energy_n_mm;       /* work of the internal forces, halved: the sum of mean energy density times volume */
  double bytes;             /* solver memory: grid, coarser levels and vectors, the displacement included */
  double seconds;
  char reason[160]; /* "converged", or why not */
} OssVoxelResult;

/**
 * oss_voxel_solve:
 *
 * Conjugate gradients in double, preconditioned by a geometric multigrid cycle in float on the same voxels (coarse
 * elements with a modulus for each octant; parts of a coarse voxel that do not hang together are apart) that smooths
 * only after corrections.  At the end the residual does no work on the displacement: reactions and energy agree.  Not
 * converging is a result with a reason.  The same bits for any number of threads up to the factorisation of the
 * coarsest grid (CHOLMOD), which is done by one thread.
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_REFUSED: a load moves a part that is not held as a rigid body (tells which motion);
 *   %OSS_ERROR_INVALID_DATA: a load that is not a number, or nothing loads the model;
 *   %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_CANCELLED
 */
OSS_API OssVoxelResult *oss_voxel_solve (OssVoxelSystem *self, const OssVoxelLoad *load, const OssVoxelOptions *options,
                                         const OssTick *tick, GError **error);
OSS_API void oss_voxel_result_free (OssVoxelResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssVoxelResult, oss_voxel_result_free)

/**
 * OssVoxelFields: what to work out of a displacement; arrays of the caller, any of them may be %NULL.
 *
 * In a box with trilinear displacements the mean strain is the strain at the centre, and so are the mean stress
 * and the centre stress.  Energy densities differ: the mean contains the energy of bending within the voxel (and is
 * consistent with the work of the loads), the centre does not.
 */
typedef struct
{
  double *strain; /* [n_elements][6] xx yy zz yz xz xy, engineering shear, mean = centre, the homogeneous included */
  double *stress_mpa;     /* [n_elements][6] */
  double *von_mises_mpa;  /* [n_elements] of that stress */
  double *sed_mean_mpa;   /* [n_elements] mean strain energy density: times volume it adds up to 1/2 F u */
  double *sed_centre_mpa; /* [n_elements] at the centre: what ParOSol and FAIM report */
} OssVoxelFields;

/* @strain: (nullable): OssVoxelLoad.strain of the load.  FALSE with OSS_ERROR_CANCELLED or OUT_OF_MEMORY. */
OSS_API gboolean oss_voxel_fields (const OssVoxelSystem *self, const double *displacement_mm, const double strain[6],
                                   const OssVoxelFields *fields, const OssTick *tick, GError **error);

/**
 * oss_voxel_pistoia:
 * @sed_mpa: [n_elements] strain energy density, mean or at the centre
 * @fraction: of the bone volume, for instance 0.02
 * @strain: effective strain, for instance 0.007
 *
 * The factor by which the load is to be multiplied until @fraction of the bone exceeds the effective strain
 * sqrt (2 SED / E) (Pistoia et al., Bone 30 (2002) 842-848).  0 when nothing is strained.
 */
OSS_API double oss_voxel_pistoia (const OssVoxelSystem *self, const double *sed_mpa, double fraction, double strain);

/**
 * oss_voxel_system_apply:
 * @displacement_mm: [n_nodes][3]
 * @strain: (nullable): homogeneous strain on top
 * @force_n: (out): [n_nodes][3] K u, held freedoms like all others; must not overlap
 *
 * For nonlinear solutions built on the elastic operator.
 */
OSS_API gboolean oss_voxel_system_apply (OssVoxelSystem *self, const double *displacement_mm, const double strain[6],
                                         double *force_n, GError **error);

/**
 * oss_voxel_system_precondition:
 * @residual_n: [n_nodes][3]; values at held freedoms are ignored
 * @correction_mm: (out): [n_nodes][3], zero at held freedoms; may be @residual_n
 *
 * One multigrid cycle of the elastic operator: a symmetric positive definite approximation of its inverse, in float.
 */
OSS_API gboolean oss_voxel_system_precondition (OssVoxelSystem *self, const double *residual_n, double *correction_mm,
                                                GError **error);

/* TRUE at held freedoms: [n_nodes][3] bytes. */
OSS_API void oss_voxel_system_held (const OssVoxelSystem *self, guint8 *held);

/**
 * OssVoxelVisitFunc:
 * @element: element number
 * @nodes: [8] node numbers: bit 0 of the place is +x, bit 1 +y, bit 2 +z
 * @thread: 0 .. oss_parallel_threads () - 1
 */
typedef void (*OssVoxelVisitFunc) (gsize element, const gsize nodes[8], guint thread, void *data);

/* Calls @func for every element, in parallel but such that elements that share a node are never visited at the same
 * time, and always in the same order for each node: it may add to nodal arrays, and sums are the same bits for
 * any number of threads.  FALSE with OSS_ERROR_CANCELLED. */
OSS_API gboolean oss_voxel_system_visit (const OssVoxelSystem *self, OssVoxelVisitFunc func, void *data,
                                         const OssTick *tick, GError **error);

/**
 * oss_voxel_element_stiffness:
 * @stiffness: (out): [24][24] N/mm for a modulus of 1 MPa, freedom 3 node + axis, nodes as in OssVoxelVisitFunc
 *
 * A box with trilinear displacements, 2 x 2 x 2 Gauss points (exact).  FALSE when @poisson is not in (-1, 0.5).
 */
OSS_API gboolean oss_voxel_element_stiffness (const double spacing_mm[3], double poisson, double stiffness[24][24]);

G_END_DECLS
