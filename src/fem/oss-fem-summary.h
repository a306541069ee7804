/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"

G_BEGIN_DECLS

/**
 * OssFemSummary: a linear solution in a few numbers; forces in N, patient axes.
 * @applied_n: sum of the forces and of the loads upon platens
 * @moved_n: what the nodes and platens with a given motion other than zero are held with, summed over the prescribed
 *   freedoms of these nodes
 * @held_n: the same of the other prescribed nodes and platens; applied, moved and held add up to zero where no equation
 *   ties the model to the ground
 * @applied_n_mm, @moved_n_mm, @held_n_mm: their moments about the origin of the coordinates
 * @reaction_n: size of @moved_n; of @held_n where nothing is moved
 * @stiffness_n_per_mm: F u / u^2 where all that is moved is moved by one and the same vector u, and no force acts; NAN
 *   else
 * @largest_mm, @largest_node: the largest displacement and its node
 * @energy_error: |strain energy - work| / work
 */
typedef struct
{
  double applied_n[3], moved_n[3], held_n[3];
  double applied_n_mm[3], moved_n_mm[3], held_n_mm[3];
  gsize n_moved, n_held; /* nodes and platens */
  double reaction_n, stiffness_n_per_mm;
  double largest_mm;
  gsize largest_node;
  double energy_error;
} OssFemSummary;

/* Any thread. */
OSS_API void oss_fem_summarize (const OssFemModel *model, const OssFemResult *result, OssFemSummary *summary);

/* Sum of the reactions, N, and plain mean of the displacements, mm, of @nodes; any thread. */
OSS_API void oss_fem_sum_nodes (const OssFemResult *result, const gint32 *nodes, gsize n_nodes, double reaction_n[3],
                                double displacement_mm[3]);

/**
 * oss_fem_approach:
 * @move_mm: (out): the displacement of all nodes that are moved
 * @height_mm: (out): along it, between the mean place of the nodes that are moved and that of the nodes held against it
 *
 * What a curve beyond yield is told along.
 *
 * Returns: %FALSE with %OSS_ERROR_UNSUPPORTED where forces, equations or platens act, or the nodes are moved
 *   differently, and %OSS_ERROR_INVALID_DATA where nothing is held, or all at one height
 */
OSS_API gboolean oss_fem_approach (const OssFemModel *model, double move_mm[3], double *height_mm, GError **error);

/* Whether a load or a motion other than zero is given. */
OSS_API gboolean oss_fem_is_loaded (const OssFemModel *model);

G_END_DECLS
