/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material/oss-density.h"

#include <math.h>

static const struct
{
  OssBasis basis;
  const char *name;
} basis_names[] = {
  { OSS_BASIS_UNKNOWN, "unknown" }, { OSS_BASIS_K2HPO4, "K2HPO4" },     { OSS_BASIS_CHA, "CHA" },
  { OSS_BASIS_ASH, "ash" },         { OSS_BASIS_APPARENT, "apparent" },
};

static const char equal_source[] = "K2HPO4-equivalent density taken as ash density (Jiang et al. 2023, doi "
                                   "10.3389/fendo.2023.1076990): an assumption, not a measurement";
static const char keyak_source[] = "Keyak et al. 1994, as coded in Ogo (Bonelab): ash = 1.06 K2HPO4 + 38.9 mg/cm3";
static const char faulkner_source[] = "Faulkner et al. 1993: CHA = 1.15 K2HPO4 - 7.32 mg/cm3";
static const char knowles_source[] = "Knowles et al. 2016 (review): ash = 0.877 CHA + 0.079 g/cm3";
static const char knowles_literal_source[] =
    "Lu et al. 2023 print Knowles' line with densities in mg/cm3, so their offset is 0.079 mg/cm3 to the letter";
static const char ratio_source[] =
    "ash density / apparent density = 0.6 (Jiang et al. 2023, doi 10.3389/fendo.2023.1076990)";

/* Each line stands in both directions, so that every basis can be reached from every other. */
static const OssConversion conversions[] = {
  { "equal", OSS_BASIS_K2HPO4, OSS_BASIS_ASH, 1.0, 0.0, equal_source },
  { "equal", OSS_BASIS_ASH, OSS_BASIS_K2HPO4, 1.0, 0.0, equal_source },
  { "keyak1994", OSS_BASIS_K2HPO4, OSS_BASIS_ASH, 1.06, 38.9, keyak_source },
  { "keyak1994", OSS_BASIS_ASH, OSS_BASIS_K2HPO4, 1.0 / 1.06, -38.9 / 1.06, keyak_source },
  { "faulkner1993", OSS_BASIS_K2HPO4, OSS_BASIS_CHA, 1.15, -7.32, faulkner_source },
  { "faulkner1993", OSS_BASIS_CHA, OSS_BASIS_K2HPO4, 1.0 / 1.15, 7.32 / 1.15, faulkner_source },
  { "knowles2016", OSS_BASIS_CHA, OSS_BASIS_ASH, 0.877, 79.0, knowles_source },
  { "knowles2016", OSS_BASIS_ASH, OSS_BASIS_CHA, 1.0 / 0.877, -79.0 / 0.877, knowles_source },
  { "knowles2016-literal", OSS_BASIS_CHA, OSS_BASIS_ASH, 0.877, 0.079, knowles_literal_source },
  { "knowles2016-literal", OSS_BASIS_ASH, OSS_BASIS_CHA, 1.0 / 0.877, -0.079 / 0.877, knowles_literal_source },
  { "ash-apparent", OSS_BASIS_ASH, OSS_BASIS_APPARENT, 1.0 / 0.6, 0.0, ratio_source },
  { "ash-apparent", OSS_BASIS_APPARENT, OSS_BASIS_ASH, 0.6, 0.0, ratio_source },
};

static const struct
{
  const char *name;
  double slope, intercept; /* mg/cm3 per HU, mg/cm3 */
  const char *source;
} published_lines[] = {
  { "jiang2023-b40f", 0.70, -4.2,
    "Jiang et al. 2023, eq. 1 (doi 10.3389/fendo.2023.1076990): Siemens Definition Flash, 120 kVp, B40f" },
  { "jiang2023-b70f", 0.73, -3.7,
    "Jiang et al. 2023, eq. 2 (doi 10.3389/fendo.2023.1076990): Siemens Definition Flash, 120 kVp, B70f" },
};

const char *
oss_basis_name (OssBasis basis)
{
  for (gsize i = 0; i < G_N_ELEMENTS (basis_names); i++)
    if (basis_names[i].basis == basis)
      return basis_names[i].name;
  return "unknown";
}

OssBasis
oss_basis_from_name (const char *name)
{
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (basis_names); i++)
    if (g_ascii_strcasecmp (basis_names[i].name, name) == 0)
      return basis_names[i].basis;
  return OSS_BASIS_UNKNOWN;
}

const OssConversion *
oss_conversion_all (gsize *n)
{
  *n = G_N_ELEMENTS (conversions);
  return conversions;
}

const OssConversion *
oss_conversion_find (const char *name, OssBasis from, OssBasis to)
{
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (conversions); i++)
    if (conversions[i].from == from && conversions[i].to == to && g_ascii_strcasecmp (conversions[i].name, name) == 0)
      return &conversions[i];
  return NULL;
}

OssCalibrationLine
oss_calibration_line_make (double slope, double intercept, OssBasis basis, const char *method, const char *source)
{
  OssCalibrationLine line = { .slope = slope,
                              .intercept = intercept,
                              .basis = basis,
                              .r2 = NAN,
                              .uncertainty_mg_cm3 = NAN,
                              .variance_slope = NAN,
                              .variance_intercept = NAN,
                              .covariance = NAN,
                              .method = method };

  g_strlcpy (line.source, source, sizeof line.source);
  return line;
}

double
oss_calibration_uncertainty (const OssCalibrationLine *line, double hu)
{
  double variance = hu * (line->variance_slope * hu + 2.0 * line->covariance) + line->variance_intercept;

  return isnan (variance) ? NAN : sqrt (fmax (variance, 0.0)); /* below 0 by rounding alone */
}

gboolean
oss_calibration_line_find (const char *name, OssCalibrationLine *line)
{
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (published_lines); i++)
    if (g_ascii_strcasecmp (published_lines[i].name, name) == 0)
      {
        *line = oss_calibration_line_make (published_lines[i].slope, published_lines[i].intercept, OSS_BASIS_K2HPO4,
                                           "line", published_lines[i].source);
        return TRUE;
      }
  return FALSE;
}
