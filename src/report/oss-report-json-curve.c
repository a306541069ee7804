/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strengths by estimator and the curve beyond yield: the same members in every result.json. */
#include "base/oss-file.h"
#include "report/oss-report-builder.h"

#include <math.h>

void
oss_json_estimators (JsonBuilder *builder, const OssStrength *strength, const OssFemCurve *curve)
{
  oss_json_begin (builder, "strength_estimators");
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    oss_json_double (builder, oss_estimator ((OssEstimatorId) i)->key,
                     oss_estimator_value ((OssEstimatorId) i, strength, curve));
  json_builder_end_object (builder);
  oss_json_begin (builder, "strength_comparable_with");
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    oss_json_string (builder, oss_estimator ((OssEstimatorId) i)->key, oss_estimator ((OssEstimatorId) i)->comparable);
  json_builder_end_object (builder);
}

static void
add_point (JsonBuilder *builder, const OssReportNonlinear *self, const OssLoadPoint *point)
{
  json_builder_begin_object (builder);
  oss_json_double (builder, "displacement_mm", point->displacement_mm);
  oss_json_double (builder, "prescribed_mm", point->driven_mm);
  oss_json_double (builder, "apparent_strain", point->displacement_mm / self->height_mm);
  oss_json_double (builder, "reaction_n", point->reaction_n);
  oss_json_double (builder, "yielded_volume_fraction", point->yielded_mm3 / self->curve->volume_mm3);
  oss_json_double (builder, "residual", point->residual);
  oss_json_int (builder, "newton_iterations", point->iterations);
  oss_json_int (builder, "linear_iterations", point->linear_iterations);
  oss_json_double (builder, "work_nmm", point->work_nmm);
  oss_json_double (builder, "stored_nmm", point->stored_nmm);
  oss_json_double (builder, "dissipated_nmm", point->dissipated_nmm);
  json_builder_end_object (builder);
}

void
oss_json_nonlinear (JsonBuilder *builder, const OssReportNonlinear *self)
{
  const OssFemCurve *curve = self->curve;

  if (curve == NULL)
    {
      oss_json_null (builder, "nonlinear");
      return;
    }
  oss_json_begin (builder, "nonlinear");
  oss_json_string (builder, "yield_law", self->yield_name);
  oss_json_string (builder, "yield_source", self->yield_source);
  oss_json_string (builder, "criterion", self->criterion);
  oss_json_string (builder, "post_yield", self->post_yield);
  oss_json_double (builder, "final_strain", self->final_strain);
  oss_json_flag (builder, "converged", curve->converged);
  oss_json_string (builder, "reason", curve->reason);
  oss_json_string (builder, "solver", curve->solver);
  oss_json_int (builder, "cut_increments", curve->cuts);
  oss_json_int (builder, "bounded_elements", (gint64) curve->n_bounded);
  oss_json_double (builder, "stiffness_n_per_mm", curve->stiffness_n_per_mm);
  oss_json_double (builder, "offset_n", curve->offset_n);
  oss_json_double (builder, "offset_mm", curve->offset_mm);
  oss_json_double (builder, "peak_n", curve->peak_n);
  oss_json_double (builder, "peak_mm", curve->peak_mm);
  oss_json_flag (builder, "falls_after_peak", curve->falling);
  oss_json_flag (builder, "plateau_is_lower_bound", oss_fem_curve_is_bound (curve));
  oss_json_double (builder, "yielded_volume_fraction", curve->yielded_share);
  json_builder_set_member_name (builder, "curve");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < curve->n_points; i++)
    add_point (builder, self, &curve->points[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/* --- curve.csv --- */

static void
add_row (GString *out, const OssFemCurve *curve, double height_mm, const OssLoadPoint *point)
{
  const double columns[] = { point->displacement_mm,   100.0 * point->displacement_mm / height_mm,
                             point->reaction_n,        100.0 * point->yielded_mm3 / curve->volume_mm3,
                             point->residual,          point->iterations,
                             point->linear_iterations, point->work_nmm,
                             point->stored_nmm,        point->dissipated_nmm,
                             point->driven_mm };

  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      char digits[G_ASCII_DTOSTR_BUF_SIZE] = "";

      if (isfinite (columns[i]))
        g_ascii_formatd (digits, sizeof digits, "%.9g", columns[i]);
      g_string_append_printf (out, i == 0 ? "%s" : ",%s", digits);
    }
  g_string_append (out, "\r\n");
}

gboolean
oss_report_write_curve (const OssFemCurve *curve, double height_mm, const char *path, GError **error)
{
  g_autoptr (GString) out =
      g_string_new ("displacement_mm,apparent_strain_percent,reaction_n,yielded_volume_percent,residual,"
                    "newton_iterations,linear_iterations,work_nmm,stored_nmm,dissipated_nmm,prescribed_mm\r\n");

  for (gsize i = 0; i < curve->n_points; i++)
    add_row (out, curve, height_mm, &curve->points[i]);
  return oss_file_write (path, out->str, out->len, error);
}
