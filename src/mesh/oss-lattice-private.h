/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-stuffing-private.h"

G_BEGIN_DECLS

#define OSS_LATTICE_DIRECTIONS 14 /* +x -x +y -y +z -z, then the 8 short ones by bits x y z */

/* Safe warping distances, in parts of the edge (Labelle and Shewchuk 2007, table 1). */
#define OSS_ALPHA_LONG 0.24999
#define OSS_ALPHA_SHORT 0.41189

/* A lattice edge that the surface crosses. */
typedef struct
{
  gint32 from, to; /* points */
  gint8 direction; /* from @from */
  gboolean dead;   /* one of its ends was warped */
  double raw_t;    /* where the field crosses the level, 0 at @from, 1 at @to */
  double t;        /* the same, away from ends that may not warp */
} OssCut;

/* A mesh under construction.
 * @source: [n_nodes] the lattice point of a node, or -1 for a cut */
typedef struct
{
  gsize n_nodes, node_capacity;
  double *nodes;
  gint32 *source;
  gsize n_tets, tet_capacity;
  gint32 *tets;
} OssTets;

/* A point taken as inside to keep a part, and its own value. */
typedef struct
{
  gint32 point;
  float value;
} OssForced;

/**
 * The body-centred cubic lattice: sublattice A at multiples of a, B half a step further in x, y and z.
 * Points are numbered A first, each with x fastest.
 * @value: [2 half] field less level
 * @sign: [2 half] 1 inside, -1 outside, 0 on the surface (warped)
 * @slot: [2 half] row of @cut_of, or -1 where no cut is near
 * @cut_of: [n_active][14] cut on each edge, or -1
 * @warp: [n_active] the cut that a warped point was moved to, or -1
 * @fixed: [n_active] may not warp
 * @forced: (element-type OssForced): they may not warp either
 * @tets: the tetrahedra of the warped lattice inside the surface
 */
struct _OssStuffing
{
  const OssField *field;
  const OssTick *tick;
  double a, level;
  int base[3], n[3];
  gsize half;
  gssize offset[2][OSS_LATTICE_DIRECTIONS];
  float *value;
  gint8 *sign;
  gint32 *slot;
  gsize n_active;
  gint32 *active; /* [n_active] point of each row */
  gint32 (*cut_of)[OSS_LATTICE_DIRECTIONS];
  gint32 *warp;
  guint8 *fixed;
  gsize n_cuts;
  OssCut *cuts;
  GArray *forced;
  OssTets tets;
};

static inline gboolean
oss_lattice_is_long (int direction)
{
  return direction < 6;
}

static inline double
oss_lattice_alpha (int direction)
{
  return oss_lattice_is_long (direction) ? OSS_ALPHA_LONG : OSS_ALPHA_SHORT;
}

static inline int
oss_lattice_opposite (int direction)
{
  return oss_lattice_is_long (direction) ? direction ^ 1 : 6 + (7 - (direction - 6));
}

static inline void
oss_lattice_position (const OssStuffing *self, gsize point, double mm[3])
{
  double shift = point >= self->half ? 0.5 : 0.0;
  gsize rest = point >= self->half ? point - self->half : point;

  for (int a = 0; a < 3; a++)
    {
      mm[a] = self->a * (self->base[a] + (double) (rest % (gsize) self->n[a]) + shift);
      rest /= (gsize) self->n[a];
    }
}

static inline void
oss_lattice_cut_position (const OssStuffing *self, const OssCut *cut, double mm[3])
{
  double end[3];

  oss_lattice_position (self, (gsize) cut->from, mm);
  oss_lattice_position (self, (gsize) cut->to, end);
  for (int a = 0; a < 3; a++)
    mm[a] += cut->t * (end[a] - mm[a]);
}

G_GNUC_INTERNAL void oss_tets_clear (OssTets *self);
/* Takes points as inside that join the parts of the inside points; @n_bridged of them were joined to another. */
G_GNUC_INTERNAL gboolean oss_stuffing_bridge (OssStuffing *self, gsize *n_bridged, GError **error);
/* Fills @tets anew from the signs, cuts and warps. */
G_GNUC_INTERNAL gboolean oss_stencil_fill (OssStuffing *self, GError **error);

G_END_DECLS
