/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

typedef struct
{
  int nu, nv, nr, reach;
  float bend;
  const OssTick *tick;
} Sheet;

/* path[cell] = cost[cell] + the cheapest way from the cell before along one direction. */
static void
extend_path (const Sheet *s, const float *cost, const float *before, float *path)
{
  float least = before[0];

  for (int r = 1; r < s->nr; r++)
    least = MIN (least, before[r]);
  for (int r = 0; r < s->nr; r++)
    {
      float best = G_MAXFLOAT;
      int low = MAX (0, r - s->reach), high = MIN (s->nr - 1, r + s->reach);

      for (int q = low; q <= high; q++)
        best = MIN (best, before[q] + s->bend * (float) ABS (q - r));
      path[r] = cost[r] + best - least;
    }
}

/* Adds the paths that arrive from direction (du, dv) at every cell to @total. */
static void
sweep (const Sheet *s, const float *cost, int du, int dv, float *paths, float *total)
{
  for (int a = 0; a < s->nv && !oss_tick_stopped (s->tick); a++)
    for (int b = 0; b < s->nu; b++)
      {
        int v = dv < 0 ? s->nv - 1 - a : a, u = du < 0 ? s->nu - 1 - b : b;
        int pv = v - dv, pu = u - du;
        gsize at = ((gsize) v * s->nu + u) * s->nr;

        if (pv < 0 || pv >= s->nv || pu < 0 || pu >= s->nu)
          memcpy (paths + at, cost + at, sizeof (float) * (gsize) s->nr);
        else
          extend_path (s, cost + at, paths + ((gsize) pv * s->nu + pu) * s->nr, paths + at);
        for (int r = 0; r < s->nr; r++)
          total[at + r] += paths[at + r];
      }
}

/* Index of the least value, between samples by a parabola. */
static float
lowest (const float *values, int n)
{
  int r = 0;
  float before, after, curve;

  for (int q = 1; q < n; q++)
    if (values[q] < values[r])
      r = q;
  if (r == 0 || r == n - 1)
    return (float) r;
  before = values[r - 1] - values[r];
  after = values[r + 1] - values[r];
  curve = before + after;
  return curve > 0.0f ? (float) r + 0.5f * (before - after) / curve : (float) r;
}

static void
solve_open (const Sheet *s, const float *cost, float *level)
{
  static const int directions[8][2] = { { 1, 0 }, { -1, 0 },  { 0, 1 },  { 0, -1 },
                                        { 1, 1 }, { -1, -1 }, { 1, -1 }, { -1, 1 } };
  gsize cells = (gsize) s->nu * s->nv;
  g_autofree float *paths = g_new (float, cells * s->nr);
  g_autofree float *total = g_new0 (float, cells * s->nr);

  for (int d = 0; d < 8; d++)
    sweep (s, cost, directions[d][0], directions[d][1], paths, total);
  for (gsize c = 0; c < cells; c++)
    level[c] = lowest (total + c * s->nr, s->nr);
}

void
oss_sheet_solve (const float *cost, int nu, int nv, int nr, gboolean cyclic, float bend, int reach, float *level,
                 const OssTick *tick)
{
  Sheet s = { nu, nv, nr, reach, bend, tick };
  int half = nu / 2;
  g_autofree float *wide_cost = NULL;
  g_autofree float *wide_level = NULL;

  if (!cyclic)
    {
      solve_open (&s, cost, level);
      return;
    }
  /* Half a turn more on both sides: paths across the seam come from far enough away. */
  s.nu = nu + 2 * half;
  wide_cost = g_new (float, (gsize) s.nu *nv *nr);
  wide_level = g_new (float, (gsize) s.nu *nv);
  for (int v = 0; v < nv; v++)
    for (int u = 0; u < s.nu; u++)
      memcpy (wide_cost + ((gsize) v * s.nu + u) * nr, cost + ((gsize) v * nu + (u - half + nu) % nu) * nr,
              sizeof (float) * (gsize) nr);
  solve_open (&s, wide_cost, wide_level);
  for (int v = 0; v < nv; v++)
    memcpy (level + (gsize) v * nu, wide_level + (gsize) v * s.nu + half, sizeof (float) * (gsize) nu);
}
