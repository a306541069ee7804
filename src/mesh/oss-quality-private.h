/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-mesher.h"

G_BEGIN_DECLS

/* The six dihedral angles of a tetrahedron in degrees; 0 where a face has no area. */
G_GNUC_INTERNAL void oss_tetrahedron_dihedrals (const double *nodes, const gint32 corner[4], double angles_deg[6]);

/* 3 inradius / circumradius: 1 regular, 0 flat. */
G_GNUC_INTERNAL double oss_tetrahedron_radius_ratio (const double *nodes, const gint32 corner[4]);

/* oss_mesh_quality() that can be stopped. */
G_GNUC_INTERNAL gboolean oss_mesh_measure (const OssMesh *mesh, OssMeshQuality *quality, const OssTick *tick,
                                           GError **error);

/* The voxels above 0 as hexahedra. */
G_GNUC_INTERNAL OssMesh *oss_voxel_mesh (const OssLabels *labels, const OssTick *tick, GError **error);

G_END_DECLS
