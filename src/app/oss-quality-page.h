/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssQualityPage: preferences about calibration: the phantoms scanned alone that are kept for patients without one,
 * with their ages, and how their lines drift.
 *
 * Lives in an AdwPreferencesWindow, which shows its toasts.
 */
#define OSS_TYPE_QUALITY_PAGE (oss_quality_page_get_type ())
G_DECLARE_FINAL_TYPE (OssQualityPage, oss_quality_page, OSS, QUALITY_PAGE, AdwPreferencesPage)

/* Measures the phantom in the folder and keeps what is found; tells how it went by a toast. */
void oss_quality_page_add_folder (OssQualityPage *self, const char *path);

G_END_DECLS
