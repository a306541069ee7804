/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-mesh.h"
#include "numeric/oss-amg.h"
#include "numeric/oss-block-matrix.h"
#include "numeric/oss-cg.h"

G_BEGIN_DECLS

/* What oss_fem_solve() asks for when it is not told. */
#define OSS_TET_TOLERANCE 1e-10
#define OSS_TET_ITERATIONS 1000

/**
 * OssTetSolver: conjugate gradients with multigrid for matrices of 3 x 3 blocks over the nodes of a mesh.
 *
 * Its preconditioner is made once, from the elastic stiffness, and serves for every matrix near to that one, such as
 * the tangents of an elasto-plastic body.
 */
typedef struct _OssTetSolver OssTetSolver;

/**
 * oss_tet_solver_new:
 * @mesh: tet4, tet10 or hex8; read here only
 * @incidence: of the mesh; read here only
 * @elastic: (not nullable): borrowed: has to live as long as the solver; its numbers are read here only, so that it may
 *   be filled anew (with a tangent, say) and given to oss_tet_solver_solve()
 * @unknown: [3 n_nodes] -1 where a freedom is prescribed, or belongs to a node without elements; anything else where
 *   it is sought; copied
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_REFUSED: a part can move as a rigid body: @weakest_node (nullable) is set to a node near by;
 *   %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_CANCELLED, %OSS_ERROR_FAILED
 */
OssTetSolver *oss_tet_solver_new (const OssMesh *mesh, const OssIncidence *incidence, const OssBlockMatrix *elastic,
                                  const gint32 *unknown, gsize *weakest_node, const OssTick *tick, GError **error);
/* The same with other levels than the usual ones. */
OssTetSolver *
oss_tet_solver_new_with (const OssMesh *mesh, const OssBlockMatrix *elastic, const gint32 *unknown,
                         const OssAmgOptions *options, gsize *weakest_node, const OssTick *tick, GError **error);
void oss_tet_solver_free (OssTetSolver *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssTetSolver, oss_tet_solver_free)

/**
 * oss_tet_solver_solve:
 * @matrix: symmetric positive definite at the unknowns, of the pattern of the one the solver was made from
 * @right: [3 n_nodes] entries at prescribed freedoms are not looked at
 * @x: (inout): [3 n_nodes] a first guess (zeros will do), then the solution; 0 at prescribed freedoms
 * @tolerance: of |right - K x| / |right| over the unknowns, true residual; 1e-10 for a linear solution
 * @info: (out): filled as far as it got, also on failure
 *
 * One caller at a time.  The same bits for any number of threads.  A stop is answered within an iteration.
 *
 * Returns: %FALSE with %OSS_ERROR_FAILED (not converged: tells the iterations and the last residuals),
 *   %OSS_ERROR_OUT_OF_MEMORY or %OSS_ERROR_CANCELLED
 */
gboolean
oss_tet_solver_solve (OssTetSolver *self, const OssBlockMatrix *matrix, const double *right, double *x,
                      double tolerance, int maximum_iterations, OssCgInfo *info, const OssTick *tick, GError **error);

/* From now on (nullable) @history gets every relative residual (double); borrowed. */
void oss_tet_solver_set_history (OssTetSolver *self, GArray *history);

/* y = K x over all freedoms, prescribed ones included, both [3 n_nodes]. */
void oss_tet_solver_multiply (OssTetSolver *self, const OssBlockMatrix *matrix, const double *x, double *y);

/* z = M r, both [3 n_nodes]: the preconditioner alone, for tests. */
gboolean oss_tet_solver_precondition (OssTetSolver *self, const double *r, double *z, GError **error);

/* What it is made of, such as "p-multigrid, CHOLMOD". */
const char *oss_tet_solver_name (const OssTetSolver *self);

/* Bytes of matrices and transfers that the preconditioner reads each time. */
double oss_tet_solver_bytes (const OssTetSolver *self);

G_END_DECLS
