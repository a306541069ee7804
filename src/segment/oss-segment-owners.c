/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"

#define FULL_BOND 1000.0
#define JOINT_GAP 0.15      /* relative depth of a valley that counts as a joint space */
#define VALLEY_REACH_MM 2.4 /* to both sides of a joint space; more where blur is more */
#define DISC_MM 3.5         /* beyond an endplate, in the body's column, is the neighbour */
#define COLUMN_SHARE 0.8    /* of the wall's radius */
#define ABOVE_MM 14.0       /* articular processes reach no higher over the superior endplate */
#define BELOW_MM 30.0       /* nor processes lower under the inferior one */
#define RIB_MM 54.0         /* transverse processes reach no further from the mid-line */
#define RIB_NEAR_MM 28.0
#define RIB_BELOW -0.35 /* of the body's height, from its middle */
#define RIB_ABOVE 0.6
#define SPINOUS_HALF_MM 6.0
#define SPINOUS_ABOVE 0.3    /* of the body's height, from its middle */
#define CANAL_MM 10.0        /* least sagittal width of the canal (11-26 mm) */
#define OSTEOPHYTE_SHARE 0.8 /* of the shell's crest over soft tissue */
#define OSTEOPHYTE_MM 3.5    /* in front of the posterior wall bone counts this far outside the fitted body */

typedef struct
{
  const OssWorkBox *box;
  const OssBodyFit *body;
  const OssBodyFit *neighbours[2]; /* below, above; NULL: not in the image or not found */
  const OssTick *tick;
  double bone_hu;       /* of processes */
  double osteophyte_hu; /* outside the fitted body, in front of the posterior wall */
  guint8 *owner;        /* seeds, then the result */
  int reach;            /* of a valley, in voxels to both sides */
  float *strength;      /* 0: not bone; to 1: bone; little in joint spaces */
} Competition;

/* How much darker a voxel is than both its sides along the best of 13 lines: joint spaces are valleys even where blur
 * has filled them up to bone's HU. */
static float
valley (const Competition *c, int i, int j, int k, const float *p)
{
  const int *size = c->box->grid.size;
  float deepest = 0.0f;

  for (int dk = 0; dk <= 1; dk++)
    for (int dj = dk > 0 ? -1 : 0; dj <= 1; dj++)
      for (int di = dk > 0 || dj > 0 ? -1 : 1; di <= 1; di++)
        for (int reach = c->reach - 1; reach <= c->reach; reach++)
          {
            int r = di * di + dj * dj + dk * dk > 1 ? reach - 1 : reach;
            int a = di * r, b = dj * r, d = dk * r;
            gssize step = ((gssize) d * size[1] + b) * size[0] + a;

            if (i - ABS (a) < 0 || i + ABS (a) >= size[0] || j - ABS (b) < 0 || j + ABS (b) >= size[1] || k - d < 0
                || k + d >= size[2])
              continue;
            deepest = MAX (deepest, MIN (p[step], p[-step]) - *p);
          }
  return deepest;
}

/* Beyond an endplate: the neighbour's own fit says where its body is; without one, the column over the endplate. */
static gboolean
in_neighbour (const Competition *c, int above, const double p[3], double beyond, double share)
{
  double local[3];

  if (c->neighbours[above] == NULL)
    return beyond > DISC_MM && share < COLUMN_SHARE;
  oss_vertebra_frame_local (&c->neighbours[above]->frame, p, local);
  return oss_body_core (c->neighbours[above], local, TRUE);
}

/* Ribs and the iliac crest lie where no process of this vertebra is: far out, or half-way out but below or above the
 * level of the transverse processes (these leave at the pedicles' height and run level). */
static gboolean
in_rib (double side, double level)
{
  return side > RIB_MM || (side > RIB_NEAR_MM && (level < RIB_BELOW || level > RIB_ABOVE));
}

/* Whose a bone voxel outside this body is from the start; NONE: to be fought for; -1: nobody's. */
static int
seed_outside (const Competition *c, const double p[3], const double local[3], double hu)
{
  const OssBodyFit *body = c->body;
  double wall = oss_body_wall (body, local), radius = hypot (local[0], local[1]), level;
  double over = local[2] - oss_body_endplate (body, 1, local[0], local[1]);
  double under = oss_body_endplate (body, 0, local[0], local[1]) - local[2];

  if (over > ABOVE_MM || in_neighbour (c, 1, p, over, radius / wall))
    return OSS_OWNER_ABOVE;
  if (under > BELOW_MM || in_neighbour (c, 0, p, under, radius / wall))
    return OSS_OWNER_BELOW;
  level = local[2] / body->frame.height_mm;
  if (in_rib (fabs (local[0]), level))
    return OSS_OWNER_RIB;
  /* In front of the posterior wall the fitted surface decides; only what is as bright as cortex may go past it. */
  if (local[1] > -body->back_mm)
    return oss_body_depth (body, local) < -OSTEOPHYTE_MM || hu < c->osteophyte_hu ? -1 : OSS_OWNER_NONE;
  /* Behind the canal, on the mid-line, at the height of the upper endplate: the spinous process above. */
  if (fabs (local[0]) < SPINOUS_HALF_MM && local[1] < -body->back_mm - CANAL_MM && level > SPINOUS_ABOVE)
    return OSS_OWNER_ABOVE;
  return OSS_OWNER_NONE;
}

static void
prepare_rows (gsize begin, gsize end, guint thread, void *data)
{
  Competition *c = data;
  const OssGrid *grid = &c->box->grid;

  for (gsize k = begin; k < end && !oss_tick_stopped (c->tick); k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          gsize at = oss_grid_offset (grid, i, j, (int) k);
          const float *p = c->box->fine->data + at;
          double mm[3] = { grid->origin[0] + i * grid->spacing[0], grid->origin[1] + j * grid->spacing[1],
                           grid->origin[2] + (double) k * grid->spacing[2] },
                 local[3], gap;
          int seed = OSS_OWNER_THIS;

          if (!c->box->valid[at])
            continue;
          oss_vertebra_frame_local (&c->body->frame, mm, local);
          if (!oss_body_core (c->body, local, *p >= c->bone_hu))
            seed = *p < c->bone_hu ? -1 : seed_outside (c, mm, local, *p);
          if (seed < 0)
            continue;
          gap = valley (c, i, j, (int) k, p);
          gap /= gap + MAX (50.0, *p - c->box->soft_hu);
          c->strength[at] =
              (float) (exp (-gap * gap / (JOINT_GAP * JOINT_GAP))
                       * CLAMP ((*p - c->bone_hu) / (0.25 * (c->body->crest_hu - c->box->soft_hu)), 0.05, 1.0));
          c->owner[at] = (guint8) seed;
        }
}

/* Capacity of the way between two neighbouring bone voxels: bone is strong, a joint space weak. */
static gint32
bond (const Competition *c, gsize u, gsize v)
{
  return (gint32) (FULL_BOND * MIN (c->strength[u], c->strength[v])) + 1;
}

/* Free voxels become nodes; ways to seeds are terminal capacities. */
static void
make_graph (const Competition *c, OssCutGraph *graph, gint32 *node, gsize n)
{
  const int *size = c->box->grid.size;
  const gssize step[3] = { 1, size[0], (gssize) size[0] * size[1] };

  graph->n = 0;
  for (gsize v = 0; v < n; v++)
    node[v] = c->strength[v] > 0.0f && c->owner[v] == OSS_OWNER_NONE ? graph->n++ : -1;
  graph->neighbour = g_malloc (sizeof (*graph->neighbour) * (gsize) MAX (1, graph->n));
  graph->capacity = g_malloc0 (sizeof (*graph->capacity) * (gsize) MAX (1, graph->n));
  graph->terminal = g_new0 (gint32, MAX (1, graph->n));
  for (gsize v = 0; v < n; v++)
    for (int d = 0; node[v] >= 0 && d < 6; d++)
      {
        int axis = d / 2, at = (int) (v / (gsize) step[axis] % (gsize) size[axis]), to = at + (d & 1 ? 1 : -1);
        gsize u = (gsize) ((gssize) v + (d & 1 ? step[axis] : -step[axis]));
        gint32 strength;

        graph->neighbour[node[v]][d] = -1;
        if (to < 0 || to >= size[axis] || c->strength[u] == 0.0f)
          continue;
        strength = bond (c, v, u);
        if (node[u] >= 0)
          {
            graph->neighbour[node[v]][d] = node[u];
            graph->capacity[node[v]][d] = strength;
          }
        else
          graph->terminal[node[v]] += c->owner[u] == OSS_OWNER_THIS ? strength : -strength;
      }
}

guint8 *
oss_bone_owners (const OssWorkBox *box, const OssBodyFit *body, const OssBodyFit *const neighbours[2], double bone_hu,
                 const OssTick *tick, GError **error)
{
  gsize n = oss_grid_count (&box->grid);
  g_autofree guint8 *owner = g_malloc0 (n);
  g_autofree float *strength = g_new0 (float, n);
  g_autofree gint32 *node = g_new (gint32, n);
  g_autofree guint8 *side = NULL;
  Competition c = { box, body, { neighbours[0], neighbours[1] }, tick, bone_hu, 0.0, owner, 0, strength };

  OssCutGraph graph = { 0 };

  c.reach = (int) (VALLEY_REACH_MM * MAX (1.0, box->blur_mm) / box->grid.spacing[0] + 0.5);
  c.osteophyte_hu = MAX (bone_hu, box->soft_hu + OSTEOPHYTE_SHARE * (body->crest_hu - box->soft_hu));
  oss_parallel_for ((gsize) box->grid.size[2], 4, prepare_rows, &c);
  make_graph (&c, &graph, node, n);
  side = oss_min_cut (&graph, tick, error);
  g_free (graph.neighbour);
  g_free (graph.capacity);
  g_free (graph.terminal);
  if (side == NULL)
    return NULL;
  for (gsize v = 0; v < n; v++)
    if (node[v] >= 0 && side[node[v]] != OSS_CUT_NEITHER)
      owner[v] = side[node[v]] == OSS_CUT_SOURCE ? OSS_OWNER_THIS : OSS_OWNER_OTHER;
  return g_steal_pointer (&owner);
}
