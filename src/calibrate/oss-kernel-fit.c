/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transfer function whose discs have the measured profiles: least squares, one or several edges at once. */
#include "calibrate/oss-kernel-private.h"

#include <math.h>
#include <string.h>

#define HIGHEST_PER_MM 3.0
#define CHANCE 0.25
#define PARAMETERS (4 + OSS_KERNEL_MOST_PROFILES)

/* Room and tables for a disc of about @radius. */
static void
profile_prepare (OssKernelProfile *self, double radius)
{
  if (self->j0 != NULL)
    return;
  self->step = fmin (0.01, 0.12 / (radius + OSS_KERNEL_REACH_MM));
  self->n_f = (int) ceil (HIGHEST_PER_MM / self->step);
  self->j0 = g_new (double, (gsize) self->n *(gsize) self->n_f);
  self->spectrum = g_new (double, self->n_f);
  for (int b = 0; b < self->n; b++)
    for (int i = 0; i < self->n_f; i++)
      self->j0[(gsize) b * self->n_f + i] = j0 (2.0 * G_PI * self->r[b] * (i + 0.5) * self->step);
}

void
oss_kernel_profile_clear (OssKernelProfile *self)
{
  g_clear_pointer (&self->j0, g_free);
  g_clear_pointer (&self->spectrum, g_free);
}

/* 3 x 3 by elimination; FALSE when singular. */
static gboolean
solve3 (double m[3][4], double x[3])
{
  for (int a = 0; a < 3; a++)
    {
      if (fabs (m[a][a]) < 1e-12)
        return FALSE;
      for (int b = 0; b < 3; b++)
        if (b != a)
          {
            double factor = m[b][a] / m[a][a];
            for (int c = a; c < 4; c++)
              m[b][c] -= factor * m[a][c];
          }
    }
  for (int a = 0; a < 3; a++)
    x[a] = m[a][3] / m[a][a];
  return TRUE;
}

/* Residuals of the disc of @radius under @kernel and its best levels, weighted; their sum of squares. */
static double
profile_residuals (OssKernelProfile *self, const OssKernel *kernel, double radius, double *out)
{
  double m[3][4] = { { 0.0 } }, sum = 0.0;

  for (int i = 0; i < self->n_f; i++)
    {
      double f = (i + 0.5) * self->step;
      self->spectrum[i] = 2.0 * G_PI * radius * j1 (2.0 * G_PI * radius * f) * oss_kernel_mtf (kernel, f) * self->step;
    }
  for (int b = 0; b < self->n; b++)
    {
      const double *row = self->j0 + (gsize) b * self->n_f;
      double u = 0.0;
      for (int i = 0; i < self->n_f; i++)
        u += row[i] * self->spectrum[i];
      self->u[b] = u;
      const double basis[4] = { 1.0, u, self->r[b] - radius, self->hu[b] };
      for (int a = 0; a < 3; a++)
        for (int c = 0; c < 4; c++)
          m[a][c] += self->weight[b] * basis[a] * basis[c];
    }
  if (!solve3 (m, self->level))
    return INFINITY;
  for (int b = 0; b < self->n; b++)
    {
      double fit = self->level[0] + self->level[1] * self->u[b] + self->level[2] * (self->r[b] - radius);
      out[b] = sqrt (self->weight[b]) * (self->hu[b] - fit);
      sum += out[b] * out[b];
    }
  return sum;
}

/* Of all profiles with the parameters @p: f50 per mm, exponent, the radii, overshoot, peak per mm. */
static double
residuals (OssKernelFit *self, const double *p, double *out)
{
  const OssKernel kernel = {
    .f50 = p[0], .exponent = p[1], .overshoot = p[2 + self->n_profiles], .peak = p[3 + self->n_profiles]
  };
  double sum = 0.0;

  for (int i = 0; i < self->n_profiles; i++)
    {
      sum += profile_residuals (self->profiles[i], &kernel, p[2 + i], out);
      out += self->profiles[i]->n;
    }
  return sum;
}

static gboolean
is_sensible (const OssKernelFit *self, const double *p)
{
  double overshoot = p[2 + self->n_profiles], peak = p[3 + self->n_profiles];

  for (int i = 0; i < self->n_profiles; i++)
    if (!(p[2 + i] > 0.5 * OSS_KERNEL_LEAST_RADIUS_MM))
      return FALSE;
  return p[0] > 0.05 && p[0] < 2.5 && p[1] > 0.8 && p[1] < 8.0 && overshoot > -0.5 && overshoot < 2.0 && peak > 0.02
         && peak < 2.0;
}

/* Solves the damped normal equations of the @n parameters that move. */
static gboolean
normal_step (double a[PARAMETERS][PARAMETERS + 1], int n, double *x)
{
  for (int i = 0; i < n; i++)
    {
      if (!(fabs (a[i][i]) > 1e-30))
        return FALSE;
      for (int j = 0; j < n; j++)
        if (j != i)
          {
            double factor = a[j][i] / a[i][i];
            for (int k = i; k <= n; k++)
              a[j][k] -= factor * a[i][k];
          }
    }
  for (int i = 0; i < n; i++)
    x[i] = a[i][n] / a[i][i];
  return TRUE;
}

/* Normal equations by differences about @p, whose residuals are @at. */
static void
make_normal (OssKernelFit *self, int n, const double *p, const double *at, double *moved,
             double normal[PARAMETERS][PARAMETERS + 1])
{
  gsize count = (gsize) self->n_bins;

  memset (normal, 0, sizeof (double) * PARAMETERS * (PARAMETERS + 1));
  for (int c = 0; c < n; c++)
    {
      double q[PARAMETERS], h = 1e-4 * fmax (fabs (p[c]), 0.05), *column = moved + count * c;
      memcpy (q, p, sizeof q);
      q[c] += h;
      residuals (self, q, column);
      for (gsize b = 0; b < count; b++)
        column[b] = (at[b] - column[b]) / h;
    }
  for (int c = 0; c < n; c++)
    {
      for (int d = 0; d < n; d++)
        for (gsize b = 0; b < count; b++)
          normal[c][d] += moved[count * c + b] * moved[count * d + b];
      for (gsize b = 0; b < count; b++)
        normal[c][n] += moved[count * c + b] * at[b];
    }
}

/* Levenberg and Marquardt over the first @n parameters; the sum of squares.  @variance: of f50, times the residuals'
 * variance. */
static double
minimise (OssKernelFit *self, int n, double *p, double *variance)
{
  g_autofree double *at = g_new (double, self->n_bins), *moved = g_new (double, (gsize) self->n_bins *PARAMETERS);
  double damping = 1e-3, best = residuals (self, p, at);

  for (int turn = 0; turn < 60 && damping < 1e9; turn++)
    {
      double normal[PARAMETERS][PARAMETERS + 1], damped[PARAMETERS][PARAMETERS + 1], step[PARAMETERS];
      gboolean better = FALSE;

      make_normal (self, n, p, at, moved, normal);
      memcpy (damped, normal, sizeof damped);
      for (int c = 0; c < n; c++)
        damped[c][n] = c == 0;
      *variance = normal_step (damped, n, step) ? step[0] : NAN;
      while (!better && damping < 1e9)
        {
          double q[PARAMETERS];
          memcpy (damped, normal, sizeof damped);
          for (int c = 0; c < n; c++)
            damped[c][c] *= 1.0 + damping;
          memcpy (q, p, sizeof q);
          gboolean solved = normal_step (damped, n, step);
          for (int c = 0; c < n; c++)
            q[c] += solved ? step[c] : 0.0;
          double sum = solved && is_sensible (self, q) ? residuals (self, q, moved) : INFINITY;
          better = sum < best;
          damping = better ? fmax (0.2 * damping, 1e-9) : 5.0 * damping;
          if (better)
            {
              gboolean settled = best - sum < 1e-9 * best;
              memcpy (p, q, sizeof q);
              best = residuals (self, p, at);
              if (settled)
                return best;
            }
        }
    }
  return residuals (self, p, at);
}

void
oss_kernel_fit (OssKernelFit *self, const double *radius)
{
  int n = self->n_profiles;
  double p[PARAMETERS] = { 0.4, 2.2 }, q[PARAMETERS], variance = NAN, other = NAN;

  self->n_bins = 0;
  for (int i = 0; i < n; i++)
    {
      profile_prepare (self->profiles[i], radius[i]);
      self->n_bins += self->profiles[i]->n;
      p[2 + i] = radius[i];
    }
  p[3 + n] = 0.2;
  double sum = minimise (self, 2 + n, p, &variance);
  memcpy (q, p, sizeof q);
  q[2 + n] = 0.05, q[3 + n] = 0.5 * p[0];
  /* An overshoot is believed where it explains more of what the plain shape leaves than noise would let it: a quarter
   * of one rod's, less of more rods' whose noise is not the same. */
  double enhanced = minimise (self, 4 + n, q, &other);
  if (enhanced < (1.0 - CHANCE / sqrt (n)) * sum && q[2 + n] > 0.03)
    {
      memcpy (p, q, sizeof p);
      sum = enhanced, variance = other;
    }
  g_autofree double *last = g_new (double, self->n_bins);
  residuals (self, p, last); /* the levels that belong to them */
  self->kernel = (OssKernel){ .status = OSS_KERNEL_MEASURED,
                              .own = TRUE,
                              .f50 = 10.0 * p[0],
                              .exponent = p[1],
                              .overshoot = fmax (p[2 + n], 0.0),
                              .peak = 10.0 * p[3 + n] };
  memcpy (self->radius, p + 2, n * sizeof *p);
  self->sum = sum;
  self->f50_error = 10.0 * sqrt (variance * sum / fmax (self->n_bins - 3 * n - 3, 1));
}
