/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export as scripts see it: an analysis of a virtual patient becomes DICOM objects that dciodvfy finds no error in. */
#include "cli-run.h"
#include "dicom/oss-pacs.h"
#include "study/oss-study.h"

#include <glib/gstdio.h>
#include <string.h>

static char *work; /* a folder for all */
static double stiffness, volume;

static void
make_analysis (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  work = g_dir_make_tmp ("oss-export-XXXXXX", &error);
  g_assert_no_error (error);
  run_line_expect (work, 0, "", "virtual p --seed 3 --kernels B40f --spacing 1.0,1.0,2.0 --levels L1-L1 --fov 200");
  g_autofree char *truth = g_build_filename (work, "p", "truth", "truth.json", NULL);
  json_parser_load_from_file (parser, truth, &error);
  g_assert_no_error (error);
  JsonObject *all = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "vertebrae");
  JsonArray *centre = json_object_get_array_member (json_object_get_object_member (all, "L1"), "centre_mm");
  g_autofree char *line = g_strdup_printf (
      "--json --quiet analyze p/B40f --vertebra L1 --at %.2f,%.2f,%.2f --size 5 --calibration line:jiang2023-b40f "
      "--out a",
      json_array_get_double_element (centre, 0), json_array_get_double_element (centre, 1),
      json_array_get_double_element (centre, 2));
  g_auto (Run) run = run_line (work, line);
  g_autoptr (JsonParser) result = json_parser_new ();
  JsonObject *document = run_document (&run, result, 0, line);
  stiffness = run_number (document, "stiffness_n_per_mm");
  volume = run_number (json_object_get_object_member (document, "segmentation"), "volume_mm3");
  g_assert_cmpfloat (stiffness, >, 1000.0);
}

static gboolean
has (const char *name)
{
  g_autofree char *path = g_build_filename (work, name, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* No line that starts with "Error". */
static void
check_conforms (const char *name)
{
  char *words[] = { (char *) "dciodvfy", (char *) name, NULL };
  g_autofree char *program = g_find_program_in_path ("dciodvfy");

  g_assert_true (has (name));
  if (program == NULL)
    return;
  g_auto (Run) run = run_program (work, words);
  g_autofree char *all = g_strconcat ("\n", run.err, "\n", run.out, NULL);
  if (run.status != 0 || strstr (all, "\nError") != NULL)
    g_error ("%s: %s", name, all);
}

static gboolean
file_contains (const char *name, const char *words)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  g_autofree char *bytes = NULL;
  gsize n = 0;

  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  return memmem (bytes, n, words, strlen (words)) != NULL;
}

static void
test_objects (void)
{
  static const char *const files[] = { "seg.dcm", "pm-density.dcm", "pm-von-mises.dcm", "sr.dcm", "pdf.dcm" };
  /* The first digits, as all of them stand in a decimal string. */
  g_autofree char *number = g_strdup_printf ("%.9f", stiffness), *size = g_strdup_printf ("%.9f", volume);

  number[8] = size[5] = '\0';
  /* Without OpenGL there is no picture: that is told, and nothing is left. */
  gboolean picture = has ("a/stress.png");
  run_line_expect (work, picture ? 0 : 3, picture ? "sc.dcm" : "stress.png", "export a --dicom all --seed 5");
  run_line_expect (work, 0, "sr.dcm", "export a --dicom sr,seg,pm,pdf --seed 5");
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_build_filename ("a/dicom", files[i], NULL);
      check_conforms (name);
    }
  if (picture)
    check_conforms ("a/dicom/sc.dcm");
  if (g_find_program_in_path ("dciodvfy") == NULL)
    g_test_skip ("dciodvfy (dicom3tools) is not installed: conformance was not checked");
  g_assert_true (file_contains ("a/dicom/sr.dcm", number));
  g_assert_true (file_contains ("a/dicom/sr.dcm", size));
  g_assert_true (file_contains ("a/dicom/sr.dcm", "99OSSATURE"));
}

/* One seed, one set of UIDs; no seed, fresh ones. */
static void
test_uids (void)
{
  run_line_expect (work, 0, "seg.dcm", "export a --dicom seg --seed 5 --out one");
  run_line_expect (work, 0, "seg.dcm", "export a --dicom SEG --seed 5 --out two");
  run_line_expect (work, 0, "seg.dcm", "export a --dicom seg --out three");
  char *same[] = { (char *) "dcmdump", (char *) "+P", (char *) "SOPInstanceUID", NULL, NULL };
  g_autofree char *found = g_find_program_in_path ("dcmdump");
  char *texts[3] = { NULL };
  static const char *const names[] = { "one/seg.dcm", "two/seg.dcm", "three/seg.dcm" };

  if (found == NULL)
    {
      g_test_skip ("dcmdump (dcmtk) is not installed");
      return;
    }
  for (int i = 0; i < 3; i++)
    {
      same[3] = (char *) names[i];
      g_auto (Run) run = run_program (work, same);
      texts[i] = g_strdup (run.out);
    }
  g_assert_cmpstr (texts[0], ==, texts[1]);
  g_assert_cmpstr (texts[0], !=, texts[2]);
  g_assert_nonnull (strstr (texts[2], "[2.25."));
  for (int i = 0; i < 3; i++)
    g_free (texts[i]);
}

static void
test_segment (void)
{
  g_autofree char *line =
      g_strdup ("segment p/B40f --vertebra L1 --labels a/labels.nii.gz --numbering verse --out s --quiet");

  run_line_expect (work, 0, "labels", line);
  check_conforms ("s/labels.dcm");
  g_assert_true (file_contains ("s/labels.dcm", "66794005")); /* SNOMED CT's L1 */
}

static char *
contents (const char *name, gsize *n)
{
  g_autofree char *path = g_build_filename (work, name, NULL);
  char *bytes = NULL;

  g_assert_true (g_file_get_contents (path, &bytes, n, NULL));
  return bytes;
}

/* What was written as a segmentation is taken as labels again, voxel by voxel. */
static void
test_import (void)
{
  gsize n = 0, m = 0;

  run_line_expect (work, 0, "labels.dcm", "segment p/B40f --vertebra L1 --labels s/labels.dcm --out t --quiet");
  g_autofree char *before = contents ("s/labels.nii.gz", &n), *after = contents ("t/labels.nii.gz", &m);
  g_assert_cmpmem (before, n, after, m);
  run_line_expect (work, 3, "L1", "segment p/B40f --vertebra L3 --labels s/labels.dcm --out u --quiet");
  run_line_expect (work, 0, "tet4", "--json mesh s/labels.dcm --vertebra L1 --kind tet4 --size 5 --quiet");
}

/* All regular files below @folder. */
static void
find_files (const char *folder, GPtrArray *found)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      char *path = g_build_filename (folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        find_files (path, found);
      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        g_ptr_array_add (found, path);
      else
        g_free (path);
    }
}

/* A provider on loopback gets what was written; nobody there, and the files stay with a clear word. */
static void
test_send (void)
{
  static const char *const everybody[] = { "*", NULL };
  g_autofree char *folder = g_build_filename (work, "received", NULL);
  OssPacsNode node = { .ae_title = (char *) "HERE" };
  const OssPacsListenerOptions options = { .node = &node, .folder = folder, .allowed = everybody };
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssPacsListener) listener = oss_pacs_listener_new (&options, &error);

  g_assert_no_error (error);
  guint port = oss_pacs_listener_port (listener);
  g_autofree char *line =
      g_strdup_printf ("export a --dicom sr,seg,pm,pdf --seed 5 --out sent --to HERE@127.0.0.1:%u", port);
  run_line_expect (work, 0, "5 of 5", line);
  find_files (folder, found);
  g_assert_cmpuint (found->len, ==, 5);
  for (guint i = 0; i < found->len; i++)
    {
      g_autofree char *bytes = NULL;
      gsize n = 0;
      g_assert_true (g_file_get_contents (g_ptr_array_index (found, i), &bytes, &n, NULL));
      g_assert_cmpuint (n, >, 5000);
      g_assert_nonnull (memmem (bytes, n, "Ossature", 8));
    }
  g_clear_pointer (&listener, oss_pacs_listener_free);
  g_autofree char *nobody =
      g_strdup_printf ("export a --dicom sr --seed 5 --out kept --timeout 2 --to HERE@127.0.0.1:%u", port);
  run_line_expect (work, 3, "127.0.0.1", nobody);
  g_assert_true (has ("kept/sr.dcm"));
}

static void
test_refusals (void)
{
  g_autofree char *old = g_build_filename (work, "p", NULL), *new = g_build_filename (work, "moved", NULL);

  run_line_expect (work, 2, "xyz", "export a --dicom sr,xyz");
  run_line_expect (work, 3, "result.json", "export p");
  g_assert_cmpint (g_rename (old, new), ==, 0);
  run_line_expect (work, 3, "--source", "export a --dicom sr --out gone");
  g_assert_false (has ("gone/sr.dcm"));
  run_line_expect (work, 0, "sr.dcm", "export a --dicom sr --out found --source moved/B40f");
  g_assert_true (has ("found/sr.dcm"));
  /* A slice that is not what it was. */
  g_autofree char *slice = g_build_filename (work, "moved", "B40f", "CT000003.dcm", NULL);
  g_autofree char *bytes = NULL;
  gsize n = 0;
  g_assert_true (g_file_get_contents (slice, &bytes, &n, NULL));
  bytes[n - 1] ^= 1;
  g_assert_true (g_file_set_contents (slice, bytes, (gssize) n, NULL));
  run_line_expect (work, 3, "changed", "export a --dicom sr --out other --source moved");
  g_assert_false (has ("other/sr.dcm"));
}

static void
remove_work (void)
{
  char *words[] = { (char *) "rm", (char *) "-rf", work, NULL };
  g_auto (Run) run = run_program (NULL, words);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_analysis ();
  g_test_add_func ("/cli/export/objects", test_objects);
  g_test_add_func ("/cli/export/uids", test_uids);
  g_test_add_func ("/cli/export/segment", test_segment);
  g_test_add_func ("/cli/export/import", test_import);
  g_test_add_func ("/cli/export/send", test_send);
  g_test_add_func ("/cli/export/refusals", test_refusals);
  int status = g_test_run ();
  remove_work ();
  return status;
}
