/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/* Faces of an element: 4 or 6. */
G_GNUC_INTERNAL int oss_element_faces (OssElementKind kind);

/* For each face of each element, [n_elements][faces], the face (element * faces + face) that touches it, or -1 on
 * the boundary.  NULL: out of memory.  g_free(). */
G_GNUC_INTERNAL gint64 *oss_mesh_match_faces (const OssMesh *self, GError **error);

/* oss_mesh_surface() with the faces matched already. */
G_GNUC_INTERNAL OssSurface *oss_mesh_surface_from_faces (const OssMesh *self, const gint64 *neighbours, GError **error);

/**
 * oss_surface_check:
 * @closed: (out): every edge belongs to an even number of triangles
 * @manifold: (out): to exactly two, in opposite senses, and the triangles around a node form one fan
 * @bad_nodes: (nullable): [n_nodes], set to 1 at nodes where it is not manifold, else left alone
 */
G_GNUC_INTERNAL gboolean oss_surface_check (const OssSurface *self, gsize n_nodes, gboolean *closed, gboolean *manifold,
                                            guint8 *bad_nodes, GError **error);

G_END_DECLS
