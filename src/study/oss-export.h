/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-objects.h"
#include "image/oss-picture.h"
#include "study/oss-study.h"

G_BEGIN_DECLS

/* The DICOM objects of an analysis. */
typedef enum
{
  OSS_EXPORT_SR = 1 << 0,  /* sr.dcm: the numbers */
  OSS_EXPORT_SEG = 1 << 1, /* seg.dcm: the outline */
  OSS_EXPORT_PM = 1 << 2,  /* pm-density.dcm, pm-von-mises.dcm: fields on voxels */
  OSS_EXPORT_PDF = 1 << 3, /* pdf.dcm: the report */
  OSS_EXPORT_SC = 1 << 4,  /* sc.dcm: a picture for every viewer */
  OSS_EXPORT_ALL = (1 << 5) - 1,
} OssExportKinds;

/* "sr,seg,pm,pdf,sc" in any order and case, or "all"; USAGE names what is none of them. */
OSS_API gboolean oss_export_parse (const char *text, guint *kinds, GError **error);

/**
 * OssExport: what an analysis of one vertebra gave, as far as DICOM objects are made of it.
 *
 * Owned by one thread at a time; does not depend on the study or folder any more that it was made from.
 */
typedef struct _OssExport OssExport;

/* Of a study that has simulated.  USAGE when it has not; REFUSED when its input was no DICOM series. */
OSS_API OssExport *oss_export_from_study (OssStudy *study, const OssTick *tick, GError **error);

/**
 * oss_export_from_folder:
 * @folder: what "ossature analyze --out" left
 * @source: (nullable): file or folder that holds the CT series now; NULL: where it was analysed
 *
 * Errors: NOT_FOUND: no analysis there, or the series is gone (the message says from where); REFUSED: the input was no
 * DICOM series, or the series is not what it was then (by SHA-256 of its files)
 */
OSS_API OssExport *oss_export_from_folder (const char *folder, const char *source, const OssTick *tick, GError **error);
OSS_API void oss_export_free (OssExport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssExport, oss_export_free)

/* The report and the picture, which rooms above make; without them OSS_EXPORT_PDF and OSS_EXPORT_SC are refused.
 * The picture must not name the patient. */
OSS_API void oss_export_set_pdf (OssExport *self, GBytes *pdf);
OSS_API void oss_export_set_picture (OssExport *self, const OssPicture *picture); /* copied */

/**
 * oss_export_write:
 * @kinds: OssExportKinds
 * @seed: 0: fresh UIDs; else they follow from it
 * @folder: made when absent
 * @paths: (nullable) (element-type filename): gets the path of each file, in the order in which a receiver wants them:
 *   what others refer to first
 *
 * Content date and time are now, or SOURCE_DATE_EPOCH's when that is set.  When one file fails, those written before
 * it go again.
 */
OSS_API gboolean oss_export_write (OssExport *self, guint kinds, guint64 seed, const char *folder, GPtrArray *paths,
                                   const OssTick *tick, GError **error);

/* The numbers alone, as they go into the report. (transfer none) */
OSS_API const OssDicomReport *oss_export_report (const OssExport *self);

/* What an analysis folder keeps for a later export beside result.json: source.json (where the series lies; not in
 * result.json, for a path may name a patient) and von_mises.nii.gz. */
OSS_API gboolean oss_export_write_source (OssStudy *study, const char *path, GError **error);
OSS_API gboolean oss_export_write_von_mises (OssStudy *study, const char *path, const OssTick *tick, GError **error);

/* The outline alone, of a study that has segmented: "labels.dcm".  USAGE when its input was no DICOM series. */
OSS_API gboolean oss_export_write_labels (OssStudy *study, const char *path, guint64 seed, const OssTick *tick,
                                          GError **error);

G_END_DECLS
