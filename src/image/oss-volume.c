/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-volume.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "image/oss-loop-private.h"

#include <string.h>

#define VOXELS_PER_CHUNK 262144

OssVolume *
oss_volume_new (const OssGrid *grid, OssQuantity quantity, GError **error)
{
  OssVolume *self;
  float *data;

  if (!oss_grid_check (grid, error))
    return NULL;
  data = oss_alloc_aligned (oss_grid_count (grid), sizeof (float), _ ("an image"), error);
  if (data == NULL)
    return NULL;
  self = g_new0 (OssVolume, 1);
  self->grid = *grid;
  self->quantity = quantity;
  self->data = data;
  g_atomic_ref_count_init (&self->references);
  return self;
}

OssVolume *
oss_volume_ref (OssVolume *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
oss_volume_unref (OssVolume *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  oss_free_aligned (self->data);
  g_free (self);
}

/* Cell below @x and the fraction in it, clamped to [0, n - 1]; NaN gives the first voxel. */
static inline void
locate (double x, int n, int *below, int *above, double *fraction)
{
  if (!(x > 0.0))
    x = 0.0;
  if (x > n - 1)
    x = n - 1;
  *below = (int) x;
  *above = MIN (*below + 1, n - 1);
  *fraction = x - *below;
}

static inline double
lerp (double a, double b, double t)
{
  return a + t * (b - a);
}

double
oss_volume_sample_index (const OssVolume *self, const double index[3])
{
  const int *size = self->grid.size;
  int i0, i1, j0, j1, k0, k1;
  double u, v, w;

  locate (index[0], size[0], &i0, &i1, &u);
  locate (index[1], size[1], &j0, &j1, &v);
  locate (index[2], size[2], &k0, &k1, &w);

  const float *a = self->data + oss_grid_offset (&self->grid, 0, j0, k0);
  const float *b = self->data + oss_grid_offset (&self->grid, 0, j1, k0);
  const float *c = self->data + oss_grid_offset (&self->grid, 0, j0, k1);
  const float *d = self->data + oss_grid_offset (&self->grid, 0, j1, k1);

  return lerp (lerp (lerp (a[i0], a[i1], u), lerp (b[i0], b[i1], u), v),
               lerp (lerp (c[i0], c[i1], u), lerp (d[i0], d[i1], u), v), w);
}

double
oss_volume_sample (const OssVolume *self, const double lps_mm[3])
{
  double index[3];

  oss_grid_to_index (&self->grid, lps_mm, index);
  return oss_volume_sample_index (self, index);
}

OssVolume *
oss_volume_crop (const OssVolume *self, const int low[3], const int high[3], GError **error)
{
  OssGrid grid;
  OssVolume *result;

  if (!oss_grid_crop (&self->grid, low, high, &grid, error))
    return NULL;
  result = oss_volume_new (&grid, self->quantity, error);
  if (result == NULL)
    return NULL;
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      memcpy (result->data + oss_grid_offset (&grid, 0, j, k),
              self->data + oss_grid_offset (&self->grid, low[0], low[1] + j, low[2] + k),
              (gsize) grid.size[0] * sizeof (float));
  return result;
}

typedef struct
{
  const OssVolume *source;
  OssVolume *target;
  double matrix[9], shift[3]; /* target index -> source index */
  double outside;
} Resample;

static inline gboolean
is_covered (const OssGrid *grid, const double index[3])
{
  for (int a = 0; a < 3; a++)
    if (!(index[a] >= -OSS_GRID_REACH && index[a] <= grid->size[a] - 1 + OSS_GRID_REACH))
      return FALSE;
  return TRUE;
}

static void
resample_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Resample *job = data;
  const OssGrid *grid = &job->target->grid;
  const double *m = job->matrix;

  for (gsize row = begin; row < end; row++)
    {
      double j = (double) (row % (gsize) grid->size[1]), k = (double) (row / (gsize) grid->size[1]);
      float *out = job->target->data + row * (gsize) grid->size[0];

      for (int i = 0; i < grid->size[0]; i++)
        {
          double index[3];

          for (int a = 0; a < 3; a++)
            index[a] = m[3 * a] * i + m[3 * a + 1] * j + m[3 * a + 2] * k + job->shift[a];
          out[i] = (float) (is_covered (&job->source->grid, index) ? oss_volume_sample_index (job->source, index)
                                                                   : job->outside);
        }
    }
}

OssVolume *
oss_volume_resample (const OssVolume *self, const OssGrid *grid, double outside, const OssTick *tick, GError **error)
{
  g_autoptr (OssVolume) target = oss_volume_new (grid, self->quantity, error);
  Resample job = { .source = self, .target = target, .outside = outside };

  if (target == NULL)
    return NULL;
  oss_grid_map (grid, &self->grid, job.matrix, job.shift);
  if (!oss_loop ((gsize) grid->size[1] * (gsize) grid->size[2], 16, resample_rows, &job, tick, NULL, error))
    return NULL;
  return g_steal_pointer (&target);
}

typedef struct
{
  const float *source;
  float *target;
  float slope, intercept;
} Linear;

static void
linear_voxels (gsize begin, gsize end, guint thread, void *data)
{
  const Linear *job = data;

  for (gsize n = begin; n < end; n++)
    job->target[n] = job->slope * job->source[n] + job->intercept;
}

OssVolume *
oss_volume_linear (const OssVolume *self, double slope, double intercept, OssQuantity quantity, GError **error)
{
  OssVolume *result = oss_volume_new (&self->grid, quantity, error);

  if (result == NULL)
    return NULL;

  Linear job = { self->data, result->data, (float) slope, (float) intercept };

  oss_parallel_for (oss_grid_count (&self->grid), VOXELS_PER_CHUNK, linear_voxels, &job);
  return result;
}

typedef struct
{
  const float *data;
  float (*extremes)[2]; /* one pair a chunk */
} Range;

static void
range_voxels (gsize begin, gsize end, guint thread, void *data)
{
  const Range *job = data;
  float low = INFINITY, high = -INFINITY;

  for (gsize n = begin; n < end; n++)
    {
      float value = job->data[n];

      low = value < low ? value : low; /* never true for NaN, which is passed over */
      high = value > high ? value : high;
    }
  job->extremes[begin / VOXELS_PER_CHUNK][0] = low;
  job->extremes[begin / VOXELS_PER_CHUNK][1] = high;
}

void
oss_volume_range (const OssVolume *self, double *minimum, double *maximum)
{
  gsize count = oss_grid_count (&self->grid), n_chunks = (count + VOXELS_PER_CHUNK - 1) / VOXELS_PER_CHUNK;
  Range job = { self->data, g_malloc (n_chunks * sizeof (float[2])) };
  double low = INFINITY, high = -INFINITY;

  oss_parallel_for (count, VOXELS_PER_CHUNK, range_voxels, &job);
  for (gsize n = 0; n < n_chunks; n++)
    {
      low = MIN (low, (double) job.extremes[n][0]);
      high = MAX (high, (double) job.extremes[n][1]);
    }
  g_free (job.extremes);
  *minimum = low <= high ? low : 0.0;
  *maximum = low <= high ? high : 0.0;
}
