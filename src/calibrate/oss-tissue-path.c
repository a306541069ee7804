/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spine and aorta as ways through the layers of the coarse image.
 *
 * Each layer gives every place a score; the way with the largest sum whose steps are small is found by dynamic
 * programming.  So a layer where the score is misled follows its neighbours.
 */
#include "calibrate/oss-tissue-private.h"

#include <math.h>
#include <string.h>

#define DENSE_HU 400.0f /* above what contrast agent does to vessels at 120 kVp in most phases */
#define DENSE_RANGE_HU 600.0f
#define SPINE_MM 20.0    /* reach over which dense bone is gathered */
#define SPINE_LEAST 12.0 /* mean HU above DENSE_HU in that reach */
#define TIP_HU 200.0f
#define TIP_ASIDE_MM 8.0
#define TIP_LAYERS_MM 14.0
#define TIP_REACH_MM 62.0 /* from the dense arches to the end of the process, at most and at least */
#define TIP_LEAST_MM 22.0
#define BACK_MM 130.0 /* the canal from the skin of the back, at most */
#define STEP 2        /* cells between layers */
#define RAYS 16
#define EDGE_HU 50.0f
#define ROUGH_HU 45.0   /* standard deviation in the lumen that costs a whole point */
#define AORTA_X_MM 14.0 /* where it usually lies: to the left and in front of the canal */
#define AORTA_Y_MM -46.0
#define AORTA_SPREAD_MM 19.0
#define AORTA_PRIOR 0.10 /* points per squared spread */

static const double radii_mm[] = { 7.0, 9.0, 11.0, 13.0, 16.0 };

void
oss_path_clear (OssPath *self)
{
  g_clear_pointer (&self->x, g_free);
  g_clear_pointer (&self->y, g_free);
  g_clear_pointer (&self->radius_mm, g_free);
  g_clear_pointer (&self->score, g_free);
  g_clear_pointer (&self->tip, g_free);
}

static void
path_init (OssPath *self, int n)
{
  self->n = n;
  self->x = g_new0 (double, n);
  self->y = g_new0 (double, n);
  self->radius_mm = g_new0 (double, n);
  self->score = g_new0 (double, n);
  self->tip = g_new0 (double, n);
}

/* ---- the best way ---- */

/* A window of places, the same in every layer: score[layer][row][column]. */
typedef struct
{
  int width, height, layers;
  float *score;
} Field;

static inline float *
field_at (const Field *self, int layer, int x, int y)
{
  return self->score + ((gsize) layer * (gsize) self->height + (gsize) y) * (gsize) self->width + x;
}

/* Sums from the first layer on, in place; @from: which step led to each place. */
static void
best_sums (const Field *field, gint8 *from)
{
  gsize plane = (gsize) field->width * (gsize) field->height;

  for (int k = 1; k < field->layers; k++)
    for (int y = 0; y < field->height; y++)
      for (int x = 0; x < field->width; x++)
        {
          float best = -G_MAXFLOAT;
          gint8 step = 0;

          for (int b = -STEP; b <= STEP; b++)
            for (int a = -STEP; a <= STEP; a++)
              {
                if (x + a < 0 || y + b < 0 || x + a >= field->width || y + b >= field->height)
                  continue;
                float sum = *field_at (field, k - 1, x + a, y + b) - 0.01f * (float) (a * a + b * b);
                if (sum > best)
                  best = sum, step = (gint8) ((b + STEP) * (2 * STEP + 1) + a + STEP);
              }
          from[plane * (gsize) k + (gsize) field->width * (gsize) y + x] = step;
          *field_at (field, k, x, y) += best;
        }
}

/* Window coordinates of the best way; the scores in @field become sums. */
static void
best_way (const Field *field, int *way_x, int *way_y)
{
  gsize plane = (gsize) field->width * (gsize) field->height, end = 0;
  g_autofree gint8 *from = g_malloc0 (plane * (gsize) field->layers);
  const float *last = field_at (field, field->layers - 1, 0, 0);

  best_sums (field, from);
  for (gsize i = 1; i < plane; i++)
    if (last[i] > last[end])
      end = i;
  int x = (int) (end % (gsize) field->width), y = (int) (end / (gsize) field->width);
  for (int k = field->layers - 1; k >= 0; k--)
    {
      way_x[k] = x, way_y[k] = y;
      int step = from[plane * (gsize) k + (gsize) field->width * (gsize) y + x];
      if (k > 0)
        x += step % (2 * STEP + 1) - STEP, y += step / (2 * STEP + 1) - STEP;
    }
}

/* ---- the spine ---- */

/* Cells of the body's box, over all layers. */
static gboolean
body_box (const OssCoarse *coarse, int low[3], int high[3])
{
  return oss_labels_box (coarse->body, 1, low, high);
}

/* Mean dense bone over a disc. */
static float
dense_around (const OssCoarse *coarse, int x, int y, int k, int reach)
{
  const int *size = coarse->grid.size;
  double sum = 0.0;
  int n = 0;

  for (int b = -reach; b <= reach; b++)
    for (int a = -reach; a <= reach; a++)
      {
        if (a * a + b * b > reach * reach)
          continue;
        n++;
        if (x + a < 0 || y + b < 0 || x + a >= size[0] || y + b >= size[1])
          continue;
        float hu = oss_coarse_at (coarse, x + a, y + b, k);
        if (hu > DENSE_HU)
          sum += MIN (hu - DENSE_HU, DENSE_RANGE_HU);
      }
  return (float) (sum / n);
}

/* Where the spinous processes end: the hindmost bone in the midline, over a vertebra's height. */
static void
find_tips (const OssCoarse *coarse, OssPath *path)
{
  const OssGrid *grid = &coarse->grid;
  int aside = (int) lround (TIP_ASIDE_MM / grid->spacing[0]), layers = (int) ceil (TIP_LAYERS_MM / grid->spacing[2]);
  g_autofree double *here = g_new (double, path->n);

  for (int k = 0; k < path->n; k++)
    {
      int end = MIN (grid->size[1] - 1, (int) (path->y[k] + TIP_REACH_MM / grid->spacing[1]));

      here[k] = path->y[k] + TIP_LEAST_MM / grid->spacing[1];
      for (int i = MAX (0, (int) path->x[k] - aside); i <= MIN (grid->size[0] - 1, (int) path->x[k] + aside); i++)
        for (int j = (int) here[k]; j <= end; j++)
          if (oss_coarse_at (coarse, i, j, k) > TIP_HU && coarse->body->data[oss_grid_offset (grid, i, j, k)])
            here[k] = j;
    }
  for (int k = 0; k < path->n; k++)
    for (int r = MAX (0, k - layers); r <= MIN (path->n - 1, k + layers); r++)
      path->tip[k] = MAX (path->tip[k], here[r]);
}

gboolean
oss_path_spine (const OssCoarse *coarse, OssPath *path, const OssTick *tick, GError **error)
{
  const OssGrid *grid = &coarse->grid;
  int low[3], high[3], layers = grid->size[2], reach = (int) lround (SPINE_MM / grid->spacing[0]);
  double mean = 0.0;

  if (!body_box (coarse, low, high))
    return FALSE;
  int x0 = low[0] + (high[0] - low[0]) / 5, x1 = high[0] - (high[0] - low[0]) / 5;
  int y0 = MAX (low[1], high[1] - (int) (BACK_MM / grid->spacing[1])), y1 = high[1];
  Field field = { x1 - x0 + 1, y1 - y0 + 1, layers, NULL };
  g_autofree float *score = g_new (float, (gsize) field.width *(gsize) field.height *(gsize) layers);
  g_autofree int *way = g_new (int, 2 * layers);

  field.score = score;
  for (int k = 0; k < layers; k++)
    {
      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      for (int y = 0; y < field.height; y++)
        for (int x = 0; x < field.width; x++)
          *field_at (&field, k, x, y) = 0.02f * dense_around (coarse, x0 + x, y0 + y, k, reach);
    }
  best_way (&field, way, way + layers);
  path_init (path, layers);
  for (int k = 0; k < layers; k++)
    {
      path->x[k] = x0 + way[k], path->y[k] = y0 + way[layers + k];
      path->score[k] = dense_around (coarse, (int) path->x[k], (int) path->y[k], k, reach);
      mean += path->score[k] / layers;
    }
  find_tips (coarse, path);
  return mean >= SPINE_LEAST;
}

/* ---- the aorta ---- */

/* Mean and standard deviation of the cells in a disc; FALSE where the image ends. */
static gboolean
disc (const OssCoarse *coarse, double x, double y, int k, double radius_mm, double *mean, double *sd)
{
  const OssGrid *grid = &coarse->grid;
  int reach = (int) ceil (radius_mm / grid->spacing[0]), n = 0;
  double sum = 0.0, squares = 0.0, limit = radius_mm / grid->spacing[0];

  for (int b = -reach; b <= reach; b++)
    for (int a = -reach; a <= reach; a++)
      {
        int i = (int) lround (x) + a, j = (int) lround (y) + b;
        if (a * a + b * b > limit * limit)
          continue;
        if (i < 0 || j < 0 || i >= grid->size[0] || j >= grid->size[1])
          return FALSE;
        double hu = coarse->even[oss_grid_offset (grid, i, j, k)];
        if (isnan (hu))
          return FALSE;
        sum += hu, squares += hu * hu, n++;
      }
  *mean = sum / n;
  *sd = sqrt (MAX (0.0, squares / n - *mean * *mean));
  return TRUE;
}

/* How much of the rim is an edge to something darker: fat or lung; muscle is none, bone counts against. */
static double
rim (const OssCoarse *coarse, int x, int y, int k, double radius_mm, double mean)
{
  const OssGrid *grid = &coarse->grid;
  double sum = 0.0;

  for (int r = 0; r < RAYS; r++)
    {
      double t = 2.0 * G_PI * r / RAYS, fall = -0.5;

      for (int s = 0; s < 2; s++)
        {
          double out = radius_mm + 2.5 + 2.0 * s;
          int i = (int) lround (x + out * cos (t) / grid->spacing[0]);
          int j = (int) lround (y + out * sin (t) / grid->spacing[1]);
          if (i < 0 || j < 0 || i >= grid->size[0] || j >= grid->size[1])
            continue;
          double drop = (mean - oss_coarse_at (coarse, i, j, k)) / EDGE_HU;
          fall = MAX (fall, CLAMP (drop, -0.5, 1.0));
        }
      sum += fall;
    }
  return sum / RAYS;
}

/* Best over the radii: the rim's edge less what is uneven inside. */
static double
aorta_score (const OssCoarse *coarse, int x, int y, int k, double *radius_mm)
{
  double best = -1.0, mean, sd;

  for (gsize r = 0; r < G_N_ELEMENTS (radii_mm); r++)
    {
      if (!disc (coarse, x, y, k, 0.75 * radii_mm[r], &mean, &sd) || mean < 10.0 || mean > 700.0)
        break; /* a wider one holds this one */
      double score = rim (coarse, x, y, k, radii_mm[r], mean) - sd / MAX (ROUGH_HU, 0.15 * mean);
      if (score > best)
        best = score, *radius_mm = radii_mm[r];
    }
  return best;
}

/* Smoothed place of the spine, so that one layer's jump is not the aorta's. */
static void
smooth_place (const OssPath *spine, int k, int *x, int *y)
{
  double sx = 0.0, sy = 0.0;
  int n = 0;

  for (int r = MAX (0, k - 4); r <= MIN (spine->n - 1, k + 4); r++)
    sx += spine->x[r], sy += spine->y[r], n++;
  *x = (int) lround (sx / n);
  *y = (int) lround (sy / n);
}

gboolean
oss_path_aorta (const OssCoarse *coarse, const OssPath *spine, OssPath *path, const OssTick *tick, GError **error)
{
  const OssGrid *grid = &coarse->grid;
  int layers = grid->size[2];
  /* The window follows the spine; a step of it is one of the way as well. */
  int left = (int) lround (14.0 / grid->spacing[0]), front = (int) lround (96.0 / grid->spacing[1]);
  Field field = { left + (int) lround (62.0 / grid->spacing[0]) + 1, front - (int) lround (4.0 / grid->spacing[1]) + 1,
                  layers, NULL };
  g_autofree float *score = g_new (float, (gsize) field.width *(gsize) field.height *(gsize) layers);
  g_autofree int *way = g_new (int, 2 * layers), *at = g_new (int, 2 * layers);
  double radius = 0.0;

  field.score = score;
  for (int k = 0; k < layers; k++)
    {
      smooth_place (spine, k, &at[k], &at[layers + k]);
      for (int y = 0; y < field.height; y++)
        {
          if (oss_tick_stopped (tick))
            return oss_tick_cancelled (error);
          for (int x = 0; x < field.width; x++)
            {
              double dx = ((x - left) * grid->spacing[0] - AORTA_X_MM) / AORTA_SPREAD_MM;
              double dy = ((y - front) * grid->spacing[1] - AORTA_Y_MM) / AORTA_SPREAD_MM;
              double here = aorta_score (coarse, at[k] + x - left, at[layers + k] + y - front, k, &radius);
              *field_at (&field, k, x, y) = (float) (here - AORTA_PRIOR * (dx * dx + dy * dy));
            }
        }
    }
  best_way (&field, way, way + layers);
  path_init (path, layers);
  for (int k = 0; k < layers; k++)
    {
      path->x[k] = at[k] + way[k] - left, path->y[k] = at[layers + k] + way[layers + k] - front;
      path->score[k] = aorta_score (coarse, (int) path->x[k], (int) path->y[k], k, &path->radius_mm[k]);
    }
  return TRUE;
}
