/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Internal calibration after Michalski et al. 2020, Med Eng Phys 78:55, as restated from Bonelab/Ogo
 * (internal_calibration.py): NIST mass attenuation, linear between its knots.
 */
#include "base/oss-i18n.h"
#include "calibrate/oss-internal.h"
#include "material/oss-attenuation.h"

#include <math.h>

#define STEP_KEV 0.5
#define MG_PER_G 1000.0

static const char *const columns[OSS_OWN_N] = {
  [OSS_OWN_AIR] = "air",       [OSS_OWN_FAT] = "adipose",        [OSS_OWN_BLOOD] = "blood",
  [OSS_OWN_MUSCLE] = "muscle", [OSS_OWN_BONE] = "cortical_bone",
};

/* Least squares of y on x over what is used; the square of the correlation. */
static double
regress (const double *x, const double *y, const gboolean *used, double *slope, double *intercept)
{
  double n = 0.0, mx = 0.0, my = 0.0, sxx = 0.0, sxy = 0.0, syy = 0.0;

  for (int i = 0; i < OSS_OWN_N; i++)
    if (used[i])
      n += 1.0, mx += x[i], my += y[i];
  mx /= n, my /= n;
  for (int i = 0; i < OSS_OWN_N; i++)
    if (used[i])
      {
        sxx += (x[i] - mx) * (x[i] - mx);
        sxy += (x[i] - mx) * (y[i] - my);
        syy += (y[i] - my) * (y[i] - my);
      }
  *slope = sxy / sxx;
  *intercept = my - *slope * mx;
  return syy > 0.0 ? sxy * sxy / (sxx * syy) : 1.0;
}

static gboolean
check_enough (const double *hu, const gboolean *used, GError **error)
{
  double low = G_MAXDOUBLE, high = -G_MAXDOUBLE;
  int n = 0;

  for (int i = 0; i < OSS_OWN_N; i++)
    if (used[i])
      n++, low = MIN (low, hu[i]), high = MAX (high, hu[i]);
  if (n >= 2 && high - low > 1.0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("The two-component calibration needs two tissues of different HU at least; there are %d."), n);
  return FALSE;
}

/* Archimedean density of each tissue: what it must weigh to read its HU with its mass attenuation. */
static void
densities_at (const OssTable *table, const int *column, double kev, const double *hu, double *density)
{
  double water = oss_table_linear (table, oss_table_column (table, "water"), kev);

  for (int i = 0; i < OSS_OWN_N; i++)
    density[i] = (hu[i] / 1000.0 + 1.0) * water / oss_table_linear (table, column[i], kev);
}

gboolean
oss_internal_michalski (const double hu[OSS_OWN_N], const gboolean used[OSS_OWN_N], OssMichalski *result,
                        GError **error)
{
  g_autoptr (OssTable) table = oss_table_load ("physics/nist_tissues.csv", error);
  OssMichalski best = { .r2 = -1.0 };
  double density[OSS_OWN_N];
  int column[OSS_OWN_N];

  if (table == NULL || !check_enough (hu, used, error))
    return FALSE;
  for (int i = 0; i < OSS_OWN_N; i++)
    column[i] = MAX (0, oss_table_column (table, columns[i]));
  for (double kev = table->key[0]; kev <= table->key[table->n_rows - 1]; kev += STEP_KEV)
    {
      double mass[OSS_OWN_N], slope, intercept, r2;

      for (int i = 0; i < OSS_OWN_N; i++)
        mass[i] = oss_table_linear (table, column[i], kev);
      r2 = regress (hu, mass, used, &slope, &intercept);
      if (r2 > best.r2)
        best = (OssMichalski){ .energy_kev = kev, .r2 = r2, .mass_slope = slope, .mass_intercept = intercept };
    }
  densities_at (table, column, best.energy_kev, hu, density);
  regress (hu, density, used, &best.density_slope, &best.density_intercept);
  best.k2hpo4 = oss_table_linear (table, oss_table_column (table, "k2hpo4"), best.energy_kev);
  best.triglyceride = oss_table_linear (table, oss_table_column (table, "triglyceride"), best.energy_kev);
  *result = best;
  return TRUE;
}

double
oss_michalski_density (const OssMichalski *self, double hu)
{
  double mass = self->mass_slope * hu + self->mass_intercept;
  double density = self->density_slope * hu + self->density_intercept;

  return MG_PER_G * density * (mass - self->triglyceride) / (self->k2hpo4 - self->triglyceride);
}
