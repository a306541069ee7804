/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "numeric/oss-amg-private.h"

#include <string.h>

#define LANES OSS_LANES
#define SLICES_PER_TURN 64
/* Rows are sorted by length within windows of so many: long enough for slices without gaps, short enough for
 * neighbours to stay near. */
#define WINDOW 1024
#define LANCZOS_STEPS 10
/* The estimate of the largest eigenvalue is from below. */
#define LARGEST_MARGIN 1.1

OssUpper *
oss_upper_new (const OssBlockMatrix *matrix, GError **error)
{
  g_autoptr (OssUpper) self = g_new0 (OssUpper, 1);
  const char *what = _ ("the stiffness matrix");
  gsize n = matrix->n, blocks = matrix->start[n];

  if ((self->start = oss_alloc_aligned (n + 2, sizeof *self->start, what, error)) == NULL
      || (self->row = oss_alloc_aligned (blocks + 1, sizeof *self->row, what, error)) == NULL
      || (self->block = oss_alloc_aligned (blocks + 1, sizeof *self->block, what, error)) == NULL)
    return NULL;
  for (gsize i = 0; i < n; i++)
    for (gsize k = matrix->start[i]; k + 1 < matrix->start[i + 1]; k++)
      self->start[matrix->column[k] + 2]++;
  for (gsize i = 2; i < n + 2; i++)
    self->start[i] += self->start[i - 1];
  for (gsize i = 0; i < n; i++)
    for (gsize k = matrix->start[i]; k + 1 < matrix->start[i + 1]; k++)
      {
        gsize at = self->start[matrix->column[k] + 1]++;
        self->row[at] = (gint32) i;
        self->block[at] = (guint32) k;
      }
  return g_steal_pointer (&self);
}

void
oss_upper_free (OssUpper *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->start);
  oss_free_aligned (self->row);
  oss_free_aligned (self->block);
  g_free (self);
}

void
oss_sliced_free (OssSliced *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->place);
  oss_free_aligned (self->row);
  oss_free_aligned (self->start);
  oss_free_aligned (self->column);
  oss_free_aligned (self->value);
  oss_free_aligned (self->inverse);
  g_free (self);
}

typedef struct
{
  OssSliced *sliced;
  const OssBlockMatrix *matrix;
  const OssUpper *upper;
  const guint8 *free;
  const OssTick *tick;
} Filling;

static gsize
row_length (const Filling *self, gsize row)
{
  return self->matrix->start[row + 1] - self->matrix->start[row] + self->upper->start[row + 1]
         - self->upper->start[row];
}

typedef struct
{
  gint32 row;
  guint32 length;
} RowLength;

/* Longest first; equal ones in their order. */
static int
compare_lengths (const void *a, const void *b)
{
  const RowLength *x = a, *y = b;
  if (x->length != y->length)
    return x->length < y->length ? 1 : -1;
  return (x->row > y->row) - (x->row < y->row);
}

static void
place_rows (const Filling *filling)
{
  OssSliced *self = filling->sliced;
  RowLength window[WINDOW];

  for (gsize slice = 0; slice < self->n_slices * LANES; slice++)
    self->row[slice] = -1;
  for (gsize begin = 0; begin < self->n; begin += WINDOW)
    {
      gsize n = MIN (WINDOW, self->n - begin);
      for (gsize i = 0; i < n; i++)
        window[i] = (RowLength){ (gint32) (begin + i), (guint32) row_length (filling, begin + i) };
      qsort (window, n, sizeof *window, compare_lengths);
      for (gsize i = 0; i < n; i++)
        {
          gsize slice = (begin + i) / LANES, lane = (begin + i) % LANES;
          self->row[begin + i] = window[i].row;
          self->place[window[i].row] = (gint32) (slice * 3 * LANES + lane);
          self->start[slice + 1] = MAX (self->start[slice + 1], window[i].length);
        }
    }
  for (gsize slice = 0; slice < self->n_slices; slice++)
    self->start[slice + 1] += self->start[slice];
}

/* Block @a of (row, column), transposed or not, into a lane. */
static void
put_block (const Filling *self, gsize row, gsize column, const double *a, gboolean transposed, gsize step, gsize lane)
{
  float *to = self->sliced->value + step * 9 * LANES + lane;

  self->sliced->column[step * LANES + lane] = self->sliced->place[column];
  for (gsize r = 0; r < 3; r++)
    for (gsize c = 0; c < 3; c++)
      {
        gboolean kept = self->free[3 * row + r] && self->free[3 * column + c];
        to[(3 * r + c) * LANES] = kept ? (float) a[transposed ? 3 * c + r : 3 * r + c] : 0.0f;
      }
}

static void
put_inverse (const Filling *self, gsize row, const double *diagonal, float *to)
{
  double block[9], inverse[9];

  for (gsize r = 0; r < 3; r++)
    for (gsize c = 0; c < 3; c++)
      {
        gboolean kept = self->free[3 * row + r] && self->free[3 * row + c];
        block[3 * r + c] = kept ? diagonal[3 * r + c] : r == c ? 1.0 : 0.0;
      }
  if (!oss_mat3_inverse (block, inverse))
    return;
  for (gsize r = 0; r < 3; r++)
    for (gsize c = 0; c < 3; c++)
      if (self->free[3 * row + r] && self->free[3 * row + c])
        to[(3 * r + c) * LANES] = (float) inverse[3 * r + c];
}

static void
fill_lane (const Filling *self, gsize slice, gsize lane)
{
  OssSliced *sliced = self->sliced;
  gsize step = sliced->start[slice], end = sliced->start[slice + 1];
  gint32 row = sliced->row[slice * LANES + lane];

  if (row >= 0)
    {
      gsize i = (gsize) row, last = self->matrix->start[i + 1];
      for (gsize k = self->matrix->start[i]; k < last; k++)
        put_block (self, i, (gsize) self->matrix->column[k], self->matrix->value + 9 * k, FALSE, step++, lane);
      for (gsize u = self->upper->start[i]; u < self->upper->start[i + 1]; u++)
        put_block (self, i, (gsize) self->upper->row[u], self->matrix->value + 9 * (gsize) self->upper->block[u], TRUE,
                   step++, lane);
      if (last > self->matrix->start[i])
        put_inverse (self, i, self->matrix->value + 9 * (last - 1), sliced->inverse + slice * 9 * LANES + lane);
    }
  for (; step < end; step++) /* zeros, that look at their own row */
    sliced->column[step * LANES + lane] = (gint32) (slice * 3 * LANES + lane);
}

static void
fill_slices (gsize begin, gsize end, guint thread, void *data)
{
  const Filling *self = data;

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize slice = begin; slice < end; slice++)
    for (gsize lane = 0; lane < LANES; lane++)
      fill_lane (self, slice, lane);
}

static void estimate_largest (OssSliced *self);

OssSliced *
oss_sliced_new (const OssBlockMatrix *matrix, const OssUpper *upper, const guint8 *free, const OssTick *tick,
                GError **error)
{
  g_autoptr (OssSliced) self = g_new0 (OssSliced, 1);
  const char *what = _ ("the stiffness matrix");
  Filling filling = { .sliced = self, .matrix = matrix, .upper = upper, .free = free, .tick = tick };

  self->n = matrix->n;
  self->n_slices = (self->n + LANES - 1) / LANES;
  if ((self->place = oss_alloc_aligned (self->n + 1, sizeof *self->place, what, error)) == NULL
      || (self->row = oss_alloc_aligned (self->n_slices + 1, LANES * sizeof *self->row, what, error)) == NULL
      || (self->start = oss_alloc_aligned (self->n_slices + 1, sizeof *self->start, what, error)) == NULL
      || (self->inverse = oss_alloc_aligned (self->n_slices + 1, 9 * LANES * sizeof (float), what, error)) == NULL)
    return NULL;
  place_rows (&filling);
  gsize steps = self->start[self->n_slices];
  if ((self->column = oss_alloc_aligned (steps + 1, LANES * sizeof *self->column, what, error)) == NULL
      || (self->value = oss_alloc_aligned (steps + 1, 9 * LANES * sizeof *self->value, what, error)) == NULL)
    return NULL;
  oss_parallel_for (self->n_slices, 16, fill_slices, &filling);
  if (!oss_tick_stopped (tick))
    estimate_largest (self);
  if (oss_tick_stopped (tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/* What one pass over the slices does: the residual of @x, then a step of the smoother when @d is given. */
typedef struct
{
  const OssSliced *sliced;
  const float *b, *x;
  float *r;
  const float *d; /* (nullable) the step before */
  float *next;    /* the step: keep d + gain inverse r */
  float *sum;     /* += weight next */
  float keep, gain, weight;
  double scale;
  const double *from;
  double *to;
} Pass;

static void
put_slices (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *self = data;

  for (gsize i = begin * LANES; i < end * LANES; i++)
    {
      float *to = self->r + i / LANES * 3 * LANES + i % LANES;
      gint32 row = self->sliced->row[i];
      for (gsize k = 0; k < 3; k++)
        to[k * LANES] = row >= 0 ? (float) (self->scale * self->from[3 * (gsize) row + k]) : 0.0f;
    }
}

void
oss_sliced_put (const OssSliced *self, const double *from, double scale, float *to)
{
  Pass pass = { .sliced = self, .from = from, .scale = scale, .r = to };
  oss_parallel_for (self->n_slices, SLICES_PER_TURN, put_slices, &pass);
}

static void
get_slices (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *self = data;

  for (gsize i = begin * LANES; i < end * LANES; i++)
    {
      const float *from = self->x + i / LANES * 3 * LANES + i % LANES;
      gint32 row = self->sliced->row[i];
      for (gsize k = 0; k < 3 && row >= 0; k++)
        self->to[3 * (gsize) row + k] = self->scale * (double) from[k * LANES];
    }
}

void
oss_sliced_get (const OssSliced *self, const float *from, double scale, double *to)
{
  Pass pass = { .sliced = self, .x = from, .scale = scale, .to = to };
  oss_parallel_for (self->n_slices, SLICES_PER_TURN, get_slices, &pass);
}

/* sum[c][lane] -= the slice's rows times x */
static inline __attribute__ ((always_inline)) void
subtract_slice (const float *restrict value, const gint32 *restrict column, gsize steps, const float *restrict x,
                float *restrict sum)
{
  float a[LANES], b[LANES], c[LANES];

  for (int l = 0; l < LANES; l++)
    a[l] = sum[l], b[l] = sum[LANES + l], c[l] = sum[2 * LANES + l];
  for (gsize k = 0; k < steps; k++, value += 9 * LANES, column += LANES)
    for (int l = 0; l < LANES; l++)
      {
        float u = x[column[l]], v = x[column[l] + LANES], w = x[column[l] + 2 * LANES];
        a[l] -= value[l] * u + value[LANES + l] * v + value[2 * LANES + l] * w;
        b[l] -= value[3 * LANES + l] * u + value[4 * LANES + l] * v + value[5 * LANES + l] * w;
        c[l] -= value[6 * LANES + l] * u + value[7 * LANES + l] * v + value[8 * LANES + l] * w;
      }
  for (int l = 0; l < LANES; l++)
    sum[l] = a[l], sum[LANES + l] = b[l], sum[2 * LANES + l] = c[l];
}

OSS_CLONES static void
residual_slices (const OssSliced *sliced, gsize begin, gsize end, const float *b, const float *x, float *r)
{
  for (gsize s = begin; s < end; s++)
    {
      gsize at = s * 3 * LANES, first = sliced->start[s];
      if (r != b)
        memcpy (r + at, b + at, 3 * LANES * sizeof *r);
      subtract_slice (sliced->value + first * 9 * LANES, sliced->column + first * LANES, sliced->start[s + 1] - first,
                      x, r + at);
    }
}

/* next = keep d + gain inverse r; sum += weight next */
OSS_CLONES static void
step_slices (const Pass *pass, gsize begin, gsize end)
{
  for (gsize s = begin; s < end; s++)
    {
      const float *restrict m = pass->sliced->inverse + s * 9 * LANES, *restrict r = pass->r + s * 3 * LANES;
      const float *restrict d = pass->d + s * 3 * LANES;
      float *restrict next = pass->next + s * 3 * LANES, *restrict sum = pass->sum + s * 3 * LANES;
      for (int c = 0; c < 3; c++)
        for (int l = 0; l < LANES; l++)
          {
            float scaled = m[3 * c * LANES + l] * r[l] + m[(3 * c + 1) * LANES + l] * r[LANES + l]
                           + m[(3 * c + 2) * LANES + l] * r[2 * LANES + l];
            next[c * LANES + l] = pass->keep * d[c * LANES + l] + pass->gain * scaled;
            sum[c * LANES + l] += pass->weight * next[c * LANES + l];
          }
    }
}

static void
residual_turn (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *self = data;
  residual_slices (self->sliced, begin, end, self->b, self->x, self->r);
}

void
oss_sliced_residual (const OssSliced *self, const float *b, const float *x, float *r)
{
  Pass pass = { .sliced = self, .b = b, .x = x, .r = r };
  oss_parallel_for (self->n_slices, SLICES_PER_TURN, residual_turn, &pass);
}

/* r -= A d in these slices, and the step that follows from it. */
static void
smooth_turn (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *self = data;
  for (gsize s = begin; s < end; s += 4)
    {
      if (self->x != NULL)
        residual_slices (self->sliced, s, MIN (s + 4, end), self->b, self->x, self->r);
      step_slices (self, s, MIN (s + 4, end));
    }
}

/* Weights of the optimal polynomials of the fourth kind, table 1 of the paper. */
static const double fourth_kind[4][4] = { { 1.12500000000000, 0.0, 0.0, 0.0 },
                                          { 1.02387287570313, 1.26408905371085, 0.0, 0.0 },
                                          { 1.00842544782028, 1.08867839208730, 1.33753125909618, 0.0 },
                                          { 1.00391310427285, 1.04035811188593, 1.14863498546254, 1.38268869241000 } };

void
oss_sliced_smooth (const OssSliced *self, const float *b, float *x, gboolean from_zero, int degree, float *work)
{
  gsize size = oss_sliced_size (self);
  float *r = work, *d = work + size, *next = work + 2 * size;

  if (from_zero)
    {
      memset (x, 0, size * sizeof *x);
      memcpy (r, b, size * sizeof *r);
    }
  for (int k = 0; k < degree; k++)
    {
      double n = 2.0 * k;
      Pass pass = { .sliced = self,
                    .r = r,
                    .d = d,
                    .next = next,
                    .sum = x,
                    .keep = (float) (k == 0 ? 0.0 : (n - 1.0) / (n + 3.0)),
                    .gain = (float) ((4.0 * n + 4.0) / (n + 3.0) / self->largest),
                    .weight = (float) fourth_kind[degree - 1][k] };
      if (k > 0)
        pass.b = r, pass.x = d;
      else if (!from_zero)
        oss_sliced_residual (self, b, x, r); /* x changes below, so that it has to be done before */
      if (k == 0)
        memset (d, 0, size * sizeof *d);
      oss_parallel_for (self->n_slices, SLICES_PER_TURN, smooth_turn, &pass);
      float *swap = d;
      d = next;
      next = swap;
    }
}

static double
dot (const float *a, const float *b, gsize n)
{
  double lane[8] = { 0.0 };
  for (gsize i = 0; i < n; i++) /* n is a multiple of 48 */
    lane[i % 8] += (double) a[i] * (double) b[i];
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* The largest eigenvalue of a symmetric tridiagonal matrix by bisection with Sturm's count. */
static double
largest_of_tridiagonal (const double *diagonal, const double *beside, int n)
{
  double low = 0.0, high = 0.0;

  for (int i = 0; i < n; i++)
    {
      double reach = (i > 0 ? fabs (beside[i - 1]) : 0.0) + (i + 1 < n ? fabs (beside[i]) : 0.0);
      high = fmax (high, diagonal[i] + reach);
      low = fmax (low, diagonal[i]);
    }
  for (int step = 0; step < 40; step++)
    {
      double middle = 0.5 * (low + high), pivot = diagonal[0] - middle;
      gboolean above = pivot > 0.0;
      for (int i = 1; i < n && !above; i++)
        {
          pivot = diagonal[i] - middle - beside[i - 1] * beside[i - 1] / pivot;
          above = pivot > 0.0;
        }
      if (above)
        low = middle;
      else
        high = middle;
    }
  return high;
}

/* A start that no symmetry of a mesh knows: a Weyl sequence in the number of the freedom. */
static double *
start_vector (const OssSliced *self)
{
  double *start = g_new (double, 3 * self->n);
  for (gsize f = 0; f < 3 * self->n; f++)
    start[f] = fmod ((double) (f + 1) * 0.61803398874989485, 1.0) - 0.5;
  return start;
}

/* The tridiagonal matrix that some steps of conjugate gradients leave (Saad, Iterative Methods, 6.7.3). */
static void
estimate_largest (OssSliced *self)
{
  gsize size = oss_sliced_size (self);
  double diagonal[LANCZOS_STEPS], beside[LANCZOS_STEPS], last = 0.0, ratio = 0.0, zr;
  g_autofree double *start = start_vector (self);
  g_autofree float *block = g_new0 (float, 5 * size + 1);
  float *r = block, *z = block + size, *p = block + 2 * size, *q = block + 3 * size, *none = block + 4 * size;
  Pass scale = { .sliced = self, .r = r, .d = none, .next = z, .sum = none, .gain = 1.0f };
  int n = 0;

  self->largest = 1.0;
  oss_sliced_put (self, start, 1.0, r);
  oss_parallel_for (self->n_slices, SLICES_PER_TURN, smooth_turn, &scale);
  zr = dot (z, r, size);
  memcpy (p, z, size * sizeof *p);
  for (; n < LANCZOS_STEPS && zr > 0.0; n++)
    {
      memset (none, 0, size * sizeof *none);
      oss_sliced_residual (self, none, p, q); /* q = -A p */
      double alpha = -zr / dot (p, q, size), before = zr;
      if (!(alpha > 0.0) || !isfinite (alpha))
        break;
      for (gsize i = 0; i < size; i++)
        r[i] += (float) alpha * q[i];
      oss_parallel_for (self->n_slices, SLICES_PER_TURN, smooth_turn, &scale);
      zr = dot (z, r, size);
      diagonal[n] = 1.0 / alpha + (n > 0 ? ratio / last : 0.0);
      ratio = zr / before;
      beside[n] = sqrt (fmax (ratio, 0.0)) / alpha;
      last = alpha;
      for (gsize i = 0; i < size; i++)
        p[i] = z[i] + (float) ratio * p[i];
    }
  if (n > 0)
    self->largest = LARGEST_MARGIN * largest_of_tridiagonal (diagonal, beside, n);
}
