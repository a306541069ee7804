/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * OssBadge: a short word on a tinted ground, with a shape beside the colour.
 */
#define OSS_TYPE_BADGE (oss_badge_get_type ())
G_DECLARE_FINAL_TYPE (OssBadge, oss_badge, OSS, BADGE, GtkBox)

/* Plain ground, no shape: a kernel's name, a fact. */
GtkWidget *oss_badge_new (const char *text);
GtkWidget *oss_badge_new_verdict (OssVerdict verdict);
const char *oss_verdict_icon (OssVerdict verdict);
/* "Usable with notes" (translated) */
const char *oss_verdict_title (OssVerdict verdict);

G_END_DECLS
