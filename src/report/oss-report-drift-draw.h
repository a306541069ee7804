/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-quality.h"

#include <pango/pangocairo.h>

G_BEGIN_DECLS

/* Where and how a chart is drawn: as in OssCurveLook; @warn: points beyond the limits. */
typedef struct
{
  double x, y, width, height;
  double text_size;
  const char *font;
  guint32 ink, dim, grid, accent, warn;
} OssDriftLook;

/* Density at 100 mg/cm3 over the days with its limits, and the slope below: two panels under one another. */
void oss_report_draw_drift (cairo_t *cr, PangoContext *context, const OssDriftLook *look, const OssQualityGroup *group);

G_END_DECLS
