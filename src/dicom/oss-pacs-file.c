/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file of the connections: one group a peer, and one for this program as a node. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "dicom/oss-pacs-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define NODE_GROUP "this computer"
#define PEER_GROUP "peer " /* followed by the peer's name */

OssPacsPeers *
oss_pacs_peers_new (void)
{
  OssPacsPeers *self = g_new0 (OssPacsPeers, 1);

  self->node.ae_title = g_strdup ("OSSATURE");
  self->node.port = 11112;
  self->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_pacs_peer_free);
  return self;
}

void
oss_pacs_node_clear (OssPacsNode *self)
{
  g_clear_pointer (&self->ae_title, g_free);
  g_clear_pointer (&self->certificate_file, g_free);
  g_clear_pointer (&self->key_file, g_free);
  g_clear_pointer (&self->ca_file, g_free);
}

void
oss_pacs_peers_free (OssPacsPeers *self)
{
  if (self == NULL)
    return;
  oss_pacs_node_clear (&self->node);
  g_ptr_array_unref (self->peers);
  g_free (self);
}

char *
oss_pacs_peers_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "ossature", "peers.ini", NULL);
}

const OssPacsPeer *
oss_pacs_peers_find (const OssPacsPeers *self, const char *name)
{
  for (guint i = 0; i < self->peers->len; i++)
    {
      const OssPacsPeer *peer = self->peers->pdata[i];
      if (g_str_equal (peer->name, name))
        return peer;
    }
  return NULL;
}

/* --- Reading --- */

typedef struct
{
  GKeyFile *file;
  const char *group;
  GError *error; /* the first */
} Group;

static gboolean
has_key (Group *group, const char *key)
{
  return g_key_file_has_key (group->file, group->group, key, NULL);
}

static void
read_text (Group *group, const char *key, char **value)
{
  g_autofree char *text = g_key_file_get_string (group->file, group->group, key, NULL);

  if (text == NULL || (text[0] == '\0' && *value == NULL))
    return;
  g_free (*value);
  *value = g_steal_pointer (&text);
}

static void
read_flag (Group *group, const char *key, gboolean *value)
{
  if (!has_key (group, key) || group->error != NULL)
    return;
  *value = g_key_file_get_boolean (group->file, group->group, key, &group->error);
}

static void
read_number (Group *group, const char *key, guint lowest, guint highest, guint *value)
{
  if (!has_key (group, key) || group->error != NULL)
    return;
  guint64 number = g_key_file_get_uint64 (group->file, group->group, key, &group->error);
  if (group->error == NULL && (number < lowest || number > highest))
    g_set_error (&group->error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s” must be from %u to %u"), key, lowest,
                 highest);
  else if (group->error == NULL)
    *value = (guint) number;
}

static void
read_port (Group *group, guint lowest, guint16 *port)
{
  guint number = *port;

  read_number (group, "port", lowest, G_MAXUINT16, &number);
  *port = (guint16) number;
}

static void
read_certificates (Group *group, char **ca, char **certificate, char **key)
{
  read_text (group, "authorities", ca);
  read_text (group, "certificate", certificate);
  read_text (group, "key", key);
}

static OssPacsPeer *
read_peer (Group *group)
{
  OssPacsPeer *peer = oss_pacs_peer_new ();

  g_free (peer->name);
  peer->name = g_strdup (group->group + strlen (PEER_GROUP));
  read_text (group, "host", &peer->host);
  read_port (group, 1, &peer->port);
  read_text (group, "called-title", &peer->called_ae);
  read_text (group, "calling-title", &peer->calling_ae);
  read_flag (group, "tls", &peer->tls);
  read_certificates (group, &peer->ca_file, &peer->certificate_file, &peer->key_file);
  read_flag (group, "any-host-name", &peer->any_host_name);
  read_flag (group, "may-send", &peer->may_send);
  read_number (group, "connect-seconds", 1, 600, &peer->connect_seconds);
  read_number (group, "answer-seconds", 1, 86400, &peer->answer_seconds);
  read_number (group, "retries", 0, 20, &peer->retries);
  if (group->error == NULL)
    oss_pacs_peer_check (peer, &group->error);
  return peer;
}

static void
read_node (Group *group, OssPacsNode *node)
{
  read_text (group, "title", &node->ae_title);
  read_port (group, 0, &node->port);
  read_certificates (group, &node->ca_file, &node->certificate_file, &node->key_file);
  if (group->error == NULL && !oss_pacs_is_ae_title (node->ae_title))
    g_set_error (&group->error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s” cannot be an AE title"), node->ae_title);
}

static gboolean
read_groups (OssPacsPeers *self, GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) names = g_key_file_get_groups (file, NULL);

  for (char **name = names; *name != NULL; name++)
    {
      Group group = { file, *name, NULL };
      if (g_str_has_prefix (*name, PEER_GROUP))
        g_ptr_array_add (self->peers, read_peer (&group));
      else if (g_str_equal (*name, NODE_GROUP))
        read_node (&group, &self->node);
      if (group.error == NULL)
        continue;
      if (g_str_has_suffix (group.error->message, ".")) /* some are sentences already, some are not */
        group.error->message[strlen (group.error->message) - 1] = '\0';
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s”, [%s]: %s."), path, *name, group.error->message);
      g_error_free (group.error);
      return FALSE;
    }
  return TRUE;
}

OssPacsPeers *
oss_pacs_peers_load (const char *path, GError **error)
{
  g_autofree char *usual = path == NULL ? oss_pacs_peers_path () : g_strdup (path);
  g_autoptr (OssPacsPeers) self = oss_pacs_peers_new ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) reason = NULL;

  if (!g_key_file_load_from_file (file, usual, G_KEY_FILE_NONE, &reason))
    {
      if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_steal_pointer (&self);
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("The connections in “%s” cannot be read: %s."), usual,
                   reason->message);
      return NULL;
    }
  return read_groups (self, file, usual, error) ? g_steal_pointer (&self) : NULL;
}

/* --- Writing --- */

static void
write_text (GKeyFile *file, const char *group, const char *key, const char *value)
{
  if (value != NULL && value[0] != '\0')
    g_key_file_set_string (file, group, key, value);
}

static void
write_peer (GKeyFile *file, const OssPacsPeer *peer)
{
  g_autofree char *group = g_strconcat (PEER_GROUP, peer->name, NULL);

  write_text (file, group, "host", peer->host);
  g_key_file_set_uint64 (file, group, "port", peer->port);
  write_text (file, group, "called-title", peer->called_ae);
  write_text (file, group, "calling-title", peer->calling_ae);
  g_key_file_set_boolean (file, group, "tls", peer->tls);
  write_text (file, group, "authorities", peer->ca_file);
  write_text (file, group, "certificate", peer->certificate_file);
  write_text (file, group, "key", peer->key_file);
  g_key_file_set_boolean (file, group, "any-host-name", peer->any_host_name);
  g_key_file_set_boolean (file, group, "may-send", peer->may_send);
  g_key_file_set_uint64 (file, group, "connect-seconds", peer->connect_seconds);
  g_key_file_set_uint64 (file, group, "answer-seconds", peer->answer_seconds);
  g_key_file_set_uint64 (file, group, "retries", peer->retries);
}

static gboolean
check_names (const OssPacsPeers *self, GError **error)
{
  for (guint i = 0; i < self->peers->len; i++)
    {
      const OssPacsPeer *peer = self->peers->pdata[i];
      if (peer->name[0] == '\0' || strpbrk (peer->name, "[]\n\r") != NULL || !g_utf8_validate (peer->name, -1, NULL))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A connection needs a name without brackets: “%s”."),
                       peer->name);
          return FALSE;
        }
      if (oss_pacs_peers_find (self, peer->name) != peer)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Two connections are called “%s”."), peer->name);
          return FALSE;
        }
      if (!oss_pacs_peer_check (peer, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
oss_pacs_peers_save (const OssPacsPeers *self, const char *path, GError **error)
{
  g_autofree char *usual = path == NULL ? oss_pacs_peers_path () : g_strdup (path);
  g_autofree char *folder = g_path_get_dirname (usual);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  gsize length = 0;

  if (!check_names (self, error))
    return FALSE;
  write_text (file, NODE_GROUP, "title", self->node.ae_title);
  g_key_file_set_uint64 (file, NODE_GROUP, "port", self->node.port);
  write_text (file, NODE_GROUP, "authorities", self->node.ca_file);
  write_text (file, NODE_GROUP, "certificate", self->node.certificate_file);
  write_text (file, NODE_GROUP, "key", self->node.key_file);
  for (guint i = 0; i < self->peers->len; i++)
    write_peer (file, self->peers->pdata[i]);
  g_autofree char *text = g_key_file_to_data (file, &length, NULL);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The folder “%s” cannot be made: %s."), folder,
                   g_strerror (errno));
      return FALSE;
    }
  g_autoptr (OssFileWriter) writer = oss_file_writer_new (usual, error);
  if (writer == NULL)
    return FALSE;
  g_chmod (oss_file_writer_temporary_path (writer), 0600);
  fwrite (text, 1, length, oss_file_writer_stream (writer)); /* the commit tells what failed */
  return oss_file_writer_commit (writer, error);
}
