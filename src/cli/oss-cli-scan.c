/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "calibrate/oss-phantom.h"
#include "report/oss-report-input.h"
#include "study/oss-series-measure.h"

#include <math.h>

static struct
{
  gboolean resample_tilt, find_phantom, measure;
  char *phantom;
} given;

static const GOptionEntry entries[] = {
  { "resample-tilt", 0, 0, G_OPTION_ARG_NONE, &given.resample_tilt,
    N_ ("judge series of a tilted gantry as they would be after straightening"), NULL },
  { "find-phantom", 0, 0, G_OPTION_ARG_NONE, &given.find_phantom,
    N_ ("also look for a calibration phantom in the pixels of each usable series"), NULL },
  { "measure", 0, 0, G_OPTION_ARG_NONE, &given.measure,
    N_ ("also measure the aorta (contrast agent), metal and the patient’s own tissues in the pixels of each usable "
        "series"),
    NULL },
  { "phantom", 0, 0, G_OPTION_ARG_STRING, &given.phantom,
    N_ ("only a phantom of this model (default: any of the table)"), "NAME" },
  { NULL },
};

static void
describe_series (GString *text, const OssSeries *series)
{
  const char *mark = series->verdict == OSS_VERDICT_USABLE  ? _ ("usable")
                     : series->verdict == OSS_VERDICT_NOTES ? _ ("usable with notes")
                                                            : _ ("refused");
  g_autofree char *grid = series->has_grid ? oss_grid_describe (&series->grid) : g_strdup (_ ("no common grid"));

  g_string_append_printf (text, "%s  %s  %s%s%s\n  %s %d, %u %s, %s\n  %s %s · %.0f kVp · %s\n",
                          series->verdict == OSS_VERDICT_REFUSED ? "✗" : "✓", mark, series->series_uid,
                          *series->part != '\0' ? "#" : "", series->part, _ ("series"), series->series_number,
                          series->files->len, _ ("files"), grid, _ ("kernel"),
                          series->kernel[0] != '\0' ? series->kernel : "–", series->kvp, series->series_description);
  for (guint i = 0; i < series->reasons->len; i++)
    {
      const OssReason *reason = series->reasons->pdata[i];
      const char *sign = reason->severity == OSS_REASON_REFUSAL ? "✗" : reason->severity == OSS_REASON_FACT ? "+" : "·";
      g_string_append_printf (text, "  %s %s\n", sign, reason->text);
    }
}

/* Loads @series and tells whether one of @phantoms is in view: the one check that needs pixels. */
static gboolean
find_phantom (OssSeries *series, const GPtrArray *phantoms, const OssTick *tick, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree OssPhantomFit *fit = g_new0 (OssPhantomFit, 1);
  g_autoptr (OssVolume) volume = oss_series_load (series, tick, &failure);
  g_autofree char *text = NULL;

  if (volume != NULL && oss_phantom_search (volume, phantoms, fit, tick, &failure))
    {
      if (isnan (fit->line.r2))
        text = g_strdup_printf (_ ("The calibration phantom %s is in view: %d rods."), fit->phantom.title, fit->n_rods);
      else
        text = g_strdup_printf (_ ("The calibration phantom %s is in view: %d rods, R² %.4f."), fit->phantom.title,
                                fit->n_rods, fit->line.r2);
      oss_series_add_fact (series, "phantom", text);
      return TRUE;
    }
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  text = g_strdup_printf (_ ("No calibration by a phantom: %s"), failure->message);
  oss_series_add_fact (series, "no-phantom", text);
  return TRUE;
}

/* The one that is named, or all of the table. */
static GPtrArray *
wanted_phantoms (GError **error)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new_with_free_func (g_free);
  OssPhantom phantom;

  if (given.phantom == NULL || g_str_equal (given.phantom, "auto"))
    return oss_phantom_all (NULL, error);
  if (!oss_phantom_find (given.phantom, &phantom, error))
    return NULL;
  g_ptr_array_add (one, g_memdup2 (&phantom, sizeof phantom));
  return g_steal_pointer (&one);
}

static gboolean
find_phantoms (OssSeriesList *list, const OssTick *tick, GError **error)
{
  g_autoptr (GPtrArray) phantoms = wanted_phantoms (error);

  if (phantoms == NULL)
    return FALSE;
  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *series = list->series->pdata[i];
      OssTick part = oss_tick_part (tick, (double) i / list->series->len, (i + 1.0) / list->series->len);
      if (series->verdict != OSS_VERDICT_REFUSED && !find_phantom (series, phantoms, &part, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
measure_all (OssSeriesList *list, const OssTick *tick, GError **error)
{
  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *series = list->series->pdata[i];
      OssTick part = oss_tick_part (tick, (double) i / list->series->len, (i + 1.0) / list->series->len);
      if (series->verdict != OSS_VERDICT_REFUSED && !oss_series_measure (series, &part, error))
        return FALSE;
    }
  return TRUE;
}

static OssSeriesList *
make_list (const char *const *paths, const OssTick *tick, GError **error)
{
  const gboolean look = given.find_phantom || given.phantom != NULL;
  OssTick headers = oss_tick_part (tick, 0.0, look ? 0.2 : 1.0), pixels = oss_tick_part (tick, 0.2, 1.0);
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, &headers, error);

  if (list == NULL)
    return NULL;
  if (given.resample_tilt)
    oss_series_list_resample_tilt (list);
  if (look && !find_phantoms (list, &pixels, error))
    return NULL;
  if (given.measure && !measure_all (list, &pixels, error))
    return NULL;
  return g_steal_pointer (&list);
}

gboolean
oss_cli_scan (OssCli *cli, int argc, char **argv, GError **error)
{
  if (!oss_cli_parse (&argc, &argv, entries, "PATH…",
                      _ ("Lists the series of files and folders with a verdict for each: usable, usable with notes, or "
                         "refused, and why."),
                      1, -1, error))
    return FALSE;
  g_autoptr (OssSeriesList) list = make_list ((const char *const *) argv + 1, &cli->tick, error);
  if (list == NULL)
    return FALSE;
  oss_cli_progress_end (cli);
  if (cli->json)
    {
      g_autofree char *json = oss_report_series_json (list);
      return oss_cli_print (json, error);
    }
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < list->series->len; i++)
    describe_series (text, list->series->pdata[i]);
  for (guint i = 0; i < list->damaged->len; i++)
    g_string_append_printf (text, "✗  %s %s\n", _ ("damaged file:"), (char *) list->damaged->pdata[i]);
  g_string_append_printf (text, OSS_NGETTEXT ("%u series in %u files\n", "%u series in %u files\n", list->series->len),
                          list->series->len, list->files_seen);
  return oss_cli_print (text->str, error);
}
