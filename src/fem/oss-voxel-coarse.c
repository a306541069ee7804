/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-private.h"

#include <stdlib.h>
#include <string.h>

/* Share of the diagonal added on the coarsest level when rigid motions are free: far below the softest
 * deformation of eight elements in a row (about 0.02), far above what float resolves. */
#define SHIFT 1e-4
/* Parts within one coarse voxel: no more than that many of its finer elements can be told apart. */
#define MOST_CHILDREN 512
/* Kernels read the corners of as many elements as a vector has lanes. */
#define CORNER_PAD (8 * 16)

/* An element of the finer level on its way into a coarse one. */
typedef struct
{
  gsize element;
  gint64 node[8];
  guint8 child; /* bits: which half along each axis */
  guint16 part;
} Child;

/* Reads the elements of one row of the finer level in order. */
typedef struct
{
  gsize y, z;
  guint8 child; /* bits of y and z */
  gsize element, end;
  gsize run, inside; /* finest level: run and place in it */
} Cursor;

struct _OssVoxelCoarsening
{
  OssVoxelLevel *fine, *coarse;
  OssVoxelPlace places[27];
  GArray *x;       /* of the coarse elements */
  GArray *octant;  /* first coarse level: the moduli of their octants, 8 each, */
  GArray *special; /* and elements with held freedoms */
  GArray *special_stiffness;
  guint8 *held; /* finest level: bits of each node */
  double weight[8][8][8];
  guint32 *owner; /* coarse element << 3 | octant of each finer element */
  guint32 *root;  /* union-find over 8 corners of every coarse element */
  gsize n_root, room_root;
  Child child[MOST_CHILDREN];
  guint n_children;
};
typedef OssVoxelCoarsening Coarsening;

static gsize
cursor_x (const Coarsening *self, const Cursor *cursor)
{
  if (cursor->element >= cursor->end)
    return G_MAXSIZE;
  if (self->fine->corner != NULL)
    return self->fine->element_x[cursor->element];
  return self->fine->run[cursor->run].first + cursor->inside;
}

static void
cursor_init (const Coarsening *self, Cursor *cursor, gsize y, gsize z, guint8 child)
{
  gsize row = z * self->fine->size[1] + y;

  *cursor = (Cursor){ .y = y, .z = z, .child = child };
  cursor->element = self->fine->element_start[row];
  cursor->end = self->fine->element_start[row + 1];
  if (self->fine->corner == NULL)
    cursor->run = self->fine->run_start[row];
}

/* Nodes of an element of the finest level; copies of periodic points by the number of the first. */
static void
finest_nodes (const Coarsening *self, const Cursor *cursor, gint64 node[8])
{
  const OssVoxelLevel *fine = self->fine;
  const OssVoxelRun *run = &fine->run[cursor->run];
  gboolean wraps = fine->periodic[0] && (gsize) run->first + cursor->inside + 1 == fine->size[0];

  for (gsize c = 0; c < 4; c++)
    {
      gsize y = cursor->y + c % 2, z = cursor->z + c / 2;
      y = fine->periodic[1] && y == fine->size[1] ? 0 : y;
      z = fine->periodic[2] && z == fine->size[2] ? 0 : z;
      gsize start = fine->row_start[z * fine->points[1] + y];
      node[2 * c] = (gint64) (start + run->node[c] + cursor->inside);
      node[2 * c + 1] = wraps ? (gint64) start : node[2 * c] + 1;
    }
}

static gboolean
take_child (Coarsening *self, Cursor *cursor, gsize x, GError **error)
{
  if (self->n_children == MOST_CHILDREN)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED,
                           _ ("The voxel model is too finely divided for the solver's coarser levels."));
      return FALSE;
    }
  Child *child = &self->child[self->n_children];
  child->element = cursor->element;
  child->child = (guint8) (cursor->child | (x % self->coarse->factor[0]));
  child->part = (guint16) self->n_children++;
  if (self->fine->corner != NULL)
    for (int c = 0; c < 8; c++)
      child->node[c] = self->fine->corner[8 * cursor->element + (gsize) c];
  else
    {
      finest_nodes (self, cursor, child->node);
      if (++cursor->inside == self->fine->run[cursor->run].length)
        {
          cursor->inside = 0;
          cursor->run++;
        }
    }
  cursor->element++;
  return TRUE;
}

/* Whether two finer elements in one coarse voxel share a face: its four nodes. */
static gboolean
share_face (const Child *a, const Child *b)
{
  guint differs = a->child ^ b->child;
  if (differs != 1 && differs != 2 && differs != 4)
    return FALSE;
  guint side = a->child & differs; /* 0: a lies on the lower side */
  for (guint c = 0; c < 8; c++)
    if ((c & differs) != side && a->node[c] != b->node[c ^ differs])
      return FALSE;
  return TRUE;
}

static void
find_parts (Coarsening *self)
{
  gboolean changed = self->n_children > 1;

  while (changed)
    {
      changed = FALSE;
      for (guint i = 0; i < self->n_children; i++)
        for (guint j = 0; j < i; j++)
          {
            Child *a = &self->child[i], *b = &self->child[j];
            if (a->part == b->part || !share_face (a, b))
              continue;
            a->part = b->part = MIN (a->part, b->part);
            changed = TRUE;
          }
    }
}

static guint32
find (Coarsening *self, guint32 i)
{
  while (self->root[i] != i)
    {
      self->root[i] = self->root[self->root[i]];
      i = self->root[i];
    }
  return i;
}

void
oss_voxel_coarsening_join (OssVoxelCoarsening *self, guint32 a, guint32 b)
{
  guint32 p = find (self, a), q = find (self, b);
  if (p != q)
    self->root[MAX (p, q)] = MIN (p, q);
}

int
oss_voxel_coarsening_corners (OssVoxelCoarsening *self, gsize node, guint32 corner[8])
{
  guint32 parent = self->fine->parent[node];
  const OssVoxelPlace *place = &self->places[parent & 31];

  for (int i = 0; i < place->n; i++)
    corner[i] = find (self, (parent >> 5) * 8 + place->corner[i]);
  return place->n;
}

/* The corners on which two coarse elements base a node they share become one. */
static void
unite (Coarsening *self, guint32 parent_a, guint32 parent_b)
{
  const OssVoxelPlace *a = &self->places[parent_a & 31], *b = &self->places[parent_b & 31];

  for (int i = 0; i < a->n; i++)
    oss_voxel_coarsening_join (self, (parent_a >> 5) * 8 + a->corner[i], (parent_b >> 5) * 8 + b->corner[i]);
}

/* Gives the nodes of a finer element to coarse element @element. */
static void
adopt (Coarsening *self, const Child *child, guint32 element)
{
  const gsize *factor = self->coarse->factor;

  for (guint c = 0; c < 8; c++)
    {
      guint32 place = 0;
      for (int k = 2; k >= 0; k--)
        place = 3 * place + (factor[k] == 2 ? (child->child >> k & 1) + (c >> k & 1) : 2 * (c >> k & 1));
      guint32 now = element << 5 | place, *parent = &self->fine->parent[child->node[c]];
      if (*parent == G_MAXUINT32)
        *parent = now;
      else if (*parent != now)
        unite (self, *parent, now);
    }
}

static gboolean
make_room (Coarsening *self, GError **error)
{
  gsize room = MAX (2 * self->room_root, 1 << 16);

  if (self->x->len < 1u << 27 && self->n_root + 8 <= self->room_root)
    return TRUE;
  guint32 *root = self->x->len >= 1u << 27 ? NULL : g_try_renew (guint32, self->root, room);
  if (root == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                           _ ("Not enough memory for the coarser levels of the voxel solver."));
      return FALSE;
    }
  self->root = root;
  self->room_root = room;
  return TRUE;
}

/* Bits of the held freedoms of an element of the finest level, on coarser ones not 0 when it is special. */
static guint32
held_bits (const Coarsening *self, const Child *child)
{
  guint32 held = 0;
  if (self->fine->octants != NULL)
    return self->held[child->element];
  for (int c = 0; c < 8; c++)
    held |= (guint32) self->held[child->node[c]] << 3 * c;
  return held;
}

/* Mean modulus of a finer element. */
static float
child_modulus (const Coarsening *self, const Child *child)
{
  const OssVoxelLevel *fine = self->fine;
  return fine->octants != NULL ? 0.125f * fine->octants->moduli[child->element] : fine->modulus[child->element];
}

static void
add_special (Coarsening *self, guint part, guint32 element)
{
  double stiffness[24][24], sum[24][24] = { { 0.0 } };

  for (guint i = part; i < self->n_children; i++)
    {
      const Child *child = &self->child[i];
      if (child->part != part)
        continue;
      if (self->fine->octants != NULL)
        {
          oss_voxel_octants_stiffness (self->fine, child->element, stiffness);
          oss_voxel_add_projected (self->weight[child->child], (const double (*)[24]) stiffness, 1.0, 0, sum);
        }
      else
        oss_voxel_add_projected (self->weight[child->child], (const double (*)[24]) self->fine->stiffness,
                                 child_modulus (self, child), held_bits (self, child), sum);
    }
  g_array_append_val (self->special, element);
  for (int i = 0; i < 576; i++)
    {
      float value = (float) (&sum[0][0])[i];
      g_array_append_val (self->special_stiffness, value);
    }
}

/* The operator of a coarse element whose finer elements are those of @part. */
static void
add_octants (Coarsening *self, guint part, guint32 element)
{
  const gsize *factor = self->coarse->factor;
  float moduli[8] = { 0.0f };
  guint32 any = 0;

  for (guint i = part; i < self->n_children; i++)
    if (self->child[i].part == part)
      any |= held_bits (self, &self->child[i]);
  for (guint i = part; i < self->n_children && any == 0; i++)
    for (guint octant = 0; octant < 8 && self->child[i].part == part; octant++)
      {
        gboolean within = TRUE;
        for (guint k = 0; k < 3; k++)
          within = within && (factor[k] == 1 || ((octant ^ self->child[i].child) >> k & 1) == 0);
        moduli[octant] += within ? child_modulus (self, &self->child[i]) : 0.0f;
      }
  g_array_append_vals (self->octant, moduli, 8);
  if (any != 0)
    add_special (self, part, element);
}

/* One coarse element for each part of the children. */
static gboolean
add_elements (Coarsening *self, guint16 x, GError **error)
{
  find_parts (self);
  for (guint part = 0; part < self->n_children; part++)
    {
      guint32 element = self->x->len;
      if (self->child[part].part != part)
        continue;
      if (!make_room (self, error))
        return FALSE;
      for (guint c = 0; c < 8; c++, self->n_root++)
        self->root[self->n_root] = (guint32) self->n_root;
      for (guint i = part; i < self->n_children; i++)
        if (self->child[i].part == part)
          adopt (self, &self->child[i], element);
      add_octants (self, part, element);
      g_array_append_val (self->x, x);
    }
  return TRUE;
}

static gboolean
add_row (Coarsening *self, gsize y, gsize z, GError **error)
{
  const gsize *factor = self->coarse->factor;
  Cursor cursor[4];
  int n = 0;

  for (gsize k = 0; k < factor[2]; k++)
    for (gsize j = 0; j < factor[1]; j++)
      if (z * factor[2] + k < self->fine->size[2] && y * factor[1] + j < self->fine->size[1])
        cursor_init (self, &cursor[n++], y * factor[1] + j, z * factor[2] + k, (guint8) (j << 1 | k << 2));
  for (;;)
    {
      gsize x = G_MAXSIZE;
      for (int i = 0; i < n; i++)
        x = MIN (x, cursor_x (self, &cursor[i]));
      if (x == G_MAXSIZE)
        return TRUE;
      self->n_children = 0;
      gsize coarse_x = x / factor[0];
      for (int i = 0; i < n; i++)
        while ((x = cursor_x (self, &cursor[i])) != G_MAXSIZE && x / factor[0] == coarse_x)
          if (!take_child (self, &cursor[i], x, error))
            return FALSE;
      if (!add_elements (self, (guint16) coarse_x, error))
        return FALSE;
    }
}

/* Numbers the nodes by planes: upper corners of the layer below, then lower corners of the layer above. */
static gboolean
number_nodes (OssVoxelLevel *coarse, const guint32 *class, gsize n_classes, GError **error)
{
  gint32 number = 0;
  gint32 *number_of = g_try_new (gint32, MAX (n_classes, 1));

  if (number_of == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                           _ ("Not enough memory for the coarser levels of the voxel solver."));
      return FALSE;
    }
  memset (number_of, -1, n_classes * sizeof *number_of);
  for (gsize plane = 0; plane < coarse->planes; plane++)
    {
      coarse->row_start[plane] = (gsize) number;
      for (int side = 0; side < 2; side++)
        {
          gsize layer = side == 0 ? (plane + coarse->size[2] - 1) % coarse->size[2] : plane;
          if ((side == 0 && plane == 0 && !coarse->periodic[2]) || layer >= coarse->size[2])
            continue;
          for (gsize e = coarse->element_start[layer * coarse->size[1]];
               e < coarse->element_start[(layer + 1) * coarse->size[1]]; e++)
            for (gsize c = 0; c < 4; c++)
              {
                guint32 at = class[8 * e + c + (side == 0 ? 4 : 0)];
                if (number_of[at] < 0)
                  number_of[at] = number++;
              }
        }
    }
  coarse->row_start[coarse->planes] = coarse->n_nodes = (gsize) number;
  for (gsize i = 0; i < 8 * coarse->n_elements; i++)
    coarse->corner[i] = number_of[class[i]];
  g_free (number_of);
  return TRUE;
}

gboolean
oss_voxel_level_fill_coarse (OssVoxelLevel *coarse, const OssVoxelCoarseElements *elements, GError **error)
{
  coarse->n_elements = elements->n;
  coarse->octants->n_special = elements->n_special;
  coarse->octants->special = elements->special;
  coarse->octants->special_stiffness = elements->special_stiffness;
  if ((coarse->corner = oss_voxel_level_room (coarse, 8 * coarse->n_elements + CORNER_PAD, sizeof (gint32), error))
          == NULL
      || (coarse->element_x = oss_voxel_level_room (coarse, coarse->n_elements, sizeof (guint16), error)) == NULL
      || !number_nodes (coarse, elements->class, elements->n_classes, error))
    return FALSE;
  if (elements->n > 0)
    memcpy (coarse->element_x, elements->x, coarse->n_elements * sizeof (guint16));
  for (gsize plane = 0; plane < coarse->planes; plane++)
    coarse->largest_plane = MAX (coarse->largest_plane, coarse->row_start[plane + 1] - coarse->row_start[plane]);
  return oss_voxel_octants_fill (coarse, elements->moduli, error) && oss_voxel_sum_rows (coarse, error);
}

static gboolean
finish_level (Coarsening *self, GError **error)
{
  OssVoxelCoarseElements elements = { .n = self->x->len,
                                      .x = (const guint16 *) (void *) self->x->data,
                                      .moduli = (const float *) (void *) self->octant->data,
                                      .class = self->root,
                                      .n_classes = self->n_root,
                                      .n_special = self->special->len };

  for (gsize i = 0; i < self->n_root; i++)
    self->root[i] = find (self, (guint32) i);
  elements.special = (guint32 *) (void *) g_array_free (self->special, FALSE);
  elements.special_stiffness = (float (*)[24][24]) (void *) g_array_free (self->special_stiffness, FALSE);
  self->special = self->special_stiffness = NULL;
  return oss_voxel_level_fill_coarse (self->coarse, &elements, error);
}

/* Copies of periodic points lie where the first lies. */
static void
copy_parents (OssVoxelLevel *fine)
{
  if (fine->corner != NULL)
    return;
  for (gsize row = 0; row < fine->points[1] * fine->points[2]; row++)
    {
      gsize y = row % fine->points[1], z = row / fine->points[1], n = oss_voxel_row_nodes (fine, row);
      y = fine->periodic[1] && y == fine->size[1] ? 0 : y;
      z = fine->periodic[2] && z == fine->size[2] ? 0 : z;
      guint32 *to = fine->parent + fine->row_start[row];
      memmove (to, fine->parent + fine->row_start[z * fine->points[1] + y], n * sizeof *to);
      if (fine->periodic[0] && n > 0 && (fine->node_bits[row * fine->words] & 1) != 0)
        to[n - 1] = to[0];
    }
}

static gboolean
build_level (Coarsening *self, const OssTick *tick, GError **error)
{
  OssVoxelLevel *fine = self->fine, *coarse = self->coarse;

  fine->parent = oss_voxel_level_room (fine, fine->n_nodes, sizeof *fine->parent, error);
  if (fine->parent == NULL)
    return FALSE;
  memset (fine->parent, 0xff, fine->n_nodes * sizeof *fine->parent);
  for (gsize z = 0; z < coarse->size[2]; z++)
    {
      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      for (gsize y = 0; y < coarse->size[1]; y++)
        {
          if (!add_row (self, y, z, error))
            return FALSE;
          coarse->element_start[z * coarse->size[1] + y + 1] = self->x->len;
        }
    }
  copy_parents (fine);
  return TRUE;
}

gboolean
oss_voxel_choose_factors (const gsize size[3], const double spacing_mm[3], const gboolean periodic[3], gsize factor[3])
{
  gboolean any = FALSE;
  double widest = MAX (MAX (spacing_mm[0], spacing_mm[1]), spacing_mm[2]);

  for (int k = 0; k < 3; k++)
    {
      /* Flat boxes are first made cubes: smoothing works along the strong directions only. */
      gboolean can = size[k] > 1 && (!periodic[k] || size[k] % 2 == 0);
      factor[k] = can && spacing_mm[k] < 0.75 * widest ? 2 : 1;
      any = any || factor[k] == 2;
    }
  for (int k = 0; k < 3 && !any; k++)
    factor[k] = size[k] > 1 && (!periodic[k] || size[k] % 2 == 0) ? 2 : 1;
  for (int k = 0; k < 3; k++)
    any = any || factor[k] == 2;
  return any;
}

static gboolean
mark_held (Coarsening *self, GError **error)
{
  const OssVoxelLevel *fine = self->fine;

  self->held = oss_alloc_aligned (MAX (fine->n_nodes, fine->n_elements), 1, _ ("the voxel model"), error);
  for (gsize i = 0; i < fine->n_fixed && self->held != NULL; i++)
    self->held[fine->fixed[i] / 3] |= (guint8) (1 << fine->fixed[i] % 3);
  for (gsize i = 0; fine->octants != NULL && i < fine->octants->n_special && self->held != NULL; i++)
    self->held[fine->octants->special[i]] = 1;
  return self->held != NULL;
}

static gboolean
coarsening_begin (Coarsening *self, GError **error)
{
  self->x = g_array_new (FALSE, FALSE, sizeof (guint16));
  oss_voxel_places (self->places);
  for (guint octant = 0; octant < 8; octant++)
    oss_voxel_child_weights (self->coarse->factor, octant, self->weight[octant]);
  self->octant = g_array_new (FALSE, FALSE, sizeof (float));
  self->special = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->special_stiffness = g_array_new (FALSE, FALSE, sizeof (float));
  return mark_held (self, error);
}

void
oss_voxel_coarsening_free (OssVoxelCoarsening *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->coarse, oss_voxel_level_free);
  g_clear_pointer (&self->x, g_array_unref);
  g_clear_pointer (&self->octant, g_array_unref);
  g_clear_pointer (&self->special, g_array_unref);
  g_clear_pointer (&self->special_stiffness, g_array_unref);
  oss_free_aligned (self->held);
  g_free (self->root);
  g_free (self);
}

OssVoxelLevel *
oss_voxel_level_begin_coarse (const OssVoxelLevel *fine, const gsize size[3], const gsize factor[3], double poisson,
                              GError **error)
{
  double spacing_mm[3];

  for (int k = 0; k < 3; k++)
    spacing_mm[k] = fine->spacing_mm[k] * (double) factor[k];
  g_autoptr (OssVoxelLevel) level = oss_voxel_level_begin (size, spacing_mm, fine->periodic, poisson, error);
  if (level == NULL)
    return NULL;
  memcpy (level->factor, factor, sizeof level->factor);
  level->rows = 1;
  level->planes = size[2] + (level->periodic[2] ? 0 : 1);
  level->octants = oss_voxel_octants_new (fine, factor);
  if ((level->row_start = oss_voxel_level_room (level, level->planes + 1, sizeof (gsize), error)) == NULL
      || (level->fixed_plane = oss_voxel_level_room (level, level->planes + 1, sizeof (gsize), error)) == NULL
      || (level->element_start = oss_voxel_level_room (level, size[1] * size[2] + 1, sizeof (gsize), error)) == NULL)
    return NULL;
  return g_steal_pointer (&level);
}

OssVoxelCoarsening *
oss_voxel_coarsening_new (OssVoxelLevel *fine, const gsize factor[3], double poisson, const OssTick *tick,
                          GError **error)
{
  g_autoptr (OssVoxelCoarsening) self = g_new0 (Coarsening, 1);
  gsize size[3];

  for (int k = 0; k < 3; k++)
    size[k] = (fine->size[k] + factor[k] - 1) / factor[k];
  self->fine = fine;
  self->coarse = oss_voxel_level_begin_coarse (fine, size, factor, poisson, error);
  if (self->coarse == NULL || !coarsening_begin (self, error) || !build_level (self, tick, error))
    return NULL;
  return g_steal_pointer (&self);
}

OssVoxelLevel *
oss_voxel_coarsening_finish (OssVoxelCoarsening *self, GError **error)
{
  return finish_level (self, error) ? g_steal_pointer (&self->coarse) : NULL;
}

static OssVoxelLevel *
coarsen (const OssVoxelSystem *system, OssVoxelLevel *fine, const gsize factor[3], const OssTick *tick, GError **error)
{
  g_autoptr (OssVoxelCoarsening) self = oss_voxel_coarsening_new (fine, factor, system->poisson, tick, error);
  OssVoxelLevel *coarse = self != NULL ? oss_voxel_coarsening_finish (self, error) : NULL;

  if (coarse != NULL)
    oss_voxel_invert_rows (coarse, oss_voxel_largest_row (coarse));
  return coarse;
}

gboolean
oss_voxel_build_coarse (OssVoxelSystem *self, const OssTick *tick, GError **error)
{
  gsize factor[3];

  while (self->n_levels < OSS_VOXEL_MAX_LEVELS)
    {
      OssVoxelLevel *fine = self->level[self->n_levels - 1];
      if (fine->n_nodes <= OSS_VOXEL_SMALL_NODES
          || !oss_voxel_choose_factors (fine->size, fine->spacing_mm, fine->periodic, factor))
        break;
      OssVoxelLevel *coarse = coarsen (self, fine, factor, tick, error);
      if (coarse == NULL)
        return FALSE;
      self->level[self->n_levels++] = coarse;
    }
  self->coarsest = oss_voxel_coarsest_new (self->level[self->n_levels - 1],
                                           self->n_motions > 0 || self->parts.n_parts > 1 ? SHIFT : 0.0, tick, error);
  return self->coarsest != NULL;
}
