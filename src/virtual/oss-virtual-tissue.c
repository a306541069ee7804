/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attenuation of tissues from their elements, and HU at one effective energy. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "virtual/oss-virtual-private.h"

static const char *const element_names[OSS_VIRTUAL_ELEMENTS] = { "H", "C", "N",  "O", "Na", "Mg",
                                                                 "P", "S", "Cl", "K", "Ca", "Fe" };

static const char *const tissue_names[OSS_N_TISSUES] = {
  [OSS_TISSUE_WATER] = "water",
  [OSS_TISSUE_ADIPOSE] = "adipose",
  [OSS_TISSUE_TRIGLYCERIDE] = "triglyceride",
  [OSS_TISSUE_MUSCLE] = "muscle",
  [OSS_TISSUE_BLOOD] = "blood",
  [OSS_TISSUE_SKIN] = "skin",
  [OSS_TISSUE_CORTICAL_BONE] = "cortical_bone",
  [OSS_TISSUE_K2HPO4] = "k2hpo4",
  [OSS_TISSUE_HYDROXYAPATITE] = "hydroxyapatite",
  [OSS_TISSUE_PMMA] = "pmma",
  [OSS_TISSUE_DISC] = "disc",
  [OSS_TISSUE_ORGAN] = "organ",
  [OSS_TISSUE_LIVER] = "liver",
  [OSS_TISSUE_CORD] = "cord",
  [OSS_TISSUE_CARBON_FIBRE] = "carbon_fibre",
  [OSS_TISSUE_FOAM] = "foam",
  [OSS_TISSUE_PHANTOM_RESIN] = "phantom_resin",
  [OSS_TISSUE_BOLUS] = "bolus",
};

/* One line of a table split at commas; FALSE for comments and empty lines. */
static gboolean
table_row (const char *line, char ***cells)
{
  if (line[0] == '\0' || line[0] == '#')
    return FALSE;
  *cells = g_strsplit (line, ",", -1);
  return TRUE;
}

static gboolean
parse_number (const char *text, double *value)
{
  char *end = NULL;
  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*value) && *value >= 0.0;
}

static gboolean
fail (GError **error, const char *path, guint line, const char *what)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("%s, line %u: %s"), path, line, what);
  return FALSE;
}

/* The column titles from @first on must be the elements in our order. */
static gboolean
check_header (char **cells, int first)
{
  if (g_strv_length (cells) < (guint) (first + OSS_VIRTUAL_ELEMENTS))
    return FALSE;
  for (int e = 0; e < OSS_VIRTUAL_ELEMENTS; e++)
    if (strcmp (cells[first + e], element_names[e]) != 0)
      return FALSE;
  return TRUE;
}

typedef gboolean (*RowFunc) (OssVirtualPhysics *self, char **cells, const char **why);

static gboolean
attenuation_row (OssVirtualPhysics *self, char **cells, const char **why)
{
  int n = self->n_energies;
  *why = _ ("energies must rise and every coefficient must be a number above 0");
  if (n == OSS_VIRTUAL_ENERGIES || !parse_number (cells[0], &self->kev[n]) || self->kev[n] <= 0.0
      || (n > 0 && self->kev[n] <= self->kev[n - 1]))
    return FALSE;
  for (int e = 0; e < OSS_VIRTUAL_ELEMENTS; e++)
    if (!parse_number (cells[1 + e], &self->element[n][e]) || self->element[n][e] <= 0.0)
      return FALSE;
  self->n_energies++;
  return TRUE;
}

static gboolean
tissue_row (OssVirtualPhysics *self, char **cells, const char **why)
{
  double sum = 0.0;
  for (int t = 0; t < OSS_N_TISSUES; t++)
    {
      if (strcmp (cells[0], tissue_names[t]) != 0)
        continue;
      *why = _ ("density and mass fractions must be numbers, and the fractions must add up to 1");
      if (!parse_number (cells[1], &self->density[t]) || self->density[t] <= 0.0)
        return FALSE;
      for (int e = 0; e < OSS_VIRTUAL_ELEMENTS; e++)
        {
          if (!parse_number (cells[2 + e], &self->fraction[t][e]))
            return FALSE;
          sum += self->fraction[t][e];
        }
      return fabs (sum - 1.0) < 0.005;
    }
  return TRUE; /* a tissue this program has no use for */
}

static gboolean
load_table (OssVirtualPhysics *self, const char *name, int first, RowFunc row, GError **error)
{
  g_autofree char *path = oss_file_find_data (name, error);
  g_autofree char *text = NULL;
  gboolean header = FALSE;

  if (path == NULL)
    return FALSE;
  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) cells = NULL;
      const char *why = NULL;
      if (!table_row (g_strchomp (lines[i]), &cells))
        continue;
      if (!header && !check_header (cells, first))
        return fail (error, path, i + 1, _ ("the columns must be the elements H C N O Na Mg P S Cl K Ca Fe"));
      if (header && g_strv_length (cells) < (guint) (first + OSS_VIRTUAL_ELEMENTS))
        return fail (error, path, i + 1, _ ("too few columns"));
      if (header && !row (self, cells, &why))
        return fail (error, path, i + 1, why);
      header = TRUE;
    }
  return TRUE;
}

gboolean
oss_virtual_physics_load (OssVirtualPhysics *self, GError **error)
{
  memset (self, 0, sizeof *self);
  if (!load_table (self, "physics/mass_attenuation.csv", 1, attenuation_row, error)
      || !load_table (self, "tissues.csv", 2, tissue_row, error))
    return FALSE;
  if (self->n_energies < 2 || self->kev[0] > 60.0 || self->kev[self->n_energies - 1] < 80.0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("physics/mass_attenuation.csv must span 60 to 80 keV at least"));
      return FALSE;
    }
  for (int t = 0; t < OSS_N_TISSUES; t++)
    if (self->density[t] <= 0.0)
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("tissues.csv has no tissue “%s”"), tissue_names[t]);
        return FALSE;
      }
  return TRUE;
}

double
oss_virtual_mass_attenuation (const OssVirtualPhysics *self, OssTissue tissue, double kev)
{
  int k = 0;
  double sum = 0.0;

  while (k < self->n_energies - 2 && kev > self->kev[k + 1])
    k++;
  double t = log (kev / self->kev[k]) / log (self->kev[k + 1] / self->kev[k]);
  for (int e = 0; e < OSS_VIRTUAL_ELEMENTS; e++)
    sum += self->fraction[tissue][e] * self->element[k][e] * pow (self->element[k + 1][e] / self->element[k][e], t);
  return sum;
}

/* HU = 1000 (mu / mu_water - 1) of a monochromatic beam.  The line: QCT PRO subtracts 0.2174 HU per mg/cm3 from the
 * rods' slope and adds 999.6 to their intercept (restated from Ogo, mindways_calibration.py), since a rod's K2HPO4 is
 * stated per volume beside its water. */
void
oss_virtual_beam_init (OssVirtualBeam *self, const OssVirtualPhysics *physics, double kev)
{
  double mu_water = oss_virtual_mass_attenuation (physics, OSS_TISSUE_WATER, kev) * physics->density[OSS_TISSUE_WATER];

  self->kev = kev;
  for (int t = 0; t < OSS_N_TISSUES; t++)
    self->hu[t] =
        1000.0 * (oss_virtual_mass_attenuation (physics, (OssTissue) t, kev) * physics->density[t] / mu_water - 1.0);
  self->sigma_ref = oss_virtual_mass_attenuation (physics, OSS_TISSUE_K2HPO4, kev) / mu_water;
  self->sigma = self->sigma_ref - 0.2174;
  self->beta = -1000.0 + 999.6;
}

double
oss_virtual_beam_rod_hu (const OssVirtualBeam *self, double k2hpo4_mg_cm3, double water_mg_cm3)
{
  return water_mg_cm3 - 1000.0 + self->sigma_ref * k2hpo4_mg_cm3;
}

double
oss_virtual_beam_marrow_hu (const OssVirtualBeam *self, double fat_fraction)
{
  return fat_fraction * self->hu[OSS_TISSUE_TRIGLYCERIDE] + (1.0 - fat_fraction) * self->hu[OSS_TISSUE_MUSCLE];
}

double
oss_virtual_beam_bone_hu (const OssVirtualBeam *self, double bvtv, double marrow_hu)
{
  return bvtv * self->hu[OSS_TISSUE_CORTICAL_BONE] + (1.0 - bvtv) * marrow_hu;
}

double
oss_virtual_beam_k2hpo4 (const OssVirtualBeam *self, double hu)
{
  return (hu - self->beta) / self->sigma;
}

/* All calcium of ICRU cortical bone in stoichiometric hydroxyapatite: 1.08 g/cm3. */
double
oss_virtual_bone_mineral (const OssVirtualPhysics *self)
{
  const int calcium = 10;
  return 1000.0 * self->density[OSS_TISSUE_CORTICAL_BONE] * self->fraction[OSS_TISSUE_CORTICAL_BONE][calcium]
         / self->fraction[OSS_TISSUE_HYDROXYAPATITE][calcium];
}
