/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-job.h"
#include "app/oss-scene.h"
#include "study/oss-study.h"

G_BEGIN_DECLS

typedef enum
{
  OSS_REPORT_PDF,
  OSS_REPORT_CSV,
  OSS_REPORT_DICOM, /* into a folder: sr, seg, pm, pdf and, with a picture, sc */
} OssReportKind;

/**
 * OssDocument: what one window works on: the study, what its views show, and the job that runs.
 *
 * Main thread only.  Signals:
 *   "changed": a step's state or result, the options or the running job changed
 *   "job" (OssJob): a job was started
 *   "failed" (char *): a sentence for the reader; cancelling is no failure
 *   "report-saved" (char *): path of the file
 */
#define OSS_TYPE_DOCUMENT (oss_document_get_type ())
G_DECLARE_FINAL_TYPE (OssDocument, oss_document, OSS, DOCUMENT, GObject)

/* @path: a folder or file; @series: (nullable): the one chosen there. */
OssDocument *oss_document_new (const char *path, const OssSeries *series);

OssStudy *oss_document_get_study (OssDocument *self);
OssScene *oss_document_get_scene (OssDocument *self);
const OssSeries *oss_document_get_series (OssDocument *self); /* NULL for NIfTI */
const char *oss_document_get_path (OssDocument *self);
/* Identity for titles: name (or file name), and "71 y · F · VP-0017 · CT lumbar spine · 14 Mar 2026". */
char *oss_document_title (OssDocument *self);
char *oss_document_subtitle (OssDocument *self);

/* The running job, NULL when idle; options may only be changed while idle. */
OssJob *oss_document_get_job (OssDocument *self);
/* The last step the running job goes to. */
OssStep oss_document_get_target (OssDocument *self);
const char *oss_document_get_report_path (OssDocument *self); /* NULL before one was saved */

/* Runs what is needed up to @last.  Segment takes the linked cursor as its place unless labels were
 * imported or the cursor lies in the vertebra that was found. */
void oss_document_run (OssDocument *self, OssStep last);
/* Segments what the linked cursor points at, whatever there was before. */
void oss_document_segment_at_cursor (OssDocument *self);
void oss_document_cancel (OssDocument *self);

/* Copies the options, lets @edit change them, and sets them; FALSE (and "failed") when they make no sense. */
typedef void (*OssOptionsEdit) (OssStudyOptions *options, gconstpointer data);
gboolean oss_document_edit (OssDocument *self, OssOptionsEdit edit, gconstpointer data);

/* Whether the slices show the image before it was corrected for its kernel, where it was. */
void oss_document_show_original (OssDocument *self, gboolean original);

/* Strings may be NULL; needs a simulated study. */
typedef struct
{
  const char *comment, *paper;
  gboolean name_patient;
} OssReportChoice;
void oss_document_save_report (OssDocument *self, OssReportKind kind, const char *path, const OssReportChoice *choice);

G_END_DECLS
