/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-fem-private.h"

#include <stdlib.h>

/* All shares below are our choices, set on virtual patients, on clinical labels of 0.7 to 3 mm voxels,
 * and on bodies with cement caps. */
#define STEEPEST_COSINE 0.7071 /* an endplate's triangles lie within 45 degrees of the axis */
/* The rim stands out over the waist, where width and depth are measured, except to the back. */
#define FOOTPRINT_SIDE 0.66  /* of the width, from the middle */
#define FOOTPRINT_FRONT 0.66 /* of the depth */
#define FOOTPRINT_BACK 0.54
#define FOOTPRINT_POWER 3.0 /* 2 is an ellipse; bodies are fuller at the back corners */
#define LEAST_HEIGHT 0.15   /* of the height, from the middle: looking for the level of an endplate */
/* To each side of that level, of the height: dish, wedge and osteophytes.  Toward the body less at the footprint's edge
 * than in the dish, or the flanks and the shoulders of the pedicles come in. */
#define BAND 0.25
#define EDGE_BAND 0.13
#define LEAST_BAND 3.0  /* mm, for collapsed bodies */
#define LEAST_AREA 0.45 /* of the ellipse of width and depth */
#define MOST_AREA 1.9

/* A boundary triangle in the frame, with the endplate's side counted upward. */
typedef struct
{
  double height; /* of the centroid, mm */
  double area;   /* projected on the axis, mm2; below 0 when it looks away */
  double edge;   /* 0 in the middle of the footprint, 1 at its edge, more beyond */
  gboolean faces;
  gint32 part;
} Facet;

typedef struct
{
  const OssMesh *mesh;
  const OssVertebraFrame *frame;
  OssSurface *surface;
  Facet *facets;
  double side; /* 1 superior, -1 inferior */
} Search;

static double
footprint_edge (const OssVertebraFrame *frame, const double local[3])
{
  double x = fabs (local[0]) / (FOOTPRINT_SIDE * frame->width_mm);
  double y = fabs (local[1]) / ((local[1] > 0.0 ? FOOTPRINT_FRONT : FOOTPRINT_BACK) * frame->depth_mm);
  return pow (x, FOOTPRINT_POWER) + pow (y, FOOTPRINT_POWER);
}

static void
measure_facets (Search *self)
{
  for (gsize t = 0; t < self->surface->n; t++)
    {
      double corner[3][3], centre[3], ab[3], ac[3], normal[3];
      for (int c = 0; c < 3; c++)
        oss_vertebra_frame_local (
            self->frame, self->mesh->nodes + 3 * (gsize) self->surface->triangles[3 * t + (gsize) c], corner[c]);
      for (int k = 0; k < 3; k++)
        centre[k] = (corner[0][k] + corner[1][k] + corner[2][k]) / 3.0;
      oss_sub (corner[1], corner[0], ab);
      oss_sub (corner[2], corner[0], ac);
      oss_cross (ab, ac, normal);
      double length = oss_norm (normal);
      Facet *facet = &self->facets[t];
      facet->height = self->side * centre[2];
      facet->area = 0.5 * self->side * normal[2];
      facet->edge = footprint_edge (self->frame, centre);
      facet->faces = facet->edge <= 1.0 && length > 0.0 && self->side * normal[2] >= STEEPEST_COSINE * length;
    }
}

typedef struct
{
  double height, area;
} Level;

static int
compare_levels (const void *a, const void *b)
{
  double x = ((const Level *) a)->height, y = ((const Level *) b)->height;
  return (x > y) - (x < y);
}

/* Area-weighted median height of the facets that look along the axis; FALSE when there are none. */
static gboolean
find_level (const Search *self, double *height)
{
  g_autofree Level *levels = g_new (Level, self->surface->n + 1);
  gsize n = 0;
  double whole = 0.0, below = 0.0;

  for (gsize t = 0; t < self->surface->n; t++)
    {
      const Facet *facet = &self->facets[t];
      if (!facet->faces || facet->height < LEAST_HEIGHT * self->frame->height_mm)
        continue;
      levels[n++] = (Level){ facet->height, facet->area };
      whole += facet->area;
    }
  qsort (levels, n, sizeof *levels, compare_levels);
  for (gsize i = 0; i < n; i++)
    if ((below += levels[i].area) >= 0.5 * whole)
      {
        *height = levels[i].height;
        return TRUE;
      }
  return FALSE;
}

/* A triangle's edge as a sorted pair of nodes. */
typedef struct
{
  gint32 low, high, facet;
} Edge;

static int
compare_edges (const void *a, const void *b)
{
  const Edge *x = a, *y = b;
  if (x->low != y->low)
    return x->low < y->low ? -1 : 1;
  if (x->high != y->high)
    return x->high < y->high ? -1 : 1;
  return (x->facet > y->facet) - (x->facet < y->facet);
}

static gint32
find_root (Facet *facets, gint32 i)
{
  while (facets[i].part != i)
    i = facets[i].part = facets[facets[i].part].part;
  return i;
}

static gboolean
is_in_band (const Search *self, const Facet *facet, double level)
{
  double height = self->frame->height_mm, offset = facet->height - level;
  double below = fmax ((BAND + (EDGE_BAND - BAND) * facet->edge) * height, LEAST_BAND);

  return facet->edge <= 1.0 && offset <= fmax (BAND * height, LEAST_BAND) && offset >= -below;
}

/* Joins facets within the band over shared edges.  Steep ones join too, so that the treads of a voxel mesh
 * hang together over their risers; a closed cavity below the endplate stays a part of its own. */
static void
join_facets (Search *self, double level)
{
  g_autofree Edge *edges = g_new (Edge, 3 * self->surface->n + 1);
  gsize n = 0;

  for (gsize t = 0; t < self->surface->n; t++)
    {
      const gint32 *nodes = self->surface->triangles + 3 * t;
      gboolean inside = is_in_band (self, &self->facets[t], level);
      self->facets[t].part = inside ? (gint32) t : -1;
      for (int c = 0; c < 3 && inside; c++)
        {
          gint32 a = nodes[c], b = nodes[(c + 1) % 3];
          edges[n++] = (Edge){ MIN (a, b), MAX (a, b), (gint32) t };
        }
    }
  qsort (edges, n, sizeof *edges, compare_edges);
  for (gsize i = 1; i < n; i++)
    if (edges[i].low == edges[i - 1].low && edges[i].high == edges[i - 1].high)
      {
        gint32 a = find_root (self->facets, edges[i - 1].facet), b = find_root (self->facets, edges[i].facet);
        self->facets[MAX (a, b)].part = MIN (a, b);
      }
}

/* The part with the largest area that faces the axis, or -1. */
static gint32
find_largest (Search *self)
{
  g_autofree double *area = g_new0 (double, self->surface->n + 1);
  gint32 largest = -1;

  for (gsize t = 0; t < self->surface->n; t++)
    if (self->facets[t].part >= 0 && self->facets[t].faces)
      {
        gint32 root = find_root (self->facets, (gint32) t);
        area[root] += self->facets[t].area;
        if (largest < 0 || area[root] > area[largest])
          largest = root;
      }
  return largest;
}

static void
collect (Search *self, gint32 part, OssEndplate *endplate)
{
  g_autofree guint8 *chosen = g_new0 (guint8, self->mesh->n_nodes);
  double moment = 0.0;

  for (gsize t = 0; t < self->surface->n; t++)
    {
      const Facet *facet = &self->facets[t];
      if (facet->part < 0 || !facet->faces || find_root (self->facets, (gint32) t) != part)
        continue;
      endplate->area_mm2 += facet->area;
      moment += facet->area * self->side * facet->height;
      for (gsize c = 3 * t; c < 3 * t + 3; c++)
        {
          chosen[self->surface->triangles[c]] = TRUE;
          if (self->surface->midside != NULL)
            chosen[self->surface->midside[c]] = TRUE;
        }
    }
  endplate->nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gint32 i = 0; i < (gint32) self->mesh->n_nodes; i++)
    if (chosen[i])
      g_array_append_val (endplate->nodes, i);
  if (endplate->area_mm2 > 0.0)
    endplate->height_mm = moment / endplate->area_mm2;
}

static gboolean
check_area (const Search *self, const OssEndplate *endplate, GError **error)
{
  const OssVertebraFrame *frame = self->frame;
  double expected = G_PI / 4.0 * frame->width_mm * frame->depth_mm;

  if (endplate->area_mm2 > 0.0 && endplate->area_mm2 >= LEAST_AREA * expected
      && endplate->area_mm2 <= MOST_AREA * expected)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               self->side > 0.0
                   ? _ ("The superior endplate found measures %.0f mm²; a body of %.1f × %.1f mm has about "
                        "%.0f mm². Look whether the vertebra is whole in the image and its label.")
                   : _ ("The inferior endplate found measures %.0f mm²; a body of %.1f × %.1f mm has about "
                        "%.0f mm². Look whether the vertebra is whole in the image and its label."),
               endplate->area_mm2, frame->width_mm, frame->depth_mm, expected);
  return FALSE;
}

static gboolean
find_endplate (Search *self, double side, OssEndplate *endplate, GError **error)
{
  double level;
  gint32 part = -1;

  self->side = side;
  measure_facets (self);
  if (find_level (self, &level))
    {
      join_facets (self, level);
      part = find_largest (self);
    }
  *endplate = (OssEndplate){ NULL };
  collect (self, part >= 0 ? part : G_MAXINT32, endplate);
  if (check_area (self, endplate, error))
    return TRUE;
  oss_endplate_clear (endplate);
  return FALSE;
}

void
oss_endplate_clear (OssEndplate *self)
{
  g_clear_pointer (&self->nodes, g_array_unref);
  self->area_mm2 = self->height_mm = 0.0;
}

gboolean
oss_fem_endplates (const OssMesh *mesh, const OssVertebraFrame *frame, OssEndplate *superior, OssEndplate *inferior,
                   GError **error)
{
  g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, error);
  g_autofree Facet *facets = NULL;

  if (surface == NULL)
    return FALSE;
  facets = g_new0 (Facet, surface->n + 1);
  Search search = { .mesh = mesh, .frame = frame, .surface = surface, .facets = facets };
  if (!find_endplate (&search, 1.0, superior, error))
    return FALSE;
  if (!find_endplate (&search, -1.0, inferior, error))
    {
      oss_endplate_clear (superior);
      return FALSE;
    }
  return TRUE;
}
