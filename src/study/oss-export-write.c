/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-export-private.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>

/* Files in the order in which a receiver wants them: the segmentation before the report that names it. */
typedef enum
{
  FILE_SEG,
  FILE_DENSITY,
  FILE_VON_MISES,
  FILE_SR,
  FILE_PDF,
  FILE_SC,
  N_FILES,
} File;

static const struct
{
  OssExportKinds kind;
  const char *name;
} files[N_FILES] = {
  [FILE_SEG] = { OSS_EXPORT_SEG, "seg.dcm" },
  [FILE_DENSITY] = { OSS_EXPORT_PM, "pm-density.dcm" },
  [FILE_VON_MISES] = { OSS_EXPORT_PM, "pm-von-mises.dcm" },
  [FILE_SR] = { OSS_EXPORT_SR, "sr.dcm" },
  [FILE_PDF] = { OSS_EXPORT_PDF, "pdf.dcm" },
  [FILE_SC] = { OSS_EXPORT_SC, "sc.dcm" },
};

static OssDicomSegment
segment_of (guint8 vertebra, gboolean by_click)
{
  return (OssDicomSegment){ .value = 1,
                            .vertebra = vertebra,
                            .drawn = OSS_DRAWN_SEMIAUTOMATIC,
                            .method = by_click ? "Ossature, from one click" : "Ossature, labels of another program" };
}

static gboolean
write_density (OssExport *self, OssDicomExport *objects, const char *path, const OssTick *tick, GError **error)
{
  const OssGrid *whole = &self->series->grid, *box = &self->labels->grid;
  OssTick load = oss_tick_part (tick, 0.0, 0.8);
  double first[3];
  int low[3], high[3];

  if (!isfinite (self->slope))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("There is no calibration, and therefore no map of density (leave out “pm”)."));
      return FALSE;
    }
  if (self->volume == NULL && (self->volume = oss_series_load (self->series, &load, error)) == NULL)
    return FALSE;
  oss_grid_to_index (whole, box->origin, first);
  for (int a = 0; a < 3; a++)
    {
      low[a] = (int) lround (first[a]);
      high[a] = low[a] + box->size[a] - 1;
    }
  g_autoptr (OssVolume) hu = oss_volume_crop (self->volume, low, high, error);
  g_autoptr (OssVolume) density =
      hu != NULL ? oss_volume_linear (hu, self->slope, self->intercept, OSS_QUANTITY_DENSITY, error) : NULL;
  g_autofree char *note = g_strdup_printf ("%s equivalent", self->basis);
  return density != NULL && oss_dicom_write_map (objects, density, OSS_MAP_DENSITY, note, path, tick, error);
}

static gboolean
write_von_mises (OssExport *self, OssDicomExport *objects, const char *path, const OssTick *tick, GError **error)
{
  if (self->von_mises != NULL)
    return oss_dicom_write_map (objects, self->von_mises, OSS_MAP_VON_MISES, NULL, path, tick, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                       _ ("There is no von_mises.nii.gz in the analysis: run it again with this version, or leave out "
                          "“pm”."));
  return FALSE;
}

static gboolean
write_pdf (OssExport *self, OssDicomExport *objects, const char *path, GError **error)
{
  gsize n = 0;
  const guint8 *bytes = self->pdf != NULL ? g_bytes_get_data (self->pdf, &n) : NULL;

  if (bytes != NULL)
    return oss_dicom_write_pdf (objects, bytes, n, "Strength of a vertebra, Ossature", path, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("There is no report.pdf to put into a DICOM object."));
  return FALSE;
}

static gboolean
write_picture (OssExport *self, OssDicomExport *objects, const char *path, GError **error)
{
  if (self->picture != NULL)
    return oss_dicom_write_capture (objects, self->picture, "Von Mises stress, Ossature", path, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                       _ ("There is no picture (stress.png): it was analysed on a computer without OpenGL. Leave out "
                          "“sc”."));
  return FALSE;
}

static gboolean
write_one (OssExport *self, OssDicomExport *objects, File file, const char *path, const OssTick *tick, GError **error)
{
  const OssDicomSegment segment = segment_of (self->vertebra, self->drawn_by_click);

  switch (file)
    {
    case FILE_SEG:
      return oss_dicom_write_segmentation (objects, self->labels, &segment, 1, path, tick, error);
    case FILE_DENSITY:
      return write_density (self, objects, path, tick, error);
    case FILE_VON_MISES:
      return write_von_mises (self, objects, path, tick, error);
    case FILE_SR:
      return oss_dicom_write_report (objects, self->report, path, error);
    case FILE_PDF:
      return write_pdf (self, objects, path, error);
    default:
      return write_picture (self, objects, path, error);
    }
}

static GDateTime *
content_time (void)
{
  const char *epoch = g_getenv ("SOURCE_DATE_EPOCH");

  return epoch != NULL ? g_date_time_new_from_unix_utc (g_ascii_strtoll (epoch, NULL, 10)) : NULL;
}

gboolean
oss_export_write (OssExport *self, guint kinds, guint64 seed, const char *folder, GPtrArray *paths, const OssTick *tick,
                  GError **error)
{
  g_autoptr (GDateTime) when = content_time ();
  g_autoptr (OssDicomExport) objects = oss_dicom_export_new (self->series, seed, when, error);
  g_autoptr (GPtrArray) written = g_ptr_array_new_with_free_func (g_free);
  gboolean good = objects != NULL && oss_file_prepare_folder (folder, error);

  /* A segment is named only where it goes along. */
  for (guint i = 0; i < self->report->groups->len; i++)
    ((OssDicomGroup *) g_ptr_array_index (self->report->groups, i))->segment = (kinds & OSS_EXPORT_SEG) != 0 ? 1 : 0;
  for (int i = 0; good && i < N_FILES; i++)
    {
      OssTick part = oss_tick_part (tick, (double) i / N_FILES, (i + 1.0) / N_FILES);
      if ((kinds & files[i].kind) == 0)
        continue;
      g_autofree char *path = g_build_filename (folder, files[i].name, NULL);
      good = oss_tick_report (&part, 0.0, _ ("Writing DICOM objects"), error)
             && write_one (self, objects, (File) i, path, &part, error);
      if (good)
        g_ptr_array_add (written, g_steal_pointer (&path));
    }
  for (guint i = 0; i < written->len; i++)
    if (!good)
      g_unlink (g_ptr_array_index (written, i));
    else if (paths != NULL)
      g_ptr_array_add (paths, g_strdup (g_ptr_array_index (written, i)));
  return good;
}

gboolean
oss_export_write_labels (OssStudy *study, const char *path, guint64 seed, const OssTick *tick, GError **error)
{
  const OssLoadResult *load = oss_study_get_load (study);
  const OssSegmentResult *segment = oss_study_get_segment (study);
  const OssStudyOptions *options = oss_study_get_options (study);
  const OssDicomSegment one = segment_of (options->vertebra, options->labels_path == NULL);
  g_autoptr (GDateTime) when = content_time ();

  if (load == NULL || load->series == NULL || segment == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no outline on a DICOM series to write."));
      return FALSE;
    }
  g_autoptr (OssDicomExport) objects = oss_dicom_export_new (load->series, seed, when, error);
  return objects != NULL && oss_dicom_write_segmentation (objects, segment->labels, &one, 1, path, tick, error);
}
