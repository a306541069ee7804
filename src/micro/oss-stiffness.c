/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "micro/oss-stiffness.h"

#include "base/oss-random.h"
#include "base/oss-vector.h"

#include <string.h>

#define STARTS 48

static const int pair[6][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 1, 2 }, { 0, 2 }, { 0, 1 } };

/* Gauss-Jordan with row pivots, on the matrix scaled to its largest entry. */
gboolean
oss_stiffness_inverse (const double matrix[36], double inverse[36])
{
  double a[6][12] = { { 0.0 } }, largest = 0.0;

  for (int i = 0; i < 36; i++)
    largest = fmax (largest, fabs (matrix[i]));
  if (!(largest > 0.0) || !isfinite (largest))
    return FALSE;
  for (int i = 0; i < 6; i++)
    {
      for (int j = 0; j < 6; j++)
        a[i][j] = matrix[6 * i + j] / largest;
      a[i][6 + i] = 1.0;
    }
  for (int k = 0; k < 6; k++)
    {
      int best = k;
      for (int i = k + 1; i < 6; i++)
        best = fabs (a[i][k]) > fabs (a[best][k]) ? i : best;
      if (!(fabs (a[best][k]) > 1e-13))
        return FALSE;
      for (int j = 0; j < 12; j++)
        {
          double kept = a[k][j];
          a[k][j] = a[best][j];
          a[best][j] = kept;
        }
      for (int j = 11; j >= k; j--)
        a[k][j] /= a[k][k];
      for (int i = 0; i < 6; i++)
        for (int j = 11; i != k && j >= k; j--)
          a[i][j] -= a[i][k] * a[k][j];
    }
  for (int i = 0; i < 36; i++)
    inverse[i] = a[i / 6][6 + i % 6] / largest;
  return TRUE;
}

void
oss_stiffness_turn (const double stiffness[36], const double axes[9], double turned[36])
{
  double m[36], half[36];

  /* stress along the new axes = m stress */
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      {
        const double *a = axes + 3 * pair[i][0], *b = axes + 3 * pair[i][1];
        int k = pair[j][0], l = pair[j][1];
        m[6 * i + j] = k == l ? a[k] * b[k] : a[k] * b[l] + a[l] * b[k];
      }
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      {
        double sum = 0.0;
        for (int k = 0; k < 6; k++)
          sum += m[6 * i + k] * stiffness[6 * k + j];
        half[6 * i + j] = sum;
      }
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      {
        double sum = 0.0;
        for (int k = 0; k < 6; k++)
          sum += half[6 * i + k] * m[6 * j + k];
        turned[6 * i + j] = sum;
      }
}

void
oss_stiffness_isotropic (double modulus_mpa, double poisson, double stiffness[36])
{
  double mu = modulus_mpa / (2.0 * (1.0 + poisson)), lambda = 2.0 * mu * poisson / (1.0 - 2.0 * poisson);

  memset (stiffness, 0, 36 * sizeof *stiffness);
  for (int i = 0; i < 3; i++)
    {
      for (int j = 0; j < 3; j++)
        stiffness[6 * i + j] = lambda + (i == j ? 2.0 * mu : 0.0);
      stiffness[7 * (i + 3)] = mu;
    }
}

gboolean
oss_stiffness_engineering (const double stiffness[36], OssEngineering *engineering)
{
  double s[36];

  if (!oss_stiffness_inverse (stiffness, s))
    return FALSE;
  for (int i = 0; i < 3; i++)
    {
      engineering->modulus_mpa[i] = 1.0 / s[7 * i];
      engineering->shear_mpa[i] = 1.0 / s[7 * (i + 3)];
      engineering->poisson[i] = -s[6 * pair[i + 3][1] + pair[i + 3][0]] / s[7 * pair[i + 3][0]];
    }
  return TRUE;
}

/* --- The orthotropic fit --- */

/* Entries between the three normal and the three shear components, and between different shears, as they count in the
 * tensor's norm: each shear index twice. */
static double
dropped_square (const double c[36])
{
  double sum = 0.0;

  for (int i = 0; i < 3; i++)
    for (int j = 3; j < 6; j++)
      sum += 4.0 * c[6 * i + j] * c[6 * i + j];
  for (int i = 3; i < 6; i++)
    for (int j = 3; j < i; j++)
      sum += 8.0 * c[6 * i + j] * c[6 * i + j];
  return sum;
}

static double
whole_square (const double c[36])
{
  double sum = 0.0;
  for (int i = 0; i < 36; i++)
    sum += (i / 6 < 3 ? 1.0 : 2.0) * (i % 6 < 3 ? 1.0 : 2.0) * c[i] * c[i];
  return sum;
}

/* axes turned by a small rotation vector (Rodrigues), rows orthonormal up to rounding. */
static void
turn_axes (const double axes[9], const double vector[3], double out[9])
{
  double angle = oss_norm (vector), c = cos (angle), s = angle > 0.0 ? sin (angle) / angle : 1.0;
  double t = angle > 0.0 ? (1.0 - c) / (angle * angle) : 0.5;

  for (int i = 0; i < 3; i++)
    {
      const double *a = axes + 3 * i;
      double along = oss_dot (vector, a), across[3];
      oss_cross (vector, a, across);
      for (int k = 0; k < 3; k++)
        out[3 * i + k] = c * a[k] + s * across[k] + t * along * vector[k];
    }
}

static double
objective (const double stiffness[36], const double axes[9])
{
  double turned[36];
  oss_stiffness_turn (stiffness, axes, turned);
  return dropped_square (turned);
}

/* Walks downhill from @axes with steps about the three coordinate axes, halved when none helps. */
static double
descend (const double stiffness[36], double axes[9])
{
  double best = objective (stiffness, axes);

  for (double step = 0.25; step > 1e-9; step *= 0.5)
    for (gboolean moved = TRUE; moved;)
      {
        moved = FALSE;
        for (int k = 0; k < 6; k++)
          {
            double vector[3] = { 0.0 }, trial[9];
            vector[k / 2] = k % 2 == 0 ? step : -step;
            turn_axes (axes, vector, trial);
            double value = objective (stiffness, trial);
            if (value < best * (1.0 - 1e-9))
              {
                best = value;
                memcpy (axes, trial, sizeof trial);
                moved = TRUE;
              }
          }
      }
  return best;
}

/* Gram-Schmidt: many small turns leave rounding behind. */
static void
straighten (double axes[9])
{
  oss_normalize (axes);
  double along = oss_dot (axes, axes + 3);
  for (int k = 0; k < 3; k++)
    axes[3 + k] -= along * axes[k];
  oss_normalize (axes + 3);
  oss_cross (axes, axes + 3, axes + 6);
}

static void
random_axes (OssRandom *random, double axes[9])
{
  for (int k = 0; k < 6; k++)
    axes[k] = oss_random_normal (random);
  straighten (axes);
}

static void
find_axes (const double stiffness[36], double axes[9])
{
  const double identity[9] = { 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0 };
  double whole = whole_square (stiffness), best;
  OssRandom random;

  memcpy (axes, identity, sizeof identity);
  best = objective (stiffness, axes);
  if (best <= 1e-20 * whole)
    return;
  oss_random_init (&random, 1, 0);
  for (int i = 0; i <= STARTS; i++)
    {
      double trial[9];
      if (i == 0)
        memcpy (trial, identity, sizeof trial);
      else
        random_axes (&random, trial);
      double value = descend (stiffness, trial);
      if (value < best - 1e-9 * whole || (i == 0 && value < best))
        {
          best = value;
          memcpy (axes, trial, sizeof trial);
        }
    }
  straighten (axes);
}

/* Softest axis first; each axis towards its greatest positive component, the middle one making it right-handed. */
static void
order_axes (double axes[9], const double modulus[3])
{
  int order[3] = { 0, 1, 2 };
  double sorted[9];

  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2 - i; j++)
      if (modulus[order[j]] > modulus[order[j + 1]] * (1.0 + 1e-9))
        {
          int kept = order[j];
          order[j] = order[j + 1];
          order[j + 1] = kept;
        }
  for (int i = 0; i < 3; i++)
    {
      const double *a = axes + 3 * order[i];
      int main = fabs (a[0]) > fabs (a[1]) ? 0 : 1;
      main = fabs (a[2]) > fabs (a[main]) ? 2 : main;
      for (int k = 0; k < 3; k++)
        sorted[3 * i + k] = a[main] < 0.0 ? -a[k] : a[k];
    }
  double third[3];
  oss_cross (sorted, sorted + 3, third);
  if (oss_dot (third, sorted + 6) < 0.0)
    for (int k = 3; k < 6; k++)
      sorted[k] = -sorted[k];
  memcpy (axes, sorted, sizeof sorted);
}

static void
keep_orthotropic (const double turned[36], double stiffness[36])
{
  for (int i = 0; i < 36; i++)
    stiffness[i] = (i / 6 < 3 && i % 6 < 3) || i / 6 == i % 6 ? turned[i] : 0.0;
}

gboolean
oss_orthotropic_fit (const double stiffness[36], OssOrthotropic *fit)
{
  double even[36], turned[36];

  memset (fit, 0, sizeof *fit);
  for (int i = 0; i < 36; i++)
    even[i] = 0.5 * (stiffness[i] + stiffness[6 * (i % 6) + i / 6]);
  find_axes (even, fit->axes);
  for (int pass = 0; pass < 2; pass++)
    {
      oss_stiffness_turn (even, fit->axes, turned);
      keep_orthotropic (turned, fit->stiffness_mpa);
      if (!oss_stiffness_engineering (fit->stiffness_mpa, &fit->engineering))
        return FALSE;
      if (pass == 0)
        order_axes (fit->axes, fit->engineering.modulus_mpa);
    }
  fit->residue = sqrt (dropped_square (turned) / whole_square (even));
  return TRUE;
}
