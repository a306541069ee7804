/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thousand damaged files, each read to its end: headers, pixels of every frame, the index of a disc.  No reading
 * process may end of it, none may take 5 s, and none may allocate out of proportion to the file: a limit on address
 * space holds that in a plain build, and the sanitizer's own account, which ends the process, in a sanitized one
 * (oss-decode-main.c).
 *
 *   OSSATURE_BROKEN_FILES=N   so many instead of 1000
 *   OSSATURE_BROKEN_KEEP=DIR  keep those that fail there */
#include "mutate.h"

#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-series.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 20260314
#define SLOWEST_S 5.0

typedef struct
{
  GPtrArray *seeds; /* GByteArray* */
  GPtrArray *names;
  char *folder;
} Corpus;

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
add_seeds (Corpus *self, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".dcm"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);
      char *bytes = NULL;
      gsize n;
      g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
      g_ptr_array_add (self->seeds, g_byte_array_new_take ((guint8 *) bytes, n));
      g_ptr_array_add (self->names, g_strdup (g_ptr_array_index (names, i)));
    }
}

static Corpus
corpus_new (void)
{
  Corpus self = { g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref),
                  g_ptr_array_new_with_free_func (g_free), g_dir_make_tmp ("oss-broken-XXXXXX", NULL) };
  const char *shared = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *own = g_test_build_filename (G_TEST_DIST, "broken", "seeds", NULL);
  g_autofree char *published = g_build_filename (shared != NULL ? shared : "", "dicom_malformed", NULL);

  add_seeds (&self, own);
  g_assert_cmpuint (self.seeds->len, ==, 17);
  if (shared != NULL && *shared != '\0')
    add_seeds (&self, published);
  g_test_message ("%u seeds", self.seeds->len);
  return self;
}

static void
corpus_clear (Corpus *self)
{
  const char *argv[] = { "rm", "-rf", self->folder, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  g_ptr_array_unref (self->seeds);
  g_ptr_array_unref (self->names);
  g_free (self->folder);
}

/* Damaged file number @i, written. (transfer full) */
static char *
write_broken (const Corpus *self, guint i)
{
  OssRandom random;
  guint which = i % self->seeds->len;

  oss_random_init (&random, SEED, i);
  const GByteArray *other = g_ptr_array_index (self->seeds, oss_random_bits (&random) % self->seeds->len);
  g_autoptr (GByteArray) bytes = mutate (&random, g_ptr_array_index (self->seeds, which), other);
  char *path = g_strdup_printf ("%s/%04u-%s", self->folder, i, (char *) g_ptr_array_index (self->names, which));
  FILE *file = g_fopen (path, "wbe");
  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes->data, 1, bytes->len, file), ==, bytes->len);
  g_assert_cmpint (fclose (file), ==, 0);
  return path;
}

static void
keep (const char *path)
{
  const char *folder = g_getenv ("OSSATURE_BROKEN_KEEP");
  const char *argv[] = { "cp", path, folder, NULL };

  if (folder != NULL)
    g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

typedef struct
{
  guint headers, pixels, indices, errors, ends;
  double slowest_s;
} Count;

/* An answer or an error with words, and never the end of a process. */
static void
judge (Count *count, gboolean answered, const GError *error, const char *path, const char *what)
{
  g_assert_true (answered == (error == NULL));
  if (answered)
    return;
  count->errors++;
  g_assert_cmpstr (error->message, !=, "");
  if (g_error_matches (error, OSS_ERROR, OSS_ERROR_FAILED))
    {
      keep (path);
      g_error ("%s of %s: %s", what, path, error->message);
    }
  if (strstr (error->message, "reading process") == NULL && strstr (error->message, "longer than") == NULL)
    return;
  count->ends++;
  keep (path);
  g_test_message ("%s of %s: %s", what, path, error->message);
}

static void
read_frames (OssDicomReaders *readers, const char *path, guint n, Count *count)
{
  for (guint frame = 0; frame < MIN (n, 4); frame++)
    {
      g_autoptr (GError) error = NULL;
      OssDicomHeader header;
      g_autofree guint8 *pixels = oss_dicom_read_frame (readers, path, (gint32) frame, NULL, &header, &error);
      judge (count, pixels != NULL, error, path, "pixels");
      count->pixels += pixels != NULL;
    }
}

static void
read_broken (OssDicomReaders *readers, const char *path, Count *count)
{
  g_autoptr (GError) header_error = NULL, index_error = NULL;
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GPtrArray) headers = oss_dicom_read_headers (readers, path, NULL, &header_error);

  judge (count, headers != NULL, header_error, path, "headers");
  count->headers += headers != NULL;
  if (headers != NULL)
    read_frames (readers, path, headers->len, count);
  g_auto (GStrv) listed = oss_dicom_read_index (readers, path, NULL, &index_error);
  judge (count, listed != NULL, index_error, path, "index");
  count->indices += listed != NULL;
  double seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  if (seconds > SLOWEST_S)
    keep (path);
  g_assert_cmpfloat (seconds, <, SLOWEST_S);
  count->slowest_s = MAX (count->slowest_s, seconds);
}

static void
test_files (void)
{
  Corpus corpus = corpus_new ();
  const char *asked = g_getenv ("OSSATURE_BROKEN_FILES");
  guint n = asked != NULL ? (guint) atoi (asked) : 1000;
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  Count count = { 0 };

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = write_broken (&corpus, i);
      read_broken (readers, path, &count);
      g_unlink (path);
    }
  g_test_message (
      "%u files: %u headers and %u frames read, %u indices, %u errors, %u ends of a process, slowest %.2f s", n,
      count.headers, count.pixels, count.indices, count.errors, count.ends, count.slowest_s);
  g_assert_cmpuint (count.ends, ==, 0);
  /* Damage is not always fatal, and not always harmless: both ways are walked. */
  g_assert_cmpuint (count.headers, >, n / 10);
  g_assert_cmpuint (count.pixels, >, n / 20);
  g_assert_cmpuint (count.errors, >, n / 2);
  corpus_clear (&corpus);
}

/* The same files as folders: whatever is in them, there is a verdict for each series, and what is not refused loads or
 * says why. */
static void
test_folders (void)
{
  Corpus corpus = corpus_new ();
  const char *paths[] = { corpus.folder, NULL };
  guint n_series = 0, n_loaded = 0;

  for (guint group = 0; group < 8; group++)
    {
      g_autoptr (GError) error = NULL;
      for (guint i = 0; i < 40; i++)
        g_free (write_broken (&corpus, 2000 + 40 * group + i));
      g_autoptr (OssSeriesList) list = oss_series_scan (paths, NULL, &error);
      g_assert_true ((list == NULL) == (error != NULL));
      for (guint i = 0; list != NULL && i < list->series->len; i++)
        {
          const OssSeries *series = g_ptr_array_index (list->series, i);
          g_autoptr (GError) reason = NULL;
          g_autoptr (OssVolume) volume = oss_series_load (series, NULL, &reason);
          g_assert_true ((volume == NULL) == (reason != NULL));
          g_assert_true (series->verdict != OSS_VERDICT_REFUSED || volume == NULL);
          n_series++;
          n_loaded += volume != NULL;
        }
    }
  g_test_message ("%u series judged, %u loaded", n_series, n_loaded);
  g_assert_cmpuint (n_series, >, 20);
  corpus_clear (&corpus);
}

/* The same numbers make the same files: a failure can be had again. */
static void
test_repeatable (void)
{
  Corpus corpus = corpus_new ();
  guint changed = 0;

  for (guint i = 0; i < 100; i++)
    {
      OssRandom one, two;
      const GByteArray *seed = g_ptr_array_index (corpus.seeds, i % corpus.seeds->len);
      oss_random_init (&one, SEED, i);
      oss_random_init (&two, SEED, i);
      g_autoptr (GByteArray) a = mutate (&one, seed, seed), b = mutate (&two, seed, seed);
      g_assert_cmpmem (a->data, a->len, b->data, b->len);
      changed += a->len != seed->len || memcmp (a->data, seed->data, seed->len) != 0;
    }
  g_assert_cmpuint (changed, >, 90);
  corpus_clear (&corpus);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/broken/repeatable", test_repeatable);
  g_test_add_func ("/broken/files", test_files);
  g_test_add_func ("/broken/folders", test_folders);
  return g_test_run ();
}
