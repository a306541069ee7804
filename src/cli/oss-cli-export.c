/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli-pacs.h"

#include "base/oss-i18n.h"
#include "report/oss-report-capture.h"
#include "report/oss-report-record.h"
#include "study/oss-export.h"

#include <glib/gstdio.h>

static struct
{
  char *dicom, *out, *source, *to;
  gint64 seed;
} given;

static const GOptionEntry entries[] = {
  { "dicom", 0, 0, G_OPTION_ARG_STRING, &given.dicom,
    N_ ("which objects: sr (numbers), seg (outline), pm (density and stress on voxels), pdf (report), sc (picture), or "
        "all (the default)"),
    "LIST" },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the objects (default: dicom in DIR)"), "DIR" },
  { "to", 0, 0, G_OPTION_ARG_STRING, &given.to,
    N_ ("also send them there: AE@HOST:PORT, or a name of the connections file"), N_ ("PEER") },
  { "source", 0, 0, G_OPTION_ARG_FILENAME, &given.source,
    N_ ("where the CT series lies now, when it was moved after the analysis"), "PATH" },
  { "seed", 0, 0, G_OPTION_ARG_INT64, &given.seed, N_ ("UIDs that follow from this number, for tests"), "N" },
  { NULL },
};

/* What the report room made of the analysis and left in its folder. */
static gboolean
add_flat (OssExport *export, const char *folder, guint kinds, GError **error)
{
  const OssDicomReport *report = oss_export_report (export);
  const OssDicomGroup *group = g_ptr_array_index (report->groups, 0);
  const char *vertebra = group->vertebra != 0 ? oss_vertebra_name (group->vertebra) : "";
  g_autofree char *pdf_path = g_build_filename (folder, "report.pdf", NULL);
  g_autofree char *png_path = g_build_filename (folder, "stress.png", NULL);
  char *pdf = NULL;
  gsize n = 0;

  if ((kinds & OSS_EXPORT_PDF) != 0 && g_file_get_contents (pdf_path, &pdf, &n, NULL))
    {
      g_autoptr (GBytes) bytes = g_bytes_new_take (pdf, n);
      oss_export_set_pdf (export, bytes);
    }
  if ((kinds & OSS_EXPORT_SC) == 0 || !g_file_test (png_path, G_FILE_TEST_EXISTS))
    return TRUE; /* writing says what is missing */
  g_autofree char *words = oss_report_capture_words (vertebra);
  g_autoptr (OssPicture) picture = oss_report_capture_png (png_path, words, error);
  if (picture != NULL)
    oss_export_set_picture (export, picture);
  return picture != NULL;
}

/* What was written, in its order; @report stays empty when nobody was named. */
static gboolean
send (const OssPacsPeer *peer, GPtrArray *paths, OssPacsReport *report, const OssTick *tick, GError **error)
{
  g_ptr_array_add (paths, NULL);
  gboolean sent = oss_pacs_send (peer, (const char *const *) paths->pdata, report, tick, error);
  g_ptr_array_set_size (paths, (int) paths->len - 1);
  return sent;
}

static void
record_sent (OssReportRecord *record, const OssPacsReport *report)
{
  oss_report_record_begin (record, "sent");
  oss_report_record_int (record, "objects", report->total);
  oss_report_record_int (record, "done", report->done);
  oss_report_record_int (record, "failed", report->failed);
  oss_report_record_strings (record, "failures", (const char *const *) report->failures->pdata,
                             (int) report->failures->len);
  oss_report_record_end (record);
}

static gboolean
print_result (OssCli *cli, GPtrArray *paths, const OssPacsReport *report, GError **error)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new ("export");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < paths->len; i++)
    g_string_append_printf (text, "%s\n", (char *) g_ptr_array_index (paths, i));
  g_string_append (text, _ ("Research software, not a medical device. Not for diagnosis.\n"));
  if (given.to != NULL)
    g_string_append_printf (text, _ ("%s: %u of %u objects\n"), given.to, report->done, report->total);
  for (guint i = 0; i < report->failures->len; i++)
    g_string_append_printf (text, "  ✗ %s\n", (char *) g_ptr_array_index (report->failures, i));
  oss_report_record_strings (record, "files", (const char *const *) paths->pdata, (int) paths->len);
  if (given.to != NULL)
    record_sent (record, report);
  g_autofree char *json = oss_report_record_text (record);
  return oss_cli_print (cli->json ? json : text->str, error);
}

gboolean
oss_cli_export (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *all = oss_cli_join (
      (const GOptionEntry *const[]){ entries, oss_cli_pacs_peer + 1, oss_cli_pacs_secure, NULL }); /* but for --peer */
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OssPacsReport) report = oss_pacs_report_new ();
  g_autoptr (OssPacsPeer) peer = NULL;
  OssTick read = oss_tick_part (&cli->tick, 0.0, 0.4), write = oss_tick_part (&cli->tick, 0.4, 0.8);
  OssTick rest = oss_tick_part (&cli->tick, 0.8, 1.0);
  guint kinds = OSS_EXPORT_ALL;

  if (!oss_cli_parse (&argc, &argv, all, "DIR",
                      _ ("DICOM objects of the analysis in DIR, in the patient's own study: sr.dcm, seg.dcm, "
                         "pm-density.dcm, pm-von-mises.dcm, pdf.dcm and sc.dcm; with --to also sent."),
                      1, 1, error)
      || (given.dicom != NULL && !oss_export_parse (given.dicom, &kinds, error))
      || (given.to != NULL && (peer = oss_cli_pacs_find_peer (given.to, error)) == NULL))
    return FALSE;
  g_autoptr (OssExport) export = oss_export_from_folder (argv[1], given.source, &read, error);
  if (export == NULL || !add_flat (export, argv[1], kinds, error))
    return FALSE;
  g_autofree char *out = given.out != NULL ? g_strdup (given.out) : g_build_filename (argv[1], "dicom", NULL);
  if (!oss_export_write (export, kinds, (guint64) given.seed, out, paths, &write, error))
    return FALSE;
  gboolean sent = peer == NULL || send (peer, paths, report, &rest, error);
  oss_cli_progress_end (cli);
  return print_result (cli, paths, report, sent ? error : NULL) && sent;
}
