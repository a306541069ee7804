/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-mesher.h"

#include "base/oss-i18n.h"
#include "mesh/oss-field-private.h"
#include "mesh/oss-quality-private.h"
#include "mesh/oss-stuffing-private.h"
#include "mesh/oss-surface-private.h"

#define MINIMUM_SIZE_MM 0.005
#define MAXIMUM_SIZE_MM 50.0

#define LEVEL_TRIES 5
#define LEVEL_TOLERANCE 0.003 /* of the mask's volume; the promise is 0.01 */
#define MESH_TRIES 3
#define MESH_TOLERANCE 0.007

void
oss_mesh_options_default (OssMeshOptions *options)
{
  *options = (OssMeshOptions){ .kind = OSS_ELEMENT_TET10, .size_mm = 2.0, .smooth_mm = 0.0 };
}

static gboolean
check_options (const OssMeshOptions *options, GError **error)
{
  gboolean voxels = options->kind == OSS_ELEMENT_HEX8 && options->size_mm == 0.0;

  if (!voxels && !(options->size_mm >= MINIMUM_SIZE_MM && options->size_mm <= MAXIMUM_SIZE_MM))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Element size %g mm: must be from %g to %g mm."),
                   options->size_mm, MINIMUM_SIZE_MM, MAXIMUM_SIZE_MM);
      return FALSE;
    }
  if (!(options->smooth_mm >= 0.0 && options->smooth_mm <= MAXIMUM_SIZE_MM))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Smoothing of %g mm: must be from 0 to %g mm."),
                   options->smooth_mm, MAXIMUM_SIZE_MM);
      return FALSE;
    }
  return TRUE;
}

/* The box of what is above 0. */
static OssLabels *
crop_to_label (const OssLabels *labels, GError **error)
{
  int low[3], high[3];

  if (!oss_labels_box (labels, 0, low, high))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                           _ ("The label image is empty: there is nothing to mesh."));
      return NULL;
    }
  return oss_labels_crop (labels, low, high, error);
}

static OssLabels *
largest_part (const OssLabels *labels, OssMeshQuality *parts, GError **error)
{
  g_autoptr (OssLabels) all = crop_to_label (labels, error);
  g_autoptr (OssLabels) largest = NULL;

  if (all == NULL)
    return NULL;
  largest = oss_labels_keep_largest (all, &parts->islands, &parts->island_voxels, error);
  return largest != NULL ? crop_to_label (largest, error) : NULL;
}

static double
label_volume (const OssLabels *labels)
{
  gsize n = 0;

  for (gsize i = 0; i < oss_grid_count (&labels->grid); i++)
    n += labels->data[i] > 0;
  return (double) n * oss_grid_voxel_mm3 (&labels->grid);
}

/* Steps of the voxels leave the surface with 0.7 voxel; features below 0.2 of the lattice cannot be meshed anyway. */
static void
choose_sigma (const OssGrid *grid, const OssMeshOptions *options, double sigma_mm[3])
{
  for (int a = 0; a < 3; a++)
    sigma_mm[a] = options->smooth_mm > 0.0 ? options->smooth_mm : MAX (0.7 * grid->spacing[a], 0.2 * options->size_mm);
}

/**
 * Flat triangles cut the corners of a curved surface, and smoothing shrinks it: the level of the field is moved
 * until the tetrahedra have the volume @goal_mm3.  The first step takes the estimated slope, the next ones the secant;
 * the level stays within a voxel's diagonal of the field, which is half of that in place.
 */
static gboolean
find_level (OssStuffing *stuffing, double limit, double goal_mm3, const OssTick *tick, GError **error)
{
  double level = 0.0, volume, slope, best_level = 0.0, best_miss = INFINITY, last_level = 0.0, last_miss = 0.0;

  for (int round = 0; round < LEVEL_TRIES; round++)
    {
      OssTick part = oss_tick_part (tick, (double) round / LEVEL_TRIES, (round + 1.0) / LEVEL_TRIES);
      if (!oss_stuffing_set_level (stuffing, level, &volume, &slope, &part, error))
        return FALSE;
      double miss = volume - goal_mm3;
      if (round > 0 && (miss - last_miss) / (level - last_level) < 0.0)
        slope = (miss - last_miss) / (level - last_level);
      last_level = level;
      last_miss = miss;
      if (fabs (miss) < best_miss)
        {
          best_miss = fabs (miss);
          best_level = level;
        }
      level = CLAMP (level - miss / slope, -limit, limit);
      if (best_miss <= LEVEL_TOLERANCE * goal_mm3 || level == last_level)
        break;
    }
  return last_level == best_level || oss_stuffing_set_level (stuffing, best_level, &volume, &slope, tick, error);
}

/* The mesh with the mask's volume.  Bridges, repairs and dropped crumbs change the volume once more, by much only
 * where the bone is as thin as the elements: then the goal is moved by what was missed. */
static OssMesh *
mesh_to_volume (OssStuffing *stuffing, double limit, double mask_mm3, guint *dropped, const OssTick *tick,
                GError **error)
{
  g_autoptr (OssMesh) best = NULL;
  double goal_mm3 = mask_mm3, best_miss = INFINITY;

  for (int round = 0; round < MESH_TRIES && best_miss > MESH_TOLERANCE * mask_mm3; round++)
    {
      OssTick whole = oss_tick_part (tick, (double) round / MESH_TRIES, (round + 1.0) / MESH_TRIES);
      OssTick first = oss_tick_part (&whole, 0.0, 0.6), second = oss_tick_part (&whole, 0.6, 1.0);
      guint n_dropped;
      if (!find_level (stuffing, limit, goal_mm3, &first, error))
        return NULL;
      g_autoptr (OssMesh) mesh = oss_stuffing_mesh (stuffing, &n_dropped, &second, error);
      if (mesh == NULL)
        return NULL;
      double miss = oss_mesh_volume (mesh) - mask_mm3;
      goal_mm3 -= miss;
      if (fabs (miss) >= best_miss)
        continue;
      best_miss = fabs (miss);
      *dropped = n_dropped;
      g_clear_pointer (&best, oss_mesh_unref);
      best = g_steal_pointer (&mesh);
    }
  return g_steal_pointer (&best);
}

static OssMesh *
tetrahedra (const OssLabels *labels, const OssMeshOptions *options, double mask_mm3, OssMeshQuality *parts,
            const OssTick *tick, GError **error)
{
  OssTick first = oss_tick_part (tick, 0.0, 0.3), second = oss_tick_part (tick, 0.3, 1.0);
  g_autoptr (OssStuffing) stuffing = NULL;
  OssField field;
  OssMesh *mesh = NULL;
  double sigma_mm[3];
  guint dropped;

  choose_sigma (&labels->grid, options, sigma_mm);
  if (oss_field_init (&field, labels, sigma_mm, &first, error))
    stuffing = oss_stuffing_new (&field, options->size_mm, &second, error);
  if (stuffing != NULL)
    mesh = mesh_to_volume (stuffing, oss_norm (labels->grid.spacing), mask_mm3, &dropped, &second, error);
  oss_field_clear (&field);
  if (mesh == NULL)
    return NULL;
  parts->islands += dropped;
  if (options->kind == OSS_ELEMENT_TET10)
    {
      OssMesh *linear = mesh;
      mesh = oss_mesh_make_quadratic (linear, tick, error);
      oss_mesh_unref (linear);
    }
  return mesh;
}

/* The label's own voxels, or cubes of the asked size in the label's directions. */
static OssMesh *
hexahedra (const OssLabels *labels, const OssMeshOptions *options, OssMeshQuality *parts, const OssTick *tick,
           GError **error)
{
  g_autoptr (OssLabels) resampled = NULL, largest = NULL;
  OssGrid grid = labels->grid;
  double first[3];
  guint islands = 0;
  gsize voxels = 0;

  if (options->size_mm == 0.0)
    return oss_voxel_mesh (labels, tick, error);
  for (int a = 0; a < 3; a++)
    {
      double extent = grid.size[a] * grid.spacing[a], cubes = ceil (extent / options->size_mm - 1e-9);
      grid.size[a] = (int) MIN (cubes, 1e6);
      grid.spacing[a] = options->size_mm;
      first[a] = (0.5 * options->size_mm - 0.5 * (cubes * options->size_mm - extent)) / labels->grid.spacing[a] - 0.5;
    }
  oss_grid_to_patient (&labels->grid, first, grid.origin);
  resampled = oss_labels_resample (labels, &grid, tick, error);
  if (resampled == NULL)
    return NULL;
  if (!oss_labels_box (resampled, 0, (int[3]){ 0 }, (int[3]){ 0 }))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("The label is thinner than voxels of %g mm everywhere: choose a smaller size."),
                   options->size_mm);
      return NULL;
    }
  largest = oss_labels_keep_largest (resampled, &islands, &voxels, error);
  if (largest == NULL)
    return NULL;
  parts->islands += islands;
  return oss_voxel_mesh (largest, tick, error);
}

OssMesh *
oss_mesher_run (const OssLabels *labels, const OssMeshOptions *options, OssMeshQuality *quality, const OssTick *tick,
                GError **error)
{
  OssTick work = oss_tick_part (tick, 0.05, 0.85), measure = oss_tick_part (tick, 0.85, 1.0);
  OssMeshQuality parts = { 0 };
  g_autoptr (OssLabels) part = NULL;
  g_autoptr (OssMesh) mesh = NULL;

  if (!check_options (options, error) || !oss_tick_report (tick, 0.0, _ ("Meshing"), error))
    return NULL;
  part = largest_part (labels, &parts, error);
  if (part == NULL)
    return NULL;
  double mask_mm3 = label_volume (part);
  if (options->kind == OSS_ELEMENT_HEX8)
    mesh = hexahedra (part, options, &parts, &work, error);
  else
    mesh = tetrahedra (part, options, mask_mm3, &parts, &work, error);
  if (mesh == NULL || !oss_tick_report (&measure, 0.0, NULL, error)
      || !oss_mesh_measure (mesh, quality, &measure, error) || !oss_tick_report (tick, 1.0, NULL, error))
    return NULL;
  quality->islands = parts.islands;
  quality->island_voxels = parts.island_voxels;
  quality->mask_volume_mm3 = mask_mm3;
  quality->volume_error_percent = 100.0 * (quality->volume_mm3 - mask_mm3) / mask_mm3;
  return g_steal_pointer (&mesh);
}
