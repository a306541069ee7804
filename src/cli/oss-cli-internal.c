/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration by the patient's own tissues: words and picture. */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "report/oss-report.h"

#include <math.h>

gboolean
oss_cli_write_tissues (OssStudy *study, OssCliOutput *output, GError **error)
{
  const OssInternalFit *fit = oss_study_get_calibrate (study)->internal;

  if (fit == NULL)
    return TRUE;
  g_autofree char *path = oss_cli_output_path (output, "tissues.png");
  g_autoptr (OssPicture) picture = oss_own_tissues_picture (fit->tissues, oss_study_get_load (study)->volume);
  return oss_report_png (picture, path, error);
}

static void
describe_tissue (GString *text, const OssInternalFit *fit, OssOwnTissue tissue)
{
  const OssOwnRegion *region = &fit->tissues->of[tissue];
  const OssInternalPoint *point = &fit->points[tissue];

  if (!region->used)
    {
      g_string_append_printf (text, _ ("  %s: not used: %s\n"), oss_own_tissue_title (tissue), region->note);
      return;
    }
  g_autofree char *read =
      g_strdup_printf (region->given ? _ ("%.1f HU (SD %.1f, standard error %.2f, %zu voxels; place given)")
                                     : _ ("%.1f HU (SD %.1f, standard error %.2f, %zu voxels)"),
                       region->mean_hu, region->sd_hu, region->standard_error_hu, region->voxels);
  if (isfinite (point->expected_hu))
    g_string_append_printf (text, _ ("  %s: %s, expected %.1f ± %.1f, %.3f g/cm³\n"), oss_own_tissue_title (tissue),
                            read, point->expected_hu, point->sd_hu, point->density_g_cm3);
  else
    g_string_append_printf (text, _ ("  %s: %s, %.3f g/cm³\n"), oss_own_tissue_title (tissue), read,
                            point->density_g_cm3);
}

void
oss_cli_describe_internal (GString *text, const OssInternalFit *fit)
{
  for (int t = 0; t < OSS_OWN_N; t++)
    describe_tissue (text, fit, (OssOwnTissue) t);
  if (isfinite (fit->energy_sd_kev))
    g_string_append_printf (
        text, _ ("effective energy %.1f ± %.1f keV (searched %.0f to %.0f), scale %+.1f ± %.1f HU at water\n"),
        fit->energy_kev, fit->energy_sd_kev, fit->energy_low_kev, fit->energy_high_kev, fit->shift_hu,
        fit->shift_sd_hu);
  else
    g_string_append_printf (text, _ ("effective energy %.1f keV (searched %.0f to %.0f), R² %.4f\n"), fit->energy_kev,
                            fit->energy_low_kev, fit->energy_high_kev, fit->r2);
  if (isfinite (fit->line.uncertainty_mg_cm3))
    g_string_append_printf (text, _ ("± %.1f mg/cm³ at 100 mg/cm³\n"), fit->line.uncertainty_mg_cm3);
  for (guint i = 0; i < fit->notes->len; i++)
    g_string_append_printf (text, "· %s\n", (const char *) fit->notes->pdata[i]);
}
