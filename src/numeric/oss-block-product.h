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

G_END_DECLS
