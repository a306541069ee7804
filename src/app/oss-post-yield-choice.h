/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "material/oss-post-yield.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssPostYieldChoice: what follows yielding: a list that says in words what the choice means, and its numbers.
 *
 * Signal "changed": the user chose something else.
 */
#define OSS_TYPE_POST_YIELD_CHOICE (oss_post_yield_choice_get_type ())
G_DECLARE_FINAL_TYPE (OssPostYieldChoice, oss_post_yield_choice, OSS, POST_YIELD_CHOICE, AdwBin)

void oss_post_yield_choice_get (OssPostYieldChoice *self, OssPostYield *post_yield);
/* Without "changed". */
void oss_post_yield_choice_set (OssPostYieldChoice *self, const OssPostYield *post_yield);

G_END_DECLS
