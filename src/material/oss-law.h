/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "material/oss-density.h"

G_BEGIN_DECLS

/**
 * OssLaw: E = coefficient * rho^exponent + offset, MPa, rho in g/cm3 of @basis.
 *
 * Takes exactly one basis (%OSS_BASIS_UNKNOWN: the density does not matter, any will do);
 * states its range and citation.
 */
typedef struct
{
  const char *name;                     /* "morgan2003-vertebra", "kopperdahl2002", ... */
  const char *title;                    /* for people */
  OssBasis basis;                       /* basis of rho */
  double coefficient, exponent, offset; /* MPa per (g/cm3)^exponent, 1, MPa */
  double strength_coefficient,
      strength_exponent; /* yield stress = coefficient * rho^exponent, MPa; 0, 0 when the law has none */
  double poisson;
  double range_low_mg_cm3, range_high_mg_cm3; /* densities it was measured on, in @basis */
  const char *range_note;                     /* where the range comes from, or that it is our choice */
  const char *source;
  double floor_mpa;       /* the law's own least modulus; 0: it names none */
  double cut_low_mg_cm3;  /* below it the material counts as marrow (the floor); 0: no such cut */
  double cut_high_mg_cm3; /* above it the modulus stays what it is there; 0: no such cut */
} OssLaw;

OSS_API const OssLaw *oss_law_all (gsize *n);
/* @name: (nullable): %NULL is the default, morgan2003-vertebra; case does not matter.
 * NULL with OSS_ERROR_USAGE that lists the names. */
OSS_API const OssLaw *oss_law_find (const char *name, GError **error);

/**
 * OssLawChain: from a density image's basis to modulus: the conversion steps and the law.
 *
 * E(density) = law (steps (density)); densities that give a modulus below the floor, or
 * rho <= 0, where a power is undefined, get @floor_mpa: the larger of %OSS_MODULUS_FLOOR_MPA
 * and the law's own floor.  Plain data: copy it freely; any thread may read it.
 */
typedef struct
{
  const OssLaw *law;
  OssBasis from; /* of the densities that it is asked */
  const OssConversion *steps[3];
  int n_steps;
  double floor_mpa;
} OssLawChain;

/**
 * oss_law_chain_init:
 * @self: (out caller-allocates): filled on success only
 * @law: from oss_law_find()
 * @basis: of the densities that will be asked
 * @conversion: (nullable): another first step than the default, e.g. "keyak1994" instead of
 *   "equal" for K2HPO4 to ash
 *
 * Default steps: K2HPO4 to ash "equal"; CHA to ash "knowles2016"; ash to and from apparent "ash-apparent"; never
 * through a basis twice.  K2HPO4 and CHA are what two kinds of phantoms measure: one never becomes the other unless
 * @conversion says so ("faulkner1993").
 *
 * Returns: %FALSE with %OSS_ERROR_USAGE when the basis is unknown, @conversion does not lead from it towards the law,
 * or one phantom's basis would silently become the other's
 */
OSS_API gboolean oss_law_chain_init (OssLawChain *self, const OssLaw *law, OssBasis basis, const char *conversion,
                                     GError **error);
/* @density_mg_cm3 (in the chain's input basis) in the law's basis, mg/cm3. */
OSS_API double oss_law_chain_density (const OssLawChain *self, double density_mg_cm3);
/* MPa; @density_mg_cm3 in the chain's input basis.  @outside (nullable): outside the law's range. */
OSS_API double oss_law_chain_modulus (const OssLawChain *self, double density_mg_cm3, gboolean *outside);
/**
 * oss_law_chain_log_slope:
 * @modulus_mpa: of an element
 * @density_mg_cm3: (out): in the chain's input basis, the one that gives @modulus_mpa; 0 where none tells
 *
 * Returns: d ln E / d density, cm3/mg: exponent * (E - offset) / (E rho) times the slopes of the conversions; 0 where
 * the modulus does not follow the density (floor, cut, a law without density)
 */
OSS_API double oss_law_chain_log_slope (const OssLawChain *self, double modulus_mpa, double *density_mg_cm3);
/* Yield stress, MPa; 0 when the law names none or the density is 0 or below. */
OSS_API double oss_law_chain_strength (const OssLawChain *self, double density_mg_cm3);
/* "K2HPO4 taken as ash; ash / 0.6 = apparent; E = 4730 rho^1.56" (transfer full) */
OSS_API char *oss_law_chain_describe (const OssLawChain *self);

#define OSS_MODULUS_FLOOR_MPA 0.1 /* -31 mg/cm3 clamp of the Ogo and parosol pipelines, FACTS section 2 */

G_END_DECLS
