/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-record.h"

#include "report/oss-report-builder.h"

#include <math.h>
#include <stdio.h>

struct _OssReportRecord
{
  JsonBuilder *builder;
};

OssReportRecord *
oss_report_record_new (const char *engine)
{
  OssReportRecord *self = g_new0 (OssReportRecord, 1);

  self->builder = json_builder_new ();
  json_builder_begin_object (self->builder);
  oss_json_string (self->builder, "program", "ossature");
  oss_json_string (self->builder, "version", OSS_VERSION);
  oss_json_string (self->builder, "engine", engine);
  return self;
}

void
oss_report_record_free (OssReportRecord *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->builder);
  g_free (self);
}

void
oss_report_record_string (OssReportRecord *self, const char *name, const char *value)
{
  oss_json_string (self->builder, name, value);
}

void
oss_report_record_double (OssReportRecord *self, const char *name, double value)
{
  oss_json_double (self->builder, name, value);
}

void
oss_report_record_int (OssReportRecord *self, const char *name, gint64 value)
{
  oss_json_int (self->builder, name, value);
}

void
oss_report_record_flag (OssReportRecord *self, const char *name, gboolean value)
{
  oss_json_flag (self->builder, name, value);
}

void
oss_report_record_doubles (OssReportRecord *self, const char *name, const double *values, int n)
{
  oss_json_doubles (self->builder, name, values, n);
}

void
oss_report_record_ints (OssReportRecord *self, const char *name, const int *values, int n)
{
  oss_json_ints (self->builder, name, values, n);
}

void
oss_report_record_strings (OssReportRecord *self, const char *name, const char *const *values, int n)
{
  json_builder_set_member_name (self->builder, name);
  json_builder_begin_array (self->builder);
  for (int i = 0; i < n; i++)
    json_builder_add_string_value (self->builder, values[i]);
  json_builder_end_array (self->builder);
}

void
oss_report_record_matrix (OssReportRecord *self, const char *name, const double *values, int n)
{
  json_builder_set_member_name (self->builder, name);
  json_builder_begin_array (self->builder);
  for (int i = 0; i < n; i++)
    {
      json_builder_begin_array (self->builder);
      for (int j = 0; j < n; j++)
        if (isfinite (values[n * i + j]))
          json_builder_add_double_value (self->builder, values[n * i + j]);
        else
          json_builder_add_null_value (self->builder);
      json_builder_end_array (self->builder);
    }
  json_builder_end_array (self->builder);
}

void
oss_report_record_begin (OssReportRecord *self, const char *name)
{
  oss_json_begin (self->builder, name);
}

void
oss_report_record_end (OssReportRecord *self)
{
  json_builder_end_object (self->builder);
}

void
oss_report_record_strength (OssReportRecord *self, const OssStrength *strength, const OssReportNonlinear *nonlinear)
{
  oss_json_estimators (self->builder, strength, nonlinear->curve);
  oss_json_nonlinear (self->builder, nonlinear);
}

void
oss_report_record_file (OssReportRecord *self, const char *name, const char *path)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  FILE *file = path != NULL ? fopen (path, "rb") : NULL;
  guint8 buffer[65536];
  gsize n;

  if (file == NULL)
    {
      oss_json_null (self->builder, name);
      return;
    }
  while ((n = fread (buffer, 1, sizeof buffer, file)) > 0)
    g_checksum_update (sum, buffer, (gssize) n);
  fclose (file);
  g_autofree char *base = g_path_get_basename (path);
  oss_json_begin (self->builder, name);
  oss_json_string (self->builder, "file", base);
  oss_json_string (self->builder, "sha256", g_checksum_get_string (sum));
  json_builder_end_object (self->builder);
}

char *
oss_report_record_text (OssReportRecord *self)
{
  json_builder_end_object (self->builder);
  return oss_json_text (self->builder);
}
