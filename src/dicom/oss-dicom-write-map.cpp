/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-export.hpp"

#include "base/oss-i18n.h"

#include <cmath>
#include <memory>

namespace
{

/* What a kind of map is. */
struct Map
{
  OssObjectKind kind;
  OssDicomCode quantity, unit, derivation;
  const char *label, *explanation;
};

const Map maps[] = {
  { { "density map", UID_ParametricMapStorage, "OT", 9103, "Ossature: bone mineral density" },
    { "bmd", OSS_DICOM_PRIVATE_SCHEME, "Bone mineral density, equivalent of the calibration" },
    { "mg/cm3", "UCUM", "mg/cm3" },
    { "calibration", OSS_DICOM_PRIVATE_SCHEME, "Calibration of CT numbers to density" },
    "DENSITY",
    "Bone mineral density" },
  { { "stress map", UID_ParametricMapStorage, "OT", 9104, "Ossature: von Mises stress" },
    { "von-mises", OSS_DICOM_PRIVATE_SCHEME, "Von Mises stress" },
    { "MPa", "UCUM", "megapascal" },
    { "finite-elements", OSS_DICOM_PRIVATE_SCHEME, "Finite element analysis" },
    "STRESS",
    "Von Mises stress" },
};

/* Stored values are the quantity itself. */
void
put_mapping (OssDataset &shared, const Map &map, double low, double high)
{
  OssDataset mapping = shared.add (DCM_RealWorldValueMappingSequence);
  OssDataset quantity = mapping.add (DCM_QuantityDefinitionSequence);

  mapping.text (DCM_LUTExplanation, map.explanation);
  mapping.text (DCM_LUTLabel, map.label);
  mapping.real (DCM_DoubleFloatRealWorldValueFirstValueMapped, low);
  mapping.real (DCM_DoubleFloatRealWorldValueLastValueMapped, high);
  mapping.real (DCM_RealWorldValueSlope, 1.0);
  mapping.real (DCM_RealWorldValueIntercept, 0.0);
  mapping.code (DCM_MeasurementUnitsCodeSequence, map.unit);
  quantity.text (DCM_ValueType, "CODE");
  quantity.code (DCM_ConceptNameCodeSequence, { "246205007", "SCT", "Quantity" });
  quantity.code (DCM_ConceptCodeSequence, map.quantity);
}

void
put_shared (const OssDicomExport *self, OssDataset &data, const Map &map, double low, double high)
{
  OssDataset shared = data.add (DCM_SharedFunctionalGroupsSequence);
  OssDataset identity = shared.add (DCM_PixelValueTransformationSequence);
  OssDataset window = shared.add (DCM_FrameVOILUTSequence);

  oss_object_shared (self, shared);
  shared.add (DCM_ParametricMapFrameTypeSequence).text (DCM_FrameType, "DERIVED\\PRIMARY\\VOLUME\\QUANTITY");
  identity.text (DCM_RescaleIntercept, "0");
  identity.text (DCM_RescaleSlope, "1");
  identity.text (DCM_RescaleType, "US");
  window.text (DCM_WindowCenter, oss_dicom_decimal (0.5 * (low + high)));
  window.text (DCM_WindowWidth, oss_dicom_decimal (std::fmax (high - low, 1e-3)));
  put_mapping (shared, map, low, high);
}

void
put_image (const OssDicomExport *self, OssDataset &data, const Map &map, const char *note, const OssObjectBox &box)
{
  oss_object_image (self, data, "DERIVED\\PRIMARY\\VOLUME\\QUANTITY");
  data.text (DCM_ContentQualification, "RESEARCH");
  data.text (DCM_RecognizableVisualFeatures, "NO");
  data.text (DCM_PresentationLUTShape, "IDENTITY");
  data.text (DCM_ContentLabel, map.label);
  data.text (DCM_ContentDescription, note != nullptr ? note : map.explanation);
  data.text (DCM_ContentCreatorName, "");
  data.empty (DCM_AcquisitionContextSequence);
  data.stored (DCM_SamplesPerPixel, 1);
  data.text (DCM_PhotometricInterpretation, "MONOCHROME2");
  data.stored (DCM_Rows, box.size[1]);
  data.stored (DCM_Columns, box.size[0]);
  data.stored (DCM_BitsAllocated, 32);
  data.text (DCM_NumberOfFrames, std::to_string (box.size[2]));
}

gboolean
check_values (const OssVolume *map, GError **error)
{
  gsize n = oss_grid_count (&map->grid);

  if (n > G_MAXUINT32 / sizeof (float) - 65536)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A map of %zu voxels is too large for one DICOM file."), n);
      return FALSE;
    }
  for (gsize i = 0; i < n; i++)
    if (!std::isfinite (map->data[i]))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Voxel %zu of the map is not a number."), i);
        return FALSE;
      }
  return TRUE;
}

} // namespace

gboolean
oss_dicom_write_map (OssDicomExport *self, const OssVolume *volume, OssMapKind which, const char *note,
                     const char *path, const OssTick *tick, GError **error)
{
  const Map &map = maps[which];
  OssObjectBox box;
  double low, high;

  if (!oss_object_box (self, &volume->grid, box, error) || !check_values (volume, error))
    return FALSE;
  oss_volume_range (volume, &low, &high);
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    auto file = std::make_unique<DcmFileFormat> ();
    OssDataset data (*file->getDataset ());
    oss_object_start (self, data, map.kind);
    oss_object_private_scheme (data);
    oss_object_frame_of_reference (self, data);
    put_image (self, data, map, note, box);
    oss_object_dimensions (self, data, map.kind, false);
    put_shared (self, data, map, low, high);
    oss_object_references (self, data, box.low[2], box.low[2] + box.size[2] - 1);
    for (int k = 0; k < box.size[2]; k++)
      {
        OssDataset frame = data.add (DCM_PerFrameFunctionalGroupsSequence);
        if (oss_tick_stopped (tick))
          return oss_tick_cancelled (error);
        oss_object_frame (self, frame, box, box.low[2] + k, { (Uint32) k + 1 }, map.derivation);
      }
    oss_dicom_check (data.item.putAndInsertFloat32Array (DCM_FloatPixelData, volume->data,
                                                         (unsigned long) oss_grid_count (&volume->grid)));
    return oss_object_write (*file, path, error);
  });
}
