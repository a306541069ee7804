/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-vector.h"
#include "fem/oss-plasticity-private.h"

#include <string.h>

/* Up to two active planes of Mohr-Coulomb, or its tip, in principal stresses s1 >= s2 >= s3. */
typedef struct
{
  int n;
  double normal[2][3];
  gboolean tip;
} Active;

static void
elastic_apply (const OssPlastic *self, const double x[3], double y[3])
{
  double pressure = (self->bulk - 2.0 / 3.0 * self->shear) * (x[0] + x[1] + x[2]);
  for (int i = 0; i < 3; i++)
    y[i] = pressure + 2.0 * self->shear * x[i];
}

/* Normal' D normal of each pair of active planes. */
static void
couple_planes (const OssPlastic *self, const Active *active, double c[2][2])
{
  for (int i = 0; i < active->n; i++)
    for (int j = 0; j < active->n; j++)
      {
        double d[3];
        elastic_apply (self, active->normal[j], d);
        c[i][j] = oss_dot (active->normal[i], d);
      }
}

/* Steps on the active planes when Y has @slope: all planes share Y, so that each step moves each of them. */
static void
solve_steps (const OssPlastic *self, const Active *active, double slope, const double above[2], double step[2])
{
  double c[2][2] = { { 0.0 } };

  couple_planes (self, active, c);
  step[0] = above[0] / (c[0][0] + slope);
  step[1] = 0.0;
  if (active->n == 1)
    return;
  double a = c[0][0] + slope, b = c[0][1] + slope, d = c[1][1] + slope, det = a * d - b * b;
  step[0] = (d * above[0] - b * above[1]) / det;
  step[1] = (a * above[1] - b * above[0]) / det;
}

/* The return along the active normals; the sum of their steps. */
static double
return_to_planes (const OssPlastic *self, const Active *active, const double trial[3], double equivalent, double s[3],
                  double step[2])
{
  double slope, yield = oss_plastic_yield (self, equivalent, &slope), above[2] = { 0.0 };

  for (int pass = 0; pass < 2; pass++)
    {
      for (int i = 0; i < active->n; i++)
        above[i] = oss_dot (active->normal[i], trial) - yield;
      solve_steps (self, active, slope, above, step);
      if (slope >= 0.0 || yield + slope * (step[0] + step[1]) > self->least)
        break;
      yield = self->least; /* it softens past its least: that is what it keeps */
      slope = 0.0;
    }
  memcpy (s, trial, 3 * sizeof *s);
  for (int i = 0; i < active->n; i++)
    {
      double d[3];
      elastic_apply (self, active->normal[i], d);
      for (int k = 0; k < 3; k++)
        s[k] -= step[i] * d[k];
    }
  return step[0] + step[1];
}

/* All three equal: (r - 1) p = Y, and the plastic work over Y is the volume's plastic strain / (r - 1). */
static double
return_to_tip (const OssPlastic *self, const double trial[3], double equivalent, double s[3])
{
  double b = self->ratio - 1.0, p = (trial[0] + trial[1] + trial[2]) / 3.0, stiffness = self->bulk * b * b, slope;
  double yield = oss_plastic_yield (self, equivalent, &slope);
  double step = stiffness + slope > 0.0 ? (b * p - yield) / (stiffness + slope) : INFINITY;

  if (slope < 0.0 && !(yield + slope * step > self->least))
    step = (b * p - self->least) / stiffness;
  s[0] = s[1] = s[2] = p - self->bulk * b * step;
  return step;
}

static gboolean
in_order (const double s[3], double scale)
{
  double slack = 1e-10 * scale;
  return s[0] >= s[1] - slack && s[1] >= s[2] - slack;
}

/* The plane, else the edge the plane's return passes, else the tip. */
static double
choose_and_return (const OssPlastic *self, const double trial[3], double equivalent, Active *active, double s[3])
{
  double r = self->ratio, scale = fabs (trial[0]) + fabs (trial[2]), step[2], sum;

  *active = (Active){ .n = 1, .normal = { { r, 0.0, -1.0 }, { 0.0 } } };
  sum = return_to_planes (self, active, trial, equivalent, s, step);
  if (in_order (s, scale))
    return sum;
  /* The order that is broken more tells the edge; a plane that would have to be left backwards is not active. */
  gboolean upper = s[0] - s[1] < s[1] - s[2];
  for (int attempt = 0; attempt < 2; attempt++, upper = !upper)
    {
      const double second[2][3] = { { r, -1.0, 0.0 }, { 0.0, r, -1.0 } };
      active->n = 2;
      memcpy (active->normal[1], second[upper], sizeof second[upper]);
      sum = return_to_planes (self, active, trial, equivalent, s, step);
      if (in_order (s, scale) && step[0] >= -1e-10 * sum && step[1] >= -1e-10 * sum)
        return sum;
    }
  active->tip = TRUE;
  active->n = 0;
  return return_to_tip (self, trial, equivalent, s);
}

/* d principal stress / d principal strain. */
static void
principal_tangent (const OssPlastic *self, const Active *active, double slope, double d[3][3])
{
  double c[2][2] = { { 0.0 } }, column[2][3], h = fmax (slope, 0.0);

  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++)
      d[i][k] = self->bulk + self->shear * (i == k ? 4.0 / 3.0 : -2.0 / 3.0);
  if (active->tip)
    {
      double b = self->ratio - 1.0, keep = self->bulk * h / (h + self->bulk * b * b);
      for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
          d[i][k] = keep;
      return;
    }
  couple_planes (self, active, c);
  for (int i = 0; i < active->n; i++)
    elastic_apply (self, active->normal[i], column[i]);
  double a = c[0][0] + h, b = c[0][1] + h, e = c[1][1] + h, det = active->n == 2 ? a * e - b * b : 1.0;
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++)
      if (active->n == 1)
        d[i][k] -= column[0][i] * column[0][k] / a;
      else
        d[i][k] -= (e * column[0][i] * column[0][k] - b * (column[0][i] * column[1][k] + column[1][i] * column[0][k])
                    + a * column[1][i] * column[1][k])
                   / det;
}

/* To the axes of the mesh: values turn with D, directions with the ratio of stress to strain differences. */
static void
turn_tangent (const OssPlastic *self, const double d[3][3], const double trial[3], const double s[3], const double v[9],
              double *tangent)
{
  static const int row_of[6] = { 0, 1, 2, 1, 0, 0 }, column_of[6] = { 0, 1, 2, 2, 2, 1 };
  double scale = fabs (trial[0]) + fabs (trial[2]);

  memset (tangent, 0, 36 * sizeof *tangent);
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++)
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
          tangent[6 * i + j] +=
              d[a][b] * v[3 * a + row_of[i]] * v[3 * a + column_of[i]] * v[3 * b + row_of[j]] * v[3 * b + column_of[j]];
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < a; b++)
      {
        double m[6], gap = trial[a] - trial[b], turn;
        turn = fabs (gap) > 1e-7 * scale ? 2.0 * self->shear * (s[a] - s[b]) / gap
                                         : 0.5 * (d[a][a] + d[b][b] - d[a][b] - d[b][a]);
        for (int i = 0; i < 6; i++)
          m[i] = v[3 * a + row_of[i]] * v[3 * b + column_of[i]] + v[3 * b + row_of[i]] * v[3 * a + column_of[i]];
        for (int i = 0; i < 6; i++)
          for (int j = 0; j < 6; j++)
            tangent[6 * i + j] += 0.5 * turn * m[i] * m[j];
      }
}

double
oss_return_mohr_coulomb (const OssPlastic *self, const double trial[6], double equivalent, double stress[6],
                         double *tangent)
{
  static const int row_of[6] = { 0, 1, 2, 1, 0, 0 }, column_of[6] = { 0, 1, 2, 2, 2, 1 };
  double values[3], v[9], s[3], d[3][3], slope;
  Active active;

  oss_symmetric_eigen (trial, values, v);
  double step = choose_and_return (self, values, equivalent, &active, s);
  memset (stress, 0, 6 * sizeof *stress);
  for (int a = 0; a < 3; a++)
    for (int i = 0; i < 6; i++)
      stress[i] += s[a] * v[3 * a + row_of[i]] * v[3 * a + column_of[i]];
  if (tangent != NULL)
    {
      oss_plastic_yield (self, equivalent + step, &slope);
      principal_tangent (self, &active, slope, d);
      turn_tangent (self, (const double (*)[3]) d, values, s, v, tangent);
    }
  return step;
}
