/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A quality scan: the phantom alone on the couch, of the scanner that the virtual patients lie in. */
#include "base/oss-file.h"
#include "virtual/oss-virtual-private.h"

/* How far the beam drifts from day to day, keV: half of the spread between patients; it moves a line by 0.8 % at most
 * [choice]. */
#define DRIFT_KEV 0.4
/* Without a body the beam is less hardened: what the water correction leaves of that, 0.4 keV below the spine's of a
 * medium trunk (with a body, 0.15 keV at the rods) [choice]. */
#define OPEN_FIELD_KEV 0.4
#define LENGTH_MM 60.0
#define STREAM_QUALITY 7
#define AWAY_MM 1e5

void
oss_virtual_quality_init (OssVirtualPatient *self)
{
  OssVirtualAnatomy *anatomy = &self->anatomy;
  OssRandom random;

  oss_random_init (&random, self->options.seed, STREAM_QUALITY);
  double kev = OSS_VIRTUAL_EFFECTIVE_KEV - OPEN_FIELD_KEV + oss_random_range (&random, -DRIFT_KEV, DRIFT_KEV);
  oss_virtual_beam_init (&self->spine, &self->physics, kev);
  self->phantom = self->spine;
  self->truth.effective_energy_kev = kev;
  self->truth.vbmd_mg_cm3 = self->truth.age_years = self->truth.marrow_fat_fraction = NAN;
  self->cupping_hu = 0.0;
  /* Nobody there: organs gone, trunk and spine beyond every raster. */
  anatomy->n_organs = 0;
  anatomy->torso_centre[1] -= AWAY_MM;
  for (int i = 0; i < anatomy->n_vertebrae; i++)
    anatomy->vertebrae[i].centre[2] -= AWAY_MM;
  self->grid.size[2] = MAX (8, (int) ceil (LENGTH_MM / self->grid.spacing[2]));
}

gboolean
oss_virtual_quality_truth_write (const char *folder, const OssVirtualPatient *patient, GError **error)
{
  g_autofree char *truth = g_build_filename (folder, "truth", NULL);
  g_autofree char *path = g_build_filename (truth, "truth.json", NULL);
  char slope[G_ASCII_DTOSTR_BUF_SIZE], intercept[G_ASCII_DTOSTR_BUF_SIZE], kev[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *json = g_strdup_printf (
      "{\n  \"program\": \"Ossature " OSS_VERSION "\",\n  \"in_silico\": true,\n  \"quality_scan\": true,\n"
      "  \"seed\": %" G_GUINT64_FORMAT ",\n  \"effective_energy_kev\": %s,\n"
      "  \"true_line\": {\n    \"basis\": \"K2HPO4\",\n    \"slope\": %s,\n    \"intercept\": %s\n  }\n}\n",
      patient->options.seed, g_ascii_formatd (kev, sizeof kev, "%.6g", patient->truth.effective_energy_kev),
      g_ascii_formatd (slope, sizeof slope, "%.9g", patient->truth.true_slope),
      g_ascii_formatd (intercept, sizeof intercept, "%.9g", patient->truth.true_intercept));

  return oss_file_prepare_folder (truth, error) && oss_file_write (path, json, strlen (json), error);
}
