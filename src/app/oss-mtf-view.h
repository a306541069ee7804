/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-kernel-measure.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssMtfView: a measured transfer function: the curve fitted, the points without the fit, and the table's curve of the
 * same kernel where there is one; what is drawn also stands in words below.
 */
#define OSS_TYPE_MTF_VIEW (oss_mtf_view_get_type ())
G_DECLARE_FINAL_TYPE (OssMtfView, oss_mtf_view, OSS, MTF_VIEW, AdwBin)

/* @measured: (nullable): nothing; @known: (nullable): of the table */
void oss_mtf_view_show (OssMtfView *self, const OssKernelMeasurement *measured, const OssKernel *known);

G_END_DECLS
