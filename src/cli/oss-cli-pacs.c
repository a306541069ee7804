/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ossature pacs": talking to a PACS.  Options shared by all that it does, and who is talked to. */
#include "cli/oss-cli-pacs.h"

#include "base/oss-i18n.h"

#include <stdlib.h>
#include <string.h>

OssCliPacs oss_cli_pacs;

const GOptionEntry oss_cli_pacs_peer[] = {
  { "peer", 0, 0, G_OPTION_ARG_STRING, &oss_cli_pacs.peer,
    N_ ("whom to ask: AE@HOST:PORT, or a name of the connections file"), N_ ("PEER") },
  { "aet", 0, 0, G_OPTION_ARG_STRING, &oss_cli_pacs.aet, N_ ("this program’s own AE title (OSSATURE)"), N_ ("TITLE") },
  { "timeout", 0, 0, G_OPTION_ARG_INT, &oss_cli_pacs.timeout, N_ ("seconds without a sign of life (60)"), N_ ("S") },
  { "any-host-name", 0, 0, G_OPTION_ARG_NONE, &oss_cli_pacs.any_host_name,
    N_ ("accept a trusted certificate that names another host"), NULL },
  { NULL }
};

const GOptionEntry oss_cli_pacs_secure[] = {
  { "tls", 0, 0, G_OPTION_ARG_NONE, &oss_cli_pacs.tls, N_ ("speak TLS 1.2 or newer"), NULL },
  { "ca", 0, 0, G_OPTION_ARG_FILENAME, &oss_cli_pacs.ca,
    N_ ("certificates (PEM) of who may vouch for the other side (the system’s)"), N_ ("FILE") },
  { "cert", 0, 0, G_OPTION_ARG_FILENAME, &oss_cli_pacs.certificate, N_ ("this program’s own certificate (PEM)"),
    N_ ("FILE") },
  { "key", 0, 0, G_OPTION_ARG_FILENAME, &oss_cli_pacs.key, N_ ("its private key (PEM, without a password)"),
    N_ ("FILE") },
  { "peers", 0, 0, G_OPTION_ARG_FILENAME, &oss_cli_pacs.peers_file,
    N_ ("the connections file (~/.config/ossature/peers.ini)"), N_ ("FILE") },
  { NULL }
};

void
oss_cli_pacs_replace (char **text, const char *value)
{
  if (value == NULL)
    return;
  g_free (*text);
  *text = g_strdup (value);
}

OssPacsPeer *
oss_cli_pacs_find_peer (const char *text, GError **error)
{
  g_autoptr (OssPacsPeer) peer = NULL;

  if (text == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("Say whom to ask: “--peer AE@HOST:PORT”, or a name of the connections file."));
      return NULL;
    }
  g_autoptr (OssPacsPeers) known = oss_pacs_peers_load (oss_cli_pacs.peers_file, error);
  if (known == NULL)
    return NULL;
  const OssPacsPeer *named = oss_pacs_peers_find (known, text);
  if (named == NULL && strchr (text, '@') == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is no connection’s name, and no address AE@HOST:PORT."),
                   text);
      return NULL;
    }
  peer = named != NULL ? oss_pacs_peer_copy (named) : oss_pacs_peer_parse (text, error);
  if (peer == NULL)
    return NULL;
  oss_cli_pacs_replace (&peer->calling_ae, oss_cli_pacs.aet);
  oss_cli_pacs_replace (&peer->ca_file, oss_cli_pacs.ca);
  oss_cli_pacs_replace (&peer->certificate_file, oss_cli_pacs.certificate);
  oss_cli_pacs_replace (&peer->key_file, oss_cli_pacs.key);
  peer->tls = peer->tls || oss_cli_pacs.tls;
  peer->any_host_name = peer->any_host_name || oss_cli_pacs.any_host_name;
  if (oss_cli_pacs.timeout > 0)
    peer->connect_seconds = peer->answer_seconds = (guint) oss_cli_pacs.timeout;
  return oss_pacs_peer_check (peer, error) ? g_steal_pointer (&peer) : NULL;
}

/* --- Documents --- */

void
oss_cli_json_text (GString *json, const char *name, const char *value)
{
  g_string_append_printf (json, "%s\"%s\": \"", g_str_has_suffix (json->str, "{") ? "" : ", ", name);
  for (const char *c = value; *c != '\0'; c++)
    if (*c == '"' || *c == '\\')
      g_string_append_printf (json, "\\%c", *c);
    else if ((guchar) *c < ' ')
      g_string_append_printf (json, "\\u%04x", *c);
    else
      g_string_append_c (json, *c);
  g_string_append_c (json, '"');
}

void
oss_cli_json_number (GString *json, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%.10g", value);
  g_string_append_printf (json, "%s\"%s\": %s", g_str_has_suffix (json->str, "{") ? "" : ", ", name, text);
}

void
oss_cli_pacs_json_report (GString *json, const OssPacsReport *report)
{
  oss_cli_json_number (json, "objects", report->total);
  oss_cli_json_number (json, "done", report->done);
  oss_cli_json_number (json, "already_there", report->already);
  oss_cli_json_number (json, "failed", report->failed);
  oss_cli_json_number (json, "bytes", (double) report->bytes);
  oss_cli_json_number (json, "seconds", report->seconds);
  g_string_append (json, ", \"failures\": [");
  for (guint i = 0; i < report->failures->len; i++)
    {
      g_autoptr (GString) one = g_string_new ("{");
      oss_cli_json_text (one, "failure", report->failures->pdata[i]);
      g_string_append_printf (json, "%s%s}", i > 0 ? ", " : "", one->str);
    }
  g_string_append_c (json, ']');
}

/* What became of a transfer, on standard output; also where it failed half-way. */
gboolean
oss_cli_pacs_print_report (OssCli *cli, const OssPacsReport *report, const char *what, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  oss_cli_progress_end (cli);
  if (cli->json)
    {
      g_string_append (text, "{");
      oss_cli_pacs_json_report (text, report);
      g_string_append (text, "}\n");
    }
  else
    {
      g_string_append_printf (text, _ ("%s: %u of %u objects"), what, report->done, report->total);
      if (report->already > 0)
        g_string_append_printf (text, _ (", %u there already"), report->already);
      if (report->failed > 0)
        g_string_append_printf (text, _ (", %u failed"), report->failed);
      if (report->bytes > 0)
        g_string_append_printf (text, _ (" (%.1f MB in %.2f s)"), (double) report->bytes / 1e6, report->seconds);
      g_string_append_c (text, '\n');
      for (guint i = 0; i < report->failures->len; i++)
        g_string_append_printf (text, "  ✗ %s\n", (char *) report->failures->pdata[i]);
    }
  return oss_cli_print (text->str, error);
}

/* --- Echo and send --- */

static gboolean
pacs_echo (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { oss_cli_pacs_peer, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);
  double milliseconds = 0.0;

  if (!oss_cli_parse (&argc, &argv, entries, "--peer PEER", _ ("Asks whether a DICOM node answers (C-ECHO)."), 0, 0,
                      error))
    return FALSE;
  g_autoptr (OssPacsPeer) peer = oss_cli_pacs_find_peer (oss_cli_pacs.peer, error);
  if (peer == NULL || !oss_pacs_echo (peer, &milliseconds, &cli->tick, error))
    return FALSE;
  oss_cli_progress_end (cli);
  g_autofree char *name = oss_pacs_peer_describe (peer);
  g_autoptr (GString) text = g_string_new (NULL);
  if (cli->json)
    {
      g_string_append (text, "{");
      oss_cli_json_text (text, "peer", name);
      oss_cli_json_number (text, "milliseconds", milliseconds);
      g_string_append (text, "}\n");
    }
  else
    g_string_append_printf (text, _ ("%s answered in %.0f ms\n"), name, milliseconds);
  return oss_cli_print (text->str, error);
}

static gboolean
pacs_send (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { oss_cli_pacs_peer, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);

  if (!oss_cli_parse (&argc, &argv, entries, "--peer PEER PATH…",
                      _ ("Sends DICOM files, and folders of them, to a node (C-STORE)."), 1, -1, error))
    return FALSE;
  g_autoptr (OssPacsPeer) peer = oss_cli_pacs_find_peer (oss_cli_pacs.peer, error);
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  if (peer == NULL)
    return FALSE;
  gboolean sent = oss_pacs_send (peer, (const char *const *) argv + 1, report, &cli->tick, error);
  if (report->total > 0 && !oss_cli_pacs_print_report (cli, report, _ ("Sent"), sent ? error : NULL))
    return FALSE;
  return sent;
}

static const struct
{
  const char *name;
  OssCliFunc func;
  const char *summary;
} actions[] = {
  { "echo", pacs_echo, N_ ("ask whether a node answers") },
  { "find", oss_cli_pacs_find, N_ ("look for patients, studies and series") },
  { "get", oss_cli_pacs_get, N_ ("fetch a study or series") },
  { "move", oss_cli_pacs_move, N_ ("have a study or series sent here") },
  { "send", pacs_send, N_ ("send DICOM files") },
  { "commit", oss_cli_pacs_commit, N_ ("ask whether what was sent is kept") },
  { "listen", oss_cli_pacs_listen, N_ ("take what others send") },
  { "peers", oss_cli_pacs_peers, N_ ("list the connections kept by name, add and remove them") },
};

static void
print_help (void)
{
  g_print ("%s\n  ossature pacs %s\n\n%s\n\n%s\n", _ ("Usage:"), _ ("ACTION --peer PEER [OPTIONS] …"),
           _ ("Talks to a PACS, or any other DICOM node, with or without TLS."), _ ("Actions:"));
  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    g_print ("  %-8s %s\n", actions[i].name, _ (actions[i].summary));
  g_print ("\n%s\n", _ ("“ossature pacs ACTION --help” tells the options of an action."));
}

gboolean
oss_cli_pacs_command (OssCli *cli, int argc, char **argv, GError **error)
{
  if (argc > 1 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h") || g_str_equal (argv[1], "help")))
    {
      print_help ();
      exit (EXIT_SUCCESS); /* as the help of every other command */
    }
  for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (argv[1], actions[i].name))
      {
        g_autofree char *name = g_strdup_printf ("pacs %s", argv[1]);
        argv[1] = name;
        return actions[i].func (cli, argc - 1, argv + 1, error);
      }
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("Say what to do: “ossature pacs echo”, “find”, … See “ossature pacs --help”."));
  return FALSE;
}
