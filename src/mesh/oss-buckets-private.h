/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * OssBuckets: items of 64 bits sorted into numbered buckets by counting.
 * @first: [n_buckets + 1] where each bucket begins in @items
 *
 * Count every item, allocate, then add the same items again; within a bucket they keep the order of
 * adding.  Meshes have few edges or faces a node, so that a bucket per node does for a hash table and
 * gives the same order everywhere.
 */
typedef struct
{
  gsize n_buckets;
  gsize *first;
  gsize *next;
  guint64 *items;
} OssBuckets;

G_GNUC_INTERNAL void oss_buckets_init (OssBuckets *self, gsize n_buckets);
/* FALSE: out of memory. */
G_GNUC_INTERNAL gboolean oss_buckets_allocate (OssBuckets *self);
G_GNUC_INTERNAL void oss_buckets_clear (OssBuckets *self);
/* Insertion sort, for the few items of a bucket. */
G_GNUC_INTERNAL void oss_buckets_sort (guint64 *items, gsize n);

static inline void
oss_buckets_count (OssBuckets *self, gsize bucket)
{
  if (self->next != NULL)
    self->next[bucket]++;
}

static inline void
oss_buckets_add (OssBuckets *self, gsize bucket, guint64 item)
{
  self->items[self->next[bucket]++] = item;
}

G_END_DECLS
