/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/oss-nifti.h"
#include "image/oss-picture.h"
#include "render/oss-renderer.h"
#include "study/oss-study-private.h"
#include "virtual/oss-virtual.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static void
test_parse_line (void)
{
  OssCalibrationLine line;
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_study_parse_line ("line:0.7,-4.2,K2HPO4", &line, &error));
  g_assert_cmpfloat_with_epsilon (line.slope, 0.7, 1e-12);
  g_assert_cmpfloat_with_epsilon (line.intercept, -4.2, 1e-12);
  g_assert_cmpint (line.basis, ==, OSS_BASIS_K2HPO4);
  g_assert_true (isnan (line.uncertainty_mg_cm3)); /* nobody measured it */

  /* Jiang 2023: rho = -4.2e-3 + 7.0e-4 HU and -3.7e-3 + 7.3e-4 HU, g/cm3 */
  g_assert_true (oss_study_parse_line ("line:jiang2023-b40f", &line, &error));
  g_assert_cmpfloat_with_epsilon (line.slope * 100.0 + line.intercept, 65.8, 1e-9);
  g_assert_true (oss_study_parse_line ("line:jiang2023-b70f", &line, &error));
  g_assert_cmpfloat_with_epsilon (line.slope * 100.0 + line.intercept, 69.3, 1e-9);

  static const char *const bad[] = {
    "line:7.0e-4,-0.0042,K2HPO4", "line:0.7,-4.2", "line:0.7,-4.2,salt", "line:a,b,CHA", "line:", "line:0.7,nan,CHA"
  };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) wrong = NULL;
      g_assert_false (oss_study_parse_line (bad[i], &line, &wrong));
      g_assert_error (wrong, OSS_ERROR, OSS_ERROR_USAGE);
    }
}

static void
test_parse_values (void)
{
  gboolean wanted[256];
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_study_parse_values ("1-4, 7", wanted, &error));
  for (int v = 0; v < 256; v++)
    g_assert_true (wanted[v] == ((v >= 1 && v <= 4) || v == 7));
  static const char *const bad[] = { "", "0", "4-1", "1-", "256", "x", "1,,2" };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) wrong = NULL;
      g_assert_false (oss_study_parse_values (bad[i], wanted, &wrong));
      g_assert_error (wrong, OSS_ERROR, OSS_ERROR_USAGE);
    }
}

/* A ball of bone (200 mg/cm3, body-like block would do as well) in fat: enough for load, calibrate and errors. */
static char *
write_ball (const char *folder, const char *name, double inside, double outside, gboolean labels)
{
  const OssGrid grid = { .size = { 40, 40, 40 },
                         .spacing = { 1.5, 1.5, 1.5 },
                         .origin = { -30, -30, -30 },
                         .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  g_autoptr (OssLabels) mask = oss_labels_new (&grid, NULL);
  char *path = g_build_filename (folder, name, NULL);

  for (int k = 0; k < 40; k++)
    for (int j = 0; j < 40; j++)
      for (int i = 0; i < 40; i++)
        {
          double r = hypot (hypot (i - 20, j - 20), k - 20);
          gsize v = oss_grid_offset (&grid, i, j, k);
          volume->data[v] = (float) (r < 14 ? inside : outside);
          mask->data[v] = r < 14 ? 20 : 0;
        }
  if (labels)
    g_assert_true (oss_nifti_write_labels (mask, path, "ball", NULL, NULL));
  else
    g_assert_true (oss_nifti_write_volume (volume, path, TRUE, "ball", NULL, NULL));
  return path;
}

static void
set_path (OssStudy *study, const char *path, const char *calibration)
{
  OssStudyOptions options;
  g_autoptr (GError) error = NULL;

  oss_study_options_copy (&options, oss_study_get_options (study));
  g_free (options.path);
  g_free (options.calibration);
  options.path = g_strdup (path);
  options.calibration = g_strdup (calibration);
  g_assert_true (oss_study_set_options (study, &options, &error));
  g_assert_no_error (error);
  oss_study_options_clear (&options);
}

/* Load and calibrate run; a change of the line marks calibrate out of date and keeps load. */
static void
test_out_of_date (void)
{
  g_autofree char *folder = g_dir_make_tmp ("oss-study-XXXXXX", NULL);
  g_autofree char *path = write_ball (folder, "ball.nii.gz", 250.0, -80.0, FALSE);
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (GError) error = NULL;

  set_path (study, path, "line:0.7,-4.2,K2HPO4");
  g_assert_true (oss_study_run (study, OSS_STEP_CALIBRATE, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_CALIBRATE), ==, OSS_STATE_DONE);
  g_assert_cmpfloat_with_epsilon (oss_study_get_calibrate (study)->line.slope, 0.7, 1e-12);
  g_assert_cmpint (strlen (oss_study_get_load (study)->hash), ==, 64);
  g_assert_cmpfloat (oss_study_get_peak_mib (study, OSS_STEP_LOAD), >, 1.0);
  OssVolume *volume = oss_study_get_load (study)->volume;

  set_path (study, path, "line:0.8,0,CHA");
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_LOAD), ==, OSS_STATE_DONE);
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_CALIBRATE), ==, OSS_STATE_OUT_OF_DATE);
  g_assert_cmpfloat_with_epsilon (oss_study_get_calibrate (study)->line.slope, 0.7, 1e-12); /* kept, marked */
  g_assert_true (oss_study_run (study, OSS_STEP_CALIBRATE, NULL, &error));
  g_assert_cmpfloat_with_epsilon (oss_study_get_calibrate (study)->line.slope, 0.8, 1e-12);
  g_assert_true (oss_study_get_load (study)->volume == volume); /* not loaded again */
  g_unlink (path);
  g_rmdir (folder);
}

static void
expect_refusal (const char *path, const char *calibration, OssStep last, const char *words)
{
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (GError) error = NULL;

  set_path (study, path, calibration);
  g_assert_false (oss_study_run (study, last, NULL, &error));
  g_assert_cmpint (error->domain, ==, OSS_ERROR);
  g_assert_cmpint (oss_error_exit_status (error), !=, 0);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not tell of “%s”", error->message, words);
}

static void
test_refusals (void)
{
  g_autofree char *folder = g_dir_make_tmp ("oss-study-XXXXXX", NULL);
  g_autofree char *air = write_ball (folder, "air.nii.gz", -1000.0, -1024.0, FALSE);
  g_autofree char *ball = write_ball (folder, "ball.nii.gz", 250.0, -80.0, FALSE);

  expect_refusal ("/nowhere/at/all", "phantom", OSS_STEP_LOAD, "/nowhere/at/all");
  expect_refusal (air, "phantom", OSS_STEP_LOAD, "-1024");
  expect_refusal (ball, "phantom", OSS_STEP_CALIBRATE, "line:");
  expect_refusal (ball, "line:jiang2023-b40f", OSS_STEP_SEGMENT, "--at");
  expect_refusal (ball, "density", OSS_STEP_CALIBRATE, "CT numbers");
  g_unlink (air);
  g_unlink (ball);
  g_rmdir (folder);
}

static void
finished_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  oss_study_run_finish (OSS_STUDY (source), result, &error);
  *(int *) data = error == NULL ? 1 : error->code == OSS_ERROR_CANCELLED ? 2 : 3;
}

static void
count_cb (OssStudy *study, guint step, gpointer data)
{
  ((int *) data)[step]++;
}

/* On a worker: every step is told on the main loop before the callback; a second run right after is accepted. */
static void
test_async (void)
{
  g_autofree char *folder = g_dir_make_tmp ("oss-study-XXXXXX", NULL);
  g_autofree char *path = write_ball (folder, "ball.nii.gz", 250.0, -80.0, FALSE);
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  int finished = 0, changes[OSS_N_STEPS] = { 0 };

  g_signal_connect (study, "step-changed", G_CALLBACK (count_cb), changes);
  set_path (study, path, "line:0.7,-4.2,K2HPO4");
  memset (changes, 0, sizeof changes);
  for (int again = 0; again < 2; again++)
    {
      finished = 0;
      oss_study_run_async (study, OSS_STEP_CALIBRATE, cancellable, finished_cb, &finished);
      while (finished == 0)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (finished, ==, 1);
    }
  g_assert_cmpint (changes[OSS_STEP_LOAD], ==, 2); /* running, done; not again */
  g_assert_cmpint (changes[OSS_STEP_CALIBRATE], ==, 2);

  g_cancellable_cancel (cancellable);
  set_path (study, path, "line:0.9,0,K2HPO4");
  finished = 0;
  oss_study_run_async (study, OSS_STEP_CALIBRATE, cancellable, finished_cb, &finished);
  while (finished == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (finished, ==, 2);
  g_assert_cmpint (oss_study_get_state (study, OSS_STEP_CALIBRATE), ==, OSS_STATE_CANCELLED);
  g_assert_nonnull (oss_study_get_load (study)); /* still usable */
  g_unlink (path);
  g_rmdir (folder);
}

/* Mean picture x of what is brighter than the window's top, in [-1, 1] from left to right. */
static double
bright_side (const OssVolume *volume, const OssSliceView *view)
{
  g_autoptr (OssPicture) picture = oss_slice_picture (volume, view);
  double sum = 0.0, n = 0.0;

  for (int y = 0; y < view->height; y++)
    for (int x = 0; x < view->width; x++)
      if (picture->rgba[4 * (y * view->width + x)] == 255)
        {
          sum += 2.0 * (x + 0.5) / view->width - 1.0;
          n += 1.0;
        }
  g_assert_cmpfloat (n, >, 10.0);
  return sum / n;
}

/* Centre of what is denser than any bone here. */
static void
find_marker (const OssVolume *volume, double centre[3])
{
  double n = 0.0;

  memset (centre, 0, 3 * sizeof *centre);
  for (int k = 0; k < volume->grid.size[2]; k++)
    for (int j = 0; j < volume->grid.size[1]; j++)
      for (int i = 0; i < volume->grid.size[0]; i++)
        if (volume->data[oss_grid_offset (&volume->grid, i, j, k)] > 1250.0f)
          {
            double place[3];
            oss_grid_to_patient (&volume->grid, (double[3]){ i, j, k }, place);
            for (int a = 0; a < 3; a++)
              centre[a] += place[a];
            n += 1.0;
          }
  g_assert_cmpfloat (n, >, 50.0);
  for (int a = 0; a < 3; a++)
    centre[a] /= n;
}

static void
draw_from_the_front (OssRenderer *renderer, int width, int height, void *data)
{
  static const float black[4] = { 0.0f, 0.0f, 0.0f, 1.0f };
  OssStudy *study = data;
  OssCamera camera = { .height_mm = 80.0 };
  g_autoptr (GError) error = NULL;

  memcpy (camera.target_mm, oss_study_get_segment (study)->info.frame.centre, sizeof camera.target_mm);
  oss_camera_look_from (&camera, 'A');
  oss_renderer_set_mesh (renderer, oss_study_get_mesh (study)->mesh, NULL, NULL, &error);
  g_assert_no_error (error);
  oss_renderer_draw (renderer, &camera, width, height, black);
}

/* Seen from the front, 0.4 mm per pixel: how far bone reaches to either side of the frame's centre at @mm above it. */
static void
silhouette (const OssPicture *picture, double mm, double *to_the_left, double *to_the_right)
{
  const guint8 *row = picture->rgba + 4 * 200 * (gsize) floor (100.0 - mm / 0.4);

  *to_the_left = *to_the_right = 0.0;
  for (int x = 0; x < 200; x++)
    if (row[4 * x] + row[4 * x + 1] + row[4 * x + 2] > 30)
      {
        double across = 0.4 * (x + 0.5 - 100.0);
        *to_the_left = fmax (*to_the_left, -across);
        *to_the_right = fmax (*to_the_right, across);
      }
}

/* The marker in the 3D view: from the front, the patient's left is on the picture's right, as in the slices. */
static void
check_marker_in_3d (OssStudy *study, const char *folder, const double marker[3])
{
  double left, right;
  g_autofree char *labels = g_build_filename (folder, "truth", "labels.nii.gz", NULL);
  g_autoptr (GError) error = NULL;
  OssStudyOptions options;

  oss_study_options_copy (&options, oss_study_get_options (study));
  options.vertebra = 20;
  g_free (options.labels_path);
  options.labels_path = g_steal_pointer (&labels);
  oss_study_set_options (study, &options, &error);
  g_assert_no_error (error);
  oss_study_options_clear (&options);
  oss_study_run (study, OSS_STEP_MESH, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssPicture) picture = oss_render_offscreen (200, 200, draw_from_the_front, study, &error);
  g_assert_no_error (error);
  const double *centre = oss_study_get_segment (study)->info.frame.centre;
  silhouette (picture, marker[2] - centre[2], &left, &right);
  g_test_message (
      "from the front, bone reaches %.1f mm to the picture's left, %.1f to its right; marker %.1f mm left of "
      "the centre",
      left, right, marker[0] - centre[0]);
  g_assert_cmpfloat (left, >, 10.0);
  g_assert_cmpfloat_with_epsilon (right, marker[0] - centre[0] + 5.0, 1.5); /* the ball's radius is 5 mm */
  g_assert_cmpfloat (right, >, left + 4.0);
}

/* The whole chain, DICOM to picture: a virtual patient with a ball of solid bone on the left of L1 shows it on the
 * right of axial and coronal views and of the 3D view from the front, as a reading room expects. */
static void
test_marker (void)
{
  static const char *const kernels[] = { "B40f", NULL };
  g_autofree char *parent = g_dir_make_tmp ("oss-study-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (parent, "patient", NULL);
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autoptr (GError) error = NULL;
  OssVirtualOptions options;
  OssVirtualTruth truth;

  oss_virtual_options_default (&options);
  options.seed = 5;
  options.kernels = kernels;
  options.level_low = options.level_high = 20;
  options.spacing_mm[0] = options.spacing_mm[1] = 400.0 / 512.0;
  options.spacing_mm[2] = 2.0;
  options.marker = TRUE;
  oss_virtual_write (folder, &options, &truth, NULL, &error);
  g_assert_no_error (error);
  set_path (study, folder, NULL);
  oss_study_run (study, OSS_STEP_LOAD, NULL, &error);
  g_assert_no_error (error);
  const OssVolume *volume = oss_study_get_load (study)->volume;
  /* 1200 HU and more is white: the marker, hardly any other bone. */
  OssSliceView view = { .width = 300, .height = 300, .level = 700.0, .window = 1000.0 };
  static const OssPlane planes[] = { OSS_PLANE_AXIAL, OSS_PLANE_CORONAL };
  double marker[3];
  find_marker (volume, marker);
  g_assert_cmpfloat (marker[0], >, truth.l1_centre_mm[0] + 15.0); /* LPS: left is positive */
  for (gsize p = 0; p < G_N_ELEMENTS (planes); p++)
    {
      view.plane = planes[p];
      oss_slice_fit (&view, &volume->grid);
      memcpy (view.centre_mm, marker, sizeof marker);
      view.centre_mm[0] = truth.l1_centre_mm[0];
      g_assert_cmpfloat (bright_side (volume, &view), >, 0.05);
    }
  check_marker_in_3d (study, folder, marker);
  const char *argv[] = { "rm", "-rf", parent, NULL };
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/options/line", test_parse_line);
  g_test_add_func ("/study/options/values", test_parse_values);
  g_test_add_func ("/study/out-of-date", test_out_of_date);
  g_test_add_func ("/study/refusals", test_refusals);
  g_test_add_func ("/study/async", test_async);
  g_test_add_func ("/study/marker", test_marker);
  return g_test_run ();
}
