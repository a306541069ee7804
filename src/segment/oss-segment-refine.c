/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#define RIM_MM 2.0     /* rows nearer to an endplate belong to the rim, whose wall is no wall */
#define STEPS 24       /* of a profile across the shell */
#define CREST_FROM 4   /* of them up to there only tell what is within, */
#define CREST_STEPS 15 /* and up to there may hold the crest */

/* Where the shell ends along a ray that meets it near @at_mm: the crest, then outward to the HU of its outer edge.
 * FALSE where there is no clear edge (pedicles, the vein's mouth, ribs). */
static gboolean
outer_edge (const OssWorkBox *box, const double from[3], const double way[3], double at_mm, double *edge_mm,
            float *crest_hu)
{
  const double before = 1.0 + 1.5 * box->blur_mm, step = before / 8.0, start = at_mm - before - CREST_FROM * step;
  float profile[STEPS];
  int crest = CREST_FROM;
  double edge_hu, inside = G_MAXDOUBLE, outside = G_MAXDOUBLE;

  for (int i = 0; i < STEPS; i++)
    {
      double p[3], mm = start + step * i;

      for (int a = 0; a < 3; a++)
        p[a] = from[a] + mm * way[a];
      profile[i] = (float) oss_work_box_sample (box, box->fine->data, p);
    }
  for (int i = CREST_FROM + 1; i < CREST_STEPS; i++)
    if (profile[i] > profile[crest])
      crest = i;
  for (int i = 0; i < STEPS; i++)
    *(i < crest ? &inside : &outside) = MIN (i < crest ? inside : outside, profile[i]);
  *crest_hu = profile[crest];
  if (profile[crest] - outside < OSS_CLEAR_EDGE_HU)
    return FALSE;
  edge_hu = oss_shell_edge_hu (box, profile[crest], MIN (inside, profile[crest]), outside);
  for (int i = crest; i < STEPS - 1; i++)
    if (profile[i + 1] < edge_hu)
      {
        double fall = profile[i] - profile[i + 1];
        *edge_mm = start + step * (i + (fall > 0.0 ? CLAMP ((profile[i] - edge_hu) / fall, 0.0, 1.0) : 0.0));
        return TRUE;
      }
  return FALSE;
}

/* Distances measured on a sheet's cells, where there is a clear edge. */
typedef struct
{
  int nu, nv;
  float *raw;
  guint8 *known;
  GArray *crests; /* of all sheets */
  float crest;    /* of the last cell */
  gsize asked, clear;
} Field;

static void
measure (Field *field, const OssWorkBox *box, const double from[3], const double way[3], double at_mm, double sign,
         int cell)
{
  double edge, at[3];

  for (int a = 0; a < 3; a++)
    at[a] = from[a] + at_mm * way[a];
  field->crest = 0.0f;
  if (!oss_work_box_valid (box, at))
    return;
  field->asked++;
  field->known[cell] = outer_edge (box, from, way, at_mm, &edge, &field->crest);
  if (!field->known[cell])
    return;
  field->raw[cell] = (float) (sign * edge);
  g_array_append_val (field->crests, field->crest);
  field->clear++;
}

/* Median of the 3 x 3 neighbours that have a value; keeps the first guess where there are few. */
static void
smooth_into (const Field *field, gboolean cyclic, float *sheet)
{
  for (int v = 0; v < field->nv; v++)
    for (int u = 0; u < field->nu; u++)
      {
        float near[9];
        gsize n = 0;

        for (int b = MAX (0, v - 1); b <= MIN (field->nv - 1, v + 1); b++)
          for (int c = u - 1; c <= u + 1; c++)
            {
              int a = cyclic ? (c + field->nu) % field->nu : c;

              if (a >= 0 && a < field->nu && field->known[b * field->nu + a])
                near[n++] = field->raw[b * field->nu + a];
            }
        if (n >= 3)
          sheet[v * field->nu + u] = oss_quantile (near, n, 0.5);
      }
}

/* Whether a cell of the wall lies in the middle third between the endplates above and below it. */
static gboolean
in_middle (const OssBodyFit *self, int angle, int row)
{
  double t = oss_body_angle (angle), radius = 0.8 * self->wall[row][angle];
  double low = oss_body_endplate (self, 0, radius * cos (t), radius * sin (t));
  double high = oss_body_endplate (self, 1, radius * cos (t), radius * sin (t));

  return fabs ((row - OSS_BODY_ROWS / 2) * OSS_BODY_ROW_MM - 0.5 * (low + high)) < (high - low) / 6.0;
}

static void
refine_wall (OssBodyFit *self, const OssWorkBox *box, Field *field)
{
  g_autoptr (GArray) middle = g_array_new (FALSE, FALSE, sizeof (float));

  field->nu = OSS_BODY_ANGLES;
  field->nv = OSS_BODY_ROWS;
  memset (field->known, 0, (gsize) field->nu * (gsize) field->nv);
  for (int r = 0; r < OSS_BODY_ROWS; r++)
    {
      const double local[3] = { 0.0, 0.0, (r - OSS_BODY_ROWS / 2) * OSS_BODY_ROW_MM };
      double from[3];

      if (fabs (local[2]) > 0.5 * self->frame.height_mm - RIM_MM)
        continue;
      oss_vertebra_frame_patient (&self->frame, local, from);
      for (int u = 0; u < OSS_BODY_ANGLES; u++)
        {
          double t = oss_body_angle (u), way[3];

          for (int a = 0; a < 3; a++)
            way[a] = cos (t) * self->frame.right[a] + sin (t) * self->frame.anterior[a];
          measure (field, box, from, way, self->wall[r][u], 1.0, r * OSS_BODY_ANGLES + u);
          if (in_middle (self, u, r))
            g_array_append_val (middle, field->crest);
        }
    }
  smooth_into (field, TRUE, &self->wall[0][0]);
  self->wall_crest_hu = oss_quantile ((float *) middle->data, middle->len, 0.5);
}

static void
refine_endplate (OssBodyFit *self, const OssWorkBox *box, int which, Field *field)
{
  double sign = which ? 1.0 : -1.0, near_rim = sign * (0.5 * self->frame.height_mm - 3.0), way[3];

  field->nu = field->nv = OSS_BODY_CELLS;
  memset (field->known, 0, (gsize) field->nu * (gsize) field->nv);
  for (int a = 0; a < 3; a++)
    way[a] = sign * self->frame.superior[a];
  for (int v = 0; v < OSS_BODY_CELLS; v++)
    for (int u = 0; u < OSS_BODY_CELLS; u++)
      {
        const double local[3] = { oss_body_cell_mm (u), oss_body_cell_mm (v), 0.0 };
        const double rim[3] = { local[0], local[1], near_rim };
        double from[3];

        if (hypot (local[0], local[1]) > oss_body_wall (self, rim))
          continue;
        oss_vertebra_frame_patient (&self->frame, local, from);
        measure (field, box, from, way, sign * self->endplate[which][v][u], sign, v * OSS_BODY_CELLS + u);
      }
  smooth_into (field, FALSE, &self->endplate[which][0][0]);
}

void
oss_body_refine (OssBodyFit *self, const OssWorkBox *box)
{
  gsize most = MAX (OSS_BODY_ROWS * OSS_BODY_ANGLES, OSS_BODY_CELLS * OSS_BODY_CELLS);
  g_autofree float *raw = g_new0 (float, most);
  g_autofree guint8 *known = g_malloc0 (most);
  g_autoptr (GArray) crests = g_array_new (FALSE, FALSE, sizeof (float));
  Field field = { .raw = raw, .known = known, .crests = crests };

  refine_wall (self, box, &field);
  for (int which = 0; which < 2; which++)
    refine_endplate (self, box, which, &field);
  self->crest_hu = oss_quantile ((float *) crests->data, crests->len, 0.5);
  self->bounded = field.asked > 0 ? (double) field.clear / (double) field.asked : 0.0;
}
