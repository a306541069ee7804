/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of known kernels, and the user's own. */
#include "base/oss-file.h"
#include "image/oss-kernel.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static OssKernel
find (const char *maker, const char *name, gboolean known)
{
  OssKernel kernel;
  g_assert_cmpint (oss_kernel_find (maker, NULL, name, &kernel), ==, known);
  return kernel;
}

/* The published values: Siemens B30 3.5 and 5.9, D45 5.6 and 9.4 lp/cm at 50 and 10 % (FDA DIDSR pediatricIQphantoms,
 * make_CTP404.m); the shape puts a half and a tenth exactly there. */
static void
test_measured (void)
{
  OssKernel b30 = find ("SIEMENS", "B30f", TRUE), d45 = find ("Siemens Healthineers", "D45", TRUE);

  g_assert_cmpint (b30.status, ==, OSS_KERNEL_MEASURED);
  g_assert_cmpint (d45.status, ==, OSS_KERNEL_MEASURED);
  g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&b30, 3.5), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&b30, 5.9), 0.1, 1e-12);
  g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&d45, 5.6), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (oss_kernel_f10 (&d45), 9.4, 1e-9);
  OssKernel fc12 = find ("TOSHIBA", "FC12", TRUE);
  g_assert_cmpint (fc12.status, ==, OSS_KERNEL_MEASURED);
  g_assert_cmpint (fc12.sharpness, ==, OSS_KERNEL_STANDARD);
  g_assert_cmpfloat_with_epsilon (b30.exponent, 2.3, 0.005);
  g_assert_cmpfloat (oss_kernel_mtf (&b30, 0.0), ==, 1.0);
  g_assert_nonnull (strstr (b30.source, "DIDSR"));
}

/* Rules say that they are rules. */
static void
test_derived (void)
{
  OssKernel br30 = find ("SIEMENS", "Br30", TRUE), br40 = find ("SIEMENS", "Br40d", TRUE);
  OssKernel b40 = find ("SIEMENS", "B40f", TRUE), b45 = find ("SIEMENS", "B45s", TRUE);
  OssKernel b70 = find ("SIEMENS", "B70f", TRUE), fc30 = find ("TOSHIBA", "FC30", TRUE);

  g_assert_cmpint (br40.status, ==, OSS_KERNEL_DERIVED);
  g_assert_cmpfloat_with_epsilon (br40.f50 / br30.f50, pow (1.04, 10.0), 1e-9);
  g_assert_cmpint (b40.status, ==, OSS_KERNEL_RECALLED);
  g_assert_cmpint (b45.status, ==, OSS_KERNEL_DERIVED);
  g_assert_cmpfloat (b45.f50, >, b40.f50);
  g_assert_cmpfloat (b45.f50, <, b70.f50);
  g_assert_cmpfloat_with_epsilon (oss_kernel_f10 (&fc30), 11.0, 1e-9);
  for (int number = 10; number < 90; number++)
    {
      g_autofree char *low = g_strdup_printf ("B%02df", number), *high = g_strdup_printf ("B%02df", number + 1);
      OssKernel a = find ("SIEMENS", low, TRUE), b = find ("SIEMENS", high, TRUE);
      g_assert_cmpfloat (b.f50, >, a.f50);
      g_assert_cmpfloat (oss_kernel_f10 (&b), >, oss_kernel_f10 (&a));
    }
}

/* The virtual scanner's two kernels are in both tables with the same numbers. */
static void
test_virtual (void)
{
  static const char *const names[] = { "B40f", "B70f" };
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = oss_file_find_data ("kernels.ini", NULL);

  g_assert_true (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL));
  for (int i = 0; i < 2; i++)
    {
      OssKernel kernel = find ("Ossature", names[i], TRUE);
      g_assert_cmpint (kernel.status, ==, OSS_KERNEL_VIRTUAL);
      g_assert_cmpfloat (kernel.f50, ==, g_key_file_get_double (file, names[i], "f50", NULL));
      g_assert_cmpfloat_with_epsilon (kernel.exponent, 2.3, 0.03); /* f10 is rounded */
    }
  OssKernel named = find ("SIEMENS", "Ossature:B40f", TRUE);
  g_assert_cmpfloat (named.f50, ==, 3.5);
}

/* What is not there is not made up. */
static void
test_unknown (void)
{
  static const struct
  {
    const char *maker, *name, *word;
  } cases[] = { { "SIEMENS", "Q45x9", "Q45x9" },
                { "", "", "name its kernel" },
                { "GE MEDICAL SYSTEMS", "BONEPLUS", "sharp" },
                { "Philips", "YA", "smooth" },
                { "SIEMENS", "B", "B" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      OssKernel kernel;
      g_autoptr (GError) error = NULL;
      g_assert_false (oss_kernel_need (cases[i].maker, NULL, cases[i].name, &kernel, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
      g_assert_nonnull (strstr (error->message, cases[i].word));
      g_assert_nonnull (strstr (error->message, "--from-kernel"));
      g_assert_nonnull (strstr (error->message, "kernel measure") != NULL ? error->message
                                                                          : strstr (error->message, "measure it"));
      g_assert_true (isnan (kernel.f50));
    }
}

/* A measured kernel comes before the table's, for its own scanner. */
static void
test_own (void)
{
  OssKernel kept = { .name = "B70f", .maker = "SIEMENS", .model = "Flash", .f50 = 7.1, .exponent = 2.0 }, found;
  g_autoptr (GError) error = NULL;

  g_strlcpy (kept.source, "a rod in the scanner's own phantom", sizeof kept.source);
  g_assert_true (oss_kernel_keep (&kept, &error));
  kept.f50 = 7.2; /* measured again: in its place */
  g_assert_true (oss_kernel_keep (&kept, &error));
  g_assert_true (oss_kernel_find ("SIEMENS", "Flash", "B70f", &found));
  g_assert_true (found.own);
  g_assert_cmpint (found.status, ==, OSS_KERNEL_MEASURED);
  g_assert_cmpint (found.sharpness, ==, OSS_KERNEL_SHARP);
  g_assert_cmpfloat (found.f50, ==, 7.2);
  g_assert_true (oss_kernel_find ("SIEMENS", "Force", "B70f", &found));
  g_assert_false (found.own);
  g_autoptr (GArray) all = oss_kernel_all ();
  g_assert_true (g_array_index (all, OssKernel, 0).own);
  g_assert_false (g_array_index (all, OssKernel, 1).own);
  g_assert_cmpuint (all->len, >, 20);
  kept.f50 = 0.0;
  g_assert_false (oss_kernel_keep (&kept, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_autofree char *path = oss_kernel_own_path ();
  g_assert_true (g_str_has_prefix (path, g_get_user_data_dir ()));
  g_unlink (path);
}

static void
test_file (void)
{
  static const struct
  {
    const char *text;
    double f50, f10, overshoot;
  } cases[] = { { "[mine]\nf50=4.1\nf10=7\n", 4.1, 7.0, 0.0 },
                { "lp/cm,MTF\n0,1\n2,0.9\n4,0.5\n6,0.3\n8,0.1\n10,0.0\n", 4.0, 8.0, 0.0 },
                { "0 1\n2 1.2\n4 0.9\n6 0.5\n8 0.1\n9 0\n", 6.0, 8.0, 0.2 },
                { "0 0.2\n1 0.1\n2 0\n", 0.0, 0.0, 0.0 },
                { "words only\n", 0.0, 0.0, 0.0 } };
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "ossature-mtf-test.csv", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      OssKernel kernel;
      g_autoptr (GError) error = NULL;
      g_assert_true (g_file_set_contents (path, cases[i].text, -1, NULL));
      gboolean good = oss_kernel_read_mtf (path, &kernel, &error);
      g_assert_cmpint (good, ==, cases[i].f50 > 0.0);
      if (!good)
        {
          g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
          continue;
        }
      g_assert_cmpfloat_with_epsilon (kernel.f50, cases[i].f50, 1e-9);
      g_assert_cmpfloat_with_epsilon (oss_kernel_f10 (&kernel), cases[i].f10, 1e-9);
      if (cases[i].overshoot > 0.0)
        g_assert_cmpfloat_with_epsilon (oss_kernel_mtf (&kernel, 2.0), 1.2, 0.01);
    }
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("ossature-kernel-XXXXXX", NULL);
  g_setenv ("XDG_DATA_HOME", folder, TRUE); /* never the user's own table */
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/image/kernel/measured", test_measured);
  g_test_add_func ("/image/kernel/derived", test_derived);
  g_test_add_func ("/image/kernel/virtual", test_virtual);
  g_test_add_func ("/image/kernel/unknown", test_unknown);
  g_test_add_func ("/image/kernel/own", test_own);
  g_test_add_func ("/image/kernel/file", test_file);
  int status = g_test_run ();
  g_autofree char *inner = g_build_filename (folder, "ossature", NULL);
  g_rmdir (inner);
  g_rmdir (folder);
  return status;
}
