/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssKernelWindow: measures the transfer function of the image's kernel on the round edge of a rod, shows it, and keeps
 * it in the user's own table.
 *
 * Signal "kept": the table changed.
 */
#define OSS_TYPE_KERNEL_WINDOW (oss_kernel_window_get_type ())
G_DECLARE_FINAL_TYPE (OssKernelWindow, oss_kernel_window, OSS, KERNEL_WINDOW, AdwWindow)

OssKernelWindow *oss_kernel_window_new (GtkWindow *parent, OssDocument *document);

G_END_DECLS
