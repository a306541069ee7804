/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#include "base/oss-i18n.h"

#define MARGIN 6            /* voxels around the bone */
#define CLOSING_MM 2.0      /* gaps of a thin shell */
#define SMALL_HOLE_MM2 90.0 /* marrow of processes and pedicles in a section; the canal is at least twice that */
#define CANAL_HALF_MM 7.0   /* around the mid-line, never filled */
#define CANAL_FROM_MM 2.0   /* behind the posterior wall */
#define CANAL_TO_MM 12.0

/* The part of the box that holds this vertebra, with a margin; 1 inside. @low: where it starts in the box. */
static OssLabels *
crop_this (const OssWorkBox *box, const guint8 *owner, int low[3], GError **error)
{
  OssLabels all = { .grid = box->grid, .data = (guint8 *) owner };
  int high[3];
  OssLabels *part;

  if (!oss_labels_box (&all, OSS_OWNER_THIS, low, high))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("no bone around the place"));
      return NULL;
    }
  for (int a = 0; a < 3; a++)
    {
      low[a] = MAX (0, low[a] - MARGIN);
      high[a] = MIN (box->grid.size[a] - 1, high[a] + MARGIN);
    }
  part = oss_labels_crop (&all, low, high, error);
  for (gsize v = 0; part != NULL && v < oss_grid_count (&part->grid); v++)
    part->data[v] = part->data[v] == OSS_OWNER_THIS;
  return part;
}

/* What must stay background: the canal, and what others own. */
static guint8 *
forbidden (const OssWorkBox *box, const OssBodyFit *body, const guint8 *owner, const OssLabels *part, const int low[3])
{
  const OssGrid *grid = &part->grid;
  guint8 *keep = g_malloc0 (oss_grid_count (grid)), *p = keep;

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++, p++)
        {
          double mm[3], local[3], behind;

          oss_grid_to_patient (grid, (double[3]){ i, j, k }, mm);
          oss_vertebra_frame_local (&body->frame, mm, local);
          behind = -body->back_mm - local[1];
          *p = owner[oss_grid_offset (&box->grid, i + low[0], j + low[1], k + low[2])] > OSS_OWNER_THIS
               || (fabs (local[0]) < CANAL_HALF_MM && behind > CANAL_FROM_MM && behind < CANAL_TO_MM);
        }
  return keep;
}

/* A plane through a label image, and room to work in it. */
typedef struct
{
  guint8 *data;
  const guint8 *keep;
  int nu, nv;
  gssize su, sv;
  guint8 *seen;
  int *region;
} Section;

/* Gathers the background region around cell @start; TRUE when it is enclosed by bone. */
static gboolean
gather_region (Section *s, int start, int *count)
{
  int n = 0;
  gboolean enclosed = TRUE;

  s->region[n++] = start;
  s->seen[start] = 1;
  for (int first = 0; first < n; first++)
    {
      int u = s->region[first] % s->nu, v = s->region[first] / s->nu;
      const int near[4][2] = { { u - 1, v }, { u + 1, v }, { u, v - 1 }, { u, v + 1 } };

      enclosed = enclosed && !s->keep[u * s->su + v * s->sv];
      for (int q = 0; q < 4; q++)
        {
          int a = near[q][0], b = near[q][1];

          if (a < 0 || b < 0 || a >= s->nu || b >= s->nv)
            enclosed = FALSE;
          else if (!s->seen[b * s->nu + a] && !s->data[a * s->su + b * s->sv])
            s->seen[b * s->nu + a] = 1, s->region[n++] = b * s->nu + a;
        }
    }
  *count = n;
  return enclosed;
}

static void
fill_section (Section *s, int limit)
{
  memset (s->seen, 0, (gsize) s->nu * (gsize) s->nv);
  for (int cell = 0; cell < s->nu * s->nv; cell++)
    {
      int n;

      if (s->seen[cell] || s->data[cell % s->nu * s->su + cell / s->nu * s->sv])
        continue;
      if (gather_region (s, cell, &n) && n < limit)
        for (int q = 0; q < n; q++)
          s->data[s->region[q] % s->nu * s->su + s->region[q] / s->nu * s->sv] = 1;
    }
}

/* Fills small enclosed regions in every section across each axis: the marrow of processes, whose thin shells have holes
 * in space but seldom in all three planes. */
static void
fill_sections (OssLabels *labels, const guint8 *keep)
{
  const int *size = labels->grid.size;
  const gssize step[3] = { 1, size[0], (gssize) size[0] * size[1] };
  int limit = (int) (SMALL_HOLE_MM2 / (labels->grid.spacing[0] * labels->grid.spacing[1]));
  gsize most = (gsize) MAX (size[0], MAX (size[1], size[2]));
  g_autofree guint8 *seen = g_malloc (most * most);
  g_autofree int *region = g_new (int, most *most);

  for (int axis = 0; axis < 3; axis++)
    {
      int u = (axis + 1) % 3, v = (axis + 2) % 3;

      for (int at = 0; at < size[axis]; at++)
        {
          Section section = {
            labels->data + at * step[axis], keep + at * step[axis], size[u], size[v], step[u], step[v], seen, region
          };
          fill_section (&section, limit);
        }
    }
}

OssLabels *
oss_make_solid (const OssWorkBox *box, const OssBodyFit *body, const guint8 *owner, const OssTick *tick, GError **error)
{
  int low[3];
  g_autoptr (OssLabels) part = crop_this (box, owner, low, error);
  g_autoptr (OssLabels) wide = NULL;
  g_autoptr (OssLabels) closed = NULL;
  g_autofree guint8 *keep = NULL;

  if (part == NULL)
    return NULL;
  keep = forbidden (box, body, owner, part, low);
  wide = oss_labels_dilate (part, CLOSING_MM, tick, error);
  closed = wide != NULL ? oss_labels_dilate (wide, -CLOSING_MM, tick, error) : NULL;
  if (closed == NULL)
    return NULL;
  for (gsize v = 0, n = oss_grid_count (&part->grid); v < n; v++)
    part->data[v] = part->data[v] || (closed->data[v] && !keep[v]);
  fill_sections (part, keep);
  return oss_labels_fill_holes (part, error);
}
