/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material/oss-law.h"

#include <math.h>
#include <string.h>

static OssLawChain
make_chain (const char *law_name, OssBasis basis, const char *conversion)
{
  g_autoptr (GError) error = NULL;
  OssLawChain chain = { 0 };
  const OssLaw *law = oss_law_find (law_name, &error);

  g_assert_no_error (error);
  g_assert_true (oss_law_chain_init (&chain, law, basis, conversion, &error));
  g_assert_no_error (error);
  return chain;
}

/* Hand values: each law at one density of its own basis, computed outside the program from the
 * printed formula with 40 digits; 1e-9 relative leaves room for pow() only. */
static void
test_hand_values (void)
{
  static const struct
  {
    const char *law;
    OssBasis basis;
    double density_mg_cm3, modulus_mpa;
  } rows[] = {
    { "morgan2003-vertebra", OSS_BASIS_APPARENT, 200.0, 384.12089666 },
    { "morgan2003-tibia", OSS_BASIS_APPARENT, 250.0, 1066.78189031 },
    { "morgan2003-trochanter", OSS_BASIS_APPARENT, 250.0, 730.953771294 },
    { "morgan2003-femoral-neck", OSS_BASIS_APPARENT, 500.0, 2438.68595996 },
    { "kopperdahl2002", OSS_BASIS_K2HPO4, 120.0, 321.630016066 },
    { "kopperdahl2002-linear", OSS_BASIS_K2HPO4, 120.0, 352.9 },
    { "ogo-default", OSS_BASIS_ASH, 300.0, 666.495117652 },
    { "spine-nonlinear-on-axis", OSS_BASIS_K2HPO4, 120.0, 411.686420565 },
    { "mulder2007", OSS_BASIS_CHA, 500.0, 6670.0 },
    { "lu2023", OSS_BASIS_ASH, 800.0, 13204.4109888 },
    { "lu2023", OSS_BASIS_ASH, 1500.0, 26802.4424175 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      OssLawChain chain = make_chain (rows[i].law, rows[i].basis, NULL);
      double got = oss_law_chain_modulus (&chain, rows[i].density_mg_cm3, NULL);
      g_assert_cmpint (chain.n_steps, ==, 0);
      if (fabs (got - rows[i].modulus_mpa) > 1e-9 * rows[i].modulus_mpa)
        g_error ("%s at %g mg/cm3: %.12g MPa, expected %.12g", rows[i].law, rows[i].density_mg_cm3, got,
                 rows[i].modulus_mpa);
    }
}

/* The chain of Jiang et al. 2023: K2HPO4 taken as ash, apparent = ash / 0.6, 4730 rho^1.56:
 * 120 mg/cm3 is 0.2 g/cm3 apparent. */
static void
test_default_chain (void)
{
  OssLawChain chain = make_chain (NULL, OSS_BASIS_K2HPO4, NULL);
  g_autofree char *text = oss_law_chain_describe (&chain);

  g_assert_cmpint (chain.n_steps, ==, 2);
  g_assert_cmpstr (text, ==, "K2HPO4 taken as ash; ash / 0.6 = apparent; E = 4730 rho^1.56");
  g_assert_cmpfloat_with_epsilon (oss_law_chain_modulus (&chain, 120.0, NULL), 4730.0 * exp (1.56 * log (0.2)), 1e-9);
}

/* At 78 mg/cm3, a common value in osteoporosis, the line of Keyak instead of equality makes the
 * modulus (1.06 + 38.9 / 78)^1.56 = 2.014 times as large: a silent choice would be a factor of two. */
static void
test_keyak_doubles (void)
{
  OssLawChain equal = make_chain (NULL, OSS_BASIS_K2HPO4, NULL);
  OssLawChain keyak = make_chain (NULL, OSS_BASIS_K2HPO4, "keyak1994");
  double ratio = oss_law_chain_modulus (&keyak, 78.0, NULL) / oss_law_chain_modulus (&equal, 78.0, NULL);
  g_autofree char *text = oss_law_chain_describe (&keyak);

  g_assert_cmpstr (keyak.steps[0]->name, ==, "keyak1994");
  g_assert_nonnull (strstr (text, "1.06 K2HPO4 + 38.9 = ash (keyak1994)"));
  g_assert_cmpfloat_with_epsilon (ratio, pow (1.06 + 38.9 / 78.0, 1.56), 1e-12);
  g_assert_cmpfloat (ratio, >, 1.95);
  g_assert_cmpfloat (ratio, <, 2.1);
}

/* Densities of one phantom's basis never go into a law of the other's: an error that says what to give, and then the
 * conversion as it was asked for: 1.15 x 100 - 7.32 = 107.68. */
static void
test_no_mixing (void)
{
  static const struct
  {
    const char *law;
    OssBasis basis;
    double density, converted;
  } rows[] = { { "kopperdahl2002", OSS_BASIS_CHA, 107.68, 100.0 },
               { "spine-nonlinear-on-axis", OSS_BASIS_CHA, 107.68, 100.0 },
               { "mulder2007", OSS_BASIS_K2HPO4, 100.0, 107.68 } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      OssLawChain chain;

      g_assert_false (oss_law_chain_init (&chain, oss_law_find (rows[i].law, NULL), rows[i].basis, NULL, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, "faulkner1993"));
      g_assert_nonnull (strstr (error->message, oss_basis_name (rows[i].basis)));
      chain = make_chain (rows[i].law, rows[i].basis, "faulkner1993");
      g_assert_cmpint (chain.from, ==, rows[i].basis);
      g_assert_cmpint (chain.n_steps, ==, 1);
      g_assert_cmpfloat_with_epsilon (oss_law_chain_density (&chain, rows[i].density), rows[i].converted, 1e-10);
    }
}

/* d ln E / d density against a central difference, and the density that was asked for, back from the modulus. */
static void
test_log_slope (void)
{
  static const struct
  {
    const char *law, *conversion;
    OssBasis basis;
    double density;
  } rows[] = { { "morgan2003-vertebra", NULL, OSS_BASIS_K2HPO4, 90.0 },
               { "morgan2003-vertebra", "keyak1994", OSS_BASIS_K2HPO4, 90.0 },
               { "morgan2003-vertebra", NULL, OSS_BASIS_CHA, 150.0 },
               { "kopperdahl2002-linear", NULL, OSS_BASIS_K2HPO4, 120.0 },
               { "kopperdahl2002", "faulkner1993", OSS_BASIS_CHA, 120.0 },
               { "ogo-default", NULL, OSS_BASIS_CHA, 300.0 },
               { "lu2023", NULL, OSS_BASIS_ASH, 800.0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      OssLawChain chain = make_chain (rows[i].law, rows[i].basis, rows[i].conversion);
      double modulus = oss_law_chain_modulus (&chain, rows[i].density, NULL), back;
      double high = oss_law_chain_modulus (&chain, rows[i].density + 0.01, NULL);
      double low = oss_law_chain_modulus (&chain, rows[i].density - 0.01, NULL);
      double slope = oss_law_chain_log_slope (&chain, modulus, &back);

      g_assert_cmpfloat (slope, >, 0.0);
      g_assert_cmpfloat (fabs (slope / ((log (high) - log (low)) / 0.02) - 1.0), <, 1e-5);
      g_assert_cmpfloat (fabs (back / rows[i].density - 1.0), <, 1e-9);
    }
  /* Nothing follows the density at the floor, above a cut, or in a law without density. */
  OssLawChain chain = make_chain (NULL, OSS_BASIS_K2HPO4, NULL);
  double back;
  g_assert_cmpfloat (oss_law_chain_log_slope (&chain, OSS_MODULUS_FLOOR_MPA, &back), ==, 0.0);
  chain = make_chain ("lu2023", OSS_BASIS_ASH, NULL);
  g_assert_cmpfloat (oss_law_chain_log_slope (&chain, oss_law_chain_modulus (&chain, 2000.0, NULL), &back), ==, 0.0);
  chain = make_chain ("homogeneous", OSS_BASIS_ASH, NULL);
  g_assert_cmpfloat (oss_law_chain_log_slope (&chain, 500.0, &back), ==, 0.0);
}

/* Every basis reaches every law, in steps that fit together, and as one line; between two phantoms' bases by name. */
static void
test_all_ways (void)
{
  static const OssBasis all[] = { OSS_BASIS_K2HPO4, OSS_BASIS_CHA, OSS_BASIS_ASH, OSS_BASIS_APPARENT };
  gsize n;
  const OssLaw *laws = oss_law_all (&n);

  g_assert_cmpuint (n, ==, 11);
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < G_N_ELEMENTS (all); j++)
      {
        gboolean mixes = (all[j] == OSS_BASIS_CHA && laws[i].basis == OSS_BASIS_K2HPO4)
                         || (all[j] == OSS_BASIS_K2HPO4 && laws[i].basis == OSS_BASIS_CHA);
        OssLawChain chain = make_chain (laws[i].name, all[j], mixes ? "faulkner1993" : NULL);
        OssBasis at = all[j];
        for (int k = 0; k < chain.n_steps; at = chain.steps[k++]->to)
          g_assert_cmpint (chain.steps[k]->from, ==, at);
        g_assert_true (at == laws[i].basis || laws[i].basis == OSS_BASIS_UNKNOWN);
        g_assert_nonnull (laws[i].source);
        g_assert_nonnull (laws[i].range_note);
      }
  /* CHA to K2HPO4 is Faulkner's line turned round: (107.68 + 7.32) / 1.15 = 100. */
  OssLawChain chain = make_chain ("kopperdahl2002", OSS_BASIS_CHA, "faulkner1993");
  g_assert_cmpfloat_with_epsilon (oss_law_chain_density (&chain, 107.68), 100.0, 1e-10);
  /* CHA to apparent goes over ash: (0.877 x 100 + 79) / 0.6. */
  chain = make_chain (NULL, OSS_BASIS_CHA, NULL);
  g_assert_cmpfloat_with_epsilon (oss_law_chain_density (&chain, 100.0), 166.7 / 0.6, 1e-10);
}

/* Conversions that lead elsewhere, or back, are refused by name; so is a density without a basis. */
static void
test_refusals (void)
{
  static const struct
  {
    const char *law;
    OssBasis basis;
    const char *conversion;
  } rows[] = {
    { "morgan2003-vertebra", OSS_BASIS_CHA, "keyak1994" },    { "morgan2003-vertebra", OSS_BASIS_UNKNOWN, NULL },
    { "kopperdahl2002", OSS_BASIS_K2HPO4, "keyak1994" },      { "morgan2003-vertebra", OSS_BASIS_ASH, "keyak1994" },
    { "morgan2003-vertebra", OSS_BASIS_K2HPO4, "kayak1994" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      OssLawChain chain;
      g_assert_false (
          oss_law_chain_init (&chain, oss_law_find (rows[i].law, NULL), rows[i].basis, rows[i].conversion, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
      if (rows[i].conversion != NULL)
        g_assert_nonnull (strstr (error->message, rows[i].conversion));
    }
  g_autoptr (GError) error = NULL;
  g_assert_null (oss_law_find ("morgan", &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "kopperdahl2002-linear"));
}

/* Fat and noise give densities at or below zero: the stated floor, never 0, NaN or a negative modulus. */
static void
test_floor_and_range (void)
{
  OssLawChain morgan = make_chain (NULL, OSS_BASIS_APPARENT, NULL);
  OssLawChain linear = make_chain ("kopperdahl2002-linear", OSS_BASIS_K2HPO4, NULL);
  OssLawChain mulder = make_chain ("mulder2007", OSS_BASIS_CHA, NULL);
  OssLawChain tissue = make_chain ("lu2023", OSS_BASIS_ASH, NULL);
  OssLawChain same = make_chain ("homogeneous", OSS_BASIS_UNKNOWN, NULL);
  gboolean outside = FALSE;

  g_assert_cmpfloat (oss_law_chain_modulus (&morgan, -100.0, &outside), ==, OSS_MODULUS_FLOOR_MPA);
  g_assert_true (outside);
  g_assert_cmpfloat (oss_law_chain_modulus (&morgan, 0.0, NULL), ==, OSS_MODULUS_FLOOR_MPA);
  g_assert_cmpfloat (oss_law_chain_modulus (&morgan, NAN, &outside), ==, OSS_MODULUS_FLOOR_MPA);
  g_assert_true (outside);
  g_assert_cmpfloat (oss_law_chain_modulus (&morgan, 200.0, &outside), >, 100.0);
  g_assert_false (outside);
  g_assert_cmpfloat (oss_law_chain_modulus (&linear, 10.0, NULL), ==, OSS_MODULUS_FLOOR_MPA); /* 32.3 - 34.7 < 0 */
  g_assert_cmpfloat (oss_law_chain_modulus (&mulder, 100.0, NULL), ==, 2.0);
  g_assert_cmpfloat (oss_law_chain_modulus (&tissue, 399.0, NULL), ==, OSS_MODULUS_FLOOR_MPA);
  g_assert_cmpfloat (oss_law_chain_modulus (&tissue, 3000.0, &outside), ==,
                     oss_law_chain_modulus (&tissue, 1200.0, NULL));
  g_assert_true (outside);
  g_assert_cmpfloat (oss_law_chain_modulus (&same, -1000.0, &outside), ==, 500.0);
  g_assert_false (outside);
}

/* Yield stress of Kopperdahl 2002 at 0.1 g/cm3: 37.4 x 0.1^1.39; the on-axis plateau is 1.536 times that. */
static void
test_strength (void)
{
  OssLawChain plain = make_chain ("kopperdahl2002", OSS_BASIS_K2HPO4, NULL);
  OssLawChain on_axis = make_chain ("spine-nonlinear-on-axis", OSS_BASIS_K2HPO4, NULL);
  OssLawChain morgan = make_chain (NULL, OSS_BASIS_K2HPO4, NULL);

  g_assert_cmpfloat_with_epsilon (oss_law_chain_strength (&plain, 100.0), 37.4 * pow (10.0, -1.39), 1e-12);
  g_assert_cmpfloat_with_epsilon (oss_law_chain_strength (&on_axis, 100.0), 57.4464 * pow (10.0, -1.39), 1e-12);
  g_assert_cmpfloat (oss_law_chain_strength (&plain, -5.0), ==, 0.0);
  g_assert_cmpfloat (oss_law_chain_strength (&morgan, 100.0), ==, 0.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/material/law/hand-values", test_hand_values);
  g_test_add_func ("/material/law/default-chain", test_default_chain);
  g_test_add_func ("/material/law/keyak-doubles", test_keyak_doubles);
  g_test_add_func ("/material/law/all-ways", test_all_ways);
  g_test_add_func ("/material/law/no-mixing", test_no_mixing);
  g_test_add_func ("/material/law/log-slope", test_log_slope);
  g_test_add_func ("/material/law/refusals", test_refusals);
  g_test_add_func ("/material/law/floor-and-range", test_floor_and_range);
  g_test_add_func ("/material/law/strength", test_strength);
  return g_test_run ();
}
