/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssKernelGroup: the known reconstruction kernels in the preferences: the user's own measured ones, which can be
 * removed, and the table's by maker.
 */
#define OSS_TYPE_KERNEL_GROUP (oss_kernel_group_get_type ())
G_DECLARE_FINAL_TYPE (OssKernelGroup, oss_kernel_group, OSS, KERNEL_GROUP, AdwPreferencesGroup)

G_END_DECLS
