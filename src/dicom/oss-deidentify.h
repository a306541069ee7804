/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"

G_BEGIN_DECLS

#define OSS_DEIDENTIFY_KEY_BYTES 32

typedef enum
{
  OSS_DATES_REMOVE, /* where the standard wants one: 1 January 1900 */
  OSS_DATES_SHIFT,  /* all dates of a patient by the same number of days, that only the key tells */
  OSS_DATES_KEEP,
} OssDates;

typedef enum
{
  OSS_KEEP_PATIENT = 1 << 0,     /* sex, age (over 89 years: 90), size, weight */
  OSS_KEEP_DEVICE = 1 << 1,      /* station name, serial number, device UID, gantry */
  OSS_KEEP_INSTITUTION = 1 << 2, /* name, address, department */
} OssKeep;

/**
 * OssDeidentifyOptions:
 * @key: what new UIDs, identifiers and shifts are made from (HMAC-SHA-256): the same key gives the same, so that
 *   studies of one patient stay together; whoever has it can tell whether a known patient is among the exported
 * @subject: (nullable): new name and identifier, 1 to 64 characters of A-Z, 0-9, - and _; %NULL: "OSS-" and twelve
 *   digits made from the patient's own identifier
 * @study_uid: (nullable): only this study of what lies there
 */
typedef struct
{
  guint8 key[OSS_DEIDENTIFY_KEY_BYTES];
  OssDates dates;
  guint keep; /* OssKeep */
  const char *subject;
  const char *study_uid;
} OssDeidentifyOptions;

/* @left_out: char*, "path: why" */
typedef struct
{
  guint n_files, n_patients, n_series;
  GPtrArray *left_out;
} OssDeidentifyReport;

OSS_API void oss_deidentify_report_clear (OssDeidentifyReport *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssDeidentifyReport, oss_deidentify_report_clear)

/**
 * oss_deidentify:
 * @paths: (array zero-terminated=1): files or folders
 * @folder: made when absent; files appear whole as SUBJECT/SERIES/INSTANCE.dcm, all named by new identifiers
 * @report: (out): oss_deidentify_report_clear()
 *
 * The Basic Application Level Confidentiality Profile (DICOM PS3.15, Annex E), and the options asked for: patient
 * characteristics, device identity, institution identity, longitudinal temporal information.  Only attributes that are
 * known to be of use and harmless stay (geometry, kernel, kVp and other physics, codes, measurements); private ones,
 * free text, comments and all others go, in nested sequences too.  UIDs are replaced alike in all files, so references
 * between them hold.  In structured reports texts are replaced and names, dates and times left out.  Files whose
 * pixels or documents may show names (secondary captures, dose pages, PDF, burned-in annotation) and damaged files are
 * left out and reported; pixels are not changed: a head can still be recognised by its face.  Files are parsed in
 * processes of their own.
 *
 * Returns: %FALSE with OSS_ERROR_NOT_FOUND (no DICOM files), USAGE (@subject), FAILED (disk), CANCELLED: files written
 *   so far are removed again
 */
OSS_API gboolean oss_deidentify (const char *const *paths, const char *folder, const OssDeidentifyOptions *options,
                                 OssDeidentifyReport *report, const OssTick *tick, GError **error);

/* A key from a file of 64 hexadecimal digits; one that is absent is made, readable by its owner only. */
OSS_API gboolean oss_deidentify_key_load (const char *path, guint8 key[OSS_DEIDENTIFY_KEY_BYTES], GError **error);
/* A key that nobody knows. */
OSS_API gboolean oss_deidentify_key_random (guint8 key[OSS_DEIDENTIFY_KEY_BYTES], GError **error);

G_END_DECLS
