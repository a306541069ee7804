/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last of the cut levels made whole in every process, from where on the levels are those of one machine. */
#include "fem/oss-voxel-share.h"

#include <stdlib.h>
#include <string.h>

/* An element of a coarser level: @special: its place among the special ones of its process, or G_MAXUINT32 */
typedef struct
{
  guint32 at[3], special, index;
  guint32 class[8];
  float modulus[8];
} Element;

typedef struct
{
  gsize n, n_special, n_classes;
  gsize mine; /* of the first element of this process */
  Element *element;
  float (*stiffness)[24][24];
} Gathered;

static void
gathered_clear (Gathered *self)
{
  g_free (self->element);
  g_free (self->stiffness);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gathered, gathered_clear)

/* What all processes have; @start: [processes + 1] the first of each. */
static void *
gather (const void *mine, gsize n, gsize size, gsize *start)
{
  int processes = oss_processes.n_ranks;
  g_autofree double *counts = g_new0 (double, processes);
  g_autofree gsize *bytes = g_new (gsize, processes);

  counts[oss_processes.rank] = (double) n;
  oss_processes.module->reduce (counts, (gsize) processes, OSS_PETSC_SUM);
  start[0] = 0;
  for (int p = 0; p < processes; p++)
    {
      bytes[p] = (gsize) counts[p] * size;
      start[p + 1] = start[p] + (gsize) counts[p];
    }
  char *all = g_malloc (MAX (start[processes] * size, 1));
  oss_processes.module->gather (mine, all, bytes);
  return all;
}

/* Numbers of the nodes among those of all processes: own ones in order, the others' from them. */
static guint32 *
number_classes (const OssVoxelLevel *level, OssVoxelHalo *halo, gsize *n_classes)
{
  int processes = oss_processes.n_ranks;
  g_autofree double *counts = g_new0 (double, processes), *number = g_new0 (double, 3 * level->n_nodes + 1);
  guint32 *class = g_new (guint32, level->n_nodes + 1);
  gsize next = 0, foreign = 0;

  counts[oss_processes.rank] = (double) (oss_voxel_halo_own (halo) / 3);
  oss_processes.module->reduce (counts, (gsize) processes, OSS_PETSC_SUM);
  *n_classes = 0;
  for (int p = 0; p < processes; *n_classes += (gsize) counts[p++])
    if (p == oss_processes.rank)
      next = *n_classes;
  for (gsize i = 0; i < level->n_nodes; i++)
    if (foreign < halo->n_foreign && halo->foreign[foreign] == 3 * i)
      foreign += 3;
    else
      number[3 * i] = (double) next++;
  oss_voxel_halo_sum (halo, number);
  for (gsize i = 0; i < level->n_nodes; i++)
    class[i] = (guint32) number[3 * i];
  return class;
}

/* Moduli of the octants of an element from their Walsh-Hadamard transform. */
static void
octant_moduli (const OssVoxelOctants *octants, gsize e, float modulus[8])
{
  for (int octant = 0; octant < 8; octant++)
    {
      double value = 0.0;
      for (gsize m = 0; m < 8; m++)
        value += 0.125 * oss_voxel_mode_sign ((int) m, octant) * octants->moduli[m * octants->room + e];
      modulus[octant] = (float) value;
    }
}

static Element *
list_elements (const OssVoxelLevel *level, const gsize begin[3], const guint32 *class)
{
  const OssVoxelOctants *octants = level->octants;
  Element *list = g_new (Element, level->n_elements + 1);
  guint32 special = 0;

  for (gsize row = 0; row < level->size[1] * level->size[2]; row++)
    for (gsize e = level->element_start[row]; e < level->element_start[row + 1]; e++)
      {
        Element *element = &list[e];
        *element =
            (Element){ .at = { (guint32) (begin[0] + level->element_x[e]), (guint32) (begin[1] + row % level->size[1]),
                               (guint32) (begin[2] + row / level->size[1]) },
                       .special = G_MAXUINT32 };
        if (special < octants->n_special && octants->special[special] == e)
          element->special = special++;
        for (gsize c = 0; c < 8; c++)
          element->class[c] = class[level->corner[8 * e + c]];
        octant_moduli (octants, e, element->modulus);
      }
  return list;
}

static void
gather_elements (Gathered *self, const OssVoxelShared *shared, const guint32 *class)
{
  int l = shared->cut.n_levels - 1, processes = oss_processes.n_ranks;
  const OssVoxelLevel *level = shared->cut.level[l];
  g_autofree gsize *start = g_new (gsize, 2 * processes + 2);
  gsize *special = start + processes + 1;
  gsize begin[3], end[3];

  oss_voxel_share_own (&shared->share, l, oss_processes.rank, begin, end);
  g_autofree Element *mine = list_elements (level, begin, class);
  self->element = gather (mine, level->n_elements, sizeof *mine, start);
  self->stiffness =
      gather (level->octants->special_stiffness, level->octants->n_special, sizeof *self->stiffness, special);
  self->n = start[processes];
  self->n_special = special[processes];
  self->mine = start[oss_processes.rank];
  for (int p = 0; p < processes; p++)
    for (gsize i = start[p]; i < start[p + 1]; i++)
      {
        self->element[i].index = (guint32) i;
        if (self->element[i].special != G_MAXUINT32)
          self->element[i].special += (guint32) special[p];
      }
}

static int
compare_elements (gconstpointer a, gconstpointer b)
{
  const Element *p = a, *q = b;

  for (int k = 2; k >= 0; k--)
    if (p->at[k] != q->at[k])
      return p->at[k] > q->at[k] ? 1 : -1;
  return (p->index > q->index) - (p->index < q->index);
}

/* The arrays that a level is filled from. */
static gboolean
fill_whole (const Gathered *self, OssVoxelLevel *whole, GError **error)
{
  g_autofree guint16 *x = g_new (guint16, self->n + 1);
  g_autofree float *moduli = g_new (float, 8 * self->n + 1);
  g_autofree guint32 *class = g_new (guint32, 8 * self->n + 1);
  OssVoxelCoarseElements elements = { .n = self->n,
                                      .n_classes = self->n_classes,
                                      .n_special = self->n_special,
                                      .x = x,
                                      .moduli = moduli,
                                      .class = class,
                                      .special = g_new (guint32, self->n_special + 1),
                                      .special_stiffness = g_malloc ((self->n_special + 1) * sizeof (float[24][24])) };
  gsize special = 0;

  for (gsize e = 0; e < self->n; e++)
    {
      const Element *element = &self->element[e];
      x[e] = (guint16) element->at[0];
      memcpy (moduli + 8 * e, element->modulus, sizeof element->modulus);
      memcpy (class + 8 * e, element->class, sizeof element->class);
      whole->element_start[element->at[2] * whole->size[1] + element->at[1] + 1]++;
      if (element->special == G_MAXUINT32)
        continue;
      memcpy (elements.special_stiffness[special], self->stiffness[element->special], sizeof (float[24][24]));
      elements.special[special++] = (guint32) e;
    }
  for (gsize row = 0; row < whole->size[1] * whole->size[2]; row++)
    whole->element_start[row + 1] += whole->element_start[row];
  return oss_voxel_level_fill_coarse (whole, &elements, error);
}

static OssVoxelLevel *
make_whole (OssVoxelShared *shared, GError **error)
{
  int l = shared->cut.n_levels - 1;
  OssVoxelLevel *level = shared->cut.level[l];
  g_auto (Gathered) gathered = { .n = 0 };
  g_autofree guint32 *class = number_classes (level, &shared->halo[l], &gathered.n_classes);
  g_autoptr (OssVoxelLevel) whole = oss_voxel_level_begin_coarse (shared->cut.level[l - 1], shared->share.size[l],
                                                                  shared->share.factor[l], shared->cut.poisson, error);

  gather_elements (&gathered, shared, class);
  qsort (gathered.element, gathered.n, sizeof *gathered.element, compare_elements);
  if (whole == NULL || !fill_whole (&gathered, whole, error))
    return NULL;
  oss_voxel_invert_rows (whole, oss_voxel_largest_row (whole));
  shared->in_whole = g_new0 (guint32, level->n_nodes + 1);
  for (gsize e = 0; e < gathered.n; e++)
    {
      gsize own = gathered.element[e].index - gathered.mine;
      for (gsize c = 0; gathered.element[e].index >= gathered.mine && own < level->n_elements && c < 8; c++)
        shared->in_whole[level->corner[8 * own + c]] = (guint32) whole->corner[8 * e + c];
    }
  return g_steal_pointer (&whole);
}

gboolean
oss_voxel_shared_gather (OssVoxelShared *self, const OssTick *tick, GError **error)
{
  int l = self->cut.n_levels - 1;
  OssVoxelLevel *whole = make_whole (self, error);

  self->whole.level[l] = whole;
  self->whole.top = l;
  self->whole.n_levels = l + 1;
  self->whole.work.tick = tick;
  return oss_processes_agree (whole != NULL && oss_voxel_build_coarse (&self->whole, tick, error), error);
}
