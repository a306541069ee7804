/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-surface-private.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "mesh/oss-buckets-private.h"

#include <string.h>

#define NODES_PER_CHUNK 4096

/* Outward faces (right hand); of a tetrahedron with its tet10 nodes on the edges 01 12 20. */
static const int tet_faces[4][3] = { { 1, 2, 3 }, { 0, 3, 2 }, { 0, 1, 3 }, { 0, 2, 1 } };
static const int tet_midsides[4][3] = { { 5, 9, 8 }, { 7, 9, 6 }, { 4, 8, 7 }, { 6, 5, 4 } };
static const int hex_faces[6][4] = { { 0, 3, 2, 1 }, { 4, 5, 6, 7 }, { 0, 1, 5, 4 },
                                     { 1, 2, 6, 5 }, { 2, 3, 7, 6 }, { 3, 0, 4, 7 } };

int
oss_element_faces (OssElementKind kind)
{
  return kind == OSS_ELEMENT_HEX8 ? 6 : 4;
}

static gboolean
out_of_memory (GError **error)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("Not enough memory for the surface of the mesh."));
  return FALSE;
}

/* Smallest node and, as one number, the next and the largest: two faces of a mesh that agree in them are one. */
static gsize
face_key (const OssMesh *self, gsize element, int face, guint64 *key)
{
  const gint32 *node = self->elements + element * (gsize) oss_element_nodes (self->kind);
  gboolean hex = self->kind == OSS_ELEMENT_HEX8;
  const int *local = hex ? hex_faces[face] : tet_faces[face];
  guint64 sorted[4];

  for (int i = 0; i < (hex ? 4 : 3); i++)
    sorted[i] = (guint64) node[local[i]];
  oss_buckets_sort (sorted, hex ? 4 : 3);
  *key = sorted[1] << 32 | sorted[hex ? 3 : 2];
  return (gsize) sorted[0];
}

typedef struct
{
  const OssMesh *mesh;
  const OssBuckets *faces; /* face numbers by smallest node */
  gint64 *neighbours;
  const OssTick *tick;
} Match;

static void
match_range (gsize begin, gsize end, guint thread, void *data)
{
  const Match *match = data;
  gsize per_element = (gsize) oss_element_faces (match->mesh->kind);
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (gsize node = begin; node < end && !oss_tick_stopped (match->tick); node++)
    {
      const guint64 *face = match->faces->items + match->faces->first[node];
      gsize n = match->faces->first[node + 1] - match->faces->first[node];
      g_array_set_size (keys, (guint) n);
      guint64 *key = (guint64 *) (void *) keys->data;
      for (gsize i = 0; i < n; i++)
        {
          face_key (match->mesh, face[i] / per_element, (int) (face[i] % per_element), &key[i]);
          for (gsize j = 0; j < i; j++)
            if (key[j] == key[i] && match->neighbours[face[j]] < 0)
              {
                match->neighbours[face[i]] = (gint64) face[j];
                match->neighbours[face[j]] = (gint64) face[i];
                break;
              }
        }
    }
}

/* Face numbers by smallest node. */
static gboolean
faces_by_node (const OssMesh *self, OssBuckets *faces, const OssTick *tick, GError **error)
{
  gsize per_element = (gsize) oss_element_faces (self->kind);

  oss_buckets_init (faces, self->n_nodes);
  for (int pass = 0; pass < 2; pass++)
    {
      for (gsize f = 0; f < self->n_elements * per_element; f++)
        {
          guint64 key;
          gsize node = face_key (self, f / per_element, (int) (f % per_element), &key);
          if (oss_loop_stopped (tick, f))
            return oss_tick_cancelled (error);
          if (pass == 0)
            oss_buckets_count (faces, node);
          else
            oss_buckets_add (faces, node, f);
        }
      if (pass == 0 && !oss_buckets_allocate (faces))
        return out_of_memory (error);
    }
  return TRUE;
}

gint64 *
oss_mesh_match_faces (const OssMesh *self, const OssTick *tick, GError **error)
{
  gsize n = self->n_elements * (gsize) oss_element_faces (self->kind);
  g_autofree gint64 *neighbours = g_try_new (gint64, n + 1);
  OssBuckets faces;
  gboolean done;

  if (neighbours == NULL)
    {
      out_of_memory (error);
      return NULL;
    }
  done = faces_by_node (self, &faces, tick, error);
  if (done)
    {
      Match match = { self, &faces, neighbours, tick };
      memset (neighbours, 0xff, n * sizeof (gint64));
      oss_parallel_for (self->n_nodes, NODES_PER_CHUNK, match_range, &match);
      done = oss_tick_stopped (tick) ? oss_tick_cancelled (error) : TRUE;
    }
  oss_buckets_clear (&faces);
  return done ? g_steal_pointer (&neighbours) : NULL;
}

static void
add_triangle (OssSurface *surface, const gint32 *node, gsize element, int a, int b, int c)
{
  gint32 *out = surface->triangles + 3 * surface->n;

  out[0] = node[a], out[1] = node[b], out[2] = node[c];
  surface->element[surface->n++] = (gint32) element;
}

static void
add_face (OssSurface *surface, const OssMesh *mesh, gsize element, int face)
{
  const gint32 *node = mesh->elements + element * (gsize) oss_element_nodes (mesh->kind);

  if (mesh->kind == OSS_ELEMENT_HEX8)
    {
      const int *corner = hex_faces[face];
      add_triangle (surface, node, element, corner[0], corner[1], corner[2]);
      add_triangle (surface, node, element, corner[0], corner[2], corner[3]);
      return;
    }
  if (surface->midside != NULL)
    for (int i = 0; i < 3; i++)
      surface->midside[3 * surface->n + (gsize) i] = node[tet_midsides[face][i]];
  add_triangle (surface, node, element, tet_faces[face][0], tet_faces[face][1], tet_faces[face][2]);
}

OssSurface *
oss_mesh_surface_from_faces (const OssMesh *self, const gint64 *neighbours, const OssTick *tick, GError **error)
{
  g_autoptr (OssSurface) surface = g_new0 (OssSurface, 1);
  gsize per_element = (gsize) oss_element_faces (self->kind), n = 0;

  for (gsize f = 0; f < self->n_elements * per_element; f++)
    if (neighbours[f] < 0)
      n += self->kind == OSS_ELEMENT_HEX8 ? 2 : 1;
  surface->triangles = g_try_new (gint32, 3 * n + 1);
  surface->element = g_try_new (gint32, n + 1);
  if (self->kind == OSS_ELEMENT_TET10)
    surface->midside = g_try_new (gint32, 3 * n + 1);
  if (surface->triangles == NULL || surface->element == NULL
      || (self->kind == OSS_ELEMENT_TET10 && surface->midside == NULL))
    {
      out_of_memory (error);
      return NULL;
    }
  for (gsize e = 0; e < self->n_elements; e++)
    {
      if (oss_loop_stopped (tick, e))
        {
          oss_tick_cancelled (error);
          return NULL;
        }
      for (gsize face = 0; face < per_element; face++)
        if (neighbours[e * per_element + face] < 0)
          add_face (surface, self, e, (int) face);
    }
  return g_steal_pointer (&surface);
}

OssSurface *
oss_mesh_surface (const OssMesh *self, GError **error)
{
  g_autofree gint64 *neighbours = oss_mesh_match_faces (self, NULL, error);

  return neighbours != NULL ? oss_mesh_surface_from_faces (self, neighbours, NULL, error) : NULL;
}

void
oss_surface_free (OssSurface *self)
{
  if (self == NULL)
    return;
  g_free (self->triangles);
  g_free (self->element);
  g_free (self->midside);
  g_free (self);
}

/* Corners (triangle * 3 + corner) by node. */
static gboolean
corners_by_node (const OssSurface *self, gsize n_nodes, OssBuckets *corners)
{
  oss_buckets_init (corners, n_nodes);
  for (gsize i = 0; i < 3 * self->n; i++)
    oss_buckets_count (corners, (gsize) self->triangles[i]);
  if (!oss_buckets_allocate (corners))
    return FALSE;
  for (gsize i = 0; i < 3 * self->n; i++)
    oss_buckets_add (corners, (gsize) self->triangles[i], i);
  return TRUE;
}

/* The triangles around a node, as directed edges of its link: from the next corner to the one after. */
static gint32
link_node (const OssSurface *self, guint64 corner, guint64 ahead)
{
  return self->triangles[corner / 3 * 3 + (corner + ahead) % 3];
}

/* One fan: every link node is left once and entered once, and one walk passes them all. */
static void
check_node (const OssSurface *self, const guint64 *corner, gsize n, gboolean *even, gboolean *single_fan)
{
  gsize walked = 0, at = 0;

  *even = *single_fan = TRUE;
  for (gsize i = 0; i < n; i++)
    {
      gsize out = 0, in = 0;
      for (gsize j = 0; j < n; j++)
        {
          out += link_node (self, corner[j], 1) == link_node (self, corner[i], 1);
          in += link_node (self, corner[j], 2) == link_node (self, corner[i], 1);
        }
      *even = *even && (out + in) % 2 == 0;
      *single_fan = *single_fan && out == 1 && in == 1;
    }
  if (!*single_fan)
    return;
  do
    {
      gint32 next = link_node (self, corner[at], 2);
      for (at = 0; link_node (self, corner[at], 1) != next; at++)
        ;
      walked++;
    }
  while (at != 0);
  *single_fan = walked == n;
}

gboolean
oss_surface_check (const OssSurface *self, gsize n_nodes, gboolean *closed, gboolean *manifold, guint8 *bad_nodes,
                   const OssTick *tick, GError **error)
{
  OssBuckets corners;
  gboolean done = corners_by_node (self, n_nodes, &corners), stopped = FALSE;

  *closed = *manifold = self->n > 0;
  for (gsize node = 0; done && !stopped && node < n_nodes; node++)
    {
      gsize n = corners.first[node + 1] - corners.first[node];
      gboolean even, single_fan;
      stopped = oss_loop_stopped (tick, node);
      if (n == 0)
        continue;
      check_node (self, corners.items + corners.first[node], n, &even, &single_fan);
      *closed = *closed && even;
      *manifold = *manifold && single_fan;
      if (!single_fan && bad_nodes != NULL)
        bad_nodes[node] = 1;
    }
  oss_buckets_clear (&corners);
  if (stopped)
    return oss_tick_cancelled (error);
  return done || out_of_memory (error);
}
