/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom-fixture.h"

#include "base/oss-random.h"
#include "dicom/oss-dicom-reader.h"

#include <glib/gstdio.h>
#include <string.h>

/* A file's bytes, and a place to write changed ones. */
typedef struct
{
  char *folder;
  char *path; /* where changed bytes are written */
  char *bytes;
  gsize size;
} Victim;

static Victim
victim_new (void)
{
  Victim self = { .folder = fixture_folder () };
  OssGrid grid = fixture_grid (64, 48, 3);
  OssCtHeader header = fixture_header (1);
  g_autofree char *second = g_build_filename (self.folder, "ct", "CT000002.dcm", NULL);

  fixture_write (self.folder, "ct", &grid, &header);
  g_assert_true (g_file_get_contents (second, &self.bytes, &self.size, NULL));
  self.path = g_steal_pointer (&second);
  fixture_header_clear (&header);
  return self;
}

static void
victim_free (Victim *self)
{
  g_free (self->path);
  g_free (self->bytes);
  fixture_remove (self->folder);
}

static void
write_bytes (const char *path, const char *bytes, gsize size)
{
  FILE *file = g_fopen (path, "wbe");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, size, file), ==, size);
  g_assert_cmpint (fclose (file), ==, 0);
}

/* Cut anywhere, the file never gives pixels: they are its last bytes. */
static void
test_truncated (void)
{
  Victim victim = victim_new ();
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  guint n_headers = 0;

  for (gsize length = 0; length < victim.size; length += length < 1100 ? 7 : 41)
    {
      OssDicomHeader header;
      g_autoptr (GError) error = NULL;
      write_bytes (victim.path, victim.bytes, length);
      g_autofree guint8 *pixels = oss_dicom_read_pixels (readers, victim.path, NULL, &header, &error);
      g_assert_null (pixels);
      g_assert_nonnull (error);
      g_assert_cmpstr (error->message, !=, "");
      g_assert_false (g_error_matches (error, OSS_ERROR, OSS_ERROR_FAILED));
      if (oss_dicom_read_header (readers, victim.path, NULL, &header, NULL))
        {
          /* Cut between two elements, the pixels are simply not there. */
          g_assert_true (header.damage[0] != '\0' || !header.has_pixels);
          n_headers++;
        }
    }
  /* Pixel data begins before byte 1600: most cuts leave a header that is readable. */
  g_assert_cmpuint (n_headers, >, 20);
  victim_free (&victim);
}

/* A damaged slice refuses its series by name; one that cannot be placed is told beside it. */
static void
test_truncated_slice_refuses_series (void)
{
  Victim victim = victim_new ();

  write_bytes (victim.path, victim.bytes, victim.size - 100);
  g_autoptr (OssSeriesList) list = fixture_scan (victim.folder);
  const OssSeries *series = g_ptr_array_index (list->series, 0);
  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_REFUSED);
  g_assert_cmpstr (fixture_refusal (series, 0), ==, "damaged");
  g_test_message ("%s", fixture_reason_text (series, "damaged"));
  g_assert_nonnull (strstr (fixture_reason_text (series, "damaged"), "CT000002.dcm"));

  write_bytes (victim.path, victim.bytes, 200);
  g_autoptr (OssSeriesList) rest = fixture_scan (victim.folder);
  g_assert_cmpuint (rest->damaged->len, ==, 1);
  g_test_message ("%s", (const char *) g_ptr_array_index (rest->damaged, 0));
  g_assert_nonnull (strstr (g_ptr_array_index (rest->damaged, 0), "CT000002.dcm"));
  g_assert_true (fixture_has_reason (g_ptr_array_index (rest->series, 0), "unreadable-files"));
  victim_free (&victim);
}

/* Rubbish behind the last element is not damage. */
static void
test_trailing_bytes (void)
{
  Victim victim = victim_new ();
  g_autofree char *longer = g_malloc0 (victim.size + 333);
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  g_autoptr (GError) error = NULL;
  OssDicomHeader header;

  memcpy (longer, victim.bytes, victim.size);
  write_bytes (victim.path, longer, victim.size + 333);
  g_autofree guint8 *pixels = oss_dicom_read_pixels (readers, victim.path, NULL, &header, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (pixels, 64 * 48 * 2, victim.bytes + victim.size - 64 * 48 * 2, 64 * 48 * 2);
  victim_free (&victim);
}

/* Flips @n_flips bytes of @bytes at a time, @n_rounds times; nothing but the reading process may fall. */
static void
flip (OssDicomReaders *readers, const char *path, const char *bytes, gsize size, guint n_rounds, guint n_flips,
      gsize within)
{
  OssRandom random;

  oss_random_init (&random, 20260314, size);
  for (guint round = 0; round < n_rounds; round++)
    {
      OssDicomHeader header;
      g_autoptr (GError) error = NULL;
      g_autofree char *changed = g_memdup2 (bytes, size);
      for (guint i = 0; i < n_flips; i++)
        changed[oss_random_bits (&random) % MIN (within, size)] ^= (char) (1u << (oss_random_bits (&random) % 8));
      write_bytes (path, changed, size);
      g_autofree guint8 *pixels = oss_dicom_read_pixels (readers, path, NULL, &header, &error);
      g_assert_true ((pixels == NULL) == (error != NULL));
      g_assert_false (g_error_matches (error, OSS_ERROR, OSS_ERROR_FAILED));
    }
}

static void
test_flipped_bytes (void)
{
  Victim victim = victim_new ();
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();

  flip (readers, victim.path, victim.bytes, victim.size, 1500, 3, 1600);
  /* Whatever the last one looks like, the series is judged. */
  g_autoptr (OssSeriesList) list = fixture_scan (victim.folder);
  g_assert_cmpuint (list->series->len, >=, 1);
  victim_free (&victim);
}

/* Every syntax's decoder, on real slices with flipped bytes. */
static void
test_flipped_compressed (void)
{
  const char *shared = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *data = g_build_filename (shared != NULL ? shared : "", "dicom_transfer_syntaxes", NULL);
  g_autoptr (GDir) dir = shared != NULL && *shared != '\0' ? g_dir_open (data, 0, NULL) : NULL;
  char *folder = fixture_folder ();
  g_autofree char *path = g_build_filename (folder, "changed.dcm", NULL);
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  const char *name;

  if (dir == NULL)
    g_test_skip ("the public data set dicom_transfer_syntaxes is not there (meson option shared_data)");
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *from = g_build_filename (data, name, NULL);
      g_autofree char *bytes = NULL;
      gsize size;
      if (strstr (name, "JPEG") == NULL && strstr (name, "RLE") == NULL && strstr (name, "Deflated") == NULL)
        continue;
      g_assert_true (g_file_get_contents (from, &bytes, &size, NULL));
      flip (readers, path, bytes, size, 6, 12, size);
      flip (readers, path, bytes, size, 6, 12, 8000);
    }
  fixture_remove (folder);
}

/* Sizes that the file cannot hold, and sequences nested deeper than a parser's stack. */
static void
test_bombs (void)
{
  Victim victim = victim_new ();
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  g_autoptr (GByteArray) deep = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  OssDicomHeader header;

  /* Rows (0028,0010) US 2: 65535 instead of 48. */
  write_bytes (victim.path, victim.bytes, victim.size);
  fixture_patch (victim.path, "\x28\0\x10\0US\x02\0\x30\0", "\x28\0\x10\0US\x02\0\xff\xff", 10);
  g_assert_true (oss_dicom_read_header (readers, victim.path, NULL, &header, &error));
  g_assert_nonnull (strstr (header.damage, "6144 of 8388480"));
  g_assert_null (oss_dicom_read_pixels (readers, victim.path, NULL, &header, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_clear_error (&error);

  /* Pixel data (7FE0,0010) OW that claims 4 GB. */
  write_bytes (victim.path, victim.bytes, victim.size);
  fixture_patch (victim.path, "\xe0\x7f\x10\0OW\0\0\0\x18\0\0", "\xe0\x7f\x10\0OW\0\0\0\xff\xff\xfe", 12);
  g_assert_null (oss_dicom_read_pixels (readers, victim.path, NULL, &header, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_clear_error (&error);

  /* 200 000 sequences within one another, each of undefined length. */
  g_byte_array_append (deep, (const guint8 *) victim.bytes, 132);
  for (int i = 0; i < 200000; i++)
    g_byte_array_append (deep, (const guint8 *) "\x08\0\x40\x11\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff", 16);
  write_bytes (victim.path, (const char *) deep->data, deep->len);
  g_assert_false (oss_dicom_read_header (readers, victim.path, NULL, &header, &error));
  g_assert_nonnull (strstr (error->message, "128 deep")); /* told, and not by the end of a process */
  g_clear_error (&error);

  /* The next file is read by a new process. */
  write_bytes (victim.path, victim.bytes, victim.size);
  g_assert_true (oss_dicom_read_header (readers, victim.path, NULL, &header, &error));
  g_assert_no_error (error);
  victim_free (&victim);
}

/* Published odd and damaged files (pydicom's own): each ends with a verdict or a reason. */
static void
test_malformed (void)
{
  const char *shared = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *data = g_build_filename (shared != NULL ? shared : "", "dicom_malformed", NULL);
  g_autoptr (GDir) dir = shared != NULL && *shared != '\0' ? g_dir_open (data, 0, NULL) : NULL;
  guint n = 0;
  const char *name;

  if (dir == NULL)
    {
      g_test_skip ("the public data set dicom_malformed is not there (meson option shared_data)");
      return;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (data, name, NULL);
      const char *paths[] = { path, NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (OssSeriesList) list = oss_series_scan (paths, NULL, &error);
      n++;
      if (list == NULL)
        {
          g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
          g_test_message ("%s: %s", name, error->message);
          continue;
        }
      const OssSeries *series = g_ptr_array_index (list->series, 0);
      g_assert_cmpint (series->verdict, ==, OSS_VERDICT_REFUSED);
      g_test_message ("%s: %s", name, fixture_refusal (series, 0));
      if (strcmp (name, "bad_sequence.dcm") == 0) /* a real slice behind an odd sequence: read, but alone */
        {
          g_assert_cmpstr (series->kernel, ==, "B30s");
          g_assert_cmpstr (fixture_refusal (series, 0), ==, "single-slice");
        }
    }
  g_assert_cmpuint (n, >, 10);
}

/* Puts a program in the place of ossature-decode for one test. */
static char *
fake_reader (const char *script)
{
  char *folder = fixture_folder ();
  g_autofree char *path = g_build_filename (folder, "ossature-decode", NULL);

  if (script != NULL)
    {
      write_bytes (path, script, strlen (script));
      g_chmod (path, 0700);
    }
  g_setenv ("OSSATURE_LIBEXEC_DIR", folder, TRUE);
  return folder;
}

static gpointer
stop_later (gpointer data)
{
  g_usleep (100000);
  g_atomic_int_set ((int *) data, 1);
  return NULL;
}

/* A reader that is missing, dies or hangs; and a stop while it hangs, answered within 200 ms. */
static void
test_bad_reader (void)
{
  g_autofree char *before = g_strdup (g_getenv ("OSSATURE_LIBEXEC_DIR"));
  Victim victim = victim_new ();
  const char *paths[] = { victim.folder, NULL };
  g_autoptr (GError) error = NULL;

  char *folder = fake_reader (NULL);
  g_assert_null (oss_series_scan (paths, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "OSSATURE_LIBEXEC_DIR"));
  g_clear_error (&error);
  fixture_remove (folder);

  folder = fake_reader ("#!/bin/sh\ndd bs=1 count=1 >/dev/null 2>&1\nkill -SEGV $$\n");
  g_assert_null (oss_series_scan (paths, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "3 files could not be read"));
  g_clear_error (&error);
  fixture_remove (folder);

  folder = fake_reader ("#!/bin/sh\nexec sleep 30\n");
  int stop = 0;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GThread) thread = g_thread_new ("stop", stop_later, &stop);
  gint64 start = g_get_monotonic_time ();
  g_assert_null (oss_series_scan (paths, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 300000);
  g_thread_join (g_steal_pointer (&thread));
  fixture_remove (folder);
  if (before != NULL)
    g_setenv ("OSSATURE_LIBEXEC_DIR", before, TRUE);
  else
    g_unsetenv ("OSSATURE_LIBEXEC_DIR");
  victim_free (&victim);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dicom/hostile/truncated", test_truncated);
  g_test_add_func ("/dicom/hostile/truncated-slice-refuses-series", test_truncated_slice_refuses_series);
  g_test_add_func ("/dicom/hostile/trailing-bytes", test_trailing_bytes);
  g_test_add_func ("/dicom/hostile/flipped-bytes", test_flipped_bytes);
  g_test_add_func ("/dicom/hostile/flipped-compressed", test_flipped_compressed);
  g_test_add_func ("/dicom/hostile/bombs", test_bombs);
  g_test_add_func ("/dicom/hostile/malformed", test_malformed);
  g_test_add_func ("/dicom/hostile/bad-reader", test_bad_reader);
  return g_test_run ();
}
