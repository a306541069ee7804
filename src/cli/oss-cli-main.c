/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-petsc.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct
{
  const char *name;
  OssCliFunc func;
  const char *summary;
} commands[] = {
  { "virtual", oss_cli_virtual, N_ ("write a virtual patient: DICOM series and the truth beside them") },
  { "scan", oss_cli_scan, N_ ("list studies and series with a verdict for each, and why") },
  { "deidentify", oss_cli_deidentify, N_ ("copy studies without names, dates and identifiers") },
  { "calibrate", oss_cli_calibrate, N_ ("from CT numbers to bone density") },
  { "correct", oss_cli_correct, N_ ("an image as another reconstruction kernel would show it") },
  { "kernel", oss_cli_kernel, N_ ("list the known reconstruction kernels, or measure one on a phantom") },
  { "quality", oss_cli_quality, N_ ("phantoms scanned alone, for calibration without one: add, list, remove, chart") },
  { "segment", oss_cli_segment, N_ ("outline one vertebra, from one click or from labels") },
  { "vbmd", oss_cli_vbmd, N_ ("densities of several vertebrae by labels, and the mean of two") },
  { "mesh", oss_cli_mesh, N_ ("tetrahedra or voxels from a label image") },
  { "analyze", oss_cli_analyze, N_ ("the main job: from CT to stiffness, strength, stress map and report") },
  { "compare", oss_cli_compare, N_ ("two kernels of one scan, or two analyses: what differs and why") },
  { "export", oss_cli_export, N_ ("DICOM objects of an analysis: numbers, outline, fields, report, picture") },
  { "solve", oss_cli_solve, N_ ("finite elements of a given model: a deck, or an image of moduli") },
  { "homogenize", oss_cli_homogenize, N_ ("effective stiffness of a bone volume or a picture of bone") },
  { "pacs", oss_cli_pacs_command, N_ ("talk to a PACS: echo, find, get, move, send, commit, listen") },
  { "bench", oss_cli_bench, N_ ("how fast this machine solves, beside its own limits") },
};

static int stop; /* set by the signal handler, read by the tick */

static void
signal_cb (int number)
{
  if (stop != 0)
    _exit (130); /* asked twice */
  g_atomic_int_set (&stop, 1);
}

static void
print_help (void)
{
  g_print ("%s\n  ossature [--threads N] [--json] [--quiet] %s\n\n%s\n", _ ("Usage:"), _ ("COMMAND [OPTIONS] …"),
           _ ("How strong is a vertebra? Ossature reads a clinical CT and computes density, stress, stiffness and "
              "strength.\nResearch software, not a medical device."));
  g_print ("\n%s\n", _ ("Commands:"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-10s %s\n", commands[i].name, _ (commands[i].summary));
  g_print ("\n%s\n", _ ("Options before the command:"));
  g_print ("  --threads N  %s\n  --json       %s\n  --quiet      %s\n  --version    %s\n", _ ("use N threads"),
           _ ("print the result as JSON"), _ ("no progress"), _ ("print the version"));
  g_print ("\n%s\n  ossature virtual patient\n  ossature scan patient\n"
           "  ossature analyze patient/B40f --vertebra L1 --at X,Y,Z --out result\n",
           _ ("Example:"));
  g_print ("\n%s\n%s\n", _ ("“ossature COMMAND --help” tells the options of a command."),
           _ ("Exit status: 0 done, 2 usage, 3 input refused, 4 computation failed, 130 cancelled."));
}

static gboolean
usage_error (GError **error, char *message)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, message);
  g_free (message);
  return FALSE;
}

/* Takes --json, --quiet and --threads N out of the arguments, wherever they stand. */
static gboolean
take_global (OssCli *cli, int *argc, char **argv, GError **error)
{
  int kept = 0;

  for (int i = 0; i < *argc; i++)
    {
      if (g_str_equal (argv[i], "--json"))
        cli->json = TRUE;
      else if (g_str_equal (argv[i], "--quiet"))
        cli->quiet = TRUE;
      else if (g_str_equal (argv[i], "--threads"))
        {
          char *end = NULL;
          guint64 n = i + 1 < *argc ? g_ascii_strtoull (argv[++i], &end, 10) : 0;
          if (n < 1 || n > 1024 || *end != '\0')
            return usage_error (error, g_strdup (_ ("“--threads” needs a number from 1 to 1024.")));
          oss_parallel_set_threads ((guint) n);
        }
      else
        argv[kept++] = argv[i];
    }
  argv[kept] = NULL;
  *argc = kept;
  return TRUE;
}

static gboolean
run (OssCli *cli, int argc, char **argv, GError **error)
{
  const int next = 1;

  if (next >= argc)
    return usage_error (error, g_strdup (_ ("No command given. See “ossature --help”.")));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[next], commands[i].name))
      {
        oss_cli_progress_start (cli, &stop);
        gboolean done = commands[i].func (cli, argc - next, argv + next, error);
        oss_cli_progress_end (cli);
        return done;
      }
  if (argv[next][0] == '-')
    return usage_error (error, g_strdup_printf (_ ("“%s” is not an option. See “ossature --help”."), argv[next]));
  return usage_error (error, g_strdup_printf (_ ("“%s” is not a command. See “ossature --help”."), argv[next]));
}

int
main (int argc, char **argv)
{
  OssCli cli = { FALSE };
  g_autoptr (GError) error = NULL;
  struct sigaction action = { .sa_handler = signal_cb };

  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C"); /* results are read by programs */
  bindtextdomain (OSS_GETTEXT_DOMAIN,
                  g_getenv ("OSSATURE_LOCALE_DIR") != NULL ? g_getenv ("OSSATURE_LOCALE_DIR") : OSS_LOCALE_DIR);
  bind_textdomain_codeset (OSS_GETTEXT_DOMAIN, "UTF-8");
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  signal (SIGPIPE, SIG_IGN);
  if (!take_global (&cli, &argc, argv, &error))
    return g_printerr ("ossature: %s\n", error->message), 2;
  if (argc > 1 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h") || g_str_equal (argv[1], "help")))
    return print_help (), 0;
  if (argc > 1 && g_str_equal (argv[1], "--version"))
    return g_print ("ossature %s\n", OSS_VERSION), 0;
  if (run (&cli, argc, argv, &error))
    return 0;
  g_printerr ("ossature: %s\n", error->message);
  fflush (NULL);
  oss_voxel_petsc_stop ();
  int status = oss_error_exit_status (error);
  if (status == 130)
    _exit (status); /* a library call that could not be stopped may still be running */
  return status;
}
