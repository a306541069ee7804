/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-petsc-private.h"

#include <stdlib.h>
#include <unistd.h>

#define FAILED_STATUS 4 /* oss_error_exit_status() of OSS_ERROR_FAILED */

OssProcesses oss_processes;

gboolean
oss_voxel_petsc_available (void)
{
  return TRUE;
}

/* What PETSc cannot do ends all processes: it may be that only this one is here. */
static PetscErrorCode
abort_all (MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code, PetscErrorType type,
           const char *message, void *data)
{
  g_printerr ("ossature: PETSc, %s, line %d: %s\n", function, line, message);
  MPI_Abort (MPI_COMM_WORLD, FAILED_STATUS);
  return code;
}

/* As many threads as processors is what nobody asked for.  A process that was bound to some has them for itself. */
static void
share_processors (void)
{
  MPI_Comm machine;
  int n;

  if (g_get_num_processors () < (guint) sysconf (_SC_NPROCESSORS_ONLN))
    return;

  MPI_Comm_split_type (MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  MPI_Comm_size (machine, &n);
  MPI_Comm_free (&machine);
  if (oss_parallel_threads () == g_get_num_processors ())
    oss_parallel_set_threads (MAX (g_get_num_processors () / (guint) n, 1));
}

gboolean
oss_voxel_petsc_start (int *process, int *n_processes, GError **error)
{
  int provided;

  if (!oss_processes.started)
    {
      MPI_Init_thread (NULL, NULL, MPI_THREAD_FUNNELED, &provided);
      TRY (PetscOptionsSetValue (NULL, "-no_signal_handler", "true"));
      TRY (PetscInitializeNoArguments ());
      TRY (PetscPushErrorHandler (abort_all, NULL));
      MPI_Comm_rank (MPI_COMM_WORLD, &oss_processes.rank);
      MPI_Comm_size (MPI_COMM_WORLD, &oss_processes.n_ranks);
      oss_processes.started = TRUE;
      share_processors ();
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
    MPI_Bcast (&nothing, sizeof nothing, MPI_BYTE, 0, MPI_COMM_WORLD);
  PetscFinalize ();
  MPI_Finalize ();
}

/* Whether all processes are well.  If not, all have the error of the one with the lowest number. */
gboolean
oss_processes_agree (gboolean well, GError **error)
{
  int mine = well ? oss_processes.n_ranks : oss_processes.rank, failed;
  struct
  {
    int code;
    char message[500];
  } told = { OSS_ERROR_FAILED, "" };

  MPI_Allreduce (&mine, &failed, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (failed == oss_processes.n_ranks)
    return TRUE;
  if (failed == oss_processes.rank && error != NULL && *error != NULL)
    {
      told.code = (*error)->code;
      g_strlcpy (told.message, (*error)->message, sizeof told.message);
    }
  MPI_Bcast (&told, sizeof told, MPI_BYTE, failed, MPI_COMM_WORLD);
  g_clear_error (error);
  if (failed == 0)
    g_set_error_literal (error, OSS_ERROR, told.code, told.message);
  else
    g_set_error (error, OSS_ERROR, told.code, _ ("Process %d: %s"), failed, told.message);
  return FALSE;
}

/* @bytes are what each process is about to take. */
gboolean
oss_processes_have_memory (double bytes, GError **error)
{
  double free_bytes = oss_memory_free_bytes (), needed;
  MPI_Comm machine;
  gboolean enough;

  MPI_Comm_split_type (MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  MPI_Allreduce (&bytes, &needed, 1, MPI_DOUBLE, MPI_SUM, machine);
  MPI_Comm_free (&machine);
  enough = !(free_bytes > 0.0 && needed > free_bytes);
  if (!enough)
    g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                 _ ("The processes on one machine need %.1f GB together; %.1f GB are free."), needed / 1e9,
                 free_bytes / 1e9);
  return oss_processes_agree (enough, error);
}
