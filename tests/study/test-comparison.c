/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Agreement, a study's cut-offs, and the pairs of a worklist. */
#include "study/oss-comparison.h"

#include "worklist-rows.h"

#include <math.h>

/* Four pairs worked out by hand: differences -20, 0, 0, +20 %; SD sqrt (800 / 3). */
static void
test_agreement (void)
{
  const double a[] = { 80.0, 50.0, 10.0, 120.0, NAN }, b[] = { 100.0, 50.0, 10.0, 100.0, 3.0 };
  OssAgreement agreement;

  oss_agreement_compute (a, b, G_N_ELEMENTS (a), &agreement);
  g_assert_cmpint (agreement.n, ==, 4);
  g_assert_cmpfloat (fabs (agreement.mean), <, 1e-12);
  g_assert_cmpfloat (fabs (agreement.mean_absolute - 10.0), <, 1e-12);
  g_assert_cmpfloat (fabs (agreement.sd - sqrt (800.0 / 3.0)), <, 1e-12);
  g_assert_cmpfloat (fabs (agreement.high - 1.96 * sqrt (800.0 / 3.0)), <, 1e-12);
  g_assert_cmpfloat (agreement.low, ==, -agreement.high);
  oss_agreement_compute (a, b, 1, &agreement);
  g_assert_cmpfloat (agreement.mean, ==, agreement.mean_absolute * -1.0);
  g_assert_true (isnan (agreement.low));
  oss_agreement_compute (a, b, 0, &agreement);
  g_assert_true (agreement.n == 0 && isnan (agreement.mean));
}

/* Table 2 of Jiang et al. 2023. */
static void
test_cut_offs (void)
{
  OssCutOffs cut_offs;
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_cut_offs_find ("jiang2023", "b70F", &cut_offs, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (cut_offs.stiffness_osteoporosis, ==, 7478.0);
  g_assert_cmpfloat (cut_offs.stiffness_osteopenia, ==, 13016.0);
  g_assert_cmpfloat (cut_offs.strength_osteoporosis, ==, 6498.0);
  g_assert_cmpfloat (cut_offs.strength_osteopenia, ==, 7129.0);
  g_assert_cmpstr (oss_cut_offs_class (7477.0, 7478.0, 13016.0), ==, "osteoporosis");
  g_assert_cmpstr (oss_cut_offs_class (7478.0, 7478.0, 13016.0), ==, "osteopenia");
  g_assert_cmpstr (oss_cut_offs_class (13016.0, 7478.0, 13016.0), ==, "normal");
  g_assert_cmpstr (oss_cut_offs_class (NAN, 7478.0, 13016.0), ==, "");
  g_assert_false (oss_cut_offs_find ("jiang2023", "FC30", &cut_offs, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (oss_cut_offs_find ("nobody", "B40f", &cut_offs, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

static void
test_hostile (void)
{
  static const char *const texts[] = { "",
                                       "[]",
                                       "null",
                                       "{",
                                       "{\"stiffness_n_per_mm\": \"much\"}",
                                       "{\"stiffness_n_per_mm\": {}, \"input\": 3, \"strength_estimators\": []}" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (oss_comparison_side_parse (texts[i], &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
    }
}

static gint64
add_study (OssWorklist *worklist, const char *uid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssSeriesList) list = row_list (row_series ("VP-1", "B^H", "19540802", uid, "20260314", uid, 1), NULL);
  g_autoptr (GArray) ids = oss_worklist_import (worklist, list, NULL, &error);

  g_assert_no_error (error);
  return g_array_index (ids, gint64, 0);
}

static void
add (OssWorklist *worklist, gint64 study, const char *vertebra, const char *kernel, const char *engine,
     const char *date, double stiffness)
{
  g_autoptr (GError) error = NULL;
  const OssWorklistAnalysis analysis = { .study = study,
                                         .vertebra = (char *) vertebra,
                                         .engine = (char *) engine,
                                         .kernel = (char *) kernel,
                                         .date = (char *) date,
                                         .basis = (char *) "K2HPO4",
                                         .strength_n = NAN,
                                         .strength_uncertainty_n = NAN,
                                         .stiffness_n_per_mm = stiffness,
                                         .vbmd_mg_cm3 = 80.0,
                                         .vbmd_uncertainty_mg_cm3 = NAN,
                                         .state = OSS_ANALYSIS_DONE };

  g_assert_cmpint (oss_worklist_add_analysis (worklist, &analysis, &error), >, 0);
}

/* Of each vertebra of each study the latest by either kernel; other engines, other vertebrae and single kernels pair
 * with nothing. */
static void
test_pairs (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "worklist.sqlite", NULL);
  g_autoptr (GError) error = NULL;
  OssWorklist *worklist = oss_worklist_open (path, NULL, &error);
  g_assert_no_error (error);
  gint64 one = add_study (worklist, "1.2.1"), two = add_study (worklist, "1.2.2");

  add (worklist, one, "L1", "B40f", "tet10", "2026-03-14T10:00:00Z", 1.0);
  add (worklist, one, "L1", "B40f", "tet10", "2026-03-15T10:00:00Z", 8800.0);
  add (worklist, one, "L1", "B70f", "tet10", "2026-03-14T11:00:00Z", 10000.0);
  add (worklist, one, "L2", "B70f", "hex8", "2026-03-14T11:00:00Z", 3.0);
  add (worklist, one, "L2", "B40f", "tet10", "2026-03-14T11:00:00Z", 4.0);
  add (worklist, two, "L1", "B40f", "tet10", "2026-03-14T10:00:00Z", 9000.0);
  add (worklist, two, "L1", "B70f", "tet10", "2026-03-14T11:00:00Z", 9500.0);
  add (worklist, two, "T12", "B40f", "tet10", "2026-03-14T11:00:00Z", 5.0);
  g_autoptr (GArray) pairs = oss_worklist_get_kernel_pairs (worklist, "B40f", "B70f", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pairs->len, ==, 2);
  const OssKernelPair *first = &g_array_index (pairs, OssKernelPair, 0);
  g_assert_cmpfloat (first->stiffness_n_per_mm[0], ==, 8800.0);
  g_assert_cmpfloat (first->stiffness_n_per_mm[1], ==, 10000.0);
  g_assert_true (isnan (first->strength_n[0]));
  g_assert_cmpfloat (g_array_index (pairs, OssKernelPair, 1).stiffness_n_per_mm[1], ==, 9500.0);
  oss_worklist_close (worklist);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/comparison/agreement", test_agreement);
  g_test_add_func ("/study/comparison/cut-offs", test_cut_offs);
  g_test_add_func ("/study/comparison/hostile", test_hostile);
  g_test_add_func ("/study/comparison/pairs", test_pairs);
  return g_test_run ();
}
