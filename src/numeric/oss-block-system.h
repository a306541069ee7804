/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "numeric/oss-block-matrix.h"

G_BEGIN_DECLS

/**
 * OssBlockSystem: a block matrix of which some freedoms are held, factorised once for many right-hand sides.
 *
 * One thread at a time.  The matrix is borrowed and must outlive the system.
 */
typedef struct _OssBlockSystem OssBlockSystem;

/**
 * oss_block_system_new:
 * @matrix: symmetric, positive definite on the freedoms that are not held
 * @held: [3 n] non-zero where the value is given beforehand; the freedoms of nodes without elements count as held
 * @weakest: (out) (nullable): for %OSS_ERROR_REFUSED, the freedom (0 .. 3 n - 1) that nothing resists
 *
 * Returns: (transfer full) (nullable): %NULL with the errors of oss_cholesky_new(): %OSS_ERROR_REFUSED when a
 *   part can move freely, %OSS_ERROR_OUT_OF_MEMORY with both figures, %OSS_ERROR_CANCELLED
 */
OssBlockSystem *oss_block_system_new (const OssBlockMatrix *matrix, const guint8 *held, gsize *weakest,
                                      const OssTick *tick, GError **error);

/* Freedoms that are solved for. */
gsize oss_block_system_unknowns (const OssBlockSystem *self);

/* "CHOLMOD supernodal, METIS"; lives as long as the system. */
const char *oss_block_system_solver (const OssBlockSystem *self);

/**
 * oss_block_system_solve:
 * @x: [3 n] (inout): the given values of held freedoms; the solution at the others
 * @force: [3 n] (nullable): right-hand side
 * @unbalanced: [3 n] (out): matrix x - force: the reactions at held freedoms, rounding elsewhere
 * @relative_residual: (out): |unbalanced| / |right-hand side| over the freedoms that are not held
 *
 * One step of iterative refinement where the residual asks for it.
 */
gboolean oss_block_system_solve (OssBlockSystem *self, double *x, const double *force, double *unbalanced,
                                 double *relative_residual, const OssTick *tick, GError **error);
void oss_block_system_free (OssBlockSystem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssBlockSystem, oss_block_system_free)

G_END_DECLS
