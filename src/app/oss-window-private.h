/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-document.h"
#include "app/oss-review-page.h"
#include "app/oss-series-page.h"
#include "app/oss-welcome-page.h"
#include "app/oss-window.h"

G_BEGIN_DECLS

struct _OssWindow
{
  AdwApplicationWindow parent_instance;

  GListStore *jobs;      /* newest first */
  OssDocument *document; /* NULL before a series is reviewed */
  OssJob *opening;       /* scan of a folder, or the demo patient being made */
  char *opening_path;
  OssStart start; /* waits for the images */
  gboolean has_start, closing;
  GtkFileChooserNative *chooser;

  char *tool, *layout;
  gboolean dark_review, side_column;

  AdwToastOverlay *toasts;
  AdwLeaflet *pages;
  OssWelcomePage *welcome;
  OssSeriesPage *series;
  OssReviewPage *review;
  GtkLabel *status, *facts;
};

void oss_window_class_init_actions (GtkWidgetClass *widget_class);
/* The one place that says what can be done now. */
void oss_window_update_actions (OssWindow *self);

void oss_window_show_page (OssWindow *self, GtkWidget *page);
GtkWidget *oss_window_get_page (OssWindow *self);
void oss_window_toast (OssWindow *self, const char *text);
void oss_window_tell (OssWindow *self, const char *status);
void oss_window_review (OssWindow *self, const char *path, const OssSeries *series);
/* Makes the demo patient where the user's data are, once, and opens it. */
void oss_window_open_demo (OssWindow *self);
/* Runs a job that is not the document's; "opening" until it ends. */
OssJob *oss_window_begin_opening (OssWindow *self, const char *path, const char *title);

G_END_DECLS
