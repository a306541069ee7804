/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shapes and densities of virtual patients against anatomy; no scanner in between. */
#include "virtual/oss-virtual-private.h"

#include <string.h>

static OssVirtualOptions
options_for (guint64 seed)
{
  OssVirtualOptions o;
  oss_virtual_options_default (&o);
  o.seed = seed;
  return o;
}

/* Adult L1: width 40 - 50, depth 30 - 35, height 20 - 30 mm for lumbar bodies (spinebase.org); women are smaller by the
 * square root of the area ratio 1.36.  Width and depth are read at the waist, 6 % under the mean; 2 SD of 7 %. */
static void
test_sizes (void)
{
  double mean[2] = { 0.0, 0.0 };
  for (guint64 seed = 1; seed <= 40; seed++)
    {
      OssVirtualOptions o = options_for (seed);
      OssVirtualTruth t;
      o.sex = seed % 2 == 0 ? 'M' : 'F';
      g_assert_true (oss_virtual_make (&o, NULL, NULL, NULL, NULL, NULL, &t, NULL, NULL));
      double k = o.sex == 'M' ? 1.0 : 0.857;
      g_assert_cmpfloat (t.l1_width_mm, >, k * 35.0);
      g_assert_cmpfloat (t.l1_width_mm, <, k * 50.0);
      g_assert_cmpfloat (t.l1_depth_mm, >, k * 25.0);
      g_assert_cmpfloat (t.l1_depth_mm, <, k * 36.0);
      g_assert_cmpfloat (t.l1_height_mm, >, 20.0);
      g_assert_cmpfloat (t.l1_height_mm, <, 32.0);
      g_assert_cmpfloat (t.marrow_fat_fraction, >=, 0.2);
      g_assert_cmpfloat (t.marrow_fat_fraction, <=, 0.8);
      g_assert_cmpfloat (fabs (t.kernel_deviation), <=, 0.15);
      g_assert_cmpfloat (fabs (t.effective_energy_kev - 68.0), <=, 1.5);
      mean[o.sex == 'M'] += t.l1_height_mm / 20.0;
    }
  /* 25.5 and 27 mm; 20 draws of 7 %: 1.6 % of the mean, tolerance 3 of them. */
  g_assert_cmpfloat_with_epsilon (mean[0], 25.5, 1.2);
  g_assert_cmpfloat_with_epsilon (mean[1], 27.0, 1.3);
}

/* Fixing one number changes no other: a cohort can vary vBMD alone. */
static void
test_independent_draws (void)
{
  OssVirtualOptions a = options_for (5), b = options_for (5);
  OssVirtualTruth s, t;
  g_assert_true (oss_virtual_make (&a, NULL, NULL, NULL, NULL, NULL, &s, NULL, NULL));
  b.vbmd_mg_cm3 = 61.5;
  g_assert_true (oss_virtual_make (&b, NULL, NULL, NULL, NULL, NULL, &t, NULL, NULL));
  g_assert_cmpfloat (t.vbmd_mg_cm3, ==, 61.5);
  t.vbmd_mg_cm3 = s.vbmd_mg_cm3;
  g_assert_cmpmem (&s, sizeof s, &t, sizeof t);
}

/* Population line of draws, without noise of one seed: women 181 - 1.42 (age - 25), men 170 - 1.12 (age - 25), SD 25.
 * 200 draws: standard error 1.8. */
static void
test_population (void)
{
  for (int sex = 0; sex < 2; sex++)
    {
      double sum = 0.0, sum2 = 0.0, mean = sex ? 170.0 - 1.12 * 35.0 : 181.0 - 1.42 * 35.0;
      for (guint64 seed = 1; seed <= 200; seed++)
        {
          OssVirtualOptions o = options_for (seed);
          OssVirtualTruth t;
          o.sex = sex ? 'M' : 'F';
          o.age_years = 60.0;
          g_assert_true (oss_virtual_make (&o, NULL, NULL, NULL, NULL, NULL, &t, NULL, NULL));
          sum += t.vbmd_mg_cm3 / 200.0;
          sum2 += t.vbmd_mg_cm3 * t.vbmd_mg_cm3 / 200.0;
        }
      g_assert_cmpfloat_with_epsilon (sum, mean, 6.0);
      g_assert_cmpfloat_with_epsilon (sqrt (sum2 - sum * sum), 25.0, 5.0);
    }
}

/* The shape's distance is a distance: slope about 1 where it is near 0 (less in the
 * grooves between parts; the raster divides by it), and below 1.3 within the reach of a block of
 * the raster, which is judged by its middle. */
static void
test_distance (void)
{
  OssVirtualPatient patient;
  OssVirtualOptions o = options_for (3);
  OssRandom random;
  int near = 0, steep = 0;

  g_assert_true (oss_virtual_patient_init (&patient, &o, NULL));
  const OssVirtualVertebra *v = &patient.anatomy.vertebrae[3];
  oss_random_init (&random, 11, 0);
  for (int i = 0; i < 40000; i++)
    {
      double q[3], d, g[3];
      for (int c = 0; c < 3; c++)
        q[c] = oss_random_range (&random, v->low[c], v->high[c]);
      d = oss_virtual_vertebra_distance (v, q, NULL);
      for (int c = 0; c < 3; c++)
        {
          double r[3] = { q[0], q[1], q[2] };
          r[c] += 1e-4;
          g[c] = (oss_virtual_vertebra_distance (v, r, NULL) - d) / 1e-4;
        }
      double slope = oss_norm (g);
      if (fabs (d) < 2.5)
        g_assert_cmpfloat (slope, <, 1.3);
      if (fabs (d) < 0.5)
        near++, steep += fabs (slope - 1.0) < 0.15;
    }
  g_test_message ("slope within 0.15 of 1 at %d of %d points near the surface", steep, near);
  g_assert_cmpint (near, >, 500);
  g_assert_cmpfloat (steep, >, 0.8 * near);
  oss_virtual_patient_clear (&patient);
}

/* Voxels that touch a voxel of another level by a face. */
static gsize
touching (const OssLabels *labels)
{
  const int *n = labels->grid.size;
  gsize stride[3] = { 1, (gsize) n[0], (gsize) n[0] * (gsize) n[1] }, count = 0;
  for (int k = 0; k + 1 < n[2]; k++)
    for (int j = 0; j + 1 < n[1]; j++)
      for (int i = 0; i + 1 < n[0]; i++)
        for (int c = 0; c < 3; c++)
          {
            gsize at = oss_grid_offset (&labels->grid, i, j, k);
            guint8 a = labels->data[at], b = labels->data[at + stride[c]];
            count += a != 0 && b != 0 && a != b;
          }
  return count;
}

/* L1 of five people of medium size on a CT grid: one part, no holes, free of its neighbours, 40 - 70 cm3 in men (68.8
 * in the Visible Human, 57.9 in one clinical CT; women by 0.857^3), 55 - 90 mm wide, 55 - 85 mm deep, 45 - 75 mm high
 * (83 x 74 x 62 in the Visible Human). */
static void
test_labels (void)
{
  for (guint64 seed = 1; seed <= 5; seed++)
    {
      OssVirtualOptions o = options_for (seed);
      OssVirtualTruth t;
      OssLabels *labels = NULL;
      int low[3], high[3];
      gsize islands_voxels;
      guint islands;

      o.size = 'M';
      o.level_low = o.level_high = 20;
      o.fov_mm = 160.0;
      o.spacing_mm[0] = o.spacing_mm[1] = 0.8;
      g_assert_true (oss_virtual_make (&o, NULL, NULL, &labels, NULL, NULL, &t, NULL, NULL));
      double volume = oss_labels_count (labels, 20) * oss_grid_voxel_mm3 (&labels->grid) / 1000.0;
      double k = t.sex == 'M' ? 1.0 : 0.63;
      g_test_message ("seed %d: %c, L1 %.1f cm3", (int) seed, t.sex, volume);
      g_assert_cmpfloat (volume, >, 40.0 * k);
      g_assert_cmpfloat (volume, <, 72.0 * k);
      g_assert_true (oss_labels_box (labels, 20, low, high));
      g_assert_cmpint (low[2], >, 0);
      g_assert_cmpint (high[2], <, labels->grid.size[2] - 1);
      g_assert_cmpfloat ((high[0] - low[0]) * 0.8, >, 55.0);
      g_assert_cmpfloat ((high[0] - low[0]) * 0.8, <, 90.0);
      g_assert_cmpfloat ((high[1] - low[1]) * 0.8, >, 55.0);
      g_assert_cmpfloat ((high[1] - low[1]) * 0.8, <, 85.0);
      g_assert_cmpfloat (high[2] - low[2], >, 45.0);
      g_assert_cmpfloat (high[2] - low[2], <, 75.0);

      g_autoptr (OssLabels) one = oss_labels_select (labels, 20, NULL);
      g_autoptr (OssLabels) largest = oss_labels_keep_largest (one, &islands, &islands_voxels, NULL);
      g_autoptr (OssLabels) full = oss_labels_fill_holes (one, NULL);
      g_assert_cmpuint (islands, ==, 0);
      g_assert_cmpuint (oss_labels_count (full, 1), ==, oss_labels_count (one, 1));
      g_assert_cmpuint (touching (labels), ==, 0);

      /* Its middle is where truth says, and truth is in the body. */
      double index[3];
      oss_grid_to_index (&labels->grid, t.l1_centre_mm, index);
      g_assert_cmpint (labels->data[oss_grid_offset (&labels->grid, (int) rint (index[0]), (int) rint (index[1]),
                                                     (int) rint (index[2]))],
                       ==, 20);
      oss_labels_unref (labels);
    }
}

/* Width and depth read off the label image's rows through the centre agree with truth to a voxel. */
static void
test_truth_sizes (void)
{
  OssVirtualOptions o = options_for (4);
  OssVirtualTruth t;
  OssLabels *labels = NULL;
  double index[3];
  int width = 0;

  o.level_low = o.level_high = 20;
  o.fov_mm = 120.0;
  o.spacing_mm[0] = o.spacing_mm[1] = 0.5;
  g_assert_true (oss_virtual_make (&o, NULL, NULL, &labels, NULL, NULL, &t, NULL, NULL));
  oss_grid_to_index (&labels->grid, t.l1_centre_mm, index);
  for (int i = 0; i < labels->grid.size[0]; i++)
    width += labels->data[oss_grid_offset (&labels->grid, i, (int) rint (index[1]), (int) rint (index[2]))] == 20;
  g_assert_cmpfloat_with_epsilon (0.5 * width, t.l1_width_mm, 1.0);
  oss_labels_unref (labels);
}

/* Mean over the elliptic cylinder that defines vBMD, in the truth volume. */
static double
mean_in_centre (const OssVirtualPatient *patient, const OssVolume *volume)
{
  const OssVirtualVertebra *v = &patient->anatomy.vertebrae[3];
  double sum = 0.0;
  gsize n = 0;
  for (int k = 0; k < volume->grid.size[2]; k++)
    for (int j = 0; j < volume->grid.size[1]; j++)
      for (int i = 0; i < volume->grid.size[0]; i++)
        {
          double index[3] = { i, j, k }, p[3], q[3];
          oss_grid_to_patient (&volume->grid, index, p);
          oss_virtual_vertebra_local (v, p, q);
          if (!oss_virtual_in_trabecular_centre (v, q))
            continue;
          sum += volume->data[oss_grid_offset (&volume->grid, i, j, k)];
          n++;
        }
  g_assert_cmpuint (n, >, 1000);
  return sum / (double) n;
}

/* The two densities: K2HPO4-equivalent as asked to 0.3 mg/cm3 (0.5 with the ragged edge of voxels), ash above it as
 * marrow fat hides mineral: 10.5 mg/cm3 per 10 points of fat against its value at no fat. */
static void
test_densities (void)
{
  OssVirtualOptions o = options_for (2);
  OssVirtualPatient patient;
  OssVolume *ash = NULL, *k2hpo4 = NULL;

  o.vbmd_mg_cm3 = 78.0;
  o.level_low = o.level_high = 20;
  o.fov_mm = 160.0;
  o.spacing_mm[0] = o.spacing_mm[1] = 0.8;
  g_assert_true (oss_virtual_make (&o, NULL, NULL, NULL, &ash, &k2hpo4, NULL, NULL, NULL));
  g_assert_true (oss_virtual_patient_init (&patient, &o, NULL));
  double k = mean_in_centre (&patient, k2hpo4), a = mean_in_centre (&patient, ash);
  double fat = patient.truth.marrow_fat_fraction;
  g_test_message ("vBMD %.2f (78), ash %.1f, marrow fat %.2f", k, a, fat);
  g_assert_cmpfloat_with_epsilon (k, 78.0, 0.5);
  /* From the marrow table: 66, 44, 22, 0 at 54 mg/cm3, 123, 102, 82, 61 at 108: linear in both. */
  double by_table = (66.0 - 110.0 * (fat - 0.2)) + (a - 54.0) / 54.0 * (57.0 + 6.7 * (fat - 0.2));
  g_assert_cmpfloat_with_epsilon (k, by_table, 3.0);
  /* Fat and gas read below nothing, cortical bone far above the middle. */
  double low, high;
  oss_volume_range (k2hpo4, &low, &high);
  g_assert_cmpfloat (low, <, -50.0);
  g_assert_cmpfloat (high, >, 400.0);
  oss_volume_range (ash, &low, &high);
  g_assert_cmpfloat (low, ==, 0.0);
  g_assert_cmpfloat (high, <, 1083.0);
  oss_volume_unref (ash), oss_volume_unref (k2hpo4), oss_virtual_patient_clear (&patient);
}

/* A shell of 0.3 to 0.5 mm keeps its mass on any raster: total mineral on fine pixels of 0.25, 0.3 and 0.4 mm. */
static void
test_shell_mass (void)
{
  static const double pixel[3] = { 0.5, 0.6, 1.2 };
  double mass[3] = { 0.0 };
  for (int i = 0; i < 3; i++)
    {
      OssVirtualOptions o = options_for (6);
      OssVolume *ash = NULL;
      o.level_low = o.level_high = 20;
      o.fov_mm = 144.0;
      o.spacing_mm[0] = o.spacing_mm[1] = pixel[i];
      o.spacing_mm[2] = 2.0;
      g_assert_true (oss_virtual_make (&o, NULL, NULL, NULL, &ash, NULL, NULL, NULL, NULL));
      for (gsize v = 0; v < oss_grid_count (&ash->grid); v++)
        mass[i] += ash->data[v] * oss_grid_voxel_mm3 (&ash->grid) / 1e6; /* g */
      oss_volume_unref (ash);
    }
  g_test_message ("mineral: %.3f, %.3f, %.3f g", mass[0], mass[1], mass[2]);
  g_assert_cmpfloat (mass[0], >, 5.0);
  g_assert_cmpfloat_with_epsilon (mass[1] / mass[0], 1.0, 0.005);
  g_assert_cmpfloat_with_epsilon (mass[2] / mass[0], 1.0, 0.01);
}

static void
assert_usage (const OssVirtualOptions *o, const char *expected)
{
  g_autoptr (GError) error = NULL;
  OssVirtualTruth t;
  g_assert_false (oss_virtual_make (o, NULL, NULL, NULL, NULL, NULL, &t, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, expected));
}

static void
test_bad_options (void)
{
  OssVirtualOptions o = options_for (1);
  o.sex = 'X', assert_usage (&o, "X");
  o = options_for (1), o.size = 'Q', assert_usage (&o, "Q");
  o = options_for (1), o.age_years = 12.0, assert_usage (&o, "12");
  o = options_for (1), o.age_years = NAN, assert_usage (&o, "nan");
  o = options_for (1), o.vbmd_mg_cm3 = -5.0, assert_usage (&o, "-5");
  o = options_for (1), o.spacing_mm[1] = 0.01, assert_usage (&o, "0.01");
  o = options_for (1), o.fov_mm = 5.0, assert_usage (&o, "5");
  o = options_for (1), o.fov_mm = 500.0, o.spacing_mm[0] = 0.2, assert_usage (&o, "2500");
  o = options_for (1), o.contrast_hu = INFINITY, assert_usage (&o, "inf");
  o = options_for (1), o.level_low = 22, o.level_high = 19, assert_usage (&o, "T11");
  o = options_for (1), o.level_high = 200, assert_usage (&o, "L3");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/virtual/anatomy/sizes", test_sizes);
  g_test_add_func ("/virtual/anatomy/independent-draws", test_independent_draws);
  g_test_add_func ("/virtual/anatomy/population", test_population);
  g_test_add_func ("/virtual/anatomy/distance", test_distance);
  g_test_add_func ("/virtual/anatomy/labels", test_labels);
  g_test_add_func ("/virtual/anatomy/truth-sizes", test_truth_sizes);
  g_test_add_func ("/virtual/anatomy/densities", test_densities);
  g_test_add_func ("/virtual/anatomy/shell-mass", test_shell_mass);
  g_test_add_func ("/virtual/anatomy/bad-options", test_bad_options);
  return g_test_run ();
}
