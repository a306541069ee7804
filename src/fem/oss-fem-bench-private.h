/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-bench.h"

G_BEGIN_DECLS

/* The model of oss_bench_voxels(); @held_mm: (out) (transfer full): [nodes][3] what is held, 0 elsewhere. */
OssVoxelSystem *oss_bench_voxel_system (const gsize size[3], const guint8 *bits, const double spacing_mm[3],
                                        double **held_mm, const OssTick *tick, GError **error);

G_END_DECLS
