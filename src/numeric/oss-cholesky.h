/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"

G_BEGIN_DECLS

/**
 * OssSymmetric: a symmetric sparse matrix, one triangle.
 * @n: rows
 * @start: [n + 1] first entry of each row
 * @index: [start[n]] columns of the lower triangle, ascending, the diagonal last
 * @value: [start[n]]
 *
 * The lower triangle by rows is, read by columns, the upper triangle: what CHOLMOD permutes
 * with one transposition instead of two.  64-bit indices: the factor of a large model has more
 * than 2^31 entries.
 */
typedef struct
{
  gsize n;
  gint64 *start;
  gint64 *index;
  double *value;
} OssSymmetric;

/* Room for @n rows and @entries entries, zeroed; %NULL with %OSS_ERROR_OUT_OF_MEMORY. */
OssSymmetric *oss_symmetric_new (gsize n, gsize entries, GError **error);
void oss_symmetric_free (OssSymmetric *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSymmetric, oss_symmetric_free)

/**
 * OssCholesky: a factorised symmetric positive definite matrix (CHOLMOD, supernodal L L').
 *
 * One thread at a time.  Neither the factorisation nor a solution can be stopped inside CHOLMOD:
 * both run detached, so that a stop is answered at once and the memory goes when the call ends.
 */
typedef struct _OssCholesky OssCholesky;

typedef struct
{
  double factor_entries; /* doubles in the factor, supernodal padding included */
  double flops;          /* of the factorisation */
  double memory_bytes;   /* needed by the factorisation, estimated before it starts */
  double seconds_order, seconds_factor;
  /* Smallest pivot over its diagonal entry: near rounding means a motion nothing resists. */
  double weakest_pivot;
  gsize weakest_row;
  const char *ordering; /* "METIS" or "AMD" */
} OssCholeskyInfo;

/**
 * oss_cholesky_new:
 * @matrix: (transfer full): freed as soon as it is factorised, and on every failure
 * @group: (nullable): [n_groups + 1] first row of each group of rows, when the rows of a group
 *   couple to the same groups (the freedoms of one node): the ordering is then sought on the
 *   groups, a graph with a ninth of the edges
 * @n_groups: groups
 * @info: (out): filled as far as it got, also on failure
 *
 * Orders by nested dissection (METIS; AMD when CHOLMOD was built without it), compares the memory
 * of the factor with what is free, and factorises with oss_parallel_threads() BLAS threads.
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_OUT_OF_MEMORY: the factor does not fit; tells both figures;
 *   %OSS_ERROR_REFUSED: not positive definite to rounding; @info->weakest_row tells where;
 *   %OSS_ERROR_CANCELLED, %OSS_ERROR_FAILED
 */
OssCholesky *oss_cholesky_new (OssSymmetric *matrix, const gint64 *group, gsize n_groups, OssCholeskyInfo *info,
                               const OssTick *tick, GError **error);

/* As oss_cholesky_new(), with BLAS on one thread: the same bits for any number of threads, unless another
 * factorisation runs in this process at the same time. */
OssCholesky *oss_cholesky_new_serial (OssSymmetric *matrix, const gint64 *group, gsize n_groups, OssCholeskyInfo *info,
                                      const OssTick *tick, GError **error);

/* @x: [n] right-hand side, overwritten by the solution (left alone on failure). */
gboolean oss_cholesky_solve (OssCholesky *self, double *x, const OssTick *tick, GError **error);
void oss_cholesky_free (OssCholesky *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssCholesky, oss_cholesky_free)

/* Factorisations alive in this process, abandoned ones that still run included. */
guint oss_cholesky_alive (void);

/* Memory that can be had without swapping, bytes: the system's, or less where the control group
 * or the address space has a limit.  0 when unknown. */
double oss_memory_free_bytes (void);

G_END_DECLS
