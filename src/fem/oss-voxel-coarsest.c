/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-private.h"
#include "numeric/oss-block-matrix.h"

#include <math.h>
#include <string.h>

/* Operations of a factorisation within the envelope beyond which CHOLMOD with its ordering is used. */
#define MOST_ENVELOPE 4e9

/* L of L L' by rows within the envelope: row i holds columns first[i] .. i.  In float after the factorisation: it
 * serves a preconditioner in float.  One thread, so the bits do not depend on the number of threads. */
struct _OssVoxelCoarsest
{
  gsize n;
  gint32 *unknown; /* [3 n_nodes] of the level's freedoms, -1 when held */
  gsize *first, *start;
  float *factor;
  float *inverse; /* of the diagonal */
  float *work;
  OssCholesky *cholesky;
  double *right;
  double bytes;
};

void
oss_voxel_coarsest_free (OssVoxelCoarsest *self)
{
  if (self == NULL)
    return;
  g_free (self->unknown);
  g_free (self->first);
  g_free (self->start);
  oss_free_aligned (self->factor);
  g_free (self->inverse);
  g_free (self->work);
  g_clear_pointer (&self->cholesky, oss_cholesky_free);
  g_free (self->right);
  g_free (self);
}

double
oss_voxel_coarsest_bytes (const OssVoxelCoarsest *self)
{
  return self != NULL ? self->bytes : 0.0;
}

/* Number of every active point, copies of periodic points with that of the first. */
static gint32 *
number_nodes (const OssVoxelLevel *level, gsize *n_nodes)
{
  gint32 *number = g_new (gint32, level->n_nodes);
  gsize node = 0;

  if (level->corner != NULL)
    {
      for (*n_nodes = 0; *n_nodes < level->n_nodes; (*n_nodes)++)
        number[*n_nodes] = (gint32) *n_nodes;
      return number;
    }
  *n_nodes = 0;
  for (gsize row = 0; row < level->points[1] * level->points[2]; row++)
    for (gsize x = 0; x < level->points[0]; x++)
      {
        const gsize at[3] = { x, row % level->points[1], row / level->points[1] };
        gsize first[3], copy = 0;
        if ((level->node_bits[row * level->words + x / 64] >> x % 64 & 1) == 0)
          continue;
        for (int k = 0; k < 3; k++)
          {
            first[k] = level->periodic[k] && at[k] == level->size[k] ? 0 : at[k];
            copy += first[k] != at[k];
          }
        gsize first_row = first[2] * level->points[1] + first[1];
        if (copy > 0)
          number[node++] = number[level->row_start[first_row]
                                  + oss_voxel_rank (level->node_bits + first_row * level->words, first[0])];
        else
          number[node++] = (gint32) (*n_nodes)++;
      }
  return number;
}

static gint32 *
list_elements (const OssVoxelLevel *level, const gint32 *number)
{
  gint32 *elements = g_new (gint32, 8 * MAX (level->n_elements, 1)), *at = elements;

  if (level->corner != NULL)
    {
      memcpy (elements, level->corner, 8 * level->n_elements * sizeof *elements);
      return elements;
    }
  for (gsize row = 0; row < level->size[1] * level->size[2]; row++)
    for (gsize r = level->run_start[row]; r < level->run_start[row + 1]; r++)
      for (gsize i = 0; i < level->run[r].length; i++)
        for (gsize c = 0; c < 8; c++)
          {
            gsize nodes = (row / level->size[1] + c / 4) * level->points[1] + row % level->size[1] + c / 2 % 2;
            *at++ = number[level->row_start[nodes] + level->run[r].node[c / 2] + i + c % 2];
          }
  return elements;
}

static void
add_block (OssBlockMatrix *matrix, gint32 row, gint32 column, const double *value)
{
  double *block = oss_block_matrix_at (matrix, (gsize) row, column);
  for (gsize i = 0; i < 3; i++)
    for (gsize j = 0; j < 3; j++)
      block[3 * i + j] += value[24 * i + j];
}

static void
fill_elements (const OssVoxelLevel *level, const gint32 *elements, OssBlockMatrix *matrix)
{
  double stiffness[24][24];

  for (gsize e = 0; e < level->n_elements; e++)
    {
      if (level->octants != NULL)
        oss_voxel_octants_stiffness (level, e, stiffness);
      for (int i = 0; i < 24 && level->octants == NULL; i++)
        for (int j = 0; j < 24; j++)
          stiffness[i][j] = level->modulus[e] * level->stiffness[i][j];
      for (gsize a = 0; a < 8; a++)
        for (gsize b = 0; b < 8; b++)
          if (elements[8 * e + b] <= elements[8 * e + a])
            add_block (matrix, elements[8 * e + a], elements[8 * e + b], &stiffness[3 * a][3 * b]);
    }
}

/* Freedoms of the level by node and component; those held, or that move nothing, are no unknowns. */
static void
number_freedoms (OssVoxelCoarsest *self, const OssVoxelLevel *level, const gint32 *number, gsize n_nodes,
                 gint32 *unknown)
{
  g_autofree gsize *node_of = g_new (gsize, 3 * level->n_nodes);

  for (gsize f = 0; f < 3 * level->n_nodes; f++)
    node_of[f] = 3 * (gsize) number[f / 3] + f % 3;
  for (gsize i = 0; i < level->n_fixed; i++)
    unknown[node_of[level->fixed[i]]] = -1;
  for (gsize f = 0; f < 3 * level->n_nodes && level->inverse_sum != NULL; f++)
    if (!(level->inverse_sum[f] > 0.0f))
      unknown[node_of[f]] = -1;
  for (gsize f = 0; f < 3 * n_nodes; f++)
    if (unknown[f] == 0)
      unknown[f] = (gint32) self->n++;
  self->unknown = g_new (gint32, MAX (3 * level->n_nodes, 1));
  for (gsize f = 0; f < 3 * level->n_nodes; f++)
    self->unknown[f] = unknown[node_of[f]];
}

static void
stiffen_diagonal (OssBlockMatrix *matrix, gsize n_nodes, double shift)
{
  for (gsize node = 0; node < n_nodes; node++)
    {
      double *block = oss_block_matrix_at (matrix, node, (gint32) node);
      for (gsize c = 0; c < 3; c++)
        block[4 * c] += shift * block[4 * c];
    }
}

/* L by rows (Golub and Van Loan, 4.2, kept within the envelope). */
static gboolean
factorize (OssVoxelCoarsest *self, const OssSymmetric *matrix, GError **error)
{
  double *l = oss_alloc_aligned (self->start[self->n] + 1, sizeof *l, _ ("the coarsest voxel level"), error);
  if (l == NULL)
    return FALSE;
  for (gsize i = 0; i < self->n; i++)
    {
      double *row = l + self->start[i] - self->first[i];
      for (gint64 e = matrix->start[i]; e < matrix->start[i + 1]; e++)
        row[matrix->index[e]] = matrix->value[e];
      double diagonal = row[i];
      for (gsize j = self->first[i]; j <= i; j++)
        {
          const double *other = l + self->start[j] - self->first[j];
          double strand[4] = { 0.0 }, sum = row[j];
          gsize k = MAX (self->first[i], self->first[j]);
          for (; k + 4 <= j; k += 4)
            for (gsize s = 0; s < 4; s++)
              strand[s] += row[k + s] * other[k + s];
          for (; k < j; k++)
            sum -= row[k] * other[k];
          sum -= (strand[0] + strand[1]) + (strand[2] + strand[3]);
          if (j < i)
            row[j] = sum / other[j];
          else
            row[i] =
                sqrt (MAX (sum, 1e-6 * diagonal)); /* a motion nothing resists: kept small, it is a preconditioner */
        }
    }
  self->factor = oss_alloc_aligned (self->start[self->n] + 1, sizeof (float), _ ("the coarsest voxel level"), error);
  self->inverse = g_new (float, MAX (self->n, 1));
  self->work = g_new (float, MAX (self->n, 1));
  for (gsize e = 0; self->factor != NULL && e < self->start[self->n]; e++)
    self->factor[e] = (float) l[e];
  for (gsize i = 0; i < self->n; i++)
    self->inverse[i] = (float) (1.0 / l[self->start[i + 1] - 1]);
  oss_free_aligned (l);
  self->bytes = (double) self->start[self->n] * sizeof (float);
  return self->factor != NULL;
}

static gboolean
take_matrix (OssVoxelCoarsest *self, OssSymmetric *matrix, const OssTick *tick, GError **error)
{
  double operations = 0.0;
  OssCholeskyInfo info;

  self->first = g_new (gsize, MAX (self->n, 1));
  self->start = g_new0 (gsize, self->n + 1);
  for (gsize i = 0; i < self->n; i++)
    {
      self->first[i] = (gsize) matrix->index[matrix->start[i]];
      self->start[i + 1] = self->start[i] + (i - self->first[i] + 1);
      operations += (double) (i - self->first[i]) * (double) (i - self->first[i]);
    }
  if (operations < MOST_ENVELOPE)
    {
      gboolean done = factorize (self, matrix, error);
      oss_symmetric_free (matrix);
      return done;
    }
  self->right = g_new (double, self->n);
  self->cholesky = oss_cholesky_new (matrix, NULL, 0, &info, tick, error);
  if (self->cholesky != NULL)
    self->bytes = info.factor_entries * sizeof (double);
  return self->cholesky != NULL;
}

OssVoxelCoarsest *
oss_voxel_coarsest_new (const OssVoxelLevel *level, double shift, const OssTick *tick, GError **error)
{
  OssVoxelCoarsest *self = g_new0 (OssVoxelCoarsest, 1);
  gsize n_nodes;
  g_autofree gint32 *number = number_nodes (level, &n_nodes), *elements = list_elements (level, number);
  g_autofree gint32 *unknown = g_new0 (gint32, 3 * n_nodes + 1);
  g_autoptr (OssIncidence) incidence = oss_incidence_new (n_nodes, level->n_elements, 8, elements, error);
  g_autoptr (OssBlockMatrix) matrix =
      incidence != NULL ? oss_block_matrix_new (incidence, 8, elements, tick, error) : NULL;
  OssSymmetric *reduced = NULL;

  if (matrix != NULL)
    {
      fill_elements (level, elements, matrix);
      number_freedoms (self, level, number, n_nodes, unknown);
      stiffen_diagonal (matrix, n_nodes, shift);
      reduced = oss_block_matrix_reduce (matrix, unknown, self->n, tick, error);
    }
  if (reduced == NULL || !take_matrix (self, reduced, tick, error))
    {
      oss_voxel_coarsest_free (self);
      return NULL;
    }
  return self;
}

static void
substitute (OssVoxelCoarsest *self)
{
  float *x = self->work;

  for (gsize i = 0; i < self->n; i++)
    {
      const float *row = self->factor + self->start[i] - self->first[i];
      float strand[16] = { 0.0f }, sum = x[i];
      gsize k = self->first[i];
      for (; k + 16 <= i; k += 16)
        for (gsize s = 0; s < 16; s++)
          strand[s] += row[k + s] * x[k + s];
      for (; k < i; k++)
        sum -= row[k] * x[k];
      for (gsize s = 0; s < 16; s++)
        sum -= strand[s];
      x[i] = sum * self->inverse[i];
    }
  for (gsize i = self->n; i-- > 0;)
    {
      const float *row = self->factor + self->start[i] - self->first[i];
      float value = x[i] *= self->inverse[i];
      for (gsize k = self->first[i]; k < i; k++)
        x[k] -= row[k] * value;
    }
}

void
oss_voxel_coarsest_solve (OssVoxelCoarsest *self, const OssVoxelLevel *level, const float *b, float *x)
{
  gsize n = 3 * level->n_nodes;

  for (gsize f = 0; f < n; f++)
    if (self->unknown[f] >= 0)
      {
        if (self->cholesky != NULL)
          self->right[self->unknown[f]] = b[f];
        else
          self->work[self->unknown[f]] = b[f];
      }
  if (self->cholesky == NULL)
    substitute (self);
  else if (!oss_cholesky_solve (self->cholesky, self->right, NULL, NULL))
    memset (self->right, 0, self->n * sizeof *self->right);
  for (gsize f = 0; f < n; f++)
    if (self->unknown[f] < 0)
      x[f] = 0.0f;
    else
      x[f] = self->cholesky != NULL ? (float) self->right[self->unknown[f]] : self->work[self->unknown[f]];
}
