/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-objects.h"
#include "study/oss-export.h"

G_BEGIN_DECLS

struct _OssExport
{
  OssSeries *series;
  OssVolume *volume; /* HU; NULL: loaded when it is needed */
  OssLabels *labels; /* 1 in the vertebra; a box of the series' voxels */
  guint8 vertebra;
  gboolean drawn_by_click; /* else labels of another program */
  OssVolume *von_mises;    /* on the labels' grid; NULL: there is none */
  double slope, intercept; /* HU to mg/cm3; NaN without a calibration */
  char *basis;
  OssDicomReport *report;
  GBytes *pdf;
  OssPicture *picture;
};

/* Room around a vertebra's labels in the maps. */
#define OSS_EXPORT_MARGIN_MM 8.0

/* "tet10, 2 mm, morgan2003-vertebra" (transfer full) */
char *oss_export_describe_model (const char *element, double size_mm, const char *law);

/* Members of source.json. */
#define OSS_SOURCE_PATH "series_path"
#define OSS_SOURCE_UID "series_uid"

G_END_DECLS
