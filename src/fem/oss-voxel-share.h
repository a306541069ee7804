/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-voxel-private.h"

G_BEGIN_DECLS

/**
 * OssVoxelShare: a voxel lattice cut into boxes of lattice points, one for each process, on every level of a multigrid.
 * @processes: along x, y, z; process number i + processes[0] (j + processes[1] k) has box i, j, k
 * @size: elements of each level: half of the level above, rounded up
 *
 * Cuts lie where every level has a lattice point, so that a coarse point belongs to the process of the fine point at
 * the same place.
 */
typedef struct
{
  int n_levels;
  int processes[3];
  gsize size[OSS_VOXEL_MAX_LEVELS][3];
} OssVoxelShare;

/* FALSE with OSS_ERROR_REFUSED when there are more processes than boxes can be cut. */
gboolean oss_voxel_share_init (OssVoxelShare *self, const gsize size[3], int n_processes, GError **error);
/* First lattice point of box @i along @axis; for the box after the last: the number of points. */
gsize oss_voxel_share_start (const OssVoxelShare *self, int level, int axis, int i);
/* Own points of @process along each axis: @begin .. @end - 1. */
void oss_voxel_share_own (const OssVoxelShare *self, int level, int process, gsize begin[3], gsize end[3]);

/* Moduli of the elements of layer @z whose lowest corners are the points @begin .. @end - 1, x fastest, 0 where there
 * is none. */
void oss_voxel_share_plane (const OssVoxelModel *model, const OssVoxelBits *bits, const gsize begin[3],
                            const gsize end[3], gsize z, float *plane);

/* A freedom of an own point that is held (spring below 0) or has a spring: its place in vectors and in the lattice. */
typedef struct
{
  gsize own, lattice;
  float spring;
} OssVoxelOwnFixed;

/**
 * OssVoxelBox: what one process knows of one level: its own lattice points and one layer of its neighbours' around.
 * @first: lattice point at place 0 of the box, neighbours' included
 * @points: of the box, neighbours' included
 * @low, @high: own points are low .. high - 1, counted from @first
 * @voxels: the elements between all these points
 * @row_start: [own rows + 1] own nodes before each row
 * @u: a vector of @voxels
 *
 * There are two kinds of arrays.  A lattice array has three values for each point of the box, [z][y][x][3], bone or
 * not: neighbours exchange its border.  A vector has three values for each own node, a point that touches bone.
 */
typedef struct
{
  gsize first[3], points[3], low[3], high[3];
  OssVoxelLevel *voxels;
  gsize *row_start;
  gsize n_nodes;
  double *u;
  GArray *fixed; /* OssVoxelOwnFixed */
} OssVoxelBox;

void oss_voxel_box_init (OssVoxelBox *self, const OssVoxelShare *share, int level, int process);
void oss_voxel_box_clear (OssVoxelBox *self);

/* Numbers the nodes; @lattice holds in its first of three values the modulus of the element whose lowest corner the
 * point is. */
gboolean oss_voxel_box_build (OssVoxelBox *self, const double *lattice, const double spacing_mm[3], double poisson,
                              const OssTick *tick, GError **error);
/* Moduli of own elements, one for each own point, in the order of the points: the mean of eight. */
void oss_voxel_box_mean_moduli (const OssVoxelBox *fine, const OssVoxelBox *coarse, const float *from, float *to);

/* Whether a lattice point lies in the box; then its place in lattice arrays, and -1 or its own node. */
gboolean oss_voxel_box_find (const OssVoxelBox *self, const gsize point[3], gsize *place, gint64 *node);
/* Freedoms that are not 0 in the lattice array @held are held; @spring: (nullable): vector. */
gboolean oss_voxel_box_fix (OssVoxelBox *self, const double *held, const double *spring, GError **error);

/* Vector to lattice array, own points only. */
void oss_voxel_box_spread (const OssVoxelBox *self, const double *vector, double *lattice);
/* @out = K u with u from a lattice array whose border is up to date.  @constrained: held freedoms count as 0 in u and
 * have a 1 on the diagonal; springs count. */
void oss_voxel_box_apply (const OssVoxelBox *self, const double *lattice, gboolean constrained, double *out,
                          OssVoxelWork *work);
/* Diagonal of K, without what is fixed. */
void oss_voxel_box_diagonal (const OssVoxelBox *self, double *out);
/* Trilinear interpolation, added to a vector of @fine; @from: lattice array of @coarse.  Held freedoms stay. */
void oss_voxel_box_prolong (const OssVoxelBox *fine, const OssVoxelBox *coarse, const double *from, double *to);
/* Its transpose: @to is a vector of @coarse, @from a lattice array of @fine. */
void oss_voxel_box_restrict (const OssVoxelBox *fine, const OssVoxelBox *coarse, const double *from, double *to);

/* Values of own elements, one for each own point, NAN where there is none: energy density at the centre and mean, von
 * Mises stress, displacement of the centre along x, y, z.  @lattice: the displacement, border up to date. */
#define OSS_VOXEL_BOX_FIELDS 6
gboolean oss_voxel_box_fields (const OssVoxelBox *self, const double *lattice, double poisson,
                               float *fields[OSS_VOXEL_BOX_FIELDS], const OssTick *tick, GError **error);

/* How much the own held freedoms resist the six rigid motions, in coordinates from -1 to 1; for the sum over all
 * processes. */
void oss_voxel_box_held_gram (const OssVoxelBox *self, const gsize size[3], double gram[6][6]);
/* Whether that sum has full rank (Gauss; @gram is used up). */
gboolean oss_voxel_resists_all (double gram[6][6]);

G_END_DECLS
