/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-receiver.h"

#include "app/oss-window-private.h"
#include "base/oss-i18n.h"
#include "dicom/oss-pacs.h"

/* A study is a run of images: it is looked at when none came for this long. */
#define QUIET_MS 2000

static OssPacsListener *listener; /* NULL: off */
static GHashTable *touched;       /* folders of studies that something came into */
static guint quiet_id;

/* --- Into the worklist --- */

static void
import_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (OssWorklist) worklist = oss_worklist_open (NULL, NULL, NULL);
  g_autoptr (OssSeriesList) list = worklist != NULL ? oss_worklist_scan (worklist, data, NULL, NULL) : NULL;
  g_autoptr (GArray) ids = list != NULL ? oss_worklist_import (worklist, list, NULL, NULL) : NULL;

  if (ids != NULL)
    oss_worklist_import_reports (worklist, list, NULL, NULL, NULL);
  g_task_return_boolean (task, ids != NULL);
}

static void
imported_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GApplication *application = g_application_get_default ();

  if (!g_task_propagate_boolean (G_TASK (result), NULL) || application == NULL)
    return;
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (application)); l != NULL; l = l->next)
    if (OSS_IS_WINDOW (l->data))
      oss_window_worklist_received (OSS_WINDOW (l->data));
}

static gboolean
quiet_cb (gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, imported_cb, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer folder;

  quiet_id = 0;
  g_hash_table_iter_init (&iter, touched);
  while (g_hash_table_iter_next (&iter, &folder, NULL))
    g_strv_builder_add (builder, folder);
  g_hash_table_remove_all (touched);
  g_task_set_task_data (task, g_strv_builder_end (builder), (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (task, import_in_thread);
  return G_SOURCE_REMOVE;
}

/* On the main thread; @data: path of an object, FOLDER/STUDY/SERIES/OBJECT. */
static gboolean
stored_cb (gpointer data)
{
  g_autofree char *path = data, *series = g_path_get_dirname (path);

  if (touched == NULL)
    touched = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add (touched, g_path_get_dirname (series));
  if (quiet_id != 0)
    g_source_remove (quiet_id);
  quiet_id = g_timeout_add (QUIET_MS, quiet_cb, NULL);
  return G_SOURCE_REMOVE;
}

/* On one of the listener's threads. */
static void
event_cb (const OssPacsEvent *event, void *data)
{
  if (event->kind == OSS_PACS_EVENT_STORED && event->path != NULL)
    g_idle_add (stored_cb, g_strdup (event->path));
}

/* --- On and off --- */

gboolean
oss_receiver_is_on (void)
{
  return listener != NULL;
}

/* "TITLE@HOST" of every peer that may send. (transfer full) */
static char **
allowed_senders (const OssPacsPeers *peers)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < peers->peers->len; i++)
    {
      const OssPacsPeer *peer = g_ptr_array_index (peers->peers, i);
      g_autofree char *who = g_strdup_printf ("%s@%s", peer->called_ae, peer->host);

      if (peer->may_send)
        g_strv_builder_add (builder, who);
    }
  return g_strv_builder_end (builder);
}

gboolean
oss_receiver_start (GError **error)
{
  g_autoptr (OssPacsPeers) peers = oss_pacs_peers_load (NULL, error);
  g_autofree char *folder = oss_window_received_folder ();
  g_auto (GStrv) allowed = peers != NULL ? allowed_senders (peers) : NULL;
  OssPacsListenerOptions options = { .folder = folder, .event = event_cb };

  if (listener != NULL)
    return TRUE;
  if (peers == NULL)
    return FALSE;
  if (allowed[0] == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("No archive may send yet. Allow one of them below."));
      return FALSE;
    }
  options.node = &peers->node;
  options.allowed = (const char *const *) allowed;
  listener = oss_pacs_listener_new (&options, error);
  return listener != NULL;
}

void
oss_receiver_stop (void)
{
  g_clear_pointer (&listener, oss_pacs_listener_free);
}
