/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pacs-fixture.h"

#include "dicom-fixture.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORTHANC "/usr/sbin/Orthanc"

guint16
free_port (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  close (fd);
  return ntohs (address.sin_port);
}

static gboolean
listens (guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean there = connect (fd, (struct sockaddr *) &address, sizeof address) == 0;

  close (fd);
  return there;
}

static void
write_configuration (const Archive *self, const char *path, const char *certificates)
{
  g_autofree char *tls =
      certificates == NULL
          ? g_strdup ("")
          : g_strdup_printf ("\"DicomTlsEnabled\": true, \"DicomTlsRemoteCertificateRequired\": true, "
                             "\"DicomTlsCertificate\": \"%s/server.crt\", \"DicomTlsPrivateKey\": \"%s/server.key\", "
                             "\"DicomTlsTrustedCertificates\": \"%s/ca.crt\",",
                             certificates, certificates, certificates);
  g_autofree char *text = g_strdup_printf (
      "{ \"Name\": \"TEST\", \"StorageDirectory\": \"%s/db\", \"IndexDirectory\": \"%s/db\", "
      "\"SyncStorageArea\": false, \"HttpServerEnabled\": false, \"DicomAet\": \"ORTHANC\", \"DicomPort\": %u, "
      "\"DicomCheckCalledAet\": true, \"DicomAlwaysAllowEcho\": true, \"DicomAlwaysAllowStore\": true, "
      "\"DicomAlwaysAllowFind\": true, \"DicomAlwaysAllowGet\": true, \"DicomAlwaysAllowMove\": true, %s "
      "\"DicomModalities\": { \"ossature\": { \"AET\": \"OSSATURE\", \"Host\": \"127.0.0.1\", \"Port\": %u, "
      "\"UseDicomTls\": %s } }, \"Plugins\": [] }",
      self->folder, self->folder, self->port, tls, self->peer_port, certificates != NULL ? "true" : "false");

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

void
archive_restart (Archive *self)
{
  g_autofree char *configuration = g_build_filename (self->folder, "orthanc.json", NULL);
  char *argv[] = { (char *) ORTHANC, configuration, NULL };
  g_autoptr (GError) error = NULL;

  g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, &self->pid, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 300 && !listens (self->port); i++)
    g_usleep (50000);
  g_assert_true (listens (self->port));
}

Archive *
archive_start (const char *certificates)
{
  if (!g_file_test (ORTHANC, G_FILE_TEST_IS_EXECUTABLE))
    {
      g_test_skip ("Orthanc is not installed (Debian package orthanc): no archive to talk to");
      return NULL;
    }
  Archive *self = g_new0 (Archive, 1);
  self->folder = fixture_folder ();
  self->port = free_port ();
  self->peer_port = free_port ();
  g_autofree char *configuration = g_build_filename (self->folder, "orthanc.json", NULL);
  write_configuration (self, configuration, certificates);
  archive_restart (self);
  return self;
}

void
archive_kill (Archive *self)
{
  if (self->pid == 0)
    return;
  kill (self->pid, SIGKILL);
  waitpid (self->pid, NULL, 0);
  self->pid = 0;
}

void
archive_free (Archive *self)
{
  archive_kill (self);
  fixture_remove (self->folder);
  g_free (self);
}

OssPacsPeer *
archive_peer (const Archive *self)
{
  OssPacsPeer *peer = oss_pacs_peer_new ();

  g_free (peer->name);
  g_free (peer->host);
  g_free (peer->called_ae);
  peer->name = g_strdup ("Test archive");
  peer->host = g_strdup ("127.0.0.1");
  peer->called_ae = g_strdup ("ORTHANC");
  peer->port = self->port;
  return peer;
}

static const char certificate_script[] =
    "cd \"$1\"\n"
    "new() { openssl req -newkey rsa:2048 -nodes -subj \"/CN=$2\" -keyout $1.key -out $1.csr 2>/dev/null\n"
    "  printf 'subjectAltName=%s\\n' \"$4\" >$1.ext\n"
    "  openssl x509 -req -in $1.csr -CA $3.crt -CAkey $3.key -CAcreateserial -days 2 -extfile $1.ext -out $1.crt "
    "2>/dev/null; }\n"
    "for ca in ca other-ca; do openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj \"/CN=Test $ca\" "
    "-keyout $ca.key -out $ca.crt 2>/dev/null; done\n"
    "new server localhost ca DNS:localhost,IP:127.0.0.1\n"
    "new client localhost ca DNS:localhost,IP:127.0.0.1\n"
    "new other localhost other-ca DNS:localhost,IP:127.0.0.1\n"
    "new elsewhere elsewhere.example ca DNS:elsewhere.example\n";

char *
certificates_new (void)
{
  g_autofree char *openssl = g_find_program_in_path ("openssl");
  int status = 1;

  if (openssl == NULL)
    {
      g_test_skip ("openssl is not installed: no certificates to try");
      return NULL;
    }
  char *folder = fixture_folder ();
  char *argv[] = { (char *) "/bin/sh", (char *) "-euc", (char *) certificate_script, (char *) "sh", folder, NULL };
  g_assert_true (g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  return folder;
}

char *
pacs_study_uid (void)
{
  return oss_dicom_uid (7, 1);
}

char *
pacs_series_uid (guint series)
{
  return oss_dicom_uid (7, 100 + series);
}

void
pacs_write_series (const char *folder, const char *name, guint series, int size, int n)
{
  OssGrid grid = fixture_grid (size, size, n);
  OssCtHeader header = fixture_header (series);

  header.patient_id = "GEHEIM4711";
  header.accession_number = "A77";
  fixture_write (folder, name, &grid, &header);
  fixture_header_clear (&header);
}

static void
walk (const char *path, GPtrArray *files)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  if (dir == NULL)
    g_ptr_array_add (files, g_strdup (path));
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      walk (child, files);
    }
}

guint
count_files (const char *folder)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

  if (g_file_test (folder, G_FILE_TEST_EXISTS))
    walk (folder, files);
  return files->len;
}

GBytes *
data_set (const char *path)
{
  char *bytes = NULL;
  gsize size = 0;

  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  g_assert_cmpuint (size, >, 144);
  const guint8 *length = (const guint8 *) bytes + 140;
  gsize begin = 144 + (gsize) (length[0] | length[1] << 8 | length[2] << 16 | length[3] << 24);
  g_autoptr (GBytes) all = g_bytes_new_take (bytes, size);
  return g_bytes_new_from_bytes (all, begin, size - begin);
}

void
assert_same_objects (const char *sent, const char *got)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free),
                        there = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) sets =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  walk (sent, files);
  walk (got, there);
  g_assert_cmpuint (files->len, >, 0);
  g_assert_cmpuint (files->len, ==, there->len);
  for (guint i = 0; i < there->len; i++)
    {
      const char *inside = (const char *) there->pdata[i] + strlen (got) + 1;
      g_auto (GStrv) parts = g_strsplit (inside, "/", -1);
      g_assert_cmpuint (g_strv_length (parts), ==, 3);
      g_assert_true (g_str_has_suffix (parts[2], ".dcm"));
      g_hash_table_add (sets, data_set (there->pdata[i]));
    }
  g_assert_cmpuint (g_hash_table_size (sets), ==, files->len);
  for (guint i = 0; i < files->len; i++)
    {
      g_autoptr (GBytes) set = data_set (files->pdata[i]);
      g_assert_true (g_hash_table_contains (sets, set));
    }
}

void
assert_no_patient (const char *text)
{
  static const char *const secrets[] = { "GEHEIM", "4711", "ller", "rg^", "^J", "19500102", "20260314", "A77" };

  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
    if (strstr (text, secrets[i]) != NULL)
      g_error ("“%s” tells “%s”", text, secrets[i]);
}
