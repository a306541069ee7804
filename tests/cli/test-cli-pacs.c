/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ossature pacs" as scripts see it: two of them talk to one another, and to Orthanc where it is installed. */
#include "cli-run.h"
#include "dicom-fixture.h"
#include "pacs-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

/* Runs a line; what it says on standard error names no patient. */
static Run
run (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  Run result = run_line (folder, line);
  assert_no_patient (result.err);
  return result;
}

static void
test_usage (void)
{
  static const struct
  {
    int status;
    const char *line, *words;
  } wrong[] = {
    { 2, "pacs", "Say what to do" },
    { 2, "pacs dance", "Say what to do" },
    { 2, "pacs echo", "--peer" },
    { 2, "pacs echo --peer North", "no connection" },
    { 2, "pacs echo --peer A@b:99999", "AE@HOST:PORT" },
    { 2, "pacs get --peer A@127.0.0.1:9 --out x", "--study" },
    { 2, "pacs get --peer A@127.0.0.1:9 --study 1/2 --out x", "no UID" },
    { 2, "pacs listen --out x", "Nobody may send" },
    { 2, "pacs listen --out x --allow * --port 70000", "--port" },
    { 2, "pacs find --peer A@127.0.0.1:9 --date yesterday", "date" },
    { 2, "pacs echo --peer A@127.0.0.1:9 --cert x", "key" },
    { 3, "pacs echo --peer A@nowhere.invalid:104", "not known" },
    { 3, "pacs send --peer A@127.0.0.1:9 nothing", "not there" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_auto (Run) result = run ("%s", wrong[i].line);
      run_expect (&result, wrong[i].status, wrong[i].words, wrong[i].line);
    }
  g_auto (Run) help = run ("pacs --help");
  run_expect (&help, 0, "listen", "pacs --help");
}

static void
test_peers (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (Run) added = run ("--json pacs peers --add North --peer NORTH@pacs.example:104 --tls --no-sending");
  JsonArray *peers = json_object_get_array_member (run_document (&added, parser, 0, "peers --add"), "peers");
  JsonObject *north = json_array_get_object_element (peers, 0);

  g_assert_cmpuint (json_array_get_length (peers), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (north, "address"), ==, "NORTH@pacs.example:104");
  g_assert_true (json_object_get_boolean_member (north, "tls"));
  g_assert_false (json_object_get_boolean_member (north, "may_send"));
  g_auto (Run) nobody = run ("pacs listen --out x"); /* North may not send */
  run_expect (&nobody, 2, "Nobody may send", "pacs listen");
  g_auto (Run) removed = run ("pacs peers --remove North");
  g_assert_cmpint (removed.status, ==, 0);
  g_assert_cmpstr (removed.out, ==, "");
  g_auto (Run) again = run ("pacs peers --remove North");
  run_expect (&again, 3, "No connection", "pacs peers --remove North");
}

static gpointer
listen_thread (gpointer data)
{
  Run *result = g_new (Run, 1);
  g_autofree char *line = g_strdup_printf (
      "--json pacs listen --out taken --allow SENDER@127.0.0.1 --count 6 --port %u", GPOINTER_TO_UINT (data));

  *result = run_line (folder, line);
  return result;
}

static void
test_listen_send (void)
{
  guint16 port = free_port ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *taken = g_build_filename (folder, "taken", NULL);
  GThread *thread;

  pacs_write_series (sent, "one", 1, 32, 6);
  thread = g_thread_new ("listen", listen_thread, GUINT_TO_POINTER (port));
  for (guint i = 0; i < 100; i++)
    {
      g_auto (Run) echo = run ("pacs echo --peer OSSATURE@127.0.0.1:%u --aet SENDER", port);
      if (echo.status == 0)
        break;
      g_usleep (50000);
    }
  g_auto (Run) stranger = run ("pacs send --peer OSSATURE@127.0.0.1:%u --aet STRANGER sent", port);
  run_expect (&stranger, 3, "does not know this program", "pacs send --aet STRANGER");
  g_auto (Run) sending = run ("pacs send --peer OSSATURE@127.0.0.1:%u --aet SENDER sent", port);
  run_expect (&sending, 0, "Sent: 6 of 6 objects", "pacs send");
  Run *listening = g_thread_join (thread);
  g_assert_cmpint (listening->status, ==, 0);
  g_assert_nonnull (strstr (listening->out, "\"stored\": 6"));
  g_assert_nonnull (strstr (listening->out, "\"senders_refused\": 1"));
  assert_no_patient (listening->out);
  assert_no_patient (listening->err);
  run_clear (listening);
  g_free (listening);
  assert_same_objects (sent, taken);
}

static void
test_archive (void)
{
  g_autoptr (Archive) archive = archive_start (NULL);
  g_autoptr (JsonParser) parser = json_parser_new (), getting = json_parser_new ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *got = g_build_filename (folder, "got", NULL),
                  *study = pacs_study_uid ();

  if (archive == NULL)
    return;
  g_autofree char *peer = g_strdup_printf ("--peer ORTHANC@127.0.0.1:%u", archive->port);
  g_auto (Run) sending = run ("pacs send %s sent", peer);
  run_expect (&sending, 0, "Sent: 6 of 6 objects", "pacs send");
  g_auto (Run) finding = run ("--json pacs find %s --patient-id GEHEIM4711", peer);
  JsonObject *found = run_document (&finding, parser, 0, "pacs find");
  JsonArray *matches = json_object_get_array_member (found, "matches");
  g_assert_cmpuint (json_array_get_length (matches), ==, 1);
  JsonObject *match = json_array_get_object_element (matches, 0);
  g_assert_cmpstr (json_object_get_string_member (match, "study_uid"), ==, study);
  g_assert_cmpstr (json_object_get_string_member (match, "patient_name"), ==, "Müller^Jörg");
  g_auto (Run) get = run ("--json pacs get %s --study %s --out got", peer, study);
  JsonObject *report = run_document (&get, getting, 0, "pacs get");
  g_assert_cmpfloat (run_number (report, "done"), ==, 6.0);
  assert_same_objects (sent, got);
  g_auto (Run) commit = run ("pacs commit %s --port %u sent", peer, archive->peer_port);
  run_expect (&commit, 0, "Kept: 6 of 6 objects", "pacs commit");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("oss-cli-pacs-XXXXXX", NULL);
  g_autofree char *settings = g_build_filename (folder, "settings", NULL);
  g_setenv ("XDG_CONFIG_HOME", settings, TRUE);
  g_test_add_func ("/cli/pacs/usage", test_usage);
  g_test_add_func ("/cli/pacs/peers", test_peers);
  g_test_add_func ("/cli/pacs/listen-send", test_listen_send);
  g_test_add_func ("/cli/pacs/archive", test_archive);
  int failed = g_test_run ();
  fixture_remove (folder);
  return failed;
}
