/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-voxel-petsc-group.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-petsc.h"
#include "numeric/oss-cholesky.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <stdlib.h>
#include <unistd.h>

OssProcesses oss_processes;

/* The module lies in a folder beside the library; in the build tree, in that of this room. */
static char *
find_module (void)
{
  static const char *const folders[] = { "ossature", "fem", "../fem" };
  Dl_info info;

  if (dladdr (&oss_processes, &info) == 0 || info.dli_fname == NULL)
    return NULL;
  g_autofree char *folder = g_path_get_dirname (info.dli_fname);
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (folder, folders[i], OSS_PETSC_MODULE_FILE "." G_MODULE_SUFFIX, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

gboolean
oss_voxel_petsc_available (void)
{
  g_autofree char *path = find_module ();
  return path != NULL;
}

static gboolean
open_module (GError **error)
{
  g_autofree char *path = find_module ();
  GModule *module;
  gpointer symbol = NULL;

  if (path == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("This build has no PETSc: it runs on one machine. Build it with -Dpetsc=enabled."));
      return FALSE;
    }
  module = g_module_open (path, G_MODULE_BIND_LAZY);
  if (module == NULL || !g_module_symbol (module, OSS_PETSC_MODULE_SYMBOL, &symbol))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("PETSc cannot be used: %s"), g_module_error ());
      return FALSE;
    }
  g_module_make_resident (module);
  oss_processes.module = symbol;
  if (g_str_equal (oss_processes.module->version, OSS_VERSION))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("PETSc cannot be used: %s"), path);
  return FALSE;
}

/* As many threads as processors is what nobody asked for.  A process that was bound to some has them for itself. */
static void
share_processors (guint n)
{
  if (g_get_num_processors () < (guint) sysconf (_SC_NPROCESSORS_ONLN))
    return;
  if (oss_parallel_threads () == g_get_num_processors ())
    oss_parallel_set_threads (MAX (g_get_num_processors () / n, 1));
}

gboolean
oss_voxel_petsc_start (int *process, int *n_processes, GError **error)
{
  int n_on_machine;

  if (!oss_processes.started)
    {
      if (!open_module (error))
        return FALSE;
      oss_processes.module->start (&oss_processes.rank, &oss_processes.n_ranks, &n_on_machine);
      oss_processes.started = TRUE;
      share_processors ((guint) n_on_machine);
      atexit (oss_voxel_petsc_stop);
    }
  *process = oss_processes.rank;
  *n_processes = oss_processes.n_ranks;
  return TRUE;
}

void
oss_voxel_petsc_stop (void)
{
  OssPetscHeader nothing = { FALSE };

  if (!oss_processes.started)
    return;
  oss_processes.started = FALSE;
  if (!oss_processes.served && oss_processes.rank == 0)
    oss_processes.module->broadcast (&nothing, sizeof nothing);
  oss_processes.module->stop ();
}

double
oss_processes_reduce (double value, OssPetscReduction reduction)
{
  oss_processes.module->reduce (&value, 1, reduction);
  return value;
}

gboolean
oss_processes_agree (gboolean well, GError **error)
{
  int rank = oss_processes.rank, n = oss_processes.n_ranks;
  int failed = (int) oss_processes_reduce (well ? n : rank, OSS_PETSC_MIN);
  struct
  {
    int code;
    char message[500];
  } mine = { OSS_ERROR_FAILED, "" }, told;

  if (failed == n)
    return TRUE;
  if (failed == rank && error != NULL && *error != NULL)
    {
      mine.code = (*error)->code;
      g_strlcpy (mine.message, (*error)->message, sizeof mine.message);
    }
  /* From the one that failed to all: gathered, as the others have nothing to say. */
  g_autofree gsize *bytes = g_new0 (gsize, n);
  bytes[failed] = sizeof told;
  oss_processes.module->gather (&mine, &told, bytes);
  g_clear_error (error);
  if (failed == 0)
    g_set_error_literal (error, OSS_ERROR, told.code, told.message);
  else
    g_set_error (error, OSS_ERROR, told.code, _ ("Process %d: %s"), failed, told.message);
  return FALSE;
}

gboolean
oss_processes_have_memory (double bytes, GError **error)
{
  double free_bytes = oss_memory_free_bytes (), needed = oss_processes.module->sum_on_machine (bytes);
  gboolean enough = !(free_bytes > 0.0 && needed > free_bytes);

  if (!enough)
    {
      g_autofree char *asked = oss_memory_text (needed), *there = oss_memory_text (free_bytes);
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("The processes on one machine need %s together; %s are free."), asked, there);
    }
  return oss_processes_agree (enough, error);
}
