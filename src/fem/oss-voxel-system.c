/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

/* What the coarser levels and a solution will take for each freedom, bytes: vectors of the finest level 40, of the
 * others about 5, the coarser levels about 7. */
#define BYTES_TO_COME 52.0

/* Lattice point with the last point of periodic axes written as 0. */
static void
canonical (const OssVoxelLevel *level, const gint32 at[3], gsize point[3])
{
  for (int k = 0; k < 3; k++)
    point[k] = level->periodic[k] && (gsize) at[k] == level->size[k] ? 0 : (gsize) at[k];
}

gint64
oss_voxel_system_node (const OssVoxelSystem *self, const gint32 at[3])
{
  const OssVoxelLevel *level = self->level[0];
  gsize point[3];

  for (int k = 0; k < 3; k++)
    if (at[k] < 0 || (gsize) at[k] > level->size[k])
      return -1;
  canonical (level, at, point);
  gsize row = point[2] * level->points[1] + point[1];
  const guint64 *bits = level->node_bits + row * level->words;
  if ((bits[point[0] / 64] >> point[0] % 64 & 1) == 0)
    return -1;
  return (gint64) (oss_voxel_public_row (self, row) + oss_voxel_rank (bits, point[0]));
}

/* Freedom in the vectors of the finest level, or G_MAXSIZE. */
gsize
oss_voxel_system_freedom (const OssVoxelSystem *self, const OssVoxelFreedom *freedom)
{
  gsize point[3];
  canonical (self->level[0], freedom->at, point);
  return oss_voxel_level_freedom (self->level[0], point, freedom->axis);
}

static gboolean
fix_held (OssVoxelSystem *self, GError **error)
{
  OssVoxelLevel *level = self->level[0];
  GArray *fixed = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (gsize i = 0; i < self->n_held; i++)
    {
      gsize point[3], copies[8][3];
      canonical (level, self->held[i].at, point);
      int n = oss_voxel_level_copies (level, point, copies);
      for (int c = 0; c < n; c++)
        {
          gsize freedom = oss_voxel_level_freedom (level, copies[c], self->held[i].axis);
          if (freedom != G_MAXSIZE)
            g_array_append_val (fixed, freedom);
        }
    }
  return oss_voxel_level_take_fixed (level, fixed, error);
}

/* Numbers nodes without the copies of periodic points. */
static gboolean
number_public (OssVoxelSystem *self, GError **error)
{
  OssVoxelLevel *level = self->level[0];
  gsize rows = level->points[1] * level->points[2];

  self->n_public_nodes = level->n_nodes;
  if (!level->periodic[0] && !level->periodic[1] && !level->periodic[2])
    return TRUE;
  self->public_start = oss_alloc_aligned (rows + 1, sizeof *self->public_start, _ ("the voxel model"), error);
  if (self->public_start == NULL)
    return FALSE;
  for (gsize row = 0; row < rows; row++)
    {
      gsize y = row % level->points[1], z = row / level->points[1], n = oss_voxel_row_nodes (level, row);
      if ((level->periodic[1] && y == level->size[1]) || (level->periodic[2] && z == level->size[2]))
        n = 0;
      else if (level->periodic[0] && (level->node_bits[row * level->words] & 1) != 0)
        n--;
      self->public_start[row + 1] = self->public_start[row] + n;
    }
  self->n_public_nodes = self->public_start[rows];
  return TRUE;
}

static void
count_unknowns (OssVoxelSystem *self)
{
  const OssVoxelLevel *level = self->level[0];
  gsize held = 0;
  g_autofree guint8 *flags = NULL;

  if (self->public_start == NULL)
    held = level->n_fixed;
  else
    {
      flags = g_new0 (guint8, 3 * self->n_public_nodes);
      oss_voxel_system_held (self, flags);
      for (gsize f = 0; f < 3 * self->n_public_nodes; f++)
        held += flags[f];
    }
  self->n_unknowns = 3 * self->n_public_nodes - held;
}

static gboolean
check_loaded (const OssVoxelSystem *self, GError **error)
{
  for (gsize i = 0; i < self->n_loaded; i++)
    if (oss_voxel_system_node (self, self->loaded[i].at) < 0)
      {
        const gint32 *at = self->loaded[i].at;
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                     _ ("A force acts on the lattice point (%d, %d, %d), where there is no bone."), at[0], at[1],
                     at[2]);
        return FALSE;
      }
  return TRUE;
}

static OssVoxelFreedom *
copy_freedoms (const OssVoxelFreedom *freedoms, gsize n)
{
  return n > 0 ? g_memdup2 (freedoms, n * sizeof *freedoms) : NULL;
}

static gboolean
build (OssVoxelSystem *self, const OssVoxelModel *model, OssVoxelBits *bits, const OssTick *tick, GError **error)
{
  OssVoxelImageRow image = { model, bits };

  if (!oss_voxel_image_read (model, bits, tick, error)
      || !oss_voxel_remove_islands (model, bits, &self->parts, tick, error))
    return FALSE;
  self->level[0] = oss_voxel_level_new (bits, model->spacing_mm, model->periodic, model->poisson, oss_voxel_image_fill,
                                        &image, tick, error);
  if (self->level[0] == NULL)
    return FALSE;
  self->n_levels = 1;
  if (self->level[0]->n_elements == 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("The image holds no bone."));
      return FALSE;
    }
  oss_voxel_bits_clear (bits);
  return TRUE;
}

OssVoxelSystem *
oss_voxel_system_new (const OssVoxelModel *model, const OssTick *tick, GError **error)
{
  g_autoptr (OssVoxelSystem) self = g_new0 (OssVoxelSystem, 1);
  g_auto (OssVoxelBits) bits = { .bits = NULL };

  self->poisson = model->poisson;
  self->held = copy_freedoms (model->held, model->n_held);
  self->loaded = copy_freedoms (model->loaded, model->n_loaded);
  self->n_held = model->n_held;
  self->n_loaded = model->n_loaded;
  if (!oss_tick_report (tick, 0.0, _ ("Numbering the voxels"), error) || !build (self, model, &bits, tick, error)
      || !number_public (self, error) || !fix_held (self, error) || !check_loaded (self, error))
    return NULL;
  count_unknowns (self);
  if (!oss_voxel_check_room (self, BYTES_TO_COME * 3.0 * (double) self->level[0]->n_nodes, error))
    return NULL;
  oss_voxel_find_motions (self);
  if (!oss_voxel_build_coarse (self, tick, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
oss_voxel_system_free (OssVoxelSystem *self)
{
  if (self == NULL)
    return;
  for (int l = 0; l < self->n_levels; l++)
    oss_voxel_level_free (self->level[l]);
  oss_voxel_work_clear (&self->work);
  oss_voxel_coarsest_free (self->coarsest);
  oss_free_aligned (self->public_start);
  g_free (self->held);
  g_free (self->loaded);
  g_free (self);
}

void
oss_voxel_system_info (const OssVoxelSystem *self, OssVoxelInfo *info)
{
  *info = (OssVoxelInfo){
    .n_nodes = self->n_public_nodes,
    .n_elements = self->level[0]->n_elements,
    .n_unknowns = self->n_unknowns,
    .n_islands = self->parts.n_islands,
    .n_island_voxels = self->parts.n_island_voxels,
    .n_free_motions = self->n_motions,
    .n_levels = self->n_levels,
    .bytes_solve = oss_voxel_solve_bytes (self),
  };
  for (int l = 0; l < self->n_levels; l++)
    info->bytes_grid += self->level[l]->bytes;
  info->bytes_grid += oss_voxel_coarsest_bytes (self->coarsest);
}

void
oss_voxel_system_element_voxels (const OssVoxelSystem *self, guint64 *voxel)
{
  const OssVoxelLevel *level = self->level[0];
  for (gsize row = 0; row < level->size[1] * level->size[2]; row++)
    for (gsize r = level->run_start[row]; r < level->run_start[row + 1]; r++)
      for (gsize i = 0; i < level->run[r].length; i++)
        *voxel++ = row * level->size[0] + level->run[r].first + i;
}

void
oss_voxel_system_element_moduli (const OssVoxelSystem *self, float *modulus_mpa)
{
  memcpy (modulus_mpa, self->level[0]->modulus, self->level[0]->n_elements * sizeof *modulus_mpa);
}

void
oss_voxel_system_held (const OssVoxelSystem *self, guint8 *held)
{
  memset (held, 0, 3 * self->n_public_nodes);
  for (gsize i = 0; i < self->n_held; i++)
    {
      gint64 node = oss_voxel_system_node (self, self->held[i].at);
      if (node >= 0)
        held[3 * node + self->held[i].axis] = TRUE;
    }
}

/* Public numbers of the points of row (y, z): of its first point, and how many points before a copy of it. */
static void
gather_row (const OssVoxelSystem *self, gsize row, const double *vector, double *internal)
{
  const OssVoxelLevel *level = self->level[0];
  gsize y = row % level->points[1], z = row / level->points[1], n = oss_voxel_row_nodes (level, row);

  if (level->periodic[1] && y == level->size[1])
    y = 0;
  if (level->periodic[2] && z == level->size[2])
    z = 0;
  const double *from = vector + 3 * oss_voxel_public_row (self, z * level->points[1] + y);
  gboolean copy = level->periodic[0] && (level->node_bits[row * level->words] & 1) != 0;
  for (gsize i = 0; i < n; i++)
    memcpy (internal + 3 * i, from + 3 * (copy && i == n - 1 ? 0 : i), 3 * sizeof *internal);
}

typedef struct
{
  const OssVoxelSystem *system;
  const double *from;
  double *to;
} Exchange;

static void
gather_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Exchange *self = data;
  for (gsize row = begin; row < end; row++)
    gather_row (self->system, row, self->from, self->to + 3 * self->system->level[0]->row_start[row]);
}

void
oss_voxel_from_public (const OssVoxelSystem *self, const double *vector, double *internal)
{
  Exchange exchange = { self, vector, internal };
  oss_parallel_for (self->level[0]->points[1] * self->level[0]->points[2], 64, gather_rows, &exchange);
}

/* Rows in ascending order: none is written to before it was read, as public numbers are never the larger ones. */
void
oss_voxel_to_public (const OssVoxelSystem *self, double *vector)
{
  const OssVoxelLevel *level = self->level[0];

  for (gsize row = 0; self->public_start != NULL && row < level->points[1] * level->points[2]; row++)
    {
      gsize first = oss_voxel_public_row (self, row), kept = oss_voxel_public_row (self, row + 1) - first;
      memmove (vector + 3 * first, vector + 3 * level->row_start[row], 3 * kept * sizeof *vector);
    }
}

typedef struct
{
  const OssVoxelSystem *system;
  OssVoxelVisitFunc func;
  void *data;
  const OssTick *tick;
  gsize colour[2];
  gsize n[2];
} Visit;

/* Rows of elements of one colour share no nodes: 0 and 1 alternate; with an odd number of them on a periodic axis the
 * last has a colour of its own. */
static gsize
colours (gsize size, gboolean periodic)
{
  return size == 1 ? 1 : periodic && size % 2 == 1 ? 3 : 2;
}

static gboolean
row_of_colour (gsize i, gsize colour, gsize size, gboolean periodic, gsize *at)
{
  if (colour == 2)
    return *at = size - 1, i == 0;
  *at = 2 * i + colour;
  return *at < size && !(periodic && size % 2 == 1 && size > 1 && *at == size - 1);
}

static void
visit_row (const Visit *self, gsize y, gsize z, guint thread)
{
  const OssVoxelSystem *system = self->system;
  const OssVoxelLevel *level = system->level[0];
  gsize row = z * level->size[1] + y, element = level->element_start[row], public[4];

  for (gsize c = 0; c < 4; c++)
    {
      gsize yy = y + c % 2, zz = z + c / 2;
      yy = level->periodic[1] && yy == level->size[1] ? 0 : yy;
      zz = level->periodic[2] && zz == level->size[2] ? 0 : zz;
      public[c] = oss_voxel_public_row (system, zz * level->points[1] + yy);
    }
  for (gsize r = level->run_start[row]; r < level->run_start[row + 1]; r++)
    for (gsize i = 0; i < level->run[r].length; i++, element++)
      {
        gboolean wraps = level->periodic[0] && level->run[r].first + i + 1 == level->size[0];
        gsize nodes[8];
        for (gsize c = 0; c < 4; c++)
          {
            nodes[2 * c] = public[c] + level->run[r].node[c] + i;
            nodes[2 * c + 1] = wraps ? public[c] : nodes[2 * c] + 1;
          }
        self->func (element, nodes, thread, self->data);
      }
}

static void
visit_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Visit *self = data;
  const OssVoxelLevel *level = self->system->level[0];

  for (gsize i = begin; i < end && !oss_tick_stopped (self->tick); i++)
    {
      gsize y, z;
      if (row_of_colour (i % self->n[0], self->colour[0], level->size[1], level->periodic[1], &y)
          && row_of_colour (i / self->n[0], self->colour[1], level->size[2], level->periodic[2], &z))
        visit_row (self, y, z, thread);
    }
}

gboolean
oss_voxel_system_visit (const OssVoxelSystem *self, OssVoxelVisitFunc func, void *data, const OssTick *tick,
                        GError **error)
{
  const OssVoxelLevel *level = self->level[0];
  Visit visit = { .system = self, .func = func, .data = data, .tick = tick };

  for (int k = 0; k < 2; k++)
    visit.n[k] = (level->size[k + 1] + 1) / 2;
  for (visit.colour[1] = 0; visit.colour[1] < colours (level->size[2], level->periodic[2]); visit.colour[1]++)
    for (visit.colour[0] = 0; visit.colour[0] < colours (level->size[1], level->periodic[1]); visit.colour[0]++)
      oss_parallel_for (visit.n[0] * visit.n[1], 16, visit_rows, &visit);
  return !oss_tick_stopped (tick) || oss_tick_cancelled (error);
}
