/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transfer function whose disc has a measured profile: least squares. */
#include "calibrate/oss-kernel-private.h"

#include <math.h>
#include <string.h>

#define HIGHEST_PER_MM 3.0

void
oss_kernel_profile_prepare (OssKernelProfile *self, double radius)
{
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
  g_free (self->j0);
  g_free (self->spectrum);
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

/* Residuals of the disc with these parameters and its best levels, weighted; their sum of squares. */
double
oss_kernel_profile_residuals (OssKernelProfile *self, const double *p, double *out)
{
  const OssKernel kernel = { .f50 = p[1], .exponent = p[2], .overshoot = p[3], .peak = p[4] };
  double m[3][4] = { { 0.0 } }, sum = 0.0;

  for (int i = 0; i < self->n_f; i++)
    {
      double f = (i + 0.5) * self->step;
      self->spectrum[i] = 2.0 * G_PI * p[0] * j1 (2.0 * G_PI * p[0] * f) * oss_kernel_mtf (&kernel, f) * self->step;
    }
  for (int b = 0; b < self->n; b++)
    {
      const double *row = self->j0 + (gsize) b * self->n_f;
      double u = 0.0;
      for (int i = 0; i < self->n_f; i++)
        u += row[i] * self->spectrum[i];
      self->u[b] = u;
      const double basis[4] = { 1.0, u, self->r[b] - p[0], self->hu[b] };
      for (int a = 0; a < 3; a++)
        for (int c = 0; c < 4; c++)
          m[a][c] += self->weight[b] * basis[a] * basis[c];
    }
  if (!solve3 (m, self->level))
    return INFINITY;
  for (int b = 0; b < self->n; b++)
    {
      double fit = self->level[0] + self->level[1] * self->u[b] + self->level[2] * (self->r[b] - p[0]);
      out[b] = sqrt (self->weight[b]) * (self->hu[b] - fit);
      sum += out[b] * out[b];
    }
  return sum;
}

static gboolean
is_sensible (const double *p)
{
  return p[0] > 0.5 * OSS_KERNEL_LEAST_RADIUS_MM && p[1] > 0.05 && p[1] < 2.5 && p[2] > 0.8 && p[2] < 8.0 && p[3] > -0.5
         && p[3] < 2.0 && p[4] > 0.02 && p[4] < 2.0;
}

/* Solves the damped normal equations of the @n parameters that move. */
static gboolean
normal_step (double a[OSS_KERNEL_PARAMETERS][OSS_KERNEL_PARAMETERS + 1], int n, double *x)
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

/* Levenberg and Marquardt over the first @n parameters; the sum of squares.  @variance: (nullable): of f50, times the
 * residuals' variance. */
double
oss_kernel_profile_minimise (OssKernelProfile *self, int n, double *p, double *variance)
{
  g_autofree double *at = g_new (double, self->n), *moved = g_new (double, (gsize) self->n *OSS_KERNEL_PARAMETERS);
  double damping = 1e-3, best = oss_kernel_profile_residuals (self, p, at);

  for (int turn = 0; turn < 60 && damping < 1e9; turn++)
    {
      double normal[OSS_KERNEL_PARAMETERS][OSS_KERNEL_PARAMETERS + 1] = { { 0.0 } },
                                                                   damped[OSS_KERNEL_PARAMETERS]
                                                                         [OSS_KERNEL_PARAMETERS + 1],
                                                                   step[OSS_KERNEL_PARAMETERS];
      for (int c = 0; c < n; c++)
        {
          double q[OSS_KERNEL_PARAMETERS], h = 1e-4 * fmax (fabs (p[c]), 0.05);
          memcpy (q, p, sizeof q);
          q[c] += h;
          oss_kernel_profile_residuals (self, q, moved + (gsize) self->n * c);
          for (int b = 0; b < self->n; b++)
            moved[(gsize) self->n * c + b] = (at[b] - moved[(gsize) self->n * c + b]) / h;
        }
      for (int c = 0; c < n; c++)
        {
          for (int d = 0; d < n; d++)
            for (int b = 0; b < self->n; b++)
              normal[c][d] += moved[(gsize) self->n * c + b] * moved[(gsize) self->n * d + b];
          for (int b = 0; b < self->n; b++)
            normal[c][n] += moved[(gsize) self->n * c + b] * at[b];
        }
      if (variance != NULL)
        {
          memcpy (damped, normal, sizeof damped);
          for (int c = 0; c < n; c++)
            damped[c][n] = c == 1;
          *variance = normal_step (damped, n, step) ? step[1] : NAN;
        }
      gboolean better = FALSE;
      while (!better && damping < 1e9)
        {
          double q[OSS_KERNEL_PARAMETERS];
          memcpy (damped, normal, sizeof damped);
          for (int c = 0; c < n; c++)
            damped[c][c] *= 1.0 + damping;
          memcpy (q, p, sizeof q);
          gboolean solved = normal_step (damped, n, step);
          for (int c = 0; c < n; c++)
            q[c] += solved ? step[c] : 0.0;
          double sum = solved && is_sensible (q) ? oss_kernel_profile_residuals (self, q, moved) : INFINITY;
          better = sum < best;
          damping = better ? fmax (0.2 * damping, 1e-9) : 5.0 * damping;
          if (better)
            {
              gboolean settled = best - sum < 1e-9 * best;
              memcpy (p, q, sizeof q);
              best = oss_kernel_profile_residuals (self, p, at);
              if (settled)
                return best;
            }
        }
    }
  return oss_kernel_profile_residuals (self, p, at);
}
