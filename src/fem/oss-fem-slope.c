/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-fem-private.h"

#include <string.h>

/*
 * The normal of one triangle depends on the mesh: at a rim it is that of whatever face happens to lie there, and on
 * voxels it is never anything but a step.  A mean over a ball of fixed size does not: where a face ends at a rim, the
 * mean passes 45 degrees at the rim itself, however the rim is triangulated.
 */
#define CELL_MM 0.5 /* the surface is gathered in cells of that size first */

typedef struct
{
  double area[3];   /* sum of area times outward normal, mm2 */
  double moment[3]; /* sum of area times position */
  double weight;    /* sum of area */
} Cell;

struct _OssSlope
{
  double low[3];
  int size[3];
  gint32 *number; /* [size] cell or -1 */
  GArray *cells;  /* Cell */
  double radius_mm;
};

static gsize
cell_at (const OssSlope *self, const double x[3], int at[3])
{
  for (int k = 0; k < 3; k++)
    at[k] = CLAMP ((int) floor ((x[k] - self->low[k]) / CELL_MM), 0, self->size[k] - 1);
  return ((gsize) at[2] * (gsize) self->size[1] + (gsize) at[1]) * (gsize) self->size[0] + (gsize) at[0];
}

static void
add_piece (OssSlope *self, const double x[3], const double area[3], double weight)
{
  int at[3];
  gint32 *number = &self->number[cell_at (self, x, at)];

  if (*number < 0)
    {
      const Cell none = { .weight = 0.0 };
      *number = (gint32) self->cells->len;
      g_array_append_val (self->cells, none);
    }
  Cell *cell = &g_array_index (self->cells, Cell, *number);
  for (int k = 0; k < 3; k++)
    {
      cell->area[k] += area[k];
      cell->moment[k] += weight * x[k];
    }
  cell->weight += weight;
}

int
oss_triangle_parts (const double x[3][3], double longest_mm)
{
  double ab[3], ac[3], bc[3];

  oss_sub (x[1], x[0], ab);
  oss_sub (x[2], x[0], ac);
  oss_sub (x[2], x[1], bc);
  return (int) CLAMP (ceil (fmax (oss_norm (ab), fmax (oss_norm (ac), oss_norm (bc))) / longest_mm), 1.0, 64.0);
}

void
oss_triangle_piece (int n, int piece, double weight[3])
{
  int row = (int) sqrt (piece), at = piece - row * row; /* row: 2 row + 1 pieces, upright and hanging in turn */
  double down = at % 2 != 0 ? 1.0 / 3.0 : 2.0 / 3.0, across = at / 2 + (at % 2 != 0 ? 2.0 : 1.0) / 3.0;

  weight[0] = 1.0 - (row + down) / n;
  weight[1] = (row + down - across) / n;
  weight[2] = across / n;
}

static void
add_triangle (OssSlope *self, const double x[3][3])
{
  int n = oss_triangle_parts (x, CELL_MM);
  double ab[3], ac[3], normal[3], share = 0.5 / (n * (double) n);

  oss_sub (x[1], x[0], ab);
  oss_sub (x[2], x[0], ac);
  oss_cross (ab, ac, normal);
  for (int k = 0; k < 3; k++)
    normal[k] *= share;
  for (int piece = 0; piece < n * n && oss_norm (normal) > 0.0; piece++)
    {
      double weight[3], at[3];
      oss_triangle_piece (n, piece, weight);
      for (int k = 0; k < 3; k++)
        at[k] = weight[0] * x[0][k] + weight[1] * x[1][k] + weight[2] * x[2][k];
      add_piece (self, at, normal, oss_norm (normal));
    }
}

double
oss_slope_at (const OssSlope *self, const double x[3])
{
  double sum[3] = { 0.0 }, radius2 = self->radius_mm * self->radius_mm;
  int at[3], low[3], high[3], reach = (int) ceil (self->radius_mm / CELL_MM);

  cell_at (self, x, at);
  for (int a = 0; a < 3; a++)
    {
      low[a] = MAX (at[a] - reach, 0);
      high[a] = MIN (at[a] + reach, self->size[a] - 1);
    }
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        {
          gint32 number =
              self->number[((gsize) k * (gsize) self->size[1] + (gsize) j) * (gsize) self->size[0] + (gsize) i];
          if (number < 0)
            continue;
          const Cell *cell = &g_array_index (self->cells, Cell, number);
          double d2 = 0.0;
          for (int a = 0; a < 3; a++)
            d2 += pow (cell->moment[a] / cell->weight - x[a], 2.0);
          for (int a = 0; a < 3; a++)
            sum[a] += fmax (1.0 - d2 / radius2, 0.0) * cell->area[a];
        }
  double length = oss_norm (sum);
  return length > 0.0 ? sum[2] / length : 0.0;
}

static gboolean
make_room (OssSlope *self, const double *corners, gsize n)
{
  double high[3] = { -G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE }, count = 1.0;

  for (int k = 0; k < 3; k++)
    {
      self->low[k] = G_MAXDOUBLE;
      for (gsize i = 0; i < 3 * n; i++)
        {
          self->low[k] = fmin (self->low[k], corners[3 * i + (gsize) k]);
          high[k] = fmax (high[k], corners[3 * i + (gsize) k]);
        }
      self->size[k] = n > 0 ? (int) fmin (floor ((high[k] - self->low[k]) / CELL_MM) + 1.0, 1e5) : 0;
      count *= self->size[k];
    }
  self->number = count < 2e8 ? g_try_new (gint32, (gsize) count + 1) : NULL;
  if (self->number != NULL)
    memset (self->number, 0xff, (gsize) count * sizeof *self->number);
  return self->number != NULL;
}

OssSlope *
oss_slope_new (const double *corners, gsize n, double radius_mm, GError **error)
{
  g_autoptr (OssSlope) self = g_new0 (OssSlope, 1);

  self->radius_mm = radius_mm;
  self->cells = g_array_new (FALSE, FALSE, sizeof (Cell));
  if (!make_room (self, corners, n))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                           _ ("Not enough memory for the surface of the mesh."));
      return NULL;
    }
  for (gsize t = 0; t < n; t++)
    add_triangle (self, (const double (*)[3]) (const void *) (corners + 9 * t));
  return g_steal_pointer (&self);
}

void
oss_slope_free (OssSlope *self)
{
  if (self == NULL)
    return;
  g_free (self->number);
  g_array_unref (self->cells);
  g_free (self);
}
