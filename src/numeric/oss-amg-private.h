/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "numeric/oss-block-product.h"

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

/**
 * OssSmoother: a matrix in single precision, lower triangle, and its inverse diagonal blocks.
 * @n: block rows
 * @pattern: borrowed: start[] and column[] of the matrix
 * @product: chunks of rows, and who adds to whom
 * @value: [blocks][9] and three more, zero where a freedom is not free
 * @inverse: [n][3][4] columns of the inverse diagonal blocks, zero where a freedom is not free
 * @sum: [n][4], @outside: [halo places][4] while a product runs
 * @largest: above the largest eigenvalue of the inverse diagonal times the matrix
 *
 * Its vectors are [n][4], the fourth component zero: a block's row, or a node, is one load of four.
 */
typedef struct
{
  gsize n;
  const OssBlockMatrix *pattern;
  OssBlockProduct *product;
  float *value;
  float *inverse;
  float *sum, *outside;
  double largest;
} OssSmoother;

/* @free: [3 n]; %NULL with OUT_OF_MEMORY or CANCELLED. */
OssSmoother *oss_smoother_new (const OssBlockMatrix *matrix, const guint8 *free, const OssTick *tick, GError **error);
void oss_smoother_free (OssSmoother *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSmoother, oss_smoother_free)

/* to [n][4] = scale times @from [n][3], and back: @to = scale times @from. */
void oss_smoother_put (const OssSmoother *self, const double *from, double scale, float *to);
void oss_smoother_get (const OssSmoother *self, const float *from, double scale, double *to);

/* r = b - A x; oss_smoother_residual_plain() is its plain twin on one thread. */
void oss_smoother_residual (OssSmoother *self, const float *b, const float *x, float *r);
void oss_smoother_residual_plain (const OssSmoother *self, const float *b, const float *x, float *r);

/**
 * oss_smoother_run:
 * @b: right-hand side
 * @x: (inout): taken for zero when @from_zero
 * @degree: 1 to 4
 * @work: two vectors
 *
 * One application of the optimal polynomial of the fourth kind (Lottes, Numer. Linear Algebra Appl. 30 (2023) e2518)
 * in the matrix scaled by its inverse diagonal blocks.  The same before and after a coarse correction makes a symmetric
 * cycle.
 */
void oss_smoother_run (OssSmoother *self, const float *b, float *x, gboolean from_zero, int degree, float *work);

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
oss_transfer_new_aggregates (const OssBlockMatrix *matrix, const OssUpper *upper, const OssSmoother *smoother,
                             const guint8 *free, gsize width, const double *modes, double strength,
                             double **coarse_modes, guint8 **coarse_free, const OssTick *tick, GError **error);

/* Builds @back_start, @back_entry and @back_row. */
gboolean oss_transfer_turn_round (OssTransfer *self, GError **error);

/* Numbers of the aggregates of each node, -1 for none; their count. */
gint32 *oss_aggregate (const OssBlockMatrix *matrix, const OssUpper *upper, const guint8 *free, gsize width,
                       double strength, gsize *n_aggregates);

/* coarse [n_coarse][width][3] = P' fine; fine [n][4] += P coarse. */
void oss_transfer_restrict (const OssTransfer *self, const float *fine, double *coarse);
void oss_transfer_prolong (const OssTransfer *self, const double *coarse, float *fine);

/* P' A P over the free freedoms of the fine level. */
OssBlockMatrix *oss_transfer_product (const OssTransfer *self, const OssBlockMatrix *matrix, const OssUpper *upper,
                                      const guint8 *free, const OssTick *tick, GError **error);

G_END_DECLS
