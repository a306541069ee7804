/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-fem-private.h"

#include <stdlib.h>
#include <string.h>

/* All shares below are our choices, set on virtual patients, on clinical labels of 0.7 to 3 mm voxels,
 * and on bodies with cement caps. */
#define LEVEL_COSINE 0.7071 /* the level of an endplate is told by triangles within 45 degrees of the axis */
/* An endplate lies within 60 degrees of the axis.  Not 45: that is how a mesh, and any smoothing, bevels a rim, so that
 * chance would decide for the bevel and the end of the shell below it. */
#define STEEPEST_COSINE 0.5
#define SLOPE_RADIUS 2.0 /* mm: an endplate's direction is the mean over a ball of that radius, */
#define SLOPE_VOXELS 1.5 /* and of that many voxels, or treads would be flat and risers steep */
#define PIECE_MM 0.5     /* triangles are looked at in pieces of that size */
#define LEAST_SHARE 0.5  /* of what a node stands for, seen along the axis: then it is held */
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
#define STEEPEST_FACE 0.2 /* cosine: a steeper face belongs to the endplate, but nothing stands upon it */

/* A boundary triangle in the frame, with the endplate's side counted upward. */
typedef struct
{
  double height;    /* of the centroid, mm */
  double area;      /* projected on the axis, mm2; below 0 when it looks away */
  double corner[3]; /* what of @area is on the endplate, by corner: the integrals of the linear shape functions */
  double moment;    /* of that, mm3 */
  gboolean faces;   /* for itself looks along the axis within the footprint */
  gboolean touched; /* a piece is on the endplate */
} Facet;

typedef struct
{
  const OssMesh *mesh;
  const OssVertebraFrame *frame;
  OssSurface *surface;
  double *corners; /* [surface->n][3][3] mm in the frame */
  OssSlope *slope;
  Facet *facets;
  int pieces;   /* how many facets a face of an element is */
  gint32 *part; /* [n_nodes] */
  double side;  /* 1 superior, -1 inferior */
} Search;

static double
footprint_edge (const OssVertebraFrame *frame, const double local[3])
{
  double x = fabs (local[0]) / (FOOTPRINT_SIDE * frame->width_mm);
  double y = fabs (local[1]) / ((local[1] > 0.0 ? FOOTPRINT_FRONT : FOOTPRINT_BACK) * frame->depth_mm);
  return pow (x, FOOTPRINT_POWER) + pow (y, FOOTPRINT_POWER);
}

static const double (*corners_of (const Search *self, gsize triangle))[3]
{
  return (const double (*)[3]) (const void *) (self->corners + 9 * triangle);
}

/* Its length is twice the triangle's area. */
static double
normal_of (const double (*x)[3], double normal[3])
{
  double ab[3], ac[3];

  oss_sub (x[1], x[0], ab);
  oss_sub (x[2], x[0], ac);
  oss_cross (ab, ac, normal);
  return oss_norm (normal);
}

static void
measure_facets (Search *self)
{
  for (gsize t = 0; t < self->surface->n; t++)
    {
      const double (*x)[3] = corners_of (self, t);
      double centre[3], normal[3], length = normal_of (x, normal);
      for (int k = 0; k < 3; k++)
        centre[k] = (x[0][k] + x[1][k] + x[2][k]) / 3.0;
      Facet *facet = &self->facets[t];
      *facet = (Facet){ .height = self->side * centre[2], .area = 0.5 * self->side * normal[2] };
      facet->faces = footprint_edge (self->frame, centre) <= 1.0 && length > 0.0
                     && self->side * normal[2] >= LEVEL_COSINE * length;
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

/*
 * Which part of the surface carries load is a matter of the bone, not of its elements: it is told of places, and its
 * border cuts through triangles.  Choosing whole triangles instead, each by its own normal, makes the endplate wider or
 * narrower by a part of an element all around, and holds or frees the end of the shell below the rim.
 */
static gboolean
is_on_endplate (const Search *self, const double x[3], double level)
{
  double edge = footprint_edge (self->frame, x), height = self->frame->height_mm, offset = self->side * x[2] - level;
  double below = fmax ((BAND + (EDGE_BAND - BAND) * edge) * height, LEAST_BAND);

  return edge <= 1.0 && offset <= fmax (BAND * height, LEAST_BAND) && offset >= -below
         && self->side * oss_slope_at (self->slope, x) >= STEEPEST_COSINE;
}

static void
cover_facets (Search *self, double level)
{
  for (gsize t = 0; t < self->surface->n; t++)
    {
      Facet *facet = &self->facets[t];
      const double (*x)[3] = corners_of (self, t);
      int n = oss_triangle_parts (x, PIECE_MM);
      for (int piece = 0; piece < n * n; piece++)
        {
          double weight[3], at[3], area = facet->area / (n * (double) n);
          oss_triangle_piece (n, piece, weight);
          for (int k = 0; k < 3; k++)
            at[k] = weight[0] * x[0][k] + weight[1] * x[1][k] + weight[2] * x[2][k];
          if (!is_on_endplate (self, at, level))
            continue;
          facet->touched = TRUE;
          facet->moment += area * at[2];
          for (int c = 0; c < 3; c++)
            facet->corner[c] += area * weight[c];
        }
    }
}

static gint32
find_root (gint32 *part, gint32 i)
{
  while (part[i] != i)
    i = part[i] = part[part[i]];
  return i;
}

/* Joins what is touched over shared nodes: the treads of a voxel mesh hang together over their risers, while a closed
 * cavity below the endplate stays a part of its own. */
static void
join_facets (Search *self)
{
  for (gint32 i = 0; i < (gint32) self->mesh->n_nodes; i++)
    self->part[i] = i;
  for (gsize t = 0; t < self->surface->n; t++)
    for (gsize c = 3 * t + 1; c < 3 * t + 3 && self->facets[t].touched; c++)
      {
        gint32 a = find_root (self->part, self->surface->triangles[3 * t]);
        gint32 b = find_root (self->part, self->surface->triangles[c]);
        self->part[MAX (a, b)] = MIN (a, b);
      }
}

static double
covered_area (const Facet *facet)
{
  return facet->corner[0] + facet->corner[1] + facet->corner[2];
}

/* The part with the largest area, or -1. */
static gint32
find_largest (Search *self)
{
  g_autofree double *area = g_new0 (double, self->mesh->n_nodes + 1);
  gint32 largest = -1;

  for (gsize t = 0; t < self->surface->n; t++)
    if (self->facets[t].touched)
      {
        gint32 root = find_root (self->part, self->surface->triangles[3 * t]);
        area[root] += covered_area (&self->facets[t]);
        if (largest < 0 || area[root] > area[largest])
          largest = root;
      }
  return largest;
}

/* A node stands for the surface around it, as its linear shape function shares it out.  It is held when half of that,
 * seen along the axis, is on the endplate: a node on a rim is, one on the flank below is not, and together the held
 * nodes stand for the area of the endplate. */
static void
collect (Search *self, gint32 part, OssEndplate *endplate)
{
  g_autofree double *inside = g_new0 (double, self->mesh->n_nodes + 1);
  g_autofree double *whole = g_new0 (double, self->mesh->n_nodes + 1);
  double moment = 0.0;

  for (gsize t = 0; t < self->surface->n; t++)
    {
      const Facet *facet = &self->facets[t];
      const gint32 *node = self->surface->triangles + 3 * t;
      gboolean belongs = facet->touched && find_root (self->part, node[0]) == part;
      endplate->area_mm2 += belongs ? covered_area (facet) : 0.0;
      moment += belongs ? facet->moment : 0.0;
      for (int c = 0; c < 3; c++)
        {
          whole[node[c]] += fmax (facet->area, 0.0) / 3.0;
          inside[node[c]] += belongs ? fmax (facet->corner[c], 0.0) : 0.0;
        }
    }
  endplate->nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gint32 i = 0; i < (gint32) self->mesh->n_nodes; i++)
    if (inside[i] > 0.0 && inside[i] >= LEAST_SHARE * whole[i])
      g_array_append_val (endplate->nodes, i);
  if (endplate->area_mm2 > 0.0)
    endplate->height_mm = moment / endplate->area_mm2;
}

/* Faces of which half, seen along the axis, is on the endplate: their jagged border runs about that of the endplate. */
static void
collect_faces (Search *self, gint32 part, OssEndplate *endplate)
{
  endplate->faces = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gsize t = 0; t < self->surface->n; t += (gsize) self->pieces)
    {
      double covered = 0.0, area = 0.0, whole = 0.0;
      for (gsize p = t; p < t + (gsize) self->pieces; p++)
        {
          double normal[3];
          gboolean belongs = self->facets[p].touched && find_root (self->part, self->surface->triangles[3 * p]) == part;
          covered += belongs ? covered_area (&self->facets[p]) : 0.0;
          area += self->facets[p].area;
          whole += 0.5 * normal_of (corners_of (self, p), normal);
        }
      gint32 face = (gint32) (t / (gsize) self->pieces);
      if (area > STEEPEST_FACE * whole && covered >= LEAST_SHARE * area)
        g_array_append_val (endplate->faces, face);
    }
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
      cover_facets (self, level);
      join_facets (self);
      part = find_largest (self);
    }
  *endplate = (OssEndplate){ NULL };
  collect (self, part, endplate);
  collect_faces (self, part, endplate);
  if (check_area (self, endplate, error))
    return TRUE;
  oss_endplate_clear (endplate);
  return FALSE;
}

void
oss_endplate_clear (OssEndplate *self)
{
  g_clear_pointer (&self->nodes, g_array_unref);
  g_clear_pointer (&self->faces, g_array_unref);
  self->area_mm2 = self->height_mm = 0.0;
}

static void
search_clear (Search *self)
{
  g_clear_pointer (&self->surface, oss_surface_free);
  g_clear_pointer (&self->slope, oss_slope_free);
  g_free (self->corners);
  g_free (self->facets);
  g_free (self->part);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

/* The faces of quadratic elements as four triangles each, so that their midside nodes are nodes like others. */
static void
refine_midsides (Search *self)
{
  static const int four[4][3] = { { 0, 3, 5 }, { 3, 1, 4 }, { 5, 4, 2 }, { 3, 4, 5 } };
  OssSurface *fine, *coarse = self->surface;

  self->pieces = coarse->midside != NULL ? 4 : 1;
  if (coarse->midside == NULL)
    return;
  fine = g_new0 (OssSurface, 1);
  fine->n = 4 * coarse->n;
  fine->triangles = g_new (gint32, 3 * fine->n + 1);
  for (gsize t = 0; t < coarse->n; t++)
    {
      gint32 node[6];
      memcpy (node, coarse->triangles + 3 * t, 3 * sizeof *node);
      memcpy (node + 3, coarse->midside + 3 * t, 3 * sizeof *node);
      for (gsize k = 0; k < 12; k++)
        fine->triangles[12 * t + k] = node[four[k / 3][k % 3]];
    }
  oss_surface_free (coarse);
  self->surface = fine;
}

/* The mean length of the shorter edges: a voxel's edge. */
static double
voxel_edge (const Search *self)
{
  double sum = 0.0;

  for (gsize t = 0; t < self->surface->n; t++)
    {
      const double (*x)[3] = corners_of (self, t);
      double edge[3];
      oss_sub (x[1], x[0], edge);
      sum += oss_norm (edge);
    }
  return self->surface->n > 0 ? sum / (double) self->surface->n : 0.0;
}

static gboolean
search_init (Search *self, GError **error)
{
  const OssMesh *mesh = self->mesh;
  double radius = SLOPE_RADIUS;

  self->surface = oss_mesh_surface (mesh, error);
  if (self->surface == NULL)
    return FALSE;
  refine_midsides (self);
  self->facets = g_new0 (Facet, self->surface->n + 1);
  self->part = g_new (gint32, mesh->n_nodes + 1);
  self->corners = g_new (double, 9 * self->surface->n + 1);
  for (gsize c = 0; c < 3 * self->surface->n; c++)
    oss_vertebra_frame_local (self->frame, mesh->nodes + 3 * (gsize) self->surface->triangles[c],
                              self->corners + 3 * c);
  if (mesh->kind == OSS_ELEMENT_HEX8)
    radius = fmax (radius, SLOPE_VOXELS * voxel_edge (self));
  self->slope = oss_slope_new (self->corners, self->surface->n, radius, error);
  return self->slope != NULL;
}

gboolean
oss_fem_endplates (const OssMesh *mesh, const OssVertebraFrame *frame, OssEndplate *superior, OssEndplate *inferior,
                   const OssTick *tick, GError **error)
{
  g_auto (Search) search = { .mesh = mesh, .frame = frame };

  if (!search_init (&search, error) || (oss_tick_stopped (tick) && !oss_tick_cancelled (error))
      || !find_endplate (&search, 1.0, superior, error))
    return FALSE;
  if ((oss_tick_stopped (tick) && !oss_tick_cancelled (error)) || !find_endplate (&search, -1.0, inferior, error))
    {
      oss_endplate_clear (superior);
      return FALSE;
    }
  return TRUE;
}
