/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-labels.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "image/oss-loop-private.h"

#include <string.h>

#define BUNDLE 16 /* neighbouring lines handled together along j and k, for whole cache lines */

/* Squared distances in mm2, axis after axis (Felzenszwalb and Huttenlocher, Distance transforms of
 * sampled functions, Theory of Computing 8, 2012): along i two sweeps, along j and k the lower
 * envelope of the parabolas (x - q)^2 + f(q). */
typedef struct
{
  const OssLabels *labels;
  gboolean inside;
  float *squared;
  int axis;
} Distance;

static void
sweep_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Distance *job = data;
  int n = job->labels->grid.size[0];
  double step = job->labels->grid.spacing[0];

  for (gsize row = begin; row < end; row++)
    {
      const guint8 *label = job->labels->data + row * (gsize) n;
      float *out = job->squared + row * (gsize) n;
      int last = -1; /* the nearest wanted voxel on the left, then on the right */

      for (int i = 0; i < n; i++)
        {
          if ((label[i] > 0) == job->inside)
            last = i;
          out[i] = last < 0 ? INFINITY : (float) ((i - last) * step * ((i - last) * step));
        }
      last = -1;
      for (int i = n - 1; i >= 0; i--)
        {
          if ((label[i] > 0) == job->inside)
            last = i;
          if (last >= 0)
            out[i] = MIN (out[i], (float) ((last - i) * step * ((last - i) * step)));
        }
    }
}

typedef struct
{
  int *site;      /* [n] voxels whose parabola is on the envelope */
  double *height; /* [n] f(q) + q^2, in squared steps */
  double *from;   /* [n] where each begins to be the lowest */
} Envelope;

/* f: [n], replaced by the minimum over q of step^2 (x - q)^2 + f(q). */
static void
transform_line (float *f, int n, double step, Envelope *e)
{
  int top = -1;
  double scale = 1.0 / (step * step);

  for (int q = 0; q < n; q++)
    {
      double height, start = -INFINITY;

      if (isinf (f[q]))
        continue;
      height = f[q] * scale + (double) q * q;
      while (top >= 0)
        {
          start = (height - e->height[top]) / (2.0 * (q - e->site[top]));
          if (start > e->from[top])
            break;
          top--;
        }
      top++;
      e->site[top] = q;
      e->height[top] = height;
      e->from[top] = top == 0 ? -INFINITY : start;
    }
  if (top < 0)
    return;
  for (int x = n - 1; x >= 0; x--)
    {
      while (top > 0 && e->from[top] > x)
        top--;
      /* The heights hold f(q): the sites are overwritten from the right. */
      double distance = x - e->site[top], own = e->height[top] - (double) e->site[top] * e->site[top];

      f[x] = (float) ((distance * distance + own) * step * step);
    }
}

static void
transform_bundles (gsize begin, gsize end, guint thread, void *data)
{
  const Distance *job = data;
  const OssGrid *grid = &job->labels->grid;
  int axis = job->axis, n = grid->size[axis], n_bundles = (grid->size[0] + BUNDLE - 1) / BUNDLE;
  gsize row = (gsize) grid->size[0], slice = row * (gsize) grid->size[1];
  gsize stride = axis == 1 ? row : slice, outer = axis == 1 ? slice : row;
  float *lines = g_new (float, (gsize) n *BUNDLE);
  Envelope envelope = { g_new (int, n), g_new (double, n), g_new (double, n) };

  for (gsize index = begin; index < end; index++)
    {
      int first = (int) (index % (gsize) n_bundles) * BUNDLE, width = MIN (BUNDLE, grid->size[0] - first);
      float *base = job->squared + index / (gsize) n_bundles * outer + first;

      for (int t = 0; t < n; t++)
        for (int i = 0; i < width; i++)
          lines[(gsize) i * (gsize) n + (gsize) t] = base[(gsize) t * stride + (gsize) i];
      for (int i = 0; i < width; i++)
        transform_line (lines + (gsize) i * (gsize) n, n, grid->spacing[axis], &envelope);
      for (int t = 0; t < n; t++)
        for (int i = 0; i < width; i++)
          base[(gsize) t * stride + (gsize) i] = lines[(gsize) i * (gsize) n + (gsize) t];
    }
  g_free (lines);
  g_free (envelope.site);
  g_free (envelope.height);
  g_free (envelope.from);
}

static void
root_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Distance *job = data;
  gsize n = (gsize) job->labels->grid.size[0];

  for (gsize at = begin * n; at < end * n; at++)
    job->squared[at] = sqrtf (job->squared[at]);
}

float *
oss_labels_distance (const OssLabels *self, gboolean inside, const OssTick *tick, GError **error)
{
  const int *size = self->grid.size;
  gsize n_bundles = (gsize) ((size[0] + BUNDLE - 1) / BUNDLE), n_rows = (gsize) size[1] * (gsize) size[2];
  g_autofree float *squared = g_try_new (float, oss_grid_count (&self->grid));
  Distance along_j = { self, inside != FALSE, squared, 1 }, along_k = { self, inside != FALSE, squared, 2 };
  OssTick a = oss_tick_part (tick, 0.0, 0.1), b = oss_tick_part (tick, 0.1, 0.5), c = oss_tick_part (tick, 0.5, 0.95),
          d = oss_tick_part (tick, 0.95, 1.0);

  if (squared == NULL)
    {
      g_autofree char *needed = oss_memory_text ((double) oss_grid_count (&self->grid) * sizeof (float));
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("Not enough memory for a distance map: %s are needed."), needed);
      return NULL;
    }
  if (!oss_loop (n_rows, 64, sweep_rows, &along_j, tick ? &a : NULL, NULL, error)
      || !oss_loop (n_bundles * (gsize) size[2], 4, transform_bundles, &along_j, tick ? &b : NULL, NULL, error)
      || !oss_loop (n_bundles * (gsize) size[1], 4, transform_bundles, &along_k, tick ? &c : NULL, NULL, error)
      || !oss_loop (n_rows, 64, root_rows, &along_j, tick ? &d : NULL, NULL, error))
    return NULL;
  return g_steal_pointer (&squared);
}

/* Beyond the box of all labels, grown by the radius, nothing changes: only the box is worked on. */
OssLabels *
oss_labels_dilate (const OssLabels *self, double radius_mm, const OssTick *tick, GError **error)
{
  g_autoptr (OssLabels) result = oss_labels_copy (self, error), box = NULL;
  g_autofree float *distance = NULL;
  gboolean grows = radius_mm > 0.0;
  double radius = fabs (radius_mm) * (1.0 + 1e-6); /* a voxel exactly on the ball belongs to it, rounding or not */
  int low[3], high[3];
  guint8 value;

  if (result == NULL)
    return NULL;
  if (radius_mm == 0.0 || !oss_labels_box (self, 0, low, high))
    return g_steal_pointer (&result);
  for (int a = 0; a < 3; a++)
    {
      int pad = (int) MIN (ceil (grows ? radius / self->grid.spacing[a] : 1.0), (double) self->grid.size[a]);

      low[a] = MAX (low[a] - pad, 0);
      high[a] = MIN (high[a] + pad, self->grid.size[a] - 1);
    }
  box = oss_labels_crop (self, low, high, error);
  distance = box != NULL ? oss_labels_distance (box, grows, tick, error) : NULL;
  if (distance == NULL)
    return NULL;
  value = oss_labels_smallest (box);
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      {
        guint8 *row = result->data + oss_grid_offset (&self->grid, 0, j, k);
        const float *near = distance + oss_grid_offset (&box->grid, 0, j - low[1], k - low[2]);

        for (int i = low[0]; i <= high[0]; i++)
          if (near[i - low[0]] <= radius)
            row[i] = !grows ? 0 : row[i] > 0 ? row[i] : value;
      }
  return g_steal_pointer (&result);
}
