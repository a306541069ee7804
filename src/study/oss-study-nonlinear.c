/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The curve beyond yield: options, the run on the model that was solved linearly, and what to say about it. */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"
#include "fem/oss-fem-estimators.h"

#include <math.h>

#define FINAL_STRAIN 0.02
#define LEAST_STRAIN 0.002
#define MOST_STRAIN 0.2
#define MOST_INCREMENTS 1000

gboolean
oss_study_same_nonlinear (const OssStudyOptions *a, const OssStudyOptions *b)
{
  if (!a->nonlinear && !b->nonlinear)
    return TRUE;
  return a->nonlinear == b->nonlinear && g_strcmp0 (a->yield_law, b->yield_law) == 0
         && g_strcmp0 (a->criterion, b->criterion) == 0 && a->final_strain == b->final_strain
         && a->increments == b->increments && a->newton_iterations == b->newton_iterations;
}

gboolean
oss_study_check_nonlinear (const OssStudyOptions *options, GError **error)
{
  OssCriterion criterion;

  if (options->yield_law != NULL && oss_yield_find (options->yield_law, NULL, error) == NULL)
    return FALSE;
  if (options->criterion != NULL && !oss_criterion_from_name (options->criterion, &criterion, error))
    return FALSE;
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

/* What is prescribed at the end of the path: the linear load, longer. */
static GArray *
prescribed_at_end (const OssFemModel *model, double scale)
{
  GArray *prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  g_array_append_vals (prescribed, model->prescribed, (guint) model->n_prescribed);
  for (guint i = 0; i < prescribed->len; i++)
    g_array_index (prescribed, OssNodal, i).value *= scale;
  return prescribed;
}

static gboolean
find_yield (const OssStudyOptions *options, OssSimulateResult *simulate, GError **error)
{
  const OssLaw *law = simulate->chain.law;
  const OssYieldLaw *yield = oss_yield_find (options->yield_law, law, error);

  if (yield == NULL || !oss_yield_rule_init (&simulate->yield, yield, law, error))
    return FALSE;
  simulate->criterion = yield->criterion;
  return options->criterion == NULL || oss_criterion_from_name (options->criterion, &simulate->criterion, error);
}

gboolean
oss_study_load_beyond_yield (const OssStudyOptions *options, const OssFemModel *model, OssSimulateResult *simulate,
                             const OssTick *tick, GError **error)
{
  double height_mm = simulate->strength.height_mm;
  g_autofree double *compression = NULL, *tension = NULL;

  simulate->final_strain = options->final_strain > 0.0 ? options->final_strain : FINAL_STRAIN;
  if (!find_yield (options, simulate, error))
    return FALSE;
  oss_fem_yield (&simulate->yield, model->modulus_mpa, model->mesh->n_elements, &compression, &tension);
  const OssFemPlasticity plasticity = { .criterion = simulate->criterion,
                                        .compression_mpa = compression,
                                        .tension_mpa = tension };
  const OssFemPath path = { .displacement_mm = simulate->final_strain * height_mm,
                            .height_mm = height_mm,
                            .increments = options->increments,
                            .maximum_iterations = options->newton_iterations };
  g_autoptr (GArray) prescribed = prescribed_at_end (model, path.displacement_mm / simulate->displacement_mm);
  OssFemModel whole = *model;
  whole.prescribed = (const OssNodal *) (void *) prescribed->data;
  simulate->curve = oss_fem_solve_nonlinear (&whole, &plasticity, &path, tick, error);
  return simulate->curve != NULL;
}

void
oss_study_warn_nonlinear (const OssSimulateResult *simulate, const OssMesh *mesh, GPtrArray *warnings)
{
  const OssFemCurve *curve = simulate->curve;
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];
  double reached_percent = 100.0 * end->displacement_mm / simulate->strength.height_mm;

  if (!curve->converged)
    g_ptr_array_add (warnings,
                     g_strdup_printf (_ ("The nonlinear solution stopped converging after %.2f %% apparent strain of "
                                         "%.2f %%, with %d cut increments; the curve ends there."),
                                      reached_percent, 100.0 * simulate->final_strain, curve->cuts));
  if (oss_fem_curve_is_bound (curve))
    g_ptr_array_add (warnings,
                     g_strdup_printf (_ ("The load still rises at the end of the curve (%.2f %% apparent strain): the "
                                         "plateau is a lower bound."),
                                      reached_percent));
  if (!isfinite (curve->offset_n))
    g_ptr_array_add (warnings,
                     /* xgettext:no-c-format */
                     g_strdup (_ ("There is no offset yield: the curve does not reach the 0.2 % offset line, or its "
                                  "increments are too coarse there.")));
  if (mesh->kind != OSS_ELEMENT_TET10)
    g_ptr_array_add (warnings, g_strdup (_ ("Linear elements answer plastic flow too stiffly; the curve of quadratic "
                                            "tetrahedra lies lower.")));
}
