/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "numeric/oss-block-matrix.h"

G_BEGIN_DECLS

/* Kernels that are compiled once for each kind of processor and chosen when the program is loaded. */
#if defined(__x86_64__) && !defined(__clang__)
#define OSS_CLONES __attribute__ ((target_clones ("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define OSS_CLONES
#endif

/**
 * OssUpper: the upper triangle of an OssBlockMatrix, as places in its lower one.
 * @start: [n + 1] first entry of each column
 * @row: rows below the diagonal, ascending
 * @block: number of the block (row, column); as seen from the column it is transposed
 */
typedef struct
{
  gsize *start;
  gint32 *row;
  guint32 *block;
} OssUpper;

OssUpper *oss_upper_new (const OssBlockMatrix *matrix, GError **error);
void oss_upper_free (OssUpper *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssUpper, oss_upper_free)

#define OSS_LANES 16

/**
 * OssSliced: a matrix of 3 x 3 blocks in single precision, both triangles, rows side by side in slices.
 * @n: block rows
 * @n_slices: slices of OSS_LANES rows; rows of like length share one
 * @place: [n] of a row's first component in a sliced vector; its others are OSS_LANES and 2 OSS_LANES further on
 * @row: [n_slices][OSS_LANES] block row, or -1
 * @start: [n_slices + 1] first step of each slice
 * @column: [steps][OSS_LANES] places
 * @value: [steps][9][OSS_LANES]
 * @inverse: [n_slices][9][OSS_LANES] inverse diagonal blocks, the smoother's scaling
 * @largest: estimate of the largest eigenvalue of the inverse diagonal times the matrix
 *
 * A sliced vector is [n_slices][3][OSS_LANES].  Freedoms that are not free have zero rows and columns.
 * "Sliced ELLPACK": Kreutzer et al., SIAM J. Sci. Comput. 36 (2014) C401-C423.
 */
typedef struct
{
  gsize n, n_slices;
  gint32 *place;
  gint32 *row;
  gsize *start;
  gint32 *column;
  float *value;
  float *inverse;
  double largest;
} OssSliced;

/* @free: [3 n]; %NULL with OUT_OF_MEMORY or CANCELLED. */
OssSliced *oss_sliced_new (const OssBlockMatrix *matrix, const OssUpper *upper, const guint8 *free, const OssTick *tick,
                           GError **error);
void oss_sliced_free (OssSliced *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSliced, oss_sliced_free)

/* Floats in a sliced vector. */
static inline gsize
oss_sliced_size (const OssSliced *self)
{
  return self->n_slices * 3 * OSS_LANES;
}

/* to = scale times @from [3 n] in slices, and back: @to = scale times @from. */
void oss_sliced_put (const OssSliced *self, const double *from, double scale, float *to);
void oss_sliced_get (const OssSliced *self, const float *from, double scale, double *to);

/* r = b - A x */
void oss_sliced_residual (const OssSliced *self, const float *b, const float *x, float *r);

/**
 * oss_sliced_smooth:
 * @b: right-hand side
 * @x: (inout): taken for zero when @from_zero
 * @degree: 1 to 4
 * @work: three sliced vectors
 *
 * One application of the optimal polynomial of the fourth kind (Lottes, Numer. Linear Algebra Appl. 30 (2023) e2518)
 * in the matrix scaled by its inverse diagonal blocks.  The error operator is the same before and after a coarse
 * correction, so that a cycle with both is symmetric.
 */
void oss_sliced_smooth (const OssSliced *self, const float *b, float *x, gboolean from_zero, int degree, float *work);

/**
 * OssTransfer: from a coarse level to a finer one.
 * @n: block rows of the fine level
 * @n_coarse: coarse nodes: of one block row each (@embedded), or of two (aggregates: six freedoms)
 * @embedded: whether a row is the mean of two coarse nodes; else it has weights
 * @start: [n + 1] entries of each row
 * @node: [start[n]] coarse node of each entry
 * @weight: (nullable): [start[n]][3][6] of aggregates
 * @back_start: [n_coarse + 1] entries of each coarse node
 * @back_entry: [start[n]] entries by coarse node, ascending
 * @back_row: [start[n]] their fine rows
 */
typedef struct
{
  gsize n, n_coarse;
  gboolean embedded;
  gsize *start;
  gint32 *node;
  float *weight;
  gsize *back_start;
  gsize *back_entry;
  gint32 *back_row;
} OssTransfer;

void oss_transfer_free (OssTransfer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssTransfer, oss_transfer_free)

static inline gsize
oss_transfer_width (const OssTransfer *self)
{
  return self->embedded ? 1 : 2;
}

OssTransfer *oss_transfer_new_embedded (gsize n, const gint32 *parent, gsize n_parents, GError **error);

/**
 * oss_transfer_new_aggregates:
 * @width: block rows that make a node: 1, or 2 where the level is made of aggregates itself
 * @modes: [3 n][6] the rigid motions on this level
 * @coarse_modes: (out) (transfer full): [6 n_coarse][6] on the coarse one; oss_free_aligned()
 * @coarse_free: (out) (transfer full): [6 n_coarse] zero where an aggregate is too small for a motion of its own
 *
 * Smoothed aggregation: nodes that hang together strongly, the rigid motions made orthonormal on each aggregate, and
 * one step of damped Jacobi.
 */
OssTransfer *
oss_transfer_new_aggregates (const OssBlockMatrix *matrix, const OssUpper *upper, const OssSliced *sliced,
                             const guint8 *free, gsize width, const double *modes, double strength,
                             double **coarse_modes, guint8 **coarse_free, const OssTick *tick, GError **error);

/* Builds @back_start, @back_entry and @back_row. */
gboolean oss_transfer_turn_round (OssTransfer *self, GError **error);

/* Numbers of the aggregates of each node, -1 for none; their count. */
gint32 *oss_aggregate (const OssBlockMatrix *matrix, const OssUpper *upper, const guint8 *free, gsize width,
                       double strength, gsize *n_aggregates);

/* coarse = P' fine, [3 width n_coarse]; fine += P coarse, [3 n]. */
void oss_transfer_restrict (const OssTransfer *self, const double *fine, double *coarse);
void oss_transfer_prolong (const OssTransfer *self, const double *coarse, double *fine);

/* P' A P over the free freedoms of the fine level. */
OssBlockMatrix *oss_transfer_product (const OssTransfer *self, const OssBlockMatrix *matrix, const OssUpper *upper,
                                      const guint8 *free, const OssTick *tick, GError **error);

G_END_DECLS
