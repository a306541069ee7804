/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-bench.h"

G_BEGIN_DECLS

/* Our solvers beside PETSc's algebraic multigrid on the same equations, which go from one program to the processes of
 * the other by a file: the freedoms that are not held, blocks of 3 x 3, the places of their nodes. */

/**
 * oss_bench_equations:
 * @model: without equations and platens, held nodes held along all three axes, all moved ones by the same
 * @tolerance: relative residual of both
 * @path: of the file, written
 * @solution: (out): our own conjugate gradients with multigrid on these very equations. Time and memory are those of
 *   the multigrid and the iteration; memory is with the matrix
 *
 * Returns: %FALSE with the errors of oss_fem_solve(), %OSS_ERROR_UNSUPPORTED for another model
 */
OSS_API gboolean oss_bench_equations (const OssFemModel *model, double tolerance, const char *path,
                                      OssBenchSolution *solution, const OssTick *tick, GError **error);

/* The equations that oss_bench_voxels() solves, assembled. FALSE with %OSS_ERROR_OUT_OF_MEMORY when they are beyond
 * 4 GB in all. */
OSS_API gboolean oss_bench_voxel_equations (const gsize size[3], const guint8 *bits, const double spacing_mm[3],
                                            double tolerance, const char *path, const OssTick *tick, GError **error);

/**
 * oss_bench_gamg:
 * @path: of the file, read
 * @solution: (out): of all processes together
 *
 * Conjugate gradients with GAMG: smoothed aggregation with the six rigid motions as near null space. By all processes
 * after oss_voxel_petsc_start(). PETSC_OPTIONS of the environment go before ours.
 *
 * Returns: %FALSE with %OSS_ERROR_INVALID_DATA when the file is not one of these
 */
OSS_API gboolean oss_bench_gamg (const char *path, OssBenchSolution *solution, GError **error);

G_END_DECLS
