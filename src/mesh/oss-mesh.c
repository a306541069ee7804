/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-mesh.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-vector.h"
#include "mesh/oss-buckets-private.h"
#include "mesh/oss-surface-private.h"

#include <string.h>

static const struct
{
  OssElementKind kind;
  int nodes;
  const char *name;
} kinds[] = { { OSS_ELEMENT_TET4, 4, "tet4" }, { OSS_ELEMENT_TET10, 10, "tet10" }, { OSS_ELEMENT_HEX8, 8, "hex8" } };

int
oss_element_nodes (OssElementKind kind)
{
  return kinds[kind].nodes;
}

const char *
oss_element_name (OssElementKind kind)
{
  return kinds[kind].name;
}

gboolean
oss_element_from_name (const char *name, OssElementKind *kind)
{
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (kinds); i++)
    if (g_ascii_strcasecmp (kinds[i].name, name) == 0)
      {
        *kind = kinds[i].kind;
        return TRUE;
      }
  return FALSE;
}

OssMesh *
oss_mesh_new (OssElementKind kind, gsize n_nodes, gsize n_elements, GError **error)
{
  g_autoptr (OssMesh) self = g_new0 (OssMesh, 1);

  g_atomic_ref_count_init (&self->references);
  self->kind = kind;
  self->n_nodes = n_nodes;
  self->n_elements = n_elements;
  if (n_nodes > G_MAXINT32 || n_elements > G_MAXINT32)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("A mesh of %zu nodes and %zu elements is too large: choose a larger element size."), n_nodes,
                   n_elements);
      return NULL;
    }
  self->nodes = oss_alloc_aligned (3 * n_nodes, sizeof (double), _ ("mesh nodes"), error);
  if (self->nodes == NULL)
    return NULL;
  self->elements =
      oss_alloc_aligned (n_elements * (gsize) kinds[kind].nodes, sizeof (gint32), _ ("mesh elements"), error);
  if (self->elements == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

OssMesh *
oss_mesh_ref (OssMesh *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
oss_mesh_unref (OssMesh *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  oss_free_aligned (self->nodes);
  oss_free_aligned (self->elements);
  g_free (self);
}

/* Edges of a tetrahedron in the order of the tet10 nodes 4-9. */
static const int tet_edges[6][2] = { { 0, 1 }, { 1, 2 }, { 0, 2 }, { 0, 3 }, { 1, 3 }, { 2, 3 } };

static void
midside (const OssMesh *tet4, gint32 a, gint32 b, double out[3])
{
  for (int c = 0; c < 3; c++)
    out[c] = 0.5 * (tet4->nodes[3 * (gsize) a + (gsize) c] + tet4->nodes[3 * (gsize) b + (gsize) c]);
}

static gboolean
no_quadratic_memory (GError **error)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("Not enough memory for quadratic elements."));
  return FALSE;
}

/* Numbers the edges bucket after bucket (smaller end, then larger end), the same for any order of elements:
 * @first [n_nodes + 1] of each smaller end, @larger the other ends, sorted. */
static void
number_edges (OssBuckets *edges, gsize *first, gint32 *larger)
{
  gsize n = 0;

  for (gsize node = 0; node < edges->n_buckets; node++)
    {
      guint64 *ends = edges->items + edges->first[node];
      gsize count = edges->first[node + 1] - edges->first[node];
      oss_buckets_sort (ends, count);
      first[node] = n;
      for (gsize i = 0; i < count; i++)
        if (i == 0 || ends[i] != ends[i - 1])
          larger[n++] = (gint32) ends[i];
    }
  first[edges->n_buckets] = n;
}

static gboolean
edges_by_node (const OssMesh *tet4, OssBuckets *edges, const OssTick *tick, GError **error)
{
  oss_buckets_init (edges, tet4->n_nodes);
  for (int pass = 0; pass < 2; pass++)
    {
      for (gsize e = 0; e < tet4->n_elements; e++)
        {
          const gint32 *corner = tet4->elements + 4 * e;
          if (oss_loop_stopped (tick, e))
            return oss_tick_cancelled (error);
          for (int i = 0; i < 6; i++)
            {
              gint32 a = corner[tet_edges[i][0]], b = corner[tet_edges[i][1]];
              if (pass == 0)
                oss_buckets_count (edges, (gsize) MIN (a, b));
              else
                oss_buckets_add (edges, (gsize) MIN (a, b), (guint64) MAX (a, b));
            }
        }
      if (pass == 0 && !oss_buckets_allocate (edges))
        return no_quadratic_memory (error);
    }
  return TRUE;
}

static OssMesh *
build_quadratic (const OssMesh *tet4, const gsize *first, const gint32 *larger, const OssTick *tick, GError **error)
{
  g_autoptr (OssMesh) mesh =
      oss_mesh_new (OSS_ELEMENT_TET10, tet4->n_nodes + first[tet4->n_nodes], tet4->n_elements, error);

  if (mesh == NULL)
    return NULL;
  memcpy (mesh->nodes, tet4->nodes, 3 * tet4->n_nodes * sizeof (double));
  for (gsize node = 0; node < tet4->n_nodes; node++)
    for (gsize i = first[node]; i < first[node + 1]; i++)
      midside (tet4, (gint32) node, larger[i], mesh->nodes + 3 * (tet4->n_nodes + i));
  for (gsize e = 0; e < tet4->n_elements; e++)
    {
      const gint32 *corner = tet4->elements + 4 * e;
      gint32 *out = mesh->elements + 10 * e;
      if (oss_loop_stopped (tick, e))
        {
          oss_tick_cancelled (error);
          return NULL;
        }
      memcpy (out, corner, 4 * sizeof (gint32));
      for (int i = 0; i < 6; i++)
        {
          gint32 a = corner[tet_edges[i][0]], b = corner[tet_edges[i][1]];
          gsize at = first[MIN (a, b)];
          while (larger[at] != MAX (a, b))
            at++;
          out[4 + i] = (gint32) (tet4->n_nodes + at);
        }
    }
  return g_steal_pointer (&mesh);
}

OssMesh *
oss_mesh_make_quadratic (const OssMesh *tet4, const OssTick *tick, GError **error)
{
  OssBuckets edges;
  OssMesh *mesh = NULL;
  gboolean done;
  g_autofree gsize *first = NULL;
  g_autofree gint32 *larger = NULL;

  if (tet4->kind != OSS_ELEMENT_TET4)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A mesh of %s elements cannot be made quadratic; tet4 can."),
                   oss_element_name (tet4->kind));
      return NULL;
    }
  done = edges_by_node (tet4, &edges, tick, error);
  if (done)
    {
      first = g_try_new (gsize, tet4->n_nodes + 1);
      larger = g_try_new (gint32, edges.first[edges.n_buckets] + 1);
      done = (first != NULL && larger != NULL) || no_quadratic_memory (error);
    }
  if (done)
    number_edges (&edges, first, larger);
  oss_buckets_clear (&edges);
  if (done)
    mesh = build_quadratic (tet4, first, larger, tick, error);
  return mesh;
}

OssMesh *
oss_mesh_to_quadratic (const OssMesh *tet4, GError **error)
{
  return oss_mesh_make_quadratic (tet4, NULL, error);
}

static double
tetrahedron_volume (const double *nodes, const gint32 corner[4])
{
  const double *a = nodes + 3 * (gsize) corner[0];
  double ab[3], ac[3], ad[3], normal[3];

  oss_sub (nodes + 3 * (gsize) corner[1], a, ab);
  oss_sub (nodes + 3 * (gsize) corner[2], a, ac);
  oss_sub (nodes + 3 * (gsize) corner[3], a, ad);
  oss_cross (ab, ac, normal);
  return oss_dot (normal, ad) / 6.0;
}

/* Integral of det J over the trilinear brick: 2 x 2 x 2 Gauss points are exact, as det J is of degree 2 in each
 * coordinate at most. */
static double
hexahedron_volume (const double *nodes, const gint32 corner[8])
{
  static const int side[8][3] = { { -1, -1, -1 }, { 1, -1, -1 }, { 1, 1, -1 }, { -1, 1, -1 },
                                  { -1, -1, 1 },  { 1, -1, 1 },  { 1, 1, 1 },  { -1, 1, 1 } };
  const double g = 1.0 / sqrt (3.0);
  double volume = 0.0;

  for (int point = 0; point < 8; point++)
    {
      double at[3] = { g * side[point][0], g * side[point][1], g * side[point][2] };
      double jacobian[3][3] = { { 0.0 } }, normal[3];
      for (int n = 0; n < 8; n++)
        for (int d = 0; d < 3; d++)
          {
            double u = 1.0 + at[(d + 1) % 3] * side[n][(d + 1) % 3], v = 1.0 + at[(d + 2) % 3] * side[n][(d + 2) % 3];
            for (int c = 0; c < 3; c++)
              jacobian[d][c] += 0.125 * side[n][d] * u * v * nodes[3 * (gsize) corner[n] + (gsize) c];
          }
      oss_cross (jacobian[0], jacobian[1], normal);
      volume += oss_dot (normal, jacobian[2]);
    }
  return volume;
}

double
oss_mesh_element_volume (const OssMesh *self, gsize element)
{
  const gint32 *corner = self->elements + element * (gsize) oss_element_nodes (self->kind);
  return self->kind == OSS_ELEMENT_HEX8 ? hexahedron_volume (self->nodes, corner)
                                        : tetrahedron_volume (self->nodes, corner);
}

double
oss_mesh_volume (const OssMesh *self)
{
  double volume = 0.0;

  for (gsize e = 0; e < self->n_elements; e++)
    volume += oss_mesh_element_volume (self, e);
  return volume;
}
