/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-document.h"

G_BEGIN_DECLS

void oss_document_begin_job (OssDocument *self, const char *title);
/* Ends the running job; tells @error unless it was cancelled. */
void oss_document_end_job (OssDocument *self, const char *done, const GError *error);
void oss_document_report_saved (OssDocument *self, const char *path);

G_END_DECLS
