/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "numeric/oss-cholesky.h"

#include "numeric/oss-block-matrix.h"

G_BEGIN_DECLS

/**
 * OssAmgOptions:
 * @degree: of the smoother's polynomial, 1 to 4
 * @direct_below: unknowns: a level with fewer is factorised
 * @strength: two nodes belong together when the norm of their block is above this times the geometric mean of their
 *   diagonal blocks' norms
 */
typedef struct
{
  int degree;
  gsize direct_below;
  double strength;
} OssAmgOptions;

void oss_amg_options_default (OssAmgOptions *options);

/**
 * OssAmg: a multigrid preconditioner for the elasticity of a body in 3 x 3 blocks.
 *
 * One cycle with a polynomial smoother in single precision before and after each coarse correction, symmetric and
 * positive definite.  The coarse spaces are, from fine to coarse: the linear elements within the quadratic ones where
 * @parent says so; smoothed aggregation with the six rigid motions (Vanek, Mandel and Brezina, Computing 56 (1996)
 * 179-196); the coarsest level is factorised.  Galerkin products, in double precision.
 */
typedef struct _OssAmg OssAmg;

/**
 * oss_amg_new:
 * @matrix: borrowed while this runs
 * @free: [3 n] zero where a freedom is prescribed
 * @coordinates: [n][3] mm
 * @parent: (nullable): [n][2] the coarse nodes whose mean a node takes on the first coarse level, twice the same for a
 *   node that is one of them, -1 for nodes without elements
 * @n_parents: coarse nodes
 * @weakest_row: (nullable) (out): with %OSS_ERROR_REFUSED: a block row near the place that gives way
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_REFUSED: the coarsest matrix is not positive definite: a motion that nothing resists;
 *   %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_CANCELLED, %OSS_ERROR_FAILED
 */
OssAmg *
oss_amg_new (const OssBlockMatrix *matrix, const guint8 *free, const double *coordinates, const gint32 *parent,
             gsize n_parents, const OssAmgOptions *options, gsize *weakest_row, const OssTick *tick, GError **error);
void oss_amg_free (OssAmg *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssAmg, oss_amg_free)

/* z = M r, both [3 n]; z is 0 where a freedom is not free.  One caller at a time; the same bits for any number of
 * threads. */
gboolean oss_amg_apply (OssAmg *self, const double *r, double *z, GError **error);

/* Such as "p-multigrid, smoothed aggregation, CHOLMOD". */
const char *oss_amg_name (const OssAmg *self);

/* Levels, and the bytes of matrices and transfers that one application reads. */
guint oss_amg_levels (const OssAmg *self);
double oss_amg_bytes (const OssAmg *self);

G_END_DECLS
