/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-share.h"

#include <stdlib.h>
#include <string.h>

/* A node of a cut coincides with a coarse lattice plane, so that it is interpolated from the corners of a face. */
#define FACE 4

/* Own vectors: the solution, the right-hand side and three of PETSc's conjugate gradients. */
#define OWN_VECTORS 5.0

/* --- The finest level --- */

typedef struct
{
  const float *modulus;
  gsize size[3];
} Box;

static void
fill_moduli (gsize y, gsize z, float *modulus, void *data)
{
  const Box *self = data;
  const float *row = self->modulus + (z * self->size[1] + y) * self->size[0];
  for (gsize x = 0; x < self->size[0]; x++)
    if (row[x] > 0.0f)
      *modulus++ = row[x];
}

/* Nodes on the cuts, by their numbers in the whole lattice. */
static GArray *
name_nodes (const OssVoxelLevel *level, const gsize begin[3], const gsize size[3])
{
  GArray *named = g_array_new (FALSE, FALSE, sizeof (OssVoxelNamed));

  for (gsize row = 0; row < level->points[1] * level->points[2]; row++)
    {
      gsize at[3] = { 0, row % level->points[1] + begin[1], row / level->points[1] + begin[2] }, first, stop = 0;
      gsize node = level->row_start[row];
      gboolean cut = FALSE;
      for (int k = 1; k < 3; k++)
        cut = cut || (at[k] == begin[k] && begin[k] > 0) || (at[k] == begin[k] + level->size[k] && at[k] < size[k]);
      while (oss_voxel_next_run (level->node_bits + row * level->words, level->points[0], stop, &first, &stop))
        for (gsize x = first; x < stop; x++, node++)
          if (cut || (x == 0 && begin[0] > 0) || (x == level->size[0] && begin[0] + x < size[0]))
            {
              OssVoxelNamed item = { (at[2] * (size[1] + 1) + at[1]) * (size[0] + 1) + begin[0] + x, (guint32) node };
              g_array_append_val (named, item);
            }
    }
  return named;
}

/* Sums of the moduli around shared nodes. */
static void
complete_moduli (OssVoxelShared *self)
{
  OssVoxelHalo *halo = &self->halo[0];
  float *inverse = self->cut.level[0]->inverse_modulus, *sum = self->part.ax;

  for (gsize s = 0; s < halo->n_shared; s++)
    for (gsize c = 0; c < 3; c++)
      sum[halo->freedom[3 * s + c]] = c == 0 ? 1.0f / inverse[halo->node[s]] : 0.0f;
  oss_voxel_halo_sum_float (halo, sum);
  for (gsize s = 0; s < halo->n_shared; s++)
    inverse[halo->node[s]] = 1.0f / sum[halo->freedom[3 * s]];
}

static gboolean
take_memory (OssVoxelShared *self, GError **error)
{
  OssVoxelLevel *level = self->cut.level[0];
  gsize room = 3 * level->n_nodes + OSS_VOXEL_PAD;

  for (int i = 0; i < 2; i++)
    if ((self->in_use[i] = oss_alloc_aligned (room, sizeof (double), _ ("the voxel solver"), error)) == NULL)
      return FALSE;
  level->x = (float *) (void *) self->in_use[0];
  level->y = level->x + room;
  level->b = (float *) (void *) self->in_use[1];
  self->part.ax = level->b + room;
  return TRUE;
}

gboolean
oss_voxel_shared_begin (OssVoxelShared *self, const OssPetscHeader *header, const float *modulus, const OssTick *tick,
                        GError **error)
{
  const gboolean periodic[3] = { FALSE, FALSE, FALSE };
  gsize begin[3], end[3];
  g_auto (OssVoxelBits) bits = { .bits = NULL };
  Box box = { .modulus = modulus };

  self->cut.poisson = self->whole.poisson = header->poisson;
  self->cut.work.tick = tick;
  self->whole.parts.n_parts = header->n_parts;
  oss_voxel_share_own (&self->share, 0, oss_processes.rank, begin, end);
  for (int k = 0; k < 3; k++)
    box.size[k] = end[k] - begin[k];
  gboolean done = oss_voxel_bits_init (&bits, box.size, error);
  for (gsize row = 0; done && row < box.size[1] * box.size[2]; row++)
    for (gsize x = 0; x < box.size[0]; x++)
      if (modulus[row * box.size[0] + x] > 0.0f)
        bits.bits[row * bits.words + x / 64] |= (guint64) 1 << x % 64;
  if (done)
    self->cut.level[0] =
        oss_voxel_level_new (&bits, header->spacing_mm, periodic, header->poisson, fill_moduli, &box, tick, error);
  self->cut.n_levels = self->cut.level[0] != NULL ? 1 : 0;
  if (!oss_processes_agree (self->cut.n_levels == 1, error)
      || !oss_processes_have_memory (3.0 * (double) self->cut.level[0]->n_nodes * (16.0 + 8.0 * OWN_VECTORS), error)
      || !oss_processes_agree (take_memory (self, error), error))
    return FALSE;
  int neighbour[26], n = oss_voxel_share_neighbours (&self->share, oss_processes.rank, neighbour);
  g_autoptr (GArray) named = name_nodes (self->cut.level[0], begin, header->size);
  oss_voxel_halo_init (&self->halo[0], self->cut.level[0], neighbour, n, named);
  complete_moduli (self);
  return TRUE;
}

/* --- Held freedoms --- */

gsize
oss_voxel_shared_freedom (const OssVoxelShared *self, const OssVoxelFreedom *freedom, gboolean *own)
{
  const OssVoxelLevel *level = self->cut.level[0];
  const OssVoxelHalo *halo = &self->halo[0];
  gsize begin[3], end[3], at[3];

  oss_voxel_share_own (&self->share, 0, oss_processes.rank, begin, end);
  for (int k = 0; k < 3; k++)
    {
      if (freedom->at[k] < 0 || (gsize) freedom->at[k] < begin[k] || (gsize) freedom->at[k] > end[k])
        return G_MAXSIZE;
      at[k] = (gsize) freedom->at[k] - begin[k];
    }
  gsize f = oss_voxel_level_freedom (level, at, freedom->axis);
  *own = f != G_MAXSIZE && bsearch (&f, halo->foreign, halo->n_foreign, sizeof f, oss_voxel_compare_sizes) == NULL;
  return f;
}

/* How much a held freedom resists the six rigid motions, in coordinates from -1 to 1. */
static void
add_resistance (const OssVoxelFreedom *held, const gsize size[3], double gram[36])
{
  int c = held->axis, p = (c + 1) % 3, q = (c + 2) % 3;
  double motion[6] = { 0.0 }, r[3];

  for (int k = 0; k < 3; k++)
    r[k] = 2.0 * (double) held->at[k] / (double) size[k] - 1.0;
  motion[c] = 1.0;
  motion[3 + p] = r[q];
  motion[3 + q] = -r[p];
  for (int a = 0; a < 6; a++)
    for (int b = 0; b < 6; b++)
      gram[6 * a + b] += motion[a] * motion[b];
}

/* Whether the sum over all has full rank (Gauss). */
static gboolean
resists_all (double gram[36])
{
  double scale = 0.0;

  for (int i = 0; i < 6; i++)
    scale = MAX (scale, gram[7 * i]);
  for (int i = 0; i < 6; i++)
    {
      if (!(gram[7 * i] > 1e-10 * scale))
        return FALSE;
      for (int j = i + 1; j < 6; j++)
        for (int k = 5; k >= i; k--)
          gram[6 * j + k] -= gram[6 * j + i] / gram[7 * i] * gram[6 * i + k];
    }
  return TRUE;
}

static gboolean
fix_held (OssVoxelShared *self, const OssPetscHeader *header, const OssVoxelFreedom *held, GError **error)
{
  OssVoxelLevel *level = self->cut.level[0];
  GArray *fixed = g_array_new (FALSE, FALSE, sizeof (gsize));
  double gram[36] = { 0.0 }, counts[3];

  for (gsize i = 0; i < header->n_held; i++)
    {
      gboolean own;
      gsize freedom = oss_voxel_shared_freedom (self, &held[i], &own);
      if (freedom == G_MAXSIZE)
        continue;
      g_array_append_val (fixed, freedom);
      if (own)
        add_resistance (&held[i], header->size, gram);
    }
  if (!oss_processes_agree (oss_voxel_level_take_fixed (level, fixed, error), error))
    return FALSE;
  gsize n_own = oss_voxel_halo_own (&self->halo[0]), n_fixed = level->n_fixed;
  for (gsize i = 0; i < level->n_fixed; i++)
    n_fixed -= bsearch (&level->fixed[i], self->halo[0].foreign, self->halo[0].n_foreign, sizeof (gsize),
                        oss_voxel_compare_sizes)
               != NULL;
  counts[0] = (double) (n_own / 3);
  counts[1] = (double) level->n_elements;
  counts[2] = (double) n_fixed;
  oss_processes.module->reduce (counts, 3, OSS_PETSC_SUM);
  oss_processes.module->reduce (gram, 36, OSS_PETSC_SUM);
  self->info.n_nodes = (gsize) counts[0];
  self->info.n_elements = (gsize) counts[1];
  self->info.n_unknowns = (gsize) (3.0 * counts[0] - counts[2]);
  if (3.0 * counts[0] > oss_processes.module->most)
    g_set_error (
        error, OSS_ERROR, OSS_ERROR_REFUSED,
        _ ("The bone has %.0f million unknowns; this PETSc numbers %.0f million. Use one with 64-bit indices."),
        3.0 * counts[0] / 1e6, oss_processes.module->most / 1e6);
  else if (!resists_all (gram))
    g_set_error_literal (
        error, OSS_ERROR, OSS_ERROR_REFUSED,
        _ ("Nothing resists some of the bone's rigid motions. Hold it sideways, or solve on one machine."));
  else
    return TRUE;
  return FALSE;
}

/* --- Coarser levels --- */

/* Corners of coarse elements that shared nodes are interpolated from: @corner: [n_shared][FACE] places in @class, or
 * G_MAXUINT32; a class is the corners that are one node, by the first of them. */
typedef struct
{
  gsize n_shared, n;
  guint32 *corner, *class;
  guint64 *name;
} Classes;

static int
compare_classes (gconstpointer a, gconstpointer b)
{
  guint32 p = *(const guint32 *) a, q = *(const guint32 *) b;
  return (p > q) - (p < q);
}

static void
find_classes (Classes *self, const OssVoxelHalo *halo, OssVoxelCoarsening *coarsening)
{
  self->n_shared = halo->n_shared;
  self->corner = g_new (guint32, FACE * halo->n_shared + 1);
  self->class = g_new (guint32, FACE * halo->n_shared + 1);
  memset (self->corner, 0xff, FACE * halo->n_shared * sizeof *self->corner);
  for (gsize s = 0; s < halo->n_shared; s++)
    {
      guint32 corner[8];
      int n = oss_voxel_coarsening_corners (coarsening, halo->node[s], corner);
      for (int i = 0; i < MIN (n, FACE); i++)
        self->class[self->n++] = self->corner[FACE * s + (gsize) i] = corner[i];
    }
  qsort (self->class, self->n, sizeof *self->class, compare_classes);
  gsize n = 0;
  for (gsize i = 0; i < self->n; i++)
    if (n == 0 || self->class[n - 1] != self->class[i])
      self->class[n++] = self->class[i];
  self->n = n;
  for (gsize i = 0; i < FACE * halo->n_shared; i++)
    if (self->corner[i] != G_MAXUINT32)
      self->corner[i] =
          (guint32) ((const guint32 *) bsearch (&self->corner[i], self->class, n, sizeof *self->class, compare_classes)
                     - self->class);
}

/* Classes that a shared node joins across processes get the least of their names, until all have. */
static void
agree_on_names (Classes *self, const OssVoxelHalo *halo)
{
  g_autofree guint64 *value = g_new (guint64, FACE * self->n_shared + 1);
  gboolean changed = TRUE;

  self->name = g_new (guint64, self->n + 1);
  for (gsize i = 0; i < self->n; i++)
    self->name[i] = (guint64) oss_processes.rank << 32 | self->class[i];
  while (oss_processes_reduce (changed, OSS_PETSC_MAX) > 0.0)
    {
      changed = FALSE;
      for (gsize i = 0; i < FACE * self->n_shared; i++)
        value[i] = self->corner[i] != G_MAXUINT32 ? self->name[self->corner[i]] : G_MAXUINT64;
      oss_voxel_halo_least (halo, value, FACE);
      for (gsize i = 0; i < FACE * self->n_shared; i++)
        if (self->corner[i] != G_MAXUINT32 && value[i] < self->name[self->corner[i]])
          {
            self->name[self->corner[i]] = value[i];
            changed = TRUE;
          }
    }
}

static GArray *
name_classes (const Classes *self)
{
  GArray *named = g_array_new (FALSE, FALSE, sizeof (OssVoxelNamed));

  for (gsize i = 0; i < self->n; i++)
    {
      OssVoxelNamed item = { self->name[i], self->class[i] };
      g_array_append_val (named, item);
    }
  return named;
}

/* Classes of this process that others join. */
static void
join_classes (Classes *self, OssVoxelCoarsening *coarsening)
{
  g_autoptr (GHashTable) first = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (gsize i = 0; i < self->n; i++)
    {
      gpointer other;
      if (g_hash_table_lookup_extended (first, &self->name[i], NULL, &other))
        oss_voxel_coarsening_join (coarsening, GPOINTER_TO_UINT (other), self->class[i]);
      else
        g_hash_table_insert (first, &self->name[i], GUINT_TO_POINTER (self->class[i]));
    }
}

static void
classes_clear (Classes *self)
{
  g_free (self->corner);
  g_free (self->class);
  g_free (self->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Classes, classes_clear)

/* Level @l from the one above. */
static gboolean
coarsen (OssVoxelShared *self, int l, const OssTick *tick, GError **error)
{
  g_auto (Classes) classes = { .n = 0 };
  g_autoptr (OssVoxelCoarsening) coarsening =
      oss_voxel_coarsening_new (self->cut.level[l - 1], self->share.factor[l], self->cut.poisson, tick, error);
  int neighbour[26], n = oss_voxel_share_neighbours (&self->share, oss_processes.rank, neighbour);
  OssVoxelLevel *level = NULL;

  if (!oss_processes_agree (coarsening != NULL, error))
    return FALSE;
  find_classes (&classes, &self->halo[l - 1], coarsening);
  agree_on_names (&classes, &self->halo[l - 1]);
  join_classes (&classes, coarsening);
  level = oss_voxel_coarsening_finish (coarsening, error);
  self->cut.level[l] = level;
  if (!oss_processes_agree (level != NULL, error))
    return FALSE;
  self->cut.n_levels = l + 1;
  g_autoptr (GArray) named = name_classes (&classes);
  for (guint i = 0; i < named->len; i++)
    {
      OssVoxelNamed *item = &g_array_index (named, OssVoxelNamed, i);
      item->node = (guint32) level->corner[item->node];
    }
  oss_voxel_halo_init (&self->halo[l], level, neighbour, n, named);
  oss_voxel_halo_sum_float (&self->halo[l], level->inverse_sum);
  oss_voxel_invert_rows (level, (float) oss_processes_reduce (oss_voxel_largest_row (level), OSS_PETSC_MAX));
  return TRUE;
}

/* --- The cycle --- */

static void
sum (void *data, int l, float *vector)
{
  OssVoxelShared *self = data;
  oss_voxel_halo_sum_float (&self->halo[l], vector);
}

static void
leave (void *data, int l, float *vector)
{
  const OssVoxelShared *self = data;
  for (gsize i = 0; i < self->halo[l].n_foreign; i++)
    vector[self->halo[l].foreign[i]] = 0.0f;
}

/* Every process visits the whole of the levels below: the same bits in each. */
static void
visit_whole (void *data, gboolean from_zero)
{
  OssVoxelShared *self = data;
  int l = self->cut.n_levels - 1;
  OssVoxelLevel *level = self->cut.level[l], *whole = self->whole.level[l];

  memset (whole->b, 0, 3 * whole->n_nodes * sizeof *whole->b);
  leave (self, l, level->b);
  for (gsize i = 0; i < level->n_nodes; i++)
    for (gsize c = 0; c < 3; c++)
      whole->b[3 * self->in_whole[i] + c] += level->b[3 * i + c];
  oss_processes.module->sum_float (whole->b, 3 * whole->n_nodes);
  oss_voxel_visit_level (&self->whole, l, from_zero);
  for (gsize i = 0; i < level->n_nodes; i++)
    memcpy (level->x + 3 * i, whole->x + 3 * (gsize) self->in_whole[i], 3 * sizeof (float));
}

/* Kernels read beyond the end of a vector; what the other precision left there could be no number. */
static void
clear_beyond (const OssVoxelShared *self, gboolean floats)
{
  gsize n = 3 * self->cut.level[0]->n_nodes;

  for (int i = 0; i < 2; i++)
    if (floats)
      {
        float *first = (float *) (void *) self->in_use[i];
        memset (first + n, 0, OSS_VOXEL_PAD * sizeof *first);
        memset (first + n + OSS_VOXEL_PAD + n, 0, OSS_VOXEL_PAD * sizeof *first);
      }
    else
      memset (self->in_use[i] + n, 0, OSS_VOXEL_PAD * sizeof (double));
}

void
oss_voxel_shared_cycle (OssVoxelShared *self, const double *r, double *z)
{
  clear_beyond (self, TRUE);
  oss_voxel_halo_spread_float (&self->halo[0], r, self->cut.level[0]->b);
  oss_voxel_halo_sum_float (&self->halo[0], self->cut.level[0]->b);
  oss_voxel_visit_level (&self->cut, 0, TRUE);
  oss_voxel_halo_collect_float (&self->halo[0], self->cut.level[0]->x, z);
}

static void
keep_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  memcpy ((double *) sweep->data + begin, ax, n * sizeof (double));
}

/* K x of own values, in the second vector in use. */
static void
apply (OssVoxelShared *self, const double *x, gboolean constrained)
{
  OssVoxelLevel *level = self->cut.level[0];
  OssVoxelSweep sweep = { .level = level,
                          .precision = OSS_VOXEL_DOUBLE,
                          .u = self->in_use[0],
                          .constrained = constrained,
                          .finish = keep_plane,
                          .data = self->in_use[1] };

  clear_beyond (self, FALSE);
  oss_voxel_halo_spread (&self->halo[0], x, self->in_use[0]);
  oss_voxel_halo_sum (&self->halo[0], self->in_use[0]);
  for (gsize i = 0; constrained && i < level->n_fixed; i++)
    self->in_use[0][level->fixed[i]] = 0.0;
  oss_voxel_sweep (&sweep, &self->cut.work);
  oss_voxel_halo_sum (&self->halo[0], self->in_use[1]);
}

void
oss_voxel_shared_apply (OssVoxelShared *self, const double *x, gboolean constrained, double *y)
{
  apply (self, x, constrained);
  oss_voxel_halo_collect (&self->halo[0], self->in_use[1], y);
}

double
oss_voxel_shared_residual (OssVoxelShared *self, const double *x)
{
  const OssVoxelLevel *level = self->cut.level[0];
  double *r = self->in_use[1], sum = 0.0;

  apply (self, x, FALSE);
  for (gsize i = 0; i < level->n_fixed; i++)
    r[level->fixed[i]] = 0.0;
  for (gsize i = 0; i < self->halo[0].n_foreign; i++)
    r[self->halo[0].foreign[i]] = 0.0;
  for (gsize f = 0; f < 3 * level->n_nodes; f++)
    sum += r[f] * r[f];
  return sum;
}

static gboolean
prepare (OssVoxelShared *self, GError **error)
{
  /* The finest level's vectors are there; on the last cut one only two are of use. */
  return oss_voxel_cycle_prepare (&self->cut, error) && oss_voxel_cycle_prepare (&self->whole, error);
}

static void
count_bytes (OssVoxelShared *self)
{
  double vectors = 0.0, grid = 0.0;

  for (int l = 0; l < self->cut.n_levels; l++)
    {
      grid += self->cut.level[l]->bytes + self->halo[l].bytes;
      vectors += 3.0 * (double) self->cut.level[l]->n_nodes * (l == 0 ? 16.0 : 12.0);
    }
  for (int l = self->whole.top; l < self->whole.n_levels; l++)
    grid += self->whole.level[l]->bytes;
  self->info.bytes_grid = grid + oss_voxel_coarsest_bytes (self->whole.coarsest);
  self->info.bytes_solve =
      vectors + oss_voxel_cycle_bytes (&self->whole) + 8.0 * OWN_VECTORS * (double) oss_voxel_halo_own (&self->halo[0]);
  self->info.n_levels = self->whole.n_levels;
}

gboolean
oss_voxel_shared_finish (OssVoxelShared *self, const OssPetscHeader *header, const OssVoxelFreedom *held,
                         const OssTick *tick, GError **error)
{
  if (!fix_held (self, header, held, error))
    return FALSE;
  for (int l = 1; l < self->share.n_levels; l++)
    {
      double own = (double) (oss_voxel_halo_own (&self->halo[l - 1]) / 3);
      if (l > 1 && oss_processes_reduce (own, OSS_PETSC_SUM) <= OSS_VOXEL_SMALL_NODES)
        break;
      if (!coarsen (self, l, tick, error))
        return FALSE;
    }
  if (!oss_voxel_shared_gather (self, tick, error) || !oss_processes_agree (prepare (self, error), error))
    return FALSE;
  self->part.data = self;
  self->part.n_levels = self->whole.n_levels;
  self->part.sum = sum;
  self->part.leave = leave;
  self->part.solve = visit_whole;
  self->cut.part = &self->part;
  count_bytes (self);
  return TRUE;
}

void
oss_voxel_shared_clear (OssVoxelShared *self)
{
  if (self->cut.level[0] != NULL)
    self->cut.level[0]->x = self->cut.level[0]->y = self->cut.level[0]->b = NULL;
  for (int l = 0; l < OSS_VOXEL_MAX_LEVELS; l++)
    {
      oss_voxel_level_free (self->cut.level[l]);
      oss_voxel_level_free (self->whole.level[l]);
      oss_voxel_halo_clear (&self->halo[l]);
    }
  oss_voxel_work_clear (&self->cut.work);
  oss_voxel_work_clear (&self->whole.work);
  oss_voxel_coarsest_free (self->whole.coarsest);
  for (int i = 0; i < 2; i++)
    oss_free_aligned (self->in_use[i]);
  g_free (self->in_whole);
}
