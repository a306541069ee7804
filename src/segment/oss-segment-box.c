/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"

#define BOX_MM 0.8           /* lattice: facet joints are 2-4 mm wide */
#define SIDE_MM 62.0         /* reach from the click to right and left: past the transverse processes */
#define FRONT_MM 48.0        /* toward anterior */
#define BACK_MM 88.0         /* toward posterior: past the spinous process */
#define UP_DOWN_MM 62.0      /* into both neighbours */
#define SCANNER_BLUR_MM 0.45 /* standard deviation of a standard kernel's point spread (FWHM about 1.1 mm) */
#define SMOOTH_MM 1.1        /* of the surface search */
#define CORTICAL_HU 1500.0   /* dense cortex above soft tissue at 68 keV, a little porous */
#define TYPICAL_SOFT_HU 45.0

double
oss_work_box_sample (const OssWorkBox *self, const float *data, const double lps_mm[3])
{
  const int *size = self->grid.size;
  double f[3];
  gsize step[3] = { 1, (gsize) size[0], (gsize) size[0] * size[1] }, at = 0;
  const float *p;

  for (int a = 0; a < 3; a++)
    {
      double x = CLAMP ((lps_mm[a] - self->grid.origin[a]) / BOX_MM, 0.0, size[a] - 1.001);
      int low = (int) x;

      f[a] = x - low;
      at += step[a] * (gsize) low;
    }
  p = data + at;
  {
    double a00 = p[0] + f[0] * (p[1] - p[0]), a10 = p[step[1]] + f[0] * (p[step[1] + 1] - p[step[1]]);
    const float *q = p + step[2];
    double a01 = q[0] + f[0] * (q[1] - q[0]), a11 = q[step[1]] + f[0] * (q[step[1] + 1] - q[step[1]]);
    double b0 = a00 + f[1] * (a10 - a00), b1 = a01 + f[1] * (a11 - a01);

    return b0 + f[2] * (b1 - b0);
  }
}

gboolean
oss_work_box_valid (const OssWorkBox *self, const double lps_mm[3])
{
  int at[3];

  for (int a = 0; a < 3; a++)
    {
      at[a] = (int) floor ((lps_mm[a] - self->grid.origin[a]) / BOX_MM + 0.5);
      if (at[a] < 0 || at[a] >= self->grid.size[a])
        return FALSE;
    }
  return self->valid[oss_grid_offset (&self->grid, at[0], at[1], at[2])];
}

/* The standard normal distribution. */
static double
normal_share (double x)
{
  return 0.5 * erfc (-x / G_SQRT2);
}

/* A shell of thickness t and HU H between an inside B and an outside O, blurred by a Gaussian s, reads at x from its
 * outer edge, outward, with x and t in units of s and P the normal distribution,
 *
 *   h (x) = B + (H - B) P (x + t) - (H - O) P (x).
 *
 * Its crest is where h' = 0, at x = (2 ln ((H - B) / (H - O)) - t^2) / 2 t; its height tells t, and t the value h (0)
 * at the outer edge.  The blur itself cancels.  Thin shells end near their crest, thick ones at half of it: a fixed
 * threshold at half the crest would put thin endplates 0.4 mm too far out; and one surrounding level for both sides
 * would put walls in fat 0.1 mm too far in, and endplates next to a disc 0.05 mm too far out. */
double
oss_shell_edge_hu (const OssWorkBox *box, double crest_hu, double inside_hu, double outside_hu)
{
  double bone = box->soft_hu + CORTICAL_HU, low = 0.0, high = 12.0;
  double most = MAX (inside_hu, outside_hu), fall = bone - inside_hu, rise = bone - outside_hu, bend;

  if (crest_hu <= most || most >= 0.9 * bone) /* nothing like a shell: a step */
    return 0.5 * (inside_hu + outside_hu);
  bend = 2.0 * log (fall / rise);
  for (int i = 0; i < 30; i++)
    {
      double t = 0.5 * (low + high), x = (bend - t * t) / (2.0 * t);
      *(inside_hu + fall * normal_share (x + t) - rise * normal_share (x) < crest_hu ? &low : &high) = t;
    }
  return inside_hu + fall * normal_share (low) - 0.5 * rise;
}

typedef struct
{
  OssWorkBox *box;
  const OssVolume *volume;
  const OssTick *tick;
} Fill;

static void
fill_rows (gsize begin, gsize end, guint thread, void *data)
{
  Fill *fill = data;
  OssWorkBox *box = fill->box;
  const OssGrid *grid = &box->grid, *source = &fill->volume->grid;

  for (gsize k = begin; k < end && !oss_tick_stopped (fill->tick); k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          double p[3] = { grid->origin[0] + BOX_MM * i, grid->origin[1] + BOX_MM * j,
                          grid->origin[2] + BOX_MM * (int) k };
          double index[3];
          gsize at = oss_grid_offset (grid, i, j, (int) k);
          gboolean in = TRUE;

          oss_grid_to_index (source, p, index);
          for (int a = 0; a < 3; a++)
            in = in && index[a] >= -OSS_GRID_REACH && index[a] <= source->size[a] - 1 + OSS_GRID_REACH;
          box->valid[at] = in;
          box->fine->data[at] = (float) oss_volume_sample_index (fill->volume, index);
        }
}

static int
compare_floats (const void *a, const void *b)
{
  float x = *(const float *) a, y = *(const float *) b;
  return x < y ? -1 : x > y;
}

float
oss_quantile (float *values, gsize n, double q)
{
  if (n == 0)
    return 0.0f;
  qsort (values, n, sizeof *values, compare_floats);
  return values[MIN (n - 1, (gsize) (q * (double) n))];
}

/* Level of the soft tissue and white noise around the click, from the source's own voxels. */
static void
measure_tissue (OssWorkBox *box, const OssVolume *volume, const double at_mm[3])
{
  int low[3], high[3];
  g_autoptr (GArray) soft = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GArray) bends = g_array_new (FALSE, FALSE, sizeof (float));

  box->soft_hu = TYPICAL_SOFT_HU;
  if (!oss_grid_box_around (&volume->grid, at_mm, 45.0, low, high))
    return;
  for (int k = low[2]; k <= high[2]; k += 2)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0] + 1; i < high[0]; i++)
        {
          const float *p = volume->data + oss_grid_offset (&volume->grid, i, j, k);

          if (p[0] > -20.0f && p[0] < 110.0f && p[-1] > -120.0f && p[-1] < 210.0f && p[1] > -120.0f && p[1] < 210.0f)
            {
              /* Second difference of white noise: standard deviation sqrt 6; median of |x| 0.6745 of it. */
              float bend = fabsf (p[-1] - 2.0f * p[0] + p[1]) / (2.449f * 0.6745f);

              g_array_append_val (soft, p[0]);
              g_array_append_val (bends, bend);
            }
        }
  if (soft->len > 500)
    {
      box->soft_hu = oss_quantile ((float *) soft->data, soft->len, 0.5);
      box->noise_hu = oss_quantile ((float *) bends->data, bends->len, 0.5);
    }
}

static gboolean
smooth_box (OssWorkBox *box, const OssVolume *volume, const OssTick *tick, GError **error)
{
  const double *spacing = volume->grid.spacing;
  double light = CLAMP (0.30 + 0.006 * box->noise_hu, 0.35, 0.75), more = sqrt (SMOOTH_MM * SMOOTH_MM - light * light);
  double voxel = cbrt (spacing[0] * spacing[1] * spacing[2]);
  OssVolume *fine = oss_volume_gaussian (box->fine, (double[3]){ light, light, light }, tick, error);

  if (fine == NULL)
    return FALSE;
  oss_volume_unref (box->fine);
  box->fine = fine;
  box->smooth = oss_volume_gaussian (fine, (double[3]){ more, more, more }, tick, error);
  /* A voxel's box and the linear interpolation between voxels: variance about 1/12 + 1/9 of the spacing squared. */
  box->blur_mm = sqrt (SCANNER_BLUR_MM * SCANNER_BLUR_MM + light * light + 0.19 * voxel * voxel);
  return box->smooth != NULL;
}

gboolean
oss_work_box_init (OssWorkBox *self, const OssVolume *volume, const double at_mm[3], const OssTick *tick,
                   GError **error)
{
  const double low[3] = { SIDE_MM, FRONT_MM, UP_DOWN_MM }, high[3] = { SIDE_MM, BACK_MM, UP_DOWN_MM };
  Fill fill = { self, volume, tick };
  OssGrid *grid = &self->grid;

  *grid = (OssGrid){ .spacing = { BOX_MM, BOX_MM, BOX_MM }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  for (int a = 0; a < 3; a++)
    {
      grid->size[a] = (int) ((low[a] + high[a]) / BOX_MM) + 1;
      grid->origin[a] = at_mm[a] - low[a];
    }
  self->fine = oss_volume_new (grid, volume->quantity, error);
  if (self->fine == NULL)
    return FALSE;
  self->valid = g_malloc (oss_grid_count (grid));
  oss_parallel_for ((gsize) grid->size[2], 4, fill_rows, &fill);
  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  measure_tissue (self, volume, at_mm);
  return smooth_box (self, volume, tick, error);
}

void
oss_work_box_clear (OssWorkBox *self)
{
  g_clear_pointer (&self->fine, oss_volume_unref);
  g_clear_pointer (&self->smooth, oss_volume_unref);
  g_clear_pointer (&self->valid, g_free);
}
