/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

/* Steps of smoothing before and after the visit to the coarser level, and the part of the spectrum they reach: on the
 * finest, the second and the other levels.  Few where they are dear, more where little is left to the coarser levels.
 */
typedef struct
{
  int before, after;
  float reach;
} Smoother;

/* The symmetric cycle, and one that smooths only after each visit: one polynomial of the double degree damps more than
 * the square of one, and nothing has to be multiplied before the first visit.  Conjugate gradients with the
 * Polak-Ribiere form of beta bear it (Bouwmeester, Dougherty and Knyazev, Procedia Computer Science 51 (2015) 276-285).
 */
static const Smoother symmetric[3] = { { 3, 3, 16.0f }, { 6, 6, 32.0f }, { 8, 8, 60.0f } },
                      one_sided[3] = { { 0, 6, 11.0f }, { 0, 8, 28.0f }, { 0, 12, 60.0f } };
/* The third and fourth level are visited twice from the one above: thin struts are stiffer in bending on every coarser
 * level, and one visit would add up what is missing.  Below, where struts are lost, it changes nothing. */
#define VISITS 2

/* The vectors of a level: solution, its predecessor, right-hand side. */
#define VECTORS 3.0

double
oss_voxel_cycle_bytes (const OssVoxelSystem *self)
{
  double bytes = 0.0;
  for (int l = self->top; l < self->n_levels; l++)
    bytes += VECTORS * 3.0 * (double) self->level[l]->n_nodes * sizeof (float);
  return bytes;
}

static float *
take (const OssVoxelLevel *level, GError **error)
{
  return oss_alloc_aligned (3 * level->n_nodes + OSS_VOXEL_PAD, sizeof (float), _ ("the voxel solver"), error);
}

typedef struct
{
  const OssVoxelLevel *level;
  OssVoxelStep step;
  float *residual;
} Smoothing;

static void
step_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  const Smoothing *self = sweep->data;
  oss_voxel_kernels ()->step (self->level, plane, ax, &self->step);
  for (gsize i = self->level->fixed_plane[plane]; i < self->level->fixed_plane[plane + 1]; i++)
    self->step.out[self->level->fixed[i]] = 0.0f;
}

static void
residual_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  const Smoothing *self = sweep->data;
  const float *a = ax, *b = self->step.b + begin;
  float *r = self->residual + begin;
  for (gsize i = 0; i < n; i++)
    r[i] = b[i] - a[i];
  for (gsize i = self->level->fixed_plane[plane]; i < self->level->fixed_plane[plane + 1]; i++)
    self->residual[self->level->fixed[i]] = 0.0f;
}

/* The first step from zero: a multiple of D^-1 b, plane by plane. */
static void
begin_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Smoothing *self = data;
  const OssVoxelLevel *level = self->level;
  float along = self->step.along, buffer[3 * OSS_VOXEL_CHUNK];

  for (gsize plane = begin; plane < end; plane++)
    {
      gsize stop = level->row_start[(plane + 1) * level->rows];
      for (gsize node = level->row_start[plane * level->rows]; node < stop; node += OSS_VOXEL_CHUNK)
        {
          gsize n = MIN (stop - node, OSS_VOXEL_CHUNK);
          const float *weight = oss_voxel_weights (level, node, n, buffer), *b = self->step.b + 3 * node;
          float *out = self->step.out + 3 * node;
          for (gsize i = 0; i < 3 * n; i++)
            out[i] = along * weight[i] * b[i];
        }
      for (gsize i = level->fixed_plane[plane]; i < level->fixed_plane[plane + 1]; i++)
        self->step.out[level->fixed[i]] = 0.0f;
    }
}

typedef struct
{
  OssVoxelSweep sweep;
  OssVoxelFinish finish;
  float *ax;
} Parted;

static void
keep_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  memcpy ((float *) sweep->data + begin, ax, n * sizeof (float));
}

static void
finish_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Parted *self = data;
  for (gsize plane = begin; plane < end; plane++)
    {
      gsize first = oss_voxel_plane_start (self->sweep.level, plane);
      gsize n = oss_voxel_plane_start (self->sweep.level, plane + 1) - first;
      self->finish (&self->sweep, plane, first, n, self->ax + first);
    }
}

static void
sweep_float (OssVoxelSystem *self, int l, const float *u, OssVoxelFinish finish, void *data)
{
  const OssVoxelLevel *level = self->level[l];
  OssVoxelSweep sweep = {
    .level = level, .precision = OSS_VOXEL_FLOAT, .u = u, .constrained = TRUE, .finish = finish, .data = data
  };

  if (self->part == NULL)
    {
      oss_voxel_sweep (&sweep, &self->work);
      return;
    }
  Parted parted = { sweep, finish, self->part->ax };
  sweep.finish = keep_plane;
  sweep.data = parted.ax;
  oss_voxel_sweep (&sweep, &self->work);
  self->part->sum (self->part->data, l, parted.ax);
  oss_parallel_for (level->planes, level->n_nodes < 2000 ? level->planes : 4, finish_planes, &parted);
}

/* Chebyshev's iteration on [largest / reach, largest] of D^-1 A (Saad, Iterative Methods, 12.3); exchanges level->x,
 * the solution, and level->y. */
static void
smooth (OssVoxelSystem *self, int l, int steps, float reach, gboolean from_zero)
{
  OssVoxelLevel *level = self->level[l];
  float largest = (float) level->largest, smallest = largest / reach;
  float theta = 0.5f * (largest + smallest), delta = 0.5f * (largest - smallest), sigma = theta / delta;
  float rho = 1.0f / sigma;
  Smoothing smoothing = { .level = level, .step = { .b = level->b, .along = 1.0f / theta } };

  for (int i = 0; i < steps; i++)
    {
      OssVoxelStep *step = &smoothing.step;
      step->x = level->x;
      step->out = level->y;
      if (i > 0)
        {
          float next = 1.0f / (2.0f * sigma - rho);
          step->across = rho * next;
          step->along = 2.0f * next / delta;
          step->old = from_zero && i == 1 ? 2 : 1;
          rho = next;
        }
      if (i == 0 && from_zero)
        oss_parallel_for (level->planes, level->n_nodes < 2000 ? level->planes : 4, begin_planes, &smoothing);
      else
        sweep_float (self, l, level->x, step_plane, &smoothing);
      float *swap = level->x;
      level->x = level->y;
      level->y = swap;
    }
}

gboolean
oss_voxel_cycle_prepare (OssVoxelSystem *self, GError **error)
{
  gsize largest = 0;

  for (int l = self->top; l < self->n_levels; l++)
    largest = MAX (largest, self->level[l]->largest_plane);
  if (!oss_voxel_work_prepare (&self->work, largest, error))
    return FALSE;
  for (int l = self->top; l < self->n_levels; l++)
    {
      OssVoxelLevel *level = self->level[l];
      if (level->x == NULL
          && ((level->x = take (level, error)) == NULL || (level->y = take (level, error)) == NULL
              || (level->b = take (level, error)) == NULL))
        return FALSE;
    }
  return TRUE;
}

/* Smooths and gives the next level what is left. */
static void
restrict_residual (OssVoxelSystem *self, int l, const Smoother *smoother, gboolean from_zero)
{
  OssVoxelLevel *level = self->level[l], *coarse = self->level[l + 1];
  const OssVoxelPart *part = self->part;

  smooth (self, l, smoother->before, smoother->reach, from_zero);
  Smoothing smoothing = { .level = level, .step = { .b = level->b }, .residual = level->y };
  sweep_float (self, l, level->x, residual_plane, &smoothing);
  if (part != NULL)
    part->leave (part->data, l, level->y);
  oss_voxel_restrict (level, coarse, level->y, coarse->b, &self->work);
  if (part != NULL)
    part->sum (part->data, l + 1, coarse->b);
}

void
oss_voxel_visit_level (OssVoxelSystem *self, int l, gboolean from_zero)
{
  OssVoxelLevel *level = self->level[l], *coarse = l + 1 < self->n_levels ? self->level[l + 1] : NULL;
  const OssVoxelPart *part = self->part;

  if (coarse == NULL && part != NULL)
    {
      part->solve (part->data, from_zero);
      return;
    }
  if (coarse == NULL)
    {
      oss_voxel_coarsest_solve (self->coarsest, level, level->b, level->x);
      return;
    }
  const Smoother *smoother = &(self->one_sided ? one_sided : symmetric)[MIN (l, 2)];
  gboolean at_once = from_zero && smoother->before == 0;
  if (at_once)
    oss_voxel_restrict (level, coarse, level->b, coarse->b, &self->work);
  else
    restrict_residual (self, l, smoother, from_zero);
  int visits = l == 0 || l > 2 || l + 2 == (part != NULL ? part->n_levels : self->n_levels) ? 1 : VISITS;
  for (int visit = 0; visit < visits; visit++)
    oss_voxel_visit_level (self, l + 1, visit == 0);
  if (at_once)
    oss_voxel_interpolate (level, coarse, coarse->x, level->x);
  else
    oss_voxel_prolong (level, coarse, coarse->x, level->x);
  smooth (self, l, smoother->after, smoother->reach, FALSE);
}

float *
oss_voxel_cycle (OssVoxelSystem *self, const OssTick *tick)
{
  oss_voxel_visit_level (self, 0, TRUE);
  return oss_tick_stopped (tick) ? NULL : self->level[0]->x;
}
