/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

typedef struct
{
  OssElementKind kind; /* TET10 2 mm is the default of the program; TET4 1 mm; HEX8 */
  double size_mm;      /* lattice constant of the BCC grid, or voxel edge for HEX8 (0: the label's own voxels) */
  double smooth_mm;    /* sd of the Gaussian on the label's signed distance; 0: automatic from voxel and size */
} OssMeshOptions;

/**
 * OssMeshQuality:
 * @dof: displacement components, 3 a node
 * @minimum_dihedral_deg, @maximum_dihedral_deg: over all edges of all elements; 90 for hexahedra
 * @p1_dihedral_deg: one in a hundred of all dihedral angles is smaller
 * @minimum_radius_ratio, @mean_radius_ratio: 3 inradius / circumradius, 1 is regular; 1 for hexahedra
 * @mask_volume_mm3: of the voxels of the largest part
 * @volume_error_percent: of @volume_mm3 against it
 * @closed: every edge of the boundary belongs to an even number of triangles: no holes
 * @manifold: to exactly two, and the triangles around a node form one fan; voxel meshes may touch by an edge
 * @islands: parts that were dropped: of the mask, beside the largest, and crumbs thinner than the elements
 * @island_voxels: voxels of the former
 * @inverted: elements without positive volume
 */
typedef struct
{
  gsize elements, nodes, dof;
  double minimum_dihedral_deg, maximum_dihedral_deg, p1_dihedral_deg;
  double minimum_radius_ratio, mean_radius_ratio;
  double volume_mm3, mask_volume_mm3, volume_error_percent;
  gboolean closed, manifold;
  guint islands;
  gsize island_voxels;
  gsize inverted;
} OssMeshQuality;

OSS_API void oss_mesh_options_default (OssMeshOptions *options);

/**
 * oss_mesher_run:
 * @labels: what is above 0 is meshed (callers select one vertebra first); only its largest 6-connected part
 * @options: kind and size
 * @quality: (out): always filled on success
 *
 * Tetrahedra by isosurface stuffing (Labelle and Shewchuk 2007) on a body-centred cubic lattice aligned with the
 * patient axes and anchored at multiples of the lattice constant.  The surface is that of the signed distance to the
 * label, smoothed over the steps of the voxels, at the level that keeps the label's volume.  All dihedral angles are
 * 10 degrees or more and the boundary is closed and manifold; places thinner than the lattice are bridged.
 * Hexahedra: one for each voxel, or cubes of the asked size by nearest neighbour.
 *
 * The same bits for any number of threads and whatever the image around the label.  Any thread; asks for a stop.
 *
 * Returns: (transfer full): a mesh in patient mm, or %NULL with %OSS_ERROR_NOT_FOUND (empty label),
 *   %OSS_ERROR_USAGE (size), %OSS_ERROR_REFUSED (thinner than the elements everywhere), %OSS_ERROR_OUT_OF_MEMORY
 *   (elements too small for the label), %OSS_ERROR_CANCELLED
 */
OSS_API OssMesh *oss_mesher_run (const OssLabels *labels, const OssMeshOptions *options, OssMeshQuality *quality,
                                 const OssTick *tick, GError **error);

/* Fills everything that can be told from the mesh alone; the mask's volume and the islands are 0.  For tet10 the
 * straight-sided tetrahedra of the corners.  FALSE for a mesh without elements, or out of memory. */
OSS_API gboolean oss_mesh_quality (const OssMesh *mesh, OssMeshQuality *quality, GError **error);

G_END_DECLS
