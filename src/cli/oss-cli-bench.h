/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/oss-cli.h"
#include "fem/oss-fem-bench.h"
#include "numeric/oss-machine.h"
#include "report/oss-report-record.h"

G_BEGIN_DECLS

/* A whole process; @peak_mib is NaN where the system does not tell. */
typedef struct
{
  double seconds, cpu_seconds, peak_mib;
} OssCliRun;

/* One deck, solved by this program and by CalculiX, each in a process of its own. */
typedef struct
{
  char name[32];
  OssCliRun own, ccx;
  double own_reaction_n, ccx_reaction_n; /* along the third axis on the set MOVED; NaN where there is none */
  gsize unknowns;
  int iterations;
  char trouble[160]; /* why CalculiX has no figures, or "" */
} OssCliPeer;

typedef struct
{
  char name[32]; /* "tet10 2 mm, CG" */
  OssBenchSolution solution;
} OssCliSolution;

/* The same equations by this program and by PETSc. */
typedef struct
{
  char name[32];
  OssBenchSolution own, gamg;
  char trouble[160]; /* why PETSc has no figures, or "" */
} OssCliGamg;

/* A voxel model; what is solved to @tolerance. */
typedef struct
{
  gsize size[3];
  double spacing_mm[3], tolerance;
  const guint8 *bits;
} OssCliVoxels;

/* What was measured. */
typedef struct
{
  OssMachine machine;
  GArray *kernels;   /* OssBenchKernel */
  GArray *solutions; /* OssCliSolution */
  GArray *peers;     /* OssCliPeer */
  GArray *gamg;      /* OssCliGamg */
  gboolean ccx;      /* it is installed */
  gboolean petsc;    /* it is built in, and mpirun installed */
} OssCliBench;

void oss_cli_bench_init (OssCliBench *self);
void oss_cli_bench_clear (OssCliBench *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssCliBench, oss_cli_bench_clear)

/* The tables, and result.json. (transfer full) */
char *oss_cli_bench_table (const OssCliBench *self);
char *oss_cli_bench_record (const OssCliBench *self);

/* Solves the deck in this process, writes displacements and stresses to @vtu, and prints what the peer wants to know.
 */
gboolean oss_cli_bench_alone (OssCli *cli, const char *deck, const char *vtu, GError **error);

/* Runs this program, and @ccx too, on a deck; FALSE when this one fails or a stop is asked for. */
gboolean oss_cli_bench_compare (const char *deck, const char *name, gboolean ccx, OssCliPeer *peer, const OssTick *tick,
                                GError **error);
/* Runs a program in @folder with its output in the file @log there. */
gboolean oss_cli_bench_run (const char *folder, const char *const *argv, const char *log, OssCliRun *run,
                            const OssTick *tick, GError **error);
void oss_cli_bench_remove_folder (const char *folder);
/* "tet10 2 mm", "CG" -> "tet10_2_mm_cg"; @second: (nullable) */
char *oss_cli_bench_key (const char *first, const char *second);

/* Solves the equations of a model, or of @voxels when there is none, with PETSc too; @own: (nullable): our solution of
 * the voxels. */
gboolean
oss_cli_bench_compare_gamg (OssCliBench *bench, const char *name, const OssFemModel *model, const OssCliVoxels *voxels,
                            const OssBenchSolution *own, const OssTick *tick, GError **error);
/* One of the processes that do so. */
gboolean oss_cli_bench_equations (const char *path, GError **error);
void oss_cli_bench_append_gamg (const OssCliBench *self, GString *text);
void oss_cli_bench_record_gamg (const OssCliBench *self, OssReportRecord *record);
/* Whether PETSc is built in and mpirun found. */
gboolean oss_cli_bench_has_petsc (void);

/* ossature bench dicom, ossature bench density */
gboolean oss_cli_bench_dicom (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_bench_density (OssCli *cli, int argc, char **argv, GError **error);

/* Whether "ccx" is found. */
gboolean oss_cli_bench_has_ccx (void);

G_END_DECLS
