/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A vertebra as an implicit surface: signed distances of simple bodies under smooth unions.
 *
 * Proportions follow published averages where there are some (body size, wedge, interpedicular width, facet
 * orientation) and a real L1 (Visible Human male, Remus et al. 2021, doi 10.1371/journal.pone.0250456: 83 x 74 x 62 mm)
 * for where the processes lie.  Distances are first-order: exact to a few per cent near the surface, never more than
 * 1.3 times the true distance further away.
 */
#include "virtual/oss-virtual-private.h"

#define FAR_MM 1e3

/* What differs from level to level, T10 .. L4, relative to L1 where no unit is given.  Wedge: PMC2899959, T12 to L2;
 * the rest interpolated.  Facet: joint below the level, from sagittal (0) to coronal (90 degrees) [choice after the
 * usual descriptions: coronal in the thoracic spine, sagittal from T12-L1 down]. */
static const struct
{
  guint8 level;
  double width, depth, height, wedge_m, wedge_f, disc_mm, pedicle_mm, transverse_mm, facet_deg;
} level_table[] = {
  { 17, 0.90, 0.94, 0.87, 4.5, 3.5, 5.0, 3.6, 27.0, 68.0 },   { 18, 0.94, 0.96, 0.91, 5.0, 4.0, 6.0, 4.0, 24.0, 60.0 },
  { 19, 0.98, 0.98, 0.96, 4.9, 3.5, 6.5, 4.1, 21.0, 30.0 },   { 20, 1.00, 1.00, 1.00, 4.1, 2.6, 7.5, 4.1, 33.0, 20.0 },
  { 21, 1.04, 1.02, 1.02, 2.6, 0.7, 8.3, 4.3, 38.0, 25.0 },   { 22, 1.08, 1.04, 1.03, 0.5, -0.8, 9.0, 4.9, 43.0, 32.0 },
  { 23, 1.12, 1.05, 1.03, -1.5, -2.5, 9.5, 5.8, 42.0, 40.0 },
};

/* ---- small distances ---- */

/* Smooth minimum of Quilez's polynomial form: differs from min () only where |a - b| < k, by k / 4 at most. */
static inline double
smooth_min (double a, double b, double k)
{
  double h = fmax (k - fabs (a - b), 0.0);
  return fmin (a, b) - h * h / (4.0 * k);
}

static inline double
smooth_max (double a, double b, double k)
{
  return -smooth_min (-a, -b, k);
}

/* A rod from @a to @b with radius going from @ra to @rb. */
static inline double
rod (const double q[3], const double a[3], const double b[3], double ra, double rb)
{
  double u[3], v[3];
  oss_sub (q, a, u);
  oss_sub (b, a, v);
  double t = CLAMP (oss_dot (u, v) / oss_dot (v, v), 0.0, 1.0);
  double d[3] = { u[0] - t * v[0], u[1] - t * v[1], u[2] - t * v[2] };
  return oss_norm (d) - (ra + t * (rb - ra));
}

/* A plate upright along s: the segment @a - @b in the (x, a) plane, swept @half_height up and down about a mid line
 * that goes from a[2] to b[2], rounded by @r. */
static inline double
plate (const double q[3], const double a[3], const double b[3], double half_height, double r)
{
  double vx = b[0] - a[0], vy = b[1] - a[1], ux = q[0] - a[0], uy = q[1] - a[1];
  double t = CLAMP ((ux * vx + uy * vy) / (vx * vx + vy * vy), 0.0, 1.0);
  double dx = ux - t * vx, dy = uy - t * vy, dz = fmax (fabs (q[2] - a[2] - t * (b[2] - a[2])) - half_height, 0.0);
  return sqrt (dx * dx + dy * dy + dz * dz) - r;
}

/* First-order distance to the ellipse with half-axes @rx, @ry. */
double
oss_virtual_ellipse (double x, double y, double rx, double ry)
{
  double u = x / rx, v = y / ry, g = sqrt (u * u + v * v);
  double slope = sqrt (u * u / (rx * rx) + v * v / (ry * ry));
  return g < 1e-6 ? -fmin (rx, ry) : (g - 1.0) * g / slope;
}

/* ---- the body ---- */

/* Wall of the body: an ellipse in front, halfway to a rounded rectangle behind; @rx, @ry half-axes. */
double
oss_virtual_oval (double x, double a, double rx, double ry)
{
  double u = x / rx, v = a / ry, u2 = u * u, v2 = v * v;
  double g2 = sqrt (u2 + v2);

  if (a >= 0.0)
    return oss_virtual_ellipse (x, a, rx, ry);
  if (g2 < 1e-6)
    return -fmin (rx, ry);
  double g4 = sqrt (sqrt (u2 * u2 + v2 * v2)), c = 1.0 / (g4 * g4 * g4), g = 0.5 * (g2 + g4);
  double gx = 0.5 * (u / g2 + u * u2 * c) / rx, gy = 0.5 * (v / g2 + v * v2 * c) / ry;
  return (g - 1.0) / sqrt (gx * gx + gy * gy);
}

/* Heights of the endplates over (x, a): dished, and inclined by half the wedge each. */
static void
endplates (const OssVirtualVertebra *self, double x, double a, double *superior, double *inferior)
{
  double u = x / self->half_width, v = a / self->half_depth, r2 = fmin (u * u + v * v, 1.4);
  *superior = self->half_height + self->dish_superior * r2 - 0.5 * self->wedge * a;
  *inferior = -self->half_height - self->dish_inferior * r2 + 0.5 * self->wedge * a;
}

static double
body_distance (const OssVirtualVertebra *self, const double q[3])
{
  double superior, inferior, t = fmin (fabs (q[2]) / (self->half_height + 1.0), 1.0), t2 = t * t;
  double narrow = 1.0 + self->waist * (t2 - 0.5), deep = 1.0 + (q[1] > 0.0 ? 0.7 : 0.3) * self->waist * (t2 - 0.5);
  double d = oss_virtual_oval (q[0], q[1], self->half_width * narrow, self->half_depth * deep);

  endplates (self, q[0], q[1], &superior, &inferior);
  d = smooth_max (d, q[2] - superior, 3.0);
  return smooth_max (d, inferior - q[2], 3.0);
}

/* ---- posterior elements; x >= 0 ---- */

static double
superior_process (const OssVirtualVertebra *self, const double q[3])
{
  double u = self->scale, back = -self->half_depth, c = cos (self->facet_superior), s = sin (self->facet_superior);
  double jx = 13.5 * u + 3.5 * u * c, ja = back - 17.5 * u + 3.5 * u * s, top = self->half_height - 5.0 * u;
  double root[3] = { 15.2 * u, back - 10.5 * u, 3.0 * u }, mid[3] = { jx, ja, top };
  double p[3] = { jx - 4.2 * u * s, ja + 4.2 * u * c, top }, r[3] = { jx + 4.2 * u * s, ja - 4.2 * u * c, top };
  return smooth_min (rod (q, root, mid, 4.6 * u, 3.6 * u), plate (q, p, r, 5.5 * u, 3.2 * u), 3.0);
}

static double
inferior_process (const OssVirtualVertebra *self, const double q[3])
{
  double u = self->scale, back = -self->half_depth, c = cos (self->facet_inferior), s = sin (self->facet_inferior);
  double jx = 13.5 * u - 3.5 * u * c, ja = back - 17.5 * u - 3.5 * u * s;
  double mid_s = -self->half_height - self->disc_below + 0.5 * u;
  double root[3] = { 14.3 * u, back - 14.0 * u, 0.0 }, mid[3] = { jx, ja, -self->half_height + 2.0 * u };
  double p[3] = { jx - 3.8 * u * s, ja + 3.8 * u * c, mid_s }, r[3] = { jx + 3.8 * u * s, ja - 3.8 * u * c, mid_s };
  return smooth_min (rod (q, root, mid, 4.6 * u, 4.4 * u), plate (q, p, r, 6.0 * u, 3.2 * u), 3.0);
}

static double
posterior_distance (const OssVirtualVertebra *self, const double q[3])
{
  double u = self->scale, back = -self->half_depth, h = self->half_height;
  double pedicle[2][3] = { { 14.6 * u, back + 3.0, 0.28 * h }, { 15.4 * u, back - 11.0 * u, 0.28 * h } };
  double lamina[2][3] = { { 13.0 * u, back - 15.5 * u, -4.5 * u }, { 0.0, back - 23.5 * u, -9.0 * u } };
  double spine[2][3] = { { 0.0, back - 22.0 * u, -7.5 * u }, { 0.0, back - 37.0 * u, -14.0 * u } };
  double tip[2][3] = { { 0.0, back - 37.5 * u, -9.5 * u }, { 0.0, back - 38.0 * u, -19.5 * u } };
  double wing[2][3] = { { 16.0 * u, back - 13.5 * u, 1.0 * u },
                        { self->transverse_length * u, back - 20.5 * u, 2.0 * u } };
  double d = plate (q, pedicle[0], pedicle[1], 3.3 * u, self->pedicle_half_width * u);

  d = smooth_min (d, superior_process (self, q), 2.5);
  d = smooth_min (d, inferior_process (self, q), 2.5);
  d = smooth_min (d, rod (q, wing[0], wing[1], 4.6 * u, 2.9 * u), 3.0);
  d = smooth_min (d, plate (q, lamina[0], lamina[1], 5.5 * u, 2.7 * u), 2.5);
  d = smooth_min (d, plate (q, spine[0], spine[1], 6.5 * u, 2.2 * u), 3.0);
  return smooth_min (d, rod (q, tip[0], tip[1], 3.2 * u, 3.4 * u), 3.0);
}

double
oss_virtual_vertebra_distance (const OssVirtualVertebra *self, const double p[3], double *body)
{
  double u = self->scale, q[3];

  /* A slow warp, 0.5 mm, so that no two sides and no two levels are the same. */
  for (int c = 0; c < 3; c++)
    {
      int n = (c + 1) % 3, m = (c + 2) % 3;
      q[c] = p[c] + 0.3 * sin (p[n] * (2.0 * G_PI / 31.0) + self->warp_phase[c])
             + 0.25 * sin (p[m] * (2.0 * G_PI / 23.0) + self->warp_phase[3 + c]);
    }
  double b = body_distance (self, q);
  if (body != NULL)
    *body = b;

  double canal = oss_virtual_ellipse (q[0], q[1] + self->half_depth + 7.4 * u, 11.2 * u, 8.1 * u);
  q[0] = fabs (q[0]);
  double d = smooth_min (b, posterior_distance (self, q), 6.0);
  return fmin (smooth_max (d, -canal, 1.5), oss_virtual_marker_distance (self, p));
}

double
oss_virtual_marker_distance (const OssVirtualVertebra *self, const double q[3])
{
  double d[3];
  if (self->marker_radius <= 0.0)
    return FAR_MM;
  oss_sub (q, self->marker_centre, d);
  return oss_norm (d) - self->marker_radius;
}

void
oss_virtual_vertebra_mark_left (OssVirtualVertebra *self)
{
  self->marker_radius = 5.0;
  self->marker_centre[0] = self->half_width + 2.0;
  self->marker_centre[1] = 0.3 * self->half_depth;
  self->marker_centre[2] = -0.5 * self->half_height;
}

/* The 11th and 12th ribs' beginnings, and the 10th's: head beside the body, neck behind the transverse process. */
double
oss_virtual_rib_distance (const OssVirtualVertebra *self, const double q[3])
{
  if (self->level > 19)
    return FAR_MM;
  double u = self->scale, back = -self->half_depth, x = self->half_width, p[3] = { fabs (q[0]), q[1], q[2] };
  double path[5][3] = { { x + 1.0, back + 3.0, 6.0 * u },
                        { 30.0 * u, back - 12.0 * u, 3.0 * u },
                        { 48.0 * u, back - 24.0 * u, -6.0 * u },
                        { 72.0 * u, back - 26.0 * u, -20.0 * u },
                        { 96.0 * u, back - 14.0 * u, -40.0 * u } };
  int n = self->level == 19 ? 3 : 4;
  double d = FAR_MM;

  for (int i = 0; i < n; i++)
    d = smooth_min (d, plate (p, path[i], path[i + 1], 2.5 * u, 3.2 * u), 1.5);
  return d;
}

double
oss_virtual_disc_distance (const OssVirtualVertebra *self, const OssVirtualVertebra *below, const double p[3])
{
  double q[3], r[3], superior, inferior, unused;

  oss_virtual_vertebra_local (self, p, q);
  oss_virtual_vertebra_local (below, p, r);
  endplates (self, q[0], q[1], &unused, &inferior);
  endplates (below, r[0], r[1], &superior, &unused);
  double k = 1.0 + 0.45 * self->waist; /* as wide as the rims */
  double d = oss_virtual_oval (q[0], q[1], self->half_width * k, self->half_depth * k);
  return smooth_max (d, smooth_max (q[2] - inferior, superior - r[2], 0.5), 2.0);
}

void
oss_virtual_vertebra_local (const OssVirtualVertebra *self, const double p[3], double q[3])
{
  double d[3];
  oss_sub (p, self->centre, d);
  oss_mat3_apply (self->axes, d, q);
}

void
oss_virtual_vertebra_patient (const OssVirtualVertebra *self, const double q[3], double p[3])
{
  for (int i = 0; i < 3; i++)
    p[i] = self->centre[i] + self->axes[i] * q[0] + self->axes[3 + i] * q[1] + self->axes[6 + i] * q[2];
}

static void
set_box (OssVirtualVertebra *self)
{
  double u = self->scale, side = fmax (self->half_width * 1.1, (self->transverse_length + 3.0) * u) + 2.0;
  double box[3][2] = { { -side, side },
                       { -self->half_depth - 42.0 * u - 2.0, self->half_depth * 1.1 + 2.0 },
                       { -self->half_height - self->disc_below - 12.0 * u - 2.0, self->half_height + 5.0 * u + 2.0 } };
  for (int c = 0; c < 3; c++)
    self->low[c] = box[c][0], self->high[c] = box[c][1];
}

/* @size: standard deviations from the mean of the sex. */
void
oss_virtual_vertebra_init (OssVirtualVertebra *self, guint8 level, char sex, double size, OssRandom *random)
{
  gboolean male = sex == 'M';
  double grow = exp (0.07 * size);
  int k = level - level_table[0].level;

  memset (self, 0, sizeof *self);
  self->level = level;
  self->half_width = 0.5 * (male ? 45.0 : 38.5) * grow * level_table[k].width;
  self->half_depth = 0.5 * (male ? 32.0 : 27.5) * grow * level_table[k].depth;
  self->half_height = 0.5 * (male ? 27.0 : 25.5) * grow * level_table[k].height;
  self->wedge = (male ? level_table[k].wedge_m : level_table[k].wedge_f) * G_PI / 180.0;
  self->wedge += 0.8 * G_PI / 180.0 * oss_virtual_draw (random);
  self->waist = 0.12 + 0.015 * oss_virtual_draw (random);
  self->dish_superior = oss_random_range (random, 1.1, 1.9);
  self->dish_inferior = oss_random_range (random, 1.0, 1.7);
  self->scale = (male ? 1.0 : 0.89) * grow * (0.6 + 0.4 * level_table[k].width);
  self->pedicle_half_width = level_table[k].pedicle_mm;
  self->transverse_length = level_table[k].transverse_mm * oss_random_range (random, 0.95, 1.05);
  self->disc_below = level_table[k].disc_mm * (male ? 1.0 : 0.93) * oss_random_range (random, 0.93, 1.05);
  self->facet_inferior = level_table[k].facet_deg * G_PI / 180.0;
  self->facet_superior = (k > 0 ? level_table[k - 1].facet_deg : 75.0) * G_PI / 180.0;
  for (int i = 0; i < 6; i++)
    self->warp_phase[i] = oss_random_range (random, 0.0, 2.0 * G_PI);
  for (int i = 0; i < 3; i++)
    self->cortex_phase[i] = oss_random_range (random, 0.0, 2.0 * G_PI);
  set_box (self);
}

/* How far bone reaches from the centre along a local axis at mid height, mm. */
static double
reach (const OssVirtualVertebra *self, int axis, double sign)
{
  double low = 0.0, high = 30.0;
  for (int i = 0; i < 40; i++)
    {
      double q[3] = { 0.0 }, mid = 0.5 * (low + high);
      q[axis] = sign * mid;
      if (oss_virtual_vertebra_distance (self, q, NULL) < 0.0)
        low = mid;
      else
        high = mid;
    }
  return low;
}

void
oss_virtual_vertebra_waist (const OssVirtualVertebra *self, double *width, double *depth)
{
  *width = reach (self, 0, 1.0) + reach (self, 0, -1.0);
  *depth = reach (self, 1, 1.0) + reach (self, 1, -1.0);
}
