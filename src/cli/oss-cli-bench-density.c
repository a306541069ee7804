/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How true density, stiffness and strength of virtual patients (in silico) are, and how far two kernels agree. */
#include "cli/oss-cli-bench-density.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "cli/oss-cli-bench.h"
#include "study/oss-quality.h"
#include "virtual/oss-virtual.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define L1 20
#define WORKLIST "worklist.sqlite" /* beside the series of a patient: its quality scans */
#define LOWEST_MG_CM3 40.0
#define HIGHEST_MG_CM3 200.0
#define QUALITY_SEEDS 100000 /* from a patient to its quality scan: a day and a drift of its own */

static struct
{
  int patients, first_seed;
  double mesh_mm;
  char *ways, *out, *mtf;
} given = { .patients = 24, .first_seed = 801, .mesh_mm = 2.0 };

static const GOptionEntry entries[] = {
  { "patients", 0, 0, G_OPTION_ARG_INT, &given.patients, N_ ("how many virtual patients (default 24)"), "N" },
  { "first-seed", 0, 0, G_OPTION_ARG_INT, &given.first_seed, N_ ("seed of the first (default 801)"), "N" },
  { "size", 0, 0, G_OPTION_ARG_DOUBLE, &given.mesh_mm, N_ ("size of quadratic tetrahedra (default 2)"), "MM" },
  { "ways", 0, 0, G_OPTION_ARG_STRING, &given.ways,
    N_ ("only these, by their names in the tables: phantom-b40f,internal-b40f"), "LIST" },
  { "mtf", 0, 0, G_OPTION_ARG_STRING, &given.mtf,
    N_ ("of corrections: auto (the default), table or measured transfer functions"), "WHICH" },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out,
    N_ ("folder for the results (needed); what it holds of an earlier run is not computed again"), "DIR" },
  { NULL },
};

/* How one way reads its series; NULL: as it is. */
typedef struct
{
  const char *key;
  gboolean phantom; /* in the image */
  const char *kernel, *calibration, *correct_to;
  gboolean density_only;
} Way;

static const Way ways[OSS_N_DENSITY_WAYS] = {
  [OSS_DENSITY_PHANTOM_SMOOTH] = { "phantom-b40f", TRUE, "B40f", "phantom" },
  [OSS_DENSITY_PHANTOM_SHARP] = { "phantom-b70f", TRUE, "B70f", "phantom" },
  [OSS_DENSITY_COMMON_SHARP] = { "common-b70f", TRUE, "B70f", NULL },
  [OSS_DENSITY_PUBLISHED_SMOOTH] = { "published-b40f", TRUE, "B40f", "line:jiang2023-b40f" },
  [OSS_DENSITY_PUBLISHED_SHARP] = { "published-b70f", TRUE, "B70f", "line:jiang2023-b70f" },
  [OSS_DENSITY_CORRECTED_SHARP] = { "corrected-b70f", TRUE, "B70f", "phantom", "B40f" },
  [OSS_DENSITY_PHANTOM_EDGE] = { "phantom-b60s", TRUE, "B60s", "phantom" },
  [OSS_DENSITY_CORRECTED_EDGE] = { "corrected-b60s", TRUE, "B60s", "phantom", "B40f" },
  [OSS_DENSITY_INTERNAL_SMOOTH] = { "internal-b40f", FALSE, "B40f", "internal", NULL, TRUE },
  [OSS_DENSITY_INTERNAL_SHARP] = { "internal-b70f", FALSE, "B70f", "internal", NULL, TRUE },
  [OSS_DENSITY_ASYNC_SMOOTH] = { "async-b40f", FALSE, "B40f", "async", NULL, TRUE },
  [OSS_DENSITY_ASYNC_SHARP] = { "async-b70f", FALSE, "B70f", "async", NULL, TRUE },
};

const char *
oss_density_way_key (OssDensityWay way)
{
  g_return_val_if_fail (way < OSS_N_DENSITY_WAYS, NULL);
  return ways[way].key;
}

static gboolean
is_named (int way)
{
  g_auto (GStrv) names = given.ways != NULL ? g_strsplit (given.ways, ",", -1) : NULL;

  return names == NULL || g_strv_contains ((const char *const *) names, ways[way].key);
}

/* The common line is that of the first way: who wants the one needs the other. */
static gboolean
is_wanted (int way)
{
  return is_named (way) || (way == OSS_DENSITY_PHANTOM_SMOOTH && is_named (OSS_DENSITY_COMMON_SHARP));
}

static gboolean
check_ways (GError **error)
{
  g_auto (GStrv) names = g_strsplit (given.ways != NULL ? given.ways : "", ",", -1);

  for (gsize i = 0; names[i] != NULL; i++)
    {
      gboolean known = FALSE;
      for (int w = 0; w < OSS_N_DENSITY_WAYS; w++)
        known |= g_str_equal (names[i], ways[w].key);
      if (known)
        continue;
      g_autoptr (GString) list = g_string_new (ways[0].key);
      for (int w = 1; w < OSS_N_DENSITY_WAYS; w++)
        g_string_append_printf (list, ", %s", ways[w].key);
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no way “%s”. Known: %s"), names[i], list->str);
      return FALSE;
    }
  return TRUE;
}

static gboolean
wants_async (void)
{
  return is_wanted (OSS_DENSITY_ASYNC_SMOOTH) || is_wanted (OSS_DENSITY_ASYNC_SHARP);
}

/* ---- what an earlier run left ---- */

static void
keep (GKeyFile *file, const OssDensityPatient *patient)
{
  g_autofree char *group = g_strdup_printf ("%" G_GUINT64_FORMAT, patient->seed);
  const char size[] = { patient->size, '\0' };

  g_key_file_set_string (file, group, "size", size);
  g_key_file_set_double (file, group, "vbmd_mg_cm3", patient->vbmd_mg_cm3);
  g_key_file_set_double (file, group, "kernel_deviation", patient->kernel_deviation);
  g_key_file_set_double (file, group, "energy_kev", patient->energy_kev);
  for (int w = 0; w < OSS_N_DENSITY_WAYS; w++)
    {
      const OssDensityReading *r = &patient->readings[w];
      double numbers[3] = { r->vbmd_mg_cm3, r->stiffness_n_per_mm, r->pistoia_n };
      if (!isnan (r->vbmd_mg_cm3))
        g_key_file_set_double_list (file, group, ways[w].key, numbers, 3);
    }
}

/* The truth again, and the readings that are there. */
static void
recall (GKeyFile *file, OssDensityPatient *patient)
{
  g_autofree char *group = g_strdup_printf ("%" G_GUINT64_FORMAT, patient->seed);

  for (int w = 0; w < OSS_N_DENSITY_WAYS; w++)
    {
      gsize n = 0;
      g_autofree double *numbers = g_key_file_get_double_list (file, group, ways[w].key, &n, NULL);
      patient->readings[w] =
          n == 3 ? (OssDensityReading){ numbers[0], numbers[1], numbers[2] } : (OssDensityReading){ NAN, NAN, NAN };
    }
}

/* Readings of another program, mesh or choice of MTF are not carried on with: a table is of one kind throughout. */
static gboolean
check_begun (GKeyFile *file, const char *path, GError **error)
{
  g_autofree char *program = g_key_file_get_string (file, "run", "program", NULL);
  g_autofree char *mtf = g_key_file_get_string (file, "run", "mtf", NULL);
  double mesh_mm = g_key_file_get_double (file, "run", "mesh_mm", NULL);
  const char *wanted = given.mtf != NULL ? given.mtf : "auto";

  if (program != NULL
      && (!g_str_equal (program, OSS_VERSION) || mesh_mm != given.mesh_mm || g_strcmp0 (mtf, wanted) != 0))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("“%s” was begun with other settings (version %s, elements of %g mm, MTF %s) than these (version "
                      "%s, %g mm, %s). Name another folder."),
                   path, program, mesh_mm, mtf != NULL ? mtf : "–", OSS_VERSION, given.mesh_mm, wanted);
      return FALSE;
    }
  g_key_file_set_string (file, "run", "program", OSS_VERSION);
  g_key_file_set_string (file, "run", "mtf", wanted);
  g_key_file_set_double (file, "run", "mesh_mm", given.mesh_mm);
  return TRUE;
}

/* ---- one patient ---- */

/* Densities evenly over the range and out of step with the sizes; whether it has a phantom changes nothing else. */
static void
set_options (OssVirtualOptions *options, int index, gboolean phantom, const char *const *kernels)
{
  oss_virtual_options_default (options);
  options->seed = (guint64) (given.first_seed + index);
  options->size = "SML"[index % 3];
  options->vbmd_mg_cm3 = LOWEST_MG_CM3 + (HIGHEST_MG_CM3 - LOWEST_MG_CM3) * index / MAX (1, given.patients - 1);
  options->phantom = phantom;
  options->level_low = options->level_high = L1;
  options->kernels = kernels;
}

static gboolean
read_one (const char *folder, OssDensityWay w, const char *calibration, OssDensityReading *reading,
          OssCalibrationLine *line, const OssTick *tick, GError **error)
{
  g_autoptr (OssStudy) study = oss_study_new ();
  OssStudyOptions options;

  oss_study_options_copy (&options, oss_study_get_options (study));
  options.path = g_build_filename (folder, ways[w].kernel, NULL);
  options.labels_path = g_build_filename (folder, "truth", "labels.nii.gz", NULL);
  options.vertebra = L1;
  options.calibration = g_strdup (calibration);
  options.correct_to = g_strdup (ways[w].correct_to);
  options.correct_mtf = ways[w].correct_to != NULL ? g_strdup (given.mtf) : NULL;
  options.mesh.size_mm = given.mesh_mm;
  options.worklist = g_build_filename (folder, WORKLIST, NULL);
  gboolean done = oss_study_set_options (study, &options, error)
                  && oss_study_run (study, ways[w].density_only ? OSS_STEP_SEGMENT : OSS_STEP_SIMULATE, tick, error);
  oss_study_options_clear (&options);
  if (!done)
    return FALSE;
  const OssSimulateResult *simulate = oss_study_get_simulate (study);
  *line = oss_study_get_calibrate (study)->line;
  reading->vbmd_mg_cm3 = oss_study_get_segment (study)->vbmd.mean_mg_cm3;
  reading->stiffness_n_per_mm = simulate != NULL ? simulate->strength.stiffness_n_per_mm : NAN;
  reading->pistoia_n = simulate != NULL ? simulate->strength.pistoia_n : NAN;
  return TRUE;
}

/* Every way that @folder, with or without a phantom, serves. */
static gboolean
read_all (const char *folder, gboolean phantom, OssDensityPatient *patient, const OssTick *tick, GError **error)
{
  g_autofree char *common = NULL;

  for (OssDensityWay w = 0; w < OSS_N_DENSITY_WAYS; w++)
    {
      const char *calibration = ways[w].calibration != NULL ? ways[w].calibration : common;
      OssTick part = oss_tick_part (tick, (double) w / OSS_N_DENSITY_WAYS, (w + 1.0) / OSS_N_DENSITY_WAYS);
      OssCalibrationLine line;

      if (ways[w].phantom != phantom || !is_wanted (w))
        continue;
      if (!read_one (folder, w, calibration, &patient->readings[w], &line, &part, error))
        {
          g_prefix_error (error, _ ("Virtual patient %" PRIu64 ", %s: "), patient->seed, ways[w].key);
          return FALSE;
        }
      if (w == OSS_DENSITY_PHANTOM_SMOOTH)
        common = g_strdup_printf ("line:%.17g,%.17g,%s", line.slope, line.intercept, oss_basis_name (line.basis));
    }
  return TRUE;
}

/* The phantom alone on another day, by the same scanner's kernels, kept in the patient's folder. */
static gboolean
add_quality_scan (const char *folder, const OssVirtualOptions *patient, const OssTick *tick, GError **error)
{
  OssVirtualOptions options = *patient;
  OssVirtualTruth truth;
  g_autofree char *alone = g_build_filename (folder, "quality", NULL);
  g_autofree char *path = g_build_filename (folder, WORKLIST, NULL);
  const OssQualityMeasure what = { .path = alone };

  options.seed += QUALITY_SEEDS;
  options.phantom = TRUE;
  options.quality_scan = TRUE;
  if (!oss_virtual_write (alone, &options, &truth, tick, error))
    return FALSE;
  g_autoptr (GPtrArray) scans = oss_quality_measure (&what, tick, error);
  g_autoptr (OssWorklist) worklist = scans != NULL ? oss_worklist_open (path, NULL, error) : NULL;
  for (guint i = 0; worklist != NULL && i < scans->len; i++)
    if (oss_quality_keep (worklist, scans->pdata[i], error) == 0)
      return FALSE;
  return worklist != NULL;
}

static gboolean
scan_and_read (int index, gboolean phantom, OssDensityPatient *patient, const OssTick *tick, GError **error)
{
  static const char *const kernels[] = { "B40f", "B70f", "B60s", NULL };
  OssTick scan = oss_tick_part (tick, 0.0, 0.3), rest = oss_tick_part (tick, 0.3, 1.0);
  g_autofree char *parent = g_dir_make_tmp ("ossature-bench-XXXXXX", error);
  OssVirtualOptions options;
  OssVirtualTruth truth;

  if (parent == NULL)
    return FALSE;
  g_autofree char *folder = g_build_filename (parent, "patient", NULL);
  set_options (&options, index, phantom, kernels);
  gboolean done = oss_virtual_write (folder, &options, &truth, &scan, error)
                  && (phantom || !wants_async () || add_quality_scan (folder, &options, &scan, error))
                  && read_all (folder, phantom, patient, &rest, error);
  oss_cli_bench_remove_folder (parent);
  return done;
}

static gboolean
measure (int index, OssDensityPatient *patient, const OssTick *tick, GError **error)
{
  OssTick with = oss_tick_part (tick, 0.0, 0.7), without = oss_tick_part (tick, 0.7, 1.0);
  gboolean missing[2] = { FALSE, FALSE };

  for (int w = 0; w < OSS_N_DENSITY_WAYS; w++)
    missing[ways[w].phantom] |= is_wanted (w) && isnan (patient->readings[w].vbmd_mg_cm3);
  return (!missing[TRUE] || scan_and_read (index, TRUE, patient, &with, error))
         && (!missing[FALSE] || scan_and_read (index, FALSE, patient, &without, error));
}

/* ---- all ---- */

static gboolean
measure_all (const char *path, GArray *patients, const OssTick *tick, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (g_file_test (path, G_FILE_TEST_EXISTS) && !g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    return FALSE;
  if (!check_begun (file, path, error))
    return FALSE;
  for (int i = 0; i < given.patients; i++)
    {
      OssTick part = oss_tick_part (tick, (double) i / given.patients, (i + 1.0) / given.patients);
      g_autofree char *what = g_strdup_printf (_ ("Virtual patient %d of %d"), i + 1, given.patients);
      OssDensityPatient patient = { .seed = (guint64) (given.first_seed + i) };
      OssVirtualOptions options;
      OssVirtualTruth truth;

      set_options (&options, i, TRUE, NULL);
      if (!oss_tick_report (&part, 0.0, what, error)
          || !oss_virtual_make (&options, NULL, NULL, NULL, NULL, NULL, &truth, NULL, error))
        return FALSE;
      patient.size = options.size;
      patient.vbmd_mg_cm3 = truth.vbmd_mg_cm3;
      patient.kernel_deviation = truth.kernel_deviation;
      patient.energy_kev = truth.effective_energy_kev;
      recall (file, &patient);
      if (!measure (i, &patient, &part, error))
        return FALSE;
      keep (file, &patient);
      if (!g_key_file_save_to_file (file, path, error))
        return FALSE;
      g_array_append_val (patients, patient);
    }
  return TRUE;
}

gboolean
oss_cli_bench_density (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autoptr (GArray) patients = g_array_new (FALSE, FALSE, sizeof (OssDensityPatient));

  if (!oss_cli_parse (&argc, &argv, entries, "--out DIR",
                      _ ("Makes virtual patients (in silico) over densities of 40 to 200 mg/cm³ and three sizes, "
                         "scanned with both kernels, with and without a phantom, and says how true density is by each "
                         "calibration and how far the kernels agree in stiffness and strength."),
                      0, 0, error))
    return FALSE;
  if (given.ways != NULL && !check_ways (error))
    return FALSE;
  if (given.out == NULL || given.patients < 2 || given.patients > 1000 || given.first_seed < 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("bench density needs --out DIR, 2 to 1000 patients and a seed from 0 on."));
      return FALSE;
    }
  g_autofree char *path = g_build_filename (given.out, "patients.ini", NULL);
  g_autofree char *result = g_build_filename (given.out, "result.json", NULL);
  if (g_mkdir_with_parents (given.out, 0777) != 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The folder “%s” cannot be made: %s"), given.out,
                   g_strerror (errno));
      return FALSE;
    }
  if (!measure_all (path, patients, &cli->tick, error))
    return FALSE;
  g_autofree char *json = oss_density_record (patients, given.mesh_mm, given.mtf != NULL ? given.mtf : "auto"),
                  *table = oss_density_table (patients);
  if (!oss_file_write (result, json, strlen (json), error))
    return FALSE;
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : table, error);
}
