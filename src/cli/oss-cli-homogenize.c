/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "formats/oss-nifti.h"
#include "micro/oss-homogenize-plane.h"
#include "micro/oss-homogenize.h"
#include "report/oss-report-record.h"

#include <math.h>
#include <string.h>

static struct
{
  double threshold, voxel_mm, modulus, poisson, filler, filler_poisson, tolerance;
  gboolean levels;
  char *boundary, *out;
  int iterations;
} given = { .threshold = NAN, .modulus = 10000.0, .poisson = 0.3, .filler = NAN, .filler_poisson = OSS_MARROW_POISSON };

static const GOptionEntry entries[] = {
  { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &given.threshold,
    N_ ("bone where the image reaches T (default: where it is above 0)"), "T" },
  { "levels", 0, 0, G_OPTION_ARG_NONE, &given.levels, N_ ("the image holds moduli in MPa; 0 is void"), NULL },
  { "voxel-mm", 0, 0, G_OPTION_ARG_DOUBLE, &given.voxel_mm, N_ ("edge of a voxel, in place of the image’s"), "MM" },
  { "E", 0, 0, G_OPTION_ARG_DOUBLE, &given.modulus, N_ ("Young’s modulus of bone tissue (default 10000 MPa)"), "MPA" },
  { "nu", 0, 0, G_OPTION_ARG_DOUBLE, &given.poisson, N_ ("Poisson’s ratio (default 0.3)"), "NU" },
  { "bc", 0, 0, G_OPTION_ARG_STRING, &given.boundary,
    N_ ("boundary conditions: kubc (default), subc, pbc or mixed; a picture of one slice: pbc"), "NAME" },
  { "void", 0, 0, G_OPTION_ARG_DOUBLE, &given.filler,
    N_ ("modulus of what fills the void (default: empty; subc: E / 1000; one slice: 0.0104 MPa)"), "MPA" },
  { "void-nu", 0, 0, G_OPTION_ARG_DOUBLE, &given.filler_poisson,
    N_ ("Poisson’s ratio of what fills the void of one slice (default 0.49)"), "NU" },
  { "tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &given.tolerance, N_ ("relative residual (default 1e-8)"), "R" },
  { "max-iterations", 0, 0, G_OPTION_ARG_INT, &given.iterations, N_ ("stop after N iterations (default 300)"), "N" },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the results"), "DIR" },
  { NULL },
};

static gboolean
usage (GError **error, const char *message)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, message);
  return FALSE;
}

static gboolean
check_options (OssBoundary *boundary, GError **error)
{
  if (given.levels && !isnan (given.threshold))
    return usage (error, _ ("“--threshold” and “--levels” contradict one another."));
  if (given.voxel_mm < 0.0 || !isfinite (given.voxel_mm))
    return usage (error, _ ("“--voxel-mm” needs a length above 0."));
  if (!(given.modulus > 0.0) || !isfinite (given.modulus))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("Young’s modulus is %g MPa: it must be above 0."),
                   given.modulus);
      return FALSE;
    }
  *boundary = OSS_BOUNDARY_KUBC;
  if (given.boundary == NULL || oss_boundary_from_name (given.boundary, boundary))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--bc %s”: give kubc, subc, pbc or mixed."), given.boundary);
  return FALSE;
}

/* The image becomes moduli in place. */
static void
make_moduli (OssVolume *image)
{
  gsize n = oss_grid_count (&image->grid);

  for (gsize v = 0; v < n && !given.levels; v++)
    {
      float value = image->data[v];
      gboolean bone = isnan (given.threshold) ? value > 0.0f : (double) value >= given.threshold;
      image->data[v] = bone ? (float) given.modulus : 0.0f;
    }
  for (int a = 0; a < 3 && given.voxel_mm > 0.0; a++)
    image->grid.spacing[a] = given.voxel_mm;
}

/* --- The record --- */

static void
add_input (OssReportRecord *record, const char *path, const OssVolume *image)
{
  oss_report_record_begin (record, "input");
  oss_report_record_file (record, "image", path);
  oss_report_record_ints (record, "size", image->grid.size, 3);
  oss_report_record_doubles (record, "spacing_mm", image->grid.spacing, 3);
  oss_report_record_double (record, "threshold", given.threshold);
  oss_report_record_flag (record, "levels", given.levels);
  oss_report_record_end (record);
  oss_report_record_begin (record, "material");
  oss_report_record_double (record, "modulus_mpa", given.levels ? NAN : given.modulus);
  oss_report_record_double (record, "poisson", given.poisson);
  oss_report_record_double (record, "void_modulus_mpa", isnan (given.filler) ? 0.0 : given.filler);
  oss_report_record_end (record);
}

static void
add_engineering (OssReportRecord *record, const char *name, const OssEngineering *engineering)
{
  oss_report_record_begin (record, name);
  oss_report_record_doubles (record, "modulus_mpa", engineering->modulus_mpa, 3);
  oss_report_record_doubles (record, "shear_mpa_23_13_12", engineering->shear_mpa, 3);
  oss_report_record_doubles (record, "poisson_23_13_12", engineering->poisson, 3);
  oss_report_record_end (record);
}

static void
add_bound (OssReportRecord *record, const char *name, const OssBound *bound)
{
  oss_report_record_begin (record, name);
  oss_report_record_double (record, "modulus_mpa", bound->modulus_mpa);
  oss_report_record_double (record, "bulk_mpa", bound->bulk_mpa);
  oss_report_record_double (record, "shear_mpa", bound->shear_mpa);
  oss_report_record_end (record);
}

static void
add_stiffness (OssReportRecord *record, const OssHomogenized *result)
{
  oss_report_record_matrix (record, "stiffness_mpa", result->stiffness_mpa, 6);
  add_engineering (record, "engineering", &result->engineering);
  oss_report_record_begin (record, "orthotropic");
  oss_report_record_matrix (record, "axes", result->orthotropic.axes, 3);
  oss_report_record_matrix (record, "stiffness_mpa", result->orthotropic.stiffness_mpa, 6);
  add_engineering (record, "engineering", &result->orthotropic.engineering);
  oss_report_record_double (record, "residue", result->orthotropic.residue);
  oss_report_record_end (record);
  oss_report_record_double (record, "symmetry_error", result->symmetry_error);
  oss_report_record_double (record, "energy_error", result->energy_error);
  oss_report_record_double (record, "coupling_left_out", result->coupling_left_out);
}

static void
add_bounds (OssReportRecord *record, const OssHomogenized *result)
{
  oss_report_record_begin (record, "bounds");
  add_bound (record, "voigt", &result->voigt);
  add_bound (record, "hashin_shtrikman_high", &result->hashin_high);
  add_bound (record, "hashin_shtrikman_low", &result->hashin_low);
  add_bound (record, "reuss", &result->reuss);
  oss_report_record_end (record);
}

static void
add_solver (OssReportRecord *record, const OssHomogenized *result, double seconds)
{
  oss_report_record_begin (record, "mesh");
  oss_report_record_int (record, "elements", (gint64) result->n_elements);
  oss_report_record_int (record, "nodes", (gint64) result->n_nodes);
  oss_report_record_int (record, "dof", (gint64) result->n_unknowns);
  oss_report_record_end (record);
  oss_report_record_begin (record, "islands_removed");
  oss_report_record_int (record, "parts", (gint64) result->n_islands);
  oss_report_record_int (record, "voxels", (gint64) result->n_island_voxels);
  oss_report_record_end (record);
  oss_report_record_begin (record, "solver");
  oss_report_record_ints (record, "iterations", result->iterations, result->cases);
  oss_report_record_doubles (record, "relative_residual", result->relative_residual, result->cases);
  oss_report_record_flag (record, "converged", result->converged);
  oss_report_record_string (record, "reason", result->reason);
  oss_report_record_int (record, "rigid_motions_projected_out", result->n_free_motions);
  if (result->history != NULL)
    oss_report_record_doubles (record, "history", result->history, (int) result->n_history);
  oss_report_record_end (record);
  oss_report_record_begin (record, "seconds");
  oss_report_record_double (record, "solve", seconds);
  oss_report_record_end (record);
  oss_report_record_double (record, "peak_memory_mib", oss_memory_peak_mib ());
}

/* --- Output --- */

/* Writes @json, and prints it or @text. */
static gboolean
deliver (OssCli *cli, OssCliOutput *output, const char *json, const char *text, GError **error)
{
  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "result.json");
      if (!oss_file_write (path, json, strlen (json), error) || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : text, error);
}

static char *
describe (const OssHomogenized *result, OssBoundary boundary)
{
  GString *text = g_string_new (NULL);
  const OssEngineering *e = &result->orthotropic.engineering;

  g_string_append_printf (text,
                          _ ("BV/TV %.4f, %zu voxels, boundary conditions %s\nstiffness in MPa (11 22 33 23 13 12)\n"),
                          result->bv_tv, result->n_elements, oss_boundary_name (boundary));
  for (int i = 0; i < 36; i++)
    g_string_append_printf (text, "%11.4g%s", result->stiffness_mpa[i], i % 6 == 5 ? "\n" : "");
  g_string_append_printf (text,
                          _ ("orthotropic: E %.4g, %.4g, %.4g MPa; G23 G13 G12 %.4g, %.4g, %.4g MPa; residue %.3f\n"),
                          e->modulus_mpa[0], e->modulus_mpa[1], e->modulus_mpa[2], e->shear_mpa[0], e->shear_mpa[1],
                          e->shear_mpa[2], result->orthotropic.residue);
  g_string_append_printf (text, _ ("bounds of E: Voigt %.4g, Hashin-Shtrikman %.4g and %.4g, Reuss %.4g MPa\n"),
                          result->voigt.modulus_mpa, result->hashin_high.modulus_mpa, result->hashin_low.modulus_mpa,
                          result->reuss.modulus_mpa);
  g_string_append_printf (text, _ ("symmetry error %.1e, energy error %.1e\n"), result->symmetry_error,
                          result->energy_error);
  return g_string_free (text, FALSE);
}

/* --- Solid --- */

static gboolean
homogenize_solid (OssCli *cli, const char *path, const OssVolume *image, OssBoundary boundary, OssCliOutput *output,
                  GError **error)
{
  g_auto (OssHomogenized) result = { .history = NULL };
  OssMicroVolume volume = { .modulus_mpa = image->data, .poisson = given.poisson, .boundary = boundary };
  OssTick solving = oss_tick_part (&cli->tick, 0.1, 1.0);
  gint64 start = g_get_monotonic_time ();

  if (isnan (given.filler) && boundary == OSS_BOUNDARY_SUBC)
    given.filler = given.modulus / 1000.0;
  volume.void_modulus_mpa = isnan (given.filler) ? 0.0 : given.filler;
  volume.tolerance = given.tolerance;
  volume.max_iterations = given.iterations;
  for (int a = 0; a < 3; a++)
    {
      volume.size[a] = (gsize) image->grid.size[a];
      volume.spacing_mm[a] = image->grid.spacing[a];
    }
  if (!oss_homogenize (&volume, &result, &solving, error))
    return FALSE;
  g_autoptr (OssReportRecord) record = oss_report_record_new ("voxel");
  add_input (record, path, image);
  oss_report_record_string (record, "boundary", oss_boundary_name (boundary));
  oss_report_record_double (record, "bv_tv", result.bv_tv);
  if (result.converged)
    add_stiffness (record, &result);
  add_bounds (record, &result);
  add_solver (record, &result, (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC);
  g_autofree char *json = oss_report_record_text (record);
  g_autofree char *text = result.converged ? describe (&result, boundary) : g_strdup ("");
  if (!deliver (cli, output, json, text, error))
    return FALSE;
  if (result.converged)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
               _ ("Load case %d did not converge: %s (%d iterations, residual %.1e)."), result.cases, result.reason,
               result.iterations[result.cases - 1], result.relative_residual[result.cases - 1]);
  return FALSE;
}

/* --- One slice --- */

static char *
plane_record (const char *path, const OssVolume *image, const OssPlaneHomogenized *result)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new ("quad4");

  add_input (record, path, image);
  oss_report_record_string (record, "boundary", "pbc");
  oss_report_record_double (record, "bv_tv", result->solid_fraction);
  oss_report_record_matrix (record, "plane_stiffness_mpa", result->stiffness_mpa, 3);
  oss_report_record_double (record, "planar_modulus_mpa", result->planar_modulus_mpa);
  oss_report_record_double (record, "planar_poisson", result->planar_poisson);
  oss_report_record_double (record, "modulus_1_mpa", result->modulus_1_mpa);
  oss_report_record_double (record, "modulus_2_mpa", result->modulus_2_mpa);
  oss_report_record_double (record, "poisson_12", result->poisson_12);
  oss_report_record_double (record, "shear_12_mpa", result->shear_12_mpa);
  oss_report_record_begin (record, "bounds");
  oss_report_record_matrix (record, "voigt_mpa", result->voigt_mpa, 3);
  oss_report_record_matrix (record, "reuss_mpa", result->reuss_mpa, 3);
  oss_report_record_end (record);
  oss_report_record_double (record, "symmetry_error", result->symmetry_error);
  oss_report_record_double (record, "energy_error", result->energy_error);
  oss_report_record_begin (record, "solver");
  oss_report_record_double (record, "relative_residual", result->relative_residual);
  oss_report_record_int (record, "dof", (gint64) result->dof);
  oss_report_record_end (record);
  oss_report_record_double (record, "peak_memory_mib", oss_memory_peak_mib ());
  return oss_report_record_text (record);
}

static gboolean
homogenize_plane (OssCli *cli, const char *path, const OssVolume *image, OssCliOutput *output, GError **error)
{
  gsize n = oss_grid_count (&image->grid);
  g_autofree double *modulus = g_new (double, n);
  OssPlaneHomogenized result;

  if (given.boundary != NULL && !g_str_equal (given.boundary, "pbc"))
    return usage (error, _ ("A picture of one slice is homogenised with periodic boundary conditions only."));
  if (isnan (given.filler))
    given.filler = OSS_MARROW_MODULUS_MPA;
  for (gsize i = 0; i < n; i++)
    modulus[i] = image->data[i];
  OssPlaneCell cell = { .size = { image->grid.size[0], image->grid.size[1] },
                        .spacing_mm = { image->grid.spacing[0], image->grid.spacing[1] },
                        .modulus_mpa = modulus,
                        .poisson = given.poisson,
                        .void_modulus_mpa = given.filler,
                        .void_poisson = given.filler_poisson };
  if (!oss_homogenize_plane (&cell, &result, &cli->tick, error))
    return FALSE;
  g_autofree char *json = plane_record (path, image, &result);
  g_autofree char *text = g_strdup_printf (
      _ ("bone %.4f of the area; planar modulus %.6g MPa, nu %.4f\nE1 %.6g, E2 %.6g, G12 %.6g MPa, nu12 %.4f\n"),
      result.solid_fraction, result.planar_modulus_mpa, result.planar_poisson, result.modulus_1_mpa,
      result.modulus_2_mpa, result.shear_12_mpa, result.poisson_12);
  return deliver (cli, output, json, text, error);
}

gboolean
oss_cli_homogenize (OssCli *cli, int argc, char **argv, GError **error)
{
  OssTick reading = oss_tick_part (&cli->tick, 0.0, 0.1);
  g_autoptr (OssCliOutput) output = NULL;
  OssBoundary boundary;

  if (!oss_cli_parse (&argc, &argv, entries, "IMAGE",
                      _ ("Effective stiffness of a bone volume from six unit strains; of a picture of one slice, "
                         "its planar stiffness. With --out writes result.json."),
                      1, 1, error)
      || !check_options (&boundary, error)
      || (given.out != NULL && (output = oss_cli_output_new (given.out, error)) == NULL))
    return FALSE;
  g_autoptr (OssVolume) image = oss_nifti_read_volume (argv[1], OSS_QUANTITY_OTHER, &reading, error);
  if (image == NULL)
    return FALSE;
  make_moduli (image);
  if (image->grid.size[2] == 1)
    return homogenize_plane (cli, argv[1], image, output, error);
  return homogenize_solid (cli, argv[1], image, boundary, output, error);
}
