/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "render/oss-renderer.h"

G_BEGIN_DECLS

/**
 * oss_render_stress_picture:
 * @node_values: [n_nodes] the field
 * @low, @high: range of @map
 * @cut: opens the vertebra at its mid-sagittal plane, seen from the patient's left
 *
 * The standard picture of a field on a vertebra, on black, without a display.
 * The same arguments give the same picture in the report, on the command line and in the window's export.
 */
OSS_API OssPicture *oss_render_stress_picture (const OssMesh *mesh, const double *node_values,
                                               const OssVertebraFrame *frame, const OssColormap *map, double low,
                                               double high, gboolean cut, int width, int height, GError **error);

/* Screen directions (right, up) of the patient's left, posterior and superior under that picture's camera. */
OSS_API void oss_render_stress_axes (const OssVertebraFrame *frame, double axes[3][2]);

G_END_DECLS
