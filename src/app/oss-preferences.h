/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssPreferences: calibration: quality scans; connections: this computer as a node, and the picture archives it talks
 * to.
 *
 * What is entered is saved at once, to the file that the command's "pacs" reads too.
 */
#define OSS_TYPE_PREFERENCES (oss_preferences_get_type ())
G_DECLARE_FINAL_TYPE (OssPreferences, oss_preferences, OSS, PREFERENCES, AdwPreferencesWindow)

/* @page: (nullable): "calibration", "connections" */
void oss_preferences_show (GtkWindow *parent, const char *page);

G_END_DECLS
