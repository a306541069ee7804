/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modulation transfer function from a circular edge: circle, oversampled profile, fit of the profile of a disc. */
#include "calibrate/oss-kernel-measure.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

#define USUAL_HEIGHT_MM 30.0
#define FURTHEST_MM 130.0
#define RAYS 144
#define RAY_STEP_MM 0.25
#define HALF_EDGE_MM 0.75 /* over which a ray's slope is taken */
#define NOISE_MM 2.0      /* of a ray, from the place on, where only noise has slopes */
#define NOISE_TIMES 3.5
#define LEAST_CONTRAST_HU 40 /* of the edge */
#define LEAST_RADIUS_MM 3.0
#define REACH_MM 7.0 /* of the profile to either side of the edge */
#define CLEAR_MM 2.0 /* beyond it the edge is over: levels are read there */
#define RINGS 3      /* in which levels are compared: inside, just outside, further outside */
#define FAR_MM 4.5
#define SECTORS 36
#define LEAST_SECTORS 18
#define LEAST_PIXELS 400
#define BINS_PER_PIXEL 10
#define MOST_BINS 400
#define HIGHEST_PER_MM 3.0
#define PARAMETERS 5 /* radius, f50 per mm, exponent, overshoot, peak per mm */

/* The image as slices across the patient's long axis; places in a slice are in mm from its first pixel. */
typedef struct
{
  const OssVolume *volume;
  int axis[3], n[3];
  gsize stride[3];
  double spacing[3];
  int first, last; /* slices used */
  double height_mm;
  double at[2], level;       /* the place asked for; mean of the axis over the slices */
  double centre[2], tilt[2]; /* mm per mm */
  double radius;
} Edge;

/* The profile over the distance from the axis. */
typedef struct
{
  int n;
  double r[MOST_BINS], hu[MOST_BINS], weight[MOST_BINS];
  int n_f;
  double step;      /* per mm, between frequencies */
  double *j0;       /* [n][n_f] */
  double *spectrum; /* [n_f] scratch */
  double u[MOST_BINS];
  double level[3]; /* constant, step, slope: the linear part of the last fit */
} Profile;

/* ---- the image ---- */

static gboolean
edge_init (Edge *self, const OssVolume *volume, const double at_mm[3], double height_mm, GError **error)
{
  const OssGrid *grid = &volume->grid;
  const gsize stride[3] = { 1, (gsize) grid->size[0], (gsize) grid->size[0] * (gsize) grid->size[1] };
  double index[3];
  int across = 2;

  *self = (Edge){ .volume = volume };
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
pixel (const Edge *self, int i, int j, int k)
{
  return self->volume->data[self->stride[0] * i + self->stride[1] * j + self->stride[2] * k];
}

/* Bilinear at (x, y) mm, mean of slices @k0 to @k1; NaN outside. */
static double
sample (const Edge *self, double x, double y, int k0, int k1)
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
slope_at (const Edge *self, double angle, double r, int k0, int k1)
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
steepest_at (const Edge *self, double angle, double from, double to, int k0, int k1, double *steepest)
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
first_edge (const Edge *self, double angle, double limit, double least)
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
noise_slope (const Edge *self)
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

static gboolean
find_circle (Edge *self, GError **error)
{
  double r[RAYS];
  double least = fmax (0.5 * LEAST_CONTRAST_HU / (2.0 * HALF_EDGE_MM), NOISE_TIMES * noise_slope (self));

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
      if (!(middle > LEAST_RADIUS_MM * (turn == 0 ? 0.3 : 1.0))
          || fit_circle (r,
                         turn == 0   ? 0.7 * middle
                         : turn == 1 ? 1.5
                                     : 0.6,
                         self->centre, &self->radius)
                 < RAYS / 2)
        return refuse_round (error);
      self->radius = isfinite (self->radius) ? self->radius : middle;
    }
  return self->radius >= LEAST_RADIUS_MM && self->radius < FURTHEST_MM ? TRUE : refuse_round (error);
}

/* The rod may lean: the circle's centre in blocks of slices, and a straight line through them. */
static void
find_tilt (Edge *self)
{
  const int blocks = 6, n = self->last - self->first + 1;
  double sz = 0.0, szz = 0.0, s[2] = { 0.0 }, szc[2] = { 0.0 }, count = 0.0;

  if (n < 2 * blocks)
    return;
  for (int b = 0; b < blocks; b++)
    {
      Edge part = *self;
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
each_pixel (const Edge *self, double inner, double outer, PixelFunc func, void *data, const OssTick *tick,
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
  double sum[MOST_BINS], r[MOST_BINS], count[MOST_BINS];
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

static gboolean
make_profile (const Edge *edge, Profile *profile, OssKernelMeasurement *result, const OssTick *tick, GError **error)
{
  double inner = fmax (edge->radius - REACH_MM, 0.0), outer = edge->radius + REACH_MM;
  Levels levels = { .radius = edge->radius };
  gboolean used[SECTORS];
  Bins bins = { .used = used, .low = inner };
  double finest = fmin (edge->spacing[0], edge->spacing[1]);

  if (!each_pixel (edge, inner, outer, add_level, &levels, tick, error))
    return FALSE;
  int sectors = choose_sectors (&levels, used);
  result->sectors_used = (double) sectors / SECTORS;
  bins.width = fmax (finest / BINS_PER_PIXEL, (outer - inner) / MOST_BINS);
  bins.n = MIN ((int) ((outer - inner) / bins.width), MOST_BINS);
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

/* ---- the fit ---- */

static void
profile_prepare (Profile *self, double radius)
{
  self->step = fmin (0.01, 0.12 / (radius + REACH_MM));
  self->n_f = (int) ceil (HIGHEST_PER_MM / self->step);
  self->j0 = g_new (double, (gsize) self->n *(gsize) self->n_f);
  self->spectrum = g_new (double, self->n_f);
  for (int b = 0; b < self->n; b++)
    for (int i = 0; i < self->n_f; i++)
      self->j0[(gsize) b * self->n_f + i] = j0 (2.0 * G_PI * self->r[b] * (i + 0.5) * self->step);
}

static void
profile_clear (Profile *self)
{
  g_free (self->j0);
  g_free (self->spectrum);
}

/* 3 x 3 by elimination; FALSE when singular. */
static gboolean
solve3 (double m[3][4], double x[3])
{
  for (int a = 0; a < 3; a++)
    {
      if (fabs (m[a][a]) < 1e-12)
        return FALSE;
      for (int b = 0; b < 3; b++)
        if (b != a)
          {
            double factor = m[b][a] / m[a][a];
            for (int c = a; c < 4; c++)
              m[b][c] -= factor * m[a][c];
          }
    }
  for (int a = 0; a < 3; a++)
    x[a] = m[a][3] / m[a][a];
  return TRUE;
}

/* Residuals of the disc with these parameters and its best levels, weighted; their sum of squares. */
static double
residuals (Profile *self, const double *p, double *out)
{
  const OssKernel kernel = { .f50 = p[1], .exponent = p[2], .overshoot = p[3], .peak = p[4] };
  double m[3][4] = { { 0.0 } }, sum = 0.0;

  for (int i = 0; i < self->n_f; i++)
    {
      double f = (i + 0.5) * self->step;
      self->spectrum[i] = 2.0 * G_PI * p[0] * j1 (2.0 * G_PI * p[0] * f) * oss_kernel_mtf (&kernel, f) * self->step;
    }
  for (int b = 0; b < self->n; b++)
    {
      const double *row = self->j0 + (gsize) b * self->n_f;
      double u = 0.0;
      for (int i = 0; i < self->n_f; i++)
        u += row[i] * self->spectrum[i];
      self->u[b] = u;
      const double basis[4] = { 1.0, u, self->r[b] - p[0], self->hu[b] };
      for (int a = 0; a < 3; a++)
        for (int c = 0; c < 4; c++)
          m[a][c] += self->weight[b] * basis[a] * basis[c];
    }
  if (!solve3 (m, self->level))
    return INFINITY;
  for (int b = 0; b < self->n; b++)
    {
      double fit = self->level[0] + self->level[1] * self->u[b] + self->level[2] * (self->r[b] - p[0]);
      out[b] = sqrt (self->weight[b]) * (self->hu[b] - fit);
      sum += out[b] * out[b];
    }
  return sum;
}

static gboolean
is_sensible (const double *p)
{
  return p[0] > 0.5 * LEAST_RADIUS_MM && p[1] > 0.05 && p[1] < 2.5 && p[2] > 0.8 && p[2] < 8.0 && p[3] > -0.5
         && p[3] < 2.0 && p[4] > 0.02 && p[4] < 2.0;
}

/* Solves the damped normal equations of the @n parameters that move. */
static gboolean
normal_step (double a[PARAMETERS][PARAMETERS + 1], int n, double *x)
{
  for (int i = 0; i < n; i++)
    {
      if (!(fabs (a[i][i]) > 1e-30))
        return FALSE;
      for (int j = 0; j < n; j++)
        if (j != i)
          {
            double factor = a[j][i] / a[i][i];
            for (int k = i; k <= n; k++)
              a[j][k] -= factor * a[i][k];
          }
    }
  for (int i = 0; i < n; i++)
    x[i] = a[i][n] / a[i][i];
  return TRUE;
}

/* Levenberg and Marquardt over the first @n parameters; the sum of squares.  @variance: (nullable): of f50, times the
 * residuals' variance. */
static double
minimise (Profile *self, int n, double *p, double *variance)
{
  g_autofree double *at = g_new (double, self->n), *moved = g_new (double, (gsize) self->n *PARAMETERS);
  double damping = 1e-3, best = residuals (self, p, at);

  for (int turn = 0; turn < 60 && damping < 1e9; turn++)
    {
      double normal[PARAMETERS][PARAMETERS + 1] = { { 0.0 } }, damped[PARAMETERS][PARAMETERS + 1], step[PARAMETERS];
      for (int c = 0; c < n; c++)
        {
          double q[PARAMETERS], h = 1e-4 * fmax (fabs (p[c]), 0.05);
          memcpy (q, p, sizeof q);
          q[c] += h;
          residuals (self, q, moved + (gsize) self->n * c);
          for (int b = 0; b < self->n; b++)
            moved[(gsize) self->n * c + b] = (at[b] - moved[(gsize) self->n * c + b]) / h;
        }
      for (int c = 0; c < n; c++)
        {
          for (int d = 0; d < n; d++)
            for (int b = 0; b < self->n; b++)
              normal[c][d] += moved[(gsize) self->n * c + b] * moved[(gsize) self->n * d + b];
          for (int b = 0; b < self->n; b++)
            normal[c][n] += moved[(gsize) self->n * c + b] * at[b];
        }
      if (variance != NULL)
        {
          memcpy (damped, normal, sizeof damped);
          for (int c = 0; c < n; c++)
            damped[c][n] = c == 1;
          *variance = normal_step (damped, n, step) ? step[1] : NAN;
        }
      gboolean better = FALSE;
      while (!better && damping < 1e9)
        {
          double q[PARAMETERS];
          memcpy (damped, normal, sizeof damped);
          for (int c = 0; c < n; c++)
            damped[c][c] *= 1.0 + damping;
          memcpy (q, p, sizeof q);
          gboolean solved = normal_step (damped, n, step);
          for (int c = 0; c < n; c++)
            q[c] += solved ? step[c] : 0.0;
          double sum = solved && is_sensible (q) ? residuals (self, q, moved) : INFINITY;
          better = sum < best;
          damping = better ? fmax (0.2 * damping, 1e-9) : 5.0 * damping;
          if (better)
            {
              gboolean settled = best - sum < 1e-9 * best;
              memcpy (p, q, sizeof q);
              best = residuals (self, p, at);
              if (settled)
                return best;
            }
        }
    }
  return residuals (self, p, at);
}

/* ---- without the fit ---- */

/* Fourier transform of the profile's derivative under a Hann window. */
static void
transform_slope (const Profile *self, double radius, double finest, double *modulation)
{
  double norm = 0.0;

  for (int m = 0; m < OSS_KERNEL_MODULATIONS; m++)
    {
      double f = 0.05 * m, re = 0.0, im = 0.0; /* per mm */
      for (int b = 1; b < self->n; b++)
        {
          double s = 0.5 * (self->r[b] + self->r[b - 1]) - radius;
          double window = fabs (s) < 5.0 ? 0.5 + 0.5 * cos (G_PI * s / 5.0) : 0.0;
          double change = (self->hu[b] - self->hu[b - 1]) * window;
          re += change * cos (2.0 * G_PI * f * s);
          im += change * sin (2.0 * G_PI * f * s);
        }
      norm = m == 0 ? hypot (re, im) : norm;
      modulation[m] = f <= 0.9 / finest && norm > 0.0 ? hypot (re, im) / norm : NAN;
    }
}

/* ---- all of it ---- */

static void
fill_result (const Edge *edge, const Profile *profile, const double *p, double sum, double variance,
             OssKernelMeasurement *result)
{
  double total = 0.0, index[3];

  for (int b = 0; b < profile->n; b++)
    total += profile->weight[b];
  result->kernel = (OssKernel){ .status = OSS_KERNEL_MEASURED,
                                .own = TRUE,
                                .f50 = 10.0 * p[1],
                                .exponent = p[2],
                                .overshoot = fmax (p[3], 0.0),
                                .peak = 10.0 * p[4] };
  result->radius_mm = p[0];
  result->outside_hu = profile->level[0];
  result->inside_hu = profile->level[0] + profile->level[1];
  result->rms_hu = sqrt (sum / total);
  result->f50_error = 10.0 * sqrt (variance * sum / fmax (profile->n - 6, 1));
  result->slices = edge->last - edge->first + 1;
  for (int a = 0; a < 3; a++)
    index[edge->axis[a]] = (a < 2 ? edge->centre[a] : edge->level) / edge->spacing[a];
  oss_grid_to_patient (&edge->volume->grid, index, result->centre_mm);
}

static gboolean
fit_profile (const Edge *edge, Profile *profile, OssKernelMeasurement *result, GError **error)
{
  double p[PARAMETERS] = { edge->radius, 0.4, 2.2, 0.0, 0.2 }, q[PARAMETERS], variance = NAN, other = NAN;
  double finest = fmin (edge->spacing[0], edge->spacing[1]);

  profile_prepare (profile, edge->radius);
  double sum = minimise (profile, 3, p, &variance);
  memcpy (q, p, sizeof q);
  q[3] = 0.05, q[4] = 0.5 * p[1];
  /* An overshoot is believed where it explains a quarter of what the plain shape leaves. */
  double enhanced = minimise (profile, 5, q, &other);
  if (enhanced < 0.75 * sum && q[3] > 0.03)
    {
      memcpy (p, q, sizeof p);
      sum = enhanced, variance = other;
    }
  g_autofree double *last = g_new (double, profile->n);
  residuals (profile, p, last); /* the levels that belong to them */
  fill_result (edge, profile, p, sum, variance, result);
  transform_slope (profile, p[0], finest, result->modulation);
  double contrast = fabs (result->inside_hu - result->outside_hu);
  if (contrast >= LEAST_CONTRAST_HU && isfinite (sum) && result->f50_error < 0.15 * result->kernel.f50)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("The edge is too weak or too noisy: %.0f HU of contrast (%d are needed), f50 %.2f ± %.2f lp/cm. Take "
                  "a rod with more contrast, or more slices (--height)."),
               contrast, LEAST_CONTRAST_HU, result->kernel.f50, result->f50_error);
  return FALSE;
}

gboolean
oss_kernel_measure (const OssVolume *volume, const double at_mm[3], double height_mm, OssKernelMeasurement *result,
                    const OssTick *tick, GError **error)
{
  Edge edge;
  g_autofree Profile *profile = g_new0 (Profile, 1);

  memset (result, 0, sizeof *result);
  if (volume->quantity != OSS_QUANTITY_HU)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A kernel is measured on an image of CT numbers."));
      return FALSE;
    }
  if (!edge_init (&edge, volume, at_mm, height_mm > 0.0 ? height_mm : USUAL_HEIGHT_MM, error)
      || !oss_tick_report (tick, 0.0, _ ("Measuring the kernel"), error) || !find_circle (&edge, error))
    return FALSE;
  find_tilt (&edge);
  gboolean good = oss_tick_report (tick, 0.3, NULL, error) && make_profile (&edge, profile, result, tick, error)
                  && oss_tick_report (tick, 0.5, NULL, error) && fit_profile (&edge, profile, result, error);
  profile_clear (profile);
  return good && oss_tick_report (tick, 1.0, NULL, error);
}
