/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "numeric/oss-block-matrix.h"

G_BEGIN_DECLS

/**
 * OssBlockProduct: how matrices of one pattern are multiplied on several threads.
 *
 * Half of a symmetric matrix is stored, so that a row also adds to the rows of its columns.  The rows are cut into
 * chunks, the same for any number of threads; what a chunk adds outside of itself goes to a place of its own and is
 * gathered afterwards in one order.  The product therefore has the same bits for any number of threads.
 */
typedef struct _OssBlockProduct OssBlockProduct;

/**
 * oss_block_product_new:
 * @pattern: start[] and column[] are looked at, now and in every product: a matrix of the same pattern has to be given
 *   to oss_block_product_apply()
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_OUT_OF_MEMORY
 */
OssBlockProduct *oss_block_product_new (const OssBlockMatrix *pattern, GError **error);
void oss_block_product_free (OssBlockProduct *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssBlockProduct, oss_block_product_free)

/**
 * oss_block_product_apply:
 * @matrix: of the pattern that @self was made for
 * @free: (nullable): [3 n] zero where y is to be zero
 * @x: [3 n]
 * @y: (out): [3 n]; must not overlap @x
 *
 * y = A x, one caller at a time; oss_block_matrix_multiply() is the plain twin.
 */
void oss_block_product_apply (OssBlockProduct *self, const OssBlockMatrix *matrix, const guint8 *free, const double *x,
                              double *y);

/**
 * OssBlockChunks: how the rows are cut, for products of other precision.
 * @n_chunks: chunks
 * @first: [n_chunks + 1] first row of each
 * @halo_start: [n_chunks + 1] first halo place of each
 * @halo: [blocks] place of a block's column in its chunk's halo, or -1 when it is a row of the chunk; in a row, columns
 *   of the halo come first
 * @from_start: [n + 1] halo places of each row
 * @from: [halo_start[n_chunks]] ascending
 */
typedef struct
{
  gsize n_chunks;
  const gsize *first, *halo_start;
  const gint32 *halo;
  const gsize *from_start;
  const gint32 *from;
} OssBlockChunks;

OssBlockChunks oss_block_product_chunks (const OssBlockProduct *self);

G_END_DECLS
