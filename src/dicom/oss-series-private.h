/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-header.h"
#include "dicom/oss-series.h"

G_BEGIN_DECLS

/* What an image is by its header alone; images of one series but of another kind never share a stack. */
typedef enum
{
  OSS_IMAGE_CT,
  OSS_IMAGE_LOCALIZER,
  OSS_IMAGE_SCREENSHOT,
  OSS_IMAGE_MULTIFRAME,
  OSS_IMAGE_NOT_CT,
} OssImageKind;

/* One file of a series. */
typedef struct
{
  char *path;
  OssDicomHeader *header;
  double along_mm; /* position along the slice normal */
} OssSlice;

OssImageKind oss_image_kind (const OssDicomHeader *header);
/* TRUE when @values ("ORIGINAL\\PRIMARY\\AXIAL") has @value as one of them. */
gboolean oss_dicom_has_value (const char *values, const char *value);

/* An empty series: no files, no reasons. */
OssSeries *oss_series_new (void);
/* Adds a reason and lowers the verdict accordingly. */
void oss_series_add_reason (OssSeries *self, OssReasonSeverity severity, const char *code, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Fills everything of @self from @slices (OssSlice*, one or more, of one @kind): sorts them,
 * judges them, lists their files. */
void oss_series_judge (OssSeries *self, GPtrArray *slices, OssImageKind kind);
/* The part of it about places: sets tilt, and grid when the slices make one. */
void oss_series_judge_geometry (OssSeries *self, GPtrArray *slices);

/* "−214.0": a true minus sign, the locale's decimal sign. (transfer full) */
char *oss_series_number_text (double value, int decimals);

/* Stored values to HU; FALSE with OSS_ERROR_INVALID_DATA for impossible bit fields. */
gboolean oss_series_to_hu (const OssDicomHeader *header, const guint8 *stored, float *hu, GError **error);

G_END_DECLS
