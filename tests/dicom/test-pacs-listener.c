/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The storage provider: good senders lose nothing, bad ones gain nothing and disturb nobody. */
#include "dicom-fixture.h"
#include "pacs-fixture.h"
#include "pacs-raw.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *folder, *got, *sent; /* got and sent lie in it */
  OssPacsNode node;
  OssPacsListenerOptions options;
  OssPacsListener *listener;
  OssPacsPeer *peer;
  guint counts[5]; /* by kind of event */
  GString *said;
} Bench;

static void
event_cb (const OssPacsEvent *event, void *data)
{
  Bench *self = data;

  g_atomic_int_inc (&self->counts[event->kind]);
  if (event->why != NULL)
    assert_no_patient (event->why);
  if (event->path != NULL)
    assert_no_patient (event->path);
  assert_no_patient (event->sender);
}

static const char *const test_only[] = { "TEST@127.0.0.1", NULL };

static Bench *
bench_new (guint64 largest, const char *const *allowed)
{
  Bench *self = g_new0 (Bench, 1);
  g_autoptr (GError) error = NULL;

  self->folder = fixture_folder ();
  self->got = g_build_filename (self->folder, "got", NULL);
  self->sent = g_build_filename (self->folder, "sent", NULL);
  self->node.ae_title = (char *) "OSSATURE";
  self->options = (OssPacsListenerOptions){ .node = &self->node,
                                            .folder = self->got,
                                            .allowed = allowed != NULL ? allowed : test_only,
                                            .largest_object_bytes = largest,
                                            .event = event_cb,
                                            .data = self };
  self->listener = oss_pacs_listener_new (&self->options, &error);
  g_assert_no_error (error);
  g_autofree char *address = g_strdup_printf ("OSSATURE@127.0.0.1:%u", oss_pacs_listener_port (self->listener));
  self->peer = oss_pacs_peer_parse (address, NULL);
  self->peer->retries = 0;
  g_free (self->peer->calling_ae);
  self->peer->calling_ae = g_strdup ("TEST");
  return self;
}

static void
bench_free (Bench *self)
{
  oss_pacs_listener_free (self->listener);
  oss_pacs_peer_free (self->peer);
  fixture_remove (self->folder);
  g_free (self->got);
  g_free (self->sent);
  g_free (self);
}

static guint
heard (Bench *self, OssPacsEventKind kind)
{
  return (guint) g_atomic_int_get (&self->counts[kind]);
}

/* Events come from other threads, a little later. */
static void
expect_heard (Bench *self, OssPacsEventKind kind, guint n)
{
  for (guint i = 0; i < 100 && heard (self, kind) < n; i++)
    g_usleep (20000);
  g_assert_cmpuint (heard (self, kind), ==, n);
}

static gboolean
send_to (Bench *self, const char *path, OssPacsReport *report, GError **error)
{
  const char *paths[] = { path, NULL };
  return oss_pacs_send (self->peer, paths, report, NULL, error);
}

/* After whatever happened: it still serves. */
static void
expect_serving (Bench *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_pacs_echo (self->peer, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_store (void)
{
  Bench *bench = bench_new (0, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();

  pacs_write_series (bench->sent, "one", 1, 32, 6);
  g_assert_true (send_to (bench, bench->sent, report, &error));
  g_assert_no_error (error);
  assert_same_objects (bench->sent, bench->got);
  expect_heard (bench, OSS_PACS_EVENT_STORED, 6);
  /* What is there stays. */
  g_assert_true (send_to (bench, bench->sent, report, &error));
  expect_heard (bench, OSS_PACS_EVENT_KNOWN, 6);
  assert_same_objects (bench->sent, bench->got);
  g_assert_cmpuint (heard (bench, OSS_PACS_EVENT_OBJECT_REFUSED), ==, 0);
  g_assert_cmpuint (heard (bench, OSS_PACS_EVENT_SENDER_LOST), ==, 0);
  bench_free (bench);
}

/* --- Four at once --- */

typedef struct
{
  Bench *bench;
  char *path;
  gboolean sent;
} Sender;

static gpointer
sender_thread (gpointer data)
{
  Sender *self = data;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();

  self->sent = send_to (self->bench, self->path, report, NULL) && report->done == 40;
  return NULL;
}

/* DCMTK's own sender, an independent one, where it is installed. */
static gpointer
storescu_thread (gpointer data)
{
  Sender *self = data;
  g_autofree char *port = g_strdup_printf ("%u", oss_pacs_listener_port (self->bench->listener));
  const char *argv[] = { "storescu", "-aet", "TEST",      "-aec", "OSSATURE", "+sd",
                         "+r",       "-R",   "127.0.0.1", port,   self->path, NULL };
  int status = 1;

  self->sent = g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL)
               && status == 0;
  return NULL;
}

static void
test_four_senders (void)
{
  Bench *bench = bench_new (0, NULL);
  g_autofree char *storescu = g_find_program_in_path ("storescu");
  Sender senders[4];
  GThread *threads[4];

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("s%u", i);
      pacs_write_series (bench->sent, name, i + 1, 64, 40);
      senders[i] = (Sender){ bench, g_build_filename (bench->sent, name, NULL), FALSE };
    }
  gint64 begin = g_get_monotonic_time ();
  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new ("sender", i == 3 && storescu != NULL ? storescu_thread : sender_thread, &senders[i]);
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_test_message ("4 senders, 160 objects: %.2f s%s", (double) (g_get_monotonic_time () - begin) / 1e6,
                  storescu != NULL ? ", one of them storescu" : "");
  for (guint i = 0; i < 4; i++)
    {
      g_assert_true (senders[i].sent);
      g_free (senders[i].path);
    }
  assert_same_objects (bench->sent, bench->got);
  expect_heard (bench, OSS_PACS_EVENT_STORED, 160);
  bench_free (bench);
}

/* --- A peer that takes less --- */

/* DCMTK's storescp, told to take implicit VR only. */
static void
test_convert (void)
{
  g_autofree char *storescp = g_find_program_in_path ("storescp"), *port = g_strdup_printf ("%u", free_port ()),
                  *address = g_strdup_printf ("ANY@127.0.0.1:%s", port);
  g_autoptr (OssPacsPeer) peer = oss_pacs_peer_parse (address, NULL);
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  g_autoptr (GError) error = NULL;
  GPid pid = 0;

  if (storescp == NULL)
    {
      g_test_skip ("storescp is not installed (Debian package dcmtk)");
      return;
    }
  char *folder = fixture_folder ();
  g_autofree char *sent = g_build_filename (folder, "sent", NULL), *got = g_build_filename (folder, "got", NULL);
  char *argv[] = { storescp, (char *) "+xi", (char *) "-od", got, port, NULL };
  const char *paths[] = { sent, NULL };
  pacs_write_series (sent, "one", 1, 32, 3);
  g_assert_cmpint (g_mkdir (got, 0700), ==, 0);
  g_assert_true (g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
  for (guint i = 0; i < 100 && !oss_pacs_echo (peer, NULL, NULL, NULL); i++)
    g_usleep (50000);
  gboolean done = oss_pacs_send (peer, paths, report, NULL, &error);
  kill (pid, SIGTERM);
  waitpid (pid, NULL, 0);
  g_assert_no_error (error);
  g_assert_true (done);
  g_assert_cmpuint (report->done, ==, 3);
  /* The same voxels, from files in the other transfer syntax. */
  g_autoptr (OssSeriesList) list = fixture_scan (got);
  g_assert_cmpuint (list->series->len, ==, 1);
  const OssSeries *series = list->series->pdata[0];
  g_assert_cmpstr (series->transfer_syntax, ==, "1.2.840.10008.1.2");
  g_autoptr (OssVolume) volume = oss_series_load (series, NULL, &error);
  g_assert_no_error (error);
  for (int k = 0; k < 3; k++)
    for (int j = 0; j < 32; j++)
      for (int i = 0; i < 32; i++)
        g_assert_cmpfloat (volume->data[oss_grid_offset (&volume->grid, i, j, k)], ==, fixture_hu (i, j, k));
  fixture_remove (folder);
}

/* --- Who may not --- */

static void
expect_refusal (Bench *bench, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_pacs_echo (bench->peer, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
set (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

static void
test_strangers (void)
{
  static const char *const elsewhere[] = { "TEST@192.0.2.1", NULL }, *const nobody[] = { NULL },
                           *const nonsense[] = { "A TITLE THAT IS TOO LONG", NULL };
  Bench *bench = bench_new (0, NULL);
  g_autoptr (GError) error = NULL;

  set (&bench->peer->calling_ae, "STRANGER");
  expect_refusal (bench, "does not know this program’s title “STRANGER”");
  set (&bench->peer->calling_ae, "TEST");
  set (&bench->peer->called_ae, "OTHER");
  expect_refusal (bench, "does not call itself “OTHER”");
  set (&bench->peer->called_ae, "OSSATURE");
  expect_serving (bench);
  expect_heard (bench, OSS_PACS_EVENT_SENDER_REFUSED, 2);
  bench->options.allowed = nobody;
  g_assert_null (oss_pacs_listener_new (&bench->options, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  bench->options.allowed = nonsense;
  g_assert_null (oss_pacs_listener_new (&bench->options, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  bench_free (bench);
  bench = bench_new (0, elsewhere);
  expect_refusal (bench, "broke the connection off");
  expect_heard (bench, OSS_PACS_EVENT_SENDER_REFUSED, 1);
  bench_free (bench);
}

/* --- What is not taken --- */

static void
test_too_large (void)
{
  Bench *bench = bench_new (20000, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new (), again = oss_pacs_report_new (),
                            huge = oss_pacs_report_new ();
  g_autofree char *small = g_build_filename (bench->sent, "small", NULL),
                  *large = g_build_filename (bench->sent, "large", NULL);

  pacs_write_series (bench->sent, "small", 1, 32, 3);
  pacs_write_series (bench->sent, "large", 2, 128, 2);
  g_assert_false (send_to (bench, bench->sent, report, &error)); /* in one association */
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_cmpuint (report->done, ==, 3);
  g_assert_cmpuint (report->failed, ==, 2);
  g_assert_nonnull (strstr (report->failures->pdata[0], "A700"));
  g_assert_cmpuint (count_files (bench->got), ==, 3);
  expect_heard (bench, OSS_PACS_EVENT_OBJECT_REFUSED, 2);
  g_clear_error (&error);
  /* Far larger: nobody waits for its end. */
  fixture_remove (g_strdup (large));
  pacs_write_series (bench->sent, "large", 2, 1024, 1);
  g_assert_false (send_to (bench, large, huge, &error));
  expect_heard (bench, OSS_PACS_EVENT_SENDER_LOST, 1);
  g_assert_true (send_to (bench, small, again, NULL));
  g_assert_cmpuint (count_files (bench->got), ==, 3);
  bench_free (bench);
}

static char *
first_object (Bench *bench, GBytes **set, char **uid)
{
  pacs_write_series (bench->sent, "one", 1, 32, 1);
  char *path = g_build_filename (bench->sent, "one", "CT000001.dcm", NULL);
  char *bytes = NULL;
  gsize n;

  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  /* (0002,0003) UI: its length, then the UID. */
  const char *element = memmem (bytes, n, "\2\0\3\0UI", 6);
  gsize length = (gsize) (guint8) element[6];
  *uid = g_strndup (element + 8, length);
  g_free (bytes);
  *set = data_set (path);
  return path;
}

static int
raw_sender (Bench *bench)
{
  int fd = raw_connect (oss_pacs_listener_port (bench->listener));
  g_assert_cmpint (raw_associate (fd, "TEST", "OSSATURE", RAW_CT, RAW_EXPLICIT), ==, 2);
  return fd;
}

/* Replaces @from by @to of the same length in a copy of @set, and sends it under @uid. */
static int
store_patched (Bench *bench, GBytes *set, const char *uid, const char *from, const char *to)
{
  gsize n = g_bytes_get_size (set);
  g_autofree char *bytes = g_memdup2 (g_bytes_get_data (set, NULL), n);
  char *found = memmem (bytes, n, from, strlen (from));
  int fd = raw_sender (bench);

  g_assert_nonnull (found);
  g_assert_cmpuint (strlen (from), ==, strlen (to));
  memcpy (found, to, strlen (to));
  int status = raw_store (fd, RAW_CT, uid, bytes, n, TRUE);
  raw_close (fd);
  return status;
}

/* @head and zeros, as long as @uid. */
static char *
trick (const char *head, const char *uid)
{
  GString *text = g_string_new (head);
  while (text->len < strlen (uid))
    g_string_append_c (text, '1');
  g_string_truncate (text, strlen (uid));
  return g_string_free (text, FALSE);
}

static void
test_path_tricks (void)
{
  static const char *const heads[] = { "../../../../tmp/oss-evil/", "/tmp/oss-evil/", "1..2/", "..", ".", "1.2%2f" };
  Bench *bench = bench_new (0, NULL);
  g_autoptr (GBytes) set = NULL;
  g_autofree char *uid = NULL, *path = first_object (bench, &set, &uid), *study = pacs_study_uid (),
                  *series = pacs_series_uid (1);
  gsize n;
  const void *data = g_bytes_get_data (set, &n);

  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *bad_uid = trick (heads[i], uid), *bad_study = trick (heads[i], study),
                      *bad_series = trick (heads[i], series);
      int fd = raw_sender (bench);
      /* In the command; in both; in the study's and the series' UID. */
      g_assert_cmphex ((guint) raw_store (fd, RAW_CT, bad_uid, data, n, TRUE), ==, 0x0117);
      raw_close (fd);
      g_assert_cmphex ((guint) store_patched (bench, set, bad_uid, uid, bad_uid), ==, 0x0117);
      g_assert_cmphex ((guint) store_patched (bench, set, uid, study, bad_study), ==, 0xa900);
      g_assert_cmphex ((guint) store_patched (bench, set, uid, series, bad_series), ==, 0xa900);
    }
  /* The command names another object than the data set is. */
  int fd = raw_sender (bench);
  g_assert_cmphex ((guint) raw_store (fd, RAW_CT, "1.2.3.4", data, n, TRUE), ==, 0xa900);
  /* Another class than was agreed on. */
  g_assert_cmphex ((guint) raw_store (fd, "1.2.840.10008.5.1.4.1.1.4", uid, data, n, TRUE), ==, 0x0122);
  /* And the association still works. */
  g_assert_cmphex ((guint) raw_store (fd, RAW_CT, uid, data, n, TRUE), ==, 0);
  raw_close (fd);
  assert_same_objects (bench->sent, bench->got);
  g_assert_false (g_file_test ("/tmp/oss-evil", G_FILE_TEST_EXISTS));
  bench_free (bench);
}

static void
test_broken_senders (void)
{
  static const guint8 huge[] = { 4, 0, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 9 },
                      huge_request[] = { 1, 0, 0xff, 0xff, 0xff, 0xf0, 0, 1, 0, 0 };
  Bench *bench = bench_new (0, NULL);
  g_autoptr (GBytes) set = NULL;
  g_autofree char *uid = NULL, *path = first_object (bench, &set, &uid);
  gsize n;
  const char *data = g_bytes_get_data (set, &n);

  int fd = raw_connect (oss_pacs_listener_port (bench->listener)); /* another protocol */
  raw_write (fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
  g_assert_cmpint (raw_associate (fd, "TEST", "OSSATURE", RAW_CT, RAW_EXPLICIT), !=, 2);
  raw_close (fd);
  fd = raw_connect (oss_pacs_listener_port (bench->listener)); /* lengths that nobody has room for */
  raw_write (fd, huge_request, sizeof huge_request);
  raw_close (fd);
  fd = raw_sender (bench);
  raw_write (fd, huge, sizeof huge);
  raw_close (fd);
  fd = raw_sender (bench); /* gone in the middle of an object */
  raw_store (fd, RAW_CT, uid, data, n / 2, FALSE);
  raw_close (fd);
  fd = raw_sender (bench); /* half an object, called whole */
  g_assert_cmphex ((guint) raw_store (fd, RAW_CT, uid, data, (n / 2) & ~(gsize) 1, TRUE), ==, 0xc000);
  raw_close (fd);
  fd = raw_sender (bench); /* no data set at all */
  g_autofree char *noise = g_malloc (20000);
  for (guint i = 0; i < 20000; i++)
    noise[i] = (char) (i * 37 + i / 256);
  g_assert_cmpint (raw_store (fd, RAW_CT, uid, noise, 20000, TRUE), !=, 0);
  raw_close (fd);
  int silent = raw_connect (oss_pacs_listener_port (bench->listener)); /* says nothing, and nobody waits for it */
  expect_serving (bench);
  g_assert_cmpuint (count_files (bench->got), ==, 0);
  fd = raw_sender (bench);
  g_assert_cmphex ((guint) raw_store (fd, RAW_CT, uid, data, n, TRUE), ==, 0);
  raw_close (fd);
  raw_close (silent);
  assert_same_objects (bench->sent, bench->got);
  bench_free (bench);
}

/* As a full disk: no file may grow beyond 20 kB. */
static void
test_full_disk (void)
{
  Bench *bench = bench_new (0, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsReport) report = oss_pacs_report_new (), again = oss_pacs_report_new ();
  struct rlimit before, full;

  pacs_write_series (bench->sent, "one", 1, 128, 3);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  full = before;
  full.rlim_cur = 20000;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &full), ==, 0);
  gboolean sent = send_to (bench, bench->sent, report, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_false (sent);
  g_assert_cmpuint (report->failed, ==, 3);
  g_assert_nonnull (strstr (report->failures->pdata[0], "A700"));
  g_assert_cmpuint (count_files (bench->got), ==, 0);
  g_assert_true (send_to (bench, bench->sent, again, NULL));
  assert_same_objects (bench->sent, bench->got);
  bench_free (bench);
}

/* A folder that nothing can be made in. */
static void
test_read_only (void)
{
  Bench *bench = bench_new (0, NULL);
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  g_autofree char *study = pacs_study_uid (), *inside = g_build_filename (bench->got, study, NULL);

  pacs_write_series (bench->sent, "one", 1, 16, 2);
  g_assert_true (g_file_set_contents (inside, "in the way", -1, NULL)); /* a file where the study's folder goes */
  g_assert_false (send_to (bench, bench->sent, report, NULL));
  g_assert_cmpuint (report->failed, ==, 2);
  g_assert_cmpuint (count_files (bench->got), ==, 1);
  expect_serving (bench);
  bench_free (bench);
}

static void
test_limits (void)
{
  Bench *bench = bench_new (0, NULL);
  g_autoptr (GError) error = NULL;
  int many[2];

  oss_pacs_listener_free (bench->listener);
  bench->options.most_associations = 2;
  bench->options.idle_seconds = 1;
  bench->listener = oss_pacs_listener_new (&bench->options, &error);
  g_assert_no_error (error);
  bench->peer->port = oss_pacs_listener_port (bench->listener);
  for (guint i = 0; i < 2; i++)
    many[i] = raw_sender (bench);
  expect_refusal (bench, "busy");
  g_usleep (1400000); /* the silent ones are sent away */
  expect_serving (bench);
  for (guint i = 0; i < 2; i++)
    raw_close (many[i]);
  /* And one that says who it is a byte at a time. */
  static const guint8 head[] = { 1, 0, 0, 0, 2, 0 }; /* a request of 512 bytes */
  int slow = raw_connect (oss_pacs_listener_port (bench->listener));
  guint refused = heard (bench, OSS_PACS_EVENT_SENDER_REFUSED);
  for (guint i = 0; i < 10 && heard (bench, OSS_PACS_EVENT_SENDER_REFUSED) == refused; i++)
    {
      raw_write (slow, i < sizeof head ? (const char *) head + i : "", 1);
      g_usleep (300000);
    }
  g_assert_cmpuint (heard (bench, OSS_PACS_EVENT_SENDER_REFUSED), ==, refused + 1);
  raw_close (slow);
  bench_free (bench);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pacs/listener/store", test_store);
  g_test_add_func ("/pacs/listener/four-senders", test_four_senders);
  g_test_add_func ("/pacs/send/convert", test_convert);
  g_test_add_func ("/pacs/listener/strangers", test_strangers);
  g_test_add_func ("/pacs/listener/too-large", test_too_large);
  g_test_add_func ("/pacs/listener/path-tricks", test_path_tricks);
  g_test_add_func ("/pacs/listener/broken-senders", test_broken_senders);
  g_test_add_func ("/pacs/listener/full-disk", test_full_disk);
  g_test_add_func ("/pacs/listener/in-the-way", test_read_only);
  g_test_add_func ("/pacs/listener/limits", test_limits);
  return g_test_run ();
}
