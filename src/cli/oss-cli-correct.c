/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "formats/oss-nifti.h"
#include "report/oss-report-kernel.h"
#include "study/oss-study-kernel.h"

#include <string.h>

static char *out_folder;

static const GOptionEntry out_entry[] = {
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &out_folder, N_ ("folder for the corrected series or image"), "DIR" },
  { NULL },
};

/* A DICOM series as a derived series of its own, a NIfTI image as corrected.nii.gz. */
static gboolean
write_image (const OssLoadResult *load, const OssTick *tick, GError **error)
{
  if (load->series != NULL)
    return oss_kernel_write_series (out_folder, load->series, load->volume, load->correction, tick, error);
  g_autofree char *path = g_build_filename (out_folder, "corrected.nii.gz", NULL);
  const char *to = load->correction->plan.to.name;
  g_autofree char *about = g_strdup_printf ("Ossature, corrected to kernel %s", to);
  return oss_file_prepare_folder (out_folder, error)
         && oss_nifti_write_volume (load->volume, path, FALSE, about, tick, error);
}

static gboolean
is_inside (const char *folder, const char *path)
{
  g_autofree char *a = g_canonicalize_filename (folder, NULL), *b = g_canonicalize_filename (path, NULL);
  return g_str_equal (a, b);
}

static char *
describe (const OssLoadResult *load)
{
  const OssKernelCorrected *correction = load->correction;
  g_autoptr (GString) text = g_string_new (correction->words);

  g_string_append_c (text, '\n');
  if (correction->done)
    g_string_append_printf (
        text,
        _ ("Noise becomes %.2f times what it was; at the pixels’ limit of %.1f lp/cm the first kernel "
           "leaves %.2f.\nWritten to %s; the original is untouched.\n"),
        correction->report.noise_ratio, correction->report.nyquist_lp_cm, correction->report.modulation_beyond,
        out_folder);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
oss_cli_correct (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *entries =
      oss_cli_join ((const GOptionEntry *const[]){ oss_cli_input_correct, oss_cli_input_series, out_entry, NULL });
  g_autoptr (OssStudy) study = oss_study_new ();
  OssTick load_tick = oss_tick_part (&cli->tick, 0.0, 0.7), write_tick = oss_tick_part (&cli->tick, 0.7, 1.0);

  if (!oss_cli_parse (&argc, &argv, entries, "PATH --to NAME --out DIR",
                      _ ("Writes an image as another reconstruction kernel would show it: a new DICOM series, or "
                         "corrected.nii.gz for NIfTI. The original stays."),
                      1, 1, error))
    return FALSE;
  if (oss_cli_input.correct_to == NULL || out_folder == NULL || is_inside (out_folder, argv[1]))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("Give the kernel to correct to (--to B40f) and a folder of its own for the result "
                              "(--out DIR)."));
      return FALSE;
    }
  if (!oss_cli_input_apply (study, argv[1], error) || !oss_study_run (study, OSS_STEP_LOAD, &load_tick, error))
    return FALSE;
  const OssLoadResult *load = oss_study_get_load (study);
  if (load->correction->done && !write_image (load, &write_tick, error))
    return FALSE;
  oss_cli_progress_end (cli);
  g_autofree char *json = oss_report_correction_json (load, load->correction->done ? out_folder : NULL);
  g_autofree char *text = describe (load);
  return oss_cli_print (cli->json ? json : text, error);
}
