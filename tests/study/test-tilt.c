/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tilted gantry, straightened, against the same virtual patient scanned straight (in silico).  The patient is made
 * with rows half as far apart as the scans have them: every second row is the straight scan, and the tilted one takes
 * the rows between in every second slice.  Both are therefore exact, and half of the slices are shifted by half a
 * pixel, where interpolation is worst. */
#include "dicom/oss-dicom-writer.h"
#include "study/oss-study.h"
#include "virtual/oss-virtual.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define L1 20
#define PIXEL_MM 0.8
#define SLICE_MM 1.0

typedef struct
{
  char *folder;
  OssVolume *fine; /* rows PIXEL_MM / 2 apart */
  OssVirtualTruth truth;
} Patient;

static Patient
patient_new (void)
{
  Patient self = { .folder = g_dir_make_tmp ("oss-tilt-XXXXXX", NULL) };
  OssVirtualOptions options;
  g_autoptr (GError) error = NULL;

  oss_virtual_options_default (&options);
  options.seed = 211;
  options.level_low = options.level_high = L1;
  options.phantom = FALSE;
  options.fov_mm = 320.0;
  options.spacing_mm[0] = PIXEL_MM;
  options.spacing_mm[1] = 0.5 * PIXEL_MM;
  options.spacing_mm[2] = SLICE_MM;
  oss_virtual_make (&options, "B40f", &self.fine, NULL, NULL, NULL, &self.truth, NULL, &error);
  g_assert_no_error (error);
  return self;
}

static void
patient_clear (Patient *self)
{
  const char *argv[] = { "rm", "-rf", self->folder, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  oss_volume_unref (self->fine);
  g_free (self->folder);
}

/* Slice @k of the fine volume, every second row from row @first on. */
static OssVolume *
take_rows (const OssVolume *fine, int k, int first, int n_rows)
{
  OssGrid grid = fine->grid;
  g_autoptr (GError) error = NULL;

  oss_grid_to_patient (&fine->grid, (double[3]){ 0, first, k }, grid.origin);
  grid.size[1] = n_rows;
  grid.size[2] = 1;
  grid.spacing[1] *= 2.0;
  OssVolume *slice = oss_volume_new (&grid, OSS_QUANTITY_HU, &error);
  g_assert_no_error (error);
  for (int j = 0; j < n_rows; j++)
    memcpy (slice->data + oss_grid_offset (&grid, 0, j, 0),
            fine->data + oss_grid_offset (&fine->grid, 0, first + 2 * j, k), sizeof (float) * (gsize) grid.size[0]);
  return slice;
}

/* One series: slice k begins at row @lean * k of the fine volume. */
static char *
write_scan (const Patient *patient, const char *name, int lean)
{
  const int *size = patient->fine->grid.size;
  char *folder = g_build_filename (patient->folder, name, NULL);
  g_autofree char *series_uid = oss_dicom_uid (211, (guint64) lean + 2);
  OssCtHeader header = { .patient_id = "P",
                         .study_uid = "1.2.3",
                         .series_uid = series_uid,
                         .frame_uid = "1.2.4",
                         .manufacturer = "Ossature",
                         .kernel = "B40f",
                         .kvp = 120.0 };

  for (int k = 0; k < size[2]; k++)
    {
      g_autoptr (OssVolume) slice = take_rows (patient->fine, k, lean * k, (size[1] - lean * (size[2] - 1)) / 2);
      g_autofree char *number = g_strdup_printf ("%03d", k), *path = g_build_filename (folder, number, NULL);
      g_autoptr (GError) error = NULL;
      oss_dicom_write_ct (path, slice, &header, NULL, &error);
      g_assert_no_error (error);
    }
  return folder;
}

static OssStudy *
study_of (const Patient *patient, const char *folder, gboolean resample)
{
  OssStudy *study = oss_study_new ();
  OssStudyOptions options;
  g_autoptr (GError) error = NULL;
  char slope[G_ASCII_DTOSTR_BUF_SIZE], intercept[G_ASCII_DTOSTR_BUF_SIZE];

  oss_study_options_copy (&options, oss_study_get_options (study));
  options.path = g_strdup (folder);
  options.resample_tilt = resample;
  options.vertebra = L1;
  options.mesh.size_mm = 2.5;
  options.calibration =
      g_strdup_printf ("line:%s,%s,K2HPO4", g_ascii_formatd (slope, sizeof slope, "%.6f", patient->truth.true_slope),
                       g_ascii_formatd (intercept, sizeof intercept, "%.4f", patient->truth.true_intercept));
  options.has_at = TRUE;
  memcpy (options.at_mm, patient->truth.l1_centre_mm, sizeof options.at_mm);
  oss_study_set_options (study, &options, &error);
  g_assert_no_error (error);
  oss_study_options_clear (&options);
  return study;
}

/* Root mean square and mean of what differs inside @labels, HU.  Both volumes share their lattice. */
static void
compare_voxels (const OssVolume *straight, const OssVolume *resampled, const OssLabels *labels, double *rms,
                double *mean)
{
  double sum = 0.0, squares = 0.0, n = 0.0;

  for (int k = 0; k < labels->grid.size[2]; k++)
    for (int j = 0; j < labels->grid.size[1]; j++)
      for (int i = 0; i < labels->grid.size[0]; i++)
        {
          double mm[3], a[3], b[3];
          if (labels->data[oss_grid_offset (&labels->grid, i, j, k)] == 0)
            continue;
          oss_grid_to_patient (&labels->grid, (double[3]){ i, j, k }, mm);
          oss_grid_to_index (&straight->grid, mm, a);
          oss_grid_to_index (&resampled->grid, mm, b);
          for (int c = 0; c < 3; c++)
            g_assert_cmpfloat_with_epsilon (b[c], round (b[c]), 0.01);
          double off =
              resampled
                  ->data[oss_grid_offset (&resampled->grid, (int) round (b[0]), (int) round (b[1]), (int) round (b[2]))]
              - straight->data[oss_grid_offset (&straight->grid, (int) round (a[0]), (int) round (a[1]),
                                                (int) round (a[2]))];
          sum += off;
          squares += off * off;
          n += 1.0;
        }
  g_assert_cmpfloat (n, >, 10000.0);
  *mean = sum / n;
  *rms = sqrt (squares / n);
}

static void
test_straightened (void)
{
  Patient patient = patient_new ();
  g_autofree char *straight_folder = write_scan (&patient, "straight", 0);
  g_autofree char *tilted_folder = write_scan (&patient, "tilted", 1);
  g_autoptr (OssStudy) straight = study_of (&patient, straight_folder, FALSE);
  g_autoptr (OssStudy) refused = study_of (&patient, tilted_folder, FALSE);
  g_autoptr (OssStudy) tilted = study_of (&patient, tilted_folder, TRUE);
  g_autoptr (GError) error = NULL;
  double rms, mean;

  g_assert_false (oss_study_run (refused, OSS_STEP_LOAD, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "--resample-tilt"));
  g_clear_error (&error);
  oss_study_run (straight, OSS_STEP_SIMULATE, NULL, &error);
  g_assert_no_error (error);
  oss_study_run (tilted, OSS_STEP_SIMULATE, NULL, &error);
  g_assert_no_error (error);

  const OssSeries *series = oss_study_get_load (tilted)->series;
  g_assert_cmpfloat_with_epsilon (series->tilt_deg, atan (0.5 * PIXEL_MM / SLICE_MM) * 180.0 / G_PI, 0.01);
  g_autoptr (GPtrArray) warnings = oss_study_get_warnings (tilted);
  g_assert_nonnull (strstr (g_ptr_array_index (warnings, 0), "21.8°"));
  compare_voxels (oss_study_get_load (straight)->volume, oss_study_get_load (tilted)->volume,
                  oss_study_get_segment (straight)->labels, &rms, &mean);
  double vbmd = oss_study_get_segment (tilted)->vbmd.mean_mg_cm3 - oss_study_get_segment (straight)->vbmd.mean_mg_cm3;
  double k_straight = oss_study_get_simulate (straight)->strength.stiffness_n_per_mm;
  double k_tilted = oss_study_get_simulate (tilted)->strength.stiffness_n_per_mm;
  double stiffness = 100.0 * (k_tilted / k_straight - 1.0);
  g_test_message (
      "tilt %.1f°: in the vertebra %.1f HU rms, mean %+.2f HU; vBMD %+.2f mg/cm3 of %.1f; stiffness %+.2f %% "
      "of %.0f N/mm",
      series->tilt_deg, rms, mean, vbmd, oss_study_get_segment (straight)->vbmd.mean_mg_cm3, stiffness, k_straight);
  /* What the note "tilt-resampled" promises. */
  g_assert_cmpfloat (fabs (vbmd), <, 1.0);
  g_assert_cmpfloat (fabs (stiffness), <, 1.0);
  g_assert_cmpfloat (fabs (mean), <, 2.0);
  g_assert_cmpfloat (k_straight, >, 1000.0);
  patient_clear (&patient);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/tilt/straightened", test_straightened);
  return g_test_run ();
}
