/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-vector.h"
#include "render/oss-render-private.h"

/* Linear tetrahedra over an element's own nodes.  tet10 with edges 01 12 02 03 13 23 at nodes 4-9: four
 * corners, and the inner octahedron about its diagonal 4-9.  hex8: six about the diagonal 0-6 (Kuhn), the
 * same on both sides of a face when all hexahedra are numbered alike. */
static const guint8 tet4_parts[][4] = { { 0, 1, 2, 3 } };
static const guint8 tet10_parts[][4] = { { 0, 4, 6, 7 }, { 4, 1, 5, 8 }, { 6, 5, 2, 9 }, { 7, 8, 9, 3 },
                                         { 4, 9, 5, 8 }, { 4, 9, 8, 7 }, { 4, 9, 7, 6 }, { 4, 9, 6, 5 } };
static const guint8 hex8_parts[][4] = { { 0, 1, 2, 6 }, { 0, 2, 3, 6 }, { 0, 3, 7, 6 },
                                        { 0, 7, 4, 6 }, { 0, 4, 5, 6 }, { 0, 5, 1, 6 } };

static const struct
{
  const guint8 (*parts)[4];
  int n;
} subdivisions[] = {
  [OSS_ELEMENT_TET4] = { tet4_parts, G_N_ELEMENTS (tet4_parts) },
  [OSS_ELEMENT_TET10] = { tet10_parts, G_N_ELEMENTS (tet10_parts) },
  [OSS_ELEMENT_HEX8] = { hex8_parts, G_N_ELEMENTS (hex8_parts) },
};

typedef struct
{
  const double *positions; /* [n_nodes][3] */
  const double *values;    /* nullable */
  const double *distance;  /* [n_nodes] signed, from the plane */
  const double *origin;
  const double *normal;
} Cutter;

/* Where the plane crosses the edge from @below (distance < 0) to @beyond (distance >= 0). */
static OssVertex
cross_edge (const Cutter *self, gint32 below, gint32 beyond)
{
  const double t = self->distance[below] / (self->distance[below] - self->distance[beyond]);
  const double *a = self->positions + 3 * (gsize) below, *b = self->positions + 3 * (gsize) beyond;
  OssVertex vertex = { .field = { 0.0f, 0.0f } };

  for (int i = 0; i < 3; i++)
    {
      vertex.position[i] = (float) (a[i] + t * (b[i] - a[i]) - self->origin[i]);
      vertex.normal[i] = (float) self->normal[i];
    }
  if (self->values != NULL)
    {
      const double value = self->values[below] + t * (self->values[beyond] - self->values[below]);

      if (isfinite (value))
        vertex.field[0] = (float) value, vertex.field[1] = 1.0f;
    }
  return vertex;
}

static void
cut_tetrahedron (const Cutter *self, const gint32 node[4], GArray *triangles)
{
  gint32 below[4], beyond[4];
  int n_below = 0, n_beyond = 0;

  for (int i = 0; i < 4; i++)
    if (self->distance[node[i]] < 0.0)
      below[n_below++] = node[i];
    else
      beyond[n_beyond++] = node[i];

  if (n_below == 0 || n_beyond == 0)
    return;
  if (n_below == 2)
    {
      /* A quadrilateral: corners in order around it. */
      const OssVertex corner[4] = { cross_edge (self, below[0], beyond[0]), cross_edge (self, below[0], beyond[1]),
                                    cross_edge (self, below[1], beyond[1]), cross_edge (self, below[1], beyond[0]) };
      const OssVertex pair[6] = { corner[0], corner[1], corner[2], corner[0], corner[2], corner[3] };

      g_array_append_vals (triangles, pair, 6);
      return;
    }
  OssVertex corner[3];
  for (int i = 0; i < 3; i++)
    corner[i] = n_below == 1 ? cross_edge (self, below[0], beyond[i]) : cross_edge (self, below[i], beyond[0]);
  g_array_append_vals (triangles, corner, 3);
}

static void
cut_elements (const Cutter *self, const OssMesh *mesh, GArray *triangles)
{
  const int n_nodes = oss_element_nodes (mesh->kind);

  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      const gint32 *nodes = mesh->elements + e * (gsize) n_nodes;
      gboolean below = FALSE, beyond = FALSE;

      for (int i = 0; i < n_nodes; i++)
        if (self->distance[nodes[i]] < 0.0)
          below = TRUE;
        else
          beyond = TRUE;
      if (!below || !beyond)
        continue;
      for (int p = 0; p < subdivisions[mesh->kind].n; p++)
        {
          const guint8 *part = subdivisions[mesh->kind].parts[p];
          const gint32 corner[4] = { nodes[part[0]], nodes[part[1]], nodes[part[2]], nodes[part[3]] };

          cut_tetrahedron (self, corner, triangles);
        }
    }
}

static void
cut_triangle (const Cutter *self, const gint32 node[3], GArray *outline)
{
  OssSegment segment;
  int n = 0;

  for (int i = 0; i < 3; i++)
    {
      const gint32 a = node[i], b = node[(i + 1) % 3];
      const gboolean a_below = self->distance[a] < 0.0;

      if (a_below == (self->distance[b] < 0.0))
        continue;
      const OssVertex at = a_below ? cross_edge (self, a, b) : cross_edge (self, b, a);
      memcpy (n++ == 0 ? segment.from : segment.to, at.position, sizeof at.position);
    }
  if (n == 2)
    g_array_append_val (outline, segment);
}

static void
cut_surface (const Cutter *self, const OssSurface *surface, GArray *outline)
{
  for (gsize i = 0; i < surface->n; i++)
    {
      const gint32 *c = surface->triangles + 3 * i;

      if (surface->midside == NULL)
        {
          cut_triangle (self, c, outline);
          continue;
        }
      const gint32 *m = surface->midside + 3 * i;
      const gint32 parts[4][3] = {
        { c[0], m[0], m[2] }, { m[0], c[1], m[1] }, { m[2], m[1], c[2] }, { m[0], m[1], m[2] }
      };

      for (int p = 0; p < 4; p++)
        cut_triangle (self, parts[p], outline);
    }
}

void
oss_section_compute (const OssMesh *mesh, const OssSurface *surface, const double *positions, const double *values,
                     const double plane[4], const double origin[3], GArray **triangles, GArray **outline)
{
  g_autofree double *distance = g_new (double, mesh->n_nodes);
  const Cutter cutter = { positions, values, distance, origin, plane };

  for (gsize i = 0; i < mesh->n_nodes; i++)
    distance[i] = oss_dot (plane, positions + 3 * i) - plane[3];
  *triangles = g_array_new (FALSE, FALSE, sizeof (OssVertex));
  *outline = g_array_new (FALSE, FALSE, sizeof (OssSegment));
  cut_elements (&cutter, mesh, *triangles);
  cut_surface (&cutter, surface, *outline);
}
