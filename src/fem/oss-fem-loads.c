/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-loads.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-private.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FACE_POINTS 9

/* Abaqus's faces, corners outward: Abaqus Elements Guide, "Solid elements"; CalculiX numbers them alike. */
static const int tet_faces[4][3] = { { 0, 2, 1 }, { 0, 1, 3 }, { 1, 2, 3 }, { 2, 0, 3 } };
static const int hex_faces[6][4] = { { 0, 3, 2, 1 }, { 4, 5, 6, 7 }, { 0, 1, 5, 4 },
                                     { 1, 2, 6, 5 }, { 2, 3, 7, 6 }, { 3, 0, 4, 7 } };

void
oss_faces_free (OssFaces *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->nodes);
  oss_free_aligned (self->element);
  g_free (self);
}

/* The midside node of an element between two of its corners. */
static gint32
middle_of (const OssElementRule *rule, const gint32 *element, int a, int b)
{
  for (int e = 0; e < 6; e++)
    if ((rule->edge[e][0] == a && rule->edge[e][1] == b) || (rule->edge[e][0] == b && rule->edge[e][1] == a))
      return element[4 + e];
  return -1;
}

int
oss_faces_of_element (const OssMesh *mesh, gsize element, int number, gint32 nodes[6])
{
  const OssElementRule *rule = oss_element_rule (mesh->kind);
  const gint32 *own = mesh->elements + element * (gsize) rule->n_nodes;
  gboolean hex = mesh->kind == OSS_ELEMENT_HEX8;

  if (number < 1 || number > (hex ? 6 : 4))
    return 0;
  const int *face = hex ? hex_faces[number - 1] : tet_faces[number - 1];
  for (int a = 0; a < (hex ? 4 : 3); a++)
    nodes[a] = own[face[a]];
  for (int a = 0; mesh->kind == OSS_ELEMENT_TET10 && a < 3; a++)
    nodes[3 + a] = middle_of (rule, own, face[a], face[(a + 1) % 3]);
  return hex ? 4 : mesh->kind == OSS_ELEMENT_TET10 ? 6 : 3;
}

/* A face by its sorted corners, to find the one that shares it. */
typedef struct
{
  gint32 corner[4]; /* ascending; the fourth is -1 for triangles */
  gint32 element;
  gint32 number;
} Key;

static int
compare_corners (const Key *x, const Key *y)
{
  for (int i = 0; i < 4; i++)
    if (x->corner[i] != y->corner[i])
      return x->corner[i] < y->corner[i] ? -1 : 1;
  return 0;
}

static int
compare_keys (const void *a, const void *b)
{
  const Key *x = a, *y = b;
  int order = compare_corners (x, y);
  if (order != 0)
    return order;
  return x->element != y->element ? (x->element > y->element) - (x->element < y->element)
                                  : (x->number > y->number) - (x->number < y->number);
}

static int
compare_order (const void *a, const void *b)
{
  const Key *x = a, *y = b;
  return x->element != y->element ? (x->element > y->element) - (x->element < y->element)
                                  : (x->number > y->number) - (x->number < y->number);
}

static void
fill_key (Key *key, const gint32 *nodes, int n_corners, gsize element, int number)
{
  *key = (Key){ .corner = { nodes[0], nodes[1], nodes[2], n_corners == 4 ? nodes[3] : -1 },
                .element = (gint32) element,
                .number = number };
  for (int i = 1; i < n_corners; i++)
    for (int k = i; k > 0 && key->corner[k] < key->corner[k - 1]; k--)
      {
        gint32 swap = key->corner[k];
        key->corner[k] = key->corner[k - 1];
        key->corner[k - 1] = swap;
      }
}

/* The faces all of whose corners are wanted and that one element has alone, in the order of elements. */
static gsize
find_boundary (const OssMesh *mesh, const guint8 *wanted, GArray *keys)
{
  gboolean hex = mesh->kind == OSS_ELEMENT_HEX8;
  int n_faces = hex ? 6 : 4, n_corners = hex ? 4 : 3;
  gsize kept = 0;

  for (gsize e = 0; e < mesh->n_elements; e++)
    for (int number = 1; number <= n_faces; number++)
      {
        gint32 nodes[6];
        gboolean all = TRUE;
        Key key;
        oss_faces_of_element (mesh, e, number, nodes);
        for (int a = 0; a < n_corners && wanted != NULL; a++)
          all = all && wanted[nodes[a]];
        if (!all)
          continue;
        fill_key (&key, nodes, n_corners, e, number);
        g_array_append_val (keys, key);
      }
  Key *key = (Key *) (void *) keys->data;
  gsize n = keys->len;
  if (n > 1)
    qsort (key, n, sizeof *key, compare_keys);
  for (gsize i = 0, next; i < n; i = next)
    {
      for (next = i + 1; next < n && compare_corners (&key[i], &key[next]) == 0; next++)
        ;
      if (next == i + 1)
        key[kept++] = key[i];
    }
  if (kept > 1)
    qsort (key, kept, sizeof *key, compare_order);
  return kept;
}

OssFaces *
oss_faces_boundary (const OssMesh *mesh, const gint32 *nodes, gsize n_nodes, GError **error)
{
  g_autoptr (OssFaces) self = g_new0 (OssFaces, 1);
  g_autofree guint8 *wanted = nodes != NULL ? g_new0 (guint8, mesh->n_nodes) : NULL;
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (Key));

  for (gsize i = 0; i < n_nodes && nodes != NULL; i++)
    if (nodes[i] >= 0 && (gsize) nodes[i] < mesh->n_nodes)
      wanted[nodes[i]] = TRUE;
  self->n = find_boundary (mesh, wanted, keys);
  self->n_corners = mesh->kind == OSS_ELEMENT_HEX8 ? 4 : 3;
  self->n_nodes = mesh->kind == OSS_ELEMENT_TET10 ? 6 : self->n_corners;
  if (self->n == 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("No face of the surface has all its corners in the set: there is nothing to load."));
      return NULL;
    }
  self->nodes = oss_alloc_aligned (self->n * (gsize) self->n_nodes, sizeof (gint32), _ ("the faces"), error);
  self->element = oss_alloc_aligned (self->n, sizeof (gint32), _ ("the faces"), error);
  if (self->nodes == NULL || self->element == NULL)
    return NULL;
  for (gsize i = 0; i < self->n; i++)
    {
      const Key *key = &g_array_index (keys, Key, i);
      gint32 own[6];
      self->element[i] = key->element;
      oss_faces_of_element (mesh, (gsize) key->element, key->number, own);
      memcpy (self->nodes + i * (gsize) self->n_nodes, own, (gsize) self->n_nodes * sizeof (gint32));
    }
  return g_steal_pointer (&self);
}

/* Shape functions of a face at its integration points: [point][node], and their derivatives by r and s. */
typedef struct
{
  int n_points;
  double weight[MAX_FACE_POINTS];
  double shape[MAX_FACE_POINTS][6];
  double slope[MAX_FACE_POINTS][6][2];
} FaceRule;

static void
triangle_point (FaceRule *rule, int n_nodes, double r, double s, double weight)
{
  static const double by[3][2] = { { -1, -1 }, { 1, 0 }, { 0, 1 } };
  const double l[3] = { 1.0 - r - s, r, s };
  int q = rule->n_points++;

  rule->weight[q] = weight;
  for (int a = 0; a < 3; a++)
    {
      int b = (a + 1) % 3;
      rule->shape[q][a] = n_nodes == 6 ? l[a] * (2.0 * l[a] - 1.0) : l[a];
      for (int k = 0; k < 2; k++)
        rule->slope[q][a][k] = n_nodes == 6 ? (4.0 * l[a] - 1.0) * by[a][k] : by[a][k];
      if (n_nodes < 6)
        continue;
      rule->shape[q][3 + a] = 4.0 * l[a] * l[b];
      for (int k = 0; k < 2; k++)
        rule->slope[q][3 + a][k] = 4.0 * (l[a] * by[b][k] + l[b] * by[a][k]);
    }
}

/* Six points, exact to degree 4: Dunavant, Int. J. Numer. Methods Eng. 21 (1985) 1129, in closed form. */
static void
triangle_rule (FaceRule *rule, int n_nodes)
{
  const double root = sqrt (10.0), inner = sqrt (38.0 - 44.0 * sqrt (0.4));
  const double place[2] = { (8.0 - root + inner) / 18.0, (8.0 - root - inner) / 18.0 };
  const double tail = sqrt (213125.0 - 53320.0 * root);
  const double weight[2] = { (620.0 + tail) / 3720.0, (620.0 - tail) / 3720.0 };

  rule->n_points = 0;
  for (int ring = 0; ring < 2; ring++)
    {
      double p = place[ring], far = 1.0 - 2.0 * p;
      triangle_point (rule, n_nodes, p, p, 0.5 * weight[ring]);
      triangle_point (rule, n_nodes, far, p, 0.5 * weight[ring]);
      triangle_point (rule, n_nodes, p, far, 0.5 * weight[ring]);
    }
}

/* Three by three Gauss points. */
static void
quadrilateral_rule (FaceRule *rule)
{
  static const double corner[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 } };
  const double at[3] = { -sqrt (0.6), 0.0, sqrt (0.6) }, weight[3] = { 5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0 };

  rule->n_points = 9;
  for (int q = 0; q < 9; q++)
    {
      double r = at[q % 3], s = at[q / 3];
      rule->weight[q] = weight[q % 3] * weight[q / 3];
      for (int a = 0; a < 4; a++)
        {
          rule->shape[q][a] = 0.25 * (1.0 + r * corner[a][0]) * (1.0 + s * corner[a][1]);
          rule->slope[q][a][0] = 0.25 * corner[a][0] * (1.0 + s * corner[a][1]);
          rule->slope[q][a][1] = 0.25 * corner[a][1] * (1.0 + r * corner[a][0]);
        }
    }
}

static void
face_rule (FaceRule *rule, const OssFaces *faces)
{
  if (faces->n_corners == 4)
    quadrilateral_rule (rule);
  else
    triangle_rule (rule, faces->n_nodes);
}

/* The place of a point, and its outward normal times the area it stands for. */
static void
face_point (const OssMesh *mesh, const OssFaces *faces, gsize face, const FaceRule *rule, int q, double x[3],
            double normal[3])
{
  double r[3] = { 0.0 }, s[3] = { 0.0 };

  x[0] = x[1] = x[2] = 0.0;
  for (int a = 0; a < faces->n_nodes; a++)
    {
      const double *node = mesh->nodes + 3 * (gsize) faces->nodes[face * (gsize) faces->n_nodes + (gsize) a];
      for (int k = 0; k < 3; k++)
        {
          x[k] += rule->shape[q][a] * node[k];
          r[k] += rule->slope[q][a][0] * node[k];
          s[k] += rule->slope[q][a][1] * node[k];
        }
    }
  oss_cross (r, s, normal);
  for (int k = 0; k < 3; k++)
    normal[k] *= rule->weight[q];
}

double
oss_faces_area (const OssMesh *mesh, const OssFaces *faces, double centroid[3])
{
  FaceRule rule = { 0 };
  double area = 0.0, sum[3] = { 0.0 }, x[3], normal[3];

  face_rule (&rule, faces);
  for (gsize f = 0; f < faces->n; f++)
    for (int q = 0; q < rule.n_points; q++)
      {
        face_point (mesh, faces, f, &rule, q, x, normal);
        double part = oss_norm (normal);
        area += part;
        for (int k = 0; k < 3; k++)
          sum[k] += part * x[k];
      }
  for (int k = 0; k < 3 && centroid != NULL; k++)
    centroid[k] = area > 0.0 ? sum[k] / area : 0.0;
  return area;
}

/* traction = uniform + pressure along the inward normal + turn x (x - centre) */
typedef struct
{
  double uniform[3], pressure, turn[3], centre[3];
} Traction;

static gboolean
check_numbers (const double *values, int n, const char *what, GError **error)
{
  for (int i = 0; i < n; i++)
    if (!isfinite (values[i]))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("The %s of a load is not a number."), what);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_area (const OssMesh *mesh, const OssFaces *faces, double *area, double centroid[3], GError **error)
{
  *area = oss_faces_area (mesh, faces, centroid);
  if (*area > 0.0 && isfinite (*area))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
               _ ("The %zu faces of a load have an area of %g mm²: there is nothing to load."), faces->n, *area);
  return FALSE;
}

static void
append_forces (const gint32 *nodes, int n_nodes, double (*sum)[3], GArray *forces)
{
  for (int a = 0; a < n_nodes; a++)
    for (int k = 0; k < 3; k++)
      if (sum[a][k] != 0.0)
        {
          OssNodal force = { nodes[a], (gint8) k, sum[a][k] };
          g_array_append_val (forces, force);
        }
}

static void
integrate (const OssMesh *mesh, const OssFaces *faces, const Traction *traction, GArray *forces)
{
  FaceRule rule = { 0 };

  face_rule (&rule, faces);
  for (gsize f = 0; f < faces->n; f++)
    {
      double sum[6][3] = { { 0.0 } };
      for (int q = 0; q < rule.n_points; q++)
        {
          double x[3], normal[3], d[3], t[3];
          face_point (mesh, faces, f, &rule, q, x, normal);
          double area = oss_norm (normal);
          oss_sub (x, traction->centre, d);
          oss_cross (traction->turn, d, t);
          for (int k = 0; k < 3; k++)
            t[k] = area * (t[k] + traction->uniform[k]) - traction->pressure * normal[k];
          for (int a = 0; a < faces->n_nodes; a++)
            for (int k = 0; k < 3; k++)
              sum[a][k] += rule.shape[q][a] * t[k];
        }
      append_forces (faces->nodes + f * (gsize) faces->n_nodes, faces->n_nodes, sum, forces);
    }
}

gboolean
oss_load_traction (const OssMesh *mesh, const OssFaces *faces, const double traction_mpa[3], GArray *forces,
                   GError **error)
{
  Traction traction = { .uniform = { traction_mpa[0], traction_mpa[1], traction_mpa[2] } };
  double area;

  if (!check_numbers (traction_mpa, 3, _ ("traction"), error) || !check_area (mesh, faces, &area, NULL, error))
    return FALSE;
  integrate (mesh, faces, &traction, forces);
  return TRUE;
}

gboolean
oss_load_pressure (const OssMesh *mesh, const OssFaces *faces, double pressure_mpa, GArray *forces, GError **error)
{
  Traction traction = { .pressure = pressure_mpa };
  double area;

  if (!check_numbers (&pressure_mpa, 1, _ ("pressure"), error) || !check_area (mesh, faces, &area, NULL, error))
    return FALSE;
  integrate (mesh, faces, &traction, forces);
  return TRUE;
}

gboolean
oss_load_force (const OssMesh *mesh, const OssFaces *faces, const double force_n[3], GArray *forces, GError **error)
{
  Traction traction = { .pressure = 0.0 };
  double area;

  if (!check_numbers (force_n, 3, _ ("force"), error) || !check_area (mesh, faces, &area, NULL, error))
    return FALSE;
  for (int k = 0; k < 3; k++)
    traction.uniform[k] = force_n[k] / area;
  integrate (mesh, faces, &traction, forces);
  return TRUE;
}

/* Integral over the faces of (r . r) I - r r', r from the centroid: what a turn has as its moment. */
static void
face_inertia (const OssMesh *mesh, const OssFaces *faces, const double centroid[3], double inertia[9])
{
  FaceRule rule = { 0 };

  memset (inertia, 0, 9 * sizeof *inertia);
  face_rule (&rule, faces);
  for (gsize f = 0; f < faces->n; f++)
    for (int q = 0; q < rule.n_points; q++)
      {
        double x[3], normal[3], d[3];
        face_point (mesh, faces, f, &rule, q, x, normal);
        oss_sub (x, centroid, d);
        for (int i = 0; i < 3; i++)
          for (int k = 0; k < 3; k++)
            inertia[3 * i + k] += oss_norm (normal) * ((i == k ? oss_dot (d, d) : 0.0) - d[i] * d[k]);
      }
}

gboolean
oss_load_moment (const OssMesh *mesh, const OssFaces *faces, const double moment_n_mm[3], GArray *forces,
                 GError **error)
{
  Traction traction = { .pressure = 0.0 };
  double area, inertia[9], inverse[9];

  if (!check_numbers (moment_n_mm, 3, _ ("moment"), error) || !check_area (mesh, faces, &area, traction.centre, error))
    return FALSE;
  face_inertia (mesh, faces, traction.centre, inertia);
  if (!oss_mat3_inverse (inertia, inverse))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("The faces of a moment lie on one line: they cannot carry it."));
      return FALSE;
    }
  oss_mat3_apply (inverse, moment_n_mm, traction.turn);
  integrate (mesh, faces, &traction, forces);
  return TRUE;
}

gboolean
oss_load_body_force (const OssMesh *mesh, const double *density_t_mm3, const double acceleration_mm_s2[3],
                     GArray *forces, GError **error)
{
  g_autoptr (OssElements) elements = NULL;

  if (!check_numbers (acceleration_mm_s2, 3, _ ("acceleration"), error)
      || (elements = oss_elements_new (mesh, NULL, error)) == NULL)
    return FALSE;
  const OssElementRule *rule = elements->rule;
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      double density = density_t_mm3 != NULL ? density_t_mm3[e] : 1.0, sum[OSS_MAX_ELEMENT_NODES][3] = { { 0.0 } };
      const double *volume = oss_elements_volume (elements, e);
      if (!(density >= 0.0 && isfinite (density)))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("Element %zu has a density of %g t/mm³."), e,
                       density);
          return FALSE;
        }
      for (int q = 0; q < rule->n_points; q++)
        for (int a = 0; a < rule->n_nodes; a++)
          for (int k = 0; k < 3; k++)
            sum[a][k] += density * volume[q] * rule->shape[q][a] * acceleration_mm_s2[k];
      append_forces (mesh->elements + e * (gsize) rule->n_nodes, rule->n_nodes, sum, forces);
    }
  return TRUE;
}

void
oss_load_resultant (const OssMesh *mesh, const OssNodal *forces, gsize n_forces, const double about[3],
                    double force_n[3], double moment_n_mm[3])
{
  for (int k = 0; k < 3; k++)
    force_n[k] = moment_n_mm[k] = 0.0;
  for (gsize i = 0; i < n_forces; i++)
    {
      double f[3] = { 0.0 }, d[3], m[3];
      f[forces[i].axis] = forces[i].value;
      oss_sub (mesh->nodes + 3 * (gsize) forces[i].node, about, d);
      oss_cross (d, f, m);
      for (int k = 0; k < 3; k++)
        {
          force_n[k] += f[k];
          moment_n_mm[k] += m[k];
        }
    }
}

void
oss_load_motion_axis (const OssVertebraFrame *frame, OssMotion motion, double axis[3])
{
  gboolean back =
      motion == OSS_MOTION_EXTENSION || motion == OSS_MOTION_BENDING_RIGHT || motion == OSS_MOTION_TURN_RIGHT;
  const double left[3] = { -frame->right[0], -frame->right[1], -frame->right[2] };

  /* Flexion carries superior to anterior, bending to the left superior to left, turning left anterior to left. */
  if (motion == OSS_MOTION_FLEXION || motion == OSS_MOTION_EXTENSION)
    oss_cross (frame->superior, frame->anterior, axis);
  else if (motion == OSS_MOTION_BENDING_LEFT || motion == OSS_MOTION_BENDING_RIGHT)
    oss_cross (frame->superior, left, axis);
  else
    oss_cross (frame->anterior, left, axis);
  for (int k = 0; k < 3; k++)
    axis[k] = back ? -axis[k] : axis[k];
}
