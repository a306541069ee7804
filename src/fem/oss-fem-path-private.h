/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-nonlinear.h"
#include "fem/oss-plasticity.h"

G_BEGIN_DECLS

/* What an increment did, summed over the body in one order. */
typedef struct
{
  double stored_nmm, dissipated_nmm, yielded_mm3;
} OssPathSums;

/**
 * OssPathBody: a body that can be led along a path, whatever it is made of.
 * @n: freedoms
 * @sought: [n] 1 where the displacement is sought
 * @full: [n] prescribed displacement at the end of the path, 0 elsewhere
 * @force: [n] forces at the end of the path
 * @evaluate: internal forces of displacements, from the last committed state; keeps the state they lead to and makes
 * its tangent the one that @solve uses
 * @elastic: makes the elastic stiffness the one that @solve uses
 * @solve: about tangent^-1 @right at the sought freedoms, 0 elsewhere; @tolerance is relative.  FALSE only for errors
 *   that end everything; a solution that is not as good as asked for will do
 * @commit: takes over the state of the last evaluation, from displacements @before to @after
 */
typedef struct _OssPathBody OssPathBody;
struct _OssPathBody
{
  gsize n;
  const guint8 *sought;
  const double *full, *force;
  gboolean (*evaluate) (OssPathBody *self, const double *u, double *internal, const OssTick *tick, GError **error);
  gboolean (*elastic) (OssPathBody *self, const OssTick *tick, GError **error);
  gboolean (*solve) (OssPathBody *self, const double *right, double *x, double tolerance, int *iterations,
                     const OssTick *tick, GError **error);
  gboolean (*commit) (OssPathBody *self, const double *before, const double *after, OssPathSums *sums,
                      const OssTick *tick, GError **error);
};

/* Leads the body along the path; fills points, strengths, reason and displacement of @curve, which was zeroed.
 * %FALSE only for errors that are no results. */
gboolean
oss_path_follow (OssPathBody *body, const OssFemPath *path, OssFemCurve *curve, const OssTick *tick, GError **error);

/* The material of an element of this modulus and size; @bounded counts softening that had to be bounded. */
OssPlastic oss_fem_plastic (const OssFemPlasticity *self, gsize element, double modulus_mpa, double poisson,
                            double volume_mm3, gsize *bounded);

/* USAGE or INVALID_DATA for what cannot be followed. */
gboolean
oss_fem_path_check (const OssFemPlasticity *plasticity, gsize n_elements, const OssFemPath *path, GError **error);

/* peak, plateau, offset yield of the points. */
void oss_fem_curve_judge (OssFemCurve *curve, double height_mm);

G_END_DECLS
