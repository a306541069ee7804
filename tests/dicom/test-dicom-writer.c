/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom-fixture.h"

#include "base/oss-vector.h"
#include "dicom/oss-dicom-uid.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* DICOM PS3.5, B.2: 2.25. and a UUID as a decimal number, no leading zero, 64 characters at most. */
static void
test_uid (void)
{
  g_autofree char *one = oss_dicom_uid (1, 2), *again = oss_dicom_uid (1, 2), *other = oss_dicom_uid (1, 3);

  g_assert_cmpstr (one, ==, again);
  g_assert_cmpstr (one, !=, other);
  g_assert_true (g_str_has_prefix (one, "2.25."));
  g_assert_cmpuint (strlen (one), <=, 44);
  g_assert_cmpuint (strspn (one + 5, "0123456789"), ==, strlen (one + 5));
  g_assert_cmpint (one[5], !=, '0');
  /* FNV-1a of "a" and the NUL behind it (offset basis and prime of the published algorithm), by hand:
   * ((basis ^ 'a') * prime ^ 0) * prime. */
  guint64 by_hand = ((14695981039346656037ull ^ 'a') * 1099511628211ull) * 1099511628211ull;
  g_assert_cmpuint (oss_dicom_hash_text (OSS_DICOM_HASH_START, "a"), ==, by_hand);
}

/* What is written is read back: exact HU (whole numbers), geometry to 1e-6 mm, texts. */
static void
test_round_trip (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (33, 21, 5);
  OssCtHeader header = fixture_header (3);
  const double angle = 0.3, c = cos (angle), s = sin (angle);
  const double turned[9] = { c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0 };
  g_autoptr (GError) error = NULL;

  memcpy (grid.direction, turned, sizeof turned);
  fixture_write (folder, "ct", &grid, &header);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_assert_cmpuint (list->series->len, ==, 1);
  const OssSeries *series = g_ptr_array_index (list->series, 0);
  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_USABLE);
  g_assert_cmpstr (series->patient_name, ==, "Müller^Jörg");
  g_assert_cmpstr (series->kernel, ==, "B40f");
  g_assert_cmpstr (series->series_uid, ==, header.series_uid);
  g_assert_cmpstr (series->frame_uid, ==, header.frame_uid);
  g_assert_cmpstr (series->study_id, ==, "S1");
  g_assert_cmpstr (series->patient_position, ==, "HFS");
  g_assert_cmpstr (series->accession_number, ==, "");
  g_assert_cmpstr (series->sop_class_uid, ==, "1.2.840.10008.5.1.4.1.1.2");
  g_assert_cmpuint (series->sop_uids->len, ==, 5);
  for (guint k = 0; k < 5; k++)
    {
      g_autofree char *uid =
          oss_dicom_uid (oss_dicom_hash_text (OSS_DICOM_HASH_START, header.series_uid), (guint64) k + 1);
      g_assert_cmpstr (g_ptr_array_index (series->sop_uids, k), ==, uid);
    }
  g_assert_cmpint (series->series_number, ==, 3);
  g_assert_cmpfloat (series->kvp, ==, 120.0);
  g_assert_cmpfloat (series->exposure_mas, ==, 150.0);
  g_assert_true (oss_grid_equal (&series->grid, &grid, 1e-6));
  g_autoptr (OssVolume) volume = oss_series_load (series, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (volume->quantity, ==, OSS_QUANTITY_HU);
  for (int k = 0; k < 5; k++)
    for (int j = 0; j < 21; j++)
      for (int i = 0; i < 33; i++)
        g_assert_cmpfloat (volume->data[oss_grid_offset (&volume->grid, i, j, k)], ==, fixture_hu (i, j, k));
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* A bright spot on the patient's left (LPS +x), behind (+y) and below (-z) stays there, whatever
 * way the axes of the written grid run. */
static void
test_left_stays_left (void)
{
  static const double directions[4][9] = { { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
                                           { -1, 0, 0, 0, 1, 0, 0, 0, 1 }, /* left-handed */
                                           { -1, 0, 0, 0, -1, 0, 0, 0, 1 },
                                           { 1, 0, 0, 0, 1, 0, 0, 0, -1 } };
  const double spot[3] = { 12.0, 6.0, -4.0 };

  for (int d = 0; d < 4; d++)
    {
      char *folder = fixture_folder ();
      OssGrid grid = fixture_grid (65, 41, 21);
      OssCtHeader header = fixture_header (1);
      g_autofree char *path = g_build_filename (folder, "ct", NULL);
      g_autoptr (GError) error = NULL;
      const double centre[3] = { 32.0, 20.0, 10.0 };
      double at_centre[3], index[3];

      memcpy (grid.direction, directions[d], sizeof grid.direction);
      oss_grid_to_patient (&grid, centre, at_centre);
      oss_sub (grid.origin, at_centre, grid.origin); /* the middle of the volume is at 0, 0, 0 */
      g_autoptr (OssVolume) written = oss_volume_new (&grid, OSS_QUANTITY_HU, &error);
      g_assert_no_error (error);
      oss_grid_to_index (&grid, spot, index);
      written->data[oss_grid_offset (&grid, (int) round (index[0]), (int) round (index[1]), (int) round (index[2]))] =
          2000.0f;
      g_assert_true (oss_dicom_write_ct (path, written, &header, NULL, &error));
      g_autoptr (OssSeriesList) list = fixture_scan (folder);
      g_autoptr (OssVolume) volume = oss_series_load (g_ptr_array_index (list->series, 0), NULL, &error);
      g_assert_no_error (error);
      gsize brightest = 0;
      for (gsize i = 1; i < oss_grid_count (&volume->grid); i++)
        if (volume->data[i] > volume->data[brightest])
          brightest = i;
      const double found[3] = { (double) (brightest % 65), (double) (brightest / 65 % 41),
                                (double) (brightest / 65 / 41) };
      double place[3], off[3];
      oss_grid_to_patient (&volume->grid, found, place);
      oss_sub (place, spot, off);
      g_assert_cmpfloat (volume->data[brightest], ==, 2000.0f);
      g_assert_cmpfloat (oss_norm (off), <, 0.5 * sqrt (0.25 + 0.49 + 1.5625)); /* half a voxel's diagonal */
      fixture_header_clear (&header);
      fixture_remove (folder);
    }
}

/* HU outside 12 bits are clamped, fractions rounded, what is no number becomes air. */
static void
test_clamps (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (4, 2, 3);
  OssCtHeader header = fixture_header (1);
  g_autofree char *path = g_build_filename (folder, "ct", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) written = oss_volume_new (&grid, OSS_QUANTITY_HU, &error);
  const float values[4] = { -5000.0f, 9000.0f, 17.6f, NAN }, expected[4] = { -1024.0f, 3071.0f, 18.0f, -1024.0f };

  memcpy (written->data, values, sizeof values);
  g_assert_true (oss_dicom_write_ct (path, written, &header, NULL, &error));
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_autoptr (OssVolume) volume = oss_series_load (g_ptr_array_index (list->series, 0), NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 4; i++)
    g_assert_cmpfloat (volume->data[i], ==, expected[i]);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* dciodvfy (dicom3tools) is the field's conformance checker; it ends with 1 after an Error line. */
static void
test_conformance (void)
{
  g_autofree char *checker = g_find_program_in_path ("dciodvfy");
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (32, 16, 3);
  OssCtHeader header = fixture_header (1);
  g_autofree char *file = g_build_filename (folder, "ct", "CT000002.dcm", NULL);
  g_autofree char *said = NULL;
  char *argv[] = { checker, file, NULL };
  int status;

  fixture_write (folder, "ct", &grid, &header);
  if (checker == NULL)
    g_test_skip ("dciodvfy (Debian package dicom3tools) is not installed");
  else
    {
      g_assert_true (
          g_spawn_sync (NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said, &status, NULL));
      g_test_message ("%s", said);
      g_assert_null (strstr (said, "Error"));
      g_assert_true (g_spawn_check_wait_status (status, NULL));
    }
  fixture_header_clear (&header);
  fixture_remove (folder);
}

static guint
count_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
stop_soon_cb (double fraction, const char *what, void *data)
{
  if (fraction > 0.1)
    g_atomic_int_set ((int *) data, 1);
}

/* Stopped in the middle: nothing is left, and the folder only where it was before. */
static void
test_cancel_leaves_nothing (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (64, 64, 400);
  OssCtHeader header = fixture_header (1);
  g_autofree char *path = g_build_filename (folder, "new", NULL);
  g_autoptr (OssVolume) volume = fixture_volume (&grid);
  const char *targets[] = { path, folder };

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      int stop = 0;
      OssTick tick = oss_tick_make (stop_soon_cb, &stop, &stop);
      g_assert_false (oss_dicom_write_ct (targets[i], volume, &header, &tick, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
      g_assert_cmpint (g_atomic_int_get (&stop), ==, 1);
      g_assert_cmpuint (count_files (folder), ==, 0);
    }
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* A full disk, imitated by a limit on the size of files: no part of a file is left, whether the
 * limit falls into the header, the pixels or the last buffer. */
static void
test_full_disk (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (64, 64, 3);
  OssCtHeader header = fixture_header (1);
  g_autoptr (OssVolume) volume = fixture_volume (&grid);
  const rlim_t limits[] = { 100, 4096, 9300 }; /* a file has 1.2 kB of header and 8192 bytes of pixels */
  struct rlimit before, now;
  struct sigaction ignore = { .sa_handler = SIG_IGN }, handler;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  sigaction (SIGXFSZ, &ignore, &handler);
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autoptr (GError) error = NULL;
      now = before;
      now.rlim_cur = limits[i];
      setrlimit (RLIMIT_FSIZE, &now);
      gboolean ok = oss_dicom_write_ct (folder, volume, &header, NULL, &error);
      setrlimit (RLIMIT_FSIZE, &before);
      g_assert_false (ok);
      g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, "CT000001.dcm"));
      g_assert_cmpuint (count_files (folder), ==, 0);
    }
  sigaction (SIGXFSZ, &handler, NULL);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

static void
test_says_why_not (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (8, 8, 3);
  OssCtHeader header = fixture_header (1);
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_autofree char *below = g_build_filename (folder, "file", "ct", NULL);
  g_autoptr (OssVolume) volume = fixture_volume (&grid);
  g_autoptr (GError) error = NULL;
  OssCtHeader nameless = header;

  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_assert_false (oss_dicom_write_ct (below, volume, &header, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "file"));
  g_clear_error (&error);
  nameless.series_uid = NULL;
  g_assert_false (oss_dicom_write_ct (folder, volume, &nameless, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_cmpuint (count_files (folder), ==, 1);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* The same arguments give the same bytes. */
static void
test_same_bytes (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (16, 12, 3);
  OssCtHeader header = fixture_header (1);

  fixture_write (folder, "a", &grid, &header);
  fixture_write (folder, "b", &grid, &header);
  g_autofree char *one = g_build_filename (folder, "a", NULL), *two = g_build_filename (folder, "b", NULL);
  g_autoptr (OssSeriesList) list_a = fixture_scan (one), list_b = fixture_scan (two);
  g_autofree char *hash_a = oss_series_hash (g_ptr_array_index (list_a->series, 0), NULL, NULL);
  g_autofree char *hash_b = oss_series_hash (g_ptr_array_index (list_b->series, 0), NULL, NULL);
  g_assert_cmpuint (strlen (hash_a), ==, 64);
  g_assert_cmpstr (hash_a, ==, hash_b);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dicom/writer/uid", test_uid);
  g_test_add_func ("/dicom/writer/round-trip", test_round_trip);
  g_test_add_func ("/dicom/writer/left-stays-left", test_left_stays_left);
  g_test_add_func ("/dicom/writer/clamps", test_clamps);
  g_test_add_func ("/dicom/writer/conformance", test_conformance);
  g_test_add_func ("/dicom/writer/cancel-leaves-nothing", test_cancel_leaves_nothing);
  g_test_add_func ("/dicom/writer/full-disk", test_full_disk);
  g_test_add_func ("/dicom/writer/says-why-not", test_says_why_not);
  g_test_add_func ("/dicom/writer/same-bytes", test_same_bytes);
  return g_test_run ();
}
