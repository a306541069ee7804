/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rods of a phantom that was found: where exactly they run, what they read, and which are left out. */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-i18n.h"
#include "base/oss-text.h"
#include "base/oss-vector.h"

#include <math.h>
#include <string.h>

#define READ_MM 0.7   /* between readings in a rod */
#define CENTRE_MM 0.5 /* between readings while its centre is looked for */
#define STRAY_MM 0.8
#define OFF_MM 4.0         /* a rod's centre is no further from where the slab showed it */
#define BEND_MM 2.0        /* heights where the row lies further from a straight one are passed over */
#define AIR_HU -500.0      /* nothing in a phantom is darker */
#define STEADY_HU 12.0     /* a slice counts where no rod is further from its median, at least */
#define LEAST_LENGTH 0.3   /* of the scan's height over which the rods must read the same */
#define CUT_SHARE 0.2      /* of the slices: a rod cut in more is left out */
#define CLIPPED_SHARE 0.01 /* of a rod's voxels */
#define UNEVEN_HU 30.0     /* a rod's noise may be this much, and three times, above the others' */
#define UNEVEN_FACTOR 3.0
#define STEADY_SHARE 0.5 /* of the slices, relative to the steadiest rod */
#define DRIFT_HU 10.0    /* along a rod, worth a word */
#define DRIFT_PERCENT 3.0

/* What one rod reads at one height. */
typedef struct
{
  double mean, square;  /* of its inner disc; NaN when it cannot be read */
  double clipped;       /* share of voxels at the end of the scale */
  gboolean cut, inside; /* part of the rod is outside the image; its middle is not */
} Slice;

/* Readings of all rods along their length. */
typedef struct
{
  int n; /* heights */
  double low_mm, step_mm;
  Slice *rod[OSS_PHANTOM_MAX_RODS];
  gboolean *core; /* heights where the search saw the row */
  int n_core;
  OssFieldOfView field;
} Readings;

static void
readings_clear (Readings *self)
{
  for (int r = 0; r < OSS_PHANTOM_MAX_RODS; r++)
    g_clear_pointer (&self->rod[r], g_free);
  g_clear_pointer (&self->core, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Readings, readings_clear)

/* One height of a rod. */
static void
read_disc (const OssFieldOfView *field, const double centre[3], double radius, Slice *slice)
{
  int reach = (int) ceil (radius / READ_MM), n = 0, clipped = 0, air = 0, whole = 0;
  double sum = 0.0, squares = 0.0, inner = OSS_ROD_INNER * radius, index[3];

  *slice = (Slice){ .mean = NAN, .square = NAN };
  oss_grid_to_index (&field->volume->grid, centre, index);
  slice->inside = oss_fov_contains (field, index);
  for (int b = -reach; b <= reach; b++)
    for (int a = -reach; a <= reach; a++)
      {
        double p[3] = { centre[0] + a * READ_MM, centre[1] + b * READ_MM, centre[2] }, hu;
        double r2 = (a * a + b * b) * READ_MM * READ_MM;

        if (r2 >= radius * radius)
          continue;
        oss_grid_to_index (&field->volume->grid, p, index);
        if (!oss_fov_contains (field, index))
          {
            slice->cut = TRUE;
            continue;
          }
        hu = oss_volume_sample_index (field->volume, index);
        whole++;
        air += hu < AIR_HU;
        if (r2 >= inner * inner)
          continue;
        sum += hu;
        squares += hu * hu;
        clipped += hu >= OSS_CLIPPED_HU;
        n++;
      }
  slice->cut = slice->cut || (double) air > 0.02 * whole;
  if (n == 0 || slice->cut)
    return;
  slice->mean = sum / n;
  slice->square = squares / n;
  slice->clipped = (double) clipped / n;
}

/* ---- where the rods run ---- */

/* The image around a rod, a few slices together, as a square picture. */
typedef struct
{
  int reach; /* pixels from the middle to an edge */
  float *hu; /* NaN outside the image */
} Patch;

static float *
patch_at (const Patch *self, int x, int y)
{
  return &self->hu[(y + self->reach) * (2 * self->reach + 1) + x + self->reach];
}

static void
patch_init (Patch *self, const OssFieldOfView *field, const double centre[3], double reach_mm)
{
  const OssGrid *grid = &field->volume->grid;

  self->reach = (int) ceil (reach_mm / CENTRE_MM);
  self->hu = g_new (float, (gsize) (2 * self->reach + 1) * (gsize) (2 * self->reach + 1));
  for (int y = -self->reach; y <= self->reach; y++)
    for (int x = -self->reach; x <= self->reach; x++)
      {
        double sum = 0.0;

        for (int z = -1; z <= 1 && !isnan (sum); z++)
          {
            double p[3] = { centre[0] + x * CENTRE_MM, centre[1] + y * CENTRE_MM, centre[2] + 2.0 * z }, index[3];

            oss_grid_to_index (grid, p, index);
            index[2] = CLAMP (index[2], 0.0, grid->size[2] - 1.0);
            sum = oss_fov_contains (field, index) ? sum + oss_volume_sample_index (field->volume, index) : NAN;
          }
        *patch_at (self, x, y) = (float) (sum / 3.0);
      }
}

/* Variance over a whole rod around a pixel of the patch: least where the disc lies in the rod. */
static double
unevenness (const Patch *patch, int x, int y, int radius)
{
  double sum = 0.0, squares = 0.0;
  int n = 0;

  for (int b = -radius; b <= radius; b++)
    for (int a = -radius; a <= radius; a++)
      if (a * a + b * b < radius * radius)
        {
          double hu = *patch_at (patch, x + a, y + b);

          if (isnan (hu))
            return G_MAXDOUBLE;
          sum += hu, squares += hu * hu, n++;
        }
  return squares / n - sum / n * (sum / n);
}

/* Moves a rod's centre to where the rod is most even; FALSE when it is cut. */
static gboolean
centre_rod (const OssFieldOfView *field, double radius_mm, double centre[3])
{
  int off = (int) lround (OFF_MM / CENTRE_MM), radius = (int) lround (radius_mm / CENTRE_MM), at[2] = { 0, 0 };
  Patch patch;

  patch_init (&patch, field, centre, radius_mm + OFF_MM + 2.0 * CENTRE_MM);
  double best = unevenness (&patch, 0, 0, radius);
  for (int step = off / 2; step >= 1; step /= 2)
    {
      int middle[2] = { at[0], at[1] };

      for (int b = -2; b <= 2; b++)
        for (int a = -2; a <= 2; a++)
          {
            int x = middle[0] + a * step, y = middle[1] + b * step;
            double score = x * x + y * y > off * off ? G_MAXDOUBLE : unevenness (&patch, x, y, radius);

            if (score < 0.98 * best)
              best = score, at[0] = x, at[1] = y;
          }
    }
  centre[0] += at[0] * CENTRE_MM;
  centre[1] += at[1] * CENTRE_MM;
  g_free (patch.hu);
  return best < G_MAXDOUBLE;
}

/* Puts the centres of one height on one straight, even row; a rod that reads more than STRAY_MM off it (low contrast, a
 * neighbour of another kind) no longer pulls.  @used: FALSE for rods that have no centre. */
static void
straighten_row (double (*centres)[3], gboolean *used, int n)
{
  double at[2] = { 0 }, step[2] = { 0 };
  int left = 0;

  for (int r = 0; r < n; r++)
    left += used[r];
  for (gboolean again = left >= 2; again;)
    {
      double m = 0.0, sr = 0.0, srr = 0.0, off, worst = 0.0;
      int stray = 0;

      for (int r = 0; r < n; r++)
        if (used[r])
          m += 1.0, sr += r, srr += r * r;
      for (int c = 0; c < 2; c++)
        {
          double s = 0.0, sx = 0.0;

          for (int r = 0; r < n; r++)
            if (used[r])
              s += centres[r][c], sx += r * centres[r][c];
          step[c] = (sx - sr * s / m) / (srr - sr * sr / m);
          at[c] = (s - step[c] * sr) / m;
        }
      for (int r = 0; r < n; r++)
        if (used[r] && (off = hypot (centres[r][0] - at[0] - r * step[0], centres[r][1] - at[1] - r * step[1])) > worst)
          worst = off, stray = r;
      again = worst > STRAY_MM && left > 3;
      if (again)
        used[stray] = FALSE, left--;
    }
  if (left >= 2)
    for (int r = 0; r < n; r++)
      for (int c = 0; c < 2; c++)
        centres[r][c] = at[c] + r * step[c];
}

/* Straight line through a rod's centres at several heights: x and y over z. */
static void
fit_axis (const double (*centres)[3], const gboolean *used, int n, OssRod *rod)
{
  double m = 0.0, sz = 0.0, szz = 0.0, s[2] = { 0 }, szc[2] = { 0 }, middle, spread;

  for (int i = 0; i < n; i++)
    if (used[i])
      {
        m += 1.0, sz += centres[i][2], szz += centres[i][2] * centres[i][2];
        for (int c = 0; c < 2; c++)
          s[c] += centres[i][c], szc[c] += centres[i][2] * centres[i][c];
      }
  middle = sz / m;
  spread = szz - sz * middle;
  for (int c = 0; c < 2; c++)
    {
      rod->axis[c] = spread > 1e-6 ? (szc[c] - s[c] * middle) / spread : 0.0;
      rod->centre_mm[c] = s[c] / m;
    }
  rod->centre_mm[2] = middle;
  rod->axis[2] = 1.0;
}

static void
point_on_axis (const OssRod *rod, double z, double p[3])
{
  for (int c = 0; c < 2; c++)
    p[c] = rod->centre_mm[c] + rod->axis[c] * (z - rod->centre_mm[2]);
  p[2] = z;
}

/* Axes through the heights @used; the height furthest from them. */
static double
fit_axes (double (*centres)[OSS_PHANTOM_MAX_RODS][3], const gboolean *used, int n, OssPhantomFit *fit, int *furthest)
{
  double worst = 0.0;

  for (int r = 0; r < fit->n_rods; r++)
    {
      double along[OSS_SLABS][3];

      for (int h = 0; h < n; h++)
        memcpy (along[h], centres[h][r], sizeof along[h]);
      fit_axis ((const double (*)[3]) along, used, n, &fit->rods[r]);
      for (int h = 0; h < n; h++)
        {
          double p[3], off;

          point_on_axis (&fit->rods[r], along[h][2], p);
          off = hypot (p[0] - along[h][0], p[1] - along[h][1]);
          if (used[h] && off > worst)
            worst = off, *furthest = h;
        }
    }
  return worst;
}

/* Centre of each rod at the heights where the row was seen, and the straight axis through them. */
static gboolean
place_rods (const OssFieldOfView *field, const OssRodChain *chain, OssPhantomFit *fit, const OssTick *tick)
{
  double centres[OSS_SLABS][OSS_PHANTOM_MAX_RODS][3];
  gboolean straight[OSS_SLABS];
  int furthest = 0, left = chain->n;

  for (int h = 0; h < chain->n; h++)
    {
      const OssRodRow *row = &chain->rows[h];
      gboolean used[OSS_PHANTOM_MAX_RODS];

      for (int r = 0; r < fit->n_rods; r++)
        {
          double *p = centres[h][r];

          p[0] = row->first[0] + r * row->step[0];
          p[1] = row->first[1] + r * row->step[1];
          p[2] = row->z_mm;
          if (oss_tick_stopped (tick))
            return FALSE;
          used[r] = centre_rod (field, 0.5 * chain->phantom->rod_diameter_mm, p);
        }
      straighten_row (centres[h], used, fit->n_rods);
      straight[h] = TRUE;
    }
  while (fit_axes (centres, straight, chain->n, fit, &furthest) > BEND_MM && left > 2)
    straight[furthest] = FALSE, left--;
  return TRUE;
}

/* ---- what they read ---- */

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

/* Sorts @values. */
static double
median_of (double *values, int n)
{
  if (n == 0)
    return NAN;
  qsort (values, (gsize) n, sizeof *values, compare_doubles);
  return values[n / 2];
}

/* Middle and usual deviation of a rod's slice means; the usual noise in a slice. */
static void
usual_reading (const Readings *readings, int r, double *middle, double *spread, double *noise)
{
  const Slice *slices = readings->rod[r];
  const int n = readings->n;
  g_autofree double *values = g_new (double, n);
  int m = 0;

  for (int i = 0; i < n; i++)
    if (readings->core[i] && !isnan (slices[i].mean))
      values[m++] = slices[i].mean;
  *middle = median_of (values, m);
  for (int i = 0; i < m; i++)
    values[i] = fabs (values[i] - *middle);
  *spread = 1.4826 * median_of (values, m);
  m = 0;
  for (int i = 0; i < n; i++)
    if (readings->core[i] && !isnan (slices[i].mean))
      values[m++] = sqrt (MAX (0.0, slices[i].square - slices[i].mean * slices[i].mean));
  *noise = median_of (values, m);
}

static gboolean
is_steady (const Slice *slice, double middle, double spread)
{
  return !isnan (slice->mean) && fabs (slice->mean - middle) <= MAX (STEADY_HU, 4.0 * MIN (spread, 15.0));
}

typedef struct
{
  double middle[OSS_PHANTOM_MAX_RODS], spread[OSS_PHANTOM_MAX_RODS], noise[OSS_PHANTOM_MAX_RODS];
  int steady[OSS_PHANTOM_MAX_RODS]; /* slices */
} Usual;

static void
leave_out (OssRod *rod, OssRodFault fault)
{
  rod->used = FALSE;
  rod->fault = fault;
  if (fault == OSS_ROD_CLIPPED)
    oss_text_print (rod->note, sizeof rod->note, _ ("saturated: CT numbers end at %.0f HU"), OSS_CLIPPED_HU + 1.0);
  else
    oss_text_print (rod->note, sizeof rod->note, "%s",
                    fault == OSS_ROD_OUTSIDE  ? _ ("outside the image")
                    : fault == OSS_ROD_CUT    ? _ ("cut by the edge of the image")
                    : fault == OSS_ROD_UNEVEN ? _ ("uneven: metal or a bubble")
                                              : _ ("its CT number changes along the rod"));
}

static void
judge_rod (const Readings *readings, const Usual *usual, int r, double noise, int steadiest, OssRod *rod)
{
  int cut = 0, inside = 0;
  double clipped = 0.0;

  for (int i = 0; i < readings->n; i++)
    {
      const Slice *slice = &readings->rod[r][i];

      if (!readings->core[i])
        continue;
      cut += slice->cut;
      inside += slice->inside;
      clipped += slice->clipped / readings->n_core;
    }
  rod->used = TRUE;
  if (cut > CUT_SHARE * readings->n_core)
    leave_out (rod, 2 * inside < readings->n_core ? OSS_ROD_OUTSIDE : OSS_ROD_CUT);
  else if (clipped <= 0.5 && usual->noise[r] > UNEVEN_FACTOR * noise + UNEVEN_HU)
    leave_out (rod, OSS_ROD_UNEVEN);
  else if (clipped > CLIPPED_SHARE)
    leave_out (rod, OSS_ROD_CLIPPED);
  else if (usual->steady[r] < STEADY_SHARE * steadiest)
    leave_out (rod, OSS_ROD_UNSTEADY);
}

/* Which rods can be read, before it is known where they all read as usual. */
static void
judge_rods (const Readings *readings, OssPhantomFit *fit, Usual *usual)
{
  double noises[OSS_PHANTOM_MAX_RODS], noise;
  int m = 0, steadiest = 0;

  for (int r = 0; r < fit->n_rods; r++)
    {
      usual_reading (readings, r, &usual->middle[r], &usual->spread[r], &usual->noise[r]);
      usual->steady[r] = 0;
      for (int i = 0; i < readings->n; i++)
        usual->steady[r] += readings->core[i] && is_steady (&readings->rod[r][i], usual->middle[r], usual->spread[r]);
      steadiest = MAX (steadiest, usual->steady[r]);
      if (!isnan (usual->noise[r]))
        noises[m++] = usual->noise[r];
    }
  qsort (noises, (gsize) m, sizeof *noises, compare_doubles);
  noise = m > 0 ? noises[(m - 1) / 2] : 0.0;
  for (int r = 0; r < fit->n_rods; r++)
    judge_rod (readings, usual, r, noise, steadiest, &fit->rods[r]);
}

/* Standard error of the mean of @n slice means with deviation @deviation: slices next to each other share noise, by 0.3
 * as usual for CT, which makes the sum's variance 1.6 times as large. */
static double
error_of_mean (double deviation, int n)
{
  return n > 1 ? deviation * sqrt (1.6 / n) : deviation;
}

/* Mean, deviation, error and drift of a rod over the slices @steady. */
static void
summarize_rod (const Readings *readings, const gboolean *steady, int r, OssPhantomFit *fit)
{
  double n = 0.0, sum = 0.0, squares = 0.0, mean_squares = 0.0, sz = 0.0, szz = 0.0, szv = 0.0, spread, drift;
  OssRod *rod = &fit->rods[r];

  for (int i = 0; i < readings->n; i++)
    {
      const Slice *slice = &readings->rod[r][i];
      double z = i * readings->step_mm;

      if (!steady[i] || isnan (slice->mean))
        continue;
      n += 1.0, sum += slice->mean, squares += slice->square, mean_squares += slice->mean * slice->mean;
      sz += z, szz += z * z, szv += z * slice->mean;
    }
  rod->mean_hu = rod->sd_hu = rod->error_hu = NAN;
  if (n < 1.0)
    return;
  rod->mean_hu = sum / n;
  rod->sd_hu = sqrt (MAX (0.0, squares / n - rod->mean_hu * rod->mean_hu));
  spread = szz - sz * sz / n;
  drift = spread > 1e-6 ? (szv - sz * sum / n) / spread : 0.0;
  rod->drift_hu_per_cm = 10.0 * drift;
  rod->error_hu = error_of_mean (
      sqrt (MAX (0.0, (mean_squares / n - rod->mean_hu * rod->mean_hu) * n / MAX (1.0, n - 1.0))), (int) n);
  point_on_axis (rod, readings->low_mm + sz / n, rod->centre_mm);
}

/* Means of blocks of the slices used, for people who look how rods change along their length. */
static void
fill_profile (const Readings *readings, const gboolean *steady, OssPhantomFit *fit)
{
  int block = (fit->slices_used + OSS_PHANTOM_MAX_PROFILE - 1) / OSS_PHANTOM_MAX_PROFILE, in_block = 0;

  for (int i = 0; i < readings->n; i++)
    {
      if (!steady[i])
        continue;
      fit->profile_mm[fit->n_profile] += (readings->low_mm + i * readings->step_mm) / block;
      for (int r = 0; r < fit->n_rods; r++)
        fit->profile_hu[fit->n_profile][r] += readings->rod[r][i].mean / block;
      if (++in_block == block)
        fit->n_profile++, in_block = 0;
    }
  if (in_block > 0) /* the last block is short: it is left out */
    {
      fit->profile_mm[fit->n_profile] = 0.0;
      memset (fit->profile_hu[fit->n_profile], 0, sizeof fit->profile_hu[0]);
    }
}

/* Means over the heights where every rod reads as usual: beyond the phantom's ends and at its edges they do not. */
static void
reduce_readings (const Readings *readings, OssPhantomFit *fit)
{
  g_autofree gboolean *steady = g_new (gboolean, readings->n);
  int n_used = 0;
  Usual usual;

  judge_rods (readings, fit, &usual);
  for (int r = 0; r < fit->n_rods; r++)
    n_used += fit->rods[r].used;
  fit->low_mm = G_MAXDOUBLE, fit->high_mm = -G_MAXDOUBLE;
  for (int i = 0; i < readings->n; i++)
    {
      steady[i] = n_used > 0;
      for (int r = 0; r < fit->n_rods; r++)
        steady[i] =
            steady[i] && (!fit->rods[r].used || is_steady (&readings->rod[r][i], usual.middle[r], usual.spread[r]));
      if (!steady[i])
        continue;
      fit->slices_used++;
      fit->low_mm = MIN (fit->low_mm, readings->low_mm + i * readings->step_mm);
      fit->high_mm = MAX (fit->high_mm, readings->low_mm + i * readings->step_mm);
    }
  if (fit->slices_used == 0)
    return;
  for (int r = 0; r < fit->n_rods; r++)
    {
      OssRod *rod = &fit->rods[r];

      summarize_rod (readings, steady, r, fit);
      if (!rod->used)
        fit->warnings |= OSS_PHANTOM_RODS_LEFT_OUT;
      else if (fabs (rod->drift_hu_per_cm) * (fit->high_mm - fit->low_mm) / 10.0
               > MAX (DRIFT_HU, 0.01 * DRIFT_PERCENT * fabs (rod->mean_hu)))
        fit->warnings |= OSS_PHANTOM_DRIFT;
    }
  fill_profile (readings, steady, fit);
}

static void
mark_core (Readings *readings, const OssRodChain *chain, double half_depth)
{
  readings->core = g_new0 (gboolean, readings->n);
  for (int i = 0; i < readings->n; i++)
    {
      for (int h = 0; h < chain->n; h++)
        if (fabs (readings->low_mm + i * readings->step_mm - chain->rows[h].z_mm)
            <= half_depth + 0.5 * readings->step_mm)
          readings->core[i] = TRUE;
      readings->n_core += readings->core[i];
    }
}

gboolean
oss_phantom_read (const OssVolume *volume, const OssRodChain *chain, double depth_mm, OssPhantomFit *fit,
                  const OssTick *tick, GError **error)
{
  double low, high;
  g_auto (Readings) readings = { 0 };

  oss_fov_init (&readings.field, volume);
  if (!place_rods (&readings.field, chain, fit, tick))
    return oss_tick_cancelled (error);
  oss_volume_heights (&volume->grid, &low, &high);
  readings.low_mm = low;
  readings.step_mm = MAX (0.5, volume->grid.spacing[2]);
  readings.n = (int) ((high - low) / readings.step_mm + 1e-6) + 1;
  mark_core (&readings, chain, 0.5 * depth_mm);
  for (int r = 0; r < fit->n_rods; r++)
    {
      readings.rod[r] = g_new (Slice, readings.n);
      fit->rods[r].radius_mm = 0.5 * chain->phantom->rod_diameter_mm;
      for (int i = 0; i < readings.n; i++)
        {
          double p[3];

          if (oss_tick_stopped (tick))
            return oss_tick_cancelled (error);
          point_on_axis (&fit->rods[r], readings.low_mm + i * readings.step_mm, p);
          read_disc (&readings.field, p, 0.95 * fit->rods[r].radius_mm, &readings.rod[r][i]);
        }
    }
  reduce_readings (&readings, fit);
  for (int r = 0; r < fit->n_rods; r++)
    oss_normalize (fit->rods[r].axis);
  if (fit->slices_used < LEAST_LENGTH * readings.n)
    fit->slices_used = 0;
  return TRUE;
}
