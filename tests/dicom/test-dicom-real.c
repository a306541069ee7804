/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real scanners' files.  The numbers are those of the data sets' own descriptions (each folder's
 * README.md), read there with pydicom and GDCM. */
#include "dicom-fixture.h"

#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-series-private.h"

#include <math.h>
#include <string.h>

/* The folder or file of a public data set; NULL, and the test skipped, where it is absent. */
static char *
real_data (const char *name)
{
  const char *root = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *path = g_build_filename (root != NULL ? root : "", name, NULL);

  if (root != NULL && *root != '\0' && g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  g_test_message ("the public data set %s is not there (meson option shared_data)", name);
  g_test_skip ("public data set absent");
  return NULL;
}

/* Philips Brilliance 16P, feet first, implicit little endian, file numbers not in slice order. */
static void
test_lidc (void)
{
  g_autofree char *path = real_data ("dicom_lidc_thoracic_T12_T11");
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  g_autoptr (OssSeriesList) list = fixture_scan (path);
  const OssSeries *series = oss_series_pick (list, NULL, "D", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->series->len, ==, 1);
  g_assert_cmpuint (list->files_not_dicom, ==, 1); /* README.md */
  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_NOTES);
  g_assert_cmpuint (series->reasons->len, ==, 1);
  g_assert_true (fixture_has_reason (series, "sharp-kernel")); /* Philips D; nothing else is amiss */
  g_assert_cmpuint (series->files->len, ==, 54);
  g_assert_cmpfloat_with_epsilon (series->grid.spacing[0], 0.78125, 1e-9);
  g_assert_cmpfloat_with_epsilon (series->grid.spacing[2], 1.0, 1e-5);
  g_assert_cmpfloat_with_epsilon (series->grid.origin[2], -679.8, 1e-3);
  g_assert_cmpfloat_with_epsilon (series->grid.origin[2] + 53 * series->grid.spacing[2], -626.8, 1e-3);
  g_autoptr (OssVolume) volume = oss_series_load (series, NULL, &error);
  g_assert_no_error (error);
  double low, high;
  oss_volume_range (volume, &low, &high);
  g_assert_cmpfloat (low, ==, -1000.0); /* the intercept is -1000, not -1024 */
  g_assert_cmpfloat (high, >, 900.0);   /* cortical bone */
}

/* A gantry tilted by 16.5 degrees; a scout and a dose screen that are not stacked; a DICOMDIR
 * that lists files which are not there. */
static void
test_tilt_study (void)
{
  g_autofree char *path = real_data ("dicom_tilt_philips");
  const OssSeries *found[3] = { NULL };

  if (path == NULL)
    return;
  g_autoptr (OssSeriesList) list = fixture_scan (path);
  g_assert_cmpuint (list->series->len, ==, 3);
  g_assert_cmpuint (list->damaged->len, ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      found[i] = g_ptr_array_index (list->series, i);
      g_assert_cmpint (found[i]->verdict, ==, OSS_VERDICT_REFUSED);
    }
  g_assert_cmpstr (fixture_refusal (found[0], 0), ==, "localizer");
  g_assert_cmpstr (fixture_refusal (found[1], 0), ==, "tilt");
  g_assert_cmpstr (fixture_refusal (found[2], 0), ==, "dose-report");
  g_assert_cmpfloat_with_epsilon (found[1]->tilt_deg, 16.5, 0.01);
  g_assert_nonnull (strstr (fixture_reason_text (found[1], "tilt"), "16.5°"));
}

/* Siemens mCT: JPEG 2000, two-valued kernel, 3 mm slices every 2 mm, no SOP class, no series UID. */
static void
test_siemens (void)
{
  g_autofree char *path = real_data ("dicom_siemens_mct_j2k/series");
  static const char *const notes[] = { "overlap", "iterative", "contrast", "no-sop-class", "no-series-uid" };
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  g_autoptr (OssSeriesList) list = fixture_scan (path);
  const OssSeries *series = oss_series_pick (list, NULL, "Br38f", &error);
  g_assert_no_error (error);
  g_assert_cmpint (series->verdict, ==, OSS_VERDICT_NOTES);
  for (gsize i = 0; i < G_N_ELEMENTS (notes); i++)
    g_assert_true (fixture_has_reason (series, notes[i]));
  g_assert_cmpint (series->grid.size[2], ==, 20);
  g_assert_cmpfloat_with_epsilon (series->grid.spacing[2], 2.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (series->grid.spacing[0], 0.9765625, 1e-9);
  g_assert_cmpfloat_with_epsilon (series->grid.origin[2], -804.5, 1e-9);
  g_autoptr (OssVolume) volume = oss_series_load (series, NULL, &error);
  g_assert_no_error (error);
  double low, high;
  oss_volume_range (volume, &low, &high);
  g_assert_cmpfloat (low, ==, -1024.0);
  g_assert_cmpfloat (high, <=, 3071.0);
  g_assert_cmpfloat (high, >, 500.0);
}

/* One GE slice in sixteen syntaxes: the lossless ones give the pixels of the uncompressed one. */
static void
test_transfer_syntaxes (void)
{
  static const struct
  {
    const char *suffix;
    const char *code; /* refusal, or note where it starts with '+', or NULL */
    int difference;   /* largest allowed of stored values; -1: not decoded */
  } cases[] = {
    { "_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2", NULL, 0 },
    { "_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1", NULL, 0 },
    { "_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2", NULL, 0 },
    { "_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99", NULL, 0 },
    { "_RLELosslessTransferSyntax_1.2.840.10008.1.2.5", NULL, 0 },
    { "_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57", NULL, 0 },
    { "_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70", NULL, 0 },
    { "_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80", NULL, 0 },
    { "_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90", NULL, 0 },
    { "_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91", "+lossy", 5 },
    { "_JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81", "+lossy", 1 },
    { "_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51", "+lossy", -1 },
    { "_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50", "lossy", -1 },
    { "_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53", "+lossy", -1 },
    { "_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55", "+lossy", -1 },
  };
  g_autofree char *folder = real_data ("dicom_transfer_syntaxes");
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  g_autoptr (GError) error = NULL;
  OssDicomHeader header;

  if (folder == NULL)
    return;
  g_autofree char *plain = g_build_filename (folder, "CTImage.dcm", NULL);
  g_autofree gint16 *expected = (gint16 *) (void *) oss_dicom_read_pixels (readers, plain, NULL, &header, &error);
  g_assert_no_error (error);
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      g_autofree char *name = g_strdup_printf ("CTImage.dcm%s.dcm", cases[c].suffix);
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (OssSeriesList) list = fixture_scan (path);
      const OssSeries *series = g_ptr_array_index (list->series, 0);
      g_test_message ("%s", cases[c].suffix);
      if (cases[c].code == NULL)
        {
          g_assert_false (fixture_has_reason (series, "lossy"));
          g_assert_cmpstr (fixture_refusal (series, 0), ==, "single-slice"); /* and nothing else */
        }
      else if (cases[c].code[0] == '+')
        g_assert_true (fixture_has_reason (series, cases[c].code + 1));
      else
        g_assert_cmpstr (fixture_refusal (series, 0), ==, cases[c].code);
      if (cases[c].difference < 0)
        continue;
      g_autofree gint16 *stored = (gint16 *) (void *) oss_dicom_read_pixels (readers, path, NULL, &header, &error);
      g_assert_no_error (error);
      int worst = 0;
      for (int i = 0; i < 512 * 512; i++)
        worst = MAX (worst, ABS (stored[i] - expected[i]));
      g_assert_cmpint (worst, <=, cases[c].difference);
    }
}

/* 12-bit lossy JPEG is read with a note: measured against the uncompressed slice, HU differ by 3.8
 * in the mean, which is also less than the difference of any wrong bit depth or rescale. */
static void
test_lossy_jpeg (void)
{
  g_autofree char *plain = real_data ("dicom_transfer_syntaxes/CTImage.dcm");
  g_autofree char *lossy =
      real_data ("dicom_transfer_syntaxes/CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm");
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  g_autofree float *hu = g_new (float, 2 * 512 * 512);
  const char *paths[] = { plain, lossy };
  double sum = 0.0;

  if (plain == NULL || lossy == NULL)
    return;
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      OssDicomHeader header;
      g_autofree guint8 *stored = oss_dicom_read_pixels (readers, paths[i], NULL, &header, &error);
      g_assert_no_error (error);
      g_assert_true (oss_series_to_hu (&header, stored, hu + i * 512 * 512, &error));
    }
  for (int i = 0; i < 512 * 512; i++)
    sum += fabs ((double) hu[i] - hu[512 * 512 + i]);
  g_assert_cmpfloat (sum / (512 * 512), <, 4.0);
  g_assert_cmpfloat (sum, >, 0.0);
}

/* A JPEG 2000 image of another size than its header says is not decoded. */
static void
test_j2k_size (void)
{
  g_autofree char *from = real_data ("dicom_transfer_syntaxes/CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840."
                                     "10008.1.2.4.90.dcm");
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  OssDicomHeader header;
  gsize size;

  if (from == NULL)
    return;
  char *folder = fixture_folder ();
  g_autofree char *path = g_build_filename (folder, "huge.dcm", NULL);
  g_assert_true (g_file_get_contents (from, &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
  /* SIZ marker: length, capabilities, then the width, 512. */
  fixture_patch (path, "\xff\x51\0\x29\0\0\0\0\x02\0", "\xff\x51\0\x29\0\0\0\x0f\x02\0", 10);
  g_assert_null (oss_dicom_read_pixels (readers, path, NULL, &header, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_test_message ("%s", error->message);
  fixture_remove (folder);
}

static void
test_other_series (void)
{
  static const struct
  {
    const char *folder;
    guint n_series;
    OssVerdict verdict; /* of the first */
    const char *reason;
    double spacing; /* along the stack; 0: no stack */
  } cases[] = {
    { "dicom_density_phantom_qrm", 1, OSS_VERDICT_NOTES, "derived", 3.0 },
    { "dicom_reformats_toshiba", 6, OSS_VERDICT_REFUSED, "single-slice", 0.0 },
    { "dicom_enhanced_multiframe", 1, OSS_VERDICT_REFUSED, "not-hu", 0.0 }, /* blood flow, ml/100ml/s */
    { "dicom_seg_liver_spine/ct-3slice", 1, OSS_VERDICT_NOTES, "overlap", 1.0 },
    { "scanco_formats_one_volume/dicom", 1, OSS_VERDICT_NOTES, "unknown-kernel", 0.0607 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = real_data (cases[i].folder);
      if (path == NULL)
        continue;
      g_autoptr (OssSeriesList) list = fixture_scan (path);
      const OssSeries *series = g_ptr_array_index (list->series, 0);
      g_assert_cmpuint (list->series->len, ==, cases[i].n_series);
      g_assert_cmpint (series->verdict, ==, cases[i].verdict);
      g_assert_true (fixture_has_reason (series, cases[i].reason));
      g_assert_cmpint (series->has_grid, ==, cases[i].spacing > 0.0);
      if (series->has_grid) /* positions are printed with four digits */
        g_assert_cmpfloat_with_epsilon (series->grid.spacing[2], cases[i].spacing, 5e-5);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dicom/real/lidc", test_lidc);
  g_test_add_func ("/dicom/real/tilt-study", test_tilt_study);
  g_test_add_func ("/dicom/real/siemens", test_siemens);
  g_test_add_func ("/dicom/real/transfer-syntaxes", test_transfer_syntaxes);
  g_test_add_func ("/dicom/real/lossy-jpeg", test_lossy_jpeg);
  g_test_add_func ("/dicom/real/j2k-size", test_j2k_size);
  g_test_add_func ("/dicom/real/other-series", test_other_series);
  return g_test_run ();
}
