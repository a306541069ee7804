/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-step-text.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>

static const char *
waiting_for (OssStep step)
{
  switch (step)
    {
    case OSS_STEP_CALIBRATE:
      return _ ("CT numbers become density.");
    case OSS_STEP_SEGMENT:
      return _ ("Click in a vertebral body, then run.");
    case OSS_STEP_MESH:
      return _ ("Tetrahedra from the label.");
    case OSS_STEP_SIMULATE:
      return _ ("Compression between the endplates.");
    case OSS_STEP_LOAD:
    case OSS_N_STEPS:
    default:
      return "";
    }
}

/* What a reader should look at in the label, after how it was made. */
static char *
segment_sentence (OssStudy *study, const char *message)
{
  const OssSegmentResult *segment = oss_study_get_segment (study);
  GString *text = g_string_new (message);

  for (guint i = 0; segment != NULL && segment->info.notes != NULL && i < segment->info.notes->len; i++)
    {
      const char *note = g_ptr_array_index (segment->info.notes, i);

      g_string_append_c (text, '\n');
      g_string_append_unichar (text, g_unichar_toupper (g_utf8_get_char (note)));
      g_string_append (text, g_utf8_next_char (note));
    }
  return g_string_free (text, FALSE);
}

char *
oss_step_sentence (OssStudy *study, OssStep step)
{
  const char *message = oss_study_get_message (study, step);

  switch (oss_study_get_state (study, step))
    {
    case OSS_STATE_NOT_RUN:
      return g_strdup (waiting_for (step));
    case OSS_STATE_CANCELLED:
      return g_strdup (_ ("Stopped by you. Nothing was changed."));
    case OSS_STATE_NOTES:
      if (step == OSS_STEP_SEGMENT)
        return segment_sentence (study, message);
      return g_strdup (message);
    case OSS_STATE_RUNNING:
    case OSS_STATE_DONE:
    case OSS_STATE_OUT_OF_DATE:
    case OSS_STATE_FAILED:
    case OSS_STATE_REFUSED:
    default:
      return g_strdup (message != NULL ? message : waiting_for (step));
    }
}

static void G_GNUC_PRINTF (2, 3) add_fact (GPtrArray *facts, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (facts, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* Two numbers are fitted to a few tissues: R² would be near 1 whatever they read. */
static void
tissue_facts (const OssInternalFit *fit, GPtrArray *facts)
{
  double worst = 0.0;

  for (int t = 0; t < OSS_OWN_N; t++)
    if (fit->points[t].used)
      worst = fmax (worst, fabs (fit->points[t].hu - fit->points[t].expected_hu));
  g_autofree char *most = oss_format_fixed (worst, 0);
  /* Translators: how far the tissues read from what they should, at most. */
  add_fact (facts, _ ("within %s HU"), most);
}

static void
calibrate_facts (const OssCalibrateResult *result, GPtrArray *facts)
{
  const OssCalibrationLine *line = &result->line;
  g_autofree char *r2 = oss_format_fixed (line->r2, 4), *spread = oss_format_fixed (line->uncertainty_mg_cm3, 1);

  if (result->internal != NULL)
    tissue_facts (result->internal, facts);
  else if (isfinite (line->r2))
    add_fact (facts, "R² %s", r2);
  if (isfinite (line->uncertainty_mg_cm3) && line->uncertainty_mg_cm3 < 0.1)
    /* Translators: the error of the calibration line alone. */
    add_fact (facts, _ ("fit ± < 0.1 mg/cm³"));
  else if (isfinite (line->uncertainty_mg_cm3))
    /* Translators: the error of the calibration line alone. */
    add_fact (facts, _ ("fit ± %s mg/cm³"), spread);
  add_fact (facts, "%s", oss_format_basis (line->basis));
}

static void
segment_facts (const OssSegmentResult *result, GPtrArray *facts)
{
  g_autofree char *volume = oss_format_fixed (result->info.volume_mm3 / 1000.0, 1);
  g_autofree char *height = oss_format_fixed (result->info.frame.height_mm, 1);
  g_autofree char *density = oss_format_fixed (result->vbmd.mean_mg_cm3, 0);

  add_fact (facts, "%s cm³", volume);
  /* Translators: the height of the vertebral body. */
  add_fact (facts, _ ("height %s mm"), height);
  if (result->has_vbmd && isfinite (result->vbmd_uncertainty_mg_cm3))
    {
      g_autofree char *spread = oss_format_fixed (round (result->vbmd_uncertainty_mg_cm3), 0);

      add_fact (facts, "%s mg/cm³ ± %s", density, spread);
    }
  else if (result->has_vbmd)
    add_fact (facts, "%s mg/cm³", density);
}

static void
mesh_facts (const OssMeshResult *result, GPtrArray *facts)
{
  g_autofree char *elements = oss_format_rounded ((double) result->mesh->n_elements, 1.0);
  g_autofree char *angle = oss_format_fixed (result->quality.minimum_dihedral_deg, 1);

  add_fact (facts, OSS_NGETTEXT ("%s element", "%s elements", result->mesh->n_elements), elements);
  /* Translators: the smallest angle between two faces of an element. */
  add_fact (facts, _ ("worst angle %s°"), angle);
}

static void
simulate_facts (OssStudy *study, const OssSimulateResult *result, GPtrArray *facts)
{
  g_autofree char *force = oss_format_rounded (result->strength.reaction_n, 10.0);
  g_autofree char *seconds = oss_format_fixed (oss_study_get_seconds (study, OSS_STEP_SIMULATE), 1);
  g_autofree char *outside = oss_format_fixed (result->modulus.outside_range_percent, 1);

  add_fact (facts, "%s N", force);
  add_fact (facts, "%s s", seconds);
  if (result->capped != NULL)
    /* Translators: %s is the kind of caps: "caps: bone cement (PMMA)". */
    add_fact (facts, _ ("caps: %s"), oss_caps_title (result->capped->caps.kind));
  /* Translators: share of elements whose density lies outside the law's range. */
  add_fact (facts, _ ("%s %% outside range"), outside);
  if (result->curve != NULL)
    {
      g_autofree char *most = oss_format_rounded (result->curve->plateau_n, 10.0);

      /* Translators: the largest load of the curve beyond yield. */
      add_fact (facts, _ ("beyond yield %s N"), most);
    }
}

char **
oss_step_facts (OssStudy *study, OssStep step)
{
  OssState state = oss_study_get_state (study, step);
  GPtrArray *facts = g_ptr_array_new ();

  if (state == OSS_STATE_DONE || state == OSS_STATE_NOTES || state == OSS_STATE_OUT_OF_DATE)
    {
      if (step == OSS_STEP_CALIBRATE)
        calibrate_facts (oss_study_get_calibrate (study), facts);
      else if (step == OSS_STEP_SEGMENT)
        segment_facts (oss_study_get_segment (study), facts);
      else if (step == OSS_STEP_MESH)
        mesh_facts (oss_study_get_mesh (study), facts);
      else if (step == OSS_STEP_SIMULATE)
        simulate_facts (study, oss_study_get_simulate (study), facts);
    }
  g_ptr_array_add (facts, NULL);
  return (char **) g_ptr_array_free (facts, FALSE);
}

static void
density_text (OssStudy *study, OssResultText *text)
{
  const OssSegmentResult *segment = oss_study_get_segment (study);
  double uncertainty = segment->vbmd_uncertainty_mg_cm3;
  g_autofree char *density = oss_format_fixed (segment->vbmd.mean_mg_cm3, 0);
  g_autofree char *spread = oss_format_fixed (round (uncertainty), 0);

  if (!segment->has_vbmd)
    text->density = g_strdup (_ ("no density"));
  else if (isfinite (uncertainty))
    text->density = g_strdup_printf ("%s mg/cm³ ± %s", density, spread);
  else
    text->density = g_strdup_printf ("%s mg/cm³", density);
}

static const struct
{
  const char *key, *word, *icon, *css;
} classes[] = {
  { "normal", N_ ("Normal density"), "emblem-default-symbolic", "usable" },
  { "low", N_ ("Low density"), "dialog-warning-symbolic", "notes" },
  { "osteoporosis", N_ ("Osteoporosis range"), "oss-class-high-symbolic", "refused" },
  { "none", N_ ("No class"), "list-remove-symbolic", "none" },
};

const char *
oss_density_class_word (const char *density_class, const char **icon, const char **css)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (g_str_equal (density_class, classes[i].key))
      {
        *icon = classes[i].icon;
        *css = classes[i].css;
        return _ (classes[i].word);
      }
  return NULL;
}

static void
class_text (OssStudy *study, OssResultText *text)
{
  OssClassification classification;
  const char *word;

  oss_study_classify (study, &classification);
  word = oss_density_class_word (classification.density_class, &text->class_icon, &text->class_css);
  if (word != NULL)
    text->class_word = classification.borderline
                           /* Translators: a class near its limit: "Low density, borderline". */
                           ? g_strdup_printf (_ ("%s, borderline"), word)
                           : g_strdup (word);
  text->reason = g_strdup (classification.reason);
}

gboolean
oss_result_text (OssStudy *study, OssResultText *text)
{
  const OssSimulateResult *simulate = oss_study_get_simulate (study);
  g_autofree char *strength = NULL, *stiffness = NULL;

  if (simulate == NULL || oss_study_get_segment (study) == NULL || oss_study_get_calibrate (study) == NULL)
    return FALSE;
  strength = oss_format_rounded (simulate->strength.apparent_0_68_percent_n, 10.0);
  stiffness = oss_format_rounded (simulate->strength.stiffness_n_per_mm, 10.0);
  double error = simulate->linear_error.total;
  if (isfinite (error))
    {
      g_autofree char *force =
          oss_format_rounded (fmax (10.0, error * simulate->strength.apparent_0_68_percent_n), 10.0);
      g_autofree char *slope = oss_format_rounded (fmax (10.0, error * simulate->strength.stiffness_n_per_mm), 10.0);

      text->strength = g_strdup_printf ("%s N ± %s", strength, force);
      /* Translators: the stiffness and its error; the rest names how the strength above was estimated. */
      text->stiffness = g_strdup_printf (_ ("%s N/mm ± %s · linear, 0.68 %% strain"), stiffness, slope);
    }
  else
    {
      text->strength = g_strdup_printf ("%s N", strength);
      /* Translators: %s is the stiffness; the rest names how the strength above was estimated. */
      text->stiffness = g_strdup_printf (_ ("%s N/mm · linear, 0.68 %% strain"), stiffness);
    }
  density_text (study, text);
  class_text (study, text);
  return TRUE;
}

void
oss_result_text_clear (OssResultText *text)
{
  g_free (text->strength);
  g_free (text->stiffness);
  g_free (text->density);
  g_free (text->class_word);
  g_free (text->reason);
  *text = (OssResultText){ 0 };
}
