/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-study-private.h"

/* The image around the mesh as density: nothing else of it is needed. */
static OssVolume *
density_around (const OssStudyResults *results, GError **error)
{
  const OssLoadResult *load = results->of[OSS_STEP_LOAD];
  const OssCalibrateResult *calibrate = results->of[OSS_STEP_CALIBRATE];
  const OssSegmentResult *segment = results->of[OSS_STEP_SEGMENT];
  const OssGrid *box = &segment->labels->grid, *grid = &load->volume->grid;
  double corner[3];
  int low[3], high[3];

  /* The labels are a crop of the image's own lattice: their first voxel tells where. */
  oss_grid_to_index (grid, box->origin, corner);
  for (int a = 0; a < 3; a++)
    {
      low[a] = CLAMP ((int) lround (corner[a]), 0, grid->size[a] - 1);
      high[a] = MIN (low[a] + box->size[a] - 1, grid->size[a] - 1);
    }
  g_autoptr (OssVolume) crop = oss_volume_crop (load->volume, low, high, error);
  return crop != NULL
             ? oss_volume_linear (crop, calibrate->line.slope, calibrate->line.intercept, OSS_QUANTITY_DENSITY, error)
             : NULL;
}

/* The density that elements are given: of the vertebra's own voxels, also where elements stand out over its label by
 * as much as they may. */
static OssVolume *
density_inside (const OssStudyOptions *options, const OssStudyResults *results, const OssTick *tick, GError **error)
{
  const OssLabels *labels = ((OssSegmentResult *) results->of[OSS_STEP_SEGMENT])->labels;
  const double *spacing = labels->grid.spacing;
  double reach_mm = 2.0 * options->mesh.size_mm + MAX (spacing[0], MAX (spacing[1], spacing[2]));
  guint islands;
  gsize voxels;
  g_autoptr (OssVolume) density = density_around (results, error);
  g_autoptr (OssLabels) meshed = density != NULL ? oss_labels_keep_largest (labels, &islands, &voxels, error) : NULL;

  return meshed != NULL ? oss_fem_density_inside (density, meshed, reach_mm, tick, error) : NULL;
}

gboolean
oss_study_give_modulus (const OssStudyOptions *options, const OssStudyResults *results, OssSimulateResult *simulate,
                        const OssTick *tick, GError **error)
{
  const OssMesh *mesh = ((OssMeshResult *) results->of[OSS_STEP_MESH])->mesh;
  const OssCalibrateResult *calibrate = results->of[OSS_STEP_CALIBRATE];
  OssTick first = oss_tick_part (tick, 0.0, 0.3), rest = oss_tick_part (tick, 0.3, 1.0);
  g_autoptr (OssVolume) density = density_inside (options, results, &first, error);

  if (density != NULL)
    simulate->modulus_mpa =
        oss_fem_modulus (mesh, density, calibrate->line.basis, &simulate->chain, &simulate->modulus, &rest, error);
  return simulate->modulus_mpa != NULL;
}
