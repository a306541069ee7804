/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "cli/oss-cli-pacs.h"

#include <string.h>

static struct
{
  char *level, *patient_name, *patient_id, *birth_date, *study_date, *modality, *accession, *description, *study,
      *series;
  int limit;
} options;

static const GOptionEntry find_entries[] = {
  { "level", 0, 0, G_OPTION_ARG_STRING, &options.level, N_ ("patient, study or series (study)"), N_ ("LEVEL") },
  { "patient-name", 0, 0, G_OPTION_ARG_STRING, &options.patient_name, N_ ("with * and ? as wild cards"), N_ ("NAME") },
  { "patient-id", 0, 0, G_OPTION_ARG_STRING, &options.patient_id, N_ ("the patient’s number"), N_ ("ID") },
  { "birth-date", 0, 0, G_OPTION_ARG_STRING, &options.birth_date, N_ ("YYYYMMDD or a range"), N_ ("DATE") },
  { "date", 0, 0, G_OPTION_ARG_STRING, &options.study_date, N_ ("of the study: YYYYMMDD, or FROM-TO"), N_ ("DATE") },
  { "modality", 0, 0, G_OPTION_ARG_STRING, &options.modality, N_ ("CT, SR, SEG, …"), N_ ("CODE") },
  { "accession", 0, 0, G_OPTION_ARG_STRING, &options.accession, N_ ("accession number"), N_ ("NUMBER") },
  { "description", 0, 0, G_OPTION_ARG_STRING, &options.description, N_ ("of the study, or of the series"),
    N_ ("TEXT") },
  { "study", 0, 0, G_OPTION_ARG_STRING, &options.study, N_ ("study instance UID"), N_ ("UID") },
  { "series", 0, 0, G_OPTION_ARG_STRING, &options.series, N_ ("series instance UID"), N_ ("UID") },
  { "limit", 0, 0, G_OPTION_ARG_INT, &options.limit, N_ ("no more matches than this (1000)"), N_ ("N") },
  { NULL }
};

static gboolean
parse_level (OssPacsLevel *level, GError **error)
{
  static const char *const names[] = { "patient", "study", "series" };

  *level = options.level == NULL && options.study != NULL ? OSS_PACS_SERIES : OSS_PACS_STUDY;
  if (options.level == NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (options.level, names[i]))
      {
        *level = (OssPacsLevel) i;
        return TRUE;
      }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--level %s”: give patient, study or series."), options.level);
  return FALSE;
}

static void
json_match (GString *json, const OssPacsMatch *match, OssPacsLevel level)
{
  g_string_append (json, "{");
  oss_cli_json_text (json, "patient_name", match->patient_name);
  oss_cli_json_text (json, "patient_id", match->patient_id);
  oss_cli_json_text (json, "patient_birth_date", match->patient_birth_date);
  oss_cli_json_text (json, "patient_sex", match->patient_sex);
  if (level != OSS_PACS_PATIENT)
    {
      oss_cli_json_text (json, "study_uid", match->study_uid);
      oss_cli_json_text (json, "study_date", match->study_date);
      oss_cli_json_text (json, "study_time", match->study_time);
      oss_cli_json_text (json, "study_description", match->study_description);
      oss_cli_json_text (json, "accession_number", match->accession_number);
      oss_cli_json_text (json, "modalities", match->modalities);
    }
  if (level == OSS_PACS_SERIES)
    {
      oss_cli_json_text (json, "series_uid", match->series_uid);
      oss_cli_json_number (json, "series_number", match->series_number);
      oss_cli_json_text (json, "series_description", match->series_description);
      oss_cli_json_text (json, "body_part", match->body_part);
    }
  if (match->n_series >= 0)
    oss_cli_json_number (json, "series", match->n_series);
  if (match->n_objects >= 0)
    oss_cli_json_number (json, "objects", match->n_objects);
  g_string_append (json, "}");
}

static void
describe_match (GString *text, const OssPacsMatch *match, OssPacsLevel level)
{
  if (level == OSS_PACS_SERIES)
    g_string_append_printf (text, "%s\n  %s %d  %s  %s", match->series_uid, match->modalities, match->series_number,
                            match->series_description, match->body_part);
  else
    g_string_append_printf (text, "%s\n  %s  %s  %s  %s",
                            level == OSS_PACS_STUDY ? match->study_uid : match->patient_id, match->patient_name,
                            match->patient_id, match->patient_birth_date, match->patient_sex);
  if (level == OSS_PACS_STUDY)
    g_string_append_printf (text, "\n  %s  %s  %s  %s", match->study_date, match->modalities, match->study_description,
                            match->accession_number);
  if (match->n_objects >= 0)
    g_string_append_printf (text, OSS_NGETTEXT ("  %d object", "  %d objects", match->n_objects), match->n_objects);
  g_string_append_c (text, '\n');
}

static gboolean
print_matches (OssCli *cli, const GPtrArray *matches, OssPacsLevel level, gboolean truncated, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  oss_cli_progress_end (cli);
  if (cli->json)
    {
      g_string_append (text, "{\"matches\": [");
      for (guint i = 0; i < matches->len; i++)
        {
          g_string_append (text, i > 0 ? ",\n  " : "\n  ");
          json_match (text, matches->pdata[i], level);
        }
      g_string_append_printf (text, "],\n \"truncated\": %s}\n", truncated ? "true" : "false");
      return oss_cli_print (text->str, error);
    }
  for (guint i = 0; i < matches->len; i++)
    describe_match (text, matches->pdata[i], level);
  g_string_append_printf (text, OSS_NGETTEXT ("%u match\n", "%u matches\n", matches->len), matches->len);
  if (truncated)
    g_string_append (text, _ ("There are more: narrow the search, or raise --limit.\n"));
  return oss_cli_print (text->str, error);
}

gboolean
oss_cli_pacs_find (OssCli *cli, int argc, char **argv, GError **error)
{
  const GOptionEntry *tables[] = { find_entries, oss_cli_pacs_peer, oss_cli_pacs_secure, NULL };
  g_autofree GOptionEntry *entries = oss_cli_join (tables);
  OssPacsQuery query = { 0 };
  gboolean truncated = FALSE;

  if (!oss_cli_parse (&argc, &argv, entries, "--peer PEER",
                      _ ("Looks for patients, studies or series (C-FIND). With “--study” alone: its series."), 0, 0,
                      error)
      || !parse_level (&query.level, error))
    return FALSE;
  g_autoptr (OssPacsPeer) peer = oss_cli_pacs_find_peer (oss_cli_pacs.peer, error);
  if (peer == NULL)
    return FALSE;
  query.patient_name = options.patient_name;
  query.patient_id = options.patient_id;
  query.patient_birth_date = options.birth_date;
  query.study_date = options.study_date;
  query.modality = options.modality;
  query.accession_number = options.accession;
  query.study_uid = options.study;
  query.series_uid = options.series;
  if (query.level == OSS_PACS_SERIES)
    query.series_description = options.description;
  else
    query.study_description = options.description;
  query.limit = options.limit > 0 ? (guint) options.limit : 0;
  g_autoptr (GPtrArray) matches = oss_pacs_find (peer, &query, &truncated, &cli->tick, error);
  return matches != NULL && print_matches (cli, matches, query.level, truncated, error);
}
