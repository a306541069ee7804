/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

typedef struct
{
  gint32 node;
  gint8 axis; /* 0, 1, 2: patient x, y, z */
  double coefficient;
} OssFemTerm;

/**
 * OssFemEquation: a linear equation between displacements, sum of coefficient times displacement = @right.
 * @terms: [n_terms] coefficients finite, at least one not zero
 * @right: mm
 * @name: (nullable): what messages call it, such as "line 12 of plate.inp"
 */
typedef struct
{
  const OssFemTerm *terms;
  gsize n_terms;
  double right;
  const char *name;
} OssFemEquation;

/**
 * OssFemPlaten: a rigid plate bonded to nodes, free to move and tilt but for what is prescribed.
 * @nodes: [n_nodes]
 * @reference_mm: the point whose motion is the plate's, and about which moments and turns are taken
 * @planar: %TRUE: only the motion along @normal is the plate's (it glides without friction); else all three
 * @normal: unit vector; for @planar
 * @prescribed: which of the six motions are given: along x, y, z, about x, y, z
 * @motion: mm and radians, where prescribed; turns are small
 * @load: N and N mm upon the plate, where not prescribed
 *
 * Motions that a planar plate has no part in (along the face, about the normal) must neither be loaded nor prescribed.
 */
typedef struct
{
  const gint32 *nodes;
  gsize n_nodes;
  double reference_mm[3];
  gboolean planar;
  double normal[3];
  gboolean prescribed[6];
  double motion[6];
  double load[6];
} OssFemPlaten;

G_END_DECLS
