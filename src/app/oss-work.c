/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-work.h"

typedef struct
{
  OssJob *job; /* main thread only */
  OssWorkFunc func;
  gpointer data;
  GDestroyNotify free_result;
  GAsyncReadyCallback callback;
  gpointer user_data;
  gulong cancelled_id;
  int stop;
  GMutex lock; /* of what follows */
  double fraction;
  char *what;
  guint idle_id;
} Work;

static gboolean
deliver_progress (gpointer data)
{
  Work *work = data;
  g_autofree char *what = NULL;
  double fraction;

  g_mutex_lock (&work->lock);
  work->idle_id = 0;
  fraction = work->fraction;
  what = g_steal_pointer (&work->what);
  g_mutex_unlock (&work->lock);
  oss_job_set_progress (work->job, fraction, what);
  return G_SOURCE_REMOVE;
}

/* On the worker; any number of reports between two turns of the main loop become one. */
static void
post_progress (double fraction, const char *what, void *data)
{
  Work *work = data;

  g_mutex_lock (&work->lock);
  work->fraction = fraction;
  if (what != NULL)
    {
      g_free (work->what);
      work->what = g_strdup (what);
    }
  /* Before redrawing, which a slow renderer never ends. */
  if (work->idle_id == 0)
    work->idle_id = g_idle_add_full (G_PRIORITY_HIGH_IDLE, deliver_progress, work, NULL);
  g_mutex_unlock (&work->lock);
}

static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  g_atomic_int_set (&((Work *) data)->stop, 1);
}

static void
run_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Work *work = data;
  OssTick tick = oss_tick_make (post_progress, work, &work->stop);
  GError *error = NULL;
  gpointer result = work->func (work->data, &tick, &error);

  if (result != NULL)
    g_task_return_pointer (task, result, work->free_result);
  else
    g_task_return_error (task, error);
}

/* The worker is done: what it shared with the main thread can go. */
static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Work *work = data;
  GAsyncReadyCallback callback = work->callback;
  gpointer user_data = work->user_data;

  if (work->idle_id != 0)
    g_source_remove (work->idle_id);
  g_cancellable_disconnect (oss_job_get_cancellable (work->job), work->cancelled_id);
  g_object_unref (work->job);
  g_mutex_clear (&work->lock);
  g_free (work->what);
  g_free (work);
  callback (NULL, result, user_data);
}

void
oss_work_run (OssJob *job, OssWorkFunc func, gpointer data, GDestroyNotify free_result, GAsyncReadyCallback callback,
              gpointer user_data)
{
  Work *work = g_new0 (Work, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, done_cb, work);

  work->job = g_object_ref (job);
  work->func = func;
  work->data = data;
  work->free_result = free_result;
  work->callback = callback;
  work->user_data = user_data;
  g_mutex_init (&work->lock);
  work->cancelled_id = g_cancellable_connect (oss_job_get_cancellable (job), G_CALLBACK (cancelled_cb), work, NULL);
  g_task_set_task_data (task, work, NULL);
  g_task_run_in_thread (task, run_in_thread);
}

gpointer
oss_work_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
