/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which phantom is in an image, found among all of the table: against images made by each phantom's own relation. */
#include "phantom-scan.h"

#include "base/oss-parallel.h"
#include "calibrate/oss-phantom-certificate.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  PhantomCase scan;
  int used, two_points;
} Found;

#define PLAIN .length_mm = 200, .noise_hu = 15
static const Found found[] = {
  { { .name = "mindways3", .phantom = "mindways3", PLAIN }, 5, 0 },
  { { .name = "mindways3-qa", .phantom = "mindways3-qa", PLAIN }, 4, 0 },
  { { .name = "qrm-bdc3", .phantom = "qrm-bdc3", PLAIN, .casing_hu = 5 }, 3, 0 },
  { { .name = "qrm-bdc6", .phantom = "qrm-bdc6", PLAIN, .casing_hu = 5 }, 6, 0 },
  { { .name = "image-analysis", .phantom = "image-analysis", PLAIN, .casing_hu = -10 }, 3, 0 },
  { { .name = "b-mas200", .phantom = "b-mas200", PLAIN, .casing_hu = -60 }, 5, 0 },
  { { .name = "siemens-osteo", .phantom = "siemens-osteo", PLAIN, .casing_hu = -15 }, 2, 1 },
  { { .name = "turned left", .phantom = "mindways3", PLAIN, .tilt_deg = 16, .raise_mm = 20 }, 5, 0 },
  { { .name = "turned right", .phantom = "qrm-bdc6", PLAIN, .tilt_deg = -16, .raise_mm = 22, .casing_hu = 5 }, 6, 0 },
  { { .name = "turned, three rods",
      .phantom = "image-analysis",
      PLAIN,
      .tilt_deg = 15,
      .raise_mm = 10,
      .casing_hu = -10 },
    3,
    0 },
  { { .name = "turned, two rods",
      .phantom = "siemens-osteo",
      PLAIN,
      .tilt_deg = 15,
      .reversed = TRUE,
      .casing_hu = -15 },
    2,
    1 },
  { { .name = "leaning", .phantom = "b-mas200", PLAIN, .lean = 0.06, .reversed = TRUE, .casing_hu = -60 }, 5, 0 },
  { { .name = "low table", .phantom = "mindways3", PLAIN, .raise_mm = -18 }, 5, 0 },
  { { .name = "among ribs and a cable", .phantom = "qrm-bdc3", PLAIN, .distractions = TRUE, .casing_hu = 5 }, 3, 0 },
  { { .name = "metal in a rod", .phantom = "mindways3", PLAIN, .metal_rod = 3 }, 4, 0 },
  { { .name = "circle", .phantom = "mindways3", PLAIN, .circle = TRUE, .raise_mm = 12 }, 3, 0 },
};

static GPtrArray *
everything (void)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *all = oss_phantom_all ("", &error);

  g_assert_no_error (error);
  return all;
}

static void
assert_line (const OssPhantomFit *fit, const PhantomCase *c)
{
  g_test_message ("%s: %s, slope %.5f (%.5f), intercept %.2f (%.2f), R2 %.6f, +- %.2f, %d slices", c->name,
                  fit->phantom.name, fit->line.slope, 1.0 / PHANTOM_SIGMA_CT, fit->line.intercept,
                  -PHANTOM_BETA_CT / PHANTOM_SIGMA_CT, fit->line.r2, fit->line.uncertainty_mg_cm3, fit->slices_used);
  for (int r = 0; r < fit->n_rods; r++)
    {
      g_autofree char *words = oss_phantom_describe_rod (fit, r);
      g_test_message ("  %s", words);
    }
  g_assert_cmpfloat (fabs (fit->line.slope * PHANTOM_SIGMA_CT - 1.0), <, 0.01);
  g_assert_cmpfloat (fabs (fit->line.intercept + PHANTOM_BETA_CT / PHANTOM_SIGMA_CT), <, 1.0);
}

static void
test_found (gconstpointer data)
{
  const Found *f = data;
  g_autoptr (GPtrArray) all = everything ();
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  OssPhantomFit fit;
  int used = 0;

  g_assert_true (oss_phantom_find (f->scan.phantom, &phantom, &error));
  volume = phantom_scan (&phantom, &f->scan);
  oss_phantom_search (volume, all, &fit, NULL, &error);
  g_assert_no_error (error);
  assert_line (&fit, &f->scan);
  g_assert_cmpstr (fit.phantom.name, ==, f->scan.phantom);
  for (int r = 0; r < fit.n_rods; r++)
    {
      double axis[2];

      used += fit.rods[r].used;
      g_assert_true (fit.rods[r].used == (*fit.rods[r].note == '\0'));
      phantom_rod_axis (&phantom, &f->scan, r, fit.rods[r].centre_mm[2], axis);
      g_assert_cmpfloat (hypot (fit.rods[r].centre_mm[0] - axis[0], fit.rods[r].centre_mm[1] - axis[1]), <, 1.5);
    }
  g_assert_cmpint (used, ==, f->used);
  g_assert_true (((fit.warnings & OSS_PHANTOM_RODS_LEFT_OUT) != 0) == (f->used < fit.n_rods));
  g_assert_true (((fit.warnings & OSS_PHANTOM_TWO_POINTS) != 0) == (f->two_points != 0));
  g_assert_true (isnan (fit.line.r2) == (f->two_points != 0));
  g_assert_cmpfloat (fit.line.uncertainty_mg_cm3, >, 0.0);
  if (f->scan.metal_rod > 0)
    g_assert_nonnull (strstr (fit.rods[f->scan.metal_rod - 1].note, "metal"));
}

static void
refused (const PhantomCase *c, const char *model, OssError code, const char *word)
{
  g_autoptr (GPtrArray) all = everything ();
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom, named;
  OssPhantomFit fit;
  gboolean good;

  g_assert_true (oss_phantom_find (c->phantom, &phantom, NULL));
  volume = phantom_scan (&phantom, c);
  g_assert_true (model == NULL || oss_phantom_find (model, &named, NULL));
  good = model != NULL ? oss_phantom_calibrate (volume, &named, &fit, NULL, &error)
                       : oss_phantom_search (volume, all, &fit, NULL, &error);
  g_test_message ("%s: %s", c->name, good ? "found" : error->message);
  g_assert_false (good);
  g_assert_error (error, OSS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, word));
}

static void
test_refused (void)
{
  static const PhantomCase half = { .name = "half outside", .phantom = "mindways3", PLAIN, .shift_mm = 100 };
  static const PhantomCase third = {
    .name = "a rod of three outside", .phantom = "qrm-bdc3", PLAIN, .shift_mm = 82, .casing_hu = 5
  };
  static const PhantomCase even = {
    .name = "even steps", .phantom = "b-mas200", PLAIN, .circle = TRUE, .raise_mm = 12, .casing_hu = -60
  };
  static const PhantomCase two = { .name = "two phantoms", .phantom = "mindways3", PLAIN, .second = "qrm-bdc3" };
  static const PhantomCase same = { .name = "two of a kind", .phantom = "mindways3", PLAIN, .second = "mindways3" };
  static const PhantomCase bare = {
    .name = "none, but ribs", .phantom = "mindways3", .noise_hu = 15, .distractions = TRUE
  };
  static const PhantomCase other = { .name = "another model named", .phantom = "b-mas200", PLAIN, .casing_hu = -60 };

  refused (&half, NULL, OSS_ERROR_REFUSED, "outside");
  refused (&half, "mindways3", OSS_ERROR_REFUSED, "outside");
  refused (&third, NULL, OSS_ERROR_REFUSED, "image");
  refused (&even, "b-mas200", OSS_ERROR_REFUSED, "even steps");
  refused (&even, NULL, OSS_ERROR_REFUSED, "");
  refused (&two, NULL, OSS_ERROR_REFUSED, "two phantoms");
  refused (&same, "mindways3", OSS_ERROR_REFUSED, "two phantoms");
  refused (&bare, NULL, OSS_ERROR_NOT_FOUND, "No calibration phantom");
  refused (&other, "qrm-bdc6", OSS_ERROR_NOT_FOUND, "QRM-BDC");
}

/* The one that is named is taken, whatever else is there. */
static void
test_named (void)
{
  static const PhantomCase two = { .name = "two, one named", .phantom = "mindways3", PLAIN, .second = "qrm-bdc3" };
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  OssPhantomFit fit;

  g_assert_true (oss_phantom_find ("mindways3", &phantom, NULL));
  volume = phantom_scan (&phantom, &two);
  for (int i = 0; i < 2; i++)
    {
      g_assert_true (oss_phantom_find (i == 0 ? "mindways3" : "qrm-bdc3", &phantom, NULL));
      g_assert_true (oss_phantom_calibrate (volume, &phantom, &fit, NULL, &error));
      g_assert_no_error (error);
      assert_line (&fit, &two);
    }
}

/* A rod beyond 3071 HU, as twelve bits end: left out, and the others make the line. */
static void
test_saturated (void)
{
  static const PhantomCase c = { .name = "saturated", .phantom = "mindways3", PLAIN, .ceiling_hu = 3071 };
  g_autoptr (GPtrArray) all = everything ();
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  OssPhantomFit fit;

  g_assert_true (oss_phantom_find ("mindways3", &phantom, NULL));
  phantom.rod_density[4] = 2200.0;
  volume = phantom_scan (&phantom, &c);
  g_assert_true (oss_phantom_search (volume, all, &fit, NULL, &error));
  g_assert_no_error (error);
  assert_line (&fit, &c);
  g_assert_false (fit.rods[4].used);
  g_assert_nonnull (strstr (fit.rods[4].note, "3071"));
  g_assert_cmpuint (fit.warnings, ==, OSS_PHANTOM_RODS_LEFT_OUT);
}

static void
test_certificates (void)
{
  static const char text[] = "[mindways4 77-A]\ndensity=-50;-48;60;150;370\nwater=1010;1050;1100;1118;925\n"
                             "[mindways3 9999]\ndensity=-51;-53;59;158;377\nwater=1012;1057;1103;1119;923\n";
  g_autofree char *folder = g_dir_make_tmp ("oss-phantom-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "certificates.ini", NULL);
  g_autofree char *bad = g_build_filename (folder, "bad.ini", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = NULL;
  OssPhantom phantom;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_true (oss_phantom_find_serial ("mindways4", "77-A", path, &phantom, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (phantom.rod_density[4], ==, 370.0);
  g_assert_cmpfloat (phantom.rod_spacing_mm, ==, 32.0);
  g_assert_cmpstr (phantom.serial, ==, "77-A");
  g_assert_true (oss_phantom_find_serial ("mindways3", "9999", path, &phantom, &error));
  g_assert_cmpfloat (phantom.rod_density[0], ==, -51.0);
  g_assert_true (oss_phantom_find_serial ("mindways3", "4560", path, &phantom, &error));
  g_assert_cmpfloat (phantom.rod_density[0], ==, -51.83);
  g_assert_false (oss_phantom_find_serial ("mindways3", "1", path, &phantom, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "9999, 4541A, 4560"));
  g_clear_error (&error);
  g_assert_false (oss_phantom_find_serial ("mindways4", NULL, path, &phantom, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "77-A"));
  g_clear_error (&error);
  g_assert_false (oss_phantom_find_serial ("mindways4", "5", "/nowhere/at/all.ini", &phantom, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_clear_error (&error);
  all = oss_phantom_all (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 9);

  /* A group that is wrong is said, never passed over. */
  static const char *const wrong[] = { "[mindways9 1]\ndensity=1;2;3\n", "[mindways4 1]\ndensity=1;2;3\n",
                                       "[mindways4 1]\ndensity=1;2\nwater=1000;1;5\n", "[qrm-bdc3]\ndensity=1;2;3\n",
                                       "[qrm-bdc3 7]\ndensity=100;many;800\n" };
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_true (g_file_set_contents (bad, wrong[i], -1, NULL));
      g_assert_null (oss_phantom_all (bad, &error));
      g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, "bad.ini"));
      g_clear_error (&error);
    }
  g_unlink (bad);
  g_unlink (path);
  g_rmdir (folder);
}

/* What is kept is what is found again; what else the file holds stays; what cannot be is not written. */
static void
test_keep (void)
{
  g_autofree char *path = oss_phantom_certificates_path (), *folder = g_path_get_dirname (path), *text = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom = { .name = "mindways4",
                         .serial = "4-0577",
                         .n_rods = 3,
                         .rod_density = { -50.1, 0.1, 371.0 },
                         .rod_water = { 1010.2, 1000.0, 925.1 } },
             read;
  int rod = 7;

  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (path, "# mine\n[qrm-bdc3 7]\ndensity=100;401;800\n", -1, NULL));
  g_assert_true (oss_certificate_keep (&phantom, &error));
  g_assert_no_error (error);
  g_assert_true (oss_phantom_find_serial ("mindways4", "4-0577", NULL, &read, &error));
  g_assert_no_error (error);
  g_assert_cmpint (read.n_rods, ==, 3);
  g_assert_cmpmem (read.rod_density, sizeof read.rod_density, phantom.rod_density, sizeof phantom.rod_density);
  g_assert_cmpmem (read.rod_water, sizeof read.rod_water, phantom.rod_water, sizeof phantom.rod_water);
  g_assert_true (oss_certificate_is_own ("qrm-bdc3", "7"));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "# mine"));

  phantom.rod_water[1] = 100.0;
  g_assert_false (oss_certificate_check (&phantom, &rod, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_cmpint (rod, ==, 1);
  g_assert_nonnull (strstr (error->message, "Rod B"));
  g_clear_error (&error);
  g_assert_false (oss_certificate_keep (&phantom, NULL));
  g_assert_true (oss_certificate_forget ("mindways4", "4-0577", &error));
  g_assert_no_error (error);
  g_assert_false (oss_certificate_is_own ("mindways4", "4-0577"));
  g_assert_true (oss_certificate_is_own ("qrm-bdc3", "7"));
  g_assert_false (oss_certificate_forget ("mindways4", "4-0577", &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* A file that cannot be understood is not written over. */
  phantom.rod_water[1] = 1000.0;
  g_assert_true (g_file_set_contents (path, "density=1\n", -1, NULL));
  g_assert_false (oss_certificate_keep (&phantom, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_clear_error (&error);
  g_unlink (path);
  g_rmdir (folder);
}

/* Two certificates of one model that fit alike: said and refused. */
static void
test_serials_alike (void)
{
  static const char text[] =
      "[mindways3 A]\ndensity=-51.9;-53.4;58.8;157.0;375.8\nwater=1012.2;1057.0;1103.6;1119.5;923.2\n";
  static const PhantomCase c = { .name = "two certificates", .phantom = "mindways3", PLAIN };
  g_autofree char *folder = g_dir_make_tmp ("oss-phantom-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "certificates.ini", NULL);
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  OssPhantomFit fit;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  all = oss_phantom_all (path, &error);
  g_assert_no_error (error);
  g_assert_true (oss_phantom_find ("mindways3", &phantom, NULL));
  volume = phantom_scan (&phantom, &c);
  g_assert_false (oss_phantom_search (volume, all, &fit, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "--serial"));
  g_unlink (path);
  g_rmdir (folder);
}

/* The same bits whatever the number of threads. */
static void
test_threads (void)
{
  g_autoptr (GPtrArray) all = everything ();
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  OssPhantomFit fit[2];

  memset (fit, 0, sizeof fit);
  g_assert_true (oss_phantom_find ("qrm-bdc6", &phantom, NULL));
  volume = phantom_scan (&phantom, &found[3].scan);
  for (int i = 0; i < 2; i++)
    {
      oss_parallel_set_threads (i == 0 ? 1 : 3);
      g_assert_true (oss_phantom_search (volume, all, &fit[i], NULL, &error));
    }
  oss_parallel_set_threads (0);
  g_assert_cmpmem (&fit[0].line.slope, sizeof (double), &fit[1].line.slope, sizeof (double));
  g_assert_cmpmem (fit[0].rods, sizeof fit[0].rods, fit[1].rods, sizeof fit[1].rods);
}

int
main (int argc, char **argv)
{
  /* The person's own certificates stay out of this; GLib's own isolation leaks. */
  g_autofree char *config = g_dir_make_tmp ("ossature-phantom-XXXXXX", NULL);
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (found); i++)
    {
      g_autofree char *path = g_strdup_printf ("/calibrate/phantom-find/%s", found[i].scan.name);
      g_test_add_data_func (path, &found[i], test_found);
    }
  g_test_add_func ("/calibrate/phantom-find/refused", test_refused);
  g_test_add_func ("/calibrate/phantom-find/named", test_named);
  g_test_add_func ("/calibrate/phantom-find/saturated", test_saturated);
  g_test_add_func ("/calibrate/phantom-find/certificates", test_certificates);
  g_test_add_func ("/calibrate/phantom-find/keep", test_keep);
  g_test_add_func ("/calibrate/phantom-find/serials-alike", test_serials_alike);
  g_test_add_func ("/calibrate/phantom-find/threads", test_threads);
  int status = g_test_run ();
  g_rmdir (config);
  return status;
}
