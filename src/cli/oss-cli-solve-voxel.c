/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli-solve.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-compression.h"
#include "fem/oss-voxel-petsc.h"
#include "formats/oss-nifti.h"
#include "report/oss-report-record.h"
#include "study/oss-labels-file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct
{
  char *modulus, *labels, *axis, *lateral, *law, *elastic, *out;
  int top, bottom, iterations;
  double poisson, strain, displacement, tolerance;
  gboolean write_displacement, petsc;
} given = { .poisson = 0.3, .strain = NAN, .displacement = NAN };

static int processes; /* with --petsc */

static const GOptionEntry entries[] = {
  { "modulus", 0, 0, G_OPTION_ARG_FILENAME, &given.modulus,
    N_ ("image of Young’s modulus in MPa (NIfTI); above 0 is bone"), "FILE" },
  { "nu", 0, 0, G_OPTION_ARG_DOUBLE, &given.poisson, N_ ("Poisson’s ratio (default 0.3)"), "NU" },
  { "labels", 0, 0, G_OPTION_ARG_FILENAME, &given.labels,
    N_ ("labels on the same grid; without them the outermost planes carry the load"), "FILE" },
  { "top", 0, 0, G_OPTION_ARG_INT, &given.top, N_ ("label whose outer face is moved"), "N" },
  { "bottom", 0, 0, G_OPTION_ARG_INT, &given.bottom, N_ ("label whose outer face is held"), "N" },
  { "axis", 0, 0, G_OPTION_ARG_STRING, &given.axis, N_ ("axis of the image as stored: x, y or z (default z)"), "AXIS" },
  { "strain", 0, 0, G_OPTION_ARG_DOUBLE, &given.strain,
    N_ ("move the top by this share of the distance of the faces; negative compresses"), "S" },
  { "displacement", 0, 0, G_OPTION_ARG_DOUBLE, &given.displacement,
    N_ ("move the top by this much; negative compresses"), "MM" },
  { "lateral", 0, 0, G_OPTION_ARG_STRING, &given.lateral,
    N_ ("faces held sideways too: both (default), top, bottom or none"), "FACES" },
  { "law", 0, 0, G_OPTION_ARG_STRING, &given.law,
    N_ ("the modulus law that the moduli were made with: tells --nonlinear the density"), "NAME" },
  { "elastic", 0, 0, G_OPTION_ARG_STRING, &given.elastic, N_ ("labels that never yield, with --nonlinear: 5,6"),
    "LIST" },
  { "tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &given.tolerance, N_ ("relative residual (default 1e-8)"), "R" },
  { "max-iterations", 0, 0, G_OPTION_ARG_INT, &given.iterations, N_ ("stop after N iterations (default 300)"), "N" },
  { "write-displacement", 0, 0, G_OPTION_ARG_NONE, &given.write_displacement,
    N_ ("also write displacement_x, _y and _z.nii.gz, mm"), NULL },
  { "petsc", 0, 0, G_OPTION_ARG_NONE, &given.petsc,
    N_ ("share the work among the processes that mpirun or srun started"), NULL },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the results"), "DIR" },
  { NULL },
};

static gboolean
usage (GError **error, const char *message)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, message);
  return FALSE;
}

/* --- The load beyond yield --- */

/* A voxel as thin as that resolves trabeculae (0.1 to 0.2 mm), so that its modulus is that of bone tissue. */
#define TISSUE_VOXEL_MM 0.15
#define TISSUE_YIELD_LAW "tissue-strain-0.7"

static gboolean
is_tissue (const OssVolume *modulus)
{
  const double *spacing = modulus->grid.spacing;

  return MAX (spacing[0], MAX (spacing[1], spacing[2])) < TISSUE_VOXEL_MM;
}

static gboolean elastic[256];

static gboolean
parse_elastic (GError **error)
{
  g_auto (GStrv) parts = g_strsplit (given.elastic, ",", -1);

  for (guint i = 0; i == 0 || parts[i] != NULL; i++)
    {
      guint64 value = 0;
      if (parts[i] == NULL || !g_ascii_string_to_unsigned (parts[i], 10, 1, 255, &value, NULL))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--elastic %s”: give labels from 1 to 255: 5,6."),
                       given.elastic);
          return FALSE;
        }
      elastic[value] = TRUE;
    }
  return TRUE;
}

/* What can be told before the images are read. */
static gboolean
check_beyond (GError **error)
{
  OssYieldingOptions options;

  if (!oss_cli_input_yielding (&options, error))
    return FALSE;
  if (given.law != NULL && !oss_cli_input.nonlinear)
    return usage (error, _ ("“--law” belongs to “--nonlinear”; give that too."));
  if (given.law != NULL && oss_law_find (given.law, error) == NULL)
    return FALSE;
  if (given.elastic != NULL && (given.labels == NULL || !oss_cli_input.nonlinear))
    return usage (error, _ ("“--elastic” belongs to “--labels” and “--nonlinear”; give these too."));
  if (given.elastic != NULL && !parse_elastic (error))
    return FALSE;
  if (given.petsc && oss_cli_input.nonlinear)
    return usage (error, _ ("“--petsc” solves in linear elasticity only; leave out “--nonlinear”."));
  return TRUE;
}

static gboolean
read_beyond (const OssVolume *modulus, OssYielding *yielding, GError **error)
{
  OssYieldingOptions options;
  const OssLaw *law = given.law != NULL ? oss_law_find (given.law, error) : NULL;

  if (!oss_cli_input_yielding (&options, error))
    return FALSE;
  if (options.yield_law == NULL && law == NULL && is_tissue (modulus))
    options.yield_law = TISSUE_YIELD_LAW;
  return oss_yielding_init (yielding, &options, law, error);
}

static gboolean
parse_label (const char *option, int value, guint8 *label, GError **error)
{
  if (given.labels != NULL ? value >= 1 && value <= 255 : value == 0)
    {
      *label = (guint8) value;
      return TRUE;
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("“--labels” needs “--top” and “--bottom”, labels from 1 to 255, and "
                  "the other way round; “%s” is %d."),
               option, value);
  return FALSE;
}

/* Everything but the images. */
static gboolean
read_options (OssVoxelCompression *compression, GError **error)
{
  const char *axis = given.axis != NULL ? given.axis : "z";

  if (given.modulus == NULL)
    return usage (error, _ ("“--modulus FILE” is missing. See “ossature solve --help”."));
  if (isnan (given.strain) == isnan (given.displacement))
    return usage (error, _ ("Give either “--strain” or “--displacement”."));
  if (strlen (axis) != 1 || axis[0] < 'x' || axis[0] > 'z')
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--axis %s”: give x, y or z."), axis);
      return FALSE;
    }
  compression->lateral = OSS_LATERAL_BOTH;
  if (given.lateral != NULL && !oss_lateral_from_name (given.lateral, &compression->lateral))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--lateral %s”: give both, top, bottom or none."),
                   given.lateral);
      return FALSE;
    }
  compression->axis = axis[0] - 'x';
  compression->poisson = given.poisson;
  compression->move_is_strain = !isnan (given.strain);
  compression->move = compression->move_is_strain ? given.strain : given.displacement;
  compression->tolerance = given.tolerance;
  compression->max_iterations = given.iterations;
  compression->over_processes = given.petsc;
  return parse_label ("--top", given.top, &compression->top, error)
         && parse_label ("--bottom", given.bottom, &compression->bottom, error) && check_beyond (error);
}

/* --- Files --- */

static gboolean
write_volume (OssCliOutput *output, const char *name, const OssVolume *volume, const char *what, const OssTick *tick,
              GError **error)
{
  g_autofree char *path = oss_cli_output_path (output, name);
  return oss_nifti_write_volume (volume, path, FALSE, what, tick, error);
}

static gboolean
write_curve (OssCliOutput *output, const OssVoxelCompressed *result, const OssTick *tick, GError **error)
{
  return write_volume (output, "plastic_strain.nii.gz", result->plastic_strain, "equivalent plastic strain", tick,
                       error)
         && write_volume (output, "von_mises_end_of_curve.nii.gz", result->von_mises_end_mpa, "von Mises stress, MPa",
                          tick, error)
         && oss_cli_curve_write (output, result->curve, result->distance_mm, error);
}

static gboolean
write_fields (OssCliOutput *output, const OssVoxelCompressed *result, const OssTick *tick, GError **error)
{
  static const char *const names[3] = { "displacement_x.nii.gz", "displacement_y.nii.gz", "displacement_z.nii.gz" };

  if (!result->converged)
    return TRUE;
  for (int k = 0; k < 3 && given.write_displacement; k++)
    if (!write_volume (output, names[k], result->displacement_mm_xyz[k], "displacement, mm", tick, error))
      return FALSE;
  return write_volume (output, "sed_centre.nii.gz", result->sed_centre_mpa, "strain energy density at the centre, MPa",
                       tick, error)
         && write_volume (output, "sed_mean.nii.gz", result->sed_mean_mpa, "mean strain energy density, MPa", tick,
                          error)
         && write_volume (output, "von_mises.nii.gz", result->von_mises_mpa, "von Mises stress, MPa", tick, error)
         && (result->curve == NULL || write_curve (output, result, tick, error));
}

static void
add_sed (OssReportRecord *record, const char *name, const OssSedSummary *sed, gboolean known)
{
  oss_report_record_begin (record, name);
  oss_report_record_double (record, "mean_mpa", known ? sed->mean_mpa : NAN);
  oss_report_record_double (record, "p95_mpa", known ? sed->p95_mpa : NAN);
  oss_report_record_double (record, "max_mpa", known ? sed->maximum_mpa : NAN);
  oss_report_record_end (record);
}

static void
add_load (OssReportRecord *record, const OssVoxelCompression *compression, const OssVoxelCompressed *result)
{
  const char axis[2] = { (char) ('x' + compression->axis), '\0' };

  oss_report_record_begin (record, "load");
  oss_report_record_string (record, "axis", axis);
  oss_report_record_double (record, "displacement_mm", result->displacement_mm);
  oss_report_record_double (record, "distance_mm", result->distance_mm);
  oss_report_record_double (record, "strain", result->displacement_mm / result->distance_mm);
  oss_report_record_string (record, "lateral", oss_lateral_name (compression->lateral));
  oss_report_record_int (record, "top_nodes", (gint64) result->n_top_nodes);
  oss_report_record_int (record, "bottom_nodes", (gint64) result->n_bottom_nodes);
  oss_report_record_end (record);
}

static void
add_model (OssReportRecord *record, const OssVoxelCompression *compression, const OssVoxelCompressed *result)
{
  oss_report_record_begin (record, "input");
  oss_report_record_file (record, "modulus", given.modulus);
  oss_report_record_file (record, "labels", given.labels);
  oss_report_record_ints (record, "size", compression->modulus_mpa->grid.size, 3);
  oss_report_record_doubles (record, "spacing_mm", compression->modulus_mpa->grid.spacing, 3);
  oss_report_record_end (record);
  oss_report_record_begin (record, "mesh");
  oss_report_record_int (record, "elements", (gint64) result->n_elements);
  oss_report_record_int (record, "nodes", (gint64) result->n_nodes);
  oss_report_record_int (record, "dof", (gint64) result->n_unknowns);
  oss_report_record_double (record, "bone_volume_mm3", result->bone_mm3);
  oss_report_record_end (record);
  oss_report_record_begin (record, "islands_removed");
  oss_report_record_int (record, "parts", (gint64) result->n_islands);
  oss_report_record_int (record, "voxels", (gint64) result->n_island_voxels);
  oss_report_record_end (record);
  oss_report_record_begin (record, "rigid_motions");
  oss_report_record_int (record, "free", result->n_free_motions);
  oss_report_record_int (record, "projected_out", result->projected_motions);
  oss_report_record_end (record);
  oss_report_record_begin (record, "material");
  oss_report_record_double (record, "poisson", compression->poisson);
  oss_report_record_string (record, "law", given.law);
  oss_report_record_string (record, "elastic_labels", given.elastic);
  oss_report_record_end (record);
}

static void
add_solver (OssReportRecord *record, const OssVoxelCompressed *result)
{
  oss_report_record_begin (record, "solver");
  oss_report_record_string (record, "name",
                            processes > 0 ? "PETSc: conjugate gradients, geometric multigrid"
                                          : "conjugate gradients, geometric multigrid");
  if (processes > 0)
    oss_report_record_int (record, "processes", processes);
  oss_report_record_int (record, "iterations", result->iterations);
  oss_report_record_double (record, "relative_residual", result->relative_residual);
  oss_report_record_flag (record, "converged", result->converged);
  oss_report_record_string (record, "reason", result->reason);
  oss_report_record_doubles (record, "history", result->history, result->iterations + 1);
  oss_report_record_double (record, "memory_mib", result->bytes / 1048576.0);
  oss_report_record_double (record, "bytes_per_unknown", result->bytes / (double) MAX (result->n_unknowns, 1));
  oss_report_record_end (record);
  oss_report_record_begin (record, "seconds");
  oss_report_record_double (record, "solve", result->seconds);
  oss_report_record_double (record, "curve", result->curve != NULL ? result->curve_seconds : NAN);
  oss_report_record_end (record);
  oss_report_record_double (record, "peak_memory_mib", oss_memory_peak_mib ());
}

static void
add_warnings (OssReportRecord *record, const OssVoxelCompression *compression, const OssVoxelCompressed *result)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);

  if (result->n_islands > 0)
    g_ptr_array_add (warnings,
                     g_strdup_printf (OSS_NGETTEXT ("%zu part of %zu voxels touches neither face and was left out.",
                                                    "%zu parts of %zu voxels touch neither face and were left out.",
                                                    result->n_islands),
                                      result->n_islands, result->n_island_voxels));
  if (result->projected_motions > 0)
    g_ptr_array_add (
        warnings,
        g_strdup_printf (OSS_NGETTEXT ("%d rigid motion that no load excites was taken out of the displacement.",
                                       "%d rigid motions that no load excites were taken out of the displacement.",
                                       (gulong) result->projected_motions),
                         result->projected_motions));
  if (result->curve != NULL)
    oss_yielding_warn (compression->yielding, result->curve, result->distance_mm, FALSE, warnings);
  oss_report_record_strings (record, "warnings", (const char *const *) warnings->pdata, (int) warnings->len);
}

static void
add_strength (OssReportRecord *record, const OssVoxelCompression *compression, const OssVoxelCompressed *result)
{
  OssStrength strength = { .apparent_0_68_percent_n = NAN, .linear_2_percent_n = NAN };

  if (result->converged)
    oss_voxel_compressed_strength (result, &strength);
  oss_cli_curve_record (record, &strength, compression->yielding, result->curve);
}

static char *
make_record (const OssVoxelCompression *compression, const OssVoxelCompressed *result)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new ("voxel");
  gboolean known = result->converged;

  add_model (record, compression, result);
  add_load (record, compression, result);
  oss_report_record_double (record, "reaction_n", known ? result->reaction_n : NAN);
  oss_report_record_double (record, "stiffness_n_per_mm", known ? result->stiffness_n_per_mm : NAN);
  oss_report_record_double (record, "energy_n_mm", known ? result->energy_n_mm : NAN);
  add_sed (record, "sed_centre", &result->sed_centre, known);
  add_sed (record, "sed_mean", &result->sed_mean, known);
  oss_report_record_begin (record, "pistoia");
  oss_report_record_double (record, "volume_share", 0.02);
  oss_report_record_double (record, "effective_strain", 0.007);
  oss_report_record_double (record, "factor", known ? result->pistoia_factor : NAN);
  oss_report_record_double (record, "failure_load_n", known ? result->pistoia_failure_load_n : NAN);
  oss_report_record_double (record, "factor_from_sed_mean", known ? result->pistoia_mean_factor : NAN);
  oss_report_record_end (record);
  add_strength (record, compression, result);
  add_solver (record, result);
  add_warnings (record, compression, result);
  return oss_report_record_text (record);
}

/* --- The command --- */

/* All processes but the first do their share and leave without a word; so the first alone reads the options. */
static gboolean
join_processes (OssCli *cli, char **argv, GError **error)
{
  int process;

  if (!g_strv_contains ((const char *const *) argv, "--petsc"))
    return TRUE;
  if (!oss_voxel_petsc_start (&process, &processes, error))
    return FALSE;
  if (process == 0)
    return TRUE;
  cli->tick.func = NULL;
  if (oss_voxel_petsc_serve (&cli->tick, error))
    exit (0);
  exit (oss_error_exit_status (*error));
}

static gboolean
print_summary (const OssVoxelCompression *compression, const OssVoxelCompressed *result, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  OssStrength strength;

  g_string_append_printf (text, _ ("%zu voxels, %zu unknowns, %d iterations, residual %.1e, %.1f s\n"),
                          result->n_elements, result->n_unknowns, result->iterations, result->relative_residual,
                          result->seconds);
  g_string_append_printf (text, _ ("reaction %.6g N at %.4g mm, stiffness %.6g N/mm\n"), result->reaction_n,
                          result->displacement_mm, result->stiffness_n_per_mm);
  g_string_append_printf (text, _ ("strain energy density at the centres: mean %.4g, p95 %.4g, max %.4g MPa\n"),
                          result->sed_centre.mean_mpa, result->sed_centre.p95_mpa, result->sed_centre.maximum_mpa);
  g_string_append_printf (text, _ ("Pistoia (2 %% beyond 0.7 %%): factor %.5g, failure load %.5g N\n"),
                          result->pistoia_factor, result->pistoia_failure_load_n);
  if (result->n_islands > 0)
    g_string_append_printf (text,
                            OSS_NGETTEXT ("%zu part of %zu voxels touches neither face and was left out\n",
                                          "%zu parts of %zu voxels touch neither face and were left out\n",
                                          result->n_islands),
                            result->n_islands, result->n_island_voxels);
  if (result->projected_motions > 0)
    g_string_append_printf (text,
                            OSS_NGETTEXT ("%d rigid motion that no load excites was taken out\n",
                                          "%d rigid motions that no load excites were taken out\n",
                                          (gulong) result->projected_motions),
                            result->projected_motions);
  if (result->curve != NULL)
    {
      oss_voxel_compressed_strength (result, &strength);
      oss_cli_curve_print (text, &strength, compression->yielding, result->curve);
      oss_yielding_warn (compression->yielding, result->curve, result->distance_mm, FALSE, warnings);
    }
  for (guint i = 0; i < warnings->len; i++)
    g_string_append_printf (text, "· %s\n", (const char *) warnings->pdata[i]);
  return oss_cli_print (text->str, error);
}

static gboolean
finish (OssCli *cli, const OssVoxelCompression *compression, const OssVoxelCompressed *result, OssCliOutput *output,
        GError **error)
{
  g_autofree char *json = make_record (compression, result);

  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "result.json");
      if (!write_fields (output, result, &cli->tick, error) || !oss_file_write (path, json, strlen (json), error)
          || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  oss_cli_progress_end (cli);
  if (cli->json ? !oss_cli_print (json, error) : result->converged && !print_summary (compression, result, error))
    return FALSE;
  if (result->converged)
    return oss_cli_curve_check (result->curve, error);
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
               _ ("The solution did not converge: %s (%d iterations, residual %.1e)."), result->reason,
               result->iterations, result->relative_residual);
  return FALSE;
}

gboolean
oss_cli_solve_voxel (OssCli *cli, int argc, char **argv, GError **error)
{
  OssVoxelCompression compression = { 0 };
  g_autoptr (OssCliOutput) output = NULL;
  g_autoptr (OssLabels) labels = NULL;
  g_autofree GOptionEntry *all = oss_cli_join ((const GOptionEntry *const[]){ entries, oss_cli_input_nonlinear, NULL });
  OssTick reading = oss_tick_part (&cli->tick, 0.0, 0.1), solving = oss_tick_part (&cli->tick, 0.1, 0.95);
  OssNumbering numbering = OSS_NUMBERING_UNKNOWN; /* values count as they are */
  OssYielding yielding;

  if (!join_processes (cli, argv, error)
      || !oss_cli_parse (
          &argc, &argv, all, "--modulus FILE",
          _ ("Voxel finite elements: each voxel above 0 is a brick. The bottom is held along the axis, "
             "the top moved. With --out writes result.json, sed_centre, sed_mean and von_mises.nii.gz; with "
             "--nonlinear also curve.csv, plastic_strain and von_mises_end_of_curve.nii.gz."),
          0, 0, error)
      || !read_options (&compression, error)
      || (given.out != NULL && (output = oss_cli_output_new (given.out, error)) == NULL))
    return FALSE;
  g_autoptr (OssVolume) modulus = oss_nifti_read_volume (given.modulus, OSS_QUANTITY_MODULUS, &reading, error);
  if (modulus == NULL
      || (given.labels != NULL
          && (labels = oss_labels_read_file (given.labels, &modulus->grid, TRUE, &numbering, NULL, &reading, error))
                 == NULL))
    return FALSE;
  if (oss_cli_input.nonlinear && !read_beyond (modulus, &yielding, error))
    return FALSE;
  compression.modulus_mpa = modulus;
  compression.yielding = oss_cli_input.nonlinear ? &yielding : NULL;
  compression.elastic = given.elastic != NULL ? elastic : NULL;
  compression.labels = labels;
  g_autoptr (OssVoxelCompressed) result = oss_voxel_compress (&compression, &solving, error);
  return result != NULL && finish (cli, &compression, result, output, error);
}
