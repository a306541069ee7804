/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-header.h"

G_BEGIN_DECLS

/* What the reading process answers about objects that are no images: plain blocks without pointers, behind one another.
 * Texts as in OssDicomHeader.  Whoever receives them takes nothing on trust. */

#define OSS_DICOM_MOST_SEGMENTS 4096
#define OSS_DICOM_MOST_OBJECT_FRAMES 65535
#define OSS_DICOM_MOST_NUMBERS 65536

typedef struct
{
  char value[OSS_DICOM_UID_SIZE];
  char scheme[OSS_DICOM_UID_SIZE];
  char meaning[OSS_DICOM_TEXT_SIZE];
} OssCodeBlock;

typedef enum
{
  OSS_SEGMENTATION_BINARY,
  OSS_SEGMENTATION_FRACTIONAL,
  OSS_SEGMENTATION_LABELMAP,
} OssSegmentationKind;

/* Followed by @n_segments OssSegmentBlock, @n_frames OssSegmentFrameBlock and @n_bytes of pixels: BINARY one bit each
 * from the lowest bit on, frames without gaps; else bytes or, with 16 bits, numbers in this machine's byte order. */
typedef struct
{
  char frame_uid[OSS_DICOM_UID_SIZE];
  gint32 kind;
  gint32 rows, columns, bits_allocated;
  gint32 maximum_fractional;
  guint32 n_segments, n_frames;
  guint64 n_bytes;
} OssSegmentationBlock;

typedef struct
{
  char label[OSS_DICOM_TEXT_SIZE];
  OssCodeBlock type;
  gint32 number;
} OssSegmentBlock;

typedef struct
{
  double position[3], orientation[6], spacing[2]; /* as in OssDicomHeader */
  double between_mm, thickness_mm;                /* 0: not told */
  gint32 segment;                                 /* number; 0 in a label map */
  gint32 has_place;
} OssSegmentFrameBlock;

/* Followed by @n_groups OssGroupBlock and @n_numbers OssNumberBlock. */
typedef struct
{
  char study_uid[OSS_DICOM_UID_SIZE];
  char date[OSS_DICOM_TEXT_SIZE], time[OSS_DICOM_TEXT_SIZE];
  guint32 n_groups, n_numbers;
} OssReportBlock;

typedef struct
{
  char series_uid[OSS_DICOM_UID_SIZE];
  char kernel[OSS_DICOM_TEXT_SIZE], calibration[OSS_DICOM_TEXT_SIZE], basis[OSS_DICOM_TEXT_SIZE];
  char model[OSS_DICOM_TEXT_SIZE], density_class[OSS_DICOM_TEXT_SIZE];
  char program[OSS_DICOM_TEXT_SIZE], version[OSS_DICOM_TEXT_SIZE];
  OssCodeBlock site;
  double slope, intercept; /* NaN: not told */
  gint32 segment;          /* 0: none */
  guint32 first, n;        /* numbers */
} OssGroupBlock;

typedef struct
{
  OssCodeBlock concept, derivation, method;
  double value;
} OssNumberBlock;

G_END_DECLS
