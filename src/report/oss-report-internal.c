/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-internal.h"

#include "report/oss-report-builder.h"

#include <math.h>
#include <string.h>

void
oss_report_internal_take (OssReportInternal *self, const OssInternalFit *fit)
{
  self->fit = *fit;
  memcpy (self->regions, fit->tissues->of, sizeof self->regions);
  self->aorta_hu = fit->tissues->aorta_hu;
  self->contrast = fit->tissues->contrast;
  self->fit.tissues = NULL;
  self->fit.notes = NULL;
}

static void
add_tissue (JsonBuilder *builder, const OssReportInternal *self, OssOwnTissue tissue)
{
  const OssOwnRegion *region = &self->regions[tissue];
  const OssInternalPoint *point = &self->fit.points[tissue];

  json_builder_begin_object (builder);
  oss_json_string (builder, "tissue", oss_own_tissue_key (tissue));
  oss_json_flag (builder, "automatic", !region->given);
  oss_json_flag (builder, "used", region->used);
  oss_json_double (builder, "mean_hu", region->found ? region->mean_hu : NAN);
  oss_json_double (builder, "sd_hu", region->found ? region->sd_hu : NAN);
  oss_json_double (builder, "standard_error_hu", region->found ? region->standard_error_hu : NAN);
  oss_json_int (builder, "voxels", (gint64) region->voxels);
  oss_json_double (builder, "area_mm2", region->area_mm2);
  if (region->found)
    oss_json_doubles (builder, "centre_mm", region->centre_mm, 3);
  else
    oss_json_null (builder, "centre_mm");
  oss_json_double (builder, "expected_hu", point->expected_hu);
  oss_json_double (builder, "expected_sd_hu", point->sd_hu);
  oss_json_double (builder, "density_g_cm3", point->density_g_cm3);
  oss_json_string (builder, "note", region->note);
  json_builder_end_object (builder);
}

void
oss_json_internal (JsonBuilder *builder, const OssReportInternal *self)
{
  const OssInternalFit *fit = &self->fit;
  const double range[2] = { fit->energy_low_kev, fit->energy_high_kev };

  oss_json_string (builder, "model", oss_internal_model_name (fit->model));
  oss_json_double (builder, "effective_energy_kev", fit->energy_kev);
  oss_json_double (builder, "effective_energy_sd_kev", fit->energy_sd_kev);
  oss_json_doubles (builder, "searched_kev", range, 2);
  oss_json_double (builder, "expected_energy_kev", fit->expected_kev);
  oss_json_double (builder, "expected_energy_sd_kev", fit->expected_sd_kev);
  oss_json_double (builder, "shift_hu", fit->shift_hu);
  oss_json_double (builder, "shift_sd_hu", fit->shift_sd_hu);
  oss_json_double (builder, "chi2", fit->chi2);
  oss_json_double (builder, "hu_per_mg_cm3", fit->slope_hu);
  oss_json_doubles (builder, "polynomial", fit->quadratic, 3);
  oss_json_double (builder, "aorta_hu", self->aorta_hu);
  oss_json_flag (builder, "contrast", self->contrast);
  json_builder_set_member_name (builder, "tissues");
  json_builder_begin_array (builder);
  for (int t = 0; t < OSS_OWN_N; t++)
    add_tissue (builder, self, (OssOwnTissue) t);
  json_builder_end_array (builder);
}
