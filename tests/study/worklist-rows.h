/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

G_BEGIN_DECLS

/* Hand-written series for the tests of the worklist. */

/* Axial, usable, 120 kVp, 100 slices of 1.25 mm, in @folder.  Texts can be changed with set_text(). */
OssSeries *row_series (const char *patient_id, const char *name, const char *birth_date, const char *study_uid,
                       const char *date, const char *series_uid, int number);
void set_text (char **text, const char *value);
void add_reason (OssSeries *series, OssReasonSeverity severity, const char *code, const char *text);
/* Takes the series, up to NULL. */
OssSeriesList *row_list (OssSeries *first, ...) G_GNUC_NULL_TERMINATED;
/* A new folder of the test's own; remove_folder() it. */
char *make_folder (void);
void remove_folder (const char *folder);

G_END_DECLS
