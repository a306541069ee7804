/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The object itself in thin slices on a fine raster: HU, mineral and which vertebra.
 *
 * Edges are anti-aliased from signed distances: a fine pixel's share of a layer is the layer's overlap with a box of
 * the pixel's width along the surface normal.  So a shell of 0.3 mm keeps its mass on a raster of 0.4 mm.
 */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "virtual/oss-virtual-private.h"

#define AIR_HU (-1000.0f)
#define BLOCK 6       /* fine pixels along a block that is judged as a whole */
#define LIPSCHITZ 1.3 /* distances of the shape may be this much too long */
#define SKIN_MM 2.0

/* ---- painting ---- */

static inline float
mix (float under, float over, double share)
{
  return under + (float) share * (over - under);
}

/* The part of a pixel of width @w that lies below 0 when its middle is at distance @d. */
static inline double
inside (double d, double w)
{
  return CLAMP (0.5 - d / w, 0.0, 1.0);
}

static void
paint_ellipse (const OssVirtualRaster *self, float *hu, double cx, double cy, double rx, double ry, float value)
{
  int low[2], high[2];
  double c[2] = { cx, cy }, r[2] = { rx, ry }, w = self->fine_mm[0];

  for (int i = 0; i < 2; i++)
    {
      low[i] = (int) CLAMP (floor ((c[i] - r[i] - self->origin[i]) / self->fine_mm[i]) - 1.0, 0.0, self->size[i]);
      high[i] = (int) CLAMP (ceil ((c[i] + r[i] - self->origin[i]) / self->fine_mm[i]) + 2.0, 0.0, self->size[i]);
    }
  double core = fmax (1.0 - 1.5 * w / fmin (rx, ry), 0.0);
  for (int j = low[1]; j < high[1]; j++)
    {
      float *row = hu + (gsize) self->size[0] * (gsize) j;
      double y = self->origin[1] + j * self->fine_mm[1] - cy, v2 = y * y / (ry * ry);
      for (int i = low[0]; i < high[0]; i++)
        {
          double x = self->origin[0] + i * self->fine_mm[0] - cx, g2 = x * x / (rx * rx) + v2;
          if (g2 < core * core)
            row[i] = value;
          else if (g2 < 2.0 - core)
            row[i] = mix (row[i], value, inside (oss_virtual_ellipse (x, y, rx, ry), w));
        }
    }
}

typedef double (*PlaneDistance) (const OssVirtualAnatomy *anatomy, double x, double y);

static void
paint_everywhere (const OssVirtualRaster *self, PlaneDistance distance, double offset, double value)
{
  for (int j = 0; j < self->size[1]; j++)
    for (int i = 0; i < self->size[0]; i++)
      {
        double x = self->origin[0] + i * self->fine_mm[0], y = self->origin[1] + j * self->fine_mm[1];
        float *hu = &self->base[(gsize) self->size[0] * (gsize) j + i];
        *hu = mix (*hu, (float) value, inside (distance (&self->patient->anatomy, x, y) + offset, self->fine_mm[0]));
      }
}

static double
box (double x, double y, double rx, double ry, double round)
{
  double dx = fabs (x) - rx + round, dy = fabs (y) - ry + round;
  return hypot (fmax (dx, 0.0), fmax (dy, 0.0)) + fmin (fmax (dx, dy), 0.0) - round;
}

static double
skin_distance (const OssVirtualAnatomy *a, double x, double y)
{
  return oss_virtual_oval (x - a->torso_centre[0], a->torso_centre[1] - y, a->torso_radius[0], a->torso_radius[1]);
}

static double
muscle_distance (const OssVirtualAnatomy *a, double x, double y)
{
  return oss_virtual_oval (x - a->torso_centre[0], a->torso_centre[1] - y, a->torso_radius[0] - 22.0,
                           a->torso_radius[1] - 19.0);
}

static double
cavity_distance (const OssVirtualAnatomy *a, double x, double y)
{
  return oss_virtual_oval (x - a->torso_centre[0], a->torso_centre[1] - 18.0 - y, a->torso_radius[0] - 34.0,
                           a->torso_radius[1] - 47.0);
}

/* A hollowed couch 420 mm wide and 45 mm thick. */
static double
table_distance (const OssVirtualAnatomy *a, double x, double y)
{
  double t = x / 210.0, top = a->table_y - 18.0 * t * t;
  return box (x, y - top - 22.5, 210.0, 22.5, 10.0);
}

static double
pad_distance (const OssVirtualAnatomy *a, double x, double y)
{
  return box (x, y - a->back_y + 4.0, a->phantom_half_width, 9.0, 4.0);
}

static double
phantom_distance (const OssVirtualAnatomy *a, double x, double y)
{
  return box (x, y - a->phantom_y, a->phantom_half_width, a->phantom_half_depth, 4.0);
}

static void
make_base (OssVirtualRaster *self)
{
  const OssVirtualAnatomy *a = &self->patient->anatomy;
  const OssVirtualBeam *beam = &self->patient->spine;

  for (gsize i = 0; i < (gsize) self->size[0] * (gsize) self->size[1]; i++)
    self->base[i] = AIR_HU;
  paint_everywhere (self, table_distance, 0.0, beam->hu[OSS_TISSUE_CARBON_FIBRE]);
  paint_everywhere (self, table_distance, 2.0, beam->hu[OSS_TISSUE_FOAM]);
  if (a->phantom)
    {
      paint_everywhere (self, pad_distance, 0.0, self->patient->phantom.hu[OSS_TISSUE_BOLUS]);
      paint_everywhere (self, phantom_distance, 0.0, self->patient->phantom.hu[OSS_TISSUE_PHANTOM_RESIN]);
      for (int i = 0; i < a->n_rods; i++)
        paint_ellipse (self, self->base, a->rod[i][0], a->rod[i][1], a->rod_radius, a->rod_radius,
                       (float) a->rod_hu[i]);
    }
  paint_everywhere (self, skin_distance, 0.0, beam->hu[OSS_TISSUE_SKIN]);
  paint_everywhere (self, skin_distance, SKIN_MM, beam->hu[OSS_TISSUE_ADIPOSE]);
  paint_everywhere (self, muscle_distance, 0.0, beam->hu[OSS_TISSUE_MUSCLE]);
  paint_everywhere (self, cavity_distance, 0.0, beam->hu[OSS_TISSUE_ADIPOSE] + 2.0);
}

gboolean
oss_virtual_raster_init (OssVirtualRaster *self, const OssVirtualPatient *patient, int over, double thickness_mm,
                         GError **error)
{
  self->patient = patient;
  self->over = over;
  self->thickness_mm = thickness_mm;
  for (int c = 0; c < 2; c++)
    {
      self->size[c] = over * patient->grid.size[c];
      self->fine_mm[c] = patient->grid.spacing[c] / over;
      self->origin[c] = patient->grid.origin[c] - 0.5 * (over - 1) * self->fine_mm[c];
    }
  self->base = oss_alloc_aligned ((gsize) self->size[0] * (gsize) self->size[1], sizeof (float), "raster", error);
  if (self->base == NULL)
    return FALSE;
  make_base (self);
  return TRUE;
}

void
oss_virtual_raster_clear (OssVirtualRaster *self)
{
  g_clear_pointer (&self->base, oss_free_aligned);
}

/* ---- soft tissue that changes with height ---- */

/* Middle of the vertebral column at height @z. */
static void
column_at (const OssVirtualAnatomy *anatomy, double z, double xy[2])
{
  int i = 0;
  while (i < anatomy->n_vertebrae - 2 && z < anatomy->vertebrae[i + 1].centre[2])
    i++;
  const double *a = anatomy->vertebrae[i].centre, *b = anatomy->vertebrae[i + 1].centre;
  double t = CLAMP ((z - a[2]) / (b[2] - a[2]), -0.5, 1.5);
  for (int c = 0; c < 2; c++)
    xy[c] = a[c] + t * (b[c] - a[c]);
}

/* FALSE when the organ does not reach @z. */
static gboolean
organ_section (const OssVirtualOrgan *organ, const double column[2], double z, double centre[2], double radius[2])
{
  if (organ->ellipsoid)
    {
      double t = (z - organ->centre[0][2]) / organ->radius[1][0], shrink = sqrt (fmax (1.0 - t * t, 0.0));
      for (int c = 0; c < 2; c++)
        {
          centre[c] = organ->centre[0][c];
          radius[c] = organ->radius[0][c] * shrink;
        }
      return shrink > 0.05;
    }
  double t = (z - organ->centre[0][2]) / (organ->centre[1][2] - organ->centre[0][2]);
  if (t < 0.0 || t > 1.0)
    return FALSE;
  for (int c = 0; c < 2; c++)
    {
      centre[c] = organ->centre[0][c] + t * (organ->centre[1][c] - organ->centre[0][c]) + column[c];
      radius[c] = organ->radius[0][c] + t * (organ->radius[1][c] - organ->radius[0][c]);
    }
  return TRUE;
}

static void
paint_organs (const OssVirtualRaster *self, double z, float *hu)
{
  const OssVirtualAnatomy *a = &self->patient->anatomy;
  const float fat = (float) self->patient->spine.hu[OSS_TISSUE_ADIPOSE];
  double column[2], centre[2], radius[2];

  column_at (a, z, column);
  for (int i = 0; i < a->n_organs; i++)
    {
      if (!organ_section (&a->organs[i], column, z, centre, radius))
        continue;
      if (!a->organs[i].ellipsoid) /* a fat plane between neighbours */
        paint_ellipse (self, hu, centre[0], centre[1], radius[0] + 1.2, radius[1] + 1.2, fat);
      paint_ellipse (self, hu, centre[0], centre[1], radius[0], radius[1], a->organs[i].hu);
    }
}

/* ---- bone ---- */

/* What can be at one height. */
typedef struct
{
  int n;
  const OssVirtualVertebra *vertebra[OSS_VIRTUAL_MAX_VERTEBRAE];
  gboolean rib[OSS_VIRTUAL_MAX_VERTEBRAE];
} Candidates;

typedef struct
{
  double d;  /* to the nearest bone, joints cut out */
  int which; /* candidate */
  gboolean is_rib;
  double body; /* to that vertebra's body */
  double q[3];
} Sample;

#define FAR_MM 1e3

/* Distance to a vertebra's local box: cheaper than its shape, and never more than the true distance. */
static double
box_distance (const OssVirtualVertebra *v, const double q[3])
{
  double d2 = 0.0;
  for (int c = 0; c < 3; c++)
    {
      double d = fmax (fmax (v->low[c] - q[c], q[c] - v->high[c]), 0.0);
      d2 += d * d;
    }
  return sqrt (d2);
}

/* Neighbours keep apart: where two would come closer than the joint gap, both end half a gap from where their
 * distances are equal.  So every facet joint is a gap of constant width, whatever the processes look like. */
static inline double
keep_apart (double mine, double other)
{
  return fmax (mine, 0.5 * (mine - other + OSS_VIRTUAL_JOINT_GAP_MM));
}

static void
sample (const Candidates *near, const double p[3], Sample *s)
{
  double d[OSS_VIRTUAL_MAX_VERTEBRAE], body[OSS_VIRTUAL_MAX_VERTEBRAE], q[OSS_VIRTUAL_MAX_VERTEBRAE][3];

  s->d = FAR_MM;
  s->which = -1;
  for (int i = 0; i < near->n; i++)
    {
      oss_virtual_vertebra_local (near->vertebra[i], p, q[i]);
      d[i] = box_distance (near->vertebra[i], q[i]);
      if (d[i] < 6.0)
        d[i] = oss_virtual_vertebra_distance (near->vertebra[i], q[i], &body[i]);
    }
  for (int i = 0; i < near->n; i++)
    {
      double apart = d[i];
      for (int k = 0; k < near->n; k++)
        if (k != i)
          apart = fmax (apart, keep_apart (d[i], d[k]));
      if (apart < s->d)
        {
          s->d = apart, s->which = i, s->is_rib = FALSE;
          s->body = apart < 6.0 ? body[i] : FAR_MM;
          memcpy (s->q, q[i], sizeof q[i]);
        }
    }
  for (int i = 0; i < near->n; i++)
    {
      if (!near->rib[i])
        continue;
      double rib = oss_virtual_rib_distance (near->vertebra[i], q[i]);
      for (int k = 0; k < near->n; k++)
        rib = fmax (rib, keep_apart (rib, d[k]));
      if (rib < s->d)
        {
          s->d = rib, s->which = i, s->is_rib = TRUE, s->body = FAR_MM;
          memcpy (s->q, q[i], sizeof q[i]);
        }
    }
}

typedef struct
{
  const OssVirtualRaster *raster;
  float *hu;
  OssVirtualSums *sums;
  float weight; /* of one fine pixel in a CT pixel */
  double z;
} Slice;

static inline double
body_weight (double body)
{
  double t = CLAMP ((2.0 - body) / 4.0, 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

/* Puts bone of distance @d (true mm) into one fine pixel; @width its extent along the normal. */
static void
put_bone (const Slice *slice, const Candidates *near, const Sample *s, double d, double width, gsize fine, gsize pixel)
{
  const OssVirtualPatient *patient = slice->raster->patient;
  const OssVirtualVertebra *v = near->vertebra[s->which];
  double whole = inside (d, width), weight = body_weight (s->body);

  if (whole <= 0.0)
    return;
  double cortex = s->is_rib ? 0.8 : oss_virtual_cortex_mm (v, s->q, weight);
  double deep = inside (d + cortex, width), shell = whole - deep;
  double bvtv = deep > 0.0 ? oss_virtual_bvtv (v, s->q, weight) : 0.0;
  double tissue = shell * OSS_VIRTUAL_COMPACT_TISSUE + deep * bvtv; /* bone tissue; the rest of @whole is marrow */
  double bone = tissue * patient->spine.hu[OSS_TISSUE_CORTICAL_BONE] + (whole - tissue) * patient->marrow_hu;

  slice->hu[fine] = (float) ((1.0 - whole) * slice->hu[fine] + bone);
  if (slice->sums == NULL)
    return;
  if (slice->sums->ash != NULL)
    slice->sums->ash[pixel] += slice->weight * (float) (tissue * patient->mineral_mg_cm3);
  if (!s->is_rib)
    {
      slice->sums->coverage[v->level & 1][pixel] += slice->weight * (float) whole;
      slice->sums->level[v->level & 1][pixel] = v->level;
    }
}

/* Slope of the distance at @p and the extent of a fine voxel along its direction. */
static double
slope_at (const Slice *slice, const Candidates *near, const double p[3], double d, double *width)
{
  const double h = 0.2;
  double gradient[3];
  Sample s;

  for (int c = 0; c < 3; c++)
    {
      double r[3] = { p[0], p[1], p[2] };
      r[c] += h;
      sample (near, r, &s);
      gradient[c] = (s.d - d) / h;
    }
  double slope = oss_normalize (gradient);
  const OssVirtualRaster *raster = slice->raster;
  double across = raster->fine_mm[0] * raster->fine_mm[0] * (gradient[0] * gradient[0] + gradient[1] * gradient[1]);
  *width = sqrt (across + raster->thickness_mm * raster->thickness_mm * gradient[2] * gradient[2]);
  return CLAMP (slope, 0.5, 1.5);
}

/* The candidates that can matter within @radius of the block's middle. */
static void
thin_out (const Candidates *all, const double p[3], double radius, Candidates *near)
{
  near->n = 0;
  for (int i = 0; i < all->n; i++)
    {
      double q[3];
      oss_virtual_vertebra_local (all->vertebra[i], p, q);
      double d = box_distance (all->vertebra[i], q);
      gboolean rib = all->rib[i] && oss_virtual_rib_distance (all->vertebra[i], q) < 3.0 * radius;
      if (d < radius)
        d = oss_virtual_vertebra_distance (all->vertebra[i], q, NULL);
      if (!rib && d > LIPSCHITZ * radius + 2.0 * OSS_VIRTUAL_JOINT_GAP_MM)
        continue;
      near->vertebra[near->n] = all->vertebra[i];
      near->rib[near->n++] = rib;
    }
}

static void
paint_block (const Slice *slice, const Candidates *all, int i0, int j0)
{
  const OssVirtualRaster *raster = slice->raster;
  int i1 = MIN (i0 + BLOCK, raster->size[0]), j1 = MIN (j0 + BLOCK, raster->size[1]);
  double radius = 0.5 * BLOCK * hypot (raster->fine_mm[0], raster->fine_mm[1]);
  double middle[3] = { raster->origin[0] + (0.5 * (i0 + i1 - 1)) * raster->fine_mm[0],
                       raster->origin[1] + (0.5 * (j0 + j1 - 1)) * raster->fine_mm[1], slice->z };
  double reach = LIPSCHITZ * radius + raster->thickness_mm, width = raster->fine_mm[0], slope = 1.0;
  Candidates near;
  Sample block, s;

  thin_out (all, middle, radius, &near);
  if (near.n == 0)
    return;
  sample (&near, middle, &block);
  if (block.d > reach)
    return;
  /* Deep inside, away from shell and from the body's hind wall, nothing but the texture changes. */
  gboolean deep = block.d < -reach - 1.1 && fabs (block.body) > reach + 2.0;
  if (!deep)
    slope = slope_at (slice, &near, middle, block.d, &width);
  for (int j = j0; j < j1; j++)
    for (int i = i0; i < i1; i++)
      {
        double p[3] = { raster->origin[0] + i * raster->fine_mm[0], raster->origin[1] + j * raster->fine_mm[1],
                        slice->z };
        if (deep)
          {
            s = block;
            oss_virtual_vertebra_local (near.vertebra[s.which], p, s.q);
          }
        else
          sample (&near, p, &s);
        gsize pixel = (gsize) (raster->size[0] / raster->over) * (gsize) (j / raster->over) + i / raster->over;
        if (s.which >= 0)
          put_bone (slice, &near, &s, s.d / slope, width, (gsize) raster->size[0] * (gsize) j + i, pixel);
      }
}

/* Raster box of everything within @side, @front and @back of the column. */
static gboolean
bone_box (const OssVirtualRaster *self, const Candidates *all, double side, int low[2], int high[2])
{
  double bound[2][2] = { { FAR_MM, -FAR_MM }, { FAR_MM, -FAR_MM } };
  for (int i = 0; i < all->n; i++)
    {
      const OssVirtualVertebra *v = all->vertebra[i];
      double reach[2] = { all->rib[i] ? side : v->high[0] + 3.0, fmax (-v->low[1], v->high[1]) + 6.0 };
      for (int c = 0; c < 2; c++)
        {
          bound[c][0] = fmin (bound[c][0], v->centre[c] - (c == 1 ? v->high[1] + 6.0 : reach[0]));
          bound[c][1] = fmax (bound[c][1], v->centre[c] + reach[c]);
        }
    }
  for (int c = 0; c < 2; c++)
    {
      low[c] = (int) CLAMP ((bound[c][0] - self->origin[c]) / self->fine_mm[c], 0.0, self->size[c]);
      high[c] = (int) CLAMP ((bound[c][1] - self->origin[c]) / self->fine_mm[c], 0.0, self->size[c]);
    }
  return all->n > 0 && low[0] < high[0] && low[1] < high[1];
}

static void
paint_discs (const OssVirtualRaster *self, double z, float *hu)
{
  const OssVirtualAnatomy *a = &self->patient->anatomy;
  const float value = (float) self->patient->spine.hu[OSS_TISSUE_DISC];

  for (int k = 0; k + 1 < a->n_vertebrae; k++)
    {
      const OssVirtualVertebra *v = &a->vertebrae[k], *below = &a->vertebrae[k + 1];
      Candidates both = { 2, { v, below }, { FALSE, FALSE } };
      double middle = 0.5 * (v->centre[2] - v->half_height + below->centre[2] + below->half_height);
      int low[2], high[2];
      if (fabs (z - middle) > 14.0 || !bone_box (self, &both, 0.0, low, high))
        continue;
      for (int j = low[1]; j < high[1]; j++)
        for (int i = low[0]; i < high[0]; i++)
          {
            double p[3] = { self->origin[0] + i * self->fine_mm[0], self->origin[1] + j * self->fine_mm[1], z };
            float *at = &hu[(gsize) self->size[0] * (gsize) j + i];
            if (fabs (p[0] - v->centre[0]) < 1.2 * v->half_width && fabs (p[1] - v->centre[1]) < 1.5 * v->half_depth)
              *at = mix (*at, value, inside (oss_virtual_disc_distance (v, below, p), self->fine_mm[0]));
          }
    }
}

static void
paint_bones (const OssVirtualRaster *self, double z, float *hu, OssVirtualSums *sums, float weight)
{
  const OssVirtualAnatomy *a = &self->patient->anatomy;
  Slice slice = { self, hu, sums, weight / (float) (self->over * self->over), z };
  Candidates all = { 0 };
  int low[2], high[2];

  for (int i = 0; i < a->n_vertebrae; i++)
    {
      const OssVirtualVertebra *v = &a->vertebrae[i];
      double dz = z - v->centre[2]; /* leaning moves the processes by up to 10 mm */
      gboolean rib = v->level <= 19 && dz < 20.0 && dz > -55.0;
      if (dz > v->high[2] + 10.0 || (dz < v->low[2] - 10.0 && !rib))
        continue;
      all.vertebra[all.n] = v;
      all.rib[all.n++] = rib;
    }
  if (!bone_box (self, &all, 105.0, low, high))
    return;
  for (int j = low[1] / BLOCK * BLOCK; j < high[1]; j += BLOCK)
    for (int i = low[0] / BLOCK * BLOCK; i < high[0]; i += BLOCK)
      paint_block (&slice, &all, i, j);
}

void
oss_virtual_raster_slice (const OssVirtualRaster *self, double z, float *hu, OssVirtualSums *sums, float weight)
{
  memcpy (hu, self->base, (gsize) self->size[0] * (gsize) self->size[1] * sizeof (float));
  paint_organs (self, z, hu);
  paint_discs (self, z, hu);
  paint_bones (self, z, hu, sums, weight);
}
