/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Algebra of 6 x 6 stiffnesses: inverse, rotation, the orthotropic fit. */
#include "base/oss-random.h"
#include "base/oss-vector.h"
#include "micro/oss-stiffness.h"

#include <string.h>

/* An orthotropic stiffness from engineering constants. */
static void
orthotropic (const double e[3], const double g[3], double nu12, double nu13, double nu23, double c[36])
{
  double s[36] = { 0.0 };

  for (int i = 0; i < 3; i++)
    {
      s[7 * i] = 1.0 / e[i];
      s[7 * (i + 3)] = 1.0 / g[i];
    }
  s[1] = s[6] = -nu12 / e[0];
  s[2] = s[12] = -nu13 / e[0];
  s[8] = s[13] = -nu23 / e[1];
  g_assert_true (oss_stiffness_inverse (s, c));
}

static void
random_axes (OssRandom *random, double axes[9])
{
  for (int k = 0; k < 6; k++)
    axes[k] = oss_random_normal (random);
  oss_normalize (axes);
  double along = oss_dot (axes, axes + 3);
  for (int k = 0; k < 3; k++)
    axes[3 + k] -= along * axes[k];
  oss_normalize (axes + 3);
  oss_cross (axes, axes + 3, axes + 6);
}

static void
test_isotropic (void)
{
  double c[36], turned[36], axes[9], s[36];
  OssEngineering e;
  OssRandom random;

  oss_random_init (&random, 3, 0);
  oss_stiffness_isotropic (10000.0, 0.3, c);
  random_axes (&random, axes);
  oss_stiffness_turn (c, axes, turned);
  for (int i = 0; i < 36; i++)
    g_assert_cmpfloat_with_epsilon (turned[i], c[i], 1e-8);
  g_assert_true (oss_stiffness_engineering (turned, &e));
  for (int i = 0; i < 3; i++)
    {
      g_assert_cmpfloat_with_epsilon (e.modulus_mpa[i], 10000.0, 1e-7);
      g_assert_cmpfloat_with_epsilon (e.shear_mpa[i], 10000.0 / 2.6, 1e-7);
      g_assert_cmpfloat_with_epsilon (e.poisson[i], 0.3, 1e-10);
    }
  g_assert_true (oss_stiffness_inverse (c, s));
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      {
        double sum = 0.0;
        for (int k = 0; k < 6; k++)
          sum += c[6 * i + k] * s[6 * k + j];
        g_assert_cmpfloat_with_epsilon (sum, i == j, 1e-12);
      }
  memset (c, 0, 6 * sizeof *c); /* a direction without stiffness */
  g_assert_false (oss_stiffness_inverse (c, s));
}

/* Hooke's law in tensors, by its own sums: turning the strain, then C, is turning the stress. */
static void
test_turn (void)
{
  static const int pair[6][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 1, 2 }, { 0, 2 }, { 0, 1 } };
  double c[36], axes[9], turned[36], strain[9] = { 0.01, 0.004, -0.002, 0.004, -0.006, 0.003, -0.002, 0.003, 0.008 };
  double there[9] = { 0.0 }, here[6], stress_tensor[9], expected[9] = { 0.0 };
  OssRandom random;

  oss_random_init (&random, 4, 0);
  for (int i = 0; i < 6; i++)
    for (int j = 0; j <= i; j++)
      c[6 * i + j] = c[6 * j + i] = oss_random_range (&random, -1.0, 1.0) + 5.0 * (i == j);
  random_axes (&random, axes);
  oss_stiffness_turn (c, axes, turned);
  for (int i = 0; i < 6; i++)
    {
      here[i] = 0.0;
      for (int j = 0; j < 6; j++)
        here[i] += c[6 * i + j] * strain[3 * pair[j][0] + pair[j][1]] * (j < 3 ? 1.0 : 2.0);
      stress_tensor[3 * pair[i][0] + pair[i][1]] = stress_tensor[3 * pair[i][1] + pair[i][0]] = here[i];
    }
  for (int i = 0; i < 9; i++)
    for (int k = 0; k < 9; k++)
      {
        double weight = axes[3 * (i / 3) + k / 3] * axes[3 * (i % 3) + k % 3];
        there[i] += weight * strain[k];
        expected[i] += weight * stress_tensor[k];
      }
  for (int i = 0; i < 6; i++)
    {
      double sum = 0.0;
      for (int j = 0; j < 6; j++)
        sum += turned[6 * i + j] * there[3 * pair[j][0] + pair[j][1]] * (j < 3 ? 1.0 : 2.0);
      g_assert_cmpfloat_with_epsilon (sum, expected[3 * pair[i][0] + pair[i][1]], 1e-14);
    }
}

/* Bone-like constants, hidden behind random axes, are found again. */
static void
test_fit (void)
{
  const double e[3] = { 90.0, 210.0, 480.0 }, g[3] = { 110.0, 70.0, 45.0 };
  OssRandom random;

  oss_random_init (&random, 6, 0);
  for (int trial = 0; trial < 10; trial++)
    {
      double c[36], axes[9], turned[36];
      OssOrthotropic fit;

      orthotropic (e, g, 0.2, 0.1, 0.15, c);
      random_axes (&random, axes);
      oss_stiffness_turn (c, axes, turned);
      g_assert_true (oss_orthotropic_fit (turned, &fit));
      g_assert_cmpfloat (fit.residue, <, 1e-6);
      for (int i = 0; i < 3; i++)
        {
          g_assert_cmpfloat_with_epsilon (fit.engineering.modulus_mpa[i], e[i], 1e-4);
          g_assert_cmpfloat_with_epsilon (fit.engineering.shear_mpa[i], g[i], 1e-4);
        }
      g_assert_cmpfloat_with_epsilon (fit.engineering.poisson[2], 0.2, 1e-5);
      g_assert_cmpfloat_with_epsilon (fit.engineering.poisson[1], 0.1, 1e-5);
      g_assert_cmpfloat_with_epsilon (fit.engineering.poisson[0], 0.15, 1e-5);
      double side[3];
      oss_cross (fit.axes, fit.axes + 3, side);
      g_assert_cmpfloat_with_epsilon (oss_dot (side, fit.axes + 6), 1.0, 1e-12);
    }
}

/* An isotropic material keeps the image's axes; one that is not orthotropic says how far it is from it. */
static void
test_residue (void)
{
  double c[36];
  OssOrthotropic fit;

  oss_stiffness_isotropic (500.0, 0.2, c);
  g_assert_true (oss_orthotropic_fit (c, &fit));
  g_assert_cmpfloat (fit.residue, <, 1e-12);
  for (int i = 0; i < 9; i++)
    g_assert_cmpfloat_with_epsilon (fabs (fit.axes[i]), i % 4 == 0, 1e-12);
  c[3] = c[18] = 120.0;
  c[10] = c[25] = -90.0;
  c[17] = c[32] = 70.0;
  g_assert_true (oss_orthotropic_fit (c, &fit));
  g_assert_cmpfloat (fit.residue, >, 0.01);
  g_assert_cmpfloat (fit.residue, <, 0.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/micro/stiffness/isotropic", test_isotropic);
  g_test_add_func ("/micro/stiffness/turn", test_turn);
  g_test_add_func ("/micro/stiffness/fit", test_fit);
  g_test_add_func ("/micro/stiffness/residue", test_residue);
  return g_test_run ();
}
