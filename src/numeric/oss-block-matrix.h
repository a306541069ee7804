/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "numeric/oss-cholesky.h"

G_BEGIN_DECLS

/**
 * OssIncidence: which elements meet at each node.
 * @n_nodes: nodes
 * @start: [n_nodes + 1] first entry of each node
 * @corner: [start[n_nodes]] element * nodes_per_element + place in the element, ascending
 *
 * Ascending order fixes the order of every sum over elements, so that sums gathered by node are
 * the same bits for any number of threads.
 */
typedef struct
{
  gsize n_nodes;
  gsize *start;
  gsize *corner;
} OssIncidence;

/**
 * oss_incidence_new:
 * @elements: [n_elements][nodes_per_element] node numbers, 0 .. n_nodes - 1, checked
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_INVALID_DATA that names the element
 *   with a node out of range, or %OSS_ERROR_OUT_OF_MEMORY
 */
OssIncidence *
oss_incidence_new (gsize n_nodes, gsize n_elements, int nodes_per_element, const gint32 *elements, GError **error);
void oss_incidence_free (OssIncidence *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssIncidence, oss_incidence_free)

/**
 * OssBlockMatrix: a symmetric matrix of 3 x 3 blocks, the lower block triangle by rows.
 * @n: block rows
 * @start: [n + 1] first block of each row
 * @column: [start[n]] block columns, ascending; the last of a row is the diagonal
 *   (a node without elements has an empty row)
 * @value: [start[n]][9] blocks, row-major; diagonal blocks are stored in full
 */
typedef struct
{
  gsize n;
  gsize *start;
  gint32 *column;
  double *value;
} OssBlockMatrix;

/**
 * oss_block_matrix_new:
 *
 * A matrix of zeros with a block for every pair of nodes that share an element.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_OUT_OF_MEMORY or %OSS_ERROR_CANCELLED
 */
OssBlockMatrix *oss_block_matrix_new (const OssIncidence *incidence, int nodes_per_element, const gint32 *elements,
                                      const OssTick *tick, GError **error);
void oss_block_matrix_free (OssBlockMatrix *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssBlockMatrix, oss_block_matrix_free)

/* The block of (row, column), column <= row, that the pattern is known to hold. */
double *oss_block_matrix_at (const OssBlockMatrix *self, gsize row, gint32 column);

/* y = A x; both [3 n]; they must not overlap. */
void oss_block_matrix_multiply (const OssBlockMatrix *self, const double *x, double *y);

/**
 * oss_block_matrix_reduce:
 * @unknown: [3 n] number of each scalar unknown, ascending from 0, or -1 where the row and column are left out
 * @n_unknowns: how many are kept
 *
 * The scalar matrix of the kept unknowns.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_OUT_OF_MEMORY or %OSS_ERROR_CANCELLED
 */
OssSymmetric *oss_block_matrix_reduce (const OssBlockMatrix *self, const gint32 *unknown, gsize n_unknowns,
                                       const OssTick *tick, GError **error);

G_END_DECLS
