/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same equations by our solver and by PETSc's algebraic multigrid, as many processes as we have threads. */
#include "cli/oss-cli-bench.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "fem/oss-fem-bench-petsc.h"
#include "fem/oss-voxel-petsc.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the processes print, and we read. */
#define LINE "equations"

gboolean
oss_cli_bench_has_petsc (void)
{
  g_autofree char *mpirun = g_find_program_in_path ("mpirun");
  return mpirun != NULL && oss_voxel_petsc_available ();
}

gboolean
oss_cli_bench_equations (const char *path, GError **error)
{
  OssBenchSolution solution;
  int process, processes;

  if (!oss_voxel_petsc_start (&process, &processes, error) || !oss_bench_gamg (path, &solution, error))
    return FALSE;
  if (process > 0)
    return TRUE;
  g_autofree char *line = g_strdup_printf ("\n" LINE " %zu %d %.17g %.17g %.17g %.17g %.17g\n", solution.n_unknowns,
                                           solution.iterations, solution.seconds, solution.cpu_seconds, solution.bytes,
                                           solution.relative_residual, solution.reaction_n);
  return oss_cli_print (line, error);
}

static gboolean
parse (const char *path, OssBenchSolution *solution)
{
  g_autofree char *text = NULL;
  const char *line = g_file_get_contents (path, &text, NULL, NULL) ? strstr (text, "\n" LINE " ") : NULL;

  return line != NULL
         && sscanf (line + 1, LINE " %zu %d %lf %lf %lf %lf %lf", &solution->n_unknowns, &solution->iterations,
                    &solution->seconds, &solution->cpu_seconds, &solution->bytes, &solution->relative_residual,
                    &solution->reaction_n)
                == 7;
}

/* Its failure is told beside our figures, and does not take them away. */
static gboolean
run_gamg (const char *folder, OssCliGamg *gamg, const OssTick *tick, GError **error)
{
  g_autofree char *processes = g_strdup_printf ("%u", oss_parallel_threads ());
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *log = g_build_filename (folder, "gamg.log", NULL);
  /* Threads within its processes only cost time: small dense products. */
  const char *argv[] = { "env",
                         "OMP_NUM_THREADS=1",
                         "OPENBLAS_NUM_THREADS=1",
                         "mpirun",
                         "--oversubscribe",
                         "--bind-to",
                         "none",
                         "-n",
                         processes,
                         self,
                         "--quiet",
                         "--threads",
                         "1",
                         "bench",
                         "fem",
                         "--equations",
                         "equations",
                         NULL };
  g_autoptr (GError) failure = NULL;
  OssCliRun run;

  gboolean done = oss_cli_bench_run (folder, argv, "gamg.log", &run, tick, &failure);
  if (!done && g_error_matches (failure, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (!done)
    g_strlcpy (gamg->trouble, failure->message, sizeof gamg->trouble);
  else if (!parse (log, &gamg->gamg))
    g_strlcpy (gamg->trouble, _ ("PETSc gave no figures."), sizeof gamg->trouble);
  return TRUE;
}

static gboolean
compare (OssCliBench *bench, OssCliGamg *gamg, const OssFemModel *model, const OssCliVoxels *voxels, const char *folder,
         const OssTick *tick, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "equations", NULL);
  OssTick ours = oss_tick_part (tick, 0.0, 0.5), theirs = oss_tick_part (tick, 0.5, 1.0);
  g_autoptr (GError) failure = NULL;

  if (model != NULL && !oss_bench_equations (model, voxels->tolerance, path, &gamg->own, &ours, error))
    return FALSE;
  if (model == NULL
      && !oss_bench_voxel_equations (voxels->size, voxels->bits, voxels->spacing_mm, voxels->tolerance, path, &ours,
                                     &failure))
    {
      if (!g_error_matches (failure, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      g_strlcpy (gamg->trouble, failure->message, sizeof gamg->trouble);
    }
  else if (!run_gamg (folder, gamg, &theirs, error))
    return FALSE;
  g_array_append_vals (bench->gamg, gamg, 1);
  return TRUE;
}

gboolean
oss_cli_bench_compare_gamg (OssCliBench *bench, const char *name, const OssFemModel *model, const OssCliVoxels *voxels,
                            const OssBenchSolution *own, const OssTick *tick, GError **error)
{
  OssCliGamg gamg = { .trouble = "" };
  g_autofree char *folder = NULL;

  if (!bench->petsc)
    return TRUE;
  if ((folder = g_dir_make_tmp ("ossature-bench-XXXXXX", error)) == NULL
      || !oss_tick_report (tick, 0.0, _ ("Solving the equations with PETSc as well"), error))
    return FALSE;
  g_strlcpy (gamg.name, name, sizeof gamg.name);
  if (own != NULL)
    gamg.own = *own;
  gboolean ok = compare (bench, &gamg, model, voxels, folder, tick, error);
  oss_cli_bench_remove_folder (folder);
  return ok;
}

/* --- What is printed --- */

static void
append_solution (GString *text, const OssBenchSolution *solution)
{
  g_string_append_printf (text, _ ("%.2f s (%.2f CPU), %d iterations, %.0f bytes each, reaction %.3f N"),
                          solution->seconds, solution->cpu_seconds, solution->iterations,
                          solution->bytes / (double) solution->n_unknowns, solution->reaction_n);
}

void
oss_cli_bench_append_gamg (const OssCliBench *self, GString *text)
{
  if (self->gamg->len == 0)
    return;
  g_string_append_printf (text, "\n");
  g_string_append_printf (text,
                          _ ("The same equations, assembled, to the same residual: our multigrid and PETSc’s GAMG; "
                             "threads of the one and processes of the other: %u"),
                          oss_parallel_threads ());
  g_string_append_c (text, '\n');
  for (guint i = 0; i < self->gamg->len; i++)
    {
      const OssCliGamg *one = &g_array_index (self->gamg, OssCliGamg, i);
      g_string_append_printf (text, "%s: ", one->name);
      append_solution (text, &one->own);
      g_string_append (text, "; GAMG ");
      if (one->trouble[0] != '\0')
        g_string_append (text, one->trouble);
      else
        {
          append_solution (text, &one->gamg);
          g_string_append_printf (text, _ (": %.1f times the time (%.1f CPU), %.1f times the memory"),
                                  one->gamg.seconds / one->own.seconds, one->gamg.cpu_seconds / one->own.cpu_seconds,
                                  one->gamg.bytes / one->own.bytes);
        }
      g_string_append_c (text, '\n');
    }
}

static void
record_solution (OssReportRecord *record, const char *name, const OssBenchSolution *solution)
{
  oss_report_record_begin (record, name);
  oss_report_record_double (record, "seconds", solution->seconds);
  oss_report_record_double (record, "cpu_seconds", solution->cpu_seconds);
  oss_report_record_int (record, "iterations", solution->iterations);
  oss_report_record_double (record, "relative_residual", solution->relative_residual);
  oss_report_record_double (record, "bytes_per_unknown", solution->bytes / (double) solution->n_unknowns);
  oss_report_record_double (record, "reaction_n", solution->reaction_n);
  oss_report_record_end (record);
}

void
oss_cli_bench_record_gamg (const OssCliBench *self, OssReportRecord *record)
{
  oss_report_record_flag (record, "petsc", self->petsc);
  oss_report_record_begin (record, "equations");
  for (guint i = 0; i < self->gamg->len; i++)
    {
      const OssCliGamg *one = &g_array_index (self->gamg, OssCliGamg, i);
      g_autofree char *key = oss_cli_bench_key (one->name, NULL);
      gboolean known = one->trouble[0] == '\0';
      oss_report_record_begin (record, key);
      oss_report_record_int (record, "unknowns", (gint64) one->own.n_unknowns);
      record_solution (record, "ossature", &one->own);
      if (known)
        record_solution (record, "gamg", &one->gamg);
      oss_report_record_string (record, "trouble", one->trouble);
      oss_report_record_double (record, "time_ratio", known ? one->gamg.seconds / one->own.seconds : NAN);
      oss_report_record_double (record, "cpu_ratio", known ? one->gamg.cpu_seconds / one->own.cpu_seconds : NAN);
      oss_report_record_double (record, "memory_ratio", known ? one->gamg.bytes / one->own.bytes : NAN);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}
