/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What any viewer shows: a report as PDF, and a picture. */
#include "dicom/oss-dicom-export.hpp"

#include "base/oss-i18n.h"

#include <cstring>
#include <memory>

namespace
{

const OssObjectKind document = { "document", UID_EncapsulatedPDFStorage, "DOC", 9105, "Ossature: report" };
const OssObjectKind capture = { "capture", UID_SecondaryCaptureImageStorage, "OT", 9106, "Ossature: stress" };

/* RGB, pixel by pixel, over black. */
std::vector<guint8>
flatten (const OssPicture *picture)
{
  gsize n = (gsize) picture->width * (gsize) picture->height;
  std::vector<guint8> rgb (3 * n + (3 * n) % 2);

  for (gsize i = 0; i < n; i++)
    for (gsize c = 0; c < 3; c++)
      rgb[3 * i + c] = (guint8) ((picture->rgba[4 * i + c] * picture->rgba[4 * i + 3] + 127) / 255);
  return rgb;
}

} // namespace

gboolean
oss_dicom_write_pdf (OssDicomExport *self, const guint8 *pdf, gsize n_pdf, const char *title, const char *path,
                     GError **error)
{
  if (n_pdf < 5 || n_pdf > G_MAXINT32 || memcmp (pdf, "%PDF-", 5) != 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("The report is not a PDF file."));
      return FALSE;
    }
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    auto file = std::make_unique<DcmFileFormat> ();
    OssDataset data (*file->getDataset ());
    std::vector<guint8> even (pdf, pdf + n_pdf);
    even.resize (n_pdf + n_pdf % 2);
    oss_object_start (self, data, document);
    data.text (DCM_ConversionType, "WSD");
    data.text (DCM_AcquisitionDateTime, "");
    data.text (DCM_BurnedInAnnotation, "YES"); /* the patient's identifier stands at the head of the page */
    data.text (DCM_RecognizableVisualFeatures, "NO");
    data.text (DCM_DocumentTitle, title);
    data.code (DCM_ConceptNameCodeSequence, { "126000", "DCM", "Imaging Measurement Report" });
    data.text (DCM_MIMETypeOfEncapsulatedDocument, "application/pdf");
    for (int k : oss_object_images (self, 0, self->series->grid.size[2] - 1))
      oss_object_reference (self, data.add (DCM_SourceInstanceSequence), k, false);
    oss_dicom_check (
        data.item.putAndInsertUint8Array (DCM_EncapsulatedDocument, even.data (), (unsigned long) even.size ()));
    oss_dicom_check (data.item.putAndInsertUint32 (DCM_EncapsulatedDocumentLength, (Uint32) n_pdf));
    return oss_object_write (*file, path, error);
  });
}

gboolean
oss_dicom_write_capture (OssDicomExport *self, const OssPicture *picture, const char *title, const char *path,
                         GError **error)
{
  if (picture->width < 1 || picture->height < 1 || picture->width > 65535 || picture->height > 65535)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A picture of %d × %d pixels does not fit a DICOM image."),
                   picture->width, picture->height);
      return FALSE;
    }
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    auto file = std::make_unique<DcmFileFormat> ();
    OssDataset data (*file->getDataset ());
    std::vector<guint8> rgb = flatten (picture);
    oss_object_start (self, data, capture);
    oss_object_image (self, data, "DERIVED\\SECONDARY");
    data.text (DCM_PatientOrientation, "");
    data.text (DCM_ConversionType, "WSD");
    data.text (DCM_DateOfSecondaryCapture, self->date);
    data.text (DCM_TimeOfSecondaryCapture, self->time);
    data.text (DCM_SecondaryCaptureDeviceManufacturer, "Ossature");
    data.text (DCM_SecondaryCaptureDeviceManufacturerModelName, "Ossature");
    data.text (DCM_SecondaryCaptureDeviceSoftwareVersions, OSS_VERSION);
    data.text (DCM_DerivationDescription, "Research software, not a medical device. Not for diagnosis.");
    data.text (DCM_ImageComments, title);
    for (int k : oss_object_images (self, 0, self->series->grid.size[2] - 1))
      oss_object_source (self, data, k, false);
    data.stored (DCM_SamplesPerPixel, 3);
    data.text (DCM_PhotometricInterpretation, "RGB");
    data.stored (DCM_PlanarConfiguration, 0);
    data.stored (DCM_Rows, picture->height);
    data.stored (DCM_Columns, picture->width);
    data.stored (DCM_BitsAllocated, 8);
    data.stored (DCM_BitsStored, 8);
    data.stored (DCM_HighBit, 7);
    data.stored (DCM_PixelRepresentation, 0);
    oss_dicom_check (data.item.putAndInsertUint8Array (DCM_PixelData, rgb.data (), (unsigned long) rgb.size ()));
    return oss_object_write (*file, path, error);
  });
}
