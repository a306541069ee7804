/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Shows an earlier result of the patient beside the one of @study, as far as it has one of the same vertebra. */
void oss_compare_dialog_show (GtkWindow *parent, OssWorklist *worklist, const OssWorklistStudy *study, gint64 prior);

G_END_DECLS
