/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

/* The augmenting-path algorithm of Boykov and Kolmogorov (2004): a tree grows from each terminal, a path is flooded
 * where they meet, and branches cut off by it look for a new parent. */

enum
{
  PARENT_NONE = -1,
  PARENT_TERMINAL = 6,
  PARENT_ORPHAN = 7,
};

typedef struct
{
  OssCutGraph *graph;
  gint8 *parent; /* arc towards the root, or one of the above */
  guint8 *sink;  /* which tree */
  int *stamp, *far;
  int time;
  GQueue active, orphans;
  guint8 *waiting; /* in @active */
} Cut;

#define NODE(queue) GPOINTER_TO_INT (g_queue_pop_head (queue))
#define PUSH(queue, v) g_queue_push_tail (queue, GINT_TO_POINTER (v))

static void
activate (Cut *c, int v)
{
  if (!c->waiting[v])
    PUSH (&c->active, v);
  c->waiting[v] = 1;
}

/* What still fits from @v over its arc @d outward (source tree) or inward (sink tree). */
static gint32
room (const Cut *c, int v, int d)
{
  const OssCutGraph *g = c->graph;

  return c->sink[v] ? g->capacity[g->neighbour[v][d]][d ^ 1] : g->capacity[v][d];
}

static void
make_orphan (Cut *c, int v)
{
  c->parent[v] = PARENT_ORPHAN;
  PUSH (&c->orphans, v);
}

/* Lets the tree of @v grow; an arc to the other tree when they meet, or -1. */
static int
grow (Cut *c, int v)
{
  for (int d = 0; d < 6; d++)
    {
      int u = c->graph->neighbour[v][d];

      if (u < 0 || room (c, v, d) == 0)
        continue;
      if (c->parent[u] == PARENT_NONE)
        {
          c->sink[u] = c->sink[v];
          c->parent[u] = (gint8) (d ^ 1);
          c->stamp[u] = c->stamp[v];
          c->far[u] = c->far[v] + 1;
          activate (c, u);
        }
      else if (c->sink[u] != c->sink[v])
        return d;
      else if (c->stamp[u] <= c->stamp[v] && c->far[u] > c->far[v])
        {
          c->parent[u] = (gint8) (d ^ 1);
          c->stamp[u] = c->stamp[v];
          c->far[u] = c->far[v] + 1;
        }
    }
  return -1;
}

/* Residual of the tree arc that joins @v to its parent, in the direction of flow. */
static gint32 *
tree_arc (const Cut *c, int v)
{
  OssCutGraph *g = c->graph;
  int d = c->parent[v];

  return c->sink[v] ? &g->capacity[v][d] : &g->capacity[g->neighbour[v][d]][d ^ 1];
}

static gint32
bottleneck (const Cut *c, int v, gint32 most)
{
  for (; c->parent[v] != PARENT_TERMINAL; v = c->graph->neighbour[v][c->parent[v]])
    most = MIN (most, *tree_arc (c, v));
  return MIN (most, ABS (c->graph->terminal[v]));
}

static void
push_flow (Cut *c, int v, gint32 flow)
{
  OssCutGraph *g = c->graph;

  while (c->parent[v] != PARENT_TERMINAL)
    {
      int d = c->parent[v], up = g->neighbour[v][d];
      gint32 *arc = tree_arc (c, v);
      gint32 *back = c->sink[v] ? &g->capacity[up][d ^ 1] : &g->capacity[v][d];

      *arc -= flow;
      *back += flow;
      if (*arc == 0)
        make_orphan (c, v);
      v = up;
    }
  g->terminal[v] += c->sink[v] ? flow : -flow;
  if (g->terminal[v] == 0)
    make_orphan (c, v);
}

/* Distance of @v to its terminal, or -1 when its branch hangs in the air. */
static int
origin (Cut *c, int v)
{
  int length = 0, u = v, total;

  while (c->stamp[u] != c->time)
    {
      if (c->parent[u] == PARENT_ORPHAN || c->parent[u] == PARENT_NONE)
        return -1;
      if (c->parent[u] == PARENT_TERMINAL)
        {
          c->stamp[u] = c->time;
          c->far[u] = 1;
          break;
        }
      length++;
      u = c->graph->neighbour[u][c->parent[u]];
    }
  total = length + c->far[u];
  for (int w = v, far = total; c->stamp[w] != c->time; w = c->graph->neighbour[w][c->parent[w]], far--)
    {
      c->stamp[w] = c->time;
      c->far[w] = far;
    }
  return total;
}

static void
adopt (Cut *c, int v)
{
  OssCutGraph *g = c->graph;
  int best = -1, least = G_MAXINT;

  for (int d = 0; d < 6; d++)
    {
      int u = g->neighbour[v][d], far;

      if (u < 0 || c->parent[u] == PARENT_NONE || c->sink[u] != c->sink[v]
          || (c->sink[v] ? g->capacity[v][d] : g->capacity[u][d ^ 1]) == 0)
        continue;
      far = origin (c, u);
      if (far > 0 && far < least)
        best = d, least = far;
    }
  if (best >= 0)
    {
      c->parent[v] = (gint8) best;
      c->stamp[v] = c->time;
      c->far[v] = least + 1;
      return;
    }
  for (int d = 0; d < 6; d++)
    {
      int u = g->neighbour[v][d];

      if (u < 0 || c->parent[u] == PARENT_NONE || c->sink[u] != c->sink[v])
        continue;
      if ((c->sink[v] ? g->capacity[v][d] : g->capacity[u][d ^ 1]) > 0)
        activate (c, u);
      if (c->parent[u] < 6 && g->neighbour[u][c->parent[u]] == v)
        make_orphan (c, u);
    }
  c->parent[v] = PARENT_NONE;
}

static void
augment (Cut *c, int v, int d)
{
  OssCutGraph *g = c->graph;
  int u = g->neighbour[v][d];
  int from = c->sink[v] ? u : v, to = c->sink[v] ? v : u, arc = c->sink[v] ? d ^ 1 : d;
  gint32 flow = bottleneck (c, to, bottleneck (c, from, g->capacity[from][arc]));

  g->capacity[from][arc] -= flow;
  g->capacity[to][arc ^ 1] += flow;
  push_flow (c, from, flow);
  push_flow (c, to, flow);
  c->time++;
  while (!g_queue_is_empty (&c->orphans))
    adopt (c, NODE (&c->orphans));
}

static void
cut_init (Cut *c, OssCutGraph *graph)
{
  gsize n = (gsize) graph->n;

  *c = (Cut){ .graph = graph, .active = G_QUEUE_INIT, .orphans = G_QUEUE_INIT };
  c->parent = g_malloc (n);
  c->sink = g_malloc0 (n);
  c->waiting = g_malloc0 (n);
  c->stamp = g_new0 (int, n);
  c->far = g_new0 (int, n);
  for (int v = 0; v < graph->n; v++)
    {
      c->parent[v] = graph->terminal[v] != 0 ? PARENT_TERMINAL : PARENT_NONE;
      c->sink[v] = graph->terminal[v] < 0;
      c->far[v] = 1;
      if (graph->terminal[v] != 0)
        activate (c, v);
    }
}

guint8 *
oss_min_cut (OssCutGraph *graph, const OssTick *tick, GError **error)
{
  Cut c;
  guint rounds = 0;
  guint8 *side;
  gboolean stopped = FALSE;

  cut_init (&c, graph);
  while (!g_queue_is_empty (&c.active) && !stopped)
    {
      int v = GPOINTER_TO_INT (g_queue_peek_head (&c.active)), d;

      if (c.parent[v] != PARENT_NONE && (d = grow (&c, v)) >= 0)
        augment (&c, v, d); /* and look at the same node again */
      else
        {
          g_queue_pop_head (&c.active);
          c.waiting[v] = 0;
        }
      stopped = (++rounds & 0x3ff) == 0 && oss_tick_stopped (tick);
    }
  side = g_malloc ((gsize) graph->n);
  for (int v = 0; v < graph->n; v++)
    side[v] = c.parent[v] == PARENT_NONE ? OSS_CUT_NEITHER : c.sink[v] ? OSS_CUT_SINK : OSS_CUT_SOURCE;
  g_queue_clear (&c.active);
  g_queue_clear (&c.orphans);
  g_free (c.parent);
  g_free (c.sink);
  g_free (c.waiting);
  g_free (c.stamp);
  g_free (c.far);
  if (stopped)
    {
      g_free (side);
      oss_tick_cancelled (error);
      return NULL;
    }
  return side;
}
