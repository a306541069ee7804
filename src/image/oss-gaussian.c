/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-volume.h"

#include "base/oss-i18n.h"
#include "image/oss-loop-private.h"

#include <string.h>

#define TRUNCATE_SIGMAS 4.0
#define MAX_RADIUS 4096 /* voxels; far beyond any use, bounds the line buffers */
#define BUNDLE 64       /* neighbouring lines filtered together along j and k */

/* One pass along an axis, in place: lines are copied to a buffer with clamped ends, then
 * summed back, so the filter needs no second volume. */
typedef struct
{
  float *data;
  int n;            /* voxels along the filtered axis */
  gsize stride;     /* between them, in voxels */
  int width;        /* voxels along i: a bundle is a part of it (passes along j and k) */
  gsize outer_step; /* from one outer index (k, or j) to the next */
  int n_bundles;    /* bundles across the width */
  int radius;
  float *weights; /* [radius + 1], centre first */
} Pass;

static float *
kernel_new (double sigma_voxels, int *radius)
{
  int r = (int) ceil (TRUNCATE_SIGMAS * sigma_voxels);
  float *weights = g_new (float, r + 1);
  double sum = 0.0;

  for (int t = -r; t <= r; t++)
    sum += exp (-0.5 * t * t / (sigma_voxels * sigma_voxels));
  for (int t = 0; t <= r; t++)
    weights[t] = (float) (exp (-0.5 * t * t / (sigma_voxels * sigma_voxels)) / sum);
  *radius = r;
  return weights;
}

/* out[0 .. n - 1] = sum over t of weight[|t|] centre[t * step + 0 .. n - 1] */
static void
weighted_sum (const float *restrict centre, gsize step, int n, const float *weights, int radius, float *restrict out)
{
  for (int i = 0; i < n; i++)
    out[i] = weights[0] * centre[i];
  for (int t = 1; t <= radius; t++)
    {
      const float *before = centre - (gsize) t * step, *after = centre + (gsize) t * step;
      float weight = weights[t];

      for (int i = 0; i < n; i++)
        out[i] += weight * (before[i] + after[i]);
    }
}

static void
filter_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *pass = data;
  int n = pass->n, r = pass->radius;
  float *buffer = g_new (float, (gsize) n + 2 * (gsize) r);

  for (gsize row = begin; row < end; row++)
    {
      float *line = pass->data + row * (gsize) n;

      for (int t = 0; t < r; t++)
        {
          buffer[t] = line[0];
          buffer[r + n + t] = line[n - 1];
        }
      memcpy (buffer + r, line, (gsize) n * sizeof (float));
      weighted_sum (buffer + r, 1, n, pass->weights, r, line);
    }
  g_free (buffer);
}

static void
filter_bundles (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *pass = data;
  int n = pass->n, r = pass->radius;
  float *buffer = g_new (float, ((gsize) n + 2 * (gsize) r) * BUNDLE);

  for (gsize index = begin; index < end; index++)
    {
      int first = (int) (index % (gsize) pass->n_bundles) * BUNDLE, width = MIN (BUNDLE, pass->width - first);
      float *base = pass->data + index / (gsize) pass->n_bundles * pass->outer_step + first;

      for (int t = -r; t < n + r; t++)
        memcpy (buffer + (gsize) (t + r) * BUNDLE, base + (gsize) CLAMP (t, 0, n - 1) * pass->stride,
                (gsize) width * sizeof (float));
      for (int t = 0; t < n; t++)
        weighted_sum (buffer + (gsize) (t + r) * BUNDLE, BUNDLE, width, pass->weights, r,
                      base + (gsize) t * pass->stride);
    }
  g_free (buffer);
}

static gboolean
filter_axis (OssVolume *volume, int axis, double sigma_voxels, const OssTick *tick, GError **error)
{
  const int *size = volume->grid.size;
  gsize row = (gsize) size[0], slice = row * (gsize) size[1], n_outer = (gsize) size[axis == 1 ? 2 : 1];
  Pass pass = { .data = volume->data, .n = size[axis], .width = size[0] };
  gboolean done;

  pass.stride = axis == 1 ? row : slice;
  pass.outer_step = axis == 1 ? slice : row;
  pass.n_bundles = (size[0] + BUNDLE - 1) / BUNDLE;
  pass.weights = kernel_new (sigma_voxels, &pass.radius);
  if (axis == 0)
    done = oss_loop ((gsize) size[1] * (gsize) size[2], 64, filter_rows, &pass, tick, NULL, error);
  else
    done = oss_loop (n_outer * (gsize) pass.n_bundles, 4, filter_bundles, &pass, tick, NULL, error);
  g_free (pass.weights);
  return done;
}

typedef struct
{
  const float *source;
  float *target;
} Copy;

static void
copy_voxels (gsize begin, gsize end, guint thread, void *data)
{
  const Copy *copy = data;

  memcpy (copy->target + begin, copy->source + begin, (end - begin) * sizeof (float));
}

OssVolume *
oss_volume_gaussian (const OssVolume *self, const double sigma_mm[3], const OssTick *tick, GError **error)
{
  g_autoptr (OssVolume) result = NULL;
  OssTick copying = oss_tick_part (tick, 0.0, 0.1);

  for (int a = 0; a < 3; a++)
    if (!(sigma_mm[a] >= 0.0 && TRUNCATE_SIGMAS * sigma_mm[a] <= MAX_RADIUS * self->grid.spacing[a]))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                     _ ("Gaussian of standard deviation %g mm: must be from 0 to %g mm for this image."), sigma_mm[a],
                     MAX_RADIUS * self->grid.spacing[a] / TRUNCATE_SIGMAS);
        return NULL;
      }
  result = oss_volume_new (&self->grid, self->quantity, error);
  if (result == NULL)
    return NULL;

  Copy copy = { self->data, result->data };

  if (!oss_loop (oss_grid_count (&self->grid), 1 << 18, copy_voxels, &copy, tick != NULL ? &copying : NULL, NULL,
                 error))
    return NULL;
  for (int a = 0; a < 3; a++)
    {
      OssTick part = oss_tick_part (tick, 0.1 + 0.3 * a, 0.4 + 0.3 * a);

      if (sigma_mm[a] > 0.0 && self->grid.size[a] > 1
          && !filter_axis (result, a, sigma_mm[a] / self->grid.spacing[a], tick != NULL ? &part : NULL, error))
        return NULL;
    }
  return g_steal_pointer (&result);
}
