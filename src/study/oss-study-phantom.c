/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phantom that the options name, or whichever is in the image; what is to be said about its fit. */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

#include <math.h>

static gboolean
is_auto (const OssStudyOptions *options)
{
  return options->phantom == NULL || g_str_equal (options->phantom, "auto");
}

gboolean
oss_study_check_phantom (const OssStudyOptions *options, GError **error)
{
  OssPhantom phantom;
  g_autoptr (GError) failure = NULL;

  if (is_auto (options))
    {
      if (options->phantom_serial == NULL)
        return TRUE;
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("A serial number needs the phantom’s model too (--phantom NAME --serial NUMBER)."));
      return FALSE;
    }
  if (oss_phantom_find_serial (options->phantom, options->phantom_serial, options->phantom_certificate, &phantom,
                               &failure))
    return TRUE;
  /* A model without densities may stand in the options while its serial number is still being typed. */
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_REFUSED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* The image holds no phantom of the model named.  Another one in it is worth a word. */
static void
say_what_is_there (const OssStudyOptions *options, const OssVolume *volume, const OssTick *tick, GError **error)
{
  g_autoptr (GPtrArray) all = oss_phantom_all (options->phantom_certificate, NULL);
  g_autofree OssPhantomFit *fit = g_new0 (OssPhantomFit, 1);

  if (all != NULL && oss_phantom_search (volume, all, fit, tick, NULL))
    /* Translators: the title of a phantom and its name on the command line; a sentence that says what was not
 found follows. */
    g_prefix_error (error, _ ("The image holds another phantom: “%s” (--phantom %s). "), fit->phantom.title,
                    fit->phantom.name);
}

gboolean
oss_study_find_phantom (const OssStudyOptions *options, const OssVolume *volume, OssPhantomFit *fit,
                        const OssTick *tick, GError **error)
{
  if (is_auto (options))
    {
      g_autoptr (GPtrArray) all = oss_phantom_all (options->phantom_certificate, error);

      return all != NULL && oss_phantom_search (volume, all, fit, tick, error);
    }
  OssTick first = oss_tick_part (tick, 0.0, 0.6), second = oss_tick_part (tick, 0.6, 1.0);
  g_autoptr (GError) failure = NULL;
  OssPhantom phantom;

  if (!oss_phantom_find_serial (options->phantom, options->phantom_serial, options->phantom_certificate, &phantom,
                                error))
    return FALSE;
  if (oss_phantom_calibrate (volume, &phantom, fit, &first, &failure))
    return TRUE;
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_NOT_FOUND) && !phantom.reference_rod)
    say_what_is_there (options, volume, &second, &failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

void
oss_study_add_phantom_warnings (GPtrArray *warnings, const OssPhantomFit *fit)
{
  if ((fit->warnings & OSS_PHANTOM_LOW_R2) != 0)
    g_ptr_array_add (warnings, g_strdup_printf (_ ("The phantom fits poorly (R² %.4f; 0.98 is usual)."), fit->line.r2));
  if ((fit->warnings & OSS_PHANTOM_TWO_POINTS) != 0)
    g_ptr_array_add (warnings, g_strdup (_ ("The line is drawn through two points: R² means nothing, and its error is "
                                            "that of noise alone.")));
  if (fit->phantom.reference_rod)
    g_ptr_array_add (warnings, g_strdup_printf (_ ("The material around the reference rod is taken as %.0f mg/cm³."),
                                                fit->phantom.rod_density[1]));
  for (int i = 0; i < fit->n_rods; i++)
    if (!fit->rods[i].used)
      g_ptr_array_add (warnings, g_strdup_printf (_ ("The phantom’s rod of %.0f mg/cm³ is left out: %s."),
                                                  fit->phantom.rod_density[i], fit->rods[i].note));
  if ((fit->warnings & OSS_PHANTOM_DRIFT) == 0)
    return;
  double most = 0.0;
  for (int i = 0; i < fit->n_rods; i++)
    if (fit->rods[i].used)
      most = fmax (most, fabs (fit->rods[i].drift_hu_per_cm) * (fit->high_mm - fit->low_mm) / 10.0);
  g_ptr_array_add (warnings, g_strdup_printf (_ ("A phantom rod’s CT number changes by %.0f HU along %.0f mm."), most,
                                              fit->high_mm - fit->low_mm));
}
