/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "report/oss-report-nonlinear.h"

G_BEGIN_DECLS

/**
 * OssReportRecord: a result.json of a command that works without a study.
 *
 * Begins with "program" and "version".  Members stand in the order they are set.  What is not known is null.
 * One thread at a time.
 */
typedef struct _OssReportRecord OssReportRecord;

OssReportRecord *oss_report_record_new (const char *engine);
void oss_report_record_free (OssReportRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssReportRecord, oss_report_record_free)

/* NULL and "" become null. */
void oss_report_record_string (OssReportRecord *self, const char *name, const char *value);
/* All digits that tell a double from its neighbours; not finite becomes null. */
void oss_report_record_double (OssReportRecord *self, const char *name, double value);
void oss_report_record_int (OssReportRecord *self, const char *name, gint64 value);
void oss_report_record_flag (OssReportRecord *self, const char *name, gboolean value);
void oss_report_record_doubles (OssReportRecord *self, const char *name, const double *values, int n);
void oss_report_record_ints (OssReportRecord *self, const char *name, const int *values, int n);
void oss_report_record_strings (OssReportRecord *self, const char *name, const char *const *values, int n);
/* @n rows of @n. */
void oss_report_record_matrix (OssReportRecord *self, const char *name, const double *values, int n);
/* An object until oss_report_record_end(). */
void oss_report_record_begin (OssReportRecord *self, const char *name);
void oss_report_record_end (OssReportRecord *self);
/* Members "strength_estimators", "strength_comparable_with" and "nonlinear" (null without a curve), as every
 * analysis has them. */
void
oss_report_record_strength (OssReportRecord *self, const OssStrength *strength, const OssReportNonlinear *nonlinear);
/* Name and SHA-256 of a file, or null where it cannot be read. */
void oss_report_record_file (OssReportRecord *self, const char *name, const char *path);

/* The text with a final newline; nothing may be added afterwards. (transfer full) */
char *oss_report_record_text (OssReportRecord *self);

G_END_DECLS
