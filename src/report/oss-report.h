/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-picture.h"
#include "study/oss-study.h"

G_BEGIN_DECLS

/* What the reader adds; strings may be NULL. */
typedef struct
{
  const char *institution, *reader, *comment;
  const char *paper;        /* "A4" (default) or "Letter" */
  gboolean name_patient;    /* FALSE: identifier only */
  const OssPicture *stress; /* from render; NULL: the report says why it is missing */
  const char *stress_caption;
} OssReportOptions;

/* Two pages: reading, method.  (transfer none) study must have simulated. */
OSS_API gboolean oss_report_pdf (OssStudy *study, const OssReportOptions *options, const char *path, GError **error);
/* One row per quantity: name,value,unit,method.  No names, de-identified. */
OSS_API gboolean oss_report_csv (OssStudy *study, const char *path, GError **error);
/* result.json of the command line's contract; also as text for --json. (transfer full) */
OSS_API char *oss_report_json (OssStudy *study);

/* Any picture as PNG. */
OSS_API gboolean oss_report_png (const OssPicture *picture, const char *path, GError **error);

/* Draws a labelled colour bar (title with unit, round ticks, end triangles, mark at the 95th percentile, load below)
 * into the right of @picture, and the axes sign at the lower left when @camera_axes is given ([3][2] screen directions
 * of L, P, S). */
typedef struct
{
  const OssColormap *map;
  double low, high;
  const char *title; /* "von Mises, MPa" */
  const char *load;  /* "1 % compression, 6 310 N" */
  double mark;       /* NaN: none */
  const double (*axes)[2];
  double deformation;
} OssColorbar;

OSS_API void oss_report_colorbar (OssPicture *picture, const OssColorbar *bar);

G_END_DECLS
