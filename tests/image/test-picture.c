/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-picture.h"

#include <glib/gstdio.h>
#include <string.h>

static const guint8 red[3] = { 255, 0, 0 };

/* 40 x 40 x 40 mm around patient (5, -7, 11), for any choice of which way i, j, k run. */
static OssGrid
grid_with_direction (const double direction[9])
{
  OssGrid grid = { { 40, 40, 40 }, { 1, 1, 1 }, { 0, 0, 0 }, { 0 } };
  double half[3], middle[3] = { 19.5, 19.5, 19.5 };
  const double centre[3] = { 5.0, -7.0, 11.0 };

  memcpy (grid.direction, direction, sizeof grid.direction);
  oss_grid_to_patient (&grid, middle, half);
  for (int r = 0; r < 3; r++)
    grid.origin[r] = centre[r] - half[r];
  return grid;
}

static OssVolume *
volume_with_point (const OssGrid *grid, const double lps[3])
{
  OssVolume *volume = oss_volume_new (grid, OSS_QUANTITY_HU, NULL);
  double index[3];

  oss_grid_to_index (grid, lps, index);
  volume->data[oss_grid_offset (grid, (int) lrint (index[0]), (int) lrint (index[1]), (int) lrint (index[2]))] = 1000;
  return volume;
}

/* Centre of brightness in pixels, FALSE when the picture is black. */
static gboolean
bright_place (const OssPicture *picture, double *x, double *y)
{
  double sum = 0.0, sum_x = 0.0, sum_y = 0.0;

  for (int row = 0; row < picture->height; row++)
    for (int column = 0; column < picture->width; column++)
      {
        double value = picture->rgba[4 * (row * picture->width + column)];

        sum += value;
        sum_x += value * (column + 0.5);
        sum_y += value * (row + 0.5);
      }
  *x = sum_x / sum;
  *y = sum_y / sum;
  return sum > 0.0;
}

/* All 48 ways to lay i, j, k along the patient's axes, and one oblique. */
static guint
directions (double out[49][9])
{
  static const int permutations[6][3] = {
    { 0, 1, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 0, 2, 1 }, { 2, 1, 0 }, { 1, 0, 2 }
  };
  guint n = 0;

  memset (out, 0, 49 * sizeof out[0]);
  for (int p = 0; p < 6; p++)
    for (int signs = 0; signs < 8; signs++, n++)
      for (int c = 0; c < 3; c++)
        out[n][3 * permutations[p][c] + c] = (signs >> c & 1) ? -1.0 : 1.0;
  memcpy (out[n++], ((const double[9]){ 0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1 }), sizeof out[0]);
  return n;
}

/* A point to the patient's left, behind and above the centre: its place in every view is the
 * radiological convention itself, whatever way the image is stored. */
static void
test_left_is_on_the_right (void)
{
  const double centre[3] = { 5.0, -7.0, 11.0 };
  static const struct
  {
    OssPlane plane;
    double offset[3]; /* of the point from the centre, LPS mm, in the plane */
    int x, y;         /* where it shows: +1 right or down, -1 left or up */
  } views[] = {
    { OSS_PLANE_AXIAL, { 8, 5, 0 }, 1, 1 },     /* left, posterior */
    { OSS_PLANE_SAGITTAL, { 0, 8, 5 }, 1, -1 }, /* posterior, superior */
    { OSS_PLANE_CORONAL, { 8, 0, 5 }, 1, -1 },  /* left, superior */
  };
  double direction[49][9];
  guint n = directions (direction);

  for (guint d = 0; d < n; d++)
    for (guint v = 0; v < G_N_ELEMENTS (views); v++)
      {
        OssGrid grid = grid_with_direction (direction[d]);
        OssSliceView view = { .plane = views[v].plane,
                              .centre_mm = { 5.0, -7.0, 11.0 },
                              .mm_per_pixel = 0.5,
                              .width = 80,
                              .height = 60,
                              .level = 250,
                              .window = 500 };
        g_autoptr (OssVolume) volume = NULL;
        g_autoptr (OssPicture) picture = NULL;
        double lps[3], index[3], x, y, wanted_x, wanted_y;

        /* The nearest voxel's own centre, and a plane through it. */
        for (int a = 0; a < 3; a++)
          lps[a] = centre[a] + views[v].offset[a];
        oss_grid_to_index (&grid, lps, index);
        for (int a = 0; a < 3; a++)
          index[a] = rint (index[a]);
        oss_grid_to_patient (&grid, index, lps);
        for (int a = 0; a < 3; a++)
          if (views[v].offset[a] == 0)
            view.centre_mm[a] = lps[a];
        volume = volume_with_point (&grid, lps);
        picture = oss_slice_picture (volume, &view);
        g_assert_true (bright_place (picture, &x, &y));
        g_assert_cmpfloat (views[v].x * (x - 40.0), >, 8.0);
        g_assert_cmpfloat (views[v].y * (y - 30.0), >, 6.0);
        oss_slice_from_patient (&view, lps, &wanted_x, &wanted_y);
        g_assert_cmpfloat_with_epsilon (x, wanted_x, 0.3); /* the spot is cut by 8-bit grey and the window's top */
        g_assert_cmpfloat_with_epsilon (y, wanted_y, 0.3);
      }
}

static void
test_letters (void)
{
  const char *letters[4];

  oss_slice_letters (OSS_PLANE_AXIAL, letters); /* left, right, top, bottom */
  g_assert_cmpstr (letters[0], ==, "R");
  g_assert_cmpstr (letters[1], ==, "L");
  g_assert_cmpstr (letters[2], ==, "A");
  g_assert_cmpstr (letters[3], ==, "P");
  oss_slice_letters (OSS_PLANE_SAGITTAL, letters);
  g_assert_cmpstr (letters[0], ==, "A");
  g_assert_cmpstr (letters[1], ==, "P");
  g_assert_cmpstr (letters[2], ==, "H");
  g_assert_cmpstr (letters[3], ==, "F");
  oss_slice_letters (OSS_PLANE_CORONAL, letters);
  g_assert_cmpstr (letters[0], ==, "R");
  g_assert_cmpstr (letters[1], ==, "L");
  g_assert_cmpstr (letters[2], ==, "H");
  g_assert_cmpstr (letters[3], ==, "F");
}

/* The letters agree with the geometry: walking off an edge leads where its letter says. */
static void
test_letters_agree_with_places (void)
{
  static const struct
  {
    char letter;
    int axis, sign;
  } meaning[] = { { 'L', 0, 1 }, { 'R', 0, -1 }, { 'P', 1, 1 }, { 'A', 1, -1 }, { 'S', 2, 1 }, { 'I', 2, -1 } };
  static const double edge[4][2] = { { 0, 50 }, { 100, 50 }, { 50, 0 }, { 50, 100 } };

  for (int plane = OSS_PLANE_AXIAL; plane <= OSS_PLANE_CORONAL; plane++)
    {
      OssSliceView view = {
        .plane = (OssPlane) plane, .centre_mm = { 1, 2, 3 }, .mm_per_pixel = 0.7, .width = 100, .height = 100
      };
      const char *letters[4];

      oss_slice_letters ((OssPlane) plane, letters);
      for (int e = 0; e < 4; e++)
        for (guint m = 0; m < G_N_ELEMENTS (meaning); m++)
          if (letters[e][0] == meaning[m].letter)
            {
              double lps[3], x, y;

              oss_slice_to_patient (&view, edge[e][0], edge[e][1], lps);
              g_assert_cmpfloat_with_epsilon (lps[meaning[m].axis] - view.centre_mm[meaning[m].axis],
                                              meaning[m].sign * 35.0, 1e-12);
              oss_slice_from_patient (&view, lps, &x, &y);
              g_assert_cmpfloat_with_epsilon (x, edge[e][0], 1e-12);
              g_assert_cmpfloat_with_epsilon (y, edge[e][1], 1e-12);
            }
    }
}

/* Every pixel against oss_volume_sample() of a linear field, aligned and oblique. */
static void
test_grey_values (void)
{
  double direction[49][9];
  guint n = directions (direction);

  for (guint d = 0; d < n; d += 8)
    for (int plane = OSS_PLANE_AXIAL; plane <= OSS_PLANE_CORONAL; plane++)
      {
        OssGrid grid = grid_with_direction (direction[d]);
        g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
        g_autoptr (OssPicture) picture = NULL;
        OssSliceView view = { .plane = (OssPlane) plane,
                              .centre_mm = { 5.3, -7.1, 11.4 },
                              .mm_per_pixel = 0.9,
                              .width = 61,
                              .height = 47,
                              .level = 100,
                              .window = 400,
                              .slab_mm = d == 8 ? 4.0 : 0.0 }; /* the mean of a linear field is its middle */

        for (int k = 0; k < 40; k++)
          for (int j = 0; j < 40; j++)
            for (int i = 0; i < 40; i++)
              volume->data[oss_grid_offset (&grid, i, j, k)] = (float) (3 * i + 4 * j - 2 * k);
        picture = oss_slice_picture (volume, &view);
        for (int y = 0; y < 47; y++)
          for (int x = 0; x < 61; x++)
            {
              double lps[3], index[3], wanted = 0.0;
              gboolean covered = TRUE, rim = FALSE;

              oss_slice_to_patient (&view, x + 0.5, y + 0.5, lps);
              oss_grid_to_index (&grid, lps, index);
              for (int a = 0; a < 3; a++)
                {
                  covered &= index[a] >= -0.5 && index[a] <= 39.5;
                  rim |= fabs (index[a] + 0.5) < 1e-3 || fabs (index[a] - 39.5) < 1e-3;
                }
              if (covered)
                wanted = CLAMP ((oss_volume_sample_index (volume, index) + 100.0) * 255.0 / 400.0, 0.0, 255.0);
              if (!rim) /* grey is rounded to 8 bit */
                g_assert_cmpfloat_with_epsilon (picture->rgba[4 * (y * 61 + x)], wanted, 0.51);
              g_assert_cmpint (picture->rgba[4 * (y * 61 + x) + 3], ==, 255);
            }
      }
}

/* Views that no one should ask for end in a black picture, not in a crash. */
static void
test_senseless_views (void)
{
  static const double numbers[] = { 0.0, NAN, INFINITY, -INFINITY, 1e300, -1.0, 1e-300 };
  double direction[49][9];
  guint n = directions (direction);

  for (guint d = 0; d < n; d += 48)
    for (guint c = 0; c < G_N_ELEMENTS (numbers); c++)
      for (int field = 0; field < 5; field++)
        {
          OssGrid grid = grid_with_direction (direction[d]);
          g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
          g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);
          g_autoptr (OssPicture) picture = NULL;
          OssSliceView view = { .centre_mm = { 5.0, -7.0, 11.0 },
                                .mm_per_pixel = 1.0,
                                .width = 9,
                                .height = 8,
                                .level = 100.0,
                                .window = 10.0 };
          double *fields[5] = { &view.centre_mm[0], &view.centre_mm[2], &view.mm_per_pixel, &view.window,
                                &view.slab_mm };

          memset (labels->data, 1, oss_grid_count (&grid));
          *fields[field] = numbers[c];
          picture = oss_slice_picture (volume, &view);
          oss_slice_outline (picture, &view, labels, 1, red, 2.0, 0.5);
          g_assert_cmpint (picture->rgba[3], ==, 255);
        }
}

static void
test_fit (void)
{
  const double direction[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 };
  OssGrid grid = grid_with_direction (direction);
  OssSliceView view = { .plane = OSS_PLANE_CORONAL, .width = 200, .height = 100 };

  oss_slice_fit (&view, &grid);
  /* 40 mm on 100 pixels of height, centred. */
  g_assert_cmpfloat_with_epsilon (view.mm_per_pixel, 0.4, 1e-12);
  g_assert_cmpfloat_with_epsilon (view.centre_mm[0], 5.0, 1e-12);
  g_assert_cmpfloat_with_epsilon (view.centre_mm[1], -7.0, 1e-12);
  g_assert_cmpfloat_with_epsilon (view.centre_mm[2], 11.0, 1e-12);
}

/* A ball of label 20 beside one of label 21: the outline is a circle of its radius, and of 20 only. */
static void
test_outline (void)
{
  double direction[49][9];
  guint n = directions (direction);

  for (guint d = 0; d < n; d += 16)
    {
      OssGrid grid = grid_with_direction (direction[d]);
      g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);
      g_autoptr (OssPicture) picture = oss_picture_new (200, 200), filled = oss_picture_new (200, 200);
      OssSliceView view = {
        .plane = OSS_PLANE_AXIAL, .centre_mm = { 5.0, -7.0, 11.0 }, .mm_per_pixel = 0.2, .width = 200, .height = 200
      };
      double painted = 0.0, radius_sum = 0.0, area = 0.0;

      for (int k = 0; k < 40; k++)
        for (int j = 0; j < 40; j++)
          for (int i = 0; i < 40; i++)
            {
              double lps[3], offset[3];

              oss_grid_to_patient (&grid, (const double[3]){ i, j, k }, lps);
              oss_sub (lps, view.centre_mm, offset);
              if (oss_norm (offset) < 9.0)
                labels->data[oss_grid_offset (&grid, i, j, k)] = 20;
              else if (offset[0] > 12.0)
                labels->data[oss_grid_offset (&grid, i, j, k)] = 21;
            }
      oss_slice_outline (picture, &view, labels, 20, red, 2.0, 0.0);
      oss_slice_outline (filled, &view, labels, 20, red, 0.0, 1.0);
      for (int y = 0; y < 200; y++)
        for (int x = 0; x < 200; x++)
          {
            double line = picture->rgba[4 * (y * 200 + x)] / 255.0;
            double radius = hypot (x + 0.5 - 100, y + 0.5 - 100) * 0.2;

            g_assert_cmpint (picture->rgba[4 * (y * 200 + x) + 1], ==, 0);
            painted += line;
            radius_sum += line * radius;
            area += filled->rgba[4 * (y * 200 + x)] / 255.0 * 0.04;
            if (line > 0.0) /* a step of a voxel and half the line: nothing far from the circle */
              g_assert_cmpfloat_with_epsilon (radius, 9.0, 1.3);
          }
      /* The line lies on the circle: its mean radius is within a tenth of the 1 mm voxel of 9 mm, its
       * length x 2 px is 2 pi 9 mm / 0.2 mm x 2 px, longer by up to a fifth for the voxel steps. */
      g_assert_cmpfloat_with_epsilon (radius_sum / painted, 9.0, 0.15);
      g_assert_cmpfloat (painted, >, 0.85 * 2.0 * G_PI * 45.0 * 2.0);
      g_assert_cmpfloat (painted, <, 1.25 * 2.0 * G_PI * 45.0 * 2.0);
      g_assert_cmpfloat_with_epsilon (area / (G_PI * 81.0), 1.0, 0.04); /* voxel ball against circle */
    }
}

static void
test_colormaps (void)
{
  static const struct
  {
    const char *name;
    guint8 first[3], last[3];
  } known[] = {
    /* Ends as published: matplotlib's plasma, viridis and cividis, rounded down to 8 bit. */
    { "plasma", { 12, 7, 134 }, { 239, 248, 33 } },
    { "viridis", { 68, 1, 84 }, { 253, 231, 36 } },
    { "cividis", { 0, 34, 77 }, { 253, 231, 55 } },
    { "gray", { 0, 0, 0 }, { 255, 255, 255 } },
  };
  g_autoptr (GError) error = NULL;
  OssColormap map;

  for (guint n = 0; n < G_N_ELEMENTS (known); n++)
    {
      g_assert_true (oss_colormap_load (known[n].name, &map, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (map.name, ==, known[n].name);
      g_assert_cmpmem (map.rgb[0], 3, known[n].first, 3);
      g_assert_cmpmem (map.rgb[255], 3, known[n].last, 3);
    }
  g_assert_false (oss_colormap_load ("../secret", &map, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_false (oss_colormap_load ("nosuchmap", &map, &error));
  g_assert_nonnull (error);
}

static void
test_damaged_colormap (void)
{
  g_autofree char *folder = g_dir_make_tmp ("ossature-test-XXXXXX", NULL);
  g_autofree char *maps = g_build_filename (folder, "colormaps", NULL), *path = NULL;
  g_autofree char *before = g_strdup (g_getenv ("OSSATURE_DATA_DIR"));
  static const char *const damaged[] = { "", "1,2,3\n", "1,2\n", "1,2,300\n", "a,b,c\n", "1,2,3,4\n", "-1,2,3\n" };

  g_mkdir (maps, 0700);
  path = g_build_filename (maps, "bad.csv", NULL);
  g_setenv ("OSSATURE_DATA_DIR", folder, TRUE);
  for (guint n = 0; n < G_N_ELEMENTS (damaged); n++)
    {
      g_autoptr (GError) error = NULL;
      OssColormap map;

      g_assert_true (g_file_set_contents (path, damaged[n], -1, NULL));
      g_assert_false (oss_colormap_load ("bad", &map, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
      g_assert_nonnull (strstr (error->message, "bad.csv"));
    }
  if (before != NULL)
    g_setenv ("OSSATURE_DATA_DIR", before, TRUE);
  else
    g_unsetenv ("OSSATURE_DATA_DIR");
  g_unlink (path);
  g_rmdir (maps);
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* First: it changes the environment, which wants no other threads. */
  g_test_add_func ("/image/picture/damaged-colormap", test_damaged_colormap);
  g_test_add_func ("/image/picture/left-is-on-the-right", test_left_is_on_the_right);
  g_test_add_func ("/image/picture/letters", test_letters);
  g_test_add_func ("/image/picture/letters-agree-with-places", test_letters_agree_with_places);
  g_test_add_func ("/image/picture/grey-values", test_grey_values);
  g_test_add_func ("/image/picture/senseless-views", test_senseless_views);
  g_test_add_func ("/image/picture/fit", test_fit);
  g_test_add_func ("/image/picture/outline", test_outline);
  g_test_add_func ("/image/picture/colormaps", test_colormaps);
  return g_test_run ();
}
