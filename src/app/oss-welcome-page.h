/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* OssWelcomePage: the first page: ways to begin, and the notice. */
#define OSS_TYPE_WELCOME_PAGE (oss_welcome_page_get_type ())
G_DECLARE_FINAL_TYPE (OssWelcomePage, oss_welcome_page, OSS, WELCOME_PAGE, AdwBin)

G_END_DECLS
