/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-study.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Strength by estimator, side by side, each with what it may be compared with: in a popover. */
#define OSS_TYPE_ESTIMATES_BUTTON (oss_estimates_button_get_type ())
G_DECLARE_FINAL_TYPE (OssEstimatesButton, oss_estimates_button, OSS, ESTIMATES_BUTTON, AdwBin)

/* @simulate: read during the call only. */
void oss_estimates_button_set_result (OssEstimatesButton *self, const OssSimulateResult *simulate);

G_END_DECLS
