/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Axes and sizes of a vertebra that is known as a formula, and of published masks. */
#include "formats/oss-nifti.h"
#include "segment/oss-segment.h"
#include "solids.h"

static const double centre[3] = { 12.3, -31.4, 407.2 };

static double
degrees_between (const double a[3], const double b[3])
{
  return acos (CLAMP (oss_dot (a, b), -1.0, 1.0)) * 180.0 / G_PI;
}

/* A grid of @voxel mm that holds the solid; @flip: index axes against the patient's, as in RAS files.  No voxel centre
 * lies on a face of the solid. */
static OssGrid
grid_for (double voxel, double slice, gboolean flip)
{
  double s = flip ? -1.0 : 1.0;
  OssGrid grid = { .size = { (int) (110 / voxel), (int) (110 / voxel), (int) (90 / slice) },
                   .spacing = { voxel, voxel, slice },
                   .direction = { s, 0, 0, 0, s, 0, 0, 0, 1 } };

  grid.origin[0] = centre[0] - s * (55.0 + 0.37 * voxel);
  grid.origin[1] = centre[1] + 15.0 - s * (55.0 + 0.29 * voxel);
  grid.origin[2] = centre[2] - 45.0 - 0.41 * slice;
  return grid;
}

typedef struct
{
  const char *name;
  gboolean (*inside) (const double q[3]);
  double turn[3], voxel, slice;
  gboolean flip;
  double angle_deg, size_mm; /* allowed */
} Case;

/* The bars: 2 degrees and 1 mm where voxels are at most a clinical slice; in proportion to the voxel beyond. */
static const Case cases[] = {
  { "upright", in_vertebra, { 0, 0, 0 }, 1.0, 1.0, FALSE, 1.0, 0.7 },
  { "lean", in_vertebra, { 20, 0, 0 }, 1.0, 1.0, FALSE, 2.0, 1.0 },
  { "sideways", in_vertebra, { 0, 12, 0 }, 1.0, 1.0, TRUE, 2.0, 1.0 },
  { "rotated", in_vertebra, { 0, 0, 17 }, 1.0, 1.0, FALSE, 2.0, 1.0 },
  { "all", in_vertebra, { -15, 8, -11 }, 1.0, 1.0, TRUE, 2.0, 1.0 },
  { "fine", in_vertebra, { 10, -6, 5 }, 0.5, 0.5, FALSE, 2.0, 0.7 },
  { "slices", in_vertebra, { 10, -6, 5 }, 0.7, 2.0, FALSE, 2.0, 1.0 },
  { "coarse", in_vertebra, { 10, -6, 5 }, 3.0, 3.0, FALSE, 4.0, 2.0 },
  { "body", in_body, { 12, 5, 9 }, 1.0, 1.0, FALSE, 2.0, 1.0 },
};

static void
test_solid (gconstpointer data)
{
  const Case *c = data;
  const OssVertebraFrame truth = turned_frame (centre, c->turn[0], c->turn[1], c->turn[2]);
  const OssGrid grid = grid_for (c->voxel, c->slice, c->flip);
  g_autoptr (OssLabels) labels = label_solid (c->inside, &truth, &grid);
  g_autoptr (GError) error = NULL;
  OssVertebraFrame frame;
  double off[3], handed[3];

  g_assert_true (oss_segment_frame (labels, &frame, NULL, &error));
  g_assert_no_error (error);
  oss_sub (frame.centre, truth.centre, off);
  oss_cross (frame.right, frame.anterior, handed);
  g_test_message ("%s: superior %.2f, anterior %.2f degrees off, centre %.2f mm, %.1f x %.1f x %.1f mm", c->name,
                  degrees_between (frame.superior, truth.superior), degrees_between (frame.anterior, truth.anterior),
                  oss_norm (off), frame.width_mm, frame.depth_mm, frame.height_mm);
  g_assert_cmpfloat (degrees_between (frame.superior, truth.superior), <, c->angle_deg);
  g_assert_cmpfloat (degrees_between (frame.anterior, truth.anterior), <, c->angle_deg);
  g_assert_cmpfloat (degrees_between (handed, frame.superior), <, 0.01);
  g_assert_cmpfloat (frame.right[0], <, -0.8);
  g_assert_cmpfloat (oss_norm (off), <, 1.5 * c->size_mm);
  g_assert_cmpfloat (fabs (frame.width_mm - truth.width_mm), <, c->size_mm);
  g_assert_cmpfloat (fabs (frame.depth_mm - truth.depth_mm), <, c->size_mm);
  g_assert_cmpfloat (fabs (frame.height_mm - truth.height_mm), <, c->size_mm);
}

static void
test_errors (void)
{
  const OssGrid grid = grid_for (2.0, 2.0, FALSE);
  g_autoptr (OssLabels) empty = oss_labels_new (&grid, NULL);
  g_autoptr (GError) error = NULL;
  OssVertebraFrame frame;

  g_assert_false (oss_segment_frame (empty, &frame, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  /* A plate 4 mm thick has no vertebral body. */
  for (int j = 5; j < 40; j++)
    for (int i = 5; i < 40; i++)
      empty->data[oss_grid_offset (&grid, i, j, 20)] = empty->data[oss_grid_offset (&grid, i, j, 21)] = 1;
  g_assert_false (oss_segment_frame (empty, &frame, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
}

static OssLabels *
read_shared (const char *name)
{
  const char *folder = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  OssLabels *labels;

  if (folder == NULL || *folder == '\0')
    {
      g_test_message ("no folder of public data (meson option shared_data)");
      g_test_skip ("public data not there");
      return NULL;
    }
  path = g_build_filename (folder, name, NULL);
  labels = oss_nifti_read_labels (path, NULL, &error);
  g_assert_no_error (error);
  return labels;
}

/* Frames of neighbouring levels: nearly parallel, anterior forward, superior up. */
static void
assert_spine (const OssLabels *labels, OssNumbering numbering, guint8 first, guint8 last, double low_mm, double high_mm)
{
  OssVertebraFrame before = { 0 };

  for (guint8 level = first; level <= last; level++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (OssLabels) one = oss_segment_pick (labels, numbering, level, NULL, &error);
      OssVertebraFrame frame;

      g_assert_no_error (error);
      g_assert_true (oss_segment_frame (one, &frame, NULL, &error));
      g_assert_no_error (error);
      g_test_message ("%s: %.1f x %.1f x %.1f mm, lean %.1f degrees", oss_vertebra_name (level), frame.width_mm,
                      frame.depth_mm, frame.height_mm, acos (frame.superior[2]) * 180.0 / G_PI);
      g_assert_cmpfloat (frame.anterior[1], <, -0.85);
      g_assert_cmpfloat (frame.right[0], <, -0.9);
      g_assert_cmpfloat (frame.width_mm, >, low_mm);
      g_assert_cmpfloat (frame.width_mm, <, high_mm);
      g_assert_cmpfloat (frame.depth_mm, <, frame.width_mm);
      if (level > first)
        {
          g_assert_cmpfloat (frame.centre[2], <, before.centre[2] - 10.0);
          /* Lordosis turns L4-L5 by up to 25 degrees; above, 15 are plenty. */
          g_assert_cmpfloat (degrees_between (frame.superior, before.superior), <, level >= 23 ? 25.0 : 16.0);
          g_assert_cmpfloat (degrees_between (frame.right, before.right), <, 8.0);
        }
      before = frame;
    }
}

/* Nine published masks, oblique affine, 2 mm slices; L1 is fractured. */
static void
test_verse (void)
{
  g_autoptr (OssLabels) labels = read_shared ("mask_verse004_T9_L5/sub-verse004_seg-vert_msk.nii.gz");

  if (labels != NULL)
    assert_spine (labels, OSS_NUMBERING_UNKNOWN, 16, 24, 28.0, 55.0);
}

/* Another program's labels at 3 mm. */
static void
test_totalsegmentator (void)
{
  g_autoptr (OssLabels) labels = read_shared ("ct_totalsegmentator_lumbar/totalseg_vertebrae.nii.gz");

  if (labels != NULL)
    assert_spine (labels, OSS_NUMBERING_TOTALSEGMENTATOR, 19, 24, 36.0, 56.0);
}

/* Body, processes and caps of a published FE model; its patient faces backwards in the file's axes, and the posterior
 * elements tell. */
static void
test_caps (void)
{
  g_autoptr (OssLabels) labels = read_shared ("fe_spinefe_verse004_L2/sub-verse004_0000_vertebra_21_seg.nii.gz");
  g_autoptr (GError) error = NULL;
  OssVertebraFrame frame;

  if (labels == NULL)
    return;
  g_assert_true (oss_segment_frame (labels, &frame, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (frame.superior[2], >, 0.99);
  g_assert_cmpfloat (frame.anterior[1], >, 0.95);
  g_assert_cmpfloat (fabs (frame.width_mm - 38.0), <, 3.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/segment/frame/solid/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_solid);
    }
  g_test_add_func ("/segment/frame/errors", test_errors);
  g_test_add_func ("/segment/frame/verse", test_verse);
  g_test_add_func ("/segment/frame/totalsegmentator", test_totalsegmentator);
  g_test_add_func ("/segment/frame/caps", test_caps);
  return g_test_run ();
}
