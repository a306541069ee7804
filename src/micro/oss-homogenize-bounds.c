/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "micro/oss-homogenize-private.h"

#include <math.h>

static double
bulk_of (double modulus, double poisson)
{
  return modulus / (3.0 * (1.0 - 2.0 * poisson));
}

static double
shear_of (double modulus, double poisson)
{
  return modulus / (2.0 * (1.0 + poisson));
}

static OssBound
from_modulus (double modulus, double poisson)
{
  return (OssBound){ modulus, bulk_of (modulus, poisson), shear_of (modulus, poisson) };
}

/* Hashin and Shtrikman 1963, Walpole 1966: the mean of 1 / (K + 4/3 G0) and of 1 / (G + z0) with the stiffest (upper)
 * or the softest (lower) phase's K0 and G0, z0 = G0 (9 K0 + 8 G0) / (6 (K0 + 2 G0)). */
static OssBound
hashin (const OssMicroVolume *volume, double filler, double extreme)
{
  double k0 = bulk_of (extreme, volume->poisson), g0 = shear_of (extreme, volume->poisson);
  double a = 4.0 / 3.0 * g0, z = extreme > 0.0 ? g0 * (9.0 * k0 + 8.0 * g0) / (6.0 * (k0 + 2.0 * g0)) : 0.0;
  double bulk = 0.0, shear = 0.0;
  gsize n = oss_micro_volume_count (volume);

  if (!(extreme > 0.0))
    return from_modulus (0.0, volume->poisson);
  for (gsize v = 0; v < n; v++)
    {
      double modulus = volume->modulus_mpa[v] > 0.0f ? (double) volume->modulus_mpa[v] : filler;
      bulk += 1.0 / (bulk_of (modulus, volume->poisson) + a);
      shear += 1.0 / (shear_of (modulus, volume->poisson) + z);
    }
  double k = (double) n / bulk - a, g = (double) n / shear - z;
  return (OssBound){ 9.0 * k * g / (3.0 * k + g), k, g };
}

void
oss_homogenize_bounds (const OssMicroVolume *volume, OssHomogenized *result)
{
  gsize n = oss_micro_volume_count (volume), bone = 0;
  double sum = 0.0, inverse = 0.0, low = INFINITY, high = 0.0, filler = volume->void_modulus_mpa;

  for (gsize v = 0; v < n; v++)
    {
      gboolean is_bone = volume->modulus_mpa[v] > 0.0f;
      double modulus = is_bone ? (double) volume->modulus_mpa[v] : filler;
      bone += is_bone;
      sum += modulus;
      inverse += 1.0 / modulus;
      low = fmin (low, modulus);
      high = fmax (high, modulus);
    }
  result->bv_tv = (double) bone / (double) n;
  result->voigt = from_modulus (sum / (double) n, volume->poisson);
  result->reuss = from_modulus (low > 0.0 ? (double) n / inverse : 0.0, volume->poisson);
  result->hashin_high = hashin (volume, filler, high);
  result->hashin_low = hashin (volume, filler, low);
}
