/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli-bench.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "fem/oss-deck.h"
#include "formats/oss-vtu.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_EVERY_US 10000

gboolean
oss_cli_bench_has_ccx (void)
{
  g_autofree char *path = g_find_program_in_path ("ccx");
  return path != NULL;
}

/* The largest resident memory of a running process, MiB; what getrusage() tells begins with that of its parent. */
static double
peak_of (GPid pid, double before)
{
  char path[64], line[128];
  double kib;

  g_snprintf (path, sizeof path, "/proc/%d/status", (int) pid);
  FILE *status = fopen (path, "re");
  while (status != NULL && fgets (line, sizeof line, status) != NULL)
    if (sscanf (line, "VmHWM: %lf", &kib) == 1)
      before = isnan (before) ? kib / 1024.0 : MAX (before, kib / 1024.0);
  if (status != NULL)
    fclose (status);
  return before;
}

static double
seconds_of (const struct rusage *used)
{
  return (double) (used->ru_utime.tv_sec + used->ru_stime.tv_sec)
         + 1e-6 * (double) (used->ru_utime.tv_usec + used->ru_stime.tv_usec);
}

/* mpirun ends its processes when it is asked to; what does not end is killed. */
static void
end (GPid pid)
{
  siginfo_t info = { .si_pid = 0 };

  kill (pid, SIGTERM);
  for (int i = 0; i < 10 && info.si_pid == 0; i++)
    {
      g_usleep (LOOK_EVERY_US);
      if (waitid (P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        break;
    }
  if (info.si_pid == 0)
    kill (pid, SIGKILL);
}

/* Waits for a child and looks at its memory meanwhile; a stop kills it. */
static gboolean
wait_for (GPid pid, OssCliRun *run, int *status, const OssTick *tick, GError **error)
{
  gint64 from = g_get_monotonic_time ();
  struct rusage used;
  pid_t done;

  run->peak_mib = NAN;
  while ((done = wait4 (pid, status, WNOHANG, &used)) == 0)
    {
      run->peak_mib = peak_of (pid, run->peak_mib);
      if (oss_tick_stopped (tick))
        {
          end (pid);
          wait4 (pid, status, 0, &used);
          return oss_tick_cancelled (error);
        }
      g_usleep (LOOK_EVERY_US);
    }
  run->seconds = (double) (g_get_monotonic_time () - from) * 1e-6;
  run->cpu_seconds = done == pid ? seconds_of (&used) : NAN;
  return TRUE;
}

gboolean
oss_cli_bench_run (const char *folder, const char *const *argv, const char *log, OssCliRun *run, const OssTick *tick,
                   GError **error)
{
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *threads = g_strdup_printf ("%u", oss_parallel_threads ());
  g_autofree char *path = g_build_filename (folder, log, NULL);
  g_autoptr (GError) failure = NULL;
  int out = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), status = 0;
  GPid pid;

  environment = g_environ_setenv (environment, "OMP_NUM_THREADS", threads, TRUE);
  environment = g_environ_setenv (environment, "CCX_NPROC_STIFFNESS", threads, TRUE);
  if (geteuid () == 0) /* Open MPI asks twice */
    {
      environment = g_environ_setenv (environment, "OMPI_ALLOW_RUN_AS_ROOT", "1", TRUE);
      environment = g_environ_setenv (environment, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", TRUE);
    }
  gboolean started =
      out >= 0
      && g_spawn_async_with_fds (folder, (char **) argv, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                                 NULL, NULL, &pid, -1, out, out, &failure);
  if (out >= 0)
    close (out);
  if (!started)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” does not start: %s."), argv[0],
                   failure != NULL ? failure->message : g_strerror (errno));
      return FALSE;
    }
  if (!wait_for (pid, run, &status, tick, error))
    return FALSE;
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” failed on the deck (status %d)."), argv[0],
               WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status));
  return FALSE;
}

/* The third number of the line after the first one that begins with @words; NaN when there is none. */
static double
find_total (const char *path, const char *words)
{
  g_autofree char *text = NULL;
  double x, y, z;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NAN;
  const char *at = strstr (text, words);
  at = at != NULL ? strchr (at, '\n') : NULL;
  return at != NULL && sscanf (at, "%lf %lf %lf", &x, &y, &z) == 3 ? z : NAN;
}

void
oss_cli_bench_remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
}

static gboolean
run_own (const char *folder, const char *deck, OssCliPeer *peer, const OssTick *tick, GError **error)
{
  /* This very program, also when its file has been replaced meanwhile. */
  const char *self = "/proc/self/exe";
  g_autofree char *threads = g_strdup_printf ("%u", oss_parallel_threads ());
  g_autofree char *log = g_build_filename (folder, "own.log", NULL);
  g_autofree char *text = NULL;
  const char *argv[] = { self,     "--quiet", "--threads", threads,   "bench", "fem",
                         "--deck", deck,      "--alone",   "own.vtu", NULL };

  if (!oss_cli_bench_run (folder, argv, "own.log", &peer->own, tick, error)
      || !g_file_get_contents (log, &text, NULL, error))
    return FALSE;
  if (sscanf (text, "%zu %d %lf", &peer->unknowns, &peer->iterations, &peer->own_reaction_n) == 3)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” failed on the deck (status %d)."), self, 0);
  return FALSE;
}

/* Its failure is told beside our figures, and does not take them away. */
static gboolean
run_ccx (const char *folder, OssCliPeer *peer, const OssTick *tick, GError **error)
{
  g_autofree char *totals = g_build_filename (folder, "deck.dat", NULL);
  const char *argv[] = { "ccx", "-i", "deck", NULL };
  GError *failure = NULL;

  if (oss_cli_bench_run (folder, argv, "ccx.log", &peer->ccx, tick, &failure))
    {
      peer->ccx_reaction_n = find_total (totals, "for set MOVED");
      return TRUE;
    }
  peer->ccx = (OssCliRun){ NAN, NAN, NAN };
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  g_strlcpy (peer->trouble, failure->message, sizeof peer->trouble);
  g_error_free (failure);
  return TRUE;
}

static gboolean
run_both (const char *folder, const char *deck, gboolean ccx, OssCliPeer *peer, const OssTick *tick, GError **error)
{
  g_autofree char *copy = g_build_filename (folder, "deck.inp", NULL);
  g_autofree char *text = NULL;
  gsize length;

  /* A copy, so that what CalculiX writes goes with it. */
  if (!g_file_get_contents (deck, &text, &length, error) || !oss_file_write (copy, text, length, error))
    return FALSE;
  g_clear_pointer (&text, g_free);
  return run_own (folder, copy, peer, tick, error) && (!ccx || run_ccx (folder, peer, tick, error));
}

gboolean
oss_cli_bench_compare (const char *deck, const char *name, gboolean ccx, OssCliPeer *peer, const OssTick *tick,
                       GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *folder = g_dir_make_tmp ("ossature-bench-XXXXXX", &failure);

  *peer = (OssCliPeer){ .own_reaction_n = NAN, .ccx_reaction_n = NAN };
  g_strlcpy (peer->name, name, sizeof peer->name);
  if (folder == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, "%s", failure->message);
      return FALSE;
    }
  if (!oss_tick_report (tick, 0.0, _ ("Solving the deck with both programs"), error))
    {
      oss_cli_bench_remove_folder (folder);
      return FALSE;
    }
  gboolean ok = run_both (folder, deck, ccx, peer, tick, error);
  oss_cli_bench_remove_folder (folder);
  return ok;
}

gboolean
oss_cli_bench_alone (OssCli *cli, const char *deck, const char *vtu, GError **error)
{
  OssTick reading = oss_tick_part (&cli->tick, 0.0, 0.2), solving = oss_tick_part (&cli->tick, 0.2, 1.0);
  g_autoptr (OssDeck) read = oss_deck_read (deck, &reading, error);
  double reaction_n = 0.0;

  if (read == NULL)
    return FALSE;
  OssFemModel model = oss_deck_model (read);
  g_autoptr (OssFemResult) result = oss_fem_solve (&model, &solving, error);
  if (result == NULL)
    return FALSE;
  const OssVtuArray arrays[] = { { "displacement_mm", 3, result->displacement },
                                 { "reaction_n", 3, result->reaction },
                                 { "stress_mpa", 6, result->stress } };
  if (!oss_vtu_write (vtu, model.mesh, arrays, G_N_ELEMENTS (arrays), NULL, 0, error))
    return FALSE;
  for (gsize i = 0; i < model.n_prescribed; i++)
    if (model.prescribed[i].axis == 2 && model.prescribed[i].value != 0.0)
      reaction_n += result->reaction[3 * (gsize) model.prescribed[i].node + 2];
  g_autofree char *line = g_strdup_printf ("%zu %d %.17g\n", result->dof, result->iterations, reaction_n);
  return oss_cli_print (line, error);
}
