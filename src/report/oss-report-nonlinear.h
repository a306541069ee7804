/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-estimators.h"

G_BEGIN_DECLS

/* A curve beyond yield with what it was made by; everything is borrowed. */
typedef struct
{
  const OssFemCurve *curve; /* NULL: linear analysis only */
  double height_mm, final_strain;
  const char *yield_name, *yield_source, *criterion, *post_yield;
} OssReportNonlinear;

/* curve.csv: the increments, a row each. */
gboolean oss_report_write_curve (const OssFemCurve *curve, double height_mm, const char *path, GError **error);

G_END_DECLS
