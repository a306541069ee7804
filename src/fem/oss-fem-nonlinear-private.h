/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-path-private.h"
#include "fem/oss-fem-private.h"

G_BEGIN_DECLS

/**
 * OssMeshBody: elements of a mesh on their way along a path.
 * @committed, @trial: [n_elements][n_points][OSS_PLASTIC_STATE]
 * @tangent: [n_elements][n_points][21] lower triangle of d stress / d strain
 * @force: [n_elements][n_nodes][3] internal forces
 * @sums: [3][n_elements]
 * @loads: [2][3 n_nodes] prescribed displacements, forces
 * @plastic: [n_elements] yielding in the last evaluation; @filled: when the matrix was filled
 */
typedef struct
{
  OssPathBody base;
  const OssFemModel *model;
  const OssFemPlasticity *plasticity;
  OssIncidence *incidence;
  OssElements *elements;
  OssBlockMatrix *matrix;
  OssTetSolver *solver;
  double *committed, *trial, *tangent, *force, *sums, *loads;
  guint8 *plastic, *filled, *sought;
  gboolean assembled;
} OssMeshBody;

G_END_DECLS
