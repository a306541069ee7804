/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-material.h"

#include "base/oss-i18n.h"
#include "fem/oss-fem-private.h"

#include <string.h>

static const double unit_axes[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 };
/* Place in xx yy zz yz xz xy of a pair of axes, and back. */
static const int place_of[3][3] = { { 0, 5, 4 }, { 5, 1, 3 }, { 4, 3, 2 } };
static const int pair_of[6][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 1, 2 }, { 0, 2 }, { 0, 1 } };

static void
fill_isotropic (double stiffness[36], double lambda, double mu)
{
  memset (stiffness, 0, 36 * sizeof *stiffness);
  for (int i = 0; i < 3; i++)
    {
      for (int k = 0; k < 3; k++)
        stiffness[6 * i + k] = lambda;
      stiffness[7 * i] += 2.0 * mu;
      stiffness[7 * (i + 3)] = mu;
    }
}

gboolean
oss_fem_material_isotropic (OssFemMaterial *self, double modulus_mpa, double poisson, GError **error)
{
  double lambda, mu;

  if (!(modulus_mpa > 0.0 && isfinite (modulus_mpa)))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("A material has a modulus of %g MPa; it has to be above 0."), modulus_mpa);
      return FALSE;
    }
  if (!oss_lame_unit (poisson, &lambda, &mu))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("Poisson’s ratio is %g; it has to be above −1 and below 0.5."), poisson);
      return FALSE;
    }
  *self = (OssFemMaterial){ .kind = OSS_ELASTICITY_ISOTROPIC,
                            .constants = { modulus_mpa, poisson },
                            .modulus_mpa = modulus_mpa,
                            .lambda = modulus_mpa * lambda,
                            .mu = modulus_mpa * mu };
  memcpy (self->axes, unit_axes, sizeof unit_axes);
  fill_isotropic (self->stiffness, self->lambda, self->mu);
  return TRUE;
}

/* A symmetric 3 x 3 block (11 22 33 12 13 23) is positive definite: Sylvester's minors, relative to the diagonal. */
static gboolean
is_definite (const double s[6])
{
  double r12 = s[3] / sqrt (s[0] * s[1]), r13 = s[4] / sqrt (s[0] * s[2]), r23 = s[5] / sqrt (s[1] * s[2]);
  return fabs (r12) < 1.0 && fabs (r13) < 1.0 && fabs (r23) < 1.0
         && 1.0 - r12 * r12 - r13 * r13 - r23 * r23 + 2.0 * r12 * r13 * r23 > 1e-9;
}

static gboolean
check_above_zero (const double constants[9], const int *which, const char *const *names, GError **error)
{
  for (int i = 0; i < 9; i++)
    if (!isfinite (constants[i]))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("%s of an orthotropic material is not a number."),
                     names[i]);
        return FALSE;
      }
  for (int i = 0; i < 6; i++)
    if (!(constants[which[i]] > 0.0))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                     _ ("%s of an orthotropic material is %g MPa; it has to be above 0."), names[which[i]],
                     constants[which[i]]);
        return FALSE;
      }
  return TRUE;
}

/* The block (11 22 33 12 13 23) and the shear moduli (23 13 12) in material axes. */
static gboolean
from_engineering (const double c[9], double block[6], double shear[3], GError **error)
{
  static const char *const names[9] = { "E1", "E2", "E3", "nu12", "nu13", "nu23", "G12", "G13", "G23" };
  static const int positive[6] = { 0, 1, 2, 6, 7, 8 };
  double inverse[9];

  if (!check_above_zero (c, positive, names, error))
    return FALSE;
  const double s[6] = { 1.0 / c[0], 1.0 / c[1], 1.0 / c[2], -c[3] / c[0], -c[4] / c[0], -c[5] / c[1] };
  const double matrix[9] = { s[0], s[3], s[4], s[3], s[1], s[5], s[4], s[5], s[2] };
  if (!is_definite (s) || !oss_mat3_inverse (matrix, inverse))
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
          _ ("Poisson’s ratios nu12 %g, nu13 %g, nu23 %g do not suit E1 %g, E2 %g, E3 %g MPa: some strain would "
             "store no energy. |nu12| has to be below sqrt (E1/E2), and so on."),
          c[3], c[4], c[5], c[0], c[1], c[2]);
      return FALSE;
    }
  for (int i = 0; i < 3; i++)
    block[i] = inverse[4 * i];
  block[3] = inverse[1], block[4] = inverse[2], block[5] = inverse[5];
  shear[0] = c[8], shear[1] = c[7], shear[2] = c[6];
  return TRUE;
}

static gboolean
from_stiffness (const double c[9], double block[6], double shear[3], GError **error)
{
  static const char *const names[9] = {
    "D1111", "D1122", "D2222", "D1133", "D2233", "D3333", "D1212", "D1313", "D2323"
  };
  static const int positive[6] = { 0, 2, 5, 6, 7, 8 };

  if (!check_above_zero (c, positive, names, error))
    return FALSE;
  block[0] = c[0], block[1] = c[2], block[2] = c[5], block[3] = c[1], block[4] = c[3], block[5] = c[4];
  if (!is_definite (block))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("The stiffness D1111 %g, D2222 %g, D3333 %g, D1122 %g, D1133 %g, D2233 %g MPa is not positive "
                      "definite: some strain would store no energy."),
                   c[0], c[2], c[5], c[1], c[3], c[4]);
      return FALSE;
    }
  shear[0] = c[8], shear[1] = c[7], shear[2] = c[6];
  return TRUE;
}

/* Strain in material axes from strain in patient axes: [6][6]. */
static void
strain_transformation (const double axes[9], double turn[36])
{
  for (int p = 0; p < 6; p++)
    for (int g = 0; g < 6; g++)
      {
        const double *a = axes + 3 * pair_of[p][0], *b = axes + 3 * pair_of[p][1];
        int i = pair_of[g][0], k = pair_of[g][1];
        /* Engineering shear on both sides: 2 a_i b_k e_ik summed over both orders, each e_ik half of a shear. */
        double factor = p < 3 ? 1.0 : 2.0;
        turn[6 * p + g] = i == k ? factor * a[i] * b[i] : 0.5 * factor * (a[i] * b[k] + a[k] * b[i]);
      }
}

static void
fill_rotated (OssFemMaterial *self, const double block[6], const double shear[3])
{
  double local[36] = { 0.0 }, turn[36], half[36] = { 0.0 };

  local[0] = block[0], local[7] = block[1], local[14] = block[2];
  local[1] = local[6] = block[3], local[2] = local[12] = block[4], local[8] = local[13] = block[5];
  for (int i = 0; i < 3; i++)
    local[7 * (i + 3)] = shear[i];
  strain_transformation (self->axes, turn);
  for (int i = 0; i < 6; i++)
    for (int k = 0; k < 6; k++)
      for (int j = 0; j < 6; j++)
        half[6 * i + k] += local[6 * i + j] * turn[6 * j + k];
  for (int i = 0; i < 6; i++)
    for (int k = 0; k <= i; k++)
      {
        double sum = 0.0;
        for (int j = 0; j < 6; j++)
          sum += turn[6 * j + i] * half[6 * j + k];
        self->stiffness[6 * i + k] = self->stiffness[6 * k + i] = sum;
      }
}

/* Bulk and shear modulus of the mean over all directions (Voigt; Hill, Proc. Phys. Soc. A 65 (1952) 349). */
static void
fill_mean (OssFemMaterial *self)
{
  const double *c = self->stiffness;
  double axial = c[0] + c[7] + c[14], cross = c[1] + c[2] + c[8], shear = c[21] + c[28] + c[35];
  double bulk = (axial + 2.0 * cross) / 9.0, mu = (axial - cross + 3.0 * shear) / 15.0;

  self->modulus_mpa = 9.0 * bulk * mu / (3.0 * bulk + mu);
  self->mu = mu;
  self->lambda = bulk - 2.0 * mu / 3.0;
}

static gboolean
check_axes (const double axes[9], GError **error)
{
  double third[3];

  oss_cross (axes, axes + 3, third);
  for (int i = 0; i < 3; i++)
    if (!(fabs (oss_norm (axes + 3 * i) - 1.0) < 1e-6) || !(fabs (third[i] - axes[6 + i]) < 1e-6)
        || !(fabs (oss_dot (axes, axes + 3)) < 1e-6))
      {
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                             _ ("The axes of a material are not three right-handed unit vectors at right angles."));
        return FALSE;
      }
  return TRUE;
}

gboolean
oss_fem_material_orthotropic (OssFemMaterial *self, OssElasticity kind, const double constants[9], const double *axes,
                              GError **error)
{
  double block[6], shear[3];

  g_return_val_if_fail (kind != OSS_ELASTICITY_ISOTROPIC, FALSE);
  if ((axes != NULL && !check_axes (axes, error))
      || !(kind == OSS_ELASTICITY_ENGINEERING ? from_engineering (constants, block, shear, error)
                                              : from_stiffness (constants, block, shear, error)))
    return FALSE;
  *self = (OssFemMaterial){ .kind = kind };
  memcpy (self->constants, constants, sizeof self->constants);
  memcpy (self->axes, axes != NULL ? axes : unit_axes, sizeof self->axes);
  fill_rotated (self, block, shear);
  fill_mean (self);
  return TRUE;
}

gboolean
oss_fem_axes_from_points (const double a[3], const double b[3], double axes[9], GError **error)
{
  double along;

  memcpy (axes, a, 3 * sizeof *axes);
  memcpy (axes + 3, b, 3 * sizeof *axes);
  /* Written with 17 digits and read again, axes stay the same bits. */
  gboolean exact =
      fabs (oss_dot (a, a) - 1.0) < 1e-14 && fabs (oss_dot (b, b) - 1.0) < 1e-14 && fabs (oss_dot (a, b)) < 1e-14;
  if (!exact)
    {
      double length = oss_normalize (axes), reach = oss_norm (b);
      along = oss_dot (axes, axes + 3);
      for (int i = 0; i < 3; i++)
        axes[3 + i] -= along * axes[i];
      if (!(length > 0.0 && isfinite (length)) || !(oss_norm (axes + 3) > 1e-9 * reach))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("The points (%g, %g, %g) and (%g, %g, %g) of an orientation lie on a line with the origin."),
                       a[0], a[1], a[2], b[0], b[1], b[2]);
          return FALSE;
        }
      oss_normalize (axes + 3);
    }
  oss_cross (axes, axes + 3, axes + 6);
  return TRUE;
}

const double *
oss_fem_elasticity (const OssFemModel *model, const double unit[2], gsize element, double *lambda, double *mu)
{
  gint32 index = model->material != NULL ? model->material[element] : -1;

  if (index < 0)
    {
      *lambda = model->modulus_mpa[element] * unit[0];
      *mu = model->modulus_mpa[element] * unit[1];
      return NULL;
    }
  *lambda = model->materials[index].lambda;
  *mu = model->materials[index].mu;
  return model->materials[index].kind == OSS_ELASTICITY_ISOTROPIC ? NULL : model->materials[index].stiffness;
}

void
oss_fem_add_anisotropic (const double stiffness[36], const double g[9], double block[9])
{
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++)
      {
        double sum = 0.0;
        for (int j = 0; j < 3; j++)
          for (int l = 0; l < 3; l++)
            sum += stiffness[6 * place_of[i][j] + place_of[k][l]] * g[3 * j + l];
        block[3 * i + k] += sum;
      }
}

void
oss_fem_element_stress (const OssFemModel *model, const OssElements *elements, gsize element, const double *u,
                        double stress[OSS_MAX_ELEMENT_POINTS][6], double strain[OSS_MAX_ELEMENT_POINTS][6])
{
  gint32 index = model->material != NULL ? model->material[element] : -1;
  const OssFemMaterial *material = index >= 0 ? &model->materials[index] : NULL;

  if (material == NULL || material->kind == OSS_ELASTICITY_ISOTROPIC)
    {
      oss_elements_stress (elements, element, material != NULL ? material->constants[0] : model->modulus_mpa[element],
                           material != NULL ? material->constants[1] : model->poisson, u, stress, strain);
      return;
    }
  oss_elements_stress (elements, element, 1.0, 0.0, u, stress, strain);
  for (int q = 0; q < elements->rule->n_points; q++)
    for (int i = 0; i < 6; i++)
      {
        stress[q][i] = 0.0;
        for (int k = 0; k < 6; k++)
          stress[q][i] += material->stiffness[6 * i + k] * strain[q][k];
      }
}
