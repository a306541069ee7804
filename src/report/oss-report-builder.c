/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-builder.h"

#include <math.h>

static void
add_double (JsonBuilder *builder, double value)
{
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
oss_json_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value != NULL && *value != '\0')
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
oss_json_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  add_double (builder, value);
}

void
oss_json_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
oss_json_flag (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
oss_json_null (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_null_value (builder);
}

void
oss_json_doubles (JsonBuilder *builder, const char *name, const double *values, int n)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (int i = 0; i < n; i++)
    add_double (builder, values[i]);
  json_builder_end_array (builder);
}

void
oss_json_ints (JsonBuilder *builder, const char *name, const int *values, int n)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (int i = 0; i < n; i++)
    json_builder_add_int_value (builder, values[i]);
  json_builder_end_array (builder);
}

void
oss_json_begin (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

char *
oss_json_text (JsonBuilder *builder)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (builder);

  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  g_autofree char *text = json_generator_to_data (generator, NULL);
  return g_strconcat (text, "\n", NULL);
}

void
oss_json_part (JsonBuilder *builder, const char *name, const OssVbmdPart *part)
{
  oss_json_begin (builder, name);
  oss_json_double (builder, "mean_mg_cm3", part->mean_mg_cm3);
  oss_json_double (builder, "sd_mg_cm3", part->sd_mg_cm3);
  oss_json_double (builder, "mean_hu", part->mean_hu);
  oss_json_double (builder, "volume_mm3", part->volume_mm3);
  oss_json_int (builder, "voxels", (gint64) part->voxels);
  json_builder_end_object (builder);
}
