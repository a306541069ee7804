/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-caps-private.h"

#include <string.h>

/* Layers of elements in a cap, at the least: one would hardly bend. */
#define LEAST_LAYERS 2

typedef struct
{
  OssCapBuilder *cap;
  gint32 *column;  /* [n_nodes] -1 where none stands */
  gint32 first;    /* node number of the lowest node of column 0 */
  int layers;      /* nodes of a column, besides the endplate's */
  GHashTable *mid; /* two corners -> node between them */
} Columns;

static const double *
position_of (const OssCapBuilder *cap, gint32 node)
{
  gsize n = cap->mesh->n_nodes;
  return (gsize) node < n ? cap->mesh->nodes + 3 * (gsize) node
                          : &g_array_index (cap->nodes, double, 3 * ((gsize) node - n));
}

static gint32
column_node (const Columns *self, gint32 foot, int layer)
{
  return layer == 0 ? foot : self->first + self->column[foot] * self->layers + layer - 1;
}

/* As many layers as make elements about as high as the faces are wide. */
static int
count_layers (const OssCapBuilder *cap)
{
  double edge = 0.0, n = fmax (3.0 * cap->endplate->faces->len, 1.0);

  for (guint i = 0; i < cap->endplate->faces->len; i++)
    {
      const gint32 *node = cap->surface->triangles + 3 * g_array_index (cap->endplate->faces, gint32, i);
      for (int c = 0; c < 3; c++)
        {
          double d[3];
          oss_sub (position_of (cap, node[c]), position_of (cap, node[(c + 1) % 3]), d);
          edge += oss_norm (d) / n;
        }
    }
  return MAX (LEAST_LAYERS, (int) ceil (cap->thickness_mm / fmax (edge, 0.1)));
}

static void
raise_column (Columns *self, gint32 foot)
{
  OssCapBuilder *cap = self->cap;
  const double *x = cap->mesh->nodes + 3 * (gsize) foot;
  double rise = cap->height_mm - oss_cap_height (cap, x);

  for (int layer = 1; layer <= self->layers; layer++)
    {
      double at[3];
      for (int k = 0; k < 3; k++)
        at[k] = x[k] + cap->side * cap->frame->superior[k] * rise * layer / self->layers;
      gint32 node = oss_cap_add_node (cap, at);
      if (layer == self->layers)
        g_array_append_val (cap->outer, node);
    }
}

static gint64 *
edge_key (gint32 a, gint32 b)
{
  gint64 key = (gint64) MIN (a, b) << 32 | MAX (a, b);
  return g_memdup2 (&key, sizeof key);
}

/* The node between two corners; made when it is not there yet. */
static gint32
middle (Columns *self, gint32 a, gint32 b)
{
  gint64 *key = edge_key (a, b);
  gpointer found = g_hash_table_lookup (self->mid, key);
  double x[3];

  if (found != NULL)
    {
      g_free (key);
      return GPOINTER_TO_INT (found) - 1;
    }
  for (int k = 0; k < 3; k++)
    x[k] = 0.5 * (position_of (self->cap, a)[k] + position_of (self->cap, b)[k]);
  gint32 node = oss_cap_add_node (self->cap, x);
  g_hash_table_insert (self->mid, key, GINT_TO_POINTER (node + 1));
  if (fabs (oss_cap_height (self->cap, x) - self->cap->height_mm) < 1e-6)
    g_array_append_val (self->cap->outer, node);
  return node;
}

static void
add_tet (Columns *self, gint32 a, gint32 b, gint32 c, gint32 d)
{
  static const int edge[6][2] = { { 0, 1 }, { 1, 2 }, { 0, 2 }, { 0, 3 }, { 1, 3 }, { 2, 3 } };
  gint32 node[10] = { a, b, c, d };
  double ab[3], ac[3], ad[3], normal[3];
  guint n = 4;

  oss_sub (position_of (self->cap, b), position_of (self->cap, a), ab);
  oss_sub (position_of (self->cap, c), position_of (self->cap, a), ac);
  oss_sub (position_of (self->cap, d), position_of (self->cap, a), ad);
  oss_cross (ab, ac, normal);
  if (oss_dot (normal, ad) < 0.0)
    node[1] = c, node[2] = b;
  if (self->cap->mesh->kind == OSS_ELEMENT_TET10)
    for (int e = 0; e < 6; e++)
      node[n++] = middle (self, node[edge[e][0]], node[edge[e][1]]);
  g_array_append_vals (self->cap->elements, node, n);
}

/* Three tetrahedra to a prism.  The diagonal of a side goes up from the foot with the smaller number: prisms beside
 * each other agree in it. */
static void
add_prism (Columns *self, const gint32 *face, int layer)
{
  gint32 foot[3] = { face[0], face[1], face[2] }, low[3], high[3];

  for (int i = 0; i < 3; i++)
    for (int j = i + 1; j < 3; j++)
      if (foot[j] < foot[i])
        {
          gint32 swap = foot[i];
          foot[i] = foot[j], foot[j] = swap;
        }
  for (int c = 0; c < 3; c++)
    {
      low[c] = column_node (self, foot[c], layer);
      high[c] = column_node (self, foot[c], layer + 1);
    }
  add_tet (self, low[0], low[1], low[2], high[2]);
  add_tet (self, low[0], low[1], high[1], high[2]);
  add_tet (self, low[0], high[0], high[1], high[2]);
}

/* The vertebra's own nodes in the middle of the edges of the endplate's faces. */
static void
know_middles (Columns *self)
{
  const OssSurface *surface = self->cap->surface;
  const GArray *faces = self->cap->endplate->faces;

  for (guint i = 0; surface->midside != NULL && i < faces->len; i++)
    {
      gsize first = 3 * (gsize) g_array_index (faces, gint32, i);
      for (gsize c = 0; c < 3; c++)
        g_hash_table_insert (self->mid,
                             edge_key (surface->triangles[first + c], surface->triangles[first + (c + 1) % 3]),
                             GINT_TO_POINTER (surface->midside[first + c] + 1));
    }
}

void
oss_cap_build_columns (OssCapBuilder *cap)
{
  const GArray *faces = cap->endplate->faces;
  Columns self = { .cap = cap,
                   .column = g_new (gint32, cap->mesh->n_nodes + 1),
                   .first = (gint32) (cap->mesh->n_nodes + cap->nodes->len / 3),
                   .layers = count_layers (cap),
                   .mid = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL) };
  gint32 n = 0;

  memset (self.column, 0xff, cap->mesh->n_nodes * sizeof *self.column);
  for (guint i = 0; i < 3 * faces->len; i++)
    {
      gint32 foot = cap->surface->triangles[3 * (gsize) g_array_index (faces, gint32, i / 3) + i % 3];
      if (self.column[foot] >= 0)
        continue;
      self.column[foot] = n++;
      raise_column (&self, foot);
    }
  know_middles (&self);
  for (guint i = 0; i < faces->len; i++)
    for (int layer = 0; layer < self.layers && !oss_tick_stopped (cap->tick); layer++)
      add_prism (&self, cap->surface->triangles + 3 * (gsize) g_array_index (faces, gint32, i), layer);
  g_hash_table_unref (self.mid);
  g_free (self.column);
}
