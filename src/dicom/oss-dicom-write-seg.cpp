/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-export.hpp"

#include "base/oss-i18n.h"
#include "image/oss-vertebra.h"

#include <cstring>
#include <memory>

namespace
{

const OssObjectKind kind = { "segmentation", UID_SegmentationStorage, "SEG", 9101, "Ossature: vertebrae" };

/* Which slices of @labels hold @value. */
std::vector<int>
slices_of (const OssLabels *labels, guint8 value)
{
  const int *size = labels->grid.size;
  gsize n = (gsize) size[0] * (gsize) size[1];
  std::vector<int> found;

  for (int k = 0; k < size[2]; k++)
    if (memchr (labels->data + (gsize) k * n, value, n) != nullptr)
      found.push_back (k);
  return found;
}

/* Appends one slice, of the series' size, to bits that fill bytes from the lowest bit (DICOM PS3.5, 8.1.1). */
void
add_frame (std::vector<guint8> &bits, gsize &at, const OssLabels *labels, guint8 value, int k, const OssObjectBox &box,
           const OssGrid &whole)
{
  const int *size = labels->grid.size;

  for (int j = 0; j < size[1]; j++)
    {
      const guint8 *row = labels->data + oss_grid_offset (&labels->grid, 0, j, k);
      gsize start = at + (gsize) (box.low[1] + j) * (gsize) whole.size[0] + (gsize) box.low[0];
      for (int i = 0; i < size[0]; i++)
        if (row[i] == value)
          bits[(start + (gsize) i) / 8] |= (guint8) (1u << ((start + (gsize) i) % 8));
    }
  at += (gsize) whole.size[0] * (gsize) whole.size[1];
}

void
put_segment (OssDicomExport *self, OssDataset &data, const OssDicomSegment &segment, int number)
{
  static const char *const drawn[] = { "MANUAL", "SEMIAUTOMATIC", "AUTOMATIC" };
  /* Green, as in the window: CIELab of #33d17a, scaled to 16 bits (DICOM PS3.3, C.10.7.1.1). */
  static const Uint16 colour[3] = { 48881, 18424, 40916 };
  OssDataset item = data.add (DCM_SegmentSequence);
  const char *name = segment.vertebra != 0 ? oss_vertebra_name (segment.vertebra) : nullptr;

  item.stored (DCM_SegmentNumber, number);
  item.text (DCM_SegmentLabel, name != nullptr ? name : "Vertebra");
  item.text (DCM_SegmentAlgorithmType, drawn[segment.drawn]);
  if (segment.drawn != OSS_DRAWN_MANUAL)
    item.text (DCM_SegmentAlgorithmName, segment.method != nullptr ? segment.method : "Ossature");
  item.code (DCM_SegmentedPropertyCategoryCodeSequence, { "91723000", "SCT", "Anatomical Structure" });
  item.code (DCM_SegmentedPropertyTypeCodeSequence, oss_dicom_vertebra_code (segment.vertebra));
  oss_dicom_check (item.item.putAndInsertUint16Array (DCM_RecommendedDisplayCIELabValue, colour, 3));
  item.text (DCM_TrackingID, name != nullptr ? name : "Vertebra");
  item.text (DCM_TrackingUID, self->uid ("tracking " + std::to_string (number)));
}

void
put_image (OssDicomExport *self, OssDataset &data)
{
  const OssGrid &grid = self->series->grid;

  oss_object_image (self, data, "DERIVED\\PRIMARY");
  data.stored (DCM_SamplesPerPixel, 1);
  data.text (DCM_PhotometricInterpretation, "MONOCHROME2");
  data.stored (DCM_Rows, grid.size[1]);
  data.stored (DCM_Columns, grid.size[0]);
  data.stored (DCM_BitsAllocated, 1);
  data.stored (DCM_BitsStored, 1);
  data.stored (DCM_HighBit, 0);
  data.stored (DCM_PixelRepresentation, 0);
  data.text (DCM_SegmentationType, "BINARY");
  data.text (DCM_ContentLabel, "VERTEBRAE");
  data.text (DCM_ContentDescription, "Outlines of vertebrae; research software");
  data.text (DCM_ContentCreatorName, "");
}

/* Frames of all segments and their bits; FALSE with USAGE when a segment is empty. */
gboolean
put_frames (OssDicomExport *self, OssDataset &data, const OssLabels *labels, const OssDicomSegment *segments, guint n,
            const OssObjectBox &box, const OssTick *tick, GError **error)
{
  const OssGrid &whole = self->series->grid;
  const OssObjectBox corner = { { 0, 0, 0 }, { whole.size[0], whole.size[1], whole.size[2] } };
  std::vector<guint8> bits;
  gsize at = 0, frame_bits = (gsize) whole.size[0] * (gsize) whole.size[1];
  int frames = 0;

  for (guint s = 0; s < n; s++)
    {
      std::vector<int> slices = slices_of (labels, segments[s].value);
      if (slices.empty ())
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Segment %u of the segmentation is empty."), s + 1);
          return FALSE;
        }
      bits.resize ((at + slices.size () * frame_bits + 15) / 16 * 2);
      for (gsize i = 0; i < slices.size (); i++, frames++)
        {
          OssDataset frame = data.add (DCM_PerFrameFunctionalGroupsSequence);
          int k = box.low[2] + slices[i];
          if (oss_tick_stopped (tick))
            return oss_tick_cancelled (error);
          oss_object_frame (self, frame, corner, k, { s + 1, (Uint32) i + 1 }, { "113076", "DCM", "Segmentation" });
          frame.add (DCM_SegmentIdentificationSequence).stored (DCM_ReferencedSegmentNumber, (int) s + 1);
          add_frame (bits, at, labels, segments[s].value, slices[i], box, whole);
        }
    }
  data.text (DCM_NumberOfFrames, std::to_string (frames));
  oss_dicom_check (data.item.putAndInsertUint8Array (DCM_PixelData, bits.data (), (unsigned long) bits.size ()));
  return TRUE;
}

} // namespace

gboolean
oss_dicom_write_segmentation (OssDicomExport *self, const OssLabels *labels, const OssDicomSegment *segments,
                              guint n_segments, const char *path, const OssTick *tick, GError **error)
{
  OssObjectBox box;

  if (!oss_object_box (self, &labels->grid, box, error))
    return FALSE;
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    auto file = std::make_unique<DcmFileFormat> ();
    OssDataset data (*file->getDataset ());
    oss_object_start (self, data, kind);
    oss_object_frame_of_reference (self, data);
    put_image (self, data);
    for (guint s = 0; s < n_segments; s++)
      put_segment (self, data, segments[s], (int) s + 1);
    oss_object_dimensions (self, data, kind, true);
    OssDataset shared = data.add (DCM_SharedFunctionalGroupsSequence);
    oss_object_shared (self, shared);
    oss_object_references (self, data, box.low[2], box.low[2] + box.size[2] - 1);
    return put_frames (self, data, labels, segments, n_segments, box, tick, error)
           && oss_object_write (*file, path, error);
  });
}
