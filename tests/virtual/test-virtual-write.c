/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual patient on disk, read back by the rooms that read real ones. */
#include "dicom/oss-series.h"
#include "formats/oss-nifti.h"
#include "virtual/oss-virtual-private.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const kernels[] = { "B40f", "B70f", NULL };

static OssVirtualOptions
small_options (void)
{
  OssVirtualOptions o;
  oss_virtual_options_default (&o);
  o.seed = 12;
  o.level_low = o.level_high = 20;
  o.spacing_mm[0] = o.spacing_mm[1] = 1.5625;
  o.spacing_mm[2] = 2.0;
  o.kernels = kernels;
  return o;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      if (g_unlink (child) != 0)
        remove_tree (child);
    }
  g_rmdir (path);
}

static guint
entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;
  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Read as a real scanner's series: usable, headers as asked, every HU as made in memory. */
static void
check_series (const char *folder, const char *kernel, const OssVirtualOptions *o)
{
  g_autofree char *path = g_build_filename (folder, kernel, NULL);
  const char *const paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, NULL, &error);
  g_assert_no_error (error);
  const OssSeries *series = oss_series_pick (list, NULL, kernel, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->series->len, ==, 1);
  g_assert_cmpstr (series->kernel, ==, kernel);
  g_assert_cmpstr (series->patient_id, ==, "VP-0012");
  g_assert_nonnull (strstr (series->study_description, "Virtual"));
  g_assert_cmpfloat (series->kvp, ==, 120.0);
  g_assert_cmpfloat (series->exposure_mas, ==, 250.0);

  g_autoptr (OssVolume) read = oss_series_load (series, NULL, &error);
  g_assert_no_error (error);
  OssVolume *made = NULL;
  g_assert_true (oss_virtual_make (o, kernel, &made, NULL, NULL, NULL, NULL, NULL, &error));
  g_assert_true (oss_grid_equal (&read->grid, &made->grid, 1e-3));
  gsize bytes = oss_grid_count (&made->grid) * sizeof (float);
  g_assert_cmpmem (read->data, bytes, made->data, bytes);
  oss_volume_unref (made);
}

static void
check_truth (const char *folder, const OssVirtualOptions *o, const OssVirtualTruth *truth)
{
  g_autofree char *labels_path = g_build_filename (folder, "truth", "labels.nii.gz", NULL);
  g_autofree char *k_path = g_build_filename (folder, "truth", "k2hpo4_density.nii.gz", NULL);
  g_autofree char *ash_path = g_build_filename (folder, "truth", "ash_density.nii.gz", NULL);
  g_autofree char *json_path = g_build_filename (folder, "truth", "truth.json", NULL);
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;
  OssLabels *labels = NULL;
  OssVolume *ash = NULL, *k2hpo4 = NULL;

  g_assert_true (oss_virtual_make (o, NULL, NULL, &labels, &ash, &k2hpo4, NULL, NULL, &error));
  g_autoptr (OssLabels) read = oss_nifti_read_labels (labels_path, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (oss_grid_equal (&read->grid, &labels->grid, 1e-2));
  gsize n = oss_grid_count (&labels->grid);
  g_assert_cmpmem (read->data, n, labels->data, n);
  g_autoptr (OssVolume) k_read = oss_nifti_read_volume (k_path, OSS_QUANTITY_DENSITY, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssVolume) ash_read = oss_nifti_read_volume (ash_path, OSS_QUANTITY_DENSITY, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i += 11) /* stored as whole mg/cm3 */
    {
      g_assert_cmpfloat_with_epsilon (k_read->data[i], k2hpo4->data[i], 0.501);
      g_assert_cmpfloat_with_epsilon (ash_read->data[i], ash->data[i], 0.501);
    }
  g_assert_true (g_file_get_contents (json_path, &json, NULL, NULL));
  g_autofree char *age = g_strdup_printf ("\"age_years\": %g,", truth->age_years);
  g_assert_nonnull (strstr (json, age));
  g_assert_nonnull (strstr (json, "\"kernel_deviation\": "));
  g_assert_nonnull (strstr (json, "\"L1\": {"));
  oss_labels_unref (labels), oss_volume_unref (ash), oss_volume_unref (k2hpo4);
}

static void
test_round_trip (void)
{
  OssVirtualOptions o = small_options ();
  OssVirtualTruth truth;
  g_autofree char *parent = g_dir_make_tmp ("ossature-virtual-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (parent, "patient", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_virtual_write (folder, &o, &truth, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (entries (parent), ==, 1); /* no temporary folder left */
  g_assert_cmpuint (entries (folder), ==, 3);
  check_series (folder, "B40f", &o);
  check_series (folder, "B70f", &o);
  check_truth (folder, &o, &truth);

  /* Never over somebody's files. */
  g_assert_false (oss_virtual_write (folder, &o, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, folder));
  g_assert_cmpuint (entries (folder), ==, 3);
  remove_tree (parent);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
digest_tree (const char *path)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *child = g_build_filename (path, names->pdata[i], NULL), *text = NULL;
      gsize length;
      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        text = digest_tree (child), length = strlen (text);
      else
        g_assert_true (g_file_get_contents (child, &text, &length, NULL));
      g_checksum_update (sum, names->pdata[i], -1);
      g_checksum_update (sum, (const guchar *) text, (gssize) length);
    }
  return g_strdup (g_checksum_get_string (sum));
}

/* The same options, the same bytes: every file. */
static void
test_same_bytes (void)
{
  static const char *const one[] = { "B40f", NULL };
  OssVirtualOptions o = small_options ();
  g_autofree char *parent = g_dir_make_tmp ("ossature-virtual-XXXXXX", NULL);
  g_autofree char *a = g_build_filename (parent, "a", NULL), *b = g_build_filename (parent, "b", NULL);
  o.kernels = one;
  o.spacing_mm[2] = 5.0;
  g_assert_true (oss_virtual_write (a, &o, NULL, NULL, NULL));
  g_assert_true (oss_virtual_write (b, &o, NULL, NULL, NULL));
  g_autofree char *digest_a = digest_tree (a), *digest_b = digest_tree (b);
  g_assert_cmpstr (digest_a, ==, digest_b);
  remove_tree (parent);
}

static void
stop_at (double fraction, const char *what, void *data)
{
  (void) what;
  if (fraction > 0.6)
    g_atomic_int_set ((int *) data, 1);
}

/* Cancelled while writing slices: nothing is left. */
static void
test_cancel_leaves_nothing (void)
{
  OssVirtualOptions o = small_options ();
  int stop = 0;
  OssTick tick = oss_tick_make (stop_at, &stop, &stop);
  g_autofree char *parent = g_dir_make_tmp ("ossature-virtual-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (parent, "patient", NULL);
  g_autoptr (GError) error = NULL;
  g_assert_false (oss_virtual_write (folder, &o, NULL, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_assert_cmpuint (entries (parent), ==, 0);
  remove_tree (parent);
}

static void
test_refused (void)
{
  static const char *const unknown[] = { "B40f", "X1", NULL }, *const twice[] = { "B40f", "B40f", NULL };
  static const char *const none[] = { NULL };
  g_autofree char *parent = g_dir_make_tmp ("ossature-virtual-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (parent, "patient", NULL);
  const char *const *const bad[] = { unknown, twice, none };
  for (int i = 0; i < 3; i++)
    {
      OssVirtualOptions o = small_options ();
      g_autoptr (GError) error = NULL;
      o.kernels = bad[i];
      g_assert_false (oss_virtual_write (folder, &o, NULL, NULL, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
      g_assert_cmpuint (entries (parent), ==, 0);
    }
  /* A file where a folder would have to be. */
  g_autofree char *file = g_build_filename (parent, "file", NULL), *under = g_build_filename (file, "patient", NULL);
  g_autoptr (GError) error = NULL;
  OssVirtualOptions o = small_options ();
  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_assert_false (oss_virtual_write (under, &o, NULL, NULL, &error));
  g_assert_nonnull (error);
  remove_tree (parent);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/virtual/write/round-trip", test_round_trip);
  g_test_add_func ("/virtual/write/same-bytes", test_same_bytes);
  g_test_add_func ("/virtual/write/cancel-leaves-nothing", test_cancel_leaves_nothing);
  g_test_add_func ("/virtual/write/refused", test_refused);
  return g_test_run ();
}
