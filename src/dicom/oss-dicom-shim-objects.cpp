/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-shim-objects.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-element.hpp"
#include "dicom/oss-dicom-shim.h"
#include "dicom/oss-guarded.hpp"

#include <cmath>
#include <memory>
#include <vector>

using namespace oss_dicom;

namespace
{

/* In DICOM since 2023; this DCMTK does not name it. */
const char *const label_map_storage = "1.2.840.10008.5.1.4.1.1.66.7";
/* The deepest that content is followed: measurement groups lie three levels below the root. */
constexpr int deepest_content = 8;

std::unique_ptr<DcmFileFormat>
load (const char *path, GError **error)
{
  auto file = std::make_unique<DcmFileFormat> ();

  if (g_file_test (path, G_FILE_TEST_IS_REGULAR) /* opening a pipe would wait for ever */
      && file->loadFile (path, EXS_Unknown, EGL_noChange, longest_text, ERM_autoDetect).good ())
    return file;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("it is no DICOM file, or damaged"));
  return nullptr;
}

DcmItem *
first_item (DcmItem &item, const DcmTagKey &key)
{
  DcmItem *found = nullptr;

  return item.findAndGetSequenceItem (key, found).good () ? found : nullptr;
}

void
read_code (DcmItem &item, const DcmTagKey &key, OssCodeBlock &out)
{
  DcmItem *code = first_item (item, key);

  if (code == nullptr)
    return;
  Reader reader (*code);
  reader.text (DCM_CodeValue, out.value);
  reader.text (DCM_CodingSchemeDesignator, out.scheme);
  reader.text (DCM_CodeMeaning, out.meaning);
}

/* All items of a sequence, in steps that do not count from the start each time. */
template <typename Func>
void
each_item (DcmItem &item, const DcmTagKey &key, Func func)
{
  DcmSequenceOfItems *sequence = nullptr;
  DcmObject *object = nullptr;

  if (item.findAndGetSequence (key, sequence).bad () || sequence == nullptr)
    return;
  while ((object = sequence->nextInContainer (object)) != nullptr)
    if (auto *found = dynamic_cast<DcmItem *> (object))
      func (*found);
}

template <typename T>
void
append (std::string &all, const T *values, gsize n)
{
  all.append (reinterpret_cast<const char *> (values), n * sizeof (T));
}

gboolean
invalid (GError **error, const char *why)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, why);
  return FALSE;
}

/* --- Segmentations --- */

std::vector<OssSegmentBlock>
read_segments (DcmItem &data)
{
  std::vector<OssSegmentBlock> segments;

  each_item (data, DCM_SegmentSequence, [&] (DcmItem &item) {
    OssSegmentBlock segment = {};
    Reader reader (item);
    reader.stored (DCM_SegmentNumber, segment.number);
    reader.text (DCM_SegmentLabel, segment.label);
    read_code (item, DCM_SegmentedPropertyTypeCodeSequence, segment.type);
    if (segments.size () < OSS_DICOM_MOST_SEGMENTS)
      segments.push_back (segment);
  });
  return segments;
}

/* Overwrites in @out what the groups in @item say. */
void
read_groups (DcmItem &item, OssSegmentFrameBlock &out)
{
  DcmItem *place = first_item (item, DCM_PlanePositionSequence);
  DcmItem *plane = first_item (item, DCM_PlaneOrientationSequence);
  DcmItem *measures = first_item (item, DCM_PixelMeasuresSequence);
  DcmItem *segment = first_item (item, DCM_SegmentIdentificationSequence);

  if (place != nullptr && Reader (*place).numbers (DCM_ImagePositionPatient, out.position))
    out.has_place |= 1;
  if (plane != nullptr && Reader (*plane).numbers (DCM_ImageOrientationPatient, out.orientation))
    out.has_place |= 2;
  if (measures != nullptr)
    {
      Reader reader (*measures);
      if (reader.numbers (DCM_PixelSpacing, out.spacing))
        out.has_place |= 4;
      reader.number (DCM_SliceThickness, out.thickness_mm);
      reader.number (DCM_SpacingBetweenSlices, out.between_mm);
    }
  if (segment != nullptr)
    Reader (*segment).stored (DCM_ReferencedSegmentNumber, out.segment);
}

std::vector<OssSegmentFrameBlock>
read_frames (DcmItem &data)
{
  std::vector<OssSegmentFrameBlock> frames;
  OssSegmentFrameBlock shared = {};
  DcmItem *common = first_item (data, DCM_SharedFunctionalGroupsSequence);

  if (common != nullptr)
    read_groups (*common, shared);
  each_item (data, DCM_PerFrameFunctionalGroupsSequence, [&] (DcmItem &item) {
    OssSegmentFrameBlock frame = shared;
    read_groups (item, frame);
    frame.has_place = frame.has_place == 7;
    if (frames.size () < OSS_DICOM_MOST_OBJECT_FRAMES)
      frames.push_back (frame);
  });
  return frames;
}

bool
read_kind (DcmItem &data, OssSegmentationBlock &head, GError **error)
{
  char sop_class[OSS_DICOM_UID_SIZE] = "", kind[OSS_DICOM_TEXT_SIZE] = "";
  Reader reader (data);

  reader.text (DCM_SOPClassUID, sop_class);
  reader.text (DCM_SegmentationType, kind);
  reader.text (DCM_FrameOfReferenceUID, head.frame_uid);
  reader.stored (DCM_Rows, head.rows);
  reader.stored (DCM_Columns, head.columns);
  reader.stored (DCM_BitsAllocated, head.bits_allocated);
  reader.stored (DCM_MaximumFractionalValue, head.maximum_fractional);
  if (strcmp (sop_class, UID_SegmentationStorage) != 0 && strcmp (sop_class, label_map_storage) != 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("it is no DICOM Segmentation"));
      return false;
    }
  head.kind = strcmp (kind, "FRACTIONAL") == 0 ? OSS_SEGMENTATION_FRACTIONAL
              : strcmp (kind, "LABELMAP") == 0 || strcmp (sop_class, label_map_storage) == 0 ? OSS_SEGMENTATION_LABELMAP
                                                                                             : OSS_SEGMENTATION_BINARY;
  bool bits = head.kind == OSS_SEGMENTATION_BINARY
                  ? head.bits_allocated == 1
                  : head.bits_allocated == 8 || (head.bits_allocated == 16 && head.kind == OSS_SEGMENTATION_LABELMAP);
  return head.rows >= 1 && head.columns >= 1 && bits ? true : invalid (error, _ ("its pixels have an unknown form"));
}

/* Compressed frames, one by one. */
bool
decode_frames (const char *path, const OssSegmentationBlock &head, std::string &out, GError **error)
{
  for (guint32 f = 0; f < head.n_frames; f++)
    {
      OssDicomHeader header;
      gsize n = 0;
      std::unique_ptr<guint8, decltype (&g_free)> pixels (
          oss_dicom_shim_pixels (path, (gint32) f, nullptr, 0, &header, &n, error), g_free);
      if (pixels == nullptr)
        return false;
      if (n * head.n_frames != head.n_bytes)
        return invalid (error, _ ("its frames are not all of one size"));
      out.append (reinterpret_cast<const char *> (pixels.get ()), n);
    }
  return true;
}

bool
read_pixels (const char *path, DcmDataset &data, const OssSegmentationBlock &head, std::string &out, GError **error)
{
  DcmElement *element = nullptr;
  Uint8 *bytes = nullptr;

  if (data.findAndGetElement (DCM_PixelData, element).bad () || element == nullptr)
    return invalid (error, _ ("it holds no pixels"));
  if (DcmXfer (data.getOriginalXfer ()).isEncapsulated ())
    return decode_frames (path, head, out, error);
  if (element->getLengthField () < head.n_bytes)
    return invalid (error, _ ("its pixels break off"));
  if (head.bits_allocated == 16)
    {
      Uint16 *words = nullptr;
      if (element->getUint16Array (words).good () && words != nullptr)
        bytes = reinterpret_cast<Uint8 *> (words);
    }
  else if (element->getUint8Array (bytes).bad ())
    bytes = nullptr;
  if (bytes == nullptr)
    return invalid (error, _ ("its pixels break off"));
  out.append (reinterpret_cast<const char *> (bytes), head.n_bytes);
  return true;
}

/* --- Reports --- */

bool
is_named (DcmItem &item, const char *value)
{
  OssCodeBlock name = {};

  read_code (item, DCM_ConceptNameCodeSequence, name);
  return strcmp (name.value, value) == 0;
}

template <gsize size>
void
read_text (DcmItem &item, const char *name, char (&out)[size])
{
  if (is_named (item, name))
    Reader (item).text (DCM_TextValue, out);
}

double
read_number (DcmItem &item)
{
  DcmItem *measured = first_item (item, DCM_MeasuredValueSequence);
  double value = NAN;
  Float64 exact = 0.0;

  if (measured == nullptr)
    return NAN;
  /* All digits where they are told, else the decimal string. */
  if (measured->findAndGetFloat64 (DCM_FloatingPointValue, exact).good () && std::isfinite (exact))
    return exact;
  return Reader (*measured).number (DCM_NumericValue, value) ? value : NAN;
}

void
read_measurement (DcmItem &item, OssGroupBlock &group, std::vector<OssNumberBlock> &numbers)
{
  OssNumberBlock number = {};

  number.value = read_number (item);
  read_code (item, DCM_ConceptNameCodeSequence, number.concept);
  each_item (item, DCM_ContentSequence, [&] (DcmItem &child) {
    if (is_named (child, "121401"))
      read_code (child, DCM_ConceptCodeSequence, number.derivation);
    else if (is_named (child, "370129005"))
      read_code (child, DCM_ConceptCodeSequence, number.method);
    read_text (child, "111001", group.program);
    read_text (child, "111003", group.version);
  });
  if (strcmp (number.concept.value, "cal-slope") == 0)
    group.slope = number.value;
  else if (strcmp (number.concept.value, "cal-intercept") == 0)
    group.intercept = number.value;
  else if (std::isfinite (number.value) && numbers.size () < OSS_DICOM_MOST_NUMBERS)
    {
      numbers.push_back (number);
      group.n++;
    }
}

OssGroupBlock
read_group (DcmItem &item, std::vector<OssNumberBlock> &numbers)
{
  OssGroupBlock group = {};

  group.slope = group.intercept = NAN;
  group.first = (guint32) numbers.size ();
  each_item (item, DCM_ContentSequence, [&] (DcmItem &child) {
    char type[OSS_DICOM_UID_SIZE] = "";
    Reader reader (child);
    reader.text (DCM_ValueType, type);
    if (strcmp (type, "NUM") == 0)
      read_measurement (child, group, numbers);
    else if (is_named (child, "363698007"))
      read_code (child, DCM_ConceptCodeSequence, group.site);
    else if (is_named (child, "121232"))
      reader.text (DCM_UID, group.series_uid);
    else if (is_named (child, "121191"))
      {
        DcmItem *object = first_item (child, DCM_ReferencedSOPSequence);
        if (object != nullptr)
          Reader (*object).stored (DCM_ReferencedSegmentNumber, group.segment);
      }
    read_text (child, "kernel", group.kernel);
    read_text (child, "calibration", group.calibration);
    read_text (child, "basis", group.basis);
    read_text (child, "model", group.model);
    read_text (child, "density-class", group.density_class);
  });
  return group;
}

void
find_groups (DcmItem &item, int depth, std::vector<OssGroupBlock> &groups, std::vector<OssNumberBlock> &numbers)
{
  each_item (item, DCM_ContentSequence, [&] (DcmItem &child) {
    if (is_named (child, "125007") && groups.size () < OSS_DICOM_MOST_SEGMENTS)
      groups.push_back (read_group (child, numbers));
    else if (depth < deepest_content)
      find_groups (child, depth + 1, groups, numbers);
  });
}

char *
finish (const std::string &all, gsize *n_bytes)
{
  *n_bytes = all.size ();
  return (char *) g_memdup2 (all.data (), all.size ());
}

} // namespace

char *
oss_dicom_shim_segmentation (const char *path, gsize *n_bytes, GError **error)
{
  return guarded<char *> (error, nullptr, [&] () -> char * {
    OssSegmentationBlock head = {};
    auto file = load (path, error);
    if (file == nullptr || !read_kind (*file->getDataset (), head, error))
      return nullptr;
    std::vector<OssSegmentBlock> segments = read_segments (*file->getDataset ());
    std::vector<OssSegmentFrameBlock> frames = read_frames (*file->getDataset ());
    std::string all;
    head.n_segments = (guint32) segments.size ();
    head.n_frames = (guint32) frames.size ();
    guint64 pixels = (guint64) head.rows * (guint64) head.columns * head.n_frames;
    head.n_bytes = head.bits_allocated == 1 ? (pixels + 7) / 8 : pixels * (guint64) (head.bits_allocated / 8);
    if (head.n_frames == 0 || head.n_segments == 0 || head.n_bytes > G_MAXINT32)
      {
        invalid (error, _ ("it does not say what its frames are"));
        return nullptr;
      }
    append (all, &head, 1);
    append (all, segments.data (), segments.size ());
    append (all, frames.data (), frames.size ());
    return read_pixels (path, *file->getDataset (), head, all, error) ? finish (all, n_bytes) : nullptr;
  });
}

char *
oss_dicom_shim_report (const char *path, gsize *n_bytes, GError **error)
{
  return guarded<char *> (error, nullptr, [&] () -> char * {
    std::vector<OssGroupBlock> groups;
    std::vector<OssNumberBlock> numbers;
    OssReportBlock head = {};
    std::string all;
    auto file = load (path, error);
    if (file == nullptr)
      return nullptr;
    DcmDataset &data = *file->getDataset ();
    if (is_named (data, "126000"))
      find_groups (data, 0, groups, numbers);
    if (groups.empty ())
      {
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("it is no DICOM measurement report"));
        return nullptr;
      }
    Reader reader (data);
    reader.text (DCM_StudyInstanceUID, head.study_uid);
    reader.text (DCM_ContentDate, head.date);
    reader.text (DCM_ContentTime, head.time);
    head.n_groups = (guint32) groups.size ();
    head.n_numbers = (guint32) numbers.size ();
    append (all, &head, 1);
    append (all, groups.data (), groups.size ());
    append (all, numbers.data (), numbers.size ());
    return finish (all, n_bytes);
  });
}
