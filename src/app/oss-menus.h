/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The one primary menu, for the header of each page. (transfer none) */
GMenuModel *oss_primary_menu (void);
/* Of a study in the worklist; owned by the program. */
GMenuModel *oss_study_row_menu (void);

G_END_DECLS
