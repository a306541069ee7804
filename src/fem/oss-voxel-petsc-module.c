/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module that knows MPI and PETSc; it needs nothing of the library that opens it. */
#include "fem/oss-voxel-petsc-group.h"

#include <gmodule.h>
#include <mpi.h>
#include <petscksp.h>

#define TRY(call) PetscCallAbort (PETSC_COMM_WORLD, call)
#define AT_ONCE ((gsize) 1 << 26) /* MPI counts in int */

G_MODULE_EXPORT extern const OssPetscModule oss_petsc_module;

/* --- Processes --- */

/* What PETSc cannot do ends all processes: it may be that only this one is here. */
static PetscErrorCode
abort_all (MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code, PetscErrorType type,
           const char *message, void *data)
{
  g_printerr ("ossature: PETSc, %s, line %d: %s\n", function, line, message);
  MPI_Abort (MPI_COMM_WORLD, OSS_PETSC_FAILED_STATUS);
  return code;
}

static void
start (int *process, int *n_processes, int *n_on_machine)
{
  MPI_Comm machine;
  int provided;

  MPI_Init_thread (NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  TRY (PetscOptionsSetValue (NULL, "-no_signal_handler", "true"));
  TRY (PetscInitializeNoArguments ());
  TRY (PetscPushErrorHandler (abort_all, NULL));
  MPI_Comm_rank (MPI_COMM_WORLD, process);
  MPI_Comm_size (MPI_COMM_WORLD, n_processes);
  MPI_Comm_split_type (MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  MPI_Comm_size (machine, n_on_machine);
  MPI_Comm_free (&machine);
}

static void
stop (void)
{
  PetscFinalize ();
  MPI_Finalize ();
}

static void
broadcast (void *data, gsize bytes)
{
  for (gsize at = 0; at < bytes; at += AT_ONCE)
    MPI_Bcast ((char *) data + at, (int) MIN (bytes - at, AT_ONCE), MPI_BYTE, 0, MPI_COMM_WORLD);
}

static void
send (const void *data, gsize bytes, int process)
{
  for (gsize at = 0; at < bytes; at += AT_ONCE)
    MPI_Send ((const char *) data + at, (int) MIN (bytes - at, AT_ONCE), MPI_BYTE, process, 0, MPI_COMM_WORLD);
}

static void
receive (void *data, gsize bytes, int process)
{
  for (gsize at = 0; at < bytes; at += AT_ONCE)
    MPI_Recv ((char *) data + at, (int) MIN (bytes - at, AT_ONCE), MPI_BYTE, process, 0, MPI_COMM_WORLD,
              MPI_STATUS_IGNORE);
}

/* The border of one process's box is far below what MPI can count. */
static void
exchange (const OssPetscMessage *messages, int n)
{
  MPI_Request *request = g_newa (MPI_Request, MAX (2 * n, 1));

  for (int i = 0; i < n; i++)
    MPI_Irecv (messages[i].in, (int) messages[i].in_bytes, MPI_BYTE, messages[i].process, 1, MPI_COMM_WORLD,
               &request[i]);
  for (int i = 0; i < n; i++)
    MPI_Isend (messages[i].out, (int) messages[i].out_bytes, MPI_BYTE, messages[i].process, 1, MPI_COMM_WORLD,
               &request[n + i]);
  MPI_Waitall (2 * n, request, MPI_STATUSES_IGNORE);
}

static void
reduce (double *values, gsize n, OssPetscReduction reduction)
{
  MPI_Op op = reduction == OSS_PETSC_SUM ? MPI_SUM : reduction == OSS_PETSC_MIN ? MPI_MIN : MPI_MAX;

  for (gsize at = 0; at < n; at += AT_ONCE)
    MPI_Allreduce (MPI_IN_PLACE, values + at, (int) MIN (n - at, AT_ONCE), MPI_DOUBLE, op, MPI_COMM_WORLD);
}

static void
sum_float (float *values, gsize n)
{
  for (gsize at = 0; at < n; at += AT_ONCE)
    MPI_Allreduce (MPI_IN_PLACE, values + at, (int) MIN (n - at, AT_ONCE), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

static double
sum_on_machine (double value)
{
  MPI_Comm machine;
  double sum;

  MPI_Comm_split_type (MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  MPI_Allreduce (&value, &sum, 1, MPI_DOUBLE, MPI_SUM, machine);
  MPI_Comm_free (&machine);
  return sum;
}

/* What is gathered is small: the coarsest levels. */
static void
gather (const void *mine, void *all, const gsize *bytes)
{
  int n, rank;

  MPI_Comm_size (MPI_COMM_WORLD, &n);
  MPI_Comm_rank (MPI_COMM_WORLD, &rank);
  int *count = g_new (int, 2 * n), *start_at = count + n;
  for (int i = 0, at = 0; i < n; at += count[i++])
    {
      count[i] = (int) bytes[i];
      start_at[i] = at;
    }
  MPI_Allgatherv (mine, count[rank], MPI_BYTE, all, count, start_at, MPI_BYTE, MPI_COMM_WORLD);
  g_free (count);
}

/* --- Solution --- */

static PetscErrorCode
multiply (Mat matrix, Vec x, Vec y)
{
  const OssPetscEquations *equations;
  const double *from;
  double *to;

  PetscFunctionBeginUser;
  PetscCall (MatShellGetContext (matrix, &equations));
  PetscCall (VecGetArrayRead (x, &from));
  PetscCall (VecGetArrayWrite (y, &to));
  equations->multiply (equations->data, from, to);
  PetscCall (VecRestoreArrayWrite (y, &to));
  PetscCall (VecRestoreArrayRead (x, &from));
  PetscFunctionReturn (0);
}

static PetscErrorCode
precondition (PC pc, Vec r, Vec z)
{
  const OssPetscEquations *equations;
  const double *from;
  double *to;

  PetscFunctionBeginUser;
  PetscCall (PCShellGetContext (pc, &equations));
  PetscCall (VecGetArrayRead (r, &from));
  PetscCall (VecGetArrayWrite (z, &to));
  equations->precondition (equations->data, from, to);
  PetscCall (VecRestoreArrayWrite (z, &to));
  PetscCall (VecRestoreArrayRead (r, &from));
  PetscFunctionReturn (0);
}

static PetscErrorCode
judge (KSP ksp, PetscInt n, PetscReal norm, KSPConvergedReason *reason, void *data)
{
  const OssPetscEquations *equations = data;

  PetscFunctionBeginUser;
  *reason = equations->judge (equations->data, n, norm) ? KSP_CONVERGED_ITS : KSP_CONVERGED_ITERATING;
  PetscFunctionReturn (0);
}

static void
solve (const OssPetscEquations *equations)
{
  PetscInt n = (PetscInt) equations->n;
  Vec b, x;
  Mat matrix;
  KSP ksp;
  PC pc;

  TRY (VecCreateMPIWithArray (MPI_COMM_WORLD, 1, n, PETSC_DETERMINE, equations->b, &b));
  TRY (VecCreateMPIWithArray (MPI_COMM_WORLD, 1, n, PETSC_DETERMINE, equations->x, &x));
  TRY (MatCreateShell (MPI_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, (void *) equations, &matrix));
  TRY (MatShellSetOperation (matrix, MATOP_MULT, (void (*) (void)) multiply));
  TRY (MatSetOption (matrix, MAT_SPD, PETSC_TRUE));
  TRY (KSPCreate (MPI_COMM_WORLD, &ksp));
  TRY (KSPSetType (ksp, KSPCG));
  TRY (KSPSetNormType (ksp, KSP_NORM_UNPRECONDITIONED));
  TRY (KSPSetConvergenceTest (ksp, judge, (void *) equations, NULL));
  TRY (KSPSetTolerances (ksp, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_MAX_INT));
  TRY (KSPSetOperators (ksp, matrix, matrix));
  TRY (KSPGetPC (ksp, &pc));
  TRY (PCSetType (pc, PCSHELL));
  TRY (PCShellSetContext (pc, (void *) equations));
  TRY (PCShellSetApply (pc, precondition));
  TRY (KSPSetInitialGuessNonzero (ksp, equations->from_x ? PETSC_TRUE : PETSC_FALSE));
  TRY (KSPSolve (ksp, b, x));
  TRY (KSPDestroy (&ksp));
  TRY (MatDestroy (&matrix));
  TRY (VecDestroy (&x));
  TRY (VecDestroy (&b));
}

const OssPetscModule oss_petsc_module = {
  .version = OSS_VERSION,
  .most = (double) PETSC_MAX_INT,
  .start = start,
  .stop = stop,
  .broadcast = broadcast,
  .send = send,
  .receive = receive,
  .exchange = exchange,
  .reduce = reduce,
  .sum_float = sum_float,
  .sum_on_machine = sum_on_machine,
  .gather = gather,
  .solve = solve,
  .gamg = oss_petsc_gamg,
};
