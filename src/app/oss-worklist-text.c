/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-worklist-text.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

/* Appends "part" or " · part"; nothing when it is empty. */
static void
add_part (GString *text, const char *part)
{
  if (*part != '\0')
    g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", part);
}

char *
oss_worklist_day (const char *dicom_date)
{
  if (strlen (dicom_date) != 8 || strspn (dicom_date, "0123456789") != 8)
    return g_strdup (dicom_date);
  return g_strdup_printf ("%.4s-%.2s-%.2s", dicom_date, dicom_date + 4, dicom_date + 6);
}

char *
oss_worklist_person (const OssWorklistStudy *study)
{
  g_autofree char *age = oss_format_dicom_age (study->patient_age);
  g_autofree char *who = g_strstrip (g_strdup_printf ("%s %s", age, study->patient_sex));
  GString *text = g_string_new (study->patient_id);

  add_part (text, who);
  return g_string_free (text, FALSE);
}

char *
oss_worklist_person_long (const OssWorklistStudy *study)
{
  g_autofree char *age = oss_format_dicom_age (study->patient_age), *born = NULL;
  GString *text = g_string_new (age);

  add_part (text, study->patient_sex);
  if (*study->patient_birth_date != '\0')
    {
      g_autofree char *day = oss_worklist_day (study->patient_birth_date);

      /* Translators: the date of birth follows. */
      born = g_strdup_printf (_ ("born %s"), day);
      add_part (text, born);
    }
  add_part (text, study->patient_id);
  return g_string_free (text, FALSE);
}

const char *
oss_worklist_analysis_word (const OssWorklistStudy *study)
{
  switch (study->analysis)
    {
    case OSS_ANALYSIS_DONE:
      /* Translators: somebody ran the analysis, and nobody has looked at it yet. */
      return _ ("Screened");
    case OSS_ANALYSIS_REVIEWED:
      return _ ("Reviewed");
    case OSS_ANALYSIS_OUT_OF_DATE:
      return _ ("Out of date");
    case OSS_ANALYSIS_FAILED:
      return _ ("Failed");
    case OSS_ANALYSIS_NONE:
    default:
      /* Translators: a study that can be analysed and was not. */
      return study->verdict != OSS_VERDICT_REFUSED ? _ ("Ready") : "–";
    }
}

char *
oss_worklist_series_facts (const OssWorklistSeries *series)
{
  GString *text = g_string_new (NULL);

  if (series->has_grid)
    {
      g_autofree char *spacing = oss_format_fixed (series->spacing_mm[2], 2);

      g_string_append_printf (text, "%d × %s mm", series->size[2], spacing);
    }
  else
    g_string_append_printf (text, OSS_NGETTEXT ("%u image", "%u images", series->n_files), series->n_files);
  if (series->kvp > 0.0)
    g_string_append_printf (text, " · %.0f kVp", series->kvp);
  return g_string_free (text, FALSE);
}

char *
oss_worklist_result (const OssWorklistAnalysis *analysis)
{
  GString *text = g_string_new (analysis->vertebra);

  if (isfinite (analysis->strength_n))
    {
      g_autofree char *newton = oss_format_rounded (analysis->strength_n, 10.0);
      g_autofree char *strength = g_strdup_printf ("%s N", newton);

      add_part (text, strength);
    }
  if (isfinite (analysis->vbmd_mg_cm3))
    {
      g_autofree char *value = oss_format_rounded (analysis->vbmd_mg_cm3, 1.0);
      g_autofree char *error = oss_format_rounded (analysis->vbmd_uncertainty_mg_cm3, 1.0);
      g_autofree char *density = isfinite (analysis->vbmd_uncertainty_mg_cm3)
                                     ? g_strdup_printf ("%s mg/cm³ ± %s", value, error)
                                     : g_strdup_printf ("%s mg/cm³", value);

      add_part (text, density);
    }
  return g_string_free (text, FALSE);
}

char *
oss_worklist_summary (guint n, const OssWorklistQuery *query)
{
  g_autofree char *number = oss_format_rounded (n, 1.0);
  g_autofree char *studies = g_strdup_printf (OSS_NGETTEXT ("%s study", "%s studies", n), number);
  const char *order = NULL;

  switch (query->sort)
    {
    case OSS_WORKLIST_BY_DATE:
      order = query->descending ? _ ("newest first") : _ ("oldest first");
      break;
    case OSS_WORKLIST_BY_PATIENT:
      order = _ ("by patient");
      break;
    case OSS_WORKLIST_BY_STUDY:
      order = _ ("by description");
      break;
    case OSS_WORKLIST_BY_KERNEL:
      order = _ ("by kernel");
      break;
    case OSS_WORKLIST_BY_VERDICT:
      order = _ ("by verdict");
      break;
    case OSS_WORKLIST_BY_ANALYSIS:
      order = _ ("by analysis");
      break;
    case OSS_WORKLIST_BY_CLASS:
    default:
      order = _ ("by class");
      break;
    }
  return g_strdup_printf ("%s · %s", studies, order);
}
