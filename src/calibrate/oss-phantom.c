/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"

#include <string.h>

/* Mindways' QCT PRO method: the rods hold K2HPO4 in resin of their own water-equivalent density, and these two
 * constants carry the fit over to K2HPO4 in water (restated from Bonelab/Ogo, mindways_calibration.py). */
#define MINDWAYS_SLOPE 0.2174
#define MINDWAYS_INTERCEPT 999.6
#define R2_USUAL 0.98
#define R2_LEAST 0.90
#define UNCERTAIN_AT 100.0 /* mg/cm3: where the uncertainty is stated */
#define BLOCK_MM 8.0       /* of rod length for one reading of its centre */
#define STEADY_HU 12.0     /* a slice counts where no rod is further from its median, at least */
#define HEIGHTS 5          /* at which the rods are centred */
#define STRAY_MM 0.8
#define OFF_MM 4.0
#define LEAST_LENGTH 0.3 /* of the scan's height over which the rods must read the same */
#define READ_MM 0.7      /* between readings in a rod */

/* One group of the table; FALSE when something is missing or cannot be. */
static gboolean
read_entry (GKeyFile *file, const char *name, OssPhantom *phantom)
{
  g_autofree char *title = g_key_file_get_string (file, name, "title", NULL);
  g_autofree char *basis = g_key_file_get_string (file, name, "basis", NULL);
  g_autofree char *source = g_key_file_get_string (file, name, "source", NULL);
  gsize n = 0, n_water = 0;
  g_autofree double *density = g_key_file_get_double_list (file, name, "density", &n, NULL);
  g_autofree double *water = g_key_file_get_double_list (file, name, "water", &n_water, NULL);

  *phantom = (OssPhantom){ .basis = basis != NULL ? oss_basis_from_name (basis) : OSS_BASIS_UNKNOWN };
  phantom->rod_diameter_mm = g_key_file_get_double (file, name, "diameter_mm", NULL);
  phantom->rod_spacing_mm = g_key_file_get_double (file, name, "spacing_mm", NULL);
  if (phantom->basis == OSS_BASIS_UNKNOWN || n < 3 || n > OSS_PHANTOM_MAX_RODS || (n_water != 0 && n_water != n)
      || !(phantom->rod_diameter_mm > 2.0) || !(phantom->rod_spacing_mm > phantom->rod_diameter_mm))
    return FALSE;
  g_strlcpy (phantom->name, name, sizeof phantom->name);
  g_strlcpy (phantom->title, title != NULL ? title : name, sizeof phantom->title);
  g_strlcpy (phantom->source, source != NULL ? source : "", sizeof phantom->source);
  phantom->n_rods = (int) n;
  for (gsize i = 0; i < n; i++)
    {
      phantom->rod_density[i] = density[i];
      phantom->rod_water[i] = n_water > 0 ? water[i] : 0.0;
    }
  return TRUE;
}

gboolean
oss_phantom_find (const char *name, OssPhantom *phantom, GError **error)
{
  g_autofree char *path = oss_file_find_data ("phantoms.ini", error);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) why = NULL;

  if (path == NULL)
    return FALSE;
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &why))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, "%s: %s", path, why->message);
      return FALSE;
    }
  if (name == NULL || !g_key_file_has_group (file, name))
    {
      g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
      g_autofree char *list = g_strjoinv (", ", groups);

      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("No phantom is called “%s”; there are: %s."),
                   name != NULL ? name : "", list);
      return FALSE;
    }
  if (read_entry (file, name, phantom))
    return TRUE;
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
      _ ("%s: [%s] needs a basis, 3 to %d densities, as many water values or none, and rods further apart than "
         "wide"),
      path, name, OSS_PHANTOM_MAX_RODS);
  return FALSE;
}

/* Mindways rods state their water-equivalent density; solid phantoms do not. */
static gboolean
has_water (const OssPhantom *phantom)
{
  for (int i = 0; i < phantom->n_rods; i++)
    if (phantom->rod_water[i] != 0.0)
      return TRUE;
  return FALSE;
}

void
oss_phantom_not_found (const OssPhantom *phantom, GError **error)
{
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
      _ ("No %s phantom in the image: no row of %d even rods, about %.0f mm apart, whose HU follow its densities."),
      phantom->title, phantom->n_rods, phantom->rod_spacing_mm);
}

gboolean
oss_phantom_regress (const OssPhantom *phantom, const double *hu, const gboolean *used, double *slope,
                     double *intercept, double *r2)
{
  double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0, syy = 0.0;

  for (int i = 0; i < phantom->n_rods; i++)
    if (used[i])
      {
        double x = phantom->rod_density[i], y = hu[i] - phantom->rod_water[i];

        n += 1.0, sx += x, sy += y, sxx += x * x, sxy += x * y, syy += y * y;
      }
  if (n < 3.0 || sxx - sx * sx / n <= 0.0 || syy - sy * sy / n <= 0.0)
    return FALSE;
  *slope = (sxy - sx * sy / n) / (sxx - sx * sx / n);
  *intercept = (sy - *slope * sx) / n;
  *r2 = (sxy - sx * sy / n) * (sxy - sx * sy / n) / ((sxx - sx * sx / n) * (syy - sy * sy / n));
  return TRUE;
}

/* Readings of all rods along their length. */
typedef struct
{
  int n; /* heights */
  double low_mm, step_mm;
  double *mean[OSS_PHANTOM_MAX_RODS], *square[OSS_PHANTOM_MAX_RODS]; /* NaN where the rod leaves the image */
} Readings;

static void
readings_clear (Readings *self)
{
  for (int r = 0; r < OSS_PHANTOM_MAX_RODS; r++)
    {
      g_clear_pointer (&self->mean[r], g_free);
      g_clear_pointer (&self->square[r], g_free);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Readings, readings_clear)

/* Mean and mean square of the image over a ring [from, to) mm around a point in the patient's x-y plane; FALSE when
 * part of it is outside. */
static gboolean
read_ring (const OssVolume *volume, const double centre[3], double from, double to, double *mean, double *square)
{
  int reach = (int) ceil (to / READ_MM), n = 0;
  double sum = 0.0, squares = 0.0;

  for (int b = -reach; b <= reach; b++)
    for (int a = -reach; a <= reach; a++)
      {
        double p[3] = { centre[0] + a * READ_MM, centre[1] + b * READ_MM, centre[2] }, index[3], hu;
        double r = hypot (a * READ_MM, b * READ_MM);

        if (r < from || r >= to)
          continue;
        oss_grid_to_index (&volume->grid, p, index);
        for (int c = 0; c < 3; c++)
          if (!(index[c] >= -OSS_GRID_REACH && index[c] <= volume->grid.size[c] - 1 + OSS_GRID_REACH))
            return FALSE;
        hu = oss_volume_sample_index (volume, index);
        sum += hu;
        squares += hu * hu;
        n++;
      }
  *mean = sum / n;
  *square = squares / n;
  return TRUE;
}

/* Unevenness over a whole rod around a point, a few slices together; least where the disc lies in the rod. */
static double
unevenness (const OssVolume *volume, const double centre[3], double radius)
{
  double sum = 0.0;

  for (int z = -1; z <= 1; z++)
    {
      double p[3] = { centre[0], centre[1], centre[2] + 2.0 * z }, mean, square;

      if (!read_ring (volume, p, 0.0, radius, &mean, &square))
        return G_MAXDOUBLE;
      sum += square - mean * mean;
    }
  return sum / 3.0;
}

/* Moves a rod's centre to where the rod is most even, OFF_MM at most. */
static void
centre_rod (const OssVolume *volume, double radius, double centre[3])
{
  double start[2] = { centre[0], centre[1] }, best = unevenness (volume, centre, radius);

  for (double step = 1.0; step >= 0.25; step *= 0.5)
    {
      double middle[2] = { centre[0], centre[1] };

      for (int b = -2; b <= 2; b++)
        for (int a = -2; a <= 2; a++)
          {
            double p[3] = { middle[0] + a * step, middle[1] + b * step, centre[2] }, score;

            if (hypot (p[0] - start[0], p[1] - start[1]) > OFF_MM)
              continue;
            score = unevenness (volume, p, radius);
            if (score < 0.98 * best)
              best = score, centre[0] = p[0], centre[1] = p[1];
          }
    }
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

static double
median_of (const double *values, int n, double *deviation)
{
  g_autofree double *sorted = g_new (double, MAX (1, n));
  int m = 0;
  double middle;

  for (int i = 0; i < n; i++)
    if (!isnan (values[i]))
      sorted[m++] = values[i];
  if (m == 0)
    return NAN;
  qsort (sorted, (gsize) m, sizeof *sorted, compare_doubles);
  middle = sorted[m / 2];
  for (int i = 0; i < m; i++)
    sorted[i] = fabs (sorted[i] - middle);
  qsort (sorted, (gsize) m, sizeof *sorted, compare_doubles);
  *deviation = 1.4826 * sorted[m / 2];
  return middle;
}

/* Straight line through a rod's centres at several heights: x and y over z. */
static void
fit_axis (const double (*centres)[3], int n, OssRod *rod)
{
  double sz = 0.0, szz = 0.0, s[2] = { 0 }, szc[2] = { 0 }, middle;

  for (int i = 0; i < n; i++)
    {
      sz += centres[i][2], szz += centres[i][2] * centres[i][2];
      for (int c = 0; c < 2; c++)
        s[c] += centres[i][c], szc[c] += centres[i][2] * centres[i][c];
    }
  middle = sz / n;
  for (int c = 0; c < 2; c++)
    {
      double spread = szz - sz * middle;

      rod->axis[c] = spread > 1e-6 ? (szc[c] - s[c] * middle) / spread : 0.0;
      rod->centre_mm[c] = s[c] / n;
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

/* Puts the centres of one height on one straight, even row; a rod that reads more than STRAY_MM off it (low contrast, a
 * neighbour of another kind) no longer pulls. */
static void
straighten_row (double (*centres)[3], int n)
{
  gboolean used[OSS_PHANTOM_MAX_RODS];
  double at[2] = { 0 }, step[2] = { 0 };

  for (int r = 0; r < n; r++)
    used[r] = TRUE;
  for (int left = n; left >= 3; left--)
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
      if (worst <= STRAY_MM)
        break;
      used[stray] = FALSE;
    }
  for (int r = 0; r < n; r++)
    for (int c = 0; c < 2; c++)
      centres[r][c] = at[c] + r * step[c];
}

/* Centre of each rod at some heights, and the straight axis through them. */
static gboolean
place_rods (const OssVolume *volume, const OssRodRow *row, double low, double high, OssPhantomFit *fit,
            const OssTick *tick, GError **error)
{
  double centres[HEIGHTS][OSS_PHANTOM_MAX_RODS][3], along[HEIGHTS][3];

  for (int h = 0; h < HEIGHTS; h++)
    {
      for (int r = 0; r < fit->n_rods; r++)
        {
          double *p = centres[h][r];

          p[0] = row->first[0] + r * row->step[0];
          p[1] = row->first[1] + r * row->step[1];
          p[2] = low + (high - low) * (h + 0.5) / HEIGHTS;
          if (oss_tick_stopped (tick))
            return oss_tick_cancelled (error);
          centre_rod (volume, row->radius_mm, p);
        }
      straighten_row (centres[h], fit->n_rods);
    }
  for (int r = 0; r < fit->n_rods; r++)
    {
      for (int h = 0; h < HEIGHTS; h++)
        memcpy (along[h], centres[h][r], sizeof along[h]);
      fit_axis ((const double (*)[3]) along, HEIGHTS, &fit->rods[r]);
    }
  return TRUE;
}

static gboolean
read_rods (const OssVolume *volume, const OssRodRow *row, const OssPhantomFit *fit, Readings *readings,
           const OssTick *tick, GError **error)
{
  for (int r = 0; r < fit->n_rods; r++)
    {
      readings->mean[r] = g_new (double, readings->n);
      readings->square[r] = g_new (double, readings->n);
    }
  for (int i = 0; i < readings->n; i++)
    {
      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      for (int r = 0; r < fit->n_rods; r++)
        {
          double p[3];

          point_on_axis (&fit->rods[r], readings->low_mm + i * readings->step_mm, p);
          if (!read_ring (volume, p, 0.0, OSS_ROD_INNER * row->radius_mm, &readings->mean[r][i],
                          &readings->square[r][i]))
            readings->mean[r][i] = readings->square[r][i] = NAN;
        }
    }
  return TRUE;
}

/* Means over the heights where every rod reads as usual: beyond the phantom's ends and at its edges they do not. */
static void
reduce_readings (const Readings *readings, OssPhantomFit *fit)
{
  double middle[OSS_PHANTOM_MAX_RODS], spread[OSS_PHANTOM_MAX_RODS];
  double sum[OSS_PHANTOM_MAX_RODS] = { 0 }, squares[OSS_PHANTOM_MAX_RODS] = { 0 }, z = 0.0;

  for (int r = 0; r < fit->n_rods; r++)
    {
      middle[r] = median_of (readings->mean[r], readings->n, &spread[r]);
      fit->rods[r].used = !isnan (middle[r]) && middle[r] > -500.0;
      if (!fit->rods[r].used)
        g_strlcpy (fit->rods[r].note, _ ("outside the image"), sizeof fit->rods[r].note);
    }
  for (int i = 0; i < readings->n; i++)
    {
      gboolean steady = TRUE;

      for (int r = 0; r < fit->n_rods; r++)
        steady = steady
                 && (!fit->rods[r].used
                     || fabs (readings->mean[r][i] - middle[r]) <= MAX (STEADY_HU, 4.0 * MIN (spread[r], 15.0)));
      if (!steady)
        continue;
      for (int r = 0; r < fit->n_rods; r++)
        sum[r] += readings->mean[r][i], squares[r] += readings->square[r][i];
      z += readings->low_mm + i * readings->step_mm;
      fit->slices_used++;
    }
  for (int r = 0; r < fit->n_rods && fit->slices_used > 0; r++)
    {
      OssRod *rod = &fit->rods[r];

      rod->mean_hu = sum[r] / fit->slices_used;
      rod->sd_hu = sqrt (MAX (0.0, squares[r] / fit->slices_used - rod->mean_hu * rod->mean_hu));
      point_on_axis (rod, z / fit->slices_used, rod->centre_mm);
      oss_normalize (rod->axis);
    }
}

/* Covariance of the line in density from the rods' residuals.  Least squares of HU = s rho + t over n rods gives
 * var s = v / Sxx, var t = v (1 / n + m^2 / Sxx) and cov (s, t) = -v m / Sxx (v: residual variance, m: mean density,
 * Sxx: squares around it); slope = 1 / s and intercept = -t / s carry them over to first order. */
static void
give_covariance (const OssPhantomFit *fit, double s, double t, OssCalibrationLine *line)
{
  double n = 0.0, sx = 0.0, sxx = 0.0, sse = 0.0;

  for (int r = 0; r < fit->n_rods; r++)
    if (fit->rods[r].used)
      {
        double x = fit->phantom.rod_density[r];
        n += 1.0, sx += x, sxx += x * x, sse += fit->rods[r].residual_hu * fit->rods[r].residual_hu;
      }
  double mean = sx / n, squares = sxx - n * mean * mean, v = n > 2.0 ? sse / (n - 2.0) : NAN;
  double vs = v / squares, vt = v * (1.0 / n + mean * mean / squares), vst = -v * mean / squares;

  line->variance_slope = vs / pow (s, 4.0);
  line->variance_intercept = (vt - 2.0 * vst * t / s + vs * t * t / (s * s)) / (s * s);
  line->covariance = (vst - vs * t / s) / pow (s, 3.0);
  line->uncertainty_mg_cm3 = oss_calibration_uncertainty (line, s * UNCERTAIN_AT + t);
}

static gboolean
fit_line (OssPhantomFit *fit, GError **error)
{
  const OssPhantom *phantom = &fit->phantom;
  double hu[OSS_PHANTOM_MAX_RODS], slope, intercept, r2;
  gboolean used[OSS_PHANTOM_MAX_RODS];

  for (int r = 0; r < fit->n_rods; r++)
    hu[r] = fit->rods[r].mean_hu, used[r] = fit->rods[r].used;
  if (fit->slices_used == 0 || !oss_phantom_regress (phantom, hu, used, &slope, &intercept, &r2))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("%s: fewer than three rods can be read"), phantom->title);
      return FALSE;
    }
  for (int r = 0; r < fit->n_rods; r++)
    if (used[r])
      fit->rods[r].residual_hu = hu[r] - phantom->rod_water[r] - (slope * phantom->rod_density[r] + intercept);
  if (has_water (phantom))
    slope -= MINDWAYS_SLOPE, intercept += MINDWAYS_INTERCEPT;
  if (r2 < R2_LEAST || slope < OSS_ROD_SLOPE_LOW - MINDWAYS_SLOPE || slope > OSS_ROD_SLOPE_HIGH)
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("%s: the rods fit a line with R² %.3f only (at least %.2f; 0.98 is usual): wrong phantom, or another "
             "serial number's densities"),
          phantom->title, r2, R2_LEAST);
      return FALSE;
    }
  fit->effective_slope_hu = slope;
  fit->warnings = r2 < R2_USUAL ? OSS_PHANTOM_LOW_R2 : 0;
  fit->line = oss_calibration_line_make (1.0 / slope, -intercept / slope, phantom->basis, "phantom", phantom->title);
  fit->line.r2 = r2;
  give_covariance (fit, slope, intercept, &fit->line);
  return TRUE;
}

gboolean
oss_phantom_calibrate (const OssVolume *volume, const OssPhantom *phantom, OssPhantomFit *fit, const OssTick *tick,
                       GError **error)
{
  OssTick search = oss_tick_part (tick, 0.0, 0.7);
  g_auto (Readings) readings = { 0 };
  OssPhantomFit found = { .phantom = *phantom, .n_rods = phantom->n_rods };
  OssRodRow row;
  double low = G_MAXDOUBLE, high = -G_MAXDOUBLE;

  if (!oss_grid_check (&volume->grid, error) || !oss_rod_row_find (volume, phantom, &row, &search, error))
    return FALSE;
  for (int c = 0; c < 8; c++)
    {
      double index[3], p[3];

      for (int a = 0; a < 3; a++)
        index[a] = c >> a & 1 ? volume->grid.size[a] - 1.0 : 0.0;
      oss_grid_to_patient (&volume->grid, index, p);
      low = MIN (low, p[2]), high = MAX (high, p[2]);
    }
  if (!place_rods (volume, &row, low, high, &found, tick, error))
    return FALSE;
  readings.low_mm = low;
  readings.step_mm = MAX (0.5, MIN (volume->grid.spacing[2], BLOCK_MM));
  readings.n = (int) ((high - low) / readings.step_mm) + 1;
  if (!read_rods (volume, &row, &found, &readings, tick, error))
    return FALSE;
  reduce_readings (&readings, &found);
  if (found.slices_used < LEAST_LENGTH * readings.n)
    {
      oss_phantom_not_found (phantom, error);
      return FALSE;
    }
  if (!fit_line (&found, error) || !oss_tick_report (tick, 1.0, NULL, error))
    return FALSE;
  *fit = found;
  return TRUE;
}
