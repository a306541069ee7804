/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-shim.h"

#include "base/oss-i18n.h"
#include "dicom/oss-guarded.hpp"
#include "dicom/oss-j2k.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include <cinttypes>
#include <cmath>
#include <cstring>
#include <glib/gstdio.h>
#include <memory>
#include <vector>

namespace
{

/* Values longer than this stay in the file until asked for, so that a length field alone
 * makes nobody allocate what it claims. */
constexpr Uint32 longest_kept_value = 4096;
/* The longest header value that is of use here: a person's name in three scripts. */
constexpr Uint32 longest_text = 4096;

/* Whatever a file claims: a value is fetched only when it is short. */
bool
is_short (DcmItem &item, const DcmTagKey &key)
{
  DcmElement *element = nullptr;
  return item.findAndGetElement (key, element).good () && element != nullptr
         && element->getLengthField () <= longest_text;
}

/* @text in UTF-8 without control characters, cut at a character's border. */
void
store_text (const OFString &text, char *out, gsize size)
{
  char *utf8 = g_utf8_validate (text.c_str (), -1, nullptr)
                   ? g_strdup (text.c_str ())
                   : g_convert (text.c_str (), -1, "UTF-8", "ISO-8859-1", nullptr, nullptr, nullptr);
  if (utf8 == nullptr)
    utf8 = g_utf8_make_valid (text.c_str (), -1);
  for (char *c = utf8; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  g_strstrip (utf8);
  oss_dicom_copy_text (out, size, utf8);
  g_free (utf8);
}

/* One file's data set, and its character set. */
class Reader
{
public:
  explicit Reader (DcmItem &item_) : item (item_)
  {
    if (is_short (item, DCM_SpecificCharacterSet))
      charset.selectCharacterSet (item);
  }

  template <gsize size>
  void
  text (const DcmTagKey &key, char (&out)[size], unsigned long which = 0)
  {
    OFString value, utf8;
    if (!is_short (item, key) || item.findAndGetOFString (key, value, which).bad ())
      return;
    bool converted = charset && charset.convertString (value, utf8, "\\^=").good ();
    store_text (converted ? utf8 : value, out, size);
  }

  template <gsize size>
  void
  whole_text (const DcmTagKey &key, char (&out)[size])
  {
    OFString value;
    if (is_short (item, key) && item.findAndGetOFStringArray (key, value).good ())
      store_text (value, out, size);
  }

  bool
  number (const DcmTagKey &key, double &out, unsigned long which = 0)
  {
    OFString value;
    if (!is_short (item, key) || item.findAndGetOFString (key, value, which).bad () || value.empty ())
      return false;
    char *end = nullptr;
    double parsed = g_ascii_strtod (value.c_str (), &end);
    while (*end == ' ')
      end++;
    if (end == value.c_str () || *end != '\0' || !std::isfinite (parsed))
      return false;
    out = parsed;
    return true;
  }

  bool
  numbers (const DcmTagKey &key, double *out, unsigned long n)
  {
    for (unsigned long i = 0; i < n; i++)
      if (!number (key, out[i], i))
        return false;
    return true;
  }

  gint32
  whole (const DcmTagKey &key)
  {
    double value = 0.0;
    return number (key, value) && std::fabs (value) < 1e9 ? (gint32) value : 0;
  }

  /* US or SS. */
  bool
  stored (const DcmTagKey &key, gint32 &out)
  {
    Uint16 us = 0;
    Sint16 ss = 0;
    if (!is_short (item, key))
      return false;
    if (item.findAndGetUint16 (key, us).good ())
      out = us;
    else if (item.findAndGetSint16 (key, ss).good ())
      out = ss;
    else
      return false;
    return true;
  }

private:
  DcmItem &item;
  DcmSpecificCharacterSet charset;
};

void
read_identity (Reader &reader, OssDicomHeader *out)
{
  reader.text (DCM_SOPClassUID, out->sop_class);
  reader.text (DCM_SOPInstanceUID, out->sop_instance);
  reader.text (DCM_StudyInstanceUID, out->study_uid);
  reader.text (DCM_SeriesInstanceUID, out->series_uid);
  reader.text (DCM_FrameOfReferenceUID, out->frame_uid);
  reader.text (DCM_PatientName, out->patient_name);
  reader.text (DCM_PatientID, out->patient_id);
  reader.text (DCM_PatientBirthDate, out->patient_birth_date);
  reader.text (DCM_PatientSex, out->patient_sex);
  reader.text (DCM_PatientAge, out->patient_age);
  reader.text (DCM_StudyDate, out->study_date);
  reader.text (DCM_StudyTime, out->study_time);
  reader.text (DCM_StudyDescription, out->study_description);
  reader.text (DCM_SeriesDescription, out->series_description);
  reader.text (DCM_SeriesTime, out->series_time);
  reader.text (DCM_AccessionNumber, out->accession_number);
  reader.text (DCM_StudyID, out->study_id);
  reader.text (DCM_ReferringPhysicianName, out->referring_physician);
  reader.text (DCM_PatientPosition, out->patient_position);
  out->series_number = reader.whole (DCM_SeriesNumber);
}

void
read_acquisition (Reader &reader, OssDicomHeader *out)
{
  reader.text (DCM_Modality, out->modality);
  reader.text (DCM_Manufacturer, out->manufacturer);
  reader.text (DCM_ManufacturerModelName, out->model);
  reader.text (DCM_StationName, out->station);
  reader.text (DCM_ConvolutionKernel, out->kernel);
  reader.text (DCM_ConvolutionKernel, out->kernel_strength, 1);
  reader.text (DCM_ContrastBolusAgent, out->contrast);
  reader.whole_text (DCM_ImageType, out->image_type);
  reader.number (DCM_KVP, out->kvp);
  reader.number (DCM_GantryDetectorTilt, out->tilt_deg);
  reader.number (DCM_SliceThickness, out->thickness_mm);
  if (!reader.number (DCM_Exposure, out->exposure_mas) && reader.number (DCM_ExposureInuAs, out->exposure_mas))
    out->exposure_mas /= 1000.0;
}

void
read_image (Reader &reader, OssDicomHeader *out)
{
  reader.text (DCM_PhotometricInterpretation, out->photometric);
  reader.text (DCM_LossyImageCompression, out->lossy);
  reader.text (DCM_RescaleType, out->rescale_type);
  reader.stored (DCM_Rows, out->rows);
  reader.stored (DCM_Columns, out->columns);
  reader.stored (DCM_SamplesPerPixel, out->samples);
  reader.stored (DCM_BitsAllocated, out->bits_allocated);
  reader.stored (DCM_BitsStored, out->bits_stored);
  reader.stored (DCM_HighBit, out->high_bit);
  reader.stored (DCM_PixelRepresentation, out->is_signed);
  out->frames = MAX (reader.whole (DCM_NumberOfFrames), 1);
  out->has_padding = reader.stored (DCM_PixelPaddingValue, out->padding);
  out->padding_limit = out->padding;
  reader.stored (DCM_PixelPaddingRangeLimit, out->padding_limit);
  out->has_rescale =
      reader.number (DCM_RescaleSlope, out->slope) && reader.number (DCM_RescaleIntercept, out->intercept);
  out->has_position = reader.numbers (DCM_ImagePositionPatient, out->position, 3);
  out->has_orientation = reader.numbers (DCM_ImageOrientationPatient, out->orientation, 6);
  out->has_spacing = reader.numbers (DCM_PixelSpacing, out->spacing, 2);
}

/* What is missing of the pixels, or of the file behind a load that ended with @loaded. */
void
judge_completeness (DcmDataset &data, const OFCondition &loaded, OssDicomHeader *out)
{
  DcmElement *pixels = nullptr;
  gsize frame = oss_dicom_header_frame_bytes (out);

  data.findAndGetElement (DCM_PixelData, pixels);
  out->has_pixels = pixels != nullptr;
  bool native = !DcmXfer (data.getOriginalXfer ()).isEncapsulated ();
  if (loaded.bad ())
    {
      /* Rubbish behind complete pixel data harms nobody.  Only a value that was left in the file
       * can be tested: loading it fails when it is cut. */
      if (native && pixels != nullptr && pixels->getLengthField () > longest_kept_value
          && pixels->getLengthField () <= out->file_bytes && pixels->loadAllDataIntoMemory ().good ()
          && pixels->getLengthField () >= frame)
        return;
      g_snprintf (out->damage, sizeof out->damage, _ ("the file breaks off after %" PRIu64 " bytes"), out->file_bytes);
    }
  else if (native && pixels != nullptr && frame > 0 && pixels->getLengthField () < frame * (gsize) out->frames)
    g_snprintf (out->damage, sizeof out->damage, _ ("pixel data holds %u of %zu bytes"),
                (guint) pixels->getLengthField (), frame * (gsize) out->frames);
}

/* A DICOM file says what it is somewhere; bytes that parse by chance say nothing. */
bool
says_what_it_is (const OssDicomHeader *header)
{
  return header->sop_class[0] != '\0' || header->modality[0] != '\0' || header->series_uid[0] != '\0'
         || header->rows > 0;
}

bool
read_header (DcmFileFormat &file, const char *path, guint64 file_bytes, OssDicomHeader *out, GError **error)
{
  memset (out, 0, sizeof *out);
  out->file_bytes = file_bytes;
  OFCondition loaded = file.loadFile (path, EXS_Unknown, EGL_noChange, longest_kept_value, ERM_autoDetect);
  DcmDataset &data = *file.getDataset ();
  Reader meta (*file.getMetaInfo ()), reader (data);
  char stored_class[OSS_DICOM_UID_SIZE] = "";

  meta.text (DCM_MediaStorageSOPClassUID, stored_class);
  if (strcmp (stored_class, UID_MediaStorageDirectoryStorage) == 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("an index of other files (DICOMDIR)"));
      return false;
    }
  meta.text (DCM_TransferSyntaxUID, out->transfer_syntax);
  if (out->transfer_syntax[0] == '\0')
    g_strlcpy (out->transfer_syntax, DcmXfer (data.getOriginalXfer ()).getXferID (), sizeof out->transfer_syntax);
  read_identity (reader, out);
  read_acquisition (reader, out);
  read_image (reader, out);
  judge_completeness (data, loaded, out);
  if (says_what_it_is (out) && (loaded.good () || out->series_uid[0] != '\0'))
    return true;
  if (loaded.good ())
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("no DICOM data"));
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                 _ ("the file breaks off or is damaged after %" PRIu64 " bytes"), file_bytes);
  return false;
}

/* All fragments of the one frame behind each other. */
bool
join_fragments (DcmPixelData &pixels, std::vector<guint8> &out)
{
  E_TransferSyntax syntax;
  const DcmRepresentationParameter *parameter = nullptr;
  DcmPixelSequence *sequence = nullptr;

  pixels.getOriginalRepresentationKey (syntax, parameter);
  if (pixels.getEncapsulatedRepresentation (syntax, parameter, sequence).bad () || sequence == nullptr)
    return false;
  for (unsigned long i = 1; i < sequence->card (); i++) /* item 0 is the offset table */
    {
      DcmPixelItem *item = nullptr;
      Uint8 *bytes = nullptr;
      if (sequence->getItem (item, i).bad () || item->getUint8Array (bytes).bad ())
        return false;
      if (bytes != nullptr)
        out.insert (out.end (), bytes, bytes + item->getLength ());
    }
  return !out.empty ();
}

bool
is_jpeg_2000 (const char *uid)
{
  static const char *const uids[] = { "1.2.840.10008.1.2.4.90",  "1.2.840.10008.1.2.4.91",  "1.2.840.10008.1.2.4.201",
                                      "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203", nullptr };
  return g_strv_contains (uids, uid);
}

bool
decode_j2k (DcmDataset &data, const OssDicomHeader *header, guint8 *out, GError **error)
{
  DcmElement *element = nullptr;
  std::vector<guint8> code;

  data.findAndGetElement (DCM_PixelData, element);
  auto *pixels = dynamic_cast<DcmPixelData *> (element);
  if (pixels != nullptr && join_fragments (*pixels, code))
    return oss_j2k_decode (code.data (), code.size (), header, out, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("the compressed pixel data is not complete"));
  return false;
}

bool
copy_native (DcmDataset &data, const OssDicomHeader *header, guint8 *out, gsize n, GError **error)
{
  const Uint16 *words = nullptr;
  const Uint8 *bytes = nullptr;
  unsigned long count = 0;

  OFCondition result = data.chooseRepresentation (EXS_LittleEndianExplicit, nullptr);
  if (result.good () && header->bits_allocated == 16)
    result = data.findAndGetUint16Array (DCM_PixelData, words, &count);
  else if (result.good ())
    result = data.findAndGetUint8Array (DCM_PixelData, bytes, &count);
  count *= words != nullptr ? 2 : 1;
  if (result.bad () || (words == nullptr && bytes == nullptr) || count < n)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("its pixels cannot be decoded (%s)"),
                   result.bad () ? result.text () : _ ("too few of them"));
      return false;
    }
  memcpy (out, words != nullptr ? (const void *) words : (const void *) bytes, n);
  return true;
}

/* Opens for reading only what is a file: opening a pipe would wait for ever. */
bool
regular_file_size (const char *path, guint64 &size, GError **error)
{
  GStatBuf info;
  if (g_stat (path, &info) == 0 && S_ISREG (info.st_mode))
    {
      size = (guint64) info.st_size;
      return true;
    }
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("not a file"));
  return false;
}

} // namespace

gboolean
oss_dicom_shim_start (GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    OFLog::configure (OFLogger::OFF_LOG_LEVEL);
    /* Archives that did not know a tag have stored it as UN: the dictionary knows better. */
    dcmEnableUnknownVRConversion.set (OFTrue);
    DJDecoderRegistration::registerCodecs ();
    DJLSDecoderRegistration::registerCodecs ();
    DcmRLEDecoderRegistration::registerCodecs ();
    if (dcmDataDict.isDictionaryLoaded ())
      return TRUE;
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED,
                         _ ("DCMTK’s data dictionary is not installed (DCMDICTPATH)"));
    return FALSE;
  });
}

gboolean
oss_dicom_shim_header (const char *path, OssDicomHeader *header, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    guint64 size = 0;
    auto file = std::make_unique<DcmFileFormat> ();
    return regular_file_size (path, size, error) && read_header (*file, path, size, header, error);
  });
}

guint8 *
oss_dicom_shim_pixels (const char *path, OssDicomHeader *header, gsize *n_bytes, GError **error)
{
  return guarded<guint8 *> (error, nullptr, [&] () -> guint8 * {
    guint64 size = 0;
    auto file = std::make_unique<DcmFileFormat> ();
    if (!regular_file_size (path, size, error) || !read_header (*file, path, size, header, error))
      return nullptr;
    gsize n = oss_dicom_header_frame_bytes (header);
    if (n == 0 || header->frames != 1 || !header->has_pixels || header->damage[0] != '\0')
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, "%s",
                     header->damage[0] != '\0' ? header->damage : _ ("it holds no single grey image of 8 or 16 bits"));
        return nullptr;
      }
    std::unique_ptr<guint8, decltype (&g_free)> out ((guint8 *) g_malloc (n), g_free);
    bool ok = is_jpeg_2000 (header->transfer_syntax) ? decode_j2k (*file->getDataset (), header, out.get (), error)
                                                     : copy_native (*file->getDataset (), header, out.get (), n, error);
    *n_bytes = n;
    return ok ? out.release () : nullptr;
  });
}
