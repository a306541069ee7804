/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssTroublePicture: what is the matter with a series, drawn: the slices on a ruler with their gaps, a leaning stack
 * beside a straight one, a kernel between smooth and sharp.  Hidden when nothing of the kind is the matter.
 */
#define OSS_TYPE_TROUBLE_PICTURE (oss_trouble_picture_get_type ())
G_DECLARE_FINAL_TYPE (OssTroublePicture, oss_trouble_picture, OSS, TROUBLE_PICTURE, AdwBin)

void oss_trouble_picture_show (OssTroublePicture *self, const OssSeries *series);

G_END_DECLS
