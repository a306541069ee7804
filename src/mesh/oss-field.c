/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-field-private.h"

#include <string.h>

#define MARGIN 3 /* voxels of background around the label */

/* The label with a margin of background, so that its border is closed where the image cut it. */
static OssLabels *
pad (const OssLabels *labels, GError **error)
{
  OssGrid grid = labels->grid;
  const double corner[3] = { -MARGIN, -MARGIN, -MARGIN };
  OssLabels *padded;

  oss_grid_to_patient (&labels->grid, corner, grid.origin);
  for (int a = 0; a < 3; a++)
    grid.size[a] += 2 * MARGIN;
  padded = oss_labels_new (&grid, error);
  if (padded == NULL)
    return NULL;
  for (int k = 0; k < labels->grid.size[2]; k++)
    for (int j = 0; j < labels->grid.size[1]; j++)
      memcpy (padded->data + oss_grid_offset (&grid, MARGIN, j + MARGIN, k + MARGIN),
              labels->data + oss_grid_offset (&labels->grid, 0, j, k), (gsize) labels->grid.size[0]);
  return padded;
}

static OssVolume *
signed_distance (const OssLabels *labels, const OssTick *tick, GError **error)
{
  OssTick first = oss_tick_part (tick, 0.0, 0.5), second = oss_tick_part (tick, 0.5, 1.0);
  g_autofree float *to_outside = oss_labels_distance (labels, FALSE, &first, error), *to_inside = NULL;
  OssVolume *volume;

  if (to_outside == NULL)
    return NULL;
  to_inside = oss_labels_distance (labels, TRUE, &second, error);
  if (to_inside == NULL)
    return NULL;
  volume = oss_volume_new (&labels->grid, OSS_QUANTITY_OTHER, error);
  for (gsize i = 0; volume != NULL && i < oss_grid_count (&labels->grid); i++)
    volume->data[i] = to_outside[i] - to_inside[i];
  return volume;
}

static void
set_box (OssField *self, const OssGrid *label_grid)
{
  for (int a = 0; a < 3; a++)
    {
      self->low_mm[a] = INFINITY;
      self->high_mm[a] = -INFINITY;
    }
  for (int corner = 0; corner < 8; corner++)
    {
      double index[3], mm[3];
      for (int a = 0; a < 3; a++)
        index[a] = (corner >> a & 1) != 0 ? label_grid->size[a] - 0.5 : -0.5;
      oss_grid_to_patient (label_grid, index, mm);
      for (int a = 0; a < 3; a++)
        {
          self->low_mm[a] = MIN (self->low_mm[a], mm[a]);
          self->high_mm[a] = MAX (self->high_mm[a], mm[a]);
        }
    }
}

static void
set_transform (OssField *self)
{
  const double zero[3] = { 0.0, 0.0, 0.0 };
  double shift[3];

  oss_grid_to_index (&self->volume->grid, zero, shift);
  for (int column = 0; column < 3; column++)
    {
      double unit[3] = { 0.0, 0.0, 0.0 }, index[3];
      unit[column] = 1.0;
      oss_grid_to_index (&self->volume->grid, unit, index);
      for (int row = 0; row < 3; row++)
        self->to_index[4 * row + column] = index[row] - shift[row];
    }
  for (int row = 0; row < 3; row++)
    self->to_index[4 * row + 3] = shift[row];
}

gboolean
oss_field_init (OssField *self, const OssLabels *labels, const double sigma_mm[3], const OssTick *tick, GError **error)
{
  OssTick first = oss_tick_part (tick, 0.0, 0.7), second = oss_tick_part (tick, 0.7, 1.0);
  g_autoptr (OssLabels) padded = pad (labels, error);
  g_autoptr (OssVolume) distance = padded != NULL ? signed_distance (padded, &first, error) : NULL;

  *self = (OssField){ 0 };
  if (distance == NULL)
    return FALSE;
  self->volume = oss_volume_gaussian (distance, sigma_mm, &second, error);
  if (self->volume == NULL)
    return FALSE;
  set_box (self, &labels->grid);
  set_transform (self);
  return TRUE;
}

void
oss_field_clear (OssField *self)
{
  g_clear_pointer (&self->volume, oss_volume_unref);
}
