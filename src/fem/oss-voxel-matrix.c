/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

/* Partners of one node; struts that pass each other closely in one voxel may bring more than 27. */
#define MOST_PARTNERS 1024

void
oss_voxel_matrix_clear (OssVoxelMatrix *self)
{
  oss_free_aligned (self->start);
  oss_free_aligned (self->n_same);
  oss_free_aligned (self->column);
  oss_free_aligned (self->value);
}

/* --- Pattern --- */

/* Which corners of which elements a node is: [start[node] .. start[node + 1]) element << 3 | corner, ascending. */
static gsize *
list_corners (const OssVoxelLevel *level, gsize **corners)
{
  gsize *start = g_new0 (gsize, level->n_nodes + 2), *list = g_new (gsize, MAX (8 * level->n_elements, 1));

  for (gsize i = 0; i < 8 * level->n_elements; i++)
    start[level->corner[i] + 2]++;
  for (gsize i = 2; i < level->n_nodes + 2; i++)
    start[i] += start[i - 1];
  for (gsize i = 0; i < 8 * level->n_elements; i++)
    list[start[level->corner[i] + 1]++] = i;
  *corners = list;
  return start;
}

static guint
insert (gint32 *partners, guint n, gint32 node)
{
  guint at = 0;

  while (at < n && partners[at] < node)
    at++;
  if ((at < n && partners[at] == node) || n == MOST_PARTNERS)
    return n;
  memmove (partners + at + 1, partners + at, (n - at) * sizeof *partners);
  partners[at] = node;
  return n + 1;
}

/* Partners of a node: in its plane, from itself on, then in the next plane; how many. */
static guint
find_partners (const OssVoxelLevel *level, gint32 node, const gsize *corners, gsize n, gint32 *same, gint32 *next,
               guint *n_next)
{
  guint n_same = 0;

  *n_next = 0;
  for (gsize i = 0; i < n; i++)
    {
      const gint32 *element = level->corner + (corners[i] & ~(gsize) 7);
      gboolean upper = (corners[i] & 4) != 0;
      for (int c = 0; c < 4; c++)
        {
          if (element[c + (upper ? 4 : 0)] >= node)
            n_same = insert (same, n_same, element[c + (upper ? 4 : 0)]);
          if (!upper)
            *n_next = insert (next, *n_next, element[c + 4]);
        }
    }
  return n_same;
}

static gboolean
build_pattern (OssVoxelLevel *level, GError **error)
{
  OssVoxelMatrix *matrix = &level->matrix;
  g_autofree gsize *corners = NULL, *start = list_corners (level, &corners);
  gint32 same[MOST_PARTNERS], next[MOST_PARTNERS];
  guint n_next;

  if ((matrix->start = oss_voxel_level_room (level, level->n_nodes + 1, sizeof (gsize), error)) == NULL
      || (matrix->n_same = oss_voxel_level_room (level, level->n_nodes, sizeof (guint16), error)) == NULL)
    return FALSE;
  for (gsize node = 0; node < level->n_nodes; node++)
    {
      guint n = find_partners (level, (gint32) node, corners + start[node], start[node + 1] - start[node], same, next,
                               &n_next);
      if (n >= MOST_PARTNERS || n_next >= MOST_PARTNERS)
        {
          g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED,
                               _ ("The voxel model is too finely divided for the solver's coarser levels."));
          return FALSE;
        }
      matrix->n_same[node] = (guint16) n;
      matrix->start[node + 1] = matrix->start[node] + n + n_next;
    }
  gsize entries = matrix->start[level->n_nodes];
  if ((matrix->column = oss_voxel_level_room (level, entries, sizeof (gint32), error)) == NULL
      || (matrix->value = oss_voxel_level_room (level, entries, sizeof *matrix->value, error)) == NULL)
    return FALSE;
  for (gsize node = 0; node < level->n_nodes; node++)
    {
      gint32 *to = matrix->column + matrix->start[node];
      guint n = find_partners (level, (gint32) node, corners + start[node], start[node + 1] - start[node], same, next,
                               &n_next);
      memcpy (to, same, n * sizeof *to);
      memcpy (to + n, next, n_next * sizeof *to);
    }
  return TRUE;
}

/* --- Values --- */

typedef struct
{
  const OssVoxelLevel *fine;
  OssVoxelLevel *coarse;
  const guint32 *owner;
  OssVoxelPlace places[27];
  double weight[8][8][8];
  float part[8][8][24][24]; /* of an octant of an octant */
  gsize first;              /* coarse planes of one colour: first, first + 2, ... */
  const OssTick *tick;
} Product;

static float *
entry_at (const OssVoxelMatrix *matrix, gint32 row, gint32 column, gboolean next)
{
  gsize begin = matrix->start[row], end = matrix->start[row + 1];

  if (next)
    begin += matrix->n_same[row];
  for (; begin < end; begin++)
    if (matrix->column[begin] == column)
      return matrix->value[begin];
  g_assert_not_reached ();
}

/* Adds scale value, or its transpose, which rows of @stride hold. */
static void
add (float *to, const float *value, gsize stride, float scale, gboolean transposed)
{
  for (gsize i = 0; i < 3; i++)
    for (gsize j = 0; j < 3; j++)
      to[3 * i + j] += scale * (transposed ? value[stride * j + i] : value[stride * i + j]);
}

/* The matrix of an element in layer z. */
static void
add_element (const Product *self, gsize element, float stiffness[24][24])
{
  const gint32 *corner = self->coarse->corner + 8 * element;

  for (int a = 0; a < 8; a++)
    for (int b = 0; b < 8; b++)
      {
        const float *value = &stiffness[3 * a][3 * b];
        if (a / 4 == b / 4 ? corner[a] <= corner[b] : a < b)
          add (entry_at (&self->coarse->matrix, corner[a], corner[b], a / 4 != b / 4), value, 24, 1.0f, FALSE);
      }
}

/* A finer element by its octants, or by its own matrix. */
static void
project (const Product *self, gsize e, float to[24][24])
{
  const OssVoxelOctants *octants = self->fine->octants;
  guint place = self->owner[e] & 7;

  memset (to, 0, 24 * sizeof *to);
  for (guint octant = 0; octant < 8; octant++)
    {
      float modulus = 0.0f;
      for (guint m = 0; m < 8; m++)
        modulus += (float) oss_voxel_mode_sign ((int) m, (int) octant) * octants->moduli[m * octants->room + e];
      const float *part = &self->part[place][octant][0][0];
      for (gsize i = 0; i < 576 && modulus > 0.0f; i++)
        (&to[0][0])[i] += 0.125f * modulus * part[i];
    }
}

static void
project_special (const Product *self, gsize e, float to[24][24])
{
  double stiffness[24][24], sum[24][24] = { { 0.0 } };
  double weight[8][8];

  memcpy (weight, self->weight[self->owner[e] & 7], sizeof weight);
  oss_voxel_octants_stiffness (self->fine, e, stiffness);
  oss_voxel_add_projected (weight, (const double (*)[24]) stiffness, 1.0, 0, sum);
  for (int i = 0; i < 576; i++)
    (&to[0][0])[i] = (float) (&sum[0][0])[i];
}

/* Layer @layer of the coarse level out of finer elements. */
static void
add_octants (const Product *self, gsize layer)
{
  const OssVoxelLevel *fine = self->fine;
  const OssVoxelOctants *octants = fine->octants;
  gsize factor = self->coarse->factor[2], begin = MIN (layer * factor, fine->size[2]),
        end = MIN ((layer + 1) * factor, fine->size[2]);
  float stiffness[24][24];

  for (gsize e = fine->element_start[begin * fine->size[1]]; e < fine->element_start[end * fine->size[1]]; e++)
    {
      if (octants->moduli[e] > 0.0f) /* the sum of them; 0: special */
        project (self, e, stiffness);
      else
        project_special (self, e, stiffness);
      add_element (self, self->owner[e] >> 3, stiffness);
    }
}

/* A node of the finer level in plane @z: the corners that it is interpolated from, and whether they lie in the upper
 * of the planes z / factor and the next. */
typedef struct
{
  const OssVoxelPlace *place;
  const gint32 *corner;
  gboolean upper[8];
} Parents;

static Parents
parents_of (const Product *self, gsize node, gsize z)
{
  guint32 parent = self->fine->parent[node];
  Parents parents = { &self->places[parent & 31], self->coarse->corner + 8 * (gsize) (parent >> 5), { 0 } };

  for (int c = 0; c < parents.place->n && z % self->coarse->factor[2] == 1; c++)
    parents.upper[c] = parents.place->corner[c] >> 2;
  return parents;
}

/* Adds entry (i, j) of the finer matrix and, unless it is on the diagonal, (j, i).  @step: planes from that of i's
 * lower parents to that of j's. */
static void
add_entry (const Product *self, const Parents *i, const Parents *j, int step, const float *value, gboolean diagonal)
{
  const OssVoxelMatrix *matrix = &self->coarse->matrix;

  for (int a = 0; a < i->place->n; a++)
    for (int b = 0; b < j->place->n; b++)
      {
        gint32 row = i->corner[i->place->corner[a]], column = j->corner[j->place->corner[b]];
        float scale = i->place->weight[a] * j->place->weight[b];
        int up = step + j->upper[b] - i->upper[a];
        if (up > 0 || (up == 0 && row < column))
          add (entry_at (matrix, row, column, up > 0), value, 3, scale, FALSE);
        else if (up == 0 && row == column)
          {
            float *to = entry_at (matrix, row, row, FALSE);
            add (to, value, 3, scale, FALSE);
            if (!diagonal)
              add (to, value, 3, scale, TRUE);
          }
        else if (!diagonal)
          add (entry_at (matrix, column, row, up < 0), value, 3, scale, TRUE);
      }
}

/* Nodes of the finer level in the planes that belong to @coarse_plane and lie up to the next one. */
static void
add_matrix (const Product *self, gsize coarse_plane)
{
  const OssVoxelLevel *fine = self->fine;
  const OssVoxelMatrix *matrix = &fine->matrix;
  gsize factor = self->coarse->factor[2];

  for (gsize z = coarse_plane * factor; z < MIN ((coarse_plane + 1) * factor, fine->planes); z++)
    for (gsize node = fine->row_start[z]; node < fine->row_start[z + 1]; node++)
      {
        Parents i = parents_of (self, node, z);
        gsize same = matrix->start[node] + matrix->n_same[node];
        for (gsize e = matrix->start[node]; e < matrix->start[node + 1]; e++)
          {
            gsize plane = z + (e >= same);
            Parents j = parents_of (self, (gsize) matrix->column[e], plane);
            add_entry (self, &i, &j, (int) (plane / factor - coarse_plane), matrix->value[e], e == matrix->start[node]);
          }
      }
}

static void
add_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Product *self = data;

  for (gsize i = begin; i < end && !oss_tick_stopped (self->tick); i++)
    if (self->fine->octants != NULL)
      add_octants (self, self->first + 2 * i);
    else
      add_matrix (self, self->first + 2 * i);
}

static void
fill_parts (Product *self)
{
  for (guint place = 0; place < 8; place++)
    {
      oss_voxel_child_weights (self->coarse->factor, place, self->weight[place]);
      for (guint octant = 0; octant < 8 && self->fine->octants != NULL; octant++)
        {
          double part[24][24] = { { 0.0 } };
          oss_voxel_add_projected (self->weight[place], (const double (*)[24]) self->fine->octants->octant[octant], 1.0,
                                   0, part);
          for (int i = 0; i < 576; i++)
            (&self->part[place][octant][0][0])[i] = (float) (&part[0][0])[i];
        }
    }
}

/* Neighbouring planes are written to by both: first the even ones, then the odd ones; the last of an odd number on a
 * periodic axis lies beside the first and waits. */
gboolean
oss_voxel_matrix_build (const OssVoxelLevel *fine, OssVoxelLevel *coarse, const guint32 *owner, const OssTick *tick,
                        GError **error)
{
  g_autofree Product *self = g_new0 (Product, 1);
  gsize planes = coarse->planes, alone = coarse->periodic[2] && planes % 2 == 1 ? 1 : 0;

  if (!build_pattern (coarse, error))
    return FALSE;
  self->fine = fine;
  self->coarse = coarse;
  self->owner = owner;
  self->tick = tick;
  oss_voxel_places (self->places);
  fill_parts (self);
  for (self->first = 0; self->first < 2; self->first++)
    oss_parallel_for ((planes - alone + 1 - self->first) / 2, 1, add_planes, self);
  self->first = planes - 1;
  if (alone > 0)
    oss_parallel_for (1, 1, add_planes, self);
  return (!oss_tick_stopped (tick) || oss_tick_cancelled (error)) && oss_voxel_invert_rows (coarse, error);
}
