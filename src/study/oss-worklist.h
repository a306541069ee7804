/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * OssWorklist: what this computer knows of patients, their studies and series, verdicts, analyses and quality scans.
 *
 * One connection to an SQLite file.  A connection belongs to the thread that opened it; threads and processes that
 * work at the same time open one each: readers never wait for a writer, and a second writer waits up to 10 s.
 * Every change is one transaction: it is there as a whole or not at all, whenever the process ends.  The file is
 * readable by its owner alone.  Errors never carry a name, an identifier or a date of a patient.
 *
 * All functions with a GError: OSS_ERROR_FAILED when the disk is full or the file cannot be written or is locked for
 * too long, OSS_ERROR_INVALID_DATA when the file turns out to be damaged.
 */
typedef struct _OssWorklist OssWorklist;

/* $XDG_DATA_HOME/ossature/worklist.db (transfer full) */
OSS_API char *oss_worklist_default_path (void);

/**
 * oss_worklist_open:
 * @path: (nullable): the file; NULL: oss_worklist_default_path().  Made when it is not there, with its folder
 * @notice: (out) (optional) (transfer full): a sentence for people when the file was damaged, has been renamed aside,
 *   and a new one begun; NULL otherwise
 *
 * Brings a file of an earlier version up to date, one transaction a version.
 *
 * Returns: (transfer full): NULL with OSS_ERROR_UNSUPPORTED, and the file untouched, when a later version of the
 *   program wrote it; FAILED when it cannot be opened
 */
OSS_API OssWorklist *oss_worklist_open (const char *path, char **notice, GError **error);
OSS_API void oss_worklist_close (OssWorklist *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssWorklist, oss_worklist_close)
OSS_API const char *oss_worklist_get_path (OssWorklist *self);

/* A number that changes whenever another connection has changed the file. */
OSS_API guint oss_worklist_get_data_version (OssWorklist *self);

/* --- Studies --- */

typedef enum
{
  OSS_ANALYSIS_NONE,
  OSS_ANALYSIS_DONE, /* nobody has looked at it yet */
  OSS_ANALYSIS_REVIEWED,
  OSS_ANALYSIS_OUT_OF_DATE, /* the series changed afterwards */
  OSS_ANALYSIS_FAILED,
} OssAnalysisState;

/**
 * OssWorklistStudy: a row of the worklist.  Strings are UTF-8, dates as in DICOM ("20260314"), never NULL.
 * @verdict: the best of its series
 * @kernels: (array zero-terminated=1): of the series that can be analysed; of all when none can
 * @is_reachable: its folders were there when they were last looked for
 * @analysis: of the latest analysis
 * @analysis_class: "normal", "low", "osteoporosis" or ""
 */
typedef struct
{
  gint64 id;
  char *study_uid;
  char *patient_name, *patient_id, *patient_birth_date, *patient_sex, *patient_age;
  char *study_date, *study_time, *study_description, *accession_number;
  char *scanner; /* "Manufacturer Model" */
  char **kernels;
  guint n_series, n_usable;
  OssVerdict verdict;
  gboolean is_reachable;
  OssAnalysisState analysis;
  char *analysis_class;
} OssWorklistStudy;

OSS_API void oss_worklist_study_free (OssWorklistStudy *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssWorklistStudy, oss_worklist_study_free)

/* What is remembered of a series; its files are not: scan its folder.  Strings are never NULL. */
typedef struct
{
  char *series_uid, *description, *modality, *kernel, *contrast;
  char *folder; /* as the file system has it */
  int number;
  guint n_files;
  double kvp, slice_thickness_mm; /* 0 when not stated */
  double tilt_deg;
  gboolean has_grid;
  int size[3];
  double spacing_mm[3];
  OssVerdict verdict;
  GPtrArray *reasons; /* OssReason*, in the language that the program spoke then */
} OssWorklistSeries;

OSS_API void oss_worklist_series_free (OssWorklistSeries *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssWorklistSeries, oss_worklist_series_free)

/**
 * oss_worklist_import:
 * @list: what a scan found
 * @tick: (nullable): progress and stop
 *
 * Adds the studies, or replaces what was known of them, in one transaction.  Series of a study that @list does not
 * name stay.  Analyses of a series that is not what it was (other files, geometry or kernel) become out of date.
 * Studies of one patient share a record when patient ID and birth date agree; an empty or placeholder ID
 * ("ANONYMOUS", "0") never joins two studies, an ID without a birth date only with the same name, and nothing joins a
 * woman's study to a man's.
 *
 * Returns: (transfer full) (element-type gint64): the ids of the studies in @list, in its order
 */
OSS_API GArray *oss_worklist_import (OssWorklist *self, const OssSeriesList *list, const OssTick *tick, GError **error);

/**
 * oss_worklist_import_reports:
 * @list: what a scan found and oss_worklist_import() took
 * @n: (out) (nullable): how many analyses were added
 *
 * Adds the analyses that measurement reports (DICOM SR) of this program among the files tell of, as reviewed ones, to
 * studies that the worklist has: so that oss_worklist_get_priors() finds what was analysed elsewhere.  One with the
 * same series, vertebra and strength is known already.  Other reports are passed over.
 */
OSS_API gboolean oss_worklist_import_reports (OssWorklist *self, const OssSeriesList *list, guint *n,
                                              const OssTick *tick, GError **error);

typedef enum
{
  OSS_WORKLIST_ALL,
  OSS_WORKLIST_READY,     /* can be analysed, and was not */
  OSS_WORKLIST_TO_REVIEW, /* analysed, not looked at */
  OSS_WORKLIST_OUT_OF_DATE,
  OSS_WORKLIST_REFUSED,
  OSS_WORKLIST_N_FILTERS,
} OssWorklistFilter;

typedef enum
{
  OSS_WORKLIST_BY_DATE,
  OSS_WORKLIST_BY_PATIENT,
  OSS_WORKLIST_BY_STUDY, /* description, then date */
  OSS_WORKLIST_BY_KERNEL,
  OSS_WORKLIST_BY_VERDICT,
  OSS_WORKLIST_BY_ANALYSIS,
  OSS_WORKLIST_BY_CLASS,
} OssWorklistSort;

/**
 * OssWorklistQuery:
 * @text: (nullable): words, each of which has to be in name, identifier, description or date ("2026-03-14",
 *   "20260314"); case and accents do not count
 * @kernel, @scanner: (nullable): exactly this one
 * @date_from, @date_to: (nullable): DICOM dates, both included
 */
typedef struct
{
  const char *text;
  OssWorklistFilter filter;
  const char *kernel, *scanner;
  const char *date_from, *date_to;
  OssWorklistSort sort;
  gboolean descending;
} OssWorklistQuery;

/* The ids of the studies that fit, in order. (transfer full) (element-type gint64) */
OSS_API GArray *oss_worklist_find (OssWorklist *self, const OssWorklistQuery *query, GError **error);
/* How many studies each filter would show, with the rest of @query as it is. */
OSS_API gboolean oss_worklist_count (OssWorklist *self, const OssWorklistQuery *query,
                                     guint counts[OSS_WORKLIST_N_FILTERS], GError **error);
/* OssWorklistStudy* in the order of @ids; NULL where there is none any more. (transfer full) */
OSS_API GPtrArray *oss_worklist_get_studies (OssWorklist *self, const gint64 *ids, guint n, GError **error);
/* NULL with OSS_ERROR_NOT_FOUND when there is none. (transfer full) */
OSS_API OssWorklistStudy *oss_worklist_get_study (OssWorklist *self, gint64 study, GError **error);
/* OssWorklistSeries*, by number. (transfer full) */
OSS_API GPtrArray *oss_worklist_get_series (OssWorklist *self, gint64 study, GError **error);
/* The folders of a study's series, each once. (transfer full) (array zero-terminated=1) */
OSS_API char **oss_worklist_get_folders (OssWorklist *self, gint64 study, GError **error);
/* The study with this UID, the latest when two patients have it; 0: none. */
OSS_API gint64 oss_worklist_find_study (OssWorklist *self, const char *study_uid, GError **error);
/* All kernels, or scanners, that studies have, sorted: for filters. (transfer full) (array zero-terminated=1) */
OSS_API char **oss_worklist_get_kernels (OssWorklist *self, GError **error);
OSS_API char **oss_worklist_get_scanners (OssWorklist *self, GError **error);

/* Hides a study until it is restored, imported again or purged.  Files on the disk are never touched. */
OSS_API gboolean oss_worklist_remove (OssWorklist *self, gint64 study, GError **error);
OSS_API gboolean oss_worklist_restore (OssWorklist *self, gint64 study, GError **error);
/* Forgets the removed studies for good, with what was remembered of their files; overwritten in the file. */
OSS_API gboolean oss_worklist_purge (OssWorklist *self, GError **error);

/* Looks whether the studies' folders are there, and remembers it; slow on network drives, so not for the main
 * thread.  @changed: (out) (optional): how many studies went or came back. */
OSS_API gboolean oss_worklist_check_folders (OssWorklist *self, const OssTick *tick, guint *changed, GError **error);

/* A small picture of the study, in any format the caller reads; NULL: none. (transfer full) (nullable) */
OSS_API GBytes *oss_worklist_get_thumbnail (OssWorklist *self, gint64 study);
OSS_API gboolean oss_worklist_set_thumbnail (OssWorklist *self, gint64 study, GBytes *picture, GError **error);

/* --- Analyses --- */

/**
 * OssWorklistAnalysis: one analysis of a vertebra.  Strings may be NULL on the way in, are never NULL on the way out.
 * @study: the study's id
 * @date: when it was made, ISO 8601 in UTC ("2026-03-14T09:12:40Z"); NULL: now
 * @study_date: of the scan, as in DICOM; filled on the way out
 * @folder: where its files are; "" when it was not saved
 * @density_class: "normal", "low", "osteoporosis"; "" or "none": no class
 * @strength_n, @strength_uncertainty_n, @stiffness_n_per_mm, @vbmd_mg_cm3, @vbmd_uncertainty_mg_cm3: NaN: not known
 * @basis: density basis of the vBMD: "K2HPO4"
 */
typedef struct
{
  gint64 id, study;
  char *series_uid, *vertebra, *engine, *kernel, *folder, *date, *study_date, *density_class, *basis;
  double strength_n, strength_uncertainty_n, stiffness_n_per_mm, vbmd_mg_cm3, vbmd_uncertainty_mg_cm3;
  OssAnalysisState state;
} OssWorklistAnalysis;

OSS_API void oss_worklist_analysis_free (OssWorklistAnalysis *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssWorklistAnalysis, oss_worklist_analysis_free)

/* Returns: its id; 0 with an error.  @id and @study_date of @analysis are not looked at. */
OSS_API gint64 oss_worklist_add_analysis (OssWorklist *self, const OssWorklistAnalysis *analysis, GError **error);
OSS_API gboolean oss_worklist_set_analysis_state (OssWorklist *self, gint64 analysis, OssAnalysisState state,
                                                  GError **error);
/* Of one study, latest first. (transfer full) (element-type OssWorklistAnalysis) */
OSS_API GPtrArray *oss_worklist_get_analyses (OssWorklist *self, gint64 study, GError **error);
/**
 * oss_worklist_get_priors:
 *
 * The successful analyses of the same patient's earlier studies, newest study first, each study's latest analysis of
 * each vertebra.
 * (transfer full) (element-type OssWorklistAnalysis)
 */
OSS_API GPtrArray *oss_worklist_get_priors (OssWorklist *self, gint64 study, GError **error);

/* --- Quality scans --- */

/**
 * OssQualityScan: a calibration line that a physicist measured on a phantom scanned alone.
 * @date: ISO 8601 day of the scan ("2026-03-09")
 * @method: "phantom", "line"
 * @slope: mg/cm3 per HU; @intercept: mg/cm3; @basis: of the line
 * @r2, @uncertainty_mg_cm3: NaN: not known; so are @variance_slope, @variance_intercept and @covariance, as in
 *   OssCalibrationLine
 * @table_height_mm: of the couch below the centre of rotation; NaN: not known
 */
typedef struct
{
  gint64 id;
  char *manufacturer, *model, *station, *kernel, *phantom, *method, *basis, *date, *series_uid, *folder;
  double kvp, slope, intercept, r2, uncertainty_mg_cm3;
  double variance_slope, variance_intercept, covariance;
  double table_height_mm;
} OssQualityScan;

OSS_API void oss_quality_scan_free (OssQualityScan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssQualityScan, oss_quality_scan_free)

/* Returns: its id; 0 with an error. */
OSS_API gint64 oss_worklist_add_quality_scan (OssWorklist *self, const OssQualityScan *scan, GError **error);
OSS_API gboolean oss_worklist_remove_quality_scan (OssWorklist *self, gint64 scan, GError **error);
/* Newest first. (transfer full) (element-type OssQualityScan) */
OSS_API GPtrArray *oss_worklist_get_quality_scans (OssWorklist *self, GError **error);

/* --- Files --- */

/**
 * oss_worklist_recall_file:
 * @size, @mtime_ns: of the file now; other ones are no match
 *
 * Returns: (transfer full) (nullable): what was remembered of the file; NULL: nothing, or it has changed
 */
OSS_API GBytes *oss_worklist_recall_file (OssWorklist *self, const char *path, guint64 size, gint64 mtime_ns);
/* Purged with the studies of its folder.  Cheap between begin and end, which make one transaction of many files. */
OSS_API gboolean oss_worklist_remember_file (OssWorklist *self, const char *path, guint64 size, gint64 mtime_ns,
                                             GBytes *bytes, GError **error);
OSS_API gboolean oss_worklist_begin_files (OssWorklist *self, GError **error);
OSS_API gboolean oss_worklist_end_files (OssWorklist *self, gboolean keep, GError **error);

/**
 * oss_worklist_scan:
 *
 * oss_series_scan() that reads only what is new or has changed since the last time, and remembers it.  A worklist that
 * cannot be written makes the scan slower, not impossible.
 */
OSS_API OssSeriesList *
oss_worklist_scan (OssWorklist *self, const char *const *paths, const OssTick *tick, GError **error);

G_END_DECLS
