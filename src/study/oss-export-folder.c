/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An analysis from the folder that it was left in. */
#include "study/oss-export-private.h"

#include "base/oss-i18n.h"
#include "formats/oss-nifti.h"
#include "study/oss-result-json.h"

#include <math.h>

static void
set_text (char **to, const char *from)
{
  g_free (*to);
  *to = g_strdup (from);
}

static void
add_density (OssDicomGroup *group, JsonObject *result)
{
  JsonObject *calibration = oss_result_child (result, "calibration"), *vbmd = oss_result_child (result, "vbmd");
  const char *method = oss_result_text (calibration, "method");

  set_text (&group->calibration, method);
  set_text (&group->basis, oss_result_text (calibration, "basis"));
  group->slope = oss_result_number (calibration, "slope");
  group->intercept = oss_result_number (calibration, "intercept");
  oss_dicom_group_add (group, OSS_MEASURED_VBMD, method, oss_result_number (result, "vbmd_mg_cm3"));
  oss_dicom_group_add (group, OSS_MEASURED_VBMD_SD, method, oss_result_number (vbmd, "sd_mg_cm3"));
  oss_dicom_group_add (group, OSS_MEASURED_VBMD_UNCERTAINTY, method, oss_result_number (vbmd, "uncertainty_mg_cm3"));
  oss_dicom_group_add (group, OSS_MEASURED_HU, NULL, oss_result_number (vbmd, "mean_hu"));
}

static void
add_group (OssExport *self, JsonObject *result)
{
  static const struct
  {
    const char *key, *code;
  } estimators[] = { { "apparent_0_68_percent", "apparent-0.68" },
                     { "linear_2_percent", "linear-2" },
                     { "pistoia", "pistoia" },
                     { "offset_0_2_percent", "offset-0.2" },
                     { "nonlinear_plateau", "plateau" } };
  OssDicomGroup *group = oss_dicom_report_add (self->report, self->vertebra);
  JsonObject *segmentation = oss_result_child (result, "segmentation"),
             *strengths = oss_result_child (result, "strength_estimators");

  set_text (&group->kernel, oss_result_text (result, "kernel"));
  set_text (&group->density_class, oss_result_text (oss_result_child (result, "classification"), "class"));
  add_density (group, result);
  oss_dicom_group_add (group, OSS_MEASURED_VOLUME, NULL, oss_result_number (segmentation, "volume_mm3"));
  oss_dicom_group_add (group, OSS_MEASURED_HEIGHT, NULL, oss_result_number (segmentation, "body_height_mm"));
  oss_dicom_group_add (group, OSS_MEASURED_STIFFNESS, NULL, oss_result_number (result, "stiffness_n_per_mm"));
  for (gsize i = 0; i < G_N_ELEMENTS (estimators); i++)
    oss_dicom_group_add (group, OSS_MEASURED_STRENGTH, estimators[i].code,
                         oss_result_number (strengths, estimators[i].key));
  oss_dicom_group_add (group, OSS_MEASURED_VON_MISES_MEDIAN, NULL,
                       oss_result_number (oss_result_child (result, "stress"), "von_mises_p50_mpa"));
  g_free (group->model);
  group->model = oss_export_describe_model (oss_result_text (result, "engine"),
                                            oss_result_number (oss_result_child (result, "mesh"), "size_mm"),
                                            oss_result_text (oss_result_child (result, "material"), "law"));
}

/* The series that was analysed, where it is now. */
static OssSeries *
find_series (const char *folder, const char *source, JsonObject *result, const OssTick *tick, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *uid = oss_result_text (oss_result_child (result, "input"), "series_uid"),
             *hash = oss_result_text (oss_result_child (result, "input"), "sha256");
  OssTick scan = oss_tick_part (tick, 0.0, 0.6), sum = oss_tick_part (tick, 0.6, 1.0);
  g_autoptr (GError) reason = NULL;

  if (uid[0] == '\0')
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                           _ ("The image was no DICOM series: there is no study that DICOM objects could belong to."));
      return NULL;
    }
  JsonObject *where = source == NULL ? oss_result_read (parser, folder, "source.json", error) : NULL;
  const char *paths[2] = { source != NULL  ? source
                           : where != NULL ? oss_result_text (where, OSS_SOURCE_PATH)
                                           : NULL,
                           NULL };
  if (paths[0] == NULL)
    return NULL;
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, &scan, &reason);
  /* It was analysed: a tilt was no obstacle then. */
  if (list != NULL)
    oss_series_list_resample_tilt (list);
  const OssSeries *series = list != NULL ? oss_series_pick (list, uid, NULL, &reason) : NULL;
  if (g_error_matches (reason, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  if (series == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                   _ ("The CT series of this analysis is not in “%s” any more (%s). Its patient, study and images have "
                      "to be named in DICOM objects: say where it lies now (--source PATH)."),
                   paths[0], reason->message);
      return NULL;
    }
  g_autofree char *now = oss_series_hash (series, &sum, error);
  if (now == NULL)
    return NULL;
  if (hash[0] == '\0' || g_str_equal (now, hash))
    return oss_series_copy (series);
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("The CT series in “%s” is not what it was when it was analysed: its files have changed."), paths[0]);
  return NULL;
}

/* The vertebra and room around it, cut out of labels on the whole image. */
static OssLabels *
read_labels (const char *folder, const OssGrid *grid, const OssTick *tick, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "labels.nii.gz", NULL);
  g_autoptr (OssLabels) all = oss_nifti_read_labels (path, tick, error);
  int low[3], high[3];

  if (all == NULL)
    return NULL;
  if (!oss_grid_equal (&all->grid, grid, 0.1) || !oss_labels_box (all, 0, low, high))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s” does not fit the CT series."), path);
      return NULL;
    }
  for (int a = 0; a < 3; a++)
    {
      int margin = (int) ceil (OSS_EXPORT_MARGIN_MM / grid->spacing[a]);
      low[a] = MAX (low[a] - margin, 0);
      high[a] = MIN (high[a] + margin, grid->size[a] - 1);
    }
  OssLabels *box = oss_labels_crop (all, low, high, error);
  for (gsize i = 0; box != NULL && i < oss_grid_count (&box->grid); i++)
    box->data[i] = box->data[i] != 0;
  /* The file keeps places as 32-bit numbers: those of the series are the right ones. */
  if (box != NULL && !oss_grid_crop (grid, low, high, &box->grid, error))
    g_clear_pointer (&box, oss_labels_unref);
  return box;
}

static gboolean
read_von_mises (OssExport *self, const char *folder, const OssTick *tick, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "von_mises.nii.gz", NULL);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE; /* missed only when maps are asked for */
  self->von_mises = oss_nifti_read_volume (path, OSS_QUANTITY_OTHER, tick, error);
  if (self->von_mises == NULL)
    return FALSE;
  if (!oss_grid_equal (&self->von_mises->grid, &self->labels->grid, 0.1))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s” does not fit the CT series."), path);
      return FALSE;
    }
  self->von_mises->grid = self->labels->grid;
  return TRUE;
}

OssExport *
oss_export_from_folder (const char *folder, const char *source, const OssTick *tick, GError **error)
{
  g_autoptr (OssExport) self = g_new0 (OssExport, 1);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *result = oss_result_read (parser, folder, "result.json", error);
  OssTick find = oss_tick_part (tick, 0.0, 0.8), rest = oss_tick_part (tick, 0.8, 1.0);

  if (result == NULL || (self->series = find_series (folder, source, result, &find, error)) == NULL
      || (self->labels = read_labels (folder, &self->series->grid, &rest, error)) == NULL
      || !read_von_mises (self, folder, NULL, error))
    return NULL;
  self->vertebra = oss_vertebra_from_name (oss_result_text (result, "vertebra"));
  self->drawn_by_click = g_str_equal (oss_result_text (oss_result_child (result, "segmentation"), "method"), "click");
  self->slope = oss_result_number (oss_result_child (result, "calibration"), "slope");
  self->intercept = oss_result_number (oss_result_child (result, "calibration"), "intercept");
  self->basis = g_strdup (oss_result_text (oss_result_child (result, "calibration"), "basis"));
  self->report = oss_dicom_report_new ();
  set_text (&self->report->version, oss_result_text (result, "version"));
  add_group (self, result);
  return g_steal_pointer (&self);
}
