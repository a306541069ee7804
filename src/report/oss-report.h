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

/**
 * oss_report_pdf:
 * @options: (nullable): then A4, de-identified, without a stress picture
 *
 * Two pages, reading and method; a third when the comment or the notes are long.  Equal input gives equal bytes
 * when SOURCE_DATE_EPOCH is set.  Errors: USAGE when the study has not simulated; FAILED when @path cannot be
 * written, and then nothing is left there.
 *
 * Thread safety: the study's owner thread only.
 */
OSS_API gboolean oss_report_pdf (OssStudy *study, const OssReportOptions *options, const char *path, GError **error);
/* One row a quantity: quantity,value,unit,method,source (RFC 4180, decimal point).  No names, de-identified. */
OSS_API gboolean oss_report_csv (OssStudy *study, const char *path, GError **error);
/* The load-displacement curve, a row an increment; USAGE when the study has none. */
OSS_API gboolean oss_report_curve_csv (OssStudy *study, const char *path, GError **error);
/* result.json of the command line's contract, also as text for --json; works for a study that has run only some
 * steps: what is not known is null. (transfer full) */
OSS_API char *oss_report_json (OssStudy *study);

/* The phantom's rods on the image beside their fit; USAGE when the study was not calibrated with one. */
OSS_API gboolean oss_report_phantom_png (OssStudy *study, const char *path, GError **error);
/* Any picture as PNG. */
OSS_API gboolean oss_report_png (const OssPicture *picture, const char *path, GError **error);

/**
 * OssColorbar:
 * @map: colours of [@low, @high]; values above have the end's colour, which a triangle says, and below likewise
 *   unless @low is 0
 * @title: quantity and unit, "von Mises, MPa"
 * @load: (nullable): what it was computed for, "1 % compression, 6 310 N"
 * @mark: the 95th percentile; NaN: none
 * @axes: (nullable): [3][2] directions (right, up) of the patient's left, posterior and superior in the picture;
 *   drawn at the lower left with the letters L, A, H
 * @deformation: written in the picture unless 0
 */
typedef struct
{
  const OssColormap *map;
  double low, high;
  const char *title;
  const char *load;
  double mark;
  const double (*axes)[2];
  double deformation;
} OssColorbar;

/* Draws the bar into the right of @picture: at least 240 pixels high where the picture allows, ticks at round
 * numbers.  Letters grow with the picture.  Nothing is drawn unless high > low. */
OSS_API void oss_report_colorbar (OssPicture *picture, const OssColorbar *bar);

G_END_DECLS
