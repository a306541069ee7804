/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "virtual/oss-virtual.h"

#include <string.h>

static struct
{
  gint64 seed;
  char *kernels, *phantom, *spacing, *levels, *sex, *size;
  double age, vbmd, contrast, fov;
  char *date;
  gboolean marker, quality_scan;
} given;

static const GOptionEntry entries[] = {
  { "seed", 0, 0, G_OPTION_ARG_INT64, &given.seed, N_ ("random seed: the same seed gives the same patient"), "N" },
  { "kernels", 0, 0, G_OPTION_ARG_STRING, &given.kernels, N_ ("reconstruction kernels (default B40f,B70f)"), "LIST" },
  { "phantom", 0, 0, G_OPTION_ARG_STRING, &given.phantom, N_ ("mindways3 (the default), qrm-bdc3, … or none"), "NAME" },
  { "spacing", 0, 0, G_OPTION_ARG_STRING, &given.spacing, N_ ("voxel size in mm"), "X,Y,Z" },
  { "levels", 0, 0, G_OPTION_ARG_STRING, &given.levels, N_ ("vertebrae (default T11-L3)"), "FROM-TO" },
  { "sex", 0, 0, G_OPTION_ARG_STRING, &given.sex, N_ ("F or M (default: drawn from the seed)"), "SEX" },
  { "age", 0, 0, G_OPTION_ARG_DOUBLE, &given.age, N_ ("age in years"), "YEARS" },
  { "vbmd", 0, 0, G_OPTION_ARG_DOUBLE, &given.vbmd, N_ ("trabecular density of L1 in mg/cm³ K₂HPO₄"), "DENSITY" },
  { "size", 0, 0, G_OPTION_ARG_STRING, &given.size, N_ ("of the skeleton: S, M or L"), "SIZE" },
  { "contrast", 0, 0, G_OPTION_ARG_DOUBLE, &given.contrast, N_ ("contrast agent in the blood"), "HU" },
  { "fov", 0, 0, G_OPTION_ARG_DOUBLE, &given.fov, N_ ("field of view (default 400)"), "MM" },
  { "marker", 0, 0, G_OPTION_ARG_NONE, &given.marker, N_ ("a ball of solid bone on the left side of L1"), NULL },
  { "quality-scan", 0, 0, G_OPTION_ARG_NONE, &given.quality_scan,
    N_ ("the phantom alone, without a patient, with the scanner’s drift of that day"), NULL },
  { "date", 0, 0, G_OPTION_ARG_STRING, &given.date, N_ ("day of the scan (default 2024-01-15)"), "DATE" },
  { NULL },
};

static gboolean
one_letter (const char *option, const char *text, const char *allowed, char *letter, GError **error)
{
  if (text == NULL)
    return TRUE;
  *letter = g_ascii_toupper (text[0]);
  if (strlen (text) == 1 && strchr (allowed, *letter) != NULL)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s %s”: give one letter of %s."), option, text, allowed);
  return FALSE;
}

static gboolean
parse_levels (OssVirtualOptions *options, GError **error)
{
  if (given.levels == NULL)
    return TRUE;
  g_auto (GStrv) parts = g_strsplit (given.levels, "-", 2);
  if (parts[0] == NULL || !oss_cli_parse_vertebra (parts[0], &options->level_low, error)
      || !oss_cli_parse_vertebra (parts[1] != NULL ? parts[1] : parts[0], &options->level_high, error))
    return FALSE;
  return TRUE;
}

static gboolean
fill_options (OssVirtualOptions *options, char ***kernels, GError **error)
{
  oss_virtual_options_default (options);
  if (given.seed != 0)
    options->seed = (guint64) given.seed;
  if (given.spacing != NULL && !oss_cli_parse_numbers ("--spacing", given.spacing, 3, options->spacing_mm, error))
    return FALSE;
  options->phantom = given.phantom == NULL || !g_str_equal (given.phantom, "none");
  options->phantom_model = options->phantom ? given.phantom : NULL;
  options->age_years = given.age;
  options->vbmd_mg_cm3 = given.vbmd;
  options->contrast_hu = given.contrast;
  if (given.fov != 0.0)
    options->fov_mm = given.fov;
  options->marker = given.marker;
  options->quality_scan = given.quality_scan;
  if (given.date != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (given.date, "-", -1);

      g_free (given.date);
      options->study_date = given.date = g_strjoinv ("", parts);
    }
  if (given.kernels != NULL)
    {
      *kernels = g_strsplit (given.kernels, ",", -1);
      options->kernels = (const char *const *) *kernels;
    }
  return one_letter ("--sex", given.sex, "FM", &options->sex, error)
         && one_letter ("--size", given.size, "SML", &options->size, error) && parse_levels (options, error);
}

gboolean
oss_cli_virtual (OssCli *cli, int argc, char **argv, GError **error)
{
  OssVirtualOptions options;
  OssVirtualTruth truth;
  g_auto (GStrv) kernels = NULL;

  if (!oss_cli_parse (&argc, &argv, entries, "DIR",
                      _ ("Writes a virtual patient, in silico: DICOM series per kernel, "
                         "and truth/ with labels, densities and truth.json."),
                      1, 1, error)
      || !fill_options (&options, &kernels, error) || !oss_virtual_write (argv[1], &options, &truth, &cli->tick, error))
    return FALSE;
  oss_cli_progress_end (cli);
  if (cli->json)
    {
      g_autofree char *path = g_build_filename (argv[1], "truth", "truth.json", NULL);
      g_autofree char *text = NULL;
      return g_file_get_contents (path, &text, NULL, error) && oss_cli_print (text, error);
    }
  g_autoptr (GString) text = g_string_new (NULL);
  if (options.quality_scan)
    {
      g_string_append_printf (text, _ ("Virtual quality scan in %s (in silico): the phantom alone, %.2f keV\n"),
                              argv[1], truth.effective_energy_kev);
      return oss_cli_print (text->str, error);
    }
  g_string_append_printf (
      text, _ ("Virtual patient in %s (in silico): %c, %.0f years, trabecular density %.0f mg/cm³ K₂HPO₄\n"), argv[1],
      truth.sex, truth.age_years, truth.vbmd_mg_cm3);
  guint8 l1 = oss_vertebra_from_name ("L1");
  if (options.level_low <= l1 && l1 <= options.level_high)
    g_string_append_printf (text, _ ("L1 lies at %.1f,%.1f,%.1f (for --at)\n"), truth.l1_centre_mm[0],
                            truth.l1_centre_mm[1], truth.l1_centre_mm[2]);
  return oss_cli_print (text->str, error);
}
