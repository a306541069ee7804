/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-models.h"
#include "formats/oss-nifti.h"
#include "mesh/oss-mesher.h"
#include "segment/oss-segment.h"

#include <string.h>

/* The body of model_body(): upright in LPS, right = -x, anterior = -y. Width and depth at the waist. */
static const OssVertebraFrame upright = { .right = { -1.0, 0.0, 0.0 },
                                          .anterior = { 0.0, -1.0, 0.0 },
                                          .superior = { 0.0, 0.0, 1.0 },
                                          .width_mm = 39.6,
                                          .depth_mm = 28.2,
                                          .height_mm = 24.8 };

/* A label image of a lumbar-like vertebra, 0.8 mm: an oval body with a waist and dished endplates, two pedicles
 * that rise nearly to the superior endplate, and articular processes above and below both. */
static guint8
anatomy (const double local[3], gboolean cavity)
{
  double right = local[0], anterior = local[1], superior = local[2];
  double rim = fmin (right * right / 506.25 + anterior * anterior / 256.0, 1.0);
  double half = 13.5 - 1.5 * (1.0 - rim);
  double waist = 0.88 + 0.12 * superior * superior / 182.25;

  if (cavity && fabs (right) < 4.0 && fabs (anterior) < 4.0 && superior > 6.0 && superior < 9.0)
    return 0;
  if (fabs (superior) < half && right * right / 506.25 + anterior * anterior / 256.0 < waist * waist)
    return 1;
  gboolean side = fabs (fabs (right) - 12.0) < 4.0;
  if (side && anterior < -8.0 && anterior > -28.0 && superior > 0.0 && superior < 11.0) /* pedicle */
    return 1;
  if (side && anterior < -22.0 && anterior > -32.0 && fabs (superior) < 22.0) /* articular processes */
    return 1;
  return fabs (right) < 16.0 && anterior < -26.0 && anterior > -32.0 && fabs (superior) < 8.0; /* laminae */
}

static OssLabels *
vertebra_labels (const OssVertebraFrame *frame, gboolean cavity)
{
  OssGrid grid = { .size = { 80, 100, 80 }, .spacing = { 0.8, 0.8, 0.8 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssLabels *labels;

  for (int k = 0; k < 3; k++)
    grid.origin[k] = frame->centre[k] - 0.8 * 0.5 * (grid.size[k] - 1);
  for (int k = 0; k < 3; k++)
    grid.origin[k] -= 12.0 * frame->anterior[k];
  labels = oss_labels_new (&grid, NULL);
  for (int k = 0; k < 80; k++)
    for (int j = 0; j < 100; j++)
      for (int i = 0; i < 80; i++)
        {
          const double index[3] = { i, j, k };
          double x[3], local[3];
          oss_grid_to_patient (&grid, index, x);
          oss_vertebra_frame_local (frame, x, local);
          labels->data[oss_grid_offset (&grid, i, j, k)] = anatomy (local, cavity);
        }
  return labels;
}

static OssMesh *
mesh_of (const OssLabels *labels, OssElementKind kind, double size)
{
  OssMeshOptions options;
  OssMeshQuality quality;
  g_autoptr (GError) error = NULL;

  oss_mesh_options_default (&options);
  options.kind = kind;
  options.size_mm = size;
  OssMesh *mesh = oss_mesher_run (labels, &options, &quality, NULL, &error);
  g_assert_no_error (error);
  return mesh;
}

static void
extent_of (const OssMesh *mesh, const OssVertebraFrame *frame, const OssEndplate *plate, double low[3], double high[3])
{
  for (int k = 0; k < 3; k++)
    low[k] = G_MAXDOUBLE, high[k] = -G_MAXDOUBLE;
  for (guint i = 0; i < plate->nodes->len; i++)
    {
      double local[3];
      oss_vertebra_frame_local (frame, mesh->nodes + 3 * (gsize) g_array_index (plate->nodes, gint32, i), local);
      for (int k = 0; k < 3; k++)
        {
          low[k] = fmin (low[k], local[k]);
          high[k] = fmax (high[k], local[k]);
        }
      g_assert_true (i == 0 || g_array_index (plate->nodes, gint32, i) > g_array_index (plate->nodes, gint32, i - 1));
    }
}

/* Rotates about the right axis (wedge of the lower lumbar spine) and then about the superior axis. */
static OssVertebraFrame
leaning (double angle)
{
  OssVertebraFrame frame = upright;
  double c = cos (angle), s = sin (angle);
  const double anterior[3] = { 0.0, -c, s }, superior[3] = { 0.0, s, c };

  memcpy (frame.anterior, anterior, sizeof anterior);
  memcpy (frame.superior, superior, sizeof superior);
  frame.centre[0] = 12.0, frame.centre[1] = -40.0, frame.centre[2] = 300.0;
  return frame;
}

/* Reference: the rim is an oval of 45 x 32 mm, pi / 4 * 45 * 32 = 1131 mm2; the outermost ring is rounded off by
 * mesh and smoothing, and faces there lean beyond 45 degrees: 12 % under, 3 % over for voxels. The mean height is
 * 13.5 mm less the dish's mean of 0.75 mm. Neither pedicles nor articular processes may be in it: nothing behind
 * the posterior wall at -16 mm. */
static void
test_vertebra (void)
{
  static const struct
  {
    OssElementKind kind;
    double size, angle;
    gboolean cavity;
  } cases[] = { { OSS_ELEMENT_TET10, 2.0, 0.0, FALSE },   { OSS_ELEMENT_TET4, 1.2, 0.35, FALSE },
                { OSS_ELEMENT_TET10, 3.0, -0.35, FALSE }, { OSS_ELEMENT_HEX8, 0.0, 0.0, FALSE },
                { OSS_ELEMENT_HEX8, 2.0, 0.2, FALSE },    { OSS_ELEMENT_TET4, 1.2, 0.0, TRUE } };

  for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      OssVertebraFrame frame = leaning (cases[k].angle);
      g_autoptr (OssLabels) labels = vertebra_labels (&frame, cases[k].cavity);
      g_autoptr (OssMesh) mesh = mesh_of (labels, cases[k].kind, cases[k].size);
      OssEndplate plates[2];
      g_autoptr (GError) error = NULL;

      g_assert_true (oss_fem_endplates (mesh, &frame, &plates[0], &plates[1], NULL, &error));
      g_assert_no_error (error);
      for (int side = 0; side < 2; side++)
        {
          double low[3], high[3], sign = side == 0 ? 1.0 : -1.0;
          extent_of (mesh, &frame, &plates[side], low, high);
          g_test_message (
              "%s %.1f mm, leaning %.2f, side %d: %.0f mm2 at %.2f mm, right %.1f to %.1f, anterior %.1f to "
              "%.1f, superior %.1f to %.1f",
              oss_element_name (cases[k].kind), cases[k].size, cases[k].angle, side, plates[side].area_mm2,
              plates[side].height_mm, low[0], high[0], low[1], high[1], low[2], high[2]);
          g_assert_cmpfloat (plates[side].area_mm2, >, 0.85 * 1131.0);
          g_assert_cmpfloat (plates[side].area_mm2, <, 1.06 * 1131.0);
          g_assert_cmpfloat_with_epsilon (sign * plates[side].height_mm, 12.75, 0.6);
          g_assert_cmpfloat (low[1], >, -18.0);
          g_assert_cmpfloat (high[1], >, 13.0);
          g_assert_cmpfloat (low[0], <, -19.0);
          g_assert_cmpfloat (high[0], >, 19.0);
          /* Voxels of a leaning body make treads on its flanks too, down to the end of the band. */
          g_assert_cmpfloat (sign * (side == 0 ? low[2] : high[2]), >, cases[k].kind == OSS_ELEMENT_HEX8 ? 7.5 : 9.0);
          oss_endplate_clear (&plates[side]);
        }
    }
}

/* Turned about the superior axis. */
static OssVertebraFrame
turned (double angle)
{
  OssVertebraFrame frame = upright;
  const double right[3] = { -cos (angle), -sin (angle), 0.0 }, anterior[3] = { sin (angle), -cos (angle), 0.0 };

  memcpy (frame.right, right, sizeof right);
  memcpy (frame.anterior, anterior, sizeof anterior);
  return frame;
}

/* What the nodes of an endplate stand for: a third of the projected area of the triangles around them. */
static double
area_of_nodes (const OssMesh *mesh, const OssVertebraFrame *frame, const OssEndplate *plate)
{
  g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, NULL);
  g_autofree guint8 *held = g_new0 (guint8, mesh->n_nodes);
  double sum = 0.0;

  for (guint i = 0; i < plate->nodes->len; i++)
    held[g_array_index (plate->nodes, gint32, i)] = TRUE;
  for (gsize t = 0; t < surface->n; t++)
    {
      const gint32 *node = surface->triangles + 3 * t;
      double ab[3], ac[3], normal[3];
      oss_sub (mesh->nodes + 3 * node[1], mesh->nodes + 3 * node[0], ab);
      oss_sub (mesh->nodes + 3 * node[2], mesh->nodes + 3 * node[0], ac);
      oss_cross (ab, ac, normal);
      sum +=
          fmax (0.5 * oss_dot (normal, frame->superior), 0.0) * (held[node[0]] + held[node[1]] + held[node[2]]) / 3.0;
    }
  return sum;
}

/* On the meshed body alone: midside nodes of every chosen face are there, and the sides are told apart. */
static void
test_midside (void)
{
  const int n[3] = { 10, 8, 8 };
  g_autoptr (OssMesh) tet10 = model_body (OSS_ELEMENT_TET10, n);
  g_autoptr (OssMesh) tet4 = model_body (OSS_ELEMENT_TET4, n);
  OssEndplate superior, inferior, coarse_superior, coarse_inferior;

  g_assert_true (oss_fem_endplates (tet10, &upright, &superior, &inferior, NULL, NULL));
  g_assert_true (oss_fem_endplates (tet4, &upright, &coarse_superior, &coarse_inferior, NULL, NULL));
  /* The same triangles, looked at in pieces of other sizes. */
  g_assert_cmpfloat_with_epsilon (superior.area_mm2, coarse_superior.area_mm2, 0.003 * superior.area_mm2);
  g_assert_cmpfloat (superior.height_mm, >, 10.0);
  g_assert_cmpfloat (inferior.height_mm, <, -10.0);
  /* A triangulated disc has nearly three edges to a node: 11 x 9 grid, 99 nodes, 258 edges. */
  g_assert_cmpuint (coarse_superior.nodes->len, ==, 99);
  /* Where the rim turns sharply, its midside nodes may stand for the flank more than for the endplate. */
  g_assert_cmpuint (superior.nodes->len, <=, 99 + 258);
  g_assert_cmpuint (superior.nodes->len, >=, 99 + 250);
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
  oss_endplate_clear (&coarse_superior);
  oss_endplate_clear (&coarse_inferior);
}

/* An endplate is a matter of the bone, not of its elements: whatever their size and kind, the rim is the same, and so
 * are the area and the height.  Reference: each other; 1131 mm2 is the whole rim, of which a mesh rounds off less the
 * finer it is. What the held nodes stand for is the area. */
static void
test_size (void)
{
  static const struct
  {
    OssElementKind kind;
    double size;
  } cases[] = { { OSS_ELEMENT_TET4, 2.0 }, { OSS_ELEMENT_TET4, 1.6 }, { OSS_ELEMENT_TET4, 1.2 } };
  OssVertebraFrame frame = leaning (0.1);
  g_autoptr (OssLabels) labels = vertebra_labels (&frame, FALSE);
  double area[G_N_ELEMENTS (cases)], height[G_N_ELEMENTS (cases)];

  for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (OssMesh) mesh = mesh_of (labels, cases[k].kind, cases[k].size);
      OssEndplate plates[2];
      g_assert_true (oss_fem_endplates (mesh, &frame, &plates[0], &plates[1], NULL, NULL));
      area[k] = plates[0].area_mm2;
      height[k] = plates[0].height_mm;
      g_test_message ("%s %.1f mm: %.1f mm2 at %.3f mm; held nodes stand for %.1f mm2",
                      oss_element_name (cases[k].kind), cases[k].size, area[k], height[k],
                      area_of_nodes (mesh, &frame, &plates[0]));
      g_assert_cmpfloat_with_epsilon (area_of_nodes (mesh, &frame, &plates[0]), area[k], 0.02 * area[k]);
      oss_endplate_clear (&plates[0]);
      oss_endplate_clear (&plates[1]);
    }
  g_assert_cmpfloat_with_epsilon (area[0], area[2], 0.04 * area[2]);
  g_assert_cmpfloat_with_epsilon (area[1], area[2], 0.02 * area[2]);
  g_assert_cmpfloat_with_epsilon (height[0], height[2], 0.05);
  g_assert_cmpfloat_with_epsilon (height[1], height[2], 0.05);
}

/* The same body, turned about its own axis on the lattice of the elements: the same endplate. */
static void
test_orientation (void)
{
  double area[3];

  for (int k = 0; k < 3; k++)
    {
      OssVertebraFrame frame = turned (0.26 * k);
      g_autoptr (OssLabels) labels = vertebra_labels (&frame, FALSE);
      g_autoptr (OssMesh) mesh = mesh_of (labels, OSS_ELEMENT_TET4, 1.5);
      OssEndplate plates[2];
      g_assert_true (oss_fem_endplates (mesh, &frame, &plates[0], &plates[1], NULL, NULL));
      area[k] = plates[1].area_mm2;
      g_test_message ("turned by %.2f: %.1f and %.1f mm2", 0.26 * k, plates[0].area_mm2, area[k]);
      oss_endplate_clear (&plates[0]);
      oss_endplate_clear (&plates[1]);
      g_assert_cmpfloat_with_epsilon (area[k], area[0], 0.01 * area[0]);
    }
}

/* A frame that does not fit, and half a vertebra: refused, with both areas. */
static void
test_implausible (void)
{
  const int n[3] = { 10, 8, 8 };
  g_autoptr (OssMesh) mesh = model_body (OSS_ELEMENT_TET4, n);
  OssVertebraFrame frame = upright;
  OssEndplate superior = { NULL }, inferior = { NULL };
  g_autoptr (GError) error = NULL;

  frame.width_mm *= 2.0;
  frame.depth_mm *= 2.0;
  g_assert_false (oss_fem_endplates (mesh, &frame, &superior, &inferior, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "3508 mm"));
  g_assert_null (superior.nodes);
  g_clear_error (&error);
  frame = upright;
  frame.width_mm = 0.0;
  g_assert_false (oss_fem_endplates (mesh, &frame, &superior, &inferior, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_clear_error (&error);
  frame = upright;
  frame.centre[0] = 100.0;
  g_assert_false (oss_fem_endplates (mesh, &frame, &superior, &inferior, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
}

static void
check_level (const OssLabels *all, guint8 value, OssElementKind kind, double size, double least_share)
{
  g_autoptr (OssLabels) one = value > 0 ? oss_labels_select (all, value, NULL) : oss_labels_copy (all, NULL);
  int low[3], high[3];
  OssVertebraFrame frame;
  OssEndplate plates[2];
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_labels_box (one, 1, low, high) || oss_labels_box (one, 0, low, high));
  for (int k = 0; k < 3; k++)
    {
      low[k] = MAX (low[k] - 4, 0);
      high[k] = MIN (high[k] + 4, one->grid.size[k] - 1);
    }
  g_autoptr (OssLabels) labels = oss_labels_crop (one, low, high, NULL);
  g_assert_true (oss_segment_frame (labels, &frame, NULL, &error));
  g_autoptr (OssMesh) mesh = mesh_of (labels, kind, size);
  oss_fem_endplates (mesh, &frame, &plates[0], &plates[1], NULL, &error);
  g_assert_no_error (error);
  for (int side = 0; side < 2; side++)
    {
      double from[3], to[3], share = plates[side].area_mm2 / (G_PI / 4.0 * frame.width_mm * frame.depth_mm);
      extent_of (mesh, &frame, &plates[side], from, to);
      g_test_message (
          "label %d, %s: %s %.0f mm2 (%.2f of the waist's ellipse) at %.1f mm, posterior to %.1f mm of %.1f", value,
          oss_element_name (kind), side == 0 ? "superior" : "inferior", plates[side].area_mm2, share,
          plates[side].height_mm, from[1], -0.5 * frame.depth_mm);
      g_assert_cmpfloat (share, >, least_share);
      g_assert_cmpfloat (share, <, 1.45); /* the rim stands out over the waist by a tenth each way */
      g_assert_cmpfloat_with_epsilon ((side == 0 ? 2.0 : -2.0) * plates[side].height_mm / frame.height_mm, 1.0, 0.3);
      g_assert_cmpfloat (from[1], >, -0.5 * frame.depth_mm - 4.0); /* not over the pedicles */
    }
  oss_endplate_clear (&plates[0]);
  oss_endplate_clear (&plates[1]);
}

static OssLabels *
read_data (const char *name)
{
  const char *folder = g_getenv ("OSSATURE_SHARED_DATA");
  g_autoptr (GError) error = NULL;

  if (folder == NULL || folder[0] == '\0')
    {
      g_test_message ("the option shared_data is not set: %s was not read", name);
      g_test_skip ("no public data");
      return NULL;
    }
  g_autofree char *path = g_build_filename (folder, name, NULL);
  OssLabels *labels = oss_nifti_read_labels (path, NULL, &error);
  g_assert_no_error (error);
  return labels;
}

/* VerSe 004, T9 to L5, of which L1 (20) is fractured to 10 mm height. */
static void
test_verse (void)
{
  g_autoptr (OssLabels) all = read_data ("mask_verse004_T9_L5/sub-verse004_seg-vert_msk.nii.gz");

  for (guint8 level = 16; all != NULL && level <= 24; level++)
    if (level != 20)
      check_level (all, level, OSS_ELEMENT_TET4, 2.0, 0.95);
  if (all != NULL)
    check_level (all, 21, OSS_ELEMENT_HEX8, 0.0, 0.95);
}

/* 3 mm voxels. */
static void
test_totalsegmentator (void)
{
  g_autoptr (OssLabels) all = read_data ("ct_totalsegmentator_lumbar/totalseg_vertebrae.nii.gz");

  for (guint8 level = 29; all != NULL && level <= 32; level++)
    {
      check_level (all, level, OSS_ELEMENT_TET10, 2.0, 0.9);
      check_level (all, level, OSS_ELEMENT_HEX8, 0.0, 0.9);
    }
}

/* With cement caps: the caps' outer faces carry the load. */
static void
test_caps (void)
{
  g_autoptr (OssLabels) all = read_data ("fe_spinefe_verse004_L2/sub-verse004_0000_vertebra_21_seg.nii.gz");

  if (all != NULL)
    {
      check_level (all, 0, OSS_ELEMENT_TET4, 2.0, 0.95);
      check_level (all, 0, OSS_ELEMENT_HEX8, 0.0, 0.95);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/endplates/vertebra", test_vertebra);
  g_test_add_func ("/fem/endplates/midside", test_midside);
  g_test_add_func ("/fem/endplates/size", test_size);
  g_test_add_func ("/fem/endplates/orientation", test_orientation);
  g_test_add_func ("/fem/endplates/implausible", test_implausible);
  g_test_add_func ("/fem/endplates/verse", test_verse);
  g_test_add_func ("/fem/endplates/totalsegmentator", test_totalsegmentator);
  g_test_add_func ("/fem/endplates/caps", test_caps);
  return g_test_run ();
}
