/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the files that know MPI and PETSc share; nothing else includes it. */
#include "fem/oss-voxel-petsc.h"
#include "fem/oss-voxel-share.h"

#include <mpi.h>
#include <petscdmda.h>
#include <petscksp.h>

G_BEGIN_DECLS

#define TRY(call) PetscCallAbort (PETSC_COMM_WORLD, call)

/* The group of processes. @served: process 0 told the others what to do. */
typedef struct
{
  gboolean started, served;
  int rank, n_ranks;
} OssProcesses;

extern OssProcesses oss_processes;

/* Whether all processes are well.  If not, all have the error of the one with the lowest number. */
gboolean oss_processes_agree (gboolean well, GError **error);
/* @bytes are what each process is about to take. */
gboolean oss_processes_have_memory (double bytes, GError **error);

/* What process 0 tells the others. */
typedef struct
{
  gboolean work; /* FALSE: there is nothing to solve */
  gboolean fields;
  gsize size[3], n_held;
  double spacing_mm[3], poisson, tolerance;
  int max_iterations;
} OssPetscHeader;

typedef struct _Job OssPetscJob;

typedef struct
{
  OssPetscJob *job;
  OssVoxelBox box;
  DM points;
  Vec lattice;
  Mat operator, transfer; /* @transfer: from the coarser level, the next of the array */
  Mat assembled;          /* coarsest level */
} OssPetscLevel;

struct _Job
{
  OssPetscHeader header;
  OssVoxelFreedom *held;
  double *held_mm;
  OssVoxelShare share;
  OssPetscLevel level[OSS_VOXEL_MAX_LEVELS];
  OssVoxelWork work;
  OssVoxelInfo info;
  gboolean open; /* the operator lets held freedoms through */
  KSP ksp;
  Vec x, b, w, r;
  double load_norm;
  OssVoxelResult *result;
  int stopped;
  const OssTick *tick;
};

void oss_petsc_job_clear (OssPetscJob *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssPetscJob, oss_petsc_job_clear)

/* --- Levels --- */

void oss_petsc_make_lattice (OssPetscJob *self, int l);
/* From own points to the borders of the neighbours. */
PetscErrorCode oss_petsc_exchange (OssPetscLevel *level);
PetscErrorCode oss_petsc_to_lattice (OssPetscLevel *level, Vec x);
/* @from: own moduli of the finest level; taken. */
gboolean oss_petsc_build_levels (OssPetscJob *self, float *from, GError **error);
void oss_petsc_make_operators (OssPetscLevel *level, gboolean coarsest);
/* The coarsest level as a matrix: each process adds its own elements. */
void oss_petsc_assemble (OssPetscLevel *level);

/* --- Solution --- */

void oss_petsc_set_solver (OssPetscJob *self);
gboolean oss_petsc_set_load (OssPetscJob *self, GError **error);
gboolean oss_petsc_iterate (OssPetscJob *self, GError **error);
/* Reactions and energy of x + w; on process 0. */
void oss_petsc_finish (OssPetscJob *self);

G_END_DECLS
