/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "material/oss-law.h"

G_BEGIN_DECLS

/**
 * OssCriterion: how the yield stresses of one-dimensional tests bound a state of stress.
 * @OSS_CRITERION_VON_MISES: q = compressive yield stress; tension is taken to be as strong
 * @OSS_CRITERION_PARABOLOID: q^2 + 3 (C - T) p = C T, smooth and asymmetric (Raghava, Caddell and Yeh 1973,
 *   J Mater Sci 8:225-232); von Mises where C = T
 * @OSS_CRITERION_DRUCKER_PRAGER: the cone a q + b p = C through both yield stresses (Drucker and Prager 1952)
 * @OSS_CRITERION_MOHR_COULOMB: (C / T) s1 - s3 = C on the largest and least principal stress: with
 *   cohesion c and friction phi, s1 - s3 + (s1 + s3) sin phi = 2 c cos phi, C = 2 c cos phi / (1 - sin phi)
 *   and T = 2 c cos phi / (1 + sin phi); Tresca where C = T
 *
 * p: mean stress, tension positive; q: von Mises stress; C, T: yield stresses in compression and tension.  None of
 * them closes under pure hydrostatic compression.
 */
typedef enum
{
  OSS_CRITERION_VON_MISES,
  OSS_CRITERION_PARABOLOID,
  OSS_CRITERION_DRUCKER_PRAGER,
  OSS_CRITERION_MOHR_COULOMB,
} OssCriterion;

OSS_API const char *oss_criterion_name (OssCriterion criterion); /* "von-mises", "paraboloid", ... */
/* Case does not matter; %FALSE with %OSS_ERROR_USAGE that lists the names. */
OSS_API gboolean oss_criterion_from_name (const char *name, OssCriterion *criterion, GError **error);

/**
 * OssYieldLaw: the yield stress of bone in compression, C = coefficient rho^exponent + strain E, and in tension,
 * T = tension_ratio C; MPa, rho in g/cm3 of the basis of @power.
 */
typedef struct
{
  const char *name;     /* "vertebra-yield-strain", "kopperdahl2002", ... */
  const char *title;    /* for people */
  double strain;        /* share of C that grows with Young's modulus; 0: none */
  double tension_ratio; /* T / C, above 0, at most 1 */
  OssCriterion criterion;
  OssLaw power; /* name, basis, strength_coefficient, strength_exponent, range and source of the rest */
} OssYieldLaw;

OSS_API const OssYieldLaw *oss_yield_all (gsize *n);
/**
 * oss_yield_find:
 * @name: (nullable): %NULL: the one that belongs to @modulus_law, else vertebra-yield-strain; case does not matter
 * @modulus_law: (nullable)
 *
 * Returns: (nullable): %NULL with %OSS_ERROR_USAGE that lists the names
 */
OSS_API const OssYieldLaw *oss_yield_find (const char *name, const OssLaw *modulus_law, GError **error);

/**
 * OssYieldRule: the yield stresses of material of a given modulus.  Plain data; any thread may read it.
 *
 * A law in density takes the density at which the modulus law gives that modulus, so that an element has
 * one density for both its modulus and its yield stress.
 */
typedef struct
{
  const OssYieldLaw *yield;
  const OssLaw *modulus_law;
  OssLawChain chain; /* from the basis of the modulus law to that of the yield law */
} OssYieldRule;

/* %FALSE with %OSS_ERROR_USAGE when the yield law needs a density that the modulus law (%NULL: none is known) does not
 * tell. */
OSS_API gboolean oss_yield_rule_init (OssYieldRule *self, const OssYieldLaw *yield, const OssLaw *modulus_law,
                                      GError **error);
/* MPa, above 0: C is no less than 0.5 % of the modulus floor, %OSS_MODULUS_FLOOR_MPA. */
OSS_API void
oss_yield_rule_stress (const OssYieldRule *self, double modulus_mpa, double *compression_mpa, double *tension_mpa);
/* "0.0084 E in compression, 0.0078 E in tension" (transfer full) */
OSS_API char *oss_yield_describe (const OssYieldLaw *self);

G_END_DECLS
