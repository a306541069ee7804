/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-frames.hpp"

namespace oss_dicom
{

FrameGroups::FrameGroups (DcmItem &data)
{
  DcmSequenceOfItems *all = nullptr;

  if (data.findAndGetSequence (DCM_SharedFunctionalGroupsSequence, all).good () && all != nullptr && all->card () > 0)
    shared = all->getItem (0);
  if (data.findAndGetSequence (DCM_PerFrameFunctionalGroupsSequence, per_frame).bad ())
    per_frame = nullptr;
  if (per_frame != nullptr)
    n = (gint32) MIN (per_frame->card (), (unsigned long) G_MAXINT32);
}

DcmItem *
FrameGroups::macro (gint32 frame, const DcmTagKey &key)
{
  DcmItem *places[2] = { per_frame->getItem ((unsigned long) frame), shared }, *found = nullptr;

  for (DcmItem *place : places)
    if (place != nullptr && place->findAndGetSequenceItem (key, found).good () && found != nullptr)
      return found;
  return nullptr;
}

void
FrameGroups::apply_geometry (gint32 frame, OssDicomHeader *out)
{
  if (DcmItem *item = macro (frame, DCM_PixelMeasuresSequence))
    {
      Reader reader (*item);
      out->has_spacing = reader.numbers (DCM_PixelSpacing, out->spacing) || out->has_spacing;
      reader.number (DCM_SliceThickness, out->thickness_mm);
    }
  if (DcmItem *item = macro (frame, DCM_PlanePositionSequence))
    out->has_position = Reader (*item).numbers (DCM_ImagePositionPatient, out->position) || out->has_position;
  if (DcmItem *item = macro (frame, DCM_PlaneOrientationSequence))
    out->has_orientation =
        Reader (*item).numbers (DCM_ImageOrientationPatient, out->orientation) || out->has_orientation;
}

static void
read_rescale (Reader &reader, OssDicomHeader *out)
{
  double slope = 0.0, intercept = 0.0;

  if (!reader.number (DCM_RescaleSlope, slope) || !reader.number (DCM_RescaleIntercept, intercept))
    return;
  out->has_rescale = TRUE;
  out->slope = slope;
  out->intercept = intercept;
  reader.text (DCM_RescaleType, out->rescale_type);
}

void
FrameGroups::apply_values (gint32 frame, OssDicomHeader *out)
{
  DcmItem *unit = nullptr;

  if (DcmItem *item = macro (frame, DCM_PixelValueTransformationSequence))
    {
      Reader reader (*item);
      read_rescale (reader, out);
    }
  if (DcmItem *item = macro (frame, DCM_RealWorldValueMappingSequence))
    if (item->findAndGetSequenceItem (DCM_MeasurementUnitsCodeSequence, unit).good () && unit != nullptr)
      Reader (*unit).text (DCM_CodeValue, out->unit);
  if (DcmItem *item = macro (frame, DCM_CTImageFrameTypeSequence))
    Reader (*item).whole_text (DCM_FrameType, out->image_type);
}

static void
read_kernel (Reader &reader, OssDicomHeader *out)
{
  reader.text (DCM_ConvolutionKernel, out->kernel);
  reader.text (DCM_ConvolutionKernel, out->kernel_strength, 1);
  reader.whole_text (DCM_ReconstructionAlgorithm, out->algorithm);
}

void
FrameGroups::apply_acquisition (gint32 frame, OssDicomHeader *out)
{
  /* A Legacy Converted image keeps what has no macro of its own in these two (PS3.3, C.7.6.16.2.25). */
  for (const DcmTagKey &key :
       { DCM_UnassignedSharedConvertedAttributesSequence, DCM_UnassignedPerFrameConvertedAttributesSequence })
    if (DcmItem *item = macro (frame, key))
      {
        Reader reader (*item);
        read_kernel (reader, out);
        read_rescale (reader, out);
        reader.number (DCM_KVP, out->kvp);
        reader.number (DCM_GantryDetectorTilt, out->tilt_deg);
        reader.number (DCM_Exposure, out->exposure_mas);
      }
  if (DcmItem *item = macro (frame, DCM_CTReconstructionSequence))
    {
      Reader reader (*item);
      read_kernel (reader, out);
    }
  if (DcmItem *item = macro (frame, DCM_CTXRayDetailsSequence))
    Reader (*item).number (DCM_KVP, out->kvp);
  if (DcmItem *item = macro (frame, DCM_CTAcquisitionDetailsSequence))
    Reader (*item).number (DCM_GantryDetectorTilt, out->tilt_deg);
  if (DcmItem *item = macro (frame, DCM_CTExposureSequence))
    Reader (*item).number (DCM_ExposureInmAs, out->exposure_mas);
}

static void
add_part (OssDicomHeader *out, const char *what, const char *which)
{
  gsize length = strlen (out->part);

  if (*which != '\0')
    g_snprintf (out->part + length, sizeof out->part - length, "%s%s %s", length > 0 ? ", " : "", what, which);
}

/* What tells volumes of one file apart.  Not the acquisition number: slices that were taken one after the other, the
 * table moving between them, each have their own. */
void
FrameGroups::apply_part (gint32 frame, OssDicomHeader *out)
{
  char stack[17] = "", time[17] = "", phase[17] = "";

  if (DcmItem *item = macro (frame, DCM_FrameContentSequence))
    {
      Reader reader (*item);
      reader.text (DCM_StackID, stack);
      reader.text (DCM_TemporalPositionIndex, time);
    }
  if (DcmItem *item = macro (frame, DCM_CardiacSynchronizationSequence))
    Reader (*item).text (DCM_NominalPercentageOfCardiacPhase, phase);
  out->part[0] = '\0';
  add_part (out, "stack", stack);
  add_part (out, "time", time);
  add_part (out, "phase", phase);
}

void
FrameGroups::apply (gint32 frame, OssDicomHeader *out)
{
  out->frame = frame;
  out->has_groups = TRUE;
  apply_acquisition (frame, out);
  apply_geometry (frame, out);
  apply_values (frame, out);
  apply_part (frame, out);
}

} // namespace oss_dicom
