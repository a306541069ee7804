/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-shim.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-frames.hpp"
#include "dicom/oss-guarded.hpp"
#include "dicom/oss-j2k.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include <cinttypes>
#include <cmath>
#include <cstring>
#include <glib/gstdio.h>
#include <memory>
#include <string>
#include <vector>

using namespace oss_dicom;

namespace
{

/* Values longer than this stay in the file until asked for, so that a length field alone
 * makes nobody allocate what it claims. */
constexpr Uint32 longest_kept_value = 4096;
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
  reader.text (DCM_ProtocolName, out->protocol);
  reader.text (DCM_ConversionType, out->conversion);
  reader.whole_text (DCM_ReconstructionAlgorithm, out->algorithm);
  if (out->algorithm[0] == '\0')
    reader.text (DCM_IterativeReconstructionMethod, out->algorithm);
  reader.number (DCM_KVP, out->kvp);
  reader.number (DCM_GantryDetectorTilt, out->tilt_deg);
  out->has_table_height = reader.number (DCM_TableHeight, out->table_height_mm);
  reader.number (DCM_SliceThickness, out->thickness_mm);
  if (!reader.number (DCM_Exposure, out->exposure_mas) && reader.number (DCM_ExposureInuAs, out->exposure_mas))
    out->exposure_mas /= 1000.0;
}

/* Enhanced images name the agent by a code. */
void
read_agent (DcmItem &data, OssDicomHeader *out)
{
  DcmItem *agent = nullptr;

  if (out->contrast[0] == '\0' && data.findAndGetSequenceItem (DCM_ContrastBolusAgentSequence, agent).good ()
      && agent != nullptr)
    Reader (*agent).text (DCM_CodeMeaning, out->contrast);
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
  out->has_position = reader.numbers (DCM_ImagePositionPatient, out->position);
  out->has_orientation = reader.numbers (DCM_ImageOrientationPatient, out->orientation);
  out->has_spacing = reader.numbers (DCM_PixelSpacing, out->spacing);
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
  read_agent (data, out);
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

/* Which fragments hold frame @frame: [@first, @end), item 0 being the offset table. */
bool
find_fragments (DcmPixelSequence &sequence, const OssDicomHeader *header, Uint32 &first, Uint32 &end)
{
  auto frame = (Uint32) header->frame, frames = (Uint32) header->frames, n = (Uint32) sequence.card ();

  first = frame + 1;
  end = frame + 2;
  if (frames == 1)
    end = n;
  else if (n != frames + 1)
    {
      if (DcmCodec::determineStartFragment (frame, header->frames, &sequence, first).bad ())
        return false;
      if (frame + 1 == frames)
        end = n;
      else if (DcmCodec::determineStartFragment (frame + 1, header->frames, &sequence, end).bad ())
        return false;
    }
  return first >= 1 && first < end && end <= n;
}

/* All fragments of one frame behind each other. */
bool
join_fragments (DcmPixelData &pixels, const OssDicomHeader *header, std::vector<guint8> &out)
{
  E_TransferSyntax syntax;
  const DcmRepresentationParameter *parameter = nullptr;
  DcmPixelSequence *sequence = nullptr;
  Uint32 first = 0, end = 0;

  pixels.getOriginalRepresentationKey (syntax, parameter);
  if (pixels.getEncapsulatedRepresentation (syntax, parameter, sequence).bad () || sequence == nullptr
      || !find_fragments (*sequence, header, first, end))
    return false;
  for (Uint32 i = first; i < end; i++)
    {
      DcmPixelItem *item = nullptr;
      Uint8 *bytes = nullptr;
      if (sequence->getItem (item, i).bad () || item->getLength () > header->file_bytes
          || item->getUint8Array (bytes).bad ())
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
  if (pixels != nullptr && join_fragments (*pixels, header, code))
    return oss_j2k_decode (code.data (), code.size (), header, out, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("the compressed pixel data is not complete"));
  return false;
}

/* Uncompressed values straight from the file into @out: nothing is allocated for them. */
bool
read_native (DcmDataset &data, const OssDicomHeader *header, guint8 *out, gsize n, GError **error)
{
  DcmElement *element = nullptr;
  gsize from = n * (gsize) header->frame;

  OFCondition result = data.findAndGetElement (DCM_PixelData, element);
  bool enough = result.good () && from + n <= element->getLengthField () && from + n <= G_MAXUINT32;
  if (enough)
    result = element->getPartialValue (out, (Uint32) from, (Uint32) n);
  if (enough && result.good ())
    return true;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("its pixels cannot be decoded (%s)"),
               result.bad () ? result.text () : _ ("too few of them"));
  return false;
}

bool
copy_decoded (DcmDataset &data, const OssDicomHeader *header, guint8 *out, gsize n, GError **error)
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

/* One of several frames, of whatever DCMTK decodes. */
bool
copy_frame (DcmDataset &data, const OssDicomHeader *header, guint8 *out, gsize n, GError **error)
{
  DcmElement *element = nullptr;
  OFString colour;
  Uint32 fragment = 0;

  OFCondition result = data.findAndGetElement (DCM_PixelData, element);
  if (result.good ())
    result = element->getUncompressedFrame (&data, (Uint32) header->frame, fragment, out, (Uint32) (n + n % 2), colour);
  if (result.bad ())
    g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("its pixels cannot be decoded (%s)"), result.text ());
  return result.good ();
}

/* A file on disk, told from what it may become; FALSE for all but regular ones: opening a pipe would wait for ever. */
struct Place
{
  std::string path;
  guint64 size = 0;
  gint64 seconds = 0, nanoseconds = 0;

  bool
  look (const char *at, GError **error)
  {
    GStatBuf info;
    if (g_stat (at, &info) == 0 && S_ISREG (info.st_mode))
      {
        path = at;
        size = (guint64) info.st_size;
        seconds = info.st_mtim.tv_sec;
        nanoseconds = info.st_mtim.tv_nsec;
        return true;
      }
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("not a file"));
    return false;
  }

  bool
  operator== (const Place &other) const
  {
    return path == other.path && size == other.size && seconds == other.seconds && nanoseconds == other.nanoseconds;
  }
};

/* A file that was read, and what it says about itself. */
struct Opened
{
  Place place;
  DcmFileFormat file;
  OssDicomHeader header = {};
};

/* The last file of several frames: they are asked for one after the other. */
std::unique_ptr<Opened> last;

std::unique_ptr<Opened>
open_file (const char *path, GError **error)
{
  auto opened = std::make_unique<Opened> ();

  if (!opened->place.look (path, error))
    return nullptr;
  if (last != nullptr && last->place == opened->place)
    return std::move (last);
  last.reset ();
  if (!read_header (opened->file, path, opened->place.size, &opened->header, error))
    return nullptr;
  return opened;
}

/* Frames that are told one by one. */
guint
count_headers (const OssDicomHeader *header, const FrameGroups &groups)
{
  return groups.count () > 0 && header->frames <= OSS_DICOM_MOST_FRAMES ? (guint) header->frames : 1;
}

void
fill_header (const OssDicomHeader *common, FrameGroups &groups, gint32 frame, OssDicomHeader *out)
{
  *out = *common;
  if (frame < groups.count () && common->frames <= OSS_DICOM_MOST_FRAMES)
    groups.apply (frame, out);
  out->frame = frame;
}

bool
decode_frame (DcmDataset &data, const OssDicomHeader *header, guint8 *out, gsize n, GError **error)
{
  if (is_jpeg_2000 (header->transfer_syntax))
    return decode_j2k (data, header, out, error);
  if (!DcmXfer (data.getOriginalXfer ()).isEncapsulated () && header->bits_allocated == 16)
    return read_native (data, header, out, n, error);
  return header->frames == 1 ? copy_decoded (data, header, out, n, error) : copy_frame (data, header, out, n, error);
}

guint8 *
read_pixels (Opened &opened, gint32 frame, guint8 *room, gsize room_bytes, OssDicomHeader *header, gsize *n_bytes,
             GError **error)
{
  FrameGroups groups (*opened.file.getDataset ());
  gsize n = oss_dicom_header_frame_bytes (&opened.header);

  if (n == 0 || frame < 0 || frame >= opened.header.frames || !opened.header.has_pixels
      || opened.header.damage[0] != '\0')
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, "%s",
                   opened.header.damage[0] != '\0' ? opened.header.damage
                                                   : _ ("it holds no grey image of 8 or 16 bits"));
      return nullptr;
    }
  fill_header (&opened.header, groups, frame, header);
  /* A frame of odd length is followed by a byte of padding. */
  std::unique_ptr<guint8, decltype (&g_free)> own (nullptr, g_free);
  if (n + 1 > room_bytes)
    own.reset (room = (guint8 *) g_malloc0 (n + 1));
  *n_bytes = n;
  if (!decode_frame (*opened.file.getDataset (), header, room, n, error))
    return nullptr;
  own.release ();
  return room;
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

OssDicomHeader *
oss_dicom_shim_headers (const char *path, guint *n, GError **error)
{
  return guarded<OssDicomHeader *> (error, nullptr, [&] () -> OssDicomHeader * {
    std::unique_ptr<Opened> opened = open_file (path, error);
    if (opened == nullptr)
      return nullptr;
    FrameGroups groups (*opened->file.getDataset ());
    *n = count_headers (&opened->header, groups);
    OssDicomHeader *headers = g_new (OssDicomHeader, *n);
    for (guint i = 0; i < *n; i++)
      fill_header (&opened->header, groups, (gint32) i, &headers[i]);
    return headers;
  });
}

guint8 *
oss_dicom_shim_pixels (const char *path, gint32 frame, guint8 *room, gsize room_bytes, OssDicomHeader *header,
                       gsize *n_bytes, GError **error)
{
  return guarded<guint8 *> (error, nullptr, [&] () -> guint8 * {
    std::unique_ptr<Opened> opened = open_file (path, error);
    if (opened == nullptr)
      return nullptr;
    guint8 *pixels = read_pixels (*opened, frame, room, room_bytes, header, n_bytes, error);
    if (opened->header.frames > 1)
      last = std::move (opened);
    return pixels;
  });
}
