/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of a region from the voxels of the image itself, and what makes a region clean. */
#include "calibrate/oss-tissue-private.h"

#include <math.h>
#include <string.h>

#define OUTLIER_SD 2.5
#define ROUNDS 6
#define SLABS 12 /* layers of the region are pooled to at most so many readings */
#define LEAST_SLAB 20
#define MOST_VALUES 400000 /* of a large region every so manieth voxel is read */

/* Values of a region with the layer of each. */
typedef struct
{
  GArray *values; /* float */
  GArray *layers; /* int */
  int low, high;  /* layers */
  gsize seen, every;
} Values;

static void
values_init (Values *self)
{
  self->values = g_array_new (FALSE, FALSE, sizeof (float));
  self->layers = g_array_new (FALSE, FALSE, sizeof (int));
  self->low = G_MAXINT, self->high = -1;
  self->every = 1;
}

static void
values_clear (Values *self)
{
  g_clear_pointer (&self->values, g_array_unref);
  g_clear_pointer (&self->layers, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Values, values_clear)

static void
values_add (Values *self, float hu, int layer)
{
  if (self->seen++ % self->every != 0)
    return;
  g_array_append_val (self->values, hu);
  g_array_append_val (self->layers, layer);
  self->low = MIN (self->low, layer), self->high = MAX (self->high, layer);
}

static int
compare_floats (const void *a, const void *b)
{
  float x = *(const float *) a, y = *(const float *) b;
  return x < y ? -1 : x > y;
}

static double
median_of (const Values *self)
{
  guint n = self->values->len;
  g_autofree float *sorted = g_memdup2 (self->values->data, n * sizeof (float));

  qsort (sorted, n, sizeof *sorted, compare_floats);
  return sorted[n / 2];
}

/* Mean within @reach of @centre. */
static double
mean_near (const Values *self, double centre, double reach, double *sd, gsize *n)
{
  double sum = 0.0, squares = 0.0;

  *n = 0;
  for (guint i = 0; i < self->values->len; i++)
    {
      double d = g_array_index (self->values, float, i) - centre;
      if (fabs (d) <= reach)
        sum += d, squares += d * d, (*n)++;
    }
  if (*n == 0)
    return centre;
  *sd = sqrt (MAX (0.0, squares / (double) *n - sum / (double) *n * sum / (double) *n));
  return centre + sum / (double) *n;
}

/* Standard error of the mean from pools of layers: noise of neighbouring voxels and layers goes together. */
static double
standard_error (const Values *self, double mean, double sd)
{
  double sum[SLABS] = { 0 }, all = 0.0, squares = 0.0;
  gsize n[SLABS] = { 0 };
  int span = self->high - self->low + 1, slabs = MIN (SLABS, MAX (1, span / 2)), used = 0;

  for (guint i = 0; i < self->values->len; i++)
    {
      double d = g_array_index (self->values, float, i) - mean;
      int s = (int) ((gint64) (g_array_index (self->layers, int, i) - self->low) * slabs / span);
      if (fabs (d) <= OUTLIER_SD * sd)
        sum[s] += d, n[s]++;
    }
  for (int s = 0; s < slabs; s++)
    if (n[s] >= LEAST_SLAB)
      {
        double reading = sum[s] / (double) n[s];
        all += reading, squares += reading * reading, used++;
      }
  if (used < 3) /* as if a tenth of the voxels were independent */
    return sd / sqrt (MAX (1.0, 0.1 * (double) self->values->len));
  return sqrt (MAX (0.0, squares / used - all / used * all / used) / (used - 1.0));
}

static void
reduce (const Values *self, OssOwnRegion *region)
{
  double mean = median_of (self), sd = 0.0, reach = G_MAXDOUBLE;

  for (int r = 0; r < ROUNDS; r++)
    {
      mean = mean_near (self, mean, reach, &sd, &region->voxels);
      reach = OUTLIER_SD * MAX (sd, 0.5);
      if (r == 0)
        mean = median_of (self); /* a long tail does not draw the first centre */
    }
  region->mean_hu = mean;
  region->sd_hu = sd;
  region->standard_error_hu = standard_error (self, mean, MAX (sd, 0.5));
  region->voxels *= self->every;
  region->found = region->voxels > 0;
}

/* Size and place of a region of the coarse image. */
static void
describe_region (const OssLabels *regions, guint8 value, OssOwnRegion *region)
{
  const OssGrid *grid = &regions->grid;
  gsize all = 0, most = 0;
  double centre[3] = { 0 };

  for (int k = 0; k < grid->size[2]; k++)
    {
      gsize here = 0;
      for (int j = 0; j < grid->size[1]; j++)
        for (int i = 0; i < grid->size[0]; i++)
          if (regions->data[oss_grid_offset (grid, i, j, k)] == value)
            centre[0] += i, centre[1] += j, centre[2] += k, here++;
      all += here;
      most = MAX (most, here);
    }
  region->volume_mm3 = (double) all * oss_grid_voxel_mm3 (grid);
  region->area_mm2 = (double) most * grid->spacing[0] * grid->spacing[1];
  for (int a = 0; all > 0 && a < 3; a++)
    centre[a] /= (double) all;
  oss_grid_to_patient (grid, centre, region->centre_mm);
}

void
oss_region_measure (const OssVolume *volume, const OssLabels *regions, OssOwnTissue tissue, OssOwnRegion *region)
{
  const OssGrid *fine = &volume->grid, *coarse = &regions->grid;
  const guint8 value = (guint8) (tissue + 1);
  g_auto (Values) values = { 0 };
  int low[3], high[3], from[3], to[3];
  double matrix[9], shift[3], centre[3], middle[3], reach = 0.0;

  describe_region (regions, value, region);
  if (!oss_labels_box (regions, value, low, high))
    return;
  for (int a = 0; a < 3; a++)
    {
      middle[a] = 0.5 * (low[a] + high[a]);
      reach = hypot (reach, (0.5 * (high[a] - low[a]) + 1.0) * coarse->spacing[a]);
    }
  oss_grid_to_patient (coarse, middle, centre);
  if (!oss_grid_box_around (fine, centre, reach, from, to))
    return;
  oss_grid_map (fine, coarse, matrix, shift);
  values_init (&values);
  values.every = 1 + (gsize) (region->volume_mm3 / oss_grid_voxel_mm3 (fine) / MOST_VALUES);
  for (int k = from[2]; k <= to[2]; k++)
    for (int j = from[1]; j <= to[1]; j++)
      for (int i = from[0]; i <= to[0]; i++)
        {
          int c[3];
          gboolean inside = TRUE;

          for (int r = 0; r < 3 && inside; r++)
            {
              const double *m = matrix + 3 * r;
              c[r] = (int) floor (m[0] * i + m[1] * j + m[2] * k + shift[r] + 0.5);
              inside = c[r] >= low[r] && c[r] <= high[r];
            }
          if (inside && regions->data[oss_grid_offset (coarse, c[0], c[1], c[2])] == value)
            values_add (&values, volume->data[oss_grid_offset (fine, i, j, k)], c[2]);
        }
  if (values.values->len > 0)
    reduce (&values, region);
}

/* Paints the ball into the coarse image for pictures. */
static void
paint_ball (const OssOwnPlace *place, OssLabels *regions, guint8 value)
{
  const OssGrid *grid = &regions->grid;
  int low[3], high[3];

  if (!oss_grid_box_around (grid, place->centre_mm, place->radius_mm, low, high))
    return;
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        {
          double mm[3], d[3];
          oss_grid_to_patient (grid, (double[3]){ i, j, k }, mm);
          oss_sub (mm, place->centre_mm, d);
          if (oss_dot (d, d) <= place->radius_mm * place->radius_mm)
            regions->data[oss_grid_offset (grid, i, j, k)] = value;
        }
}

void
oss_region_measure_ball (const OssVolume *volume, const OssOwnPlace *place, OssLabels *regions, OssOwnTissue tissue,
                         OssOwnRegion *region)
{
  const OssGrid *grid = &volume->grid;
  g_auto (Values) values = { 0 };
  int low[3], high[3];

  region->given = TRUE;
  memcpy (region->centre_mm, place->centre_mm, sizeof region->centre_mm);
  region->area_mm2 = G_PI * place->radius_mm * place->radius_mm;
  region->volume_mm3 = 4.0 / 3.0 * region->area_mm2 * place->radius_mm;
  paint_ball (place, regions, (guint8) (tissue + 1));
  if (!oss_grid_box_around (grid, place->centre_mm, place->radius_mm, low, high))
    return;
  values_init (&values);
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        {
          double mm[3], d[3];
          oss_grid_to_patient (grid, (double[3]){ i, j, k }, mm);
          oss_sub (mm, place->centre_mm, d);
          if (oss_dot (d, d) <= place->radius_mm * place->radius_mm)
            values_add (&values, volume->data[oss_grid_offset (grid, i, j, k)],
                        (int) floor (mm[2] / MAX (1.0, 0.2 * place->radius_mm)));
        }
  if (values.values->len > 0)
    reduce (&values, region);
}

/* Takes the outermost cells of @value off, @times at most and only while @least of them are left. */
gboolean
oss_regions_erode (OssLabels *regions, guint8 value, int times, gsize least, GError **error)
{
  const int *size = regions->grid.size;
  const gsize step[3] = { 1, (gsize) size[0], (gsize) size[0] * (gsize) size[1] };
  gsize n = oss_grid_count (&regions->grid);

  for (int t = 0; t < times; t++)
    {
      g_autoptr (OssLabels) old = oss_labels_copy (regions, error);
      gsize left = 0;

      if (old == NULL)
        return FALSE;
      for (gsize at = 0; at < n; at++)
        {
          int index[3] = { (int) (at % step[1]), (int) (at / step[1] % (gsize) size[1]), (int) (at / step[2]) };
          if (old->data[at] != value)
            continue;
          for (int a = 0; a < 3; a++)
            if ((index[a] > 0 && old->data[at - step[a]] != value)
                || (index[a] + 1 < size[a] && old->data[at + step[a]] != value))
              regions->data[at] = 0;
          left += regions->data[at] == value;
        }
      if (left >= least)
        continue;
      memcpy (regions->data, old->data, n);
      break;
    }
  return TRUE;
}
