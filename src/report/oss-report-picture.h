/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report and its tests. */
#pragma once

#include "report/oss-report.h"

#include <cairo.h>

G_BEGIN_DECLS

/* Where the colours of the bar stand, in pixels; lowest value at the bottom. */
typedef struct
{
  double x, y, width, height;
  double unit; /* all lengths and letters grow with it; 1 for a picture of 320 rows */
} OssColorbarPlace;

/* A copy with premultiplied alpha; cairo_surface_destroy() */
cairo_surface_t *oss_report_picture_surface (const OssPicture *picture);

/* What stands on @surface, opaque. (transfer full) */
OssPicture *oss_report_picture_from (cairo_surface_t *surface);

void oss_report_colorbar_place (const OssPicture *picture, OssColorbarPlace *place);

#define OSS_MOST_TICKS 12

/* Round numbers (1, 2 or 5 times a power of ten apart) in [low, high], five or so; gives their count and the
 * decimals they need. */
int oss_report_ticks (double low, double high, double ticks[OSS_MOST_TICKS], int *decimals);

G_END_DECLS
