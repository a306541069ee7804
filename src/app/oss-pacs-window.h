/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssPacsWindow: asks a picture archive for studies, and has the chosen ones fetched.
 *
 * Signals: "import" (char *peer, char **study_uids): fetch these; "connections": show the preferences.
 */
#define OSS_TYPE_PACS_WINDOW (oss_pacs_window_get_type ())
G_DECLARE_FINAL_TYPE (OssPacsWindow, oss_pacs_window, OSS, PACS_WINDOW, AdwWindow)

OssPacsWindow *oss_pacs_window_new (GtkWindow *parent);

G_END_DECLS
