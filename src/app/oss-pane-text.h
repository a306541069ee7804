/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define OSS_PANE_YELLOW ((GdkRGBA){ 1.0f, 0.82f, 0.35f, 1.0f })
#define OSS_PANE_WHITE ((GdkRGBA){ 0.93f, 0.93f, 0.93f, 1.0f })
#define OSS_PANE_BLUE ((GdkRGBA){ 0.384f, 0.627f, 0.918f, 1.0f })

typedef struct
{
  double size_px; /* 11.5 for corners, 14 for orientation letters */
  gboolean bold;
  double align_x, align_y; /* which part of the text lies at the place: 0 left or top, 1 right or bottom */
  GdkRGBA colour;
} OssPaneText;

/* Text over an image: readable on black, grey and bone through a black edge of one pixel. */
void oss_pane_text (GtkSnapshot *snapshot, GtkWidget *widget, const char *text, const OssPaneText *style, double x,
                    double y);
void oss_pane_text_size (GtkWidget *widget, const char *text, const OssPaneText *style, double *width, double *height);
/* Dark bands at the top and the bottom that corner texts stand on. */
void oss_pane_bands (GtkSnapshot *snapshot, double width, double height);
/* A scale bar of 10, 20 or 50 mm that ends at (@right, @bottom). */
void oss_pane_scale_bar (GtkSnapshot *snapshot, GtkWidget *widget, double mm_per_pixel, double right, double bottom);
/* The ring around the view that has the keyboard. */
void oss_pane_focus_ring (GtkSnapshot *snapshot, GtkWidget *widget);

G_END_DECLS
