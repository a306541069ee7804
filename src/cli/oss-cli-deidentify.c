/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "dicom/oss-deidentify.h"
#include "report/oss-report-record.h"

static char *out, *dates, *keep, *key, *subject;

static const GOptionEntry entries[] = {
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &out, N_ ("folder to write to (needed)"), "DIR" },
  { "keep", 0, 0, G_OPTION_ARG_STRING, &keep,
    N_ ("what may stay: patient (sex, age, size, weight), device, institution; separated by commas"), "LIST" },
  { "dates", 0, 0, G_OPTION_ARG_STRING, &dates,
    N_ ("remove (default), shift (all of a patient by the same number of days) or keep"), "WHAT" },
  { "subject", 0, 0, G_OPTION_ARG_STRING, &subject, N_ ("new name, for the files of one patient"), "NAME" },
  { "key", 0, 0, G_OPTION_ARG_FILENAME, &key,
    N_ ("file of the key that new identifiers are made from, made when absent: the same key gives the same "
        "identifiers; without it they are new each time"),
    "FILE" },
  { NULL },
};

static gboolean
usage (GError **error, const char *option, const char *value, const char *known)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s %s”: choose from %s."), option, value, known);
  return FALSE;
}

static gboolean
parse_keep (guint *flags, GError **error)
{
  static const char *const names[] = { "patient", "device", "institution", NULL };
  g_auto (GStrv) words = g_strsplit (keep != NULL ? keep : "", ",", -1);

  for (char **word = words; *word != NULL; word++)
    {
      guint i = 0;
      while (names[i] != NULL && !g_str_equal (names[i], *word))
        i++;
      if (names[i] == NULL)
        return usage (error, "--keep", *word, "patient, device, institution");
      *flags |= 1u << i;
    }
  return TRUE;
}

static gboolean
parse_dates (OssDates *choice, GError **error)
{
  static const char *const names[] = { "remove", "shift", "keep", NULL };

  for (guint i = 0; dates != NULL && names[i] != NULL; i++)
    if (g_str_equal (names[i], dates))
      {
        *choice = (OssDates) i;
        return TRUE;
      }
  return dates == NULL || usage (error, "--dates", dates, "remove, shift, keep");
}

static gboolean
read_options (OssDeidentifyOptions *options, GError **error)
{
  if (out == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Say where to write to: --out DIR."));
      return FALSE;
    }
  if (!parse_keep (&options->keep, error) || !parse_dates (&options->dates, error))
    return FALSE;
  options->subject = subject;
  return key != NULL ? oss_deidentify_key_load (key, options->key, error)
                     : oss_deidentify_key_random (options->key, error);
}

static char *
report_json (const OssDeidentifyReport *report)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new ("deidentify");

  oss_report_record_int (record, "files", report->n_files);
  oss_report_record_int (record, "patients", report->n_patients);
  oss_report_record_int (record, "series", report->n_series);
  oss_report_record_strings (record, "left_out", (const char *const *) report->left_out->pdata,
                             (int) report->left_out->len);
  return oss_report_record_text (record);
}

static char *
report_text (const OssDeidentifyReport *report)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < report->left_out->len; i++)
    g_string_append_printf (text, "✗ %s %s\n", _ ("left out:"), (char *) report->left_out->pdata[i]);
  g_string_append_printf (
      text, OSS_NGETTEXT ("%u file written, %u left out\n", "%u files written, %u left out\n", report->n_files),
      report->n_files, report->left_out->len);
  return g_string_free (text, FALSE);
}

gboolean
oss_cli_deidentify (OssCli *cli, int argc, char **argv, GError **error)
{
  OssDeidentifyOptions options = { .dates = OSS_DATES_REMOVE };
  g_auto (OssDeidentifyReport) report = { 0 };

  if (!oss_cli_parse (&argc, &argv, entries, "PATH… --out DIR",
                      _ ("Copies CT series, segmentations, maps and structured reports without names, dates and "
                         "identifiers (DICOM PS3.15, basic profile). Pictures and documents, which may show names, "
                         "are left out and listed."),
                      1, -1, error)
      || !read_options (&options, error)
      || !oss_deidentify ((const char *const *) argv + 1, out, &options, &report, &cli->tick, error))
    return FALSE;
  oss_cli_progress_end (cli);
  g_autofree char *text = cli->json ? report_json (&report) : report_text (&report);
  if (!oss_cli_print (text, error))
    return FALSE;
  if (report.n_files > 0)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("Nothing was written: every file was left out."));
  return FALSE;
}
