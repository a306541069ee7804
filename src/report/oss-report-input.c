/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-input.h"

#include "report/oss-report-builder.h"

#include <math.h>

static void
add_geometry (JsonBuilder *builder, const OssGrid *grid)
{
  oss_json_ints (builder, "size", grid->size, 3);
  oss_json_doubles (builder, "spacing_mm", grid->spacing, 3);
  oss_json_doubles (builder, "origin_mm", grid->origin, 3);
  oss_json_doubles (builder, "direction", grid->direction, 9);
}

static void
add_series (JsonBuilder *builder, const OssSeries *series)
{
  json_builder_begin_object (builder);
  oss_json_string (builder, "uid", series->series_uid);
  oss_json_string (builder, "study_uid", series->study_uid);
  oss_json_string (builder, "path", series->folder);
  oss_json_string (builder, "description", series->series_description);
  oss_json_int (builder, "number", series->series_number);
  oss_json_string (builder, "modality", series->modality);
  oss_json_string (builder, "verdict", oss_verdict_name (series->verdict));
  json_builder_set_member_name (builder, "reasons");
  json_builder_begin_array (builder);
  for (guint i = 0; i < series->reasons->len; i++)
    {
      const OssReason *reason = series->reasons->pdata[i];
      json_builder_begin_object (builder);
      oss_json_string (builder, "code", reason->code);
      oss_json_string (builder, "severity", oss_reason_severity_name (reason->severity));
      oss_json_string (builder, "text", reason->text);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  if (series->has_grid)
    add_geometry (builder, &series->grid);
  oss_json_string (builder, "kernel", series->kernel);
  oss_json_string (builder, "kernel_class", oss_kernel_class_name (series->kernel_class));
  if (*series->part != '\0')
    oss_json_string (builder, "part", series->part);
  oss_json_double (builder, "kvp", series->kvp > 0.0 ? series->kvp : NAN);
  oss_json_double (builder, "exposure_mas", series->exposure_mas > 0.0 ? series->exposure_mas : NAN);
  oss_json_string (builder, "contrast", series->contrast);
  oss_json_double (builder, "tilt_deg", series->tilt_deg);
  if (series->tilt.possible)
    oss_json_flag (builder, "tilt_resampled", series->tilt.resample);
  oss_json_int (builder, "slices", series->files->len);
  json_builder_end_object (builder);
}

char *
oss_report_series_json (const OssSeriesList *list)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  oss_json_string (builder, "program", "ossature");
  oss_json_string (builder, "version", OSS_VERSION);
  oss_json_int (builder, "files_seen", list->files_seen);
  oss_json_int (builder, "files_not_dicom", list->files_not_dicom);
  json_builder_set_member_name (builder, "series");
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->series->len; i++)
    add_series (builder, list->series->pdata[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "damaged");
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->damaged->len; i++)
    json_builder_add_string_value (builder, list->damaged->pdata[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return oss_json_text (builder);
}

char *
oss_report_mesh_json (const OssMesh *mesh, const OssMeshQuality *quality, const char *source)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  oss_json_string (builder, "program", "ossature");
  oss_json_string (builder, "version", OSS_VERSION);
  oss_json_string (builder, "source", source);
  oss_json_begin (builder, "mesh");
  oss_json_string (builder, "kind", oss_element_name (mesh->kind));
  oss_json_int (builder, "elements", (gint64) quality->elements);
  oss_json_int (builder, "nodes", (gint64) quality->nodes);
  oss_json_int (builder, "dof", (gint64) quality->dof);
  oss_json_double (builder, "volume_mm3", quality->volume_mm3);
  oss_json_double (builder, "mask_volume_mm3", quality->mask_volume_mm3);
  oss_json_double (builder, "minimum_dihedral_deg", quality->minimum_dihedral_deg);
  oss_json_double (builder, "minimum_radius_ratio", quality->minimum_radius_ratio);
  oss_json_double (builder, "mean_radius_ratio", quality->mean_radius_ratio);
  oss_json_flag (builder, "closed", quality->closed);
  oss_json_flag (builder, "manifold", quality->manifold);
  oss_json_int (builder, "islands", quality->islands);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return oss_json_text (builder);
}
