/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "fem/oss-fem-estimators.h"
#include "render/oss-stress-picture.h"
#include "report/oss-report-format.h"
#include "report/oss-report.h"
#include "study/oss-export.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
  { "reader", 0, 0, G_OPTION_ARG_FILENAME, &given.reader, N_ ("who reads the report"), "NAME" },
  { "institution", 0, 0, G_OPTION_ARG_FILENAME, &given.institution, N_ ("head of the report"), "NAME" },
  { "comment", 0, 0, G_OPTION_ARG_FILENAME, &given.comment, N_ ("the reader's comment"), "TEXT" },
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

/* Drawing and writing, on a thread that is left behind when the user stops: libraries that draw cannot be asked to. */
typedef struct
{
  OssStudy *study;
  char *png, *pdf, *csv, *curve, *vtu, *labels, *field, *deck; /* staged; png unused, curve and deck NULL when not
                                                                  wanted */
  gboolean drawn;
  GError *error;
} Files;

static void
files_free (Files *files)
{
  g_object_unref (files->study);
  g_free (files->png);
  g_free (files->pdf);
  g_free (files->csv);
  g_free (files->curve);
  g_free (files->vtu);
  g_free (files->labels);
  g_free (files->field);
  g_free (files->deck);
  g_clear_error (&files->error);
  g_free (files);
}

static void
write_files (void *data, const int *stop)
{
  Files *files = data;
  OssTick tick = oss_tick_make (NULL, NULL, stop);
  g_autoptr (OssPicture) both = NULL;
  g_autoptr (OssPicture) report = NULL;
  g_autoptr (GError) no_picture = NULL;
  g_autofree char *caption = NULL;

  /* A machine without any GL still gets its numbers: the report says why the picture is missing. */
  files->drawn = make_pictures (files->study, &both, &report, &caption, &no_picture);
  if (!files->drawn)
    g_printerr ("ossature: %s\n", no_picture->message);
  OssReportOptions options = { .institution = given.institution,
                               .reader = given.reader,
                               .comment = given.comment,
                               .paper = given.paper,
                               .name_patient = given.name_patient,
                               .stress = report,
                               .stress_caption = files->drawn ? caption : no_picture->message };
  if ((files->drawn && !oss_report_png (both, files->png, &files->error)) || oss_tick_stopped (&tick)
      || !oss_report_pdf (files->study, &options, files->pdf, &files->error) || oss_tick_stopped (&tick)
      || !oss_report_csv (files->study, files->csv, &files->error)
      || (files->curve != NULL && !oss_report_curve_csv (files->study, files->curve, &files->error))
      || !oss_cli_write_stress_vtu (files->study, files->vtu, &files->error) || oss_tick_stopped (&tick)
      || !oss_cli_write_labels (files->study, files->labels, &tick, &files->error)
      || !oss_export_write_von_mises (files->study, files->field, &tick, &files->error) || files->deck == NULL)
    return;
  oss_study_write_deck (files->study, files->deck, given.deck_bins > 0 ? (guint) given.deck_bins : 200, &files->error);
}

/* The deck stands where the user said, under a name of its own until everything else is there. */
static char *
deck_part (void)
{
  return given.deck != NULL ? g_strconcat (given.deck, ".part", NULL) : NULL;
}

static gboolean
stage_files (OssStudy *study, OssCliOutput *output, const OssTick *tick, GError **error)
{
  Files *files = g_new0 (Files, 1);

  files->study = g_object_ref (study);
  files->pdf = oss_cli_output_path (output, "report.pdf");
  files->csv = oss_cli_output_path (output, "report.csv");
  if (oss_study_get_simulate (study)->curve != NULL)
    files->curve = oss_cli_output_path (output, "curve.csv");
  files->vtu = oss_cli_output_path (output, "stress.vtu");
  files->labels = oss_cli_output_path (output, "labels.nii.gz");
  files->field = oss_cli_output_path (output, "von_mises.nii.gz");
  files->png = oss_cli_output_path (output, "stress.png");
  files->deck = deck_part ();
  /* Abandoned, it is not freed: the program ends then, and nobody may still draw from a freed study. */
  if (!oss_tick_run_detached (tick, write_files, files, NULL, error))
    return FALSE;
  gboolean done = files->error == NULL;
  if (!files->drawn)
    oss_cli_output_forget (output, "stress.png");
  if (!done)
    g_propagate_error (error, g_steal_pointer (&files->error));
  files_free (files);
  return done;
}

/* Where the series lies, for an export later; nothing for an image that was no DICOM series. */
static gboolean
stage_source (OssStudy *study, OssCliOutput *output, GError **error)
{
  if (oss_study_get_load (study)->series == NULL)
    return TRUE;
  g_autofree char *path = oss_cli_output_path (output, "source.json");
  return oss_export_write_source (study, path, error);
}

static gboolean
place_deck (GError **error)
{
  g_autofree char *part = deck_part ();

  if (part == NULL || g_rename (part, given.deck) == 0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” was not written: %s."), given.deck, g_strerror (errno));
  return FALSE;
}

/* Words as the shell gave them, whatever its character set. */
static void
make_valid (char **text)
{
  char *valid = *text != NULL ? g_utf8_make_valid (*text, -1) : NULL;
  g_free (*text);
  *text = valid;
}

/* What would only fail at the end is asked at the beginning. */
static gboolean
check_given (GError **error)
{
  if (given.out == NULL)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Say where the results go: --out DIR."));
  else if (oss_cli_input.at == NULL && oss_cli_input.labels == NULL)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                         _ ("Which vertebra? Give a place inside its body (--at X,Y,Z in patient mm) or labels "
                            "(--labels FILE)."));
  else if (given.paper != NULL && g_ascii_strcasecmp (given.paper, "A4") != 0
           && g_ascii_strcasecmp (given.paper, "Letter") != 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--paper %s”: give A4 or Letter."), given.paper);
  else
    {
      g_autofree char *folder = given.deck != NULL ? g_path_get_dirname (given.deck) : g_strdup (".");
      if (given.deck == NULL || g_access (folder, W_OK) == 0)
        return TRUE;
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("Nothing can be written into the folder “%s”: %s."), folder,
                   g_strerror (errno));
    }
  return FALSE;
}

/* Estimates side by side. */
static void
add_estimates (GString *text, const OssSimulateResult *simulate)
{
  g_autofree char *post_yield = oss_post_yield_describe (&simulate->yielding.post_yield);

  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    {
      double newton = oss_estimator_value ((OssEstimatorId) i, &simulate->strength, simulate->curve);

      double error = oss_simulate_error_n (simulate, (OssEstimatorId) i);

      if (isfinite (newton) && isfinite (error))
        g_string_append_printf (text, _ ("Strength            %.0f ± %.0f N (%s)\n"), newton, error,
                                _ (oss_estimator ((OssEstimatorId) i)->name));
      else if (isfinite (newton))
        g_string_append_printf (text, _ ("Strength            %.0f N (%s)\n"), newton,
                                _ (oss_estimator ((OssEstimatorId) i)->name));
    }
  if (simulate->curve != NULL)
    g_string_append_printf (
        text,
        _ ("Beyond yield        %zu increments to %.2f %% strain, %.1f %% of the volume "
           "yielded; %s, %s\n"),
        simulate->curve->n_points - 1,
        100.0 * simulate->curve->points[simulate->curve->n_points - 1].displacement_mm / simulate->strength.height_mm,
        100.0 * simulate->curve->yielded_share, _ (simulate->yielding.rule.yield->title), post_yield);
}

static void
add_caps (GString *text, const OssCapped *capped)
{
  if (capped == NULL)
    return;
  g_string_append_printf (text, _ ("Caps                %s, %.1f mm, %g MPa; with them %.0f N/mm\n"),
                          oss_caps_title (capped->caps.kind), capped->caps.thickness_mm, capped->caps.modulus_mpa,
                          capped->stiffness_with_caps_n_per_mm);
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
  const OssSeries *series = oss_study_get_load (study)->series;
  if (series != NULL)
    g_string_append_printf (text, _ ("Series              %d, kernel %s\n"), series->series_number,
                            series->kernel[0] != '\0' ? series->kernel : "–");
  if (segment->has_vbmd && isfinite (segment->vbmd_uncertainty_mg_cm3))
    g_string_append_printf (text, _ ("Trabecular density  %.0f ± %.0f mg/cm³ (%s)\n"), segment->vbmd.mean_mg_cm3,
                            segment->vbmd_uncertainty_mg_cm3, oss_basis_name (line->basis));
  else if (segment->has_vbmd)
    g_string_append_printf (text, _ ("Trabecular density  %.0f mg/cm³ (%s), its error is not known\n"),
                            segment->vbmd.mean_mg_cm3, oss_basis_name (line->basis));
  if (segment->has_forms)
    g_string_append_printf (text,
                            _ ("Body density        %.0f trabecular (peeled by %.0f mm), %.0f whole, %.0f outer %.0f "
                               "mm; ellipse %.0f HU\n"),
                            segment->forms.eroded.mean_mg_cm3, segment->forms.peel_mm,
                            segment->forms.integral.mean_mg_cm3, segment->forms.cortical.mean_mg_cm3,
                            segment->forms.shell_mm, segment->vbmd.mean_hu);
  if (isfinite (simulate->linear_error.total))
    g_string_append_printf (text, _ ("Stiffness           %.0f ± %.0f N/mm\n"), simulate->strength.stiffness_n_per_mm,
                            simulate->linear_error.total * simulate->strength.stiffness_n_per_mm);
  else
    g_string_append_printf (text, _ ("Stiffness           %.0f N/mm\n"), simulate->strength.stiffness_n_per_mm);
  add_caps (text, simulate->capped);
  add_estimates (text, simulate);
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
  g_autofree GOptionEntry *all = oss_cli_join (
      (const GOptionEntry *const[]){ entries, oss_cli_input_segment, oss_cli_input_load, oss_cli_input_mesh,
                                     oss_cli_input_simulate, oss_cli_input_nonlinear, NULL });
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (OssCliOutput) output = NULL;
  OssTick most = oss_tick_part (&cli->tick, 0.0, 0.95);

  if (!oss_cli_parse (
          &argc, &argv, all, "PATH --out DIR",
          _ ("The main job: from a CT (DICOM folder or NIfTI) to stiffness, strength, density, stress map and "
             "report. Writes result.json, report.pdf, report.csv, stress.vtu, stress.png, labels.nii.gz, "
             "von_mises.nii.gz and source.json; with --nonlinear also curve.csv."),
          1, 1, error))
    return FALSE;
  make_valid (&given.comment);
  make_valid (&given.reader);
  make_valid (&given.institution);
  if (!check_given (error) || !oss_cli_input_apply (study, argv[1], error)
      || (output = oss_cli_output_new (given.out, error)) == NULL
      || !oss_study_run (study, OSS_STEP_SIMULATE, &most, error)
      || !oss_tick_report (&cli->tick, 0.95, _ ("Report"), error))
    return FALSE;
  g_autofree char *json = NULL;
  if (stage_files (study, output, &cli->tick, error) && stage_source (study, output, error))
    json = oss_cli_finish (study, output, error);
  if (json == NULL || !place_deck (error))
    {
      g_autofree char *part = deck_part ();
      if (part != NULL)
        g_unlink (part);
      return FALSE;
    }
  oss_cli_progress_end (cli);
  return (cli->json ? oss_cli_print (json, error) : print_summary (study, given.out, error))
         && oss_cli_curve_check (oss_study_get_simulate (study)->curve, error);
}
