/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-blocks.h"
#include "dicom/oss-dicom-objects.h"

G_BEGIN_DECLS

/* Private to the two files of segmentations. */
struct _OssDicomSegmentation
{
  OssSegmentationBlock head;
  GArray *infos;                /* OssSegmentInfo */
  OssSegmentFrameBlock *frames; /* [head.n_frames], in the order of their segments' numbers */
  guint32 *stored_at;           /* [head.n_frames]: which frame of the pixels each of them is */
  guint8 *pixels;               /* head.n_bytes */
};

G_END_DECLS
