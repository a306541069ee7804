/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measurement reports by DICOM PS3.16, TID 1500; its parts are named by the rows' templates. */
#include "dicom/oss-dicom-export.hpp"

#include "image/oss-vertebra.h"

#include <cmath>
#include <memory>

namespace
{

const OssObjectKind kind = { "report", UID_EnhancedSRStorage, "SR", 9102, "Ossature: measurements of vertebrae" };
/* The role of the object that segments are named in. */
const char *const segmentation_role = "segmentation";

constexpr OssDicomCode
own (const char *value, const char *meaning)
{
  return { value, OSS_DICOM_PRIVATE_SCHEME, meaning };
}

constexpr OssDicomCode
dcm (const char *value, const char *meaning)
{
  return { value, "DCM", meaning };
}

/* A content item (DICOM PS3.3, C.17.3). */
class Content
{
public:
  explicit Content (OssDataset data_) : data (data_)
  {
  }

  Content
  add (const char *relationship, const char *type, const OssDicomCode *name)
  {
    OssDataset item = data.add (DCM_ContentSequence);
    item.text (DCM_RelationshipType, relationship);
    item.text (DCM_ValueType, type);
    if (name != nullptr)
      item.code (DCM_ConceptNameCodeSequence, *name);
    return Content (item);
  }

  Content
  container (const OssDicomCode &name)
  {
    Content item = add ("CONTAINS", "CONTAINER", &name);
    item.data.text (DCM_ContinuityOfContent, "SEPARATE");
    return item;
  }

  Content
  code (const char *relationship, const OssDicomCode &name, const OssDicomCode &value)
  {
    Content item = add (relationship, "CODE", &name);
    item.data.code (DCM_ConceptCodeSequence, value);
    return item;
  }

  /* Nothing for an empty text. */
  void
  text (const char *relationship, const OssDicomCode &name, const char *value)
  {
    if (value != nullptr && *value != '\0')
      add (relationship, "TEXT", &name).data.text (DCM_TextValue, value);
  }

  void
  uid (const char *relationship, const OssDicomCode &name, const std::string &value)
  {
    add (relationship, "UIDREF", &name).data.text (DCM_UID, value);
  }

  Content
  number (const char *relationship, const OssDicomCode &name, double value, const OssDicomCode &unit)
  {
    Content item = add (relationship, "NUM", &name);
    OssDataset measured = item.data.add (DCM_MeasuredValueSequence);
    measured.text (DCM_NumericValue, oss_dicom_decimal (value));
    measured.real (DCM_FloatingPointValue, value);
    measured.code (DCM_MeasurementUnitsCodeSequence, unit);
    return item;
  }

  OssDataset data;
};

void
put_document (OssDataset &data)
{
  data.empty (DCM_ReferencedPerformedProcedureStepSequence);
  data.empty (DCM_PerformedProcedureCodeSequence);
  data.text (DCM_CompletionFlag, "COMPLETE");
  data.text (DCM_VerificationFlag, "UNVERIFIED");
  data.text (DCM_ValueType, "CONTAINER");
  data.text (DCM_ContinuityOfContent, "SEPARATE");
  data.code (DCM_ConceptNameCodeSequence, dcm ("126000", "Imaging Measurement Report"));
  OssDataset shape = data.add (DCM_ContentTemplateSequence);
  shape.text (DCM_MappingResource, "DCMR");
  shape.text (DCM_TemplateIdentifier, "1500");
}

/* Everything that the content names. */
void
put_evidence (OssDicomExport *self, OssDataset &data, bool with_segmentation)
{
  OssDataset study = data.add (DCM_CurrentRequestedProcedureEvidenceSequence);
  OssDataset images = study.add (DCM_ReferencedSeriesSequence);

  study.text (DCM_StudyInstanceUID, self->series->study_uid);
  images.text (DCM_SeriesInstanceUID, self->series->series_uid);
  for (int k : oss_object_images (self, 0, self->series->grid.size[2] - 1))
    oss_object_reference (self, images.add (DCM_ReferencedSOPSequence), k, false);
  if (!with_segmentation)
    return;
  OssDataset segmentation = study.add (DCM_ReferencedSeriesSequence);
  OssDataset object = segmentation.add (DCM_ReferencedSOPSequence);
  segmentation.text (DCM_SeriesInstanceUID, self->uid (std::string (segmentation_role) + " series"));
  object.text (DCM_ReferencedSOPClassUID, UID_SegmentationStorage);
  object.text (DCM_ReferencedSOPInstanceUID, self->uid (segmentation_role));
}

/* TID 1204 language, TID 1001 and 1004 observer, procedure reported. */
void
put_context (OssDicomExport *self, Content &root)
{
  const char *const context = "HAS OBS CONTEXT";

  root.code ("HAS CONCEPT MOD", dcm ("121049", "Language of Content Item and Descendants"),
             { "en", "RFC5646", "English" });
  root.code (context, dcm ("121005", "Observer Type"), dcm ("121007", "Device"));
  root.uid (context, dcm ("121012", "Device Observer UID"), self->uid ("observer"));
  root.text (context, dcm ("121013", "Device Observer Name"), "Ossature");
  root.text (context, dcm ("121014", "Device Observer Manufacturer"), "Ossature");
  root.text (context, dcm ("121015", "Device Observer Model Name"), "Ossature");
  root.text (context, dcm ("121016", "Device Observer Serial Number"), OSS_VERSION);
  root.code ("HAS CONCEPT MOD", dcm ("121058", "Procedure reported"),
             { "25045-6", "LN", "CT unspecified body region" });
}

/* TID 1600. */
void
put_library (OssDicomExport *self, Content &root)
{
  Content library = root.container (dcm ("111028", "Image Library"));
  Content group = library.container (dcm ("126200", "Image Library Group"));

  group.code ("HAS ACQ CONTEXT", dcm ("121139", "Modality"), dcm ("CT", "Computed Tomography"));
  for (int k : oss_object_images (self, 0, self->series->grid.size[2] - 1))
    {
      Content image = group.add ("CONTAINS", "IMAGE", nullptr);
      oss_object_reference (self, image.data.add (DCM_ReferencedSOPSequence), k, false);
    }
}

/* TID 1419: one number, how it was derived and by what (TID 4019). */
void
put_measurement (Content &group, const OssMeasurement &measured, const OssDicomReport *report)
{
  const char *const modifier = "HAS CONCEPT MOD";
  OssDicomCode derivation = oss_measured_derivation (measured.quantity);
  OssDicomCode method = oss_measured_method (measured.method);
  Content number = group.number ("CONTAINS", oss_measured_code (measured.quantity), measured.value,
                                 oss_measured_unit_code (measured.quantity));

  if (method.value != nullptr)
    number.code (modifier, { "370129005", "SCT", "Measurement Method" }, method);
  if (derivation.value != nullptr)
    number.code (modifier, dcm ("121401", "Derivation"), derivation);
  number.text (modifier, dcm ("111001", "Algorithm Name"), report->program);
  number.text (modifier, dcm ("111003", "Algorithm Version"), report->version);
}

/* How HU became density and density became stiffness: what decides whether two reports may be compared. */
void
put_method (Content &group, const OssDicomGroup *measured)
{
  const char *const acquired = "HAS ACQ CONTEXT";

  group.text (acquired, own ("kernel", "Reconstruction kernel"), measured->kernel);
  group.text (acquired, own ("calibration", "Calibration of CT numbers to density"), measured->calibration);
  group.text (acquired, own ("basis", "Reference material of the density"), measured->basis);
  if (std::isfinite (measured->slope))
    group.number (acquired, own ("cal-slope", "Slope of the calibration"), measured->slope,
                  { "mg/cm3/[hnsf'U]", "UCUM", "mg/cm3 per Hounsfield unit" });
  if (std::isfinite (measured->intercept))
    group.number (acquired, own ("cal-intercept", "Intercept of the calibration"), measured->intercept,
                  { "mg/cm3", "UCUM", "mg/cm3" });
  group.text (acquired, own ("model", "Finite element model"), measured->model);
}

/* TID 1411. */
void
put_group (OssDicomExport *self, Content &measurements, const OssDicomGroup *measured, guint number,
           const OssDicomReport *report)
{
  Content group = measurements.container (dcm ("125007", "Measurement Group"));
  const char *name = measured->vertebra != 0 ? oss_vertebra_name (measured->vertebra) : nullptr;
  /* What follows in time is told by the level: the segment's tracking names this very outline. */
  std::string tracking = "tracking " + std::to_string (measured->segment != 0 ? measured->segment : 1000 + number);

  group.text ("HAS OBS CONTEXT", dcm ("112039", "Tracking Identifier"), name != nullptr ? name : "Vertebra");
  group.uid ("HAS OBS CONTEXT", dcm ("112040", "Tracking Unique Identifier"), self->uid (tracking));
  group.code ("CONTAINS", dcm ("121071", "Finding"), oss_dicom_vertebra_code (measured->vertebra));
  group.code ("HAS CONCEPT MOD", { "363698007", "SCT", "Finding Site" }, oss_dicom_vertebra_code (measured->vertebra));
  if (measured->segment != 0)
    {
      OssDicomCode segment = dcm ("121191", "Referenced Segment");
      OssDataset object = group.add ("CONTAINS", "IMAGE", &segment).data.add (DCM_ReferencedSOPSequence);
      object.text (DCM_ReferencedSOPClassUID, UID_SegmentationStorage);
      object.text (DCM_ReferencedSOPInstanceUID, self->uid (segmentation_role));
      object.stored (DCM_ReferencedSegmentNumber, measured->segment);
    }
  group.uid ("CONTAINS", dcm ("121232", "Source series for segmentation"), self->series->series_uid);
  put_method (group, measured);
  for (guint i = 0; i < measured->measurements->len; i++)
    put_measurement (group, g_array_index (measured->measurements, OssMeasurement, i), report);
  group.text ("CONTAINS", own ("density-class", "Class of bone density, not a diagnosis"), measured->density_class);
  group.text ("CONTAINS", dcm ("121106", "Comment"), "Research software, not a medical device. Not for diagnosis.");
}

} // namespace

gboolean
oss_dicom_write_report (OssDicomExport *self, const OssDicomReport *report, const char *path, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    auto file = std::make_unique<DcmFileFormat> ();
    OssDataset data (*file->getDataset ());
    bool with_segmentation = false;
    for (guint i = 0; i < report->groups->len; i++)
      with_segmentation |= ((const OssDicomGroup *) g_ptr_array_index (report->groups, i))->segment != 0;
    oss_object_start (self, data, kind);
    oss_object_private_scheme (data);
    put_document (data);
    put_evidence (self, data, with_segmentation);
    Content root (data);
    put_context (self, root);
    put_library (self, root);
    Content measurements = root.container (dcm ("126010", "Imaging Measurements"));
    for (guint i = 0; i < report->groups->len; i++)
      put_group (self, measurements, (const OssDicomGroup *) g_ptr_array_index (report->groups, i), i, report);
    return oss_object_write (*file, path, error);
  });
}
