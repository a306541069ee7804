/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Densities of several vertebrae of one study, and their mean. */
#pragma once

#include "study/oss-study.h"

G_BEGIN_DECLS

typedef struct
{
  guint8 vertebra; /* VerSe number */
  OssVbmd vbmd;
  OssDensityError error;
  gboolean has_forms;
  OssVbmdForms forms;
} OssVbmdRow;

/**
 * oss_report_vbmd_mean:
 * @error: (out): the line's, the kernel's and the way's errors are the same in all; only noise grows less
 *
 * The mean of trabecular densities; mg/cm3.
 */
double oss_report_vbmd_mean (const OssCalibrationLine *line, const OssVbmdRow *rows, guint n, OssDensityError *error);

/* What the mean of two lumbar bodies is by the ACR bands, and why there is no class. @reason: (out), translated. */
const char *oss_report_vbmd_class (const OssCalibrationLine *line, const OssVbmdRow *rows, guint n, double mean,
                                   const char **reason);

/* Both (transfer full); @study: calibrated. */
char *oss_report_vbmd_json (OssStudy *study, const OssVbmdRow *rows, guint n);
char *oss_report_vbmd_text (OssStudy *study, const OssVbmdRow *rows, guint n);

G_END_DECLS
