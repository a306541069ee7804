/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-study.h"

G_BEGIN_DECLS

/* What every command gets: the options before the command's name, and progress with stop. */
typedef struct
{
  gboolean json;
  gboolean quiet;
  OssTick tick;
} OssCli;

/* Runs a command on its own arguments (argv[0] is its name); FALSE with an error. */
typedef gboolean (*OssCliFunc) (OssCli *cli, int argc, char **argv, GError **error);

gboolean oss_cli_virtual (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_scan (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_deidentify (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_calibrate (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_correct (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_kernel (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_quality (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_segment (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_vbmd (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_mesh (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_analyze (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_compare (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_export (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_solve (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_homogenize (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_pacs_command (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_bench (OssCli *cli, int argc, char **argv, GError **error);

/* Several tables as one, zero-terminated; g_free(). */
GOptionEntry *oss_cli_join (const GOptionEntry *const *tables);
/* Parses @entries; what is left must be @min to @max paths ("--help" prints and exits). */
gboolean oss_cli_parse (int *argc, char ***argv, const GOptionEntry *entries, const char *usage, const char *summary,
                        int min, int max, GError **error);
/* "1.5,-2,3" */
gboolean oss_cli_parse_numbers (const char *option, const char *text, int n, double *numbers, GError **error);
/* "L1" -> VerSe number. */
gboolean oss_cli_parse_vertebra (const char *text, guint8 *vertebra, GError **error);

/* Prints to standard output; an error when that fails (disk full, closed pipe). */
gboolean oss_cli_print (const char *text, GError **error);

/* A progress bar on a terminal, a line a step elsewhere. */
void oss_cli_progress_start (OssCli *cli, const int *stop);
void oss_cli_progress_end (OssCli *cli);

/* The options that say what is analysed; shared by calibrate, segment, mesh and analyze. */
typedef struct
{
  gboolean resample_tilt;
  char *correct_to, *correct_from, *correct_mtf;
  double correct_to_mm;
  char *series, *kernel, *density, *calibration, *phantom, *serial, *certificate, *worklist;
  int quality_age;
  char **tissues, *internal_model, *effective_energy;
  char *vertebra, *at, *labels, *numbering, *label_values;
  char *mesh_kind, *law, *conversion;
  char *caps;
  double cap_thickness, cap_modulus;
  double mesh_size, displacement;
  gboolean nonlinear;
  char *yield_law, *criterion, *post_yield;
  double final_strain;
  int increments, newton_iterations;
} OssCliInput;

extern OssCliInput oss_cli_input;
extern const GOptionEntry oss_cli_input_series[], oss_cli_input_correct[], oss_cli_input_load[],
    oss_cli_input_segment[], oss_cli_input_mesh[], oss_cli_input_simulate[], oss_cli_input_nonlinear[];

/* The settings of --nonlinear, checked; borrowed.  USAGE when one is given without it. */
gboolean oss_cli_input_yielding (OssYieldingOptions *options, GError **error);
/* FAILED for a curve (nullable) that ends early: a result, and a failure to whoever waits for all of it. */
gboolean oss_cli_curve_check (const OssFemCurve *curve, GError **error);
gboolean oss_cli_input_apply (OssStudy *study, const char *path, GError **error);

/* Files of a command that appear in @folder together or not at all. */
typedef struct _OssCliOutput OssCliOutput;
OssCliOutput *oss_cli_output_new (const char *folder, GError **error);
/* Where to write file @name for now. (transfer full) */
char *oss_cli_output_path (OssCliOutput *self, const char *name);
/* It was not written after all. */
void oss_cli_output_forget (OssCliOutput *self, const char *name);
gboolean oss_cli_output_commit (OssCliOutput *self, GError **error);
void oss_cli_output_free (OssCliOutput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssCliOutput, oss_cli_output_free)

gboolean oss_cli_write_labels (OssStudy *study, const char *path, const OssTick *tick, GError **error);
gboolean oss_cli_write_density (OssStudy *study, const char *path, const OssTick *tick, GError **error);
gboolean oss_cli_write_stress_vtu (OssStudy *study, const char *path, GError **error);
gboolean oss_cli_write_mesh_vtu (const OssMesh *mesh, const char *path, GError **error);

/* tissues.png, when the calibration rests on the patient's own tissues (oss-cli-internal.c). */
gboolean oss_cli_write_tissues (OssStudy *study, OssCliOutput *output, GError **error);
void oss_cli_describe_internal (GString *text, const OssInternalFit *fit);

/* Writes result.json and lets all files of @output (nullable) appear; the JSON. (transfer full) */
char *oss_cli_finish (OssStudy *study, OssCliOutput *output, GError **error);

G_END_DECLS
