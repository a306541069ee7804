/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-buckets-private.h"

void
oss_buckets_init (OssBuckets *self, gsize n_buckets)
{
  *self = (OssBuckets){ .n_buckets = n_buckets, .next = g_try_new0 (gsize, n_buckets + 1) };
}

gboolean
oss_buckets_allocate (OssBuckets *self)
{
  gsize total = 0;

  self->first = g_try_new (gsize, self->n_buckets + 1);
  if (self->next == NULL || self->first == NULL)
    return FALSE;
  for (gsize i = 0; i < self->n_buckets; i++)
    {
      self->first[i] = total;
      total += self->next[i];
      self->next[i] = self->first[i];
    }
  self->first[self->n_buckets] = total;
  self->items = g_try_new (guint64, MAX (total, 1));
  return self->items != NULL;
}

void
oss_buckets_clear (OssBuckets *self)
{
  g_clear_pointer (&self->first, g_free);
  g_clear_pointer (&self->next, g_free);
  g_clear_pointer (&self->items, g_free);
}

void
oss_buckets_sort (guint64 *items, gsize n)
{
  for (gsize i = 1; i < n; i++)
    {
      guint64 item = items[i];
      gsize at = i;
      for (; at > 0 && items[at - 1] > item; at--)
        items[at] = items[at - 1];
      items[at] = item;
    }
}
