/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fetching objects, by C-GET and C-MOVE, also when the archive dies half-way.  The reference is what was sent:
 * data sets come back byte for byte. */
#include "dicom-fixture.h"
#include "pacs-fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static void
send_folder (const OssPacsPeer *peer, const char *folder)
{
  const char *paths[] = { folder, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();

  g_assert_true (oss_pacs_send (peer, paths, report, NULL, &error));
  g_assert_no_error (error);
}

/* @already, @done of a retrieval that must succeed. */
static void
get (const OssPacsPeer *peer, const char *series, const char *folder, guint already, guint done)
{
  g_autofree char *study = pacs_study_uid ();
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();

  g_assert_true (oss_pacs_get (peer, study, series, folder, report, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (report->already, ==, already);
  g_assert_cmpuint (report->done, ==, done);
  g_assert_cmpuint (report->failed, ==, 0);
  g_assert_cmpuint (report->total, ==, already + done);
}

static char *
any_file (const char *folder, const char *study, const char *series)
{
  g_autofree char *inside = g_build_filename (folder, study, series, NULL);
  g_autoptr (GDir) dir = g_dir_open (inside, 0, NULL);

  g_assert_nonnull (dir);
  return g_build_filename (inside, g_dir_read_name (dir), NULL);
}

static void
test_get (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  g_autofree char *study = pacs_study_uid (), *second = pacs_series_uid (2);

  if (archive == NULL)
    return;
  char *folder = fixture_folder ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *got = g_build_filename (folder, "got", NULL),
                  *part = g_build_filename (folder, "part", NULL),
                  *two = g_build_filename (folder, "sent", "two", NULL);
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  pacs_write_series (sent, "one", 1, 32, 6);
  pacs_write_series (sent, "two", 2, 32, 4);
  send_folder (peer, sent);
  get (peer, NULL, got, 0, 10);
  assert_same_objects (sent, got);
  get (peer, NULL, got, 10, 0);
  g_autofree char *lost = any_file (got, study, second);
  g_assert_cmpint (g_unlink (lost), ==, 0);
  get (peer, NULL, got, 9, 1);
  assert_same_objects (sent, got);
  get (peer, second, part, 0, 4);
  assert_same_objects (two, part);
  g_assert_false (oss_pacs_get (peer, "1.2.3.4", NULL, got, report, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (oss_pacs_get (peer, "../1", NULL, got, report, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  fixture_remove (folder);
}

static void
test_move (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  g_autofree char *study = pacs_study_uid ();
  OssPacsNode node = { .ae_title = (char *) "OSSATURE" };

  if (archive == NULL)
    return;
  char *folder = fixture_folder ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *got = g_build_filename (folder, "got", NULL);
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  node.port = archive->peer_port;
  pacs_write_series (sent, "one", 1, 32, 6);
  pacs_write_series (sent, "two", 2, 32, 4);
  send_folder (peer, sent);
  g_assert_true (oss_pacs_move (peer, &node, study, NULL, got, report, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (report->done, ==, 10);
  assert_same_objects (sent, got);
  g_assert_true (oss_pacs_move (peer, &node, study, NULL, got, report, NULL, &error));
  g_assert_cmpuint (report->already, ==, 10);
  /* A title that the archive does not know. */
  g_autofree char *nothing = g_build_filename (folder, "nothing", NULL);
  node.ae_title = (char *) "STRANGER";
  g_assert_false (oss_pacs_move (peer, &node, study, NULL, nothing, report, NULL, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (count_files (nothing), ==, 0);
  fixture_remove (folder);
}

/* Orthanc answers over an association of its own, to the port that it knows. */
static void
test_commit (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) all = oss_pacs_report_new (), more = oss_pacs_report_new (), lost = oss_pacs_report_new ();
  OssPacsNode node = { .ae_title = (char *) "OSSATURE" };

  if (archive == NULL)
    return;
  char *folder = fixture_folder ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *kept = g_build_filename (folder, "kept", NULL);
  const char *sent_only[] = { sent, NULL }, *both[] = { sent, kept, NULL };
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  node.port = archive->peer_port;
  pacs_write_series (sent, "one", 1, 32, 6);
  pacs_write_series (kept, "two", 2, 32, 2);
  send_folder (peer, sent);
  g_assert_true (oss_pacs_commit (peer, &node, sent_only, 20, all, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (all->done, ==, 6);
  g_assert_cmpuint (all->total, ==, 6);
  g_assert_false (oss_pacs_commit (peer, &node, both, 20, more, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_cmpuint (more->done, ==, 6);
  g_assert_cmpuint (more->failed, ==, 2);
  g_assert_nonnull (strstr (more->failures->pdata[0], "0112"));
  g_clear_error (&error);
  /* Nobody hears the answer. */
  g_assert_false (oss_pacs_commit (peer, NULL, sent_only, 1, lost, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_assert_cmpuint (lost->done, ==, 0);
  fixture_remove (folder);
}

/* --- Interruptions --- */

typedef struct
{
  Archive *archive; /* killed at 20 %; NULL: the tick is stopped then */
  int stop;
  gint64 when;
} Interruption;

static void
interrupt (double fraction, const char *what, void *data)
{
  Interruption *self = data;

  if (fraction < 0.2 || self->when != 0)
    return;
  self->when = g_get_monotonic_time ();
  if (self->archive != NULL)
    archive_kill (self->archive);
  else
    g_atomic_int_set (&self->stop, 1);
}

/* Every file is an object under its name. */
static void
assert_nothing_half_written (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  g_assert_nonnull (dir);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    g_assert_true (name[0] != '.');
}

static void
test_killed (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  g_autofree char *study = pacs_study_uid ();
  Interruption interruption = { .archive = archive };
  OssTick tick = oss_tick_make (interrupt, &interruption, NULL);

  if (archive == NULL)
    return;
  char *folder = fixture_folder ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *got = g_build_filename (folder, "got", NULL);
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  pacs_write_series (sent, "one", 1, 512, 80);
  send_folder (peer, sent);
  peer->retries = 1;
  g_assert_false (oss_pacs_get (peer, study, NULL, got, report, &tick, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "Run it again"));
  assert_no_patient (error->message);
  guint there = count_files (got);
  g_assert_cmpuint (there, >, 0);
  g_assert_cmpuint (there, <, 80);
  g_assert_cmpuint (report->done, ==, there);
  g_assert_cmpuint (report->failed, ==, 80 - there);
  assert_nothing_half_written (got);
  archive_restart (archive);
  get (peer, NULL, got, there, 80 - there);
  assert_same_objects (sent, got);
  fixture_remove (folder);
}

static void
test_cancel (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  g_autofree char *study = pacs_study_uid ();
  Interruption interruption = { 0 };
  OssTick tick = oss_tick_make (interrupt, &interruption, &interruption.stop);

  if (archive == NULL)
    return;
  char *folder = fixture_folder ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *got = g_build_filename (folder, "got", NULL);
  g_autoptr (OssPacsPeer) peer = archive_peer (archive);
  pacs_write_series (sent, "one", 1, 512, 60);
  send_folder (peer, sent);
  g_assert_false (oss_pacs_get (peer, study, NULL, got, report, &tick, &error));
  double milliseconds = (double) (g_get_monotonic_time () - interruption.when) / 1e3;
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_test_message ("cancelled after %.0f ms, %u objects", milliseconds, count_files (got));
  g_assert_cmpfloat (milliseconds, <, 200.0);
  assert_nothing_half_written (got);
  g_assert_cmpuint (count_files (got), <, 60);
  fixture_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pacs/get", test_get);
  g_test_add_func ("/pacs/move", test_move);
  g_test_add_func ("/pacs/commit", test_commit);
  g_test_add_func ("/pacs/get/killed", test_killed);
  g_test_add_func ("/pacs/get/cancel", test_cancel);
  return g_test_run ();
}
