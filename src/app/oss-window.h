/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What to do once a folder is open, from the command line. */
typedef struct
{
  gboolean has_at;
  double at_mm[3]; /* place of the linked cursor, patient LPS */
  guint8 verse;    /* level there; 0: not named */
  gboolean run;    /* all steps */
} OssStart;

/**
 * OssWindow: one patient's window: welcome, series, review.
 *
 * Actions are on the class ("win."); which of them are enabled is decided in one function.
 */
#define OSS_TYPE_WINDOW (oss_window_get_type ())
G_DECLARE_FINAL_TYPE (OssWindow, oss_window, OSS, WINDOW, AdwApplicationWindow)

OssWindow *oss_window_new (GtkApplication *application);
/* @start: (nullable): goes straight to the review of the best series. */
void oss_window_open_path (OssWindow *self, const char *path, const OssStart *start);
gboolean oss_window_is_empty (OssWindow *self);

G_END_DECLS
