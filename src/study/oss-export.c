/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-export-private.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "fem/oss-fem-estimators.h"
#include "fem/oss-fem-field.h"
#include "formats/oss-nifti.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static const struct
{
  const char *name;
  OssExportKinds kind;
} kind_names[] = {
  { "sr", OSS_EXPORT_SR },   { "seg", OSS_EXPORT_SEG }, { "pm", OSS_EXPORT_PM },
  { "pdf", OSS_EXPORT_PDF }, { "sc", OSS_EXPORT_SC },   { "all", OSS_EXPORT_ALL },
};

gboolean
oss_export_parse (const char *text, guint *kinds, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  *kinds = 0;
  for (int i = 0; words[i] != NULL; i++)
    {
      guint found = 0;
      g_strstrip (words[i]);
      for (gsize n = 0; n < G_N_ELEMENTS (kind_names); n++)
        if (g_ascii_strcasecmp (words[i], kind_names[n].name) == 0)
          found = kind_names[n].kind;
      if (found == 0)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("“%s” is not a kind of DICOM object: sr, seg, pm, pdf, sc or all, with commas between them."),
                       words[i]);
          return FALSE;
        }
      *kinds |= found;
    }
  return TRUE;
}

void
oss_export_free (OssExport *self)
{
  if (self == NULL)
    return;
  oss_series_free (self->series);
  g_clear_pointer (&self->volume, oss_volume_unref);
  g_clear_pointer (&self->labels, oss_labels_unref);
  g_clear_pointer (&self->von_mises, oss_volume_unref);
  oss_dicom_report_free (self->report);
  g_clear_pointer (&self->pdf, g_bytes_unref);
  g_clear_pointer (&self->picture, oss_picture_free);
  g_free (self->basis);
  g_free (self);
}

void
oss_export_set_pdf (OssExport *self, GBytes *pdf)
{
  g_bytes_ref (pdf);
  g_clear_pointer (&self->pdf, g_bytes_unref);
  self->pdf = pdf;
}

void
oss_export_set_picture (OssExport *self, const OssPicture *picture)
{
  g_clear_pointer (&self->picture, oss_picture_free);
  self->picture = oss_picture_new (picture->width, picture->height);
  memcpy (self->picture->rgba, picture->rgba, 4 * (gsize) picture->width * (gsize) picture->height);
}

const OssDicomReport *
oss_export_report (const OssExport *self)
{
  return self->report;
}

static gboolean
need_series (OssStudy *study, GError **error)
{
  const OssLoadResult *load = oss_study_get_load (study);

  if (load != NULL && load->series != NULL)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                       _ ("The image was no DICOM series: there is no study that DICOM objects could belong to."));
  return FALSE;
}

static OssVolume *
von_mises_of (OssStudy *study, const OssTick *tick, GError **error)
{
  const OssSegmentResult *segment = oss_study_get_segment (study);
  const OssMeshResult *mesh = oss_study_get_mesh (study);

  return oss_fem_field_on_grid (mesh->mesh, oss_study_get_simulate (study)->fem->von_mises, &segment->labels->grid, 0.0,
                                tick, error);
}

static void
set_text (char **to, const char *text)
{
  g_free (*to);
  *to = g_strdup (text != NULL ? text : "");
}

/* The code of each estimator in reports. */
static const char *const estimator_codes[OSS_N_ESTIMATORS] = {
  [OSS_ESTIMATOR_APPARENT_0_68] = "apparent-0.68",
  [OSS_ESTIMATOR_LINEAR_2] = "linear-2",
  [OSS_ESTIMATOR_PISTOIA] = "pistoia",
  [OSS_ESTIMATOR_OFFSET] = "offset-0.2",
  [OSS_ESTIMATOR_PLATEAU] = "plateau",
};

static void
add_density (OssDicomGroup *group, const OssSegmentResult *segment, const OssCalibrationLine *line)
{
  const char *method = line->method;

  set_text (&group->calibration, line->method);
  set_text (&group->basis, oss_basis_name (line->basis));
  group->slope = line->slope;
  group->intercept = line->intercept;
  if (!segment->has_vbmd)
    return;
  oss_dicom_group_add (group, OSS_MEASURED_VBMD, method, segment->vbmd.mean_mg_cm3);
  oss_dicom_group_add (group, OSS_MEASURED_VBMD_SD, method, segment->vbmd.sd_mg_cm3);
  oss_dicom_group_add (group, OSS_MEASURED_VBMD_UNCERTAINTY, method, segment->vbmd_uncertainty_mg_cm3);
  oss_dicom_group_add (group, OSS_MEASURED_HU, NULL, segment->vbmd.mean_hu);
}

static void
add_simulation (OssDicomGroup *group, OssStudy *study, const OssSimulateResult *simulate)
{
  const OssMesh *mesh = oss_study_get_mesh (study)->mesh;
  double size_mm = oss_study_get_options (study)->mesh.size_mm;

  oss_dicom_group_add (group, OSS_MEASURED_STIFFNESS, NULL, simulate->strength.stiffness_n_per_mm);
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    oss_dicom_group_add (group, OSS_MEASURED_STRENGTH, estimator_codes[i],
                         oss_estimator_value ((OssEstimatorId) i, &simulate->strength, simulate->curve));
  oss_dicom_group_add (group, OSS_MEASURED_VON_MISES_MEDIAN, NULL, simulate->stress.p50_mpa);
  g_free (group->model);
  group->model = oss_export_describe_model (oss_element_name (mesh->kind), size_mm, simulate->chain.law->name);
}

static void
add_group (OssExport *self, OssStudy *study)
{
  const OssSegmentResult *segment = oss_study_get_segment (study);
  OssDicomGroup *group = oss_dicom_report_add (self->report, self->vertebra);
  OssClassification class;

  set_text (&group->kernel, self->series->kernel);
  add_density (group, segment, &oss_study_get_calibrate (study)->line);
  oss_dicom_group_add (group, OSS_MEASURED_VOLUME, NULL, segment->info.volume_mm3);
  oss_dicom_group_add (group, OSS_MEASURED_HEIGHT, NULL, segment->info.frame.height_mm);
  add_simulation (group, study, oss_study_get_simulate (study));
  oss_study_classify (study, &class);
  set_text (&group->density_class, class.density_class);
}

char *
oss_export_describe_model (const char *element, double size_mm, const char *law)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (number, sizeof number, "%g", size_mm);
  return size_mm > 0.0 ? g_strdup_printf ("%s, %s mm, %s", element, number, law)
                       : g_strdup_printf ("%s, %s", element, law);
}

OssExport *
oss_export_from_study (OssStudy *study, const OssTick *tick, GError **error)
{
  g_autoptr (OssExport) self = g_new0 (OssExport, 1);
  const OssLoadResult *load = oss_study_get_load (study);

  if (!need_series (study, error))
    return NULL;
  if (oss_study_get_simulate (study) == NULL || !oss_study_is_current (study, OSS_STEP_SIMULATE))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("There is no current result to export. Run the simulation first."));
      return NULL;
    }
  const OssCalibrationLine *line = &oss_study_get_calibrate (study)->line;
  self->series = oss_series_copy (load->series);
  self->volume = oss_volume_ref (load->volume);
  self->labels = oss_labels_ref (oss_study_get_segment (study)->labels);
  self->vertebra = oss_study_get_options (study)->vertebra;
  self->drawn_by_click = oss_study_get_options (study)->labels_path == NULL;
  self->slope = line->slope;
  self->intercept = line->intercept;
  self->basis = g_strdup (oss_basis_name (line->basis));
  self->report = oss_dicom_report_new ();
  add_group (self, study);
  self->von_mises = von_mises_of (study, tick, error);
  return self->von_mises != NULL ? g_steal_pointer (&self) : NULL;
}

gboolean
oss_export_write_von_mises (OssStudy *study, const char *path, const OssTick *tick, GError **error)
{
  g_autoptr (OssVolume) field = von_mises_of (study, tick, error);

  return field != NULL
         && oss_nifti_write_volume (field, path, FALSE, "Ossature von Mises stress MPa, 0 outside", tick, error);
}

gboolean
oss_export_write_source (OssStudy *study, const char *path, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();

  if (!need_series (study, error))
    return FALSE;
  const OssSeries *series = oss_study_get_load (study)->series;
  g_autofree char *folder = g_canonicalize_filename (series->folder, NULL);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, OSS_SOURCE_PATH);
  json_builder_add_string_value (builder, folder);
  json_builder_set_member_name (builder, OSS_SOURCE_UID);
  json_builder_add_string_value (builder, series->series_uid);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  g_autofree char *text = json_generator_to_data (generator, NULL);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  return oss_file_write (path, line, strlen (line), error);
}
