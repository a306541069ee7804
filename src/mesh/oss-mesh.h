/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"

G_BEGIN_DECLS

typedef enum
{
  OSS_ELEMENT_TET4,
  OSS_ELEMENT_TET10, /* nodes 0-3 corners, 4-9 on edges 01 12 02 03 13 23 (Abaqus C3D10, VTK 24) */
  OSS_ELEMENT_HEX8,  /* Abaqus C3D8, VTK 12 */
} OssElementKind;

/**
 * OssMesh: a volume mesh, one kind of element, positive volumes.
 * @nodes: [n_nodes][3] patient LPS, mm
 * @elements: [n_elements][nodes per element], node numbers from 0
 *
 * Whoever made it may fill the arrays before sharing it; then it never changes, and any thread may read it.
 */
typedef struct
{
  OssElementKind kind;
  gsize n_nodes;
  double *nodes;
  gsize n_elements;
  gint32 *elements;
  gatomicrefcount references;
} OssMesh;

/* Arrays of zeros; NULL with OSS_ERROR_OUT_OF_MEMORY. */
OSS_API OssMesh *oss_mesh_new (OssElementKind kind, gsize n_nodes, gsize n_elements, GError **error);
OSS_API OssMesh *oss_mesh_ref (OssMesh *self);
OSS_API void oss_mesh_unref (OssMesh *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssMesh, oss_mesh_unref)

OSS_API int oss_element_nodes (OssElementKind kind);        /* 4, 10, 8 */
OSS_API const char *oss_element_name (OssElementKind kind); /* "tet4", "tet10", "hex8" */
OSS_API gboolean oss_element_from_name (const char *name, OssElementKind *kind);

/* Straight-sided tet10 from tet4: the same corners with the same numbers, then one node at the middle of each edge.
 * NULL with OSS_ERROR_USAGE for other elements. */
OSS_API OssMesh *oss_mesh_to_quadratic (const OssMesh *tet4, GError **error);
/* mm3 of an element (tet10: of its corners), or of the whole; negative where nodes are in the wrong order. */
OSS_API double oss_mesh_element_volume (const OssMesh *self, gsize element);
OSS_API double oss_mesh_volume (const OssMesh *self);

/**
 * OssSurface: the boundary of a mesh as triangles (hexahedron faces split in two).
 * @triangles: [n][3] node numbers of the mesh, outward (right hand)
 * @element: [n] the element behind each
 * @midside: (nullable): [n][3] tet10 nodes on edges 01 12 20
 */
typedef struct
{
  gsize n;
  gint32 *triangles;
  gint32 *element;
  gint32 *midside;
} OssSurface;

OSS_API OssSurface *oss_mesh_surface (const OssMesh *self, GError **error);
OSS_API void oss_surface_free (OssSurface *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSurface, oss_surface_free)

G_END_DECLS
