/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-plasticity.h"

G_BEGIN_DECLS

/* Mean and von Mises stress, MPa; @tip: at the tip of a cone. */
typedef struct
{
  double p, q;
  gboolean tip;
} OssInvariants;

/* F of p and q, and its derivatives. */
typedef struct
{
  double value, by_p, by_q, by_pp, by_pq, by_qq;
} OssInvariantSurface;

void oss_invariant_surface (const OssPlastic *self, double p, double q, OssInvariantSurface *surface);

/* Y, and its slope where @slope is not NULL. */
double oss_plastic_yield (const OssPlastic *self, double equivalent, double *slope);

/* Returns @trial to Mohr-Coulomb's planes, edges or tip; the step of the equivalent plastic strain. */
double oss_return_mohr_coulomb (const OssPlastic *self, const double trial[6], double equivalent, double stress[6],
                                double *tangent);

G_END_DECLS
