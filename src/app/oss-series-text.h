/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"

G_BEGIN_DECLS

/* What the verdict page says about a series: words only, no widget. */

typedef struct
{
  const char *name; /* translated: "Slices evenly spaced" */
  char *value;      /* "1.00 mm", "slices missing" */
  OssVerdict state;
} OssSeriesCheck;

#define OSS_SERIES_N_CHECKS 8
void oss_series_checks (const OssSeries *series, OssSeriesCheck checks[OSS_SERIES_N_CHECKS]);
void oss_series_checks_clear (OssSeriesCheck checks[OSS_SERIES_N_CHECKS]);

/* "Series 2 cannot be analysed" (transfer full) */
char *oss_series_headline (const OssSeries *series);
/* The reasons, one sentence after the other. (transfer full) */
char *oss_series_reasons (const OssSeries *series);
/* "211 × 1.25 mm · axial" (transfer full) */
char *oss_series_facts (const OssSeries *series);
/* The verdict as plain text for a mail to the scanner room: no name, no identifier. (transfer full) */
char *oss_series_explanation (const OssSeries *series);

G_END_DECLS
