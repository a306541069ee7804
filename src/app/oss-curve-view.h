/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-nonlinear.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssCurveView: a load-displacement curve, with one increment told below it.
 *
 * Left, Right, Home and End go from increment to increment, so does a click; hidden without a curve.
 */
#define OSS_TYPE_CURVE_VIEW (oss_curve_view_get_type ())
G_DECLARE_FINAL_TYPE (OssCurveView, oss_curve_view, OSS, CURVE_VIEW, AdwBin)

/* @curve: (nullable): copied; @height_mm: what apparent strain refers to. */
void oss_curve_view_set_curve (OssCurveView *self, const OssFemCurve *curve, double height_mm);

G_END_DECLS
