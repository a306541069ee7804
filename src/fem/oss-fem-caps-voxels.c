/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-caps-private.h"

#include <string.h>

/* Abaqus's order of the corners of a hexahedron. */
static const int corner_of[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                     { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };

/* The vertebra's voxels as a lattice: cell (i, j, k) has its first corner at node (i, j, k). */
typedef struct
{
  OssCapBuilder *cap;
  double origin[3], edge[3][3], square[3];
  GHashTable *nodes; /* lattice place -> node + 1 */
  GHashTable *cells; /* lattice place of every voxel of the vertebra */
  GHashTable *outer; /* nodes on the plane */
  int axis, step;    /* outward, in the lattice */
} Lattice;

static gint64 *
place_key (const int at[3])
{
  gint64 key = 0;
  for (int k = 0; k < 3; k++)
    key = key << 21 | (at[k] + (1 << 20));
  return g_memdup2 (&key, sizeof key);
}

static void
place_of (const Lattice *self, const double x[3], int at[3])
{
  double d[3];

  oss_sub (x, self->origin, d);
  for (int k = 0; k < 3; k++)
    at[k] = (int) lround (oss_dot (d, self->edge[k]) / self->square[k]);
}

static gboolean
stopped (const Lattice *self, gsize i)
{
  return i % 4096 == 0 && oss_tick_stopped (self->cap->tick);
}

static void
lattice_init (Lattice *self)
{
  static const int ends[3] = { 1, 3, 4 };
  const OssMesh *mesh = self->cap->mesh;
  double best = 0.0;
  int at[3];

  memcpy (self->origin, mesh->nodes + 3 * (gsize) mesh->elements[0], sizeof self->origin);
  for (int k = 0; k < 3; k++)
    {
      oss_sub (mesh->nodes + 3 * (gsize) mesh->elements[ends[k]], self->origin, self->edge[k]);
      self->square[k] = oss_dot (self->edge[k], self->edge[k]);
      double along = self->cap->side * oss_dot (self->edge[k], self->cap->frame->superior) / sqrt (self->square[k]);
      if (fabs (along) <= best)
        continue;
      best = fabs (along);
      self->axis = k;
      self->step = along > 0.0 ? 1 : -1;
    }
  self->nodes = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->cells = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->outer = g_hash_table_new (NULL, NULL);
  for (gsize i = 0; i < mesh->n_nodes && !stopped (self, i); i++)
    {
      place_of (self, mesh->nodes + 3 * i, at);
      g_hash_table_insert (self->nodes, place_key (at), GINT_TO_POINTER ((int) i + 1));
    }
  for (gsize e = 0; e < mesh->n_elements && !stopped (self, e); e++)
    {
      place_of (self, mesh->nodes + 3 * (gsize) mesh->elements[8 * e], at);
      g_hash_table_add (self->cells, place_key (at));
    }
}

static void
position_at (const Lattice *self, const int at[3], double part, double x[3])
{
  for (int k = 0; k < 3; k++)
    {
      x[k] = self->origin[k];
      for (int a = 0; a < 3; a++)
        x[k] += (at[a] + part) * self->edge[a][k];
    }
}

static gint32
node_at (Lattice *self, const int at[3])
{
  gint64 *key = place_key (at);
  gpointer found = g_hash_table_lookup (self->nodes, key);
  double x[3];

  if (found != NULL)
    {
      g_free (key);
      return GPOINTER_TO_INT (found) - 1;
    }
  position_at (self, at, 0.0, x);
  gint32 node = oss_cap_add_node (self->cap, x);
  g_hash_table_insert (self->nodes, key, GINT_TO_POINTER (node + 1));
  return node;
}

static gboolean
is_bone (const Lattice *self, const int at[3])
{
  g_autofree gint64 *key = place_key (at);
  return g_hash_table_contains (self->cells, key);
}

static void
add_voxel (Lattice *self, const int at[3], gint32 node[8])
{
  for (int c = 0; c < 8; c++)
    {
      const int corner[3] = { at[0] + corner_of[c][0], at[1] + corner_of[c][1], at[2] + corner_of[c][2] };
      node[c] = node_at (self, corner);
    }
  g_array_append_vals (self->cap->elements, node, 8);
}

/* Voxels from above the bone voxel @at to the plane, or to bone that overhangs. */
static void
raise_voxels (Lattice *self, int at[3])
{
  gint32 node[8];
  gboolean any = FALSE, free_end = FALSE;

  for (;;)
    {
      double centre[3];
      at[self->axis] += self->step;
      position_at (self, at, 0.5, centre);
      free_end = oss_cap_height (self->cap, centre) > self->cap->height_mm;
      if (free_end || is_bone (self, at))
        break;
      add_voxel (self, at, node);
      any = TRUE;
    }
  for (int c = 0; any && free_end && c < 8; c++)
    if (corner_of[c][self->axis] == (self->step > 0) && g_hash_table_add (self->outer, GINT_TO_POINTER (node[c] + 1)))
      g_array_append_val (self->cap->outer, node[c]);
}

/* Whether a face looks outward along the lattice. */
static gboolean
looks_outward (const Lattice *self, gint32 face)
{
  const gint32 *node = self->cap->surface->triangles + 3 * (gsize) face;
  const double *nodes = self->cap->mesh->nodes;
  double ab[3], ac[3], normal[3];

  oss_sub (nodes + 3 * (gsize) node[1], nodes + 3 * (gsize) node[0], ab);
  oss_sub (nodes + 3 * (gsize) node[2], nodes + 3 * (gsize) node[0], ac);
  oss_cross (ab, ac, normal);
  return self->step * oss_dot (normal, self->edge[self->axis])
         > 0.5 * oss_norm (normal) * sqrt (self->square[self->axis]);
}

void
oss_cap_build_voxels (OssCapBuilder *cap)
{
  Lattice self = { .cap = cap };
  g_autoptr (GHashTable) done = g_hash_table_new (NULL, NULL);

  lattice_init (&self);
  for (guint i = 0; i < cap->endplate->faces->len && !stopped (&self, i); i++)
    {
      gint32 face = g_array_index (cap->endplate->faces, gint32, i), element = cap->surface->element[face];
      int at[3];
      if (!looks_outward (&self, face) || !g_hash_table_add (done, GINT_TO_POINTER (element + 1)))
        continue;
      place_of (&self, cap->mesh->nodes + 3 * (gsize) cap->mesh->elements[8 * (gsize) element], at);
      raise_voxels (&self, at);
    }
  g_hash_table_unref (self.nodes);
  g_hash_table_unref (self.cells);
  g_hash_table_unref (self.outer);
}
