/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material/oss-law.h"

#include "base/oss-i18n.h"
#include "base/oss-units.h"

#include <math.h>

static const char morgan_source[] =
    "Morgan, Bayraktar and Keaveny 2003, J Biomech 36:897-904 (on-axis, no end artefacts), "
    "coefficients as in Biomedical Engineering Handbook table 9.4";
static const char kopperdahl_source[] =
    "Kopperdahl, Morgan and Keaveny 2002, J Orthop Res 20:801-805, as coded in Ogo (Bonelab)";
#define VERTEBRAL_RANGE                                                                                                \
  N_ ("wet apparent density of human vertebral trabecular bone in the literature, 0.09–0.35 g/cm³ "                 \
      "(Öhman-Mägi et al. 2021)")
#define VERTEBRAL_RANGE_ASH                                                                                               \
  N_ ("our choice: vertebral trabecular bone, 0.6 × the 0.09–0.35 g/cm³ wet apparent density of Öhman-Mägi et al. " \
      "2021")
#define TRABECULAR_RANGE N_ ("our choice: trabecular bone of the limbs up to dense femoral neck")

/* The first is the default. */
static const OssLaw laws[] = {
  { .name = "morgan2003-vertebra",
    .title = N_ ("Morgan 2003, vertebra"),
    .basis = OSS_BASIS_APPARENT,
    .coefficient = 4730.0,
    .exponent = 1.56,
    .poisson = 0.3,
    .range_low_mg_cm3 = 90.0,
    .range_high_mg_cm3 = 350.0,
    .range_note = VERTEBRAL_RANGE,
    .source = morgan_source },
  { .name = "morgan2003-tibia",
    .title = N_ ("Morgan 2003, proximal tibia"),
    .basis = OSS_BASIS_APPARENT,
    .coefficient = 15490.0,
    .exponent = 1.93,
    .poisson = 0.3,
    .range_low_mg_cm3 = 90.0,
    .range_high_mg_cm3 = 750.0,
    .range_note = TRABECULAR_RANGE,
    .source = morgan_source },
  { .name = "morgan2003-trochanter",
    .title = N_ ("Morgan 2003, greater trochanter"),
    .basis = OSS_BASIS_APPARENT,
    .coefficient = 15010.0,
    .exponent = 2.18,
    .poisson = 0.3,
    .range_low_mg_cm3 = 90.0,
    .range_high_mg_cm3 = 750.0,
    .range_note = TRABECULAR_RANGE,
    .source = morgan_source },
  { .name = "morgan2003-femoral-neck",
    .title = N_ ("Morgan 2003, femoral neck"),
    .basis = OSS_BASIS_APPARENT,
    .coefficient = 6850.0,
    .exponent = 1.49,
    .poisson = 0.3,
    .range_low_mg_cm3 = 90.0,
    .range_high_mg_cm3 = 750.0,
    .range_note = TRABECULAR_RANGE,
    .source = morgan_source },
  { .name = "kopperdahl2002",
    .title = N_ ("Kopperdahl 2002, vertebra, QCT density"),
    .basis = OSS_BASIS_K2HPO4,
    .coefficient = 2980.0,
    .exponent = 1.05,
    .strength_coefficient = 37.4,
    .strength_exponent = 1.39,
    .poisson = 0.3,
    .range_low_mg_cm3 = 54.0,
    .range_high_mg_cm3 = 210.0,
    .range_note = VERTEBRAL_RANGE_ASH,
    .source = kopperdahl_source },
  { .name = "kopperdahl2002-linear",
    .title = N_ ("Kopperdahl 2002, vertebra, QCT density, linear"),
    .basis = OSS_BASIS_K2HPO4,
    .coefficient = 3230.0,
    .exponent = 1.0,
    .offset = -34.7,
    .poisson = 0.3,
    .range_low_mg_cm3 = 54.0,
    .range_high_mg_cm3 = 210.0,
    .range_note = VERTEBRAL_RANGE_ASH,
    .source = kopperdahl_source },
  { .name = "ogo-default",
    .title = N_ ("Ogo default"),
    .basis = OSS_BASIS_ASH,
    .coefficient = 10500.0,
    .exponent = 2.29,
    .strength_coefficient = 120.0, /* the same at any density */
    .poisson = 0.3,
    .range_low_mg_cm3 = 54.0,
    .range_high_mg_cm3 = 1200.0,
    .range_note = N_ ("our choice: vertebral trabecular to cortical bone"),
    .source = "Ogo (Bonelab) material_laws.py; yield 120 MPa compression, 100 MPa tension" },
  { .name = "spine-nonlinear-on-axis",
    .title = N_ ("Kopperdahl 2002, corrected for side artefacts"),
    .basis = OSS_BASIS_K2HPO4,
    .coefficient = 2980.0 * 1.28,
    .exponent = 1.05,
    .strength_coefficient = 37.4 * 1.28 * 1.2,
    .strength_exponent = 1.39,
    .poisson = 0.3,
    .range_low_mg_cm3 = 54.0,
    .range_high_mg_cm3 = 210.0,
    .range_note = VERTEBRAL_RANGE_ASH,
    .source = "parosol-py nonlinear.py: Kopperdahl 2002 x 1.28 (side artefact of cores), plateau x 1.28 x 1.2" },
  { .name = "mulder2007",
    .title = N_ ("Mulder 2007, linear in hydroxyapatite"),
    .basis = OSS_BASIS_CHA,
    .coefficient = 25000.0,
    .exponent = 1.0,
    .offset = -5830.0,
    .floor_mpa = 2.0,
    .poisson = 0.3,
    .range_low_mg_cm3 = 300.0,
    .range_high_mg_cm3 = 1200.0,
    .range_note = N_ ("our choice: mineralised tissue in micro-CT; the line is negative below 233 mg/cm³"),
    .source = "Mulder et al. 2007, as coded in parosol-py: 25 rho - 5830 MPa, rho in mg HA/cm3, floor 2 MPa" },
  { .name = "lu2023",
    .title = N_ ("Lu 2023, mineralised tissue"),
    .basis = OSS_BASIS_ASH,
    .coefficient = 0.1127 * 172981.63590, /* 0.1127 rho^1.746 with rho in mg/cm3: 1000^1.746 */
    .exponent = 1.746,
    .cut_low_mg_cm3 = 400.0,
    .cut_high_mg_cm3 = 1200.0,
    .poisson = 0.3,
    .range_low_mg_cm3 = 400.0,
    .range_high_mg_cm3 = 1200.0,
    .range_note = N_ ("the paper's own limits; it takes less than 400 mg/cm³ for marrow (0.0104 MPa, here the floor)"),
    .source = "Lu, Yang, Zhu and Wu 2023, doi 10.1080/10255842.2022.2112183, eq. 1" },
  { .name = "homogeneous",
    .title = N_ ("Homogeneous vertebra, 500 MPa"),
    .basis = OSS_BASIS_UNKNOWN,
    .exponent = 1.0,
    .offset = 500.0,
    .poisson = 0.3,
    .range_low_mg_cm3 = -INFINITY,
    .range_high_mg_cm3 = INFINITY,
    .range_note = N_ ("the density does not matter"),
    .source = "Cai, Dall'Ara, Lacroix and Guo: Deep learning-based surrogate model of subject-specific finite-element "
              "analysis for vertebrae" },
};

/* The default way between two bases, first step first; NULL: they are the same. */
static const char *
default_step (OssBasis from, OssBasis to)
{
  if (from == OSS_BASIS_K2HPO4)
    return to == OSS_BASIS_CHA ? "faulkner1993" : "equal";
  if (from == OSS_BASIS_CHA)
    return to == OSS_BASIS_K2HPO4 ? "faulkner1993" : "knowles2016";
  if (from == OSS_BASIS_APPARENT)
    return "ash-apparent";
  return to == OSS_BASIS_APPARENT ? "ash-apparent" : to == OSS_BASIS_CHA ? "knowles2016" : "equal";
}

static OssBasis
default_step_target (OssBasis from, OssBasis to)
{
  gboolean direct =
      from == OSS_BASIS_ASH || to == OSS_BASIS_ASH || (from != OSS_BASIS_APPARENT && to != OSS_BASIS_APPARENT);
  return direct ? to : OSS_BASIS_ASH;
}

const OssLaw *
oss_law_all (gsize *n)
{
  *n = G_N_ELEMENTS (laws);
  return laws;
}

const OssLaw *
oss_law_find (const char *name, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  if (name == NULL)
    return &laws[0];
  for (gsize i = 0; i < G_N_ELEMENTS (laws); i++)
    {
      if (g_ascii_strcasecmp (laws[i].name, name) == 0)
        return &laws[i];
      g_string_append_printf (names, "%s%s", i == 0 ? "" : ", ", laws[i].name);
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no material law “%s”. Known laws: %s."), name,
               names->str);
  return NULL;
}

static gboolean
refuse_conversion (const OssLaw *law, OssBasis basis, const char *conversion, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  gsize n;
  const OssConversion *all = oss_conversion_all (&n);

  for (gsize i = 0; i < n; i++)
    if (all[i].from == basis)
      g_string_append_printf (names, "%s%s", names->len == 0 ? "" : ", ", all[i].name);
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("The conversion “%s” does not lead from %s density to the %s density that the law “%s” takes. "
                  "Conversions from %s: %s."),
               conversion, oss_basis_name (basis), oss_basis_name (law->basis), law->name, oss_basis_name (basis),
               names->str);
  return FALSE;
}

/* The named conversion out of @basis that leads towards the law; NULL when there is none. */
static const OssConversion *
find_first_step (const OssLaw *law, OssBasis basis, const char *conversion)
{
  gsize n;
  const OssConversion *all = oss_conversion_all (&n);

  for (gsize i = 0; i < n; i++)
    {
      OssBasis at = all[i].to;
      if (all[i].from != basis || g_ascii_strcasecmp (all[i].name, conversion) != 0)
        continue;
      while (at != law->basis && at != basis)
        at = default_step_target (at, law->basis);
      if (at == law->basis)
        return &all[i];
    }
  return NULL;
}

/* What a phantom measures; the others are reached by a stated assumption. */
static gboolean
is_phantom_basis (OssBasis basis)
{
  return basis == OSS_BASIS_K2HPO4 || basis == OSS_BASIS_CHA;
}

static gboolean
refuse_mixing (const OssLaw *law, OssBasis basis, GError **error)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("The density is %s, and the law “%s” takes %s: bases of two kinds of phantoms, which are not mixed. "
                  "Name the conversion (faulkner1993), or take a law of ash or apparent density."),
               oss_basis_name (basis), law->name, oss_basis_name (law->basis));
  return FALSE;
}

gboolean
oss_law_chain_init (OssLawChain *self, const OssLaw *law, OssBasis basis, const char *conversion, GError **error)
{
  OssLawChain chain = { .law = law, .from = basis, .floor_mpa = MAX (OSS_MODULUS_FLOOR_MPA, law->floor_mpa) };
  OssBasis at = basis;

  if (law->basis == OSS_BASIS_UNKNOWN) /* whatever the density */
    at = law->basis;
  else if (basis == OSS_BASIS_UNKNOWN)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The density's basis is not known; the law “%s” takes %s density. Name the basis: K2HPO4, CHA, "
                      "ash or apparent."),
                   law->name, oss_basis_name (law->basis));
      return FALSE;
    }
  else if (conversion != NULL)
    {
      const OssConversion *first = basis == law->basis ? NULL : find_first_step (law, basis, conversion);
      if (first == NULL)
        return refuse_conversion (law, basis, conversion, error);
      chain.steps[chain.n_steps++] = first;
      at = first->to;
    }
  if (conversion == NULL && is_phantom_basis (basis) && is_phantom_basis (law->basis) && basis != law->basis)
    return refuse_mixing (law, basis, error);
  while (at != law->basis)
    {
      OssBasis next = default_step_target (at, law->basis);
      chain.steps[chain.n_steps++] = oss_conversion_find (default_step (at, law->basis), at, next);
      at = next;
    }
  *self = chain;
  return TRUE;
}

double
oss_law_chain_density (const OssLawChain *self, double density_mg_cm3)
{
  for (int i = 0; i < self->n_steps; i++)
    density_mg_cm3 = self->steps[i]->slope * density_mg_cm3 + self->steps[i]->intercept;
  return density_mg_cm3;
}

double
oss_law_chain_modulus (const OssLawChain *self, double density_mg_cm3, gboolean *outside)
{
  const OssLaw *law = self->law;
  double density = oss_law_chain_density (self, density_mg_cm3);
  double modulus = law->offset;

  if (outside != NULL)
    *outside = !(density >= law->range_low_mg_cm3 && density <= law->range_high_mg_cm3);
  if (law->coefficient != 0.0)
    {
      if (!(density > 0.0) || density < law->cut_low_mg_cm3)
        return self->floor_mpa;
      if (law->cut_high_mg_cm3 > 0.0)
        density = MIN (density, law->cut_high_mg_cm3);
      density /= OSS_MG_CM3_PER_G_CM3;
      modulus += law->coefficient * (law->exponent == 1.0 ? density : pow (density, law->exponent));
    }
  return MAX (modulus, self->floor_mpa);
}

double
oss_law_chain_log_slope (const OssLawChain *self, double modulus_mpa, double *density_mg_cm3)
{
  const OssLaw *law = self->law;
  double share = law->coefficient != 0.0 ? (modulus_mpa - law->offset) / law->coefficient : 0.0;

  *density_mg_cm3 = 0.0;
  if (!(share > 0.0) || modulus_mpa <= self->floor_mpa * (1.0 + 1e-9))
    return 0.0;
  double density = OSS_MG_CM3_PER_G_CM3 * pow (share, 1.0 / law->exponent), slope = 1.0;
  gboolean cut = law->cut_high_mg_cm3 > 0.0 && density >= law->cut_high_mg_cm3 * (1.0 - 1e-9);
  double log_slope = cut ? 0.0 : law->exponent * (modulus_mpa - law->offset) / (modulus_mpa * density);

  for (int i = self->n_steps - 1; i >= 0; i--)
    {
      density = (density - self->steps[i]->intercept) / self->steps[i]->slope;
      slope *= self->steps[i]->slope;
    }
  *density_mg_cm3 = density;
  return log_slope * slope;
}

double
oss_law_chain_strength (const OssLawChain *self, double density_mg_cm3)
{
  double density = oss_law_chain_density (self, density_mg_cm3) / OSS_MG_CM3_PER_G_CM3;
  return density > 0.0 ? self->law->strength_coefficient * pow (density, self->law->strength_exponent) : 0.0;
}

static void
describe_step (GString *text, const OssConversion *step)
{
  const char *from = oss_basis_name (step->from), *to = oss_basis_name (step->to);

  if (step->slope == 1.0 && step->intercept == 0.0)
    g_string_append_printf (text, _ ("%s taken as %s"), from, to);
  else if (step->intercept == 0.0 && step->slope > 1.0)
    g_string_append_printf (text, "%s / %.4g = %s", from, 1.0 / step->slope, to);
  else if (step->intercept == 0.0)
    g_string_append_printf (text, "%.4g %s = %s", step->slope, from, to);
  else
    g_string_append_printf (text, "%.4g %s %c %.4g = %s (%s)", step->slope, from, step->intercept < 0.0 ? '-' : '+',
                            fabs (step->intercept), to, step->name);
  g_string_append (text, "; ");
}

char *
oss_law_chain_describe (const OssLawChain *self)
{
  const OssLaw *law = self->law;
  GString *text = g_string_new (NULL);

  for (int i = 0; i < self->n_steps; i++)
    describe_step (text, self->steps[i]);
  g_string_append (text, "E = ");
  if (law->coefficient != 0.0 && law->exponent == 1.0)
    g_string_append_printf (text, "%.6g rho", law->coefficient);
  else if (law->coefficient != 0.0)
    g_string_append_printf (text, "%.6g rho^%.4g", law->coefficient, law->exponent);
  if (law->offset != 0.0)
    {
      const char *sign = law->coefficient == 0.0 ? "" : law->offset < 0.0 ? " - " : " + ";
      g_string_append_printf (text, "%s%.6g", sign, fabs (law->offset));
    }
  return g_string_free (text, FALSE);
}
