/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-series-measure.h"

#include "base/oss-i18n.h"
#include "calibrate/oss-tissue.h"

#include <math.h>

static void
add_aorta (OssSeries *series, const OssOwnTissues *tissues)
{
  const OssOwnRegion *blood = &tissues->of[OSS_OWN_BLOOD];
  g_autofree char *text = NULL;

  if (isnan (tissues->aorta_hu))
    text = g_strdup_printf (_ ("Whether contrast agent is in the vessels was not measured: %s."), blood->note);
  else
    text = g_strdup_printf (
        tissues->enhanced ? _ ("The aorta reads %.0f HU: contrast agent is in the vessels. Density reads too high, "
                               "and blood is no reference.")
                          : _ ("The aorta reads %.0f HU: no sign of contrast agent."),
        tissues->aorta_hu);
  if (tissues->enhanced)
    oss_series_add_note (series, "enhanced-aorta", text);
  else
    oss_series_add_fact (series, isnan (tissues->aorta_hu) ? "no-aorta" : "aorta", text);
}

static void
add_tissues (OssSeries *series, const OssOwnTissues *tissues)
{
  g_autofree char *have = oss_own_tissues_describe (tissues);
  g_autofree char *text = g_strdup_printf (_ ("The patient’s own tissues in view: %s."), have);

  oss_series_add_fact (series, "own-tissues", text);
  if (tissues->metal_cm3 > 0.0)
    {
      g_autofree char *metal = g_strdup_printf (
          _ ("Metal or dense contrast agent in the image: %.1f cm³ above 2600 HU."), tissues->metal_cm3);
      oss_series_add_note (series, "metal", metal);
    }
}

gboolean
oss_series_measure (OssSeries *series, const OssTick *tick, GError **error)
{
  OssTick load = oss_tick_part (tick, 0.0, 0.7), find = oss_tick_part (tick, 0.7, 1.0);
  gboolean named = series->contrast != NULL && series->contrast[0] != '\0';
  g_autoptr (GError) failure = NULL;
  g_autoptr (OssVolume) volume = oss_series_load (series, &load, &failure);
  g_autoptr (OssOwnTissues) tissues =
      volume != NULL ? oss_own_tissues_find (volume, NULL, named, &find, &failure) : NULL;

  if (tissues != NULL)
    {
      add_aorta (series, tissues);
      add_tissues (series, tissues);
      return TRUE;
    }
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  oss_series_add_fact (series, "not-measured", failure->message);
  return TRUE;
}
