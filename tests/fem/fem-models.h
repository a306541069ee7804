/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"

/* Models shared by the tests of this folder.  Meshes are made here by plain means, so that they do not
 * depend on the program's own mesher. */

/* Moves a corner node; midside nodes are made afterwards. */
typedef void (*MapFunc) (double x[3], void *data);

/* A box from the origin of n[0] x n[1] x n[2] bricks; tetrahedra are the six of each brick around
 * its main diagonal. */
OssMesh *model_box (OssElementKind kind, const int n[3], const double size_mm[3], MapFunc map, void *data);

/* A lumbar-like body about the origin: 45 x 32 x 27 mm, waist, dished endplates, oval section. */
OssMesh *model_body (OssElementKind kind, const int n[3]);

/* A stiff shell about soft, scattered trabecular bone, 0.1 to 5000 MPa; [n_elements], g_free(). */
double *model_body_modulus (const OssMesh *mesh, guint64 seed);

/* Mean of an element's corner nodes. */
void model_centre (const OssMesh *mesh, gsize element, double centre[3]);

/* Prescribes all nodes with |x[axis] - at| < 1e-6 along @along. */
void model_prescribe_plane (GArray *loads, const OssMesh *mesh, int axis, double at_mm, int along, double value_mm);

/* Both ends along z held sideways, the lower one at 0 along z too, the upper one moved down by @down_mm. */
void model_press (GArray *loads, const OssMesh *mesh, double height_mm, double down_mm);

/* A borrowed view: mesh, moduli and an array of OssNodal. */
OssFemModel model_make (const OssMesh *mesh, const double *modulus_mpa, double poisson, const GArray *prescribed,
                        const GArray *forces);
