/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-models.h"

#include "base/oss-random.h"

static const int corner_of[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                     { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
/* Corners of the brick along the six edge paths from corner 0 to corner 6, positive volumes. */
static const int tets_of[6][4] = { { 0, 1, 2, 6 }, { 0, 2, 3, 6 }, { 0, 3, 7, 6 },
                                   { 0, 7, 4, 6 }, { 0, 4, 5, 6 }, { 0, 5, 1, 6 } };

static gint32
brick_node (const int n[3], const int brick[3], int corner)
{
  int i = brick[0] + corner_of[corner][0], j = brick[1] + corner_of[corner][1], k = brick[2] + corner_of[corner][2];
  return (gint32) ((k * (n[1] + 1) + j) * (n[0] + 1) + i);
}

OssMesh *
model_box (OssElementKind kind, const int n[3], const double size_mm[3], MapFunc map, void *data)
{
  gboolean hex = kind == OSS_ELEMENT_HEX8;
  gsize n_nodes = (gsize) (n[0] + 1) * (gsize) (n[1] + 1) * (gsize) (n[2] + 1);
  gsize n_bricks = (gsize) n[0] * (gsize) n[1] * (gsize) n[2];
  g_autoptr (OssMesh) mesh =
      oss_mesh_new (hex ? OSS_ELEMENT_HEX8 : OSS_ELEMENT_TET4, n_nodes, hex ? n_bricks : 6 * n_bricks, NULL);
  gint32 *element = mesh->elements;

  for (gsize node = 0; node < n_nodes; node++)
    {
      const int at[3] = { (int) (node % (gsize) (n[0] + 1)), (int) (node / (gsize) (n[0] + 1) % (gsize) (n[1] + 1)),
                          (int) (node / (gsize) ((n[0] + 1) * (n[1] + 1))) };
      for (int k = 0; k < 3; k++)
        mesh->nodes[3 * node + (gsize) k] = size_mm[k] * at[k] / n[k];
      if (map != NULL)
        map (mesh->nodes + 3 * node, data);
    }
  for (int brick[3] = { 0, 0, 0 }; brick[2] < n[2]; brick[2]++)
    for (brick[1] = 0; brick[1] < n[1]; brick[1]++)
      for (brick[0] = 0; brick[0] < n[0]; brick[0]++)
        for (int part = 0; part < (hex ? 1 : 6); part++)
          for (int a = 0; a < (hex ? 8 : 4); a++)
            *element++ = brick_node (n, brick, hex ? a : tets_of[part][a]);
  return kind == OSS_ELEMENT_TET10 ? oss_mesh_to_quadratic (mesh, NULL) : g_steal_pointer (&mesh);
}

/* The unit cube to the body: the square section becomes an oval (Shirley and Chiu's concentric map). */
static void
map_body (double x[3], void *data)
{
  double a = 2.0 * x[0] - 1.0, b = 2.0 * x[1] - 1.0, c = 2.0 * x[2] - 1.0;
  double u = a * sqrt (1.0 - 0.5 * b * b), v = b * sqrt (1.0 - 0.5 * a * a);
  double waist = 0.88 + 0.12 * c * c, dish = 1.0 - 0.08 * (1.0 - fmin (u * u + v * v, 1.0));

  x[0] = 22.5 * waist * u;
  x[1] = 16.0 * waist * v;
  x[2] = 13.5 * c * dish;
}

OssMesh *
model_body (OssElementKind kind, const int n[3])
{
  const double unit[3] = { 1.0, 1.0, 1.0 };
  return model_box (kind, n, unit, map_body, NULL);
}

void
model_centre (const OssMesh *mesh, gsize element, double centre[3])
{
  gsize nn = (gsize) oss_element_nodes (mesh->kind), corners = mesh->kind == OSS_ELEMENT_HEX8 ? 8 : 4;

  for (gsize k = 0; k < 3; k++)
    {
      centre[k] = 0.0;
      for (gsize a = 0; a < corners; a++)
        centre[k] += mesh->nodes[3 * (gsize) mesh->elements[element * nn + a] + k] / (double) corners;
    }
}

double *
model_body_modulus (const OssMesh *mesh, guint64 seed)
{
  double *modulus = g_new (double, mesh->n_elements);
  OssRandom random;

  oss_random_init (&random, seed, 0);
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      double x[3];
      model_centre (mesh, e, x);
      double waist = 0.88 + 0.12 * x[2] * x[2] / 182.25;
      double radius = sqrt (x[0] * x[0] / 506.25 + x[1] * x[1] / 256.0) / waist;
      gboolean shell = radius > 0.85 || fabs (x[2]) > 12.0;
      modulus[e] = shell ? 5000.0 * oss_random_range (&random, 0.5, 1.0) : 150.0 * exp (oss_random_normal (&random));
      if (oss_random_uniform (&random) < 0.02)
        modulus[e] = 0.1; /* the least modulus the program assigns */
    }
  return modulus;
}

void
model_prescribe_plane (GArray *loads, const OssMesh *mesh, int axis, double at_mm, int along, double value_mm)
{
  for (gsize i = 0; i < mesh->n_nodes; i++)
    if (fabs (mesh->nodes[3 * i + (gsize) axis] - at_mm) < 1e-6)
      {
        OssNodal load = { (gint32) i, (gint8) along, value_mm };
        g_array_append_val (loads, load);
      }
}

void
model_press (GArray *loads, const OssMesh *mesh, double height_mm, double down_mm)
{
  for (int axis = 0; axis < 3; axis++)
    {
      model_prescribe_plane (loads, mesh, 2, 0.0, axis, 0.0);
      model_prescribe_plane (loads, mesh, 2, height_mm, axis, axis == 2 ? -down_mm : 0.0);
    }
}

OssFemModel
model_make (const OssMesh *mesh, const double *modulus_mpa, double poisson, const GArray *prescribed,
            const GArray *forces)
{
  return (OssFemModel){ .mesh = mesh,
                        .modulus_mpa = modulus_mpa,
                        .poisson = poisson,
                        .prescribed = prescribed != NULL ? (const OssNodal *) (const void *) prescribed->data : NULL,
                        .n_prescribed = prescribed != NULL ? prescribed->len : 0,
                        .forces = forces != NULL ? (const OssNodal *) (const void *) forces->data : NULL,
                        .n_forces = forces != NULL ? forces->len : 0 };
}
