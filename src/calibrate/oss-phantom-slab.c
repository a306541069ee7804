/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of slabs through the image, and what a rod around each of their pixels would be. */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"

#include <math.h>

#define SLAB_MM 12.0 /* averaged along the rods */
#define SLAB_SAMPLES 8
#define ROUGH_HU 45.0     /* a rod is this even inside, at most, noise of a slab apart */
#define EDGE_HU 25.0      /* a rod that stands out differs from its surroundings by more than its noise and this */
#define PADDING_HU -500.0 /* darker: air */
#define CORNER 4          /* voxels of a corner that all hold the padding */
#define LARGEST_MM 700.0
#define RING_FROM 1.15 /* radii */
#define RING_TO 1.4
#define RING_LEAST 0.4 /* share of a ring that must be in the image */
#define AROUND_TO 1.3  /* all around a rod there may be no more casing than this */
#define AROUND_LEAST 0.6

/* ---- field of view ---- */

/* Scanners leave the corners beyond the reconstruction's circle at one value below any tissue, without noise. */
void
oss_fov_init (OssFieldOfView *self, const OssVolume *volume)
{
  const OssGrid *grid = &volume->grid;
  float padding = NAN;

  self->volume = volume;
  self->circle = grid->size[0] >= 64 && grid->size[1] >= 64;
  for (int corner = 0; corner < 8 && self->circle; corner++)
    for (int b = 0; b < CORNER; b++)
      for (int a = 0; a < CORNER; a++)
        {
          int i = corner & 1 ? grid->size[0] - 1 - a : a, j = corner & 2 ? grid->size[1] - 1 - b : b;
          float value = volume->data[oss_grid_offset (grid, i, j, corner & 4 ? grid->size[2] - 1 : 0)];

          if (isnan (padding))
            padding = value;
          self->circle = self->circle && value == padding && value < -900.0f;
        }
}

gboolean
oss_fov_contains (const OssFieldOfView *self, const double index[3])
{
  const int *size = self->volume->grid.size;

  for (int c = 0; c < 3; c++)
    if (!(index[c] >= -OSS_GRID_REACH && index[c] <= size[c] - 1 + OSS_GRID_REACH))
      return FALSE;
  if (!self->circle)
    return TRUE;
  double half = 0.5 * MIN (size[0], size[1]) - 0.5, x = index[0] - 0.5 * (size[0] - 1),
         y = index[1] - 0.5 * (size[1] - 1);
  return x * x + y * y <= half * half;
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

void
oss_volume_heights (const OssGrid *grid, double *low, double *high)
{
  double least[3], most[3];

  patient_box (grid, least, most);
  *low = least[2], *high = most[2];
}

/* ---- slabs ---- */

/* Pixels around a pixel, as offsets. */
typedef struct
{
  int n, reach;
  int *offset;
} Taps;

static void
taps_init (Taps *self, int nx, double from_mm, double to_mm, gboolean beside)
{
  int reach = (int) ceil (to_mm / OSS_SLAB_PIXEL_MM);

  self->reach = reach;
  self->n = 0;
  self->offset = g_new (int, (gsize) (2 * reach + 1) * (gsize) (2 * reach + 1));
  for (int b = -reach; b <= reach; b++)
    for (int a = -reach; a <= reach; a++)
      {
        double r = hypot (a, b) * OSS_SLAB_PIXEL_MM;

        if (r >= from_mm && r < to_mm && !(beside && ABS (a) < ABS (b)))
          self->offset[self->n++] = b * nx + a;
      }
}

typedef struct
{
  OssFieldOfView field;
  OssSlabs *slabs;
  const OssTick *tick;
  int rows; /* of one slab */
} Job;

/* Means of the volume along z around each pixel of a row; NaN outside the image. */
static void
average_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Job *job = data;
  const OssVolume *volume = job->field.volume;

  for (gsize row = begin; row < end && !oss_tick_stopped (job->tick); row++)
    {
      OssSlab *s = &job->slabs->slab[row / (gsize) job->rows];
      int y = (int) (row % (gsize) job->rows);

      for (int x = 0; x < s->nx; x++)
        {
          double sum = 0.0;

          for (int n = 0; n < SLAB_SAMPLES && !isnan (sum); n++)
            {
              double p[3] = { s->x0 + x * OSS_SLAB_PIXEL_MM, s->y0 + y * OSS_SLAB_PIXEL_MM,
                              s->z_mm + job->slabs->depth_mm * ((n + 0.5) / SLAB_SAMPLES - 0.5) };
              double index[3];

              oss_grid_to_index (&volume->grid, p, index);
              sum = oss_fov_contains (&job->field, index) ? sum + oss_volume_sample_index (volume, index) : NAN;
            }
          s->mean[(gsize) y * (gsize) s->nx + (gsize) x] = (float) (sum / SLAB_SAMPLES);
        }
    }
}

/* Mean and standard deviation over pixels that are in the image; their share. */
static double
read_taps (const float *at, const Taps *taps, float *mean, float *deviation)
{
  double sum = 0.0, squares = 0.0;
  int n = 0;

  for (int i = 0; i < taps->n; i++)
    {
      double v = at[taps->offset[i]];

      if (!isnan (v))
        sum += v, squares += v * v, n++;
    }
  if (n == 0)
    return 0.0;
  *mean = (float) (sum / n);
  *deviation = (float) sqrt (MAX (0.0, squares / n - (sum / n) * (sum / n)));
  return (double) n / taps->n;
}

typedef struct
{
  OssSlab *slab;
  OssDiscs *discs;
  Taps whole, inner, beside;
  const OssTick *tick;
} Filter;

static OssDiscState
judge_disc (const Filter *self, int x, int y, gsize at)
{
  const OssSlab *s = self->slab;
  OssDiscs *d = self->discs;
  int reach = self->beside.reach;
  float rough, unused;

  if (x < reach || y < reach || x >= s->nx - reach || y >= s->ny - reach)
    return OSS_DISC_CUT;
  if (s->mean[at] < PADDING_HU)
    return OSS_DISC_AIR;
  if (isnan (s->mean[at]) || read_taps (&s->mean[at], &self->inner, &d->inner[at], &d->rough[at]) < 1.0)
    return OSS_DISC_CUT;
  if (d->inner[at] >= OSS_CLIPPED_HU - 1.0)
    return OSS_DISC_CLIPPED;
  if (d->rough[at] > ROUGH_HU)
    return OSS_DISC_UNEVEN;
  if (read_taps (&s->mean[at], &self->whole, &unused, &rough) < 1.0
      || read_taps (&s->mean[at], &self->beside, &d->ring[at], &rough) < RING_LEAST)
    return OSS_DISC_CUT;
  return rough > ROUGH_HU || d->ring[at] < PADDING_HU ? OSS_DISC_UNEVEN : OSS_DISC_GOOD;
}

static void
filter_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Filter *self = data;

  for (gsize y = begin; y < end && !oss_tick_stopped (self->tick); y++)
    for (int x = 0; x < self->slab->nx; x++)
      {
        gsize at = y * (gsize) self->slab->nx + (gsize) x;

        self->discs->state[at] = (guint8) judge_disc (self, x, (int) y, at);
      }
}

/* How much a rod at a pixel would stand out; 0: not enough. */
static double
outstanding (const OssDiscs *d, int at)
{
  double edge = d->state[at] == OSS_DISC_GOOD ? fabs (d->inner[at] - d->ring[at]) - d->rough[at] : 0.0;

  return edge > EDGE_HU ? edge : 0.0;
}

/* Pixels that stand out most among their neighbours; of equal ones the first. */
static void
find_anchors (const OssSlab *s, OssDiscs *d)
{
  const int reach = 3;

  d->anchors = g_array_new (FALSE, FALSE, sizeof (int));
  for (int y = reach; y < s->ny - reach; y++)
    for (int x = reach; x < s->nx - reach; x++)
      {
        int at = y * s->nx + x;
        double mine = outstanding (d, at);
        gboolean most = mine > 0.0;

        for (int b = -reach; b <= reach && most; b++)
          for (int a = -reach; a <= reach && most; a++)
            {
              int other = at + b * s->nx + a;
              double theirs = outstanding (d, other);

              most = other == at || theirs < mine || (theirs == mine && other > at);
            }
        if (most)
          g_array_append_val (d->anchors, at);
      }
}

static void
discs_init (OssSlab *slab, OssDiscs *discs, double radius, const OssTick *tick)
{
  gsize n = (gsize) slab->nx * (gsize) slab->ny;
  Filter filter = { .slab = slab, .discs = discs, .tick = tick };

  discs->radius_mm = radius;
  discs->state = g_new0 (guint8, n);
  discs->inner = g_new0 (float, n);
  discs->rough = g_new0 (float, n);
  discs->ring = g_new0 (float, n);
  taps_init (&filter.whole, slab->nx, 0.0, radius, FALSE);
  taps_init (&filter.inner, slab->nx, 0.0, OSS_ROD_INNER * radius, FALSE);
  taps_init (&filter.beside, slab->nx, RING_FROM * radius, RING_TO * radius, TRUE);
  oss_parallel_for ((gsize) slab->ny, 4, filter_rows, &filter);
  g_free (filter.whole.offset);
  g_free (filter.inner.offset);
  g_free (filter.beside.offset);
  if (!oss_tick_stopped (tick))
    find_anchors (slab, discs);
  else
    discs->anchors = g_array_new (FALSE, FALSE, sizeof (int));
}

double
oss_slab_casing (const OssSlab *self, int x, int y, double radius_mm)
{
  float mean = 0.0f, rough = G_MAXFLOAT;
  Taps around;

  taps_init (&around, self->nx, RING_FROM * radius_mm, AROUND_TO * radius_mm, FALSE);
  if (x >= around.reach && y >= around.reach && x < self->nx - around.reach && y < self->ny - around.reach
      && read_taps (&self->mean[y * self->nx + x], &around, &mean, &rough) < AROUND_LEAST)
    rough = G_MAXFLOAT;
  g_free (around.offset);
  return rough;
}

const OssDiscs *
oss_slab_discs (const OssSlab *self, const OssPhantom *phantom)
{
  const OssDiscs *nearest = &self->discs[0];
  double radius = 0.5 * phantom->rod_diameter_mm;

  for (int r = 1; r < OSS_SLAB_RADII && self->discs[r].state != NULL; r++)
    if (fabs (self->discs[r].radius_mm - radius) < fabs (nearest->radius_mm - radius))
      nearest = &self->discs[r];
  return nearest;
}

/* Radii of all phantoms, each once. */
static int
collect_radii (const GPtrArray *phantoms, double radii[OSS_SLAB_RADII])
{
  int n = 0;

  for (guint i = 0; i < phantoms->len; i++)
    {
      double radius = 0.5 * ((const OssPhantom *) phantoms->pdata[i])->rod_diameter_mm;
      gboolean known = FALSE;

      for (int r = 0; r < n; r++)
        known = known || fabs (radii[r] - radius) < 0.26;
      if (!known && n < OSS_SLAB_RADII)
        radii[n++] = radius;
    }
  return n;
}

static gboolean
place_slabs (OssSlabs *self, const OssVolume *volume, GError **error)
{
  double low[3], high[3];

  patient_box (&volume->grid, low, high);
  if (high[0] - low[0] > LARGEST_MM || high[1] - low[1] > LARGEST_MM)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                   _ ("The image is %.0f mm wide: not a scan that a phantom is looked for in."),
                   MAX (high[0] - low[0], high[1] - low[1]));
      return FALSE;
    }
  self->low_mm = low[2], self->high_mm = high[2];
  self->n = CLAMP ((int) ((high[2] - low[2]) / SLAB_MM), 1, OSS_SLABS);
  self->depth_mm = MIN (SLAB_MM, (high[2] - low[2]) / self->n);
  for (int n = 0; n < self->n; n++)
    {
      OssSlab *s = &self->slab[n];

      s->nx = (int) ((high[0] - low[0]) / OSS_SLAB_PIXEL_MM) + 1;
      s->ny = (int) ((high[1] - low[1]) / OSS_SLAB_PIXEL_MM) + 1;
      s->x0 = low[0];
      s->y0 = low[1];
      s->z_mm = low[2] + (n + 0.5) / self->n * (high[2] - low[2]);
      s->mean = g_new0 (float, (gsize) s->nx *(gsize) s->ny);
    }
  return TRUE;
}

gboolean
oss_slabs_init (OssSlabs *self, const OssVolume *volume, const GPtrArray *phantoms, const OssTick *tick, GError **error)
{
  double radii[OSS_SLAB_RADII];
  Job job = { .slabs = self, .tick = tick };

  memset (self, 0, sizeof *self);
  if (!oss_tick_report (tick, 0.0, _ ("Looking for the phantom"), error) || !place_slabs (self, volume, error))
    return FALSE;
  oss_fov_init (&job.field, volume);
  job.rows = self->slab[0].ny;
  oss_parallel_for ((gsize) self->n * (gsize) job.rows, 4, average_rows, &job);
  self->n_radii = collect_radii (phantoms, radii);
  for (int n = 0; n < self->n; n++)
    for (int r = 0; r < self->n_radii && !oss_tick_stopped (tick); r++)
      discs_init (&self->slab[n], &self->slab[n].discs[r], radii[r], tick);
  return oss_tick_report (tick, 1.0, NULL, error);
}

void
oss_slabs_clear (OssSlabs *self)
{
  for (int n = 0; n < self->n; n++)
    {
      g_clear_pointer (&self->slab[n].mean, g_free);
      for (int r = 0; r < OSS_SLAB_RADII; r++)
        {
          OssDiscs *discs = &self->slab[n].discs[r];

          g_clear_pointer (&discs->state, g_free);
          g_clear_pointer (&discs->inner, g_free);
          g_clear_pointer (&discs->rough, g_free);
          g_clear_pointer (&discs->ring, g_free);
          g_clear_pointer (&discs->anchors, g_array_unref);
        }
    }
}
