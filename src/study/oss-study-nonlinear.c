/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The curve beyond yield: options, the run on the model that was solved linearly, and what to say about it. */
#include "study/oss-study-private.h"

static OssYieldingOptions
yielding_options (const OssStudyOptions *options)
{
  return (OssYieldingOptions){ .yield_law = options->yield_law,
                               .criterion = options->criterion,
                               .post_yield = options->post_yield,
                               .final_strain = options->final_strain,
                               .increments = options->increments,
                               .newton_iterations = options->newton_iterations };
}

static const char *
post_yield_of (const OssStudyOptions *options)
{
  return options->post_yield != NULL ? options->post_yield : "perfect";
}

gboolean
oss_study_same_nonlinear (const OssStudyOptions *a, const OssStudyOptions *b)
{
  if (!a->nonlinear && !b->nonlinear)
    return TRUE;
  return a->nonlinear == b->nonlinear && g_strcmp0 (a->yield_law, b->yield_law) == 0
         && g_strcmp0 (a->criterion, b->criterion) == 0 && g_strcmp0 (post_yield_of (a), post_yield_of (b)) == 0
         && a->final_strain == b->final_strain && a->increments == b->increments
         && a->newton_iterations == b->newton_iterations;
}

gboolean
oss_study_check_nonlinear (const OssStudyOptions *options, GError **error)
{
  const OssYieldingOptions yielding = yielding_options (options);

  return oss_yielding_options_check (&yielding, error);
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

gboolean
oss_study_load_beyond_yield (const OssStudyOptions *options, const OssFemModel *model, OssSimulateResult *simulate,
                             const OssTick *tick, GError **error)
{
  const OssYieldingOptions given = yielding_options (options);
  g_autofree double *compression = NULL, *tension = NULL;

  if (!oss_yielding_init (&simulate->yielding, &given, simulate->chain.law, error))
    return FALSE;
  oss_fem_yield (&simulate->yielding.rule, model->modulus_mpa, model->mesh->n_elements, &compression, &tension);
  const OssFemPlasticity plasticity = oss_yielding_plasticity (&simulate->yielding, compression, tension);
  const OssFemPath path = oss_yielding_path (&simulate->yielding, simulate->strength.height_mm);
  if (simulate->capped != NULL)
    {
      simulate->curve = oss_fem_capped_solve_nonlinear (simulate->capped, model, simulate->displacement_mm, &plasticity,
                                                        &path, tick, error);
      return simulate->curve != NULL;
    }
  g_autoptr (GArray) prescribed = prescribed_at_end (model, path.displacement_mm / simulate->displacement_mm);
  OssFemModel whole = *model;
  whole.prescribed = (const OssNodal *) (void *) prescribed->data;
  simulate->curve = oss_fem_solve_nonlinear (&whole, &plasticity, &path, tick, error);
  return simulate->curve != NULL;
}

void
oss_study_warn_nonlinear (const OssSimulateResult *simulate, const OssMesh *mesh, GPtrArray *warnings)
{
  oss_yielding_warn (&simulate->yielding, simulate->curve, simulate->strength.height_mm,
                     mesh->kind == OSS_ELEMENT_TET10, warnings);
}
