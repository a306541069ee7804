/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-quality-private.h"

#include "base/oss-i18n.h"

#include <string.h>

/* Corners in index steps, in the order of Abaqus C3D8 and VTK 12. */
static const int steps[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                 { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };

static gboolean
is_left_handed (const OssGrid *grid)
{
  const double *d = grid->direction;
  double across[3] = { d[3] * d[7] - d[6] * d[4], d[6] * d[1] - d[0] * d[7], d[0] * d[4] - d[3] * d[1] };

  return across[0] * d[2] + across[1] * d[5] + across[2] * d[8] < 0.0;
}

static gsize
corner_of (const OssGrid *grid, int i, int j, int k, int corner)
{
  gsize nx = (gsize) grid->size[0] + 1, ny = (gsize) grid->size[1] + 1;

  return ((gsize) (k + steps[corner][2]) * ny + (gsize) (j + steps[corner][1])) * nx + (gsize) (i + steps[corner][0]);
}

/* Marks the corners of all voxels above 0 with a number in the order of memory; FALSE when stopped. */
static gboolean
number_corners (const OssLabels *labels, gint32 *number, gsize n_corners, gsize *n_nodes, gsize *n_voxels,
                const OssTick *tick)
{
  const OssGrid *grid = &labels->grid;
  const guint8 *label = labels->data;

  *n_nodes = *n_voxels = 0;
  for (int k = 0; k < grid->size[2]; k++)
    {
      if (oss_tick_stopped (tick))
        return FALSE;
      for (int j = 0; j < grid->size[1]; j++)
        for (int i = 0; i < grid->size[0]; i++, label++)
          if (*label > 0)
            {
              (*n_voxels)++;
              for (int c = 0; c < 8; c++)
                number[corner_of (grid, i, j, k, c)] = 1;
            }
    }
  for (gsize at = 0; at < n_corners; at++)
    number[at] = number[at] != 0 ? (gint32) (*n_nodes)++ : -1;
  return TRUE;
}

static void
place_nodes (const OssGrid *grid, const gint32 *number, double *nodes)
{
  for (int k = 0; k <= grid->size[2]; k++)
    for (int j = 0; j <= grid->size[1]; j++)
      for (int i = 0; i <= grid->size[0]; i++, number++)
        if (*number >= 0)
          {
            const double index[3] = { i - 0.5, j - 0.5, k - 0.5 };
            oss_grid_to_patient (grid, index, nodes + 3 * (gsize) *number);
          }
}

static void
list_elements (const OssLabels *labels, const gint32 *number, gint32 *element)
{
  const OssGrid *grid = &labels->grid;
  const guint8 *label = labels->data;
  int turn = is_left_handed (grid) ? 4 : 0; /* bottom and top change places: volumes stay positive */

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++, label++)
        if (*label > 0)
          {
            for (int c = 0; c < 8; c++)
              element[c ^ turn] = number[corner_of (grid, i, j, k, c)];
            element += 8;
          }
}

OssMesh *
oss_voxel_mesh (const OssLabels *labels, const OssTick *tick, GError **error)
{
  const OssGrid *grid = &labels->grid;
  gsize n_corners = ((gsize) grid->size[0] + 1) * ((gsize) grid->size[1] + 1) * ((gsize) grid->size[2] + 1);
  gsize n_nodes, n_voxels;
  g_autofree gint32 *number = g_try_new0 (gint32, n_corners);
  OssMesh *mesh;

  if (number == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("Not enough memory to number %.1f million voxel corners."), (double) n_corners / 1e6);
      return NULL;
    }
  if (!number_corners (labels, number, n_corners, &n_nodes, &n_voxels, tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  mesh = oss_mesh_new (OSS_ELEMENT_HEX8, n_nodes, n_voxels, error);
  if (mesh == NULL)
    return NULL;
  place_nodes (grid, number, mesh->nodes);
  list_elements (labels, number, mesh->elements);
  return mesh;
}
