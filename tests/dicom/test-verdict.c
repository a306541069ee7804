/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How series are told apart by what their headers say, and what is remembered of them. */
#include "dicom-fixture.h"

#include "dicom/oss-series-private.h"

#include <glib/gstdio.h>
#include <string.h>

static OssSeriesList *
scan_with (char *folder, const OssCtHeader *header)
{
  OssGrid grid = fixture_grid (16, 12, 4);

  fixture_write (folder, "ct", &grid, header);
  return fixture_scan (folder);
}

/* One header field each: the note it makes, and the number or name in its sentence. */
static void
test_notes (void)
{
  static const struct
  {
    const char *manufacturer, *kernel, *description, *contrast;
    double kvp;
    const char *code, *word; /* NULL: usable without a note */
  } cases[] = {
    { "SIEMENS", "B40f", "Axial", NULL, 120.0, NULL, NULL },
    { "SIEMENS", "B70f", "Axial", NULL, 120.0, "sharp-kernel", "“B70f”" },
    { "GE MEDICAL SYSTEMS", "BONEPLUS", "Axial", NULL, 120.0, "sharp-kernel", "“BONEPLUS”" },
    { "TOSHIBA", "FC30", "Axial", NULL, 120.0, "sharp-kernel", "“FC30”" },
    { "Philips", "B", "Axial", NULL, 120.0, NULL, NULL },
    { "ACME", "B", "Axial", NULL, 120.0, "unknown-kernel", "“B”" },
    { "SIEMENS", NULL, "Axial", NULL, 120.0, "unknown-kernel", NULL },
    { "SIEMENS", "B40f", "Axial", NULL, 100.0, "kvp", "100 kVp" },
    { "SIEMENS", "B40f", "Axial", NULL, 140.0, "kvp", "darker" },
    { "SIEMENS", "B40f", "Axial", NULL, 0.0, "unknown-kvp", NULL },
    { "SIEMENS", "I40f", "Axial", NULL, 120.0, "iterative", "“I40f”" },
    { "GE MEDICAL SYSTEMS", "STANDARD", "Spine ASiR-V 40%", NULL, 120.0, "iterative", "“ASIR”" },
    { "CANON", "FC12", "Body AiCE", NULL, 120.0, "iterative", "trained network" },
    { "SIEMENS", "B40f", "Admired views", NULL, 120.0, NULL, NULL }, /* a word of its own only */
    { "SIEMENS", "B40f", "Axial", "Iohexol", 120.0, "contrast", "Iohexol" },
    { "SIEMENS", "B40f", "Axial", "NONE", 120.0, NULL, NULL },
    { "SIEMENS", "B40f", "Low dose summary", NULL, 120.0, NULL, NULL }, /* slices, whatever they are called */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char *folder = fixture_folder ();
      OssCtHeader header = fixture_header (1);
      header.manufacturer = cases[i].manufacturer;
      header.kernel = cases[i].kernel;
      header.series_description = cases[i].description;
      header.contrast_agent = cases[i].contrast;
      header.kvp = cases[i].kvp;
      g_autoptr (OssSeriesList) list = scan_with (folder, &header);
      const OssSeries *series = g_ptr_array_index (list->series, 0);
      g_test_message ("%s %s", cases[i].manufacturer, cases[i].code != NULL ? cases[i].code : "usable");
      g_assert_cmpuint (series->reasons->len, ==, cases[i].code != NULL ? 1 : 0);
      g_assert_cmpint (series->verdict, ==, cases[i].code != NULL ? OSS_VERDICT_NOTES : OSS_VERDICT_USABLE);
      if (cases[i].code != NULL)
        g_assert_true (fixture_has_reason (series, cases[i].code));
      if (cases[i].word != NULL)
        g_assert_nonnull (strstr (fixture_reason_text (series, cases[i].code), cases[i].word));
      fixture_header_clear (&header);
      fixture_remove (folder);
    }
}

/* The classes of kernels whose sharpness was measured or whose maker names it (src/dicom/oss-kernel-class.c). */
static void
test_kernel_class (void)
{
  g_assert_cmpint (oss_kernel_classify ("SIEMENS", "B30f"), ==, OSS_KERNEL_SMOOTH);
  g_assert_cmpint (oss_kernel_classify ("SIEMENS", "Br40d"), ==, OSS_KERNEL_STANDARD);
  g_assert_cmpint (oss_kernel_classify ("SIEMENS", "Hr60"), ==, OSS_KERNEL_SHARP);
  g_assert_cmpint (oss_kernel_classify ("GE MEDICAL SYSTEMS", "SOFT"), ==, OSS_KERNEL_SMOOTH);
  g_assert_cmpint (oss_kernel_classify ("GE MEDICAL SYSTEMS", "LUNG"), ==, OSS_KERNEL_SHARP);
  g_assert_cmpint (oss_kernel_classify ("TOSHIBA", "FC12"), ==, OSS_KERNEL_STANDARD);
  g_assert_cmpint (oss_kernel_classify ("TOSHIBA", "FC81"), ==, OSS_KERNEL_SHARP);
  g_assert_cmpint (oss_kernel_classify ("Philips", "YA"), ==, OSS_KERNEL_SMOOTH);
  g_assert_cmpint (oss_kernel_classify ("Philips", "D"), ==, OSS_KERNEL_SHARP);
  g_assert_cmpint (oss_kernel_classify ("SIEMENS", "D"), ==, OSS_KERNEL_UNKNOWN);
  g_assert_cmpint (oss_kernel_classify ("", ""), ==, OSS_KERNEL_UNKNOWN);
  g_assert_cmpint (oss_kernel_classify ("", "FC"), ==, OSS_KERNEL_UNKNOWN);
  g_assert_cmpint (oss_kernel_classify ("", "B4"), ==, OSS_KERNEL_UNKNOWN);
}

/* A stack of sagittal slices: usable with its note, but the axial one is taken, though it has fewer slices. */
static void
test_reformat (void)
{
  char *folder = fixture_folder ();
  OssGrid axial = fixture_grid (16, 12, 4), sagittal = fixture_grid (16, 12, 9);
  OssCtHeader one = fixture_header (1), two = fixture_header (2);
  g_autoptr (GError) error = NULL;

  memcpy (sagittal.direction, (const double[9]){ 0, 0, -1, 1, 0, 0, 0, -1, 0 }, sizeof sagittal.direction);
  fixture_write (folder, "a", &axial, &one);
  fixture_write (folder, "b", &sagittal, &two);
  g_autoptr (OssSeriesList) list = fixture_scan (folder);
  g_assert_cmpuint (list->series->len, ==, 2);
  const OssSeries *second = g_ptr_array_index (list->series, 1);
  g_assert_cmpint (second->verdict, ==, OSS_VERDICT_NOTES);
  g_assert_true (second->reformatted);
  g_test_message ("%s", fixture_reason_text (second, "reformat"));
  g_assert_nonnull (strstr (fixture_reason_text (second, "reformat"), "sagittal"));
  g_assert_nonnull (strstr (fixture_reason_text (second, "reformat"), "1.25 mm"));
  g_assert_true (oss_series_pick (list, NULL, NULL, &error) == g_ptr_array_index (list->series, 0));
  g_assert_true (oss_series_pick (list, two.series_uid, NULL, &error) == second);
  g_assert_no_error (error);
  fixture_header_clear (&one);
  fixture_header_clear (&two);
  fixture_remove (folder);
}

/* Pictures that are no slices, told apart by type and description. */
static void
test_pictures (void)
{
  static const struct
  {
    const char *type, *description, *code;
    gboolean colour;
  } cases[] = {
    { "DERIVED\\SCREEN SAVE   ", "Axial", "screenshot", FALSE },
    { "DERIVED\\SCREEN SAVE   ", "Dose Report", "dose-report", FALSE },
    { "DERIVED\\DOSE_INFO     ", "Axial", "dose-report", FALSE },
    { "ORIGINAL\\PRIMARY\\AXIAL", "Axial", "screenshot", TRUE },
    { "ORIGINAL\\PRIMARY\\SCOUT", "Dose Report", "localizer", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char *folder = fixture_folder ();
      OssGrid grid = fixture_grid (16, 12, 4);
      OssCtHeader header = fixture_header (1);
      g_autofree char *ct = g_build_filename (folder, "ct", NULL);
      header.series_description = cases[i].description;
      fixture_write (folder, "ct", &grid, &header);
      fixture_patch (ct, "ORIGINAL\\PRIMARY\\AXIAL", cases[i].type, 22);
      if (cases[i].colour)
        fixture_patch (ct, "MONOCHROME2 ", "MONOCHROME1 ", 12);
      g_autoptr (OssSeriesList) list = fixture_scan (folder);
      g_assert_cmpstr (fixture_refusal (g_ptr_array_index (list->series, 0), 0), ==, cases[i].code);
      fixture_header_clear (&header);
      fixture_remove (folder);
    }
}

/* A cache in memory, and how often it was asked. */
typedef struct
{
  GHashTable *records; /* "path size time" -> GBytes */
  guint asked, hit, kept;
} Memory;

static char *
memory_key (const char *path, guint64 size, gint64 changed_ns)
{
  return g_strdup_printf ("%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT, path, size, changed_ns);
}

static GBytes *
look_up_cb (const char *path, guint64 size, gint64 changed_ns, void *data)
{
  Memory *memory = data;
  g_autofree char *key = memory_key (path, size, changed_ns);
  GBytes *found = g_hash_table_lookup (memory->records, key);

  memory->asked++;
  memory->hit += found != NULL;
  return found != NULL ? g_bytes_ref (found) : NULL;
}

static void
remember_cb (const char *path, guint64 size, gint64 changed_ns, GBytes *record, void *data)
{
  Memory *memory = data;

  memory->kept++;
  g_assert_cmpuint (g_bytes_get_size (record), <, 1500);
  g_hash_table_insert (memory->records, memory_key (path, size, changed_ns), g_bytes_ref (record));
}

static void
assert_same_series (const OssSeriesList *one, const OssSeriesList *other)
{
  g_assert_cmpuint (one->series->len, ==, other->series->len);
  for (guint i = 0; i < one->series->len; i++)
    {
      const OssSeries *a = g_ptr_array_index (one->series, i), *b = g_ptr_array_index (other->series, i);
      g_assert_cmpstr (a->series_uid, ==, b->series_uid);
      g_assert_cmpstr (a->patient_name, ==, b->patient_name);
      g_assert_cmpint (a->verdict, ==, b->verdict);
      g_assert_cmpmem (&a->grid, sizeof a->grid, &b->grid, sizeof b->grid);
      g_assert_cmpuint (a->files->len, ==, b->files->len);
      for (guint j = 0; j < a->files->len; j++)
        g_assert_cmpstr (g_ptr_array_index (a->files, j), ==, g_ptr_array_index (b->files, j));
    }
  g_assert_cmpuint (one->files_not_dicom, ==, other->files_not_dicom);
}

/* What was read once is not read again, until a file changes; rubbish in the cache is read as nothing. */
static void
test_cache (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (16, 12, 4);
  OssCtHeader header = fixture_header (1);
  g_autofree char *text = g_build_filename (folder, "words.txt", NULL);
  g_autofree char *second = g_build_filename (folder, "ct", "CT000002.dcm", NULL);
  g_autoptr (GHashTable) records =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  Memory memory = { .records = records };
  OssSeriesCache cache = { look_up_cb, remember_cb, &memory };
  const char *paths[] = { folder, NULL };
  g_autoptr (GError) error = NULL;

  fixture_write (folder, "ct", &grid, &header);
  g_assert_true (g_file_set_contents (text, "no picture", -1, NULL));
  g_autoptr (OssSeriesList) first = oss_series_scan_cached (paths, &cache, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (memory.asked, ==, 5);
  g_assert_cmpuint (memory.kept, ==, 5);
  g_autoptr (OssSeriesList) again = oss_series_scan_cached (paths, &cache, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (memory.hit, ==, 5);
  g_assert_cmpuint (memory.kept, ==, 5);
  assert_same_series (first, again);

  /* The same bytes at another time count as another file. */
  g_autofree char *bytes = NULL;
  gsize size;
  g_usleep (20000);
  g_assert_true (g_file_get_contents (second, &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (second, bytes, (gssize) size, NULL));
  g_autoptr (OssSeriesList) changed = oss_series_scan_cached (paths, &cache, NULL, &error);
  g_assert_cmpuint (memory.kept, ==, 6);
  assert_same_series (first, changed);

  /* Every record cut short or overwritten. */
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init (&iter, records);
  for (guint i = 0; g_hash_table_iter_next (&iter, &key, &value); i++)
    {
      gsize n = g_bytes_get_size (value);
      g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (value, NULL), n);
      memset (copy + (i % 2 == 0 ? 0 : 16), 0x55, i % 2 == 0 ? 4 : n - 16);
      g_hash_table_iter_replace (&iter, g_bytes_new (copy, i % 3 == 0 ? n / 2 : n));
    }
  g_autoptr (OssSeriesList) rubbish = oss_series_scan_cached (paths, &cache, NULL, &error);
  g_assert_no_error (error);
  assert_same_series (first, rubbish);
  fixture_header_clear (&header);
  fixture_remove (folder);
}

static void
note_progress_cb (double fraction, const char *what, void *data)
{
  if (what != NULL && strstr (what, "of 300 files") != NULL)
    ++*(int *) data;
}

/* Progress tells how many of how many files were read. */
static void
test_progress (void)
{
  char *folder = fixture_folder ();
  OssGrid grid = fixture_grid (4, 4, 300);
  OssCtHeader header = fixture_header (1);
  const char *paths[] = { folder, NULL };
  g_autoptr (GError) error = NULL;
  int told = 0;
  OssTick tick = oss_tick_make (note_progress_cb, &told, NULL);

  fixture_write (folder, "ct", &grid, &header);
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, &tick, &error);
  g_assert_no_error (error);
  g_assert_cmpint (told, ==, 2); /* 0 of 300 and 256 of 300 */
  fixture_header_clear (&header);
  fixture_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dicom/verdict/notes", test_notes);
  g_test_add_func ("/dicom/verdict/kernel-class", test_kernel_class);
  g_test_add_func ("/dicom/verdict/reformat", test_reformat);
  g_test_add_func ("/dicom/verdict/pictures", test_pictures);
  g_test_add_func ("/dicom/verdict/cache", test_cache);
  g_test_add_func ("/dicom/verdict/progress", test_progress);
  return g_test_run ();
}
