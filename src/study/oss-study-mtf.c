/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's correction on loading: transfer functions by the phantom in the scan itself where it lies there. */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

#include <string.h>

/* Without the full stop, for use in brackets. */
static char *
plain (const char *message)
{
  char *text = g_strdup (message);
  gsize length = strlen (text);

  if (length > 0 && text[length - 1] == '.')
    text[length - 1] = '\0';
  return text;
}

/* FALSE only when cancelled. */
static gboolean
look_at (const OssStudyOptions *options, const OssVolume *volume, OssKernelSight *sight, const OssTick *tick,
         GError **error)
{
  OssTick find = oss_tick_part (tick, 0.0, 0.6), measure = oss_tick_part (tick, 0.6, 1.0);
  g_autofree OssPhantomFit *fit = g_new0 (OssPhantomFit, 1);
  g_autoptr (GError) failure = NULL;

  sight->measured = oss_study_find_phantom (options, volume, fit, &find, &failure)
                    && oss_kernel_measure_rods (volume, fit, &sight->rods, &measure, &failure);
  if (sight->measured)
    return TRUE;
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  sight->why_not = g_error_matches (failure, OSS_ERROR, OSS_ERROR_NOT_FOUND) ? g_strdup (_ ("no phantom lies in it"))
                                                                             : plain (failure->message);
  return TRUE;
}

/* The same acquisition reconstructed by the kernel that is corrected to; NULL: not at hand. */
static const OssSeries *
other_reconstruction (const OssStudyOptions *options, const OssSeriesList *list, const OssSeries *taken)
{
  for (guint i = 0; list != NULL && taken != NULL && i < list->series->len; i++)
    {
      const OssSeries *other = list->series->pdata[i];
      if (other->verdict != OSS_VERDICT_REFUSED && !other->reformatted
          && g_str_equal (other->study_uid, taken->study_uid) && g_str_equal (other->frame_uid, taken->frame_uid)
          && !g_str_equal (other->series_uid, taken->series_uid)
          && g_ascii_strcasecmp (other->kernel, options->correct_to) == 0)
        return other;
    }
  return NULL;
}

/* FALSE only when cancelled: without it the table's target stands. */
static gboolean
look_at_other (const OssStudyOptions *options, const OssSeries *other, OssKernelSight *sight, const OssTick *tick,
               GError **error)
{
  OssTick read = oss_tick_part (tick, 0.0, 0.4), look = oss_tick_part (tick, 0.4, 1.0);
  g_autoptr (GError) failure = NULL;
  g_autoptr (OssVolume) volume = oss_series_load (other, &read, &failure);

  if (volume != NULL)
    return look_at (options, volume, sight, &look, error);
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  sight->why_not = plain (failure->message);
  return TRUE;
}

gboolean
oss_study_correct_kernel (const OssStudyOptions *options, const OssSeriesList *list, OssLoadResult *load,
                          const OssTick *tick, GError **error)
{
  const OssKernelWish wish = { options->correct_to, options->correct_from, options->correct_mtf,
                               options->correct_to_mm };
  OssTick look = oss_tick_part (tick, 0.0, 0.4), beside = oss_tick_part (tick, 0.4, 0.6);
  OssTick filter = oss_tick_part (tick, 0.6, 1.0);
  OssKernelSight sights[2] = { { 0 } };
  g_autoptr (OssVolume) volume = NULL;

  if (wish.to == NULL)
    return TRUE;
  gboolean wanted = oss_kernel_wants_sight (load->series, &wish);
  const OssSeries *other = wanted ? other_reconstruction (options, list, load->series) : NULL;
  if ((!wanted || look_at (options, load->volume, &sights[0], &look, error))
      && (other == NULL || !sights[0].measured || look_at_other (options, other, &sights[1], &beside, error)))
    volume = oss_kernel_apply (load->volume, load->series, &wish, sights, &load->correction, &filter, error);
  oss_kernel_sight_clear (&sights[0]);
  oss_kernel_sight_clear (&sights[1]);
  if (volume == NULL)
    return FALSE;
  if (load->correction->done)
    {
      load->original = load->volume;
      load->volume = g_steal_pointer (&volume);
    }
  return TRUE;
}
