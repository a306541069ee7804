/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-input.h"

#include <json-glib/json-glib.h>

static void
add_numbers (JsonBuilder *builder, const char *name, const double *values, int n)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (int i = 0; i < n; i++)
    json_builder_add_double_value (builder, values[i]);
  json_builder_end_array (builder);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

static void
add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_flag (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

static char *
to_text (JsonBuilder *builder)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (builder);

  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  g_autofree char *text = json_generator_to_data (generator, NULL);
  return g_strconcat (text, "\n", NULL);
}

static void
add_geometry (JsonBuilder *builder, const OssGrid *grid)
{
  json_builder_set_member_name (builder, "size");
  json_builder_begin_array (builder);
  for (int a = 0; a < 3; a++)
    json_builder_add_int_value (builder, grid->size[a]);
  json_builder_end_array (builder);
  add_numbers (builder, "spacing_mm", grid->spacing, 3);
  add_numbers (builder, "origin_mm", grid->origin, 3);
  add_numbers (builder, "direction", grid->direction, 9);
}

static void
add_series (JsonBuilder *builder, const OssSeries *series)
{
  json_builder_begin_object (builder);
  add_string (builder, "uid", series->series_uid);
  add_string (builder, "study_uid", series->study_uid);
  add_string (builder, "path", series->folder);
  add_string (builder, "description", series->series_description);
  add_int (builder, "number", series->series_number);
  add_string (builder, "modality", series->modality);
  add_string (builder, "verdict", oss_verdict_name (series->verdict));
  json_builder_set_member_name (builder, "reasons");
  json_builder_begin_array (builder);
  for (guint i = 0; i < series->reasons->len; i++)
    {
      const OssReason *reason = series->reasons->pdata[i];
      json_builder_begin_object (builder);
      add_string (builder, "code", reason->code);
      add_string (builder, "severity", reason->severity == OSS_REASON_REFUSAL ? "refusal" : "note");
      add_string (builder, "text", reason->text);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  if (series->has_grid)
    add_geometry (builder, &series->grid);
  add_string (builder, "kernel", series->kernel);
  add_double (builder, "kvp", series->kvp > 0.0 ? series->kvp : NAN);
  add_double (builder, "exposure_mas", series->exposure_mas > 0.0 ? series->exposure_mas : NAN);
  add_string (builder, "contrast", series->contrast);
  add_double (builder, "tilt_deg", series->tilt_deg);
  add_int (builder, "slices", series->files->len);
  json_builder_end_object (builder);
}

char *
oss_report_series_json (const OssSeriesList *list)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "program", "ossature");
  add_string (builder, "version", OSS_VERSION);
  add_int (builder, "files_seen", list->files_seen);
  add_int (builder, "files_not_dicom", list->files_not_dicom);
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
  return to_text (builder);
}

char *
oss_report_mesh_json (const OssMesh *mesh, const OssMeshQuality *quality, const char *source)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "program", "ossature");
  add_string (builder, "version", OSS_VERSION);
  add_string (builder, "source", source);
  json_builder_set_member_name (builder, "mesh");
  json_builder_begin_object (builder);
  add_string (builder, "kind", oss_element_name (mesh->kind));
  add_int (builder, "elements", (gint64) quality->elements);
  add_int (builder, "nodes", (gint64) quality->nodes);
  add_int (builder, "dof", (gint64) quality->dof);
  add_double (builder, "volume_mm3", quality->volume_mm3);
  add_double (builder, "mask_volume_mm3", quality->mask_volume_mm3);
  add_double (builder, "minimum_dihedral_deg", quality->minimum_dihedral_deg);
  add_double (builder, "minimum_radius_ratio", quality->minimum_radius_ratio);
  add_double (builder, "mean_radius_ratio", quality->mean_radius_ratio);
  add_flag (builder, "closed", quality->closed);
  add_flag (builder, "manifold", quality->manifold);
  add_int (builder, "islands", quality->islands);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return to_text (builder);
}
