/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-export.hpp"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "dicom/oss-dicom-uid.h"
#include "dicom/oss-dicom-writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>

namespace
{

/* From a version 4 UUID. */
std::string
fresh_uid ()
{
  g_autofree char *text = g_uuid_string_random ();
  guint8 uuid[16] = { 0 };
  int n = 0;

  for (const char *c = text; *c != '\0' && n < 32; c++)
    if (*c != '-')
      {
        uuid[n / 2] = (guint8) (uuid[n / 2] << 4 | g_ascii_xdigit_value (*c));
        n++;
      }
  g_autofree char *uid = oss_dicom_uid_of_uuid (uuid);
  return uid;
}

const char *
missing_identity (const OssSeries *series)
{
  if (!series->has_grid)
    return _ ("its slices make no volume");
  if (series->study_uid[0] == '\0')
    return _ ("its files name no study (Study Instance UID)");
  if (series->frame_uid[0] == '\0')
    return _ ("its files name no frame of reference (Frame of Reference UID)");
  for (guint i = 0; i < series->sop_uids->len; i++)
    if (((const char *) g_ptr_array_index (series->sop_uids, i))[0] == '\0')
      return _ ("not every file names itself (SOP Instance UID)");
  return (int) series->sop_uids->len != series->grid.size[2] ? _ ("its files are not one for each slice") : nullptr;
}

/* "L", "PR": the patient's sides that a direction goes to, the nearest first (DICOM PS3.3, C.7.6.1.1.1). */
std::string
sides (const OssGrid &grid, int axis)
{
  static const char letters[3][2] = { { 'L', 'R' }, { 'P', 'A' }, { 'H', 'F' } };
  std::array<int, 3> order = { 0, 1, 2 };
  std::string text;

  auto cosine = [&] (int i) { return grid.direction[3 * i + axis]; };
  std::sort (order.begin (), order.end (),
             [&] (int a, int b) { return std::fabs (cosine (a)) > std::fabs (cosine (b)); });
  for (int i : order)
    if (std::fabs (cosine (i)) > 0.1 || text.empty ())
      text += letters[i][cosine (i) < 0.0];
  return text;
}

bool
was_lossy (const OssSeries *series)
{
  for (guint i = 0; i < series->reasons->len; i++)
    if (strcmp (((const OssReason *) g_ptr_array_index (series->reasons, i))->code, "lossy") == 0)
      return true;
  return false;
}

} // namespace

const std::string &
_OssDicomExport::uid (const std::string &role)
{
  std::string &made = uids[role];

  if (made.empty () && seed == 0)
    made = fresh_uid ();
  else if (made.empty ())
    {
      guint64 hash = oss_dicom_hash_text (OSS_DICOM_HASH_START, series->series_uid);
      g_autofree char *text = oss_dicom_uid (seed, oss_dicom_hash_text (hash, role.c_str ()));
      made = text;
    }
  return made;
}

OssDicomExport *
oss_dicom_export_new (const OssSeries *series, guint64 seed, GDateTime *when, GError **error)
{
  const char *missing = missing_identity (series);

  if (missing != nullptr)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("DICOM objects cannot refer to series %d: %s. They need the original files."),
                   series->series_number, missing);
      return nullptr;
    }
  if (!oss_dicom_start (error))
    return nullptr;
  return guarded<OssDicomExport *> (error, nullptr, [&] () -> OssDicomExport * {
    auto self = std::make_unique<OssDicomExport> ();
    g_autoptr (GDateTime) now = when != nullptr ? g_date_time_ref (when) : g_date_time_new_now_local ();
    g_autofree char *date = g_date_time_format (now, "%Y%m%d");
    g_autofree char *time = g_date_time_format (now, "%H%M%S");
    self->series = oss_series_copy (series);
    self->seed = seed;
    self->date = date;
    self->time = time;
    return self.release ();
  });
}

void
oss_dicom_export_free (OssDicomExport *self)
{
  delete self;
}

gboolean
oss_object_box (const OssDicomExport *self, const OssGrid *grid, OssObjectBox &box, GError **error)
{
  const OssGrid *whole = &self->series->grid;
  double index[3];
  bool fits = true;

  oss_grid_to_index (whole, grid->origin, index);
  for (int a = 0; a < 3; a++)
    {
      box.low[a] = (int) std::lround (index[a]);
      box.size[a] = grid->size[a];
      fits = fits && std::fabs (index[a] - box.low[a]) < 0.02
             && std::fabs (grid->spacing[a] / whole->spacing[a] - 1.0) < 1e-3 && box.low[a] >= 0
             && box.low[a] + box.size[a] <= whole->size[a];
    }
  for (int i = 0; i < 9; i++)
    fits = fits && std::fabs (grid->direction[i] - whole->direction[i]) < 1e-3;
  if (!fits)
    {
      g_autofree char *a = oss_grid_describe (grid), *b = oss_grid_describe (whole);
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("An image of %s is not on the voxels of the series (%s)."), a,
                   b);
    }
  return fits;
}

static void
put_patient_and_study (const OssSeries *series, OssDataset &data)
{
  data.text (DCM_SpecificCharacterSet, "ISO_IR 192");
  data.text (DCM_PatientName, series->patient_name);
  data.text (DCM_PatientID, series->patient_id);
  data.text (DCM_PatientBirthDate, series->patient_birth_date);
  data.text (DCM_PatientSex, series->patient_sex);
  data.optional_text (DCM_PatientAge, series->patient_age);
  data.text (DCM_StudyInstanceUID, series->study_uid);
  data.text (DCM_StudyDate, series->study_date);
  data.text (DCM_StudyTime, series->study_time);
  data.text (DCM_ReferringPhysicianName, series->referring_physician);
  data.text (DCM_StudyID, series->study_id);
  data.text (DCM_AccessionNumber, series->accession_number);
  data.optional_text (DCM_StudyDescription, series->study_description);
}

void
oss_object_start (OssDicomExport *self, OssDataset &data, const OssObjectKind &kind)
{
  put_patient_and_study (self->series, data);
  data.text (DCM_Modality, kind.modality);
  data.text (DCM_SeriesInstanceUID, self->uid (std::string (kind.role) + " series"));
  data.text (DCM_SeriesNumber, std::to_string (kind.series_number));
  data.text (DCM_SeriesDescription, kind.description);
  data.text (DCM_SeriesDate, self->date);
  data.text (DCM_SeriesTime, self->time);
  data.text (DCM_Manufacturer, "Ossature");
  data.text (DCM_ManufacturerModelName, "Ossature");
  /* A program has no serial number; the standard wants one. */
  data.text (DCM_DeviceSerialNumber, OSS_VERSION);
  data.text (DCM_SoftwareVersions, OSS_VERSION);
  data.text (DCM_SOPClassUID, kind.sop_class);
  data.text (DCM_SOPInstanceUID, self->uid (kind.role));
  data.text (DCM_InstanceCreationDate, self->date);
  data.text (DCM_InstanceCreationTime, self->time);
  data.text (DCM_InstanceNumber, "1");
  data.text (DCM_ContentDate, self->date);
  data.text (DCM_ContentTime, self->time);
}

void
oss_object_private_scheme (OssDataset &data)
{
  OssDataset scheme = data.add (DCM_CodingSchemeIdentificationSequence);

  scheme.text (DCM_CodingSchemeDesignator, OSS_DICOM_PRIVATE_SCHEME);
  scheme.text (DCM_CodingSchemeUID, OSS_DICOM_PRIVATE_SCHEME_UID);
  scheme.text (DCM_CodingSchemeName, "Ossature: mechanics of vertebrae");
  scheme.text (DCM_CodingSchemeResponsibleOrganization, "Ossature");
}

void
oss_object_frame_of_reference (const OssDicomExport *self, OssDataset &data)
{
  data.text (DCM_FrameOfReferenceUID, self->series->frame_uid);
  data.text (DCM_PositionReferenceIndicator, "");
}

void
oss_object_reference (const OssDicomExport *self, OssDataset item, int k, bool frame)
{
  const OssSeries *series = self->series;
  auto uid = [series] (int i) { return (const char *) g_ptr_array_index (series->sop_uids, i); };
  int n = (int) series->sop_uids->len;
  bool of_many = (k > 0 && strcmp (uid (k), uid (k - 1)) == 0) || (k + 1 < n && strcmp (uid (k), uid (k + 1)) == 0);

  item.text (DCM_ReferencedSOPClassUID, series->sop_class_uid[0] != '\0' ? series->sop_class_uid : UID_CTImageStorage);
  item.text (DCM_ReferencedSOPInstanceUID, uid (k));
  if (frame && of_many)
    item.text (DCM_ReferencedFrameNumber, std::to_string (g_array_index (series->frames, gint32, k) + 1));
}

std::vector<int>
oss_object_images (const OssDicomExport *self, int first, int last)
{
  std::set<std::string> seen;
  std::vector<int> slices;

  for (int k = first; k <= last; k++)
    if (seen.insert ((const char *) g_ptr_array_index (self->series->sop_uids, k)).second)
      slices.push_back (k);
  return slices;
}

void
oss_object_references (const OssDicomExport *self, OssDataset &data, int first, int last)
{
  OssDataset referenced = data.add (DCM_ReferencedSeriesSequence);

  referenced.text (DCM_SeriesInstanceUID, self->series->series_uid);
  for (int k : oss_object_images (self, first, last))
    oss_object_reference (self, referenced.add (DCM_ReferencedInstanceSequence), k, false);
}

void
oss_object_source (const OssDicomExport *self, OssDataset &item, int k, bool frame)
{
  OssDataset source = item.add (DCM_SourceImageSequence);

  oss_object_reference (self, source, k, frame);
  source.code (DCM_PurposeOfReferenceCodeSequence, { "121322", "DCM", "Source image for image processing operation" });
}

void
oss_object_image (const OssDicomExport *self, OssDataset &data, const char *image_type)
{
  data.text (DCM_ImageType, image_type);
  data.text (DCM_BodyPartExamined, "SPINE"); /* which has no laterality */
  data.text (DCM_PatientOrientation, sides (self->series->grid, 0) + "\\" + sides (self->series->grid, 1));
  data.text (DCM_BurnedInAnnotation, "NO");
  data.text (DCM_LossyImageCompression, was_lossy (self->series) ? "01" : "00");
}

void
oss_object_dimensions (OssDicomExport *self, OssDataset &data, const OssObjectKind &kind, bool segments)
{
  const std::string &uid = self->uid (std::string (kind.role) + " dimensions");

  data.add (DCM_DimensionOrganizationSequence).text (DCM_DimensionOrganizationUID, uid);
  for (int i = segments ? 0 : 1; i < 2; i++)
    {
      OssDataset index = data.add (DCM_DimensionIndexSequence);
      index.text (DCM_DimensionOrganizationUID, uid);
      oss_dicom_check (index.item.putAndInsertTagKey (DCM_DimensionIndexPointer,
                                                      i == 0 ? DCM_ReferencedSegmentNumber : DCM_ImagePositionPatient));
      oss_dicom_check (index.item.putAndInsertTagKey (
          DCM_FunctionalGroupPointer, i == 0 ? DCM_SegmentIdentificationSequence : DCM_PlanePositionSequence));
      index.text (DCM_DimensionDescriptionLabel, i == 0 ? "Segment Number" : "Image Position");
    }
}

void
oss_object_shared (const OssDicomExport *self, OssDataset &shared)
{
  const OssSeries *series = self->series;
  const double *d = series->grid.direction, *spacing = series->grid.spacing;
  OssDataset measures = shared.add (DCM_PixelMeasuresSequence);
  double thickness = series->slice_thickness_mm > 0.0 ? series->slice_thickness_mm : spacing[2];

  measures.text (DCM_PixelSpacing, oss_dicom_decimals ({ spacing[1], spacing[0] })); /* rows first */
  measures.text (DCM_SliceThickness, oss_dicom_decimal (thickness));
  measures.text (DCM_SpacingBetweenSlices, oss_dicom_decimal (spacing[2]));
  shared.add (DCM_PlaneOrientationSequence)
      .text (DCM_ImageOrientationPatient, oss_dicom_decimals ({ d[0], d[3], d[6], d[1], d[4], d[7] }));
}

void
oss_object_frame (const OssDicomExport *self, OssDataset &frame, const OssObjectBox &box, int k,
                  const std::vector<Uint32> &dimensions, const OssDicomCode &derivation)
{
  const double index[3] = { (double) box.low[0], (double) box.low[1], (double) k };
  double at[3];
  OssDataset content = frame.add (DCM_FrameContentSequence);
  OssDataset derived = frame.add (DCM_DerivationImageSequence);

  oss_dicom_check (content.item.putAndInsertUint32Array (DCM_DimensionIndexValues, dimensions.data (),
                                                         (unsigned long) dimensions.size ()));
  oss_grid_to_patient (&self->series->grid, index, at);
  frame.add (DCM_PlanePositionSequence).text (DCM_ImagePositionPatient, oss_dicom_decimals ({ at[0], at[1], at[2] }));
  oss_object_source (self, derived, k, true);
  derived.code (DCM_DerivationCodeSequence, derivation);
}

gboolean
oss_object_write (DcmFileFormat &file, const char *path, GError **error)
{
  std::vector<guint8> bytes = oss_dicom_serialise (file);

  return oss_file_write (path, bytes.data (), bytes.size (), error);
}
