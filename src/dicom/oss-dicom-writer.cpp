/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-writer.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "dicom/oss-dicom-dataset.hpp"
#include "dicom/oss-dicom-uid.h"

#include <cmath>
#include <cstring>
#include <glib/gstdio.h>
#include <string>
#include <vector>

namespace
{

constexpr double lowest_hu = -1024.0, highest_hu = 3071.0;

void
put_study (OssDataset &image, const OssCtHeader *header)
{
  image.text (DCM_SpecificCharacterSet, "ISO_IR 192");
  image.text (DCM_StudyDate, header->study_date);
  image.optional_text (DCM_SeriesDate, header->study_date);
  image.optional_text (DCM_AcquisitionDate, header->study_date);
  image.optional_text (DCM_ContentDate, header->study_date);
  image.text (DCM_StudyTime, header->study_time);
  image.optional_text (DCM_SeriesTime, header->study_time);
  image.optional_text (DCM_AcquisitionTime, header->study_time);
  image.optional_text (DCM_ContentTime, header->study_time);
  image.text (DCM_AccessionNumber, header->accession_number);
  image.text (DCM_ReferringPhysicianName, "");
  image.optional_text (DCM_StudyDescription, header->study_description);
  image.optional_text (DCM_SeriesDescription, header->series_description);
  image.text (DCM_PatientName, header->patient_name);
  image.text (DCM_PatientID, header->patient_id);
  image.text (DCM_PatientBirthDate, header->patient_birth_date);
  image.text (DCM_PatientSex, header->patient_sex);
  image.optional_text (DCM_PatientAge, header->patient_age);
  image.text (DCM_StudyInstanceUID, header->study_uid);
  image.text (DCM_SeriesInstanceUID, header->series_uid);
  image.text (DCM_FrameOfReferenceUID, header->frame_uid);
  image.text (DCM_StudyID, header->study_id);
  image.text (DCM_Laterality, ""); /* the trunk has no sides */
  image.text (DCM_SeriesNumber, std::to_string (header->series_number));
}

void
put_acquisition (OssDataset &image, const OssCtHeader *header, const OssGrid *grid)
{
  double thickness = header->slice_thickness_mm > 0.0 ? header->slice_thickness_mm : grid->spacing[2];

  image.text (DCM_Modality, "CT");
  image.text (DCM_Manufacturer, header->manufacturer);
  image.optional_text (DCM_ManufacturerModelName, header->model);
  image.optional_text (DCM_StationName, header->station);
  image.optional_text (DCM_SoftwareVersions, header->software);
  image.text (DCM_SliceThickness, oss_dicom_decimal (thickness));
  image.text (DCM_KVP, header->kvp > 0.0 ? oss_dicom_decimal (header->kvp) : "");
  image.optional_number (DCM_ReconstructionDiameter, header->reconstruction_diameter_mm);
  image.text (DCM_GantryDetectorTilt, "0");
  image.optional_number (DCM_TableHeight, header->table_height_mm);
  image.optional_whole (DCM_XRayTubeCurrent, header->tube_current_ma);
  image.optional_whole (DCM_Exposure, header->exposure_mas);
  image.optional_text (DCM_ConvolutionKernel, header->kernel);
  image.optional_text (DCM_ContrastBolusAgent, header->contrast_agent);
  image.text (DCM_PatientPosition, header->patient_position != nullptr ? header->patient_position : "HFS");
  image.text (DCM_AcquisitionNumber, "1");
  image.text (DCM_PositionReferenceIndicator, "");
}

void
put_plane (OssDataset &image, const OssCtHeader *header, const OssGrid *grid, int k)
{
  const double index[3] = { 0.0, 0.0, (double) k }, *d = grid->direction;
  double at[3];
  oss_grid_to_patient (grid, index, at);
  image.text (DCM_ImageType, header->derivation != nullptr ? "DERIVED\\SECONDARY\\AXIAL" : "ORIGINAL\\PRIMARY\\AXIAL");
  image.optional_text (DCM_DerivationDescription, header->derivation);
  image.text (DCM_InstanceNumber, std::to_string (k + 1));
  image.text (DCM_ImagePositionPatient, oss_dicom_decimals ({ at[0], at[1], at[2] }));
  image.text (DCM_ImageOrientationPatient, oss_dicom_decimals ({ d[0], d[3], d[6], d[1], d[4], d[7] }));
  image.text (DCM_SliceLocation, oss_dicom_decimal (at[0] * d[2] + at[1] * d[5] + at[2] * d[8]));
  image.text (DCM_PixelSpacing, oss_dicom_decimals ({ grid->spacing[1], grid->spacing[0] })); /* rows first */
}

void
put_pixels (OssDataset &image, const OssVolume *volume, int k)
{
  const OssGrid *grid = &volume->grid;
  gsize n = (gsize) grid->size[0] * (gsize) grid->size[1];
  const float *hu = volume->data + (gsize) k * n;
  std::vector<Uint16> stored (n);

  for (gsize i = 0; i < n; i++)
    {
      double value = std::isfinite (hu[i]) ? hu[i] : lowest_hu;
      stored[i] = (Uint16) (std::lrint (CLAMP (value, lowest_hu, highest_hu)) - (long) lowest_hu);
    }
  image.stored (DCM_SamplesPerPixel, 1);
  image.text (DCM_PhotometricInterpretation, "MONOCHROME2");
  image.stored (DCM_Rows, grid->size[1]);
  image.stored (DCM_Columns, grid->size[0]);
  image.stored (DCM_BitsAllocated, 16);
  image.stored (DCM_BitsStored, 12);
  image.stored (DCM_HighBit, 11);
  image.stored (DCM_PixelRepresentation, 0);
  image.text (DCM_WindowCenter, "300");
  image.text (DCM_WindowWidth, "1500");
  image.text (DCM_RescaleIntercept, oss_dicom_decimal (lowest_hu));
  image.text (DCM_RescaleSlope, "1");
  image.text (DCM_RescaleType, "HU");
  oss_dicom_check (image.item.putAndInsertUint16Array (DCM_PixelData, stored.data (), (unsigned long) n));
}

std::string
slice_path (const char *folder, int k)
{
  g_autofree char *path = g_strdup_printf ("%s" G_DIR_SEPARATOR_S "CT%06d.dcm", folder, k + 1);
  return path;
}

gboolean
write_slice (const char *folder, const OssVolume *volume, const OssCtHeader *header, int k, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    DcmFileFormat file;
    OssDataset image (*file.getDataset ());
    std::string path = slice_path (folder, k);
    g_autofree char *uid =
        oss_dicom_uid (oss_dicom_hash_text (OSS_DICOM_HASH_START, header->series_uid), (guint64) k + 1);

    image.text (DCM_SOPClassUID, UID_CTImageStorage);
    image.text (DCM_SOPInstanceUID, uid);
    put_study (image, header);
    put_acquisition (image, header, &volume->grid);
    put_plane (image, header, &volume->grid, k);
    put_pixels (image, volume, k);
    std::vector<guint8> bytes = oss_dicom_serialise (file);
    return oss_file_write (path.c_str (), bytes.data (), bytes.size (), error);
  });
}

struct Writing
{
  const char *folder;
  const OssVolume *volume;
  const OssCtHeader *header;
  const OssTick *tick;
  gsize first;
  GError **errors;   /* per slice */
  gboolean *written; /* per slice */
};

void
write_range (gsize begin, gsize end, guint, void *data)
{
  auto *self = static_cast<Writing *> (data);
  for (gsize i = self->first + begin; i < self->first + end && !oss_tick_stopped (self->tick); i++)
    self->written[i] = write_slice (self->folder, self->volume, self->header, (int) i, &self->errors[i]);
}

gboolean
write_all (Writing *self, GError **error)
{
  gsize n = (gsize) self->volume->grid.size[2], batch = 8 * (gsize) oss_parallel_threads ();

  for (self->first = 0; self->first < n; self->first += batch)
    {
      gsize here = MIN (batch, n - self->first);
      if (!oss_tick_report (self->tick, (double) self->first / (double) n, _ ("Writing slices"), error))
        return FALSE;
      oss_parallel_for (here, 1, write_range, self);
      for (gsize i = self->first; i < self->first + here; i++)
        if (self->errors[i] != nullptr)
          {
            g_propagate_error (error, g_steal_pointer (&self->errors[i]));
            return FALSE;
          }
      if (oss_tick_stopped (self->tick))
        return oss_tick_cancelled (error);
    }
  return oss_tick_report (self->tick, 1.0, nullptr, error);
}

gboolean
check_arguments (const OssVolume *volume, const OssCtHeader *header, GError **error)
{
  const OssGrid *grid = &volume->grid;

  if (header->study_uid == nullptr || header->series_uid == nullptr || header->frame_uid == nullptr)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                         _ ("A CT series needs a study, a series and a frame of reference UID."));
  else if (grid->size[0] > 65535 || grid->size[1] > 65535)
    g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                 _ ("%d × %d pixels do not fit a DICOM image (65535 at most)."), grid->size[0], grid->size[1]);
  else
    return oss_grid_check (grid, error);
  return FALSE;
}

} // namespace

gboolean
oss_dicom_write_ct (const char *folder, const OssVolume *volume, const OssCtHeader *header, const OssTick *tick,
                    GError **error)
{
  if (!check_arguments (volume, header, error) || !oss_dicom_start (error))
    return FALSE;
  gboolean existed = g_file_test (folder, G_FILE_TEST_IS_DIR);
  if (!oss_file_prepare_folder (folder, error))
    return FALSE;
  int n = volume->grid.size[2];
  g_autofree GError **errors = g_new0 (GError *, n);
  g_autofree gboolean *written = g_new0 (gboolean, n);
  Writing writing = { folder, volume, header, tick, 0, errors, written };
  gboolean ok = write_all (&writing, error);
  for (int k = 0; k < n; k++)
    {
      g_clear_error (&errors[k]);
      if (!ok && written[k])
        g_unlink (slice_path (folder, k).c_str ());
    }
  if (!ok && !existed)
    g_rmdir (folder);
  return ok;
}
