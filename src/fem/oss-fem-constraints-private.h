/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-private.h"

G_BEGIN_DECLS

/**
 * OssConstraints: equations and platens of a model, solved for one freedom each: u = T v + g.
 *
 * Freedoms 0 .. 3 n_nodes - 1 are the nodes', 6 more follow for every platen.  v are the freedoms that do not depend on
 * others, prescribed ones among them.
 * @n: freedoms
 * @n_nodal: 3 n_nodes
 * @row: [n] row of the freedom in what follows, or -1 where it stands for itself
 * @start: [n_rows + 1]; @index, @value: [start[n_rows]] the freedoms v a dependent freedom follows, and how much
 * @constant: [n_rows] mm: what the right sides of equations add
 * @prescribed: [n] the freedom's motion is given; then it depends on nothing
 * @used: [n] it takes part: it belongs to a node with elements, or something that does follows it
 * @motion: [n] mm (radians): given motion, 0 elsewhere
 */
typedef struct
{
  gsize n, n_nodal, n_rows;
  gint32 *row;
  gsize *start;
  gint32 *index;
  double *value;
  double *constant;
  guint8 *prescribed;
  guint8 *used;
  double *motion;
} OssConstraints;

/**
 * oss_constraints_new:
 *
 * Gauss elimination, equation after equation: what is known so far is put in, then the largest coefficient that is left
 * at a freedom that is not prescribed is solved for.  An equation with nothing left is left out when it is true, and
 * else an error.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_INVALID_DATA that names an equation or platen that
 *   contradicts others or is not one, %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_CANCELLED
 */
OssConstraints *
oss_constraints_new (const OssFemModel *model, const OssIncidence *incidence, const OssTick *tick, GError **error);
void oss_constraints_free (OssConstraints *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssConstraints, oss_constraints_free)

/* What freedom f follows: pairs of (v, factor), itself when it stands for itself; at most OSS_CONSTRAINT_TERMS of the
 * caller's room are needed for one. */
static inline gsize
oss_constraints_terms (const OssConstraints *self, gsize f, gint32 *own, double *one, const gint32 **index,
                       const double **value)
{
  gint32 row = self->row[f];

  if (row >= 0)
    {
      *index = self->index + self->start[row];
      *value = self->value + self->start[row];
      return self->start[row + 1] - self->start[row];
    }
  *own = (gint32) f;
  *one = 1.0;
  *index = own;
  *value = one;
  return 1;
}

/* u = T v + g; @v and @u [n], they must not overlap. */
void oss_constraints_expand (const OssConstraints *self, const double *v, gboolean with_constants, double *u);
/* v = T' r, both [n]. */
void oss_constraints_gather (const OssConstraints *self, const double *r, double *v);

/* T' K T over the freedoms with a number in @unknown [n] (ascending from 0; -1 elsewhere). */
OssSymmetric *oss_constraints_reduce (const OssConstraints *self, const OssBlockMatrix *stiffness,
                                      const gint32 *unknown, gsize n_unknowns, const OssTick *tick, GError **error);

/* Solves a model with equations or platens: fills displacement, reaction, platen_*, dof, residual, solver of @result.
 */
gboolean
oss_fem_solve_constrained (const OssFemModel *model, const OssBlockMatrix *stiffness, const OssIncidence *incidence,
                           OssFemResult *result, const OssTick *tick, GError **error);

G_END_DECLS
