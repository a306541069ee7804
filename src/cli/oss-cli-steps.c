/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "report/oss-report-input.h"
#include "report/oss-report.h"
#include "study/oss-export.h"
#include "study/oss-labels-file.h"

#include <math.h>
#include <string.h>

/* The commands that go a part of the way: calibrate, segment, mesh. */

static char *out_folder;

static const GOptionEntry out_entry[] = {
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &out_folder, N_ ("folder for the results"), "DIR" },
  { NULL },
};

static OssStudy *
run_to (OssCli *cli, const char *path, OssStep last, GError **error)
{
  g_autoptr (OssStudy) study = oss_study_new ();
  OssTick most = oss_tick_part (&cli->tick, 0.0, 0.95);

  if (!oss_cli_input_apply (study, path, error) || !oss_study_run (study, last, &most, error))
    return NULL;
  return g_steal_pointer (&study);
}

static gboolean
finish (OssCli *cli, OssStudy *study, OssCliOutput *output, const char *text, GError **error)
{
  g_autofree char *json = oss_cli_finish (study, output, error);
  if (json == NULL)
    return FALSE;
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : text, error);
}

static void
describe_rods (GString *text, const OssPhantomFit *fit)
{
  for (int i = 0; i < fit->n_rods; i++)
    {
      g_autofree char *rod = oss_phantom_describe_rod (fit, i);

      g_string_append_printf (text, "%s %s\n", fit->rods[i].used ? "✓" : "✗", rod);
    }
  if (*fit->phantom.serial != '\0')
    g_string_append_printf (text, _ ("Densities: certificate of serial number %s\n"), fit->phantom.serial);
  else if (*fit->phantom.serials != '\0')
    g_string_append_printf (text, _ ("Densities: those of serial numbers %s; give yours with --serial\n"),
                            fit->phantom.serials);
  else
    g_string_append (text, _ ("Densities: nominal, of no certificate\n"));
}

static void
add_warnings (GString *text, OssStudy *study)
{
  g_autoptr (GPtrArray) warnings = oss_study_get_warnings (study);

  for (guint i = 0; i < warnings->len; i++)
    g_string_append_printf (text, "· %s\n", (const char *) warnings->pdata[i]);
}

gboolean
oss_cli_calibrate (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *entries =
      oss_cli_join ((const GOptionEntry *const[]){ oss_cli_input_load, out_entry, NULL });
  g_autoptr (OssCliOutput) output = NULL;

  if (!oss_cli_parse (&argc, &argv, entries, "PATH",
                      _ ("Finds the line from CT numbers to bone density; with --out also "
                         "writes density.nii.gz."),
                      1, 1, error)
      || (out_folder != NULL && (output = oss_cli_output_new (out_folder, error)) == NULL))
    return FALSE;
  g_autoptr (OssStudy) study = run_to (cli, argv[1], OSS_STEP_CALIBRATE, error);
  if (study == NULL)
    return FALSE;
  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "density.nii.gz");
      if (!oss_cli_write_density (study, path, &cli->tick, error))
        return FALSE;
    }
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (study);
  const OssCalibrationLine *line = &calibrate->line;
  if (output != NULL && calibrate->fit != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "phantom.png");
      if (!oss_report_phantom_png (study, path, error))
        return FALSE;
    }
  if (output != NULL && !oss_cli_write_tissues (study, output, error))
    return FALSE;
  g_autoptr (GString) text = g_string_new (oss_study_get_message (study, OSS_STEP_CALIBRATE));
  if (oss_study_get_load (study)->correction != NULL)
    g_string_append_printf (text, "\n%s", oss_study_get_load (study)->correction->words);
  g_string_append_printf (text, _ ("\ndensity = %.5f × HU %+.3f mg/cm³ (%s)\n"), line->slope, line->intercept,
                          oss_basis_name (line->basis));
  if (calibrate->internal != NULL)
    oss_cli_describe_internal (text, calibrate->internal);
  else if (isfinite (line->r2))
    g_string_append_printf (text, _ ("R² %.4f, ± %.1f mg/cm³ at 100 mg/cm³ (of the fit)\n"), line->r2,
                            line->uncertainty_mg_cm3);
  else if (isfinite (line->uncertainty_mg_cm3))
    g_string_append_printf (text, _ ("± %.1f mg/cm³ at 100 mg/cm³\n"), line->uncertainty_mg_cm3);
  else
    g_string_append (text, _ ("Its error is not known.\n"));
  if (calibrate->fit != NULL)
    describe_rods (text, calibrate->fit);
  add_warnings (text, study);
  return finish (cli, study, output, text->str, error);
}

static gboolean
write_labels_dicom (OssCli *cli, OssStudy *study, OssCliOutput *output, GError **error)
{
  if (oss_study_get_load (study)->series == NULL)
    return TRUE;
  g_autofree char *path = oss_cli_output_path (output, "labels.dcm");
  return oss_export_write_labels (study, path, 0, &cli->tick, error);
}

gboolean
oss_cli_segment (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *entries =
      oss_cli_join ((const GOptionEntry *const[]){ oss_cli_input_segment, oss_cli_input_load, out_entry, NULL });
  g_autoptr (OssCliOutput) output = NULL;

  if (!oss_cli_parse (
          &argc, &argv, entries, "PATH",
          _ ("Outlines one vertebra, from a place inside its body (--at) or from labels (--labels); with --out "
             "writes labels.nii.gz in VerSe numbering and, of a DICOM series, labels.dcm (DICOM SEG)."),
          1, 1, error)
      || (out_folder != NULL && (output = oss_cli_output_new (out_folder, error)) == NULL))
    return FALSE;
  /* The outline needs no calibration. */
  if (oss_cli_input.calibration == NULL && oss_cli_input.density == NULL)
    oss_cli_input.calibration = g_strdup ("none");
  g_autoptr (OssStudy) study = run_to (cli, argv[1], OSS_STEP_SEGMENT, error);
  if (study == NULL)
    return FALSE;
  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "labels.nii.gz");
      if (!oss_cli_write_labels (study, path, &cli->tick, error) || !write_labels_dicom (cli, study, output, error))
        return FALSE;
    }
  const OssSegmentResult *segment = oss_study_get_segment (study);
  const OssVertebraFrame *frame = &segment->info.frame;
  g_autoptr (GString) text = g_string_new (NULL);
  g_string_append_printf (text, _ ("%s\nvolume %.1f cm³, body %.1f × %.1f × %.1f mm (width, depth, height), %.1f s\n"),
                          segment->how, segment->info.volume_mm3 / 1000.0, frame->width_mm, frame->depth_mm,
                          frame->height_mm, oss_study_get_seconds (study, OSS_STEP_SEGMENT));
  for (guint i = 0; i < segment->info.notes->len; i++)
    g_string_append_printf (text, "· %s\n", (char *) segment->info.notes->pdata[i]);
  return finish (cli, study, output, text->str, error);
}

static char *
describe_quality (const OssMeshQuality *quality)
{
  return g_strdup_printf (
      _ ("elements %zu, nodes %zu, freedoms %zu\nvolume %.1f mm³, label %.1f mm³, difference %+.2f %%\n"
         "dihedral angle %.1f° to %.1f°, 1st percentile %.1f°\nradius ratio worst %.3f, mean %.3f (1 is regular)\n"
         "surface %s, %s; inverted elements %zu\nparts left out %u (%zu voxels)\n"),
      quality->elements, quality->nodes, quality->dof, quality->volume_mm3, quality->mask_volume_mm3,
      quality->volume_error_percent, quality->minimum_dihedral_deg, quality->maximum_dihedral_deg,
      quality->p1_dihedral_deg, quality->minimum_radius_ratio, quality->mean_radius_ratio,
      quality->closed ? _ ("closed") : _ ("not closed"), quality->manifold ? _ ("manifold") : _ ("not manifold"),
      quality->inverted, quality->islands, quality->island_voxels);
}

/* "mesh LABELS": a label image alone is enough. */
static gboolean
mesh_labels (OssCli *cli, OssStudy *study, const char *path, OssCliOutput *output, GError **error)
{
  OssStudyOptions options = *oss_study_get_options (study); /* borrows its texts */
  g_autoptr (OssLabels) all =
      oss_labels_read_file (path, NULL, options.label_values != NULL, &options.numbering, NULL, &cli->tick, error);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *how = NULL;
  g_autoptr (OssLabels) one = all != NULL ? oss_study_select_labels (&options, all, name, &how, error) : NULL;
  OssMeshQuality quality = { 0 };
  g_autoptr (OssMesh) mesh = one != NULL ? oss_mesher_run (one, &options.mesh, &quality, &cli->tick, error) : NULL;

  if (mesh == NULL)
    return FALSE;
  g_autofree char *json = oss_report_mesh_json (mesh, &quality, path);
  if (output != NULL)
    {
      g_autofree char *vtu = oss_cli_output_path (output, "mesh.vtu");
      g_autofree char *result = oss_cli_output_path (output, "result.json");
      if (!oss_cli_write_mesh_vtu (mesh, vtu, error) || !oss_file_write (result, json, strlen (json), error)
          || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  g_autofree char *text = describe_quality (&quality);
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : text, error);
}

gboolean
oss_cli_mesh (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *entries = oss_cli_join (
      (const GOptionEntry *const[]){ oss_cli_input_mesh, oss_cli_input_segment, oss_cli_input_load, out_entry, NULL });
  g_autoptr (OssCliOutput) output = NULL;
  g_autoptr (OssStudy) study = oss_study_new ();

  if (!oss_cli_parse (
          &argc, &argv, entries, "PATH|LABELS",
          _ ("Meshes one vertebra and tells the mesh's quality; with --out writes mesh.vtu. PATH is a CT (then "
             "--at or --labels says which vertebra) or a label image."),
          1, 1, error)
      || (out_folder != NULL && (output = oss_cli_output_new (out_folder, error)) == NULL))
    return FALSE;
  if (oss_cli_input.at == NULL && oss_cli_input.labels == NULL && g_file_test (argv[1], G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("“%s” is a folder: say which vertebra with --at X,Y,Z or --labels FILE."), argv[1]);
      return FALSE;
    }
  if (oss_cli_input.at == NULL && oss_cli_input.labels == NULL)
    return oss_cli_input_apply (study, argv[1], error) && mesh_labels (cli, study, argv[1], output, error);
  if (oss_cli_input.calibration == NULL && oss_cli_input.density == NULL)
    oss_cli_input.calibration = g_strdup ("none");
  g_clear_object (&study);
  study = run_to (cli, argv[1], OSS_STEP_MESH, error);
  if (study == NULL)
    return FALSE;
  const OssMeshResult *mesh = oss_study_get_mesh (study);
  if (output != NULL)
    {
      g_autofree char *vtu = oss_cli_output_path (output, "mesh.vtu");
      if (!oss_cli_write_mesh_vtu (mesh->mesh, vtu, error))
        return FALSE;
    }
  g_autofree char *text = describe_quality (&mesh->quality);
  return finish (cli, study, output, text, error);
}
