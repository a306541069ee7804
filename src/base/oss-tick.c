/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-tick.h"

#include "base/oss-i18n.h"

OssTick
oss_tick_make (OssTickFunc func, void *data, const int *stop)
{
  return (OssTick){ .func = func, .data = data, .stop = stop, .from = 0.0, .to = 1.0 };
}

OssTick
oss_tick_part (const OssTick *tick, double from, double to)
{
  if (tick == NULL)
    return oss_tick_make (NULL, NULL, NULL);
  OssTick part = *tick;
  part.from = tick->from + from * (tick->to - tick->from);
  part.to = tick->from + to * (tick->to - tick->from);
  return part;
}

gboolean
oss_tick_stopped (const OssTick *tick)
{
  return tick != NULL && tick->stop != NULL && g_atomic_int_get (tick->stop) != 0;
}

gboolean
oss_tick_cancelled (GError **error)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_CANCELLED, _ ("Cancelled"));
  return FALSE;
}

gboolean
oss_tick_report (const OssTick *tick, double fraction, const char *what, GError **error)
{
  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  if (tick != NULL && tick->func != NULL)
    tick->func (tick->from + CLAMP (fraction, 0.0, 1.0) * (tick->to - tick->from), what, tick->data);
  return TRUE;
}

/* A detached call, shared by the one who waits and the worker; the last of the two frees it. */
typedef struct
{
  GMutex lock;
  GCond done_changed;
  gboolean done;
  int stop; /* atomic: nobody waits any more */
  OssDetachedFunc func;
  void *data;
  GDestroyNotify free_data;
  gatomicrefcount references;
} Detached;

static void
detached_unref (Detached *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done_changed);
  g_free (self);
}

static gpointer
detached_thread (gpointer user_data)
{
  Detached *self = user_data;
  self->func (self->data, &self->stop);
  g_mutex_lock (&self->lock);
  self->done = TRUE;
  gboolean abandoned = g_atomic_int_get (&self->stop) != 0;
  g_cond_signal (&self->done_changed);
  g_mutex_unlock (&self->lock);
  if (abandoned && self->free_data != NULL)
    self->free_data (self->data);
  detached_unref (self);
  return NULL;
}

gboolean
oss_tick_run_detached (const OssTick *tick, OssDetachedFunc func, void *data, GDestroyNotify free_data, GError **error)
{
  Detached *self = g_new0 (Detached, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->done_changed);
  self->func = func;
  self->data = data;
  self->free_data = free_data;
  g_atomic_ref_count_init (&self->references);
  g_atomic_ref_count_inc (&self->references);
  g_thread_unref (g_thread_new ("oss-detached", detached_thread, self));

  g_mutex_lock (&self->lock);
  while (!self->done && !oss_tick_stopped (tick))
    g_cond_wait_until (&self->done_changed, &self->lock, g_get_monotonic_time () + 30 * G_TIME_SPAN_MILLISECOND);
  gboolean done = self->done;
  if (!done)
    g_atomic_int_set (&self->stop, 1);
  g_mutex_unlock (&self->lock);
  detached_unref (self);
  return done ? TRUE : oss_tick_cancelled (error);
}
