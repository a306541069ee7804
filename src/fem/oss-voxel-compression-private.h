/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-voxel-compression.h"
#include "fem/oss-voxel-private.h"

G_BEGIN_DECLS

/* OUT_OF_MEMORY, both numbers told, unless there is room for the curve of a system that was made. */
gboolean oss_voxel_beyond_room (const OssVoxelSystem *system, GError **error);

/* Leads a system that was solved linearly on beyond yield: curve and images of @result.  @held_mm: of the linear load.
 */
gboolean oss_voxel_beyond (OssVoxelSystem *system, const OssVoxelCompression *given, const double *held_mm,
                           gsize n_held, OssVoxelCompressed *result, const OssTick *tick, GError **error);

/* OUT_OF_MEMORY unless there is room for oss_voxel_solve_nonlinear() and @more bytes. */
gboolean oss_voxel_nonlinear_room (const OssVoxelSystem *system, double more, GError **error);

G_END_DECLS
