/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What both kinds of "solve" say of the load beyond yield. */
#include "cli/oss-cli-solve.h"

#include "base/oss-i18n.h"
#include "base/oss-vector.h"
#include "fem/oss-fem-summary.h"

#include <math.h>

OssFemCurve *
oss_cli_solved_load (OssCliSolved *self, const OssYielding *yielding, double height_mm, const OssTick *tick,
                     GError **error)
{
  OssFemModel model = *self->model;
  gint64 begin = g_get_monotonic_time ();
  double move[3], height;
  g_autofree double *compression = NULL, *tension = NULL;

  if (!oss_fem_approach (&model, move, &height, error))
    return NULL;
  double moved_mm = oss_norm (move);
  oss_fem_strength_of (&model, self->result, 2.0 * self->result->work / moved_mm, moved_mm,
                       height_mm > 0.0 ? height_mm : height, &self->strength);
  const OssFemPath path = oss_yielding_path (yielding, self->strength.height_mm);
  oss_fem_yield (&yielding->rule, model.modulus_mpa, model.mesh->n_elements, &compression, &tension);
  const OssFemPlasticity plasticity = oss_yielding_plasticity (yielding, compression, tension);
  g_autofree OssNodal *prescribed = g_memdup2 (model.prescribed, model.n_prescribed * sizeof *prescribed);
  for (gsize i = 0; i < model.n_prescribed; i++)
    prescribed[i].value *= path.displacement_mm / moved_mm;
  model.prescribed = prescribed;
  OssFemCurve *curve = oss_fem_solve_nonlinear (&model, &plasticity, &path, tick, error);
  self->yielding = yielding;
  self->curve = curve;
  self->curve_seconds = (double) (g_get_monotonic_time () - begin) / 1e6;
  return curve;
}

void
oss_cli_curve_record (OssReportRecord *record, const OssStrength *strength, const OssYielding *yielding,
                      const OssFemCurve *curve)
{
  OssReportNonlinear nonlinear = { .curve = curve };

  if (curve == NULL)
    {
      oss_report_record_strength (record, strength, &nonlinear);
      return;
    }
  g_autofree char *post_yield = oss_post_yield_text (&yielding->post_yield);
  nonlinear.height_mm = strength->height_mm;
  nonlinear.final_strain = yielding->final_strain;
  nonlinear.yield_name = yielding->rule.yield->name;
  nonlinear.yield_source = yielding->rule.yield->power.source;
  nonlinear.criterion = oss_criterion_name (yielding->criterion);
  nonlinear.post_yield = post_yield;
  oss_report_record_strength (record, strength, &nonlinear);
}

void
oss_cli_curve_print (GString *text, const OssStrength *strength, const OssYielding *yielding, const OssFemCurve *curve)
{
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    {
      double newton = oss_estimator_value ((OssEstimatorId) i, strength, curve);

      if (isfinite (newton))
        g_string_append_printf (text, _ ("strength %.6g N (%s)\n"), newton,
                                _ (oss_estimator ((OssEstimatorId) i)->name));
    }
  if (curve == NULL)
    return;
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];
  g_autofree char *post_yield = oss_post_yield_describe (&yielding->post_yield);
  g_string_append_printf (
      text,
      _ ("beyond yield: %zu increments to %.4g %% strain, largest load %.6g N at %.4g mm, %.3g %% of "
         "the volume yielded\n"),
      curve->n_points - 1, 100.0 * end->displacement_mm / strength->height_mm, curve->peak_n, curve->peak_mm,
      100.0 * curve->yielded_share);
  g_string_append_printf (text, _ ("yield law: %s, %s, %s\n"), _ (yielding->rule.yield->title),
                          oss_criterion_name (yielding->criterion), post_yield);
}

gboolean
oss_cli_curve_write (OssCliOutput *output, const OssFemCurve *curve, double height_mm, GError **error)
{
  g_autofree char *path = oss_cli_output_path (output, "curve.csv");

  return oss_report_write_curve (curve, height_mm, path, error);
}

gboolean
oss_cli_curve_check (const OssFemCurve *curve, GError **error)
{
  if (curve == NULL || curve->converged)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The nonlinear solution did not converge: %s."), curve->reason);
  return FALSE;
}
