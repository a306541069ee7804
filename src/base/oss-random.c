/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-random.h"

#include <math.h>

static guint64
splitmix64 (guint64 *state)
{
  guint64 z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

guint64
oss_random_hash (guint64 seed, guint64 i)
{
  guint64 state = seed ^ (i * 0xd1342543de82ef95u);
  splitmix64 (&state);
  return splitmix64 (&state);
}

void
oss_random_init (OssRandom *self, guint64 seed, guint64 stream)
{
  guint64 state = oss_random_hash (seed, stream);
  for (int i = 0; i < 4; i++)
    self->state[i] = splitmix64 (&state);
  self->has_spare = FALSE;
  self->spare_normal = 0.0;
}

static inline guint64
rotate_left (guint64 x, int k)
{
  return (x << k) | (x >> (64 - k));
}

guint64
oss_random_bits (OssRandom *self)
{
  guint64 *s = self->state;
  guint64 result = rotate_left (s[1] * 5, 7) * 9;
  guint64 t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left (s[3], 45);
  return result;
}

double
oss_random_uniform (OssRandom *self)
{
  return (double) (oss_random_bits (self) >> 11) * 0x1p-53;
}

double
oss_random_range (OssRandom *self, double low, double high)
{
  return low + (high - low) * oss_random_uniform (self);
}

/* Marsaglia's polar method (1964): two normals a turn. */
double
oss_random_normal (OssRandom *self)
{
  double u, v, s;

  if (self->has_spare)
    {
      self->has_spare = FALSE;
      return self->spare_normal;
    }
  do
    {
      u = 2.0 * oss_random_uniform (self) - 1.0;
      v = 2.0 * oss_random_uniform (self) - 1.0;
      s = u * u + v * v;
    }
  while (s >= 1.0 || s == 0.0);
  s = sqrt (-2.0 * log (s) / s);
  self->spare_normal = v * s;
  self->has_spare = TRUE;
  return u * s;
}
