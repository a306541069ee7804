/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve DECK: an Abaqus/CalculiX input deck, solved in linear elasticity. */
#include "cli/oss-cli-solve.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-summary.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static struct
{
  char *solver, *out, *write_deck, *law;
  double tolerance, height;
  int iterations;
} given;
static OssCliLoads loads;

static const GOptionEntry entries[] = {
  { "solver", 0, 0, G_OPTION_ARG_STRING, &given.solver, N_ ("auto (default), cg or direct"), "NAME" },
  { "tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &given.tolerance, N_ ("relative residual of cg (default 1e-10)"), "R" },
  { "max-iterations", 0, 0, G_OPTION_ARG_INT, &given.iterations, N_ ("stop cg after N iterations (default 1000)"),
    "N" },
  { "force", 0, 0, G_OPTION_ARG_STRING_ARRAY, &loads.force,
    N_ ("a force in N spread evenly over the faces of a node set"), "SET:X,Y,Z" },
  { "traction", 0, 0, G_OPTION_ARG_STRING_ARRAY, &loads.traction, N_ ("force per area in MPa on the faces of a set"),
    "SET:X,Y,Z" },
  { "pressure", 0, 0, G_OPTION_ARG_STRING_ARRAY, &loads.pressure, N_ ("pressure in MPa on the faces of a set"),
    "SET:P" },
  { "moment", 0, 0, G_OPTION_ARG_STRING_ARRAY, &loads.moment,
    N_ ("a moment in N mm on the faces of a set: X,Y,Z, or flexion, extension, bend-left, bend-right, turn-left, "
        "turn-right=M"),
    "SET:M" },
  { "platen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &loads.platen,
    N_ ("a rigid platen bonded to a set, free but for what is given: ux, uy, uz, rx, ry, rz, fx, fy, fz, mx, my, mz, "
        "glide=AXIS"),
    "SET:KEY=N,…" },
  { "write-deck", 0, 0, G_OPTION_ARG_FILENAME, &given.write_deck, N_ ("also write the model as it was solved"),
    "FILE" },
  { "law", 0, 0, G_OPTION_ARG_STRING, &given.law,
    N_ ("the modulus law that the moduli were made with: tells --nonlinear the density"), "NAME" },
  { "height", 0, 0, G_OPTION_ARG_DOUBLE, &given.height,
    N_ ("what the strains of --nonlinear refer to (default: between what is moved and what is held)"), "MM" },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the results"), "DIR" },
  { NULL },
};

static gboolean
read_options (OssFemSolveOptions *options, GError **error)
{
  static const char *const names[] = { "auto", "direct", "cg" };

  oss_fem_solve_options_default (options);
  if (given.tolerance != 0.0)
    options->tolerance = given.tolerance;
  if (given.iterations != 0)
    options->maximum_iterations = given.iterations;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (given.solver == NULL || g_str_equal (given.solver, names[i]))
      {
        options->solver = (OssFemSolver[]){ OSS_FEM_SOLVER_AUTO, OSS_FEM_SOLVER_DIRECT, OSS_FEM_SOLVER_ITERATIVE }[i];
        return TRUE;
      }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--solver %s”: give auto, cg or direct."), given.solver);
  return FALSE;
}

/* The settings beyond yield; @yielding is filled with --nonlinear. */
static gboolean
read_beyond (OssYielding *yielding, GError **error)
{
  OssYieldingOptions options;
  const OssLaw *law = NULL;

  if (!oss_cli_input_yielding (&options, error)
      || (given.law != NULL && (law = oss_law_find (given.law, error)) == NULL))
    return FALSE;
  if (oss_cli_input.nonlinear && given.height >= 0.0 && isfinite (given.height))
    return oss_yielding_init (yielding, &options, law, error);
  if (!oss_cli_input.nonlinear && law == NULL && given.height == 0.0)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       oss_cli_input.nonlinear ? _ ("“--height”: give millimetres above 0.")
                                               : _ ("“--law” and “--height” belong to “--nonlinear”; give that too."));
  return FALSE;
}

/* What would only fail at the end is asked at the beginning. */
static gboolean
check_deck_folder (GError **error)
{
  g_autofree char *folder = given.write_deck != NULL ? g_path_get_dirname (given.write_deck) : NULL;

  if (folder == NULL || g_access (folder, W_OK) == 0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("Nothing can be written into the folder “%s”: %s."), folder,
               g_strerror (errno));
  return FALSE;
}

/* Writes and prints what there is. */
static gboolean
deliver (OssCli *cli, OssCliOutput *output, const OssCliSolved *solved, GError **error)
{
  g_autofree char *json = NULL;

  if (!oss_tick_report (&cli->tick, 0.97, _ ("Writing the results"), error))
    return FALSE;
  if (given.write_deck != NULL && solved->result != NULL
      && !oss_fem_write_deck (solved->model, given.write_deck, 0, "ossature solve --write-deck", error))
    return FALSE;
  if (output != NULL && solved->result != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "solution.vtu");
      if (!oss_cli_solved_write_vtu (solved, path, error)
          || (solved->curve != NULL && !oss_cli_curve_write (output, solved->curve, solved->strength.height_mm, error)))
        return FALSE;
    }
  json = oss_cli_solved_record (solved);
  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "result.json");
      if (!oss_file_write (path, json, strlen (json), error) || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  oss_cli_progress_end (cli);
  if (cli->json)
    return oss_cli_print (json, error);
  return solved->result == NULL || oss_cli_solved_print (solved, error);
}

static gboolean
check_loaded (const OssCliSolved *solved, GError **error)
{
  if (oss_fem_is_loaded (solved->model))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
               _ ("“%s” loads nothing: no force, and no displacement other than 0. Give a *CLOAD, *DLOAD or *BOUNDARY, "
                  "or an option such as --force."),
               solved->path);
  return FALSE;
}

/* @yielding: (nullable): also beyond yield. */
static gboolean
solve (OssCli *cli, OssCliOutput *output, OssCliSolved *solved, OssFemSolveOptions *options,
       const OssYielding *yielding, GError **error)
{
  double linear_end = yielding != NULL ? 0.3 : 0.97;
  OssTick solving = oss_tick_part (&cli->tick, 0.1, linear_end), loading = oss_tick_part (&cli->tick, linear_end, 0.97);
  g_autoptr (OssFemCurve) curve = NULL;
  g_autoptr (GArray) history = g_array_new (FALSE, FALSE, sizeof (double));
  GError *cause = NULL;

  options->history = history;
  solved->history = history;
  g_autoptr (OssFemResult) result = oss_fem_solve_with (solved->model, options, &solving, &cause);
  solved->result = result;
  if (result != NULL && yielding != NULL
      && (curve = oss_cli_solved_load (solved, yielding, given.height, &loading, error)) == NULL)
    return FALSE;
  if (result != NULL)
    return deliver (cli, output, solved, error) && oss_cli_curve_check (curve, error);
  /* Not converged: how far it came is a result too. */
  gboolean told = !g_error_matches (cause, OSS_ERROR, OSS_ERROR_FAILED) || history->len == 0;
  solved->fault = cause->message;
  if (told || deliver (cli, output, solved, error))
    g_propagate_error (error, cause);
  else
    g_error_free (cause);
  return FALSE;
}

static gboolean
read_and_solve (OssCli *cli, const char *path, OssCliOutput *output, OssFemSolveOptions *options,
                const OssYielding *yielding, GError **error)
{
  double move[3], height;
  OssTick reading = oss_tick_part (&cli->tick, 0.0, 0.1);
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (OssDeck) deck = oss_deck_read (path, &reading, error);

  if (deck == NULL || !oss_cli_loads_apply (&loads, deck, error))
    return FALSE;
  OssFemModel model = oss_deck_model (deck);
  model.platens = (const OssFemPlaten *) (const void *) loads.platens->data;
  model.n_platens = loads.platens->len;
  OssCliSolved solved = { .path = path,
                          .deck = deck,
                          .model = &model,
                          .loads = &loads,
                          .read_seconds = (double) (g_get_monotonic_time () - begin) / 1e6,
                          .read_mib = oss_memory_peak_mib () };
  return check_loaded (&solved, error) && (yielding == NULL || oss_fem_approach (&model, move, &height, error))
         && solve (cli, output, &solved, options, yielding, error);
}

gboolean
oss_cli_solve_deck (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autoptr (OssCliOutput) output = NULL;
  g_autofree GOptionEntry *all = oss_cli_join ((const GOptionEntry *const[]){ entries, oss_cli_input_nonlinear, NULL });
  OssFemSolveOptions options;
  OssYielding yielding;

  if (!oss_cli_parse (
          &argc, &argv, all, "DECK.inp",
          _ ("Solves an Abaqus/CalculiX deck (tet4, tet10, hex8; one linear static step). With --out writes "
             "result.json and solution.vtu, with --nonlinear also curve.csv. Lengths are mm, forces N, moduli MPa; "
             "loads of the command "
             "line are added to the deck’s.\n\nFor an image of moduli instead of a deck: “ossature solve "
             "--modulus FILE --help”."),
          1, 1, error)
      || !read_options (&options, error) || !read_beyond (&yielding, error) || !check_deck_folder (error)
      || (given.out != NULL && (output = oss_cli_output_new (given.out, error)) == NULL))
    return FALSE;
  gboolean done = read_and_solve (cli, argv[1], output, &options, oss_cli_input.nonlinear ? &yielding : NULL, error);
  oss_cli_loads_clear (&loads);
  return done;
}
