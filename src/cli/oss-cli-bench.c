/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli-bench.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "formats/oss-nifti.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define DECK_BINS 128
#define MOST_VOXELS 2048
#define VOXEL_MM 0.037

static struct
{
  gboolean quick, no_ccx, no_direct, no_petsc;
  double tet10_mm, tet4_mm, hex8_mm, tolerance;
  char *deck, *voxels, *alone, *equations, *out;
} given = { .tet10_mm = NAN, .tet4_mm = NAN, .hex8_mm = NAN, .tolerance = 1e-6 };

static const GOptionEntry entries[] = {
  { "quick", 0, 0, G_OPTION_ARG_NONE, &given.quick, N_ ("small models, a few seconds: figures are rough"), NULL },
  { "tet10", 0, 0, G_OPTION_ARG_DOUBLE, &given.tet10_mm,
    N_ ("size of quadratic tetrahedra (default 2); 0 leaves them out"), "MM" },
  { "tet4", 0, 0, G_OPTION_ARG_DOUBLE, &given.tet4_mm, N_ ("size of linear tetrahedra (default 1); 0 leaves them out"),
    "MM" },
  { "hex8", 0, 0, G_OPTION_ARG_DOUBLE, &given.hex8_mm, N_ ("size of hexahedra (default 1); 0 leaves them out"), "MM" },
  { "voxels", 0, 0, G_OPTION_ARG_FILENAME, &given.voxels,
    N_ ("only voxels: a cube of N voxels along each edge (128 without this), “centrum”: a vertebral body of 40 × 30 × "
        "25 "
        "mm, or an image above 0 (NIfTI)"),
    "N|centrum|FILE" },
  { "tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &given.tolerance,
    N_ ("relative residual of voxels, and of what PETSc solves too (default 1e-6)"), "R" },
  { "deck", 0, 0, G_OPTION_ARG_FILENAME, &given.deck,
    N_ ("only this deck, with this program and with CalculiX where it is installed"), "FILE" },
  { "no-direct", 0, 0, G_OPTION_ARG_NONE, &given.no_direct, N_ ("do not factorise the large models"), NULL },
  { "no-ccx", 0, 0, G_OPTION_ARG_NONE, &given.no_ccx, N_ ("do not run CalculiX"), NULL },
  { "no-petsc", 0, 0, G_OPTION_ARG_NONE, &given.no_petsc, N_ ("do not run PETSc’s algebraic multigrid"), NULL },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the results"), "DIR" },
  { "alone", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &given.alone, NULL, "FILE" },
  { "equations", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &given.equations, NULL, "FILE" },
  { NULL },
};

/* Seconds for one kernel. */
static double
kernel_seconds (void)
{
  return given.quick ? 0.02 : 0.3;
}

static gboolean
measure_machine (OssCliBench *bench, const OssTick *tick, GError **error)
{
  return oss_machine_measure (&bench->machine, given.quick ? 1.6e7 : 1.6e8, given.quick ? 0.05 : 0.6, tick, error);
}

/* --- Bodies of elements --- */

static gboolean
solve_body (OssCliBench *bench, const OssFemModel *model, const char *name, OssFemSolver solver, const OssTick *tick,
            GError **error)
{
  OssCliSolution one = { .name = "" };

  g_snprintf (one.name, sizeof one.name, "%s, %s", name, solver == OSS_FEM_SOLVER_DIRECT ? "CHOLMOD" : "CG");
  if (!oss_bench_solve (model, solver, &one.solution, tick, error))
    return FALSE;
  g_array_append_val (bench->solutions, one);
  return TRUE;
}

/* Writes the body's deck for both programs; the body is the caller's no more by then. */
static gboolean
compare_body (OssCliBench *bench, OssBenchBody *body, const char *name, const OssTick *tick, GError **error)
{
  OssFemModel model = oss_bench_body_model (body);
  g_autofree char *folder = g_dir_make_tmp ("ossature-bench-XXXXXX", error);
  OssCliPeer peer;

  if (folder == NULL)
    {
      oss_bench_body_free (body);
      return FALSE;
    }
  g_autofree char *deck = g_build_filename (folder, "vertebra.inp", NULL);
  gboolean ok = oss_fem_write_deck (&model, deck, DECK_BINS, name, error);
  oss_bench_body_free (body);
  if (ok)
    ok = oss_cli_bench_compare (deck, name, bench->ccx, &peer, tick, error);
  g_unlink (deck);
  g_rmdir (folder);
  if (ok)
    g_array_append_val (bench->peers, peer);
  return ok;
}

static gboolean
bench_kind (OssCliBench *bench, OssElementKind kind, double size_mm, gboolean solve, const OssTick *tick,
            GError **error)
{
  OssTick meshing = oss_tick_part (tick, 0.0, 0.05), kernels = oss_tick_part (tick, 0.05, 0.3),
          iterating = oss_tick_part (tick, 0.3, 0.35), direct = oss_tick_part (tick, 0.35, 0.5),
          gamg = oss_tick_part (tick, 0.5, 0.6), comparing = oss_tick_part (tick, 0.6, 1.0);
  const OssCliVoxels none = { .tolerance = given.tolerance };
  g_autofree char *name = g_strdup_printf ("%s %g mm", oss_element_name (kind), size_mm);

  if (size_mm == 0.0)
    return TRUE;
  g_autoptr (OssBenchBody) body = oss_bench_body_new (kind, size_mm, &meshing, error);
  if (body == NULL)
    return FALSE;
  OssFemModel model = oss_bench_body_model (body);
  if (!oss_bench_kernels (&model, kernel_seconds (), !given.no_direct, bench->kernels, &kernels, error))
    return FALSE;
  if (!solve)
    return TRUE;
  if (!solve_body (bench, &model, name, OSS_FEM_SOLVER_ITERATIVE, &iterating, error)
      || (!given.no_direct && !solve_body (bench, &model, name, OSS_FEM_SOLVER_DIRECT, &direct, error))
      || !oss_cli_bench_compare_gamg (bench, name, &model, &none, NULL, &gamg, error))
    return FALSE;
  return compare_body (bench, g_steal_pointer (&body), name, &comparing, error);
}

static double
size_of (double asked_mm, double usual_mm, double quick_mm)
{
  return !isnan (asked_mm) ? asked_mm : given.quick ? quick_mm : usual_mm;
}

/* --- Voxels --- */

static guint8 *
bits_of (const OssLabels *labels, gsize size[3], double spacing_mm[3], GError **error)
{
  const OssGrid *grid = &labels->grid;
  gsize row_bytes = ((gsize) grid->size[0] + 7) / 8;
  gsize rows = (gsize) grid->size[1] * (gsize) grid->size[2];
  guint8 *bits = oss_alloc_aligned (rows, row_bytes, _ ("the image"), error);

  for (int k = 0; k < 3; k++)
    {
      size[k] = (gsize) grid->size[k];
      spacing_mm[k] = grid->spacing[k];
    }
  for (gsize row = 0; row < rows && bits != NULL; row++)
    for (gsize x = 0; x < size[0]; x++)
      if (labels->data[row * size[0] + x] > 0)
        bits[row * row_bytes + (x >> 3)] |= (guint8) (1u << (x & 7));
  return bits;
}

/* A cube, or an image that is forgotten once it is bits. */
static guint8 *
find_voxels (gsize size[3], double spacing_mm[3], const OssTick *tick, GError **error)
{
  static const double centrum_mm[3] = { 40.0, 30.0, 25.0 };
  const char *text = given.voxels != NULL ? given.voxels : given.quick ? "40" : "128";
  gboolean centrum = strcmp (text, "centrum") == 0;
  char *end = NULL;
  guint64 n = g_ascii_strtoull (text, &end, 10);

  for (int k = 0; k < 3; k++)
    {
      spacing_mm[k] = VOXEL_MM;
      size[k] = centrum ? (gsize) (centrum_mm[k] / VOXEL_MM + 0.5) : n;
    }
  if (centrum)
    return oss_bench_trabeculae (size, TRUE, tick, error);
  if (end == text || *end != '\0')
    {
      g_autoptr (OssLabels) labels = oss_nifti_read_labels (text, tick, error);
      return labels != NULL ? bits_of (labels, size, spacing_mm, error) : NULL;
    }
  if (n < 8 || n > MOST_VOXELS)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--voxels %s”: give an image, or a number from 8 to %d."),
                   text, MOST_VOXELS);
      return NULL;
    }
  return oss_bench_trabeculae (size, FALSE, tick, error);
}

static gboolean
bench_image (OssCliBench *bench, const OssCliVoxels *voxels, const OssTick *tick, GError **error)
{
  OssTick solving = oss_tick_part (tick, 0.0, 0.5), comparing = oss_tick_part (tick, 0.5, 1.0);
  OssCliSolution one = { .name = "" };
  OssBenchKernel kernel;

  g_snprintf (one.name, sizeof one.name, "voxel %zu x %zu x %zu", voxels->size[0], voxels->size[1], voxels->size[2]);
  if (!oss_bench_voxels (voxels->size, voxels->bits, voxels->spacing_mm, voxels->tolerance, kernel_seconds (), &kernel,
                         &one.solution, &solving, error))
    return FALSE;
  g_array_append_val (bench->kernels, kernel);
  g_array_append_val (bench->solutions, one);
  return oss_cli_bench_compare_gamg (bench, one.name, NULL, voxels, &one.solution, &comparing, error);
}

static gboolean
bench_voxels (OssCliBench *bench, const OssTick *tick, GError **error)
{
  OssTick making = oss_tick_part (tick, 0.0, 0.1), rest = oss_tick_part (tick, 0.1, 1.0);
  OssCliVoxels voxels = { .tolerance = given.tolerance };
  guint8 *bits = find_voxels (voxels.size, voxels.spacing_mm, &making, error);

  if (bits == NULL)
    return FALSE;
  voxels.bits = bits;
  gboolean ok = bench_image (bench, &voxels, &rest, error);
  oss_free_aligned (bits);
  return ok;
}

/* --- The command --- */

static gboolean
bench_deck (OssCliBench *bench, const OssTick *tick, GError **error)
{
  g_autofree char *name = g_path_get_basename (given.deck);
  OssCliPeer peer;

  if (!oss_cli_bench_compare (given.deck, name, bench->ccx, &peer, tick, error))
    return FALSE;
  g_array_append_val (bench->peers, peer);
  return TRUE;
}

static gboolean
bench_all (OssCliBench *bench, const OssTick *tick, GError **error)
{
  OssTick first = oss_tick_part (tick, 0.0, 0.42), second = oss_tick_part (tick, 0.42, 0.9),
          third = oss_tick_part (tick, 0.9, 0.95), last = oss_tick_part (tick, 0.95, 1.0);

  return bench_kind (bench, OSS_ELEMENT_TET10, size_of (given.tet10_mm, 2.0, 6.0), TRUE, &first, error)
         && bench_kind (bench, OSS_ELEMENT_TET4, size_of (given.tet4_mm, 1.0, 3.0), TRUE, &second, error)
         && bench_kind (bench, OSS_ELEMENT_HEX8, size_of (given.hex8_mm, 1.0, 3.0), FALSE, &third, error)
         && bench_voxels (bench, &last, error);
}

static gboolean
check_options (GError **error)
{
  const double sizes[3] = { given.tet10_mm, given.tet4_mm, given.hex8_mm };
  const char *const names[3] = { "tet10", "tet4", "hex8" };

  for (int i = 0; i < 3; i++)
    if (!isnan (sizes[i]) && sizes[i] != 0.0 && !(sizes[i] >= 0.1 && sizes[i] <= 10.0))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--%s %g”: give 0, or a size from 0.1 to 10 mm."), names[i],
                     sizes[i]);
        return FALSE;
      }
  if (given.tolerance > 0.0 && given.tolerance < 1.0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--tolerance %g”: give a number between 0 and 1."),
               given.tolerance);
  return FALSE;
}

static gboolean
finish (OssCli *cli, const OssCliBench *bench, OssCliOutput *output, GError **error)
{
  g_autofree char *json = oss_cli_bench_record (bench);
  g_autofree char *table = oss_cli_bench_table (bench);

  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "result.json");
      if (!oss_file_write (path, json, strlen (json), error) || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : table, error);
}

static gboolean
bench_fem (OssCli *cli, int argc, char **argv, GError **error)
{
  OssTick first = oss_tick_part (&cli->tick, 0.0, 0.03), rest = oss_tick_part (&cli->tick, 0.03, 1.0);
  g_auto (OssCliBench) bench = { .ccx = FALSE };
  g_autoptr (OssCliOutput) output = NULL;

  if (!oss_cli_parse (&argc, &argv, entries, "",
                      _ ("Times every kernel and solver beside what the machine can do, and CalculiX on the same decks "
                         "where it is installed. The models are made by the program."),
                      0, 0, error)
      || !check_options (error))
    return FALSE;
  if (given.equations != NULL)
    return oss_cli_bench_equations (given.equations, error);
  if (given.alone != NULL && given.deck != NULL)
    return oss_cli_bench_alone (cli, given.deck, given.alone, error);
  if (given.out != NULL && (output = oss_cli_output_new (given.out, error)) == NULL)
    return FALSE;
  oss_cli_bench_init (&bench);
  bench.ccx = bench.ccx && !given.no_ccx;
  bench.petsc = bench.petsc && !given.no_petsc;
  if (!measure_machine (&bench, &first, error)
      || !(given.deck != NULL     ? bench_deck (&bench, &rest, error)
           : given.voxels != NULL ? bench_voxels (&bench, &rest, error)
                                  : bench_all (&bench, &rest, error)))
    return FALSE;
  return finish (cli, &bench, output, error);
}

gboolean
oss_cli_bench (OssCli *cli, int argc, char **argv, GError **error)
{
  static const struct
  {
    const char *name, *whole;
    OssCliFunc run;
  } parts[] = {
    { "fem", "bench fem", bench_fem },
    { "dicom", "bench dicom", oss_cli_bench_dicom },
    { "density", "bench density", oss_cli_bench_density },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (parts) && argc > 1; i++)
    if (g_str_equal (argv[1], parts[i].name))
      {
        argv[1] = (char *) parts[i].whole;
        return parts[i].run (cli, argc - 1, argv + 1, error);
      }
  if (argc > 1 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h")))
    return oss_cli_print (_ ("Usage: ossature bench fem|dicom|density [OPTIONS] … See “ossature bench fem --help”, "
                             "“ossature bench dicom --help” and “ossature bench density --help”.\n"),
                          error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("Say what is measured: “ossature bench fem”, “ossature bench dicom” or “ossature bench "
                          "density”. See “ossature bench fem --help”."));
  return FALSE;
}
