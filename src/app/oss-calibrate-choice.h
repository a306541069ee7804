/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssCalibrateChoice: what the Calibrate card lets choose: the method and what belongs to it, and the correction of the
 * kernel.  What is chosen goes to the document's study.
 */
#define OSS_TYPE_CALIBRATE_CHOICE (oss_calibrate_choice_get_type ())
G_DECLARE_FINAL_TYPE (OssCalibrateChoice, oss_calibrate_choice, OSS, CALIBRATE_CHOICE, AdwBin)

/* @document: (nullable) */
void oss_calibrate_choice_set_document (OssCalibrateChoice *self, OssDocument *document);
/* Says what the study's steps found; after each change of the document. */
void oss_calibrate_choice_update (OssCalibrateChoice *self);

G_END_DECLS
