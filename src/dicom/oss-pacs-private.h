/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-uid.h"
#include "dicom/oss-pacs.h"

G_BEGIN_DECLS

/* 1 to 16 printable characters, not blanks alone (DICOM PS3.5, VR AE). */
gboolean oss_pacs_is_ae_title (const char *text);
void oss_pacs_node_clear (OssPacsNode *self);

G_END_DECLS
