/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-pacs.h"

G_BEGIN_DECLS

/* 1 to 16 printable characters, not blanks alone (DICOM PS3.5, VR AE). */
gboolean oss_pacs_is_ae_title (const char *text);
void oss_pacs_node_clear (OssPacsNode *self);

/* Digits and single dots, 1 to 64 characters: safe as the name of a folder or file. */
gboolean oss_pacs_is_uid (const char *text);

G_END_DECLS
