/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening: folders are scanned, images go straight to review, the demo patient is made first. */
#include "app/oss-window-private.h"

#include "app/oss-work.h"
#include "base/oss-i18n.h"
#include "virtual/oss-virtual.h"

#include <glib/gstdio.h>

/* Scanning a folder */

typedef struct
{
  OssWindow *window; /* main thread only */
  OssJob *job;       /* main thread only */
  char *path;
  OssStart start;
  gboolean has_start;
} Opening;

static Opening *
opening_new (OssWindow *window, const char *path, OssJob *job)
{
  Opening *self = g_new0 (Opening, 1);

  self->window = g_object_ref (window);
  self->job = g_object_ref (job);
  self->path = g_strdup (path);
  return self;
}

static void
opening_free (Opening *self)
{
  g_object_unref (self->window);
  g_object_unref (self->job);
  g_free (self->path);
  g_free (self);
}

/* Ends the job; FALSE when the window has gone on to something else. */
static gboolean
opening_end (Opening *self, const GError *error)
{
  oss_job_finish (self->job, NULL, error);
  if (self->window->opening != self->job)
    return FALSE;
  g_clear_object (&self->window->opening);
  return TRUE;
}

static gpointer
scan (gpointer data, const OssTick *tick, GError **error)
{
  const Opening *opening = data;
  const char *const paths[] = { opening->path, NULL };

  return oss_series_scan (paths, tick, error);
}

static gboolean
is_nifti (const char *path)
{
  return g_str_has_suffix (path, ".nii") || g_str_has_suffix (path, ".nii.gz");
}

static void
show_list (Opening *opening, OssSeriesList *list)
{
  OssWindow *window = opening->window;
  const OssSeries *suggested;

  oss_series_page_set_list (window->series, list);
  oss_window_show_page (window, GTK_WIDGET (window->series));
  suggested = oss_series_page_get_suggested (window->series);
  if (opening->has_start && suggested != NULL)
    {
      window->start = opening->start;
      window->has_start = TRUE;
      oss_window_review (window, opening->path, suggested);
    }
}

static void
scanned_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *opening = data;
  g_autoptr (GError) error = NULL;
  OssSeriesList *list = oss_work_finish (result, &error);

  if (!opening_end (opening, error))
    g_clear_pointer (&list, oss_series_list_free);
  else if (list != NULL)
    show_list (opening, list);
  else if (g_error_matches (error, OSS_ERROR, OSS_ERROR_CANCELLED))
    oss_window_show_page (opening->window, GTK_WIDGET (opening->window->welcome));
  else
    {
      oss_series_page_set_nothing (opening->window->series, error->message);
      oss_window_show_page (opening->window, GTK_WIDGET (opening->window->series));
    }
  opening_free (opening);
}

void
oss_window_open_path (OssWindow *self, const char *path, const OssStart *start)
{
  g_autofree char *name = g_path_get_basename (path), *title = NULL;
  Opening *opening;
  OssJob *job;

  if (is_nifti (path))
    {
      self->has_start = start != NULL;
      if (start != NULL)
        self->start = *start;
      oss_window_review (self, path, NULL);
      return;
    }
  /* Translators: a job: a folder's name. */
  title = g_strdup_printf (_ ("Reading %s"), name);
  job = oss_window_begin_opening (self, path, title);
  opening = opening_new (self, path, job);
  opening->has_start = start != NULL;
  if (start != NULL)
    opening->start = *start;
  oss_work_run (job, scan, opening, (GDestroyNotify) oss_series_list_free, scanned_cb, opening);
}

/* The demo patient */

#define DEMO_SEED 17

static gpointer
make_demo (gpointer data, const OssTick *tick, GError **error)
{
  Opening *opening = data;
  g_autofree char *parent = g_path_get_dirname (opening->path);
  OssVirtualOptions options;
  OssVirtualTruth truth;

  if (g_mkdir_with_parents (parent, 0700) != 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The folder “%s” cannot be made."), parent);
      return NULL;
    }
  oss_virtual_options_default (&options);
  options.seed = DEMO_SEED;
  return oss_virtual_write (opening->path, &options, &truth, tick, error) ? opening : NULL;
}

static void
demo_made_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *opening = data;
  g_autoptr (GError) error = NULL;
  gboolean made = oss_work_finish (result, &error) != NULL;

  if (opening_end (opening, error))
    {
      if (made)
        oss_window_open_path (opening->window, opening->path, NULL);
      else if (g_error_matches (error, OSS_ERROR, OSS_ERROR_CANCELLED))
        oss_window_show_page (opening->window, GTK_WIDGET (opening->window->welcome));
      else
        {
          oss_series_page_set_nothing (opening->window->series, error->message);
          oss_window_show_page (opening->window, GTK_WIDGET (opening->window->series));
        }
    }
  opening_free (opening);
}

void
oss_window_open_demo (OssWindow *self)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "ossature", "demo-patient", NULL);
  Opening *opening;
  OssJob *job;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      oss_window_open_path (self, path, NULL);
      return;
    }
  job = oss_window_begin_opening (self, path, _ ("Making the demo patient"));
  opening = opening_new (self, path, job);
  oss_work_run (job, make_demo, opening, NULL, demo_made_cb, opening);
}
