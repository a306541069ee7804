/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A single reference rod in an even material of known density: two points. */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-i18n.h"
#include "base/oss-text.h"

#include <math.h>

#define LEAST_HU_PER_MG 0.8 /* contrast by the difference of the two densities */
#define AROUND_HU 40.0      /* the material is this even all around, at most */
#define SIMILAR 0.75        /* another rod with this share of the best one's contrast is a second one */
#define APART_MM 12.0
#define OFF 5          /* pixels of a slab */
#define RUN_SHARE 0.85 /* slices count while the rod keeps this share of its contrast */
#define RING_FROM 1.2  /* radii: where the material is read */
#define RING_TO 1.6
#define READ_MM 0.5

typedef struct
{
  double centre_mm[3], contrast;
} Spot;

/* Means of rod and material in one slice; FALSE when part is outside. */
static gboolean
read_slice (const OssFieldOfView *field, const double centre[3], double radius, double hu[2], double square[2])
{
  int reach = (int) ceil (RING_TO * radius / READ_MM), n[2] = { 0, 0 };
  double index[3];

  hu[0] = hu[1] = square[0] = square[1] = 0.0;
  for (int b = -reach; b <= reach; b++)
    for (int a = -reach; a <= reach; a++)
      {
        double r = hypot (a, b) * READ_MM / radius,
               p[3] = { centre[0] + a * READ_MM, centre[1] + b * READ_MM, centre[2] };
        int part = r < OSS_ROD_INNER ? 0 : r >= RING_FROM && r < RING_TO ? 1 : -1;
        double v;

        if (part < 0)
          continue;
        oss_grid_to_index (&field->volume->grid, p, index);
        if (!oss_fov_contains (field, index))
          return FALSE;
        v = oss_volume_sample_index (field->volume, index);
        hu[part] += v, square[part] += v * v, n[part]++;
      }
  for (int part = 0; part < 2; part++)
    hu[part] /= n[part], square[part] /= n[part];
  return TRUE;
}

/* An anchor may lie some way off the rod's middle: moves it to where what lies all around is most even. */
static double
most_even (const OssSlab *s, double radius, int *x, int *y)
{
  int middle[2] = { *x, *y };
  double best = G_MAXDOUBLE;

  for (int b = -OFF; b <= OFF; b++)
    for (int a = -OFF; a <= OFF; a++)
      {
        double casing = oss_slab_casing (s, middle[0] + a, middle[1] + b, radius);

        if (casing < best)
          best = casing, *x = middle[0] + a, *y = middle[1] + b;
      }
  return best;
}

/* The rod that stands out most from a material that is even all around it; whether there is another like it. */
static gboolean
find_spot (const OssSlabs *slabs, const OssPhantom *phantom, Spot *best, gboolean *second)
{
  double step = phantom->rod_density[0] - phantom->rod_density[1];

  best->contrast = 0.0;
  *second = FALSE;
  for (int pass = 0; pass < 2; pass++)
    for (int n = 0; n < slabs->n; n++)
      {
        const OssSlab *s = &slabs->slab[n];
        const OssDiscs *d = oss_slab_discs (s, phantom);

        for (guint a = 0; a < d->anchors->len; a++)
          {
            int at = g_array_index (d->anchors, int, a), x = at % s->nx, y = at / s->nx;
            double per_mg = (d->inner[at] - d->ring[at]) / step, p[2];

            if (per_mg < LEAST_HU_PER_MG || per_mg > OSS_ROD_SLOPE_HIGH
                || most_even (s, 0.5 * phantom->rod_diameter_mm, &x, &y) > AROUND_HU)
              continue;
            p[0] = s->x0 + x * OSS_SLAB_PIXEL_MM, p[1] = s->y0 + y * OSS_SLAB_PIXEL_MM;
            if (pass == 0 && per_mg > best->contrast)
              *best = (Spot){ { p[0], p[1], s->z_mm }, per_mg };
            if (pass == 1 && per_mg > SIMILAR * best->contrast
                && hypot (p[0] - best->centre_mm[0], p[1] - best->centre_mm[1]) > APART_MM)
              *second = TRUE;
          }
      }
  return best->contrast > 0.0;
}

/* Moves the spot to the middle of what is brighter than half way between rod and material. */
static void
centre_spot (const OssFieldOfView *field, double radius, Spot *spot)
{
  for (int round = 0; round < 3; round++)
    {
      double hu[2], square[2], sum = 0.0, moment[2] = { 0.0, 0.0 }, index[3];
      int reach = (int) ceil (1.15 * radius / READ_MM);

      if (!read_slice (field, spot->centre_mm, radius, hu, square))
        return;
      for (int b = -reach; b <= reach; b++)
        for (int a = -reach; a <= reach; a++)
          {
            double p[3] = { spot->centre_mm[0] + a * READ_MM, spot->centre_mm[1] + b * READ_MM, spot->centre_mm[2] };

            if (hypot (a, b) * READ_MM > 1.15 * radius)
              continue;
            oss_grid_to_index (&field->volume->grid, p, index);
            if (oss_volume_sample_index (field->volume, index) > 0.5 * (hu[0] + hu[1]))
              sum += 1.0, moment[0] += a * READ_MM, moment[1] += b * READ_MM;
          }
      for (int c = 0; c < 2 && sum > 0.0; c++)
        spot->centre_mm[c] += moment[c] / sum;
    }
}

/* Slices above and below @middle in which the rod goes on. */
static void
find_run (const double (*hu)[2], const gboolean *read, int n, int middle, int *from, int *to)
{
  double full = 0.0;

  /* The contrast of the slice asked for may be cut by the rod's end: the usual one nearby counts. */
  for (int i = MAX (0, middle - 4); i < MIN (n, middle + 5); i++)
    if (read[i])
      full = MAX (full, hu[i][0] - hu[i][1]);
  *from = *to = middle;
  while (*from > 0 && read[*from - 1] && hu[*from - 1][0] - hu[*from - 1][1] > RUN_SHARE * full)
    (*from)--;
  while (*to < n - 1 && read[*to + 1] && hu[*to + 1][0] - hu[*to + 1][1] > RUN_SHARE * full)
    (*to)++;
}

static void
reduce (const double (*hu)[2], const double (*square)[2], double low, double step, int from, int to, OssPhantomFit *fit)
{
  int n = to - from + 1;

  for (int r = 0; r < 2; r++)
    {
      double sum = 0.0, squares = 0.0, means = 0.0, sz = 0.0, szz = 0.0, szv = 0.0, spread;
      OssRod *rod = &fit->rods[r];

      for (int i = from; i <= to; i++)
        {
          double z = (i - from) * step;

          sum += hu[i][r], squares += square[i][r], means += hu[i][r] * hu[i][r];
          sz += z, szz += z * z, szv += z * hu[i][r];
          if (i - from < OSS_PHANTOM_MAX_PROFILE)
            fit->profile_hu[i - from][r] = hu[i][r], fit->profile_mm[i - from] = low + i * step;
        }
      rod->mean_hu = sum / n;
      rod->sd_hu = sqrt (MAX (0.0, squares / n - rod->mean_hu * rod->mean_hu));
      rod->error_hu = n > 1 ? sqrt (MAX (0.0, means / n - rod->mean_hu * rod->mean_hu) * 1.6 / (n - 1)) : rod->sd_hu;
      spread = szz - sz * sz / n;
      rod->drift_hu_per_cm = spread > 0.0 ? 10.0 * (szv - sz * sum / n) / spread : 0.0;
      rod->used = TRUE;
      if (fabs (rod->drift_hu_per_cm) * (n - 1) * step / 10.0 > MAX (10.0, 0.03 * fabs (rod->mean_hu)))
        fit->warnings |= OSS_PHANTOM_DRIFT;
    }
  fit->n_profile = MIN (n, OSS_PHANTOM_MAX_PROFILE);
  fit->slices_used = n;
  fit->low_mm = low + from * step, fit->high_mm = low + to * step;
}

static gboolean
read_run (const OssFieldOfView *field, const OssPhantom *phantom, const Spot *spot, OssPhantomFit *fit,
          const OssTick *tick)
{
  double radius = 0.5 * phantom->rod_diameter_mm, low, high, step = MAX (0.5, field->volume->grid.spacing[2]);
  int n, from, to, middle;

  oss_volume_heights (&field->volume->grid, &low, &high);
  n = (int) ((high - low) / step + 1e-6) + 1;
  g_autofree double (*hu)[2] = g_malloc0_n ((gsize) n, sizeof *hu), (*square)[2] = g_malloc0_n ((gsize) n, sizeof *hu);
  g_autofree gboolean *read = g_new0 (gboolean, n);
  for (int i = 0; i < n; i++)
    {
      double p[3] = { spot->centre_mm[0], spot->centre_mm[1], low + i * step };

      if (oss_tick_stopped (tick))
        return FALSE;
      read[i] = read_slice (field, p, radius, hu[i], square[i]);
    }
  middle = CLAMP ((int) lround ((spot->centre_mm[2] - low) / step), 0, n - 1);
  find_run ((const double (*)[2]) hu, read, n, middle, &from, &to);
  *fit = (OssPhantomFit){ .phantom = *phantom, .n_rods = 2 };
  reduce ((const double (*)[2]) hu, (const double (*)[2]) square, low, step, from, to, fit);
  for (int r = 0; r < 2; r++)
    {
      OssRod *rod = &fit->rods[r];

      rod->centre_mm[0] = spot->centre_mm[0], rod->centre_mm[1] = spot->centre_mm[1];
      rod->centre_mm[2] = 0.5 * (fit->low_mm + fit->high_mm);
      rod->axis[2] = 1.0;
      rod->radius_mm = r == 0 ? radius : RING_TO * radius;
    }
  oss_text_print (fit->rods[1].note, sizeof fit->rods[1].note, "%s", _ ("the material around the rod"));
  return TRUE;
}

gboolean
oss_reference_rod_read (const OssVolume *volume, const OssSlabs *slabs, const OssPhantom *phantom, OssPhantomFit *fit,
                        const OssTick *tick, GError **error)
{
  OssFieldOfView field;
  gboolean second;
  Spot spot;

  oss_fov_init (&field, volume);
  if (!find_spot (slabs, phantom, &spot, &second))
    {
      oss_phantom_not_found (phantom, error);
      return FALSE;
    }
  if (second)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   /* Translators: %s is the title of a phantom; keep it in quotation marks. */
                   _ ("More than one rod in the image could be “%s”: nothing is guessed."), phantom->title);
      return FALSE;
    }
  centre_spot (&field, 0.5 * phantom->rod_diameter_mm, &spot);
  if (!read_run (&field, phantom, &spot, fit, tick))
    return oss_tick_cancelled (error);
  return TRUE;
}
