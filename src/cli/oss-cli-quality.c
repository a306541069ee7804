/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ossature quality": phantoms scanned alone, kept for calibration without a phantom in the patient's scan. */
#include "base/oss-i18n.h"
#include "cli/oss-cli.h"
#include "report/oss-report-drift.h"
#include "study/oss-quality.h"

#include <math.h>
#include <string.h>

static struct
{
  char *worklist, *phantom, *series, *kernel, *date, *out;
} given;

static const GOptionEntry common_entries[] = {
  { "worklist", 0, 0, G_OPTION_ARG_FILENAME, &given.worklist, N_ ("database of the worklist (default: your own)"),
    "FILE" },
  { NULL },
};

static const GOptionEntry add_entries[] = {
  { "phantom", 0, 0, G_OPTION_ARG_STRING, &given.phantom, N_ ("the phantom’s model: mindways3, mindways3-qa, …"),
    "NAME" },
  { "series", 0, 0, G_OPTION_ARG_STRING, &given.series, N_ ("the series with this UID (default: every usable one)"),
    "UID" },
  { "kernel", 0, 0, G_OPTION_ARG_STRING, &given.kernel, N_ ("the series with this reconstruction kernel"), "NAME" },
  { "date", 0, 0, G_OPTION_ARG_STRING, &given.date, N_ ("day of the scan, where the files tell none: 2026-03-09"),
    "DATE" },
  { NULL },
};

static const GOptionEntry chart_entries[] = {
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("where the chart goes: a .png, .pdf or .csv file"), "FILE" },
  { NULL },
};

static OssWorklist *
open_worklist (GError **error)
{
  g_autofree char *notice = NULL;
  OssWorklist *worklist = oss_worklist_open (given.worklist, &notice, error);

  if (notice != NULL)
    g_printerr ("ossature: %s\n", notice);
  return worklist;
}

static void
describe (GString *text, const OssQualityScan *scan)
{
  g_autofree char *name = oss_quality_scan_name (scan), *title = oss_quality_phantom_title (scan);

  g_string_append_printf (text, "%" G_GINT64_FORMAT "  %s  %s\n   %s: ", scan->id, scan->date, name, title);
  g_string_append_printf (text, _ ("density = %.5f × HU %+.3f mg/cm³ (%s), R² %.4f"), scan->slope, scan->intercept,
                          scan->basis, scan->r2);
  if (isfinite (scan->uncertainty_mg_cm3))
    g_string_append_printf (text, _ (", ± %.1f mg/cm³ at 100 mg/cm³"), scan->uncertainty_mg_cm3);
  g_string_append_c (text, '\n');
}

static gboolean
print_scans (OssCli *cli, const GPtrArray *scans, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  oss_cli_progress_end (cli);
  if (cli->json)
    {
      g_autofree char *json = oss_report_drift_json (scans);
      return oss_cli_print (json, error);
    }
  for (guint i = 0; i < scans->len; i++)
    describe (text, scans->pdata[i]);
  if (scans->len == 0)
    g_string_append (text, _ ("No quality scan is kept on this computer.\n"));
  return oss_cli_print (text->str, error);
}

static gboolean
add (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *entries = oss_cli_join ((const GOptionEntry *const[]){ add_entries, common_entries, NULL });
  g_autoptr (OssWorklist) worklist = NULL;
  g_autoptr (GPtrArray) found = NULL;

  if (!oss_cli_parse (&argc, &argv, entries, "PATH",
                      _ ("Measures the phantom in every usable series of PATH, with no patient needed, and keeps the "
                         "lines by scanner, tube voltage, kernel and day."),
                      1, 1, error))
    return FALSE;
  const OssQualityMeasure what = {
    .path = argv[1], .phantom = given.phantom, .series_uid = given.series, .kernel = given.kernel, .date = given.date
  };
  if ((found = oss_quality_measure (&what, &cli->tick, error)) == NULL || (worklist = open_worklist (error)) == NULL)
    return FALSE;
  for (guint i = 0; i < found->len; i++)
    if ((((OssQualityScan *) found->pdata[i])->id = oss_quality_keep (worklist, found->pdata[i], error)) == 0)
      return FALSE;
  return print_scans (cli, found, error);
}

static gboolean
list (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autoptr (OssWorklist) worklist = NULL;
  g_autoptr (GPtrArray) scans = NULL;

  if (!oss_cli_parse (&argc, &argv, common_entries, "", _ ("Lists the quality scans, newest first."), 0, 0, error)
      || (worklist = open_worklist (error)) == NULL
      || (scans = oss_worklist_get_quality_scans (worklist, error)) == NULL)
    return FALSE;
  return print_scans (cli, scans, error);
}

static gboolean
remove_scan (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autoptr (OssWorklist) worklist = NULL;
  g_autoptr (GPtrArray) scans = NULL;
  char *end = NULL;

  if (!oss_cli_parse (&argc, &argv, common_entries, "ID", _ ("Forgets a quality scan; its files are not touched."), 1,
                      1, error)
      || (worklist = open_worklist (error)) == NULL
      || (scans = oss_worklist_get_quality_scans (worklist, error)) == NULL)
    return FALSE;
  gint64 id = g_ascii_strtoll (argv[1], &end, 10);
  for (guint i = 0; *end == '\0' && i < scans->len; i++)
    if (((const OssQualityScan *) scans->pdata[i])->id == id)
      {
        if (!oss_worklist_remove_quality_scan (worklist, id, error))
          return FALSE;
        g_ptr_array_remove_index (scans, i);
        return print_scans (cli, scans, error);
      }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("There is no quality scan “%s”; “ossature quality list” tells them."), argv[1]);
  return FALSE;
}

static gboolean
chart (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *entries =
      oss_cli_join ((const GOptionEntry *const[]){ chart_entries, common_entries, NULL });
  g_autoptr (OssWorklist) worklist = NULL;
  g_autoptr (GPtrArray) scans = NULL;

  if (!oss_cli_parse (&argc, &argv, entries, "--out FILE",
                      _ ("Draws how the line of each scanner, tube voltage and kernel moved over time, with limits."),
                      0, 0, error))
    return FALSE;
  if (given.out == NULL && !cli->json)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Say where the chart goes: --out drift.png."));
      return FALSE;
    }
  if ((worklist = open_worklist (error)) == NULL || (scans = oss_worklist_get_quality_scans (worklist, error)) == NULL
      || (given.out != NULL && !oss_report_write_drift (scans, given.out, error)))
    return FALSE;
  if (cli->json)
    return print_scans (cli, scans, error);
  g_autoptr (GPtrArray) groups = oss_quality_groups (scans);
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < groups->len; i++)
    {
      const OssQualityGroup *group = groups->pdata[i];
      g_autofree char *said = oss_report_describe_drift (group);

      g_string_append_printf (text, "%s (%s)\n   %s\n", group->name, oss_basis_name (group->basis), said);
    }
  oss_cli_progress_end (cli);
  return oss_cli_print (text->str, error);
}

gboolean
oss_cli_quality (OssCli *cli, int argc, char **argv, GError **error)
{
  static const struct
  {
    const char *name, *whole;
    OssCliFunc func;
  } parts[] = { { "add", "quality add", add },
                { "list", "quality list", list },
                { "remove", "quality remove", remove_scan },
                { "chart", "quality chart", chart } };

  for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS (parts); i++)
    if (g_str_equal (argv[1], parts[i].name))
      {
        argv[1] = (char *) parts[i].whole;
        return parts[i].func (cli, argc - 1, argv + 1, error);
      }
  if (argc > 1 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h")))
    {
      g_print (
          "%s\n  ossature quality add PATH [--phantom NAME]\n  ossature quality list\n  ossature quality remove ID\n"
          "  ossature quality chart --out drift.png\n",
          _ ("Usage:"));
      return TRUE;
    }
  g_set_error_literal (
      error, OSS_ERROR, OSS_ERROR_USAGE,
      _ ("What about quality scans? quality add PATH, quality list, quality remove ID or quality chart "
         "--out FILE."));
  return FALSE;
}
