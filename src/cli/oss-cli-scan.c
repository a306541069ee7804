/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "report/oss-report-input.h"

static const GOptionEntry entries[] = { { NULL } };

static void
describe_series (GString *text, const OssSeries *series)
{
  const char *mark = series->verdict == OSS_VERDICT_USABLE  ? _ ("usable")
                     : series->verdict == OSS_VERDICT_NOTES ? _ ("usable with notes")
                                                            : _ ("refused");
  g_autofree char *grid = series->has_grid ? oss_grid_describe (&series->grid) : g_strdup (_ ("no common grid"));

  g_string_append_printf (text, "%s  %s  %s\n  %s %d, %u %s, %s\n  %s %s · %.0f kVp · %s\n",
                          series->verdict == OSS_VERDICT_REFUSED ? "✗" : "✓", mark, series->series_uid, _ ("series"),
                          series->series_number, series->files->len, _ ("files"), grid, _ ("kernel"),
                          series->kernel[0] != '\0' ? series->kernel : "–", series->kvp, series->series_description);
  for (guint i = 0; i < series->reasons->len; i++)
    {
      const OssReason *reason = series->reasons->pdata[i];
      g_string_append_printf (text, "  %s %s\n", reason->severity == OSS_REASON_REFUSAL ? "✗" : "·", reason->text);
    }
}

gboolean
oss_cli_scan (OssCli *cli, int argc, char **argv, GError **error)
{
  if (!oss_cli_parse (&argc, &argv, entries, "PATH…",
                      _ ("Lists the series of files and folders with a verdict for each: usable, usable with notes, or "
                         "refused, and why."),
                      1, -1, error))
    return FALSE;
  g_autoptr (OssSeriesList) list = oss_series_scan ((const char *const *) argv + 1, &cli->tick, error);
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
