/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-field-private.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/* Angles below this do not stay: the vertices behind them give up their warp. */
#define OSS_STUFFING_MINIMUM_DIHEDRAL_DEG 10.0

/* The lattice of one field; one thread. */
typedef struct _OssStuffing OssStuffing;

/* @size_mm: lattice constant a; long edges a, short edges sqrt (3) / 2 a. */
G_GNUC_INTERNAL OssStuffing *
oss_stuffing_new (const OssField *field, double size_mm, const OssTick *tick, GError **error);
G_GNUC_INTERNAL void oss_stuffing_free (OssStuffing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssStuffing, oss_stuffing_free)

/**
 * oss_stuffing_set_level:
 * @level: the surface is where the field has this value
 * @volume_mm3: (out): of all tetrahedra inside it
 * @slope_mm2: (out): change of the volume with the level, mm3 per mm of field, below 0; from the share of lattice
 *   points within one lattice constant of the level
 */
G_GNUC_INTERNAL gboolean oss_stuffing_set_level (OssStuffing *self, double level, double *volume_mm3, double *slope_mm2,
                                                 const OssTick *tick, GError **error);

/**
 * oss_stuffing_mesh:
 * @dropped: (out): face-connected groups of tetrahedra beside the largest, which were dropped
 *
 * Of the level set last.
 *
 * Returns: (transfer full): tet4, one face-connected group with a closed, manifold boundary; %NULL with
 *   %OSS_ERROR_REFUSED when nothing of the field is as large as the lattice
 */
G_GNUC_INTERNAL OssMesh *oss_stuffing_mesh (OssStuffing *self, guint *dropped, const OssTick *tick, GError **error);

G_END_DECLS
