/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "material/oss-density.h"
#include "study/oss-worklist.h"

G_BEGIN_DECLS

/* Ages of a quality scan against the patient's scan, days [choice]: above the first a note, above the second refused
 * unless another limit is given. */
#define OSS_QUALITY_NOTE_DAYS 30
#define OSS_QUALITY_MOST_DAYS 180
/* Couch heights apart, mm [choice]: above the first a note, above the second another set-up, refused. */
#define OSS_QUALITY_NOTE_TABLE_MM 50.0
#define OSS_QUALITY_MOST_TABLE_MM 120.0
/* How far a line may drift at 100 mg/cm3 before it is said, mg/cm3: the largest least significant change of
 * asynchronous QCT with the European spine phantom, 1.5 to 2.5 mg/cm3 (PMC5524691). */
#define OSS_QUALITY_DRIFT_MG_CM3 2.5

/**
 * OssQualityMeasure: what is to be measured.
 * @path: a DICOM folder or file: a phantom alone, or under a patient
 * @phantom: (nullable): of data/phantoms.ini; %NULL: the study options' default
 * @series_uid, @kernel: (nullable): one series of several; %NULL: every usable one
 * @date: (nullable): ISO 8601 day of the scan, where the headers tell none
 */
typedef struct
{
  const char *path, *phantom, *series_uid, *kernel, *date;
} OssQualityMeasure;

/**
 * oss_quality_measure:
 *
 * Finds the phantom in every usable series of @path, and the line of each.
 *
 * Returns: (transfer full) (element-type OssQualityScan) (nullable): not kept anywhere yet; %NULL with
 *   %OSS_ERROR_REFUSED when no series is usable, one does not tell scanner, voltage, kernel or day, or the phantom is
 *   not found in it; %OSS_ERROR_CANCELLED
 */
OSS_API GPtrArray *oss_quality_measure (const OssQualityMeasure *what, const OssTick *tick, GError **error);

/* Keeps @scan, and forgets what was kept of the same series before.  Its id; 0 with an error. */
OSS_API gint64 oss_quality_keep (OssWorklist *worklist, const OssQualityScan *scan, GError **error);

/* The line of @scan, with "async" as its method. */
OSS_API OssCalibrationLine oss_quality_scan_line (const OssQualityScan *scan);
/* "Siemens Definition Flash, CT1, 120 kVp, B40f". (transfer full) */
OSS_API char *oss_quality_scan_name (const OssQualityScan *scan);
/* The title of the scan's phantom; its name where no table has it. (transfer full) */
OSS_API char *oss_quality_phantom_title (const OssQualityScan *scan);

/**
 * OssQualityUse: a quality scan as it is used for a patient's series.
 * @scan: (owned)
 * @age_days: from the quality scan to the patient's; below 0: the phantom was scanned later
 * @table_difference_mm: of the couch, patient's less phantom's; NaN: not known
 * @n_fitting: how many quality scans fit the series
 */
typedef struct
{
  OssQualityScan *scan;
  int age_days;
  double table_difference_mm;
  guint n_fitting;
} OssQualityUse;

OSS_API void oss_quality_use_free (OssQualityUse *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssQualityUse, oss_quality_use_free)

/**
 * oss_quality_choose:
 * @scans: (element-type OssQualityScan)
 * @series: the patient's
 * @most_days: 0: %OSS_QUALITY_MOST_DAYS
 *
 * The scan of the same scanner (manufacturer, model and station), tube voltage and kernel nearest in time, before or
 * after.  Case and blanks at the ends do not count; what a header does not tell is never guessed.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_REFUSED when none fits (the sentence tells what is there
 *   and in what it differs), the nearest is too old, or the couch stood elsewhere
 */
OSS_API OssQualityUse *
oss_quality_choose (const GPtrArray *scans, const OssSeries *series, int most_days, GError **error);
/* What a reader of a density has to know of its quality scan, translated, added to @warnings. */
OSS_API void oss_quality_use_warn (const OssQualityUse *self, GPtrArray *warnings);

/* One scan among those of its scanner, voltage and kernel. */
typedef struct
{
  const OssQualityScan *scan; /* borrowed */
  double at_100_mg_cm3;       /* what its line gives where the first scan's line gives 100 mg/cm3 */
  gboolean outside;           /* further than %OSS_QUALITY_DRIFT_MG_CM3 from 100 */
} OssQualityPoint;

/**
 * OssQualityGroup: the quality scans of one scanner, voltage, kernel and basis.
 * @name: as oss_quality_scan_name()
 * @points: (element-type OssQualityPoint): oldest first
 */
typedef struct
{
  char *name;
  OssBasis basis;
  GArray *points;
} OssQualityGroup;

/* The groups of @scans, which must outlive them. (transfer full) (element-type OssQualityGroup) */
OSS_API GPtrArray *oss_quality_groups (const GPtrArray *scans);

G_END_DECLS
