/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration by the patient's own tissues. */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

/* "free", a number of keV, or nothing. */
static gboolean
parse_energy (const char *text, OssInternalOptions *internal, GError **error)
{
  char *end = NULL;

  if (text == NULL)
    return TRUE;
  internal->free_energy = g_str_equal (text, "free");
  if (internal->free_energy)
    return TRUE;
  internal->energy_kev = g_ascii_strtod (text, &end);
  if (end != text && *end == '\0' && internal->energy_kev > 0.0 && isfinite (internal->energy_kev))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("The effective energy “%s” is not understood: give keV, or free (by the tissues alone)."), text);
  return FALSE;
}

static gboolean
make_options (const OssStudyOptions *options, OssInternalOptions *internal, GError **error)
{
  memset (internal, 0, sizeof *internal);
  return oss_internal_model_find (options->internal_model, &internal->model, error)
         && parse_energy (options->effective_energy, internal, error)
         && oss_own_places_parse (options->tissues, internal->places, error);
}

gboolean
oss_study_check_internal (const OssStudyOptions *options, GError **error)
{
  OssInternalOptions internal;

  if (options->calibration != NULL && g_str_equal (options->calibration, "internal"))
    return make_options (options, &internal, error);
  if (options->tissues == NULL && options->internal_model == NULL && options->effective_energy == NULL)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("“--tissue”, “--internal-model” and “--effective-energy” belong to “--calibration internal”; "
                          "give that too."));
  return FALSE;
}

gboolean
oss_study_same_internal (const OssStudyOptions *a, const OssStudyOptions *b)
{
  return g_strcmp0 (a->tissues, b->tissues) == 0 && g_strcmp0 (a->internal_model, b->internal_model) == 0
         && g_strcmp0 (a->effective_energy, b->effective_energy) == 0;
}

gboolean
oss_study_calibrate_internal (const OssStudyOptions *options, const OssLoadResult *load, OssCalibrateResult *calibrate,
                              const OssTick *tick, GError **error)
{
  OssInternalOptions internal;

  if (!make_options (options, &internal, error))
    return FALSE;
  if (load->series != NULL)
    {
      internal.kvp = load->series->kvp;
      internal.contrast_named = load->series->contrast != NULL && load->series->contrast[0] != '\0';
    }
  calibrate->internal = oss_internal_calibrate (load->volume, &internal, tick, error);
  if (calibrate->internal == NULL)
    return FALSE;
  calibrate->line = calibrate->internal->line;
  return TRUE;
}

/* Whatever the method: contrast agent in the vessels is measured, and raises what is read in marrow. */
gboolean
oss_study_measure_aorta (const OssLoadResult *load, OssCalibrateResult *calibrate, const OssTick *tick, GError **error)
{
  calibrate->aorta_hu = NAN;
  if (calibrate->internal != NULL)
    {
      calibrate->aorta_hu = calibrate->internal->tissues->aorta_hu;
      calibrate->enhanced = calibrate->internal->tissues->enhanced;
      return TRUE;
    }
  if (load->volume->quantity != OSS_QUANTITY_HU || calibrate->line.basis == OSS_BASIS_UNKNOWN)
    return TRUE;
  return oss_own_aorta_measure (load->volume, &calibrate->aorta_hu, &calibrate->enhanced, tick, error);
}

char *
oss_study_describe_internal (const OssInternalFit *fit)
{
  g_autofree char *tissues = oss_own_tissues_describe (fit->tissues);

  return g_strdup_printf (_ ("Own tissues: %s; %.1f keV"), tissues, fit->energy_kev);
}

gboolean
oss_study_internal_has_notes (const OssInternalFit *fit)
{
  return fit->notes->len > 0;
}

void
oss_study_warn_internal (const OssInternalFit *fit, GPtrArray *warnings)
{
  g_ptr_array_add (warnings, g_strdup (_ ("Density was calibrated by the patient’s own tissues, without a phantom.")));
  for (guint i = 0; i < fit->notes->len; i++)
    g_ptr_array_add (warnings, g_strdup (fit->notes->pdata[i]));
}

void
oss_study_warn_aorta (const OssCalibrateResult *calibrate, GPtrArray *warnings)
{
  if (calibrate->enhanced)
    g_ptr_array_add (warnings, g_strdup_printf (_ ("The aorta reads %.0f HU: contrast agent is in the vessels, and "
                                                   "density reads too high."),
                                                calibrate->aorta_hu));
}
