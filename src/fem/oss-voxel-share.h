/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-voxel-petsc-group.h"
#include "fem/oss-voxel-private.h"

G_BEGIN_DECLS

/**
 * OssVoxelShare: a voxel lattice cut into boxes of voxels, one for each process, on the finer levels of a multigrid.
 * @n_levels: so many levels are cut; the last of them is then made whole again in every process
 * @processes: along x, y, z; process number i + processes[0] (j + processes[1] k) has box i, j, k
 * @size: elements of each level
 * @factor: elements of the level above in one along each axis
 *
 * Cuts lie where every level has a lattice point: no element of any level is cut.
 */
typedef struct
{
  int n_levels;
  int processes[3];
  gsize size[OSS_VOXEL_MAX_LEVELS][3];
  gsize factor[OSS_VOXEL_MAX_LEVELS][3];
} OssVoxelShare;

/* FALSE with OSS_ERROR_REFUSED when there are more processes than boxes can be cut. */
gboolean oss_voxel_share_init (OssVoxelShare *self, const gsize size[3], const double spacing_mm[3], int n_processes,
                               GError **error);
/* Elements of @process along each axis: @begin .. @end - 1. */
void oss_voxel_share_own (const OssVoxelShare *self, int level, int process, gsize begin[3], gsize end[3]);
/* Processes whose boxes touch that of @process, ascending; how many. */
int oss_voxel_share_neighbours (const OssVoxelShare *self, int process, int neighbour[26]);

/* Moduli of the elements @begin .. @end - 1 of layer @z, x fastest, 0 where there is none. */
void oss_voxel_share_plane (const OssVoxelModel *model, const OssVoxelBits *bits, const gsize begin[3],
                            const gsize end[3], gsize z, float *plane);

/* --- Nodes of several processes --- */

/* A neighbour and, in the same order for both, the nodes that both have: places in OssVoxelHalo.node. */
typedef struct
{
  int process;
  gsize n;
  guint32 *shared;
} OssVoxelNeighbour;

/**
 * OssVoxelHalo: the nodes that a level's part has in common with those of other processes.
 * @node, @freedom: [n_shared], [n_shared][3]
 * @foreign: [n_foreign] freedoms of nodes that belong to another process, ascending: a node belongs to the process
 *   with the lowest number of those that have it
 *
 * A vector of a part has all its nodes; what has own nodes only is called own.
 */
typedef struct
{
  gsize n_freedoms, n_shared, n_foreign;
  guint32 *node;
  gsize *freedom, *foreign;
  int n_neighbours;
  OssVoxelNeighbour *neighbour;
  gsize n_sent;           /* nodes, for all neighbours together */
  double *out, *in, *sum; /* [n_sent][3], [n_sent][3], [n_shared][3] */
  double bytes;
} OssVoxelHalo;

/* A node that may be shared, and a name that it has in all processes. */
typedef struct
{
  guint64 name;
  guint32 node;
} OssVoxelNamed;

/* @named: of each node once or several times; is sorted.  By all processes at once. */
void oss_voxel_halo_init (OssVoxelHalo *self, const OssVoxelLevel *level, const int *neighbour, int n_neighbours,
                          GArray *named);
void oss_voxel_halo_clear (OssVoxelHalo *self);

/* Shared nodes get the sum of what all processes have, the same bits in each.  By all processes at once. */
void oss_voxel_halo_sum (OssVoxelHalo *self, double *vector);
void oss_voxel_halo_sum_float (OssVoxelHalo *self, float *vector);
/* The least that any process has: @values [n_shared][width]. */
void oss_voxel_halo_least (const OssVoxelHalo *self, guint64 *values, gsize width);

/* Foreign freedoms below freedom @f. */
gsize oss_voxel_halo_foreign_before (const OssVoxelHalo *self, gsize f);
/* Of two gsize, for bsearch() in @foreign. */
int oss_voxel_compare_sizes (gconstpointer a, gconstpointer b);

static inline gsize
oss_voxel_halo_own (const OssVoxelHalo *self)
{
  return self->n_freedoms - self->n_foreign;
}

/* Between own values and a part's vector; foreign freedoms become 0. */
void oss_voxel_halo_spread (const OssVoxelHalo *self, const double *own, double *vector);
void oss_voxel_halo_spread_float (const OssVoxelHalo *self, const double *own, float *vector);
void oss_voxel_halo_collect (const OssVoxelHalo *self, const double *vector, double *own);
void oss_voxel_halo_collect_float (const OssVoxelHalo *self, const float *vector, double *own);

/* --- Levels --- */

/**
 * OssVoxelShared: this process's part of a voxel system.
 * @cut: the levels that are cut
 * @whole: the last of them, and those below, the same in every process
 * @in_whole: of the nodes of the last cut level
 * @in_use: two vectors of the finest level in double, or what the cycle needs there in float: never both
 */
typedef struct
{
  OssVoxelShare share;
  OssVoxelSystem cut, whole;
  OssVoxelPart part;
  OssVoxelHalo halo[OSS_VOXEL_MAX_LEVELS];
  guint32 *in_whole;
  double *in_use[2];
  OssVoxelInfo info; /* of all processes together, but for bytes_grid and bytes_solve */
} OssVoxelShared;

/* The numbers of the finest level: @modulus is that of own elements, x fastest, 0 where there is none. */
gboolean oss_voxel_shared_begin (OssVoxelShared *self, const OssPetscHeader *header, const float *modulus,
                                 const OssTick *tick, GError **error);
/* Held freedoms, then the coarser levels and the memory for a solution. */
gboolean oss_voxel_shared_finish (OssVoxelShared *self, const OssPetscHeader *header, const OssVoxelFreedom *held,
                                  const OssTick *tick, GError **error);
void oss_voxel_shared_clear (OssVoxelShared *self);
/* Makes @whole of the last cut level. */
gboolean oss_voxel_shared_gather (OssVoxelShared *self, const OssTick *tick, GError **error);

/* Freedom of the part, or G_MAXSIZE; then whether it belongs to this process. */
gsize oss_voxel_shared_freedom (const OssVoxelShared *self, const OssVoxelFreedom *freedom, gboolean *own);
/* K x of own values. @constrained: held freedoms count as 0 in x and get 0 */
void oss_voxel_shared_apply (OssVoxelShared *self, const double *x, gboolean constrained, double *y);
/* The sum of the squares of K x where nothing is held, of own values. */
double oss_voxel_shared_residual (OssVoxelShared *self, const double *x);
/* z = M r of own values. */
void oss_voxel_shared_cycle (OssVoxelShared *self, const double *r, double *z);

/* Values of own elements, one for each voxel of the box, NAN where there is none: energy density at the centre and
 * mean, von Mises stress, displacement of the centre along x, y, z.  @x: own values */
#define OSS_VOXEL_SHARED_FIELDS 6
gboolean oss_voxel_shared_fields (OssVoxelShared *self, const double *x, float *fields[OSS_VOXEL_SHARED_FIELDS],
                                  const OssTick *tick, GError **error);

G_END_DECLS
