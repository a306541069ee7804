/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The L4 of the voxel reference (87,345 voxels of 1 mm, caps of cement), led to 2 % apparent strain. */
#pragma once

#include "fem/oss-fem-nonlinear.h"

#define L4_HEIGHT_MM 43.0
#define L4_STRAIN 0.02

/* Caps elastic, bone yielding at 0.84 % and 0.78 % strain; lower face held, upper face moved along z.  Two threads or
 * however many are set.  NULL with an error where the files under OSSATURE_SHARED_DATA are missing. */
OssFemCurve *l4_curve (int increments, OssCriterion criterion, GError **error);
