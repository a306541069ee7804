/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "render/oss-stress-picture.h"
#include "report/oss-report-format.h"
#include "report/oss-report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The picture's upper end: a percentile, so that the clamped rim's singular peaks do not hide the rest. */
#define PICTURE_PERCENTILE 0.995

/* The aspect of the picture's box in the report; stress.png shows two of them side by side. */
#define PICTURE_WIDTH 1000
#define PICTURE_HEIGHT 867

static struct
{
  char *out, *deck, *comment, *reader, *institution, *paper;
  int deck_bins;
  gboolean name_patient;
} given;

static const GOptionEntry entries[] = {
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the results (needed)"), "DIR" },
  { "write-deck", 0, 0, G_OPTION_ARG_FILENAME, &given.deck, N_ ("also write the model as an Abaqus/CalculiX deck"),
    "FILE" },
  { "deck-bins", 0, 0, G_OPTION_ARG_INT, &given.deck_bins, N_ ("moduli of the deck in that many bins (default 200)"),
    "N" },
  { "name-patient", 0, 0, G_OPTION_ARG_NONE, &given.name_patient, N_ ("name the patient in the report"), NULL },
  { "reader", 0, 0, G_OPTION_ARG_STRING, &given.reader, N_ ("who reads the report"), "NAME" },
  { "institution", 0, 0, G_OPTION_ARG_STRING, &given.institution, N_ ("head of the report"), "NAME" },
  { "comment", 0, 0, G_OPTION_ARG_STRING, &given.comment, N_ ("the reader's comment"), "TEXT" },
  { "paper", 0, 0, G_OPTION_ARG_STRING, &given.paper, N_ ("A4 (the default) or Letter"), "NAME" },
  { NULL },
};

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static double
percentile (const double *values, gsize n, double fraction)
{
  g_autofree double *sorted = g_memdup2 (values, n * sizeof *values);
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  return sorted[(gsize) (fraction * (double) (n - 1))];
}

static void
copy_into (OssPicture *to, const OssPicture *from, int x)
{
  for (int y = 0; y < from->height; y++)
    memcpy (to->rgba + 4 * ((gsize) y * (gsize) to->width + (gsize) x),
            from->rgba + 4 * (gsize) y * (gsize) from->width, 4 * (gsize) from->width);
}

/* Both views side by side with one colour bar; @whole and @cut are consumed. */
static OssPicture *
compose (OssPicture *whole, OssPicture *cut, const OssColorbar *bar)
{
  OssPicture *both = oss_picture_new (2 * PICTURE_WIDTH, PICTURE_HEIGHT);

  copy_into (both, whole, 0);
  copy_into (both, cut, PICTURE_WIDTH);
  oss_report_colorbar (both, bar);
  oss_picture_free (whole);
  return both;
}

/* stress.png (whole and cut open) and the report's picture (cut open), both with the bar. */
static gboolean
make_pictures (OssStudy *study, OssPicture **both, OssPicture **report, char **caption, GError **error)
{
  const OssMesh *mesh = oss_study_get_mesh (study)->mesh;
  const OssSimulateResult *simulate = oss_study_get_simulate (study);
  const OssVertebraFrame *frame = &oss_study_get_segment (study)->info.frame;
  double high = percentile (simulate->fem->von_mises, mesh->n_nodes, PICTURE_PERCENTILE), axes[3][2];
  OssColormap map;

  if (!oss_colormap_load ("plasma", &map, error))
    return FALSE;
  OssPicture *whole = oss_render_stress_picture (mesh, simulate->fem->von_mises, frame, &map, 0.0, high, FALSE,
                                                 PICTURE_WIDTH, PICTURE_HEIGHT, error);
  OssPicture *cut = whole != NULL ? oss_render_stress_picture (mesh, simulate->fem->von_mises, frame, &map, 0.0, high,
                                                               TRUE, PICTURE_WIDTH, PICTURE_HEIGHT, error)
                                  : NULL;
  if (cut == NULL)
    {
      g_clear_pointer (&whole, oss_picture_free);
      return FALSE;
    }
  g_autofree char *newtons = oss_format_tens (simulate->strength.reaction_n);
  *caption = g_strdup_printf (_ ("Von Mises stress at %s N, cut open in the middle"), newtons);
  g_autofree char *load = g_strdup_printf (_ ("%.2f mm, %s N"), simulate->displacement_mm, newtons);
  oss_render_stress_axes (frame, axes);
  OssColorbar bar = { .map = &map,
                      .low = 0.0,
                      .high = high,
                      .title = _ ("von Mises, MPa"),
                      .load = load,
                      .mark = simulate->stress.p95_mpa,
                      .axes = (const double (*)[2]) axes };
  *both = compose (whole, cut, &bar);
  oss_report_colorbar (cut, &bar);
  *report = cut;
  return TRUE;
}

static gboolean
write_files (OssCli *cli, OssStudy *study, OssCliOutput *output, GError **error)
{
  g_autoptr (OssPicture) both = NULL;
  g_autoptr (OssPicture) report = NULL;
  g_autoptr (GError) no_picture = NULL;
  g_autofree char *caption = NULL;
  g_autofree char *png = NULL;

  /* A machine without any GL still gets its numbers: the report says why the picture is missing. */
  if (make_pictures (study, &both, &report, &caption, &no_picture))
    png = oss_cli_output_path (output, "stress.png");
  else
    g_printerr ("ossature: %s\n", no_picture->message);
  OssReportOptions options = { .institution = given.institution,
                               .reader = given.reader,
                               .comment = given.comment,
                               .paper = given.paper,
                               .name_patient = given.name_patient,
                               .stress = report,
                               .stress_caption = caption != NULL ? caption : no_picture->message };
  g_autofree char *pdf = oss_cli_output_path (output, "report.pdf");
  g_autofree char *csv = oss_cli_output_path (output, "report.csv");
  g_autofree char *vtu = oss_cli_output_path (output, "stress.vtu");
  g_autofree char *labels = oss_cli_output_path (output, "labels.nii.gz");

  if (png != NULL && !oss_report_png (both, png, error))
    return FALSE;
  return oss_report_pdf (study, &options, pdf, error) && oss_report_csv (study, csv, error)
         && oss_tick_report (&cli->tick, 0.97, NULL, error) && oss_cli_write_stress_vtu (study, vtu, error)
         && oss_tick_report (&cli->tick, 0.98, NULL, error) && oss_cli_write_labels (study, labels, NULL, error)
         && oss_tick_report (&cli->tick, 0.99, NULL, error)
         && (given.deck == NULL
             || oss_study_write_deck (study, given.deck, given.deck_bins > 0 ? (guint) given.deck_bins : 200, error));
}

static gboolean
print_summary (OssStudy *study, const char *folder, GError **error)
{
  const OssSimulateResult *simulate = oss_study_get_simulate (study);
  const OssSegmentResult *segment = oss_study_get_segment (study);
  const OssCalibrationLine *line = &oss_study_get_calibrate (study)->line;
  g_autoptr (GPtrArray) warnings = oss_study_get_warnings (study);
  g_autoptr (GString) text = g_string_new (NULL);
  const char *name = oss_vertebra_name (oss_study_get_options (study)->vertebra);

  g_string_append_printf (text, _ ("Vertebra %s\n"), name != NULL ? name : _ ("(level not given)"));
  if (segment->has_vbmd)
    g_string_append_printf (text, _ ("Trabecular density  %.1f mg/cm³ (%s)\n"), segment->vbmd.mean_mg_cm3,
                            oss_basis_name (line->basis));
  g_string_append_printf (text, _ ("Stiffness           %.0f N/mm\n"), simulate->strength.stiffness_n_per_mm);
  g_string_append_printf (text, _ ("Strength            %.0f N (linear, 0.68 %% apparent strain)\n"),
                          simulate->strength.apparent_0_68_percent_n);
  g_string_append_printf (text, _ ("Von Mises stress    median %.2f, 95th percentile %.2f MPa at %.0f N\n"),
                          simulate->stress.p50_mpa, simulate->stress.p95_mpa, simulate->strength.reaction_n);
  for (guint i = 0; i < warnings->len; i++)
    g_string_append_printf (text, "· %s\n", (char *) warnings->pdata[i]);
  g_string_append_printf (text, _ ("Report and pictures are in %s\n"), folder);
  g_string_append (text, _ ("Research software, not a medical device. Not for diagnosis.\n"));
  return oss_cli_print (text->str, error);
}

gboolean
oss_cli_analyze (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *all = oss_cli_join ((const GOptionEntry *const[]){
      entries, oss_cli_input_segment, oss_cli_input_load, oss_cli_input_mesh, oss_cli_input_simulate, NULL });
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (OssCliOutput) output = NULL;
  OssTick most = oss_tick_part (&cli->tick, 0.0, 0.95);

  if (!oss_cli_parse (
          &argc, &argv, all, "PATH --out DIR",
          _ ("The main job: from a CT (DICOM folder or NIfTI) to stiffness, strength, density, stress map and "
             "report. Writes result.json, report.pdf, report.csv, stress.vtu, stress.png and "
             "labels.nii.gz."),
          1, 1, error))
    return FALSE;
  if (given.out == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Say where the results go: --out DIR."));
      return FALSE;
    }
  if (!oss_cli_input_apply (study, argv[1], error) || (output = oss_cli_output_new (given.out, error)) == NULL
      || !oss_study_run (study, OSS_STEP_SIMULATE, &most, error)
      || !oss_tick_report (&cli->tick, 0.95, _ ("Report"), error) || !write_files (cli, study, output, error)
      || !oss_cli_write_result (cli, study, output, error) || !oss_cli_output_commit (output, error))
    return FALSE;
  oss_cli_progress_end (cli);
  return cli->json || print_summary (study, given.out, error);
}
