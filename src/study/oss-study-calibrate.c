/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The step from CT numbers to density. */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

#include <math.h>

/* Between an image of density, which reads 1, and the flattest CT (about 1.2 HU per mg/cm3 at 140 kVp). */
#define DENSITY_SLOPE_BELOW_HU 1.1

static gboolean
calibrate_phantom (const OssStudyOptions *options, const OssLoadResult *load, OssCalibrateResult *calibrate,
                   const OssTick *tick, GError **error)
{
  g_autoptr (GError) failure = NULL;

  calibrate->fit = g_new0 (OssPhantomFit, 1);
  if (oss_study_find_phantom (options, load->volume, calibrate->fit, tick, &failure))
    {
      calibrate->line = calibrate->fit->line;
      if (calibrate->fit->effective_slope_hu > DENSITY_SLOPE_BELOW_HU)
        return TRUE;
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("The phantom reads %.2f HU per mg/cm³; CT at 80 to 140 kVp reads 1.2 or more. The image looks "
                      "like density "
                      "already: say so (--density K2HPO4)."),
                   calibrate->fit->effective_slope_hu);
      return FALSE;
    }
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_NOT_FOUND))
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("%s Without a phantom, give a calibration line of this scanner and kernel "
                    "(line:SLOPE,INTERCEPT,BASIS), or a published one (line:jiang2023-b40f, line:jiang2023-b70f)."),
                 failure->message);
  else
    g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* The line of the quality scan that fits the series and lies nearest to it in time. */
static gboolean
calibrate_async (const OssStudyOptions *options, const OssLoadResult *load, OssCalibrateResult *calibrate,
                 GError **error)
{
  g_autofree char *path = options->worklist != NULL ? g_strdup (options->worklist) : oss_worklist_default_path ();
  g_autoptr (OssWorklist) worklist = NULL;
  g_autoptr (GPtrArray) scans = NULL;

  if (load->series == NULL)
    {
      g_set_error_literal (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("This image tells neither scanner nor kernel: no quality scan can be matched with it. Give "
             "the calibration line (line:SLOPE,INTERCEPT,BASIS)."));
      return FALSE;
    }
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) /* looking into a worklist makes none */
    scans = g_ptr_array_new ();
  else if ((worklist = oss_worklist_open (path, NULL, error)) != NULL)
    scans = oss_worklist_get_quality_scans (worklist, error);
  if (scans != NULL)
    calibrate->quality = oss_quality_choose (scans, load->series, options->quality_days, error);
  if (calibrate->quality == NULL)
    return FALSE;
  calibrate->line = oss_quality_scan_line (calibrate->quality->scan);
  return TRUE;
}

static gboolean
calibrate_run (const OssStudyOptions *options, const OssLoadResult *load, OssCalibrateResult *calibrate,
               const OssTick *tick, GError **error)
{
  const char *method = options->calibration;

  if (load->volume->quantity == OSS_QUANTITY_DENSITY)
    {
      if (method != NULL && !g_str_equal (method, "density"))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("The input holds density already; it cannot be calibrated again (“%s”)."), method);
          return FALSE;
        }
      calibrate->line =
          oss_calibration_line_make (1.0, 0.0, options->density_basis, "density", _ ("the image holds density"));
      return TRUE;
    }
  if (method != NULL && g_str_equal (method, "density"))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("The input holds CT numbers, not density; calibrate it with a phantom or a line."));
      return FALSE;
    }
  if (method != NULL && g_str_equal (method, "none"))
    {
      calibrate->line = oss_calibration_line_make (NAN, NAN, OSS_BASIS_UNKNOWN, "none", "");
      return TRUE;
    }
  if (method != NULL && g_str_has_prefix (method, "line:"))
    return oss_study_parse_line (method, &calibrate->line, error);
  if (method != NULL && g_str_equal (method, "async"))
    return calibrate_async (options, load, calibrate, error);
  if (method != NULL && g_str_equal (method, "internal"))
    return oss_study_calibrate_internal (options, load, calibrate, tick, error);
  return calibrate_phantom (options, load, calibrate, tick, error);
}

static char *
describe_quality (const OssQualityUse *use)
{
  int days = ABS (use->age_days);
  g_autofree char *title = oss_quality_phantom_title (use->scan);

  return g_strdup_printf (
      OSS_NGETTEXT ("Quality scan of %s, %s: %d day apart", "Quality scan of %s, %s: %d days apart", (gulong) days),
      use->scan->date, title, days);
}

gpointer
oss_study_step_calibrate (const OssStudyOptions *options, const OssStudyResults *results, char **message,
                          gboolean *notes, const OssTick *tick, GError **error)
{
  OssCalibrateResult *calibrate = g_atomic_rc_box_new0 (OssCalibrateResult);

  OssTick most = oss_tick_part (tick, 0.0, 0.8), rest = oss_tick_part (tick, 0.8, 1.0);

  if (!calibrate_run (options, results->of[OSS_STEP_LOAD], calibrate, &most, error)
      || !oss_study_measure_aorta (results->of[OSS_STEP_LOAD], calibrate, &rest, error))
    {
      oss_study_result_unref (OSS_STEP_CALIBRATE, calibrate);
      return NULL;
    }
  const OssCalibrationLine *line = &calibrate->line;
  *notes = (calibrate->fit != NULL && calibrate->fit->warnings != 0)
           || (calibrate->quality != NULL && ABS (calibrate->quality->age_days) > OSS_QUALITY_NOTE_DAYS);
  if (calibrate->fit != NULL)
    {
      int used = 0;
      for (int i = 0; i < calibrate->fit->n_rods; i++)
        used += calibrate->fit->rods[i].used;
      *message = g_strdup_printf (_ ("Phantom in scan: %s, %d of %d rods"), calibrate->fit->phantom.title, used,
                                  calibrate->fit->phantom.n_rods);
    }
  else if (calibrate->quality != NULL)
    *message = describe_quality (calibrate->quality);
  else if (calibrate->internal != NULL)
    {
      *notes = oss_study_internal_has_notes (calibrate->internal);
      *message = oss_study_describe_internal (calibrate->internal);
    }
  else if (g_str_equal (line->method, "none"))
    *message = g_strdup (_ ("Not calibrated: outlines only"));
  else if (g_str_equal (line->method, "density"))
    *message = g_strdup (_ ("The image holds density already"));
  else
    *message = g_strdup_printf (_ ("Given line: %.4g × HU %+.4g mg/cm³"), line->slope, line->intercept);
  *notes = *notes || calibrate->enhanced;
  return calibrate;
}
