/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom-fixture.h"

#include "base/oss-parallel.h"
#include "dicom/oss-series-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* One slice of a fixture volume at @origin, as a file of its own below @folder. */
static void
write_single (const char *folder, int number, const double origin[3], const OssCtHeader *header)
{
  g_autofree char *name = g_strdup_printf ("s%03d", number);
  OssGrid grid = fixture_grid (16, 12, 1);

  memcpy (grid.origin, origin, sizeof grid.origin);
  fixture_write (folder, name, &grid, header);
}

/* Slices at (0, y[k], z[k]). */
static OssSeriesList *
scan_places (char *folder, const double *y, const double *z, int n)
{
  OssCtHeader header = fixture_header (1);

  for (int k = 0; k < n; k++)
    write_single (folder, k, (const double[3]){ 0.0, y != NULL ? y[k] : 0.0, z[k] }, &header);
  fixture_header_clear (&header);
  return fixture_scan (folder);
}

/* Asserts one series, refused first of all for @code, with @number in the sentence; nothing loads. */
static void
assert_refused (const OssSeriesList *list, const char *code, const char *number)
{
  const OssSeries *series = g_ptr_array_index (list->series, 0);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (list->series->len, ==, 1);
  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_REFUSED);
  g_assert_cmpstr (fixture_refusal (series, 0), ==, code);
  g_test_message ("%s", fixture_reason_text (series, code));
  if (number != NULL)
    g_assert_nonnull (strstr (fixture_reason_text (series, code), number));
  g_assert_null (oss_series_load (series, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_null (oss_series_pick (list, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

static void
test_missing_slices (void)
{
  char *folder = fixture_folder ();
  const double z[] = { -10.0, -8.75, -7.5, -2.5, -1.25, 0.0, 1.25 };
  g_autoptr (OssSeriesList) list = scan_places (folder, NULL, z, G_N_ELEMENTS (z));

  /* The gap from -7.5 to -2.5 is 5.00 mm = 4 spacings: three slices, middle at -5. */
  assert_refused (list, "missing-slices", "3 slices are missing");
  const char *text = fixture_reason_text (g_ptr_array_index (list->series, 0), "missing-slices");
  g_assert_nonnull (strstr (text, "z −5.0 mm"));
  g_assert_nonnull (strstr (text, "gap 5.00 mm, spacing 1.25 mm"));
  fixture_remove (folder);
}

/* One gap is half of the steps of three slices; it is a gap all the same. */
static void
test_missing_of_three (void)
{
  char *folder = fixture_folder ();
  const double z[] = { 0.0, 1.0, 3.0 };
  g_autoptr (OssSeriesList) list = scan_places (folder, NULL, z, G_N_ELEMENTS (z));

  assert_refused (list, "missing-slices", "1 slice is missing at z 2.0 mm");
  fixture_remove (folder);
}

static void
test_mixed_spacing (void)
{
  char *folder = fixture_folder ();
  const double z[] = { 0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 7.0 };
  g_autoptr (OssSeriesList) list = scan_places (folder, NULL, z, G_N_ELEMENTS (z));

  assert_refused (list, "mixed-spacing", "1.00 to 1.50 mm");
  /* The first odd step goes from 3.0 to 4.5. */
  const char *text = fixture_reason_text (g_ptr_array_index (list->series, 0), "mixed-spacing");
  g_assert_nonnull (strstr (text, "z 3.8 mm (1.50 mm, most others 1.00 mm)"));
  fixture_remove (folder);
}

/* 1 % is allowed; 0.625 mm positions printed with two digits (0.62, 0.63) are one spacing. */
static void
test_rounded_positions (void)
{
  char *folder = fixture_folder ();
  const double z[] = { 0.0, 0.63, 1.25, 1.88, 2.5, 3.13, 3.75 };
  g_autoptr (OssSeriesList) list = scan_places (folder, NULL, z, G_N_ELEMENTS (z));
  const OssSeries *series = g_ptr_array_index (list->series, 0);

  g_assert_cmpint (series->verdict, !=, OSS_VERDICT_REFUSED);
  g_assert_cmpfloat_with_epsilon (series->grid.spacing[2], 0.625, 1e-9);
  fixture_remove (folder);
}

static void
test_duplicates (void)
{
  char *folder = fixture_folder ();
  const double z[] = { 0.0, 1.0, 2.0, 2.0, 3.0 };
  g_autoptr (OssSeriesList) list = scan_places (folder, NULL, z, G_N_ELEMENTS (z));

  assert_refused (list, "duplicate-positions", "1 slice lies");
  fixture_remove (folder);
}

/* A disc and its copy side by side are one series; images that only say they are the same are not. */
static void
test_copies (void)
{
  char *folder = fixture_folder ();
  g_autofree char *copy = g_build_filename (folder, "copy", NULL);
  const OssGrid grid = fixture_grid (16, 12, 5);
  OssCtHeader header = fixture_header (1);

  fixture_write (folder, "disc", &grid, &header);
  fixture_write (folder, "copy", &grid, &header);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  const OssSeries *series = g_ptr_array_index (list->series, 0);
  g_assert_cmpuint (list->series->len, ==, 1);
  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_NOTES);
  g_assert_cmpuint (series->files->len, ==, 5);
  g_assert_nonnull (strstr (fixture_reason_text (series, "copies"), "5 images"));
  fixture_patch (copy, "B40f", "B70f", 4);
  g_autoptr (OssSeriesList) mixed = fixture_scan (folder);
  g_assert_cmpint (((OssSeries *) g_ptr_array_index (mixed->series, 0))->verdict, ==, OSS_VERDICT_REFUSED);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* Positions that lean by atan (0.3 / 1) = 16.70 degrees against the normal. */
static void
test_tilt (void)
{
  char *folder = fixture_folder ();
  const double y[] = { 0.0, 0.3, 0.6, 0.9 }, z[] = { 0.0, 1.0, 2.0, 3.0 };
  g_autoptr (OssSeriesList) list = scan_places (folder, y, z, 4);
  const OssSeries *series = g_ptr_array_index (list->series, 0);

  assert_refused (list, "tilt", "16.7°");
  g_assert_cmpfloat_with_epsilon (series->tilt_deg, atan (0.3) * 180.0 / G_PI, 1e-6);
  g_assert_false (series->has_grid);
  fixture_remove (folder);
}

static void
test_shifted (void)
{
  char *folder = fixture_folder ();
  const double y[] = { 0.0, 0.0, 4.0, 0.0 }, z[] = { 0.0, 1.0, 2.0, 3.0 };
  g_autoptr (OssSeriesList) list = scan_places (folder, y, z, 4);

  assert_refused (list, "shifted-slices", "4.00 mm");
  fixture_remove (folder);
}

static void
test_too_few (void)
{
  char *one = fixture_folder (), *two = fixture_folder ();
  const double z[] = { 0.0, 1.0 };
  g_autoptr (OssSeriesList) single = scan_places (one, NULL, z, 1);
  g_autoptr (OssSeriesList) pair = scan_places (two, NULL, z, 2);

  assert_refused (single, "single-slice", "1 slice");
  assert_refused (pair, "too-few-slices", "2 slices");
  fixture_remove (one);
  fixture_remove (two);
}

static void
test_thick (void)
{
  char *folder = fixture_folder ();
  const double z[] = { 0.0, 5.0, 10.0, 15.0 };
  g_autoptr (OssSeriesList) list = scan_places (folder, NULL, z, 4);
  const OssSeries *series = g_ptr_array_index (list->series, 0);

  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_NOTES);
  g_assert_nonnull (strstr (fixture_reason_text (series, "thick-slices"), "5.0 mm"));
  g_assert_true (fixture_has_reason (series, "slice-gap")); /* 1.25 mm thick, 5 mm apart */
  fixture_remove (folder);
}

/* Headers that say something else: bytes of equal length put in place of what the writer wrote. */
static void
test_patched_headers (void)
{
  static const struct
  {
    const char *from, *to, *code, *number;
  } cases[] = {
    { "0.7\\0.5 ", "0.0\\0.0 ", "zero-spacing", "0 × 0 mm" },
    { "ORIGINAL\\PRIMARY\\AXIAL", "ORIGINAL\\PRIMARY\\SCOUT", "localizer", NULL },
    { "ORIGINAL\\PRIMARY\\AXIAL", "DERIVED\\SCREEN SAVE   ", "screenshot", NULL },
    { "MONOCHROME2 ", "MONOCHROME1 ", "screenshot", NULL },
    { "CS\x02\0CT", "CS\x02\0MR", "not-ct", "MR" },
    { "\x28\0\x53\x10", "\x29\0\x53\x10", "no-rescale", "Rescale" },
    { "LO\x02\0HU", "LO\x02\0OD", "not-hu", "OD" },
    { "1.2.840.10008.1.2.1\0", "1.2.840.10008.1.2.9\0", "transfer-syntax", "1.2.840.10008.1.2.9" },
    { "\x28\0\0\x01US\x02\0\x10\0", "\x28\0\0\x01US\x02\0\x20\0", "pixel-format", "32 bits" },
    { "1\\0\\0\\0\\1\\0 ", "1\\0\\0\\1\\0\\0 ", "no-position", "Orientation" },
  };
  static const gsize lengths[] = { 8, 22, 22, 12, 6, 4, 6, 20, 10, 12 };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char *folder = fixture_folder ();
      OssGrid grid = fixture_grid (16, 12, 4);
      OssCtHeader header = fixture_header (1);
      g_autofree char *ct = g_build_filename (folder, "ct", NULL);

      fixture_write (folder, "ct", &grid, &header);
      fixture_patch (ct, cases[i].from, cases[i].to, lengths[i]);
      g_test_message ("%s", cases[i].code);
      g_autoptr (OssSeriesList) list = fixture_scan (folder);
      assert_refused (list, cases[i].code, cases[i].number);
      fixture_header_clear (&header);
      fixture_remove (folder);
    }
}

/* Texts are converted from the file's own character set: the same bytes, called Latin-1. */
static void
test_character_set (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (16, 12, 4);
  OssCtHeader header = fixture_header (1);
  g_autofree char *ct = g_build_filename (folder, "ct", NULL);

  fixture_write (folder, "ct", &grid, &header);
  fixture_patch (ct, "ISO_IR 192", "ISO_IR 100", 10);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_assert_cmpstr (((OssSeries *) g_ptr_array_index (list->series, 0))->patient_name, ==, "MÃ¼ller^JÃ¶rg");
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* Two series in one folder stay two; the larger one is picked unless one is named. */
static void
test_two_series (void)
{
  char *folder = fixture_folder ();
  OssGrid small = fixture_grid (16, 12, 4), large = fixture_grid (16, 12, 6);
  OssCtHeader one = fixture_header (1), two = fixture_header (2);
  g_autoptr (GError) error = NULL;

  two.kernel = "B70f";
  fixture_write (folder, "a", &large, &one);
  fixture_write (folder, "b", &small, &two);
  for (int k = 1; k <= 4; k++) /* all in one folder */
    {
      g_autofree char *name = g_strdup_printf ("CT%06d.dcm", k), *other = g_strdup_printf ("X%d", k);
      g_autofree char *from = g_build_filename (folder, "b", name, NULL);
      g_autofree char *to = g_build_filename (folder, "a", other, NULL);
      g_assert_cmpint (g_rename (from, to), ==, 0);
    }
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_assert_cmpuint (list->series->len, ==, 2);
  const OssSeries *first = g_ptr_array_index (list->series, 0), *second = g_ptr_array_index (list->series, 1);
  g_assert_cmpuint (first->files->len, ==, 6);
  g_assert_cmpuint (second->files->len, ==, 4);
  g_assert_true (oss_series_pick (list, NULL, NULL, &error) == first);
  g_assert_true (oss_series_pick (list, NULL, "b70f", &error) == second);
  g_assert_true (oss_series_pick (list, two.series_uid, NULL, &error) == second);
  g_assert_no_error (error);
  g_assert_null (oss_series_pick (list, NULL, "Br38", &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "B40f"));
  g_clear_error (&error);
  g_assert_null (oss_series_pick (list, "1.2.3", NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, one.series_uid));
  fixture_header_clear (&one);
  fixture_header_clear (&two);
  fixture_remove (folder);
}

/* A scout under the axial series' own UID becomes a series of its own; the axial one stays usable. */
static void
test_scout_inside (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (16, 12, 4);
  OssCtHeader header = fixture_header (1);
  g_autofree char *scout = g_build_filename (folder, "s000", NULL);
  g_autoptr (GError) error = NULL;

  fixture_write (folder, "ct", &grid, &header);
  write_single (folder, 0, (const double[3]){ 0.0, 0.0, 0.0 }, &header);
  fixture_patch (scout, "PRIMARY\\AXIAL", "PRIMARY\\SCOUT", 13);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_assert_cmpuint (list->series->len, ==, 2);
  const OssSeries *series = oss_series_pick (list, header.series_uid, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (series->files->len, ==, 4);
  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_USABLE);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* One UID, two reconstructions: refused, for both reasons. */
static void
test_same_uid_twice (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (16, 12, 4);
  OssCtHeader header = fixture_header (1);

  fixture_write (folder, "a", &grid, &header);
  header.kernel = "B70f";
  header.kvp = 100.0;
  fixture_write (folder, "b", &grid, &header);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  assert_refused (list, "mixed-kernel", "“B40f” and “B70f”");
  const OssSeries *series = g_ptr_array_index (list->series, 0);
  g_assert_true (fixture_has_reason (series, "mixed-kvp"));
  g_assert_true (fixture_has_reason (series, "duplicate-positions"));
  g_assert_nonnull (strstr (fixture_reason_text (series, "duplicate-positions"), "4 slices"));
  fixture_header_clear (&header);
  fixture_remove (folder);
}

static void
test_mixed_size_and_orientation (void)
{
  char *sizes = fixture_folder (), *turns = fixture_folder ();
  OssGrid axial = fixture_grid (16, 12, 4), other = fixture_grid (20, 12, 4);
  OssCtHeader header = fixture_header (1);

  fixture_write (sizes, "a", &axial, &header);
  other.origin[2] += 5.0;
  fixture_write (sizes, "b", &other, &header);
  g_autoptr (OssSeriesList) mixed = fixture_scan (sizes);
  assert_refused (mixed, "mixed-size", "16 × 12 and of 20 × 12");

  fixture_write (turns, "a", &axial, &header);
  other = axial;
  memcpy (other.direction, (const double[9]){ 1, 0, 0, 0, 0, 1, 0, -1, 0 }, sizeof other.direction);
  fixture_write (turns, "b", &other, &header);
  g_autoptr (OssSeriesList) turned = fixture_scan (turns);
  assert_refused (turned, "mixed-orientation", "4 of 8 are turned against the first, by up to 90.0°");
  fixture_header_clear (&header);
  fixture_remove (sizes);
  fixture_remove (turns);
}

static void
test_nothing_there (void)
{
  char *folder = fixture_folder ();
  const char *paths[] = { folder, NULL }, *nowhere[] = { "/nonexistent/ct", NULL };
  g_autofree char *text = g_build_filename (folder, "readme.txt", NULL);
  g_autofree char *fifo = g_build_filename (folder, "pipe", NULL);
  g_autofree char *loop = g_build_filename (folder, "loop", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_series_scan (paths, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "0 files"));
  g_clear_error (&error);
  /* Neither other files, nor a pipe that nobody writes to, nor a link to the folder itself. */
  g_assert_true (g_file_set_contents (text, "no picture in here, only words", -1, NULL));
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (symlink (folder, loop), ==, 0);
  g_assert_null (oss_series_scan (paths, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "1 file"));
  g_clear_error (&error);
  g_assert_null (oss_series_scan (nowhere, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent/ct"));
  fixture_remove (folder);
}

/* A copy lives on its own. */
static void
test_copy (void)
{
  char *folder = fixture_folder ();
  const double z[] = { 0.0, 5.0, 10.0, 15.0 };
  g_autoptr (OssSeriesList) list = scan_places (folder, NULL, z, 4);
  g_autoptr (OssSeries) copy = oss_series_copy (g_ptr_array_index (list->series, 0));
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&list, oss_series_list_free);
  g_assert_cmpint (copy->verdict, ==, OSS_VERDICT_NOTES);
  g_assert_true (fixture_has_reason (copy, "thick-slices"));
  g_autoptr (OssVolume) volume = oss_series_load (copy, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (volume->data[oss_grid_offset (&volume->grid, 3, 2, 1)], ==, fixture_hu (3, 2, 0));
  fixture_remove (folder);
}

/* A file that changes between scan and load is told, not mixed in. */
static void
test_changed_file (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (16, 12, 4);
  OssCtHeader header = fixture_header (1);
  g_autofree char *second = g_build_filename (folder, "ct", "CT000002.dcm", NULL);
  g_autofree char *third = g_build_filename (folder, "ct", "CT000003.dcm", NULL);
  g_autoptr (GError) error = NULL;

  fixture_write (folder, "ct", &grid, &header);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  const OssSeries *series = g_ptr_array_index (list->series, 0);
  g_assert_cmpint (g_rename (third, second), ==, 0);
  g_assert_null (oss_series_load (series, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "CT000002.dcm"));
  fixture_header_clear (&header);
  fixture_remove (folder);
}

/* PS3.3, C.7.6.3: Bits Stored below High Bit, two's complement, and what lies above is not a value. */
static void
test_stored_to_hu (void)
{
  OssDicomHeader header = { .rows = 1,
                            .columns = 4,
                            .samples = 1,
                            .bits_allocated = 16,
                            .bits_stored = 12,
                            .high_bit = 11,
                            .slope = 2.0,
                            .intercept = -1000.0 };
  const guint16 unsigned_words[4] = { 0, 4095, 0xf001, 1500 }, shifted[4] = { 0, 0xfff0, 0x0010, 0x000f };
  const guint16 signed_words[4] = { 0x0800, 0x0fff, 0x07ff, 0 }, padded[4] = { 0x8000, 100, 0x8000, 0 };
  float hu[4];

  g_assert_true (oss_series_to_hu (&header, (const guint8 *) unsigned_words, hu, NULL));
  g_assert_cmpfloat (hu[0], ==, -1000.0f);
  g_assert_cmpfloat (hu[1], ==, 7190.0f);
  g_assert_cmpfloat (hu[2], ==, -998.0f);
  g_assert_cmpfloat (hu[3], ==, 2000.0f);
  header.high_bit = 15;
  g_assert_true (oss_series_to_hu (&header, (const guint8 *) shifted, hu, NULL));
  g_assert_cmpfloat (hu[1], ==, 7190.0f);
  g_assert_cmpfloat (hu[2], ==, -998.0f);
  g_assert_cmpfloat (hu[3], ==, -1000.0f);
  header.high_bit = 11;
  header.is_signed = 1;
  g_assert_true (oss_series_to_hu (&header, (const guint8 *) signed_words, hu, NULL));
  g_assert_cmpfloat (hu[0], ==, -5096.0f);
  g_assert_cmpfloat (hu[1], ==, -1002.0f);
  g_assert_cmpfloat (hu[2], ==, 3094.0f);
  /* Padding of 16 bits beside values of 12; 0 would be -1000 HU: outside tissue, so it counts. */
  header.has_padding = 1;
  header.padding = header.padding_limit = 32768;
  g_assert_true (oss_series_to_hu (&header, (const guint8 *) padded, hu, NULL));
  g_assert_cmpfloat (hu[0], ==, -1024.0f);
  g_assert_cmpfloat (hu[1], ==, -800.0f);
  g_assert_cmpfloat (hu[3], ==, -1000.0f);
  /* A padding value that is also water marks nothing. */
  header.padding = header.padding_limit = 500;
  const guint16 water[4] = { 500, 500, 500, 500 };
  g_assert_true (oss_series_to_hu (&header, (const guint8 *) water, hu, NULL));
  g_assert_cmpfloat (hu[0], ==, 0.0f);
  header.bits_stored = 17;
  g_assert_false (oss_series_to_hu (&header, (const guint8 *) water, hu, NULL));
}

static void
stop_in_the_middle_cb (double fraction, const char *what, void *data)
{
  if (fraction > 0.2 && g_atomic_int_get ((int *) data) == 0)
    g_atomic_int_set ((int *) data, 1);
}

/* The same voxels from one thread and from all; a stop in the middle ends the load, the hash and
 * nothing else. */
static void
test_threads_and_stop (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (128, 128, 200);
  OssCtHeader header = fixture_header (1);
  g_autoptr (GError) error = NULL;

  fixture_write (folder, "ct", &grid, &header);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  const OssSeries *series = g_ptr_array_index (list->series, 0);
  g_autoptr (OssVolume) many = oss_series_load (series, NULL, &error);
  oss_parallel_set_threads (1);
  g_autoptr (OssVolume) one = oss_series_load (series, NULL, &error);
  oss_parallel_set_threads (0);
  g_assert_no_error (error);
  gsize bytes = oss_grid_count (&grid) * sizeof (float);
  g_assert_cmpmem (many->data, bytes, one->data, bytes);

  int stop = 0;
  OssTick tick = oss_tick_make (stop_in_the_middle_cb, &stop, &stop);
  g_assert_null (oss_series_load (series, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  stop = 0;
  g_assert_null (oss_series_hash (series, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

static void
test_number_text (void)
{
  g_autofree char *below = oss_series_number_text (-214.04, 1), *nought = oss_series_number_text (-0.04, 1);

  g_assert_cmpstr (below, ==, "−214.0");
  g_assert_cmpstr (nought, ==, "0.0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dicom/series/missing-slices", test_missing_slices);
  g_test_add_func ("/dicom/series/missing-of-three", test_missing_of_three);
  g_test_add_func ("/dicom/series/mixed-spacing", test_mixed_spacing);
  g_test_add_func ("/dicom/series/rounded-positions", test_rounded_positions);
  g_test_add_func ("/dicom/series/duplicates", test_duplicates);
  g_test_add_func ("/dicom/series/copies", test_copies);
  g_test_add_func ("/dicom/series/tilt", test_tilt);
  g_test_add_func ("/dicom/series/shifted", test_shifted);
  g_test_add_func ("/dicom/series/too-few", test_too_few);
  g_test_add_func ("/dicom/series/thick", test_thick);
  g_test_add_func ("/dicom/series/patched-headers", test_patched_headers);
  g_test_add_func ("/dicom/series/character-set", test_character_set);
  g_test_add_func ("/dicom/series/two-series", test_two_series);
  g_test_add_func ("/dicom/series/scout-inside", test_scout_inside);
  g_test_add_func ("/dicom/series/same-uid-twice", test_same_uid_twice);
  g_test_add_func ("/dicom/series/mixed-size-and-orientation", test_mixed_size_and_orientation);
  g_test_add_func ("/dicom/series/nothing-there", test_nothing_there);
  g_test_add_func ("/dicom/series/copy", test_copy);
  g_test_add_func ("/dicom/series/changed-file", test_changed_file);
  g_test_add_func ("/dicom/series/stored-to-hu", test_stored_to_hu);
  g_test_add_func ("/dicom/series/threads-and-stop", test_threads_and_stop);
  g_test_add_func ("/dicom/series/number-text", test_number_text);
  return g_test_run ();
}
