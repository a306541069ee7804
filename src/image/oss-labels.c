/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-labels.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "image/oss-loop-private.h"

#include <string.h>

#define VOXELS_PER_CHUNK 1048576

OssLabels *
oss_labels_new (const OssGrid *grid, GError **error)
{
  OssLabels *self;
  guint8 *data;

  if (!oss_grid_check (grid, error))
    return NULL;
  data = oss_alloc_aligned (oss_grid_count (grid), 1, _ ("a label image"), error);
  if (data == NULL)
    return NULL;
  self = g_new0 (OssLabels, 1);
  self->grid = *grid;
  self->data = data;
  g_atomic_ref_count_init (&self->references);
  return self;
}

OssLabels *
oss_labels_ref (OssLabels *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
oss_labels_unref (OssLabels *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  oss_free_aligned (self->data);
  g_free (self);
}

OssLabels *
oss_labels_copy (const OssLabels *self, GError **error)
{
  OssLabels *copy = oss_labels_new (&self->grid, error);

  if (copy != NULL)
    memcpy (copy->data, self->data, oss_grid_count (&self->grid));
  return copy;
}

typedef struct
{
  const guint8 *data;
  gsize *histogram; /* 256 counts, added to under the lock */
  GMutex lock;
} Histogram;

static void
count_voxels (gsize begin, gsize end, guint thread, void *data)
{
  Histogram *job = data;
  guint32 parts[4][256] = { 0 }; /* four, so that equal neighbours do not wait for one counter */
  gsize n = begin;

  for (; n + 4 <= end; n += 4)
    for (int lane = 0; lane < 4; lane++)
      parts[lane][job->data[n + (gsize) lane]]++;
  for (; n < end; n++)
    parts[0][job->data[n]]++;
  g_mutex_lock (&job->lock);
  for (int value = 0; value < 256; value++)
    job->histogram[value] += (gsize) parts[0][value] + parts[1][value] + parts[2][value] + parts[3][value];
  g_mutex_unlock (&job->lock);
}

void
oss_labels_histogram (const OssLabels *self, gsize histogram[256])
{
  Histogram job = { .data = self->data, .histogram = histogram };

  memset (histogram, 0, 256 * sizeof histogram[0]);
  g_mutex_init (&job.lock);
  oss_parallel_for (oss_grid_count (&self->grid), VOXELS_PER_CHUNK, count_voxels, &job);
  g_mutex_clear (&job.lock);
}

gsize
oss_labels_count (const OssLabels *self, guint8 value)
{
  gsize histogram[256];

  oss_labels_histogram (self, histogram);
  return histogram[value];
}

guint8
oss_labels_smallest (const OssLabels *self)
{
  gsize histogram[256];

  oss_labels_histogram (self, histogram);
  for (int value = 1; value < 256; value++)
    if (histogram[value] > 0)
      return (guint8) value;
  return 0;
}

typedef struct
{
  const OssLabels *labels;
  guint8 value;
  int (*boxes)[6]; /* low, high of every slice; low > high: nothing there */
} Box;

static inline gboolean
is_wanted (guint8 label, guint8 value)
{
  return value == 0 ? label > 0 : label == value;
}

/* Slices are scanned by memchr() or by words of zeros: an empty row costs next to nothing. */
static int
first_wanted (const guint8 *row, int n, guint8 value)
{
  int i = 0;

  if (value != 0)
    {
      const guint8 *hit = memchr (row, value, (gsize) n);

      return hit != NULL ? (int) (hit - row) : n;
    }
  for (guint64 word; i + 8 <= n; i += 8)
    {
      memcpy (&word, row + i, 8);
      if (word != 0)
        break;
    }
  while (i < n && row[i] == 0)
    i++;
  return i;
}

static void
box_slices (gsize begin, gsize end, guint thread, void *data)
{
  const Box *job = data;
  const int *size = job->labels->grid.size;

  for (gsize k = begin; k < end; k++)
    {
      int *low = job->boxes[k], *high = job->boxes[k] + 3;

      low[0] = low[1] = low[2] = G_MAXINT;
      high[0] = high[1] = high[2] = -1;
      for (int j = 0; j < size[1]; j++)
        {
          const guint8 *row = job->labels->data + oss_grid_offset (&job->labels->grid, 0, j, (int) k);
          int first = first_wanted (row, size[0], job->value), last = size[0] - 1;

          if (first == size[0])
            continue;
          while (!is_wanted (row[last], job->value))
            last--;
          low[0] = MIN (low[0], first);
          high[0] = MAX (high[0], last);
          low[1] = MIN (low[1], j);
          high[1] = j;
          low[2] = high[2] = (int) k;
        }
    }
}

gboolean
oss_labels_box (const OssLabels *self, guint8 value, int low[3], int high[3])
{
  gsize n_slices = (gsize) self->grid.size[2];
  Box job = { self, value, g_malloc (n_slices * sizeof (int[6])) };
  int found_low[3] = { G_MAXINT, G_MAXINT, G_MAXINT }, found_high[3] = { -1, -1, -1 };

  oss_parallel_for (n_slices, 1, box_slices, &job);
  for (gsize k = 0; k < n_slices; k++)
    for (int a = 0; a < 3; a++)
      {
        found_low[a] = MIN (found_low[a], job.boxes[k][a]);
        found_high[a] = MAX (found_high[a], job.boxes[k][3 + a]);
      }
  g_free (job.boxes);
  if (found_high[0] < 0)
    return FALSE;
  memcpy (low, found_low, sizeof found_low);
  memcpy (high, found_high, sizeof found_high);
  return TRUE;
}

OssLabels *
oss_labels_crop (const OssLabels *self, const int low[3], const int high[3], GError **error)
{
  OssGrid grid;
  OssLabels *result;

  if (!oss_grid_crop (&self->grid, low, high, &grid, error))
    return NULL;
  result = oss_labels_new (&grid, error);
  if (result == NULL)
    return NULL;
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      memcpy (result->data + oss_grid_offset (&grid, 0, j, k),
              self->data + oss_grid_offset (&self->grid, low[0], low[1] + j, low[2] + k), (gsize) grid.size[0]);
  return result;
}

OssLabels *
oss_labels_select (const OssLabels *self, guint8 value, GError **error)
{
  gsize count = oss_grid_count (&self->grid);
  OssLabels *result = oss_labels_new (&self->grid, error);

  if (result != NULL)
    for (gsize n = 0; n < count; n++)
      result->data[n] = self->data[n] == value;
  return result;
}

typedef struct
{
  const OssLabels *source;
  OssLabels *target;
  double matrix[9], shift[3]; /* target index -> source index */
} Resample;

/* Nearest voxel to @x, or -1 beyond the outermost faces. */
static inline int
nearest (double x, int n)
{
  if (!(x >= -OSS_GRID_REACH && x <= n - 1 + OSS_GRID_REACH))
    return -1;
  return CLAMP ((int) floor (x + 0.5), 0, n - 1);
}

static void
resample_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Resample *job = data;
  const OssGrid *source = &job->source->grid, *target = &job->target->grid;
  const double *m = job->matrix;

  for (gsize row = begin; row < end; row++)
    {
      double j = (double) (row % (gsize) target->size[1]), k = (double) (row / (gsize) target->size[1]);
      guint8 *out = job->target->data + row * (gsize) target->size[0];

      for (int i = 0; i < target->size[0]; i++)
        {
          int at[3];

          for (int a = 0; a < 3; a++)
            at[a] = nearest (m[3 * a] * i + m[3 * a + 1] * j + m[3 * a + 2] * k + job->shift[a], source->size[a]);
          if (at[0] >= 0 && at[1] >= 0 && at[2] >= 0)
            out[i] = job->source->data[oss_grid_offset (source, at[0], at[1], at[2])];
        }
    }
}

OssLabels *
oss_labels_resample (const OssLabels *self, const OssGrid *grid, const OssTick *tick, GError **error)
{
  g_autoptr (OssLabels) target = oss_labels_new (grid, error);
  Resample job = { .source = self, .target = target };

  if (target == NULL)
    return NULL;
  oss_grid_map (grid, &self->grid, job.matrix, job.shift);
  if (!oss_loop ((gsize) grid->size[1] * (gsize) grid->size[2], 16, resample_rows, &job, tick, NULL, error))
    return NULL;
  return g_steal_pointer (&target);
}

double
oss_labels_dice (const OssLabels *a, const OssLabels *b)
{
  gsize count = oss_grid_count (&a->grid), in_a = 0, in_b = 0, in_both = 0;

  g_return_val_if_fail (oss_grid_equal (&a->grid, &b->grid, 1e-2), 0.0);
  for (gsize n = 0; n < count; n++)
    {
      gboolean inside_a = a->data[n] > 0, inside_b = b->data[n] > 0;

      in_a += (gsize) inside_a;
      in_b += (gsize) inside_b;
      in_both += (gsize) (inside_a & inside_b);
    }
  return in_a + in_b > 0 ? 2.0 * (double) in_both / (double) (in_a + in_b) : 1.0;
}
