/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of a curve beyond yield: one place for every command, the study and the window. */
#include "fem/oss-fem-yielding.h"

#include "base/oss-i18n.h"
#include "fem/oss-fem-estimators.h"

#include <math.h>

#define FINAL_STRAIN 0.02
#define LEAST_STRAIN 0.002
#define MOST_STRAIN 0.2
#define MOST_INCREMENTS 1000

static gboolean
check_numbers (const OssYieldingOptions *options, GError **error)
{
  if (options->final_strain != 0.0 && !(options->final_strain >= LEAST_STRAIN && options->final_strain <= MOST_STRAIN))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The final strain %g is not understood: give the apparent strain at which the curve ends, %g to "
                      "%g (0.02 is 2 %%)."),
                   options->final_strain, LEAST_STRAIN, MOST_STRAIN);
      return FALSE;
    }
  if (options->increments < 0 || options->increments > MOST_INCREMENTS)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("%d increments are not possible: give 1 to %d."),
                   options->increments, MOST_INCREMENTS);
      return FALSE;
    }
  if (options->newton_iterations < 0 || options->newton_iterations > MOST_INCREMENTS)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("%d iterations are not possible: give 1 to %d."),
                   options->newton_iterations, MOST_INCREMENTS);
      return FALSE;
    }
  return TRUE;
}

gboolean
oss_yielding_options_check (const OssYieldingOptions *options, GError **error)
{
  OssCriterion criterion;
  OssPostYield post_yield;

  if (options->yield_law != NULL && oss_yield_find (options->yield_law, NULL, error) == NULL)
    return FALSE;
  if (options->criterion != NULL && !oss_criterion_from_name (options->criterion, &criterion, error))
    return FALSE;
  return oss_post_yield_parse (options->post_yield, &post_yield, error) && check_numbers (options, error);
}

gboolean
oss_yielding_init (OssYielding *self, const OssYieldingOptions *options, const OssLaw *modulus_law, GError **error)
{
  const OssYieldLaw *yield = oss_yield_find (options->yield_law, modulus_law, error);

  *self = (OssYielding){ .final_strain = options->final_strain > 0.0 ? options->final_strain : FINAL_STRAIN,
                         .increments = options->increments,
                         .newton_iterations = options->newton_iterations };
  if (yield == NULL || !check_numbers (options, error) || !oss_yield_rule_init (&self->rule, yield, modulus_law, error))
    return FALSE;
  self->criterion = yield->criterion;
  return (options->criterion == NULL || oss_criterion_from_name (options->criterion, &self->criterion, error))
         && oss_post_yield_parse (options->post_yield, &self->post_yield, error);
}

OssFemPlasticity
oss_yielding_plasticity (const OssYielding *self, const double *compression_mpa, const double *tension_mpa)
{
  return (OssFemPlasticity){ .criterion = self->criterion,
                             .compression_mpa = compression_mpa,
                             .tension_mpa = tension_mpa,
                             .hardening = self->post_yield.hardening,
                             .softening_mm = self->post_yield.softening_mm,
                             .residual_share = self->post_yield.residual_share };
}

OssFemPath
oss_yielding_path (const OssYielding *self, double height_mm)
{
  return (OssFemPath){ .displacement_mm = self->final_strain * height_mm,
                       .height_mm = height_mm,
                       .increments = self->increments,
                       .maximum_iterations = self->newton_iterations };
}

static void
warn_of_end (const OssYielding *self, const OssFemCurve *curve, double height_mm, GPtrArray *warnings)
{
  double reached_percent = 100.0 * curve->points[curve->n_points - 1].displacement_mm / height_mm;

  if (!curve->converged)
    g_ptr_array_add (warnings,
                     g_strdup_printf (_ ("The nonlinear solution stopped converging after %.2f %% apparent strain of "
                                         "%.2f %%, with %d cut increments; the curve ends there."),
                                      reached_percent, 100.0 * self->final_strain, curve->cuts));
  if (oss_fem_curve_is_bound (curve))
    g_ptr_array_add (warnings,
                     g_strdup_printf (_ ("The load still rises at the end of the curve (%.2f %% apparent strain): the "
                                         "plateau is a lower bound."),
                                      reached_percent));
}

void
oss_yielding_warn (const OssYielding *self, const OssFemCurve *curve, double height_mm, gboolean quadratic,
                   GPtrArray *warnings)
{
  warn_of_end (self, curve, height_mm, warnings);
  if (!isfinite (curve->offset_n))
    g_ptr_array_add (warnings,
                     /* xgettext:no-c-format */
                     g_strdup (_ ("There is no offset yield: the curve does not reach the 0.2 % offset line, or its "
                                  "increments are too coarse there.")));
  if (curve->n_bounded > 0)
    g_ptr_array_add (
        warnings, g_strdup_printf (OSS_NGETTEXT ("%zu element is too large for so short a softening: its yield stress "
                                                 "falls less steeply, and it takes more energy. Use smaller "
                                                 "elements, or soften over more millimetres.",
                                                 "%zu elements are too large for so short a softening: their yield "
                                                 "stress falls less steeply, and they take more energy. Use "
                                                 "smaller elements, or soften over more millimetres.",
                                                 curve->n_bounded),
                                   curve->n_bounded));
  if (!quadratic)
    g_ptr_array_add (warnings, g_strdup (_ ("Linear elements answer plastic flow too stiffly; the curve of quadratic "
                                            "tetrahedra lies lower.")));
}
