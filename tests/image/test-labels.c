/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "image/oss-labels.h"

#include <string.h>

static OssGrid
plain_grid (int nx, int ny, int nz)
{
  return (OssGrid){ { nx, ny, nz }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
}

/* Each voxel is @value with probability @share. */
static OssLabels *
random_labels (const OssGrid *grid, double share, guint8 value, guint64 seed)
{
  OssLabels *labels = oss_labels_new (grid, NULL);
  OssRandom random;

  oss_random_init (&random, seed, 0);
  for (gsize n = 0; n < oss_grid_count (grid); n++)
    labels->data[n] = oss_random_uniform (&random) < share ? value : 0;
  return labels;
}

/* All pairs, in double: slow and plain. */
static double
brute_distance (const OssLabels *labels, gboolean inside, int i, int j, int k)
{
  const OssGrid *grid = &labels->grid;
  double best = INFINITY;

  for (int z = 0; z < grid->size[2]; z++)
    for (int y = 0; y < grid->size[1]; y++)
      for (int x = 0; x < grid->size[0]; x++)
        if ((labels->data[oss_grid_offset (grid, x, y, z)] > 0) == inside)
          {
            double dx = (x - i) * grid->spacing[0], dy = (y - j) * grid->spacing[1], dz = (z - k) * grid->spacing[2];

            best = MIN (best, sqrt (dx * dx + dy * dy + dz * dz));
          }
  return best;
}

static void
test_distance_against_all_pairs (void)
{
  OssRandom random;

  oss_random_init (&random, 42, 0);
  for (int round = 0; round < 30; round++)
    {
      OssGrid grid =
          plain_grid (1 + (int) oss_random_range (&random, 0, 20), 1 + (int) oss_random_range (&random, 0, 9),
                      1 + (int) oss_random_range (&random, 0, 9));
      gboolean inside = round % 2;
      g_autoptr (OssLabels) labels = NULL;
      g_autofree float *distance = NULL;

      for (int a = 0; a < 3; a++)
        grid.spacing[a] = oss_random_range (&random, 0.2, 3.0);
      labels = random_labels (&grid, inside ? 0.03 : 0.95, 5, (guint64) round);
      distance = oss_labels_distance (labels, inside, NULL, NULL);
      for (int k = 0; k < grid.size[2]; k++)
        for (int j = 0; j < grid.size[1]; j++)
          for (int i = 0; i < grid.size[0]; i++)
            {
              double wanted = brute_distance (labels, inside, i, j, k);
              double got = (double) distance[oss_grid_offset (&grid, i, j, k)];

              /* Squares are held in float32: a few roundings of 6e-8. */
              if (isinf (wanted))
                g_assert_true (isinf (got));
              else
                g_assert_cmpfloat_with_epsilon (got, wanted, 5e-7 * wanted + 1e-12);
            }
    }
}

static void
test_distance_any_threads (void)
{
  OssGrid grid = plain_grid (50, 40, 30);
  g_autoptr (OssLabels) labels = random_labels (&grid, 0.002, 1, 7);
  g_autofree float *one = NULL, *many = NULL;

  oss_parallel_set_threads (1);
  one = oss_labels_distance (labels, TRUE, NULL, NULL);
  oss_parallel_set_threads (3);
  many = oss_labels_distance (labels, TRUE, NULL, NULL);
  oss_parallel_set_threads (0);
  g_assert_cmpmem (one, oss_grid_count (&grid) * sizeof (float), many, oss_grid_count (&grid) * sizeof (float));
}

static void
test_dilate_and_erode (void)
{
  OssGrid grid = plain_grid (31, 31, 31);
  g_autoptr (OssLabels) point = NULL, ball = NULL, back = NULL, same = NULL;

  grid.spacing[0] = 0.5, grid.spacing[1] = 1.0, grid.spacing[2] = 2.0;
  point = oss_labels_new (&grid, NULL);
  point->data[oss_grid_offset (&grid, 15, 15, 15)] = 20;
  ball = oss_labels_dilate (point, 4.0, NULL, NULL);
  for (int k = 0; k < 31; k++)
    for (int j = 0; j < 31; j++)
      for (int i = 0; i < 31; i++)
        {
          double squared = 0.25 * (i - 15) * (i - 15) + (j - 15) * (j - 15) + 4.0 * (k - 15) * (k - 15);

          /* The ball's definition; whole quarters, so the boundary is exact. */
          g_assert_cmpint (ball->data[oss_grid_offset (&grid, i, j, k)], ==, squared <= 16.0 ? 20 : 0);
        }
  /* Eroding keeps the voxels further than the radius from the outside. */
  back = oss_labels_dilate (ball, -2.0, NULL, NULL);
  for (int k = 0; k < 31; k++)
    for (int j = 0; j < 31; j++)
      for (int i = 0; i < 31; i++)
        {
          gsize at = oss_grid_offset (&grid, i, j, k);
          gboolean keeps = ball->data[at] > 0 && brute_distance (ball, FALSE, i, j, k) > 2.0 + 1e-5;

          g_assert_cmpint (back->data[at], ==, keeps ? 20 : 0);
        }
  g_assert_cmpuint (oss_labels_count (back, 20), >, 10);
  same = oss_labels_dilate (ball, 0.0, NULL, NULL);
  g_assert_cmpfloat (oss_labels_dice (same, ball), ==, 1.0);
}

/* Flood fill with a stack: independent of union-find. */
static void
flood (const OssLabels *labels, int reach, gsize start, guint32 mark, guint32 *part)
{
  const int *size = labels->grid.size;
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (gsize));

  g_array_append_val (stack, start);
  part[start] = mark;
  while (stack->len > 0)
    {
      gsize at = g_array_index (stack, gsize, stack->len - 1);
      int i = (int) (at % (gsize) size[0]), j = (int) (at / (gsize) size[0] % (gsize) size[1]),
          k = (int) (at / (gsize) size[0] / (gsize) size[1]);

      g_array_set_size (stack, stack->len - 1);
      for (int n = 0; n < 27; n++)
        {
          int di = n % 3 - 1, dj = n / 3 % 3 - 1, dk = n / 9 - 1, x = i + di, y = j + dj, z = k + dk;
          gsize to;

          if (abs (di) + abs (dj) + abs (dk) > reach || x < 0 || y < 0 || z < 0 || x >= size[0] || y >= size[1]
              || z >= size[2])
            continue;
          to = oss_grid_offset (&labels->grid, x, y, z);
          if (labels->data[to] > 0 && part[to] == 0)
            {
              part[to] = mark;
              g_array_append_val (stack, to);
            }
        }
    }
}

static void
test_components_against_flood_fill (void)
{
  static const int connectivity[3] = { 6, 18, 26 };
  static const double share[3] = { 0.3, 0.14, 0.1 }; /* near percolation: winding parts of all sizes */

  for (int c = 0; c < 3; c++)
    for (guint64 seed = 0; seed < 5; seed++)
      {
        OssGrid grid = plain_grid (17, 13, 11);
        gsize count = oss_grid_count (&grid), previous = G_MAXSIZE;
        g_autoptr (OssLabels) labels = random_labels (&grid, share[c], 3, seed);
        g_autofree guint32 *wanted = g_new0 (guint32, count), *got = NULL;
        g_autoptr (GArray) sizes = NULL;
        guint32 n_parts = 0;

        for (gsize at = 0; at < count; at++)
          if (labels->data[at] > 0 && wanted[at] == 0)
            flood (labels, c + 1, at, ++n_parts, wanted);
        got = oss_labels_components (labels, connectivity[c], &sizes, NULL);
        g_assert_cmpuint (sizes->len, ==, n_parts);
        g_assert_cmpuint (n_parts, >, 5);

        /* The same partition under one renaming; sizes are right and fall. */
        g_autofree guint32 *name = g_new0 (guint32, n_parts + 1);
        g_autofree gsize *counts = g_new0 (gsize, n_parts + 1);

        for (gsize at = 0; at < count; at++)
          {
            g_assert_true ((got[at] > 0) == (wanted[at] > 0));
            if (wanted[at] == 0)
              continue;
            if (name[wanted[at]] == 0)
              name[wanted[at]] = got[at];
            g_assert_cmpuint (name[wanted[at]], ==, got[at]);
            counts[got[at]]++;
          }
        for (guint32 part = 1; part <= n_parts; part++)
          {
            gsize size = g_array_index (sizes, gsize, part - 1);

            g_assert_cmpuint (counts[part], ==, size);
            g_assert_cmpuint (size, <=, previous);
            previous = size;
          }
      }
}

static void
test_connectivity_by_hand (void)
{
  OssGrid grid = plain_grid (2, 2, 2);
  g_autoptr (OssLabels) edge = oss_labels_new (&grid, NULL), corner = oss_labels_new (&grid, NULL);
  g_autoptr (GError) error = NULL;
  static const struct
  {
    int connectivity;
    guint edge_parts, corner_parts;
  } known[] = { { 6, 2, 2 }, { 18, 1, 2 }, { 26, 1, 1 } };

  edge->data[oss_grid_offset (&grid, 1, 0, 0)] = edge->data[oss_grid_offset (&grid, 0, 1, 0)] = 1;
  corner->data[oss_grid_offset (&grid, 1, 1, 0)] = corner->data[oss_grid_offset (&grid, 0, 0, 1)] = 1;
  for (int n = 0; n < 3; n++)
    {
      g_autoptr (GArray) at_edge = NULL, at_corner = NULL;

      g_free (oss_labels_components (edge, known[n].connectivity, &at_edge, NULL));
      g_free (oss_labels_components (corner, known[n].connectivity, &at_corner, NULL));
      g_assert_cmpuint (at_edge->len, ==, known[n].edge_parts);
      g_assert_cmpuint (at_corner->len, ==, known[n].corner_parts);
    }
  g_assert_null (oss_labels_components (edge, 8, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

static void
fill_box (OssLabels *labels, const int low[3], const int high[3], guint8 value)
{
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        labels->data[oss_grid_offset (&labels->grid, i, j, k)] = value;
}

static void
test_largest_and_holes (void)
{
  OssGrid grid = plain_grid (20, 20, 20);
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL), largest = NULL, filled = NULL, empty = NULL;
  guint islands;
  gsize island_voxels;

  fill_box (labels, (const int[3]){ 2, 2, 2 }, (const int[3]){ 11, 11, 11 }, 22);
  fill_box (labels, (const int[3]){ 5, 5, 5 }, (const int[3]){ 7, 7, 7 }, 0);        /* closed: 27 voxels */
  fill_box (labels, (const int[3]){ 9, 9, 9 }, (const int[3]){ 9, 9, 11 }, 0);       /* open to the top: stays */
  fill_box (labels, (const int[3]){ 14, 14, 14 }, (const int[3]){ 15, 15, 15 }, 22); /* 8 voxels */
  labels->data[oss_grid_offset (&grid, 12, 12, 12)] = 22;                            /* touches a corner only */

  largest = oss_labels_keep_largest (labels, &islands, &island_voxels, NULL);
  g_assert_cmpuint (islands, ==, 2);
  g_assert_cmpuint (island_voxels, ==, 9);
  g_assert_cmpuint (oss_labels_count (largest, 22), ==, 1000 - 27 - 3);
  filled = oss_labels_fill_holes (largest, NULL);
  g_assert_cmpuint (oss_labels_count (filled, 22), ==, 1000 - 3);
  g_assert_cmpint (filled->data[oss_grid_offset (&grid, 6, 6, 6)], ==, 22);
  g_assert_cmpint (filled->data[oss_grid_offset (&grid, 9, 9, 9)], ==, 0);

  memset (labels->data, 0, oss_grid_count (&grid));
  empty = oss_labels_keep_largest (labels, &islands, &island_voxels, NULL);
  g_assert_nonnull (empty);
  g_assert_cmpuint (islands, ==, 0);
}

static void
test_counts_box_select (void)
{
  OssGrid grid = plain_grid (300, 90, 50); /* more than one chunk of the counting loop */
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL), selected = NULL, crop = NULL;
  gsize histogram[256];
  int low[3], high[3];

  g_assert_false (oss_labels_box (labels, 0, low, high));
  g_assert_cmpint (oss_labels_smallest (labels), ==, 0);
  fill_box (labels, (const int[3]){ 10, 20, 30 }, (const int[3]){ 13, 21, 30 }, 20);
  fill_box (labels, (const int[3]){ 290, 5, 49 }, (const int[3]){ 299, 5, 49 }, 19);
  oss_labels_histogram (labels, histogram);
  g_assert_cmpuint (histogram[20], ==, 8);
  g_assert_cmpuint (histogram[19], ==, 10);
  g_assert_cmpuint (histogram[0], ==, oss_grid_count (&grid) - 18);
  g_assert_cmpint (oss_labels_smallest (labels), ==, 19);
  g_assert_true (oss_labels_box (labels, 20, low, high));
  g_assert_cmpmem (low, sizeof low, ((const int[3]){ 10, 20, 30 }), sizeof low);
  g_assert_cmpmem (high, sizeof high, ((const int[3]){ 13, 21, 30 }), sizeof high);
  crop = oss_labels_crop (labels, low, high, NULL);
  g_assert_cmpuint (oss_labels_count (crop, 20), ==, 8);
  g_assert_true (oss_labels_box (labels, 0, low, high));
  g_assert_cmpmem (low, sizeof low, ((const int[3]){ 10, 5, 30 }), sizeof low);
  g_assert_cmpmem (high, sizeof high, ((const int[3]){ 299, 21, 49 }), sizeof high);
  selected = oss_labels_select (labels, 19, NULL);
  g_assert_cmpuint (oss_labels_count (selected, 1), ==, 10);
  g_assert_cmpuint (oss_labels_count (selected, 20), ==, 0);
}

static void
test_dice (void)
{
  OssGrid grid = plain_grid (10, 1, 1);
  g_autoptr (OssLabels) a = oss_labels_new (&grid, NULL), b = oss_labels_new (&grid, NULL);

  g_assert_cmpfloat (oss_labels_dice (a, b), ==, 1.0);
  for (int i = 0; i < 6; i++)
    a->data[i] = 1;
  for (int i = 4; i < 8; i++)
    b->data[i] = 7;
  g_assert_cmpfloat_with_epsilon (oss_labels_dice (a, b), 2.0 * 2.0 / 10.0, 1e-15); /* by hand */
}

static void
test_resample (void)
{
  OssGrid grid = { { 6, 5, 4 }, { 2.0, 3.0, 1.0 }, { -4, 9, 2 }, { 0, -1, 0, 1, 0, 0, 0, 0, 1 } }, fine = grid;
  g_autoptr (OssLabels) labels = random_labels (&grid, 0.5, 21, 11), result = NULL;
  double corner[3];

  /* Two fine voxels to one along i, three along j: every fine voxel lies wholly in one coarse one. */
  fine.size[0] = 12, fine.size[1] = 15;
  fine.spacing[0] = 1.0, fine.spacing[1] = 1.0;
  oss_grid_to_patient (&grid, (const double[3]){ -0.25, -1.0 / 3.0, 0.0 }, corner);
  memcpy (fine.origin, corner, sizeof corner);
  result = oss_labels_resample (labels, &fine, NULL, NULL);
  for (int k = 0; k < 4; k++)
    for (int j = 0; j < 15; j++)
      for (int i = 0; i < 12; i++)
        g_assert_cmpint (result->data[oss_grid_offset (&fine, i, j, k)], ==,
                         labels->data[oss_grid_offset (&grid, i / 2, j / 3, k)]);
}

static void
test_cancel (void)
{
  OssGrid grid = plain_grid (64, 64, 64);
  g_autoptr (OssLabels) labels = random_labels (&grid, 0.1, 1, 1);
  const int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_labels_distance (labels, TRUE, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (oss_labels_dilate (labels, 2.0, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (oss_labels_resample (labels, &grid, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/image/labels/distance-against-all-pairs", test_distance_against_all_pairs);
  g_test_add_func ("/image/labels/distance-any-threads", test_distance_any_threads);
  g_test_add_func ("/image/labels/dilate-and-erode", test_dilate_and_erode);
  g_test_add_func ("/image/labels/components-against-flood-fill", test_components_against_flood_fill);
  g_test_add_func ("/image/labels/connectivity-by-hand", test_connectivity_by_hand);
  g_test_add_func ("/image/labels/largest-and-holes", test_largest_and_holes);
  g_test_add_func ("/image/labels/counts-box-select", test_counts_box_select);
  g_test_add_func ("/image/labels/dice", test_dice);
  g_test_add_func ("/image/labels/resample", test_resample);
  g_test_add_func ("/image/labels/cancel", test_cancel);
  return g_test_run ();
}
