/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"

/* Workers are started once and sleep between loops: a loop over a small image costs microseconds. */

typedef struct
{
  OssRangeFunc func;
  void *data;
  gsize n, grain;
  gsize next;    /* atomic: the next chunk */
  guint working; /* workers inside this loop, under the lock */
} Loop;

static struct
{
  GMutex lock;
  GCond loop_changed;  /* a new loop was published */
  GCond work_finished; /* a worker left the loop */
  GMutex owner;        /* one outer loop at a time */
  Loop *loop;
  guint64 generation;
  guint started;
  guint wanted; /* 0: number of processors */
} pool;

static GPrivate inside_loop;

guint
oss_parallel_threads (void)
{
  guint wanted = (guint) g_atomic_int_get ((gint *) &pool.wanted);
  return wanted != 0 ? wanted : g_get_num_processors ();
}

void
oss_parallel_set_threads (guint n)
{
  g_atomic_int_set ((gint *) &pool.wanted, (gint) MIN (n, 1024));
}

static void
run_chunks (Loop *loop, guint thread)
{
  gsize n_chunks = (loop->n + loop->grain - 1) / loop->grain;
  g_private_set (&inside_loop, GINT_TO_POINTER (1));
  for (;;)
    {
      gsize chunk = (gsize) g_atomic_pointer_add (&loop->next, 1);
      if (chunk >= n_chunks)
        break;
      gsize begin = chunk * loop->grain;
      loop->func (begin, MIN (begin + loop->grain, loop->n), thread, loop->data);
    }
  g_private_set (&inside_loop, NULL);
}

static gpointer
worker (gpointer user_data)
{
  guint thread = GPOINTER_TO_UINT (user_data);
  guint64 seen = 0;

  g_mutex_lock (&pool.lock);
  for (;;)
    {
      while (pool.generation == seen || pool.loop == NULL || thread >= oss_parallel_threads ())
        {
          seen = pool.generation;
          g_cond_wait (&pool.loop_changed, &pool.lock);
        }
      seen = pool.generation;
      Loop *loop = pool.loop;
      loop->working++;
      g_mutex_unlock (&pool.lock);
      run_chunks (loop, thread);
      g_mutex_lock (&pool.lock);
      loop->working--;
      g_cond_broadcast (&pool.work_finished);
    }
  return NULL;
}

static void
start_workers (guint n)
{
  for (; pool.started < n; pool.started++)
    g_thread_unref (g_thread_new ("oss-parallel", worker, GUINT_TO_POINTER (pool.started + 1)));
}

void
oss_parallel_for (gsize n, gsize grain, OssRangeFunc func, void *data)
{
  guint threads = oss_parallel_threads ();
  Loop loop = { .func = func, .data = data, .n = n, .grain = MAX (grain, 1) };

  if (n == 0)
    return;
  if (threads == 1 || n <= loop.grain || g_private_get (&inside_loop) != NULL || !g_mutex_trylock (&pool.owner))
    {
      /* Inside a loop, or another thread has the workers: run here, with the same chunks. */
      for (gsize begin = 0; begin < n; begin += loop.grain)
        func (begin, MIN (begin + loop.grain, n), 0, data);
      return;
    }
  g_mutex_lock (&pool.lock);
  start_workers (threads - 1);
  pool.loop = &loop;
  pool.generation++;
  g_cond_broadcast (&pool.loop_changed);
  g_mutex_unlock (&pool.lock);

  run_chunks (&loop, 0);

  g_mutex_lock (&pool.lock);
  pool.loop = NULL; /* nobody enters any more */
  while (loop.working > 0)
    g_cond_wait (&pool.work_finished, &pool.lock);
  g_mutex_unlock (&pool.lock);
  g_mutex_unlock (&pool.owner);
}
