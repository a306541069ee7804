/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#include "base/oss-i18n.h"

#define RAY_MM 0.5       /* along a ray */
#define WALL_FROM_MM 5.0 /* no body is narrower */
#define WALL_TO_MM 40.0  /* nor wider */
#define PLATE_FROM_MM 3.0
#define PLATE_TO_MM 30.0
#define MARGIN 2       /* levels: an edge is the fall of HU from this many before to this many behind */
#define PAST_EDGES 0.5 /* cost per mm of an edge that a ray has already crossed: the first one counts */
#define PAST_DARK 0.5  /* cost per mm that lies in the dark */
#define WALL_BEND 0.12f
#define WALL_REACH 2
#define PLATE_BEND 0.30f
#define PLATE_REACH 2
#define LEAST_BOUNDED 0.45  /* of the surface with a clear edge: less is no body */
#define LEAST_CREST_HU 90.0 /* of the wall's shell over soft tissue, likewise */
#define BEYOND_IMAGE 0.5f   /* reward for a place outside the image, where a clear edge has 1 */
#define PLATE_STRIDE 2      /* cells of the search are this many cells of the result */
#define MEDIAN_REACH 3      /* cells of the search */
#define OFF_MEDIAN 0.12     /* cost per mm further than 2 mm from the neighbours' median */
#define NEXT_DISC_MM 7.0    /* typical disc between two bodies */

typedef struct
{
  double from_mm;
  int levels;
  double strong_hu;              /* a clear edge */
  double dark_hu, dark_scale_hu; /* darker than the inside: from here on, fully so this much below */
} Rays;

static void
local_to_patient (const OssVertebraFrame *frame, double x, double y, double z, double p[3])
{
  const double local[3] = { x, y, z };
  oss_vertebra_frame_patient (frame, local, p);
}

/* Profile of @data along a ray, MARGIN samples longer than the levels at both ends; NaN beyond the image. */
static void
read_ray (const OssWorkBox *box, const float *data, const double from[3], const double way[3], const Rays *rays,
          float *profile)
{
  for (int i = 0; i < rays->levels + 2 * MARGIN; i++)
    {
      double mm = rays->from_mm + RAY_MM * (i - MARGIN), p[3];

      for (int a = 0; a < 3; a++)
        p[a] = from[a] + mm * way[a];
      profile[i] = oss_work_box_valid (box, p) ? (float) oss_work_box_sample (box, data, p) : NAN;
    }
}

static float
drop_at (const float *profile, int level)
{
  return profile[level] - profile[level + 2 * MARGIN];
}

/* A clear drop is cheap.  What follows an edge already crossed, or a stretch darker than this vertebra's inside (canal,
 * fat, disc), is dearer: the first clear edge counts, though the next bone may have a clearer one.  Beyond the image is
 * better than an unclear edge: the body may well end there. */
static void
cost_of (const float *profile, const Rays *rays, float *cost)
{
  float crossed = 0.0f;
  int behind = 2 * MARGIN;

  for (int i = 0; i < rays->levels; i++)
    {
      float edge = drop_at (profile, i) / (float) rays->strong_hu;
      float old = i >= behind ? drop_at (profile, i - behind) / (float) rays->strong_hu : NAN;
      float dark = i >= behind ? (float) (rays->dark_hu - profile[i + MARGIN - 2]) / (float) rays->dark_scale_hu : NAN;

      if (!isnan (old) && !isnan (dark))
        {
          crossed += (float) (PAST_EDGES * RAY_MM) * CLAMP (old - 0.5f, 0.0f, 1.0f);
          crossed += (float) (PAST_DARK * RAY_MM) * CLAMP (dark, 0.0f, 1.0f);
        }
      cost[i] = crossed - (isnan (edge) ? BEYOND_IMAGE : CLAMP ((edge - 0.25f) / 0.75f, -0.4f, 1.2f));
    }
}

/* Turns profiles into costs, with the strength of the image's own edges as the unit, but no less than @least_hu;
 * @weight (nullable) 0 leaves a ray out. */
static float *
price_rays (const float *profiles, gsize n, Rays *rays, double least_hu, const guint8 *weight)
{
  g_autofree float *best = g_new (float, n);
  float *costs = g_new0 (float, n * rays->levels);
  gsize m = 0, length = rays->levels + 2 * MARGIN;

  for (gsize c = 0; c < n; c++)
    if (weight == NULL || weight[c])
      {
        float most = 0.0f;

        for (int i = 0; i < rays->levels; i++)
          {
            float drop = drop_at (profiles + c * length, i);
            most = drop > most ? drop : most; /* FALSE for NaN */
          }
        best[m++] = most;
      }
  rays->strong_hu = MAX (MAX (OSS_CLEAR_EDGE_HU, least_hu), 0.8 * oss_quantile (best, m, 0.5));
  for (gsize c = 0; c < n; c++)
    if (weight == NULL || weight[c])
      cost_of (profiles + c * length, rays, costs + c * rays->levels);
  return costs;
}

/* Median of a field's neighbours within @reach cells that carry weight. */
static float
median_near (const float *field, const guint8 *weight, int nu, int nv, gboolean cyclic, int u, int v, int reach)
{
  float near[256];
  gsize m = 0;

  for (int b = MAX (0, v - reach); b <= MIN (nv - 1, v + reach); b++)
    for (int c = u - reach; c <= u + reach; c++)
      {
        int a = cyclic ? (c + nu) % nu : c;

        if (a >= 0 && a < nu && (weight == NULL || weight[b * nu + a]))
          near[m++] = field[b * nu + a];
      }
  return oss_quantile (near, m, 0.5);
}

/* Bodies are smooth: a second search is drawn to the first one's median, so that a vein or a dense island inside the
 * body no longer attracts part of the sheet. */
static void
draw_to_median (const float *level, const guint8 *weight, int nu, int nv, gboolean cyclic, int levels, float *costs)
{
  for (int v = 0; v < nv; v++)
    for (int u = 0; u < nu; u++)
      {
        float middle, *cost = costs + ((gsize) v * nu + u) * levels;

        if (weight != NULL && !weight[v * nu + u])
          continue;
        middle = median_near (level, weight, nu, nv, cyclic, u, v, MEDIAN_REACH);
        for (int i = 0; i < levels; i++)
          cost[i] += (float) (OFF_MEDIAN * RAY_MM) * MAX (0.0f, fabsf ((float) i - middle) - (float) (2.0 / RAY_MM));
      }
}

/* Finds the wall at rows [low, high] mm above the centre. */
static void
fit_wall (OssBodyFit *self, const OssWorkBox *box, double low, double high, const OssTick *tick)
{
  Rays rays = { WALL_FROM_MM, (int) ((WALL_TO_MM - WALL_FROM_MM) / RAY_MM), 0.0, self->dark_hu, self->dark_scale_hu };
  int first = CLAMP ((int) ceil (low / OSS_BODY_ROW_MM) + OSS_BODY_ROWS / 2, 0, OSS_BODY_ROWS - 1);
  int last = CLAMP ((int) floor (high / OSS_BODY_ROW_MM) + OSS_BODY_ROWS / 2, first, OSS_BODY_ROWS - 1);
  int rows = last - first + 1;
  gsize n = (gsize) rows * OSS_BODY_ANGLES;
  gsize length = (gsize) rays.levels + 2 * MARGIN;
  g_autofree float *profiles = g_new (float, n *length);
  g_autofree float *costs = NULL;
  g_autofree float *level = g_new0 (float, n);

  for (int v = 0; v < rows; v++)
    for (int u = 0; u < OSS_BODY_ANGLES; u++)
      {
        double p[3], way[3], t = oss_body_angle (u);
        local_to_patient (&self->frame, 0, 0, (first + v - OSS_BODY_ROWS / 2) * OSS_BODY_ROW_MM, p);
        for (int a = 0; a < 3; a++)
          way[a] = cos (t) * self->frame.right[a] + sin (t) * self->frame.anterior[a];
        read_ray (box, box->smooth->data, p, way, &rays, profiles + ((gsize) v * OSS_BODY_ANGLES + u) * length);
      }
  costs = price_rays (profiles, n, &rays, 0.0, NULL);
  self->wall_edge_hu = rays.strong_hu;
  for (int round = 0; round < 2 && !oss_tick_stopped (tick); round++)
    {
      oss_sheet_solve (costs, OSS_BODY_ANGLES, rows, rays.levels, TRUE, WALL_BEND, WALL_REACH, level, tick);
      if (round < 1)
        draw_to_median (level, NULL, OSS_BODY_ANGLES, rows, TRUE, rays.levels, costs);
    }
  for (int r = 0; r < OSS_BODY_ROWS; r++)
    for (int u = 0; u < OSS_BODY_ANGLES; u++)
      self->wall[r][u] = (float) (rays.from_mm + RAY_MM * level[CLAMP (r - first, 0, rows - 1) * OSS_BODY_ANGLES + u]);
}

enum
{
  PLATE_N = (OSS_BODY_CELLS + PLATE_STRIDE - 1) / PLATE_STRIDE
};

/* Heights of the search's cells, in levels, onto the finer cells of the result. */
static void
spread_cells (const float level[PLATE_N * PLATE_N], const Rays *rays, double sign, float (*plate)[OSS_BODY_CELLS])
{
  for (int v = 0; v < OSS_BODY_CELLS; v++)
    for (int u = 0; u < OSS_BODY_CELLS; u++)
      {
        int u0 = MIN (u / PLATE_STRIDE, PLATE_N - 2), v0 = MIN (v / PLATE_STRIDE, PLATE_N - 2);
        float fu = (float) u / PLATE_STRIDE - u0, fv = (float) v / PLATE_STRIDE - v0;
        const float *q = level + v0 * PLATE_N + u0;
        float low = q[0] * (1 - fu) + q[1] * fu, high = q[PLATE_N] * (1 - fu) + q[PLATE_N + 1] * fu;

        plate[v][u] = (float) (sign * (rays->from_mm + RAY_MM * (low * (1 - fv) + high * fv)));
      }
}

/* Finds one endplate over the wall's footprint shrunk to @share; beyond, the sheet is only smooth. */
static void
fit_endplate (OssBodyFit *self, const OssWorkBox *box, int which, double share, const OssTick *tick)
{
  Rays rays = { PLATE_FROM_MM, (int) ((PLATE_TO_MM - PLATE_FROM_MM) / RAY_MM), 0.0, self->dark_hu,
                self->dark_scale_hu };
  double sign = which ? 1.0 : -1.0, way[3];
  gsize length = (gsize) rays.levels + 2 * MARGIN;
  g_autofree float *profiles = g_new0 (float, PLATE_N *PLATE_N *length);
  g_autofree float *costs = NULL;
  guint8 weight[PLATE_N * PLATE_N] = { 0 };
  float level[PLATE_N * PLATE_N] = { 0.0f };

  for (int a = 0; a < 3; a++)
    way[a] = sign * self->frame.superior[a];
  for (int c = 0; c < PLATE_N * PLATE_N; c++)
    {
      double local[3] = { oss_body_cell_mm (c % PLATE_N * PLATE_STRIDE), oss_body_cell_mm (c / PLATE_N * PLATE_STRIDE),
                          sign * 8.0 };
      double p[3];

      if (hypot (local[0], local[1]) > share * oss_body_wall (self, local))
        continue;
      weight[c] = 1;
      local_to_patient (&self->frame, local[0], local[1], 0.0, p);
      read_ray (box, box->smooth->data, p, way, &rays, profiles + (gsize) c * length);
    }
  costs = price_rays (profiles, PLATE_N * PLATE_N, &rays, 0.7 * self->wall_edge_hu, weight);
  for (int round = 0; round < 3 && !oss_tick_stopped (tick); round++)
    {
      oss_sheet_solve (costs, PLATE_N, PLATE_N, rays.levels, FALSE, PLATE_BEND, PLATE_REACH, level, tick);
      if (round < 2)
        draw_to_median (level, weight, PLATE_N, PLATE_N, FALSE, rays.levels, costs);
    }
  spread_cells (level, &rays, sign, self->endplate[which]);
}

double
oss_body_wall (const OssBodyFit *self, const double local[3])
{
  double t = atan2 (local[1], local[0]) / (2.0 * G_PI) * OSS_BODY_ANGLES, f, g;
  double row = CLAMP (local[2] / OSS_BODY_ROW_MM + OSS_BODY_ROWS / 2, 0.0, OSS_BODY_ROWS - 1.001);
  int a, b, r = (int) row;

  if (t < 0.0)
    t += OSS_BODY_ANGLES;
  a = (int) t % OSS_BODY_ANGLES;
  b = (a + 1) % OSS_BODY_ANGLES;
  f = t - floor (t);
  g = row - r;
  return (self->wall[r][a] * (1 - f) + self->wall[r][b] * f) * (1 - g)
         + (self->wall[r + 1][a] * (1 - f) + self->wall[r + 1][b] * f) * g;
}

double
oss_body_endplate (const OssBodyFit *self, int which, double x, double y)
{
  double u = CLAMP (x / OSS_BODY_CELL_MM + OSS_BODY_CELLS / 2, 0.0, OSS_BODY_CELLS - 1.001);
  double v = CLAMP (y / OSS_BODY_CELL_MM + OSS_BODY_CELLS / 2, 0.0, OSS_BODY_CELLS - 1.001);
  int a = (int) u, b = (int) v;
  double f = u - a, g = v - b;
  const float (*plate)[OSS_BODY_CELLS] = self->endplate[which];

  return (plate[b][a] * (1 - f) + plate[b][a + 1] * f) * (1 - g)
         + (plate[b + 1][a] * (1 - f) + plate[b + 1][a + 1] * f) * g;
}

double
oss_body_depth (const OssBodyFit *self, const double local[3])
{
  double side = oss_body_wall (self, local) - hypot (local[0], local[1]);
  double top = oss_body_endplate (self, 1, local[0], local[1]) - local[2];
  double bottom = local[2] - oss_body_endplate (self, 0, local[0], local[1]);

  return MIN (side, MIN (top, bottom));
}

/* Centroid of the wall's cross-section, mean of the rows within @reach of the centre; moves the centre there. */
static double
recentre (OssBodyFit *self, double low, double high)
{
  double area = 0.0, x = 0.0, y = 0.0, moved;

  for (int r = 0; r < OSS_BODY_ROWS; r++)
    {
      double h = (r - OSS_BODY_ROWS / 2) * OSS_BODY_ROW_MM;

      if (h < low || h > high)
        continue;
      for (int u = 0; u < OSS_BODY_ANGLES; u++)
        {
          double radius = self->wall[r][u], t = oss_body_angle (u);

          area += radius * radius / 2.0;
          x += radius * radius * radius / 3.0 * cos (t);
          y += radius * radius * radius / 3.0 * sin (t);
        }
    }
  x /= area;
  y /= area;
  moved = hypot (x, y);
  local_to_patient (&self->frame, x, y, 0.0, self->frame.centre);
  return moved;
}

/* Least-squares plane of an endplate over the middle of the footprint: height and slopes. */
static gboolean
endplate_plane (const OssBodyFit *self, int which, double c[3])
{
  double m[9] = { 0 }, b[3] = { 0 }, inverse[9];

  for (int v = 0; v < OSS_BODY_CELLS; v++)
    for (int u = 0; u < OSS_BODY_CELLS; u++)
      {
        double row[3] = { 1.0, oss_body_cell_mm (u), oss_body_cell_mm (v) },
               local[3] = { row[1], row[2], which ? 8.0 : -8.0 };

        if (hypot (row[1], row[2]) > 0.75 * oss_body_wall (self, local))
          continue;
        for (int r = 0; r < 3; r++)
          {
            for (int q = 0; q < 3; q++)
              m[3 * r + q] += row[r] * row[q];
            b[r] += row[r] * self->endplate[which][v][u];
          }
      }
  if (!oss_mat3_inverse (m, inverse))
    return FALSE;
  oss_mat3_apply (inverse, b, c);
  return TRUE;
}

/* Turns the superior axis to the mean endplate normal and moves the centre half way between the endplates. */
static void
align (OssBodyFit *self)
{
  double plane[2][3], superior[3], tilt[2], lean, middle;
  OssVertebraFrame *frame = &self->frame;

  if (!endplate_plane (self, 0, plane[0]) || !endplate_plane (self, 1, plane[1]))
    return;
  for (int a = 0; a < 2; a++)
    tilt[a] = CLAMP (0.5 * (plane[0][a + 1] + plane[1][a + 1]), -0.5, 0.5);
  middle = 0.5 * (plane[0][0] + plane[1][0]);
  local_to_patient (frame, 0.0, 0.0, middle, frame->centre);
  frame->height_mm = plane[1][0] - plane[0][0];
  for (int a = 0; a < 3; a++)
    superior[a] = frame->superior[a] - tilt[0] * frame->right[a] - tilt[1] * frame->anterior[a];
  oss_normalize (superior);
  memcpy (frame->superior, superior, sizeof superior);
  lean = oss_dot (frame->anterior, frame->superior);
  for (int a = 0; a < 3; a++)
    frame->anterior[a] -= lean * frame->superior[a];
  oss_normalize (frame->anterior);
  oss_cross (frame->anterior, frame->superior, frame->right);
}

/* Pedicles leave the wall behind: no wall point may lie further back than the wall that faces the canal. */
static void
close_pedicles (OssBodyFit *self)
{
  for (int r = 0; r < OSS_BODY_ROWS; r++)
    {
      float back[OSS_BODY_ANGLES / 8 + 1], limit;
      int n = 0, middle = 3 * OSS_BODY_ANGLES / 4;

      for (int u = middle - OSS_BODY_ANGLES / 16; u <= middle + OSS_BODY_ANGLES / 16; u++)
        back[n++] = (float) (-self->wall[r][u] * sin (oss_body_angle (u)));
      limit = oss_quantile (back, n, 0.5) + 2.0f;
      if (r == OSS_BODY_ROWS / 2)
        self->back_mm = limit - 2.0;
      for (int u = OSS_BODY_ANGLES / 2 + 1; u < OSS_BODY_ANGLES; u++)
        {
          double s = -sin (oss_body_angle (u));

          if (self->wall[r][u] * s > limit)
            self->wall[r][u] = (float) (limit / s);
        }
    }
}

/* Depth of the canal: from the posterior wall to the first bone behind it, a little under mid height, where the lamina
 * closes the ring in every vertebra. */
static void
measure_canal (OssBodyFit *self, const OssWorkBox *box)
{
  double bone = box->soft_hu + 0.5 * (self->crest_hu - box->soft_hu), level = OSS_LAMINA_LEVEL * self->frame.height_mm;

  for (double mm = 5.0; mm < 32.0; mm += 0.5)
    {
      double p[3], behind[3];

      local_to_patient (&self->frame, 0.0, -self->back_mm - mm, level, p);
      local_to_patient (&self->frame, 0.0, -self->back_mm - mm - 1.5, level, behind);
      if (oss_work_box_sample (box, box->smooth->data, p) > bone
          && oss_work_box_sample (box, box->smooth->data, behind) > bone)
        {
          self->canal_mm = mm;
          return;
        }
    }
}

gboolean
oss_body_core (const OssBodyFit *self, const double local[3], gboolean bone)
{
  double level = local[2] / self->frame.height_mm, behind = -self->back_mm - local[1], side = fabs (local[0]);
  const double right[3] = { 1.0, 0.0, 0.0 };

  if (hypot (local[0], local[1]) < 45.0 && oss_body_depth (self, local) > OSS_SEED_DEPTH_MM)
    return TRUE;
  if (!bone)
    return FALSE;
  if (behind > 0.0 && behind < 8.0 && level > -0.05 && level < 0.35 && side < 0.85 * oss_body_wall (self, right))
    return TRUE;
  return self->canal_mm > 0.0 && side < 5.0 && behind > self->canal_mm - 1.0 && behind < self->canal_mm + 6.0
         && level > OSS_LAMINA_LEVEL - 0.12 && level < OSS_LAMINA_LEVEL + 0.12;
}

static gboolean
check_body (const OssBodyFit *self, const OssWorkBox *box, const double at_mm[3], GError **error)
{
  double width = self->wall[OSS_BODY_ROWS / 2][0] + self->wall[OSS_BODY_ROWS / 2][OSS_BODY_ANGLES / 2];
  double hu = oss_work_box_sample (box, box->smooth->data, at_mm);

  if (self->bounded > LEAST_BOUNDED && self->wall_crest_hu - box->soft_hu > LEAST_CREST_HU && width > 18.0
      && width < 75.0 && self->frame.height_mm > 8.0 && self->frame.height_mm < 48.0)
    return TRUE;
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
      _ ("No vertebral body around (%.1f, %.1f, %.1f) mm, where the image is %.0f HU: click into the middle of a "
         "vertebral body."),
      at_mm[0], at_mm[1], at_mm[2], hu);
  return FALSE;
}

/* How dark is darker than the inside of this vertebra?  Half way from its marrow to soft tissue where the two differ;
 * fat alone where osteoporosis has brought them together. */
static void
measure_inside (OssBodyFit *self, const OssWorkBox *box)
{
  double sum = 0.0;
  int n = 0;

  for (int z = -4; z <= 4; z += 2)
    for (int y = -6; y <= 6; y += 2)
      for (int x = -6; x <= 6; x += 2)
        {
          double p[3];

          local_to_patient (&self->frame, x, y, z, p);
          sum += oss_work_box_sample (box, box->smooth->data, p);
          n++;
        }
  self->inside_hu = sum / n;
  self->dark_scale_hu = MAX (40.0, 0.3 * (self->inside_hu - box->soft_hu));
  self->dark_hu = box->soft_hu + 0.5 * (self->inside_hu - box->soft_hu);
  if (self->inside_hu - box->soft_hu < 60.0)
    self->dark_hu = MIN (self->inside_hu, box->soft_hu) - 40.0;
}

/* One sheet after the other at the present axes: the wall, and both endplates over @share of its footprint. */
static gboolean
fit_sheets (OssBodyFit *self, const OssWorkBox *box, double half, double share, const OssTick *tick, GError **error)
{
  measure_inside (self, box);
  fit_wall (self, box, -half, half, tick);
  for (int which = 0; which < 2; which++)
    fit_endplate (self, box, which, share, tick);
  return oss_tick_stopped (tick) ? oss_tick_cancelled (error) : TRUE;
}

gboolean
oss_body_fit (OssBodyFit *self, const OssWorkBox *box, const double at_mm[3], const OssTick *tick, GError **error)
{
  double half = 6.0;

  memset (self, 0, sizeof *self);
  self->frame = (OssVertebraFrame){ .right = { -1, 0, 0 }, .anterior = { 0, -1, 0 }, .superior = { 0, 0, 1 } };
  memcpy (self->frame.centre, at_mm, sizeof self->frame.centre);
  for (int round = 0; round < 3; round++)
    {
      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      measure_inside (self, box);
      fit_wall (self, box, -half, half, tick);
      if (recentre (self, -half, half) < 1.0)
        break;
    }
  for (int round = 0; round < 3; round++)
    {
      if (!fit_sheets (self, box, half, round == 0 ? 0.65 : 0.9, tick, error))
        return FALSE;
      align (self);
      half = MAX (4.0, 0.5 * self->frame.height_mm - 1.0);
      fit_wall (self, box, -half, half, tick);
      recentre (self, -half, half);
    }
  if (!fit_sheets (self, box, half, 0.9, tick, error))
    return FALSE;
  close_pedicles (self);
  oss_body_refine (self, box);
  close_pedicles (self);
  measure_canal (self, box);
  return check_body (self, box, at_mm, error);
}

gboolean
oss_body_fit_neighbour (OssBodyFit *self, const OssBodyFit *body, int above, const OssWorkBox *box, const OssTick *tick)
{
  double half = 0.5 * body->frame.height_mm, way = (above ? 1.0 : -1.0) * (2.0 * half + NEXT_DISC_MM), p[3], local[3];

  local_to_patient (&body->frame, 0.0, 0.0, way, p);
  if (!oss_work_box_valid (box, p) || !oss_body_fit (self, box, p, tick, NULL))
    return FALSE;
  oss_vertebra_frame_local (&body->frame, self->frame.centre, local);
  return fabs (local[2] - way) < 0.6 * half && hypot (local[0], local[1]) < 15.0
         && fabs (local[2]) > half + 0.5 * self->frame.height_mm - 2.0;
}
