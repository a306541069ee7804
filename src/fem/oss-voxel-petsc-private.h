/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-voxel-petsc.h"
#include "fem/oss-voxel-share.h"

G_BEGIN_DECLS

/* @own: [n_held] places of the held freedoms among own values, or -1; @x: the solution, during the iteration 0 at what
 * is held, @b: the right-hand side; own values */
typedef struct
{
  OssPetscHeader header;
  OssVoxelFreedom *held;
  double *held_mm;
  gint64 *own;
  OssVoxelShared shared;
  double *x, *b;
  double load_norm;
  OssVoxelResult *result;
  gboolean stopped;
  const OssTick *tick;
} OssPetscJob;

gboolean oss_petsc_set_load (OssPetscJob *self, GError **error);
gboolean oss_petsc_iterate (OssPetscJob *self, GError **error);
/* Reactions and energy of x, known to every process. */
void oss_petsc_finish (OssPetscJob *self);

G_END_DECLS
