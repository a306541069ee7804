/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#include "base/oss-parallel.h"

#define PEEL_MM 1.3   /* blur carries bone's HU no further outward */
#define CREST_REACH 2 /* lattice voxels in which a shell's crest is looked for */
/* The brightest of many noisy voxels is brighter than the crest; set so that virtual patients' volumes come out right.
 */
#define EDGE_SHARE 0.85

enum
{
  BONE = 1,
  DIM = 2, /* may be peeled from outside: dimmer than the outer edge of the shell beside it */
};

typedef struct
{
  const OssWorkBox *box;
  const OssBodyFit *body;
  const OssLabels *solid;
  const OssTick *tick;
  OssLabels *out;
  int low[3], high[3]; /* of the vertebra, in the volume's indices */
} Render;

/* Share of label around a patient point, trilinear. */
static double
share_at (const OssLabels *labels, const double mm[3])
{
  double index[3], f[3], sum = 0.0;
  int low[3];

  oss_grid_to_index (&labels->grid, mm, index);
  for (int a = 0; a < 3; a++)
    {
      if (!(index[a] >= 0.0 && index[a] <= labels->grid.size[a] - 1.001))
        return 0.0;
      low[a] = (int) index[a];
      f[a] = index[a] - low[a];
    }
  for (int c = 0; c < 8; c++)
    if (labels->data[oss_grid_offset (&labels->grid, low[0] + (c & 1), low[1] + (c >> 1 & 1), low[2] + (c >> 2))])
      sum += (c & 1 ? f[0] : 1 - f[0]) * (c & 2 ? f[1] : 1 - f[1]) * (c & 4 ? f[2] : 1 - f[2]);
  return sum;
}

/* Brightest lattice voxel near a point. */
static double
crest_at (const OssWorkBox *box, const double mm[3])
{
  int low[3], high[3];
  float most = -G_MAXFLOAT;

  for (int a = 0; a < 3; a++)
    {
      int middle = (int) floor ((mm[a] - box->grid.origin[a]) / box->grid.spacing[a] + 0.5);
      low[a] = CLAMP (middle - CREST_REACH, 0, box->grid.size[a] - 1);
      high[a] = CLAMP (middle + CREST_REACH, 0, box->grid.size[a] - 1);
    }
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        most = MAX (most, box->fine->data[oss_grid_offset (&box->grid, i, j, k)]);
  return most;
}

static guint8
voxel_at (const Render *r, const double mm[3])
{
  double local[3], edge, soft = r->box->soft_hu, share = share_at (r->solid, mm);

  if (share <= 0.0)
    return 0;
  /* Within the fitted body the solid tells whose a place is, not where the surface lies: it is made of lattice voxels.
   */
  oss_vertebra_frame_local (&r->body->frame, mm, local);
  if (oss_body_depth (r->body, local) > 0.0)
    return BONE;
  if (share < 0.5)
    return 0;
  edge = EDGE_SHARE * (oss_shell_edge_hu (r->box, crest_at (r->box, mm), soft, soft) - soft) + soft;
  return oss_work_box_sample (r->box, r->box->fine->data, mm) < edge ? DIM : BONE;
}

static void
render_slices (gsize begin, gsize end, guint thread, void *data)
{
  Render *r = data;

  for (gsize k = begin + (gsize) r->low[2]; k < end + (gsize) r->low[2] && !oss_tick_stopped (r->tick); k++)
    for (int j = r->low[1]; j <= r->high[1]; j++)
      for (int i = r->low[0]; i <= r->high[0]; i++)
        {
          double mm[3];

          oss_grid_to_patient (&r->out->grid, (double[3]){ i, j, (double) k }, mm);
          r->out->data[oss_grid_offset (&r->out->grid, i, j, (int) k)] = voxel_at (r, mm);
        }
}

/* Index box of the volume that holds the whole of @solid, clamped. */
static gboolean
find_box (Render *r)
{
  const OssGrid *from = &r->solid->grid, *to = &r->out->grid;
  double low[3] = { G_MAXDOUBLE, G_MAXDOUBLE, G_MAXDOUBLE }, high[3] = { -G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE };

  for (int c = 0; c < 8; c++)
    {
      double corner[3], mm[3], index[3];

      for (int a = 0; a < 3; a++)
        corner[a] = c >> a & 1 ? from->size[a] - 1.0 : 0.0;
      oss_grid_to_patient (from, corner, mm);
      oss_grid_to_index (to, mm, index);
      for (int a = 0; a < 3; a++)
        low[a] = MIN (low[a], index[a]), high[a] = MAX (high[a], index[a]);
    }
  for (int a = 0; a < 3; a++)
    {
      r->low[a] = (int) MAX (0.0, floor (low[a]));
      r->high[a] = (int) MIN (to->size[a] - 1.0, ceil (high[a]));
      if (r->low[a] > r->high[a])
        return FALSE;
    }
  return TRUE;
}

/* TRUE where a voxel's face looks at background.  Faces of voxels thicker than a peel do not count: a whole slice would
 * go at once. */
static gboolean
is_open (const OssLabels *labels, int i, int j, int k)
{
  const OssGrid *grid = &labels->grid;
  const int at[3] = { i, j, k };
  gsize step = 1, v = oss_grid_offset (grid, i, j, k);

  for (int a = 0; a < 3; step *= (gsize) grid->size[a++])
    if (grid->spacing[a] < 2.0 * PEEL_MM
        && ((at[a] > 0 && !labels->data[v - step]) || (at[a] + 1 < grid->size[a] && !labels->data[v + step])))
      return TRUE;
  return FALSE;
}

/* Takes away layers of DIM that lie open to the outside, PEEL_MM deep at most; all that is left is bone. */
static void
peel (Render *r)
{
  OssLabels *out = r->out;
  const double *spacing = out->grid.spacing;
  int layers = (int) (PEEL_MM / MIN (spacing[0], MIN (spacing[1], spacing[2])) + 0.5);
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (int layer = 0; layer <= layers && !oss_tick_stopped (r->tick); layer++)
    {
      g_array_set_size (gone, 0);
      for (int k = r->low[2]; k <= r->high[2]; k++)
        for (int j = r->low[1]; j <= r->high[1]; j++)
          for (int i = r->low[0]; i <= r->high[0]; i++)
            {
              gsize v = oss_grid_offset (&out->grid, i, j, k);

              if (layer == layers)
                out->data[v] = out->data[v] != 0;
              else if (out->data[v] == DIM && is_open (out, i, j, k))
                g_array_append_val (gone, v);
            }
      for (guint q = 0; q < gone->len; q++)
        out->data[g_array_index (gone, gsize, q)] = 0;
    }
}

OssLabels *
oss_render_vertebra (const OssWorkBox *box, const OssBodyFit *body, const OssLabels *solid, const OssGrid *grid,
                     const OssTick *tick, GError **error)
{
  g_autoptr (OssLabels) out = oss_labels_new (grid, error);
  Render r = { .box = box, .body = body, .solid = solid, .tick = tick, .out = out };

  if (out == NULL)
    return NULL;
  if (find_box (&r))
    {
      oss_parallel_for ((gsize) (r.high[2] - r.low[2] + 1), 2, render_slices, &r);
      peel (&r);
    }
  if (oss_tick_stopped (tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  return g_steal_pointer (&out);
}
