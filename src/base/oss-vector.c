/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-vector.h"

/* One Jacobi rotation in the (p, q) plane of the symmetric a, accumulated in the columns of v. */
static void
jacobi_rotate (double a[3][3], double v[3][3], int p, int q)
{
  if (a[p][q] == 0.0)
    return;
  double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
  double t = (theta >= 0.0 ? 1.0 : -1.0) / (fabs (theta) + sqrt (theta * theta + 1.0));
  double c = 1.0 / sqrt (t * t + 1.0), s = t * c;

  for (int k = 0; k < 3; k++)
    {
      double akp = a[k][p], akq = a[k][q];
      a[k][p] = c * akp - s * akq;
      a[k][q] = s * akp + c * akq;
    }
  for (int k = 0; k < 3; k++)
    {
      double apk = a[p][k], aqk = a[q][k];
      a[p][k] = c * apk - s * aqk;
      a[q][k] = s * apk + c * aqk;
      double vkp = v[k][p], vkq = v[k][q];
      v[k][p] = c * vkp - s * vkq;
      v[k][q] = s * vkp + c * vkq;
    }
}

void
oss_symmetric_eigen (const double tensor[6], double values[3], double vectors[9])
{
  double a[3][3] = { { tensor[0], tensor[5], tensor[4] },
                     { tensor[5], tensor[1], tensor[3] },
                     { tensor[4], tensor[3], tensor[2] } };
  double v[3][3] = { { 1.0, 0.0, 0.0 }, { 0.0, 1.0, 0.0 }, { 0.0, 0.0, 1.0 } };
  int order[3] = { 0, 1, 2 };

  for (int sweep = 0; sweep < 12; sweep++)
    {
      double off = fabs (a[0][1]) + fabs (a[0][2]) + fabs (a[1][2]);
      double size = fabs (a[0][0]) + fabs (a[1][1]) + fabs (a[2][2]) + off;
      if (!(off > 1e-17 * size))
        break;
      jacobi_rotate (a, v, 0, 1);
      jacobi_rotate (a, v, 0, 2);
      jacobi_rotate (a, v, 1, 2);
    }
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2 - i; j++)
      if (a[order[j]][order[j]] < a[order[j + 1]][order[j + 1]])
        {
          int swap = order[j];
          order[j] = order[j + 1];
          order[j + 1] = swap;
        }
  for (int i = 0; i < 3; i++)
    {
      values[i] = a[order[i]][order[i]];
      for (int k = 0; vectors != NULL && k < 3; k++)
        vectors[3 * i + k] = v[k][order[i]];
    }
}

double
oss_von_mises (const double s[6])
{
  double d1 = s[0] - s[1], d2 = s[1] - s[2], d3 = s[2] - s[0];
  return sqrt (0.5 * (d1 * d1 + d2 * d2 + d3 * d3) + 3.0 * (s[3] * s[3] + s[4] * s[4] + s[5] * s[5]));
}

gboolean
oss_mat3_inverse (const double m[9], double out[9])
{
  double c[9] = { m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
                  m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
                  m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3] };
  double determinant = m[0] * c[0] + m[1] * c[3] + m[2] * c[6];
  double size = 0.0;

  for (int i = 0; i < 9; i++)
    size = fmax (size, fabs (m[i]));
  if (!(fabs (determinant) > 1e-14 * size * size * size))
    return FALSE;
  for (int i = 0; i < 9; i++)
    out[i] = c[i] / determinant;
  return TRUE;
}
