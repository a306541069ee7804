/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"

G_BEGIN_DECLS

#define OSS_CG_HISTORY 8

/**
 * OssCgSystem: a symmetric positive definite system and its preconditioner.
 * @n: unknowns
 * @apply: y = A x
 * @precondition: z = M r, about the inverse of A, symmetric and positive definite; %FALSE with an error ends the
 *   solution
 * @data: given to both
 * @tolerance: of |b - A x| / |b|, as it really is in the end
 * @maximum_iterations: 1 or more
 * @history: (nullable): gets every relative residual (double), the first before the first iteration
 */
typedef struct
{
  gsize n;
  void (*apply) (void *data, const double *x, double *y);
  gboolean (*precondition) (void *data, const double *r, double *z, GError **error);
  void *data;
  double tolerance;
  int maximum_iterations;
  GArray *history;
} OssCgSystem;

/**
 * OssCgInfo:
 * @iterations: done
 * @relative_residual: |b - A x| / |b|
 * @history: the last @n_history relative residuals, the latest last
 */
typedef struct
{
  int iterations;
  double relative_residual;
  double history[OSS_CG_HISTORY];
  int n_history;
} OssCgInfo;

/**
 * oss_cg_solve:
 * @b: [n]
 * @x: (inout): [n] a first guess, then the solution
 * @info: (out): filled as far as it got, also on failure
 *
 * Preconditioned conjugate gradients (Golub and Van Loan, 11.5) with the flexible update of the direction (Polak and
 * Ribiere; Notay, SIAM J. Sci. Comput. 22 (2000) 1444), which forgives a preconditioner with rounding of its own.
 * The residual carried along is checked by the true one in the end; where they differ the iteration starts again from
 * x. Sums are taken in one order: the same bits for any number of threads if @apply and @precondition give the same.
 *
 * Returns: %FALSE with
 *   %OSS_ERROR_FAILED: not converged: tells the iterations and the last residuals;
 *   %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_CANCELLED, or what @precondition says
 */
gboolean oss_cg_solve (const OssCgSystem *system, const double *b, double *x, OssCgInfo *info, const OssTick *tick,
                       GError **error);

/* The scalar product in the order oss_cg_solve() takes it. */
double oss_cg_dot (gsize n, const double *a, const double *b);

G_END_DECLS
