/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-loop-private.h"

/* Progress is told between batches, on the calling thread: OssTickFunc need not be thread safe. */
#define N_BATCHES 32

typedef struct
{
  gsize start;
  OssRangeFunc func;
  void *data;
  const OssTick *tick;
} Batch;

static void
run_chunk (gsize begin, gsize end, guint thread, void *data)
{
  const Batch *batch = data;

  if (!oss_tick_stopped (batch->tick))
    batch->func (batch->start + begin, batch->start + end, thread, batch->data);
}

gboolean
oss_loop (gsize n, gsize grain, OssRangeFunc func, void *data, const OssTick *tick, const char *what, GError **error)
{
  Batch batch = { 0, func, data, tick };
  gsize n_chunks = (n + grain - 1) / grain;
  gsize step = tick == NULL ? n : grain * MAX (2 * oss_parallel_threads (), (n_chunks + N_BATCHES - 1) / N_BATCHES);

  for (batch.start = 0; batch.start < n; batch.start += step)
    {
      if (!oss_tick_report (tick, (double) batch.start / (double) n, what, error))
        return FALSE;
      oss_parallel_for (MIN (step, n - batch.start), grain, run_chunk, &batch);
    }
  return oss_tick_report (tick, 1.0, what, error);
}
