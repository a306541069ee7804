/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

#include <math.h>

G_BEGIN_DECLS

/* 3-vectors are double[3]; 3x3 matrices double[9], row-major. */

static inline double
oss_dot (const double a[3], const double b[3])
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline void
oss_cross (const double a[3], const double b[3], double out[3])
{
  double x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2], z = a[0] * b[1] - a[1] * b[0];
  out[0] = x, out[1] = y, out[2] = z;
}

static inline double
oss_norm (const double a[3])
{
  return sqrt (oss_dot (a, a));
}

static inline void
oss_sub (const double a[3], const double b[3], double out[3])
{
  for (int i = 0; i < 3; i++)
    out[i] = a[i] - b[i];
}

/* Returns the length before; a zero vector stays as it is. */
static inline double
oss_normalize (double a[3])
{
  double n = oss_norm (a);
  if (n > 0.0)
    for (int i = 0; i < 3; i++)
      a[i] /= n;
  return n;
}

/* out = m v */
static inline void
oss_mat3_apply (const double m[9], const double v[3], double out[3])
{
  double x = oss_dot (m, v), y = oss_dot (m + 3, v), z = oss_dot (m + 6, v);
  out[0] = x, out[1] = y, out[2] = z;
}

/**
 * oss_symmetric_eigen:
 * @tensor: xx yy zz yz xz xy
 * @values: (out): eigenvalues, largest first
 * @vectors: (out) (nullable): unit eigenvectors in rows, in the order of @values
 *
 * Jacobi rotations (Golub and Van Loan, 8.5): exact to rounding, also for equal values.
 */
OSS_API void oss_symmetric_eigen (const double tensor[6], double values[3], double vectors[9]);

/* von Mises stress of xx yy zz yz xz xy (tensor shear), in the unit of @stress. */
OSS_API double oss_von_mises (const double stress[6]);

/* Inverse of a 3x3 matrix; FALSE when singular to rounding. */
OSS_API gboolean oss_mat3_inverse (const double m[9], double out[9]);

G_END_DECLS
