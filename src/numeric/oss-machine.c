/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-machine.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "numeric/oss-amg-private.h"

#include <math.h>

#define TRIAD_PER_TURN 32768
#define LEAST_RUNS 3
/* Multiply-adds of one call: a millisecond or so. */
#define ROUNDS 20000
/* Enough to hide the latency of two units, few enough for sixteen registers. */
#define CHAINS 12

typedef struct
{
  double *a, *b, *c;
} Triad;

OSS_CLONES static void
add_scaled (double *restrict a, const double *restrict b, const double *restrict c, gsize n)
{
  for (gsize i = 0; i < n; i++)
    a[i] = b[i] + 3.0 * c[i];
}

static void
triad_turn (gsize begin, gsize end, guint thread, void *data)
{
  const Triad *self = data;
  add_scaled (self->a + begin, self->b + begin, self->c + begin, end - begin);
}

static void
fill_turn (gsize begin, gsize end, guint thread, void *data)
{
  const Triad *self = data;
  for (gsize i = begin; i < end; i++)
    {
      self->b[i] = (double) (i % 7);
      self->c[i] = 1.0;
    }
}

static gboolean
measure_triad (OssMachine *self, gsize n, double seconds, const OssTick *tick, GError **error)
{
  const char *what = _ ("the measurement");
  Triad triad = { NULL };
  double best = G_MAXDOUBLE;
  gint64 start;

  if ((triad.a = oss_alloc_aligned (n, sizeof (double), what, error)) != NULL
      && (triad.b = oss_alloc_aligned (n, sizeof (double), what, error)) != NULL)
    triad.c = oss_alloc_aligned (n, sizeof (double), what, error);
  if (triad.c != NULL)
    {
      oss_parallel_for (n, TRIAD_PER_TURN, fill_turn, &triad);
      oss_parallel_for (n, TRIAD_PER_TURN, triad_turn, &triad); /* makes the pages of a */
      start = g_get_monotonic_time ();
      for (int run = 0; !oss_tick_stopped (tick); run++)
        {
          gint64 from = g_get_monotonic_time ();
          if (run >= LEAST_RUNS && (double) (from - start) > 1e6 * seconds)
            break;
          oss_parallel_for (n, TRIAD_PER_TURN, triad_turn, &triad);
          best = MIN (best, (double) (g_get_monotonic_time () - from));
        }
      self->triad_gb_s = 24.0 * (double) n / MAX (best, 1.0) / 1e3;
    }
  gboolean ok = triad.c != NULL;
  oss_free_aligned (triad.a);
  oss_free_aligned (triad.b);
  oss_free_aligned (triad.c);
  return ok && oss_tick_report (tick, 0.5, NULL, error);
}

/* Multiply-adds in chains that do not depend on each other, in vectors of so many bytes.  Compilers make of a vector
 * what the processor has; which width suits it best is tried. */
#define DEFINE_CHAINS(name, type, bytes)                                                                               \
  OSS_CLONES static double name (double by)                                                                            \
  {                                                                                                                    \
    typedef type Vector __attribute__ ((vector_size (bytes)));                                                         \
    Vector chain[CHAINS], factor = { 0 }, sum = { 0 };                                                                 \
    factor += (type) by;                                                                                               \
    for (int k = 0; k < CHAINS; k++)                                                                                   \
      chain[k] = factor * (type) (k + 1);                                                                              \
    for (int i = 0; i < ROUNDS; i++)                                                                                   \
      for (int k = 0; k < CHAINS; k++)                                                                                 \
        chain[k] = chain[k] * factor + factor;                                                                         \
    for (int k = 0; k < CHAINS; k++)                                                                                   \
      sum += chain[k];                                                                                                 \
    return (double) sum[0] + (double) sum[bytes / sizeof (type) - 1];                                                  \
  }

DEFINE_CHAINS (double_16, double, 16)
DEFINE_CHAINS (double_32, double, 32)
DEFINE_CHAINS (double_64, double, 64)
DEFINE_CHAINS (single_16, float, 16)
DEFINE_CHAINS (single_32, float, 32)
DEFINE_CHAINS (single_64, float, 64)

typedef double (*ChainFunc) (double by);

typedef struct
{
  ChainFunc func;
  double *result; /* [threads], kept so that nothing is optimised away */
} Chains;

static void
chain_turn (gsize begin, gsize end, guint thread, void *data)
{
  const Chains *self = data;
  for (gsize i = begin; i < end; i++)
    self->result[i] += self->func (0.5);
}

/* 1e9 operations a second of the best width. */
static double
measure_chains (const ChainFunc func[3], gsize lanes, guint threads, double seconds, const OssTick *tick)
{
  gsize calls = 8 * threads;
  g_autofree double *result = g_new0 (double, calls);
  double best = 0.0;

  for (gsize width = 0; width < 3; width++)
    {
      Chains chains = { func[width], result };
      double operations = 2.0 * CHAINS * ROUNDS * (double) (lanes << width) * (double) calls;
      gint64 start = g_get_monotonic_time ();
      for (int run = 0; !oss_tick_stopped (tick); run++)
        {
          gint64 from = g_get_monotonic_time ();
          if (run >= LEAST_RUNS && (double) (from - start) > 1e6 * seconds / 3.0)
            break;
          oss_parallel_for (calls, 1, chain_turn, &chains);
          best = MAX (best, operations / (double) MAX (g_get_monotonic_time () - from, 1) / 1e3);
        }
    }
  return isfinite (result[0]) ? best : 0.0;
}

gboolean
oss_machine_measure (OssMachine *self, double triad_bytes, double seconds, const OssTick *tick, GError **error)
{
  const ChainFunc doubles[3] = { double_16, double_32, double_64 };
  const ChainFunc singles[3] = { single_16, single_32, single_64 };

  *self = (OssMachine){ .threads = oss_parallel_threads () };
  if (!oss_tick_report (tick, 0.0, _ ("Measuring the machine"), error)
      || !measure_triad (self, MAX ((gsize) (triad_bytes / 8.0), TRIAD_PER_TURN), seconds, tick, error))
    return FALSE;
  self->double_gflop_s = measure_chains (doubles, 2, self->threads, seconds, tick);
  self->single_gflop_s = measure_chains (singles, 4, self->threads, seconds, tick);
  return oss_tick_report (tick, 1.0, NULL, error);
}
