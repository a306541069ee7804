/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ossature pacs get", "move", "commit" and "listen": where objects, or answers, come in. */
#include "base/oss-i18n.h"
#include "cli/oss-cli-pacs.h"

#include <stdio.h>

static struct
{
  char *study, *series, *out;
  int port, count, largest_mb, most, wait;
  gboolean same;
  char **allow;
} options;

static const GOptionEntry wanted_entries[] = {
  { "study", 0, 0, G_OPTION_ARG_STRING, &options.study, N_ ("study instance UID"), N_ ("UID") },
  { "series", 0, 0, G_OPTION_ARG_STRING, &options.series, N_ ("one series of it"), N_ ("UID") },
  { NULL }
};

static const GOptionEntry out_entries[] = { { "out", 0, 0, G_OPTION_ARG_FILENAME, &options.out,
                                              N_ ("folder for DIR/STUDY/SERIES/OBJECT.dcm"), N_ ("DIR") },
                                            { NULL } };

static const GOptionEntry port_entries[] = {
  { "port", 0, 0, G_OPTION_ARG_INT, &options.port, N_ ("where to listen (11112)"), N_ ("PORT") }, { NULL }
};

static const GOptionEntry listen_entries[] = {
  { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.allow,
    N_ ("who may send: TITLE, TITLE@HOST, *@HOST or *; may be repeated (the peers of the connections file)"),
    N_ ("WHO") },
  { "aet", 0, 0, G_OPTION_ARG_STRING, &oss_cli_pacs.aet, N_ ("this program’s own AE title (OSSATURE)"), N_ ("TITLE") },
  { "largest", 0, 0, G_OPTION_ARG_INT, &options.largest_mb, N_ ("largest object taken, in MB (4096)"), N_ ("MB") },
  { "most", 0, 0, G_OPTION_ARG_INT, &options.most, N_ ("senders at once (16)"), N_ ("N") },
  { "count", 0, 0, G_OPTION_ARG_INT, &options.count, N_ ("end after N objects (when stopped)"), N_ ("N") },
  { NULL }
};

static const GOptionEntry commit_entries[] = { { "wait", 0, 0, G_OPTION_ARG_INT, &options.wait,
                                                 N_ ("seconds to wait for the answer (60)"), N_ ("S") },
                                               { "same-association", 0, 0, G_OPTION_ARG_NONE, &options.same,
                                                 N_ ("do not listen: the answer comes back the same way"), NULL },
                                               { NULL } };

static gboolean
need (const char *value, const char *option, GError **error)
{
  if (value != NULL)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is needed."), option);
  return FALSE;
}

static gboolean
check_port (GError **error)
{
  if (options.port >= 0 && options.port <= G_MAXUINT16)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--port” needs a number from 0 to 65535."));
  return FALSE;
}

static gboolean
print_result (OssCli *cli, const OssPacsReport *report, gboolean done, GError **error)
{
  if (report->total > 0 && !oss_cli_pacs_print_report (cli, report, _ ("Received"), done ? error : NULL))
    return FALSE;
  return done;
}

gboolean
oss_cli_pacs_get (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { wanted_entries, out_entries, oss_cli_pacs_peer, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();

  if (!oss_cli_parse (&argc, &argv, entries, "--peer PEER --study UID --out DIR",
                      _ ("Fetches a study or series (C-GET). What lies in DIR is not fetched again."), 0, 0, error)
      || !need (options.study, "--study", error) || !need (options.out, "--out", error))
    return FALSE;
  g_autoptr (OssPacsPeer) peer = oss_cli_pacs_find_peer (oss_cli_pacs.peer, error);
  if (peer == NULL)
    return FALSE;
  gboolean done = oss_pacs_get (peer, options.study, options.series, options.out, report, &cli->tick, error);
  return print_result (cli, report, done, error);
}

/* This program as a node: the connections file, with the options laid over it. */
static OssPacsPeers *
load_node (GError **error)
{
  OssPacsPeers *known = check_port (error) ? oss_pacs_peers_load (oss_cli_pacs.peers_file, error) : NULL;

  if (known == NULL)
    return NULL;
  oss_cli_pacs_replace (&known->node.ae_title, oss_cli_pacs.aet);
  oss_cli_pacs_replace (&known->node.certificate_file, oss_cli_pacs.certificate);
  oss_cli_pacs_replace (&known->node.key_file, oss_cli_pacs.key);
  oss_cli_pacs_replace (&known->node.ca_file, oss_cli_pacs.ca);
  if (options.port > 0)
    known->node.port = (guint16) options.port;
  return known;
}

gboolean
oss_cli_pacs_move (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { wanted_entries,    out_entries,         port_entries,
                                   oss_cli_pacs_peer, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();

  if (!oss_cli_parse (&argc, &argv, entries, "--peer PEER --study UID --out DIR [--port PORT]",
                      _ ("Has a study or series sent here (C-MOVE). The peer must know this program’s title, address "
                         "and port. With “--cert” it listens with TLS."),
                      0, 0, error)
      || !need (options.study, "--study", error) || !need (options.out, "--out", error))
    return FALSE;
  g_autoptr (OssPacsPeer) peer = oss_cli_pacs_find_peer (oss_cli_pacs.peer, error);
  g_autoptr (OssPacsPeers) known = peer != NULL ? load_node (error) : NULL;
  if (known == NULL)
    return FALSE;
  gboolean done =
      oss_pacs_move (peer, &known->node, options.study, options.series, options.out, report, &cli->tick, error);
  return print_result (cli, report, done, error);
}

gboolean
oss_cli_pacs_commit (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { commit_entries, port_entries, oss_cli_pacs_peer, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();

  if (!oss_cli_parse (&argc, &argv, entries, "--peer PEER PATH…",
                      _ ("Asks whether an archive keeps what was sent to it (storage commitment). Most archives answer "
                         "over an association of their own: they must know this program’s title, address and port."),
                      1, -1, error))
    return FALSE;
  g_autoptr (OssPacsPeer) peer = oss_cli_pacs_find_peer (oss_cli_pacs.peer, error);
  g_autoptr (OssPacsPeers) known = peer != NULL ? load_node (error) : NULL;
  if (known == NULL)
    return FALSE;
  gboolean kept = oss_pacs_commit (peer, options.same ? NULL : &known->node, (const char *const *) argv + 1,
                                   (guint) MAX (options.wait, 0), report, &cli->tick, error);
  if (report->total > 0 && !oss_cli_pacs_print_report (cli, report, _ ("Kept"), kept ? error : NULL))
    return FALSE;
  return kept;
}

/* --- Listening --- */

typedef struct
{
  gboolean json;
  guint stored, known, refused, senders_refused, lost; /* written by the listener's threads, one at a time */
} Heard;

static const char *
event_name (OssPacsEventKind kind)
{
  static const char *const names[] = { "stored", "known", "object-refused", "sender-refused", "sender-lost" };
  return names[kind];
}

static void
event_cb (const OssPacsEvent *event, void *data)
{
  Heard *heard = data;
  guint *counts[] = { &heard->stored, &heard->known, &heard->refused, &heard->senders_refused, &heard->lost };

  if (heard->json)
    {
      g_autoptr (GString) json = g_string_new ("{");
      oss_cli_json_text (json, "event", event_name (event->kind));
      oss_cli_json_text (json, "sender", event->sender);
      if (event->path != NULL)
        oss_cli_json_text (json, "path", event->path);
      if (event->why != NULL)
        oss_cli_json_text (json, "why", event->why);
      g_string_append (json, "}\n");
      fputs (json->str, stdout);
      fflush (stdout);
    }
  else if (event->kind > OSS_PACS_EVENT_KNOWN)
    g_printerr ("✗ %s: %s\n", event->sender, event->why != NULL ? event->why : "");
  g_atomic_int_inc (counts[event->kind]);
}

/* The senders that the connections file allows, unless options say who. */
static char **
allowed_senders (const OssPacsPeers *known)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (char **who = options.allow; who != NULL && *who != NULL; who++)
    g_strv_builder_add (builder, *who);
  for (guint i = 0; options.allow == NULL && i < known->peers->len; i++)
    {
      const OssPacsPeer *peer = known->peers->pdata[i];
      g_autofree char *who = g_strdup_printf ("%s@%s", peer->called_ae, peer->host);
      if (peer->may_send)
        g_strv_builder_add (builder, who);
    }
  return g_strv_builder_end (builder);
}

static gboolean
wait_for_end (OssCli *cli, Heard *heard, GError **error)
{
  while (options.count <= 0 || g_atomic_int_get (&heard->stored) + g_atomic_int_get (&heard->known) < options.count)
    {
      if (oss_tick_stopped (&cli->tick))
        return options.count > 0 ? oss_tick_cancelled (error) : TRUE;
      g_usleep (50000);
    }
  g_usleep (200000); /* the last sender takes its leave */
  return TRUE;
}

static gboolean
print_heard (OssCli *cli, const Heard *heard, GError **error)
{
  g_autofree char *text =
      cli->json ? g_strdup_printf ("{\"stored\": %u, \"known\": %u, \"objects_refused\": %u, \"senders_refused\": %u, "
                                   "\"senders_lost\": %u}\n",
                                   heard->stored, heard->known, heard->refused, heard->senders_refused, heard->lost)
                : g_strdup_printf (OSS_NGETTEXT ("Stored %u object; %u there already, %u refused.\n",
                                                 "Stored %u objects; %u there already, %u refused.\n", heard->stored),
                                   heard->stored, heard->known, heard->refused);
  return oss_cli_print (text, error);
}

gboolean
oss_cli_pacs_listen (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { listen_entries, out_entries, port_entries, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);
  Heard heard = { 0 };

  if (!oss_cli_parse (&argc, &argv, entries, "--out DIR [--allow WHO …]",
                      _ ("Takes objects that others send (Storage SCP), until it is stopped. With “--cert” it speaks "
                         "TLS only, and asks senders for a certificate."),
                      0, 0, error)
      || !need (options.out, "--out", error))
    return FALSE;
  g_autoptr (OssPacsPeers) known = load_node (error);
  if (known == NULL)
    return FALSE;
  g_auto (GStrv) allowed = allowed_senders (known);
  heard.json = cli->json;
  OssPacsListenerOptions listening = { .node = &known->node,
                                       .folder = options.out,
                                       .allowed = (const char *const *) allowed,
                                       .largest_object_bytes = (guint64) MAX (options.largest_mb, 0) * 1000000,
                                       .most_associations = (guint) MAX (options.most, 0),
                                       .event = event_cb,
                                       .data = &heard };
  OssPacsListener *listener = oss_pacs_listener_new (&listening, error);
  if (listener == NULL)
    return FALSE;
  if (!cli->quiet)
    g_printerr (_ ("“%s” listens at port %u; Ctrl+C ends it.\n"), known->node.ae_title,
                oss_pacs_listener_port (listener));
  gboolean ended = wait_for_end (cli, &heard, error);
  oss_pacs_listener_free (listener);
  return print_heard (cli, &heard, ended ? error : NULL) && ended;
}
