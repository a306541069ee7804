/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a density's error becomes a stiffness's and a strength's: what is propagated against analyses with the line
 * really moved, on a virtual patient (in silico, a development seed). */
#include "formats/oss-nifti.h"
#include "study/oss-study.h"
#include "virtual/oss-virtual.h"
#include "worklist-rows.h"

#include <math.h>
#include <string.h>

#define L1 20
#define SEED 530

static char *
write_patient (const char *parent, OssVirtualTruth *truth)
{
  static const char *const kernels[] = { "B40f", NULL };
  char *folder = g_build_filename (parent, "patient", NULL);
  OssVirtualOptions options;
  g_autoptr (GError) error = NULL;

  oss_virtual_options_default (&options);
  options.seed = SEED;
  options.phantom = FALSE;
  options.kernels = kernels;
  options.level_low = options.level_high = L1;
  options.spacing_mm[0] = options.spacing_mm[1] = 1.2;
  options.spacing_mm[2] = 1.5;
  oss_virtual_write (folder, &options, truth, NULL, &error);
  g_assert_no_error (error);
  return folder;
}

/* The quality scan of a line that is known to @slope_error and @intercept_error, one always against the other. */
static void
keep_line (const char *database, double slope, double intercept, double slope_error, double intercept_error)
{
  g_autoptr (GError) error = NULL;
  OssWorklist *worklist = oss_worklist_open (database, NULL, &error);
  const OssQualityScan scan = { .manufacturer = (char *) "Ossature",
                                .model = (char *) "Virtual CT",
                                .station = (char *) "VIRTUAL1",
                                .kernel = (char *) "B40f",
                                .phantom = (char *) "mindways3",
                                .method = (char *) "phantom",
                                .basis = (char *) "K2HPO4",
                                .date = (char *) "2024-01-10",
                                .series_uid = (char *) "1.2.3",
                                .kvp = 120.0,
                                .slope = slope,
                                .intercept = intercept,
                                .r2 = 0.9999,
                                .uncertainty_mg_cm3 = 1.0,
                                .variance_slope = slope_error * slope_error,
                                .variance_intercept = intercept_error * intercept_error,
                                .covariance = -slope_error * intercept_error,
                                .table_height_mm = NAN };

  g_assert_no_error (error);
  g_assert_cmpint (oss_quality_keep (worklist, &scan, &error), >, 0);
  oss_worklist_close (worklist);
}

typedef struct
{
  char *folder, *patient, *database;
  OssVirtualTruth truth;
  OssStudy *study;
} Fixture;

/* One patient for all cases. */
static Fixture
set_up (void)
{
  Fixture self = { .folder = make_folder (), .study = oss_study_new () };

  self.patient = write_patient (self.folder, &self.truth);
  self.database = g_build_filename (self.folder, "worklist.db", NULL);
  return self;
}

static void
tear_down (Fixture *self)
{
  g_object_unref (self->study);
  remove_folder (self->folder);
  g_free (self->folder);
  g_free (self->patient);
  g_free (self->database);
}

/* The analysis with this calibration; the same image, label and mesh every time. */
static const OssSimulateResult *
analyse (Fixture *self, const char *calibration, const char *law, const char *conversion, gboolean nonlinear)
{
  OssStudyOptions options;
  g_autoptr (GError) error = NULL;

  oss_study_options_default (&options);
  options.path = g_build_filename (self->patient, "B40f", NULL);
  options.labels_path = g_build_filename (self->patient, "truth", "labels.nii.gz", NULL);
  options.vertebra = L1;
  options.mesh.size_mm = 6.0;
  options.calibration = g_strdup (calibration);
  options.worklist = g_strdup (self->database);
  g_free (options.law);
  options.law = g_strdup (law);
  options.conversion = g_strdup (conversion);
  options.nonlinear = nonlinear;
  options.final_strain = 0.02;
  options.increments = 5;
  g_assert_true (oss_study_set_options (self->study, &options, &error));
  oss_study_options_clear (&options);
  oss_study_run (self->study, OSS_STEP_SIMULATE, NULL, &error);
  g_assert_no_error (error);
  return oss_study_get_simulate (self->study);
}

static char *
line_text (double slope, double intercept)
{
  char a[G_ASCII_DTOSTR_BUF_SIZE], b[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup_printf ("line:%s,%s,K2HPO4", g_ascii_dtostr (a, sizeof a, slope),
                          g_ascii_dtostr (b, sizeof b, intercept));
}

/* ln of stiffness, or of the plateau, with the line moved by @slope and @intercept. */
static double
log_of (Fixture *self, double slope, double intercept, const char *law, const char *conversion, gboolean nonlinear)
{
  g_autofree char *line = line_text (self->truth.true_slope + slope, self->truth.true_intercept + intercept);
  const OssSimulateResult *simulate = analyse (self, line, law, conversion, nonlinear);

  return log (nonlinear ? simulate->curve->plateau_n : simulate->strength.stiffness_n_per_mm);
}

/* Stiffness is exact to first order; what is left is the second order, and that elements' densities are told by their
 * mean moduli.  The plateau is told by the limit theorems, which hold at the limit: the curve ends a little before. */
static void
check_case (Fixture *self, const char *law, const char *conversion, gboolean nonlinear, double tolerance)
{
  g_autofree char *line = line_text (self->truth.true_slope, self->truth.true_intercept);
  const OssSimulateResult *simulate = analyse (self, line, law, conversion, nonlinear);
  const OssStrengthError error = nonlinear ? simulate->nonlinear_error : simulate->linear_error;
  double a = self->truth.true_slope, b = self->truth.true_intercept, da = 0.02 * a, db = 2.0;
  double by_intercept =
      (log_of (self, 0.0, db, law, conversion, nonlinear) - log_of (self, 0.0, -db, law, conversion, nonlinear))
      / (2.0 * db);
  /* Curves take long: there one direction has to do. */
  double by_slope =
      nonlinear
          ? NAN
          : (log_of (self, da, 0.0, law, conversion, nonlinear) - log_of (self, -da, 0.0, law, conversion, nonlinear))
                / (2.0 * da) * a;

  g_test_message ("%s%s%s %s: exponent %.4f, per mg/cm3 %.6f; line moved: %.4f, %.6f", law,
                  conversion != NULL ? " " : "", conversion != NULL ? conversion : "",
                  nonlinear ? "plateau" : "stiffness", error.exponent - b * error.per_mg_cm3, error.per_mg_cm3,
                  by_slope, by_intercept);
  g_assert_true (isnan (error.line)); /* nobody measured a line that was given */
  g_assert_cmpfloat (by_intercept, >, 0.002);
  g_assert_cmpfloat (fabs (error.per_mg_cm3 / by_intercept - 1.0), <, tolerance);
  if (!nonlinear)
    g_assert_cmpfloat (fabs ((error.exponent - b * error.per_mg_cm3) / by_slope - 1.0), <, tolerance);
}

static void
test_derivatives (gconstpointer data)
{
  Fixture *self = (Fixture *) data;

  check_case (self, "morgan2003-vertebra", NULL, FALSE, 0.05);
  check_case (self, "morgan2003-vertebra", "keyak1994", FALSE, 0.05);
}

static void
test_plateau (gconstpointer data)
{
  Fixture *self = (Fixture *) data;

  check_case (self, "kopperdahl2002", NULL, TRUE, 0.10);
}

/* The whole: the ± of a line with its covariance against the line moved by just that. */
static void
test_line_error (gconstpointer data)
{
  Fixture *self = (Fixture *) data;

  const double da = 0.01, db = 0.8;

  keep_line (self->database, self->truth.true_slope, self->truth.true_intercept, da, db);
  const OssSimulateResult *simulate = analyse (self, "async", "morgan2003-vertebra", NULL, FALSE);
  const OssStrengthError error = simulate->linear_error;
  const OssSegmentResult *segment = oss_study_get_segment (self->study);
  double stiffness_error = error.total * simulate->strength.stiffness_n_per_mm;
  double strength_error = oss_simulate_error_n (simulate, OSS_ESTIMATOR_APPARENT_0_68);
  double strength = simulate->strength.apparent_0_68_percent_n, stiffness = simulate->strength.stiffness_n_per_mm;
  double density_error = segment->vbmd_error.line, hu = segment->vbmd.mean_hu;
  double moved = 0.5
                 * (log_of (self, da, -db, "morgan2003-vertebra", NULL, FALSE)
                    - log_of (self, -da, db, "morgan2003-vertebra", NULL, FALSE));

  g_test_message ("line's share of stiffness %.3f %%, line moved %.3f %%; total %.2f %%; density %.3f mg/cm3",
                  100.0 * error.line, 100.0 * moved, 100.0 * error.total, density_error);
  g_assert_cmpfloat (fabs (density_error - fabs (da * hu - db)), <, 1e-9);
  g_assert_cmpfloat (fabs (error.line / fabs (moved) - 1.0), <, 0.05);
  g_assert_cmpfloat (error.kernel, ==, 0.0); /* B40f */
  g_assert_cmpfloat_with_epsilon (error.total, hypot (error.line, error.way), 1e-12);
  g_assert_cmpfloat_with_epsilon (strength_error / strength, stiffness_error / stiffness, 1e-12);
}

/* Densities that follow the outline, read from the CT, against the same regions of the true density. */
static void
test_forms (gconstpointer data)
{
  Fixture *self = (Fixture *) data;

  g_autofree char *line = line_text (self->truth.true_slope, self->truth.true_intercept);
  g_autofree char *path = g_build_filename (self->patient, "truth", "k2hpo4_density.nii.gz", NULL);
  const OssCalibrationLine same = oss_calibration_line_make (1.0, 0.0, OSS_BASIS_K2HPO4, "density", "");
  g_autoptr (GError) error = NULL;
  OssVbmdForms exact = { 0 };

  analyse (self, line, "morgan2003-vertebra", NULL, FALSE);
  const OssSegmentResult *segment = oss_study_get_segment (self->study);
  const OssVbmdForms *read = &segment->forms;
  g_autoptr (OssVolume) density = oss_nifti_read_volume (path, OSS_QUANTITY_DENSITY, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (segment->has_forms);
  g_assert_true (oss_vbmd_measure_forms (density, segment->labels, &segment->info.frame, &same, &exact, &error));
  g_test_message ("in silico, read / true: eroded %.1f / %.1f, integral %.1f / %.1f, cortical %.1f / %.1f mg/cm3; "
                  "ellipse %.1f / %.1f",
                  read->eroded.mean_mg_cm3, exact.eroded.mean_mg_cm3, read->integral.mean_mg_cm3,
                  exact.integral.mean_mg_cm3, read->cortical.mean_mg_cm3, exact.cortical.mean_mg_cm3,
                  segment->vbmd.mean_mg_cm3, self->truth.vbmd_mg_cm3);
  g_assert_cmpfloat (exact.eroded.mean_mg_cm3, >, 20.0);
  /* Inside the body blur moves nothing: noise, cupping and whole HU are left.  At the rim the scanner smears mineral
   * over the border. */
  g_assert_cmpfloat (fabs (read->eroded.mean_mg_cm3 - exact.eroded.mean_mg_cm3), <, 3.0);
  g_assert_cmpfloat (fabs (read->integral.mean_mg_cm3 / exact.integral.mean_mg_cm3 - 1.0), <, 0.08);
  g_assert_cmpfloat (exact.cortical.mean_mg_cm3, >, exact.integral.mean_mg_cm3);
  g_assert_cmpfloat (read->cortical.mean_mg_cm3, >, read->eroded.mean_mg_cm3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  Fixture self = set_up ();
  g_test_add_data_func ("/density-error/derivatives", &self, test_derivatives);
  g_test_add_data_func ("/density-error/plateau", &self, test_plateau);
  g_test_add_data_func ("/density-error/line", &self, test_line_error);
  g_test_add_data_func ("/density-error/forms", &self, test_forms);
  int status = g_test_run ();
  tear_down (&self);
  return status;
}
