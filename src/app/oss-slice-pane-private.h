/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-slice-pane.h"

G_BEGIN_DECLS

struct _OssSlicePane
{
  GtkWidget parent_instance;

  OssScene *scene;
  OssPlane plane;
  OssTool tool;

  double focus_mm[3]; /* the place in the view's middle; along the normal the cursor's counts */
  double mm_per_pixel;
  gboolean fitted; /* the whole image is in view and stays so when the view's size changes */
  GdkTexture *texture;

  double drag_level, drag_window, drag_mm_per_pixel, drag_focus_mm[3];
  double scroll_rest; /* part of a slice that smooth scrolling has not used yet */
};

/* The view in logical pixels times @scale. */
void oss_slice_pane_view (OssSlicePane *self, int scale, OssSliceView *view);
/* Axis of patient space across the plane: 0 x, 1 y, 2 z. */
int oss_slice_pane_normal (OssSlicePane *self);
/* Grid axis that runs across the plane, its number of slices, the cursor's slice (from 0) and the
 * step in mm along the patient axis (signed: toward higher slice numbers). */
typedef struct
{
  int axis, n, current;
  double step_mm;
} OssSliceStack;
gboolean oss_slice_pane_stack (OssSlicePane *self, OssSliceStack *stack);

void oss_slice_pane_fit (OssSlicePane *self);
void oss_slice_pane_zoom (OssSlicePane *self, double factor, double x, double y);
void oss_slice_pane_redraw (OssSlicePane *self);
void oss_slice_pane_draw_overlays (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view);
/* Rods of the phantom (oss-rod-draw.c). */
void oss_slice_pane_draw_rods (OssSlicePane *self, GtkSnapshot *snapshot, const OssSliceView *view);
void oss_slice_pane_init_input (OssSlicePane *self);
void oss_slice_pane_class_init_keys (GtkWidgetClass *widget_class);
/* Swatch of the plane. */
void oss_plane_colour (OssPlane plane, GdkRGBA *colour);

G_END_DECLS
