/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* OssApplication: one instance, a window a patient; opens folders and files given to it. */
#define OSS_TYPE_APPLICATION (oss_application_get_type ())
G_DECLARE_FINAL_TYPE (OssApplication, oss_application, OSS, APPLICATION, AdwApplication)

OssApplication *oss_application_new (void);

G_END_DECLS
