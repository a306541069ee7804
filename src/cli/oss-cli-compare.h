/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/oss-cli.h"
#include "study/oss-comparison.h"

G_BEGIN_DECLS

/* Two analyses; what is NULL or 0 is not known. */
typedef struct
{
  OssComparisonSide *a, *b;
  OssComparisonSide *texture; /* b's image by a's line: from it to b is the line's share, from a to it the texture's */
  char *names[2];             /* kernels, or folders */
  gboolean has_cut_offs[2];
  OssCutOffs cut_offs[2];
  GArray *pairs; /* OssKernelPair of the worklist */
} OssCliComparison;

void oss_cli_comparison_clear (OssCliComparison *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssCliComparison, oss_cli_comparison_clear)

/* The table, and compare.json. (transfer full) */
char *oss_cli_comparison_text (const OssCliComparison *self);
char *oss_cli_comparison_record (const OssCliComparison *self);

/**
 * oss_cli_compare_scan:
 * @kernels: of the two series of the scan in @path
 * @lines: "own", "common" or "published"
 * @output: (nullable): gets difference.nii.gz, compare.png, and each side's result.json
 *
 * Analyses both series, the second by the outline of the first, and the second once more by the first's line.
 */
gboolean oss_cli_compare_scan (OssCli *cli, const char *path, char *const kernels[2], const char *lines,
                               OssCliOutput *output, OssCliComparison *comparison, GError **error);

G_END_DECLS
