/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A circular edge in an image: the circle and its axis, and the oversampled profile over the distance from it. */
#include "calibrate/oss-kernel-private.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

#define FURTHEST_MM 130.0
#define RAYS 144
#define RAY_STEP_MM 0.25
#define HALF_EDGE_MM 0.75 /* over which a ray's slope is taken */
#define NOISE_MM 2.0      /* of a ray, from the place on, where only noise has slopes */
#define NOISE_TIMES 3.5
#define CLEAR_MM 2.0 /* beyond it the edge is over: levels are read there */
#define RINGS 3      /* in which levels are compared: inside, just outside, further outside */
#define FAR_MM 4.5
#define SECTORS 36
#define LEAST_SECTORS 18
#define LEAST_PIXELS 400
#define BINS_PER_PIXEL 10

/* ---- the image ---- */

gboolean
oss_kernel_edge_init (OssKernelEdge *self, const OssVolume *volume, const double at_mm[3], double height_mm,
                      GError **error)
{
  const OssGrid *grid = &volume->grid;
  const gsize stride[3] = { 1, (gsize) grid->size[0], (gsize) grid->size[0] * (gsize) grid->size[1] };
  double index[3];
  int across = 2;

  *self = (OssKernelEdge){ .volume = volume };
  for (int a = 0; a < 3; a++)
    if (fabs (grid->direction[6 + a]) > fabs (grid->direction[6 + across]) + 1e-6)
      across = a;
  self->axis[0] = across == 0 ? 1 : 0;
  self->axis[1] = across == 2 ? 1 : 2;
  self->axis[2] = across;
  oss_grid_to_index (grid, at_mm, index);
  for (int a = 0; a < 3; a++)
    {
      int b = self->axis[a];
      self->n[a] = grid->size[b], self->stride[a] = stride[b], self->spacing[a] = grid->spacing[b];
      if (!(index[b] >= 0.0 && index[b] <= grid->size[b] - 1.0))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The place %.1f, %.1f, %.1f mm is outside the image."),
                       at_mm[0], at_mm[1], at_mm[2]);
          return FALSE;
        }
      if (a < 2)
        self->at[a] = self->centre[a] = index[b] * self->spacing[a];
    }
  int reach = (int) floor (0.5 * height_mm / self->spacing[2]), middle = (int) lround (index[across]);
  self->first = MAX (middle - reach, 0);
  self->last = MIN (middle + reach, self->n[2] - 1);
  self->level = 0.5 * (self->first + self->last) * self->spacing[2];
  return TRUE;
}

static float
pixel (const OssKernelEdge *self, int i, int j, int k)
{
  return self->volume->data[self->stride[0] * i + self->stride[1] * j + self->stride[2] * k];
}

/* Bilinear at (x, y) mm, mean of slices @k0 to @k1; NaN outside. */
static double
sample (const OssKernelEdge *self, double x, double y, int k0, int k1)
{
  double u = x / self->spacing[0], v = y / self->spacing[1], sum = 0.0;
  int i = (int) floor (u), j = (int) floor (v);

  if (i < 0 || j < 0 || i + 1 >= self->n[0] || j + 1 >= self->n[1])
    return NAN;
  u -= i, v -= j;
  for (int k = k0; k <= k1; k++)
    sum += (1.0 - v) * ((1.0 - u) * pixel (self, i, j, k) + u * pixel (self, i + 1, j, k))
           + v * ((1.0 - u) * pixel (self, i, j + 1, k) + u * pixel (self, i + 1, j + 1, k));
  return sum / (k1 - k0 + 1);
}

/* ---- the circle ---- */

/* Slope along a ray at distance @r, HU per mm. */
static double
slope_at (const OssKernelEdge *self, double angle, double r, int k0, int k1)
{
  double c = cos (angle), s = sin (angle), sum = 0.0;

  for (int m = 1; m <= 3; m++)
    {
      double h = HALF_EDGE_MM * m / 3.0;
      sum += sample (self, self->centre[0] + c * (r + h), self->centre[1] + s * (r + h), k0, k1)
             - sample (self, self->centre[0] + c * (r - h), self->centre[1] + s * (r - h), k0, k1);
    }
  return sum / (2.0 * HALF_EDGE_MM * 2.0);
}

/* Where the slope from @from to @to is steepest, in between steps by a parabola; its slope in @steepest. */
static double
steepest_at (const OssKernelEdge *self, double angle, double from, double to, int k0, int k1, double *steepest)
{
  double best = -1.0, before = NAN, last = NAN, at = NAN;

  *steepest = 0.0;
  for (double r = fmax (from, HALF_EDGE_MM); r <= to; r += RAY_STEP_MM)
    {
      double slope = fabs (slope_at (self, angle, r, k0, k1));
      if (!isfinite (slope))
        break;
      if (slope > best)
        best = slope, at = r, before = last, *steepest = slope;
      else if (isfinite (before) && r - at < 1.5 * RAY_STEP_MM)
        { /* just past the top */
          double curve = before - 2.0 * best + slope;
          at += curve < 0.0 ? 0.5 * RAY_STEP_MM * (before - slope) / curve : 0.0;
        }
      last = slope;
    }
  return at;
}

/* The first edge along a ray: the steepest place after the slope has passed @least. */
static double
first_edge (const OssKernelEdge *self, double angle, double limit, double least)
{
  double steepest;

  for (double r = HALF_EDGE_MM; r < limit; r += RAY_STEP_MM)
    {
      double slope = fabs (slope_at (self, angle, r, self->first, self->last));
      if (!isfinite (slope))
        return NAN;
      if (slope > least)
        return steepest_at (self, angle, r - 0.5, r + 2.0, self->first, self->last, &steepest);
    }
  return NAN;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static double
median_of (const double *values, int n)
{
  double sorted[RAYS];
  int count = 0;

  for (int i = 0; i < n; i++)
    if (isfinite (values[i]))
      sorted[count++] = values[i];
  qsort (sorted, count, sizeof *sorted, compare_doubles);
  return count > 0 ? sorted[count / 2] : NAN;
}

/* Circle through the edge points that lie within @tolerance of the median distance (Kasa's linear fit); how many. */
static int
fit_circle (const double *r, double tolerance, double centre[2], double *radius)
{
  double middle = median_of (r, RAYS), m[3][4] = { { 0.0 } };
  int used = 0;

  for (int i = 0; i < RAYS; i++)
    if (fabs (r[i] - middle) <= tolerance)
      {
        double angle = 2.0 * G_PI * i / RAYS, x = r[i] * cos (angle), y = r[i] * sin (angle);
        const double row[4] = { x, y, 1.0, x * x + y * y };
        for (int a = 0; a < 3; a++)
          for (int b = 0; b < 4; b++)
            m[a][b] += row[a] * row[b];
        used++;
      }
  if (used < RAYS / 2)
    return used;
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++)
      if (b != a)
        {
          double factor = m[b][a] / m[a][a];
          for (int c = a; c < 4; c++)
            m[b][c] -= factor * m[a][c];
        }
  double cx = 0.5 * m[0][3] / m[0][0], cy = 0.5 * m[1][3] / m[1][1];
  centre[0] += cx, centre[1] += cy;
  *radius = sqrt (m[2][3] / m[2][2] + cx * cx + cy * cy);
  return used;
}

static gboolean
refuse_round (GError **error)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                       _ ("There is no round edge about this place. Give one inside a rod, or inside a cylinder of "
                          "water, of a phantom that stands along the scan."));
  return FALSE;
}

/* Slope that noise makes about the place, HU per mm: root mean square over rays that are too short to reach an edge. */
static double
noise_slope (const OssKernelEdge *self)
{
  double sum = 0.0;
  int n = 0;

  for (int i = 0; i < RAYS; i += 4)
    for (double r = HALF_EDGE_MM; r <= NOISE_MM; r += RAY_STEP_MM)
      {
        double slope = slope_at (self, 2.0 * G_PI * i / RAYS, r, self->first, self->last);
        if (isfinite (slope))
          sum += slope * slope, n++;
      }
  return n > 0 ? sqrt (sum / n) : 0.0;
}

gboolean
oss_kernel_edge_find_circle (OssKernelEdge *self, GError **error)
{
  double r[RAYS];
  double least = fmax (0.5 * OSS_KERNEL_LEAST_CONTRAST_HU / (2.0 * HALF_EDGE_MM), NOISE_TIMES * noise_slope (self));

  for (int turn = 0; turn < 4; turn++)
    {
      for (int i = 0; i < RAYS; i++)
        {
          double angle = 2.0 * G_PI * i / RAYS, ignored;
          r[i] = turn == 0 ? first_edge (self, angle, FURTHEST_MM, least)
                           : steepest_at (self, angle, self->radius - 2.0, self->radius + 2.0, self->first, self->last,
                                          &ignored);
        }
      double middle = median_of (r, RAYS);
      if (!(middle > OSS_KERNEL_LEAST_RADIUS_MM * (turn == 0 ? 0.3 : 1.0))
          || fit_circle (r,
                         turn == 0   ? 0.7 * middle
                         : turn == 1 ? 1.5
                                     : 0.6,
                         self->centre, &self->radius)
                 < RAYS / 2)
        return refuse_round (error);
      self->radius = isfinite (self->radius) ? self->radius : middle;
    }
  return self->radius >= OSS_KERNEL_LEAST_RADIUS_MM && self->radius < FURTHEST_MM ? TRUE : refuse_round (error);
}

/* The rod may lean: the circle's centre in blocks of slices, and a straight line through them. */
void
oss_kernel_edge_find_tilt (OssKernelEdge *self)
{
  const int blocks = 6, n = self->last - self->first + 1;
  double sz = 0.0, szz = 0.0, s[2] = { 0.0 }, szc[2] = { 0.0 }, count = 0.0;

  if (n < 2 * blocks)
    return;
  for (int b = 0; b < blocks; b++)
    {
      OssKernelEdge part = *self;
      double r[RAYS], ignored;
      part.first = self->first + n * b / blocks;
      part.last = self->first + n * (b + 1) / blocks - 1;
      for (int i = 0; i < RAYS; i++)
        r[i] = steepest_at (&part, 2.0 * G_PI * i / RAYS, self->radius - 2.0, self->radius + 2.0, part.first, part.last,
                            &ignored);
      if (fit_circle (r, 1.0, part.centre, &part.radius) < RAYS / 2)
        continue;
      double z = 0.5 * (part.first + part.last) * self->spacing[2] - self->level;
      count += 1.0, sz += z, szz += z * z;
      for (int a = 0; a < 2; a++)
        s[a] += part.centre[a], szc[a] += z * part.centre[a];
    }
  double spread = count * szz - sz * sz;
  for (int a = 0; a < 2 && count >= 3.0; a++)
    {
      self->tilt[a] = (count * szc[a] - sz * s[a]) / spread;
      self->centre[a] = (s[a] - self->tilt[a] * sz) / count;
    }
}

/* ---- the profile ---- */

/* Calls for each pixel near the edge: its distance from the axis and its direction. */
typedef void (*PixelFunc) (double r, int sector, double hu, void *data);

static gboolean
each_pixel (const OssKernelEdge *self, double inner, double outer, PixelFunc func, void *data, const OssTick *tick,
            GError **error)
{
  for (int k = self->first; k <= self->last; k++)
    {
      double z = k * self->spacing[2] - self->level;
      double cx = self->centre[0] + self->tilt[0] * z, cy = self->centre[1] + self->tilt[1] * z;
      int j0 = MAX ((int) ceil ((cy - outer) / self->spacing[1]), 0);
      int j1 = MIN ((int) floor ((cy + outer) / self->spacing[1]), self->n[1] - 1);
      int i0 = MAX ((int) ceil ((cx - outer) / self->spacing[0]), 0);
      int i1 = MIN ((int) floor ((cx + outer) / self->spacing[0]), self->n[0] - 1);
      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      for (int j = j0; j <= j1; j++)
        for (int i = i0; i <= i1; i++)
          {
            double x = i * self->spacing[0] - cx, y = j * self->spacing[1] - cy, r = hypot (x, y);
            int sector = (int) ((atan2 (y, x) + G_PI) / (2.0 * G_PI) * SECTORS);
            float hu = pixel (self, i, j, k);
            if (r >= inner && r < outer && isfinite (hu))
              func (r, CLAMP (sector, 0, SECTORS - 1), hu, data);
          }
    }
  return TRUE;
}

typedef struct
{
  double radius, sum[RINGS][SECTORS], count[RINGS][SECTORS];
} Levels;

static void
add_level (double r, int sector, double hu, void *data)
{
  Levels *self = data;
  int side = r < self->radius ? 0 : r < self->radius + FAR_MM ? 1 : 2;

  if (fabs (r - self->radius) < CLEAR_MM)
    return;
  self->sum[side][sector] += hu;
  self->count[side][sector] += 1.0;
}

/* Directions in which the levels on either side are like in the others. */
static int
choose_sectors (const Levels *levels, gboolean *used)
{
  int n = 0;
  double mean[SECTORS], off[SECTORS];

  for (int s = 0; s < SECTORS; s++)
    used[s] = TRUE;
  for (int side = 0; side < RINGS; side++)
    {
      for (int s = 0; s < SECTORS; s++)
        mean[s] = levels->count[side][s] >= 3.0 ? levels->sum[side][s] / levels->count[side][s] : NAN;
      double middle = median_of (mean, SECTORS);
      for (int s = 0; s < SECTORS; s++)
        off[s] = fabs (mean[s] - middle);
      double tolerance = CLAMP (4.0 * 1.4826 * median_of (off, SECTORS), 15.0, 30.0);
      for (int s = 0; s < SECTORS; s++)
        used[s] = used[s] && (side == 0 ? !(off[s] > tolerance) : off[s] <= tolerance);
    }
  for (int s = 0; s < SECTORS; s++)
    n += used[s];
  return n;
}

typedef struct
{
  const gboolean *used;
  double low, width;
  int n;
  double sum[OSS_KERNEL_MOST_BINS], r[OSS_KERNEL_MOST_BINS], count[OSS_KERNEL_MOST_BINS];
  gsize pixels;
} Bins;

static void
add_bin (double r, int sector, double hu, void *data)
{
  Bins *self = data;
  int b = (int) ((r - self->low) / self->width);

  if (!self->used[sector] || b < 0 || b >= self->n)
    return;
  self->sum[b] += hu;
  self->r[b] += r;
  self->count[b] += 1.0;
  self->pixels++;
}

gboolean
oss_kernel_edge_profile (const OssKernelEdge *edge, OssKernelProfile *profile, OssKernelMeasurement *result,
                         const OssTick *tick, GError **error)
{
  double inner = fmax (edge->radius - OSS_KERNEL_REACH_MM, 0.0), outer = edge->radius + OSS_KERNEL_REACH_MM;
  Levels levels = { .radius = edge->radius };
  gboolean used[SECTORS];
  Bins bins = { .used = used, .low = inner };
  double finest = fmin (edge->spacing[0], edge->spacing[1]);

  if (!each_pixel (edge, inner, outer, add_level, &levels, tick, error))
    return FALSE;
  int sectors = choose_sectors (&levels, used);
  result->sectors_used = (double) sectors / SECTORS;
  bins.width = fmax (finest / BINS_PER_PIXEL, (outer - inner) / OSS_KERNEL_MOST_BINS);
  bins.n = MIN ((int) ((outer - inner) / bins.width), OSS_KERNEL_MOST_BINS);
  if (sectors < LEAST_SECTORS)
    return refuse_round (error);
  if (!each_pixel (edge, inner, outer, add_bin, &bins, tick, error))
    return FALSE;
  result->pixels = bins.pixels;
  profile->n = 0;
  for (int b = 0; b < bins.n; b++)
    if (bins.count[b] > 0.0)
      {
        profile->r[profile->n] = bins.r[b] / bins.count[b];
        profile->hu[profile->n] = bins.sum[b] / bins.count[b];
        profile->weight[profile->n++] = bins.count[b];
      }
  if (bins.pixels >= LEAST_PIXELS && profile->n >= 40)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("Only %zu pixels lie near the edge; %d are needed. Use more slices (--height)."), bins.pixels,
               LEAST_PIXELS);
  return FALSE;
}
