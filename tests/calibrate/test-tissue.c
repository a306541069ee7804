/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the patient's own tissues: in virtual patients whose anatomy is known, in what is left of them after cutting
 * and spoiling, and in real scans. */
#include "../test-sanitized.h"

#include "calibrate/oss-internal.h"
#include "dicom/oss-series.h"
#include "formats/oss-nifti.h"
#include "material/oss-attenuation.h"
#include "virtual/oss-virtual.h"

#include <math.h>
#include <string.h>

#define L1 20

/* One patient for all tests: L1 alone, 1 x 1 x 2 mm; coarser under the sanitizers. */
static OssVolume *plain, *bright;
static OssVirtualTruth truth;

static OssVolume *
make_patient (double contrast_hu)
{
  OssVirtualOptions options;
  OssVolume *hu = NULL;
  g_autoptr (GError) error = NULL;

  oss_virtual_options_default (&options);
  options.seed = 521;
  options.phantom = FALSE;
  options.size = 'M';
  options.level_low = options.level_high = L1;
  options.spacing_mm[0] = options.spacing_mm[1] = TEST_SANITIZED ? 1.6 : 1.0;
  options.spacing_mm[2] = TEST_SANITIZED ? 3.0 : 2.0;
  options.contrast_hu = contrast_hu;
  oss_virtual_make (&options, "B40f", &hu, NULL, NULL, NULL, &truth, NULL, &error);
  g_assert_no_error (error);
  return hu;
}

static OssVolume *
copy_of (const OssVolume *volume)
{
  return oss_volume_linear (volume, 1.0, 0.0, OSS_QUANTITY_HU, NULL);
}

/* The box around a patient point. */
static OssVolume *
crop_around (const OssVolume *volume, const double centre[3], double x_mm, double front_mm, double back_mm)
{
  const double corner[2][3] = { { centre[0] - x_mm, centre[1] - front_mm, -1e4 },
                                { centre[0] + x_mm, centre[1] + back_mm, 1e4 } };
  int low[3], high[3];
  g_autoptr (GError) error = NULL;

  for (int e = 0; e < 2; e++)
    {
      double index[3];
      oss_grid_to_index (&volume->grid, corner[e], index);
      for (int a = 0; a < 3; a++)
        (e == 0 ? low : high)[a] = (int) CLAMP (lround (index[a]), 0, volume->grid.size[a] - 1);
    }
  OssVolume *crop = oss_volume_crop (volume, low, high, &error);
  g_assert_no_error (error);
  return crop;
}

static OssInternalFit *
calibrate (const OssVolume *volume, GError **error)
{
  const OssInternalOptions options = { .kvp = 120.0 };
  return oss_internal_calibrate (volume, &options, NULL, error);
}

static void
assert_refused (const OssVolume *volume, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssInternalFit) fit = calibrate (volume, &error);

  g_assert_null (fit);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
}

static gboolean
is_noted (const OssInternalFit *fit, const char *text)
{
  for (guint i = 0; i < fit->notes->len; i++)
    if (strstr (fit->notes->pdata[i], text) != NULL)
      return TRUE;
  return FALSE;
}

/* What was painted is what is read: the tissues' HU at the patient's energy, within cupping (1.5 HU) and noise. */
static void
test_whole (void)
{
  static const char *const names[] = { "air", "adipose", "blood", "muscle" };
  g_autoptr (OssAttenuation) attenuation = oss_attenuation_load (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssInternalFit) fit = calibrate (plain, &error);

  g_assert_no_error (error);
  for (int t = 0; t <= OSS_OWN_MUSCLE; t++)
    {
      const OssOwnRegion *region = &fit->tissues->of[t];
      double hu = oss_attenuation_hu (attenuation, oss_attenuation_find (attenuation, names[t], NULL),
                                      truth.effective_energy_kev);
      g_test_message ("%s %.2f HU, %.2f painted; SD %.1f, standard error %.2f, %zu voxels", names[t], region->mean_hu,
                      hu, region->sd_hu, region->standard_error_hu, region->voxels);
      g_assert_true (region->used && !region->given);
      g_assert_cmpfloat (fabs (region->mean_hu - hu), <, 2.5);
      g_assert_cmpfloat (region->standard_error_hu, <, 1.0);
      g_assert_cmpfloat (region->sd_hu, >, 2.0);
    }
  g_assert_false (fit->tissues->of[OSS_OWN_BONE].used);
  g_assert_cmpuint (strlen (fit->tissues->of[OSS_OWN_BONE].note), >, 0);
  /* The aorta of the virtual anatomy lies 7 to 13 mm to the left of the column, 11 to 13 mm in front of the body. */
  const double *at = fit->tissues->of[OSS_OWN_BLOOD].centre_mm;
  g_assert_cmpfloat (fabs (at[0] - truth.l1_centre_mm[0] - 10.0), <, 6.0);
  g_assert_cmpfloat (fabs (at[1] - truth.l1_centre_mm[1] + 0.5 * truth.l1_depth_mm + 12.0), <, 6.0);
  g_assert_cmpfloat (fabs (fit->tissues->aorta_hu - 55.0), <, 5.0);
  g_assert_false (fit->tissues->contrast);
  /* Trabecular density of 100 mg/cm3: within 4 % of the true line. */
  double true_hu = (100.0 - truth.true_intercept) / truth.true_slope;
  g_assert_cmpfloat (fabs (fit->line.slope * true_hu + fit->line.intercept - 100.0), <, 4.0);
}

/* The same image with rows and slices turned around is the same patient. */
static void
test_orientation (void)
{
  g_autoptr (OssVolume) turned = oss_volume_new (&plain->grid, OSS_QUANTITY_HU, NULL);
  OssGrid *grid = &turned->grid;
  g_autoptr (GError) error = NULL;

  for (int a = 0; a < 3; a++)
    {
      grid->origin[a] += (grid->size[a] - 1) * grid->spacing[a];
      grid->direction[4 * a] = -1.0;
    }
  gsize n = oss_grid_count (grid);
  for (gsize i = 0; i < n; i++)
    turned->data[i] = plain->data[n - 1 - i];
  g_autoptr (OssInternalFit) a = calibrate (plain, NULL);
  g_autoptr (OssInternalFit) b = calibrate (turned, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (a->line.slope, b->line.slope, 1e-3);
  g_assert_cmpfloat_with_epsilon (a->line.intercept, b->line.intercept, 0.2);
}

/* Without the skin, air is not around and fat is inside: both are said. */
static void
test_crops (void)
{
  g_autoptr (OssVolume) small = crop_around (plain, truth.l1_centre_mm, 62.0, 85.0, 66.0);
  g_autoptr (OssVolume) tight = crop_around (plain, truth.l1_centre_mm, 30.0, 17.0, 30.0);
  g_autoptr (OssVolume) fatless = copy_of (small);
  g_autoptr (GError) error = NULL;

  g_autoptr (OssInternalFit) fit = calibrate (small, &error);
  g_assert_no_error (error);
  g_assert_false (fit->tissues->of[OSS_OWN_AIR].used);
  g_assert_true (is_noted (fit, "no air in the image"));
  g_assert_true (is_noted (fit, "Fat is read inside the body"));
  g_assert_true (fit->tissues->of[OSS_OWN_MUSCLE].used);
  assert_refused (tight, "no trunk of a patient");
  gsize n = oss_grid_count (&fatless->grid);
  for (gsize i = 0; i < n; i++)
    if (fatless->data[i] < 0.0f) /* all fat becomes water */
      fatless->data[i] = 0.0f;
  assert_refused (fatless, "no fat wide enough");
}

/* Padding is no air: outside the reconstruction circle a constant, or below any CT number. */
static void
test_padding (void)
{
  static const float values[] = { -1024.0f, -2000.0f, -3024.0f };

  for (gsize v = 0; v < (TEST_SANITIZED ? 1 : G_N_ELEMENTS (values)); v++)
    {
      g_autoptr (OssVolume) padded = copy_of (plain);
      const int *size = padded->grid.size;
      g_autoptr (GError) error = NULL;

      for (int k = 0; k < size[2]; k++)
        for (int j = 0; j < size[1]; j++)
          for (int i = 0; i < size[0]; i++)
            if (hypot (i - 0.5 * size[0], j - 0.5 * size[1]) > 0.47 * size[0])
              padded->data[oss_grid_offset (&padded->grid, i, j, k)] = values[v];
      g_autoptr (OssInternalFit) fit = calibrate (padded, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (fabs (fit->tissues->of[OSS_OWN_AIR].mean_hu + 999.0), <, 2.5);
    }
}

/* An enhanced aorta is measured, left out and said; nothing is left when muscle is left out too. */
static void
test_contrast (void)
{
  OssInternalOptions options = { .kvp = 120.0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssInternalFit) fit = calibrate (bright, &error);

  g_assert_no_error (error);
  g_assert_true (fit->tissues->contrast);
  g_assert_cmpfloat (fabs (fit->tissues->aorta_hu - 55.0 - 180.0), <, 6.0);
  g_assert_false (fit->tissues->of[OSS_OWN_BLOOD].used);
  g_assert_true (is_noted (fit, "contrast agent"));
  g_assert_true (is_noted (fit, "marrow"));
  g_assert_cmpfloat (fit->line.uncertainty_mg_cm3, >, 9.0);
  options.places[OSS_OWN_MUSCLE].given = options.places[OSS_OWN_MUSCLE].none = TRUE;
  g_autoptr (OssInternalFit) none = oss_internal_calibrate (bright, &options, NULL, &error);
  g_assert_null (none);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "holds contrast agent"));
  /* The header's word counts as well. */
  g_clear_error (&error);
  const OssInternalOptions named = { .kvp = 120.0, .contrast_named = TRUE };
  g_autoptr (OssInternalFit) header = oss_internal_calibrate (plain, &named, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (header->tissues->contrast && !header->tissues->of[OSS_OWN_BLOOD].used);
}

/* The user's places count before what was found; a place that reads something else is refused as that tissue. */
static void
test_given (void)
{
  OssInternalOptions options = { .kvp = 120.0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssInternalFit) own = calibrate (plain, NULL);

  options.places[OSS_OWN_FAT] = (OssOwnPlace){ .given = TRUE, .radius_mm = 6.0 };
  memcpy (options.places[OSS_OWN_FAT].centre_mm, truth.l1_centre_mm, 3 * sizeof (double)); /* bone */
  memcpy (options.places[OSS_OWN_BLOOD].centre_mm, own->tissues->of[OSS_OWN_BLOOD].centre_mm, 3 * sizeof (double));
  options.places[OSS_OWN_BLOOD].given = TRUE, options.places[OSS_OWN_BLOOD].radius_mm = 5.0;
  g_autoptr (OssInternalFit) fit = oss_internal_calibrate (plain, &options, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (fit->tissues->of[OSS_OWN_BLOOD].given && fit->tissues->of[OSS_OWN_BLOOD].used);
  g_assert_cmpfloat (fabs (fit->tissues->of[OSS_OWN_BLOOD].mean_hu - own->tissues->of[OSS_OWN_BLOOD].mean_hu), <, 4.0);
  g_assert_false (fit->tissues->of[OSS_OWN_FAT].used);
  g_assert_true (is_noted (fit, "this tissue reads -135 to -60"));
  options.places[OSS_OWN_BLOOD].centre_mm[0] = 5000.0;
  options.places[OSS_OWN_MUSCLE].given = options.places[OSS_OWN_MUSCLE].none = TRUE;
  g_autoptr (OssInternalFit) outside = oss_internal_calibrate (plain, &options, NULL, &error);
  g_assert_null (outside);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "outside the image"));
}

/* A box of @hu mm in air or, without @wide, filling the image. */
static void
put_box (OssVolume *volume, double half_x, double half_y, float hu)
{
  const OssGrid *grid = &volume->grid;

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        if (fabs ((i - 0.5 * grid->size[0]) * grid->spacing[0]) < half_x
            && fabs ((j - 0.5 * grid->size[1]) * grid->spacing[1]) < half_y)
          volume->data[oss_grid_offset (grid, i, j, k)] = hu;
}

/* Images that are no patient's CT. */
static void
test_no_patient (void)
{
  g_autoptr (OssVolume) phantom = copy_of (plain);
  g_autoptr (OssVolume) water = copy_of (plain);
  g_autoptr (OssVolume) saturated = copy_of (plain);
  g_autoptr (OssVolume) density = oss_volume_linear (plain, 0.71, -3.0, OSS_QUANTITY_HU, NULL);
  gsize n = oss_grid_count (&plain->grid);

  for (gsize i = 0; i < n; i++)
    phantom->data[i] = water->data[i] = -1000.0f;
  put_box (phantom, 80.0, 14.0, 5.0f); /* a calibration phantom alone: 45 cm2 */
  put_box (phantom, 10.0, 10.0, 500.0f);
  assert_refused (phantom, "no trunk of a patient");
  put_box (water, 150.0, 100.0, 0.0f); /* a quality phantom: 300 mm of water */
  assert_refused (water, "no spine was found");
  for (gsize i = 0; i < n; i++)
    if (saturated->data[i] > 20.0f)
      saturated->data[i] = 4095.0f;
  assert_refused (saturated, "saturated");
  assert_refused (density, "do not carry");
}

/* Screws in the vertebra: the layers beside them are left out, and that is said. */
static void
test_metal (void)
{
  g_autoptr (OssVolume) metal = copy_of (plain);
  const OssGrid *grid = &metal->grid;
  g_autoptr (GError) error = NULL;
  double centre[3];

  oss_grid_to_index (grid, truth.l1_centre_mm, centre);
  for (int k = (int) centre[2] - 2; k <= (int) centre[2] + 2; k++)
    for (int j = -6; j <= 25; j++)
      for (int i = -4; i <= 4; i++)
        metal->data[oss_grid_offset (grid, (int) centre[0] + 15 + i, (int) centre[1] + j, k)] = 3071.0f;
  g_autoptr (OssInternalFit) fit = calibrate (metal, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (fit->tissues->metal_cm3, >, 0.5);
  g_assert_true (is_noted (fit, "Metal"));
  g_autoptr (OssInternalFit) usual = calibrate (plain, NULL);
  g_assert_cmpuint (fit->tissues->of[OSS_OWN_MUSCLE].voxels, <, usual->tissues->of[OSS_OWN_MUSCLE].voxels);
  g_assert_cmpfloat_with_epsilon (fit->line.intercept, usual->line.intercept, 1.0);
}

static void
stop_at_once (double fraction, const char *what, void *data)
{
  *(int *) data = 1;
}

static void
test_cancel (void)
{
  int stop = 0;
  OssTick tick = oss_tick_make (stop_at_once, &stop, &stop);
  const OssInternalOptions options = { .kvp = 120.0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssInternalFit) fit = oss_internal_calibrate (plain, &options, &tick, &error);

  g_assert_null (fit);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

/* ---- real scans ---- */

static OssVolume *
load_real (const char *name)
{
  const char *root = g_getenv ("OSSATURE_SHARED_DATA");
  g_autofree char *path = root != NULL && *root != '\0' ? g_build_filename (root, name, NULL) : NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the shared data are not there");
      return NULL;
    }
  if (g_str_has_suffix (path, ".nii.gz"))
    return oss_nifti_read_volume (path, OSS_QUANTITY_HU, NULL, NULL);
  const char *const paths[] = { path, NULL };
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, NULL, &error);
  g_assert_no_error (error);
  return oss_series_load (list->series->pdata[0], NULL, NULL);
}

/* What tissues of living people read at 120 kVp: fat -60 to -125, unenhanced aortic blood 25 to 60 (29 to 45 between
 * quartiles of 325 patients), muscle 20 to 75. */
static void
assert_sensible (const OssInternalFit *fit)
{
  static const double low[] = { -1010.0, -125.0, 25.0, 20.0 }, high[] = { -985.0, -60.0, 60.0, 75.0 };

  for (int t = 0; t <= OSS_OWN_MUSCLE; t++)
    {
      const OssOwnRegion *region = &fit->tissues->of[t];
      g_test_message ("%s: %.1f HU, SD %.1f, %s %s", oss_own_tissue_key ((OssOwnTissue) t), region->mean_hu,
                      region->sd_hu, region->used ? "used" : "not used", region->note);
      if (!region->used)
        continue;
      g_assert_cmpfloat (region->mean_hu, >, low[t]);
      g_assert_cmpfloat (region->mean_hu, <, high[t]);
    }
  g_test_message ("%.2f keV, density = %.4f HU %+.2f +- %.1f", fit->energy_kev, fit->line.slope, fit->line.intercept,
                  fit->line.uncertainty_mg_cm3);
  /* Published lines of a 120 kVp scanner: 0.70 and 0.73 mg/cm3 per HU, intercepts -4.2 and -3.7. */
  g_assert_cmpfloat (fabs (fit->line.slope - 0.71), <, 0.08);
  g_assert_cmpfloat (fabs (fit->line.intercept), <, 10.0);
}

static void
test_lidc (void)
{
  g_autoptr (OssVolume) volume = load_real ("dicom_lidc_thoracic_T12_T11/series");
  g_autoptr (GError) error = NULL;

  if (volume == NULL)
    return;
  g_autoptr (OssInternalFit) fit = calibrate (volume, &error);
  g_assert_no_error (error);
  assert_sensible (fit);
  for (int t = 0; t <= OSS_OWN_MUSCLE; t++)
    g_assert_true (fit->tissues->of[t].used);
}

/* An enhanced scan whose header names no agent: the aorta tells. */
static void
test_siemens (void)
{
  g_autoptr (OssVolume) volume = load_real ("dicom_siemens_mct_j2k/series");
  g_autoptr (GError) error = NULL;

  if (volume == NULL)
    return;
  g_autoptr (OssInternalFit) fit = calibrate (volume, &error);
  g_assert_no_error (error);
  assert_sensible (fit);
  g_assert_true (fit->tissues->contrast);
  g_assert_cmpfloat (fabs (fit->tissues->aorta_hu - 153.0), <, 10.0);
}

static void
test_lumbar (void)
{
  const OssInternalOptions options = { 0 };
  g_autoptr (OssVolume) volume = load_real ("ct_totalsegmentator_lumbar/example_ct.nii.gz");
  g_autoptr (GError) error = NULL;

  if (volume == NULL)
    return;
  g_autoptr (OssInternalFit) fit = oss_internal_calibrate (volume, &options, NULL, &error);
  g_assert_no_error (error);
  assert_sensible (fit);
  g_assert_true (is_noted (fit, "tube voltage is not known"));
}

/* A thorax phantom is no patient: no fat under a skin, no blood, no muscle. */
static void
test_thorax_phantom (void)
{
  g_autoptr (OssVolume) volume = load_real ("dicom_density_phantom_qrm/series");
  g_autoptr (GError) error = NULL;

  if (volume == NULL)
    return;
  g_autoptr (OssInternalFit) fit = calibrate (volume, &error);
  g_assert_null (fit);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_test_message ("%s", error->message);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  plain = make_patient (0.0);
  bright = make_patient (180.0);
  g_test_add_func ("/calibrate/tissue/whole", test_whole);
  g_test_add_func ("/calibrate/tissue/orientation", test_orientation);
  g_test_add_func ("/calibrate/tissue/crops", test_crops);
  g_test_add_func ("/calibrate/tissue/padding", test_padding);
  g_test_add_func ("/calibrate/tissue/contrast", test_contrast);
  g_test_add_func ("/calibrate/tissue/given", test_given);
  g_test_add_func ("/calibrate/tissue/no-patient", test_no_patient);
  g_test_add_func ("/calibrate/tissue/metal", test_metal);
  g_test_add_func ("/calibrate/tissue/cancel", test_cancel);
  g_test_add_func ("/calibrate/tissue/lidc", test_lidc);
  g_test_add_func ("/calibrate/tissue/siemens", test_siemens);
  g_test_add_func ("/calibrate/tissue/lumbar", test_lumbar);
  g_test_add_func ("/calibrate/tissue/thorax-phantom", test_thorax_phantom);
  int result = g_test_run ();
  oss_volume_unref (plain);
  oss_volume_unref (bright);
  return result;
}
