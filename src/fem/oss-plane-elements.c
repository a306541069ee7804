/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-plane-private.h"

/* Corners of the reference square, counter-clockwise; the integration points lie towards them. */
static const double corner[4][2] = { { -1.0, -1.0 }, { 1.0, -1.0 }, { 1.0, 1.0 }, { -1.0, 1.0 } };
#define GAUSS 0.57735026918962576 /* 1 / sqrt (3) */

OssPlaneMaterial
oss_plane_isotropic (double modulus_mpa, double poisson)
{
  return (OssPlaneMaterial){ modulus_mpa, modulus_mpa, poisson, modulus_mpa / (2.0 * (1.0 + poisson)), 0.0 };
}

static gboolean
check_material (const OssPlaneMaterial *material, GError **error)
{
  const double *e = &material->modulus_1_mpa, nu = material->poisson_12;
  double coupling = nu * nu * material->modulus_2_mpa / material->modulus_1_mpa;
  gboolean isotropic =
      material->modulus_1_mpa == material->modulus_2_mpa
      && fabs (material->shear_12_mpa * 2.0 * (1.0 + nu) - material->modulus_1_mpa) <= 1e-12 * material->modulus_1_mpa;

  if (!(*e > 0.0) || !(material->modulus_2_mpa > 0.0) || !(material->shear_12_mpa > 0.0) || !isfinite (*e)
      || !isfinite (material->modulus_2_mpa) || !isfinite (material->shear_12_mpa))
    g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                 _ ("Moduli of %g, %g and %g MPa (E1, E2, G12): each must be above 0."), *e, material->modulus_2_mpa,
                 material->shear_12_mpa);
  else if (!(coupling < 1.0) || (isotropic && !(nu > -1.0 && nu < 0.5)) || !isfinite (material->angle_rad))
    g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                 _ ("Poisson’s ratio %g is out of range: an elastic solid needs more than −1 and less than 0.5."), nu);
  else
    return TRUE;
  return FALSE;
}

gboolean
oss_plane_stiffness (const OssPlaneMaterial *material, double stiffness_mpa[9], GError **error)
{
  if (!check_material (material, error))
    return FALSE;
  double e1 = material->modulus_1_mpa, e2 = material->modulus_2_mpa, nu = material->poisson_12;
  double share = 1.0 / (1.0 - nu * nu * e2 / e1), c = cos (material->angle_rad), s = sin (material->angle_rad);
  const double own[9] = { e1 * share, nu * e2 * share,       0.0, nu * e2 * share, e2 * share, 0.0, 0.0,
                          0.0,        material->shear_12_mpa };
  /* strain along the material's axes from strain along x and y */
  const double turn[9] = { c * c, s * s, s * c, s * s, c * c, -s * c, -2.0 * s * c, 2.0 * s * c, c * c - s * s };
  double half[9] = { 0.0 };

  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 3; k++)
        half[3 * i + j] += own[3 * i + k] * turn[3 * k + j];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      {
        stiffness_mpa[3 * i + j] = 0.0;
        for (int k = 0; k < 3; k++)
          stiffness_mpa[3 * i + j] += turn[3 * k + i] * half[3 * k + j];
      }
  return TRUE;
}

/* Derivatives by x and y at a reference point; the Jacobian determinant. */
static double
gradient_at (const double xy[4][2], const double at[2], double gradient[4][2])
{
  double reference[4][2], j[2][2] = { { 0.0 } };

  for (int a = 0; a < 4; a++)
    {
      reference[a][0] = 0.25 * corner[a][0] * (1.0 + corner[a][1] * at[1]);
      reference[a][1] = 0.25 * corner[a][1] * (1.0 + corner[a][0] * at[0]);
      for (int r = 0; r < 2; r++)
        for (int c = 0; c < 2; c++)
          j[r][c] += reference[a][r] * xy[a][c];
    }
  double determinant = j[0][0] * j[1][1] - j[0][1] * j[1][0];
  for (int a = 0; a < 4; a++)
    {
      gradient[a][0] = (j[1][1] * reference[a][0] - j[0][1] * reference[a][1]) / determinant;
      gradient[a][1] = (j[0][0] * reference[a][1] - j[1][0] * reference[a][0]) / determinant;
    }
  return determinant;
}

static gboolean
fill_element (OssPlaneElements *self, gsize element, GError **error)
{
  const OssPlaneModel *model = self->model;
  double *gradient = self->gradient + element * (OSS_PLANE_POINTS * 8), xy[4][2], unused[4][2];
  double thickness = model->thickness_mm != NULL ? model->thickness_mm[element] : 1.0;

  for (int a = 0; a < 4; a++)
    for (int c = 0; c < 2; c++)
      xy[a][c] = model->nodes[2 * (gsize) model->elements[4 * element + (gsize) a] + (gsize) c];
  for (int q = 0; q < OSS_PLANE_POINTS; q++)
    {
      const double at[2] = { GAUSS * corner[q][0], GAUSS * corner[q][1] };
      double determinant = gradient_at (xy, at, (double (*)[2]) (gradient + 8 * q));
      /* Positive at the corners is positive everywhere: the determinant is bilinear up to a term that vanishes. */
      if (!(determinant > 0.0) || !(gradient_at (xy, corner[q], unused) > 0.0))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("Element %zu is inside out or folded near (%.3g, %.3g) mm."), element + 1, xy[q][0],
                       xy[q][1]);
          return FALSE;
        }
      self->volume[element * OSS_PLANE_POINTS + (gsize) q] = determinant * thickness;
    }
  return TRUE;
}

static gboolean
fill_stiffness (OssPlaneElements *self, GError **error)
{
  for (gsize m = 0; m < self->model->n_materials; m++)
    if (!oss_plane_stiffness (&self->model->materials[m], self->stiffness + 9 * m, error))
      return FALSE;
  return TRUE;
}

OssPlaneElements *
oss_plane_elements_new (const OssPlaneModel *model, GError **error)
{
  g_autoptr (OssPlaneElements) self = g_new0 (OssPlaneElements, 1);
  gsize n = model->n_elements;

  self->model = model;
  self->gradient = oss_alloc_aligned (n, OSS_PLANE_POINTS * 8 * sizeof (double), _ ("the elements"), error);
  if (self->gradient == NULL)
    return NULL;
  self->volume = oss_alloc_aligned (n, OSS_PLANE_POINTS * sizeof (double), _ ("the elements"), error);
  if (self->volume == NULL)
    return NULL;
  self->stiffness = oss_alloc_aligned (model->n_materials, 9 * sizeof (double), _ ("the materials"), error);
  if (self->stiffness == NULL || !fill_stiffness (self, error))
    return NULL;
  for (gsize e = 0; e < n; e++)
    if (!fill_element (self, e, error))
      return NULL;
  return g_steal_pointer (&self);
}

void
oss_plane_elements_free (OssPlaneElements *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->gradient);
  oss_free_aligned (self->volume);
  oss_free_aligned (self->stiffness);
  g_free (self);
}

void
oss_plane_elements_add_block (const OssPlaneElements *self, gsize element, int a, int b, double block[9])
{
  const double *gradient = oss_plane_elements_gradient (self, element),
               *d = oss_plane_elements_stiffness (self, element);
  const double *volume = oss_plane_elements_volume (self, element);

  for (int q = 0; q < OSS_PLANE_POINTS; q++, gradient += 8)
    {
      double ax = volume[q] * gradient[2 * a], ay = volume[q] * gradient[2 * a + 1];
      double bx = gradient[2 * b], by = gradient[2 * b + 1];
      block[0] += ax * (d[0] * bx + d[2] * by) + ay * (d[6] * bx + d[8] * by);
      block[1] += ax * (d[1] * by + d[2] * bx) + ay * (d[7] * by + d[8] * bx);
      block[3] += ay * (d[3] * bx + d[5] * by) + ax * (d[6] * bx + d[8] * by);
      block[4] += ay * (d[4] * by + d[5] * bx) + ax * (d[7] * by + d[8] * bx);
    }
}

void
oss_plane_elements_strain (const OssPlaneElements *self, gsize element, const double *u,
                           double strain[OSS_PLANE_POINTS][3])
{
  const double *gradient = oss_plane_elements_gradient (self, element);
  const gint32 *nodes = self->model->elements + 4 * element;

  for (int q = 0; q < OSS_PLANE_POINTS; q++, gradient += 8)
    {
      double *e = strain[q];
      e[0] = e[1] = e[2] = 0.0;
      for (int a = 0; a < 4; a++)
        {
          const double *move = u + 2 * (gsize) nodes[a];
          e[0] += gradient[2 * a] * move[0];
          e[1] += gradient[2 * a + 1] * move[1];
          e[2] += gradient[2 * a + 1] * move[0] + gradient[2 * a] * move[1];
        }
    }
}

const double (*oss_plane_corner_from_point (void))[OSS_PLANE_POINTS]
{
  /* The bilinear functions of the square of the points, taken at the corners, sqrt (3) times further out. */
  static double matrix[4][OSS_PLANE_POINTS];
  static gsize ready;

  if (g_once_init_enter (&ready))
    {
      for (int c = 0; c < 4; c++)
        for (int q = 0; q < OSS_PLANE_POINTS; q++)
          matrix[c][q] =
              0.25 * (1.0 + corner[q][0] * corner[c][0] / GAUSS) * (1.0 + corner[q][1] * corner[c][1] / GAUSS);
      g_once_init_leave (&ready, 1);
    }
  return matrix;
}
