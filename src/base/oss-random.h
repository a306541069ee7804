/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64.  Not thread safe: one per thread. */
typedef struct
{
  guint64 state[4];
  double spare_normal;
  gboolean has_spare;
} OssRandom;

/* @stream keeps independent uses of one @seed apart (anatomy, noise, ...). */
OSS_API void oss_random_init (OssRandom *self, guint64 seed, guint64 stream);
OSS_API guint64 oss_random_bits (OssRandom *self);
OSS_API double oss_random_uniform (OssRandom *self); /* [0, 1) */
OSS_API double oss_random_range (OssRandom *self, double low, double high);
OSS_API double oss_random_normal (OssRandom *self); /* mean 0, sd 1 */
/* A hash of (seed, i): the same number wherever and in whatever order it is asked for. */
OSS_API guint64 oss_random_hash (guint64 seed, guint64 i);

G_END_DECLS
