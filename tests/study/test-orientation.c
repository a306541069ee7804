/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Left and right on the way from DICOM to pictures.  On its own because it draws with OpenGL, whose drivers keep memory
 * that a leak check would count as ours. */
#include "image/oss-picture.h"
#include "render/oss-renderer.h"
#include "study/oss-study.h"
#include "virtual/oss-virtual.h"

#include <math.h>
#include <string.h>

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
test_left_is_left (void)
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
  OssStudyOptions wanted;
  oss_study_options_copy (&wanted, oss_study_get_options (study));
  wanted.path = g_strdup (folder);
  oss_study_set_options (study, &wanted, &error);
  g_assert_no_error (error);
  oss_study_options_clear (&wanted);
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
  g_test_add_func ("/study/left-is-left", test_left_is_left);
  return g_test_run ();
}
