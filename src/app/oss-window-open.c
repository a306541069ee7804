/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening: folders are scanned, images go straight to review, the demo patient is made first. */
#include "app/oss-window-private.h"

#include "app/oss-work.h"
#include "base/oss-i18n.h"
#include "virtual/oss-virtual.h"

#include <glib/gstdio.h>
#include <string.h>

/* Scanning a folder */

typedef struct
{
  OssWindow *window; /* main thread only */
  OssJob *job;       /* main thread only */
  char *path;
  char **paths;    /* what is scanned */
  char *study_uid; /* whose series are shown; NULL: of all studies found */
  char *worklist;  /* its file; NULL: none */
  gboolean review; /* goes on to the best series */
  OssStart start;
  gboolean has_start;
} Opening;

/* What a scan found. */
typedef struct
{
  OssSeriesList *list;
  gint64 newest; /* the latest study's id in the worklist; 0: not imported */
  char *trouble; /* why it was not; NULL */
} Found;

static void
found_free (gpointer data)
{
  Found *found = data;

  oss_series_list_free (found->list);
  g_free (found->trouble);
  g_free (found);
}

static Opening *
opening_new (OssWindow *window, const char *path, OssJob *job)
{
  Opening *self = g_new0 (Opening, 1);

  self->window = g_object_ref (window);
  self->job = g_object_ref (job);
  self->path = g_strdup (path);
  self->paths = g_strdupv ((char *[]){ (char *) path, NULL });
  self->worklist = window->worklist != NULL ? g_strdup (oss_worklist_get_path (window->worklist)) : NULL;
  return self;
}

static void
opening_free (Opening *self)
{
  g_object_unref (self->window);
  g_object_unref (self->job);
  g_free (self->path);
  g_strfreev (self->paths);
  g_free (self->study_uid);
  g_free (self->worklist);
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

/* Scans with what is remembered, and imports.  A worklist that does not work is no reason not to show the series. */
static gpointer
scan (gpointer data, const OssTick *tick, GError **error)
{
  const Opening *opening = data;
  const char *const *paths = (const char *const *) opening->paths;
  const OssTick reading = oss_tick_part (tick, 0.0, 0.95), importing = oss_tick_part (tick, 0.95, 1.0);
  g_autoptr (GError) trouble = NULL;
  g_autoptr (OssWorklist) worklist =
      opening->worklist != NULL ? oss_worklist_open (opening->worklist, NULL, &trouble) : NULL;
  OssSeriesList *list = worklist != NULL ? oss_worklist_scan (worklist, paths, &reading, error)
                                         : oss_series_scan (paths, &reading, error);
  g_autoptr (GArray) ids = NULL;
  Found *found;

  if (list == NULL)
    return NULL;
  if (worklist != NULL)
    ids = oss_worklist_import (worklist, list, &importing, &trouble);
  if (ids != NULL)
    oss_worklist_import_reports (worklist, list, NULL, &importing, &trouble);
  if (g_error_matches (trouble, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      oss_series_list_free (list);
      g_propagate_error (error, g_steal_pointer (&trouble));
      return NULL;
    }
  found = g_new0 (Found, 1);
  found->list = list;
  found->newest = ids != NULL && ids->len > 0 ? g_array_index (ids, gint64, ids->len - 1) : 0;
  found->trouble = trouble != NULL ? g_strdup (trouble->message) : NULL;
  return found;
}

static gboolean
is_nifti (const char *path)
{
  return g_str_has_suffix (path, ".nii") || g_str_has_suffix (path, ".nii.gz");
}

/* The folder that holds every file of a series: what its study reads again. */
char *
oss_window_series_path (const OssSeries *series, const char *fallback)
{
  char *folder = g_path_get_dirname (g_ptr_array_index (series->files, 0));

  for (guint i = 1; i < series->files->len; i++)
    {
      const char *file = g_ptr_array_index (series->files, i);

      while (!g_str_has_prefix (file, folder) || file[strlen (folder)] != G_DIR_SEPARATOR)
        {
          char *up = g_path_get_dirname (folder);

          g_free (folder);
          folder = up;
          /* Files of several disks: nobody wants the whole of them read. */
          if (g_str_equal (folder, "/") || g_str_equal (folder, "."))
            {
              g_free (folder);
              return g_strdup (fallback);
            }
        }
    }
  return folder;
}

static guint
count_studies (const OssSeriesList *list)
{
  g_autoptr (GHashTable) uids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < list->series->len; i++)
    g_hash_table_add (uids, ((OssSeries *) g_ptr_array_index (list->series, i))->study_uid);
  return g_hash_table_size (uids);
}

/* Leaves the series of one study. */
static void
keep_study (OssSeriesList *list, const char *study_uid)
{
  for (guint i = list->series->len; i-- > 0;)
    if (!g_str_equal (((OssSeries *) g_ptr_array_index (list->series, i))->study_uid, study_uid))
      g_ptr_array_remove_index (list->series, i);
}

static void
show_list (Opening *opening, Found *found)
{
  OssWindow *window = opening->window;
  OssSeriesList *list = g_steal_pointer (&found->list);
  const OssSeries *suggested;
  guint n_studies = count_studies (list);

  oss_window_worklist_imported (window, list, found->newest);
  if (found->trouble != NULL)
    oss_window_toast (window, found->trouble);
  if (opening->study_uid != NULL)
    keep_study (list, opening->study_uid);
  else if (n_studies > 1 && found->newest != 0 && !opening->has_start)
    {
      g_autofree char *text = g_strdup_printf (OSS_NGETTEXT ("%u study read", "%u studies read", n_studies), n_studies);

      oss_series_list_free (list);
      oss_window_show_page (window, GTK_WIDGET (window->worklist_page));
      oss_worklist_page_focus_list (window->worklist_page);
      oss_window_toast (window, text);
      return;
    }
  oss_series_page_set_list (window->series, list);
  oss_window_show_page (window, GTK_WIDGET (window->series));
  suggested = oss_series_page_get_suggested (window->series);
  window->has_start = opening->has_start && suggested != NULL;
  window->start = opening->start;
  if ((opening->has_start || opening->review) && suggested != NULL)
    {
      g_autofree char *path = oss_window_series_path (suggested, opening->path);

      oss_window_review (window, path, suggested);
    }
}

static void
show_nothing (OssWindow *window, const char *why)
{
  oss_series_page_set_nothing (window->series, why);
  oss_window_show_page (window, GTK_WIDGET (window->series));
}

static void
scanned_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *opening = data;
  g_autoptr (GError) error = NULL;
  Found *found = oss_work_finish (result, &error);

  if (opening_end (opening, error))
    {
      if (found != NULL)
        show_list (opening, found);
      else if (g_error_matches (error, OSS_ERROR, OSS_ERROR_CANCELLED))
        oss_window_show_page (opening->window, oss_window_home (opening->window));
      else
        show_nothing (opening->window, error->message);
    }
  g_clear_pointer (&found, found_free);
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
  oss_work_run (job, scan, opening, found_free, scanned_cb, opening);
}

void
oss_window_open_study (OssWindow *self, const char *const *paths, const char *study_uid, gboolean review)
{
  g_autofree char *name = g_path_get_basename (paths[0]);
  g_autofree char *title = g_strdup_printf (_ ("Reading %s"), name);
  OssJob *job = oss_window_begin_opening (self, paths[0], title);
  Opening *opening = opening_new (self, paths[0], job);

  g_strfreev (opening->paths);
  opening->paths = g_strdupv ((char **) paths);
  opening->study_uid = study_uid != NULL && *study_uid != '\0' ? g_strdup (study_uid) : NULL;
  opening->review = review;
  oss_work_run (job, scan, opening, found_free, scanned_cb, opening);
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
        oss_window_show_page (opening->window, oss_window_home (opening->window));
      else
        show_nothing (opening->window, error->message);
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
