/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-caps.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssCapsChoice: what stands between the endplates and the plates: a list, and for caps their thickness and modulus.
 *
 * Signal "changed": the user chose something else.
 */
#define OSS_TYPE_CAPS_CHOICE (oss_caps_choice_get_type ())
G_DECLARE_FINAL_TYPE (OssCapsChoice, oss_caps_choice, OSS, CAPS_CHOICE, AdwBin)

void oss_caps_choice_get (OssCapsChoice *self, OssCaps *caps);
/* Without "changed". */
void oss_caps_choice_set (OssCapsChoice *self, const OssCaps *caps);

G_END_DECLS
