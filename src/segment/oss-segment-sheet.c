/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#if defined(__x86_64__) && !defined(__clang__)
#define CLONES __attribute__ ((target_clones ("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CLONES
#endif

#define LANES 16 /* levels that are worked on at once */
#define GUARD 16 /* levels without a way, before and behind those of a path; no reach is longer */

/*
 * Paths hold LANES whole, and G_MAXFLOAT where there is no level: a way from there is never the cheapest, so that no
 * level needs a test of its own.  Only the row before and the present one are kept.
 */
typedef struct
{
  int nu, nv, nr, reach;
  float penalty[GUARD + 1]; /* of a difference between neighbours, by levels; as products some processors round once */
  const OssTick *tick;
  gsize lanes;  /* of a column: nr and what fills up the last LANES */
  gsize stride; /* of a path: with its guards */
  float *cost;  /* [nv][nu][lanes] */
  float *total; /* the same: sum of the paths of all directions */
  float *row;   /* [2][nu][stride] paths */
  float *least; /* [2][nu] of each path */
} Sheet;

/* path[r] = cost[r] + (the cheapest way to r from a level of the cell before) - (the least level of the cell before),
 * added to @total; returns the least of path. */
static inline float
extend_path (gsize lanes, int reach, const float *penalty, const float *restrict cost, const float *restrict before,
             float least, float *restrict path, float *restrict total)
{
  float lowest[LANES];

  for (int l = 0; l < LANES; l++)
    lowest[l] = G_MAXFLOAT;
  for (gsize r = 0; r < lanes; r += LANES)
    {
      float best[LANES];
      for (int l = 0; l < LANES; l++)
        best[l] = before[r + l];
      for (int k = 1; k <= reach; k++)
        for (int l = 0; l < LANES; l++)
          {
            float down = before[r + l - k], up = before[r + l + k];
            float way = MIN (down, up) + penalty[k];
            best[l] = MIN (best[l], way);
          }
      for (int l = 0; l < LANES; l++)
        {
          float here = cost[r + l] + best[l] - least;
          path[r + l] = here;
          total[r + l] += here;
          lowest[l] = MIN (lowest[l], here);
        }
    }
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++)
      lowest[l] = MIN (lowest[l], lowest[l + half]);
  return lowest[0];
}

/* A path that starts here. */
static inline float
start_path (gsize lanes, const float *restrict cost, float *restrict path, float *restrict total)
{
  float least = G_MAXFLOAT;

  for (gsize r = 0; r < lanes; r++)
    {
      path[r] = cost[r];
      total[r] += cost[r];
      least = MIN (least, cost[r]);
    }
  return least;
}

/* Row @v of the sweep from (@du, @dv). */
CLONES static void
sweep_row (const Sheet *s, int v, int du, int dv, int now)
{
  int from = dv != 0 ? 1 - now : now;
  gsize lanes = s->lanes, stride = s->stride, nu = (gsize) s->nu;

  for (int b = 0; b < s->nu; b++)
    {
      int u = du < 0 ? s->nu - 1 - b : b, pu = u - du;
      gsize at = ((gsize) v * nu + (gsize) u) * lanes;
      float *path = s->row + ((gsize) now * nu + (gsize) u) * stride + GUARD, *least = s->least + (gsize) now * nu + u;

      if (v - dv < 0 || v - dv >= s->nv || pu < 0 || pu >= s->nu)
        {
          *least = start_path (lanes, s->cost + at, path, s->total + at);
          continue;
        }
      const float *before = s->row + ((gsize) from * nu + (gsize) pu) * stride + GUARD;
      float most = s->least[(gsize) from * nu + (gsize) pu];
      if (s->reach == 2) /* spelt out: all lanes stay in registers */
        *least = extend_path (lanes, 2, s->penalty, s->cost + at, before, most, path, s->total + at);
      else
        *least = extend_path (lanes, s->reach, s->penalty, s->cost + at, before, most, path, s->total + at);
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
sheet_clear (Sheet *s)
{
  g_free (s->cost);
  g_free (s->total);
  g_free (s->row);
  g_free (s->least);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sheet, sheet_clear)

/* @cost is of @nu columns; the sheet's first is number @shift of them, and they go on around. */
static void
sheet_init (Sheet *s, const float *cost, int nu, int shift)
{
  gsize columns = (gsize) s->nu, cells = columns * (gsize) s->nv, nr = (gsize) s->nr;

  s->lanes = (nr + LANES - 1) / LANES * LANES;
  s->stride = s->lanes + 2 * GUARD;
  s->cost = g_new (float, cells * s->lanes);
  s->total = g_new0 (float, cells * s->lanes);
  s->row = g_new (float, 2 * columns * s->stride);
  s->least = g_new0 (float, 2 * columns);
  for (gsize i = 0; i < 2 * columns * s->stride; i++)
    s->row[i] = G_MAXFLOAT;
  for (gsize c = 0; c < cells; c++)
    {
      gsize v = c / columns, u = (c % columns + (gsize) shift) % (gsize) nu;
      memcpy (s->cost + c * s->lanes, cost + (v * (gsize) nu + u) * nr, nr * sizeof *cost);
      for (gsize r = nr; r < s->lanes; r++)
        s->cost[c * s->lanes + r] = G_MAXFLOAT;
    }
}

void
oss_sheet_solve (const float *cost, int nu, int nv, int nr, gboolean cyclic, float bend, int reach, float *level,
                 const OssTick *tick)
{
  static const int directions[8][2] = { { 1, 0 }, { -1, 0 },  { 0, 1 },  { 0, -1 },
                                        { 1, 1 }, { -1, -1 }, { 1, -1 }, { -1, 1 } };
  /* Half a turn more on both sides: paths across the seam come from far enough away. */
  int half = cyclic ? nu / 2 : 0;
  g_auto (Sheet) s = { .nu = nu + 2 * half, .nv = nv, .nr = nr, .reach = MIN (reach, GUARD), .tick = tick };

  for (int k = 0; k <= GUARD; k++)
    s.penalty[k] = bend * (float) k;
  sheet_init (&s, cost, nu, half > 0 ? nu - half : 0);
  for (int d = 0; d < 8; d++)
    for (int a = 0; a < nv && !oss_tick_stopped (tick); a++)
      sweep_row (&s, directions[d][1] < 0 ? nv - 1 - a : a, directions[d][0], directions[d][1], a % 2);
  for (int v = 0; v < nv; v++)
    for (int u = 0; u < nu; u++)
      level[(gsize) v * (gsize) nu + (gsize) u] =
          lowest (s.total + ((gsize) v * (gsize) s.nu + (gsize) (u + half)) * s.lanes, nr);
}
