/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-random.h"
#include "base/oss-vector.h"
#include "fem/oss-plasticity.h"

#include <math.h>
#include <string.h>

#define MODULUS 800.0
#define POISSON 0.3
#define COMPRESSION 6.0
#define TENSION 4.0

static const OssCriterion all[] = { OSS_CRITERION_VON_MISES, OSS_CRITERION_PARABOLOID, OSS_CRITERION_DRUCKER_PRAGER,
                                    OSS_CRITERION_MOHR_COULOMB };

/* Only xx is stressed: the strain sideways, the same along y and z, by bisection of the stress there. */
static void
uniaxial (const OssPlastic *material, double axial, double *state, double *stress)
{
  double after[OSS_PLASTIC_STATE], low = -0.1, high = 0.1;

  for (int pass = 0; pass < 100; pass++)
    {
      double middle = 0.5 * (low + high);
      const double strain[6] = { axial, middle, middle, 0.0, 0.0, 0.0 };
      oss_plastic_return (material, strain, state, after, stress, NULL);
      if (stress[1] > 0.0)
        high = middle;
      else
        low = middle;
    }
  g_assert_cmpfloat (fabs (stress[1]) + fabs (stress[2]), <, 1e-9 * COMPRESSION);
  memcpy (state, after, sizeof after);
}

/* One-dimensional closed form: E up to the yield stress, then E H / (E + H) with H in compression and H / r^2 in
 * tension (r = C / T), whatever the number of steps; the plastic strain of the compressive test is the equivalent
 * plastic strain itself. */
static void
test_uniaxial (void)
{
  static const double hardenings[] = { 0.0, 40.0 };

  for (gsize c = 0; c < G_N_ELEMENTS (all); c++)
    for (int h = 0; h < 2; h++)
      for (int sign = -1; sign <= 1; sign += 2)
        for (int steps = 1; steps <= 20; steps += 19)
          {
            OssPlastic material = oss_plastic_make (all[c], MODULUS, POISSON, COMPRESSION, TENSION);
            material.hardening = hardenings[h];
            double r = all[c] == OSS_CRITERION_VON_MISES ? 1.0 : COMPRESSION / TENSION;
            double yield = sign < 0 ? COMPRESSION : COMPRESSION / r;
            double slope = hardenings[h] / (sign < 0 ? 1.0 : r * r), strain = 0.03;
            double expected = yield + MODULUS * slope / (MODULUS + slope) * (strain - yield / MODULUS);
            double state[OSS_PLASTIC_STATE] = { 0.0 }, stress[6];
            for (int i = 1; i <= steps; i++)
              uniaxial (&material, sign * strain * i / steps, state, stress);
            g_assert_cmpfloat_with_epsilon (stress[0], sign * expected, 1e-9 * expected);
            double plastic = (strain - expected / MODULUS) / (sign < 0 ? 1.0 : r);
            g_assert_cmpfloat_with_epsilon (state[6], plastic, 1e-9);
          }
}

/* Simple shear of von Mises and Drucker-Prager: yield at tau = C / sqrt 3 and at tau = C / (sqrt 3 a), a = (1 + r) / 2;
 * Tresca's and Mohr-Coulomb's at C / (1 + r).  Von Mises goes on with slope G H / (3 G + H) of tau over gamma and
 * no pressure; closed form. */
static void
test_shear (void)
{
  double g = MODULUS / (2.0 * (1.0 + POISSON)), r = COMPRESSION / TENSION, h = 30.0;
  const double first[] = { COMPRESSION / sqrt (3.0), COMPRESSION / sqrt (3.0 * r),
                           2.0 * COMPRESSION / (sqrt (3.0) * (1.0 + r)), COMPRESSION / (1.0 + r) };

  for (gsize c = 0; c < G_N_ELEMENTS (all); c++)
    {
      OssPlastic material = oss_plastic_make (all[c], MODULUS, POISSON, COMPRESSION, TENSION);
      double state[OSS_PLASTIC_STATE] = { 0.0 }, after[OSS_PLASTIC_STATE], stress[6];
      const double below[6] = { 0.0, 0.0, 0.0, 0.0, 0.0, 0.999999 * first[c] / g };
      const double above[6] = { 0.0, 0.0, 0.0, 0.0, 0.0, 1.000001 * first[c] / g };
      g_assert_false (oss_plastic_return (&material, below, state, after, stress, NULL));
      g_assert_true (oss_plastic_return (&material, above, state, after, stress, NULL));
    }
  OssPlastic material = oss_plastic_make (OSS_CRITERION_VON_MISES, MODULUS, POISSON, COMPRESSION, TENSION);
  double state[OSS_PLASTIC_STATE] = { 0.0 }, stress[6], strain[6] = { 0.0 };
  material.hardening = h;
  for (int i = 1; i <= 10; i++)
    {
      strain[5] = 0.004 * i;
      oss_plastic_return (&material, strain, state, state, stress, NULL);
    }
  double expected = first[0] + g * h / (3.0 * g + h) * (strain[5] - first[0] / g);
  g_assert_cmpfloat_with_epsilon (stress[5], expected, 1e-12 * expected);
  for (int k = 0; k < 5; k++)
    g_assert_cmpfloat (fabs (stress[k]), <, 1e-12);
}

static void
random_strain (OssRandom *random, double size, double strain[6])
{
  for (int k = 0; k < 6; k++)
    strain[k] = size * oss_random_normal (random);
}

/* After every return the stress is on the surface, the plastic strain is along its normal (the dissipation
 * beats that of any admissible stress: Hill's principle), and stress = D (strain - plastic strain). */
static void
test_surface (void)
{
  OssRandom random;
  guint plastic = 0;

  oss_random_init (&random, 11, 0);
  for (int i = 0; i < 8000; i++)
    {
      OssPlastic material = oss_plastic_make (all[i % 4], MODULUS, POISSON, COMPRESSION, TENSION);
      double strain[6], state[OSS_PLASTIC_STATE] = { 0.0 }, stress[6], d[36], other[6];
      material.hardening = i % 3 == 0 ? 0.0 : i % 3 == 1 ? 50.0 : -20.0;
      material.least = 2.0;
      random_strain (&random, 0.01, strain);
      if (i % 5 == 0) /* far into hydrostatic tension: tips */
        for (int k = 0; k < 3; k++)
          strain[k] += 0.03;
      if (!oss_plastic_return (&material, strain, state, state, stress, NULL))
        continue;
      plastic++;
      double yield = fmax (material.yield + material.hardening * state[6], material.least), work = 0.0;
      g_assert_cmpfloat_with_epsilon (oss_plastic_equivalent (&material, stress), yield, 1e-8 * COMPRESSION);
      oss_plastic_elastic (&material, d);
      for (int k = 0; k < 6; k++)
        {
          double from_strain = 0.0;
          for (int j = 0; j < 6; j++)
            from_strain += d[6 * k + j] * (strain[j] - state[j]);
          g_assert_cmpfloat_with_epsilon (stress[k], from_strain, 1e-9 * COMPRESSION);
          work += stress[k] * state[k];
        }
      g_assert_cmpfloat_with_epsilon (work, yield * state[6], 1e-8 * COMPRESSION);
      g_assert_cmpfloat (work, >, 0.0);
      for (int trial = 0; trial < 20; trial++)
        {
          double least = 0.0;
          random_strain (&random, COMPRESSION, other);
          double size = oss_plastic_equivalent (&material, other);
          for (int k = 0; k < 6; k++)
            least += other[k] * (size > yield ? yield / size : 1.0) * state[k];
          g_assert_cmpfloat (least, <=, work * (1.0 + 1e-7) + 1e-12);
        }
    }
  g_assert_cmpuint (plastic, >, 5000);
}

/* The tangent against central differences of the stress, from a plastic state on; steps that
 * switch between plane, edge and tip, where no derivative exists, are few and left out by their own asymmetry. */
static void
test_tangent (void)
{
  OssRandom random;
  double worst[4] = { 0.0 };
  guint counted[4] = { 0 };

  oss_random_init (&random, 12, 0);
  for (int i = 0; i < 4000; i++)
    {
      OssPlastic material = oss_plastic_make (all[i % 4], MODULUS, POISSON, COMPRESSION, TENSION);
      double strain[6], state[OSS_PLASTIC_STATE] = { 0.0 }, after[OSS_PLASTIC_STATE], stress[6], tangent[36], more[6];
      gboolean smooth = TRUE;
      double far = 0.0, size = 1e-7;
      material.hardening = i / 4 % 2 == 0 ? 0.0 : 60.0;
      random_strain (&random, 0.006, strain);
      oss_plastic_return (&material, strain, state, state, stress, NULL);
      random_strain (&random, 0.002, more);
      for (int k = 0; k < 6; k++)
        strain[k] += more[k];
      if (!oss_plastic_return (&material, strain, state, after, stress, tangent))
        continue;
      for (int j = 0; j < 6; j++)
        {
          double plus[6], minus[6], moved[6];
          memcpy (moved, strain, sizeof moved);
          moved[j] += size;
          oss_plastic_return (&material, moved, state, after, plus, NULL);
          moved[j] -= 2.0 * size;
          oss_plastic_return (&material, moved, state, after, minus, NULL);
          for (int k = 0; k < 6; k++)
            {
              smooth = smooth && fabs (plus[k] + minus[k] - 2.0 * stress[k]) < 1e-4 * MODULUS * size;
              far = fmax (far, fabs ((plus[k] - minus[k]) / (2.0 * size) - tangent[6 * k + j]) / MODULUS);
              g_assert_cmpfloat_with_epsilon (tangent[6 * k + j], tangent[6 * j + k], 1e-8 * MODULUS);
            }
        }
      if (!smooth)
        continue;
      counted[i % 4]++;
      worst[i % 4] = fmax (worst[i % 4], far);
    }
  for (int c = 0; c < 4; c++)
    {
      g_test_message ("%s: %u tangents, largest difference %.1e E", oss_criterion_name (all[c]), counted[c], worst[c]);
      g_assert_cmpuint (counted[c], >, 500);
      g_assert_cmpfloat (worst[c], <, 1e-7);
    }
}

/* Linear softening from C to the least over the plastic strain (C - least) / |H|, then level: closed form. */
static void
test_softening (void)
{
  for (gsize c = 0; c < G_N_ELEMENTS (all); c++)
    {
      OssPlastic material = oss_plastic_make (all[c], MODULUS, POISSON, COMPRESSION, TENSION);
      double state[OSS_PLASTIC_STATE] = { 0.0 }, stress[6], tangent_slope = MODULUS * -100.0 / (MODULUS - 100.0);
      material.hardening = -100.0;
      material.least = 1.5;
      for (int i = 1; i <= 30; i++)
        {
          double strain = 0.002 * i, expected = MODULUS * strain;
          if (expected > COMPRESSION)
            expected = fmax (COMPRESSION + tangent_slope * (strain - COMPRESSION / MODULUS), material.least);
          uniaxial (&material, -strain, state, stress);
          g_assert_cmpfloat_with_epsilon (-stress[0], expected, 1e-8 * COMPRESSION);
        }
    }
}

/* What never yields. */
static void
test_elastic (void)
{
  OssPlastic material = oss_plastic_make (OSS_CRITERION_MOHR_COULOMB, MODULUS, POISSON, INFINITY, INFINITY);
  const double strain[6] = { 0.5, -0.3, 0.2, 0.1, 0.7, -0.4 };
  double state[OSS_PLASTIC_STATE] = { 0.0 }, stress[6], tangent[36];

  g_assert_false (oss_plastic_return (&material, strain, state, state, stress, tangent));
  g_assert_cmpfloat_with_epsilon (stress[3], MODULUS / 2.6 * 0.1, 1e-10);
  for (int k = 0; k < OSS_PLASTIC_STATE; k++)
    g_assert_true (state[k] == 0.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plasticity/uniaxial", test_uniaxial);
  g_test_add_func ("/plasticity/shear", test_shear);
  g_test_add_func ("/plasticity/surface", test_surface);
  g_test_add_func ("/plasticity/tangent", test_tangent);
  g_test_add_func ("/plasticity/softening", test_softening);
  g_test_add_func ("/plasticity/elastic", test_elastic);
  return g_test_run ();
}
