/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "micro/oss-homogenize.h"

G_BEGIN_DECLS

/* Fills voigt, reuss, hashin_high, hashin_low and bv_tv. */
void oss_homogenize_bounds (const OssMicroVolume *volume, OssHomogenized *result);

static inline gsize
oss_micro_volume_count (const OssMicroVolume *self)
{
  return self->size[0] * self->size[1] * self->size[2];
}

G_END_DECLS
