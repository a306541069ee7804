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
  OSS_IMAGE_DOSE_REPORT,
  OSS_IMAGE_SECONDARY_CAPTURE,
  OSS_IMAGE_SCREENSHOT,
  OSS_IMAGE_MULTIFRAME,
  OSS_IMAGE_NOT_CT,
} OssImageKind;

/* One slice of a series: a file, or a frame of one. */
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

/* The notes about how the images were made, of a series whose geometry is judged. */
void oss_series_note_making (OssSeries *self, const OssDicomHeader *header);
/* How sharp the kernel @name of @manufacturer is. */
OssKernelClass oss_kernel_classify (const char *manufacturer, const char *name);
/* The name under which a header's words tell of iterative or learned reconstruction, or NULL; @learned: the latter. */
const char *oss_dicom_find_iterative (const OssDicomHeader *header, gboolean *learned);

/* Where slice @k of @self lies by its own header (its first pixel's centre). */
void oss_series_slice_place (const OssSeries *self, gsize k, double lps_mm[3]);
/* One slice of a tilted stack (@columns x @rows) onto slice @k of the straight grid of @self. */
void oss_series_shear_slice (const OssSeries *self, gsize k, const float *slice, float *straight);

/* Headers of one file as bytes to be remembered, and back: NULL when @record is of another version or no record.
 * An empty array: the file is no DICOM image. */
GBytes *oss_series_record_pack (const GPtrArray *headers);
GPtrArray *oss_series_record_unpack (GBytes *record);

/* What a DICOMDIR lists. */
typedef struct
{
  char *path;    /* the DICOMDIR's */
  char **listed; /* as from oss_dicom_read_index() */
} OssSeriesIndex;
void oss_series_index_free (OssSeriesIndex *self);
/* TRUE when a file of that name is an index by the standard (PS3.10, 8.6). */
gboolean oss_series_is_index (const char *path);
/* The file that entry @name of the index in @folder means, as it is written on this disk; NULL when it is not there
 * or would lie outside @folder. (transfer full) */
char *oss_series_index_find (const char *folder, const char *name);
/* Notes at each series of @list what @indices (OssSeriesIndex*) list of it and is not among @seen (a set of image
 * UIDs). */
void oss_series_note_index (OssSeriesList *list, const GPtrArray *indices, GHashTable *seen);

/* "−214.0": a true minus sign, the locale's decimal sign. (transfer full) */
char *oss_series_number_text (double value, int decimals);

/* Stored values to HU; FALSE with OSS_ERROR_INVALID_DATA for impossible bit fields. */
gboolean oss_series_to_hu (const OssDicomHeader *header, const guint8 *stored, float *hu, GError **error);

G_END_DECLS
