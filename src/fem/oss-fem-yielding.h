/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-nonlinear.h"
#include "material/oss-post-yield.h"

G_BEGIN_DECLS

/**
 * OssYieldingOptions: the settings of a curve beyond yield, as people give them: the same for every kind of model.
 * @yield_law: (nullable): see oss_yield_find()
 * @criterion: (nullable): %NULL: the yield law's own
 * @post_yield: (nullable): see oss_post_yield_parse(); %NULL: perfect
 * @final_strain: apparent, at the end of the curve, 0.002 to 0.2; 0: 0.02
 * @increments: of equal size, up to 1000; 0: 20
 * @newton_iterations: in an increment, before it is cut; up to 1000; 0: 25
 */
typedef struct
{
  const char *yield_law, *criterion, *post_yield;
  double final_strain;
  int increments, newton_iterations;
} OssYieldingOptions;

/* %FALSE with %OSS_ERROR_USAGE that tells which setting is not understood, and what it may be. */
OSS_API gboolean oss_yielding_options_check (const OssYieldingOptions *options, GError **error);

/* The settings as a model takes them: how its elements yield, and how far it is led.  Plain data. */
typedef struct
{
  OssYieldRule rule;
  OssCriterion criterion;
  OssPostYield post_yield;
  double final_strain;
  int increments, newton_iterations;
} OssYielding;

/**
 * oss_yielding_init:
 * @modulus_law: (nullable): the law that the model's moduli were made with; %NULL: not known
 *
 * Returns: %FALSE with %OSS_ERROR_USAGE as oss_yielding_options_check(), and when the yield law needs a density that
 *   @modulus_law does not tell
 */
OSS_API gboolean oss_yielding_init (OssYielding *self, const OssYieldingOptions *options, const OssLaw *modulus_law,
                                    GError **error);
/* @compression_mpa, @tension_mpa: borrowed, see oss_fem_yield(). */
OSS_API OssFemPlasticity oss_yielding_plasticity (const OssYielding *self, const double *compression_mpa,
                                                  const double *tension_mpa);
/* The path to the final strain of a body of that height. */
OSS_API OssFemPath oss_yielding_path (const OssYielding *self, double height_mm);

/**
 * oss_yielding_warn:
 * @quadratic: the elements follow plastic flow, which keeps the volume, without resisting it
 * @warnings: (element-type utf8): gets what a reader of the curve has to know, translated
 */
OSS_API void oss_yielding_warn (const OssYielding *self, const OssFemCurve *curve, double height_mm, gboolean quadratic,
                                GPtrArray *warnings);

G_END_DECLS
