/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-voxel.h"

G_BEGIN_DECLS

/* The voxel solver over many processes and machines, by MPI and PETSc.  A build without them has these functions too;
 * they say so.  One thread of each process calls them. */

OSS_API gboolean oss_voxel_petsc_available (void);

/**
 * oss_voxel_petsc_start:
 * @process: (out): number of this process, from 0
 * @n_processes: (out): how many there are
 *
 * Joins the group that mpirun started.  Process 0 reads, calls oss_voxel_petsc_solve() and writes; the others call
 * oss_voxel_petsc_serve().  Threads that were not asked for are shared among the processes of one machine.
 *
 * Returns: %FALSE with %OSS_ERROR_USAGE in a build without PETSc
 */
OSS_API gboolean oss_voxel_petsc_start (int *process, int *n_processes, GError **error);

/* Leaves the group, at the latest when the program exits; tells the others when there was nothing to solve. */
OSS_API void oss_voxel_petsc_stop (void);

/* Takes part in the solution that process 0 asks for, if any.  FALSE with the error that this process alone had. */
OSS_API gboolean oss_voxel_petsc_serve (const OssTick *tick, GError **error);

/* Images of a model's size, x fastest: NAN where there is no element.  Energy densities as OssVoxelFields; the
 * displacement is the mean of a voxel's corners.  Filled when the solution converged. */
typedef struct
{
  float *sed_centre_mpa, *sed_mean_mpa, *von_mises_mpa;
  float *displacement_mm[3];
} OssVoxelImages;

/**
 * oss_voxel_petsc_solve:
 * @model: image and held freedoms, as for oss_voxel_system_new(); not periodic, without forces.  Every rigid motion has
 *   to be resisted
 * @load: held displacements alone
 * @fields: (nullable): images of the model's size to fill
 * @options: (nullable): without a start
 * @info: (out): of all processes together
 *
 * The equations and the kernel of oss_voxel_solve(), each process with its box of the lattice: PETSc's conjugate
 * gradients (KSPCG) in double, preconditioned by the multigrid of oss_voxel_system_precondition() in float, with as
 * many iterations whatever the processes. The result has no displacement of nodes; reactions, energy, history and bytes
 * are those of all processes together.
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_INVALID_DATA, %OSS_ERROR_REFUSED: as oss_voxel_system_new(), oss_voxel_solve(); a load or model of which
 *     the above is not true; more processes than can share the image; more lattice points than this PETSc can number;
 *   %OSS_ERROR_OUT_OF_MEMORY: tells what a machine would need and what is free;
 *   %OSS_ERROR_CANCELLED
 */
OSS_API OssVoxelResult *
oss_voxel_petsc_solve (const OssVoxelModel *model, const OssVoxelLoad *load, const OssVoxelOptions *options,
                       const OssVoxelImages *fields, OssVoxelInfo *info, const OssTick *tick, GError **error);

G_END_DECLS
