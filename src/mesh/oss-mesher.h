/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

typedef struct
{
  OssElementKind kind; /* TET10 2 mm is the default of the program; TET4 1 mm; HEX8 */
  double size_mm;      /* lattice constant of the BCC grid, or voxel edge for HEX8 (0: the label's own voxels) */
  double smooth_mm;    /* Gaussian on the label before the surface is taken; 0: automatic from voxel and size */
} OssMeshOptions;

typedef struct
{
  gsize elements, nodes, dof;
  double minimum_dihedral_deg, maximum_dihedral_deg, p1_dihedral_deg;
  double minimum_radius_ratio, mean_radius_ratio; /* 3 inradius / circumradius; 1 is regular */
  double volume_mm3, mask_volume_mm3, volume_error_percent;
  gboolean closed, manifold; /* boundary: every edge shared by exactly two triangles; vertices' fans connected */
  guint islands;             /* parts of the mask that were dropped */
  gsize island_voxels;
  gsize inverted;
} OssMeshQuality;

OSS_API void oss_mesh_options_default (OssMeshOptions *options);

/**
 * oss_mesher_run:
 * @labels: what is above 0 is meshed (callers select one vertebra first)
 * @quality: (out): always filled on success
 *
 * Tetrahedra by isosurface stuffing (Labelle and Shewchuk 2007) on a body-centred cubic lattice aligned
 * with the patient axes and anchored at multiples of the lattice constant: deterministic.
 */
OSS_API OssMesh *oss_mesher_run (const OssLabels *labels, const OssMeshOptions *options, OssMeshQuality *quality,
                                 const OssTick *tick, GError **error);

/* Fills everything that can be told from the mesh alone. */
OSS_API gboolean oss_mesh_quality (const OssMesh *mesh, OssMeshQuality *quality, GError **error);

G_END_DECLS
