/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking an archive.  The reference is Orthanc, an independent DICOM node, started on loopback. */
#include "dicom-fixture.h"
#include "pacs-fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void
test_parse (void)
{
  static const char *const wrong[] = { "ORTHANC",       "@host:1",   "AE@",      "AE@host:0",
                                       "AE@host:65536", "AE@host:x", "AE@a b:1", "SEVENTEENLETTERS1@host:1",
                                       "A\\B@host:1",   "   @host:1" };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsPeer) peer = oss_pacs_peer_parse ("NORTH@pacs.example:104", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (peer->called_ae, ==, "NORTH");
  g_assert_cmpstr (peer->host, ==, "pacs.example");
  g_assert_cmpuint (peer->port, ==, 104);
  g_assert_cmpstr (peer->calling_ae, ==, "OSSATURE");
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) reason = NULL;
      g_assert_null (oss_pacs_peer_parse (wrong[i], &reason));
      g_assert_error (reason, OSS_ERROR, OSS_ERROR_USAGE);
    }
}

static OssPacsPeer *
make_peer (const char *name)
{
  OssPacsPeer *peer = oss_pacs_peer_parse ("NORTH@pacs.example:104", NULL);

  g_free (peer->name);
  peer->name = g_strdup (name);
  return peer;
}

static void
test_peers_file (void)
{
  char *folder = fixture_folder ();
  g_autofree char *path = g_build_filename (folder, "deep", "peers.ini", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsPeers) empty = oss_pacs_peers_load (path, &error), peers = oss_pacs_peers_new ();
  struct stat info;

  g_assert_no_error (error);
  g_assert_cmpuint (empty->peers->len, ==, 0);
  g_assert_cmpstr (empty->node.ae_title, ==, "OSSATURE");
  OssPacsPeer *north = make_peer ("Nörd; #1 = x");
  north->tls = TRUE;
  north->ca_file = g_strdup ("/etc/a b/ca.pem");
  north->retries = 0;
  north->may_send = FALSE;
  g_ptr_array_add (peers->peers, north);
  g_ptr_array_add (peers->peers, make_peer ("South"));
  peers->node.port = 4242;
  g_assert_true (oss_pacs_peers_save (peers, path, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_autoptr (OssPacsPeers) again = oss_pacs_peers_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->peers->len, ==, 2);
  g_assert_cmpuint (again->node.port, ==, 4242);
  const OssPacsPeer *found = oss_pacs_peers_find (again, "Nörd; #1 = x");
  g_assert_nonnull (found);
  g_assert_true (found->tls && !found->may_send);
  g_assert_cmpstr (found->ca_file, ==, "/etc/a b/ca.pem");
  g_assert_null (found->key_file);
  g_assert_cmpuint (found->retries, ==, 0);
  g_assert_null (oss_pacs_peers_find (again, "north"));
  /* What cannot be saved, and what cannot be read. */
  g_ptr_array_add (peers->peers, make_peer ("South"));
  g_assert_false (oss_pacs_peers_save (peers, path, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "[peer X]\nhost=a\nport=70000\n", -1, NULL));
  g_assert_null (oss_pacs_peers_load (path, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "[peer X]"));
  fixture_remove (folder);
}

static void
expect_echo (OssPacsPeer *peer, OssError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_pacs_echo (peer, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_echo (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (GError) error = NULL;
  double milliseconds = 0.0;

  if (archive == NULL)
    return;
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  g_assert_true (oss_pacs_echo (peer, &milliseconds, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (milliseconds, >, 0.0);
  g_test_message ("echo took %.1f ms", milliseconds);
  g_free (peer->called_ae);
  peer->called_ae = g_strdup ("SOUTH");
  expect_echo (peer, OSS_ERROR_REFUSED, "does not call itself “SOUTH”");
  peer->tls = TRUE;
  expect_echo (peer, OSS_ERROR_REFUSED, "No secure connection");
  peer->tls = FALSE;
  peer->port = free_port ();
  expect_echo (peer, OSS_ERROR_NOT_FOUND, "cannot be reached");
  g_free (peer->host);
  peer->host = g_strdup ("nowhere.invalid");
  expect_echo (peer, OSS_ERROR_NOT_FOUND, "is not known");
}

static OssPacsReport *
send_folder (const OssPacsPeer *peer, const char *folder)
{
  const char *paths[] = { folder, NULL };
  g_autoptr (GError) error = NULL;
  OssPacsReport *report = oss_pacs_report_new ();

  g_assert_true (oss_pacs_send (peer, paths, report, NULL, &error));
  g_assert_no_error (error);
  return report;
}

static GPtrArray *
find (const OssPacsPeer *peer, OssPacsQuery query, gboolean *truncated)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *matches = oss_pacs_find (peer, &query, truncated, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (matches);
  return matches;
}

static void
check_study (const OssPacsMatch *match)
{
  g_autofree char *study = pacs_study_uid ();

  g_assert_cmpstr (match->patient_name, ==, "Müller^Jörg");
  g_assert_cmpstr (match->patient_id, ==, "GEHEIM4711");
  g_assert_cmpstr (match->patient_birth_date, ==, "19500102");
  g_assert_cmpstr (match->patient_sex, ==, "F");
  g_assert_cmpstr (match->study_uid, ==, study);
  g_assert_cmpstr (match->study_date, ==, "20260314");
  g_assert_cmpstr (match->study_description, ==, "Lumbar spine");
  g_assert_cmpstr (match->accession_number, ==, "A77");
  g_assert_cmpstr (match->modalities, ==, "CT");
  g_assert_cmpint (match->n_series, ==, 2);
  g_assert_cmpint (match->n_objects, ==, 10);
}

static void
find_in_many_ways (const OssPacsPeer *peer)
{
  static const OssPacsQuery good[] = {
    { .level = OSS_PACS_STUDY },
    { .level = OSS_PACS_STUDY, .patient_name = "Müller*" }, /* Latin 1 out, UTF-8 back */
    { .level = OSS_PACS_STUDY, .patient_id = "GEHEIM????" },
    { .level = OSS_PACS_STUDY, .study_date = "20260301-20260331", .modality = "CT" },
    { .level = OSS_PACS_STUDY, .study_date = "-20260314", .accession_number = "A77" },
  };
  static const OssPacsQuery none[] = {
    { .level = OSS_PACS_STUDY, .patient_name = "Meier*" },
    { .level = OSS_PACS_STUDY, .patient_name = "王*" },
    { .level = OSS_PACS_STUDY, .study_date = "20260315-" },
    { .level = OSS_PACS_STUDY, .modality = "MR" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GPtrArray) matches = find (peer, good[i], NULL);
      g_assert_cmpuint (matches->len, ==, 1);
      check_study (matches->pdata[0]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_autoptr (GPtrArray) matches = find (peer, none[i], NULL);
      g_assert_cmpuint (matches->len, ==, 0);
    }
}

static void
find_series (const OssPacsPeer *peer)
{
  g_autofree char *study = pacs_study_uid (), *second = pacs_series_uid (2);
  g_autoptr (GError) error = NULL;
  gboolean truncated = FALSE;
  OssPacsQuery query = { .level = OSS_PACS_SERIES, .study_uid = study };
  g_autoptr (GPtrArray) both = find (peer, query, &truncated);

  g_assert_cmpuint (both->len, ==, 2);
  g_assert_false (truncated);
  query.limit = 1;
  g_autoptr (GPtrArray) first = find (peer, query, &truncated);
  g_assert_cmpuint (first->len, ==, 1);
  g_assert_true (truncated);
  query.limit = 0;
  query.series_uid = second;
  g_autoptr (GPtrArray) one = find (peer, query, &truncated);
  g_assert_cmpuint (one->len, ==, 1);
  const OssPacsMatch *match = one->pdata[0];
  g_assert_cmpstr (match->series_uid, ==, second);
  g_assert_cmpint (match->series_number, ==, 2);
  g_assert_cmpint (match->n_objects, ==, 4);
  query.study_uid = NULL;
  g_assert_null (oss_pacs_find (peer, &query, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

static void
find_nonsense (const OssPacsPeer *peer)
{
  static const OssPacsQuery wrong[] = {
    { .level = OSS_PACS_STUDY, .study_date = "14.03.2026" },
    { .level = OSS_PACS_STUDY, .study_date = "20260314-20260315-20260316" },
    { .level = OSS_PACS_STUDY, .study_uid = "../1" },
    { .level = OSS_PACS_STUDY, .patient_name = "GEHEIM\\4711" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (oss_pacs_find (peer, &wrong[i], NULL, NULL, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
      assert_no_patient (error->message);
    }
}

static void
test_send_find (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  char *folder;

  if (archive == NULL)
    return;
  folder = fixture_folder ();
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  pacs_write_series (folder, "one", 1, 16, 6);
  pacs_write_series (folder, "two", 2, 16, 4);
  g_autofree char *note = g_build_filename (folder, "README.md", NULL);
  g_assert_true (g_file_set_contents (note, "What lies here\n", -1, NULL));
  g_autoptr (OssPacsReport) report = send_folder (peer, folder);
  g_assert_cmpuint (report->total, ==, 10);
  g_assert_cmpuint (report->done, ==, 10);
  g_assert_cmpuint (report->failed, ==, 0);
  g_assert_cmpuint (report->bytes, >, 10 * 16 * 16 * 2);
  find_in_many_ways (peer);
  find_series (peer);
  find_nonsense (peer);
  OssPacsQuery patients = { .level = OSS_PACS_PATIENT, .patient_id = "GEHEIM4711" };
  g_autoptr (GPtrArray) matches = find (peer, patients, NULL);
  g_assert_cmpuint (matches->len, ==, 1);
  fixture_remove (folder);
}

/* Files that cannot be sent are told one by one; the others go. */
static void
test_send_bad (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  char *folder, *bytes;
  gsize size;

  if (archive == NULL)
    return;
  folder = fixture_folder ();
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  const char *paths[] = { folder, NULL }, *missing[] = { "/nowhere/at/all", NULL };
  pacs_write_series (folder, "one", 1, 16, 4);
  g_autofree char *cut = g_build_filename (folder, "one", "CT000002.dcm", NULL);
  g_assert_true (g_file_get_contents (cut, &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (cut, bytes, (gssize) size - 100, NULL));
  g_free (bytes);
  g_assert_false (oss_pacs_send (peer, paths, report, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "1 of 4"));
  assert_no_patient (error->message);
  g_assert_cmpuint (report->done, ==, 3);
  g_assert_cmpuint (report->failed, ==, 1);
  g_assert_nonnull (strstr (report->failures->pdata[0], "CT000002.dcm"));
  g_clear_error (&error);
  g_assert_false (oss_pacs_send (peer, missing, report, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  fixture_remove (folder);
}

/* Somebody who takes connections and says nothing. */
static void
test_silence (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *address = g_strdup_printf ("ANY@127.0.0.1:%u", port);
  g_autoptr (OssPacsPeer) peer = oss_pacs_peer_parse (address, NULL);

  peer->connect_seconds = 1;
  gint64 begin = g_get_monotonic_time ();
  expect_echo (peer, OSS_ERROR_NOT_FOUND, "does not answer");
  double seconds = (double) (g_get_monotonic_time () - begin) / 1e6;
  g_assert_cmpfloat (seconds, >, 0.9);
  g_assert_cmpfloat (seconds, <, 3.0);
}

static gpointer
stop_soon (gpointer data)
{
  g_usleep (300000);
  g_atomic_int_set ((int *) data, 1);
  return GSIZE_TO_POINTER ((gsize) g_get_monotonic_time ());
}

static void
test_cancel (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *address = g_strdup_printf ("ANY@127.0.0.1:%u", port);
  g_autoptr (OssPacsPeer) peer = oss_pacs_peer_parse (address, NULL);
  g_autoptr (GError) error = NULL;
  int stop = 0;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  GThread *thread = g_thread_new ("stop", stop_soon, &stop);

  g_assert_false (oss_pacs_echo (peer, NULL, &tick, &error));
  gint64 now = g_get_monotonic_time ();
  double milliseconds = (double) (now - (gint64) GPOINTER_TO_SIZE (g_thread_join (thread))) / 1e3;
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_test_message ("cancelled after %.0f ms", milliseconds);
  g_assert_cmpfloat (milliseconds, <, 200.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pacs/parse", test_parse);
  g_test_add_func ("/pacs/peers-file", test_peers_file);
  g_test_add_func ("/pacs/echo", test_echo);
  g_test_add_func ("/pacs/send-find", test_send_find);
  g_test_add_func ("/pacs/send-bad", test_send_bad);
  g_test_add_func ("/pacs/silence", test_silence);
  g_test_add_func ("/pacs/cancel", test_cancel);
  return g_test_run ();
}
