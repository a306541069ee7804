/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-scene.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What a drag with the first button does in a slice view. */
typedef enum
{
  OSS_TOOL_LEVEL,
  OSS_TOOL_PAN,
  OSS_TOOL_ZOOM,
  OSS_TOOL_CURSOR,
} OssTool;

/**
 * OssSlicePane: one plane through the linked cursor, drawn by the CPU (no GL needed).
 *
 * Shows the slice, the label's outline, the other planes' lines, orientation letters, corner
 * texts and a scale bar; takes focus, pointer and keys (see the shortcuts window).
 * Signal "toggle-large": asks to be the only view, or one of four again.
 */
#define OSS_TYPE_SLICE_PANE (oss_slice_pane_get_type ())
G_DECLARE_FINAL_TYPE (OssSlicePane, oss_slice_pane, OSS, SLICE_PANE, GtkWidget)

/* @scene: (nullable): an empty view */
void oss_slice_pane_set_scene (OssSlicePane *self, OssScene *scene, OssPlane plane);
void oss_slice_pane_set_tool (OssSlicePane *self, OssTool tool);
OssPlane oss_slice_pane_get_plane (OssSlicePane *self);
/* "Axial" (translated). */
const char *oss_plane_title (OssPlane plane);
/* "Axial, slice 95 of 183, z −12.4 mm, 118 HU" (transfer full) */
char *oss_slice_pane_describe (OssSlicePane *self);

G_END_DECLS
