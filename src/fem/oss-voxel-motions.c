/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

/* A motion that every held freedom lets through to this share is free. */
#define FREE_BELOW 1e-10

void
oss_voxel_rigid (const OssVoxelSystem *self, const double at_mm[3], double motion[6][3])
{
  memset (motion, 0, 6 * sizeof *motion);
  for (int k = 0; k < 3; k++)
    {
      int i = (k + 1) % 3, j = (k + 2) % 3;
      motion[k][k] = 1.0;
      motion[3 + k][j] = (at_mm[i] - self->middle_mm[i]) / self->extent_mm;
      motion[3 + k][i] = -(at_mm[j] - self->middle_mm[j]) / self->extent_mm;
    }
}

/* Jacobi rotations for a symmetric 6 x 6 matrix (Golub and Van Loan, 8.5); vectors in columns. */
static void
eigen_6 (double a[6][6], double vector[6][6])
{
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      vector[i][j] = i == j;
  for (int sweep = 0; sweep < 60; sweep++)
    for (int p = 0; p < 5; p++)
      for (int q = p + 1; q < 6; q++)
        {
          if (fabs (a[p][q]) < 1e-300)
            continue;
          double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
          double t = (theta < 0.0 ? -1.0 : 1.0) / (fabs (theta) + sqrt (theta * theta + 1.0));
          double c = 1.0 / sqrt (t * t + 1.0), s = t * c;
          for (int k = 0; k < 6; k++)
            {
              double x = a[k][p], y = a[k][q];
              a[k][p] = c * x - s * y, a[k][q] = s * x + c * y;
            }
          for (int k = 0; k < 6; k++)
            {
              double x = a[p][k], y = a[q][k];
              a[p][k] = c * x - s * y, a[q][k] = s * x + c * y;
              x = vector[k][p], y = vector[k][q];
              vector[k][p] = c * x - s * y, vector[k][q] = s * x + c * y;
            }
        }
}

/* Calls for every node of a row; periodic copies are left out when @once. */
typedef void (*NodeFunc) (const OssVoxelSystem *self, gsize freedom, const double at_mm[3], void *data);

static void
each_node (const OssVoxelSystem *self, gsize row, gboolean once, NodeFunc func, void *data)
{
  const OssVoxelLevel *level = self->level[0];
  gsize y = row % level->points[1], z = row / level->points[1], first, end = 0;
  gsize freedom = 3 * level->row_start[row], width = level->points[0] - (once && level->periodic[0] ? 1 : 0);

  if (once && ((level->periodic[1] && y == level->size[1]) || (level->periodic[2] && z == level->size[2])))
    return;
  while (oss_voxel_next_run (level->node_bits + row * level->words, width, end, &first, &end))
    for (gsize x = first; x < end; x++, freedom += 3)
      {
        const double at_mm[3] = { (double) x * level->spacing_mm[0], (double) y * level->spacing_mm[1],
                                  (double) z * level->spacing_mm[2] };
        func (self, freedom, at_mm, data);
      }
}

static void
add_gram (const OssVoxelSystem *self, gsize freedom, const double at_mm[3], void *data)
{
  double (*gram)[6] = data, motion[6][3];
  oss_voxel_rigid (self, at_mm, motion);
  for (int i = 0; i < 6; i++)
    for (int j = 0; j <= i; j++)
      gram[i][j] += oss_dot (motion[i], motion[j]);
}

/* How much the held freedoms resist the motions; axes with copies let no rotation about the others pass. */
static void
held_gram (const OssVoxelSystem *self, double gram[6][6])
{
  const OssVoxelLevel *level = self->level[0];
  double held = 0.0;

  memset (gram, 0, 6 * sizeof *gram);
  for (gsize i = 0; i < self->n_held; i++)
    {
      const OssVoxelFreedom *freedom = &self->held[i];
      double at_mm[3], motion[6][3];
      if (oss_voxel_system_node (self, freedom->at) < 0)
        continue;
      for (int k = 0; k < 3; k++)
        at_mm[k] = freedom->at[k] * level->spacing_mm[k];
      oss_voxel_rigid (self, at_mm, motion);
      for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
          gram[a][b] += motion[a][freedom->axis] * motion[b][freedom->axis];
      held += 1.0;
    }
  for (int k = 0; k < 3; k++)
    if (level->periodic[(k + 1) % 3] || level->periodic[(k + 2) % 3])
      gram[3 + k][3 + k] += held + 1.0;
  /* Rotations reach the extent at the border only: measured against how many there are, all are of order 1. */
  for (int a = 0; a < 6; a++)
    for (int b = 0; b < 6; b++)
      gram[a][b] /= held + 1.0;
}

static void
orthonormalize (OssVoxelSystem *self, double gram[6][6])
{
  for (int i = 0; i < self->n_motions; i++)
    for (int j = 0; j <= i; j++)
      {
        double product = 0.0;
        for (int a = 0; a < 6; a++)
          for (int b = 0; b < 6; b++)
            product += self->motion[i][a] * (a >= b ? gram[a][b] : gram[b][a]) * self->motion[j][b];
        for (int a = 0; a < 6; a++)
          if (j < i)
            self->motion[i][a] -= product * self->motion[j][a];
          else
            self->motion[i][a] /= sqrt (MAX (product, 1e-300));
      }
}

void
oss_voxel_find_motions (OssVoxelSystem *self)
{
  const OssVoxelLevel *level = self->level[0];
  double gram[6][6], vector[6][6];

  self->extent_mm = 0.0;
  for (int k = 0; k < 3; k++)
    {
      self->middle_mm[k] = 0.5 * (double) level->size[k] * level->spacing_mm[k];
      self->extent_mm = MAX (self->extent_mm, self->middle_mm[k]);
    }
  held_gram (self, gram);
  eigen_6 (gram, vector);
  self->n_motions = 0;
  for (int i = 0; i < 6; i++)
    if (gram[i][i] < FREE_BELOW)
      {
        for (int a = 0; a < 6; a++)
          self->motion[self->n_motions][a] = vector[a][i];
        self->n_motions++;
      }
  if (self->n_motions == 0)
    return;
  memset (gram, 0, sizeof gram);
  for (gsize row = 0; row < level->points[1] * level->points[2]; row++)
    each_node (self, row, TRUE, add_gram, gram);
  orthonormalize (self, gram);
}

static void
motion_at (const OssVoxelSystem *self, int i, double rigid[6][3], double out[3])
{
  for (int c = 0; c < 3; c++)
    {
      out[c] = 0.0;
      for (int a = 0; a < 6; a++)
        out[c] += self->motion[i][a] * rigid[a][c];
    }
}

typedef struct
{
  const OssVoxelSystem *system;
  const double *vector;
  double *vector_out;
  const float *vector_float;
  float *out_float;
  const double *factor;
  double *row_product; /* [rows][6] */
  double *product;     /* [6] of the row at hand */
} Motions;

static void
add_product (const OssVoxelSystem *self, gsize freedom, const double at_mm[3], void *data)
{
  Motions *motions = data;
  double rigid[6][3], m[3];

  oss_voxel_rigid (self, at_mm, rigid);
  for (int i = 0; i < self->n_motions; i++)
    {
      motion_at (self, i, rigid, m);
      for (gsize c = 0; c < 3; c++)
        motions->product[i] +=
            m[c]
            * (motions->vector != NULL ? motions->vector[freedom + c] : (double) motions->vector_float[freedom + c]);
    }
}

static void
product_rows (gsize begin, gsize end, guint thread, void *data)
{
  Motions motions = *(Motions *) data;
  for (gsize row = begin; row < end; row++)
    {
      motions.product = motions.row_product + 6 * row;
      each_node (motions.system, row, TRUE, add_product, &motions);
    }
}

static void
products (const OssVoxelSystem *self, const double *vector, const float *vector_float, double product[6])
{
  gsize rows = self->level[0]->points[1] * self->level[0]->points[2];
  g_autofree double *row_product = g_new0 (double, 6 * rows);
  Motions motions = { .system = self, .vector = vector, .vector_float = vector_float, .row_product = row_product };

  oss_parallel_for (rows, 64, product_rows, &motions);
  memset (product, 0, 6 * sizeof *product);
  for (gsize row = 0; row < rows; row++)
    for (int i = 0; i < 6; i++)
      product[i] += row_product[6 * row + (gsize) i];
}

static void
subtract_motions (const OssVoxelSystem *self, gsize freedom, const double at_mm[3], void *data)
{
  const Motions *motions = data;
  double rigid[6][3], m[3];

  oss_voxel_rigid (self, at_mm, rigid);
  for (int i = 0; i < self->n_motions; i++)
    {
      motion_at (self, i, rigid, m);
      for (gsize c = 0; c < 3; c++)
        if (motions->vector_out != NULL)
          motions->vector_out[freedom + c] -= motions->factor[i] * m[c];
        else
          motions->out_float[freedom + c] -= (float) (motions->factor[i] * m[c]);
    }
}

static void
subtract_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Motions *motions = data;
  for (gsize row = begin; row < end; row++)
    each_node (motions->system, row, FALSE, subtract_motions, data);
}

void
oss_voxel_motion_products (const OssVoxelSystem *self, const float *vector, double product[6])
{
  products (self, NULL, vector, product);
}

void
oss_voxel_take_motions_out (const OssVoxelSystem *self, double *vector)
{
  double product[6];
  if (self->n_motions == 0)
    return;
  products (self, vector, NULL, product);
  Motions motions = { .system = self, .vector_out = vector, .factor = product };
  oss_parallel_for (self->level[0]->points[1] * self->level[0]->points[2], 64, subtract_rows, &motions);
}

void
oss_voxel_take_motions_out_float (const OssVoxelSystem *self, float *vector)
{
  double product[6];
  if (self->n_motions == 0)
    return;
  products (self, NULL, vector, product);
  Motions motions = { .system = self, .out_float = vector, .factor = product };
  oss_parallel_for (self->level[0]->points[1] * self->level[0]->points[2], 64, subtract_rows, &motions);
}

char *
oss_voxel_motion_text (const OssVoxelSystem *self, int motion)
{
  static const char axes[] = "xyz";
  double turn = 0.0, shift = 0.0;
  int turn_axis = 0, shift_axis = 0;

  for (int k = 0; k < 3; k++)
    {
      if (fabs (self->motion[motion][k]) > shift)
        shift = fabs (self->motion[motion][k]), shift_axis = k;
      if (fabs (self->motion[motion][3 + k]) > turn)
        turn = fabs (self->motion[motion][3 + k]), turn_axis = k;
    }
  if (turn > shift)
    return g_strdup_printf (_ ("a rotation about %c"), axes[turn_axis]);
  return g_strdup_printf (_ ("a translation along %c"), axes[shift_axis]);
}
