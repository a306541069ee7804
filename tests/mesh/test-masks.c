/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Difficult masks, made and real. */
#include "mesh/oss-mesher.h"

#include "../test-sanitized.h"
#include "base/oss-random.h"
#include "formats/oss-nifti.h"
#include "solids.h"

#include <string.h>

/* Meshes a mask and holds the promises: angles of 10 degrees and more, closed and manifold, nothing inverted, the
 * volume of the largest part within 1 %. */
static OssMeshQuality
assert_mesh (const char *name, const OssLabels *labels, double size_mm)
{
  const OssMeshOptions options = { .kind = OSS_ELEMENT_TET4, .size_mm = size_mm };
  g_autoptr (GError) error = NULL;
  OssMeshQuality q;
  gint64 start = g_get_monotonic_time ();
  g_autoptr (OssMesh) mesh = oss_mesher_run (labels, &options, &q, NULL, &error);

  g_assert_no_error (error);
  g_test_message ("%s, %g mm: %zu elements in %.2f s, dihedral %.1f to %.1f, ratio %.2f, %.0f mm3 (%+.2f %%), "
                  "%u islands of %zu voxels",
                  name, size_mm, q.elements, (double) (g_get_monotonic_time () - start) / 1e6, q.minimum_dihedral_deg,
                  q.maximum_dihedral_deg, q.mean_radius_ratio, q.volume_mm3, q.volume_error_percent, q.islands,
                  q.island_voxels);
  g_assert_cmpfloat (q.minimum_dihedral_deg, >=, 10.0);
  g_assert_cmpfloat (q.maximum_dihedral_deg, <=, 165.0);
  g_assert_true (q.closed && q.manifold);
  g_assert_cmpuint (q.inverted, ==, 0);
  g_assert_cmpfloat (fabs (q.volume_error_percent), <=, 1.0);
  return q;
}

/* With 1 mm and with 2 mm elements. */
static OssMeshQuality
assert_meshes (const char *name, const OssLabels *labels)
{
  assert_mesh (name, labels, 1.0);
  return assert_mesh (name, labels, 2.0);
}

static OssLabels *
vertebra (double spacing_mm, double slice_mm)
{
  const OssGrid grid =
      grid_over ((double[]){ -40, -19, -26 }, (double[]){ 40, 64, 24 }, spacing_mm, spacing_mm, slice_mm);
  return label_solid (in_vertebra, &grid);
}

static void
stamp (OssLabels *labels, const double mm[3], double radius, guint8 value)
{
  double index[3];
  int low[3], high[3];

  oss_grid_to_index (&labels->grid, mm, index);
  if (!oss_grid_box_around (&labels->grid, mm, radius, low, high))
    return;
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        {
          const double at[3] = { i, j, k };
          double place[3];
          oss_grid_to_patient (&labels->grid, at, place);
          if (in_ellipsoid (place, mm[0], mm[1], mm[2], radius, radius, radius))
            labels->data[oss_grid_offset (&labels->grid, i, j, k)] = value;
        }
}

static void
random_place (OssRandom *random, double mm[3])
{
  mm[0] = oss_random_range (random, -35.0, 35.0);
  mm[1] = oss_random_range (random, -16.0, 60.0);
  mm[2] = oss_random_range (random, -22.0, 22.0);
}

static void
test_thick_slices (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 3.0);

  assert_meshes ("3 mm slices", labels);
}

static void
test_oblique (void)
{
  OssGrid grid = { .size = { 150, 190, 120 }, .spacing = { 0.6, 0.5, 0.8 } };
  const double a = 0.45, b = -0.3, ca = cos (a), sa = sin (a), cb = cos (b), sb = sin (b);
  const double direction[9] = { ca, -sa * cb, sa * sb, sa, ca * cb, -ca * sb, 0, sb, cb };
  const double middle[3] = { 0, 22, 0 }, centre_index[3] = { 75, 95, 60 };
  double reached[3];

  memcpy (grid.direction, direction, sizeof direction);
  oss_grid_to_patient (&grid, centre_index, reached);
  oss_sub (middle, reached, grid.origin);
  g_autoptr (OssLabels) labels = label_solid (in_vertebra, &grid);
  g_assert_cmpuint (oss_labels_count (labels, 1), >, 100000);
  assert_meshes ("oblique", labels);
}

/* Loose voxels on the surface, and 20 islands of the neighbourhood: dropped, counted and said. */
static void
test_noise_and_islands (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);
  g_autoptr (OssLabels) near = oss_labels_dilate (labels, 1.6, NULL, NULL), rough = oss_labels_copy (labels, NULL);
  OssRandom random;
  OssMeshQuality q;
  guint n_stamped = 0;

  oss_random_init (&random, 7, 0);
  for (gsize i = 0; i < oss_grid_count (&labels->grid); i++)
    if (near->data[i] != 0 && oss_random_uniform (&random) < 0.08)
      rough->data[i] = labels->data[i] == 0;
  while (n_stamped < 20)
    {
      double mm[3], index[3];
      random_place (&random, mm);
      oss_grid_to_index (&near->grid, mm, index);
      if (near->data[oss_grid_offset (&near->grid, (int) index[0], (int) index[1], (int) index[2])] != 0)
        continue;
      stamp (rough, mm, 1.2, 1);
      n_stamped++;
    }
  q = assert_meshes ("noise and islands", rough);
  g_assert_cmpuint (q.islands, >=, 10); /* places may touch one another or the vertebra */
  g_assert_cmpuint (q.island_voxels, >, 300);
}

static void
test_cavities (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);
  OssRandom random;

  oss_random_init (&random, 11, 0);
  for (int i = 0; i < 30; i++)
    {
      double mm[3] = { oss_random_range (&random, -18.0, 18.0), oss_random_range (&random, -12.0, 12.0),
                       oss_random_range (&random, -11.0, 11.0) };
      stamp (labels, mm, oss_random_range (&random, 0.6, 3.0), 0);
    }
  assert_meshes ("cavities", labels);
}

static void
test_eroded (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);

  for (int voxels = 1; voxels <= 3; voxels += 2)
    {
      g_autoptr (OssLabels) thin = oss_labels_dilate (labels, -0.5 * voxels, NULL, NULL);
      assert_meshes (voxels == 1 ? "eroded by 1" : "eroded by 3", thin);
    }
}

/* A cut through the pedicles leaves body and arch: the body is meshed, the arch counted. */
static void
test_two_parts (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);
  const OssGrid *grid = &labels->grid;
  gsize arch = 0;
  OssMeshQuality q;

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          double y = grid->origin[1] + j * grid->spacing[1];
          guint8 *label = &labels->data[oss_grid_offset (grid, i, j, k)];
          if (y > 19.0 && y < 22.0)
            *label = 0;
          arch += y >= 22.0 && *label > 0;
        }
  q = assert_meshes ("two parts", labels);
  g_assert_cmpuint (q.islands, ==, 1);
  g_assert_cmpuint (q.island_voxels, ==, arch);
}

static void
test_tunnel (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);

  for (double x = -24.0; x < 24.0; x += 0.4)
    stamp (labels, (double[]){ x, -1.0, 1.0 + 0.1 * x }, 1.6, 0);
  assert_meshes ("tunnel", labels);
}

/* The field of view ends inside the bone: closed by flat faces there. */
static void
test_cut_by_border (void)
{
  g_autoptr (OssLabels) labels = vertebra (0.5, 0.5);
  const int low[3] = { 30, 12, 30 }, high[3] = { 110, 120, 90 };
  g_autoptr (OssLabels) part = oss_labels_crop (labels, low, high, NULL);

  assert_meshes ("cut by the border", part);
}

/* Blocks that touch by an edge, by a corner, or by a bar one voxel thick. */
static void
test_pinches (void)
{
  OssGrid grid = { .size = { 40, 40, 40 }, .spacing = { 1, 1, 1 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  static const int blocks[][6] = { { 4, 4, 4, 19, 19, 19 },   { 20, 20, 4, 34, 34, 19 }, /* edge */
                                   { 20, 4, 20, 34, 19, 34 },                            /* edge */
                                   { 4, 20, 4, 19, 34, 19 },                             /* face */
                                   { 4, 10, 23, 10, 19, 34 }, { 7, 15, 20, 7, 15, 22 },  /* bar */
                                   { 11, 20, 20, 19, 34, 34 } };
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);

  for (gsize b = 0; b < G_N_ELEMENTS (blocks); b++)
    for (int k = blocks[b][2]; k <= blocks[b][5]; k++)
      for (int j = blocks[b][1]; j <= blocks[b][4]; j++)
        for (int i = blocks[b][0]; i <= blocks[b][3]; i++)
          labels->data[oss_grid_offset (&grid, i, j, k)] = 1;
  assert_meshes ("pinches", labels);
}

/* Two in three voxels at random, one connected sponge of single-voxel bridges: no bone, but nothing may break. */
static void
test_sponge (void)
{
  OssGrid grid = { .size = { 28, 28, 28 }, .spacing = { 1.3, 1.3, 1.3 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);
  OssRandom random;

  oss_random_init (&random, 3, 0);
  for (gsize i = 0; i < oss_grid_count (&grid); i++)
    labels->data[i] = oss_random_uniform (&random) < 0.6;
  assert_meshes ("sponge", labels);
}

/* Blobs of random balls, holes and loose voxels on random grids, one lattice constant from fine to coarser than the
 * features: the promises hold for all of them. */
static void
test_random_masks (void)
{
  double least_angle = 180.0, worst_volume = 0.0;

  for (guint seed = 0; seed < 40; seed++)
    {
      OssGrid grid = { .size = { 36, 36, 36 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
      OssRandom random;
      OssMeshQuality q;
      oss_random_init (&random, seed, 1);
      for (int a = 0; a < 3; a++)
        {
          grid.spacing[a] = oss_random_range (&random, 0.4, 1.2);
          grid.origin[a] = oss_random_range (&random, -60.0, 60.0);
        }
      g_autoptr (OssLabels) labels = oss_labels_new (&grid, NULL);
      for (int ball = 0; ball < 24; ball++)
        {
          const double index[3] = { oss_random_range (&random, 8.0, 28.0), oss_random_range (&random, 8.0, 28.0),
                                    oss_random_range (&random, 8.0, 28.0) };
          double mm[3];
          oss_grid_to_patient (&grid, index, mm);
          stamp (labels, mm, oss_random_range (&random, 1.0, ball % 3 == 2 ? 3.0 : 6.0), ball % 3 != 2);
        }
      for (gsize i = 0; i < oss_grid_count (&grid); i++)
        labels->data[i] ^= oss_random_uniform (&random) < 0.02 * (seed % 3);
      const OssMeshOptions options = { .kind = OSS_ELEMENT_TET4, .size_mm = oss_random_range (&random, 0.8, 2.5) };
      g_autoptr (GError) error = NULL;
      g_autoptr (OssMesh) mesh = oss_mesher_run (labels, &options, &q, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (q.closed && q.manifold);
      g_assert_cmpuint (q.inverted, ==, 0);
      least_angle = MIN (least_angle, q.minimum_dihedral_deg);
      worst_volume = MAX (worst_volume, fabs (q.volume_error_percent));
      g_assert_cmpfloat (q.minimum_dihedral_deg, >=, 10.0);
      g_assert_cmpfloat (fabs (q.volume_error_percent), <=, 1.0);
    }
  g_test_message ("least angle %.2f degrees, volume within %.2f %%", least_angle, worst_volume);
}

/* Reads a real mask, or says why not. */
static OssLabels *
read_real (const char *name)
{
  const char *folder = g_getenv ("OSSATURE_SHARED_DATA");
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  OssLabels *labels;

  if (folder == NULL || *folder == '\0')
    {
      g_test_message ("no real masks: configure with -Dshared_data");
      g_test_skip ("OSSATURE_SHARED_DATA is not set: the real masks are not there");
      return NULL;
    }
  path = g_build_filename (folder, name, NULL);
  labels = oss_nifti_read_labels (path, NULL, &error);
  g_assert_no_error (error);
  return labels;
}

static void
mesh_each (const OssLabels *all, const char *name, int first, int last)
{
  for (int value = first; value <= last; value++)
    {
      g_autoptr (OssLabels) one = oss_labels_select (all, (guint8) value, NULL);
      g_autofree char *title = g_strdup_printf ("%s label %d", name, value);
      assert_mesh (title, one, 2.0);
    }
}

/* Nine vertebrae, voxels 1 x 1 x 2 mm, oblique; L1 (20) is fractured.  Volumes of the data's README: L1 38.3 cm3,
 * L2 53.7 cm3. */
static void
test_real_verse (void)
{
  g_autoptr (OssLabels) all = read_real ("mask_verse004_T9_L5/sub-verse004_seg-vert_msk.nii.gz");
  g_autoptr (OssLabels) fractured = NULL;
  OssMeshQuality q;

  if (all == NULL)
    return;
  mesh_each (all, "verse004", 16, 24);
  fractured = oss_labels_select (all, 20, NULL);
  q = assert_meshes ("verse004 L1", fractured);
  g_assert_cmpfloat_with_epsilon (q.volume_mm3, 38300.0, 500.0);
}

/* L1 to L5 at 3 mm. */
static void
test_real_coarse (void)
{
  g_autoptr (OssLabels) all = read_real ("ct_totalsegmentator_lumbar/totalseg_vertebrae.nii.gz");

  if (all != NULL)
    mesh_each (all, "totalsegmentator", 27, 32);
}

/* The bone of a voxel model, labels 1-4 of six; with the discs (1-6) the largest part has 67186 hexahedra and 77892
 * nodes, by the data's README. */
static void
test_real_voxel_model (void)
{
  g_autoptr (OssLabels) labels = read_real ("fe_spinefe_verse004_L2/sub-verse004_0000_vertebra_21_seg.nii.gz");
  const OssMeshOptions voxels = { .kind = OSS_ELEMENT_HEX8 };
  OssMeshQuality q;

  if (labels == NULL)
    return;
  g_autoptr (OssMesh) mesh = oss_mesher_run (labels, &voxels, &q, NULL, NULL);
  g_assert_cmpuint (q.elements, ==, 67186);
  g_assert_cmpuint (q.nodes, ==, 77892);
  g_assert_cmpuint (q.inverted, ==, 0);
  for (gsize i = 0; i < oss_grid_count (&labels->grid); i++)
    if (labels->data[i] > 4)
      labels->data[i] = 0;
  assert_meshes ("spinefe bone", labels);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mesh/masks/thick-slices", test_thick_slices);
  g_test_add_func ("/mesh/masks/oblique", test_oblique);
  if (!TEST_SANITIZED)
    g_test_add_func ("/mesh/masks/noise-and-islands", test_noise_and_islands);
  g_test_add_func ("/mesh/masks/cavities", test_cavities);
  if (!TEST_SANITIZED)
    g_test_add_func ("/mesh/masks/eroded", test_eroded);
  g_test_add_func ("/mesh/masks/two-parts", test_two_parts);
  g_test_add_func ("/mesh/masks/tunnel", test_tunnel);
  g_test_add_func ("/mesh/masks/cut-by-border", test_cut_by_border);
  g_test_add_func ("/mesh/masks/pinches", test_pinches);
  if (!TEST_SANITIZED)
    g_test_add_func ("/mesh/masks/sponge", test_sponge);
  g_test_add_func ("/mesh/masks/random", test_random_masks);
  g_test_add_func ("/mesh/masks/real/verse", test_real_verse);
  g_test_add_func ("/mesh/masks/real/coarse", test_real_coarse);
  g_test_add_func ("/mesh/masks/real/voxel-model", test_real_voxel_model);
  return g_test_run ();
}
