/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the click: minimum cut against plain augmenting paths, sheets against known ones, the shell's edge
 * against a blurred shell. */
#include "base/oss-random.h"
#include "segment/oss-segment-private.h"

#include <string.h>

enum
{
  SIDE = 6,
  NODES = SIDE * SIDE * SIDE
};

/* A cube of nodes with random capacities, a tenth of them joined to each terminal. */
static void
random_graph (OssCutGraph *graph, guint64 seed)
{
  const int step[3] = { 1, SIDE, SIDE * SIDE };
  OssRandom random;

  oss_random_init (&random, seed, 0);
  for (int v = 0; v < NODES; v++)
    {
      graph->terminal[v] = 0;
      for (int d = 0; d < 6; d++)
        {
          int at = v / step[d / 2] % SIDE + (d & 1 ? 1 : -1);

          graph->neighbour[v][d] = at < 0 || at >= SIDE ? -1 : v + (d & 1 ? 1 : -1) * step[d / 2];
          graph->capacity[v][d] = at < 0 || at >= SIDE ? 0 : (gint32) (oss_random_uniform (&random) * 20.0);
        }
      if (oss_random_uniform (&random) < 0.2)
        graph->terminal[v] = (gint32) ((oss_random_uniform (&random) - 0.5) * 80.0);
    }
}

/* Greatest flow by shortest augmenting paths (Edmonds and Karp 1972), the slow and plain way. */
static gint64
plain_flow (OssCutGraph *g)
{
  gint64 total = 0;

  for (;;)
    {
      int from[NODES], arc[NODES], queue[NODES], first = 0, n = 0, v;
      gint32 least;

      for (v = 0; v < NODES; v++)
        {
          from[v] = -2;
          if (g->terminal[v] > 0)
            from[v] = -1, queue[n++] = v;
        }
      for (v = -1; first < n;)
        {
          int u = queue[first++];

          if (g->terminal[u] < 0)
            {
              v = u;
              break;
            }
          for (int d = 0; d < 6; d++)
            {
              int w = g->neighbour[u][d];
              if (w >= 0 && from[w] == -2 && g->capacity[u][d] > 0)
                from[w] = u, arc[w] = d, queue[n++] = w;
            }
        }
      if (v < 0)
        return total;
      least = -g->terminal[v];
      for (int u = v; from[u] >= 0; u = from[u])
        least = MIN (least, g->capacity[from[u]][arc[u]]);
      {
        int root = v;
        while (from[root] >= 0)
          root = from[root];
        least = MIN (least, g->terminal[root]);
        g->terminal[root] -= least;
      }
      g->terminal[v] += least;
      for (int u = v; from[u] >= 0; u = from[u])
        {
          g->capacity[from[u]][arc[u]] -= least;
          g->capacity[u][arc[u] ^ 1] += least;
        }
      total += least;
    }
}

/* What a cut costs: arcs from the source's side to the rest, and terminals on the wrong side. */
static gint64
cut_cost (const OssCutGraph *g, const guint8 *side)
{
  gint64 cost = 0;

  for (int v = 0; v < NODES; v++)
    {
      gboolean source = side[v] == OSS_CUT_SOURCE;

      cost += source ? MAX (0, -g->terminal[v]) : MAX (0, g->terminal[v]);
      for (int d = 0; source && d < 6; d++)
        if (g->neighbour[v][d] >= 0 && side[g->neighbour[v][d]] != OSS_CUT_SOURCE)
          cost += g->capacity[v][d];
    }
  return cost;
}

/* The cut costs what the greatest flow carries (Ford and Fulkerson 1956). */
static void
test_cut (void)
{
  static gint32 neighbour[NODES][6], capacity[3][NODES][6], terminal[3][NODES];

  for (guint64 seed = 1; seed <= 40; seed++)
    {
      OssCutGraph graph[3];
      g_autofree guint8 *side = NULL;
      g_autoptr (GError) error = NULL;
      gint64 flow;

      for (int i = 0; i < 3; i++)
        {
          graph[i] = (OssCutGraph){ NODES, neighbour, capacity[i], terminal[i] };
          random_graph (&graph[i], seed);
        }
      side = oss_min_cut (&graph[0], NULL, &error);
      g_assert_no_error (error);
      flow = plain_flow (&graph[1]);
      g_assert_cmpint (flow, >, 0);
      g_assert_cmpint (cut_cost (&graph[2], side), ==, flow);
    }
}

/* --- The search of sheets, spelt out: the same bits are asked of the fast one. --- */

typedef struct
{
  int nu, nv, nr, reach;
  float bend;
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
  for (int a = 0; a < s->nv; a++)
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

static void
plain_sheet (const float *cost, int nu, int nv, int nr, gboolean cyclic, float bend, int reach, float *level)
{
  Sheet s = { nu, nv, nr, reach, bend };
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

/* A wavy sheet in noise, and decoys that single columns prefer. */
static void
test_sheet (gconstpointer data)
{
  enum
  {
    NU = 48,
    NV = 20,
    NR = 40
  };
  gboolean cyclic = GPOINTER_TO_INT (data);
  g_autofree float *cost = g_new (float, NU *NV *NR);
  g_autofree float *level = g_new (float, NU *NV);
  OssRandom random;
  double worst = 0.0;

  oss_random_init (&random, 7, 0);
  for (int v = 0; v < NV; v++)
    for (int u = 0; u < NU; u++)
      {
        double truth = 20.0 + 5.0 * sin (2.0 * G_PI * u / NU) + 0.2 * v;
        gboolean decoy = oss_random_uniform (&random) < 0.1;

        for (int r = 0; r < NR; r++)
          {
            double off = r - truth;
            cost[(v * NU + u) * NR + r] =
                (float) (-exp (-off * off / 4.0) + 0.1 * oss_random_normal (&random) - (decoy && r == 3 ? 1.5 : 0.0));
          }
      }
  for (int reach = 1; reach < 5; reach++)
    for (int nr = NR - 9; nr <= NR; nr += 3) /* whole lanes and parts of them; columns of other lengths, all noise */
      {
        g_autofree float *plain = g_new (float, NU *NV);
        plain_sheet (cost, NU, NV, nr, cyclic, 0.13f, reach, plain);
        oss_sheet_solve (cost, NU, NV, nr, cyclic, 0.13f, reach, level, NULL);
        g_assert_cmpmem (plain, sizeof (float) * NU * NV, level, sizeof (float) * NU * NV);
      }
  oss_sheet_solve (cost, NU, NV, NR, cyclic, 0.1f, 2, level, NULL);
  for (int v = 0; v < NV; v++)
    for (int u = 0; u < NU; u++)
      worst = MAX (worst, fabs (level[v * NU + u] - (20.0 + 5.0 * sin (2.0 * G_PI * u / NU) + 0.2 * v)));
  g_test_message ("worst %.2f levels", worst);
  /* The well is 2 levels wide; decoys lie 10 and more away. */
  g_assert_cmpfloat (worst, <, 1.5);
}

/* What a blurred shell reads at @x from its outer edge, by adding up thin layers. */
static double
blurred_shell (double x, double thickness, double blur, double inside, double bone, double outside)
{
  const double step = 0.01;
  double sum = 0.0, weight = 0.0;

  for (double y = x - 6.0 * blur; y < x + 6.0 * blur; y += step)
    {
      double middle = y + 0.5 * step, w = exp (-(middle - x) * (middle - x) / (2.0 * blur * blur));
      sum += w * (middle > 0.0 ? outside : middle > -thickness ? bone : inside);
      weight += w;
    }
  return sum / weight;
}

/* A shell blurred numerically has the predicted value at its outer edge, whatever is within and around it: muscle, disc
 * and fat.  2 HU are 0.01 mm at a usual fall of 250 HU/mm. */
static void
test_shell_edge (void)
{
  const double blur = 0.6, soft = 40.0, bone = soft + 1500.0;
  const double sides[][2] = { { soft, soft }, { 170.0, 90.0 }, { 250.0, 55.0 }, { 130.0, -90.0 } };
  const OssWorkBox box = { .soft_hu = soft };

  for (gsize s = 0; s < G_N_ELEMENTS (sides); s++)
    for (double thickness = 0.25; thickness < 4.0; thickness *= 1.6)
      {
        double crest = 0.0, edge = blurred_shell (0.0, thickness, blur, sides[s][0], bone, sides[s][1]);
        for (double x = -thickness - 1.5; x < 1.5; x += 0.02)
          crest = MAX (crest, blurred_shell (x, thickness, blur, sides[s][0], bone, sides[s][1]));
        double told = oss_shell_edge_hu (&box, crest, sides[s][0], sides[s][1]);
        g_test_message ("%.0f | %.2f mm | %.0f HU: crest %.0f, edge %.1f, told %.1f HU", sides[s][0], thickness,
                        sides[s][1], crest, edge, told);
        g_assert_cmpfloat (fabs (told - edge), <, 2.0);
      }
  /* No shell: half way between the sides. */
  g_assert_cmpfloat (oss_shell_edge_hu (&box, 20.0, 40.0, 40.0), ==, 40.0);
  g_assert_cmpfloat (oss_shell_edge_hu (&box, 150.0, 150.0, 50.0), ==, 100.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/segment/parts/cut", test_cut);
  g_test_add_data_func ("/segment/parts/sheet/open", GINT_TO_POINTER (FALSE), test_sheet);
  g_test_add_data_func ("/segment/parts/sheet/cyclic", GINT_TO_POINTER (TRUE), test_sheet);
  g_test_add_func ("/segment/parts/shell-edge", test_shell_edge);
  return g_test_run ();
}
