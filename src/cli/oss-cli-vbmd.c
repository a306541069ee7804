/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ossature vbmd": densities of vertebrae by labels, and the mean of two, without a simulation. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "cli/oss-cli.h"
#include "report/oss-report-vbmd.h"

#include <math.h>
#include <string.h>

#define MOST_VERTEBRAE 12

static char *vertebrae, *out_folder;

static const GOptionEntry entries[] = {
  { "vertebrae", 0, 0, G_OPTION_ARG_STRING, &vertebrae, N_ ("the vertebrae, commas between them (default L1,L2)"),
    "LIST" },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &out_folder, N_ ("folder for the results"), "DIR" },
  { NULL },
};

static gboolean
parse_vertebrae (guint8 *levels, guint *n, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (vertebrae != NULL ? vertebrae : "L1,L2", ",", -1);

  for (*n = 0; parts[*n] != NULL && *n < MOST_VERTEBRAE; (*n)++)
    {
      if (!oss_cli_parse_vertebra (g_strstrip (parts[*n]), &levels[*n], error))
        return FALSE;
      for (guint i = 0; i < *n; i++)
        if (levels[i] == levels[*n])
          {
            g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” stands twice in --vertebrae."), parts[*n]);
            return FALSE;
          }
    }
  if (*n > 0 && parts[*n] == NULL)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--vertebrae” takes one to %d vertebrae: L1,L2."),
               MOST_VERTEBRAE);
  return FALSE;
}

/* One vertebra of the study; image and calibration are made once. */
static gboolean
measure (OssStudy *study, guint8 level, OssVbmdRow *row, const OssTick *tick, GError **error)
{
  OssStudyOptions options;

  oss_study_options_copy (&options, oss_study_get_options (study));
  options.vertebra = level;
  gboolean good = oss_study_set_options (study, &options, error);
  oss_study_options_clear (&options);
  if (!good || !oss_study_run (study, OSS_STEP_SEGMENT, tick, error))
    return FALSE;
  const OssSegmentResult *segment = oss_study_get_segment (study);
  if (!segment->has_vbmd)
    {
      GPtrArray *notes = segment->info.notes;

      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, "%s: %s", oss_vertebra_name (level),
                   notes->len > 0 ? (const char *) notes->pdata[notes->len - 1]
                                  : _ ("Trabecular density could not be measured."));
      return FALSE;
    }
  *row = (OssVbmdRow){ .vertebra = level,
                       .vbmd = segment->vbmd,
                       .error = segment->vbmd_error,
                       .has_forms = segment->has_forms,
                       .forms = segment->forms };
  return TRUE;
}

gboolean
oss_cli_vbmd (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *all =
      oss_cli_join ((const GOptionEntry *const[]){ entries, oss_cli_input_segment, oss_cli_input_load, NULL });
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (OssCliOutput) output = NULL;
  guint8 levels[MOST_VERTEBRAE];
  OssVbmdRow rows[MOST_VERTEBRAE];
  guint n = 0;

  if (!oss_cli_parse (
          &argc, &argv, all, "PATH --labels FILE",
          _ ("Densities of vertebrae by labels: trabecular in the ellipse and in the peeled body, whole, outer "
             "shell, with CT numbers; and the mean of two lumbar bodies with its ACR band."),
          1, 1, error)
      || !parse_vertebrae (levels, &n, error))
    return FALSE;
  if (oss_cli_input.labels == NULL || oss_cli_input.at != NULL || oss_cli_input.vertebra != NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("Give labels with several vertebrae (--labels FILE), and name them: --vertebrae L1,L2."));
      return FALSE;
    }
  if (!oss_cli_input_apply (study, argv[1], error)
      || (out_folder != NULL && (output = oss_cli_output_new (out_folder, error)) == NULL))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      OssTick part = oss_tick_part (&cli->tick, (double) i / n, (double) (i + 1) / n);

      if (!measure (study, levels[i], &rows[i], &part, error))
        return FALSE;
    }
  g_autofree char *json = oss_report_vbmd_json (study, rows, n);
  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "result.json");
      if (!oss_file_write (path, json, strlen (json), error) || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  oss_cli_progress_end (cli);
  if (cli->json)
    return oss_cli_print (json, error);
  g_autofree char *text = oss_report_vbmd_text (study, rows, n);
  return oss_cli_print (text, error);
}
