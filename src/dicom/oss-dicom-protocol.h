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
/* What reading one file may allocate beyond what the process had when it started: so much for any file (a frame of
 * 2048 × 2048 pixels of JPEG 2000 takes 70 MiB), so much more for each of its bytes, and never more than the last. */
#define OSS_DICOM_MEMORY_BASE (256ull << 20)
#define OSS_DICOM_MEMORY_PER_BYTE 32ull
#define OSS_DICOM_MEMORY_LIMIT (2ull << 30)
/* Where the reading process inherits memory that it shares with the program, and how much: pixels go that way, so that
 * they are not copied through the socket.  Larger frames are. */
#define OSS_DICOM_SHARED_FD 3
#define OSS_DICOM_SHARED_BYTES (32u << 20)
/* The longest index (DICOMDIR) that is read, as text. */
#define OSS_DICOM_LONGEST_INDEX (64u << 20)

typedef enum
{
  OSS_DICOM_READ_HEADERS = 1,  /* answered by a header for each image of the file */
  OSS_DICOM_READ_PIXELS = 2,   /* by one header, and pixels */
  OSS_DICOM_READ_INDEX = 3,    /* by bytes only: oss_dicom_read_index() */
  OSS_DICOM_READ_NAMELESS = 4, /* the path is followed by an OssDeidentifyRules; by an OssDeidentifyName and a file */
  OSS_DICOM_READ_SEGMENTATION = 5, /* by blocks: oss-dicom-blocks.h */
  OSS_DICOM_READ_REPORT = 6,       /* the same */
  OSS_DICOM_READ_CONVERTED = 7,    /* by bytes: a data set; the frame asked for is 1 for implicit VR, 0 for explicit */
} OssDicomRequestKind;

/* Followed by @path_bytes bytes of path, without a NUL. */
typedef struct
{
  guint32 magic;
  guint32 kind;
  gint32 frame;       /* whose pixels, from 0 */
  guint32 path_bytes; /* 1 .. PATH_MAX */
} OssDicomRequest;

/* Followed, on success, by @n_headers OssDicomHeaders and, unless they lie in the shared memory, @n_bytes bytes. */
typedef struct
{
  guint32 magic;
  gint32 code; /* -1: success; else an OssError */
  guint32 n_headers;
  guint32 shared; /* the bytes lie at the beginning of the shared memory */
  guint64 n_bytes;
  char message[256];
} OssDicomResponse;

G_END_DECLS
