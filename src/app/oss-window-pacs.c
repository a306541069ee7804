/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Studies from a picture archive: asked for in a window of its own, fetched in the background. */
#include "app/oss-window-private.h"

#include "app/oss-pacs-window.h"
#include "app/oss-preferences.h"
#include "app/oss-work.h"
#include "base/oss-i18n.h"
#include "dicom/oss-pacs.h"

typedef struct
{
  OssWindow *window; /* main thread only */
  OssJob *job;       /* main thread only */
  OssPacsPeer *peer;
  char **study_uids;
  char *folder;
  OssPacsReport *report;
} Fetch;

static void
fetch_free (Fetch *self)
{
  g_object_unref (self->window);
  g_object_unref (self->job);
  oss_pacs_peer_free (self->peer);
  g_strfreev (self->study_uids);
  g_free (self->folder);
  oss_pacs_report_free (self->report);
  g_free (self);
}

char *
oss_window_received_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "ossature", "received", NULL);
}

static gpointer
fetch (gpointer data, const OssTick *tick, GError **error)
{
  Fetch *self = data;
  guint n = g_strv_length (self->study_uids);

  for (guint i = 0; i < n; i++)
    {
      OssTick part = oss_tick_part (tick, (double) i / n, (i + 1.0) / n);

      if (!oss_pacs_get (self->peer, self->study_uids[i], NULL, self->folder, self->report, &part, error))
        return NULL;
    }
  return self;
}

/* The folders that the studies went to. (transfer full) */
static char **
study_folders (const Fetch *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (int i = 0; self->study_uids[i] != NULL; i++)
    {
      g_autofree char *folder = g_build_filename (self->folder, self->study_uids[i], NULL);

      if (g_file_test (folder, G_FILE_TEST_IS_DIR))
        g_strv_builder_add (builder, folder);
    }
  return g_strv_builder_end (builder);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fetch *self = data;
  g_autoptr (GError) error = NULL;
  gboolean complete = oss_work_finish (result, &error) != NULL;
  g_autofree char *done = g_strdup_printf (OSS_NGETTEXT ("%u image received", "%u images received", self->report->done),
                                           self->report->done);
  g_auto (GStrv) folders = study_folders (self);

  oss_job_finish (self->job, done, error);
  if (oss_job_get_state (self->job) == OSS_JOB_FAILED)
    oss_window_toast (self->window, error->message);
  /* What is there is whole, image by image: a study that broke off is shown with its gap, and fetched further by the
   * next import. */
  if (folders[0] != NULL && (complete || self->report->done > 0) && gtk_widget_get_mapped (GTK_WIDGET (self->window)))
    oss_window_open_study (self->window, (const char *const *) folders,
                           self->study_uids[1] == NULL && complete ? self->study_uids[0] : NULL, FALSE);
  fetch_free (self);
}

static void
import_cb (OssWindow *self, const char *peer_name, char **study_uids)
{
  g_autoptr (OssPacsPeers) peers = oss_pacs_peers_load (NULL, NULL);
  const OssPacsPeer *peer = peers != NULL ? oss_pacs_peers_find (peers, peer_name) : NULL;
  g_autofree char *title = NULL;
  Fetch *fetching;

  if (peer == NULL)
    return;
  /* Translators: a job: the name of a PACS. */
  title = g_strdup_printf (_ ("Receive from PACS “%s”"), peer->name);
  fetching = g_new0 (Fetch, 1);
  fetching->window = g_object_ref (self);
  fetching->job = oss_job_new (title);
  fetching->peer = oss_pacs_peer_copy (peer);
  fetching->study_uids = g_strdupv (study_uids);
  fetching->folder = oss_window_received_folder ();
  fetching->report = oss_pacs_report_new ();
  oss_window_add_job (self, fetching->job);
  oss_window_tell (self, title);
  oss_work_run (fetching->job, fetch, fetching, NULL, fetched_cb, fetching);
}

static void
connections_cb (OssWindow *self, GtkWindow *search)
{
  oss_preferences_show (search, "connections");
}

static void
open_pacs_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssPacsWindow *search = oss_pacs_window_new (GTK_WINDOW (widget));

  g_signal_connect_object (search, "import", G_CALLBACK (import_cb), widget, G_CONNECT_SWAPPED);
  g_signal_connect_object (search, "connections", G_CALLBACK (connections_cb), widget, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (search));
}

static void
preferences_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  oss_preferences_show (GTK_WINDOW (widget), NULL);
}

void
oss_window_pacs_class_init (GtkWidgetClass *klass)
{
  gtk_widget_class_install_action (klass, "win.open-pacs", NULL, open_pacs_action);
  gtk_widget_class_install_action (klass, "win.preferences", NULL, preferences_action);
}
