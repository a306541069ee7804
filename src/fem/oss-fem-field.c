/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-field.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

/* A centre this little outside an element, in its own coordinates, is taken as on its face. */
#define ON_FACE 1e-9
#define ELEMENTS_PER_REPORT 1024
#define MOST_NODES 10

/* One element in the grid's index space. */
typedef struct
{
  OssElementKind kind;
  double inverse[9]; /* index to local coordinates, from the first corner */
  double corner[3];
  double value[MOST_NODES], least, most;
  int low[3], high[3]; /* voxels whose centres may lie inside */
} Element;

/* FALSE for an element without a volume. */
static gboolean
invert (const double edge[3][3], double inverse[9])
{
  double cross[3][3];

  for (int i = 0; i < 3; i++)
    oss_cross (edge[(i + 1) % 3], edge[(i + 2) % 3], cross[i]);
  const double volume = oss_dot (edge[0], cross[0]);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      inverse[3 * i + j] = cross[i][j] / volume;
  return isfinite (1.0 / volume);
}

static gboolean
take_element (const OssMesh *mesh, gsize e, const double *values, const OssGrid *grid, Element *element)
{
  const int n = oss_element_nodes (mesh->kind), corners = mesh->kind == OSS_ELEMENT_HEX8 ? 8 : 4;
  const gint32 *nodes = mesh->elements + e * (gsize) n;
  /* Corners at the far ends of the three edges of the first one. */
  static const int ends[2][3] = { { 1, 2, 3 }, { 1, 3, 4 } };
  double at[8][3], edge[3][3], least[3], most[3];

  element->kind = mesh->kind;
  element->least = INFINITY;
  element->most = -INFINITY;
  for (int c = 0; c < corners; c++)
    {
      oss_grid_to_index (grid, mesh->nodes + 3 * (gsize) nodes[c], at[c]);
      for (int a = 0; a < 3; a++)
        {
          least[a] = c == 0 ? at[c][a] : fmin (least[a], at[c][a]);
          most[a] = c == 0 ? at[c][a] : fmax (most[a], at[c][a]);
        }
    }
  for (int i = 0; i < n; i++)
    {
      element->value[i] = values[nodes[i]];
      element->least = fmin (element->least, element->value[i]);
      element->most = fmax (element->most, element->value[i]);
    }
  for (int a = 0; a < 3; a++)
    {
      oss_sub (at[ends[corners == 8][a]], at[0], edge[a]);
      element->corner[a] = at[0][a];
      element->low[a] = (int) fmax (0.0, ceil (least[a] - 1e-6));
      element->high[a] = (int) fmin (grid->size[a] - 1.0, floor (most[a] + 1e-6));
    }
  return invert ((const double (*)[3]) edge, element->inverse);
}

/* Shape functions of a tetrahedron (C3D4, C3D10) at barycentric coordinates @b. */
static double
tet_value (const Element *element, const double b[4])
{
  static const int edges[6][2] = { { 0, 1 }, { 1, 2 }, { 0, 2 }, { 0, 3 }, { 1, 3 }, { 2, 3 } };
  double value = 0.0;

  if (element->kind == OSS_ELEMENT_TET4)
    return b[0] * element->value[0] + b[1] * element->value[1] + b[2] * element->value[2] + b[3] * element->value[3];
  for (int c = 0; c < 4; c++)
    value += b[c] * (2.0 * b[c] - 1.0) * element->value[c];
  for (int m = 0; m < 6; m++)
    value += 4.0 * b[edges[m][0]] * b[edges[m][1]] * element->value[4 + m];
  return value;
}

/* Trilinear: nodes 0 to 3 around the lower face, 4 to 7 around the upper. */
static double
hex_value (const Element *element, const double u[3])
{
  static const guint8 far[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                    { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
  double value = 0.0;

  for (int c = 0; c < 8; c++)
    value += (far[c][0] ? u[0] : 1.0 - u[0]) * (far[c][1] ? u[1] : 1.0 - u[1]) * (far[c][2] ? u[2] : 1.0 - u[2])
             * element->value[c];
  return value;
}

/* FALSE when the voxel's centre is outside the element. */
static gboolean
value_at (const Element *element, int i, int j, int k, double *value)
{
  const double off[3] = { i - element->corner[0], j - element->corner[1], k - element->corner[2] };
  double u[3], first = 1.0;

  for (int a = 0; a < 3; a++)
    {
      u[a] = oss_dot (element->inverse + 3 * a, off);
      first -= u[a];
      if (u[a] < -ON_FACE || (element->kind == OSS_ELEMENT_HEX8 && u[a] > 1.0 + ON_FACE))
        return FALSE;
    }
  if (element->kind != OSS_ELEMENT_HEX8 && first < -ON_FACE)
    return FALSE;
  *value = element->kind == OSS_ELEMENT_HEX8 ? hex_value (element, u)
                                             : tet_value (element, (const double[4]){ first, u[0], u[1], u[2] });
  *value = CLAMP (*value, element->least, element->most);
  return TRUE;
}

static void
fill_element (const Element *element, OssVolume *field, guint8 *filled)
{
  double value;

  for (int k = element->low[2]; k <= element->high[2]; k++)
    for (int j = element->low[1]; j <= element->high[1]; j++)
      for (int i = element->low[0]; i <= element->high[0]; i++)
        {
          gsize v = oss_grid_offset (&field->grid, i, j, k);
          if (filled[v] || !value_at (element, i, j, k, &value))
            continue;
          field->data[v] = (float) value;
          filled[v] = 1;
        }
}

OssVolume *
oss_fem_field_on_grid (const OssMesh *mesh, const double *values, const OssGrid *grid, double outside,
                       const OssTick *tick, GError **error)
{
  g_autoptr (OssVolume) field = oss_volume_new (grid, OSS_QUANTITY_OTHER, error);
  gsize n = oss_grid_count (grid);
  g_autofree guint8 *filled = field != NULL ? g_try_malloc0 (n) : NULL;

  if (field == NULL)
    return NULL;
  if (filled == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("No memory for %zu voxels."), n);
      return NULL;
    }
  for (gsize v = 0; v < n; v++)
    field->data[v] = (float) outside;
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      Element element;
      if (e % ELEMENTS_PER_REPORT == 0 && !oss_tick_report (tick, (double) e / (double) mesh->n_elements, NULL, error))
        return NULL;
      if (take_element (mesh, e, values, grid, &element))
        fill_element (&element, field, filled);
    }
  return g_steal_pointer (&field);
}
