/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"

#define PIXEL_MM 1.0 /* of the slab pictures */
#define SLABS 3      /* at equal shares of the scan's height */
#define SLAB_MM 12.0 /* averaged along the rods */
#define SLAB_SAMPLES 8
#define COARSE 2        /* pixels between rows tried */
#define SPACING_STEPS 9 /* 80 to 120 % of the nominal spacing */
#define TILTS 7         /* the row may lean 6 degrees either way */
#define TILT_DEG 2.0
#define ROUGH_HU 45.0 /* a rod is this even inside, at most, noise of a slab apart */
#define EDGE_HU 25.0  /* mean contrast of rods and their surroundings, at least */
#define LEAST_R2 0.90
#define CASING_HU 60.0    /* the rods' surroundings differ no more between them */
#define PARTIAL_R2 0.97   /* when rods are missing or few */
#define PADDING_HU -500.0 /* darker: outside the reconstruction */
#define LARGEST_MM 700.0

typedef struct
{
  int nx, ny;
  double x0, y0, z; /* of pixel 0, 0; height of the slab's middle */
  float *mean;      /* HU of the slab */
  float *inner;     /* mean over a rod's inner disc around each pixel */
  float *rough;     /* standard deviation there; G_MAXFLOAT where it leaves the image */
  float *ring;      /* mean over a ring around a rod */
} Slab;

static void
slab_clear (Slab *slab)
{
  g_clear_pointer (&slab->mean, g_free);
  g_clear_pointer (&slab->inner, g_free);
  g_clear_pointer (&slab->rough, g_free);
  g_clear_pointer (&slab->ring, g_free);
}

static void
patient_box (const OssGrid *grid, double low[3], double high[3])
{
  for (int a = 0; a < 3; a++)
    low[a] = G_MAXDOUBLE, high[a] = -G_MAXDOUBLE;
  for (int c = 0; c < 8; c++)
    {
      double index[3], p[3];

      for (int a = 0; a < 3; a++)
        index[a] = c >> a & 1 ? grid->size[a] - 1.0 : 0.0;
      oss_grid_to_patient (grid, index, p);
      for (int a = 0; a < 3; a++)
        low[a] = MIN (low[a], p[a]), high[a] = MAX (high[a], p[a]);
    }
}

typedef struct
{
  const OssVolume *volume;
  Slab *slab;
  double depth; /* of the slab */
  double radius;
  const OssTick *tick;
} Job;

/* Mean of the volume along z around each pixel; NaN outside the image. */
static void
average_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Job *job = data;
  Slab *s = job->slab;
  const int *size = job->volume->grid.size;

  for (gsize y = begin; y < end && !oss_tick_stopped (job->tick); y++)
    for (int x = 0; x < s->nx; x++)
      {
        double sum = 0.0;

        for (int n = 0; n < SLAB_SAMPLES; n++)
          {
            double p[3] = { s->x0 + x * PIXEL_MM, s->y0 + (double) y * PIXEL_MM,
                            s->z + job->depth * ((n + 0.5) / SLAB_SAMPLES - 0.5) };
            double index[3];

            oss_grid_to_index (&job->volume->grid, p, index);
            for (int a = 0; a < 3; a++)
              if (!(index[a] >= -OSS_GRID_REACH && index[a] <= size[a] - 1 + OSS_GRID_REACH))
                sum = NAN;
            sum += oss_volume_sample_index (job->volume, index);
          }
        s->mean[y * (gsize) s->nx + (gsize) x] = (float) (sum / SLAB_SAMPLES);
      }
}

typedef struct
{
  double from, to; /* mm from the pixel */
  gboolean beside; /* only to the left and right: between rods there is always casing, above and below perhaps not */
} Annulus;

/* Mean and standard deviation over an annulus around a pixel; FALSE when any of it is outside. */
static gboolean
read_annulus (const Slab *s, int x, int y, const Annulus *annulus, float *mean, float *deviation)
{
  int reach = (int) ceil (annulus->to / PIXEL_MM), n = 0;
  double sum = 0.0, squares = 0.0;

  if (x < reach || y < reach || x >= s->nx - reach || y >= s->ny - reach)
    return FALSE;
  for (int b = -reach; b <= reach; b++)
    for (int a = -reach; a <= reach; a++)
      {
        double r2 = (a * a + b * b) * PIXEL_MM * PIXEL_MM, v;

        if (r2 < annulus->from * annulus->from || r2 >= annulus->to * annulus->to
            || (annulus->beside && ABS (a) < ABS (b)))
          continue;
        v = s->mean[(gsize) (y + b) * (gsize) s->nx + (gsize) (x + a)];
        if (!(v > PADDING_HU))
          return FALSE;
        sum += v;
        squares += v * v;
        n++;
      }
  *mean = (float) (sum / n);
  *deviation = (float) sqrt (MAX (0.0, squares / n - (sum / n) * (sum / n)));
  return TRUE;
}

static void
filter_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Job *job = data;
  Slab *s = job->slab;
  const Annulus inside = { 0.0, OSS_ROD_INNER * job->radius, FALSE };
  const Annulus casing = { 1.15 * job->radius, 1.4 * job->radius, TRUE };

  for (gsize y = begin; y < end && !oss_tick_stopped (job->tick); y++)
    for (int x = 0; x < s->nx; x++)
      {
        gsize at = y * (gsize) s->nx + (gsize) x;
        float rough;

        if (!(s->mean[at] > PADDING_HU) || !read_annulus (s, x, (int) y, &inside, &s->inner[at], &s->rough[at])
            || s->rough[at] > ROUGH_HU || !read_annulus (s, x, (int) y, &casing, &s->ring[at], &rough)
            || rough > ROUGH_HU)
          s->rough[at] = G_MAXFLOAT;
      }
}

static gboolean
slab_init (Slab *slab, const OssVolume *volume, double share, double radius, const OssTick *tick, GError **error)
{
  double low[3], high[3];
  gsize n;
  Job job = { volume, slab, SLAB_MM, radius, tick };

  patient_box (&volume->grid, low, high);
  if (high[0] - low[0] > LARGEST_MM || high[1] - low[1] > LARGEST_MM)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                   _ ("The image is %.0f mm wide: not a scan that a phantom is looked for in."), high[0] - low[0]);
      return FALSE;
    }
  job.depth = MIN (SLAB_MM, high[2] - low[2]);
  slab->nx = (int) ((high[0] - low[0]) / PIXEL_MM) + 1;
  slab->ny = (int) ((high[1] - low[1]) / PIXEL_MM) + 1;
  slab->x0 = low[0];
  slab->y0 = low[1];
  slab->z = low[2] + share * (high[2] - low[2]);
  n = (gsize) slab->nx * (gsize) slab->ny;
  slab->mean = g_new (float, n);
  slab->inner = g_new0 (float, n);
  slab->rough = g_new0 (float, n);
  slab->ring = g_new0 (float, n);
  oss_parallel_for ((gsize) slab->ny, 4, average_rows, &job);
  oss_parallel_for ((gsize) slab->ny, 4, filter_rows, &job);
  return TRUE;
}

/* How well the discs at @first + i * @step are the phantom's rods in this order: 0 when they are not. */
static double
score_row (const Slab *s, const OssPhantom *phantom, const double first[2], const double step[2])
{
  double hu[OSS_PHANTOM_MAX_RODS], contrast = 0.0, sum = 0.0, squares = 0.0, slope, intercept, r2;
  gboolean used[OSS_PHANTOM_MAX_RODS];
  int good = 0, least = MAX (3, phantom->n_rods - 2);

  for (int i = 0; i < phantom->n_rods; i++)
    {
      int x = (int) floor ((first[0] + i * step[0] - s->x0) / PIXEL_MM + 0.5);
      int y = (int) floor ((first[1] + i * step[1] - s->y0) / PIXEL_MM + 0.5);
      gsize at = (gsize) y * (gsize) s->nx + (gsize) x;

      used[i] = x >= 0 && y >= 0 && x < s->nx && y < s->ny && s->rough[at] < ROUGH_HU;
      if (!used[i])
        {
          if (phantom->n_rods - i - 1 + good < least)
            return 0.0;
          continue;
        }
      hu[i] = s->inner[at];
      contrast += fabs (s->inner[at] - s->ring[at]) - s->rough[at];
      sum += s->ring[at], squares += s->ring[at] * s->ring[at];
      good++;
    }
  if (good < least || contrast / good < EDGE_HU
      || sqrt (MAX (0.0, squares / good - sum * sum / good / good)) > CASING_HU
      || !oss_phantom_regress (phantom, hu, used, &slope, &intercept, &r2) || slope < OSS_ROD_SLOPE_LOW
      || slope > OSS_ROD_SLOPE_HIGH || r2 < (good < MAX (4, phantom->n_rods) ? PARTIAL_R2 : LEAST_R2))
    return 0.0;
  return r2 * contrast * good / phantom->n_rods;
}

static void
try_row (const Slab *s, const OssPhantom *phantom, double x, double y, double spacing, double tilt, OssRodRow *best)
{
  double first[2], step[2], score;

  for (int reversed = 0; reversed < 2; reversed++)
    {
      double sign = reversed ? -1.0 : 1.0;

      step[0] = sign * spacing * cos (tilt);
      step[1] = sign * spacing * sin (tilt);
      first[0] = x - 0.5 * (phantom->n_rods - 1) * step[0];
      first[1] = y - 0.5 * (phantom->n_rods - 1) * step[1];
      score = score_row (s, phantom, first, step);
      if (score > best->score)
        {
          *best = (OssRodRow){ .first = { first[0], first[1] },
                               .step = { step[0], step[1] },
                               .radius_mm = best->radius_mm,
                               .z_mm = s->z,
                               .score = score };
        }
    }
}

/* One slab's search, a coarse row of pixels at a time. */
typedef struct
{
  const Slab *slab;
  const OssPhantom *phantom;
  OssRodRow *best; /* of each coarse row */
  const OssTick *tick;
} Search;

static void
search_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Search *self = data;
  const Slab *s = self->slab;

  for (gsize row = begin; row < end && !oss_tick_stopped (self->tick); row++)
    for (int x = 0; x < s->nx; x += COARSE)
      for (int a = 0; a < SPACING_STEPS; a++)
        for (int b = 0; b < TILTS; b++)
          try_row (s, self->phantom, s->x0 + x * PIXEL_MM, s->y0 + (double) (row * COARSE) * PIXEL_MM,
                   self->phantom->rod_spacing_mm * (0.8 + 0.4 * a / (SPACING_STEPS - 1)),
                   (b - TILTS / 2) * TILT_DEG * G_PI / 180.0, &self->best[row]);
}

static void
search_slab (const Slab *s, const OssPhantom *phantom, OssRodRow *best, const OssTick *tick)
{
  gsize rows = ((gsize) s->ny + COARSE - 1) / COARSE;
  g_autofree OssRodRow *of_row = g_new (OssRodRow, rows);
  Search search = { s, phantom, of_row, tick };

  for (gsize row = 0; row < rows; row++)
    of_row[row] = *best;
  oss_parallel_for (rows, 1, search_rows, &search);
  for (gsize row = 0; row < rows; row++)
    if (of_row[row].score > best->score)
      *best = of_row[row];
}

/* Climbs to the best row around @best in ever smaller steps. */
static void
polish (const Slab *s, const OssPhantom *phantom, OssRodRow *best)
{
  double half = 0.5 * (phantom->n_rods - 1);

  for (double step = 1.5; step > 0.3; step *= 0.5)
    for (gboolean better = TRUE; better;)
      {
        OssRodRow start = *best;
        double x = start.first[0] + half * start.step[0], y = start.first[1] + half * start.step[1];
        double spacing = hypot (start.step[0], start.step[1]);
        double sign = start.step[0] < 0.0 ? -1.0 : 1.0, tilt = atan2 (sign * start.step[1], sign * start.step[0]);

        for (int d = 0; d < 8; d++)
          {
            double move = (d & 1 ? 1.0 : -1.0) * step;

            try_row (s, phantom, x + (d / 2 == 0) * move, y + (d / 2 == 1) * move, spacing + (d / 2 == 2) * move / half,
                     tilt + (d / 2 == 3) * move / (half * spacing), best);
          }
        better = best->score > start.score;
      }
}

/* A row in one slab may be chance; a phantom runs through the scan.  Sum of the scores at the same place in all slabs.
 */
static double
score_in_all (const Slab *slabs, int n, const OssPhantom *phantom, const OssRodRow *row)
{
  double sum = 0.0;
  int seen = 0;

  for (int s = 0; s < n; s++)
    {
      double score = score_row (&slabs[s], phantom, row->first, row->step);

      sum += score;
      seen += score > 0.0;
    }
  return seen > n / 2 ? sum : 0.0;
}

gboolean
oss_rod_row_find (const OssVolume *volume, const OssPhantom *phantom, OssRodRow *row, const OssTick *tick,
                  GError **error)
{
  Slab slabs[SLABS] = { 0 };
  double radius = 0.5 * phantom->rod_diameter_mm;
  gboolean ok = TRUE;

  *row = (OssRodRow){ .radius_mm = radius };
  for (int n = 0; ok && n < SLABS; n++)
    ok = oss_tick_report (tick, 0.3 * n / SLABS, _ ("Looking for the phantom"), error)
         && slab_init (&slabs[n], volume, (n + 0.5) / SLABS, radius, tick, error);
  for (int n = 0; ok && n < SLABS; n++)
    {
      OssRodRow best = { .radius_mm = radius };

      ok = oss_tick_report (tick, 0.3 + 0.7 * n / SLABS, NULL, error);
      if (ok)
        search_slab (&slabs[n], phantom, &best, tick);
      if (best.score > 0.0)
        polish (&slabs[n], phantom, &best);
      best.score = best.score > 0.0 ? score_in_all (slabs, SLABS, phantom, &best) : 0.0;
      if (best.score > row->score)
        *row = best;
    }
  for (int n = 0; n < SLABS; n++)
    slab_clear (&slabs[n]);
  if (ok && oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  if (ok && row->score <= 0.0)
    oss_phantom_not_found (phantom, error);
  return ok && row->score > 0.0;
}
