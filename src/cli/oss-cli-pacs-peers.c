/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ossature pacs peers": the connections file. */
#include "base/oss-i18n.h"
#include "cli/oss-cli-pacs.h"

static struct
{
  char *add, *remove;
  gboolean no_sending;
} options;

static const GOptionEntry peers_entries[] = {
  { "add", 0, 0, G_OPTION_ARG_STRING, &options.add, N_ ("keep --peer, with the options given, under this name"),
    N_ ("NAME") },
  { "remove", 0, 0, G_OPTION_ARG_STRING, &options.remove, N_ ("forget the connection of this name"), N_ ("NAME") },
  { "no-sending", 0, 0, G_OPTION_ARG_NONE, &options.no_sending, N_ ("“pacs listen” takes nothing from it"), NULL },
  { NULL }
};

static gboolean
remove_peer (OssPacsPeers *known, const char *name)
{
  for (guint i = 0; i < known->peers->len; i++)
    if (g_str_equal (((OssPacsPeer *) known->peers->pdata[i])->name, name))
      {
        g_ptr_array_remove_index (known->peers, i);
        return TRUE;
      }
  return FALSE;
}

static gboolean
change (OssPacsPeers *known, GError **error)
{
  if (options.remove != NULL && !remove_peer (known, options.remove))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("No connection is called “%s”."), options.remove);
      return FALSE;
    }
  if (options.add == NULL)
    return TRUE;
  OssPacsPeer *peer = oss_cli_pacs_find_peer (oss_cli_pacs.peer, error);
  if (peer == NULL)
    return FALSE;
  oss_cli_pacs_replace (&peer->name, options.add);
  peer->may_send = !options.no_sending;
  remove_peer (known, options.add);
  g_ptr_array_add (known->peers, peer);
  return TRUE;
}

static void
describe (GString *text, const OssPacsPeer *peer, gboolean json, gboolean first)
{
  g_autofree char *address = g_strdup_printf ("%s@%s:%u", peer->called_ae, peer->host, peer->port);

  if (!json)
    {
      g_string_append_printf (text, "%s  %s%s%s\n", peer->name, address, peer->tls ? "  TLS" : "",
                              peer->may_send ? "" : _ ("  takes nothing from it"));
      return;
    }
  g_autoptr (GString) one = g_string_new ("{");
  oss_cli_json_text (one, "name", peer->name);
  oss_cli_json_text (one, "address", address);
  oss_cli_json_text (one, "calling_title", peer->calling_ae);
  g_string_append_printf (one, ", \"tls\": %s, \"may_send\": %s}", peer->tls ? "true" : "false",
                          peer->may_send ? "true" : "false");
  g_string_append_printf (text, "%s\n  %s", first ? "" : ",", one->str);
}

gboolean
oss_cli_pacs_peers (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { peers_entries, oss_cli_pacs_peer, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);
  g_autoptr (GString) text = g_string_new (NULL);

  if (!oss_cli_parse (&argc, &argv, entries, "[--add NAME --peer AE@HOST:PORT | --remove NAME]",
                      _ ("Lists the connections that are kept by name, after adding or removing one."), 0, 0, error))
    return FALSE;
  g_autoptr (OssPacsPeers) known = oss_pacs_peers_load (oss_cli_pacs.peers_file, error);
  if (known == NULL || !change (known, error))
    return FALSE;
  if ((options.add != NULL || options.remove != NULL) && !oss_pacs_peers_save (known, oss_cli_pacs.peers_file, error))
    return FALSE;
  oss_cli_progress_end (cli);
  if (cli->json)
    g_string_append (text, "{\"peers\": [");
  for (guint i = 0; i < known->peers->len; i++)
    describe (text, known->peers->pdata[i], cli->json, i == 0);
  if (cli->json)
    g_string_append (text, "]}\n");
  return oss_cli_print (text->str, error);
}
