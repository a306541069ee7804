/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-fem-private.h"

#include <string.h>

static const int tet_edges[6][2] = { { 0, 1 }, { 1, 2 }, { 0, 2 }, { 0, 3 }, { 1, 3 }, { 2, 3 } };
/* Barycentric coordinates by the reference coordinates: L0 = 1 - r - s - t, L1 = r, L2 = s, L3 = t. */
static const double tet_slope[4][3] = { { -1, -1, -1 }, { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };
static const double hex_corners[8][3] = { { -1, -1, -1 }, { 1, -1, -1 }, { 1, 1, -1 }, { -1, 1, -1 },
                                          { -1, -1, 1 },  { 1, -1, 1 },  { 1, 1, 1 },  { -1, 1, 1 } };

static void
tet4_shape (OssElementRule *rule, int q, const double l[4])
{
  for (int a = 0; a < 4; a++)
    {
      rule->shape[q][a] = l[a];
      memcpy (rule->derivative[q][a], tet_slope[a], sizeof tet_slope[a]);
    }
}

static void
tet10_shape (OssElementRule *rule, int q, const double l[4])
{
  for (int a = 0; a < 4; a++)
    {
      rule->shape[q][a] = l[a] * (2.0 * l[a] - 1.0);
      for (int k = 0; k < 3; k++)
        rule->derivative[q][a][k] = (4.0 * l[a] - 1.0) * tet_slope[a][k];
    }
  for (int e = 0; e < 6; e++)
    {
      int i = tet_edges[e][0], j = tet_edges[e][1];
      rule->shape[q][4 + e] = 4.0 * l[i] * l[j];
      for (int k = 0; k < 3; k++)
        rule->derivative[q][4 + e][k] = 4.0 * (l[i] * tet_slope[j][k] + l[j] * tet_slope[i][k]);
    }
}

static void
init_tet4 (OssElementRule *rule)
{
  const double centre[4] = { 0.25, 0.25, 0.25, 0.25 };
  *rule = (OssElementRule){ .kind = OSS_ELEMENT_TET4, .n_nodes = 4, .n_points = 1, .n_corners = 4 };
  rule->weight[0] = 1.0 / 6.0;
  tet4_shape (rule, 0, centre);
  for (int c = 0; c < 4; c++)
    rule->corner_from_point[c][0] = 1.0;
}

static void
init_tet10 (OssElementRule *rule)
{
  const double b = (5.0 - sqrt (5.0)) / 20.0, a = 1.0 - 3.0 * b;
  *rule = (OssElementRule){ .kind = OSS_ELEMENT_TET10, .n_nodes = 10, .n_points = 4, .n_corners = 4 };
  memcpy (rule->edge, tet_edges, sizeof tet_edges);
  for (int q = 0; q < 4; q++)
    {
      double l[4] = { b, b, b, b };
      l[q] = a;
      rule->weight[q] = 1.0 / 24.0;
      tet10_shape (rule, q, l);
      /* The points are b + (a - b) times the corners' barycentric coordinates: inverted by hand. */
      for (int c = 0; c < 4; c++)
        rule->corner_from_point[c][q] = ((c == q ? 1.0 : 0.0) - b) / (a - b);
    }
}

static void
init_hex8 (OssElementRule *rule)
{
  const double g = 1.0 / sqrt (3.0);
  *rule = (OssElementRule){ .kind = OSS_ELEMENT_HEX8, .n_nodes = 8, .n_points = 8, .n_corners = 8 };
  for (int q = 0; q < 8; q++)
    {
      rule->weight[q] = 1.0;
      for (int a = 0; a < 8; a++)
        {
          double f[3], corner = 1.0;
          for (int k = 0; k < 3; k++)
            {
              f[k] = 0.5 * (1.0 + g * hex_corners[q][k] * hex_corners[a][k]);
              /* Trilinear through the points, taken at corner a: the points at +/- g become +/- 1. */
              corner *= 0.5 * (1.0 + hex_corners[q][k] * hex_corners[a][k] / g);
            }
          rule->shape[q][a] = f[0] * f[1] * f[2];
          rule->corner_from_point[a][q] = corner;
          for (int k = 0; k < 3; k++)
            rule->derivative[q][a][k] = 0.5 * hex_corners[a][k] * f[(k + 1) % 3] * f[(k + 2) % 3];
        }
    }
}

const OssElementRule *
oss_element_rule (OssElementKind kind)
{
  static OssElementRule rules[3];
  static gsize ready;

  if (g_once_init_enter (&ready))
    {
      init_tet4 (&rules[OSS_ELEMENT_TET4]);
      init_tet10 (&rules[OSS_ELEMENT_TET10]);
      init_hex8 (&rules[OSS_ELEMENT_HEX8]);
      g_once_init_leave (&ready, 1);
    }
  return &rules[kind];
}

gboolean
oss_lame_unit (double poisson, double *lambda, double *mu)
{
  if (!(poisson > -1.0 && poisson < 0.5))
    return FALSE;
  *lambda = poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson));
  *mu = 0.5 / (1.0 + poisson);
  return TRUE;
}

/* Gradients at one point; returns the Jacobian determinant, mm3 per unit of the reference element. */
static double
point_gradient (const OssElementRule *rule, int q, const double (*x)[3], double *gradient)
{
  double jacobian[9] = { 0.0 }, inverse[9], cross[3]; /* jacobian[3 i + k] = dx_i / dr_k */

  for (int a = 0; a < rule->n_nodes; a++)
    for (int i = 0; i < 3; i++)
      for (int k = 0; k < 3; k++)
        jacobian[3 * i + k] += x[a][i] * rule->derivative[q][a][k];
  oss_cross (jacobian, jacobian + 3, cross);
  double determinant = oss_dot (cross, jacobian + 6);
  if (!(determinant > 0.0) || !oss_mat3_inverse (jacobian, inverse))
    return 0.0;
  for (int a = 0; a < rule->n_nodes; a++)
    for (int i = 0; i < 3; i++)
      {
        double sum = 0.0; /* dN/dx_i = sum over k of dN/dr_k dr_k/dx_i */
        for (int k = 0; k < 3; k++)
          sum += rule->derivative[q][a][k] * inverse[3 * k + i];
        gradient[3 * a + i] = sum;
      }
  return determinant;
}

typedef struct
{
  OssElements *elements;
  const OssTick *tick;
  gssize inverted; /* atomic: an element with a Jacobian at or below zero, or -1; the lowest number wins */
} Geometry;

static void
note_inverted (Geometry *self, gsize element)
{
  gssize seen = (gssize) g_atomic_pointer_get (&self->inverted);
  while ((seen < 0 || (gssize) element < seen)
         && !g_atomic_pointer_compare_and_exchange (&self->inverted, seen, (gssize) element))
    seen = (gssize) g_atomic_pointer_get (&self->inverted);
}

static void
find_geometry (gsize begin, gsize end, guint thread, void *data)
{
  Geometry *self = data;
  const OssElementRule *rule = self->elements->rule;
  const OssMesh *mesh = self->elements->mesh;
  double x[OSS_MAX_ELEMENT_NODES][3];

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize e = begin; e < end; e++)
    {
      double *gradient = self->elements->gradient + e * (gsize) (rule->n_points * rule->n_nodes * 3);
      double *volume = self->elements->volume + e * (gsize) rule->n_points;
      for (int a = 0; a < rule->n_nodes; a++)
        memcpy (x[a], mesh->nodes + 3 * (gsize) mesh->elements[e * (gsize) rule->n_nodes + (gsize) a], sizeof x[a]);
      for (int q = 0; q < rule->n_points; q++)
        {
          volume[q] = rule->weight[q] * point_gradient (rule, q, x, gradient + 3 * q * rule->n_nodes);
          if (!(volume[q] > 0.0))
            note_inverted (self, e);
        }
    }
}

OssElements *
oss_elements_new (const OssMesh *mesh, const OssTick *tick, GError **error)
{
  const OssElementRule *rule = oss_element_rule (mesh->kind);
  g_autoptr (OssElements) self = g_new0 (OssElements, 1);
  gsize points = mesh->n_elements * (gsize) rule->n_points;

  self->mesh = mesh;
  self->rule = rule;
  self->gradient = oss_alloc_aligned (points, (gsize) rule->n_nodes * 3 * sizeof (double), _ ("the elements"), error);
  if (self->gradient == NULL)
    return NULL;
  self->volume = oss_alloc_aligned (points, sizeof (double), _ ("the elements"), error);
  if (self->volume == NULL)
    return NULL;
  Geometry geometry = { .elements = self, .tick = tick, .inverted = -1 };
  oss_parallel_for (mesh->n_elements, 512, find_geometry, &geometry);
  if (oss_tick_stopped (tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  if (geometry.inverted >= 0)
    {
      const double *x = mesh->nodes + 3 * (gsize) mesh->elements[(gsize) geometry.inverted * (gsize) rule->n_nodes];
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("Element %zd near (%.1f, %.1f, %.1f) mm is flat or inside out. Mesh again, or "
                      "with another element size."),
                   geometry.inverted, x[0], x[1], x[2]);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
oss_elements_free (OssElements *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->gradient);
  oss_free_aligned (self->volume);
  g_free (self);
}

void
oss_elements_stress (const OssElements *self, gsize element, double modulus_mpa, double poisson, const double *u,
                     double stress[OSS_MAX_ELEMENT_POINTS][6], double strain[OSS_MAX_ELEMENT_POINTS][6])
{
  const OssElementRule *rule = self->rule;
  const gint32 *nodes = self->mesh->elements + element * (gsize) rule->n_nodes;
  const double *gradient = oss_elements_gradient (self, element);
  double lambda = 0.0, mu = 0.0;

  oss_lame_unit (poisson, &lambda, &mu);
  for (int q = 0; q < rule->n_points; q++, gradient += 3 * rule->n_nodes)
    {
      double h[3][3] = { { 0.0 } }; /* h[i][k] = du_i / dx_k */
      for (int a = 0; a < rule->n_nodes; a++)
        for (int i = 0; i < 3; i++)
          for (int k = 0; k < 3; k++)
            h[i][k] += u[3 * (gsize) nodes[a] + (gsize) i] * gradient[3 * a + k];
      const double e[6] = { h[0][0], h[1][1], h[2][2], h[1][2] + h[2][1], h[0][2] + h[2][0], h[0][1] + h[1][0] };
      double pressure = modulus_mpa * lambda * (e[0] + e[1] + e[2]);
      for (int i = 0; i < 3; i++)
        {
          stress[q][i] = pressure + 2.0 * modulus_mpa * mu * e[i];
          stress[q][3 + i] = modulus_mpa * mu * e[3 + i];
        }
      if (strain != NULL)
        memcpy (strain[q], e, sizeof e);
    }
}
