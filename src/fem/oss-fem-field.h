/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-volume.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/**
 * oss_fem_field_on_grid:
 * @mesh: straight-sided tetrahedra, or hexahedra that are parallelepipeds
 * @values: [n_nodes], one per node
 * @grid: where to: any place and direction
 * @outside: the value of voxels whose centre no element holds
 *
 * A nodal field at the centres of voxels, by the elements' own shape functions, never beyond the values of the nodes of
 * the element that holds the centre (quadratic functions overshoot between nodes).  A centre on a face that elements
 * share gets the value of the one with the lower number.
 *
 * Returns: (transfer full): NULL with OSS_ERROR_OUT_OF_MEMORY or CANCELLED
 */
OSS_API OssVolume *oss_fem_field_on_grid (const OssMesh *mesh, const double *values, const OssGrid *grid,
                                          double outside, const OssTick *tick, GError **error);

G_END_DECLS
