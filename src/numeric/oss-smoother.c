/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "numeric/oss-amg-private.h"

#include <string.h>

#define ROWS_PER_TURN 2048
#define LANCZOS_STEPS 10
/* The estimate of the largest eigenvalue is from below. */
#define LARGEST_MARGIN 1.1

typedef float Four __attribute__ ((vector_size (16)));

static inline Four
load (const float *p)
{
  Four v;
  memcpy (&v, p, sizeof v); /* wherever it lies */
  return v;
}

static inline void
store (float *p, Four v)
{
  memcpy (p, &v, sizeof v);
}

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
oss_smoother_free (OssSmoother *self)
{
  if (self == NULL)
    return;
  oss_block_product_free (self->product);
  oss_free_aligned (self->value);
  oss_free_aligned (self->inverse);
  oss_free_aligned (self->sum);
  oss_free_aligned (self->outside);
  g_free (self);
}

typedef struct
{
  OssSmoother *smoother;
  const OssBlockMatrix *matrix;
  const guint8 *free;
  const OssTick *tick;
} Filling;

static void
put_inverse (const guint8 *free, const double *diagonal, float *to)
{
  double block[9], inverse[9];

  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 3; c++)
      block[3 * r + c] = free[r] && free[c] ? diagonal[3 * r + c] : r == c ? 1.0 : 0.0;
  if (!oss_mat3_inverse (block, inverse))
    return;
  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 3; c++)
      if (free[r] && free[c])
        to[4 * c + r] = (float) inverse[3 * r + c];
}

static void
fill_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Filling *self = data;
  const OssBlockMatrix *matrix = self->matrix;

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize i = begin; i < end; i++)
    for (gsize k = matrix->start[i]; k < matrix->start[i + 1]; k++)
      {
        const guint8 *row = self->free + 3 * i, *column = self->free + 3 * (gsize) matrix->column[k];
        const double *a = matrix->value + 9 * k;
        float *to = self->smoother->value + 9 * k;
        for (int r = 0; r < 3; r++)
          for (int c = 0; c < 3; c++)
            to[3 * r + c] = row[r] && column[c] ? (float) a[3 * r + c] : 0.0f;
        if (k + 1 == matrix->start[i + 1])
          put_inverse (row, a, self->smoother->inverse + 12 * i);
      }
}

static void estimate_largest (OssSmoother *self);

OssSmoother *
oss_smoother_new (const OssBlockMatrix *matrix, const guint8 *free, const OssTick *tick, GError **error)
{
  g_autoptr (OssSmoother) self = g_new0 (OssSmoother, 1);
  const char *what = _ ("the multigrid levels");
  gsize blocks = matrix->start[matrix->n];
  Filling filling = { .smoother = self, .matrix = matrix, .free = free, .tick = tick };

  self->n = matrix->n;
  self->pattern = matrix;
  if ((self->product = oss_block_product_new (matrix, error)) == NULL)
    return NULL;
  OssBlockChunks chunks = oss_block_product_chunks (self->product);
  if ((self->value = oss_alloc_aligned (9 * blocks + 3, sizeof (float), what, error)) == NULL
      || (self->inverse = oss_alloc_aligned (self->n + 1, 12 * sizeof (float), what, error)) == NULL
      || (self->sum = oss_alloc_aligned (self->n + 1, 4 * sizeof (float), what, error)) == NULL
      || (self->outside = oss_alloc_aligned (chunks.halo_start[chunks.n_chunks] + 1, 4 * sizeof (float), what, error))
             == NULL)
    return NULL;
  oss_parallel_for (self->n, ROWS_PER_TURN, fill_rows, &filling);
  if (!oss_tick_stopped (tick))
    estimate_largest (self);
  if (oss_tick_stopped (tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/* What one pass over the rows does: r = b - A x where @x is given, then a step where @d is given:
 * next = keep d + gain inverse r, sum += weight next. */
typedef struct
{
  OssSmoother *smoother;
  OssBlockChunks chunks;
  const float *x, *b;
  float *r;
  float *d; /* (nullable): the step before, and this one after */
  float *sum;
  float keep, gain, weight;
  double scale;
  const double *from;
  double *to;
} Pass;

static void
put_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *self = data;
  for (gsize i = begin; i < end; i++)
    for (gsize k = 0; k < 3; k++)
      self->r[4 * i + k] = (float) (self->scale * self->from[3 * i + k]);
}

void
oss_smoother_put (const OssSmoother *self, const double *from, double scale, float *to)
{
  Pass pass = { .from = from, .scale = scale, .r = to };
  oss_parallel_for (self->n, ROWS_PER_TURN, put_rows, &pass);
}

static void
get_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *self = data;
  for (gsize i = begin; i < end; i++)
    for (gsize k = 0; k < 3; k++)
      self->to[3 * i + k] = self->scale * (double) self->x[4 * i + k];
}

void
oss_smoother_get (const OssSmoother *self, const float *from, double scale, double *to)
{
  Pass pass = { .x = from, .scale = scale, .to = to };
  oss_parallel_for (self->n, ROWS_PER_TURN, get_rows, &pass);
}

/* The sums of three vectors' first three lanes. */
static inline Four
sums_of (Four a, Four b, Four c)
{
  return (Four){ a[0] + a[1] + a[2], b[0] + b[1] + b[2], c[0] + c[1] + c[2], 0.0f };
}

/* The products of a chunk's rows, and what they add to the rows of their columns: sum += A x of the chunk.  The fourth
 * lane of a block's row is the next row's first number; x has a zero there, and what it leaves in @sum is cleared by
 * whoever reads it. */
OSS_CLONES static void
multiply_rows (const OssBlockMatrix *pattern, const float *value, const gint32 *halo, gsize begin, gsize end,
               const float *x, float *sum, float *outside)
{
  for (gsize i = begin; i < end; i++)
    {
      gsize k = pattern->start[i], last = pattern->start[i + 1];
      const float *xi = x + 4 * i;
      Four a = { 0.0f }, b = { 0.0f }, c = { 0.0f };
      if (k == last)
        continue;
      for (; k + 1 < last; k++)
        {
          const float *block = value + 9 * k;
          Four u = load (block), v = load (block + 3), w = load (block + 6);
          Four xj = load (x + 4 * (gsize) pattern->column[k]);
          float *to = halo[k] >= 0 ? outside + 4 * (gsize) halo[k] : sum + 4 * (gsize) pattern->column[k];
          a += u * xj;
          b += v * xj;
          c += w * xj;
          store (to, load (to) + (u * xi[0] + v * xi[1] + w * xi[2]));
        }
      const float *block = value + 9 * k;
      Four own = load (xi);
      a += load (block) * own;
      b += load (block + 3) * own;
      c += load (block + 6) * own;
      store (sum + 4 * i, load (sum + 4 * i) + sums_of (a, b, c));
    }
}

static void
multiply_chunks (gsize begin, gsize end, guint thread, void *data)
{
  const Pass *self = data;
  const OssSmoother *smoother = self->smoother;

  for (gsize c = begin; c < end; c++)
    {
      gsize row = self->chunks.first[c], after = self->chunks.first[c + 1];
      gsize place = self->chunks.halo_start[c], last = self->chunks.halo_start[c + 1];
      memset (smoother->sum + 4 * row, 0, 4 * (after - row) * sizeof (float));
      memset (smoother->outside + 4 * place, 0, 4 * (last - place) * sizeof (float));
      multiply_rows (smoother->pattern, smoother->value, self->chunks.halo, row, after, self->x, smoother->sum,
                     smoother->outside);
    }
}

/* r = b - (the row's sum and what others add to it), and the step that follows. */
OSS_CLONES static void
finish_rows (const Pass *self, gsize begin, gsize end)
{
  const OssSmoother *smoother = self->smoother;
  const Four three = { 1.0f, 1.0f, 1.0f, 0.0f };

  for (gsize i = begin; i < end; i++)
    {
      Four r = load (self->b + 4 * i);
      if (self->x != NULL)
        {
          Four sum = load (smoother->sum + 4 * i);
          for (gsize p = self->chunks.from_start[i]; p < self->chunks.from_start[i + 1]; p++)
            sum += load (smoother->outside + 4 * (gsize) self->chunks.from[p]);
          r -= sum * three;
        }
      store (self->r + 4 * i, r);
      if (self->d == NULL)
        continue;
      const float *m = smoother->inverse + 12 * i;
      Four d = self->gain * (load (m) * r[0] + load (m + 4) * r[1] + load (m + 8) * r[2]);
      if (self->keep != 0.0f)
        d += self->keep * load (self->d + 4 * i);
      store (self->d + 4 * i, d);
      store (self->sum + 4 * i, load (self->sum + 4 * i) + self->weight * d);
    }
}

static void
finish_turn (gsize begin, gsize end, guint thread, void *data)
{
  finish_rows (data, begin, end);
}

/* The product first where there is one: then x may be changed. */
static void
run_pass (Pass *pass)
{
  pass->chunks = oss_block_product_chunks (pass->smoother->product);
  if (pass->x != NULL)
    oss_parallel_for (pass->chunks.n_chunks, 1, multiply_chunks, pass);
  oss_parallel_for (pass->smoother->n, ROWS_PER_TURN, finish_turn, pass);
}

void
oss_smoother_residual (OssSmoother *self, const float *b, const float *x, float *r)
{
  Pass pass = { .smoother = self, .b = b, .x = x, .r = r };
  run_pass (&pass);
}

void
oss_smoother_residual_plain (const OssSmoother *self, const float *b, const float *x, float *r)
{
  memcpy (r, b, 4 * self->n * sizeof *r);
  for (gsize i = 0; i < self->n; i++)
    for (gsize k = self->pattern->start[i]; k < self->pattern->start[i + 1]; k++)
      {
        gsize j = (gsize) self->pattern->column[k];
        for (gsize s = 0; s < 3; s++)
          for (gsize c = 0; c < 3; c++)
            {
              float a = self->value[9 * k + 3 * s + c];
              r[4 * i + s] -= a * x[4 * j + c];
              if (i != j)
                r[4 * j + c] -= a * x[4 * i + s];
            }
      }
}

/* Weights of the optimal polynomials of the fourth kind, table 1 of the paper. */
static const double fourth_kind[4][4] = { { 1.12500000000000, 0.0, 0.0, 0.0 },
                                          { 1.02387287570313, 1.26408905371085, 0.0, 0.0 },
                                          { 1.00842544782028, 1.08867839208730, 1.33753125909618, 0.0 },
                                          { 1.00391310427285, 1.04035811188593, 1.14863498546254, 1.38268869241000 } };

void
oss_smoother_run (OssSmoother *self, const float *b, float *x, gboolean from_zero, int degree, float *work)
{
  float *r = work, *d = work + 4 * self->n;

  if (from_zero)
    memset (x, 0, 4 * self->n * sizeof *x);
  for (int k = 0; k < degree; k++)
    {
      double n = 2.0 * k;
      Pass pass = { .smoother = self,
                    .b = k == 0 ? b : r,
                    .x = k > 0       ? d
                         : from_zero ? NULL
                                     : x,
                    .r = r,
                    .d = d,
                    .sum = x,
                    .keep = (float) (k == 0 ? 0.0 : (n - 1.0) / (n + 3.0)),
                    .gain = (float) ((4.0 * n + 4.0) / (n + 3.0) / self->largest),
                    .weight = (float) fourth_kind[degree - 1][k] };
      run_pass (&pass);
    }
}

static double
dot (const float *a, const float *b, gsize n)
{
  double lane[8] = { 0.0 };
  for (gsize i = 0; i < n; i++) /* n is a multiple of 4 */
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
static void
start_vector (float *r, gsize n)
{
  guint32 weyl = 0;
  for (gsize i = 0; i < n; i++)
    for (gsize k = 0; k < 3; k++)
      r[4 * i + k] = (float) (weyl += 2654435769u) / 4294967296.0f - 0.5f;
}

/* The tridiagonal matrix that some steps of conjugate gradients leave (Saad, Iterative Methods, 6.7.3). */
static void
estimate_largest (OssSmoother *self)
{
  gsize size = 4 * self->n;
  double diagonal[LANCZOS_STEPS], beside[LANCZOS_STEPS], last = 0.0, ratio = 0.0, zr;
  g_autofree float *block = g_new0 (float, 5 * size + 1);
  float *r = block, *z = block + size, *p = block + 2 * size, *q = block + 3 * size, *none = block + 4 * size;
  Pass scale = { .smoother = self, .b = r, .r = r, .d = z, .sum = none, .gain = 1.0f };
  int n = 0;

  self->largest = 1.0;
  start_vector (r, self->n);
  run_pass (&scale);
  zr = dot (z, r, size);
  memcpy (p, z, size * sizeof *p);
  for (; n < LANCZOS_STEPS && zr > 0.0; n++)
    {
      memset (none, 0, size * sizeof *none);
      oss_smoother_residual (self, none, p, q); /* q = -A p */
      double alpha = -zr / dot (p, q, size), before = zr;
      if (!(alpha > 0.0) || !isfinite (alpha))
        break;
      for (gsize i = 0; i < size; i++)
        r[i] += (float) alpha * q[i];
      run_pass (&scale);
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
