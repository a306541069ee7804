/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The group of processes that mpirun started, by a module that is opened at run time: it alone is linked with MPI and
 * PETSc, whose libraries would otherwise make every start of the program slower. */
#include "fem/oss-voxel.h"

G_BEGIN_DECLS

/* What MPI or PETSc cannot do ends all processes with this: oss_error_exit_status() of OSS_ERROR_FAILED. */
#define OSS_PETSC_FAILED_STATUS 4

typedef enum
{
  OSS_PETSC_SUM,
  OSS_PETSC_MIN,
  OSS_PETSC_MAX
} OssPetscReduction;

/* To one process and from it. */
typedef struct
{
  int process;
  gsize out_bytes, in_bytes;
  const void *out;
  void *in;
} OssPetscMessage;

/* A x = b by conjugate gradients from x = 0 or, @from_x, from x. @n: own unknowns; @multiply, @precondition: by all
 * processes at once;
 * @judge: told of the norm of the residual before the first iteration and after each, TRUE: stop */
typedef struct
{
  gsize n;
  double *b, *x;
  gboolean from_x;
  void (*multiply) (void *data, const double *x, double *y);
  void (*precondition) (void *data, const double *r, double *z);
  gboolean (*judge) (void *data, int iteration, double norm);
  void *data;
} OssPetscEquations;

/**
 * OssPetscGamg: A x = b by conjugate gradients with PETSc's algebraic multigrid, which ours are compared with.
 * @n, @start, @column, @value: as in OssBlockMatrix; known to each process
 * @coordinates, @right: [n][3]
 * @built: told when the above is not needed any more
 * @product: (out): b x; the other results: times of this process, for all the same iterations and residual
 */
typedef struct
{
  gsize n;
  const guint64 *start;
  const gint32 *column;
  const double *value, *coordinates, *right;
  double tolerance;
  void (*built) (void *data);
  void *data;
  int iterations;
  double setup_seconds, seconds, cpu_seconds, relative_residual, product;
} OssPetscGamg;

void oss_petsc_gamg (OssPetscGamg *self); /* within the module */

/**
 * OssPetscModule: what the module offers.  All processes call the same, except for @send and @receive.
 * @version: of the program that it was built with: another one's does not fit
 * @most: unknowns that this PETSc can number
 * @start: number of this process, how many there are, how many on this machine
 * @exchange: all messages at once
 * @reduce, @reduce_float: over all processes, known to each
 * @sum_on_machine: over those of this machine
 * @gather: what each has, one after the other, known to each; @bytes: [processes]
 */
typedef struct
{
  const char *version;
  double most;
  void (*start) (int *process, int *n_processes, int *n_on_machine);
  void (*stop) (void);
  void (*broadcast) (void *data, gsize bytes);
  void (*send) (const void *data, gsize bytes, int process);
  void (*receive) (void *data, gsize bytes, int process);
  void (*exchange) (const OssPetscMessage *messages, int n);
  void (*reduce) (double *values, gsize n, OssPetscReduction reduction);
  void (*sum_float) (float *values, gsize n);
  double (*sum_on_machine) (double value);
  void (*gather) (const void *mine, void *all, const gsize *bytes);
  void (*solve) (const OssPetscEquations *equations);
  void (*gamg) (OssPetscGamg *gamg);
} OssPetscModule;

/* The module's only symbol. */
#define OSS_PETSC_MODULE_SYMBOL "oss_petsc_module"
#define OSS_PETSC_MODULE_FILE "ossature-petsc"

/* @served: process 0 told the others what to do. */
typedef struct
{
  gboolean started, served;
  int rank, n_ranks;
  const OssPetscModule *module;
} OssProcesses;

extern OssProcesses oss_processes;

/* What process 0 tells the others. */
typedef struct
{
  gboolean work; /* FALSE: there is nothing to solve */
  gboolean fields;
  gsize size[3], n_held, n_parts;
  double spacing_mm[3], poisson, tolerance;
  int max_iterations;
} OssPetscHeader;

/* Whether all processes are well.  If not, all have the error of the one with the lowest number. */
gboolean oss_processes_agree (gboolean well, GError **error);
/* @bytes are what each process is about to take. */
gboolean oss_processes_have_memory (double bytes, GError **error);
double oss_processes_reduce (double value, OssPetscReduction reduction);

G_END_DECLS
