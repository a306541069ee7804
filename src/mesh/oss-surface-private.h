/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/* Faces of an element: 4 or 6. */
G_GNUC_INTERNAL int oss_element_faces (OssElementKind kind);

/* For each face of each element, [n_elements][faces], the face (element * faces + face) that touches it, or -1 on
 * the boundary.  g_free(). */
G_GNUC_INTERNAL gint64 *oss_mesh_match_faces (const OssMesh *self, const OssTick *tick, GError **error);

/* oss_mesh_surface() with the faces matched already. */
G_GNUC_INTERNAL OssSurface *
oss_mesh_surface_from_faces (const OssMesh *self, const gint64 *neighbours, const OssTick *tick, GError **error);

/* oss_mesh_to_quadratic() that can be stopped. */
G_GNUC_INTERNAL OssMesh *oss_mesh_make_quadratic (const OssMesh *tet4, const OssTick *tick, GError **error);

/**
 * oss_surface_check:
 * @closed: (out): every edge belongs to an even number of triangles
 * @manifold: (out): to exactly two, in opposite senses, and the triangles around a node form one fan
 * @bad_nodes: (nullable): [n_nodes], set to 1 at nodes where it is not manifold, else left alone
 */
G_GNUC_INTERNAL gboolean oss_surface_check (const OssSurface *self, gsize n_nodes, gboolean *closed, gboolean *manifold,
                                            guint8 *bad_nodes, const OssTick *tick, GError **error);

/* TRUE now and then in a loop over @i, when the user asked to stop. */
static inline gboolean
oss_loop_stopped (const OssTick *tick, gsize i)
{
  return (i & 0x3fff) == 0 && oss_tick_stopped (tick);
}

G_END_DECLS
