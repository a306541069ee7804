/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of bone that the lattice tore apart.  A mask is one part, but where it is thinner than the elements no point
 * of the lattice may lie inside, and what hangs on there would be lost: the best path of points across such a place
 * is taken as inside, a bar of about 0.8 lattice constants. */
#include "mesh/oss-lattice-private.h"

#include "base/oss-i18n.h"
#include "mesh/oss-surface-private.h"

#include <string.h>

#define MINIMUM_POINTS 2 /* half a cell each; smaller parts are crumbs */
#define REACH 1.2        /* of the lattice constant, in the field: no point of the lattice is further from bone */

typedef struct
{
  float value;
  gint32 point;
} Entry;

/* Largest value first, then the smaller number: the same path everywhere. */
static gboolean
goes_first (const Entry *a, const Entry *b)
{
  return a->value > b->value || (a->value == b->value && a->point < b->point);
}

static void
heap_push (GArray *heap, Entry entry)
{
  guint at = heap->len;

  g_array_append_val (heap, entry);
  Entry *items = (Entry *) (void *) heap->data;
  for (; at > 0 && goes_first (&entry, &items[(at - 1) / 2]); at = (at - 1) / 2)
    items[at] = items[(at - 1) / 2];
  items[at] = entry;
}

static Entry
heap_pop (GArray *heap)
{
  Entry *items = (Entry *) (void *) heap->data, first = items[0], last = items[heap->len - 1];
  guint n = heap->len - 1, at = 0;

  g_array_set_size (heap, n);
  for (guint child = 1; child < n; child = 2 * at + 1)
    {
      child += child + 1 < n && goes_first (&items[child + 1], &items[child]);
      if (!goes_first (&items[child], &last))
        break;
      items[at] = items[child];
      at = child;
    }
  if (n > 0)
    items[at] = last;
  return first;
}

/* Numbers the inside points that are joined with @seed along edges; FALSE when stopped. */
static gboolean
flood (const OssStuffing *self, gint32 seed, gint32 number, gint32 *part, GArray *members)
{
  guint next = members->len;

  part[seed] = number;
  g_array_append_val (members, seed);
  for (; next < members->len; next++)
    {
      gsize at = (gsize) g_array_index (members, gint32, next);
      const gssize *offset = self->offset[at >= self->half];
      if (oss_loop_stopped (self->tick, next))
        return FALSE;
      for (int dir = 0; dir < OSS_LATTICE_DIRECTIONS; dir++)
        {
          gint32 point = (gint32) (at + (gsize) offset[dir]);
          if (self->sign[point] <= 0 || part[point] >= 0)
            continue;
          part[point] = number;
          g_array_append_val (members, point);
        }
    }
  return TRUE;
}

/* Parts of the inside points: [2 half], -1 elsewhere; @members: the points part after part, @first where each
 * begins. */
static gint32 *
find_parts (const OssStuffing *self, GArray *members, GArray *first, GError **error)
{
  g_autofree gint32 *part = g_try_new (gint32, 2 * self->half);

  if (part == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                           _ ("Not enough memory for the mesh: choose a larger element size."));
      return NULL;
    }
  memset (part, 0xff, 2 * self->half * sizeof (gint32));
  for (gsize seed = 0; seed < 2 * self->half; seed++)
    {
      gint32 number = (gint32) first->len;
      if (self->sign[seed] <= 0 || part[seed] >= 0)
        continue;
      g_array_append_val (first, members->len);
      if (!flood (self, (gint32) seed, number, part, members))
        {
          oss_tick_cancelled (error);
          return NULL;
        }
    }
  g_array_append_val (first, members->len);
  return g_steal_pointer (&part);
}

static void
push_neighbours (const OssStuffing *self, gint32 point, GHashTable *from, GArray *heap)
{
  const gssize *offset = self->offset[(gsize) point >= self->half];

  for (int dir = 0; dir < OSS_LATTICE_DIRECTIONS; dir++)
    {
      gint32 other = (gint32) (point + offset[dir]);
      if (self->value[other] < self->level - REACH * self->a || g_hash_table_contains (from, GINT_TO_POINTER (other)))
        continue;
      g_hash_table_insert (from, GINT_TO_POINTER (other), GINT_TO_POINTER (point));
      heap_push (heap, (Entry){ self->value[other], other });
    }
}

/* Takes the points of the way back from @point into the part @number as inside. */
static void
take_path (OssStuffing *self, const gint32 *part, gint32 number, GHashTable *from, gint32 point)
{
  for (point = GPOINTER_TO_INT (g_hash_table_lookup (from, GINT_TO_POINTER (point))); part[point] != number;
       point = GPOINTER_TO_INT (g_hash_table_lookup (from, GINT_TO_POINTER (point))))
    {
      OssForced forced = { point, self->value[point] };
      g_array_append_val (self->forced, forced);
      self->value[point] = nextafterf (MAX (self->value[point], (float) self->level), INFINITY);
    }
}

/* The path out of a part to any other whose least value is largest. */
static gboolean
bridge_part (OssStuffing *self, const gint32 *part, gint32 number, const gint32 *members, gsize n_members)
{
  g_autoptr (GHashTable) from = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) heap = g_array_new (FALSE, FALSE, sizeof (Entry));

  for (gsize i = 0; i < n_members; i++)
    g_hash_table_insert (from, GINT_TO_POINTER (members[i]), GINT_TO_POINTER (members[i]));
  for (gsize i = 0; i < n_members; i++)
    push_neighbours (self, members[i], from, heap);
  while (heap->len > 0)
    {
      gint32 point = heap_pop (heap).point;
      if (part[point] >= 0 && part[point] != number)
        {
          take_path (self, part, number, from, point);
          return TRUE;
        }
      push_neighbours (self, point, from, heap);
    }
  return FALSE;
}

gboolean
oss_stuffing_bridge (OssStuffing *self, gsize *n_bridged, GError **error)
{
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) first = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree gint32 *part = find_parts (self, members, first, error);
  const guint *begin = (const guint *) (const void *) first->data;
  gint32 largest = 0, n_parts = (gint32) first->len - 1;

  *n_bridged = 0;
  if (part == NULL)
    return FALSE;
  for (gint32 i = 1; i < n_parts; i++)
    if (begin[i + 1] - begin[i] > begin[largest + 1] - begin[largest])
      largest = i;
  for (gint32 i = 0; i < n_parts; i++)
    {
      guint n = begin[i + 1] - begin[i];
      if (oss_tick_stopped (self->tick))
        return oss_tick_cancelled (error);
      if (i != largest && n >= MINIMUM_POINTS)
        *n_bridged += bridge_part (self, part, i, (const gint32 *) (const void *) members->data + begin[i], n);
    }
  return TRUE;
}
