/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "fem/oss-fem.h"

/* Voxels that are equally near count alike, whatever the order of the axes; of squared distances, and mm2. */
#define TIE 1e-4

typedef struct
{
  const OssVolume *density;
  const OssLabels *labels;
  const float *distance; /* mm to the label */
  double reach_mm;
  OssVolume *inside;
  const OssTick *tick;
} Filling;

/* Mean density of the label's voxels that are nearest to the voxel @at. */
static float
nearest_density (const Filling *self, const int at[3], double distance)
{
  const OssGrid *grid = &self->labels->grid;
  double sum = 0.0, nearest = distance * distance * (1.0 + TIE) + TIE;
  int low[3], high[3];
  gsize n = 0;

  for (int a = 0; a < 3; a++)
    {
      int reach = (int) (distance / grid->spacing[a] + 0.01);
      low[a] = MAX (at[a] - reach, 0);
      high[a] = MIN (at[a] + reach, grid->size[a] - 1);
    }
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        {
          const double d[3] = { (i - at[0]) * grid->spacing[0], (j - at[1]) * grid->spacing[1],
                                (k - at[2]) * grid->spacing[2] };
          gsize v = oss_grid_offset (grid, i, j, k);
          if (self->labels->data[v] == 0 || oss_dot (d, d) > nearest)
            continue;
          sum += self->density->data[v];
          n++;
        }
  return n > 0 ? (float) (sum / (double) n) : self->density->data[oss_grid_offset (grid, at[0], at[1], at[2])];
}

static void
fill_sheets (gsize begin, gsize end, guint thread, void *data)
{
  const Filling *self = data;
  const int *size = self->labels->grid.size;

  for (int k = (int) begin; k < (int) end && !oss_tick_stopped (self->tick); k++)
    for (int j = 0; j < size[1]; j++)
      for (int i = 0; i < size[0]; i++)
        {
          const int at[3] = { i, j, k };
          gsize v = oss_grid_offset (&self->labels->grid, i, j, k);
          if (self->distance[v] > 0.0f && self->distance[v] <= self->reach_mm)
            self->inside->data[v] = nearest_density (self, at, self->distance[v]);
          else
            self->inside->data[v] = self->density->data[v];
        }
}

OssVolume *
oss_fem_density_inside (const OssVolume *density, const OssLabels *labels, double reach_mm, const OssTick *tick,
                        GError **error)
{
  OssTick first = oss_tick_part (tick, 0.0, 0.5);
  g_autofree float *distance = NULL;
  g_autoptr (OssVolume) inside = NULL;

  if (!oss_grid_equal (&density->grid, &labels->grid, 0.1))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("The labels are on another grid than the density. Resample them onto it first."));
      return NULL;
    }
  distance = oss_labels_distance (labels, TRUE, &first, error);
  inside = distance != NULL ? oss_volume_new (&density->grid, density->quantity, error) : NULL;
  if (inside == NULL)
    return NULL;
  Filling filling = { density, labels, distance, reach_mm, inside, tick };
  oss_parallel_for ((gsize) labels->grid.size[2], 1, fill_sheets, &filling);
  if (!oss_tick_report (tick, 1.0, NULL, error))
    return NULL;
  return g_steal_pointer (&inside);
}
