/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scan says of series, and how fast reading is: the command's own answers. */
#include "cli-run.h"
#include "dicom-fixture.h"

#include <math.h>
#include <string.h>

static char *work;

/* Ten slices that lean by 0.3 mm a slice, 1 mm apart, in @name. */
static void
write_tilted (const char *name)
{
  OssCtHeader header = fixture_header (1);

  for (int k = 0; k < 10; k++)
    {
      g_autofree char *folder = g_strdup_printf ("%s/s%03d", name, k);
      OssGrid grid = fixture_grid (16, 12, 1);
      grid.origin[1] = 0.3 * k;
      grid.origin[2] = k;
      fixture_write (work, folder, &grid, &header);
    }
  fixture_header_clear (&header);
}

static JsonObject *
only_series (JsonParser *parser, const char *line)
{
  g_auto (Run) run = run_line (work, line);
  JsonObject *root = run_document (&run, parser, 0, line);
  JsonArray *series = json_object_get_array_member (root, "series");

  g_assert_cmpuint (json_array_get_length (series), ==, 1);
  return json_array_get_object_element (series, 0);
}

static const char *
reason (JsonObject *series, guint i, const char *member)
{
  JsonArray *reasons = json_object_get_array_member (series, "reasons");

  g_assert_cmpuint (json_array_get_length (reasons), >, i);
  return json_object_get_string_member (json_array_get_object_element (reasons, i), member);
}

/* Refused with the way out named; straightened on request, with the grid that 10 slices leaning by 2.7 mm need. */
static void
test_tilt (void)
{
  g_autoptr (JsonParser) parser = json_parser_new (), again = json_parser_new ();

  write_tilted ("tilted");
  JsonObject *series = only_series (parser, "--json --quiet scan tilted");
  g_assert_cmpstr (json_object_get_string_member (series, "verdict"), ==, "refused");
  g_assert_cmpstr (reason (series, 0, "code"), ==, "tilt");
  g_assert_nonnull (strstr (reason (series, 0, "text"), "--resample-tilt"));
  g_assert_cmpfloat_with_epsilon (run_number (series, "tilt_deg"), atan (0.3) * 180.0 / G_PI, 1e-3);
  g_assert_false (json_object_get_boolean_member (series, "tilt_resampled"));
  run_line_expect (work, 3, "16.7°", "--quiet calibrate tilted --calibration line:0.7,0,K2HPO4");

  series = only_series (again, "--json --quiet scan --resample-tilt tilted");
  g_assert_cmpstr (json_object_get_string_member (series, "verdict"), ==, "notes");
  g_assert_cmpstr (reason (series, 0, "code"), ==, "tilt-resampled");
  g_assert_cmpstr (reason (series, 0, "severity"), ==, "note");
  g_assert_true (json_object_get_boolean_member (series, "tilt_resampled"));
  /* 2.7 mm of pixels of 0.7 mm: 3.86, so four rows more. */
  g_assert_cmpint (json_array_get_int_element (json_object_get_array_member (series, "size"), 1), ==, 12 + 4);
  run_line_expect (work, 0, "0.7", "--quiet calibrate tilted --calibration line:0.7,0,K2HPO4 --resample-tilt");
  g_auto (Run) run = run_line (work, "--json --quiet calibrate tilted --calibration line:0.7,0,K2HPO4 --resample-tilt");
  g_assert_nonnull (strstr (run.out, "As asked, each slice is shifted back"));
}

/* The one check that needs pixels tells what it found, and changes no verdict. */
static void
test_phantom (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  OssGrid grid = fixture_grid (64, 48, 20);
  OssCtHeader header = fixture_header (1);

  fixture_write (work, "plain", &grid, &header);
  JsonObject *series = only_series (parser, "--json --quiet scan --find-phantom plain");
  g_assert_cmpstr (json_object_get_string_member (series, "verdict"), ==, "usable");
  g_assert_cmpstr (json_object_get_string_member (series, "kernel_class"), ==, "standard");
  g_assert_cmpstr (reason (series, 0, "code"), ==, "no-phantom");
  g_assert_cmpstr (reason (series, 0, "severity"), ==, "fact");
  run_line_expect (work, 2, "nothing-like-it", "--quiet scan --phantom nothing-like-it plain");
  fixture_header_clear (&header);
}

static void
test_bench (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *line = "--json --quiet bench dicom --repeat 1 --out times plain";
  g_auto (Run) run = run_line (work, line);
  JsonObject *root = run_document (&run, parser, 0, line);
  g_autofree char *file = g_build_filename (work, "times", "result.json", NULL);

  g_assert_cmpint (json_object_get_int_member (root, "slices"), ==, 20);
  g_assert_cmpstr (json_object_get_string_member (root, "transfer_syntax"), ==, "1.2.840.10008.1.2.1");
  g_assert_cmpfloat (run_number (root, "megabytes"), >, 20 * 64 * 48 * 2e-6);
  g_assert_cmpfloat (run_number (root, "headers_seconds"), >, 0.0);
  g_assert_cmpfloat (run_number (root, "pixels_seconds"), >, 0.0);
  g_assert_true (g_file_test (file, G_FILE_TEST_IS_REGULAR));
  run_line_expect (work, 3, "absent", "--quiet bench dicom absent");
  run_line_expect (work, 0, "bench dicom", "bench --help");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  work = fixture_folder ();
  g_test_add_func ("/cli/dicom/tilt", test_tilt);
  g_test_add_func ("/cli/dicom/phantom", test_phantom);
  g_test_add_func ("/cli/dicom/bench", test_bench);
  int status = g_test_run ();
  fixture_remove (work);
  return status;
}
