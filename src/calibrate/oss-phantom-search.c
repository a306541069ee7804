/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of rods in slab pictures, and phantoms as rows that run through the slabs. */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-parallel.h"

#include <math.h>
#include <string.h>

#define SPACING_STEPS 13 /* 80 to 120 % of the nominal spacing */
#define TILTS 21         /* the row may lean 20 degrees either way */
#define TILT_DEG 2.0
#define EDGE_HU 25.0    /* contrast of a rod that stands out */
#define CASING_HU 60.0  /* the rods' surroundings differ no more between them */
#define AROUND_HU 25.0  /* where few rods are seen, what lies all around each is this even */
#define OFFSET_HU 100.0 /* what density 0 reads is no further from water */
#define MOST_ROWS 12    /* of one phantom in one slab */
#define MOST_CHAINS 6
#define DRIFT_MM 4.0 /* of a row from slab to slab, and per mm of height: */
#define DRIFT_SHARE 0.08
#define PARTIAL_SCORE 0.02
#define SPOILT_SCORE 0.5     /* for each rod that should be in view and is not even */
#define AMBIGUOUS_SHARE 0.65 /* of the best score: another order of the same discs */

int
oss_phantom_least_rods (const OssPhantom *phantom)
{
  return phantom->n_rods <= 3 ? phantom->n_rods : MAX (3, phantom->n_rods - 2);
}

/* ---- a row in one slab ---- */

typedef struct
{
  const OssSlab *slab;
  const OssDiscs *discs;
  const OssPhantom *phantom;
  const OssRowRules *rules;
} Place;

/* The rods of a row as the slab shows them. */
typedef struct
{
  double hu[OSS_PHANTOM_MAX_RODS];
  gboolean used[OSS_PHANTOM_MAX_RODS];
  double contrast;                 /* sum over the rods that are used */
  int good, cut, spoilt, standing; /* standing: rods that stand out */
  double casing_sum, casing_squares;
  int at[OSS_PHANTOM_MAX_RODS][2]; /* pixels */
} Seen;

/* FALSE when this cannot be the row. */
static gboolean
look (const Place *self, const double first[2], const double step[2], Seen *seen)
{
  const OssSlab *s = self->slab;
  const OssDiscs *d = self->discs;

  memset (seen, 0, sizeof *seen);
  for (int i = 0; i < self->phantom->n_rods; i++)
    {
      int x = (int) floor ((first[0] + i * step[0] - s->x0) / OSS_SLAB_PIXEL_MM + 0.5);
      int y = (int) floor ((first[1] + i * step[1] - s->y0) / OSS_SLAB_PIXEL_MM + 0.5);
      gboolean inside = x >= 0 && y >= 0 && x < s->nx && y < s->ny;
      gsize at = inside ? (gsize) y * (gsize) s->nx + (gsize) x : 0;
      OssDiscState state = inside ? (OssDiscState) d->state[at] : OSS_DISC_CUT;
      double edge;

      seen->at[i][0] = x, seen->at[i][1] = y;
      if (state == OSS_DISC_AIR)
        return FALSE;
      seen->cut += state == OSS_DISC_CUT;
      seen->spoilt += state == OSS_DISC_UNEVEN || state == OSS_DISC_CLIPPED;
      seen->used[i] = state == OSS_DISC_GOOD;
      if (!seen->used[i])
        {
          if (self->rules->complete || seen->spoilt > 2)
            return FALSE;
          continue;
        }
      edge = fabs (d->inner[at] - d->ring[at]) - d->rough[at];
      seen->hu[i] = d->inner[at];
      seen->contrast += edge;
      seen->standing += edge > EDGE_HU;
      seen->casing_sum += d->ring[at], seen->casing_squares += d->ring[at] * d->ring[at];
      seen->good++;
    }
  return seen->good >= 2;
}

/* Few rods are soon found by chance: a casing that is even all around each is not. */
static gboolean
casing_is_even (const Place *self, const Seen *seen)
{
  for (int i = 0; i < self->phantom->n_rods; i++)
    if (seen->used[i]
        && oss_slab_casing (self->slab, seen->at[i][0], seen->at[i][1], 0.5 * self->phantom->rod_diameter_mm)
               > AROUND_HU)
      return FALSE;
  return TRUE;
}

/* A line that a CT could draw through the rods. */
static gboolean
line_is_possible (const Place *self, const Seen *seen, double *r2)
{
  double slope, intercept, zero;

  if (!oss_phantom_regress (self->phantom, seen->hu, seen->used, &slope, &intercept, r2) || slope < OSS_ROD_SLOPE_LOW
      || slope > OSS_ROD_SLOPE_HIGH)
    return FALSE;
  zero = intercept + (oss_phantom_has_water (self->phantom) ? 1000.0 : 0.0);
  return fabs (zero) <= OFFSET_HU;
}

/* Fills the row's score and counts; score 0: the discs at @first + i * @step are not the phantom's rods in this
 * order. */
static void
judge_row (const Place *self, const double first[2], const double step[2], OssRodRow *row)
{
  const OssPhantom *phantom = self->phantom;
  gboolean partial;
  double r2 = NAN;
  Seen seen;

  row->score = 0.0;
  if (!look (self, first, step, &seen))
    return;
  partial = seen.good < oss_phantom_least_rods (phantom);
  if (partial && (phantom->n_rods < 3 || 3 * seen.good < phantom->n_rods || seen.standing < seen.good))
    return;
  if (seen.standing < MIN (2, phantom->n_rods - 1) || seen.contrast / seen.good < self->rules->least_contrast
      || sqrt (MAX (0.0, seen.casing_squares / seen.good - seen.casing_sum * seen.casing_sum / seen.good / seen.good))
             > CASING_HU
      || !line_is_possible (self, &seen, &r2))
    return;
  if (!isnan (r2) && r2 < (seen.good < MAX (4, phantom->n_rods) ? self->rules->missing_r2 : self->rules->least_r2))
    return;
  if ((partial || (isnan (r2) && self->rules->alone)) && !casing_is_even (self, &seen))
    return;
  *row = (OssRodRow){ .first = { first[0], first[1] },
                      .step = { step[0], step[1] },
                      .z_mm = self->slab->z_mm,
                      .good = seen.good,
                      .cut = seen.cut,
                      .spoilt = seen.spoilt };
  row->score = (isnan (r2) ? 1.0 : pow (r2, 20.0)) * seen.contrast * seen.good / phantom->n_rods
               * (partial ? PARTIAL_SCORE : 1.0) * pow (SPOILT_SCORE, seen.spoilt);
}

static void
middle_of (const OssPhantom *phantom, const OssRodRow *row, double middle[2])
{
  for (int c = 0; c < 2; c++)
    middle[c] = row->first[c] + 0.5 * (phantom->n_rods - 1) * row->step[c];
}

/* Climbs to the best row around @row in ever smaller steps. */
static void
polish (const Place *self, OssRodRow *row)
{
  double half = 0.5 * (self->phantom->n_rods - 1);

  for (double move = 1.5; move > 0.3; move *= 0.5)
    for (gboolean better = TRUE; better;)
      {
        OssRodRow start = *row;
        double spacing = hypot (start.step[0], start.step[1]), middle[2];

        middle_of (self->phantom, &start, middle);
        for (int d = 0; d < 8; d++)
          {
            double by = (d & 1 ? 1.0 : -1.0) * move;
            double turn = d / 2 == 3 ? by / (half * spacing) : 0.0, stretch = d / 2 == 2 ? by / half / spacing : 0.0;
            double step[2], first[2];
            OssRodRow other;

            step[0] = (1.0 + stretch) * (start.step[0] * cos (turn) - start.step[1] * sin (turn));
            step[1] = (1.0 + stretch) * (start.step[0] * sin (turn) + start.step[1] * cos (turn));
            for (int c = 0; c < 2; c++)
              first[c] = middle[c] + (d / 2 == c) * by - half * step[c];
            judge_row (self, first, step, &other);
            if (other.score > row->score)
              *row = other;
          }
        better = row->score > start.score;
      }
}

/* ---- all rows of one slab ---- */

typedef struct
{
  int n;
  OssRodRow row[MOST_ROWS];
} Rows;

/* Keeps the best of rows at about the same place in the same order, and the best of all. */
static void
keep_row (const OssPhantom *phantom, Rows *rows, const OssRodRow *row)
{
  double near = 0.4 * phantom->rod_spacing_mm, middle[2], other[2];
  int least = 0;

  middle_of (phantom, row, middle);
  for (int i = 0; i < rows->n; i++)
    {
      OssRodRow *old = &rows->row[i];

      middle_of (phantom, old, other);
      if (hypot (middle[0] - other[0], middle[1] - other[1]) < near && old->step[0] * row->step[0] > 0.0)
        {
          if (row->score > old->score)
            *old = *row;
          return;
        }
      if (old->score < rows->row[least].score)
        least = i;
    }
  if (rows->n < MOST_ROWS)
    rows->row[rows->n++] = *row;
  else if (row->score > rows->row[least].score)
    rows->row[least] = *row;
}

/* All rows that have rod @rod at @anchor. */
static void
rows_through (const Place *self, const double anchor[2], int rod, Rows *rows)
{
  for (int direction = -1; direction <= 1; direction += 2)
    for (int a = 0; a < SPACING_STEPS; a++)
      for (int b = 0; b < TILTS; b++)
        {
          double spacing = self->phantom->rod_spacing_mm * (0.8 + 0.4 * a / (SPACING_STEPS - 1));
          double tilt = (b - TILTS / 2) * TILT_DEG * G_PI / 180.0;
          double step[2] = { direction * spacing * cos (tilt), direction * spacing * sin (tilt) };
          double first[2] = { anchor[0] - rod * step[0], anchor[1] - rod * step[1] };
          OssRodRow row;

          judge_row (self, first, step, &row);
          if (row.score > 0.0)
            keep_row (self->phantom, rows, &row);
        }
}

typedef struct
{
  const OssSlabs *slabs;
  const OssPhantom *phantom;
  const OssRowRules *rules;
  Rows *rows; /* of each slab */
  const OssTick *tick;
} Search;

static Place
place_in (const Search *self, int slab)
{
  return (Place){ &self->slabs->slab[slab], oss_slab_discs (&self->slabs->slab[slab], self->phantom), self->phantom,
                  self->rules };
}

static void
search_slabs (gsize begin, gsize end, guint thread, void *data)
{
  const Search *self = data;

  for (gsize n = begin; n < end; n++)
    {
      Place place = place_in (self, (int) n);
      const OssSlab *s = place.slab;
      Rows *rows = &self->rows[n];

      for (guint a = 0; a < place.discs->anchors->len && !oss_tick_stopped (self->tick); a++)
        {
          int at = g_array_index (place.discs->anchors, int, a);
          double anchor[2] = { s->x0 + at % s->nx * OSS_SLAB_PIXEL_MM, s->y0 + at / s->nx * OSS_SLAB_PIXEL_MM };

          for (int rod = 0; rod < self->phantom->n_rods; rod++)
            rows_through (&place, anchor, rod, rows);
        }
      for (int i = 0; i < rows->n && !oss_tick_stopped (self->tick); i++)
        polish (&place, &rows->row[i]);
    }
}

/* ---- through the slabs ---- */

/* How far two rows of the same phantom lie apart at their ends, per what may be between their heights; above 1: they
 * are not of one phantom. */
static double
apart (const OssPhantom *phantom, const OssRodRow *a, const OssRodRow *b)
{
  double worst = 0.0;

  if (a->step[0] * b->step[0] <= 0.0)
    return G_MAXDOUBLE;
  for (int end = 0; end < 2; end++)
    {
      int i = end * (phantom->n_rods - 1);

      worst = MAX (worst, hypot (a->first[0] + i * a->step[0] - b->first[0] - i * b->step[0],
                                 a->first[1] + i * a->step[1] - b->first[1] - i * b->step[1]));
    }
  return worst / (DRIFT_MM + DRIFT_SHARE * fabs (a->z_mm - b->z_mm));
}

/* The row of slab @n that goes on from @from; score 0: none. */
static OssRodRow
follow (const Search *self, int n, const OssRodRow *from)
{
  Place place = place_in (self, n);
  OssRodRow best = { .score = 0.0 };
  double nearest = 1.0;

  for (int i = 0; i < self->rows[n].n; i++)
    {
      double distance = self->rows[n].row[i].score > 0.0 ? apart (self->phantom, from, &self->rows[n].row[i]) : 2.0;

      if (distance < nearest)
        nearest = distance, best = self->rows[n].row[i];
    }
  if (best.score > 0.0)
    return best;
  judge_row (&place, from->first, from->step, &best);
  if (best.score > 0.0)
    polish (&place, &best);
  if (best.score > 0.0 && apart (self->phantom, from, &best) >= 1.0)
    best.score = 0.0;
  return best;
}

static void
make_chain (const Search *self, int slab, const OssRodRow *seed, OssRodChain *chain)
{
  OssRodRow rows[OSS_SLABS];
  int good = 0, n_partial = 0;

  memset (rows, 0, sizeof rows);
  rows[slab] = *seed;
  for (int direction = -1; direction <= 1; direction += 2)
    {
      OssRodRow last = *seed;

      for (int n = slab + direction; n >= 0 && n < self->slabs->n; n += direction)
        {
          rows[n] = follow (self, n, &last);
          if (rows[n].score > 0.0)
            last = rows[n];
        }
    }
  *chain = (OssRodChain){ .phantom = self->phantom };
  for (int n = 0; n < self->slabs->n; n++)
    if (rows[n].score > 0.0)
      {
        chain->rows[chain->n++] = rows[n];
        chain->score += rows[n].score;
        good = MAX (good, rows[n].good);
        n_partial += rows[n].good < oss_phantom_least_rods (self->phantom);
      }
  chain->partial = 2 * n_partial > chain->n;
}

/* Chance seldom repeats itself: the fewer rods, the more of the scan must show them. */
static gboolean
is_long_enough (const OssRodChain *chain, int n_slabs)
{
  double share = chain->partial ? 0.6 : chain->phantom->n_rods < 3 ? 0.7 : chain->phantom->n_rods < 4 ? 0.5 : 0.4;

  return chain->n >= MAX (MIN (2, n_slabs), (int) ceil (share * n_slabs - 1e-9));
}

static int
by_score (gconstpointer a, gconstpointer b)
{
  double x = ((const OssRodChain *) a)->score, y = ((const OssRodChain *) b)->score;

  return x > y ? -1 : x < y;
}

gboolean
oss_rod_chains_overlap (const OssRodChain *a, const OssRodChain *b)
{
  double near = 0.6 * MIN (a->phantom->rod_spacing_mm, b->phantom->rod_spacing_mm);
  const OssRodRow *p = &a->rows[a->n / 2], *q = &b->rows[b->n / 2];

  for (int i = 0; i < a->phantom->n_rods; i++)
    for (int j = 0; j < b->phantom->n_rods; j++)
      if (hypot (p->first[0] + i * p->step[0] - q->first[0] - j * q->step[0],
                 p->first[1] + i * p->step[1] - q->first[1] - j * q->step[1])
          < near)
        return TRUE;
  return FALSE;
}

/* The best chain of those that overlap.  With rods out of view, a phantom of even steps may fit its other rods as well:
 * that is remembered. */
static GArray *
without_overlaps (GArray *all)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (OssRodChain));

  g_array_sort (all, by_score);
  for (guint i = 0; i < all->len && kept->len < MOST_CHAINS; i++)
    {
      const OssRodChain *chain = &g_array_index (all, OssRodChain, i);
      gboolean free_place = TRUE;

      for (guint k = 0; k < kept->len && free_place; k++)
        {
          OssRodChain *better = &g_array_index (kept, OssRodChain, k);
          double middle[2], other[2];

          free_place = !oss_rod_chains_overlap (chain, better);
          middle_of (chain->phantom, &chain->rows[chain->n / 2], middle);
          middle_of (better->phantom, &better->rows[better->n / 2], other);
          if (!free_place && chain->score > AMBIGUOUS_SHARE * better->score
              && hypot (middle[0] - other[0], middle[1] - other[1]) > 0.4 * chain->phantom->rod_spacing_mm)
            better->ambiguous = TRUE;
        }
      if (free_place)
        g_array_append_vals (kept, chain, 1);
    }
  g_array_unref (all);
  return kept;
}

GArray *
oss_rod_chains (const OssSlabs *slabs, const OssPhantom *phantom, const OssRowRules *rules, const OssTick *tick)
{
  GArray *chains = g_array_new (FALSE, FALSE, sizeof (OssRodChain));
  g_autofree Rows *rows = g_new0 (Rows, slabs->n);
  Search search = { slabs, phantom, rules, rows, tick };

  oss_parallel_for ((gsize) slabs->n, 1, search_slabs, &search);
  for (int n = 0; n < slabs->n && !oss_tick_stopped (tick); n++)
    for (int i = 0; i < rows[n].n; i++)
      {
        OssRodChain chain;

        if (!(rows[n].row[i].score > 0.0))
          continue;
        make_chain (&search, n, &rows[n].row[i], &chain);
        if (is_long_enough (&chain, slabs->n))
          g_array_append_val (chains, chain);
      }
  return without_overlaps (chains);
}
