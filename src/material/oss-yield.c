/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material/oss-yield.h"

#include "base/oss-i18n.h"
#include "base/oss-units.h"

#include <math.h>

/* Material of the modulus floor yields no earlier than at this strain, so that every yield stress is above 0. */
#define FLOOR_STRAIN 0.005

static const struct
{
  OssCriterion criterion;
  const char *name;
} criteria[] = {
  { OSS_CRITERION_VON_MISES, "von-mises" },
  { OSS_CRITERION_PARABOLOID, "paraboloid" },
  { OSS_CRITERION_DRUCKER_PRAGER, "drucker-prager" },
  { OSS_CRITERION_MOHR_COULOMB, "mohr-coulomb" },
};

/* The first is the default. */
static const OssYieldLaw laws[] = {
  { .name = "vertebra-yield-strain",
    .title = N_ ("Yield strain of vertebral trabecular bone"),
    .strain = 0.0084,
    .tension_ratio = 0.0078 / 0.0084,
    .criterion = OSS_CRITERION_PARABOLOID,
    .power = { .name = "vertebra-yield-strain",
               .range_low_mg_cm3 = -INFINITY,
               .range_high_mg_cm3 = INFINITY,
               .range_note = N_ ("yield strain hardly depends on density within one site"),
               .source =
                   "Kopperdahl and Keaveny 1998, J Biomech 31:601-608: 0.84 % compression, 0.78 % tension (figures not "
                   "checked against the paper)" } },
  { .name = "kopperdahl2002",
    .title = N_ ("Kopperdahl 2002, vertebra, QCT density"),
    .tension_ratio = 1.0,
    .criterion = OSS_CRITERION_VON_MISES,
    .power = { .name = "kopperdahl2002",
               .basis = OSS_BASIS_K2HPO4,
               .strength_coefficient = 37.4,
               .strength_exponent = 1.39,
               .range_low_mg_cm3 = 54.0,
               .range_high_mg_cm3 = 210.0,
               .range_note = N_ ("our choice: vertebral trabecular bone"),
               .source = "Kopperdahl, Morgan and Keaveny 2002, J Orthop Res 20:801-805, as coded in Ogo (Bonelab); "
                         "compression; tension taken to be as strong" } },
  { .name = "spine-plateau",
    .title = N_ ("Kopperdahl 2002 plateau, corrected for side artefacts"),
    .tension_ratio = 1.0,
    .criterion = OSS_CRITERION_VON_MISES,
    .power = { .name = "spine-plateau",
               .basis = OSS_BASIS_K2HPO4,
               .strength_coefficient = 37.4 * 1.28 * 1.2,
               .strength_exponent = 1.39,
               .range_low_mg_cm3 = 54.0,
               .range_high_mg_cm3 = 210.0,
               .range_note = N_ ("our choice: vertebral trabecular bone"),
               .source = "parosol-py nonlinear.py: Kopperdahl 2002 x 1.28 (side artefact of cores) x 1.2 (plateau); no "
                         "tensile law published, tension taken to be as strong" } },
  { .name = "femoral-neck-yield-strain",
    .title = N_ ("Yield strain of the femoral neck"),
    .strain = 0.0085,
    .tension_ratio = 0.0061 / 0.0085,
    .criterion = OSS_CRITERION_PARABOLOID,
    .power = { .name = "femoral-neck-yield-strain",
               .range_low_mg_cm3 = -INFINITY,
               .range_high_mg_cm3 = INFINITY,
               .range_note = N_ ("the density does not matter"),
               .source = "parosol-py nonlinear.py, hip: 0.0085 E compression, 0.0061 E tension" } },
  { .name = "trochanter-yield-strain",
    .title = N_ ("Yield strain of the greater trochanter"),
    .strain = 0.0070,
    .tension_ratio = 0.0061 / 0.0070,
    .criterion = OSS_CRITERION_PARABOLOID,
    .power = { .name = "trochanter-yield-strain",
               .range_low_mg_cm3 = -INFINITY,
               .range_high_mg_cm3 = INFINITY,
               .range_note = N_ ("the density does not matter"),
               .source = "parosol-py nonlinear.py, hip: 0.0070 E compression, 0.0061 E tension" } },
  { .name = "ogo-default",
    .title = N_ ("Ogo default"),
    .tension_ratio = 100.0 / 120.0,
    .criterion = OSS_CRITERION_MOHR_COULOMB,
    .power = { .name = "ogo-default",
               .strength_coefficient = 120.0,
               .range_low_mg_cm3 = -INFINITY,
               .range_high_mg_cm3 = INFINITY,
               .range_note = N_ ("the density does not matter"),
               .source = "Ogo (Bonelab) material_laws.py: 120 MPa compression, 100 MPa tension" } },
  { .name = "bayraktar2004-tissue",
    .title = N_ ("Bayraktar 2004, bone tissue"),
    .tension_ratio = 83.0 / 134.0,
    .criterion = OSS_CRITERION_PARABOLOID,
    .power = { .name = "bayraktar2004-tissue",
               .strength_coefficient = 134.0,
               .range_low_mg_cm3 = -INFINITY,
               .range_high_mg_cm3 = INFINITY,
               .range_note = N_ ("bone tissue in micro-CT; the density does not matter"),
               .source = "Bayraktar et al. 2004, J Biomech 37:27-35, as coded in Ogo: trabecular tissue of 18 GPa, 134 "
                         "MPa compression, 83 MPa tension" } },
  { .name = "tissue-strain-0.7",
    /* xgettext:no-c-format */
    .title = N_ ("Bone tissue, 0.7 % strain"),
    .strain = 0.007,
    .tension_ratio = 1.0,
    .criterion = OSS_CRITERION_VON_MISES,
    .power = { .name = "tissue-strain-0.7",
               .range_low_mg_cm3 = -INFINITY,
               .range_high_mg_cm3 = INFINITY,
               .range_note = N_ ("bone tissue in micro-CT; the density does not matter"),
               .source = "the effective strain of Pistoia et al. 2002, Bone 30:842-848, taken for a yield strain" } },
};

/* The yield law that was measured or coded together with a law of modulus. */
static const struct
{
  const char *modulus, *yield;
} together[] = {
  { "kopperdahl2002", "kopperdahl2002" },
  { "kopperdahl2002-linear", "kopperdahl2002" },
  { "spine-nonlinear-on-axis", "spine-plateau" },
  { "morgan2003-femoral-neck", "femoral-neck-yield-strain" },
  { "morgan2003-trochanter", "trochanter-yield-strain" },
  { "ogo-default", "ogo-default" },
  { "mulder2007", "tissue-strain-0.7" },
  { "lu2023", "tissue-strain-0.7" },
};

const char *
oss_criterion_name (OssCriterion criterion)
{
  for (gsize i = 0; i < G_N_ELEMENTS (criteria); i++)
    if (criteria[i].criterion == criterion)
      return criteria[i].name;
  return "?";
}

gboolean
oss_criterion_from_name (const char *name, OssCriterion *criterion, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (criteria); i++)
    {
      if (g_ascii_strcasecmp (criteria[i].name, name) == 0)
        {
          *criterion = criteria[i].criterion;
          return TRUE;
        }
      g_string_append_printf (names, "%s%s", i == 0 ? "" : ", ", criteria[i].name);
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no yield criterion “%s”. Known criteria: %s."), name,
               names->str);
  return FALSE;
}

const OssYieldLaw *
oss_yield_all (gsize *n)
{
  *n = G_N_ELEMENTS (laws);
  return laws;
}

const OssYieldLaw *
oss_yield_find (const char *name, const OssLaw *modulus_law, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  if (name == NULL)
    name = laws[0].name;
  else
    modulus_law = NULL;
  for (gsize i = 0; modulus_law != NULL && i < G_N_ELEMENTS (together); i++)
    if (g_str_equal (together[i].modulus, modulus_law->name))
      name = together[i].yield;
  for (gsize i = 0; i < G_N_ELEMENTS (laws); i++)
    {
      if (g_ascii_strcasecmp (laws[i].name, name) == 0)
        return &laws[i];
      g_string_append_printf (names, "%s%s", i == 0 ? "" : ", ", laws[i].name);
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no yield law “%s”. Known yield laws: %s."), name,
               names->str);
  return NULL;
}

/* The yield stress depends on density. */
static gboolean
needs_density (const OssYieldLaw *yield)
{
  return yield->power.strength_coefficient != 0.0 && yield->power.strength_exponent != 0.0;
}

gboolean
oss_yield_rule_init (OssYieldRule *self, const OssYieldLaw *yield, const OssLaw *modulus_law, GError **error)
{
  OssYieldRule rule = { .yield = yield, .modulus_law = modulus_law };

  if (needs_density (yield) && modulus_law == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The yield law “%s” takes a density. Name the material law that the moduli were made with, or "
                      "choose a yield law by strain, such as “%s”."),
                   yield->name, laws[0].name);
      return FALSE;
    }
  if (needs_density (yield) && (modulus_law->coefficient == 0.0 || modulus_law->basis == OSS_BASIS_UNKNOWN))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The yield law “%s” takes a density, and the material law “%s” tells none. Choose a yield law by "
                      "strain, such as “%s”."),
                   yield->name, modulus_law->name, laws[0].name);
      return FALSE;
    }
  /* The density comes from the modulus, whose law has one of the two phantoms' bases: the conversion is named here. */
  gboolean phantoms = (modulus_law != NULL && needs_density (yield))
                      && ((modulus_law->basis == OSS_BASIS_CHA && yield->power.basis == OSS_BASIS_K2HPO4)
                          || (modulus_law->basis == OSS_BASIS_K2HPO4 && yield->power.basis == OSS_BASIS_CHA));
  if (needs_density (yield)
      && !oss_law_chain_init (&rule.chain, &yield->power, modulus_law->basis, phantoms ? "faulkner1993" : NULL, error))
    return FALSE;
  *self = rule;
  return TRUE;
}

/* The density, mg/cm3 of the law's basis, that gives this modulus. */
static double
density_of_modulus (const OssLaw *law, double modulus_mpa)
{
  double share = (modulus_mpa - law->offset) / law->coefficient;
  return share > 0.0 ? OSS_MG_CM3_PER_G_CM3 * pow (share, 1.0 / law->exponent) : 0.0;
}

void
oss_yield_rule_stress (const OssYieldRule *self, double modulus_mpa, double *compression_mpa, double *tension_mpa)
{
  const OssYieldLaw *yield = self->yield;
  double compression = yield->strain * modulus_mpa;

  if (needs_density (yield))
    compression += oss_law_chain_strength (&self->chain, density_of_modulus (self->modulus_law, modulus_mpa));
  else
    compression += yield->power.strength_coefficient;
  *compression_mpa = fmax (compression, FLOOR_STRAIN * OSS_MODULUS_FLOOR_MPA);
  *tension_mpa = yield->tension_ratio * *compression_mpa;
}

char *
oss_yield_describe (const OssYieldLaw *self)
{
  const OssLaw *power = &self->power;

  if (self->strain > 0.0)
    return g_strdup_printf (_ ("%.4g E in compression, %.4g E in tension"), self->strain,
                            self->strain * self->tension_ratio);
  if (!needs_density (self))
    return g_strdup_printf (_ ("%.4g MPa in compression, %.4g MPa in tension"), power->strength_coefficient,
                            power->strength_coefficient * self->tension_ratio);
  return g_strdup_printf (_ ("%.6g rho^%.4g MPa in compression (rho in g/cm³, %s), %.3g times that in tension"),
                          power->strength_coefficient, power->strength_exponent, oss_basis_name (power->basis),
                          self->tension_ratio);
}
