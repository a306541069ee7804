/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-plasticity.h"

#include "base/oss-vector.h"
#include "fem/oss-plasticity-private.h"

#include <string.h>

/* A trial stress above the surface by less than this share is on it. */
#define ON_SURFACE 1e-12

OssPlastic
oss_plastic_make (OssCriterion criterion, double modulus_mpa, double poisson, double compression_mpa,
                  double tension_mpa)
{
  gboolean symmetric = criterion == OSS_CRITERION_VON_MISES || isinf (compression_mpa);

  return (OssPlastic){ .criterion = criterion,
                       .bulk = modulus_mpa / (3.0 * (1.0 - 2.0 * poisson)),
                       .shear = modulus_mpa / (2.0 * (1.0 + poisson)),
                       .yield = compression_mpa,
                       .ratio = symmetric ? 1.0 : fmax (compression_mpa / tension_mpa, 1.0) };
}

void
oss_plastic_elastic (const OssPlastic *self, double *tangent)
{
  double lambda = self->bulk - 2.0 / 3.0 * self->shear;

  memset (tangent, 0, 36 * sizeof *tangent);
  for (int i = 0; i < 3; i++)
    {
      for (int k = 0; k < 3; k++)
        tangent[6 * i + k] = lambda;
      tangent[7 * i] += 2.0 * self->shear;
      tangent[7 * (3 + i)] = self->shear;
    }
}

void
oss_invariant_surface (const OssPlastic *self, double p, double q, OssInvariantSurface *surface)
{
  double r = self->ratio, a = 3.0 * (r - 1.0), s = sqrt (a * a * p * p + 4.0 * r * q * q);

  *surface = (OssInvariantSurface){ .value = q, .by_q = 1.0 };
  if (self->criterion == OSS_CRITERION_DRUCKER_PRAGER)
    *surface =
        (OssInvariantSurface){ .value = 0.5 * (1.0 + r) * q + 0.5 * a * p, .by_p = 0.5 * a, .by_q = 0.5 * (1.0 + r) };
  else if (self->criterion == OSS_CRITERION_PARABOLOID && s > 0.0)
    *surface = (OssInvariantSurface){ .value = 0.5 * (a * p + s),
                                      .by_p = 0.5 * (a + a * a * p / s),
                                      .by_q = 2.0 * r * q / s,
                                      .by_pp = 2.0 * r * a * a * q * q / (s * s * s),
                                      .by_pq = -2.0 * r * a * a * p * q / (s * s * s),
                                      .by_qq = 2.0 * r * a * a * p * p / (s * s * s) };
  if (self->criterion == OSS_CRITERION_PARABOLOID && r == 1.0)
    *surface = (OssInvariantSurface){ .value = q, .by_q = 1.0 };
}

double
oss_plastic_equivalent (const OssPlastic *self, const double stress[6])
{
  OssInvariantSurface surface;
  double values[3];

  if (self->criterion == OSS_CRITERION_MOHR_COULOMB)
    {
      oss_symmetric_eigen (stress, values, NULL);
      return self->ratio * values[0] - values[2];
    }
  oss_invariant_surface (self, (stress[0] + stress[1] + stress[2]) / 3.0, oss_von_mises (stress), &surface);
  return surface.value;
}

double
oss_plastic_yield (const OssPlastic *self, double equivalent, double *slope)
{
  double yield = self->yield + self->hardening * equivalent;

  if (slope != NULL)
    *slope = yield > self->least ? self->hardening : 0.0;
  return fmax (yield, self->least);
}

/* A straight surface: the step dk at which F_trial - stiffness dk = Y (k + dk). */
static double
straight_step (const OssPlastic *self, double trial, double stiffness, double equivalent)
{
  double slope, yield = oss_plastic_yield (self, equivalent, &slope);
  double step = stiffness + slope > 0.0 ? (trial - yield) / (stiffness + slope) : INFINITY;

  if (slope < 0.0 && !(yield + slope * step > self->least))
    step = (trial - self->least) / stiffness;
  return step;
}

/* Von Mises and Drucker-Prager; the cone's tip where the return would pass it. */
static double
return_to_cone (const OssPlastic *self, double equivalent, OssInvariants *at)
{
  OssInvariantSurface f;

  oss_invariant_surface (self, at->p, at->q, &f);
  double step =
      straight_step (self, f.value, 3.0 * self->shear * f.by_q * f.by_q + self->bulk * f.by_p * f.by_p, equivalent);
  if (at->q - 3.0 * self->shear * step * f.by_q >= 0.0)
    {
      at->p -= self->bulk * step * f.by_p;
      at->q -= 3.0 * self->shear * step * f.by_q;
      return step;
    }
  step = straight_step (self, f.by_p * at->p, self->bulk * f.by_p * f.by_p, equivalent);
  at->p -= self->bulk * step * f.by_p;
  at->q = 0.0;
  at->tip = TRUE;
  return step;
}

/* The closest point of q^2 + 3 b p Y = Y^2 / r, b = 1 - 1 / r, for a given Y: its multiplier m solves
 * q_t^2 / (1 + 6 G m)^2 + 3 Y b (p_t - 3 K Y b m) = Y^2 / r, falling and convex, so that Newton's steps from 0 never
 * pass the root.  Returns the step of the equivalent plastic strain that goes with it. */
static double
close_to_paraboloid (const OssPlastic *self, double yield, OssInvariants *at)
{
  double b = 1.0 - 1.0 / self->ratio, radius = yield * yield / self->ratio, m = 0.0, p = at->p, q = at->q;

  for (int pass = 0; pass < 60; pass++)
    {
      double shrink = 1.0 + 6.0 * self->shear * m;
      q = at->q / shrink;
      p = at->p - 3.0 * self->bulk * yield * b * m;
      double left = q * q + 3.0 * yield * b * p - radius;
      double slope = -12.0 * self->shear * q * q / shrink - 9.0 * self->bulk * yield * yield * b * b;
      if (!(left > 1e-15 * (q * q + radius)) || !(slope < 0.0))
        break;
      m -= left / slope;
    }
  at->p = p;
  at->q = q;
  return m * (q * q + radius) / yield;
}

/* With hardening or softening the paraboloid moves while it is approached: the step of the equivalent plastic
 * strain that agrees with its own Y, between brackets, by the Illinois form of regula falsi. */
static double
return_to_paraboloid (const OssPlastic *self, double equivalent, OssInvariants *at)
{
  OssInvariants start = *at;
  double low = 0.0, slope, yield = oss_plastic_yield (self, equivalent, &slope);
  double high = close_to_paraboloid (self, yield, at), miss_low = -high, miss_high;
  int side = 0;

  if (slope == 0.0)
    return high;
  if (slope < 0.0)
    {
      *at = start;
      high = close_to_paraboloid (self, self->least, at);
    }
  *at = start;
  miss_high = high - close_to_paraboloid (self, oss_plastic_yield (self, equivalent + high, NULL), at);
  if (!(miss_high > 0.0))
    return high;
  for (int pass = 0; pass < 100; pass++)
    {
      double middle = (low * miss_high - high * miss_low) / (miss_high - miss_low);
      *at = start;
      double miss = middle - close_to_paraboloid (self, oss_plastic_yield (self, equivalent + middle, NULL), at);
      if (fabs (miss) <= 1e-14 * high)
        return middle;
      if (miss > 0.0)
        {
          miss_low *= side == 1 ? 0.5 : 1.0;
          high = middle, miss_high = miss, side = 1;
        }
      else
        {
          miss_high *= side == -1 ? 0.5 : 1.0;
          low = middle, miss_low = miss, side = -1;
        }
    }
  return 0.5 * (low + high);
}

/* How the returned p and q follow the trial p and q: d (p, q) = m d (p, q)_trial. */
static void
follow_trial (const OssPlastic *self, double step, double slope, const OssInvariants *at, double m[4])
{
  OssInvariantSurface f;
  double k = self->bulk, g = 3.0 * self->shear, h = fmax (slope, 0.0);

  oss_invariant_surface (self, at->p, at->q, &f);
  memset (m, 0, 4 * sizeof *m);
  if (at->tip)
    {
      m[0] = h / (h + k * f.by_p * f.by_p);
      return;
    }
  double a = 1.0 + k * step * f.by_pp, b = k * step * f.by_pq, c = g * step * f.by_pq, d = 1.0 + g * step * f.by_qq;
  double det = a * d - b * c;
  const double inverse[4] = { d / det, -b / det, -c / det, a / det };
  const double flow[2] = { inverse[0] * k * f.by_p + inverse[1] * g * f.by_q,
                           inverse[2] * k * f.by_p + inverse[3] * g * f.by_q };
  const double row[2] = { f.by_p * inverse[0] + f.by_q * inverse[2], f.by_p * inverse[1] + f.by_q * inverse[3] };
  double all = h + f.by_p * flow[0] + f.by_q * flow[1];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      m[2 * i + j] = inverse[2 * i + j] - flow[i] * row[j] / all;
}

/* d stress / d strain from the two invariants; @n: direction of the deviatoric trial stress, unit length. */
static void
invariant_tangent (const OssPlastic *self, const double m[4], double shrink, const double n[6], double *tangent)
{
  double shear = 2.0 * self->shear, bulk = self->bulk * m[0], along = shear * (m[3] - shrink);
  double couple = sqrt (2.0 / 3.0) * self->bulk * m[2];

  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      {
        double volume = i < 3 && j < 3 ? bulk - shear * shrink / 3.0 : 0.0;
        double mixed = couple * ((i < 3 ? n[j] : 0.0) + (j < 3 ? n[i] : 0.0));
        double same = i != j ? 0.0 : i < 3 ? shear * shrink : 0.5 * shear * shrink;
        tangent[6 * i + j] = volume + mixed + same + along * n[i] * n[j];
      }
}

static double
return_invariants (const OssPlastic *self, const double trial[6], double equivalent, double stress[6], double *tangent)
{
  OssInvariants before = { .p = (trial[0] + trial[1] + trial[2]) / 3.0, .q = oss_von_mises (trial) }, at = before;
  double slope, m[4], n[6], length = sqrt (2.0 / 3.0) * before.q;
  double step = self->criterion == OSS_CRITERION_PARABOLOID && self->ratio > 1.0
                    ? return_to_paraboloid (self, equivalent, &at)
                    : return_to_cone (self, equivalent, &at);
  double shrink = before.q > 0.0 ? at.q / before.q : 0.0;

  for (int k = 0; k < 6; k++)
    {
      double deviator = trial[k] - (k < 3 ? before.p : 0.0);
      n[k] = length > 0.0 ? deviator / length : 0.0;
      stress[k] = shrink * deviator + (k < 3 ? at.p : 0.0);
    }
  if (tangent != NULL)
    {
      oss_plastic_yield (self, equivalent + step, &slope);
      follow_trial (self, step, slope, &at, m);
      invariant_tangent (self, m, shrink, n, tangent);
    }
  return step;
}

/* Plastic strain so that the stress is what the elastic strain gives. */
static void
take_plastic_strain (const OssPlastic *self, const double strain[6], const double stress[6], double *plastic)
{
  double p = (stress[0] + stress[1] + stress[2]) / 3.0;

  for (int k = 0; k < 6; k++)
    {
      double deviator = stress[k] - (k < 3 ? p : 0.0);
      plastic[k] = strain[k] - (k < 3 ? 0.5 * deviator / self->shear + p / (3.0 * self->bulk) : deviator / self->shear);
    }
}

gboolean
oss_plastic_return (const OssPlastic *self, const double strain[6], const double *before, double *after,
                    double stress[6], double *tangent)
{
  double lambda = self->bulk - 2.0 / 3.0 * self->shear, elastic[6], trial[6], equivalent = before[6];
  double yield = oss_plastic_yield (self, equivalent, NULL);

  for (int k = 0; k < 6; k++)
    elastic[k] = strain[k] - before[k];
  double pressure = lambda * (elastic[0] + elastic[1] + elastic[2]);
  for (int k = 0; k < 6; k++)
    trial[k] = k < 3 ? pressure + 2.0 * self->shear * elastic[k] : self->shear * elastic[k];
  if (isinf (yield) || !(oss_plastic_equivalent (self, trial) > yield * (1.0 + ON_SURFACE)))
    {
      memcpy (stress, trial, sizeof trial);
      memmove (after, before, OSS_PLASTIC_STATE * sizeof *after);
      if (tangent != NULL)
        oss_plastic_elastic (self, tangent);
      return FALSE;
    }
  double step = self->criterion == OSS_CRITERION_MOHR_COULOMB
                    ? oss_return_mohr_coulomb (self, trial, equivalent, stress, tangent)
                    : return_invariants (self, trial, equivalent, stress, tangent);
  take_plastic_strain (self, strain, stress, after);
  after[6] = equivalent + step;
  return TRUE;
}
