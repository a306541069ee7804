/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-fem-constraints-private.h"

#include <stdlib.h>
#include <string.h>

/* The system of a model with equations or platens: T' K T, solved directly. */

#define ROWS_PER_CHUNK 256
#define REFINE_ABOVE 1e-12

/* Blocks of the upper triangle by rows: where each is kept in the lower one. */
typedef struct
{
  gsize *start;
  gint32 *row; /* the block's row in the lower triangle: its column here */
  gsize *block;
} Upper;

static void
upper_clear (Upper *self)
{
  oss_free_aligned (self->start);
  oss_free_aligned (self->row);
  oss_free_aligned (self->block);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Upper, upper_clear)

static gboolean
upper_init (Upper *self, const OssBlockMatrix *matrix, GError **error)
{
  gsize n_blocks = matrix->start[matrix->n];

  if ((self->start = oss_alloc_aligned (matrix->n + 2, sizeof *self->start, _ ("the equations"), error)) == NULL
      || (self->row = oss_alloc_aligned (n_blocks + 1, sizeof *self->row, _ ("the equations"), error)) == NULL
      || (self->block = oss_alloc_aligned (n_blocks + 1, sizeof *self->block, _ ("the equations"), error)) == NULL)
    return FALSE;
  for (gsize i = 0; i < matrix->n; i++)
    for (gsize k = matrix->start[i]; k < matrix->start[i + 1]; k++)
      if ((gsize) matrix->column[k] < i)
        self->start[matrix->column[k] + 2]++;
  for (gsize i = 2; i < matrix->n + 2; i++)
    self->start[i] += self->start[i - 1];
  for (gsize i = 0; i < matrix->n; i++)
    for (gsize k = matrix->start[i]; k < matrix->start[i + 1]; k++)
      if ((gsize) matrix->column[k] < i)
        {
          gsize at = self->start[matrix->column[k] + 1]++;
          self->row[at] = (gint32) i;
          self->block[at] = k;
        }
  return TRUE;
}

typedef struct
{
  gint32 freedom;
  double factor;
} Follower;

typedef struct
{
  const OssConstraints *constraints;
  const OssBlockMatrix *matrix;
  const gint32 *unknown;
  const OssTick *tick;
  Upper upper;
  gsize n; /* unknowns */
  /* T by columns: the nodal freedoms that follow each unknown. */
  gsize *follow_start;
  Follower *follow;
  double **sum;   /* [threads][n] */
  guint8 **known; /* [threads][n] */
  GArray **index; /* [chunks] gint32 */
  GArray **value; /* [chunks] double */
  gint64 *length; /* [n] entries of each row */
  int failed;
} Product;

/* Adds @factor K (freedom, column block) T to the row at hand, up to its diagonal. */
static void
add_block_row (const Product *self, const double entries[3], gsize block_column, double factor, gint32 last,
               double *sum, guint8 *known, GArray *index)
{
  for (gsize c = 0; c < 3; c++)
    {
      gint32 own;
      double one;
      const gint32 *term;
      const double *value;
      gsize n = oss_constraints_terms (self->constraints, 3 * block_column + c, &own, &one, &term, &value);
      for (gsize k = 0; k < n; k++)
        {
          gint32 u = self->unknown[term[k]];
          if (u < 0 || u > last)
            continue;
          if (!known[u])
            {
              known[u] = TRUE;
              sum[u] = 0.0;
              g_array_append_val (index, u);
            }
          sum[u] += factor * entries[c] * value[k];
        }
    }
}

static void
add_freedom_row (const Product *self, gint32 freedom, double factor, gint32 last, double *sum, guint8 *known,
                 GArray *index)
{
  const OssBlockMatrix *matrix = self->matrix;
  gsize i = (gsize) freedom / 3, r = (gsize) freedom % 3;

  for (gsize k = matrix->start[i]; k < matrix->start[i + 1]; k++)
    add_block_row (self, matrix->value + 9 * k + 3 * r, (gsize) matrix->column[k], factor, last, sum, known, index);
  for (gsize k = self->upper.start[i]; k < self->upper.start[i + 1]; k++)
    {
      const double *block = matrix->value + 9 * self->upper.block[k];
      const double entries[3] = { block[r], block[3 + r], block[6 + r] };
      add_block_row (self, entries, (gsize) self->upper.row[k], factor, last, sum, known, index);
    }
}

static int
compare_index (const void *a, const void *b)
{
  gint32 x = *(const gint32 *) a, y = *(const gint32 *) b;
  return (x > y) - (x < y);
}

static void
multiply_rows (gsize begin, gsize end, guint thread, void *data)
{
  Product *self = data;
  GArray *index = g_array_new (FALSE, FALSE, sizeof (gint32)), *value = g_array_new (FALSE, FALSE, sizeof (double));
  GArray *row = g_array_new (FALSE, FALSE, sizeof (gint32));

  self->index[begin / ROWS_PER_CHUNK] = index;
  self->value[begin / ROWS_PER_CHUNK] = value;
  if (self->sum[thread] == NULL)
    {
      self->sum[thread] = oss_alloc_aligned (self->n, sizeof (double), "", NULL);
      self->known[thread] = oss_alloc_aligned (self->n, 1, "", NULL);
    }
  double *sum = self->sum[thread];
  guint8 *known = self->known[thread];
  if (sum == NULL || known == NULL)
    g_atomic_int_set (&self->failed, TRUE);
  for (gsize i = begin; i < end && sum != NULL && known != NULL && !oss_tick_stopped (self->tick); i++)
    {
      g_array_set_size (row, 0);
      for (gsize k = self->follow_start[i]; k < self->follow_start[i + 1]; k++)
        add_freedom_row (self, self->follow[k].freedom, self->follow[k].factor, (gint32) i, sum, known, row);
      gint32 *column = (gint32 *) (void *) row->data;
      if (row->len > 1)
        qsort (column, row->len, sizeof *column, compare_index);
      for (guint k = 0; k < row->len; k++)
        {
          g_array_append_val (index, column[k]);
          g_array_append_val (value, sum[column[k]]);
          known[column[k]] = FALSE;
        }
      self->length[i] = row->len;
    }
  g_array_unref (row);
}

/* T by columns, of the nodal freedoms: those of platens have no stiffness of their own. */
static gboolean
find_followers (Product *self, GError **error)
{
  const OssConstraints *constraints = self->constraints;

  self->follow_start = oss_alloc_aligned (self->n + 2, sizeof (gsize), _ ("the equations"), error);
  if (self->follow_start == NULL)
    return FALSE;
  for (int pass = 0; pass < 2; pass++)
    {
      for (gsize f = 0; f < constraints->n_nodal; f++)
        {
          gint32 own;
          double one;
          const gint32 *index;
          const double *value;
          gsize n = oss_constraints_terms (constraints, f, &own, &one, &index, &value);
          for (gsize k = 0; k < n; k++)
            {
              gint32 u = self->unknown[index[k]];
              if (u >= 0 && pass == 0)
                self->follow_start[u + 2]++;
              else if (u >= 0)
                self->follow[self->follow_start[u + 1]++] = (Follower){ (gint32) f, value[k] };
            }
        }
      if (pass == 0)
        {
          for (gsize i = 2; i < self->n + 2; i++)
            self->follow_start[i] += self->follow_start[i - 1];
          self->follow =
              oss_alloc_aligned (self->follow_start[self->n + 1] + 1, sizeof *self->follow, _ ("the equations"), error);
          if (self->follow == NULL)
            return FALSE;
        }
    }
  return TRUE;
}

static OssSymmetric *
join_rows (Product *self, gsize n_chunks, GError **error)
{
  gsize entries = 0, at = 0;

  for (gsize i = 0; i < self->n; i++)
    entries += (gsize) self->length[i];
  OssSymmetric *matrix = oss_symmetric_new (self->n, entries, error);
  if (matrix == NULL)
    return NULL;
  for (gsize i = 0; i < self->n; i++)
    matrix->start[i + 1] = matrix->start[i] + self->length[i];
  for (gsize chunk = 0; chunk < n_chunks; chunk++)
    for (guint k = 0; k < self->index[chunk]->len; k++, at++)
      {
        matrix->index[at] = g_array_index (self->index[chunk], gint32, k);
        matrix->value[at] = g_array_index (self->value[chunk], double, k);
      }
  return matrix;
}

static void
product_clear (Product *self, gsize n_chunks)
{
  upper_clear (&self->upper);
  oss_free_aligned (self->follow_start);
  oss_free_aligned (self->follow);
  for (guint t = 0; t < oss_parallel_threads (); t++)
    {
      oss_free_aligned (self->sum[t]);
      oss_free_aligned (self->known[t]);
    }
  for (gsize chunk = 0; chunk < n_chunks; chunk++)
    if (self->index[chunk] != NULL)
      {
        g_array_unref (self->index[chunk]);
        g_array_unref (self->value[chunk]);
      }
  g_free (self->sum);
  g_free (self->known);
  g_free (self->index);
  g_free (self->value);
  g_free (self->length);
}

OssSymmetric *
oss_constraints_reduce (const OssConstraints *self, const OssBlockMatrix *stiffness, const gint32 *unknown,
                        gsize n_unknowns, const OssTick *tick, GError **error)
{
  gsize n_chunks = (n_unknowns + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK;
  Product product = { .constraints = self, .matrix = stiffness, .unknown = unknown, .tick = tick, .n = n_unknowns };
  OssSymmetric *matrix = NULL;

  product.sum = g_new0 (double *, oss_parallel_threads ());
  product.known = g_new0 (guint8 *, oss_parallel_threads ());
  product.index = g_new0 (GArray *, n_chunks + 1);
  product.value = g_new0 (GArray *, n_chunks + 1);
  product.length = g_new0 (gint64, n_unknowns + 1);
  if (upper_init (&product.upper, stiffness, error) && find_followers (&product, error))
    {
      oss_parallel_for (n_unknowns, ROWS_PER_CHUNK, multiply_rows, &product);
      if (oss_tick_stopped (tick))
        oss_tick_cancelled (error);
      else if (product.failed)
        g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                     _ ("Not enough memory for %zu unknowns. Use a coarser mesh."), n_unknowns);
      else
        matrix = join_rows (&product, n_chunks, error);
    }
  product_clear (&product, n_chunks);
  return matrix;
}

/* The vectors of a solution, over all freedoms of the constraints. */
typedef struct
{
  const OssFemModel *model;
  const OssBlockMatrix *stiffness;
  OssConstraints *constraints;
  gint32 *unknown; /* [n] */
  gsize n_unknowns;
  double *motion;   /* v: what stands for itself */
  double *u;        /* T v + g */
  double *force;    /* f - K u */
  double *gathered; /* T' force */
} Solution;

static void
solution_clear (Solution *self)
{
  oss_constraints_free (self->constraints);
  g_free (self->unknown);
  g_free (self->motion);
  g_free (self->u);
  g_free (self->force);
  g_free (self->gathered);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Solution, solution_clear)

/* force = f - K u for the motion at hand, gathered to what stands for itself; the norm over the unknowns. */
static double
residual (Solution *self, double *right)
{
  const OssFemModel *model = self->model;
  const OssConstraints *constraints = self->constraints;
  double sum = 0.0;

  oss_constraints_expand (constraints, self->motion, TRUE, self->u);
  oss_block_matrix_multiply (self->stiffness, self->u, self->force);
  for (gsize f = 0; f < constraints->n_nodal; f++)
    self->force[f] = -self->force[f];
  for (gsize k = constraints->n_nodal; k < constraints->n; k++)
    self->force[k] = model->platens[(k - constraints->n_nodal) / 6].load[(k - constraints->n_nodal) % 6];
  for (gsize i = 0; i < model->n_forces; i++)
    self->force[3 * (gsize) model->forces[i].node + (gsize) model->forces[i].axis] += model->forces[i].value;
  oss_constraints_gather (constraints, self->force, self->gathered);
  for (gsize f = 0; f < constraints->n; f++)
    if (self->unknown[f] >= 0)
      {
        right[self->unknown[f]] = self->gathered[f];
        sum += self->gathered[f] * self->gathered[f];
      }
  return sqrt (sum);
}

/* Loads have to reach an element, if only through an equation. */
static gboolean
check_forces (const Solution *self, GError **error)
{
  for (gsize i = 0; i < self->model->n_forces; i++)
    {
      const OssNodal *force = &self->model->forces[i];
      gint32 own;
      double one;
      const gint32 *index;
      const double *value;
      gsize n = oss_constraints_terms (self->constraints, 3 * (gsize) force->node + (gsize) force->axis, &own, &one,
                                       &index, &value);
      gboolean reached = force->value == 0.0;
      for (gsize k = 0; k < n && !reached; k++)
        reached = self->constraints->used[index[k]];
      if (!reached)
        return oss_fem_loads_nothing (self->model, i, error);
    }
  return TRUE;
}

static gboolean
check_platens (const Solution *self, GError **error)
{
  const OssFemModel *model = self->model;
  const OssConstraints *constraints = self->constraints;

  for (gsize k = 0; k < 6 * model->n_platens; k++)
    {
      gsize f = constraints->n_nodal + k;
      const OssFemPlaten *platen = &model->platens[k / 6];
      if (!constraints->used[f] && constraints->row[f] < 0
          && (platen->load[k % 6] != 0.0 || (platen->prescribed[k % 6] && platen->motion[k % 6] != 0.0)))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       k % 6 < 3 ? _ ("Platen %zu is loaded or moved along %c, where nothing resists: it glides.")
                                 : _ ("Platen %zu is loaded or turned about %c, where nothing resists: it glides."),
                       k / 6, "xyz"[k % 3]);
          return FALSE;
        }
    }
  return TRUE;
}

static void
number_unknowns (Solution *self)
{
  const OssConstraints *constraints = self->constraints;

  self->unknown = g_new (gint32, constraints->n);
  for (gsize f = 0; f < constraints->n; f++)
    {
      gboolean sought = constraints->used[f] && !constraints->prescribed[f] && constraints->row[f] < 0;
      self->unknown[f] = sought ? (gint32) self->n_unknowns++ : -1;
    }
}

static gboolean
fail_singular (const Solution *self, const OssCholeskyInfo *info, GError *cause, GError **error)
{
  gsize freedom = 0;

  if (!g_error_matches (cause, OSS_ERROR, OSS_ERROR_REFUSED))
    {
      g_propagate_error (error, cause);
      return FALSE;
    }
  g_error_free (cause);
  while (self->unknown[freedom] != (gint32) info->weakest_row)
    freedom++;
  gboolean platen = freedom >= self->constraints->n_nodal;
  gsize number = (freedom - self->constraints->n_nodal) / 6;
  const double *x = platen ? self->model->platens[number].reference_mm : self->model->mesh->nodes + freedom / 3 * 3;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("The model is not held: near (%.1f, %.1f, %.1f) mm a part or a platen can move as a rigid body "
                  "(relative pivot %.0e). Hold it, or mesh again where parts touch in a point or an edge only."),
               x[0], x[1], x[2], info->weakest_pivot);
  return FALSE;
}

static gboolean
solve_system (Solution *self, OssFemResult *result, const OssTick *tick, GError **error)
{
  g_autofree double *right = g_new (double, MAX (self->n_unknowns, 1));
  g_autoptr (OssCholesky) cholesky = NULL;
  OssCholeskyInfo info = { 0 };
  double load = residual (self, right), left = load;

  if (load > 0.0)
    {
      GError *cause = NULL;
      OssSymmetric *reduced =
          oss_constraints_reduce (self->constraints, self->stiffness, self->unknown, self->n_unknowns, tick, error);
      if (reduced == NULL)
        return FALSE;
      /* Rows that follow one node no longer couple alike: ordered one by one. */
      cholesky = oss_cholesky_new (reduced, NULL, 0, &info, tick, &cause);
      if (cholesky == NULL)
        return fail_singular (self, &info, cause, error);
      g_snprintf (result->solver, sizeof result->solver, "CHOLMOD supernodal, %s", info.ordering);
      g_strlcpy (result->choice, "equations and platens are factorised", sizeof result->choice);
    }
  for (int pass = 0; pass < 3 && left > REFINE_ABOVE * load; pass++)
    {
      if (!oss_cholesky_solve (cholesky, right, tick, error))
        return FALSE;
      for (gsize f = 0; f < self->constraints->n; f++)
        if (self->unknown[f] >= 0)
          self->motion[f] += right[self->unknown[f]];
      left = residual (self, right);
    }
  result->relative_residual = load > 0.0 ? left / load : 0.0;
  if (result->relative_residual < 1e-6)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
               _ ("The equations are too badly conditioned: a relative residual of %.1e is left. Mesh again, or "
                  "raise the least modulus."),
               result->relative_residual);
  return FALSE;
}

/* Forces that hold prescribed motions follow from virtual work: T' (K u - f).  Half of what the right sides of
 * equations do is constraint force times the motion they add. */
static void
take_result (Solution *self, OssFemResult *result)
{
  const OssConstraints *constraints = self->constraints;
  gsize n_nodal = constraints->n_nodal;

  memcpy (result->displacement, self->u, n_nodal * sizeof (double));
  for (gsize k = 0; k < 6 * self->model->n_platens; k++)
    {
      result->platen_motion[k] = self->u[n_nodal + k];
      result->platen_force[k] = self->model->platens[k / 6].load[k % 6];
    }
  for (gsize f = 0; f < constraints->n; f++)
    if (constraints->prescribed[f] && f < n_nodal)
      result->reaction[f] = -self->gathered[f];
    else if (constraints->prescribed[f])
      result->platen_force[f - n_nodal] = -self->gathered[f];
  for (gsize f = 0; f < constraints->n; f++)
    if (constraints->row[f] >= 0)
      result->work -= 0.5 * self->force[f] * constraints->constant[constraints->row[f]];
}

gboolean
oss_fem_solve_constrained (const OssFemModel *model, const OssBlockMatrix *stiffness, const OssIncidence *incidence,
                           OssFemResult *result, const OssTick *tick, GError **error)
{
  g_auto (Solution) solution = { .model = model, .stiffness = stiffness };

  solution.constraints = oss_constraints_new (model, incidence, tick, error);
  if (solution.constraints == NULL || !check_forces (&solution, error) || !check_platens (&solution, error))
    return FALSE;
  gsize n = solution.constraints->n;
  solution.motion = g_memdup2 (solution.constraints->motion, n * sizeof (double));
  solution.u = g_new0 (double, n);
  solution.force = g_new0 (double, n);
  solution.gathered = g_new0 (double, n);
  number_unknowns (&solution);
  if (!solve_system (&solution, result, tick, error))
    return FALSE;
  take_result (&solution, result);
  result->dof = solution.n_unknowns;
  return TRUE;
}
