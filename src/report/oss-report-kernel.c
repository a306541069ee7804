/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels in JSON: the correction of an image, the table, a measurement. */
#include "report/oss-report-kernel.h"

#include "report/oss-report-builder.h"

#include <math.h>

static void
add_members (JsonBuilder *builder, const OssKernel *kernel)
{
  gboolean known = kernel->status != OSS_KERNEL_NO_MTF && kernel->f50 > 0.0;

  oss_json_string (builder, "name", kernel->name);
  oss_json_string (builder, "manufacturer", kernel->maker);
  oss_json_string (builder, "model", kernel->model);
  oss_json_string (builder, "class", oss_kernel_class_name (kernel->sharpness));
  oss_json_double (builder, "f50_lp_per_cm", known ? kernel->f50 : NAN);
  oss_json_double (builder, "f10_lp_per_cm", known ? oss_kernel_f10 (kernel) : NAN);
  oss_json_double (builder, "exponent", known ? kernel->exponent : NAN);
  oss_json_double (builder, "overshoot", known ? kernel->overshoot : NAN);
  oss_json_double (builder, "overshoot_at_lp_per_cm", known && kernel->overshoot > 0.0 ? kernel->peak : NAN);
  oss_json_string (builder, "mtf_status", oss_kernel_status_name (kernel->status));
  oss_json_string (builder, "mtf_source", kernel->source);
  oss_json_flag (builder, "own", kernel->own);
}

static void
add_kernel (JsonBuilder *builder, const char *name, const OssKernel *kernel)
{
  oss_json_begin (builder, name);
  add_members (builder, kernel);
  json_builder_end_object (builder);
}

/* "measured_from": what the scan itself showed of one kernel beside the table. */
static void
add_sight (JsonBuilder *builder, const char *name, const OssKernelCorrected *self, int side)
{
  const OssKernelSight *sight = &self->sights[side];
  const OssKernel *table = &self->table[side];
  gboolean known = table->status != OSS_KERNEL_NO_MTF && table->f50 > 0.0;

  oss_json_begin (builder, name);
  oss_json_flag (builder, "measured", sight->measured);
  oss_json_int (builder, "rods", sight->measured ? sight->rods.n_rods : 0);
  oss_json_string (builder, "phantom", sight->measured ? sight->rods.phantom : NULL);
  oss_json_double (builder, "half_lp_per_cm", sight->measured ? sight->rods.half_lp_cm : NAN);
  oss_json_double (builder, "half_error_lp_per_cm", sight->measured ? sight->rods.half_error_lp_cm : NAN);
  oss_json_double (builder, "table_half_lp_per_cm", known ? oss_kernel_half (table) : NAN);
  oss_json_double (builder, "weight", self->belief.weight[side]);
  oss_json_double (builder, "uncertainty_percent", self->belief.error[side] * 100.0);
  oss_json_string (builder, "why_not_measured", sight->why_not);
  json_builder_end_object (builder);
}

static void
add_belief (JsonBuilder *builder, const OssKernelCorrected *self)
{
  if (!self->believed)
    {
      oss_json_null (builder, "mtf");
      return;
    }
  oss_json_begin (builder, "mtf");
  add_sight (builder, "from", self, 0);
  add_sight (builder, "to", self, 1);
  oss_json_double (builder, "carried_over", self->belief.carried);
  oss_json_flag (builder, "conflict", self->belief.conflict);
  json_builder_end_object (builder);
}

void
oss_json_correction (JsonBuilder *builder, const OssKernelCorrected *self)
{
  if (self == NULL)
    {
      oss_json_null (builder, "kernel_correction");
      return;
    }
  oss_json_begin (builder, "kernel_correction");
  oss_json_flag (builder, "applied", self->done);
  add_kernel (builder, "from", &self->plan.from);
  add_kernel (builder, "to", &self->plan.to);
  add_belief (builder, self);
  gboolean thicker = self->plan.to_thickness_mm > self->plan.from_thickness_mm;
  oss_json_double (builder, "slice_thickness_mm", thicker ? self->plan.to_thickness_mm : NAN);
  oss_json_double (builder, "noise_ratio", self->done ? self->report.noise_ratio : NAN);
  oss_json_double (builder, "largest_gain", self->done ? self->report.largest_gain : NAN);
  oss_json_double (builder, "held_back_above_lp_per_cm", self->done ? self->report.held_back_lp_cm : NAN);
  oss_json_double (builder, "nyquist_lp_per_cm", self->done ? self->report.nyquist_lp_cm : NAN);
  oss_json_double (builder, "modulation_at_nyquist", self->done ? self->report.modulation_beyond : NAN);
  oss_json_string (builder, "text", self->words);
  json_builder_end_object (builder);
}

char *
oss_report_correction_json (const OssLoadResult *load, const char *output)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  oss_json_string (builder, "program", "ossature");
  oss_json_string (builder, "version", OSS_VERSION);
  oss_json_string (builder, "series_uid", load->series != NULL ? load->series->series_uid : NULL);
  oss_json_string (builder, "input_sha256", load->hash);
  oss_json_string (builder, "kernel", load->series != NULL ? load->series->kernel : NULL);
  oss_json_correction (builder, load->correction);
  oss_json_string (builder, "output", output);
  json_builder_end_object (builder);
  return oss_json_text (builder);
}

char *
oss_report_kernels_json (const GArray *kernels)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "kernels");
  json_builder_begin_array (builder);
  for (guint i = 0; i < kernels->len; i++)
    {
      json_builder_begin_object (builder);
      add_members (builder, &g_array_index (kernels, OssKernel, i));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return oss_json_text (builder);
}

char *
oss_report_kernel_measurement_json (const OssKernelMeasurement *self, const char *kept)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_kernel (builder, "kernel", &self->kernel);
  oss_json_double (builder, "f50_error_lp_per_cm", self->f50_error);
  oss_json_doubles (builder, "centre_mm", self->centre_mm, 3);
  oss_json_double (builder, "radius_mm", self->radius_mm);
  oss_json_double (builder, "inside_hu", self->inside_hu);
  oss_json_double (builder, "outside_hu", self->outside_hu);
  oss_json_double (builder, "rms_hu", self->rms_hu);
  oss_json_double (builder, "circle_used", self->sectors_used);
  oss_json_int (builder, "slices", self->slices);
  oss_json_int (builder, "pixels", (gint64) self->pixels);
  json_builder_set_member_name (builder, "mtf");
  json_builder_begin_array (builder);
  for (int m = 0; m < OSS_KERNEL_MODULATIONS; m++)
    if (isfinite (self->modulation[m]))
      {
        json_builder_begin_object (builder);
        oss_json_double (builder, "lp_per_cm", 0.5 * m);
        oss_json_double (builder, "profile", self->modulation[m]);
        oss_json_double (builder, "fit", oss_kernel_mtf (&self->kernel, 0.5 * m));
        json_builder_end_object (builder);
      }
  json_builder_end_array (builder);
  oss_json_string (builder, "kept_in", kept);
  json_builder_end_object (builder);
  return oss_json_text (builder);
}
