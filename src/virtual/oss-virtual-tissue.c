/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tissues and the phantoms' materials in a beam of one effective energy. */
#include "virtual/oss-virtual-private.h"

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

gboolean
oss_virtual_physics_load (OssVirtualPhysics *self, GError **error)
{
  memset (self, 0, sizeof *self);
  self->attenuation = oss_attenuation_load (error);
  if (self->attenuation == NULL)
    return FALSE;
  for (int t = 0; t < OSS_N_TISSUES; t++)
    {
      self->substance[t] = oss_attenuation_find (self->attenuation, tissue_names[t], error);
      if (self->substance[t] < 0)
        {
          oss_virtual_physics_clear (self);
          return FALSE;
        }
    }
  return TRUE;
}

void
oss_virtual_physics_clear (OssVirtualPhysics *self)
{
  g_clear_pointer (&self->attenuation, oss_attenuation_free);
}

double
oss_virtual_density (const OssVirtualPhysics *self, OssTissue tissue)
{
  return oss_attenuation_density (self->attenuation, self->substance[tissue]);
}

double
oss_virtual_mass_attenuation (const OssVirtualPhysics *self, OssTissue tissue, double kev)
{
  return oss_attenuation_mass (self->attenuation, self->substance[tissue], kev);
}

/* HU = 1000 (mu / mu_water - 1) of a monochromatic beam.  The line: QCT PRO subtracts 0.2174 HU per mg/cm3 from the
 * rods' slope and adds 999.6 to their intercept (restated from Ogo, mindways_calibration.py), since a rod's K2HPO4 is
 * stated per volume beside its water. */
void
oss_virtual_beam_init (OssVirtualBeam *self, const OssVirtualPhysics *physics, double kev)
{
  double mu_water =
      oss_virtual_mass_attenuation (physics, OSS_TISSUE_WATER, kev) * oss_virtual_density (physics, OSS_TISSUE_WATER);

  self->kev = kev;
  for (int t = 0; t < OSS_N_TISSUES; t++)
    self->hu[t] = oss_attenuation_hu (physics->attenuation, physics->substance[t], kev);
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
  return 1000.0 * oss_virtual_density (self, OSS_TISSUE_CORTICAL_BONE)
         * oss_attenuation_calcium (self->attenuation, self->substance[OSS_TISSUE_CORTICAL_BONE])
         / oss_attenuation_calcium (self->attenuation, self->substance[OSS_TISSUE_HYDROXYAPATITE]);
}
