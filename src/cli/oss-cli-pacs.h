/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/oss-cli.h"
#include "dicom/oss-pacs.h"

G_BEGIN_DECLS

/* Options of every action of "ossature pacs". */
typedef struct
{
  char *peer, *aet, *peers_file;
  char *ca, *certificate, *key;
  gboolean tls, any_host_name;
  int timeout;
} OssCliPacs;

extern OssCliPacs oss_cli_pacs;
extern const GOptionEntry oss_cli_pacs_peer[], oss_cli_pacs_secure[];

/* The peer of --peer (or of any "AE@HOST:PORT" or name), with the options laid over it.  (transfer full) */
OssPacsPeer *oss_cli_pacs_find_peer (const char *text, GError **error);

/* Takes an option's value (nullable) over. */
void oss_cli_pacs_replace (char **text, const char *value);

gboolean oss_cli_pacs_find (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_pacs_get (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_pacs_move (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_pacs_commit (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_pacs_peers (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_pacs_listen (OssCli *cli, int argc, char **argv, GError **error);

/* A member of a JSON object under construction: @json begins with "{". */
void oss_cli_json_text (GString *json, const char *name, const char *value);
void oss_cli_json_number (GString *json, const char *name, double value);
void oss_cli_pacs_json_report (GString *json, const OssPacsReport *report);
/* "Sent: 5 of 5 objects …"; @what is translated. */
gboolean oss_cli_pacs_print_report (OssCli *cli, const OssPacsReport *report, const char *what, GError **error);

G_END_DECLS
