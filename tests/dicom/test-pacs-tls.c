/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS on both sides: with Orthanc as the archive, and with our own listener; certificates of an authority, of
 * another, of another host, and none. */
#include "dicom-fixture.h"
#include "pacs-fixture.h"
#include "pacs-raw.h"

#include <gio/gio.h>
#include <string.h>

static char *certificates; /* made once: keys take their time */

static gboolean
have_certificates (void)
{
  if (certificates == NULL)
    certificates = certificates_new (); /* skips the test when it cannot */
  return certificates != NULL;
}

static void
set_file (char **text, const char *name)
{
  g_free (*text);
  *text = name != NULL ? g_build_filename (certificates, name, NULL) : NULL;
}

/* @ca, @certificate: names without ending; NULL: none. */
static void
secure (OssPacsPeer *peer, const char *ca, const char *certificate)
{
  g_autofree char *authority = ca != NULL ? g_strconcat (ca, ".crt", NULL) : NULL,
                  *own = certificate != NULL ? g_strconcat (certificate, ".crt", NULL) : NULL,
                  *key = certificate != NULL ? g_strconcat (certificate, ".key", NULL) : NULL;

  peer->tls = TRUE;
  set_file (&peer->ca_file, authority);
  set_file (&peer->certificate_file, own);
  set_file (&peer->key_file, key);
}

static void
expect_echo (OssPacsPeer *peer)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_pacs_echo (peer, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
expect_refused (OssPacsPeer *peer, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_pacs_echo (peer, NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

/* There and back: objects are the same, byte for byte. */
static void
round_trip (const Archive *archive, OssPacsPeer *peer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) sending = oss_pacs_report_new (), getting = oss_pacs_report_new (),
                            moving = oss_pacs_report_new ();
  g_autofree char *study = pacs_study_uid ();
  char *folder = fixture_folder ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *got = g_build_filename (folder, "got", NULL),
                  *moved = g_build_filename (folder, "moved", NULL);
  const char *paths[] = { sent, NULL };
  OssPacsNode node = { .ae_title = (char *) "OSSATURE", .port = archive->peer_port };

  pacs_write_series (sent, "one", 1, 64, 10);
  g_assert_true (oss_pacs_send (peer, paths, sending, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (oss_pacs_get (peer, study, NULL, got, getting, NULL, &error));
  g_assert_no_error (error);
  assert_same_objects (sent, got);
  set_file (&node.certificate_file, "client.crt");
  set_file (&node.key_file, "client.key");
  set_file (&node.ca_file, "ca.crt");
  g_assert_true (oss_pacs_move (peer, &node, study, NULL, moved, moving, NULL, &error));
  g_assert_no_error (error);
  assert_same_objects (sent, moved);
  g_free (node.certificate_file);
  g_free (node.key_file);
  g_free (node.ca_file);
  fixture_remove (folder);
}

static void
test_archive (void)
{
  g_autoptr (Archive) archive = have_certificates () ? archive_start (certificates) : NULL;

  if (archive != NULL)
    {
      g_autoptr (OssPacsPeer) peer = archive_peer (archive);
      secure (peer, "ca", "client");
      expect_echo (peer);
      round_trip (archive, peer);
      secure (peer, "other-ca", "client");
      expect_refused (peer, "Test ca");
      secure (peer, NULL, "client"); /* the system's authorities know it even less */
      expect_refused (peer, "No secure connection");
      secure (peer, "ca", NULL);
      expect_refused (peer, "No secure connection");
      secure (peer, "ca", "other");
      expect_refused (peer, "No secure connection");
      secure (peer, NULL, NULL);
      peer->tls = FALSE; /* a port that speaks TLS, asked without */
      expect_refused (peer, "broke the connection off");
    }
}

typedef struct
{
  guint refused;
  char *why;
} Heard;

static void
event_cb (const OssPacsEvent *event, void *data)
{
  Heard *heard = data;

  if (event->kind != OSS_PACS_EVENT_SENDER_REFUSED)
    return;
  g_free (heard->why);
  heard->why = g_strdup (event->why);
  g_atomic_int_inc (&heard->refused);
}

static OssPacsListener *
listen_with (const char *certificate, const char *folder, Heard *heard)
{
  static const char *const anybody[] = { "*", NULL };
  g_autofree char *own = g_strdup_printf ("%s/%s.crt", certificates, certificate),
                  *key = g_strdup_printf ("%s/%s.key", certificates, certificate),
                  *ca = g_build_filename (certificates, "ca.crt", NULL);
  OssPacsNode node = { (char *) "OSSATURE", 0, own, key, ca };
  OssPacsListenerOptions options = {
    .node = &node, .folder = folder, .allowed = anybody, .event = event_cb, .data = heard
  };
  g_autoptr (GError) error = NULL;
  OssPacsListener *listener = oss_pacs_listener_new (&options, &error);

  g_assert_no_error (error);
  return listener;
}

static OssPacsPeer *
listener_peer (const OssPacsListener *listener)
{
  g_autofree char *address = g_strdup_printf ("OSSATURE@127.0.0.1:%u", oss_pacs_listener_port (listener));
  OssPacsPeer *peer = oss_pacs_peer_parse (address, NULL);

  peer->connect_seconds = 5;
  return peer;
}

static void
test_listener (void)
{
  char *folder;
  Heard heard = { 0 };

  if (!have_certificates ())
    return;
  folder = fixture_folder ();
  OssPacsListener *listener = listen_with ("server", folder, &heard);
  g_autoptr (OssPacsPeer) peer = listener_peer (listener);
  secure (peer, "ca", "client");
  expect_echo (peer);
  secure (peer, "ca", "other"); /* a sender that the authority does not know */
  expect_refused (peer, "No secure connection");
  secure (peer, "ca", NULL);
  expect_refused (peer, "No secure connection");
  secure (peer, NULL, NULL);
  peer->tls = FALSE;
  expect_refused (peer, "broke the connection off");
  /* The sender may know before the listener has told. */
  for (int i = 0; i < 500 && g_atomic_int_get (&heard.refused) < 3; i++)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&heard.refused), ==, 3);
  g_assert_nonnull (heard.why);
  secure (peer, "ca", "client"); /* it goes on serving */
  expect_echo (peer);
  oss_pacs_listener_free (listener);
  g_free (heard.why);
  fixture_remove (folder);
}

/* A trusted certificate, but of another host. */
static void
test_host_name (void)
{
  char *folder;
  Heard heard = { 0 };

  if (!have_certificates ())
    return;
  folder = fixture_folder ();
  OssPacsListener *listener = listen_with ("elsewhere", folder, &heard);
  g_autoptr (OssPacsPeer) peer = listener_peer (listener);
  secure (peer, "ca", "client");
  expect_refused (peer, "mismatch");
  peer->any_host_name = TRUE;
  expect_echo (peer);
  oss_pacs_listener_free (listener);
  g_free (heard.why);
  fixture_remove (folder);
}

/* Somebody who connects and never shakes hands holds nobody up. */
static void
test_silent_handshake (void)
{
  char *folder;
  Heard heard = { 0 };

  if (!have_certificates ())
    return;
  folder = fixture_folder ();
  OssPacsListener *listener = listen_with ("server", folder, &heard);
  g_autoptr (OssPacsPeer) peer = listener_peer (listener);
  int silent = raw_connect (oss_pacs_listener_port (listener));
  secure (peer, "ca", "client");
  expect_echo (peer);
  oss_pacs_listener_free (listener);
  raw_close (silent);
  g_free (heard.why);
  fixture_remove (folder);
}

static void
test_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsPeer) peer = oss_pacs_peer_parse ("ANY@127.0.0.1:9", NULL);

  if (!have_certificates ())
    return;
  secure (peer, "ca", "client");
  set_file (&peer->key_file, "server.key"); /* of another certificate */
  g_assert_false (oss_pacs_echo (peer, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  secure (peer, "nothing", NULL);
  g_assert_false (oss_pacs_echo (peer, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pacs/tls/archive", test_archive);
  g_test_add_func ("/pacs/tls/listener", test_listener);
  g_test_add_func ("/pacs/tls/host-name", test_host_name);
  g_test_add_func ("/pacs/tls/silent-handshake", test_silent_handshake);
  g_test_add_func ("/pacs/tls/files", test_files);
  int failed = g_test_run ();
  if (certificates != NULL)
    fixture_remove (certificates);
  return failed;
}
