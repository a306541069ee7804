/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tetrahedra of the warped lattice inside the surface (Labelle and Shewchuk 2007, section 3.3). */
#include "mesh/oss-lattice-private.h"

#include "base/oss-i18n.h"
#include "base/oss-vector.h"

#include <string.h>

typedef struct
{
  const OssStuffing *lattice;
  OssTets *tets;
  gint32 *node_of_point; /* [2 half], -1 before the first use */
  gint32 *node_of_cut;   /* [n_cuts] */
  gboolean failed;       /* out of memory */
} Fill;

/* A tetrahedron of the lattice: points 0 and 1 are of sublattice A, 2 and 3 of B; 0-1 and 2-3 are its long edges. */
typedef struct
{
  gsize point[4];
  gint8 sign[4];
} Cell;

void
oss_tets_clear (OssTets *self)
{
  g_free (self->nodes);
  g_free (self->source);
  g_free (self->tets);
  *self = (OssTets){ 0 };
}

static gint32
add_node (Fill *fill, const double mm[3], gint32 source)
{
  OssTets *tets = fill->tets;

  if (tets->n_nodes == tets->node_capacity)
    {
      gsize capacity = MAX (2 * tets->node_capacity, 4096);
      double *nodes = g_try_renew (double, tets->nodes, 3 * capacity);
      if (nodes != NULL)
        tets->nodes = nodes;
      gint32 *sources = g_try_renew (gint32, tets->source, capacity);
      if (sources != NULL)
        tets->source = sources;
      fill->failed = fill->failed || nodes == NULL || sources == NULL || capacity > G_MAXINT32;
      if (fill->failed)
        return 0;
      tets->node_capacity = capacity;
    }
  memcpy (tets->nodes + 3 * tets->n_nodes, mm, 3 * sizeof (double));
  tets->source[tets->n_nodes] = source;
  return (gint32) tets->n_nodes++;
}

static gint32
point_node (Fill *fill, gsize point)
{
  const OssStuffing *lattice = fill->lattice;

  if (fill->node_of_point[point] < 0)
    {
      double mm[3];
      if (lattice->sign[point] == 0)
        oss_lattice_cut_position (lattice, &lattice->cuts[lattice->warp[lattice->slot[point]]], mm);
      else
        oss_lattice_position (lattice, point, mm);
      fill->node_of_point[point] = add_node (fill, mm, (gint32) point);
    }
  return fill->node_of_point[point];
}

/* The node on the edge between an inside and an outside point. */
static gint32
cut_node (Fill *fill, gsize inside, gsize outside)
{
  const OssStuffing *lattice = fill->lattice;
  const gint32 *cuts = lattice->cut_of[lattice->slot[inside]];
  const gssize *offset = lattice->offset[inside >= lattice->half];
  int dir = 0;

  while ((gssize) outside - (gssize) inside != offset[dir])
    dir++;
  gint32 cut = cuts[dir];
  if (fill->node_of_cut[cut] < 0)
    {
      double mm[3];
      oss_lattice_cut_position (lattice, &lattice->cuts[cut], mm);
      fill->node_of_cut[cut] = add_node (fill, mm, -1);
    }
  return fill->node_of_cut[cut];
}

static void
add_tet (Fill *fill, gint32 a, gint32 b, gint32 c, gint32 d)
{
  OssTets *tets = fill->tets;
  double ab[3], ac[3], ad[3], normal[3];

  if (tets->n_tets == tets->tet_capacity)
    {
      gsize capacity = MAX (2 * tets->tet_capacity, 16384);
      gint32 *grown = g_try_renew (gint32, tets->tets, 4 * capacity);
      fill->failed = fill->failed || grown == NULL || capacity > G_MAXINT32;
      if (grown != NULL)
        tets->tets = grown;
      if (fill->failed)
        return;
      tets->tet_capacity = capacity;
    }
  if (fill->failed)
    return;
  const double *at = tets->nodes + 3 * (gsize) a;
  oss_sub (tets->nodes + 3 * (gsize) b, at, ab);
  oss_sub (tets->nodes + 3 * (gsize) c, at, ac);
  oss_sub (tets->nodes + 3 * (gsize) d, at, ad);
  oss_cross (ab, ac, normal);
  gboolean positive = oss_dot (normal, ad) > 0.0;
  gint32 *out = tets->tets + 4 * tets->n_tets++;
  out[0] = a, out[1] = b, out[2] = positive ? c : d, out[3] = positive ? d : c;
}

/* Prism between the triangles a and b; diagonals a[x]-b[y], a[x]-b[z], a[y]-b[z]. */
static void
add_prism (Fill *fill, const gint32 a[3], const gint32 b[3], int x, int y, int z)
{
  add_tet (fill, a[x], a[y], a[z], b[z]);
  add_tet (fill, a[x], a[y], b[y], b[z]);
  add_tet (fill, a[x], b[x], b[y], b[z]);
}

/* Whether the points @p and @q of a cell are joined by a long edge. */
static gboolean
is_long (int p, int q)
{
  return p / 2 == q / 2;
}

/**
 * The diagonal of the quadrilateral that the face p q m leaves, where p and q are inside and m outside:
 * TRUE: from p to the cut on q-m, FALSE: from q to the cut on p-m.
 *
 * It ends at the cut of the long edge where there is one.  Where both cut edges are short, p-q is long, and the
 * parity rule decides: p is the lower end, and it depends on how many of the two coordinates across the edge are
 * larger at m than on it.  Both tetrahedra beside the face see the same, and the two such faces of one
 * tetrahedron, whose m are neighbours around the edge, see opposites; equal ones would give angles below 10 degrees.
 */
static gboolean
diagonal_from_first (const Fill *fill, const Cell *cell, int p, int q, int m)
{
  const OssStuffing *lattice = fill->lattice;
  double at_p[3], at_q[3], at_m[3];
  int axis = 0, larger = 0;

  if (!is_long (p, q))
    return is_long (q, m);
  oss_lattice_position (lattice, cell->point[p], at_p);
  oss_lattice_position (lattice, cell->point[q], at_q);
  oss_lattice_position (lattice, cell->point[m], at_m);
  for (int a = 0; a < 3; a++)
    if (fabs (at_p[a] - at_q[a]) > 0.75 * lattice->a)
      axis = a;
    else
      larger += at_m[a] > at_p[a];
  return (larger % 2 == 0) == (at_p[axis] < at_q[axis]);
}

static void
fill_one_inside (Fill *fill, const Cell *cell, int inside)
{
  gint32 node[4];

  for (int i = 0; i < 4; i++)
    node[i] =
        cell->sign[i] < 0 ? cut_node (fill, cell->point[inside], cell->point[i]) : point_node (fill, cell->point[i]);
  add_tet (fill, node[0], node[1], node[2], node[3]);
}

/* p and q inside, z on the surface, m outside: a pyramid over the quadrilateral. */
static void
fill_pyramid (Fill *fill, const Cell *cell, int p, int q, int z, int m)
{
  gint32 at_p = point_node (fill, cell->point[p]), at_q = point_node (fill, cell->point[q]);
  gint32 at_z = point_node (fill, cell->point[z]);
  gint32 cut_p = cut_node (fill, cell->point[p], cell->point[m]);
  gint32 cut_q = cut_node (fill, cell->point[q], cell->point[m]);

  if (diagonal_from_first (fill, cell, p, q, m))
    {
      add_tet (fill, at_p, at_q, cut_q, at_z);
      add_tet (fill, at_p, cut_q, cut_p, at_z);
    }
  else
    {
      add_tet (fill, at_q, at_p, cut_p, at_z);
      add_tet (fill, at_q, cut_p, cut_q, at_z);
    }
}

/* p and q inside, m and n outside: a prism between the corners of p and of q.  The two diagonals from the faces
 * start at different ends, which settles the third on the surface. */
static void
fill_wedge (Fill *fill, const Cell *cell, int p, int q, int m, int n)
{
  const gsize *point = cell->point;
  gint32 a[3], b[3];

  if (!diagonal_from_first (fill, cell, p, q, m))
    {
      int swap = m;
      m = n, n = swap;
    }
  a[0] = point_node (fill, point[p]);
  a[1] = cut_node (fill, point[p], point[m]);
  a[2] = cut_node (fill, point[p], point[n]);
  b[0] = point_node (fill, point[q]);
  b[1] = cut_node (fill, point[q], point[m]);
  b[2] = cut_node (fill, point[q], point[n]);
  add_prism (fill, a, b, 2, 0, 1);
}

/* All inside but m: a prism between the three and their cuts; diagonals end at the cut of the long edge. */
static void
fill_truncated (Fill *fill, const Cell *cell, int m)
{
  int near = m ^ 1, p = m < 2 ? 2 : 0, q = p + 1; /* near-m is the long edge, p-q the other one */
  gint32 a[3], b[3];

  if (!diagonal_from_first (fill, cell, p, q, m))
    {
      p = p + 1;
      q = p - 1;
    }
  const int corner[3] = { p, q, near };
  for (int i = 0; i < 3; i++)
    {
      a[i] = point_node (fill, cell->point[corner[i]]);
      b[i] = cut_node (fill, cell->point[corner[i]], cell->point[m]);
    }
  add_prism (fill, a, b, 0, 1, 2);
}

static void
fill_cell (Fill *fill, const Cell *cell)
{
  int inside[4], outside[4], surface[4], n_in = 0, n_out = 0, n_on = 0;

  for (int i = 0; i < 4; i++)
    {
      if (cell->sign[i] > 0)
        inside[n_in++] = i;
      else if (cell->sign[i] < 0)
        outside[n_out++] = i;
      else
        surface[n_on++] = i;
    }
  if (n_in == 0)
    return;
  if (n_out == 0)
    add_tet (fill, point_node (fill, cell->point[0]), point_node (fill, cell->point[1]),
             point_node (fill, cell->point[2]), point_node (fill, cell->point[3]));
  else if (n_in == 1)
    fill_one_inside (fill, cell, inside[0]);
  else if (n_in == 3)
    fill_truncated (fill, cell, outside[0]);
  else if (n_on == 1)
    fill_pyramid (fill, cell, inside[0], inside[1], surface[0], outside[0]);
  else
    fill_wedge (fill, cell, inside[0], inside[1], outside[0], outside[1]);
}

/* The four tetrahedra around the long edge that leaves A's point @from along @axis. */
static void
fill_edge (Fill *fill, gsize from, int axis)
{
  const OssStuffing *lattice = fill->lattice;
  const gint8 *sign = lattice->sign;
  gssize step[3] = { 1, lattice->n[0], (gssize) lattice->n[0] * lattice->n[1] };
  gssize u = step[(axis + 1) % 3], v = step[(axis + 2) % 3];
  gsize to = from + (gsize) step[axis], beside = from + lattice->half;
  const gsize ring[4] = { beside - (gsize) (u + v), beside - (gsize) v, beside, beside - (gsize) u };

  if (sign[from] <= 0 && sign[to] <= 0 && sign[ring[0]] <= 0 && sign[ring[1]] <= 0 && sign[ring[2]] <= 0
      && sign[ring[3]] <= 0)
    return;
  for (int i = 0; i < 4; i++)
    {
      gsize one = ring[i], next = ring[(i + 1) % 4];
      Cell cell = { { from, to, one, next }, { sign[from], sign[to], sign[one], sign[next] } };
      fill_cell (fill, &cell);
    }
}

static gboolean
fill_all (Fill *fill, GError **error)
{
  const OssStuffing *lattice = fill->lattice;

  for (int k = 1; k < lattice->n[2] - 1; k++)
    {
      if (oss_tick_stopped (lattice->tick))
        return oss_tick_cancelled (error);
      for (int j = 1; j < lattice->n[1] - 1; j++)
        for (int i = 1; i < lattice->n[0] - 1; i++)
          {
            gsize from = ((gsize) k * (gsize) lattice->n[1] + (gsize) j) * (gsize) lattice->n[0] + (gsize) i;
            for (int axis = 0; axis < 3; axis++)
              fill_edge (fill, from, axis);
          }
    }
  return TRUE;
}

gboolean
oss_stencil_fill (OssStuffing *self, GError **error)
{
  OssTets *tets = &self->tets;
  Fill fill = { .lattice = self, .tets = tets };
  gboolean done = FALSE;

  tets->n_nodes = tets->n_tets = 0;
  fill.node_of_point = g_try_new (gint32, 2 * self->half);
  fill.node_of_cut = g_try_new (gint32, self->n_cuts + 1);
  fill.failed = fill.node_of_point == NULL || fill.node_of_cut == NULL;
  if (!fill.failed)
    {
      memset (fill.node_of_point, 0xff, 2 * self->half * sizeof (gint32));
      memset (fill.node_of_cut, 0xff, self->n_cuts * sizeof (gint32));
      done = fill_all (&fill, error);
    }
  if (fill.failed)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                         _ ("Not enough memory for the mesh: choose a larger element size."));
  g_free (fill.node_of_point);
  g_free (fill.node_of_cut);
  return done && !fill.failed;
}
