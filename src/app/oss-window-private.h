/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-document.h"
#include "app/oss-review-page.h"
#include "app/oss-series-page.h"
#include "app/oss-welcome-page.h"
#include "app/oss-window.h"
#include "app/oss-worklist-page.h"

G_BEGIN_DECLS

struct _OssWindow
{
  AdwApplicationWindow parent_instance;

  GListStore *jobs;      /* newest first */
  OssDocument *document; /* NULL before a series is reviewed */
  OssJob *opening;       /* scan of a folder, or the demo patient being made */
  char *opening_path;
  OssWorklist *worklist;             /* NULL: it could not be opened, and the window does without */
  guint worklist_version;            /* of its data, as last shown */
  GQueue thumbnails;                 /* studies that still lack a picture */
  const OssSimulateResult *recorded; /* the result that the worklist has; never looked into */
  OssStart start;                    /* waits for the images */
  gboolean has_start, closing;
  GtkFileChooserNative *chooser;

  char *tool, *layout;
  gboolean dark_review, side_column;

  AdwToastOverlay *toasts;
  AdwLeaflet *pages;
  OssWelcomePage *welcome;
  OssWorklistPage *worklist_page;
  OssSeriesPage *series;
  OssReviewPage *review;
  GtkLabel *status, *facts;
  GtkWidget *reading; /* progress of a scan beside the worklist */
  GtkProgressBar *reading_bar;
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

/* The page that Back leads to in the end: the worklist, or the welcome while it is empty. */
GtkWidget *oss_window_home (OssWindow *self);

/* Shows the job in the list of jobs. */
void oss_window_add_job (OssWindow *self, OssJob *job);

/* Picture archives */
void oss_window_pacs_class_init (GtkWidgetClass *widget_class);
/* Where images from archives lie: FOLDER/STUDY/SERIES/OBJECT.dcm (transfer full) */
char *oss_window_received_folder (void);

/* Copies of a study without names */
void oss_window_nameless_class_init (GtkWidgetClass *widget_class);

/* The worklist in the window */
void oss_window_worklist_init (OssWindow *self);
void oss_window_worklist_dispose (OssWindow *self);
void oss_window_worklist_class_init (GtkWidgetClass *widget_class);
void oss_window_worklist_update_actions (OssWindow *self);
/* Somebody sent images, and they are in the worklist now. */
void oss_window_worklist_received (OssWindow *self);
/* Something was imported: shows it, and makes pictures of what has none. */
void oss_window_worklist_imported (OssWindow *self, OssSeriesList *list, gint64 first);
/* Keeps the result of the document, once; a failure where there is no result. */
void oss_window_worklist_record (OssWindow *self);
void oss_window_worklist_record_failure (OssWindow *self);
/* (transfer full) */
char *oss_window_series_path (const OssSeries *series, const char *fallback);
/* Scans @paths (array zero-terminated=1) and shows the series of @study_uid; @review: goes on to the best of them. */
void oss_window_open_study (OssWindow *self, const char *const *paths, const char *study_uid, gboolean review);

G_END_DECLS
