/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-vertebra.h"

/* Reference: the label tables of VerSe'20 and of TotalSegmentator v2 ("total"), as published. */
static const struct
{
  const char *name;
  guint8 verse, total;
} published[] = {
  { "C1", 1, 50 },  { "C7", 7, 44 },  { "T1", 8, 43 },  { "T9", 16, 35 }, { "T11", 18, 33 }, { "T12", 19, 32 },
  { "L1", 20, 31 }, { "L2", 21, 30 }, { "L3", 22, 29 }, { "L4", 23, 28 }, { "L5", 24, 27 },  { "Sacrum", 26, 25 },
};

static void
test_published_numbers (void)
{
  for (guint n = 0; n < G_N_ELEMENTS (published); n++)
    {
      g_assert_cmpint (oss_vertebra_from_name (published[n].name), ==, published[n].verse);
      g_assert_cmpstr (oss_vertebra_name (published[n].verse), ==, published[n].name);
      g_assert_cmpint (oss_vertebra_to_verse (OSS_NUMBERING_TOTALSEGMENTATOR, published[n].total), ==,
                       published[n].verse);
      g_assert_cmpint (oss_vertebra_from_verse (OSS_NUMBERING_TOTALSEGMENTATOR, published[n].verse), ==,
                       published[n].total);
      g_assert_cmpint (oss_vertebra_to_verse (OSS_NUMBERING_VERSE, published[n].verse), ==, published[n].verse);
    }
  g_assert_cmpint (oss_vertebra_to_verse (OSS_NUMBERING_TOTALSEGMENTATOR, 26), ==, 26); /* S1: of the sacrum */
  g_assert_cmpint (oss_vertebra_from_name ("L6"), ==, 25);
  g_assert_cmpint (oss_vertebra_from_name ("T13"), ==, 28);
  g_assert_cmpint (oss_vertebra_from_name ("l1"), ==, 20);
}

static void
test_no_vertebra (void)
{
  g_assert_cmpint (oss_vertebra_from_name ("L7"), ==, 0);
  g_assert_cmpint (oss_vertebra_from_name (""), ==, 0);
  g_assert_cmpint (oss_vertebra_from_name (NULL), ==, 0);
  g_assert_null (oss_vertebra_name (0));
  g_assert_null (oss_vertebra_name (29));
  g_assert_null (oss_vertebra_name (255));
  g_assert_cmpint (oss_vertebra_to_verse (OSS_NUMBERING_VERSE, 31), ==, 0);
  g_assert_cmpint (oss_vertebra_to_verse (OSS_NUMBERING_TOTALSEGMENTATOR, 24), ==, 0);
  g_assert_cmpint (oss_vertebra_to_verse (OSS_NUMBERING_TOTALSEGMENTATOR, 51), ==, 0);
  g_assert_cmpint (oss_vertebra_from_verse (OSS_NUMBERING_TOTALSEGMENTATOR, 25), ==, 0); /* it knows no L6 */
  g_assert_cmpint (oss_vertebra_to_verse (OSS_NUMBERING_BINARY, 1), ==, 0);
}

static void
test_numbering_names_and_guess (void)
{
  gsize histogram[256] = { 1000 };

  for (int n = OSS_NUMBERING_UNKNOWN; n <= OSS_NUMBERING_BINARY; n++)
    g_assert_cmpint (oss_numbering_from_name (oss_numbering_name ((OssNumbering) n)), ==, n);
  g_assert_cmpint (oss_numbering_from_name ("TotalSegmentator"), ==, OSS_NUMBERING_TOTALSEGMENTATOR);
  g_assert_cmpint (oss_numbering_from_name ("other"), ==, OSS_NUMBERING_UNKNOWN);

  g_assert_cmpint (oss_numbering_guess (histogram), ==, OSS_NUMBERING_UNKNOWN);
  histogram[1] = 10;
  g_assert_cmpint (oss_numbering_guess (histogram), ==, OSS_NUMBERING_BINARY);
  histogram[1] = 0, histogram[16] = histogram[24] = 10;
  g_assert_cmpint (oss_numbering_guess (histogram), ==, OSS_NUMBERING_VERSE);
  histogram[16] = histogram[24] = 0, histogram[26] = histogram[31] = histogram[33] = 10;
  g_assert_cmpint (oss_numbering_guess (histogram), ==, OSS_NUMBERING_TOTALSEGMENTATOR);
  histogram[26] = histogram[31] = histogram[33] = 0, histogram[200] = 10;
  g_assert_cmpint (oss_numbering_guess (histogram), ==, OSS_NUMBERING_UNKNOWN);
}

static void
test_frame (void)
{
  const OssVertebraFrame frame = {
    .centre = { 10, 20, 30 }, .right = { -1, 0, 0 }, .anterior = { 0, -1, 0 }, .superior = { 0, 0, 1 }
  };
  const double lps[3] = { 7.0, 18.0, 35.0 };
  double local[3], back[3], superior[3];

  /* Smaller LPS x is the patient's right, smaller y anterior. */
  oss_vertebra_frame_local (&frame, lps, local);
  g_assert_cmpfloat (local[0], ==, 3.0);
  g_assert_cmpfloat (local[1], ==, 2.0);
  g_assert_cmpfloat (local[2], ==, 5.0);
  oss_vertebra_frame_patient (&frame, local, back);
  oss_cross (frame.right, frame.anterior, superior);
  for (int a = 0; a < 3; a++)
    {
      g_assert_cmpfloat (back[a], ==, lps[a]);
      g_assert_cmpfloat (superior[a], ==, frame.superior[a]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/image/vertebra/published-numbers", test_published_numbers);
  g_test_add_func ("/image/vertebra/no-vertebra", test_no_vertebra);
  g_test_add_func ("/image/vertebra/numbering-names-and-guess", test_numbering_names_and_guess);
  g_test_add_func ("/image/vertebra/frame", test_frame);
  return g_test_run ();
}
