/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-header.h"

#include <limits.h>

G_BEGIN_DECLS

/* What the program and its reading process say to one another over a local socket: both come
 * from one build on one machine, so plain structs travel; the magic number catches a mix. */

#define OSS_DICOM_MAGIC (0x4f535301u ^ (guint32) sizeof (OssDicomHeader))
/* The longest that reading one file may take: a 2048 × 2048 JPEG 2000 slice takes under 1 s. */
#define OSS_DICOM_SECONDS_PER_FILE 20
/* Address space of the reading process: 100 times what a 1024 × 1024 slice needs. */
#define OSS_DICOM_MEMORY_LIMIT (2ull << 30)

typedef enum
{
  OSS_DICOM_READ_HEADER = 1,
  OSS_DICOM_READ_PIXELS = 2,
} OssDicomRequestKind;

/* Followed by @path_bytes bytes of path, without a NUL. */
typedef struct
{
  guint32 magic;
  guint32 kind;
  guint32 path_bytes; /* 1 .. PATH_MAX */
} OssDicomRequest;

/* Followed, on success, by an OssDicomHeader and @pixel_bytes bytes. */
typedef struct
{
  guint32 magic;
  gint32 code; /* -1: success; else an OssError */
  guint64 pixel_bytes;
  char message[256];
} OssDicomResponse;

G_END_DECLS
