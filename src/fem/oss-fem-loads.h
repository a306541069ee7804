/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"

G_BEGIN_DECLS

/**
 * OssFaces: faces of elements, outward (right hand).
 * @n_corners, @n_nodes: of each face: 3 and 3 (tet4), 3 and 6 (tet10: corners, then the middles of edges 01 12 20),
 *   4 and 4 (hex8)
 * @nodes: [n][n_nodes]
 * @element: [n] the element behind each
 */
typedef struct
{
  int n_corners, n_nodes;
  gsize n;
  gint32 *nodes;
  gint32 *element;
} OssFaces;

OSS_API void oss_faces_free (OssFaces *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssFaces, oss_faces_free)

/**
 * oss_faces_boundary:
 * @nodes: (nullable) (array length=n_nodes): only faces all of whose corners are among these nodes; %NULL: all
 *
 * The faces that belong to one element only, in the order of elements and Abaqus's numbers of faces.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_INVALID_DATA when no face is left,
 *   %OSS_ERROR_OUT_OF_MEMORY
 */
OSS_API OssFaces *oss_faces_boundary (const OssMesh *mesh, const gint32 *nodes, gsize n_nodes, GError **error);

/**
 * oss_faces_of_element:
 * @number: Abaqus's and CalculiX's number of the face: 1 to 4 (tetrahedra), 1 to 6 (hexahedra)
 * @nodes: (out): [6 or fewer] as in #OssFaces
 *
 * Returns: the number of nodes written, 0 when there is no such face
 */
OSS_API int oss_faces_of_element (const OssMesh *mesh, gsize element, int number, gint32 nodes[6]);

/* Area in mm2 and (nullable) centroid in mm, by quadrature of the faces' shape functions. */
OSS_API double oss_faces_area (const OssMesh *mesh, const OssFaces *faces, double centroid[3]);

/*
 * Each of these appends OssNodal forces in N to @forces that do the same work as the load in every displacement the
 * elements can have (consistent loads: integral of N_a t dA by Gauss rules that are exact for flat faces).  Forces on
 * one freedom are appended as they come; the solver adds them up.  FALSE with OSS_ERROR_INVALID_DATA for faces without
 * area, elements without volume, or numbers that are not numbers.  Any thread.
 */

/* Force per area in MPa, the same vector all over the faces. */
OSS_API gboolean oss_load_traction (const OssMesh *mesh, const OssFaces *faces, const double traction_mpa[3],
                                    GArray *forces, GError **error);
/* Along the inward normal; negative pulls. */
OSS_API gboolean oss_load_pressure (const OssMesh *mesh, const OssFaces *faces, double pressure_mpa, GArray *forces,
                                    GError **error);
/* A total force in N, spread evenly over the area. */
OSS_API gboolean oss_load_force (const OssMesh *mesh, const OssFaces *faces, const double force_n[3], GArray *forces,
                                 GError **error);

/**
 * oss_load_moment:
 * @moment_n_mm: the total moment; the total force is zero
 *
 * The traction t = w x (x - c), c being the centroid of the faces and w such that the moments add up: on a flat face
 * the straight line of beam theory for bending, and a turn for torsion.
 */
OSS_API gboolean oss_load_moment (const OssMesh *mesh, const OssFaces *faces, const double moment_n_mm[3],
                                  GArray *forces, GError **error);

/**
 * oss_load_body_force:
 * @density_t_mm3: (nullable) [n_elements] mass in t/mm3 (N s2/mm4); %NULL: 1 everywhere, then @acceleration is N/mm3
 * @acceleration_mm_s2: standard gravity is 9806.65 mm/s2 downwards
 */
OSS_API gboolean oss_load_body_force (const OssMesh *mesh, const double *density_t_mm3,
                                      const double acceleration_mm_s2[3], GArray *forces, GError **error);

/* Total force, and moment about @about. */
OSS_API void oss_load_resultant (const OssMesh *mesh, const OssNodal *forces, gsize n_forces, const double about[3],
                                 double force_n[3], double moment_n_mm[3]);

/* The motions of the spine, of the superior against the inferior vertebra. */
typedef enum
{
  OSS_MOTION_FLEXION,
  OSS_MOTION_EXTENSION,
  OSS_MOTION_BENDING_LEFT,
  OSS_MOTION_BENDING_RIGHT,
  OSS_MOTION_TURN_LEFT,
  OSS_MOTION_TURN_RIGHT,
} OssMotion;

/* The unit vector about which a positive (right-hand) moment upon the superior endplate makes that motion, in patient
 * axes. */
OSS_API void oss_load_motion_axis (const OssVertebraFrame *frame, OssMotion motion, double axis[3]);

G_END_DECLS
