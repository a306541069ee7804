/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-block-matrix.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"

#include <string.h>

#define ROWS_PER_CHUNK 1024

OssIncidence *
oss_incidence_new (gsize n_nodes, gsize n_elements, int nodes_per_element, const gint32 *elements, GError **error)
{
  g_autoptr (OssIncidence) self = g_new0 (OssIncidence, 1);
  gsize n_corners = n_elements * (gsize) nodes_per_element;

  self->n_nodes = n_nodes;
  self->start = oss_alloc_aligned (n_nodes + 2, sizeof *self->start, _ ("the mesh"), error);
  if (self->start == NULL)
    return NULL;
  self->corner = oss_alloc_aligned (n_corners, sizeof *self->corner, _ ("the mesh"), error);
  if (self->corner == NULL)
    return NULL;
  /* Counts go two places up, so that filling leaves start[] as it has to be. */
  for (gsize c = 0; c < n_corners; c++)
    {
      if (elements[c] < 0 || (gsize) elements[c] >= n_nodes)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("Element %zu names node %d; the mesh has %zu nodes."), c / (gsize) nodes_per_element,
                       elements[c], n_nodes);
          return NULL;
        }
      self->start[elements[c] + 2]++;
    }
  for (gsize i = 2; i < n_nodes + 2; i++)
    self->start[i] += self->start[i - 1];
  for (gsize c = 0; c < n_corners; c++)
    self->corner[self->start[elements[c] + 1]++] = c;
  return g_steal_pointer (&self);
}

void
oss_incidence_free (OssIncidence *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->start);
  oss_free_aligned (self->corner);
  g_free (self);
}

typedef struct
{
  const OssIncidence *incidence;
  gsize nodes_per_element;
  const gint32 *elements;
  const OssTick *tick;
  OssBlockMatrix *matrix;
  GArray **columns; /* of each chunk of rows, one row after the other */
} Pattern;

/* Puts a number into an ascending list unless it is there. */
static gsize
insert_column (gint32 *column, gsize n, gint32 number)
{
  gsize low = 0, high = n;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      if (column[middle] < number)
        low = middle + 1;
      else
        high = middle;
    }
  if (low < n && column[low] == number)
    return n;
  memmove (column + low + 1, column + low, (n - low) * sizeof *column);
  column[low] = number;
  return n + 1;
}

/* Appends the neighbours of @row up to and with itself; returns how many. */
static gsize
append_row (const Pattern *self, gsize row, GArray *columns)
{
  const OssIncidence *incidence = self->incidence;
  guint first = columns->len;
  gsize elements = incidence->start[row + 1] - incidence->start[row], n = 0;

  g_array_set_size (columns, first + (guint) (elements * self->nodes_per_element)); /* at most */
  gint32 *column = (gint32 *) (void *) columns->data + first;
  for (gsize c = incidence->start[row]; c < incidence->start[row + 1]; c++)
    {
      const gint32 *nodes = self->elements + incidence->corner[c] / self->nodes_per_element * self->nodes_per_element;
      for (gsize b = 0; b < self->nodes_per_element; b++)
        if (nodes[b] <= (gint32) row)
          n = insert_column (column, n, nodes[b]);
    }
  g_array_set_size (columns, first + (guint) n);
  return n;
}

static void
find_columns (gsize begin, gsize end, guint thread, void *data)
{
  Pattern *self = data;
  if (oss_tick_stopped (self->tick))
    return;
  GArray *columns = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gsize row = begin; row < end; row++)
    self->matrix->start[row + 1] = append_row (self, row, columns);
  self->columns[begin / ROWS_PER_CHUNK] = columns;
}

static gboolean
join_columns (OssBlockMatrix *matrix, GArray **columns, gsize n_chunks, GError **error)
{
  for (gsize i = 0; i < matrix->n; i++)
    matrix->start[i + 1] += matrix->start[i];
  gsize n_blocks = matrix->start[matrix->n], filled = 0;
  matrix->column = oss_alloc_aligned (n_blocks, sizeof *matrix->column, _ ("the stiffness matrix"), error);
  if (matrix->column == NULL)
    return FALSE;
  matrix->value = oss_alloc_aligned (n_blocks, 9 * sizeof *matrix->value, _ ("the stiffness matrix"), error);
  if (matrix->value == NULL)
    return FALSE;
  for (gsize chunk = 0; chunk < n_chunks; chunk++)
    {
      memcpy (matrix->column + filled, columns[chunk]->data, columns[chunk]->len * sizeof (gint32));
      filled += columns[chunk]->len;
    }
  return TRUE;
}

OssBlockMatrix *
oss_block_matrix_new (const OssIncidence *incidence, int nodes_per_element, const gint32 *elements, const OssTick *tick,
                      GError **error)
{
  g_autoptr (OssBlockMatrix) self = g_new0 (OssBlockMatrix, 1);
  gsize n_chunks = (incidence->n_nodes + ROWS_PER_CHUNK - 1) / ROWS_PER_CHUNK;
  gboolean ok;

  self->n = incidence->n_nodes;
  self->start = oss_alloc_aligned (self->n + 1, sizeof *self->start, _ ("the stiffness matrix"), error);
  if (self->start == NULL)
    return NULL;
  Pattern pattern = { .incidence = incidence,
                      .nodes_per_element = (gsize) nodes_per_element,
                      .elements = elements,
                      .tick = tick,
                      .matrix = self,
                      .columns = g_new0 (GArray *, n_chunks) };
  oss_parallel_for (self->n, ROWS_PER_CHUNK, find_columns, &pattern);
  ok = oss_tick_stopped (tick) ? oss_tick_cancelled (error) : join_columns (self, pattern.columns, n_chunks, error);
  for (gsize chunk = 0; chunk < n_chunks; chunk++)
    if (pattern.columns[chunk] != NULL)
      g_array_unref (pattern.columns[chunk]);
  g_free (pattern.columns);
  return ok ? g_steal_pointer (&self) : NULL;
}

void
oss_block_matrix_free (OssBlockMatrix *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->start);
  oss_free_aligned (self->column);
  oss_free_aligned (self->value);
  g_free (self);
}

double *
oss_block_matrix_at (const OssBlockMatrix *self, gsize row, gint32 column)
{
  gsize low = self->start[row], high = self->start[row + 1] - 1;
  while (low < high)
    {
      gsize middle = (low + high) / 2;
      if (self->column[middle] < column)
        low = middle + 1;
      else
        high = middle;
    }
  return self->value + 9 * low;
}

/* On one thread: it is called a few times a solution and is bound by memory. */
void
oss_block_matrix_multiply (const OssBlockMatrix *self, const double *x, double *y)
{
  memset (y, 0, 3 * self->n * sizeof *y);
  for (gsize i = 0; i < self->n; i++)
    for (gsize k = self->start[i]; k < self->start[i + 1]; k++)
      {
        gsize j = (gsize) self->column[k];
        const double *a = self->value + 9 * k, *xi = x + 3 * i, *xj = x + 3 * j;
        for (int r = 0; r < 3; r++)
          y[3 * i + r] += a[3 * r] * xj[0] + a[3 * r + 1] * xj[1] + a[3 * r + 2] * xj[2];
        if (j != i)
          for (int c = 0; c < 3; c++)
            y[3 * j + c] += a[c] * xi[0] + a[3 + c] * xi[1] + a[6 + c] * xi[2];
      }
}

typedef struct
{
  const OssBlockMatrix *matrix;
  const gint32 *unknown;
  const OssTick *tick;
  OssSymmetric *reduced;
} Reduction;

/* Entries of the scalar row (row, r) that stay; written when there is somewhere to write. */
static gint64
reduce_row (const Reduction *self, gsize row, int r, gint64 *index, double *value)
{
  gint32 last = self->unknown[3 * row + (gsize) r];
  gint64 n = 0;

  for (gsize k = self->matrix->start[row]; k < self->matrix->start[row + 1]; k++)
    for (int c = 0; c < 3; c++)
      {
        gint32 u = self->unknown[3 * (gsize) self->matrix->column[k] + (gsize) c];
        if (u < 0 || u > last)
          continue;
        if (index != NULL)
          index[n] = u, value[n] = self->matrix->value[9 * k + (gsize) (3 * r + c)];
        n++;
      }
  return n;
}

static void
fill_rows (gsize begin, gsize end, guint thread, void *data)
{
  Reduction *self = data;
  OssSymmetric *reduced = self->reduced;
  if (oss_tick_stopped (self->tick))
    return;
  for (gsize i = 3 * begin; i < 3 * end; i++)
    if (self->unknown[i] >= 0)
      {
        gint64 first = reduced->start[self->unknown[i]];
        reduce_row (self, i / 3, (int) (i % 3), reduced->index + first, reduced->value + first);
      }
}

OssSymmetric *
oss_block_matrix_reduce (const OssBlockMatrix *self, const gint32 *unknown, gsize n_unknowns, const OssTick *tick,
                         GError **error)
{
  Reduction reduction = { .matrix = self, .unknown = unknown, .tick = tick };
  g_autofree gint64 *count = g_try_new (gint64, n_unknowns + 1);
  gint64 entries = 0;

  if (count == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("Not enough memory for %zu unknowns. Use a coarser mesh."), n_unknowns);
      return NULL;
    }
  for (gsize i = 0; i < 3 * self->n; i++)
    if (unknown[i] >= 0)
      {
        count[unknown[i]] = entries;
        entries += reduce_row (&reduction, i / 3, (int) (i % 3), NULL, NULL);
      }
  count[n_unknowns] = entries;
  g_autoptr (OssSymmetric) reduced = oss_symmetric_new (n_unknowns, (gsize) entries, error);
  if (reduced == NULL)
    return NULL;
  memcpy (reduced->start, count, (n_unknowns + 1) * sizeof *count);
  reduction.reduced = reduced;
  oss_parallel_for (self->n, ROWS_PER_CHUNK, fill_rows, &reduction);
  if (oss_tick_stopped (tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  return g_steal_pointer (&reduced);
}
