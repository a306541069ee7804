/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssPhantomChoice: which calibration phantom lies under the patient, and its serial number.
 *
 * Signals: "changed": the user chose something else; "certificate": the chosen phantom may have other densities now.
 */
#define OSS_TYPE_PHANTOM_CHOICE (oss_phantom_choice_get_type ())
G_DECLARE_FINAL_TYPE (OssPhantomChoice, oss_phantom_choice, OSS, PHANTOM_CHOICE, AdwBin)

/* "auto" or a name of the table. (transfer full) */
char *oss_phantom_choice_get_model (OssPhantomChoice *self);
/* (transfer full) (nullable) */
char *oss_phantom_choice_get_serial (OssPhantomChoice *self);
/* Without "changed". */
void oss_phantom_choice_set (OssPhantomChoice *self, const char *model, const char *serial);

G_END_DECLS
