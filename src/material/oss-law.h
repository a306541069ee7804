/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "material/oss-density.h"

G_BEGIN_DECLS

/**
 * OssLaw: E = coefficient * rho^exponent (+ offset), MPa, rho in g/cm3 of @basis.
 *
 * Takes exactly one basis; states its range and citation.
 */
typedef struct
{
  const char *name;  /* "morgan2003-vertebra", "kopperdahl2002", ... */
  const char *title; /* for people */
  OssBasis basis;    /* basis of rho */
  double coefficient, exponent, offset; /* MPa per (g/cm3)^exponent, 1, MPa */
  double strength_coefficient, strength_exponent; /* yield stress, MPa; 0 when the law has none */
  double poisson;
  double range_low_mg_cm3, range_high_mg_cm3; /* densities it was measured on, in @basis */
  const char *range_note; /* where the range comes from, or that it is our choice */
  const char *source;
} OssLaw;

OSS_API const OssLaw *oss_law_all (gsize *n);
/* NULL with OSS_ERROR_USAGE that lists the names. */
OSS_API const OssLaw *oss_law_find (const char *name, GError **error);

/**
 * OssLawChain: from a density image's basis to modulus: the conversion steps and the law.
 *
 * E(density) = law (steps (density)), with densities giving a modulus below the floor
 * (or rho <= 0, where a power is undefined) set to @floor_mpa.
 */
typedef struct
{
  const OssLaw *law;
  const OssConversion *steps[3];
  int n_steps;
  double floor_mpa;
} OssLawChain;

/* The default chain from @basis to the law; @conversion (nullable) names another first step, e.g.
 * "keyak1994" instead of "equal" for K2HPO4 -> ash.  FALSE with an error when there is no way. */
OSS_API gboolean oss_law_chain_init (OssLawChain *self, const OssLaw *law, OssBasis basis, const char *conversion,
                                     GError **error);
/* MPa; @density_mg_cm3 in the chain's input basis.  @outside (nullable): outside the law's range. */
OSS_API double oss_law_chain_modulus (const OssLawChain *self, double density_mg_cm3, gboolean *outside);
/* "K2HPO4 taken as ash; ash / 0.6 = apparent; E = 4730 rho^1.56" (transfer full) */
OSS_API char *oss_law_chain_describe (const OssLawChain *self);

#define OSS_MODULUS_FLOOR_MPA 0.1 /* -31 mg/cm3 clamp of the Ogo and parosol pipelines, FACTS section 2 */

G_END_DECLS
